"""Bulge of windows: published limits, the full equations, and the thickness of the liquid."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcell.cell.plate import linear, membrane_compliance, plate_compliance
from simcell.cell.thickness import bulge, deflections, doubts, equivalent_pressure, liquid_thickness
from simcell.cell.window import Window, deflection, load, stress, stretching_coefficient, tension
from simcell.inputs.window import window_material

FILM = {"youngs": 222e9, "poisson": 0.28}
ATMOSPHERE = 101325.0


def window(width=50e-6, length=200e-6, thickness=50e-9, stress=135e6, **film):
    return Window(width, length, thickness, stress=stress, **{**FILM, **film})


# S. Timoshenko and S. Woinowsky-Krieger, Theory of Plates and Shells (2nd ed. 1959), table 35: w = alpha P a^4/D.
@pytest.mark.parametrize(
    ("aspect", "alpha"),
    [(1.0, 126), (1.1, 150), (1.2, 172), (1.3, 191), (1.4, 207), (1.5, 220), (1.6, 230), (1.7, 238), (1.8, 245),
     (1.9, 249), (2.0, 254)],
)  # fmt: skip
def test_clamped_plates_of_the_table(aspect, alpha):
    # a unit of the last digit: the table is 60 years old and rounds 0.0024966 down
    assert plate_compliance(aspect) / 16.0 == pytest.approx(alpha * 1e-5, abs=1.01e-5)


def test_clamped_square_plate():
    # R. L. Taylor and S. Govindjee, Commun. Numer. Methods Eng. 20 (2004) 757: 0.00126532
    assert plate_compliance(1.0) / 16.0 == pytest.approx(0.00126532, rel=1e-5)
    assert plate_compliance(20.0) * 24.0 == pytest.approx(1.0, rel=1e-4)  # clamped strip


def test_membranes():
    assert 1.0 / membrane_compliance(1.0) == pytest.approx(3.393, abs=5e-4)  # Vlassak and Nix 1992
    assert membrane_compliance(30.0) == pytest.approx(0.5, rel=1e-12)
    for aspect in (1.0, 1.7, 4.0):  # a plate under strong tension loses a rim of width 1/sqrt(tau)
        rims = 2e2
        shrunk = (1.0 - 1.0 / rims) * membrane_compliance((aspect - 1.0 / rims) / (1.0 - 1.0 / rims))
        # what is left is of the order of 1/tau and of the number of modes
        assert linear(aspect, rims**2).centre * rims**2 == pytest.approx(shrunk * (1.0 - 1.0 / rims), rel=2e-4)


@pytest.mark.parametrize("k", [0.3, 3.0, 30.0])
def test_long_windows_are_strips_under_tension(k):
    exact = 0.5 * (1.0 - 2.0 / k * math.tanh(k / 2.0)) / k**2
    assert linear(12.0, k**2).centre == pytest.approx(exact, rel=3e-4)
    profile = linear(12.0, k**2).at([0.0, 0.3, 0.8], [0.0])[0]
    x = np.array([0.0, 0.3, 0.8])
    strip = (1.0 - x**2) / 2.0 - (np.cosh(k) - np.cosh(k * x)) / (k * np.sinh(k))
    assert profile == pytest.approx(strip / strip[0], abs=2e-3)


@pytest.mark.parametrize(("aspect", "tau"), [(1.0, 0.0), (1.0, 4e3), (1.3, 1e2), (2.0, 2e4)])
def test_more_modes_change_nothing_that_counts(aspect, tau):
    few, many = linear(aspect, tau), linear(aspect, tau, refine=2)
    assert few.centre == pytest.approx(many.centre, rel=1e-4)
    x, y = np.linspace(-1.0, 1.0, 41), np.linspace(-1.0, 1.0, 41)
    assert np.abs(few.at(x, y) - many.at(x, y)).max() < 4e-3


def test_profile_is_flat_at_the_frame():
    plate = linear(1.5, 50.0)
    near = np.array([1.0 - 1e-4])
    assert 0.0 < plate.at(near, [0.0])[0, 0] < 1e-6  # slope 0: of the order of the square of the distance
    assert 0.0 < plate.at([0.0], near)[0, 0] < 1e-6
    assert (plate.at([1.0, 1.2, -3.0], [0.0]) == 0.0).all()
    assert plate.at([0.4], [0.2]) == pytest.approx(plate.at([-0.4], [-0.2]), rel=1e-13)


# ----------------------------------------------------------------- the law


def test_pure_plate():
    # no residual stress, deflection far below the thickness
    stiff = window(20e-6, 20e-6, 1e-6, stress=0.0)
    d = stiff.youngs * stiff.thickness**3 / (12.0 * (1.0 - stiff.poisson**2))
    assert deflection(stiff, 1e3) == pytest.approx(0.00126532 * 1e3 * 20e-6**4 / d, rel=1e-5)


@pytest.mark.parametrize("poisson", [0.0, 0.25, 0.4])
def test_pure_membrane_is_the_published_cubic(poisson):
    # a film so thin that bending is nothing: Vlassak and Nix 1992, c_2 of the square known to them within 3 %
    film = window(1e-3, 1e-3, 5e-9, poisson=poisson)
    h, w = film.half, 30e-6
    linear_part = 3.3934 * film.stress * film.thickness * w / h**2
    cubic = film.youngs * film.thickness * w**3 / ((1.0 - poisson) * h**4) / (0.8 + 0.062 * poisson) ** 3
    assert load(film, w) == pytest.approx(linear_part + cubic, rel=0.035)
    # the rim of bending is 1/k of half the side wide
    assert load(film, w) > linear_part + cubic
    long = window(1e-3, 40e-3, 5e-9, poisson=poisson)
    strip = 2.0 * long.stress * long.thickness * w / h**2
    strip += 4.0 / 3.0 * long.plane_modulus * long.thickness * w**3 / h**4
    assert load(long, w) == pytest.approx(strip, rel=2e-3)


def test_strip_under_all_loads():
    # the clamped strip solved by itself: N from the stretching of its exact shape, by quadrature
    strip = window(50e-6, 5e-3, 50e-9)
    h, d, e = strip.half, strip.rigidity, strip.plane_modulus * strip.thickness
    xi, weight = np.polynomial.legendre.leggauss(400)
    for pressure in (10.0, 1e4, 3e5):
        low, high = 6.75, 1e3
        for _ in range(80):
            pull = 0.5 * (low + high)
            k = h * math.sqrt(pull / d)
            slope = pressure * h / pull * (-xi + np.sinh(k * xi) / np.sinh(k))
            more = 6.75 + e * 0.25 * float((weight * slope**2).sum()) > pull
            low, high = (pull, high) if more else (low, pull)
        exact = 0.5 * pressure * h**2 / pull * (1.0 - 2.0 / k * math.tanh(k / 2.0))
        assert deflection(strip, pressure) == pytest.approx(exact, rel=1e-4)
        assert tension(strip, exact) == pytest.approx(pull, rel=3e-4)
        curvature = pressure / pull * (k / math.tanh(k) - 1.0)
        middle, edge = stress(strip, exact)
        assert edge - middle == pytest.approx(0.5 * e * curvature, rel=5e-4)


def twin():
    path = Path(__file__).parents[1] / "reference" / "window_twin.py"
    spec = importlib.util.spec_from_file_location("window_twin", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Windows of liquid cells to 1 %; where plate and membrane cross over in a stiff square the law interpolates: 4 %.
@pytest.mark.parametrize(
    ("film", "pressure", "modes", "tolerance"),
    [
        (window(50e-6, 50e-6), ATMOSPHERE, 8, 0.01),
        (window(50e-6, 50e-6, stress=0.0), 3e3, 8, 0.012),
        (window(50e-6, 100e-6), ATMOSPHERE, 8, 0.01),
        (window(20e-6, 20e-6, 200e-9), ATMOSPHERE, 6, 0.03),
        (window(20e-6, 20e-6, 200e-9, stress=0.0), 3e5, 6, 0.04),
    ],
)
def test_law_against_the_full_equations(film, pressure, modes, tolerance):
    e, h = film.plane_modulus * film.thickness, film.half
    full = twin().solve(
        film.aspect, film.poisson, film.stress * film.thickness / e, film.rigidity / (e * h**2), pressure * h / e, modes
    )
    assert deflection(film, pressure) == pytest.approx(full.centre * h, rel=tolerance)
    x = y = np.linspace(-0.9, 0.9, 13)
    middle = deflection(film, pressure)
    shape = bulge(film, middle, x * h, y * h * film.aspect) / middle
    # the tension is not uniform in a stretched window: the shape differs by some per cent of the centre
    assert np.abs(shape - full.at(x, y) / full.centre).max() < 0.045


def test_the_table_of_stretching_is_what_the_full_equations_give():
    for aspect, poisson in ((1.0, 0.0), (1.15, 0.28), (1.6, 0.3)):
        centre = twin().solve(aspect, poisson, 0.0, 0.0, 1e-6, 6).centre
        assert stretching_coefficient(aspect, poisson) == pytest.approx(1e-6 / centre**3, rel=2e-3)
    # the published approximation of the square is a little soft
    published = (1.0 + 0.28) / (0.8 + 0.062 * 0.28) ** 3
    assert 1.0 < stretching_coefficient(1.0, 0.28) / published < 1.035


# ----------------------------------------------------------------- one and two windows

LENGTHS = st.floats(5e-6, 500e-6)


@settings(max_examples=40, deadline=None)
@given(LENGTHS, st.floats(1.0, 8.0), st.floats(10e-9, 500e-9), st.floats(0.0, 1e9), st.floats(1.0, 1e6))
def test_more_pressure_bulges_more_and_the_inverse_is_one(width, aspect, thickness, residual, pressure):
    film = window(width, width * aspect, thickness, stress=residual)
    w = deflection(film, pressure)
    assert 0.0 < w < deflection(film, 1.5 * pressure)
    assert load(film, w) == pytest.approx(pressure, rel=1e-9)
    assert deflection(film, -pressure) == -w
    turned = Window(film.length, film.width, thickness, film.youngs, film.poisson, residual)
    assert deflection(turned, pressure) == w


def test_stiffer_windows_bulge_less():
    base = deflection(window(), ATMOSPHERE)
    assert deflection(window(thickness=100e-9), ATMOSPHERE) < base
    assert deflection(window(stress=1e9), ATMOSPHERE) < base
    assert deflection(window(width=20e-6), ATMOSPHERE) < base
    assert deflection(window(length=50e-6), ATMOSPHERE) < base


def test_two_unlike_windows():
    pair = [window(), window(thickness=30e-9)]
    parts = deflections(pair, pressure=ATMOSPHERE)
    assert parts == [deflection(pair[0], ATMOSPHERE), deflection(pair[1], ATMOSPHERE)]
    assert equivalent_pressure(pair, sum(parts)) == pytest.approx(ATMOSPHERE, rel=1e-9)
    assert deflections(pair, total=sum(parts)) == pytest.approx(parts, rel=1e-9)
    assert deflections(pair, total=0.0) == [0.0, 0.0]


def test_liquid_between_windows():
    x, y = np.linspace(-60e-6, 60e-6, 31), np.linspace(-121e-6, 121e-6, 49)
    pair = [window(), window()]
    h = liquid_thickness(x, y, 500e-9, pair, pressure=ATMOSPHERE)
    assert h.shape == (49, 31)
    inside = (np.abs(x) < 25e-6)[None, :] & (np.abs(y) < 100e-6)[:, None]
    assert (h[~inside] == 500e-9).all()
    assert (h[inside] > 500e-9).all()
    assert h[24, 15] == pytest.approx(500e-9 + 2.0 * deflection(pair[0], ATMOSPHERE), rel=1e-12)
    assert h == pytest.approx(h[::-1, ::-1], rel=1e-12)
    moved = liquid_thickness(x, y, 500e-9, pair, pressure=ATMOSPHERE, centre=(4e-6, 0.0))
    assert moved[:, 1:] == pytest.approx(h[:, :-1], rel=1e-9)
    assert (liquid_thickness(x, y, 500e-9, pair, total=0.0) == 500e-9).all()
    crossed = liquid_thickness(x, y, 500e-9, [pair[0], window(200e-6, 50e-6)], pressure=ATMOSPHERE)
    assert crossed[24, 30] > 500e-9  # inside the window that lies across


def test_windows_that_touch():
    pair = [window(), window()]
    with pytest.raises(ValueError, match=r"they touch at a pressure difference of -6\d\d\d Pa"):
        liquid_thickness([0.0], [0.0], 500e-9, pair, pressure=-2e4)
    touch = equivalent_pressure(pair, -500e-9)
    assert liquid_thickness([0.0], [0.0], 500e-9, pair, pressure=0.999 * touch)[0, 0] > 0.0


def test_what_is_refused_and_doubted():
    with pytest.raises(ValueError, match="plates of this thickness are at least 5e-06 m"):
        window(thickness=500e-9, width=4e-6)
    with pytest.raises(ValueError, match="buckles"):
        window(stress=-1e6)
    with pytest.raises(ValueError, match="coefficients hold from 0 to"):
        window(poisson=0.5)
    with pytest.raises(ValueError, match="has to be finite"):
        deflection(window(), math.nan)
    with pytest.raises(ValueError, match="one of the two"):
        deflections([window()])
    with pytest.raises(ValueError, match="no window"):
        deflections([], pressure=1.0)
    with pytest.raises(ValueError, match="at least 1"):
        plate_compliance(0.5)
    with pytest.raises(ValueError, match="buckles"):
        linear(1.0, -1.0)
    film = window_material("SiNx")
    assert doubts(window(), deflection(window(), ATMOSPHERE), film.strength) == []
    assert "holds to 5e-06 m" in doubts(window(), 8e-6)[0]
    assert "may break" in doubts(window(), 4e-6, film.strength)[0]


def test_material_comes_with_its_sources():
    film = window_material("silicon nitride")
    assert (film.name, film.youngs, film.poisson, film.stress) == ("SiNx", 222e9, 0.28, 135e6)
    with pytest.raises(ValueError, match="known: SiNx"):
        window_material("glass")

"""Closed forms of designs against solutions on grids, integrals and published figures."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from simcell.beam.blur import chromatic_blur, stem_broadening
from simcell.beam.medium import load_medium
from simcell.constants import KILO_ELECTRON_VOLT as KEV
from simcell.numerics.grid import graded, plan, section
from simcell.transport import coplanar, fin, reference, supply, voltammetry
from simcell.transport.current import distribute
from simcell.transport.depletion import depletion, rectangle_drop
from simcell.transport.designs import Designs, edge_factor, figures, limiting_current
from simcell.transport.electrode import strip
from simcell.transport.kinetics import FARADAY, Linear
from simcell.transport.peak import film_wave, strip_peak

ZINC = {"electrons": 2.0, "concentration": 100.0, "diffusivity": 6.2e-10, "transference": 0.37}


def design(**change):  # type: ignore[no-untyped-def]
    usual = {"width": 20e-6, "length": 1e-4, "gap": 1e-4, "height": 5e-7, "path": 5e-7, "conductivity": 0.9,
             "resistance": 1.3e-3, "current": 10.0, "supply": 1e-4, "opening": 1e-3, "scan_rate": 0.1}  # fmt: skip
    return Designs(**{**usual, **ZINC, **change})


# ------------------------------------------------------------- what zinc can come


def test_the_zinc_puzzle() -> None:
    """0.1 M in 0.5 um holds 0.46 nm of zinc; a 50 um strip fed across 100 um sustains about 0.2 mA/cm^2."""
    assert supply.metal_in_filling(100.0, 0.5e-6, 9.16e-6) == pytest.approx(0.46e-9, rel=5e-3)
    assert limiting_current(design(width=50e-6)) == pytest.approx(2.0, rel=0.06)  # A/m^2
    # and the published 160 mA/cm^2 lasts for 10 ms
    assert figures(design(current=1600.0))["filling_time"] == pytest.approx(10e-3, rel=0.05)


def test_current_carried_by_a_stream() -> None:
    """Between rest and a fast stream: the steady equation of convection and diffusion, solved on cells upstream."""
    d, u, length, n = 6.2e-10, 2e-5, 100e-6, 2000
    fine = np.linspace(0.0, length, n + 1)
    c = (1.0 - np.exp(-u * (length - fine) / d)) / (1.0 - np.exp(-u * length / d))  # 1 upstream, 0 at the strip
    flux = u * c[-1] - d * (c[-1] - c[-2]) / (fine[1] - fine[0])
    back = u / np.expm1(u * length / d)  # diffusing against the stream from downstream
    whole = supply.carried_current(2, 100.0, d, 0.5e-6, 20e-6, length, u, 0.37)
    assert whole == pytest.approx(2 * FARADAY * 100.0 * 0.5e-6 * (flux + back) / 0.63 / 20e-6, rel=2e-3)
    still = supply.carried_current(2, 100.0, d, 0.5e-6, 20e-6, length, 1e-13, 0.37)
    assert still == pytest.approx(2 * supply.lateral_current(2, 100.0, d, 0.5e-6, 20e-6, length, 0.37))
    # a fast stream in a thick layer: Leveque, k = 0.8075 (gamma D^2 / w)^(1/3)
    shear = 6 * 0.1 / 5e-6
    leveque = 0.807549 * (shear * d**2 / 20e-6) ** (1 / 3) * 2 * FARADAY * 100.0 / 0.63
    assert supply.carried_current(2, 100.0, d, 5e-6, 20e-6, length, 0.1, 0.37) == pytest.approx(leveque, rel=1e-3)


# ------------------------------------------------------------- when it is empty


def test_a_long_rectangle_is_a_strip() -> None:
    for t in (0.05, 6.0, 500.0):
        strip_ = supply.strip_drop(t, 10.0, 2, 7.14e-10, 0.5e-6, 20e-6)
        assert rectangle_drop(t, 0.0, 0.0, 10.0, 2, 7.14e-10, 0.5e-6, 20e-6, np.inf) == pytest.approx(strip_, rel=1e-5)
    square = rectangle_drop(3.0, [0.0, 4e-6], [2e-6, 0.0], 10.0, 2, 7.14e-10, 0.5e-6, 20e-6, 30e-6)
    turned = rectangle_drop(3.0, [2e-6, 0.0], [0.0, 4e-6], 10.0, 2, 7.14e-10, 0.5e-6, 30e-6, 20e-6)
    np.testing.assert_allclose(square, turned, rtol=1e-12)


@pytest.mark.parametrize("place", [0, 4, 9])
def test_map_of_empty_times_on_a_grid(place: int) -> None:
    x = graded(-200e-6, 200e-6, {-10e-6: 1e-6, 0.0: 1e-6, 10e-6: 1e-6}, largest=8e-6)
    grid = plan(x, [0.0, 1e-6], 0.5e-6)
    on = np.abs(grid.centre[2]) < 10e-6
    taken = np.where(on, 10.0 / (2 * FARADAY), 0.0) * grid.area[0][0]
    found = depletion(grid, taken, 100.0, 7.14e-10, 100.0, ("x-", "x+"))
    at = np.flatnonzero(on)[place]
    here = float(grid.centre[2][at])

    def left(t: float) -> float:
        return 100.0 - float(rectangle_drop(t, here, 0.0, 10.0, 2, 7.14e-10, 0.5e-6, 20e-6, np.inf))

    assert found.time[0, at] == pytest.approx(brentq(left, 0.1, 100.0), rel=5e-3)
    assert found.first == pytest.approx(float(supply.strip_time(10.0, 2, 100.0, 7.14e-10, 0.5e-6, 20e-6)), rel=5e-3)


def test_what_is_fed_well_is_never_empty() -> None:
    grid = plan(np.linspace(-20e-6, 20e-6, 41), [0.0, 1e-6], 0.5e-6)
    taken = np.where(np.abs(grid.centre[2]) < 10e-6, 1.0 / (2 * FARADAY), 0.0) * grid.area[0][0]
    found = depletion(grid, taken, 100.0, 7.14e-10, 50.0, ("x-", "x+"))
    assert np.isinf(found.first) and abs(found.place[0]) < 1e-6 and found.end == 50.0
    with pytest.raises(ValueError, match="nothing is emptied"):
        depletion(grid, 0.0 * taken, 100.0, 7.14e-10, 1.0)
    with pytest.raises(ValueError, match="not on a section"):
        depletion(section([0.0, 1.0], [0.0, 1.0]), taken, 100.0, 7.14e-10, 1.0)


def test_times_of_films_for_many_at_once() -> None:
    currents = np.array([1.0, 1e2, 1e4, 1e6])
    many = voltammetry.film_times(currents, 2, 100.0, 6e-10, 5e-6)
    assert many[-1] == pytest.approx(voltammetry.sand_time(1e6, 2, 100.0, 6e-10), rel=1e-6)  # thick beside diffusion
    assert (many <= voltammetry.sand_time(1.0, 2, 100.0, 6e-10) / currents**2 * (1.0 + 1e-9)).all()
    np.testing.assert_allclose(many, [voltammetry.film_time(i, 2, 100.0, 6e-10, 5e-6) for i in currents])


# ------------------------------------------------------------- where the current goes


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("resistance", [0.0, 1e-6, 1e-5, 1e-3])
@pytest.mark.parametrize("height", [0.5e-6, 5e-6])
def test_edge_factor_against_sections(height: float, resistance: float, sides: int) -> None:
    width, fine = 20e-6, min(height, 2e-6) / 10.0
    x = graded(-8 * height, width + 8 * height, {0.0: fine, width: fine}, largest=2e-6)
    grid = section(x, np.linspace(0.0, height, 9))
    law = Linear(resistance) if resistance else None
    ends = {"x+": 0.0} if sides == 1 else {"x+": 0.0, "x-": 0.0}
    answer = distribute(grid, 0.9, [strip(grid, "WE", 0.0, width, 1.0, law=law)], ends)
    first, _, last = answer.bins("WE", [0.0, 0.05 * width, 0.95 * width, width])
    mean = answer.current["WE"] / answer.area["WE"].sum()
    closed = edge_factor(design(height=height, resistance=resistance, sides=sides))
    assert closed == pytest.approx(max(first, last) / mean, rel=0.015)


@pytest.mark.parametrize("sides", [1, 2])
def test_primary_edge_factor_is_the_exact_distribution(sides: int) -> None:
    width, height = 20e-6, 5e-6
    start = np.arcsin(0.9)  # x = a sin t takes the root at the edge away

    def current(t: float) -> float:
        return float(coplanar.band_in_layer(10e-6 * np.sin(t), 10e-6, height, sides)) * np.cos(t)

    outer = quad(current, start, 0.5 * np.pi, limit=200)[0] / 2.0
    found = edge_factor(design(width=width, height=height, resistance=0.0, sides=sides))
    assert found == pytest.approx(outer / 0.05, rel=1e-6)


@pytest.mark.parametrize(("height", "resistance"), [(0.5e-6, 1.3e-3), (0.5e-6, 1e-5), (5e-6, 1e-3), (5e-6, 1e-5)])
def test_reference_electrode_behind_and_before(height: float, resistance: float) -> None:
    x = graded(-40e-6, 200e-6, {p: height / 10 for p in (0.0, 20e-6, 120e-6, 140e-6)})
    grid = section(x, np.linspace(0.0, height, 9))
    law = Linear(resistance)
    cell = [strip(grid, "WE", 0.0, 20e-6, current=2e-4, law=law), strip(grid, "CE", 120e-6, 140e-6, 0.0, law=law)]
    answer = distribute(grid, 0.9, cell)
    for distance, place in ((np.nan, -20e-6), (50e-6, 70e-6)):
        read = reference.read(answer, "WE", "CE", (place, 0.5))
        mean, largest = reference.fin_errors(10.0, 0.9, height, 20e-6, resistance, distance)
        assert abs(read.mean) == pytest.approx(mean, rel=0.03)
        assert abs(read.largest) == pytest.approx(largest, rel=0.035)
        assert read.behind == np.isnan(distance)
    best = reference.best_place(answer, "WE", "CE", 4e-6)
    assert best.behind and best.place[0] < -2e-6
    assert abs(best.fraction) < 0.03
    assert reference.read(answer, "WE", "CE", (70e-6, 0.5)).fraction == pytest.approx(0.5, abs=1e-3)
    with pytest.raises(ValueError, match="outside the grid"):
        reference.read(answer, "WE", "CE", (1.0, 0.5))
    with pytest.raises(ValueError, match="no free floor"):
        reference.best_place(answer, "WE", "CE", 1e-3)


def test_limiting_current_has_the_exact_edge() -> None:
    """The same map as for the potential: far_resistance with concentrations."""
    half, way = 10e-6, 110e-6
    exact = 2.0 / coplanar.far_resistance(half, way, 0.5e-6)  # both sides, from the middle
    found = limiting_current(design(sides=2, width=2 * half, supply=way - half))
    expected = 2 * FARADAY * 6.2e-10 * 100.0 / 0.63 * exact / (2 * half)
    assert found == pytest.approx(expected, rel=1e-9)


# ------------------------------------------------------------- voltammograms


def test_film_wave_is_the_polylogarithm_and_the_thin_layer() -> None:
    for xi in (-0.5, 0.0, 1.109, 2.0):
        exact = float(-mpmath.polylog(-0.5, -mpmath.exp(xi)).real)
        assert film_wave(xi, np.inf) == pytest.approx(exact, rel=1e-8)
        thin = np.exp(xi) / (1.0 + np.exp(xi)) ** 2
        assert film_wave(xi, 1e-8) == pytest.approx(1e-4 * thin, rel=1e-6)


def test_peak_of_a_strip_between_its_limits() -> None:
    # a strip much wider than diffusion reaches, thin: Hubbard and Anson; thick: Randles and Sevcik
    ratio, shift = strip_peak(1.0, [0.2e-6, 1e-3], 0.1, 1, 7e-10)
    thin = voltammetry.thin_layer_peak(0.1, 1, 1.0, 0.2e-6) / voltammetry.randles_sevcik(0.1, 1, 1.0, 7e-10)
    np.testing.assert_allclose(ratio, [thin, 1.0], rtol=3e-4)
    np.testing.assert_allclose(shift, [-1.109 * 0.025693, 0.0], atol=1e-5)  # parabola through points 0.025 apart
    # a strip much narrower than diffusion reaches: fed along the layer only
    narrow, _ = strip_peak(1e-7, 0.2e-6, 0.01, 1, 7e-10)
    assert narrow == pytest.approx(2 * 0.2e-6 / 1e-7, rel=0.01)
    # many at once are interpolated
    heights = np.geomspace(1e-7, 5e-5, 400)
    many = strip_peak(20e-6, heights, 0.1, 1, 7e-10)
    for at in (3, 200, 399):
        one = strip_peak(20e-6, heights[at], 0.1, 1, 7e-10)
        assert many[0][at] == pytest.approx(float(one[0]), rel=1e-4)
        assert many[1][at] == pytest.approx(float(one[1]), abs=2e-5)


# ------------------------------------------------------------- all together


def test_figures_agree_with_the_formulas_they_are_made_of() -> None:
    found = figures(design(current=[10.0, 0.0]))
    assert found["cell_resistance"][0] == pytest.approx((200.0 + 0.8825) / (0.9 * 1e-4), rel=1e-5)
    assert found["filling_time"][0] == pytest.approx(supply.local_time(10.0, 2, 100.0, 0.5e-6, 0.37))
    assert found["sand_time"][0] == pytest.approx(voltammetry.sand_time(10.0, 2, 100.0, 6.2e-10, 0.37))
    assert found["film_sand_time"][0] == pytest.approx(voltammetry.film_time(10.0, 2, 100.0, 6.2e-10, 0.5e-6, 0.37))
    assert np.isinf(found["depletion_time"][1]) and found["mean_ir_error"][1] == 0.0
    assert found["penetration_length"][0] == pytest.approx(fin.penetration_length(0.9, 0.5e-6, 1.3e-3))
    with pytest.raises(ValueError, match="width is -1"):
        design(width=-1.0)
    with pytest.raises(ValueError, match="transference"):
        design(transference=-0.1)


def test_ten_thousand_designs_are_one_call() -> None:
    heights, gaps = np.geomspace(1e-7, 5e-6, 100)[:, None], np.linspace(20e-6, 200e-6, 100)
    found = figures(design(height=heights, path=heights, gap=gaps, supply=gaps))
    assert {v.shape for v in found.values()} == {(100, 100)}
    assert all(np.isfinite(v).all() for v in found.values())
    assert (np.diff(found["edge_factor"][:, 0]) < 0.0).all()  # a thicker layer is more even
    assert (np.diff(found["cell_resistance"][0]) > 0.0).all()


# ------------------------------------------------------------- pictures


def test_broadening_is_goldsteins_where_electrons_are_slow() -> None:
    """b = 6.25e5 (Z/E) (rho/A)^(1/2) t^(3/2) in cm, eV and g/cm^3, for one element and kinetic energy << mc^2."""
    water = load_medium("water")
    squares = sum(
        w / weight * z**2 for (_, w), weight, z in zip(water.mass_fractions, (1.008, 15.999), (1, 8), strict=True)
    )
    energy = 1000.0  # eV
    expected = 6.25e5 / energy * np.sqrt(0.997047 * squares) * (1e-5) ** 1.5 * 1e-2
    assert stem_broadening(1e-7, 1e-3 * energy * KEV, water) == pytest.approx(expected, rel=5e-3)


def test_energy_loss_spreads_as_landau() -> None:
    """xi of 1 um of water at 200 keV: 0.1535 MeV cm^2/g (Z/A) rho t / beta^2."""
    water, beta2 = load_medium("water"), 0.48328
    xi = 0.1535e6 * 0.55509 * 0.997047 * 1e-4 / beta2  # eV
    gain = (1 + 200 / 511.0) / (1 + 200 / 1022.0)
    expected = 10e-3 * 2e-3 * 4.02 * xi / 200e3 * gain
    assert chromatic_blur(1e-6, 200 * KEV, water, 2e-3, 10e-3) == pytest.approx(expected, rel=2e-3)

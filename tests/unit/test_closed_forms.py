"""Closed forms of thin layers against integrals, limits and independent evaluations."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import solve_banded

from simcell.constants import GAS_CONSTANT
from simcell.transport import coplanar, fin, supply, voltammetry
from simcell.transport.kinetics import FARADAY


def test_strips_in_half_space_and_their_layers() -> None:
    # symmetric strips: K(1 - k^2) / 2 K(k^2), k = inner over outer half distance
    for k in (0.01, 0.5, 0.99):
        expected = float(mpmath.ellipk(1 - k**2) / mpmath.ellipk(k**2) / 2)
        assert coplanar.strips((-1.0, -k), (k, 1.0)) == pytest.approx(expected, rel=1e-12)
    # a layer much higher than the cell is a half space, a much thinner one a wire
    assert coplanar.strips((-2.0, -1.0), (1.0, 3.0), 1e4) == pytest.approx(coplanar.strips((-2.0, -1.0), (1.0, 3.0)))
    thin = coplanar.cell_constant((-500.0, 0.0), (700.0, 1000.0), 0.3)
    assert thin == pytest.approx(700.0 / 0.3 + 4.0 * np.log(2.0) / np.pi, rel=1e-12)
    assert coplanar.cell_constant((0.0, 1.0), (2.0, 3.0), 1.0, 4.0) == pytest.approx(
        0.25 * coplanar.cell_constant((0.0, 1.0), (2.0, 3.0), 1.0)
    )
    with pytest.raises(ValueError, match="x1 < x2 < x3 < x4"):
        coplanar.strips((0.0, 2.0), (1.0, 3.0))


def test_strips_by_an_independent_integral() -> None:
    """The mapped potential integrated along the floor: current over voltage of two strips in a layer."""
    x1, x2, x3, x4 = (mpmath.e ** (mpmath.pi * x) for x in (0.0, 0.7, 1.2, 3.0))

    def field(x):  # type: ignore[no-untyped-def]
        return 1 / mpmath.sqrt(abs((x - x1) * (x - x2) * (x - x3) * (x - x4)))

    current = mpmath.quad(field, [x1, (x1 + x2) / 2, x2])
    voltage = mpmath.quad(field, [x2, (x2 + x3) / 2, x3])
    assert coplanar.strips((0.0, 0.7), (1.2, 3.0), 1.0) == pytest.approx(float(current / voltage), rel=1e-6)


@pytest.mark.parametrize("width", [0.3, 3.0, 30.0])
@pytest.mark.parametrize("sides", [1, 2])
def test_current_on_a_band_has_its_mean(width: float, sides: int) -> None:
    def density(t: float) -> float:
        return float(coplanar.band_in_layer(width * np.sin(t), width, 1.0, sides)) * np.cos(t)

    assert quad(density, -np.pi / 2, np.pi / 2, limit=400)[0] / 2.0 == pytest.approx(1.0, rel=1e-7)
    if width == 0.3 and sides == 2:
        x = np.linspace(-0.2, 0.2, 5)
        np.testing.assert_allclose(coplanar.band_in_layer(x, 0.3, 100.0), coplanar.band_half_space(x, 0.3), rtol=1e-4)
    with pytest.raises(ValueError, match="1 or 2 sides"):
        coplanar.band_in_layer(0.0, 1.0, 1.0, 3)


def test_extra_length_of_an_edge() -> None:
    assert coplanar.far_resistance(20.0, 30.0, 1.0) == pytest.approx(10.0 + coplanar.EDGE_LENGTH, rel=1e-12)
    assert coplanar.reference_error(1e-4, 1e-6, 1.0, 1.0) == pytest.approx(100.0 + coplanar.EDGE_LENGTH, rel=1e-12)
    assert coplanar.reference_error(0.0, 1e-6, 1.0, 1.0) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ValueError, match="grow"):
        coplanar.disc_in_ring(2.0, 1.0, 1.0)


def test_fin_satisfies_its_equation() -> None:
    x, d = np.linspace(0.5, 9.5, 19), 1e-3
    for sides in (1, 2):
        low, middle, high = (fin.fin_distribution(x + s, 10.0, 3.0, sides) for s in (-d, 0.0, d))
        inner = np.abs(x - 5.0) > 0.01
        np.testing.assert_allclose(((low - 2 * middle + high) / d**2)[inner], (middle / 9.0)[inner], rtol=1e-4)
        mean = quad(lambda t, n=sides: float(fin.fin_distribution(t, 10.0, 3.0, n)), 0.0, 10.0)[0] / 10.0
        assert mean == pytest.approx(1.0, rel=1e-6)
    assert fin.fin_resistance(2.0, 1.0, 1e3, 3.0) == pytest.approx(1.5)
    assert fin.fin_resistance(2.0, 1.0, 0.1, 300.0) == pytest.approx(300.0**2 / (2.0 * 0.1), rel=1e-6)  # R / area
    assert fin.fin_resistance(2.0, 1.0, 1e3, 3.0, 2) == pytest.approx(0.75)
    thermal = GAS_CONSTANT * 298.15 / FARADAY
    assert fin.transfer_resistance(10.0, 2.0) == pytest.approx(thermal / 20.0)
    assert fin.tafel_resistance(-100.0, 0.5) == pytest.approx(thermal / 50.0)
    for bad in (lambda: fin.transfer_resistance(0.0), lambda: fin.tafel_resistance(0.0, 0.5)):
        with pytest.raises(ValueError, match="current"):
            bad()
    with pytest.raises(ValueError, match="not 3"):
        fin.fin_distribution(0.0, 1.0, 1.0, 3)
    with pytest.raises(ValueError, match="must be positive"):
        fin.penetration_length(0.0, 1.0, 1.0)


def diffuse(layers: int, steps: int, time: float, flux: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Film 0..1 with D = 1 by implicit finite volumes: flux or concentration at the surface in time."""
    n, d = layers, 1.0 / layers
    times = time * (np.arange(steps + 1) / steps) ** 2
    middle = np.full(n, 2.0 / d**2)
    middle[0], middle[-1] = (3.0 if flux is None else 1.0) / d**2, 1.0 / d**2
    c, out = np.ones(n), []
    for dt in np.diff(times):
        right = c.copy()
        if flux is not None:
            right[0] -= dt * flux / d
        beside = np.full(n, -dt / d**2)
        c = solve_banded((1, 1), np.array([beside, 1.0 + dt * middle, beside]), right)
        out.append(2.0 * c[0] / d if flux is None else c[0] - 0.5 * flux * d)
    return times[1:], np.array(out)


def test_step_and_constant_current_of_a_film() -> None:
    times, flux = diffuse(100, 400, 1.0, None)
    late = (times > 0.02) & (times < 0.5)
    expected = voltammetry.film_step(times, 1.0 / FARADAY, 1.0, 1.0, 1.0)
    np.testing.assert_allclose(flux[late], expected[late], rtol=1e-2)
    for t in (0.4999, 0.5001):  # both series meet
        assert float(voltammetry.film_step(t, 1, 1.0, 1.0, 1.0)) == pytest.approx(
            float(voltammetry.film_step(0.5, 1, 1.0, 1.0, 1.0)), rel=1e-3
        )
    for rate in (0.5, 1.2, 10.0):
        times, surface = diffuse(200, 1200, 3.0, rate)
        empty = np.interp(0.0, -surface, times)
        found = voltammetry.film_time(rate, 1.0 / FARADAY, 1.0, 1.0, 1.0)
        assert found == pytest.approx(empty, rel=1e-2)
        assert found <= voltammetry.sand_time(rate, 1.0 / FARADAY, 1.0, 1.0) * (1.0 + 1e-9)


def test_peaks() -> None:
    def wave(x):  # type: ignore[no-untyped-def]
        return -mpmath.polylog(-0.5, -(mpmath.e**x))

    left, top, right = (float(mpmath.re(wave(x))) for x in (1.099, 1.10895, 1.119))
    assert left < top > right
    assert top == pytest.approx(voltammetry.PEAK, rel=1e-6)
    sigma = FARADAY * 0.1 / (GAS_CONSTANT * 298.15)
    t = np.linspace(-10.0, 10.0, 20001)
    share = np.exp(t) / (1.0 + np.exp(t)) ** 2  # charge left in a film at equilibrium, differentiated
    expected = FARADAY * 1.0 * 1e-6 * sigma * share.max()
    assert voltammetry.thin_layer_peak(0.1, 1, 1.0, 1e-6) == pytest.approx(expected, rel=1e-6)
    assert voltammetry.plates_limit(1, 1.0, 1.0, 1.0, 0.5) == pytest.approx(4.0 * FARADAY)


def test_supply_of_a_strip() -> None:
    """The drop above a strip is the integral of the erf solution; without spreading it is the local time."""
    d, w, h, i = 7e-10, 20e-6, 0.5e-6, 10.0
    for t in (0.01, 1.0, 100.0):
        known = quad(lambda s: float(mpmath.erf(0.5 * w / (2.0 * np.sqrt(d * s)))), 0.0, t, limit=300)[0]
        expected = i / (2 * FARADAY * h) * known
        assert supply.strip_drop(t, i, 2, d, h, w) == pytest.approx(expected, rel=1e-6)
    wide = supply.strip_time(i, 2, 100.0, d, h, 1.0)
    assert wide == pytest.approx(supply.local_time(i, 2, 100.0, h), rel=1e-9)
    t = supply.strip_time(1.0, 2, 100.0, d, h, w)
    assert supply.strip_drop(t, 1.0, 2, d, h, w) == pytest.approx(100.0, rel=1e-9)
    one = supply.lateral_current(2, 100.0, d, h, w, 1e-4)
    assert one == pytest.approx(2 * FARADAY * d * 100.0 * h / (w * 1e-4))
    assert supply.lateral_current(2, 100.0, d, h, w, 1e-4, 0.5, 2) == pytest.approx(4.0 * one)
    assert supply.outside_charge(1e-12, 1e-9, 2, 100.0, h) == 0.0
    # one filling as metal and as time
    rate = supply.growth_rate(i, 2, 9.16e-6)
    assert rate * supply.local_time(i, 2, 100.0, h) == pytest.approx(supply.metal_in_filling(100.0, h, 9.16e-6))


def test_refill_by_the_whole_series() -> None:
    m = np.arange(200)
    t = supply.refill_time(1.0, 1.0)
    left = (8.0 / (np.pi**2 * (2 * m + 1) ** 2) * np.exp(-((2 * m + 1) ** 2) * np.pi**2 * t)).sum()
    assert left == pytest.approx(0.05, rel=1e-6)

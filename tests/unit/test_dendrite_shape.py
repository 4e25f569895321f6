"""Shape in numbers against figures whose numbers are known, and closed forms of stability against one another."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_banded

from simcell.dendrite import shape
from simcell.dendrite.layer import profile
from simcell.dendrite.stability import (
    FARADAY,
    Metal,
    critical_nucleus,
    depletion_time,
    fastest_tip,
    front_at_current,
    front_at_potential,
    limiting_current,
    sand_time,
)

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)


def grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0:n, 0:n] + 0.5
    return x, y


def carpet(level: int) -> np.ndarray:
    out = np.ones((1, 1))
    hole = np.ones((3, 3))
    hole[1, 1] = 0.0
    for _ in range(level):
        out = np.kron(out, hole)
    return out


def test_disc() -> None:
    x, y = grid(100)
    disc = profile(30.0 - np.hypot(x - 50.0, y - 50.0), 1.5)
    assert shape.perimeter(disc, 2.0) == pytest.approx(2.0 * np.pi * 60.0, rel=2e-3)
    assert shape.area(disc, 2.0) == pytest.approx(np.pi * 60.0**2, rel=1e-2)
    assert shape.isoperimetric_quotient(disc, 2.0) == pytest.approx(1.0, rel=1e-2)


@pytest.mark.parametrize("angle", [0.0, 15.0, 30.0, 45.0])
def test_a_straight_edge_has_its_length_at_any_angle(angle: float) -> None:
    x, y = grid(60)
    a = np.deg2rad(angle)
    edge = profile((30.0 - x) * np.cos(a) + (30.0 - y) * np.sin(a), 1.5)
    assert shape.perimeter(edge, 1.0) == pytest.approx(59.0 / np.cos(a), rel=1e-3)


def test_contour_separates_metal_at_a_saddle() -> None:
    both = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert len(shape.contour(both, 1.0)) == 2
    cut = shape.contour(np.array([[1.0, 0.4], [0.4, 1.0]]), 1.0)
    assert sorted(np.hypot(*(s.mean(axis=0) - 0.5)).round(2) for s in cut)[0] < 0.6


@pytest.mark.parametrize("angle", [0.0, 15.0, 30.0, 45.0, 80.0])
@pytest.mark.parametrize("radius", [8.0, 20.0])
def test_tip_of_a_round_needle_at_any_angle(angle: float, radius: float) -> None:
    x, y = grid(160)
    a = np.deg2rad(angle)
    d = np.array([np.cos(a), np.sin(a)])
    along, across = (x - 70.3) * d[0] + (y - 70.6) * d[1], -(x - 70.3) * d[1] + (y - 70.6) * d[0]
    needle = profile(np.where(along > 0.0, radius - np.hypot(along, across), radius - np.abs(across)), 1.5)
    tip = shape.tip(needle, 1.0, (d[0], d[1]))
    assert (tip.x, tip.y) == pytest.approx((70.3 + radius * d[0], 70.6 + radius * d[1]), abs=0.05)
    assert tip.radius == pytest.approx(radius, rel=0.05)
    further = shape.tip(np.roll(needle, (2, 2), axis=(0, 1)), 1.0, (d[0], d[1]))
    assert further.ahead_of(tip) == pytest.approx(2.0 * (d[0] + d[1]), abs=0.02)


def test_tips_that_are_flat_or_missing() -> None:
    x, _ = grid(40)
    assert abs(shape.tip(profile(20.2 - x, 2.0), 1.0).radius) > 1e6
    with pytest.raises(ValueError, match="no contour"):
        shape.tip(np.zeros((5, 5)), 1.0)
    speck = np.zeros((9, 9))
    speck[4, 4] = 0.6
    with pytest.raises(ValueError, match="6 are needed"):
        shape.tip(speck, 1.0, reach=0.01)


@pytest.mark.parametrize(
    ("picture", "options", "dimension"),
    [
        (np.ones((81, 81)), {"ratio": 3}, 2.0),
        (np.eye(81), {"ratio": 3}, 1.0),
        (carpet(5), {"ratio": 3}, np.log(8.0) / np.log(3.0)),
        (np.kron(np.kron(np.kron(np.eye(3), np.eye(3)), np.eye(3)), np.eye(3)), {"ratio": 3}, 1.0),
    ],
    ids=["plane", "line", "carpet", "diagonal"],
)
def test_box_dimension_of_exact_figures(picture: np.ndarray, options: dict, dimension: float) -> None:
    assert shape.box_dimension(picture, **options) == pytest.approx(dimension, abs=1e-9)


def test_box_dimension_needs_something() -> None:
    with pytest.raises(ValueError, match="0 cells"):
        shape.box_dimension(np.zeros((8, 8)))


def test_dead_metal_is_what_no_path_of_metal_joins_to_the_collector() -> None:
    field = np.zeros((30, 40))
    field[:, :5] = 1.0
    field[10, 5:20] = 1.0
    field[5:9, 25:29] = 1.0  # afloat: 16
    field[20:22, 30:34] = 0.8  # afloat: 6.4
    found = shape.pieces(field)
    assert found.loose == 2
    assert found.dead_fraction == pytest.approx(22.4 / (150.0 + 15.0 + 22.4))
    assert found.joined.sum() == 165 and found.dead.sum() == 24
    field[10, 20:40] = 1.0
    assert shape.spans(field) and not shape.spans(field[:10], "x-", "x+")
    assert shape.pieces(np.zeros((3, 3))).dead_fraction == 0.0
    assert shape.coverage(field) == 1.0 and shape.coverage(field, "x+") == pytest.approx(1.0 / 30.0)


def test_roughness_and_its_spectrum_agree() -> None:
    h = np.random.default_rng(3).normal(size=101)
    for n in (100, 101):
        _, power = shape.roughness_spectrum(h[:n], 0.5)
        assert power.sum() == pytest.approx(shape.roughness(h[:n]) ** 2, rel=1e-12)
    x, y = grid(64)
    front = profile(30.0 + 2.0 * np.cos(2.0 * np.pi * y / 32.0) - x, 1.5)
    length, power = shape.roughness_spectrum(shape.heights(front, 1.0), 1.0)
    assert length[np.argmax(power)] == 32.0
    assert power.max() == pytest.approx(2.0, rel=1e-3)


# --- closed forms


@pytest.mark.parametrize("part", [-0.5, 0.01, 0.3, 0.9])
def test_front_by_current_and_by_potential_are_the_same(part: float) -> None:
    gap = 9e-6
    front = front_at_current(LITHIUM, part * limiting_current(LITHIUM, gap), gap)
    again = front_at_potential(LITHIUM, front.potential, gap)
    assert again.current == pytest.approx(front.current, rel=1e-9)
    assert again.surface == pytest.approx(front.surface, rel=1e-9)


def test_growth_rate_vanishes_at_the_neutral_wavelength_and_peaks_beside_it() -> None:
    front = front_at_current(LITHIUM, 2500.0, 9e-6)
    neutral = front.neutral_wavelength
    wavelength, rate = front.fastest()
    assert abs(front.growth_rate(neutral)) < 1e-9 * rate
    assert (front.growth_rate(neutral * np.array([0.5, 0.9])) < 0.0).all()
    assert (front.growth_rate(wavelength * np.array([0.9, 1.1])) < rate).all()
    assert front_at_current(LITHIUM, -100.0, 9e-6).fastest() == (np.inf, 0.0)  # stripping is smooth


def test_growth_rate_against_an_independent_solution_of_the_perturbed_equations() -> None:
    """Laplace's equation for the ripple by finite differences, the reaction's derivatives by difference quotients."""
    front = front_at_current(LITHIUM, 2000.0, 9e-6)
    m, k, n = LITHIUM, 2.0 * np.pi / 4e-6, 4000
    y = np.linspace(0.0, 9e-6, n + 1)
    h = y[1]

    def rate(x: float, curvature: float) -> float:
        e = np.log(x) - m.f * front.potential - m.capillary_length * curvature
        return float(m.current(x, e))

    x = front.surface / m.concentration
    by_x = (rate(x + 1e-6, 0.0) - rate(x - 1e-6, 0.0)) / 2e-6 / m.concentration
    by_curvature = (rate(x, 1e4) - rate(x, -1e4)) / 2e4
    # c' + c'' = 0 inside, c = 0 at the end, D dc/dy (1/(1-t)) zF = delta i at the front displaced by 1
    matrix = np.zeros((3, n))
    matrix[0, 1:], matrix[1], matrix[2, :-1] = 1.0, -(2.0 + (k * h) ** 2), 1.0
    supply = m.charge * FARADAY * m.diffusivity / (1.0 - m.transference)
    matrix[1, 0] = -(1.0 + 0.5 * (k * h) ** 2) - h * by_x / supply
    right = np.zeros(n)
    right[0] = h * (by_x * front.gradient + by_curvature * k**2) / supply
    c = solve_banded((1, 1), matrix, right)
    di = by_x * (c[0] + front.gradient) + by_curvature * k**2
    assert m.speed(di) == pytest.approx(float(front.growth_rate(4e-6)), rel=1e-4)


def test_published_anchors() -> None:
    zinc = Metal(2, 9.16e-6, 0.5, 30.0, 100.0, 6e-10, 0.4)
    assert sand_time(zinc, 200.0) == pytest.approx(12.2, rel=2e-3)
    assert depletion_time(zinc, 0.99 * limiting_current(zinc, 1e-5), 1e-5) == np.inf
    assert depletion_time(zinc, 100.0 * limiting_current(zinc, 1e-5), 1e-5) == pytest.approx(
        sand_time(zinc, 100.0 * limiting_current(zinc, 1e-5)), rel=1e-6
    )
    nucleus = critical_nucleus(zinc, 0.05)
    assert nucleus.radius * 1e9 == pytest.approx(0.95, abs=0.005)
    assert fastest_tip(zinc, 0.05)[0] * 1e9 == pytest.approx(1.42, abs=0.005)
    assert nucleus.work == pytest.approx(16.0 / 3.0 * np.pi * 0.5**3 * (9.16e-6 / (2.0 * FARADAY * 0.05)) ** 2)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="not below the limiting current, 5"):
        front_at_current(LITHIUM, 1e4, 9e-6)
    with pytest.raises(ValueError, match=r"transference is 1\.2"):
        Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 1.2)
    with pytest.raises(ValueError, match="diffusivity is 0"):
        Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 0.0, 0.4)
    with pytest.raises(ValueError, match="surface_energy"):
        Metal(1, 13.0e-6, -0.5, 30.0, 1000.0, 1e-10, 0.4)
    with pytest.raises(ValueError, match="no nucleus"):
        critical_nucleus(LITHIUM, -0.1)

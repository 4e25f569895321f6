"""What lies on the front, what the beam does to it, and what stripping leaves behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcell.dendrite.dead import coulombic_efficiency, dead_metal, stripping
from simcell.dendrite.film import Film, Wall
from simcell.dendrite.layer import Layer, State, begin
from simcell.dendrite.model import grow, segment
from simcell.dendrite.stability import FARADAY, Metal
from simcell.numerics.grid import section

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
H = 50e-9


def box(nx: int, nz: int, metal: Metal = LITHIUM, **more) -> Layer:
    return Layer(
        metal, section(np.arange(nx + 1) * H, np.arange(nz + 1) * H, 1e-6), 2.0 * H, {"x+": "reservoir"}, **more
    )


# --- film


def test_a_film_is_a_resistance_in_series() -> None:
    """i = BV(E - f R i) at a flat front, R = 0.01 ohm m^2, far from the limiting current."""
    plain, covered = box(60, 1), box(60, 1, film=Film(1e6, fresh=1e-8))
    currents = []
    for layer in (plain, covered):
        first = begin(layer, 1.2e-6 - layer.centre[1])
        currents.append(grow(layer, first, [1e-4], potential=-0.05).current[-1] / (H * 1e-6))
    drop = 0.01 * currents[1]
    shifted = grow(plain, begin(plain, 1.2e-6 - plain.centre[1]), [1e-4], potential=-0.05 + drop).current[-1]
    assert 0.5 * currents[0] > currents[1] > 0.0
    assert shifted / (H * 1e-6) == pytest.approx(currents[1], rel=2e-3)


def test_a_film_grows_as_the_root_of_time_and_saturates() -> None:
    film = Film(1e5, growth=1e-17, saturation=200e-9, fresh=1e-9)
    s = np.array(1e-9)
    for _ in range(1000):
        s = film.grown(s, 1e-3)
    assert float(s) == pytest.approx(np.sqrt(2e-17), rel=0.02)  # sqrt(2 k t), still thin
    for _ in range(400):
        s = film.grown(s, 100.0)
    assert 199e-9 < float(s) <= 200e-9
    with pytest.raises(ValueError, match="at most 1e-09"):
        Film(1.0, saturation=1e-9, fresh=2e-9)


def test_a_film_stretches_with_its_area_and_breaks() -> None:
    """A growing disc: without growth of the film its volume stays, s R = constant; at the strain ln 1.2 it breaks."""
    found = []
    for rupture in (np.inf, 0.5 * np.log(1.2)):
        layer = box(40, 40, film=Film(1.0, fresh=1e-8, rupture=rupture), contact=_corner(40))
        first = begin(layer, 1e-6 - np.hypot(*layer.centre))
        last = grow(layer, first, [1.5], potential=-0.2).last
        ratio = np.sqrt(last.xi.sum() / first.xi.sum())
        near = (np.abs(last.xi - 0.5) < 0.3) & (layer.centre[1] > 2 * H) & (layer.centre[0] > 2 * H)
        assert last.film is not None
        found.append((ratio, last.film[near].mean() / 1e-8, np.ptp(last.film[near]) / 1e-8))
    (ratio, thin, spread), (_, broken, _) = found
    assert ratio > 1.15
    assert thin * ratio == pytest.approx(1.0, abs=0.01) and spread < 0.05
    assert broken > thin + 0.05  # it was made new on the way


def _corner(n: int) -> np.ndarray:
    contact = np.zeros((n, n), dtype=bool)
    contact[0, 0] = True
    return contact


# --- beam


def test_growth_stops_where_the_etching_equals_the_current() -> None:
    layer = box(60, 1)
    first = begin(layer, 1.2e-6 - layer.centre[1])
    current = 100.0
    still = replace(layer, wall=Wall(etch=current / FARADAY))
    run = grow(still, first, [0.5], current=current * H * 1e-6)
    grown = grow(layer, first, [0.5], current=current * H * 1e-6).last
    moved = grown.metal_amount(layer) - first.metal_amount(layer)
    kept = run.last.metal_amount(layer) - first.metal_amount(layer)
    assert abs(kept) < 1e-3 * moved  # the line integral of the area is 1 to that
    books = kept - run.last.charge / FARADAY - run.last.chemical
    assert abs(books) < 1e-9 * moved
    ions = run.last.ions(layer) - first.ions(layer) - run.last.inflow
    assert abs(ions) < 1e-10 * moved


def test_deposition_from_solution_passes_no_current() -> None:
    layer = box(60, 1, wall=Wall(deposit=1e-3))
    first = begin(layer, 1.2e-6 - layer.centre[1])
    run = grow(layer, first, [0.2], current=0.0)
    gained = run.last.metal_amount(layer) - first.metal_amount(layer)
    assert gained == pytest.approx(1e-3 * 0.2 * H * 1e-6, rel=0.1)  # c falls a little
    assert gained == pytest.approx(run.last.chemical, rel=1e-9, abs=0.0)
    assert abs(run.last.charge) < 1e-9 * gained * FARADAY
    assert run.lowest.min() > 0.0


def test_a_beam_without_dose_changes_nothing() -> None:
    plain = box(40, 12)
    z, x = plain.centre
    first = begin(plain, 1e-6 + 0.1e-6 * np.cos(np.pi * z / 0.6e-6) - x)
    dark = replace(plain, wall=Wall(deposit=np.zeros(plain.shape), etch=0.0))
    one, other = (grow(layer, first, [0.1], potential=-0.1).last for layer in (plain, dark))
    assert np.abs(one.xi - other.xi).max() < 1e-12 and abs(one.charge - other.charge) < 1e-12 * one.charge
    bright = replace(plain, wall=Wall(etch=np.where(z > 0.3e-6, 5e-4, 0.0)))
    lit = grow(bright, first, [0.1], potential=-0.1).last
    difference = (lit.xi - one.xi).sum(axis=1)
    assert difference[8:].max() < 0.0 and abs(difference[0]) < 0.2 * abs(difference[-1])
    assert Wall().nothing and not Wall(etch=1.0).nothing
    with pytest.raises(ValueError, match="cannot be negative"):
        Wall(etch=-1.0)


# --- stripping


def whisker(metal: Metal, film: Film | None = None, thick: str = "") -> tuple[Layer, State]:
    """Half a whisker of 0.5 um on an electrode, 1.6 um long; a film ten times as thick on its root or tip."""
    layer = box(56, 16, metal, film=film)
    z, x = layer.centre
    first = begin(layer, np.maximum(0.5e-6 - x, np.minimum(0.25e-6 - z, 2.1e-6 - x)))
    if thick:
        where = (x > 1.2e-6) if thick == "tip" else (x < 1.2e-6)
        assert first.film is not None
        first = replace(first, film=np.where(where, 10.0, 1.0) * first.film)
    return layer, first


@pytest.mark.parametrize(
    ("mode", "exchange", "thick"),
    [("tip", 3000.0, ""), ("even", 1.0, ""), ("root", 30.0, "tip"), ("tip", 30.0, "root")],
)
def test_three_ways_to_strip(mode: str, exchange: float, thick: str) -> None:
    """Fast kinetics: from the tip, next to the supply; slow: evenly; a film that is thin at the root: from there."""
    film = Film(1e5, fresh=1e-8) if thick else None
    layer, first = whisker(replace(LITHIUM, exchange_current=exchange, surface_energy=0.05), film, thick)
    run = grow(layer, first, [0.4], current=-6e-10)
    found, share = stripping(layer, first, run.last, 0.7e-6, 1.9e-6)
    assert found == mode, share


def test_a_neck_is_cut_where_it_is_thin_and_the_dead_metal_is_counted() -> None:
    layer = box(60, 24)
    z, x = layer.centre
    bead = 0.35e-6 - np.hypot(x - 1.9e-6, z)
    neck = np.minimum(0.13e-6 + 0.1e-6 * np.abs(x - 1.2e-6) / 1e-6 - z, np.minimum(x, 1.9e-6 - x))
    first = begin(layer, np.maximum(np.maximum(0.8e-6 - x, bead), neck))
    assert dead_metal(layer, first) == (0.0, 0.0)
    plated = grow(layer, first, [0.05], current=1.2e-9)
    run = grow(layer, segment(plated.last), [3.0], current=-1.2e-9)
    assert len(run.cuts) >= 1
    cut = run.cuts[0]
    assert 0.9e-6 < cut.x < 1.6e-6 and cut.y < 0.1e-6 and 0.05 < cut.time < 3.0
    amount, share = dead_metal(layer, run.last)
    assert 0.0 < share < 1.0 and cut.amount == pytest.approx(amount, rel=0.2)
    assert coulombic_efficiency(plated, run) == pytest.approx(2.95 / 0.05, rel=1e-6)
    with pytest.raises(ValueError, match="nothing was plated"):
        coulombic_efficiency(run)

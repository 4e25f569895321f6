"""Random parts of metal growth: nuclei, roughness, thermal noise; and the ends of a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcell.constants import AVOGADRO
from simcell.dendrite.edges import Edge, Inflow, follow
from simcell.dendrite.layer import Layer, State, begin
from simcell.dendrite.model import Control, _Worker, grow
from simcell.dendrite.nucleation import Nucleation, rough, scattered
from simcell.dendrite.stability import FARADAY, Metal, critical_nucleus, front_at_potential
from simcell.numerics.grid import plan, section

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)


def bare(nucleation: Nucleation | None, cells: int = 40, h: float = 50e-9) -> tuple[Layer, State]:
    """A bare electrode on the floor, salt from all sides."""
    faces = np.arange(cells + 1) * h
    layer = Layer(
        LITHIUM, plan(faces, faces, 1e-7), 2.0 * h, {s: "reservoir" for s in ("x-", "x+", "y-", "y+")}, (),
        contact=np.ones((cells, cells), dtype=bool), nucleation=nucleation,
    )  # fmt: skip
    return layer, begin(layer, -1e-6 + np.zeros(layer.shape))


def test_rate_of_nucleation_is_that_of_the_critical_sphere() -> None:
    law = Nucleation(1e18, 2e-7, wetting=0.02)
    boltzmann = 1.380649e-23
    for eta in (0.05, 0.2):
        work = critical_nucleus(LITHIUM, eta).work
        expected = 1e18 * np.exp(-0.02 * work / (boltzmann * LITHIUM.temperature))
        assert law.rate(LITHIUM, eta) == pytest.approx(expected, rel=1e-6)
    assert law.rate(LITHIUM, [0.0, -0.3]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("cells", "parts"), [(20, 1), (20, 50), (80, 10)])
def test_number_of_nuclei_depends_on_neither_grid_nor_step(cells: int, parts: int) -> None:
    law, generator = Nucleation(1.0, 1.0), np.random.default_rng(5)
    expected = np.full((cells, cells), 200.0 / (cells * cells * parts))
    events = [generator.poisson(expected).sum() for _ in range(parts)]
    drawn = sum(len(law.draw(expected, generator)) for _ in range(parts))
    for found in (sum(events), drawn):  # a cell takes one nucleus: 200 in 400 cells at once overlap
        allowed = 400.0 * (1.0 - np.exp(-0.5)) if cells == 20 and parts == 1 and found == drawn else 200.0
        assert abs(found - allowed) < 4.0 * np.sqrt(200.0)


def test_nuclei_appear_grow_and_are_booked_and_the_seed_repeats_them() -> None:
    law = Nucleation(3e13, 2.2e-7, wetting=1e-3)
    layer, first = bare(law)
    runs = [
        grow(layer, first, [0.1], potential=-0.15, generator=np.random.default_rng(seed)) for seed in (4, 4, 9)
    ]  # fmt: skip
    run = runs[0]
    assert len(run.nuclei) >= 3
    assert run.nuclei == runs[1].nuclei and (run.last.xi == runs[1].last.xi).all()
    assert run.nuclei != runs[2].nuclei
    moved = (run.last.metal_amount(layer) - first.metal_amount(layer)) * FARADAY
    assert run.last.charge == pytest.approx(moved, rel=1e-9)
    assert 0.0 < sum(n.charge for n in run.nuclei) < run.last.charge
    assert run.last.xi.max() <= 1.0 and run.last.xi.min() >= 0.0


def test_no_nuclei_at_rest_and_no_current_without_metal() -> None:
    layer, first = bare(Nucleation(3e13, 2.2e-7, wetting=1e-3), 20)
    still = grow(layer, first, [1.0], potential=0.0, generator=np.random.default_rng(1))
    assert still.nuclei == () and np.abs(still.current).max() < 1e-20
    with pytest.raises(ValueError, match="no current can pass"):
        grow(layer, first, [1.0], current=1e-12, generator=np.random.default_rng(1))
    with pytest.raises(ValueError, match="need a generator"):
        grow(layer, first, [1.0], potential=-0.1)
    with pytest.raises(ValueError, match=r"at least 2e-07 m"):
        bare(Nucleation(3e13, 1.5e-7))


def test_roughness_has_its_height_and_correlation_on_every_grid() -> None:
    x = (np.arange(1000) + 0.5) * 0.2
    many = np.array([rough(x, 2.0, 5.0, np.random.default_rng(k), 200) for k in range(100)])
    assert np.sqrt(np.mean(many[:, 100:-100] ** 2)) == pytest.approx(2.0, rel=0.1)
    lag = round(5.0 / 0.2)
    inside = many[:, 100:-100]
    correlation = np.mean(inside[:, lag:] * inside[:, :-lag]) / np.mean(inside**2)
    assert correlation == pytest.approx(np.exp(-1.0), abs=0.1)
    coarse = rough((np.arange(400) + 0.5) * 0.5, 2.0, 5.0, np.random.default_rng(1))
    fine = rough(x, 2.0, 5.0, np.random.default_rng(1))
    assert np.abs(np.interp((np.arange(400) + 0.5) * 0.5, x, fine) - coarse).max() < 0.01


def test_scattered_seeds_lie_in_their_box() -> None:
    layer, _ = bare(None)
    distance, places = scattered(layer.centre, 7, 3e-7, np.random.default_rng(2), (5e-7, 1e-6, 0.0, 2e-6))
    assert all(5e-7 <= x <= 1e-6 and 0.0 <= y <= 2e-6 for x, y in places)
    assert distance.max() <= 3e-7 and (distance > 0).sum() > 30


@pytest.mark.parametrize(("h", "dt"), [(50e-9, 1e-3), (25e-9, 1e-3), (50e-9, 2.5e-4)])
def test_noise_has_the_variance_of_the_exchange_current(h: float, dt: float) -> None:
    """Fluctuation-dissipation: in a time t, 2 i0 A t / zF atoms, whatever the cells and the step."""
    width = 1e-6
    grid = section(np.arange(round(3e-6 / h) + 1) * h, np.arange(round(width / h) + 1) * h, 1e-6)
    layer = Layer(LITHIUM, grid, 0.1e-6, {"x+": "reservoir"}, noise=True)
    state = begin(layer, 1.5e-6 - layer.centre[1])
    work = _Worker(layer, Control(), 0.0, None, np.random.default_rng(7))
    atoms = []
    for _ in range(round(2e-3 / dt)):
        for _ in range(60):
            noise = work.frozen(state, dt).noise
            assert noise is not None
            atoms.append(float(noise.sum()) * dt * layer.cell * 1000.0 * AVOGADRO)
    variance = np.var(atoms) / dt
    expected = 2.0 * 30.0 * width * 1e-6 / FARADAY * AVOGADRO
    assert variance == pytest.approx(expected, rel=4.0 * np.sqrt(2.0 / len(atoms)))


def test_noise_keeps_the_books_and_the_seed() -> None:
    grid = section(np.arange(41) * 50e-9, np.arange(13) * 50e-9, 1e-9)
    layer = Layer(LITHIUM, grid, 0.1e-6, {"x+": "reservoir"}, noise=True)
    first = begin(layer, 1e-6 - layer.centre[1])
    runs = [grow(layer, first, [0.05], current=6e-13, generator=np.random.default_rng(3)) for _ in range(2)]
    last = runs[0].last
    assert (last.xi == runs[1].last.xi).all()
    assert np.ptp(last.xi.sum(axis=1)) > 0.0  # rough now
    moved = (last.metal_amount(layer) - first.metal_amount(layer)) * FARADAY
    assert last.charge == pytest.approx(moved, rel=1e-9)
    assert last.charge == pytest.approx(3e-14, rel=1e-9)


# --- windows


def test_an_edge_with_the_reservoirs_values_is_a_reservoir() -> None:
    grid = section(np.arange(61) * 50e-9, np.arange(13) * 50e-9, 1e-6)
    found = []
    for supply in ("reservoir", Edge(1.0, 0.0), Edge(np.ones(12), np.zeros(12))):
        layer = Layer(LITHIUM, grid, 0.1e-6, {"x+": supply})
        found.append(grow(layer, begin(layer, 1e-6 - layer.centre[1]), [0.1], potential=-0.1).last)
    assert np.abs(found[1].ratio - found[0].ratio).max() < 1e-12
    assert (found[1].ratio == found[2].ratio).all()


def test_a_window_gives_the_current_of_the_cell_that_it_is_cut_from() -> None:
    """Half of a 9 um gap, its edge at the concentration and potential of the whole solution."""
    front = front_at_potential(LITHIUM, -0.1, 9e-6)
    h, delta, start = 50e-9, 0.1e-6, 1.2e-6
    middle = front.surface + front.gradient * 4.5e-6
    x_edge = middle / 1000.0
    window = section(np.arange(round((start + 4.5e-6) / h) + 1) * h, [0.0, 1e-6], 1e-6)
    layer = Layer(LITHIUM, window, delta, {"x+": Edge(x_edge, np.log(x_edge) / LITHIUM.f)})
    x = layer.centre[1]
    steady = np.minimum(x_edge, (front.surface + front.gradient * np.maximum(x - start, 0.0)) / 1000.0)
    run = grow(layer, begin(layer, start - x, steady), [0.02], potential=-0.1)
    assert run.current[-1] / 1e-12 == pytest.approx(front.current, rel=2e-3)


def test_given_fluxes_enter_a_window() -> None:
    """Fluxes through one wall and an edge opposite: what enters is what was given."""
    grid = section(np.arange(41) * 50e-9, np.arange(25) * 50e-9, 1e-6)
    layer = Layer(LITHIUM, grid, 0.1e-6, {"x+": "reservoir", "z+": Inflow(2e-4, 0.0)})
    first = begin(layer, 0.6e-6 - layer.centre[1])
    last = grow(layer, first, [0.5], current=0.0).last
    # the metal passes no net current, and the front takes part of the sides: 40 cells of 50 nm
    assert last.ratio[-1, -5] > last.ratio[0, -5] > 1.0
    plain = replace(layer, supply={"x+": "reservoir", "z+": Inflow(0.0, 0.0)})
    still = grow(plain, first, [0.5], current=0.0).last
    assert np.abs(still.ratio - 1.0).max() < 1e-6
    with pytest.raises(ValueError, match="or an Edge"):
        Layer(LITHIUM, grid, 0.1e-6, {"x+": Inflow(0.0, 0.0)})


def test_a_window_that_follows_the_front_keeps_books_and_coordinates() -> None:
    grid = section(np.arange(81) * 50e-9, np.arange(13) * 50e-9, 1e-6)
    layer = Layer(LITHIUM, grid, 0.1e-6, {"x+": "reservoir"})
    first = begin(layer, 2e-6 - layer.centre[1])
    half = grow(layer, first, [0.2], current=6e-10).last
    further, moved = follow(layer, half, 16)
    assert further.centre[1][0, 0] == pytest.approx(layer.centre[1][0, 16])
    last = grow(further, moved, [0.4], current=6e-10).last
    metal = last.metal_amount(further) + last.dropped - first.metal_amount(layer)
    assert metal * FARADAY == pytest.approx(last.charge, rel=1e-9)
    assert abs(last.ions(further) - first.ions(layer) - last.inflow) < 1e-10 * metal
    with pytest.raises(ValueError, match="cannot move by 80"):
        follow(layer, half, 80)
    with pytest.raises(ValueError, match="no metal touches"):
        follow(layer, half, 60)

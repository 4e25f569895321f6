"""Radiolysis in space: limits with a known answer, balances, symmetries, another code's answer, and refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simcell.chemistry.network import Array, Network
from simcell.errors import SolverError
from simcell.inputs.mechanism import load_mechanism
from simcell.numerics.grid import Grid, batch, full, graded, plan, radial, section
from simcell.radiolysis.field import Exposure, FieldRun, integrate_field, memory_of
from simcell.radiolysis.homogeneous import Schedule, integrate
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.spatial import Ends, charges, diffusivities, integrate_radial
from tests.reference import twin as homogeneous_twin
from tests.reference.field_twin import FieldTwin

WATER = load_mechanism("water")
NET = Network.of(WATER)
D, Z = diffusivities(WATER, NET.names), charges(NET)
# a weak beam: grids of a few cells do not hold the steps of pH that a strong one makes
P = prepare(WATER, Conditions(298.15, 2e3, Schedule.constant(10.0), pH=7.0), NET).problem
SEEN = 1e-8  # mol/m^3


def run(grid: Grid, foot: Array, times: list[float], sides: tuple[str, ...] = (), **options: Any) -> FieldRun:
    return integrate_field(
        NET, P.k, D, Z, P.source, foot, P.start, grid, {s: P.start for s in sides}, np.array(times), **options
    )


def apart(a: Array, b: Array, seen: float = SEEN) -> float:
    """Largest relative difference of concentrations above `seen`."""
    shown = b > seen
    return float(np.abs(a / np.where(shown, b, 1.0) - 1.0)[shown].max())


def imbalance(grid: Grid, result: FieldRun, foot: Array, duration: float) -> float:
    """(inside + left - made) over (made), largest of the totals that reactions conserve."""
    gained = (result.concentration[-1] - P.start[:, None, None, None]) * grid.volume
    gone = sum((v[-1] for v in result.left.values()), np.zeros(P.start.size))
    made = P.source * float((foot * grid.volume).sum()) * duration
    totals = NET.tables.invariants @ (gained.sum((1, 2, 3)) + gone - made)
    return float(np.abs(totals / (np.abs(NET.tables.invariants) @ np.abs(made))).max())


def test_beam_that_fills_the_cell_is_the_homogeneous_run() -> None:
    times = [1e-8, 1e-3, 10.0]
    expected = integrate(P, np.array(times), rtol=1e-9).concentration[:, :, None, None, None]
    for grid in (batch(), plan([0.0, 1e-6, 3e-6], [0.0, 1e-6, 2e-6, 4e-6], 5e-7)):
        result = run(grid, np.ones((1, *grid.shape)), times, rtol=1e-7, atol=1e-15)
        wide = np.broadcast_to(expected, result.concentration.shape)
        assert apart(result.concentration, wide, 1e-9) < 1e-6
        assert not result.left


def test_rings_and_lines_in_a_plan_are_those_of_the_solver_for_lines() -> None:
    times = [1e-3, 1.0]
    rings = radial(graded(0.0, 25e-6, {1e-6: 50e-9}, growth=1.4))
    x = graded(0.0, 20e-6, {1e-6: 100e-9}, growth=1.6)
    line = section(x, [0.0, 1e-6])
    wide, deep = plan(x, [0.0, 1e-6, 3e-6], 1e-6), section(x, [0.0, 3e-7, 1e-6])
    for grid, others in ((rings, (rings,)), (line, (line, wide, deep))):
        share = (grid.centre[2] < 1e-6) * 1.0
        known = integrate_radial(
            NET, P.k, D, Z, P.source[:, None] * share, P.start, grid, Ends(upper=P.start), np.array(times), rtol=1e-5
        )
        for other in others:
            foot = np.broadcast_to(share, (1, *other.shape)).copy()
            result = run(other, foot, times, ("x+",), rtol=1e-5)
            expected = np.broadcast_to(known.concentration[:, :, None, None, :], result.concentration.shape)
            assert apart(result.concentration, expected) < (1e-6 if other is grid else 2e-5)
            ratio = other.volume.sum() / grid.volume.sum()
            np.testing.assert_allclose(
                result.left["x+"], ratio * known.left[:, 1], rtol=2e-4, atol=1e-6 * np.abs(known.left).max() * ratio
            )
            assert imbalance(other, result, foot, 1.0) < 1e-13


@pytest.fixture(scope="module")
def spot() -> tuple[Grid, Array, FieldRun]:
    """A disc in the middle of a plan view, and everything that can pass its sides."""
    x = graded(-10e-6, 10e-6, {-1e-6: 250e-9, 1e-6: 250e-9}, growth=1.7)
    grid = plan(x, x, 1e-6)
    y = grid.centre[1][:, None]
    foot = (grid.centre[2] ** 2 + y**2 < 1.2e-12)[None, None] * 1.0
    return grid, foot, run(grid, foot, [1e-3, 1.0], ("x-", "x+", "y-", "y+"), rtol=1e-3)


def test_atoms_and_charge_are_kept_whatever_the_linear_solver_leaves(spot: tuple[Grid, Array, FieldRun]) -> None:
    grid, foot, result = spot
    assert imbalance(grid, result, foot, 1.0) < 1e-13
    rough = run(grid, foot, [1.0], ("x-", "x+", "y-", "y+"), rtol=1e-3, linear=0.5)
    assert imbalance(grid, rough, foot, 1.0) < 1e-13
    net, gross = np.tensordot(Z, rough.concentration[-1], 1), np.tensordot(np.abs(Z), rough.concentration[-1], 1)
    assert np.abs(net / gross).max() < 1e-11
    assert result.cycles_per_solve < 6.0
    assert result.unsolved == 0


def test_what_the_linear_solver_leaves_is_far_below_the_tolerance(spot: tuple[Grid, Array, FieldRun]) -> None:
    grid, foot, result = spot
    sharp = run(grid, foot, [1e-3, 1.0], ("x-", "x+", "y-", "y+"), rtol=1e-3, linear=1e-6)
    assert apart(result.concentration, sharp.concentration) < 1e-4


def test_mirrors_and_diagonals_are_symmetric(spot: tuple[Grid, Array, FieldRun]) -> None:
    """The zebra of the lines starts at one corner, so symmetry holds to what the linear solver leaves."""
    _, _, result = spot
    c = result.concentration[-1, :, 0]
    for other in (c[:, ::-1], c[:, :, ::-1], c.transpose(0, 2, 1)):
        assert apart(np.ascontiguousarray(other), c) < 1e-4
    for side in ("x-", "y-", "y+"):
        np.testing.assert_allclose(result.left[side], result.left["x+"], rtol=1e-4, atol=1e-26)


def test_ring_of_cells_does_not_care_where_it_starts() -> None:
    """Periodic along x: the picture moves with the beam."""
    edges = np.linspace(0.0, 8e-6, 9)
    grid = plan(edges, [0.0, 1e-6, 2e-6], 1e-6, periodic=(False, True))
    foot = np.zeros((1, *grid.shape))
    foot[0, 0, 0, 3] = 1.0
    there = run(grid, foot, [0.01], rtol=1e-4)
    moved = run(grid, np.roll(foot, 4, 3), [0.01], rtol=1e-4)
    assert apart(moved.concentration, np.roll(there.concentration, 4, 4)) < 1e-4
    assert imbalance(grid, there, foot, 0.01) < 1e-13


def test_plan_agrees_with_an_independent_method_of_lines() -> None:
    twin = homogeneous_twin.Twin(WATER, NET.names, homogeneous_twin.rate_constants(WATER, 298.15), P.source)
    dose = np.zeros((2, 3))
    dose[0, 0], dose[1, 1] = 1.0, 0.5
    slow = FieldTwin(
        twin, {s: WATER.species[s].diffusivity or 0.0 for s in NET.names},
        {s: WATER.species[s].charge for s in NET.names}, 1e-6, dose, P.start, ("x+", "y-"),
    )  # fmt: skip
    times = np.array([1e-4, 1e-2])
    reference, left = slow.run(times, 1e-6, 1e-12)
    grid = plan(np.arange(4.0) * 1e-6, np.arange(3.0) * 1e-6, 1e-6)
    result = run(grid, dose[None, None], [1e-4, 1e-2], ("x+", "y-"), rtol=1e-6, atol=1e-12)
    assert apart(result.concentration[:, :, 0], reference.transpose(0, 3, 1, 2)) < 1e-4
    gone = (result.left["x+"] + result.left["y-"]) / 1e-6
    large = np.abs(left) > 1e-6 * np.abs(left).max()
    assert np.abs(gone / left - 1.0)[large].max() < 1e-3


def test_several_footprints_are_a_sequence_of_runs() -> None:
    grid = plan([0.0, 1e-6, 2e-6, 4e-6], [0.0, 1e-6, 2e-6], 1e-6)
    foot = np.zeros((2, *grid.shape))
    foot[0, 0, 0, 0], foot[1, 0, 1, 2] = 1.0, 2.0
    exposure = Exposure(np.array([0.0, 1e-3, 3e-3, 4e-3]), np.array([1.0, 0.5, 0.0]), np.array([0, 1, 0]))
    whole = run(grid, foot, [1e-3, 3e-3, 4e-3], ("x+",), exposure=exposure, rtol=1e-6, atol=1e-13)
    state = P.start
    for number, (length, scale, pattern) in enumerate([(1e-3, 1.0, 0), (2e-3, 0.5, 1), (1e-3, 0.0, 0)]):
        part = integrate_field(
            NET, P.k, D, Z, scale * P.source, foot[[pattern]], state, grid, {"x+": P.start}, np.array([length]),
            rtol=1e-6, atol=1e-13,
        )  # fmt: skip
        state = part.concentration[-1]
        assert apart(whole.concentration[number], state) < 1e-4


def channel(speed: float) -> tuple[Grid, tuple[Array, Array, Array]]:
    grid = plan(np.linspace(0.0, 4e-6, 9), [0.0, 1e-6, 2e-6], 1e-6)
    flow = [np.zeros_like(a) for a in grid.area]
    flow[2][...] = speed * grid.area[2]
    return grid, (flow[0], flow[1], flow[2])


def test_flow_brings_what_is_outside_and_takes_what_is_inside() -> None:
    """Without reactions and diffusion (D = 0) the balance of the channel is flow times concentration, upwind."""
    grid, flow = channel(1e-3)
    inflow = 2.0 * P.start
    result = integrate_field(
        NET, 0.0 * P.k, 0.0 * D, Z, 0.0 * P.source, np.ones((1, *grid.shape)), P.start, grid, {"x-": inflow},
        np.array([1e-3, 1.0]), flow=flow, electroneutral=False, rtol=1e-6, atol=1e-14,
    )  # fmt: skip
    assert apart(result.concentration[-1], np.broadcast_to(inflow[:, None, None, None], (15, *grid.shape))) < 1e-6
    rate = float(flow[2][0, :, 0].sum())
    np.testing.assert_allclose(result.left["x-"][-1], -inflow * rate * 1.0, rtol=1e-9, atol=1e-40)
    inside = (result.concentration[-1] * grid.volume).sum((1, 2, 3)) - P.start * grid.volume.sum()
    gone = result.left["x-"][-1] + result.left["x+"][-1]
    np.testing.assert_allclose(inside + gone, 0.0, atol=1e-12 * np.abs(gone).max())
    values = result.concentration[0, NET.index["H+"], 0, 0]
    assert (np.diff(values) <= 1e-9 * values[0]).all()


def test_flow_through_a_beam_keeps_atoms_and_neutrality() -> None:
    grid, flow = channel(2e-3)
    foot = np.zeros((1, *grid.shape))
    foot[0, 0, 0, 2] = 1.0
    result = run(grid, foot, [0.1], ("x-",), flow=flow, rtol=1e-3)
    assert imbalance(grid, result, foot, 0.1) < 1e-11
    net = np.tensordot(Z, result.concentration[-1], 1)
    assert np.abs(net).max() < 1e-12 * np.tensordot(np.abs(Z), result.concentration[-1], 1).max()


def test_dry_cells_stay_out() -> None:
    thickness = np.full((3, 4), 1e-6)
    thickness[1, 1] = 0.0
    for grid in (plan(np.arange(5.0) * 1e-6, np.arange(4.0) * 1e-6, thickness),
                 full(np.arange(5.0) * 1e-6, np.arange(4.0) * 1e-6, thickness, 2)):  # fmt: skip
        foot = np.where(grid.mask, 1.0, 0.0)[None]
        foot[..., 2:] = 0.0
        result = run(grid, foot, [1e-3], ("x+",), rtol=1e-3)
        assert not result.concentration[-1][:, ~grid.mask].any()
        assert imbalance(grid, result, foot, 1e-3) < 1e-12


def test_interrupted_runs_give_what_was_reached() -> None:
    grid = plan([0.0, 1e-6, 2e-6], [0.0, 1e-6, 2e-6], 1e-6)
    calls = []

    def stop(fraction: float) -> None:
        calls.append(fraction)
        if fraction > 0.5:
            raise KeyboardInterrupt

    result = run(grid, np.ones((1, 1, 2, 2)), [1e-6, 10.0], progress=stop)
    assert result.reached == 1 and not result.complete
    assert calls == sorted(calls)
    with pytest.raises(SolverError, match="more than 5 steps") as caught:
        run(grid, np.ones((1, 1, 2, 2)), [1e-9, 10.0], max_steps=5)
    assert isinstance(caught.value.partial, FieldRun)


SQUARE = plan([0.0, 1e-6, 2e-6], [0.0, 1e-6, 2e-6], 1e-6)
LIT = np.ones((1, 1, 2, 2))
CHARGED = replace(P, start=P.start + NET.pack({"H+": 1.0})).start


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"diffusivity": -D}, r"diffusivity of \S+ is -"),
        ({"diffusivity": np.where(np.arange(15) == NET.index["H2"], np.nan, D)}, "diffusivity of H2 is nan"),
        ({"diffusivity": D[:-1]}, r"diffusivity has shape \(14,\)"),
        ({"start": CHARGED}, "start carries a net charge of 1"),
        ({"reservoirs": {"x+": CHARGED}}, "reservoirs.*net charge"),
        ({"reservoirs": {"north": P.start}}, 'no side "north"'),
        ({"footprint": np.ones((1, 1, 2, 3))}, r"footprint has shape \(1, 1, 2, 3\)"),
        ({"footprint": -LIT}, "not negative"),
        ({"exposure": Exposure(np.array([0.0, 1.0]), np.ones(1), np.array([1]))}, "pattern 1 does not exist"),
        ({"times": np.array([2.0, 1.0])}, "times must increase"),
        ({"source": np.zeros(15)}, "source has shape"),
    ],
)
def test_bad_input_is_named(changed: dict[str, Any], text: str) -> None:
    given: dict[str, Any] = {
        "diffusivity": D, "charge": Z, "production": P.source, "footprint": LIT, "start": P.start, "grid": SQUARE,
        "reservoirs": {}, "times": np.array([1.0]),
    }  # fmt: skip
    with pytest.raises(ValueError, match=text):
        integrate_field(NET, P.k, **{**given, **changed})


def test_bad_flows_are_named() -> None:
    grid, flow = channel(1e-3)
    foot = np.ones((1, *grid.shape))
    with pytest.raises(ValueError, match='in through side "x-", which has no reservoir'):
        run(grid, foot, [1.0], flow=flow)
    flow[2][0, 0, 3] *= 1.1
    with pytest.raises(ValueError, match="not free of divergence"):
        run(grid, foot, [1.0], ("x-",), flow=flow)
    with pytest.raises(ValueError, match="flow along x must be finite and of shape"):
        run(grid, foot, [1.0], ("x-",), flow=(flow[0], flow[1], flow[2][:, :, 1:]))
    ring = plan([0.0, 1e-6, 2e-6], [0.0, 1e-6], 1e-6, periodic=(False, True))
    with pytest.raises(ValueError, match="periodic there"):
        run(ring, np.ones((1, 1, 1, 2)), [1.0], ("x+",))


def test_memory_is_told() -> None:
    assert 1.0 < memory_of(100_000, 16, 2) / 2**30 < 6.0

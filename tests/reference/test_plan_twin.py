"""The plain twin of plan view stands on its own feet before anything is compared with it."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.beam.footprint import relative_dose_rate
from simcell.beam.shape import disc
from simcell.chemistry.network import Array, Network
from simcell.inputs.mechanism import load_mechanism
from simcell.numerics.grid import Grid, graded, plan, section
from simcell.radiolysis.homogeneous import Schedule
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.spatial import Ends, charges, diffusivities, integrate_radial
from tests.reference.plan_twin import PlanTwin
from tests.reference.twin import Twin, rate_constants

WATER = load_mechanism("water")
NET = Network.of(WATER)
D, Z = diffusivities(WATER, NET.names), charges(NET)
PROBLEM = prepare(WATER, Conditions(298.15, 7.5e7, Schedule.constant(1.0), pH=7.0), NET).problem
X, Y = graded(0.0, 3e-6, {1e-6: 0.2e-6}, growth=1.6), graded(0.0, 2e-6, {1e-6: 0.2e-6}, growth=1.6)


def twin(grid: Grid, lit: Array, closure: bool = True, **more: object) -> PlanTwin:
    kinetics = Twin(WATER, NET.names, rate_constants(WATER, 298.15), PROBLEM.source)
    made = PROBLEM.source[:, None, None] * lit
    return PlanTwin(kinetics, D, Z if closure else 0.0 * Z, grid, made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("outside", [{}, {"x+": PROBLEM.start, "y-": 2.0 * PROBLEM.start}])
def test_diffusion_is_the_laplacian(outside: dict[str, Array]) -> None:
    grid = plan(X, Y, 1e-6 * (1.0 + 0.3 * np.add.outer(np.arange(Y.size - 1), np.arange(X.size - 1))))
    c = np.random.default_rng(1).uniform(1.0, 2.0, (15, *grid.shape[1:]))
    t = twin(grid, np.zeros(grid.shape[1:]), closure=False, outside=outside)
    plain = t.diffusion_alone(c)
    np.testing.assert_allclose(t.transport(c), plain, rtol=1e-9, atol=1e-12 * np.abs(plain).max())


def test_no_current_and_no_loss_of_molecules() -> None:
    grid = plan(X, Y, 1e-6)
    c = np.random.default_rng(2).uniform(1.0, 2.0, (15, *grid.shape[1:]))
    t = twin(grid, np.zeros(grid.shape[1:]))
    for axis in (1, 2):
        passing = t.passing(c, axis)
        assert np.abs(np.tensordot(Z, passing, axes=1)).max() < 1e-12 * np.abs(passing).max()
    inside = np.abs(t.transport(c) * grid.volume[0]).sum()
    assert np.abs((t.transport(c) * grid.volume[0]).sum(axis=(1, 2))).max() < 1e-12 * inside


def test_what_flows_is_the_exact_profile_between_two_reservoirs() -> None:
    """D c'' = u c': c = (e^(u x/D) - 1)/(e^(u L/D) - 1), at the cell centres exactly, whatever the spacing."""
    grid, u, length = plan(X, [0.0, 1e-6], 1e-6), 3e-3, 3e-6
    through = np.full(grid.area[2].shape, u * 1e-12)
    flow = (np.zeros(grid.area[0].shape), np.zeros(grid.area[1].shape), through)
    t = twin(grid, np.zeros((1, X.size - 1)), False, outside={"x-": np.zeros(15), "x+": np.ones(15)}, flow=flow)
    x = grid.centre[2]
    exact = np.expm1(u * x / D[:, None]) / np.expm1(u * length / D[:, None])
    rest = t.transport(exact[:, None, :])
    assert np.abs(rest).max() < 1e-9 * (u / np.diff(X).min())


@pytest.mark.parametrize("closure", [True, False])
def test_a_row_of_cells_is_the_line_solver(closure: bool) -> None:
    lit, times = relative_dose_rate(section(X, [0.0, 1.0]), disc(2e-6))[0], np.array([1e-6, 1e-4])
    slow = twin(plan(X, [0.0, 1e-6], 1e-6), lit, closure, outside={"x+": PROBLEM.start}).run(PROBLEM.start, times)
    fast = integrate_radial(
        NET, PROBLEM.k, D, Z, PROBLEM.source[:, None] * lit, PROBLEM.start, section(X, [0.0, 1.0]),
        Ends(upper=PROBLEM.start), times, electroneutral=closure, rtol=1e-7, atol=1e-13,
    ).concentration[:, :, None, :]  # fmt: skip
    seen = fast > 1e-8
    assert seen.mean() > 0.6
    assert np.abs(slow[seen] / fast[seen] - 1.0).max() < 1e-4

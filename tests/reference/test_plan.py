"""Plan view against the plain method of lines on few cells: corners, closed and open sides, uneven thickness, flow."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.chemistry.network import Array, Network
from simcell.inputs.mechanism import load_mechanism
from simcell.numerics.grid import Three, graded, plan
from simcell.radiolysis.field import integrate_field
from simcell.radiolysis.homogeneous import Schedule
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.spatial import charges, diffusivities
from tests.reference.plan_twin import PlanTwin
from tests.reference.twin import Twin, rate_constants

WATER = load_mechanism("water")
NET = Network.of(WATER)
D, Z = diffusivities(WATER, NET.names), charges(NET)
PROBLEM = prepare(WATER, Conditions(298.15, 7.5e7, Schedule.constant(1.0), pH=7.0), NET).problem
X, Y = graded(0.0, 3e-6, {1e-6: 0.3e-6}, growth=1.9), graded(0.0, 2e-6, {0.8e-6: 0.2e-6}, growth=1.9)


def a_flow(shape: tuple[int, int], total: float) -> Three:
    """Along x through all rows, stronger in the middle, with an eddy of its own; free of divergence [m^3/s]."""
    ny, nx = shape
    y, x = np.linspace(0.0, 1.0, ny + 1)[:, None], np.linspace(0.0, 1.0, nx + 1)[None, :]
    stream = total * (3.0 * y**2 - 2.0 * y**3 + 0.5 * np.sin(np.pi * x) ** 2 * np.sin(np.pi * y) ** 2)
    along_x, along_y = np.diff(stream, axis=0), -np.diff(stream, axis=1)
    return np.zeros((2, ny, nx)), along_y[None], along_x[None]


@pytest.mark.slow
@pytest.mark.parametrize(("closure", "speed"), [(True, 0.0), (False, 2e-3)])
def test_field_agrees_with_the_plain_method_of_lines(closure: bool, speed: float) -> None:
    ny, nx = Y.size - 1, X.size - 1
    grid = plan(X, Y, 1e-6 * (1.0 + 0.05 * np.add.outer(np.arange(ny), np.arange(nx))))
    lit: Array = np.zeros((ny, nx))
    lit[1:3, 1:3] = [[1.0, 0.4], [0.7, 0.1]]
    flow = a_flow((ny, nx), speed * 2e-12) if speed else None
    times, outside = np.array([1e-6, 1e-4]), {"x-": PROBLEM.start, "x+": PROBLEM.start}
    kinetics = Twin(WATER, NET.names, rate_constants(WATER, 298.15), PROBLEM.source)
    slow = PlanTwin(
        kinetics, D, Z if closure else 0.0 * Z, grid, PROBLEM.source[:, None, None] * lit, outside, flow
    ).run(PROBLEM.start, times, rtol=1e-5, atol=1e-10)  # fmt: skip
    fast = integrate_field(
        NET, PROBLEM.k, D, Z, PROBLEM.source, lit[None, None], PROBLEM.start, grid, outside, times, flow=flow,
        electroneutral=closure, rtol=1e-6, atol=1e-12,
    ).concentration[:, :, 0]  # fmt: skip
    seen = fast > 1e-7
    assert seen.mean() > 0.5
    assert np.abs(slow[seen] / fast[seen] - 1.0).max() < 1e-3

"""FiPy and simcell find the same potentials and currents on the same grid (edges plain)."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.numerics.grid import Grid, full, graded, plan, section
from simcell.transport.current import Options, distribute
from simcell.transport.electrode import Electrode, patch, strip
from simcell.transport.fipy_check import fipy_distribution
from simcell.transport.kinetics import ButlerVolmer, Law, Linear

UM = 1e-6
RNG = np.random.default_rng(1)
X = graded(0.0, 20 * UM, {5 * UM: 0.5 * UM, 15 * UM: 0.5 * UM}, largest=2 * UM)
Y = graded(0.0, 10 * UM, {4 * UM: 0.4 * UM}, largest=1.5 * UM)
TRIANGLE = [[1 * UM, 1 * UM], [5.1 * UM, 1 * UM], [5.1 * UM, 7.7 * UM]]
BOX = [[15 * UM, 2 * UM], [19 * UM, 2 * UM], [19 * UM, 9 * UM], [15 * UM, 9 * UM]]


def grids() -> dict[str, Grid]:
    bumpy = 0.5 * UM * (1.0 + 0.5 * RNG.random((Y.size - 1, X.size - 1)))
    return {
        "plan": plan(X, Y, bumpy),
        "section": section(X, graded(0.0, UM, {0.0: 0.05 * UM}), 3 * UM),
        "full": full(X, Y, UM, 4),
    }


@pytest.mark.parametrize("law", [None, Linear(1e-6), ButlerVolmer(10.0)], ids=["primary", "linear", "butler-volmer"])
@pytest.mark.parametrize("kind", ["plan", "section", "full"])
def test_eight_digits(kind: str, law: Law | None) -> None:
    grid = grids()[kind]
    kappa = 0.5 + RNG.random(grid.shape)
    if kind == "section":
        cell = [strip(grid, "a", UM, 5.1 * UM, 0.3, law=law), strip(grid, "b", 15 * UM, 19 * UM, 0.0, law=law)]
    else:
        cell = [patch(grid, "a", TRIANGLE, 0.3, law=law), patch(grid, "b", BOX, 0.0, law=law)]
    own = distribute(grid, kappa, cell, options=Options(edges="plain", tolerance=1e-11))
    potential, current = fipy_distribution(grid, kappa, cell)
    np.testing.assert_allclose(potential, own.potential, atol=1e-9 * 0.3)
    for name in ("a", "b"):
        assert current[name] == pytest.approx(own.current[name], rel=1e-8)


def test_what_the_check_does_not_cover() -> None:
    g = plan(X, Y, UM, (True, False))
    with pytest.raises(ValueError, match="not periodic"):
        fipy_distribution(g, 1.0, [Electrode("a", np.ones(g.shape[1:]), potential=0.0)])
    bulged = full(X, Y, grids()["plan"].volume[0], 2)
    with pytest.raises(ValueError, match="constant thickness"):
        fipy_distribution(bulged, 1.0, [Electrode("a", np.ones(bulged.shape[1:]), potential=0.0)])

"""Slanted electrodes: polygons as fractions of square cells beside FiPy on triangles that follow them."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.cell.polygon import area_of
from simcell.numerics.grid import plan
from simcell.transport.current import distribute
from simcell.transport.electrode import patch
from simcell.transport.fipy_check import fipy_on_triangles
from simcell.transport.kinetics import ButlerVolmer, Law, Linear

UM = 1e-6
WORKING = np.array([[-30, -20], [10, -35], [0, 30], [-20, 25]]) * UM
COUNTER = np.array([[40, -40], [60, -30], [75, 35], [45, 30]]) * UM
KAPPA, HEIGHT = 0.9, 1e-6


def by_cells(cells: int, law: Law) -> float:
    x = np.linspace(-100.0, 100.0, cells + 1) * UM
    grid = plan(x, x, HEIGHT)
    return distribute(
        grid, KAPPA, [patch(grid, "a", WORKING, 0.1, law=law), patch(grid, "b", COUNTER, 0.0, law=law)]
    ).current["a"]


@pytest.mark.parametrize("law", [Linear(1e-4), ButlerVolmer(100.0, 0.5, 0.5)], ids=["linear", "Butler-Volmer"])
def test_two_roads_to_slanted_electrodes(law: Law) -> None:
    """Both converge to the same current: triangles with about first order, cells with more."""
    pytest.importorskip("gmsh")
    from simcell.transport.gmsh_mesh import triangles

    cells = [by_cells(n, law) for n in (50, 100, 200)]
    limit = cells[2] + (cells[2] - cells[1]) / 3.0
    assert cells[1] == pytest.approx(limit, rel=1e-3)
    errors = []
    for size in (4 * UM, 2 * UM):
        mesh = triangles((200 * UM, 200 * UM), [WORKING, COUNTER], size, 3 * size)
        assert mesh.area[mesh.electrode == 0].sum() == pytest.approx(area_of(WORKING), rel=1e-9)
        assert mesh.area.sum() == pytest.approx((200 * UM) ** 2, rel=1e-9)
        found = fipy_on_triangles(mesh, KAPPA, HEIGHT, [0.1, 0.0], [law, law])
        assert sum(found) == pytest.approx(0.0, abs=1e-9 * found[0])
        errors.append(abs(found[0] / limit - 1.0))
    assert errors[0] < 0.01 and errors[1] < 0.6 * errors[0]

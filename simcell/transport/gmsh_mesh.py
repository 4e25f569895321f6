"""Triangles that follow the outlines of electrodes, by Gmsh: the mesh of the second opinion, never of the fast path.

Gmsh (C. Geuzaine, J.-F. Remacle, Int. J. Numer. Methods Eng. 79 (2009) 1309) cuts a rectangle along the outlines and
fills it with Delaunay triangles, small at the outlines and growing by 15 % a triangle away from them. Lengths are
scaled to the larger side of the rectangle, because Gmsh compares with absolute numbers. The package is an extra.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcell.numerics.grid import Array

GROWTH = 0.15
FRONTAL = 6  # Gmsh's number of the frontal Delaunay method: nearly equilateral triangles


@dataclass(frozen=True, eq=False)
class Triangles:
    """A mesh of triangles: corners, and which electrode each lies on.

    Examples
    --------
    >>> corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> Triangles(corners, np.array([[0, 1, 2]]), np.array([-1])).area
    array([0.5])
    """

    corners: Array  # (n, 2) m
    cells: NDArray[np.int64]  # (m, 3) numbers of corners
    electrode: NDArray[np.int64]  # (m,) number of the outline; -1: none

    @property
    def area(self) -> Array:
        """Of each triangle [m^2]."""
        a, b, c = (self.corners[self.cells[:, k]] for k in range(3))
        u, v = b - a, c - a
        return np.asarray(0.5 * np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]))


def triangles(extent: tuple[float, float], outlines: Sequence[ArrayLike], size: float, largest: float) -> Triangles:
    """Mesh a rectangle around the origin along outlines.

    Parameters
    ----------
    extent : (float, float)
        Sides along x and y [m].
    outlines : sequence of (n, 2) arrays
        Corners [m], inside the rectangle, apart from one another.
    size, largest : float
        Of triangles at the outlines, and at most [m].

    Returns
    -------
    Triangles

    Raises
    ------
    ModuleNotFoundError
        If Gmsh is not installed: ``pip install "simcell[mesh]"``.

    Examples
    --------
    >>> mesh = triangles((4e-6, 4e-6), [np.array([[-1, -1], [1, -1], [0, 1]]) * 1e-6], 5e-7, 1e-6)  # doctest: +SKIP
    >>> round(float(mesh.area[mesh.electrode == 0].sum() * 1e12), 12)  # doctest: +SKIP
    2.0
    """
    import gmsh

    unit = max(extent)
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        pieces = _cut(gmsh, extent[0] / unit, extent[1] / unit, [np.asarray(o, dtype=float) / unit for o in outlines])
        edges = {c[1] for surfaces in pieces for s in surfaces for c in gmsh.model.getBoundary([s], oriented=False)}
        _sizes(gmsh, sorted(edges), size / unit, largest / unit)
        gmsh.model.mesh.generate(2)
        tags, places, _ = gmsh.model.mesh.getNodes()
        number = np.zeros(int(tags.max()) + 1, dtype=np.int64)
        number[tags.astype(np.int64)] = np.arange(tags.size)
        owner = {s: k for k, surfaces in enumerate(pieces) for s in surfaces}
        cells, electrode = [], []
        for surface in gmsh.model.getEntities(2):
            for nodes in gmsh.model.mesh.getElements(*surface)[2]:
                cells.append(number[nodes.astype(np.int64)].reshape(-1, 3))
                electrode.append(np.full(len(cells[-1]), owner.get(surface, -1), dtype=np.int64))
    finally:
        gmsh.finalize()
    used, numbered = np.unique(np.concatenate(cells), return_inverse=True)
    corners = unit * places.reshape(-1, 3)[used, :2]
    return Triangles(corners, numbered.reshape(-1, 3), np.concatenate(electrode))


def _cut(gmsh, width: float, height: float, outlines: Sequence[Array]):  # type: ignore[no-untyped-def]
    """The rectangle cut along the outlines; for each outline its surfaces."""
    occ = gmsh.model.occ
    box = occ.addRectangle(-width / 2.0, -height / 2.0, 0.0, width, height)
    tools = []
    for outline in outlines:
        points = [occ.addPoint(x, y, 0.0) for x, y in outline]
        lines = [occ.addLine(a, b) for a, b in zip(points, points[1:] + points[:1], strict=True)]
        tools.append((2, occ.addPlaneSurface([occ.addCurveLoop(lines)])))
    _, pieces = occ.fragment([(2, box)], tools)
    occ.synchronize()
    return pieces[1:]


def _sizes(gmsh, edges: Sequence[int], size: float, largest: float) -> None:  # type: ignore[no-untyped-def]
    field = gmsh.model.mesh.field
    away = field.add("Distance")
    field.setNumbers(away, "CurvesList", edges)
    field.setNumber(away, "Sampling", 200)
    wanted = field.add("Threshold")
    furthest = (largest - size) / GROWTH + size
    settings = {"InField": away, "SizeMin": size, "SizeMax": largest, "DistMin": 0.0, "DistMax": furthest}
    for name, value in settings.items():
        field.setNumber(wanted, name, value)
    field.setAsBackgroundMesh(wanted)
    for name in ("Mesh.MeshSizeExtendFromBoundary", "Mesh.MeshSizeFromPoints", "Mesh.MeshSizeFromCurvature"):
        gmsh.option.setNumber(name, 0)
    gmsh.option.setNumber("Mesh.Algorithm", FRONTAL)

r"""Conductances near electrode edges from the exact local solution.

At the edge of an electrode on an insulating floor the potential goes as the square root of the distance, and finite
volumes with conductance = area / distance drop to first order. Here the conductance of every face near an edge is that
of the field of a half-infinite electrode at s < 0 on the floor of a layer of height H under an insulating window,

.. math:: \Phi + i \Psi = \operatorname{arcosh} e^{\pi w / 2H}, \qquad w = s + i z,

which maps the layer to a half strip: the potential :math:`\Phi` is 0 on the electrode, the stream function
:math:`\Psi` is constant on both insulators, and near the edge both are parts of :math:`\sqrt{\pi w / H}`. The flux
through a face is the difference of :math:`\Psi` between its ends, the driving force that of :math:`\Phi` between the
cell centres, and

.. math:: T = \kappa \, |\Delta\Psi| / |\Delta\Phi|

Both increase monotonically along z and away from the electrode, so T is positive and the matrix stays a symmetric
M-matrix. The floor of a cell that is covered in part has :math:`|\Delta\Psi|` over its covered part, so an edge may lie
anywhere. Faces up to min(4 H, half the way to the next edge or wall) are treated. Where edges are several H apart the
field of each *is* this function up to exp(-pi distance / H): the current then comes out right on any grid.

With kinetics the field is regular within a distance :math:`\lambda = \kappa R` of the edge, R = charge transfer and
film [ohm m^2]. Conductances then come from the exact field with linear kinetics (`simcell.transport.edge_field`), with
the differential R at the largest current density; the length of liquid above the floor is what the total resistance
there holds beyond R. Within 0.02 H of the edge, where the modes of that field do not converge, plain conductances go
over to primary ones with the weight :math:`r / (r + 0.35 \lambda)` (measured, see docs/theory/current.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.grid import Array, Grid
from simcell.transport.edge_field import EVEN, NEAREST, PRIMARY, kinetic_field, layer_field
from simcell.transport.electrode import Edge, Electrode

FURTHEST = 4.0  # heights of the layer to which faces are treated
FADING = 0.35  # weight = r / (r + FADING * lambda)
FEW = 8  # heights along one edge for which kappa R / H is exact; for more it is one of
STEPS = 100  # values a decade: half a step, 1.2 %, changes currents by less than 1e-4
COARSE = 0.5  # largest spacing at an edge over the distance to the next edge without a warning


@dataclass(frozen=True, eq=False)
class Corrections:
    """Factors on the plain conductances of faces, and lengths of liquid between floor and cell centre.

    Examples
    --------
    >>> Corrections(np.ones((2, 1, 1)), np.ones((1, 2, 1)), np.ones((1, 1, 2)), []).warnings
    ()
    """

    z: Array
    y: Array
    x: Array
    floor: list[Array]  # (ny, nx) for each electrode: factor on half the height of the lowest cell
    warnings: tuple[str, ...] = ()


def corrections(grid: Grid, electrodes: Sequence[Electrode], fading: Sequence[float]) -> Corrections:
    """Find the factors of all faces near edges.

    Parameters
    ----------
    grid : Grid
        `section` or `full`.
    electrodes : sequence of Electrode
    fading : sequence of float
        lambda = kappa R of each electrode [m]; 0 for a primary distribution.

    Returns
    -------
    Corrections

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> from simcell.transport.electrode import strip
    >>> g = section(np.linspace(0.0, 8.0, 81), np.linspace(0.0, 1.0, 11))
    >>> c = corrections(g, [strip(g, "WE", 0.0, 4.0, 0.0)], [0.0])
    >>> round(float(c.x[0, 0, 40]), 3)  # the face above the edge
    1.526
    """
    nz, ny, nx = grid.shape
    found = Corrections(
        np.ones((nz + 1, ny, nx)), np.ones((nz, ny + 1, nx)), np.ones((nz, ny, nx + 1)),
        [np.ones((ny, nx)) for _ in electrodes],
    )  # fmt: skip
    warnings: list[str] = []
    height = grid.volume.sum(axis=0) / grid.area[0][0]
    every = [edge for electrode in electrodes for edge in electrode.edges]
    for n, (electrode, length) in enumerate(zip(electrodes, fading, strict=True)):
        for edge in electrode.edges:
            free = _free(grid, edge, every)
            _treat(grid, edge, height, free, length, found, found.floor[n])
            warnings += _complaints(grid, edge, electrode.name, free, length)
    return Corrections(found.z, found.y, found.x, found.floor, tuple(warnings))


def _free(grid: Grid, edge: Edge, every: Sequence[Edge]) -> float:
    """Distance to the nearest other edge or wall along the normal of an edge."""
    faces = grid.faces[edge.axis]
    places = [faces[0], faces[-1]]
    places += [e.at for e in every if e.axis == edge.axis and min(e.stop, edge.stop) > max(e.start, edge.start)]
    away = np.abs(np.array(places) - edge.at)
    return float(away[away > 1e-9 * (faces[-1] - faces[0])].min())


def _treat(grid: Grid, edge: Edge, height: Array, free: float, length: float, found: Corrections, floor: Array) -> None:
    other = 3 - edge.axis
    faces, cuts = grid.faces[edge.axis], grid.faces[0] / grid.faces[0][-1]
    cell = int(np.clip(np.searchsorted(faces, edge.at, side="right") - 1, 0, faces.size - 2))
    side = found.x if edge.axis == 2 else found.y
    along = grid.centre[other]
    beside = (along >= edge.start) & (along <= edge.stop)
    rows = np.array([0]) if grid.shape[other] == 1 else np.flatnonzero(beside)
    heights = np.take(height, cell, axis=edge.axis - 1)
    different = np.unique(heights[rows])
    for h in different[different > 0.0]:
        ratio = min(length / float(h), EVEN)
        if ratio > PRIMARY and different.size > FEW:  # the modes depend on it weakly, and are found once each
            ratio = float(10.0 ** (np.round(STEPS * np.log10(ratio)) / STEPS))
        reach = min(FURTHEST * h, 0.5 * free)
        across, up, base = _factors(faces, cuts * h, edge, cell, float(h), reach, ratio)
        for row in rows[heights[rows] == h]:
            pick = (slice(None), row) if edge.axis == 2 else (slice(None), slice(None), row)
            side[pick] *= across
            found.z[pick] *= up
            floor[pick[1:]] *= base


def _factors(
    faces: Array, z: Array, edge: Edge, cell: int, height: float, reach: float, ratio: float
) -> tuple[Array, Array, Array]:
    """Exact over plain conductances in the plane normal to an edge, faded; 1 beyond the reach."""
    sign = 1.0 if edge.below else -1.0
    middle, level = 0.5 * (faces[1:] + faces[:-1]), 0.5 * (z[1:] + z[:-1])
    s, centre = sign * (faces - edge.at), sign * (middle - edge.at)
    nz, n = level.size, middle.size
    low, high = np.searchsorted(middle, [edge.at - reach, edge.at + reach])
    low, high = max(0, min(low, cell) - 1), min(n, max(high, cell + 1) + 1)
    cells, ends = slice(low, high), slice(low, high + 1)
    part = (s[ends] / height, centre[cells] / height, z / height, level / height)
    exact = _ratios(*part, 0.0)
    kinetic = _ratios(*part, ratio) if ratio > PRIMARY else exact

    def mixed(which: int, r: Array, near: NDArray[np.bool_]) -> Array:
        faded = 1.0 + r / (r + FADING * ratio * height) * (exact[which] - 1.0)
        inner = np.where(r < NEAREST * height, faded, kinetic[which])
        return np.where(near, inner, 1.0)

    across, up, base = np.ones((nz, n + 1)), np.ones((nz + 1, n)), np.ones(n)
    r = np.hypot(s[None, low + 1 : high], level[:, None])
    near = r <= reach
    near[0, max(cell - low - 1, 0) : cell - low + 1] = True
    across[:, low + 1 : high] = mixed(0, r, near)
    r = np.hypot(centre[None, cells], z[1:-1, None])
    near = r <= reach
    near[:1, cell - low] = True
    up[1:-1, cells] = mixed(1, r, near)
    near = np.abs(centre[cells]) <= reach
    near[cell - low] = True
    base[cells] = mixed(2, np.hypot(centre[cells], level[0]), near & (s[ends].min() < 0.0))
    return across, up, base


def _ratios(s: Array, centre: Array, z: Array, level: Array, kinetics: float) -> tuple[Array, Array, Array]:
    """Exact over plain conductances of faces across and up, and of the lengths between floor and cell centre.

    All in heights of the layer; the floor's is 1 where nothing is covered.
    """
    if kinetics > 0.0:
        phi, psi = kinetic_field(centre, level, kinetics)[0], kinetic_field(s, z, kinetics)[1]
    else:
        phi, psi = layer_field(centre[None, :], level[:, None])[0], layer_field(s[None, :], z[:, None])[1]
    width, thick = np.diff(s), np.diff(z)
    with np.errstate(divide="ignore", invalid="ignore"):
        across = np.abs(np.diff(psi, axis=0)[:, 1:-1] / np.diff(phi, axis=1) * np.diff(centre)) / thick[:, None]
        up = np.abs(np.diff(psi, axis=1)[1:-1] / np.diff(phi, axis=0) / width) * np.diff(level)[:, None]
        covered = np.abs(np.diff(np.minimum(s, 0.0)))
        floor = (covered * phi[0] / np.abs(np.diff(psi[0])) - kinetics) / level[0]
    floor = np.where((covered > 0.0) & (floor > 0.0), floor, 1.0)
    return np.where(np.isfinite(across), across, 1.0), np.where(np.isfinite(up), up, 1.0), floor


def _complaints(grid: Grid, edge: Edge, name: str, free: float, length: float) -> list[str]:
    """What is said about a grid that is too coarse for an edge."""
    faces = grid.faces[edge.axis]
    cell = int(np.clip(np.searchsorted(faces, edge.at, side="right") - 1, 0, faces.size - 2))
    spacing = float(faces[cell + 1] - faces[cell])
    if spacing <= COARSE * free:
        return []
    return [
        f"the cells of {spacing:.3g} m at the edge {'zyx'[edge.axis]} = {edge.at:.6g} m of electrode {name!r} are "
        f"coarse beside the {free:.3g} m to the next edge or wall: at most {COARSE * free:.3g} m would do"
    ]

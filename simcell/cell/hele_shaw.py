r"""The flow that one pascal drives: Hele-Shaw in plan and full grids, Poiseuille in a section.

.. math:: \nabla \cdot \Bigl( \frac{h^3}{12 \mu} \nabla p \Bigr) = 0

(H. Lamb, Hydrodynamics, 6th ed. 1932, section 330; O. Reynolds, Phil. Trans. 177 (1886) 157) in finite volumes: the
conductance of a face is that of a liquid film whose thickness varies linearly between the two centres,
:math:`\int dx/h^3 = d (h_1 + h_2) / (2 h_1^2 h_2^2)`, which is exact in a wedge and of order 2
elsewhere; at an open end the straight line goes on. Two sides are
open and at uniform pressure, nothing passes the others. Over the height the flow has the shape of the parabola; layers
of a `full` grid follow the thickness and take their exact share of it, so every layer conserves volume for itself.

The linear system is solved directly (sparse LU of the symmetric matrix scaled to a unit diagonal); the criterion is
the divergence: what rounding leaves of it is solved away once more in terms of flows, which brings it to some 1e-15
of the flow through a cell.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from simcell.cell.paths import layer_shares
from simcell.numerics.grid import Grid, Three

Array = NDArray[np.float64]


def thickness(grid: Grid) -> Array:
    """Height of the liquid over each cell of the plane [m], (ny, nx), of any flat grid.

    Examples
    --------
    >>> from simcell.numerics.grid import full
    >>> thickness(full([0.0, 1.0, 2.0], [0.0, 1.0], [[0.25, 0.5]], 4))
    array([[0.25, 0.5 ]])
    """
    plane = np.diff(grid.faces[1])[:, None] * np.diff(grid.faces[2])[None, :]
    return grid.volume.sum(axis=0) / plane


def unit_flow(grid: Grid, viscosity: float, inlet: str, outlet: str) -> tuple[Three, Array, float]:
    """Flow through the faces [m^3/s], pressure [Pa] and total flow [m^3/s] for a pressure drop of 1 Pa.

    Parameters
    ----------
    grid : Grid
        Of kind ``plan``, ``full`` or ``section``.
    viscosity : float
        [Pa s]
    inlet, outlet : str
        Sides of the grid.

    Raises
    ------
    ValueError
        If no liquid joins the two sides.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> flow, pressure, total = unit_flow(section([0.0, 0.5, 1.0], [0.0, 0.5, 1.0]), 1.0 / 12.0, "x-", "x+")
    >>> total, pressure.ravel(), flow[2][:, 0, 1]
    (1.0, array([0.75, 0.25]), array([0.5, 0.5]))
    """
    if grid.kind == "section":
        return _poiseuille(grid, viscosity, inlet)
    height = thickness(grid)
    conductance = _conductance(grid, height, viscosity)
    pressure, (qy, qx) = _hele_shaw(grid, conductance, inlet, outlet)
    total = _through(qy, qx, inlet)
    shares = layer_shares(grid.faces[0])[:, None, None] if grid.kind == "full" else np.ones((1, 1, 1))
    nz, ny, nx = grid.shape
    return (np.zeros((nz + 1, ny, nx)), shares * qy, shares * qx), pressure, total


def _poiseuille(grid: Grid, viscosity: float, inlet: str) -> tuple[Three, Array, float]:
    if not grid.mask.all():
        raise ValueError("flow in a section needs liquid in every cell")
    z, y, x = grid.faces
    height, width, length = float(np.ptp(z)), float(np.ptp(y)), float(np.ptp(x))
    nz, ny, nx = grid.shape
    total = width * height**3 / (12.0 * viscosity * length)
    shares = layer_shares((z - z[0]) / height)
    along = np.broadcast_to((total * shares)[:, None, None], (nz, ny, nx + 1)).copy()
    way = (x[-1] - grid.centre[2]) / length
    if inlet == "x+":
        along, way = -along, 1.0 - way
    flows = (np.zeros((nz + 1, ny, nx)), np.zeros((nz, ny + 1, nx)), along)
    return flows, np.broadcast_to(way, (ny, nx)).copy(), total


def _conductance(grid: Grid, height: Array, viscosity: float) -> tuple[Array, Array]:
    """Flow per pressure difference of the faces along y and x [m^3/s/Pa]; at an end, of half a cell."""
    found = []
    for axis in (0, 1):
        n = height.shape[axis]
        first, last = np.take(height, [0], axis), np.take(height, [n - 1], axis)
        if grid.periodic[axis + 1]:
            first, last = last, first
        elif n > 1:
            to_end = _ends(grid, axis)
            first = _extrapolated(first, np.take(height, [1], axis), to_end[0])
            last = _extrapolated(last, np.take(height, [n - 2], axis), to_end[1])
        low, high = np.concatenate([first, height], axis), np.concatenate([height, last], axis)
        sides = np.diff(grid.faces[2 - axis])
        length = sides[None, :] if axis == 0 else sides[:, None]
        # 2 h1^2 h2^2 / (h1 + h2) is h^3 for equal heights; a face without liquid on one side has none
        cube = np.divide(2.0 * low**2 * high**2, low + high, out=np.zeros_like(low), where=low + high > 0.0)
        found.append(length * cube / (12.0 * viscosity * grid.distance[axis + 1][0]))
    return found[0], found[1]


def _ends(grid: Grid, axis: int) -> tuple[float, float]:
    """Way from the first and last centre to the end over that to the next centre."""
    faces, middle = grid.faces[axis + 1], grid.centre[axis + 1]
    return (middle[0] - faces[0]) / (middle[1] - middle[0]), (faces[-1] - middle[-1]) / (middle[-1] - middle[-2])


def _extrapolated(height: Array, inner: Array, way: float) -> Array:
    """Height at an end of the grid: the straight line goes on, by a factor of two at most, if there is a neighbour."""
    onwards = np.clip(height + way * (height - inner), 0.5 * height, 2.0 * height)
    return np.where(inner > 0.0, onwards, height)


def _hele_shaw(
    grid: Grid, conductance: tuple[Array, Array], inlet: str, outlet: str
) -> tuple[Array, tuple[Array, Array]]:
    """Pressure, and flow along y and x, for 1 Pa at the inlet and 0 at the outlet."""
    ny, nx = grid.shape[1:]
    number = np.arange(ny * nx).reshape(ny, nx)
    diagonal = np.zeros(ny * nx)
    rows, columns, values = [], [], []
    for axis in (0, 1):
        n = number.shape[axis]
        inner = np.take(conductance[axis], range(1, n), axis)
        pairs = [(np.take(number, range(n - 1), axis), np.take(number, range(1, n), axis), inner)]
        if grid.periodic[axis + 1]:
            pairs.append(
                (np.take(number, [n - 1], axis), np.take(number, [0], axis), np.take(conductance[axis], [0], axis))
            )
        for low, high, value in pairs:
            rows += [low.ravel(), high.ravel()]
            columns += [high.ravel(), low.ravel()]
            values += [value.ravel(), value.ravel()]
    row, column, value = np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
    np.add.at(diagonal, row, value)
    source = np.zeros(ny * nx)
    ends = {side: (_edge(number, side), _edge(conductance[_axis(side)], side)) for side in (inlet, outlet)}
    for cells, value_at_end in ends.values():
        diagonal[cells] += value_at_end
    source[ends[inlet][0]] += ends[inlet][1]
    link = sp.coo_matrix((value, (row, column)), shape=(ny * nx, ny * nx)).tocsr()
    flowing = _flowing(link, ends[inlet], ends[outlet])
    kept = np.flatnonzero(flowing)
    matrix = (sp.diags(diagonal) - link).tocsr()[kept][:, kept]
    # conductances of 1e-20 m^3/s/Pa are numbers like any other, but a solver's thresholds are about 1
    scale = 1.0 / np.sqrt(diagonal[kept])
    factor = splu(
        (sp.diags(scale) @ matrix @ sp.diags(scale)).tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )  # fmt: skip

    def solve(right: Array) -> Array:
        full_size = np.zeros(ny * nx)
        full_size[kept] = scale * factor.solve(scale * right[kept])
        return full_size.reshape(ny, nx)

    pressure = solve(source)
    still = ~flowing.reshape(ny, nx)
    qy, qx = _flows(grid, conductance, pressure, still, inlet, outlet, 1.0)
    excess = np.diff(qy, axis=0) + np.diff(qx, axis=1)
    more = _flows(grid, conductance, solve(-excess.ravel()), still, inlet, outlet, 0.0)
    return pressure, (qy + more[0], qx + more[1])


def _flowing(link: sp.csr_matrix, inlet: tuple[Array, Array], outlet: tuple[Array, Array]) -> NDArray[np.bool_]:
    """Cells that liquid joins to both open sides."""
    link.eliminate_zeros()
    _, pool = connected_components(link, directed=False)
    reached = [set(pool[cells[value > 0.0]]) for cells, value in (inlet, outlet)]
    both = reached[0] & reached[1]
    if not both:
        raise ValueError("no liquid joins inlet and outlet: no flow passes")
    return np.isin(pool, list(both))


def _flows(
    grid: Grid,
    conductance: tuple[Array, Array],
    pressure: Array,
    still: NDArray[np.bool_],
    inlet: str,
    outlet: str,
    at: float,
) -> tuple[Array, Array]:
    """Flow through all faces at given pressures, with `at` [Pa] at the inlet."""
    found = []
    for axis in (0, 1):
        n = pressure.shape[axis]
        first, last = np.take(pressure, [0], axis), np.take(pressure, [n - 1], axis)
        if grid.periodic[axis + 1]:
            first, last = last, first
        for side in (inlet, outlet):
            if _axis(side) == axis:
                end = np.full_like(first, at if side == inlet else 0.0)
                first, last = (end, last) if side[1] == "-" else (first, end)
        drop = -np.diff(np.concatenate([first, pressure, last], axis), axis=axis)
        dry = np.take(still, [0], axis), np.take(still, [n - 1], axis)
        # a pool that is joined to one open side only, or to none, has one pressure and no flow
        outer = np.concatenate([dry[0], still], axis) | np.concatenate([still, dry[1]], axis)
        found.append(np.where(outer, 0.0, conductance[axis] * drop))
    return found[0], found[1]


def _axis(side: str) -> int:
    return 0 if side[0] == "y" else 1


def _edge(values: NDArray[Any], side: str) -> NDArray[Any]:
    """Entries of an array of the plane along one of its sides."""
    return np.take(values, 0 if side[1] == "-" else -1, _axis(side))


def _through(qy: Array, qx: Array, inlet: str) -> float:
    total = float(_edge(qy if _axis(inlet) == 0 else qx, inlet).sum())
    return total if inlet[1] == "-" else -total

r"""Finite volumes: cells, faces and distances of five kinds of grid, and nothing of what lives on them.

Every array is (nz, ny, nx); faces along an axis have one more entry there. The balance of a cell is

.. math:: V \frac{d\bar c}{dt} = \sum_\text{axes} (A j)_\text{lower} - (A j)_\text{upper} + V s

with fluxes j at faces from two cells: gradient = difference / distance, value = weight * lower + (1 - weight) * upper.
On smoothly graded spacing both are of order 2. Assumptions: cell values stand at the middle of a cell; in `plan` and
`full` the thickness of the liquid changes slowly (its slope squared is neglected).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Three = tuple[Array, Array, Array]
AXES = ("z", "y", "x")


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of a finite-volume grid; tuples hold the axes z, y, x.

    Parameters
    ----------
    kind : str
        ``batch``, ``radial``, ``plan``, ``section`` or ``full``.
    faces : three (n+1,) arrays
        Positions of the faces [m]; radial: radii along x; `full`: fractions of the thickness along z.
    volume : (nz, ny, nx) array
        [m^3]
    area : three arrays
        Areas of the faces normal to each axis [m^2]; one more entry along that axis.
    distance : three arrays
        Between the cell centres on both sides of each face [m]; at an end, from the centre to the end.
    mask : (nz, ny, nx) array of bool
        True where there is liquid. Faces of other cells have no area.
    periodic : three bool
        Whether the last cell along an axis is followed by the first.

    Examples
    --------
    >>> g = radial([0.0, 1e-6, 3e-6], height=1e-6)
    >>> g.shape, round(float(g.volume.sum() / (np.pi * 9e-12 * 1e-6)), 12)
    ((1, 1, 2), 1.0)
    """

    kind: str
    faces: Three
    volume: Array
    area: Three
    distance: Three
    mask: NDArray[np.bool_]
    periodic: tuple[bool, bool, bool] = (False, False, False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of cells along z, y, x."""
        nz, ny, nx = self.volume.shape
        return nz, ny, nx

    @property
    def centre(self) -> Three:
        """Middles of the cells along each axis [m]."""
        z, y, x = (0.5 * (f[1:] + f[:-1]) for f in self.faces)
        return z, y, x

    def weight(self, axis: int) -> Array:
        """Weight of the lower cell in the value at each face (n+1,); at an end the face has a value of its own."""
        width = np.diff(self.faces[axis])
        inner = width[1:] / (width[1:] + width[:-1])
        if self.periodic[axis]:
            wrap = width[0] / (width[0] + width[-1])
            return np.concatenate([[wrap], inner, [wrap]])
        return np.concatenate([[1.0], inner, [0.0]])

    def where(self, mask: ArrayLike) -> Grid:
        """Give the same grid with liquid only where `mask` is true."""
        wet = np.broadcast_to(np.asarray(mask, dtype=bool), self.shape) & self.mask
        area = tuple(a * _both(wet, axis, self.periodic[axis]) for axis, a in enumerate(self.area))
        return replace(self, mask=wet, volume=np.where(wet, self.volume, 0.0), area=(area[0], area[1], area[2]))


def batch(volume: float = 1.0) -> Grid:
    """One well-mixed cell [m^3].

    Examples
    --------
    >>> batch(1e-18).volume.shape
    (1, 1, 1)
    """
    side = volume ** (1.0 / 3.0)
    ends = np.array([0.0, side])
    return replace(_box("batch", ends, ends, ends), volume=np.full((1, 1, 1), volume))


def radial(faces: ArrayLike, height: float = 1.0) -> Grid:
    """Rings around an axis between two impermeable planes.

    Parameters
    ----------
    faces : (n+1,) array
        Radii [m], from 0 or the inner wall.
    height : float
        Distance of the planes [m].

    Returns
    -------
    Grid

    Examples
    --------
    >>> radial([0.0, 1.0, 2.0]).area[2].ravel() / (2.0 * np.pi)
    array([0., 1., 2.])
    """
    r = _increasing(faces)
    if r[0] < 0.0:
        raise ValueError(f"radii start at {r[0]:g} m: they cannot be negative")
    grid = _box("radial", np.array([0.0, height]), np.array([0.0, 1.0]), r)
    plane = np.pi * np.diff(r**2)[None, None, :]
    area = (np.concatenate([plane, plane]), np.zeros((1, 2, r.size - 1)), (2.0 * np.pi * height * r)[None, None, :])
    return replace(grid, volume=plane * height, area=area)


def plan(x: ArrayLike, y: ArrayLike, thickness: ArrayLike, periodic: tuple[bool, bool] = (False, False)) -> Grid:
    """View from above: averaged over the thickness of the liquid.

    Parameters
    ----------
    x, y : arrays
        Positions of the faces [m].
    thickness : float or (ny, nx) array
        Of the liquid at the cell centres [m]; where it is 0 there is none.
    periodic : two bool
        Along y, along x.

    Returns
    -------
    Grid

    Examples
    --------
    >>> float(plan([0.0, 1.0, 3.0], [0.0, 2.0], 0.5).volume.sum())
    3.0
    """
    return replace(_columns("plan", x, y, thickness, 1, (False, *periodic)), kind="plan")


def section(x: ArrayLike, z: ArrayLike, width: float = 1.0, periodic: bool = False) -> Grid:
    """Cut through the gap: x along the windows, z across, `width` [m] into the picture; `periodic` along x.

    Examples
    --------
    >>> section([0.0, 1.0], [0.0, 0.5, 1.0]).shape
    (2, 1, 1)
    """
    return _box("section", _increasing(z), np.array([0.0, width]), _increasing(x), (False, False, periodic))


def full(
    x: ArrayLike,
    y: ArrayLike,
    thickness: ArrayLike,
    layers: int | ArrayLike,
    periodic: tuple[bool, bool] = (False, False),
) -> Grid:
    """Three dimensions in layers that follow the thickness of the liquid.

    Parameters
    ----------
    x, y : arrays
        Positions of the faces [m].
    thickness : float or (ny, nx) array
        [m]
    layers : int or (nz+1,) array
        How many of equal height, or faces as fractions of the thickness from 0 to 1.
    periodic : two bool
        Along y, along x.

    Returns
    -------
    Grid

    Examples
    --------
    >>> full([0.0, 1.0], [0.0, 1.0], 0.3, 3).distance[0].ravel().round(3)
    array([0.05, 0.1 , 0.1 , 0.05])
    """
    return _columns("full", x, y, thickness, layers, (False, *periodic))


def graded(
    start: float,
    stop: float,
    around: Mapping[float, float],
    growth: float = 1.15,
    largest: float = np.inf,
    refine: int = 1,
) -> Array:
    """Faces from `start` to `stop`, fine around given positions, each of which is a face (to 1e-6 of its spacing).

    The spacing aimed at is the least over the positions p of ``spacing(p) + (growth - 1) |x - p|``, at most `largest`.

    Parameters
    ----------
    start, stop : float
        Ends [m].
    around : mapping of float to float
        Spacing wanted at each position [m].
    growth : float
        Ratio of neighbouring cells.
    largest : float
        Upper limit of the spacing [m].
    refine : int
        Divides every cell of the grid for 1 along the same smooth mapping, for studies of convergence.

    Returns
    -------
    (n+1,) array

    Examples
    --------
    >>> faces = graded(0.0, 10e-6, {1e-6: 10e-9})
    >>> bool((faces == 1e-6).any()), faces.size - 1
    (True, 52)
    """
    if not (growth > 1.0 and stop > start and all(s > 0.0 for s in around.values()) and largest > 0.0 and refine >= 1):
        raise ValueError("graded() needs stop > start, spacings > 0, growth > 1, largest > 0 and refine >= 1")
    close = 1e-6 * min([stop - start, *around.values()])  # positions that differ by rounding are one face
    stops = [start]
    for p in [*sorted(p for p in around if start + close < p < stop - close), stop]:
        stops += [p] if p - stops[-1] > close else []
    pieces = [np.array([start])]
    for low, high in pairwise(stops):
        # fine enough that the trapezoidal rule places faces to 1e-4 of a cell; the map is smooth between kinks
        x = np.unique(np.concatenate([[low, high], *(_cluster(low, high, p, s) for p, s in around.items())]))
        wanted = np.full(x.size, min(largest, high - low))
        for p, spacing in around.items():
            wanted = np.minimum(wanted, spacing + (growth - 1.0) * np.abs(x - p))
        density = 1.0 / wanted
        passed = np.concatenate([[0.0], np.cumsum(np.diff(x) * 0.5 * (density[1:] + density[:-1]))])
        count = refine * max(1, int(np.ceil(passed[-1] - 1e-9)))
        inner = np.interp(np.linspace(0.0, passed[-1], count + 1), passed, x)
        pieces.append(np.append(inner[1:-1], high))
    return np.concatenate(pieces)


def laplacian(grid: Grid, field: Array, ends: Mapping[str, float | Array] | None = None) -> Array:
    """Divergence of the gradient of a field, per volume: the plain form of what solvers do.

    Parameters
    ----------
    grid : Grid
    field : (nz, ny, nx) array
    ends : mapping
        Fixed values at ends, for example ``{"x+": 1.0, "z-": floor}``; nothing passes the other ends.

    Returns
    -------
    (nz, ny, nx) array
        [unit of the field / m^2]; 0 where there is no liquid.

    Examples
    --------
    >>> g = radial([0.0, 1.0, 2.0, 3.0])
    >>> laplacian(g, g.centre[2][None, None, :] ** 2, {"x+": 9.0}).ravel().round(12)
    array([4. , 4. , 3.4])
    """
    total = np.zeros(grid.shape)
    for axis, name in enumerate(AXES):
        if grid.shape[axis] == 1 and not {f"{name}-", f"{name}+"} & set(ends or {}):
            continue
        flow = np.diff(_padded(grid, field, axis, ends or {}), axis=axis) * grid.area[axis] / grid.distance[axis]
        total += np.diff(flow, axis=axis)
    return np.divide(total, grid.volume, out=np.zeros(grid.shape), where=grid.mask & (grid.volume > 0.0))


def _padded(grid: Grid, field: Array, axis: int, ends: Mapping[str, float | Array]) -> Array:
    """Field with one more layer on each side: the fixed value, the cell itself (nothing passes) or the other end."""
    n = field.shape[axis]
    first, last = np.take(field, [0], axis), np.take(field, [n - 1], axis)
    if grid.periodic[axis]:
        first, last = last, first
    for sign, layer in (("-", first), ("+", last)):
        if (value := ends.get(AXES[axis] + sign)) is not None:
            layer[...] = value
    return np.concatenate([first, field, last], axis=axis)


def _increasing(faces: ArrayLike) -> Array:
    x = np.asarray(faces, dtype=float)
    if x.ndim != 1 or x.size < 2 or not (np.isfinite(x).all() and (np.diff(x) > 0.0).all()):
        raise ValueError("faces must be two or more finite positions in increasing order")
    return x


def _box(kind: str, z: Array, y: Array, x: Array, periodic: tuple[bool, bool, bool] = (False, False, False)) -> Grid:
    shape = (z.size - 1, y.size - 1, x.size - 1)
    dz, dy, dx = np.diff(z)[:, None, None], np.diff(y)[None, :, None], np.diff(x)[None, None, :]
    sides = (dy * dx, dz * dx, dz * dy)
    distance = [_gaps(faces, axis, periodic[axis]) for axis, faces in enumerate((z, y, x))]

    def spread(values: Array, axis: int) -> Array:
        wide = tuple(n + (a == axis) for a, n in enumerate(shape))
        return np.broadcast_to(values, wide).copy()

    area = tuple(spread(side, axis) for axis, side in enumerate(sides))
    apart = tuple(spread(d, axis) for axis, d in enumerate(distance))
    return Grid(
        kind, (z, y, x), dz * dy * dx, (area[0], area[1], area[2]), (apart[0], apart[1], apart[2]),
        np.ones(shape, dtype=bool), periodic,
    )  # fmt: skip


def _columns(
    kind: str, x: ArrayLike, y: ArrayLike, thickness: ArrayLike, layers: int | ArrayLike, periodic: tuple[bool, ...]
) -> Grid:
    """Columns of liquid, each as high as its thickness and cut into the same fractions."""
    cuts = np.linspace(0.0, 1.0, layers + 1) if isinstance(layers, int) else _increasing(layers)
    if cuts[0] != 0.0 or cuts[-1] != 1.0:
        raise ValueError("fractions of the thickness go from 0 to 1")
    flat = _box(kind, cuts, _increasing(y), _increasing(x), (False, periodic[1], periodic[2]))
    h = np.broadcast_to(np.asarray(thickness, dtype=float), flat.shape[1:])[None, :, :]
    if not (np.isfinite(h).all() and (h >= 0.0).all()):
        raise ValueError("the thickness of the liquid must be finite and not negative")
    wet = np.broadcast_to(h > 0.0, flat.shape)
    sides = []
    for axis in (1, 2):
        shape = [1, 1, 1]
        shape[axis] = -1
        weight = flat.weight(axis).reshape(shape)
        across = _padded(flat, h, axis, {})
        n = h.shape[axis]
        mean = weight * np.take(across, range(n + 1), axis) + (1.0 - weight) * np.take(across, range(1, n + 2), axis)
        sides.append(flat.area[axis] * mean)
    grid = replace(
        flat, volume=flat.volume * h, area=(flat.area[0], sides[0], sides[1]),
        distance=(flat.distance[0] * np.where(h > 0.0, h, 1.0), flat.distance[1], flat.distance[2]),
    )  # fmt: skip
    return grid.where(wet)


def _gaps(faces: Array, axis: int, periodic: bool) -> Array:
    """Distances of the centres across each face, shaped to go along one axis."""
    middle = 0.5 * (faces[1:] + faces[:-1])
    ends = (middle[0] - faces[0], faces[-1] - middle[-1])
    if periodic:
        ends = (sum(ends), sum(ends))
    shape = [1, 1, 1]
    shape[axis] = -1
    return np.concatenate([[ends[0]], np.diff(middle), [ends[1]]]).reshape(shape)


def _both(wet: NDArray[np.bool_], axis: int, periodic: bool) -> NDArray[np.bool_]:
    """Faces with liquid on both sides; the end of a grid counts as liquid, so that a value can be fixed there."""
    n = wet.shape[axis]
    first, last = np.take(wet, [0], axis), np.take(wet, [n - 1], axis)
    inner = np.take(wet, range(1, n), axis) & np.take(wet, range(n - 1), axis)
    if periodic:
        first = last = first & last
    return np.concatenate([first, inner, last], axis=axis)


def _cluster(low: float, high: float, at: float, spacing: float) -> Array:
    """Sample points of [low, high] that get sparse in proportion to the distance from `at`."""
    far = max(abs(high - at), abs(low - at))
    steps = np.concatenate([[0.0], np.geomspace(1e-3 * spacing, far + spacing, 2000)])
    points = np.concatenate([at - steps, at + steps])
    return points[(points > low) & (points < high)]

"""From a grid, a flow and reservoirs to the flat arrays of the kernels in space, on all levels of merged cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.grid import Array, Grid, Three
from simcell.radiolysis.kernels_field import Space

SIDES = ("z-", "z+", "y-", "y+", "x-", "x+")


class Level(NamedTuple):
    """A grid, or one of merged cells: what flows need.

    Examples
    --------
    >>> from simcell.numerics.grid import radial
    >>> g = radial([0.0, 1.0, 2.0])
    >>> Level(g.faces, g.volume, g.area, g.distance, g.area).volume.shape
    (1, 1, 2)
    """

    faces: Three  # positions along each axis
    volume: Array
    area: Three
    distance: Three
    flow: Three


def merged(level: Level) -> tuple[Level, list[NDArray[np.int64]]]:
    """Merge cells in pairs along every axis (an odd last one stays alone): sums of volumes, areas and flows.

    Distances are those of the merged centres; where they differ across a face (thickness of layers), by the mean.

    Examples
    --------
    >>> one = np.array([0.0, 1.0])
    >>> flat = np.ones((1, 1, 3))
    >>> areas = (np.ones((2, 1, 3)), np.ones((1, 2, 3)), np.ones((1, 1, 4)))
    >>> coarse, parents = merged(Level((one, one, np.arange(4.0)), flat, areas, areas, areas))
    >>> coarse.volume.ravel(), parents[2]
    (array([2., 1.]), array([0, 0, 1]))
    """
    parents = [np.arange(f.size - 1, dtype=np.int64) // 2 for f in level.faces]
    starts = [np.flatnonzero(np.diff(p, prepend=-1)) for p in parents]
    faces = [f[np.append(s, f.size - 1)] for f, s in zip(level.faces, starts, strict=True)]
    volume = _sum(level.volume, starts, None)
    area, distance, flow = [], [], []
    for axis in range(3):
        kept = np.append(starts[axis], level.faces[axis].size - 1)
        ratio = _gaps(faces[axis]) / _gaps(level.faces[axis])[kept]
        shape = [1, 1, 1]
        shape[axis] = -1
        a, d, q = (np.take(x[axis], kept, axis) for x in (level.area, level.distance, level.flow))
        whole = _sum(a, starts, axis)
        mean = np.divide(_sum(a * d, starts, axis), whole, out=np.ones_like(whole), where=whole > 0.0)
        area.append(whole)
        distance.append(mean * ratio.reshape(shape))
        flow.append(_sum(q, starts, axis))
    three = (area[0], area[1], area[2]), (distance[0], distance[1], distance[2]), (flow[0], flow[1], flow[2])
    return Level((faces[0], faces[1], faces[2]), volume, *three), parents


def _sum(values: Array, starts: list[NDArray[np.int64]], but: int | None) -> Array:
    for axis, first in enumerate(starts):
        if axis != but:
            values = np.add.reduceat(values, first, axis=axis)
    return values


def _gaps(faces: Array) -> Array:
    middle = 0.5 * (faces[1:] + faces[:-1])
    return np.concatenate([[middle[0] - faces[0]], np.diff(middle), [faces[-1] - middle[-1]]])


def fitted(conductance: Array, flow: Array) -> Array:
    """G (Pe/2) coth(Pe/2) with Pe = flow / G of every face and species; half the flow where nothing diffuses.

    Examples
    --------
    >>> fitted(np.array([1.0, 1.0, 0.0]), np.array([0.0, 40.0, 3.0]))
    array([ 1. , 20. ,  1.5])
    """
    half = 0.5 * np.abs(flow)
    ratio = np.divide(half, conductance, out=np.full(conductance.shape, np.inf), where=conductance > 0.0)
    small = ratio < 1e-3  # x coth x = 1 + x^2/3 to 2e-14
    fit = np.where(small, conductance * (1.0 + np.where(small, ratio, 0.0) ** 2 / 3.0), 0.0)
    return np.where(small, fit, half / np.tanh(np.where(small, 1.0, ratio)))


def space_of(
    grid: Grid, diffusivity: Array, charge: Array, reservoirs: Mapping[str, Array], flow: Three | None, m: int
) -> tuple[Space, Array]:
    """Flat arrays of all levels, and the largest conductance / volume (levels, 3) [1/s].

    Examples
    --------
    >>> from simcell.numerics.grid import radial
    >>> space, pull = space_of(radial([0.0, 1.0, 2.0, 3.0]), np.ones(4), np.zeros(4), {}, None, 4)
    >>> space.shape[:, 2]
    array([3, 2, 1])
    """
    none = (np.zeros_like(grid.area[0]), np.zeros_like(grid.area[1]), np.zeros_like(grid.area[2]))
    level = Level(grid.faces, grid.volume, grid.area, grid.distance, flow or none)
    levels, parents = [level], []
    while max(levels[-1].volume.shape) > 1:
        coarse, parent = merged(levels[-1])
        levels.append(coarse)
        parents.append(parent)
    open_side = np.array([side in reservoirs for side in SIDES])
    outside = np.zeros((6, m))
    for side, value in reservoirs.items():
        outside[SIDES.index(side), : value.size] = value
    d = np.zeros(m)
    d[: diffusivity.size] = diffusivity
    z = np.zeros(m)
    z[: charge.size] = charge
    parts, pull = [], np.zeros((len(levels), 3))
    for number, one in enumerate(levels):
        for axis in range(3):
            part = _faces(one, axis, d, open_side[2 * axis : 2 * axis + 2], grid.periodic[axis])
            parts.append(part)
            pull[number, axis] = _pull(one.volume, part[0].max(axis=1).reshape(one.area[axis].shape), axis)
    used = np.array(
        [
            grid.shape[axis] > 1 or open_side[2 * axis : 2 * axis + 2].any() or levels[0].flow[axis].any()
            for axis in range(3)
        ]
    )
    counts = np.array([p[1].shape[0] for p in parts])
    volume = np.concatenate([one.volume.ravel() for one in levels])
    near, far, share = _interpolation(levels, parents)
    lengths = np.array([n for one in levels for n in one.volume.shape])
    space = Space(
        shape=np.array([one.volume.shape for one in levels], dtype=np.int64),
        first_cell=np.cumsum([0, *(one.volume.size for one in levels)]).astype(np.int64),
        first_face=(np.cumsum(counts) - counts).reshape(-1, 3).astype(np.int64),
        periodic=np.array(grid.periodic),
        used=used,
        volume=volume,
        over_volume=np.divide(1.0, volume, out=np.zeros_like(volume), where=volume > 0.0),
        conductance=np.concatenate([p[0] for p in parts]),
        flow=np.concatenate([p[1] for p in parts]),
        weight=np.concatenate([p[2] for p in parts]),
        outside=outside,
        charge=z,
        ions=np.flatnonzero(z).astype(np.uint32),
        near=near,
        far=far,
        near_share=share,
        first_index=(np.cumsum(lengths) - lengths).reshape(-1, 3).astype(np.int64),
    )
    return space, pull


def drain_of(space: Space) -> Array:
    """What flows out of each cell of level 0 through sides without reservoir, per volume [1/s].

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> g = section([0.0, 1.0, 3.0], [0.0, 1.0])
    >>> flow = (np.zeros((2, 1, 2)), np.zeros((1, 2, 2)), np.full((1, 1, 3), 4.0))
    >>> drain_of(space_of(g, np.ones(4), np.zeros(4), {"x-": np.ones(4)}, flow, 4)[0])
    array([0., 2.])
    """
    shape = tuple(int(n) for n in space.shape[0])
    total = np.zeros(shape)
    for axis in range(3):
        wide = tuple(n + (a == axis) for a, n in enumerate(shape))
        first = int(space.first_face[0, axis])
        lower, upper = (space.flow[first : first + int(np.prod(wide)), i].reshape(wide) for i in range(2))
        # at such a side the flow belongs to the inner value alone
        ends = (np.take(upper, [0], axis) * (np.take(lower, [0], axis) == 0.0),
                np.take(lower, [-1], axis) * (np.take(upper, [-1], axis) == 0.0))  # fmt: skip
        at = [slice(None)] * 3
        for place, end, sign in ((slice(0, 1), ends[0], -1.0), (slice(shape[axis] - 1, None), ends[1], 1.0)):
            at[axis] = place
            total[tuple(at)] += sign * end
    return np.asarray(total.ravel() * space.over_volume[: total.size])


def _faces(one: Level, axis: int, d: Array, open_side: NDArray[np.bool_], periodic: bool) -> tuple[Array, Array, Array]:
    """Conductances (faces, m), shares of the flow (faces, 2) and weights (faces,) of one axis."""
    area, distance, flow = one.area[axis], one.distance[axis], one.flow[axis]
    n = area.shape[axis] - 1
    shape = [1, 1, 1]
    shape[axis] = n + 1
    bare = area / distance
    ends = np.zeros(n + 1, dtype=int)
    if periodic:
        width = np.diff(one.faces[axis])
        wrap = area.take([0], axis) / (0.5 * (width[0] + width[-1]))
        bare = np.concatenate([wrap, bare.take(range(1, n), axis), wrap], axis)
    else:
        ends[0], ends[-1] = -1, 1
    end = np.broadcast_to(ends.reshape(shape), area.shape)
    closed = ((end == -1) & ~open_side[0]) | ((end == 1) & ~open_side[1])
    bare = np.where(closed, 0.0, bare)
    # what leaves through a side without reservoir is what is there; the fitted form needs both values
    lower = np.where(closed, np.where(end == 1, flow, 0.0), 0.5 * flow)
    upper = np.where(closed, np.where(end == -1, flow, 0.0), 0.5 * flow)
    g = fitted(bare.reshape(-1, 1) * d, np.where(closed, 0.0, flow).reshape(-1, 1))
    weight = _weight(one.faces[axis], periodic)
    return g, np.stack([lower.ravel(), upper.ravel()], 1), np.broadcast_to(weight.reshape(shape), area.shape).ravel()


def _weight(faces: Array, periodic: bool) -> Array:
    width = np.diff(faces)
    inner = width[1:] / (width[1:] + width[:-1])
    if periodic:
        wrap = width[0] / (width[0] + width[-1])
        return np.concatenate([[wrap], inner, [wrap]])
    return np.concatenate([[1.0], inner, [0.0]])


def _pull(volume: Array, conductance: Array, axis: int) -> float:
    n = volume.shape[axis]
    both = np.maximum(np.take(conductance, range(n), axis), np.take(conductance, range(1, n + 1), axis))
    return float(np.divide(both, volume, out=np.zeros_like(volume), where=volume > 0.0).max())


def _interpolation(
    levels: list[Level], parents: list[list[NDArray[np.int64]]]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Along each axis of each level the nearest and the next merged cell, and the share of the nearest."""
    near, far, share = [], [], []
    for fine, coarse, parent in zip(levels[:-1], levels[1:], parents, strict=True):
        for axis in range(3):
            x, big = (0.5 * (one.faces[axis][1:] + one.faces[axis][:-1]) for one in (fine, coarse))
            own = parent[axis]
            other = np.clip(own + np.where(x >= big[own], 1, -1), 0, big.size - 1)
            gap = big[other] - big[own]
            near.append(own)
            far.append(other)
            share.append(1.0 - np.divide(x - big[own], gap, out=np.zeros_like(x), where=gap != 0.0))
    last = [np.zeros(n, dtype=np.int64) for n in levels[-1].volume.shape]
    return (
        np.concatenate([*near, *last]),
        np.concatenate([*far, *last]),
        np.concatenate([*share, *(np.ones(x.size) for x in last)]),
    )

"""From a bath to the flat arrays of the kernels: cells and faces on all levels, patches, terminals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.diffusion import Diffusion
from simcell.numerics.grid import AXES, Array, Three
from simcell.numerics.multigrid import directions, joined, summed
from simcell.transport.bath import Bath
from simcell.transport.edges import corrections
from simcell.transport.kernels_patch import METAL, OUTFLOW, RESERVOIR
from simcell.transport.kinetics import FARADAY
from simcell.transport.packing import packed_reactions

Ints = NDArray[np.int64]
ORDER = (1, 2, 0)  # axes of the kernels: y, x, z
LAYER_PART, PLAN_PART = 0.25, 0.2  # of a cell that reacts at the surface: half of its half; see `bath`


def by_columns(values: NDArray[Any]) -> NDArray[Any]:
    """Flat array of (z, y, x), columns together: z runs fastest, then x.

    Examples
    --------
    >>> by_columns(np.arange(6.0).reshape(2, 1, 3))
    array([0., 3., 1., 4., 2., 5.])
    """
    return np.ascontiguousarray(np.transpose(values, ORDER)).ravel()


def grid_shaped(flat: NDArray[Any], shape: tuple[int, int, int]) -> NDArray[Any]:
    """Undo `by_columns`; leading axes stay.

    Examples
    --------
    >>> grid_shaped(by_columns(np.arange(6.0).reshape(2, 1, 3)), (2, 1, 3)).ravel()
    array([0., 1., 2., 3., 4., 5.])
    """
    nz, ny, nx = shape
    return np.moveaxis(flat.reshape(*flat.shape[:-1], ny, nx, nz), -1, -3)


@dataclass(eq=False)
class Layout:
    """What kernels need of a bath, and does not change.

    Examples
    --------
    >>> Layout.__dataclass_fields__["parent"].name
    'parent'
    """

    space: tuple  # shape, first cell, first face, volume, conductance, flow of all levels; charges, diffusivities
    parent: Ints
    weight: Array  # share of a cell in the volume of its parent
    patches: tuple  # cell, kind, terminal, conductance, area, composition outside, flow in
    ends: tuple  # film, capacity, guess for films, F, reactions, electrons
    scale: Array
    place: Ints  # column of each patch of a metal, for maps; -1 for others
    slot: Ints  # of all cells of all levels: number among those beside walls (all, where liquid reacts), -1
    joins: list[tuple[Ints, Ints]]  # for each level, slots of cells and of their parents
    part: Array  # of the cell's volume that belongs to each patch where liquid reacts


def layout_of(bath: Bath, edges: str) -> Layout:
    """Arrays of a bath; `edges` is ``plain`` or ``exact``.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> from simcell.transport.bath import Plate
    >>> from simcell.transport.electrode import strip
    >>> from simcell.transport.species import Ion, Surface
    >>> g = section([0.0, 1.0, 2.0], [0.0, 1.0])
    >>> salt = [Ion("Li+", 1, 1e-9), Ion("ClO4-", -1, 1.8e-9)]
    >>> one = [Plate(strip(g, "a", 0.0, 1.0), Surface())]
    >>> bath = Bath(g, salt, {"Li+": 1.0, "ClO4-": 1.0}, one, {"x+": {"Li+": 1.0, "ClO4-": 1.0}})
    >>> layout_of(bath, "plain").patches[0]
    array([0, 1])
    """
    grid, ions = bath.grid, [bath.ions[k] for k in bath.order]
    factor = [np.ones_like(a) for a in grid.area]
    floors = [np.ones(grid.shape[1:]) for _ in bath.live]
    if edges == "exact" and grid.kind != "plan" and grid.shape[0] > 1:
        change = corrections(grid, [p.place for p in bath.live], [0.0] * len(bath.live))
        factor, floors = [change.z, change.y, change.x], change.floor
    inner = [
        _closed(a * f / d, axis) for axis, (a, f, d) in enumerate(zip(grid.area, factor, grid.distance, strict=True))
    ]
    none = (np.zeros_like(grid.area[0]), np.zeros_like(grid.area[1]), np.zeros_like(grid.area[2]))
    space, parent, weight = _levels(Diffusion((inner[0], inner[1], inner[2]), grid.volume), bath.flow or none)
    z, d = np.array([float(i.charge) for i in ions]), np.array([i.diffusivity for i in ions])
    largest = bath.composition[bath.order].reshape(len(ions), -1).max(axis=1)
    largest = np.maximum(largest, [bath.scales.get(i.name, 0.0) for i in ions])
    for there in bath.reservoirs.values():
        largest = np.maximum(largest, [there[i.name] for i in ions])
    patches, place = _patches(bath, floors)
    surfaces = [plate.surface for plate in bath.live]
    names = [ion.name for ion in ions]
    kinetics = packed_reactions([s.reactions for s in surfaces], names, bath.volts)
    ends = (
        np.array([s.film / bath.volts for s in surfaces]), np.array([s.capacitance * bath.volts for s in surfaces]),
        np.zeros(len(surfaces)), FARADAY, kinetics, np.array([float(r.electrons) for r in bath.reactions]),
    )  # fmt: skip
    scale = np.where(largest > 0.0, largest, largest.max())
    slot, joins = _slots(space[1], parent, patches[0] if bath.bulk is None else np.arange(grid.volume.size))
    metal, cell = patches[1] == METAL, patches[0]
    floor = by_columns(np.broadcast_to(grid.area[0][0], grid.shape))[cell]
    part = np.where(metal, PLAN_PART if grid.kind == "plan" else LAYER_PART, 0.0) * patches[4] / floor
    part *= bath.bulk is not None
    return Layout((*space, z, d), parent, weight, patches, ends, scale, place, slot, joins, part)


def _slots(first: Ints, parent: Ints, beside: Ints) -> tuple[Ints, list[tuple[Ints, Ints]]]:
    """Number the cells beside walls on all levels."""
    slot, joins, count = np.full(first[-1], -1, dtype=np.int64), [], 0
    here = np.unique(beside)
    for level in range(first.size - 1):
        slot[here] = count + np.arange(here.size)
        count += here.size
        if level + 2 < first.size:
            up = np.unique(parent[here])
            joins.append((slot[here], count + np.searchsorted(up, parent[here])))
            here = up
    return slot, joins


def _closed(link: Array, axis: int) -> Array:
    ends: list[slice | list[int]] = [slice(None)] * 3
    ends[axis] = [0, -1]
    link[tuple(ends)] = 0.0
    return np.nan_to_num(link)


def _levels(part: Diffusion, flow: Three) -> tuple[tuple, Ints, Array]:
    parts, flows, parents, weights = [part], [flow], [], []
    first = 0
    while part.shape[1] * part.shape[2] > 1:
        half = directions(part)
        for axis in (2, 1):
            if half[axis - 1]:
                part = joined(part, axis)
        fine = parts[-1]
        k, j, i = np.indices(fine.shape)
        nz, _, nx = part.shape
        up = by_columns(((j >> half[0]) * nx + (i >> half[1])) * nz + k)
        first += fine.sink.size
        whole = by_columns(part.sink)[up]
        parents.append(up + first)
        weights.append(np.divide(by_columns(fine.sink), whole, out=np.zeros(up.size), where=whole > 0.0))
        flows.append(_joined_flow(flows[-1], half))
        parts.append(part)
    counts = np.array([[p.links[axis].size for axis in ORDER] for p in parts]).ravel()
    space = (
        np.array([[p.shape[axis] for axis in ORDER] for p in parts], dtype=np.int64),
        np.cumsum([0, *(p.sink.size for p in parts)]).astype(np.int64),
        (np.cumsum(counts) - counts).reshape(-1, 3).astype(np.int64),
        np.concatenate([by_columns(p.sink) for p in parts]),
        np.concatenate([by_columns(p.links[axis]) for p in parts for axis in ORDER]),
        np.concatenate([by_columns(three[axis]) for three in flows for axis in ORDER]),
    )
    last = [np.zeros(parts[-1].sink.size, dtype=np.int64)]
    return space, np.concatenate(parents + last), np.concatenate([*weights, np.zeros(parts[-1].sink.size)])


def _joined_flow(flow: Three, half: tuple[int, int]) -> Three:
    """Flow through the faces of merged cells."""
    answer = []
    for axis, q in enumerate(flow):
        if axis > 0 and half[axis - 1]:
            n = q.shape[axis] - 1
            q = np.take(q, [*range(0, n, 2), n], axis)
        answer.append(summed(np.ascontiguousarray(q), (half[0] if axis != 1 else 0, half[1] if axis != 2 else 0)))
    return answer[0], answer[1], answer[2]


def _patches(bath: Bath, floors: list[Array]) -> tuple[tuple, Ints]:
    grid, count = bath.grid, len(bath.ions)
    ny, nx = grid.shape[1:]
    index = grid_shaped(np.arange(grid.volume.size), grid.shape)
    rows: list[tuple] = []
    for t, plate in enumerate(bath.live):
        area = plate.place.cover * grid.area[0][0]
        if grid.kind == "plan":
            gap = np.divide(grid.volume[0], 3.0 * grid.area[0][0], out=np.ones((ny, nx)), where=grid.area[0][0] > 0.0)
        else:
            gap = grid.distance[0][0] * floors[t]
        for at in np.flatnonzero((area > 0.0) & grid.mask[0]):
            rows.append(
                (index[0].flat[at], METAL, t, area.flat[at] / gap.flat[at], area.flat[at], np.zeros(count), 0.0, at)
            )
    for axis, name in enumerate(AXES):
        for sign, end in (("-", 0), ("+", -1)):
            side = name + sign
            area, far = np.take(grid.area[axis], end, axis).ravel(), np.take(grid.distance[axis], end, axis).ravel()
            cells, wet = np.take(index, end, axis).ravel(), np.take(grid.mask, end, axis).ravel()
            flow = np.zeros(area.size)
            if bath.flow is not None:
                flow = np.take(bath.flow[axis], end, axis).ravel() * (1.0 if end == 0 else -1.0)
            if side in bath.reservoirs:
                t = bath.terminals.index(side)
                there = np.array([bath.reservoirs[side][bath.ions[k].name] for k in bath.order])
                for n in np.flatnonzero(wet & (area > 0.0)):
                    rows.append((cells[n], RESERVOIR, t, area[n] / far[n], area[n], there, flow[n], -1))
            else:
                for n in np.flatnonzero(wet & (flow < 0.0)):
                    rows.append((cells[n], OUTFLOW, -1, 0.0, area[n], np.zeros(count), flow[n], -1))
    columns = list(zip(*rows, strict=True))
    integers = [np.array(columns[n], dtype=np.int64) for n in (0, 1, 2)]
    numbers = [np.array(columns[n], dtype=float) for n in (3, 4, 5, 6)]
    return (*integers, *numbers), np.array(columns[7], dtype=np.int64)

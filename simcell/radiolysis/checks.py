"""What a run in space refuses before it starts, each with the number that is wrong."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.grid import AXES, Array, Grid, Three
from simcell.radiolysis.layout import SIDES
from simcell.radiolysis.neutral import check_neutral

CLOSED = 1e-9  # net flow into a cell over the largest flow through a face: what solvers of the flow leave


def check_problem(
    names: tuple[str, ...],
    diffusivity: Array,
    charge: Array,
    production: Array,
    footprint: Array,
    start: Array,
    grid: Grid,
    reservoirs: Mapping[str, Array],
    times: Array,
    flow: Three | None,
    switch: Array,
    scale: Array,
    pattern: NDArray[np.int64],
    source: Array | None,
) -> None:
    """Raise ValueError for the first thing that does not fit; arguments as in `integrate_field`.

    Examples
    --------
    >>> from simcell.numerics.grid import batch
    >>> one, box = np.ones(1), np.ones((1, 1, 1, 1))
    >>> check_problem(("A",), one, 0 * one, one, box, box, batch(), {}, one, None, np.array([0.0, 1.0]), one,
    ...               np.zeros(1, dtype=int), None)
    """
    n = len(names)
    for name, given, shape in (
        ("diffusivity", diffusivity, (n,)), ("charge", charge, (n,)), ("production", production, (n,)),
        ("start", start, (n, *grid.shape)), ("source", source, (n, *grid.shape)),
        *((f'reservoirs["{side}"]', c, (n,)) for side, c in reservoirs.items()),
    ):  # fmt: skip
        if given is not None and given.shape != shape:
            raise ValueError(f"{name} has shape {given.shape}; {shape} is needed for {n} species on {grid.shape} cells")
        if name != "diffusivity" and given is not None and not np.isfinite(given).all():
            raise ValueError(f"{name} holds a value that is not finite")
    for species, d in zip(names, diffusivity, strict=True):
        if not (np.isfinite(d) and d >= 0.0):
            raise ValueError(f"the diffusivity of {species} is {d:g} m^2/s; a run in space needs a number >= 0")
    if footprint.ndim != 4 or footprint.shape[1:] != grid.shape:
        raise ValueError(f"footprint has shape {footprint.shape}; (patterns, {', '.join(map(str, grid.shape))}) needed")
    if not (np.isfinite(footprint).all() and (footprint >= 0.0).all()):
        raise ValueError("footprint must be finite and not negative")
    _check_exposure(switch, scale, pattern, footprint.shape[0], times)
    for side in reservoirs:
        if side not in SIDES:
            raise ValueError(f'there is no side "{side}"; sides are {", ".join(SIDES)}')
        if grid.periodic[SIDES.index(side) // 2]:
            raise ValueError(f'side "{side}" has a reservoir, but the grid is periodic there')
    if charge.any():
        check_neutral(charge, start=start, production=production, source=source)
        for side, c in reservoirs.items():
            check_neutral(charge, **{f'reservoirs["{side}"]': c})
    if flow is not None:
        _check_flow(grid, flow, reservoirs)


def sided(grid: Grid, reservoirs: Mapping[str, Array], flow: Three | None) -> list[str]:
    """Sides through which something can pass.

    Examples
    --------
    >>> from simcell.numerics.grid import batch
    >>> sided(batch(), {"x+": np.ones(1)}, None)
    ['x+']
    """
    found = []
    for number, side in enumerate(SIDES):
        axis = number // 2
        end = -1 if number % 2 else 0
        flows = flow is not None and not grid.periodic[axis] and bool(np.take(flow[axis], end, axis).any())
        if side in reservoirs or flows:
            found.append(side)
    return found


def _check_exposure(switch: Array, scale: Array, pattern: NDArray[np.int64], patterns: int, times: Array) -> None:
    if switch.ndim != 1 or scale.shape != (switch.size - 1,) or pattern.shape != scale.shape:
        raise ValueError(f"exposure: {switch.size} switches need {switch.size - 1} scales and patterns")
    if not (np.diff(switch) > 0.0).all() or not (np.isfinite(scale).all() and (scale >= 0.0).all()):
        raise ValueError("exposure: switches must increase, scales must be finite and not negative")
    if pattern.size and not (pattern.min() >= 0 and pattern.max() < patterns):
        raise ValueError(f"exposure: pattern {pattern.max()} does not exist; the footprint has {patterns}, from 0 on")
    if times.size == 0 or not (np.diff(times) > 0.0).all() or times[0] < switch[0] or times[-1] > switch[-1]:
        raise ValueError(f"times must increase within the exposure, {switch[0]:g} to {switch[-1]:g} s")


def _check_flow(grid: Grid, flow: Three, reservoirs: Mapping[str, Array]) -> None:
    net = np.zeros(grid.shape)
    for axis, (q, area) in enumerate(zip(flow, grid.area, strict=True)):
        if q.shape != area.shape or not np.isfinite(q).all():
            raise ValueError(f"flow along {AXES[axis]} must be finite and of shape {area.shape}; it is {q.shape}")
        if (q[area == 0.0] != 0.0).any():
            raise ValueError(f"flow along {AXES[axis]} passes faces without area (walls or places without liquid)")
        ends = np.take(q, 0, axis), np.take(q, -1, axis)
        if grid.periodic[axis] and not np.allclose(ends[0], ends[1], rtol=CLOSED, atol=0.0):
            raise ValueError(f"the grid is periodic along {AXES[axis]}: the flow through both ends must be the same")
        net += np.diff(q, axis=axis)
        for sign, inward in (("-", ends[0]), ("+", -ends[1])):
            side = AXES[axis] + sign
            if not grid.periodic[axis] and side not in reservoirs and (inward > 0.0).any():
                raise ValueError(
                    f'{inward[inward > 0.0].sum():.3g} m^3/s flow in through side "{side}", which has no reservoir: '
                    "give the composition of what flows in"
                )
    largest = max(float(np.abs(q).max(initial=0.0)) for q in flow)
    worst = float(np.abs(net).max())
    if worst > CLOSED * largest:
        at = np.unravel_index(int(np.argmax(np.abs(net))), grid.shape)
        raise ValueError(
            f"the flow is not free of divergence: {worst:.3g} m^3/s vanish in cell {tuple(map(int, at))} (largest flow "
            f"through a face: {largest:.3g} m^3/s)"
        )

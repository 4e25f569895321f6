"""Designs solved as sections that resolve the height: the check on closed forms, and the answer where they end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.grid import full, graded
from simcell.studies.strip import Strip
from simcell.transport.current import distribute
from simcell.transport.designs import EDGE_SHARE
from simcell.transport.electrode import strip as band
from simcell.transport.kinetics import Law
from simcell.transport.reference import read

Array = NDArray[np.float64]
LAYERS = 8  # cells over the height: 0.1 % of the current with exact edges
AROUND = 10.0  # heights of free liquid beyond the electrodes
FINEST = 0.1  # of the height, or of a tenth of the width, at edges


def solve_sections(strip: Strip, shape: tuple[int, ...], progress: Callable[[float], None] | None) -> dict[str, Array]:
    """Edge factor and mean iR error of every design.

    Parameters
    ----------
    strip : Strip
        Its numbers may be arrays.
    shape : tuple of int
        That they broadcast to.
    progress : callable, optional

    Returns
    -------
    dict

    Examples
    --------
    >>> solve_sections.__name__
    'solve_sections'
    """
    names = ("width", "gap", "spacer", "current_density", "reference", "scale")
    table = [np.broadcast_to(np.asarray(getattr(strip, n), dtype=float), shape).ravel() for n in names]
    edge, error = np.empty(table[0].size), np.empty(table[0].size)
    for n, values in enumerate(zip(*table, strict=True)):
        edge[n], error[n] = _one(strip, **dict(zip(names, map(float, values), strict=True)))
        if progress is not None:
            progress((n + 1) / edge.size)
    return {"solved_edge_factor": edge.reshape(shape), "solved_ir_error": error.reshape(shape)}


def _one(
    strip: Strip, width: float, gap: float, spacer: float, current_density: float, reference: float, scale: float
) -> tuple[float, float]:
    height = spacer + float(np.interp(-0.5 * width, strip.along, strip.bulge))
    fine, free = FINEST * min(height, 0.1 * width), AROUND * height
    opposite = strip.sides == 1
    stop = gap + strip.counter_width + free if opposite else gap
    marks = {-width: fine, 0.0: fine} | ({gap: 10.0 * fine, gap + strip.counter_width: 10.0 * fine} if opposite else {})
    x = graded(-width - free if opposite else -width - gap, stop, marks, largest=0.05 * (width + gap))
    middle = 0.5 * (x[1:] + x[:-1])
    grid = full(x, [0.0, 1.0], spacer + np.interp(middle, strip.along, strip.bulge)[None, :], LAYERS)
    law: Law | None = strip.law if scale == 1.0 else _scaled(strip, scale)
    given = current_density or 1.0
    working = band(grid, "working", -width, 0.0, current=given * width, law=law, film=strip.film)
    if opposite:
        cell = [working, band(grid, "counter", gap, gap + strip.counter_width, 0.0)]
        answer = distribute(grid, strip.conductivity, cell)
    else:
        answer = distribute(grid, strip.conductivity, [working], {"x-": 0.0, "x+": 0.0})
    share = EDGE_SHARE * width
    first, _, last = answer.bins("working", [-width, share - width, -share, 0.0])
    place = reference if np.isfinite(reference) else -width - 0.5 * free
    error = 0.0
    if opposite and current_density:
        error = abs(read(answer, "working", "counter", (place, 0.5)).mean)
    elif current_density:
        error = abs(answer.liquid("working") - answer.potential[0, 0, -1])
    return max(first / given, last / given), error


def _scaled(strip: Strip, scale: float) -> Any:
    from dataclasses import replace

    law: Any = strip.law
    return replace(law, exchange=law.exchange * scale)

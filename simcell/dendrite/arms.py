"""How far apart the arms of a deposit stand, and all shape numbers of one picture together.

The spacing of arms is by the method of intercepts: along each line parallel to the electrode that passes the arms, the
length of the line over the number of pieces of metal that it meets; the mean over the lines (as secondary dendrite arm
spacings are read in metallography, M. C. Flemings, Solidification Processing, 1974).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from simcell.dendrite import shape
from simcell.dendrite.shape import Array

NAMES = (
    "tip_position", "tip_radius", "area", "perimeter", "roughness", "arm_spacing", "fractal_dimension",
    "isoperimetric_quotient", "coverage", "dead_fraction", "loose",
)  # fmt: skip
MIRROR = 6  # cells beyond the walls, which are mirrors, so that a tip at a wall is whole


def arm_spacing(field: ArrayLike, spacing: float, start: int = 0) -> float:
    """Mean distance [m] between arms that grow along x, over the columns from `start` to the farthest metal.

    Columns that are all metal or hold none do not count.

    Parameters
    ----------
    field : (ny, nx) array
        1 is metal.
    spacing : float
        Size of a cell [m].
    start : int
        First column.

    Returns
    -------
    float
        NaN where there are no arms.

    Examples
    --------
    >>> comb = np.zeros((40, 30))
    >>> comb[:, :5], comb[2::10, :] = 1.0, 1.0
    >>> arm_spacing(comb, 0.5), arm_spacing(np.zeros((4, 4)), 1.0)
    (5.0, nan)
    """
    metal = np.asarray(field, dtype=float)[:, start:] > 0.5
    starts = (metal[1:] & ~metal[:-1]).sum(axis=0) + metal[0]
    between = metal.any(axis=0) & ~metal.all(axis=0)
    if not between.any():
        return float("nan")
    return float(np.mean(metal.shape[0] * spacing / starts[between]))


def numbers(field: ArrayLike, spacing: float, front: float = 0.0, above: float = 0.0) -> dict[str, float]:
    """All shape numbers of a deposit that grows from the side x- of a picture along x.

    Parameters
    ----------
    field : (ny, nx) array
        1 is metal: a phase field or a segmented micrograph.
    spacing : float
        Size of a cell [m].
    front : float
        Where the bare electrode ends [m].
    above : float
        Height over the electrode from which on metal counts as deposit that covers it [m].

    Returns
    -------
    dict
        ``tip_position`` from the electrode [m], ``tip_radius`` [m] (NaN: flat or hollow), ``area`` of all metal
        [m^2], ``perimeter`` [m], ``roughness`` [m], ``arm_spacing`` [m] (NaN: no arms), ``fractal_dimension`` of
        the contour, ``isoperimetric_quotient`` of what stands over the electrode, ``coverage`` and
        ``dead_fraction``, and ``loose`` pieces.

    Raises
    ------
    ValueError
        If there is metal everywhere.

    Examples
    --------
    >>> y, x = np.mgrid[0:100, 0:120] + 0.5
    >>> found = numbers(np.clip(80.5 - x + 10.0 * np.cos(np.pi * y / 50.0), 0.0, 1.0), 1.0, front=70.0, above=5.0)
    >>> round(found["tip_position"]), round(found["roughness"], 1), found["dead_fraction"]
    (20, 7.1, 0.0)
    """
    xi = np.asarray(field, dtype=float)
    column = min(int((front + above) / spacing), xi.shape[1] - 1)
    if not (xi > 0.5).any():
        nothing = dict.fromkeys(NAMES, 0.0)
        return nothing | {"tip_radius": float("nan"), "arm_spacing": float("nan"), "area": shape.area(xi, spacing)}
    pieces = shape.pieces(xi)
    joined = np.where(pieces.dead, 0.0, xi) if pieces.joined.any() else xi
    tip, radius = _tip(np.pad(joined, ((MIRROR, MIRROR), (0, 0)), mode="symmetric"), spacing)
    edge = shape.contour(np.pad(xi, ((1, 1), (0, 0)), mode="symmetric"), spacing)
    return {
        "tip_position": tip - front,
        "tip_radius": radius,
        "area": shape.area(xi, spacing),
        "perimeter": shape.perimeter(np.pad(xi, ((1, 1), (0, 0)), mode="symmetric"), spacing),
        "roughness": shape.roughness(shape.heights(xi, spacing)),
        "arm_spacing": arm_spacing(xi, spacing, column),
        "fractal_dimension": _dimension(edge, xi.shape, spacing),
        "isoperimetric_quotient": shape.isoperimetric_quotient(np.pad(xi[:, int(front / spacing) :], 1), spacing),
        "coverage": float((xi[:, column] > 0.5).mean()),
        "dead_fraction": pieces.dead_fraction,
        "loose": float(pieces.loose),
    }


def _tip(field: Array, spacing: float) -> tuple[float, float]:
    """Position and radius of the tip [m]; NaN for the radius where it is flat, hollow, or only a few cells large."""
    try:
        found = shape.tip(field, spacing)
    except ValueError:
        points = shape.contour(field, spacing).reshape(-1, 2)
        if not len(points):
            raise
        return float(points[:, 0].max()), float("nan")
    return found.x, found.radius if 0.0 < found.radius < np.inf else float("nan")


def _dimension(edge: Array, cells: tuple[int, int], spacing: float) -> float:
    """Box dimension of the contour, from the cells that it passes through, boxes of 1 to an eighth of the picture."""
    ny, nx = cells
    middle = edge.mean(axis=1) / spacing - np.array([0.0, 1.0])  # the mirror row of `numbers`
    i, j = (np.clip(middle[:, k].astype(int), 0, n - 1) for k, n in ((0, nx), (1, ny)))
    on = np.zeros(cells, dtype=bool)
    on[j, i] = True
    sizes = tuple(2**k for k in range(12) if 2**k <= max(4, min(cells) // 8))
    return shape.box_dimension(on, sizes)

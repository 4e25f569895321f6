r"""Which part of each column of a grid lies inside an outline, exactly.

The area of a polygon to the left of X and below Y is a sum over its sides,

.. math:: S(X, Y) = -\oint_{x \le X} \min(y, Y)\, dx ,

because :math:`-\oint y\,dx` is the area of any closed curve, and the cut along X adds nothing. Each side gives a closed
form. The area inside a rectangle is the mixed difference of S over its corners, for polygons of any shape as long as
their sides do not cross.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from simcell.numerics.grid import Array, Grid


def covered(grid: Grid, polygon: ArrayLike) -> Array:
    """Fraction of each column (y, x) that a polygon covers.

    Parameters
    ----------
    grid : Grid
    polygon : (n, 2) array
        Corners x, y [m], in order; the last is joined to the first.

    Returns
    -------
    (ny, nx) array
        Exact, 0 to 1.

    Raises
    ------
    ValueError
        If the polygon has no area, crosses itself or reaches beyond the grid.

    Examples
    --------
    >>> from simcell.numerics.grid import plan
    >>> covered(plan([0.0, 1.0, 2.0], [0.0, 1.0], 1.0), [[0.5, 0.0], [1.5, 0.0], [1.5, 1.0]])
    array([[0.125, 0.375]])
    """
    points = np.asarray(polygon, dtype=float)
    y, x = grid.faces[1], grid.faces[2]
    if points.ndim != 2 or points.shape[0] < 3 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError("an outline needs three or more corners (x, y)")
    if crosses(points):
        raise ValueError("the sides of the outline cross one another")
    area = _area(points)
    slack = 1e-9 * (x[-1] - x[0] + y[-1] - y[0])
    for name, values, faces in (("x", points[:, 0], x), ("y", points[:, 1], y)):
        if values.min() < faces[0] - slack or values.max() > faces[-1] + slack:
            raise ValueError(
                f"the outline reaches from {name} = {values.min():.6g} m to {values.max():.6g} m, "
                f"beyond the grid from {faces[0]:.6g} m to {faces[-1]:.6g} m"
            )
    if abs(area) <= slack**2:
        raise ValueError("the outline has no area")
    total = np.zeros((y.size, x.size))
    for (xa, ya), (xb, yb) in zip(points, np.roll(points, -1, axis=0), strict=True):
        total -= _under(xa, ya - y[0], xb, yb - y[0], x[None, :], y[:, None] - y[0])
    inside = np.diff(np.diff(total, axis=0), axis=1) * np.sign(area)
    fraction = inside / (np.diff(y)[:, None] * np.diff(x)[None, :])
    fraction[np.abs(fraction) < 1e-12] = 0.0  # differences of sums: below this is rounding
    fraction[np.abs(fraction - 1.0) < 1e-12] = 1.0
    return fraction


def _area(points: Array) -> float:
    x, y = points.T
    return float(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def _under(xa: float, ya: float, xb: float, yb: float, x: Array, y: Array) -> Array:
    """Integral of min(y', y) dx' along a side from a to b, as far as x' <= x."""
    if xa == xb:
        return np.zeros(np.broadcast_shapes(x.shape, y.shape))
    if xb < xa:
        return -_under(xb, yb, xa, ya, x, y)
    length = np.clip(x - xa, 0.0, xb - xa)
    end = ya + (yb - ya) * length / (xb - xa)
    over_a, over_b = np.maximum(y - ya, 0.0), np.maximum(y - end, 0.0)
    rise = end - ya
    flat = np.abs(rise) <= 1e-14 * (np.abs(end) + np.abs(ya))
    mean = np.where(flat, 0.5 * (over_a + over_b), (over_a**2 - over_b**2) / np.where(flat, 1.0, 2.0 * rise))
    return length * (y - mean)


def crosses(points: Array) -> bool:
    """Whether two sides of a polygon cross.

    Examples
    --------
    >>> crosses(np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    True
    """
    after = np.roll(points, -1, axis=0)
    return any(_meet(points[i], after[i], points[j], after[j]) for i, j in combinations(range(points.shape[0]), 2))


def _meet(a: Array, b: Array, c: Array, d: Array) -> bool:
    def turn(p: Array, q: Array, r: Array) -> float:
        return float((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    return turn(a, b, c) * turn(a, b, d) < 0.0 and turn(c, d, a) * turn(c, d, b) < 0.0

"""How outlines seen from above lie to one another: apart, how far; touching; overlapping.

An outline is an (n, 2) array of corners x, y [m] in order, closed by itself. Two outlines overlap if sides cross, or a
point of one lies inside the other. Otherwise the distance between them is the least from a corner of one to a side of
the other. Cost: corners of one times corners of the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

TOUCHING = 1e-12  # m: no electrodes are drawn closer on purpose


def area_of(outline: ArrayLike) -> float:
    """Area [m^2], positive whichever way round the corners go.

    Examples
    --------
    >>> area_of([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]])
    2.0
    """
    x, y = np.asarray(outline, dtype=float).T
    return float(abs(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)))


def narrowest(outline: ArrayLike) -> float:
    """About the least width of an outline [m]: twice its area over half its circumference, at most its bounding box.

    Exact for rectangles; a scale for other shapes.

    Examples
    --------
    >>> narrowest([[0.0, 0.0], [20.0, 0.0], [20.0, 1.0], [0.0, 1.0]])
    1.0
    """
    points = np.asarray(outline, dtype=float)
    around = float(np.hypot(*(np.roll(points, -1, axis=0) - points).T).sum())
    box = float(np.ptp(points, axis=0).min())
    half = 0.25 * around
    # a rectangle of the same area and circumference: its short side
    under = max(half**2 - area_of(points), 0.0)
    return min(box, float(half - np.sqrt(under)))


def inside(points: ArrayLike, outline: ArrayLike) -> NDArray[np.bool_]:
    """Whether points (m, 2) lie inside an outline; on a side or within 1e-12 m of it they do not.

    Examples
    --------
    >>> inside([[0.5, 0.5], [1.0, 0.5], [2.0, 0.5]], [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    array([ True, False, False])
    """
    p, a = np.atleast_2d(np.asarray(points, dtype=float)), np.asarray(outline, dtype=float)
    b = np.roll(a, -1, axis=0)
    x, y = p[:, :1], p[:, 1:]
    spans = (a[:, 1] > y) != (b[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    odd = (spans & (x < at)).sum(axis=1) % 2 == 1
    return np.asarray(odd & (_to_sides(p, a).min(axis=1) > TOUCHING))


def overlap(one: ArrayLike, other: ArrayLike) -> bool:
    """Whether two outlines have area in common.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> overlap(square, square + 0.5), overlap(square, square + [1.0, 0.0]), overlap(square, square)
    (True, False, True)
    """
    a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if np.any(a.max(axis=0) <= b.min(axis=0)) or np.any(b.max(axis=0) <= a.min(axis=0)):
        return False
    return bool(_crossing(a, b) or inside(_samples(a), b).any() or inside(_samples(b), a).any())


def distance(one: ArrayLike, other: ArrayLike) -> float:
    """Least distance between two outlines that do not overlap [m].

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> distance(square, square + [3.0, 0.0])
    2.0
    """
    a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    return float(min(_to_sides(a, b).min(), _to_sides(b, a).min()))


def clipped(outline: ArrayLike, low: ArrayLike, high: ArrayLike) -> Array:
    """The part of an outline inside the box from corner `low` to corner `high`; (0, 2) if none.

    One side of the box after the other cuts it (I. E. Sutherland, G. W. Hodgman, Commun. ACM 17 (1974) 32). Pieces of
    an outline that the box cuts in two stay joined along its sides, by bridges without area.

    Examples
    --------
    >>> clipped([[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [0.0, 1.0]], [1.0, -1.0], [3.0, 9.0]).tolist()
    [[1.0, 0.0], [3.0, 0.0], [3.0, 1.0], [1.0, 1.0]]
    """
    points = [tuple(p) for p in np.asarray(outline, dtype=float)]
    for axis in (0, 1):
        for bound, sign in ((np.asarray(low)[axis], 1.0), (np.asarray(high)[axis], -1.0)):
            kept = []
            for a, b in zip(points, points[1:] + points[:1], strict=True):
                depth_a, depth_b = sign * (a[axis] - bound), sign * (b[axis] - bound)
                if depth_a >= 0.0:
                    kept.append(a)
                if depth_a * depth_b < 0.0:
                    share = depth_a / (depth_a - depth_b)
                    cut = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]
                    cut[axis] = float(bound)
                    kept.append((cut[0], cut[1]))
            points = kept
    found = np.array(points, dtype=float).reshape(-1, 2)
    if len(found) == 0:
        return found
    found = found[np.abs(found - np.roll(found, 1, axis=0)).max(axis=1) > TOUCHING]
    return found if len(found) >= 3 and area_of(found) > 0.0 else np.zeros((0, 2))


def _to_sides(points: Array, outline: Array) -> Array:
    """Distances from points (m) to sides (n) of an outline."""
    a = outline
    along = np.roll(a, -1, axis=0) - a
    length = (along**2).sum(axis=1)
    towards = points[:, None, :] - a[None, :, :]
    share = np.clip((towards * along).sum(axis=2) / np.where(length > 0.0, length, 1.0), 0.0, 1.0)
    return np.asarray(np.hypot(*np.moveaxis(towards - share[:, :, None] * along, 2, 0)))


def _crossing(a: Array, b: Array) -> bool:
    """Whether a side of one runs through a side of the other, not only up to it."""

    def turn(p: Array, q: Array, r: Array) -> Array:
        u, v = q - p, r - p
        size = np.hypot(u[..., 0], u[..., 1]) + 1e-300
        side = (u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]) / size  # distance of r from the line
        return np.where(np.abs(side) <= TOUCHING, 0.0, side)

    p, q = a[:, None, :], np.roll(a, -1, axis=0)[:, None, :]
    r, s = b[None, :, :], np.roll(b, -1, axis=0)[None, :, :]
    return bool(((turn(p, q, r) * turn(p, q, s) < 0.0) & (turn(r, s, p) * turn(r, s, q) < 0.0)).any())


def _samples(a: Array) -> Array:
    """Corners, middles of the sides, and a point inside: of outlines with no crossing sides one of them tells."""
    after = np.roll(a, -1, axis=0)
    middle, along = 0.5 * (a + after), after - a
    size = np.hypot(along[:, 0], along[:, 1])
    inward = np.column_stack([-along[:, 1], along[:, 0]]) / np.where(size > 0.0, size, 1.0)[:, None]
    turning = np.sign(np.sum(a[:, 0] * after[:, 1] - after[:, 0] * a[:, 1]))
    step = 1e-3 * float(np.ptp(a, axis=0).min())
    return np.concatenate([a, middle, middle + turning * step * inward])

r"""Shape in numbers, for phase fields and for segmented micrographs (1 = metal) alike.

Arrays are (ny, nx) with square cells of the size `spacing`; the contour is where the value is 1/2, which is linear
between
the centres of cells. A picture of zeros and ones works too, with the accuracy of its pixels. Connected means: joined
through sides, not corners. Sources with each function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
SIDES: dict[str, tuple[slice | int, slice | int]] = {
    "x-": (slice(None), 0),
    "x+": (slice(None), -1),
    "y-": (0, slice(None)),
    "y+": (-1, slice(None)),
}


def area(field: ArrayLike, spacing: float) -> float:
    """Area of the metal [m^2], sum of the values.

    Examples
    --------
    >>> area([[1.0, 0.5], [0.0, 0.0]], 2.0)
    6.0
    """
    return float(np.asarray(field, dtype=float).sum()) * spacing**2


def contour(field: ArrayLike, spacing: float) -> Array:
    """Segments (n, 2, 2) of the contour at 1/2: start and end, each (x, y) [m], by marching squares.

    Cells count from their centres at (i + 1/2) spacing; the contour ends half a cell before the edge of the picture.
    Of two
    ways through a saddle the one that separates the metal is taken. W. E. Lorensen and H. E. Cline, Comput. Graph. 21
    (1987) 163, in two dimensions.

    Examples
    --------
    >>> contour([[0.0, 1.0], [0.0, 1.0]], 1.0)
    array([[[1. , 0.5],
            [1. , 1.5]]])
    """
    f = np.asarray(field, dtype=float) - 0.5
    f = np.where(f == 0.0, 1e-15, f)  # a value of exactly 1/2 counts as metal
    corner = [f[:-1, :-1], f[:-1, 1:], f[1:, 1:], f[1:, :-1]]  # around the square between four centres
    at = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    points, crossed = [], []
    for k in range(4):
        a, b = corner[k], corner[(k + 1) % 4]
        cross = (a > 0.0) != (b > 0.0)
        share = np.divide(a, a - b, out=np.zeros_like(a), where=cross)
        (x0, y0), (x1, y1) = at[k], at[(k + 1) % 4]
        points.append(np.stack([x0 + share * (x1 - x0), y0 + share * (y1 - y0)], axis=-1))
        crossed.append(cross)
    number = np.sum(crossed, axis=0)
    pieces = []
    for k in range(4):
        for m in range(k + 1, 4):
            pieces.append((crossed[k] & crossed[m] & (number == 2), k, m))
    first = corner[0] > 0.0  # saddles: cut off the corners that are metal
    for chosen, pairs in ((first, ((3, 0), (1, 2))), (~first, ((0, 1), (2, 3)))):
        pieces += [((number == 4) & chosen, k, m) for k, m in pairs]
    found = []
    for where, k, m in pieces:
        j, i = np.nonzero(where)
        offset = np.stack([i, j], axis=-1) + 0.5
        found.append(np.stack([points[k][where] + offset, points[m][where] + offset], axis=1))
    return np.concatenate(found) * spacing


def perimeter(field: ArrayLike, spacing: float) -> float:
    """Length of the contour [m]; edges of the picture do not count.

    Examples
    --------
    >>> y, x = np.mgrid[0:60, 0:60] + 0.5
    >>> disc = np.clip(20.5 - np.hypot(x - 30.0, y - 30.0), 0.0, 1.0)
    >>> round(perimeter(disc, 1.0) / (2.0 * np.pi * 20.0), 2)
    1.0
    """
    segments = contour(field, spacing)
    return float(np.sqrt(np.square(segments[:, 1] - segments[:, 0]).sum(axis=1)).sum())


def isoperimetric_quotient(field: ArrayLike, spacing: float) -> float:
    """4 pi area / perimeter^2: 1 for a disc, pi/4 for a square, small for branches; 0 without metal.

    Examples
    --------
    >>> square = np.zeros((220, 220))
    >>> square[10:210, 10:210] = 1.0
    >>> round(isoperimetric_quotient(square, 1.0) / (np.pi / 4.0), 2)
    1.0
    """
    around = perimeter(field, spacing)
    return float(4.0 * np.pi * area(field, spacing) / around**2) if around > 0.0 else 0.0


def coverage(field: ArrayLike, side: str = "x-") -> float:
    """Share of an edge of the picture that lies on metal.

    Examples
    --------
    >>> coverage([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    0.75
    """
    return float((np.asarray(field)[SIDES[side]] > 0.5).mean())


@dataclass(frozen=True, eq=False)
class Pieces:
    """Metal joined to the collector, and the rest: masks, number of loose pieces, share of the metal that is dead.

    Examples
    --------
    >>> pieces([[1.0, 0.0, 1.0]]).dead_fraction
    0.5
    """

    joined: Bools
    dead: Bools
    loose: int
    dead_fraction: float


def pieces(field: ArrayLike, collector: tuple[str, ...] = ("x-",)) -> Pieces:
    """Tell metal that reaches a collector side through metal from dead metal (4-connected above 1/2).

    Parameters
    ----------
    field : (ny, nx) array
    collector : tuple of sides

    Returns
    -------
    Pieces

    Examples
    --------
    >>> field = np.array([[1.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]])  # corners do not conduct
    >>> pieces(field).loose, pieces(field, ("x-", "x+")).loose
    (2, 1)
    """
    xi = np.asarray(field, dtype=float)
    label, number = ndimage.label(xi > 0.5)
    touching = np.unique(np.concatenate([label[SIDES[side]] for side in collector]))
    joined = np.isin(label, touching[touching > 0])
    dead = (label > 0) & ~joined
    total = float(xi[label > 0].sum())
    share = float(xi[dead].sum()) / total if total > 0.0 else 0.0
    return Pieces(joined, dead, number - int((touching > 0).sum()), share)


@dataclass(frozen=True)
class Tip:
    """Foremost point (x, y) [m], unit direction of growth, radius of curvature [m] (inf: flat, < 0: hollow).

    Examples
    --------
    >>> Tip(1.0, 2.0, 1.0, 0.0, 0.5).radius
    0.5
    """

    x: float
    y: float
    direction_x: float
    direction_y: float
    radius: float

    def ahead_of(self, other: Tip) -> float:
        """How far this tip lies beyond another along its own direction [m]; per time: its velocity."""
        return (self.x - other.x) * self.direction_x + (self.y - other.y) * self.direction_y


def tip(field: ArrayLike, spacing: float, direction: tuple[float, float] = (1.0, 0.0), reach: float = 3.0) -> Tip:
    """Tip of the metal that has gone farthest in a direction, at any angle to the grid.

    A parabola is put through the contour within a radius `reach` of the foremost point by least squares, in the frame
    of the
    direction; its vertex is the tip and its curvature that of the tip. It repeats once in the frame of the normal
    found there, so that a needle at an angle is measured along itself.

    Parameters
    ----------
    field : (ny, nx) array
    spacing : float
        Size of a cell [m].
    direction : (x, y)
        Rough direction of growth.
    reach : float
        How far from the foremost point the contour is used [cells]; well below the radius, above 2.

    Returns
    -------
    Tip

    Raises
    ------
    ValueError
        If there is no contour, or too little of it near the tip.

    Examples
    --------
    >>> y, x = np.mgrid[0:80, 0:80] + 0.5
    >>> needle = np.clip(0.5 + (60.0 - (y - 40.3) ** 2 / 20.0 - x) / 2.0, 0.0, 1.0)  # R = 10
    >>> found = tip(needle, 1.0)
    >>> round(found.x, 2), round(found.y, 1), round(found.radius, 1)
    (60.0, 40.3, 10.0)
    """
    points = contour(field, spacing).reshape(-1, 2)
    if not len(points):
        raise ValueError("there is no contour at 1/2, hence no tip")
    d = np.asarray(direction, dtype=float) / np.hypot(*direction)
    near = points[np.argmax(points @ d)]
    vertex, curvature = near, 0.0
    for _ in range(4):
        around = points[np.square(points - near).sum(axis=1) <= (reach * spacing) ** 2]
        if len(around) < 6:
            raise ValueError(
                f"only {len(around)} points of the contour within {reach:g} cells of the tip; 6 are needed"
            )
        across = np.array([-d[1], d[0]])
        s, h = (around - near) @ across, (around - near) @ d
        c2, c1, c0 = np.polyfit(s / spacing, h / spacing, 2)
        # where the normal of the parabola has the direction of growth: slope 0
        curvature = -2.0 * c2 / spacing
        at = float(np.clip(-0.5 * c1 / c2, -reach, reach)) if abs(c2) > 1e-12 else 0.0
        vertex = near + spacing * (at * across + (c0 + c1 * at + c2 * at * at) * d)
        near = vertex
    radius = 1.0 / curvature if abs(curvature) > 1e-9 / spacing else np.inf
    return Tip(float(vertex[0]), float(vertex[1]), float(d[0]), float(d[1]), float(radius))


def heights(field: ArrayLike, spacing: float) -> Array:
    """Metal in each row, as a length along x [m]: the height of a front that has no overhangs.

    Examples
    --------
    >>> heights([[1.0, 1.0, 0.25], [1.0, 0.0, 0.0]], 2.0)
    array([4.5, 2. ])
    """
    return np.asarray(np.asarray(field, dtype=float).sum(axis=1) * spacing)


def roughness(height: ArrayLike) -> float:
    """Root mean square deviation from the mean height, in the unit given.

    Examples
    --------
    >>> round(roughness(np.cos(np.arange(100) * 2.0 * np.pi / 100.0)), 9)
    0.707106781
    """
    h = np.asarray(height, dtype=float)
    return float(np.sqrt(np.mean(np.square(h - h.mean()))))


def roughness_spectrum(height: ArrayLike, spacing: float) -> tuple[Array, Array]:
    """Wavelengths [m] and power [m^2] of a periodic height, without its mean; the powers add up to roughness^2.

    Examples
    --------
    >>> wave = 3.0 * np.cos(np.arange(64) * 2.0 * np.pi * 4.0 / 64.0)
    >>> length, power = roughness_spectrum(wave, 0.5)
    >>> float(length[np.argmax(power)]), round(float(power.sum()), 9)
    (8.0, 4.5)
    """
    h = np.asarray(height, dtype=float)
    n = h.size
    power = np.square(np.abs(np.fft.rfft(h - h.mean()) / n))
    power[1 : (n + 1) // 2] *= 2.0
    return n * spacing / np.arange(1, power.size), power[1:]


def box_dimension(mask: ArrayLike, sizes: tuple[int, ...] = (1, 2, 4, 8, 16), ratio: int | None = None) -> float:
    """Fractal dimension by counting boxes: slope of log(number) against log(1/size), least squares.

    K. Falconer, Fractal Geometry, section 2.1. Give sizes that divide the picture (others are padded); for a set built
    with the factor 3 give powers of 3.

    Parameters
    ----------
    mask : (ny, nx) array
        True where the set is.
    sizes : tuple of int
        Sides of the boxes [cells].
    ratio : int, optional
        Instead of sizes: powers of it up to a quarter of the picture.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For an empty set or fewer than two sizes.

    Examples
    --------
    >>> box_dimension(np.ones((64, 64))), box_dimension(np.eye(64))
    (2.0, 1.0)
    """
    on = np.asarray(mask, dtype=float) > 0.5
    if ratio is not None:
        sizes = tuple(ratio**k for k in range(20) if ratio**k <= max(on.shape) // 4)
    if len(sizes) < 2 or not on.any():
        raise ValueError(f"the dimension of {int(on.sum())} cells from {len(sizes)} sizes: needs some, and two sizes")
    counts = []
    for size in sizes:
        ny, nx = (-(-n // size) for n in on.shape)
        padded = np.zeros((ny * size, nx * size), dtype=bool)
        padded[: on.shape[0], : on.shape[1]] = on
        counts.append(padded.reshape(ny, size, nx, size).any(axis=(1, 3)).sum())
    slope = np.polyfit(-np.log(sizes), np.log(counts), 1)[0]
    return round(float(slope), 12)


def spans(field: ArrayLike, start: str = "x-", end: str = "x+") -> bool:
    """Whether metal connects two edges of the picture: the short circuit.

    Examples
    --------
    >>> spans([[1.0, 1.0, 1.0]]), spans([[1.0, 0.0, 1.0]])
    (True, False)
    """
    label, _ = ndimage.label(np.asarray(field) > 0.5)
    both = np.intersect1d(label[SIDES[start]], label[SIDES[end]])
    return bool((both > 0).any())

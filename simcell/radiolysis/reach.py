r"""How far the beam's chemistry reaches: the distance at which what the beam adds or takes has fallen to a tenth.

Definitions. The beam is where the dose rate is at least half its maximum; its outline lies where the dose rate,
interpolated linearly between neighbouring cells, passes that half. The distance of a cell is measured to the nearest
point of the outline, along the windows, negative inside. The change of a species is

.. math:: \Delta(d) = \overline{c}(d) - c_\text{before}

averaged over the thickness of the liquid and over the volume of all cells at about the same distance: over rings around
a round beam in `plan` and `full`, over nothing in `radial`; in `section` the side on which it reaches farther counts.
The reach is the largest d at which :math:`|\Delta|` is still a share (0.1) of its largest value inside the beam,
interpolated between the logarithms at neighbouring distances (exact for an exponential decay).

What this means: a beam of any shape, and several beams, have one reach, the distance from the nearest one. The average
over rings tells nothing of direction: with flow, the tail downstream is thinned by the clean liquid upstream. A species
that outlives the grid has no reach in it: NaN. One that the beam does not change has the reach 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]

SHARE = 0.1
LEAST = 1e-12  # mol/m^3; one molecule in a cubic micrometre is 1.7e-12, so a smaller change has no meaning


def outline(dose_rate: ArrayLike, y: ArrayLike, x: ArrayLike) -> Array:
    """Points (m, 2) as y, x [m] where the dose rate passes half its maximum between two neighbouring cells.

    Parameters
    ----------
    dose_rate : (ny, nx) array
        [Gy/s]
    y, x : arrays
        Cell centres [m].

    Returns
    -------
    (m, 2) array
        Empty where the beam covers the whole grid, or there is none.

    Examples
    --------
    >>> outline([[1.0, 1.0, 0.0]], [0.0], [1.0, 2.0, 3.0])
    array([[0. , 2.5]])
    """
    dose = np.asarray(dose_rate, float)
    y, x = np.asarray(y, float), np.asarray(x, float)
    above = dose - 0.5 * dose.max()
    points = []
    for axis in (0, 1):
        low, high = np.take(above, range(dose.shape[axis] - 1), axis), np.take(above, range(1, dose.shape[axis]), axis)
        row, column = np.nonzero((low >= 0.0) != (high >= 0.0))
        at = low[row, column] / (low[row, column] - high[row, column])
        if axis == 0:
            points.append(np.stack([y[row] + at * (y[row + 1] - y[row]), x[column]], axis=1))
        else:
            points.append(np.stack([y[row], x[column] + at * (x[column + 1] - x[column])], axis=1))
    return np.concatenate(points)


def beam_distance(dose_rate: ArrayLike, y: ArrayLike, x: ArrayLike) -> Array:
    """Distance of each cell from the outline of the beam along the windows [m]; negative inside.

    Parameters
    ----------
    dose_rate : (ny, nx) array
        [Gy/s]; ny is 1 for `radial` (x is then the radius) and `section`.
    y, x : arrays
        Cell centres [m].

    Returns
    -------
    (ny, nx) array
        -inf everywhere for a beam that covers the grid, +inf for none.

    Examples
    --------
    >>> beam_distance([[1.0, 1.0, 0.0, 0.0]], [0.0], [1.0, 2.0, 3.0, 5.0])
    array([[-1.5, -0.5,  0.5,  2.5]])
    """
    dose = np.asarray(dose_rate, float)
    if not np.isfinite(dose).all() or dose.min() < 0.0:
        raise ValueError("the dose rate must be finite and not negative everywhere")
    if dose.max() == 0.0:
        return np.full(dose.shape, np.inf)
    inside = dose >= 0.5 * dose.max()
    edge = outline(dose, y, x)
    if not edge.size:
        return np.full(dose.shape, -np.inf)
    cells = np.stack(np.meshgrid(np.asarray(y, float), np.asarray(x, float), indexing="ij"), axis=-1)
    away = np.asarray(cKDTree(edge).query(cells.reshape(-1, 2))[0]).reshape(dose.shape)
    return np.where(inside, -away, away)


def distance_profile(values: ArrayLike, volume: ArrayLike, distance: ArrayLike) -> tuple[Array, Array]:
    """Average what lies at about the same distance from the beam.

    Along one line of cells only those at the same distance on both sides fall together. In a plane a bin holds as many
    cells as a ring one cell wide around all that are nearer, and none from both inside and outside the beam.

    Parameters
    ----------
    values : (..., nz, ny, nx) array
    volume : (nz, ny, nx) array
        Volume of liquid in each cell [m^3]; cells without any do not count.
    distance : (ny, nx) array
        From `beam_distance` [m].

    Returns
    -------
    (m,) array
        Mean distance of each bin, increasing [m].
    (..., m) array

    Examples
    --------
    >>> d, mean = distance_profile([[[5.0, 3.0, 1.0]]], np.ones((1, 1, 3)), [[-1.0, 1.0, 3.0]])
    >>> d, mean
    (array([-1.,  1.,  3.]), array([5., 3., 1.]))
    """
    values, volume = np.asarray(values, float), np.asarray(volume, float)
    columns, distance = volume.sum(axis=0), np.asarray(distance, float)
    wet = np.flatnonzero((columns > 0.0).ravel() & np.isfinite(distance).ravel())
    order = wet[np.argsort(distance.ravel()[wet], kind="stable")]
    d, weight = distance.ravel()[order], columns.ravel()[order]
    mean = (values * volume).sum(axis=-3) / np.where(columns > 0.0, columns, 1.0)  # over the thickness
    flat = mean.reshape(*mean.shape[:-2], -1)[..., order]
    first = _bins(d, distance.shape)
    total = np.add.reduceat(weight, first)
    return np.add.reduceat(d * weight, first) / total, np.add.reduceat(flat * weight, first, axis=-1) / total


def crossing(distance: Array, change: Array, share: float = SHARE, least: float = LEAST) -> Array:
    """Largest distance at which the change is still a share of its largest value inside the beam.

    Parameters
    ----------
    distance : (m,) array
        From the outline, increasing; negative inside [m].
    change : (..., m) array
        What the beam adds (positive) or takes [mol/m^3].
    share : float
    least : float
        A smaller change at the beam counts as none [mol/m^3].

    Returns
    -------
    (...) array
        [m]; NaN beyond the last distance, 0 without a change or where it falls off inside the beam.

    Examples
    --------
    >>> r = np.linspace(-1.0, 20.0, 43)
    >>> bool(abs(crossing(r, np.exp(-np.maximum(r, 0.0) / 2.0)) - 2.0 * np.log(10.0)) < 1e-12)
    True
    """
    size = np.abs(np.atleast_2d(np.asarray(change, float)))
    inside = distance < 0.0
    if not inside.any():
        return np.zeros(np.shape(change)[:-1])
    ratio = size.reshape(-1, distance.size) / np.maximum(size[..., inside].max(axis=-1), 1e-300).reshape(-1, 1)
    found = np.zeros(len(ratio))
    for i, (row, peak) in enumerate(zip(ratio, size[..., inside].max(axis=-1).ravel(), strict=True)):
        if peak < least:
            continue
        last = int(np.flatnonzero(row >= share)[-1])
        if last == distance.size - 1:
            found[i] = np.nan
            continue
        # log-linear between the two; where nothing is left of the change, its share cannot be a logarithm
        upper, lower = np.log(row[last] / share), np.log(max(row[last + 1], 1e-6 * share) / share)
        found[i] = max(0.0, distance[last] + (distance[last + 1] - distance[last]) * upper / (upper - lower))
    return found.reshape(np.shape(change)[:-1])


def reach(
    concentration: ArrayLike,
    before: ArrayLike,
    volume: ArrayLike,
    dose_rate: ArrayLike,
    y: ArrayLike,
    x: ArrayLike,
    *,
    share: float = SHARE,
    least: float = LEAST,
) -> Array:
    """Reach of each species: distance from the beam at which its change has fallen to a tenth (see the module).

    Parameters
    ----------
    concentration : (..., n, nz, ny, nx) array
        [mol/m^3]
    before : (n,) array
        Without the beam, as at the start or far away [mol/m^3].
    volume : (nz, ny, nx) array
        Of liquid in each cell [m^3].
    dose_rate : (ny, nx) array
        [Gy/s]; only its shape counts, so a relative one will do.
    y, x : arrays
        Cell centres [m]; `radial`: x is the radius and y one number.
    share : float
        0.1 for a tenth.
    least : float
        A smaller change at the beam counts as none [mol/m^3].

    Returns
    -------
    (..., n) array
        [m]; NaN beyond the grid (or where the beam covers it), 0 where the beam changes nothing.

    Raises
    ------
    ValueError
        For shapes that do not fit one another, or a share outside 0..1.

    Examples
    --------
    >>> x = np.linspace(5e-9, 9.995e-6, 1000)
    >>> c = np.where(x < 1e-6, 1.0, np.exp(-(x - 1e-6) / 1e-7))[None, None, None, :]
    >>> reach(c, [0.0], np.ones((1, 1, 1000)), [x < 1e-6], [0.0], x).round(9)
    array([2.3e-07])
    """
    c, start = np.asarray(concentration, float), np.asarray(before, float)
    volume, dose = np.asarray(volume, float), np.asarray(dose_rate, float)
    if c.ndim < 4 or c.shape[-3:] != volume.shape or volume.shape[1:] != dose.shape or start.shape != c.shape[-4:-3]:
        raise ValueError(
            f"concentration {c.shape}, volume {volume.shape}, dose rate {dose.shape} and the composition before the "
            f"beam {start.shape} do not belong to one grid"
        )
    if not 0.0 < share < 1.0:
        raise ValueError(f"the share {share:g} must lie between 0 and 1")
    away = beam_distance(dose, y, x)
    change = c - start[:, None, None, None]
    if np.isneginf(away).all():  # nothing lies outside the beam
        touched = np.abs(change).max(axis=(-3, -2, -1)) >= least
        return np.where(touched, np.nan, 0.0)
    if np.isposinf(away).all():
        return np.zeros(c.shape[:-3])
    found = np.zeros(c.shape[:-3])
    for side in _sides(away):
        distance, mean = distance_profile(change, volume * side, away)
        found = np.maximum(found, crossing(distance, mean, share, least))  # NaN, beyond the grid, stays
    return found


def _sides(away: Array) -> list[NDArray[np.bool_]]:
    """Columns to look at together: both directions along a line one by one, all columns of a plane at once."""
    if 1 not in away.shape:
        return [np.ones(away.shape, dtype=bool)]
    place = np.arange(away.size).reshape(away.shape)
    middle = float((place * (away < 0.0)).sum() / max((away < 0.0).sum(), 1))
    halves = [(place <= middle) | (away < 0.0), (place >= middle) | (away < 0.0)]
    return [half for half in halves if (away[half] > 0.0).any()] or [np.ones(away.shape, dtype=bool)]


def _bins(d: Array, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Where each bin begins among sorted distances: each cell of a line, in a plane about a ring of cells."""
    tight = 1e-9 * max(float(np.ptp(d)), 1e-300)
    if 1 in shape:  # cells at the same distance on both sides of a beam go together
        return np.flatnonzero(np.concatenate([[True], np.diff(d) > tight]))
    first, edge = [0], int(np.searchsorted(d, 0.0))
    while True:
        start = first[-1]
        # n cells fill a disc of radius sqrt(n / pi), so the ring of width 1 around it holds 2 sqrt(pi n)
        stop = start + max(8, int(2.0 * np.sqrt(np.pi * start)))
        stop = edge if start < edge < stop else stop  # no bin holds cells of both inside and outside
        if stop >= d.size:
            return np.array(first)
        first.append(max(int(np.searchsorted(d, d[stop] - tight)), start + 1))

r"""Where a reference electrode reads what: the drop in the liquid that it does not see, and where it sees most.

A potentiostat holds the metal against the liquid at the reference electrode, E_set = M - R. What drives the reaction at
a place x of the working electrode is the metal against the liquid there, E(x) = E_set - (S(x) - R): the difference
S(x) - R is the iR error of that place. Its mean, weighted with the current, over the drop between working and counter
electrode is the uncompensated fraction: 1 is a cell of two electrodes, 0 sees everything.

Behind a working electrode (the counter electrode on the other side) no current flows, so the liquid there has one
potential, that of the electrode's back edge, wherever the reference lies: neither its place nor its size matters, and
what is left is the drop under the electrode itself. In the layer as a fin (`simcell.transport.fin`), b = w / L_p,

.. math:: i(x) = \bar i\, b\, \frac{\cosh (b (1 - x/w))}{\sinh b}, \qquad
          S(x) - R = i(w) \left(R_k + \frac{H}{3\kappa}\right) - i(x) R_k

In the path of the current, d before the front edge, R lies :math:`\bar i w d / \kappa H` further from the liquid there.
R_k is the resistance of kinetics and film; the primary distribution has R_k = 0 (J. Newman, K. E. Thomas-Alyea,
Electrochemical Systems, 3rd ed. 2004, section 6.3 on placing reference electrodes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcell.numerics.grid import Array
from simcell.transport.distribution import Distribution


@dataclass(frozen=True, eq=False)
class Reading:
    """What a reference electrode at one place sees of a working electrode.

    Attributes
    ----------
    place : (float, float)
        x and y [m].
    error : (ny, nx) array
        Liquid at the working electrode less liquid at the reference [V]; NaN where there is no working electrode.
    mean, largest : float
        Of the error: weighted with the current; the one of largest size [V].
    fraction : float
        The mean over the drop between working and counter electrode.
    behind : bool
        Whether it lies on the side of the working electrode that looks away from the counter electrode.

    Examples
    --------
    >>> Reading((0.0, 0.0), np.zeros((1, 1)), 0.0, 0.0, 0.0, True).behind
    True
    """

    place: tuple[float, float]
    error: Array
    mean: float
    largest: float
    fraction: float
    behind: bool


def read(answer: Distribution, working: str, counter: str, place: tuple[float, float], size: float = 0.0) -> Reading:
    """What a reference electrode reads at a place on the floor.

    Parameters
    ----------
    answer : Distribution
    working, counter : str
        Names of the electrodes.
    place : (float, float)
        x and y of its middle [m].
    size : float
        Side of the square over which it averages [m]; 0: the cell of the grid.

    Returns
    -------
    Reading

    Raises
    ------
    ValueError
        If the place is outside the liquid.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> from simcell.transport.current import distribute
    >>> from simcell.transport.electrode import strip
    >>> g = section(np.linspace(0.0, 40.0, 161), np.linspace(0.0, 1.0, 11))
    >>> cell = [strip(g, "WE", 8.0, 16.0, 0.0), strip(g, "CE", 24.0, 32.0, current=1.0)]
    >>> answer = distribute(g, 1.0, cell)
    >>> behind, before = read(answer, "WE", "CE", (4.0, 0.5)), read(answer, "WE", "CE", (20.0, 0.5))
    >>> abs(behind.fraction) < 1e-5, round(before.fraction, 3), behind.behind
    (True, 0.514, True)
    """
    level = _level(answer, place, size)
    error = np.where(answer.area[working] > 0.0, answer.surface[working] - level, np.nan)
    mean = answer.liquid(working) - level
    total = answer.ohmic_drop(working, counter)
    far = float(error.ravel()[np.nanargmax(np.abs(error))])
    here, there = _middle(answer, working), _middle(answer, counter)
    toward = (there - here) @ (np.asarray(place) - here)
    return Reading(place, error, mean, far, mean / total if total else 0.0, bool(toward < 0.0))


def errors(answer: Distribution, working: str) -> Array:
    """Mean iR error that a reference electrode would have in each column [V] (y, x); NaN on electrodes and walls.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> from simcell.transport.current import distribute
    >>> from simcell.transport.electrode import strip
    >>> g = section(np.linspace(0.0, 4.0, 41), np.linspace(0.0, 1.0, 11))
    >>> answer = distribute(g, 1.0, [strip(g, "a", 1.0, 2.0, 0.0), strip(g, "b", 3.0, 4.0, 1.0)])
    >>> errors(answer, "a").shape
    (1, 40)
    """
    free = answer.grid.mask[0].copy()
    for area in answer.area.values():
        free &= area == 0.0
    return np.where(free, answer.liquid(working) - answer.potential[0], np.nan)


def best_place(answer: Distribution, working: str, counter: str, size: float) -> Reading:
    """Where on the free floor a reference electrode of a given size has the smallest iR error.

    Where several places tie, and behind a working electrode all do, the one counts at which a shift by the size changes
    the reading least, and then the one nearest to the working electrode.

    Parameters
    ----------
    answer : Distribution
    working, counter : str
    size : float
        Of the electrode, and so of what its place is uncertain by [m].

    Raises
    ------
    ValueError
        If electrodes leave no floor free.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> from simcell.transport.current import distribute
    >>> from simcell.transport.electrode import strip
    >>> g = section(np.linspace(0.0, 40.0, 161), np.linspace(0.0, 1.0, 11))
    >>> cell = [strip(g, "WE", 8.0, 16.0, 0.0), strip(g, "CE", 24.0, 32.0, current=1.0)]
    >>> best = best_place(distribute(g, 1.0, cell), "WE", "CE", 2.0)
    >>> best.behind, best.place[0] < 8.0
    (True, True)
    """
    grid = answer.grid
    error = np.where(_crowded(answer, size), np.nan, errors(answer, working))
    if np.isnan(error).all():
        raise ValueError(f"the electrodes leave no free floor for a reference electrode of {size:g} m")
    slope = np.zeros(error.shape)
    for axis, at in ((0, grid.centre[1]), (1, grid.centre[2])):
        if at.size > 1:
            slope = np.hypot(slope, np.gradient(answer.potential[0], at, axis=axis))
    x, y = np.meshgrid(grid.centre[2], grid.centre[1])
    away = np.hypot(*(p - m for p, m in zip((x, y), _middle(answer, working), strict=True)))
    drop = abs(answer.ohmic_drop(working, counter)) or 1.0
    cost = np.abs(error) + slope * size + 1e-6 * drop * away / away.max()
    j, i = np.unravel_index(int(np.nanargmin(cost)), cost.shape)
    return read(answer, working, counter, (float(x[j, i]), float(y[j, i])), size)


def _crowded(answer: Distribution, size: float) -> NDArray[np.bool_]:
    """Whether a square around a column's middle meets an electrode or a column without liquid."""
    grid = answer.grid
    taken = ~grid.mask[0] | (sum(answer.area.values(), np.zeros(grid.shape[1:])) > 0.0)
    count = np.pad(np.cumsum(np.cumsum(taken, axis=0), axis=1), ((1, 0), (1, 0)))
    low, high = [], []
    for axis in (1, 2):
        faces, middle = grid.faces[axis], grid.centre[axis]
        last = middle.size - 1
        low.append(np.clip(np.searchsorted(faces, middle - 0.5 * size, side="right") - 1, 0, last))
        high.append(np.clip(np.searchsorted(faces, middle + 0.5 * size, side="left"), 1, last + 1))
    corners = [np.ix_(rows, columns) for rows in (low[0], high[0]) for columns in (low[1], high[1])]
    found: NDArray[np.bool_] = count[corners[3]] - count[corners[1]] - count[corners[2]] + count[corners[0]] > 0
    return found


def _level(answer: Distribution, place: tuple[float, float], size: float) -> float:
    """Potential of the liquid on the floor, averaged over a square [V]."""
    grid = answer.grid
    weight = np.ones((1, 1))
    for axis, at in ((1, place[1]), (2, place[0])):
        faces = grid.faces[axis]
        if not faces[0] <= at <= faces[-1]:
            raise ValueError(f"the reference electrode at {'zyx'[axis]} = {at:g} m lies outside the grid")
        inside = np.clip(np.minimum(faces[1:], at + 0.5 * size) - np.maximum(faces[:-1], at - 0.5 * size), 0.0, None)
        if not inside.any():
            inside[min(int(np.searchsorted(faces, at, side="right")) - 1, inside.size - 1)] = 1.0
        weight = weight * (inside[:, None] if axis == 1 else inside[None, :])
    weight = np.where(grid.mask[0], weight, 0.0)
    if weight.sum() == 0.0:
        raise ValueError(f"there is no liquid at the reference electrode, x = {place[0]:g} m, y = {place[1]:g} m")
    return float((answer.potential[0] * weight).sum() / weight.sum())


def _middle(answer: Distribution, name: str) -> Array:
    area = answer.area[name]
    x, y = np.meshgrid(answer.grid.centre[2], answer.grid.centre[1])
    return np.array([np.average(x, weights=area), np.average(y, weights=area)])


def fin_errors(
    current: ArrayLike, conductivity: ArrayLike, height: ArrayLike, width: ArrayLike, resistance: ArrayLike,
    distance: ArrayLike = np.nan,
) -> tuple[Array, Array]:  # fmt: skip
    """Mean and largest size of the iR error of a strip that is fed from one side [V]; arguments broadcast.

    Parameters
    ----------
    current : float or array
        Mean current density [A/m^2].
    conductivity, height, width : float or array
        [S/m], of the layer and of the strip [m].
    resistance : float or array
        Of kinetics and film [ohm m^2].
    distance : float or array
        Of the reference electrode before the edge that faces the counter electrode [m]; NaN: behind the strip.

    Returns
    -------
    mean, largest : array
        Weighted with the current; at the edge (behind: the front one, before: the back one).

    Examples
    --------
    >>> mean, largest = fin_errors(10.0, 0.9, 0.5e-6, 20e-6, 1.3e-3, [np.nan, 100e-6])
    >>> (1e3 * mean).round(1), (1e3 * largest).round(1)
    (array([ 1.5, 47.2]), array([ 4.2, 48.7]))
    """
    i, kappa, h, w, rk = (np.asarray(a, dtype=float) for a in (current, conductivity, height, width, resistance))
    d = np.asarray(distance, dtype=float)
    through = rk + h / (3.0 * kappa)
    b = w / np.sqrt(kappa * h * through)
    front, back = b / np.tanh(b), 2.0 * b * np.exp(-b) / -np.expm1(-2.0 * b)  # i(0) and i(w) over the mean
    squares = 0.5 * (front + back**2)  # mean of (i over its mean)^2
    behind = np.isnan(d)
    gap = w * np.where(behind, 0.0, d) / (kappa * h)
    at = np.where(behind, back, front) * through + gap  # E_set over the mean current
    mean, ends = at - squares * rk, np.where(behind, at - front * rk, at - back * rk)
    return np.abs(i * mean), np.abs(i) * np.maximum(np.abs(ends), np.abs(mean))

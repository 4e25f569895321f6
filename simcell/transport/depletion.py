r"""When the liquid above an electrode is empty, place by place, at a current density that is kept.

Averaged over the height h(x, y), and without flow,

.. math:: h\,\partial_t c = \nabla\cdot(h D \nabla c) - \frac{(1 - t_+)\, i(x, y)}{z F}

is linear as long as nothing is empty, so one run of the loss for one unit of time serves all. In an endless even layer
the loss at a place above a rectangle is a product of error functions integrated over time, the closed form against
which the grid is tested (J. Crank, The Mathematics of Diffusion, 2nd ed. 1975, section 2.2.2).

After the first place is empty the current cannot stay as it is: later times of the map are those of places that keep
their current, which is too long a time where others hand theirs on. Assumptions: mixed over the height (t > 0.3 h^2/D).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf

from simcell.numerics.diffusion import Diffusion, conduction
from simcell.numerics.grid import Array, Grid
from simcell.numerics.linear import solver
from simcell.transport.kinetics import FARADAY

STEP = 1.12  # ratio of times; two implicit steps of second order between, error below 0.5 % (tests)
NODES = 48  # Gauss points of the integral over the root of time


@dataclass(frozen=True, eq=False)
class Depletion:
    """Time until each column is empty.

    Attributes
    ----------
    time : (ny, nx) array
        [s]; infinite where it is not empty by the end.
    first : float
        The earliest [s]; infinite where diffusion from the sides keeps pace.
    place : (float, float)
        Where the concentration is lowest then, or at the end: x and y [m].
    end : float
        To when it was followed [s].

    Examples
    --------
    >>> Depletion(np.ones((1, 1)), 1.0, (0.0, 0.0), 2.0).first
    1.0
    """

    time: Array
    first: float
    place: tuple[float, float]
    end: float


def rectangle_drop(
    time: float, x: ArrayLike, y: ArrayLike, current: float, electrons: float, diffusivity: float, height: float,
    width: float, length: float, transference: float = 0.0,
) -> Array:  # fmt: skip
    """How far [mol/m^3] the concentration has fallen near a rectangle with an even current density, endless layer.

    Parameters
    ----------
    time : float
        [s]
    x, y : arrays
        From the middle of the rectangle [m]; broadcast.
    current, electrons, diffusivity, height, transference
        As for `simcell.transport.supply.strip_drop`.
    width, length : float
        Along x and y [m]; an infinite length is a strip.

    Examples
    --------
    >>> rectangle_drop(6.0, [0.0, 10e-6], 0.0, 10.0, 2, 7.14e-10, 0.5e-6, 20e-6, np.inf).round(1)
    array([100.2,  93.5])
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    root = 0.5 * np.sqrt(time) * (nodes + 1.0)  # tau = root^2 takes the kink at tau = 0 away
    weight = 0.5 * np.sqrt(time) * weights * 2.0 * root
    spread = 2.0 * np.sqrt(diffusivity) * root
    x, y = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    along = [0.5 * (erf((0.5 * s + p[..., None]) / spread) + erf((0.5 * s - p[..., None]) / spread)) for s, p in
             ((width, x), (length, y))]  # fmt: skip
    rate = abs(current) * (1.0 - transference) / (electrons * FARADAY * height)
    return np.asarray(rate * ((along[0] * along[1]) @ weight))


def depletion(
    grid: Grid,
    sink: ArrayLike,
    concentration: float,
    diffusivity: float,
    end: float,
    sides: tuple[str, ...] = (),
    start: float | None = None,
) -> Depletion:
    """Follow the loss of an ion on a plan until every column with an electrode is empty, or to the end.

    Parameters
    ----------
    grid : Grid
        `plan`; its cells hold the thickness.
    sink : (ny, nx) array
        What the electrode takes from each column, (1 - t) i A / z F [mol/s], A the covered area.
    concentration, diffusivity : float
        At the start [mol/m^3]; [m^2/s].
    end : float
        [s]
    sides : tuple of str
        Sides of the grid at which the concentration is kept.
    start : float, optional
        First step [s]; default: a hundredth of the shortest time without diffusion.

    Returns
    -------
    Depletion

    Raises
    ------
    ValueError
        If the grid is not a plan, or nothing is taken.

    Examples
    --------
    >>> from simcell.numerics.grid import plan
    >>> x = np.linspace(-200e-6, 200e-6, 101)
    >>> g = plan(x, [0.0, 1e-6], 0.5e-6)
    >>> i = np.where(np.abs(g.centre[2]) < 12e-6, 10.0, 0.0)
    >>> found = depletion(g, i * g.area[0][0] / (2 * FARADAY), 100.0, 7.14e-10, 100.0, ("x-", "x+"))
    >>> abs(found.place[0]) < 5e-6, 4.0 < found.first < 8.0
    (True, True)
    """
    if grid.kind != "plan":
        raise ValueError(f"depletion is followed on a plan, not on a {grid.kind}")
    taken = np.asarray(sink, dtype=float)
    volume = grid.volume
    bare = np.divide(concentration * volume[0], taken, out=np.full(taken.shape, np.inf), where=taken > 0.0)
    if not np.isfinite(bare).any():
        raise ValueError("no electrode takes the ion: nothing is emptied")
    first = float(bare.min())
    step = 0.01 * first if start is None else start
    system = conduction(grid, diffusivity, fixed=sides)
    loss, time = np.zeros(grid.shape), 0.0
    empty = np.full(taken.shape, np.inf)
    rate = taken[None]
    on = taken > 0.0
    while time < end and np.isinf(empty[on]).any():
        step = min(step, end - time)
        after = _advance(system, volume, rate, loss, step)
        crossed = (after[0] >= concentration) & np.isinf(empty)
        share = (concentration - loss[0]) / np.where(crossed, after[0] - loss[0], 1.0)
        empty = np.where(crossed, time + share * step, empty)
        loss, time = after, time + step
        step = max(step, (STEP - 1.0) * time)
    order = empty if np.isfinite(empty).any() else -loss[0]
    j, i = np.unravel_index(int(np.argmin(order)), empty.shape)
    return Depletion(empty, float(empty[j, i]), (float(grid.centre[2][i]), float(grid.centre[1][j])), time)


def _advance(system: Diffusion, volume: Array, rate: Array, loss: Array, step: float) -> Array:
    """One step of the L-stable method SDIRK2 (R. Alexander, SIAM J. Numer. Anal. 14 (1977) 1006)."""
    g = 1.0 - 0.5 * np.sqrt(2.0)
    implicit = solver(system.with_sink(volume / (g * step)))
    one = implicit.solve(rate + volume * loss / (g * step), start=loss)
    slope = (one - loss) / (g * step)
    two = loss + step * (1.0 - g) * slope
    return np.asarray(implicit.solve(rate + volume * two / (g * step), start=one))

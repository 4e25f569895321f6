r"""Nucleation as an explicit random event, rough electrodes and scattered seeds, and thermal noise of the reaction.

Nuclei of a few nanometres cannot be resolved. On electrode area that is still bare they appear at the rate

.. math:: J = J_0\exp\left(-\frac{\Phi W}{k_BT}\right),\qquad W = \frac{16\pi}{3}\frac{\gamma^3V_m^2}{(zF\eta)^2}

with the overpotential eta > 0 there (Nernst with the local concentration), the work W of the critical sphere and the
share Phi that a wetted wall leaves of it (E. Budevski, G. Staikov and W. J. Lorenz, Electrochemical Phase Formation and
Growth, 1996, chapter 4). J0 and Phi are inputs: no values for these electrolytes were found. Numbers per cell and step
are drawn from Poisson's distribution, so that the rate depends on neither. A nucleus is placed with the radius that the
grid can carry, and its metal is booked as charge at once: the growth up to that radius is not followed.

Noise: every ion that passes the front is one event, so that the rates of both directions have Poisson's variance,

.. math:: \langle\delta r^2\rangle = \frac{r_\rightarrow + r_\leftarrow}{N_A\,\Delta V\,\Delta t}

(chemical Langevin equation, D. T. Gillespie, J. Chem. Phys. 113 (2000) 297). At rest this is 2 i0 a/zF and obeys the
fluctuation-dissipation theorem: ripples of a front have the spectrum kT/(gamma A k^2). Independent of grid and step
because the sum over cells and steps is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcell.constants import AVOGADRO, GAS_CONSTANT
from simcell.dendrite.stability import FARADAY, Metal

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Nucleation:
    """Random nuclei on bare electrode.

    Parameters
    ----------
    prefactor : float
        J0 [1/(m^2 s)].
    radius : float
        Of the disc that is placed [m]; at least 2 interface widths.
    wetting : float
        Phi, from 0 (no barrier) to 1 (no wall).
    angle : float, optional
        Orientation of all nuclei [rad]; random without it.

    Raises
    ------
    ValueError
        For numbers out of range.

    Examples
    --------
    >>> lithium = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
    >>> law = Nucleation(1e16, 2e-7, wetting=0.01)
    >>> law.rate(lithium, [0.0, 0.1, 0.2]).round(-12).tolist()
    [0.0, 1000000000000.0, 993000000000000.0]
    """

    prefactor: float
    radius: float
    wetting: float = 1.0
    angle: float | None = None

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if not (self.prefactor > 0.0 and self.radius > 0.0):
            raise ValueError(f"prefactor {self.prefactor:g} and radius {self.radius:g} must be positive")
        if not 0.0 <= self.wetting <= 1.0:
            raise ValueError(f"wetting is {self.wetting:g}; it must lie between 0 and 1")

    def rate(self, metal: Metal, overpotential: ArrayLike) -> Array:
        """Nuclei per area and time [1/(m^2 s)] at an overpotential [V]; none at or below zero."""
        eta = np.asarray(overpotential, dtype=float)
        lever = metal.charge * FARADAY * np.where(eta > 0.0, eta, np.inf)
        work = 16.0 * np.pi / 3.0 * metal.surface_energy**3 * metal.molar_volume**2 / lever**2
        barrier = self.wetting * work * AVOGADRO / (GAS_CONSTANT * metal.temperature)
        return np.where(eta > 0.0, self.prefactor * np.exp(-barrier), 0.0)

    def draw(self, expected: Array, generator: np.random.Generator) -> list[tuple[int, int]]:
        """Cells (j, i) in which a nucleus appears, given the expected number in each."""
        found = np.argwhere(generator.poisson(expected) > 0)
        return [(int(j), int(i)) for j, i in found]


@dataclass(frozen=True)
class Nucleus:
    """One nucleus: when [s], where (x, y or z) [m], radius [m], orientation [rad], charge that was booked [C].

    Examples
    --------
    >>> Nucleus(1.0, 0.0, 0.0, 1e-7, 0.0, 1e-15).radius
    1e-07
    """

    time: float
    x: float
    y: float
    radius: float
    angle: float
    charge: float


def scattered(
    centre: tuple[Array, Array], number: int, radius: float, generator: np.random.Generator, box: tuple[float, ...]
) -> tuple[Array, list[tuple[float, float]]]:
    """Signed distance [m] into `number` discs at random in box = (x0, x1, y0, y1) [m], and their middles (x, y).

    Parameters
    ----------
    centre : two arrays
        `Layer.centre`.
    number : int
    radius : float
        [m]
    generator : numpy.random.Generator
    box : four float

    Returns
    -------
    array, list

    Examples
    --------
    >>> x = np.arange(8.0)
    >>> distance, places = scattered((x[:, None], x[None, :]), 2, 1.0, np.random.default_rng(1), (2.0, 6.0, 2.0, 6.0))
    >>> distance.shape, len(places)
    ((8, 8), 2)
    """
    y, x = centre
    where = generator.uniform(size=(number, 2))
    places = [(box[0] + a * (box[1] - box[0]), box[2] + b * (box[3] - box[2])) for a, b in where.tolist()]
    distance = np.full(np.broadcast_shapes(y.shape, x.shape), -np.inf)
    for px, py in places:
        distance = np.maximum(distance, radius - np.hypot(x - px, y - py))
    return distance, places


def rough(along: ArrayLike, height: float, length: float, generator: np.random.Generator, modes: int = 64) -> Array:
    """Random displacement [m] of an electrode along itself: root mean square `height`, Gaussian correlation `length`.

    A sum of cosines over the extent of `along`, mirrored at its ends as the fields are. The same generator gives the
    same electrode on every grid.

    Parameters
    ----------
    along : (n,) array
        Equally spaced middles of cells [m].
    height, length : float
        [m]
    generator : numpy.random.Generator
    modes : int
        Half waves that are drawn; shorter ones are left out.

    Returns
    -------
    (n,) array

    Examples
    --------
    >>> coarse = rough(np.arange(50) + 0.5, 1.0, 5.0, np.random.default_rng(3))
    >>> fine = rough(np.arange(0.25, 50.0, 0.5), 1.0, 5.0, np.random.default_rng(3))
    >>> bool(np.abs(0.5 * (fine[::2] + fine[1::2]) - coarse).max() < 0.02)
    True
    """
    x = np.ravel(np.asarray(along, dtype=float))
    step = x[1] - x[0]
    extent = x.size * step
    k = np.pi * np.arange(1, modes + 1) / extent
    share = np.exp(-0.25 * (k * length) ** 2)
    share = share / share.sum()
    amplitude = height * np.sqrt(2.0 * share) * generator.normal(size=modes)
    return np.asarray(np.cos(np.outer(x - x[0] + 0.5 * step, k)) @ amplitude)


def noise(
    forward: Array, backward: Array, volume: float, concentration: float, step: float, generator: np.random.Generator
) -> Array:
    """Random part of a rate [1/s, in units of c0] in cells of a volume [m^3] during a step [s].

    Parameters
    ----------
    forward, backward : arrays
        Rates of both directions [1/s, in units of c0].
    volume, concentration, step : float
    generator : numpy.random.Generator

    Returns
    -------
    array

    Examples
    --------
    >>> one = noise(np.ones(4), np.ones(4), 1e-21, 1000.0, 1e-3, np.random.default_rng(1))
    >>> bool(0.0 < np.abs(one).max() < 0.2)
    True
    """
    events = AVOGADRO * volume * concentration * step
    return np.asarray(np.sqrt((forward + backward) / events) * generator.normal(size=forward.shape))

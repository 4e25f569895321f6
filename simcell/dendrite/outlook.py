r"""What can be said before a run: stable or not, how long ripples are, when the salt is used up, which grid will do.

From `stability`: below the limiting current the steady planar front and its ripples; above it there is no steady front,
and the salt at the front is used up after Sand's time with the reservoir at `gap`. Above `NEARLY` of the limiting
current, where the wavelength would go to zero with the salt at the front, the ripples are those at `NEARLY` of it.

The interface width that is picked is the smallest of

- a thirtieth of the fastest wavelength (growth rates of ripples then hold within about 10 %, docs/theory/dendrite.md),
- a tenth of c/grad c at the front, so that the salt hardly changes across it,
- a twentieth of the width and of the gap, and a fifth of the smallest seed (delta K < 0.2),

with two cells to it. Steps: the front moves two fifths of a cell, and the curvature is explicit,
:math:`V_m\Gamma J_E\,dt/zF \le 0.2h^2`. Cost: measured
microseconds of the processor for each cell and step, within a factor of two; how far the tips outrun the mean front
is what the run is for, and is taken as threefold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simcell.dendrite.stability import (
    FARADAY,
    Front,
    Metal,
    critical_nucleus,
    depletion_time,
    front_at_current,
    front_at_potential,
    limiting_current,
)

NEARLY = 0.9  # of the limiting current
PER_WAVE, PER_BOX, PER_SEED, PER_SALT = 30.0, 20.0, 5.0, 10.0  # interface widths
CELLS = 2.0  # to an interface width
COURANT, CAPILLARY = 0.4, 0.2  # as in `model`
SECONDS = 1.5e-6  # of the processor for a cell and a step: 0.9 to 2.2 measured on shared 2.5 GHz cores, quiet to loaded
BYTES = 1500.0  # for a cell while it runs
OUTRUN = 3.0  # tips against the mean front, for the estimate of the cost


@dataclass(frozen=True)
class Outlook:
    """What linear stability says of a growing front.

    Parameters
    ----------
    current : float
        Of the flat front [A/m^2], positive deposits; at a potential the steady one.
    potential : float
        Of the metal against the same metal in the reservoir [V]; NaN above the limiting current.
    limiting : float
        Limiting current of the gap [A/m^2].
    front : Front
        The steady front, or that at `NEARLY` of the limiting current.
    depletion : float
        When the salt at the front is used up [s]; inf: never.

    Examples
    --------
    >>> found = outlook(Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38), 9e-6, current=8000.0)
    >>> round(found.depletion, 3)
    0.099
    """

    current: float
    potential: float
    limiting: float
    front: Front
    depletion: float

    @property
    def fastest(self) -> tuple[float, float]:
        """Wavelength [m] and rate [1/s] of the ripple that grows fastest; (inf, 0) where none grows."""
        return self.front.fastest() if self.current > 0.0 else (np.inf, 0.0)

    @property
    def nucleus(self) -> float:
        """Radius of the critical nucleus [m] at the overpotential; inf where nothing is deposited."""
        drive = abs(self.front.drive) / self.front.metal.f
        return critical_nucleus(self.front.metal, drive).radius if self.current > 0.0 and drive > 0.0 else np.inf

    def verdict(self, duration: float, width: float) -> str:
        """One line: what happens to a flat front in a box of a width [m] within a duration [s].

        Examples
        --------
        >>> lithium = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
        >>> outlook(lithium, 9e-6, current=-100.0).verdict(10.0, 10e-6)
        'dissolves: smooth at every wavelength'
        >>> outlook(lithium, 9e-6, current=8000.0).verdict(10.0, 10e-6)
        'depletes after 0.0992 s: above the limiting current of 5.53e+03 A/m^2'
        """
        if self.current <= 0.0:
            return "dissolves: smooth at every wavelength" if self.current < 0.0 else "at rest"
        if self.depletion < np.inf:
            return f"depletes after {self.depletion:.3g} s: above the limiting current of {self.limiting:.3g} A/m^2"
        neutral = self.front.neutral_wavelength
        if neutral >= 2.0 * width:
            return f"stable: ripples below {neutral * 1e6:.3g} um decay, and the box holds none above {2e6 * width:.3g}"
        rate = float(self.front.growth_rate(min(self.fastest[0], 2.0 * width)))
        if rate * duration < 1.0:
            return f"smooth within this run: ripples need {1.0 / rate:.3g} s to grow e-fold"
        grown = "" if rate * duration > 200.0 else f", {np.exp(rate * duration):.2g}-fold by the end"
        return f"unstable: ripples of {self.fastest[0] * 1e6:.3g} um grow e-fold in {1.0 / rate:.3g} s{grown}"


def outlook(metal: Metal, gap: float, *, current: float | None = None, potential: float | None = None) -> Outlook:
    """Look ahead, at a current density or a potential.

    Parameters
    ----------
    metal : Metal
    gap : float
        Liquid between front and reservoir [m].
    current : float, optional
        [A/m^2], positive deposits.
    potential : float, optional
        Of the metal against the same metal in the reservoir [V], negative deposits.

    Returns
    -------
    Outlook

    Raises
    ------
    ValueError
        Unless exactly one of current and potential is given.

    Examples
    --------
    >>> found = outlook(Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38), 9e-6, potential=-0.3)
    >>> found.verdict(60.0, 10e-6)
    'unstable: ripples of 2.58 um grow e-fold in 13.2 s, 95-fold by the end'
    """
    if (current is None) == (potential is None):
        raise ValueError("give either a current density or a potential")
    most = limiting_current(metal, gap)
    if current is None:
        steady = front_at_potential(metal, float(potential or 0.0), gap)
        front = steady if steady.current < NEARLY * most else front_at_current(metal, NEARLY * most, gap)
        return Outlook(steady.current, steady.potential, most, front, np.inf)
    if current < NEARLY * most:
        front = front_at_current(metal, current, gap)
        return Outlook(current, front.potential, most, front, np.inf)
    front = front_at_current(metal, NEARLY * most, gap)
    below = current < most
    volts = front_at_current(metal, current, gap).potential if below else np.nan
    return Outlook(current, volts, most, front, np.inf if below else depletion_time(metal, current, gap))


@dataclass(frozen=True)
class Mesh:
    """Interface width and cell [m], cells along x and y, expected steps, seconds of computing and bytes.

    Examples
    --------
    >>> Mesh(1e-7, 5e-8, 200, 100, 400, 56.0, 3e7).cells
    20000
    """

    delta: float
    spacing: float
    nx: int
    ny: int
    steps: int
    seconds: float
    memory: float

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.nx * self.ny


def widest_interface(
    ahead: Outlook, width: float, seeds: Sequence[float] = (), gap: float | None = None
) -> dict[str, float]:
    """Largest interface width [m] that each consideration allows, by its words.

    Parameters
    ----------
    ahead : Outlook
    width : float
        Of the electrode [m].
    seeds : sequence of float
        Their radii [m].
    gap : float, optional
        Of the box [m], where more liquid lies beyond it.

    Returns
    -------
    dict

    Examples
    --------
    >>> found = outlook(Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38), 9e-6, potential=-0.3)
    >>> {name: round(most * 1e9) for name, most in widest_interface(found, 10e-6).items()}
    {'the width': 500, 'the gap': 450, 'the fastest ripple': 86, 'the salt at the front': 724}
    """
    front = ahead.front
    found = {"the width": width / PER_BOX, "the gap": (front.gap if gap is None else gap) / PER_BOX}
    if np.isfinite(ahead.fastest[0]):
        found["the fastest ripple"] = ahead.fastest[0] / PER_WAVE
    if front.gradient > 0.0:
        found["the salt at the front"] = front.surface / front.gradient / PER_SALT
    if seeds:
        found["the smallest seed"] = min(seeds) / PER_SEED
    return found


def mesh(
    ahead: Outlook, width: float, behind: float, duration: float, *, delta: float, spacing: float, share: float = 0.9,
    gap: float | None = None,
) -> Mesh:  # fmt: skip
    """Cells of a box, and what a run on it will take.

    Parameters
    ----------
    ahead : Outlook
    width : float
        Of the electrode [m].
    behind : float
        Metal in the box at the start [m].
    duration : float
        [s]
    delta, spacing : float
        Interface width and wanted size of a cell [m]; it becomes one of which the width holds a whole number.
    share : float
        Of the gap, at which the run ends.
    gap : float, optional
        Of the box [m], where more liquid lies beyond it.

    Returns
    -------
    Mesh

    Examples
    --------
    >>> found = outlook(Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38), 9e-6, potential=-0.3)
    >>> mesh(found, 10e-6, 1e-6, 20.0, delta=150e-9, spacing=75e-9).cells
    17956
    """
    ny = max(4, int(np.ceil(width / spacing - 1e-6)))
    spacing = width / ny
    front, m = ahead.front, ahead.front.metal
    gap = front.gap if gap is None else gap
    nx = int(np.ceil((behind + gap) / spacing - 1e-6))
    speed = abs(m.speed(ahead.current))
    distance = min(share * gap, OUTRUN * speed * duration)
    _, by_drive = front.slopes
    capillary = m.molar_volume * m.capillary_length * by_drive / (m.charge * FARADAY)
    span = min(duration, share * gap / speed) if speed > 0.0 else duration
    steps = int(distance / (COURANT * spacing) + span * capillary / (CAPILLARY * spacing**2)) + 20
    return Mesh(delta, spacing, nx, ny, steps, SECONDS * steps * nx * ny, BYTES * nx * ny)

"""What a potentiostat is told: a list of segments, each with its end.

A segment controls the potential of the working electrode against the reference, or its current density, or leaves it
at open circuit. It ends after its time, or exactly where a limit is reached; then the next one begins. Anodic current
is positive. Potentials may be corrected for a resistance [ohm m^2] (iR compensation, positive feedback): the potential
applied is that asked for plus current times resistance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Limit:
    """End a segment where a quantity passes below or above a value.

    Parameters
    ----------
    quantity : str
        ``potential`` [V, working against reference], ``current`` [A/m^2] or ``charge`` of this segment [C/m^2].
    below, above : float
        Give one of them, or both.

    Examples
    --------
    >>> Limit("potential", below=-0.5).beyond(-0.6) > 0.0
    True
    """

    quantity: str
    below: float = -np.inf
    above: float = np.inf

    def __post_init__(self) -> None:
        if self.quantity not in ("potential", "current", "charge"):
            raise ValueError(f"a limit of {self.quantity!r}: potential, current or charge")
        if not self.below < self.above or (np.isinf(self.below) and np.isinf(self.above)):
            raise ValueError(f"the limit of {self.quantity} needs below < above, one of them a number")

    def beyond(self, value: float) -> float:
        """How far a value is beyond the limit; negative inside."""
        return max(self.below - value, value - self.above)


@dataclass(frozen=True)
class Segment:
    """One piece of a protocol; use `hold`, `current`, `sweep` and `rest` to make it.

    Parameters
    ----------
    mode : str
        ``potential`` or ``current``.
    first, last : float
        Values at the beginning and the end [V or A/m^2]; linear between.
    duration : float
        [s]
    limits : tuple of Limit
    compensation : float
        Resistance [ohm m^2] of iR compensation.
    name : str

    Raises
    ------
    ValueError
        Where the duration is not positive and finite: a segment without end.

    Examples
    --------
    >>> sweep(0.0, -0.5, 0.1).duration
    5.0
    """

    mode: str
    first: float
    last: float
    duration: float
    limits: tuple[Limit, ...] = ()
    compensation: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.duration) and self.duration > 0.0):
            raise ValueError(f"segment {self.name or self.mode} lasts {self.duration:g} s; it needs an end")
        if not (np.isfinite(self.first) and np.isfinite(self.last)):
            raise ValueError(f"segment {self.name or self.mode} goes from {self.first:g} to {self.last:g}")
        if self.mode not in ("potential", "current"):
            raise ValueError(f"a segment controls potential or current, not {self.mode!r}")

    def goal(self, time: float) -> float:
        """Value asked for at a time [s] after its beginning."""
        return self.first + (self.last - self.first) * (time / self.duration)


def rest(duration: float, limits: Sequence[Limit] = ()) -> Segment:
    """Open circuit.

    Examples
    --------
    >>> rest(1.0).goal(0.5)
    0.0
    """
    return Segment("current", 0.0, 0.0, duration, tuple(limits), name="rest")


def hold(potential: float, duration: float, limits: Sequence[Limit] = (), compensation: float = 0.0) -> Segment:
    """Constant potential [V].

    Examples
    --------
    >>> hold(-0.1, 2.0).goal(1.0)
    -0.1
    """
    return Segment("potential", potential, potential, duration, tuple(limits), compensation, "hold")


def current(density: float, duration: float, limits: Sequence[Limit] = ()) -> Segment:
    """Constant current density [A/m^2].

    Examples
    --------
    >>> current(-10.0, 2.0, [Limit("potential", below=-1.0)]).mode
    'current'
    """
    return Segment("current", density, density, duration, tuple(limits), name="current")


def sweep(start: float, stop: float, rate: float, limits: Sequence[Limit] = (), compensation: float = 0.0) -> Segment:
    """Potential from one value to another at a rate [V/s, positive].

    Examples
    --------
    >>> sweep(0.2, -0.2, 0.1).goal(2.0)
    0.0
    """
    if not (np.isfinite(rate) and rate > 0.0):
        raise ValueError(f"the scan rate is {rate:g} V/s; it must be positive")
    if start == stop:
        raise ValueError(f"a sweep from {start:g} V to itself")
    return Segment("potential", start, stop, abs(stop - start) / rate, tuple(limits), compensation, "sweep")


def voltammogram(
    start: float, vertices: Sequence[float], rate: float, cycles: int = 1, stop: float | None = None,
    compensation: float = 0.0,
) -> list[Segment]:  # fmt: skip
    """Cyclic voltammetry: from the start through the vertices, `cycles` times, to `stop` (default: the start) [V].

    Examples
    --------
    >>> [(s.first, s.last) for s in voltammogram(0.0, [-0.5, 0.3], 0.1)]
    [(0.0, -0.5), (-0.5, 0.3), (0.3, 0.0)]
    """
    corners = [start, *(list(vertices) * cycles), start if stop is None else stop]
    pieces = [(a, b) for a, b in pairwise(corners) if a != b]
    return [sweep(a, b, rate, compensation=compensation) for a, b in pieces]


def pulses(on: float, time_on: float, time_off: float, count: int, off: float = 0.0) -> list[Segment]:
    """Pulses of current density [A/m^2]; an `off` of the other sign makes reverse pulses.

    Examples
    --------
    >>> [s.first for s in pulses(-100.0, 1e-3, 2e-3, 2, off=20.0)]
    [-100.0, 20.0, -100.0, 20.0]
    """
    return [current(on, time_on), current(off, time_off)] * count

"""How a session follows its protocol: numbers of the method, its end, who is told, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simcell.numerics.checkpoint import Keeper


@dataclass(frozen=True)
class Options:
    """Numbers of the method.

    Parameters
    ----------
    rtol : float
        Error of one step in concentrations, relative.
    atol : float
        The same, over the largest concentration of each ion at the start (of all, for an ion that starts at zero).
    volts : float
        Largest change of a set potential in one step [V].
    growth : float
        Largest ratio of one step to the one before.
    steps : int
        At most.

    Examples
    --------
    >>> Options().volts
    0.002
    """

    rtol: float = 1e-4
    atol: float = 1e-6
    volts: float = 0.002
    growth: float = 4.0
    steps: int = 200_000


@dataclass(frozen=True)
class Course:
    """How a protocol is followed, beside its segments.

    Parameters
    ----------
    groups : sequence of int
        What each segment is a part of: where a limit ends one, the rest of its group is left out. Default: none.
    until : float
        End of the run [s], if the protocol does not end it earlier.
    stops : sequence of float
        Times [s] that steps meet.
    progress : callable, optional
        Called at every step with the fraction of the time that is done.
    keeper : Keeper, optional
        Gets the state before each step and at an interruption; where it has one, the run goes on from that.

    Examples
    --------
    >>> Course().until
    inf
    """

    groups: Sequence[int] = ()
    until: float = np.inf
    stops: Sequence[float] = ()
    progress: Callable[[float], None] | None = None
    keeper: Keeper | None = None


class Stopped(Exception):
    """Ctrl-C stopped a session; `partial` is the record until then.

    Examples
    --------
    >>> Stopped(None).partial is None
    True
    """

    def __init__(self, partial: Any) -> None:
        super().__init__("interrupted")
        self.partial = partial

"""What a long integration hands out at the borders of its loop, so that it can be gone on with to the last bit.

All integrators here are one-step methods: concentrations, time, step size and counters are everything that the next
step depends on. The state is offered where it is whole, never from inside a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

State = Mapping[str, Any]  # arrays and numbers by name


class Keeper(Protocol):
    """Whoever keeps the state of a run, on disk or elsewhere.

    Attributes
    ----------
    state : mapping or None
        What to go on from; None starts at the beginning.

    Examples
    --------
    >>> class Last:
    ...     state = None
    ...     def offer(self, make, last=False):
    ...         self.state = make()
    >>> keeper: Keeper = Last()
    >>> keeper.offer(lambda: {"time": 1.0})
    >>> keeper.state
    {'time': 1.0}
    """

    state: State | None

    def offer(self, make: Callable[[], State], last: bool = False) -> None:
        """Called at every border; `make` gives the state if it is wanted now. `last` if the run ends here."""

"""The border between two steps of a session: what the next step depends on, so that a run goes on to the same bits.

The methods are one-step methods. Beside the state of the liquid there are the length of the next step, the place in
the protocol, what has been recorded, and on grids the preconditioner: it is kept over many steps, and another one would
leave other errors (below the tolerance) in every step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simcell.numerics.checkpoint import State
from simcell.numerics.grid import Array


@dataclass(frozen=True)
class Border:
    """Where a session stands between two steps.

    Parameters
    ----------
    segment : int
        Number of the segment.
    began, time : float
        Times at which it began, and of now [s].
    done : float
        Of the segment [s].
    charge : float
        Passed when it began [C/m^2].
    dt : float
        Length of the next step [s].
    fresh : bool
        Whether that step is the first after a jump.
    state : tuple of arrays
        Of the stepper.
    more : mapping of arrays
        What else the next steps depend on.

    Examples
    --------
    >>> Border(0, 0.0, 1.0, 1.0, 0.0, 0.1, False, (np.ones(2),), {}).numbers
    array([0. , 0. , 1. , 1. , 0. , 0.1, 0. ])
    """

    segment: int
    began: float
    time: float
    done: float
    charge: float
    dt: float
    fresh: bool
    state: tuple[Array, ...]
    more: Mapping[str, Array]

    @property
    def numbers(self) -> Array:
        """All numbers, in their order."""
        return np.array([self.segment, self.began, self.time, self.done, self.charge, self.dt, self.fresh])


def packed(border: Border, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> State:
    """Arrays by name of a border and of tables, each a list of rows with the same keys.

    Examples
    --------
    >>> here = Border(0, 0.0, 1.0, 1.0, 0.0, 0.1, True, (np.ones(2),), {"made": np.zeros(3)})
    >>> sorted(packed(here, {"rows": [{"time": 0.5}, {"time": 1.0}]}))
    ['border', 'more.made', 'rows.time', 'state.0']
    """
    content: dict[str, Any] = {"border": border.numbers}
    content |= {f"state.{n}": array for n, array in enumerate(border.state)}
    content |= {f"more.{name}": array for name, array in border.more.items()}
    for table, rows in tables.items():
        if rows:
            content |= {f"{table}.{key}": np.array([row[key] for row in rows]) for key in rows[0]}
    return content


def unpacked(content: State, tables: Sequence[str]) -> tuple[Border, dict[str, list[dict[str, Any]]]]:
    """The opposite of `packed`.

    Examples
    --------
    >>> here = Border(0, 0.0, 1.0, 1.0, 0.0, 0.1, True, (np.ones(2),), {"made": np.zeros(3)})
    >>> border, rows = unpacked(packed(here, {"rows": [{"time": 0.5}, {"time": 1.0}]}), ["rows"])
    >>> border.dt, border.fresh, rows["rows"][1]["time"]
    (0.1, True, 1.0)
    """

    def part(name: str) -> dict[str, Any]:
        return {key.removeprefix(f"{name}."): content[key] for key in content if key.startswith(f"{name}.")}

    segment, began, time, done, charge, dt, fresh = content["border"].tolist()
    state = part("state")
    border = Border(
        int(segment), began, time, done, charge, dt, bool(fresh),
        tuple(np.asarray(state[str(n)]) for n in range(len(state))), part("more"),
    )  # fmt: skip
    found = {}
    for table in tables:
        columns = part(table)
        length = len(next(iter(columns.values()), ()))
        found[table] = [{key: _plain(values[n]) for key, values in columns.items()} for n in range(length)]
    return border, found


def _plain(value: Any) -> Any:
    """A number as it was before it was put into an array."""
    return value.item() if np.ndim(value) == 0 else value

"""Where a run of growth stands between two steps, as arrays, so that it goes on to the same bits.

The method is a one-step method: the state of the layer, the generator of random numbers and the place in the protocol
are everything that the next step depends on. Of output times only what a result is made of is kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from simcell.dendrite.layer import State
from simcell.numerics.checkpoint import State as Content

KEPT = ("time", "xi", "salt", "ratio", "potential", "metal", "charge", "inflow", "steps", "energy")  # at output times
NUMBERS = ("stage", "began", "step_charge", "held", "plated", "stripped", "kept", "ended", "told")
WHOLE = {"steps": int}


@dataclass(frozen=True, eq=False)
class Place:
    """Where a run stands.

    Parameters
    ----------
    stage : int
        Number of the stage of the protocol.
    began : float
        When it began [s].
    step_charge : float
        Charge when its step of the protocol began [C].
    held : bool
        Whether a galvanostat is at its compliance.
    state : State
    random : mapping
        State of the generator.
    plated, stripped : float
        Charges that have passed in both directions [C].
    kept, ended, told : int
        How many states of output times there are, steps that a limit has ended, and remarks.

    Examples
    --------
    >>> Place.__dataclass_fields__["kept"].type
    'int'
    """

    stage: int
    began: float
    step_charge: float
    held: bool
    state: State
    random: Any
    plated: float
    stripped: float
    kept: int
    ended: int
    told: int


def packed(place: Place, states: Sequence[State], rows: dict[str, list[Any]]) -> Content:
    """Arrays by name: the place, states of output times, and lists of what was found, as JSON.

    Examples
    --------
    >>> one = np.ones((1, 2))
    >>> state = State(0.5, one, one, one, one, np.zeros(1), one, one)
    >>> place = Place(1, 0.2, 0.0, False, state, np.random.default_rng(1).bit_generator.state, 1e-12, 0.0, 1, 0, 0)
    >>> again, states, rows = unpacked(packed(place, [state], {"current": [1e-9]}))
    >>> again.stage, again.state.time, again.random == place.random, states[0].time, rows
    (1, 0.5, True, 0.5, {'current': [1e-09]})
    """
    numbers = {name: getattr(place, name) for name in NUMBERS}
    content: dict[str, Any] = {"run": np.array(json.dumps({**numbers, "random": place.random, "rows": rows}))}
    for field in fields(State):
        value = getattr(place.state, field.name)
        if value is not None:
            content[f"state.{field.name}"] = np.asarray(value)
    for name in KEPT:
        for number, state in enumerate(states[: place.kept]):
            content[f"kept.{number}.{name}"] = np.asarray(getattr(state, name))
    return content


def unpacked(content: Content) -> tuple[Place, list[State], dict[str, list[Any]]]:
    """The opposite of `packed`; states of output times hold what results need.

    Examples
    --------
    >>> unpacked.__annotations__["content"]
    'Content'
    """
    run = json.loads(str(content["run"]))
    random, rows = run.pop("random"), run.pop("rows")
    names = [field.name for field in fields(State)]
    found = {name: _plain(name, content[f"state.{name}"]) for name in names if f"state.{name}" in content}
    states = []
    for number in range(run["kept"]):
        kept = {name: _plain(name, content[f"kept.{number}.{name}"]) for name in KEPT}
        states.append(State(ratio_before=kept["ratio"], potential_before=kept["potential"], **kept))
    return Place(state=State(**found), random=random, **run), states, rows


def _plain(name: str, value: Any) -> Any:
    """A number as it was before it was put into an array."""
    return WHOLE.get(name, float)(value) if np.ndim(value) == 0 else value

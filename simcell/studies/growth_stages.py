"""A protocol as growth runs it: stages of constant current or potential, with the limits that end them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simcell.inputs.protocol import ProtocolInput, StepInput
from simcell.studies.steps import limits_of
from simcell.transport.protocol import Limit

STAIR = 5e-3  # V, of a sweep
Part = tuple[float, float | None, float | None]  # duration [s], current [A], potential [V]


@dataclass(frozen=True)
class Stage:
    """Part of a protocol: how long [s], and either the current [A], positive deposits, or the potential [V].

    `limits` end it before its time, and with it what is left of its step; they count per area, anodic positive.

    Examples
    --------
    >>> Stage(10.0, current=0.0).potential is None
    True
    """

    lasts: float
    current: float | None = None
    potential: float | None = None
    limits: tuple[Limit, ...] = ()
    step: int = 0


def stages_of(protocol: ProtocolInput, duration: float | None, area: float) -> tuple[Stage, ...]:
    """Turn a protocol into stages of constant current or potential; a sweep becomes stairs of `STAIR`.

    Parameters
    ----------
    protocol : ProtocolInput
    duration : float or None
        Of the case [s]; ends a last step without duration.
    area : float
        That a current density refers to: the flat electrode [m^2].

    Returns
    -------
    tuple of Stage

    Examples
    --------
    >>> steps = [{"technique": "galvanostatic", "current_density": "-10 mA/cm^2", "duration": "5 s"},
    ...          {"technique": "ocp", "duration": "1 s"}]
    >>> [(stage.lasts, stage.current, stage.step) for stage in stages_of(ProtocolInput(steps=steps), None, 1e-12)]
    [(5.0, 1e-10, 0), (1.0, 0.0, 1)]
    """
    found: list[Stage] = []
    for number, step in enumerate(protocol.steps):
        limits = () if step.until is None else limits_of(step.until, area, f"protocol.steps[{number}].until")
        left = (duration or 0.0) - sum(stage.lasts for stage in found)
        found += [Stage(*part, limits, number) for part in _parts(step, left, area) if part[0] > 0.0]
    return tuple(found)


def _parts(step: StepInput, left: float, area: float) -> list[Part]:
    if step.technique == "cv":
        return _stairs(step)
    level = _level(step.current, step.current_density, step.potential, area)
    if step.technique == "pulse":
        rest = _level(step.rest_current, step.rest_current_density, step.rest_potential, area)
        return [(step.on or 0.0, *level), (step.off or 0.0, *rest)] * (step.count or 1)
    return [(left if step.duration is None else step.duration, *level)]


def _level(
    current: float | None, density: float | None, potential: float | None, area: float
) -> tuple[float | None, float | None]:
    """Current [A], positive deposits, or potential [V]; neither: at rest."""
    if potential is not None:
        return None, potential
    total = current if current is not None else (density or 0.0) * area
    return -total if total else 0.0, None


def _stairs(step: StepInput) -> list[Part]:
    start = step.potential or 0.0
    corners = [start, *step.vertices * (step.cycles or 1), start if step.stop is None else step.stop]
    found: list[Part] = []
    for a, b in pairwise(corners):
        count = max(1, int(np.ceil(abs(b - a) / STAIR)))
        lasts = abs(b - a) / count / (step.scan_rate or 1.0)
        found += [(lasts, None, float(a + (b - a) * (k + 0.5) / count)) for k in range(count)]
    return found

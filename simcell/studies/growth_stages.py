"""A protocol as growth runs it: stages of constant current or potential."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simcell.inputs.protocol import ProtocolInput, StepInput

STAIR = 5e-3  # V, of a sweep


@dataclass(frozen=True)
class Stage:
    """Part of a protocol: until when [s], and either the current [A], positive deposits, or the potential [V].

    Examples
    --------
    >>> Stage(10.0, current=0.0).potential is None
    True
    """

    end: float
    current: float | None = None
    potential: float | None = None


def stages_of(protocol: ProtocolInput, duration: float | None, area: float) -> tuple[Stage, ...]:
    """Turn a protocol into stages of constant current or potential; a sweep becomes stairs of `STAIR`.

    Parameters
    ----------
    protocol : ProtocolInput
    duration : float or None
        Of the case [s]; cuts what is longer, and ends a last step without duration.
    area : float
        That a current density refers to: the flat electrode [m^2].

    Returns
    -------
    tuple of Stage

    Examples
    --------
    >>> steps = [{"technique": "galvanostatic", "current_density": "-10 mA/cm^2", "duration": "5 s"},
    ...          {"technique": "ocp", "duration": "1 s"}]
    >>> stages_of(ProtocolInput(steps=steps), None, 1e-12)
    (Stage(end=5.0, current=1e-10, potential=None), Stage(end=6.0, current=0.0, potential=None))
    """
    parts: list[tuple[float, float | None, float | None]] = []  # duration, current, potential
    for step in protocol.steps:
        if step.technique == "cv":
            parts += _stairs(step)
        elif step.technique == "pulse":
            on = _level(step.current, step.current_density, step.potential, area)
            off = _level(step.rest_current, step.rest_current_density, step.rest_potential, area)
            parts += [(step.on or 0.0, *on), (step.off or 0.0, *off)] * (step.count or 1)
        else:
            begun = sum(part[0] for part in parts)
            lasts = step.duration if step.duration is not None else (duration or 0.0) - begun
            parts.append((lasts, *_level(step.current, step.current_density, step.potential, area)))
    ends = np.cumsum([part[0] for part in parts])
    most = np.inf if duration is None else duration
    found = [Stage(min(float(end), most), i, v) for end, (_, i, v) in zip(ends, parts, strict=True)]
    begins = [0.0, *(stage.end for stage in found)]
    return tuple(stage for stage, begin in zip(found, begins, strict=False) if stage.end > begin)


def _level(
    current: float | None, density: float | None, potential: float | None, area: float
) -> tuple[float | None, float | None]:
    """Current [A], positive deposits, or potential [V]; neither: at rest."""
    if potential is not None:
        return None, potential
    total = current if current is not None else (density or 0.0) * area
    return -total if total else 0.0, None


def _stairs(step: StepInput) -> list[tuple[float, float | None, float | None]]:
    start = step.potential or 0.0
    corners = [start, *step.vertices * (step.cycles or 1), start if step.stop is None else step.stop]
    found: list[tuple[float, float | None, float | None]] = []
    for a, b in pairwise(corners):
        count = max(1, int(np.ceil(abs(b - a) / STAIR)))
        lasts = abs(b - a) / count / (step.scan_rate or 1.0)
        found += [(lasts, None, float(a + (b - a) * (k + 0.5) / count)) for k in range(count)]
    return found

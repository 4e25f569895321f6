"""From the steps of a case to the segments of a potentiostat, with their limits, per area of the working electrode."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.protocol import StepInput, UntilInput
from simcell.transport.protocol import Limit, Segment, current, hold, pulses, rest, voltammogram


def segments_of(case: CaseInput, area: float | None, resistance: float) -> tuple[list[Segment], list[int]]:
    """Segments, and the step (from 0) that each belongs to.

    Parameters
    ----------
    case : CaseInput
    area : float or None
        Of the working electrode [m^2]; needed where the case gives currents.
    resistance : float
        That the instrument compensates [ohm m^2].

    Raises
    ------
    InputError
        Where a current has no area.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"physics": ["transport"]}, "grid": {"geometry": "line", "extent": "1 mm"},
    ...     "electrode": [{"name": "a", "role": "working", "reaction": [{"name": "ferro", "oxidised": "Fe(CN)6^3-",
    ...                    "reduced": "Fe(CN)6^4-", "electrons": 1, "rate_constant": "1e-4 m/s"}]}],
    ...     "protocol": {"steps": [{"technique": "ocp", "duration": "1 s"}]}}).input
    >>> segments_of(case, None, 0.0)[1]
    [0]
    """
    found: list[Segment] = []
    groups: list[int] = []
    problems: list[Problem] = []
    before = 0.0
    for number, step in enumerate(case.protocol.steps):
        key = f"protocol.steps[{number}]"
        try:
            lasts = step.lasts if step.lasts is not None else (case.case.duration or 0.0) - before
            made = _step(step, lasts, area, resistance, key)
        except InputError as error:
            problems += error.problems
            continue
        before += lasts
        found += made
        groups += [number] * len(made)
    if problems:
        raise InputError(problems)
    return found, groups


def _step(step: StepInput, lasts: float, area: float | None, resistance: float, key: str) -> list[Segment]:
    limits = limits_of(step.until, area, f"{key}.until") if step.until is not None else ()
    if step.technique == "ocp":
        made = [rest(lasts)]
    elif step.technique == "potentiostatic":
        made = [hold(step.potential or 0.0, lasts, compensation=resistance)]
    elif step.technique == "galvanostatic":
        made = [current(_density(step.current, step.current_density, area, f"{key}.current"), lasts)]
    elif step.technique == "cv":
        made = voltammogram(
            step.potential or 0.0, step.vertices, step.scan_rate or 1.0, step.cycles or 1, step.stop, resistance
        )
    else:
        count, on, off = step.count or 1, step.on or 1.0, step.off or 1.0
        if step.potential is not None:
            pair = [
                hold(v, t, compensation=resistance)
                for v, t in ((step.potential, on), (step.rest_potential or 0.0, off))
            ]
            made = pair * count
        else:
            peak = _density(step.current, step.current_density, area, f"{key}.current")
            low = _density(step.rest_current, step.rest_current_density, area, f"{key}.rest_current")
            made = pulses(peak, on, off, count, low)
    return [replace(segment, limits=limits) for segment in made]


def _density(total: float | None, density: float | None, area: float | None, key: str) -> float:
    if total is None:
        return density or 0.0
    if area is None:
        reason = "needs the area of the working electrode: give its area, or a current density"
        raise InputError(Problem("", key, f"{total:g} A", reason, 'area = "1 mm^2"'))
    return total / area


def limits_of(until: UntilInput, area: float | None, key: str) -> tuple[Limit, ...]:
    """Limits of a step, per area [m^2]; `key` is for messages.

    Raises
    ------
    InputError
        Where a current or charge has no area.

    Examples
    --------
    >>> limits_of(UntilInput(charge_above="1 nC"), 1e-9, "protocol.steps[0].until")[0].above
    1.0
    """
    found = []
    for quantity in ("potential", "current", "charge"):
        ends = {"below": -np.inf, "above": np.inf}
        for side in ends:
            value = getattr(until, f"{quantity}_{side}")
            per_area = getattr(until, f"{quantity}_density_{side}", None)
            if quantity != "potential" and (value is not None or per_area is not None):
                ends[side] = _density(value, per_area, area, f"{key}.{quantity}_{side}")
            elif value is not None:
                ends[side] = value
        if np.isfinite(list(ends.values())).any():
            found.append(Limit(quantity, **ends))
    return tuple(found)

"""What the potentiostat does: a list of steps, each with its end; against which reference; with how much compensation.

Anodic current is positive, so plating has a negative one. A current density counts the wetted area of the working
electrode that is not passivated. Potentials are those of the working electrode against the reference electrode, or
against the counter electrode where there is no reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from simcell.inputs.fields import Choice, Measure, Model, Number, Text, Whole
from simcell.inputs.rules import Given, Rule

TECHNIQUES = ("ocp", "potentiostatic", "galvanostatic", "cv", "pulse")
_VOLTS = Measure("voltage", minimum=-20.0, maximum=20.0, bounds="must be from -20 V to 20 V", example="-0.3 V")
_AMPERES = Measure("electrode_current", minimum=-1.0, maximum=1.0, bounds="must be from -1 A to 1 A")
_DENSITY = Measure("current_density", minimum=-1e8, maximum=1e8, bounds="must be from -1e8 A/m^2 to 1e8 A/m^2")
_SECONDS = Measure("time", minimum=1e-9, maximum=1e7, bounds="must be from 1 ns to 1e7 s", example="10 s")
_Volts = Annotated[float | None, _VOLTS]
_Amperes = Annotated[float | None, _AMPERES]
_Density = Annotated[float | None, _DENSITY]
_STEPS = '[{ technique = "galvanostatic", current_density = "-20 mA/cm^2", duration = "30 s" }]'
_UNTIL = '{ potential_below = "-1 V" }'
LEVELS = ("potential", "current", "current_density")
NEEDS = {
    "ocp": (), "potentiostatic": ("potential",), "galvanostatic": (), "cv": ("potential", "vertices", "scan_rate"),
    "pulse": ("on", "off"),
}  # fmt: skip
MAY = {
    "ocp": ("duration", "until"),
    "potentiostatic": ("duration", "until"),
    "galvanostatic": ("duration", "until", "current", "current_density"),
    "cv": ("cycles", "stop", "until"),
    "pulse": ("count", "until", *LEVELS, *(f"rest_{level}" for level in LEVELS)),
}


class UntilInput(Model):
    """Limits that end a step before its time, in SI units.

    Examples
    --------
    >>> UntilInput(potential_below="-1 V").potential_below
    -1.0
    """

    potential_below: _Volts = Field(None, examples=['"-1 V"'])
    potential_above: _Volts = Field(None, examples=['"0.5 V"'])
    current_below: _Amperes = Field(None, examples=['"1 pA"'])
    current_above: _Amperes = Field(None, examples=['"-1 pA"'])
    current_density_below: _Density = Field(None, examples=['"1 A/m^2"'])
    current_density_above: _Density = Field(None, examples=['"-1 A/m^2"'])
    charge_below: Annotated[float | None, Measure("charge")] = Field(None, examples=['"-1 nC"'])
    charge_above: Annotated[float | None, Measure("charge")] = Field(None, examples=['"1 nC"'])
    charge_density_below: Annotated[float | None, Measure("charge_density")] = Field(None, examples=['"-10 C/m^2"'])
    charge_density_above: Annotated[float | None, Measure("charge_density")] = Field(None, examples=['"10 C/m^2"'])


class StepInput(Model):
    """One step of a protocol, in SI units.

    Examples
    --------
    >>> StepInput(technique="potentiostatic", potential="-0.1 V", duration="2 s").duration
    2.0
    """

    technique: Annotated[
        Literal["ocp", "potentiostatic", "galvanostatic", "cv", "pulse"],
        Choice(TECHNIQUES),
    ] = Field(examples=['"potentiostatic"'])
    duration: Annotated[float | None, _SECONDS] = Field(
        None, examples=['"10 s"'], description="the last step may do without where case.duration ends the run"
    )
    potential: _Volts = Field(None, examples=['"-0.3 V"'], description="of a cv: where it starts")
    current: _Amperes = Field(None, examples=['"-1 nA"'])
    current_density: _Density = Field(None, examples=['"-20 mA/cm^2"'])
    vertices: tuple[Annotated[float, _VOLTS], ...] = Field(
        (), examples=['["-0.5 V", "0.3 V"]'], max_length=1000, description="cv: where it turns, every cycle"
    )
    scan_rate: Annotated[
        float | None,
        Measure("scan_rate", above=0.0, maximum=1e6, bounds="must be above zero and at most 1e6 V/s"),
    ] = Field(None, examples=['"10 mV/s"'])
    cycles: Annotated[int | None, Whole(1, 1000, "2")] = Field(None, examples=["2"], description="of a cv; default 1")
    stop: _Volts = Field(None, examples=['"0 V"'], description="cv: where it ends; default: where it starts")
    on: Annotated[float | None, _SECONDS] = Field(None, examples=['"1 ms"'], description="duration of a pulse")
    off: Annotated[float | None, _SECONDS] = Field(None, examples=['"9 ms"'], description="pause between pulses")
    count: Annotated[int | None, Whole(1, 10_000, "100")] = Field(
        None, examples=["100"], description="number of pulses; default 1"
    )
    rest_potential: _Volts = Field(None, examples=['"0 V"'], description="in the pauses of pulses")
    rest_current: _Amperes = Field(None, examples=['"0 A"'], description="in the pauses; of the other sign: reverse")
    rest_current_density: _Density = Field(None, examples=['"0 A/m^2"'], description="in the pauses of pulses")
    until: UntilInput | None = Field(None, examples=[_UNTIL], description="limits that end the step before its time")

    @property
    def lasts(self) -> float | None:
        """Longest duration [s]; None where the step names none."""
        if self.technique == "cv" and self.potential is not None and self.vertices and self.scan_rate:
            corners = (
                self.potential,
                *self.vertices * (self.cycles or 1),
                self.potential if self.stop is None else self.stop,
            )
            return sum(abs(b - a) for a, b in pairwise(corners)) / self.scan_rate
        if self.technique == "pulse" and self.on is not None and self.off is not None:
            return (self.count or 1) * (self.on + self.off)
        return self.duration


class ProtocolInput(Model):
    """Section ``[protocol]``, in SI units.

    Examples
    --------
    >>> ProtocolInput(steps=[{"technique": "ocp", "duration": "1 s"}]).steps[0].technique
    'ocp'
    """

    steps: tuple[StepInput, ...] = Field((), examples=[_STEPS], max_length=1000)
    reference: Annotated[str | None, Text('"reference"')] = Field(
        None,
        examples=['"reference"'],
        description="that potentials are against; default: the one of that role",
    )
    ir_compensation: Annotated[
        float, Number(0.0, 0.99, "is the compensated share of the resistance, 0 to 0.99: at 1 it oscillates", "0.85")
    ] = Field(0.0, examples=["0.85"], description="share of the resistance at the start between working and reference")


def protocol_rules(given: Given) -> Iterator[Rule]:
    """Each step has what its technique needs, nothing else, and an end.

    Examples
    --------
    >>> step = StepInput(technique="potentiostatic", potential="-0.1 V")
    >>> given = Given({}, {"protocol": {"steps": (step,)}, "transport": {"level": "tertiary"}}, {})
    >>> [rule.key for rule in protocol_rules(given)]
    ['protocol.steps[0].duration']
    """
    steps = given.value("protocol", "steps")
    if steps is None:
        return
    if not steps:
        yield Rule("protocol.steps", None, "is missing: transport needs to know what the potentiostat does", _STEPS)
    for number, step in enumerate(steps):
        yield from _one(f"protocol.steps[{number}]", step)
        if step.until is not None:
            yield from _limits(f"protocol.steps[{number}].until", step.until)
    yield from _ends(given, steps)


def tertiary(level: str | None, geometry: str | None, steps: Sequence[StepInput]) -> bool:
    """Whether concentrations are followed: as asked, on a line, and for whatever takes time.

    Examples
    --------
    >>> hold = StepInput(technique="potentiostatic", potential="1 V")
    >>> tertiary("auto", "plan", [hold]), tertiary("auto", "plan", [hold, hold]), tertiary("auto", "line", [hold])
    (False, True, True)
    """
    if level in ("primary", "secondary"):
        return False
    held = len(steps) == 1 and steps[0].technique in ("potentiostatic", "galvanostatic") and steps[0].duration is None
    return level == "tertiary" or geometry == "line" or (len(steps) > 0 and not held)


def _one(key: str, step: StepInput) -> Iterator[Rule]:
    technique = step.technique
    wrote = {name for name in StepInput.model_fields if name in step.model_fields_set} - {"technique"}
    for name in NEEDS[technique]:
        if getattr(step, name) in (None, ()):
            yield Rule(f"{key}.{name}", None, f'is missing, technique = "{technique}" needs it', _example(name))
    for name in sorted(wrote - set(NEEDS[technique]) - set(MAY[technique])):
        reason = f'means nothing for technique = "{technique}"'
        yield Rule(f"{key}.{name}", None, reason)
    levels = [name for name in LEVELS if getattr(step, name) is not None]
    if technique in ("galvanostatic", "pulse"):
        allowed = LEVELS[1:] if technique == "galvanostatic" else LEVELS
        found = [name for name in levels if name in allowed]
        if len(found) != 1:
            reason = "is missing" if not found else f"says it a second time beside {found[0]}"
            reason += f"; give one of {', '.join(allowed)}"
            yield Rule(f"{key}.{found[1] if found else allowed[-1]}", None, reason, _example("current_density"))
        rests = [name for name in LEVELS if getattr(step, f"rest_{name}") is not None]
        if technique == "pulse" and len(found) == 1:
            if found[0] == "potential" and rests != ["potential"]:
                reason = "is missing: pulses of potential need the potential between them"
                yield Rule(f"{key}.rest_potential", None, reason, '"0 V"')
            for name in rests:
                if (name == "potential") != (found[0] == "potential"):
                    yield Rule(
                        f"{key}.rest_{name}", None, f"does not go with {found[0]}: pulses control one of the two"
                    )
    if technique == "cv" and step.potential is not None and step.vertices:
        corners = [step.potential, *step.vertices]
        for n, (a, b) in enumerate(pairwise(corners)):
            if a == b:
                yield Rule(f"{key}.vertices[{n}]", b, "is where the sweep comes from: it would not move")


def _limits(key: str, until: UntilInput) -> Iterator[Rule]:
    for name in ("potential", "current", "current_density", "charge", "charge_density"):
        below, above = getattr(until, f"{name}_below"), getattr(until, f"{name}_above")
        if below is not None and above is not None and not below < above:
            yield Rule(f"{key}.{name}_above", above, f"must lie above {name}_below ({below:g})")
    if not until.model_fields_set:
        yield Rule(key, None, "names no limit", _UNTIL)


def _ends(given: Given, steps: tuple[StepInput, ...]) -> Iterator[Rule]:
    if not tertiary(given.value("transport", "level"), given.value("grid", "geometry"), steps):
        return
    before, end = 0.0, given.value("case", "duration")
    for number, step in enumerate(steps):
        if step.technique not in ("cv", "pulse") and step.duration is None:
            last = number == len(steps) - 1
            if not (last and end is not None):
                reason = "is missing: a step without end" + (" (or case.duration)" if last else "")
                yield Rule(f"protocol.steps[{number}].duration", None, reason, '"10 s"')
            elif end <= before:
                reason = f"leaves nothing for the last step, which begins at {before:g} s"
                yield Rule("case.duration", given.raw("case", "duration"), reason, f'"{before + 10.0:g} s"')
        before += step.lasts or 0.0


def _example(name: str) -> str:
    return str((StepInput.model_fields[name].examples or [""])[0])


PROTOCOL_RULES = (protocol_rules,)

"""The beam: one road to the dose rate, and when it is on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from simcell.inputs.fields import MAX_LIST, Choice, Flag, Measure, Model, Number, Whole
from simcell.inputs.rules import Given, Rule
from simcell.inputs.scan import ScanInput, scan_rules
from simcell.inputs.spot import SPOT_RULES, SpotInput

_ROADS = "dose_rate, or energy + flux, or energy + current + diameter"

Moment = Annotated[float, Measure("time", minimum=0.0)]
Span = Annotated[float, Measure("time", above=0.0, maximum=1e7, bounds="must be above zero and below 1e7 s")]


class Window(Model):
    """A stretch of time in which the beam is on, or is not.

    Examples
    --------
    >>> w = Window.model_validate({"from": "0 s", "to": "5 s", "on": True})
    >>> w.start, w.end, w.on
    (0.0, 5.0, True)
    """

    start: Moment = Field(alias="from", examples=['"0 s"'])
    end: Moment = Field(alias="to", examples=['"5 s"'])
    on: Annotated[bool, Flag()] = Field(examples=["true"])


class Pulses(Model):
    """Equal pulses from t = 0, each followed by a pause; after the last the beam stays off.

    Examples
    --------
    >>> Pulses.model_validate({"on": "1 us", "off": "1 ms", "count": 10}).count
    10
    """

    on: Span = Field(examples=['"1 us"'])
    off: Span = Field(examples=['"1 ms"'])
    count: Annotated[int, Whole(1, MAX_LIST, "10")] = Field(examples=["10"])


class BeamInput(ScanInput, SpotInput):
    """Section ``[beam]``, in SI units.

    Exactly one road leads to the dose rate: `dose_rate`, `energy` + `flux`, or `energy` + `current` + `diameter`
    (with ``mode = "stem"``: `energy` + `current` + `pixel` + `dwell` + `frame`).

    Examples
    --------
    >>> BeamInput(energy="300 kV", flux="10 e/angstrom^2/s").flux
    1e+21
    """

    schedule: tuple[Window, ...] = Field(
        (),
        examples=['[{ from = "0 s", to = "5 s", on = true }]'],
        max_length=MAX_LIST,
        description="when the beam is on; off outside of the entries",
    )
    pulses: Pulses | None = Field(None, examples=['{ on = "1 us", off = "1 ms", count = 10 }'])
    dose_factor: Annotated[Literal["none", "1+t/lambda"], Choice(("none", "1+t/lambda"))] = Field(
        "none", examples=['"none"'], description="the published factor that counts liquid thickness twice"
    )
    injected_fraction: Annotated[float | None, Number(-10.0, 1.0)] = Field(
        None,
        examples=["0.05"],
        description="electrons that stay in the working electrode, per electron that hits it: absorbed ones less those "
        "knocked out; for coupling.injected_charge",
    )


def road_rules(given: Given) -> Iterator[Rule]:
    """Exactly one road to the dose rate, complete, and nothing beside it.

    Examples
    --------
    >>> [rule.key for rule in road_rules(Given({"beam": {"flux": "1 e/nm^2/s"}}, {}, {}))]
    ['beam.energy']
    """
    roads = [key for key in ("dose_rate", "flux", "current") if given.wrote("beam", key)]
    if not roads:
        yield Rule("beam", None, f"says no dose rate: give {_ROADS}", 'dose_rate = "7.5e7 Gy/s"')
        return
    for extra in roads[1:]:
        reason = f"says the dose rate a second time beside {roads[0]}; give one of {_ROADS}"
        yield Rule(f"beam.{extra}", given.raw("beam", extra), reason)
    stem = given.value("beam", "mode") == "stem"
    needed = {"dose_rate": [], "flux": ["energy"], "current": ["energy", "diameter"]}[roads[0]]
    if stem:
        needed = ["energy", "current", "pixel", "dwell", "frame"]
    elif given.value("beam", "spots"):
        needed = [key for key in needed if key != "diameter"]  # spot_rules ask for those that are missing
    what = 'mode = "stem"' if stem else f"beam.{roads[0]}"
    for key in needed:
        if not given.wrote("beam", key):
            yield Rule(f"beam.{key}", None, f"is missing, {what} needs it", given.example("beam", key))


def factor_rules(given: Given) -> Iterator[Rule]:
    """The factor 1 + t/lambda needs a thickness, an energy and a dose rate that is computed.

    Examples
    --------
    >>> given = Given({}, {"beam": {"dose_factor": "1+t/lambda"}}, {})
    >>> [rule.key for rule in factor_rules(given)]
    ['cell.spacer_height']
    """
    if given.value("beam", "dose_factor") != "1+t/lambda":
        return
    key, value = "beam.dose_factor", "1+t/lambda"
    if given.wrote("beam", "dose_rate"):
        yield Rule(key, value, "a dose_rate that is given is taken as it is, no factor applies", '"none"')
    elif not given.wrote("cell", "spacer_height"):
        yield Rule("cell.spacer_height", None, f"is missing, beam.dose_factor = {value!r} needs it", '"500 nm"')


def schedule_rules(given: Given) -> Iterator[Rule]:
    """Windows follow one another inside the duration, and the beam is on at some time.

    Examples
    --------
    >>> w = Window.model_validate({"from": "0 s", "to": "5 s", "on": True})
    >>> given = Given({}, {"beam": {"schedule": (w,)}, "case": {"duration": 1.0}}, {})
    >>> [rule.reason for rule in schedule_rules(given)]
    ['ends at 5 s, after the case ends (1 s)']
    """
    windows, duration = given.value("beam", "schedule") or (), given.value("case", "duration")
    if given.wrote("beam", "pulses") and given.wrote("beam", "schedule"):
        yield Rule("beam.pulses", None, "excludes beam.schedule; give one of the two")
    alone = "transport" not in (given.value("case", "physics") or ())  # the bias does something in the dark
    if alone and windows and not any(window.on for window in windows):
        yield Rule("beam.schedule", None, "never switches the beam on; outside of its entries the beam is off")
    before = 0.0
    for index, window in enumerate(windows):
        key = f"beam.schedule[{index}]"
        if window.end <= window.start:
            yield Rule(key, None, f"ends at {window.end:g} s, not after it begins ({window.start:g} s)")
        elif window.start < before:
            yield Rule(key, None, f"begins at {window.start:g} s, before the entry above ends ({before:g} s)")
        if duration is not None and window.end > duration * (1 + 1e-12):
            yield Rule(key, None, f"ends at {window.end:g} s, after the case ends ({duration:g} s)")
        before = max(before, window.end)


def pulse_rules(given: Given) -> Iterator[Rule]:
    """All pulses end before the case does.

    Examples
    --------
    >>> pulses = Pulses.model_validate({"on": "1 s", "off": "1 s", "count": 10})
    >>> given = Given({}, {"beam": {"pulses": pulses}, "case": {"duration": 5.0}}, {})
    >>> [rule.key for rule in pulse_rules(given)]
    ['beam.pulses.count']
    """
    pulses, duration = given.value("beam", "pulses"), given.value("case", "duration")
    if pulses is None or duration is None:
        return
    end = pulses.count * pulses.on + (pulses.count - 1) * pulses.off
    if end > duration * (1 + 1e-12):
        reason = f"the last pulse ends at {end:g} s, after the case ends ({duration:g} s)"
        yield Rule("beam.pulses.count", pulses.count, reason)


BEAM_RULES = (road_rules, scan_rules, *SPOT_RULES, factor_rules, schedule_rules, pulse_rules)

"""The beam: one road to the dose rate, and when it is on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from simcell.constants import KILO_ELECTRON_VOLT
from simcell.inputs.fields import MAX_LIST, Choice, Flag, Frame, Measure, Model, Whole
from simcell.inputs.rules import Given, Rule

_ENERGY_BOUNDS = "must be from 30 kV to 1000 kV, where the stopping power holds"
# 1e12 Gy/s is ten times the range over which the kinetics is tested; currents, fluxes and sizes beyond these
# belong to no electron microscope.
_DOSE_RATE_BOUNDS = "must not exceed 1e12 Gy/s, above which the chemistry is not valid"
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


class BeamInput(Model):
    """Section ``[beam]``, in SI units.

    Exactly one road leads to the dose rate: `dose_rate`, `energy` + `flux`, or `energy` + `current` + `diameter`
    (with ``mode = "stem"``: `energy` + `current` + `pixel` + `dwell` + `frame`).

    Examples
    --------
    >>> BeamInput(energy="300 kV", flux="10 e/angstrom^2/s").flux
    1e+21
    """

    energy: Annotated[
        float | None,
        Measure("energy", minimum=30 * KILO_ELECTRON_VOLT, maximum=1000 * KILO_ELECTRON_VOLT, bounds=_ENERGY_BOUNDS),
    ] = Field(None, examples=['"300 kV"'], description="energy of the electrons")
    dose_rate: Annotated[float | None, Measure("dose_rate", maximum=1e12, bounds=_DOSE_RATE_BOUNDS)] = Field(
        None, examples=['"7.5e7 Gy/s"'], description="energy absorbed per mass and time"
    )
    flux: Annotated[float | None, Measure("flux", maximum=1e27, bounds="must not exceed 1e7 e/angstrom^2/s")] = Field(
        None, examples=['"10 e/angstrom^2/s"'], description="electrons per area and time"
    )
    current: Annotated[float | None, Measure("current", maximum=1e-3, bounds="must not exceed 1 mA")] = Field(
        None, examples=['"1 nA"'], description="beam current in the liquid"
    )
    diameter: Annotated[
        float | None,
        Measure("length", minimum=1e-11, maximum=1e-2, bounds="must be from 0.01 nm to 1 cm", example="2 um"),
    ] = Field(None, examples=['"2 um"'], description="diameter of the disc on which the current falls")
    mode: Annotated[Literal["tem", "stem"], Choice(("tem", "stem"))] = Field("tem", examples=['"tem"'])
    profile: Annotated[Literal["disc"], Choice(("disc",), later=("gaussian",))] = Field("disc", examples=['"disc"'])
    pixel: Annotated[
        float | None,
        Measure("length", minimum=1e-12, maximum=1e-4, bounds="must be from 1 pm to 100 um", example="1 nm"),
    ] = Field(None, examples=['"1 nm"'], description="STEM: distance of scan points")
    dwell: Annotated[
        float | None,
        Measure("time", minimum=1e-9, maximum=1e3, bounds="must be from 1 ns to 1000 s", example="5 us"),
    ] = Field(None, examples=['"5 us"'], description="STEM: time on each scan point")
    frame: Annotated[tuple[int, int] | None, Frame()] = Field(
        None, examples=["[1024, 1024]"], description="STEM: scan points along x and y"
    )
    probe: Annotated[
        float | None,
        Measure("length", minimum=1e-11, maximum=1e-4, bounds="must be from 0.01 nm to 100 um", example="0.2 nm"),
    ] = Field(None, examples=['"0.2 nm"'], description="STEM: diameter of the probe")
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
    what = 'mode = "stem"' if stem else f"beam.{roads[0]}"
    for key in needed:
        if not given.wrote("beam", key):
            yield Rule(f"beam.{key}", None, f"is missing, {what} needs it", given.example("beam", key))


def scan_rules(given: Given) -> Iterator[Rule]:
    """Keys of a scan belong to mode "stem", the disc to "tem".

    Examples
    --------
    >>> given = Given({"beam": {"pixel": "1 nm"}}, {"beam": {"mode": "tem"}}, {})
    >>> [rule.reason for rule in scan_rules(given)]
    ['belongs to mode = "stem", but the mode is "tem"']
    """
    mode = given.value("beam", "mode")
    strangers = {"tem": ("pixel", "dwell", "frame", "probe"), "stem": ("diameter", "flux", "dose_rate")}
    for key in strangers.get(str(mode), ()):
        if given.wrote("beam", key):
            other = "stem" if mode == "tem" else "tem"
            reason = f'belongs to mode = "{other}", but the mode is "{mode}"'
            yield Rule(f"beam.{key}", given.raw("beam", key), reason)


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
    if windows and not any(window.on for window in windows):
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


BEAM_RULES = (road_rules, scan_rules, factor_rules, schedule_rules, pulse_rules)

"""Where the beam is and how strong: energy, one road to the dose rate, profile, centre, tail, several spots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from simcell.constants import KILO_ELECTRON_VOLT
from simcell.inputs.fields import Choice, Measure, Model, Number
from simcell.inputs.rules import Given, Rule

_ENERGY_BOUNDS = "must be from 30 kV to 1000 kV, where the stopping power holds"
# 1e12 Gy/s is ten times the range over which the kinetics is tested; currents, fluxes and sizes beyond these
# belong to no electron microscope.
_DOSE_RATE_BOUNDS = "must not exceed 1e12 Gy/s, above which the chemistry is not valid"

_WIDTH = Measure("length", minimum=1e-11, maximum=1e-2, bounds="must be from 0.01 nm to 1 cm", example="2 um")
_PLACE = Measure("position", minimum=-1e-2, maximum=1e-2, bounds="must be from -1 cm to 1 cm", example="-2 um")
Point = tuple[Annotated[float, _PLACE], Annotated[float, _PLACE]]


class Tail(Model):
    """A wide Gaussian around the core: its share of the current, and its full width at half maximum.

    Examples
    --------
    >>> Tail(fraction=0.1, diameter="10 um").diameter
    1e-05
    """

    fraction: Annotated[float, Number(1e-9, 1.0 - 1e-9, "must be between 0 and 1", "0.1")] = Field(
        examples=["0.1"], description="share of the current"
    )
    diameter: Annotated[float, _WIDTH] = Field(examples=['"10 um"'], description="full width at half maximum")


class Spot(Model):
    """One of several beams: its centre, diameter (default that of ``[beam]``) and weight, its part of the current.

    Examples
    --------
    >>> Spot(center=["-1 um", "0 um"], diameter="2 um").center
    (-1e-06, 0.0)
    """

    center: Point = Field(examples=['["-1 um", "0 um"]'], description="x and y")
    diameter: Annotated[float | None, _WIDTH] = Field(None, examples=['"2 um"'])
    weight: Annotated[float, Number(1e-9, 1e9, "must be above zero, 1e9 at most")] = Field(
        1.0, examples=["1.0"], description="share of the current, relative to the other spots"
    )


class SpotInput(Model):
    """What ``[beam]`` says of the electrons and of the area that they light, in SI units.

    Examples
    --------
    >>> SpotInput(diameter="2 um", profile="gaussian", center=["5 um", "-5 um"]).center
    (5e-06, -5e-06)
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
        _WIDTH,
    ] = Field(
        None,
        examples=['"2 um"'],
        description="of the disc on which the current falls, or full width at half maximum of the Gaussian",
    )
    mode: Annotated[Literal["tem", "stem"], Choice(("tem", "stem"))] = Field("tem", examples=['"tem"'])
    profile: Annotated[Literal["disc", "gaussian"], Choice(("disc", "gaussian"))] = Field(
        "disc", examples=['"disc"'], description="of the beam, or of a scanned probe"
    )
    center: Point | None = Field(
        None,
        examples=['["0 um", "0 um"]'],
        description="x and y of the beam or of the scanned frame; default the origin",
    )
    tail: Tail | None = Field(None, examples=['{ fraction = 0.1, diameter = "10 um" }'])
    spots: tuple[Spot, ...] = Field(
        (),
        examples=['[{ center = ["-2 um", "0 um"], diameter = "1 um", weight = 1.0 }]'],
        max_length=1000,
        description="several beams at once",
    )


def spots_rules(given: Given) -> Iterator[Rule]:
    """Spots have centres of their own, and a diameter each.

    Examples
    --------
    >>> spots = (Spot(center=["0 um", "0 um"]),)
    >>> [rule.key for rule in spots_rules(Given({"beam": {"spots": []}}, {"beam": {"spots": spots}}, {}))]
    ['beam.spots[0].diameter']
    """
    spots = given.value("beam", "spots") or ()
    if spots and given.wrote("beam", "center"):
        yield Rule("beam.center", None, "excludes beam.spots, each of which has its own")
    if not given.wrote("beam", "diameter"):
        for index, spot in enumerate(spots):
            if spot.diameter is None:
                reason = "is missing, and there is no beam.diameter for all spots"
                yield Rule(f"beam.spots[{index}].diameter", None, reason, '"2 um"')


def tail_rules(given: Given) -> Iterator[Rule]:
    """A tail is wider than what it is the tail of.

    Examples
    --------
    >>> tail = Tail(fraction=0.1, diameter="1 um")
    >>> [rule.reason for rule in tail_rules(Given({}, {"beam": {"tail": tail, "diameter": 2e-6}}, {}))]
    ['1e-06 m is not wider than the beam of 2e-06 m']
    """
    tail = given.value("beam", "tail")
    if tail is None:
        return
    own = given.value("beam", "diameter")
    cores = [spot.diameter or own for spot in given.value("beam", "spots") or ()] or [own]
    widest = max((core for core in cores if core is not None), default=None)
    if widest is None and not given.wrote("beam", "diameter"):
        yield Rule("beam.diameter", None, "is missing, beam.tail needs it", '"2 um"')
    elif widest is not None and tail.diameter <= widest:
        reason = f"{tail.diameter:.4g} m is not wider than the beam of {widest:.4g} m"
        yield Rule("beam.tail.diameter", None, reason, '"10 um"')


SPOT_RULES = (spots_rules, tail_rules)

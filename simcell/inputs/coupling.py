"""What acts back on a run of beam and currents together: heat, gas, charge that the beam leaves; all off by default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from simcell.inputs.fields import Flag, Measure, Model
from simcell.inputs.rules import Given, Rule

TOGETHER = "acts where beam and currents run together, along a line"
FEEDBACKS = ("gas", "heating", "injected_charge")


class CouplingInput(Model):
    """Section ``[coupling]``, in SI units.

    Examples
    --------
    >>> CouplingInput().heating, CouplingInput(temperature_rise="3 K").temperature_rise
    (False, 3.0)
    """

    gas: Annotated[bool, Flag()] = Field(
        False, examples=["true"], description="gas beyond the threshold comes out as bubbles: less liquid and electrode"
    )
    bubble_radius: Annotated[
        float | None, Measure("length", minimum=1e-9, maximum=1e-3, bounds="must be from 1 nm to 1 mm", example="1 um")
    ] = Field(
        None, examples=['"200 nm"'],
        description="of the bubbles that form: their pressure, and how far gas diffuses to them; default: the nucleus",
    )  # fmt: skip
    injected_charge: Annotated[bool, Flag()] = Field(
        False, examples=["true"], description="beam.injected_fraction of its electrons stay in the working electrode"
    )
    heating: Annotated[bool, Flag()] = Field(
        False, examples=["true"], description="beam and current warm the liquid: rates, diffusivities, RT/F follow"
    )
    temperature_rise: Annotated[
        float | None,
        Measure("temperature_coefficient", minimum=0.0, maximum=80.0, bounds="must be from 0 K to 80 K", example="3 K"),
    ] = Field(
        None, examples=['"3 K"'],
        description="of the beam, steady; default: heat leaves sideways, through the liquid to the rim of the window",
    )  # fmt: skip


def coupling_rules(given: Given) -> Iterator[Rule]:
    """What acts back needs both physics, and numbers of its own.

    Examples
    --------
    >>> given = Given({"coupling": {"heating": True}}, {"coupling": {"heating": True}, "case": {"physics": ()}}, {})
    >>> [rule.key for rule in coupling_rules(given)]
    ['coupling.heating']
    """
    physics = set(given.value("case", "physics") or ())
    on = [key for key in FEEDBACKS if given.value("coupling", key)]
    if on and (physics != {"radiolysis", "transport"} or given.value("grid", "geometry") != "line"):
        reason = f'{TOGETHER}: physics = ["radiolysis", "transport"], grid.geometry = "line"'
        yield Rule(f"coupling.{on[0]}", True, reason, "false")
        return
    fraction = given.wrote("beam", "injected_fraction")
    if "injected_charge" in on:
        if not fraction:
            reason = "is missing: no yield of electrons is assumed, coupling.injected_charge needs yours"
            yield Rule("beam.injected_fraction", None, reason, "0.05")
        if not given.wrote("beam", "energy"):
            reason = "is missing: coupling.injected_charge counts electrons, a dose rate alone does not"
            yield Rule("beam.energy", None, reason, '"300 kV"')
    elif fraction:
        reason = "is not used without coupling.injected_charge = true"
        yield Rule("beam.injected_fraction", given.raw("beam", "injected_fraction"), reason)
    yield from _heating(given, "heating" in on)
    yield from _gas(given, "gas" in on)


def _heating(given: Given, on: bool) -> Iterator[Rule]:
    rise = given.wrote("coupling", "temperature_rise")
    if rise and not on:
        reason = "is not used without coupling.heating = true"
        yield Rule("coupling.temperature_rise", given.raw("coupling", "temperature_rise"), reason)
    if not on:
        return
    if not rise and not given.wrote("beam", "diameter"):
        reason = "is missing: how warm the beam makes the liquid depends on it; or give coupling.temperature_rise"
        yield Rule("beam.diameter", None, reason, '"2 um"')


def _gas(given: Given, on: bool) -> Iterator[Rule]:
    radius, nucleus = given.value("coupling", "bubble_radius"), given.value("gas", "nucleus_radius")
    if radius is not None and not on:
        reason = "is not used without coupling.gas = true"
        yield Rule("coupling.bubble_radius", given.raw("coupling", "bubble_radius"), reason)
    if on and radius is None and nucleus is None:
        reason = "is missing: coupling.gas needs the size of the bubbles, or gas.nucleus_radius"
        yield Rule("coupling.bubble_radius", None, reason, '"200 nm"')
    if on and None not in (radius, nucleus) and radius < nucleus:
        reason = f"is smaller than the nucleus that bubbles start from, {nucleus * 1e9:.4g} nm"
        yield Rule("coupling.bubble_radius", given.raw("coupling", "bubble_radius"), reason)
    if on and given.value("gas", "bubble"):
        yield Rule("gas.bubble", True, "grows one bubble after the run; coupling.gas makes many in it", "false")


COUPLING_RULES = (coupling_rules,)

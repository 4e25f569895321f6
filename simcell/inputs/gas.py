"""Gas in the cell: the pressure of the liquid, what a bubble may start from, and whether one is to be grown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from simcell.constants import STANDARD_ATMOSPHERE
from simcell.inputs.fields import Flag, Measure, Model
from simcell.inputs.rules import Given, Rule

_MIN_PRESSURE, _MAX_PRESSURE = 1e3, 1e7  # Pa; below, water boils at room temperature; above, Henry's law fails
_SIZES = "must be from 1 nm, where surface tension loses its meaning, to 1 mm"
_HALF_TURN = 90.0 * math.pi / 180.0


class GasInput(Model):
    """Section ``[gas]``, in SI units. There is no default nucleus: its size is a property of the window.

    Examples
    --------
    >>> GasInput(nucleus_radius="100 nm").nucleus_radius
    1e-07
    """

    pressure: Annotated[
        float,
        Measure("pressure", minimum=_MIN_PRESSURE, maximum=_MAX_PRESSURE, bounds="must be from 10 mbar to 100 bar"),
    ] = Field(STANDARD_ATMOSPHERE, examples=['"1 atm"'], description="pressure of the liquid")
    nucleus_radius: Annotated[float | None, Measure("length", minimum=1e-9, maximum=1e-3, bounds=_SIZES)] = Field(
        None, examples=['"100 nm"'], description="radius of the pinned nucleus that a bubble starts from"
    )
    contact_angle: Annotated[
        float, Measure("angle", minimum=0.0, maximum=math.pi, bounds="must be from 0 deg to 180 deg")
    ] = Field(0.0, examples=['"30 deg"'], description="of water on the window, measured in the water")
    bubble: Annotated[bool, Flag()] = Field(
        False, examples=["true"], description="grow a bubble once the nucleus is passed"
    )
    layer_radius: Annotated[
        float | None, Measure("length", minimum=1e-8, maximum=1e-2, bounds="must be from 10 nm to 1 cm")
    ] = Field(None, examples=['"5 um"'], description="radius of the liquid that feeds the bubble; default: of the beam")


def gas_rules(given: Given) -> Iterator[Rule]:
    """A bubble needs a nucleus that fits between the windows, and a layer of liquid.

    Examples
    --------
    >>> given = Given({"gas": {"bubble": True}}, {"gas": {"bubble": True}}, {})
    >>> [rule.key for rule in gas_rules(given)]
    ['gas.nucleus_radius', 'cell.spacer_height', 'gas.layer_radius']
    """
    if not given.value("gas", "bubble"):
        return
    radius, height = given.value("gas", "nucleus_radius"), given.value("cell", "spacer_height")
    if radius is None and not given.wrote("gas", "nucleus_radius"):
        yield Rule("gas.nucleus_radius", None, "is needed for gas.bubble: a bubble starts somewhere", '"100 nm"')
    if height is None and not given.wrote("cell", "spacer_height"):
        yield Rule("cell.spacer_height", None, "is needed for gas.bubble", '"500 nm"')
    if radius is not None and height is not None and radius >= height / 2.0:
        reason = f"does not fit between windows {height * 1e9:.4g} nm apart; must be below {height * 5e8:.4g} nm"
        yield Rule("gas.nucleus_radius", given.raw("gas", "nucleus_radius"), reason, f'"{height * 2.5e8:.3g} nm"')
    angle = given.value("gas", "contact_angle")
    if angle is not None and angle > _HALF_TURN:
        reason = "must not exceed 90 deg for gas.bubble: the model bubble is held by windows that water wets"
        yield Rule("gas.contact_angle", given.raw("gas", "contact_angle"), reason, '"30 deg"')
    yield from _layer_rules(given, height)


def _layer_rules(given: Given, height: float | None) -> Iterator[Rule]:
    layer, diameter = given.value("gas", "layer_radius"), given.value("beam", "diameter")
    if layer is None and diameter is not None:
        layer = diameter / 2.0
    if layer is None:
        if not given.wrote("gas", "layer_radius") and not given.wrote("beam", "diameter"):
            reason = "is needed for gas.bubble where beam.diameter does not say how much liquid the beam hits"
            yield Rule("gas.layer_radius", None, reason, '"5 um"')
    elif height is not None and layer <= height:
        reason = f"the layer that feeds a bubble must be wider than {height * 1e9:.4g} nm, the distance of the windows"
        yield Rule("gas.layer_radius", given.raw("gas", "layer_radius"), reason, f'"{height * 1e7:.3g} um"')


GAS_RULES = (gas_rules,)

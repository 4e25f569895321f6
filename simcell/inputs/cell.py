"""The cell: thickness of the liquid, windows and their bulge, flow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from simcell.inputs.chips import shipped_chips
from simcell.inputs.fields import Choice, Measure, Model, Named, Number, Text, Words, refuse
from simcell.inputs.rules import Given, Rule
from simcell.inputs.window import WindowInput

SIDES = ("x-", "x+", "y-", "y+")
Side = Annotated[Literal["x-", "x+", "y-", "y+"], Choice(SIDES)]
_WINDOW = '{ material = "SiNx", thickness = "50 nm", width = "50 um", length = "200 um" }'
_LAYERS = '{ working = "1/0", counter = "2/0" }'
_PLACE = Measure("position", minimum=-0.1, maximum=0.1, bounds="must be from -10 cm to 10 cm", example="0 um")
_Position = Annotated[float, _PLACE]
_FLOW = '{ inlet = "x-", outlet = "x+" }'
_BYPASS = '{ height = "100 um", width = "200 um", length = "2 mm" }'
# Both windows at twice the slope to which the theory holds: no measured bulge of an intact window is larger.
_LARGEST_BULGE = 0.4  # total over the short side
_STOCKIEST = 10.0  # width over thickness below which a window is no plate


@dataclass(frozen=True)
class Bulge(Measure):
    """``"auto"`` (from the pressure difference), ``"none"``, or the measured deflection of both windows together.

    Examples
    --------
    >>> field = Bulge("displacement")
    >>> field.check("auto"), field.check("1.2 um")
    ('auto', 1.2e-06)
    """

    def check(self, value: Any) -> Any:
        """Return the word, or the length in m."""
        if value in ("auto", "none"):
            return value
        if isinstance(value, str) and value.strip() and value.strip()[0].isalpha():
            refuse('must be "auto", "none" or a length, the deflection of both windows at the centre', '"1.2 um"')
        return super().check(value)


class BypassInput(Model):
    """A channel beside the gap, in SI units.

    Examples
    --------
    >>> BypassInput(height="100 um", width="200 um", length="2 mm").height
    0.0001
    """

    height: Annotated[
        float, Measure("length", minimum=1e-9, maximum=1e-2, bounds="must be from 1 nm to 1 cm", example="100 um")
    ] = Field(examples=['"100 um"'])
    width: Annotated[
        float, Measure("length", minimum=1e-9, maximum=1e-1, bounds="must be from 1 nm to 10 cm", example="200 um")
    ] = Field(examples=['"200 um"'])
    length: Annotated[
        float, Measure("length", minimum=1e-7, maximum=1.0, bounds="must be from 100 nm to 1 m", example="2 mm")
    ] = Field(examples=['"2 mm"'])


class FlowInput(Model):
    """Where the liquid enters and leaves, and what passes beside the gap; SI units.

    Examples
    --------
    >>> FlowInput(inlet="x-", outlet="x+", bypass_share=0.999).bypass_share
    0.999
    """

    inlet: Side = Field(examples=['"x-"'])
    outlet: Side = Field(examples=['"x+"'])
    bypass_share: Annotated[
        float | None, Number(0.0, 1.0 - 1e-15, "must be at least 0 and below 1: with 1 nothing passes the gap", "0.999")
    ] = Field(None, examples=["0.999"], description="share of the flow that does not pass the gap")
    bypass: BypassInput | None = Field(None, examples=[_BYPASS], description="the channel beside the gap")
    viscosity: Annotated[
        float | None,
        Measure("viscosity", minimum=1e-5, maximum=1e3, bounds="must be from 0.01 mPa*s to 1000 Pa*s"),
    ] = Field(None, examples=['"0.89 mPa*s"'], description="of the liquid; that of water if absent")


class CellInput(Model):
    """Section ``[cell]``, in SI units.

    Examples
    --------
    >>> CellInput(spacer_height="500 nm").spacer_height
    5e-07
    """

    chip: Annotated[str | None, Choice(shipped_chips())] = Field(
        None, examples=['"generic-3-electrode"'], description="preset that fills in what the case does not write"
    )
    layout: Annotated[str | None, Text('"chip.gds"')] = Field(
        None, examples=['"chip.gds"'], description="GDSII or DXF file with the outlines of the electrodes"
    )
    layout_layers: Annotated[Words | None, Named()] = Field(
        None, examples=[_LAYERS], description="electrode -> layer/datatype (GDSII) or layer name (DXF)"
    )
    layout_unit: Annotated[
        float | None, Measure("length", minimum=1e-12, maximum=1.0, bounds="must be from 1 pm to 1 m", example="1 um")
    ] = Field(None, examples=['"1 um"'], description="one drawing unit of a DXF file that does not say")
    layout_origin: tuple[_Position, _Position] | None = Field(
        None, examples=['["0 um", "0 um"]'], description="the point of the drawing that is the middle of the grid"
    )
    layout_cell: Annotated[str | None, Text('"TOP"')] = Field(
        None, examples=['"TOP"'], description="cell of a GDSII file that has several on top"
    )
    spacer_height: Annotated[
        float | None, Measure("length", minimum=1e-9, maximum=1e-3, bounds="must be from 1 nm to 1 mm")
    ] = Field(None, examples=['"500 nm"'], description="thickness of the liquid")
    window: WindowInput | None = Field(None, examples=[_WINDOW], description="both windows, if they are alike")
    window_top: WindowInput | None = Field(None, examples=[_WINDOW], description="one window of two that differ")
    window_bottom: WindowInput | None = Field(None, examples=[_WINDOW], description="the other window")
    bulge: Annotated[
        Literal["auto", "none"] | float | None,
        Bulge("displacement", minimum=-1e-3, maximum=1e-3, bounds="must be from -1 mm to 1 mm"),
    ] = Field(None, examples=['"auto"'], description='"auto" from the pressure, or both windows together at the centre')
    pressure: Annotated[
        float | None,
        Measure("pressure_difference", minimum=-1e7, maximum=1e7, bounds="must be from -100 bar to 100 bar"),
    ] = Field(None, examples=['"1 bar"'], description="inside minus outside; bulges the windows")
    flow_rate: Annotated[
        float | None, Measure("volume_flow", maximum=1e-6, bounds="must not exceed 60 mL/min", example="1 uL/min")
    ] = Field(None, examples=['"1 uL/min"'], description="of the pump, bypass included")
    pressure_drop: Annotated[
        float | None, Measure("pressure", maximum=1e8, bounds="must not exceed 1000 bar", example="100 mbar")
    ] = Field(None, examples=['"100 mbar"'], description="between inlet and outlet, instead of the flow rate")
    flow: FlowInput | None = Field(None, examples=[_FLOW], description="sides of the grid, and the bypass")


def windows_of(cell: CellInput) -> tuple[WindowInput, ...]:
    """Both windows of a cell, or none.

    Examples
    --------
    >>> two = CellInput(window={"thickness": "50 nm", "width": "50 um", "length": "200 um"})
    >>> len(windows_of(two)), windows_of(CellInput())
    (2, ())
    """
    if cell.window is not None:
        return (cell.window, cell.window)
    return tuple(window for window in (cell.window_top, cell.window_bottom) if window is not None)


def window_rules(given: Given) -> Iterator[Rule]:
    """Either one key for both windows or one each, and each a plate.

    Examples
    --------
    >>> given = Given({"cell": {"window_top": {}}}, {}, {"cell": {"window_bottom": "{ ... }"}})
    >>> [rule.key for rule in window_rules(given)]
    ['cell.window_bottom']
    """
    pair = [key for key in ("window_top", "window_bottom") if given.wrote("cell", key)]
    if given.wrote("cell", "window"):
        for key in pair:
            yield Rule(f"cell.{key}", None, "says a window twice: cell.window stands for both; give that or the pair")
    elif len(pair) == 1:
        missing = "window_bottom" if pair == ["window_top"] else "window_top"
        reason = f"is missing beside cell.{pair[0]}; cell.window stands for both if they are alike"
        yield Rule(f"cell.{missing}", None, reason, given.example("cell", missing))
    for key in ("window", "window_top", "window_bottom"):
        window = given.value("cell", key)
        narrow = None if window is None else min(window.width, window.length)
        if window is not None and narrow < _STOCKIEST * window.thickness:
            reason = f"is above a tenth of the short side ({narrow:g} m), where a window is no thin plate"
            yield Rule(f"cell.{key}.thickness", window.thickness, reason, '"50 nm"')


def bulge_rules(given: Given) -> Iterator[Rule]:
    """A bulge has windows, a spacer and one cause.

    Examples
    --------
    >>> given = Given({"cell": {"bulge": "auto"}}, {"cell": {"bulge": "auto"}}, {"cell": {"pressure": '"1 bar"'}})
    >>> [rule.key for rule in bulge_rules(given)]
    ['cell.pressure', 'cell.window', 'cell.spacer_height']
    """
    bulge = given.value("cell", "bulge")
    if given.wrote("cell", "pressure") and given.value("cell", "pressure") is not None and bulge != "auto":
        if not given.wrote("cell", "bulge"):
            yield Rule("cell.bulge", None, "is missing: cell.pressure bulges the windows", '"auto"')
        elif bulge is not None:
            reason = f"bulges the windows, but cell.bulge is {'none' if bulge == 'none' else 'a measured length'}"
            yield Rule("cell.pressure", given.raw("cell", "pressure"), f"{reason}; leave one out", 'bulge = "auto"')
    if bulge is None or bulge == "none":
        return
    what = 'cell.bulge = "auto"' if bulge == "auto" else "cell.bulge"
    if bulge == "auto" and not given.wrote("cell", "pressure"):
        reason = f"is missing, {what} follows from it: pressure in the liquid minus outside; or measure the bulge"
        yield Rule("cell.pressure", None, reason, given.example("cell", "pressure"))
    if not any(given.wrote("cell", key) for key in ("window", "window_top", "window_bottom")):
        yield Rule("cell.window", None, f"is missing, {what} needs it", given.example("cell", "window"))
    if not given.wrote("cell", "spacer_height"):
        yield Rule("cell.spacer_height", None, f"is missing, {what} needs it", '"500 nm"')
    if bulge != "auto":
        yield from _measured(given, bulge)


def _measured(given: Given, bulge: float) -> Iterator[Rule]:
    raw, spacer = given.raw("cell", "bulge"), given.value("cell", "spacer_height")
    if spacer is not None and bulge <= -spacer:
        yield Rule("cell.bulge", raw, f"closes the gap: the spacer is {spacer:g} m high", f'"{-0.9 * spacer:.3g} m"')
    windows = [given.value("cell", key) for key in ("window", "window_top", "window_bottom")]
    narrow = [min(window.width, window.length) for window in windows if window is not None]
    if narrow and abs(bulge) > _LARGEST_BULGE * min(narrow):
        most = _LARGEST_BULGE * min(narrow)
        reason = (
            f"is more than {_LARGEST_BULGE:g} of the short side of a window ({min(narrow):g} m): at most {most:.3g} m"
        )
        yield Rule("cell.bulge", raw, reason, f'"{most:.3g} m"')


def flow_rules(given: Given) -> Iterator[Rule]:
    """A flow has one drive, an inlet, another side as outlet, a gap, and one bypass at most.

    Examples
    --------
    >>> rules = flow_rules(Given({"cell": {"flow_rate": "1 uL/min"}}, {"cell": {"flow_rate": 1.7e-11}}, {}))
    >>> [(rule.key, rule.reason) for rule in rules][0]
    ('cell.flow', 'is missing: cell.flow_rate needs an inlet and an outlet')
    """
    drives = [key for key in ("flow_rate", "pressure_drop") if given.wrote("cell", key)]
    flow = given.value("cell", "flow")
    if len(drives) == 2:
        reason = "drives the flow a second time beside cell.flow_rate; give one of the two"
        yield Rule("cell.pressure_drop", given.raw("cell", "pressure_drop"), reason)
    moving = [key for key in drives if given.value("cell", key) != 0.0]
    if moving and not given.wrote("cell", "flow"):
        yield Rule("cell.flow", None, f"is missing: cell.{moving[0]} needs an inlet and an outlet", _FLOW)
    if given.wrote("cell", "flow") and not drives:
        reason = "is missing, cell.flow needs it; or give pressure_drop"
        yield Rule("cell.flow_rate", None, reason, given.example("cell", "flow_rate"))
    if moving and not given.wrote("cell", "spacer_height"):
        yield Rule("cell.spacer_height", None, f"is missing, cell.{moving[0]} needs it", '"500 nm"')
    if flow is None:
        return
    if flow.inlet == flow.outlet:
        other = flow.inlet[0] + ("+" if flow.inlet[1] == "-" else "-")
        yield Rule(
            "cell.flow.outlet", flow.outlet, "is the side of the inlet; the liquid leaves at another", f'"{other}"'
        )
    if flow.bypass is not None and flow.bypass_share is not None:
        reason = (
            "says the bypass a second time; its share follows from its size and that of the gap; give one of the two"
        )
        yield Rule("cell.flow.bypass_share", flow.bypass_share, reason)


CELL_RULES = (window_rules, bulge_rules, flow_rules)

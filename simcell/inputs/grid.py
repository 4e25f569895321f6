"""Where the equations are solved: one well-mixed volume, rings around the beam, or cells in two or three dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from simcell.inputs.electrode import ElectrodeInput, outline_of, whole_electrodes
from simcell.inputs.fields import Choice, Measure, Model, Number, Whole
from simcell.inputs.rules import Given, Rule

GEOMETRIES = ("batch", "radial", "plan", "section", "full", "line", "auto")
OF_TRANSPORT = ("plan", "section", "full", "line", "auto")
EDGES = ("reservoir", "closed")
GROWTH_ON_LINE = 1.05  # default there; costs 2e-4 in a flux that spreads over decades of length
_LENGTH = Measure("length", minimum=1e-9, maximum=1e-1, bounds="must be from 1 nm to 10 cm", example="50 um")


class GridInput(Model):
    """Section ``[grid]``, in SI units.

    Examples
    --------
    >>> GridInput(geometry="radial", extent="25 um").extent
    2.5e-05
    """

    geometry: Annotated[Literal["batch", "radial", "plan", "section", "full", "line", "auto"], Choice(GEOMETRIES)] = (
        Field(
            "batch",
            examples=['"radial"'],
            description="batch: well mixed; radial: rings around the beam; plan: from above; section: cut across the "
            "gap; full: three dimensions; line: from electrode to electrode; auto: what transport needs, its default",
        )
    )
    extent: Annotated[float | None, _LENGTH] = Field(
        None,
        examples=['"50 um"'],
        description="radial: radius of the edge; otherwise length along x; default: the window",
    )
    extent_y: Annotated[float | None, _LENGTH] = Field(
        None,
        examples=['"50 um"'],
        description="length along y; default: as along x, or the window; section: width that amounts and flow refer to",
    )
    spacing: Annotated[
        float | None,
        Measure("length", minimum=1e-10, maximum=1e-2, bounds="must be from 0.1 nm to 1 cm", example="25 nm"),
    ] = Field(None, examples=['"25 nm"'], description="smallest cells, at the edge of the beam; default from the beam")
    growth: Annotated[float, Number(1.01, 2.0, example="1.2")] = Field(
        1.2, examples=["1.2"], description="ratio of neighbouring cells away from edges; 1.05 on a line of ions"
    )
    layers: Annotated[int, Whole(1, 1000, "10")] = Field(
        10, examples=["10"], description="section and full: cells across the gap"
    )
    edge: Annotated[Literal["reservoir", "closed"], Choice(EDGES)] = Field(
        "reservoir", examples=['"reservoir"'], description="what lies beyond: fresh liquid, or a wall"
    )


def grid_rules(given: Given) -> Iterator[Rule]:
    """A grid needs a beam of known size and, across the gap, a height; keys that nothing uses are told.

    Examples
    --------
    >>> given = Given({"grid": {"geometry": "radial"}}, {"grid": {"geometry": "radial"}, "beam": {}}, {})
    >>> [rule.key for rule in grid_rules(given)]
    ['beam.diameter', 'grid.extent']
    """
    geometry, physics = given.value("grid", "geometry"), given.value("case", "physics") or ("radiolysis",)
    if geometry is None:
        return
    if "radiolysis" not in physics:
        if "transport" in physics:
            yield from _of_transport(given, str(geometry))
        return
    if "transport" in physics:
        yield from _of_transport(given, str(geometry))
        if geometry != "line":
            yield from _flow_fits(given, str(geometry))
            yield from _beam_inside(given, str(geometry))
        return
    if geometry in ("line", "auto"):
        reason = 'is for case.physics = ["transport"]; a beam wants batch, radial, plan, section or full'
        yield Rule("grid.geometry", geometry, reason, '"radial"')
        return
    if geometry == "batch":
        yield from _flow_fits(given, "batch")
        for key in ("extent", "extent_y", "spacing", "growth", "layers", "edge"):
            if given.wrote("grid", key):
                reason = 'means nothing for one well-mixed volume; choose grid.geometry = "radial", for instance'
                yield Rule(f"grid.{key}", given.raw("grid", key), reason)
        return
    yield from _flow_fits(given, str(geometry))
    if given.value("radiolysis", "ensemble"):
        reason = f'samples a well-mixed volume only, not grid.geometry = "{geometry}"'
        yield Rule("radiolysis.ensemble", given.raw("radiolysis", "ensemble"), reason, "0")
    needs = f'is missing, grid.geometry = "{geometry}" needs it'
    sized = any(given.wrote("beam", key) for key in ("diameter", "pixel", "spots"))
    if not sized:
        yield Rule("beam.diameter", None, needs, '"2 um"')
    window = any(given.wrote("cell", key) for key in ("window", "window_top", "window_bottom"))
    if not given.wrote("grid", "extent") and (geometry == "radial" or not window):
        yield Rule("grid.extent", None, needs, '"50 um"')
    if geometry in ("section", "full") and not given.wrote("cell", "spacer_height"):
        yield Rule("cell.spacer_height", None, needs, '"500 nm"')
    if geometry == "radial" and given.wrote("grid", "extent_y"):
        yield Rule("grid.extent_y", given.raw("grid", "extent_y"), "a radial grid has no second length")
    if geometry in ("radial", "plan") and given.wrote("grid", "layers"):
        yield Rule("grid.layers", given.raw("grid", "layers"), f"a {geometry} grid has one layer")
    yield from _beam_inside(given, str(geometry))
    if given.raw("grid", "edge") == "closed" and _flows(given):
        reason = (
            "means nothing where liquid flows: it is fresh at the inlet, and all sides but inlet and outlet are walls"
        )
        yield Rule("grid.edge", "closed", reason)


def _of_transport(given: Given, geometry: str) -> Iterator[Rule]:
    """Currents and ions need electrodes apart from one another, and room for them."""
    if geometry not in OF_TRANSPORT and given.wrote("grid", "geometry"):
        reason = f"has no place for electrodes; transport wants {', '.join(OF_TRANSPORT)}"
        yield Rule("grid.geometry", geometry, reason, '"plan"')
        return
    if _flows(given) and (geometry == "line" or given.value("transport", "level") in ("primary", "secondary")):
        key = "flow_rate" if given.wrote("cell", "flow_rate") else "pressure_drop"
        reason = 'acts on ions from above, across or in three dimensions alone (transport.level = "tertiary")'
        yield Rule(f"cell.{key}", given.raw("cell", key), reason, '"0 uL/min"')
    window = any(given.wrote("cell", key) for key in ("window", "window_top", "window_bottom"))
    if not given.wrote("grid", "extent") and (geometry == "line" or not window):
        what = "the length of the line" if geometry == "line" else "the length of the grid along x, window or more"
        yield Rule("grid.extent", None, f"is missing: {what}", '"200 um"')
    if geometry in ("line", "plan"):
        for key in ("layers", "extent_y")[: 1 if geometry == "plan" else 2]:
            if given.wrote("grid", key):
                yield Rule(f"grid.{key}", given.raw("grid", key), f'means nothing for grid.geometry = "{geometry}"')
    if geometry == "line":
        return
    along, square = given.value("grid", "extent"), geometry in ("plan", "full", "auto")
    across = given.value("grid", "extent_y") or (along if square else None)
    for name, electrode in whole_electrodes(given).items():
        yield from _inside(name, electrode, along, across)


def _inside(name: str, electrode: ElectrodeInput, along: float | None, across: float | None) -> Iterator[Rule]:
    """No part of an electrode lies beyond the grid, whose middle is the origin."""
    points = outline_of(electrode, (0.0, 0.0)) if not electrode.position else np.array([[*electrode.position, 0.0][:2]])
    for axis, (key, extent) in enumerate((("extent", along), ("extent_y", across))):
        if extent is None or not len(points):
            continue
        far = float(np.abs(points[:, axis]).max())
        if far > 0.5 * extent * (1.0 + 1e-9):
            what = ("polygon" if electrode.polygon else "rectangle") if not electrode.position else "position"
            reason = (
                f"reaches {1e6 * far:.6g} um from the middle along {'xy'[axis]}, beyond the grid, whose edge is at "
                f"{5e5 * extent:.6g} um: grid.{key} of {2e6 * far:.6g} um or more would do"
            )
            yield Rule(f"electrode.{name}.{what}", None, reason)


def _flows(given: Given) -> bool:
    return bool(given.value("cell", "flow_rate") or given.value("cell", "pressure_drop"))


def _flow_fits(given: Given, geometry: str) -> Iterator[Rule]:
    """Liquid that flows past needs cells that it flows through."""
    if not _flows(given):
        return
    flow = given.value("cell", "flow")
    if geometry in ("batch", "radial"):
        key = "flow_rate" if given.wrote("cell", "flow_rate") else "pressure_drop"
        reason = f'means nothing for grid.geometry = "{geometry}", where nothing flows; choose "plan"'
        yield Rule(f"cell.{key}", given.raw("cell", key), reason)
    elif geometry == "section" and flow is not None and "y" in flow.inlet + flow.outlet:
        yield Rule("cell.flow", None, "goes along x in a section", '{ inlet = "x-", outlet = "x+" }')
    wide = any(given.wrote("cell", key) for key in ("window", "window_top", "window_bottom"))
    wide = wide or given.wrote("grid", "extent_y")
    if geometry == "section" and given.value("cell", "flow_rate") and not wide:
        reason = "is missing: a flow rate in a section needs the width that the liquid flows over"
        yield Rule("grid.extent_y", None, reason, '"200 um"')


def _beam_inside(given: Given, geometry: str) -> Iterator[Rule]:
    diameter = given.value("beam", "diameter")
    for key in ("extent", "extent_y"):
        extent = given.value("grid", key)
        if extent is None or diameter is None:
            continue
        room = 2.0 * extent if geometry == "radial" else extent
        if diameter > room * (1.0 + 1e-12):
            example = f'"{1e6 * diameter * (0.5 if geometry == "radial" else 1.0):.4g} um" or more'
            reason = f"leaves {1e6 * room:.4g} um for a beam of {1e6 * diameter:.4g} um"
            yield Rule(f"grid.{key}", given.raw("grid", key), reason, example)


GRID_RULES = (grid_rules,)

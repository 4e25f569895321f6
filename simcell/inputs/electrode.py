"""The electrodes of a case: where they lie, what they are of, what reacts on them.

``[[electrode]]`` is a list; its entries are addressed by name: ``electrode.working.metal``. Positions are those of the
grid, whose middle is the origin. On a line (``grid.geometry = "line"``) the working electrode stands at 0, and outlines
only give its area.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from simcell.cell.polygon import TOUCHING, area_of, distance, overlap
from simcell.inputs.electrolyte_data import shipped_metals
from simcell.inputs.fields import Choice, Measure, Model, Text
from simcell.inputs.reaction import ReactionInput, reaction_rules
from simcell.inputs.rules import Given, Rule

ROLES = ("working", "counter", "reference", "floating")
SIDES = ("lower", "upper")
MOST_CORNERS = 10_000
_PLACE = Measure("position", minimum=-0.1, maximum=0.1, bounds="must be from -10 cm to 10 cm", example="10 um")
_Position = Annotated[float, _PLACE]
_POLYGON = '[["-10 um", "0 um"], ["10 um", "0 um"], ["10 um", "60 um"], ["-10 um", "60 um"]]'
_RECTANGLE = '{ x = ["-10 um", "10 um"], y = ["0 um", "60 um"] }'
_REACTION = '[{ name = "zn-deposition", exchange_current_density = "10 A/m^2" }]'
_FILM = '{ thickness = "80 nm", resistivity = "4.5e-5 ohm*m" }'
_VOLTS = Measure("voltage", minimum=-5.0, maximum=5.0, bounds="must be from -5 V to 5 V")
_PSEUDO = '{ offset = "20 mV", drift = "10 uV/s" }'
_METAL = Choice(shipped_metals())


class RectangleInput(Model):
    """An outline with sides along x and y, in SI units; without y it reaches over the whole grid.

    Examples
    --------
    >>> RectangleInput(x=["0 um", "5 um"]).x
    (0.0, 5e-06)
    """

    x: tuple[_Position, _Position] = Field(examples=['["-10 um", "10 um"]'])
    y: tuple[_Position, _Position] | None = Field(None, examples=['["0 um", "60 um"]'])


class FilmInput(Model):
    """The thin film that an electrode and its lead are made of, in SI units: it makes current drop potential along it.

    Examples
    --------
    >>> round(FilmInput(thickness="80 nm", resistivity="4.5e-5 ohm*m").sheet, 6)
    562.5
    """

    thickness: Annotated[
        float, Measure("length", minimum=1e-10, maximum=1e-4, bounds="must be from 0.1 nm to 100 um", example="80 nm")
    ] = Field(examples=['"80 nm"'])
    resistivity: Annotated[
        float, Measure("resistivity", minimum=1e-9, maximum=1e3, bounds="must be from 1e-9 to 1000 ohm*m")
    ] = Field(examples=['"4.5e-5 ohm*m"'])
    contact: Annotated[Literal["x-", "x+", "y-", "y+"] | None, Choice(("x-", "x+", "y-", "y+"))] = Field(
        None, examples=['"y-"'], description="side of its outline where the lead joins; default: where it meets the rim"
    )

    @property
    def sheet(self) -> float:
        """Resistance of a square [ohm]."""
        return self.resistivity / self.thickness


class PseudoInput(Model):
    """How the potential of a pseudo-reference electrode moves, in SI units; see `simcell.transport.pseudo`.

    Examples
    --------
    >>> PseudoInput(drift="1 mV/s").drift
    0.001
    """

    offset: Annotated[float, _VOLTS] = Field(0.0, examples=['"20 mV"'], description="against the nominal scale")
    drift: Annotated[float, Measure("scan_rate", minimum=-1.0, maximum=1.0, bounds="must be from -1 V/s to 1 V/s")] = (
        Field(0.0, examples=['"10 uV/s"'])
    )
    settling: Annotated[float, _VOLTS] = Field(0.0, examples=['"30 mV"'], description="part that comes with time")
    time: Annotated[
        float, Measure("time", minimum=1e-6, maximum=1e7, bounds="must be from 1 us to 1e7 s", example="60 s")
    ] = Field(1.0, examples=['"60 s"'], description="in which it settles")


class ElectrodeInput(Model):
    """One entry of ``[[electrode]]``, in SI units.

    Examples
    --------
    >>> ElectrodeInput(name="working", role="working", rectangle={"x": ["0 um", "5 um"]}).rectangle.x
    (0.0, 5e-06)
    """

    name: Annotated[str, Text('"working"', longest=60)] = Field(examples=['"working"'])
    role: Annotated[Literal["working", "counter", "reference", "floating"], Choice(ROLES)] = Field(
        examples=['"working"']
    )
    polygon: tuple[tuple[_Position, _Position], ...] = Field(
        (), examples=[_POLYGON], max_length=MOST_CORNERS, description="corners x, y in order"
    )
    rectangle: RectangleInput | None = Field(None, examples=[_RECTANGLE], description="instead of a polygon")
    position: tuple[_Position, ...] = Field(
        (), examples=['["0 um", "70 um"]'], max_length=2,
        description="of a reference without outline: x, y; on a line its distance from the working electrode",
    )  # fmt: skip
    pseudo: PseudoInput | None = Field(
        None, examples=[_PSEUDO], description="of a reference on a line: its own potential moves"
    )
    on: Annotated[Literal["lower", "upper"], Choice(SIDES)] = Field("lower", examples=['"lower"'], description="window")
    metal: Annotated[str | None, _METAL] = Field(None, examples=['"Zn"'])
    area: Annotated[
        float | None,
        Measure("area", above=0.0, maximum=1.0, bounds="must be above zero and at most 1 m^2", example="1 mm^2"),
    ] = Field(None, examples=['"1 mm^2"'], description="on a line, where no outline gives it")
    passivated: tuple[tuple[tuple[_Position, _Position], ...], ...] = Field(
        (), examples=[f"[{_POLYGON}]"], max_length=100, description="outlines inside the electrode where it is covered"
    )
    film: FilmInput | None = Field(None, examples=[_FILM], description="makes current drop potential along the metal")
    surface_resistance: Annotated[
        float, Measure("area_resistance", maximum=1e6, bounds="must not exceed 1e6 ohm*m^2")
    ] = Field(0.0, examples=['"1e-3 ohm*m^2"'], description="of a film in series with the reactions")
    capacitance: Annotated[
        float, Measure("area_capacitance", maximum=1e4, bounds="must not exceed 1e4 F/m^2")
    ] = Field(0.0, examples=['"20 uF/cm^2"'], description="of the double layer; tertiary runs charge it")  # fmt: skip
    reaction: tuple[ReactionInput, ...] = Field((), examples=[_REACTION], max_length=20)


def outline_of(electrode: ElectrodeInput, reach: tuple[float, float] = (-0.1, 0.1)) -> np.ndarray:
    """Corners (n, 2) of an electrode [m]; (0, 2) without an outline. `reach` is the span along y of one that has none.

    Examples
    --------
    >>> outline_of(ElectrodeInput(name="a", role="working", rectangle={"x": ["0 m", "1 mm"]}), (0.0, 1.0))[:2]
    array([[0.   , 0.   ],
           [0.001, 0.   ]])
    """
    if electrode.rectangle is None:
        return np.array(electrode.polygon, dtype=float).reshape(-1, 2)
    (left, right), (low, high) = electrode.rectangle.x, electrode.rectangle.y or reach
    return np.array([[left, low], [right, low], [right, high], [left, high]])


def area_on_line(electrode: ElectrodeInput) -> float | None:
    """Area of an electrode [m^2] as written or from a closed outline, less what is passivated; None if neither.

    Examples
    --------
    >>> area_on_line(ElectrodeInput(name="a", role="working", area="1 mm^2"))
    1e-06
    """
    if electrode.area is not None:
        return electrode.area
    bounded = len(electrode.polygon) > 0 or (electrode.rectangle is not None and electrode.rectangle.y is not None)
    if not bounded:
        return None
    return area_of(outline_of(electrode)) - sum(area_of(np.array(p)) for p in electrode.passivated)


# ----------------------------------------------------------------- rules


def electrode_rules(given: Given) -> Iterator[Rule]:
    """Each electrode is well formed, and no two of them overlap or touch.

    Examples
    --------
    >>> one = ElectrodeInput(name="a", role="working", rectangle={"x": ["0 um", "5 um"]})
    >>> two = ElectrodeInput(name="b", role="counter", rectangle={"x": ["5 um", "9 um"]})
    >>> given = Given({}, {"electrode": {"a": one, "b": two}, "grid": {"geometry": "plan"}}, {})
    >>> [rule.reason[:29] for rule in electrode_rules(given)]
    ['touches electrode "b", which ']
    """
    electrodes = whole_electrodes(given)
    line = given.value("grid", "geometry") == "line"
    sound = {}
    for name, electrode in electrodes.items():
        problems = list(_one(f"electrode.{name}", electrode, line))
        yield from problems
        for reaction in electrode.reaction:
            yield from reaction_rules(f"electrode.{name}.reaction.{reaction.name}", reaction)
        if not problems and outline_of(electrode).size:
            sound[name] = electrode
    yield from _named_twice(electrodes)
    yield from _roles(electrodes)
    if line:
        return
    for (name, a), (other, b) in combinations(sound.items(), 2):
        one, two = outline_of(a), outline_of(b)
        if overlap(one, two):
            if a.on == b.on:
                yield Rule(f"electrode.{name}", None, f'overlaps electrode "{other}": leave a gap or make them one')
        elif a.on == b.on and distance(one, two) <= TOUCHING:
            reason = f'touches electrode "{other}", which makes a short circuit: leave a gap or make them one'
            yield Rule(f"electrode.{name}", None, reason)


def whole_electrodes(given: Given) -> dict[str, ElectrodeInput]:
    """Those electrodes of a case that passed their own check, by name.

    Examples
    --------
    >>> whole_electrodes(Given({}, {}, {}))
    {}
    """
    found = given.values.get("electrode", {})
    return {name: value for name, value in found.items() if isinstance(value, ElectrodeInput)}


def _one(key: str, e: ElectrodeInput, line: bool) -> Iterator[Rule]:
    if e.polygon and e.rectangle is not None:
        yield Rule(f"{key}.rectangle", None, "says the outline a second time beside polygon; give one of the two")
        return
    has_outline = bool(e.polygon) or e.rectangle is not None
    if e.position and e.role != "reference":
        yield Rule(f"{key}.position", None, "is that of a reference; other electrodes have an outline", _RECTANGLE)
    if e.role == "reference" and has_outline == bool(e.position):
        reason = "is missing: say where the reference stands" if not e.position else "excludes an outline; give one"
        yield Rule(f"{key}.position", None, reason, '["20 um"]' if line else '["0 um", "70 um"]')
    if e.position and len(e.position) != (1 if line else 2):
        reason = "is one length on a line" if line else "is a point: x and y"
        yield Rule(f"{key}.position", None, reason, '["20 um"]' if line else '["0 um", "70 um"]')
    if not has_outline and e.role != "reference" and not line:
        yield Rule(f"{key}.polygon", None, "is missing: say where the electrode lies", _POLYGON)
    if e.role == "reference" and e.reaction:
        yield Rule(f"{key}.reaction", None, "means nothing: no current flows through a reference electrode")
    yield from _shape(key, e)


def _shape(key: str, e: ElectrodeInput) -> Iterator[Rule]:
    from simcell.transport.outline import crosses

    if e.rectangle is not None:
        for axis in ("x", "y"):
            ends = getattr(e.rectangle, axis)
            if ends is not None and not ends[0] < ends[1]:
                yield Rule(f"{key}.rectangle.{axis}", None, "must rise: first the smaller, then the larger position")
        return
    if 0 < len(e.polygon) < 3:
        yield Rule(f"{key}.polygon", None, f"has {len(e.polygon)} corners; an outline needs three or more", _POLYGON)
    elif e.polygon:
        points = np.array(e.polygon)
        if len(points) <= 1000 and crosses(points):
            yield Rule(f"{key}.polygon", None, "crosses itself: give the corners in order along the outline")
        elif area_of(points) <= 1e-18:
            yield Rule(f"{key}.polygon", None, f"has an area of {area_of(points):.3g} m^2: its corners lie on a line")


def _named_twice(electrodes: dict[str, ElectrodeInput]) -> Iterator[Rule]:
    for name, electrode in electrodes.items():
        names = [reaction.name for reaction in electrode.reaction]
        for twice in sorted({n for n in names if names.count(n) > 1}):
            yield Rule(f"electrode.{name}.reaction.{twice}", None, "stands there twice; give each a name of its own")


def _roles(electrodes: dict[str, ElectrodeInput]) -> Iterator[Rule]:
    for role in ("working", "counter", "reference"):
        names = [name for name, e in electrodes.items() if e.role == role]
        for extra in names[1:]:
            yield Rule(f"electrode.{extra}.role", role, f'"{names[0]}" is the {role} electrode already', '"floating"')


ELECTRODE_RULES = (electrode_rules,)

"""Which model of current and ions runs, and what it needs besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from simcell.inputs.electrode import whole_electrodes
from simcell.inputs.fields import Choice, Each, Flag, Frozen, Measure, Model
from simcell.inputs.rules import Given, Rule

SOLUTIONS = ("independent", "speciated", "concentrated")
LEVELS = ("auto", "primary", "secondary", "tertiary")
GEOMETRIES = ("auto", "line", "plan", "section", "full")
_DIFFUSIVITY = '{ "Zn2+" = "6.2e-10 m^2/s" }'


class TransportInput(Model):
    """Section ``[transport]``, in SI units.

    Examples
    --------
    >>> TransportInput(level="primary").closure
    True
    """

    level: Annotated[Literal["auto", "primary", "secondary", "tertiary"], Choice(LEVELS)] = Field(
        "auto",
        examples=['"secondary"'],
        description="primary: Ohm's law; secondary: with kinetics; tertiary: with concentrations; auto: what the case "
        "describes",
    )
    doubtful: Annotated[Literal["refuse", "warn"], Choice(("refuse", "warn"))] = Field(
        "refuse", examples=['"warn"'], description="what to do with a plan where the height must be resolved"
    )
    closure: Annotated[bool, Flag()] = Field(
        True, examples=["false"], description="plan: surface = mean + i h / 3 kappa; false to see what it changes"
    )
    edges: Annotated[Literal["exact", "plain"], Choice(("exact", "plain"))] = Field(
        "exact", examples=['"plain"'], description="section and full: exact local solution at electrode edges"
    )
    solution: Annotated[Literal["independent", "speciated", "concentrated"], Choice(SOLUTIONS)] = Field(
        "independent", examples=['"speciated"'],
        description="of a preset, on a line: ions alone; with pairs and buffers that react; a concentrated binary salt",
    )  # fmt: skip
    diffusivity: Annotated[
        Mapping[str, float],
        Each(Measure("diffusivity", above=0.0, maximum=1e-6, bounds="must be above zero and at most 1e-6 m^2/s"),
             _DIFFUSIVITY),
    ] = Field(Frozen(), examples=[_DIFFUSIVITY], description="instead of, or beside, the shipped ones")  # fmt: skip


def transport_rules(given: Given) -> Iterator[Rule]:
    """Model, geometry and electrodes fit together.

    Examples
    --------
    >>> given = Given({}, {"transport": {"level": "auto"}, "grid": {"geometry": "plan"}}, {})
    >>> [rule.key for rule in transport_rules(given)]
    ['electrode', 'cell.spacer_height']
    """
    level, geometry = given.value("transport", "level"), given.value("grid", "geometry")
    electrodes = whole_electrodes(given)
    names = set(given.values.get("electrode", {}))
    roles = {e.role for e in electrodes.values()}
    if "working" not in roles and names == set(electrodes):
        yield Rule("electrode", None, "is missing: no electrode has the role working", '[[electrode]] role = "working"')
    both = "radiolysis" in (given.value("case", "physics") or ())
    if level in ("primary", "secondary") and (geometry == "line" or both):
        reason = f"needs electrodes seen from above or in a section; a line runs {LEVELS[3]} only"
        if geometry != "line":
            reason = f"follows no concentrations; with the beam only {LEVELS[3]} runs"
        yield Rule("transport.level", level, reason, '"tertiary"')
    yield from _solution(given, geometry)
    if geometry != "line" and not given.wrote("cell", "spacer_height"):
        yield Rule("cell.spacer_height", None, "is missing: the thickness of the liquid", '"500 nm"')
    working = next((e for e in electrodes.values() if e.role == "working"), None)
    if working is not None and not working.reaction and (level in ("secondary", "tertiary") or geometry == "line"):
        reason = "is missing: nothing happens at the working electrode without a reaction"
        name = working.name
        yield Rule(f"electrode.{name}.reaction", None, reason, 'name = "zn-deposition"')
    if (
        "counter" not in roles
        and working is not None
        and given.value("grid", "edge") == "closed"
        and geometry != "line"
    ):
        reason = 'is missing: with grid.edge = "closed" the current has nowhere to go'
        yield Rule("electrode", None, f"a counter electrode {reason}", 'role = "counter"')
    yield from _steps(given, level)
    yield from _reference(given, set(electrodes))


def _solution(given: Given, geometry: str | None) -> Iterator[Rule]:
    """Speciation and concentrated salts are those of a preset alone, along a line."""
    chosen = given.value("transport", "solution")
    if chosen in (None, "independent"):
        return
    if geometry not in ("line", None):
        yield Rule("transport.solution", chosen, 'runs with grid.geometry = "line" in this version', '"independent"')
    elif "radiolysis" in (given.value("case", "physics") or ()):
        yield Rule("transport.solution", chosen, "is for currents alone: under the beam the mechanism reacts")
    elif not given.wrote("electrolyte", "preset"):
        yield Rule("electrolyte.preset", None, f"is missing: transport.solution = {chosen!r} reads it", '"ZnSO4"')
    for key in ("concentrations", "pH", "counter_ion"):
        if given.wrote("electrolyte", key):
            reason = f"follows from the preset with transport.solution = {chosen!r}"
            yield Rule(f"electrolyte.{key}", given.raw("electrolyte", key), reason)


def _steps(given: Given, level: str | None) -> Iterator[Rule]:
    """A distribution is one moment: one step that holds a potential or a current."""
    steps = given.value("protocol", "steps") or ()
    if level not in ("primary", "secondary"):
        return
    if len(steps) > 1 or any(step.technique not in ("potentiostatic", "galvanostatic") for step in steps):
        reason = (
            "a current distribution without concentrations is one moment: one step, potentiostatic or galvanostatic"
        )
        yield Rule("protocol.steps", None, reason, '[{ technique = "potentiostatic", potential = "-0.1 V" }]')


def _reference(given: Given, names: set[str]) -> Iterator[Rule]:
    against = given.value("protocol", "reference")
    if against is not None and against not in names:
        known = f"; there are {', '.join(sorted(names))}" if names else ""
        yield Rule("protocol.reference", against, f"is not an electrode of the case{known}")
    elif against is not None and whole_electrodes(given)[against].role not in ("reference", "counter"):
        yield Rule("protocol.reference", against, "must have the role reference or counter")


TRANSPORT_RULES = (transport_rules,)

"""A whole case: its sections, how it is checked in one go, and its SI record with a stable hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from simcell import units
from simcell.errors import InputError, Problem
from simcell.inputs.beam import BEAM_RULES, BeamInput
from simcell.inputs.cell import CELL_RULES, CellInput
from simcell.inputs.chips import with_chip
from simcell.inputs.coupling import COUPLING_RULES, CouplingInput
from simcell.inputs.dendrite import DENDRITE_RULES, DendriteInput
from simcell.inputs.electrode import ELECTRODE_RULES, ElectrodeInput
from simcell.inputs.electrolyte import ELECTROLYTE_RULES, ElectrolyteInput
from simcell.inputs.fields import Choice, Each, Measure, Model, Text
from simcell.inputs.gas import GAS_RULES, GasInput
from simcell.inputs.grid import GRID_RULES, GROWTH_ON_LINE, GridInput
from simcell.inputs.layouts import with_layout
from simcell.inputs.messages import clean, examples_of, field_type, nearest_section, problems_of
from simcell.inputs.numerics import SolverInput
from simcell.inputs.output import OUTPUT_RULES, OutputInput
from simcell.inputs.protocol import PROTOCOL_RULES, ProtocolInput
from simcell.inputs.radiolysis import RADIOLYSIS_RULES, RadiolysisInput
from simcell.inputs.rules import Check, Given, Rule
from simcell.inputs.transport import TRANSPORT_RULES, TransportInput

RECORD_KEY = "simcell_record"
RECORD_VERSION = 1
TOGETHER = 'names radiolysis and transport, which run together with grid.geometry = "line", "plan", "section" or "full"'
BOTH = ("line", "plan", "section", "full")  # geometries in which beam chemistry and currents run together
_PHYSICS = Choice(("radiolysis", "transport", "dendrite"), later=("imaging",))


class CaseSection(Model):
    """Section ``[case]``: what runs, and for how long.

    Examples
    --------
    >>> CaseSection(duration="100 s").physics
    ('radiolysis',)
    """

    title: Annotated[str, Text('"Neat water"', empty=True)] = Field("", examples=['"Neat water"'])
    physics: tuple[Annotated[str, _PHYSICS], ...] = Field(("radiolysis",), examples=['["radiolysis"]'], max_length=10)
    duration: Annotated[
        float | None, Measure("time", minimum=1e-9, maximum=1e7, bounds="must be from 1 ns to 1e7 s", example="100 s")
    ] = Field(None, examples=['"100 s"'], description="ends the run, unless the protocol ends it earlier")

    @property
    def seconds(self) -> float:
        """Duration of a case that must name one [s]."""
        assert self.duration is not None  # checked with the case
        return self.duration


class CaseInput(Model):
    """Everything that a case file says, in SI units, with defaults filled in; made by `parse_case`.

    Examples
    --------
    >>> c = parse_case({"case": {"duration": "100 s"}, "beam": {"dose_rate": "7.5e7 Gy/s"}})
    >>> c.case.duration, c.beam.dose_rate, c.electrolyte.mechanism
    (100.0, 75000000.0, 'water')
    """

    case: CaseSection
    beam: BeamInput
    cell: CellInput
    electrode: tuple[ElectrodeInput, ...]
    electrolyte: ElectrolyteInput
    protocol: ProtocolInput
    gas: GasInput
    radiolysis: RadiolysisInput
    transport: TransportInput
    dendrite: DendriteInput
    coupling: CouplingInput
    grid: GridInput
    solver: SolverInput
    output: OutputInput


SECTIONS: dict[str, type[Model]] = {
    "case": CaseSection,
    "beam": BeamInput,
    "cell": CellInput,
    "electrode": ElectrodeInput,
    "electrolyte": ElectrolyteInput,
    "protocol": ProtocolInput,
    "gas": GasInput,
    "radiolysis": RadiolysisInput,
    "transport": TransportInput,
    "dendrite": DendriteInput,
    "coupling": CouplingInput,
    "grid": GridInput,
    "solver": SolverInput,
    "output": OutputInput,
}
LISTS = ("electrode",)  # sections that are lists of tables, addressed by name
# sections that a physics reads; what is written for another one stays in the file and out of the record
USED = {
    "radiolysis": ("case", "beam", "cell", "electrode", "electrolyte", "gas", "radiolysis", "grid", "solver", "output"),
    "transport": ("case", "cell", "electrode", "electrolyte", "protocol", "transport", "grid", "solver", "output"),
    "dendrite": ("case", "cell", "electrolyte", "protocol", "dendrite", "output"),
}
COUPLED = ("coupling",)  # where several physics run together


def physics_rules(given: Given) -> Iterator[Rule]:
    """One physics, or beam chemistry and currents together; and an end.

    Examples
    --------
    >>> [rule.reason for rule in physics_rules(Given({}, {"case": {"physics": ()}}, {}))]
    ['is empty']
    """
    physics = given.value("case", "physics")
    if physics is not None and len(physics) != 1:
        reason = "is empty" if not physics else "names the same twice"
        if set(physics) == {"radiolysis", "transport"} and len(physics) == 2:
            reason = "" if given.value("grid", "geometry") in BOTH else TOGETHER
        elif len(set(physics)) > 1:
            reason = 'names several: in this version each runs on its own, but ["radiolysis", "transport"]'
        if reason:
            yield Rule("case.physics", given.raw("case", "physics"), reason, '["radiolysis"]')
    if "radiolysis" in (physics or ()) and not given.wrote("case", "duration"):
        yield Rule("case.duration", None, "is missing", '"100 s"')


RULES: tuple[Check, ...] = (
    physics_rules, *CELL_RULES, *ELECTRODE_RULES, *ELECTROLYTE_RULES, *GRID_RULES, *OUTPUT_RULES,
    *COUPLING_RULES,
)  # fmt: skip
RULES_OF: dict[str, tuple[Check, ...]] = {
    "radiolysis": (*BEAM_RULES, *GAS_RULES, *RADIOLYSIS_RULES),
    "transport": (*PROTOCOL_RULES, *TRANSPORT_RULES),
    "dendrite": DENDRITE_RULES,
}


def parse_case(data: Mapping[str, Any], *, file: str = "", folder: Path | None = None) -> CaseInput:
    """Check everything that a case says and turn it into SI units.

    Parameters
    ----------
    data : mapping
        As `tomllib` reads a case file: sections, keys, text with units. A value of None counts as not written.
    file : str
        Name of the file for messages.
    folder : Path, optional
        From which the path of a layout starts.

    Returns
    -------
    CaseInput

    Raises
    ------
    InputError
        With every problem found, in all sections.

    Examples
    --------
    >>> parse_case({"case": {"duration": 100}, "beam": {"dose_rte": "1 Gy/s"}}, file="case.toml")
    Traceback (most recent call last):
    simcell.errors.InputError: case.toml: case.duration = 100: needs a unit, for example "100 s"
    case.toml: beam.dose_rte = "1 Gy/s": is not a key of [beam]; did you mean "dose_rate"?
    case.toml: beam: says no dose rate: ...
    """
    if not isinstance(data, Mapping):
        raise InputError(Problem(file, "", data, "a case is a table of sections", "[beam]"))
    data = with_layout(
        with_chip({name: section for name, section in data.items() if section is not None}), file, folder
    )
    problems = list(_section_problems(data, file))
    written: dict[str, dict[str, Any]] = {
        name: {key: value for key, value in data[name].items() if value is not None}
        for name in SECTIONS
        if isinstance(data.get(name), Mapping) and name not in LISTS
    }
    models: dict[str, Any] = {}
    values: dict[str, dict[str, Any]] = {}
    for name, model in SECTIONS.items():
        if name in LISTS:
            models[name], values[name], written[name], wrong = _entries(data.get(name), name, model, file)
            problems += wrong
            continue
        section = written.get(name, {})
        try:
            models[name] = model.model_validate(section)
            values[name] = dict(models[name])
        except ValidationError as error:
            if name not in data or name in written:
                problems += problems_of(error, name, SECTIONS, file)
            values[name] = _values_that_pass(model, section)
    given = Given(written, values, {name: examples_of(model) for name, model in SECTIONS.items()})
    shapeless = set(SECTIONS) & set(data) - set(written)  # told already, and no rule can say more about them
    physics = values["case"].get("physics") or ()
    for check in (*RULES, *(rule for part in physics for rule in RULES_OF[part])):
        problems += [Problem(file, *rule) for rule in check(given) if rule.key.split(".")[0] not in shapeless]
    if problems:
        raise InputError(clean(problem) for problem in problems)
    if "transport" in physics and not given.wrote("grid", "geometry"):
        models["grid"] = models["grid"].model_copy(update={"geometry": "auto"})
    if models["grid"].geometry == "line" and not given.wrote("grid", "growth"):
        models["grid"] = models["grid"].model_copy(update={"growth": GROWTH_ON_LINE})
    geometry = models["grid"].geometry
    rtol, atol = models["solver"].tolerances(geometry)
    models["solver"] = models["solver"].model_copy(update={"rtol": rtol, "atol": atol})
    if "radiolysis" in physics and "transport" not in physics:
        models["output"] = models["output"].model_copy(update={"count": models["output"].resolved_count(geometry)})
    elif geometry == "line" and not given.wrote("output", "spacing"):
        models["output"] = models["output"].model_copy(update={"spacing": "linear"})
    elif "dendrite" in physics:
        spread = {} if given.wrote("output", "spacing") else {"spacing": "linear"}
        models["output"] = models["output"].model_copy(
            update={"count": models["output"].resolved_count("plan"), **spread}
        )
    return CaseInput.model_construct(None, **models)


def _section_problems(data: Mapping[str, Any], file: str) -> Iterator[Problem]:
    for name, section in data.items():
        if name not in SECTIONS:
            table = isinstance(section, Mapping | list)
            key = f"[{name}]" if table else str(name)
            yield Problem(file, key, None if table else section, nearest_section(str(name), SECTIONS))
        elif name in LISTS:
            if not isinstance(section, list):
                yield Problem(file, name, None, f"is a list: write [[{name}]] in double brackets before each of them")
        elif isinstance(section, list):
            yield Problem(file, name, None, f"must be one section, not a list of them; write it once as [{name}]")
        elif not isinstance(section, Mapping):
            yield Problem(file, name, section, "must be a section of keys and values", f"[{name}]")


def _entries(
    data: Any, name: str, model: type[Model], file: str
) -> tuple[tuple[Model, ...], dict[str, Any], dict[str, Any], list[Problem]]:
    """The tables of a list: those that are right, the same and what was written by name, and what is wrong."""
    made: dict[str, Any] = {}
    written: dict[str, Any] = {}
    problems: list[Problem] = []
    for index, entry in enumerate(data if isinstance(data, list) else ()):
        title = entry.get("name") if isinstance(entry, Mapping) else None
        label = title if isinstance(title, str) and title and title not in written else str(index)
        place = f"{name}.{label}" if label == title else f"{name}[{index}]"
        if not isinstance(entry, Mapping):
            problems.append(Problem(file, place, None, "must be a table of keys and values"))
            continue
        if isinstance(title, str) and (title in written or set(title) & set(".[]\"'")):
            reason = (
                "is the name of two; each needs its own" if title in written else "is part of keys: no . [ ] or quotes"
            )
            problems.append(Problem(file, f"{place}.name", title, reason))
        written[label] = entry
        try:
            made[label] = model.model_validate({key: value for key, value in entry.items() if value is not None})
        except ValidationError as error:
            problems += problems_of(error, name, SECTIONS, file, place)
            made[label] = None
    return tuple(m for m in made.values() if m is not None), made, written, problems


def _values_that_pass(model: type[Model], section: Mapping[str, Any]) -> dict[str, Any]:
    """Of a section with errors, the values that are right, so that rules between keys can be told as well."""
    passed: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        try:
            if key in section:
                passed[name] = TypeAdapter(field.rebuild_annotation()).validate_python(section[key])
            elif not field.is_required():
                passed[name] = field.default
        except ValidationError:
            continue
    return passed


# ----------------------------------------------------------------- the record


def resolved(case: CaseInput) -> dict[str, Any]:
    """Write a case as plain JSON types: SI numbers, defaults filled in, keys sorted.

    Parameters
    ----------
    case : CaseInput

    Returns
    -------
    dict
        Keys that say nothing (None, empty, not used) are left out.

    Examples
    --------
    >>> c = parse_case({"case": {"duration": "100 s"}, "beam": {"dose_rate": "75 MGy/s"}})
    >>> resolved(c)["beam"]
    {'dose_factor': 'none', 'dose_rate': 75000000.0, 'mode': 'tem', 'profile': 'disc'}
    """
    used = {section for part in case.case.physics for section in USED[part]}
    used.update(COUPLED if len(case.case.physics) > 1 else ())
    record = {name: _plain(getattr(case, name)) for name in sorted(SECTIONS) if name in used}
    if case.output.times:
        record["output"] = {"times": record["output"]["times"]}
    if case.grid.geometry == "batch":  # nothing moves, so what says how does not count
        record.pop("grid", None)
        for key in ("electroneutral", "diffusivity", "unknown_diffusivity"):
            record.get("radiolysis", {}).pop(key, None)
    elif case.grid.geometry in ("radial", "plan", "line"):  # one layer
        record["grid"].pop("layers")
    record = {name: section for name, section in record.items() if section}
    return {**record, RECORD_KEY: RECORD_VERSION}


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        fields = type(value).model_fields
        value = {(fields[name].alias or name): item for name, item in value}
    if isinstance(value, Mapping):
        items = {key: _plain(item) for key, item in sorted(value.items())}
        return {key: item for key, item in items.items() if item not in (None, [], {})}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def record_hash(record: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits that name a record: the same for every order of keys and every process.

    Examples
    --------
    >>> record_hash({"a": 1.0, "b": 2.0}) == record_hash({"b": 2.0, "a": 1.0})
    True
    """
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def from_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a record back into what a case file would say, so that a stored case passes the same door.

    Parameters
    ----------
    record : mapping
        From `resolved`.

    Returns
    -------
    dict
        Data for `parse_case`; the case that it gives has the same record, to the last bit.

    Raises
    ------
    InputError
        If a later version of simcell wrote the record.

    Examples
    --------
    >>> from_record({"case": {"duration": 100.0}, "simcell_record": 1})
    {'case': {'duration': '100.0 s'}}
    """
    version = record.get(RECORD_KEY)
    if version != RECORD_VERSION:
        reason = f"this simcell reads records of version {RECORD_VERSION}; a later one wrote this"
        raise InputError(Problem("", RECORD_KEY, version, reason))
    return {
        name: _texts(section, SECTIONS[name], ()) if name in SECTIONS else section
        for name, section in record.items()
        if name != RECORD_KEY
    }


def _texts(value: Any, model: type[Model], path: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: _texts(item, model, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item, model, (*path, "0")) for item in value]
    kind = field_type(model, path)
    kind = kind.item if isinstance(kind, Each) else kind
    if isinstance(kind, Measure) and not isinstance(value, str):  # a word that stands for a quantity stays a word
        return f"{value!r} {units.kinds()[kind.kind].si}"
    return value

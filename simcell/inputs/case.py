"""A whole case: its sections, how it is checked in one go, and its SI record with a stable hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from simcell import units
from simcell.errors import InputError, Problem
from simcell.inputs.beam import BEAM_RULES, BeamInput
from simcell.inputs.cell import CELL_RULES, CellInput
from simcell.inputs.electrolyte import ELECTROLYTE_RULES, ElectrolyteInput
from simcell.inputs.fields import Choice, Each, Measure, Model, Text
from simcell.inputs.gas import GAS_RULES, GasInput
from simcell.inputs.grid import GRID_RULES, GridInput
from simcell.inputs.messages import clean, examples_of, field_type, nearest_section, problems_of
from simcell.inputs.numerics import SolverInput
from simcell.inputs.output import OUTPUT_RULES, OutputInput
from simcell.inputs.radiolysis import RadiolysisInput
from simcell.inputs.rules import Check, Given, Rule

RECORD_KEY = "simcell_record"
RECORD_VERSION = 1
_PHYSICS = Choice(("radiolysis",), later=("transport", "dendrite", "imaging"))


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
        float, Measure("time", minimum=1e-9, maximum=1e7, bounds="must be from 1 ns to 1e7 s", example="100 s")
    ] = Field(examples=['"100 s"'])


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
    electrolyte: ElectrolyteInput
    gas: GasInput
    radiolysis: RadiolysisInput
    grid: GridInput
    solver: SolverInput
    output: OutputInput


SECTIONS: dict[str, type[Model]] = {
    "case": CaseSection,
    "beam": BeamInput,
    "cell": CellInput,
    "electrolyte": ElectrolyteInput,
    "gas": GasInput,
    "radiolysis": RadiolysisInput,
    "grid": GridInput,
    "solver": SolverInput,
    "output": OutputInput,
}


def physics_rules(given: Given) -> Iterator[Rule]:
    """At least one physics, each once.

    Examples
    --------
    >>> [rule.reason for rule in physics_rules(Given({}, {"case": {"physics": ()}}, {}))]
    ['is empty']
    """
    physics = given.value("case", "physics")
    if physics is not None and (not physics or len(set(physics)) < len(physics)):
        reason = "is empty" if not physics else "names the same twice"
        yield Rule("case.physics", given.raw("case", "physics"), reason, '["radiolysis"]')


RULES: tuple[Check, ...] = (
    physics_rules, *BEAM_RULES, *CELL_RULES, *ELECTROLYTE_RULES, *GAS_RULES, *GRID_RULES, *OUTPUT_RULES,
)  # fmt: skip


def parse_case(data: Mapping[str, Any], *, file: str = "") -> CaseInput:
    """Check everything that a case says and turn it into SI units.

    Parameters
    ----------
    data : mapping
        As `tomllib` reads a case file: sections, keys, text with units. A value of None counts as not written.
    file : str
        Name of the file for messages.

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
    data = {name: section for name, section in data.items() if section is not None}
    problems = list(_section_problems(data, file))
    written = {
        name: {key: value for key, value in data[name].items() if value is not None}
        for name in SECTIONS
        if isinstance(data.get(name), Mapping)
    }
    models: dict[str, Any] = {}
    values: dict[str, dict[str, Any]] = {}
    for name, model in SECTIONS.items():
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
    for check in RULES:
        problems += [Problem(file, *rule) for rule in check(given) if rule.key.split(".")[0] not in shapeless]
    if problems:
        raise InputError(clean(problem) for problem in problems)
    geometry = models["grid"].geometry
    rtol, atol = models["solver"].tolerances(geometry)
    models["solver"] = models["solver"].model_copy(update={"rtol": rtol, "atol": atol})
    models["output"] = models["output"].model_copy(update={"count": models["output"].resolved_count(geometry)})
    return CaseInput.model_construct(None, **models)


def _section_problems(data: Mapping[str, Any], file: str) -> Iterator[Problem]:
    for name, section in data.items():
        if name not in SECTIONS:
            table = isinstance(section, Mapping | list)
            key = f"[{name}]" if table else str(name)
            yield Problem(file, key, None if table else section, nearest_section(str(name), SECTIONS))
        elif isinstance(section, list):
            yield Problem(file, name, None, f"must be one section, not a list of them; write it once as [{name}]")
        elif not isinstance(section, Mapping):
            yield Problem(file, name, section, "must be a section of keys and values", f"[{name}]")


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
    record = {name: _plain(getattr(case, name)) for name in sorted(SECTIONS)}
    if case.output.times:
        record["output"] = {"times": record["output"]["times"]}
    if case.grid.geometry == "batch":  # nothing moves, so what says how does not count
        record.pop("grid")
        for key in ("electroneutral", "diffusivity", "unknown_diffusivity"):
            record["radiolysis"].pop(key, None)
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
        name: _texts(section, SECTIONS[name], ()) if name in SECTIONS and isinstance(section, Mapping) else section
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

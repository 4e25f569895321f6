"""From pydantic's errors to a user's words: which key, what is wrong with it, and what would be right."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from simcell.errors import Problem
from simcell.inputs.fields import FieldType, Model

LATER_SECTIONS = ("imaging", "controls")
_LISTS = {"tuple_type", "list_type", "set_type", "iterable_type"}
_TABLES = {"model_type", "model_attributes_type", "dict_type", "mapping_type", "dataclass_type"}


def problems_of(
    error: ValidationError, section: str, sections: Mapping[str, type[Model]], file: str, label: str = ""
) -> list[Problem]:
    """Translate all errors of one section.

    Parameters
    ----------
    error : pydantic.ValidationError
    section : str
        Name of the section whose model raised it.
    sections : mapping of str to Model
        All sections, for the place where an unknown key belongs.
    file : str
        Name of the file for messages.
    label : str
        How keys of this section begin, where that is not its name: of an entry of a list.

    Returns
    -------
    list of Problem

    Examples
    --------
    >>> from simcell.inputs.cell import CellInput
    >>> try:
    ...     CellInput.model_validate({"spacer_hieght": "1 um"})
    ... except ValidationError as error:
    ...     print(problems_of(error, "cell", {"cell": CellInput}, "")[0])
    cell.spacer_hieght = "1 um": is not a key of [cell]; did you mean "spacer_height"?
    """
    found: list[Problem] = []
    for item in error.errors(include_url=False):
        place, value = tuple(item["loc"]), item.get("input")
        key = dotted(label or section, place)
        context = item.get("ctx", {})
        if item["type"] == "simcell_each":
            found += [
                Problem(file, f"{key}.{w['key']}", w["value"], w["reason"], w["example"]) for w in context["wrong"]
            ]
        elif item["type"] == "simcell":
            found.append(Problem(file, key, value, context["reason"], context["example"]))
        elif item["type"] == "extra_forbidden":
            found.append(Problem(file, key, _short(value), _unknown_key(section, place, sections)))
        else:
            example = _example(sections[section], place)
            found.append(Problem(file, key, *_plain_words(item["type"], value), example))
    return found


def _plain_words(kind: str, value: Any) -> tuple[Any, str]:
    """Value to show and reason, for the errors that pydantic itself finds."""
    if kind == "missing":
        return None, "is missing"
    if kind in _LISTS:
        return _short(value), "must be a list in square brackets"
    if kind in _TABLES:
        return _short(value), "must be a table of keys and values"
    if kind == "too_long":
        return None, "has too many entries"
    if kind == "invalid_key":
        return None, "the names of keys must be text"
    return _short(value), "is not of the form that is expected"


def _short(value: Any) -> Any:
    """Big tables are not repeated in a message."""
    return None if isinstance(value, Mapping | list | tuple) else value


def printable(value: Any) -> Any:
    """Text without the characters that would act on a terminal; other values as they are.

    Examples
    --------
    >>> printable("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    if not isinstance(value, str):
        return value
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)


def clean(problem: Problem) -> Problem:
    """Make every part of a problem printable.

    Examples
    --------
    >>> print(clean(Problem("", "case.title", "a" + chr(27), "is odd")).value)
    a\\x1b
    """
    return Problem(*(printable(getattr(problem, f.name)) for f in dataclasses.fields(problem)))


def dotted(section: str, place: Iterable[str | int]) -> str:
    """Write a place in a case as its key.

    Examples
    --------
    >>> dotted("beam", ("schedule", 0, "from"))
    'beam.schedule[0].from'
    """
    return section + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)


def _unknown_key(section: str, place: tuple[Any, ...], sections: Mapping[str, type[Model]]) -> str:
    name = str(place[-1])
    model = _model_at(sections[section], place[:-1])
    where = f"[{section}]" if len(place) == 1 else dotted(section, place[:-1])
    known = keys_of(model) if model else []
    near = _nearest(name, known)
    if near:
        return f'is not a key of {where}; did you mean "{near}"?'
    other = _elsewhere(name, sections)
    if other:
        return f'is not a key of {where}; did you mean "{other}"?'
    return f"is not a key of {where}; known are {', '.join(known)}"


def nearest_section(name: str, sections: Mapping[str, type[Model]]) -> str:
    """Say what an unknown name at the top of a file may have meant.

    Examples
    --------
    >>> from simcell.inputs.cell import CellInput
    >>> nearest_section("spacer_height", {"cell": CellInput})
    'is not a section; did you mean "cell.spacer_height"?'
    """
    if name in LATER_SECTIONS:
        return "is not available in this version"
    near = _nearest(name, [*sections, *LATER_SECTIONS]) or _elsewhere(name, sections)
    hint = f'did you mean "{near}"?' if near else f"known are {', '.join(sections)}"
    return f"is not a section; {hint}"


def _nearest(name: str, known: Iterable[str]) -> str | None:
    folded = {word.casefold(): word for word in known}
    near = difflib.get_close_matches(name.casefold(), folded, 1, 0.6)
    return folded[near[0]] if near else None


def _elsewhere(name: str, sections: Mapping[str, type[Model]]) -> str | None:
    places = [f"{section}.{key}" for section, model in sections.items() for key in keys_of(model)]
    exact = [place for place in places if place.split(".")[1] == name]
    near = exact or [p for p in places if _nearest(name, [p.split(".")[1]]) and len(name) > 3]
    return near[0] if near else None


# ----------------------------------------------------------------- looking into models


def keys_of(model: type[Model]) -> list[str]:
    """Keys of a model as a user writes them.

    Examples
    --------
    >>> from simcell.inputs.beam import Window
    >>> keys_of(Window)
    ['from', 'to', 'on']
    """
    return [field.alias or name for name, field in model.model_fields.items()]


def examples_of(model: type[Model]) -> dict[str, str]:
    """A right value of every key, as it would stand in a file.

    Examples
    --------
    >>> from simcell.inputs.cell import CellInput
    >>> examples_of(CellInput)
    {'chip': '"generic-3-electrode"', ...}
    """
    return {field.alias or name: str((field.examples or [""])[0]) for name, field in model.model_fields.items()}


def _example(model: type[Model], place: tuple[Any, ...]) -> str:
    """The example of the innermost key in a place."""
    names = [part for part in place if isinstance(part, str)]
    owner = _model_at(model, tuple(names[:-1]))
    return examples_of(owner).get(names[-1], "") if owner and names else ""


def _model_at(model: type[Model], place: Iterable[Any]) -> type[Model] | None:
    inner = field_at(model, place)
    return inner if isinstance(inner, type) else None


def field_type(model: type[Model], place: Iterable[Any]) -> FieldType | None:
    """The field type at a place inside a section; None for a table or an unknown key.

    Examples
    --------
    >>> from simcell.inputs.beam import BeamInput
    >>> field_type(BeamInput, ("pulses", "on")).kind
    'time'
    """
    inner = field_at(model, place)
    return inner if isinstance(inner, FieldType) else None


def field_at(model: type[Model], place: Iterable[Any]) -> type[Model] | FieldType | None:
    """Follow a place into a model, through lists (whose indices are passed over) and tables.

    Examples
    --------
    >>> from simcell.inputs.beam import BeamInput
    >>> field_at(BeamInput, ("schedule", 0)).__name__
    'Window'
    """
    here: type[Model] | FieldType | None = model
    named = False  # whether the next part may be the name of an entry of a list
    for part in place:
        if isinstance(part, int) or str(part).isdigit():
            named = False
            continue
        if named and part not in keys_of(here):  # type: ignore[arg-type]
            named = False
            continue
        if not isinstance(here, type):
            return here  # the name of a species inside a table
        found = {field.alias or name: field for name, field in here.model_fields.items()}.get(str(part))
        if found is None:
            return None
        here = next(_inner([*found.metadata, found.annotation]), None)
        named = isinstance(here, type) and get_origin(found.annotation) is tuple
    return here


def _inner(annotations: Iterable[Any]) -> Iterator[type[Model] | FieldType]:
    for annotation in annotations:
        if isinstance(annotation, FieldType) or (isinstance(annotation, type) and issubclass(annotation, Model)):
            yield annotation
        else:
            yield from _inner(get_args(annotation))


def written_keys(key: str) -> tuple[str, ...]:
    """Split a key with dots; a part in quotes keeps its dots.

    Examples
    --------
    >>> written_keys('electrolyte.concentrations."a.b"')
    ('electrolyte', 'concentrations', 'a.b')
    """
    parts = re.findall(r"\"([^\"]*)\"|'([^']*)'|([^.\"'\[\]]+)", key)
    return tuple("".join(part).strip() for part in parts)

"""Changing single keys of a case: `--set key=value`, `--vary key=a..b:log:9`, `Case.replace`.

Values go the same way as those of a file. A key that answers the same question in another way makes way: setting
`beam.dose_rate` drops a `beam.current` of the file, as two roads to the dose rate would contradict each other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple

from simcell import units
from simcell.errors import InputError, Problem
from simcell.inputs.case import LISTS, SECTIONS
from simcell.inputs.fields import Choice, Each, FieldType, Flag, Measure, Number, Text, Whole
from simcell.inputs.messages import field_at, nearest_section, written_keys

_ROADS = {"beam.dose_rate", "beam.flux", "beam.current"}
_SPACING = {"output.spacing", "output.count", "output.from"}
_SET_FORM = "beam.dose_rate=1e6Gy/s"
_VARY_FORM = "beam.dose_rate=1Gy/s..1e10Gy/s:log:9"


def apply_set(data: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Apply one ``key=value`` as the command line gives it.

    Parameters
    ----------
    data : mapping
        Content of a case file; it stays as it is.
    text : str
        The value is taken as the file would take it: bool, number, list and table as such, all else as text.

    Returns
    -------
    dict
        New data for `parse_case`.

    Examples
    --------
    >>> apply_set({"beam": {"flux": "1 e/nm^2/s"}}, "beam.dose_rate=1e6Gy/s")
    {'beam': {'dose_rate': '1e6Gy/s'}}
    >>> apply_set({}, "electrolyte.pH=3.5")
    {'electrolyte': {'pH': 3.5}}
    """
    key, value = split_setting(text, "--set", _SET_FORM)
    return put(data, key, literal(value), file="--set")


def split_setting(text: str, option: str, form: str) -> tuple[str, str]:
    """Split ``key=value`` at the first equals sign.

    Examples
    --------
    >>> split_setting("beam.energy = 300kV", "--set", "")
    ('beam.energy', '300kV')
    """
    key, equals, value = (part.strip() for part in text.partition("="))
    if not (key and equals and value):
        raise InputError(Problem(option, "", text, "must be key=value", f'{option} "{form}"'))
    return key, value


def literal(text: str) -> Any:
    """Take a value as the file would: a TOML bool, number, list, table or quoted text, or else plain text.

    Examples
    --------
    >>> literal("true"), literal("3.5"), literal("300kV"), literal('["1 s"]'), literal('"7"')
    (True, 3.5, '300kV', ['1 s'], '7')
    """
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    value = found["value"]
    return value if len(found) == 1 and isinstance(value, bool | int | float | str | list | dict) else text


def put(data: Mapping[str, Any], key: str, value: Any, *, file: str = "") -> dict[str, Any]:
    """Set one key, addressed with dots; None takes it away. What says the same in another way is dropped.

    Examples
    --------
    >>> put({"beam": {"energy": "300 kV"}}, "beam.energy", "200 kV")
    {'beam': {'energy': '200 kV'}}
    """
    path = _path(key, file, _SET_FORM)
    if path[0] in LISTS and len(path) > 1 and _from_chip(data):
        data = _with_entry(data, path)
    if path[0] in LISTS and not isinstance(data.get(path[0]), list):
        raise InputError(Problem(file, key, None, f"the case lists no {path[0]}", f"[[{path[0]}]]"))
    result: dict[str, Any] = _put(data, path, value, key, file)
    for other in _rivals(".".join(path)):
        section, name = other.split(".")
        if name in result.get(section, {}):
            result[section] = {k: v for k, v in result[section].items() if k != name}
    return result


def _path(key: str, file: str, form: str) -> tuple[str, ...]:
    """The parts of a key that lies in a known section."""
    path = written_keys(key)
    if len(path) < 2 or path[0] not in SECTIONS:
        section = path[0] if path else key
        reason = "names a section; give a key in it" if key in SECTIONS else nearest_section(section, SECTIONS)
        raise InputError(Problem(file, key, None, reason, form))
    return path


def inside(path: tuple[str, ...]) -> tuple[str, ...]:
    """What of the parts of a key lies inside its section, or inside the entry of a list of tables.

    Examples
    --------
    >>> inside(("electrode", "working", "metal")), inside(("beam", "energy"))
    (('metal',), ('energy',))
    """
    return path[2:] if path[0] in LISTS else path[1:]


def _from_chip(data: Mapping[str, Any]) -> bool:
    """Whether electrodes may come from a preset or a layout, so that a case need not list those it changes."""
    cell = data.get("cell")
    return isinstance(cell, Mapping) and any(cell.get(key) is not None for key in ("chip", "layout"))


def _with_entry(data: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    entries = data.get(path[0]) or []
    if not isinstance(entries, list) or path[1].isdigit():
        return data
    if any(isinstance(entry, Mapping) and entry.get("name") == path[1] for entry in entries):
        return data
    return {**data, path[0]: [*entries, {"name": path[1]}]}


def _rivals(key: str) -> set[str]:
    if key in _ROADS:
        return _ROADS - {key}
    if key in _SPACING:
        return {"output.times"}
    rivals = {"output.times": _SPACING, "beam.schedule": {"beam.pulses"}, "beam.pulses": {"beam.schedule"}}
    return rivals.get(key, set())


def _put(here: Any, path: tuple[str, ...], value: Any, key: str, file: str) -> Any:
    """A copy of `here` with one place changed; what lies beside the path is shared."""
    if not path:
        return value
    name, rest = path[0], path[1:]
    if isinstance(here, list) and name.isdigit() and int(name) < len(here):
        return [_put(item, rest, value, key, file) if i == int(name) else item for i, item in enumerate(here)]
    if isinstance(here, list) and (names := [item.get("name") for item in here if isinstance(item, Mapping)]):
        if name in names:
            at = next(i for i, item in enumerate(here) if isinstance(item, Mapping) and item.get("name") == name)
            return [_put(item, rest, value, key, file) if i == at else item for i, item in enumerate(here)]
        known = ", ".join(str(n) for n in names)
        raise InputError(Problem(file, key, None, f'there is no entry named "{name}"; there are {known}', _SET_FORM))
    if here is None:
        here = {}
    if not isinstance(here, Mapping):
        raise InputError(Problem(file, key, None, f'there is no table or entry that could hold "{name}"', _SET_FORM))
    if not rest and value is None:
        return {k: v for k, v in here.items() if k != name}
    return {**here, name: _put(here.get(name), rest, value, key, file)}


# ----------------------------------------------------------------- vary


class Vary(NamedTuple):
    """A key and the values that it takes one after another.

    Attributes
    ----------
    key : str
        With dots.
    values : tuple
        For `Case.replace`: text with a unit, numbers, or words.
    numbers : tuple of float or None
        The same in SI units; None for words.
    unit : str
        SI unit of `numbers`; empty for plain numbers and words.

    Examples
    --------
    >>> vary("electrolyte.pH=3,7").numbers
    (3.0, 7.0)
    """

    key: str
    values: tuple[Any, ...]
    numbers: tuple[float, ...] | None
    unit: str


def vary(text: str) -> Vary:
    """Read one ``key=a..b:log:9``, ``key=a..b:lin:5`` or ``key=a,b,c``; the kind of unit follows from the key.

    Parameters
    ----------
    text : str

    Returns
    -------
    Vary

    Raises
    ------
    InputError
        For an unknown key, a wrong unit, a range that is none.

    Examples
    --------
    >>> v = vary("beam.dose_rate=1Gy/s..1e4Gy/s:log:3")
    >>> v.key, v.values, v.unit
    ('beam.dose_rate', ('1.0 Gy/s', '100.0 Gy/s', '10000.0 Gy/s'), 'Gy/s')
    >>> vary("electrolyte.mechanism=water,water-eb09").values
    ('water', 'water-eb09')
    """
    key, what = split_setting(text, "--vary", _VARY_FORM)
    path = _path(key, "--vary", _VARY_FORM)
    found = field_at(SECTIONS[path[0]], inside(path))
    if not isinstance(found, FieldType):
        known = "is a table; give a key in it" if found is not None else _no_such_key(path)
        raise InputError(Problem("--vary", key, None, known, _VARY_FORM))
    field = found.item if isinstance(found, Each) else found
    try:
        return _values(key, what, field)
    except units.UnitError as error:
        raise InputError(Problem("--vary", key, what, error.reason, error.example)) from None


def _values(key: str, what: str, field: FieldType) -> Vary:
    if isinstance(field, Measure):
        numbers = tuple(units.parse_vary(what, field.kind))
        si = units.kinds()[field.kind].si
        return Vary(key, tuple(f"{number!r} {si}" for number in numbers), numbers, si)
    if isinstance(field, Number | Whole):
        numbers = tuple(units.parse_vary(what, "number"))
        if isinstance(field, Number):
            return Vary(key, numbers, numbers, "")
        if any(number != int(number) for number in numbers):
            raise units.UnitError("gives numbers that are not whole; list them", f'"{key}=1,2,4"')
        return Vary(key, tuple(int(number) for number in numbers), numbers, "")
    if isinstance(field, Text | Choice):
        words = tuple(word.strip() for word in what.split(","))
        if not all(words):
            raise units.UnitError("has an empty entry", f'"{key}=a,b"')
        return Vary(key, words, None, "")
    if isinstance(field, Flag):
        return Vary(key, tuple(literal(word.strip()) for word in what.split(",")), None, "")
    raise units.UnitError("cannot be varied", f'"{_VARY_FORM}"')


def _no_such_key(path: tuple[str, ...]) -> str:
    import difflib

    from simcell.inputs.messages import keys_of

    known = keys_of(SECTIONS[path[0]])
    rest = inside(path)
    near = difflib.get_close_matches(rest[0], known, 1) if rest else []
    hint = (
        f'did you mean "{".".join([*path[: len(path) - len(rest)], near[0]])}"?'
        if near
        else f"known are {', '.join(known)}"
    )
    return f"is not a key of [{path[0]}]; {hint}"

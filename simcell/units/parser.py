"""From text to a float in SI units."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from simcell.constants import ZERO_CELSIUS
from simcell.units.factors import factor
from simcell.units.kinds import KINDS, Kind, UnitError

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPELLINGS = str.maketrans(
    {
        "\u2212": "-",
        "\u212b": "Å",
        "\u03bc": "µ",
        "\u00b7": "*",
        "\u00d7": "x",
        "\u22c5": "*",
        "\u00a0": " ",
        "\u202f": " ",
    }
)
_MAX_TEXT = 120
_CELSIUS = {"degC", "°C", "℃", "celsius", "Celsius", "degree_Celsius"}


def parse(value: object, kind: str) -> float:
    """Turn text with a unit into a float in SI units.

    Parameters
    ----------
    value : str or pint.Quantity
        ``"300 kV"``, ``"1e10Gy/s"``, ``"25 degC"``, ``"2.6/(100 eV)"``, a quantity of any pint registry; a bare
        number only where `kind` is ``"number"``.
    kind : str
        A key of `kinds`.

    Returns
    -------
    float
        In ``kinds()[kind].si``. The product is taken in decimal arithmetic and rounded once, so that
        ``"500 nm"`` and ``"0.5 um"`` are the same float.

    Raises
    ------
    UnitError
        Where the text is no such quantity; says why and shows a right one.

    Examples
    --------
    >>> parse("500 nm", "length"), parse("25 degC", "temperature"), parse("1 mM", "concentration")
    (5e-07, 298.15, 1.0)
    >>> parse("200 kV", "energy") == parse("200 keV", "energy")
    True
    >>> parse("1,5 nm", "length")
    Traceback (most recent call last):
    simcell.units.kinds.UnitError: has a comma; the decimal sign is a point, for example "1.5 nm"
    """
    spec = KINDS[kind]
    number, unit = _split(value, spec)
    if kind == "number":
        result = float(number)
        if unit:
            raise UnitError("is a plain number and takes no unit", spec.example)
    elif kind == "temperature":
        result = _temperature(number, unit, spec)
    else:
        result = float(Decimal(number) * factor(unit, kind)) if math.isfinite(float(number)) else math.inf
    _check_float(result, number, spec)
    if spec.minimum is not None and (result < spec.minimum or (spec.exclusive and result == spec.minimum)):
        low = f"{spec.minimum:g} {spec.si}" if kind == "temperature" else "zero"
        word = "must be above" if spec.exclusive else "must not be below"
        raise UnitError(f"{word} {low}", f'"{spec.example}"')
    return result + 0.0  # -0.0 becomes 0.0: one value, one hash


def _split(value: object, spec: Kind) -> tuple[str, str]:
    """The number and the unit of a value, both as text in plain spelling."""
    example = spec.example if spec.si == "" else f'"{spec.example}"'
    if hasattr(value, "magnitude") and hasattr(value, "units"):
        value = as_text(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnitError("must be a number" if spec.si == "" else "must be text with a number and a unit", example)
    if not isinstance(value, str):
        if spec.si:
            raise UnitError("needs a unit", _with_usual_unit(repr(value), spec))
        return repr(value), ""
    text = value.translate(_SPELLINGS).strip()
    _refuse_odd_text(text, spec, example)
    match = _NUMBER.match(text)
    if match is None:
        raise UnitError("must begin with a number", example)
    unit = text[match.end() :].strip()
    if not unit and spec.si:
        raise UnitError("needs a unit", _with_usual_unit(match[0], spec))
    return match[0], unit


def as_text(value: Any) -> str:
    """Write a quantity of any pint registry as the text that a case file would hold.

    Parameters
    ----------
    value : pint.Quantity

    Returns
    -------
    str

    Examples
    --------
    >>> from simcell.units import quantity
    >>> as_text(quantity(1.5, "nm"))
    '1.5 nanometer'
    """
    try:
        return f"{float(value.magnitude)!r} {value.units}".replace("degree_Celsius", "degC")
    except (TypeError, ValueError):
        raise UnitError("must be one number with a unit, not an array") from None


def _refuse_odd_text(text: str, spec: Kind, example: str) -> None:
    if not text:
        raise UnitError("is empty", example)
    if len(text) > _MAX_TEXT:
        raise UnitError(f"is longer than {_MAX_TEXT} characters, which no quantity is", example)
    if "," in text:
        thousands = re.match(r"[0-9]{1,3}(,[0-9]{3})+(?![0-9])", text) is not None
        fixed = text.replace(",", "") if thousands else text.replace(",", ".", 1)
        right = fixed if spec.si and _NUMBER.match(fixed) and "," not in fixed else spec.example
        raise UnitError("has a comma; the decimal sign is a point", f'"{right}"')
    if re.match(r"[+-]?(nan|inf)", text, re.IGNORECASE):
        raise UnitError("is not a finite number", example)
    if re.match(r"[+-]?[0-9.]+\s*[x*]\s*10\b|10\s*\^", text):
        raise UnitError("powers of ten are written with e, as in 7.5e7", example)
    if ".." in text:
        raise UnitError("is a range; here one value is expected", example)


def _with_usual_unit(number: str, spec: Kind) -> str:
    usual = _NUMBER.sub("", spec.example, count=1).strip()
    try:
        plain = 1e-3 <= float(number) < 1e12
    except (ValueError, OverflowError):
        plain = False
    return f'"{number}{"" if usual.startswith("/") else " "}{usual}"' if plain else f'"{spec.example}"'


def _check_float(result: float, number: str, spec: Kind) -> None:
    if not math.isfinite(result):
        raise UnitError("is not a finite number that a computer can hold", f'"{spec.example}"')
    if result == 0.0 and re.search(r"[1-9]", re.split("[eE]", number)[0]):
        raise UnitError("is too small for a computer to tell from zero", f'"{spec.example}"')


def _temperature(number: str, unit: str, spec: Kind) -> float:
    if unit in ("K", "kelvin"):
        return float(number)
    if unit in _CELSIUS:
        return float(Decimal(number) + Decimal(repr(ZERO_CELSIUS))) if math.isfinite(float(number)) else math.inf
    hint = ' ("C" is coulomb)' if unit == "C" else ""
    raise UnitError(f"a temperature is in degC or K{hint}", f'"{number} degC"' if hint else f'"{spec.example}"')

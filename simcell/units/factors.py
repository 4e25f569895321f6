"""Unit texts and the one pint registry: what one of a unit is in SI, and what to say if it is no unit."""

from __future__ import annotations

import difflib
import math
import re
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from simcell.units.kinds import KINDS, UnitError

if TYPE_CHECKING:
    import pint

_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[^\W\d_]+)|(?P<sign>\*\*|[-+*/^()]))")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")


def quantity(value: Any, unit: str) -> pint.Quantity:
    """Label an SI number or array with its unit, on the way out.

    Parameters
    ----------
    value : float or array
    unit : str

    Returns
    -------
    pint.Quantity

    Examples
    --------
    >>> print(f"{quantity(7.5e7, 'Gy/s').to('MGy/s').magnitude:g}")
    75
    """
    return registry().Quantity(value, unit)


@cache
def registry() -> pint.UnitRegistry:
    """The one pint registry of the program, built on first use.

    Returns
    -------
    pint.UnitRegistry

    Examples
    --------
    >>> registry() is registry()
    True
    """
    import pint

    from simcell.cache import cache_folder

    try:  # the parsed table of units is kept: it takes ten times longer to make than to read
        made: pint.UnitRegistry = pint.UnitRegistry(cache_folder=cache_folder() / "pint")
    except (OSError, ValueError, EOFError):
        made = pint.UnitRegistry()
    made.define("electron = elementary_charge = _ = electrons")
    if "molecule" not in made:
        made.define("molecule = particle = _ = molecules")
    return made


@lru_cache(maxsize=1024)
def factor(unit: str, kind: str) -> Decimal:
    """What one `unit` is in the SI unit of `kind`, as the short decimal that it stands for.

    Examples
    --------
    >>> factor("nm", "length"), factor("mM", "concentration")
    (Decimal('1E-9'), Decimal('1.0'))
    """
    spec = KINDS[kind]
    size, dimensions = _base(unit, kind)
    if kind in ("dose", "dose_rate") and re.search(r"rad|rem|Sv|sievert", unit):
        raise _misfit(unit, kind)  # radiation units that pint takes for the same dimension
    for known, divisor in ((spec.si, 1.0), *spec.also):
        if dimensions == _base(known, kind)[1]:
            return _decimal(size / divisor)
    raise _misfit(unit, kind)


def _decimal(size: float) -> Decimal:
    """The short decimal that a factor stands for: pint says 0.9999999999999999 mol/m^3 for 1 mM."""
    short = float(f"{size:.12g}")
    return Decimal(repr(short if abs(short - size) <= 4 * math.ulp(size) else size))


@lru_cache(maxsize=1024)
def _base(unit: str, kind: str) -> tuple[float, tuple[tuple[str, float], ...]]:
    plain = _plain_unit(unit, kind)
    try:
        base: Any = registry().parse_expression(plain).to_base_units()
        dimensions = tuple(sorted((str(k), float(v)) for k, v in base.dimensionality.items()))
        return float(base.magnitude), dimensions
    except Exception:  # pint raises a dozen different types for text that is no unit
        raise _unknown(unit, plain, kind) from None


def _plain_unit(unit: str, kind: str) -> str:
    """A unit in the one spelling that pint reads: ``e-/Å²/s`` gives ``e/Å^2/s``, ``mol m-3`` gives ``mol m^-3``."""
    text = re.sub(r"\be[-⁻](?![0-9⁰¹²³⁴-⁹])", "e", unit)
    text = re.sub(r"([⁻⁺]?[⁰¹²³⁴-⁹]+)", r"^\1", text).translate(_SUPERSCRIPTS)
    text = re.sub(r"(?<=[^\W\d])([-+]?[0-9])", r"^\1", text)
    _check_tokens(text, unit, kind)
    return ("1" + text) if text.startswith("/") else text


def _check_tokens(text: str, unit: str, kind: str) -> None:
    """Refuse what is no product of powers of names: pint would compute 9**9**9 for an hour."""
    before: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            odd = text[position:].strip()[:1]
            raise UnitError(f'has a character that no unit has: "{odd}"', f'"{KINDS[kind].example}"')
        token = match[0].strip()
        if match["number"] and not _number_fits(token, before, text):
            raise _stray_number(unit, kind)
        if not (token in ("-", "+") and before and before[-1] in ("^", "**", "(")):  # the sign of an exponent
            before.append("^" if token == "**" else token)
        position = match.end()


def _number_fits(token: str, before: list[str], text: str) -> bool:
    """Numbers stand only in a leading 1/, first in brackets, or as small exponents of a name or one bracket."""
    if not before:
        return re.match("1 */", text) is not None
    for power in (["^"], ["^", "("]):
        if before[-len(power) :] == power:
            base = "".join(before[: -len(power)][-1:])
            return float(token) <= 12 and (base.isalpha() or (base == ")" and text.count(")") <= 2))
    return before[-1] == "("


_COMMON = [
    "nm",
    "um",
    "mm",
    "cm",
    "m",
    "angstrom",
    "pm",
    "s",
    "ms",
    "us",
    "ns",
    "min",
    "h",
    "kV",
    "keV",
    "MeV",
    "eV",
    "V",
    "mV",
    "J",
    "kJ",
    "A",
    "mA",
    "uA",
    "nA",
    "pA",
    "e",
    "electron",
    "Gy",
    "kGy",
    "MGy",
    "GGy",
    "mol",
    "mmol",
    "umol",
    "L",
    "mL",
    "M",
    "mM",
    "uM",
    "nM",
    "Pa",
    "kPa",
    "MPa",
    "bar",
    "mbar",
    "atm",
    "torr",
    "K",
    "degC",
    "kg",
    "g",
    "W",
    "mW",
    "kHz",
    "Hz",
    "C",
    "molecule",
]


def _stray_number(unit: str, kind: str) -> UnitError:
    if re.search(r"(/|per)\s*100\s*eV", unit):
        return UnitError("per 100 eV needs brackets", '"2.6/(100 eV)"')
    return UnitError("has a second number inside the unit", f'"{KINDS[kind].example}"')


def _unknown(unit: str, plain: str, kind: str) -> UnitError:
    for name in re.findall(r"[^\W\d_]+", plain):
        if name in registry():
            continue
        same = [known for known in _COMMON if known.casefold() == name.casefold()]
        near = same or difflib.get_close_matches(name, _COMMON, n=1, cutoff=0.5)
        hint = f' (did you mean "{near[0]}"?)' if near else ""
        return UnitError(f'"{name}" is not a unit that simcell knows{hint}', f'"{KINDS[kind].example}"')
    return UnitError(f'"{unit}" is not a unit that simcell can read', f'"{KINDS[kind].example}"')


def _misfit(unit: str, kind: str) -> UnitError:
    spec = KINDS[kind]
    if kind in ("flux", "fluence") and re.search(r"\bA\s*(?:\^|\*\*)?\s*[2²]", unit):
        right = re.sub(r"\bA\s*(?:\^|\*\*)?\s*[2²]", "angstrom^2", unit)
        return UnitError("A is ampere; for angstrom write angstrom or Å", f'"10 {right}"')
    if kind in ("dose", "dose_rate") and "rad" in unit:  # pint: "rad" an angle, "rads" a dose
        return UnitError("rad is radian here (1 rad = 0.01 Gy)", f'"{spec.example}"')
    if kind == "concentration" and re.search(r"\b[mkuµn]?g\b", unit):
        return UnitError("a mass concentration is not understood; write it in mol", f'"{spec.example}"')
    return UnitError(f'"{unit}" is not a unit of {spec.words.split(" ", 1)[1]}', f'"{spec.example}"')

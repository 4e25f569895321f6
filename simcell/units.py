"""The one unit registry, and the one parser that every quantity passes through.

File, `--set`, `--vary` and the Python interface all end in `parse`, which takes text such as ``"300 kV"`` and
the kind of quantity that the place expects, and gives a float in SI units. `quantity` puts the label back on the
way out. The registry (pint) is built on first use, so that importing this module costs nothing.
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from simcell.constants import AVOGADRO, ELEMENTARY_CHARGE, ZERO_CELSIUS

if TYPE_CHECKING:
    import pint


class UnitError(ValueError):
    """A text that is not the quantity which is expected: `reason` says why, `example` what would be right.

    Examples
    --------
    >>> try:
    ...     parse("500", "length")
    ... except UnitError as error:
    ...     print(error.reason, "|", error.example)
    needs a unit | "500 nm"
    """

    def __init__(self, reason: str, example: str = ""):
        self.reason = reason
        self.example = example
        super().__init__(f"{reason}, for example {example}" if example else reason)


@dataclass(frozen=True)
class Kind:
    """One kind of quantity: its SI unit, a right example, its lower bound, and other units that mean the same.

    `also` holds (unit, divisor): a beam energy may be written in V, which multiplies by e (divisor 1/e).

    Examples
    --------
    >>> kinds()["length"].si
    'm'
    """

    words: str
    si: str
    example: str
    minimum: float | None = 0.0
    exclusive: bool = False
    also: tuple[tuple[str, float], ...] = ()


_PER_ELECTRON = ELEMENTARY_CHARGE
_KINDS: dict[str, Kind] = {
    "number": Kind("a plain number", "", "1.5", minimum=None),
    "length": Kind("a length", "m", "500 nm"),
    "area": Kind("an area", "m^2", "3 um^2"),
    "time": Kind("a time", "s", "10 s"),
    "energy": Kind("an energy", "J", "300 kV", exclusive=True, also=(("V", 1.0 / ELEMENTARY_CHARGE),)),
    "energy_molar": Kind("an energy per mole", "J/mol", "12 kJ/mol", minimum=None),
    "current": Kind("a current", "A", "1 nA"),
    "voltage": Kind("a voltage", "V", "-0.3 V", minimum=None),
    "flux": Kind("a flux", "1/m^2/s", "10 e/angstrom^2/s", also=(("A/m^2", _PER_ELECTRON),)),
    "fluence": Kind("a fluence", "1/m^2", "50 e/nm^2", also=(("C/m^2", _PER_ELECTRON),)),
    "dose": Kind("a dose", "Gy", "1 MGy"),
    "dose_rate": Kind("a dose rate", "Gy/s", "7.5e7 Gy/s"),
    "temperature": Kind("a temperature", "K", "25 degC", exclusive=True),
    "temperature_coefficient": Kind("a coefficient in kelvin", "K", "1867.5 K", minimum=None),
    "pressure": Kind("a pressure", "Pa", "1 bar"),
    "concentration": Kind("a concentration", "mol/m^3", "1 mmol/L"),
    "density": Kind("a density", "kg/m^3", "997 kg/m^3", exclusive=True),
    "diffusivity": Kind("a diffusivity", "m^2/s", "2.3e-9 m^2/s"),
    "thermal_conductivity": Kind("a thermal conductivity", "W/m/K", "0.6 W/m/K", exclusive=True),
    "heat_capacity": Kind("a specific heat", "J/kg/K", "4180 J/kg/K", exclusive=True),
    "mass_stopping_power": Kind("a mass stopping power", "J*m^2/kg", "2.36 MeV*cm^2/g"),
    "henry": Kind("a Henry solubility", "mol/m^3/Pa", "7.8e-6 mol/m^3/Pa"),
    "g_value": Kind("a G-value", "mol/J", "2.6/(100 eV)", minimum=None, also=(("1/J", AVOGADRO),)),
    "rate_0": Kind("a zeroth-order rate", "mol/m^3/s", "1e-3 mol/L/s"),
    "rate_1": Kind("a first-order rate constant", "1/s", "2e3 1/s"),
    "rate_2": Kind("a second-order rate constant", "m^3/mol/s", "1.1e10 L/mol/s"),
    "rate_3": Kind("a third-order rate constant", "m^6/mol^2/s", "1e10 L^2/mol^2/s"),
}


def kinds() -> dict[str, Kind]:
    """Every kind of quantity that simcell reads, by name.

    Returns
    -------
    dict of str to Kind

    Examples
    --------
    >>> kinds()["dose_rate"].example
    '7.5e7 Gy/s'
    """
    return dict(_KINDS)


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
    simcell.units.UnitError: has a comma; the decimal sign is a point, for example "1.5 nm"
    """
    spec = _KINDS[kind]
    number, unit = _split(value, spec)
    if kind == "number":
        result = float(number)
        if unit:
            raise UnitError("is a plain number and takes no unit", spec.example)
    elif kind == "temperature":
        result = _temperature(number, unit, spec)
    else:
        result = float(Decimal(number) * _factor(unit, kind)) if math.isfinite(float(number)) else math.inf
    _check_float(result, number, spec)
    if spec.minimum is not None and (result < spec.minimum or (spec.exclusive and result == spec.minimum)):
        low = f"{spec.minimum:g} {spec.si}" if kind == "temperature" else "zero"
        word = "must be above" if spec.exclusive else "must not be below"
        raise UnitError(f"{word} {low}", f'"{spec.example}"')
    return result + 0.0  # -0.0 becomes 0.0: one value, one hash


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

    made: pint.UnitRegistry = pint.UnitRegistry()
    made.define("electron = elementary_charge = _ = electrons")
    if "molecule" not in made:
        made.define("molecule = particle = _ = molecules")
    return made


class Span(NamedTuple):
    """A range ``low..high:scale:count`` of a ``--vary`` option, its ends still text."""

    low: str
    high: str
    scale: str
    count: int


_VARY_FORM = "1pA..10nA:log:9"
_MAX_VALUES = 100_000


def parse_vary(text: str, kind: str) -> list[float]:
    """Turn a range or a list into SI numbers: ``a..b:log:n``, ``a..b:lin:n``, ``a..b:n`` (linear), ``a,b,c``.

    Parameters
    ----------
    text : str
    kind : str
        A key of `kinds`; both ends carry a unit unless it is ``"number"``.

    Returns
    -------
    list of float
        Both ends are exact; values between are rounded to 15 digits.

    Examples
    --------
    >>> parse_vary("1pA..10nA:log:5", "current")
    [1e-12, 1e-11, 1e-10, 1e-09, 1e-08]
    >>> parse_vary("100nm,200nm,1um", "length")
    [1e-07, 2e-07, 1e-06]
    """
    span = split_range(text)
    if span is None:
        return [parse(part.strip(), kind) for part in text.split(",")]
    low, high = parse(span.low, kind), parse(span.high, kind)
    if low == high:
        raise UnitError("both ends of the range are equal", f'"{_VARY_FORM}"')
    last = span.count - 1
    if span.scale == "lin":
        between = [low + (high - low) * i / last for i in range(1, last)]
    elif low > 0 and high > 0:
        between = [low * math.exp(math.log(high / low) * i / last) for i in range(1, last)]
    else:
        raise UnitError("a logarithmic range needs both ends above zero", f'"{_VARY_FORM}"')
    return [low, *(float(f"{value:.15g}") for value in between), high]


def split_range(text: str) -> Span | None:
    """Take a range apart; None where the text is a list of values.

    Examples
    --------
    >>> split_range("1pA..10nA:log:9")
    Span(low='1pA', high='10nA', scale='log', count=9)
    >>> split_range("100nm,200nm") is None
    True
    """
    low, dots, rest = text.partition("..")
    if not dots:
        return None
    high, *options = (part.strip() for part in rest.split(":"))
    scale = options[0] if len(options) == 2 else "lin"
    if len(options) not in (1, 2) or scale not in ("lin", "log"):
        raise UnitError("is not a range low..high:lin|log:count", f'"{_VARY_FORM}"')
    if not re.fullmatch(r"[0-9]{1,9}", options[-1]) or not 2 <= int(options[-1]) <= _MAX_VALUES:
        raise UnitError(f"the count of a range is a whole number from 2 to {_MAX_VALUES}", f'"{_VARY_FORM}"')
    return Span(low.strip(), high, scale, int(options[-1]))


# ----------------------------------------------------------------- text to number and unit

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[^\W\d_]+)|(?P<sign>\*\*|[-+*/^()]))")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SPELLINGS = str.maketrans(
    {"\u2212": "-", "\u212b": "Å", "\u03bc": "µ", "\u00b7": "*", "\u00d7": "x", "\u22c5": "*", "\u00a0": " ", "\u202f": " "}
)
_MAX_TEXT = 120


def _split(value: object, spec: Kind) -> tuple[str, str]:
    """The number and the unit of a value, both as text in plain spelling."""
    example = spec.example if spec.si == "" else f'"{spec.example}"'
    if hasattr(value, "magnitude") and hasattr(value, "units"):
        value = _quantity_text(value, example)
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


def _quantity_text(value: Any, example: str) -> str:
    try:
        return f"{float(value.magnitude)!r} {value.units}".replace("degree_Celsius", "degC")
    except (TypeError, ValueError):
        raise UnitError("must be one number with a unit, not an array", example) from None


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


# ----------------------------------------------------------------- units to factors

_CELSIUS = {"degC", "°C", "℃", "celsius", "Celsius", "degree_Celsius"}


def _temperature(number: str, unit: str, spec: Kind) -> float:
    if unit in ("K", "kelvin"):
        return float(number)
    if unit in _CELSIUS:
        return float(Decimal(number) + Decimal(repr(ZERO_CELSIUS))) if math.isfinite(float(number)) else math.inf
    hint = ' ("C" is coulomb)' if unit == "C" else ""
    raise UnitError(f"a temperature is in degC or K{hint}", f'"{number} degC"' if hint else f'"{spec.example}"')


@lru_cache(maxsize=1024)
def _factor(unit: str, kind: str) -> Decimal:
    """What one `unit` is in the SI unit of `kind`."""
    spec = _KINDS[kind]
    factor, dimensions = _base(unit, kind)
    if kind in ("dose", "dose_rate") and re.search(r"rad|rem|Sv|sievert", unit):
        raise _misfit(unit, kind)  # radiation units that pint takes for the same dimension
    for known, divisor in ((spec.si, 1.0), *spec.also):
        if dimensions == _base(known, kind)[1]:
            return _decimal(factor / divisor)
    raise _misfit(unit, kind)


def _decimal(factor: float) -> Decimal:
    """The short decimal that a factor stands for: pint says 0.9999999999999999 mol/m^3 for 1 mM."""
    short = float(f"{factor:.12g}")
    return Decimal(repr(short if abs(short - factor) <= 4 * math.ulp(factor) else factor))


@lru_cache(maxsize=1024)
def _base(unit: str, kind: str) -> tuple[float, tuple[tuple[str, float], ...]]:
    plain = _plain_unit(unit, kind)
    try:
        base = registry().parse_expression(plain).to_base_units()
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
            raise UnitError(f'has a character that no unit has: "{odd}"', f'"{_KINDS[kind].example}"')
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


# ----------------------------------------------------------------- what to say when it is wrong

_COMMON = (
    "nm um mm cm m angstrom pm s ms us ns min h kV keV MeV eV V mV J kJ A mA uA nA pA e electron Gy kGy MGy GGy mol mmol umol L mL "
    "M mM uM nM Pa kPa MPa bar mbar atm torr K degC kg g W mW kHz Hz C molecule"
).split()


def _stray_number(unit: str, kind: str) -> UnitError:
    if re.search(r"(/|per)\s*100\s*eV", unit):
        return UnitError("per 100 eV needs brackets", '"2.6/(100 eV)"')
    return UnitError("has a second number inside the unit", f'"{_KINDS[kind].example}"')


def _unknown(unit: str, plain: str, kind: str) -> UnitError:
    for name in re.findall(r"[^\W\d_]+", plain):
        if name in registry():
            continue
        same = [known for known in _COMMON if known.casefold() == name.casefold()]
        near = same or difflib.get_close_matches(name, _COMMON, n=1, cutoff=0.5)
        hint = f' (did you mean "{near[0]}"?)' if near else ""
        return UnitError(f'"{name}" is not a unit that simcell knows{hint}', f'"{_KINDS[kind].example}"')
    return UnitError(f'"{unit}" is not a unit that simcell can read', f'"{_KINDS[kind].example}"')


def _misfit(unit: str, kind: str) -> UnitError:
    spec = _KINDS[kind]
    if kind in ("flux", "fluence") and re.search(r"\bA\s*(?:\^|\*\*)?\s*[2²]", unit):
        right = re.sub(r"\bA\s*(?:\^|\*\*)?\s*[2²]", "angstrom^2", unit)
        return UnitError("A is ampere; for angstrom write angstrom or Å", f'"10 {right}"')
    if kind in ("dose", "dose_rate") and "rad" in unit:  # pint: "rad" an angle, "rads" a dose
        return UnitError("rad is radian here (1 rad = 0.01 Gy)", f'"{spec.example}"')
    if kind == "concentration" and re.search(r"\b[mkuµn]?g\b", unit):
        return UnitError("a mass concentration is not understood; write it in mol", f'"{spec.example}"')
    return UnitError(f'"{unit}" is not a unit of {spec.words.split(" ", 1)[1]}', f'"{spec.example}"')

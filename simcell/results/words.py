"""Formulas, reactions, numbers and units as people write them, with raised and lowered letters of Unicode.

(Setting them as mathtext costs half a second a picture.)
"""

from __future__ import annotations

import re
from functools import lru_cache

RAISED = str.maketrans("0123456789+-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@lru_cache(maxsize=512)
def formula(species: str) -> str:
    """A species name with indices and charge in their places.

    Examples
    --------
    >>> formula("SO4^2-"), formula("e_aq-")
    ('SO₄²⁻', 'e⁻(aq)')
    """
    match = re.fullmatch(r"(.+?)(?:\^(\d+))?([+-]*)", species)
    if match is None or not re.fullmatch(r"[A-Za-z0-9_()]+", match[1]):
        return species.replace("$", r"\$")
    body, number, sign = match[1], match[2] or "", match[3]
    body, _, state = body.partition("_")
    body = re.sub(r"(?<=[A-Za-z)])\d+", lambda digits: digits[0].translate(LOWERED), body)
    count = number or (str(len(sign)) if len(sign) > 1 else "")
    return f"{body}{(count + sign[:1]).translate(RAISED)}" + (f"({state})" if state else "")


def equation(text: str) -> str:
    """A reaction with its species as formulas, repeats counted, and a real arrow.

    Examples
    --------
    >>> equation("OH + OH -> H2O2").split()
    ['2', 'OH', '→', 'H₂O₂']
    """
    sides = text.replace("<=>", "->").split(" -> ")
    return (" ⇌ " if "<=>" in text else " → ").join(_side(side) for side in sides)


def number(value: float, digits: int = 2) -> str:
    """A number for people: plain where it is short, with a power of ten where it is not.

    Examples
    --------
    >>> number(7.5e7), number(0.25), number(4.65, 3)
    ('7.5×10⁷', '0.25', '4.65')
    """
    if value == 0.0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    head = "" if mantissa == "1" else f"{mantissa}×"
    return f"{head}{power_of_ten(int(power))}"


def power_of_ten(exponent: int) -> str:
    """A power of ten.

    Examples
    --------
    >>> power_of_ten(-3)
    '10⁻³'
    """
    return f"10{str(exponent).translate(RAISED)}"


def duration(seconds: float) -> str:
    """A time with the unit that people would say.

    Examples
    --------
    >>> duration(1e-9), duration(2.5e-4), duration(30.0), duration(1e5)
    ('1 ns', '250 µs', '30 s', '10⁵ s')
    """
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"), (1e-12, "ps")):
        if seconds >= size * 0.9995:
            return f"{number(seconds / size, 3)} {unit}"
    return f"{number(seconds)} s"


def molar(value: float) -> str:
    """A concentration (mol/L) with the unit that chemists would say.

    Examples
    --------
    >>> molar(2.5e-4), molar(3e-9), molar(0.0), molar(1e-17)
    ('250 µM', '3 nM', '0 M', '10⁻¹⁷ M')
    """
    for size, unit in ((1.0, "M"), (1e-3, "mM"), (1e-6, "µM"), (1e-9, "nM"), (1e-12, "pM")):
        if abs(value) >= size * 0.9995:
            return f"{number(value / size, 3)} {unit}"
    return f"{number(value)} M"


def length(metres: float) -> str:
    """A length with the unit that microscopists would say.

    Examples
    --------
    >>> length(5e-9), length(2.5e-6), length(0.0)
    ('5 nm', '2.5 µm', '0 nm')
    """
    size, unit = length_unit(metres)
    return f"{number(metres / size, 3)} {unit}"


def length_unit(metres: float) -> tuple[float, str]:
    """The unit (its size in metres and its name) in which a length is between 1 and 1000.

    Examples
    --------
    >>> length_unit(20e-6)
    (1e-06, 'µm')
    """
    for size, unit in ((1e-3, "mm"), (1e-6, "µm")):
        if abs(metres) >= size * 0.9995:
            return size, unit
    return 1e-9, "nm"


def bar(pascal: float) -> str:
    """A pressure in bar.

    Examples
    --------
    >>> bar(1.3e5), bar(500.0), bar(2.5e7)
    ('1.3 bar', '5 mbar', '250 bar')
    """
    return (
        f"{number(pascal / 1e5, 3)} bar"
        if abs(pascal) >= 9.995e3 or pascal == 0.0
        else f"{number(pascal / 1e2, 3)} mbar"
    )


def _side(text: str) -> str:
    counts: dict[str, int] = {}
    for term in text.split(" + "):
        match = re.fullmatch(r"(?:(\d+)\s+)?(.+)", term.strip())
        if match is not None:
            counts[match[2]] = counts.get(match[2], 0) + int(match[1] or 1)
    return " + ".join((f"{n} " if n > 1 else "") + formula(name) for name, n in counts.items())

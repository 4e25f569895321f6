"""Chemical equations and species names as text."""

from __future__ import annotations


def parse_equation(equation: str) -> tuple[dict[str, int], dict[str, int]]:
    """Split ``"2 A + B -> C"`` into reactants and products with their numbers.

    Raises
    ------
    ValueError
        If the text is not an equation.

    Examples
    --------
    >>> parse_equation("e_aq- + e_aq- + 2 H2O -> H2 + 2 OH-")
    ({'e_aq-': 2, 'H2O': 2}, {'H2': 1, 'OH-': 2})
    """
    sides = equation.split("->")
    if len(sides) != 2:
        raise ValueError('an equation has one "->"')
    return _side(sides[0]), _side(sides[1])


def _side(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for term in text.strip().split(" + "):
        words = term.split()
        number, name = (int(words[0]), words[1]) if len(words) == 2 and words[0].isdigit() else (1, term.strip())
        if not name or " " in name:
            raise ValueError(f'"{term.strip()}" is not a species; write " + " with spaces between species')
        counts[name] = counts.get(name, 0) + number
    return counts


def charge_of(name: str) -> int:
    """Charge that a species name ends in: ``X+``, ``X-``, ``X2+`` for metal ions, ``X^2-`` for others.

    Examples
    --------
    >>> [charge_of(n) for n in ("H2O2", "HO2-", "SO4^2-", "Zn2+", "Cl2-", "AuCl4-")]
    [0, -1, -2, 2, -1, -1]
    """
    if not name.endswith(("+", "-")):
        return 0
    sign = 1 if name.endswith("+") else -1
    if "^" in name:
        return sign * int(name.rsplit("^", 1)[1][:-1] or 1)
    digits = name[:-1]
    bare = digits.rstrip("0123456789")
    is_metal_ion = (
        sign > 0 and bare.isalpha() and len(bare) <= 2 and bare[0].isupper() and bare not in ("H", "Cl", "Br")
    )
    return sign * int(digits[len(bare) :]) if is_metal_ion and digits != bare else sign

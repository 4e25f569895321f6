"""What a species name of an AuRaCh file stands for: composition, charge, and the name it gets in simcell.

AuRaCh itself never looks into a name. Here the atoms and the charge are read off it, because the loader checks their
balance; a name that allows two readings, or none, is refused with the way out, never guessed in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from simcell.inputs.equation import charge_of

ELECTRONS = {"e", "eh", "eaq", "e_aq", "e_h", "ehyd", "e(aq)"}
_SYMBOL = r"[A-Z][a-z]?"
NONMETALS = set(re.findall(_SYMBOL, "H He B C N O F Ne Si P S Cl Ar As Se Br Kr Te I Xe"))
# To bismuth, and the actinides of fuel chemistry. Ac, At and other rare ones stay out: in a liquid "Ac" is acetate.
_METALS = """
    Li Be Na Mg Al K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Cs Ba
    La Ce Pr Nd Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Th U Np Pu Am Cm
"""
ELEMENTS = NONMETALS | set(re.findall(_SYMBOL, _METALS))
_CHARGE = re.compile(r"^(?P<core>.+?)(?:\^(?P<n>\d*)(?P<sign>[+-])|\^(?P<sign2>[+-])(?P<n2>\d+)|(?P<run>\++|-+))?$")
_OXIDATION_STATE = re.compile(r"(?<=[a-zA-Z])\((?:I|II|III|IV|V|VI|VII|VIII)\)")
_TOKEN = re.compile(r"(?P<element>[A-Z][a-z]?)|(?P<open>[(\[])|(?P<close>[)\]])")
_DIGITS = re.compile(r"\d*")


@dataclass(frozen=True)
class Inferred:
    """What a name was read as; `remark` says what a reader might have meant otherwise.

    Examples
    --------
    >>> Inferred("HO2-", {"H": 1, "O": 2}, -1).charge
    -1
    """

    name: str
    composition: dict[str, int]
    charge: int
    remark: str = ""


def infer(raw: str, formula: str = "") -> Inferred:
    """Read composition and charge off a name as AuRaCh files write it.

    Parameters
    ----------
    raw : str
        For example ``"eh-"``, ``"NO3^2-"``, ``"Fe^2+"``, ``"[FeOH]^2+"``, ``"Au(III)Cl4-"``.
    formula : str, optional
        What the name stands for, where it is no formula (``"C4H10O"`` for ``"HROH"``); its charge wins if it has one.

    Returns
    -------
    Inferred

    Raises
    ------
    ValueError
        If the name has no reading, or two; the message says what would be clear.

    Examples
    --------
    >>> [infer(n).name for n in ("eh-", "NO3^2-", "Fe^2+", "Ag2^+", "[FeOH]^2+", "Au(III)Cl4-", "Au2Cl6--")]
    ['e_aq-', 'NO3^2-', 'Fe2+', 'Ag2^+', 'FeOH^2+', 'AuCl4-', 'Au2Cl6^2-']
    >>> infer("HROH", "C4H10O").composition
    {'C': 4, 'H': 10, 'O': 1}
    >>> infer("SO42-")
    Traceback (most recent call last):
        ...
    ValueError: charge or number of atoms? write SO4^2-
    """
    core, charge, marked = _split(raw)
    if core in ELECTRONS and charge == -1 and not formula:
        return Inferred("e_aq-", {}, -1)
    if formula:
        meant, given, explicit = _split(formula)
        return Inferred(_named(core, charge := given if explicit else charge), _atoms(meant), charge)
    if not marked and charge and re.search(r"\d\d$", core):
        raise ValueError(f"charge or number of atoms? write {core[:-1]}^{core[-1]}{raw[-1]}")
    plain = _OXIDATION_STATE.sub("", core)
    if plain != core and plain in ELEMENTS and not charge:
        raise ValueError(f"an oxidation state, but no charge: write {plain}^3+ or the like")
    if plain.startswith("[") and plain.endswith("]"):
        plain = plain[1:-1]
    atoms, remark = _atoms(plain), ""
    if charge == 1 and not marked and (ion := re.fullmatch(r"([A-Z][a-z]?)(\d)", plain)) and ion[1] not in NONMETALS:
        plain, charge, atoms = ion[1], int(ion[2]), {ion[1]: 1}
        remark = f"read as one {plain} of charge +{charge}; {charge} atoms of charge +1 would be {plain}{charge}^+"
    return Inferred(_named(plain, charge, atoms), atoms, charge, remark)


def _split(raw: str) -> tuple[str, int, bool]:
    """Core of the name, charge, and whether the charge is beyond doubt (a caret, or repeated signs)."""
    found = _CHARGE.match(raw)
    if not found:
        raise ValueError("is empty")
    if sign := found["sign"] or found["sign2"]:
        return found["core"], int(sign + (found["n"] or found["n2"] or "1")), True
    run = found["run"] or ""
    return found["core"], len(run) * (-1 if run.startswith("-") else 1), len(run) > 1


def _atoms(formula: str) -> dict[str, int]:
    """Count the atoms of a formula with groups in parentheses."""
    stack: list[dict[str, int]] = [{}]
    place = 0
    while place < len(formula):
        token = _TOKEN.match(formula, place)
        if not token or (token["element"] and token["element"] not in ELEMENTS):
            rest = token["element"] if token else formula[place:]
            raise ValueError(f'"{rest}" is no element: say what the name stands for, --formula "NAME=C4H10O"')
        digits = _DIGITS.match(formula, token.end())
        assert digits is not None
        place, count = digits.end(), int(digits[0] or 1)
        if token["open"]:
            stack.append({})
            place = token.end()
            continue
        if token["close"] and len(stack) == 1:
            break
        group = stack.pop() if token["close"] else {token["element"]: 1}
        for element, n in group.items():
            stack[-1][element] = stack[-1].get(element, 0) + n * count
    if len(stack) != 1 or place < len(formula):
        raise ValueError("its parentheses do not match")
    return stack[0]


def _named(core: str, charge: int, atoms: dict[str, int] | None = None) -> str:
    """Write the name so that simcell reads the same charge off it: X-, Zn2+ for metal ions, SO4^2- for others."""
    if not charge:
        return core
    n, sign = abs(charge), "+" if charge > 0 else "-"
    metal_ion = charge > 1 and atoms == {core: 1} and core not in NONMETALS
    plain = f"{core}{sign}" if n == 1 else f"{core}{n}{sign}" if metal_ion else ""
    return plain if plain and charge_of(plain) == charge else f"{core}^{n if n > 1 else ''}{sign}"

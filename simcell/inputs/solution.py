"""What a shipped electrolyte holds at a concentration: ions, pairs and acids at equilibrium, and how they react.

Files of electrolytes say in `[speciation]` into which ions a formula unit falls apart (`salts`), with which other
solutes these are in equilibrium (`solutes`, through the reactions of a mechanism), and which ion pairs they form
(`pair`). Diffusivities are those at infinite dilution. Constants are corrected by Davies' law at the ionic strength
of the start, up to 0.5 mol/L. An electrolyte without that table is refused by name: Ca(BH4)2 and MACC need data.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from simcell import units
from simcell.chemistry.equilibrium import STRONGEST, Reversible, closed, reversible, settled
from simcell.chemistry.mechanism import Mechanism
from simcell.chemistry.speciation import ionic_strength
from simcell.constants import ROOM_TEMPERATURE
from simcell.errors import InputError, Problem
from simcell.inputs.electrolyte_data import load_electrolyte
from simcell.inputs.equation import charge_of, parse_equation
from simcell.inputs.ions import load_ions
from simcell.inputs.mechanism import load_mechanism
from simcell.transport.bulk import Bulk
from simcell.transport.concentrated import Binary
from simcell.transport.species import Ion, independent_conductivity

PAIRING = 1e6  # m^3/mol/s: rate of pairing, near the diffusion limit; only its ratio to the reverse matters
TOLD = 0.1  # share by which independent ions may miss a measured conductivity before it is told


@dataclass(frozen=True)
class Composition:
    """Ions, their concentrations at equilibrium [mol/m^3] and reactions, as `simcell.transport.species` takes them.

    Examples
    --------
    >>> found = dissolve("ZnSO4", 100.0)
    >>> sorted(found.start)
    ['SO4^2-', 'Zn2+', 'ZnSO4']
    """

    ions: tuple[Ion, ...]
    start: Mapping[str, float]
    bulk: Bulk | None
    ionic_strength: float
    warnings: tuple[str, ...] = ()

    def conductivity(self, temperature: float = ROOM_TEMPERATURE) -> float:
        """Of independent ions (Nernst-Einstein) [S/m]."""
        return independent_conductivity(self.ions, [self.start[ion.name] for ion in self.ions], temperature)


def dissolve(
    name: str, concentration: float, temperature: float = ROOM_TEMPERATURE, activity: str = "davies",
    constants: Mapping[str, float] | None = None,
) -> Composition:  # fmt: skip
    """Speciation of a shipped electrolyte from its total concentration.

    Parameters
    ----------
    name : str
        As in `shipped_electrolytes`.
    concentration : float
        Of the salt, formula units [mol/m^3]; what the file adds (`also`) comes on top.
    temperature : float
        [K]
    activity : str
        ``davies`` or ``ideal``.
    constants : mapping of equation to float, optional
        Concentration quotients of one's own [mol/m^3 to the order], used as they are.

    Returns
    -------
    Composition

    Raises
    ------
    InputError
        Where the file holds no speciation, or the ionic strength is beyond Davies' law.

    Examples
    --------
    >>> found = dissolve("KHCO3", 100.0)
    >>> round(found.start["CO3^2-"], 2), round(found.ionic_strength, 1)
    (1.28, 101.3)
    """
    file, table = _speciation(name)
    mechanism = load_mechanism(table["mechanism"]) if "mechanism" in table else None
    totals = _totals(table, concentration)
    pairs = table.get("pair", [])
    names = [*totals, *(s for s in table.get("solutes", ()) if s not in totals), *(p["name"] for p in pairs)]
    charges = {s: charge_of(s) for s in names}
    found = [*(reversible(mechanism, names, temperature) if mechanism else ()), *map(_pair, pairs)]
    own = constants or {}
    if activity not in ("davies", "ideal"):
        raise InputError(Problem(file, "activity", activity, "is davies or ideal", '"davies"'))
    if unknown := [e for e in own if e not in {r.equation for r in found}]:
        there = "; ".join(r.equation for r in found)
        raise InputError(Problem(file, "constants", unknown[0], f"is no equilibrium of {name}; there are {there}"))
    start = dict.fromkeys(names, 0.0) | totals
    fixed = tuple(_with(r, own[r.equation]) for r in found if r.equation in own)
    rest = tuple(r for r in found if r.equation not in own)
    if activity == "davies":
        answer, strength, used = settled(rest, start, charges, fixed)
    else:
        used = (*rest, *fixed)
        answer = closed(used, start)
        strength = ionic_strength(charges, answer)
    if activity == "davies" and strength > STRONGEST and rest:
        raise InputError(_too_strong(file, name, strength, rest))
    ions = tuple(Ion(s, charges[s], _diffusivity(s, mechanism, pairs, file)) for s in names)
    result = Composition(ions, answer, Bulk(used) if used else None, strength)
    return replace(result, warnings=tuple(_remarks(name, concentration, temperature, result)))


def binary_solution(name: str, temperature: float = ROOM_TEMPERATURE) -> Binary:
    """Property functions of a shipped salt of charges +1 and -1 for the concentrated model.

    Parameters
    ----------
    name : str
    temperature : float
        [K]

    Returns
    -------
    Binary
        Over the range in which all four properties hold.

    Raises
    ------
    InputError
        Naming the properties that are not published here.

    Examples
    --------
    >>> binary_solution("LiPF6-EC-EMC").low
    300.0
    """
    data = load_electrolyte(name)
    wanted = ("diffusivity", "conductivity", "transference", "thermodynamic_factor")
    if absent := [w for w in wanted if w not in data.properties]:
        reason = "is not known here: the concentrated model needs it; give functions of your own (transport.Binary)"
        raise InputError([Problem(data.file, what, None, reason) for what in absent])
    low = max(data.properties[w].range[0] for w in wanted)
    high = min(data.properties[w].range[1] for w in wanted)

    def function(what: str) -> Any:
        return lambda c: data.at(what, float(c), temperature)

    return Binary(low, high, *(function(w) for w in wanted))


@cache
def _speciation(name: str) -> tuple[str, dict[str, Any]]:
    data = load_electrolyte(name)
    text = (files("simcell") / "data" / "electrolytes" / data.file).read_text(encoding="utf-8")
    table = tomllib.loads(text)
    if "speciation" not in table:
        told = data.warning or "the file gives no ions with diffusivities in this solvent"
        reason = f"has no speciation and needs data of your own: {told}"
        raise InputError(Problem(data.file, "speciation", name, reason))
    return data.file, {**table["speciation"], "also": table.get("also", {})}


def _totals(table: Mapping[str, Any], concentration: float) -> dict[str, float]:
    """Ions of the salt and of what is added [mol/m^3], as if all fell apart."""
    amounts = {next(iter(table["salts"])): concentration}
    amounts |= {salt: units.parse(text, "concentration") for salt, text in table["also"].items()}
    totals: dict[str, float] = {}
    for salt, amount in amounts.items():
        for ion, count in table["salts"][salt].items():
            totals[ion] = totals.get(ion, 0.0) + count * amount
    return totals


def _pair(row: Mapping[str, Any]) -> Reversible:
    left, right = parse_equation(row["equation"])
    per = 1000.0 ** (sum(right.values()) - sum(left.values()))  # constants are on the mol/L scale
    return Reversible(row["equation"], left, right, PAIRING, PAIRING / (10.0 ** row["log_k"] * per))


def _with(r: Reversible, quotient: float) -> Reversible:
    return Reversible(r.equation, r.reactants, r.products, r.forward, r.forward / quotient)


def _diffusivity(solute: str, mechanism: Mechanism | None, pairs: list[dict[str, Any]], file: str) -> float:
    for row in pairs:
        if row["name"] == solute:
            return units.parse(row["diffusivity"], "diffusivity")
    if (value := load_ions().get(solute)) is not None:
        return value
    if mechanism and solute in mechanism.species and (value := mechanism.species[solute].diffusivity) is not None:
        return value
    raise InputError(Problem(file, f"speciation.{solute}", None, "has no diffusivity here: give one of your own"))


def _too_strong(file: str, name: str, strength: float, rest: tuple[Reversible, ...]) -> Problem:
    return Problem(
        file, "speciation", name,
        f"the ionic strength is {strength / 1e3:.3g} mol/L, beyond the law for activity coefficients "
        f"({STRONGEST / 1e3:g} mol/L): give measured concentration quotients of {'; '.join(r.equation for r in rest)} "
        'in `constants`, or accept errors of several times with activity = "ideal"',
    )  # fmt: skip


def _remarks(name: str, concentration: float, temperature: float, found: Composition) -> list[str]:
    """Where independent ions miss the measured conductivity of the solution."""
    try:
        measured = load_electrolyte(name).at("conductivity", concentration, temperature)
    except InputError:
        return []
    ratio = found.conductivity(temperature) / measured
    if abs(ratio - 1.0) <= TOLD:
        return []
    return [
        f"independent ions give a conductivity of {ratio * measured:.3g} S/m at {concentration / 1e3:g} mol/L, "
        f"{measured:.3g} S/m is measured: currents along the layer are off by up to {abs(ratio - 1.0):.0%}"
    ]

r"""What a liquid contains before the beam comes on: acid-base speciation and electroneutrality.

Equations: for each family of acid-base partners with total C the fractions at [H+] = h follow from the pK values,
alpha_j ~ prod K_i / h^j; [OH-] = Kw / h; and sum z_i c_i = 0. With a pH the charge that is left over is carried by an
inert ion; without one h is the root of the charge balance. Concentrations stand for activities (dilute solution;
Butler, Ionic Equilibrium, 1998, ch. 2); below an ionic strength of about 0.01 mol/L the error in pH is under 0.05.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simcell.chemistry.consistency import STANDARD
from simcell.chemistry.mechanism import Mechanism
from simcell.errors import InputError, Problem

SAME_PH = 0.005  # a pH given with two decimals does not ask for an ion to hold the third


@dataclass(frozen=True)
class Solution:
    """Initial concentrations [mol/m^3] of every species, and what was added to make them neutral.

    Examples
    --------
    >>> Solution({"H+": 1e-4}, 7.0, "", 0.0, 0.0).pH
    7.0
    """

    concentrations: Mapping[str, float]
    pH: float
    inert_ion: str  # name of the ion that balances the charge; empty if none is needed
    inert_concentration: float
    inert_charge: float


def speciate(
    mechanism: Mechanism,
    temperature: float,
    totals: Mapping[str, float],
    pH: float | None = None,
    counter_ion: str | None = None,
    counter_charge: int = 0,
    held: Mapping[str, float] | None = None,
) -> Solution:
    """Distribute what was dissolved over its acid-base forms and make the solution neutral.

    Parameters
    ----------
    mechanism : Mechanism
    temperature : float
        [K]
    totals : mapping of str to float
        Dissolved amounts [mol/m^3]; a partner of an acid-base pair stands for the whole family.
    pH : float, optional
        Without it the pH follows from the charge balance of what was dissolved.
    counter_ion, counter_charge : optional
        Name and charge of the ion that balances the charge; default an inert one of the sign that is needed.
    held : mapping of str to float, optional
        Concentrations [mol/m^3] that stay as they are, such as CO2 in equilibrium with a gas: their partners follow.

    Returns
    -------
    Solution

    Raises
    ------
    InputError
        If the named ion has the wrong sign or acid-base partners, or ions were given that nothing balances.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> s = speciate(load_mechanism("water"), 298.15, {}, pH=4.0)
    >>> s.inert_ion, round(s.inert_concentration, 6)
    ('inert-', 0.1)
    >>> round(speciate(load_mechanism("water"), 298.15, {}).pH, 2)
    7.0
    >>> round(speciate(load_mechanism("carbonate"), 298.15, {}, held={"CO2": 0.0136}).pH, 2)  # rain
    5.61
    """
    if counter_ion and (family := _partners(mechanism, counter_ion)):
        raise InputError(_not_inert(counter_ion, family, mechanism))
    families = _families(mechanism, totals, held or {})
    loose = {s: c for s, c in totals.items() if not any(s in f.chain for f in families)}

    def at(value: float) -> dict[str, float]:
        return loose | _forms(mechanism, temperature, families, value)

    def charge(value: float) -> float:
        return sum(mechanism.species[s].charge * c for s, c in at(value).items() if s in mechanism.species)

    fixed = sum(mechanism.species[s].charge * c for s, c in loose.items())
    # NaHCO3 is neutral as given, although Na+ alone is not; HCl without its H+ is not
    as_given = sum(mechanism.species[s].charge * c for s, c in totals.items())
    neutral = _neutral_pH(charge)
    if pH is None:
        if min(abs(fixed), abs(as_given)) > 1e-6 * max(loose.values(), default=0.0) or neutral is None:
            raise InputError(_unbalanced(loose, fixed))
        if lone := _lone_bases(mechanism, totals, as_given):
            raise InputError(_without_cation(mechanism, lone, as_given))
        return Solution(at(neutral), neutral, "", 0.0, 0.0)
    if neutral is not None and abs(neutral - pH) <= SAME_PH and counter_ion is None:
        return Solution(at(neutral), neutral, "", 0.0, 0.0)
    left = charge(pH)
    sign = -1 if left > 0 else 1
    name, z = (counter_ion, counter_charge) if counter_ion else ("inert-" if sign < 0 else "inert+", sign)
    if left * z > 0 and abs(left) > 1e-9:
        raise InputError(_wrong_sign(name, z, pH, left))
    amount = abs(left / z) if left * z <= 0 else 0.0
    concentrations = at(pH)
    concentrations[name] = concentrations.get(name, 0.0) + amount
    return Solution(concentrations, pH, name, amount, float(z))


def ionic_strength(charges: Mapping[str, int], concentrations: Mapping[str, float]) -> float:
    """Ionic strength 1/2 sum z^2 c [mol/m^3].

    Examples
    --------
    >>> ionic_strength({"Na+": 1, "Cl-": -1}, {"Na+": 10.0, "Cl-": 10.0})
    10.0
    """
    return 0.5 * sum(charges[s] ** 2 * c for s, c in concentrations.items())


def _neutral_pH(charge: Callable[[float], float]) -> float | None:
    """The pH at which a charge that falls with pH vanishes; by halving, as scipy.optimize takes a second to import."""
    low, high = -2.0, 17.0
    if charge(low) < 0.0 or charge(high) > 0.0:
        return None
    while high - low > 1e-13:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if charge(middle) > 0.0 else (low, middle)
    return 0.5 * (low + high)


@dataclass(frozen=True)
class _Family:
    chain: list[str]  # most protonated first
    total: float
    held: str = ""  # the member whose concentration is `total`, if not the sum of all


def _families(mechanism: Mechanism, totals: Mapping[str, float], held: Mapping[str, float]) -> list[_Family]:
    """Chains of partners with their total, or with the member that is held; the solvent's own pair is left out."""
    pairs = {e.acid: e.base for e in mechanism.equilibria if e.acid != mechanism.solvent}
    found: list[_Family] = []
    for top in [a for a in pairs if a not in pairs.values()]:
        chain = [top]
        while chain[-1] in pairs:
            chain.append(pairs[chain[-1]])
        total = sum(totals.get(s, 0.0) for s in chain)
        if fixed := [s for s in chain if s in held]:
            found.append(_Family(chain, held[fixed[0]], fixed[0]))
        elif total > 0.0:
            found.append(_Family(chain, total))
    return found


def _forms(mechanism: Mechanism, temperature: float, families: list[_Family], pH: float) -> dict[str, float]:
    pk = {e.acid: e.pK(temperature) for e in mechanism.equilibria}
    if mechanism.solvent not in pk:
        equation = f"{mechanism.solvent} -> H+ + OH-"
        raise InputError(
            Problem("", "electrolyte.mechanism", mechanism.name, f"has no [[equilibrium]] {equation}: no pH without it")
        )
    forms = {"H+": STANDARD * 10**-pH, "OH-": STANDARD * 10 ** (pH - pk[mechanism.solvent])}
    for family in families:
        weights = [1.0]
        for acid in family.chain[:-1]:
            weights.append(weights[-1] * 10 ** (pH - pk[acid]))
        whole = weights[family.chain.index(family.held)] if family.held else sum(weights)
        forms |= {s: family.total * w / whole for s, w in zip(family.chain, weights, strict=True)}
    return forms


def _partners(mechanism: Mechanism, ion: str) -> list[str]:
    """Other members of the acid-base family of an ion; H+ and OH- belong to the solvent."""
    if ion in ("H+", "OH-"):
        return [mechanism.solvent]
    pairs = [(e.acid, e.base) for e in mechanism.equilibria if e.acid != mechanism.solvent]
    return [s for pair in pairs if ion in pair for s in pair if s != ion]


def _lone_bases(mechanism: Mechanism, totals: Mapping[str, float], as_given: float) -> list[str]:
    """Ions given that have lost H+ although nothing given balances them; HSO4- alone stands for sulfuric acid."""
    if abs(as_given) <= 1e-6 * max(totals.values(), default=0.0):
        return []
    bases = {e.base for e in mechanism.equilibria if e.acid != mechanism.solvent}
    return [s for s, c in totals.items() if c > 0.0 and s in bases and mechanism.species[s].charge]


def _without_cation(mechanism: Mechanism, lone: list[str], as_given: float) -> Problem:
    acids = {e.base: e.acid for e in mechanism.equilibria}
    needed = "a cation such as Na+" if as_given < 0 else "an anion such as ClO4-"
    return Problem(
        "", "electrolyte.concentrations", None,
        f"{', '.join(lone)} would leave a charge of {as_given:+.4g} mol/m^3; give {needed} as well, "
        f"or a pH (an inert ion then balances), or the acid itself ({', '.join(acids[s] for s in lone)})",
        "pH = 7.0",
    )  # fmt: skip


def _not_inert(ion: str, partners: list[str], mechanism: Mechanism) -> Problem:
    if ion in ("H+", "OH-"):
        reason = "follows from the pH and cannot balance the charge"
    else:
        reason = (
            f'takes up or gives off H+ in "{mechanism.name}" (with {", ".join(partners)}), so that it would move the '
            "pH; give it in electrolyte.concentrations and name another ion here"
        )
    return Problem("", "electrolyte.counter_ion", ion, reason, '"Na+" or "ClO4-"')


def _unbalanced(loose: Mapping[str, float], fixed: float) -> Problem:
    given = ", ".join(s for s, c in loose.items() if c)
    return Problem(
        "", "electrolyte.concentrations", None,
        f"{given} leave a charge of {fixed:+.4g} mol/m^3; give a pH (an inert ion then balances), or the other ion too",
        "pH = 7.0",
    )  # fmt: skip


def _wrong_sign(name: str, z: float, pH: float, left: float) -> Problem:
    needed = "an anion" if left > 0 else "a cation"
    return Problem(
        "", "electrolyte.counter_ion", name,
        f"has charge {z:+.0f}, but at pH {pH:g} the rest carries {left:+.4g} mol/m^3 and needs {needed}",
        '"ClO4-"' if left > 0 else '"Na+"',
    )  # fmt: skip

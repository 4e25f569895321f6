"""Checks that a mechanism must pass before it may give a number, and what follows from them.

Balance of elements and charge; no duplicates; rate constants below the diffusion limit; closed thermodynamic
cycles (Wegscheider): around every loop of reversible reactions and acid-base equilibria the product of the
equilibrium constants is one. A standing cycle is how a wrong solvent-water convention shows itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from simcell.chemistry.mechanism import Mechanism, Reaction, Species
from simcell.constants import (
    AVOGADRO,
    BOLTZMANN,
    ELEMENTARY_CHARGE,
    ROOM_TEMPERATURE,
    VACUUM_PERMITTIVITY,
)
from simcell.errors import MechanismError, Problem

CONTACT_DISTANCE = 1.0e-9  # m; the largest reaction distance usually assigned to small ions and radicals in water
WATER_PERMITTIVITY = 78.36  # relative, 25 degC, doi:10.1063/1.555997 (Fernandez et al. 1997)
FASTEST_DIFFUSIVITY = 9.31e-9  # m^2/s, H+ at 25 degC: an upper bound where a species has none
CYCLE_TOLERANCE = 0.02  # in log10; constants are printed with two to three digits
STANDARD = 1000.0  # mol/m^3: pK values are on the mol/L scale


def imbalance(mechanism: Mechanism, change: Mapping[str, float]) -> dict[str, float]:
    """Sum elements and charge over net coefficients; entries that vanish are left out.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> imbalance(load_mechanism("water"), {"H": -2, "H2": 1})
    {}
    """
    total = {e: sum(n * mechanism.species[s].atoms(e) for s, n in change.items()) for e in mechanism.elements}
    total["charge"] = sum(n * mechanism.species[s].charge for s, n in change.items())
    return {name: value for name, value in total.items() if value != 0}


def diffusion_limit(first: Species, second: Species) -> float:
    """Smoluchowski rate constant with the Debye factor [m^3/mol/s] at 25 degC, contact at 1 nm.

    k = 4 pi N_A (D1 + D2) R x / (exp(x) - 1), x = z1 z2 r_c / R with the Onsager radius r_c (0.715 nm in
    water); half of it for a species with itself (rate = k c^2, loss 2 k c^2). A species without a diffusivity
    takes that of H+, which makes the limit an upper bound.

    Source: P. Debye, Trans. Electrochem. Soc. 82 (1942) 265, doi:10.1149/1.3071413.

    Examples
    --------
    >>> round(diffusion_limit(Species("H+", {"H": 1}, 1, 9.31e-9), Species("OH-", {}, -1, 5.27e-9)) / 1e8, 2)
    1.54
    """
    onsager = ELEMENTARY_CHARGE**2 / (
        4 * math.pi * VACUUM_PERMITTIVITY * WATER_PERMITTIVITY * BOLTZMANN * ROOM_TEMPERATURE
    )
    x = first.charge * second.charge * onsager / CONTACT_DISTANCE
    debye = x / math.expm1(x) if x else 1.0
    together = sum(s.diffusivity or FASTEST_DIFFUSIVITY for s in (first, second))
    limit = 4 * math.pi * AVOGADRO * together * CONTACT_DISTANCE * debye
    return limit / 2 if first.name == second.name else limit


def problems(mechanism: Mechanism) -> list[Problem]:
    """Everything that is wrong with a mechanism, each named by its reaction.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> problems(load_mechanism("water"))
    []
    """
    return [
        *_balance(mechanism),
        *_duplicates(mechanism),
        *_underivable(mechanism),
        *_too_fast(mechanism),
        *_open_cycles(mechanism)[0],
        *_unbalanced_yields(mechanism),
    ]


def remarks(mechanism: Mechanism) -> list[str]:
    """What is tolerated but a reader should know: open cycles within the stated uncertainty, missing diffusivities.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> any("cycle" in r for r in remarks(load_mechanism("water")))
    True
    """
    kept = [
        f'{r.equation}: above the diffusion limit, kept: "{r.exceeds_diffusion_limit}"'
        for r in mechanism.reactions
        if r.exceeds_diffusion_limit
    ]
    return [*_open_cycles(mechanism)[1], *kept]


def _balance(mechanism: Mechanism) -> list[Problem]:
    found = []
    items = [(r.equation, r.change) for r in mechanism.reactions]
    items += [(e.reaction, e.change) for e in mechanism.equilibria]
    for equation, change in items:
        if off := imbalance(mechanism, change):
            words = ", ".join(f"{name} {value:+d}" for name, value in off.items())
            found.append(Problem(mechanism.name, equation, None, f"is not balanced: products minus reactants {words}"))
    return found


def _duplicates(mechanism: Mechanism) -> list[Problem]:
    seen: dict[tuple[object, ...], str] = {}
    found = []
    for r in mechanism.reactions:
        key = (frozenset(r.reactants.items()), frozenset(r.products.items()))
        if key in seen:
            found.append(Problem(mechanism.name, r.equation, None, f'appears twice, the first time as "{seen[key]}"'))
        seen[key] = r.equation
    return found


def _underivable(mechanism: Mechanism) -> list[Problem]:
    """Reactions whose constant should follow from detailed balance, and does not."""
    t = reference_temperature(mechanism)
    found: list[Problem] = []
    direct = {
        r.equation: k for r, k in zip(mechanism.reactions, _safe_constants(mechanism), strict=True) if k is not None
    }
    for r in mechanism.reactions:
        if r.law.kind == "reverse":
            try:
                reverse_constant(mechanism, r, direct, t)
            except MechanismError as error:
                found += error.problems
    return found


def _too_fast(mechanism: Mechanism) -> list[Problem]:
    found = []
    for r, k in zip(mechanism.reactions, _safe_constants(mechanism), strict=True):
        if r.order != 2 or r.exceeds_diffusion_limit or k is None:
            continue
        limit = diffusion_limit(*(mechanism.species[s] for s in r.counted))
        if k > limit:
            found.append(
                Problem(
                    mechanism.name,
                    r.equation,
                    None,
                    f"k = {1e3 * k:.3g} L/mol/s is above the diffusion limit {1e3 * limit:.3g} L/mol/s "
                    "(Smoluchowski-Debye, contact at 1 nm); if the source insists, say why",
                    'exceeds_diffusion_limit = "reason"',
                )
            )
    return found


def _safe_constants(mechanism: Mechanism) -> list[float | None]:
    """Constants at 25 degC (or the nearest temperature in range); None where only detailed balance gives one."""
    t = reference_temperature(mechanism)
    solvent = mechanism.solvent_concentration
    return [None if r.law.kind == "reverse" else r.law.value(t) * solvent**r.solvent_order for r in mechanism.reactions]


def reference_temperature(mechanism: Mechanism) -> float:
    """25 degC [K], or the end of the range that is nearest to it.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> reference_temperature(load_mechanism("water"))
    298.15
    """
    low, high = mechanism.temperature_range
    return min(max(ROOM_TEMPERATURE, low), high)


def _without_solvent(mechanism: Mechanism, change: Mapping[str, int]) -> dict[str, int]:
    return {s: n for s, n in change.items() if s != mechanism.solvent}


class _Span:
    """Reactions as exact vectors, reduced one by one: finds how a new one follows from those before."""

    def __init__(self) -> None:
        self.rows: list[tuple[dict[str, Fraction], dict[int, Fraction]]] = []
        self.count = 0

    def reduce(self, change: Mapping[str, int]) -> tuple[dict[str, Fraction], dict[int, Fraction]]:
        """Remainder of a vector, and the combination (number -> factor) that was taken off."""
        rest = {s: Fraction(n) for s, n in change.items()}
        used: dict[int, Fraction] = {}
        for vector, made_of in self.rows:
            pivot = next(iter(vector))
            if amount := rest.get(pivot, Fraction(0)):
                ratio = amount / vector[pivot]
                for s, n in vector.items():
                    rest[s] = rest.get(s, Fraction(0)) - ratio * n
                for i, n in made_of.items():
                    used[i] = used.get(i, Fraction(0)) + ratio * n
        return {s: n for s, n in rest.items() if n}, {i: n for i, n in used.items() if n}

    def add(self, change: Mapping[str, int]) -> dict[int, Fraction] | None:
        """Take a vector in under the next number; the combination that equals it if it is not new."""
        rest, used = self.reduce(change)
        number, self.count = self.count, self.count + 1
        if not rest:
            return used
        self.rows.append((rest, {number: Fraction(1), **{i: -n for i, n in used.items()}}))
        return None


def _log_k(mechanism: Mechanism, pair: tuple[float, float], change: Mapping[str, int]) -> float:
    """log10 of k_forward / k_backward on the mol/L scale."""
    return math.log10(pair[0] / pair[1]) - sum(change.values()) * math.log10(STANDARD)


def _open_cycles(mechanism: Mechanism) -> tuple[list[Problem], list[str]]:
    """Loops that do not close: beyond tolerance and stated uncertainty (problems), or within it (remarks)."""
    t = reference_temperature(mechanism)
    span, value, spread, names = _Span(), [], [], []
    found: list[Problem] = []
    notes: list[str] = []

    def take(name: str, change: Mapping[str, int], log_k: float, sigma: float) -> None:
        combination = span.add(change)
        value.append(log_k)
        spread.append(sigma)
        names.append(name)
        if combination is None:
            return
        off = log_k - sum(float(n) * value[i] for i, n in combination.items())
        allowed = 2.0 * math.hypot(sigma, *(float(n) * spread[i] for i, n in combination.items()))
        if abs(off) <= CYCLE_TOLERANCE:
            return
        text = (
            f"the cycle with {', '.join(names[i] for i in combination)} does not close: "
            f"K is {10**off:.4g} times what the others give"
        )
        if abs(off) <= allowed:
            notes.append(f"{name}: {text} (within the stated uncertainty of the constants)")
        else:
            found.append(
                Problem(
                    mechanism.name, name, None,
                    f"{text} (allowed: a factor of {10 ** max(allowed, CYCLE_TOLERANCE):.3g}); "
                    "look at the units and at water_in_rate",
                )
            )  # fmt: skip

    for e in mechanism.equilibria:
        take(e.reaction, _without_solvent(mechanism, e.change), -e.pK(t), 0.0)
    constants = _safe_constants(mechanism)
    by_change: dict[frozenset[tuple[str, int]], int] = {}
    for j, r in enumerate(mechanism.reactions):
        if constants[j] is None or not r.change or _species_outside_law(mechanism, r):
            continue
        back = by_change.get(frozenset((s, -n) for s, n in r.change.items()))
        by_change[frozenset(r.change.items())] = j
        if back is None:
            continue
        forward, change = (
            mechanism.reactions[back],
            _without_solvent(mechanism, mechanism.reactions[back].change),
        )
        sigma = math.hypot(*(math.log10(x.uncertainty or 1.0) for x in (forward, r)))
        kf, kb = constants[back], constants[j]
        assert kf is not None and kb is not None
        take(f"{forward.equation} and back", change, _log_k(mechanism, (kf, kb), change), sigma)
    return found, notes


def _species_outside_law(mechanism: Mechanism, r: Reaction) -> bool:
    """True where the rate law is not mass action of the equation, so that no detailed balance applies."""
    listed = sorted(s for s, n in r.reactants.items() if s != mechanism.solvent for _ in range(n))
    return listed != sorted(r.counted)


def reverse_constant(mechanism: Mechanism, r: Reaction, direct: Mapping[str, float], temperature: float) -> float:
    """Rate constant [SI] of a reaction from its reverse and the declared equilibria (detailed balance).

    Raises
    ------
    MechanismError
        If the reverse is not in the mechanism, or the equilibria do not determine the constant.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> m = load_mechanism("water-eb09")
    >>> k = dict(zip((r.equation for r in m.reactions), m.rate_constants(298.15)))
    >>> round(k["OH -> O- + H+"], 4)
    0.0943
    """
    partner = next(
        (p for p in mechanism.reactions if p.equation in direct and p.change == {s: -n for s, n in r.change.items()}),
        None,
    )
    if partner is None:
        raise MechanismError(Problem(mechanism.name, r.equation, None, 'law = "reverse", but its reverse is missing'))
    span = _Span()
    for e in mechanism.equilibria:
        span.add(_without_solvent(mechanism, e.change))
    change = _without_solvent(mechanism, r.change)
    rest, used = span.reduce(change)
    if rest:
        raise MechanismError(
            Problem(
                mechanism.name,
                r.equation,
                None,
                "the declared equilibria do not fix its equilibrium constant",
            )
        )
    log_k = -sum(float(n) * mechanism.equilibria[i].pK(temperature) for i, n in used.items())
    return direct[partner.equation] * 10**log_k * STANDARD ** sum(change.values())


def close_yields(mechanism: Mechanism, values: Mapping[str, float], balanced_by: tuple[str, ...]) -> dict[str, float]:
    """Set the yields of `balanced_by` so that charge and elements balance.

    Raises
    ------
    MechanismError
        If those species cannot balance the set.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> m = load_mechanism("water")
    >>> g = close_yields(m, {"e_aq-": 1.0, "H": 0.0}, ("H+", "OH", "H2O"))
    >>> [round(g[s], 9) for s in ("H+", "OH", "H2O")]
    [1.0, 1.0, -1.0]
    """
    if not balanced_by:
        return dict(values)
    free = {s: v for s, v in values.items() if s not in balanced_by}
    closing = closing_matrix(mechanism, tuple(free), balanced_by) @ np.array(list(free.values()))
    closed = free | {s: round(float(v), 24) for s, v in zip(balanced_by, closing, strict=True)}
    if max(map(abs, imbalance(mechanism, closed).values()), default=0.0) > 1e-9 * max(map(abs, values.values())):
        raise MechanismError(
            Problem(mechanism.name, "balanced_by", list(balanced_by), "these species cannot balance the G set")
        )
    return closed


def closing_matrix(mechanism: Mechanism, free: tuple[str, ...], closing: tuple[str, ...]) -> NDArray[np.float64]:
    """Matrix that turns yields of the free species into those of the closing ones (charge and elements balance).

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> closing_matrix(load_mechanism("water"), ("e_aq-", "H2"), ("H+", "OH", "H2O")).round(6) + 0.0
    array([[ 1.,  0.],
           [ 1.,  2.],
           [-1., -2.]])
    """

    def columns(names: tuple[str, ...]) -> NDArray[np.float64]:
        species = [mechanism.species[s] for s in names]
        return np.array([[s.charge, *(s.atoms(e) for e in mechanism.elements)] for s in species], dtype=float).T

    return np.asarray(-np.linalg.pinv(columns(closing)) @ columns(free))


def _unbalanced_yields(mechanism: Mechanism) -> list[Problem]:
    found = []
    t = reference_temperature(mechanism)
    for name in mechanism.yields:
        values = mechanism.yield_values(name, t)
        scale = max((abs(v) for v in values.values()), default=0.0)
        off = {n: v / scale for n, v in imbalance(mechanism, values).items() if abs(v) > 1e-6 * scale}
        if off:
            words = ", ".join(f"{n} {v:+.3g}" for n, v in off.items())
            found.append(
                Problem(
                    mechanism.name, f"g_values {name}", None,
                    f"is not balanced (relative to its largest yield: {words}); "
                    'G(H+) = G(e_aq-) + G(OH-), and so on; or name balanced_by = ["H+", "OH", "H2O"]',
                )
            )  # fmt: skip
    return found

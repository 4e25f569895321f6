"""From a mechanism and the conditions of a run to the arrays of one homogeneous problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from simcell.chemistry import water
from simcell.chemistry.mechanism import Mechanism
from simcell.chemistry.network import Array, Network
from simcell.chemistry.speciation import Solution, ionic_strength, speciate
from simcell.constants import STANDARD_ATMOSPHERE, ZERO_CELSIUS
from simcell.radiolysis.homogeneous import Problem0D, Schedule

DEBYE_HUECKEL = 0.509  # (L/mol)^(1/2), water at 25 degC
IONIC_STRENGTH_LIMIT = 500.0  # mol/m^3, where the extended Debye-Hueckel law is of little use
SALT_SHIFT_TOLD = 0.01  # shift of a pK by the salt effect, from which on it is told
SALT_TEMPERATURE_SPAN = 5.0  # K around 25 degC where A is good to about 1 %
NEAT_YIELDS_LIMIT = 100.0  # mol/m^3 of solutes, above which yields of neat water no longer hold


@dataclass(frozen=True)
class Conditions:
    """What a run fixes besides the mechanism, in SI units.

    Examples
    --------
    >>> Conditions(298.15, 7.5e7, Schedule.constant(1.0)).pH is None
    True
    """

    temperature: float  # K
    dose_rate: float  # Gy/s
    schedule: Schedule
    totals: Mapping[str, float] = field(default_factory=dict)  # mol/m^3
    pH: float | None = None
    counter_ion: str | None = None
    counter_charge: int = 0
    yields: str | None = None  # name of a set; default the first of the mechanism
    yield_scale: float = 1.0
    ionic_strength_correction: bool = False
    held: Mapping[str, float] = field(default_factory=dict)  # mol/m^3, in equilibrium with a gas before the beam
    pressure: float = STANDARD_ATMOSPHERE  # Pa, of the liquid


@dataclass(frozen=True)
class Setup:
    """A problem, what surrounds it, and what the user should be warned of.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> s = prepare(load_mechanism("water"), Conditions(298.15, 7.5e7, Schedule.constant(1.0), pH=7.0))
    >>> s.species[-1], round(s.solution.pH, 2)
    ('H2O', 7.0)
    """

    problem: Problem0D
    conditions: Conditions
    solution: Solution
    passive: Mapping[str, float]  # mol/m^3 of species that take no part
    charges: Mapping[str, int]
    yields: str
    warnings: tuple[str, ...]

    @property
    def mechanism(self) -> Mechanism:
        """The mechanism that is run."""
        return self.problem.net.mechanism

    @property
    def species(self) -> tuple[str, ...]:
        """Names of all species of the output: reacting ones, passive ones, the solvent."""
        net = self.problem.net
        reacting = [s for s in net.mechanism.solutes() if s in net.index]
        return (*reacting, *self.passive, net.mechanism.solvent)

    def complete(self, concentration: Array) -> Array:
        """Add passive species and the solvent to (..., n) concentrations in kernel order [mol/m^3]."""
        net = self.problem.net
        columns = [concentration[..., net.index[s]] for s in self.species if s in net.index]
        columns += [np.full(concentration.shape[:-1], c) for c in self.passive.values()]
        columns.append(net.mechanism.solvent_concentration + net.solvent_change(concentration - self.problem.start))
        return np.stack(columns, axis=-1)

    def net_charge(self, complete: Array) -> Array:
        """Net charge sum z c [mol/m^3] of (..., species) concentrations."""
        return complete @ np.array([float(self.charges[s]) for s in self.species])


def prepare(mechanism: Mechanism, conditions: Conditions, net: Network | None = None) -> Setup:
    """Set up one homogeneous problem.

    Parameters
    ----------
    mechanism : Mechanism
    conditions : Conditions
    net : Network, optional
        The packed mechanism, if it is at hand.

    Returns
    -------
    Setup

    Raises
    ------
    InputError
        If the solution cannot be made neutral.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> s = prepare(load_mechanism("water"), Conditions(298.15, 0.0, Schedule.constant(1.0), pH=3.0))
    >>> s.solution.inert_ion
    'inert-'
    """
    net = net or Network.of(mechanism)
    t = conditions.temperature
    solution = speciate(
        mechanism,
        t,
        conditions.totals,
        conditions.pH,
        conditions.counter_ion,
        conditions.counter_charge,
        conditions.held,
    )
    k = np.array(mechanism.rate_constants(t))
    charges = {s.name: s.charge for s in mechanism.species.values()}
    if solution.inert_ion:
        charges.setdefault(solution.inert_ion, int(solution.inert_charge))
    strength = ionic_strength(charges, solution.concentrations)
    if conditions.ionic_strength_correction:
        k = k * salt_factors(mechanism, strength)
    name = conditions.yields or next(iter(mechanism.yields))
    g = {s: conditions.yield_scale * v for s, v in mechanism.yield_values(name, t).items()}
    density = mechanism.density or water.density(t)
    problem = Problem0D(
        net,
        k,
        conditions.dose_rate * density * net.pack(g),
        net.pack(solution.concentrations),
        conditions.schedule,
    )
    passive = {s: c for s, c in solution.concentrations.items() if s not in net.index and s != mechanism.solvent}
    return Setup(
        problem,
        conditions,
        solution,
        passive,
        charges,
        name,
        tuple(_warnings(mechanism, conditions, solution, strength)),
    )


def salt_factors(mechanism: Mechanism, strength: float) -> Array:
    """Primary salt effect on each rate constant, k = k0 10^(2 A s sqrt(I) / (1 + sqrt(I))), I in mol/L.

    s = sum of z_i z_j over all pairs of the species in the rate law, which is z1 z2 for two and zero for one, as
    log10 of gamma_1 gamma_2 .../gamma_complex with log10 gamma = -A z^2 sqrt(I) / (1 + sqrt(I)) (Bronsted-Bjerrum,
    Guentelberg), useful below about 0.1 mol/L. Every equilibrium constant then shifts by
    A (sum z^2 of its products - sum z^2 of its reactants), so closed cycles stay closed.

    Source: J. N. Bronsted, Z. Phys. Chem. 102 (1922) 169; A of water at 25 degC. Constants that were measured at some
    ionic strength are taken as if at none.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> m = load_mechanism("water")
    >>> f = dict(zip([r.equation for r in m.reactions], salt_factors(m, 100.0)))
    >>> round(float(f["H+ + OH- -> H2O"]), 3)
    0.569
    """
    products = []
    for r in mechanism.reactions:
        z = [mechanism.species[s].charge for s in r.counted]
        products.append((sum(z) ** 2 - sum(x * x for x in z)) / 2.0)  # sum over pairs
    return np.asarray(10.0 ** (2.0 * np.array(products) * _guentelberg(strength)))


def _guentelberg(strength: float) -> float:
    """-log10 of the activity coefficient of an ion of charge one at an ionic strength [mol/m^3]."""
    root = float(np.sqrt(strength / 1000.0))
    return DEBYE_HUECKEL * root / (1.0 + root)


def _warnings(mechanism: Mechanism, conditions: Conditions, solution: Solution, strength: float) -> list[str]:
    found = []
    low, high = mechanism.temperature_range
    t = conditions.temperature
    if not low - 0.05 <= t <= high + 0.05:
        here, a, b = (x - ZERO_CELSIUS for x in (t, low, high))
        holds = f"{a:g} degC" if a == b else f"{a:g} to {b:g} degC"
        found.append(
            f'the constants of "{mechanism.name}" hold at {holds}; the case is at {here:.4g} degC, '
            f"{max(a - here, here - b):.3g} K outside: {_beyond(mechanism)}"
        )
    if solution.inert_ion:
        ion = solution.inert_ion
        if any(ion in r.reactants for r in mechanism.reactions):
            role = f'it reacts, as the other {ion} of "{mechanism.name}" does'
        elif conditions.counter_ion:
            role = "it takes no part in reactions"
        else:
            role = "it takes no part in reactions (name a real ion with electrolyte.counter_ion)"
        found.append(
            f"{solution.inert_concentration:.4g} mol/m^3 of {ion} added to balance the charge at pH "
            f"{solution.pH:g}; {role}"
        )
    solutes = sum(
        c for s, c in solution.concentrations.items() if s not in (mechanism.solvent, "H+", "OH-", solution.inert_ion)
    )
    if solutes > NEAT_YIELDS_LIMIT:
        found.append(
            f"{solutes / 1000:.3g} mol/L of solutes: above about 0.1 mol/L they react inside spurs and absorb energy "
            "themselves, so the yields of neat water no longer hold"
        )
    if conditions.ionic_strength_correction:
        found += _salt_warnings(t, strength)
    return found


def _beyond(mechanism: Mechanism) -> str:
    """What becomes of the constants outside the temperature range of a mechanism."""
    polynomials = [e.polynomial for e in mechanism.equilibria]
    polynomials += [p for y in mechanism.yields.values() for p in y.polynomials.values()]
    laws = [r.law.kind for r in mechanism.reactions if r.law.kind != "reverse"]
    fixed = laws.count("constant")
    parts = []
    if fixed < len(laws) or any(len(p) > 1 for p in polynomials):
        parts.append("temperature laws of rate constants, pK and yields are extrapolated")
    if fixed:
        parts.append(f"{fixed} rate constants without a temperature law are used as they are")
    solvent = [e for e in mechanism.equilibria if e.acid == mechanism.solvent and len(e.polynomial) == 1]
    if solvent:
        parts.append(
            f"pKw stays at {solvent[0].polynomial[0]:.2f} while the solubility of gases follows the temperature"
        )
    return "; ".join(parts)


def _salt_warnings(temperature: float, strength: float) -> list[str]:
    """Where the salt effect and the rest of the setup do not go together."""
    found = []
    shift = 2.0 * _guentelberg(strength)
    here = temperature - ZERO_CELSIUS
    if shift > SALT_SHIFT_TOLD:
        found.append(
            f"ionic strength {strength / 1000:.3g} mol/L: the salt effect lowers pK of neutral acids by {shift:.2g} "
            "in the kinetics, but the solution at the start is at their pK without salt, so its pH drifts at first"
        )
    if abs(here - 25.0) > SALT_TEMPERATURE_SPAN:
        found.append(
            f"the salt effect uses A = {DEBYE_HUECKEL} (L/mol)^(1/2) of 25 degC; the case is at {here:.4g} degC"
        )
    if strength > IONIC_STRENGTH_LIMIT:
        found.append(f"ionic strength {strength / 1000:.3g} mol/L is beyond the salt-effect law (about 0.1 mol/L)")
    return found

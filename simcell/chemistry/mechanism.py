"""What a reaction mechanism is: species, reactions with rate laws, acid-base equilibria, yields.

Plain frozen data in SI units. `simcell.inputs.mechanism` reads it from TOML; `consistency` refuses what cannot be
right; `network` packs it for the kernels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from simcell.constants import ROOM_TEMPERATURE, ZERO_CELSIUS


@dataclass(frozen=True)
class Species:
    """A dissolved species.

    Parameters
    ----------
    name : str
        As written in equations, for example ``"HO2-"``.
    composition : mapping of str to int
        Atoms of each element; empty for the hydrated electron.
    charge : int
        In elementary charges.
    diffusivity : float or None
        [m^2/s] at 25 degC; None where nothing is published.

    Examples
    --------
    >>> Species("HO2-", {"H": 1, "O": 2}, -1).atoms("O")
    2
    """

    name: str
    composition: Mapping[str, int]
    charge: int
    diffusivity: float | None = None
    source: str = ""

    def atoms(self, element: str) -> int:
        """Count the atoms of one element."""
        return self.composition.get(element, 0)


@dataclass(frozen=True)
class RateLaw:
    """Temperature law of a rate constant, in SI units of its order.

    ``constant`` (k), ``exp`` (A, B): A exp(-B/T); ``log10_polynomial`` (unit, c0, c1, ...):
    unit * 10^(sum c_i / T^i); ``reverse``: from detailed balance, no parameter.

    Examples
    --------
    >>> RateLaw("exp", (2.0, 0.0)).value(300.0)
    2.0
    """

    kind: str
    parameters: tuple[float, ...] = ()

    def value(self, temperature: float) -> float:
        """Evaluate the constant at a temperature [K]."""
        p = self.parameters
        if self.kind == "constant":
            return p[0]
        if self.kind == "exp":
            return p[0] * math.exp(-p[1] / temperature)
        if self.kind == "log10_polynomial":
            return p[0] * 10 ** sum(c / temperature**i for i, c in enumerate(p[1:]))
        raise ValueError(f"the law {self.kind!r} has no value of its own")


@dataclass(frozen=True)
class Reaction:
    """A reaction ``reactants -> products`` with rate k * (product of the counted species).

    `counted` lists the species of the rate law, one entry per power; the solvent is never in it.
    `solvent_order` is the power of the solvent concentration that multiplies the constant as published.

    Examples
    --------
    >>> r = Reaction("H + H -> H2", {"H": 2}, {"H2": 1}, ("H", "H"), RateLaw("constant", (7.8e6,)))
    >>> r.net("H"), r.order
    (-2, 2)
    """

    equation: str
    reactants: Mapping[str, int]
    products: Mapping[str, int]
    counted: tuple[str, ...]
    law: RateLaw
    solvent_order: int = 0
    uncertainty: float | None = None  # 1-sigma factor, log-normal
    source: str = ""
    note: str = ""
    exceeds_diffusion_limit: str = ""

    @property
    def order(self) -> int:
        """Number of concentrations in the rate law, the solvent not counted."""
        return len(self.counted)

    def net(self, species: str) -> int:
        """Give the net stoichiometric coefficient of a species."""
        return self.products.get(species, 0) - self.reactants.get(species, 0)

    @cached_property
    def change(self) -> dict[str, int]:
        """Net stoichiometric coefficients of all species that change."""
        names = list(self.reactants) + [n for n in self.products if n not in self.reactants]
        return {n: self.net(n) for n in names if self.net(n)}


@dataclass(frozen=True)
class Equilibrium:
    """An acid-base equilibrium ``acid -> H+ + base`` with pK(t) on the mol/L scale, solvent activity 1.

    The acid may take up solvent, as in ``CO2 + H2O -> H+ + HCO3-``: `taken_up` gives the number of its molecules.

    Examples
    --------
    >>> Equilibrium("H2O", "OH-", (13.999,)).pK(298.15)
    13.999
    >>> Equilibrium("CO2", "HCO3-", (6.352,), taken_up={"H2O": 1}).reaction
    'CO2 + H2O -> H+ + HCO3-'
    """

    acid: str
    base: str
    polynomial: tuple[float, ...]  # pK = sum p_i t^i, t in degC
    source: str = ""
    taken_up: Mapping[str, int] = field(default_factory=dict)  # solvent molecules beside the acid

    def pK(self, temperature: float) -> float:
        """Evaluate pK at a temperature [K]."""
        t = temperature - ZERO_CELSIUS
        return sum(p * t**i for i, p in enumerate(self.polynomial))

    @property
    def reaction(self) -> str:
        """The equation in words."""
        beside = "".join(f" + {'' if n == 1 else f'{n} '}{s}" for s, n in self.taken_up.items())
        return f"{self.acid}{beside} -> H+ + {self.base}"

    @property
    def change(self) -> dict[str, int]:
        """Net stoichiometric coefficients."""
        return {self.acid: -1, **{s: -n for s, n in self.taken_up.items()}, "H+": 1, self.base: 1}


@dataclass(frozen=True)
class Yields:
    """A balanced set of G-values [mol/J] as polynomials in t/degC.

    Examples
    --------
    >>> Yields("demo", {"H2": (1e-8,)}).value("H2", 298.15)
    1e-08
    """

    name: str
    polynomials: Mapping[str, tuple[float, ...]]
    uncertainty: float | None = None  # relative, 1 sigma
    balanced_by: tuple[str, ...] = ()  # species that follow from the balance of charge, H and O
    description: str = ""
    source: str = ""
    energy_range: tuple[float, float] | None = None  # J, of the electrons that the set holds for; None if not said

    def value(self, species: str, temperature: float) -> float:
        """Evaluate the yield of one species [mol/J] at a temperature [K]; 0 for a species that is not listed."""
        t = temperature - ZERO_CELSIUS
        return sum(p * t**i for i, p in enumerate(self.polynomials.get(species, ())))


@dataclass(frozen=True)
class Mechanism:
    """Species, reactions, equilibria and yields that belong together.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> water = load_mechanism("water")
    >>> len(water.reactions), water.solvent
    (73, 'H2O')
    """

    name: str
    title: str
    solvent: str
    solvent_concentration: float  # mol/m^3
    species: Mapping[str, Species]
    reactions: tuple[Reaction, ...]
    equilibria: tuple[Equilibrium, ...]
    yields: Mapping[str, Yields]
    temperature_range: tuple[float, float] = (ROOM_TEMPERATURE, ROOM_TEMPERATURE)
    references: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()
    density: float | None = None  # kg/m^3 that turns Gy/s into a source; None: that of water at the temperature
    alternatives: tuple[str, ...] = ()  # other published mechanisms of the same liquid, for ensembles
    files: Mapping[str, str] = field(default_factory=dict)  # file name -> sha256
    warnings: tuple[str, ...] = ()

    def solutes(self) -> list[str]:
        """Names of all species but the solvent."""
        return [name for name in self.species if name != self.solvent]

    @property
    def elements(self) -> list[str]:
        """All elements, in order of appearance."""
        return list(dict.fromkeys(e for s in self.species.values() for e in s.composition))

    def rate_constants(self, temperature: float) -> list[float]:
        """Effective constants [SI of the order] at a temperature [K]: solvent multiplied in, reverses from balance."""
        from simcell.chemistry.consistency import reverse_constant

        direct = {
            r.equation: r.law.value(temperature) * self.solvent_concentration**r.solvent_order
            for r in self.reactions
            if r.law.kind != "reverse"
        }
        return [
            direct[r.equation] if r.equation in direct else reverse_constant(self, r, direct, temperature)
            for r in self.reactions
        ]

    def yield_values(self, name: str, temperature: float) -> dict[str, float]:
        """Yields of a set [mol/J] at a temperature [K], those in `balanced_by` closed exactly."""
        from simcell.chemistry.consistency import close_yields

        chosen = self.yields[name]
        values = {s: chosen.value(s, temperature) for s in chosen.polynomials}
        return close_yields(self, values, chosen.balanced_by)

r"""A liquid with any ions along a line: what stands at its ends, what reacts there, and the packed form for kernels.

Dilute Nernst-Planck transport with electroneutrality (J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed.
2004, chapter 11)

.. math:: \frac{\partial c_k}{\partial t} = -\nabla\cdot N_k,\qquad
          N_k = -D_k\nabla c_k - z_k \frac{D_k F}{RT} c_k\nabla\phi,\qquad \sum_k z_k c_k = 0

and at an electrode, for reactions r written in the anodic direction with stoichiometry nu (what is made is positive),

.. math:: i_r = i_r^0\left\{\prod_k (c_k/c_k^0)^{p_k} e^{a_r F(v - E_r)/RT}
                          - \prod_k (c_k/c_k^0)^{q_k} e^{-b_r F(v - E_r)/RT}\right\},\qquad
          N_k\cdot n = \sum_r \frac{\nu_{kr} i_r}{n_r F}

with concentrations at the surface and v = potential of the metal less that of the liquid less i R of a film. The
double layer takes C dv/dt, which the balancing ion carries.

Assumptions: activity coefficients of 1, ions move independently (Nernst-Einstein), no flow,
layers much thicker than the Debye length. Reactions inside the liquid (buffers, water, ion pairs) are those of a
`bulk.Bulk`; a `concentrated.Binary` replaces the fluxes by those of a concentrated binary solution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from simcell.constants import GAS_CONSTANT, ROOM_TEMPERATURE
from simcell.numerics.grid import Array, Grid, graded, section
from simcell.transport.bulk import Bulk
from simcell.transport.concentrated import Binary
from simcell.transport.feedback import Gas, Heat
from simcell.transport.kinetics import FARADAY
from simcell.transport.pseudo import Pseudo

CONSISTENT = 1e-9  # relative, of stoichiometry and orders that thermodynamics ties together


@dataclass(frozen=True)
class Ion:
    """What is dissolved: a name, a charge number and a diffusivity [m^2/s].

    Examples
    --------
    >>> Ion("Zn2+", 2, 0.703e-9).charge
    2
    """

    name: str
    charge: int
    diffusivity: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.diffusivity) and self.diffusivity > 0.0):
            raise ValueError(f"the diffusivity of {self.name} is {self.diffusivity:g} m^2/s; it must be positive")


@dataclass(frozen=True)
class Reaction:
    """A reaction of an electrode, written in the anodic direction.

    Parameters
    ----------
    name : str
    electrons : float
        n, set free.
    makes : mapping of ion to float
        What it makes (positive) and uses up (negative) of what is dissolved.
    exchange : float
        i0 [A/m^2] at the concentrations `reference`.
    equilibrium : float
        Potential [V] at which it rests at these concentrations.
    reference : mapping of ion to float
        [mol/m^3]
    orders_anodic, orders_cathodic : mapping of ion to float
        p and q. Nernst's equilibrium asks for q - p = makes (anodic + cathodic) / n, which is checked if reversible.
    anodic, cathodic : float
        Apparent transfer coefficients.
    branch : str
        ``both``, or one direction alone: ``anodic``, ``cathodic``.

    Raises
    ------
    ValueError
        For numbers that are not positive and orders that thermodynamics forbids.

    Examples
    --------
    >>> plating("Zn", "Zn2+", 2, exchange=10.0, reference=100.0, anodic=1.0, cathodic=1.0).orders_cathodic
    {'Zn2+': 1.0}
    """

    name: str
    electrons: float
    makes: Mapping[str, float]
    exchange: float
    equilibrium: float = 0.0
    reference: Mapping[str, float] = field(default_factory=dict)
    orders_anodic: Mapping[str, float] = field(default_factory=dict)
    orders_cathodic: Mapping[str, float] = field(default_factory=dict)
    anodic: float = 0.5
    cathodic: float = 0.5
    branch: str = "both"

    def __post_init__(self) -> None:
        for what, value in (
            ("electrons", self.electrons), ("exchange current density", self.exchange),
            ("anodic coefficient", self.anodic), ("cathodic coefficient", self.cathodic),
            *((f"reference of {k}", c) for k, c in self.reference.items()),
        ):  # fmt: skip
            if not (np.isfinite(value) and value > 0.0):
                raise ValueError(f"{what} of reaction {self.name} is {value:g}; it must be positive")
        if self.branch not in ("both", "anodic", "cathodic"):
            raise ValueError(f"branch of reaction {self.name} is {self.branch!r}: both, anodic or cathodic")
        if self.branch == "both":
            total = (self.anodic + self.cathodic) / self.electrons
            for k in {*self.makes, *self.orders_anodic, *self.orders_cathodic}:
                wanted = self.makes.get(k, 0.0) * total
                found = self.orders_cathodic.get(k, 0.0) - self.orders_anodic.get(k, 0.0)
                if abs(wanted - found) > CONSISTENT:
                    raise ValueError(
                        f"orders of {k} in reaction {self.name} differ by {found:g}; its equilibrium needs {wanted:g}"
                    )

    def check(self, charges: Mapping[str, int]) -> None:
        """Refuse ions that are not there and charge that does not balance (ValueError)."""
        for k in {*self.makes, *self.orders_anodic, *self.orders_cathodic}:
            if k not in charges:
                raise ValueError(f"reaction {self.name} needs {k}, which the liquid does not hold")
        made = sum(charges[k] * nu for k, nu in self.makes.items())
        if abs(made - self.electrons) > CONSISTENT:
            raise ValueError(f"reaction {self.name} makes a charge of {made:g} for {self.electrons:g} electrons")


def couple(
    name: str, oxidised: str, reduced: str, electrons: int, rate: float, formal: float = 0.0, transfer: float = 0.5
) -> Reaction:
    """Dissolved redox couple with a standard rate constant [m/s], a formal potential [V] and a cathodic coefficient.

    i = nF k0 {c_R exp[(1 - alpha) nF(v - E)/RT] - c_O exp[-alpha nF(v - E)/RT]}.

    Examples
    --------
    >>> round(couple("hexacyanoferrate", "Fe(CN)6^3-", "Fe(CN)6^4-", 1, 1e-4).exchange, 3)
    9.649
    """
    return Reaction(
        name, electrons, {oxidised: 1.0, reduced: -1.0}, electrons * FARADAY * rate, formal,
        {oxidised: 1.0, reduced: 1.0}, {reduced: 1.0}, {oxidised: 1.0},
        (1.0 - transfer) * electrons, transfer * electrons,
    )  # fmt: skip


def plating(
    name: str, ion: str, electrons: int, exchange: float, reference: float, anodic: float, cathodic: float,
    equilibrium: float = 0.0, order: float | None = None,
) -> Reaction:  # fmt: skip
    """Metal and its ion: i0 = exchange (c / reference)^order, and Nernst's potential at every concentration.

    `order` defaults to anodic / (anodic + cathodic): dissolution then does not depend on the concentration.

    Examples
    --------
    >>> plating("Li", "Li+", 1, 10.0, 1000.0, 0.5, 0.5).orders_anodic
    {'Li+': 0.0}
    """
    total = anodic + cathodic
    order = anodic / total if order is None else order
    return Reaction(
        name, electrons, {ion: 1.0}, exchange, equilibrium, {ion: reference},
        {ion: order - anodic / electrons}, {ion: order + cathodic / electrons}, anodic, cathodic,
    )  # fmt: skip


@dataclass(frozen=True)
class Surface:
    """An electrode: its reactions, a film [ohm m^2], a double layer [F/m^2], its potential step before the start [V].

    Without `before` the double layer starts at open circuit.

    Examples
    --------
    >>> Surface(capacitance=0.2).reactions
    ()
    """

    reactions: tuple[Reaction, ...] = ()
    film: float = 0.0
    capacitance: float = 0.0
    before: float | None = None

    def __post_init__(self) -> None:
        for name in ("film", "capacitance"):
            if not (np.isfinite(value := getattr(self, name)) and value >= 0.0):
                raise ValueError(f"{name} of an electrode is {value:g}; it cannot be negative")


@dataclass(frozen=True)
class Reservoir:
    """A large volume of liquid of the composition at the start; its potential is 0.

    Examples
    --------
    >>> Reservoir()
    Reservoir()
    """


@dataclass(frozen=True)
class Frit:
    """A wall that lets nothing through but the balancing ion, which carries the current; its potential is 0.

    So a closed film with supporting electrolyte, fed with current from aside, is a line.

    Examples
    --------
    >>> Frit()
    Frit()
    """


@dataclass(frozen=True)
class Liquid:
    """Ions along a line between a working electrode (at the lower end) and another electrode, reservoir or frit.

    Parameters
    ----------
    grid : Grid
        With cells along x only, see `between`; `radial` grids make rings.
    ions : sequence of Ion
    start : mapping of ion to number or (nx,) array
        [mol/m^3]; electroneutral everywhere.
    working : Surface
    other : Surface, Reservoir or Frit
    reference : float or None
        Where the reference electrode stands [m]; none: the potential is against the other metal, or the reservoir.
    balance : str
        Ion that follows from electroneutrality. Default: the most concentrated one that no reaction uses.
    temperature : float
        [K]
    bulk : Bulk or None
        What reacts inside the liquid; the composition at the start need not be at rest.
    scales : mapping of ion to number
        Concentrations [mol/m^3] that errors of an ion are told against where it starts with less; by default the
        largest one at the start of the ion, or of all ions for one that starts at zero.
    pseudo : Pseudo or None
        Own potential of the reference electrode in time; none: it stays at 0.
    injected : float
        Electrons that a beam leaves in the working metal while it is on [A/m^2], net of those it knocks out; the factor
        of `bulk` switches it. What reactions and double layer take is the current of the instrument less this, so at
        open circuit it is a cathodic current of that size.
    heat : Heat or None
        How warm beam and current make the liquid; none: it stays at `temperature`.
    gas : Gas or None
        Solutes that come out as bubbles; none: they stay dissolved at any pressure.
    solution : Binary or None
        Properties of a concentrated binary salt; its two ions have charges of +1 and -1, and their diffusivities are
        then not used.

    Raises
    ------
    ValueError
        Naming the number: charge in the composition, unknown ions, unbalanced reactions.

    Examples
    --------
    >>> salt = [Ion("Li+", 1, 1e-9), Ion("ClO4-", -1, 1.8e-9)]
    >>> li = Surface((plating("Li", "Li+", 1, 10.0, 100.0, 0.5, 0.5),))
    >>> cell = Liquid(between(1e-4, 1e-6), salt, {"Li+": 100.0, "ClO4-": 100.0}, li, li)
    >>> cell.balance
    'ClO4-'
    """

    grid: Grid
    ions: Sequence[Ion]
    start: Mapping[str, float | ArrayLike]
    working: Surface
    other: Surface | Reservoir | Frit = field(default_factory=Reservoir)
    reference: float | None = None
    balance: str = ""
    temperature: float = ROOM_TEMPERATURE
    bulk: Bulk | None = None
    solution: Binary | None = None
    scales: Mapping[str, float] = field(default_factory=dict)
    pseudo: Pseudo | None = None
    injected: float = 0.0
    heat: Heat | None = None
    gas: Gas | None = None

    def __post_init__(self) -> None:
        names = [ion.name for ion in self.ions]
        if self.grid.shape[:2] != (1, 1):
            raise ValueError(f"a line has cells along x only, not {self.grid.shape}")
        if sorted(names) != sorted(self.start) or len(set(names)) != len(names):
            raise ValueError(f"the start names {sorted(self.start)}, the ions are {sorted(names)}")
        charges = {ion.name: ion.charge for ion in self.ions}
        for reaction in self.reactions:
            reaction.check(charges)
        if self.bulk is not None:
            self.bulk.check(charges)
        if self.injected and (self.bulk is None or not np.isfinite(self.injected)):
            raise ValueError(f"injected electrons of {self.injected:g} A/m^2 need a `bulk`, whose factor switches them")
        if self.gas is not None:
            self.gas.check(charges)
        z = np.array([ion.charge for ion in self.ions], dtype=float)
        check_neutral(names, z, self.start, self.composition, "at the start")
        if self.balance and charges.get(self.balance, 0) == 0:
            raise ValueError(f"the balancing ion {self.balance} is not a charged ion of the liquid")
        least, inside = self.composition.min(axis=1), self.bulk.solutes if self.bulk else ()
        balance = self.balance or balancing_ion(self.ions, least, self.reactions, inside)
        object.__setattr__(self, "balance", balance)
        if self.solution is not None:
            self._check_binary(charges)
        ends = self.grid.faces[2]
        if self.reference is not None and not ends[0] <= self.reference <= ends[-1]:
            raise ValueError(f"the reference stands at {self.reference:g} m, outside {ends[0]:g} to {ends[-1]:g} m")

    @property
    def reactions(self) -> tuple[Reaction, ...]:
        """Those of the working electrode, then those of the other one."""
        return (*self.working.reactions, *(self.other.reactions if isinstance(self.other, Surface) else ()))

    @property
    def composition(self) -> Array:
        """Concentrations at the start (ions, nx) [mol/m^3], in the order of `ions`."""
        n = self.grid.shape[2]
        return np.array([np.broadcast_to(np.asarray(self.start[i.name], dtype=float), (n,)) for i in self.ions])

    @property
    def order(self) -> list[int]:
        """Indices of the ions with the balancing one last."""
        at = [ion.name for ion in self.ions].index(self.balance)
        return [k for k in range(len(self.ions)) if k != at] + [at]

    @property
    def volts(self) -> float:
        """RT/F [V]."""
        return GAS_CONSTANT * self.temperature / FARADAY

    def _check_binary(self, charges: Mapping[str, int]) -> None:
        if sorted(charges.values()) != [-1, 1] or self.bulk is not None:
            raise ValueError(f"a concentrated solution has one ion of charge +1 and one of -1 alone, not {charges}")
        if self.heat is not None or self.gas is not None:
            raise ValueError("the properties of a concentrated solution are those of one temperature without bubbles")
        if charges[self.balance] != -1:
            raise ValueError(f"in a concentrated solution the anion balances, not {self.balance}: it must not react")


def independent_conductivity(ions: Sequence[Ion], concentrations: ArrayLike, temperature: float) -> float:
    """Conductivity [S/m] of ions that move independently: F^2/RT sum z^2 D c (Nernst-Einstein), c [mol/m^3] in order.

    Examples
    --------
    >>> salt = [Ion("K+", 1, 1.96e-9), Ion("Cl-", -1, 2.03e-9)]
    >>> round(independent_conductivity(salt, [1.0, 1.0], 298.15), 5)
    0.01498
    """
    z2d = np.array([ion.charge**2 * ion.diffusivity for ion in ions])
    return float(FARADAY**2 / (GAS_CONSTANT * temperature) * (z2d @ np.asarray(concentrations, dtype=float)))


def check_neutral(names: Sequence[str], charges: Array, start: Mapping[str, object], values: Array, where: str) -> None:
    """Refuse a composition (ions, places) that is not finite, positive and electroneutral, or names other ions.

    Raises
    ------
    ValueError
        Naming the number.

    Examples
    --------
    >>> check_neutral(["K+"], np.array([1.0]), {"K+": 1.0}, np.ones((1, 1)), "at the start")
    Traceback (most recent call last):
        ...
    ValueError: the composition at the start has a charge of 1 mol/m^3 against 1 of ions
    """
    if sorted(names) != sorted(start) or len(set(names)) != len(names):
        raise ValueError(f"the composition {where} names {sorted(start)}, the ions are {sorted(names)}")
    if not np.all(np.isfinite(values)) or np.any(values < 0.0):
        raise ValueError(f"concentrations {where} must be finite and not negative")
    excess, all_of_it = charges @ values, np.abs(charges) @ values
    if np.any(np.abs(excess) > 1e-9 * all_of_it) or not np.all(all_of_it > 0.0):
        at = int(np.argmax(np.abs(excess)))
        raise ValueError(
            f"the composition {where} has a charge of {excess[at]:g} mol/m^3 against {all_of_it[at]:g} of ions"
        )


def balancing_ion(ions: Sequence[Ion], least: Array, reactions: Sequence[Reaction], inside: Sequence[str] = ()) -> str:
    """Give the most concentrated charged ion that no reaction of an electrode, and if possible none `inside`, uses.

    Examples
    --------
    >>> balancing_ion([Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)], np.array([1.0, 1.0]), [])
    'Cl-'
    """
    at_electrodes = {k for r in reactions for k in r.makes}
    ranked = sorted(
        (ion.name in at_electrodes, ion.name in inside, -float(c), ion.name)
        for ion, c in zip(ions, least, strict=True)
        if ion.charge
    )
    return ranked[0][3]


def between(
    length: float, spacing: float, growth: float = 1.05, largest: float = np.inf, other: bool = True, refine: int = 1
) -> Grid:
    """Line of 1 m^2 from an electrode to another one or, fine at one end only, to something else.

    Parameters
    ----------
    length : float
        [m]
    spacing : float
        Of the cells at electrodes [m].
    growth : float
        Ratio of neighbouring cells.
    largest : float
        [m]
    other : bool
        Whether the far end is fine as well.
    refine : int
        Divides every cell, for studies of convergence.

    Returns
    -------
    Grid

    Examples
    --------
    >>> between(1e-4, 1e-6, growth=1.1).shape[2]
    36
    """
    near = {0.0: min(spacing, length), **({length: min(spacing, length)} if other else {})}
    return section(graded(0.0, length, near, growth, largest, refine), [0.0, 1.0])

r"""Reversible reactions in a liquid at rest: what the solutes are when everything has settled, with ions that interact.

For reactions with net coefficients nu, constants K and whatever they conserve (rows a with :math:`a\cdot\nu = 0`)

.. math:: \prod_k (\gamma_k c_k)^{\nu_{kr}} = K_r, \qquad a\cdot c = a\cdot c_\text{start},

solved by Newton's method for ln c. Activity coefficients are 1 (`closed`) or those (`settled`) of C. W. Davies, Ion
Association (1962), :math:`\lg\gamma = -A z^2[\sqrt I/(1+\sqrt I) - 0.3 I]`, I in mol/L, A = 0.509 at 25 degC: good
to some per cent up to about 0.1 mol/L, usable to 0.5 mol/L. Neutral solutes have 1. The solvent has an activity of 1.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simcell.chemistry.mechanism import Mechanism
from simcell.chemistry.network import Array, null_space
from simcell.chemistry.speciation import ionic_strength
from simcell.errors import SolverError

DAVIES = 0.509  # (L/mol)^(1/2), water at 25 degC
STRONGEST = (
    550.0  # mol/m^3, ionic strength up to which Davies' law is used at all: 0.5 mol/L of a 1:1 salt with its acid
)


@dataclass(frozen=True)
class Reversible:
    """A reaction and its reverse by mass action; the solvent is in the constants.

    Parameters
    ----------
    equation : str
    reactants, products : mapping of solute to int
    forward, back : float
        Rate constants [SI of the order].

    Examples
    --------
    >>> acid = Reversible("HA -> H+ + A-", {"HA": 1}, {"H+": 1, "A-": 1}, 1e4, 1e8)
    >>> acid.change, acid.constant
    ({'HA': -1, 'H+': 1, 'A-': 1}, 0.0001)
    """

    equation: str
    reactants: Mapping[str, int]
    products: Mapping[str, int]
    forward: float
    back: float

    @property
    def change(self) -> dict[str, int]:
        """Net coefficients."""
        names = [*self.reactants, *(n for n in self.products if n not in self.reactants)]
        net = {n: self.products.get(n, 0) - self.reactants.get(n, 0) for n in names}
        return {n: v for n, v in net.items() if v}

    @property
    def constant(self) -> float:
        """Equilibrium constant [SI of the order]."""
        return self.forward / self.back


def reversible(
    mechanism: Mechanism, species: Collection[str], temperature: float, constants: Array | None = None
) -> tuple[Reversible, ...]:
    """Those reactions of a mechanism that connect the given solutes alone, each with its reverse.

    Parameters
    ----------
    mechanism : Mechanism
    species : collection of str
    temperature : float
        [K]
    constants : (reactions,) array, optional
        Rate constants instead of those of the mechanism at this temperature.

    Returns
    -------
    tuple of Reversible
        A reaction without a reverse in the mechanism has `back` 0.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> [r.equation for r in reversible(load_mechanism("sulfate"), ("H+", "OH-", "SO4^2-", "HSO4-"), 298.15)]
    ['H+ + OH- -> H2O', 'H+ + SO4^2- -> HSO4-']
    """
    allowed = {*species, mechanism.solvent}
    found: list[Reversible] = []
    done: dict[tuple[frozenset[tuple[str, int]], frozenset[tuple[str, int]]], int] = {}
    rates = mechanism.rate_constants(temperature) if constants is None else constants
    for reaction, k in zip(mechanism.reactions, rates, strict=True):
        if not {*reaction.reactants, *reaction.products} <= allowed:
            continue
        made_from, gives = (
            {s: n for s, n in side.items() if s != mechanism.solvent}
            for side in (reaction.reactants, reaction.products)
        )
        left, right = frozenset(made_from.items()), frozenset(gives.items())
        if (right, left) in done:
            at = done[right, left]
            found[at] = replace(found[at], back=k)
        else:
            done[left, right] = len(found)
            found.append(Reversible(reaction.equation, made_from, gives, k, 0.0))
    return tuple(found)


def conserved(changes: Sequence[Mapping[str, int]], names: Sequence[str]) -> Array:
    """Rows a with a . nu = 0 for all reactions (rows, names), in small numbers; all of them if there is no reaction.

    Examples
    --------
    >>> conserved([{"HA": -1, "H+": 1, "A-": 1}], ["H+", "A-", "HA"])
    array([[-1.,  1.,  0.],
           [ 1.,  0.,  1.]])
    """
    laws = null_space([[change.get(n, 0) for n in names] for change in changes], len(names))
    return np.array(laws).reshape(-1, len(names))


def closed(reactions: Sequence[Reversible], start: Mapping[str, float]) -> dict[str, float]:
    """Composition in which all reactions rest, activity coefficients 1.

    Parameters
    ----------
    reactions : sequence of Reversible
        All with a reverse.
    start : mapping of solute to float
        What was dissolved [mol/m^3], in any form; every solute of the reactions is named.

    Returns
    -------
    dict of solute to float
        [mol/m^3]

    Raises
    ------
    ValueError
        For a reaction without reverse, or a solute that is not named.
    SolverError
        If the iteration fails, as where a solute can be made of nothing that is there.

    Examples
    --------
    >>> acid = Reversible("HA -> H+ + A-", {"HA": 1}, {"H+": 1, "A-": 1}, 1e4, 1e4)
    >>> {k: round(v, 6) for k, v in closed([acid], {"HA": 2.0, "H+": 0.0, "A-": 0.0}).items()}
    {'HA': 1.0, 'H+': 1.0, 'A-': 1.0}
    """
    _check(reactions, start)
    names = [n for n in start if any(n in r.change for r in reactions)]
    return dict(start) | (_settled(reactions, start, names) if names else {})


def settled(
    reactions: Sequence[Reversible], start: Mapping[str, float], charges: Mapping[str, int],
    kept: Sequence[Reversible] = (),
) -> tuple[dict[str, float], float, tuple[Reversible, ...]]:  # fmt: skip
    """The same with Davies' activity coefficients at the ionic strength that comes out.

    Parameters
    ----------
    reactions, start
        As for `closed`.
    charges : mapping of solute to int
    kept : sequence of Reversible
        Whose constants are quotients of concentrations in this solution already.

    Returns
    -------
    composition, ionic strength, reactions
        [mol/m^3]; the reactions with constants for concentrations.

    Examples
    --------
    >>> pair = Reversible("M2+ + X^2- -> MX", {"M2+": 1, "X^2-": 1}, {"MX": 1}, 1e6, 1e6 / 0.234)
    >>> found, strength, _ = settled([pair], {"M2+": 100.0, "X^2-": 100.0, "MX": 0.0}, {"M2+": 2, "X^2-": -2, "MX": 0})
    >>> round(found["MX"], 1), round(strength, 1)
    (52.4, 190.3)
    """
    used = (*reactions, *kept)
    answer = closed(used, start)
    strength = ionic_strength(charges, answer)
    for _ in range(200):
        used = (*conditional(reactions, strength, charges), *kept)
        answer = closed(used, start)
        before, strength = strength, 0.5 * (strength + ionic_strength(charges, answer))
        if abs(strength - before) <= 1e-13 * strength:
            return answer, strength, used
    raise SolverError("ionic strength and speciation do not settle together")


def conditional(reactions: Sequence[Reversible], strength: float, charges: Mapping[str, int]) -> tuple[Reversible, ...]:
    """The same reactions with constants for concentrations at an ionic strength [mol/m^3], by Davies' law.

    The reverse takes the change; rates of the forward direction stay.

    Examples
    --------
    >>> pair = Reversible("M2+ + X^2- -> MX", {"M2+": 1, "X^2-": 1}, {"MX": 1}, 1e6, 1e6)
    >>> round(conditional([pair], 100.0, {"M2+": 2, "X^2-": -2, "MX": 0})[0].constant, 4)
    0.1393
    """
    root = np.sqrt(strength / 1000.0)
    law = -DAVIES * (root / (1.0 + root) - 0.3 * strength / 1000.0)
    changed = []
    for r in reactions:
        total = law * sum(n * charges[s] ** 2 for s, n in r.change.items())
        changed.append(replace(r, back=float(r.back * 10.0**total)))
    return tuple(changed)


def _settled(reactions: Sequence[Reversible], start: Mapping[str, float], names: list[str]) -> dict[str, float]:
    nu = np.array([[r.change.get(n, 0) for n in names] for r in reactions], dtype=float)
    rows: list[int] = []
    for r in range(len(nu)):  # around a cycle the last constant follows from the others
        if np.linalg.matrix_rank(nu[[*rows, r]]) > len(rows):
            rows.append(r)
    nu, wanted = nu[rows], np.log([reactions[r].constant for r in rows])
    laws = conserved([r.change for r in reactions], names)
    c0 = np.array([start[n] for n in names])
    total, size = laws @ c0, np.abs(laws) @ c0 + 1e-12 * c0.max()
    y = np.log(np.maximum(c0, 1e-7 * c0.max()))
    for _ in range(500):
        c = np.exp(y)
        scale = np.maximum(size, np.abs(laws) @ c)
        residual = np.concatenate([nu @ y - wanted, (laws @ c - total) / scale])
        matrix = np.vstack([nu, laws * c / scale[:, None]])
        change = -np.linalg.solve(matrix, residual)
        y = y + change * min(1.0, 2.0 / max(np.abs(change).max(), 1e-300))
        if np.abs(change).max() < 1e-13 * max(1.0, np.abs(y).max()):
            return dict(zip(names, np.exp(y).tolist(), strict=True))
    raise SolverError("the speciation of the solution at the start does not converge")


def _check(reactions: Sequence[Reversible], start: Mapping[str, float]) -> None:
    for r in reactions:
        if not (r.forward > 0.0 and r.back > 0.0):
            raise ValueError(f"{r.equation} has no reverse: nothing settles")
        if lost := [s for s in r.change if s not in start]:
            raise ValueError(f"{r.equation} needs {', '.join(lost)}, which the start does not name")
    if any(not (np.isfinite(c) and c >= 0.0) for c in start.values()):
        raise ValueError("concentrations at the start must be finite and not negative")

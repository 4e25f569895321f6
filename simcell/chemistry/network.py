"""A mechanism packed into the index tables that the kernels read.

The solvent is not integrated: it enters rate laws at its fixed concentration and its amount follows from the
balance of oxygen. The other reacting species are numbered in a Markowitz order, which keeps the factors of
I/(h gamma) - J sparse without pivoting (Duff, Erisman & Reid, Direct Methods for Sparse Matrices, 2nd ed. 2017).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simcell.chemistry.consistency import reference_temperature
from simcell.chemistry.kernels import Tables
from simcell.chemistry.mechanism import Mechanism

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Network:
    """Kernel tables of a mechanism, and the way between names and numbers.

    Parameters
    ----------
    mechanism : Mechanism
    names : tuple of str
        The n integrated species in kernel order.
    tables : Tables
    nonzero : set of (int, int)
        Places of the factors (after fill-in), used by the unrolled kernel.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> net = Network.of(load_mechanism("water"))
    >>> len(net.names), len(net.tables.reactants)
    (15, 73)
    """

    mechanism: Mechanism
    names: tuple[str, ...]
    tables: Tables
    nonzero: frozenset[tuple[int, int]]

    @classmethod
    def of(cls, mechanism: Mechanism, carried: Collection[str] = ()) -> Network:
        """Pack a mechanism; `carried` species are integrated although no reaction changes them, as ions in space."""
        reacting = {s for r in mechanism.reactions for s in (*r.counted, *r.change)}
        produced = {s for y in mechanism.yields.values() for s in y.polynomials}
        names = [s for s in mechanism.solutes() if s in reacting | produced | set(carried)]
        order, filled = _markowitz(_pattern(mechanism, names), len(names))
        names = [names[i] for i in order]
        return cls(mechanism, tuple(names), _tables(mechanism, names, filled), frozenset(filled))

    @cached_property
    def index(self) -> dict[str, int]:
        """Number of each integrated species."""
        return {name: i for i, name in enumerate(self.names)}

    def pack(self, values: Mapping[str, float]) -> Array:
        """Order values by species number; absent ones are 0, species that do not react are left out."""
        return np.array([values.get(name, 0.0) for name in self.names])

    def totals(self, concentrations: Array) -> Array:
        """Invariants A c [mol/m^3] of concentrations (..., n)."""
        return concentrations @ self.tables.invariants.T

    def solvent_change(self, change: Array) -> Array:
        """Change of the solvent [mol/m^3] that the balance of oxygen ties to changes (..., n) of the others."""
        m = self.mechanism
        solvent = m.species[m.solvent]
        element = "O" if solvent.atoms("O") else max(solvent.composition, key=solvent.atoms)
        atoms = np.array([m.species[s].atoms(element) for s in self.names], dtype=float)
        return -(change @ atoms) / solvent.atoms(element)


def reaction_rates(net: Network, k: Array, c: Array) -> Array:
    """Rates w [mol/m^3/s] of all reactions at concentrations (..., n): the plain twin of the kernel.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> net = Network.of(load_mechanism("water"))
    >>> reaction_rates(net, np.ones(73), np.zeros(15)).shape
    (73,)
    """
    padded = np.concatenate([c, np.ones((*c.shape[:-1], 1))], axis=-1)
    return k * padded[..., net.tables.reactants].prod(axis=-1)


def _pattern(mechanism: Mechanism, names: list[str]) -> set[tuple[int, int]]:
    index = {name: i for i, name in enumerate(names)}
    places = {(i, i) for i in range(len(names))}
    for r in mechanism.reactions:
        places |= {(index[s], index[j]) for s in r.change if s in index for j in r.counted if j in index}
    return places


def _markowitz(places: set[tuple[int, int]], n: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Diagonal pivots of least (row-1)(column-1); returns the order and the filled pattern in that order."""
    left, active, filled = set(range(n)), set(places), set(places)
    order: list[int] = []
    while left:
        rows = {p: [i for i in left if i != p and (i, p) in active] for p in left}
        columns = {p: [j for j in left if j != p and (p, j) in active] for p in left}
        pivot = min(left, key=lambda p: (len(rows[p]) * len(columns[p]), p))
        new = {(i, j) for i in rows[pivot] for j in columns[pivot]}
        active |= new
        filled |= new
        left.discard(pivot)
        order.append(pivot)
    place = {old: new for new, old in enumerate(order)}
    return order, sorted((place[i], place[j]) for i, j in filled)


def _tables(mechanism: Mechanism, names: list[str], filled: list[tuple[int, int]]) -> Tables:
    n, reactions = len(names), mechanism.reactions
    index = {name: i for i, name in enumerate(names)}
    reactants = np.full((len(reactions), 3), n, dtype=np.uint32)
    terms: list[tuple[int, int, int]] = []  # species, reaction, nu
    slopes: list[tuple[int, int, int]] = []  # reaction, other species
    entries: dict[tuple[int, int], int] = {}  # (place, slope) -> nu
    for r, reaction in enumerate(reactions):
        counted = [index[s] for s in reaction.counted]
        change = {index[s]: nu for s, nu in reaction.change.items() if s in index}
        reactants[r, : len(counted)] = counted
        terms += [(i, r, nu) for i, nu in change.items()]
        for j in dict.fromkeys(counted):
            power = counted.count(j)
            others = counted.copy()
            others.remove(j)
            first, second = [*others, n, n][:2]
            slopes.append((r, first, second))
            for i, nu in change.items():
                entries[j * n + i, len(slopes) - 1] = nu * power
    slope_table = np.array(slopes, dtype=np.uint32).reshape(-1, 3)
    return Tables(
        reactants=reactants,
        term_species=np.array([i for i, _, _ in terms], dtype=np.uint32),
        term_reaction=np.array([r for _, r, _ in terms], dtype=np.uint32),
        term_nu=np.array([nu for _, _, nu in terms], dtype=np.float64),
        slope_reaction=np.ascontiguousarray(slope_table[:, 0]),
        slope_other=np.ascontiguousarray(slope_table[:, 1:]),
        entry_place=np.array([place for place, _ in entries], dtype=np.uint32),
        entry_slope=np.array([slope for _, slope in entries], dtype=np.uint32),
        entry_nu=np.array(list(entries.values()), dtype=np.float64),
        **_elimination(n, filled),
        invariants=_invariants(mechanism, names),
    )


def _elimination(n: int, filled: list[tuple[int, int]]) -> dict[str, NDArray[np.uint32] | NDArray[np.int64]]:
    """Places (column by column) that the factorisation and the two substitutions touch, pivot by pivot."""

    def place(i: int, j: int) -> int:
        return j * n + i

    below = [[i for i, j in filled if j == p and i > p] for p in range(n)]
    above = [[i for i, j in filled if j == p and i < p] for p in range(n)]
    right = [[j for i, j in filled if i == p and j > p] for p in range(n)]
    updates = [[(place(i, j), place(i, p), place(p, j)) for j in right[p] for i in below[p]] for p in range(n)]
    flat = np.array([u for group in updates for u in group], dtype=np.uint32).reshape(-1, 3)

    def start(groups: list[list[int]] | list[list[tuple[int, int, int]]]) -> NDArray[np.int64]:
        return np.cumsum([0, *map(len, groups)]).astype(np.int64)

    def index(values: list[int]) -> NDArray[np.uint32]:
        return np.array(values, dtype=np.uint32)

    return {
        "pivot_place": index([place(p, p) for p in range(n)]),
        "lower_start": start(below),
        "lower_place": index([place(i, p) for p in range(n) for i in below[p]]),
        "lower_row": index([i for p in range(n) for i in below[p]]),
        "upper_start": start(above),
        "upper_place": index([place(i, p) for p in range(n) for i in above[p]]),
        "upper_row": index([i for p in range(n) for i in above[p]]),
        "update_start": start(updates),
        "update_target": np.ascontiguousarray(flat[:, 0]),
        "update_left": np.ascontiguousarray(flat[:, 1]),
        "update_right": np.ascontiguousarray(flat[:, 2]),
    }


def _invariants(mechanism: Mechanism, names: list[str]) -> Array:
    """Rows of A: charge, and the element totals with the solvent's atoms eliminated; independent rows only."""
    solvent = mechanism.species[mechanism.solvent]
    species = [mechanism.species[s] for s in names]
    rows = [[float(s.charge) for s in species]]
    inside = [e for e in mechanism.elements if solvent.atoms(e)]
    for e in mechanism.elements:
        if e not in inside:
            rows.append([float(s.atoms(e)) for s in species])
    for e in inside[1:]:  # combinations that the solvent does not contain
        first = inside[0]
        rows.append([float(s.atoms(first) * solvent.atoms(e) - s.atoms(e) * solvent.atoms(first)) for s in species])
    # H+ only in the charge row: its amount would otherwise set the round-off of the redox balance of the radicals
    if "H+" in names:
        h = names.index("H+")
        rows[1:] = [[x - row[h] * z for x, z in zip(row, rows[0], strict=True)] for row in rows[1:]]
    kept: list[list[float]] = []
    for row in rows:
        if np.linalg.matrix_rank(np.array([*kept, row])) > len(kept):
            kept.append(row)
    return np.array(kept + _other_laws(mechanism, names, kept)).reshape(-1, len(names))


def _other_laws(mechanism: Mechanism, names: list[str], known: list[list[float]]) -> list[list[float]]:
    """What the reactions conserve beyond elements and charge, for example isomers that never meet.

    Null space of the stoichiometry in exact fractions; a law that the beam itself breaks is none.
    """
    n = len(names)
    changes = [[r.net(s) for s in names] for r in mechanism.reactions] or [[0] * n]
    if n - np.linalg.matrix_rank(np.array(changes, dtype=float)) == len(known):
        return []
    t = reference_temperature(mechanism)
    sets = [mechanism.yield_values(name, t) for name in mechanism.yields]
    beam = [[g.get(s, 0.0) for s in names] for g in sets]
    found: list[list[float]] = []
    for law in null_space(changes, n):
        broken = any(abs(np.dot(law, g)) > 1e-9 * np.abs(g).max() for g in beam)
        if not broken and np.linalg.matrix_rank(np.array([*known, *found, law])) > len(known) + len(found):
            found.append(law)
    return found


def null_space(changes: Sequence[Sequence[float]], n: int) -> list[list[float]]:
    """Vectors a of length n with a . change = 0 for all changes, in exact fractions; all unit vectors without any.

    Examples
    --------
    >>> null_space([[-1, 1, 1]], 3)
    [[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    reduced: dict[int, list[Fraction]] = {}  # pivot -> row of the reduced echelon form
    for change in changes:
        row = [Fraction(x) for x in change]
        for pivot, other in reduced.items():
            row = [x - row[pivot] * y for x, y in zip(row, other, strict=True)]
        lead = next((j for j, x in enumerate(row) if x), None)
        if lead is None:
            continue
        row = [x / row[lead] for x in row]
        for pivot, other in reduced.items():
            reduced[pivot] = [x - other[lead] * y for x, y in zip(other, row, strict=True)]
        reduced[lead] = row
    laws = []
    for free in (j for j in range(n) if j not in reduced):
        law = [0.0] * n
        law[free] = 1.0
        for pivot, row in reduced.items():
            law[pivot] = -float(row[free])
        laws.append(law)
    return laws

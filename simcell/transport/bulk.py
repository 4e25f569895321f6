r"""Reactions inside a liquid as sources of transport: equilibria at finite rates, packed for kernels.

.. math:: R_k = \sum_r \nu_{kr}\left(k_r \prod_\text{left} c - k_r' \prod_\text{right} c\right) + s(t)\,f(x)\,P_k

stands on the right side of the balance of each solute (see `species`) and is solved with it, implicitly: fast buffers
cost no smaller steps. The surface of an electrode holds a quarter of the cell beside it, so that buffers hold there
even where the layer in which they act is thinner than a cell. Rate laws up to third order; the solvent is in the
constants (activity 1). P is what something outside makes at a steady rate, as a beam does, with a share f in each
cell and a factor s that is constant between switches; a beam that moves has several f, one between two switches.
Source: J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, section 1.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcell.chemistry.equilibrium import Reversible, conserved
from simcell.numerics.grid import Array

ORDER = 3  # most concentrations in one rate
ROUNDING = 1e-12  # relative: a switch that is nearer than this has happened


@dataclass(frozen=True)
class Bulk:
    """What reacts inside the liquid.

    Parameters
    ----------
    reactions : sequence of Reversible
        See `simcell.chemistry.equilibrium`: by hand, or `reversible` of a mechanism.
    production : mapping of solute to float
        P [mol/m^3/s].
    footprint : array of the shape of the cells, or of several patterns of that shape, optional
        f; 1 everywhere by default.
    switch, scale : sequence of float
        s is scale[i] from switch[i] [s] to the next one, the last for good; before the first switch nothing is made.
    pattern : sequence of int, optional
        Which f holds from switch[i] on; the first by default.

    Examples
    --------
    >>> Bulk((Reversible("HA -> H+ + A-", {"HA": 1}, {"H+": 1, "A-": 1}, 1e4, 1e8),)).solutes
    ('A-', 'H+', 'HA')
    """

    reactions: Sequence[Reversible]
    production: Mapping[str, float] = field(default_factory=dict)
    footprint: ArrayLike | None = None
    switch: Sequence[float] = (0.0,)
    scale: Sequence[float] = (1.0,)
    pattern: Sequence[int] = ()

    def __post_init__(self) -> None:
        for r in self.reactions:
            for k in (r.forward, r.back):
                if not (np.isfinite(k) and k >= 0.0):
                    raise ValueError(f"a rate constant of {r.equation} is {k:g}; it cannot be negative")
            for side, k in ((r.reactants, r.forward), (r.products, r.back)):
                if k > 0.0 and sum(side.values()) > ORDER:
                    raise ValueError(f"{r.equation} is of order {sum(side.values())}; at most {ORDER}")

        if len(self.switch) != len(self.scale) or np.any(np.diff(self.switch) <= 0.0):
            raise ValueError(f"{len(self.scale)} factors need as many increasing times, not {self.switch}")
        if len(self.pattern) not in (0, len(self.switch)):
            raise ValueError(f"{len(self.pattern)} patterns for {len(self.switch)} times")

    @property
    def solutes(self) -> tuple[str, ...]:
        """Everything that takes part."""
        return tuple(sorted({*self.production, *(s for r in self.reactions for s in (*r.reactants, *r.products))}))

    def factor(self, time: float) -> float:
        """Factor s from a time [s] on.

        Examples
        --------
        >>> Bulk((), {"H2": 1.0}, switch=(1.0, 2.0), scale=(1.0, 0.0)).factor(1.5)
        1.0
        """
        at = int(np.searchsorted(self.switch, time, side="right"))
        return float(self.scale[at - 1]) if at else 0.0

    def lit(self, time: float) -> float:
        """Integral of the factor s up to a time [s].

        Examples
        --------
        >>> Bulk((), {"H2": 1.0}, switch=(1.0, 2.0), scale=(1.0, 0.0)).lit(1.5)
        0.5
        """
        ends = np.minimum([*self.switch[1:], np.inf], time)
        return float(np.maximum(ends - np.array(self.switch), 0.0) @ np.array(self.scale))

    def share(self, shape: tuple[int, ...], time: float = 0.0) -> Array:
        """Share f of each cell from a time [s] on.

        Raises
        ------
        ValueError
            If the footprint belongs to other cells.

        Examples
        --------
        >>> Bulk((), {"H2": 1.0}, [[1.0, 0.0], [0.0, 1.0]], (0.0, 1.0), (1.0, 1.0), (0, 1)).share((2,), 1.5)
        array([0., 1.])
        """
        if self.footprint is None:
            return np.ones(shape)
        f = np.asarray(self.footprint, dtype=float)
        if f.shape[-len(shape) :] != shape or f.ndim > len(shape) + 1 or not np.all(np.isfinite(f)):
            raise ValueError(f"the footprint of what is produced has shape {f.shape}, the cells {shape}")
        if f.ndim == len(shape):
            return f
        at = int(np.searchsorted(self.switch, time, side="right"))
        return np.asarray(f[self.pattern[max(0, at - 1)] if len(self.pattern) else 0])

    def check(self, charges: Mapping[str, int]) -> None:
        """Refuse solutes that are not there and charge that does not balance (ValueError)."""
        for r in self.reactions:
            for s in (*r.reactants, *r.products):
                if s not in charges:
                    raise ValueError(f"{r.equation} needs {s}, which the liquid does not hold")
            if made := sum(charges[s] * n for s, n in r.change.items()):
                raise ValueError(f"{r.equation} makes a charge of {made:+d}")
        for s in self.production:
            if s not in charges:
                raise ValueError(f"the production of {s} needs it in the liquid, which does not hold it")
        excess = sum(charges[s] * rate for s, rate in self.production.items())
        size = sum(abs(charges[s] * rate) for s, rate in self.production.items())
        if abs(excess) > 1e-9 * size:
            raise ValueError(f"what is produced has a charge of {excess:g} mol/m^3/s against {size:g} of ions")

    def laws(self, names: Sequence[str]) -> Array:
        """What is conserved (rows, names)."""
        return conserved([r.change for r in self.reactions], names)


def packed_bulk(bulk: Bulk | None, names: Sequence[str], share: Array) -> tuple:
    """Tables for `kernels_bulk`: constants, who is in each rate, net coefficients, who changes, production.

    The last three are the production, its share at each node, and its factor at present, which `switched` sets.

    Examples
    --------
    >>> packed_bulk(None, ["K+", "Cl-"], np.ones(3))[0].size
    0
    """
    reactions = bulk.reactions if bulk else ()

    def sides(pick: str) -> NDArray[np.int64]:
        table = np.full((len(reactions), ORDER), -1, dtype=np.int64)
        for r, reaction in enumerate(reactions):
            side = getattr(reaction, pick)
            who = [names.index(s) for s, n in side.items() for _ in range(n)][:ORDER]
            table[r, : len(who)] = who
        return table

    which = np.full((len(reactions), max((len(r.change) for r in reactions), default=1)), -1, dtype=np.int64)
    for r, reaction in enumerate(reactions):
        changing = [names.index(n) for n in reaction.change]
        which[r, : len(changing)] = changing
    return (
        np.array([r.forward for r in reactions]), np.array([r.back for r in reactions]), sides("reactants"),
        sides("products"),
        np.array([[float(r.change.get(n, 0)) for n in names] for r in reactions]).reshape(len(reactions), len(names)),
        which,
        np.array([bulk.production.get(n, 0.0) if bulk else 0.0 for n in names]), share.copy(), np.zeros(1),
    )  # fmt: skip


def switched(tables: tuple, bulk: Bulk, time: float, share: Callable[[float], Array]) -> bool:
    """Set what is made from a time [s] on, with the share of each node; whether that is another rate than before.

    Examples
    --------
    >>> bulk = Bulk((), {"H2": 1.0}, switch=(1.0,), scale=(2.0,))
    >>> tables = packed_bulk(bulk, ["H2"], np.ones(3))
    >>> switched(tables, bulk, 0.5, lambda time: np.ones(3)), switched(tables, bulk, 1.0, lambda time: np.ones(3))
    (False, True)
    """
    factor, lit = tables[-1], tables[-2]
    before = (float(factor[0]), lit.copy())
    factor[0] = bulk.factor(time * (1.0 + ROUNDING))
    lit[:] = share(time * (1.0 + ROUNDING))
    return bool(factor[0] != before[0] or (factor[0] != 0.0 and np.any(lit != before[1])))

r"""Reactions inside a liquid as sources of transport: equilibria at finite rates, packed for kernels.

.. math:: R_k = \sum_r \nu_{kr}\left(k_r \prod_\text{left} c - k_r' \prod_\text{right} c\right)

stands on the right side of the balance of each solute (see `species`) and is solved with it, implicitly: fast buffers
cost no smaller steps. The surface of an electrode holds a quarter of the cell beside it, so that buffers hold there
even where the layer in which they act is thinner than a cell. Rate laws up to third order; the solvent is in the
constants (activity 1). Source: J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, section 1.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simcell.chemistry.equilibrium import Reversible, conserved
from simcell.numerics.grid import Array

ORDER = 3  # most concentrations in one rate


@dataclass(frozen=True)
class Bulk:
    """What reacts inside the liquid.

    Parameters
    ----------
    reactions : sequence of Reversible
        See `simcell.chemistry.equilibrium`: by hand, or `reversible` of a mechanism.

    Examples
    --------
    >>> Bulk((Reversible("HA -> H+ + A-", {"HA": 1}, {"H+": 1, "A-": 1}, 1e4, 1e8),)).solutes
    ('A-', 'H+', 'HA')
    """

    reactions: Sequence[Reversible]

    def __post_init__(self) -> None:
        for r in self.reactions:
            for k in (r.forward, r.back):
                if not (np.isfinite(k) and k >= 0.0):
                    raise ValueError(f"a rate constant of {r.equation} is {k:g}; it cannot be negative")
            for side, k in ((r.reactants, r.forward), (r.products, r.back)):
                if k > 0.0 and sum(side.values()) > ORDER:
                    raise ValueError(f"{r.equation} is of order {sum(side.values())}; at most {ORDER}")

    @property
    def solutes(self) -> tuple[str, ...]:
        """Everything that takes part."""
        return tuple(sorted({s for r in self.reactions for s in (*r.reactants, *r.products)}))

    def check(self, charges: Mapping[str, int]) -> None:
        """Refuse solutes that are not there and charge that does not balance (ValueError)."""
        for r in self.reactions:
            for s in (*r.reactants, *r.products):
                if s not in charges:
                    raise ValueError(f"{r.equation} needs {s}, which the liquid does not hold")
            if made := sum(charges[s] * n for s, n in r.change.items()):
                raise ValueError(f"{r.equation} makes a charge of {made:+d}")

    def laws(self, names: Sequence[str]) -> Array:
        """What is conserved (rows, names)."""
        return conserved([r.change for r in self.reactions], names)


def packed_bulk(bulk: Bulk | None, names: Sequence[str]) -> tuple[Array, ...]:
    """Tables for `kernels_bulk`: constants, who is in each rate, net coefficients, work space.

    Examples
    --------
    >>> packed_bulk(None, ["K+", "Cl-"])[0].size
    0
    """
    reactions = bulk.reactions if bulk else ()

    def sides(pick: str) -> Array:
        table = np.full((len(reactions), ORDER), -1, dtype=np.int64)
        for r, reaction in enumerate(reactions):
            side = getattr(reaction, pick)
            who = [names.index(s) for s, n in side.items() for _ in range(n)][:ORDER]
            table[r, : len(who)] = who
        return table

    return (
        np.array([r.forward for r in reactions]), np.array([r.back for r in reactions]), sides("reactants"),
        sides("products"),
        np.array([[float(r.change.get(n, 0)) for n in names] for r in reactions]).reshape(len(reactions), len(names)),
        np.zeros((2, len(names))),
    )  # fmt: skip

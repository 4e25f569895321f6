"""Reactions and production inside a bath: sources of cells with their derivatives, shares of surfaces, what is kept.

What reactions conserve, they conserve in every cell to rounding. What iterations leave over in these laws (of a stage's
balance, far below its tolerance) is taken out of the whole liquid in proportion to what is there, so that the books
close and no concentration changes its sign.
"""

from __future__ import annotations

import numpy as np

from simcell.numerics.grid import Array
from simcell.transport.bath import Bath
from simcell.transport.bath_layout import Layout, by_columns
from simcell.transport.bulk import packed_bulk, switched
from simcell.transport.kernels_bulk import inside


class BathBulk:
    """What reacts in the cells and at the surfaces of a bath; nothing without `Bath.bulk`.

    Parameters
    ----------
    bath : Bath
    layout : Layout

    Examples
    --------
    >>> BathBulk.__name__
    'BathBulk'
    """

    def __init__(self, bath: Bath, layout: Layout) -> None:
        self.bulk, self.z, self.shape = bath.bulk, layout.space[6], bath.grid.shape
        names = [bath.ions[k].name for k in bath.order]
        count = len(names)
        self.volume = layout.space[3][: bath.grid.volume.size]
        self.cell, self.terminal = layout.patches[0], layout.patches[2]
        share = self._lit(0.0)
        self.tables = packed_bulk(self.bulk, names, share)
        self.walls = (*self.tables[:-2], share[self.cell], self.tables[-1])  # at the surfaces
        self.share = layout.part
        self.whole = bath.grid.kind == "plan"  # whether cells react in full, surfaces with what is more there
        n, p = (self.volume.size, self.cell.size) if self.bulk else (0, 0)
        self.lost, self.steep = np.zeros((n, count)), np.zeros((n, count, count))
        self.mixed = np.zeros(count)
        self.keep = np.ones(self.volume.size)
        if not self.whole:
            np.subtract.at(self.keep, self.cell, self.share)
        self.beside, self.beside_steep = np.zeros((p, count)), np.zeros((p, count, count))
        self.reacting = (
            self.share * self.volume[self.cell], self.walls, self.mixed, np.zeros((p, count)),
            np.zeros((p, count, count)), self.beside, self.beside_steep,
        )  # fmt: skip
        laws = self.bulk.laws(names) if self.bulk else np.zeros((0, count))
        self.laws = laws[:, :-1] - np.outer(laws[:, -1], self.z[:-1] / self.z[-1])  # with the ion that balances

    def _lit(self, time: float) -> Array:
        return by_columns(np.ones(self.shape) if self.bulk is None else self.bulk.share(self.shape, time))

    def produce(self, time: float) -> bool:
        """Set what is made inside the liquid from a time [s] on; whether that is another rate than before."""
        if self.bulk is None:
            return False
        changed = switched(self.tables, self.bulk, time, self._lit)
        self.walls[-2][:] = self.tables[-2][self.cell]
        return changed

    def made(self, metals: int) -> Array:
        """What is made at present in the cells, and at the surface of each metal (1 + metals, ions) [mol/s]."""
        production, lit, factor = self.tables[-3:]
        answer = np.zeros(1 + metals)
        answer[0] = (self.keep * self.volume) @ lit
        if not self.whole:
            on = self.share > 0.0
            answer[1:] = np.bincount(self.terminal[on], (self.reacting[0] * lit[self.cell])[on], metals)
        return np.asarray(factor[0] * np.outer(answer, production))

    def at(self, u: Array) -> None:
        """Take over the state of the cells."""
        if self.bulk is None:
            return
        inside(u, self.volume, self.z, self.tables, self.mixed, self.lost, self.steep)
        if self.whole:
            self.beside[...] = self.share[:, None] * self.lost[self.cell]
            self.beside_steep[...] = self.share[:, None, None] * self.steep[self.cell]
        else:
            self.lost *= self.keep[:, None]
            self.steep *= self.keep[:, None, None]

    def settle(self, u: Array, lack: Array) -> None:
        """Give the liquid what its balances lack in all that reactions conserve; `lack`: ions but the last [mol]."""
        there = np.abs(self.volume @ u[:, :-1])
        matrix = (self.laws * there) @ self.laws.T
        size = np.sqrt(np.diag(matrix))
        size[size == 0.0] = 1.0
        inverse = np.linalg.pinv(matrix / np.outer(size, size), rcond=1e-12, hermitian=True)
        u[:, :-1] *= 1.0 + self.laws.T @ ((inverse @ ((self.laws @ lack) / size)) / size)

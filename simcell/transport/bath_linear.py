"""Linear systems of a bath: cells and potentials of terminals at once, by GMRES behind a V-cycle of columns.

The V-cycle (`kernels_columns`) approximates the cells; potentials of terminals that are not given are eliminated
around it. Everything is measured in units of the tolerances, so that the residual of the preconditioned system is about
the error of the answer. Rows are the balances of all ions; changes those of all ions and of the potential.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from simcell.numerics.gmres import gmres
from simcell.numerics.grid import Array
from simcell.transport import kernels_bath as cells
from simcell.transport import kernels_columns as columns
from simcell.transport import kernels_patch as walls
from simcell.transport.bath_layout import Ints, Layout


class Control:
    """Which terminals have unknown potentials, and what each of them asks for.

    Parameters
    ----------
    free : list of int
        Terminals of unknown potential; 0 is the working electrode.
    places, weights : arrays
        Cells of the liquid at the reference, and their shares in its potential.
    by_potential : bool
        Whether the potential of terminal 0 against the reference is given, else its current.
    factor : float
        Of the current [mol/s] in the equation of a given potential (iR compensation).

    Examples
    --------
    >>> control = Control([0, 1], np.array([3]), np.ones(1), True, 0.5)
    >>> control.rows(np.array([2.0, 4.0]), np.array([7.0, 0.0]), np.array([1.0]))
    array([7., 4.])
    """

    def __init__(self, free: list[int], places: Ints, weights: Array, by_potential: bool, factor: float) -> None:
        self.free, self.places, self.weights = free, places, weights
        self.by_potential = by_potential and 0 in free
        self.factor = factor

    def rows(self, currents: Array, w: Array, at_reference: Array) -> Array:
        """Left sides of the equations, linear in currents, potentials of terminals and of the liquid at `places`."""
        answer = currents[self.free].copy()
        if self.by_potential:
            answer[0] = w[0] - self.weights @ at_reference + self.factor * currents[0]
        return answer


class Linear:
    """Jacobian at the last state, and a preconditioner that is kept as long as it serves.

    Parameters
    ----------
    layout : Layout

    Examples
    --------
    >>> Linear.LIMIT
    60
    """

    LIMIT = 60  # iterations of GMRES

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        space = layout.space
        count, every, faces = space[6].size, space[3].size, space[4].size
        wide = 2 * ((count + 1) // 2)
        self.count, self.wide, self.n = count, wide, int(space[1][1])
        self.coef, self.old_coef = np.zeros((faces, 3 * wide)), np.zeros((faces, 3 * wide))
        self.state = np.zeros((every, count))
        self.inverse = np.zeros((every, wide, wide + 1))
        self.up = np.zeros((every if space[0][0, 2] > 1 else 1, wide + 1, wide + 1))
        self.f, self.rest, self.x = np.zeros((every, wide)), np.zeros((every, wide)), np.zeros((every, wide + 1))
        self.row = np.zeros(wide)
        patches = layout.patches[0].size
        self.blocks = np.zeros((patches, wide, wide + 1))  # of patches
        self.walls = np.zeros((int(layout.slot.max()) + 1, wide, wide + 1))  # of cells beside walls, now
        self.old_walls = np.zeros_like(self.walls)
        terminals = int(layout.patches[2].max(initial=-1)) + 1
        self.w, self.currents = np.zeros(terminals), np.zeros(terminals)
        self.bordering, self.small = np.zeros((0, self.n, wide + 1)), np.zeros((0, 0))
        self.h, self.built_for, self.iterations, self.least = 0.0, -1.0, 0, 0
        self.solves, self.cycles, self.builds = 0, 0, 0

    ARRAYS = ("old_coef", "old_walls", "inverse", "up", "bordering", "small")  # of the preconditioner
    NUMBERS = ("built_for", "iterations", "least", "solves", "cycles", "builds")

    def kept(self) -> dict[str, Any]:
        """The preconditioner and what decides how long it is kept; not copied."""
        return {name: getattr(self, name) for name in (*self.ARRAYS, *self.NUMBERS)}

    def take(self, kept: Mapping[str, Array]) -> None:
        """Go on with a preconditioner from `kept`."""
        for name in self.ARRAYS:
            setattr(self, name, np.array(kept[name]))
        for name in self.NUMBERS:
            setattr(self, name, np.asarray(kept[name]).item())

    def begin(self, h: float, block: Array, steep: Array) -> None:
        """Take over the derivatives of what enters (patches, ions and charge) and of what reacts, at this state."""
        self.h = h
        walls.by_ions(block, self.layout.space[6], self.blocks)
        top = self.layout.slot[self.layout.patches[0]]
        self.walls[...] = 0.0
        walls.by_ions(-steep, self.layout.space[6], self.walls[: len(steep)])
        np.add.at(self.walls, top, self.blocks)

    def build(self, u: Array, control: Control) -> bool:
        """Make the preconditioner for the Jacobian at hand; False: it is singular."""
        layout, space, h = self.layout, self.layout.space, self.h
        self.built_for = -1.0
        self.state[: self.n] = u
        columns.merge(space[1], layout.parent, layout.weight, self.state)
        self.old_coef[...] = self.coef
        cells.coarse_faces(space, self.state, self.old_coef, np.zeros(self.count))
        self.old_walls[...] = self.walls
        for low, high in layout.joins:
            np.add.at(self.old_walls, high, self.old_walls[low])
        small = np.zeros((self.count, self.count))
        if not columns.factorise(
            space, h, layout.slot, self.old_walls, self.old_coef, self.inverse, self.up, small, np.zeros_like(small)
        ):
            return False
        self.builds += 1
        self.built_for, self.least = h, 0
        free, terminals = control.free, self.w.size
        self.bordering = np.zeros((len(free), self.n, self.wide + 1))
        self.small = np.zeros((len(free), len(free)))
        nothing, unused = np.zeros((self.n, self.wide + 1)), np.zeros((self.n, self.wide))
        for a, t in enumerate(free):
            right, one = np.zeros((self.n, self.wide)), np.eye(terminals)[t]
            walls.border(layout.patches, self.blocks, space[6], nothing, one, right, self.currents)
            answer = self._cycle(right).copy()
            answer += self._cycle(right - self._cells(answer))
            self.bordering[a] = answer
            walls.border(layout.patches, self.blocks, space[6], -answer, one, unused, self.currents)
            self.small[:, a] = control.rows(self.currents, one, -answer[control.places, -1])
        return True

    def _cells(self, x: Array) -> Array:
        """Jacobian of the cells times changes."""
        space, out = self.layout.space, np.empty((self.n, self.wide))
        cells.store(space[3], self.h, self.layout.slot, self.walls, x, 0, self.n, out)
        cells.fluxes_of_level(space, 0, self.coef, x, out)
        return out

    def _cycle(self, right: Array) -> Array:
        self.f[: self.n] = right
        self.cycles += 1
        columns.cycle(
            self.layout.space, self.built_for, self.layout.slot, self.old_walls, self.layout.parent, self.old_coef,
            self.inverse, self.up, self.f, self.x, self.rest, self.row,
        )  # fmt: skip
        return self.x[: self.n]

    def roughly(self, right: Array, missing: Array, control: Control) -> tuple[Array, Array]:
        """Preconditioner: approximate answer for right sides of cells (rows of ions) and terminals."""
        answer = self._cycle(right).copy()
        if not control.free:
            return answer, np.zeros(0)
        self.w[:] = 0.0
        walls.border(self.layout.patches, self.blocks, self.layout.space[6], answer, self.w, right, self.currents)
        lack = missing - control.rows(self.currents, self.w, answer[control.places, -1])
        dw: Array = np.asarray(np.linalg.solve(self.small, lack), dtype=float)
        for one, change in zip(self.bordering, dw, strict=True):
            answer -= change * one
        return answer, dw

    def product(self, x: Array, dw: Array, control: Control) -> tuple[Array, Array]:
        """Jacobian times changes of cells and of free terminals."""
        out = self._cells(x)
        if not control.free:
            return out, np.zeros(0)
        self.w[:] = 0.0
        self.w[control.free] = dw
        walls.border(self.layout.patches, self.blocks, self.layout.space[6], x, self.w, out, self.currents)
        return out, control.rows(self.currents, self.w, x[control.places, -1])

    def rows_of_ions(self, rows: Array) -> Array:
        """Rows of all ions, filled up, from those of ions and charge."""
        z, last = self.layout.space[6], self.count - 1
        wide = np.zeros((self.n, self.wide))
        wide[:, :last] = rows[:, :last]
        wide[:, last] = (rows[:, last] - rows[:, :last] @ z[:last]) / z[last]
        return wide

    def solve(
        self, right: Array, missing: Array, control: Control, unit: Array, volt: float, wanted: float, relative: float
    ) -> tuple[Array, Array, float]:
        """Answer, and an estimate of its size before: `unit` of cells (n, K) and `volt` say what counts as 1."""
        n, k, last = self.n, self.wide + 1, self.count - 1
        weight = np.zeros((n, k))
        weight[:, :last], weight[:, -1] = 1.0 / unit[:, :last], 1.0 / volt
        step = np.zeros((n, k))
        z = self.layout.space[6]

        def scaled(x: Array, dw: Array) -> Array:
            return np.concatenate([(x * weight).ravel(), dw / volt])

        def plain(v: Array) -> tuple[Array, Array]:
            cut = v[: n * k].reshape(n, k)
            np.multiply(cut[:, :last], unit[:, :last], out=step[:, :last])
            step[:, -1] = cut[:, -1] * volt
            step[:, last] = -(step[:, :last] @ z[:last]) / z[last]
            return step, v[n * k :] * volt

        first = scaled(*self.roughly(self.rows_of_ions(right), missing, control))
        size = float(np.sqrt(np.square(first).sum()))
        if size == 0.0 or not np.isfinite(size):
            return np.zeros_like(right), np.zeros_like(missing), size
        answer, self.iterations = gmres(
            lambda v: scaled(*self.roughly(*self.product(*plain(v), control), control)), np.copy, first,
            min(0.5, max(wanted / size, relative)), self.LIMIT,
        )  # fmt: skip
        self.solves += 1
        self.least = self.least or self.iterations
        x, dw = plain(answer)
        return np.concatenate([x[:, :last], x[:, -1:]], axis=1), dw, size

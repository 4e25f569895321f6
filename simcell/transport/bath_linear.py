"""Linear systems of a bath: cells and potentials of terminals at once, by GMRES behind a V-cycle of columns.

The V-cycle (`kernels_columns`) approximates the cells; potentials of terminals that are not given are eliminated
around it. Everything is measured in units of the tolerances, so that the residual of the preconditioned system is about
the error of the answer.
"""

from __future__ import annotations

import numpy as np

from simcell.numerics.gmres import gmres
from simcell.numerics.grid import Array
from simcell.transport import kernels_bath as cells
from simcell.transport import kernels_columns as columns
from simcell.transport import kernels_patch as walls
from simcell.transport.bath_layout import Layout


class Control:
    """Which terminals have unknown potentials, and what each of them asks for.

    Examples
    --------
    >>> Control([0], np.zeros(0, dtype=np.int64), np.zeros(0), False, 0.0).free
    [0]
    """

    def __init__(self, free: list[int], places: Array, weights: Array, by_potential: bool, factor: float) -> None:
        self.free = free  # terminals; 0 is the working electrode
        self.places, self.weights = places, weights  # of the liquid potential at the reference
        self.by_potential = by_potential  # of terminal 0
        self.factor = factor  # of the current [mol/s] in the equation of a given potential

    def rows(self, currents: Array, w: Array, u: Array) -> Array:
        """Left sides of the equations of the free terminals, linear in all arguments."""
        answer = currents[self.free].copy()
        if self.by_potential and self.free and self.free[0] == 0:
            answer[0] = w[0] - self.weights @ u[self.places, -1] + self.factor * currents[0]
        return answer


class Linear:
    """Jacobian at the last state, and a preconditioner that is kept as long as it serves.

    Examples
    --------
    >>> Linear.LIMIT
    60
    """

    LIMIT = 60

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        space = layout.space
        count, every, faces = space[6].size, space[3].size, space[4].size
        nz = int(space[0][0, 0])
        self.count, self.n = count, int(space[1][1])
        self.coef, self.local = np.zeros((faces, 3 * count)), np.zeros((every, count, count))
        self.old_coef, self.old_local = np.zeros_like(self.coef), np.zeros_like(self.local)
        self.inverse = np.zeros_like(self.local)
        self.up = np.zeros((every if nz > 1 else 1, count, count))
        self.f, self.x, self.state = np.zeros((every, count)), np.zeros((every, count)), np.zeros((every, count))
        self.row, self.ions, self.block = np.zeros(count), np.zeros(count), np.zeros((count, count))
        self.rows, self.small = np.zeros((0, self.n, count)), np.zeros((0, 0))
        self.built_for, self.iterations, self.least = -1.0, 0, 0
        terminals = int(layout.patches[2].max(initial=-1)) + 1
        self.w, self.currents = np.zeros(terminals), np.zeros(terminals)
        self.blocks = np.zeros((0, count, count))
        self.solves, self.cycles, self.builds = 0, 0, 0

    def build(self, u: Array, h: float, control: Control) -> bool:
        """Make the preconditioner for the Jacobian at hand; False: it is singular."""
        layout, space, every = self.layout, self.layout.space, self.local.shape[0]
        self.built_for = -1.0
        self.state[: self.n] = u
        columns.merge(space[1], layout.parent, layout.weight, self.state)
        self.old_coef[...] = self.coef
        cells.coarse_faces(space, self.state, self.old_coef, self.row)
        self.old_local[: self.n] = self.local[: self.n]
        columns.merge(space[1], layout.parent, np.ones_like(layout.weight), self.old_local.reshape(every, -1))
        if not columns.factorise(space, self.old_coef, self.old_local, self.inverse, self.up, self.block):
            return False
        self.builds += 1
        self.built_for, self.least = h, 0
        free = control.free
        self.rows = np.zeros((len(free), self.n, self.count))
        self.small = np.zeros((len(free), len(free)))
        for a, t in enumerate(free):
            right = np.zeros((self.n, self.count))
            self.w[:] = 0.0
            self.w[t] = 1.0
            walls.border(self.layout.patches, self.blocks, np.zeros_like(right), self.w, right, self.currents)
            answer = self._cycle(right).copy()
            for _ in range(2):
                rest = np.empty_like(right)
                cells.product(space, self.coef, self.local, answer, rest, self.row)
                answer += self._cycle(right - rest)
            self.rows[a] = answer
            walls.border(self.layout.patches, self.blocks, -answer, self.w, rest, self.currents)
            self.small[:, a] = control.rows(self.currents, self.w, -answer)
        return True

    def _cycle(self, right: Array) -> Array:
        self.f[: self.n] = right
        self.cycles += 1
        columns.cycle(
            self.layout.space, self.layout.parent, self.old_coef, self.old_local, self.inverse, self.up, self.f, self.x,
            self.row, self.ions,
        )  # fmt: skip
        return self.x[: self.n]

    def roughly(self, right: Array, missing: Array, control: Control) -> tuple[Array, Array]:
        """Preconditioner: approximate answer for right sides of cells and terminals."""
        answer = self._cycle(right).copy()
        if not control.free:
            return answer, np.zeros(0)
        self.w[:] = 0.0
        walls.border(self.layout.patches, self.blocks, answer, self.w, np.zeros_like(answer), self.currents)
        dw = np.linalg.solve(self.small, missing - control.rows(self.currents, self.w, answer))
        return answer - np.tensordot(dw, self.rows, 1), dw

    def product(self, x: Array, dw: Array, control: Control) -> tuple[Array, Array]:
        """Jacobian times changes of cells and of free terminals."""
        out = np.empty_like(x)
        cells.product(self.layout.space, self.coef, self.local, x, out, self.row)
        if not control.free:
            return out, np.zeros(0)
        self.w[:] = 0.0
        self.w[control.free] = dw
        walls.border(self.layout.patches, self.blocks, x, self.w, out, self.currents)
        return out, control.rows(self.currents, self.w, x)

    def solve(
        self, right: Array, missing: Array, control: Control, unit: Array, volt: float, wanted: float, relative: float
    ) -> tuple[Array, Array, float]:
        """Answer, and an estimate of its size before: `unit` of cells (n, K) and `volt` say what counts as 1."""
        n, k = right.shape

        def scaled(x: Array, dw: Array) -> Array:
            return np.concatenate([(x / unit).ravel(), dw / volt])

        def plain(v: Array) -> tuple[Array, Array]:
            return v[: n * k].reshape(n, k) * unit, v[n * k :] * volt

        first = scaled(*self.roughly(right, missing, control))
        size = float(np.sqrt(np.square(first).sum()))
        if size == 0.0 or not np.isfinite(size):
            return np.zeros_like(right), np.zeros_like(missing), size
        rtol = max(wanted / size, relative)
        if rtol >= 1.0:
            rtol = 0.5
        answer, self.iterations = gmres(
            lambda v: scaled(*self.roughly(*self.product(*plain(v), control), control)), np.copy, first, rtol,
            self.LIMIT,
        )  # fmt: skip
        self.solves += 1
        self.least = self.least or self.iterations
        return *plain(answer), size

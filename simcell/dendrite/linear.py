r"""Linear systems of the implicit step: sparse LU, or GMRES in single precision.

GMRES works with dx and dw = du - dx/x: where the salt is steady no anion moves, w stays, and the two equations come
apart. The preconditioner, made once a step: salt first, with w held; then w from the charge equation, one V-cycle each;
bodies by their Schur complement. What the reaction still does to w is the share of the storage in the response of the
salt. With exact solutions in place of the cycles a thousandth is reached in two iterations [measured].

Each iteration of Newton's method asks for two or three digits and finds its residual anew in double precision, so the
linear algebra below it is done in single: the answer is the same, at half the bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from simcell.dendrite import kernels_implicit as kernels
from simcell.numerics.cycle import Cycle
from simcell.numerics.gmres import gmres

if TYPE_CHECKING:
    from simcell.dendrite.implicit import Step

Array = NDArray[np.float64]
Single = NDArray[np.float32]


def _laplacian(y: Array, x: Array) -> sparse.csc_array:
    ny, nx = x.shape[0], y.shape[1]
    index = np.arange(ny * nx).reshape(ny, nx)
    pairs = [(index[:, :-1], index[:, 1:], x[:, 1:-1]), (index[:-1], index[1:], y[1:-1])]
    low, high, t = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in range(3))
    rows, columns = np.concatenate([low, high, low, high]), np.concatenate([low, high, high, low])
    return sparse.csc_array((np.concatenate([t, t, -t, -t]), (rows, columns)), shape=(ny * nx, ny * nx))


class Direct:
    """Sparse LU of the whole system.

    Examples
    --------
    >>> Direct.iterations
    0
    """

    iterations = 0

    def __init__(self, step: Step, x: Array) -> None:
        m, d = 1.0 - step.transference, 1.0 - 2.0 * step.transference
        on = lambda values: sparse.diags_array(np.ravel(values))  # noqa: E731
        salt, charge = _laplacian(*step.salt_links), _laplacian(*step.charge_links)
        g_x, g_e = step.by_ratio, step.by_drive
        top = [
            salt + on(step.salt_own + m * g_x),
            on(m * (g_e + step.counter_end)),
        ]
        low = [
            on(g_x) - d * (charge + on(step.charge_end)) @ on(1.0 / x),
            charge + on(step.charge_end + step.counter_end + g_e),
        ]
        if step.free.size:
            within = [step.body == k for k in step.free]
            column = sparse.csc_array(np.stack([np.where(inside, g_e, 0.0).ravel() for inside in within], 1))
            row = sparse.csc_array(np.stack([np.where(inside, g_x, 0.0).ravel() for inside in within], 1))
            blocks = [[*top, -m * column], [*low, -column], [row.T, column.T, on(-column.sum(axis=0))]]
        else:
            blocks = [top, low]
        # neighbours in space next to one another, so that the factors stay in a band
        n = x.size
        self.order = np.concatenate([np.arange(2 * n).reshape(2, n).T.ravel(), 2 * n + np.arange(step.free.size)])
        matrix = sparse.block_array(blocks, format="csc")[:, self.order][self.order]
        self.factors = splu(sparse.csc_matrix(matrix))

    def solve(self, step: Step, x: Array, miss: Array, rtol: float) -> Array:
        """Changes of all unknowns that take the residual `miss` away."""
        result = np.empty_like(miss)
        result[self.order] = -self.factors.solve(miss[self.order])
        return result


class Krylov:
    """GMRES for grids of one shape; keeps its arrays from step to step.

    Examples
    --------
    >>> Krylov((3, 4)).charge.levels[0].sink.shape
    (3, 4)
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape, self.n = shape, shape[0] * shape[1]
        self.salt, self.charge = Cycle(shape), Cycle(shape, sweeps=3)
        room = [np.zeros(shape, dtype=np.float32) for _ in range(8)]
        self.inverse, self.follow, self.salt_own, self.across, self.charge_own, self.out, self.rest, self.z = room
        self.basis = np.empty((0, 0), dtype=np.float32)
        self.iterations = 0
        self.step: Step | None = None

    def begin(self, step: Step, x: Array) -> None:
        """Take a step and make its preconditioner; `step` has reacted to x."""
        self.step, self._transference = step, step.transference
        m, both, store = 1.0 - step.transference, step.by_ratio + step.by_drive / x, step.theta / step.step
        self._linearise(step, x)
        self.salt.set(*step.salt_links, self.salt_own)
        left = step.by_drive * (store / (store + m * both))
        self.charge.set(*step.charge_links, step.charge_end + step.counter_end + left)
        self.answers: list[Single] = []
        for k in range(step.free.size):
            column = np.zeros(2 * self.n + step.free.size, dtype=np.float32)
            self._pull(np.eye(step.free.size)[k], column)
            self.answers.append(self._cells(column))
        if self.answers:
            nets = np.stack([self._nets(z) for z in self.answers], axis=1)
            self.schur = np.linalg.inv(-np.diag(step.net(step.by_drive)) - nets)

    def solve(self, step: Step, x: Array, miss: Array, rtol: float) -> Single:
        """Changes of x, u and the free potentials that take the residual `miss` away, but for a part `rtol` of it."""
        if self.step is not step:
            self.begin(step, x)
        else:
            self._linearise(step, x)
        size = float(np.sqrt(np.square(miss).sum()))
        if self.basis.shape[1] != miss.size:
            self.basis = np.empty((13, miss.size), dtype=np.float32)
        single = np.empty(miss.size, dtype=np.float32)
        np.multiply(miss, 1.0 / size, out=single, casting="same_kind")
        answer, self.iterations = gmres(self._product, self._precondition, single, rtol, room=self.basis)
        kernels.restore(*self._fields(answer), self.inverse, -size)
        answer[2 * self.n :] *= np.float32(-size)
        return answer

    def _linearise(self, step: Step, x: Array) -> None:
        kernels.linearise(
            x, step.salt_own, step.charge_end, step.counter_end, step.by_ratio, step.by_drive, step.transference,
            self.inverse, self.follow, self.salt_own, self.across, self.charge_own,
        )  # fmt: skip
        self.both = step.by_ratio + step.by_drive / x if step.free.size else None

    def _fields(self, v: Single) -> tuple[Single, Single]:
        return v[: self.n].reshape(self.shape), v[self.n : 2 * self.n].reshape(self.shape)

    def _nets(self, z: Single) -> Array:
        """Net rates of the free bodies along the fields of z."""
        assert self.step is not None and self.both is not None
        dx, dw = self._fields(z)
        return self.step.net(self.both * dx + self.step.by_drive * dw)

    def _pull(self, p: Array, out: Single) -> None:
        """Subtract what the potentials p of the free bodies do to the equations of the fields."""
        assert self.step is not None
        step = self.step
        every = np.zeros(int(step.body.max()) + 1)
        every[step.free] = p
        kernels.pull(step.by_drive, step.body, every, 1.0 - step.transference, *self._fields(out))

    def _follow(self, dx: Single, right: Single) -> None:
        kernels.remainder(
            *self.charge.links, 2.0 * self._transference, self.follow, self.inverse, dx, right, self.z, self.out,
            self.rest,
        )  # fmt: skip

    def _cells(self, right: Single) -> Single:
        """One cycle for each field, salt first."""
        z = np.empty_like(right)
        z[2 * self.n :] = 0.0
        (dx, dw), (salt, charge) = self._fields(z), self._fields(right)
        self.salt(salt, dx)
        self._follow(dx, charge)
        self.charge(self.rest, dw)
        return z

    def _precondition(self, right: Single) -> Single:
        z = self._cells(right)
        if self.answers:
            p = self.schur @ (right[2 * self.n :] - self._nets(z))
            for value, answer in zip(p, self.answers, strict=True):
                z -= np.float32(value) * answer
            z[2 * self.n :] = p
            dx, dw = self._fields(z)
            self._follow(dx, dw)  # only for what it leaves in `out`
        return z

    def _product(self, z: Single) -> Single:
        """Linear system along z, which `_precondition` gave just before."""
        assert self.step is not None
        (dx, dw), result = self._fields(z), np.empty_like(z)
        kernels.product(
            *self.salt.links, self.salt_own, self.across, *self.charge.links, self.charge_own, self.out, dx, dw,
            *self._fields(result),
        )  # fmt: skip
        if self.answers:
            p = np.asarray(z[2 * self.n :], dtype=float)
            self._pull(p, result)
            own = self.step.net(self.step.by_drive)
            result[2 * self.n :] = self._nets(z) - own * p
        return result

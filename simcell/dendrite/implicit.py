r"""One implicit step of salt, potential of the liquid and potentials of the metal bodies, all at once.

Unknowns x = c/c0, u = f phi in every cell and p = f phi_m of the bodies whose potential is not given. With
m = 1 - t+, d = 1 - 2 t+, the reaction r(x, u - p) per volume in units of c0 and L the negative Laplacian weighted with
theta D or theta kappa / (f z F c0)

.. math:: (\theta x - q)/\tau + L_D x + m r = \text{supply},\qquad L_\kappa (u - d\ln x) + r = \text{supply},\qquad
          \sum_\text{body} r = \text{net rate}

The same r stands in all of them. For any u the first is an M-matrix with a right side q/tau + anodic r >= 0, so x > 0
without clipping. Newton's method; a step goes at most `REACH` in the exponent and never lowers x by more than nine
tenths. Its linear systems are in `linear`: sparse LU where the grid is small or one-dimensional, else GMRES.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simcell.dendrite import kernels, kernels_implicit
from simcell.dendrite.linear import Direct, Krylov
from simcell.errors import SolverError

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
Floats = Array | NDArray[np.float32]
REACH = 3.0  # largest change of the exponent in one iteration
EPS = float(np.finfo(float).eps)
SMALL = 400  # cells up to which LU is the quicker one


@dataclass(eq=False)
class Step:
    """What is frozen during one step; rates in 1/s. See the module for the equations.

    Examples
    --------
    >>> Step.__dataclass_fields__["stored"].type
    'Array'
    """

    theta: Array
    stored: Array  # q
    step: float  # tau [s]
    salt_links: tuple[Array, Array]
    charge_links: tuple[Array, Array]
    salt_end: Array  # link of a cell to an end with a given x and u
    charge_end: Array
    salt_in: Array  # what enters through the ends, less salt_end x and charge_end (u - d ln x)
    charge_in: Array
    counter_end: Array  # link to a counter electrode at the potential `counter`
    counter: Array
    transference: float
    symmetry: float
    speed: float  # i0 / (zF c0) [m/s]
    area: Array  # a [1/m]
    exchange: Array  # local i0 / i0
    film: Array  # f i0 R of a film on the metal
    capillary: Array
    body: Labels
    free: Labels  # bodies whose potential is sought
    target: Array  # their net rates, summed over cells
    deposit: Array  # metal that the wall reduces, per x, without current [1/s]
    etch: Array  # and that it oxidises
    noise: Array | None = None  # random part of the rate
    tolerance: float = 1e-8  # residual over reaction, Euclidean norms
    rate: Array = field(init=False)
    by_ratio: Array = field(init=False)
    by_drive: Array = field(init=False)
    cells: Labels = field(init=False)  # flat indices of those with a front
    salt_own: Array = field(init=False)  # what a cell and its ends hold of x

    def __post_init__(self) -> None:
        """Make room, and put together what does not change."""
        self.cells = np.flatnonzero(self.area)
        self.rate, self.by_ratio, self.by_drive = (np.zeros(self.theta.shape) for _ in range(3))
        m = 1.0 - self.transference
        self.salt_own, self._salt_in = self.theta / self.step, self.stored / self.step
        self.salt_own += self.salt_end
        self.salt_own += self.deposit
        self._salt_in += self.salt_in
        self._salt_in += self.etch
        self._charge_in = self.counter_end * self.counter
        self._salt_in += m * self._charge_in
        self._charge_in += self.charge_in
        self._fields = [
            values.reshape(-1) for values in (self.area, self.exchange, self.film, self.capillary)
        ]  # fmt: skip
        self._out = [values.reshape(-1) for values in (self.rate, self.by_ratio, self.by_drive)]
        self._body = self.body.reshape(-1)[self.cells]
        self._e, self._squares = np.empty(self.theta.shape), np.empty((2, self.theta.shape[1]))

    def react(self, x: Array, u: Array, p: Array) -> None:
        """Evaluate the reaction and its derivatives."""
        kernels.reaction(
            self.cells, *self._fields, x.reshape(-1), u.reshape(-1), self.body.reshape(-1), p, self.symmetry,
            self.speed, *self._out,
        )  # fmt: skip
        if self.noise is not None:
            self._out[0][self.cells] += self.noise.reshape(-1)[self.cells]

    def salt_flow(self, x: Array, u: Array) -> Array:
        """What leaves each cell by diffusion and through the ends."""
        out = np.empty_like(x)
        kernels_implicit.leaving(*self.salt_links, x, out)
        return (
            out + self.salt_end * x - self.salt_in - (1.0 - self.transference) * self.counter_end * (self.counter - u)
        )

    def net(self, values: Array) -> Array:
        """Sums of a field that is zero off the front, over each free body."""
        most = max(int(self.free.max(initial=-1)) + 1, int(self._body.max(initial=-1)) + 1)
        totals = np.bincount(self._body, weights=values.reshape(-1)[self.cells], minlength=most)
        return np.asarray(totals, dtype=float)[self.free]

    def residual(self, x: Array, u: Array, p: Array) -> tuple[Array, float, float]:
        """Left minus right side of all equations in one vector, its size, and the size that counts as solved.

        Net rates of bodies count, but are exact only in the end.
        """
        self.react(x, u, p)
        n = x.size
        miss = np.empty(2 * n + self.free.size)
        np.log(x, out=self._e)
        self._e *= 2.0 * self.transference - 1.0
        self._e += u
        kernels_implicit.balance(
            *self.salt_links, self.salt_own, self._salt_in, *self.charge_links, self.charge_end, self.counter_end,
            self._charge_in, self.rate, self.transference, x, self._e, u, miss[:n].reshape(x.shape),
            miss[n : 2 * n].reshape(x.shape), self._squares,
        )  # fmt: skip
        miss[2 * n :] = self.net(self.rate) - self.target
        squares, rounding = self._squares.sum(axis=1)
        # numbers that are stored with 53 bits cannot do better than `rounding`
        allowed = self.tolerance * _norm(self._out[2][self.cells]) + 2.0 * EPS * float(np.sqrt(rounding))
        return miss, float(np.sqrt(squares + np.square(miss[2 * n :]).sum())), allowed

    def fraction(self, x: Array, dx: Floats, du: Floats, dp: Array) -> float:
        """How much of Newton's step is taken."""
        drive = du.reshape(-1)[self.cells] - dp[self._body]
        falls = kernels_implicit.steepest(x, dx, self._squares[0])
        return min(1.0, REACH / max(float(np.abs(drive).max(initial=0.0)), REACH), 0.9 / max(falls, 0.9))

    def settle(self, x: Array, u: Array, p: Array) -> None:
        """Move the potentials of free bodies (in place) until their net rates are exact; the reaction is then final."""
        for _ in range(20):
            slope, net = self.net(self.by_drive), self.net(self.rate) - self.target
            if (np.abs(net) <= 1e-11 * np.abs(self.target) + 1e-14 * slope).all():
                return
            p[self.free] += net / slope
            self.react(x, u, p)


@dataclass(frozen=True, eq=False)
class Solution:
    """Fields after the step, potentials of all bodies, and how many iterations it took.

    Examples
    --------
    >>> list(Solution.__dataclass_fields__)
    ['ratio', 'potential', 'metal', 'newton', 'krylov']
    """

    ratio: Array
    potential: Array
    metal: Array
    newton: int
    krylov: int


def solve(
    step: Step, ratio: Array, potential: Array, metal: Array, method: str = "auto", limit: int = 60,
    krylov: Krylov | None = None,
) -> Solution:  # fmt: skip
    """Solve a step, beginning with the given fields.

    Parameters
    ----------
    step : Step
    ratio, potential, metal : arrays
        x, u and p to begin with; potentials of bodies that are not free stay.
    method : str
        ``direct``, ``krylov`` or ``auto``.
    limit : int
        Most iterations of Newton's method.
    krylov : Krylov, optional
        Of this shape, whose arrays can be used again.

    Returns
    -------
    Solution

    Raises
    ------
    SolverError
        When the limit is reached or the linear iteration fails; it names the residual.

    Examples
    --------
    >>> solve.__defaults__
    ('auto', 60, None)
    """
    x, u, p = ratio.copy(), potential.copy(), metal.copy()
    shape, n = x.shape, x.size
    direct = method == "direct" or (method == "auto" and (n <= SMALL or 1 in shape))
    inner: Direct | Krylov | None = None
    iterations = 0
    for newton in range(limit):
        miss, size, allowed = step.residual(x, u, p)
        if size <= allowed:
            step.settle(x, u, p)
            return Solution(x, u, p, newton, iterations)
        if inner is None or direct:
            inner = Direct(step, x) if direct else (krylov or Krylov(shape))
        wanted = min(max(0.3 * allowed / size, 1e-3), 1e-2)
        try:
            change = inner.solve(step, x, miss, wanted)
        except SolverError:
            if method != "auto":
                raise
            # a volt makes the reaction e^40 times faster than diffusion, for which the cycles are too weak
            inner, direct = Direct(step, x), True
            change = inner.solve(step, x, miss, wanted)
        iterations += inner.iterations
        dx, du = change[:n].reshape(shape), change[n : 2 * n].reshape(shape)
        dp = np.zeros(p.size)
        dp[step.free] = change[2 * n :]
        fraction = step.fraction(x, dx, du, dp)
        kernels_implicit.move(x, u, dx, du, fraction)
        p += fraction * dp
    raise SolverError(f"the step of {step.step:.2e} s did not converge: residual {np.abs(miss).max():.1e} 1/s")


def _norm(values: Array) -> float:
    return float(np.sqrt(np.square(values).sum()))

r"""One implicit step of salt, potential of the liquid and potentials of the metal bodies, all at once.

Unknowns x = c/c0, u = f phi in every cell and p = f phi_m of the bodies whose potential is not given. With
m = 1 - t+, d = 1 - 2 t+, the reaction r(x, u - p) per volume in units of c0 and L the negative Laplacian weighted with
theta D or theta kappa / (f z F c0)

.. math:: (\theta x - q)/\tau + L_D x + m r = \text{supply},\qquad L_\kappa (u - d\ln x) + r = \text{supply},\qquad
          \sum_\text{body} r = \text{net rate}

The same r stands in all of them. For any u the first is an M-matrix with a right side q/tau + anodic r >= 0, so x > 0
without clipping. Newton's method; a step goes at most `REACH` in the exponent and never lowers x by more than nine
tenths. Its linear systems: sparse LU where the grid is small or one-dimensional, else GMRES with one multigrid cycle
for each block, salt before potential, and the bodies by their Schur complement. The scaling makes the reaction
part nearly symmetric, for which this order converges.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from simcell.dendrite import kernels
from simcell.errors import SolverError
from simcell.numerics.diffusion import Diffusion
from simcell.numerics.gmres import gmres
from simcell.numerics.multigrid import Multigrid

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
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

    def __post_init__(self) -> None:
        """Make room."""
        self.rate, self.by_ratio, self.by_drive = (np.empty_like(self.theta) for _ in range(3))
        self.inside = [self.body == k for k in self.free]

    def react(self, x: Array, u: Array, p: Array) -> None:
        """Evaluate the reaction and its derivatives."""
        kernels.reaction(
            self.area, self.exchange, self.film, self.capillary, x, u, self.body, p, self.symmetry, self.speed,
            self.rate, self.by_ratio, self.by_drive,
        )  # fmt: skip
        if self.noise is not None:
            self.rate += self.noise

    def salt_flow(self, x: Array, u: Array) -> Array:
        """What leaves each cell by diffusion and through the ends."""
        out = np.empty_like(x)
        kernels.apply(*self.salt_links, self.salt_end, x, out)
        return out - self.salt_in - (1.0 - self.transference) * self.counter_end * (self.counter - u)

    def charge_flow(self, x: Array, u: Array) -> Array:
        """Current that leaves each cell."""
        out, diffusive = np.empty_like(x), np.empty_like(x)
        kernels.apply(*self.charge_links, self.charge_end + self.counter_end, u, out)
        kernels.apply(*self.charge_links, self.charge_end, np.log(x), diffusive)
        return out - self.charge_in - self.counter_end * self.counter - (1.0 - 2.0 * self.transference) * diffusive

    def residual(self, x: Array, u: Array, p: Array) -> Array:
        """Left minus right side of all equations, in one vector."""
        self.react(x, u, p)
        m = 1.0 - self.transference
        salt = (self.theta * x - self.stored) / self.step + self.salt_flow(x, u) + m * self.rate
        salt += self.deposit * x - self.etch
        charge = self.charge_flow(x, u) + self.rate
        net = [self.rate[inside].sum() - t for inside, t in zip(self.inside, self.target, strict=True)]
        return np.concatenate([salt.ravel(), charge.ravel(), net])

    def settle(self, x: Array, u: Array, p: Array) -> None:
        """Move the potentials of free bodies (in place) until their net rates are exact; the reaction is then final."""
        for _ in range(20):
            self.react(x, u, p)
            slope = np.array([self.by_drive[inside].sum() for inside in self.inside])
            net = np.array([self.rate[inside].sum() for inside in self.inside]) - self.target
            if (np.abs(net) <= 1e-11 * np.abs(self.target) + 1e-14 * slope).all():
                return
            p[self.free] += net / slope


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


def solve(step: Step, ratio: Array, potential: Array, metal: Array, method: str = "auto", limit: int = 60) -> Solution:
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
    ('auto', 60)
    """
    x, u, p = ratio.copy(), potential.copy(), metal.copy()
    shape, n = x.shape, x.size
    direct = method == "direct" or (method == "auto" and (n <= SMALL or 1 in shape))
    inner: _Direct | _Krylov | None = None
    krylov = 0
    for newton in range(limit):
        miss = step.residual(x, u, p)
        size, allowed = _sizes(step, miss, x, u)
        if size <= allowed:
            step.settle(x, u, p)
            return Solution(x, u, p, newton, krylov)
        if inner is None or direct:
            inner = _Direct(step, x) if direct else _Krylov(step, x)
        wanted = min(max(0.3 * allowed / size, 1e-3), 1e-2)
        try:
            change = inner.solve(step, x, -miss, wanted)
        except SolverError:
            if method != "auto":
                raise
            # a volt makes the reaction e^40 times faster than diffusion, for which the cycles are too weak
            inner, direct = _Direct(step, x), True
            change = inner.solve(step, x, -miss, wanted)
        krylov += inner.iterations
        dx, du = change[:n].reshape(shape), change[n : 2 * n].reshape(shape)
        dp = np.zeros(p.size)
        dp[step.free] = change[2 * n :]
        fraction = _fraction(step, x, dx, du - dp[step.body])
        x, u, p = x + fraction * dx, u + fraction * du, p + fraction * dp
    raise SolverError(f"the step of {step.step:.2e} s did not converge: residual {np.abs(miss).max():.1e} 1/s")


def _norm(values: Array) -> float:
    return float(np.sqrt(np.square(values).sum()))


def _sizes(step: Step, miss: Array, x: Array, u: Array) -> tuple[float, float]:
    """Norm of the residual, and what is small enough: net rates of bodies count, but are exact only in the end."""
    # numbers that are stored with 53 bits cannot do better than this
    rounding = _norm((step.theta / step.step + _degree(*step.salt_links)) * x) + _norm(_degree(*step.charge_links) * u)
    return _norm(miss), step.tolerance * _norm(step.by_drive) + 2.0 * EPS * rounding


def _degree(y: Array, x: Array) -> Array:
    """Sum of the links of each cell."""
    return y[:-1] + y[1:] + x[:, :-1] + x[:, 1:]


def _fraction(step: Step, x: Array, dx: Array, drive: Array) -> float:
    """How much of Newton's step is taken."""
    most = float(np.abs(np.where(step.area > 0.0, drive, 0.0)).max())
    falls = float((-dx / x).max())
    return min(1.0, REACH / max(most, REACH), 0.9 / max(falls, 0.9))


def _laplacian(y: Array, x: Array) -> sparse.csc_array:
    ny, nx = x.shape[0], y.shape[1]
    index = np.arange(ny * nx).reshape(ny, nx)
    pairs = [(index[:, :-1], index[:, 1:], x[:, 1:-1]), (index[:-1], index[1:], y[1:-1])]
    low, high, t = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in range(3))
    rows, columns = np.concatenate([low, high, low, high]), np.concatenate([low, high, high, low])
    return sparse.csc_array((np.concatenate([t, t, -t, -t]), (rows, columns)), shape=(ny * nx, ny * nx))


class _Direct:
    """Sparse LU of the whole system."""

    iterations = 0

    def __init__(self, step: Step, x: Array) -> None:
        m, d = 1.0 - step.transference, 1.0 - 2.0 * step.transference
        on = lambda values: sparse.diags_array(np.ravel(values))  # noqa: E731
        salt, charge = _laplacian(*step.salt_links), _laplacian(*step.charge_links)
        g_x, g_e = step.by_ratio, step.by_drive
        top = [
            salt + on(step.theta / step.step + step.salt_end + step.deposit + m * g_x),
            on(m * (g_e + step.counter_end)),
        ]
        low = [
            on(g_x) - d * (charge + on(step.charge_end)) @ on(1.0 / x),
            charge + on(step.charge_end + step.counter_end + g_e),
        ]
        if step.free.size:
            column = sparse.csc_array(np.stack([np.where(inside, g_e, 0.0).ravel() for inside in step.inside], 1))
            row = sparse.csc_array(np.stack([np.where(inside, g_x, 0.0).ravel() for inside in step.inside], 1))
            blocks = [[*top, -m * column], [*low, -column], [row.T, column.T, on(-column.sum(axis=0))]]
        else:
            blocks = [top, low]
        # neighbours in space next to one another, so that the factors stay in a band
        n = x.size
        self.order = np.concatenate([np.arange(2 * n).reshape(2, n).T.ravel(), 2 * n + np.arange(step.free.size)])
        matrix = sparse.block_array(blocks, format="csc")[:, self.order][self.order]
        self.factors = splu(sparse.csc_matrix(matrix))

    def solve(self, step: Step, x: Array, right: Array, rtol: float) -> Array:
        """Give the solution for a right side."""
        result = np.empty_like(right)
        result[self.order] = self.factors.solve(right[self.order])
        return result


class _Krylov:
    """GMRES; the preconditioner is made once a step.

    It works with w = u - ln x in place of u: where the salt is steady no anion moves, w stays, and the two equations
    come apart. Salt first, with w held; then w from the charge equation. What the reaction still does to w is the
    share of the storage in the response of the salt.
    """

    def __init__(self, step: Step, x: Array) -> None:
        self.m, self.n, self.shape, self.x = 1.0 - step.transference, step.theta.size, step.theta.shape, x.copy()
        self.step, self.both = step, step.by_ratio + step.by_drive / x
        store = step.theta / step.step
        own = store + step.salt_end + step.deposit + self.m * (self.both + step.counter_end / x)
        self.salt = _multigrid(step.salt_links, own)
        left = step.by_drive * (store / (store + self.m * self.both))
        self.charge = _multigrid(step.charge_links, step.charge_end + step.counter_end + left)
        self.columns = [np.where(inside, step.by_drive, 0.0) for inside in step.inside]
        self.rows = [np.where(inside, self.both, 0.0) for inside in step.inside]
        # ends and reaction in the charge equation when x changes at constant w
        self.follow = 2.0 * step.transference * step.charge_end + step.counter_end + x * self.both
        self.links = tuple(2.0 * step.transference * link for link in step.charge_links)
        self.out = np.empty(self.shape)
        self.answers = [self._blocks(-self.m * w, -w) for w in self.columns]
        schur = -np.diag([float(w.sum()) for w in self.columns])
        for k in range(len(self.rows)):
            schur[k] -= [self._net(k, *answer) for answer in self.answers]
        self.schur = np.linalg.inv(schur) if self.rows else schur
        self.iterations = 0

    def _blocks(self, salt: Array, charge: Array) -> tuple[Array, Array]:
        x = self.salt.cycle(salt[None])[0].copy()
        kernels.apply(*self.links, self.follow, x / self.x, self.out)
        return x, self.charge.cycle((charge - self.out)[None])[0].copy()

    def _net(self, k: int, x: Array, w: Array) -> float:
        return float((self.rows[k] * x + self.columns[k] * w).sum())

    def _precondition(self, right: Array) -> Array:
        n = self.n
        x, w = self._blocks(right[:n].reshape(self.shape), right[n : 2 * n].reshape(self.shape))
        p = np.zeros(0)
        if self.rows:
            p = self.schur @ (right[2 * n :] - np.array([self._net(k, x, w) for k in range(len(self.rows))]))
            for value, (x1, w1) in zip(p, self.answers, strict=True):
                x, w = x - value * x1, w - value * w1
        return np.concatenate([x.ravel(), (w + x / self.x).ravel(), p])

    def solve(self, step: Step, x: Array, right: Array, rtol: float) -> Array:
        """Give the solution for a right side."""
        n, shape, m = self.n, self.shape, self.m
        salt_diagonal = step.theta / step.step + step.salt_end + step.deposit + m * step.by_ratio
        charge_diagonal = step.charge_end + step.counter_end + step.by_drive
        across = m * (step.by_drive + step.counter_end)
        nothing, d = np.zeros(shape), 1.0 - 2.0 * step.transference

        def product(v: Array) -> Array:
            dx, du, result = v[:n].reshape(shape), v[n : 2 * n].reshape(shape), np.empty_like(v)
            pull = nothing
            if step.free.size:
                dp = np.zeros(step.body.max() + 1)
                dp[step.free] = v[2 * n :]
                pull = step.by_drive * dp[step.body]
            kernels.jacobian(
                *step.salt_links, salt_diagonal, *step.charge_links, charge_diagonal, step.charge_end, across,
                step.by_ratio, pull, d, du - d * dx / x, dx, du, result[:n].reshape(shape),
                result[n : 2 * n].reshape(shape),
            )  # fmt: skip
            if step.free.size:
                here = step.by_ratio * dx + step.by_drive * du - pull
                result[2 * n :] = [here[inside].sum() for inside in step.inside]
            return result

        answer, self.iterations = gmres(product, self._precondition, right, rtol=rtol)
        return answer


def _multigrid(links: tuple[Array, Array], sink: Array) -> Multigrid:
    y, x = links
    z = np.zeros((2, *sink.shape))
    return Multigrid(Diffusion((z, y[None], x[None]), sink[None]), sweeps=2)

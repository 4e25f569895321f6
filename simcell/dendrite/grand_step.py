"""One implicit step of the form with an energy law: phase, ln c, potential of the liquid and of the bodies, at once.

The equations are those of `grand_potential.py`, divided by RT c0 or c0. Newton's method with sparse LU factors of
3 x 3 blocks, kept while they reduce the change fivefold; the full rows and columns of the bodies are bordered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from simcell.dendrite.layer import THETA_FLOOR, switch
from simcell.errors import SolverError

Array = NDArray[np.float64]
FULL = 1.0 - THETA_FLOOR
DONE = 1e-11  # change of the unknowns in the last iteration
MOST = 60  # iterations
SLOW = 0.2  # of a change to the one before, beyond which new factors are made
SWITCH, WELL = {3: 10.0, 4: -15.0, 5: 6.0}, {2: 1.0, 3: -2.0, 4: 1.0}


def liquid(xi: Array) -> Array:
    """theta: share of the liquid, held off 0.

    Examples
    --------
    >>> liquid(np.array([0.0, 1.0])).round(9)
    array([1.e+00, 1.e-06])
    """
    return np.asarray(1.0 - FULL * switch(xi))


def secant(a: Array, b: Array, terms: dict[int, float]) -> tuple[Array, Array]:
    """(P(b) - P(a))/(b - a) of a polynomial given by powers, and its derivative by b; both without a difference.

    Examples
    --------
    >>> [float(v) for v in secant(np.array(1.0), np.array(3.0), {2: 1.0})]  # (9 - 1)/(3 - 1) = a + b
    [4.0, 1.0]
    """
    value, slope = np.zeros_like(a), np.zeros_like(a)
    for n, c in terms.items():
        for k in range(n):
            value = value + c * a ** (n - 1 - k) * b**k
            if k:
                slope = slope + c * k * a ** (n - 1 - k) * b ** (k - 1)
    return value, slope


class Links:
    """Neighbours of a grid: sums over faces of weight * (u - neighbour), and LU factors of three such fields.

    Examples
    --------
    >>> links = Links((1, 3))
    >>> links.apply(links.weights(np.ones(3)), np.array([0.0, 1.0, 4.0]))
    array([-1., -2.,  3.])
    """

    blocks = ((0, 0), (1, 1), (2, 1), (2, 2))  # (equation, unknown) that are joined across faces

    def __init__(self, shape: tuple[int, int]) -> None:
        index = np.arange(shape[0] * shape[1]).reshape(shape)
        self.size = index.size
        self.low = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
        self.high = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
        cell = 3 * np.arange(self.size)  # the three unknowns of a cell lie next to one another
        rows, columns = [cell + k // 3 for k in range(9)], [cell + k % 3 for k in range(9)]
        for row, column in self.blocks:
            rows += [3 * self.low + row, 3 * self.high + row]
            columns += [3 * self.high + column, 3 * self.low + column]
        self.rows, self.columns = np.concatenate(rows), np.concatenate(columns)
        self.order = "NATURAL" if 1 in shape else "MMD_AT_PLUS_A"

    def weights(self, theta: Array, other: Array | None = None) -> Array:
        """Mean of theta (times that of `other`) on both sides of each face."""
        found = 0.5 * (theta.ravel()[self.low] + theta.ravel()[self.high])
        if other is not None:
            found = found * 0.5 * (other.ravel()[self.low] + other.ravel()[self.high])
        return np.asarray(found)

    def apply(self, weight: Array, u: Array) -> Array:
        """What leaves each cell."""
        flow = weight * (u[self.low] - u[self.high])
        found = np.bincount(self.low, flow, self.size) - np.bincount(self.high, flow, self.size)
        return np.asarray(found, dtype=float)

    def degree(self, weight: Array) -> Array:
        """Sum of the weights of each cell."""
        found = np.bincount(self.low, weight, self.size) + np.bincount(self.high, weight, self.size)
        return np.asarray(found, dtype=float)

    def factors(self, own: Array, weights: Sequence[Array], scales: Sequence[Array]) -> Callable[[Array], Array]:
        """Solver for 3 x 3 blocks `own` (9, cells) less weights to the neighbours, times a scale of the neighbour."""
        values = [own.ravel()]
        for weight, scale in zip(weights, scales, strict=True):
            values += [-weight * scale[self.high], -weight * scale[self.low]]
        shape = (3 * self.size, 3 * self.size)
        matrix = sparse.csc_matrix((np.concatenate(values), (self.rows, self.columns)), shape=shape)
        solver = splu(matrix, permc_spec=self.order, diag_pivot_thresh=0.1, options={"SymmetricMode": True})
        return lambda right: np.asarray(solver.solve(right.T.ravel())).reshape(self.size, 3).T


@dataclass(frozen=True, eq=False)
class Constants:
    """Numbers of a layer over RT c0: G, well, gradient over h^2; 1 - t+, 1 - 2 t+.

    Examples
    --------
    >>> Constants(77.0, 2.0, 3.0, 0.6, 0.2).anion
    0.6
    """

    metal: float
    well: float
    gradient: float
    anion: float
    part: float


@dataclass(eq=False)
class GrandStep:
    """What is held during a step; flat arrays, rates and weights of links in 1/s.

    `inside` is 1 where a cell belongs to a body whose potential is sought, (bodies, cells); `target` their net rates;
    `fixed` the potential where it is given.

    Examples
    --------
    >>> GrandStep.__dataclass_fields__["dt"].type
    'float'
    """

    links: Links
    constants: Constants
    xi: Array
    salt: Array
    dt: float
    mobility: Array
    salt_links: Array
    charge_links: Array
    salt_end: Array
    charge_end: Array
    counter: Array
    inside: Array
    target: Array
    fixed: Array

    def rate(self, xi: Array) -> Array:
        """Deposition in units of c0 [1/s]."""
        return np.asarray(self.constants.metal * secant(self.xi, xi, SWITCH)[0] * (xi - self.xi) / self.dt)

    def flows(self, y: Array, u: Array) -> tuple[Array, Array]:
        """Salt and charge that leave each cell."""
        c = self.constants
        x, w, across = np.exp(y), u - c.part * y, self.counter * (u + y)
        salt = self.links.apply(self.salt_links, x) + self.salt_end * (x - 1.0) + c.anion * across
        return salt, self.links.apply(self.charge_links, w) + self.charge_end * w + across

    def _drive(self, z: Array, p: Array) -> Array:
        """Affinity per unit of h: of the ion, and osmotic."""
        affinity = z[1] + z[2] - self.fixed - p @ self.inside
        return np.asarray(self.constants.metal * affinity + 2.0 * FULL * (1.0 - np.exp(z[1])))

    def miss(self, z: Array, p: Array) -> tuple[Array, Array]:
        """Left minus right sides of the fields (3, cells) and of the bodies."""
        (xi, y, u), c, rate = z, self.constants, self.rate(z[0])
        salt, charge = self.flows(y, u)
        bend = 0.5 * c.gradient * self.links.apply(np.ones(self.links.low.size), self.xi + xi)
        phase = (xi - self.xi) / (self.dt * self.mobility) + c.well * secant(self.xi, xi, WELL)[0] + bend
        phase -= secant(self.xi, xi, SWITCH)[0] * self._drive(z, p)
        stored = (liquid(xi) * np.exp(y) - self.salt) / self.dt
        return np.stack([phase, stored + salt + c.anion * rate, charge + rate]), self.inside @ rate - self.target

    def linear(self, z: Array, p: Array) -> Callable[[Array, Array], tuple[Array, Array]]:
        """Factors of the derivative of `miss`: a function that solves for changes of z and p."""
        (xi, y, _), c, dt, links = z, self.constants, self.dt, self.links
        x, H, dH = np.exp(y), *secant(self.xi, xi, SWITCH)
        slope = H + (xi - self.xi) * dH  # h' at the new time, of H (xi - xi_old)
        bend, one, nothing = np.full(links.low.size, 0.5 * c.gradient), np.ones_like(xi), np.zeros_like(xi)
        flat = links.degree(self.charge_links) + self.charge_end
        well = c.well * secant(self.xi, xi, WELL)[1] + links.degree(bend)
        own = [
            1.0 / (dt * self.mobility) - dH * self._drive(z, p) + well, -H * (c.metal - 2.0 * FULL * x), -H * c.metal,
            (c.anion * c.metal - FULL * x) * slope / dt,
            (liquid(xi) / dt + self.salt_end + links.degree(self.salt_links)) * x + c.anion * self.counter,
            c.anion * self.counter,
            c.metal * slope / dt, self.counter - c.part * flat, flat + self.counter,
        ]  # fmt: skip
        weights = (bend, self.salt_links, -c.part * self.charge_links, self.charge_links)
        answer = links.factors(np.stack(own), weights, (one, x, one, one))
        columns = [answer(np.stack([-c.metal * H * body, nothing, nothing])) for body in self.inside]
        rows = self.inside * (c.metal * slope / dt)
        schur = np.array([[row @ column[0] for column in columns] for row in rows])

        def solve(fields: Array, net: Array) -> tuple[Array, Array]:
            dz, dp = answer(-fields), np.zeros(net.size)
            if net.size:
                dp = np.linalg.solve(schur, -net - rows @ dz[0])
                dz = dz + sum(k * column for k, column in zip(dp, columns, strict=True))
            return dz, dp

        return solve

    def solve(self, z: Array, p: Array) -> tuple[Array, Array, int]:
        """Phase, ln c/c0 and f phi (3, cells), potentials of the free bodies, and how many iterations it took.

        Raises
        ------
        SolverError
            If the iteration does not come to rest.
        """
        solver, before = self.linear(z, p), np.inf
        for count in range(1, MOST + 1):
            dz, dp = solver(*self.miss(z, p))
            size = float(max(np.abs(dz).max(), np.abs(dp).max(initial=0.0)))
            if not np.isfinite(size):
                break
            part = min(1.0, 0.3 / max(float(np.abs(dz[0]).max()), 0.3), 2.0 / max(float(np.abs(dz[1]).max()), 2.0))
            z, p = z + part * dz, p + part * dp
            if size <= DONE:
                return z, p, count
            if size > SLOW * before or part < 1.0:
                solver = self.linear(z, p)
            before = size
        raise SolverError("Newton's method did not converge")

r"""Steady diffusion by conjugate gradients with a multigrid preconditioner, for `plan`, `full` and periodic grids.

Levels: cells are joined in pairs along x and y, never along z. The links of a coarse level are those of two half
pairs and the face between them in series, added up over parallel faces, so that the distance grows with the cell
(plain aggregation keeps the fine distance and corrects by half: D. Braess, Computing 55 (1995) 379). Sinks are added
up. Residuals are summed into the coarse cell, corrections are copied back; the smoothing after is adjoint to that
before, so the V-cycle is a symmetric preconditioner (U. Trottenberg, C. Oosterlee, A. Schüller, Multigrid, 2001,
sections 2.4, 4.1, 7.8). The coarsest level is solved exactly.

The iteration ends when the residual, in the Euclidean norm, is at most `rtol` times the right side. Nothing is compared
with an absolute number, so SI sizes (1e-12 and less) do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcell.errors import SolverError
from simcell.numerics import kernels_multigrid as kernels
from simcell.numerics.diffusion import Diffusion
from simcell.numerics.grid import Array, Three

POINT = 3  # smoother codes: 0, 1, 2 are lines along z, y, x
SQUARE = 4.0  # couplings along x and y that differ by more need lines (docs/theory/current.md)
COARSEST = 64  # unknowns of the coarsest level, whose dense inverse is kept
Smoothers = tuple[int, ...]


@dataclass(eq=False)
class _Level:
    """One level: operator, smoothers, and the vectors of the cycle (u padded)."""

    links: Three
    diagonal: Array
    sink: Array
    pivots: dict[int, Array]
    halved: tuple[int, int]  # whether y, x are halved on the way to the next level
    f: Array
    u: Array
    inner: Array  # u without its padding


class Multigrid:
    """Hierarchy of one operator, for any number of right sides.

    Parameters
    ----------
    system : Diffusion
        Every piece of liquid needs a sink or a link to a fixed value.
    limit : int
        Largest number of iterations.
    smoothers : tuple of int, optional
        3: points (one layer only); 0, 1, 2: lines along z, y, x. See `default_smoothers`.
    sweeps : int
        Sweeps before and after the coarser levels, for points without periodic axes. Two pay where coefficients jump,
        and where an iteration costs more than its cycle.

    Raises
    ------
    SolverError
        When solving, if the limit is reached.
    ValueError
        If the smoothers do not suit the grid.

    Examples
    --------
    >>> from simcell.numerics.diffusion import conduction
    >>> from simcell.numerics.grid import plan
    >>> system = conduction(plan(np.linspace(0.0, 1.0, 9), np.linspace(0.0, 1.0, 9), 1.0), 1.0, fixed=["x-", "x+"])
    >>> multigrid = Multigrid(system)
    >>> b = np.random.default_rng(1).normal(size=system.shape)
    >>> bool(np.abs(system.apply(multigrid.solve(b, rtol=1e-12)) - b).max() < 1e-10)
    True
    """

    def __init__(self, system: Diffusion, limit: int = 400, smoothers: Smoothers | None = None, sweeps: int = 1):
        self.limit, self.shape, self.sweeps = limit, system.shape, sweeps
        self.smoothers = default_smoothers(system) if smoothers is None else smoothers
        if any(code < POINT and system.periodic[code] and system.shape[code] > 1 for code in self.smoothers):
            raise ValueError("lines along a periodic axis are not possible")
        if system.shape[0] > 1 and (0 not in self.smoothers or POINT in self.smoothers):
            raise ValueError("several layers need lines along z (smoother 0), not points")
        if not system.grounded:
            raise ValueError("singular: the liquid has no path to a fixed value or to an electrode")
        self.wraps = (system.periodic[1], system.periodic[2])
        self.quick = self.smoothers == (POINT,) and not any(self.wraps)
        self.levels = self._hierarchy(system)
        self.iterations, self.residual = 0, 0.0

    def solve(self, right: Array, rtol: float = 1e-10, start: Array | None = None) -> Array:
        """Solution for a right side shaped like the grid, to a relative residual, beginning with `start` or zero."""
        top = self.levels[0]
        top.f[...] = right
        u, q, p = np.zeros(self.shape), np.empty(self.shape), np.zeros_like(top.u)
        size = _norm(top.f)
        self.iterations, self.residual = 0, 0.0
        if size == 0.0:
            return u
        if start is not None:
            u[...] = p[1:-1, 1:-1, 1:-1] = start
            self._wrap(p)
            kernels.apply(*top.links, top.diagonal, p, q)
            top.f -= q
            p[...] = 0.0
        reached, old = _norm(top.f) / size, 0.0
        while reached > rtol and self.iterations < self.limit:
            self._cycle(0)
            old = kernels.direct(top.u, top.f, old, p)
            self._wrap(p)
            alpha = old / kernels.apply(*top.links, top.diagonal, p, q)
            reached = kernels.step(alpha, p, q, u, top.f) ** 0.5 / size
            self.iterations += 1
        self.residual = reached
        if not reached <= rtol:
            raise SolverError(
                f"the linear iteration reached a relative residual of {reached:.1e} after {self.iterations} "
                f"iterations; {rtol:.1e} was asked for. Liquid without any path to an electrode or a fixed value?"
            )
        return u

    def cycle(self, right: Array) -> Array:
        """One V-cycle from zero: a symmetric approximation of the solution, as a preconditioner (overwritten later)."""
        self.levels[0].f[...] = right
        self._cycle(0)
        return self.levels[0].inner

    def _cycle(self, n: int) -> None:
        here = self.levels[n]
        if n + 1 == len(self.levels):
            here.inner[...] = np.einsum("ij,j->i", self.coarsest, here.f.ravel()).reshape(here.f.shape)  # no threads
            return
        below = self.levels[n + 1]
        if self.quick:
            self._quick_cycle(n, here, below)
            return
        here.u[...] = 0.0
        self._smooth(here, self.smoothers, (0, 1))
        self._wrap(here.u)
        kernels.restrict(*here.links, here.diagonal, here.f, here.u, *here.halved, below.f)
        self._cycle(n + 1)
        kernels.prolong(below.u, *here.halved, here.u)
        self._smooth(here, self.smoothers[::-1], (1, 0))

    def _quick_cycle(self, n: int, here: _Level, below: _Level) -> None:
        """Do the same for points without periodic axes, leaving out what is zero or overwritten."""
        y, x, pivot, f, u = here.links[1][0], here.links[2][0], here.pivots[POINT][0], here.f[0], here.u[1]
        kernels.start_points(pivot, f, u)
        kernels.sweep_points(y, x, pivot, f, u, 1, 2 * self.sweeps - 1)
        kernels.restrict_points(y, x, here.diagonal[0], f, u, *here.halved, below.f[0])
        self._cycle(n + 1)
        kernels.prolong_points(below.u[1], *here.halved, u)
        kernels.sweep_points(y, x, pivot, f, u, 1, 2 * self.sweeps)

    def _smooth(self, here: _Level, order: Smoothers, colours: tuple[int, int]) -> None:
        z, y, x = here.links
        for code in order:
            pivot = here.pivots[code]
            for colour in colours:
                self._wrap(here.u)
                if code == POINT:
                    kernels.smooth_points(y[0], x[0], pivot[0], here.f[0], here.u[1], colour)
                else:
                    sweep = (kernels.smooth_z, kernels.smooth_y, kernels.smooth_x)[code]
                    sweep(z, y, x, pivot, here.f, here.u, colour)

    def _wrap(self, u: Array) -> None:
        if self.wraps[0]:
            u[:, 0], u[:, -1] = u[:, -2], u[:, 1]
        if self.wraps[1]:
            u[:, :, 0], u[:, :, -1] = u[:, :, -2], u[:, :, 1]

    def _hierarchy(self, system: Diffusion) -> list[_Level]:
        z, y, x = (np.ascontiguousarray(link) for link in system.links)
        part = Diffusion((z, y, x), np.ascontiguousarray(system.sink), system.periodic)
        levels = []
        while True:
            small = part.sink.size <= COARSEST or part.shape[1] * part.shape[2] == 1
            halved = (0, 0) if small else directions(part)
            shape = part.shape
            u = np.zeros((shape[0] + 2, shape[1] + 2, shape[2] + 2))
            diagonal = _diagonal(part)
            pivots = {} if small else {code: _pivots(part, code, diagonal) for code in self.smoothers}
            levels.append(
                _Level(
                    part.links, diagonal, part.sink, pivots, halved,
                    np.zeros(shape), u, u[1:-1, 1:-1, 1:-1],
                )
            )  # fmt: skip
            if small:
                self.coarsest = np.linalg.inv(_dense(part))
                return levels
            for axis in (2, 1):
                if halved[axis - 1]:
                    part = joined(part, axis)


def _norm(values: Array) -> float:
    return float(np.sqrt(np.square(values).sum()))  # BLAS would wake its threads


def default_smoothers(system: Diffusion) -> Smoothers:
    """Points for one layer of about square cells; else lines: along z, and x and y where cells are long.

    Examples
    --------
    >>> from simcell.numerics.diffusion import conduction
    >>> from simcell.numerics.grid import plan
    >>> default_smoothers(conduction(plan([0.0, 1.0, 2.0], [0.0, 9.0, 18.0], 1.0), 1.0))
    (1, 2)
    """
    free = tuple(axis for axis in (1, 2) if system.shape[axis] > 1 and not system.periodic[axis])
    lines = free if _elongated(system) else ()
    if system.shape[0] > 1:
        return (0, *lines)
    return lines or (POINT,)


def _elongated(system: Diffusion) -> bool:
    """Whether couplings along x and y differ by more than `SQUARE` in two of a hundred cells."""
    if min(system.shape[1:]) == 1:
        return system.shape[0] == 1
    y, x = system.links[1][:, 1:, :], system.links[2][:, :, 1:]
    both = (y > 0.0) & (x > 0.0)
    ratio = y[both] / x[both]
    return ratio.size > 0 and bool(np.mean((ratio > SQUARE) | (ratio < 1.0 / SQUARE)) > 0.02)


def directions(part: Diffusion) -> tuple[int, int]:
    """Join along both axes (y, x), or only along that whose couplings are ten times the other's on average.

    Examples
    --------
    >>> from simcell.numerics.diffusion import conduction
    >>> from simcell.numerics.grid import plan
    >>> directions(conduction(plan([0.0, 1.0, 2.0, 3.0], [0.0, 9.0, 18.0, 27.0], 1.0), 1.0))
    (0, 1)
    """
    _, ny, nx = part.shape
    if ny == 1 or nx == 1:
        return int(ny > 1), int(nx > 1)
    strength_y, strength_x = part.links[1][:, 1:-1].mean(), part.links[2][:, :, 1:-1].mean()
    return int(strength_y >= 0.1 * strength_x), int(strength_x >= 0.1 * strength_y)


def _pivots(part: Diffusion, code: int, diagonal: Array) -> Array:
    """Inverse diagonal for points, inverse pivots of the tridiagonal matrices for lines."""
    if code == POINT:
        return 1.0 / diagonal
    pivot, n = diagonal.copy(), part.shape[code]
    along, link = np.moveaxis(pivot, code, 0), np.moveaxis(part.links[code], code, 0)
    along[0] = 1.0 / along[0]
    for i in range(1, n):
        along[i] = 1.0 / (along[i] - link[i] ** 2 * along[i - 1])
    return pivot


def joined(part: Diffusion, axis: int) -> Diffusion:
    """Operator of pairs of cells along an axis (the last one alone where their number is odd).

    Examples
    --------
    >>> from simcell.numerics.diffusion import conduction
    >>> from simcell.numerics.grid import plan
    >>> joined(conduction(plan(range(5), [0.0, 1.0], 1.0), 1.0), 2).links[2].ravel()
    array([0. , 0.5, 0. ])
    """
    half = (int(axis == 1), int(axis == 2))
    links = [summed(link, half) if other != axis else link for other, link in enumerate(part.links)]
    nz, ny, nx = part.shape
    m = (part.shape[axis] + 1) // 2
    along = part.links[axis].reshape((nz * ny, nx + 1, 1) if axis == 2 else (nz, ny + 1, nx))
    joined = np.empty((along.shape[0], m + 1, along.shape[2]))
    kernels.join(along, part.periodic[axis], joined)
    if part.periodic[axis] and m == 1:
        joined[...] = 0.0  # a cell that is its own neighbour
    links[axis] = joined.reshape((nz, ny, m + 1) if axis == 2 else (nz, m + 1, nx))
    return Diffusion((links[0], links[1], links[2]), summed(part.sink, half), part.periodic)


def summed(values: Array, half: tuple[int, int]) -> Array:
    """Sum over pairs of cells along y, x where `half` says so.

    Examples
    --------
    >>> summed(np.ones((1, 1, 3)), (0, 1))
    array([[[2., 1.]]])
    """
    nz, ny, nx = values.shape
    total = np.zeros((nz, (ny + half[0]) >> half[0], (nx + half[1]) >> half[1]))
    kernels.sum_pairs(values, *half, total)
    return total


def _diagonal(part: Diffusion) -> Array:
    diagonal = np.empty(part.shape)
    kernels.add_up(*part.links, part.sink, diagonal)
    return diagonal


def _dense(part: Diffusion) -> Array:
    """Matrix of a small operator."""
    index = np.arange(part.sink.size).reshape(part.shape)
    matrix = np.diag(part.diagonal().ravel())
    for axis, link in enumerate(part.links):
        n = part.shape[axis]
        pairs = [(range(n - 1), range(1, n), range(1, n))] + [([n - 1], [0], [0])] * part.periodic[axis]
        for low, high, face in pairs:
            a, b = np.take(index, low, axis).ravel(), np.take(index, high, axis).ravel()
            t = np.take(link, face, axis).ravel()
            np.subtract.at(matrix, (a, b), t)
            np.subtract.at(matrix, (b, a), t)
    return matrix

r"""Kernels of the implicit step: flows of both equations in double, the linearised system in single precision.

With dx and dw = du - dx/x the system that Newton's method solves reads (symbols as in `implicit`)

.. math:: L_D\,dx + s\,dx + m(g_u + e)\,dw = \ldots,\qquad L_\kappa(dw + 2t_+ dx/x) + \ldots = \ldots

Links at the ends are 0. Rows are taken one by one so that vector instructions apply; no array of a kernel that is
written overlaps another.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.jit import njit, njit_apart

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Labels = NDArray[np.int64]


@njit_apart
def _leaving(j: int, y: Array, x: Array, u: Array, out: Array) -> None:
    """Sum over faces of link * (u - neighbour) in a row."""
    ny, nx = u.shape
    here, above, below, north, south = u[j], u[max(j - 1, 0)], u[min(j + 1, ny - 1)], y[j], y[j + 1]
    for i in range(nx):
        out[i] = north[i] * (here[i] - above[i]) + south[i] * (here[i] - below[i])
    before, after, west = here[: nx - 1], here[1:], x[j, 1:]
    for i in range(nx - 1):
        out[i] += west[i] * (before[i] - after[i])
    rest = out[1:]
    for i in range(nx - 1):
        rest[i] += west[i] * (after[i] - before[i])


@njit_apart
def leaving(y: Array, x: Array, u: Array, out: Array) -> None:
    """Sum over faces of link * (u - neighbour)."""
    for j in range(u.shape[0]):
        _leaving(j, y, x, u, out[j])


@njit_apart
def balance(
    salt_y: Array, salt_x: Array, salt_own: Array, salt_in: Array, charge_y: Array, charge_x: Array,
    charge_end: Array, counter_end: Array, charge_in: Array, rate: Array, transference: float, x: Array, e: Array,
    u: Array, salt: Array, charge: Array, squares: Array,
) -> None:  # fmt: skip
    """Residuals of both equations, without what the constants of `Step` do not count; e = u - (1 - 2 t+) ln x.

    squares[0], [1]: sums over columns of the squares of both residuals, and of what their terms are rounded from.
    """
    ny, nx = x.shape
    m = 1.0 - transference
    squares[:] = 0.0
    for j in range(ny):
        _leaving(j, salt_y, salt_x, x, salt[j])
        _leaving(j, charge_y, charge_x, e, charge[j])
        miss, rough, north, south, west, east = (
            squares[0],
            squares[1],
            salt_y[j],
            salt_y[j + 1],
            salt_x[j],
            salt_x[j, 1:],
        )
        for i in range(nx):
            salt[j, i] += salt_own[j, i] * x[j, i] - salt_in[j, i] + m * (rate[j, i] + counter_end[j, i] * u[j, i])
            charge[j, i] += charge_end[j, i] * e[j, i] + counter_end[j, i] * u[j, i] - charge_in[j, i] + rate[j, i]
            miss[i] += salt[j, i] ** 2 + charge[j, i] ** 2
            rough[i] += ((salt_own[j, i] + north[i] + south[i] + west[i] + east[i]) * x[j, i]) ** 2
        north, south, west, east = charge_y[j], charge_y[j + 1], charge_x[j], charge_x[j, 1:]
        for i in range(nx):
            rough[i] += ((north[i] + south[i] + west[i] + east[i]) * u[j, i]) ** 2


@njit_apart
def linearise(
    x: Array, store: Array, charge_end: Array, counter_end: Array, by_ratio: Array, by_drive: Array,
    transference: float, inverse: Single, follow: Single, salt_own: Single, across: Single, charge_own: Single,
) -> None:  # fmt: skip
    """Coefficients of the linear system; `store` counts what a cell and the ends hold of dx."""
    ny, nx = x.shape
    m = 1.0 - transference
    for j in range(ny):
        for i in range(nx):
            r, g, k = 1.0 / x[j, i], by_drive[j, i], counter_end[j, i]
            inverse[j, i] = r
            follow[j, i] = 2.0 * transference * charge_end[j, i] + k + x[j, i] * by_ratio[j, i] + g
            salt_own[j, i] = store[j, i] + m * (by_ratio[j, i] + (g + k) * r)
            across[j, i] = m * (g + k)
            charge_own[j, i] = charge_end[j, i] + k + g


@njit_apart
def remainder(
    charge_y: Single, charge_x: Single, twice: float, follow: Single, inverse: Single, dx: Single, right: Single,
    z: Single, out: Single, rest: Single,
) -> None:  # fmt: skip
    """What dx at constant w does in the charge equation, and what it leaves of the right side; twice = 2 t+."""
    ny, nx = dx.shape
    two = dx.dtype.type(twice)
    for j in range(ny):
        for i in range(nx):
            z[j, i] = dx[j, i] * inverse[j, i]
    for j in range(ny):
        _leaving(j, charge_y, charge_x, z, out[j])
        for i in range(nx):
            out[j, i] = two * out[j, i] + follow[j, i] * z[j, i]
            rest[j, i] = right[j, i] - out[j, i]


@njit_apart
def product(
    salt_y: Single, salt_x: Single, salt_own: Single, across: Single, charge_y: Single, charge_x: Single,
    charge_own: Single, follows: Single, dx: Single, dw: Single, salt: Single, charge: Single,
) -> None:  # fmt: skip
    """Both equations along (dx, dw); `follows` is what `remainder` gave for dx."""
    ny, nx = dx.shape
    for j in range(ny):
        _leaving(j, salt_y, salt_x, dx, salt[j])
        _leaving(j, charge_y, charge_x, dw, charge[j])
        for i in range(nx):
            salt[j, i] += salt_own[j, i] * dx[j, i] + across[j, i] * dw[j, i]
            charge[j, i] += charge_own[j, i] * dw[j, i] + follows[j, i]


@njit
def pull(by_drive: Array, body: Labels, p: Array, part: float, salt: Single, charge: Single) -> None:
    """Take the reaction that the potentials of the bodies drive out of both equations; part = 1 - t+."""
    ny, nx = by_drive.shape
    for j in range(ny):
        for i in range(nx):
            if by_drive[j, i] != 0.0:
                r = by_drive[j, i] * p[body[j, i]]
                salt[j, i] -= part * r
                charge[j, i] -= r


@njit
def nets(a: Array, b: Array, body: Labels, totals: Array) -> None:
    """Sum of a * b for each body."""
    ny, nx = a.shape
    totals[:] = 0.0
    for j in range(ny):
        for i in range(nx):
            if a[j, i] != 0.0:
                totals[body[j, i]] += a[j, i] * b[j, i]


@njit_apart
def restore(dx: Single, dw: Single, inverse: Single, size: float) -> None:
    """Multiply by `size`, and put du = dw + dx / x in place of dw."""
    ny, nx = dx.shape
    s = dx.dtype.type(size)
    for j in range(ny):
        for i in range(nx):
            dx[j, i] *= s
            dw[j, i] = s * dw[j, i] + dx[j, i] * inverse[j, i]


@njit_apart
def steepest(x: Array, dx: Array, work: Array) -> float:
    """Largest relative fall -dx / x."""
    ny, nx = x.shape
    work[:] = 0.0
    for j in range(ny):
        for i in range(nx):
            work[i] = max(work[i], -dx[j, i] / x[j, i])
    return work.max()


@njit_apart
def move(x: Array, u: Array, dx: Array, du: Array, fraction: float) -> None:
    """Go a fraction of a step, in place."""
    ny, nx = x.shape
    for j in range(ny):
        for i in range(nx):
            x[j, i] += fraction * dx[j, i]
            u[j, i] += fraction * du[j, i]

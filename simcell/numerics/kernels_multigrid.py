r"""Kernels of multigrid-preconditioned conjugate gradients for the operator of `simcell.numerics.diffusion`.

Smoothers: Gauss-Seidel in two colours, by points (one layer) or by lines along an axis (tridiagonal solutions in
place: forward elimination into u, then back). Points are cheapest where the cells are about square; where cells are
much longer than wide only lines along the short side work (U. Trottenberg, C. Oosterlee, A. Schüller, Multigrid,
2001, section 5.1). `first` is the colour that begins: sweeps in the opposite order are adjoint to one another.

Links z, y, x are shaped like faces (one more entry along their axis). Vectors u and p to which an operator is applied
have one more cell at both ends of every axis: zero, or the other end where the axis is periodic. No kernel calls
another, so each is compiled alone and only when it is needed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.jit import njit

Array = NDArray[np.float64]


@njit
def add_up(z: Array, y: Array, x: Array, sink: Array, diagonal: Array) -> None:
    """Diagonal: all conductances of a cell; 1 where there are none."""
    nz, ny, nx = sink.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                total = sink[k, j, i] + z[k, j, i] + z[k + 1, j, i]
                total += y[k, j, i] + y[k, j + 1, i] + x[k, j, i] + x[k, j, i + 1]
                diagonal[k, j, i] = total if total > 0.0 else 1.0


@njit
def sum_pairs(values: Array, half_y: int, half_x: int, total: Array) -> None:
    """Add up pairs along y, x where half_y, half_x are 1; `total` starts at zero."""
    nz, ny, nx = values.shape
    for k in range(nz):
        for j in range(ny):
            row = j >> half_y
            for i in range(nx):
                total[k, row, i >> half_x] += values[k, j, i]


@njit
def join(link: Array, wraps: bool, joined: Array) -> None:
    """Links along the middle axis between pairs of cells: half a pair, the face, half a pair in series."""
    before, n, after = link.shape[0], link.shape[1] - 1, link.shape[2]
    m = joined.shape[1] - 1
    for a in range(before):
        for face in range(m + 1):
            low, high = face - 1, face
            if wraps and (face == 0 or face == m):
                low, high = m - 1, 0
            inside_low = 2 * low + 1 if low >= 0 and 2 * low + 1 < n else -1
            inside_high = 2 * high + 1 if high < m and 2 * high + 1 < n else -1
            at = min(2 * face, n)
            for b in range(after):
                t = link[a, at, b]
                if t <= 0.0:
                    joined[a, face, b] = 0.0
                    continue
                r = 1.0 / t
                if inside_low >= 0 and link[a, inside_low, b] > 0.0:
                    r += 0.5 / link[a, inside_low, b]
                if inside_high >= 0 and link[a, inside_high, b] > 0.0:
                    r += 0.5 / link[a, inside_high, b]
                joined[a, face, b] = 1.0 / r


@njit
def smooth_points(y: Array, x: Array, pivot: Array, f: Array, u: Array, colour: int) -> None:
    """Half a sweep over one layer (all arrays two-dimensional): the points of one colour."""
    ny, nx = f.shape
    for j in range(ny):
        for i in range((j + colour) % 2, nx, 2):
            s = f[j, i] + y[j, i] * u[j, i + 1] + y[j + 1, i] * u[j + 2, i + 1]
            u[j + 1, i + 1] = (s + x[j, i] * u[j + 1, i] + x[j, i + 1] * u[j + 1, i + 2]) * pivot[j, i]


@njit
def sweep_points(y: Array, x: Array, pivot: Array, f: Array, u: Array, colour: int, halves: int) -> None:
    """`smooth_points` with alternating colours, `halves` times, in one pass: each half follows a row behind the last.

    The numbers are those of one after the other; the arrays travel through the memory once.
    """
    ny, nx = f.shape
    for row in range(ny + halves - 1):
        for half in range(halves):
            j = row - half
            if j < 0 or j >= ny:
                continue
            for i in range((j + colour + half) % 2, nx, 2):
                s = f[j, i] + y[j, i] * u[j, i + 1] + y[j + 1, i] * u[j + 2, i + 1]
                u[j + 1, i + 1] = (s + x[j, i] * u[j + 1, i] + x[j, i + 1] * u[j + 1, i + 2]) * pivot[j, i]


@njit
def start_points(pivot: Array, f: Array, u: Array) -> None:
    """Half a sweep from zero: the points of colour 0, which see nothing of their neighbours."""
    ny, nx = f.shape
    for j in range(ny):
        for i in range(j % 2, nx, 2):
            u[j + 1, i + 1] = f[j, i] * pivot[j, i]


@njit
def restrict_points(
    y: Array, x: Array, diagonal: Array, f: Array, u: Array, half_y: int, half_x: int, coarse: Array
) -> None:
    """`restrict` for one layer right after points of colour 1 were smoothed, whose residual is zero."""
    ny, nx = f.shape
    coarse[:] = 0.0
    for j in range(ny):
        row = j >> half_y
        for i in range(j % 2, nx, 2):
            s = f[j, i] - diagonal[j, i] * u[j + 1, i + 1]
            s += y[j, i] * u[j, i + 1] + y[j + 1, i] * u[j + 2, i + 1]
            coarse[row, i >> half_x] += s + x[j, i] * u[j + 1, i] + x[j, i + 1] * u[j + 1, i + 2]


@njit
def prolong_points(coarse: Array, half_y: int, half_x: int, u: Array) -> None:
    """`prolong` for one layer where points of colour 1 are smoothed next, which do not see their own value."""
    ny, nx = u.shape
    for j in range(ny - 2):
        row = (j >> half_y) + 1
        for i in range(j % 2, nx - 2, 2):
            u[j + 1, i + 1] += coarse[row, (i >> half_x) + 1]


@njit
def smooth_z(z: Array, y: Array, x: Array, pivot: Array, f: Array, u: Array, colour: int) -> None:
    """Half a sweep: the columns of one colour."""
    nz, ny, nx = f.shape
    for j in range(ny):
        start = (j + colour) % 2
        for k in range(nz):
            for i in range(start, nx, 2):
                s = f[k, j, i] + z[k, j, i] * u[k, j + 1, i + 1]
                s += y[k, j, i] * u[k + 1, j, i + 1] + y[k, j + 1, i] * u[k + 1, j + 2, i + 1]
                s += x[k, j, i] * u[k + 1, j + 1, i] + x[k, j, i + 1] * u[k + 1, j + 1, i + 2]
                u[k + 1, j + 1, i + 1] = s * pivot[k, j, i]
        for k in range(nz - 2, -1, -1):
            for i in range(start, nx, 2):
                u[k + 1, j + 1, i + 1] += z[k + 1, j, i] * pivot[k, j, i] * u[k + 2, j + 1, i + 1]


@njit
def smooth_y(z: Array, y: Array, x: Array, pivot: Array, f: Array, u: Array, colour: int) -> None:
    """Half a sweep: the lines along y of one colour."""
    nz, ny, nx = f.shape
    for k in range(nz):
        start = (k + colour) % 2
        for j in range(ny):
            for i in range(start, nx, 2):
                s = f[k, j, i] + y[k, j, i] * u[k + 1, j, i + 1]
                s += z[k, j, i] * u[k, j + 1, i + 1] + z[k + 1, j, i] * u[k + 2, j + 1, i + 1]
                s += x[k, j, i] * u[k + 1, j + 1, i] + x[k, j, i + 1] * u[k + 1, j + 1, i + 2]
                u[k + 1, j + 1, i + 1] = s * pivot[k, j, i]
        for j in range(ny - 2, -1, -1):
            for i in range(start, nx, 2):
                u[k + 1, j + 1, i + 1] += y[k, j + 1, i] * pivot[k, j, i] * u[k + 1, j + 2, i + 1]


@njit
def smooth_x(z: Array, y: Array, x: Array, pivot: Array, f: Array, u: Array, colour: int) -> None:
    """Half a sweep: the lines along x of one colour."""
    nz, ny, nx = f.shape
    for k in range(nz):
        for j in range((k + colour) % 2, ny, 2):
            last = 0.0
            for i in range(nx):
                s = f[k, j, i] + x[k, j, i] * last
                s += z[k, j, i] * u[k, j + 1, i + 1] + z[k + 1, j, i] * u[k + 2, j + 1, i + 1]
                s += y[k, j, i] * u[k + 1, j, i + 1] + y[k, j + 1, i] * u[k + 1, j + 2, i + 1]
                last = s * pivot[k, j, i]
                u[k + 1, j + 1, i + 1] = last
            for i in range(nx - 2, -1, -1):
                last = u[k + 1, j + 1, i + 1] + x[k, j, i + 1] * pivot[k, j, i] * last
                u[k + 1, j + 1, i + 1] = last


@njit
def restrict(
    z: Array, y: Array, x: Array, diagonal: Array, f: Array, u: Array, half_y: int, half_x: int, coarse: Array
) -> None:
    """Sum the residual f - A u into coarse cells; an axis is halved where half_y, half_x are 1."""
    nz, ny, nx = f.shape
    coarse[:] = 0.0
    for k in range(nz):
        for j in range(ny):
            row = j >> half_y
            for i in range(nx):
                s = f[k, j, i] - diagonal[k, j, i] * u[k + 1, j + 1, i + 1]
                s += y[k, j, i] * u[k + 1, j, i + 1] + y[k, j + 1, i] * u[k + 1, j + 2, i + 1]
                s += x[k, j, i] * u[k + 1, j + 1, i] + x[k, j, i + 1] * u[k + 1, j + 1, i + 2]
                if nz > 1:
                    s += z[k, j, i] * u[k, j + 1, i + 1] + z[k + 1, j, i] * u[k + 2, j + 1, i + 1]
                coarse[k, row, i >> half_x] += s


@njit
def prolong(coarse: Array, half_y: int, half_x: int, u: Array) -> None:
    """Add the correction of the coarse cell to each of its cells (both padded)."""
    nz, ny, nx = u.shape
    for k in range(1, nz - 1):
        for j in range(ny - 2):
            row = (j >> half_y) + 1
            for i in range(nx - 2):
                u[k, j + 1, i + 1] += coarse[k, row, (i >> half_x) + 1]


@njit
def apply(z: Array, y: Array, x: Array, diagonal: Array, p: Array, q: Array) -> float:
    """Operator on the padded vector p, and the product (p, q)."""
    nz, ny, nx = q.shape
    total = 0.0
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                s = diagonal[k, j, i] * p[k + 1, j + 1, i + 1]
                s -= y[k, j, i] * p[k + 1, j, i + 1] + y[k, j + 1, i] * p[k + 1, j + 2, i + 1]
                s -= x[k, j, i] * p[k + 1, j + 1, i] + x[k, j, i + 1] * p[k + 1, j + 1, i + 2]
                if nz > 1:
                    s -= z[k, j, i] * p[k, j + 1, i + 1] + z[k + 1, j, i] * p[k + 2, j + 1, i + 1]
                q[k, j, i] = s
                total += s * p[k + 1, j + 1, i + 1]
    return total


@njit
def direct(guess: Array, f: Array, old: float, p: Array) -> float:
    """New search direction p = guess + beta p (padded); gives the product (f, guess), beta is its ratio to the old."""
    nz, ny, nx = f.shape
    new = 0.0
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                new += f[k, j, i] * guess[k + 1, j + 1, i + 1]
    beta = new / old if old > 0.0 else 0.0
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                p[k + 1, j + 1, i + 1] = guess[k + 1, j + 1, i + 1] + beta * p[k + 1, j + 1, i + 1]
    return new


@njit
def step(alpha: float, p: Array, q: Array, u: Array, f: Array) -> float:
    """Go along p: solution u and residual f; gives the square of the residual."""
    nz, ny, nx = f.shape
    total = 0.0
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                u[k, j, i] += alpha * p[k + 1, j + 1, i + 1]
                f[k, j, i] -= alpha * q[k, j, i]
                total += f[k, j, i] ** 2
    return total


@njit
def balance(z: Array, y: Array, x: Array, sink: Array, u: Array, wraps: Array, out: Array) -> None:
    """Operator on an unpadded u, flow by flow: what one cell loses its neighbour gains exactly."""
    nz, ny, nx = u.shape
    for k in range(nz):
        for j in range(ny):
            for i in range(nx):
                out[k, j, i] = sink[k, j, i] * u[k, j, i]
            for i in range(1, nx):
                flow = x[k, j, i] * (u[k, j, i - 1] - u[k, j, i])
                out[k, j, i - 1] += flow
                out[k, j, i] -= flow
            before = u[k, j, nx - 1] if wraps[2] else 0.0
            after = u[k, j, 0] if wraps[2] else 0.0
            out[k, j, 0] += x[k, j, 0] * (u[k, j, 0] - before)
            out[k, j, nx - 1] += x[k, j, nx] * (u[k, j, nx - 1] - after)
        for j in range(1, ny):
            for i in range(nx):
                flow = y[k, j, i] * (u[k, j - 1, i] - u[k, j, i])
                out[k, j - 1, i] += flow
                out[k, j, i] -= flow
        for i in range(nx):
            before = u[k, ny - 1, i] if wraps[1] else 0.0
            after = u[k, 0, i] if wraps[1] else 0.0
            out[k, 0, i] += y[k, 0, i] * (u[k, 0, i] - before)
            out[k, ny - 1, i] += y[k, ny, i] * (u[k, ny - 1, i] - after)
    for k in range(1, nz):
        for j in range(ny):
            for i in range(nx):
                flow = z[k, j, i] * (u[k - 1, j, i] - u[k, j, i])
                out[k - 1, j, i] += flow
                out[k, j, i] -= flow
    for j in range(ny):
        for i in range(nx):
            out[0, j, i] += z[0, j, i] * u[0, j, i]
            out[nz - 1, j, i] += z[nz, j, i] * u[nz - 1, j, i]

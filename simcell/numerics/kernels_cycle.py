"""Kernels of a V-cycle for one layer of square cells, in two colours that are stored apart.

Red are the cells with j + i even, black the others: every neighbour of a red cell is black. Row j of a colour holds its
cells in order, k = i // 2, with one more entry on all sides. A half sweep is then a sum of rows with unit stride, which
vector instructions do many at a time. The operator is scaled to a unit diagonal, A = 1 - N, so that one half sweep is
u_red = f_red + N u_black, and the residual of the red cells is that less u_red. Each link joins a red and a black cell,
so that those of the red ones (north is towards row j - 1, west towards i - 1) are all there are.

Half sweeps follow one another by a row, as in `kernels_multigrid.sweep_points`: arrays travel through the memory once
on the way down and once on the way up. No array of a kernel overlaps another.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.jit import njit_apart

Array = NDArray[np.float64]
Single = NDArray[np.float32]


@njit_apart
def coarsen(y: Array, x: Array, sink: Array, coarse_y: Array, coarse_x: Array, coarse_sink: Array) -> None:
    """Operator of squares of four cells: links in series along an axis, in parallel across it; sinks added up."""
    ny, nx = sink.shape
    my, mx = coarse_sink.shape
    for jc in range(my):
        for ic in range(mx):
            total, t = 0.0, 0.0
            for j in range(2 * jc, min(2 * jc + 2, ny)):
                for i in range(2 * ic, min(2 * ic + 2, nx)):
                    total += sink[j, i]
                if ic > 0 and x[j, 2 * ic] > 0.0:
                    r = 1.0 / x[j, 2 * ic]
                    if x[j, 2 * ic - 1] > 0.0:
                        r += 0.5 / x[j, 2 * ic - 1]
                    if 2 * ic + 1 < nx and x[j, 2 * ic + 1] > 0.0:
                        r += 0.5 / x[j, 2 * ic + 1]
                    t += 1.0 / r
            coarse_sink[jc, ic], coarse_x[jc, ic] = total, t
            face, low, high = 0.0, 0.0, 0.0
            if jc > 0:
                for i in range(2 * ic, min(2 * ic + 2, nx)):
                    face += y[2 * jc, i]
                    low += y[2 * jc - 1, i]
                    high += y[2 * jc + 1, i] if 2 * jc + 1 < ny else 0.0
            if face > 0.0:
                r = 1.0 / face
                if low > 0.0:
                    r += 0.5 / low
                if high > 0.0:
                    r += 0.5 / high
                face = 1.0 / r
            coarse_y[jc, ic] = face


@njit_apart
def scale(y: Array, x: Array, sink: Array, root: Array) -> None:
    """One over the root of the diagonal; 0 where there is no operator."""
    ny, nx = sink.shape
    for j in range(ny):
        for i in range(nx):
            total = sink[j, i] + y[j, i] + y[j + 1, i] + x[j, i] + x[j, i + 1]
            root[j, i] = 1.0 / np.sqrt(total) if total > 0.0 else 0.0


@njit_apart
def paint(y: Array, x: Array, root: Array, north: Single, south: Single, west: Single, east: Single) -> None:
    """Scaled links of the red cells; those at the ends are 0 already."""
    ny, nx = root.shape
    for j in range(ny):
        off, row = j % 2, j + 1
        here, above, below = root[j, off:], root[max(j - 1, 0), off:], root[min(j + 1, ny - 1), off:]
        a, b, c = y[j, off:], y[j + 1, off:], x[j, off:]
        for k in range((nx - off + 1) // 2):
            north[row, k + 1] = a[2 * k] * here[2 * k] * above[2 * k]
            south[row, k + 1] = b[2 * k] * here[2 * k] * below[2 * k]
        if off == 0:
            west[row, 1] = 0.0
        for k in range(1 - off, (nx - off + 1) // 2):
            west[row, k + 1] = c[2 * k] * here[2 * k] * root[j, 2 * k + off - 1]
        for k in range((nx - off) // 2):
            east[row, k + 1] = c[2 * k + 1] * here[2 * k] * here[2 * k + 1]


@njit_apart
def invert(matrix: Array) -> None:
    """Inverse of a small symmetric positive matrix in place (Gauss and Jordan): LAPACK would wake its threads."""
    n = matrix.shape[0]
    for k in range(n):
        pivot = 1.0 / matrix[k, k]
        matrix[k, k] = 1.0
        for j in range(n):
            matrix[k, j] *= pivot
        for i in range(n):
            factor = matrix[i, k]
            if i != k and factor != 0.0:
                matrix[i, k] = 0.0
                for j in range(n):
                    matrix[i, j] -= factor * matrix[k, j]


@njit_apart
def weigh(root: Array, coarse: Array, weight: Single) -> None:
    """What a scaled red cell gets from its scaled coarse cell, and gives to it."""
    ny, nx = root.shape
    for j in range(ny):
        for k in range((nx - j % 2 + 1) // 2):
            r = root[j, 2 * k + j % 2]
            weight[j + 1, k + 1] = coarse[j // 2, k] / r if r > 0.0 else 0.0


@njit_apart
def split(f: Single, root: Single, red: Single, black: Single) -> None:
    """Scale a right side and part it by colour."""
    ny, nx = f.shape
    half = nx // 2
    for j in range(ny):
        even, odd = (red[j + 1], black[j + 1]) if j % 2 == 0 else (black[j + 1], red[j + 1])
        for k in range(half):
            even[k + 1] = f[j, 2 * k] * root[j, 2 * k]
            odd[k + 1] = f[j, 2 * k + 1] * root[j, 2 * k + 1]
        if nx % 2:
            even[half + 1] = f[j, nx - 1] * root[j, nx - 1]


@njit_apart
def merge(red: Single, black: Single, root: Single, u: Single) -> None:
    """Put the colours together again and undo the scaling."""
    ny, nx = u.shape
    half = nx // 2
    for j in range(ny):
        even, odd = (red[j + 1], black[j + 1]) if j % 2 == 0 else (black[j + 1], red[j + 1])
        for k in range(half):
            u[j, 2 * k] = even[k + 1] * root[j, 2 * k]
            u[j, 2 * k + 1] = odd[k + 1] * root[j, 2 * k + 1]
        if nx % 2:
            u[j, nx - 1] = even[half + 1] * root[j, nx - 1]


@njit_apart
def _red(
    j: int, f: Single, north: Single, south: Single, west: Single, east: Single, black: Single, out: Single
) -> None:
    """f + N u in a row of red cells, to a row."""
    row, off, n = j + 1, j % 2, f.shape[1] - 2
    left, right, above, below = black[row, off:], black[row, off + 1 :], black[row - 1, 1:], black[row + 1, 1:]
    g, a, b, c, d = f[row, 1:], north[row, 1:], south[row, 1:], west[row, 1:], east[row, 1:]
    for k in range(n):
        out[k + 1] = g[k] + a[k] * above[k] + b[k] * below[k] + c[k] * left[k] + d[k] * right[k]


@njit_apart
def _black(
    j: int, f: Single, north: Single, south: Single, west: Single, east: Single, red: Single, out: Single
) -> None:
    """Do the same for black ones: their links are those of the red cells they lead to."""
    row, off, n = j + 1, 1 - j % 2, f.shape[1] - 2
    left, right, above, below = red[row, off:], red[row, off + 1 :], red[row - 1, 1:], red[row + 1, 1:]
    g, a, b, c, d = f[row, 1:], south[row - 1, 1:], north[row + 1, 1:], east[row, off:], west[row, off + 1 :]
    for k in range(n):
        out[k + 1] = g[k] + a[k] * above[k] + b[k] * below[k] + c[k] * left[k] + d[k] * right[k]


@njit_apart
def down(
    f_red: Single, f_black: Single, north: Single, south: Single, west: Single, east: Single, weight: Single,
    sweeps: int, red: Single, black: Single, work: Single, coarse_red: Single, coarse_black: Single,
) -> None:  # fmt: skip
    """Sweeps from zero, red first, and the residual that is left to the coarse level."""
    ny, nk = red.shape[0] - 2, red.shape[1] - 2
    stages = 2 * sweeps + 1
    for front in range(ny + stages - 1):
        for stage in range(stages):
            j = front - stage
            if j < 0 or j >= ny:
                continue
            if stage == 0:
                red[j + 1, :] = f_red[j + 1]
            elif stage + 1 == stages:
                # black cells have no residual now; both rows of a coarse cell come into one
                _red(j, f_red, north, south, west, east, black, work[2])
                share = work[j % 2]
                for k in range(1, nk + 1):
                    share[k] = (work[2, k] - red[j + 1, k]) * weight[j + 1, k]
                if j % 2:
                    jc = j // 2
                    even, odd = coarse_red[jc + 1], coarse_black[jc + 1]
                    if jc % 2:
                        even, odd = odd, even
                    for k in range(nk // 2):
                        even[k + 1] = work[0, 2 * k + 1] + work[1, 2 * k + 1]
                        odd[k + 1] = work[0, 2 * k + 2] + work[1, 2 * k + 2]
                    if nk % 2:
                        even[nk // 2 + 1] = work[0, nk] + work[1, nk]
            elif stage % 2:
                _black(j, f_black, north, south, west, east, red, black[j + 1])
            else:
                _red(j, f_red, north, south, west, east, black, red[j + 1])


@njit_apart
def up(
    f_red: Single, f_black: Single, north: Single, south: Single, west: Single, east: Single, weight: Single,
    sweeps: int, red: Single, black: Single, work: Single, coarse_red: Single, coarse_black: Single,
) -> None:  # fmt: skip
    """Take the correction of the coarse level and sweep, black first."""
    ny, nk = red.shape[0] - 2, red.shape[1] - 2
    stages = 2 * sweeps + 1
    for front in range(ny + stages - 1):
        for stage in range(stages):
            j = front - stage
            if j < 0 or j >= ny:
                continue
            if stage == 0:
                jc = j // 2
                even, odd = coarse_red[jc + 1], coarse_black[jc + 1]
                if jc % 2:
                    even, odd = odd, even
                for k in range(nk // 2):
                    work[0, 2 * k + 1] = even[k + 1]
                    work[0, 2 * k + 2] = odd[k + 1]
                if nk % 2:
                    work[0, nk] = even[nk // 2 + 1]
                for k in range(1, nk + 1):
                    red[j + 1, k] += weight[j + 1, k] * work[0, k]
            elif stage % 2:
                _black(j, f_black, north, south, west, east, red, black[j + 1])
            else:
                _red(j, f_red, north, south, west, east, black, red[j + 1])


@njit_apart
def exact(inverse: Single, f_red: Single, f_black: Single, red: Single, black: Single) -> None:
    """Solution on the coarsest level from the (symmetric) inverse; unknowns in one row, red first, with padding."""
    n = f_red.size
    red[:], black[:] = 0.0, 0.0
    for b in range(n):
        r, s = f_red[b], f_black[b]
        for a in range(n):
            red[a] += inverse[b, a] * r + inverse[n + b, a] * s
            black[a] += inverse[b, n + a] * r + inverse[n + b, n + a] * s

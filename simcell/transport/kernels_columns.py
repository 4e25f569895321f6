"""Kernels of multigrid for the transport of ions: columns of cells are solved exactly, all unknowns of a cell at once.

Columns (along z) are taken in the two colours of a chessboard; levels merge cells along x and y only. In a plan a
column is one cell. Everything lies as in `kernels_bath`; the coarsest level is one column or is smoothed more often.
"""

from __future__ import annotations

from simcell.numerics.jit import njit
from simcell.transport.kernels_bath import above, add_own, below, face_at

FEW = 40  # columns of a level up to which it is smoothed four times: costs nothing, and mends the coarse correction


@njit
def invert(a, inverse):
    """Inverse of a small matrix with pivots; `a` is lost. False: singular."""
    m = a.shape[0]
    for r in range(m):
        for c in range(m):
            inverse[r, c] = 1.0 if r == c else 0.0
    for c in range(m):
        p = c
        for r in range(c + 1, m):
            if abs(a[r, c]) > abs(a[p, c]):
                p = r
        if not abs(a[p, c]) > 0.0:
            return False
        if p != c:
            for k in range(m):
                a[c, k], a[p, k] = a[p, k], a[c, k]
                inverse[c, k], inverse[p, k] = inverse[p, k], inverse[c, k]
        over = 1.0 / a[c, c]
        for k in range(m):
            a[c, k] *= over
            inverse[c, k] *= over
        for r in range(m):
            s = a[r, c]
            if r != c and s != 0.0:
                for k in range(m):
                    a[r, k] -= s * a[c, k]
                    inverse[r, k] -= s * inverse[c, k]
    return True


@njit
def merge(first_cell, parent, weight, values):
    """Fill coarser levels of values (cells, n) with weighted sums over the cells that are merged."""
    for c in range(first_cell[1], values.shape[0]):
        for n in range(values.shape[1]):
            values[c, n] = 0.0
    for c in range(first_cell[-2]):
        p = parent[c]
        for n in range(values.shape[1]):
            values[p, n] += weight[c] * values[c, n]


@njit
def factorise(space, coef, local, inverse, up, block):
    """Pivots of all columns on all levels. False: singular."""
    shape, first_cell, first_face, _volume, conductance, _flow, z, _d = space
    count = z.size
    for level in range(shape.shape[0]):
        nz, ny, nx = shape[level]
        for j in range(ny):
            for i in range(nx):
                for k in range(nz):
                    c = first_cell[level] + (k * ny + j) * nx + i
                    for r in range(count):
                        for n in range(count):
                            block[r, n] = local[c, r, n]
                    for axis in range(3):
                        f = first_face[level, axis] + face_at(axis, k, j, i, ny, nx)
                        step = ny * nx if axis == 0 else (nx if axis == 1 else 1)
                        at = k if axis == 0 else (j if axis == 1 else i)
                        if at + 1 < shape[level, axis] and conductance[f] > 0.0:
                            add_own(coef[f], z, 1.0, block)
                        g = f - step  # along each axis the lower face stands one step before
                        if at > 0 and conductance[g] > 0.0:
                            add_own(coef[g], z, -1.0, block)
                            if axis == 0:
                                for n in range(count):  # less lower coupling times the quotient below
                                    below(coef[g], z, up[c - step, :, n], block[:, n])
                    empty = True
                    for r in range(count):
                        for n in range(count):
                            if block[r, n] != 0.0:
                                empty = False
                    if empty:  # no liquid
                        for r in range(count):
                            block[r, r] = 1.0
                    if not invert(block, inverse[c]):
                        return False
                    if k + 1 < nz:
                        f = first_face[level, 0] + face_at(0, k, j, i, ny, nx)
                        quotient(coef[f], z, inverse[c], conductance[f] > 0.0, up[c])
    return True


@njit
def quotient(coef, z, inverse, linked, up):
    """inverse times the coupling of a cell to the one above it."""
    count = z.size
    last = count - 1
    for r in range(count):
        charge = inverse[r, last]
        s = charge * coef[2 * count + last]
        for n in range(last):
            up[r, n] = inverse[r, n] * coef[count + n] + charge * z[n] * (coef[count + n] - coef[count + last])
            s += inverse[r, n] * coef[2 * count + n]
        up[r, last] = s
        if not linked:
            for n in range(count):
                up[r, n] = 0.0


@njit
def pull(space, level, coef, x, k, j, i, sides, row):
    """Subtract from a row what the neighbours beside the column contribute; with sides = 3 those in it as well."""
    shape, first_cell, first_face, _volume, conductance, _flow, z, _d = space
    nz, ny, nx = shape[level]
    c = first_cell[level] + (k * ny + j) * nx + i
    f = first_face[level, 2] + (k * ny + j) * (nx + 1) + i
    if i + 1 < nx and conductance[f + 1] > 0.0:
        above(coef[f + 1], z, x[c + 1], row)
    if i > 0 and conductance[f] > 0.0:
        below(coef[f], z, x[c - 1], row)
    f = first_face[level, 1] + (k * (ny + 1) + j) * nx + i
    if j + 1 < ny and conductance[f + nx] > 0.0:
        above(coef[f + nx], z, x[c + nx], row)
    if j > 0 and conductance[f] > 0.0:
        below(coef[f], z, x[c - nx], row)
    if sides == 3:
        step = ny * nx
        f = first_face[level, 0] + (k * ny + j) * nx + i
        if k + 1 < nz and conductance[f + step] > 0.0:
            above(coef[f + step], z, x[c + step], row)
        if k > 0 and conductance[f] > 0.0:
            below(coef[f], z, x[c - step], row)


@njit
def smooth(space, level, coef, inverse, up, f, x, colour, row):
    """Solve the columns of one colour exactly."""
    shape, first_cell, first_face, _volume, conductance, _flow, z, _d = space
    nz, ny, nx = shape[level]
    count = z.size
    step = ny * nx
    for j in range(ny):
        for i in range((j + colour) % 2, nx, 2):
            for k in range(nz):
                c = first_cell[level] + (k * ny + j) * nx + i
                for n in range(count):
                    row[n] = f[c, n]
                pull(space, level, coef, x, k, j, i, 2, row)
                if k > 0:
                    g = first_face[level, 0] + (k * ny + j) * nx + i
                    if conductance[g] > 0.0:
                        below(coef[g], z, x[c - step], row)
                for r in range(count):
                    s = 0.0
                    for n in range(count):
                        s += inverse[c, r, n] * row[n]
                    x[c, r] = s
            for k in range(nz - 2, -1, -1):
                c = first_cell[level] + (k * ny + j) * nx + i
                for r in range(count):
                    s = 0.0
                    for n in range(count):
                        s += up[c, r, n] * x[c + step, n]
                    x[c, r] -= s


@njit
def restrict(space, level, coef, local, parent, f, x, row):
    """Sum what is left of f into the cells of the next level."""
    shape, first_cell, first_face, _volume, conductance, _flow, z, _d = space
    nz, ny, nx = shape[level]
    count = z.size
    for c in range(first_cell[level + 1], first_cell[level + 2]):
        for n in range(count):
            f[c, n] = 0.0
            x[c, n] = 0.0
    for c in range(first_cell[level], first_cell[level + 1]):
        for r in range(count):
            s = f[c, r]
            for n in range(count):
                s -= local[c, r, n] * x[c, n]
            f[parent[c], r] += s
    for axis in range(3):
        step = ny * nx if axis == 0 else (nx if axis == 1 else 1)
        for k in range(nz - (axis == 0)):
            for j in range(ny - (axis == 1)):
                for i in range(nx - (axis == 2)):
                    c = first_cell[level] + (k * ny + j) * nx + i
                    p, q = parent[c], parent[c + step]
                    if p == q:
                        continue  # what passes inside a merged cell cancels
                    face_no = first_face[level, axis] + face_at(axis, k, j, i, ny, nx)
                    if conductance[face_no] > 0.0:
                        through(coef[face_no], z, x[c], x[c + step], row)
                        for n in range(count):
                            f[p, n] -= row[n]
                            f[q, n] += row[n]


@njit
def through(coef, z, low, high, out):
    """Linear flux through a face."""
    count = z.size
    last = count - 1
    drop = high[last] - low[last]
    charge = coef[2 * count + last] * drop
    for n in range(last):
        a, b = coef[n], coef[count + n]
        out[n] = a * low[n] + b * high[n] + coef[2 * count + n] * drop
        charge += z[n] * ((a - coef[last]) * low[n] + (b - coef[count + last]) * high[n])
    out[last] = charge


@njit
def cycle(space, parent, coef, local, inverse, up, f, x, row):
    """One V-cycle from zero for the right side in the finest level of f."""
    shape, first_cell = space[0], space[1]
    levels = shape.shape[0]
    x[: first_cell[1]] = 0.0
    for level in range(levels):
        times = 4 if shape[level, 1] * shape[level, 2] <= FEW else 1
        if shape[level, 1] * shape[level, 2] == 1:
            times = 1
        for _ in range(times):
            smooth(space, level, coef, inverse, up, f, x, 0, row)
            smooth(space, level, coef, inverse, up, f, x, 1, row)
        if level + 1 < levels:
            restrict(space, level, coef, local, parent, f, x, row)
    for level in range(levels - 2, -1, -1):
        for c in range(first_cell[level], first_cell[level + 1]):
            p = parent[c]
            for n in range(row.size):
                x[c, n] += x[p, n]
        times = 4 if shape[level, 1] * shape[level, 2] <= FEW else 1
        for _ in range(times):
            smooth(space, level, coef, inverse, up, f, x, 1, row)
            smooth(space, level, coef, inverse, up, f, x, 0, row)

"""Kernels of multigrid for the transport of ions: columns of cells are solved exactly, all unknowns of a cell at once.

Columns (along z) are taken in the two colours of a chessboard; levels merge cells along x and y only. In a plan a
column is one cell. Everything lies as in `kernels_bath`; the coarsest level is one column or is smoothed more often.
"""

from __future__ import annotations

from simcell.numerics.jit import njit
from simcell.transport.kernels_bath import above, add_own, below, face_at, linear_flux

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
                            add_own(coef, f, z, 1.0, block)
                        g = f - step  # along each axis the lower face stands one step before
                        if at > 0 and conductance[g] > 0.0:
                            add_own(coef, g, z, -1.0, block)
                            if axis == 0:
                                less_lower(coef, g, z, up, c - step, block)
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
                        quotient(coef, f, z, inverse, c, conductance[f] > 0.0, up)
    return True


@njit
def less_lower(coef, f, z, up, c, block):
    """Subtract from a block the lower coupling times the quotient of the cell below."""
    count = z.size
    last = count - 1
    for n in range(count):
        drop, rest, charge = up[c, last, n], 0.0, 0.0
        for k in range(last):
            value = coef[f, k] * up[c, k, n] - coef[f, 2 * count + k] * drop
            block[k, n] += value
            charge += z[k] * value
            rest -= z[k] * up[c, k, n]
        block[last, n] += charge + coef[f, last] * rest - z[last] * coef[f, 2 * count + last] * drop


@njit
def quotient(coef, f, z, inverse, c, linked, up):
    """inverse times the coupling of a cell to the one above it."""
    count = z.size
    last = count - 1
    for r in range(count):
        charge = inverse[c, r, last]
        s = charge * z[last] * coef[f, 2 * count + last]
        for n in range(last):
            own = coef[f, count + n]
            up[c, r, n] = inverse[c, r, n] * own + charge * z[n] * (own - coef[f, count + last]) if linked else 0.0
            s += (inverse[c, r, n] + charge * z[n]) * coef[f, 2 * count + n]
        up[c, r, last] = s if linked else 0.0


@njit
def smooth(space, level, coef, inverse, up, f, x, colour, row, ions):
    """Solve the columns of one colour exactly."""
    shape, first_cell, first_face, _volume, conductance, _flow, z, _d = space
    nz, ny, nx = shape[level, 0], shape[level, 1], shape[level, 2]
    first, face_z, face_y, face_x = first_cell[level], first_face[level, 0], first_face[level, 1], first_face[level, 2]
    count = z.size
    last = count - 1
    step = ny * nx
    for j in range(ny):
        for i in range((j + colour) % 2, nx, 2):
            for k in range(nz):
                c = first + (k * ny + j) * nx + i
                for n in range(count):
                    ions[n] = 0.0
                g = face_x + (k * ny + j) * (nx + 1) + i
                if i + 1 < nx and conductance[g + 1] > 0.0:
                    above(coef, g + 1, z, x, c + 1, ions)
                if i > 0 and conductance[g] > 0.0:
                    below(coef, g, z, x, c - 1, ions)
                g = face_y + (k * (ny + 1) + j) * nx + i
                if j + 1 < ny and conductance[g + nx] > 0.0:
                    above(coef, g + nx, z, x, c + nx, ions)
                if j > 0 and conductance[g] > 0.0:
                    below(coef, g, z, x, c - nx, ions)
                if k > 0:
                    g = face_z + (k * ny + j) * nx + i
                    if conductance[g] > 0.0:
                        below(coef, g, z, x, c - step, ions)
                charge = f[c, last] - z[last] * ions[last]
                for n in range(last):
                    row[n] = f[c, n] - ions[n]
                    charge -= z[n] * ions[n]
                row[last] = charge
                for r in range(count):
                    s = 0.0
                    for n in range(count):
                        s += inverse[c, r, n] * row[n]
                    x[c, r] = s
            for k in range(nz - 2, -1, -1):
                c = first + (k * ny + j) * nx + i
                for r in range(count):
                    s = 0.0
                    for n in range(count):
                        s += up[c, r, n] * x[c + step, n]
                    x[c, r] -= s


@njit
def restrict(space, level, coef, local, parent, f, x, ions):
    """Sum what is left of f into the cells of the next level."""
    shape, first_cell, first_face, _volume, conductance, _flow, z, _d = space
    nz, ny, nx = shape[level, 0], shape[level, 1], shape[level, 2]
    count = z.size
    last = count - 1
    for c in range(first_cell[level + 1], first_cell[level + 2]):
        for n in range(count):
            f[c, n] = 0.0
            x[c, n] = 0.0
    for c in range(first_cell[level], first_cell[level + 1]):
        p = parent[c]
        for r in range(count):
            s = f[c, r]
            for n in range(count):
                s -= local[c, r, n] * x[c, n]
            f[p, r] += s
    for axis in range(1, 3):
        step = nx if axis == 1 else 1
        for k in range(nz):
            for j in range(ny - (axis == 1)):
                for i in range(nx - (axis == 2)):
                    c = first_cell[level] + (k * ny + j) * nx + i
                    p, q = parent[c], parent[c + step]
                    g = first_face[level, axis] + face_at(axis, k, j, i, ny, nx)
                    if p != q and conductance[g] > 0.0:  # what passes inside a merged cell cancels
                        charge = linear_flux(coef, g, z, x, c, x, c + step, ions)
                        for n in range(last):
                            f[p, n] -= ions[n]
                            f[q, n] += ions[n]
                        f[p, last] -= charge
                        f[q, last] += charge
    step = ny * nx
    for c in range(first_cell[level], first_cell[level + 1] - step):  # along z
        g = first_face[level, 0] + c - first_cell[level] + step
        if conductance[g] > 0.0:
            p, q = parent[c], parent[c + step]
            charge = linear_flux(coef, g, z, x, c, x, c + step, ions)
            for n in range(last):
                f[p, n] -= ions[n]
                f[q, n] += ions[n]
            f[p, last] -= charge
            f[q, last] += charge


@njit
def cycle(space, parent, coef, local, inverse, up, f, x, row, ions):
    """One V-cycle from zero for the right side in the finest level of f."""
    shape, first_cell = space[0], space[1]
    levels = shape.shape[0]
    for c in range(first_cell[1]):
        for n in range(row.size):
            x[c, n] = 0.0
    for level in range(levels):
        columns = shape[level, 1] * shape[level, 2]
        for _ in range(1 if columns == 1 or columns > FEW else 4):
            smooth(space, level, coef, inverse, up, f, x, 0, row, ions)
            smooth(space, level, coef, inverse, up, f, x, 1, row, ions)
        if level + 1 < levels:
            restrict(space, level, coef, local, parent, f, x, ions)
    for level in range(levels - 2, -1, -1):
        for c in range(first_cell[level], first_cell[level + 1]):
            p = parent[c]
            for n in range(row.size):
                x[c, n] += x[p, n]
        for _ in range(1 if shape[level, 1] * shape[level, 2] > FEW else 4):
            smooth(space, level, coef, inverse, up, f, x, 1, row, ions)
            smooth(space, level, coef, inverse, up, f, x, 0, row, ions)

"""Kernels of multigrid for the transport of ions: columns of cells are solved exactly, all unknowns of a cell at once.

Columns (along z) are taken in the two colours of a chessboard; levels merge cells along x and y only. In a plan a
column is one cell. Everything lies as in `kernels_bath`; the coarsest level is one column or is smoothed more often.
"""

from __future__ import annotations

from simcell.numerics.jit import njit, njit_apart
from simcell.transport.kernels_bath import add_own, face_at, fluxes_of_level, store

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
def factorise(space, h, slot, blocks, coef, inverse, up, block, work):
    """Inverse pivots of all columns on all levels, for rows of ions. False: singular."""
    shape, first_cell, first_face, volume, conductance, _flow, z, _d = space
    count, wide = z.size, coef.shape[1] // 3
    last = count - 1
    for level in range(shape.shape[0]):
        ny, nx, nz = shape[level]
        for j in range(ny):
            for i in range(nx):
                for k in range(nz):
                    c = first_cell[level] + (j * nx + i) * nz + k
                    for r in range(count):
                        for n in range(count):
                            block[r, n] = 0.0
                        if r < last:
                            block[r, r] = volume[c] / h
                    b = slot[c]
                    if b >= 0:
                        take_block(blocks, b, z, block)
                    for axis in range(3):
                        f = first_face[level, axis] + face_at(axis, j, i, k, nx, nz)
                        step = nx * nz if axis == 0 else (nz if axis == 1 else 1)
                        at = j if axis == 0 else (i if axis == 1 else k)
                        if at + 1 < shape[level, axis] and conductance[f] > 0.0:
                            add_own(coef, f, z, 1.0, block)
                        g = f - step  # along each axis the lower face stands one step before
                        if at > 0 and conductance[g] > 0.0:
                            add_own(coef, g, z, -1.0, block)
                            if axis == 2:
                                less_lower(coef, g, z, up, c - 1, block)
                    if volume[c] == 0.0:  # no liquid
                        for r in range(count):
                            block[r, r] = 1.0
                    if not invert(block, work):
                        return False
                    spread(work, z, inverse, c, wide)
                    if k + 1 < nz:
                        f = first_face[level, 2] + face_at(2, j, i, k, nx, nz)
                        quotient(coef, f, z, inverse, c, conductance[f] > 0.0, up)
    return True


@njit
def take_block(blocks, b, z, block):
    """Subtract a block of rows of ions from one of rows of ions and charge."""
    count, wide = z.size, blocks.shape[1]
    last = count - 1
    for n in range(count):
        at = n if n < last else wide
        charge = 0.0
        for k in range(count):
            charge += z[k] * blocks[b, k, at]
            if k < last:
                block[k, n] -= blocks[b, k, at]
        block[last, n] -= charge


@njit
def spread(small, z, inverse, c, wide):
    """From the inverse for rows of ions and charge to that from rows of all ions to all changes; columns first."""
    count = z.size
    last = count - 1
    for n in range(wide):
        for r in range(wide + 1):
            inverse[c, n, r] = 0.0
    for n in range(count):
        rest = 0.0
        for r in range(count):
            value = z[n] * small[r, last] + (small[r, n] if n < last else 0.0)
            if r < last:
                inverse[c, n, r] = value
                rest -= z[r] * value
            else:
                inverse[c, n, wide] = value
        inverse[c, n, last] = rest / z[last]


@njit
def less_lower(coef, f, z, up, c, block):
    """Subtract from a block the lower coupling times the quotient of the cell below."""
    count, wide = z.size, coef.shape[1] // 3
    last = count - 1
    for n in range(count):
        at = n if n < last else wide
        charge = 0.0
        for k in range(count):
            value = coef[f, k] * up[c, at, k] - coef[f, 2 * wide + k] * up[c, at, wide]
            charge += z[k] * value
            if k < last:
                block[k, n] += value
        block[last, n] += charge


@njit
def quotient(coef, f, z, inverse, c, linked, up):
    """Inverse times the coupling of a cell to the one above it: from changes there (rows) to changes here."""
    count, wide = z.size, coef.shape[1] // 3
    last = count - 1
    for n in range(wide + 1):
        for r in range(wide + 1):
            up[c, n, r] = 0.0
    if not linked:
        return
    for r in range(wide + 1):
        for n in range(last):
            up[c, n, r] = inverse[c, n, r] * coef[f, wide + n]
            up[c, n, r] -= inverse[c, last, r] * coef[f, wide + last] * z[n] / z[last]
        s = 0.0
        for k in range(count):
            s += inverse[c, k, r] * coef[f, 2 * wide + k]
        up[c, wide, r] = s


@njit_apart
def smooth(shape, start, faces, conductance, coef, inverse, up, f, x, colour, fresh, row):
    """Solve the columns of one colour of a level exactly; `fresh`: all others are zero."""
    ny, nx, nz = shape[0], shape[1], shape[2]
    wide = row.size
    step = nx * nz
    for j in range(ny):
        for i in range((j + colour) % 2, nx, 2):
            for k in range(nz):
                c = start + (j * nx + i) * nz + k
                for b in range(0, wide, 2):
                    for m in range(2):
                        row[b + m] = f[c, b + m]
                if not fresh:
                    west = faces[1] + (j * (nx + 1) + i) * nz + k
                    east = west + nz
                    south = faces[0] + (j * nx + i) * nz + k
                    north = south + step
                    if i + 1 < nx and conductance[east] > 0.0:
                        other, drop = c + nz, x[c + nz, wide]
                        for b in range(0, wide, 2):
                            for m in range(2):
                                n = b + m
                                row[n] -= coef[east, wide + n] * x[other, n] + coef[east, 2 * wide + n] * drop
                    if i > 0 and conductance[west] > 0.0:
                        other, drop = c - nz, x[c - nz, wide]
                        for b in range(0, wide, 2):
                            for m in range(2):
                                n = b + m
                                row[n] += coef[west, n] * x[other, n] - coef[west, 2 * wide + n] * drop
                    if j + 1 < ny and conductance[north] > 0.0:
                        other, drop = c + step, x[c + step, wide]
                        for b in range(0, wide, 2):
                            for m in range(2):
                                n = b + m
                                row[n] -= coef[north, wide + n] * x[other, n] + coef[north, 2 * wide + n] * drop
                    if j > 0 and conductance[south] > 0.0:
                        other, drop = c - step, x[c - step, wide]
                        for b in range(0, wide, 2):
                            for m in range(2):
                                n = b + m
                                row[n] += coef[south, n] * x[other, n] - coef[south, 2 * wide + n] * drop
                if k > 0:
                    low = faces[2] + (j * nx + i) * (nz + 1) + k
                    if conductance[low] > 0.0:
                        drop = x[c - 1, wide]
                        for b in range(0, wide, 2):
                            for m in range(2):
                                n = b + m
                                row[n] += coef[low, n] * x[c - 1, n] - coef[low, 2 * wide + n] * drop
                last = 0.0
                for b in range(0, wide, 2):
                    for m in range(2):
                        x[c, b + m] = 0.0
                for n in range(wide):
                    value = row[n]
                    for b in range(0, wide, 2):
                        for m in range(2):
                            x[c, b + m] += inverse[c, n, b + m] * value
                    last += inverse[c, n, wide] * value
                x[c, wide] = last
            for k in range(nz - 2, -1, -1):
                c = start + (j * nx + i) * nz + k
                last = x[c, wide]
                for n in range(wide + 1):
                    value = x[c + 1, n]
                    for b in range(0, wide, 2):
                        for m in range(2):
                            x[c, b + m] -= up[c, n, b + m] * value
                    last -= up[c, n, wide] * value
                x[c, wide] = last


@njit
def restrict(space, level, h, slot, blocks, coef, parent, f, x, rest):
    """Sum what is left of f into the cells of the next level."""
    first_cell, volume = space[1], space[3]
    start, stop = first_cell[level], first_cell[level + 1]
    store(volume, h, slot, blocks, x, start, stop, rest)
    fluxes_of_level(space, level, coef, x, rest)
    for c in range(stop, first_cell[level + 2]):
        f[c] = 0.0
        x[c] = 0.0
    gather(parent, start, stop, f, rest)


@njit
def gather(parent, start, stop, f, rest):
    """Add f - rest of cells to their parents."""
    for c in range(start, stop):
        p = parent[c]
        for n in range(f.shape[1]):
            f[p, n] += f[c, n] - rest[c, n]


@njit_apart
def prolong(parent, start, stop, x):
    """Add the corrections of the parents."""
    for c in range(start, stop):
        p = parent[c]
        for n in range(x.shape[1]):
            x[c, n] += x[p, n]


@njit
def cycle(space, h, slot, blocks, parent, coef, inverse, up, f, x, rest, row):
    """One V-cycle from zero for the right side (rows of ions) in the finest level of f; x: changes."""
    shape, first_cell, first_face, _volume, conductance = space[:5]
    levels = shape.shape[0]
    x[: first_cell[1]] = 0.0
    for level in range(levels):
        columns = shape[level, 0] * shape[level, 1]
        for sweep in range(1 if columns == 1 or columns > FEW else 4):
            for colour in range(2):
                smooth(
                    shape[level], first_cell[level], first_face[level], conductance, coef, inverse, up, f, x, colour,
                    sweep + colour == 0, row,
                )  # fmt: skip
        if level + 1 < levels:
            restrict(space, level, h, slot, blocks, coef, parent, f, x, rest)
    for level in range(levels - 2, -1, -1):
        prolong(parent, first_cell[level], first_cell[level + 1], x)
        for _ in range(1 if shape[level, 0] * shape[level, 1] > FEW else 4):
            for n in range(2):
                smooth(
                    shape[level], first_cell[level], first_face[level], conductance, coef, inverse, up, f, x, 1 - n,
                    False, row,
                )  # fmt: skip

r"""Kernels of the linear solver in space: lines of cells solved exactly, several levels of cells, GMRES around both.

The matrix is M = diagonal I - J of `kernels_field`. One cycle approximates its inverse: on each level the lines of
cells along each axis are solved exactly as block-tridiagonal systems, every second line first and the others with what
that changed (zebra); the residual goes to the level with cells merged in pairs (sums of amounts), whose correction
comes back by linear interpolation, and lines are solved again. All local chemistry is inside the blocks, so a line
takes nanosecond radicals and fast equilibria as they are; what is left for the levels is smooth.
Method: Trottenberg, Oosterlee & Schueller, Multigrid (2001), ch. 5 (lines) and 8 (systems).

GMRES (Saad & Schultz, SIAM J. Sci. Stat. Comput. 7 (1986) 856), preconditioned from the left, in the norm

.. math:: \|u\|^2 = \frac{1}{n} \sum_x \sum_i \Big(\frac{u_{ix}}{\mathrm{atol} + \mathrm{rtol} |c_{ix}|}\Big)^2

so that its residual is an estimate of the error of u in the unit of the step's tolerance (the largest over the
cells is not larger than this sum).
"""

from __future__ import annotations

import numpy as np

from simcell.numerics.jit import njit
from simcell.radiolysis.kernels_field import lines_inside
from simcell.radiolysis.kernels_line import invert, times

MOST = 24  # vectors that GMRES keeps
GROUP = 4  # lines that are solved side by side: their blocks stay in the cache between the two passes


@njit
def project(charge, share, coefficient, per_volume, u, into):
    """Add per_volume (1 - p z^T) (coefficient u) to `into`."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for i in range(0, into.shape[0], 4):
        a += charge[i] * coefficient[i] * u[i]
        b += charge[i + 1] * coefficient[i + 1] * u[i + 1]
        c += charge[i + 2] * coefficient[i + 2] * u[i + 2]
        d += charge[i + 3] * coefficient[i + 3] * u[i + 3]
    current = (a + b) + (c + d)
    for i in range(into.shape[0]):
        into[i] += per_volume * (coefficient[i] * u[i] - share[i] * current)


@njit
def eliminate(charge, ions, share, left, right, both, before, carried, weighted, block):
    """Subtract (below) (inverse of the block before) (above), each a projected diagonal, from a block."""
    carried[:] = 0.0
    for j in ions:
        for i in range(carried.shape[0]):
            carried[i] += before[j, i] * share[j]
    for j in range(charge.shape[0]):
        z, factor, row, column = charge[j], both * right[j], before[j], block[j]
        for i in range(carried.shape[0]):
            weighted[i] = left[i] * (row[i] - z * carried[i])
        current = 0.0
        for i in ions:
            current += charge[i] * weighted[i]
        for i in range(carried.shape[0]):
            column[i] -= factor * (weighted[i] - share[i] * current)


@njit
def lines_of(space, level, axis):
    """Lines along an axis lie in rows of neighbours: number of rows, lines in each."""
    rows = space.shape[level, 0] * space.shape[level, 1] if axis == 2 else space.shape[level, 1 - axis]
    return rows, (1 if axis == 2 else space.shape[level, 2])


@njit
def first_of_row(space, level, axis, row):
    """Local number of the first cell of a row's first line, of the face before it, and the row's parity."""
    ny, nx = space.shape[level, 1], space.shape[level, 2]
    if axis == 2:
        return row * nx, row * (nx + 1), (row // ny + row % ny) & 1
    if axis == 1:
        return row * ny * nx, row * (ny + 1) * nx, row & 1
    return row * nx, row * nx, row & 1


@njit
def factor_lines(space, slopes, level, axis, inverse, scratch):
    """Inverse pivot blocks of all lines of a level along one axis; a periodic line is cut at its end."""
    base, faces = space.first_cell[level], space.first_face[level, axis]
    n, inners = space.shape[level, axis], lines_inside(space, level, axis)
    rows, width = lines_of(space, level, axis)
    charge, ions, over_volume, matrix = space.charge, space.ions, space.over_volume, slopes.block
    share, left, right = slopes.share, slopes.left, slopes.right
    for row in range(rows):
        first, before, _ = first_of_row(space, level, axis, row)
        for group in range(0, width, GROUP):
            for place in range(n):
                cell = base + first + group + place * inners - 1
                face = faces + before + group + place * inners - 1
                for _ in range(min(GROUP, width - group)):
                    cell += 1
                    face += 1
                    block, own = inverse[cell], matrix[cell + 1]
                    for j in range(block.shape[0]):
                        for i in range(block.shape[0]):
                            block[j, i] = own[j, i]
                    if place > 0:
                        both = over_volume[cell] * over_volume[cell - inners]
                        if both > 0.0:
                            eliminate(
                                charge, ions, share[face], left[face], right[face], both, inverse[cell - inners],
                                scratch[0], scratch[1], block,
                            )  # fmt: skip
                    invert(block, scratch)


@njit
def beside(space, slopes, level, axis, line, parity, u, out):
    """Add to `out` what changes u of the neighbours along an axis bring: -(blocks beside the diagonal) u.

    Only to cells on lines (along `line`) of one parity; parity -1 is all cells.
    """
    base, ny, nx = space.first_cell[level], space.shape[level, 1], space.shape[level, 2]
    n, inners = space.shape[level, axis], lines_inside(space, level, axis)
    if n == 1:
        return
    charge, over_volume, ring = space.charge, space.over_volume, space.periodic[axis]
    share, left, right = slopes.share, slopes.left, slopes.right
    wrap = (n - 1) * inners
    for outer in range((space.first_cell[level + 1] - base) // (n * inners)):
        odd = 0 if axis == 0 or (axis == 1 and line == 0) else (outer % ny if axis == 2 and line == 0 else outer)
        odd = outer // ny if axis == 2 and line == 1 else odd
        for place in range(n):
            cell = base + (outer * n + place) * inners - 1
            low = space.first_face[level, axis] + (outer * (n + 1) + place) * inners - 1
            for inner in range(inners):
                cell += 1
                low += 1
                if parity >= 0:
                    other = odd + place
                    if axis == 1 and line == 0:
                        other += inner
                    elif axis == 0:
                        other += inner // nx if line == 2 else inner % nx
                    if other & 1 != parity:
                        continue
                per, into, up = over_volume[cell], out[cell], low + inners
                if place > 0:
                    project(charge, share[low], left[low], per, u[cell - inners], into)
                elif ring:
                    project(charge, share[low], left[low], per, u[cell + wrap], into)
                if place < n - 1:
                    project(charge, share[up], right[up], per, u[cell + inners], into)
                elif ring:
                    project(charge, share[up], right[up], per, u[cell - wrap], into)


@njit
def solve_lines(space, slopes, level, axis, inverse, parity, r, d, right):
    """Solve every second line along an axis: d = (line)^-1 r. Some lines go together, whose data are neighbours."""
    base, faces = space.first_cell[level], space.first_face[level, axis]
    n, inners = space.shape[level, axis], lines_inside(space, level, axis)
    rows, width = lines_of(space, level, axis)
    charge, over_volume = space.charge, space.over_volume
    share, below, above = slopes.share, slopes.left, slopes.right
    for row in range(rows):
        first, before, odd = first_of_row(space, level, axis, row)
        for group in range((parity - odd) & 1, width, 2 * GROUP):
            end = min(group + 2 * GROUP, width)
            for place in range(n):
                for inner in range(group, end, 2):
                    cell, face = base + first + inner + place * inners, faces + before + inner + place * inners
                    given, into = r[cell], d[cell]
                    for i in range(right.shape[0]):
                        right[i] = given[i]
                        into[i] = 0.0
                    if place > 0:
                        project(charge, share[face], below[face], over_volume[cell], d[cell - inners], right)
                    times(inverse[cell], right, into)
            for place in range(n - 2, -1, -1):
                for inner in range(group, end, 2):
                    cell, face = base + first + inner + place * inners, faces + before + inner + (place + 1) * inners
                    for i in range(right.shape[0]):
                        right[i] = 0.0
                    project(charge, share[face], above[face], over_volume[cell], d[cell + inners], right)
                    times(inverse[cell], right, d[cell])


@njit
def subtract_product(space, slopes, level, u, r):
    """R -= M u on a level."""
    block = slopes.block
    for cell in range(space.first_cell[level], space.first_cell[level + 1]):
        row, matrix, changed = r[cell], block[cell + 1], u[cell]
        for j in range(0, row.shape[0], 4):
            one, two, three, four = matrix[j], matrix[j + 1], matrix[j + 2], matrix[j + 3]
            a, b, c, d = changed[j], changed[j + 1], changed[j + 2], changed[j + 3]
            for i in range(row.shape[0]):
                row[i] -= (one[i] * a + two[i] * b) + (three[i] * c + four[i] * d)
    nothing = space.first_cell[0]
    for axis in range(3):
        beside(space, slopes, level, axis, nothing, nothing - 1, u, r)


@njit
def across(space, slopes, level, line, parity, u, out):
    """`beside` along all axes but that of the lines."""
    for axis in range(3):
        if axis != line:
            beside(space, slopes, level, axis, line, parity, u, out)


@njit
def smooth(space, slopes, level, axis, place, want, r, given, d, e, right):
    """Solve all lines along an axis, add the change to e, and leave in r the new residual if it is wanted."""
    start, end = space.first_cell[level], space.first_cell[level + 1]
    d[start:end, :] = 0.0
    inverse = slopes.inverse[place]
    for parity in range(2):
        copy(r, start, end, given)
        if parity == 1:
            across(space, slopes, level, axis, parity, d, given)
        solve_lines(space, slopes, level, axis, inverse, parity, given, d, right)
    add_range(d, start, end, e)
    if want:
        if space.periodic[0] or space.periodic[1] or space.periodic[2]:
            subtract_product(space, slopes, level, d, r)
            return
        r[start:end, :] = 0.0  # lines of the second half have none left; the first half what the second changed
        first = space.first_cell[0]  # 0, as a number that the compiler does not make a version of the function for
        across(space, slopes, level, axis, first, d, r)


@njit
def copy(r, start, end, given):
    """Copy some cells."""
    for x in range(start, end):
        into, row = given[x], r[x]
        for i in range(into.shape[0]):
            into[i] = row[i]


@njit
def add_range(d, start, end, e):
    """Add d to e in some cells."""
    for x in range(start, end):
        into, change = e[x], d[x]
        for i in range(into.shape[0]):
            into[i] += change[i]


@njit
def to_coarser(space, level, averaged, fine):
    """Put on the next level sums of amounts, per its volume: averages of states and of residuals alike."""
    start, end = space.first_cell[level + 1], space.first_cell[level + 2]
    averaged[start:end, :] = 0.0
    nz, ny, nx = space.shape[level, 0], space.shape[level, 1], space.shape[level, 2]
    my, mx = space.shape[level + 1, 1], space.shape[level + 1, 2]
    iz, iy, ix = space.first_index[level, 0], space.first_index[level, 1], space.first_index[level, 2]
    cell = space.first_cell[level] - 1
    for kz in range(nz):
        for ky in range(ny):
            row = start + (space.near[iz + kz] * my + space.near[iy + ky]) * mx
            for kx in range(nx):
                cell += 1
                parent = row + space.near[ix + kx]
                part = space.volume[cell] * space.over_volume[parent]
                for i in range(fine.shape[1]):
                    averaged[parent, i] += part * fine[cell, i]


@njit
def to_finer(space, level, coarse, d):
    """Linear interpolation of the next level's correction; a parent without liquid does not count."""
    start = space.first_cell[level + 1]
    nz, ny, nx = space.shape[level, 0], space.shape[level, 1], space.shape[level, 2]
    my, mx = space.shape[level + 1, 1], space.shape[level + 1, 2]
    iz, iy, ix = space.first_index[level, 0], space.first_index[level, 1], space.first_index[level, 2]
    m = d.shape[1]
    cell = space.first_cell[level] - 1
    for kz in range(nz):
        for ky in range(ny):
            for kx in range(nx):
                cell += 1
                into, total = d[cell], 0.0
                into[:] = 0.0
                if space.volume[cell] == 0.0:
                    continue
                for corner in range(8):
                    z, y, x = corner >> 2, (corner >> 1) & 1, corner & 1
                    part = space.near_share[iz + kz] if z == 0 else 1.0 - space.near_share[iz + kz]
                    part *= space.near_share[iy + ky] if y == 0 else 1.0 - space.near_share[iy + ky]
                    part *= space.near_share[ix + kx] if x == 0 else 1.0 - space.near_share[ix + kx]
                    if part == 0.0:
                        continue
                    pz = space.near[iz + kz] if z == 0 else space.far[iz + kz]
                    py = space.near[iy + ky] if y == 0 else space.far[iy + ky]
                    px = space.near[ix + kx] if x == 0 else space.far[ix + kx]
                    parent = start + (pz * my + py) * mx + px
                    if space.volume[parent] == 0.0:
                        continue
                    total += part
                    for i in range(m):
                        into[i] += part * coarse[parent, i]
                if total < 1.0:
                    for i in range(m):
                        into[i] /= total


@njit
def sweep(space, slopes, lines, level, up, want, r, given, d, e, right):
    """Smooth along every axis whose lines are to be solved on the level, backwards on the way up."""
    for turn in range(3):
        axis = 2 - turn if up else turn
        if lines[level, axis] >= 0:
            more = want
            for later in range(turn + 1, 3):
                more = more or lines[level, 2 - later if up else later] >= 0
            smooth(space, slopes, level, axis, lines[level, axis], more, r, given, d, e, right)


@njit
def cycle(space, slopes, lines, deepest, r, given, d, e, right):
    """e = approximately M^-1 r on level 0; r is used up. `lines` (levels, 3) marks the axes whose lines are solved."""
    for turn in range(2 * deepest + 1):
        up = turn > deepest
        level = 2 * deepest - turn if up else turn
        start, end = space.first_cell[level], space.first_cell[level + 1]
        if up:
            to_finer(space, level, e, d)
            add_range(d, start, end, e)
            subtract_product(space, slopes, level, d, r)
        else:
            e[start:end, :] = 0.0
        sweep(space, slopes, lines, level, up, turn < deepest, r, given, d, e, right)
        if turn < deepest:
            to_coarser(space, level, r, r)


@njit
def weighted(u, v, weight, cells):
    """Inner product with squared weights."""
    total = 0.0
    for x in range(cells):
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        one, two, w = u[x], v[x], weight[x]
        for i in range(0, w.shape[0], 4):
            a += one[i] * two[i] * w[i] * w[i]
            b += one[i + 1] * two[i + 1] * w[i + 1] * w[i + 1]
            c += one[i + 2] * two[i + 2] * w[i + 2] * w[i + 2]
            d += one[i + 3] * two[i + 3] * w[i + 3] * w[i + 3]
        total += (a + b) + (c + d)
    return total


@njit
def add_scaled(factor, u, cells, out):
    """Out += factor u."""
    for x in range(cells):
        into, row = out[x], u[x]
        for i in range(into.shape[0]):
            into[i] += factor * row[i]


@njit
def rotate(h, cosine, sine, s, column):
    """Apply the kept rotations to a column of the Hessenberg matrix and make the one that clears below its diagonal."""
    for i in range(column):
        upper = cosine[i] * h[i, column] + sine[i] * h[i + 1, column]
        h[i + 1, column] = -sine[i] * h[i, column] + cosine[i] * h[i + 1, column]
        h[i, column] = upper
    size = np.hypot(h[column, column], h[column + 1, column])
    if size > 0.0:
        cosine[column], sine[column] = h[column, column] / size, h[column + 1, column] / size
    else:
        cosine[column], sine[column] = 1.0, 0.0
    h[column, column] = size
    s[column + 1] = -sine[column] * s[column]
    s[column] = cosine[column] * s[column]


@njit
def gmres(space, slopes, lines, deepest, weight, wanted, tolerance, known, basis, r, given, d, e, right, u):
    """Solve M u = wanted to an estimated error below `tolerance` (weighted norm). Returns cycles, error, reduction.

    `known` is the factor by which one iteration reduced the error of another right side of the same matrix (1: not
    known). Where a tenth of the tolerance is sure to be reached with it, the cycle alone is the answer.
    """
    cells, m = space.first_cell[1], u.shape[1]
    h, s = np.zeros((MOST + 1, MOST)), np.zeros(MOST + 1)
    cosine, sine = np.zeros(MOST), np.zeros(MOST)
    u[:cells, :] = 0.0
    size, count, reduction, grid = 0.0, 0, known, space.first_face[0, 0]
    for column in range(-1, MOST):
        if column < 0:
            copy(wanted, grid, cells, r)
        else:
            r[:cells, :] = 0.0
            subtract_product(space, slopes, grid, basis[column], r)
        cycle(space, slopes, lines, deepest, r, given, d, e, right)
        if column < 0:
            size = np.sqrt(weighted(e, e, weight, cells) / m)
            if not size < np.inf:
                return 1, np.inf, known
            if size * known <= 0.1 * tolerance or size == 0.0:
                copy(e, grid, cells, u)
                return 1, size * known, known
            for x in range(cells):
                for i in range(m):
                    basis[0, x, i] = e[x, i] / size
            s[0] = size
            continue
        for row in range(column + 1):  # e is minus the new vector
            h[row, column] = -weighted(e, basis[row], weight, cells) / m
            add_scaled(h[row, column], basis[row], cells, e)
        length = np.sqrt(weighted(e, e, weight, cells) / m)
        h[column + 1, column] = length
        rotate(h, cosine, sine, s, column)
        count = column + 1
        if column == 0:
            reduction = abs(s[1]) / size
        if not abs(s[count]) < np.inf:
            return count + 1, np.inf, reduction
        if abs(s[count]) <= tolerance or count == MOST or length <= 1e-14 * size:
            break
        for x in range(cells):
            for i in range(m):
                basis[count, x, i] = -e[x, i] / length
    for column in range(count - 1, -1, -1):
        total = s[column]
        for other in range(column + 1, count):
            total -= h[column, other] * s[other]
        s[column] = total / h[column, column]
        add_scaled(s[column], basis[column], cells, u)
    return count + 1, abs(s[count]), reduction

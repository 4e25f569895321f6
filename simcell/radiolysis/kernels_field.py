r"""Kernels of species in space, any number of dimensions: flows through faces, their slopes, the blocks of the matrix.

Balance of cell x with volume V, amounts J_i [mol/s] through its faces, each from its lower (L) to its upper side (R):

.. math:: V \frac{dc_i}{dt} = V \Big(\sum_r \nu_{ir} w_r + P_i\Big) + \sum_\text{lower} J_i - \sum_\text{upper} J_i,
          \qquad J_i = -g_i (\Delta c_i - z_i \bar c_i G) + q_L c_{i,L} + q_R c_{i,R}

g = (area / distance) D (Pe/2) coth(Pe/2) with Pe = Q distance / (area D) and q_L = q_R = Q/2, which is the exact flow
of one species between two points in one dimension (Scharfetter & Gummel, IEEE Trans. Electron Devices 16 (1969) 64):
order 2 in space, never an oscillation, and upwind for Pe to infinity or D = 0. G is the potential step that carries
no net current,

.. math:: G = \frac{\sum z (g \Delta c - q_L c_L - q_R c_R)}{\sum z^2 g \bar c}

(in a neutral solution the flow itself carries none). The slope of J is a diagonal and a rank-one change of it,

.. math:: dJ = (1 - p z^T)(a \circ dc_L - b \circ dc_R), \quad a = g (1 + z w_L G) + q_L,
          \quad b = g (1 - z w_R G) - q_R, \quad p = z g \bar c / \sum z^2 g \bar c

so that only the blocks on the diagonal are stored. Arrays are (cells, m), all species of a cell together, m = number of
species rounded up to fours. The arrays of all levels of the multigrid hierarchy follow one another: level 0 is the grid
itself, every other one merges cells of the one before in pairs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simcell.numerics.jit import njit
from simcell.radiolysis.kernels_line import STRIP, kinetics, reaction_slopes


class Space(NamedTuple):
    """Cells and faces of all levels; faces of a level go by axis (z, y, x), shaped as in `Grid.area`."""

    shape: np.ndarray  # (levels, 3) cells along z, y, x
    first_cell: np.ndarray  # (levels + 1,)
    first_face: np.ndarray  # (levels, 3)
    periodic: np.ndarray  # (3,) bool
    used: np.ndarray  # (3,) bool: whether anything can pass faces of that axis
    volume: np.ndarray  # (cells,) [m^3]; 0 where there is no liquid
    over_volume: np.ndarray  # (cells,) [1/m^3]; 0 where there is no liquid
    conductance: np.ndarray  # (faces, m) g [m^3/s]
    flow: np.ndarray  # (faces, 2) q_L, q_R [m^3/s]
    weight: np.ndarray  # (faces,) share of the lower value in the value at the face
    outside: np.ndarray  # (6, m) concentrations outside z-, z+, y-, y+, x-, x+ [mol/m^3]
    charge: np.ndarray  # (m,) as float; all zero: species move independently
    ions: np.ndarray  # numbers of the species with a charge
    near: np.ndarray  # parent of each cell along each axis: levels, then axes, one after the other
    far: np.ndarray  # the next nearest cell of the coarser level
    near_share: np.ndarray  # its share in linear interpolation
    first_index: np.ndarray  # (levels, 3) into these


class Slopes(NamedTuple):
    """The matrix (diagonal - J) of all levels."""

    share: np.ndarray  # (faces, m) p
    left: np.ndarray  # (faces, m) a
    right: np.ndarray  # (faces, m) b
    block: np.ndarray  # (cells + 1, m, m) diagonal block of cell x, transposed, at x + 1
    inverse: np.ndarray  # (axes with lines, cells, m, m) inverse pivot blocks, transposed


class Chemistry(NamedTuple):
    """Mechanism, source, and a strip of cells (species, cells + 2) for the kernels that go along cells."""

    tables: tuple
    k: np.ndarray  # (nr,)
    places: np.ndarray  # place of each entry in an m x m block
    production: np.ndarray  # (n,) [mol/m^3/s] at relative dose rate 1
    footprint: np.ndarray  # (patterns, cells) relative dose rate
    extra: np.ndarray  # (cells, n) more source [mol/m^3/s], or no rows
    c: np.ndarray  # (n + 1, STRIP + 2)
    f: np.ndarray  # (n, STRIP + 2)
    source: np.ndarray  # (n, STRIP + 2)
    w: np.ndarray  # (nr, STRIP)
    slope: np.ndarray  # (ns, STRIP)
    sums: np.ndarray  # (m * m, STRIP + 8)


@njit
def react(space, chemistry, scale, pattern, c, f):
    """f = nu w(c) + P in every cell of level 0; nothing where there is no liquid."""
    cells, n = space.first_cell[1], chemistry.f.shape[0]
    strip, change, source = chemistry.c, chemistry.f, chemistry.source
    for first in range(0, cells, STRIP):
        size = min(STRIP, cells - first)
        for x in range(size):
            row, dose = c[first + x], scale * chemistry.footprint[pattern, first + x]
            for i in range(n):
                strip[i, x + 1] = row[i]
                source[i, x + 1] = dose * chemistry.production[i]
        if chemistry.extra.shape[0] > 0:
            for x in range(size):
                for i in range(n):
                    source[i, x + 1] += chemistry.extra[first + x, i]
        kinetics(chemistry.tables, chemistry.k, source[:, : size + 2], 1.0, strip[:, : size + 2], chemistry.w, change)
        for x in range(size):
            row, wet = f[first + x], 1.0 if space.volume[first + x] > 0.0 else 0.0
            for i in range(n):
                row[i] = wet * change[i, x + 1]


@njit
def potential_step(space, face, lower, upper):
    """G of a face, and sum z^2 g c there."""
    step, conductivity, left = 0.0, 0.0, space.weight[face]
    from_lower, from_upper = space.flow[face, 0], space.flow[face, 1]
    for i in space.ions:
        z, g = space.charge[i], space.conductance[face, i]
        step += z * (g * (upper[i] - lower[i]) - from_lower * lower[i] - from_upper * upper[i])
        conductivity += z * z * g * (left * lower[i] + (1.0 - left) * upper[i])
    return step / conductivity if conductivity > 0.0 else 0.0, conductivity


@njit
def sides_of(space, level, axis, outer, place, inner, n, inners):
    """Cells on both sides of a face; outside of the grid -1."""
    upper = (outer * n + place) * inners + inner
    lower = upper - inners
    if place == 0:
        lower = upper + (n - 1) * inners if space.periodic[axis] else -1
    elif place == n:
        upper = -1
    return lower, upper


@njit
def spread(space, c, flow, f, leaving):
    """Add to f what flows into each cell of level 0; leaving (6, m) = amounts out of the sides [mol/s]."""
    m = c.shape[1]
    leaving[:, :] = 0.0
    for axis in range(3):
        if not space.used[axis]:
            continue
        n, inners = space.shape[0, axis], lines_inside(space, 0, axis)
        outers = space.first_cell[1] // (n * inners)
        face = space.first_face[0, axis] - 1
        for outer in range(outers):
            for place in range(n + 1):
                for inner in range(inners):
                    face += 1
                    if place == n and space.periodic[axis]:
                        continue
                    low, up = sides_of(space, 0, axis, outer, place, inner, n, inners)
                    lower = c[low] if low >= 0 else space.outside[2 * axis]
                    upper = c[up] if up >= 0 else space.outside[2 * axis + 1]
                    step, _ = potential_step(space, face, lower, upper)
                    left, g = space.weight[face], space.conductance[face]
                    q, r = space.flow[face, 0], space.flow[face, 1]
                    for i in range(m):
                        mean = left * lower[i] + (1.0 - left) * upper[i]
                        drift = upper[i] - lower[i] - space.charge[i] * mean * step
                        flow[i] = q * lower[i] + r * upper[i] - g[i] * drift
                    if low >= 0:
                        row, per = f[low], space.over_volume[low]
                        for i in range(m):
                            row[i] -= per * flow[i]
                    else:
                        for i in range(m):
                            leaving[2 * axis, i] -= flow[i]
                    if up >= 0:
                        row, per = f[up], space.over_volume[up]
                        for i in range(m):
                            row[i] += per * flow[i]
                    else:
                        for i in range(m):
                            leaving[2 * axis + 1, i] += flow[i]


@njit
def lines_inside(space, level, axis):
    """Distance of neighbours along an axis in the numbering of cells."""
    inners = 1
    for other in range(axis + 1, 3):
        inners *= space.shape[level, other]
    return inners


@njit
def face_slopes(space, level, c, slopes):
    """The vectors p, a, b of every face of a level; c holds the cells of all levels."""
    base, m = space.first_cell[level], c.shape[1]
    for axis in range(3):
        if not space.used[axis]:
            continue
        n, inners = space.shape[level, axis], lines_inside(space, level, axis)
        outers = (space.first_cell[level + 1] - base) // (n * inners)
        face = space.first_face[level, axis] - 1
        for outer in range(outers):
            for place in range(n + 1):
                for inner in range(inners):
                    face += 1
                    low, up = sides_of(space, level, axis, outer, place % n if space.periodic[axis] else place, inner,
                                       n, inners)  # fmt: skip
                    lower = c[base + low] if low >= 0 else space.outside[2 * axis]
                    upper = c[base + up] if up >= 0 else space.outside[2 * axis + 1]
                    step, conductivity = potential_step(space, face, lower, upper)
                    over = 1.0 / conductivity if conductivity > 0.0 else 0.0
                    w, g = space.weight[face], space.conductance[face]
                    share, left, right = slopes.share[face], slopes.left[face], slopes.right[face]
                    q, r = space.flow[face, 0], space.flow[face, 1]
                    for i in range(m):
                        z = space.charge[i]
                        share[i] = over * z * g[i] * (w * lower[i] + (1.0 - w) * upper[i])
                        left[i] = g[i] * (1.0 + z * w * step) + q
                        right[i] = g[i] * (1.0 - z * (1.0 - w) * step) - r


@njit
def add_face(block, charge, ions, per_volume, share, coefficient):
    """Put per_volume (1 - p z^T) diag(coefficient) on a transposed block."""
    for j in range(coefficient.shape[0]):
        block[j, j] += per_volume * coefficient[j]
    for j in ions:
        factor, column = per_volume * charge[j] * coefficient[j], block[j]
        for i in range(column.shape[0]):
            column[i] -= factor * share[i]


@njit
def add_faces(space, level, first, size, diagonal, n, slopes):
    """Put the diagonal and the flows through all faces on the blocks of some cells."""
    base = space.first_cell[level]
    charge, ions = space.charge, space.ions
    for axis in range(3):
        count, inners = space.shape[level, axis], lines_inside(space, level, axis)
        if not space.used[axis] or (count == 1 and space.periodic[axis]):
            continue  # in a ring of one cell, what leaves comes in again
        faces, share, left, right = space.first_face[level, axis], slopes.share, slopes.left, slopes.right
        for x in range(first, first + size):
            low = faces + x - base + (x - base) // (count * inners) * inners
            up, per, block = low + inners, space.over_volume[x], slopes.block[x + 1]
            add_face(block, charge, ions, per, share[low], right[low])
            add_face(block, charge, ions, per, share[up], left[up])
    for x in range(first, first + size):
        block = slopes.block[x + 1]
        for i in range(n):
            block[i, i] += diagonal


@njit
def matrix_blocks(space, chemistry, level, c, diagonal, slopes):
    """Blocks of diagonal I - J of a level: reactions, and the flows through all faces of each cell."""
    n = chemistry.f.shape[0]
    start, end = space.first_cell[level], space.first_cell[level + 1]
    strip = chemistry.c
    face_slopes(space, level, c, slopes)
    for first in range(start, end, STRIP):
        size = min(STRIP, end - first)
        for x in range(size):
            row = c[first + x]
            for i in range(n):
                strip[i, x + 1] = row[i]
        into = slopes.block[first : first + size + 1]
        reaction_slopes(
            chemistry.tables, chemistry.k, chemistry.places, strip[:, : size + 2], 1, chemistry.slope, chemistry.sums,
            into,
        )  # fmt: skip
        for x in range(size):
            if not space.volume[first + x] > 0.0:
                into[x + 1, :, :] = 0.0
                for i in range(n, into.shape[1]):
                    into[x + 1, i, i] = 1.0
        add_faces(space, level, first, size, diagonal, n, slopes)


@njit
def through_sides(space, slopes, u, leaving):
    """leaving (6, m) = change of the amounts out of the sides [mol/s] that a change u of level 0 brings."""
    leaving[:, :] = 0.0
    m = u.shape[1]
    for axis in range(3):
        if not space.used[axis] or space.periodic[axis]:
            continue
        n, inners = space.shape[0, axis], lines_inside(space, 0, axis)
        for outer in range(space.first_cell[1] // (n * inners)):
            for inner in range(inners):
                low = space.first_face[0, axis] + outer * (n + 1) * inners + inner
                for side in range(2):
                    face = low + side * n * inners
                    cell = (outer * n + side * (n - 1)) * inners + inner
                    row, share = u[cell], slopes.share[face]
                    slope = slopes.left[face] if side == 1 else slopes.right[face]
                    current = 0.0
                    for i in space.ions:
                        current += space.charge[i] * slope[i] * row[i]
                    for i in range(m):
                        leaving[2 * axis + side, i] += slope[i] * row[i] - share[i] * current

r"""Kernels of a line of cells: rates, what crosses the faces, and the block-tridiagonal matrix of both.

Equation, for n species c_i [mol/m^3] in cells x of volume V between faces f with amounts J_i [mol/s] crossing them:

.. math:: V_x \frac{dc_i}{dt} = V_x \Big(\sum_r \nu_{ir} w_r + P_i\Big) + J_{i,f} - J_{i,f+1}, \qquad
          J_i = -T D_i \,(\Delta c_i - z_i \bar c_i\, G), \quad G = \frac{\sum z D \Delta c}{\sum z^2 D \bar c}

with T = area / distance, Delta c the step across the face and c-bar the value interpolated at the face. G is the
potential step in units of RT/F at which no net current flows (Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed.
2004, ch. 11). Without charges the term vanishes, which is how it is switched off. Its slope is a rank-one change of a
diagonal,

.. math:: \partial J/\partial c_L = T (1 - p z^T) \,\mathrm{diag}(D(1 + z w_L G)), \quad
          \partial J/\partial c_R = -T (1 - p z^T) \,\mathrm{diag}(D(1 - z w_R G)), \quad
          p = z D \bar c / \sum z^2 D \bar c

so blocks beside the diagonal are never stored: what is stored of the factors is the inverse of each pivot block.

The kinetics read the tables of `simcell.chemistry` but run over the cells in the inner loop, which vectorises. Arrays
of cells are (species, cells + 2): the first and last column hold the value at each end, row n holds 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simcell.numerics.jit import njit_apart

TINY = 1e-90  # stage values [mol/m^3], slopes [1/s]: both fall off exponentially with distance, down to slow denormals
STRIP = 64  # cells whose rates are held at once: 73 reactions fill 37 kB


class Line(NamedTuple):
    """Cells in a row and what moves in them."""

    conductance: np.ndarray  # (cells+1,) area / distance of each face [m]; 0 where nothing passes
    left_weight: np.ndarray  # (cells+1,) share of the left value in the value at the face
    over_volume: np.ndarray  # (cells+2,) 1 / volume [1/m^3]; the ends are not used
    diffusivity: np.ndarray  # (n,) [m^2/s]
    charge: np.ndarray  # (n,) as float; all zero: species move independently
    ions: np.ndarray  # numbers of the species with a charge


class Slopes(NamedTuple):
    """Factors of the iteration matrix: inverted pivot blocks, p and two diagonals of faces; padded to fours."""

    inverse: np.ndarray  # (cells+2, m, m) transposed inverse of each pivot block
    share: np.ndarray  # (cells+1, m) p
    left: np.ndarray  # (cells+1, m) T D (1 + z wL G)
    right: np.ndarray  # (cells+1, m) T D (1 - z wR G)


@njit_apart
def kinetics(tables, k, source, scale, c, w, f):
    """f = nu w(c) + scale P in every cell; reaction by reaction, cells innermost."""
    for first in range(1, c.shape[1] - 1, STRIP):
        last = min(first + STRIP, c.shape[1] - 1)
        size = last - first
        for r in range(k.shape[0]):
            one = c[tables.reactants[r, 0], first:last]
            two = c[tables.reactants[r, 1], first:last]
            three = c[tables.reactants[r, 2], first:last]
            constant, rate = k[r], w[r]
            for x in range(size):
                rate[x] = constant * one[x] * two[x] * three[x]
        for i in range(f.shape[0]):
            change, made = f[i, first:last], source[i, first:last]
            for x in range(size):
                change[x] = scale * made[x]
        for term in range(tables.term_nu.shape[0]):
            change, rate = f[tables.term_species[term], first:last], w[tables.term_reaction[term]]
            nu = tables.term_nu[term]
            for x in range(size):
                change[x] += nu * rate[x]


@njit_apart
def potential_step(line, c, step, conductivity):
    """G at every face, and sum z^2 D c there."""
    faces = step.shape[0]
    for face in range(faces):
        step[face] = 0.0
        conductivity[face] = 0.0
    for i in line.ions:
        z, zd = line.charge[i], line.charge[i] * line.diffusivity[i]
        for face in range(faces):
            left = line.left_weight[face]
            step[face] += zd * (c[i, face + 1] - c[i, face])
            conductivity[face] += z * zd * (left * c[i, face] + (1.0 - left) * c[i, face + 1])
    for face in range(faces):
        step[face] = step[face] / conductivity[face] if conductivity[face] > 0.0 else 0.0


@njit_apart
def spread(line, c, step, conductivity, flow, f, leaving):
    """Add to f what diffuses and migrates into each cell; leaving = amounts out of the two ends [mol/s]."""
    potential_step(line, c, step, conductivity)
    faces = step.shape[0]
    for i in range(f.shape[0]):
        z, d = line.charge[i], line.diffusivity[i]
        for face in range(faces):
            left = line.left_weight[face]
            mean = left * c[i, face] + (1.0 - left) * c[i, face + 1]
            flow[face] = -line.conductance[face] * d * (c[i, face + 1] - c[i, face] - z * mean * step[face])
        for x in range(1, faces):
            f[i, x] += (flow[x - 1] - flow[x]) * line.over_volume[x]
        leaving[0, i] = -flow[0]
        leaving[1, i] = flow[faces - 1]


@njit_apart
def face_slopes(line, c, step, conductivity, slopes):
    """P and the two diagonals of every face."""
    potential_step(line, c, step, conductivity)
    for face in range(step.shape[0]):
        left = line.left_weight[face]
        for i in range(line.charge.shape[0]):
            z, d = line.charge[i], line.diffusivity[i]
            mean = left * c[i, face] + (1.0 - left) * c[i, face + 1]
            slopes.share[face, i] = z * d * mean / conductivity[face] if conductivity[face] > 0.0 else 0.0
            slopes.left[face, i] = line.conductance[face] * d * (1.0 + z * left * step[face])
            slopes.right[face, i] = line.conductance[face] * d * (1.0 - z * (1.0 - left) * step[face])


@njit_apart
def reaction_slopes(tables, k, places, c, first, slope, sums, inverse):
    """Blocks [j, i] = -dR_i/dc_j of the reactions in a strip of cells from `first` on, cells innermost."""
    n, last = c.shape[0] - 1, min(first + slope.shape[1], c.shape[1] - 1)
    size = last - first
    for s in range(slope.shape[0]):
        constant, row = k[tables.slope_reaction[s]], slope[s]
        one, two = c[tables.slope_other[s, 0], first:last], c[tables.slope_other[s, 1], first:last]
        for x in range(size):
            row[x] = constant * one[x] * two[x]
    sums[:, :] = 0.0
    for entry in range(tables.entry_nu.shape[0]):
        nu, total, row = tables.entry_nu[entry], sums[places[entry]], slope[tables.entry_slope[entry]]
        for x in range(size):
            total[x] -= nu * row[x]
    for x in range(size):
        block = inverse[first + x].reshape(sums.shape[0])
        for place in range(sums.shape[0]):
            block[place] = sums[place, x]
        for i in range(n, inverse.shape[1]):
            inverse[first + x, i, i] = 1.0


@njit_apart
def invert(block, scratch):
    """Invert in place by Gauss-Jordan with pivots of 2 x 2 in the order of the species, which is a Markowitz order."""
    m = block.shape[0]
    first, second, one, two = scratch[0], scratch[1], scratch[2], scratch[3]
    for p in range(0, m, 2):
        upper, lower = block[p], block[p + 1]
        a, b, c, d = upper[p], upper[p + 1], lower[p], lower[p + 1]
        inverse = 1.0 / (a * d - b * c)
        upper[p], upper[p + 1], lower[p], lower[p + 1] = 1.0, 0.0, 0.0, 1.0
        for j in range(m):
            head, tail = upper[j], lower[j]
            first[j] = (d * head - b * tail) * inverse
            second[j] = (a * tail - c * head) * inverse
        for i in range(m):
            one[i], two[i] = block[i, p], block[i, p + 1]
            block[i, p], block[i, p + 1] = 0.0, 0.0
        for i in range(m):
            for j in range(m):
                block[i, j] -= one[i] * first[j] + two[i] * second[j]
        for j in range(m):
            upper[j], lower[j] = first[j], second[j]


@njit_apart
def add_faces(line, slopes, x, diagonal, block):
    """Put diagonal I and the slopes of the flows through both faces of cell x on its own block."""
    per_volume = line.over_volume[x]
    for j in range(line.charge.shape[0]):
        left, right = slopes.right[x - 1, j], slopes.left[x, j]
        block[j, j] += diagonal + per_volume * (left + right)
    for j in line.ions:
        left = per_volume * line.charge[j] * slopes.right[x - 1, j]
        right = per_volume * line.charge[j] * slopes.left[x, j]
        for i in range(block.shape[1]):
            block[j, i] -= left * slopes.share[x - 1, i] + right * slopes.share[x, i]


@njit_apart
def eliminate(line, slopes, x, carried, weighted, block):
    """Subtract (below) (inverse of the block before) (above), each a projected diagonal, from the block of cell x."""
    face, before = x - 1, slopes.inverse[x - 1]
    share, left = slopes.share[face], slopes.left[face]
    both = line.over_volume[x] * line.over_volume[x - 1]
    carried[:] = 0.0
    for j in line.ions:
        for i in range(carried.shape[0]):
            carried[i] += before[j, i] * share[j]
    for j in range(line.charge.shape[0]):
        z, factor = line.charge[j], both * slopes.right[face, j]
        for i in range(carried.shape[0]):
            weighted[i] = left[i] * (before[j, i] - z * carried[i])
        current = 0.0
        for i in line.ions:
            current += line.charge[i] * weighted[i]
        for i in range(carried.shape[0]):
            change = factor * (weighted[i] - share[i] * current)
            block[j, i] -= 0.0 if abs(change) <= TINY else change


@njit_apart
def hold_charge(line, c, x, rate, block):
    """Add the slope of `rate` times the net charge, taken off the ions of cell x in proportion to what they carry."""
    carried = 0.0
    for i in line.ions:
        carried += line.charge[i] ** 2 * c[i, x]
    if carried > 0.0:
        for j in line.ions:
            for i in line.ions:
                block[j, i] += rate * line.charge[j] * line.charge[i] * c[i, x] / carried


@njit_apart
def factor_line(tables, k, places, line, c, diagonal, hold, step, conductivity, slope, sums, scratch, slopes):
    """Block LU of diagonal I - J: the inverse of every pivot block, from the first cell to the last.

    With `hold` > 0 [1/s] the matrix has no null space where each cell keeps its charge (see `kernels_steady`).
    """
    face_slopes(line, c, step, conductivity, slopes)
    for x in range(1, c.shape[1] - 1):
        block = slopes.inverse[x]
        if (x - 1) % slope.shape[1] == 0:
            reaction_slopes(tables, k, places, c, x, slope, sums, slopes.inverse)
        add_faces(line, slopes, x, diagonal, block)
        if hold > 0.0:
            hold_charge(line, c, x, hold, block)
        if x > 1:
            eliminate(line, slopes, x, scratch[0], scratch[1], block)
        invert(block, scratch)


@njit_apart
def from_neighbour(line, share, diagonal, per_volume, u, into):
    """into = per_volume (1 - p z^T) diag u: what a change u of the neighbour brings through the face between."""
    current = 0.0
    for j in line.ions:
        current += line.charge[j] * diagonal[j] * u[j]
    for i in range(into.shape[0]):
        into[i] = per_volume * (diagonal[i] * u[i] - share[i] * current)


@njit_apart
def times(matrix, r, out):
    """Out += matrix r, matrix stored column by column; what is `TINY` becomes zero."""
    for j in range(0, out.shape[0], 4):
        one, two, three, four = matrix[j], matrix[j + 1], matrix[j + 2], matrix[j + 3]
        a, b, c, d = r[j], r[j + 1], r[j + 2], r[j + 3]
        for i in range(out.shape[0]):
            out[i] += (one[i] * a + two[i] * b) + (three[i] * c + four[i] * d)
    for i in range(out.shape[0]):
        out[i] = 0.0 if abs(out[i]) <= TINY else out[i]  # written so that NaN stays NaN


@njit_apart
def solve_line(line, slopes, right, r, work, u):
    """Solve (diagonal I - J) u = right for all cells."""
    n, cells = u.shape[0], u.shape[1] - 2
    work[:, :] = 0.0
    r[:] = 0.0
    for x in range(1, cells + 1):
        if x > 1:
            from_neighbour(line, slopes.share[x - 1], slopes.left[x - 1], line.over_volume[x], work[x - 1], r)
        for i in range(n):
            r[i] += right[i, x]
        times(slopes.inverse[x], r, work[x])
    for x in range(cells - 1, 0, -1):
        from_neighbour(line, slopes.share[x], slopes.right[x], line.over_volume[x], work[x + 1], r)
        times(slopes.inverse[x], r, work[x])
    for x in range(1, cells + 1):
        for i in range(n):
            u[i, x] = work[x, i]

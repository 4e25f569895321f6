r"""Kernels of reaction and diffusion along a line of cells: rates, flows, block-tridiagonal solver, Rodasp, the loop.

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
Time: RODASP, a stiffly accurate Rosenbrock method of order 4 that keeps it for parabolic equations, with an embedded
estimate of order 3 (Steinebach, preprint 1741, TH Darmstadt 1995; coefficients as in the code RODAS of Hairer & Wanner,
Solving ODEs II, 2nd ed. 1996). What leaves through both ends is integrated by the same method, so that the balance
(inside + left) holds to round-off and not to the tolerance.

The kinetics read the tables of `simcell.chemistry` but run over the cells in the inner loop, which vectorises; so no
kernel of another file is called, and this file stands alone in numba's cache. Arrays of cells are (species, cells + 2):
the first and last column hold the value at each end, row n holds 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simcell.numerics.jit import njit

TINY = 1e-90  # mol/m^3 and stage values: radicals fall off exponentially with distance, down to slow denormals
STRIP = 64  # cells whose rates are held at once: 73 reactions fill 37 kB

# status of `advance_line`
RUNNING, DONE, STEP_TOO_SMALL, NOT_FINITE = 0, 1, 2, 3

# what `advance_line` keeps in its `state` array between calls
TIME, STEP, SEGMENT, OUTPUT, N_ACCEPTED, N_REJECTED, WORST_NEGATIVE, FIRST = range(8)
STATE_SIZE = 8

GAMMA = 0.25
# stage s: y = c + sum_j A[s, j] u_j ; (1/(gamma h) - J) u_s = f(y) + sum_j C[s, j] u_j / h ; the last u is the error
A = np.array(
    [
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [3.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [1.831036793486759, 0.4955183967433795, 0.0, 0.0, 0.0, 0.0],
        [2.304376582692669, -0.05249275245743001, -1.176798761832782, 0.0, 0.0, 0.0],
        [-7.170454962423024, -4.741636671481785, -16.31002631330971, -1.062004044111401, 0.0, 0.0],
        [-7.170454962423024, -4.741636671481785, -16.31002631330971, -1.062004044111401, 1.0, 0.0],
    ]
)
C = np.array(
    [
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [-12.0, 0.0, 0.0, 0.0, 0.0],
        [-8.791795173947035, -2.207865586973518, 0.0, 0.0, 0.0],
        [10.81793056857153, 6.780270611428266, 19.53485944642410, 0.0, 0.0],
        [34.19095006749676, 15.49671153725963, 54.74760875964130, 14.16005392148534, 0.0],
        [34.62605830930532, 15.30084976114473, 56.99955578662667, 18.40807009793095, -5.714285714285717],
    ]
)


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


@njit
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


@njit
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


@njit
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


@njit
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


@njit
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


@njit
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


@njit
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


@njit
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
            block[j, i] -= factor * (weighted[i] - share[i] * current)


@njit
def factor_line(tables, k, places, line, c, diagonal, step, conductivity, slope, sums, scratch, slopes):
    """Block LU of diagonal I - J: the inverse of every pivot block, from the first cell to the last."""
    face_slopes(line, c, step, conductivity, slopes)
    for x in range(1, c.shape[1] - 1):
        block = slopes.inverse[x]
        if (x - 1) % slope.shape[1] == 0:
            reaction_slopes(tables, k, places, c, x, slope, sums, slopes.inverse)
        add_faces(line, slopes, x, diagonal, block)
        if x > 1:
            eliminate(line, slopes, x, scratch[0], scratch[1], block)
        invert(block, scratch)


@njit
def from_neighbour(line, share, diagonal, per_volume, u, into):
    """into = per_volume (1 - p z^T) diag u: what a change u of the neighbour brings through the face between."""
    current = 0.0
    for j in line.ions:
        current += line.charge[j] * diagonal[j] * u[j]
    for i in range(into.shape[0]):
        into[i] = per_volume * (diagonal[i] * u[i] - share[i] * current)


@njit
def times(matrix, r, out):
    """Out += matrix r, matrix stored column by column; what is `TINY` becomes zero."""
    for j in range(0, out.shape[0], 4):
        one, two, three, four = matrix[j], matrix[j + 1], matrix[j + 2], matrix[j + 3]
        a, b, c, d = r[j], r[j + 1], r[j + 2], r[j + 3]
        for i in range(out.shape[0]):
            out[i] += (one[i] * a + two[i] * b) + (three[i] * c + four[i] * d)
    for i in range(out.shape[0]):
        out[i] = 0.0 if abs(out[i]) <= TINY else out[i]  # written so that NaN stays NaN


@njit
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


@njit
def error_norm(c, new, error, rtol, atol, square):
    """Largest over the cells of the root mean square over the species of error / (atol + rtol |c|)."""
    n = error.shape[0]
    square[:] = 0.0
    for i in range(n):
        for x in range(1, square.shape[0] - 1):
            size = atol + rtol * max(abs(c[i, x]), abs(new[i, x]))
            square[x] += (error[i, x] / size) ** 2
    worst = 0.0
    for x in range(1, square.shape[0] - 1):
        if not square[x] <= worst:  # written so that NaN is kept
            worst = square[x]
            if not worst < np.inf:
                return np.inf
    return np.sqrt(worst / n)


@njit
def combine(coefficients, over, u, out):
    """Add the stages u, each times its coefficient and `over`, in every cell."""
    for j in range(coefficients.shape[0]):
        factor = coefficients[j] * over
        if factor != 0.0:
            for i in range(u.shape[1]):
                for x in range(1, u.shape[2] - 1):
                    out[i, x] += factor * u[j, i, x]


@njit
def advance_line(
    tables, k, line, source, switch, scale, outputs, rtol, atol, max_steps, state, c, left, result, result_left
):
    """Integrate across the segments of a schedule until the last switch, or for `max_steps` steps.

    As `advance` of the homogeneous kernels, but state[FIRST] gives the first step where the beam changes. `left` (2, n)
    [mol] is what has gone out through the ends since the start. Returns a status.
    """
    n, width = c.shape[0] - 1, c.shape[1]
    m = 4 * ((n + 3) // 4)
    places = (tables.entry_place // n * m + tables.entry_place % n).astype(np.uint32)
    w = np.empty((k.shape[0], STRIP))
    slope = np.empty((tables.slope_reaction.shape[0], STRIP))
    sums = np.empty((m * m, STRIP + 8))  # rows a power of two apart would share few places in the cache
    step_g, conductivity, flow = np.empty(width - 1), np.empty(width - 1), np.empty(width - 1)
    slopes = Slopes(
        np.zeros((width, m, m)), np.zeros((width - 1, m)), np.zeros((width - 1, m)), np.zeros((width - 1, m))
    )
    scratch, r, work = np.empty((4, m)), np.zeros(m), np.zeros((width, m))
    u, y, f = np.zeros((6, n, width)), c.copy(), np.zeros((n, width))
    leaving, u_left, new_left, ends = np.zeros((2, n)), np.zeros((6, 2, n)), np.zeros((2, n)), np.zeros((2, m))
    square = np.zeros(width)
    t, h = state[TIME], state[STEP]
    segment, output = int(state[SEGMENT]), int(state[OUTPUT])
    rejected, status = False, RUNNING
    for _ in range(max_steps):
        while output < outputs.shape[0] and outputs[output] <= t:
            for i in range(n):
                for x in range(1, width - 1):
                    result[output, i, x - 1] = c[i, x]
                result_left[output, 0, i], result_left[output, 1, i] = left[0, i], left[1, i]
            output += 1
        if segment >= scale.shape[0]:
            status = DONE
            break
        end = switch[segment + 1]
        if output < outputs.shape[0]:
            end = min(end, outputs[output])
        if h <= 0.0:
            h = state[FIRST]
        last = t + 1.01 * h >= end
        step = end - t if last else h

        factor_line(
            tables, k, places, line, c, 1.0 / (GAMMA * step), step_g, conductivity, slope, sums, scratch, slopes
        )
        for s in range(6):
            for i in range(n):
                for x in range(1, width - 1):
                    y[i, x] = c[i, x]
            combine(A[s, :s], 1.0, u, y)
            kinetics(tables, k, source, scale[segment], y, w, f)
            spread(line, y, step_g, conductivity, flow, f, leaving)
            combine(C[s, :s], 1.0 / step, u, f)
            solve_line(line, slopes, f, r, work, u[s])
            from_neighbour(line, slopes.share[0], slopes.right[0], 1.0, work[1], ends[0])
            from_neighbour(line, slopes.share[width - 2], slopes.left[width - 2], 1.0, work[width - 2], ends[1])
            for e in range(2):
                for i in range(n):
                    total = leaving[e, i] + ends[e, i]
                    for j in range(s):
                        total += C[s, j] / step * u_left[j, e, i]
                    u_left[s, e, i] = GAMMA * step * total
        negative = 0.0
        for i in range(n):
            for x in range(1, width - 1):
                y[i, x] += u[5, i, x]
                negative = min(negative, y[i, x])
        for e in range(2):
            for i in range(n):
                new_left[e, i] = left[e, i] + u_left[5, e, i]
                for j in range(5):
                    new_left[e, i] += A[5, j] * u_left[j, e, i]

        error = error_norm(c, y, u[5], rtol, atol, square)
        if not np.isfinite(error):
            error = 1e30
        factor_h = min(6.0, max(0.1, 0.9 * error**-0.25)) if error > 0.0 else 6.0
        if error > 1.0 or negative < -atol:
            state[N_REJECTED] += 1
            h = step * min(factor_h, 0.5)
            rejected = True
            if h <= 1e-15 * abs(t) or h < 1e-24:
                status = NOT_FINITE if error >= 1e30 else STEP_TOO_SMALL
                break
            continue

        t = end if last else t + step
        for i in range(n):
            for x in range(1, width - 1):
                c[i, x] = y[i, x]
            left[0, i], left[1, i] = new_left[0, i], new_left[1, i]
        state[WORST_NEGATIVE] = min(state[WORST_NEGATIVE], negative)
        state[N_ACCEPTED] += 1
        if rejected:
            factor_h = min(factor_h, 1.0)
            rejected = False
        h = max(h, step * factor_h) if last else step * factor_h
        if t >= switch[segment + 1]:
            segment += 1
            if segment < scale.shape[0] and scale[segment] != scale[segment - 1]:
                h = 0.0
    state[TIME], state[STEP] = t, h
    state[SEGMENT], state[OUTPUT] = segment, output
    return status

"""Kernels of reaction and diffusion in time along a line of cells: Rodasp and its loop.

Equations and linear algebra: `simcell.radiolysis.kernels_line`, whose names are also found here.
Time: RODASP, a stiffly accurate Rosenbrock method of order 4 that keeps it for parabolic equations, with an embedded
estimate of order 3 (Steinebach, preprint 1741, TH Darmstadt 1995; coefficients as in the code RODAS of Hairer & Wanner,
Solving ODEs II, 2nd ed. 1996). What leaves through both ends is integrated by the same method, so that the balance
(inside + left) holds to round-off and not to the tolerance.
"""

from __future__ import annotations

import numpy as np

from simcell.numerics.jit import njit_apart
from simcell.radiolysis.kernels_line import (  # noqa: F401
    STRIP,
    TINY,
    Line,
    Slopes,
    factor_line,
    from_neighbour,
    invert,
    kinetics,
    solve_line,
    spread,
)  # fmt: skip

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


@njit_apart
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


@njit_apart
def combine(coefficients, over, u, out):
    """Add the stages u, each times its coefficient and `over`, in every cell."""
    for j in range(coefficients.shape[0]):
        factor = coefficients[j] * over
        if factor != 0.0:
            for i in range(u.shape[1]):
                for x in range(1, u.shape[2] - 1):
                    out[i, x] += factor * u[j, i, x]


@njit_apart
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
            tables, k, places, line, c, 1.0 / (GAMMA * step), 0.0, step_g, conductivity, slope, sums, scratch, slopes
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

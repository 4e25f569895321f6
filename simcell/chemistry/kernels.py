r"""Kernels of homogeneous mass-action kinetics: rates, iteration matrix, sparse LU, Rodas, the loop.

Equation, for n species c_i [mol/m^3] and reactions r of order 0 to 3 with constants k_r [SI]:

.. math:: \frac{dc_i}{dt} = \sum_r \nu_{ir} w_r + P_i, \qquad w_r = k_r \prod_{j \in r} c_j

P [mol/m^3/s] is the radiolytic source, constant between two switches of the beam, so the system is
autonomous. Discretisation: RODAS, a stiffly accurate Rosenbrock method of order 4 with an embedded
error estimate of order 3 (Hairer & Wanner, Solving ODEs II, 2nd ed.
1996, sec. IV.7 and VI.4). Each stage solves (I/(h gamma) - J) u = right side; the matrix is factored once
a step, without pivoting, in a fixed Markowitz order (the species are numbered in that order).

Linear invariants A c = b (elements and charge) hold exactly for the method and to round-off in floating
point. Round-off cannot accumulate: every f is brought back to A f = 0 and every new c to A c = b, along diag(c). (Fast
equilibria run at rates whose rounding errors alone would otherwise move the slow totals, and make the step small.)
Numbers below `TINY` become zero: denormals would slow the arithmetic several times.

`production`, `iteration_matrix`, `factor` and `solve` are driven by tables; `unrolled.py` writes them out
for one mechanism and keeps the rest of this file.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simcell.numerics.jit import njit

ROUND_OFF = 1e-12  # some thousand times the unit round-off, for sums of several hundred terms
TINY = 1e-90  # mol/m^3 and stage values; products of two stay above the denormal range

# status of `advance`
RUNNING, DONE, STEP_TOO_SMALL, NOT_FINITE, TOTALS_BROKEN = 0, 1, 2, 3, 4
BROKEN = 0.01  # relative change by the projection; round-off makes some 1e-9

# what `advance` keeps in its `state` array between calls
TIME, STEP, SEGMENT, OUTPUT, N_ACCEPTED, N_REJECTED, WORST_NEGATIVE, WORST_PROJECTION = range(8)
STATE_SIZE = 8


class Tables(NamedTuple):
    """A mechanism as index tables. Species n is the constant 1 that pads short reactant lists.

    Indices that only address arrays are unsigned: signed ones cost a test for "counts from the end" each.
    """

    reactants: np.ndarray  # (nr, 3) species in the rate law of each reaction
    term_species: np.ndarray  # (nt,) dc/dt[species] += nu * w[reaction], term by term
    term_reaction: np.ndarray
    term_nu: np.ndarray
    slope_reaction: np.ndarray  # (ns,) dw/dc = k[reaction] * c[other, 0] * c[other, 1]
    slope_other: np.ndarray  # (ns, 2)
    entry_place: np.ndarray  # (ne,) matrix[place] -= nu * slope, entry by entry
    entry_slope: np.ndarray
    entry_nu: np.ndarray
    pivot_place: np.ndarray  # (n,) place of each pivot
    lower_start: np.ndarray  # (n+1,) where the entries below pivot p start in lower_place, lower_row
    lower_place: np.ndarray
    lower_row: np.ndarray
    upper_start: np.ndarray  # (n+1,) the same for the entries above pivot p in its column
    upper_place: np.ndarray
    upper_row: np.ndarray
    update_start: np.ndarray  # (n+1,) the eliminations of pivot p: matrix[target] -= matrix[left] * matrix[right]
    update_target: np.ndarray
    update_left: np.ndarray
    update_right: np.ndarray
    invariants: np.ndarray  # (m, n) rows of A


@njit
def production(tables, k, source, c, w, f):
    """f = nu w(c) + P; w holds the rates afterwards."""
    for r in range(k.shape[0]):
        w[r] = k[r] * c[tables.reactants[r, 0]] * c[tables.reactants[r, 1]] * c[tables.reactants[r, 2]]
    for i in range(f.shape[0]):
        f[i] = source[i]
    for term in range(tables.term_nu.shape[0]):
        f[tables.term_species[term]] += tables.term_nu[term] * w[tables.term_reaction[term]]


@njit
def iteration_matrix(tables, k, c, diagonal, slope, matrix):
    """matrix = diagonal I - J(c), column by column in one flat array; slope holds dw/dc of each reactant."""
    n = c.shape[0] - 1
    for s in range(slope.shape[0]):
        slope[s] = k[tables.slope_reaction[s]] * c[tables.slope_other[s, 0]] * c[tables.slope_other[s, 1]]
    matrix[:] = 0.0
    for i in range(n):
        matrix[i * n + i] = diagonal
    for entry in range(tables.entry_nu.shape[0]):
        matrix[tables.entry_place[entry]] -= tables.entry_nu[entry] * slope[tables.entry_slope[entry]]


@njit
def factor(tables, matrix, inverse_pivot):
    """LU in place, no pivoting; L has a unit diagonal. Only the entries that can be non-zero are touched."""
    for p in range(inverse_pivot.shape[0]):
        inverse = 1.0 / matrix[tables.pivot_place[p]]
        inverse_pivot[p] = inverse
        for e in range(tables.lower_start[p], tables.lower_start[p + 1]):
            multiplier = matrix[tables.lower_place[e]] * inverse
            matrix[tables.lower_place[e]] = 0.0 if abs(multiplier) <= TINY else multiplier
        for u in range(tables.update_start[p], tables.update_start[p + 1]):
            matrix[tables.update_target[u]] -= matrix[tables.update_left[u]] * matrix[tables.update_right[u]]


@njit
def solve(tables, matrix, inverse_pivot, x):
    """Forward and back substitution in place, column by column."""
    n = inverse_pivot.shape[0]
    for p in range(n):
        head = 0.0 if abs(x[p]) <= TINY else x[p]  # written so that NaN stays NaN
        x[p] = head
        for e in range(tables.lower_start[p], tables.lower_start[p + 1]):
            x[tables.lower_row[e]] -= matrix[tables.lower_place[e]] * head
    for p in range(n - 1, -1, -1):
        head = x[p] * inverse_pivot[p]
        head = 0.0 if abs(head) <= TINY else head
        x[p] = head
        for e in range(tables.upper_start[p], tables.upper_start[p + 1]):
            x[tables.upper_row[e]] -= matrix[tables.upper_place[e]] * head


@njit
def weigh(tables, c, normal):
    """Factor A diag(c) A^T = L D L^T into `normal` (D on its diagonal). An element that is absent gets a zero pivot."""
    m, n = tables.invariants.shape
    a = tables.invariants
    for p in range(m):
        for q in range(p + 1):
            total = 0.0
            for i in range(n):
                total += a[p, i] * a[q, i] * c[i]
            normal[p, q] = total
    for p in range(m):
        for q in range(p):
            for s in range(q):
                normal[p, q] -= normal[p, s] * normal[q, s] * normal[s, s]
            normal[p, q] = normal[p, q] / normal[q, q] if normal[q, q] > 0.0 else 0.0
        scale = normal[p, p]
        for s in range(p):
            normal[p, p] -= normal[p, s] ** 2 * normal[s, s]
        if normal[p, p] <= 1e-12 * scale:
            normal[p, p] = 0.0


@njit
def restore(tables, c, normal, target, y, x):
    """Bring A x back to `target` along diag(c): x += diag(c) A^T y with A diag(c) A^T y = target - A x.

    Returns the largest |(A^T y)_i|, which is the relative change of a concentration where x is c itself.
    """
    m, n = tables.invariants.shape
    a = tables.invariants
    for p in range(m):
        total = target[p]
        for i in range(n):
            total -= a[p, i] * x[i]
        for s in range(p):
            total -= normal[p, s] * y[s]
        y[p] = total
    for p in range(m - 1, -1, -1):
        y[p] = y[p] / normal[p, p] if normal[p, p] > 0.0 else 0.0
        for s in range(p + 1, m):
            y[p] -= normal[s, p] * y[s]
    worst = 0.0
    for i in range(n):
        change = 0.0
        for p in range(m):
            change += a[p, i] * y[p]
        if c[i] > 0.0:
            worst = max(worst, abs(change))
        x[i] += c[i] * change
    return worst


@njit
def first_step(tables, k, c, slope, matrix, limit):
    """A tenth of the shortest time scale on the diagonal of J; the error control takes over from there."""
    n = c.shape[0] - 1
    iteration_matrix(tables, k, c, 0.0, slope, matrix)
    fastest = 1.0 / limit
    for i in range(n):
        fastest = max(fastest, abs(matrix[i * n + i]))
    return 0.1 / fastest


@njit
def advance(tables, k, source, switch, scale, outputs, target, rtol, atol, max_steps, state, c, result):
    """Integrate across the segments of a schedule until the last switch, or for `max_steps` steps.

    Segment s runs from switch[s] to switch[s+1] with source * scale[s]. `c` (n+1 values, the last is 1) and
    `state` are read and updated, so that a call can go on where the last one stopped. Steps end exactly on switches
    and on outputs, where `result[o]` receives c (an interpolant would lose an order). Returns a status.
    """
    n = c.shape[0] - 1
    nr = k.shape[0]
    w = np.empty(nr)
    slope = np.empty(tables.slope_reaction.shape[0])
    f0 = np.empty(n)
    f = np.empty(n)
    matrix = np.empty(n * n)
    inverse_pivot = np.empty(n)
    u1, u2, u3 = np.empty(n), np.empty(n), np.empty(n)
    u4, u5, u6 = np.empty(n), np.empty(n), np.empty(n)
    y = np.ones(n + 1)
    new = np.empty(n)
    normal = np.empty((target.shape[0], target.shape[0]))
    multiplier = np.empty(target.shape[0])
    none = np.zeros(target.shape[0])
    active_source = np.empty(n)
    t, h = state[TIME], state[STEP]
    segment, output = int(state[SEGMENT]), int(state[OUTPUT])
    n_segments = scale.shape[0]
    fresh = True
    rejected = False
    status = RUNNING
    for _ in range(max_steps):
        while output < outputs.shape[0] and outputs[output] <= t:
            for i in range(n):
                result[output, i] = c[i]
            output += 1
        if segment >= n_segments:
            status = DONE
            break
        end = switch[segment + 1]
        if output < outputs.shape[0]:
            end = min(end, outputs[output])
        if fresh:
            for i in range(n):
                active_source[i] = source[i] * scale[segment]
            weigh(tables, c, normal)
            production(tables, k, active_source, c, w, f0)
            restore(tables, c, normal, none, multiplier, f0)
            if h <= 0.0:
                h = first_step(tables, k, c, slope, matrix, end - t)
            fresh = False
        last = t + 1.01 * h >= end
        step = end - t if last else h

        # stages of RODAS, coefficients in the form that needs no product with J (Hairer & Wanner, code RODAS)
        iteration_matrix(tables, k, c, 4.0 / step, slope, matrix)  # 1 / (gamma h), gamma = 1/4
        fastest = 0.0
        for i in range(n):
            fastest = max(fastest, matrix[tables.pivot_place[i]])
        rough = ROUND_OFF * fastest * step > rtol  # the rounding of fast rates would be seen by the error control
        factor(tables, matrix, inverse_pivot)
        over_h = 1.0 / step
        for i in range(n):
            u1[i] = f0[i]
        solve(tables, matrix, inverse_pivot, u1)
        for i in range(n):
            y[i] = c[i] + 1.544 * u1[i]
        production(tables, k, active_source, y, w, f)
        if rough:
            restore(tables, c, normal, none, multiplier, f)
        for i in range(n):
            u2[i] = f[i] - over_h * 5.6688 * u1[i]
        solve(tables, matrix, inverse_pivot, u2)
        for i in range(n):
            y[i] = c[i] + 0.9466785280815826 * u1[i] + 0.2557011698983284 * u2[i]
        production(tables, k, active_source, y, w, f)
        if rough:
            restore(tables, c, normal, none, multiplier, f)
        for i in range(n):
            u3[i] = f[i] - over_h * (2.430093356833875 * u1[i] + 0.2063599157091915 * u2[i])
        solve(tables, matrix, inverse_pivot, u3)
        for i in range(n):
            y[i] = c[i] + 3.314825187068521 * u1[i] + 2.896124015972201 * u2[i] + 0.9986419139977817 * u3[i]
        production(tables, k, active_source, y, w, f)
        if rough:
            restore(tables, c, normal, none, multiplier, f)
        for i in range(n):
            u4[i] = f[i] - over_h * (0.1073529058151375 * u1[i] + 9.594562251023355 * u2[i] + 20.47028614809616 * u3[i])
        solve(tables, matrix, inverse_pivot, u4)
        for i in range(n):
            y[i] = (
                c[i]
                + 1.221224509226641 * u1[i]
                + 6.019134481288629 * u2[i]
                + 12.53708332932087 * u3[i]
                - 0.6878860361058950 * u4[i]
            )
        production(tables, k, active_source, y, w, f)
        if rough:
            restore(tables, c, normal, none, multiplier, f)
        for i in range(n):
            u5[i] = f[i] + over_h * (
                7.496443313967647 * u1[i]
                - 10.24680431464352 * u2[i]
                - 33.99990352819905 * u3[i]
                + 11.70890893206160 * u4[i]
            )
        solve(tables, matrix, inverse_pivot, u5)
        for i in range(n):
            y[i] += u5[i]
        production(tables, k, active_source, y, w, f)
        if rough:
            restore(tables, c, normal, none, multiplier, f)
        for i in range(n):
            u6[i] = f[i] + over_h * (
                8.083246795921522 * u1[i]
                - 7.981132988064893 * u2[i]
                - 31.52159432874371 * u3[i]
                + 16.31930543123136 * u4[i]
                - 6.058818238834054 * u5[i]
            )
        solve(tables, matrix, inverse_pivot, u6)

        error = 0.0
        negative = 0.0
        for i in range(n):
            new[i] = y[i] + u6[i]
            error += (u6[i] / (atol + rtol * max(abs(c[i]), abs(new[i])))) ** 2
            negative = min(negative, new[i])
        error = np.sqrt(error / n)
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
            c[i] = new[i] if new[i] > TINY else 0.0
        state[WORST_NEGATIVE] = min(state[WORST_NEGATIVE], negative)
        weigh(tables, c, normal)
        moved = restore(tables, c, normal, target, multiplier, c)
        state[WORST_PROJECTION] = max(state[WORST_PROJECTION], moved)
        if moved > BROKEN:
            status = TOTALS_BROKEN
            break
        state[N_ACCEPTED] += 1
        if rejected:
            factor_h = min(factor_h, 1.0)
            rejected = False
        h = max(h, step * factor_h) if last else step * factor_h
        if t >= switch[segment + 1]:
            segment += 1
            fresh = True
            if segment < n_segments and scale[segment] != scale[segment - 1]:
                h = 0.0
        else:
            production(tables, k, active_source, c, w, f0)
            if rough:
                restore(tables, c, normal, none, multiplier, f0)
    state[TIME], state[STEP] = t, h
    state[SEGMENT], state[OUTPUT] = segment, output
    return status


@njit
def advance_batch(tables, k, source, switch, scale, outputs, target, rtol, atol, max_steps, state, c, result):
    """`advance` for many members (first axis of k, source, target, state, c, result); returns a status each."""
    members = c.shape[0]
    status = np.zeros(members, dtype=np.int64)
    for b in range(members):
        status[b] = advance(
            tables, k[b], source[b], switch, scale, outputs, target[b], rtol, atol, max_steps,
            state[b], c[b], result[b],
        )  # fmt: skip
    return status

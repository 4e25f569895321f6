r"""Kernels of the time loop in space: RODASP as in `kernels`, its linear systems by `kernels_multigrid`, the books.

A stage solves M u = right side with M = I/(gamma h) - J to an estimated error of a given part of the step's tolerance.
An inexact u would break the balances, so each is mended before it is used:
- net charge of every cell: z.u = gamma h z.(right side), which holds because the closure lets no current flow, is
  restored along diag(c) z;
- totals that reactions conserve, rows a of A: the sum over the cells of V a.(M u - right side) = 0, where reactions and
  faces between cells drop out, so that it costs sums of u and the flows through the sides; restored along diag(c) A^T.
What leaves through each side is integrated by the same method. So (inside + left) holds to round-off, whatever the
tolerance of the linear solver.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simcell.numerics.jit import njit
from simcell.radiolysis.kernels import DONE, GAMMA, NOT_FINITE, RUNNING, STEP_TOO_SMALL, A, C
from simcell.radiolysis.kernels_field import matrix_blocks, react, spread, through_sides
from simcell.radiolysis.kernels_multigrid import add_scaled, factor_lines, gmres, to_coarser

# what `advance_field` keeps in its `state` array between calls
TIME, STEP, SEGMENT, OUTPUT, N_ACCEPTED, N_REJECTED, WORST_NEGATIVE, FIRST, SOLVES, CYCLES, UNSOLVED, LINEAR = range(12)
STATE_SIZE = 12
DEEP = 0.5  # D gamma h / dx^2, summed over the axes, above which a level gets a coarser one
COUPLED = 0.05  # the same along one axis, above which its lines are solved


class Work(NamedTuple):
    """Arrays of the time loop, made once."""

    c: np.ndarray  # (cells of all levels, m)
    u: np.ndarray  # (6, cells, m) stages
    y: np.ndarray  # (cells, m)
    f: np.ndarray  # (cells, m)
    weight: np.ndarray  # (cells, m) 1 / tolerance
    basis: np.ndarray  # (MOST + 1, cells, m)
    r: np.ndarray  # (cells of all levels, m)
    given: np.ndarray  # (cells of all levels, m)
    d: np.ndarray  # (cells of all levels, m)
    e: np.ndarray  # (cells of all levels, m)
    pull: np.ndarray  # (levels, 3) largest g / V along each axis [1/s]
    slot: np.ndarray  # (3,) place of the axis in `Slopes.inverse`, -1 where no lines run
    invariants: np.ndarray  # (totals, m) rows of A


@njit
def choose(space, work, gamma_h, lines):
    """How many levels the step needs, and along which axes lines are solved on each. Returns the deepest level."""
    lines[:, :] = -1
    levels = space.shape.shape[0]
    deepest = levels - 1
    for level in range(levels):
        total, found = 0.0, False
        for axis in range(3):
            coupling = work.pull[level, axis] * gamma_h
            if work.slot[axis] >= 0 and space.shape[level, axis] > 1:
                total += coupling
                if coupling > COUPLED:
                    lines[level, axis] = work.slot[axis]
                    found = True
        for axis in range(2, -1, -1):
            if not found and work.slot[axis] >= 0:
                lines[level, axis] = work.slot[axis]
                found = True
        if total < DEEP:
            deepest = level
            break
    return deepest


@njit
def prepare(space, chemistry, slopes, work, lines, deepest, diagonal, scratch):
    """Make the matrix of every level and the factors of its lines, from the state averaged to each."""
    for level in range(deepest + 1):
        if level > 0:
            to_coarser(space, level - 1, work.c, work.c)
        matrix_blocks(space, chemistry, level, work.c, diagonal, slopes)
        for axis in range(3):
            if lines[level, axis] >= 0:
                factor_lines(space, slopes, level, axis, slopes.inverse[lines[level, axis]], scratch)


@njit
def weigh_cells(c, cells, n, rtol, atol, weight):
    """Put 1 / (atol + rtol |c|) into `weight`, 0 for what only fills up."""
    for x in range(cells):
        row, into = c[x], weight[x]
        for i in range(n):
            into[i] = 1.0 / (atol + rtol * abs(row[i]))


@njit
def keep_neutral(space, c, given, gamma_h, u):
    """Give each u the charge of gamma h times its right side, along diag(c) z."""
    for x in range(u.shape[0]):
        row, state, right = u[x], c[x], given[x]
        excess, size = 0.0, 0.0
        for i in space.ions:
            z = space.charge[i]
            excess += z * (row[i] - gamma_h * right[i])
            size += z * z * abs(state[i])
        if size > 0.0:
            for i in space.ions:
                row[i] -= abs(state[i]) * space.charge[i] * (excess / size)


@njit
def total_of(space, u, total):
    """Sum over the cells of V u."""
    total[:] = 0.0
    for x in range(u.shape[0]):
        v, row = space.volume[x], u[x]
        for i in range(total.shape[0]):
            total[i] += v * row[i]


@njit
def balance_matrix(space, slopes, work, diagonal, total, leaving, matrix):
    """Matrix [q, p] = what total q of (M u) gains where u = diag(c) (row p of A)."""
    cells = space.first_cell[1]
    for p in range(matrix.shape[0]):
        for x in range(cells):
            for i in range(total.shape[0]):
                work.d[x, i] = abs(work.c[x, i]) * work.invariants[p, i]
        total_of(space, work.d[:cells], total)
        through_sides(space, slopes, work.d, leaving)
        for q in range(matrix.shape[0]):
            matrix[q, p] = 0.0
            for i in range(total.shape[0]):
                gain = diagonal * total[i]
                for side in range(6):
                    gain += leaving[side, i]
                matrix[q, p] += work.invariants[q, i] * gain


@njit
def solve_small(matrix, x):
    """Gaussian elimination with row pivots in place; an equation of nothing (an element that is absent) is left out."""
    n = x.shape[0]
    for p in range(n):
        largest, pivot = 0.0, p
        for q in range(p, n):
            if abs(matrix[q, p]) > largest:
                largest, pivot = abs(matrix[q, p]), q
        if largest == 0.0:
            continue
        for j in range(n):
            matrix[p, j], matrix[pivot, j] = matrix[pivot, j], matrix[p, j]
        x[p], x[pivot] = x[pivot], x[p]
        for q in range(p + 1, n):
            factor = matrix[q, p] / matrix[p, p]
            for j in range(p, n):
                matrix[q, j] -= factor * matrix[p, j]
            x[q] -= factor * x[p]
    for p in range(n - 1, -1, -1):
        for q in range(p + 1, n):
            x[p] -= matrix[p, q] * x[q]
        x[p] = x[p] / matrix[p, p] if matrix[p, p] != 0.0 else 0.0


@njit
def keep_totals(space, slopes, work, diagonal, given, matrix, total, other, leaving, u):
    """Restore what reactions conserve, summed over the cells, along diag(c) A^T; `leaving` is that of the new u."""
    rows = work.invariants.shape[0]
    total_of(space, u, total)
    total_of(space, given, other)
    through_sides(space, slopes, u, leaving)
    missing = np.zeros(rows)
    for q in range(rows):
        for i in range(total.shape[0]):
            gap = other[i] - diagonal * total[i]
            for side in range(6):
                gap -= leaving[side, i]
            missing[q] += work.invariants[q, i] * gap
    solve_small(matrix.copy(), missing)
    change = other
    change[:] = 0.0
    for q in range(rows):
        for i in range(total.shape[0]):
            change[i] += work.invariants[q, i] * missing[q]
    for x in range(u.shape[0]):
        row, state = u[x], work.c[x]
        for i in range(total.shape[0]):
            row[i] += abs(state[i]) * change[i]
    through_sides(space, slopes, u, leaving)


@njit
def worst_cell(c, new, error, cells, n, rtol, atol):
    """Largest over the cells of the root mean square over the species of error / (atol + rtol |c|)."""
    worst = 0.0
    for x in range(cells):
        square = 0.0
        for i in range(n):
            square += (error[x, i] / (atol + rtol * max(abs(c[x, i]), abs(new[x, i])))) ** 2
        if not square <= worst:  # written so that NaN is kept
            worst = square
            if not worst < np.inf:
                return np.inf
    return np.sqrt(worst / n)


@njit
def advance_field(
    space, chemistry, slopes, work, switch, scale, pattern, outputs, rtol, atol, linear, max_steps, state, left,
    result, result_left,
):  # fmt: skip
    """Integrate across the segments of an exposure until the last switch, or for `max_steps` steps.

    As `advance_line`; `left` (6, m) [mol] is what has gone out through the sides since the start, `linear` the error of
    a stage that the linear solver leaves, in units of the step's tolerance. Returns a status.
    """
    cells, m, n = space.first_cell[1], work.y.shape[1], chemistry.f.shape[0]
    rows = work.invariants.shape[0]
    c, y, f, u = work.c, work.y, work.f, work.u
    lines = np.empty((space.shape.shape[0], 3), dtype=np.int64)
    scratch, right, total, other = np.empty((4, m)), np.empty(m), np.zeros(m), np.zeros(m)
    leaving, through, u_left = np.zeros((6, m)), np.zeros((6, m)), np.zeros((6, 6, m))
    matrix, new_left = np.zeros((rows, rows)), np.zeros((6, m))
    t, h = state[TIME], state[STEP]
    segment, output = int(state[SEGMENT]), int(state[OUTPUT])
    status = RUNNING
    rejected = False
    for _ in range(max_steps):
        while output < outputs.shape[0] and outputs[output] <= t:
            for x in range(cells):
                for i in range(n):
                    result[output, i, x] = c[x, i]
            result_left[output, :, :] = left[:, :n]
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
        diagonal = 1.0 / (GAMMA * step)

        deepest = choose(space, work, GAMMA * step, lines)
        prepare(space, chemistry, slopes, work, lines, deepest, diagonal, scratch)
        weigh_cells(c, cells, n, rtol, atol, work.weight)
        balance_matrix(space, slopes, work, diagonal, total, leaving, matrix)
        reduction, unsolved = 1.0, False
        for s in range(6):
            y[:, :] = c[:cells]
            for j in range(s):
                if A[s, j] != 0.0:
                    add_scaled(A[s, j], u[j], cells, y)
            react(space, chemistry, scale[segment], pattern[segment], y, f)
            spread(space, y, right, f, leaving)
            for j in range(s):
                add_scaled(C[s, j] / step, u[j], cells, f)
            cycles, missed, reduction = gmres(
                space, slopes, lines, deepest, work.weight, f, linear, reduction, work.basis, work.r, work.given,
                work.d, work.e, right, u[s],
            )  # fmt: skip
            state[SOLVES] += 1
            state[CYCLES] += cycles
            if not missed <= linear:
                unsolved = True
                break
            state[LINEAR] = max(state[LINEAR], missed)
            keep_neutral(space, c, f, 1.0 / diagonal, u[s])
            keep_totals(space, slopes, work, diagonal, f, matrix, total, other, through, u[s])
            for side in range(6):
                for i in range(n):
                    gone = leaving[side, i] + through[side, i]
                    for j in range(s):
                        gone += C[s, j] / step * u_left[j, side, i]
                    u_left[s, side, i] = gone / diagonal
        error, negative = 1e30, 0.0
        if unsolved:
            state[UNSOLVED] += 1
        else:
            add_scaled(1.0, u[5], cells, y)
            for x in range(cells):
                for i in range(n):
                    negative = min(negative, y[x, i])
            new_left[:, :] = left
            for s in range(6):
                factor = A[5, s] if s < 5 else 1.0
                for side in range(6):
                    for i in range(n):
                        new_left[side, i] += factor * u_left[s, side, i]
            error = worst_cell(c, y, u[5], cells, n, rtol, atol)
            if not error < 1e30:
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
        c[:cells] = y
        left[:, :] = new_left
        state[WORST_NEGATIVE] = min(state[WORST_NEGATIVE], negative)
        state[N_ACCEPTED] += 1
        if rejected:
            factor_h = min(factor_h, 1.0)
            rejected = False
        h = max(h, step * factor_h) if last else step * factor_h
        if t >= switch[segment + 1]:
            segment += 1
            if segment < scale.shape[0] and (
                scale[segment] != scale[segment - 1] or pattern[segment] != pattern[segment - 1]
            ):
                h = 0.0
    state[TIME], state[STEP] = t, h
    state[SEGMENT], state[OUTPUT] = segment, output
    return status

r"""Kernels of the time loop in space: RODASP as in `kernels`, its linear systems by `kernels_multigrid`, the books.

A stage solves M u = right side with M = I/(gamma h) - J to an estimated error of a given part of the step's tolerance.
An inexact u would break the balances, so each is mended before it is used:
- net charge of every cell: z.u = gamma h z.(right side), which holds because the closure lets no current flow, is
  restored along diag(c) z (where liquid leaves through a side without reservoir, it takes what charge there is: that
  is implicit too, or round-off would grow there);
- totals that reactions conserve, rows a of A: the sum over the cells of V a.(M u - right side) = 0, where reactions and
  faces between cells drop out, so that it costs sums of u and the flows through the sides; restored along
  diag(|c| + atol) A^T, without charge.
What leaves through each side is integrated by the same method. So (inside + left) holds to round-off, whatever the
tolerance of the linear solver.

The loop itself is Python (`simcell.radiolysis.stepping`): compiled as a whole it would cost a minute of compilation to
save a millisecond a step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simcell.numerics.jit import njit
from simcell.radiolysis.kernels import GAMMA, A, C
from simcell.radiolysis.kernels_field import react, spread, through_sides
from simcell.radiolysis.kernels_multigrid import add_scaled, copy

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
    drain: np.ndarray  # (cells,) what flows out through sides without reservoir, per volume [1/s]


class Books(NamedTuple):
    """Small arrays of the time loop."""

    scratch: np.ndarray  # (4, m)
    right: np.ndarray  # (m,)
    total: np.ndarray  # (m,)
    other: np.ndarray  # (m,)
    matrix: np.ndarray  # (totals, totals + 1)
    leaving: np.ndarray  # (6, m) amounts out of the sides [mol/s]
    through: np.ndarray  # (6, m)
    u_left: np.ndarray  # (6, 6, m) stages of what leaves
    new_left: np.ndarray  # (6, m) [mol]


@njit
def choose(space, work, gamma_h, lines):
    """How many levels the step needs, and along which axes lines are solved on each. Returns the deepest level."""
    lines[:, :] = -1
    levels, axes = space.shape.shape[0], 0
    for axis in range(3):
        axes += 2 if space.periodic[axis] else (1 if space.shape[0, axis] > 1 else 0)
    deepest = levels - 1 if axes > 1 else 0  # a single line is solved exactly
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
        if total < DEEP or level == deepest:
            deepest = level
            break
    return deepest


@njit
def weigh_cells(c, cells, n, rtol, atol, weight):
    """Put 1 / (atol + rtol |c|) into `weight`, 0 for what only fills up."""
    for x in range(cells):
        row, into = c[x], weight[x]
        for i in range(n):
            into[i] = 1.0 / (atol + rtol * abs(row[i]))


@njit
def keep_neutral(space, c, given, drain, diagonal, u):
    """Give each u the charge of its right side over (diagonal + drain), along diag(c) z."""
    for x in range(u.shape[0]):
        row, state, right = u[x], c[x], given[x]
        excess, size, gamma_h = 0.0, 0.0, 1.0 / (diagonal + drain[x])
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
def add_along(space, state, change, floor, row):
    """Add (|c| + floor) times change to the species of a cell; where ions move together, without charge."""
    excess, size = 0.0, 0.0
    for i in space.ions:
        z, c = space.charge[i], abs(state[i]) + floor
        excess += z * c * change[i]
        size += z * z * c
    mend = excess / size if size > 0.0 else 0.0
    for i in range(row.shape[0]):
        row[i] += (abs(state[i]) + floor) * (change[i] - space.charge[i] * mend)


@njit
def balance_matrix(space, slopes, work, diagonal, floor, total, leaving, matrix):
    """Matrix [q, p] = what total q of (M u) gains where u is along row p of A; the last column marks rows that count.

    Those of elements that are absent do not, nor does charge where ions move together.
    """
    cells, rows = space.first_cell[1], matrix.shape[0]
    for p in range(rows):
        plain = 0.0
        for x in range(cells):
            row, state = work.d[x], work.c[x]
            for i in range(total.shape[0]):
                row[i] = 0.0
                plain += space.volume[x] * (abs(state[i]) + floor) * work.invariants[p, i] ** 2
            if space.volume[x] > 0.0:
                add_along(space, state, work.invariants[p], floor, row)
        total_of(space, work.d[:cells], total)
        through_sides(space, slopes, work.d, leaving)
        for q in range(rows):
            matrix[q, p] = 0.0
            for i in range(total.shape[0]):
                gain = diagonal * total[i]
                for side in range(6):
                    gain += leaving[side, i]
                matrix[q, p] += work.invariants[q, i] * gain
        matrix[p, rows] = 1.0 if matrix[p, p] > 1e-9 * diagonal * plain else 0.0
    for p in range(rows):
        if matrix[p, rows] == 0.0:
            for q in range(rows):
                matrix[p, q] = 0.0
                matrix[q, p] = 0.0
            matrix[p, p] = 1.0


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
def keep_totals(space, slopes, work, diagonal, floor, given, matrix, total, other, leaving, u):
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
            missing[q] += matrix[q, rows] * work.invariants[q, i] * gap
    solve_small(matrix[:, :rows].copy(), missing)
    change = other
    change[:] = 0.0
    for q in range(rows):
        for i in range(total.shape[0]):
            change[i] += work.invariants[q, i] * missing[q]
    for x in range(u.shape[0]):
        if space.volume[x] > 0.0:
            add_along(space, work.c[x], change, floor, u[x])
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
def begin_step(space, slopes, work, books, step, n, rtol, atol):
    """Tolerances of the cells, and the matrix of the totals; the blocks of the matrix must be there."""
    weigh_cells(work.c, space.first_cell[1], n, rtol, atol, work.weight)
    balance_matrix(space, slopes, work, 1.0 / (GAMMA * step), atol, books.total, books.leaving, books.matrix)


@njit
def begin_stage(space, chemistry, work, books, s, step, scale, pattern):
    """Y = c + sum A u and the right side f(y) + sum C u / step of stage s."""
    cells, u = space.first_cell[1], work.u
    copy(work.c, space.first_face[0, 0], cells, work.y)
    for j in range(s):
        if A[s, j] != 0.0:
            add_scaled(A[s, j], u[j], cells, work.y)
    react(space, chemistry, scale, pattern, work.y, work.f)
    spread(space, work.y, books.right, work.f, books.leaving)
    for j in range(s):
        add_scaled(C[s, j] / step, u[j], cells, work.f)


@njit
def end_stage(space, slopes, work, books, s, step, n, atol):
    """Mend the balances of stage s, and book what leaves in it."""
    u, diagonal = work.u[s], 1.0 / (GAMMA * step)
    keep_neutral(space, work.c, work.f, work.drain, diagonal, u)
    keep_totals(space, slopes, work, diagonal, atol, work.f, books.matrix, books.total, books.other, books.through, u)
    for side in range(6):
        for i in range(n):
            gone = books.leaving[side, i] + books.through[side, i]
            for j in range(s):
                gone += C[s, j] / step * books.u_left[j, side, i]
            books.u_left[s, side, i] = gone / diagonal


@njit
def end_step(space, work, books, left, n, rtol, atol):
    """New state in work.y, what has left in books.new_left; returns the error and the most negative value."""
    cells, y, negative = space.first_cell[1], work.y, 0.0
    add_scaled(1.0, work.u[5], cells, y)
    for x in range(cells):
        for i in range(n):
            negative = min(negative, y[x, i])
    books.new_left[:, :] = left
    for s in range(6):
        factor = A[5, s] if s < 5 else 1.0
        for side in range(6):
            for i in range(n):
                books.new_left[side, i] += factor * books.u_left[s, side, i]
    return worst_cell(work.c, y, work.u[5], cells, n, rtol, atol), negative

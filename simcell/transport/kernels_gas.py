r"""Kernels of gas that stays in the cells of a liquid: exchange with what is dissolved, implicit and conserving.

In a cell with bubbles, gas g leaves the liquid at :math:`k_g(c_g - H_g p_g)`, with the partial pressure
:math:`p_g = p\,n_g/\sum n` in bubbles of pressure p. Implicit Euler over h makes :math:`n_g` a function of S, the sum:

.. math:: n_g = S\,\frac{b_g + h k_g c_g}{S + h k_g H_g p},\qquad \sum_g\frac{b_g + h k_g c_g}{S + h k_g H_g p} = 1

with b what was there. The left side falls with S, so there is one root, or none where all gas dissolves.
"""

from __future__ import annotations

from simcell.numerics.jit import njit


@njit
def settle_cell(base, top, sink):
    """Sum S of the amounts in a cell, for numerators and h k H p of the gases; 0 where nothing stays."""
    start, widest, left = 0.0, 0.0, 0.0
    for g in range(top.size):
        start += top[g]
        widest = max(widest, sink[g])
        left += top[g] / sink[g]
    if left <= 1.0:
        return 0.0
    s = max(0.0, start - widest)  # the root is not below, and Newton's method comes from there without overshooting
    for _ in range(100):
        value, slope = -1.0, 0.0
        for g in range(top.size):
            value += top[g] / (s + sink[g])
            slope -= top[g] / (s + sink[g]) ** 2
        change = value / slope
        s -= change
        if abs(change) <= 1e-15 * s:
            break
    return s


@njit
def exchange(u, h, gas):
    """Amounts [mol/m^3 of cell] and what has left the liquid [mol/m^3/s], with its derivatives, for all cells."""
    who, k, limit, is_open, _volume, base, amount, flow, slopes, top, sink = gas[:11]
    for i in range(is_open.size):
        for g in range(who.size):
            sink[g] = h * k[g] * limit[g]
            top[g] = max(0.0, base[i, g] + h * k[g] * u[i + 1, who[g]]) if is_open[i] > 0.0 else 0.0
        s = settle_cell(base[i], top, sink)
        weight = 0.0
        for g in range(who.size):
            weight += top[g] / (s + sink[g]) ** 2
        for g in range(who.size):
            amount[i, g] = s * top[g] / (s + sink[g])
            flow[i, g] = (amount[i, g] - base[i, g]) / h
            for j in range(who.size):
                change = 0.0
                if s > 0.0 and top[j] > 0.0:
                    follows = h * k[j] / (s + sink[j]) / weight
                    change = top[g] * sink[g] / (s + sink[g]) ** 2 * follows
                    if g == j:
                        change += s * h * k[g] / (s + sink[g])
                slopes[i, g, j] = change / h


@njit
def take_up(u, h, gas, residual, diagonal):
    """Take the gas that leaves the liquid from the rows of the cells."""
    exchange(u, h, gas)
    who, volume, flow, slopes = gas[0], gas[4], gas[7], gas[8]
    for i in range(volume.size):
        for g in range(who.size):
            residual[i + 1, who[g]] += volume[i] * flow[i, g]
            for j in range(who.size):
                diagonal[i + 1, who[g], who[j]] += volume[i] * slopes[i, g, j]


@njit
def stage_base(gas, s, dt, matrix):
    """Set the amounts that a stage begins with."""
    base, start, rates = gas[5], gas[11], gas[12]
    base[:] = start
    for j in range(s):
        for i in range(base.shape[0]):
            for g in range(base.shape[1]):
                base[i, g] += dt * matrix[s, j] * rates[j, i, g]

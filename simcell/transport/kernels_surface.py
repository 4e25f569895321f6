"""Kernels of what happens between two nodes and at an electrode: means, rates of reactions, balancing ion.

Numbers only: potentials in units of RT/F, current densities in A/m^2, concentrations in mol/m^3.
"""

from __future__ import annotations

import numpy as np

from simcell.numerics.jit import njit

LARGEST = 300.0  # exponent from which the exponential goes on along its tangent
TINY = 1e-250  # mol/m^3: below it the logarithm of a ratio may overflow
REACH = 4.0  # largest change of the step of potential at an electrode in one Newton iteration, in RT/F


@njit
def log_mean(a, b):
    """Logarithmic mean of two concentrations and its derivatives; 0 where one of them is not positive."""
    if a <= TINY or b <= TINY:
        return 0.0, 0.0, 0.0
    total = a + b
    x = (b - a) / total
    if abs(x) < 0.03:
        s = x * x
        g = 1.0 - s / 3.0 - 4.0 * s * s / 45.0 - 44.0 * s * s * s / 945.0
        slope = x * (-2.0 / 3.0 - 16.0 * s / 45.0 - 264.0 * s * s / 945.0)
        return 0.5 * total * g, 0.5 * g - slope * b / total, 0.5 * g + slope * a / total
    ratio = np.log(b / a)
    value = (b - a) / ratio
    return value, (value / a - 1.0) / ratio, (1.0 - value / b) / ratio


@njit
def growth(x):
    """Exponential that goes on along its tangent, and its derivative."""
    if x > LARGEST:
        top = np.exp(LARGEST)
        return top * (1.0 + x - LARGEST), top
    value = np.exp(x)
    return value, value


@njit
def power(x, p):
    """x^p and its derivative; 0 where x is not positive and p is."""
    if p == 0.0:
        return 1.0, 0.0
    if p == 1.0:
        return x, 1.0
    if x <= 0.0:
        return 0.0, 0.0
    value = x**p
    return value, p * value / x


@njit
def product(c, reference, orders, r, slope):
    """Product of (c / reference)^order of a reaction; its derivatives go to `slope`."""
    total = 1.0
    for k in range(c.size):
        slope[k] = 0.0
        if orders[r, k] != 0.0:
            total *= power(c[k] / reference[r, k], orders[r, k])[0]
    for k in range(c.size):
        if orders[r, k] != 0.0:
            value, d = power(c[k] / reference[r, k], orders[r, k])
            if value != 0.0:
                slope[k] = total / value * d / reference[r, k]
            else:
                rest = d / reference[r, k]
                for j in range(c.size):
                    if j != k and orders[r, j] != 0.0:
                        rest *= power(c[j] / reference[r, j], orders[r, j])[0]
                slope[k] = rest
    return total


@njit
def surface(side, c, v, kinetics, film, carried, rate, dv, dc, slope):
    """Currents [A/m^2] of the reactions at an end, with derivatives by the step of potential and by concentrations.

    `v` is metal less liquid in RT/F; a film [RT/F per A/m^2] takes its share of it. Give back their sum.
    """
    at, exchange, anodic, cathodic, equilibrium, forward, backward, reference, orders_a, orders_c, _nu = kinetics
    current = carried[side]
    total, total_dv = 0.0, 0.0
    last = 0.0
    for trial in range(200):
        beyond = v - film * current
        if trial > 0 and abs(beyond - last) > REACH:
            beyond = last + np.sign(beyond - last) * REACH
            current = (v - beyond) / film
        last = beyond
        total, total_dv = 0.0, 0.0
        for r in range(at.size):
            if at[r] != side:
                continue
            x = beyond - equilibrium[r]
            up, dup = growth(anodic[r] * x)
            down, ddown = growth(-cathodic[r] * x)
            dv[r] = 0.0
            rate[r] = 0.0
            for k in range(c.size):
                dc[r, k] = 0.0
            if forward[r] > 0.0:
                p = product(c, reference, orders_a, r, slope)
                rate[r] += exchange[r] * p * up
                dv[r] += exchange[r] * p * anodic[r] * dup
                for k in range(c.size):
                    dc[r, k] += exchange[r] * up * slope[k]
            if backward[r] > 0.0:
                p = product(c, reference, orders_c, r, slope)
                rate[r] -= exchange[r] * p * down
                dv[r] += exchange[r] * p * cathodic[r] * ddown
                for k in range(c.size):
                    dc[r, k] -= exchange[r] * down * slope[k]
            total += rate[r]
            total_dv += dv[r]
        if film == 0.0:
            break
        change = (total - current) / (1.0 + film * total_dv)
        current += change
        if abs(change) <= 1e-14 * (abs(current) + abs(total)) + 1e-300:
            break
    carried[side] = current
    if film > 0.0:  # what the film takes away of every change
        share = 1.0 / (1.0 + film * total_dv)
        for k in range(c.size):
            through = 0.0
            for r in range(at.size):
                if at[r] == side:
                    through += dc[r, k]
            for r in range(at.size):
                if at[r] == side:
                    dc[r, k] -= dv[r] * film * through * share
        for r in range(at.size):
            if at[r] == side:
                dv[r] *= share
    return total


@njit
def balancing(row, z, last):
    """Concentration of the balancing ion from those of the others."""
    total = 0.0
    for k in range(last):
        total += z[k] * row[k]
    return -total / z[last]

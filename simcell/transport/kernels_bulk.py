"""Kernels of reactions inside a liquid: mass action in pairs, forward and back, and their part of the linear system.

A pair counts with the difference of its two rates, so that fast reactions near equilibrium, whose rates are equal to
all digits, still conserve what they conserve to rounding of what is left.
"""

from __future__ import annotations

from simcell.numerics.jit import njit
from simcell.transport.kernels_surface import balancing


@njit
def mass_action(c, constant, who):
    """Constant times the product of up to three concentrations (index -1: none)."""
    total = constant
    for p in range(who.size):
        if who[p] >= 0:
            total *= c[who[p]]
    return total


@njit
def follow(node, by, change, nu, z, diagonal):
    """Take the derivative of a rate by one concentration from the rows of all that the reaction changes.

    The last ion follows the others.
    """
    last = z.size - 1
    for k in range(last):
        if nu[k] == 0.0:
            continue
        if by < last:
            diagonal[node, k, by] -= nu[k] * change
        else:
            for j in range(last):
                diagonal[node, k, j] += nu[k] * change * z[j] / z[last]


@njit
def sources(node, share, u, z, bulk, c, residual, diagonal):
    """Take what reactions make in a volume [m^3] from the rows of a node; c: work space of the size of z."""
    forward, back, left, right, nu, production, footprint, factor = bulk
    last = z.size - 1
    beam = share * factor[0] * footprint[node]
    for k in range(last):
        residual[node, k] -= beam * production[k]
    for k in range(last):
        c[k] = u[node, k]
    c[last] = balancing(u[node], z, last)
    for r in range(forward.size):
        rate = mass_action(c, forward[r], left[r]) - mass_action(c, back[r], right[r])
        for k in range(last):
            if nu[r, k] != 0.0:
                residual[node, k] -= share * nu[r, k] * rate
        for side in range(2):
            constant, who = (forward[r], left[r]) if side == 0 else (-back[r], right[r])
            if constant == 0.0:
                continue
            for p in range(who.size):
                if who[p] >= 0:
                    change = constant
                    for q in range(who.size):
                        if q != p and who[q] >= 0:
                            change *= c[who[q]]
                    follow(node, who[p], share * change, nu[r], z, diagonal)


@njit
def react(u, volume, z, bulk, c, residual, diagonal):
    """All nodes: cells with their volume, the surface beside the first and the last with a quarter of it.

    A linear profile gives the surface half of the half cell between it and the centre. So equilibria hold at the
    surface as well when the reactions are so fast that the layer in which they act is thinner than a cell.
    """
    n = volume.size
    for i in range(n):
        share = volume[i]
        if i == 0:
            share -= 0.25 * volume[0]
            sources(0, 0.25 * volume[0], u, z, bulk, c, residual, diagonal)
        if i == n - 1:
            share -= 0.25 * volume[n - 1]
            sources(n + 1, 0.25 * volume[n - 1], u, z, bulk, c, residual, diagonal)
        sources(i + 1, share, u, z, bulk, c, residual, diagonal)


@njit
def inside(u, volume, z, bulk, c, lost, steep):
    """All cells of a grid: what reactions and a beam take, with its derivatives by the ions but the last."""
    lost[:] = 0.0
    steep[:] = 0.0
    for n in range(volume.size):
        if volume[n] > 0.0:
            sources(n, volume[n], u, z, bulk, c, lost, steep)

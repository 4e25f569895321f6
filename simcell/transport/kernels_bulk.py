"""Kernels of reactions inside a liquid: mass action in pairs, forward and back, and their part of the linear system.

A pair counts with the difference of its two rates, so that fast reactions near equilibrium, whose rates are equal to
all digits, still conserve what they conserve to rounding of what is left.
"""

from __future__ import annotations

from simcell.numerics.jit import njit
from simcell.transport.kernels_surface import balancing


@njit
def one_way(node, c, constant, who, share, which, nu, r, z, diagonal):
    """Rate of one direction of reaction r, with up to three concentrations (index -1: none).

    The derivatives of what a volume `share` makes by it are taken from those of the rows of a node.
    """
    last = z.size - 1
    total = constant
    for p in range(who.size):
        if who[p] >= 0:
            total *= c[who[p]]
    for p in range(who.size):
        j = who[p]
        if j < 0:
            continue
        rest = constant * share
        for q in range(who.size):
            if q != p and who[q] >= 0:
                rest *= c[who[q]]
        for m in range(which.size):
            k = which[m]
            if k < 0:
                break
            if k == last:
                continue
            if j < last:
                diagonal[node, k, j] -= nu[r, k] * rest
            else:  # the ion that balances follows from the others
                for n in range(last):
                    diagonal[node, k, n] += nu[r, k] * rest * z[n] / z[last]
    return total


@njit
def sources(node, share, u, z, bulk, c, residual, diagonal):
    """Take what reactions make in a volume [m^3] from the rows of a node; c: work space of the size of z."""
    forward, back, left, right, nu, which, production, footprint, factor = bulk
    last = z.size - 1
    beam = share * factor[0] * footprint[node]
    for k in range(last):
        residual[node, k] -= beam * production[k]
        c[k] = u[node, k]
    c[last] = balancing(u[node], z, last)
    for r in range(forward.size):
        rate = one_way(node, c, forward[r], left[r], share, which[r], nu, r, z, diagonal)
        if back[r] > 0.0:
            rate -= one_way(node, c, back[r], right[r], -share, which[r], nu, r, z, diagonal)
        for m in range(which.shape[1]):
            k = which[r, m]
            if k < 0:
                break
            if k < last:
                residual[node, k] -= share * nu[r, k] * rate


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

"""Kernels of what enters the liquid: electrodes, reservoirs and outflow, each a list of patches beside a cell.

An electrode's patch has a surface state of its own (concentrations and potential there), which reactions, double layer
and the flux to the cell determine. It is solved for the state of the cell at hand, so only its answer appears in the
system of the cells: the flux into the cell and its derivatives. A change of all potentials by one constant changes
nothing, hence the derivative by the potential of the metal is that by the cell's potential with the other sign.

Where the liquid reacts, it also does so in a part of the cell's volume that belongs to the surface (see `bath`); in a
plan only with what that is more than in the cell, whose reactions then count in full.
"""

from __future__ import annotations

import numpy as np

from simcell.numerics.jit import njit
from simcell.transport.kernels_bath import add_own, face, linear_flux
from simcell.transport.kernels_bulk import sources
from simcell.transport.kernels_columns import invert
from simcell.transport.kernels_surface import REACH, surface

METAL, RESERVOIR, OUTFLOW = 0, 1, 2
SMALL = 1e-6  # relative change after which the linear part of the surface's answer is exact to rounding


@njit
def settle(
    p, t, u, c, metal, h, base, g, share, film, capacity, carried, kinetics, electrons, z, d, scale, states,
    miss, matrix, coef, flux, rate, dv, dc, slope, row, inverse, part, bulk, mixed, lost, steep, beside,
):  # fmt: skip
    """Newton's method for the surface state of a patch; the last change is left in `row`. False: no convergence.

    Residual: what leaves for the cell less what reactions and double layer make, of ions and of charge. (Arguments one
    by one: unpacking tuples for every patch takes longer than the rest.)
    """
    nu = kinetics[10]
    count = z.size
    last = count - 1
    for _ in range(80):
        face(states, p, u, c, g, 0.0, z, d, coef, 0, flux)
        rest = 0.0
        for k in range(last):
            row[k] = states[p, k]
            rest -= z[k] * row[k]
        row[last] = rest / z[last]
        v = metal - states[p, last]
        total = surface(t, row, v, kinetics, film, carried, rate, dv, dc, slope)
        for k in range(count):
            miss[k] = flux[k]
            for n in range(count):
                matrix[k, n] = 0.0
        add_own(coef, 0, z, 1.0, matrix)
        if part > 0.0:
            lost[p] = 0.0
            steep[p] = 0.0
            sources(p, part, states, z, bulk, mixed, lost, steep)
            for k in range(last):
                miss[k] += lost[p, k] - beside[p, k]
                for n in range(last):
                    matrix[k, n] += steep[p, k, n]
        matrix[last, last] += share * capacity / h
        miss[last] -= share * (total + capacity * (v - base) / h)
        for r in range(electrons.size):
            if kinetics[0][r] != t:
                continue
            matrix[last, last] += share * dv[r]
            for n in range(last):
                dc[r, n] -= z[n] / z[last] * dc[r, last]  # with the balancing ion that follows
                matrix[last, n] -= share * dc[r, n]
            for k in range(last):
                made = share * nu[r, k] / electrons[r]
                if made != 0.0:
                    miss[k] -= made * rate[r]
                    matrix[k, last] += made * dv[r]
                    for n in range(last):
                        matrix[k, n] -= made * dc[r, n]
        if not invert(matrix, inverse):
            return False
        size = 0.0
        for k in range(count):
            change = 0.0
            for n in range(count):
                change -= inverse[k, n] * miss[n]
            row[k] = change
            small = 1.0 if k == last else abs(states[p, k]) + 1e-9 * scale[k]
            size = max(size, abs(change) / small)
        if not np.isfinite(size):
            return False
        if size < SMALL:
            return True
        shift(states, p, row, z, scale, min(1.0, REACH / max(abs(row[last]), 1e-300)))
    return False


@njit
def shift(states, p, change, z, scale, part):
    """Move a surface state, but leave a twentieth of every concentration: rates and logarithms need it.

    What is below rounding of the concentrations around is left alone: it may pass through zero.
    """
    last = z.size - 1
    before, rest = 0.0, 0.0
    for k in range(last):
        now = states[p, k]
        moved = now + part * change[k]
        change[k] = max(moved, 0.05 * now) - now if now > 1e-16 * scale[k] else moved - now
        before -= z[k] * now / z[last]
        rest -= z[k] * change[k] / z[last]
    share = 1.0
    if before > 1e-16 * scale[0] and before + rest < 0.05 * before:
        share = -0.95 * before / rest
    for k in range(last):
        states[p, k] += share * change[k]
    states[p, last] += part * change[last]


@njit
def enter(u, potential, h, base, patches, ends, numbers, states, answers, sums, rise, work, reacting):
    """All patches at the state of the cells: flux into each cell, its derivatives, and the sums for the books.

    `states`: surfaces; `answers`: flux, derivative by the cell, of the surface by the cell, what a unit of charge at
    the surface sends into the cell and makes of the surface's potential. `sums`: currents of reactions [A], of double
    layers [A] and flows of ions [mol/s], each of the latter for all terminals; `rise`: their derivatives by the
    potential of their terminal. `reacting`: volume of the surface, what reacts there, work space, and what is taken in
    as much of the cell, which counts elsewhere. False: a surface has no solution.
    """
    cell, kind, terminal, conductance, area, outside, flow = patches
    film, capacity, carried, faraday, kinetics, electrons = ends
    z, d, scale = numbers
    flux, block, lever, kick, give = answers
    miss, matrix, coef, through, rate, dv, dc, slope, row, inverse = work
    part, bulk, mixed, lost, steep, beside, beside_steep = reacting
    count = z.size
    last = count - 1
    reactions = electrons.size
    metals = film.size
    moved, nothing = np.zeros((1, count)), np.zeros((1, count))
    sums[:] = 0.0
    rise[:] = 0.0
    for p in range(cell.size):
        t, c = terminal[p], cell[p]
        for r in range(count):
            for n in range(count):
                block[p, r, n] = 0.0
                lever[p, r, n] = 0.0
        if kind[p] == OUTFLOW:  # flow < 0: out of the cell
            for k in range(last):
                flux[p, k] = flow[p] * u[c, k]
                block[p, k, k] = flow[p]
            flux[p, last] = 0.0
        elif kind[p] == RESERVOIR:
            for k in range(last):
                states[p, k] = outside[p, k]
            states[p, last] = potential[t]
            face(states, p, u, c, conductance[p], flow[p], z, d, coef, 0, through)
            for k in range(count):
                flux[p, k] = through[k]
            add_own(coef, 0, z, -1.0, block[p])
            for r in range(count):
                for n in range(count):
                    block[p, r, n] = -block[p, r, n]
        else:
            found = settle(
                p, t, u, c, potential[t], h, base[p], conductance[p], area[p] / faraday, film[t], capacity[t], carried,
                kinetics, electrons, z, d, scale, states, miss, matrix, coef, through, rate, dv, dc, slope, row,
                inverse, part[p], bulk, mixed, lost, steep, beside,
            )  # fmt: skip
            if not found:
                return False
            charging = capacity[t] * (potential[t] - states[p, last] - row[last] - base[p]) / h
            sums[reactions + t] += area[p] * charging
            for r in range(reactions):
                if kinetics[0][r] == t:
                    value = rate[r] - dv[r] * row[last]
                    for n in range(last):
                        value += dc[r, n] * row[n]
                    sums[r] += area[p] * value
            for k in range(count):
                moved[0, k] = row[k]
            charge = linear_flux(coef, 0, z, moved, 0, nothing, 0, row)
            for k in range(last):
                flux[p, k] = through[k] + row[k]
            flux[p, last] = through[last] + charge
            for k in range(count):
                row[k] = moved[0, k]
            for k in range(count):
                states[p, k] += row[k]
            add_own(coef, 0, z, -1.0, block[p])
            for r in range(count):
                for n in range(count):
                    block[p, r, n] = -block[p, r, n]
            for r in range(count):  # surface by cell
                for n in range(count):
                    total = 0.0
                    for k in range(count):
                        total -= inverse[r, k] * block[p, k, n]
                    if part[p] > 0.0 and n < last:
                        for k in range(last):
                            total += inverse[r, k] * beside_steep[p, k, n]
                    lever[p, r, n] = total
            tied = lever[p, last, last]  # what the step of potential keeps of a change of the metal
            rise[reactions + t] += area[p] * capacity[t] / h * tied
            for r in range(reactions):
                if kinetics[0][r] == t:
                    value = dv[r] * tied
                    for n in range(last):
                        value -= dc[r, n] * lever[p, n, last]
                    rise[r] += area[p] * value
            for n in range(count):
                for k in range(count):
                    moved[0, k] = lever[p, k, n]
                charge = linear_flux(coef, 0, z, moved, 0, nothing, 0, row)
                for k in range(last):
                    block[p, k, n] += row[k]
                block[p, last, n] += charge
            for k in range(count):
                moved[0, k] = inverse[k, last]
            kick[p, last] = linear_flux(coef, 0, z, moved, 0, nothing, 0, row)
            for k in range(last):
                kick[p, k] = row[k]
            give[p] = inverse[last, last]
        at = reactions + metals + max(t, 0) * count
        if t < 0:
            at = sums.size - count
        rest, follows = flux[p, last], -block[p, last, last]
        for k in range(last):
            sums[at + k] += flux[p, k]
            rise[at + k] -= block[p, k, last]
            rest -= z[k] * flux[p, k]
            follows += z[k] * block[p, k, last]
        sums[at + last] += rest / z[last]
        rise[at + last] += follows / z[last]
    return True


@njit
def predict(change, step, patches, lever, z, scale, states):
    """Move surfaces along with changes of the cells and of the potentials of the terminals."""
    cell, kind, terminal = patches[:3]
    count = z.size
    move = np.empty(count)
    for p in range(cell.size):
        if kind[p] != METAL:
            continue
        c, dw = cell[p], step[terminal[p]]
        for r in range(count):
            s = -lever[p, r, count - 1] * dw
            for n in range(count):
                s += lever[p, r, n] * change[c, n]
            move[r] = s
        move[count - 1] += dw
        shift(states, p, move, z, scale, 1.0)


@njit
def put(patches, flux, out):
    """Subtract what enters from the balances of the cells (ions and charge)."""
    cell = patches[0]
    for p in range(cell.size):
        for r in range(flux.shape[1]):
            out[cell[p], r] -= flux[p, r]


@njit
def by_ions(block, z, wide):
    """Derivatives of the fluxes into a cell as rows of all ions: `wide` rows, changes of ions, then of potential."""
    count = z.size
    last = count - 1
    for p in range(block.shape[0]):
        for n in range(count):
            at = n if n < last else wide.shape[1]
            rest = block[p, last, n]
            for k in range(last):
                wide[p, k, at] = block[p, k, n]
                rest -= z[k] * block[p, k, n]
            wide[p, last, at] = rest / z[last]


@njit
def border(patches, blocks, z, x, w, out, currents):
    """Subtract from the rows of cells what enters by changes of cells (x) and of terminals (w); their currents
    [mol/s] by all changes.
    """
    cell, _kind, terminal = patches[:3]
    wide = blocks.shape[1]
    currents[:] = 0.0
    for p in range(cell.size):
        t, c = terminal[p], cell[p]
        if t < 0:
            continue
        for k in range(z.size):
            s = 0.0
            for n in range(wide + 1):
                s += blocks[p, k, n] * x[c, n]
            out[c, k] += blocks[p, k, wide] * w[t]
            currents[t] += z[k] * (s - blocks[p, k, wide] * w[t])

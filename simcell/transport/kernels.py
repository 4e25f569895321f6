r"""Kernels of the electroneutral transport of ions along a line: fluxes, electrode reactions, one implicit step.

Nodes 0 and n+1 are the surfaces at the two ends (no volume), nodes 1..n the cells. Unknowns of a node: concentrations
of all ions but the last, and the potential in units of RT/F. The last ion (the balancing one) follows from
electroneutrality, its balance from div i = 0, so the system has index 1. Between nodes

.. math:: N = -\frac{D}{d}\left[c_R - c_L + z\,\Lambda(c_L, c_R)\,(\phi_R - \phi_L)\right],\qquad
          \Lambda = \frac{c_R - c_L}{\ln(c_R/c_L)}

With the logarithmic mean the flux is -D Lambda grad(mu)/RT: it is zero in Boltzmann's equilibrium, a depleted ion
stops it (concentrations stay positive), and for a binary salt at steady state it is exact.
Linear systems are block tridiagonal with one row and column more, the potential of the working metal.
"""

from __future__ import annotations

import numpy as np

from simcell.numerics.jit import njit
from simcell.transport.kernels_binary import binary_face, binary_faces
from simcell.transport.kernels_blocks import backward, factorise
from simcell.transport.kernels_bulk import react
from simcell.transport.kernels_gas import exchange, stage_base, take_up
from simcell.transport.kernels_surface import REACH, balancing, log_mean, surface

ELECTRODE, RESERVOIR, FRIT = 0, 1, 2


@njit
def end_rows(side, u, w, model, state, h, base_v, upper, work):
    """Rows of the node at an end that is an electrode: what the reactions make goes into the liquid."""
    z, _d, _volume, area, _gap, _kinds, film, capacity, faraday, kinetics, electrons, _fixed = model
    residual, diagonal, column = work[0], work[1], work[5]
    rate, dv, dc, slope, surface_c, carried = state
    nu = kinetics[10]
    last = z.size - 1
    node = 0 if side == 0 else u.shape[0] - 1
    face = area[0] if side == 0 else area[-1]
    for k in range(last):
        surface_c[k] = u[node, k]
    surface_c[last] = balancing(u[node], z, last)
    v = (w if side == 0 else 0.0) - u[node, last]
    total = surface(side, surface_c, v, kinetics, film[side], carried, rate, dv, dc, slope)
    charging = capacity[side] * (v - base_v[side]) / h
    total_dv = capacity[side] / h
    for r in range(electrons.size):
        if kinetics[0][r] != side:
            continue
        total_dv += dv[r]
        for k in range(last):
            made = face * nu[r, k] / (electrons[r] * faraday)
            residual[node, k] -= made * rate[r]
            diagonal[node, k, last] += made * dv[r]
            for j in range(last):
                diagonal[node, k, j] -= made * (dc[r, j] - z[j] / z[last] * dc[r, last])
            if side == 0:
                column[node, k] -= made * dv[r]
    share = face / faraday
    residual[node, last] -= share * (total + charging)
    diagonal[node, last, last] += share * total_dv
    if side == 0:
        column[node, last] -= share * total_dv
        upper[last] = -total_dv
    for j in range(last):
        change = 0.0
        for r in range(electrons.size):
            if kinetics[0][r] == side:
                change += dc[r, j] - z[j] / z[last] * dc[r, last]
        diagonal[node, last, j] -= share * change
        if side == 0:
            upper[j] = change
    return total + charging, total_dv


@njit
def dilute_faces(u, z, d, area, gap, residual, diagonal, before, after):
    """Flows of independent ions between all nodes into the rows of the ions and of the charge."""
    last = z.size - 1
    n = gap.size - 1
    for f in range(n + 1):
        left, right = f, f + 1
        drop = u[right, last] - u[left, last]
        cl, cr = balancing(u[left], z, last), balancing(u[right], z, last)
        g = area[f] * d[last] / gap[f]
        mean, ma, mb = log_mean(cl, cr)
        zl = z[last]
        current = -zl * g * (cr - cl + zl * mean * drop)
        el, er = -g * (-1.0 + zl * ma * drop), -g * (1.0 + zl * mb * drop)
        ephi = -zl * zl * g * mean
        for k in range(last):
            a, b = u[left, k], u[right, k]
            g = area[f] * d[k] / gap[f]
            mean, ma, mb = (0.0, 0.0, 0.0)
            if z[k] != 0.0:
                mean, ma, mb = log_mean(a, b)
            flux = -g * (b - a + z[k] * mean * drop)
            da, db = -g * (-1.0 + z[k] * ma * drop), -g * (1.0 + z[k] * mb * drop)
            dphi = -g * z[k] * mean
            current += z[k] * flux
            ephi += z[k] * dphi
            residual[left, k] += flux
            residual[right, k] -= flux
            diagonal[left, k, k] += da
            after[left, k, k] += db
            diagonal[left, k, last] -= dphi
            after[left, k, last] += dphi
            before[right, k, k] -= da
            diagonal[right, k, k] -= db
            before[right, k, last] += dphi
            diagonal[right, k, last] -= dphi
            diagonal[left, last, k] += z[k] * (da - el)
            after[left, last, k] += z[k] * (db - er)
            before[right, last, k] -= z[k] * (da - el)
            diagonal[right, last, k] -= z[k] * (db - er)
        residual[left, last] += current
        residual[right, last] -= current
        diagonal[left, last, last] -= ephi
        after[left, last, last] += ephi
        before[right, last, last] += ephi
        diagonal[right, last, last] -= ephi


@njit
def assemble(u, w, h, base, base_v, model, extra, state, work, upper):
    """Residuals and derivatives of all rows; give back current density of the working electrode and its slope."""
    z, d, volume, area, gap, kinds, _film, _capacity, _faraday, _kinetics, _electrons, fixed = model
    bulk, binary, gas = extra
    residual, diagonal, before, after, _pivots, column = work[:6]
    last = z.size - 1
    n = volume.size
    residual[:] = 0.0
    diagonal[:] = 0.0
    before[:] = 0.0
    after[:] = 0.0
    column[:] = 0.0
    if binary[0] > 0.0:
        binary_faces(u, area, gap, binary, residual, diagonal, before, after)
    else:
        dilute_faces(u, z, d, area, gap, residual, diagonal, before, after)
    if bulk[0].size > 0 or bulk[8][0] != 0.0:
        react(u, volume, z, bulk, state[4], residual, diagonal)
    if gas[0].size > 0:
        take_up(u, h, gas, residual, diagonal)
    for i in range(n):
        store = volume[i] / h
        for k in range(last):
            residual[i + 1, k] += store * (u[i + 1, k] - base[i, k])
            diagonal[i + 1, k, k] += store
    current, slope = 0.0, 0.0
    for side in range(2):
        node = 0 if side == 0 else n + 1
        if kinds[side] == ELECTRODE:
            found, found_slope = end_rows(side, u, w, model, state, h, base_v, upper, work)
            if side == 0:
                current, slope = found, found_slope
            continue
        residual[node, last] = u[node, last]
        diagonal[node, last, :] = 0.0
        diagonal[node, last, last] = 1.0
        before[node, last, :] = 0.0
        after[node, last, :] = 0.0
        if kinds[side] == RESERVOIR:
            for k in range(last):
                residual[node, k] = u[node, k] - fixed[side, k]
                diagonal[node, k, :] = 0.0
                diagonal[node, k, k] = 1.0
                before[node, k, :] = 0.0
                after[node, k, :] = 0.0
    return current, slope


@njit
def bordered(work, control, upper, slope, miss, wide):
    """Solve T x + column dw = x for given factors and the control's row; give back dw and change x in place."""
    _residual, diagonal, before, after, pivots, column, x = work[:7]
    by_current, factor, node, weight = control
    backward(diagonal, before, after, pivots, x)
    last = upper.size - 1
    row = 0.0
    along = 0.0
    for j in range(last + 1):
        row += factor * upper[j] * x[0, j]
        along += factor * upper[j] * column[0, j]
    own = factor * slope
    if not by_current:
        own += 1.0
        if node >= 0:
            row -= (1.0 - weight) * x[node, last] + weight * x[node + 1, last]
            along -= (1.0 - weight) * column[node, last] + weight * column[node + 1, last]
    change = (wide * -miss - row) / (own - along)
    for i in range(x.shape[0]):
        for j in range(last + 1):
            x[i, j] -= column[i, j] * change
    return change


@njit
def missed(u, w, current, goal, control):
    """What the control lacks: the set current [A/m^2], or the set potential [RT/F] with iR compensation."""
    by_current, factor, node, weight = control
    last = u.shape[1] - 1
    if by_current:
        return factor * current - goal
    reference = 0.0
    if node >= 0:
        reference = (1.0 - weight) * u[node, last] + weight * u[node + 1, last]
    return w - reference - goal + factor * current


@njit
def cautious(row, change, z, scale, part):
    """Share of a Newton change after which a twentieth of every concentration is left: rates and logarithms need it.

    What is below rounding of the concentrations around is left alone: it may pass through zero.
    """
    last = z.size - 1
    for k in range(last):
        if row[k] > 1e-16 * scale[k] and row[k] + part * change[k] < 0.05 * row[k]:
            part = -0.95 * row[k] / change[k]
    rest, lost = balancing(row, z, last), balancing(change, z, last)
    if rest > 1e-16 * scale[0] and rest + part * lost < 0.05 * rest:
        part = -0.95 * rest / lost
    return part


@njit
def solve_stage(u, metal, h, base, base_v, goal, control, model, extra, state, work, upper, scale, tolerance):
    """Newton's method for one implicit stage; give back the iterations, or -1 where it does not converge.

    Factors serve as long as each change is a twentieth of the one before and the stage has the same length.
    """
    residual, diagonal, before, after, pivots, column, x = work[:7]
    kinds, z = model[5], model[0]
    last = upper.size - 1
    nodes = u.shape[0]
    raw = (residual, work[7], work[8], work[9], pivots, work[10], x)
    raw_upper, kept = work[11], work[12]
    before_that = 0.1  # a first change with old factors must be smaller than this to go on with them
    stale = kept[0] != h
    reacting = extra[0][0].size > 0
    for iteration in range(60):
        current, slope = assemble(u, metal[0], h, base, base_v, model, extra, state, raw, raw_upper)
        metal[1] = current
        miss = missed(u, metal[0], current, goal, control)
        if stale:
            diagonal[:], before[:], after[:], column[:], upper[:] = raw[1], raw[2], raw[3], raw[5], raw_upper
            kept[0], kept[1] = h, slope
            if not factorise(diagonal, before, after, pivots):
                kept[0] = -1.0
                return -1
            backward(diagonal, before, after, pivots, column)
        slope = kept[1]
        metal[2] = slope
        for i in range(nodes):
            for j in range(last + 1):
                x[i, j] = -residual[i, j]
        change = bordered(work, control, upper, slope, miss, 1.0)
        if not np.isfinite(change):
            kept[0] = -1.0
            return -1
        size = abs(change)
        damping = 1.0
        for side in range(2):
            if kinds[side] == ELECTRODE:
                node = 0 if side == 0 else nodes - 1
                step = abs((change if side == 0 else 0.0) - x[node, last])
                if step * damping > REACH:
                    damping = REACH / step
        for i in range(nodes):
            part = damping
            end = 0 if i == 0 else (1 if i == nodes - 1 else -1)
            if reacting or (end >= 0 and kinds[end] == ELECTRODE):
                part = cautious(u[i], x[i], z, scale, damping)
            for k in range(last):
                step = abs(x[i, k])
                if i == 0 or i == nodes - 1:
                    size = max(size, step / (abs(u[i, k]) + 1e-6 * scale[k]))
                else:
                    size = max(size, step / max(scale[k], abs(u[i, k])))
                u[i, k] += part * x[i, k]
            size = max(size, abs(x[i, last]) * 1e-2)
            u[i, last] += damping * x[i, last]
        metal[0] += damping * change
        if not np.isfinite(size):
            kept[0] = -1.0
            return -1
        stale = damping < 1.0 or size > 0.05 * before_that
        before_that = size
        if size < tolerance:
            return iteration + 1
    return -1


@njit
def books(u, h, base, base_v, metal, model, extra, state, out):
    """Rates of what is summed up: currents of reactions [A], charging [A], flow of each ion into the liquid [mol/s]."""
    z, d, _volume, area, gap, kinds, film, capacity, _faraday, kinetics, electrons, _fixed = model
    rate, dv, dc, slope, surface_c, carried = state
    last = z.size - 1
    reactions = electrons.size
    for side in range(2):
        node = 0 if side == 0 else u.shape[0] - 1
        f = 0 if side == 0 else gap.size - 1
        sign = 1.0 if side == 0 else -1.0
        drop = u[f + 1, last] - u[f, last]
        spacing, table, flow = extra[1]
        if spacing > 0.0:
            binary_face(u[f, 0], u[f + 1, 0], drop, area[f] / gap[f], spacing, table, flow)
            out[reactions + 2 + 2 * side] = sign * flow[0, 0]
            out[reactions + 3 + 2 * side] = sign * (flow[0, 0] - flow[1, 0])
        for k in range(last + 1):
            if spacing > 0.0:
                break
            if k < last:
                a, b = u[f, k], u[f + 1, k]
            else:
                a, b = balancing(u[f], z, last), balancing(u[f + 1], z, last)
            mean = log_mean(a, b)[0] if z[k] != 0.0 else 0.0
            flux = -area[f] * d[k] / gap[f] * (b - a + z[k] * mean * drop)
            out[reactions + 2 + side * (last + 1) + k] = sign * flux
        out[reactions + side] = 0.0
        if kinds[side] == ELECTRODE:
            for k in range(last):
                surface_c[k] = u[node, k]
            surface_c[last] = balancing(u[node], z, last)
            v = (metal[0] if side == 0 else 0.0) - u[node, last]
            surface(side, surface_c, v, kinetics, film[side], carried, rate, dv, dc, slope)
            out[reactions + side] = area[f] * capacity[side] * (v - base_v[side]) / h
            for r in range(reactions):
                if kinetics[0][r] == side:
                    out[r] = area[f] * rate[r]


@njit
def step(u, metal, dt, goals, control, tableau, model, extra, state, work, upper, scale, stages, tolerances):
    """One step of a Runge-Kutta method with an explicit first stage, and its error.

    `stages` holds the derivatives at the stages: cells, double layers, books; those at stage 0 are given. `u` and
    `metal` are changed in place. Give back the error over its tolerance; negative: Newton's method failed.
    """
    matrix, difference = tableau
    cells, layers, sums, base, base_v, start, start_v = stages
    last = upper.size - 1
    n = u.shape[0] - 2
    for i in range(n):
        for k in range(last):
            start[i, k] = u[i + 1, k]
    start_v[0] = metal[0] - u[0, last]
    start_v[1] = -u[n + 1, last]
    count = matrix.shape[0]
    gas = extra[2]
    gas[11][:] = gas[6]
    for s in range(1, count):
        stage_base(gas, s, dt, matrix)
        base[:] = start
        base_v[:] = start_v
        for j in range(s):
            weight = dt * matrix[s, j]
            for i in range(n):
                for k in range(last):
                    base[i, k] += weight * cells[j, i, k]
            base_v[0] += weight * layers[j, 0]
            base_v[1] += weight * layers[j, 1]
        h = dt * matrix[s, s]
        used = solve_stage(
            u, metal, h, base, base_v, goals[s], control, model, extra, state, work, upper, scale, tolerances[2]
        )  # fmt: skip
        if used < 0:
            return -1.0
        if gas[0].size > 0:
            exchange(u, h, gas)  # at the very solution, so that what leaves the liquid is what comes
            gas[12][s] = gas[7]
        for i in range(n):
            for k in range(last):
                cells[s, i, k] = (u[i + 1, k] - base[i, k]) / h
        layers[s, 0] = (metal[0] - u[0, last] - base_v[0]) / h
        layers[s, 1] = (-u[n + 1, last] - base_v[1]) / h
        books(u, h, base, base_v, metal, model, extra, state, sums[s])
    # the error, damped by one more solution with the factors at hand: stiff parts would be overrated
    _residual, _diagonal, _before, _after, _pivots, _column, x = work[:7]
    volume = model[2]
    x[:] = 0.0
    h = dt * matrix[count - 1, count - 1]
    for i in range(n):
        for k in range(last):
            total = 0.0
            for j in range(count):
                total += difference[j] * cells[j, i, k]
            x[i + 1, k] = volume[i] * dt * total / h
    area, capacity, faraday = model[3], model[7], model[8]
    miss = 0.0
    for side in range(2):
        total = 0.0
        for j in range(count):
            total += difference[j] * layers[j, side]
        charging = capacity[side] * dt * total / h
        x[0 if side == 0 else n + 1, last] = -(area[0] if side == 0 else area[n]) / faraday * charging
        if side == 0:
            miss = -control[1] * charging
    change = bordered(work, control, upper, metal[2], miss, 1.0)
    worst = 0.0
    for side in range(2):
        if capacity[side] > 0.0:
            lost = (change - x[0, last]) if side == 0 else -x[n + 1, last]
            worst = max(worst, abs(lost) / tolerances[0])
    for i in range(n):
        for k in range(last):
            allowed = tolerances[0] * abs(u[i + 1, k]) + tolerances[1] * scale[k]
            worst = max(worst, abs(x[i + 1, k]) / allowed)
    return worst

r"""Kernels of electroneutral transport of ions on grids: fluxes through faces, residuals, products with the Jacobian.

Unknowns of a cell: concentrations of all ions but the last, and the potential in units of RT/F; equations: balances of
these ions [mol/s] and of charge [mol/s]. Between two cells (D, d and the logarithmic mean as in `kernels`)

.. math:: N = -G\left[\hat D (c_R - c_L) + D z\,\Lambda(c_L, c_R)(\phi_R - \phi_L)\right] + \tfrac12 q (c_L + c_R)

with G = area / distance, the volume flow q and the exponentially fitted :math:`\hat D G = (q/2) \coth(q / 2 D G)`.

Levels of merged cells (for multigrid) have the same form and lie one after the other in all arrays. A cell is
level.first + (j nx + i) nz + k, so that a column lies together: axes 0, 1, 2 are y, x, z here; its upper face along an
axis stands at `face_at`. Derivatives of the fluxes of the K
ions through a face are by the lower and by the upper concentration, and by the difference of potential. Rows of arrays
are passed as array and number, which is quicker than a view.

Linear systems take the balances of all K ions as rows, which says the same (that of charge is their sum with the
charges), and keep changes of all K concentrations and, behind them, of the potential. K is filled up to an even
number, so that the compiler takes two ions in one instruction.
"""

from __future__ import annotations

import numpy as np

from simcell.numerics.jit import njit, njit_apart
from simcell.transport.kernels_surface import log_mean


@njit
def fitted(g, q):
    """Conductance of exponential fitting."""
    if q == 0.0:
        return g
    half = 0.5 * abs(q)
    ratio = half / g
    return g * (1.0 + ratio * ratio / 3.0) if ratio < 1e-3 else half / np.tanh(ratio)


@njit
def face(left, a, right, b, g, q, z, d, coef, f, flux):
    """Fluxes of all ions but the last, and of charge, from row a to row b, and derivatives of all ions."""
    count, wide = z.size, coef.shape[1] // 3
    last = count - 1
    drop = right[b, last] - left[a, last]
    current, low, high = 0.0, 0.0, 0.0
    for k in range(count):
        if k < last:
            cl, cr = left[a, k], right[b, k]
            low -= z[k] * cl
            high -= z[k] * cr
        else:
            cl, cr = low / z[last], high / z[last]
        plain = g * d[k]
        gd = fitted(plain, q)
        pull = plain * z[k]
        mean, ma, mb = 0.0, 0.0, 0.0
        if z[k] != 0.0:
            mean, ma, mb = log_mean(cl, cr)
        value = -gd * (cr - cl) - pull * mean * drop + 0.5 * q * (cl + cr)
        coef[f, k] = gd - pull * ma * drop + 0.5 * q
        coef[f, wide + k] = -gd - pull * mb * drop + 0.5 * q
        coef[f, 2 * wide + k] = -pull * mean
        flux[k] = value
        current += z[k] * value
    flux[last] = current


@njit
def face_at(axis, j, i, k, nx, nz):
    """Index of the face between a cell and the next one along an axis, counted from the first of that axis."""
    if axis == 0:
        return ((j + 1) * nx + i) * nz + k
    if axis == 1:
        return (j * (nx + 1) + i + 1) * nz + k
    return (j * nx + i) * (nz + 1) + k + 1


@njit
def residuals(space, h, u, base, coef, out, flux):
    """Balances of the cells without what comes through walls and ends, on the finest level."""
    shape, first_cell, first_face, volume, conductance, flow, z, d = space
    ny, nx, nz = shape[0]
    last = z.size - 1
    for c in range(first_cell[1]):
        for k in range(last):
            out[c, k] = volume[c] / h * (u[c, k] - base[c, k])
        out[c, last] = 0.0
    for axis in range(3):
        step = nx * nz if axis == 0 else (nz if axis == 1 else 1)
        for j in range(ny - (axis == 0)):
            for i in range(nx - (axis == 1)):
                for k in range(nz - (axis == 2)):
                    c = (j * nx + i) * nz + k
                    f = first_face[0, axis] + face_at(axis, j, i, k, nx, nz)
                    if conductance[f] > 0.0:
                        face(u, c, u, c + step, conductance[f], flow[f], z, d, coef, f, flux)
                        for n in range(last + 1):
                            out[c, n] += flux[n]
                            out[c + step, n] -= flux[n]


@njit
def coarse_faces(space, u, coef, flux):
    """Derivatives of the fluxes on all coarser levels, at the mean state of the merged cells."""
    shape, first_cell, first_face, _volume, conductance, flow, z, d = space
    for level in range(1, shape.shape[0]):
        ny, nx, nz = shape[level]
        first = first_cell[level]
        for axis in range(3):
            step = nx * nz if axis == 0 else (nz if axis == 1 else 1)
            for j in range(ny - (axis == 0)):
                for i in range(nx - (axis == 1)):
                    for k in range(nz - (axis == 2)):
                        c = first + (j * nx + i) * nz + k
                        f = first_face[level, axis] + face_at(axis, j, i, k, nx, nz)
                        if conductance[f] > 0.0:
                            face(u, c, u, c + step, conductance[f], flow[f], z, d, coef, f, flux)


@njit
def add_own(coef, f, z, sign, block):
    """Add to the diagonal block of a cell (ions and charge) the derivative of the flux through its upper (+1) or lower
    (-1) face.
    """
    count, wide = z.size, coef.shape[1] // 3
    last = count - 1
    at = 0 if sign > 0.0 else wide
    for k in range(last):
        block[k, k] += sign * coef[f, at + k]
        block[k, last] -= coef[f, 2 * wide + k]
        block[last, k] += sign * z[k] * (coef[f, at + k] - coef[f, at + last])
        block[last, last] -= z[k] * coef[f, 2 * wide + k]
    block[last, last] -= z[last] * coef[f, 2 * wide + last]


@njit
def linear_flux(coef, f, z, x, a, y, b, ions):
    """Fluxes of the ions from row a of x to row b of y, linear; gives that of charge."""
    count, wide = z.size, coef.shape[1] // 3
    last = count - 1
    drop = y[b, last] - x[a, last]
    low, high, charge = 0.0, 0.0, 0.0
    for k in range(last):
        value = coef[f, k] * x[a, k] + coef[f, wide + k] * y[b, k] + coef[f, 2 * wide + k] * drop
        ions[k] = value
        charge += z[k] * value
        low -= z[k] * x[a, k]
        high -= z[k] * y[b, k]
    through = coef[f, last] * low + coef[f, wide + last] * high
    return charge + through + z[last] * coef[f, 2 * wide + last] * drop


@njit_apart
def add_fluxes(coef, conductance, first, x, start, count, step, out):
    """Linear fluxes of all ions from `count` cells to those a step further, through one face after the other."""
    wide = out.shape[1]
    for n in range(count):
        f = first + n
        if conductance[f] <= 0.0:
            continue
        a, b = start + n, start + n + step
        drop = x[b, wide] - x[a, wide]
        for k in range(0, wide, 2):
            for i in range(2):
                j = k + i
                value = coef[f, j] * x[a, j] + coef[f, wide + j] * x[b, j] + coef[f, 2 * wide + j] * drop
                out[a, j] += value
                out[b, j] -= value


@njit
def fluxes_of_level(space, level, coef, x, out):
    """Add the linear fluxes through all faces of a level: out of the lower cell, into the upper one."""
    shape, first_cell, first_face, _volume, conductance = space[:5]
    ny, nx, nz = shape[level, 0], shape[level, 1], shape[level, 2]
    start = first_cell[level]
    face_y, face_x, face_z = first_face[level, 0], first_face[level, 1], first_face[level, 2]
    add_fluxes(coef, conductance, face_y + nx * nz, x, start, (ny - 1) * nx * nz, nx * nz, out)
    for j in range(ny):
        row = face_x + (j * (nx + 1) + 1) * nz
        add_fluxes(coef, conductance, row, x, start + j * nx * nz, (nx - 1) * nz, nz, out)
    if nz > 1:
        for n in range(ny * nx):
            add_fluxes(coef, conductance, face_z + n * (nz + 1) + 1, x, start + n * nz, nz - 1, 1, out)


@njit_apart
def store(volume, h, slot, blocks, x, start, stop, out):
    """Begin a product with what belongs to single cells: storage, and blocks of cells beside walls."""
    wide = out.shape[1]
    for c in range(start, stop):
        v = volume[c] / h
        for k in range(wide):
            out[c, k] = v * x[c, k]
        b = slot[c]
        if b >= 0:
            for k in range(wide):
                s = 0.0
                for n in range(wide + 1):
                    s += blocks[b, k, n] * x[c, n]
                out[c, k] -= s

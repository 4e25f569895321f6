r"""Kernels of electroneutral transport of ions on grids: fluxes through faces, residuals, products with the Jacobian.

Unknowns of a cell: concentrations of all ions but the last, and the potential in units of RT/F; rows: balances of
these ions [mol/s] and of charge [mol/s]. Between two cells (D, d and the logarithmic mean as in `kernels`)

.. math:: N = -G\left[\hat D (c_R - c_L) + D z\,\Lambda(c_L, c_R)(\phi_R - \phi_L)\right] + \tfrac12 q (c_L + c_R)

with G = area / distance, the volume flow q and the exponentially fitted :math:`\hat D G = (q/2) \coth(q / 2 D G)`.

Levels of merged cells (for multigrid) have the same form and lie one after the other in all arrays. A cell is
level.first + (k ny + j) nx + i; its upper face along an axis stands at `face_at`. Derivatives of a face are 3 K
numbers: by the lower and the upper concentration of each ion, and by the difference of potential (the last entry of
the derivatives by potential is that of the charge flux).
"""

from __future__ import annotations

import numpy as np

from simcell.numerics.jit import njit
from simcell.transport.kernels_surface import balancing, log_mean


@njit
def fitted(g, q):
    """Conductance of exponential fitting."""
    if q == 0.0:
        return g
    half = 0.5 * abs(q)
    ratio = half / g
    return g * (1.0 + ratio * ratio / 3.0) if ratio < 1e-3 else half / np.tanh(ratio)


@njit
def face(left, right, g, q, z, d, coef, flux):
    """Fluxes of all ions but the last, and of charge, from left to right, and their derivatives."""
    count = z.size
    last = count - 1
    drop = right[last] - left[last]
    current, through = 0.0, 0.0
    for n in range(count):
        k = last - n
        if k == last:
            a, b = balancing(left, z, last), balancing(right, z, last)
        else:
            a, b = left[k], right[k]
        plain = g * d[k]
        gd = fitted(plain, q)
        pull = plain * z[k]
        mean, ma, mb = 0.0, 0.0, 0.0
        if z[k] != 0.0:
            mean, ma, mb = log_mean(a, b)
        value = -gd * (b - a) - pull * mean * drop + 0.5 * q * (a + b)
        coef[k] = gd - pull * ma * drop + 0.5 * q
        coef[count + k] = -gd - pull * mb * drop + 0.5 * q
        coef[2 * count + k] = -pull * mean
        flux[k] = value
        current += z[k] * value
        through -= z[k] * pull * mean
    flux[last] = current
    coef[2 * count + last] = through


@njit
def face_at(axis, k, j, i, ny, nx):
    """Index of the face between a cell and the next one along an axis, counted from the first of that axis."""
    if axis == 0:
        return ((k + 1) * ny + j) * nx + i
    if axis == 1:
        return (k * (ny + 1) + j + 1) * nx + i
    return (k * ny + j) * (nx + 1) + i + 1


@njit
def residuals(space, h, u, base, coef, out, flux):
    """Balances of the cells without what comes through walls and ends, on the finest level."""
    shape, first_cell, first_face, volume, conductance, flow, z, d = space
    nz, ny, nx = shape[0]
    last = z.size - 1
    for c in range(first_cell[1]):
        for k in range(last):
            out[c, k] = volume[c] / h * (u[c, k] - base[c, k])
        out[c, last] = 0.0
    for axis in range(3):
        step = ny * nx if axis == 0 else (nx if axis == 1 else 1)
        for k in range(nz - (axis == 0)):
            for j in range(ny - (axis == 1)):
                for i in range(nx - (axis == 2)):
                    c = (k * ny + j) * nx + i
                    f = first_face[0, axis] + face_at(axis, k, j, i, ny, nx)
                    if conductance[f] > 0.0:
                        face(u[c], u[c + step], conductance[f], flow[f], z, d, coef[f], flux)
                        for n in range(last + 1):
                            out[c, n] += flux[n]
                            out[c + step, n] -= flux[n]


@njit
def coarse_faces(space, u, coef, flux):
    """Derivatives of the fluxes on all coarser levels, at the mean state of the merged cells."""
    shape, first_cell, first_face, _volume, conductance, flow, z, d = space
    for level in range(1, shape.shape[0]):
        nz, ny, nx = shape[level]
        first = first_cell[level]
        for axis in range(3):
            step = ny * nx if axis == 0 else (nx if axis == 1 else 1)
            for k in range(nz - (axis == 0)):
                for j in range(ny - (axis == 1)):
                    for i in range(nx - (axis == 2)):
                        c = first + (k * ny + j) * nx + i
                        f = first_face[level, axis] + face_at(axis, k, j, i, ny, nx)
                        if conductance[f] > 0.0:
                            face(u[c], u[c + step], conductance[f], flow[f], z, d, coef[f], flux)


@njit
def above(coef, z, x, out):
    """Subtract from `out` (a cell's row) what its neighbour above a face, with values x, contributes."""
    count = z.size
    last = count - 1
    charge = coef[2 * count + last] * x[last]
    for k in range(last):
        out[k] -= coef[count + k] * x[k] + coef[2 * count + k] * x[last]
        charge += z[k] * (coef[count + k] - coef[count + last]) * x[k]
    out[last] -= charge


@njit
def below(coef, z, x, out):
    """The same for the neighbour below a face."""
    count = z.size
    last = count - 1
    charge = -coef[2 * count + last] * x[last]
    for k in range(last):
        out[k] += coef[k] * x[k] - coef[2 * count + k] * x[last]
        charge += z[k] * (coef[k] - coef[last]) * x[k]
    out[last] += charge


@njit
def add_own(coef, z, sign, block):
    """Add to the diagonal block of a cell the derivative of the flux through its upper (+1) or lower (-1) face."""
    count = z.size
    last = count - 1
    at = 0 if sign > 0.0 else count
    for k in range(last):
        block[k, k] += sign * coef[at + k]
        block[k, last] -= coef[2 * count + k]
        block[last, k] += sign * z[k] * (coef[at + k] - coef[at + last])
    block[last, last] -= coef[2 * count + last]


@njit
def product(space, coef, local, x, out, scratch):
    """Jacobian of the cells on the finest level times x; `local` holds what belongs to single cells."""
    shape, first_cell, first_face, _volume, conductance, _flow, z, _d = space
    nz, ny, nx = shape[0]
    count = z.size
    last = count - 1
    for c in range(first_cell[1]):
        for r in range(count):
            s = 0.0
            for k in range(count):
                s += local[c, r, k] * x[c, k]
            out[c, r] = s
    for axis in range(3):
        step = ny * nx if axis == 0 else (nx if axis == 1 else 1)
        for k in range(nz - (axis == 0)):
            for j in range(ny - (axis == 1)):
                for i in range(nx - (axis == 2)):
                    c = (k * ny + j) * nx + i
                    f = first_face[0, axis] + face_at(axis, k, j, i, ny, nx)
                    if conductance[f] > 0.0:
                        drop = x[c + step, last] - x[c, last]
                        charge = coef[f, 2 * count + last] * drop
                        for n in range(last):
                            a, b = coef[f, n] * x[c, n], coef[f, count + n] * x[c + step, n]
                            through = a + b + coef[f, 2 * count + n] * drop
                            out[c, n] += through
                            out[c + step, n] -= through
                            charge += z[n] * (
                                (coef[f, n] - coef[f, last]) * x[c, n]
                                + (coef[f, count + n] - coef[f, count + last]) * x[c + step, n]
                            )
                        out[c, last] += charge
                        out[c + step, last] -= charge

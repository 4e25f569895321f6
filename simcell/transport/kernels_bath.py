r"""Kernels of electroneutral transport of ions on grids: fluxes through faces, residuals, products with the Jacobian.

Unknowns of a cell: concentrations of all ions but the last, and the potential in units of RT/F; rows: balances of
these ions [mol/s] and of charge [mol/s]. Between two cells (D, d and the logarithmic mean as in `kernels`)

.. math:: N = -G\left[\hat D (c_R - c_L) + D z\,\Lambda(c_L, c_R)(\phi_R - \phi_L)\right] + \tfrac12 q (c_L + c_R)

with G = area / distance, the volume flow q and the exponentially fitted :math:`\hat D G = (q/2) \coth(q / 2 D G)`.

Levels of merged cells (for multigrid) have the same form and lie one after the other in all arrays. A cell is
level.first + (k ny + j) nx + i; its upper face along an axis stands at `face_at`. Derivatives of the fluxes of the K
ions through a face are 3 K numbers: by the lower and by the upper concentration, and by the difference of potential;
the flux of charge is their sum with the charges. Rows of arrays are passed as array and number, which is quicker than
a view.
"""

from __future__ import annotations

import numpy as np

from simcell.numerics.jit import njit
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
    count = z.size
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
        coef[f, count + k] = -gd - pull * mb * drop + 0.5 * q
        coef[f, 2 * count + k] = -pull * mean
        flux[k] = value
        current += z[k] * value
    flux[last] = current


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
                        face(u, c, u, c + step, conductance[f], flow[f], z, d, coef, f, flux)
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
                            face(u, c, u, c + step, conductance[f], flow[f], z, d, coef, f, flux)


@njit
def above(coef, f, z, x, c, ions):
    """Add to the fluxes of the ions out of a cell what changes x of its neighbour c above face f make of them."""
    count = z.size
    last = count - 1
    drop, rest = x[c, last], 0.0
    for k in range(last):
        ions[k] += coef[f, count + k] * x[c, k] + coef[f, 2 * count + k] * drop
        rest -= z[k] * x[c, k]
    ions[last] += coef[f, count + last] * rest / z[last] + coef[f, 2 * count + last] * drop


@njit
def below(coef, f, z, x, c, ions):
    """The same for the neighbour c below face f."""
    count = z.size
    last = count - 1
    drop, rest = x[c, last], 0.0
    for k in range(last):
        ions[k] -= coef[f, k] * x[c, k] - coef[f, 2 * count + k] * drop
        rest -= z[k] * x[c, k]
    ions[last] -= coef[f, last] * rest / z[last] - coef[f, 2 * count + last] * drop


@njit
def add_own(coef, f, z, sign, block):
    """Add to the diagonal block of a cell the derivative of the flux through its upper (+1) or lower (-1) face."""
    count = z.size
    last = count - 1
    at = 0 if sign > 0.0 else count
    for k in range(last):
        block[k, k] += sign * coef[f, at + k]
        block[k, last] -= coef[f, 2 * count + k]
        block[last, k] += sign * z[k] * (coef[f, at + k] - coef[f, at + last])
        block[last, last] -= z[k] * coef[f, 2 * count + k]
    block[last, last] -= z[last] * coef[f, 2 * count + last]


@njit
def linear_flux(coef, f, z, x, a, y, b, ions):
    """Fluxes of the ions from row a of x to row b of y, linear; gives that of charge."""
    count = z.size
    last = count - 1
    drop = y[b, last] - x[a, last]
    low, high, charge = 0.0, 0.0, 0.0
    for k in range(last):
        value = coef[f, k] * x[a, k] + coef[f, count + k] * y[b, k] + coef[f, 2 * count + k] * drop
        ions[k] = value
        charge += z[k] * value
        low -= z[k] * x[a, k]
        high -= z[k] * y[b, k]
    through = coef[f, last] * low + coef[f, count + last] * high
    return charge + through + z[last] * coef[f, 2 * count + last] * drop


@njit
def product(space, coef, local, x, out, ions):
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
                        charge = linear_flux(coef, f, z, x, c, x, c + step, ions)
                        for n in range(last):
                            out[c, n] += ions[n]
                            out[c + step, n] -= ions[n]
                        out[c, last] += charge
                        out[c + step, last] -= charge

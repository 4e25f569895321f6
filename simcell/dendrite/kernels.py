r"""Kernels of the phase field: profile, curvature, electrode reaction and the conservative step of the phase.

With the signed distance :math:`\psi = \delta\ln(\xi/(1-\xi))` (positive in the metal) the phase obeys

.. math:: \partial_t\xi = V_m r + \nabla\cdot\left[b\,\nabla\xi\left(1 - \frac{w}{|\nabla\psi|}\right)\right]

because :math:`\xi(1-\xi)\,n/\delta = \nabla\xi/|\nabla\psi|`. The bracket vanishes in every point of the tanh
profile, also on the grid, moves no volume and has no curvature in it (P.-H. Chiu and Y.-T. Lin,
J. Comput. Phys. 230 (2011) 185;
signed distance as in S. S. Jain, J. Comput. Phys. 469 (2022) 111529). w is 1 but fades to 0 where
:math:`|\nabla\psi|` < 0.3: a flat trace of phase has no normal, and is only diffused.

Arrays are (ny, nx); nothing passes the walls, where gradients are mirrored. Cells with xi < 1e-12 or > 1 - 1e-12 on
both
sides of a face exchange nothing, so that work is confined to the band.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.jit import njit

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
CUT = 1e-4  # no reaction at xi below this and above 1 - this: xi = 0 would be unstable (docs/theory/dendrite.md)
TAIL = 1e-12  # the phase is 0 or 1 for the redistribution
FAINT, CLEAR = 0.1, 0.3  # |grad psi| between which the normal fades in


@njit
def distances(xi: Array, delta: float, psi: Array) -> None:
    """Signed distance from the phase [m]; both are held off 0 and 1 by 1e-15."""
    ny, nx = xi.shape
    for j in range(ny):
        for i in range(nx):
            p = min(max(xi[j, i], 1e-15), 1.0 - 1e-15)
            psi[j, i] = delta * math.log(p / (1.0 - p))


@njit
def source_shape(psi: Array, ahead: Array, delta: float, a: Array) -> None:
    """Area of the front per volume [1/m], its integral across the front is 1, when it has moved `ahead` [m].

    Growth at a speed v takes psi to psi + v t exactly. Half a step ahead the explicit step of the phase is of
    second order, and does not sharpen the profile.
    """
    ny, nx = psi.shape
    scale = 1.0 / (delta * (1.0 - 2.0 * CUT))
    for j in range(ny):
        for i in range(nx):
            p = 1.0 / (1.0 + math.exp(-(psi[j, i] + ahead[j, i]) / delta))
            a[j, i] = scale * p * (1.0 - p) if CUT < p < 1.0 - CUT else 0.0


@njit
def curvature(psi: Array, a: Array, dy: float, dx: float, kappa: Array) -> None:
    """Curvature of the contour xi = 1/2 nearest to each reacting cell [1/m], > 0 on a protrusion of the metal.

    Divergence of the normal at faces of the cell, then moved along the normal: a circle of radius R - psi belongs
    to a contour of radius R. What is smaller than a cell (|kappa| > 1/h) is taken as one cell.
    """
    ny, nx = psi.shape
    most = 1.0 / max(dx if nx > 1 else 0.0, dy if ny > 1 else 0.0)
    for j in range(ny):
        jm, jp = max(j - 1, 0), min(j + 1, ny - 1)
        for i in range(nx):
            kappa[j, i] = 0.0
            if a[j, i] == 0.0:
                continue
            im, ip = max(i - 1, 0), min(i + 1, nx - 1)
            total = 0.0
            for side in range(2):  # faces across x
                low, high = (im, i) if side == 0 else (i, ip)
                g = (psi[j, high] - psi[j, low]) / dx
                t = (psi[jp, low] + psi[jp, high] - psi[jm, low] - psi[jm, high]) / (4.0 * dy)
                size = math.sqrt(g * g + t * t)
                n = g / size if size > 0.0 else 0.0
                total += n / dx if side == 0 else -n / dx
            for side in range(2):  # faces across y
                low, high = (jm, j) if side == 0 else (j, jp)
                g = (psi[high, i] - psi[low, i]) / dy
                t = (psi[low, ip] + psi[high, ip] - psi[low, im] - psi[high, im]) / (4.0 * dx)
                size = math.sqrt(g * g + t * t)
                n = g / size if size > 0.0 else 0.0
                total += n / dy if side == 0 else -n / dy
            total /= max(1.0 + psi[j, i] * total, 0.2)
            kappa[j, i] = min(max(total, -most), most)


@njit
def reaction(
    a: Array, capillary: Array, ratio: Array, potential: Array, body: Labels, metal: Array, alpha: float, scale: float,
    rate: Array, by_ratio: Array, by_drive: Array,
) -> None:  # fmt: skip
    """Deposition per volume and its derivatives [1/s, in units of c0]; everything else has no dimension.

    scale = i0 / (zF c0) [m/s]; capillary = V_m gamma K / RT; ratio = c/c0; potential = f phi of the liquid; metal =
    f phi_m of each body, body = which one a cell belongs to.
    """
    ny, nx = a.shape
    for j in range(ny):
        for i in range(nx):
            rate[j, i] = by_ratio[j, i] = by_drive[j, i] = 0.0
            if a[j, i] > 0.0:
                s = scale * a[j, i]
                e = potential[j, i] - metal[body[j, i]] - capillary[j, i]
                forward, back = s * math.exp(alpha * e), s * math.exp((alpha - 1.0) * e)
                rate[j, i] = forward * ratio[j, i] - back
                by_ratio[j, i] = forward
                by_drive[j, i] = alpha * forward * ratio[j, i] + (1.0 - alpha) * back


@njit
def _normal_factor(g: float, t: float) -> float:
    """1 - w/|grad psi| at a face with the normal slope g and the tangential slope t."""
    size = math.sqrt(g * g + t * t)
    if size <= FAINT:
        return 1.0
    w = 1.0
    if size < CLEAR:
        s = (size - FAINT) / (CLEAR - FAINT)
        w = s * s * (3.0 - 2.0 * s)
    return 1.0 - w / size


@njit
def advance(
    xi: Array, growth: Array, spread: float, delta: float, dt: float, parts: int, dy: float, dx: float, psi: Array,
    change: Array,
) -> None:  # fmt: skip
    """Step the phase in place: growth [1/s] plus redistribution with the coefficient `spread` [m^2/s], in equal parts.

    What leaves one cell enters its neighbour, so the sum of xi changes by that of `growth` and nothing else.
    """
    ny, nx = xi.shape
    h = dt / parts
    for _ in range(parts):
        distances(xi, delta, psi)
        for j in range(ny):
            for i in range(nx):
                change[j, i] = h * growth[j, i]
        if spread > 0.0:
            for j in range(ny):
                jm, jp = max(j - 1, 0), min(j + 1, ny - 1)
                for i in range(nx):
                    p = xi[j, i]
                    near = TAIL < p < 1.0 - TAIL
                    if i + 1 < nx:
                        q = xi[j, i + 1]
                        if near or TAIL < q < 1.0 - TAIL or abs(q - p) > 0.5:
                            g = (psi[j, i + 1] - psi[j, i]) / dx
                            t = (psi[jp, i] + psi[jp, i + 1] - psi[jm, i] - psi[jm, i + 1]) / (4.0 * dy)
                            flow = h * spread * (q - p) * _normal_factor(g, t) / (dx * dx)
                            change[j, i] += flow
                            change[j, i + 1] -= flow
                    if j + 1 < ny:
                        q = xi[j + 1, i]
                        if near or TAIL < q < 1.0 - TAIL or abs(q - p) > 0.5:
                            im, ip = max(i - 1, 0), min(i + 1, nx - 1)
                            g = (psi[j + 1, i] - psi[j, i]) / dy
                            t = (psi[j, ip] + psi[j + 1, ip] - psi[j, im] - psi[j + 1, im]) / (4.0 * dx)
                            flow = h * spread * (q - p) * _normal_factor(g, t) / (dy * dy)
                            change[j, i] += flow
                            change[j + 1, i] -= flow
        for j in range(ny):
            for i in range(nx):
                xi[j, i] += change[j, i]


@njit
def links(theta: Array, other: Array, factor: float, y: Array, x: Array) -> None:
    """Conductances of inner faces: `factor` times the mean of theta and of `other` on both sides; ends are left 0."""
    ny, nx = theta.shape
    for j in range(ny):
        for i in range(1, nx):
            t = theta[j, i - 1] + theta[j, i]
            x[j, i] = 0.25 * factor * t * (other[j, i - 1] + other[j, i])
    for j in range(1, ny):
        for i in range(nx):
            t = theta[j - 1, i] + theta[j, i]
            y[j, i] = 0.25 * factor * t * (other[j - 1, i] + other[j, i])


@njit
def apply(y: Array, x: Array, diagonal: Array, u: Array, q: Array) -> None:
    """Sum over faces of link * (u - neighbour) plus diagonal * u; links at the ends count against zero."""
    ny, nx = u.shape
    for j in range(ny):
        for i in range(nx):
            v = u[j, i]
            s = diagonal[j, i] * v
            s += y[j, i] * (v - u[j - 1, i] if j > 0 else v)
            s += y[j + 1, i] * (v - u[j + 1, i] if j + 1 < ny else v)
            s += x[j, i] * (v - u[j, i - 1] if i > 0 else v)
            s += x[j, i + 1] * (v - u[j, i + 1] if i + 1 < nx else v)
            q[j, i] = s

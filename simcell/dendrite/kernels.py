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
BEYOND = math.log(1e15)  # |psi| / delta where the phase is 0 or 1 to rounding
REACTS = math.log(1.0 / CUT - 1.0)  # |psi| / delta up to which there is a reaction
TAIL = 1e-12  # the phase is 0 or 1 for the redistribution
FAINT, CLEAR = 0.1, 0.3  # |grad psi| between which the normal fades in


@njit
def distances(xi: Array, delta: float, psi: Array) -> None:
    """Signed distance from the phase [m]; both are held off 0 and 1 by 1e-15."""
    ny, nx = xi.shape
    for j in range(ny):
        for i in range(nx):
            p = xi[j, i]
            if 1e-15 < p < 1.0 - 1e-15:
                psi[j, i] = delta * math.log(p / (1.0 - p))
            else:
                psi[j, i] = BEYOND * delta if p > 0.5 else -BEYOND * delta


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
            depth = psi[j, i] + ahead[j, i]
            if abs(depth) < REACTS * delta:
                p = 1.0 / (1.0 + math.exp(-depth / delta))
                a[j, i] = scale * p * (1.0 - p)
            else:
                a[j, i] = 0.0


@njit
def _power(c: float, s: float, fold: int, turn: Array) -> tuple[float, float]:
    """cos and sin of fold * (angle - orientation) from the unit vector (c, s), without an angle."""
    re, im = turn[0], -turn[1]
    for _ in range(fold):
        re, im = re * c - im * s, re * s + im * c
    return re, im


@njit
def _weighted(g: float, t: float, along_x: bool, fold: int, strength: float, missing: float, turn: Array) -> float:
    """Component across a face of the vector of J. W. Cahn and D. W. Hoffman over gamma, out of the metal.

    xi = gamma n + gamma' t, for gamma = 1 + strength cos fold (angle - orientation). Slopes of psi: g across the face,
    t along it. Directions nearer than `missing` [rad] to a corner of the Wulff shape do not occur on it: the vector
    stays at that corner, so that the energy is convex.
    """
    size = math.sqrt(g * g + t * t)
    if size == 0.0:
        return 0.0
    n, m = -g / size, -t / size
    if strength == 0.0:
        return n
    c, s = (n, m) if along_x else (m, n)
    re, im = _power(c, s, fold, turn)
    if missing > 0.0:
        off = math.atan2(im, re) / fold  # from the nearest corner
        if abs(off) < missing:
            corner = math.atan2(s, c) - off
            length = (1.0 + strength * math.cos(fold * missing)) / math.cos(missing)
            return length * (math.cos(corner) if along_x else math.sin(corner))
    slope = -fold * strength * im
    return (1.0 + strength * re) * n + (-slope * m if along_x else slope * m)


@njit
def curvature(
    psi: Array, near: float, dy: float, dx: float, fold: int, strength: float, missing: float, turns: Array,
    grain: Labels, kappa: Array, weighted: Array,
) -> None:  # fmt: skip
    """Curvature of the contour xi = 1/2 nearest to each cell with |psi| < near [1/m], > 0 on a protrusion of the metal.

    `kappa` is that of the contour, `weighted` the divergence of the Cahn-Hoffman vector over gamma0: in a plane
    (gamma + gamma'') kappa / gamma0. Both are divergences over the faces of a cell, then moved along the normal:
    a circle of radius R - psi belongs to a contour of radius R. What is smaller than a cell (|kappa| > 1/h) is taken
    as one cell. `turns` holds cos and sin of fold times the orientation of each grain.
    """
    ny, nx = psi.shape
    most = 1.0 / max(dx if nx > 1 else 0.0, dy if ny > 1 else 0.0)
    for j in range(ny):
        jm, jp = max(j - 1, 0), min(j + 1, ny - 1)
        for i in range(nx):
            kappa[j, i] = weighted[j, i] = 0.0
            if abs(psi[j, i]) >= near:
                continue
            turn = turns[grain[j, i]]
            im, ip = max(i - 1, 0), min(i + 1, nx - 1)
            total, heavy = 0.0, 0.0
            for side in range(2):  # faces across x
                low, high = (im, i) if side == 0 else (i, ip)
                g = (psi[j, high] - psi[j, low]) / dx
                t = (psi[jp, low] + psi[jp, high] - psi[jm, low] - psi[jm, high]) / (4.0 * dy)
                sign = -1.0 / dx if side == 0 else 1.0 / dx
                total += sign * _weighted(g, t, True, fold, 0.0, 0.0, turn)
                if strength != 0.0:
                    heavy += sign * _weighted(g, t, True, fold, strength, missing, turn)
            for side in range(2):  # faces across y
                low, high = (jm, j) if side == 0 else (j, jp)
                g = (psi[high, i] - psi[low, i]) / dy
                t = (psi[low, ip] + psi[high, ip] - psi[low, im] - psi[high, im]) / (4.0 * dx)
                sign = -1.0 / dy if side == 0 else 1.0 / dy
                total += sign * _weighted(g, t, False, fold, 0.0, 0.0, turn)
                if strength != 0.0:
                    heavy += sign * _weighted(g, t, False, fold, strength, missing, turn)
            moved = 1.0 / max(1.0 + psi[j, i] * total, 0.2)
            kappa[j, i] = min(max(total * moved, -most), most)
            stiffest = most * (1.0 + (fold * fold - 1.0) * abs(strength))
            weighted[j, i] = min(max(heavy * moved, -stiffest), stiffest) if strength != 0.0 else kappa[j, i]


@njit
def favour(
    psi: Array, near: float, dy: float, dx: float, fold: int, strength: float, turns: Array, grain: Labels, out: Array
) -> None:
    """Exchange current over its mean, 1 + strength cos fold (angle - orientation), for the normal in each cell."""
    ny, nx = psi.shape
    for j in range(ny):
        jm, jp = max(j - 1, 0), min(j + 1, ny - 1)
        for i in range(nx):
            out[j, i] = 1.0
            if abs(psi[j, i]) < near:
                im, ip = max(i - 1, 0), min(i + 1, nx - 1)
                g = (psi[j, im] - psi[j, ip]) / ((ip - im) * dx) if nx > 1 else 0.0
                t = (psi[jm, i] - psi[jp, i]) / ((jp - jm) * dy) if ny > 1 else 0.0
                size = math.sqrt(g * g + t * t)
                if size > 0.0:
                    out[j, i] += strength * _power(g / size, t / size, fold, turns[grain[j, i]])[0]


@njit
def inherit(xi: Array, old: Labels, new: Labels) -> None:
    """Cells that are not metal take the grain of the neighbour with the most metal; metal keeps its own."""
    ny, nx = xi.shape
    for j in range(ny):
        for i in range(nx):
            most, new[j, i] = xi[j, i], old[j, i]
            if most > 0.5:
                continue
            for jj in range(max(j - 1, 0), min(j + 2, ny)):
                for ii in range(max(i - 1, 0), min(i + 2, nx)):
                    if xi[jj, ii] > most:
                        most, new[j, i] = xi[jj, ii], old[jj, ii]


@njit
def reaction(
    cells: Labels, a: Array, exchange: Array, film: Array, capillary: Array, ratio: Array, potential: Array,
    body: Labels, metal: Array, alpha: float, scale: float, rate: Array, by_ratio: Array, by_drive: Array,
) -> None:  # fmt: skip
    """Deposition per volume and its derivatives [1/s, in units of c0]; everything else has no dimension.

    `cells` are those with a front; fields are flat. scale = i0 / (zF c0) [m/s]; exchange = local i0 / i0; film = f i0 R
    of the film on the metal; capillary = V_m K / RT; ratio = c/c0; potential = f phi of the liquid; metal = f phi_m of
    each body, body = which one a cell belongs to. With a film u = i/i0 is the root of u = BV(E - film u): Newton's
    method from 0, where it is monotone because one exponential dominates.
    """
    for i in cells:
        s, k, w = scale * a[i], exchange[i], film[i]
        e = potential[i] - metal[body[i]] - capillary[i]
        u = 0.0
        for _ in range(200):
            drive = e - w * u
            forward, back = k * math.exp(alpha * drive), k * math.exp((alpha - 1.0) * drive)
            slope = alpha * forward * ratio[i] + (1.0 - alpha) * back
            miss = forward * ratio[i] - back - u
            part = 1.0 / (1.0 + w * slope)
            u += miss * part
            if w == 0.0 or abs(miss) <= 1e-14 * (forward * ratio[i] + back):
                break
        rate[i] = s * u
        by_ratio[i] = s * forward * part
        by_drive[i] = s * slope * part


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
def extrapolate(now: Array, before: Array, part: float, least: float, out: Array) -> None:
    """now + part * (now - before), but not below least * now."""
    ny, nx = now.shape
    for j in range(ny):
        for i in range(nx):
            out[j, i] = max(now[j, i] + part * (now[j, i] - before[j, i]), least * now[j, i])


@njit
def deviation(xi: Array, after: Array, now: Array, before: Array, part: float) -> float:
    """Largest |after - now - part * (now - before)| outside the metal."""
    ny, nx = xi.shape
    most = 0.0
    for j in range(ny):
        for i in range(nx):
            if xi[j, i] < 0.5:
                most = max(most, abs(after[j, i] - now[j, i] - part * (now[j, i] - before[j, i])))
    return most


@njit
def lowest(xi: Array, values: Array) -> float:
    """Least value outside the metal; inf if there is only metal."""
    ny, nx = xi.shape
    least = np.inf
    for j in range(ny):
        for i in range(nx):
            if xi[j, i] < 0.5:
                least = min(least, values[j, i])
    return least


@njit
def extend(psi: Array, near: float, old: Array, new: Array) -> None:
    """One sweep of holding a value constant along the normal: each cell takes it from those nearer to the contour.

    Upwind differences of n . grad value = 0. Cells beside the contour keep theirs, as do those beyond `near`.
    """
    ny, nx = psi.shape
    for j in range(ny):
        jm, jp = max(j - 1, 0), min(j + 1, ny - 1)
        for i in range(nx):
            new[j, i] = old[j, i]
            p = psi[j, i]
            if abs(p) >= near:
                continue
            im, ip = max(i - 1, 0), min(i + 1, nx - 1)
            if p * psi[j, im] <= 0.0 or p * psi[j, ip] <= 0.0 or p * psi[jm, i] <= 0.0 or p * psi[jp, i] <= 0.0:
                continue
            total, weight = 0.0, 0.0
            for side in range(2):
                a, b = (psi[j, im], psi[j, ip]) if side == 0 else (psi[jm, i], psi[jp, i])
                u, v = (old[j, im], old[j, ip]) if side == 0 else (old[jm, i], old[jp, i])
                low, high = abs(p) - abs(a), abs(p) - abs(b)
                w = max(low, high)
                if w > 0.0:
                    total += w * (u if low > high else v if high > low else 0.5 * (u + v))
                    weight += w
            if weight > 0.0:
                new[j, i] = total / weight

r"""A dendrite of a pure melt on the stencils of the metal model, explicit: to compare speed with what others have.

.. math:: \tau\,\partial_t\phi = \nabla\cdot\left[W^2\nabla\phi + W W'\,t\,|\nabla\phi|\right]
          + \phi(1-\phi)\left(\phi-\tfrac12-\tfrac{k_1}{\pi}\arctan k_2 u\right),\qquad
          \partial_t u = D\nabla^2 u + \partial_t\phi,\qquad W = W_0(1+\epsilon\cos m\varphi)

with the tangent t of the contour and the angle of its normal: R. Kobayashi, Physica D 63 (1993) 410, in the form of
FiPy's example. Fluxes are evaluated at faces from the mean gradient along them, as the curvature of the metal model is.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.jit import njit

Array = NDArray[np.float64]


@njit
def _flux(g: float, t: float, along_x: bool, fold: int, strength: float, w0: float) -> float:
    """Component across a face of W^2 grad phi + W W' |grad phi| t; slopes g across, t along the face."""
    size = math.sqrt(g * g + t * t)
    if size < 1e-12:
        return w0 * w0 * g
    c, s = (g / size, t / size) if along_x else (t / size, g / size)
    re, im = 1.0, 0.0
    for _ in range(fold):
        re, im = re * c - im * s, re * s + im * c
    w = w0 * (1.0 + strength * re)
    slope = -w0 * fold * strength * im
    return w * w * g + w * slope * (-t if along_x else t)


@njit
def step(
    phi: Array, u: Array, rate: Array, flow: Array, fold: int, strength: float, w0: float, tau: float,
    coupling: float, second: float, diffusivity: float, h: float, dt: float,
) -> None:  # fmt: skip
    """One explicit step in place; nothing passes the ends. `flow` has one row: fluxes through the faces above."""
    ny, nx = phi.shape
    for i in range(nx):
        flow[i] = 0.0
    for j in range(ny):
        jm, jp = max(j - 1, 0), min(j + 1, ny - 1)
        before = 0.0
        for i in range(nx):
            im, ip = max(i - 1, 0), min(i + 1, nx - 1)
            after, above = 0.0, 0.0
            if i + 1 < nx:
                g = (phi[j, ip] - phi[j, i]) / h
                t = (phi[jp, i] + phi[jp, ip] - phi[jm, i] - phi[jm, ip]) / (4.0 * h)
                after = _flux(g, t, True, fold, strength, w0)
            if j + 1 < ny:
                g = (phi[jp, i] - phi[j, i]) / h
                t = (phi[j, ip] + phi[jp, ip] - phi[j, im] - phi[jp, im]) / (4.0 * h)
                above = _flux(g, t, False, fold, strength, w0)
            total = (after - before + above - flow[i]) / h
            before, flow[i] = after, above
            p, v = phi[j, i], u[j, i]
            m = p - 0.5 - coupling / math.pi * math.atan(second * v)
            rate[j, i] = (total + p * (1.0 - p) * m) / tau
    k = diffusivity * dt / (h * h)
    for i in range(nx):
        flow[i] = 0.0
    for j in range(ny):
        before = 0.0
        for i in range(nx):
            v = u[j, i]
            after = u[j, i + 1] - v if i + 1 < nx else 0.0
            above = u[j + 1, i] - v if j + 1 < ny else 0.0
            u[j, i] = v + k * (after - before + above - flow[i]) + dt * rate[j, i]
            before, flow[i] = after, above
            phi[j, i] += dt * rate[j, i]

"""A slow, obvious twin of the bulge: the full equations of von Karman by the method of Ritz.

Energy of a film in units of E t/(1 - nu^2), lengths in half the short side: bending of w, residual tension, and the
stretching eps = sym grad u + (grad w)^2 / 2 with in-plane displacements u, v that vanish at the frame. All three
are sums of products of polynomials (Legendre polynomials times the factor that vanishes at the ends); Newton's
method finds the minimum of the energy less the work of the pressure. Only the quarter of a symmetric window is used.
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Legendre, Polynomial, legendre


def modes(count, odd, order, x):
    """Polynomials (1 - x^2)^order L_2i or L_2i+1, scaled to 1 at most, with two derivatives, (3, count, x.size)."""
    edge = Polynomial([1.0, 0.0, -1.0]) ** order
    found = [edge * Legendre.basis(2 * i + odd).convert(kind=Polynomial) for i in range(count)]
    return np.array([[(p.deriv(d) if d else p)(x) for p in found] for d in range(3)])


@dataclass
class Full:
    """Solution: `coefficients` of w."""

    coefficients: np.ndarray
    order: int

    def at(self, x, y):
        """Deflection, (y.size, x.size), x and y in half sides."""
        m = self.coefficients.shape[0]
        px, py = (modes(m, 0, self.order, np.asarray(p, dtype=float))[0] for p in (x, y))
        return py.T @ self.coefficients.T @ px

    @property
    def centre(self):
        """Deflection of the centre."""
        return float(self.at([0.0], [0.0])[0, 0])


def solve(aspect, nu, residual, rigidity, pressure, m):
    """Deflection of a window with half sides 1 and `aspect`; without rigidity it is only held, not clamped."""
    order = 2 if rigidity > 0.0 else 1
    nodes, weights = legendre.leggauss(4 * m + 8)
    q, w = nodes[nodes > 0.0], weights[nodes > 0.0]
    area = aspect * np.outer(w, w).ravel()

    def products(a, b):
        return np.einsum("iq,jr->qrij", a, b).reshape(area.size, m * m)

    even, held, odd = modes(m, 0, order, q), modes(m, 0, 1, q), modes(m, 1, 1, q)
    w0, wx, wy = products(even[0], even[0]), products(even[1], even[0]), products(even[0], even[1]) / aspect
    wxx, wyy = products(even[2], even[0]), products(even[0], even[2]) / aspect**2
    wxy = products(even[1], even[1]) / aspect
    none = np.zeros_like(w0)
    ex = np.hstack([products(odd[1], held[0]), none])
    ey = np.hstack([none, products(held[0], odd[1]) / aspect])
    g = np.hstack([products(odd[0], held[1]) / aspect, products(held[1], odd[0])])
    shear = 0.5 * (1.0 - nu)

    def weak(a, b):
        return a.T @ (area[:, None] * b)

    plane = weak(ex, ex + nu * ey) + weak(ey, ey + nu * ex) + shear * weak(g, g)
    inverse = np.linalg.pinv(plane, hermitian=True)
    flat = residual * (weak(wx, wx) + weak(wy, wy))
    if rigidity > 0.0:
        flat += rigidity * (weak(wxx, wxx + nu * wyy) + weak(wyy, wyy + nu * wxx) + 2.0 * (1.0 - nu) * weak(wxy, wxy))
    work = w0.T @ area

    def stretched(exx, eyy, gxy):
        """Strains with the in-plane displacements that relax them."""
        moved = -inverse @ (ex.T @ (exx + nu * eyy) + ey.T @ (eyy + nu * exx) + shear * g.T @ gxy)
        return moved

    def newton(a, p):
        px, py = wx @ a, wy @ a
        own = (0.5 * px**2, 0.5 * py**2, px * py)
        d = stretched(*(area * part for part in own))
        sx, sy, s = own[0] + ex @ d, own[1] + ey @ d, own[2] + g @ d
        tx, ty, t = sx + nu * sy, sy + nu * sx, shear * s
        rest = flat @ a + wx.T @ (area * (tx * px + t * py)) + wy.T @ (area * (ty * py + t * px)) - p * work
        slope = flat + weak(wx, tx[:, None] * wx) + weak(wy, ty[:, None] * wy)
        mixed = weak(wx, t[:, None] * wy)
        slope = slope + mixed + mixed.T
        b = (px[:, None] * wx, py[:, None] * wy, px[:, None] * wy + py[:, None] * wx)
        d = stretched(*(area[:, None] * part for part in b))
        bx, by, bg = b[0] + ex @ d, b[1] + ey @ d, b[2] + g @ d
        slope = slope + weak(b[0], bx + nu * by) + weak(b[1], by + nu * bx) + shear * weak(b[2], bg)
        return rest, slope

    a = np.linalg.solve(flat + 1e-6 * weak(wx, wx) + 1e-6 * weak(wy, wy), pressure * work)
    rise = float(Full(a.reshape(m, m), order).centre)
    a *= min(1.0, (pressure / 2.0) ** (1.0 / 3.0) / rise)  # the cubic of the stretched membrane is near
    for _ in range(80):
        rest, slope = newton(a, pressure)
        step = np.linalg.solve(slope, -rest)
        size = 1.0
        while size > 1e-3 and np.linalg.norm(newton(a + size * step, pressure)[0]) > np.linalg.norm(rest):
            size *= 0.5
        a = a + size * step
        if np.linalg.norm(step) < 1e-10 * np.linalg.norm(a):
            return Full(a.reshape(m, m), order)
    raise RuntimeError("Newton's method does not converge")

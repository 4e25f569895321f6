r"""A clamped rectangle under tension and pressure: small deflections, any tension, any aspect ratio.

.. math:: D \nabla^4 w - N_x \partial_x^2 w - N_y \partial_y^2 w = P, \qquad
          w = \partial_n w = 0 \text{ at the frame}

in half the short side h as unit of length, with the long side n times the short one and :math:`\tau = N_x h^2 / D`. The
deflection is expanded in products of polynomials that meet the conditions at the frame (J. Shen, SIAM J. Sci. Comput.
15 (1994) 1489, doi:10.1137/0915089: differences of Legendre polynomials whose second derivatives are one Legendre
polynomial), which leaves a symmetric dense system. Without tension it is the clamped plate, with much of it the
membrane with its thin rim of bending.

Assumptions: thin plate (Kirchhoff), uniform tension, ideal clamping.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.linalg
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# Modes that resolve a rim of width 1/sqrt(tau) at both ends: polynomials place points there as 1/count^2. A plate
# without tension has a rim of about a fifth of the short side. What these numbers leave of the centre deflection is
# below 1e-4 (tests/unit/test_thickness.py).
_LEAST_MODES, _MODES_PER_ROOT, _MOST_MODES, _PLATE_RIMS = 4, 1.3, 40, 5.0


@lru_cache(maxsize=256)
def membrane_compliance(aspect: float) -> float:
    r"""Centre deflection of a membrane without stiffness, w N / (P h^2): Poisson's equation in a rectangle.

    :math:`\frac12 - \frac{16}{\pi^3} \sum_{k \text{ odd}} (-1)^{(k-1)/2} / (k^3 \cosh(k \pi n / 2))`, exact; 1/3.393
    for a square, 1/2 for a long window.

    Parameters
    ----------
    aspect : float
        Long side over short side n, at least 1.

    Examples
    --------
    >>> round(1.0 / membrane_compliance(1.0), 3), round(membrane_compliance(20.0), 9)
    (3.393, 0.5)
    """
    _at_least_one(aspect)
    k = np.arange(1, 22, 2)
    terms = (-1.0) ** ((k - 1) // 2) / (k**3 * np.cosh(np.minimum(k * math.pi * aspect / 2.0, 700.0)))
    return 0.5 - 16.0 / math.pi**3 * float(terms.sum())


@lru_cache(maxsize=256)
def plate_compliance(aspect: float) -> float:
    """Centre deflection of a clamped plate without tension, w D / (P h^4): 1/24 for a long window.

    In the full short side a this is 16 times the alpha of w = alpha P a^4 / D in S. Timoshenko and S.
    Woinowsky-Krieger, Theory of Plates and Shells (2nd ed., McGraw-Hill 1959), table 35: 0.00126 for a square.

    Examples
    --------
    >>> round(plate_compliance(1.0) / 16.0, 6), round(24.0 * plate_compliance(6.0), 4)
    (0.001265, 1.0)
    """
    return linear(aspect, 0.0).centre


@dataclass(frozen=True, eq=False)
class Profile:
    """Deflection of the linear problem: `centre` is w D / (P h^4), `coefficients` belong to the modes.

    Examples
    --------
    >>> plate = linear(1.0, 0.0)
    >>> plate.at([0.0, 0.5, 1.0], [0.0]).round(3)
    array([[1.   , 0.599, 0.   ]])
    """

    aspect: float
    coefficients: Array
    centre: float

    def at(self, x: ArrayLike, y: ArrayLike) -> Array:
        """Deflection over that of the centre, (y.size, x.size); x in short, y in long half sides; 0 outside."""
        short, long = (np.atleast_1d(np.asarray(p, dtype=float)) for p in (x, y))
        m, n = self.coefficients.shape
        inside = (np.abs(long) < 1.0)[:, None] & (np.abs(short) < 1.0)[None, :]
        across = _modes(m, np.clip(short, -1.0, 1.0))[0]
        along = _modes(n, np.clip(long, -1.0, 1.0))[0]
        return np.where(inside, along.T @ self.coefficients.T @ across / self.centre, 0.0)


def linear(aspect: float, tension: float, along: float | None = None, refine: int = 1) -> Profile:
    """Solve the linear problem.

    Parameters
    ----------
    aspect : float
        Long side over short side n, at least 1.
    tension : float
        N h^2 / D across, between the long sides; not negative.
    along : float
        The same along the window; equal if not given.
    refine : int
        Multiplies the number of modes, for studies of convergence.

    Returns
    -------
    Profile

    Examples
    --------
    >>> rim = linear(4.0, 1e4)                       # nearly a membrane: the rim is 1 % of half the short side
    >>> round(rim.centre * 1e4, 3), round(membrane_compliance(4.0), 3)
    (0.488, 0.498)
    """
    _at_least_one(aspect)
    if not (tension >= 0.0 and math.isfinite(tension)):
        raise ValueError(f"tension N h^2/D is {tension:g}: under compression a window buckles, which is not modelled")
    along = tension if along is None else along
    if not (along >= 0.0 and math.isfinite(along)):
        raise ValueError(f"tension along the window is {along:g}: under compression it buckles, which is not modelled")
    rims = max(math.sqrt(tension), _PLATE_RIMS)
    m, n = (refine * _count(rims * side) for side in (1.0, aspect))
    (m0, m1), (n0, n1) = _matrices(m), _matrices(n)
    eye_m, eye_n = np.eye(m), np.eye(n)
    a = aspect
    bending = np.kron(eye_m, n0) * a + 2.0 / a * np.kron(m1, n1) + np.kron(m0, eye_n) / a**3
    stretch = tension * np.kron(m1, n0) * a + along * np.kron(m0, n1) / a
    load = np.zeros(m * n)
    # only the first mode holds a constant part: the integral of the product of the first modes
    load[0] = a * (2.0 * math.sqrt(2.5) / 15.0) ** 2
    stiffness = bending + stretch
    scale = 1.0 / np.sqrt(np.diag(stiffness))  # without it, strong tension leaves the matrix badly conditioned
    factor = scipy.linalg.cho_factor(scale[:, None] * stiffness * scale, lower=True, overwrite_a=True)
    found = (scale * scipy.linalg.cho_solve(factor, scale * load)).reshape(m, n)
    zero = np.zeros(1)
    centre = float((_modes(n, zero)[0].T @ found.T @ _modes(m, zero)[0])[0, 0])
    return Profile(aspect, found, centre)


def _count(rims: float) -> int:
    return min(_MOST_MODES, _LEAST_MODES + math.ceil(_MODES_PER_ROOT * math.sqrt(rims)))


def _modes(count: int, x: Array) -> tuple[Array, Array]:
    """Even modes and their slopes at x, (count, x.size); second derivatives are orthonormal."""
    k = 2.0 * np.arange(count)[:, None]
    values = legendre.legvander(x, 2 * count + 3).T
    even = np.arange(0, 2 * count, 2)
    scale = np.sqrt((2.0 * k + 5.0) / 2.0) / (2.0 * k + 5.0)
    slope = scale * (values[even + 3] - values[even + 1])
    upper = (values[even + 4] - values[even + 2]) / (2.0 * k + 7.0)
    lower = (values[even + 2] - values[even]) / (2.0 * k + 3.0)
    return scale * (upper - lower), slope


@lru_cache(maxsize=64)
def _matrices(count: int) -> tuple[Array, Array]:
    """Integrals over [-1, 1] of products of modes and of their slopes."""
    x, w = legendre.leggauss(2 * count + 6)
    value, slope = _modes(count, x)
    return (value * w) @ value.T, (slope * w) @ slope.T


def _at_least_one(aspect: float) -> None:
    if not (aspect >= 1.0 and math.isfinite(aspect)):
        raise ValueError(f"aspect ratio is {aspect:g}: long side over short side is at least 1")

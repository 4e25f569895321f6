r"""Closed forms for electrodes side by side on the floor: conductance, cell constant, current at the edges.

Two strips [x1, x2] and [x3, x4] of length l on an insulating plane under a half space are mapped onto opposite sides of
a rectangle (Schwarz-Christoffel; J. S. Wei, IEEE J. Quantum Electron. 13 (1977) 152; W. Olthuis, W. Streekstra,
P. Bergveld, Sens. Actuators B 24 (1995) 252), which gives, with complete elliptic integrals K of the parameter m,

.. math:: G = \kappa l\, \frac{K(1 - m)}{K(m)}, \qquad
          m = \frac{(x_3 - x_2)(x_4 - x_1)}{(x_3 - x_1)(x_4 - x_2)}

A layer of height H under an insulating window is mapped to the half space by :math:`e^{\pi (x + i z)/H}`: every
difference becomes :math:`\sinh(\pi (x_j - x_i)/2H)`. For gaps and electrodes wider than H this tends to
:math:`R \kappa l = g/H + 4 \ln 2/\pi`: each edge costs 0.4413 H of layer. Assumptions: primary distribution (no
kinetics), uniform conductivity, nothing but liquid beyond the strips.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ellipk, ellipkm1

from simcell.numerics.grid import Array

EDGE_LENGTH = 2.0 * np.log(2.0) / np.pi  # layer heights of extra path that each edge of a wide electrode costs


def strips(one: tuple[float, float], other: tuple[float, float], height: float = np.inf, length: float = 1.0) -> float:
    """Conductance over conductivity of two coplanar strips [m].

    Parameters
    ----------
    one, other : two floats
        Start and stop along x [m], the first left of the second.
    height : float
        Of the layer [m]; infinite: half space.
    length : float
        Of the strips [m].

    Returns
    -------
    float
        G / kappa; its inverse is the cell constant.

    Examples
    --------
    >>> round(1.0 / strips((-9.0, 0.0), (5.0, 14.0), height=1.0), 4)  # g/H + 4 ln 2 / pi
    5.8825
    >>> round(strips((-2.0, -1.0), (1.0, 2.0)), 6)
    0.639631
    """
    (x1, x2), (x3, x4) = one, other
    if not (x1 < x2 < x3 < x4 and height > 0.0 and length > 0.0):
        raise ValueError("two strips need x1 < x2 < x3 < x4, and height and length above 0")

    def log_span(a: float, b: float) -> float:
        if np.isinf(height):
            return float(np.log(b - a))
        t = 0.5 * np.pi * (b - a) / height
        return float(t + np.log(-np.expm1(-2.0 * t)))  # ln(2 sinh t) without overflow

    rest = float(np.exp(log_span(x1, x2) + log_span(x3, x4) - log_span(x1, x3) - log_span(x2, x4)))  # 1 - m
    if rest < 1e-300:  # K(m) -> ln(4 / sqrt(1 - m))
        log_rest = log_span(x1, x2) + log_span(x3, x4) - log_span(x1, x3) - log_span(x2, x4)
        return length * 0.5 * np.pi / (np.log(4.0) - 0.5 * log_rest)
    return length * float(ellipk(rest) / ellipkm1(rest))


def cell_constant(
    one: tuple[float, float], other: tuple[float, float], height: float = np.inf, length: float = 1.0
) -> float:
    """Resistance times conductivity of two coplanar strips [1/m]; arguments as for `strips`.

    Examples
    --------
    >>> round(cell_constant((0.0, 10e-6), (20e-6, 30e-6), 0.5e-6, 100e-6) / 1e5, 4)  # (20 + 0.8825) / 100 um
    2.0883
    """
    return 1.0 / strips(one, other, height, length)


def far_resistance(half_width: float, distance: float, height: float) -> float:
    """Resistance times conductivity and length of a strip that is fed along a layer from both sides, per side.

    From the plane of symmetry at the middle of the strip to a cross-section at `distance`, which should lie a few
    heights beyond the edge. Map of the half-infinite box by cosh(pi w / H): L/H - (2/pi) ln sinh(pi a / 2H). With
    concentrations for potentials this is the limiting current of a strip in a thin layer.

    Examples
    --------
    >>> round(far_resistance(3.0, 10.0, 1.0), 4)  # (L - a)/H + 2 ln 2 / pi
    7.4413
    """
    t = 0.5 * np.pi * half_width / height
    return float(distance / height - 2.0 / np.pi * (t + np.log(-0.5 * np.expm1(-2.0 * t))))


def reference_error(distance: float, height: float, conductivity: float, length: float) -> float:
    """Uncompensated resistance [ohm] of a point on the floor in the current's way, beyond a wide electrode's edge.

    Parameters
    ----------
    distance : float
        From the edge [m].
    height, length : float
        Of the layer, of the edge [m].
    conductivity : float
        [S/m]

    Examples
    --------
    >>> round(reference_error(100e-6, 0.5e-6, 1.0, 100e-6) / 1e6, 4)  # Mohm
    2.0044
    """
    t = 0.5 * np.pi * distance / height
    return float((2.0 / np.pi) * (t + np.log1p(np.sqrt(-np.expm1(-2.0 * t)))) / (conductivity * length))


def band_half_space(x: ArrayLike, half_width: float) -> Array:
    """Primary current density over its mean on a band under a half space, counter electrode far away.

    (2/pi) / sqrt(1 - x^2/a^2), x from the middle (J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed.,
    section 18.2).

    Examples
    --------
    >>> round(float(band_half_space(0.0, 1.0)), 4)
    0.6366
    """
    s = np.asarray(x, dtype=float) / half_width
    return np.asarray(2.0 / np.pi / np.sqrt(1.0 - s**2))


def band_in_layer(x: ArrayLike, half_width: float, height: float, sides: int = 2) -> Array:
    """Primary current density over its mean on a band on the floor of a layer.

    Parameters
    ----------
    x : array
        From the middle [m]; with one side, the counter electrode lies at larger x.
    half_width, height : float
        [m]
    sides : int
        2: counter electrodes on both sides; 1: on one.

    Returns
    -------
    array
        sides 2: (a/H) cosh X / sqrt(S^2 - sinh^2 X), X = pi x / 2H, S = sinh(pi a / 2H); sides 1:
        (2a/H) e^(pi x/H) / sqrt((e^A - e^(pi x/H)) (e^(pi x/H) - e^-A)), A = pi a / H. From the same map as `strips`.

    Examples
    --------
    >>> float(band_in_layer(0.0, 10.0, 1.0)) < 1e-5
    True
    """
    if sides not in (1, 2):
        raise ValueError(f"a band has counter electrodes on 1 or 2 sides, not {sides}")
    x, a = np.asarray(x, dtype=float), half_width / height
    if sides == 2:
        t, s = 0.5 * np.pi * np.abs(x) / height, 0.5 * np.pi * a
        # cosh t / sqrt(sinh^2 s - sinh^2 t), with sinh^2 s - sinh^2 t = sinh(s + t) sinh(s - t)
        grown = 0.5 * (1.0 + np.exp(-2.0 * t)) * np.exp(t - s)
        below = 0.25 * -np.expm1(-2.0 * (s + t)) * -np.expm1(-2.0 * (s - t))
        return np.asarray(a * grown / np.sqrt(below))
    t, s = np.pi * x / height, np.pi * a
    return np.asarray(2.0 * a * np.exp(0.5 * (t - s)) / np.sqrt(-np.expm1(t - s) * -np.expm1(-(t + s))))


def disc_in_ring(inner: float, outer: float, height: float) -> float:
    """Resistance times conductivity of a layer between two concentric circles [1/m], the current even over the height.

    Examples
    --------
    >>> round(disc_in_ring(1.0, np.e, 0.5), 6)
    0.31831
    """
    if not 0.0 < inner < outer:
        raise ValueError(f"radii {inner:g} m and {outer:g} m must be positive and grow")
    return float(np.log(outer / inner) / (2.0 * np.pi * height))

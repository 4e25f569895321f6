r"""The exact field at the edge of a half-infinite electrode on the floor of a layer, without and with kinetics.

The layer is 0 < z < 1 (in units of its height H) under an insulating window; the electrode is the floor at s < 0, the
rest of the floor insulates. A complex potential :math:`F(w) = \Phi + i\Psi`, w = s + i z, with
:math:`F \to w + A` far over the insulator: unit gradient, and A the length that the edge adds to the path.

*Primary*, :math:`\Phi = 0` on the electrode: :math:`F = (2/\pi) \operatorname{arcosh} e^{\pi w / 2}`,
:math:`A = 2 \ln 2 / \pi` (R. V. Churchill, J. W. Brown, Complex Variables and Applications).

*With linear kinetics*, :math:`\Phi = \Lambda\, \partial_z \Phi` on the electrode, :math:`\Lambda = \kappa R / H`: on
both sides of the edge the field is a sum over modes,

.. math:: F = w + A + \sum_{n\ge1} b_n e^{-\beta_n w} \;(s > 0), \qquad
          F = i + \sum_{m\ge0} a_m e^{\mu_m (w - i)} \;(s < 0), \qquad
          \beta_n = n\pi, \quad \mu_m \tan \mu_m = 1/\Lambda

Continuity of value and slope at s = 0, projected on :math:`\cos \beta_n (1 - z)`, asks of the function
:math:`f(w) = \sum_m c_m / (\mu_m - w)`, :math:`c_m = a_m \mu_m \sin \mu_m`, that it vanish at all :math:`\beta_n`;
so (residue calculus: R. Mittra, S. W. Lee, Analytical Techniques in the Theory of Guided Waves, 1971, ch. 1-2)

.. math:: f(w) = \frac{\prod_{n \ge 1} (1 - w/\beta_n)}{\prod_{m \ge 0} (1 - w/\mu_m)}, \qquad
          b_n = -\frac{f(-\beta_n)}{\beta_n}, \qquad c_m = \lim_{w \to \mu_m} (\mu_m - w) f(w), \qquad A = f'(0)

Products are cut at `FACTORS`; the rest is :math:`e^{-w \tau}` with :math:`\tau = \sum (1/\beta - 1/\mu)` of the factors
left out, as an integral. The sums are cut at `MODES`, the upper half of them tapered, so that they resolve distances
from the edge above about `NEAREST` heights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simcell.numerics.grid import Array

MODES = 200
FACTORS = 1200
NEAREST = 0.02  # heights: nearer to the edge the modes kept do not resolve the field
PRIMARY = 1e-4  # kappa R / H below which an edge is primary
EVEN = 1e4  # kappa R / H above which nothing changes: the electrode is a fin, the conductances are plain


@dataclass(frozen=True, eq=False)
class Modes:
    """Exponents and amplitudes of the field at an edge with kinetics.

    Examples
    --------
    >>> edge_modes(1.0).rates.size == MODES
    True
    """

    rates: Array  # mu_m
    over: Array  # a_m, over the electrode
    beside: Array  # b_n, over the insulator
    length: float  # A


@lru_cache(maxsize=64)
def edge_modes(ratio: float) -> Modes:
    """Modes of an edge with kinetics; `ratio` = kappa R / H, positive and at most `EVEN`.

    Examples
    --------
    >>> rate = edge_modes(1.0).rates[0]
    >>> bool(np.isclose(rate * np.tan(rate), 1.0, rtol=1e-12))
    True
    """
    mu = _roots(ratio, FACTORS)
    beta = np.pi * np.arange(1, FACTORS)
    cut = 1.0 / (np.pi * (FACTORS - 0.5))
    tail = (cut * np.arctan2(cut, ratio) - 0.5 * ratio * np.log1p((cut / ratio) ** 2)) / np.pi
    w = beta[:MODES, None]
    log = np.log1p(w / beta).sum(axis=1) - np.log1p(w / mu).sum(axis=1) + w[:, 0] * tail
    beside = -np.exp(log) / w[:, 0]
    w = mu[:MODES, None]
    above, below = 1.0 - w / beta, 1.0 - w / mu
    below[np.arange(MODES), np.arange(MODES)] = 1.0
    sign = np.prod(np.sign(above), axis=1) * np.prod(np.sign(below), axis=1)
    log = np.log(np.abs(above)).sum(axis=1) - np.log(np.abs(below)).sum(axis=1) - w[:, 0] * tail
    over = sign * np.exp(log) / np.sin(mu[:MODES])
    taper = np.cos(0.5 * np.pi * np.clip(2.0 * np.arange(MODES) / MODES - 1.0, 0.0, 1.0)) ** 2
    return Modes(mu[:MODES], taper * over, taper * beside, float((1.0 / mu).sum() - (1.0 / beta).sum() - tail))


def edge_length(ratio: float) -> float:
    """Length [heights of the layer] that an edge of a wide electrode adds to the path of the current.

    Parameters
    ----------
    ratio : float
        kappa R / H; 0: primary.

    Returns
    -------
    float
        0.4413 for a primary edge; sqrt(ratio + 1/3) for slow kinetics, which is the fin.

    Raises
    ------
    ValueError
        If the ratio is negative.

    Examples
    --------
    >>> round(edge_length(0.0), 4), round(edge_length(1.0), 4), round(edge_length(100.0), 4)
    (0.4413, 1.1297, 10.0163)
    """
    if not ratio >= 0.0:
        raise ValueError(f"kappa R / H is {ratio:g}; it cannot be negative")
    if ratio > EVEN:
        return float(np.sqrt(ratio + 1.0 / 3.0))
    return float(2.0 * np.log(2.0) / np.pi) if ratio <= PRIMARY * 1e-3 else edge_modes(ratio).length


def layer_field(s: Array, z: Array) -> tuple[Array, Array]:
    """Potential and stream function at a primary edge.

    Parameters
    ----------
    s, z : arrays
        Distance from the edge along the floor, positive over the insulator, and height [heights of the layer].

    Returns
    -------
    potential, stream function

    Examples
    --------
    >>> phi, psi = layer_field(np.array([3.0]), np.array([1.0]))
    >>> bool(np.isclose(phi[0], 3.0 + 2.0 * np.log(2.0) / np.pi, rtol=1e-4)), round(float(psi[0]), 12)
    (True, 1.0)
    """
    e = np.exp(0.5 * np.pi * (s + 1j * z))
    f = 2.0 / np.pi * np.log(e + np.sqrt(e - 1.0) * np.sqrt(e + 1.0))
    return f.real, f.imag


def kinetic_field(s: Array, z: Array, ratio: float) -> tuple[Array, Array]:
    """Potential and stream function at an edge with linear kinetics, on the mesh of s (columns) and z (rows).

    Parameters
    ----------
    s : (n,) array
    z : (m,) array
    ratio : float
        kappa R / H, positive.

    Returns
    -------
    potential, stream function : (m, n) arrays
        0 is the potential of the metal less the equilibrium step.

    Examples
    --------
    >>> phi, psi = kinetic_field(np.array([-0.5, -0.49]), np.array([0.0]), 0.3)
    >>> bool(np.isclose(phi.mean(), 0.3 * (psi[0, 0] - psi[0, 1]) / 0.01, rtol=1e-3))  # the law at the surface
    True
    """
    modes = edge_modes(ratio)
    beta, gap = np.pi * np.arange(1, MODES + 1), s >= 0.0
    phi, psi = np.empty((z.size, s.size)), np.empty((z.size, s.size))
    decay = modes.beside[:, None] * np.exp(-beta[:, None] * s[gap])
    phi[:, gap] = modes.length + s[gap] + np.cos(z[:, None] * beta) @ decay
    psi[:, gap] = z[:, None] - np.sin(z[:, None] * beta) @ decay
    decay = modes.over[:, None] * np.exp(modes.rates[:, None] * s[~gap])
    phi[:, ~gap] = np.cos((1.0 - z[:, None]) * modes.rates) @ decay
    psi[:, ~gap] = 1.0 - np.sin((1.0 - z[:, None]) * modes.rates) @ decay
    return phi, psi


def _roots(ratio: float, count: int) -> Array:
    """Solve mu tan mu = 1 / ratio, one root in each (m pi, m pi + pi/2): Newton on mu - m pi = atan(1 / ratio mu)."""
    base = np.pi * np.arange(count)
    mu = base + np.arctan2(1.0, ratio * np.maximum(base, 1e-300))
    mu[0] = min(1.0 / np.sqrt(ratio), 0.5 * np.pi)
    for _ in range(50):
        change = (mu - base - np.arctan2(1.0, ratio * mu)) / (1.0 + ratio / (1.0 + (ratio * mu) ** 2))
        mu = mu - change
        if np.abs(change).max() <= 1e-15 * base[-1]:
            break
    return mu

r"""Where the liquid goes: resistance of channels, and the exact share of the flow in layers between two plates.

Resistance :math:`R = \Delta p / Q` of laminar flow in a rectangular duct of height h and width w (h <= w),

.. math:: \frac{12 \mu L}{w h^3} \Big/ \Bigl[ 1 - \frac{192}{\pi^5} \frac hw \sum_{k \text{ odd}}
          \frac{\tanh(k \pi w / 2h)}{k^5} \Bigr]

(F. M. White, Viscous Fluid Flow, 3rd ed. 2006, section 3-3.3): the wide gap between plates is the first factor.
Between plates :math:`u(s) = 6 U s (1 - s)` over the fraction s of the height.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcell.numerics.check import not_negative, positive

Array = NDArray[np.float64]


def channel_resistance(height: float, width: float, length: float, viscosity: float) -> float:
    """Hydraulic resistance of a rectangular channel [Pa s/m^3].

    Parameters
    ----------
    height, width, length : float
        [m]; which of the first two is larger does not matter.
    viscosity : float
        [Pa s]

    Returns
    -------
    float

    Examples
    --------
    >>> square = channel_resistance(100e-6, 100e-6, 1e-3, 1e-3)
    >>> round(square * (100e-6) ** 4 / (1e-3 * 1e-3), 2)
    28.45
    """
    for what, value in (("height", height), ("width", width), ("length", length)):
        positive(f"{what} of the channel", value)
    positive("viscosity", viscosity)
    low, wide = sorted((height, width))
    k = np.arange(1.0, 42.0, 2.0)
    walls = 192.0 / math.pi**5 * low / wide * float((np.tanh(k * math.pi * wide / (2.0 * low)) / k**5).sum())
    return 12.0 * viscosity * length / (wide * low**3 * (1.0 - walls))


def layer_shares(fractions: ArrayLike) -> Array:
    """Share of the flow between two plates that passes each layer: the exact integral of the parabola.

    Parameters
    ----------
    fractions : (n+1,) array
        Faces of the layers as fractions of the height, from 0 to 1.

    Returns
    -------
    (n,) array
        Sums to 1.

    Examples
    --------
    >>> layer_shares([0.0, 0.25, 0.5, 1.0])
    array([0.15625, 0.34375, 0.5    ])
    """
    s = np.asarray(fractions, dtype=float)
    return np.diff(s**2 * (3.0 - 2.0 * s))


def gap_share(gap: float, bypass: float, series: float = 0.0) -> float:
    """Share of the total flow that passes the gap beside a bypass.

    Parameters
    ----------
    gap, bypass : float
        Resistances of the two parallel paths [Pa s/m^3].
    series : float
        Resistance in line with the gap: what of its path the model leaves out [Pa s/m^3].

    Returns
    -------
    float

    Examples
    --------
    >>> gap_share(1.0, 1.0), gap_share(3.0, 1.0), gap_share(1.0, 1.0, series=2.0)
    (0.5, 0.25, 0.25)
    """
    positive("resistance of the gap", gap)
    positive("resistance of the bypass", bypass)
    not_negative("resistance in series", series)
    return bypass / (bypass + gap + series)


def entrance_length(height: float, reynolds: float) -> float:
    """Length [m] over which a uniform inflow becomes the parabola, between plates.

    F. Durst et al., J. Fluids Eng. 127 (2005) 1154, doi:10.1115/1.2063088: for small Reynolds numbers 0.63 heights.

    Parameters
    ----------
    height : float
        [m]
    reynolds : float
        Mean velocity times height over kinematic viscosity.

    Examples
    --------
    >>> round(entrance_length(1.0, 0.0), 3), round(entrance_length(1.0, 1e3), 1)
    (0.631, 44.2)
    """
    positive("height", height)
    not_negative("Reynolds number", reynolds)
    return height * (0.631**1.6 + (0.0442 * reynolds) ** 1.6) ** (1.0 / 1.6)

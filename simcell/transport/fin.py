r"""Current under a wide electrode in a thin layer: the fin, its penetration length, and the Wagner number.

Averaged over the height H the potential step v between liquid and metal obeys :math:`\kappa H v'' = v / R`, so current
enters an electrode over the penetration length

.. math:: L_p = \sqrt{\kappa H R}, \qquad R = R_\text{ct} + R_\text{film} + \frac{H}{3 \kappa}

(the cooling fin of heat conduction; J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, section 22.4
for porous electrodes). H / 3 kappa is the way through the layer with a parabolic profile. Assumptions: linear
kinetics, uniform kappa, :math:`L_p \ge 1.5 H` (see `simcell.transport.validity`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from simcell.constants import GAS_CONSTANT, ROOM_TEMPERATURE
from simcell.numerics.grid import Array
from simcell.transport.kinetics import FARADAY


def penetration_length(conductivity: float, height: float, resistance: float, closure: bool = True) -> float:
    """L_p [m]; `resistance` of charge transfer and film [ohm m^2], `closure` adds H / 3 kappa.

    Examples
    --------
    >>> round(penetration_length(1.0, 0.5e-6, 1e-3, closure=False) * 1e6, 2)
    22.36
    """
    if not (conductivity > 0.0 and height > 0.0 and resistance >= 0.0):
        raise ValueError("conductivity and height must be positive, the resistance not negative")
    total = resistance + (height / (3.0 * conductivity) if closure else 0.0)
    return float(np.sqrt(conductivity * height * total))


def fin_distribution(x: ArrayLike, width: float, length: float, sides: int = 1) -> Array:
    """Current density over its mean at a distance from the edge that faces the counter electrode.

    Parameters
    ----------
    x : array
        From that edge, 0 to `width` [m].
    width, length : float
        Of the electrode, and L_p [m].
    sides : int
        Counter electrodes on 1 side or on 2.

    Examples
    --------
    >>> fin_distribution([0.0, 10.0], 10.0, 5.0).round(4)
    array([2.0746, 0.5514])
    """
    x, b = np.asarray(x, dtype=float), width / length
    if sides == 2:
        x, b = np.where(x <= 0.5 * width, x, width - x), 0.5 * b
        width = 0.5 * width
    elif sides != 1:
        raise ValueError(f"a fin has 1 or 2 sides, not {sides}")
    away = (width - x) / length
    return np.asarray(b * (np.exp(away - b) + np.exp(-away - b)) / -np.expm1(-2.0 * b))


def fin_resistance(conductivity: float, height: float, width: float, length: float, sides: int = 1) -> float:
    """Resistance times length of the edge of a wide electrode [ohm m]: L_p coth(w / L_p) / (kappa H).

    Examples
    --------
    >>> round(fin_resistance(1.0, 1.0, 10.0, 5.0), 4)
    5.1866
    """
    if sides == 2:
        return 0.5 * fin_resistance(conductivity, height, 0.5 * width, length)
    return float(length / (conductivity * height * np.tanh(width / length)))


def transfer_resistance(exchange: float, electrons: float = 1.0, temperature: float = ROOM_TEMPERATURE) -> float:
    """Resistance of charge transfer at equilibrium [ohm m^2], RT / (n F i0); n is the sum of apparent coefficients.

    Examples
    --------
    >>> round(transfer_resistance(10.0), 6)
    0.002569
    """
    if not exchange > 0.0:
        raise ValueError(f"the exchange current density is {exchange:g} A/m^2; it must be positive")
    return GAS_CONSTANT * temperature / (electrons * FARADAY * exchange)


def tafel_resistance(current: float, coefficient: float, temperature: float = ROOM_TEMPERATURE) -> float:
    """Resistance of charge transfer far from equilibrium [ohm m^2], RT / (a F |i|).

    Examples
    --------
    >>> round(tafel_resistance(-100.0, 0.5), 6)
    0.000514
    """
    if current == 0.0:
        raise ValueError("at zero current kinetics are linear, not Tafel: use transfer_resistance")
    return GAS_CONSTANT * temperature / (coefficient * FARADAY * abs(current))


def wagner_number(conductivity: float, resistance: float, size: float) -> float:
    """kappa R / size: large is an even current. In the Tafel range R, and so this, falls as the current rises.

    Source: C. Wagner, J. Electrochem. Soc. 98 (1951) 116.

    Examples
    --------
    >>> wagner_number(1.0, 1e-3, 1e-4)
    10.0
    """
    return conductivity * resistance / size

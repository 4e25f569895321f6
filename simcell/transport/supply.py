r"""The supply budget of a thin layer: what one filling holds, what diffusion along the layer brings, and for how long.

A strip electrode of width w in a layer of height H that reacts at a current density i takes n F c H per area from the
liquid above it; the rest must come along the layer. Per length of strip, from a reservoir at a distance L on one side,

.. math:: i_\text{lat} = \frac{z F D c H}{(1 - t_+)\, w L}

What is above the strip lasts t = z F c H / i (1 - t); lateral diffusion from the layer around stretches this. With even
current and endless layer the concentration at the centre of the strip falls by (J. Crank, The Mathematics of
Diffusion, 2nd ed. 1975, sections 2.2.2 and 3.3, integrated over time)

.. math:: \frac{i (1-t)}{zFH} \left\{ t\, \mathrm{erf}\, Z + \frac{w^2}{8 D}
          \left[ \frac{e^{-Z^2}}{\sqrt\pi Z} - \mathrm{erfc}\, Z \right]\right\}, \qquad Z = \frac{w}{4\sqrt{D t}}

Assumptions: mixed over the height (t > 0.3 H^2/D), uniform H, no flow, constant D and transference number. For dilute
or supported ions t = 0 and D is the ion's; for a binary salt D is the salt's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, erfc

from simcell.numerics.grid import Array
from simcell.transport.kinetics import FARADAY


def metal_in_filling(concentration: float, height: float, molar_volume: float) -> float:
    """Thickness [m] of the metal that one filling of the layer holds: c H V_m.

    Parameters
    ----------
    concentration : float
        [mol/m^3]
    height : float
        [m]
    molar_volume : float
        Of the metal [m^3/mol].

    Examples
    --------
    >>> round(metal_in_filling(100.0, 0.5e-6, 9.16e-6) * 1e9, 3)  # 0.1 M Zn2+, nm
    0.458
    """
    return concentration * height * molar_volume


def growth_rate(current: float, electrons: float, molar_volume: float) -> float:
    """Thickness of metal per time [m/s] at a current density [A/m^2]: i V_m / n F.

    Examples
    --------
    >>> round(growth_rate(10.0, 2, 9.16e-6) * 1e9, 4)
    0.4747
    """
    return abs(current) * molar_volume / (electrons * FARADAY)


def lateral_current(
    electrons: float, concentration: float, diffusivity: float, height: float, width: float, distance: float,
    transference: float = 0.0, sides: int = 1,
) -> float:  # fmt: skip
    """Current density [A/m^2] that diffusion along the layer can sustain over a strip of `width` [m].

    Parameters
    ----------
    electrons : float
        Charge number z of the ion.
    concentration, diffusivity : float
        [mol/m^3], [m^2/s]
    height, width, distance : float
        Of the layer, of the strip, from its edge to where the concentration is kept [m].
    transference : float
    sides : int
        From how many sides it is fed.

    Examples
    --------
    >>> round(lateral_current(2, 100.0, 6.2e-10, 0.5e-6, 20e-6, 100e-6, transference=0.37), 2)  # 0.1 M ZnSO4
    4.75
    """
    flux = diffusivity * concentration * height / distance
    return sides * electrons * FARADAY * flux / ((1.0 - transference) * width)


def carried_current(
    electrons: float, concentration: float, diffusivity: float, height: float, width: float, distance: float,
    velocity: float, transference: float = 0.0,
) -> float:  # fmt: skip
    r"""Current density [A/m^2] that flow and diffusion together sustain over a strip, from upstream and downstream.

    Along a layer with concentration c a distance L upstream and none left at the strip the flux is
    U c / (1 - exp(-U L / D)), from downstream U c / (exp(U L / D) - 1): the steady state of convection and diffusion in
    one dimension. In a fast stream not all of it finds the floor; then no more is taken than
    :math:`1.467\,(w D / U H^2)^{2/3}` of U c (M. A. Leveque, Ann. Mines 13 (1928) 201, with the shear 6 U / H of a
    slit). At rest: twice `lateral_current`.

    Parameters
    ----------
    electrons, concentration, diffusivity, height, width, transference
        As for `lateral_current`.
    distance : float
        From either edge to where the concentration is kept [m].
    velocity : float
        Mean over the height [m/s].

    Examples
    --------
    >>> still, flowing = (carried_current(2, 100.0, 6.2e-10, 0.5e-6, 20e-6, 100e-6, u, 0.37) for u in (1e-9, 1e-4))
    >>> round(still, 2), round(flowing, 1)
    (9.5, 76.6)
    """
    speed = abs(velocity)
    peclet = speed * distance / diffusivity
    if peclet < 1e-6:
        return lateral_current(electrons, concentration, diffusivity, height, width, distance, transference, 2)
    taken = min(1.0, 1.467 * (width * diffusivity / (speed * height**2)) ** (2.0 / 3.0))
    flux = speed * height * concentration * (taken / -np.expm1(-peclet) + np.exp(-peclet) / -np.expm1(-peclet))
    return float(electrons * FARADAY * flux / ((1.0 - transference) * width))


def local_time(
    current: float, electrons: float, concentration: float, height: float, transference: float = 0.0
) -> float:
    """How long [s] the liquid right above an electrode lasts: z F c H / i (1 - t).

    Examples
    --------
    >>> round(local_time(10.0, 2, 100.0, 0.5e-6, 0.37), 3)
    1.532
    """
    return electrons * FARADAY * concentration * height / (abs(current) * (1.0 - transference))


def strip_drop(
    time: ArrayLike, current: ArrayLike, electrons: float, diffusivity: ArrayLike, height: ArrayLike, width: ArrayLike,
    transference: ArrayLike = 0.0,
) -> Array:  # fmt: skip
    """How far [mol/m^3] the concentration above the middle of a strip has fallen, endless layer on both sides.

    Examples
    --------
    >>> float(strip_drop(6.0, 10.0, 2, 7.14e-10, 0.5e-6, 20e-6).round(1))
    100.2
    """
    t, d, h, w = (np.asarray(a, dtype=float) for a in (time, diffusivity, height, width))
    z = w / (4.0 * np.sqrt(d * t))
    shape = t * erf(z) + w**2 / (8.0 * d) * (np.exp(-(z**2)) / (np.sqrt(np.pi) * z) - erfc(z))
    return np.asarray(np.abs(current) * (1.0 - np.asarray(transference)) / (electrons * FARADAY * h) * shape)


def strip_time(
    current: ArrayLike, electrons: float, concentration: ArrayLike, diffusivity: ArrayLike, height: ArrayLike,
    width: ArrayLike, transference: ArrayLike = 0.0,
) -> Array:  # fmt: skip
    """Time [s] until the liquid above the middle of a strip is empty at an even current density [A/m^2].

    Examples
    --------
    >>> times = strip_time([1.0, 10.0, 100.0], 2, 100.0, 7.14e-10, 0.5e-6, 20e-6)
    >>> [float(f"{t:.2g}") for t in times]  # Sand's times: 2.1e5, 2.1e3, 21 s
    [530.0, 6.0, 0.13]
    """
    parts = (current, concentration, diffusivity, height, width, transference)
    i, c, d, h, w, t = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in parts))

    def left(time: Array) -> Array:
        return c - strip_drop(time, i, electrons, d, h, w, t)

    low = electrons * FARADAY * c * h / (np.abs(i) * (1.0 - t))  # without diffusion
    high = low.copy()
    while (going := left(high) > 0.0).any():  # the drop grows like sqrt(t) at last, so this ends
        high = np.where(going, 2.0 * high, high)
    for _ in range(60):
        middle = 0.5 * (low + high)
        enough = left(middle) > 0.0
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    return np.asarray(0.5 * (low + high))


def refill_time(width: float, diffusivity: float) -> float:
    """Time [s] until an empty layer of a width, open at both edges, holds 95 % again: 0.2823 W^2 / D.

    One term of the series of Crank (section 4.3.1): 8/pi^2 exp(-pi^2 D t / W^2) = 0.05.

    Examples
    --------
    >>> round(refill_time(50e-6, 7e-10), 2)
    1.01
    """
    return float(np.log(8.0 / (np.pi**2 * 0.05)) / np.pi**2 * width**2 / diffusivity)


def outside_charge(charge: float, area: float, electrons: float, concentration: float, height: float) -> float:
    """Part of a charge [C] that cannot have come from the liquid above the electrode, 0 to 1.

    Parameters
    ----------
    charge : float
        [C]
    area : float
        Of the electrode [m^2].
    electrons, concentration, height
        As above; height may be the mean over a bulged layer.

    Examples
    --------
    >>> round(outside_charge(2.3e-6, 50e-6 * 20e-6, 2, 100.0, 0.5e-6), 4)
    0.9958
    """
    held = electrons * FARADAY * concentration * height * area
    return max(0.0, 1.0 - held / abs(charge))

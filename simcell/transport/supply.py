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
from scipy.special import erf, erfc

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
    time: float, current: float, electrons: float, diffusivity: float, height: float, width: float,
    transference: float = 0.0,
) -> float:  # fmt: skip
    """How far [mol/m^3] the concentration above the middle of a strip has fallen, endless layer on both sides.

    Examples
    --------
    >>> round(strip_drop(6.0, 10.0, 2, 7.14e-10, 0.5e-6, 20e-6), 1)
    100.2
    """
    z = width / (4.0 * np.sqrt(diffusivity * time))
    shape = time * erf(z) + width**2 / (8.0 * diffusivity) * (np.exp(-(z**2)) / (np.sqrt(np.pi) * z) - erfc(z))
    return float(abs(current) * (1.0 - transference) / (electrons * FARADAY * height) * shape)


def strip_time(
    current: float, electrons: float, concentration: float, diffusivity: float, height: float, width: float,
    transference: float = 0.0,
) -> float:  # fmt: skip
    """Time [s] until the liquid above the middle of a strip is empty at an even current density [A/m^2].

    Examples
    --------
    >>> times = [strip_time(i, 2, 100.0, 7.14e-10, 0.5e-6, 20e-6) for i in (1.0, 10.0, 100.0)]
    >>> [float(f"{t:.2g}") for t in times]  # Sand's times: 2.1e5, 2.1e3, 21 s
    [530.0, 6.0, 0.13]
    """
    low = high = local_time(current, electrons, concentration, height, transference)

    def empty(t: float) -> bool:
        return strip_drop(t, current, electrons, diffusivity, height, width, transference) >= concentration

    while not empty(high):  # grows like sqrt(t) at last, so this ends
        high *= 2.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if empty(middle) else (middle, high)
    return 0.5 * (low + high)


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

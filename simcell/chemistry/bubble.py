r"""When a bubble may appear: three criteria for the pressure of all dissolved gases, side by side.

1. saturation, p_gas > p_liquid: a flat interface would take up gas. Necessary, and seldom enough.
2. pinned nucleus, p_gas > p_liquid + 2 gamma/r_n: a gas-filled pit, or a scrap of interface held at its rim, whose
   meniscus has the radius r_n; from there on it grows without a barrier.
3. classical nucleation, (p_gas - p_liquid)^2 > 16 pi gamma^3 f(theta) / (3 B k_B T): thermal motion makes a bubble out
   of nothing over a barrier of B k_B T; f(theta) = (2 - cos theta)(1 + cos theta)^2 / 4 for a wall with contact angle
   theta in the liquid (f = 1 without a wall or with a wall that water wets completely). With B = 60 and the prefactor
   N sqrt(2 gamma/(pi m)) this is one bubble an hour in a cubic micrometre (`nucleation_rate`). It needs above a
   thousand atmospheres in water, which dissolved gas never reaches: where bubbles are seen, nuclei were there.

Assumptions: gamma of pure water at a flat interface, also at 10 nm (no Tolman correction); ideal gas; the vapour has
its pressure over a flat interface. The size of a nucleus is a property of the window and its history, so that there is
no default: S. F. Jones, G. M. Evans, K. P. Galvin, Adv. Colloid Interface Sci. 80 (1999) 27, find that bubbles mostly
come out at supersaturations of 5 or less, invariably from gas held in cavities; 2 gamma/r_n = 5 atm is r_n = 0.28 um.

Sources: criterion 2, Young-Laplace; criterion 3 and its prefactor, M. Blander, J. L. Katz, AIChE J. 21 (1975) 833.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcell.chemistry import water
from simcell.constants import AVOGADRO, BOLTZMANN

BARRIER = 60.0  # k_B T, see `nucleation_rate`
NUCLEI = (10e-9, 100e-9, 1e-6)  # m, radii that are tabulated where the user names none
WATER_MOLAR_MASS = 0.01801528  # kg/mol, IAPWS
MARGIN = 1e-9  # relative; a liquid in equilibrium with its gas is saturated to rounding and has not passed anything


@dataclass(frozen=True)
class Criterion:
    """One criterion, and the gas pressure [Pa] that it asks for.

    Examples
    --------
    >>> Criterion("saturation", 101325.0).threshold
    101325.0
    """

    name: str
    threshold: float


def laplace_pressure(surface_tension: float, radius: float) -> float:
    """Pressure [Pa] that a spherical interface adds, 2 gamma/r.

    Raises
    ------
    ValueError
        If the radius is not above zero.

    Examples
    --------
    >>> round(laplace_pressure(0.072, 1e-6))
    144000
    """
    if not radius > 0.0:
        raise ValueError(f"a nucleus needs a radius above zero, not {radius:g} m")
    return 2.0 * surface_tension / radius


def wall_factor(contact_angle: float) -> float:
    """Barrier at a wall over the barrier in the bulk, for a contact angle [rad] measured through the liquid.

    Raises
    ------
    ValueError
        If the angle is not from 0 to pi.

    Examples
    --------
    >>> wall_factor(0.0), round(wall_factor(math.pi / 2), 12), round(wall_factor(math.pi), 12)
    (1.0, 0.5, 0.0)
    """
    if not 0.0 <= contact_angle <= math.pi:
        raise ValueError(f"a contact angle is from 0 to pi, not {contact_angle:g} rad")
    cosine = math.cos(contact_angle)
    return 0.25 * (2.0 - cosine) * (1.0 + cosine) ** 2


def nucleation_pressure(
    temperature: float, surface_tension: float, contact_angle: float = 0.0, barrier: float = BARRIER
) -> float:
    """Pressure [Pa] above that of the liquid at which the barrier is `barrier` k_B T.

    Parameters
    ----------
    temperature : float
        [K]
    surface_tension : float
        [N/m]
    contact_angle : float
        [rad]; 0 is nucleation in the bulk.
    barrier : float

    Returns
    -------
    float

    Examples
    --------
    >>> round(nucleation_pressure(298.15, 0.072, math.pi / 2) / 101325.0, -1)  # atm
    1110.0
    """
    energy = barrier * BOLTZMANN * temperature
    return math.sqrt(16.0 * math.pi * surface_tension**3 * wall_factor(contact_angle) / (3.0 * energy))


def nucleation_rate(temperature: float, surface_tension: float, barrier: float = BARRIER) -> float:
    """Bubbles per volume and time [1/m^3/s] over a barrier in k_B T: N sqrt(2 gamma/(pi m)) exp(-barrier).

    N and m are number density and mass of the water molecules (Blander & Katz 1975, their B = 1); 0 to 100 degC.

    Examples
    --------
    >>> f"{nucleation_rate(298.15, 0.072) * 1e-18 * 3600:.1f}"  # per cubic micrometre and hour
    '1.3'
    """
    mass = WATER_MOLAR_MASS / AVOGADRO
    number = water.density(temperature) / mass
    return number * math.sqrt(2.0 * surface_tension / (math.pi * mass)) * math.exp(-barrier)


def criteria(
    liquid_pressure: float,
    temperature: float,
    nucleus_radius: float | None = None,
    contact_angle: float = 0.0,
) -> tuple[Criterion, ...]:
    """The three criteria of water; without a nucleus the second one stands for each of `NUCLEI`.

    Parameters
    ----------
    liquid_pressure : float
        [Pa]
    temperature : float
        [K]
    nucleus_radius : float, optional
        [m]
    contact_angle : float
        [rad], of the wall in criterion 3.

    Returns
    -------
    tuple of Criterion

    Examples
    --------
    >>> for c in criteria(101325.0, 298.15):
    ...     print(f"{c.name:16} {c.threshold / 101325.0:7.1f} atm")
    saturation           1.0 atm
    nucleus 10 nm      143.1 atm
    nucleus 100 nm      15.2 atm
    nucleus 1000 nm      2.4 atm
    nucleation        1570.5 atm
    """
    gamma = water.surface_tension(temperature)
    radii = NUCLEI if nucleus_radius is None else (nucleus_radius,)
    return (
        Criterion("saturation", liquid_pressure),
        *(Criterion(f"nucleus {r * 1e9:.4g} nm", liquid_pressure + laplace_pressure(gamma, r)) for r in radii),
        Criterion("nucleation", liquid_pressure + nucleation_pressure(temperature, gamma, contact_angle)),
    )


def onset(time: ArrayLike, pressure: ArrayLike, threshold: float) -> NDArray[np.float64]:
    """Time [s] at which a gas pressure first passes a threshold, by straight lines between the samples.

    Parameters
    ----------
    time : (nt,) array
        [s]
    pressure : (nt, ...) array
        [Pa], at one place or at many.
    threshold : float
        [Pa]

    Returns
    -------
    (...) array
        NaN where it is not passed; the first time where it is passed from the start. A liquid that is saturated to
        rounding has not passed its saturation.

    Raises
    ------
    ValueError
        If the pressure is not finite.

    Examples
    --------
    >>> float(onset([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 2.0)), float(onset([0.0, 1.0], [1.0, 1.5], 2.0))
    (0.5, nan)
    """
    t, p = np.asarray(time, dtype=float), np.asarray(pressure, dtype=float)
    if not np.isfinite(p).all():
        raise ValueError("the gas pressure is not finite everywhere")
    above = p > threshold * (1.0 + MARGIN)
    first = above.argmax(axis=0)
    before = np.maximum(first - 1, 0)
    low = np.take_along_axis(p, before[None], 0)[0]
    high = np.take_along_axis(p, first[None], 0)[0]
    rise = np.where(first > 0, high - low, 1.0)
    share = np.where(first > 0, np.clip((threshold - low) / rise, 0.0, 1.0), 0.0)
    return np.where(above.any(axis=0), t[before] + share * (t[first] - t[before]), np.nan)

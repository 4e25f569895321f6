r"""The answer before the simulation: steady planar front, its linear stability, Sand's time, the critical nucleus.

Planar front at rest (its speed is far below D/L), reservoir (c0, potential 0) at the distance L, binary
electroneutral electrolyte. No anion moves in the steady state, so :math:`f\phi = \ln(c/c_0)` everywhere, also beside
a rippled front, and with f = zF/RT

.. math:: i = \frac{zFD}{1-t_+}\frac{c_0-c_s}{L}
            = i_0\left[\frac{c_s}{c_0}e^{\alpha E} - e^{-(1-\alpha)E}\right],\qquad
          E = \ln\frac{c_s}{c_0} - f\phi_m - \frac{V_m\gamma}{RT} K

with the curvature K > 0 on a protrusion. A ripple exp(ikx + omega t) on the front sees :math:`\nabla^2\hat c = 0`, so

.. math:: \omega = \frac{V_m}{zF} K_D\frac{J_c G - J_E \Gamma k^2}{K_D + J_c},\quad
          K_D = \frac{zFDk}{1-t_+}\coth kL,\quad J_c = \frac{\partial i}{\partial c} + \frac{J_E}{c_s},\quad
          J_E = \frac{\partial i}{\partial E},\quad \Gamma = \frac{V_m\gamma}{RT}

with G the gradient of c at the front. Ripples shorter than the neutral wavelength decay. Derived in
docs/theory/dendrite.md; the form is that of W. W. Mullins and R. F. Sekerka, J. Appl. Phys. 35 (1964) 444 with
electrode kinetics (L.-G. Sundström and F. H. Bark, Electrochim. Acta 40 (1995) 599). Assumptions: quasi-steady
concentration, constant D and transference number, conductivity in proportion to c, isotropic surface energy, salt
swept up by the front neglected (V_m c0 of the flux, 1 % for 1 M lithium).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from simcell.constants import AVOGADRO, ELEMENTARY_CHARGE, GAS_CONSTANT, ROOM_TEMPERATURE

FARADAY = AVOGADRO * ELEMENTARY_CHARGE  # C/mol
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Metal:
    """A metal in its binary electrolyte.

    Parameters
    ----------
    charge : int
        z of the ion.
    molar_volume : float
        V_m of the metal [m^3/mol].
    surface_energy : float
        Of metal against electrolyte [J/m^2].
    exchange_current : float
        i0 at the concentration c0 [A/m^2].
    concentration : float
        c0 of the ion in the reservoir [mol/m^3].
    diffusivity : float
        Of the salt [m^2/s].
    transference : float
        t+ of the ion, between 0 and 1.
    symmetry : float
        alpha, the share of zFE/RT that drives deposition.
    temperature : float
        [K]

    Raises
    ------
    ValueError
        If a number is outside its range.

    Examples
    --------
    >>> lithium = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
    >>> round(lithium.conductivity, 3), round(lithium.capillary_length * 1e9, 2)  # S/m (ideal), nm
    (2.55, 2.62)
    """

    charge: int
    molar_volume: float
    surface_energy: float
    exchange_current: float
    concentration: float
    diffusivity: float
    transference: float
    symmetry: float = 0.5
    temperature: float = ROOM_TEMPERATURE

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        for name in ("charge", "molar_volume", "exchange_current", "concentration", "diffusivity", "temperature"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0.0):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be positive")
        if not self.surface_energy >= 0.0:
            raise ValueError(f"surface_energy is {self.surface_energy}; it cannot be negative")
        for name in ("transference", "symmetry"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must lie between 0 and 1")

    @property
    def f(self) -> float:
        """Exponent per volt, zF/RT [1/V]."""
        return self.charge * FARADAY / (GAS_CONSTANT * self.temperature)

    @property
    def capillary_length(self) -> float:
        """V_m gamma / RT [m]."""
        return self.molar_volume * self.surface_energy / (GAS_CONSTANT * self.temperature)

    @property
    def conductivity(self) -> float:
        """Ideal (Nernst-Einstein) conductivity of the symmetric salt at c0 [S/m]."""
        spread = 2.0 * self.transference * (1.0 - self.transference)
        return self.charge * FARADAY * self.f * self.concentration * self.diffusivity / spread

    def current(self, ratio: ArrayLike, drive: ArrayLike) -> Array:
        """Deposition current density [A/m^2] at c/c0 and the dimensionless drive E."""
        a = self.symmetry
        e = np.asarray(drive, dtype=float)
        return np.asarray(self.exchange_current * (np.asarray(ratio) * np.exp(a * e) - np.exp((a - 1.0) * e)))

    def speed(self, current: float) -> float:
        """Of a front that grows at a current density [m/s]."""
        return current * self.molar_volume / (self.charge * FARADAY)


@dataclass(frozen=True)
class Front:
    """Steady planar front: current density [A/m^2], c_s [mol/m^3], drive E, potential of the metal [V], gap [m].

    Examples
    --------
    >>> front = front_at_potential(Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38), -0.3, 9e-6)
    >>> round(front.current), round(front.neutral_wavelength * 1e6, 2), round(front.fastest()[0] * 1e6, 1)
    (3066, 0.5, 2.6)
    """

    metal: Metal
    current: float
    surface: float
    drive: float
    potential: float
    gap: float

    @property
    def gradient(self) -> float:
        """Of the concentration at the front [mol/m^4]."""
        return (self.metal.concentration - self.surface) / self.gap

    @property
    def slopes(self) -> tuple[float, float]:
        """Derivatives of the current density by concentration, J_c [A m/mol], and by the drive, J_E [A/m^2]."""
        m, e = self.metal, self.drive
        ratio = self.surface / m.concentration
        forward = np.exp(m.symmetry * e)
        by_drive = m.exchange_current * (
            ratio * m.symmetry * forward + (1.0 - m.symmetry) * np.exp((m.symmetry - 1.0) * e)
        )
        by_concentration = m.exchange_current * forward / m.concentration + by_drive / self.surface
        return float(by_concentration), float(by_drive)

    def growth_rate(self, wavelength: ArrayLike) -> Array:
        """Rate [1/s] at which a ripple of a wavelength [m] grows (negative: decays)."""
        m = self.metal
        k = 2.0 * np.pi / np.asarray(wavelength, dtype=float)
        by_c, by_e = self.slopes
        supply = m.charge * FARADAY * m.diffusivity * k / ((1.0 - m.transference) * np.tanh(k * self.gap))
        push = by_c * self.gradient - by_e * m.capillary_length * k**2
        return np.asarray(m.molar_volume / (m.charge * FARADAY) * supply * push / (supply + by_c))

    @property
    def neutral_wavelength(self) -> float:
        """Shorter ripples decay [m]; infinite where every ripple does (no growth)."""
        by_c, by_e = self.slopes
        if self.gradient <= 0.0:
            return float("inf")
        return float(2.0 * np.pi * np.sqrt(by_e * self.metal.capillary_length / (by_c * self.gradient)))

    def fastest(self) -> tuple[float, float]:
        """Wavelength [m] that grows fastest, and its rate [1/s]; (inf, 0) where none grows."""
        neutral = self.neutral_wavelength
        if not 0.0 < neutral < np.inf:
            return (0.0, np.inf) if neutral == 0.0 else (np.inf, 0.0)
        trial = neutral * np.geomspace(1.0, 1e4, 4001)
        best = int(np.argmax(self.growth_rate(trial)))
        fine = np.geomspace(trial[max(best - 1, 0)], trial[min(best + 1, 4000)], 4001)
        rates = self.growth_rate(fine)
        return float(fine[np.argmax(rates)]), float(rates.max())


def limiting_current(metal: Metal, gap: float) -> float:
    """Largest steady current density [A/m^2] that the salt reaches a front at, from a reservoir at `gap` [m].

    Examples
    --------
    >>> round(limiting_current(Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38), 9e-6))
    5533
    """
    return metal.charge * FARADAY * metal.diffusivity * metal.concentration / ((1.0 - metal.transference) * gap)


def front_at_current(metal: Metal, current: float, gap: float) -> Front:
    """Steady front at a current density.

    Parameters
    ----------
    metal : Metal
    current : float
        [A/m^2], positive deposits.
    gap : float
        Distance of the reservoir [m].

    Returns
    -------
    Front

    Raises
    ------
    ValueError
        At or above the limiting current, which it names.

    Examples
    --------
    >>> front = front_at_current(Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38), 0.0, 9e-6)
    >>> front.potential
    0.0
    """
    most = limiting_current(metal, gap)
    if current >= most:
        raise ValueError(f"{current:g} A/m^2 is not below the limiting current, {most:g} A/m^2: no steady front")
    ratio = 1.0 - current / most
    reach = 2.0 + 2.0 * abs(np.log(abs(current) / metal.exchange_current + 1.0)) + 2.0 * abs(np.log(ratio))
    reach /= min(metal.symmetry, 1.0 - metal.symmetry)
    drive = 0.0 if current == 0.0 else brentq(lambda e: metal.current(ratio, e) - current, -reach, reach, xtol=1e-14)
    potential = (np.log(ratio) - drive) / metal.f
    return Front(metal, current, ratio * metal.concentration, float(drive), float(potential), gap)


def front_at_potential(metal: Metal, potential: float, gap: float) -> Front:
    """Steady front at a potential of the metal [V] against the same metal in the reservoir; see `front_at_current`.

    Examples
    --------
    >>> front = front_at_potential(Metal(2, 9.16e-6, 0.5, 30.0, 100.0, 6e-10, 0.4), -0.05, 20e-6)
    >>> round(front.current, 1)
    156.4
    """
    most = limiting_current(metal, gap)

    def miss(ratio: float) -> float:
        drive = np.log(ratio) - metal.f * potential
        return float(metal.current(ratio, drive)) - most * (1.0 - ratio)

    ratio = brentq(miss, 1e-300, 1.0 + 1e-15, xtol=1e-300, rtol=1e-15) if potential < 0.0 else _stripped(miss)
    drive = float(np.log(ratio) - metal.f * potential)
    return Front(metal, most * (1.0 - ratio), ratio * metal.concentration, drive, potential, gap)


def _stripped(miss) -> float:  # type: ignore[no-untyped-def]
    """Ratio above 1: the salt piles up before a front that dissolves."""
    high = 2.0
    while miss(high) < 0.0:
        high *= 2.0
    return float(brentq(miss, 1.0 - 1e-15, high, rtol=1e-15))


def sand_time(metal: Metal, current: float) -> float:
    """Time [s] after which the salt at a planar front is used up, endless electrolyte, current switched on at 0.

    tau = pi D (zF c0 / 2 (1 - t+) i)^2: H. J. S. Sand, Phil. Mag. 1 (1901) 45; with the anion,
    J.-N. Chazalviel, Phys. Rev. A 42 (1990) 7355.

    Examples
    --------
    >>> round(sand_time(Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38), 250.0), 1)
    97.4
    """
    flux = 2.0 * current * (1.0 - metal.transference)
    return float(np.pi * metal.diffusivity * (metal.charge * FARADAY * metal.concentration / flux) ** 2)


def depletion_time(metal: Metal, current: float, gap: float, terms: int = 2000) -> float:
    """Sand's time [s] with a reservoir at `gap` [m]; infinite at or below the limiting current.

    The salt at the front follows 1 - (i/i_lim) [1 - (8/pi^2) sum_odd exp(-n^2 pi^2 D t / 4 L^2) / n^2]
    (H. S. Carslaw and J. C. Jaeger, Conduction of Heat in Solids, 1959, section 3.8).

    Examples
    --------
    >>> lithium, gap = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38), 9e-6
    >>> over = [depletion_time(lithium, r * limiting_current(lithium, gap), gap) for r in (1.02, 1.1, 1.5, 2.0)]
    >>> [round(t * 3.2e-10 / gap**2, 4) for t in over]
    [1.5084, 0.8867, 0.3602, 0.1967]
    """
    ratio = current / limiting_current(metal, gap)
    if ratio <= 1.0:
        return float("inf")
    odd = 2.0 * np.arange(terms) + 1.0

    def left(fourier: float) -> float:
        decay = np.sum(np.exp(-(odd**2) * np.pi**2 * fourier / 4.0) / odd**2)
        return float(1.0 - ratio * (1.0 - 8.0 / np.pi**2 * decay))

    scale = gap**2 / metal.diffusivity
    late = 4.0 / np.pi**2 * np.log(ratio / (ratio - 1.0)) + 1.0
    early = 0.5 * sand_time(metal, current) / scale
    if left(early) <= 0.0:  # so short that the series needs more terms: the gap is endless
        return sand_time(metal, current)
    return float(brentq(left, early, late, rtol=1e-13) * scale)


@dataclass(frozen=True)
class Nucleus:
    """Critical nucleus: radius [m], work to form it [J; J/m for a cylinder], atoms in it (per m for a cylinder).

    Examples
    --------
    >>> critical_nucleus(Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38), 0.05).atoms > 1000.0
    True
    """

    radius: float
    work: float
    atoms: float


def critical_nucleus(metal: Metal, overpotential: float, dimensions: int = 3) -> Nucleus:
    """Free sphere (3) or cylinder (2) that neither grows nor dissolves at an overpotential [V] > 0.

    Thomson's equation (E. Budevski, G. Staikov, W. J. Lorenz, Electrochemical Phase Formation and Growth, 1996):
    R = (d - 1) gamma V_m / zF eta; work = surface energy / 3 (sphere), / 2 (cylinder). A wall that wets lowers it.

    Raises
    ------
    ValueError
        If the overpotential is not positive, or for other than 2 or 3 dimensions.

    Examples
    --------
    >>> lithium = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
    >>> round(critical_nucleus(lithium, 0.05).radius * 1e9, 2)
    2.69
    """
    if overpotential <= 0.0 or dimensions not in (2, 3):
        raise ValueError(f"no nucleus at {overpotential} V in {dimensions} dimensions: > 0 V, 2 or 3")
    lever = metal.molar_volume / (metal.charge * FARADAY * overpotential)
    radius = (dimensions - 1) * metal.surface_energy * lever
    area = 4.0 * np.pi * radius**2 if dimensions == 3 else 2.0 * np.pi * radius
    volume = 4.0 / 3.0 * np.pi * radius**3 if dimensions == 3 else np.pi * radius**2
    return Nucleus(radius, float(metal.surface_energy * area / dimensions), volume / metal.molar_volume * AVOGADRO)


def fastest_tip(metal: Metal, overpotential: float) -> tuple[float, float]:
    """Radius [m] and speed [m/s] of the tip that grows fastest at reversible kinetics.

    Spherical diffusion to a tip whose concentration follows Nernst and Thomson,
    v = (V_m D / r) (c0 - c_tip) with c_tip = c0 exp(-f eta (1 - r_c/r)): J. L. Barton and J. O'M. Bockris,
    Proc. R. Soc. A 268 (1962) 485. Ion in an excess of supporting salt; divide the speed by 1 - t+ for a binary salt.

    Examples
    --------
    >>> radius, speed = fastest_tip(Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.0e-10, 0.38), 0.05)
    >>> round(radius * 1e9, 2), round(speed * 1e3, 2)
    (4.48, 0.47)
    """
    critical = critical_nucleus(metal, overpotential).radius
    strength = metal.f * overpotential

    def slope(s: float) -> float:
        return float(-np.expm1(-strength * (1.0 - s)) - s * strength * np.exp(-strength * (1.0 - s)))

    s = brentq(slope, 0.0, 1.0 - 1e-12)
    push = metal.molar_volume * metal.diffusivity * metal.concentration
    return critical / s, float(push * s / critical * -np.expm1(-strength * (1.0 - s)))

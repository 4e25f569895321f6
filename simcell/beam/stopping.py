"""What a fast electron leaves behind in a liquid: collision stopping power and inelastic mean free path.

Bethe formula for electrons with the Moeller cross-section for close collisions (F. Rohrlich and B. C.
Carlson, Phys. Rev. 93 (1954) 38), and the density effect of R. M. Sternheimer in the form of ICRU Report 90
(2016), equations 4.27 to 4.29: atomic shells as oscillators, scaled so that they return the mean excitation
energy. No fitted parameters. Agrees with the ESTAR table for water to its four digits
(`docs/theory/dose.md`).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files

from simcell.beam.medium import (
    EV,
    Medium,
    compound,
    element,
    load_medium,
    media,
    mixture,
    plasma_energy,
)
from simcell.constants import AVOGADRO, CLASSICAL_ELECTRON_RADIUS, ELECTRON_MASS, SPEED_OF_LIGHT

__all__ = [
    "Medium",
    "compound",
    "density_effect",
    "excitation_uncertainty",
    "inelastic_mean_free_path",
    "load_medium",
    "mass_stopping_power",
    "media",
    "mixture",
    "relative_uncertainty",
    "stopping_power_table",
]

REST_ENERGY = ELECTRON_MASS * SPEED_OF_LIGHT**2  # J
KEV = 1e3 * EV
MEV_CM2_PER_G = 1e6 * EV * 1e-4 / 1e-3  # J m^2/kg in 1 MeV cm^2/g
LOWEST_ENERGY = 30 * KEV  # below, shell corrections (left out here as in ESTAR) pass a per cent
HIGHEST_ENERGY = 1000 * KEV
# Upper ends of what ICRU Report 37 (1984) gives for collision stopping powers of light elements.
FORMULA_UNCERTAINTY = 0.02
FORMULA_UNCERTAINTY_BELOW_100_KEV = 0.03
# Half range of the published mean free paths of water around the calculated one (docs/theory/dose.md).
MEAN_FREE_PATH_UNCERTAINTY_FACTOR = 1.5


def mass_stopping_power(energy: float, medium: Medium) -> float:
    """Collision mass stopping power for electrons, J m^2/kg.

    Parameters
    ----------
    energy : float
        Kinetic energy of the electron, J; 30 keV to 1000 keV.
    medium : Medium

    Raises
    ------
    ValueError
        Outside the range of energies.

    Examples
    --------
    >>> s = mass_stopping_power(300 * KEV, load_medium("water"))
    >>> print(f"{s / MEV_CM2_PER_G:.3f} MeV cm^2/g, {s:.4g} J m^2/kg")
    2.355 MeV cm^2/g, 3.773e-14 J m^2/kg
    >>> mass_stopping_power(5 * KEV, load_medium("water"))
    Traceback (most recent call last):
    ...
    ValueError: an electron energy of 5 keV is outside 30 keV to 1000 keV, where this stopping power holds
    """
    _check_energy(energy)
    tau = energy / REST_ENERGY
    beta2 = _beta2(energy)
    close = (1 - beta2) * (1 + tau**2 / 8 - (2 * tau + 1) * math.log(2))
    number = (
        2 * math.log(energy / medium.mean_excitation_energy)
        + math.log1p(tau / 2)
        + close
        - density_effect(energy, medium)
    )
    unit = 2 * math.pi * CLASSICAL_ELECTRON_RADIUS**2 * REST_ENERGY * AVOGADRO
    return unit * medium.electrons_per_mass / beta2 * number


def density_effect(energy: float, medium: Medium) -> float:
    """Density effect correction delta (no unit): the liquid's polarisation shields distant collisions.

    Zero below a threshold (0.51 MeV in water), because the oscillators of an insulator cannot follow.

    Examples
    --------
    >>> water = load_medium("water")
    >>> density_effect(300 * KEV, water), round(density_effect(1000 * KEV, water), 3)
    (0.0, 0.241)
    """
    plasma = medium.plasma_energy
    shells = medium.shells()
    scale = _oscillator_scale(medium.mean_excitation_energy, plasma, shells)
    levels = [(f, (scale * e / plasma) ** 2) for f, e in shells]
    beta2 = _beta2(energy)
    target = 1 / beta2 - 1

    def excess(square: float) -> float:
        return sum(f / (v + square) for f, v in levels) - target

    if excess(0.0) <= 0:
        return 0.0
    square = _root(excess, 0.0, 1 / target)  # sum(f) = 1, so the root lies below 1/target
    return sum(f * math.log1p(square / (v + 2 * f / 3)) for f, v in levels) - square * (1 - beta2)


def relative_uncertainty(energy: float, medium: Medium) -> float:
    """Relative uncertainty of the stopping power: that of the formula and that of I, root of the squares.

    Of the ranges that ICRU 37 gives for low atomic numbers the upper end is taken: 2 % from 100 keV on, 3 %
    below. `excitation_uncertainty` is the other part.

    Examples
    --------
    >>> [round(relative_uncertainty(e * KEV, load_medium("water")), 3) for e in (80, 300)]
    [0.031, 0.021]
    """
    formula = FORMULA_UNCERTAINTY if energy >= 100 * KEV * (1 - 1e-9) else FORMULA_UNCERTAINTY_BELOW_100_KEV
    return math.hypot(formula, excitation_uncertainty(energy, medium))


def excitation_uncertainty(energy: float, medium: Medium) -> float:
    """Relative change of the stopping power when the mean excitation energy I moves by its uncertainty.

    For water this is the step from I = 75 eV (ICRU 37, ESTAR) to 78 eV (ICRU 90). It is a part only of
    `relative_uncertainty`.

    Examples
    --------
    >>> round(excitation_uncertainty(300 * KEV, load_medium("water")), 4)
    0.0047
    """
    shifted = replace(medium, mean_excitation_energy=medium.mean_excitation_energy + medium.mean_excitation_uncertainty)
    return 1 - mass_stopping_power(energy, shifted) / mass_stopping_power(energy, medium)


def inelastic_mean_free_path(energy: float, medium: Medium, *, band_gap: float | None = None) -> float:
    """Mean distance (m) between inelastic collisions of any angle: relativistic TPP-2M equation.

    H. Shinotsuka et al., Surf. Interface Anal. 47 (2015) 871, doi:10.1002/sia.5789, made for 41 elements
    from 50 eV to 200 keV, and in agreement with calculations for liquid water up to 30 keV (H. Shinotsuka
    et al., Surf. Interface Anal. 49 (2017) 238). Published values for water at 300 keV differ by a factor
    of two: take the result as good to a factor of `MEAN_FREE_PATH_UNCERTAINTY_FACTOR` either way. Nothing
    but the optional dose factor uses it.

    Parameters
    ----------
    band_gap : float, optional
        J; needed for a liquid whose data file has none.

    Examples
    --------
    >>> water = load_medium("water")
    >>> [round(inelastic_mean_free_path(e * KEV, water) * 1e9) for e in (80, 200, 300)]
    [122, 218, 266]
    """
    _check_energy(energy)
    gap = medium.band_gap if band_gap is None else band_gap
    if gap is None:
        raise ValueError(f"no band gap is known for {medium.name}: give band_gap (J) to get a mean free path")
    # The equation is a fit in eV, nm and g/cm^3.
    rho = medium.density * 1e-3
    per_mass = sum(w * element(s).valence / element(s).weight for s, w in medium.mass_fractions)  # mol/kg
    u = per_mass * 1e-3 * rho
    plasma = plasma_energy(u * 1e6 * AVOGADRO) / EV
    t, rest = energy / EV, REST_ENERGY / EV
    moving = (1 + t / (2 * rest)) / (1 + t / rest) ** 2 * t
    beta = -1.0 + 9.44 / math.hypot(plasma, gap / EV) + 0.69 * rho**0.1
    gamma = 0.191 / math.sqrt(rho)
    tail = -(19.7 - 9.1 * u) / t + (534 - 208 * u) / t**2
    return 1e-9 * moving / (plasma**2 * (beta * math.log(gamma * moving) + tail))


def stopping_power_table(table: str = "ESTAR") -> list[tuple[float, float, float]]:
    """Energy (J), stopping power (J m^2/kg), density effect of water in the table ESTAR or ICRU90.

    Examples
    --------
    >>> energy, s, delta = stopping_power_table()[0]
    >>> round(energy / KEV), round(s / MEV_CM2_PER_G, 3), delta
    (30, 9.653, 0.0)
    """
    text = (files("simcell") / "data" / "stopping_power.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [
        (
            float(row["energy_keV"]) * KEV,
            float(row["collision_stopping_power_MeV_cm2_per_g"]) * MEV_CM2_PER_G,
            float(row["density_effect"]),
        )
        for row in csv.DictReader(lines)
        if row["table"] == table
    ]


def _oscillator_scale(excitation: float, plasma: float, shells: tuple[tuple[float, float], ...]) -> float:
    """Factor on all binding energies that makes the oscillators' mean log energy equal to I."""

    def excess(scale: float) -> float:
        mean = sum(f / 2 * math.log((scale * e) ** 2 + 2 / 3 * f * plasma**2) for f, e in shells)
        return math.log(excitation) - mean

    if excess(0.0) <= 0:
        raise ValueError("so dense that the plasmon alone lies above the mean excitation energy")
    return _root(excess, 0.0, excitation / min(e for _, e in shells))


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Zero of a falling function between `low` and `high` by bisection to the last bit."""
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if falling(middle) > 0:
            low = middle
        else:
            high = middle


def _beta2(energy: float) -> float:
    tau = energy / REST_ENERGY
    return tau * (tau + 2) / (tau + 1) ** 2


def _check_energy(energy: float) -> None:
    # 1e-9: "30 keV" may arrive as 29.999999999999996 keV
    if not LOWEST_ENERGY * (1 - 1e-9) <= energy <= HIGHEST_ENERGY * (1 + 1e-9):
        low, high = LOWEST_ENERGY / KEV, HIGHEST_ENERGY / KEV
        raise ValueError(
            f"an electron energy of {energy / KEV:g} keV is outside {low:g} keV to {high:g} keV, "
            "where this stopping power holds"
        )

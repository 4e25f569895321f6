"""Dissolved gases: Henry's law with its temperature dependence, and saturation.

c = H(T) p with ln(H/H0) = a (1/T - 1/T0) + b (T0/T - 1 + ln(T/T0)), T0 = 298.15 K. Infinite dilution in pure water:
the lower solubility in salt solutions is not modelled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from simcell.constants import ROOM_TEMPERATURE, STANDARD_ATMOSPHERE


@dataclass(frozen=True)
class Gas:
    """Henry's law of one gas in water.

    Examples
    --------
    >>> Gas("H2", 7.8e-6).henry(298.15)
    7.8e-06
    """

    name: str
    at_25: float  # mol/m^3/Pa
    a: float = 0.0  # K
    b: float = 0.0
    uncertainty: float | None = None  # relative, 1 sigma
    source: str = ""

    def henry(self, temperature: float) -> float:
        """Henry solubility [mol/m^3/Pa] at a temperature [K]."""
        ratio = ROOM_TEMPERATURE / temperature
        exponent = self.a * (1 / temperature - 1 / ROOM_TEMPERATURE) + self.b * (ratio - 1 - math.log(ratio))
        return self.at_25 * math.exp(exponent)

    def saturation(self, temperature: float, pressure: float = STANDARD_ATMOSPHERE) -> float:
        """Concentration [mol/m^3] in equilibrium with the pure gas at a pressure [Pa]."""
        return self.henry(temperature) * pressure


@dataclass(frozen=True)
class Atmosphere:
    """Dry composition and total pressure of a gas that a solution was equilibrated with.

    Examples
    --------
    >>> Atmosphere("argon", {"Ar": 1.0}, 101325.0).partial_pressures(3170.0)
    {'Ar': 98155.0}
    """

    name: str
    dry_fractions: Mapping[str, float]
    total_pressure: float  # Pa, water vapour included

    def partial_pressures(self, water_vapour: float) -> dict[str, float]:
        """Partial pressures [Pa] over water of the given vapour pressure [Pa].

        Raises
        ------
        ValueError
            If the vapour alone reaches the total pressure: the water boils and no other gas is left.
        """
        if water_vapour >= self.total_pressure:
            raise ValueError(
                f"has a total pressure of {self.total_pressure:.0f} Pa, but water alone has a vapour pressure of "
                f"{water_vapour:.0f} Pa there: it boils and no other gas stays dissolved"
            )
        return {g: x * (self.total_pressure - water_vapour) for g, x in self.dry_fractions.items()}

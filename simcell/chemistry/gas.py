"""Dissolved gases: Henry's law with its temperature dependence, saturation, and the pressure of all gases together.

c = H(T) p with ln(H/H0) = a (1/T - 1/T0) + b (T0/T - 1 + ln(T/T0)), T0 = 298.15 K. What a bubble would feel is the
sum over all gases, p_gas = sum_i c_i/H_i(T) + p_vapour(T). Infinite dilution in pure water: the lower solubility in
salt solutions (Sechenov) is not modelled, so that p_gas in a concentrated solution is too low.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
    diffusivity: float | None = None  # m^2/s in water at 25 degC

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


def gas_pressure(
    concentration: ArrayLike, henry: ArrayLike, vapour_pressure: float, axis: int = -1
) -> NDArray[np.float64]:
    """Pressure [Pa] of all dissolved gases and of the vapour together.

    Parameters
    ----------
    concentration : array
        Of the gases [mol/m^3], along `axis`.
    henry : (gas,) array
        Solubilities [mol/m^3/Pa].
    vapour_pressure : float
        [Pa]
    axis : int
        Where the gases lie: -1 for (..., gas), 1 for a run in space (time, gas, z, y, x).

    Returns
    -------
    array
        The shape of `concentration` without `axis`.

    Raises
    ------
    ValueError
        If a solubility is not above zero.

    Examples
    --------
    >>> float(gas_pressure([7.8e-6 * 5e4, 1.3e-5 * 2e4], [7.8e-6, 1.3e-5], 3170.0))
    73170.0
    """
    solubility = np.asarray(henry, dtype=float)
    if not (solubility > 0.0).all():
        raise ValueError(f"solubilities must be above zero, not {solubility.min():g} mol/m^3/Pa")
    return np.tensordot(np.asarray(concentration, dtype=float), 1.0 / solubility, ([axis], [0])) + vapour_pressure

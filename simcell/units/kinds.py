"""The kinds of quantity that simcell reads: SI unit, a right example, bounds, other ways to say the same."""

from __future__ import annotations

from dataclasses import dataclass

from simcell.constants import AVOGADRO, ELEMENTARY_CHARGE


class UnitError(ValueError):
    """A text that is not the quantity which is expected: `reason` says why, `example` what would be right.

    Examples
    --------
    >>> from simcell.units import parse
    >>> try:
    ...     parse("500", "length")
    ... except UnitError as error:
    ...     print(error.reason, "|", error.example)
    needs a unit | "500 nm"
    """

    def __init__(self, reason: str, example: str = ""):
        self.reason = reason
        self.example = example
        super().__init__(f"{reason}, for example {example}" if example else reason)


@dataclass(frozen=True)
class Kind:
    """One kind of quantity: its SI unit, a right example, its lower bound, and other units that mean the same.

    `also` holds (unit, divisor): a beam energy may be written in V, which multiplies by e (divisor 1/e).

    Examples
    --------
    >>> kinds()["length"].si
    'm'
    """

    words: str
    si: str
    example: str
    minimum: float | None = 0.0
    exclusive: bool = False
    also: tuple[tuple[str, float], ...] = ()


KINDS: dict[str, Kind] = {
    "number": Kind("a plain number", "", "1.5", minimum=None),
    "length": Kind("a length", "m", "500 nm"),
    "position": Kind("a position", "m", "-2 um", minimum=None),
    "angle": Kind("an angle", "rad", "60 deg"),
    "area": Kind("an area", "m^2", "3 um^2"),
    "time": Kind("a time", "s", "10 s"),
    "energy": Kind("an energy", "J", "300 kV", exclusive=True, also=(("V", 1.0 / ELEMENTARY_CHARGE),)),
    "energy_molar": Kind("an energy per mole", "J/mol", "12 kJ/mol", minimum=None),
    "current": Kind("a current", "A", "1 nA"),
    "electrode_current": Kind("a current of an electrode", "A", "-1 nA", minimum=None),
    "charge": Kind("a charge", "C", "-1 nC", minimum=None),
    "charge_density": Kind("a charge density", "C/m^2", "-10 mC/cm^2", minimum=None),
    "scan_rate": Kind("a scan rate", "V/s", "10 mV/s", exclusive=True),
    "area_resistance": Kind("a resistance times area", "ohm*m^2", "1e-3 ohm*m^2"),
    "area_capacitance": Kind("a capacitance per area", "F/m^2", "20 uF/cm^2"),
    "voltage": Kind("a voltage", "V", "-0.3 V", minimum=None),
    "flux": Kind("a flux", "1/m^2/s", "10 e/angstrom^2/s", also=(("A/m^2", ELEMENTARY_CHARGE),)),
    "fluence": Kind("a fluence", "1/m^2", "50 e/nm^2", also=(("C/m^2", ELEMENTARY_CHARGE),)),
    "dose": Kind("a dose", "Gy", "1 MGy"),
    "dose_rate": Kind("a dose rate", "Gy/s", "7.5e7 Gy/s"),
    "temperature": Kind("a temperature", "K", "25 degC", exclusive=True),
    "temperature_coefficient": Kind("a coefficient in kelvin", "K", "1867.5 K", minimum=None),
    "pressure": Kind("a pressure", "Pa", "1 bar"),
    "pressure_difference": Kind("a pressure difference", "Pa", "1 bar", minimum=None),
    "displacement": Kind("a displacement", "m", "1.2 um", minimum=None),
    "volume_flow": Kind("a volume flow", "m^3/s", "1 uL/min"),
    "viscosity": Kind("a viscosity", "Pa*s", "0.89 mPa*s", exclusive=True),
    "concentration": Kind("a concentration", "mol/m^3", "1 mmol/L"),
    "resistivity": Kind("a resistivity", "ohm*m", "1.06e-7 ohm*m", exclusive=True),
    "conductivity": Kind("a conductivity", "S/m", "0.9 S/m"),
    "current_density": Kind("a current density", "A/m^2", "-20 mA/cm^2", minimum=None),
    "surface_energy": Kind("a surface energy", "J/m^2", "0.5 J/m^2"),
    "molar_mass": Kind("a molar mass", "kg/mol", "65.38 g/mol", exclusive=True),
    "molar_volume": Kind("a molar volume", "m^3/mol", "9.16 cm^3/mol", exclusive=True),
    "rate_constant": Kind("a rate constant of an electrode", "m/s", "1e-4 m/s"),
    "density": Kind("a density", "kg/m^3", "997 kg/m^3", exclusive=True),
    "diffusivity": Kind("a diffusivity", "m^2/s", "2.3e-9 m^2/s"),
    "thermal_conductivity": Kind("a thermal conductivity", "W/m/K", "0.6 W/m/K", exclusive=True),
    "heat_capacity": Kind("a specific heat", "J/kg/K", "4180 J/kg/K", exclusive=True),
    "mass_stopping_power": Kind("a mass stopping power", "J*m^2/kg", "2.36 MeV*cm^2/g"),
    "henry": Kind("a Henry solubility", "mol/m^3/Pa", "7.8e-6 mol/m^3/Pa"),
    "g_value": Kind("a G-value", "mol/J", "2.6/(100 eV)", minimum=None, also=(("1/J", AVOGADRO),)),
    "rate_0": Kind("a zeroth-order rate", "mol/m^3/s", "1e-3 mol/L/s"),
    "rate_1": Kind("a first-order rate constant", "1/s", "2e3 1/s"),
    "rate_2": Kind("a second-order rate constant", "m^3/mol/s", "1.1e10 L/mol/s"),
    "rate_3": Kind("a third-order rate constant", "m^6/mol^2/s", "1e10 L^2/mol^2/s"),
}


def kinds() -> dict[str, Kind]:
    """Every kind of quantity that simcell reads, by name.

    Returns
    -------
    dict of str to Kind

    Examples
    --------
    >>> kinds()["dose_rate"].example
    '7.5e7 Gy/s'
    """
    return dict(KINDS)

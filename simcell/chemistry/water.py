"""Properties of liquid water that turn doses and amounts into concentrations."""

from __future__ import annotations

from simcell.constants import ROOM_TEMPERATURE, ZERO_CELSIUS

CRITICAL_TEMPERATURE = 647.096  # K, IAPWS R2-83


def density(temperature: float) -> float:
    """Density of air-free water at 1 atm [kg/m^3], 0 to 150 degC.

    Source: G. S. Kell, J. Chem. Eng. Data 20 (1975) 97, doi:10.1021/je60064a005 (stated accuracy: better than 0.001 %
    up to 100 degC).

    Parameters
    ----------
    temperature : float
        [K]

    Returns
    -------
    float

    Examples
    --------
    >>> round(density(298.15), 1), round(density(293.15), 1)
    (997.0, 998.2)
    """
    t = temperature - ZERO_CELSIUS
    top = 999.83952 + t * (
        16.945176 + t * (-7.9870401e-3 + t * (-46.170461e-6 + t * (105.56302e-9 - t * 280.54253e-12)))
    )
    return top / (1.0 + 16.879850e-3 * t)


def surface_tension(temperature: float) -> float:
    """Surface tension of water against its vapour [N/m], 0.01 degC to the critical point.

    gamma = B tau^mu (1 + b tau), tau = 1 - T/Tc, B = 235.8 mN/m, b = -0.625, mu = 1.256. Source: IAPWS R1-76(2014),
    Revised Release on Surface Tension of Ordinary Water Substance, http://iapws.org/relguide/Surf-H2O.html; N. B.
    Vargaftik, B. N. Volkov, L. D. Voljak, J. Phys. Chem. Ref. Data 12 (1983) 817. What salts, radicals and surfactants
    do to it is not modelled.

    Parameters
    ----------
    temperature : float
        [K]

    Returns
    -------
    float

    Raises
    ------
    ValueError
        Outside -25 degC to the critical point.

    Examples
    --------
    >>> round(surface_tension(298.15), 5), round(surface_tension(293.15), 5)
    (0.07197, 0.07274)
    """
    if not ZERO_CELSIUS - 25.0 <= temperature <= CRITICAL_TEMPERATURE:
        raise ValueError(f"{temperature:g} K is outside 248.15 K to {CRITICAL_TEMPERATURE} K")
    tau = 1.0 - temperature / CRITICAL_TEMPERATURE
    return 0.2358 * tau**1.256 * (1.0 - 0.625 * tau)


def viscosity(temperature: float) -> float:
    """Dynamic viscosity of water at 0.1 MPa [Pa s], -20 (supercooled) to 110 degC.

    Source: J. Patek, J. Hruby, J. Klomfar, M. Souckova, A. H. Harvey, J. Phys. Chem. Ref. Data 38 (2009) 21,
    doi:10.1063/1.3043575, adopted as IAPWS SR6-08; it follows the IAPWS formulation 2008 (R12-08), whose
    uncertainty is 1 % over this range. Up to some tens of bar the pressure changes it by less than 0.5 %.

    Parameters
    ----------
    temperature : float
        [K]

    Returns
    -------
    float

    Raises
    ------
    ValueError
        Outside of the range of the formula.

    Examples
    --------
    >>> round(1e3 * viscosity(298.15), 4), round(1e3 * viscosity(293.15), 4)
    (0.89, 1.0016)
    """
    if not 253.15 <= temperature <= 383.15:
        raise ValueError(f"temperature is {temperature:g} K: the viscosity of water is known from 253.15 K to 383.15 K")
    t = temperature / 300.0
    return 1e-6 * (280.68 * t**-1.9 + 511.45 * t**-7.7 + 61.131 * t**-19.6 + 0.45903 * t**-40.0)


def mobility_factor(temperature: float) -> float:
    """Ratio of diffusivities in water at a temperature [K] to those at 25 degC: T eta(25 degC) / (25 degC eta(T)).

    Source: Stokes-Einstein, D ~ T / eta, for all species alike. H+, which hops, gains less: its limiting conductivity
    goes from 350 to 483 cm^2 S/mol between 25 and 55 degC (R. A. Robinson & R. H. Stokes, Electrolyte Solutions, 2nd
    ed. 1959), so its D grows 1.52 times where this says 1.94.

    Examples
    --------
    >>> mobility_factor(298.15), round(mobility_factor(313.15), 2)
    (1.0, 1.43)
    """
    return temperature / ROOM_TEMPERATURE * viscosity(ROOM_TEMPERATURE) / viscosity(temperature)


def permittivity(temperature: float) -> float:
    """Relative permittivity of water at 1 atm, 0 to 100 degC.

    C. G. Malmberg, A. A. Maryott, J. Res. Natl. Bur. Stand. 56 (1956) 1, within 0.1 %: a polynomial in degrees Celsius.
    Salts lower it: by about 15 % at 1 mol/L of a 1:1 salt.

    Parameters
    ----------
    temperature : float
        [K]

    Raises
    ------
    ValueError
        Outside of its range.

    Examples
    --------
    >>> round(permittivity(298.15), 2)
    78.3
    """
    t = temperature - ZERO_CELSIUS
    if not -0.01 <= t <= 100.01:
        raise ValueError(f"the permittivity of water is known from 273.15 K to 373.15 K, not at {temperature:g} K")
    return 87.740 - 0.40008 * t + 9.398e-4 * t**2 - 1.410e-6 * t**3

"""Properties of liquid water: density, which turns doses and amounts into concentrations, and viscosity."""

from __future__ import annotations

from simcell.constants import ZERO_CELSIUS


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

"""Properties of liquid water that turn doses and amounts into concentrations."""

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

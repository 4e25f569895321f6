"""How warm the beam makes a liquid: the adiabatic rate and bounds for the steady rise.

Assumptions: all of the absorbed dose becomes heat (some is stored in products or leaves as fast electrons),
no convection, constant properties. Outside the windows is vacuum, so heat leaves sideways only, through
liquid and windows to the frame. Summed over the stack that balance is exact: it gives the mean over the
thickness, weighted by conductivity (`radial_rise`). A liquid alone has the same temperature at every depth.
Between windows its middle is warmer than they are by at most `gap_rise`.

Equations: steady heat conduction with a uniformly heated disc, H. S. Carslaw and J. C. Jaeger, Conduction
of Heat in Solids (2nd ed., Oxford 1959), for a microscope specimen in L. Reimer and H. Kohl, Transmission
Electron Microscopy (5th ed., Springer 2008), chapter 11.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from simcell.numerics.check import not_negative, positive


@dataclass(frozen=True)
class Layer:
    """One sheet of the stack: a liquid film or a window.

    Attributes
    ----------
    thickness : float
        m.
    conductivity : float
        Thermal conductivity, W/m/K.
    density : float
        kg/m^3.
    dose_rate : float
        Gy/s in this material.

    Examples
    --------
    >>> film = Layer(500e-9, 0.6065, 997.0, 7.5e7)
    >>> print(f"{film.areal_power:.3g} W/m^2, {film.sheet_conductance:.3g} W/K")
    3.74e+04 W/m^2, 3.03e-07 W/K
    """

    thickness: float
    conductivity: float
    density: float
    dose_rate: float

    def __post_init__(self) -> None:
        for what in ("thickness", "conductivity", "density"):
            positive(what, getattr(self, what))
        not_negative("dose rate", self.dose_rate)

    @property
    def areal_power(self) -> float:
        """Heat set free per area, W/m^2.

        Examples
        --------
        >>> Layer(1e-6, 0.6, 1000.0, 1e7).areal_power
        10000.0
        """
        return self.thickness * self.density * self.dose_rate

    @property
    def sheet_conductance(self) -> float:
        """Conductivity times thickness, W/K.

        Examples
        --------
        >>> Layer(1e-6, 0.6, 1000.0, 1e7).sheet_conductance
        6e-07
        """
        return self.thickness * self.conductivity


def adiabatic_rate(dose_rate: float, heat_capacity: float) -> float:
    """Heating rate (K/s) with no way out for the heat: dose rate (Gy/s) over specific heat capacity (J/kg/K).

    Examples
    --------
    >>> round(adiabatic_rate(7.5e7, 4181.4))      # water; reached for microseconds only
    17937
    """
    not_negative("dose rate", dose_rate)
    positive("heat capacity", heat_capacity)
    return dose_rate / heat_capacity


def adiabatic_rise(dose: float, heat_capacity: float) -> float:
    """Temperature rise (K) of a dose (Gy) when no heat leaves: the bound for short pulses.

    Examples
    --------
    >>> round(adiabatic_rise(4181.4, 4181.4), 6)
    1.0
    """
    return adiabatic_rate(dose, heat_capacity)


def radial_rise(layers: Iterable[Layer], radius: float, sink_radius: float) -> float:
    """Steady rise (K) in the middle of a disc beam when heat leaves sideways only.

    ``q a^2 / (4 G) (1 + 2 ln(R/a))`` with q the areal power and G the sheet conductance, both summed over the
    stack: the mean over its thickness, weighted by conductivity. For one layer the thickness cancels.

    Parameters
    ----------
    layers : iterable of Layer
        Liquid and windows; leaving a window out leaves out its heat and its conduction.
    radius, sink_radius : float
        Beam radius a and distance R to the frame that stays cold, m.

    Examples
    --------
    >>> film = Layer(500e-9, 0.6065, 997.0, 7.5e7)
    >>> round(radial_rise([film], 1e-6, 25e-6), 2)      # 300 kV, 1 nA on 2 um, no help from windows
    0.23
    """
    positive("beam radius", radius)
    if not sink_radius >= radius:
        raise ValueError(f"sink radius {sink_radius:g} m is smaller than the beam radius {radius:g} m")
    stack = list(layers)
    if not stack:
        raise ValueError("the stack has no layer")
    power = math.fsum(layer.areal_power for layer in stack)
    conductance = math.fsum(layer.sheet_conductance for layer in stack)
    return power * radius**2 / (4 * conductance) * (1 + 2 * math.log(sink_radius / radius))


def gap_rise(layer: Layer, radius: float | None = None) -> float:
    """Bound (K) for the middle of a liquid film over windows of one temperature.

    Sources everywhere: ``q h / (8 k)``, exact. Sources in a disc of radius a: the heat also leaves sideways,
    and the first term of the Fourier series across the film, ``4 q h / (pi^3 k) (1 - x K1(x))`` with ``x =
    pi a / h``, bounds the sum, whose terms alternate and fall. The lower of the two is given; it scales with
    the smaller of h^2 and a^2 (times a logarithm).

    Parameters
    ----------
    layer : Layer
        The liquid.
    radius : float, optional
        Beam radius a, m; without it the beam is wider than the film is thick.

    Examples
    --------
    >>> film = Layer(500e-9, 0.6065, 997.0, 7.5e7)
    >>> round(gap_rise(film), 4), round(gap_rise(film, 1e-6), 4)
    (0.0039, 0.0039)
    >>> print(f"{gap_rise(film, 5e-9):.1e}")      # a focused beam of the same dose rate
    8.0e-06
    """
    wide = layer.areal_power * layer.thickness / layer.conductivity
    if radius is None:
        return wide / 8
    positive("beam radius", radius)
    from scipy.special import k1  # slow to import, and rarely needed

    x = math.pi * radius / layer.thickness
    return wide * min(1 / 8, 4 / math.pi**3 * (1 - x * float(k1(x))))


def rise_bound(liquid: Layer, windows: Iterable[Layer], radius: float, sink_radius: float) -> float:
    """Bound (K) for the liquid: sideways rise of the stack and, between windows, the rise across the gap.

    Without windows no heat crosses the film's faces, so its temperature does not depend on depth and the
    sideways rise is all there is.

    Examples
    --------
    >>> film = Layer(500e-9, 0.6065, 997.0, 7.5e7)
    >>> round(rise_bound(film, [], 1e-6, 25e-6), 2)
    0.23
    """
    windows = list(windows)
    return radial_rise([liquid, *windows], radius, sink_radius) + (gap_rise(liquid, radius) if windows else 0.0)


def settling_time(length: float, conductivity: float, density: float, heat_capacity: float) -> float:
    """Time (s) for heat to diffuse over `length` (m): ``L^2 rho c / k``.

    Examples
    --------
    >>> print(f"{settling_time(1e-6, 0.6065, 997.0, 4181.4):.2g}")
    6.9e-06
    """
    for what, value in (("length", length), ("conductivity", conductivity), ("density", density)):
        positive(what, value)
    positive("heat capacity", heat_capacity)
    return length**2 * density * heat_capacity / conductivity

r"""Voltammogram of a dissolved couple in a thin layer above an electrode: what measures the height of the layer.

Above an electrode of area A the layer of height H fills and empties as a closed film; beyond the edge, of length l,
ions come along the layer. With the surface concentration :math:`c_O = c / (1 + e^{-F(E - iR - E^0)/RT})` of a fast
couple

.. math:: I = nF \int_0^t \dot c_O(\tau) \,\bigl[A\, \dot M(t - \tau; H) + l H\, \dot M(t - \tau; b)\bigr]\, d\tau
              + C \dot E_s + I_0

with M(t; b) what a unit step of concentration at the surface has brought into a film of depth b per area [m],
:math:`2\sqrt{Dt/\pi}` at first and b in the end (the step in a closed film: J. Crank, The Mathematics of Diffusion,
2nd ed. 1975, section 4.3). b is the way from the edge to the wall of the cell; infinite by default. In a thin layer the
first term is :math:`n^2F^2 vAHc/4RT` at its peak (`simcell.transport.voltammetry`), the second
:math:`0.446\, nFc\, lH \sqrt{nFvD/RT}`: so the curve holds the products AH and :math:`lH\sqrt D`, and a known outline
makes it a gauge of H.

Assumptions: reversible couple of equal diffusivities, supporting electrolyte, straight edges (corners neglected), one
resistance R between electrode and reference, layer of one height, everything in one form of the couple at the start.
The edge term asks for layers that are thin against :math:`\sqrt{DRT/nFv}`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfc

from simcell.constants import GAS_CONSTANT, ROOM_TEMPERATURE
from simcell.numerics.grid import Array
from simcell.transport.kernels_gauge import layer_current
from simcell.transport.kinetics import FARADAY


@dataclass(frozen=True)
class Layer:
    """A thin layer above one electrode, SI units.

    Examples
    --------
    >>> round(Layer(5e-7, 7e-10, 2.5e-9, 1e-4, 5.0).thin(0.05) ** 0.5, 4)  # H over sqrt(D RT / nFv)
    0.0264
    """

    thickness: float  # m
    diffusivity: float  # m^2/s
    area: float  # m^2
    edge: float  # length of the edge beyond which there is liquid [m]
    concentration: float  # of both forms together [mol/m^3]
    resistance: float = 0.0  # ohm
    formal: float = 0.0  # V
    capacitance: float = 0.0  # F
    offset: float = 0.0  # A
    depth: float = np.inf  # from the edge to the wall [m]
    electrons: int = 1
    oxidised: bool = False  # at the start
    temperature: float = ROOM_TEMPERATURE

    @property
    def volts(self) -> float:
        """RT / nF [V]."""
        return GAS_CONSTANT * self.temperature / (self.electrons * FARADAY)

    def thin(self, scan_rate: float) -> float:
        """n F v H^2 / RTD at a scan rate [V/s]: below 0.1 the layer is thin."""
        return scan_rate / self.volts * self.thickness**2 / self.diffusivity


def filled(time: ArrayLike, diffusivity: float, depth: float) -> Array:
    """What a unit step of concentration has brought into a closed film [m] (volume per area) after a time [s].

    Examples
    --------
    >>> filled([1e-3, 1e9], 1e-9, 1e-4)
    array([1.1283...e-06, 1.0000...e-04])
    """
    t = np.asarray(time, dtype=float)
    spread = np.sqrt(diffusivity * t)
    if np.isinf(depth):
        return 2.0 * spread / np.sqrt(np.pi)
    tau = diffusivity * t / depth**2
    odd = 2.0 * np.arange(20) + 1.0
    late = 1.0 - (8.0 / (np.pi * odd) ** 2 * np.exp(-((np.pi * odd) ** 2) * tau[..., None] / 4.0)).sum(axis=-1)
    k = np.arange(1, 5)
    x = k * depth / np.maximum(spread, depth / 30.0)[..., None]  # beyond 30 there is nothing
    walls = 2.0 * ((-1.0) ** k * (np.exp(-(x**2)) / np.sqrt(np.pi) - x * erfc(x))).sum(axis=-1)
    return np.where(tau < 0.3, 2.0 * spread * (1.0 / np.sqrt(np.pi) + walls), depth * late)


def layer_voltammogram(time: ArrayLike, potential: ArrayLike, layer: Layer) -> Array:
    """Current [A] of a thin layer at even times [s] for the potential applied [V]; anodic positive.

    Parameters
    ----------
    time, potential : (n,) arrays
        Even steps in time; steps of potential of 2 mV keep the error near 1e-3 of the peak (second order).
    layer : Layer

    Returns
    -------
    (n,) array

    Raises
    ------
    ValueError
        If times are not evenly spaced or a size is not positive.

    Examples
    --------
    >>> t = np.linspace(0.0, 12.0, 601)
    >>> answer = layer_voltammogram(t, -0.3 + 0.05 * t, Layer(5e-7, 7e-10, 2.5e-9, 0.0, 5.0))
    >>> print(f"{answer.max():.2e}")  # n^2 F^2 v A H c / 4RT
    2.93e-10
    """
    t, e = np.asarray(time, dtype=float), np.asarray(potential, dtype=float)
    if t.ndim != 1 or t.size < 3 or e.shape != t.shape or np.ptp(np.diff(t)) > 1e-6 * (t[-1] - t[0]) or t[1] <= t[0]:
        raise ValueError("a voltammogram needs three or more evenly spaced times and a potential at each")
    for name in ("thickness", "diffusivity", "area", "concentration", "temperature", "depth"):
        if not getattr(layer, name) > 0.0:
            raise ValueError(f"{name} of the layer is {getattr(layer, name):g}; it must be positive")
    for name in ("edge", "resistance", "capacitance"):
        if not (np.isfinite(value := getattr(layer, name)) and value >= 0.0):
            raise ValueError(f"{name} of the layer is {value:g}; it cannot be negative")
    dt = float(t[-1] - t[0]) / (t.size - 1)
    times = dt * np.arange(t.size + 1)
    volume = layer.area * filled(times, layer.diffusivity, layer.thickness)
    volume = volume + layer.edge * layer.thickness * filled(times, layer.diffusivity, layer.depth)
    current = np.empty(t.size)
    layer_current(
        np.ascontiguousarray(e), dt, np.diff(volume), layer.electrons * FARADAY * layer.concentration,
        layer.resistance, layer.formal, layer.capacitance, layer.volts, float(layer.oxidised), current,
    )  # fmt: skip
    return current + layer.offset

r"""A concentrated binary salt: diffusivity, conductivity, transference and thermodynamic factor against concentration.

J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, chapter 12, for ions of charges +1 and -1, without
the motion of the solvent:

.. math:: N_+ = -D\nabla c + \frac{t_+ i}{F}, \qquad
          i = -\kappa\nabla\Phi + \frac{2\kappa RT}{F}(1 - t_+)\chi\nabla\ln c

Here :math:`\Phi` is what a reference electrode of the cation's metal reads. The potential of the liquid in this
program is :math:`\varphi = \Phi - (RT/F)\ln c`, so that electrode reactions with Nernst's dependence on c mean the same
as in the dilute model, to which everything goes over for :math:`\chi = 1` and :math:`t_+`, D and kappa of independent
ions. Between electrodes of the metal, voltages are the same with either potential.

Beyond the range of the published functions their values at its edge are kept, except that the thermodynamic factor goes
linearly to 1 at zero concentration, its exact limit, and the conductivity per concentration stays. `Binary.beyond` says
so: what is reached there rests on that extrapolation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simcell.constants import GAS_CONSTANT
from simcell.numerics.grid import Array
from simcell.transport.kinetics import FARADAY

POINTS = 4001  # of the tables: linear between them, error below 1e-6 for the published fits


@dataclass(frozen=True, eq=False)
class Binary:
    """Properties of a salt of charges +1 and -1 over a range of concentration.

    Parameters
    ----------
    low, high : float
        Range that all functions hold for [mol/m^3].
    diffusivity : function of concentration [mol/m^3]
        Of the salt [m^2/s].
    conductivity : function
        [S/m]
    transference : function
        Of the cation.
    thermodynamic_factor : function
        1 + d ln f / d ln c.

    Raises
    ------
    ValueError
        Where a property is not positive (transference: not below 1) inside the range.

    Examples
    --------
    >>> dilute = Binary.dilute(1e-9, 2e-9, 1000.0)
    >>> round(float(dilute.transference(500.0)), 4)
    0.3333
    """

    low: float
    high: float
    diffusivity: Callable[[float], float]
    conductivity: Callable[[float], float]
    transference: Callable[[float], float]
    thermodynamic_factor: Callable[[float], float]

    def __post_init__(self) -> None:
        if not 0.0 <= self.low < self.high < np.inf:
            raise ValueError(f"the range {self.low:g} to {self.high:g} mol/m^3 is none")
        for c in np.linspace(max(self.low, 1e-6 * self.high), self.high, 50):
            for name in ("diffusivity", "conductivity", "thermodynamic_factor"):
                if not (np.isfinite(value := getattr(self, name)(c)) and value > 0.0):
                    raise ValueError(f"the {name} is {value:g} at {c:g} mol/m^3; it must be positive")
            if not (np.isfinite(value := self.transference(c)) and value < 1.0):
                raise ValueError(f"the transference number is {value:g} at {c:g} mol/m^3; it must be below 1")

    @classmethod
    def dilute(cls, cation: float, anion: float, high: float, temperature: float = 298.15) -> Binary:
        """Independent ions with two diffusivities [m^2/s]: the limit of the model."""
        share = FARADAY**2 / (GAS_CONSTANT * temperature) * (cation + anion)
        return cls(
            0.0, high, lambda _c: 2.0 * cation * anion / (cation + anion), lambda c: share * c,
            lambda _c: cation / (cation + anion), lambda _c: 1.0,
        )  # fmt: skip

    def beyond(self, lowest: float, highest: float) -> str:
        """What to say about concentrations [mol/m^3] that were met; empty inside the range."""
        told = [
            f"{found / 1e3:.3g} mol/L was reached, the published properties hold {word} {edge / 1e3:g} mol/L"
            for found, edge, word, out in (
                (lowest, self.low, "from", lowest < self.low * (1.0 - 1e-9)),
                (highest, self.high, "to", highest > self.high * (1.0 + 1e-9)),
            )
            if out
        ]
        return "; ".join([*told, "beyond it their values at the edge are kept"]) if told else ""

    def tables(self, temperature: float) -> tuple[float, Array]:
        """Spacing [mol/m^3] and rows D, kappa RT / F^2 c, t, 1 - 2 (1 - t) chi at equal steps, 0 to twice `high`."""
        c = np.linspace(0.0, 2.0 * self.high, POINTS)
        at = np.clip(c, max(self.low, 1e-9 * self.high), self.high)
        d, kappa, t, chi = (
            np.array([f(x) for x in at])
            for f in (self.diffusivity, self.conductivity, self.transference, self.thermodynamic_factor)
        )
        if self.low > 0.0:
            chi = np.where(c < self.low, 1.0 + (chi - 1.0) * c / self.low, chi)
        mobility = kappa * GAS_CONSTANT * temperature / (FARADAY**2 * at)
        return float(c[1]), np.ascontiguousarray([d, mobility, t, 1.0 - 2.0 * (1.0 - t) * chi])


def packed_binary(solution: Binary | None, temperature: float) -> tuple[float, Array, Array]:
    """Tables and work space for `kernels_binary`; a spacing of 0 stands for independent ions.

    Examples
    --------
    >>> packed_binary(None, 298.15)[0]
    0.0
    """
    spacing, table = solution.tables(temperature) if solution else (0.0, np.zeros((4, 1)))
    return spacing, table, np.zeros((2, 4))

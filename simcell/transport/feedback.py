r"""What acts back on a liquid between electrodes: heat of the beam and of the current, and gas that comes out.

**Heat.** Heat spreads over micrometres in microseconds, so the liquid of a line has one temperature, the steady one of
the present beam and current:

.. math:: T = T_0 + s\,\Delta T_\text{beam} + R_\text{th}\,\overline{i^2/\kappa}

with s the factor of the beam, :math:`R_\text{th}` the rise over the heat set free per volume and time, which leaves
along the same way wherever it comes from (`simcell.beam.heating`), and :math:`\kappa` the conductivity along the line
(Nernst-Einstein). Constants of reactions inside the liquid, diffusivities and RT/F follow at once. Exchange currents
and formal potentials stay: their temperature coefficients are not known here. Heat of overpotentials and of reactions
is left out.

**Gas.** Where the pressure of all dissolved gases passes a threshold, bubbles appear in a cell of the grid, and what
is dissolved there comes to Henry's law with them (`kernels_gas`). They are so many that they are a share of the cell,

.. math:: \alpha = \frac{RT}{p - p_\text{vapour}}\sum_g n_g

with n the amounts per volume of the cell, at the pressure p of the liquid and of Laplace. Bubbles stay where they are;
the liquid that they displace leaves with what it holds, sideways, and is counted. Reactions and the beam act in the
share of liquid, diffusion and conduction fall by `conducting`, and the electrode beside the cell loses the share
:math:`\alpha` of its area: of a section through randomly placed bubbles they are the same share as of the volume (A.
Delesse, Ann. Mines 13 (1848) 379). All of it is taken from the step before, whose change is limited by the tolerance.
This is an average over bubbles much smaller than the layer; one bubble that spans it is not meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from simcell.constants import GAS_CONSTANT
from simcell.numerics.grid import Array

if TYPE_CHECKING:
    from simcell.transport.species import Liquid

NOTICED = 5e-3  # K: a reaction with 20 kJ/mol changes its rate by 1e-4


@dataclass(frozen=True, eq=False)
class Heat:
    """How warm a beam and a current make a liquid.

    Parameters
    ----------
    beam : float
        Rise while the beam is on [K].
    resistance : float
        Rise over the heat that is set free everywhere in the liquid [K m^3/W].
    liquid : callable
        From a rise [K] to the liquid at that temperature: the same ions in the same cells.

    Raises
    ------
    ValueError
        Naming the number that is negative.

    Examples
    --------
    >>> Heat(2.0, 1e-9, lambda rise: None).rise(1.0, 1e8)
    2.1
    """

    beam: float
    resistance: float
    liquid: Callable[[float], Liquid]

    def __post_init__(self) -> None:
        for what in ("beam", "resistance"):
            value = getattr(self, what)
            if not (np.isfinite(value) and value >= 0.0):
                raise ValueError(f"the {what} of a rise in temperature is {value:g}; it cannot be negative")

    def rise(self, factor: float, power: float) -> float:
        """Rise [K] for a factor of the beam and heat of the current [W/m^3]."""
        return self.beam * factor + self.resistance * power


@dataclass(frozen=True, eq=False)
class Gas:
    """Solutes that come out as bubbles.

    Parameters
    ----------
    names : sequence of str
    henry : (gases,) array
        Solubilities [mol/m^3/Pa].
    exchange : (gases,) array
        k [1/s], at which a cell with bubbles comes to Henry's law.
    threshold : float
        Pressure of all dissolved gases and vapour from which on a cell has bubbles [Pa].
    pressure : float
        In the bubbles, vapour included [Pa].
    vapour : float
        [Pa]

    Raises
    ------
    ValueError
        For numbers that are not positive, a threshold below the pressure in the bubbles, liquids that boil.

    Examples
    --------
    >>> gas = Gas(["H2"], [7.8e-6], [1e4], 3e5, 2e5, 3e3)
    >>> gas.dry, round(float(gas.share(np.array([[10.0]]), 298.15)[0]), 4)
    (197000.0, 0.1258)
    """

    names: Sequence[str]
    henry: ArrayLike
    exchange: ArrayLike
    threshold: float
    pressure: float
    vapour: float = 0.0

    def __post_init__(self) -> None:
        for what in ("henry", "exchange"):
            values = np.asarray(getattr(self, what), dtype=float)
            if values.shape != (len(self.names),) or not np.all(np.isfinite(values) & (values > 0.0)):
                raise ValueError(f"{what} of {len(self.names)} gases is {values}; each must be positive")
        if not self.vapour < self.pressure <= self.threshold:
            raise ValueError(
                f"bubbles need vapour below their pressure and the threshold not below it: {self.vapour:g}, "
                f"{self.pressure:g}, {self.threshold:g} Pa"
            )

    @property
    def dry(self) -> float:
        """Pressure in the bubbles without the vapour [Pa]."""
        return self.pressure - self.vapour

    def check(self, charges: Mapping[str, int]) -> None:
        """Refuse gases that are not there or are charged (ValueError)."""
        for name in self.names:
            if charges.get(name, 1) != 0:
                raise ValueError(f"{name} cannot come out as a gas: it is no neutral solute of the liquid")

    def share(self, amount: Array, temperature: float) -> Array:
        """Share of the volume that amounts (cells, gases) [mol/m^3 of cell] take at a temperature [K]."""
        return np.asarray(amount.sum(axis=1) * GAS_CONSTANT * temperature / self.dry)


def packed_gas(gas: Gas | None, names: Sequence[str], volume: Array) -> tuple:
    """Tables for `kernels_gas`: who, k, H p, cells with bubbles, volumes, and work space; then state of the stages.

    Examples
    --------
    >>> packed_gas(None, ["H2"], np.ones(3))[6].shape
    (3, 0)
    """
    found = list(gas.names) if gas else []
    n, m = volume.size, len(found)
    henry, rate = (np.array(getattr(gas, what) if gas else (), dtype=float) for what in ("henry", "exchange"))
    return (
        np.array([names.index(g) for g in found], dtype=np.int64), rate, henry * (gas.dry if gas else 0.0), np.zeros(n),
        volume.copy(), np.zeros((n, m)), np.zeros((n, m)), np.zeros((n, m)), np.zeros((n, m, m)), np.zeros(m),
        np.zeros(m), np.zeros((n, m)), np.zeros((4, n, m)),
    )  # fmt: skip


def conducting(share: ArrayLike) -> Array:
    """Diffusivity and conductivity of a liquid with bubbles over those without: (1 - share)^(3/2).

    Source: D. A. G. Bruggeman, Ann. Phys. 416 (1935) 636; measured on dispersions of spheres by R. E. De La Rue,
    C. W. Tobias, J. Electrochem. Soc. 106 (1959) 827.

    Examples
    --------
    >>> float(conducting(0.19).round(3))
    0.729
    """
    return np.asarray((1.0 - np.asarray(share, dtype=float)) ** 1.5)

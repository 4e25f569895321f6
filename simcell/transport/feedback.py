r"""What acts back on a liquid between electrodes: heat of the beam and of the current.

**Heat.** Heat spreads over micrometres in microseconds, so the liquid of a line has one temperature, the steady one of
the present beam and current:

.. math:: T = T_0 + s\,\Delta T_\text{beam} + R_\text{th}\,\overline{i^2/\kappa}

with s the factor of the beam, :math:`R_\text{th}` the rise over the heat set free per volume and time, which leaves
along the same way wherever it comes from (`simcell.beam.heating`), and :math:`\kappa` the conductivity along the line
(Nernst-Einstein). Constants of reactions inside the liquid, diffusivities and RT/F follow at once. Exchange currents
and formal potentials stay: their temperature coefficients are not known here. Heat of overpotentials and of reactions
is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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

r"""A pseudo-reference electrode, as bare platinum on a chip: its potential moves, the instrument takes it for fixed.

The potential of the electrode against the nominal scale is

.. math:: E_\text{ref}(t) = E_0 + r t + A\,(1 - e^{-t/\tau})

an offset, a steady drift and a settling part. It is an input: no value is shipped, since drifts of tens of mV within an
experiment depend on what touches the platinum (oxide, hydrogen, redox couples). What is applied to the cell is the
potential asked for plus this one; what the instrument shows is the true one less this one (A. J. Bard,
L. R. Faulkner, Electrochemical Methods, 2nd ed. 2001, section 2.1.7, on quasi-reference electrodes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from simcell.numerics.grid import Array


@dataclass(frozen=True)
class Pseudo:
    """Potential of a reference electrode against the nominal scale, in time from the start of the protocol.

    Parameters
    ----------
    offset : float
        E_0 [V].
    drift : float
        r [V/s].
    settling : float
        A [V].
    time : float
        tau [s].

    Raises
    ------
    ValueError
        For numbers that are not finite, or a tau that is not positive.

    Examples
    --------
    >>> round(float(Pseudo(offset=0.1, drift=1e-3).potential(20.0)), 3)
    0.12
    """

    offset: float = 0.0
    drift: float = 0.0
    settling: float = 0.0
    time: float = 1.0

    def __post_init__(self) -> None:
        if not np.all(np.isfinite([self.offset, self.drift, self.settling])):
            raise ValueError("offset, drift and settling of a pseudo-reference must be finite")
        if not (np.isfinite(self.time) and self.time > 0.0):
            raise ValueError(f"a pseudo-reference settles in {self.time:g} s; it must be positive")

    def potential(self, time: ArrayLike) -> Array:
        """E_ref [V] at times [s]."""
        t = np.asarray(time, dtype=float)
        return np.asarray(self.offset + self.drift * t - self.settling * np.expm1(-t / self.time))

r"""Anisotropy of surface energy and of kinetics: cubic and hexagonal metals, their convexity and their Wulff shape.

.. math:: \gamma(\varphi) = \gamma_0[1+\epsilon\cos m(\varphi-\varphi_0)],\qquad
          i_0(\varphi) = \bar i_0[1+\epsilon_k\cos m(\varphi-\varphi_0)]

with the angle of the outward normal and the orientation of the grain. m = 4: cubic seen along [100]; m = 6: hexagonal
seen along its c axis; m = 2: hexagonal with the c axis in the plane. The capillary term of the model is the divergence
of the vector of J. W. Cahn and D. W. Hoffman (Acta Metall. 22 (1974) 1205), :math:`\gamma n + \gamma' t`, which in a
plane is the stiffness times the curvature, :math:`\gamma+\gamma'' = \gamma_0[1-(m^2-1)\epsilon\cos m(\ldots)]`.

Beyond :math:`\epsilon = 1/(m^2-1)` (1/15 for m = 4, 1/35 for m = 6) the stiffness is negative in some directions, which
are missing on the equilibrium shape: it has corners there. Such a crystal is refused unless `corners` is set; then the
vector stays at its value on both sides of the corner, as in J. J. Eggleston, G. B. McFadden and P. W. Voorhees,
Physica D 150 (2001) 91, and missing directions have no stiffness. Grains are told apart by orientation alone: a grain
boundary has no energy of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Crystal:
    """How surface energy and exchange current depend on the direction.

    Parameters
    ----------
    fold : int
        m: 2, 4 or 6.
    energy : float
        epsilon, from 0; largest energy and, below the limit of convexity, least stiffness along the orientation: arms
        grow there.
    kinetics : float
        Of the exchange current, between -1 and 1.
    corners : bool
        Whether a non-convex energy is made convex, with missing directions.

    Raises
    ------
    ValueError
        For numbers out of range, and for an energy beyond convexity without `corners`; it names the limit.

    Examples
    --------
    >>> Crystal(4, 0.05).limit, Crystal(4, 0.05).missing
    (0.06666666666666667, 0.0)
    >>> round(float(np.degrees(Crystal(4, 0.1, corners=True).missing)), 1)
    21.7
    """

    fold: int = 4
    energy: float = 0.0
    kinetics: float = 0.0
    corners: bool = False

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if self.fold not in (2, 4, 6):
            raise ValueError(f"fold is {self.fold}: 4 (cubic), 6 (hexagonal along c) or 2 (hexagonal, c in the plane)")
        if not 0.0 <= self.energy < 1.0:
            raise ValueError(f"anisotropy of the energy is {self.energy:g}; it must lie in 0..1, turn the orientation")
        if not -1.0 < self.kinetics < 1.0:
            raise ValueError(f"anisotropy of the kinetics is {self.kinetics:g}; it must lie between -1 and 1")
        if self.energy > self.limit and not self.corners:
            raise ValueError(
                f"anisotropy of the energy {self.energy:g} with {self.fold} folds: the energy is not convex beyond "
                f"1/(m^2-1) = {self.limit:.4g}; use at most that, or corners with missing directions"
            )

    @property
    def limit(self) -> float:
        """Largest epsilon of a convex energy, 1/(m^2 - 1)."""
        return 1.0 / (self.fold**2 - 1.0)

    @cached_property
    def missing(self) -> float:
        """Directions within this angle [rad] of a corner do not occur; 0 for a convex energy."""
        if self.energy <= self.limit:
            return 0.0

        def across(angle: float) -> float:  # Cahn-Hoffman vector across the axis of the corner
            gamma = 1.0 + self.energy * np.cos(self.fold * angle)
            slope = -self.fold * self.energy * np.sin(self.fold * angle)
            return float(gamma * np.sin(angle) + slope * np.cos(angle))

        return float(brentq(across, 1e-9, np.pi / self.fold, xtol=1e-14))

    @property
    def stiffest(self) -> float:
        """Largest (gamma + gamma'') / gamma0."""
        return 1.0 + (self.fold**2 - 1.0) * self.energy

    def surface_energy(self, angle: ArrayLike) -> Array:
        """Gamma / gamma0 for the angle of the normal to the orientation [rad]."""
        return np.asarray(1.0 + self.energy * np.cos(self.fold * np.asarray(angle, dtype=float)))

    def wulff(self, angle: ArrayLike) -> Array:
        """Radius of the equilibrium shape in a direction, over gamma0: min over normals of gamma(n) / cos."""
        off = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 20001)[1:-1]
        wanted = np.asarray(angle, dtype=float)
        reach = self.surface_energy(wanted[..., None] + off) / np.cos(off)
        return np.asarray(reach.min(axis=-1))


def turns(crystal: Crystal, angles: ArrayLike) -> Array:
    """Cos and sin of m times the orientation of each grain, as the kernels take them.

    Examples
    --------
    >>> turns(Crystal(4, 0.05), [0.0, np.pi / 8]).round(12)
    array([[1., 0.],
           [0., 1.]])
    """
    turned = crystal.fold * np.atleast_1d(np.asarray(angles, dtype=float))
    return np.stack([np.cos(turned), np.sin(turned)], axis=1)

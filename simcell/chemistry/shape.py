r"""Shape of a bubble between two windows: a sphere until it touches both, then a pancake with a round rim.

Sphere, r < h/2: V = 4/3 pi r^3, Laplace pressure 2 gamma/r. Pancake, outer radius R: its rim is an arc that meets the
windows at the contact angle theta (in the liquid), so with delta(z) the depth of the rim below its outermost point

    V = int pi (R - delta)^2 dz = pi (R^2 h - 2 R D1 + D2),     D1 = int delta dz, D2 = int delta^2 dz,
    p_bubble - p_liquid = gamma (1/R + 2 cos(theta)/h).

With theta = 0 (a film of liquid stays between gas and window) the sphere of diameter h is the pancake of R = h/2:
volume, radius, pressure and covered area are continuous. With theta > 0 the pressure drops as the windows dewet, and
the bubble snaps wider at constant amount of gas. Assumptions: windows plane and parallel; no buoyancy (Bond number rho
g h^2/gamma = 1e-7 for 1 um); curvature at the outermost point of the rim for the whole rim: in a wide pancake the term
1/R is pi/4 of that for theta = 0 (C.-W. Park, G. M. Homsy, J. Fluid Mech. 139 (1984) 291), while 2 cos(theta)/h stays.
theta up to 90 degrees: beyond, the pancake is not held by its rim.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True)
class Gap:
    """Two plane windows; infinite height is a bubble in free liquid.

    Parameters
    ----------
    height : float
        Distance of the windows [m].
    contact_angle : float
        [rad], through the liquid.

    Raises
    ------
    ValueError
        If the height is not above zero or the angle not from 0 to pi/2.

    Examples
    --------
    >>> gap = Gap(1e-6)
    >>> round(gap.radius(gap.touching) * 1e9, 6)  # nm
    500.0
    """

    height: float = math.inf
    contact_angle: float = 0.0

    def __post_init__(self) -> None:
        if not self.height > 0.0:
            raise ValueError(f"the windows need a distance above zero, not {self.height:g} m")
        if not 0.0 <= self.contact_angle <= 0.5 * math.pi:
            raise ValueError(f"a bubble between windows takes a contact angle of 0 to pi/2, not {self.contact_angle:g}")

    @cached_property
    def touching(self) -> float:
        """Volume [m^3] of the sphere that just touches both windows."""
        return math.pi * self.height**3 / 6.0

    @cached_property
    def moments(self) -> tuple[float, float]:
        """D1 [m^2] and D2 [m^3] of the rim."""
        half = 0.5 * math.pi - self.contact_angle  # angle that the arc spans on either side
        if half < 1e-9:
            return 0.0, 0.0
        arc = self.height / (2.0 * math.sin(half))  # its radius
        phi = half * _NODES
        depth, dz = 2.0 * arc * np.sin(0.5 * phi) ** 2, arc * np.cos(phi) * half * _WEIGHTS
        return float(depth @ dz), float(depth**2 @ dz)

    def is_sphere(self, volume: float) -> bool:
        """Whether a bubble of this volume [m^3] fits between the windows."""
        return volume <= self.touching

    def radius(self, volume: float) -> float:
        """Outer radius [m] seen along the beam."""
        if self.is_sphere(volume):
            return float(np.cbrt(0.75 * volume / math.pi))
        first, second = self.moments
        return (first + math.sqrt(first**2 + self.height * (volume / math.pi - second))) / self.height

    def volume(self, radius: float) -> float:
        """Volume [m^3] of a pancake of outer radius [m]."""
        first, second = self.moments
        return math.pi * (radius**2 * self.height - 2.0 * radius * first + second)

    def curvature(self, volume: float) -> float:
        """Laplace pressure over surface tension [1/m]."""
        radius = self.radius(volume)
        return 2.0 / radius if self.is_sphere(volume) else self._curvature(radius)

    def _curvature(self, radius: float) -> float:
        return 1.0 / radius + 2.0 * math.cos(self.contact_angle) / self.height

    def volume_of(self, energy: float, pressure: float, surface_tension: float) -> float:
        """Volume [m^3] of a bubble that holds n R T = `energy` [J] of dry gas.

        Solves (p + gamma C(V)) V = n R T by Newton's method from above, where it is convex and increasing.

        Parameters
        ----------
        energy : float
            [J]
        pressure : float
            Of the liquid, less that of the vapour in the bubble [Pa].
        surface_tension : float
            [N/m]

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If the liquid boils.

        Examples
        --------
        >>> v = Gap().volume_of(1e-12, 1e5, 0.072)
        >>> round((1e5 + 0.072 * Gap().curvature(v)) * v * 1e12, 12)
        1.0
        """
        if not pressure > 0.0:
            raise ValueError(f"the pressure of the liquid is {pressure:g} Pa above that of its vapour: it boils")
        top = self.height / 2.0
        if not math.isfinite(top) or energy <= (pressure + 2.0 * surface_tension / top) * self.touching:
            return self._sphere_of(energy, pressure, surface_tension)
        return self._pancake_of(energy, pressure, surface_tension)

    def _sphere_of(self, energy: float, pressure: float, tension: float) -> float:
        content = 0.75 * energy / math.pi
        r = float(np.cbrt(content / pressure))
        if tension > 0.0:
            r = min(r, math.sqrt(content / (2.0 * tension)))
        for _ in range(100):
            step = (r * r * (pressure * r + 2.0 * tension) - content) / (r * (3.0 * pressure * r + 4.0 * tension))
            r -= step
            if abs(step) <= 1e-15 * r:
                break
        return 4.0 / 3.0 * math.pi * r**3

    def _pancake_of(self, energy: float, pressure: float, tension: float) -> float:
        first, second = self.moments
        edge = pressure + 2.0 * tension * math.cos(self.contact_angle) / self.height
        r = (first + math.sqrt(first**2 + self.height * (energy / edge / math.pi - second))) / self.height
        for _ in range(100):
            volume = self.volume(r)
            slope = 2.0 * math.pi * (r * self.height - first) * (edge + tension / r) - tension / r**2 * volume
            step = ((edge + tension / r) * volume - energy) / slope
            r -= step
            if abs(step) <= 1e-15 * r:
                break
        return self.volume(r)

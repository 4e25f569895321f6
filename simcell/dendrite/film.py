r"""What lies on the front and what the beam does there: a film that resists, growth and loss of metal without current.

**Phenomenological**: none of these laws is derived; each is the simplest one that has what experiments report.

Film (SEI) of the thickness s on a front that moves at the normal speed v, with the curvature K:

.. math:: \dot s = \frac{k}{s}\left(1-\frac{s}{s_\infty}\right) - K v s + g,\qquad \dot\varepsilon = K v,\qquad
          R = \rho s

a parabolic growth that saturates (M. Broussely et al., J. Power Sources 97 (2001) 13, for the parabola; the
saturation is a cap), thinning by the area that the front gains, and growth g by the beam. Where the strain
since the last rupture passes a limit the film breaks and is as thin as at the beginning. The reaction then obeys
i = BV(E - f R i). The film moves along the normal: s is held constant along it on the grid.

At the wall the beam's products may deposit (in proportion to c) and etch metal; neither passes a current, and what one
gives the other takes: v = V_m (i_F/zF + d c/c0 - e). Growth stops where i_F = zF e.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Film:
    """A resistive film on the metal.

    Parameters
    ----------
    resistivity : float
        rho [ohm m].
    growth : float
        k [m^2/s].
    saturation : float
        s_inf [m]; about 200 nm is reported for lithium (research literature, not a constant of nature).
    fresh : float
        Thickness of a new film [m].
    rupture : float
        Strain of the area at which it breaks; infinite: never.

    Raises
    ------
    ValueError
        For numbers out of range.

    Examples
    --------
    >>> film = Film(1e5, 1e-18, 200e-9, 5e-9)
    >>> round(float(film.grown(np.array(5e-9), 10.0)) * 1e9, 2)  # sqrt(25 + 20 * 0.975)
    6.67
    """

    resistivity: float
    growth: float = 0.0
    saturation: float = np.inf
    fresh: float = 1e-9
    rupture: float = np.inf

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if not (self.resistivity >= 0.0 and self.growth >= 0.0):
            raise ValueError(f"resistivity {self.resistivity:g} and growth {self.growth:g} cannot be negative")
        if not 0.0 < self.fresh <= self.saturation:
            raise ValueError(f"a fresh film of {self.fresh:g} m must be positive and at most {self.saturation:g} m")
        if not self.rupture > 0.0:
            raise ValueError(f"the strain of rupture is {self.rupture:g}; it must be positive")

    def grown(self, thickness: Array, time: float) -> Array:
        """Thickness [m] after a short time [s] of growth alone; never beyond saturation if it was not before."""
        left = np.maximum(1.0 - thickness / self.saturation, 0.0)
        further = np.sqrt(thickness**2 + 2.0 * self.growth * left * time)
        return np.asarray(np.where(thickness < self.saturation, np.minimum(further, self.saturation), thickness))

    def after(
        self, thickness: Array, strain: Array, stretch: Array, beam: ArrayLike, time: float
    ) -> tuple[Array, Array]:
        """Thickness [m] and strain after a step with the stretching K v dt and the beam's growth [m/s]."""
        s = self.grown(thickness, time) * np.exp(-stretch) + np.asarray(beam) * time
        s, e = np.maximum(s, min(self.fresh, 1e-12)), strain + stretch
        broken = e > self.rupture
        return np.where(broken, self.fresh, s), np.where(broken, 0.0, e)


@dataclass(frozen=True, eq=False)
class Wall:
    """What happens at the front without current, as numbers or per cell (ny, nx).

    Parameters
    ----------
    deposit : float or array
        d: metal that is reduced from solution at c0 [mol/m^2/s], for example by hydrated electrons.
    etch : float or array
        e: metal that is oxidised [mol/m^2/s].
    film : float or array
        g: growth of the film [m/s]; negative thins it.

    Examples
    --------
    >>> Wall(etch=1e-4).nothing
    False
    """

    deposit: ArrayLike = 0.0
    etch: ArrayLike = 0.0
    film: ArrayLike = 0.0

    def __post_init__(self) -> None:
        """Refuse negative rates."""
        for name in ("deposit", "etch"):
            least = float(np.min(getattr(self, name)))
            if not least >= 0.0:
                raise ValueError(f"{name} goes down to {least:g} mol/m^2/s; it cannot be negative")

    @property
    def nothing(self) -> bool:
        """Whether no metal is deposited or etched anywhere."""
        return not (np.any(self.deposit) or np.any(self.etch))

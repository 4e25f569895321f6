r"""How sharp an image can be through a layer of liquid: spreading of the probe (STEM), loss of energy (TEM).

**STEM.** A pencil of electrons is scattered once, in the middle of the layer, by unscreened nuclei. In small angles
the share of a layer with N nuclei per volume that is scattered beyond an angle :math:`\theta` is
:math:`4 \pi N t\, (Z r_e / \gamma \beta^2)^2 / \theta^2`; the angle that nine in ten stay within gives at the exit a
disc of diameter

.. math:: b = 2\, \frac{r_e}{\gamma \beta^2} \sqrt{10 \pi \textstyle\sum_k N_k Z_k^2}\; t^{3/2}

This is the argument of J. I. Goldstein, J. L. Costley, G. W. Lorimer, S. J. B. Reed, Scanning Electron Microscopy 1977
(I), 315, with relativistic kinematics; without them it is their b = 6.25e5 (Z/E) (rho/A)^(1/2) t^(3/2) (cm, eV,
g/cm^3). It is for what lies on the exit side; what lies on the side of the probe is seen as sharp as the probe
is. Screening, inelastic scattering and the tails are left out: a scale, good to tens of per cent, not a law.

**TEM.** Electrons lose energy in a distribution of full width :math:`4.02\,\xi` at half height, with
:math:`\xi = 2 \pi r_e^2 m c^2 (N_A Z / A) \rho t / \beta^2` (L. Landau, J. Phys. USSR 8 (1944) 201), and a lens of
chromatic aberration C_c turns that into

.. math:: d = \alpha\, C_c\, \frac{\Delta E}{E}\, \frac{1 + E/mc^2}{1 + E/2mc^2}

(L. Reimer, H. Kohl, Transmission Electron Microscopy, 5th ed. 2008, section 2.3.2). For liquid cells both limits are
discussed by N. de Jonge, Ultramicroscopy 187 (2018) 113. Noise, dose and the windows are not in either.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcell.beam.medium import Medium, element
from simcell.constants import AVOGADRO, CLASSICAL_ELECTRON_RADIUS, ELECTRON_MASS, SPEED_OF_LIGHT
from simcell.numerics.check import positive

Array = NDArray[np.float64]
REST = ELECTRON_MASS * SPEED_OF_LIGHT**2  # J
LANDAU_WIDTH = 4.02  # full width at half height of Landau's distribution over xi


def _speed(energy: float) -> tuple[float, float]:
    """Gamma and beta squared of an electron of a kinetic energy [J]."""
    positive("energy of the electrons", energy)
    gamma = 1.0 + energy / REST
    return gamma, 1.0 - gamma**-2


def stem_broadening(thickness: ArrayLike, energy: float, medium: Medium) -> Array:
    """Diameter [m] that holds nine in ten electrons of a fine probe behind a layer: sharpness of STEM there.

    Parameters
    ----------
    thickness : float or array
        Of the liquid [m].
    energy : float
        Kinetic, of the electrons [J].
    medium : Medium

    Returns
    -------
    array

    Examples
    --------
    >>> from simcell.beam.medium import load_medium
    >>> from simcell.constants import KILO_ELECTRON_VOLT as KEV
    >>> print((1e9 * stem_broadening([100e-9, 1e-6], 200 * KEV, load_medium("water"))).round(1))
    [ 2.2 69.6]
    """
    gamma, beta2 = _speed(energy)
    nuclei = medium.density * AVOGADRO
    squares = math.fsum(nuclei * w / element(s).weight * element(s).Z ** 2 for s, w in medium.mass_fractions)
    angle = 2.0 * CLASSICAL_ELECTRON_RADIUS / (gamma * beta2) * math.sqrt(10.0 * math.pi * squares)
    return np.asarray(angle * np.asarray(thickness, dtype=float) ** 1.5)


def chromatic_blur(thickness: ArrayLike, energy: float, medium: Medium, chromatic: float, angle: float) -> Array:
    """Diameter [m] of the blur of TEM by energy lost in a layer.

    Parameters
    ----------
    thickness : float or array
        Of the liquid [m].
    energy : float
        Kinetic, of the electrons [J].
    medium : Medium
    chromatic : float
        Chromatic aberration C_c of the objective [m].
    angle : float
        Half angle of its aperture [rad].

    Returns
    -------
    array

    Examples
    --------
    >>> from simcell.beam.medium import load_medium
    >>> from simcell.constants import KILO_ELECTRON_VOLT as KEV
    >>> print((1e9 * chromatic_blur(1e-6, 200 * KEV, load_medium("water"), 2e-3, 10e-3)).round(1))
    8.2
    """
    positive("chromatic aberration", chromatic)
    positive("angle of the aperture", angle)
    gamma, beta2 = _speed(energy)
    per_length = 2.0 * math.pi * CLASSICAL_ELECTRON_RADIUS**2 * REST * AVOGADRO * medium.electrons_per_mass
    loss = LANDAU_WIDTH * per_length * medium.density / beta2 * np.asarray(thickness, dtype=float)
    return np.asarray(angle * chromatic * loss / energy * gamma / (1.0 + 0.5 * energy / REST))

r"""How far a window bulges under a pressure difference: from plate to membrane.

With h half the short side of the window, t its thickness, :math:`E' = E/(1-\nu^2)`, :math:`D = E' t^3/12`, residual
stress s, tension N and centre deflection w,

.. math::
    P = \frac{c_1 N w}{h^2 \varphi(k)}, \qquad
    N = s t + \frac{c_2}{c_1} E' t \frac{w^2}{h^2} \frac{\sigma(k)}{\sigma(\infty)}, \qquad
    k^2 = \frac{12 c_1 N h^2}{c_p D}, \qquad \varphi = 1 - \frac2k \tanh\frac k2 .

c_p, c_1 and c_2 depend on the aspect ratio (c_2 also on :math:`\nu`) and are those of three limits: the clamped plate
(24 for a long window), the stressed membrane (2) and the stretched membrane (4/3). For a membrane it is the cubic of
J. J. Vlassak and W. D. Nix, J. Mater. Res. 7 (1992) 3242, doi:10.1557/JMR.1992.3242, with c_2 computed without their
approximation (`stretching_coefficient`); for a long window of any stiffness it is the exact solution of the
clamped strip under tension (S. Timoshenko and S. Woinowsky-Krieger, Theory of Plates and Shells, 2nd ed. 1959,
chapter 1), to which :math:`\varphi` and :math:`\sigma` (its stretching, `_stretch`) belong. Between these limits it
interpolates; docs/theory/cell.md compares it with the full equations of von Karman.

Assumptions: isotropic film, ideal clamping at a frame that does not move, uniform pressure, no compressive stress
(which buckles), slopes much below one, windows much wider than thick.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from scipy.interpolate import RectBivariateSpline
from scipy.optimize import brentq

from simcell.cell.plate import membrane_compliance, plate_compliance
from simcell.numerics.check import not_negative, positive

LARGEST_STOCKINESS = 0.1  # t over the short side: shear adds about (t/a)^2 to the deflection


@dataclass(frozen=True)
class Window:
    """One window: `width` along x, `length` along y, and what it is made of.

    Attributes
    ----------
    width, length, thickness : float
        [m]
    youngs : float
        Young's modulus [Pa].
    poisson : float
        Poisson's ratio, 0 to 0.45.
    stress : float
        Residual stress, tensile [Pa].

    Examples
    --------
    >>> chip = Window(50e-6, 200e-6, 50e-9, youngs=222e9, poisson=0.28, stress=135e6)
    >>> chip.half, chip.aspect
    (2.5e-05, 4.0)
    """

    width: float
    length: float
    thickness: float
    youngs: float
    poisson: float
    stress: float

    def __post_init__(self) -> None:
        for what in ("width", "length", "thickness", "youngs"):
            positive(f"{what} of the window", getattr(self, what))
        not_negative("residual stress of the window (under compression it buckles)", self.stress)
        if not 0.0 <= self.poisson <= 0.45:
            raise ValueError(f"Poisson's ratio is {self.poisson:g}; the coefficients hold from 0 to 0.45")
        if self.thickness > LARGEST_STOCKINESS * 2.0 * self.half:
            least = self.thickness / LARGEST_STOCKINESS
            raise ValueError(
                f"the window is {self.thickness:g} m thick and {2 * self.half:g} m wide: "
                f"plates of this thickness are at least {least:g} m wide"
            )

    @property
    def half(self) -> float:
        """Half the short side [m]."""
        return 0.5 * min(self.width, self.length)

    @property
    def aspect(self) -> float:
        """Long side over short side."""
        return max(self.width, self.length) / min(self.width, self.length)

    @property
    def plane_modulus(self) -> float:
        """E / (1 - nu^2) [Pa]."""
        return self.youngs / (1.0 - self.poisson**2)

    @property
    def rigidity(self) -> float:
        """Bending rigidity D [N m]."""
        return self.plane_modulus * self.thickness**3 / 12.0


@lru_cache(maxsize=1)
def _stretching_table() -> RectBivariateSpline:
    text = (files("simcell") / "data" / "windows" / "stretching.csv").read_text(encoding="utf-8")
    rows = [line.split(",") for line in text.splitlines() if line and not line.startswith("#")]
    table = np.array(rows[1:], dtype=float)
    # in 1/n a long window is at 0; the axis has to increase
    return RectBivariateSpline(1.0 / table[::-1, 0], np.array(rows[0][1:], dtype=float), table[::-1, 1:])


@lru_cache(maxsize=256)
def stretching_coefficient(aspect: float, poisson: float) -> float:
    r"""c_2 of a membrane without residual stress: P = c_2 E t w^3 / ((1 - nu^2) h^4); 4/3 for a long window.

    A cubic spline through computed values (simcell/data/windows/stretching.csv says how; a test repeats it). For a
    square the published approximation, (1 + nu)/(0.8 + 0.062 nu)^3, is 2 to 3 % lower: its trial functions are
    simpler.

    Parameters
    ----------
    aspect : float
        Long side over short side, at least 1.
    poisson : float
        0 to 0.45.

    Examples
    --------
    >>> round(stretching_coefficient(1.0, 0.25), 3), round(stretching_coefficient(50.0, 0.25), 3)
    (2.36, 1.333)
    """
    return float(_stretching_table()(1.0 / aspect, poisson)[0, 0])


def load(window: Window, deflection: float) -> float:
    """Pressure difference [Pa] that gives a centre deflection [m]; both are positive outwards.

    Examples
    --------
    >>> chip = Window(50e-6, 200e-6, 50e-9, youngs=222e9, poisson=0.28, stress=135e6)
    >>> round(load(chip, 1.21e-6) / 101325.0, 2)
    1.0
    """
    size = abs(deflection)
    tension = _tension(window, size)
    return math.copysign(_stiffness(window, tension) * size, deflection)


def deflection(window: Window, pressure: float) -> float:
    """Centre deflection [m] under a pressure difference, inside minus outside [Pa]; negative is inwards.

    Parameters
    ----------
    window : Window
    pressure : float
        [Pa]

    Returns
    -------
    float

    Examples
    --------
    >>> chip = Window(50e-6, 200e-6, 50e-9, youngs=222e9, poisson=0.28, stress=135e6)
    >>> round(1e6 * deflection(chip, 101325.0), 2), round(1e6 * deflection(chip, -101325.0), 2)
    (1.21, -1.21)
    """
    if not math.isfinite(pressure):
        raise ValueError(f"pressure difference is {pressure:g} Pa, it has to be finite")
    size = abs(pressure)
    if size == 0.0:
        return 0.0
    # each of the three ways to resist alone would let the window further out; 0.91 = sigma(0) / sigma(infinity)
    c1, c2 = _membrane(window)
    plate = size * window.half**4 * plate_compliance(window.aspect) / window.rigidity
    stretched = (size * window.half**4 / (0.91 * c2 * window.plane_modulus * window.thickness)) ** (1.0 / 3.0)
    most = min(plate, stretched)
    taut = c1 * window.stress * window.thickness
    if taut * most > size * window.half**2:
        most = size * window.half**2 / taut
    found = brentq(lambda w: load(window, w) - size, 0.0, most * (1.0 + 1e-9), xtol=1e-12 * most, rtol=1e-14)
    return math.copysign(float(found), pressure)


def tension(window: Window, deflection: float) -> float:
    """Tension in the bulged window [N/m]: residual and from stretching.

    Examples
    --------
    >>> chip = Window(50e-6, 200e-6, 50e-9, youngs=222e9, poisson=0.28, stress=135e6)
    >>> tension(chip, 0.0), round(tension(chip, 1.21e-6), 1)
    (6.75, 25.4)
    """
    return _tension(window, abs(deflection))


def stress(window: Window, deflection: float) -> tuple[float, float]:
    """Stress in the middle of the sheet and, with bending added, at the surface beside the long side [Pa].

    The second is that of a strip, :math:`N/t + 6 M/t^2` with :math:`M = D w''` at the clamped edge. Real frames have
    rounded corners and are a little compliant, which lowers it; flaws decide where a window breaks.

    Examples
    --------
    >>> chip = Window(50e-6, 200e-6, 50e-9, youngs=222e9, poisson=0.28, stress=135e6)
    >>> [round(s / 1e9, 2) for s in stress(chip, 1.21e-6)]
    [0.51, 2.39]
    """
    size = abs(deflection)
    pull = _tension(window, size)
    k = _rims(window, pull)
    # w'' at the edge of a strip over its centre deflection: (k coth k - 1) 2 / phi(k), 8 for a plate
    curvature = 2.0 * (k / math.tanh(k) - 1.0) / (k * k * _deflected(k)) if k > 1e-3 else 8.0
    bending = 0.5 * window.plane_modulus * window.thickness * curvature * size / window.half**2
    return pull / window.thickness, pull / window.thickness + bending


# ----------------------------------------------------------------- the law


def _membrane(window: Window) -> tuple[float, float]:
    """c_1 and c_2."""
    return 1.0 / membrane_compliance(window.aspect), stretching_coefficient(window.aspect, window.poisson)


def _rims(window: Window, tension: float) -> float:
    """k: half the short side over the width of the rim in which bending counts."""
    c1 = 1.0 / membrane_compliance(window.aspect)
    cp = 1.0 / plate_compliance(window.aspect)
    return math.sqrt(12.0 * c1 * tension * window.half**2 / (cp * window.rigidity))


def _stiffness(window: Window, tension: float) -> float:
    """Pressure over centre deflection at a given tension [Pa/m]."""
    cp = 1.0 / plate_compliance(window.aspect)
    return cp * window.rigidity / (12.0 * _deflected(_rims(window, tension)) * window.half**4)


def _tension(window: Window, size: float) -> float:
    """Tension at a centre deflection: a fixed point, because the shape depends on the tension, by little."""
    c1, c2 = _membrane(window)
    residual = window.stress * window.thickness
    most = c2 / c1 * window.plane_modulus * window.thickness * (size / window.half) ** 2
    total = residual + most
    for _ in range(60):  # the stretching varies by 9 % over all tensions: each round gains a digit and a half
        before, total = total, residual + most * _stretch(_rims(window, total)) * 1.5
        if abs(total - before) <= 4e-16 * total:
            break
    return total


def _deflected(k: float) -> float:
    """(1 - 2/k tanh(k/2)) / k^2 of a clamped strip under tension, 1/12 at k = 0."""
    if k < 0.05:
        return 1.0 / 12.0 - k**2 / 120.0 + 17.0 * k**4 / 20160.0
    return (1.0 - 2.0 / k * math.tanh(0.5 * k)) / k**2


def _stretch(k: float) -> float:
    """Mean of half the squared slope over (w/h)^2 of a clamped strip under tension: 64/105 to 2/3."""
    if k < 0.3:
        mean = 2.0 / 945.0 - 2.0 * k**2 / 4725.0 + 6.0 * k**4 / 93555.0
    else:
        small = math.exp(-2.0 * k)  # coth k and 1/sinh^2 k without overflow
        coth, csch2 = (1.0 + small) / (1.0 - small), 4.0 * small / (1.0 - small) ** 2
        mean = (1.0 / 3.0 - 1.5 * coth / k + 2.0 / k**2 - 0.5 * csch2) / k**4
    return 2.0 * mean / _deflected(k) ** 2

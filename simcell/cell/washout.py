r"""How long it takes until a new liquid has replaced the old one.

Along a path of length L with mean velocity U, averaged over the gap, the new concentration obeys

.. math:: \partial_t c + U \partial_x c = D_e \partial_x^2 c, \qquad
          D_e = D \Bigl(1 + \frac{\mathrm{Pe}^2}{210}\Bigr), \quad \mathrm{Pe} = \frac{U h}{D}

(dispersion between plates: R. Aris, Proc. R. Soc. A 235 (1956) 67, after G. I. Taylor 1953; h is the whole gap, in half
gaps the coefficient is 2/105). With fixed concentration at the inlet and a long way behind the window
the front is that of A. Ogata and R. B. Banks, U.S. Geol. Surv. Prof. Paper 411-A (1961).

Valid later than h^2/D after the change, and where side walls do not matter: in a channel of finite width w >> h the
coefficient grows to about 8/210 once t exceeds w^2/D (P. C. Chatwin, P. J. Sullivan, J. Fluid Mech. 120 (1982) 347).
Ions that drag one another, and walls that adsorb, are not in it. Tubes in front of the cell often take longer
than the cell itself: their volume belongs into `exchange_time`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import erfc, erfcx

from simcell.numerics.check import not_negative, positive

Array = NDArray[np.float64]


def exchange_time(volume: float, flow_rate: float) -> float:
    """Volume over flow [s]: mean residence time, whatever the flow looks like.

    Parameters
    ----------
    volume : float
        [m^3]
    flow_rate : float
        That share of it that passes the volume [m^3/s].

    Examples
    --------
    >>> round(exchange_time(1e-9, 5e-9 / 60), 9)           # 1 uL at 5 uL/min
    12.0
    """
    positive("volume", volume)
    positive("flow rate", flow_rate)
    return volume / flow_rate


def refill_time(length: float, diffusivity: float, left: float = 0.05) -> float:
    r"""Time [s] in which diffusion alone renews a layer that is open at both ends, until `left` of the old remains.

    The mean of what remains is :math:`\frac{8}{\pi^2} \sum_{k\,\text{odd}} k^{-2} e^{-k^2 \pi^2 D t / L^2}` (J. Crank,
    The Mathematics of Diffusion, 2nd ed. 1975, section 4.3). Open at one end: twice the length.

    Parameters
    ----------
    length : float
        [m]
    diffusivity : float
        [m^2/s]
    left : float
        Between 0 and 1.

    Examples
    --------
    >>> round(refill_time(1.0, 1.0), 4), round(refill_time(800e-6, 0.7e-9))
    (0.2823, 258)
    """
    positive("length", length)
    positive("diffusivity", diffusivity)
    _fraction(left)
    k = np.arange(1.0, 400.0, 2.0) ** 2

    def remains(tau: float) -> float:
        return 8.0 / math.pi**2 * float((np.exp(-k * math.pi**2 * tau) / k).sum())

    # early on 4 sqrt(tau/pi) has been renewed, and the series would need many terms
    if left > 0.9:
        tau = math.pi * (1.0 - left) ** 2 / 16.0
    else:
        tau = float(brentq(lambda t: remains(t) - left, 1e-5, 5.0 - math.log(left), xtol=1e-14))
    return tau * length**2 / diffusivity


def dispersion(diffusivity: float, velocity: float, height: float) -> float:
    """Diffusivity along a gap with the spreading by the parabolic flow in it [m^2/s].

    Parameters
    ----------
    diffusivity : float
        [m^2/s]
    velocity : float
        Mean over the height [m/s].
    height : float
        Of the whole gap [m].

    Examples
    --------
    >>> round(dispersion(1e-9, 1e-3, 5e-6) / 1e-9 - 1.0, 6)   # Pe = 5
    0.119048
    """
    positive("diffusivity", diffusivity)
    positive("height", height)
    peclet = velocity * height / diffusivity
    return diffusivity * (1.0 + peclet**2 / 210.0)


def front(position: float, time: ArrayLike, velocity: float, diffusivity: float) -> Array:
    """Share of the new liquid at a position after a step at the inlet (Ogata and Banks).

    Parameters
    ----------
    position : float
        Behind the inlet [m].
    time : array
        Since the step [s].
    velocity : float
        [m/s]; 0 leaves diffusion.
    diffusivity : float
        With dispersion [m^2/s].

    Returns
    -------
    array
        0 to 1, shaped like `time`.

    Examples
    --------
    >>> front(1e-3, [0.0, 1.0, 100.0], 1e-3, 1e-9).round(3)
    array([0.   , 0.509, 1.   ])
    """
    positive("position", position)
    not_negative("velocity", velocity)
    positive("diffusivity", diffusivity)
    t = np.asarray(time, dtype=float)
    if not (np.isfinite(t).all() and (t >= 0.0).all()):
        raise ValueError("times must be finite and not negative")
    wide = 2.0 * np.sqrt(diffusivity * np.where(t > 0.0, t, 1.0))
    ahead, behind = (position - velocity * t) / wide, (position + velocity * t) / wide
    # exp(U L/D) erfc(behind) = exp(-ahead^2) erfcx(behind), which cannot overflow
    share = 0.5 * (erfc(ahead) + np.exp(-(ahead**2)) * erfcx(behind))
    return np.where(t > 0.0, share, 0.0)


@dataclass(frozen=True)
class Washout:
    """Times of an exchange [s] and the numbers behind them.

    Attributes
    ----------
    plug : float
        Length over velocity; infinite without flow.
    diffusion : float
        Length squared over diffusivity.
    across : float
        Height squared over diffusivity: earlier than this the gap is not mixed and the estimate does not hold.
    peclet : float
        Velocity times length over diffusivity: below about 1, diffusion renews the liquid before the flow does.
    peclet_gap : float
        Velocity times height over diffusivity; dispersion counts above about 15.
    dispersion : float
        Effective diffusivity along the gap [m^2/s].
    time : float
        Until `left` of the old liquid remains at the end of the path, flow and diffusion together.
    left : float

    Examples
    --------
    >>> round(washout(1e-3, 500e-9, 1e-3, 1e-9).peclet, 6)
    1000.0
    """

    plug: float
    diffusion: float
    across: float
    peclet: float
    peclet_gap: float
    dispersion: float
    time: float
    left: float


def washout(length: float, height: float, velocity: float, diffusivity: float, left: float = 0.05) -> Washout:
    """Time until a changed electrolyte has replaced the old at the end of a path.

    Parameters
    ----------
    length : float
        From where the liquid is renewed to where one looks [m].
    height : float
        Of the gap [m].
    velocity : float
        Mean over the height [m/s]; 0 leaves diffusion.
    diffusivity : float
        Of the slowest solute that matters [m^2/s].
    left : float
        Share of the old liquid, between 0 and 1.

    Returns
    -------
    Washout

    Examples
    --------
    >>> fast = washout(1e-3, 500e-9, 1e-3, 1e-9)
    >>> fast.plug, round(fast.time, 2), round(washout(1e-3, 500e-9, 0.0, 1e-9).time / 3600, 1)
    (1.0, 1.08, 35.3)
    """
    positive("length", length)
    not_negative("velocity", velocity)
    _fraction(left)
    along = dispersion(diffusivity, velocity, height)
    plug = length / velocity if velocity > 0.0 else math.inf
    slow = length**2 / along

    def old(log_time: float) -> float:
        return 1.0 - float(front(length, math.exp(log_time), velocity, along)) - left

    # erfc(L / 2 sqrt(D t)) = 1 - left is reached by diffusion alone at the latest
    latest = math.log(slow / (math.pi * left**2) * 4.0 + 1e-300)
    earliest = math.log(min(plug, slow) * 1e-3)
    return Washout(
        plug, length**2 / diffusivity, height**2 / diffusivity, velocity * length / diffusivity,
        velocity * height / diffusivity, along, math.exp(float(brentq(old, earliest, latest, xtol=1e-12))), left,
    )  # fmt: skip


def _fraction(left: float) -> None:
    if not 0.0 < left < 1.0:
        raise ValueError(f"share of the old liquid is {left:g}: it lies between 0 and 1")

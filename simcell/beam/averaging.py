r"""When the average over a frame will do: how much a species follows the scan.

A species with production G (average over the frame), relaxation rate lambda and diffusivity D, under a slab of width w
that passes with speed v and comes back after L = v T, as a line of a raster does. With x ahead of the slab,

.. math:: D c'' + v c' - \lambda c + S(x) = 0,\qquad c(x + L) = c(x),\qquad S = G L / w \text{ in the slab}

has the solution of two exponentials a = (v + s)/2D, b = 2 lambda/(v + s), s = sqrt(v^2 + 4 D lambda): a steep one ahead
and the wake behind. `ripple` is (largest - smallest)/average of it, exactly; average = G/lambda. Its limits: without
diffusion (T/tau)(1 - e^{-lambda tau})(1 - e^{-lambda(T - tau)})/(1 - e^{-lambda T}), tau = w/v: small for lifetimes
beyond the time to come back, lambda T << 1. A short-lived species reaches L/w, unless it diffuses over L in its
lifetime.

Assumptions: linear loss; lines are long; the frame repeats sideways without end. Around a real frame there is dark
liquid: take its loss into the relaxation rate, which is production over average concentration at the place in question
(`escape_rate` where nothing reacts), and the estimate is within a factor 1.6 of solutions in two dimensions (docs, with
what second order does to the average itself: `docs/theory/footprint.md`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from simcell.beam.raster import Scan
from simcell.beam.shape import Array
from simcell.numerics.check import positive


def ripple(relaxation: ArrayLike, diffusivity: ArrayLike, period: float, length: float, width: float) -> Array:
    """Largest minus smallest concentration over the average, at a point that a slab passes once a period.

    Parameters
    ----------
    relaxation : array
        Rate at which the species relaxes [1/s], at least 0.
    diffusivity : array
        [m^2/s], at least 0.
    period, length, width : float
        Time to come back [s], way of the slab in that time [m], its width [m].

    Returns
    -------
    array

    Raises
    ------
    ValueError
        For numbers outside of these bounds.

    Examples
    --------
    >>> ripple([1e-3, 1.0, 1e3], 0.0, 1.0, 1e-6, 1e-9).round(4)
    array([1.000000e-03, 9.989000e-01, 6.321206e+02])
    """
    rate, d = np.broadcast_arrays(np.asarray(relaxation, float), np.asarray(diffusivity, float))
    for what, value in (("period", period), ("length", length), ("width", width)):
        positive(what, value)
    for what, values in (("relaxation rate", rate), ("diffusivity", d)):
        if not (np.isfinite(values).all() and (values >= 0.0).all()):
            raise ValueError(f"{what} is {np.min(values):g}, it must not be negative and has to be finite")
    if width >= length:
        return np.zeros(rate.shape)
    v = length / period
    s = np.sqrt(v**2 + 4.0 * d * rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (v + s) / (2.0 * d), 2.0 * rate / (v + s)
        gap = length - width
        low = _stationary(a, b, width, gap, length)
        high = _stationary(a, b, gap, width, length)
        scale = rate * length / (width * s)
        result = length / width - scale * (low + high)
    return np.asarray(np.where(rate > 0.0, np.maximum(result, 0.0), 0.0))


def _stationary(a: Array, b: Array, lit: float, dark: float, length: float) -> Array:
    """Least value of the two exponentials in the dark stretch behind and ahead of lit ones, times s over the source."""
    ahead, behind = np.expm1(-a * lit) / np.expm1(-a * length), np.expm1(-b * lit) / np.expm1(-b * length)
    at = np.clip((np.log(ahead / behind) + b * dark) / (a + b), 0.0, dark)
    steep = np.where(np.isinf(a), 0.0, ahead / a * np.exp(-np.where(np.isinf(a), 0.0, a * at)))
    return np.asarray(steep + behind / b * np.exp(-b * (dark - at)))


def averaging_error(scan: Scan, relaxation: ArrayLike, diffusivity: ArrayLike, over: str = "frame") -> Array:
    """Relative ripple of species that an average over the frame, or along the lines, leaves out.

    Parameters
    ----------
    scan : Scan
    relaxation : array
        Production over average concentration [1/s], per species.
    diffusivity : array
        [m^2/s]
    over : {"frame", "line"}
        "frame": lines pass, once a frame. "line": the probe passes along its line, once a line time (twice that for
        "serpentine", whose ends wait longest); the step to the next line is small against what spreads meanwhile, or
        the estimate is a lower bound.

    Returns
    -------
    array
        (largest - smallest) / average. For "hopping", whose visits are spread more evenly, an upper bound.

    Examples
    --------
    >>> scan = Scan((512, 512), 10e-9, 2e-6)
    >>> stable = escape_rate(4.5e-9, *scan.sides, rim=25e-6)      # H2; and a radical that lives 1 us
    >>> averaging_error(scan, [stable, 1e6], [4.5e-9, 2e-9]).round(2)
    array([ 0.28, 54.16])
    """
    if over not in ("frame", "line"):
        raise ValueError(f'averages go over the "frame" or along the "line", not {over!r}')
    count, per_line = scan.lines
    if over == "frame":
        period, lit, n = scan.frame_time, scan.duty * scan.frame_time, count
    else:
        period, lit, n = scan.line_time, per_line * scan.dwell, per_line
        period *= 1.0 + (scan.order == "serpentine")
    return ripple(relaxation, diffusivity, period, n * scan.pixel * period / lit, scan.pixel)


def escape_rate(diffusivity: float, width: float, height: float, rim: float) -> float:
    r"""Relaxation rate [1/s] of a species that does not react and diffuses out of a lit area: G over its mean there.

    .. math:: \lambda = \frac{4 D}{a^2\,(1 + 2\ln (R/a))},\qquad \pi a^2 = \text{width} \times \text{height}

    Parameters
    ----------
    diffusivity : float
        [m^2/s]
    width, height : float
        Of the lit area [m].
    rim : float
        Radius R at which the liquid is fresh [m].

    Returns
    -------
    float

    Examples
    --------
    >>> round(escape_rate(4.5e-9, 5e-6, 5e-6, 25e-6))
    422
    """
    radius = math.sqrt(width * height / math.pi)
    if not rim > radius:
        raise ValueError(f"the rim at {rim:g} m has to be outside of the lit area, a disc of radius {radius:g} m")
    return 4.0 * diffusivity / (radius**2 * (1.0 + 2.0 * math.log(rim / radius)))


def overlap(scan: Scan, relaxation: float, diffusivity: float, pixel: tuple[int, int] | None = None) -> float:
    r"""What earlier visits left where the probe comes to, over what the visit itself makes: compares scan orders.

    Every visit leaves a Gaussian cloud that spreads and decays; over all pixels j of the frame time before,

    .. math:: \sum_j e^{-\lambda t_j} \frac{\sigma^2}{\sigma^2 + 2 D t_j} e^{-d_j^2 / 2 (\sigma^2 + 2 D t_j)}

    with the time t_j since and the distance d_j. Fly-back is counted; walls are not, and the liquid is mixed over its
    thickness.

    Parameters
    ----------
    scan : Scan
    relaxation, diffusivity : float
        [1/s], [m^2/s]
    pixel : two int, optional
        Along x and y; default the middle of the frame.

    Returns
    -------
    float

    Examples
    --------
    >>> radical = 1e6, 2e-9                           # lives 1 us
    >>> print(*(round(overlap(Scan((64, 64), 10e-9, 1e-6, order=o, hop=h), *radical), 4)
    ...         for o, h in (("raster", 1), ("hopping", 8))))
    0.0018 0.0007
    """
    times = scan.visits()
    ix, iy = pixel or (scan.frame[0] // 2, scan.frame[1] // 2)
    since = times[iy, ix] - times
    since = np.where(since > 0.0, since, since + scan.frame_time)
    x, y = np.meshgrid(np.arange(scan.frame[0]) - ix, np.arange(scan.frame[1]) - iy)
    wide = scan.spread**2 + 2.0 * diffusivity * since
    cloud = np.exp(-relaxation * since - (x**2 + y**2) * scan.pixel**2 / (2.0 * wide)) / wide
    return float(cloud.sum() * scan.spread**2)

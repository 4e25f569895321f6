r"""Thickness gauge: height of the liquid, diffusivity, area and resistance from a voltammogram of a dissolved couple.

Least squares on the model of `simcell.transport.gauge`; sizes are fitted as logarithms, so that they stay positive and
their intervals are asymmetric as they should be. Intervals are those of the linearised model with Student's t at the
noise found in the residuals. Where residuals are correlated (first-order coefficient r above 3 / sqrt(N)), the noise
counts for (1 + r) / (1 - r) times fewer points. A prior is one more residual. What the curve does not hold is said:
directions of parameters that change nothing get an infinite interval and are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import t as student

from simcell.errors import InputError, Problem, SolverError
from simcell.numerics.grid import Array
from simcell.transport.gauge import Layer, layer_voltammogram

LOGARITHMS = ("thickness", "diffusivity", "area")
FREE = ("thickness", "resistance", "formal", "capacitance", "offset")
KNOWN = (*LOGARITHMS, *FREE[1:])
UNITS = {
    "thickness": "m", "diffusivity": "m^2/s", "area": "m^2", "resistance": "ohm", "formal": "V", "capacitance": "F",
    "offset": "A",
}  # fmt: skip
STEP = 2e-3  # V between points of the model
FEWEST, MOST = 200, 2000  # points of the model
NOTHING = 1e-7  # singular value over the largest below which a direction changes nothing
LOOSE = float(np.log(2.0))  # half width of an interval of a logarithm from which a size is not measured
TIED = 0.98  # correlation from which two parameters are named as a pair


@dataclass(frozen=True, eq=False)
class GaugeFit:
    """What a voltammogram says about its layer.

    Attributes
    ----------
    layer : Layer
        The best one.
    intervals : mapping
        95 % interval of every free parameter, SI units.
    free : tuple of str
    correlation : (n, n) array
        Of the free parameters (logarithms of sizes).
    time, potential, current, model : arrays
        Data [s, V, A] and the current of the best layer.
    noise : float
        Standard deviation of the residuals [A].
    words : tuple of str
        What is not identifiable, what was assumed, what does not fit.

    Examples
    --------
    >>> "intervals" in GaugeFit.__dataclass_fields__
    True
    """

    layer: Layer
    intervals: Mapping[str, tuple[float, float]]
    free: tuple[str, ...]
    correlation: Array
    time: Array
    potential: Array
    current: Array
    model: Array
    noise: float
    words: tuple[str, ...]


def model_current(time: Array, potential: Array, layer: Layer) -> Array:
    """Current of a layer at the times of data [A], by the model on even times with steps of at most 2 mV.

    Examples
    --------
    >>> t = np.array([0.0, 1.0, 2.5, 6.0])
    >>> bool(model_current(t, -0.3 + 0.1 * t, Layer(5e-7, 7e-10, 2.5e-9, 0.0, 5.0))[-1] < 1e-11)
    True
    """
    travelled = float(np.abs(np.diff(potential)).sum())
    points = int(np.clip(np.ceil(travelled / STEP) + 1, FEWEST, MOST))
    even = np.linspace(time[0], time[-1], points)
    return np.interp(time, even, layer_voltammogram(even, np.interp(even, time, potential), layer))


def fit_layer(
    time: Array,
    potential: Array,
    current: Array,
    guess: Layer,
    free: Sequence[str] = FREE,
    priors: Mapping[str, float] | None = None,
) -> GaugeFit:
    """Fit a layer to a voltammogram.

    Parameters
    ----------
    time, potential, current : (n,) arrays
        [s], [V], [A, anodic positive].
    guess : Layer
        What is known, and where to begin; what is not free stays as it is here.
    free : sequence of str
        Out of thickness, diffusivity, area, resistance, formal, capacitance, offset.
    priors : mapping of str to float
        Relative uncertainties of free sizes that are known beforehand to be those of the guess.

    Returns
    -------
    GaugeFit

    Raises
    ------
    InputError
        For data that hold no voltammogram, or names that cannot be fitted.
    SolverError
        If the fit does not converge.

    Examples
    --------
    >>> t = np.linspace(0.0, 12.0, 301)
    >>> e = 0.3 - np.abs(t - 6.0) * 0.1
    >>> cell = Layer(6e-7, 7e-10, 2.5e-9, 1e-4, 5.0, formal=0.01)
    >>> noise = 1e-13 * np.random.default_rng(1).normal(size=t.size)
    >>> found = fit_layer(t, e, model_current(t, e, cell) + noise, replace(cell, thickness=2e-6))
    >>> low, high = found.intervals["thickness"]
    >>> bool(low < 6e-7 < high)
    True
    """
    time, potential, current = (np.asarray(v, dtype=float) for v in (time, potential, current))
    free, priors = tuple(free), dict(priors or {})
    _check(time, potential, current, free, priors)
    begin, scale = _begin(time, potential, current, guess, free), float(np.abs(current).max())
    units = {"resistance": begin.volts / scale, "formal": begin.volts, "offset": scale}
    units["capacitance"] = scale * float(time[-1] - time[0]) / max(float(np.abs(np.diff(potential)).sum()), 1e-12)
    unit = np.array([units.get(name, 1.0) for name in free])
    start = _packed(begin, free) / unit
    pulls = [(free.index(name), start[free.index(name)], width) for name, width in priors.items()]
    centre = {name: np.log(getattr(guess, name)) for name in priors}
    noise = 0.0

    def residuals(p: Array) -> Array:
        gap = (model_current(time, potential, _unpacked(guess, free, p * unit)) - current) / scale
        pull = [noise * (p[at] - centre[free[at]]) / width for at, _, width in pulls]
        return np.concatenate([gap, pull])

    low = np.array([0.0 if name in ("resistance", "capacitance") else -np.inf for name in free])
    found = None
    for _ in range(2 if pulls else 1):  # priors weigh against the noise, which the first fit finds
        found = least_squares(residuals, start, bounds=(low, np.inf), x_scale="jac", xtol=1e-10, ftol=1e-12, gtol=1e-12)
        if not found.success:
            raise SolverError(f"the fit did not converge: {found.message}")
        gap = found.fun[: time.size]
        noise, start = float(np.sqrt((gap**2).sum() / max(time.size - len(free), 1))), found.x
    assert found is not None
    best = _unpacked(guess, free, found.x * unit)
    gap = found.fun[: time.size]
    return _judged(best, free, found.x, unit, found.jac, gap, noise, scale, (time, potential, current), priors)


def _packed(layer: Layer, free: Sequence[str]) -> Array:
    return np.array([np.log(getattr(layer, n)) if n in LOGARITHMS else getattr(layer, n) for n in free])


def _unpacked(layer: Layer, free: Sequence[str], values: Array) -> Layer:
    found: dict[str, Any] = {}
    for name, value in zip(free, values, strict=True):
        found[name] = float(np.exp(np.clip(value, -60.0, 30.0))) if name in LOGARITHMS else float(value)
    return replace(layer, **found)


def _begin(time: Array, potential: Array, current: Array, guess: Layer, free: Sequence[str]) -> Layer:
    """Formal potential between the peaks, thickness in proportion to the height of the curve."""
    layer = guess
    if "formal" in free:
        layer = replace(layer, formal=float(0.5 * (potential[current.argmax()] + potential[current.argmin()])))
    if "thickness" in free:
        for _ in range(3):
            height = float(np.ptp(model_current(time, potential, replace(layer, offset=0.0, resistance=0.0))))
            layer = replace(layer, thickness=layer.thickness * float(np.ptp(current)) / height)
    return layer


def _judged(
    best: Layer, free: tuple[str, ...], x: Array, unit: Array, jac: Array, gap: Array, noise: float, scale: float,
    data: tuple[Array, Array, Array], priors: Mapping[str, float],
) -> GaugeFit:  # fmt: skip
    """Intervals and words from the Jacobian at the best layer."""
    n = gap.size
    lag = float((gap[1:] * gap[:-1]).sum() / (gap**2).sum()) if noise > 0.0 else 0.0
    widened = np.sqrt((1.0 + lag) / (1.0 - min(lag, 0.999))) if lag > 3.0 / np.sqrt(n) else 1.0
    size = np.linalg.norm(jac, axis=0)
    size[size == 0.0] = 1.0
    _, singular, right = np.linalg.svd(jac / size, full_matrices=False)
    seen = singular > NOTHING * singular[0]
    inverse = (right[seen].T / singular[seen] ** 2) @ right[seen]
    lost = np.sqrt((right[~seen] ** 2).sum(axis=0)) > 1e-3 if (~seen).any() else np.zeros(len(free), dtype=bool)
    spread = noise * widened * np.sqrt(np.diag(inverse)) / size
    spread[lost] = np.inf
    root = np.sqrt(np.maximum(np.diag(inverse), 1e-300))
    correlation = inverse / np.outer(root, root)
    quantile = float(student.ppf(0.975, max(n - len(free), 1)))
    intervals = {}
    for at, name in enumerate(free):
        half = quantile * spread[at]
        low, high = (x[at] - half) * unit[at], (x[at] + half) * unit[at]
        if name in LOGARITHMS:
            low, high = float(np.exp(low)), float(np.exp(min(high, 700.0))) if np.isfinite(high) else np.inf
        elif name in ("resistance", "capacitance"):
            low = max(low, 0.0)
        intervals[name] = (float(low), float(high))
    words = _words(best, free, intervals, correlation, lost, lag, widened, data, priors)
    return GaugeFit(
        best, intervals, free, correlation, *data, model=data[2] + gap * scale, noise=noise * scale, words=words
    )


def _words(
    best: Layer, free: tuple[str, ...], intervals: Mapping[str, tuple[float, float]], correlation: Array, lost: Array,
    lag: float, widened: float, data: tuple[Array, Array, Array], priors: Mapping[str, float],
) -> tuple[str, ...]:  # fmt: skip
    """What the curve does not hold, and what was assumed."""
    found = []
    if lost.any():
        names = " and ".join(n for n, gone in zip(free, lost, strict=True) if gone)
        found.append(f"{names}: only a combination is in this curve, not each; fix one or give the length of the edge")
    for a, one in enumerate(free):
        for b, other in enumerate(free[a + 1 :], a + 1):
            if abs(correlation[a, b]) > TIED and not (lost[a] or lost[b]):
                found.append(f"the curve hardly tells {one} from {other} (correlation {correlation[a, b]:.3f})")
    for name in LOGARITHMS:
        low, high = intervals.get(name, (1.0, 1.0))
        if np.isfinite(high) and 0.5 * np.log(high / low) > LOOSE:
            found.append(f"{name} is not identifiable: its interval spans a factor of {high / low:.3g}")
    rate = float(np.abs(np.diff(data[1])).sum() / (data[0][-1] - data[0][0]))
    thin = best.thin(rate)
    if thin > 0.3 and best.edge > 0.0:
        found.append(
            f"n F v H^2 / RTD = {thin:.2g}: the layer is not thin at {rate:.3g} V/s and supply over the edge is only "
            f"roughly described; below {0.1 * rate / thin:.2g} V/s it is"
        )
    if "diffusivity" in free and best.edge == 0.0 and thin < 0.1:
        found.append("without supply over an edge a thin layer says nothing of the diffusivity")
    if "resistance" in free:
        found.append("the couple is taken as reversible: slow kinetics would be counted as resistance")
    for name, width in priors.items():
        found.append(f"{name} was held by what is known of it, {100 * width:.2g} %")
    if widened > 1.0:
        found.append(
            f"residuals are correlated ({lag:.2f} from point to point): the model misses something or the data were "
            f"filtered; intervals are widened {widened:.2g} times"
        )
    return tuple(found)


def _check(time: Array, potential: Array, current: Array, free: tuple[str, ...], priors: Mapping[str, float]) -> None:
    if not (time.ndim == 1 and time.shape == potential.shape == current.shape):
        raise InputError("time, potential and current of a voltammogram must be columns of one length")
    if time.size < len(free) + 10 or not (np.isfinite(time) & np.isfinite(potential) & np.isfinite(current)).all():
        raise InputError(
            f"a fit of {len(free)} parameters needs {len(free) + 10} or more finite points, not {time.size}"
        )
    if (np.diff(time) <= 0.0).any():
        raise InputError("the times of a voltammogram must increase")
    if np.ptp(potential) < 0.1:
        raise InputError(f"the potential moves by {np.ptp(potential):.3g} V only; a voltammogram needs 0.1 V or more")
    if not np.ptp(current) > 0.0:
        raise InputError("the current does not change: there is nothing to fit")
    for name in (*free, *priors):
        if name not in KNOWN:
            raise InputError(Problem("", "free", name, f"cannot be fitted: {', '.join(KNOWN)}"))
    for name, width in priors.items():
        if name not in free or name not in LOGARITHMS or not width > 0.0:
            raise InputError(Problem("", "priors", name, "must be a free size with a positive relative uncertainty"))

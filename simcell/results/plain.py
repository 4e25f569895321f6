"""Numbers with units in letters of ASCII, for the console."""

from __future__ import annotations

import numpy as np

_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f"), (1e-18, "a"), (1e-21, "z"))


def lasting(time: np.ndarray, values: np.ndarray, share: float = 0.005) -> tuple[float, float]:
    """Least and largest value, but for those that hold for less than a share of the time: jumps charge double layers.

    Examples
    --------
    >>> lasting(np.array([0.0, 1e-9, 1.0, 2.0]), np.array([-1e6, 1.0, 2.0, 3.0]))
    (1.0, 3.0)
    """
    weight = np.gradient(time) if time.size > 1 else np.ones(1)
    order = np.argsort(values)
    passed = np.cumsum(weight[order]) / weight.sum()
    inside = np.flatnonzero((passed > share) & (passed - weight[order] / weight.sum() < 1.0 - share))
    return float(values[order][inside[0]]), float(values[order][inside[-1]])


def scaled(value: float, unit: str) -> str:
    """A number with its unit and an SI prefix, in letters of ASCII.

    Examples
    --------
    >>> scaled(2.5e-19, "mol"), scaled(1.6e-5, "m"), scaled(0.0, "m")
    ('250 zmol', '16 um', '0 m')
    """
    for size, prefix in _PREFIXES:
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}"

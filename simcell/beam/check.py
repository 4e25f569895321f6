"""Two checks that every function of this ring makes on its numbers."""

from __future__ import annotations

import math


def positive(what: str, value: float) -> None:
    """ValueError unless `value` is finite and above zero.

    Examples
    --------
    >>> positive("dwell", 0.0)
    Traceback (most recent call last):
    ...
    ValueError: dwell is 0, it has to be positive and finite
    """
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{what} is {value:g}, it has to be positive and finite")


def not_negative(what: str, value: float) -> None:
    """ValueError unless `value` is finite and at least zero.

    Examples
    --------
    >>> not_negative("current", -1e-9)
    Traceback (most recent call last):
    ...
    ValueError: current is -1e-09, it must not be negative and has to be finite
    """
    if not (value >= 0 and math.isfinite(value)):
        raise ValueError(f"{what} is {value:g}, it must not be negative and has to be finite")

"""Two checks that functions make on their numbers."""

from __future__ import annotations

import math


def positive(what: str, value: float) -> None:
    """ValueError unless `value` is finite and above zero.

    Examples
    --------
    >>> positive("viscosity", 0.0)
    Traceback (most recent call last):
    ...
    ValueError: viscosity is 0, it has to be positive and finite
    """
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{what} is {value:g}, it has to be positive and finite")


def not_negative(what: str, value: float) -> None:
    """ValueError unless `value` is finite and at least zero.

    Examples
    --------
    >>> not_negative("series resistance", -1.0)
    Traceback (most recent call last):
    ...
    ValueError: series resistance is -1, it must not be negative and has to be finite
    """
    if not (value >= 0 and math.isfinite(value)):
        raise ValueError(f"{what} is {value:g}, it must not be negative and has to be finite")

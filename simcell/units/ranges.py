"""Ranges and lists of quantities: what follows the key in a ``--vary`` option."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from simcell.units.kinds import UnitError
from simcell.units.parser import parse

_VARY_FORM = "1pA..10nA:log:9"
_MAX_VALUES = 100_000


class Span(NamedTuple):
    """A range ``low..high:scale:count`` of a ``--vary`` option, its ends still text.

    Examples
    --------
    >>> Span("1 nm", "1 um", "log", 4).points
    4
    """

    low: str
    high: str
    scale: str
    points: int


def parse_vary(text: str, kind: str) -> list[float]:
    """Turn a range or a list into SI numbers: ``a..b:log:n``, ``a..b:lin:n``, ``a..b:n`` (linear), ``a,b,c``.

    Parameters
    ----------
    text : str
    kind : str
        A key of `kinds`; both ends carry a unit unless it is ``"number"``.

    Returns
    -------
    list of float
        Both ends are exact; values between are rounded to 14 digits.

    Examples
    --------
    >>> parse_vary("1pA..10nA:log:5", "current")
    [1e-12, 1e-11, 1e-10, 1e-09, 1e-08]
    >>> parse_vary("100nm,200nm,1um", "length")
    [1e-07, 2e-07, 1e-06]
    """
    span = split_range(text)
    if span is None:
        return [parse(part.strip(), kind) for part in text.split(",")]
    low, high = parse(span.low, kind), parse(span.high, kind)
    if low == high:
        raise UnitError("both ends of the range are equal", f'"{_VARY_FORM}"')
    if span.scale == "log" and not (low > 0 and high > 0):
        raise UnitError("a logarithmic range needs both ends above zero", f'"{_VARY_FORM}"')
    return spaced(low, high, span.points, span.scale)


def spaced(low: float, high: float, points: int, scale: str) -> list[float]:
    """Numbers from low to high, evenly spaced or (scale "log") with equal ratios.

    Parameters
    ----------
    low, high : float
        Both above zero for "log".
    points : int
        At least 2.
    scale : str
        "lin" or "log".

    Returns
    -------
    list of float
        Both ends are exact; those between are rounded to 14 digits, so that decades come out as decades.

    Examples
    --------
    >>> spaced(1e-9, 1e-6, 4, "log")
    [1e-09, 1e-08, 1e-07, 1e-06]
    """
    last = points - 1
    if scale == "lin":
        between = [low + (high - low) * i / last for i in range(1, last)]
    else:
        start, stop = math.log10(low), math.log10(high)
        between = [10.0 ** (start + (stop - start) * i / last) for i in range(1, last)]
    return [low, *(float(f"{value:.14g}") for value in between), high]


def split_range(text: str) -> Span | None:
    """Take a range apart; None where the text is a list of values.

    Examples
    --------
    >>> split_range("1pA..10nA:log:9")
    Span(low='1pA', high='10nA', scale='log', points=9)
    >>> split_range("100nm,200nm") is None
    True
    """
    low, dots, rest = text.partition("..")
    if not dots:
        return None
    high, *options = (part.strip() for part in rest.split(":"))
    scale = options[0] if len(options) == 2 else "lin"
    if len(options) not in (1, 2) or scale not in ("lin", "log"):
        raise UnitError("is not a range low..high:lin|log:count", f'"{_VARY_FORM}"')
    if not re.fullmatch(r"[0-9]{1,9}", options[-1]) or not 2 <= int(options[-1]) <= _MAX_VALUES:
        raise UnitError(f"the count of a range is a whole number from 2 to {_MAX_VALUES}", f'"{_VARY_FORM}"')
    return Span(low.strip(), high, scale, int(options[-1]))

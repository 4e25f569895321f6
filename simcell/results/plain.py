"""Numbers with units in letters of ASCII, for the console."""

from __future__ import annotations

_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f"), (1e-18, "a"), (1e-21, "z"))


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

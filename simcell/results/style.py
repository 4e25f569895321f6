"""How every figure looks: colours, names of species, sizes, numbers with units.

Colours follow the chemistry: one hue a family, a dashed line for the charged partner of a pair. The hues are
those of Okabe and Ito (Color Universal Design, 2008), darkened where they would be faint on white, so that
readers with any common form of colour vision tell the families apart; lines are labelled at their ends anyway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#262626"
FAINT = "#8c8c8c"
GRID = "#e6e6e6"
SHADE = "#f0f0f2"
WIDTH = 8.4  # inch; 200 dpi of it is twice the width at which a README shows a picture
TEXT = 10.5
SMALL = 9.0
DASH = (0, (4.5, 1.8))
DOTS = (0, (1.2, 1.4))


@dataclass(frozen=True)
class Look:
    """Colour and dash pattern of one species.

    Examples
    --------
    >>> look("HO2-").colour == look("H2O2").colour
    True
    """

    colour: str
    dash: object = "-"


_BLUE, _VERMILION, _GREEN, _AMBER, _SKY = "#0072b2", "#d55e00", "#00835f", "#b98000", "#2f9bd6"
_PINK, _WINE, _GREY, _OLIVE, _INDIGO, _TEAL = "#b8548c", "#7a1f4b", "#6f6f6f", "#7d7d1f", "#3b2f8f", "#2f8f8f"

_LOOKS = {
    "H2": Look(_BLUE),
    "H": Look(_SKY),
    "O2": Look(_VERMILION),
    "H2O2": Look(_GREEN),
    "HO2-": Look(_GREEN, DASH),
    "OH": Look(_AMBER),
    "O-": Look(_AMBER, DASH),
    "e_aq-": Look(_PINK, DASH),
    "HO2": Look(_WINE),
    "O2-": Look(_WINE, DASH),
    "O3": Look(_GREY, DOTS),
    "O3-": Look(_GREY, DASH),
    "HO3": Look(_GREY, (0, (6, 1.5, 1.2, 1.5))),
    "H+": Look(INK),
    "OH-": Look(INK, DASH),
}
_SPARE = [Look(c, d) for d in ("-", DASH, DOTS) for c in (_OLIVE, _INDIGO, _TEAL, _PINK, _BLUE, _VERMILION)]


def look(species: str, order: int = 0) -> Look:
    """Colour and dash of a species; one that the table does not know takes number `order` of the spare looks.

    Examples
    --------
    >>> look("Cl-", 0) != look("Cl2-", 1)
    True
    """
    return _LOOKS.get(species) or _SPARE[order % len(_SPARE)]


def known(species: str) -> bool:
    """Whether the species has a look of its own.

    Examples
    --------
    >>> known("H2O2"), known("Cl-")
    (True, False)
    """
    return species in _LOOKS


@lru_cache(maxsize=512)
def formula(species: str) -> str:
    """A species name as mathtext, with indices and charge in their places.

    Examples
    --------
    >>> formula("SO4^2-"), formula("e_aq-")
    ('$\\\\mathrm{SO_{4}^{2\\u2212}}$', '$\\\\mathrm{e_{aq}^{\\u2212}}$')
    """
    match = re.fullmatch(r"(.+?)(?:\^(\d+))?([+-]*)", species)
    if match is None or not re.fullmatch(r"[A-Za-z0-9_()]+", match[1]):
        return species.replace("$", r"\$")
    body, number, sign = match[1], match[2] or "", match[3]
    if "_" in body:
        base, _, index = body.partition("_")
        body = f"{base}_{{{index.replace('_', '')}}}"
    else:
        body = re.sub(r"(?<=[A-Za-z)])(\d+)", r"_{\1}", body)
    count = number or (str(len(sign)) if len(sign) > 1 else "")
    charge = f"^{{{count}{sign[0].replace('-', chr(0x2212))}}}" if sign else ""
    return rf"$\mathrm{{{body}{charge}}}$"


def equation(text: str) -> str:
    """A reaction with its species as formulas and a real arrow.

    Examples
    --------
    >>> equation("2 OH -> H2O2").split()
    ['2', '$\\\\mathrm{OH}$', '→', '$\\\\mathrm{H_{2}O_{2}}$']
    """
    words = text.replace("<=>", "⇌").replace("->", "→").split()
    return " ".join(w if re.fullmatch(r"\d+|[+→⇌]", w) else formula(w) for w in words)


def number(value: float, digits: int = 2) -> str:
    """A number for people: plain where it is short, with a power of ten as mathtext where it is not.

    Examples
    --------
    >>> number(7.5e7), number(0.25), number(4.65, 3)
    ('$7.5\\\\times10^{7}$', '0.25', '4.65')
    """
    if value == 0.0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    head = "" if mantissa == "1" else rf"{mantissa}\times"
    return rf"${head}10^{{{int(power)}}}$"


def duration(seconds: float) -> str:
    """A time with the unit that people would say.

    Examples
    --------
    >>> duration(1e-9), duration(2.5e-4), duration(30.0), duration(1e5)
    ('1 ns', '250 µs', '30 s', '$10^{5}$ s')
    """
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"), (1e-12, "ps")):
        if seconds >= size * 0.9995:
            return f"{number(seconds / size, 3)} {unit}"
    return f"{number(seconds)} s"


def new_figure(height: float) -> Figure:
    """An empty figure of the house width; it knows nothing of pyplot and of windows.

    Examples
    --------
    >>> new_figure(4.0).get_size_inches().tolist()
    [8.4, 4.0]
    """
    return Figure(figsize=(WIDTH, height), facecolor="white", layout="none")


def dress(axes: Axes) -> None:
    """Give axes the house look: two thin spines, a faint grid behind the lines, readable numbers.

    Examples
    --------
    >>> axes = new_figure(4.0).add_subplot()
    >>> dress(axes)
    >>> axes.spines["top"].get_visible()
    False
    """
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set(color=FAINT, linewidth=0.8)
    axes.tick_params(which="both", color=FAINT, labelcolor=INK, labelsize=SMALL + 0.5, width=0.8)
    axes.tick_params(which="minor", length=2.5)
    axes.grid(True, which="major", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set(fontsize=TEXT, color=INK)


def spread(wanted: np.ndarray, gap: float, low: float, high: float) -> np.ndarray:
    """Move label positions as little as possible until each two are `gap` apart, between `low` and `high`.

    Least squares under the order of the labels: pool neighbours that collide, give each pool its mean (the
    pool-adjacent-violators method for isotonic regression).

    Examples
    --------
    >>> spread(np.array([0.0, 0.1, 5.0]), 1.0, -10.0, 10.0).tolist()
    [-0.45, 0.55, 5.0]
    """
    order = np.argsort(wanted, kind="stable")
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    offsets = gap * np.arange(len(wanted))
    pools: list[list[float]] = []  # mean and size of the shifted targets
    for value in np.asarray(wanted, float)[order] - offsets:
        pools.append([value, 1.0])
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (a, m), (b, n) = pools[-2:]
            pools[-2:] = [[(a * m + b * n) / (m + n), m + n]]
    flat = np.concatenate([np.full(int(n), mean) for mean, n in pools]) if pools else np.zeros(0)
    placed = np.empty(len(wanted))
    placed[order] = np.clip(flat, low, high - gap * (len(wanted) - 1)) + offsets
    return placed

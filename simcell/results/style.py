"""How every figure looks: colours, names of species, sizes, numbers with units.

Colours follow the chemistry: one hue a family, a dashed line for the charged partner of a pair. The hues were
chosen so that the two nearest still differ by a CIELAB distance of 20 under normal vision, protanopia,
deuteranopia and tritanopia (simulated with the matrices of Machado, Oliveira and Fernandes, IEEE Trans. Vis.
Comput. Graph. 15 (2009) 1291, doi:10.1109/TVCG.2009.113; a test repeats this). Every line is named at its end.
"""

from __future__ import annotations

from dataclasses import dataclass

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


_BLUE, _SKY, _RED, _GREEN, _AMBER = "#0152c8", "#2fa8eb", "#aa0e00", "#038d4c", "#cf8e03"
_MAUVE, _PURPLE, _GREY = "#864776", "#531570", "#9e9e9e"
MADE, EATEN = _BLUE, _AMBER
ROLES = {"working": _BLUE, "counter": _AMBER, "reference": _GREEN, "floating": _GREY}  # of electrodes

_LOOKS = {
    "H2": Look(_BLUE),
    "H": Look(_SKY),
    "O2": Look(_RED),
    "H2O2": Look(_GREEN),
    "HO2-": Look(_GREEN, DASH),
    "OH": Look(_AMBER),
    "O-": Look(_AMBER, DASH),
    "e_aq-": Look(_MAUVE, DASH),
    "HO2": Look(_PURPLE),
    "O2-": Look(_PURPLE, DASH),
    "O3": Look(_GREY, DOTS),
    "O3-": Look(_GREY, DASH),
    "HO3": Look(_GREY, (0, (6, 1.5, 1.2, 1.5))),
    "H+": Look(INK),
    "OH-": Look(INK, DASH),
}
_SPARE = [
    Look(c, d)
    for d in (DOTS, (0, (1.2, 1.4, 4.5, 1.4)))
    for c in (INK, _BLUE, _AMBER, _GREEN, _MAUVE, _RED, _SKY, _PURPLE)
]


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


def new_figure(height: float) -> Figure:
    """An empty figure of the house width; it knows nothing of pyplot and of windows.

    Examples
    --------
    >>> new_figure(4.0).get_size_inches().tolist()
    [8.4, 4.0]
    """
    return Figure(figsize=(WIDTH, height), facecolor="white")


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

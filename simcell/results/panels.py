"""What the figures draw: concentrations with a name at the end of each line, saturation, pH."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

from simcell.results import style, words

MOLAR = 1e-3  # (mol/L) in one mol/m^3
SPAN = 1e-6  # a species that never reaches this share of the largest is named in a note and not drawn
FLOOR = 1e-15  # M; about one molecule in a cubic micrometre is 1.7e-15 M, so nothing below has a meaning
BANDS = 8  # species with a band, the most abundant ones; more overlap into mud
MOST = 18  # lines that a figure of this height can name


@dataclass
class Lines:
    """Concentrations to draw against one axis, mol/L.

    Parameters
    ----------
    x : ndarray
    values : dict
        Species -> values on `x`.
    bands : dict
        Species -> (lower, upper) on `x`, where an ensemble was run.

    Examples
    --------
    >>> lines = Lines(np.array([1.0, 2.0]), {"H2": np.array([1e-6, 2e-6]), "O3": np.array([0.0, 1e-20])})
    >>> lines.chosen()
    (['H2'], ['O3'])
    """

    x: np.ndarray
    values: dict[str, np.ndarray]
    bands: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def chosen(self) -> tuple[list[str], list[str]]:
        """Species to draw (largest first) and species to leave out; the solvent is neither."""
        peaks = {name: float(np.max(v)) for name, v in self.values.items() if name != "H2O"}
        ranked = sorted(peaks, key=lambda name: (-peaks[name], name))
        moving = [name for name in ranked if not _constant(self.values[name])] or ranked
        top = peaks[moving[0]] if moving else 0.0
        drawn = [name for name in ranked if peaks[name] >= max(SPAN * top, FLOOR)][:MOST]
        return drawn, [name for name in ranked if name not in drawn]


def decades() -> FuncFormatter:
    """Give the labels of a logarithmic axis.

    Examples
    --------
    >>> decades()(1e-3)
    '10⁻³'
    """
    return FuncFormatter(lambda value, _: words.power_of_ten(round(np.log10(value))) if value > 0.0 else "")


def draw_concentrations(axes: Axes, lines: Lines) -> list[str]:
    """Draw all lines on a logarithmic axis in mol/L and set its range; gives the names of those drawn.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> draw_concentrations(axes, Lines(np.array([1.0, 2.0]), {"H2": np.array([1e-6, 2e-6])}))
    ['H2']
    """
    drawn, _ = lines.chosen()
    axes.set_yscale("log")
    spare = [name for name in drawn if not style.known(name)]
    for rank, name in enumerate(drawn):
        looks = style.look(name, spare.index(name) if name in spare else 0)
        top = 4.0 if looks.dash == "-" else 5.0  # a solid line shows through the gaps of a dashed one
        values = np.where(lines.values[name] > 0.0, lines.values[name], np.nan)
        axes.plot(
            lines.x,
            values,
            color=looks.colour,
            linestyle=looks.dash,
            linewidth=1.9,
            zorder=top - 0.01 * rank,
        )
        if name in lines.bands and rank < BANDS:
            low, high = (np.maximum(edge, FLOOR) for edge in lines.bands[name])
            axes.fill_between(lines.x, low, high, facecolor=looks.colour, alpha=0.13, linewidth=0, zorder=2)
            for edge in (low, high):
                axes.plot(lines.x, edge, color=looks.colour, alpha=0.45, linewidth=0.6, zorder=3)
    if drawn:
        axes.set_ylim(_limits(lines, drawn))
    axes.yaxis.set_major_locator(LogLocator(numticks=12))
    axes.yaxis.set_major_formatter(decades())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("Concentration (mol/L = M)")
    return drawn


def label_ends(axes: Axes, lines: Lines, drawn: Sequence[str], left: bool = False) -> None:
    """Write each species' name at the right (or left) of the axes, level with its line, in its colour, without overlap.

    A line that ends below the axes (a radical after the beam went off) has its name at the level of its peak,
    without a leader.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> lines = Lines(np.array([1.0, 2.0]), {"H2": np.array([1e-6, 2e-6])})
    >>> label_ends(axes, lines, draw_concentrations(axes, lines))
    >>> axes.texts[0].get_text()
    'H₂'
    """
    spare = [name for name in drawn if not style.known(name)]
    low, high = axes.get_ylim()
    end = 0 if left else -1
    inside = {name: bool(lines.values[name][end] >= low) for name in drawn}
    levels = [lines.values[name][end] if inside[name] else np.max(lines.values[name]) for name in drawn]
    share = np.log(np.maximum(levels, low) / low) / np.log(high / low)
    placed = style.spread(share, 1.28 * style.TEXT / 72.0 / _height(axes), 0.0, 1.0)
    for name, at, where in zip(drawn, share, placed, strict=True):
        colour = style.look(name, spare.index(name) if name in spare else 0).colour
        place: dict[str, Any] = {"color": colour, "transform": axes.transAxes, "clip_on": False}
        if inside[name]:
            leader = np.array([1.004, 1.012, 1.028, 1.034])
            axes.plot(1.0 - leader if left else leader, [at, at, where, where], linewidth=0.8, **place)
        side = "right" if left else "left"
        axes.text(
            -0.04 if left else 1.04, where, words.formula(name), fontsize=style.TEXT, va="center", ha=side, **place
        )


def saturation_lines(axes: Axes, solubility: Mapping[str, float], lines: Lines) -> None:
    """Draw where each gas (mol/m^3 at saturation) would come out of solution, if the plot gets near it.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> axes.set_yscale("log")
    >>> saturation_lines(axes, {"H2": 0.78}, Lines(np.array([1.0, 2.0]), {"H2": np.array([1e-6, 1e-3])}))
    >>> axes.texts[0].get_text()
    'H₂ saturated'
    """
    near = {gas: c * MOLAR for gas, c in solubility.items() if np.max(lines.values[gas]) > 1e-3 * c * MOLAR}
    low, high = axes.get_ylim()
    axes.set_ylim(low, max([high, *(3.0 * c for c in near.values())]))
    for rank, (gas, level) in enumerate(sorted(near.items(), key=lambda item: item[1])):
        colour = style.look(gas).colour
        axes.axhline(level, color=colour, linestyle=style.DOTS, linewidth=1.2, zorder=1.5)
        above = rank > 0  # the lowest is named below its line, so that two close ones stay apart
        axes.annotate(
            f"{words.formula(gas)} saturated",
            (0.0, level),
            (5 + 95 * max(rank - 1, 0), 3 if above else -3),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            color=colour,
            fontsize=style.SMALL,
            va="bottom" if above else "top",
            zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5},
        )


def draw_ph(axes: Axes, x: np.ndarray, ph: np.ndarray, band: tuple[np.ndarray, np.ndarray] | None = None) -> None:
    """Draw pH with its last value beside it.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> draw_ph(axes, np.array([1.0, 2.0]), np.array([7.0, 4.65]))
    >>> axes.texts[0].get_text()
    '4.65'
    """
    if band is not None:
        axes.fill_between(x, band[0], band[1], color=style.INK, alpha=0.14, linewidth=0)
    axes.plot(x, ph, color=style.INK, linewidth=1.9)
    everything = np.concatenate([ph, *(band or ())])
    middle, half = (everything.max() + everything.min()) / 2.0, max(np.ptp(everything) / 2.0, 0.5)
    axes.set_ylim(middle - 1.25 * half, middle + 1.25 * half)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(ScalarFormatter(useOffset=False))
    share = (ph[-1] - middle) / (2.5 * half) + 0.5
    axes.text(1.04, share, f"{ph[-1]:.2f}", color=style.INK, fontsize=style.TEXT, va="center", transform=axes.transAxes)
    axes.set_ylabel("pH")


def small_print(lines: Lines, bands: str = "") -> list[str]:
    """What the figure leaves out, and what its bands mean.

    Examples
    --------
    >>> small_print(Lines(np.array([1.0]), {"H2": np.array([1e-3]), "O3": np.array([1e-12])}), "hold 95 %")
    ['Not shown: O₃ (at most 1 pM).', 'Bands hold 95 %.']
    """
    drawn, left = lines.chosen()
    sentences = []
    if left:
        few = ", ".join(words.formula(name) for name in left[:6]) + (f" and {len(left) - 6} more" if left[6:] else "")
        peak = max(float(np.max(lines.values[name])) for name in left)
        sentences.append(f"Not shown: {few} (at most {words.molar(peak)}).")
    if bands:
        which = f" of the {BANDS} most abundant" if len(drawn) > BANDS else ""
        sentences.append(f"Bands{which} {bands}.")
    return sentences


def _height(axes: Axes) -> float:
    figure = axes.get_figure(root=True)
    return float(axes.get_position().height * (figure.get_size_inches()[1] if figure is not None else 4.0))


def _limits(lines: Lines, drawn: list[str]) -> tuple[float, float]:
    peaks = [float(np.max(lines.values[name])) for name in drawn]
    tops = [float(np.max(lines.bands[name][1])) for name in drawn[:BANDS] if name in lines.bands]
    floor = max(max(peaks) * SPAN, FLOOR)
    ends = [float(lines.values[name][-1]) for name in drawn if lines.values[name][-1] >= floor]
    low = max(min([*peaks, *ends]), floor * 1e-2)
    return 10.0 ** np.floor(np.log10(low) - 0.4), 10.0 ** (np.log10(max([*peaks, *tops])) + 0.45)


def _constant(values: np.ndarray) -> bool:
    return bool(np.ptp(values) <= 1e-9 * np.max(np.abs(values)))

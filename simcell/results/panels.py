"""The parts from which figures are made: lines with a name at their end, a pH panel, shading, an axis of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, ScalarFormatter

from simcell.results import style

MOLAR = 1e-3  # (mol/L) in one mol/m^3
SPAN = 1e-6  # a species that never reaches this share of the largest is named in a note and not drawn
FLOOR = 1e-15  # M; about one molecule in a cubic micrometre is 1.7e-15 M, so nothing below has a meaning
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
        values = np.where(lines.values[name] > 0.0, lines.values[name], np.nan)
        axes.plot(lines.x, values, color=looks.colour, linestyle=looks.dash, linewidth=1.9, zorder=5 - 0.01 * rank)
        if name in lines.bands:
            low, high = (np.maximum(edge, FLOOR) for edge in lines.bands[name])
            axes.fill_between(lines.x, low, high, color=looks.colour, alpha=0.16, linewidth=0, zorder=2)
    if drawn:
        peaks = [float(np.max(lines.values[name])) for name in drawn]
        last = [float(lines.values[name][-1]) for name in drawn if lines.values[name][-1] > 0.0]
        low = max(min([*peaks, *last]), max(peaks) * SPAN * 1e-2, FLOOR)
        axes.set_ylim(10.0 ** np.floor(np.log10(low) - 0.4), 10.0 ** (np.log10(max(peaks)) + 0.45))
    axes.yaxis.set_major_locator(LogLocator(numticks=12))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("Concentration (mol/L = M)")
    return drawn


def label_ends(axes: Axes, x: float, ends: Mapping[str, float], texts: Mapping[str, str] | None = None) -> None:
    """Write each species' name at the right of the axes, level with its line, in its colour, without overlap.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> axes.set_yscale("log")
    >>> label_ends(axes, 1.0, {"H2": 1e-6})
    >>> axes.texts[0].get_text()
    '$\\\\mathrm{H_{2}}$'
    """
    names = list(ends)
    spare = [name for name in names if not style.known(name)]
    low, high = np.log10(axes.get_ylim())
    share = (np.log10([max(ends[name], 1e-300) for name in names]) - low) / (high - low)
    share = np.clip(share, 0.0, 1.0)
    figure = axes.get_figure()
    height = axes.get_position().height * (figure.get_size_inches()[1] if figure is not None else 4.0)
    placed = style.spread(share, 1.28 * style.TEXT / 72.0 / height, 0.0, 1.0)
    for name, at, where in zip(names, share, placed, strict=True):
        colour = style.look(name, spare.index(name) if name in spare else 0).colour
        axes.plot([1.004, 1.016, 1.028], [at, where, where], color=colour, linewidth=0.8, clip_on=False,
                  transform=axes.transAxes, solid_capstyle="round")
        text = style.formula(name) + (f"  {texts[name]}" if texts and name in texts else "")
        axes.text(1.034, where, text, color=colour, fontsize=style.TEXT, va="center", ha="left",
                  transform=axes.transAxes)


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
    axes.yaxis.get_major_locator().set_params(nbins=4, steps=[1, 2, 5, 10])
    axes.yaxis.set_major_formatter(ScalarFormatter(useOffset=False))
    share = (ph[-1] - middle) / (2.5 * half) + 0.5
    axes.text(1.034, share, f"{ph[-1]:.2f}", color=style.INK, fontsize=style.TEXT, va="center",
              transform=axes.transAxes)
    axes.set_ylabel("pH")


def time_axis(axes: Axes, time: np.ndarray) -> None:
    """Make the lower axis one of time: logarithmic for samples that are spaced so, ticks with their unit.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> time_axis(axes, np.logspace(-9, 3, 50))
    >>> axes.get_xscale()
    'log'
    """
    axes.set_xlabel("Time")
    if is_linear(time):
        axes.set_xlim(time[0], time[-1])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.duration(value) if value else "0"))
        return
    axes.set_xscale("log")
    first, last = time[time > 0.0][0], time[-1]
    axes.set_xlim(first, last)
    powers = np.arange(np.ceil(np.log10(first) - 1e-6), np.floor(np.log10(last) + 1e-6) + 1)
    step = 1 if len(powers) <= 5 else 3
    axes.xaxis.set_major_locator(FixedLocator([10.0**p for p in powers if p % step == 0]))
    axes.xaxis.set_minor_locator(FixedLocator([10.0**p for p in powers if p % step != 0]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: style.duration(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def is_linear(time: np.ndarray) -> bool:
    """Whether samples are spread evenly rather than by factors.

    Examples
    --------
    >>> is_linear(np.linspace(0.0, 30.0, 31)), is_linear(np.logspace(-9, 3, 50))
    (True, False)
    """
    positive = time[time > 0.0]
    if len(positive) < 2 or positive[-1] < 20.0 * positive[0]:
        return True
    # Most samples in the last tenth of the decades, but not of the range: the mark of even spacing.
    return bool(np.mean(positive > 0.1 * positive[-1]) > 0.7)


def shade_off(axes: Axes, time: np.ndarray, on: np.ndarray, name: bool = True) -> None:
    """Shade the spans in which the beam is off; each sample tells the state until the next one.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> shade_off(axes, np.array([0.0, 1.0, 2.0]), np.array([0, 1, 1]))
    >>> len(axes.patches)
    1
    """
    for start, end in _spans(time, on == 0):
        axes.axvspan(start, end, color=style.SHADE, linewidth=0, zorder=0)
        if name:
            middle = np.sqrt(start * end) if axes.get_xscale() == "log" and start > 0 else (start + end) / 2
            axes.annotate("beam off", (middle, 1.0), (0, -4), textcoords="offset points", ha="center", va="top",
                          xycoords=("data", "axes fraction"), fontsize=style.SMALL, color=style.FAINT)


def note(axes: Axes, sentences: Sequence[str]) -> None:
    """Write small print under the lowest panel.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> note(axes, ["Not shown: O3."])
    """
    figure = axes.get_figure()
    if figure is not None and sentences:
        figure.text(axes.get_position().x0, 0.012, "  ".join(sentences), fontsize=style.SMALL - 0.5,
                    color=style.FAINT, va="bottom")


def _constant(values: np.ndarray) -> bool:
    return bool(np.ptp(values) <= 1e-9 * np.max(np.abs(values)))


def _spans(time: np.ndarray, wanted: np.ndarray) -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wanted.astype(int), [0]])))
    spans = [(time[a], time[min(b, len(time) - 1)]) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [(float(a), float(b)) for a, b in spans if b > a]

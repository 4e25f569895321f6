"""What surrounds the data: the panels of a figure, its title and small print, the axis of time, the beam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from simcell.results import style, words

BEAM_OFF = "beam off"


def stack(two: bool, small: bool) -> tuple[Figure, Axes, Axes]:
    """A figure with one tall panel and, if asked for, a low one under it; else the tall one twice.

    Room for small print is left only where there is some.

    Examples
    --------
    >>> figure, upper, lower = stack(two=True, small=False)
    >>> bool(upper.get_position().y0 > lower.get_position().y1)
    True
    """
    tall = (6.2 if two else 5.0) + (0.2 if small else 0.0)
    figure = style.new_figure(tall)
    left, right, bottom, top = 0.092, 0.875, (0.76 if small else 0.56) / tall, 1.0 - 0.7 / tall
    if not two:
        axes = figure.add_axes((left, bottom, right - left, top - bottom))
        return figure, axes, axes
    low = 0.22 * (top - bottom)
    gap = 0.16 / tall
    upper = figure.add_axes((left, bottom + low + gap, right - left, top - bottom - low - gap))
    lower = figure.add_axes((left, bottom, right - left, low))
    return figure, upper, lower


def share_axis(upper: Axes) -> None:
    """Leave the numbers of the horizontal axis to the panel below.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> share_axis(axes)
    >>> axes.get_xlabel()
    ''
    """
    upper.tick_params(axis="x", which="both", labelbottom=False)
    upper.set_xlabel("")


def title(axes: Axes, name: str, conditions: str) -> None:
    """Write the title and, under it, the conditions.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> title(axes, "Water", "1 Gy/s")
    """
    taken = 11 if any(text.get_text() == BEAM_OFF for text in axes.texts) else 0
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    size, small = style.TEXT + 2, style.SMALL + 0.5
    lift = taken + (21 if conditions else 7)
    axes.annotate(name, (0, 1), (0, lift), fontsize=size, fontweight="bold", color=style.INK, **place)
    axes.annotate(conditions, (0, 1), (0, taken + 6), fontsize=small, color=style.FAINT, **place)


def note(figure: Figure, sentences: Sequence[str]) -> None:
    """Write small print at the foot of a figure.

    Examples
    --------
    >>> figure = style.new_figure(4.0)
    >>> note(figure, ["Not shown: O3."])
    >>> figure.texts[0].get_text()
    'Not shown: O3.'
    """
    if sentences:
        figure.text(0.012, 0.012, "  ".join(sentences), fontsize=style.SMALL - 0.5, color=style.FAINT, va="bottom")


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
        if time[-1] > time[0]:
            # a first sample at 1 ns stands for the start
            axes.set_xlim(time[0] if time[0] > 1e-3 * time[-1] else 0.0, time[-1])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.duration(value) if value else "0"))
        return
    axes.set_xscale("log")
    first, last = time[time > 0.0][0], time[-1]
    axes.set_xlim(first, last)
    powers = np.arange(np.ceil(np.log10(first) - 1e-6), np.floor(np.log10(last) + 1e-6) + 1)
    step = 1 if len(powers) <= 5 else 3
    axes.xaxis.set_major_locator(FixedLocator([10.0**p for p in powers if p % step == 0]))
    axes.xaxis.set_minor_locator(FixedLocator([10.0**p for p in powers if p % step != 0]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.duration(value)))
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


def shade_off(axes: Axes, time: np.ndarray, on: np.ndarray, name: bool = True) -> list[str]:
    """Shade the spans in which the beam is off; each sample tells the state until the next one.

    Wide spans are named above the axes; otherwise the sentence that explains the shade is given back.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> shade_off(axes, np.array([0.0, 1.0, 2.0]), np.array([0, 1, 1]))
    []
    >>> axes.texts[0].get_text()
    'beam off'
    """
    spans = _spans(time, on == 0)
    for start, end in spans:
        axes.axvspan(start, end, color=style.SHADE, linewidth=0, zorder=0)
    edges = [axes.transData.transform((at, 1.0))[0] for span in spans for at in span]
    widths = np.subtract(edges[1::2], edges[::2]) / axes.bbox.width
    if not spans or not name:
        return []
    if min(widths) < 0.09:
        return ["Shaded: beam off."]
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        middle = ((left + right) / 2.0 - axes.bbox.x0) / axes.bbox.width
        axes.annotate(
            BEAM_OFF,
            (middle, 1.0),
            (0, 2.5),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            fontsize=style.SMALL,
            color=style.FAINT,
        )
    return []


def _spans(time: np.ndarray, wanted: np.ndarray) -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wanted.astype(int), [0]])))
    spans = [(time[a], time[min(b, len(time) - 1)]) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [(float(a), float(b)) for a, b in spans if b > a]

"""Profiles: concentration and pH against the distance from the beam, of many species or of one at several times.

`radial`: against the radius, on a logarithmic axis from the first cell. Other grids: along x through the centre of the
beam, averaged over the thickness of the liquid, on a linear axis. The beam is shaded to where the dose rate is half its
maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from simcell.results import frame, gather, maps, panels, space, style, words
from simcell.results.layers import SPAN

MOST_TIMES = 6
BEAM = "beam"


def profile(tree: xr.DataTree, seconds: float | None = None, wanted: Sequence[str] | None = None) -> Figure:
    """Draw all species that matter against the distance at one time, with pH below.

    Parameters
    ----------
    tree : xarray.DataTree
        One run in space.
    seconds : float, optional
        The nearest output time is drawn; the last when not given.
    wanted : sequence of str, optional
        Only these species.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"concentration": (["time", "species", "x"], [[[1e-3, 1e-6]]])}},
    ...              {"time": [1.0], "species": ["H2"], "x": [1e-6, 2e-6]}, {"geometry": "radial"})
    >>> profile(tree).axes[0].get_xlabel()
    'Distance from the axis of the beam'
    """
    space.need_space(tree)
    group = gather.radiolysis(tree)
    step = space.at(group, seconds)
    gather.need(group, "concentration")
    names = [space.species_name(group, s) for s in wanted] if wanted else [str(s) for s in group["species"].values]
    along = distance(tree)
    lines = panels.Lines(along, {s: line(tree, s, step) for s in names})
    sentences = panels.small_print(lines)
    upper, lower, figure = _stack(tree, "pH" in group, bool(sentences))
    drawn = panels.draw_concentrations(upper, lines)
    if drawn:
        _limit(upper, lines, drawn)
    if lower is not upper:
        ph = line(tree, space.PH, step)
        panels.draw_ph(lower, along, ph)
        for text in (
            list(lower.texts) if _radial(tree) else ()
        ):  # the end of the line is the far field: said in the title
            text.remove()
        frame.share_axis(upper)
    panels.label_ends(upper, lines, drawn, left=_radial(tree))
    _beam(upper, tree, name=True)
    _beam(lower, tree) if lower is not upper else None
    frame.note(figure, sentences)
    name, conditions = maps.heading(tree, float(group["time"].values[step]))
    if lower is not upper:
        at_beam = float(ph[int(np.argmin(np.abs(along)))])
        conditions += f", pH {at_beam:.2f} in the beam and {float(ph[-1]):.2f} at the edge of the grid"
    frame.title(upper, name, conditions)
    return figure


def evolution(tree: xr.DataTree, what: str, seconds: Sequence[float] | None = None) -> Figure:
    """Draw one quantity against the distance at several times, dark for early ones and bright for late ones.

    Parameters
    ----------
    tree : xarray.DataTree
    what : str
        A species, `pH` or `gas`.
    seconds : sequence of float, optional
        Default: up to six output times, spread evenly over the run's samples.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[7.0, 7.0], [5.0, 7.0]])}},
    ...              {"time": [1.0, 2.0], "x": [1e-6, 2e-6]}, {"geometry": "radial"})
    >>> [text.get_text() for text in evolution(tree, "pH").axes[0].texts][:2]
    ['1 s', '2 s']
    """
    space.need_space(tree)
    group = gather.radiolysis(tree)
    steps = [space.at(group, s) for s in seconds] if seconds else spread_times(group["time"].values)
    steps = list(dict.fromkeys(steps))
    field = space.frames(tree, what, steps[-1:])[0]
    along, values = distance(tree), np.array([line(tree, what, step) for step in steps])
    axes, _, figure = _stack(tree, False, False)
    colours = time_colours(len(steps))
    for row, colour in zip(values, colours, strict=True):
        axes.plot(
            along, np.where(row > 0.0, row, np.nan) if field.kind == "concentration" else row, color=colour, lw=1.9
        )
    scale_values(axes, values, field)
    _beam(axes, tree, name=True)
    _time_labels(axes, values, [_clock(t) for t in group["time"].values[steps]], colours, tree)
    name, conditions = maps.heading(tree, None)
    frame.title(
        axes,
        f"{field.name}: {name[:1].lower()}{name[1:]}" if name.startswith("Beam") else f"{field.name}: {name}",
        conditions,
    )
    return figure


def line(tree: xr.DataTree, what: str, step: int) -> np.ndarray:
    """Values of a quantity along the profile, averaged over the thickness: mol/L, pH, bar.

    pH is averaged as such, which is what a picture needs; an amount of acid follows from H+.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}}, {"time": [1.0], "x": [1e-6, 2e-6]})
    >>> line(tree, "pH", 0)
    array([5., 7.])
    """
    where = space.place(tree)
    row = where.beam_cell()[0]
    weight = space.volume(tree)[:, row]
    values = space.frames(tree, what, [step])[0].values[:, row]
    return np.asarray((values * weight).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-300))


def distance(tree: xr.DataTree) -> np.ndarray:
    """Positions of a profile [m]: the radius, or x from the centre of the beam.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}}, {"time": [1.0], "x": [1e-6, 2e-6]})
    >>> distance(tree)
    array([1.e-06, 2.e-06])
    """
    where = space.place(tree)
    return where.x - where.beam_centre()[1]


def beam_edges(tree: xr.DataTree) -> list[float]:
    """Where along the profile the dose rate passes half its maximum [m].

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}, "beam": {"dose_rate": (["x"], [1.0, 0.0])}},
    ...              {"time": [1.0], "x": [1e-6, 2e-6]}, {"geometry": "radial"})
    >>> beam_edges(tree)
    [1.5e-06]
    """
    from simcell.radiolysis.reach import outline

    where = space.place(tree)
    row = where.beam_cell()[0]
    if where.dose_rate.max() <= 0.0:
        return []
    points = outline(where.dose_rate[row : row + 1], np.zeros(1), distance(tree))
    return sorted(float(x) for _, x in points)


def spread_times(time: np.ndarray, most: int = MOST_TIMES) -> list[int]:
    """Indices of output times that show a run, the last among them: evenly, or by decades where samples are spread so.

    Examples
    --------
    >>> spread_times(np.linspace(0.0, 10.0, 11), 5), spread_times(np.logspace(-6, 1, 71), 4)
    ([2, 4, 6, 8, 10], [10, 30, 50, 70])
    """
    wanted = np.arange(1 if time.size > 1 and time[0] == 0.0 else 0, time.size)
    if not frame.is_linear(time):
        after = np.log10(time[wanted])
        powers = np.arange(np.ceil(after[0] - 1e-6), np.floor(after[-1] + 1e-6) + 1)
        near = np.abs(after[:, None] - powers).argmin(axis=0) + wanted[0]
        wanted = np.unique(np.append(near, time.size - 1))
    return [int(i) for i in wanted[::-1][:: max(1, -(-wanted.size // most))][::-1]]


def time_colours(count: int) -> np.ndarray:
    """Colours for times, uniform in lightness, without the palest.

    Examples
    --------
    >>> time_colours(3).shape
    (3, 4)
    """
    return np.asarray(mpl.colormaps["viridis"](np.linspace(0.0, 0.86, count) if count > 1 else np.array([0.3])))


def scale_values(axes: Axes, values: np.ndarray, field: space.Field) -> None:
    """Set the vertical axis for all values of a field: logarithmic for concentrations, at most six decades.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> scale_values(axes, np.array([1e-20, 1e-3]), space.Field("OH", "M", np.ones((1, 1, 2)), "concentration"))
    >>> axes.get_yscale(), bool(axes.get_ylim()[0] > 1e-10)
    ('log', True)
    """
    low, high = float(values.min()), float(values.max())
    axes.set_ylabel("Concentration (mol/L = M)" if field.kind == "concentration" else field.label)
    if field.kind == "concentration":
        high = max(high, panels.FLOOR)
        axes.set_yscale("log")
        axes.set_ylim(max(low, SPAN * high) / 1.6, 2.0 * high)
        axes.yaxis.set_major_locator(LogLocator(numticks=12))
        axes.yaxis.set_major_formatter(
            panels.decades() if high > 30.0 * max(low, SPAN * high) else FuncFormatter(lambda v, _: words.number(v))
        )
        axes.yaxis.set_minor_formatter(NullFormatter())
        return
    half = max(0.55 * (high - low), 0.25 if field.kind == space.PH else 1e-3)
    middle = 0.5 * (high + low)
    axes.set_ylim(middle - half if field.kind == space.PH else min(0.0, low), middle + half)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))


def stage(tree: xr.DataTree) -> tuple[Axes, Figure]:
    """One panel with the axis of distance and the beam, for what is drawn into it.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}}, {"time": [1.0], "x": [1e-6, 2e-6]})
    >>> stage(tree)[0].get_xscale()
    'log'
    """
    axes, _, figure = _stack(tree, False, False)
    _beam(axes, tree, name=True)
    return axes, figure


def _radial(tree: xr.DataTree) -> bool:
    return space.place(tree).geometry == "radial"


def _stack(tree: xr.DataTree, two: bool, small: bool) -> tuple[Axes, Axes, Figure]:
    figure, upper, lower = frame.stack(two, small)
    for axes in dict.fromkeys((upper, lower)):
        _distance_axis(axes, distance(tree), _radial(tree))
        style.dress(axes)
        if _radial(tree):  # names stand at the left, where the beam is and lines differ most
            axes.yaxis.tick_right()
            axes.yaxis.set_label_position("right")
            axes.spines["right"].set(visible=True, color=style.FAINT, linewidth=0.8)
            axes.spines["left"].set_visible(False)
            box = axes.get_position()
            axes.set_position((0.1, box.y0, 0.8, box.height))
    return upper, lower, figure


def _distance_axis(axes: Axes, along: np.ndarray, logarithmic: bool) -> None:
    axes.set_xlabel("Distance from the axis of the beam" if logarithmic else "x from the centre of the beam")
    faces = space.edges(along)
    if logarithmic:
        axes.set_xscale("log")
        axes.set_xlim(along[0], faces[-1])
        axes.xaxis.set_major_locator(LogLocator(numticks=8))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(faces[0], faces[-1])
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: words.length(value).replace("-", "−") if value else "0")
    )


def _beam(axes: Axes, tree: xr.DataTree, name: bool = False) -> None:
    edges = beam_edges(tree)
    if not edges:
        return
    left, right = axes.get_xlim()
    low = edges[0] if len(edges) > 1 else left
    axes.axvspan(max(low, left), min(edges[-1], right), color=style.SHADE, linewidth=0, zorder=0)
    for at in edges:
        axes.axvline(at, color=style.FAINT, linewidth=0.8, linestyle=style.DASH, zorder=1)
    if name:
        middle = np.sqrt(left * edges[-1]) if axes.get_xscale() == "log" else 0.5 * (low + edges[-1])
        axes.annotate(
            BEAM, (middle, 0.0), (0, 4), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="center", fontsize=style.SMALL, color=style.FAINT, zorder=6,
        )  # fmt: skip


def _limit(axes: Axes, lines: panels.Lines, drawn: list[str]) -> None:
    """Show six decades below the largest that changes and what lies above; a far field of nothing has no bottom."""
    low, high = axes.get_ylim()
    peaks = [float(np.max(lines.values[name])) for name in drawn]
    axes.set_ylim(max(low, min(peaks) * 0.03, panels.FLOOR), high)


def _time_labels(axes: Axes, values: np.ndarray, names: list[str], colours: np.ndarray, tree: xr.DataTree) -> None:
    """Name each time at the end of its line: at the left (in the beam) in `radial`, else at the right."""
    radial, (low, high) = _radial(tree), axes.get_ylim()
    ends = values[:, 0 if radial else -1]
    inside = ends >= low
    level = np.clip(np.where(inside, ends, values.max(axis=1)), low, high)
    log = axes.get_yscale() == "log"
    share = np.log(level / low) / np.log(high / low) if log else (level - low) / (high - low)
    figure = axes.get_figure(root=True)
    height = axes.get_position().height * (figure.get_size_inches()[1] if figure is not None else 4.0)
    placed = style.spread(share, 1.28 * style.TEXT / 72.0 / height, 0.0, 1.0)
    leader = np.array([1.004, 1.012, 1.028, 1.034])
    for name, led, was, where, colour in zip(names, inside, share, placed, colours, strict=True):
        place: dict[str, Any] = {"color": colour, "transform": axes.transAxes, "clip_on": False}
        if led:
            axes.plot(1.0 - leader if radial else leader, [was, was, where, where], linewidth=0.8, **place)
        side = "right" if radial else "left"
        axes.text(-0.04 if radial else 1.04, where, name, ha=side, va="center", fontsize=style.TEXT, **place)


def _clock(seconds: float) -> str:
    return words.duration(float(f"{seconds:.2g}")) if seconds else "0 s"

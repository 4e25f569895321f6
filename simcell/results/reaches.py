"""How far each species reaches from the beam, as bars: see `simcell.radiolysis.reach` for what the word means."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from simcell.errors import ResultError
from simcell.radiolysis.reach import beam_distance, reach
from simcell.results import frame, gather, maps, space, style, words

MOST = 24


def reaches(tree: xr.DataTree, seconds: float | None = None) -> dict[str, float]:
    """Reach of each species [m] at one time: as stored, else from the concentrations.

    Parameters
    ----------
    tree : xarray.DataTree
        One run in space.
    seconds : float, optional
        The nearest output time; the last when not given.

    Returns
    -------
    dict
        Species -> reach; NaN beyond the grid, 0 for what the beam does not change. The solvent is left out.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"concentration": (["time", "species", "x"], [[[1e-3, 1e-3, 1e-5, 0.0]]])},
    ...               "beam": {"dose_rate": (["x"], [1.0, 1.0, 0.0, 0.0])}},
    ...              {"time": [1.0], "species": ["H2"], "x": [1e-6, 2e-6, 3e-6, 4e-6]}, {"geometry": "radial"})
    >>> {name: float(round(value * 1e6, 3)) for name, value in reaches(tree).items()}
    {'H2': 0.0}
    """
    space.need_space(tree)
    group, where = gather.radiolysis(tree), space.place(tree)
    step = space.at(group, seconds)
    concentration = gather.need(group, "concentration").isel(time=step)
    names = [str(name) for name in group["species"].values]
    if "reach" in group:
        found = group["reach"].isel(time=step).values
    else:
        c = np.stack([space.filled(concentration.sel(species=name), where.shape) for name in names])
        found = reach(c, _before(group, c), space.volume(tree), where.dose_rate, where.y, where.x)
    return {name: float(value) for name, value in zip(names, found, strict=True) if name != "H2O"}


def bars(tree: xr.DataTree, seconds: float | None = None) -> Figure:
    """Draw the reach of each species, the farthest first.

    Parameters
    ----------
    tree : xarray.DataTree
        One run in space.
    seconds : float, optional
        The nearest output time; the last when not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ResultError
        Where there is no beam to measure from, or it changes nothing.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"concentration": (["time", "species", "x"], [[[1e-3, 1e-3, 1e-3, 0.0]]])},
    ...               "beam": {"dose_rate": (["x"], [1.0, 1.0, 0.0, 0.0])}},
    ...              {"time": [1.0], "species": ["H2"], "x": [1e-6, 2e-6, 3e-6, 4e-6]}, {"geometry": "radial"})
    >>> bars(tree).axes[0].get_yticklabels()[0].get_text()
    'H₂'
    """
    found, where = reaches(tree, seconds), space.place(tree)
    if where.dose_rate.max() <= 0.0:
        raise ResultError("the dose rate is zero everywhere, so there is no beam to measure a reach from")
    shown = {name: value for name, value in found.items() if value != 0.0}
    if not shown:
        raise ResultError("the beam has changed no species outside its outline at this time, so none has a reach")
    away = beam_distance(where.dose_rate, where.y, where.x)
    limit = float(away.max())
    if not np.isfinite(limit):
        raise ResultError(
            "the beam covers the whole grid, so nothing lies outside it; make the grid larger than the beam"
        )
    ranked = sorted(shown, key=lambda name: (-np.nan_to_num(shown[name], nan=np.inf), name))[:MOST]
    height = 1.5 + 0.27 * len(ranked)
    figure = style.new_figure(height)
    axes = figure.add_axes((0.11, 0.72 / height, 0.77, 0.27 * len(ranked) / height))
    _draw(axes, {name: shown[name] for name in ranked}, limit)
    group = gather.radiolysis(tree)
    name, conditions = maps.heading(tree, float(group["time"].values[space.at(group, seconds)]))
    frame.title(
        axes, f"Reach: {name[:1].lower()}{name[1:]}" if name.startswith("Beam") else f"Reach: {name}", conditions
    )
    unchanged = [name for name, value in found.items() if value == 0.0]
    frame.note(figure, _small_print(unchanged, len(shown) - len(ranked)))
    return figure


def _draw(axes: Axes, shown: dict[str, float], limit: float) -> None:
    style.dress(axes)
    known = [value for value in shown.values() if np.isfinite(value)]
    low = 10.0 ** np.floor(np.log10(0.7 * min([*known, 0.3 * limit])))
    axes.set_xscale("log")
    axes.set(xlim=(low, 1.9 * max([*known, limit])), ylim=(len(shown) - 0.5, -0.5))
    spare = [name for name in shown if not style.known(name)]
    for row, (name, value) in enumerate(shown.items()):
        beyond = not np.isfinite(value)
        end = limit if beyond else value
        colour = style.look(name, spare.index(name) if name in spare else 0).colour
        charged = name.endswith(("+", "-"))
        axes.barh(
            row, end - low, left=low, height=0.62, color=colour, alpha=0.45 if beyond else 1.0,
            hatch="////" if charged else None, edgecolor="white" if charged else colour, linewidth=0.0,
        )  # fmt: skip
        text = (
            f"beyond the grid (> {words.length(float(f'{limit:.2g}'))})"
            if beyond
            else words.length(float(f"{value:.2g}"))
        )
        axes.annotate(
            text, (end, row), (-4 if beyond else 4, 0), textcoords="offset points", va="center",
            ha="right" if beyond else "left", fontsize=style.SMALL, color=style.INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8} if beyond else None,
        )  # fmt: skip
    axes.set_yticks(range(len(shown)), [words.formula(name) for name in shown], fontsize=style.TEXT - 0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.xaxis.set_major_locator(LogLocator(numticks=9))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.length(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("Distance from the edge of the beam")


def _before(group: xr.Dataset, c: np.ndarray) -> np.ndarray:
    """Composition without the beam: as stored, else that of the last cell, the farthest from the beam on its line."""
    if "initial_concentration" in group:
        return np.asarray(group["initial_concentration"].values)
    return np.asarray(c[:, 0, 0, -1])


def _small_print(unchanged: list[str], more: int) -> list[str]:
    sentences = [
        "Where what the beam adds or takes has fallen to a tenth of its largest value in the beam. Hatched: ions."
    ]
    if unchanged:
        few = ", ".join(words.formula(name) for name in unchanged[:6])
        sentences.append(f"Not outside the beam: {few}{f' and {len(unchanged) - 6} more' if unchanged[6:] else ''}.")
    if more > 0:
        sentences.append(f"{more} more reach less far.")
    return sentences

"""The picture of the 2 x 2 experiment: current, potential and pH of the four runs, parts of the chief numbers."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simcell.results.effects import BEAM, BIAS, Effect, effects, telling
from simcell.results.style import FAINT, INK, SMALL, TEXT, dress, new_figure

HEIGHT = 6.4  # inch
_LOOKS = {
    (0, 0): ("neither", FAINT, "-"), (1, 0): ("beam alone", "#d08700", "-"), (0, 1): ("bias alone", "#2a6f97", "-"),
    (1, 1): ("beam and bias", INK, "-"),
}  # fmt: skip
_PARTS = (("beam", "#d08700"), ("bias", "#2a6f97"), ("interaction", "#a63d57"))
MOST_BARS = 6


def is_of_controls(tree: xr.DataTree) -> bool:
    """Whether a result is that of `simcell controls`.

    Examples
    --------
    >>> is_of_controls(xr.DataTree())
    False
    """
    return any(BEAM in node.dims and BIAS in node.dims for node in tree.subtree)


def four_runs(tree: xr.DataTree) -> Figure:
    """Draw the four runs.

    Parameters
    ----------
    tree : xarray.DataTree
        Of `simcell.studies.controls.controls`.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> four_runs.__name__
    'four_runs'
    """
    figure = new_figure(HEIGHT)
    figure.set_layout_engine("constrained")
    axes = figure.subplots(2, 2)
    _traces(axes[0, 0], _per_area(tree), "current density / (A/m$^2$)")
    _traces(axes[0, 1], _working(tree, "electrode_potential"), "potential / V")
    _traces(axes[1, 0], _at_electrode(tree), "pH at the working electrode")
    _bars(axes[1, 1], telling(effects(tree)))
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, frameon=False, fontsize=TEXT, labelcolor=INK)
    return figure


def _per_area(tree: xr.DataTree) -> xr.DataArray:
    return tree["transport"].dataset["current_density"]


def _working(tree: xr.DataTree, name: str) -> xr.DataArray:
    return tree["transport"].dataset[name].isel(electrode=0)


def _at_electrode(tree: xr.DataTree) -> xr.DataArray:
    return tree["radiolysis"].dataset["pH"].isel(x=0)


def _traces(axes: Axes, array: xr.DataArray, words: str) -> None:
    for run, (name, colour, line) in _LOOKS.items():
        values = array.isel({BEAM: run[0], BIAS: run[1]}) if BEAM in array.dims else array
        axes.plot(array["time"], values, color=colour, ls=line, lw=1.6, label=name)
    axes.set_xlabel("time / s")
    axes.set_ylabel(words)
    dress(axes)


def _bars(axes: Axes, chief: list[Effect]) -> None:
    """Parts over the largest of them, so that quantities of any unit stand side by side."""
    chosen = [e for e in chief if "counter" not in e.quantity][:MOST_BARS]
    place = np.arange(len(chosen), dtype=float)
    for number, (name, colour) in enumerate(_PARTS):
        parts = np.array([[e.by_beam, e.by_bias, e.interaction] for e in chosen]).reshape(-1, 3)
        share = parts[:, number] / np.abs(parts).max(axis=1)
        axes.barh(place + 0.25 * (1 - number), share, 0.23, color=colour, label=name)
    axes.set_yticks(place, [fill(e.quantity, 22) for e in chosen], fontsize=SMALL)
    axes.invert_yaxis()
    axes.axvline(0.0, color=INK, lw=0.8)
    axes.set_xlabel("part over the largest part", fontsize=TEXT)
    axes.legend(frameon=False, fontsize=SMALL, labelcolor=INK, loc="upper center", bbox_to_anchor=(0.5, 1.13), ncols=3)
    dress(axes)

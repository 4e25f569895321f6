"""The picture of the 2 x 2 experiment: current, potential and pH of the four runs, parts of the chief numbers, maps."""

from __future__ import annotations

from textwrap import fill, shorten

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simcell.results.effects import (
    BEAM,
    BIAS,
    PARTS,
    Effect,
    above,
    bands_of,
    effects,
    field_effects,
    telling,
    working_of,
)
from simcell.results.style import FAINT, INK, SMALL, TEXT, dress, new_figure

HEIGHT = 6.4  # inch
_LOOKS = {
    (0, 0): ("neither", FAINT, "-"), (1, 0): ("beam alone", "#d08700", "-"), (0, 1): ("bias alone", "#2a6f97", "-"),
    (1, 1): ("beam and bias", INK, "-"),
}  # fmt: skip
_PARTS = (("beam", "#d08700"), ("bias", "#2a6f97"), ("interaction", "#a63d57"))
MOST_BARS = 6
NEGLIGIBLE = 1e-3  # of the largest of the same unit: what is less gets no bars
#: what is drawn against time: name -> axis
TRACES = {
    "current_density": "current density / (A/m$^2$)", "electrode_potential": "potential / V",
    "pH": "pH at the working electrode",
}  # fmt: skip


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
    on_grid = {"x", "y"} & set(tree["transport"].dataset["current_density"].dims)
    figure = new_figure(1.5 * HEIGHT if on_grid else HEIGHT)
    figure.set_layout_engine("constrained")
    axes = figure.subplots(3 if on_grid else 2, 2)
    if on_grid:
        _maps(figure, list(axes[2]), tree)
    for panel, (name, words) in zip((axes[0, 0], axes[0, 1], axes[1, 0]), TRACES.items(), strict=True):
        _traces(panel, trace_of(tree, name), words, _quantiles(tree, name))
    _bars(axes[1, 1], telling(effects(tree)), bands_of(tree))
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, frameon=False, fontsize=TEXT, labelcolor=INK)
    return figure


def trace_of(tree: xr.DataTree, name: str) -> xr.DataArray:
    """One of `TRACES` of the four runs against time, of the working electrode.

    Examples
    --------
    >>> tree = xr.DataTree.from_dict({"/transport": xr.Dataset({"current_density": ("time", [1.0, 2.0])})})
    >>> trace_of(tree, "current_density").values.tolist()
    [1.0, 2.0]
    """
    array = tree["radiolysis" if name == "pH" else "transport"].dataset[name]
    if "electrode" in array.dims:
        return array.isel(electrode=working_of(tree))
    return above(array, tree) if {"x", "y"} & set(array.dims) else array


def _maps(figure: Figure, row: list[Axes], tree: xr.DataTree) -> None:
    """What the beam alone and what both together do to the solute with the largest interaction, at the end."""
    parts = {name: part.isel(time=-1) for name, part in field_effects(tree, "transport/concentration").items()}
    parts = {name: part.isel(z=0) if "z" in part.dims else part for name, part in parts.items()}
    space = [d for d in parts["beam"].dims if d != "species"]
    whole = np.abs(sum(parts.values())).max(space)
    share = (np.abs(parts["interaction"]).max(space) / whole.where(whole > 1e-6)).fillna(0.0)
    species = str(share["species"].values[int(share.argmax())])
    for axes, name in zip(row, ("beam", "interaction"), strict=True):
        field = parts[name].sel(species=species)
        if len(space) == 1:
            axes.plot(1e6 * field["x"], field, color=INK, lw=1.6)
            axes.set_ylabel(f"{species} / (mol/m$^3$)")
        else:
            most = float(np.abs(field).max()) or 1.0
            colours = axes.pcolormesh(1e6 * field["x"], 1e6 * field["y"], field, cmap="RdBu_r", vmin=-most, vmax=most)
            bar = figure.colorbar(colours, ax=axes)
            bar.set_label(f"{species} / (mol/m$^3$)", fontsize=SMALL)
            bar.ax.tick_params(labelsize=SMALL)
            for x, y in zip(tree["cell"].dataset["outline_x"], tree["cell"].dataset["outline_y"], strict=True):
                corners = [*np.isfinite(x.values).nonzero()[0], 0]
                axes.plot(1e6 * x.values[corners], 1e6 * y.values[corners], color=INK, lw=1.0)
            axes.set_aspect("equal")
            axes.set_ylabel("y / µm")
        axes.set_xlabel("x / µm")
        axes.set_title({"beam": "beam alone, at the end", "interaction": "interaction, at the end"}[name], fontsize=TEXT)
        dress(axes)


def _quantiles(tree: xr.DataTree, name: str) -> xr.DataArray | None:
    return tree["controls"].dataset[f"{name}_quantile"] if "controls" in tree.children else None


def _traces(axes: Axes, array: xr.DataArray, words: str, spread: xr.DataArray | None) -> None:
    for run, (name, colour, line) in _LOOKS.items():
        where = {BEAM: run[0], BIAS: run[1]}
        values = array.isel(where) if BEAM in array.dims else array
        if spread is not None:
            low, high = spread.isel(where).isel(quantile=0), spread.isel(where).isel(quantile=-1)
            axes.fill_between(array["time"], low, high, color=colour, alpha=0.25, lw=0)
        axes.plot(array["time"], values, color=colour, ls=line, lw=1.6, label=name)
    axes.set_xlabel("time / s")
    axes.set_ylabel(words)
    dress(axes)


def _bars(axes: Axes, chief: list[Effect], bands: dict[str, np.ndarray]) -> None:
    """Parts over the largest of them, so that quantities of any unit stand side by side; lines hold 95 % of samples."""
    chosen = [e for e in chief if "counter" not in e.quantity and _counts(e, chief)][:MOST_BARS]
    place = np.arange(len(chosen), dtype=float)
    parts = np.array([[e.by_beam, e.by_bias, e.interaction] for e in chosen]).reshape(-1, 3)
    size = np.nanmax(np.abs(parts), axis=1, initial=0.0, keepdims=True)
    for number, (name, colour) in enumerate(_PARTS):
        at = place + 0.25 * (number - 1)
        axes.barh(at, parts[:, number] / size[:, 0], 0.23, color=colour, label=name)
        for y, e, scale in zip(at, chosen, size[:, 0], strict=True):
            if e.quantity in bands:
                ends = bands[e.quantity][[0, -1], PARTS.index("by_beam") + number] / scale
                axes.plot(ends, [y, y], color=INK, lw=1.1, solid_capstyle="butt")
    axes.set_yticks(place, [_short(e.quantity) for e in chosen], fontsize=SMALL)
    axes.invert_yaxis()
    axes.axvline(0.0, color=INK, lw=0.8)
    axes.set_xlabel("part over the largest part" + (" (lines: 95 %)" if bands else ""), fontsize=TEXT)
    axes.legend(frameon=False, fontsize=SMALL, labelcolor=INK, loc="upper center", bbox_to_anchor=(0.5, 1.13), ncols=3)
    dress(axes)


def _counts(e: Effect, among: list[Effect]) -> bool:
    """Whether a quantity is more than a trace of the largest of its unit."""
    largest = max(_size(other) for other in among if other.unit == e.unit)
    return _size(e) > NEGLIGIBLE * largest


def _size(e: Effect) -> float:
    return float(np.nanmax(np.abs([e.by_beam, e.by_bias, e.interaction]), initial=0.0))


def _short(quantity: str) -> str:
    """A name on two lines; reactions drawn are those of the working electrode."""
    what, colon, reaction = quantity.partition(": ")
    return f"{what.partition(',')[0]}:\n{shorten(reaction, 24)}" if colon else fill(quantity, 24)

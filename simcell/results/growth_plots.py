"""Pictures of growth: metal on the concentration of the salt, with scale bar and clock; tip, current and voltage.

The electrode stands at the left, the supply at the right. Metal is drawn in grey over the field, its edge where the
phase is 1/2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from scipy import ndimage

from simcell.errors import ResultError
from simcell.results import frame, layers, space, style, words
from simcell.results.panels import MOLAR
from simcell.results.provenance import ATTRIBUTE, read_provenance

METAL = "#3b3b40"
EDGE = "#f2f2f2"
TALLEST, FLATTEST = 4.6, 1.5  # inch, of the map
CURVES = 1.75  # inch, of the row of curves


def is_growth(tree: xr.DataTree) -> bool:
    """Whether a result is one of growth.

    Examples
    --------
    >>> is_growth(xr.DataTree())
    False
    """
    return "dendrite" in tree.children


def group_of(tree: xr.DataTree) -> xr.Dataset:
    """The group of growth, with time first.

    Raises
    ------
    ResultError
        Where there is none.

    Examples
    --------
    >>> group_of(xr.DataTree())
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: the result has no group /dendrite, so there is nothing to draw
    """
    if not is_growth(tree):
        raise ResultError("the result has no group /dendrite, so there is nothing to draw")
    return tree["dendrite"].to_dataset()


def growth(tree: xr.DataTree, seconds: float | None = None) -> Figure:
    """Draw the deposit at one time over curves of tip, current and voltage of the whole run.

    Parameters
    ----------
    tree : xarray.DataTree
    seconds : float, optional
        The nearest output time is drawn; the last when not given.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> growth(xr.DataTree())
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: the result has no group /dendrite, so there is nothing to draw
    """
    group = group_of(tree)
    step = space.at(group, seconds)
    figure, _, redraw = picture(tree, CURVES + 1.2)
    redraw(step)
    height = figure.get_size_inches()[1]
    time = group["time"].values
    for number, draw in enumerate((_tip, _energy if "energy" in group else _current, _voltage)):
        box = (0.085 + 0.325 * number, 0.68 / height, 0.225, CURVES / height)
        panel = figure.add_axes(box)
        style.dress(panel)
        draw(panel, group, tree)
        frame.time_axis(panel, time)
        panel.axvline(time[step], color=style.FAINT, linewidth=0.8, zorder=0)
        panel.locator_params(axis="both", nbins=4)
        panel.tick_params(labelsize=style.SMALL - 0.5)
        panel.xaxis.label.set_fontsize(style.SMALL)
    frame.note(figure, _small_print(group))
    return figure


def picture(tree: xr.DataTree, below: float = 0.35) -> tuple[Figure, Axes, Callable[[int], None]]:
    """A figure with the map of concentration and metal, and a function that shows an output time by its index.

    Parameters
    ----------
    tree : xarray.DataTree
    below : float
        Room under the map [inch].

    Returns
    -------
    (Figure, Axes, callable)

    Examples
    --------
    >>> picture.__defaults__
    (0.35,)
    """
    group = group_of(tree)
    if "y" not in group.dims or "x" not in group.dims:
        raise ResultError("the result holds one row of cells only: there is no picture to draw")
    y, x = (space.edges(group[dim].values) for dim in ("y", "x"))
    scale, unit = words.length_unit(0.5 * float(np.ptp(x)))
    salt = MOLAR * _everywhere(group["concentration"].values)
    wide = 0.86 * style.WIDTH
    tall = float(np.clip(wide * np.ptp(y) / np.ptp(x), FLATTEST, TALLEST))
    wide = min(wide, tall * float(np.ptp(x) / np.ptp(y)))
    height = tall + below + 1.28
    figure = style.new_figure(height)
    left = 0.085 + 0.5 * (0.86 - wide / style.WIDTH)
    axes = figure.add_axes((left, (below + 0.42) / height, wide / style.WIDTH, tall / height))
    norm = Normalize(0.0, max(float(np.nanmax(salt)), 1e-12))
    mesh = axes.pcolormesh(x / scale, y / scale, salt[0], cmap=layers.colours("concentration"), norm=norm)
    axes.set_xlabel(f"x ({unit})", fontsize=style.SMALL, labelpad=1.0)
    axes.set_ylabel(f"y ({unit})", fontsize=style.SMALL, labelpad=2.0)
    axes.tick_params(labelsize=style.SMALL - 0.5, color=style.FAINT, length=2.5)
    axes.set_xlim(float(x[0]) / scale, float(x[-1]) / scale)
    layers.scale_bar(axes, scale)
    bar = figure.add_axes((left, (below + 0.47 + tall) / height, wide / style.WIDTH, 0.075 / height))
    layers.colour_bar(bar, mesh, space.Field("Salt", "M", salt[:1], "concentration"))
    frame_words(figure, tree)
    clock = figure.text(
        left + wide / style.WIDTH, 1.0 - 0.3 / height, "", ha="right", fontsize=style.TEXT + 3, fontweight="bold",
        color=style.INK,
    )  # fmt: skip
    # to the walls, not only to the middles of the last cells
    across, up = (np.concatenate([e[:1], group[d].values, e[-1:]]) / scale for d, e in (("x", x), ("y", y)))
    drawn: list[Any] = []

    def redraw(step: int) -> None:
        mesh.set_array(salt[step])
        for old in drawn:
            old.remove()
        phase = np.pad(group["phase"].values[step], 1, mode="edge")
        drawn[:] = [
            axes.contourf(across, up, phase, levels=[0.5, 2.0], colors=[METAL]),
            axes.contour(across, up, phase, levels=[0.5], colors=[EDGE], linewidths=0.7),
        ]
        seconds = float(group["time"].values[step])
        clock.set_text(words.duration(float(f"{seconds:.3g}")) if seconds > 0.0 else "0 s")

    return figure, axes, redraw


def _everywhere(fields: np.ndarray) -> np.ndarray:
    """Fill the metal, where there is no salt, with the nearest value: the edge of the metal cuts through cells."""
    found = fields.copy()
    for field in found:
        gaps = np.isnan(field)
        if gaps.any() and not gaps.all():
            nearest = ndimage.distance_transform_edt(gaps, return_distances=False, return_indices=True)
            field[...] = field[tuple(nearest)]
    return np.nan_to_num(found)


def frame_words(figure: Figure, tree: xr.DataTree) -> None:
    """Write the title of the case and, under it, metal, salt and drive.

    Examples
    --------
    >>> frame_words(style.new_figure(4.0), xr.DataTree())
    """
    facts = read_provenance(tree) if ATTRIBUTE in tree.attrs else {}
    record = facts.get("record", {})
    height = figure.get_size_inches()[1]
    name = str(record.get("case", {}).get("title") or "Growth of metal")
    d, e = record.get("dendrite", {}), record.get("electrolyte", {})
    parts = [str(d["metal"])] if "metal" in d else []
    if "preset" in e:
        parts.append(f"{words.molar(1e-3 * float(e.get('concentration', 0.0)))} {e['preset']}")
    if "current_density" in d:
        parts.append(f"{words.number(0.1 * float(d['current_density']), 3)} mA/cm²")
    elif "potential" in d:
        parts.append(f"{words.number(float(d['potential']), 3)} V")
    if d.get("model", "conservative") != "conservative":
        parts.append(str(d["model"]))
    if facts.get("status", "complete") != "complete":
        parts.append(f"{facts['status']} run")
    figure.text(
        0.012, 1.0 - 0.27 / height, name, fontsize=style.TEXT + 2, fontweight="bold", color=style.INK
    )  # fmt: skip
    figure.text(0.012, 1.0 - 0.47 / height, ", ".join(parts), fontsize=style.SMALL + 0.5, color=style.FAINT)


def _tip(axes: Axes, group: xr.Dataset, tree: xr.DataTree) -> None:
    values = group["tip_position"].values
    scale, unit = words.length_unit(0.5 * float(np.abs(values).max()))
    axes.plot(group["time"].values, values / scale, color=style.MADE, linewidth=1.8)
    mean = group["deposited_volume"].values / _area(tree, group)
    axes.plot(group["time"].values, mean / scale, color=style.FAINT, linewidth=1.2, linestyle=style.DASH)
    _name(axes, f"Tip ({unit}); dashed: mean")


def _current(axes: Axes, group: xr.Dataset, tree: xr.DataTree) -> None:
    values = 0.1 * group["current"].values / _area(tree, group)
    axes.plot(group["time"].values[1:], values[1:], color=style.EATEN, linewidth=1.8)
    if np.ptp(values[1:]) < 1e-6 * np.abs(values).max():
        axes.set_ylim(*sorted((0.0, 1.15 * float(values[-1]))))
    _name(axes, "Current (mA/cm²)")


def _energy(axes: Axes, group: xr.Dataset, tree: xr.DataTree) -> None:
    axes.plot(group["time"].values, 1e15 * group["energy"].values, color=style.EATEN, linewidth=1.8)
    _name(axes, "Energy (fJ)")


def _voltage(axes: Axes, group: xr.Dataset, tree: xr.DataTree) -> None:
    values = group["electrode_potential"].values
    axes.plot(group["time"].values, values, color=style.INK, linewidth=1.8)
    if np.nanmax(values) - np.nanmin(values) < 1e-3:
        axes.set_ylim(float(np.nanmean(values)) - 0.05, float(np.nanmean(values)) + 0.05)
    _name(axes, "Potential (V)")


def _name(axes: Axes, text: str) -> None:
    axes.annotate(
        text, (0, 1), (0, 5), xycoords="axes fraction", textcoords="offset points", fontsize=style.SMALL,
        fontweight="bold", color=style.INK,
    )  # fmt: skip


def _area(tree: xr.DataTree, group: xr.Dataset) -> float:
    """Of the flat electrode [m^2]."""
    wide = float(np.ptp(space.edges(group["y"].values)))
    return wide * float(tree["cell/liquid_thickness"])


def _small_print(group: xr.Dataset) -> list[str]:
    sentences = [f"Lowest salt {words.molar(1e-3 * float(group['lowest_concentration'].min()))}."]
    if float(group["dead_fraction"].max()) > 0.0:
        sentences.append(f"Dead metal up to {100.0 * float(group['dead_fraction'].max()):.2g} %.")
    if np.isfinite(float(group["time_to_short"])):
        sentences.append(f"Across after {words.duration(float(group['time_to_short']))}.")
    return sentences

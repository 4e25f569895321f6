"""The picture of a map of designs, and its table.

Over two keys: edge factor, iR error and limiting current as maps, and what one pays in thickness of the liquid for an
even current, with the designs that no other one beats. Over one key: the same as curves, with the times of depletion.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from simcell.errors import ResultError
from simcell.results import style, words
from simcell.results.figures_of_merit import MERITS
from simcell.results.files import atomic, check_writable
from simcell.results.provenance import ATTRIBUTE, read_provenance
from simcell.results.schema import extra_dims

TIMES = ("filling_time", "depletion_time", "sand_time")
NAMES = {
    "edge_factor": "Edge factor (outermost 5 % over mean)", "max_ir_error": "Largest iR error",
    "cell_resistance": "Resistance of the gap",
    "mean_ir_error": "Mean iR error", "limiting_current": "Sustainable current, at least",
    "liquid_thickness": "Liquid thickness", "resolution": "STEM probe spread in the liquid",
    "filling_time": "liquid above the electrode alone", "depletion_time": "with diffusion along the layer",
    "sand_time": "Sand, thick liquid",
}  # fmt: skip
COLOURS = "viridis"
HEIGHT = 7.4  # inch


def design_map(tree: xr.DataTree) -> Figure:
    """Draw a map of designs over its first two keys, or curves over its only one.

    Parameters
    ----------
    tree : xarray.DataTree
        From `simcell.studies.design.design`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ResultError
        If nothing was varied, or three keys or more: choose with ``tree.isel(key=0)``.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> design_map(build({"design": {"edge_factor": ([], 1.0)}}, {}))
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: nothing was varied, so there is no map
    """
    dims = extra_dims(tree)
    if not dims:
        raise ResultError("nothing was varied, so there is no map")
    if len(dims) > 2:
        reason = f"a map shows two keys, and {', '.join(dims)} were varied"
        raise ResultError(f"{reason}; choose with tree.isel({dims[2]}=0)")
    data = tree["design"].to_dataset()
    figure = style.new_figure(HEIGHT)
    boxes = [(0.085, 0.545), (0.585, 0.545), (0.085, 0.075), (0.585, 0.075)]
    panels = [figure.add_axes((x, y, 0.34, 0.33)) for x, y in boxes]
    asked = _asked(tree, data)
    if len(dims) == 1:
        _curves(panels, data, dims[0], asked)
    else:
        second = "max_ir_error" if "max_ir_error" in data else "cell_resistance"
        for axes, name in zip(panels, ("edge_factor", second, "limiting_current"), strict=False):
            _map(figure, axes, data, dims, name, asked if name == "limiting_current" else None)
        _trade(figure, panels[3], data)
    title = str(tree.attrs.get("title") or "Designs of a thin cell")
    figure.text(0.085, 0.975, title, fontsize=13.0, color=style.INK, va="top", weight="bold")
    figure.text(0.085, 0.945, _conditions(tree, dims), fontsize=style.SMALL, color=style.FAINT, va="top")
    return figure


def as_csv(tree: xr.DataTree, path: str | os.PathLike[str], overwrite: bool = True) -> Path:
    """Write a map of designs as a table: a row for each design, a column for each key and figure with its unit.

    Examples
    --------
    >>> import tempfile
    >>> from simcell.results.schema import build
    >>> tree = build({"design": {"edge_factor": (["gap"], [2.0, 1.5])}}, {"gap": ([1e-5, 2e-5], "m")})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     as_csv(tree, folder + "/map.csv").read_text().split()
    ['gap', '(m),edge_factor', '(1)', '1e-05,2.0', '2e-05,1.5']
    """
    target = check_writable(path, overwrite)
    data = tree["design"].to_dataset()
    dims = extra_dims(tree)
    table = (data if dims else data.expand_dims("design")).to_dataframe().reset_index()
    names = [*dims, *(str(v) for v in data.data_vars)]
    with atomic(target, overwrite) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([f"{name} ({data[name].attrs.get('units', '1')})" for name in names])
        writer.writerows(table[names].to_numpy().tolist())
    return target


def _asked(tree: xr.DataTree, data: xr.Dataset) -> float | None:
    """Current density that the case asks for [A/m^2], from what the liquid above the electrode lasts."""
    if ATTRIBUTE not in tree.attrs:
        return None
    found = read_provenance(tree).get("current_density")
    return None if not found else abs(float(found))


def _conditions(tree: xr.DataTree, dims: Sequence[str]) -> str:
    size = int(np.prod([tree["design"].to_dataset().sizes[d] for d in dims]))
    method = read_provenance(tree)["solver"].get("method", "") if ATTRIBUTE in tree.attrs else ""
    return f"{size:,} designs" + (f", {method}" if method else "")


def _axis(data: xr.Dataset, dim: str) -> tuple[np.ndarray, str, bool]:
    """Values in a readable unit, label, and whether the scale is logarithmic."""
    values, unit = data[dim].values.astype(float), str(data[dim].attrs.get("units", "1"))
    if unit == "m":
        size, unit = words.length_unit(float(np.max(values)))
        values = values / size
    elif unit == "A/m^2":
        values, unit = 0.1 * values, "mA/cm²"
    name = dim.split("_", 1)[1].replace("_", " ") if "_" in dim else dim
    steps = np.diff(values)
    log = bool(values.min() > 0.0 and values.max() / values.min() >= 8.0 and steps.max() > 3.0 * steps.min())
    return values, f"{name[0].upper()}{name[1:]}" + (f" ({unit})" if unit not in ("", "1") else ""), log


def _ticks(axis, log: bool) -> None:  # type: ignore[no-untyped-def]
    if log:
        low, high = axis.get_view_interval()
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 300.0 else (1.0,)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _label(name: str) -> str:
    unit = MERITS[name].shown[1]
    return NAMES.get(name, name) + (f" ({unit})" if unit else "")


def _norm(values: np.ndarray) -> Normalize:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low > 0.0 and high / low > 8.0:
        return LogNorm(low, high)
    return Normalize(low, high if high > low else low + 1.0)


def _map(figure: Figure, axes: Axes, data: xr.Dataset, dims: Sequence[str], name: str, asked: float | None) -> None:
    (y, y_label, y_log), (x, x_label, x_log) = (_axis(data, d) for d in dims)
    factor = MERITS[name].shown[0]
    values = factor * data[name].transpose(*dims).values
    mesh = axes.pcolormesh(x, y, values, norm=_norm(values), cmap=COLOURS, shading="nearest", rasterized=True)
    axes.set(xscale="log" if x_log else "linear", yscale="log" if y_log else "linear", xlabel=x_label, ylabel=y_label)
    style.dress(axes)
    axes.grid(visible=False)
    axes.set(xlim=(x.min(), x.max()), ylim=(y.min(), y.max()))
    _ticks(axes.xaxis, x_log)
    _ticks(axes.yaxis, y_log)
    levels = _levels(values)
    if min(values.shape) > 2 and len(levels):
        drawn = axes.contour(x, y, values, levels, colors="white", linewidths=0.8)
        axes.clabel(drawn, fmt=lambda v: f"{v:g}", fontsize=style.SMALL - 1.0)
    if asked is not None and min(values.shape) > 2 and values.min() < factor * asked < values.max():
        axes.contourf(x, y, values, [values.min() - 1.0, factor * asked], colors="none", hatches=["////"])
        axes.contour(x, y, values, [factor * asked], colors=style.INK, linewidths=1.8)
        axes.text(0.03, 0.04, f"hatched: less than the {factor * asked:g} mA/cm² asked for", transform=axes.transAxes,
                  fontsize=style.SMALL, color=style.INK, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85,
                                                               "pad": 1.5})  # fmt: skip
    _scale(figure, axes, mesh)
    axes.set_title(_label(name), loc="left", fontsize=style.TEXT, color=style.INK, pad=5)


def _levels(values: np.ndarray) -> list[float]:
    """A few round numbers between the ends: 1, 2, 5 times powers of ten, or even steps."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if not high > low:
        return []
    if low > 0.0 and high / low > 8.0:
        every = [m * 10.0**k for k in range(-12, 13) for m in (1.0, 2.0, 5.0)]
        inside = [v for v in every if low * 1.05 < v < high / 1.05]
        return inside[:: max(1, len(inside) // 6)]
    step = 10.0 ** np.floor(np.log10((high - low) / 2.0))
    inside = [float(v) for v in np.arange(np.ceil(low / step), np.floor(high / step) + 1.0) * step]
    return [round(v, 12) for v in inside[:: max(1, len(inside) // 5)]]


def _trade(figure: Figure, axes: Axes, data: xr.Dataset) -> None:
    """Even current against thickness or sharpness, coloured by the sustainable current."""
    price = "resolution" if "resolution" in data else "liquid_thickness"
    x, y, c = (MERITS[n].shown[0] * data[n].values.ravel() for n in (price, "edge_factor", "limiting_current"))
    front = data["pareto"].values.ravel() == 1 if "pareto" in data else np.zeros(x.size, bool)
    dots = axes.scatter(x, y, c=c, norm=_norm(c), cmap=COLOURS, s=10, linewidths=0.0, rasterized=True)
    if front.any() and not front.all():
        ring: dict[str, Any] = {"facecolors": "none", "edgecolors": style.INK, "linewidths": 0.8}
        axes.scatter(x[front], y[front], s=26, label="not beaten", **ring)
        axes.legend(loc="upper right", fontsize=style.SMALL, frameon=False)
    style.dress(axes)
    log = [float(v.min()) > 0.0 and float(v.max() / v.min()) > 8.0 for v in (x, y)]
    axes.set(xscale="log" if log[0] else "linear", yscale="log" if log[1] else "linear")
    _ticks(axes.xaxis, log[0])
    _ticks(axes.yaxis, log[1])
    axes.set_xlabel(_label(price))
    axes.set_ylabel("Edge factor")
    _scale(figure, axes, dots)
    axes.set_title(
        "What an even current costs (colour: mA/cm²)", loc="left", fontsize=style.TEXT, color=style.INK, pad=5
    )


def _scale(figure: Figure, axes: Axes, drawn: ScalarMappable) -> None:
    """The scale of colours beside a panel."""
    place = axes.get_position()
    bar = figure.colorbar(drawn, cax=figure.add_axes((place.x1 + 0.012, place.y0, 0.014, place.height)))
    _ticks(bar.ax.yaxis, isinstance(drawn.norm, LogNorm))
    bar.ax.tick_params(labelsize=style.SMALL, color=style.FAINT, width=0.8)
    bar.outline.set_visible(False)


def _curves(panels: Sequence[Axes], data: xr.Dataset, dim: str, asked: float | None) -> None:
    x, label, log = _axis(data, dim)
    order = np.argsort(x)
    groups = [
        ("edge_factor", "solved_edge_factor"), ("mean_ir_error", "max_ir_error", "solved_ir_error"),
        ("limiting_current",), TIMES,
    ]  # fmt: skip
    titles = ["Edge factor", "iR error (mV)", "Sustainable current, at least (mA/cm²)", "Time until empty (s)"]
    names = {**NAMES, "solved_edge_factor": "section", "solved_ir_error": "mean, section", "mean_ir_error": "mean",
             "max_ir_error": "largest", "edge_factor": "closed form"}  # fmt: skip
    for axes, group, title in zip(panels, groups, titles, strict=True):
        shown = [n for n in group if n in data and np.isfinite(data[n].values).any()]
        for number, name in enumerate(shown):
            look = style.look(name, number)
            y = MERITS[name].shown[0] * data[name].values[order]
            marker = "o" if name.startswith("solved") else ""
            axes.plot(x[order], y, color=look.colour, linestyle="" if marker else "-", marker=marker, markersize=4,
                      label=names.get(name, name))  # fmt: skip
        style.dress(axes)
        axes.set(xscale="log" if log else "linear", xlabel=label)
        every = np.concatenate([data[n].values for n in shown]) if shown else np.ones(1)
        wide = float(np.nanmin(every)) > 0.0 and float(np.nanmax(every) / np.nanmin(every)) > 8.0
        axes.set_yscale("log" if wide else "linear")
        _ticks(axes.xaxis, log)
        if title.startswith("Sustainable") and asked is not None:
            axes.axhline(0.1 * asked, color=style.INK, linestyle=style.DASH, linewidth=1.0, label="asked for")
        if group == TIMES and wide:  # room for the names above the curves
            low, high = axes.get_ylim()
            axes.set_ylim(low, high * (high / low) ** 0.35)
        _ticks(axes.yaxis, wide)
        if len(axes.get_lines()) > 1:
            axes.legend(fontsize=style.SMALL - 0.5, frameon=False, loc="best" if group != TIMES else "upper left")
        axes.set_title(title, loc="left", fontsize=style.TEXT, color=style.INK, pad=5)

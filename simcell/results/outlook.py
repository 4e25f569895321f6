"""The picture of `simcell check`: iR error by place of the reference electrode, true potential, time until empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from simcell.results import style, words

if TYPE_CHECKING:
    from simcell.studies.outlook import Outlook

Array = np.ndarray
HEIGHT = 6.0  # inch
AROUND = 0.15  # of its size, shown around the working electrode


def outlook(found: Outlook, title: str) -> Figure:
    """Draw the maps of a case seen from above.

    Parameters
    ----------
    found : Outlook
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        The whole cell: what a reference electrode would miss where. The working electrode: by how much the true
        potential differs from the one set, and when the liquid is empty.

    Examples
    --------
    >>> outlook.__name__
    'outlook'
    """
    grid = found.distribution.grid
    size, unit = words.length_unit(float(np.ptp(grid.faces[2])))
    figure = style.new_figure(HEIGHT)
    figure.text(0.085, 0.975, title or "A cell of currents", fontsize=13.0, color=style.INK, va="top", weight="bold")
    whole = figure.add_axes((0.085, 0.19, 0.39, 0.66))
    parts = [figure.add_axes((0.66, y, 0.24, 0.28)) for y in (0.56, 0.1)]
    millivolt = np.abs(1e3 * found.errors)
    spread = float(np.nanmax(millivolt)) or 1.0
    mesh = _mesh(whole, grid.faces, millivolt, size, Normalize(0.0, spread), "viridis_r")
    _outlines(whole, found.outlines, size)
    for reading, mark, name in ((found.best, "*", "best place"), (found.standing, "o", "where it stands")):
        if reading is not None:
            whole.plot(reading.place[0] / size, reading.place[1] / size, mark, markersize=13 if mark == "*" else 7,
                     markerfacecolor="white", markeredgecolor=style.INK, linestyle="",
                     label=f"{name}: {_millivolt(reading.mean)}, at most {_millivolt(reading.largest)}")  # fmt: skip
    whole.set_aspect("equal", adjustable="box", anchor="N")
    _named(whole, "Mean iR error of a reference electrode at each place (mV)", unit)
    _colours(figure, whole, mesh, [])
    if whole.get_legend_handles_labels()[0]:
        whole.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.13), fontsize=style.SMALL, frameon=False)
    _potential(figure, parts[0], found, size, unit)
    _empty(figure, parts[1], found, size, unit)
    return figure


def _millivolt(volts: float) -> str:
    return f"{abs(1e3 * volts):.2g} mV"


def _potential(figure: Figure, axes: Axes, found: Outlook, size: float, unit: str) -> None:
    reading = found.standing or found.best
    d = found.distribution
    on = d.area[found.working] > 0.0
    error = reading.error if reading is not None else np.where(on, d.surface[found.working], np.nan)
    values = -1e3 * error
    reach = float(np.nanmax(np.abs(values))) or 1.0
    mesh = _mesh(axes, d.grid.faces, values, size, TwoSlopeNorm(0.0, -reach, reach), "RdBu_r")
    _colours(figure, axes, mesh, [])
    _zoom(axes, found, size)
    where = "where it stands" if found.standing is not None else "at its best place"
    _named(axes, f"True less set potential (mV),\nreference {where}", unit)


def _empty(figure: Figure, axes: Axes, found: Outlook, size: float, unit: str) -> None:
    time = np.where(np.isfinite(found.depletion.time), found.depletion.time, np.nan)
    time = np.where(found.distribution.area[found.working] > 0.0, time, np.nan)
    _zoom(axes, found, size)
    _named(axes, "Time until the liquid is empty (s),\nat the current of the start (x: first)", unit)
    if np.isnan(time).all():
        axes.text(0.5, 0.5, f"not empty\nwithin {words.duration(found.depletion.end)}", transform=axes.transAxes,
                  ha="center", fontsize=style.SMALL, wrap=True)  # fmt: skip
        return
    low, high = float(np.nanmin(time)), float(np.nanmax(time))
    norm = LogNorm(low, high) if high > 4.0 * low else Normalize(low, high if high > low else 2.0 * low)
    mesh = _mesh(axes, found.distribution.grid.faces, time, size, norm, "magma")
    _colours(figure, axes, mesh, [low, high])
    x, y = (p / size for p in found.depletion.place)
    axes.plot(x, y, "x", color="white", markersize=7, markeredgewidth=1.6)


def _mesh(
    axes: Axes, faces: Any, values: Array, size: float, norm: Normalize, colours: str, absolute: bool = False
) -> Any:
    shown = np.ma.masked_invalid(np.abs(values) if absolute else values)
    return axes.pcolormesh(faces[2] / size, faces[1] / size, shown, norm=norm, cmap=colours, rasterized=True)


def _colours(figure: Figure, axes: Axes, mesh: Any, ends: list[float]) -> None:
    axes.apply_aspect()
    place = axes.get_position()
    bar = figure.colorbar(mesh, cax=figure.add_axes((place.x1 + 0.015, place.y0, 0.016, place.height)))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=style.SMALL, color=style.FAINT, width=0.8)
    if isinstance(mesh.norm, LogNorm):
        bar.ax.set_yticks(np.geomspace(ends[0], ends[1], 4).tolist())
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2g}"))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())


def _outlines(axes: Axes, outlines: Mapping[str, Array], size: float) -> None:
    for name, corners in outlines.items():
        if len(corners) == 0:
            continue
        closed = np.vstack([corners, corners[:1]]) / size
        axes.fill(closed[:, 0], closed[:, 1], facecolor=style.SHADE, edgecolor=style.INK, linewidth=1.0, zorder=2)
        middle = 0.5 * (corners.min(axis=0) + corners.max(axis=0)) / size
        tall = np.ptp(corners[:, 1]) > np.ptp(corners[:, 0])
        x, y = (float(p) for p in middle)
        look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": style.SMALL - 0.5, "color": style.INK}
        axes.text(x, y, name, rotation=90 if tall else 0, zorder=3, **look)


def _zoom(axes: Axes, found: Outlook, size: float) -> None:
    corners = found.outlines[found.working] / size
    low, high = corners.min(axis=0), corners.max(axis=0)
    edge = AROUND * (high - low).max()
    axes.set(xlim=(low[0] - edge, high[0] + edge), ylim=(low[1] - edge, high[1] + edge))
    closed = np.vstack([corners, corners[:1]])
    axes.plot(closed[:, 0], closed[:, 1], color=style.INK, linewidth=1.0, zorder=3)


def _named(axes: Axes, name: str, unit: str) -> None:
    style.dress(axes)
    axes.grid(visible=False)
    axes.set(xlabel=f"x ({unit})", ylabel=f"y ({unit})")
    axes.set_title(name, loc="left", fontsize=style.TEXT, color=style.INK, pad=5)

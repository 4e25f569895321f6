"""What a map is made of: colours of one field, outlines, arrows of the flow, contours of the thickness, a scale bar.

Concentrations have a logarithmic scale of at most six decades; what lies below fades into the dark end. The colour
maps (viridis, cividis, inferno) are uniform in lightness, so that they read in every kind of colour vision and in grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.patches import Rectangle
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from simcell.results import panels, style, words
from simcell.results.space import DOSE, GAS, PH, Field, Place, edges

SPAN = 1e-6  # of the largest concentration: what lies below fades
TALLEST = 1.3  # height of a panel over its width
FLATTEST = 0.42
_MAPS = {"concentration": "viridis", PH: "cividis", GAS: "inferno", DOSE: "cividis"}
_HALO: list[AbstractPathEffect] = [withStroke(linewidth=2.4, foreground="#00000090")]


@dataclass(frozen=True)
class Cut:
    """A plane through the grid: which cells, and where their edges are [m].

    Examples
    --------
    >>> Cut("x", "y", np.array([0.0, 1.0]), np.array([0.0, 2.0]), (0, slice(None), slice(None))).size
    (1.0, 2.0)
    """

    across: str
    up: str
    h: np.ndarray
    v: np.ndarray
    pick: tuple[Any, Any, Any]

    def of(self, values: np.ndarray) -> np.ndarray:
        """The cells of a (nz, ny, nx) field that lie in this plane, as (up, across)."""
        return np.asarray(values[self.pick])

    @property
    def size(self) -> tuple[float, float]:
        """Width and height [m]."""
        return float(np.ptp(self.h)), float(np.ptp(self.v))


def cuts(where: Place) -> list[Cut]:
    """Planes that show a grid: the view from above (midway between the windows), and the cut through the beam.

    Examples
    --------
    >>> x = np.array([0.0, 1.0])
    >>> [cut.up for cut in cuts(Place("full", x, x, x, np.ones((2, 2))))]
    ['y', 'z']
    """
    every, (row, _) = slice(None), where.beam_cell()
    h, y, z = edges(where.x), edges(where.y), edges(where.z)
    z = edges(where.z, 0.0) if z[0] < 0.5 * where.z[0] else z  # the lower window is at 0
    above = Cut("x", "y", h, y, (where.z.size // 2, every, every))
    through = Cut("x", "z", h, z, (every, row, every))
    if where.z.size == 1:
        return [above]
    return [through] if where.y.size == 1 else [above, through]


def norm(values: np.ndarray, kind: str) -> Normalize:
    """Scale of the colours for one field, or for all frames of a movie at once.

    Parameters
    ----------
    values : ndarray
        NaN where there is no liquid.
    kind : str
        As in `Field`.

    Returns
    -------
    matplotlib.colors.Normalize

    Examples
    --------
    >>> scale = norm(np.array([0.0, 1e-20, 1e-3]), "concentration")
    >>> bool(np.isclose(scale.vmin, 1e-9)), scale.vmax
    (True, 0.001)
    """
    wet = values[np.isfinite(values)]
    low, high = (float(wet.min()), float(wet.max())) if wet.size else (0.0, 1.0)
    if kind == PH:
        half = max(0.5 * (high - low), 0.25)
        return Normalize(0.5 * (low + high) - half, 0.5 * (low + high) + half)
    if kind != "concentration":
        return Normalize(0.0, high if high > 0.0 else 1.0)
    high = max(high, panels.FLOOR)
    low = max(low, SPAN * high)
    return LogNorm(low, high) if high > 3.0 * low else Normalize(min(low, 0.9 * high), high)


def colours(kind: str) -> Colormap:
    """Colour map of a kind of field; below its scale it fades towards black, without liquid it is blank.

    Examples
    --------
    >>> colours("pH").name
    'cividis'
    """
    found = mpl.colormaps[_MAPS[kind]]
    red, green, blue = (0.55 * part for part in found(0.0)[:3])
    return found.with_extremes(bad=style.SHADE, under=(red, green, blue))


def draw_mesh(axes: Axes, cut: Cut, field: Field, wet: np.ndarray, scale: Normalize, unit: float) -> QuadMesh:
    """Draw the cells of a cut in their colours, axes in a unit of length [m].

    Examples
    --------
    >>> cut = Cut("x", "y", np.array([0.0, 1.0]), np.array([0.0, 2.0]), (0, slice(None), slice(None)))
    >>> f = Field("pH", "", np.full((1, 1, 1), 7.0), "pH")
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> draw_mesh(axes, cut, f, np.ones((1, 1, 1), bool), norm(f.values, "pH"), 1.0).get_array().item()
    7.0
    """
    values = masked(cut, field, wet)
    mesh = axes.pcolormesh(
        cut.h / unit, cut.v / unit, values, cmap=colours(field.kind), norm=scale, rasterized=True, zorder=1
    )
    axes.set_facecolor(style.SHADE)
    for spine in axes.spines.values():
        spine.set(color=style.FAINT, linewidth=0.8)
    axes.tick_params(which="both", color=style.FAINT, labelcolor=style.INK, labelsize=style.SMALL - 0.5, length=2.5)
    return mesh


def masked(cut: Cut, field: Field, wet: np.ndarray) -> np.ndarray:
    """Values in a cut with NaN where there is no liquid; nothing of a concentration is the least positive number.

    Examples
    --------
    >>> cut = Cut("x", "y", np.arange(3.0), np.arange(2.0), (0, slice(None), slice(None)))
    >>> masked(cut, Field("H", "M", np.array([[[0.0, 1.0]]]), "concentration"), np.array([[[True, False]]]))
    array([[1.e-300,     nan]])
    """
    values = cut.of(field.values)
    if field.kind == "concentration":
        values = np.maximum(values, 1e-300)  # a logarithmic scale would call 0 bad, not low
    return np.where(cut.of(wet), values, np.nan)


def colour_bar(axes: Axes, mesh: QuadMesh, field: Field) -> None:
    """Draw the scale of the colours into axes made for it, with few labels that carry their unit.

    Examples
    --------
    >>> figure = style.new_figure(4.0)
    >>> f = Field("pH", "", np.array([[[4.0, 7.0]]]), "pH")
    >>> cut = Cut("x", "y", np.arange(3.0), np.arange(2.0), (0, slice(None), slice(None)))
    >>> mesh = draw_mesh(figure.add_subplot(1, 2, 1), cut, f, np.ones((1, 1, 2), bool), norm(f.values, "pH"), 1.0)
    >>> colour_bar(figure.add_subplot(1, 2, 2), mesh, f)
    """
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("the axes belong to no figure")
    bar = figure.colorbar(mesh, cax=axes, orientation="horizontal")
    low, high = mesh.get_clim()
    if isinstance(mesh.norm, LogNorm):
        bar.set_ticks(FixedLocator(_log_ticks(low, high)))
    else:
        bar.set_ticks(MaxNLocator(3, steps=[1, 2, 5, 10]))
    say = (lambda v, _: words.molar(v)) if field.kind == "concentration" else (lambda v, _: words.number(v, 3))
    axes.xaxis.set_major_formatter(FuncFormatter(say))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_ticks_position("top")
    axes.tick_params(labelsize=style.SMALL - 1.0, length=2, pad=1.5, color=style.FAINT, labelcolor=style.INK)
    bar.outline.set(color=style.FAINT, linewidth=0.6)


def _log_ticks(low: float, high: float) -> list[float]:
    """About three round numbers on a logarithmic scale, not so near its ends that their labels stick out."""
    first, last = np.log10(low) + 0.06 * np.log10(high / low), np.log10(high) - 0.06 * np.log10(high / low)
    powers = np.arange(np.ceil(first), np.floor(last) + 1)
    ticks = [10.0**p for p in powers[:: max(1, int(np.ceil(len(powers) / 3)))]]
    if len(ticks) < 2:
        round_ones = [m * 10.0**p for p in np.arange(np.floor(first), last + 1) for m in (1.0, 2.0, 5.0)]
        ticks = [v for v in round_ones if first <= np.log10(v) <= last]
    return ticks[:: max(1, int(np.ceil(len(ticks) / 3)))]


def beam_outline(axes: Axes, cut: Cut, where: Place, unit: float, name: bool = False) -> None:
    """Draw where the dose rate is half its maximum: around the beam from above, at its sides in a vertical cut.

    Examples
    --------
    >>> place = Place("section", np.array([0.5, 1.5]), np.zeros(1), np.arange(4.0), np.array([[0.0, 1.0, 1.0, 0.0]]))
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> beam_outline(axes, cuts(place)[0], place, 1.0)
    >>> [float(line.get_xdata()[0]) for line in axes.lines]
    [0.5, 2.5]
    """
    dose = where.dose_rate
    if dose.max() <= 0.0:
        return
    half = 0.5 * dose.max()
    looks: dict[str, Any] = {"linewidth": 1.1, "zorder": 4}
    if cut.up == "z":
        row = dose[where.beam_cell()[0]] - half
        for i in np.flatnonzero((row[1:] >= 0.0) != (row[:-1] >= 0.0)):
            x = (where.x[i] + row[i] / (row[i] - row[i + 1]) * (where.x[i + 1] - where.x[i])) / unit
            axes.axvline(x, color="white", path_effects=_HALO, **looks)
    elif min(dose.shape) > 1 and (dose < half).any():
        drawn = axes.contour(where.x / unit, where.y / unit, dose, [half], colors="white", linewidths=1.1, zorder=4)
        drawn.set_path_effects(_HALO)
    if name:
        y, right = where.beam_centre()[0], where.x[dose.max(axis=0) >= half].max()
        middle = (right / unit, float(y if cut.up == "y" else np.mean(cut.v)) / unit)
        axes.annotate(
            "beam", middle, (3, 0), textcoords="offset points", va="center", color="white",
            fontsize=style.SMALL - 1.0, zorder=6, path_effects=_HALO,
        )  # fmt: skip


def flow_arrows(
    axes: Axes, cut: Cut, where: Place, flow: Sequence[np.ndarray], unit: float, count: int = 6, clear: bool = False
) -> float:
    """Draw the velocity (x, and y from above, m/s) on an even lattice; gives the largest speed, 0 without flow.

    `clear` leaves the corner of the scale bar free.

    Examples
    --------
    >>> place = Place("plan", np.zeros(1), np.arange(4.0), np.arange(4.0), np.ones((4, 4)))
    >>> one = np.ones((1, 4, 4))
    >>> flow_arrows(style.new_figure(4.0).add_subplot(), cuts(place)[0], place, (3.0 * one, 0.0 * one), 1.0)
    3.0
    """
    u, v = cut.of(flow[0]), cut.of(flow[1]) if cut.up == "y" else 0.0 * cut.of(flow[0])
    speed = float(np.hypot(u, v).max())
    if speed == 0.0:
        return 0.0
    (left, right), (low, high) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    rows = max(2, round(count * 0.7)) if cut.up == "y" else 3
    at_h = left + (right - left) * (np.arange(count) + 0.5) / count
    at_v = low + (high - low) * (np.arange(rows) + 0.5) / rows
    ups = (where.y if cut.up == "y" else where.z) / unit
    i = np.abs(ups[:, None] - at_v).argmin(axis=0)
    j = np.abs(where.x[:, None] / unit - at_h).argmin(axis=0)
    picked_u, picked_v = u[np.ix_(i, j)], v[np.ix_(i, j)]
    longest = 0.7 * (right - left) / count
    if clear:
        corner = (at_h < left + 0.45 * (right - left)) & (at_v < low + 0.25 * (high - low))[:, None]
        picked_u, picked_v = np.where(corner, np.nan, picked_u), np.where(corner, np.nan, picked_v)
    axes.quiver(
        *np.meshgrid(at_h, at_v), picked_u, picked_v, angles="uv", scale=speed / longest, scale_units="x", pivot="mid",
        color="white", edgecolor="#00000080", linewidth=0.4, width=0.007, headwidth=4.0, alpha=0.85, zorder=3,
    )  # fmt: skip
    return speed


def thickness_contours(axes: Axes, where: Place, thickness: np.ndarray, unit: float, colour: str = "white") -> bool:
    """Draw contours of a liquid thickness (ny, nx) that varies by more than 1 %, labelled; gives whether it does.

    Examples
    --------
    >>> place = Place("plan", np.zeros(1), np.arange(3.0), np.arange(3.0), np.ones((3, 3)))
    >>> thickness_contours(style.new_figure(4.0).add_subplot(), place, np.full((3, 3), 1e-6), 1.0)
    False
    """
    wet = np.where(thickness > 0.0, thickness, np.nan)
    low, high = float(np.nanmin(wet)), float(np.nanmax(wet))
    if min(thickness.shape) < 2 or not high - low > 0.01 * high:
        return False
    levels = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high)
    drawn = axes.contour(
        where.x / unit, where.y / unit, wet, [v for v in levels if low < v < high],
        colors=colour, linewidths=0.8, linestyles="dotted", zorder=3,
    )  # fmt: skip
    for text in axes.clabel(drawn, fmt=words.length, fontsize=style.SMALL - 2.0):
        text.set_path_effects(_HALO if colour == "white" else [])
    return True


def outlines(axes: Axes, shapes: Sequence[np.ndarray], unit: float) -> None:
    """Draw closed outlines (n, 2 as x, y [m]): of the window, of electrodes.

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> outlines(axes, [np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])], 1.0)
    >>> len(axes.lines)
    1
    """
    for shape in shapes:
        closed = np.concatenate([shape, shape[:1]]) / unit
        axes.plot(closed[:, 0], closed[:, 1], color="white", linewidth=1.0, linestyle=style.DASH, path_effects=_HALO)


def scale_bar(axes: Axes, unit: float) -> float:
    """Draw a bar of a round length into the lower left corner; gives the length [m].

    Examples
    --------
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> _ = axes.set_xlim(0.0, 10.0)
    >>> scale_bar(axes, 1e-6)
    2e-06
    """
    left, right = sorted(axes.get_xlim())
    wide = 0.32 * (right - left)
    power = 10.0 ** np.floor(np.log10(wide))
    size = max(step * power for step in (1.0, 2.0, 5.0) if step * power <= wide)
    start, share, inch = 0.06, size / (right - left), _height(axes)
    axes.add_patch(
        Rectangle(
            (start - 0.03, 0.04 / inch), share + 0.06, 0.27 / inch, transform=axes.transAxes, zorder=5,
            facecolor="#000000", alpha=0.45, linewidth=0,
        )
    )  # fmt: skip
    axes.plot(
        [start, start + share], [0.1 / inch, 0.1 / inch], color="white", linewidth=2.4, solid_capstyle="butt",
        transform=axes.transAxes, zorder=6,
    )  # fmt: skip
    axes.annotate(
        words.length(size * unit), (start + 0.5 * share, 0.1 / inch), (0, 2.5), xycoords="axes fraction", ha="center",
        textcoords="offset points", color="white", fontsize=style.SMALL - 1.0, zorder=6,
    )  # fmt: skip
    return float(size * unit)


def contour_saturated(axes: Axes, cut: Cut, where: Place, ratio: np.ndarray, unit: float) -> bool:
    """Draw where the dissolved gases together saturate the liquid; gives whether that is in the picture.

    Examples
    --------
    >>> place = Place("plan", np.zeros(1), np.arange(2.0), np.arange(2.0), np.ones((2, 2)))
    >>> ratio = np.array([[[0.5, 1.5], [0.5, 1.5]]])
    >>> contour_saturated(style.new_figure(4.0).add_subplot(), cuts(place)[0], place, ratio, 1.0)
    True
    """
    plane = cut.of(ratio)
    if min(plane.shape) < 2 or not plane.min() < 1.0 < plane.max():
        return False
    ups = where.y if cut.up == "y" else where.z
    drawn = axes.contour(where.x / unit, ups / unit, plane, [1.0], colors="white", linewidths=0.9, zorder=3)
    for text in axes.clabel(drawn, fmt=lambda _: "saturated", fontsize=style.SMALL - 2.0):
        text.set_path_effects(_HALO)
    return True


def _height(axes: Axes) -> float:
    """Height of a panel in inches."""
    figure = axes.get_figure(root=True)
    return float(axes.get_position().height * (figure.get_size_inches()[1] if figure is not None else 4.0))

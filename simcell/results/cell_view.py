"""Picture of a cell: from above, around the window, and across it, with heights exaggerated by a stated factor."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Patch, Polygon, Rectangle

from simcell.numerics.grid import Array
from simcell.results import style
from simcell.results.plain import scaled
from simcell.studies.view import View

UM = 1e6
LIQUID, LIT, SILICON, FILM = "#e3eef8", "#fff9e3", "#c9c9cf", "#7d7d86"
BEAM = "#c40070"
CLOSE = 2.5  # extent over window from which the window gets a panel of its own
SLIM = 0.5  # least width of a panel over its height, and the other way round
TINY = 0.01  # of a panel: electrodes smaller than that get a ring around them
LEAST = 0.012  # least height of a film in the section, of the panel: thinner ones could not be seen


def picture(view: View) -> Figure:
    """Draw a cell.

    Parameters
    ----------
    view : View

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from simcell.studies.view import Shape
    >>> x, square = np.linspace(-1e-5, 1e-5, 5), np.array([[0.0, 0.0], [2e-6, 0.0], [2e-6, 1e-6], [0.0, 1e-6]])
    >>> view = View((Shape("WE", "working", square),), ((1e-5, 2e-5, 5e-8),), (2e-5, 2e-5), 5e-7, x, 0 * x, 0 * x)
    >>> len(picture(view).axes)  # from above, the legend, across
    3
    """
    figure = style.new_figure(7.4)
    window = view.windows[0] if view.windows else None
    near = window is not None and max(view.extent) > CLOSE * max(window[:2])
    grid = figure.add_gridspec(
        2, 3, left=0.04, right=0.97, top=0.87, bottom=0.085, height_ratios=(1.7, 1.0), width_ratios=(1.3, 1.0, 0.62),
        hspace=0.22, wspace=0.07,
    )  # fmt: skip
    above = figure.add_subplot(grid[0, 0] if near else grid[0, :2])
    half = 0.52 * np.array(view.extent)
    half = np.maximum(half, SLIM * half[::-1])
    _above(above, view, half, "from above" + (": the wetted part" if near else ""))
    if near and window is not None:
        reach = 0.75 * np.array(window[:2])
        box = np.maximum(reach, SLIM * reach[::-1])
        _above(figure.add_subplot(grid[0, 1]), view, box, "from above: around the window")
        frame = Rectangle(tuple(-box * UM), *(2.0 * box * UM), fill=False, edgecolor=style.INK, linewidth=0.8)
        frame.set_linestyle(":")
        above.add_patch(frame)
    side = figure.add_subplot(grid[0, 2])
    side.set_axis_off()
    _legend(side, view)
    _across(figure.add_subplot(grid[1, :]), view)
    figure.suptitle(view.title or "Cell", x=0.04, y=0.975, ha="left", fontsize=style.TEXT + 1.5, color=style.INK)
    if view.chip:
        note = f"chip {view.chip}; simcell info {view.chip} tells where each size comes from"
        figure.text(0.04, 0.942, note, ha="left", va="top", fontsize=style.SMALL, color=style.FAINT)
    return figure


def _above(axes: Axes, view: View, half: Array, title: str) -> None:
    """Outlines seen from above, cut to a box."""
    axes.set_xlim(-half[0] * UM, half[0] * UM)
    axes.set_ylim(-half[1] * UM, half[1] * UM)
    axes.set_aspect("equal")
    axes.set_facecolor("white")
    wet = 0.5 * np.array(view.extent)
    axes.add_patch(Rectangle(tuple(-wet * UM), *(2.0 * wet * UM), facecolor=LIQUID, edgecolor="none"))
    for width, length, _ in view.windows[:1]:
        axes.add_patch(
            Rectangle((-width / 2 * UM, -length / 2 * UM), width * UM, length * UM, facecolor=LIT, edgecolor="none")
        )
    for shape in view.shapes:
        colour = style.ROLES[shape.role]
        axes.add_patch(Polygon(shape.outline * UM, facecolor=colour, edgecolor=colour, alpha=0.75, linewidth=0.8))
        if np.ptp(shape.outline, axis=0).max() < TINY * half.max():
            axes.add_patch(
                Circle(shape.outline.mean(axis=0) * UM, 2.0 * TINY * half.max() * UM, fill=False, edgecolor=colour)
            )
        for part in shape.passivated:
            axes.add_patch(Polygon(part * UM, facecolor="#ffffff99", edgecolor=style.INK, hatch="////", linewidth=0.0))
    for width, length, _ in view.windows:
        axes.add_patch(
            Rectangle(
                (-width / 2 * UM, -length / 2 * UM), width * UM, length * UM, fill=False, edgecolor=style.INK,
                linewidth=1.0, linestyle="--",
            )
        )  # fmt: skip
    for x, y, width, height in view.beams:
        where: dict[str, Any] = {"fill": False, "edgecolor": BEAM, "linewidth": 1.4}
        if height > 0.0:
            axes.add_patch(Rectangle(((x - width / 2) * UM, (y - height / 2) * UM), width * UM, height * UM, **where))
        else:
            axes.add_patch(Circle((x * UM, y * UM), width / 2 * UM, **where))
    _scale_bar(axes, half)
    axes.set_title(title, fontsize=style.SMALL + 0.5, color=style.INK, loc="left")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(color=style.FAINT, linewidth=0.8)


def _legend(axes: Axes, view: View) -> None:
    handles: list[Patch] = []
    for shape in view.shapes:
        text = shape.name if shape.name == shape.role else f"{shape.name} ({shape.role})"
        area = view.areas.get(shape.name, {})
        if area:
            text += f"\n{_area(area['bare'])} bare"
            share = area.get("on window", 0.0) / area["bare"] if area["bare"] > 0.0 else 0.0
            part = "all" if share > 0.999 else (f"{100 * share:.2g} %" if share > 1e-4 else "nothing")
            text += f"\n{part} on the window" if "on window" in area else ""
        text += "\non the upper window" if shape.upper else ""
        handles.append(Rectangle((0, 0), 1, 1, facecolor=style.ROLES[shape.role], alpha=0.75, label=text))
    if any(shape.passivated for shape in view.shapes):
        handles.append(
            Rectangle((0, 0), 1, 1, facecolor="white", edgecolor=style.INK, hatch="////", label="passivated")
        )
    if view.windows:
        handles.append(Rectangle((0, 0), 1, 1, facecolor=LIT, edgecolor=style.INK, linestyle="--", label="window"))
    if view.beams:
        handles.append(Circle((0, 0), 1, facecolor="white", edgecolor=BEAM, label="beam"))
    axes.legend(
        handles=handles, loc="center left", bbox_to_anchor=(-0.1, 0.5), frameon=False, fontsize=style.SMALL - 0.5,
        labelspacing=0.7, handlelength=1.4,
    )  # fmt: skip


def _scale_bar(axes: Axes, half: Array) -> None:
    length = _round(0.5 * half[0])
    x, y = -0.92 * half[0], -0.9 * half[1]
    axes.plot([x * UM, (x + length) * UM], [y * UM, y * UM], color=style.INK, linewidth=3.0, solid_capstyle="butt")
    axes.text(
        x * UM, (y + 0.04 * half[1]) * UM, _length(length), ha="left", va="bottom",
        fontsize=style.SMALL, color=style.INK,
        bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.6},
    )  # fmt: skip


def _across(axes: Axes, view: View) -> None:
    """Section across the middle of the windows."""
    x, top = view.x * UM, (view.spacer + view.upper) * UM
    floor = -view.lower * UM
    thick = [w[2] * UM for w in view.windows] or [0.0]
    low, high = floor.min() - thick[-1], top.max() + thick[0]
    pad = 0.22 * (high - low)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(low - pad, high + pad)
    axes.fill_between(x, floor, top, color=LIQUID, linewidth=0.0)
    for edge, t, sign in ((top, thick[0], 1.0), (floor, thick[-1], -1.0)):
        if view.windows:
            axes.fill_between(x, edge, edge + sign * t, color=FILM, linewidth=0.0)
    for number, sign in ((0, 1.0), (-1, -1.0)):
        if not view.windows:
            break
        half = 0.5 * view.windows[number][0] * UM
        start = view.spacer * UM + thick[0] if sign > 0.0 else -thick[-1]
        for left, right in ((x[0], -half), (half, x[-1])):
            axes.fill_between(
                [left, right], start, start + sign * 10.0 * (high - low + pad), color=SILICON, linewidth=0.0
            )
    _floors(axes, view, low, high, pad)
    box = axes.get_window_extent()
    factor = (x[-1] - x[0]) / box.width * box.height / (high - low + 2.0 * pad)
    text = f"across, at y = 0; heights {factor:.3g} times too large"
    axes.set_title(text, fontsize=style.SMALL + 0.5, color=style.INK, loc="left")
    middle = float((view.spacer + view.upper + view.lower)[x.size // 2])
    axes.annotate(
        "", (0.0, top[x.size // 2]), (0.0, floor[x.size // 2]),
        arrowprops={"arrowstyle": "<->", "color": style.INK, "linewidth": 0.9},
    )  # fmt: skip
    axes.text(
        0.012 * (x[-1] - x[0]), 0.5 * (top[x.size // 2] + floor[x.size // 2]), f"{_length(middle)} of liquid",
        fontsize=style.SMALL, color=style.INK, va="center",
    )  # fmt: skip
    if abs(middle - view.spacer) > 1e-3 * view.spacer:
        both = " and ".join(_length(float(w[np.argmax(np.abs(w))])) for w in (view.upper, view.lower))
        note = f"spacer {_length(view.spacer)}; windows bulge by {both}"
    else:
        note = f"spacer {_length(view.spacer)}, windows drawn flat"
    where = "x (µm)"
    if any(shape.thickness * UM < LEAST * (high - low + 2.0 * pad) for shape in view.shapes):
        where = "x (µm); thin films of metal drawn thicker than they are"
    axes.set_title(note, fontsize=style.SMALL, color=style.FAINT, loc="right")
    axes.set_xlabel(where)
    axes.set_yticks([])
    axes.tick_params(labelsize=style.SMALL, color=style.FAINT)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set(color=style.FAINT, linewidth=0.8)


def _floors(axes: Axes, view: View, low: float, high: float, pad: float) -> None:
    """Electrodes cut at y = 0, as films on the window that carries them."""
    least = LEAST * (high - low + 2.0 * pad)
    for shape in view.shapes:
        for part, colour, hatch in (
            (shape.outline, style.ROLES[shape.role], None),
            *((p, "white", "////") for p in shape.passivated),
        ):
            for a, b in spans(part, 0.0):
                inside = view.x[(view.x > a) & (view.x < b)]
                at = np.unique(np.concatenate([[a], inside, [b]]))
                at = at[(at >= view.x[0]) & (at <= view.x[-1])]
                if at.size < 2:
                    continue
                away = np.interp(at, view.x, view.upper if shape.upper else view.lower) * UM
                base = view.spacer * UM + away if shape.upper else -away
                tall = max(shape.thickness * UM, least) * (-1.0 if shape.upper else 1.0)
                axes.fill_between(
                    at * UM, base, base + tall, facecolor=colour, edgecolor=style.INK if hatch else colour, hatch=hatch,
                    linewidth=0.4,
                )  # fmt: skip


def spans(outline: Array, y: float) -> list[tuple[float, float]]:
    """Where a line of constant y runs inside an outline, along x.

    Examples
    --------
    >>> spans(np.array([[0.0, -1.0], [2.0, -1.0], [2.0, 1.0], [0.0, 1.0]]), 0.0)
    [(0.0, 2.0)]
    """
    a, b = outline, np.roll(outline, -1, axis=0)
    cut = (a[:, 1] > y) != (b[:, 1] > y)
    share = (y - a[cut, 1]) / (b[cut, 1] - a[cut, 1])
    places = np.sort(a[cut, 0] + share * (b[cut, 0] - a[cut, 0]))
    return [(float(p), float(q)) for p, q in zip(places[::2], places[1::2], strict=True)]


def _round(length: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not longer."""
    power = 10.0 ** np.floor(np.log10(length))
    return float(power * max(step for step in (1.0, 2.0, 5.0) if step * power <= length * (1.0 + 1e-12)))


def _area(square_metres: float) -> str:
    return f"{1e12 * square_metres:,.0f} µm²".replace(",", "\u202f")


def _length(metres: float) -> str:
    return scaled(metres, "m").replace("um", "µm")

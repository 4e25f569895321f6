"""Picture of a current distribution: where the current enters, lines of equal potential, the profile over electrodes.

Profiles are averages over bins of equal width: at an edge itself a primary current density is infinite, and its value
in a cell would be that of the grid.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simcell.errors import ResultError
from simcell.results import frame, gather, space, style, words
from simcell.results.provenance import ATTRIBUTE, read_provenance
from simcell.results.variables import SPACE

BINS = 40  # of the profile over an electrode
FLATTEST, TALLEST = 0.16, 0.62  # height of the map over its width
COLOURS = ("#0152c8", "#aa0e00", "#038d4c", "#cf8e03", "#531570")
_SPAN = 30.0  # of current densities above which their scale is logarithmic


def is_currents(tree: xr.DataTree) -> bool:
    """Whether a result is a current distribution at one moment.

    Examples
    --------
    >>> is_currents(xr.DataTree())
    False
    """
    return {"current_density", "edge_factor"} <= set(gather.group_of(tree, "transport"))


def outlines(tree: xr.DataTree) -> dict[str, np.ndarray]:
    """Corners (n, 2) of each electrode that a result holds [m], by name.

    Examples
    --------
    >>> outlines(xr.DataTree())
    {}
    """
    if "cell" not in tree.children or "outline_x" not in gather.group_of(tree, "cell"):
        return {}
    cell = gather.group_of(tree, "cell")
    found = {}
    for row, name in enumerate(str(n) for n in cell["electrode"].values):
        corners = np.column_stack([cell["outline_x"].values[row], cell["outline_y"].values[row]])
        corners = corners[np.isfinite(corners).all(axis=1)]
        if len(corners):
            found[name] = corners
    return found


def profile(tree: xr.DataTree, electrode: str, axis: str = "x", bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of bins over an electrode [m], and its mean current density in each [A/m^2].

    Parameters
    ----------
    tree : xarray.DataTree
    electrode : str
    axis : str
        ``x`` or ``y``; the other direction is averaged.
    bins : int

    Returns
    -------
    bounds, density
        (bins + 1,), (bins,)

    Raises
    ------
    ResultError
        If the result has no such electrode.

    Examples
    --------
    >>> profile(xr.DataTree(), "working")
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: the result has no outline of an electrode "working"
    """
    shapes = outlines(tree)
    if electrode not in shapes:
        raise ResultError(f'the result has no outline of an electrode "{electrode}"')
    group, cell = gather.group_of(tree, "transport"), gather.group_of(tree, "cell")
    number = [str(n) for n in group["electrode"].values].index(electrode) + 1
    shape, faces = _plane(tree)
    which = space.filled(cell["electrode_map"], (1, *shape))[0] == number
    area = np.where(which, space.filled(cell["electrode_area"], (1, *shape))[0], 0.0)
    density = np.nan_to_num(space.filled(group["current_density"][0], (1, *shape))[0])
    along = 0 if axis == "x" else 1
    total, whole = (np.concatenate([[0.0], np.cumsum(v.sum(axis=along))]) for v in (density * area, area))
    place = faces[1] if axis == "x" else faces[0]
    low, high = shapes[electrode][:, 0 if axis == "x" else 1].min(), shapes[electrode][:, 0 if axis == "x" else 1].max()
    bounds = np.linspace(low, high, bins + 1)
    within = np.clip(place, low, high)
    parts = np.diff(np.interp(bounds, within, whole))
    with np.errstate(invalid="ignore", divide="ignore"):
        return bounds, np.where(parts > 0.0, np.diff(np.interp(bounds, within, total)) / parts, np.nan)


def distribution(tree: xr.DataTree, seconds: float | None = None) -> Figure:
    """Draw a current distribution: map from above, or cut through a section, and the profile below it.

    Parameters
    ----------
    tree : xarray.DataTree
    seconds : float, optional
        The nearest output time is drawn; the last when not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ResultError
        If the result is none.

    Examples
    --------
    >>> distribution(xr.DataTree())
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: the result holds no current distribution
    """
    if not is_currents(tree):
        raise ResultError("the result holds no current distribution")
    tree = _at(tree, seconds)
    (ny, _), (y, x) = _plane(tree)
    from_above = ny > 1
    unit = words.length_unit(0.5 * float(x[-1] - x[0]))
    wide = style.WIDTH - 0.75 - 1.25
    ratio = float(np.ptp(y) / np.ptp(x)) if from_above else 0.2
    tall = wide * float(np.clip(ratio, FLATTEST, TALLEST))
    map_wide = min(wide, tall / ratio) if from_above else wide
    low, foot, gap, top = 1.75, 0.75, 0.62, 0.78
    height = top + tall + gap + low + foot
    figure = style.new_figure(height)
    upper = figure.add_axes((0.75 / style.WIDTH, (foot + low + gap) / height, map_wide / style.WIDTH, tall / height))
    lower = figure.add_axes((0.75 / style.WIDTH, foot / height, wide / style.WIDTH, low / height))
    if from_above:
        _above(figure, upper, tree, unit)
    else:
        _cut(figure, upper, tree, unit)
    _profiles(lower, tree, unit)
    facts = read_provenance(tree) if ATTRIBUTE in tree.attrs else {}
    name = str(facts.get("record", {}).get("case", {}).get("title") or "Current distribution")
    frame.title(upper, name, _conditions(tree, facts))
    note = "Profile: averages over bins" + (" along x; the y direction is averaged." if from_above else ".")
    frame.note(figure, [note, "Anodic current is positive."])
    return figure


def table(tree: xr.DataTree) -> dict[str, list[Any]]:
    """Columns of a spreadsheet: mean current density of each electrode in bins along x.

    Examples
    --------
    >>> table(xr.DataTree())["electrode"]
    []
    """
    rows: dict[str, list[Any]] = {"electrode": [], "from x (m)": [], "to x (m)": [], "current density (A/m^2)": []}
    for name in outlines(tree):
        if not np.isfinite(_factor(tree, name)):
            continue
        bounds, density = profile(tree, name)
        rows["electrode"] += [name] * density.size
        for column, values in zip(list(rows)[1:], (bounds[:-1], bounds[1:], density), strict=True):
            rows[column] += values.tolist()
    return rows


def _factor(tree: xr.DataTree, name: str) -> float:
    """Edge factor of an electrode; NaN without net current, and where none can flow."""
    group = gather.group_of(tree, "transport")
    if name not in group["electrode"].values:
        return float("nan")
    return float(gather.group_of(tree, "transport")["edge_factor"].sel(electrode=name)[0])


def _at(tree: xr.DataTree, seconds: float | None) -> xr.DataTree:
    """The result with one output time, the nearest or the last."""
    times = gather.group_of(tree, "transport")["time"].values
    step = times.size - 1 if seconds is None else int(np.abs(times - seconds).argmin())
    one = {name: gather.group_of(tree, name) for name in tree.children if name != "trace"}
    one["transport"] = one["transport"].isel(time=[step])
    found = xr.DataTree.from_dict(one)
    found.attrs = tree.attrs
    return found


def _plane(tree: xr.DataTree) -> tuple[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
    """Number of cells along y and x, and their faces [m]."""
    group = gather.group_of(tree, "transport")
    y, x = (group[dim].values.astype(float) if dim in group.dims else np.zeros(1) for dim in SPACE[1:])
    return (y.size, x.size), (space.edges(y) if y.size > 1 else np.array([-0.5, 0.5]), space.edges(x))


def _above(figure: Figure, axes: Axes, tree: xr.DataTree, unit: tuple[float, str]) -> None:
    group, size = gather.group_of(tree, "transport"), unit[0]
    shape, (y, x) = _plane(tree)
    density = space.filled(group["current_density"][0], (1, *shape))[0]
    area = space.filled(gather.group_of(tree, "cell")["electrode_area"], (1, *shape))[0]
    cover = area / np.outer(np.diff(y), np.diff(x))
    values = np.ma.masked_where(~(np.isfinite(density) & (cover >= 0.5)), np.abs(density))
    axes.set_facecolor("white")
    mesh = axes.pcolormesh(x / size, y / size, values, cmap="viridis", norm=_scale(values), rasterized=True, zorder=2)
    potential = _potential(tree)
    middle = potential[potential.shape[0] // 2]
    _lines(axes, 0.5 * (x[1:] + x[:-1]) / size, 0.5 * (y[1:] + y[:-1]) / size, middle)
    _shapes(axes, tree, size)
    axes.set_xlim(x[0] / size, x[-1] / size)
    axes.set_ylim(y[0] / size, y[-1] / size)
    axes.set_xlabel(f"x ({unit[1]})", fontsize=style.SMALL, color=style.INK)
    axes.set_ylabel(f"y ({unit[1]})", fontsize=style.SMALL, color=style.INK)
    _plain_axes(axes)
    box = axes.get_position()
    bar = figure.add_axes((box.x1 + 0.012, box.y0, 0.014, box.height))
    drawn = figure.colorbar(mesh, cax=bar)
    drawn.set_label("|i| (A/m²)", fontsize=style.SMALL, color=style.INK)
    bar.yaxis.set_major_formatter(FuncFormatter(lambda v, _: words.number(v, 3)))
    bar.yaxis.set_minor_formatter(FuncFormatter(lambda v, _: ""))
    bar.tick_params(labelsize=style.SMALL - 0.5, length=2, color=style.FAINT, labelcolor=style.INK)
    drawn.outline.set(color=style.FAINT, linewidth=0.6)


def _cut(figure: Figure, axes: Axes, tree: xr.DataTree, unit: tuple[float, str]) -> None:
    """Potential in a section, with the electrodes on its floor; across the gap the scale is stretched."""
    group, size = gather.group_of(tree, "transport"), unit[0]
    x, z = space.edges(group["x"].values), space.edges(group["z"].values, 0.0)
    up = words.length_unit(0.5 * float(z[-1]))
    values = 1e3 * _potential(tree)[:, 0]
    mesh = axes.pcolormesh(x / size, z / up[0], values, cmap="cividis", rasterized=True, zorder=1)
    _lines(axes, group["x"].values / size, group["z"].values / up[0], values / 1e3, "white")
    for (name, corners), colour in zip(outlines(tree).items(), COLOURS, strict=False):
        left, right = corners[:, 0].min() / size, corners[:, 0].max() / size
        axes.plot(
            [left, right], [0.0, 0.0], color=colour, linewidth=5.0, solid_capstyle="butt", clip_on=False, zorder=5
        )
        axes.annotate(
            name, (0.5 * (left + right), 0.0), (0, 6), textcoords="offset points", ha="center", color="white",
            fontsize=style.SMALL, zorder=6,
        )  # fmt: skip
    axes.set_xlim(x[0] / size, x[-1] / size)
    axes.set_ylim(0.0, z[-1] / up[0])
    axes.set_ylabel(f"z ({up[1]})", fontsize=style.SMALL, color=style.INK)
    _plain_axes(axes)
    axes.locator_params(axis="y", nbins=3)
    box = axes.get_position()
    bar = figure.add_axes((box.x1 + 0.012, box.y0, 0.014, box.height))
    drawn = figure.colorbar(mesh, cax=bar, ticks=MaxNLocator(4))
    drawn.set_label("potential (mV)", fontsize=style.SMALL, color=style.INK)
    bar.tick_params(labelsize=style.SMALL - 0.5, length=2, color=style.FAINT, labelcolor=style.INK)
    drawn.outline.set(color=style.FAINT, linewidth=0.6)


def _potential(tree: xr.DataTree) -> np.ndarray:
    group = gather.group_of(tree, "transport")
    shape = (group.sizes.get("z", 1), group.sizes.get("y", 1), group.sizes.get("x", 1))
    values = space.filled(group["potential"][0], shape)
    volume = (
        space.filled(gather.group_of(tree, "cell")["volume"], shape)
        if "volume" in gather.group_of(tree, "cell")
        else np.ones(shape)
    )
    return np.where(volume > 0.0, values, np.nan)


def _lines(axes: Axes, x: np.ndarray, y: np.ndarray, values: np.ndarray, colour: str = style.FAINT) -> None:
    low, high = 1e3 * float(np.nanmin(values)), 1e3 * float(np.nanmax(values))
    if min(values.shape) < 2 or not high - low > 1e-6:
        return
    levels = MaxNLocator(9, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    drawn = axes.contour(
        x, y, 1e3 * values, [v for v in levels if low < v < high], colors=colour, linewidths=0.8, linestyles="solid",
        zorder=3,
    )  # fmt: skip
    axes.clabel(drawn, fmt=lambda v: f"{v:.4g} mV", fontsize=style.SMALL - 2.0)


def _shapes(axes: Axes, tree: xr.DataTree, size: float) -> None:
    for (name, corners), colour in zip(outlines(tree).items(), COLOURS, strict=False):
        axes.add_patch(Polygon(corners / size, closed=True, fill=False, edgecolor=colour, linewidth=1.6, zorder=5))
        axes.annotate(
            name, (float(corners[:, 0].mean()) / size, float(corners[:, 1].max()) / size), (0, 3),
            textcoords="offset points", ha="center", color=colour, fontsize=style.SMALL, zorder=6,
        )  # fmt: skip


def _scale(values: Any) -> Normalize:
    known = values.compressed()
    known = known[known > 0.0]
    if not known.size:
        return Normalize(0.0, 1.0)
    low, high = float(known.min()), float(np.quantile(known, 0.99))
    return LogNorm(max(low, 1e-4 * high), high) if high > _SPAN * low else Normalize(low if high > low else 0.0, high)


def _profiles(axes: Axes, tree: xr.DataTree, unit: tuple[float, str]) -> None:
    for (name, _), colour in zip(outlines(tree).items(), COLOURS, strict=False):
        if not np.isfinite(factor := _factor(tree, name)):
            continue
        bounds, density = profile(tree, name)
        axes.stairs(density, bounds / unit[0], color=colour, linewidth=1.6, baseline=None)
        axes.annotate(
            f"{name}: edge factor {factor:.2f}", (float(bounds.mean()) / unit[0], float(np.nanmean(density))),
            (0, 14 if np.nanmean(density) < 0.0 else -20), textcoords="offset points", ha="center", color=colour,
            fontsize=style.SMALL,
        )  # fmt: skip
    x = _plane(tree)[1][1]
    axes.set_xlim(x[0] / unit[0], x[-1] / unit[0])
    axes.axhline(0.0, color=style.FAINT, linewidth=0.8, zorder=1)
    axes.set_xlabel(f"x ({unit[1]})")
    axes.set_ylabel("i (A/m²)")
    style.dress(axes)
    axes.margins(y=0.12)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: words.number(v, 3)))


def _plain_axes(axes: Axes) -> None:
    for spine in axes.spines.values():
        spine.set(color=style.FAINT, linewidth=0.8)
    axes.tick_params(which="both", color=style.FAINT, labelcolor=style.INK, labelsize=style.SMALL - 0.5, length=2.5)
    axes.locator_params(axis="x", nbins=7)


def _conditions(tree: xr.DataTree, facts: dict[str, Any]) -> str:
    group, told = gather.group_of(tree, "transport"), facts.get("transport", {})
    names = [str(n) for n in group["electrode"].values]
    parts = [f"{told['level']}, {told['geometry']}"] if told else []
    roles = {e["name"]: e["role"] for e in facts.get("record", {}).get("electrode", ())}
    working = next((n for n in names if roles.get(n) == "working"), names[0])
    current = float(group["electrode_current"].sel(electrode=working)[0])
    parts.append(f"{working}: {_amperes(current)}")
    if float(group["time"][0]) > 0.0:
        parts.append(f"after {words.duration(float(group['time'][0]))}")
    parts.append(f"{1e3 * float(group['electrode_potential'].sel(electrode=working)[0]):.4g} mV")
    if told:
        parts[-1] += f" against {told['against']}"
    return ", ".join(parts)


def _amperes(current: float) -> str:
    for size, prefix in ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f")):
        if abs(current) >= 0.9995 * size:
            return f"{current / size:.3g} {prefix}A"
    return f"{current:.3g} A"

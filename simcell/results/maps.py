"""Maps of a result in space: one quantity large, or a sheet of what people look at first.

From above (`plan`, and `full` midway between the windows) or in the vertical cut through the beam (`section`, and under
the view from above in `full`). The beam is outlined where the dose rate is half its maximum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from simcell.errors import ResultError
from simcell.results import frame, gather, layers, space, style, words
from simcell.results.currents import outlines
from simcell.results.provenance import ATTRIBUTE, read_provenance

SHEET = ("e_aq-", "OH", "H2", "H2O2", space.PH, space.GAS)
WIDEST_VIEW = 20.0  # beam diameters; a larger grid is cropped to this, unless asked for
HIGHEST = 5.8  # inch, of all planes of one quantity
HEAD = 0.52  # inch above a panel, for its name and its scale of colours


class Scene(NamedTuple):
    """What all panels of a figure share: grid, planes, where liquid is, view [m], unit of length, flow, thickness.

    Examples
    --------
    >>> Scene._fields[:2]
    ('where', 'cuts')
    """

    where: space.Place
    cuts: list[layers.Cut]
    wet: np.ndarray  # (nz, ny, nx) bool
    view: tuple[tuple[float, float], tuple[float, float]]  # of x and y [m]
    unit: tuple[float, str]
    flow: tuple[np.ndarray, np.ndarray] | None
    thickness: np.ndarray | None  # (ny, nx)


def sheet(
    tree: xr.DataTree,
    seconds: float | None = None,
    wanted: Sequence[str] | None = None,
    extent: float | None = None,
    shapes: Sequence[np.ndarray] = (),
) -> Figure:
    """Draw maps of several quantities at one time side by side.

    Parameters
    ----------
    tree : xarray.DataTree
        One run in space.
    seconds : float, optional
        The nearest output time is drawn; the last when not given.
    wanted : sequence of str, optional
        Species, `pH`, `gas`; default: electron, OH, H2, H2O2, pH and gas, as far as the result has them.
    extent : float, optional
        Width of the view around the beam [m]; `inf` for the whole grid; default the whole grid or 20 beam diameters.
    shapes : sequence of (n, 2) arrays
        Outlines (x, y) [m] of windows and electrodes; default: those of the electrodes that the result holds.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> x = [-1e-6, 0.0, 1e-6]
    >>> tree = build({"radiolysis": {"pH": (["time", "y", "x"], [np.eye(3) + 6.0])}}, {"time": [1.0], "y": x, "x": x})
    >>> sheet(tree).axes[0].get_xlabel()
    'x (µm)'
    """
    shown = list(wanted) if wanted else available(tree)
    if not shown:
        raise ResultError(f"the result holds none of {', '.join(SHEET)}; name species to draw")
    shapes = shapes or list(outlines(tree).values())
    scene = scene_of(tree, extent)
    fields = [space.field(tree, what, seconds) for what in shown]
    lined = space.PH if any(f.kind == space.PH for f in fields) else fields[0].kind
    columns = min(len(shown), 2 if scene.where.geometry == "section" else 3)
    figure, boxes = _boxes(scene, len(shown), columns)
    saturated = False
    for number, field in enumerate(fields):
        for row, (cut, box) in enumerate(zip(scene.cuts, boxes[number], strict=True)):
            axes = figure.add_axes(box)
            draw(
                axes, scene, cut, field, shapes, first=number == row == 0, named=row == 0, contours=field.kind == lined
            )
            last = number + columns >= len(fields)
            _ticks(axes, cut, scene, left=number % columns == 0, below=row + 1 == len(scene.cuts), named=last)
            if field.kind == space.GAS and (ratio := space.saturation(tree, seconds)) is not None:
                saturated |= layers.contour_saturated(axes, cut, scene.where, ratio, scene.unit[0])
    _words(figure, tree, scene, seconds, ["White line: the gases saturate the liquid."] if saturated else [])
    return figure


def single(
    tree: xr.DataTree,
    what: str,
    seconds: float | None = None,
    extent: float | None = None,
    shapes: Sequence[np.ndarray] = (),
) -> Figure:
    """Draw one quantity large, with contours of the thickness of the liquid where it varies.

    Parameters
    ----------
    tree, seconds, extent, shapes
        As for `sheet`.
    what : str
        A species, `pH`, `gas` or `dose rate`.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> x = [-1e-6, 0.0, 1e-6]
    >>> tree = build({"radiolysis": {"pH": (["time", "y", "x"], [np.eye(3) + 6.0])}}, {"time": [1.0], "y": x, "x": x})
    >>> single(tree, "pH").axes[0].get_ylabel()
    'y (µm)'
    """
    return sheet(tree, seconds, [what], extent, shapes)


def bare(scene: Scene, field: space.Field, scale: Any) -> tuple[Figure, list[Any]]:
    """One quantity without a title and with a given scale of colours, for a movie; gives the meshes to update.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> x = [-1e-6, 0.0, 1e-6]
    >>> tree = build({"radiolysis": {"pH": (["time", "y", "x"], [np.eye(3) + 6.0])}}, {"time": [1.0], "y": x, "x": x})
    >>> field = space.field(tree, "pH")
    >>> len(bare(scene_of(tree), field, layers.norm(field.values, "pH"))[1])
    1
    """
    figure, boxes = _boxes(scene, 1, 1)
    meshes = []
    for row, (cut, box) in enumerate(zip(scene.cuts, boxes[0], strict=True)):
        axes = figure.add_axes(box)
        first = row == 0
        mesh = draw(axes, scene, cut, field, first=first, named=first, scale=scale, contours=False, ranged=False)
        meshes.append(mesh)
        _ticks(axes, cut, scene, left=True, below=row + 1 == len(scene.cuts), named=True)
    return figure, meshes


def available(tree: xr.DataTree) -> list[str]:
    """What of the default sheet a result holds; other species where it has none of them.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> available(build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}}, {"time": [1.0], "x": [1e-6, 2e-6]}))
    ['pH']
    """
    group = gather.radiolysis(tree)
    names = [str(n) for n in group["species"].values] if "concentration" in group else []
    has = {space.PH: "pH" in group, space.GAS: "gas_pressure" in group or "gas_saturation" in group}
    found = [what for what in SHEET if has.get(what, what in names)]
    return found if found else [name for name in names if name != "H2O"][:6]


def scene_of(tree: xr.DataTree, extent: float | None = None) -> Scene:
    """Collect what all panels share: planes, view, unit of length, flow and thickness.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> x = [-1e-6, 0.0, 1e-6]
    >>> tree = build({"radiolysis": {"pH": (["time", "y", "x"], [np.eye(3) + 6.0])}}, {"time": [1.0], "y": x, "x": x})
    >>> scene_of(tree).unit
    (1e-06, 'µm')
    """
    where = space.place(tree)
    if where.y.size == where.z.size == 1:
        raise ResultError(
            'a result along one line has no map; draw its profile (--what profile) or reach (--what "reach")'
        )
    cell = tree["cell"].to_dataset() if "cell" in tree.children else xr.Dataset()
    flow, thickness = None, None
    if "velocity_x" in cell:
        u = space.filled(cell["velocity_x"], where.shape)
        flow = (u, space.filled(cell["velocity_y"], where.shape) if "velocity_y" in cell else 0.0 * u)
    if "liquid_thickness" in cell:
        thickness = space.filled(cell["liquid_thickness"], (1, *where.shape[1:]))[0]
    wet = np.ones(where.shape, dtype=bool)
    if "volume" in cell:
        wet &= space.filled(cell["volume"], where.shape) > 0.0
    if thickness is not None:
        wet &= thickness > 0.0
    view = _view(where, extent, flow)
    unit = words.length_unit(0.5 * (view[0][1] - view[0][0]))
    return Scene(where, layers.cuts(where), wet, view, unit, flow, thickness)


def draw(
    axes: Axes,
    scene: Scene,
    cut: layers.Cut,
    field: space.Field,
    shapes: Sequence[np.ndarray] = (),
    first: bool = False,
    named: bool = True,
    contours: bool = True,
    scale: Any = None,
    ranged: bool = True,
) -> Any:
    """Draw one panel with its outlines and, above it, its name and scale of colours; gives the mesh.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> x = [-1e-6, 0.0, 1e-6]
    >>> tree = build({"radiolysis": {"pH": (["time", "y", "x"], [np.eye(3) + 6.0])}}, {"time": [1.0], "y": x, "x": x})
    >>> scene = scene_of(tree)
    >>> axes = style.new_figure(4.0).add_subplot()
    >>> draw(axes, scene, scene.cuts[0], space.field(tree, "pH")).get_array().shape
    (3, 3)
    """
    unit = scene.unit[0]
    values = np.where(scene.wet, field.values, np.nan)
    scale = scale if scale is not None else layers.norm(values, field.kind)
    mesh = layers.draw_mesh(axes, cut, field, scene.wet, scale, unit)
    axes.set_xlim(scene.view[0][0] / unit, scene.view[0][1] / unit)
    up = scene.view[1] if cut.up == "y" else (cut.v[0], cut.v[-1])
    axes.set_ylim(up[0] / unit, up[1] / unit)
    lines = cut.up == "y" and scene.thickness is not None and contours
    if scene.flow is not None and cut is scene.cuts[0] and not (lines and field.kind == space.PH):
        layers.flow_arrows(axes, cut, scene.where, scene.flow, unit, clear=first)
    layers.beam_outline(axes, cut, scene.where, unit, name=first)
    if cut.up == "y":
        layers.outlines(axes, shapes, unit)
        if scene.thickness is not None and lines:
            colour = style.INK if field.kind == space.PH else "white"
            layers.thickness_contours(axes, scene.where, scene.thickness, unit, colour)
    if first:
        layers.scale_bar(axes, unit)
    if named:
        _head(axes, mesh, field, _range(field, values) if ranged else "")
    return mesh


def _head(axes: Axes, mesh: Any, field: space.Field, said: str) -> None:
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("the axes belong to no figure")
    box, height = axes.get_position(), figure.get_size_inches()[1]
    bar = figure.add_axes((box.x0, box.y1 + 0.05 / height, box.width, 0.075 / height))
    layers.colour_bar(bar, mesh, field)
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
    axes.annotate(field.name, (0, 1), (0, 24), fontsize=style.TEXT, fontweight="bold", color=style.INK, **place)
    axes.annotate(said, (1, 1), (0, 24), ha="right", fontsize=style.SMALL, color=style.FAINT, **place)


def _range(field: space.Field, values: np.ndarray) -> str:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if field.kind == space.PH:
        return f"{low:.2f} to {high:.2f}" if high - low >= 0.005 else f"{low:.2f}"
    return f"up to {field.say(high)}"


def _view(
    where: space.Place, extent: float | None, flow: tuple[np.ndarray, np.ndarray] | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Limits of x and y [m]: the whole grid, or a window around the beam that looks downstream."""
    faces = (space.edges(where.x), space.edges(where.y))
    inside = where.dose_rate >= 0.5 * where.dose_rate.max()
    lit = (inside.any(axis=0), inside.any(axis=1))
    spans = [float(np.ptp(np.append(f[:-1][m], f[1:][m]))) for f, m in zip(faces, lit, strict=True)]
    diameter = max(spans if where.y.size > 1 else spans[:1])
    wide = extent if extent is not None else (WIDEST_VIEW * diameter if where.dose_rate.max() > 0.0 else np.inf)
    if not wide > 0.0:
        raise ResultError(f"the width of the view must be positive, not {words.length(wide)}")
    centre = where.beam_centre()[::-1]
    drift = (0.0, 0.0)
    if flow is not None and (top := max(abs(f).max() for f in flow)) > 0.0:
        drift = (0.3 * float(flow[0].mean()) / top, 0.3 * float(flow[1].mean()) / top)
    found = []
    for axis in (0, 1):
        low, high = float(faces[axis][0]), float(faces[axis][-1])
        if (high - low <= 1.2 * wide and extent is None) or high - low <= wide:
            found.append((low, high))
            continue
        middle = min(max(centre[axis] + drift[axis] * wide, low + 0.5 * wide), high - 0.5 * wide)
        found.append((middle - 0.5 * wide, middle + 0.5 * wide))
    return found[0], found[1]


def _boxes(scene: Scene, count: int, columns: int) -> tuple[Figure, list[list[tuple[float, float, float, float]]]]:
    """A figure, and for each quantity the boxes of its planes, from equal widths and true proportions."""
    left, right, gap, foot, top = 0.66, 0.16, 0.2, 0.5, 0.6
    full = style.WIDTH - left - right
    flattest = layers.FLATTEST / len(scene.cuts)
    ratios = [float(np.clip(_ratio(scene, cut), flattest, layers.TALLEST)) for cut in scene.cuts]
    wide = min((full - (columns - 1) * gap) / columns, HIGHEST / sum(ratios))
    tall = [wide * ratio for ratio in ratios]
    rows = -(-count // columns)
    pitch = HEAD + sum(tall) + 0.12 * (len(tall) - 1) + 0.3
    height = top + rows * pitch + foot
    figure, boxes = style.new_figure(height), []
    for number in range(count):
        x = left + (number % columns) * (wide + gap)
        y = height - top - (number // columns) * pitch - HEAD
        column = []
        for size in tall:
            column.append((x / style.WIDTH, (y - size) / height, wide / style.WIDTH, size / height))
            y -= size + 0.12
        boxes.append(column)
    return figure, boxes


def _ratio(scene: Scene, cut: layers.Cut) -> float:
    across = scene.view[0][1] - scene.view[0][0]
    up = scene.view[1][1] - scene.view[1][0] if cut.up == "y" else cut.size[1]
    return up / across


def _ticks(axes: Axes, cut: layers.Cut, scene: Scene, left: bool, below: bool, named: bool) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(5, prune="both"))  # so that panels do not share a number
    axes.locator_params(axis="y", nbins=4 if cut.up == "y" else 3)
    if below and named:
        axes.set_xlabel(f"{cut.across} ({scene.unit[1]})", fontsize=style.SMALL, labelpad=1.0)
    axes.tick_params(axis="x", labelbottom=below)
    axes.tick_params(axis="y", labelleft=left)
    if left:
        axes.set_ylabel(f"{cut.up} ({scene.unit[1]})", fontsize=style.SMALL, labelpad=2.0)


def _words(figure: Figure, tree: xr.DataTree, scene: Scene, seconds: float | None, more: list[str]) -> None:
    group, height = gather.radiolysis(tree), figure.get_size_inches()[1]
    name, conditions = heading(tree, float(group["time"].values[space.at(group, seconds)]))
    top = {"fontsize": style.TEXT + 2, "fontweight": "bold", "color": style.INK}
    figure.text(0.012, 1.0 - 0.27 / height, name, **top)  # type: ignore[arg-type]
    figure.text(0.012, 1.0 - 0.46 / height, conditions, fontsize=style.SMALL + 0.5, color=style.FAINT)
    frame.note(figure, [*_small_print(scene), *more])


def _small_print(scene: Scene) -> list[str]:
    sentences = []
    axes = [axis for axis in (scene.where.x, scene.where.y) if axis.size > 1]
    grid = [float(np.ptp(space.edges(axis))) for axis in axes]
    shown = [high - low for low, high in scene.view[: len(axes)]]
    if scene.where.dose_rate.max() > 0.0:
        sentences.append(
            "Circled: the beam, at half its dose rate." if scene.cuts[0].up == "y" else "Lines: half the dose rate."
        )
    if any(a < 0.999 * b for a, b in zip(shown, grid, strict=True)):
        sentences.append(f"{words.length(shown[0])} of {words.length(grid[0])} along x are shown.")
    for cut in scene.cuts:
        if cut.up == "z" and (stretch := layers.FLATTEST / len(scene.cuts) / _ratio(scene, cut)) > 1.05:
            sentences.append(f"Heights are stretched {words.number(stretch)} times.")
    if scene.flow is not None and (speed := float(np.hypot(*scene.flow).max())) > 0.0:
        sentences.append(f"Arrows: flow, up to {words.length(speed)}/s.")
    return sentences


def heading(tree: xr.DataTree, seconds: float | None) -> tuple[str, str]:
    """Title of the case, and one line with dose rate, time and what is unusual.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> heading(build({"beam": {"dose_rate": ([], 7.5e7)}}, {}), 10.0)
    ('Beam chemistry in space', 'after 10 s, 7.5×10⁷ Gy/s')
    """
    facts: Mapping[str, Any] = read_provenance(tree) if ATTRIBUTE in tree.attrs else {}
    name = str(facts.get("record", {}).get("case", {}).get("title") or "Beam chemistry in space")
    beam, parts = gather.beam(tree), []
    if seconds is not None:
        parts.append(f"after {words.duration(seconds)}" if seconds > 0.0 else "at the start")
    if "dose_rate" in beam:
        peak = float(beam["dose_rate"].max())
        parts.append(("up to " if beam["dose_rate"].ndim else "") + f"{words.number(peak)} Gy/s" if peak else "no beam")
    if facts.get("status", "complete") != "complete":
        parts.append(f"{facts['status']} run")
    return name, ", ".join(parts)

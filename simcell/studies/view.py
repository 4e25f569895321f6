"""What a picture of the cell shows, from a case: outlines, windows with their bulge, extent, beams."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simcell.cell.polygon import area_of, clipped
from simcell.cell.thickness import bulge, deflections
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.cell import CellInput, windows_of
from simcell.numerics.grid import Array
from simcell.studies.cell import gap_of, window_of
from simcell.studies.electrodes import extents_of, outlines_of

POINTS = 401  # of the section


@dataclass(frozen=True, eq=False)
class Shape:
    """One electrode as it is drawn.

    Examples
    --------
    >>> Shape("WE", "working", np.zeros((3, 2))).passivated
    ()
    """

    name: str
    role: str
    outline: Array
    passivated: tuple[Array, ...] = ()
    thickness: float = 0.0  # of the film, 0 if not known [m]
    upper: bool = False


@dataclass(frozen=True, eq=False)
class View:
    """Everything that a picture of a cell shows, SI units.

    Attributes
    ----------
    shapes : tuple of Shape
    windows : tuple of (width, length, thickness)
        Upper and lower one; none without windows.
    extent : (float, float)
        Of the wetted part, along x and y.
    spacer : float
    x, lower, upper : arrays
        Positions across the middle, and how far each window is deflected there, outwards positive.
    beams : tuple of (x, y, width, height)
        Of scanned frames; with height 0 a disc.
    chip : str

    Examples
    --------
    >>> "windows" in View.__dataclass_fields__
    True
    """

    shapes: tuple[Shape, ...]
    windows: tuple[tuple[float, float, float], ...]
    extent: tuple[float, float]
    spacer: float
    x: Array
    lower: Array
    upper: Array
    beams: tuple[tuple[float, float, float, float], ...] = ()
    chip: str = ""
    title: str = ""
    areas: dict[str, dict[str, float]] = field(default_factory=dict)


def view_of(case: CaseInput) -> View:
    """Collect what a picture of a case shows.

    Raises
    ------
    InputError
        If the case has neither a window nor electrodes, or no spacer.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                        "cell": {"chip": "narrow-window", "bulge": "auto", "pressure": "1 bar"}})
    >>> view = view_of(case.input)
    >>> round(1e9 * view.upper.max()), view.extent
    (315, (2e-05, 0.0002))
    """
    cell = case.cell
    if cell.spacer_height is None:
        raise InputError(Problem("", "cell.spacer_height", None, "is missing: there is nothing to draw", '"500 nm"'))
    shapes = tuple(
        Shape(
            e.name, e.role, outlines_of(case)[e.name], tuple(np.array(p) for p in e.passivated),
            e.film.thickness if e.film else 0.0, e.on == "upper",
        )
        for e in case.electrode
        if e.name in outlines_of(case)
    )  # fmt: skip
    windows = windows_of(cell)
    if not shapes and not windows:
        raise InputError(Problem("", "cell.window", None, "is missing: there is nothing to draw"))
    along, across = extents_of(case)
    reach = np.abs(np.concatenate([s.outline for s in shapes])).max(axis=0) if shapes else np.zeros(2)
    widest = max((w.width for w in windows), default=0.0)
    longest = max((w.length for w in windows), default=0.0)
    extent = (max(along, widest) or 2.2 * float(reach[0]), max(across or along, longest) or 2.2 * float(reach[1]))
    half = 0.5 * max(1.4 * widest, extent[0] if not widest else 0.0)
    x = np.linspace(-half, half, POINTS)
    upper, lower = _deflected(cell, x)
    gap_of(cell, x, np.zeros(1))  # refuses windows that touch
    return View(
        shapes, tuple((w.width, w.length, w.thickness) for w in windows), extent, cell.spacer_height, x, lower, upper,
        _beams(case), cell.chip or "", case.case.title, areas_of(shapes, windows[0] if windows else None),
    )  # fmt: skip


def _deflected(cell: CellInput, x: Array) -> tuple[Array, Array]:
    """Deflection of the upper and the lower window across their middle, outwards positive."""
    windows = [window_of(w) for w in windows_of(cell)]
    if not windows or cell.bulge in (None, "none"):
        return np.zeros(x.size), np.zeros(x.size)
    total = None if isinstance(cell.bulge, str) else cell.bulge
    middles = deflections(windows, pressure=cell.pressure if total is None else None, total=total)
    found = [bulge(w, m, x, [0.0])[0] for w, m in zip(windows, middles, strict=True)]
    return found[0], found[-1]


def _beams(case: CaseInput) -> tuple[tuple[float, float, float, float], ...]:
    """Discs and frames of the beam, as far as the case says how wide they are."""
    beam = case.beam
    if beam.spots:
        return tuple((*spot.center, spot.diameter, 0.0) for spot in beam.spots if spot.diameter is not None)
    x, y = beam.center or (0.0, 0.0)
    if beam.mode == "stem" and beam.pixel is not None and beam.frame is not None:
        return ((x, y, beam.pixel * beam.frame[0], beam.pixel * beam.frame[1]),)
    return () if beam.diameter is None else ((x, y, beam.diameter, 0.0),)


def areas_of(shapes: tuple[Shape, ...], window: object) -> dict[str, dict[str, float]]:
    """Areas of each electrode [m^2]: drawn, bare (not passivated), and bare on the window.

    Examples
    --------
    >>> square = Shape("WE", "working", np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]]))
    >>> areas_of((square,), None)
    {'WE': {'drawn': 2.0, 'bare': 2.0}}
    """
    found = {}
    for shape in shapes:
        drawn, hidden = area_of(shape.outline), sum(area_of(p) for p in shape.passivated)
        found[shape.name] = {"drawn": drawn, "bare": drawn - hidden}
        if window is not None:
            half = np.array([window.width, window.length]) / 2.0  # type: ignore[attr-defined]
            parts = [clipped(shape.outline, -half, half), *(clipped(p, -half, half) for p in shape.passivated)]
            sizes = [area_of(part) if len(part) else 0.0 for part in parts]
            found[shape.name]["on window"] = sizes[0] - sum(sizes[1:])
    return found

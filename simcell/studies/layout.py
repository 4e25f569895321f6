"""From a case to cells, to where the beam falls on them and when."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simcell.beam.footprint import relative_dose_rate, resolve
from simcell.beam.raster import patterns, sequence
from simcell.beam.shape import Footprint
from simcell.chemistry.network import Array
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.numerics.grid import Grid, full, graded, plan, radial, section
from simcell.radiolysis.field import Exposure
from simcell.radiolysis.homogeneous import Schedule
from simcell.studies.footprint import footprint_of, scan_of

FINEST = 10e-9  # m, resolves how far e_aq- gets out of the beam
ACROSS = 40  # cells across a beam, at least
WIDEST = 1 / 25  # of the extent: far away profiles are smooth, and pictures should be
MARKS = 9  # places in a beam that keep the spacing of its edge, where cells are square: a disc stays round


@dataclass(frozen=True)
class Layout:
    """Cells of a case and the beam on them.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}}).input
    >>> place = layout_of(case, Schedule.constant(1.0))
    >>> place.grid.shape, round(float(place.footprint.max()), 12)
    ((1, 1, 59), 1.0)
    """

    grid: Grid
    footprint: Array  # (p, nz, ny, nx) dose rate over that of the beam
    exposure: Exposure
    open_sides: tuple[str, ...]  # beyond which there is liquid as at the start
    warnings: tuple[str, ...]

    @property
    def mean(self) -> Array:
        """Footprint averaged over the patterns of a scan (nz, ny, nx)."""
        return np.asarray(self.footprint.mean(axis=0))


def layout_of(case: CaseInput, schedule: Schedule) -> Layout:
    """Lay out a case in space.

    Raises
    ------
    InputError
        If the beam does not fall on the cells, they do not resolve it, or a scan has too many steps to follow.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "plan", "extent": "50 um"}}).input
    >>> layout_of(case, Schedule.constant(1.0)).open_sides
    ('x-', 'x+', 'y-', 'y+')
    """
    beam = footprint_of(case.beam)
    grid = grid_of(case, beam)
    try:
        warnings = resolve(grid, beam)
        exposure, footprint = _exposed(case, schedule, grid, beam)
    except ValueError as error:
        raise InputError(Problem("", "beam", None, str(error))) from None
    sides = {"radial": ("x+",), "section": ("x-", "x+")}.get(grid.kind, ("x-", "x+", "y-", "y+"))
    return Layout(grid, footprint, exposure, sides if case.grid.edge == "reservoir" else (), warnings)


def grid_of(case: CaseInput, beam: Footprint) -> Grid:
    """Cells of a case: small at the edges of the beam, larger away from it.

    Examples
    --------
    >>> from simcell.beam.shape import disc
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "plan", "extent": "50 um"}})
    >>> grid_of(case.input, disc(2e-6)).shape
    (1, 92, 92)
    """
    g, height = case.grid, case.cell.spacer_height or 1.0
    along = float(g.extent or 0.0)
    if g.geometry == "radial":
        return radial(graded(0.0, along, _marks(case, beam, 0), g.growth, along * WIDEST), height)
    x = graded(-along / 2.0, along / 2.0, _marks(case, beam, 0), g.growth, along * WIDEST)
    if g.geometry == "section":
        return section(x, np.linspace(0.0, height, g.layers + 1))
    across = float(g.extent_y or along)
    y = graded(-across / 2.0, across / 2.0, _marks(case, beam, 1), g.growth, across * WIDEST)
    return plan(x, y, height) if g.geometry == "plan" else full(x, y, height, g.layers)


def _marks(case: CaseInput, beam: Footprint, axis: int) -> dict[float, float]:
    """Positions along x (0) or y (1) that want small cells, and how small."""
    square = case.grid.geometry in ("plan", "full")
    found: dict[float, float] = {}
    for part in beam.parts:
        size, middle = part.size[axis], part.centre[axis]
        spacing = case.grid.spacing or (size / ACROSS if square else min(FINEST, size / ACROSS))
        places = middle + size * np.linspace(-0.5, 0.5, MARKS if square else 2)
        if part.shape == "gaussian":  # has flanks instead of an edge
            places = middle + size * np.linspace(-1.0, 1.0, 2 * MARKS - 1)
        for place in places:
            found[float(place)] = min(spacing, found.get(float(place), math.inf))
    return found


def _exposed(case: CaseInput, schedule: Schedule, grid: Grid, beam: Footprint) -> tuple[Exposure, Array]:
    """When the beam falls where: one footprint, or those of the lines or pixels of a scan."""
    view = case.beam.resolved or "frame"
    if case.beam.mode != "stem" or view == "frame":
        return Exposure.of(schedule), relative_dose_rate(grid, beam)[None]
    scan = scan_of(case.beam)
    shapes = patterns(scan, view, grid)
    steps = sequence(scan, view, float(schedule.switch[-1])).gated(schedule.switch, schedule.scale)
    return Exposure(steps.switch, steps.scale, steps.pattern), shapes

"""From a case to cells, to where the beam falls on them and when, and to the flow through them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from simcell.beam.footprint import relative_dose_rate, resolve
from simcell.beam.raster import patterns, sequence
from simcell.beam.shape import Footprint
from simcell.cell.flow import Flow
from simcell.chemistry.network import Array
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.numerics.grid import Grid, full, graded, plan, radial, section
from simcell.radiolysis.field import Exposure
from simcell.radiolysis.homogeneous import Schedule
from simcell.studies.cell import Gap, flow_of, gap_of, rim_of
from simcell.studies.footprint import footprint_of, scan_of

FINEST = 10e-9  # m, resolves how far e_aq- gets out of the beam
ACROSS = 40  # cells across a beam, at least
WIDEST = 1 / 25  # of the extent: far away profiles are smooth, and pictures should be
MARKS = 9  # places in a beam that keep the spacing of its edge, where cells are square: a disc stays round


@dataclass(frozen=True)
class Layout:
    """Cells of a case, the beam on them and the flow through them.

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
    flow: Flow | None
    height: Array  # (ny, nx) thickness of the liquid [m]
    open_sides: tuple[str, ...]  # beyond which there is liquid as at the start
    duty: float  # share of the time in which one of several patterns is lit
    warnings: tuple[str, ...]

    @property
    def mean(self) -> Array:
        """Footprint averaged over the time of a frame, fly-back included (nz, ny, nx)."""
        return np.asarray(self.duty * self.footprint.mean(axis=0))


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
    beam, rim = footprint_of(case.beam), rim_of(case.cell)
    grid = grid_of(case, beam)
    try:
        warnings = resolve(grid, beam, rim)
        exposure, footprint = exposed(case, schedule, grid, beam)
    except ValueError as error:
        key = "grid.spacing" if "does not resolve" in str(error) else "beam"
        raise InputError(Problem("", key, None, str(error))) from None
    flow, gap = flow_of(case, grid), gap_of(case.cell, grid.centre[2], grid.centre[1])
    if flow is not None:
        warnings = (*warnings, *flow.warnings)
    if grid.kind in ("radial", "section") and case.cell.bulge not in (None, "none"):
        middle = gap_of(case.cell, np.zeros(1), np.zeros(1)).height.item()
        gap = Gap(np.full(gap.height.shape, middle), gap.warnings)
        warnings = (*warnings, f"the liquid of a {grid.kind} grid is {middle:.4g} m thick everywhere, as in the middle "
                               "of the bulged windows; plan and full follow the bulge")  # fmt: skip
    sides, duty = _open_sides(case, grid), scan_of(case.beam).duty if _resolved(case) else 1.0
    place = Layout(grid, footprint, exposure, flow, gap.height, sides, duty, (*warnings, *gap.warnings))
    return replace(place, warnings=(*place.warnings, *_doubts(case, place)))


def _open_sides(case: CaseInput, grid: Grid) -> tuple[str, ...]:
    """Sides with fresh liquid behind them; where it flows, only that where it enters: the others are walls."""
    if case.cell.flow is not None and (case.cell.flow_rate or case.cell.pressure_drop):
        return (case.cell.flow.inlet,)
    if case.grid.edge == "closed":
        return ()
    return {"radial": ("x+",), "section": ("x-", "x+")}.get(grid.kind, ("x-", "x+", "y-", "y+"))


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
    g, (along, across) = case.grid, _extents(case)
    middle = gap_of(case.cell, np.zeros(1), np.zeros(1)).height.item()  # where the beam usually is
    if g.geometry == "radial":
        return radial(graded(0.0, along, marks(case, beam, 0), g.growth, along * WIDEST), middle)
    x = graded(-along / 2.0, along / 2.0, marks(case, beam, 0), g.growth, along * WIDEST)
    if g.geometry == "section":
        return section(x, np.linspace(0.0, middle, g.layers + 1), across or 1.0)
    y = graded(-across / 2.0, across / 2.0, marks(case, beam, 1), g.growth, across * WIDEST)
    height = gap_of(case.cell, 0.5 * (x[1:] + x[:-1]), 0.5 * (y[1:] + y[:-1])).height
    return plan(x, y, height) if g.geometry == "plan" else full(x, y, height, g.layers)


def _extents(case: CaseInput) -> tuple[float, float]:
    """Lengths of the grid along x and y [m]: as given, or those of the window; 0 where a section has no width."""
    rim = rim_of(case.cell)
    window = (rim.x[1] - rim.x[0], rim.y[1] - rim.y[0]) if rim else (0.0, 0.0)
    along = case.grid.extent or window[0]
    square = along if case.grid.extent and case.grid.geometry != "section" else window[1]
    return along, case.grid.extent_y or square


def marks(case: CaseInput, beam: Footprint, axis: int) -> dict[float, float]:
    """Positions along x (0) or y (1) that want small cells, and how small [m].

    Examples
    --------
    >>> from simcell.beam.shape import disc
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "section", "extent": "9 um"}, "cell": {"spacer_height": "1 um"}})
    >>> {round(1e6 * x, 6): round(1e9 * d) for x, d in marks(case.input, disc(2e-6), 0).items()}
    {-1.0: 10, 1.0: 10}
    """
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


def exposed(case: CaseInput, schedule: Schedule, grid: Grid, beam: Footprint) -> tuple[Exposure, Array]:
    """When the beam falls where: one footprint, or those of the lines or pixels of a scan.

    Examples
    --------
    >>> from simcell.beam.shape import disc
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"}})
    >>> cells = plan(np.linspace(-2e-6, 2e-6, 5), np.linspace(-2e-6, 2e-6, 5), 1e-6)
    >>> exposed(case.input, Schedule.constant(1.0), cells, disc(2e-6))[1].shape
    (1, 1, 4, 4)
    """
    if not _resolved(case):
        return Exposure.of(schedule), relative_dose_rate(grid, beam, rim_of(case.cell))[None]
    scan, view = scan_of(case.beam), str(case.beam.resolved)
    steps = sequence(scan, view, float(schedule.switch[-1])).gated(schedule.switch, schedule.scale)  # refuses first
    return Exposure(steps.switch, steps.scale, steps.pattern), patterns(scan, view, grid, rim_of(case.cell))


def _resolved(case: CaseInput) -> bool:
    """Whether a run follows the lines or pixels of a scan."""
    return case.beam.mode == "stem" and case.beam.resolved not in (None, "frame")


def _doubts(case: CaseInput, place: Layout) -> list[str]:
    """What to know of a layout that is carried out as it was asked for."""
    found, lit = [], place.mean.max(axis=0)
    ends = {"x-": lit[:, 0], "x+": lit[:, -1], "y-": lit[0], "y+": lit[-1]}
    if touched := [side for side in place.open_sides if ends[side].max() >= 0.5 * lit.max() > 0.0]:
        found.append(
            f"the beam reaches the edge of the grid at {', '.join(touched)}, and right behind it lies liquid that no "
            'beam has touched: a larger grid.extent, or grid.edge = "closed"'
        )
    return found


def unmeasured(case: CaseInput) -> list[str]:
    """Lengths that a case leaves open, and what that makes of the amounts in it.

    Examples
    --------
    >>> from simcell.case import Case
    >>> unmeasured(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                            "grid": {"geometry": "plan", "extent": "50 um"}}).input)
    ['cell.spacer_height is not given: amounts in the grid are those of liquid 1 m thick']
    """
    found = []
    if case.cell.spacer_height is None:
        found.append("cell.spacer_height is not given: amounts in the grid are those of liquid 1 m thick")
    if case.grid.geometry == "section" and not _extents(case)[1]:
        found.append("grid.extent_y is not given: amounts in the section are those of 1 m into the picture")
    return found

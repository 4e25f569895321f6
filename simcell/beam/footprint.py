r"""Relative dose rate averaged over every cell of a grid, and whether grid and window can carry the beam.

.. math:: \bar f_i = \frac1{A_i}\int_{A_i \cap \text{window}} f(x, y)\,dA

with the shapes and closed forms of `simcell.beam.shape`: no staircase, and the sum over cells of average times area is
the effective area of the beam to round-off, on whatever grid. Assumptions: nothing depends on z; the silicon
frame stops all that falls beside the window. What a `section` means, and the limits: `docs/theory/footprint.md`.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from simcell.beam.shape import SIGMA, Array, Box, Footprint, Part, along_cut, in_rectangles, in_rings
from simcell.numerics.grid import Grid

LOST = 1e-3  # share of the current outside of grid or window from which on it is told
FINE, COARSE = 10.0, 2.0  # cells over the width of a beam: fewer than the first is told, than the second refused
FAR = 1.0  # m, farther out than any cell


def relative_dose_rate(
    grid: Grid, beam: Footprint, window: Box | None = None, *, section: str = "cut", y: float = 0.0
) -> Array:
    """Average relative dose rate of every cell.

    Parameters
    ----------
    grid : Grid
        `batch` is all in the beam at relative dose rate 1; the others have x and y in common with the beam.
    beam : Footprint
    window : Box, optional
        Where electrons pass; cells under its rim get their share.
    section : {"cut", "mean"}
        What a `section` shows: "cut" takes the dose rate along the line y = const, as if the beam went on into
        the picture without end (a slab as wide as the beam); "mean" averages over the `width` of the section around
        that line, which keeps the current and stands for liquid mixed across it.
    y : float
        Where a `section` cuts [m].

    Returns
    -------
    (nz, ny, nx) array
        1 is the dose rate of the disc or the peak of the Gaussian; 0 where there is no liquid.

    Raises
    ------
    ValueError
        If rings are to carry a beam that is not round and centred, or a window that cuts it.

    Examples
    --------
    >>> from simcell.beam.shape import disc
    >>> from simcell.numerics.grid import plan
    >>> relative_dose_rate(plan([-1.0, 0.0, 1.0], [-1.0, 1.0], 1.0), disc(2.0)).round(6).tolist()
    [[[0.785398, 0.785398]]]
    """
    if section not in ("cut", "mean"):
        raise ValueError(f'a section is a "cut" or a "mean" over its width, not {section!r}')
    if grid.kind == "batch":
        return np.ones(grid.shape)
    if grid.kind == "radial":
        _check_round(grid, beam, window)
        flat = sum(part.level * in_rings(part, grid.faces[2]) for part in beam.parts)
        return np.where(grid.mask, flat, 0.0)
    total = np.zeros(grid.shape[1:])
    for part in beam.parts:
        for image in _images(grid, part):
            total += part.level * _average(grid, image, window, section, y)
    return np.where(grid.mask, total[None], 0.0)


def _average(grid: Grid, part: Part, window: Box | None, section: str, y: float) -> Array:
    x0, x1 = (f[None, :] for f in (grid.faces[2][:-1], grid.faces[2][1:]))
    y0, y1 = (f[:, None] for f in (grid.faces[1][:-1], grid.faces[1][1:]))
    if grid.kind == "section":
        shift = y - 0.5 * (grid.faces[1][0] + grid.faces[1][-1])
        y0, y1 = y0 + shift, y1 + shift
    wide, high = x1 - x0, y1 - y0
    if window is not None:
        x0, x1 = np.clip(x0, *window.x), np.clip(x1, *window.x)
        y0, y1 = np.clip(y0, *window.y), np.clip(y1, *window.y)
    if grid.kind == "section" and section == "cut":
        passes = window is None or window.y[0] <= y <= window.y[1]
        return passes * along_cut(part, (x0, x1), y) / wide
    return in_rectangles(part, (x0, x1), (y0, y1)) / (wide * high)


def _images(grid: Grid, part: Part) -> list[Part]:
    """The part and, across periodic ends, its images as far as they reach."""
    shifts = []
    for axis, reach in ((2, part.reach[0]), (1, part.reach[1])):
        length = float(grid.faces[axis][-1] - grid.faces[axis][0])
        n = math.ceil(reach / length) + 1 if grid.periodic[axis] else 0
        shifts.append([k * length for k in range(-n, n + 1)])
    (x, y) = part.centre
    return [Part(part.shape, part.size, (x + dx, y + dy), part.level) for dx, dy in product(*shifts)]


def _check_round(grid: Grid, beam: Footprint, window: Box | None) -> None:
    if not beam.centred:
        words = next(p.words for p in beam.parts if p.shape == "rectangle" or p.centre != (0.0, 0.0))
        raise ValueError(f"a radial grid carries a round beam around its axis, not a {words}; use plan or full")
    if window is not None:
        lost = 1.0 - beam.within(window)
        if lost > LOST:
            raise ValueError(
                f"the window ({window.words()}) cuts {lost:.2%} of the beam off, and rings cannot carry a window with "
                "corners; use plan or full"
            )


def outside(grid: Grid, beam: Footprint, *, section: str = "cut", y: float = 0.0) -> float:
    """Share of the beam that falls beside the grid: of its current, or in a `section` of the beam along the cut.

    Examples
    --------
    >>> from simcell.beam.shape import disc
    >>> from simcell.numerics.grid import plan
    >>> round(outside(plan([0.0, 1.0], [-1.0, 1.0], 1.0), disc(2.0)), 12)
    0.5
    """
    if grid.kind == "batch":
        return 0.0
    if grid.kind == "radial":
        r = grid.faces[2]
        return 1.0 - beam.within_radius(float(r[-1])) + (beam.within_radius(float(r[0])) if r[0] > 0.0 else 0.0)
    box = _reach(grid, y)
    if grid.kind == "section" and section == "cut":
        ends = np.array(box.x[0]), np.array(box.x[1])
        whole = np.array(-FAR), np.array(FAR)
        inside, total = (sum(p.level * float(along_cut(p, e, y)) for p in beam.parts) for e in (ends, whole))
        return 1.0 - inside / total if total > 0.0 else 1.0
    return 1.0 - beam.within(box)


def _reach(grid: Grid, y: float = 0.0) -> Box:
    """Where the grid is; across periodic ends it has no end."""
    ends = []
    for axis in (2, 1):
        low, high = float(grid.faces[axis][0]), float(grid.faces[axis][-1])
        ends.append((-FAR, FAR) if grid.periodic[axis] else (low, high))
    if grid.kind == "section":
        half = 0.5 * (ends[1][1] - ends[1][0])
        ends[1] = (y - half, y + half)
    if grid.kind == "radial":
        ends = [(-ends[0][1], ends[0][1])] * 2
    return Box(ends[0], ends[1])


# ----------------------------------------------------------------- can they carry it?


def resolve(
    grid: Grid, beam: Footprint, window: Box | None = None, *, section: str = "cut", y: float = 0.0
) -> tuple[str, ...]:
    """Check that the beam hits the liquid and that the grid resolves it.

    Parameters
    ----------
    grid, beam, window, section, y
        As for `relative_dose_rate`.

    Returns
    -------
    tuple of str
        Warnings with the numbers that would do: more than 1e-3 of the current beside the window or the grid, fewer
        than ten cells over the width of a beam.

    Raises
    ------
    ValueError
        If the centre of a beam is outside of the window or the grid, or a beam is narrower than two cells.

    Examples
    --------
    >>> from simcell.beam.shape import disc
    >>> from simcell.numerics.grid import radial
    >>> resolve(radial([0.0, 0.4, 0.8, 1.2, 2.0]), disc(2.0))[0]
    'spacing 0.4 m at x = 1 m is coarse for the disc of 2 m around x = 0 m, y = 0 m: 0.2 m or less resolves it'
    """
    if grid.kind == "batch":
        return ()
    reach = _reach(grid, y)
    for part in beam.parts:
        if grid.kind == "section" and section == "cut" and not part.level * _crosses(part, y):
            raise ValueError(f"the {part.words} does not cross the section at y = {y:.4g} m")
        for name, box in (("window", window), ("grid", reach)):
            x, own_y = part.centre
            if box is not None and not box.holds(x, y if grid.kind == "section" else own_y):
                raise ValueError(f"the centre of the {part.words} is outside of the {name} ({box.words()})")
    told = []
    if window is not None and (lost := 1.0 - beam.within(window)) > LOST:
        told.append(f"{lost:.2%} of the current falls beside the window ({window.words()}) and is stopped by the frame")
    if (lost := outside(grid, beam, section=section, y=y)) > LOST:
        where = f"radius {grid.faces[2][-1]:.4g} m" if grid.kind == "radial" else reach.words()
        told.append(f"{lost:.2%} of the beam falls beside the grid ({where}) and is left out")
    for part in beam.parts:
        if part.level * part.area > LOST * beam.area:
            told += _coarse(grid, part)
    return tuple(dict.fromkeys(told))


def _crosses(part: Part, y: float) -> bool:
    return part.shape == "gaussian" or abs(y - part.centre[1]) < part.size[1] / 2.0


def _coarse(grid: Grid, part: Part) -> list[str]:
    told = []
    for axis, name in ((2, "x"), (1, "y")):
        if axis == 1 and grid.kind in ("radial", "section"):
            continue
        size, centre, faces = part.size[2 - axis], part.centre[2 - axis], grid.faces[axis]
        spacing, at = max(((_spacing(faces, p), p) for p in _telling(part, size, centre, grid)), default=(0.0, centre))
        if spacing <= size / FINE * (1.0 + 1e-9):
            continue
        words = f"spacing {spacing:.4g} m at {name} = {at:.4g} m"
        if spacing > size / COARSE * (1.0 + 1e-9):
            raise ValueError(
                f"{words} does not resolve the {part.words}: {size / FINE:.4g} m or less does, {size / COARSE:.4g} m "
                "is the limit"
            )
        told.append(f"{words} is coarse for the {part.words}: {size / FINE:.4g} m or less resolves it")
    return told


def _telling(part: Part, size: float, centre: float, grid: Grid) -> list[float]:
    """Positions along one axis where the beam changes: edges, the flanks of a disc at 45 degrees, inside a Gaussian."""
    if part.shape == "gaussian":
        at = [0.0, SIGMA * size, -SIGMA * size]
    else:
        at = [size / 2.0, -size / 2.0]
        if part.shape == "disc" and grid.kind in ("plan", "full"):
            at += [size / math.sqrt(8.0), -size / math.sqrt(8.0)]
    return [centre + a for a in at]


def _spacing(faces: Array, at: float) -> float:
    """Largest of the cells that touch a position; 0 outside of the grid."""
    width = np.diff(faces)
    touch = (faces[:-1] <= at) & (at <= faces[1:])
    return float(width[touch].max(initial=0.0))

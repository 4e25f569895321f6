"""From the electrodes of a case to cells: where these are small, what each electrode covers, what lies between."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from simcell.cell.polygon import distance, narrowest
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.electrode import ElectrodeInput, outline_of
from simcell.numerics.grid import Array, Grid, full, graded, plan, section
from simcell.studies.cell import gap_of, rim_of
from simcell.transport.electrode import Edge, Electrode, patch, strip
from simcell.transport.kinetics import Law
from simcell.transport.outline import covered

WIDEST = 1 / 50  # of the extent: largest cell
OF_FEATURE = 1 / 20  # plan: smallest cell over the narrowest electrode or gap
OF_SLANTED = 1 / 10  # largest cell over it where sides are not parallel to the grid
MOST_CELLS = 3_000_000


def extents_of(case: CaseInput) -> tuple[float, float]:
    """Lengths of the grid along x and y [m]; a section is as wide as written, or as its electrodes, or 1 m.

    Examples
    --------
    >>> from simcell.case import Case
    >>> extents_of(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                            "grid": {"geometry": "plan", "extent": "50 um"}}).input)
    (5e-05, 5e-05)
    """
    rim = rim_of(case.cell)
    window = (rim.x[1] - rim.x[0], rim.y[1] - rim.y[0]) if rim else (0.0, 0.0)
    along = case.grid.extent or window[0]
    return along, case.grid.extent_y or (along if case.grid.extent else window[1])


def width_of(case: CaseInput) -> tuple[float, str]:
    """Width of a section into the picture [m] and a remark where it had to be assumed.

    Examples
    --------
    >>> from simcell.case import Case
    >>> width_of(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                          "electrode": [{"name": "a", "role": "working",
    ...                          "rectangle": {"x": ["0 m", "1 um"], "y": ["0 m", "9 um"]}}]}).input)
    (9e-06, '')
    """
    if case.grid.extent_y:
        return case.grid.extent_y, ""
    spans = {e.rectangle.y for e in outlined(case) if e.rectangle is not None}
    if len(spans) == 1 and None not in spans:
        low, high = next(iter(spans)) or (0.0, 1.0)
        return high - low, ""
    return 1.0, "grid.extent_y is not given: currents [A] in the section are those of 1 m into the picture"


def outlined(case: CaseInput) -> list[ElectrodeInput]:
    """Electrodes that carry current somewhere: all with an outline but the reference.

    Examples
    --------
    >>> from simcell.case import Case
    >>> outlined(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input)
    []
    """
    return [e for e in case.electrode if (e.polygon or e.rectangle is not None) and e.role != "reference"]


def outlines_of(case: CaseInput) -> dict[str, Array]:
    """Corners of each electrode within the grid [m], by name; also of those that only picture it.

    Examples
    --------
    >>> from simcell.case import Case
    >>> outlines_of(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input)
    {}
    """
    _, across = extents_of(case)
    half = 0.5 * across if across else 0.1
    found = {e.name: outline_of(e, (-half, half)) for e in case.electrode}
    return {name: corners for name, corners in found.items() if corners.size}


def feature_of(case: CaseInput) -> float:
    """Narrowest electrode or gap [m].

    Examples
    --------
    >>> from simcell.case import Case
    >>> round(1e6 * feature_of(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                          "electrode": [{"name": "a", "role": "working",
    ...                          "rectangle": {"x": ["0 m", "1 um"], "y": ["0 m", "9 um"]}}]}).input), 6)
    1.0
    """
    shapes = [outlines_of(case)[e.name] for e in outlined(case)]
    gaps = [distance(a, b) for a, b in combinations(shapes, 2)]
    return min([*(narrowest(shape) for shape in shapes), *gaps])


def three_dimensional(case: CaseInput) -> bool:
    """Whether a section cannot stand for the electrodes: they end along y, or are no rectangles.

    Examples
    --------
    >>> from simcell.case import Case
    >>> three_dimensional(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input)
    False
    """
    _, across = extents_of(case)
    for e in outlined(case):
        if e.rectangle is None:
            return True
        if e.rectangle.y is not None and e.rectangle.y[1] - e.rectangle.y[0] < across * (1.0 - 1e-9):
            return True
    return False


def grid_of(
    case: CaseInput, geometry: str, evenness: float, more: tuple[dict[float, float], dict[float, float]] = ({}, {})
) -> Grid:
    """Cells: small at the edges of electrodes, larger away from them.

    Parameters
    ----------
    case : CaseInput
    geometry : str
        ``plan``, ``section`` or ``full``.
    evenness : float
        Length over which the current of a plan changes [m].
    more : two mappings of float to float
        Other places along x and y that want small cells, and how small [m].

    Raises
    ------
    InputError
        If that takes too many cells; it names the spacing that would do.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"physics": ["transport"]}, "cell": {"spacer_height": "1 um"},
    ...     "grid": {"extent": "50 um"}, "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "electrode": [{"name": "a", "role": "working", "rectangle": {"x": ["0 um", "5 um"]}}],
    ...     "protocol": {"steps": [{"technique": "potentiostatic", "potential": "1 V"}]}}).input
    >>> grid_of(case, "section", 1e-6).shape
    (10, 1, 79)
    """
    along, across = extents_of(case)
    height = gap_of(case.cell, np.zeros(1), np.zeros(1)).height.item()
    feature, layers = feature_of(case), case.grid.layers
    spacing = case.grid.spacing
    if spacing is None:
        spacing = height / layers if geometry != "plan" else min(OF_FEATURE * feature, 0.25 * evenness)
    largest = max(along * WIDEST, case.grid.spacing or 0.0)
    shapes = [outlines_of(case)[e.name] for e in outlined(case)]
    if any(_slanted(shape) for shape in shapes):
        largest = min(largest, max(OF_SLANTED * feature, spacing))
    x = graded(-along / 2.0, along / 2.0, _with(_marks(shapes, 0, spacing), more[0]), case.grid.growth, largest)
    if geometry == "section":
        _affordable(x.size * layers, spacing, 1)
        return section(x, np.linspace(0.0, height, layers + 1), width_of(case)[0])
    y = graded(-across / 2.0, across / 2.0, _with(_marks(shapes, 1, spacing), more[1]), case.grid.growth, largest)
    _affordable(x.size * y.size * (1 if geometry == "plan" else layers), spacing, 2)
    thickness = gap_of(case.cell, 0.5 * (x[1:] + x[:-1]), 0.5 * (y[1:] + y[:-1])).height
    return plan(x, y, thickness) if geometry == "plan" else full(x, y, thickness, layers)


def _slanted(shape: Array) -> bool:
    step = np.abs(np.roll(shape, -1, axis=0) - shape)
    return bool((step.min(axis=1) > 1e-9 * step.max(axis=1)).any())


def _marks(shapes: list[Array], axis: int, spacing: float) -> dict[float, float]:
    places = np.unique(np.concatenate([shape[:, axis] for shape in shapes]))
    apart = np.concatenate([[True], np.diff(places) > 0.5 * spacing])
    return {float(place): spacing for place in places[apart]}


def _with(marks: dict[float, float], more: dict[float, float]) -> dict[float, float]:
    """Both; where two lie together, the place of an electrode."""
    apart = {x: size for x, size in more.items() if all(abs(x - at) > 0.5 * size for at in marks)}
    return marks | apart


def _affordable(cells: int, spacing: float, dimensions: int) -> None:
    if cells > MOST_CELLS:
        better = spacing * (cells / MOST_CELLS) ** (1.0 / dimensions)
        reason = (
            f"makes {cells} cells, above {MOST_CELLS}: {1e9 * better:.3g} nm, a larger grid.growth, or fewer layers"
        )
        raise InputError(Problem("", "grid.spacing", f"{1e9 * spacing:.3g} nm", reason, f'"{1e9 * better:.3g} nm"'))


def electrode_on(
    grid: Grid, case: CaseInput, e: ElectrodeInput, law: Law | None,
    potential: float | None = None, current: float | None = None,
) -> Electrode:  # fmt: skip
    """One electrode on the cells, less what is passivated.

    Raises
    ------
    InputError
        If a passivated part reaches beyond it, or a section cannot hold its shape.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}, "electrode": [
    ...     {"name": "a", "role": "working", "rectangle": {"x": ["0 m", "1 um"], "y": ["0 m", "9 um"]}}]}).input
    >>> electrode_on(section([0.0, 5e-7, 1e-5], [0.0, 1e-6]), case, case.electrode[0], None, 0.0).cover.round(3)
    array([[1.   , 0.053]])
    """
    try:
        if grid.kind == "section":
            if e.rectangle is None or e.passivated:
                what = "passivated" if e.passivated else "polygon"
                reason = "cannot stand in a section: it takes rectangles that are bare all along; choose plan or full"
                raise InputError(Problem("", f"electrode.{e.name}.{what}", None, reason, 'grid.geometry = "full"'))
            return _as_film(grid, strip(grid, e.name, *e.rectangle.x, potential, current, law, e.surface_resistance), e)
        made = patch(grid, e.name, outlines_of(case)[e.name], potential, current, law, e.surface_resistance)
        made = _as_film(grid, made, e, outlines_of(case)[e.name])
        for number, hole in enumerate(e.passivated):
            made = _without(grid, made, np.array(hole), f"electrode.{e.name}.passivated[{number}]")
        return made
    except ValueError as error:
        raise InputError(Problem("", f"electrode.{e.name}", None, str(error))) from None


def _without(grid: Grid, electrode: Electrode, hole: Array, key: str) -> Electrode:
    """An electrode less a part inside it; new edges along the part are plain where they do not reach through."""
    part = patch(grid, electrode.name, hole, 0.0)
    left = electrode.cover - part.cover
    if left.min() < -1e-9:
        reason = "reaches beyond its electrode, or over another passivated part: cut it to what it covers"
        raise InputError(Problem("", key, None, reason))
    edges = [e for e in electrode.edges if not any(_along(e, other) for other in part.edges)]
    edges += [
        Edge(e.axis, e.at, not e.below, e.start, e.stop)
        for e in part.edges
        if not any(_along(e, other) for other in electrode.edges)
    ]
    return replace(electrode, cover=np.clip(left, 0.0, 1.0), edges=tuple(edges), metal=electrode.spread)


def _as_film(grid: Grid, electrode: Electrode, e: ElectrodeInput, outline: Array | None = None) -> Electrode:
    """Give an electrode the sheet resistance of its film, and its contact: a side of its outline, or where it meets the
    rim of the grid."""
    if e.film is None:
        return electrode
    if outline is None:
        assert e.rectangle is not None
        outline = np.array([[place, y] for place in e.rectangle.x for y in grid.faces[1][[0, -1]]])
    contacts = []
    for name in ("x-", "x+", "y-", "y+"):
        along, axis = (0, 2) if name[0] == "x" else (1, 1)
        at = outline[:, along].min() if name[1] == "-" else outline[:, along].max()
        rim = grid.faces[axis][0] if name[1] == "-" else grid.faces[axis][-1]
        at_rim = abs(at - rim) < 1e-9 * float(np.ptp(grid.faces[axis]))
        if e.film.contact == name or (e.film.contact is None and at_rim):
            there = outline[np.abs(outline[:, along] - at) < 1e-12, 1 - along]
            contacts.append(Edge(axis, float(at), name[1] == "+", float(there.min()), float(there.max())))
    if not contacts:
        reason = "is missing: the outline does not meet the rim of the grid, so say at which side its lead joins"
        raise InputError(Problem("", f"electrode.{e.name}.film.contact", None, reason, '"y-"'))
    return replace(electrode, sheet=e.film.sheet, contact=tuple(contacts))


def _along(one: Edge, other: Edge) -> bool:
    same = one.axis == other.axis and abs(one.at - other.at) < 1e-12
    return same and min(one.stop, other.stop) > max(one.start, other.start)


def weights_at(grid: Grid, case: CaseInput, e: ElectrodeInput) -> Array:
    """Weights (ny, nx) that average over a reference electrode, or pick out its place between four columns.

    Raises
    ------
    InputError
        If it stands where there is no liquid.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}, "electrode": [
    ...     {"name": "r", "role": "reference", "position": ["1 um", "0 um"]}]}).input
    >>> weights_at(section([0.0, 1e-6, 2e-6], [0.0, 1e-6]), case, case.electrode[0])
    array([[0.5, 0.5]])
    """
    weights: NDArray[np.float64] = np.zeros(grid.shape[1:])
    if e.position:
        spots: list[list[tuple[int, float]]] = []
        for place, axis in ((e.position[0], 2), (e.position[1] if len(e.position) > 1 else 0.0, 1)):
            centre = grid.centre[axis]
            low = int(np.clip(np.searchsorted(centre, place) - 1, 0, max(centre.size - 2, 0)))
            if centre.size == 1:
                spots.append([(0, 1.0)])
                continue
            share = float(np.clip((place - centre[low]) / (centre[low + 1] - centre[low]), 0.0, 1.0))
            spots.append([(low, 1.0 - share), (low + 1, share)])
        for i, a in spots[0]:
            for j, b in spots[1]:
                weights[j, i] += a * b
    else:
        assert grid.kind != "section" or e.rectangle is not None
        cover = strip(grid, e.name, *e.rectangle.x).cover if grid.kind == "section" and e.rectangle else covered(
            grid, outlines_of(case)[e.name]
        )  # fmt: skip
        weights += cover * grid.area[0][0]
    weights *= grid.mask[0]
    if weights.sum() <= 0.0:
        raise InputError(Problem("", f"electrode.{e.name}", None, "stands where there is no liquid"))
    return weights / weights.sum()

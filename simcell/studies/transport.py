"""One run of currents and ions: the model that the case asks for, and its labelled result."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell.inputs.case import CaseInput
from simcell.inputs.protocol import tertiary
from simcell.inputs.reaction import metal_of
from simcell.numerics.checkpoint import Keeper
from simcell.numerics.grid import Array, Grid
from simcell.results.provenance import Status, provenance
from simcell.results.schema import build
from simcell.studies.currents import Currents, edge_factor, ready_of, run_currents
from simcell.studies.electrodes import outlines_of

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

Progress = Callable[[float], None]
Group = dict[str, tuple[list[str], Any]]


def is_tertiary(case: CaseInput) -> bool:
    """Whether concentrations are followed.

    Examples
    --------
    >>> from simcell.case import Case
    >>> is_tertiary(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input)
    False
    """
    both = {"radiolysis", "transport"} <= set(case.case.physics)
    return both or tertiary(case.transport.level, case.grid.geometry, case.protocol.steps)


def check_transport(case: CaseInput, folder: Path | None = None) -> None:
    """Find what is wrong with liquid, reactions and electrodes before anything is solved.

    Raises
    ------
    InputError

    Examples
    --------
    >>> check_transport.__name__
    'check_transport'
    """
    if is_tertiary(case):
        from simcell.studies.bath import bath_of
        from simcell.studies.line import line_of

        if case.grid.geometry == "line":
            line_of(case, folder)
        else:
            bath_of(case, folder)
    else:
        ready_of(case)


def run_transport(case: Case, progress: Progress | None = None, keeper: Keeper | None = None) -> xr.DataTree:
    """Run a case whose physics is transport, and return the labelled result.

    Parameters
    ----------
    case : Case
    progress : callable, optional
        Called with the fraction that is done.
    keeper : Keeper, optional
        Keeps the state of a run of ions every now and then, or has one to go on from.

    Returns
    -------
    xarray.DataTree
        Groups `/cell` and `/transport`; a primary or secondary distribution has one time, 0.

    Raises
    ------
    InputError
    SolverError
        Its `partial` is the result until then, marked ``"failed"``, if anything was reached.

    Examples
    --------
    >>> from simcell.case import Case
    >>> zinc = [{"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}]
    >>> tree = run_transport(Case.from_dict({"case": {"physics": ["transport"]}, "cell": {"spacer_height": "1 um"},
    ...     "grid": {"geometry": "section", "extent": "50 um"},
    ...     "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "electrode": [{"name": "a", "role": "working", "rectangle": {"x": ["0 um", "5 um"]}, "reaction": zinc}],
    ...     "protocol": {"steps": [{"technique": "galvanostatic", "current_density": "-10 A/m^2"}]}}))
    >>> round(float(tree["transport/electrode_current"][0, 0]), 12)  # 5 um times 1 m
    -5e-05
    """
    if is_tertiary(case.input):
        from simcell.studies.bath import run_bath_case
        from simcell.studies.line import run_line

        run = run_line if case.input.grid.geometry == "line" else run_bath_case
        return run(case, progress, keeper)
    started = time.perf_counter()
    found = run_currents(case.input)
    groups, coords = labelled(case.input, found)
    v, d = found.validity, found.distribution
    more = {
        "level": found.ready.level, "geometry": found.geometry, "validity": v.words, "against": found.against,
        "conductivity": found.ready.solution.source, "penetration_over_height": v.penetration,
        "feature_over_height": v.feature, "centre_error": v.centre_error, "edge_error": v.edge_error,
    }  # fmt: skip
    if d.film:
        more["film_drop"] = {name: dict(zip(("largest", "mean"), d.film_drop(name), strict=True)) for name in d.film}
    solver = {"steps": d.steps, "iterations": d.iterations, "unbalanced": d.unbalanced}
    warnings = [*found.ready.solution.warnings, *found.warnings]
    facts = transport_provenance(case, warnings, "complete", started, solver, transport=more)
    return build(
        groups, coords,
        {"simcell_provenance": facts, "title": case.input.case.title, "geometry": found.geometry},
    )  # fmt: skip


def transport_provenance(
    case: Case, warnings: list[str], status: Status, started: float, solver: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Provenance of a run of currents and ions, with the data files that it read.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    >>> transport_provenance(case, [], "complete", time.perf_counter(), {})["status"]
    'complete'
    """
    names = [f"electrolytes/{case.input.electrolyte.preset}.toml"] if case.input.electrolyte.preset else []
    metals = {metal for e in case.input.electrode for r in e.reaction if (metal := metal_of(r))}
    names += [f"metals/{metal}.toml" for metal in sorted(metals)] + ["ions.toml"]
    rows = []
    for name in names:
        content = (files("simcell") / "data" / name).read_bytes()
        rows.append({"name": name, "sha256": hashlib.sha256(content).hexdigest(), "doi": ""})
    return provenance(
        record=case.record, record_hash=case.hash, case=case.data, data_files=rows, solver=solver,
        warnings=list(dict.fromkeys(warnings)), status=status, wall_time=time.perf_counter() - started, **more,
    )  # fmt: skip


def labelled(case: CaseInput, found: Currents) -> tuple[dict[str, Group], dict[str, Any]]:
    """Everything that follows from a current distribution, with its coordinates.

    Examples
    --------
    >>> labelled.__name__
    'labelled'
    """
    d, grid = found.distribution, found.distribution.grid
    axes = [axis for axis, n in zip("zyx", grid.shape, strict=True) if n > 1]
    lateral = [axis for axis in axes if axis != "z"]

    def resolved(values: Array) -> Array:
        return values.reshape([n for n in values.shape if n > 1])

    names = [e.name for e in case.electrode]
    carrying = [name for name in names if name in d.current]

    def row(pick: Callable[[str], float], other: float = 0.0) -> tuple[list[str], Array]:
        return ["time", "electrode"], np.array([[pick(n) if n in carrying else other for n in names]])

    area = sum((d.area[n] for n in carrying), np.zeros(grid.shape[1:]))
    flow = sum((d.density[n] * d.area[n] for n in carrying), np.zeros(grid.shape[1:]))
    with np.errstate(invalid="ignore", divide="ignore"):
        density = np.where(area > 0.0, flow / area, np.nan)
    potential = np.where(grid.mask, d.potential - found.reference, 0.0)
    transport: Group = {
        "potential": (["time", *axes], resolved(potential)[None]),
        "current_density": (["time", *lateral], resolved(density)[None]),
        "electrode_current": row(lambda n: d.current[n]),
        "electrode_potential": row(lambda n: d.metal[n] - found.reference),
        "ohmic_drop": row(lambda n: found.drop(n)[0]),
        "largest_ohmic_drop": row(lambda n: found.drop(n)[1]),
        "edge_factor": row(lambda n: edge_factor(d, n), np.nan),
    }
    which = np.zeros(grid.shape[1:])
    for number, name in enumerate(names, 1):
        if name in carrying:
            most = np.max([d.area[other] for other in carrying], axis=0)
            which[(d.area[name] > 0.0) & (d.area[name] == most)] = number
    cell = {
        **cell_of(case, grid, axes, lateral),
        "electrode_map": (lateral, resolved(which)),
        "electrode_area": (lateral, resolved(area)),
        "conductivity": ([], found.ready.solution.conductivity),
    }
    outline, coords = outline_group(outlines_of(case), names)
    coords |= {"time": np.zeros(1), "electrode": names}
    coords |= {axis: x for axis, x in zip("zyx", grid.centre, strict=True) if axis in axes}
    return {"cell": cell | outline, "transport": transport}, coords


def cell_of(case: CaseInput, grid: Grid, axes: list[str], lateral: list[str]) -> Group:
    """Temperature, volume of the cells and thickness of the liquid.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.numerics.grid import plan
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> sorted(cell_of(case, plan([0.0, 1.0, 2.0], [0.0, 1.0, 2.0], 1.0), ["y", "x"], ["y", "x"]))
    ['liquid_thickness', 'temperature', 'volume']
    """
    height = grid.volume.sum(axis=0) / grid.area[0][0]
    flat = float(np.ptp(height)) <= 1e-12 * float(height.max())
    squeezed = height.reshape([n for n in height.shape if n > 1])
    return {
        "temperature": ([], case.electrolyte.temperature),
        "volume": (axes, grid.volume.reshape([n for n in grid.shape if n > 1])),
        "liquid_thickness": ([], float(height.flat[0])) if flat else (lateral, squeezed),
    }


def outline_group(shapes: dict[str, Array], names: list[str]) -> tuple[Group, dict[str, Any]]:
    """Outlines as arrays over electrode and corner, NaN where an outline has fewer corners than another.

    Examples
    --------
    >>> group, coords = outline_group({"a": np.zeros((3, 2))}, ["a", "b"])
    >>> group["outline_x"][1].shape, len(coords["corner"])
    ((2, 3), 3)
    """
    if not shapes:
        return {}, {}
    most = max(len(shape) for shape in shapes.values())
    corners = np.full((2, len(names), most), np.nan)
    for row, name in enumerate(names):
        if name in shapes:
            corners[:, row, : len(shapes[name])] = shapes[name].T
    dims = ["electrode", "corner"]
    group: Group = {"outline_x": (dims, corners[0]), "outline_y": (dims, corners[1])}
    return group, {"corner": [str(n) for n in range(most)]}

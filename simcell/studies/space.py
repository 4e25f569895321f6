"""One run of a case in space: lay the grid, let the beam fall on it, integrate, label the result."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell.beam.footprint import relative_dose_rate, resolve
from simcell.chemistry.mechanism import Mechanism, Species
from simcell.chemistry.network import Array, Network
from simcell.errors import InputError, Problem, SolverError
from simcell.inputs.case import CaseInput
from simcell.inputs.ions import load_ions
from simcell.numerics.grid import Grid, graded, radial
from simcell.radiolysis.setup import Setup
from simcell.radiolysis.spatial import Ends, Spread, charges, integrate_radial
from simcell.results.provenance import Status
from simcell.results.schema import build
from simcell.studies.footprint import footprint_of
from simcell.studies.run import Group, beam_group, case_provenance, ph, saturation
from simcell.studies.setup import Beam, gases_in, mechanism_of, output_times, setup_of

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

Progress = Callable[[float], None]
EDGE_CELLS, FINEST = (
    20,
    10e-9,
)  # cells in a beam radius, and spacing [m] that resolves where e_aq- ends at the beam edge


@dataclass(frozen=True)
class InSpace:
    """A case ready to be integrated in space.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}})
    >>> ready = in_space(case.input, mechanism_of(case.input))
    >>> ready.grid.kind, round(float(ready.footprint.max()), 12)
    ('radial', 1.0)
    """

    setup: Setup
    beam: Beam
    grid: Grid
    footprint: Array  # (nz, ny, nx) dose rate over that of the beam
    diffusivity: Array  # (n,) m^2/s
    warnings: tuple[str, ...]


def run_in_space(case: Case, progress: Progress | None = None) -> xr.DataTree:
    """Run a case whose ``[grid]`` has a geometry other than `batch`, and return the labelled result.

    Parameters
    ----------
    case : Case
    progress : callable, optional
        Called with the fraction that is done.

    Returns
    -------
    xarray.DataTree
        As from `run_case`, with the dimensions z, y, x that the geometry has; amounts in the grid and through its
        edges. The solvent is not among the species: what moves is not kept in step with it.

    Raises
    ------
    InputError, MechanismError
    SolverError
        Its `partial` is the result until then, marked ``"failed"``, if any output time was reached.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um", "spacing": "100 nm"},
    ...                        "output": {"times": ["1 s"]}})
    >>> run_in_space(case)["radiolysis/pH"].dims
    ('time', 'x')
    """
    started = time.perf_counter()
    ready = in_space(case.input, mechanism_of(case.input, case.folder))
    rtol, atol = case.input.solver.tolerances(case.input.grid.geometry)
    failure: SolverError | None = None
    try:
        run = _integrate(case.input, ready, rtol, atol, progress)
    except SolverError as error:
        if not isinstance(error.partial, Spread) or error.partial.reached == 0:
            raise
        run, failure = error.partial, error
    if run.reached == 0:
        raise KeyboardInterrupt
    warnings = [*ready.warnings, *([str(failure)] if failure else [])]
    status: Status = "failed" if failure else "complete" if run.complete else "interrupted"
    numbers = {
        "method": "RODASP, order 4(3), block-tridiagonal", "rtol": rtol, "atol_mol_per_m3": atol, "steps": run.steps,
        "rejected": run.rejected, "worst_negative_mol_per_m3": run.worst_negative,
        "electroneutral": case.input.radiolysis.electroneutral,
    }  # fmt: skip
    attrs = case_provenance(case, ready.setup, warnings, status, started, numbers)
    geometry = case.input.grid.geometry
    groups, coords = labelled(case.input, ready, run)
    tree = build(groups, coords, {"simcell_provenance": attrs, "title": case.input.case.title, "geometry": geometry})
    if failure is not None:
        raise SolverError(str(failure), tree)
    return tree


def in_space(case: CaseInput, mechanism: Mechanism) -> InSpace:
    """Set up a case in space.

    Raises
    ------
    InputError
        If the liquid cannot be made neutral, or a species has no diffusivity.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "electrolyte": {"pH": 3, "counter_ion": "ClO4-"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}})
    >>> "ClO4-" in in_space(case.input, mechanism_of(case.input)).setup.problem.net.index
    True
    """
    setup, beam = setup_of(case, mechanism)
    ions = {s: setup.charges[s] for s in setup.passive if setup.charges[s]}
    if ions and case.radiolysis.electroneutral:
        known = {s: Species(s, {}, z) for s, z in ions.items() if s not in mechanism.species}
        mechanism = dataclasses.replace(mechanism, species={**mechanism.species, **known})
        setup, beam = setup_of(case, mechanism, Network.of(mechanism, carried=tuple(ions)))
    diffusivity, remarks = diffusivities_of(case, mechanism, setup.problem.net.names)
    grid, footprint, told = _lit(case)
    return InSpace(setup, beam, grid, footprint, diffusivity, (*setup.warnings, *remarks, *told))


def _lit(case: CaseInput) -> tuple[Grid, Array, tuple[str, ...]]:
    """Grid, relative dose rate of its cells, and remarks on what of the beam it does not carry."""
    shape = footprint_of(case.beam)
    if case.grid.geometry == "radial" and not shape.centred:
        reason = "carries one round beam around the origin: no scan, no other centre, no spots elsewhere"
        raise InputError(Problem("", "grid.geometry", "radial", reason, '"plan"'))
    grid = grid_of(case)
    try:
        return grid, relative_dose_rate(grid, shape), resolve(grid, shape)
    except ValueError as error:
        raise InputError(Problem("", "grid", None, str(error))) from None


def grid_of(case: CaseInput) -> Grid:
    """Cells of a case.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}})
    >>> grid_of(case.input).shape
    (1, 1, 47)
    """
    g, radius = case.grid, 0.5 * float(case.beam.diameter or 0.0)
    height = (case.cell.spacer_height if case.cell is not None else None) or 1.0
    spacing = g.spacing or min(FINEST, radius / EDGE_CELLS)
    return radial(graded(0.0, float(g.extent or radius), {radius: spacing}, g.growth), height)


def diffusivities_of(case: CaseInput, mechanism: Mechanism, names: tuple[str, ...]) -> tuple[Array, list[str]]:
    """Diffusivities [m^2/s] of species, and a remark on those that the user set for want of a published one.

    Raises
    ------
    InputError
        Naming all species without one.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> diffusivities_of(case, mechanism_of(case), ("H2", "O2"))
    (array([4.5e-09, 2.1e-09]), [])
    """
    r, ions = case.radiolysis, load_ions()
    strangers = [s for s in r.diffusivity if s not in names]
    problems = [
        Problem("", f"radiolysis.diffusivity.{s}", None, f'"{mechanism.name}" integrates no such species')
        for s in strangers
    ]
    known = {s: r.diffusivity.get(s, mechanism.species[s].diffusivity or ions.get(s)) for s in names}
    missing = [s for s in mechanism.species if s in known and known[s] is None]
    if missing and r.unknown_diffusivity is None:
        reason = f"is needed: no diffusivity is published here for {', '.join(missing)}"
        table = f'{{ {_quoted(missing[0])} = "1.5e-9 m^2/s" }} in radiolysis.diffusivity'
        example = f'"1.5e-9 m^2/s" for all of them, or {table}'
        if any(s.startswith("inert") for s in missing):
            reason += "; name a real ion with electrolyte.counter_ion"
        problems.append(Problem("", "radiolysis.unknown_diffusivity", None, reason, example))
    if problems:
        raise InputError(problems)
    remarks = []
    if missing:
        remarks.append(
            f"radiolysis.unknown_diffusivity = {r.unknown_diffusivity:.3g} m^2/s stands for {', '.join(missing)}: "
            "none is published here"
        )
    return np.array([r.unknown_diffusivity if d is None else d for d in known.values()], dtype=float), remarks


def labelled(case: CaseInput, ready: InSpace, run: Spread) -> tuple[dict[str, Group], dict[str, Any]]:
    """Everything that follows from a run in space, with its coordinates.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}}).input
    >>> ready = in_space(case, mechanism_of(case))
    >>> n, cells = len(ready.setup.problem.net.names), ready.grid.shape[2]
    >>> nothing = Spread(np.ones(1), np.ones((1, n, cells)), np.zeros((1, 2, n)), 1, 1, 0, 0.0)
    >>> groups, coords = labelled(case, ready, nothing)
    >>> groups["radiolysis"]["pH"][0]
    ['time', 'x']
    """
    setup, grid = ready.setup, ready.grid
    times = run.time[: run.reached]
    space = [axis for axis, n in zip("zyx", grid.shape, strict=True) if n > 1]
    shape = [n for n in grid.shape if n > 1]
    c = run.concentration[: run.reached].reshape(times.size, len(setup.problem.net.names), *shape)
    complete = np.moveaxis(c, 1, -1)  # (time, ..., n in kernel order)
    species = [s for s in setup.species if s != setup.mechanism.solvent]
    complete = setup.complete(complete)[..., : len(species)]
    limits, gases = saturation(setup), gases_in(setup.mechanism)
    volume = grid.volume.reshape(shape)
    charge_numbers = np.array([float(setup.charges[s]) for s in species])

    def resolved(values: Array) -> Array:
        """(time, ..., labels) -> (time, labels, ...)."""
        return np.moveaxis(values, -1, 1)

    inventory = np.tensordot(complete, volume, (list(range(1, 1 + len(shape))), list(range(len(shape)))))
    outflow = np.zeros((times.size, len(species)))
    for i, s in enumerate(species):
        if s in setup.problem.net.index:
            outflow[:, i] = run.left[: run.reached, :, setup.problem.net.index[s]].sum(axis=1)
    radiolysis: Group = {
        "concentration": (["time", "species", *space], resolved(complete)),
        "initial_concentration": (["species"], setup.complete(setup.problem.start)[: len(species)]),
        "pH": (["time", *space], ph(complete, species)),
        "ionic_strength": (["time", *space], 0.5 * complete @ charge_numbers**2),
        "charge": (["time", *space], complete @ charge_numbers),
        "gas_saturation": (
            ["time", "gas", *space],
            resolved(np.stack([complete[..., species.index(g)] / limits[g] for g in gases], axis=-1)),
        ),
        "saturation_concentration": (["gas"], np.array([limits[g] for g in gases])),
        "inventory": (["time", "species"], inventory),
        "outflow": (["time", "species"], outflow),
    }
    end = None if run.complete else float(times[-1])
    beam = beam_group(ready.beam, setup, times, end)
    lateral = [axis for axis in space if axis != "z"]
    beam["dose_rate"] = (lateral, ready.beam.dose_rate * _lateral(grid, ready.footprint))
    cell: Group = {
        "temperature": ([], setup.conditions.temperature),
        "volume": (space, volume),
    }
    if case.cell.spacer_height is not None:
        cell["liquid_thickness"] = ([], case.cell.spacer_height)
    coords: dict[str, Any] = {"time": times, "species": species, "gas": list(gases)}
    coords |= {axis: x for axis, x in zip("zyx", grid.centre, strict=True) if axis in space}
    return {"beam": beam, "cell": cell, "radiolysis": radiolysis}, coords


def _integrate(case: CaseInput, ready: InSpace, rtol: float, atol: float, progress: Progress | None) -> Spread:
    problem = ready.setup.problem
    source = problem.source[:, None] * ready.footprint.ravel()
    far = problem.start if case.grid.edge == "reservoir" else None
    return integrate_radial(
        problem.net, problem.k, ready.diffusivity, charges(problem.net), source, problem.start, ready.grid,
        Ends(upper=far), output_times(case), schedule=problem.schedule,
        electroneutral=case.radiolysis.electroneutral, rtol=rtol, atol=atol, max_steps=case.solver.max_steps,
        progress=progress,
    )  # fmt: skip


def _lateral(grid: Grid, footprint: Array) -> Array:
    """Footprint without the axis across the gap, along which it does not change, and without axes of one cell."""
    flat = footprint[0]
    return flat.reshape([n for n in grid.shape[1:] if n > 1])


def _quoted(name: str) -> str:
    return name if name.isalnum() else f'"{name}"'

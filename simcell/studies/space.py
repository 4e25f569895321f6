"""One run of a case in space: lay the grid, let the beam fall on it, integrate, label the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell.cell.flow import velocity
from simcell.chemistry.network import Array
from simcell.errors import SolverError
from simcell.inputs.case import CaseInput
from simcell.numerics.checkpoint import Keeper
from simcell.radiolysis.field import FieldRun, integrate_field
from simcell.radiolysis.homogeneous import Problem0D
from simcell.radiolysis.reach import reach
from simcell.radiolysis.spatial import Ends, Spread, charges, integrate_radial
from simcell.radiolysis.steady_line import SteadyLine, steady_radial
from simcell.results.provenance import Status
from simcell.results.schema import build
from simcell.studies.electrodes import outlines_of
from simcell.studies.gas import gas_group, gases_of
from simcell.studies.in_space import InSpace, feeding, in_space
from simcell.studies.layout import unmeasured
from simcell.studies.run import Group, base_remark, beam_group, case_provenance, ph, saturation
from simcell.studies.setup import gases_in, mechanism_of, output_times
from simcell.studies.transport import outline_group

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Run:
    """What both solvers give.

    Examples
    --------
    >>> Run(np.ones(1), np.ones((1, 2, 1, 1, 3)), np.zeros((1, 2)), 1, {}).complete
    True
    """

    time: Array  # s
    concentration: Array  # (time, n, z, y, x) mol/m^3
    left: Array  # (time, n) mol that has gone out through all sides
    reached: int
    solver: Mapping[str, Any]

    @property
    def complete(self) -> bool:
        """True if every output time was reached."""
        return self.reached == self.time.size


def run_in_space(case: Case, progress: Progress | None = None, keeper: Keeper | None = None) -> xr.DataTree:
    """Run a case whose ``[grid]`` has a geometry other than `batch`, and return the labelled result.

    Parameters
    ----------
    case : Case
    progress : callable, optional
        Called with the fraction that is done.
    keeper : Keeper, optional
        Keeps the state, or has one to go on from.

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
    failure: SolverError | None = None
    try:
        run = _integrate(case.input, ready, progress, keeper)
    except SolverError as error:
        if not isinstance(error.partial, Run) or error.partial.reached == 0:
            raise
        run, failure = error.partial, error
    if run.reached == 0:
        raise KeyboardInterrupt
    status: Status = "failed" if failure else "complete" if run.complete else "interrupted"
    groups, coords, remarks = labelled(case.input, ready, run)
    warnings = [*ready.warnings, *remarks, *unmeasured(case.input), *([str(failure)] if failure else [])]
    facts = case_provenance(case, ready.setup, warnings, status, started, run.solver)
    attrs = {"simcell_provenance": facts, "title": case.input.case.title, "geometry": case.input.grid.geometry}
    tree = build(groups, coords, attrs)
    if failure is not None:
        raise SolverError(str(failure), tree)
    return tree


def labelled(case: CaseInput, ready: InSpace, run: Run) -> tuple[dict[str, Group], dict[str, Any], list[str]]:
    """Everything that follows from a run in space, with its coordinates, and remarks.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}}).input
    >>> ready = in_space(case, mechanism_of(case))
    >>> n, shape = len(ready.setup.problem.net.names), ready.layout.grid.shape
    >>> groups, coords, _ = labelled(case, ready, Run(np.ones(1), np.ones((1, n, *shape)), np.zeros((1, n)), 1, {}))
    >>> groups["radiolysis"]["pH"][0]
    ['time', 'x']
    """
    setup, grid = ready.setup, ready.layout.grid
    times = run.time[: run.reached]
    species = [s for s in setup.species if s != setup.mechanism.solvent]
    complete = np.moveaxis(setup.complete(np.moveaxis(run.concentration[: run.reached], 1, -1)), -1, 1)
    complete = complete[:, : len(species)]  # (time, species, z, y, x); the solvent comes last
    axes = [axis for axis, n in zip("zyx", grid.shape, strict=True) if n > 1]

    def resolved(values: Array) -> Array:
        """Drop axes of one cell."""
        return values.reshape(*values.shape[:-3], *(n for n in grid.shape if n > 1))

    gases, limits = gases_in(setup.mechanism), saturation(setup)
    charge = np.array([float(setup.charges[s]) for s in species])
    pressure = gases_of(setup).pressure_of(complete, species, axis=1)
    outflow = np.zeros((times.size, len(species)))
    for place, name in enumerate(species):
        if name in setup.problem.net.index:
            outflow[:, place] = run.left[: run.reached, setup.problem.net.index[name]]
    group: Group = {
        "concentration": (["time", "species", *axes], resolved(complete)),
        "initial_concentration": (["species"], setup.complete(setup.problem.start)[: len(species)]),
        "pH": (["time", *axes], resolved(ph(np.moveaxis(complete, 1, -1), species))),
        "ionic_strength": (["time", *axes], resolved(0.5 * np.tensordot(complete, charge**2, ([1], [0])))),
        "charge": (["time", *axes], resolved(np.tensordot(complete, charge, ([1], [0])))),
        "gas_saturation": (
            ["time", "gas", *axes],
            resolved(np.stack([complete[:, species.index(g)] / limits[g] for g in gases], axis=1)),
        ),
        "saturation_concentration": (["gas"], np.array([limits[g] for g in gases])),
        "gas_pressure": (["time", *axes], resolved(pressure)),
        "inventory": (["time", "species"], np.tensordot(complete, grid.volume, 3)),
        "outflow": (["time", "species"], outflow),
    }
    group["reach"] = (["time", "species"], _reach(ready, complete))
    fed = feeding(case, ready.layout) * grid.volume
    held = np.asarray(np.tensordot(complete, fed / fed.sum(), 3))
    more, coords, remarks = gas_group(case, setup, times, held, pressure.reshape(times.size, -1).max(axis=1))
    remarks += base_remark(setup, held[-1], species)
    coords |= {"time": times, "species": species, "gas": list(gases)}
    coords |= {axis: x for axis, x in zip("zyx", grid.centre, strict=True) if axis in axes}
    beam = beam_group(ready.beam, setup, times, None if run.complete else float(times[-1]))
    lateral = ready.layout.mean[0].reshape([n for n in grid.shape[1:] if n > 1])
    beam["dose_rate"] = ([axis for axis in axes if axis != "z"], ready.beam.dose_rate * lateral)
    cell: Group = {"temperature": ([], setup.conditions.temperature), "volume": (axes, resolved(grid.volume[None])[0])}
    lateral_axes = [axis for axis in axes if axis != "z"]
    if case.cell.spacer_height is not None:
        height = ready.layout.height
        flat = float(np.ptp(height)) == 0.0 or grid.kind in ("radial", "section")
        cell["liquid_thickness"] = ([], float(height.flat[0])) if flat else (lateral_axes, height)
    if ready.layout.flow is not None:
        speed = velocity(grid, ready.layout.flow.volume_flow)
        cell["velocity_y"], cell["velocity_x"] = ((axes, resolved(v[None])[0]) for v in speed[1:])
        if grid.kind != "section":
            cell["pressure"] = (lateral_axes, ready.layout.flow.pressure)
    outline, corners = outline_group(outlines_of(case), [e.name for e in case.electrode])
    if outline:
        cell |= outline
        coords |= corners | {"electrode": [e.name for e in case.electrode]}
    return {"beam": beam, "cell": cell, "radiolysis": group | more}, coords, remarks


def _reach(ready: InSpace, complete: Array) -> Array:
    grid, before = ready.layout.grid, ready.setup.complete(ready.setup.problem.start)[: complete.shape[1]]
    _, y, x = grid.centre
    return reach(complete, before, grid.volume, ready.layout.mean[0], y, x)


def steady_rings(case: CaseInput, ready: InSpace, problem: Problem0D) -> SteadyLine:
    """Steady state of a problem on the rings of a case.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}}).input
    >>> ready = in_space(case, mechanism_of(case))
    >>> steady_rings(case, ready, ready.setup.problem).converged
    True
    """
    source, ends = _on_rings(ready, problem)
    return steady_radial(
        problem.net, problem.k, ready.diffusivity, charges(problem.net), source, problem.start, ready.layout.grid, ends,
        electroneutral=case.radiolysis.electroneutral,
    )  # fmt: skip


def integrate_rings(
    case: CaseInput, ready: InSpace, problem: Problem0D, times: Array, progress: Progress | None = None,
    keeper: Keeper | None = None,
) -> Spread:  # fmt: skip
    """Integrate a problem on the rings of a case.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}}).input
    >>> ready = in_space(case, mechanism_of(case))
    >>> integrate_rings(case, ready, ready.setup.problem, np.array([1e-6])).complete
    True
    """
    source, ends = _on_rings(ready, problem)
    rtol, atol = case.solver.tolerances("radial")
    return integrate_radial(
        problem.net, problem.k, ready.diffusivity, charges(problem.net), source, problem.start, ready.layout.grid, ends,
        times, schedule=problem.schedule, electroneutral=case.radiolysis.electroneutral, rtol=rtol, atol=atol,
        max_steps=case.solver.max_steps, progress=progress, keeper=keeper,
    )  # fmt: skip


def _on_rings(ready: InSpace, problem: Problem0D) -> tuple[Array, Ends]:
    source = problem.source[:, None] * ready.layout.footprint[0, 0, 0]
    return source, Ends(upper=problem.start if ready.layout.open_sides else None)


def _integrate(case: CaseInput, ready: InSpace, progress: Progress | None, keeper: Keeper | None) -> Run:
    """Rings by the direct solver along a line, everything else by the one for fields."""
    p, layout = ready.setup.problem, ready.layout
    rtol, atol = case.solver.tolerances(case.grid.geometry)
    times = output_times(case)
    facts: dict[str, Any] = {"rtol": rtol, "atol_mol_per_m3": atol, "electroneutral": case.radiolysis.electroneutral}
    if layout.grid.kind == "radial":
        facts = {"method": "RODASP, order 4(3), block-tridiagonal", **facts}
        return _common(lambda: integrate_rings(case, ready, p, times, progress, keeper), facts, layout.grid.shape)
    flow = None if layout.flow is None else layout.flow.volume_flow
    return _common(
        lambda: integrate_field(
            p.net, p.k, ready.diffusivity, charges(p.net), p.source, layout.footprint, p.start, layout.grid,
            dict.fromkeys(layout.open_sides, ready.fresh), times, exposure=layout.exposure, flow=flow,
            electroneutral=case.radiolysis.electroneutral, rtol=rtol, atol=atol, max_steps=case.solver.max_steps,
            progress=progress, keeper=keeper,
        ),
        {"method": "RODASP, order 4(3), Krylov with block multigrid", **facts}, layout.grid.shape,
    )  # fmt: skip


def _common(solve: Callable[[], Spread | FieldRun], facts: Mapping[str, Any], shape: tuple[int, ...]) -> Run:
    """Bring what a solver gives, also of a failed run, into one form."""

    def run_of(found: Spread | FieldRun) -> Run:
        left = found.left.sum(axis=1) if isinstance(found, Spread) else sum(found.left.values())
        names = ("steps", "rejected", "solves", "cycles", "unsolved")
        counts = {name: getattr(found, name) for name in names if hasattr(found, name)}
        numbers = {**facts, **counts, "worst_negative_mol_per_m3": found.worst_negative}
        c = found.concentration.reshape(*found.concentration.shape[:2], *shape)
        return Run(found.time, c, np.zeros(c.shape[:2]) + left, found.reached, numbers)

    try:
        return run_of(solve())
    except SolverError as error:
        if isinstance(error.partial, Spread | FieldRun):
            raise SolverError(str(error), run_of(error.partial)) from None
        raise

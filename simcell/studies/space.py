"""One run of a case in space: lay the grid, let the beam fall on it, integrate, label the result."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell.beam.footprint import outside, relative_dose_rate
from simcell.beam.shape import disc
from simcell.cell.flow import velocity
from simcell.chemistry import water
from simcell.chemistry.mechanism import Mechanism, Species
from simcell.chemistry.network import Array, Network
from simcell.errors import InputError, Problem, SolverError
from simcell.inputs.case import CaseInput
from simcell.inputs.ions import load_ions
from simcell.radiolysis.field import FieldRun, integrate_field
from simcell.radiolysis.homogeneous import Problem0D
from simcell.radiolysis.reach import reach
from simcell.radiolysis.setup import Setup
from simcell.radiolysis.spatial import Ends, Spread, charges, integrate_radial
from simcell.radiolysis.steady_line import SteadyLine, steady_radial
from simcell.results.provenance import Status
from simcell.results.schema import build
from simcell.studies.footprint import footprint_of
from simcell.studies.gas import gas_group, gases_of
from simcell.studies.layout import Layout, layout_of, unmeasured
from simcell.studies.run import Group, beam_group, case_provenance, ph, saturation
from simcell.studies.setup import Beam, gases_in, mechanism_of, output_times, setup_of

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

Progress = Callable[[float], None]


@dataclass(frozen=True)
class InSpace:
    """A case ready to be integrated in space.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}})
    >>> in_space(case.input, mechanism_of(case.input)).layout.grid.kind
    'radial'
    """

    setup: Setup
    beam: Beam
    layout: Layout
    diffusivity: Array  # (n,) m^2/s
    warnings: tuple[str, ...]


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
    failure: SolverError | None = None
    try:
        run = _integrate(case.input, ready, progress)
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


def in_space(case: CaseInput, mechanism: Mechanism, yields: str | None = None) -> InSpace:
    """Set up a case in space; `yields` names another G set than the case.

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
    setup, beam = setup_of(case, mechanism, None, yields)
    ions = {s: setup.charges[s] for s in setup.passive if setup.charges[s]}
    if ions and case.radiolysis.electroneutral:
        known = {s: Species(s, {}, z) for s, z in ions.items() if s not in mechanism.species}
        mechanism = dataclasses.replace(mechanism, species={**mechanism.species, **known})
        setup, beam = setup_of(case, mechanism, Network.of(mechanism, carried=tuple(ions)), yields)
    diffusivity, remarks = diffusivities_of(case, mechanism, setup.problem.net.names)
    layout = layout_of(case, setup.problem.schedule)
    _feeding(case, layout)  # finds now what could not be told before the end
    remarks += _smeared(layout, float(diffusivity.min(initial=np.inf, where=diffusivity > 0.0)))
    return InSpace(setup, beam, layout, diffusivity, (*setup.warnings, *remarks, *layout.warnings))


def _smeared(layout: Layout, diffusivity: float) -> list[str]:
    """Cells so large that the flow spreads what it carries along more than diffusion does.

    With a face value that is fitted to diffusion and flow, a cell of Peclet number P adds D (P/2 coth(P/2) - 1).
    """
    if layout.flow is None:
        return []
    at, size = velocity(layout.grid, layout.flow.volume_flow), layout.grid.faces
    peclet = max(
        float((np.abs(at[axis]) * np.diff(size[axis]).reshape([-1 if a == axis else 1 for a in range(3)])).max())
        for axis in (1, 2)
    ) / diffusivity  # fmt: skip
    added = 0.5 * peclet / np.tanh(0.5 * peclet) - 1.0 if peclet > 0.0 else 0.0
    if added <= 1.0:
        return []
    return [
        f"the flow crosses the largest cells with a Peclet number of {peclet:.2g}: there fronts and tails are spread "
        f"as if the slowest species diffused up to {added + 1.0:.2g} times as fast (a smaller grid.extent or grid.growth)"
    ]


def diffusivities_of(case: CaseInput, mechanism: Mechanism, names: tuple[str, ...]) -> tuple[Array, list[str]]:
    """Diffusivities [m^2/s] of species at the temperature of the case, and remarks on what was assumed for them.

    Those given or shipped hold at 25 degC.

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
    at_25 = np.array([r.unknown_diffusivity if d is None else d for d in known.values()], dtype=float)
    factor = water.mobility_factor(case.electrolyte.temperature)
    if abs(factor - 1.0) > 0.01:
        remarks.append(f"diffusivities are {factor:.3g} times those at 25 degC, for all species (D ~ T / viscosity)")
    return factor * at_25, remarks


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
    fed = _feeding(case, ready.layout) * grid.volume
    feeding = np.asarray(np.tensordot(complete, fed / fed.sum(), 3))
    more, coords, remarks = gas_group(case, setup, times, feeding, pressure.reshape(times.size, -1).max(axis=1))
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
    return {"beam": beam, "cell": cell, "radiolysis": group | more}, coords, remarks


def _reach(ready: InSpace, complete: Array) -> Array:
    grid, before = ready.layout.grid, ready.setup.complete(ready.setup.problem.start)[: complete.shape[1]]
    _, y, x = grid.centre
    return reach(complete, before, grid.volume, ready.layout.mean[0], y, x)


def _feeding(case: CaseInput, layout: Layout) -> Array:
    """Share of each cell in the liquid that feeds a bubble: as given around the beam, or what the beam hits."""
    layer = case.gas.layer_radius
    if not case.gas.bubble or layer is None:
        return layout.mean
    around = disc(2.0 * layer, max(footprint_of(case.beam).parts, key=lambda part: part.level).centre)
    if (beside := outside(layout.grid, around)) > 1e-3:
        reason = f"a share of {beside:.2g} of that layer is beyond the grid: a larger grid.extent, or a smaller layer"
        raise InputError(Problem("", "gas.layer_radius", layer, reason))
    return relative_dose_rate(layout.grid, around)


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
    case: CaseInput, ready: InSpace, problem: Problem0D, times: Array, progress: Progress | None = None
) -> Spread:
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
        max_steps=case.solver.max_steps, progress=progress,
    )  # fmt: skip


def _on_rings(ready: InSpace, problem: Problem0D) -> tuple[Array, Ends]:
    source = problem.source[:, None] * ready.layout.footprint[0, 0, 0]
    return source, Ends(upper=problem.start if ready.layout.open_sides else None)


def _integrate(case: CaseInput, ready: InSpace, progress: Progress | None) -> Run:
    """Rings by the direct solver along a line, everything else by the one for fields."""
    p, layout = ready.setup.problem, ready.layout
    rtol, atol = case.solver.tolerances(case.grid.geometry)
    times = output_times(case)
    facts: dict[str, Any] = {"rtol": rtol, "atol_mol_per_m3": atol, "electroneutral": case.radiolysis.electroneutral}
    if layout.grid.kind == "radial":
        facts = {"method": "RODASP, order 4(3), block-tridiagonal", **facts}
        return _common(lambda: integrate_rings(case, ready, p, times, progress), facts, layout.grid.shape)
    flow = None if layout.flow is None else layout.flow.volume_flow
    return _common(
        lambda: integrate_field(
            p.net, p.k, ready.diffusivity, charges(p.net), p.source, layout.footprint, p.start, layout.grid,
            dict.fromkeys(layout.open_sides, p.start), times, exposure=layout.exposure, flow=flow,
            electroneutral=case.radiolysis.electroneutral, rtol=rtol, atol=atol, max_steps=case.solver.max_steps,
            progress=progress,
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


def _quoted(name: str) -> str:
    return name if name.isalnum() else f'"{name}"'

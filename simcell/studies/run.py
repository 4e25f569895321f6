"""One run of a case: set up, integrate, find the steady state, label the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell.chemistry import kernels
from simcell.chemistry.network import Array, Network
from simcell.errors import SolverError
from simcell.numerics.checkpoint import Keeper
from simcell.radiolysis.homogeneous import Stopped, Trajectory, integrate, throughput
from simcell.radiolysis.setup import Setup
from simcell.radiolysis.steady import steady_state, time_to_steady
from simcell.results.provenance import Status, provenance
from simcell.results.schema import build
from simcell.studies.cell import gap_of
from simcell.studies.gas import gas_group, gases_of
from simcell.studies.setup import Beam, gases_in, mechanism_of, output_times, setup_of

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

Progress = Callable[[float], None]
Group = dict[str, tuple[list[str], Any]]
BASE_SHIFT = 0.3  # difference of the pH of H+ and that of OH- from which on it is told
FLOOR = 1e-30  # mol/m^3, below which no pH is formed


def run_case(case: Case, progress: Progress | None = None, keeper: Keeper | None = None) -> xr.DataTree:
    """Run a case and return the labelled result.

    Parameters
    ----------
    case : Case
    progress : callable, optional
        Called with the fraction that is done.
    keeper : Keeper, optional
        Keeps the state of the integration every now and then, or has one to go on from.

    Returns
    -------
    xarray.DataTree
        Groups `/beam`, `/cell` and `/radiolysis`. After Ctrl-C it holds the times that were reached, and its
        provenance says ``"status": "interrupted"``.

    Raises
    ------
    InputError, MechanismError
    SolverError
        Its `partial` is the result until then, marked ``"failed"``, if any output time was reached.

    Examples
    --------
    >>> from simcell.case import Case
    >>> tree = run_case(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "7.5e7 Gy/s"},
    ...                                 "output": {"times": ["1 s"]}}))
    >>> round(float(tree["radiolysis/pH"][0]), 2)
    4.65
    """
    if "dendrite" in case.input.case.physics:
        from simcell.studies.growth_result import run_dendrite

        return run_dendrite(case, progress, keeper)
    if "transport" in case.input.case.physics:
        from simcell.studies.transport import run_transport

        return run_transport(case, progress, keeper)
    if case.input.grid.geometry != "batch":
        from simcell.studies.space import run_in_space

        return run_in_space(case, progress, keeper)
    started = time.perf_counter()
    mechanism = mechanism_of(case.input, case.folder)
    net = Network.of(mechanism)
    setup, beam = setup_of(case.input, mechanism, net)
    solver = case.input.solver
    rtol, atol = solver.tolerances("batch")
    failure: SolverError | None = None
    try:
        path = integrate(
            setup.problem, output_times(case.input), rtol, atol, solver.max_steps,
            kernels_of(case, net), progress, keeper,
        )  # fmt: skip
    except SolverError as error:
        if not isinstance(error.partial, Trajectory) or error.partial.reached == 0:
            raise
        path, failure = error.partial, error
    except Stopped as stop:
        path = stop.partial
    if path.reached == 0:
        raise KeyboardInterrupt
    times, concentration = path.time[: path.reached], path.concentration[: path.reached]
    group, coords = radiolysis_group(setup, concentration)
    more_gas, criteria, remarks_on_gas = gas_group(case.input, setup, times, group["concentration"][1])
    group |= more_gas
    coords |= {"time": times, **criteria}
    remarks_on_gas += base_remark(setup, group["concentration"][1][-1], list(setup.species))
    warnings = [*setup.warnings, *remarks_on_gas, *([str(failure)] if failure else [])]
    status: Status = "failed" if failure else "complete" if path.complete else "interrupted"
    if status == "complete" and beam.dose_rate > 0:
        try:
            group |= _steady_group(setup, warnings)
        except KeyboardInterrupt:
            status = "interrupted"
            warnings.append("interrupted before the steady state was found: the run itself is complete")
    groups: dict[str, Group] = {
        "beam": beam_group(beam, setup, times, None if path.complete else float(times[-1])),
        "cell": cell_group(case),
        "radiolysis": group,
    }
    more: dict[str, Any] = {}
    if status == "complete" and case.input.radiolysis.ensemble > 0:
        from simcell.studies.ensemble import ensemble_group

        try:
            extra, labels, more, remarks = ensemble_group(case, setup, times, progress)
            group |= extra
            coords |= labels
            warnings += remarks
        except KeyboardInterrupt:
            status = "interrupted"
            warnings.append(
                "interrupted before the ensemble was done: the nominal run is complete, intervals are missing"
            )
    numbers = {
        "method": "RODAS, order 4(3)", "kernel": solver.kernel, "rtol": rtol, "atol_mol_per_m3": atol,
        "steps": path.steps, "rejected": path.rejected, "worst_negative_mol_per_m3": path.worst_negative,
        "worst_projection_relative": path.worst_projection,
    }  # fmt: skip
    attrs = case_provenance(case, setup, warnings, status, started, numbers, **more)
    tree = build(groups, coords, {"simcell_provenance": attrs, "title": case.input.case.title})
    if failure is not None:
        raise SolverError(str(failure), tree)
    return tree


def kernels_of(case: Case, net: Network) -> ModuleType:
    """Give the kernels that the case asks for.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    >>> kernels_of(case, Network.of(mechanism_of(case.input))) is kernels
    True
    """
    if case.input.solver.kernel == "unrolled":
        from simcell.chemistry.unrolled import unrolled

        return unrolled(net)
    return kernels


def radiolysis_group(setup: Setup, concentration: Array, lead: tuple[str, ...] = ()) -> tuple[Group, dict[str, Any]]:
    """Everything that follows from concentrations (..., time, species in kernel order), with its coordinates.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> setup, _ = setup_of(case, mechanism_of(case))
    >>> group, coords = radiolysis_group(setup, setup.problem.start[None, :])
    >>> group["concentration"][1].shape, coords["gas"]
    ((1, 16), ['H2', 'O2'])
    """
    mechanism = setup.mechanism
    complete = setup.complete(concentration)
    species = list(setup.species)
    gases = gases_in(mechanism)
    limits = saturation(setup)
    charges = np.array([float(setup.charges[s]) for s in species])
    t = [*lead, "time"]
    group: Group = {
        "concentration": ([*t, "species"], complete),
        "pH": (t, ph(complete, species)),
        "charge": (t, setup.net_charge(complete)),
        "ionic_strength": (t, 0.5 * complete @ charges**2),
        "gas_saturation": (
            [*t, "gas"],
            np.stack([complete[..., species.index(g)] / limits[g] for g in gases], axis=-1),
        ),
        "gas_pressure": (t, gases_of(setup).pressure_of(complete, species)),
        "saturation_concentration": (["gas"], np.array([limits[g] for g in gases])),
    }
    coords: dict[str, Any] = {"species": species, "gas": list(gases)}
    if not lead:
        equations = [r.equation for r in mechanism.reactions]
        group["throughput"] = (["reaction", "time"], throughput(setup.problem, concentration).T)
        group["beam_production"] = (["species"], _per_species(setup, setup.problem.source))
        group["stoichiometry"] = (
            ["reaction", "species"],
            np.array([[float(r.net(s)) for s in species] for r in mechanism.reactions]),
        )
        group["initial_concentration"] = (["species"], setup.complete(setup.problem.start))
        coords["reaction"] = equations
    return group, coords


def ph(complete: Array, species: list[str]) -> Array:
    """PH of (..., species) concentrations [mol/m^3], concentration standing for activity.

    Examples
    --------
    >>> float(ph(np.array([0.1, 5.0]), ["H+", "H2"]))
    4.0
    """
    return np.asarray(-np.log10(np.maximum(complete[..., species.index("H+")], FLOOR) / 1000.0))


def base_remark(setup: Setup, complete: Array, species: list[str]) -> list[str]:
    """Say it where OH- prevails and yet the pH, which counts H+ alone, is not the one that OH- stands for.

    Under the beam [H+][OH-] is far above Kw: acid and base are made faster than they neutralise each other. In an
    alkaline liquid -log10 [H+] then says nothing of the base that is there.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> setup, _ = setup_of(case, mechanism_of(case))
    >>> base_remark(setup, np.array([[1e-6, 100.0]]), ["H+", "OH-"])[0][:57]
    'the pH, 9.00 at the end, is that of H+; the 0.1 mol/L of '
    """
    water = [e for e in setup.mechanism.equilibria if e.acid == setup.mechanism.solvent and e.base == "OH-"]
    if not water or "OH-" not in species:
        return []
    proton, base = (complete[..., species.index(s)].ravel() / 1000.0 for s in ("H+", "OH-"))
    worst = int(np.argmax(np.where(base > proton, proton, 0.0) * base))
    p_kw = water[0].pK(setup.conditions.temperature)
    if not base[worst] > proton[worst] > 10.0 ** (BASE_SHIFT - p_kw) / base[worst]:
        return []
    of_base = p_kw + np.log10(base[worst])
    return [
        f"the pH, {-np.log10(proton[worst]):.2f} at the end, is that of H+; the {base[worst]:.2g} mol/L of OH- beside "
        f"it stand for pH {of_base:.2f}: under the beam the two are not in equilibrium"
    ]


def saturation(setup: Setup) -> dict[str, float]:
    """Solubility [mol/m^3] of each gas of the mechanism at the pressure and temperature of the run.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> round(saturation(setup_of(case, mechanism_of(case))[0])["H2"], 2)
    0.79
    """
    gases = gases_in(setup.mechanism)
    c = setup.conditions
    return {name: gas.saturation(c.temperature, c.pressure) for name, gas in gases.items()}


def beam_group(beam: Beam, setup: Setup, times: Array, end: float | None = None) -> Group:
    """What `/beam` holds; dose and fluence until `end` [s] where a run was cut short.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "2 s"}, "beam": {"dose_rate": "3 Gy/s"}}).input
    >>> setup, beam = setup_of(case, mechanism_of(case))
    >>> beam_group(beam, setup, np.array([1.0]))["dose"]
    ([], 6.0)
    """
    schedule = setup.conditions.schedule
    seconds = float(np.diff(np.minimum(schedule.switch, np.inf if end is None else end)) @ schedule.scale)
    group: Group = {
        "dose_rate": ([], beam.dose_rate),
        "dose": ([], beam.dose_rate * seconds),
        "on": (["time"], (schedule.at(times) > 0).astype(int)),
    }
    for name in ("flux", "energy", "current", "diameter", "stopping_power", "probe_dose_rate"):
        if (value := getattr(beam, name)) is not None:
            group[name] = ([], value)
    if beam.flux is not None:
        group["fluence"] = ([], beam.flux * seconds)
    return group


def cell_group(case: Case) -> Group:
    """What `/cell` holds.

    Examples
    --------
    >>> from simcell.case import Case
    >>> cell_group(Case.from_dict({"case": {"duration": "2 s"}, "beam": {"dose_rate": "3 Gy/s"}}))
    {'temperature': ([], 298.15)}
    """
    group: Group = {"temperature": ([], case.input.electrolyte.temperature)}
    if case.input.cell is not None and case.input.cell.spacer_height is not None:
        middle = gap_of(case.input.cell, np.zeros(1), np.zeros(1))  # of the windows
        group["liquid_thickness"] = ([], middle.height.item())
    return group


def case_provenance(
    case: Case,
    setup: Setup,
    warnings: list[str],
    status: Status,
    started: float,
    solver: Mapping[str, Any],
    **more: Any,
) -> dict[str, Any]:
    """Provenance of a run of a case: what it was computed from, with what, and how it ended.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "2 s"}, "beam": {"dose_rate": "3 Gy/s"}})
    >>> setup, _ = setup_of(case.input, mechanism_of(case.input))
    >>> case_provenance(case, setup, [], "complete", time.perf_counter(), {})["status"]
    'complete'
    """
    m = setup.mechanism
    files = [{"name": name, "sha256": digest, "doi": ""} for name, digest in m.files.items()]
    used = {r.source for r in m.reactions} | {m.yields[setup.yields].source}
    more["references"] = {key: text for key, text in m.references.items() if key in used}
    more["remarks_on_mechanism"] = list(m.warnings)
    more["g_values"] = setup.yields
    if case.folder is not None and case.input.electrolyte.mechanism.endswith(".toml"):
        more["folder"] = str(case.folder.resolve())  # where the path of one's own mechanism starts
    return provenance(
        record=case.record, record_hash=case.hash, case=case.data, data_files=files, solver=dict(solver),
        seed=case.input.radiolysis.seed if case.input.radiolysis.ensemble else None, warnings=warnings,
        status=status, wall_time=time.perf_counter() - started, **more,
    )  # fmt: skip


def _per_species(setup: Setup, values: Array) -> Array:
    net = setup.problem.net
    solvent = float(net.solvent_change(values))
    known = {**dict(zip(net.names, values, strict=True)), net.mechanism.solvent: solvent}
    return np.array([known.get(s, 0.0) for s in setup.species])


def _steady_group(setup: Setup, warnings: list[str]) -> Group:
    """Steady state under the beam, or a warning that there is none."""
    found = steady_state(setup.problem)
    if not found.converged:
        warnings.append("no steady state was found within 1e9 s of irradiation; the steady_ variables are left out")
        return {}
    complete = setup.complete(found.concentration)
    species, limits = list(setup.species), saturation(setup)
    try:
        wait = time_to_steady(setup.problem, found.concentration)
    except SolverError as error:
        wait = np.inf
        warnings.append(f"the time to the steady state is missing: {error}")
    return {
        "steady_concentration": (["species"], complete),
        "steady_pH": ([], float(ph(complete, species))),
        "steady_gas_pressure": ([], float(gases_of(setup).pressure_of(complete, species))),
        "steady_gas_saturation": (
            ["gas"],
            np.array([complete[species.index(g)] / c for g, c in limits.items()]),
        ),
        "steady_throughput": (["reaction"], throughput(setup.problem, found.concentration)),
        "time_to_steady": ([], wait if np.isfinite(wait) else np.nan),
    }

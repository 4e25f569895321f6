"""One case over a range of values: thousands of homogeneous problems in one call of the kernel."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell.chemistry.network import Network
from simcell.errors import InputError, Problem
from simcell.radiolysis.homogeneous import integrate_batch
from simcell.radiolysis.setup import Setup
from simcell.radiolysis.steady import steady_state
from simcell.results.provenance import Status, read_provenance
from simcell.results.schema import build
from simcell.studies.gas import gases_of
from simcell.studies.run import Group, case_provenance, cell_group, kernels_of, ph, radiolysis_group, saturation
from simcell.studies.setup import Beam, mechanism_of, output_times, setup_of, with_passive

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

Progress = Callable[[float], None]
FIXED = ("case.", "output.", "solver.", "beam.schedule", "beam.pulses", "electrolyte.mechanism", "radiolysis.ensemble",
         "radiolysis.sample", "radiolysis.seed", "radiolysis.mechanisms", "radiolysis.rate_uncertainty",
         "gas.nucleus_radius", "gas.contact_angle", "gas.bubble", "gas.layer_radius", "grid.")  # fmt: skip


def run_vary(
    case: Case,
    vary: Sequence[tuple[str, Sequence[Any], Sequence[float], str]],
    progress: Progress | None = None,
) -> xr.DataTree:
    """Run a case over the product of ranges.

    Parameters
    ----------
    case : Case
    vary : sequence of (key, values, numbers, unit)
        Key of the case, its values as the file would have them, the same as SI numbers, and their unit.
    progress : callable, optional
        Called with the fraction that is done.

    Returns
    -------
    xarray.DataTree
        As of `run_case`, with one leading dimension a key (``beam.dose_rate`` becomes ``beam_dose_rate``).
        After Ctrl-C it holds the whole rows of the first range that were done, and is marked "interrupted".

    Raises
    ------
    InputError
        If a key cannot be varied in one batch.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                        "output": {"times": ["1 s"]}})
    >>> tree = run_vary(case, [("beam.dose_rate", ["1e6 Gy/s", "1e8 Gy/s"], [1e6, 1e8], "Gy/s")])
    >>> tree["radiolysis/concentration"].dims
    ('beam_dose_rate', 'time', 'species')
    """
    started = time.perf_counter()
    check_vary([key for key, *_ in vary], case.input.grid.geometry)
    members = []
    for combination in itertools.product(*(values for _, values, *_ in vary)):
        members.append(case.replace_all(dict(zip((key for key, *_ in vary), combination, strict=True))))
    names = [key.replace(".", "_") for key, *_ in vary]
    numbers = {name: (np.array(row), unit) for name, (_, _, row, unit) in zip(names, vary, strict=True)}
    rows = [{"key": key, "values": list(map(str, values))} for key, values, *_ in vary]
    return _together(case, members, numbers, progress, started, vary=rows)


def run_members(
    case: Case, members: Sequence[Case], labels: Sequence[str], progress: Progress | None = None
) -> xr.DataTree:
    """Run cases that differ in keys that `check_vary` admits, in one call of the kernel.

    Parameters
    ----------
    case : Case
        The one that all were made from.
    members : sequence of Case
    labels : sequence of str
        A name of each.
    progress : callable, optional
        Called with the fraction that is done.

    Returns
    -------
    xarray.DataTree
        As of `run_vary`, with the one leading dimension `run`.

    Raises
    ------
    SolverError
        If one of them fails; then nothing is returned.
    KeyboardInterrupt

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                        "output": {"times": ["1 s"]}})
    >>> run_members(case, [case, case.replace("electrolyte.pH", 3)], ["a", "b"])["radiolysis/pH"].dims
    ('run', 'time')
    """
    started = time.perf_counter()
    tree = _together(case, members, {"run": (np.array(labels), None)}, progress, started, runs=list(labels))
    if read_provenance(tree)["status"] != "complete":
        raise KeyboardInterrupt
    return tree


def _together(
    case: Case, members: Sequence[Case], axes: Mapping[str, tuple[np.ndarray, str | None]],
    progress: Progress | None, started: float, **more: Any,
) -> xr.DataTree:  # fmt: skip
    """Integrate members that fill the product of the axes, row by row, and label the result."""
    setups, beams = _setups(case, members)
    times = output_times(case.input)
    first = setups[0]
    rtol, atol = case.input.solver.tolerances("batch")

    def half(fraction: float) -> None:
        if progress is not None:
            progress(0.5 * fraction)

    concentration, done = integrate_batch(
        first.problem.net, np.array([s.problem.k for s in setups]), np.array([s.problem.source for s in setups]),
        np.array([s.problem.start for s in setups]), first.problem.schedule, times, rtol, atol, half,
        using=kernels_of(case, first.problem.net),
    )  # fmt: skip
    names, shape = list(axes), [row.size for row, _ in axes.values()]
    status: Status = "complete" if done == len(setups) else "interrupted"
    if status == "interrupted":  # keep the part that has no holes: whole rows of the first range
        shape[0] = done // math.prod(shape[1:])
        if shape[0] == 0:
            raise KeyboardInterrupt
        done = math.prod(shape)
        members, setups, beams, concentration = members[:done], setups[:done], beams[:done], concentration[:done]
    group, coords = _stacked(setups, concentration, names, shape)
    if status == "complete":
        group |= _steady(setups, coords["species"], names, shape, progress)
    coords |= {name: (row[:count], unit) for (name, (row, unit)), count in zip(axes.items(), shape, strict=True)}
    coords["time"] = times
    groups: dict[str, Group] = {
        "beam": _beam(beams, names, shape),
        "cell": _cell(members, names, shape),
        "radiolysis": group,
    }
    warnings = list(dict.fromkeys(w for s in setups for w in s.warnings))[:20]
    facts = {"method": "RODAS, order 4(3)", "rtol": rtol}
    attrs = case_provenance(case, first, warnings, status, started, facts, **more)
    return build(groups, coords, {"simcell_provenance": attrs, "title": case.input.case.title})


def check_vary(keys: Sequence[str], geometry: str = "batch") -> None:
    """Refuse keys that need a run of their own for each value, and every key of a case in space.

    Raises
    ------
    InputError

    Examples
    --------
    >>> check_vary(["beam.dose_rate"])
    """
    wrong = [key for key in keys if key.startswith(FIXED)]
    reason = "cannot be varied in one run; run the case for each value"
    if geometry != "batch":
        wrong, reason = list(keys), f'cannot be varied with grid.geometry = "{geometry}"; run the case for each value'
    if wrong:
        raise InputError([Problem("", f"--vary {key}", None, reason) for key in wrong])


def _setups(case: Case, members: Sequence[Case]) -> tuple[list[Setup], list[Beam]]:
    mechanism = mechanism_of(case.input, case.folder)
    for member in members:
        mechanism = with_passive(mechanism, member.input)  # all carry the gases of all
    net = Network.of(mechanism)
    setups, beams = [], []
    for member in members:
        setup, beam = setup_of(member.input, mechanism, net)
        setups.append(setup)
        beams.append(beam)
    return setups, beams


def _stacked(
    setups: list[Setup], concentration: np.ndarray, names: list[str], shape: list[int]
) -> tuple[Group, dict[str, Any]]:
    """The radiolysis group of every member, stacked; passive species may differ between members."""
    species = list(dict.fromkeys(s for x in setups for s in x.species))
    solvent = setups[0].mechanism.solvent
    species = [*(s for s in species if s != solvent), solvent]
    group: Group = {}
    coords: dict[str, Any] = {}
    parts = [radiolysis_group(s, c, ("member",)) for s, c in zip(setups, concentration, strict=True)]
    for name in ("pH", "charge", "ionic_strength", "gas_saturation", "gas_pressure"):
        dims = [d for d in parts[0][0][name][0] if d != "member"]
        values = np.array([part[name][1] for part, _ in parts])
        group[name] = ([*names, *dims], values.reshape(*shape, *values.shape[1:]))
    full = np.zeros((len(setups), concentration.shape[1], len(species)))
    for row, (setup, (part, _)) in enumerate(zip(setups, parts, strict=True)):
        full[row][:, [species.index(s) for s in setup.species]] = part["concentration"][1]
    group["concentration"] = ([*names, "time", "species"], full.reshape(*shape, *full.shape[1:]))
    coords["species"], coords["gas"] = species, parts[0][1]["gas"]
    if len({(s.conditions.temperature, s.conditions.pressure) for s in setups}) == 1:
        group["saturation_concentration"] = parts[0][0]["saturation_concentration"]
    return group, coords


def _steady(
    setups: list[Setup], species: list[str], names: list[str], shape: list[int], progress: Progress | None
) -> Group:
    """Steady states of all members, NaN for one that has none; left out altogether where no member has one."""
    n_gas = len(saturation(setups[0]))
    state, saturated = np.full((len(setups), len(species)), np.nan), np.full((len(setups), n_gas), np.nan)
    pressure = np.full(len(setups), np.nan)
    for number, setup in enumerate(setups):
        if setup.conditions.dose_rate > 0 and (found := steady_state(setup.problem)).converged:
            complete = dict(zip(setup.species, setup.complete(found.concentration), strict=True))
            state[number] = [complete.get(s, 0.0) for s in species]
            pressure[number] = gases_of(setup).pressure_of(np.array([*complete.values()]), [*complete])
            saturated[number] = [complete[g] / c for g, c in saturation(setup).items()]
        if progress is not None:
            progress(0.5 + 0.5 * (number + 1) / len(setups))
    if np.isnan(pressure).all():
        return {}
    return {
        "steady_concentration": ([*names, "species"], state.reshape(*shape, len(species))),
        "steady_gas_pressure": (names, pressure.reshape(shape)),
        "steady_pH": (names, ph(state, species).reshape(shape)),
        "steady_gas_saturation": ([*names, "gas"], saturated.reshape(*shape, n_gas)),
    }


def _cell(members: Sequence[Case], names: list[str], shape: list[int]) -> Group:
    """What `/cell` holds: one number where all members agree."""
    parts = [cell_group(member) for member in members]
    group: Group = {}
    for name in parts[0]:
        if all(name in part for part in parts):
            values = np.array([part[name][1] for part in parts])
            group[name] = ([], values[0]) if (values == values[0]).all() else (names, values.reshape(shape))
    return group


def _beam(beams: list[Beam], names: list[str], shape: list[int]) -> Group:
    group: Group = {}
    for name in ("dose_rate", "flux"):
        values = [getattr(b, name) for b in beams]
        if all(v is not None for v in values):
            group[name] = (names, np.reshape(values, shape))
    return group

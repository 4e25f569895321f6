"""The 2 x 2 virtual experiment: the same cell without beam and bias, with either, and with both.

What bias off means is a setting: `open-circuit` lets no net current pass; `grounded` holds the working electrode at the
potential of the counter electrode. (An electrode that is disconnected floats: no net current, which is open circuit.)
What beam off means: the same liquid and mechanism at zero dose rate.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, wait
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from simcell.errors import InputError, Problem, SolverError
from simcell.results.effects import BEAM, BIAS
from simcell.results.provenance import read_provenance
from simcell.results.schema import build
from simcell.studies.line import line_of
from simcell.studies.sweeps.pool import processes

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

Unbiased = Literal["open-circuit", "grounded"]
UNBIASED: tuple[Unbiased, ...] = ("open-circuit", "grounded")
RUNS = ((0, 0), (1, 0), (0, 1), (1, 1))  # beam, bias
TIMES = 200  # at which the runs are compared, unless [output] says
POLL = 0.2  # s between two looks at Ctrl-C


def four_cases(case: Case, unbiased: Unbiased = "open-circuit") -> dict[tuple[int, int], Case]:
    """The cases of the four runs, by (beam, bias).

    Parameters
    ----------
    case : Case
        With ``physics = ["radiolysis", "transport"]``, a beam and a protocol.
    unbiased : str
        ``open-circuit`` or ``grounded``.

    Raises
    ------
    InputError
        If the case has no beam or no bias to switch off.

    Examples
    --------
    >>> four_cases.__name__
    'four_cases'
    """
    physics = case.input.case.physics
    if set(physics) != {"radiolysis", "transport"}:
        reason = "has only one of the two: beam and bias are told apart where both act"
        raise InputError(Problem(case.file, "case.physics", list(physics), reason, '["radiolysis", "transport"]'))
    if unbiased not in UNBIASED:
        raise InputError(Problem("", "--unbiased", unbiased, f"is none of {', '.join(UNBIASED)}"))
    seconds = case.input.case.seconds
    dark = {"beam.pulses": None, "beam.schedule": [{"from": "0 s", "to": f"{seconds!r} s", "on": False}]}
    step: dict[str, Any] = {"technique": "ocp", "duration": f"{seconds!r} s"}
    free: dict[str, Any] = {"protocol.steps": [step]}
    if unbiased == "grounded":
        counter = next((e.name for e in case.input.electrode if e.role == "counter" and e.reaction), None)
        if counter is None:
            reason = "needs a counter electrode with a reaction: liquid alone has no potential to ground to"
            raise InputError(Problem("", "--unbiased", "grounded", reason, "open-circuit"))
        step |= {"technique": "potentiostatic", "potential": "0 V"}
        free |= {"protocol.reference": counter, "protocol.ir_compensation": 0.0}
    written = case.data.get("output") or {}
    spread = np.linspace(0.0, seconds, TIMES + 1)[1:].tolist()
    times = case.input.output.resolved_times(seconds, case.input.grid.geometry) if written else spread
    shown: dict[str, Any] = dict.fromkeys(("output.count", "output.spacing", "output.from")) | {
        "output.times": [f"{t!r} s" for t in times]
    }
    if case.input.grid.spacing is None:  # one grid for all, the one that the biased run wants
        grid = line_of(case.input, case.folder).liquid.grid
        shown["grid.spacing"] = f"{float(grid.faces[2][1] - grid.faces[2][0])!r} m"
    return {
        (beam, bias): case.replace_all({**shown, **({} if beam else dark), **({} if bias else free)})
        for beam, bias in RUNS
    }


def controls(
    case: Case, unbiased: Unbiased = "open-circuit", jobs: int = 1, progress: Callable[[float], None] | None = None
) -> xr.DataTree:
    """Run the four cases and stack their results.

    Parameters
    ----------
    case : Case
    unbiased : str
        What bias off means, see `four_cases`.
    jobs : int
        Processes.
    progress : callable, optional
        Called with the fraction of runs that is done.

    Returns
    -------
    xarray.DataTree
        As of one run, with the dimensions `beam_on` and `bias_on` (0, 1) in front; see `simcell.results.effects`.

    Raises
    ------
    InputError, SolverError
        Naming the run.

    Examples
    --------
    >>> controls.__name__
    'controls'
    """
    started = time.perf_counter()
    cases = four_cases(case, unbiased)
    trees = _here(cases, progress) if jobs == 1 else _apart(cases, jobs, progress)
    groups, coords, cut = _stacked(trees)
    warnings = list(dict.fromkeys(w for tree in trees.values() for w in read_provenance(tree).get("warnings", [])))
    if cut is not None:
        warnings.append(f"the runs are compared until {cut:g} s, when the protocol of one of them had ended")
    facts = dict(read_provenance(trees[1, 1]))
    facts |= {
        "warnings": warnings, "wall_time": time.perf_counter() - started, "unbiased": unbiased, "record": case.record,
        "record_hash": case.hash, "case": case.data,
    }  # fmt: skip
    attrs = {"simcell_provenance": facts, "title": case.input.case.title, "geometry": case.input.grid.geometry}
    return build(groups, coords, attrs)


def name_of(run: tuple[int, int]) -> str:
    """Name of a run in words.

    Examples
    --------
    >>> name_of((1, 0))
    'beam alone'
    """
    return {(0, 0): "neither", (1, 0): "beam alone", (0, 1): "bias alone", (1, 1): "beam and bias"}[run]


def _run(case: Case) -> xr.DataTree:
    from simcell.studies.run import run_case

    return run_case(case)


def _here(
    cases: Mapping[tuple[int, int], Case], progress: Callable[[float], None] | None
) -> dict[tuple[int, int], xr.DataTree]:
    from simcell.studies.run import run_case

    trees = {}
    for number, (run, case) in enumerate(cases.items()):

        def tell(fraction: float, number: int = number) -> None:
            if progress is not None:
                progress((number + fraction) / len(RUNS))

        try:
            trees[run] = run_case(case, tell)
        except SolverError as error:
            raise SolverError(f"{name_of(run)}: {error}") from None
        _whole(run, trees[run])
    return trees


def _whole(run: tuple[int, int], tree: xr.DataTree) -> None:
    """Four runs are worth something together only: an interrupted one ends them all."""
    if read_provenance(tree).get("status") == "interrupted":
        raise KeyboardInterrupt


def _apart(
    cases: Mapping[tuple[int, int], Case], jobs: int, progress: Callable[[float], None] | None
) -> dict[tuple[int, int], xr.DataTree]:
    trees: dict[tuple[int, int], xr.DataTree] = {}
    with processes(min(jobs, len(RUNS), os.cpu_count() or 1)) as pool:
        waiting = {pool.submit(_run, case): run for run, case in cases.items()}
        while waiting:
            done, _ = wait(waiting, timeout=POLL, return_when=FIRST_COMPLETED)
            for future in done:
                run = waiting.pop(future)
                try:
                    trees[run] = future.result()
                except SolverError as error:
                    raise SolverError(f"{name_of(run)}: {error}") from None
            if progress is not None:
                progress(len(trees) / len(RUNS))
    return trees


def _stacked(trees: Mapping[tuple[int, int], xr.DataTree]) -> tuple[dict[str, Any], dict[str, Any], float | None]:
    """What all four hold, run by run in front, up to the time that all reached."""
    last = trees[1, 1]
    times = {run: tree["transport"].dataset["time"].values for run, tree in trees.items()}
    least = min(t.size for t in times.values())
    shared = np.all([np.isclose(t[:least], times[1, 1][:least], rtol=1e-9, atol=0.0) for t in times.values()], axis=0)
    count = least if shared.all() else int(shared.argmin())  # a run that ends between two times ends beside them
    if count == 0:
        reason = "is shorter than the first of the times at which the four runs are compared"
        raise InputError(Problem("", "protocol", None, reason, 'output.times = ["1 ms", "2 ms"]'))
    cut = float(times[1, 1][count - 1]) if count < max(t.size for t in times.values()) else None
    coords: dict[str, Any] = {BEAM: ([0.0, 1.0], "1"), BIAS: ([0.0, 1.0], "1")}
    groups: dict[str, Any] = {}
    for node in last.children.values():
        group = {}
        for name, array in node.data_vars.items():
            if any(
                node.name not in tree.children or name not in tree[str(node.name)].data_vars for tree in trees.values()
            ):
                continue
            parts = [[trees[beam, bias][str(node.name)].dataset[name] for bias in (0, 1)] for beam in (0, 1)]
            if "time" in array.dims:
                parts = [[p.isel(time=slice(count)) for p in row] for row in parts]
            values = np.stack([np.stack([p.values for p in row]) for row in parts])
            if "time" not in array.dims and np.array_equal(values, np.broadcast_to(values[:1, :1], values.shape), True):
                group[name] = (list(array.dims), values[0, 0])
            else:
                group[name] = ([BEAM, BIAS, *array.dims], values)
            for dim in array.dims:
                coords[str(dim)] = node.coords[dim].values.tolist()[: count if dim == "time" else None]
        groups[str(node.name)] = group
    return groups, coords, cut

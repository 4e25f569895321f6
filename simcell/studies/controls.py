"""The 2 x 2 virtual experiment: the same cell without beam and bias, with either, and with both.

What bias off means is a setting: `open-circuit` lets no net current pass; `grounded` holds the working electrode at the
potential of the counter electrode. (An electrode that is disconnected floats: no net current, which is open circuit.)
What beam off means: the same liquid and mechanism at zero dose rate. A run that fails costs the other three nothing:
its numbers are NaN from where it stopped, and the result says why.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from simcell.errors import InputError, Problem, SimcellError, SolverError
from simcell.results.provenance import read_provenance
from simcell.results.schema import build
from simcell.studies.bath import bath_of
from simcell.studies.control_results import Pair, stacked
from simcell.studies.line import line_of
from simcell.studies.sweeps.pool import processes

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

Unbiased = Literal["open-circuit", "grounded"]
UNBIASED: tuple[Unbiased, ...] = ("open-circuit", "grounded")
RUNS = ((0, 0), (1, 0), (0, 1), (1, 1))  # beam, bias
TIMES, LEAST = 200, 20  # at which the runs are compared, unless [output] says
MOST_CELLS = 200_000  # cells times times in one run: with 20 species 32 MB
POLL = 0.2  # s between two looks at Ctrl-C
DIED = "its process died (killed, out of memory, or a crash); with --jobs 1 it has all memory to itself"

Outcome = tuple["xr.DataTree | None", str]  # what a run reached, and why it went no further


def four_cases(case: Case, unbiased: Unbiased = "open-circuit") -> dict[Pair, Case]:
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
    line = case.input.grid.geometry == "line"
    grid = (line_of(case.input, case.folder).liquid if line else bath_of(case.input, case.folder).bath).grid
    count = TIMES if line else int(np.clip(MOST_CELLS // grid.volume.size, LEAST, TIMES))
    spread = np.linspace(0.0, seconds, count + 1)[1:].tolist()
    times = case.input.output.resolved_times(seconds, case.input.grid.geometry) if written else spread
    shown: dict[str, Any] = dict.fromkeys(("output.count", "output.spacing", "output.from")) | {
        "output.times": [f"{t!r} s" for t in times]
    }
    if case.input.grid.spacing is None:  # one grid for all, the one that the biased run wants
        x = grid.faces[2]
        shown["grid.spacing"] = f"{float(x[1] - x[0] if line else np.diff(x).min())!r} m"
    return {
        (beam, bias): case.replace_all({**shown, **({} if beam else dark), **({} if bias else free)})
        for beam, bias in RUNS
    }


def controls(
    case: Case,
    unbiased: Unbiased = "open-circuit",
    jobs: int = 1,
    progress: Callable[[float], None] | None = None,
    cases: Mapping[Pair, Case] | None = None,
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
    cases : mapping, optional
        What `four_cases` gave, where it was called before.

    Returns
    -------
    xarray.DataTree
        As of one run, with the dimensions `beam_on` and `bias_on` (0, 1) in front; see `simcell.results.effects`.
        Runs that failed are named in its provenance (`failures`), and their numbers are NaN from where they stopped.

    Raises
    ------
    InputError
    SolverError
        If all four fail.

    Examples
    --------
    >>> controls.__name__
    'controls'
    """
    started = time.perf_counter()
    cases = cases or four_cases(case, unbiased)
    done = _here(cases, progress) if jobs == 1 else _apart(cases, jobs, progress)
    trees = {run: tree for run, (tree, _) in done.items() if tree is not None}
    failures = {run: text for run, (_, text) in done.items() if text}
    if len(failures) == len(RUNS):
        raise SolverError("all four runs failed; " + "; ".join(f"{name_of(r)}: {t}" for r, t in failures.items()))
    groups, coords, cut = stacked(trees, set(failures))
    warnings = [f"the run {name_of(r)} failed: {t}; what needs it is missing" for r, t in failures.items()]
    warnings += dict.fromkeys(w for tree in trees.values() for w in read_provenance(tree).get("warnings", []))
    if cut is not None:
        warnings.append(f"the runs are compared until {cut:g} s, when the protocol of one of them had ended")
    best = next(trees[run] for run in reversed(RUNS) if run in trees and run not in failures)
    facts = dict(read_provenance(best))
    facts |= {
        "warnings": warnings, "wall_time": time.perf_counter() - started, "unbiased": unbiased, "record": case.record,
        "record_hash": case.hash, "case": case.data, "failures": {name_of(r): t for r, t in failures.items()},
        "status": "failed" if failures else "complete",
    }  # fmt: skip
    attrs = {"simcell_provenance": facts, "title": case.input.case.title, "geometry": case.input.grid.geometry}
    return build(groups, coords, attrs)


def name_of(run: Pair) -> str:
    """Name of a run in words.

    Examples
    --------
    >>> name_of((1, 0))
    'beam alone'
    """
    return {(0, 0): "neither", (1, 0): "beam alone", (0, 1): "bias alone", (1, 1): "beam and bias"}[run]


def _run(case: Case, tell: Callable[[float], None] | None = None) -> Outcome:
    """One of the runs; four are worth something together only, so that an interrupted one ends them all."""
    import xarray as xr

    from simcell.studies.run import run_case

    try:
        tree = run_case(case, tell)
    except SimcellError as error:
        partial = getattr(error, "partial", None)
        return (partial if isinstance(partial, xr.DataTree) else None), str(error)
    if read_provenance(tree).get("status") == "interrupted":
        raise KeyboardInterrupt
    return tree, ""


def _here(cases: Mapping[Pair, Case], progress: Callable[[float], None] | None) -> dict[Pair, Outcome]:
    found = {}
    for number, (run, case) in enumerate(cases.items()):

        def tell(fraction: float, number: int = number) -> None:
            if progress is not None:
                progress((number + fraction) / len(RUNS))

        found[run] = _run(case, tell)
    return found


def _apart(cases: Mapping[Pair, Case], jobs: int, progress: Callable[[float], None] | None) -> dict[Pair, Outcome]:
    """Each in a process; where one dies the rest go one at a time, so that it is known which it is."""
    found: dict[Pair, Outcome] = {}
    workers = min(jobs, len(RUNS), os.cpu_count() or 1)
    while waiting := {run: case for run, case in cases.items() if run not in found}:
        try:
            with processes(workers) as pool:
                asked = {pool.submit(_run, case): run for run, case in waiting.items()}
                while asked:
                    for future in wait(asked, timeout=POLL, return_when=FIRST_COMPLETED)[0]:
                        found[asked[future]] = future.result()
                        del asked[future]
                    if progress is not None:
                        progress(len(found) / len(RUNS))
        except BrokenProcessPool:
            if workers == 1:
                found[next(run for run in waiting if run not in found)] = (None, DIED)
            workers = 1
    return {run: found[run] for run in cases}

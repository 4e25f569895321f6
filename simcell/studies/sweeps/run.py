"""Run a sweep: lay out its folder or open it again, compute what is missing, count what became of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from simcell.errors import InputError
from simcell.studies.setup import output_times
from simcell.studies.sweeps import pool
from simcell.studies.sweeps.folder import MANIFEST, create, group_size, resume
from simcell.studies.sweeps.plan import Plan
from simcell.studies.sweeps.work import Outcome, tasks_of
from simcell.studies.vary import check_vary

if TYPE_CHECKING:
    from simcell.case import Case

Tell = Callable[[float], None]
SPECIES = 50  # of a large mechanism; sets how many runs go into one file
TRIAL = 20.0  # s that an estimate may take


@dataclass
class Tally:
    """What became of the runs of a sweep, those of earlier sittings included.

    Examples
    --------
    >>> Tally(10, 4, 1).left
    5
    """

    runs: int
    complete: int
    failed: int
    errors: dict[str, str] = field(default_factory=dict)  # id of a failed run -> why
    warnings: list[str] = field(default_factory=list)  # what runs of this sitting warned of, each once
    seconds: float = 0.0  # of this sitting

    @property
    def left(self) -> int:
        """Runs that are still missing."""
        return self.runs - self.complete - self.failed


def run_sweep(
    case: Case,
    plan: Plan,
    path: str | Path,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    going_on: bool = False,
    retry_failed: bool = False,
    progress: Tell | None = None,
) -> Tally:
    """Run a case over the points of a plan, into a folder that can be gone on with.

    Called from a script with more than one job, the script needs ``if __name__ == "__main__":``, as it is loaded again
    by every process.

    Parameters
    ----------
    case : Case
    plan : Plan
        From `simcell.studies.sweeps.plan.plan_of`.
    path : str or Path
        The folder.
    jobs : int, optional
        Processes of this machine, each with one thread; default one a core. With 1 everything runs in this process.
    scheduler : str, optional
        Address of a Dask scheduler, instead of processes of this machine.
    going_on : bool
        Go on with the sweep in the folder: what is finished stays. Where there is none yet, it begins.
    retry_failed : bool
        Run failed runs again; implies `going_on`.
    progress : callable, optional
        Called with the fraction of runs that is done; may raise KeyboardInterrupt.

    Returns
    -------
    Tally

    Raises
    ------
    InputError
        If the folder holds something else.
    ResultError
        If it cannot be written to: no room, no permission.
    KeyboardInterrupt
        What was finished lies in the folder.

    Examples
    --------
    >>> import tempfile
    >>> from simcell.case import Case
    >>> from simcell.studies.sweeps.plan import plan_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                        "output": {"times": ["1 s"]}})
    >>> with tempfile.TemporaryDirectory() as place:
    ...     run_sweep(case, plan_of(["electrolyte.pH=3,7"]), f"{place}/sweep", jobs=1).complete
    2
    """
    together = batchable(case, plan)
    cores = os.cpu_count() or 1
    processes = cores if jobs is None else jobs
    if (going_on or retry_failed) and (Path(path) / MANIFEST).is_file():
        folder = resume(Path(path), case, plan)
        if retry_failed:
            folder.forget_failures()
    else:
        values = SPECIES * output_times(case.input).size if together else 1
        size = group_size(len(plan.values), processes, values) if together else 1
        folder = create(Path(path), case, plan, size)
    tasks = tasks_of(folder, together)
    statuses = list(folder.statuses().values())
    tally = Tally(len(statuses), statuses.count("complete"), statuses.count("failed"))
    began = time.perf_counter()

    def tell(fraction: float) -> None:
        if progress is not None:
            share = fraction * tasks[0].size / max(1, tally.runs) if len(tasks) == 1 else 0.0
            progress(min(1.0, (tally.complete + tally.failed) / tally.runs + share))

    def report(outcomes: Sequence[Outcome]) -> None:
        count(tally, outcomes)
        tell(0.0)

    try:
        if scheduler is not None:
            pool.on_cluster(tasks, scheduler, report, tell)
        elif min(processes, len(tasks)) <= 1 and (together or processes == 1):
            pool.here(tasks, report, tell)
        else:
            pool.in_processes(tasks, min(processes, len(tasks)), report, tell)
    finally:
        tally.seconds = time.perf_counter() - began
    tally.errors = {facts["id"]: facts["error"] for facts in folder.failures()}
    return tally


def count(tally: Tally, outcomes: Sequence[Outcome]) -> None:
    """Add outcomes to a tally.

    Examples
    --------
    >>> tally = Tally(2, 0, 0)
    >>> count(tally, [Outcome("5f0c", "complete", 0.1, "", ("hot",))])
    >>> tally.complete, tally.warnings
    (1, ['hot'])
    """
    for outcome in outcomes:
        if outcome.status == "complete":
            tally.complete += 1
        else:
            tally.failed += 1
        for text in outcome.warnings:
            if text not in tally.warnings:
                tally.warnings.append(text)


def batchable(case: Case, plan: Plan) -> bool:
    """Tell whether the runs of a plan can share one call of the batch kernel: 0-D chemistry under one beam schedule.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.sweeps.plan import plan_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    >>> batchable(case, plan_of(["electrolyte.pH=3,7"])), batchable(case, plan_of(["case.duration=1s,2s"]))
    (True, False)
    """
    one = tuple(case.input.case.physics) == ("radiolysis",) and case.input.radiolysis.ensemble == 0
    if not one or case.input.grid.geometry != "batch" or case.input.gas.bubble:
        return False
    try:
        check_vary(plan.keys)
    except InputError:
        return False
    return True


@dataclass(frozen=True)
class Estimate:
    """What a sweep would take, from one run of it.

    Examples
    --------
    >>> Estimate(10, 2.0, True, None).seconds(2)
    10.0
    """

    runs: int
    each: float  # s a run
    finished: bool  # whether the trial ended by itself; if not, `each` is extrapolated from its progress
    memory: float | None  # bytes of a process at its peak; None where the system does not tell

    def seconds(self, jobs: int) -> float:
        """Time [s] of the sweep with so many processes."""
        return self.runs * self.each / max(1, jobs)


def estimate(case: Case, plan: Plan, budget: float = TRIAL) -> Estimate:
    """Time the run in the middle of a plan (stopped after `budget` seconds) and see what memory it takes.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.sweeps.plan import plan_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                        "output": {"times": ["1 s"]}})
    >>> estimate(case, plan_of(["electrolyte.pH=3,7"])).runs
    2
    """
    from simcell.studies.run import run_case
    from simcell.studies.vary import run_members

    member = plan.member(case, len(plan.values) // 2)
    many = min(8, len(plan.values)) if batchable(case, plan) else 0
    done = [0.0]

    def look(fraction: float) -> None:
        done[0] = fraction
        if time.perf_counter() - began > budget:
            raise KeyboardInterrupt

    if many:
        run_members(case, [member], ["0"])  # compiles
        began = time.perf_counter()
        run_members(case, [member] * many, [str(i) for i in range(many)])
        return Estimate(len(plan.values), (time.perf_counter() - began) / many, True, _peak())
    began = time.perf_counter()
    try:
        run_case(member, look)
    except KeyboardInterrupt:
        if done[0] == 0.0:
            raise InputError(
                f"no output time was reached within {budget:g} s, so there is nothing to estimate"
            ) from None
    each = time.perf_counter() - began
    finished = each <= budget
    return Estimate(len(plan.values), each if finished else each / max(done[0], 1e-9), finished, _peak())


def _peak() -> float | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    import sys

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)

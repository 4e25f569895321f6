"""One task of a sweep: what a process, here or on another machine, does with the runs it is given.

A task is plain data, so that it travels to any process. It writes what it has finished into the folder of the sweep
itself and reports in a few words; a run that fails is written down and costs the others nothing. Only what would stop
every other run as well (a full disk, a folder that is not there) is raised.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcell.errors import ResultError, SimcellError, SolverError
from simcell.studies.sweeps.folder import MANIFEST, Folder, Run

if TYPE_CHECKING:
    from simcell.case import Case

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Task:
    """Runs that are computed together: one, or several by the batch kernel.

    Examples
    --------
    >>> Task("sweep", {}, None, ("electrolyte.pH",), (Run("5f0c", (3,), (3.0,), "5f0c"),), False).size
    1
    """

    path: str  # of the sweep's folder
    data: Mapping[str, Any]  # the case, as a file would have it
    folder: str | None  # of the case file
    keys: tuple[str, ...]
    runs: tuple[Run, ...]
    together: bool

    @property
    def size(self) -> int:
        """Number of runs."""
        return len(self.runs)


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Examples
    --------
    >>> Outcome("5f0c", "complete", 0.1).error
    ''
    """

    id: str
    status: str  # "complete" or "failed"
    seconds: float
    error: str = ""
    warnings: tuple[str, ...] = ()


def tasks_of(folder: Folder, together: bool) -> list[Task]:
    """What is still to be done of a sweep.

    Parameters
    ----------
    folder : Folder
    together : bool
        Whether runs that share a file go through the batch kernel; a run whose partners are done goes alone.

    Examples
    --------
    >>> tasks_of(Folder(Path("sweep"), {"runs": []}), False)
    []
    """
    statuses = folder.statuses()
    missing = [run for run in folder.runs if statuses[run.id] == "missing"]
    groups: dict[str, list[Run]] = {}
    for run in missing:
        groups.setdefault(run.file if together else run.id, []).append(run)
    whole = _sizes(folder)
    tasks = []
    for name, runs in groups.items():
        parts = [runs] if together and len(runs) == whole.get(name) else [[run] for run in runs]
        tasks += [
            Task(str(folder.path.resolve()), folder.manifest["case"], folder.manifest["folder"],
                 tuple(axis.key for axis in folder.axes), tuple(part), together and len(part) > 1)
            for part in parts
        ]  # fmt: skip
    return tasks


def do_task(task: Task, progress: Progress | None = None) -> list[Outcome]:
    """Compute the runs of a task and write them into the folder of the sweep.

    Parameters
    ----------
    task : Task
    progress : callable, optional
        Called with the fraction that is done.

    Returns
    -------
    list of Outcome

    Raises
    ------
    ResultError
        If nothing can be written there: no room, no permission, no such folder.

    Examples
    --------
    >>> do_task(Task("nowhere", {}, None, (), (), False))
    Traceback (most recent call last):
    simcell.errors.ResultError: nowhere: no sweep is seen there...
    """
    import platform

    path = Path(task.path)
    if not (path / MANIFEST).is_file():
        raise ResultError(
            f"{path}: no sweep is seen there from {platform.node() or 'this machine'}; with a scheduler the folder "
            "of a sweep must lie on a disk that all machines share"
        )
    folder = Folder(path, {"runs": []})
    if task.together:
        outcomes = _do_together(task, folder, progress)
        if outcomes is not None:
            return outcomes
    return [_do_one(task, run, folder, None if task.size > 1 else progress) for run in task.runs]


def base_case(task: Task) -> Case:
    """The case of a task, before its keys are changed.

    Examples
    --------
    >>> base_case(Task("sweep", {"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}, None, (), (), False))
    Case(...)
    """
    from simcell.case import Case

    case = Case.from_dict(task.data)
    return case if task.folder is None else replace(case, folder=Path(task.folder))


def _sizes(folder: Folder) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for run in folder.runs:
        if not run.refused:
            sizes[run.file] = sizes.get(run.file, 0) + 1
    return sizes


def _do_together(task: Task, folder: Folder, progress: Progress | None) -> list[Outcome] | None:
    """All runs in one call of the kernel; None if one of them fails: then each must be tried by itself."""
    from simcell.results.provenance import read_provenance
    from simcell.results.store import write
    from simcell.studies.vary import run_members

    began = time.perf_counter()
    case = base_case(task)
    try:
        members = [case.replace_all(dict(zip(task.keys, run.values, strict=True))) for run in task.runs]
        tree = run_members(case, members, [run.id for run in task.runs], progress)
    except (SimcellError, ValueError, ArithmeticError):
        return None
    write(tree, folder.result(task.runs[0].file), overwrite=True)
    each = (time.perf_counter() - began) / task.size
    warnings = tuple(read_provenance(tree)["warnings"])
    return [Outcome(run.id, "complete", each, "", warnings) for run in task.runs]


def _do_one(task: Task, run: Run, folder: Folder, progress: Progress | None) -> Outcome:
    from simcell.results.provenance import read_provenance
    from simcell.results.store import write
    from simcell.studies.run import run_case

    began = time.perf_counter()
    try:
        case = base_case(task).replace_all(dict(zip(task.keys, run.values, strict=True)))
        tree = run_case(case, progress)
    except Exception as error:
        return _failed(run, folder, error, time.perf_counter() - began)
    facts = read_provenance(tree)
    if facts["status"] != "complete":
        raise KeyboardInterrupt
    write(tree, folder.result(run.id), overwrite=True)
    return Outcome(run.id, "complete", time.perf_counter() - began, "", tuple(facts["warnings"]))


def _failed(run: Run, folder: Folder, error: Exception, seconds: float) -> Outcome:
    """Write down why a run failed, and what it had reached if that is a result."""
    text = str(error) if isinstance(error, SimcellError) else f"{type(error).__name__}: {error}"
    facts = {"error": text, "kind": type(error).__name__, "seconds": round(seconds, 3)}
    if not isinstance(error, SimcellError):
        facts["traceback"] = "".join(traceback.format_exception(error))
    if isinstance(error, SolverError) and hasattr(error.partial, "to_netcdf"):
        from simcell.results.store import write

        write(error.partial, folder.failure(run.id).with_suffix(".nc"), overwrite=True)  # type: ignore[arg-type]
    folder.write_failure(run, facts)
    return Outcome(run.id, "failed", seconds, text)


def lost(task: Task, reason: str) -> list[Outcome]:
    """Write down that the process of a task died, for each of its runs.

    Examples
    --------
    >>> lost(Task("nowhere", {}, None, (), (), False), "killed")
    []
    """
    folder = Folder(Path(task.path), {"runs": []})
    for run in task.runs:
        folder.write_failure(run, {"error": reason, "kind": "ProcessDied"})
    return [Outcome(run.id, "failed", 0.0, reason) for run in task.runs]


def split(task: Task) -> Sequence[Task]:
    """The same runs, each as a task of its own.

    Examples
    --------
    >>> split(Task("sweep", {}, None, (), (), False))
    []
    """
    return [replace(task, runs=(run,), together=False) for run in task.runs]

"""The folder of a sweep: a manifest that says what belongs to it, and one file for each run that was finished.

::

    sweep/manifest.json    the case, the keys, and every run: its id, its values, the file that will hold it
    sweep/runs/ID.nc       a finished run; runs that went through the batch kernel together share a file
    sweep/failed/ID.json   a run that failed: why, where; ID.nc beside it holds what it had reached

The id of a run is a hash of its case in SI units, of the files of its mechanism and of the version of simcell, so a
file can't be taken for the result of another case. Every file is written under another name and renamed when whole:
what is there is finished. The manifest is written once, before the first run, and never changed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcell import __version__
from simcell.errors import InputError, Problem, ResultError
from simcell.results.checkpoint import identity
from simcell.results.files import atomic, check_writable
from simcell.studies.sweeps.plan import Axis, Plan

if TYPE_CHECKING:
    from simcell.case import Case

MANIFEST, RUNS, FAILED = "manifest.json", "runs", "failed"
SCHEMA = 1


@dataclass(frozen=True)
class Run:
    """One run of a sweep.

    Examples
    --------
    >>> Run("5f0c", ("1 Gy/s",), (1.0,), "5f0c").file
    '5f0c'
    """

    id: str
    values: tuple[Any, ...]  # of the keys, as a file would have them
    labels: tuple[Any, ...]  # numbers in SI units, or words
    file: str  # name without ending; several runs of the batch kernel have the same
    refused: str = ""  # why these values make no case


@dataclass
class Folder:
    """A sweep on disk.

    Examples
    --------
    >>> Folder(Path("sweep"), {"runs": []}).runs
    ()
    """

    path: Path
    manifest: dict[str, Any]
    runs: tuple[Run, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.runs = tuple(
            Run(r["id"], tuple(r["values"]), tuple(r["labels"]), r["file"], r.get("refused", ""))
            for r in self.manifest["runs"]
        )

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Keys that change, with their values."""
        return tuple(
            Axis(a["key"], tuple(a["values"]), None if a["numbers"] is None else tuple(a["numbers"]), a["unit"],
                 a["scale"])
            for a in self.manifest["axes"]
        )  # fmt: skip

    def result(self, name: str) -> Path:
        """Where a finished run lies."""
        return self.path / RUNS / f"{name}.nc"

    def failure(self, name: str) -> Path:
        """Where it is told why a run failed."""
        return self.path / FAILED / f"{name}.json"

    def statuses(self) -> dict[str, str]:
        """Id of each run -> "complete", "failed" or "missing", from what lies in the folder."""
        here = {p.stem for p in (self.path / RUNS).glob("*.nc")}
        failed = {p.stem for p in (self.path / FAILED).glob("*.json")}
        return {
            r.id: "failed" if r.id in failed else "complete" if r.id in here or r.file in here else "missing"
            for r in self.runs
        }

    def write_failure(self, run: Run, facts: dict[str, Any]) -> None:
        """Write down why a run failed."""
        _write_json({"id": run.id, "values": list(run.values), **facts}, self.failure(run.id))

    def failures(self) -> Iterator[dict[str, Any]]:
        """What was written down of each failed run."""
        for path in sorted((self.path / FAILED).glob("*.json")):
            yield _read_json(path)

    def forget_failures(self) -> None:
        """Take the marks of failed runs away, so that they are run again; refused values stay refused."""
        for run in self.runs:
            if not run.refused:
                self.failure(run.id).unlink(missing_ok=True)

    def sweep_up(self) -> None:
        """Remove what writers that were killed have left half-written."""
        for place in (self.path, self.path / RUNS, self.path / FAILED):
            for leftover in place.glob(".*.tmp"):
                with suppress(OSError):
                    leftover.unlink()


def create(path: Path, case: Case, plan: Plan, group: int = 1) -> Folder:
    """Lay out the folder of a sweep and write its manifest.

    Parameters
    ----------
    path : Path
        A folder that is empty or does not exist.
    case : Case
    plan : Plan
    group : int
        Runs that share a file; 1 if each is computed by itself.

    Returns
    -------
    Folder

    Raises
    ------
    InputError
        If the folder holds something, or no run of the plan makes a case.
    ResultError
        If it cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from simcell.case import Case
    >>> from simcell.studies.sweeps.plan import plan_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = create(Path(place) / "sweep", case, plan_of(["electrolyte.pH=3,7"]))
    ...     list(folder.statuses().values())
    ['missing', 'missing']
    """
    facts = describe(case, plan, group)
    # A sweep that was killed before it had its manifest leaves two empty folders, and perhaps half of a file.
    if path.exists() and (not path.is_dir() or any(p.is_file() and p.suffix != ".tmp" for p in path.rglob("*"))):
        if (path / MANIFEST).exists():
            reason = "holds a sweep already; --resume goes on with it, another name begins a new one"
        else:
            reason = "exists and is not an empty folder; choose another name"
        raise InputError(Problem("", "--output", str(path), reason))
    try:
        for place in (path, path / RUNS, path / FAILED):
            place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultError(f"{path}: the folder cannot be made ({error.strerror or error}); choose another") from error
    _write_json(facts, path / MANIFEST)
    folder = Folder(path, facts)
    for run in folder.runs:
        if run.refused:
            folder.write_failure(run, {"error": run.refused, "kind": "InputError"})
    return folder


def resume(path: Path, case: Case, plan: Plan) -> Folder:
    """Open the folder of a sweep that was begun, if it is the sweep of this case and plan.

    Raises
    ------
    InputError
        If the folder holds the sweep of another case, plan or version of simcell.
    ResultError
        If it holds no sweep, or cannot be written to.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.sweeps.plan import plan_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    >>> resume(Path("nowhere"), case, plan_of(["electrolyte.pH=3,7"]))
    Traceback (most recent call last):
    simcell.errors.ResultError: nowhere holds no sweep (no manifest.json)
    """
    folder = load(path)
    wanted = [r["id"] for r in describe(case, plan)["runs"]]
    if wanted != [run.id for run in folder.runs]:
        made = folder.manifest["simcell"]
        why = (
            f"simcell {made} began it, this is {__version__}" if made != __version__ else "case, keys or values differ"
        )
        reason = f"holds another sweep ({why}); give the same case and options as when it began, or another name"
        raise InputError(Problem("", "--output", str(path), reason))
    for place in (RUNS, FAILED):
        check_writable(path / place / "probe")
    folder.sweep_up()
    return folder


def load(path: Path) -> Folder:
    """Open the folder of a sweep to read it.

    Raises
    ------
    ResultError
        If it holds no sweep.

    Examples
    --------
    >>> load(Path("nowhere"))
    Traceback (most recent call last):
    simcell.errors.ResultError: nowhere holds no sweep (no manifest.json)
    """
    if not (path / MANIFEST).is_file():
        raise ResultError(f"{path} holds no sweep (no {MANIFEST})")
    facts = _read_json(path / MANIFEST)
    if not isinstance(facts, dict) or "runs" not in facts or facts.get("schema", 0) > SCHEMA:
        raise ResultError(f"{path / MANIFEST} is not a manifest that this simcell ({__version__}) reads")
    return Folder(path, facts)


def describe(case: Case, plan: Plan, group: int = 1) -> dict[str, Any]:
    """What the manifest holds.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.sweeps.plan import plan_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    >>> facts = describe(case, plan_of(["electrolyte.pH=3,7,30"]))
    >>> [len(run["id"]) for run in facts["runs"]], facts["runs"][2]["refused"]
    ([16, 16, 16], 'electrolyte.pH = 30.0: must be ...')
    """
    files: dict[str, str] = {}  # of each mechanism: reading one takes longer than all the rest
    runs: list[dict[str, Any]] = []
    problems: list[InputError] = []
    for number, (values, labels) in enumerate(zip(plan.values, plan.labels, strict=True)):
        entry: dict[str, Any] = {"values": list(values), "labels": list(labels)}
        if plan.shares:
            entry["shares"] = list(plan.shares[number])
        try:
            member = plan.member(case, number)
            mechanism = member.input.electrolyte.mechanism
            if mechanism not in files:
                files[mechanism] = json.dumps(identity(member)["files"], sort_keys=True)
            entry["id"] = _id(member.hash, files[mechanism])
        except InputError as error:
            problems.append(error)
            entry |= {"id": _id(json.dumps(values), "refused"), "refused": str(error)}
        entry["file"] = entry["id"]
        runs.append(entry)
    if len(problems) == len(runs):
        raise problems[0]
    if len({entry["id"] for entry in runs}) < len(runs):  # a step of a trajectory may come back to where it was
        _tell_apart(runs)
    good = [entry for entry in runs if "refused" not in entry]
    for start in range(0, len(good), group) if group > 1 else ():
        for entry in good[start : start + group]:
            entry["file"] = f"{good[start]['id']}-{len(good[start : start + group])}"
    axes = [
        {"key": a.key, "values": list(a.values), "numbers": a.numbers, "unit": a.unit, "scale": a.scale}
        for a in plan.axes
    ]
    place = None if case.folder is None else str(case.folder.resolve())
    return {
        "schema": SCHEMA, "simcell": __version__, "case": case.data, "folder": place, "design": plan.design,
        "samples": plan.samples, "seed": plan.seed, "shape": list(plan.shape), "axes": axes, "runs": runs,
    }  # fmt: skip


def group_size(runs: int, jobs: int, values: int, most: int = 200) -> int:
    """Runs for one call of the batch kernel: equal shares for all processes, at most `most` and 64 MB of results.

    Parameters
    ----------
    runs, jobs : int
    values : int
        Numbers that one run gives.
    most : int
        A killed sweep repeats at most so many runs a process.

    Examples
    --------
    >>> group_size(1000, 2, 3200)
    167
    """
    most = max(1, min(most, int(64e6 / (8 * values))))
    rounds = math.ceil(runs / (most * jobs))
    return math.ceil(runs / (rounds * jobs))


def _id(*parts: str) -> str:
    return hashlib.sha256("\n".join((*parts, __version__)).encode()).hexdigest()[:16]


def _tell_apart(runs: Sequence[dict[str, Any]]) -> None:
    """Equal cases at different places of a design are runs of their own, so that each has its file."""
    seen: dict[str, int] = {}
    for entry in runs:
        seen[entry["id"]] = count = seen.get(entry["id"], 0) + 1
        if count > 1:
            entry["id"] = entry["file"] = _id(entry["id"], str(count))


def _write_json(content: Any, path: Path) -> None:
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, default=list), encoding="utf-8")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultError(f"{path} cannot be read ({error}); the runs in the folder are not touched by that") from error

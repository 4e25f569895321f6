"""`simcell sweep`: many runs of one case, here or on a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from simcell.commands.cases import CASE, SET, load_case
from simcell.commands.progress import progress_bar
from simcell.commands.shared import QUIET, announce_compilation, note
from simcell.errors import InputError, Problem, ResultError

if TYPE_CHECKING:
    from simcell.case import Case
    from simcell.studies.sweeps.plan import Plan
    from simcell.studies.sweeps.run import Tally

SOME_FAILED, INTERRUPTED = 4, 130
PANELS = 6  # of the tornado picture
SHOWN = 5  # errors and warnings that are printed
OFTEN = 30.0  # s between two lines about the progress where there is no terminal


def sweep(
    case: Path = CASE,
    vary: list[str] = typer.Option(
        [], "--vary", metavar="KEY=A..B:log:N", help="A range or a list of values of any key; may be repeated."
    ),
    design: str = typer.Option("grid", help="grid, lhs, sobol or morris."),
    samples: int | None = typer.Option(None, help="lhs: runs; sobol: base points; morris: trajectories."),
    seed: int = typer.Option(1, help="Seed of the drawn points."),
    jobs: int | None = typer.Option(
        None, min=1, help="Processes of this machine, one thread each; default one a core."
    ),
    scheduler: str | None = typer.Option(
        None, metavar="tcp://HOST:PORT", help="A Dask scheduler, or its file (.json)."
    ),
    output: Path | None = typer.Option(None, "--output", "-o", help="The folder to fill; default: the case's name."),
    resume: bool = typer.Option(False, "--resume", help="Go on with the sweep in the folder."),
    retry_failed: bool = typer.Option(False, "--retry-failed", help="Go on, and run failed runs again."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Say how many runs, how long and how much memory; run one."),
    watch: list[str] = typer.Option(
        [], "--output-of", metavar="NAME", help="morris, sobol: outputs to rank the keys for, as gas_saturation.H2."
    ),
    changes: list[str] = SET,
    quiet: bool = QUIET,
) -> None:
    """Run a case over ranges of its keys, into a folder that can be gone on with.

    \b
    Examples:
      simcell sweep case.toml --vary beam.dose_rate=1e3Gy/s..1e9Gy/s:log:9 --vary electrolyte.pH=3,5,7 -o sweep
      simcell sweep case.toml --vary beam.dose_rate=1e3Gy/s..1e9Gy/s:log --design lhs --samples 200 -o sweep
      simcell sweep case.toml --vary ... -o sweep --resume --retry-failed
      simcell sweep case.toml --vary ... -o sweep --scheduler tcp://login1:8786
    Read it in Python with simcell.open_sweep("sweep").
    """
    from simcell.studies.sweeps.plan import plan_of

    if scheduler is not None and jobs is not None:
        raise InputError(Problem("", "--jobs", jobs, "cannot go with --scheduler, which has its own workers"))
    loaded = load_case(case, changes)
    plan = plan_of(vary, design, samples, seed)  # type: ignore[arg-type]
    target = output or Path(f"{case.stem}-sweep")
    if dry_run:
        _estimate(loaded, plan, target, jobs)
        return
    announce_compilation(loaded.input, quiet)
    tally = _run(loaded, plan, target, jobs, scheduler, resume, retry_failed, quiet)
    _tell(tally, target, quiet)
    if plan.design in ("morris", "sobol"):
        _sensitivity(target, watch, quiet)
    if tally.failed:
        raise typer.Exit(SOME_FAILED)


def _run(
    case: Case,
    plan: Plan,
    target: Path,
    jobs: int | None,
    scheduler: str | None,
    resume: bool,
    retry: bool,
    quiet: bool,
) -> Tally:
    from simcell.studies.sweeps.run import run_sweep

    try:
        with progress_bar(f"{len(plan.values)} runs", quiet) as tell:
            return run_sweep(
                case, plan, target, jobs=jobs, scheduler=scheduler, going_on=resume, retry_failed=retry,
                progress=_lines(tell, len(plan.values), quiet),
            )  # fmt: skip
    except ResultError as error:
        if not (target / "manifest.json").is_file():
            raise
        more = f"what was finished lies in {target}; make that good and repeat the command with --resume to go on"
        raise ResultError(f"{error}\n{more}") from None
    except KeyboardInterrupt:
        note(f"interrupted: what was finished lies in {target}; repeat the command with --resume to go on")
        raise typer.Exit(INTERRUPTED) from None


def _lines(tell: Callable[[float], None], runs: int, quiet: bool) -> Callable[[float], None]:
    """Report in lines, too, where stderr is a file: what a job on a cluster leaves behind."""
    import sys

    if quiet or sys.stderr.isatty():
        return tell
    began: list[float] = []
    last = time.monotonic()

    def both(fraction: float) -> None:
        nonlocal last
        tell(fraction)
        now = time.monotonic()
        began[:] = began or [now, fraction]
        if now - last > OFTEN:
            last = now
            done = fraction - began[1]
            left = f", about {duration((now - began[0]) * (1.0 - fraction) / done)} left" if done > 0.0 else ""
            note(f"{round(fraction * runs)} of {runs} runs done{left}")

    return both


def _tell(tally: Tally, target: Path, quiet: bool) -> None:
    for text in tally.warnings[:SHOWN]:
        note(f"warning  {text}", quiet)
    if len(tally.warnings) > SHOWN:
        note(f"         and {len(tally.warnings) - SHOWN} other warnings, in the results", quiet)
    kinds: dict[str, list[str]] = {}
    for name, text in tally.errors.items():
        kinds.setdefault(text, []).append(name)
    for text, names in list(kinds.items())[:SHOWN]:
        note(f"failed   {names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {text}")
    if len(kinds) > SHOWN:
        note(f"         and {len(kinds) - SHOWN} other errors, in {target / 'failed'}")
    if tally.failed:
        note(f"{tally.failed} of {tally.runs} runs failed; --retry-failed runs those again whose values make a case")
    if not quiet:
        typer.echo(f"{tally.complete} of {tally.runs} runs complete, {duration(tally.seconds)} this time")
        typer.echo(f'wrote    {target}; read it with simcell.open_sweep("{target.as_posix()}")')


def _sensitivity(target: Path, names: list[str], quiet: bool) -> None:
    """Rank the keys, as a table and as a picture in the folder."""
    from simcell.commands.shared import table
    from simcell.results import plots
    from simcell.results.tornado import tornado
    from simcell.studies.sweeps.sensitivity import sensitivity

    found = sensitivity(target, names)
    if not found:
        note("no output depends on what was varied")
        return
    image = target / "tornado.png"
    plots.save(tornado(found[:PANELS]), image, overwrite=True)
    if quiet:
        return
    head = ("mu*", "sigma") if found[0].method == "morris" else ("S1", "ST")
    rows = []
    for one in found:
        for key in one.ranked:
            i = one.keys.index(key)
            error = one.total_error[i] if one.method == "sobol" else one.first_error[i]
            rows.append((one.output, key, f"{one.first[i]:.3g}", f"{one.total[i]:.3g}", f"{error:.2g}"))
    typer.echo(table(rows, ("output", "key", *head, f"95 % of {head[one.method == 'sobol']}")))
    if one.used < one.planned:
        note(f"{one.planned - one.used} of {one.planned} samples left out: runs of them failed")
    typer.echo(f"drew     {image}")


def _estimate(case: Case, plan: Plan, target: Path, jobs: int | None) -> None:
    import os

    from simcell.studies.sweeps.run import TRIAL, batchable, estimate

    processes = jobs or os.cpu_count() or 1
    found = estimate(case, plan)
    keys = " x ".join(f"{a.key} ({len(a.values) if plan.design == 'grid' else 'drawn'})" for a in plan.axes)
    rows: list[tuple[str, Any]] = [
        ("runs", f"{found.runs}: {keys}"),
        ("each", duration(found.each) + ("" if found.finished else f" (from its progress in the first {TRIAL:g} s)")),
        ("time", f"{duration(found.seconds(processes))} with {processes} processes, if each has a core of its own"),
        ("memory", "not told by this system" if found.memory is None else
         f"{found.memory * 1e-9:.2g} GB a process, {found.memory * processes * 1e-9:.2g} GB in all"),
        ("how", "batch kernel, many runs a call" if batchable(case, plan) else "one process a run"),
        ("folder", target),
    ]  # fmt: skip
    for name, text in rows:
        typer.echo(f"{name:8s} {text}")
    typer.echo("estimated from the run in the middle; others may take longer. Nothing was written")


def duration(seconds: float) -> str:
    """A time in a form that a person reads.

    Examples
    --------
    >>> duration(0.0123), duration(75.0), duration(7300.0)
    ('12 ms', '75 s', '2 h 2 min')
    """
    if seconds < 1.0:
        return f"{seconds * 1e3:.2g} ms"
    if seconds < 120.0:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60.0)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"

"""`simcell run`: what the beam does to the liquid of a case."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import typer

from simcell.commands.cases import CASE, SET, is_result, load_case, stored
from simcell.commands.checkpoints import CHECKPOINT, RESUME, interrupted, keeper_of, may_replace, save
from simcell.commands.progress import progress_bar
from simcell.commands.shared import FORCE, QUIET, announce_compilation, note, output_path
from simcell.errors import InputError, Problem, SolverError

if TYPE_CHECKING:
    import xarray

    from simcell.case import Case
    from simcell.inputs.overrides import Vary
    from simcell.results.checkpoint import Checkpoint

    Tell: TypeAlias = Callable[[float], None] | None

INTERRUPTED = 130


def run(
    case: Path = CASE,
    output: Path = typer.Option(None, "--output", "-o", help="The result to write (.nc); default: the case's name."),
    changes: list[str] = SET,
    vary: list[str] = typer.Option(
        [], "--vary", metavar="KEY=A..B:log:N", help="Run over a range or a list; may be repeated."
    ),
    ensemble: int = typer.Option(None, help="Samples of the uncertain constants: curves become bands."),
    seed: int = typer.Option(None, help="Seed of the samples."),
    checkpoint: str = CHECKPOINT,
    resume: bool = RESUME,
    picture: bool = typer.Option(True, "--picture/--no-picture", help="Draw a PNG beside the result."),
    force: bool = FORCE,
    quiet: bool = QUIET,
) -> None:
    """Run a case, and write the result with everything needed to repeat the run: species, pH and gas against time; or
    currents, potentials and ions, as `case.physics` says.

    \b
    Examples:
      simcell run case.toml -o out.nc
      simcell run case.toml -o band.nc --ensemble 64 --seed 1
      simcell run case.toml -o series.nc --vary beam.dose_rate=1e3Gy/s..1e9Gy/s:log:25
      simcell run case.toml -o acid.nc --set electrolyte.pH=3
      simcell run out.nc -o again.nc
      simcell run case.toml -o out.nc --resume
    """
    changes = [*changes, *_assignments({"radiolysis.ensemble": ensemble, "radiolysis.seed": seed})]
    loaded = load_case(case, changes)
    ranges = _ranges(case, vary)
    if ranges and resume:
        raise InputError(Problem("", "--resume", None, "cannot go with --vary; simcell sweep can be gone on with"))
    target = output or _default_output(case)
    force = may_replace(target, resume, force)
    output_path(target, force, suffixes=(".nc",))
    if target.exists() and target.samefile(case):
        raise InputError(Problem("", "--output", str(target), "is the result that is repeated; choose another name"))
    image = output_path(target.with_suffix(".png"), force) if picture else None
    _check(loaded, ranges, quiet)
    keeper = None if ranges else keeper_of(loaded, target, checkpoint, resume)
    announce_compilation(loaded.input, quiet)
    try:
        with progress_bar("running", quiet) as tell:
            tree = _compute(loaded, ranges, tell, keeper)
    except SolverError as error:
        raise _keep(error, target, force) from None
    except KeyboardInterrupt:
        interrupted(target, keeper, None)
        raise typer.Exit(INTERRUPTED) from None
    _finish(tree, case, target, image, force, quiet, keeper)


def _check(case: Case, ranges: Sequence[Vary], quiet: bool) -> None:
    """Find what is wrong with the liquid or the ranges before anything is compiled or written."""
    from simcell.studies.setup import mechanism_of, setup_of
    from simcell.studies.vary import check_vary

    if "dendrite" in case.input.case.physics:
        from simcell.studies.growth_setup import growth_of

        growth_of(case.input, case.file, case.folder)
        if ranges:
            reason = "cannot be varied in one run of growth; simcell sweep runs the case for each value"
            raise InputError([Problem("", f"--vary {r.key}", None, reason) for r in ranges])
        return
    if "transport" in case.input.case.physics:
        from simcell.studies.prospect import unsustainable
        from simcell.studies.transport import check_transport

        check_transport(case.input, case.folder)
        if case.input.grid.geometry != "line" and (warning := unsustainable(case.input)):
            note(f"warning  {warning}", quiet)
        if ranges:
            reason = "cannot be varied in one run of transport; simcell sweep runs the case for each value"
            raise InputError([Problem("", f"--vary {r.key}", None, reason) for r in ranges])
        return
    mechanism, geometry = mechanism_of(case.input, case.folder), case.input.grid.geometry
    if geometry == "batch":
        setup_of(case.input, mechanism)
    else:
        from simcell.studies.in_space import in_space

        in_space(case.input, mechanism)
    check_vary([r.key for r in ranges], geometry)
    if ranges and (samples := case.input.radiolysis.ensemble):
        reason = f"cannot go with --ensemble {samples} (radiolysis.ensemble): run the case with it for each value"
        raise InputError([Problem("", f"--vary {r.key}", None, reason) for r in ranges])


def _default_output(case: Path) -> Path:
    return Path(f"{case.stem}-again.nc" if is_result(case) else f"{case.stem}.nc")


def _assignments(values: dict[str, int | None]) -> list[str]:
    return [f"{key}={value}" for key, value in values.items() if value is not None]


def _ranges(case: Path, texts: Sequence[str]) -> list[Vary]:
    """What `--vary` asks for, or what the run that is repeated was varied over."""
    from simcell.inputs.overrides import vary

    if not texts and is_result(case):
        texts = [f"{row['key']}={','.join(row['values'])}" for row in stored(case).get("vary", ())]
    ranges = [vary(text) for text in texts]
    problems = [
        Problem("", "--vary", f"{r.key}={','.join(map(str, r.values))}", "takes numbers; run the case for each word")
        for r in ranges
        if r.numbers is None
    ]
    keys = [r.key for r in ranges]
    problems += [Problem("", "--vary", key, "is varied twice") for key in dict.fromkeys(keys) if keys.count(key) > 1]
    if problems:
        raise InputError(problems)
    return ranges


def _compute(case: Case, ranges: Sequence[Vary], tell: Tell, keeper: Checkpoint | None) -> xarray.DataTree:
    from simcell.studies.run import run_case
    from simcell.studies.vary import run_vary

    if not ranges:
        return run_case(case, progress=tell, keeper=keeper)
    axes = [(r.key, r.values, r.numbers or (), r.unit or "1") for r in ranges]
    return run_vary(case, axes, progress=tell)


def _keep(error: SolverError, target: Path, force: bool) -> SolverError:
    """Write what a failed run had reached, if that is a result, and say so in its error."""
    import xarray

    if not isinstance(error.partial, xarray.DataTree):  # it failed before the first output time
        return error
    from simcell.results.store import write

    write(error.partial, target, overwrite=force)
    return SolverError(f"{error}\n{target} holds what was reached and is marked failed")


def _finish(
    tree: xarray.DataTree, case: Path, target: Path, image: Path | None, force: bool, quiet: bool,
    keeper: Checkpoint | None,
) -> None:  # fmt: skip
    """Write the result first, then what is nice to have; say what happened."""
    from simcell.results.provenance import read_provenance

    save(tree, target, force)
    facts = read_provenance(tree)
    if facts["status"] != "complete":
        interrupted(target, keeper, facts["status"])
        raise typer.Exit(INTERRUPTED)
    if keeper is not None and keeper.written:
        keeper.remove()
    if not quiet:
        from simcell.results.report import console_safe, summary

        # The numbers first: drawing takes as long as all the rest.
        typer.echo(console_safe(f"{summary(tree, str(target), str(case))}\nwrote    {target}", sys.stdout.encoding))
    if image is None:
        return
    from simcell.results.schema import extra_dims

    if len(extra_dims(tree)) > 1:
        note(f"no picture: it needs one range, and {' and '.join(extra_dims(tree))} were varied", quiet)
    else:
        from simcell.results import plots

        plots.save(plots.plot(tree), image, overwrite=force)
        if not quiet:
            typer.echo(f"drew     {image}")

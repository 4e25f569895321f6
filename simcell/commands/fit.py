"""`simcell fit`: values of a case from measured traces."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from simcell.commands.cases import CASE, SET, load_case
from simcell.commands.progress import progress_bar
from simcell.commands.shared import FORCE, JSON, QUIET, announce_compilation, note, output_path, print_json, table

if TYPE_CHECKING:
    from simcell.studies.fit import Fit
    from simcell.studies.traces import Trace

INTERRUPTED = 130


def fit(
    case: Path = CASE,
    data: Path = typer.Option(
        ..., "--data", metavar="FILE", help="Outputs against time, measured: .csv, BioLogic .mpr or .mpt, Gamry .DTA."
    ),
    data_off: Path | None = typer.Option(None, "--data-off", metavar="FILE", help="The same without beam."),
    watch: list[str] = typer.Option(
        [], "--output-of", metavar="NAME", help="Columns to fit, such as electrode_current.working; default all."
    ),
    free: list[str] = typer.Option(..., "--free", metavar="KEY=A..B[:log]", help="What to find; may be repeated."),
    output: Path | None = typer.Option(None, "--output", "-o", help="Result at the solution (.nc)."),
    most: int = typer.Option(200, min=4, help="Runs of the search at most."),
    changes: list[str] = SET,
    as_json: bool = JSON,
    force: bool = FORCE,
    quiet: bool = QUIET,
) -> None:
    """Find the values of keys that describe measured traces best, and how well the data tell them.

    \b
    Examples:
      simcell fit case.toml --data on.csv --free beam.dose_rate=1e5Gy/s..1e7Gy/s:log
      simcell fit case.toml --data on.csv --data-off off.csv --free radiolysis.g_scale=0.3..3:log -o fit.nc
      simcell fit case.toml --data on.mpr --output-of electrode_current.working --free electrode.working.area=...
    The first line of a CSV: time [s],concentration.H2O2 [mmol/L],pH
    """
    from simcell.studies.traces import read_trace

    loaded = load_case(case, changes)
    working = next((e.name for e in loaded.input.electrode if e.role == "working"), "working")
    trace = read_trace(data, working, watch)
    off = None if data_off is None else read_trace(data_off, working, watch)
    target = output_path(output or Path(f"{case.stem}-fit.nc"), force, suffixes=(".nc",))
    image, corrected = target.with_suffix(".png"), target.with_suffix(".csv")
    output_path(image, force)
    if data_off is not None:
        output_path(corrected, force)
    announce_compilation(loaded.input, quiet)
    from simcell.studies.fit import fit as search

    try:
        with progress_bar("fitting", quiet) as tell:
            found = search(loaded, trace, free, off, tell, most)
    except KeyboardInterrupt:
        note("interrupted: nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    _write(found, [trace, *([off] if off is not None else [])], target, force)
    for text in found.remarks:
        note(f"warning  {text}", quiet)
    if as_json:
        print_json(_facts(found))
    elif not quiet:
        _print(found)
        typer.echo(f"wrote    {target}\ndrew     {image}" + (f"\nwrote    {corrected}" if found.corrected else ""))


def _facts(found: Fit) -> dict[str, Any]:
    keys = {
        e.key: {"value": e.value, "low": e.low, "high": e.high, "unit": e.unit, "identifiable": e.identifiable}
        for e in found.estimates
    }
    return {
        "estimates": keys, "interval": 0.95, "correlation": found.correlation.tolist(), "sigma": found.sigma,
        "misfit": found.misfit, "points": found.points, "runs": found.runs, "remarks": list(found.remarks),
    }  # fmt: skip


def _print(found: Fit) -> None:
    from simcell.results.report import console_safe

    rows = [
        (e.key, f"{e.value:.5g}", f"{e.low:.5g} .. {e.high:.5g}", "" if e.unit == "1" else e.unit,
         "" if e.identifiable else "not identifiable")
        for e in found.estimates
    ]  # fmt: skip
    text = table(rows, ("key", "value", "95 % interval", "unit", ""))
    scatter = ", ".join(f"{name} {value:.3g}" for name, value in found.sigma.items())
    typer.echo(console_safe(text, sys.stdout.encoding))
    typer.echo(f"{found.points} values, {found.runs} runs; standard deviations (SI): {scatter}")


def _write(found: Fit, traces: list[Trace], target: Path, force: bool) -> None:
    """The result of the case with the values that were found, with the fit in its provenance, and the picture."""
    import csv
    import io

    from simcell.results import plots
    from simcell.results.files import atomic
    from simcell.results.fitted import fitted
    from simcell.results.provenance import ATTRIBUTE, read_provenance
    from simcell.results.schema import attribute
    from simcell.results.store import write
    from simcell.studies.run import run_case

    tree = run_case(found.case)
    tree.attrs[ATTRIBUTE] = attribute({**read_provenance(tree), "fit": _facts(found)})
    write(tree, target, overwrite=force)
    plots.save(fitted(found, traces), target.with_suffix(".png"), overwrite=force)
    if found.corrected:
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["time [s]", *(f"{name} [SI]" for name in found.corrected)])
        rows.writerows(zip(traces[0].time.tolist(), *(v.tolist() for v in found.corrected.values()), strict=True))
        with atomic(target.with_suffix(".csv"), force) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")

"""`simcell controls`: what is beam, what is bias, what is both."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from simcell.commands.cases import CASE, SET, load_case
from simcell.commands.progress import progress_bar
from simcell.commands.shared import FORCE, JSON, QUIET, announce_compilation, note, output_path, print_json, table
from simcell.errors import InputError, Problem

if TYPE_CHECKING:
    import numpy as np
    from xarray import DataTree

    from simcell.case import Case
    from simcell.results.effects import Effect
    from simcell.studies.control_results import Pair

MOST_ROWS = 30
SOME_FAILED, INTERRUPTED = 4, 130


def controls(
    case: Path = CASE,
    unbiased: str = typer.Option("open-circuit", help="What bias off means: open-circuit or grounded."),
    samples: int = typer.Option(0, min=0, help="Samples of the uncertain constants, four runs each: bands."),
    uncertain: list[str] = typer.Option(
        [], "--uncertain", metavar="KEY=A..B[:log]", help="With --samples: what else is uncertain; may be repeated."
    ),
    seed: int | None = typer.Option(None, min=0, help="With --samples: another draw."),
    resume: bool = typer.Option(False, "--resume", help="With --samples: keep those that are finished."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Say how many runs, how long and how much memory."),
    jobs: int = typer.Option(min(4, os.cpu_count() or 1), min=1, help="Processes."),
    output: Path | None = typer.Option(None, "--output", "-o", help="The result, .nc; default: CASE-controls.nc."),
    csv: Path | None = typer.Option(None, "--csv", help="The whole table of effects, for a spreadsheet."),
    picture: bool = typer.Option(True, "--picture/--no-picture", help="Draw the four runs beside the result."),
    changes: list[str] = SET,
    force: bool = FORCE,
    as_json: bool = JSON,
    quiet: bool = QUIET,
) -> None:
    """Run the cell without beam and bias, with either and with both, and tell their effects apart.

    Needs a case with physics = ["radiolysis", "transport"]. An unbiased blank alone does not show what the beam does
    to a biased cell: that is the beam's effect and the interaction of the two.

    \b
    Examples:
      simcell controls cell.toml
      simcell controls cell.toml --unbiased grounded -o controls.nc --csv effects.csv
      simcell controls cell.toml --set "beam.dose_rate=1e7 Gy/s" --json
      simcell controls cell.toml --samples 64 --uncertain beam.dose_rate=5e5Gy/s..2e6Gy/s:log
    """
    from simcell.results.effects import bands_of, effects
    from simcell.results.provenance import read_provenance
    from simcell.results.store import write
    from simcell.studies import controls as study

    loaded = load_case(case, changes if seed is None else [*changes, f"radiolysis.seed={seed}"])
    cases = study.four_cases(loaded, unbiased)  # type: ignore[arg-type]
    if (uncertain or resume or seed is not None) and not samples:
        raise InputError(Problem("", "--uncertain, --seed, --resume", None, "belong to --samples", "--samples 64"))
    target = output_path(output or Path(f"{case.stem}-controls.nc"), force, suffixes=(".nc",))
    if dry_run:
        _estimate(cases, samples, jobs)
        return
    image = output_path(target.with_suffix(".png"), force) if picture else None
    sheet = output_path(csv, force, suffixes=(".csv",)) if csv is not None else None
    folder = _folder(target, resume, force) if samples else None
    announce_compilation(loaded.input, quiet)
    with progress_bar("four runs", quiet) as tell:
        tree = study.controls(loaded, unbiased, jobs, tell, cases)  # type: ignore[arg-type]
    if folder is not None:
        tree = _sampled(loaded, tree, samples, folder, unbiased, uncertain, jobs, quiet)
    found, bands = effects(tree), bands_of(tree)
    write(tree, target, overwrite=force)
    if sheet is not None:
        _write(found, bands, sheet)
    if image is not None:
        from simcell.results import plots

        plots.save(plots.plot(tree), image, overwrite=force)
    facts = read_provenance(tree)
    if as_json:
        rows = [_facts(e, bands.get(e.quantity)) for e in found]
        print_json({"warnings": facts["warnings"], "failures": facts["failures"], "effects": rows})
    else:
        _tell(found, bands, facts["warnings"], quiet)
        note(f"wrote    {target}", quiet)
        if image is not None:
            note(f"drew     {image}", quiet)
    if facts["failures"]:
        raise typer.Exit(SOME_FAILED)


def _folder(target: Path, resume: bool, force: bool) -> Path:
    """Where finished samples lie."""
    folder = target.with_name(f"{target.stem}-samples")
    if folder.is_dir() and any(folder.iterdir()) and not resume:
        if not force:
            reason = "holds samples already: --resume goes on with them, --force begins anew"
            raise InputError(Problem("", "--samples", str(folder), reason))
        for file in folder.glob("*.json"):
            file.unlink()
    return folder


def _sampled(
    case: Case, tree: DataTree, samples: int, folder: Path, unbiased: str, uncertain: list[str], jobs: int, quiet: bool
) -> DataTree:
    from simcell.studies.control_samples import sampled_controls, uncertain_keys

    try:
        with progress_bar(f"{samples} samples", quiet) as tell:
            keys = uncertain_keys(uncertain, case)
            return sampled_controls(case, tree, samples, folder, unbiased, keys, jobs, tell)  # type: ignore[arg-type]
    except KeyboardInterrupt:
        note(f"interrupted: finished samples lie in {folder}; repeat the command with --resume to go on")
        raise typer.Exit(INTERRUPTED) from None


def _estimate(cases: Mapping[Pair, Case], samples: int, jobs: int) -> None:
    from simcell.commands.sweep import duration
    from simcell.studies.sweeps.plan import Plan
    from simcell.studies.sweeps.run import estimate

    one = estimate(cases[1, 1], Plan("grid", (), ((),), ((),), 0, 0))
    runs = len(cases) * (1 + samples)
    typer.echo(f"runs     {runs}: {len(cases)}, and {len(cases)} for each of {samples} samples")
    typer.echo(f"each     {duration(one.each)}, the one with beam and bias")
    typer.echo(f"time     {duration(runs * one.each / jobs)} with {jobs} processes, if each has a core of its own")
    if one.memory is not None:
        typer.echo(f"memory   {one.memory * 1e-9:.2g} GB a process, {one.memory * jobs * 1e-9:.2g} GB in all")
    typer.echo("estimated from the longest of the four, with compilation if it is the first. Nothing was written")


def _tell(found: list[Effect], bands: dict[str, np.ndarray], warnings: list[str], quiet: bool) -> None:
    from simcell.results.effects import telling, verdict

    for warning in warnings:
        note(f"warning  {warning}", quiet)
    chief = telling(found)
    rows = [row for e in chief[:MOST_ROWS] for row in _rows(e, bands.get(e.quantity))]
    typer.echo(table(rows, ("quantity", "unit", "neither", "by beam", "by bias", "interaction", "= both")))
    for effect in [e for e in chief if "counter" not in e.quantity][:3]:
        note(verdict(effect, bands.get(effect.quantity)), quiet)


def _rows(e: Effect, band: np.ndarray | None) -> list[tuple[str, ...]]:
    from simcell.results.effects import PARTS, cleared

    def text(value: float) -> str:
        return f"{cleared(value, e):.3g}" if value == value else "missing"

    def span(low: float, high: float) -> str:
        ends = text(low), text(high)
        return " .. ".join(ends) if ends[0] != ends[1] else ""

    rows = [(e.quantity, e.unit, *(text(getattr(e, part)) for part in PARTS))]
    if band is not None:
        rows.append(("  95 %", "", *map(span, band[0], band[-1])))
    return rows


def _facts(e: Effect, band: np.ndarray | None) -> dict[str, Any]:
    from simcell.results.effects import PARTS

    beam, bias = e.main
    facts = {
        "quantity": e.quantity, "unit": e.unit, "neither": e.neither, "beam_alone": e.beam, "bias_alone": e.bias,
        "both": e.both, "effect_of_beam": e.by_beam, "effect_of_bias": e.by_bias, "interaction": e.interaction,
        "main_effect_of_beam": beam, "main_effect_of_bias": bias,
    }  # fmt: skip
    if band is not None:
        for number, part in enumerate(PARTS):
            name = {"by_beam": "effect_of_beam", "by_bias": "effect_of_bias"}.get(part, part)
            facts |= {f"{name}_low": float(band[0, number]), f"{name}_high": float(band[-1, number])}
    return facts


def _write(found: list[Effect], bands: dict[str, np.ndarray], path: Path) -> None:
    import csv

    from simcell.results.files import atomic

    lines = [_facts(e, bands.get(e.quantity)) for e in found]
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, list(dict.fromkeys(name for line in lines for name in line)))
        rows.writeheader()
        rows.writerows(lines)

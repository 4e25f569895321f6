"""`simcell controls`: what is beam, what is bias, what is both."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from simcell.commands.cases import CASE, SET, load_case
from simcell.commands.progress import progress_bar
from simcell.commands.shared import FORCE, JSON, QUIET, announce_compilation, note, output_path, print_json, table

if TYPE_CHECKING:
    from simcell.results.effects import Effect

MOST_ROWS = 30


def controls(
    case: Path = CASE,
    unbiased: str = typer.Option("open-circuit", help="What bias off means: open-circuit or grounded."),
    jobs: int = typer.Option(min(4, os.cpu_count() or 1), min=1, help="Processes for the four runs."),
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
    """
    from simcell.results.effects import effects, telling, verdict
    from simcell.results.provenance import read_provenance
    from simcell.results.store import write
    from simcell.studies import controls as study

    loaded = load_case(case, changes)
    study.four_cases(loaded, unbiased)  # type: ignore[arg-type]
    target = output_path(output or Path(f"{case.stem}-controls.nc"), force, suffixes=(".nc",))
    image = output_path(target.with_suffix(".png"), force) if picture else None
    sheet = output_path(csv, force, suffixes=(".csv",)) if csv is not None else None
    announce_compilation(loaded.input, quiet)
    with progress_bar("four runs", quiet) as tell:
        tree = study.controls(loaded, unbiased, jobs, tell)  # type: ignore[arg-type]
    found = effects(tree)
    write(tree, target, overwrite=force)
    if sheet is not None:
        _write(found, sheet)
    if image is not None:
        from simcell.results import plots

        plots.save(plots.plot(tree), image, overwrite=force)
    if as_json:
        print_json({"warnings": read_provenance(tree)["warnings"], "effects": [_facts(e) for e in found]})
        return
    for warning in read_provenance(tree)["warnings"]:
        note(f"warning  {warning}", quiet)
    chief = telling(found)
    header = ("quantity", "unit", "neither", "by beam", "by bias", "interaction", "= both")
    typer.echo(table([_row(e) for e in chief[:MOST_ROWS]], header))
    for effect in [e for e in chief if "counter" not in e.quantity][:3]:
        note(verdict(effect), quiet)
    note(f"wrote    {target}", quiet)
    if image is not None:
        note(f"drew     {image}", quiet)


def _row(e: Effect) -> tuple[str, ...]:
    from simcell.results.effects import cleared

    values = (e.neither, e.by_beam, e.by_bias, e.interaction, e.both)
    return (e.quantity, e.unit, *(f"{cleared(v, e):.3g}" for v in values))


def _facts(e: Effect) -> dict[str, Any]:
    beam, bias = e.main
    return {
        "quantity": e.quantity, "unit": e.unit, "neither": e.neither, "beam_alone": e.beam, "bias_alone": e.bias,
        "both": e.both, "effect_of_beam": e.by_beam, "effect_of_bias": e.by_bias, "interaction": e.interaction,
        "main_effect_of_beam": beam, "main_effect_of_bias": bias,
    }  # fmt: skip


def _write(found: list[Effect], path: Path) -> None:
    import csv

    from simcell.results.files import atomic

    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, list(_facts(found[0])))
        rows.writeheader()
        rows.writerows(_facts(e) for e in found)

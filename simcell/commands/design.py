"""`simcell design`: what a cell would do, over thousands of designs at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from simcell.commands.cases import CASE, SET, load_case
from simcell.commands.progress import progress_bar
from simcell.commands.shared import FORCE, JSON, QUIET, note, output_path, parse_options, print_json, table

if TYPE_CHECKING:
    import xarray

    from simcell.case import Case

FEW = 12  # rows of a table that fit on a screen


def design(
    case: Path = CASE,
    output: Path = typer.Option(None, "--output", "-o", help="The map to write (.nc); default: the case's name."),
    vary: list[str] = typer.Option(
        [], "--vary", metavar="KEY=A..B:log:N", help="A range or a list of designs; may be repeated."
    ),
    pareto: str = typer.Option(
        "edge_factor,max_ir_error,limiting_current,liquid_thickness", help="Figures between which to trade."
    ),
    optimise: str = typer.Option(None, help="Find the best value of a figure over the ranges of --vary."),
    keep: list[str] = typer.Option([], help='With --optimise, what must hold: "max_ir_error<5 mV"; may be repeated.'),
    current_density: str = typer.Option(None, help="On the working electrode, where no step says it: 1mA/cm^2."),
    scan_rate: str = typer.Option(None, help="Of the voltammogram, where no step says it: 50mV/s."),
    energy: str = typer.Option(None, help="Of the electrons, for the sharpness through the liquid: 200kV."),
    solve: bool = typer.Option(False, "--solve", help="Solve each design as a section, tenths of a second each."),
    csv: Path = typer.Option(None, help="Write the map as a table as well (.csv)."),
    picture: bool = typer.Option(True, "--picture/--no-picture", help="Draw a PNG beside the result."),
    changes: list[str] = SET,
    as_json: bool = JSON,
    force: bool = FORCE,
    quiet: bool = QUIET,
) -> None:
    """Map edge factor, iR error, limiting current, depletion, exchange, voltammogram and sharpness over designs.

    Keys of a design: cell.spacer_height, electrode.working.width, electrode.working.length, electrode.counter.gap,
    electrode.reference.distance, electrode.working.exchange_current_density, protocol.current_density,
    protocol.scan_rate; and every key of the case that takes numbers.

    \b
    Examples:
      simcell design case.toml --vary cell.spacer_height=100nm..5um:log:9 --vary electrode.counter.gap=20um..200um:5
      simcell design case.toml --vary electrode.working.width=5um..50um:10 --csv map.csv --solve
      simcell design case.toml --vary cell.spacer_height=100nm..5um:log:99 --energy 200kV \\
              --pareto edge_factor,resolution
      simcell design case.toml --vary cell.spacer_height=100nm..5um --vary electrode.working.width=5um..50um \\
              --optimise edge_factor --keep "liquid_thickness<1um" --keep "limiting_current>1mA/cm^2"
    """
    from simcell.studies import design as study

    numbers = parse_options(
        {
            "--current-density": (current_density, "current_density"),
            "--scan-rate": (scan_rate, "scan_rate"),
            "--energy": (energy, "energy"),
        }
    )
    loaded = load_case(case, changes)
    defaults = {
        name: value
        for name, value in (("current_density", numbers["--current-density"]), ("scan_rate", numbers["--scan-rate"]))
        if value is not None
    }
    if optimise:
        _optimise(loaded, optimise, vary, keep, defaults, numbers["--energy"], as_json, quiet)
        return
    axes = [study.axis_of(text) for text in vary]
    target = output_path(output or Path(f"{case.stem}-design.nc"), force, suffixes=(".nc",))
    sheet = None if csv is None else output_path(csv, force, suffixes=(".csv",))
    image = output_path(target.with_suffix(".png"), force) if picture and axes else None
    objectives = [name.strip() for name in pareto.split(",") if name.strip()] if axes else []
    with progress_bar("designing", quiet) as tell:
        tree = study.design(
            loaded, axes, objectives=objectives, energy=numbers["--energy"], defaults=defaults, solve=solve,
            progress=tell,
        )  # fmt: skip
    _write(tree, target, sheet, image, force)
    _report(tree, objectives, as_json, quiet)
    for path in (target, sheet, image):
        if path is not None:
            note(f"wrote    {path}", quiet or as_json)


def _write(tree: xarray.DataTree, target: Path, sheet: Path | None, image: Path | None, force: bool) -> None:
    from simcell.results import plots
    from simcell.results.design_map import as_csv, design_map
    from simcell.results.store import write

    write(tree, target, overwrite=force)
    if sheet is not None:
        as_csv(tree, sheet, overwrite=force)
    if image is not None:
        plots.save(design_map(tree), image, overwrite=force)


def _report(tree: xarray.DataTree, objectives: Sequence[str], as_json: bool, quiet: bool) -> None:
    from simcell.results.provenance import read_provenance
    from simcell.studies.design import best

    facts, warnings = best(tree), read_provenance(tree)["warnings"]
    front = _front(tree, objectives)
    if as_json:
        print_json({"best": facts, "pareto": front, "warnings": warnings})
        return
    rows = [(name, f"{f['value']:.4g} {f['unit']}".removesuffix(" 1"), _place(f["at"])) for name, f in facts.items()]
    typer.echo(table(rows, ("figure", "best" if any(f["at"] for f in facts.values()) else "value", "at")))
    if front:
        some = f", {FEW} of them" if len(front) > FEW else ""
        typer.echo(
            f"\nno other design beats these {len(front)}{some} ({', '.join(n for n in objectives if n in front[0])}):"
        )
        step = max(1, len(front) // FEW)
        names = list(front[0])
        typer.echo(table([[f"{row[n]:.4g}" for n in names] for row in front[::step][:FEW]], names))
    for warning in warnings:
        note(f"warning  {warning}", quiet)


def _front(tree: xarray.DataTree, objectives: Sequence[str]) -> list[dict[str, float]]:
    """Designs of the Pareto front: their keys and objectives."""
    if "pareto" not in tree["design"]:
        return []
    group = tree["design"].to_dataset()
    objectives = [name for name in objectives if name in group]  # those of a current are not there without one
    frame = group[["pareto", *objectives]].to_dataframe().reset_index()
    chosen = frame[frame["pareto"] == 1].drop(columns="pareto")
    return [{str(k): float(v) for k, v in row.items()} for row in chosen.to_dict("records")]


def _place(at: dict[str, float]) -> str:
    return ", ".join(f"{name} = {value:.4g}" for name, value in at.items())


def _optimise(
    case: Case, objective: str, vary: Sequence[str], keep: Sequence[str], defaults: dict[str, float],
    energy: float | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    from simcell.studies.optimise import optimise

    found = optimise(case, objective, vary, keep, energy=energy, defaults=defaults)
    if as_json:
        facts: dict[str, Any] = {
            "objective": found.objective, "at": found.at, "figures": found.figures, "held": found.held,
            "warnings": list(found.warnings),
        }  # fmt: skip
        print_json(facts)
    else:
        rows = [(key, f"{f['value']:.4g} {f['unit']}") for key, f in found.at.items()]
        rows += [(name, f"{f['value']:.4g} {f['unit']}".removesuffix(" 1")) for name, f in found.figures.items()]
        typer.echo(table(rows, (f"best {objective}", "value")))
        for text in found.held:
            typer.echo(text)
    for warning in found.warnings:
        note(f"warning  {warning}", quiet)

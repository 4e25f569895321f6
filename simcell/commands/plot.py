"""`simcell plot`: draw a result."""

from __future__ import annotations

from pathlib import Path

import typer

from simcell.commands.shared import FORCE, note, output_path

PICTURES = (".png", ".svg", ".pdf")


def plot(
    result: Path = typer.Argument(..., metavar="RESULT", help="A result file (.nc)."),
    kind: str = typer.Option("auto", help="auto, species, dose-response or throughput."),
    species: str = typer.Option(None, help="Whose makers and consumers the throughput shows, H2O2."),
    output: Path = typer.Option(None, "--output", "-o", help="PNG, SVG or PDF; default: the result's name."),
    force: bool = FORCE,
) -> None:
    """Draw a result.

    \b
    Examples:
      simcell plot out.nc
      simcell plot series.nc --kind dose-response -o response.svg
      simcell plot out.nc --kind throughput --species H2O2
    """
    from simcell.results import plots
    from simcell.results.store import read

    tree = read(result)
    target = output_path(output or result.with_suffix(".png"), force, suffixes=PICTURES)
    figure = plots.plot(tree, kind, species)
    plots.save(figure, target, overwrite=force)
    note(f"wrote {target}")

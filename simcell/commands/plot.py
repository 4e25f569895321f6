"""`simcell plot`: draw a result, make a movie of it, or hand it to ParaView and spreadsheets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from simcell.commands.progress import progress_bar
from simcell.commands.shared import FORCE, note, output_path, parse_options
from simcell.errors import InputError, Problem

if TYPE_CHECKING:
    import xarray

PICTURES = (".png", ".svg", ".pdf")
MOVIES = (".gif", ".mp4")
PARAVIEW = (".vtr", ".pvd")
INTERRUPTED = 130


def plot(
    result: Path = typer.Argument(..., metavar="RESULT", help="A result file (.nc)."),
    kind: str = typer.Option(
        "auto",
        "--what",
        "--kind",
        help="auto (of growth: metal on the salt), species, dose-response, throughput; of a run in space also sheet, "
        "map, profile, reach, pH or gas; of a potentiostat cv, trace or profile.",
    ),
    species: str | None = typer.Option(None, help="The species of a map, a profile, a movie or the throughput."),
    time: str | None = typer.Option(None, help="When, with its unit, as 1ms; default: the last output time."),
    extent: str | None = typer.Option(None, help="Width of a map around the beam, as 20um, or all."),
    output: Path | None = typer.Option(None, "--output", "-o", help="PNG, SVG or PDF; default: the result's name."),
    movie: Path | None = typer.Option(None, help="A movie (.gif or .mp4) of --species, or of pH or gas by --what."),
    paraview: Path | None = typer.Option(None, help="Fields for ParaView: .vtr for one time, .pvd for all."),
    csv: Path | None = typer.Option(
        None, help="A table (.csv): the profile of all species, or time, potential and current."
    ),
    force: bool = FORCE,
) -> None:
    """Draw a result: curves against time, or maps and profiles of a run that is resolved in space.

    \b
    Examples:
      simcell plot out.nc
      simcell plot series.nc --kind dose-response -o response.svg
      simcell plot out.nc --kind throughput --species H2O2
      simcell plot space.nc --species H2 --time 1ms
      simcell plot space.nc --what reach -o reach.pdf
      simcell plot space.nc --species H2 --movie h2.gif
      simcell plot growth.nc --time 5s --movie growth.gif
      simcell plot space.nc --paraview fields.pvd --csv profile.csv
      simcell plot cv.nc --csv cv.csv
    """
    numbers = parse_options({"--time": (time, "time"), "--extent": (None if extent == "all" else extent, "length")})
    when, wide = numbers["--time"], float("inf") if extent == "all" else numbers["--extent"]
    others = {"--movie": (movie, MOVIES), "--paraview": (paraview, PARAVIEW), "--csv": (csv, (".csv",))}
    for option, (path, endings) in others.items():
        _check(option, path, endings, force)
    target = None
    if output is not None or not any(path for path, _ in others.values()):
        target = output_path(output or result.with_suffix(".png"), force, suffixes=PICTURES)
    from simcell.results.store import read

    tree = read(result)
    if target is not None:
        from simcell.results import plots

        plots.save(plots.plot(tree, kind, species, when, wide), target, overwrite=force)
        note(f"wrote {target}")
    if paraview is not None or csv is not None:
        _export(tree, paraview, csv, when, force)
    if movie is not None:
        _movie(tree, movie, species or (kind if kind in ("pH", "gas") else "H2"), wide, force)


def _check(option: str, path: Path | None, endings: tuple[str, ...], force: bool) -> None:
    """Find a bad name before any work is done."""
    if path is None:
        return
    if path.suffix.lower() not in endings:
        raise InputError(Problem("", option, str(path), f"its ending must be {' or '.join(endings)}"))
    if path.is_file() and not force:
        raise InputError(Problem("", option, str(path), "exists already; add --force to replace it"))


def _export(tree: xarray.DataTree, paraview: Path | None, csv: Path | None, when: float | None, force: bool) -> None:
    from simcell.results import export

    if paraview is not None:
        files = export.paraview(tree, paraview, when, overwrite=force)
        note(f"wrote {paraview}" + (f" and {len(files) - 1} files beside it" if len(files) > 1 else ""))
    if csv is not None:
        export.table(tree, csv, when, overwrite=force)
        note(f"wrote {csv}")


def _movie(tree: xarray.DataTree, path: Path, what: str, extent: float | None, force: bool) -> None:
    from simcell.results.movie import movie

    try:
        with progress_bar("drawing", quiet=False) as tell:
            movie(tree, what, path, extent=extent, overwrite=force, progress=tell)
    except KeyboardInterrupt:
        note(f"interrupted: {path} was not written")
        raise typer.Exit(INTERRUPTED) from None
    note(f"wrote {path}")

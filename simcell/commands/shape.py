"""`simcell shape`: the shape numbers of growth for a segmented micrograph, or for a result."""

from __future__ import annotations

from pathlib import Path

import typer

from simcell.commands.shared import JSON, parse_options, print_json, table
from simcell.errors import InputError, Problem

SIDES = ("left", "right", "top", "bottom")


def shape(
    picture: Path = typer.Argument(..., metavar="PICTURE", help="A segmented micrograph (PNG, TIFF), or a result."),
    scale: str | None = typer.Option(None, help="Size of a pixel, as 5nm; of a result it is known."),
    electrode: str = typer.Option("left", help="Side at which the electrode is: left, right, top or bottom."),
    edge: str = typer.Option("0nm", help="Where the bare electrode ends, measured from that side."),
    dark: bool = typer.Option(False, "--dark", help="Metal is dark, not bright."),
    threshold: float = typer.Option(0.5, min=0.01, max=0.99, help="Grey level, 0 to 1, that divides the two."),
    time: str | None = typer.Option(None, help="Of a result: when; default: the last output time."),
    as_json: bool = JSON,
) -> None:
    """Measure a deposit: tip, roughness, perimeter, arm spacing, fractal dimension, coverage, dead fraction.

    \b
    Examples:
      simcell shape frame.png --scale 5nm
      simcell shape frame.tif --scale 5nm --electrode bottom --edge 300nm --dark --json
      simcell shape growth.nc --time 10s
    """
    if electrode not in SIDES:
        raise InputError(Problem("", "--electrode", electrode, f"must be one of {', '.join(SIDES)}"))
    numbers = parse_options({"--scale": (scale, "length"), "--edge": (edge, "length"), "--time": (time, "time")})
    from simcell.studies.shape import UNITS, of_picture, of_result

    if picture.suffix.lower() == ".nc":
        found = of_result(picture, numbers["--time"])
    else:
        if numbers["--scale"] is None:
            raise InputError(Problem("", "--scale", None, "is missing: say how large a pixel is", "--scale 5nm"))
        found = of_picture(
            picture, numbers["--scale"], electrode, front=numbers["--edge"] or 0.0, dark=dark, threshold=threshold
        )
    if as_json:
        print_json({name: {"value": value, "unit": UNITS[name]} for name, value in found.items()})
        return
    rows = [(name, _shown(value, UNITS[name])) for name, value in found.items()]
    typer.echo(table(rows, header=("number", "value")))


def _shown(value: float, unit: str) -> str:
    if value != value:
        return "none"
    return f"{value:.4g}" + ("" if unit == "1" else f" {unit}")

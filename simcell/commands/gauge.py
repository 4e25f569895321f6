"""`simcell gauge`: thickness of the liquid from a voltammogram of a dissolved couple."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from simcell.commands.shared import FORCE, JSON, note, output_path, parse_options, print_json, table
from simcell.errors import InputError, Problem

if TYPE_CHECKING:
    from simcell.studies.gauge import GaugeFit
    from simcell.transport.gauge import Layer

PICTURES = (".png", ".svg", ".pdf")
COUPLE = "ferrocyanide-KCl"


def gauge(
    data: Path = typer.Argument(..., metavar="DATA", help="CSV with a head: time [s],potential [V],current [nA]."),
    concentration: str = typer.Option(..., help="Of the couple, 5mmol/L."),
    area: str = typer.Option(..., help='Of the electrode under liquid, "2400 um^2".'),
    edge: str = typer.Option("0 um", help="Length of its edge that has liquid beside it, 260um."),
    scan_rate: str | None = typer.Option(None, help="Where the file has no times, 50mV/s."),
    diffusivity: str | None = typer.Option(
        None, help='"7e-10 m^2/s"; default: that of ferrocyanide, fitted within its uncertainty.'
    ),
    depth: str | None = typer.Option(None, help="From the edge to the wall of the cell, 400um; default: far away."),
    oxidised: bool = typer.Option(False, "--oxidised", help="The couple is oxidised at the start (ferricyanide)."),
    free: str = typer.Option(
        "thickness,resistance,formal,capacitance,offset",
        help="What is fitted: also diffusivity, area; the others stay as given, or zero.",
    ),
    temperature: str = typer.Option("25 degC", help="Of the liquid."),
    output: Path | None = typer.Option(None, "--output", "-o", help="PNG, SVG or PDF; default: the name of the data."),
    force: bool = FORCE,
    as_json: bool = JSON,
) -> None:
    """Fit thickness, diffusivity, area and resistance of a thin cell to a voltammogram, with 95 % intervals.

    \b
    Examples:
      simcell gauge cv.csv --concentration 5mmol/L --area "2400 um^2" --edge 260um
      simcell gauge cv.csv --concentration 5mmol/L --area "2400 um^2" --edge 260um --free thickness,diffusivity,formal
    """
    target = output_path(output or data.with_suffix(".png"), force, suffixes=PICTURES)
    asked = {
        "--concentration": (concentration, "concentration"), "--area": (area, "area"), "--edge": (edge, "length"),
        "--scan-rate": (scan_rate, "scan_rate"), "--diffusivity": (diffusivity, "diffusivity"),
        "--depth": (depth, "length"), "--temperature": (temperature, "temperature"),
    }  # fmt: skip
    numbers: dict[str, Any] = {name.strip("-").replace("-", "_"): v for name, v in parse_options(asked).items()}
    names = [name.strip() for name in free.split(",") if name.strip()]
    for name in ("concentration", "area"):
        if not numbers[name] > 0.0:
            raise InputError(Problem("", f"--{name}", asked[f"--{name}"][0], "must be positive"))
    from simcell.inputs.voltammogram import read_voltammogram
    from simcell.results.gauge import picture
    from simcell.results.plots import save
    from simcell.studies.gauge import fit_layer
    from simcell.transport.gauge import Layer

    measured = read_voltammogram(data, numbers.pop("scan_rate"))
    priors: dict[str, float] = {}
    if numbers["diffusivity"] is None:
        numbers["diffusivity"], width = _shipped()
        names = list(dict.fromkeys([*names, "diffusivity"]))
        priors["diffusivity"] = width
    depth_of = numbers.pop("depth") or float("inf")
    guess = Layer(thickness=1e-6, depth=depth_of, oxidised=oxidised, **numbers)
    fit = fit_layer(measured.time, measured.potential, measured.current, guess, names, priors)
    save(picture(fit, f"{data.name}: voltammogram of a thin layer"), target)
    _tell(fit, guess, as_json)
    note(f"picture: {target}")


def _shipped() -> tuple[float, float]:
    """Diffusivity of the couple [m^2/s] and its relative uncertainty, from the data."""
    from simcell.inputs.electrolyte_data import load_electrolyte

    found = load_electrolyte(COUPLE).properties["diffusivity"]
    assert found.uncertainty is not None
    return found.value[0], found.uncertainty


def _tell(fit: GaugeFit, guess: Layer, as_json: bool) -> None:
    from simcell.results.gauge import rows
    from simcell.studies.gauge import UNITS

    if as_json:
        values = {
            name: {"value": getattr(fit.layer, name), "unit": unit, "interval": list(fit.intervals.get(name, ()))}
            for name, unit in UNITS.items()
        }
        print_json({"parameters": values, "noise": {"value": fit.noise, "unit": "A"}, "remarks": list(fit.words)})
        return
    typer.echo(table(rows(fit), header=("parameter", "value", "95 % interval")))
    if fit.words:
        typer.echo("\nremarks\n" + "\n".join(f"  - {word}" for word in fit.words))

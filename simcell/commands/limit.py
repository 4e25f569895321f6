"""`simcell limit`: how much beam is allowed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from simcell.commands.cases import CASE, SET, load_case
from simcell.commands.progress import progress_bar
from simcell.commands.shared import (
    JSON,
    QUIET,
    announce_compilation,
    note,
    parse_options,
    print_json,
    table,
)

if TYPE_CHECKING:
    from simcell.studies.limit import Limit


def limit(
    case: Path = CASE,
    keep: list[str] = typer.Option(
        ...,
        "--keep",
        help='What must hold: "H2<1 sat", "no bubble", "gas<2 bar", "pH>6", "dpH<0.5", "H2O2<10 umol/L"; '
        "may be repeated.",
    ),
    after: str = typer.Option(None, help="When it must hold, 10s; default: at steady state."),
    every: bool = typer.Option(False, "--ensemble", help="Answer for every published mechanism and set of yields."),
    changes: list[str] = SET,
    as_json: bool = JSON,
    quiet: bool = QUIET,
) -> None:
    """Find the largest dose rate, flux and current at which all of --keep holds.

    \b
    Examples:
      simcell limit case.toml --keep "H2<1 sat" --keep "pH>6"
      simcell limit case.toml --keep "H2O2<1 mmol/L" --after 10s --json
      simcell limit case.toml --keep "no bubble" --set "gas.nucleus_radius=100 nm"
      simcell limit case.toml --keep "H2<1 sat" --ensemble
    """
    from simcell.studies import limit as study

    seconds = parse_options({"--after": (after, "time")})["--after"]
    loaded = load_case(case, changes)
    study.check_limit(loaded, keep, seconds, ensemble=every)
    announce_compilation(loaded.input, quiet)
    with progress_bar("searching", quiet) as tell:
        answers = study.limit(loaded, keep, seconds, ensemble=every, progress=tell)
    for warning in dict.fromkeys(w for answer in answers for w in answer.warnings):
        note(f"warning  {warning}", quiet)
    if as_json:
        print_json({answer.member: _facts(answer) for answer in answers})
        return
    rows = [_row(answer) for answer in answers]
    header = ("mechanism/yields", "largest dose rate", "flux", "current", "ends at")
    typer.echo(table(rows, header))
    for answer in answers:
        if len(answer.allowed) > 1 or (answer.allowed and answer.allowed[0][0] > 0):
            ranges = ", ".join(f"{low:.3g} to {high:.3g}" for low, high in answer.allowed)
            note(f"{answer.member}: it is not one range from zero on; allowed are {ranges} Gy/s", quiet)


def _row(answer: Limit) -> tuple[str, ...]:
    largest = answer.largest
    if largest == 0.0:
        words = "none from zero on"
    elif math.isinf(largest):
        words = "no limit found"
    else:
        words = f"{largest:.3g} Gy/s"
    flux = _scaled(answer.flux_per_dose_rate, largest, 1e-20, "e/Å^2/s")
    current = _scaled(answer.current_per_dose_rate, largest, 1e9, "nA")
    return answer.member, words, flux, current, answer.binding or "-"


def _scaled(per_dose_rate: float | None, rate: float, factor: float, unit: str) -> str:
    if per_dose_rate is None or rate == 0.0 or math.isinf(rate):
        return "-"
    return f"{per_dose_rate * rate * factor:.3g} {unit}"


def _facts(answer: Limit) -> dict[str, Any]:
    largest = answer.largest
    facts: dict[str, Any] = {
        "dose_rate": {"value": largest, "unit": "Gy/s"},
        "allowed": [{"from": low, "to": high, "unit": "Gy/s"} for low, high in answer.allowed],
        "binding": answer.binding,
        "warnings": list(answer.warnings),
        "values": dict(answer.values),
    }
    if answer.flux_per_dose_rate is not None:
        facts["flux"] = {"value": largest * answer.flux_per_dose_rate, "unit": "1/m^2/s"}
    if answer.current_per_dose_rate is not None:
        facts["current"] = {"value": largest * answer.current_per_dose_rate, "unit": "A"}
    return facts

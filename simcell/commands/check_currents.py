"""What `simcell check` says of a case of currents, and its picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simcell.case import Case


def describe_currents(case: Case, charge: float | None = None) -> dict[str, Any]:
    """Collect what `simcell check` says of a case of currents; without a strip to speak of, why that is little.

    Parameters
    ----------
    case : Case
    charge : float, optional
        A charge whose origin is asked for [C].

    Returns
    -------
    dict
        As of `simcell.commands.check.describe`, with `regime`, `supply`, `areas`, `reference` and `says`.
    """
    from simcell.commands.check import flat, with_units
    from simcell.errors import InputError
    from simcell.studies.prospect import Prospect, prospect
    from simcell.studies.solution import solution_of
    from simcell.studies.transport import check_transport

    check_transport(case.input)
    liquid = solution_of(case.input)
    try:
        found = prospect(case.input, charge)
    except (InputError, ValueError) as error:
        found = Prospect({}, (), (f"no supply budget: {error}",))
    amounts = {name: {"value": c, "unit": "mol/m^3"} for name, c in liquid.concentrations.items()}
    return {
        "title": case.input.case.title,
        "hash": case.hash,
        "values": with_units(flat(case.record)),
        "liquid": {**amounts, "conductivity": {"value": liquid.conductivity, "unit": "S/m"}, "from": liquid.source},
        **{
            heading: {name: {"value": value, "unit": unit} for name, (value, unit) in numbers.items()}
            for heading, numbers in found.numbers.items()
        },
        "says": list(found.words),
        "warnings": list(dict.fromkeys([*found.warnings, *liquid.warnings])),
    }


def draw(case: Case, path: Path) -> None:
    """Draw when the liquid above the electrode is empty, and the iR error of every place."""
    from simcell.errors import InputError, Problem
    from simcell.results import plots
    from simcell.results.outlook import outlook
    from simcell.studies.outlook import outlook_of

    if case.input.case.physics != ("transport",):
        raise InputError(
            Problem("", "--picture", str(path), "draws cases of currents; a beam is drawn by simcell plot")
        )
    plots.save(outlook(outlook_of(case.input), case.input.case.title), path)

"""`simcell check`: everything about a case that can be said without running it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from simcell.commands.cases import CASE, SET, load_case
from simcell.commands.shared import FORCE, JSON, note, output_path, parse_options, print_json, table
from simcell.errors import InputError, Problem

if TYPE_CHECKING:
    from simcell.case import Case


HEADINGS = (
    "chip",
    "values",
    "beam",
    "liquid",
    "space",
    "outlook",
    "regime",
    "supply",
    "areas",
    "reference",
    "computes",
)
PICTURES = (".png", ".svg", ".pdf")


def check(
    case: Path = CASE,
    changes: list[str] = SET,
    charge: str = typer.Option(None, help="Of currents: what share of a charge came from beside the electrode, 2.3uC."),
    picture: Path | None = typer.Option(None, help="Draw the cell from above and across: PNG, SVG or PDF."),
    maps: Path | None = typer.Option(
        None, help="Of currents: draw when the liquid above the electrode is empty, and the iR error of every place."
    ),
    force: bool = FORCE,
    as_json: bool = JSON,
) -> None:
    """Validate a case and show its values in SI units, its dose rate, what will be computed, and warnings.

    Of a case of currents: dimensionless numbers and the model that suffices, what one filling of the layer holds, which
    current can be sustained and for how long, areas, and where a reference electrode belongs.

    \b
    Examples:
      simcell check case.toml
      simcell check case.toml --set electrolyte.pH=3 --json
      simcell check zinc.toml --picture cell.png --charge 2.3uC --maps zinc.png
    """
    cell, plans = (None if p is None else output_path(p, force, suffixes=PICTURES) for p in (picture, maps))
    loaded = load_case(case, changes)
    facts = describe(loaded, parse_options({"--charge": (charge, "charge")})["--charge"]) | chip_of(loaded)
    if cell is not None:
        _draw_cell(loaded, cell)
    if plans is not None:
        _draw_maps(loaded, plans)
    if as_json:
        print_json(facts)
        return
    blocks = [f"{case}: {facts['title'] or 'no title'} ({facts['hash']})"]
    for heading in HEADINGS:
        if not facts.get(heading):
            continue
        blocks.append(f"\n{heading}\n" + _indented(facts[heading]))
    for heading, key in (("in words", "says"), ("warnings", "warnings")):
        if facts.get(key):
            blocks.append(f"\n{heading}")
            blocks += [f"  - {sentence}" for sentence in facts[key]]
    typer.echo("\n".join(blocks))


def chip_of(case: Case) -> dict[str, Any]:
    """Sizes that a case takes from its chip preset, each with its status; empty where it names none.

    Parameters
    ----------
    case : Case

    Returns
    -------
    dict
        `chip`: key -> text; sizes that the case writes itself are left out.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                        "cell": {"chip": "static-25nm"}})
    >>> chip_of(case)["chip"]["spacer.height"]
    '200 nm (published)'
    """
    from simcell.inputs.chips import taken_from

    name = case.input.cell.chip
    if name is None:
        return {}
    rows = {d.key: f"{d.value if isinstance(d.value, str) else 'outline'} ({d.status})" for d in taken_from(case.data)}
    return {"chip": {"name": f"{name}; sources: simcell info {name}", **rows}}


def _draw_cell(case: Case, target: Path) -> None:
    from simcell.results.cell_view import picture
    from simcell.results.plots import save
    from simcell.studies.view import view_of

    save(picture(view_of(case.input)), target, overwrite=True)
    note(f"drew the cell: {target}")


def _draw_maps(case: Case, target: Path) -> None:
    from simcell.results import plots
    from simcell.results.outlook import outlook
    from simcell.studies.outlook import outlook_of

    if case.input.case.physics != ("transport",):
        raise InputError(Problem("", "--maps", str(target), "draws cases of currents; a beam is drawn by simcell plot"))
    plots.save(outlook(outlook_of(case.input), case.input.case.title), target, overwrite=True)
    note(f"drew the maps: {target}")


def describe(case: Case, charge: float | None = None) -> dict[str, Any]:
    """Collect what `simcell check` says, without running anything.

    Parameters
    ----------
    case : Case
    charge : float, optional
        Of a case of currents: a charge whose origin is asked for [C].

    Returns
    -------
    dict
        `title`, `hash`, `values`, `beam`, `liquid`, `space` (empty unless there is a grid), `computes` and `warnings`;
        of currents `regime`, `supply`, `areas`, `reference` and sentences in `says`.

    Raises
    ------
    InputError, MechanismError
        For whatever a run would refuse.

    Examples
    --------
    >>> from simcell.case import Case
    >>> facts = describe(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s"}}))
    >>> facts["beam"]["dose_rate"]
    {'value': 1000000.0, 'unit': 'Gy/s'}
    """
    if "dendrite" in case.input.case.physics:
        from simcell.commands.check_growth import describe_growth

        return describe_growth(case)
    from simcell.studies.setup import mechanism_of, output_times, setup_of

    if "transport" in case.input.case.physics:
        return _of_currents(case, charge)
    mechanism = mechanism_of(case.input, case.folder)
    setup, beam = setup_of(case.input, mechanism)
    warnings, space = list(setup.warnings), {}
    if case.input.grid.geometry != "batch":
        from simcell.studies.in_space import in_space
        from simcell.studies.scales import scales

        ready = in_space(case.input, mechanism)
        warnings, space = list(ready.warnings), scales(case.input, ready)
    times = output_times(case.input)
    units = {"flux": "1/m^2/s", "energy": "J", "current": "A", "diameter": "m", "stopping_power": "J*m^2/kg"}
    given = {"dose_rate": (beam.dose_rate, "Gy/s")}
    given |= {name: (getattr(beam, name), unit) for name, unit in units.items() if getattr(beam, name) is not None}
    if beam.probe_dose_rate is not None:
        given["probe_dose_rate"] = (beam.probe_dose_rate, "Gy/s")
    liquid = {name: (c, "mol/m^3") for name, c in setup.solution.concentrations.items() if c > 0}
    radiolysis = case.input.radiolysis
    bands = "well-mixed cases only" if space else "--ensemble N makes bands"
    return {
        "title": case.input.case.title,
        "hash": case.hash,
        "values": with_units(flat(case.record)),
        "beam": {name: {"value": value, "unit": unit} for name, (value, unit) in given.items()},
        "liquid": {
            "pH": {"value": setup.solution.pH, "unit": "1"},
            **{name: {"value": value, "unit": unit} for name, (value, unit) in liquid.items()},
        },
        "space": {name: {"value": value, "unit": unit} for name, (value, unit) in space.items()},
        "computes": {
            "mechanism": f"{mechanism.name}: {len(setup.species)} species, {len(mechanism.reactions)} reactions",
            "g_values": setup.yields,
            "times": f"{len(times)} from {times[0]:.3g} s to {times[-1]:.3g} s",
            "ensemble": f"{radiolysis.ensemble} samples" if radiolysis.ensemble else f"none ({bands})",
        },
        "warnings": warnings,
    }


def _of_currents(case: Case, charge: float | None) -> dict[str, Any]:
    """What is solved, and what closed forms say before; without a strip to speak of, why they say nothing."""
    from simcell.inputs.case import SECTIONS, USED
    from simcell.studies.films import film_words
    from simcell.studies.preview import preview
    from simcell.studies.prospect import Prospect, prospect

    facts, found = preview(case.input, case.folder), Prospect({}, (), ())
    if case.input.grid.geometry != "line" and "radiolysis" not in case.input.case.physics:
        try:
            found = prospect(case.input, charge)
        except (InputError, ValueError) as error:
            found = Prospect({}, (), (f"no supply budget: {error}",))
    used = {section for part in case.input.case.physics for section in USED[part]}
    unused = [name for name in case.data if name in SECTIONS and name not in used]
    remarks = [f"[{name}] is not used by case.physics = {list(case.input.case.physics)}" for name in unused]
    numbers = {heading: facts.get(heading, {}) for heading in ("beam", "liquid", "space")} | dict(found.numbers)
    return {
        "title": case.input.case.title,
        "hash": case.hash,
        "values": with_units(flat(case.record)),
        **{
            heading: {name: {"value": value, "unit": unit} for name, (value, unit) in rows.items()}
            for heading, rows in numbers.items()
        },
        "computes": facts["computes"],
        "says": [*found.words, *film_words(case.input)],
        "warnings": list(dict.fromkeys([*facts["warnings"], *found.warnings, *remarks])),
    }


def flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn nested tables into one with dotted keys; what is not set is left out.

    Parameters
    ----------
    record : mapping
        Nested tables, lists and plain values.
    prefix : str
        Put before each key.

    Returns
    -------
    dict

    Examples
    --------
    >>> flat({"beam": {"dose_rate": 1.0, "flux": None}, "output": {"times": [1.0, 2.0]}})
    {'beam.dose_rate': 1.0, 'output.times': [1.0, 2.0]}
    """
    found: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and all(isinstance(v, Mapping) and "name" in v for v in value):
            for entry in value:
                found |= flat({k: v for k, v in entry.items() if k != "name"}, f"{prefix}{key}.{entry['name']}.")
        elif value is not None and value != [] and value != "":
            found[f"{prefix}{key}"] = value
    return found


def with_units(values: Mapping[str, Any]) -> dict[str, Any]:
    """Put the SI unit beside every value of a record that has one.

    Parameters
    ----------
    values : mapping
        Dotted key -> value, from `flat`.

    Returns
    -------
    dict

    Examples
    --------
    >>> with_units({"beam.current": 1e-9, "beam.mode": "tem"})
    {'beam.current': {'value': 1e-09, 'unit': 'A'}, 'beam.mode': 'tem'}
    """
    from simcell.inputs.case import SECTIONS
    from simcell.inputs.fields import Each, Measure
    from simcell.inputs.messages import field_at
    from simcell.inputs.overrides import inside
    from simcell.units import kinds

    found: dict[str, Any] = {}
    for key, value in values.items():
        section, *_ = path = tuple(key.split("."))
        kind = field_at(SECTIONS[section], inside(path)) if section in SECTIONS else None
        kind = kind.item if isinstance(kind, Each) else kind
        if isinstance(kind, Measure):
            found[key] = {"value": value, "unit": kinds()[kind.kind].si}
        elif section in SECTIONS:
            found[key] = value
    return found


def _indented(rows: Mapping[str, Any]) -> str:
    text = table([(name, _shown(value)) for name, value in rows.items()])
    return "\n".join(f"  {line}" for line in text.splitlines())


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) and set(value) == {"value", "unit"}:
        unit = "" if value["unit"] == "1" else f" {value['unit']}"
        return f"{_shown(value['value'])}{unit}"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list) and len(value) > 6:
        return f"{len(value)} values"
    return str(value)

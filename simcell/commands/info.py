"""`simcell info`: what is installed, which mechanisms and liquids come with it, where files lie."""

from __future__ import annotations

import difflib
import textwrap
from typing import Any, TypeAlias

import typer

from simcell.commands.shared import JSON, print_json, table
from simcell.errors import InputError, Problem

TOPICS = ("mechanisms", "media", "units", "chips")
Answer: TypeAlias = tuple[dict[str, Any], str]  # for a program, for a person


def info(
    topic: str = typer.Argument(
        "",
        metavar="[TOPIC]",
        help="mechanisms, media, units, chips, or the name of a mechanism or a chip; nothing for versions.",
    ),
    paths: bool = typer.Option(False, "--paths", help="Where data files and compiled kernels lie."),
    as_json: bool = JSON,
) -> None:
    """Say what is installed, and which mechanisms, liquids, units and chips there are.

    \b
    Examples:
      simcell info
      simcell info mechanisms
      simcell info water
      simcell info generic-3-electrode
      simcell info --paths --json
    """
    if not topic:
        data, text = _pairs(_paths() if paths else _versions())
    elif topic == "mechanisms":
        data, text = _mechanisms()
    elif topic == "media":
        data, text = _media()
    elif topic == "units":
        data, text = _units()
    elif topic == "chips":
        data, text = _chips()
    elif topic in _shipped_chips():
        data, text = _one_chip(topic)
    else:
        data, text = _one_mechanism(topic)
    if as_json:
        print_json(data)
    else:
        typer.echo(text)


def _pairs(rows: dict[str, str]) -> Answer:
    return rows, table(list(rows.items()))


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from simcell import __version__

    rows = {"simcell": __version__, "python": platform.python_version(), "system": platform.platform()}
    names = (
        "numpy",
        "scipy",
        "numba",
        "xarray",
        "pint",
        "pydantic",
        "matplotlib",
        "h5netcdf",
        "h5py",
        "fipy",
        "typer",
    )
    for name in names:
        try:
            rows[name] = version(name)
        except PackageNotFoundError:
            rows[name] = "missing"
    return rows


def _paths() -> dict[str, str]:
    from pathlib import Path

    import simcell
    from simcell.chemistry import kernels

    package = Path(simcell.__file__).parent
    kept = getattr(kernels.advance, "stats", None)
    return {
        "package": str(package),
        "data": str(package / "data"),
        "compiled kernels": str(kept.cache_path) if kept is not None else "not kept",
    }


def _mechanisms() -> Answer:
    from simcell.inputs.mechanism import load_mechanism, shipped_mechanisms

    loaded = [load_mechanism(name) for name in shipped_mechanisms()]
    rows = [
        (
            m.name,
            str(len(m.species)),
            str(len(m.reactions)),
            _span(m.temperature_range),
            ", ".join(m.yields),
            m.title,
        )
        for m in loaded
    ]
    text = table(rows, header=("name", "species", "reactions", "degC", "yields", "title"))
    text += "\n\nWhat each lacks, and its papers: simcell info NAME"
    return {m.name: _facts(m) for m in loaded}, text


def _one_mechanism(name: str) -> Answer:
    from simcell.inputs.mechanism import load_mechanism, shipped_mechanisms

    known = [*TOPICS, *shipped_mechanisms(), *_shipped_chips()]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise InputError(Problem("", "TOPIC", name, f"topics are {', '.join(known)}{hint}"))
    m = load_mechanism(name)
    lists = {
        "species": [", ".join(m.species)],
        "missing": list(m.gaps),
        "remarks": list(m.warnings),
        "references": list(m.references.values()),
    }
    blocks = [f"{m.name}: {m.title}", f"{len(m.reactions)} reactions, {_span(m.temperature_range)} degC"]
    for heading, entries in lists.items():
        if entries:
            blocks.append(f"\n{heading}")
            blocks += [textwrap.fill(e, 100, initial_indent="  - ", subsequent_indent="    ") for e in entries]
    return _facts(m), "\n".join(blocks)


def _span(limits: tuple[float, float]) -> str:
    low, high = (round(kelvin - 273.15, 1) for kelvin in limits)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _facts(mechanism: Any) -> dict[str, Any]:
    return {
        "title": mechanism.title,
        "solvent": mechanism.solvent,
        "species": list(mechanism.species),
        "reactions": len(mechanism.reactions),
        "temperature": {
            "from": mechanism.temperature_range[0],
            "to": mechanism.temperature_range[1],
            "unit": "K",
        },
        "g_values": list(mechanism.yields),
        "gaps": list(mechanism.gaps),
        "remarks": list(mechanism.warnings),
        "references": dict(mechanism.references),
    }


def _media() -> Answer:
    from simcell.beam.medium import load_medium, media

    density = {name: load_medium(name).density for name in media()}
    data = {n: {"title": t, "density": {"value": density[n], "unit": "kg/m^3"}} for n, t in media().items()}
    rows = [(name, title, f"{density[name]:g}") for name, title in media().items()]
    return data, table(rows, header=("name", "liquid", "kg/m^3"))


def _units() -> Answer:
    from simcell.units import kinds

    rows = {name: (k.si or "1", k.example) for name, k in kinds().items()}
    data = {name: {"si": si, "example": example} for name, (si, example) in rows.items()}
    text = table([(n.replace("_", " "), *row) for n, row in rows.items()], ("quantity", "stored in", "for example"))
    return data, text


def _shipped_chips() -> tuple[str, ...]:
    from simcell.inputs.chips import shipped_chips

    return shipped_chips()


def _chips() -> Answer:
    from simcell.inputs.chips import load_chip, shipped_chips

    chips = [load_chip(name) for name in shipped_chips()]
    data = {chip.name: {"title": chip.title, "representative": list(chip.representative)} for chip in chips}
    rows = [(c.name, f"{len(c.dimensions) - len(c.representative)} of {len(c.dimensions)}", c.title) for c in chips]
    text = table(rows, header=("name", "published", "title"))
    text += "\n\nSizes that no source gives are representative; each with its source: simcell info NAME"
    return data, text


def _one_chip(name: str) -> Answer:
    from simcell.inputs.chips import load_chip

    chip = load_chip(name)
    rows = [(d.key, d.value if isinstance(d.value, str) else "outline", d.status, d.source) for d in chip.dimensions]
    data = {
        "title": chip.title, "notes": chip.notes, "missing": list(chip.missing), "materials": dict(chip.materials),
        "dimensions": {d.key: {"value": d.value, "status": d.status, "source": d.source} for d in chip.dimensions},
        "references": list(chip.references),
    }  # fmt: skip
    blocks = [f"{chip.name}: {chip.title}", chip.notes, "", table(rows, header=("size", "value", "status", "source"))]
    blocks += [f"\nnot known: {', '.join(chip.missing)}"] if chip.missing else []
    return data, "\n".join([*blocks, "\nreferences", *(f"  - {text}" for text in chip.references)])

"""Chip presets: sizes of windows, spacer and electrodes, each with a source, or said to be representative.

``cell.chip = "name"`` fills in what a case does not write: window, spacer, the wetted extent as that of the grid, and
electrodes with leads, passivated parts and films. What the case writes goes first; entries of ``[[electrode]]`` are
joined by name, and an outline of the case takes the place of the preset's. Outlines are cut to the extent of the grid.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from simcell import units
from simcell.cell.polygon import area_of, clipped
from simcell.errors import InputError, Problem

STATUSES = ("published", "representative")
FACTS = {"distance": "length", "area": "area"}  # published numbers that outlines keep to, with their kind
OUTLINES = ("polygon", "rectangle", "position", "area")
KINDS = {"thickness": "length", "width": "length", "length": "length", "height": "length", "resistivity": "resistivity"}


@dataclass(frozen=True)
class Dimension:
    """One size of a chip, as written: its place, text with a unit (or corners), and where it comes from.

    Examples
    --------
    >>> Dimension("window.thickness", "50 nm", "representative", "a common size").status
    'representative'
    """

    key: str
    value: Any
    status: str
    source: str


@dataclass(frozen=True)
class Chip:
    """A preset: what a case would write, and the list of its sizes with their sources.

    Examples
    --------
    >>> load_chip("zn-2500um2").spacer
    '500 nm'
    """

    name: str
    title: str
    notes: str
    missing: tuple[str, ...]
    window: Mapping[str, Any]
    spacer: str | None
    wetted: tuple[str, str] | None  # along x, y
    electrodes: tuple[Mapping[str, Any], ...]  # as [[electrode]] would write them
    materials: Mapping[str, str]
    dimensions: tuple[Dimension, ...]
    references: tuple[str, ...]

    @property
    def representative(self) -> tuple[str, ...]:
        """Keys of the sizes that no source gives."""
        return tuple(d.key for d in self.dimensions if d.status == "representative")


def shipped_chips() -> tuple[str, ...]:
    """Names of all presets.

    Examples
    --------
    >>> "generic-3-electrode" in shipped_chips()
    True
    """
    found = (entry.name for entry in (files("simcell") / "data" / "chips").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


@cache
def load_chip(name: str) -> Chip:
    """Read a preset.

    Raises
    ------
    InputError
        If there is none of that name, or a size in it has no unit, status or source.

    Examples
    --------
    >>> chip = load_chip("coplanar-800um")
    >>> chip.wetted, chip.missing
    (('800 um', '800 um'), ('window',))
    """
    if name not in shipped_chips():
        raise InputError(Problem("", "cell.chip", name, f"is not shipped; there are {', '.join(shipped_chips())}"))
    text = (files("simcell") / "data" / "chips" / f"{name}.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    found: list[Dimension] = []

    def size(key: str, row: Mapping[str, Any]) -> Any:
        kind = FACTS.get(key.split(".")[0]) or KINDS.get(key.rsplit(".", 1)[-1])
        if set(row) != {"value", "status", "source"} or row["status"] not in STATUSES or not row["source"].strip():
            raise InputError(Problem(f"{name}.toml", key, None, f"needs value, source and a status of {STATUSES}"))
        if kind is not None:
            units.parse(row["value"], kind)
        found.append(Dimension(key, row["value"], row["status"], row["source"]))
        return row["value"]

    window = {k: size(f"window.{k}", v) if isinstance(v, dict) else v for k, v in data.get("window", {}).items()}
    spacer = size("spacer.height", data["spacer"]["height"]) if "spacer" in data else None
    wetted = tuple(size(f"wetted.{k}", data["wetted"][k]) for k in ("width", "length")) if "wetted" in data else None
    for group in FACTS:  # what outlines keep to: a test holds them to it
        for key, row in data.get(group, {}).items():
            size(f"{group}.{key}", row)
    electrodes = []
    for row in data.get("electrode", []):
        entry: dict[str, Any] = {k: row[k] for k in ("name", "role", "metal") if k in row}
        for key in ("polygon", "passivated"):
            if key in row:
                entry[key] = size(f"electrode.{row['name']}.{key}", row[key])
        if "film" in row:
            entry["film"] = {k: size(f"electrode.{row['name']}.film.{k}", v) for k, v in row["film"].items()}
            entry["film"] |= {"contact": row["contact"]} if "contact" in row else {}
        electrodes.append(entry)
    return Chip(
        data["name"], data["title"], data["notes"], tuple(data["missing"]), window, spacer,
        (wetted[0], wetted[1]) if wetted else None, tuple(electrodes),
        {row["name"]: row["material"] for row in data.get("electrode", []) if "material" in row}, tuple(found),
        tuple(f"{r['key']}: {r['text']}" + (f", doi:{r['doi']}" if "doi" in r else "") for r in data["reference"]),
    )  # fmt: skip


def with_chip(data: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what a case leaves to its chip.

    Parameters
    ----------
    data : mapping
        Sections and keys as written.

    Returns
    -------
    dict
        New sections; those of the case where it names no chip.

    Examples
    --------
    >>> case = {"case": {"physics": ["transport"]}, "cell": {"chip": "zn-2500um2", "spacer_height": "1 um"}}
    >>> full = with_chip(case)
    >>> full["cell"]["spacer_height"], full["cell"]["window"]["width"], full["grid"]["extent"]
    ('1 um', '50 um', '400 um')
    >>> [electrode["name"] for electrode in full["electrode"]]
    ['working', 'counter', 'reference']
    """
    cell = data.get("cell")
    if not isinstance(cell, Mapping) or cell.get("chip") not in shipped_chips():
        return dict(data)  # a wrong name is told with everything else that is wrong
    chip = load_chip(cell["chip"])
    result, filled = dict(data), dict(cell)
    if chip.spacer is not None and cell.get("spacer_height") is None:
        filled["spacer_height"] = chip.spacer
    written = cell.get("window")
    if not any(key in cell for key in ("window_top", "window_bottom")):
        window = {**chip.window, **(written if isinstance(written, Mapping) else {})}
        complete = {"thickness", "width", "length"} <= set(window)
        if window and (complete or written is not None) and (written is None or isinstance(written, Mapping)):
            filled["window"] = window
    result["cell"] = filled
    physics = (data.get("case") or {}).get("physics") if isinstance(data.get("case"), Mapping) else None
    if isinstance(physics, list | tuple) and "transport" in physics:
        grid = data.get("grid") or {}
        line = isinstance(grid, Mapping) and grid.get("geometry") == "line"
        if chip.wetted and isinstance(grid, Mapping) and not line:
            extent = {"extent": chip.wetted[0], "extent_y": chip.wetted[1]}
            result["grid"] = {**grid} if grid.get("extent") is not None else {**extent, **grid}
        result["electrode"] = joined(chip.electrodes, data.get("electrode"), result.get("grid"))
    return result


def joined(presets: tuple[Mapping[str, Any], ...], written: Any, grid: Any = None) -> Any:
    """Electrodes of a preset or a layout and of the case, by name; what the case writes goes first.

    Examples
    --------
    >>> preset = ({"name": "working", "role": "working", "polygon": [["0 um", "0 um"]]},)
    >>> joined(preset, [{"name": "working", "rectangle": {"x": ["0 um", "1 um"]}}, {"name": "other"}])
    [{'name': 'working', 'role': 'working', 'rectangle': {'x': ['0 um', '1 um']}}, {'name': 'other'}]
    """
    if written is not None and not isinstance(written, list | tuple):
        return written  # told as a mistake later
    own = {e.get("name"): e for e in written or () if isinstance(e, Mapping)}
    found = []
    for preset in presets:
        entry = own.pop(preset["name"], {})
        base = dict(preset)
        if any(key in entry for key in OUTLINES):
            for key in (*OUTLINES, "passivated"):
                base.pop(key, None)
        elif "polygon" in base:
            _cut(base, grid)
        if isinstance(entry.get("film"), Mapping) and "film" in base:
            base["film"] = {**base["film"], **entry["film"]}
            entry = {key: value for key, value in entry.items() if key != "film"}
        found.append({**base, **entry})
    return found + [e for e in written or () if not isinstance(e, Mapping) or e.get("name") in own]


def _cut(electrode: dict[str, Any], grid: Any) -> None:
    """Cut the outlines of an electrode to the extent of the grid, where that is known and cuts them."""
    try:
        wide = 0.5 * units.parse(grid["extent"], "length")
        high = 0.5 * units.parse(grid.get("extent_y") or grid["extent"], "length")
    except (TypeError, KeyError, AttributeError, units.UnitError):
        return  # no grid, or one that is told as wrong later
    for key in ("polygon", "passivated"):
        if key not in electrode:
            continue
        shapes = [electrode[key]] if key == "polygon" else electrode[key]
        corners = [[[units.parse(v, "position") for v in point] for point in shape] for shape in shapes]
        cut = [clipped(shape, (-wide, -high), (wide, high)) for shape in corners]
        areas = [(area_of(c) if len(c) else 0.0, area_of(o)) for c, o in zip(cut, corners, strict=True)]
        if all(abs(inside - whole) <= 1e-9 * whole for inside, whole in areas):
            continue
        if key == "polygon" and not len(cut[0]):
            return  # outside of the grid altogether, which is told later
        texts = [[[f"{v!r} m" for v in point] for point in shape.tolist()] for shape in cut if len(shape)]
        electrode[key] = texts[0] if key == "polygon" else texts


def taken_from(data: Mapping[str, Any]) -> tuple[Dimension, ...]:
    """Sizes that a case takes from its chip: those that it does not write itself.

    Parameters
    ----------
    data : mapping
        Sections and keys as written.

    Returns
    -------
    tuple of Dimension
        Published numbers that outlines keep to are left out: they are no sizes of the case.

    Examples
    --------
    >>> [size.key for size in taken_from({"cell": {"chip": "static-25nm", "spacer_height": "1 um"}})]
    ['window.thickness']
    """
    cell = data.get("cell") or {}
    if cell.get("chip") not in shipped_chips():
        return ()
    own = {e.get("name"): e for e in data.get("electrode") or () if isinstance(e, Mapping)}
    transport = "transport" in ((data.get("case") or {}).get("physics") or ())
    found = []
    for size in load_chip(cell["chip"]).dimensions:
        group, _, key = size.key.partition(".")
        if group in FACTS or (group in ("electrode", "wetted") and not transport):
            continue
        name, _, part = key.partition(".")
        entry = own.get(name, {})
        film = entry.get("film")
        written = {
            "window": any(k in cell for k in ("window_top", "window_bottom")) or key in (cell.get("window") or {}),
            "spacer": cell.get("spacer_height") is not None,
            "wetted": ("extent" if key == "width" else "extent_y") in (data.get("grid") or {}),
            "electrode": part in entry
            or (part in ("polygon", "passivated") and any(k in entry for k in OUTLINES))
            or (part.startswith("film.") and isinstance(film, Mapping) and part[5:] in film),
        }
        if not written[group]:
            found.append(size)
    return tuple(found)

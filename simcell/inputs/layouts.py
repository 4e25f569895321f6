"""Outlines of electrodes from drawings: GDSII by gdstk, DXF by ezdxf; both are extras and imported on use.

``cell.layout = "chip.gds"`` reads closed outlines, one for each electrode, from the layers that ``cell.layout_layers``
names (a DXF file needs no table where its layers are called as the electrodes). Lengths come from the file's own unit.
The outlines join entries of ``[[electrode]]`` by name; an outline written there goes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcell import units
from simcell.cell.polygon import area_of
from simcell.errors import InputError, Problem
from simcell.inputs.chips import OUTLINES, joined

EXTRA = 'pip install "simcell[layout]"'
ENDINGS = {".gds": "gdstk", ".gds2": "gdstk", ".dxf": "ezdxf"}
DXF_UNITS = {1: 0.0254, 4: 1e-3, 5: 1e-2, 6: 1.0, 9: 2.54e-5, 11: 1e-10, 12: 1e-9, 13: 1e-6}  # $INSUNITS -> m
ROLES = {"we": "working", "ce": "counter", "re": "reference"}
FINEST = 1e-10  # m: shapes of a layer that touch or overlap are made one, corners rounded to this
ARC = 1e-3  # largest distance between an arc and its chords, of the arc's size

Array = NDArray[np.float64]
Layers = dict[str, list[Array]]


def read_layout(path: Path, cell: str | None = None, unit: float | None = None) -> Layers:
    """Closed outlines of a drawing by layer.

    Parameters
    ----------
    path : Path
    cell : str, optional
        Of a GDSII file; default: the one on top.
    unit : float, optional
        Of a DXF file that does not say [m].

    Returns
    -------
    dict of layer to list of (n, 2) arrays
        [m]; the layers of GDSII are called ``layer/datatype``.

    Raises
    ------
    InputError
        For a file that cannot be read, or where the package that reads it is not installed.

    Examples
    --------
    >>> read_layout(Path("chip.oas"))
    Traceback (most recent call last):
    simcell.errors.InputError: chip.oas: ends in .oas; layouts are .gds or .dxf
    """
    reader = ENDINGS.get(path.suffix.casefold())
    if reader is None:
        raise InputError(Problem(str(path), "", None, f"ends in {path.suffix or 'nothing'}; layouts are .gds or .dxf"))
    if not path.is_file():
        raise InputError(Problem(str(path), "", None, "there is no such file"))
    try:
        return _gds(path, cell) if reader == "gdstk" else _dxf(path, unit)
    except ModuleNotFoundError:
        reason = f"needs the package {reader} to be read, which is not installed: {EXTRA}"
        raise InputError(Problem(str(path), "", None, reason)) from None


def _gds(path: Path, name: str | None) -> Layers:
    import gdstk

    try:
        library = gdstk.read_gds(str(path), unit=1.0)  # coordinates in m
    except (RuntimeError, OSError) as error:
        raise InputError(Problem(str(path), "", None, f"is no GDSII file that can be read ({error})")) from None
    tops: dict[str, Any] = {c.name: c for c in library.top_level()}
    if name is None and len(tops) != 1:
        reason = f"has {len(tops)} cells on top ({', '.join(sorted(tops))}): say which, cell.layout_cell"
        raise InputError(Problem(str(path), "", None, reason))
    cells: dict[str, Any] = {c.name: c for c in library.cells}
    if name is not None and name not in cells:
        raise InputError(Problem(str(path), "cell.layout_cell", name, f"is no cell of it: {', '.join(sorted(cells))}"))
    found: dict[str, list[Any]] = {}
    for polygon in (cells[name] if name is not None else next(iter(tops.values()))).get_polygons():
        found.setdefault(f"{polygon.layer}/{polygon.datatype}", []).append(polygon)
    return {
        layer: [np.array(p.points, dtype=float) for p in gdstk.boolean(shapes, [], "or", precision=FINEST)]
        for layer, shapes in found.items()
    }


def _dxf(path: Path, unit: float | None) -> Layers:
    import ezdxf
    from ezdxf import path as outlines

    try:
        drawing = ezdxf.readfile(str(path))
    except (OSError, ezdxf.DXFError, UnicodeDecodeError) as error:
        raise InputError(Problem(str(path), "", None, f"is no DXF file that can be read ({error})")) from None
    said = DXF_UNITS.get(int(drawing.header.get("$INSUNITS", 0)))
    size = said if unit is None else unit
    if size is None:
        reason = "does not say its unit of length: give cell.layout_unit"
        raise InputError(Problem(str(path), "", None, reason, '"1 um"'))
    found: Layers = {}
    for entity in drawing.modelspace():
        if entity.dxftype() not in {"LWPOLYLINE", "POLYLINE", "CIRCLE", "ELLIPSE", "SPLINE"}:
            continue
        shape = outlines.make_path(entity)
        if not shape.is_closed and not getattr(entity, "is_closed", False):
            continue
        box = np.ptp(np.array([(p.x, p.y) for p in shape.control_vertices()], dtype=float), axis=0)
        corners = np.array([(p.x, p.y) for p in shape.flattening(ARC * float(box.max()))], dtype=float)
        if np.allclose(corners[0], corners[-1], rtol=0.0, atol=1e-9 * float(box.max())):
            corners = corners[:-1]
        found.setdefault(str(entity.dxf.layer), []).append(size * corners)
    return found


def with_layout(data: Mapping[str, Any], file: str = "", folder: Path | None = None) -> dict[str, Any]:
    """Fill in the outlines that a case leaves to a drawing.

    Parameters
    ----------
    data : mapping
        Sections and keys as written.
    file : str
        For messages.
    folder : Path, optional
        From which the path of the drawing starts.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        For a drawing that cannot be read, or does not hold what is asked for.

    Examples
    --------
    >>> with_layout({"cell": {"spacer_height": "1 um"}})
    {'cell': {'spacer_height': '1 um'}}
    """
    cell = data.get("cell")
    if not isinstance(cell, Mapping) or not isinstance(cell.get("layout"), str):
        return dict(data)
    layers, written = cell.get("layout_layers"), data.get("electrode")
    known = {e["name"] for e in written or () if isinstance(e, Mapping) and any(key in e for key in OUTLINES)}
    if isinstance(layers, Mapping) and layers and set(layers) <= known:
        return dict(data)  # a stored case holds its outlines and does not need the drawing
    path = Path(cell["layout"])
    path = path if path.is_absolute() or folder is None else folder / path
    try:
        unit = None if cell.get("layout_unit") is None else units.parse(cell["layout_unit"], "length")
        origin = [units.parse(v, "position") for v in cell.get("layout_origin") or ("0 m", "0 m")]
    except (units.UnitError, TypeError):
        return dict(data)  # told with the other keys
    drawn = read_layout(path, cell.get("layout_cell"), unit)
    if layers is None:
        layers = _by_name(drawn)
    if not isinstance(layers, Mapping) or not layers:
        reason = f"must say which layer is which electrode; {path.name} has {_listed(drawn)}"
        raise InputError(Problem(file, "cell.layout_layers", None, reason, '{ working = "1/0", counter = "2/0" }'))
    found = [_electrode(file, path, drawn, str(name), str(layer), origin) for name, layer in layers.items()]
    return {**data, "electrode": joined(tuple(found), written, data.get("grid")),
            "cell": {**cell, "layout_layers": dict(layers)}}  # fmt: skip


def _by_name(drawn: Layers) -> dict[str, str]:
    """Layers that are called as electrodes are."""
    found = {}
    for layer in drawn:
        name = ROLES.get(layer.casefold(), layer.casefold())
        if name in ROLES.values():
            found[name] = layer
    return found


def _electrode(file: str, path: Path, drawn: Layers, name: str, layer: str, origin: list[float]) -> dict[str, Any]:
    key = f"cell.layout_layers.{name}"
    shapes = drawn.get(layer if layer in drawn else f"{layer}/0")
    if shapes is None:
        reason = f"is no layer of {path.name} with closed outlines: {_listed(drawn)}"
        raise InputError(Problem(file, key, layer, reason))
    if len(shapes) != 1:
        reason = f"holds {len(shapes)} separate shapes; an electrode is one: put each on a layer of its own"
        raise InputError(Problem(file, key, layer, reason))
    corners = shapes[0] - np.array(origin)
    entry: dict[str, Any] = {"name": name, "polygon": [[f"{float(v):.12g} m" for v in point] for point in corners]}
    role = ROLES.get(name.casefold(), name.casefold())
    if role in ROLES.values():
        entry["role"] = role
    return entry


def _listed(drawn: Layers) -> str:
    """Every layer with the number of its shapes and their area."""
    if not drawn:
        return "no closed outline"
    parts = [
        f"{layer} ({len(shapes)} shape{'s' * (len(shapes) != 1)}, {1e12 * sum(map(area_of, shapes)):.3g} um^2)"
        for layer, shapes in sorted(drawn.items())
    ]
    return ", ".join(parts)

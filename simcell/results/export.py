"""Results for other programs: fields for ParaView (VTK XML), profiles for a spreadsheet (CSV).

A field in space is written as a rectilinear grid (`.vtr`) of cell data, one file a time; `.pvd` is the list of such
files with their times that ParaView plays. Positions are in metres, concentrations in mol/m^3, as in the result; faces
between cells are midway between the stored centres, `radial` is a row of cells along r, and in `full` the layers are
flat at their mean height. File format: VTK File Formats, Kitware, "XML file formats", RectilinearGrid, PVD.
"""

from __future__ import annotations

import base64
import csv
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import xarray as xr

from simcell.errors import ResultError
from simcell.results import currents, gather, growth_plots, profiles, space, traces
from simcell.results.files import atomic, check_writable
from simcell.results.variables import SPACE

KINDS = (".vtr", ".pvd")
_FIELDS = ("pH", "gas_pressure", "ionic_strength", "charge")


def paraview(
    tree: xr.DataTree, path: str | os.PathLike[str], seconds: float | None = None, overwrite: bool = True
) -> list[Path]:
    """Write fields for ParaView: one time as .vtr, all times as .pvd with a .vtr beside it for each.

    Parameters
    ----------
    tree : xarray.DataTree
        One run in space.
    path : path-like
        Its ending, .vtr or .pvd, chooses.
    seconds : float, optional
        Which time a .vtr holds (the nearest output time); the last when not given.
    overwrite : bool
        Whether existing files may be replaced.

    Returns
    -------
    list of pathlib.Path
        The files, the named one first.

    Raises
    ------
    ResultError
        For another ending, a result without space, a time outside the run, or files that exist.

    Examples
    --------
    >>> paraview(xr.DataTree(), "out.vtk")
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: out.vtk: for ParaView a result is saved as .vtr (one time) or .pvd (all times)
    """
    wanted = Path(path)
    if wanted.suffix.lower() not in KINDS:
        raise ResultError(f"{path}: for ParaView a result is saved as .vtr (one time) or .pvd (all times)")
    group = _group(tree)
    target = check_writable(wanted, overwrite)
    if wanted.suffix.lower() == ".vtr":
        _put(target, vtr(tree, space.at(group, seconds)), overwrite)
        return [target]
    time = group["time"].values
    parts = [target.with_name(f"{target.stem}_{i:04d}.vtr") for i in range(time.size)]
    for part in parts:  # before anything is written
        check_writable(part, overwrite)
    for step, part in enumerate(parts):
        _put(part, vtr(tree, step), overwrite)
    rows = "".join(
        f'    <DataSet timestep="{float(t)!r}" part="0" file={quoteattr(part.name)}/>\n'
        for t, part in zip(time, parts, strict=True)
    )
    _put(target, _document("Collection", f"  <Collection>\n{rows}  </Collection>\n"), overwrite)
    return [target, *parts]


def vtr(tree: xr.DataTree, step: int) -> str:
    """Text of a .vtr file: every field of one output time, given by its index.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}}, {"time": [1.0], "x": [1e-6, 2e-6]})
    >>> 'WholeExtent="0 2 0 1 0 1"' in vtr(tree, 0)
    True
    """
    faces = [space.edges(axis) for axis in _centres(tree)]
    extent = " ".join(f"0 {axis.size - 1}" for axis in faces)
    cells = "".join(_array(name, values) for name, values in _fields(tree, step))
    axes = "".join(_array(name, axis) for name, axis in zip("xyz", faces, strict=True))
    seconds = float(_group(tree)["time"].values[step])
    return _document(
        "RectilinearGrid",
        f'  <RectilinearGrid WholeExtent="{extent}">\n   <FieldData>\n{_array("TimeValue", np.array([seconds]), True)}'
        f'   </FieldData>\n   <Piece Extent="{extent}">\n    <CellData>\n{cells}    </CellData>\n'
        f"    <Coordinates>\n{axes}    </Coordinates>\n   </Piece>\n  </RectilinearGrid>\n",
    )


def table(
    tree: xr.DataTree, path: str | os.PathLike[str], seconds: float | None = None, overwrite: bool = True
) -> Path:
    """Write a table as CSV, with units in the first line: the profile of all species, pH and gas at one time; time,
    potential and current of a potentiostat; or the current density over electrodes.

    Parameters
    ----------
    tree : xarray.DataTree
        One run in space, or of currents and ions.
    path : path-like
    seconds : float, optional
        The nearest output time; the last when not given.
    overwrite : bool
        Whether an existing file may be replaced.

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> import tempfile
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}}, {"time": [1.0], "x": [1e-6, 2e-6]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table(tree, Path(folder) / "profile.csv").read_text().splitlines()
    ['r (m),pH', '1e-06,5', '2e-06,7']
    """
    if Path(path).suffix.lower() != ".csv":
        raise ResultError(f"{path}: a table is saved as .csv")
    if "transport" in tree.children and "radiolysis" not in tree.children:
        return _put_table(currents.table(tree) if currents.is_currents(tree) else traces.table(tree), path, overwrite)
    space.need_space(tree)
    group = gather.radiolysis(tree)
    step, where = space.at(group, seconds), space.place(tree)
    columns = {"r (m)" if where.geometry == "radial" else "x from the beam (m)": profiles.distance(tree)}
    if "concentration" in group:
        names = [str(name) for name in group["species"].values]
        columns |= {f"{name} (mol/L)": profiles.line(tree, name, step) for name in names}
    if "pH" in group:
        columns["pH"] = profiles.line(tree, space.PH, step)
    if "gas_pressure" in group:
        columns["gas pressure (bar)"] = profiles.line(tree, space.GAS, step)
    return _put_table(columns, path, overwrite)


def _put_table(columns: Mapping[str, Any], path: str | os.PathLike[str], overwrite: bool) -> Path:
    """Commas, points, a line of names: numbers with nine digits, words as they are."""
    target = check_writable(path, overwrite)
    with atomic(target, overwrite) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow([value if isinstance(value, str) else f"{value:.9g}" for value in row])
    return target


def _group(tree: xr.DataTree) -> xr.Dataset:
    if growth_plots.is_growth(tree):
        return growth_plots.group_of(tree)
    space.need_space(tree)
    return gather.radiolysis(tree)


def _centres(tree: xr.DataTree) -> tuple[np.ndarray, ...]:
    """Centres of cells along x, y and z."""
    if growth_plots.is_growth(tree):
        group = growth_plots.group_of(tree)
        return tuple(group[dim].values if dim in group.dims else np.zeros(1) for dim in ("x", "y", "z"))
    where = space.place(tree)
    return where.x, where.y, where.z


def _fields(tree: xr.DataTree, step: int) -> Iterator[tuple[str, np.ndarray]]:
    if growth_plots.is_growth(tree):
        shape = tuple(axis.size for axis in reversed(_centres(tree)))
        for name, unit in (("phase", ""), ("concentration", " (mol/m^3)"), ("potential", " (V)")):
            yield name + unit, space.filled(_group(tree)[name].isel(time=step), (shape[0], shape[1], shape[2]))
        return
    group, where = gather.radiolysis(tree), space.place(tree)
    for array, name in _arrays(group):
        yield name, space.filled(array.isel(time=step), where.shape)
    yield "dose_rate (Gy/s)", np.broadcast_to(where.dose_rate, where.shape)
    cell = tree["cell"].to_dataset() if "cell" in tree.children else xr.Dataset()
    for name in ("velocity_x", "velocity_y", "liquid_thickness"):
        if name in cell and set(cell[name].dims) <= set(SPACE):
            yield f"{name} ({cell[name].attrs.get('units', '1')})", space.filled(cell[name], where.shape)


def _arrays(group: xr.Dataset) -> Iterator[tuple[xr.DataArray, str]]:
    if "concentration" in group:
        for name in (str(s) for s in group["species"].values):
            yield group["concentration"].sel(species=name), f"{name} (mol/m^3)"
    if "gas_saturation" in group:
        for name in (str(g) for g in group["gas"].values):
            yield group["gas_saturation"].sel(gas=name), f"{name} saturation"
    for name in _FIELDS:
        if name in group:
            unit = group[name].attrs.get("units", "1")
            yield group[name], name if unit == "1" else f"{name} ({unit})"


def _array(name: str, values: np.ndarray, lone: bool = False) -> str:
    """One array, x fastest: the number of its bytes and the bytes, each little-endian, together in base64."""
    data = np.ascontiguousarray(values, dtype="<f8").tobytes()
    text = base64.b64encode(np.array([len(data)], dtype="<u8").tobytes() + data).decode()
    count = ' NumberOfTuples="1"' if lone else ""
    return f'     <DataArray type="Float64" Name={quoteattr(name)}{count} format="binary">{text}</DataArray>\n'


def _document(kind: str, inside: str) -> str:
    head = f'<VTKFile type="{kind}" version="1.0" byte_order="LittleEndian" header_type="UInt64">'
    return f'<?xml version="1.0"?>\n{head}\n{inside}</VTKFile>\n'


def _put(path: Path, text: str, overwrite: bool) -> None:
    with atomic(path, overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")

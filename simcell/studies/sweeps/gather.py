"""Read a sweep back: one labelled Dataset of all its runs, with gaps where a run failed or is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from simcell.errors import InputError, Problem, ResultError
from simcell.results.store import read
from simcell.studies.sweeps.folder import Folder, load
from simcell.studies.sweeps.plan import Axis


@dataclass(frozen=True)
class _Piece:
    """One variable of some runs: rows (of the sweep), then the dimensions of one run."""

    rows: list[int]
    array: xr.DataArray


def open_sweep(path: str | Path, variables: Sequence[str] = ()) -> xr.Dataset:
    """Read all runs of a sweep into one Dataset.

    Parameters
    ----------
    path : str or Path
        The folder of the sweep.
    variables : sequence of str
        Names to read, such as ``["pH", "gas_saturation"]``; default all. Large fields of many runs fill the memory.

    Returns
    -------
    xarray.Dataset
        A grid has one dimension for each key (``beam.dose_rate`` is `beam_dose_rate`); every other design has the
        dimension `run`, with the value of each key along it. Variables keep their names; one that two groups of a
        result have is called `group_name`. `run_status` says "complete", "failed" or "missing"; numbers of the latter
        two are NaN. Where runs have different times or cells, `time_index` (`x_index`, ...) counts them and `time` is a
        variable that gives the values for each run.

    Raises
    ------
    ResultError
        If the folder holds no sweep, or no finished run.
    InputError
        If no run has a variable that is asked for.

    Examples
    --------
    >>> open_sweep("nowhere")
    Traceback (most recent call last):
    simcell.errors.ResultError: nowhere holds no sweep (no manifest.json)
    """
    folder = load(Path(path))
    pieces: dict[str, dict[str, list[_Piece]]] = {}  # name -> group -> pieces
    for rows, tree in results(folder):
        for node in tree.subtree:
            for name, array in node.data_vars.items():
                if not variables or name in variables:
                    group = pieces.setdefault(str(name), {}).setdefault(node.path.strip("/"), [])
                    group.append(_Piece(rows, array))
    if not pieces:
        if variables and any(s == "complete" for s in folder.statuses().values()):
            raise InputError(Problem("", "variables", ", ".join(variables), "no run of this sweep has such a variable"))
        raise ResultError(f"{path}: no run of this sweep is finished yet")
    flat = {
        name if len(groups) == 1 else f"{group}_{name}": found
        for name, groups in pieces.items()
        for group, found in groups.items()
    }
    return _shaped(folder, _assembled(flat, len(folder.runs)))


def results(folder: Folder) -> Iterator[tuple[list[int], xr.DataTree]]:
    """Result files with the rows of the runs in them; a run that was retried alone has a file of its own.

    Examples
    --------
    >>> list(results(Folder(Path("sweep"), {"runs": []})))
    []
    """
    statuses = folder.statuses()
    places: dict[str, list[int]] = {}
    for row, run in enumerate(folder.runs):
        if statuses[run.id] == "complete":
            own = run.file != run.id and folder.result(run.id).exists()
            places.setdefault(run.id if own else run.file, []).append(row)
    for name, rows in places.items():
        tree = read(folder.result(name))
        label = next((node.coords["run"] for node in tree.subtree if "run" in node.coords), None)
        if label is not None and label.ndim:
            at = {str(text): i for i, text in enumerate(label.values)}
            wanted = [at[folder.runs[row].id] for row in rows]
            tree = tree.map_over_datasets(lambda ds, w=wanted: ds.isel(run=w) if "run" in ds.dims else ds)
        yield rows, tree


def _assembled(found: dict[str, list[_Piece]], runs: int) -> xr.Dataset:
    """Every variable with the leading dimension `run`, on axes that hold the labels of all runs."""
    axes, spread = _axes(found)
    data: dict[str, Any] = {}
    for name, group in found.items():
        dims = max((tuple(str(d) for d in p.array.dims if d != "run") for p in group), key=len)
        shape = tuple(spread[d].shape[1] if d in spread else len(axes[d]) for d in dims)
        whole = np.full((runs, *shape), np.nan)
        for piece in group:
            array = piece.array
            values = array.transpose("run", ...).values if "run" in array.dims else array.values[None]
            own = [str(d) for d in array.dims if d != "run"]
            where = [
                np.arange(array.sizes[d]) if d in spread else _places(axes[d], array.coords[d].values) for d in own
            ]
            values = values.reshape(values.shape[0], *(array.sizes[d] if d in own else 1 for d in dims))
            at = iter(where)
            index = [next(at) if d in own else np.arange(n) for d, n in zip(dims, shape, strict=True)]
            whole[np.ix_(np.array(piece.rows), *index)] = values
        names = [f"{d}_index" if d in spread else d for d in dims]
        data[name] = (["run", *names], whole, dict(group[0].array.attrs))
    coords: dict[str, Any] = {name: (name, values, _attrs(found, name)) for name, values in axes.items()}
    for name, values in spread.items():
        full = np.full((runs, values.shape[1]), np.nan)
        full[: values.shape[0]] = values
        data[name] = (["run", f"{name}_index"], full, _attrs(found, name))
    return xr.Dataset(data, coords)


def _axes(found: dict[str, list[_Piece]]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Values of each dimension: labels of all runs together, numbers if all runs agree; else numbers for each row."""
    seen: dict[str, dict[bytes, tuple[np.ndarray, list[int]]]] = {}
    for group in found.values():
        for piece in group:
            for dim in map(str, piece.array.dims):
                if dim != "run":
                    values = piece.array.coords[dim].values
                    key = str(values.tolist()).encode()
                    seen.setdefault(dim, {}).setdefault(key, (values, []))[1].extend(piece.rows)
    axes: dict[str, np.ndarray] = {}
    spread: dict[str, np.ndarray] = {}
    for dim, kinds in seen.items():
        every = [values for values, _ in kinds.values()]
        if len(every) == 1:
            axes[dim] = every[0]
        elif every[0].dtype.kind in "OUT":
            axes[dim] = np.array(list(dict.fromkeys(str(v) for values in every for v in values)))
        else:
            rows = 1 + max(row for _, places in kinds.values() for row in places)
            spread[dim] = np.full((rows, max(v.size for v in every)), np.nan)
            for values, places in kinds.values():
                spread[dim][places, : values.size] = values
    return axes, spread


def _places(axis: np.ndarray, values: np.ndarray) -> np.ndarray:
    if axis.shape == values.shape and (axis == values).all():
        return np.arange(axis.size)
    place = {label: i for i, label in enumerate(axis.tolist())}
    return np.array([place[v] for v in values.tolist()], dtype=int)


def _attrs(found: dict[str, list[_Piece]], name: str) -> dict[str, Any]:
    for group in found.values():
        for piece in group:
            if name in piece.array.coords:
                return dict(piece.array.coords[name].attrs)
    return {}


def _shaped(folder: Folder, flat: xr.Dataset) -> xr.Dataset:
    """Give a grid its dimensions back; put values and status of each run beside the others."""
    keys = folder.axes
    statuses = folder.statuses()
    flat = flat.assign(
        run_status=("run", np.array([statuses[r.id] for r in folder.runs]), {"long_name": "what became of the run"}),
        run_id=("run", np.array([r.id for r in folder.runs]), {"long_name": "name of the run in the folder"}),
    )
    facts = {"design": folder.manifest["design"], "simcell": folder.manifest["simcell"]}
    flat = flat.assign_attrs(facts)
    if folder.manifest["design"] != "grid":
        columns = {
            key.name: ("run", np.array([run.labels[i] for run in folder.runs]), _units(key))
            for i, key in enumerate(keys)
        }
        return flat.assign_coords(columns)
    names, shape = [key.name for key in keys], [len(key.values) for key in keys]
    data = {
        name: ([*names, *array.dims[1:]], array.values.reshape(*shape, *array.shape[1:]), array.attrs)
        for name, array in flat.data_vars.items()
    }
    coords = {name: flat.coords[name] for name in flat.coords}
    return xr.Dataset(data, coords | {key.name: (key.name, key.label, _units(key)) for key in keys}, facts)


def _units(key: Axis) -> dict[str, str]:
    return {"long_name": key.key} | ({"units": key.unit} if key.unit else {})

"""Write and read result files: NetCDF-4 through h5netcdf, whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import h5py
import xarray as xr

from simcell.errors import ResultError
from simcell.results import schema
from simcell.results.files import atomic, check_writable
from simcell.results.provenance import ATTRIBUTE, provenance, read_provenance

__all__ = ["check_writable", "provenance", "read", "read_provenance", "write"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
# HDF5 does not survive a full disk: the process crashes when it closes the file. What fits is therefore made
# in memory and written by Python, which gets a plain error; only a larger result goes straight to the disk.
_IN_MEMORY_UP_TO = 2**30  # bytes
_COMPRESS_FROM = 100_000  # bytes; below that, chunk overhead costs more than compression saves


def write(tree: xr.DataTree, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Write a result tree to one NetCDF-4 file, atomically.

    Parameters
    ----------
    tree : xarray.DataTree
        From `simcell.results.schema.build`, with the attribute `simcell_provenance`.
    path : path-like
        Where to; its folder must exist.
    overwrite : bool
        Whether an existing file may be replaced.

    Returns
    -------
    pathlib.Path
        The absolute path of the file.

    Raises
    ------
    ResultError
        When the tree breaks the contract, or the file cannot be written; nothing is left behind.

    Examples
    --------
    >>> import tempfile
    >>> facts = provenance(record={}, record_hash="0", case={})
    >>> tree = schema.build({"beam": {"dose": ([], 1.0)}}, {}, {"simcell_provenance": facts})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     float(read(write(tree, Path(folder) / "out.nc"))["beam/dose"])
    1.0
    """
    schema.check(tree)
    read_provenance(tree)
    target = check_writable(path, overwrite)
    free = shutil.disk_usage(target.parent).free
    if tree.nbytes > max(free, _IN_MEMORY_UP_TO):  # a smaller one meets a full disk safely
        raise ResultError(f"{path}: the result needs up to {tree.nbytes:.3g} bytes, the disk has {free:.3g} left")
    with atomic(target, overwrite) as temporary:
        _put(tree, temporary)
    return target


def read(path: str | os.PathLike[str]) -> xr.DataTree:
    """Read a result file into memory; the file is closed again.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    xarray.DataTree

    Raises
    ------
    ResultError
        When there is no such file, it is damaged or truncated, or simcell did not write it.

    Examples
    --------
    >>> read("nothing.nc")
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: nothing.nc: no such file
    """
    shown = os.fspath(path)
    _check_signature(shown)
    try:
        # h5py walks the file first: it refuses a damaged one cleanly, h5netcdf prints a traceback of its own
        with h5py.File(shown, "r") as file:
            file.visititems(lambda _, entry: dict(entry.attrs) and None)
        with xr.open_datatree(Path(path), engine="h5netcdf") as lazy:
            tree = lazy.load().copy()
    except (OSError, RuntimeError, KeyError, ValueError, AttributeError, TypeError) as error:
        # h5py reports damage with any of these, depending on which block is broken
        raise ResultError(f"{shown}: the file is damaged or was cut short ({error})") from error
    if ATTRIBUTE not in tree.attrs:
        raise ResultError(f"{shown}: simcell did not write this file (it has no attribute {ATTRIBUTE})")
    try:
        read_provenance(tree)
    except ResultError as error:
        raise ResultError(f"{shown}: {error}") from error
    return tree


def _put(tree: xr.DataTree, temporary: Path) -> None:
    options: dict[str, Any] = {"engine": "h5netcdf", "format": "NETCDF4", "encoding": _encoding(tree)}
    if tree.nbytes > _IN_MEMORY_UP_TO:
        tree.to_netcdf(temporary, **options)
        return
    content = tree.to_netcdf(None, **options)
    temporary.write_bytes(content)


def _check_signature(path: str) -> None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123  (a path with a null byte must end up here, too)
            start = file.read(8)
    except FileNotFoundError:
        raise ResultError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ResultError(f"{path} is a folder, not a result file") from None
    except (OSError, ValueError) as error:
        raise ResultError(f"{path}: cannot be read ({error})") from error
    if not start:
        raise ResultError(f"{path}: the file is empty")
    if start[:3] == b"CDF":
        raise ResultError(f"{path}: this is a NetCDF classic file; simcell writes and reads NetCDF-4")
    if start != _HDF5:
        raise ResultError(f"{path}: this is not a NetCDF file")


def _encoding(tree: xr.DataTree) -> dict[str, Any]:
    """No fill values (CF wants none on coordinates; a gap is NaN), compression for large fields."""
    encoding: dict[str, Any] = {}
    for node in tree.subtree:
        entry: dict[str, Any] = {}
        for name, array in node.to_dataset(inherit=False).variables.items():
            plain = array.dtype.kind in "iuf"
            packed = plain and array.nbytes >= _COMPRESS_FROM
            entry[str(name)] = {"_FillValue": None} if plain else {}
            if packed:
                entry[str(name)] |= {"zlib": True, "complevel": 4, "shuffle": True}
        encoding[node.path] = entry
    return encoding

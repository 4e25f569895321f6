"""Measured traces as potentiostats write them: BioLogic .mpr and .mpt, Gamry .DTA, read by existing packages.

`galvani` reads the files of BioLogic's EC-Lab (columns ``time/s``, ``Ewe/V`` and ``I/mA``), `gamry-parser` those of
Gamry's Framework (``T`` in s, ``Vf`` in V, ``Im`` in A). They come with ``pip install "simcell[echem]"`` and are
imported on use only; galvani is under the GPL 3. What is read is named as the outputs of a run are: the current and the
potential of the working electrode. Assumed of the files: anodic currents are positive, and the potential is against the
reference electrode of the case. Both are settings of the instruments: look before you fit.

Rows at a time that was there before (where one technique hands over to the next) and the one at time zero, before
anything is applied, are left out. The time of a file that does not begin at zero is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from simcell.errors import InputError, Problem

#: names of time, potential and current of each maker, with the factor to s, V and A
BIOLOGIC = ({"time/s": 1.0}, {"Ewe/V": 1.0, "<Ewe>/V": 1.0}, {"I/mA": 1e-3, "<I>/mA": 1e-3, "I/A": 1.0})
GAMRY = ({"T": 1.0}, {"Vf": 1.0}, {"Im": 1.0})


def instrument_columns(path: Path) -> dict[str, np.ndarray]:
    """Time [s], and potential [V] and current [A] as far as the file has them.

    Parameters
    ----------
    path : Path
        Ending .mpr, .mpt or .DTA, in capitals or not.

    Returns
    -------
    dict
        With ``time`` and at least one of ``potential`` and ``current``.

    Raises
    ------
    InputError
        If the package that reads it is not installed, or the file is not what its ending says.

    Examples
    --------
    >>> instrument_columns(Path("nothing.mpt"))
    Traceback (most recent call last):
    simcell.errors.InputError: nothing.mpt: there is no such file
    """
    if not path.is_file():
        raise InputError(Problem(str(path), "", None, "there is no such file"))
    read, names = _READERS[path.suffix.lower()]
    try:
        table = read(path)
    except InputError:
        raise
    except Exception as error:  # the packages raise whatever comes up
        reason = f"cannot be read as a file of this kind ({type(error).__name__}: {error})"
        raise InputError(Problem(str(path), "", None, reason)) from None
    found = {what: _column(table, known) for what, known in zip(("time", "potential", "current"), names, strict=True)}
    columns = {what: values for what, values in found.items() if values is not None}
    if "time" not in columns or len(columns) < 2:
        wanted = ", ".join(name for known in names for name in known)
        reason = f"has the columns {', '.join(table)}; wanted are a time and a potential or current of {wanted}"
        raise InputError(Problem(str(path), "", None, reason))
    time = columns["time"]
    kept = (time > np.maximum.accumulate(np.r_[0.0, time])[:-1]) & np.isfinite(time)
    return {what: values[kept] for what, values in columns.items()}


def is_instrument(path: Path) -> bool:
    """Whether the ending is that of a potentiostat's file.

    Examples
    --------
    >>> is_instrument(Path("run.MPR")), is_instrument(Path("run.csv"))
    (True, False)
    """
    return path.suffix.lower() in _READERS


def _column(table: Mapping[str, np.ndarray], known: Mapping[str, float]) -> np.ndarray | None:
    name = next((n for n in known if n in table), None)
    return None if name is None else np.asarray(table[name], dtype=float) * known[name]


def _package(name: str, path: Path) -> Any:
    try:
        return import_module(name)
    except ImportError:
        reason = f'is read by the package {name.partition(".")[0]}: pip install "simcell[echem]", or write it as a CSV'
        raise InputError(Problem(str(path), "", None, reason)) from None


def _binary(path: Path) -> dict[str, np.ndarray]:
    data = _package("galvani.BioLogic", path).MPRfile(str(path)).data
    return {name: data[name] for name in data.dtype.names}


def _text(path: Path) -> dict[str, np.ndarray]:
    data, _ = _package("galvani.BioLogic", path).MPTfile(str(path), encoding="latin-1")
    return {name: data[name] for name in data.dtype.names}


def _explain(path: Path) -> dict[str, np.ndarray]:
    file = _package("gamry_parser", path).GamryParser()
    file.load(filename=str(path))
    curves = [curve for curve in file.get_curves() if "T" in curve]
    if not curves:
        return {}
    shared = [name for name in curves[0].columns if all(name in curve for curve in curves)]
    return {str(n): np.concatenate([c[n].to_numpy() for c in curves]) for n in shared}


_READERS: dict[str, tuple[Callable[[Path], dict[str, np.ndarray]], tuple[dict[str, float], ...]]] = {
    ".mpr": (_binary, BIOLOGIC), ".mpt": (_text, BIOLOGIC), ".dta": (_explain, GAMRY),
}  # fmt: skip

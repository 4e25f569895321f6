"""From what stands on the command line to a case: a file or a result, with `--set`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from simcell.commands.shared import note

if TYPE_CHECKING:
    from simcell.case import Case

CASE = typer.Argument(..., metavar="CASE", help="A case file (.toml), or a result (.nc) whose run is repeated.")
SET = typer.Option([], "--set", metavar="KEY=VALUE", help="Change a value of the case; may be repeated.")


def is_result(path: Path) -> bool:
    """Tell whether a path names a result rather than a case file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bool

    Examples
    --------
    >>> is_result(Path("out.nc")), is_result(Path("case.toml"))
    (True, False)
    """
    return path.suffix.lower() == ".nc"


def load_case(path: Path, changes: Sequence[str] = ()) -> Case:
    """Read a case file, or the case inside a result, and apply changes.

    Parameters
    ----------
    path : Path
        A file that ends in .nc is a result; everything else is a case file.
    changes : sequence of str
        Texts such as ``"beam.dose_rate=1e6 Gy/s"``.

    Returns
    -------
    Case

    Raises
    ------
    InputError
        For a file that cannot be read, and for every wrong value in it.

    Examples
    --------
    >>> load_case(Path("missing.toml"))
    Traceback (most recent call last):
    simcell.errors.InputError: missing.toml: there is no such file
    """
    from simcell.case import Case

    if not is_result(path):
        return Case.read(path, changes)
    facts = stored(path)
    case = Case.from_dict(facts["case"], changes)
    if "folder" not in facts:
        return case
    from simcell.studies.setup import mechanism_of

    case = dataclasses.replace(case, folder=Path(facts["folder"]))
    now = mechanism_of(case.input, case.folder).files
    for file in facts.get("data_files", ()):
        if now.get(file["name"]) != file["sha256"]:
            note(f"{file['name']} is not what it was when {path} was computed")
    return case


def stored(path: Path) -> dict[str, Any]:
    """Return the provenance of a result file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict

    Raises
    ------
    ResultError
        Where the file is no result.

    Examples
    --------
    >>> stored(Path("missing.nc"))
    Traceback (most recent call last):
    simcell.errors.ResultError: missing.nc: no such file
    """
    from simcell.results.provenance import read_provenance
    from simcell.results.store import read

    return read_provenance(read(path))

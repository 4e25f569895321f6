"""Read a reaction mechanism from TOML, and refuse one that cannot be right.

The format is described in docs/mechanisms.md. All problems of a file are reported at once, each with the reaction
or key that it is about.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import hashlib
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from simcell.chemistry import consistency
from simcell.chemistry.mechanism import Mechanism
from simcell.errors import InputError, MechanismError, Problem
from simcell.inputs.mechanism_tables import read_tables


def shipped_mechanisms() -> list[str]:
    """Names of the mechanisms that come with simcell.

    Examples
    --------
    >>> "water" in shipped_mechanisms()
    True
    """
    folder = resources.files("simcell") / "data" / "mechanisms"
    return sorted(p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml"))


def load_mechanism(name: str, relative_to: Path | None = None) -> Mechanism:
    """Load a shipped mechanism by name, or one's own by path.

    Parameters
    ----------
    name : str
        A name from `shipped_mechanisms`, or the path of a TOML file.
    relative_to : Path, optional
        Folder that a relative path starts from (that of the case file); default the current folder.

    Returns
    -------
    Mechanism
        Checked: balance, duplicates, diffusion limit, cycles, yields.

    Raises
    ------
    MechanismError
        With every problem found.
    InputError
        If there is no such mechanism.

    Examples
    --------
    >>> load_mechanism("water").yields["HS300"].name
    'HS300'
    """
    if name.endswith(".toml"):
        path = (relative_to or Path()) / name
        return _load_text(str(path), _read_own(path, name), str(path.parent))
    if name not in shipped_mechanisms():
        near = difflib.get_close_matches(name, shipped_mechanisms(), 1)
        hint = f'did you mean "{near[0]}"? ' if near else ""
        raise InputError(
            Problem(
                "", "electrolyte.mechanism", name,
                f"{hint}shipped are {', '.join(shipped_mechanisms())}; a file of your own ends in .toml", '"water"',
            )
        )  # fmt: skip
    return _load_shipped(name)


@functools.lru_cache(maxsize=32)
def _load_shipped(name: str) -> Mechanism:
    text = (resources.files("simcell") / "data" / "mechanisms" / f"{name}.toml").read_text(encoding="utf-8")
    return _load_text(f"{name}.toml", text, "")


def _read_own(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        raise InputError(
            Problem("", "electrolyte.mechanism", name, f"cannot be read: {reason} ({path})", '"water"')
        ) from None


@functools.lru_cache(maxsize=32)
def _load_text(file: str, text: str, folder: str) -> Mechanism:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MechanismError(Problem(file, "", None, f"is not valid TOML: {error}")) from None
    base = load_mechanism(str(data["extends"]), Path(folder)) if "extends" in data else None
    return mechanism_from_dict(data, file=file, base=base, sha256=hashlib.sha256(text.encode()).hexdigest())


def mechanism_from_dict(
    data: Mapping[str, Any], *, file: str = "mechanism", base: Mechanism | None = None, sha256: str = ""
) -> Mechanism:
    """Build a checked mechanism from the tables of its file.

    Parameters
    ----------
    data : mapping
        What `tomllib` read.
    file : str
        Name for messages.
    base : Mechanism, optional
        The mechanism that this one extends.
    sha256 : str, optional
        Hash of the file, kept for provenance.

    Returns
    -------
    Mechanism

    Raises
    ------
    MechanismError
        With every problem found.

    Examples
    --------
    >>> m = mechanism_from_dict({"name": "x", "solvent": "H2O", "species": {
    ...     "H2O": {"composition": {"H": 2, "O": 1}, "charge": 0}}})
    >>> m.name
    'x'
    """
    mechanism, wrong = read_tables(data, file, base, sha256)
    if wrong:
        raise MechanismError(wrong)
    found = [dataclasses.replace(p, file=file) for p in consistency.problems(mechanism)]
    if found:
        raise MechanismError(found)
    return dataclasses.replace(mechanism, warnings=tuple(consistency.remarks(mechanism)))

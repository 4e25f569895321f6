"""Measured voltammograms: a table of potential and current, with units in its head, to SI numbers."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simcell import units
from simcell.errors import InputError, Problem

KINDS = {"time": "time", "potential": "voltage", "current": "current"}
_NAMES = {"t": "time", "e": "potential", "ewe": "potential", "i": "current", **{name: name for name in KINDS}}
_HEAD = re.compile(r"^\s*([A-Za-z]+)\s*(?:\[(.+)\]|\((.+)\)|/\s*(.+?))\s*$")
_EXAMPLE = "time [s],potential [V],current [nA]"


@dataclass(frozen=True, eq=False)
class Measured:
    """Columns of a voltammogram, SI units.

    Examples
    --------
    >>> Measured(np.zeros(2), np.zeros(2), np.zeros(2)).time.size
    2
    """

    time: NDArray[np.float64]
    potential: NDArray[np.float64]
    current: NDArray[np.float64]


def read_voltammogram(path: Path, scan_rate: float | None = None) -> Measured:
    """Read a CSV file with a head such as ``time [s],potential [V],current [nA]``.

    Parameters
    ----------
    path : Path
    scan_rate : float, optional
        [V/s]; makes the times where the file has none.

    Returns
    -------
    Measured

    Raises
    ------
    InputError
        For columns or numbers that cannot be read, naming them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "cv.csv"
    ...     _ = path.write_text("potential [mV],current [nA]\\n0,1\\n50,2\\n0,1\\n")
    ...     read_voltammogram(path, scan_rate=0.05).time
    array([0., 1., 2.])
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(str(path), "", None, f"cannot be read: {error}")) from None
    rows = [row for row in csv.reader(line for line in lines if line.strip() and not line.startswith("#")) if row]
    if len(rows) < 3:
        raise InputError(Problem(str(path), "", None, "holds no table of a voltammogram", _EXAMPLE))
    columns = _columns(str(path), rows[0])
    if "time" not in columns and scan_rate is None:
        reason = "has no column of times: give the scan rate, --scan-rate"
        raise InputError(Problem(str(path), "", None, reason, '"50 mV/s"'))
    found = {name: _numbers(str(path), rows, at) * factor for name, (at, factor) in columns.items()}
    if "time" not in found:
        assert scan_rate is not None
        steps = np.abs(np.diff(found["potential"]))
        if (steps == 0.0).any():
            reason = "repeats a potential from one row to the next, so times cannot be made from the scan rate"
            raise InputError(Problem(str(path), "potential", None, reason))
        found["time"] = np.concatenate([[0.0], np.cumsum(steps)]) / scan_rate
    return Measured(found["time"], found["potential"], found["current"])


def _columns(path: str, head: list[str]) -> dict[str, tuple[int, float]]:
    """Where each quantity stands, and its unit in SI units."""
    found: dict[str, tuple[int, float]] = {}
    for at, text in enumerate(head):
        match = _HEAD.match(text)
        name = _NAMES.get(match[1].casefold()) if match else None
        if match is None or name is None:
            continue
        unit = next(part for part in match.groups()[1:] if part)
        try:
            found[name] = (at, units.parse(f"1 {unit}", KINDS[name]))
        except units.UnitError as error:
            raise InputError(Problem(path, text, None, error.reason, _EXAMPLE)) from None
    if missing := {"potential", "current"} - set(found):
        reason = f"has no column of {' and '.join(sorted(missing))} with a unit; its head is {', '.join(head)!r}"
        raise InputError(Problem(path, "", None, reason, _EXAMPLE))
    return found


def _numbers(path: str, rows: list[list[str]], at: int) -> NDArray[np.float64]:
    values = np.empty(len(rows) - 1)
    for n, row in enumerate(rows[1:]):
        try:
            values[n] = float(row[at])
        except (ValueError, IndexError):
            shown = row[at] if at < len(row) else ""
            raise InputError(Problem(path, f"row {n + 2}", shown, "is no number", "-1.5e-3")) from None
    return values

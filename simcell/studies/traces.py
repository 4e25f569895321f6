"""Measured traces: a CSV table of outputs against time, with a unit in each title.

The first line holds titles: ``time [s]``, then outputs by name (`simcell.studies.outputs`) with their unit,
``concentration.H2O2 [mmol/L]`` or ``electrode_current.working [nA]``; without brackets a pure number. A column
``NAME sigma [unit]`` gives the standard deviation of each value. Empty cells are gaps. Lines that begin with # count as
remarks. Files of potentiostats are read as well (`simcell.studies.instruments`): they give `electrode_current` and
`electrode_potential` of the working electrode.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simcell import units
from simcell.errors import InputError, Problem
from simcell.studies.instruments import instrument_columns, is_instrument

_TITLE = re.compile(r"\s*(?P<name>[^\[\]]+?)\s*(?:\[\s*(?P<unit>[^\]]+?)\s*\])?\s*")
_SIGMA = " sigma"


@dataclass(frozen=True)
class Trace:
    """Measured outputs against time, in the units of the file.

    Examples
    --------
    >>> Trace(np.array([0.0, 1.0]), {"pH": np.array([7.0, 4.6])}, {"pH": "1"}, {}).points
    2
    """

    time: np.ndarray  # s
    values: dict[str, np.ndarray]  # by name; NaN for a gap
    unit: dict[str, str]  # of each, as the file has it
    sigma: dict[str, np.ndarray]  # standard deviation of those outputs that have one

    @property
    def points(self) -> int:
        """Number of values that are no gaps."""
        return int(sum(np.isfinite(v).sum() for v in self.values.values()))


def read_trace(path: str | Path, working: str = "working", wanted: Sequence[str] = ()) -> Trace:
    """Read a trace.

    Parameters
    ----------
    path : str or Path
        A CSV, or a file of a potentiostat.
    working : str
        Name of the working electrode, for a file that does not name it.
    wanted : sequence of str
        The outputs to keep; default all.

    Returns
    -------
    Trace

    Raises
    ------
    InputError
        Naming line and column of what cannot be read.

    Examples
    --------
    >>> read_trace("nothing.csv")
    Traceback (most recent call last):
    simcell.errors.InputError: nothing.csv: there is no such file
    """
    found = _of_instrument(Path(path), working) if is_instrument(Path(path)) else _of_table(path)
    if unknown := [name for name in wanted if name not in found.values]:
        reason = f"is not in the file, which has {', '.join(found.values)}"
        raise InputError(Problem(str(path), "--output-of", unknown[0], reason))
    kept = [name for name in found.values if name in wanted or not wanted]
    return Trace(
        found.time, {n: found.values[n] for n in kept}, {n: found.unit[n] for n in kept},
        {n: s for n, s in found.sigma.items() if n in kept},
    )  # fmt: skip


def _of_instrument(path: Path, working: str) -> Trace:
    columns = instrument_columns(path)
    if columns["time"].size < 2:
        raise InputError(Problem(str(path), "", None, "holds no trace: fewer than two times above zero"))
    known = {"current": (f"electrode_current.{working}", "A"), "potential": (f"electrode_potential.{working}", "V")}
    values = {name: columns[what] for what, (name, _) in known.items() if what in columns}
    return Trace(columns["time"], values, {name: unit for name, unit in known.values() if name in values}, {})


def _of_table(path: str | Path) -> Trace:
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = [(n, row) for n, row in enumerate(csv.reader(file), 1) if row and not row[0].startswith("#")]
    except FileNotFoundError:
        raise InputError(Problem(str(path), "", None, "there is no such file")) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(Problem(str(path), "", None, f"cannot be read ({error})")) from None
    if len(rows) < 3:
        raise InputError(Problem(str(path), "", None, "holds no trace: a line of titles and two of numbers are needed"))
    titles = [_title(str(path), text) for text in rows[0][1]]
    if titles[0][0] != "time" or titles[0][1] is None:
        example = '"time [s],concentration.H2O2 [mmol/L]"'
        raise InputError(Problem(str(path), "line 1", rows[0][1][0], "must be the time with its unit", example))
    table = np.array([_numbers(str(path), n, row, len(titles)) for n, row in rows[1:]]).T
    time = table[0] * float(units.quantity(1.0, titles[0][1]).to("s").magnitude)
    if not np.isfinite(time).all() or (np.diff(time) <= 0.0).any() or time[0] < 0.0:
        raise InputError(Problem(str(path), "time", None, "must increase from line to line, from 0 on, without gaps"))
    names = [name for name, _ in titles[1:]]
    if len(set(names)) < len(names) or not any(not n.endswith(_SIGMA) for n in names):
        raise InputError(Problem(str(path), "line 1", None, "must name at least one output, each once"))
    values = {n: column for n, column in zip(names, table[1:], strict=True) if not n.endswith(_SIGMA)}
    given = {n.removesuffix(_SIGMA): c for n, c in zip(names, table[1:], strict=True) if n.endswith(_SIGMA)}
    unit = {name: text or "1" for name, text in titles[1:]}
    for name, column in given.items():
        if name not in values or unit[name] != unit[name + _SIGMA] or not (column > 0.0).all():
            reason = "must belong to a column of the same name and unit, all above zero"
            raise InputError(Problem(str(path), name + _SIGMA, None, reason))
    return Trace(time, values, {name: unit[name] for name in values}, given)


def factor_to(unit: str, si: str, name: str) -> float:
    """What a number in one unit is multiplied with to have another.

    Raises
    ------
    InputError
        If the units do not measure the same.

    Examples
    --------
    >>> round(factor_to("umol/L", "mol/m^3", "concentration.H2O2"), 9)
    0.001
    """
    try:
        return float(units.quantity(1.0, unit).to(si).magnitude)
    except Exception as error:  # pint has many
        raise InputError(Problem("", name, unit, f"is no unit for this; the result has {si} ({error})")) from None


def _title(path: str, text: str) -> tuple[str, str | None]:
    found = _TITLE.fullmatch(text)
    if found is None:
        raise InputError(Problem(path, "line 1", text, "is no title", '"pH" or "electrode_current.working [nA]"'))
    return found["name"], found["unit"]


def _numbers(path: str, line: int, row: list[str], columns: int) -> list[float]:
    if len(row) != columns:
        raise InputError(Problem(path, f"line {line}", None, f"has {len(row)} cells, the titles are {columns}"))
    try:
        return [float(cell) if cell.strip() else np.nan for cell in row]
    except ValueError:
        bad = next(cell for cell in row if cell.strip() and not _is_number(cell))
        raise InputError(Problem(path, f"line {line}", bad, "is not a number", '"1.5e-9"')) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

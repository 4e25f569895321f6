"""What several commands need: options with units, tables, JSON and the word about compiling."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from simcell.errors import InputError, Problem

if TYPE_CHECKING:
    from simcell.inputs.case import CaseInput

JSON = typer.Option(False, "--json", help="Print one JSON object instead of a table.")
FORCE = typer.Option(False, "--force", "-f", help="Replace the output file where it exists.")
QUIET = typer.Option(False, "--quiet", "-q", help="Say nothing but errors.")


def parse_options(texts: Mapping[str, tuple[str | None, str]]) -> dict[str, float | None]:
    """Turn the text of options into SI numbers and report all that are wrong at once.

    Parameters
    ----------
    texts : mapping
        Name of an option -> (its text or None, its kind as in `simcell.units.kinds`).

    Returns
    -------
    dict
        Name of an option -> SI number, None where it was not given.

    Raises
    ------
    InputError
        With one problem for each option that cannot be read.

    Examples
    --------
    >>> parse_options({"--energy": ("300 keV", "energy"), "--time": (None, "time")})
    {'--energy': 4.80652...e-14, '--time': None}
    """
    from simcell.units import UnitError, parse

    values: dict[str, float | None] = {}
    problems = []
    for name, (text, kind) in texts.items():
        try:
            values[name] = None if text is None else parse(text, kind)
        except UnitError as error:
            problems.append(Problem("", name, text, error.reason, error.example))
    if problems:
        raise InputError(problems)
    return values


def table(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> str:
    """Return rows as aligned columns of text, the same on a terminal and in a file.

    Parameters
    ----------
    rows : sequence of sequences of str
        Cells; all rows of the same length.
    header : sequence of str
        Titles of the columns, set off by a line of dashes.

    Returns
    -------
    str

    Examples
    --------
    >>> print(table([("pH", "6.1"), ("H2", "1.8 mM")], header=("what", "value")))
    what  value
    ----  ------
    pH    6.1
    H2    1.8 mM
    """
    lines = [tuple(header), *rows] if header else list(rows)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))] if lines else []
    if header:
        lines.insert(1, tuple("-" * w for w in widths))
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def print_json(data: Any) -> None:
    """Print data as JSON on stdout; NaN and infinity become null, because JSON has no word for them.

    Other letters than those of ASCII are escaped, so that the text is the same JSON in every encoding of a console.

    Parameters
    ----------
    data : dict, list, str, float, bool or None
        What to print.

    Examples
    --------
    >>> print_json({"pH": {"value": float("nan"), "unit": "1"}})
    {
      "pH": {
        "value": null,
        "unit": "1"
      }
    }
    """
    typer.echo(json.dumps(_finite(data), indent=2, ensure_ascii=True, allow_nan=False))


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    if hasattr(data, "item") and not isinstance(data, str):  # numpy scalars
        data = data.item()
    if isinstance(data, float) and not (-float("inf") < data < float("inf")):
        return None
    return data


def note(message: str, quiet: bool = False) -> None:
    """Say something on stderr, where it is not in the way of a table or of JSON.

    Parameters
    ----------
    message : str
        One line.
    quiet : bool
        Say nothing.

    Examples
    --------
    >>> note("not said", quiet=True)
    """
    if not quiet:
        typer.echo(message, err=True)


def output_path(path: Path, force: bool, suffixes: Sequence[str] = ()) -> Path:
    """Check that a file can be written before any work is done.

    Parameters
    ----------
    path : Path
        The file to be written.
    force : bool
        Whether an existing file may be replaced.
    suffixes : sequence of str
        Endings that are understood, with their dot; none means any.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    SimcellError
        Where it is a folder, exists, or has no writable folder or no known ending.

    Examples
    --------
    >>> output_path(Path("new.nc"), force=False).name
    'new.nc'
    """
    from simcell.results.files import check_writable

    shown = str(path)
    if suffixes and path.suffix.lower() not in suffixes and not path.is_dir():
        raise InputError(Problem("", "--output", shown, f"its ending must be {' or '.join(suffixes)}"))
    if path.is_file() and not force:
        raise InputError(Problem("", "--output", shown, "exists already; add --force to replace it"))
    check_writable(path, overwrite=force)
    return path


# The kernel that is compiled last, and how long all of them take.
LAST = {
    "batch": ("simcell.chemistry.kernels", "advance", "10 to 20 s"),
    "radial": ("simcell.radiolysis.kernels", "advance_line", "half a minute"),
    "field": ("simcell.radiolysis.kernels_multigrid", "gmres", "minutes"),
    "currents": ("simcell.numerics.kernels_multigrid", "start_points", "half a minute"),
    "ions on a line": ("simcell.transport.kernels", "step", "minute"),
    "ions": ("simcell.transport.kernels_columns", "cycle", "minute"),
    "growth": ("simcell.dendrite.kernels", "extend", "half a minute"),
}


def kernels_for(case: CaseInput) -> str:
    """Which kernels a case needs, a key of `LAST`.

    Examples
    --------
    >>> from simcell.case import Case
    >>> kernels_for(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input)
    'batch'
    """
    geometry = case.grid.geometry
    if "dendrite" in case.case.physics:
        return "growth"
    if "transport" in case.case.physics:
        from simcell.studies.transport import is_tertiary

        if not is_tertiary(case):
            return "currents"
        return "ions on a line" if geometry == "line" else "ions"
    return geometry if geometry in LAST else "field"


def announce_compilation(case: CaseInput, quiet: bool = False) -> None:
    """Say that kernels compile once, where no compiled ones are found for the present source.

    Parameters
    ----------
    case : CaseInput
    quiet : bool
        Say nothing.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> announce_compilation(case, quiet=True)
    """
    if quiet:
        return
    module, function, wait = LAST[kernels_for(case)]
    last = getattr(importlib.import_module(module), function)
    source, name = Path(inspect.getfile(last.py_func)), last.py_func.__name__
    try:
        folder = Path(last.stats.cache_path)
        kept = [f for f in folder.glob(f"{source.stem}.{name}*.nbi") if f.stat().st_mtime >= source.stat().st_mtime]
    except (AttributeError, OSError):
        kept = []
    if not kept:
        note(f"compiling kernels (first run only, some {wait}) ...")

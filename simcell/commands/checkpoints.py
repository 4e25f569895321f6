"""What `simcell run` does so that a long run is not lost: checkpoints beside the result, and a place for a result that
the disk has no room for.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from simcell.commands.shared import note, parse_options
from simcell.errors import InputError, Problem, ResultError

if TYPE_CHECKING:
    import xarray

    from simcell.case import Case
    from simcell.results.checkpoint import Checkpoint

CHECKPOINT = typer.Option("10 min", "--checkpoint", metavar="TIME", help="Time between two checkpoints of a long run.")
RESUME = typer.Option(False, "--resume", help="Go on with a run that was interrupted, from its checkpoint.")


def may_replace(target: Path, resume: bool, force: bool) -> bool:
    """Tell whether an existing result may be replaced: on request, or if it is the part that is gone on with.

    Examples
    --------
    >>> may_replace(Path("out.nc"), resume=False, force=False)
    False
    """
    if force or not (resume and target.is_file()):
        return force
    from simcell.results.provenance import read_provenance
    from simcell.results.store import read

    if read_provenance(read(target))["status"] == "complete":
        reason = "is complete already; there is nothing to go on with"
        raise InputError(Problem("", "--resume", str(target), reason))
    return True


def keeper_of(case: Case, target: Path, every: str, resume: bool) -> Checkpoint:
    """The checkpoint of a run, beside its result; with `resume` it holds the state to go on from."""
    from simcell.results.checkpoint import Checkpoint, identity

    seconds = parse_options({"--checkpoint": (every, "time")})["--checkpoint"]
    assert seconds is not None
    if not seconds > 0.0:
        raise InputError(Problem("", "--checkpoint", every, "must be above 0 s", '"10 min"'))
    keeper = Checkpoint(target.with_suffix(".checkpoint.npz"), identity(case), seconds, note)
    if resume:
        keeper.load()
    return keeper


def interrupted(target: Path, keeper: Checkpoint | None, status: str | None) -> None:
    """Say what an interrupt has left, and how to go on."""
    if status is not None:
        note(f"interrupted: {target} holds what was reached and is marked {status}")
    if keeper is not None and keeper.written:
        note(f"{keeper.path} holds the state: repeat the command with --resume to go on")
    elif status is None:
        note("interrupted before there was anything to keep; nothing was written")


def save(tree: xarray.DataTree, target: Path, replace: bool) -> None:
    """Write a result; where that fails, put it into the system's folder for temporary files rather than lose it."""
    from simcell.results.store import write

    try:
        write(tree, target, overwrite=replace)
    except ResultError as error:
        spare = Path(tempfile.mkdtemp(prefix="simcell-")) / target.name
        try:
            write(tree, spare)
        except ResultError:
            raise error from None
        raise ResultError(f"{error}\nthe result lies in {spare} instead; move it where there is room") from None

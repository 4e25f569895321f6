"""Checkpoints on disk: the state of a long run, replaced every few minutes and when the run is interrupted."""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell import __version__
from simcell.errors import ResultError
from simcell.results.files import atomic

if TYPE_CHECKING:
    from simcell.case import Case

_WHOSE = "simcell_checkpoint"


class Checkpoint:
    """Keeps the state of one run in a file, whole or not at all; an integrator calls `offer`.

    A checkpoint that cannot be written (a full disk) does not end the run: it is told once, and the run goes on.

    Parameters
    ----------
    path : str or Path
        Ends in ``.npz``.
    whose : mapping
        What names the run (`identity`); the state is refused to any other.
    every : float
        Time [s] between two checkpoints.
    tell : callable
        Called with a line where one could not be written.

    Attributes
    ----------
    state : mapping or None
        What to go on from.
    written : bool
        Whether the file holds a state of this run.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = Checkpoint(Path(folder) / "run.checkpoint.npz", {"hash": "1f"}, 600.0, print)
    ...     kept.offer(lambda: {"time": 2.0}, last=True)
    ...     again = Checkpoint(kept.path, {"hash": "1f"}, 600.0, print)
    ...     again.load()
    ...     float(again.state["time"])
    2.0
    """

    def __init__(self, path: str | Path, whose: Mapping[str, Any], every: float, tell: Callable[[str], None]):
        self.path = Path(path)
        self.state: Mapping[str, Any] | None = None
        self.written = False
        self._whose = json.dumps(whose, sort_keys=True)
        self._every, self._tell, self._told = every, tell, False
        self._last = time.monotonic()

    def load(self) -> None:
        """Read the state that the file holds.

        Raises
        ------
        ResultError
            If there is no file, it is damaged, or it belongs to another run.
        """
        if not self.path.is_file():
            raise ResultError(f"{self.path}: there is no such checkpoint; run without --resume to begin anew")
        try:
            with np.load(self.path, allow_pickle=False) as file:
                content = {name: file[name] for name in file.files}
            whose = str(content.pop(_WHOSE))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ResultError(
                f"{self.path}: the checkpoint is damaged ({error}); remove it and run without --resume to begin anew"
            ) from error
        if whose != self._whose:
            raise ResultError(
                f"{self.path} belongs to another run (another case, mechanism or version of simcell); "
                "repeat the command with which it began, or run without --resume"
            )
        self.state, self.written = content, True

    def offer(self, make: Callable[[], Mapping[str, Any]], last: bool = False) -> None:
        """Write the state if it is time to, or if the run ends here."""
        if not last and time.monotonic() - self._last < self._every:
            return
        try:
            with atomic(self.path) as temporary, temporary.open("wb") as file:
                np.savez(file, **{_WHOSE: np.array(self._whose)}, **make())  # type: ignore[arg-type]
            self.written = True
        except ResultError as error:
            if last or not self._told:
                self._tell(f"no checkpoint: {error}; the run itself goes on" if not last else f"no checkpoint: {error}")
            self._told = True
        self._last = time.monotonic()

    def remove(self) -> None:
        """Take the file away: the run is complete."""
        self.path.unlink(missing_ok=True)


def identity(case: Case) -> dict[str, Any]:
    """What names a run: its case in SI units, the files of its mechanism, the version of simcell.

    Examples
    --------
    >>> from simcell.case import Case
    >>> sorted(identity(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})))
    ['files', 'hash', 'simcell']
    """
    from simcell.inputs.mechanism import load_mechanism

    wanted = "radiolysis" in case.input.case.physics
    files = dict(load_mechanism(case.input.electrolyte.mechanism, case.folder).files) if wanted else {}
    if (cell := case.input.dendrite.cell) is not None:
        content = ((case.folder or Path()) / cell).read_bytes()
        files[cell] = hashlib.sha256(content).hexdigest()
    return {"hash": case.hash, "files": files, "simcell": __version__}

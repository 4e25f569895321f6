"""Put a file in place whole or not at all, on every system, with errors that help.

A file is written under a temporary name in the same folder, flushed to the disk and then renamed. A crash, a
full disk or Ctrl-C at any time leaves the old file or the new one, never half of one.
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from simcell.errors import ResultError

_REPLACE_TRIES = 6  # Windows: a virus scanner or an open viewer may hold the old file for a moment


def check_writable(path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Refuse a bad output path before a long run, not after it.

    Parameters
    ----------
    path : path-like
    overwrite : bool
        Whether an existing file may be replaced.

    Returns
    -------
    pathlib.Path
        The absolute path; links are followed, so that writing replaces the file and not the link.

    Raises
    ------
    ResultError
        For a missing or unwritable folder, a directory, a device, or a file that exists already.

    Examples
    --------
    >>> check_writable("nowhere/out.nc")
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: nowhere/out.nc: the folder nowhere does not exist; create it first
    """
    shown = os.fspath(path)
    try:
        target = Path(os.path.realpath(path))
        folder = target.parent
        if not shown or target.is_dir():
            raise ResultError(f'"{shown}" is a folder; give a file name, for example "out.nc"')
        if not folder.is_dir():
            raise ResultError(f"{shown}: the folder {Path(shown).parent} does not exist; create it first")
        if target.exists() and not target.is_file():
            raise ResultError(f"{shown} is not a regular file and is left alone")
        if target.exists() and not overwrite:
            raise ResultError(f"{shown} exists already; choose another name, or allow overwriting it")
        probe = _temporary(target)
        probe.touch(exist_ok=False)
        probe.unlink()
    except (OSError, ValueError) as error:
        raise _told(error, shown) from error
    return target


@contextmanager
def atomic(target: Path, overwrite: bool = True) -> Iterator[Path]:
    """Give a temporary path in the folder of `target`; on success move it there, else remove it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic(Path(folder) / "note.txt") as temporary:
    ...         size = temporary.write_text("done")
    ...     [p.name for p in Path(folder).iterdir()]
    ['note.txt']
    """
    temporary = _temporary(target)
    try:
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        if target.exists() and not overwrite:
            raise ResultError(f"{target} appeared during the run; it is left alone")
        _patiently(lambda: os.replace(temporary, target))  # noqa: PTH105
        _sync_folder(target.parent)
    except (OSError, RuntimeError) as error:
        raise _told(error, str(target)) from error
    finally:
        with suppress(OSError):
            _patiently(lambda: temporary.unlink(missing_ok=True))


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}.tmp")


def _patiently(action: Callable[[], Any]) -> None:
    for attempt in range(_REPLACE_TRIES):
        try:
            action()
            return
        except PermissionError:
            if attempt == _REPLACE_TRIES - 1:
                raise
            time.sleep(0.02 * 2**attempt)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a directory cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # some network file systems refuse this; the rename itself is done
        os.fsync(descriptor)
    os.close(descriptor)


def _told(error: Exception, path: str) -> ResultError:
    number, text = getattr(error, "errno", None), str(error)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or "No space left" in text or "File too large" in text:
        return ResultError(f"{path}: no room left on the disk; nothing was written")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ResultError(
            f"{path}: no permission to write here; choose another folder, or close the program that has the file open"
        )
    if number == errno.ENAMETOOLONG:
        return ResultError(f"{path[:60]}...: the name is too long")
    return ResultError(f"{path}: cannot be written ({text})")

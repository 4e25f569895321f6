"""Where simcell keeps what is slow to make: generated kernels, the table of units."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Folder for things that can be made again: below `NUMBA_CACHE_DIR` if that is set, else the user's cache folder.

    Returns
    -------
    Path
        It may not exist, and may not be writable.

    Examples
    --------
    >>> cache_folder().name
    'simcell'
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return Path(os.environ["NUMBA_CACHE_DIR"]) / "simcell"
    base = os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "simcell"

"""The Numba decorators of the project.

`cache=True` where a cache folder can be written, a plain compile where none can (the plain decorator fails at
import there), `error_model="numpy"` so that 1/0 gives inf and the NaN guards work, serial (parallelism belongs to the
sweep). Of `fastmath` only `FUSE`: the whole of it would turn `isnan` off.

Numba keeps machine code for as long as the file of the function itself is unchanged, and so would go on using an old
callee out of another file. Here the code is kept for as long as every file of kernels is unchanged, so that kernels may
call each other across files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core.compiler import Compiler

FUSE = {"contract"}  # a * b + c as one instruction with one rounding; NaN and infinity stay what they are
logger = logging.getLogger("simcell")


def njit(function: Callable[..., Any]) -> Any:
    """Compile a kernel on first call and keep the machine code for later processes.

    Parameters
    ----------
    function : callable
        A plain function of numbers and float64/int64 arrays.

    Returns
    -------
    numba dispatcher

    Examples
    --------
    >>> @njit
    ... def half(x):
    ...     return 0.5 * x
    >>> half(3.0)
    1.5
    """
    return _compiled(function, Compiler)


def njit_apart(function: Callable[..., Any]) -> Any:
    """As `njit`, for kernels whose array arguments never overlap where one of them is written.

    The compiler is told so, and need not test it before every short loop. What passes the same memory twice gets wrong
    numbers without a warning: only for kernels that own all their work arrays.

    Parameters
    ----------
    function : callable
        A plain function of numbers and float64/int64 arrays.

    Returns
    -------
    numba dispatcher

    Examples
    --------
    >>> @njit_apart
    ... def third(x):
    ...     return x / 3.0
    >>> third(3.0)
    1.0
    """
    return _compiled(function, _Apart)


class _Apart(Compiler):
    """Numba's own compiler with the arguments marked `noalias`, which it has no option for."""

    def define_pipelines(self) -> Any:
        self.state.flags.noalias = True
        return super().define_pipelines()


def _compiled(function: Callable[..., Any], compiler: type) -> Any:
    options: dict[str, Any] = {"error_model": "numpy", "fastmath": FUSE, "pipeline_class": compiler}
    try:
        return _kept_for(numba.njit(cache=True, **options)(function))
    except RuntimeError as error:  # numba: "cannot cache function ...: no locator available"
        logger.warning("compiled code cannot be kept (%s); every start compiles again", error)
        return numba.njit(**options)(function)


@cache
def _newest() -> tuple[int, int]:
    """Latest change [ns] and total size of all files of kernels: kernels*.py of every part, and this one."""
    files = [Path(__file__), *Path(__file__).parents[1].glob("*/kernels*.py")]
    found = [file.stat() for file in files]
    return max(s.st_mtime_ns for s in found), sum(s.st_size for s in found)


def _kept_for(compiled: Any) -> Any:
    """Make kept machine code depend on all files of kernels; without compilation there is none to keep."""
    file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if file is not None:
        file._source_stamp = (file._source_stamp, _newest())
    return compiled

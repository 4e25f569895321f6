"""The one Numba decorator of the project.

`cache=True` where a cache folder can be written, a plain compile where none can (the plain decorator fails at
import there), `error_model="numpy"` so that 1/0 gives inf and the NaN guards work, serial (parallelism belongs to the
sweep). Of `fastmath` only `FUSE`: the whole of it would turn `isnan` off.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numba

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
    try:
        return numba.njit(cache=True, error_model="numpy", fastmath=FUSE)(function)
    except RuntimeError as error:  # numba: "cannot cache function ...: no locator available"
        logger.warning("compiled code cannot be kept (%s); every start compiles again", error)
        return numba.njit(error_model="numpy", fastmath=FUSE)(function)

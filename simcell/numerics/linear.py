"""Which solver for which grid: banded factors for thin sections, multigrid for the rest."""

from __future__ import annotations

from typing import Protocol

from simcell.numerics import banded
from simcell.numerics.diffusion import Diffusion
from simcell.numerics.grid import Array
from simcell.numerics.multigrid import Multigrid

WIDEST = 40  # cells of the short axis up to which banded factors beat multigrid [measured: docs/theory/current.md]


class Solver(Protocol):
    """What solves the equations of one operator for any number of right sides.

    Examples
    --------
    >>> issubclass(Multigrid, object)
    True
    """

    iterations: int
    residual: float

    def solve(self, right: Array, rtol: float = 1e-10, start: Array | None = None) -> Array:
        """Solution for a right side shaped like the grid, to a residual over right side of rtol (Euclidean norms)."""
        ...


def solver(system: Diffusion, method: str = "auto", limit: int = 400) -> Solver:
    """Prepare a solver of ``system.apply(u) = b``.

    Parameters
    ----------
    system : Diffusion
    method : str
        ``banded``, ``multigrid`` or ``auto``: banded where the grid has two axes, neither periodic, and the shorter has
        at most `WIDEST` cells.
    limit : int
        Multigrid: largest number of iterations.

    Returns
    -------
    Solver

    Raises
    ------
    ValueError
        For an unknown method, or one that does not suit the grid.

    Examples
    --------
    >>> from simcell.numerics.diffusion import conduction
    >>> from simcell.numerics.grid import section
    >>> system = conduction(section([0.0, 1.0, 2.0], [0.0, 1.0]), 1.0, fixed=["x-"])
    >>> type(solver(system)).__name__
    'Banded'
    """
    short = sorted(system.shape)[1]
    if method == "banded" or (method == "auto" and banded.suits(system) and short <= WIDEST):
        return banded.Banded(system)
    if method in {"auto", "multigrid"}:
        return Multigrid(system, limit)
    raise ValueError(f"there is no linear solver {method!r}: auto, banded, multigrid")

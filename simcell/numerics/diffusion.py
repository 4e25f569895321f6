r"""The discrete operator of steady diffusion or conduction with coefficients that vary from cell to cell.

For the unknown u of each cell

.. math:: \sum_\text{faces} T (u - u_\text{neighbour}) + s\, u = b, \qquad
          T = \frac{A}{\ell_1/k_1 + \ell_2/k_2}

with the area A of a face, the distances :math:`\ell` from the face to the centres on its two sides and the coefficient
k of each cell: two half cells in series, so the flux is continuous where k jumps (S. V. Patankar, Numerical Heat
Transfer and Fluid Flow, 1980, section 4.2-3). The matrix is symmetric and an M-matrix: no solution overshoots what
drives it. Links at an end of the grid go to a value that is fixed there; without one they are zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from simcell.numerics import kernels_multigrid
from simcell.numerics.grid import AXES, Array, Grid, Three


@dataclass(frozen=True, eq=False)
class Diffusion:
    """Links between cells, to fixed values at the ends, and losses inside the cells.

    Parameters
    ----------
    links : three arrays
        Conductance of each face, shaped like `Grid.area`; entries at an end link to the value fixed there. Along a
        periodic axis the first and the last entry are the same face.
    sink : (nz, ny, nx) array
        Conductance from each cell to zero, not negative.
    periodic : three bool

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> system = conduction(section([0.0, 1.0, 2.0], [0.0, 1.0]), 3.0, fixed=["x-"])
    >>> system.apply(np.ones((1, 1, 2))).ravel()
    array([6., 0.])
    """

    links: Three
    sink: Array
    periodic: tuple[bool, bool, bool] = (False, False, False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of cells along z, y, x."""
        nz, ny, nx = self.sink.shape
        return nz, ny, nx

    @property
    def grounded(self) -> bool:
        """Whether anything ties the solution to a value: a sink, or a fixed value at an end."""
        ends = (
            _part(link, axis, at, at + 1).any()
            for axis, link in enumerate(self.links)
            if not self.periodic[axis]
            for at in (0, self.sink.shape[axis])
        )
        return bool(self.sink.any()) or any(ends)

    def diagonal(self) -> Array:
        """Sum of all conductances of each cell; 1 for cells that have none, where solvers give u = b."""
        total = self.sink.copy()
        for axis, link in enumerate(self.links):
            n = self.sink.shape[axis]
            total += np.take(link, range(n), axis) + np.take(link, range(1, n + 1), axis)
        return np.where(total > 0.0, total, 1.0)

    def apply(self, u: Array) -> Array:
        """Left side of the equation, with zero as the value at the ends; what one cell loses another gains exactly."""
        result, wraps = np.empty(self.sink.shape), np.array(self.periodic)
        kernels_multigrid.balance(*self.links, self.sink, np.ascontiguousarray(u, dtype=float), wraps, result)
        return result

    def with_sink(self, sink: Array) -> Diffusion:
        """Give the same links with other losses."""
        return replace(self, sink=sink)


def conduction(grid: Grid, coefficient: ArrayLike, fixed: Iterable[str] = ()) -> Diffusion:
    """Links of a grid for a coefficient (conductivity, diffusivity) given per cell.

    Parameters
    ----------
    grid : Grid
    coefficient : float or (nz, ny, nx) array
        Positive where there is liquid.
    fixed : sides, for example ``["x-", "z-"]``
        Where a value is fixed; nothing passes the other ends.

    Returns
    -------
    Diffusion

    Raises
    ------
    ValueError
        If the coefficient is not positive and finite somewhere in the liquid, or a side does not exist.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> conduction(section([0.0, 1.0, 2.0], [0.0, 1.0]), [[[1.0, 3.0]]]).links[2].ravel()
    array([0. , 1.5, 0. ])
    """
    k = np.array(np.broadcast_to(np.asarray(coefficient, dtype=float), grid.shape))
    bad = grid.mask & ~(np.isfinite(k) & (k > 0.0))
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"the coefficient is {k[where]:g} in cell (z, y, x) = {where}; it must be positive and finite")
    sides = set(fixed)
    if unknown := sides - {name + sign for name in AXES for sign in "-+"}:
        raise ValueError(f"there is no side {sorted(unknown)[0]!r}: x-, x+, y-, y+, z-, z+")
    resistivity = np.where(grid.mask, 1.0 / np.where(grid.mask, k, 1.0), 1.0)
    links = tuple(_links(grid, resistivity, axis, sides) for axis in range(3))
    return Diffusion((links[0], links[1], links[2]), np.zeros(grid.shape), grid.periodic)


def _links(grid: Grid, resistivity: Array, axis: int, fixed: set[str]) -> Array:
    n = grid.shape[axis]
    shape = [1, 1, 1]
    shape[axis] = n + 1
    lower = grid.weight(axis).reshape(shape)  # share of the distance that lies in the upper cell
    below, above = _part(resistivity, axis, 0, 1), _part(resistivity, axis, n - 1, n)
    if grid.periodic[axis]:
        below, above = above, below
    before, after = np.concatenate([below, resistivity], axis=axis), np.concatenate([resistivity, above], axis=axis)
    mean = (1.0 - lower) * before + lower * after
    link = grid.area[axis] / (grid.distance[axis] * mean)
    if not grid.periodic[axis]:
        for sign, at in (("-", 0), ("+", n)):
            if AXES[axis] + sign not in fixed:
                _part(link, axis, at, at + 1)[...] = 0.0
    return link


def _part(values: Array, axis: int, start: int, stop: int) -> Array:
    index = [slice(None)] * 3
    index[axis] = slice(start, stop)
    return values[tuple(index)]

r"""A V-cycle in single precision for one layer of square cells: a preconditioner that costs little.

The operator is that of `simcell.numerics.diffusion` on one layer, the hierarchy that of `simcell.numerics.multigrid`
(links in series along an axis, in parallel across it; residuals summed, corrections copied), joined along both axes at
once. Cells of two colours are stored apart and the operator is scaled to a unit diagonal (`kernels_cycle`). A
preconditioner only has to be right to a few digits, so it is kept in single precision: half the bytes, twice the
numbers in a vector register. The cycle is symmetric. Odd numbers of cells are filled up with empty ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcell.numerics import kernels_cycle as kernels

Array = NDArray[np.float64]
Single = NDArray[np.float32]
COARSEST = 16  # cells of the coarsest level, whose dense inverse is kept


@dataclass(eq=False)
class _Level:
    """Operator, its scaled links at the red cells, right side and unknown by colour."""

    y: Single
    x: Single
    sink: Single
    root: Single
    links: tuple[Single, Single, Single, Single]
    weight: Single
    f: tuple[Single, Single]
    u: tuple[Single, Single]
    work: Single


class Cycle:
    """V-cycle for grids of one shape; `set` gives it an operator.

    Parameters
    ----------
    shape : (int, int)
        Cells.
    sweeps : int
        Sweeps before and after the coarser levels.

    Examples
    --------
    >>> y, x, sink = np.zeros((4, 4)), np.zeros((3, 5)), np.full((3, 4), 0.1)
    >>> y[1:-1], x[:, 1:-1] = 1.0, 1.0
    >>> Cycle((3, 4)).set(y, x, sink)(sink).round(5).max()  # the coarsest level alone: exact
    np.float32(1.0)
    """

    def __init__(self, shape: tuple[int, int], sweeps: int = 2) -> None:
        self.sweeps = sweeps
        self.levels: list[_Level] = []
        while True:
            self.levels.append(_level(shape))
            if shape[0] * shape[1] <= COARSEST:
                break
            shape = (shape[0] + 1) // 2, (shape[1] + 1) // 2

    def set(self, y: Array | Single, x: Array | Single, sink: Array | Single) -> Cycle:
        """Take an operator: links between cells, (ny + 1, nx) and (ny, nx + 1), 0 at the ends, and sinks.

        A sink must be positive somewhere in each piece that hangs together. All are read in single precision.
        """
        top = self.levels[0]
        top.y[...], top.x[...], top.sink[...] = y, x, sink
        for n, here in enumerate(self.levels):
            if n > 0:
                above = self.levels[n - 1]
                kernels.coarsen(above.y, above.x, above.sink, here.y, here.x, here.sink)
            kernels.scale(here.y, here.x, here.sink, here.root)
            kernels.paint(here.y, here.x, here.root, *here.links)
            if n > 0:
                kernels.weigh(above.root, here.root, above.weight)
        self.inverse = _inverse(self.levels[-1])
        return self

    @property
    def links(self) -> tuple[Single, Single]:
        """Links of the operator."""
        return self.levels[0].y, self.levels[0].x

    def __call__(self, right: Array | Single, out: Single | None = None) -> Single:
        """Approximate solution for a right side, beginning from zero."""
        top = self.levels[0]
        u = np.empty_like(top.sink) if out is None else out
        kernels.split(np.asarray(right, dtype=np.float32), top.root, *top.f)
        self._cycle(0)
        kernels.merge(*top.u, top.root, u)
        return u

    def _cycle(self, n: int) -> None:
        here = self.levels[n]
        if n + 1 == len(self.levels):
            kernels.exact(self.inverse, *(part.reshape(-1) for part in (*here.f, *here.u)))
            return
        below = self.levels[n + 1]
        kernels.down(*here.f, *here.links, here.weight, self.sweeps, *here.u, here.work, *below.f)
        self._cycle(n + 1)
        kernels.up(*here.f, *here.links, here.weight, self.sweeps, *here.u, here.work, *below.u)


def _level(shape: tuple[int, int]) -> _Level:
    ny, nx = shape
    padded = (ny + 1) // 2 * 2 + 2, (nx + 1) // 2 + 2
    zeros = lambda *size: np.zeros(size, dtype=np.float32)  # noqa: E731
    n, s, w, e, weight, f0, f1, u0, u1 = (zeros(*padded) for _ in range(9))
    return _Level(
        zeros(ny + 1, nx), zeros(ny, nx + 1), zeros(ny, nx), zeros(ny, nx), (n, s, w, e), weight, (f0, f1), (u0, u1),
        zeros(3, padded[1]),
    )  # fmt: skip


def _inverse(level: _Level) -> Single:
    """Dense inverse of 1 - N; padding counts as cells without links."""
    north, south, west, east = (np.asarray(link, dtype=float) for link in level.links)
    rows, columns = north.shape
    n = rows * columns
    matrix = np.eye(2 * n)
    for j in range(1, rows - 1):
        off = (j - 1) % 2
        for k in range(1, columns - 1):
            red = j * columns + k
            neighbours = ((j - 1, k, north), (j + 1, k, south), (j, k - 1 + off, west), (j, k + off, east))
            for jb, kb, link in neighbours:
                black = n + jb * columns + kb
                matrix[red, black] = matrix[black, red] = -link[j, k]
    kernels.invert(matrix)
    return matrix.astype(np.float32)

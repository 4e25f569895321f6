r"""Direct solution of diffusion on two-dimensional grids: banded Cholesky factors, the shorter axis running fastest.

With n cells along the short and N along the long axis the factors cost N n^3 operations and N n^2 numbers. For thin
sections (n up to about 60) this is quicker than any iteration and does not care how the spacing is graded. LAPACK does
the work (routines pbtrf, pbtrs; through scipy.linalg).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cho_solve_banded, cholesky_banded

from simcell.numerics.diffusion import Diffusion
from simcell.numerics.grid import Array


class Banded:
    """Factors of one operator, for any number of right sides.

    Parameters
    ----------
    system : Diffusion
        With one cell along y or z, not periodic.

    Raises
    ------
    ValueError
        If the grid is three-dimensional or periodic, or the operator is singular: liquid without any path to a
        fixed value or a sink.

    Examples
    --------
    >>> from simcell.numerics.diffusion import conduction
    >>> from simcell.numerics.grid import section
    >>> system = conduction(section([0.0, 1.0, 2.0], [0.0, 1.0]), 1.0, fixed=["x-"])
    >>> Banded(system).solve(np.array([[[0.0, 1.0]]])).ravel()
    array([0.5, 1.5])
    """

    iterations = 0
    residual = 0.0

    def __init__(self, system: Diffusion):
        if not suits(system):
            raise ValueError("a banded matrix needs a grid with one cell along y or z that is not periodic")
        self.shape = system.shape
        axes = [axis for axis in range(3) if system.shape[axis] > 1]
        while len(axes) < 2:
            axes.append(next(axis for axis in range(3) if axis not in axes))
        axes.sort(key=lambda axis: system.shape[axis])
        self.order = (next(axis for axis in range(3) if axis not in axes), axes[1], axes[0])  # long, then short
        n = system.shape[axes[0]]
        diagonal = np.transpose(system.diagonal(), self.order).ravel()
        scale = diagonal.max()
        band = np.zeros((n + 1 if n > 1 else 2, diagonal.size))
        band[0] = diagonal / scale
        for axis, offset in ((axes[0], 1), (axes[1], n)):
            upper = np.take(system.links[axis], range(1, system.shape[axis] + 1), axis).copy()
            index = [slice(None)] * 3
            index[axis] = slice(-1, None)
            upper[tuple(index)] = 0.0  # the link to the end is in the diagonal only
            band[offset] -= np.transpose(upper, self.order).ravel() / scale
        try:
            if not system.grounded:
                raise LinAlgError
            self.factor = cholesky_banded(band, lower=True, overwrite_ab=True, check_finite=False)
        except LinAlgError:
            raise ValueError("singular: some liquid has no path to a fixed value or to an electrode") from None
        self.scale = scale

    def solve(self, right: Array, rtol: float = 1e-10, start: Array | None = None) -> Array:
        """Solution for a right side shaped like the grid; a direct solver needs neither tolerance nor start."""
        b = np.transpose(right / self.scale, self.order)
        u = cho_solve_banded((self.factor, True), b.ravel(), check_finite=False).reshape(b.shape)
        return np.ascontiguousarray(np.transpose(u, np.argsort(self.order)))


def suits(system: Diffusion) -> bool:
    """Whether the operator is banded: two axes at most, none of them periodic.

    Examples
    --------
    >>> suits(Diffusion((np.zeros((2, 1, 1)), np.zeros((1, 2, 1)), np.zeros((1, 1, 2))), np.ones((1, 1, 1))))
    True
    """
    return min(system.shape) == 1 and not any(
        wraps and n > 1 for wraps, n in zip(system.periodic, system.shape, strict=True)
    )

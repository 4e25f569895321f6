"""GMRES with a preconditioner on the right, for operators that are not symmetric.

Y. Saad and M. H. Schultz, SIAM J. Sci. Stat. Comput. 7 (1986) 856: the residual b - A u is least over the Krylov space,
and on the right the preconditioner leaves that residual as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simcell.errors import SolverError
from simcell.numerics import kernels_krylov as kernels

Array = NDArray[np.float64]
Vector = TypeVar("Vector", NDArray[np.float64], NDArray[np.float32])


def gmres(
    product: Callable[[Vector], Vector],
    precondition: Callable[[Vector], Vector],
    right: Vector,
    rtol: float,
    limit: int = 120,
    room: Vector | None = None,
) -> tuple[Vector, int]:
    """Solve A u = b without restarts.

    Parameters
    ----------
    product, precondition : callables
        A v and an approximation of A^-1 v.
    right : (n,) array
        In double or single precision; so is everything else.
    rtol : float
        Residual over right side (Euclidean norms) at which it ends.
    limit : int
        Most iterations; as many vectors are kept.
    room : (m, n) array, optional
        Where the first vectors are kept; overwritten.

    Returns
    -------
    array, int
        Solution and number of iterations.

    Raises
    ------
    SolverError
        If the limit is reached, or numbers leave the range of the precision.

    Examples
    --------
    >>> a = np.array([[2.0, 1.0], [0.0, 3.0]])
    >>> u, iterations = gmres(lambda v: a @ v, lambda v: v / 2.0, np.array([3.0, 3.0]), 1e-12)
    >>> u.round(12), iterations
    (array([1., 1.]), 1)
    """
    one = right.dtype.type
    size = float(np.sqrt(np.square(right, dtype=float).sum()))
    if size == 0.0:
        return np.zeros_like(right), 0
    basis = np.empty((min(limit, 12) + 1, right.size), dtype=right.dtype) if room is None else room
    images: list[Vector] = []
    np.multiply(right, one(1.0 / size), out=basis[0])
    triangle, rotations, miss = np.zeros((limit + 1, limit)), np.zeros((limit, 2)), np.zeros(limit + 1)
    miss[0] = size
    for n in range(limit):
        images.append(precondition(basis[n]))
        v = product(images[n])
        column = _orthogonal(basis, n + 1, v)
        if not np.isfinite(column).all():
            raise SolverError("GMRES met numbers beyond the range of its precision")
        if n + 2 > basis.shape[0]:
            basis = np.concatenate([basis, np.empty_like(basis)])
        basis[n + 1] = v
        for k in range(n):
            c, s = rotations[k]
            column[k], column[k + 1] = c * column[k] + s * column[k + 1], c * column[k + 1] - s * column[k]
        length = float(np.hypot(column[n], column[n + 1]))
        c, s = (column[n] / length, column[n + 1] / length) if length > 0.0 else (1.0, 0.0)
        rotations[n], column[n], column[n + 1] = (c, s), length, 0.0
        triangle[: n + 2, n] = column
        miss[n + 1], miss[n] = -s * miss[n], c * miss[n]
        if abs(miss[n + 1]) <= rtol * size:
            weights = np.linalg.solve(triangle[: n + 1, : n + 1], miss[: n + 1])
            answer = images[0] * one(weights[0])
            for weight, image in zip(weights[1:], images[1:], strict=True):
                kernels.combine(image[None], 1, weight[None], 1.0, answer)
            return answer, n + 1
    raise SolverError(f"GMRES reached a relative residual of {abs(miss[limit]) / size:.1e} in {limit} iterations")


def _orthogonal(basis: Vector, count: int, v: Vector) -> Array:
    """Take the basis out of v (Gram-Schmidt) and normalise it, both in place; components and length.

    Twice where little is left, which is enough (L. Giraud, J. Langou, M. Rozložník, J. van den Eshof,
    Numer. Math. 101 (2005) 87).
    """
    lanes, h, column = np.empty(kernels.LANES, dtype=v.dtype), np.empty(count + 1), np.zeros(count + 1)
    for _ in range(3):
        kernels.products(basis, count, v, lanes, h)
        if not np.isfinite(h).all():
            return h
        column[:-1] += h[:-1]
        square = h[-1] - np.square(h[:-1]).sum()
        if square > 1e-3 * h[-1]:
            column[-1] = np.sqrt(square)
            kernels.combine(basis, count, -h, 1.0 / column[-1], v)
            break
        kernels.combine(basis, count, -h, 1.0, v)
    return column

"""GMRES with a preconditioner on the right, for operators that are not symmetric.

Y. Saad and M. H. Schultz, SIAM J. Sci. Stat. Comput. 7 (1986) 856: the residual b - A u is least over the Krylov space,
and on the right the preconditioner leaves that residual as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simcell.errors import SolverError
from simcell.numerics import kernels_krylov as kernels

Array = NDArray[np.float64]


def gmres(
    product: Callable[[Array], Array],
    precondition: Callable[[Array], Array],
    right: Array,
    rtol: float,
    limit: int = 120,
) -> tuple[Array, int]:
    """Solve A u = b without restarts.

    Parameters
    ----------
    product, precondition : callables
        A v and an approximation of A^-1 v.
    right : (n,) array
    rtol : float
        Residual over right side (Euclidean norms) at which it ends.
    limit : int
        Most iterations; as many vectors are kept.

    Returns
    -------
    array, int
        Solution and number of iterations.

    Raises
    ------
    SolverError
        If the limit is reached.

    Examples
    --------
    >>> a = np.array([[2.0, 1.0], [0.0, 3.0]])
    >>> u, iterations = gmres(lambda v: a @ v, lambda v: v / 2.0, np.array([3.0, 3.0]), 1e-12)
    >>> u.round(12), iterations
    (array([1., 1.]), 1)
    """
    size = float(np.sqrt(np.square(right).sum()))
    if size == 0.0:
        return np.zeros_like(right), 0
    images: list[Array] = []
    triangle, rotations, miss = np.zeros((limit + 1, limit)), np.zeros((limit, 2)), np.zeros(limit + 1)
    miss[0] = size
    store = np.empty((min(limit, 20) + 1, right.size))
    store[0] = right / size
    for n in range(limit):
        images.append(precondition(store[n]))
        v = product(images[n])
        if n + 2 > store.shape[0]:
            store = np.concatenate([store, np.empty_like(store)])
        column = triangle[: n + 2, n].copy()
        kernels.orthogonalise(store, n + 1, v, column)
        store[n + 1] = v
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
            answer = np.empty_like(right)
            kernels.combine(np.array(images), weights, answer)
            return answer, n + 1
    raise SolverError(f"GMRES reached a relative residual of {abs(miss[limit]) / size:.1e} in {limit} iterations")

"""Long sums of the Krylov iteration, serial: BLAS would wake its threads, which cost more than they bring here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.jit import njit

Array = NDArray[np.float64]


@njit
def orthogonalise(basis: Array, count: int, v: Array, h: Array) -> None:
    """Take the first `count` rows of the basis out of v (modified Gram-Schmidt), normalise it; products go to h."""
    n = v.size
    for k in range(count):
        s = 0.0
        for i in range(n):
            s += basis[k, i] * v[i]
        h[k] = s
        for i in range(n):
            v[i] -= s * basis[k, i]
    s = 0.0
    for i in range(n):
        s += v[i] * v[i]
    h[count] = s**0.5
    if s > 0.0:
        for i in range(n):
            v[i] /= h[count]


@njit
def combine(basis: Array, weights: Array, v: Array) -> None:
    """Sum of rows of the basis."""
    v[:] = 0.0
    for k in range(weights.size):
        for i in range(v.size):
            v[i] += weights[k] * basis[k, i]

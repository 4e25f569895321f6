"""Long sums of the Krylov iteration, serial: BLAS would wake its threads, which cost more than they bring here.

Vectors are taken in pieces that stay in the cache while all products with a piece are formed. Sums of a piece run over
many numbers side by side, in the precision of the vectors, so that they need not wait for one another; pieces are added
up in double precision.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.jit import njit_apart

Array = NDArray[np.float64]


PIECE, LANES = 2048, 64


@njit_apart
def products(basis: Array, count: int, v: Array, lanes: Array, h: Array) -> None:
    """Scalar products of v with the first `count` rows of the basis, and with itself, to h."""
    n = v.size
    h[: count + 1] = 0.0
    for start in range(0, n, PIECE):
        piece = v[start : min(start + PIECE, n)]
        whole = piece.size // LANES
        for k in range(count + 1):
            other = piece if k == count else basis[k, start : start + piece.size]
            lanes[:] = 0.0
            for block in range(whole):
                a, b = piece[block * LANES :], other[block * LANES :]
                for i in range(LANES):
                    lanes[i] += a[i] * b[i]
            total = 0.0
            for i in range(LANES):
                total += lanes[i]
            for i in range(whole * LANES, piece.size):
                total += piece[i] * other[i]
            h[k] += total


@njit_apart
def combine(basis: Array, count: int, weights: Array, scale: float, v: Array) -> None:
    """(v + sum of weights * rows of the basis) * scale, in place."""
    n, c = v.size, v.dtype.type(scale)
    for start in range(0, n, PIECE):
        piece = v[start : min(start + PIECE, n)]
        for k in range(count):
            w, row = v.dtype.type(weights[k]), basis[k, start : start + piece.size]
            for i in range(piece.size):
                piece[i] += w * row[i]
        for i in range(piece.size):
            piece[i] *= c

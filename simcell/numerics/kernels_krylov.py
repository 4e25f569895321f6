"""Long sums of the Krylov iteration, serial: BLAS would wake its threads, which cost more than they bring here.

Sums run over eight numbers side by side, so that they need not wait for one another; in double precision whatever
the vectors have.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.jit import njit, njit_apart

Array = NDArray[np.float64]


@njit
def product(a: Array, b: Array) -> float:
    """Scalar product (a and b may be the same)."""
    n = a.size
    s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for m in range(n // 8):
        i = 8 * m
        s0 += a[i] * b[i]
        s1 += a[i + 1] * b[i + 1]
        s2 += a[i + 2] * b[i + 2]
        s3 += a[i + 3] * b[i + 3]
        s4 += a[i + 4] * b[i + 4]
        s5 += a[i + 5] * b[i + 5]
        s6 += a[i + 6] * b[i + 6]
        s7 += a[i + 7] * b[i + 7]
    for i in range(n - n % 8, n):
        s0 += a[i] * b[i]
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))


@njit_apart
def take_out(v: Array, part: float, a: Array, b: Array) -> float:
    """Take part * a out of v, and give the scalar product of what is left with b."""
    n, h = v.size, v.dtype.type(part)
    s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for m in range(n // 512):
        at = 512 * m
        for i in range(at, at + 512):
            v[i] -= h * a[i]
        for k in range(64):
            i = at + 8 * k
            s0 += v[i] * b[i]
            s1 += v[i + 1] * b[i + 1]
            s2 += v[i + 2] * b[i + 2]
            s3 += v[i + 3] * b[i + 3]
            s4 += v[i + 4] * b[i + 4]
            s5 += v[i + 5] * b[i + 5]
            s6 += v[i + 6] * b[i + 6]
            s7 += v[i + 7] * b[i + 7]
    for i in range(n - n % 512, n):
        v[i] -= h * a[i]
        s0 += v[i] * b[i]
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))


@njit_apart
def shrink(v: Array, part: float, a: Array) -> float:
    """Take part * a out of v, and give the square of its length."""
    n, h = v.size, v.dtype.type(part)
    for i in range(n):
        v[i] -= h * a[i]
    return product(v, v)


@njit_apart
def add(v: Array, part: float, a: Array) -> None:
    """v + part * a, in place."""
    h = v.dtype.type(part)
    for i in range(v.size):
        v[i] += h * a[i]

"""What one core of this machine can do at most: bandwidth of the memory and arithmetic, to state a fraction of."""

from __future__ import annotations

import time

import numba
import numpy as np


@numba.njit(error_model="numpy")
def _triad(a, b, c, s):
    for i in range(a.size):
        a[i] = b[i] + s * c[i]


@numba.njit(error_model="numpy", fastmath={"contract"})
def _multiply_add(x, s, repeats):
    """Eight values of a vector in registers, multiplied and added to over and over."""
    for _ in range(repeats):
        for i in range(x.size):
            x[i] = x[i] * s + 1e-3


def _best(run, repeats: int) -> float:
    run()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def bandwidth(size: int = 20_000_000) -> float:
    """Bytes a second of a + s b, arrays far beyond the caches; the line that is written is read first, and counts."""
    a, b, c = np.zeros(size), np.ones(size), np.ones(size)
    return 32.0 * size / _best(lambda: _triad(a, b, c, 0.5), 5)


def arithmetic() -> tuple[float, float]:
    """Flops a second of a product of matrices (the library's own kernel) and of x s + 1 in the first cache."""
    a = np.random.default_rng(1).uniform(size=(768, 768))
    matrices = 2.0 * 768**3 / _best(lambda: a @ a, 5)
    x, repeats = np.ones(1024), 20_000
    return matrices, 2.0 * x.size * repeats / _best(lambda: _multiply_add(x, 0.999, repeats), 5)


def describe() -> str:
    """One line."""
    matrices, vector = arithmetic()
    return (
        f"one core: {1e-9 * bandwidth():.1f} GB/s (triad), {1e-9 * matrices:.1f} Gflop/s (matrix product), "
        f"{1e-9 * vector:.1f} Gflop/s (compiled x s + 1 in cache)"
    )


if __name__ == "__main__":
    print(describe())

"""The one decorator: NaN guards work in compiled code, and a folder without a cache is no obstacle."""

import math

import numba
import numpy as np

from simcell.numerics import jit


def guard(x):
    return np.isnan(x), np.isinf(x), 1.0 / x


def test_nan_and_infinity_are_seen_in_compiled_code():
    compiled = jit.njit(guard)
    assert compiled(math.nan)[0] and not compiled(1.0)[0]
    assert compiled(math.inf)[1] and compiled(0.0)[2] == math.inf


def test_without_a_cache_folder_kernels_still_compile(monkeypatch, caplog):
    plain = numba.njit

    def no_locator(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function 'guard': no locator available for file")
        return plain(**options)

    monkeypatch.setattr(numba, "njit", no_locator)
    assert jit.njit(guard)(2.0)[2] == 0.5
    assert "cannot be kept" in caplog.text

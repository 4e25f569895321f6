"""The one decorator: NaN guards work in compiled code, and a folder without a cache is no obstacle."""

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

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


def test_code_is_compiled_again_when_a_callee_in_another_file_changed(tmp_path):
    """Numba alone would print 2 twice: it looks at the file of the caller only."""
    shutil.copytree(Path(jit.__file__).parents[1] / "numerics", tmp_path / "simcell" / "numerics")
    part = tmp_path / "simcell" / "part"
    part.mkdir()
    (tmp_path / "simcell" / "__init__.py").write_text("")
    (part / "__init__.py").write_text("")
    head = "from simcell.numerics.jit import njit\n"
    (part / "kernels_two.py").write_text(
        head + "from simcell.part.kernels_one import one\n\n@njit\ndef two(x):\n    return 2 * one(x)\n"
    )

    def answer(value: str) -> str:
        (part / "kernels_one.py").write_text(f"{head}\n@njit\ndef one(x):\n    return {value}\n")
        code = "from simcell.part.kernels_two import two; print(two(1.0), sum(two.stats.cache_hits.values()))"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA")} | {"PYTHONPATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
        )
        return done.stdout.strip()

    assert answer("1.0") == "2.0 0"
    assert answer("10.0 * x") == "20.0 0"

"""What every test gets: bounds-checked kernels in their own cache, patient hypothesis, no display."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]


def _kernel_cache() -> Path:
    """Return a cache folder named after the source of all kernels.

    Numba neither sees an edit in a callee of another file nor puts the bounds check into its cache key, so
    kernels compiled here must not meet those of a normal run or of another state of the sources.
    """
    digest = hashlib.sha256()
    for path in [*sorted((ROOT / "simcell").rglob("kernels*.py")), ROOT / "simcell" / "numerics" / "jit.py"]:
        digest.update(path.read_bytes())
    digest.update(os.environ["NUMBA_BOUNDSCHECK"].encode())
    return Path(tempfile.gettempdir()) / f"simcell-test-kernels-{digest.hexdigest()[:16]}"


# Before numba is imported by anything: it reads the environment once.
os.environ.setdefault("NUMBA_BOUNDSCHECK", "1")
os.environ.setdefault("NUMBA_CACHE_DIR", str(_kernel_cache()))
os.environ.setdefault("MPLBACKEND", "Agg")

# The first example may compile a kernel, so a deadline would fail at random.
settings.register_profile("simcell", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("simcell")


# Comparisons of the kernels with slow plain twins that are quick enough without JIT, for `pytest -m kernel`.
KERNEL_FILES = {"test_twin.py", "test_robertson.py"}
TOO_LARGE = "test_trajectories_of_the_other_mechanisms"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what .ci/run runs without JIT to see which lines of the kernels are covered."""
    for item in items:
        if item.path.name in KERNEL_FILES and not item.name.startswith(TOO_LARGE):
            item.add_marker(pytest.mark.kernel)


@pytest.fixture
def root() -> Path:
    """Return the folder that holds pyproject.toml."""
    return ROOT

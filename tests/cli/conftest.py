"""Commands run in an empty folder of their own, so a stray file is seen and the tree stays clean."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder the current one and return it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path

"""One implicit step of a binary salt between two electrodes, by FiPy and by ours on the same cells: eight digits.

The same discrete equations (the walls, which FiPy does not know, are ours in both): FiPy sweeps charge and salt in turn
until nothing moves, ours solves them together.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import bench_ions


def test_eight_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_ions, "STILL", 1e-11)
    step = bench_ions.Step(bench_ions.plan_case(10), 0.05)
    step.own()
    for _ in range(3):  # past the tolerance of a step, which is 1e-8 of its own
        assert step.s._stage(step.h, step.base, step.layers, step.goal)
    ours, current = step.s.u.copy(), step.s._currents()[0]
    start = step.base
    step.fipy()
    moved = np.abs(ours[:, 0] - start[:, 0]).max()
    assert moved > 1.0  # mol/m^3
    np.testing.assert_allclose(step.s.u[:, 0], ours[:, 0], rtol=1e-8)
    np.testing.assert_allclose(step.s.u[:, 1], ours[:, 1], rtol=0, atol=1e-8)
    assert step.s._currents()[0] == pytest.approx(current, rel=1e-8)

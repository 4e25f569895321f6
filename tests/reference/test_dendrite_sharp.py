"""The phase field at constant current, from rest, against the sharp front."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.dendrite.layer import Layer, begin
from simcell.dendrite.model import Control, grow
from simcell.dendrite.stability import Metal, limiting_current
from simcell.numerics.grid import section
from tests.reference.dendrite_sharp import sharp_front

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)


@pytest.mark.parametrize(("part", "volts"), [(0.05, 1e-4), (0.3, 5e-4)])
def test_potential_against_time_at_constant_current(part: float, volts: float) -> None:
    gap, h, delta = 9e-6, 50e-9, 75e-9
    n = round((gap + 12.0 * delta) / h)
    layer = Layer(LITHIUM, section(np.arange(n + 1) * h, [0.0, 1e-6], 1e-6), delta, {"x+": "reservoir"})
    front = n * h - gap
    current = part * limiting_current(LITHIUM, gap)
    times = np.array([0.02, 0.06, 0.2]) * gap**2 / LITHIUM.diffusivity
    run = grow(layer, begin(layer, front - layer.centre[1]), list(times), current=current * 1e-12,
               control=Control(tolerance=3e-4))  # fmt: skip
    sharp = sharp_front(LITHIUM, gap, times, current=current, cells=80)
    found = [s.metal[0] / LITHIUM.f for s in run.states]
    assert np.abs(found - sharp["potential"]).max() < volts
    grown = [(s.xi.sum() - run.states[0].xi.sum()) * h for s in run.states[1:]]
    assert grown == pytest.approx(sharp["thickness"][1:] - sharp["thickness"][0], rel=1e-6)

"""Hele-Shaw flow is exact in wedges and strips and converges with order 2 elsewhere."""

import math
from itertools import pairwise

import numpy as np
import pytest

from simcell.cell.flow import flow_between
from simcell.cell.thickness import liquid_thickness
from simcell.cell.window import Window
from simcell.numerics.grid import plan

MU = 1e-3


def uneven(n, length):
    """Smoothly graded faces: a fixed map of an even grid."""
    s = np.linspace(0.0, 1.0, n + 1)
    return length * (s + 0.1 * np.sin(2.0 * np.pi * s))


def middles(faces):
    return 0.5 * (faces[1:] + faces[:-1])


def orders(errors):
    return [math.log2(a / b) for a, b in pairwise(errors)]


def test_wedge():
    # q = -h^3/(12 mu) p' with h from h1 to h2: dp = 12 mu q L (h1 + h2) / (2 h1^2 h2^2)
    low, high, length, width = 0.5e-6, 3e-6, 1e-4, 2e-5
    resistance = 12.0 * MU * length * (low + high) / (2.0 * low**2 * high**2) / width
    for n in (6, 20, 80):  # straight walls are met exactly, on any grid, pressures included
        x = uneven(n, length)
        h = low + (high - low) * middles(x) / length
        flow = flow_between(plan(x, [0.0, width], h[None, :]), MU, "x-", "x+", flow_rate=1e-15)
        exact = 12.0 * MU * 1e-15 / width * length / (high - low) * 0.5 * (1.0 / h**2 - 1.0 / high**2)
        assert flow.pressure[0] == pytest.approx(exact, rel=1e-11)
        assert flow.resistance == pytest.approx(resistance, rel=1e-12)


def test_curved_gap():
    # h^3 = k(x) g(y) with 1/k = 1 + 6 x^2 and g = (1 + y)^2: p = p(x), flow = int g dy / int dx / k
    resistance = 12.0 * MU * (1.0 + 6.0 / 3.0) / (7.0 / 3.0) / 1e-9
    flows, pressures = [], []
    for n in (80, 160, 320):
        x, y = uneven(n, 1.0), uneven(n // 8, 1.0)
        xc, yc = middles(x), middles(y)
        h = 1e-3 * np.cbrt((1.0 + yc[:, None]) ** 2 / (1.0 + 6.0 * xc[None, :] ** 2))
        flow = flow_between(plan(x, y, h), MU, "x-", "x+", pressure_drop=1.0)
        flows.append(abs(flow.resistance / resistance - 1.0))
        way = (1.0 - xc + 6.0 * (1.0 - xc**3) / 3.0) / 3.0
        pressures.append(np.abs(flow.pressure - way[None, :]).max())
    assert min(orders(flows)) > 1.9
    assert min(orders(pressures)) > 1.85
    assert flows[-1] < 1e-3


def test_gap_that_turns_the_flow():
    # thickness that varies both ways, so that the flow turns: against itself on finer grids
    def gap(n):
        x, y = uneven(n, 1.0), uneven(n, 1.0)
        xc, yc = middles(x)[None, :], middles(y)[:, None]
        h = 1e-3 * (1.0 + 0.5 * np.sin(np.pi * xc) * np.sin(np.pi * yc) ** 2 + 0.3 * xc * yc)
        return flow_between(plan(x, y, h), MU, "x-", "x+", pressure_drop=1.0).gap_flow

    found = [gap(n) for n in (24, 48, 96, 192)]
    steps = [abs(b - a) for a, b in pairwise(found)]
    assert min(orders(steps)) > 1.85
    assert steps[-1] / 3.0 < 1e-3 * found[-1]


def test_strips_side_by_side():
    # height depends on y only: the total is the sum of the strips, exactly, and nothing flows across
    for n in (8, 16):
        y = uneven(n, 1.0)
        h = 1e-3 * (1.0 + middles(y))
        flow = flow_between(
            plan(uneven(n, 2.0), y, np.repeat(h[:, None], n, axis=1)), MU, "x-", "x+", pressure_drop=1.0
        )
        strips = float((np.diff(y) * h**3).sum()) / (12.0 * MU * 2.0)
        assert flow.gap_flow == pytest.approx(strips, rel=1e-12)
        assert np.abs(flow.volume_flow[1]).max() < 1e-13 * strips


def test_bulged_window():
    # the real thing: beside the frame the window rises within a rim that these grids do not resolve
    film = Window(50e-6, 100e-6, 50e-9, 222e9, 0.28, 135e6)
    found = []
    for n in (16, 32, 64):
        x, y = np.linspace(-40e-6, 40e-6, n + 1), np.linspace(-80e-6, 80e-6, n + 1)
        h = liquid_thickness(middles(x), middles(y), 500e-9, [film, film], pressure=101325.0)
        found.append(flow_between(plan(x, y, h), MU, "x-", "x+", pressure_drop=1e3).gap_flow)
    assert abs(found[2] - found[1]) < 0.5 * abs(found[1] - found[0])
    assert abs(found[2] / found[1] - 1.0) < 0.03
    even = 160e-6 * 500e-9**3 * 1e3 / (12.0 * MU * 80e-6)
    assert found[2] > 1.5 * even  # the bulge opens the way

"""Hele-Shaw flow converges with order 2: the wedge of Reynolds, and a manufactured gap."""

import math

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
    return [math.log2(a / b) for a, b in zip(errors, errors[1:], strict=False)]


def test_wedge():
    # q = -h^3/(12 mu) p' with h from h1 to h2: dp = 12 mu q L (h1 + h2) / (2 h1^2 h2^2)
    low, high, length, width = 0.5e-6, 3e-6, 1e-4, 2e-5
    resistance = 12.0 * MU * length * (low + high) / (2.0 * low**2 * high**2) / width
    errors = []
    for n in (20, 40, 80, 160):
        x = uneven(n, length)
        h = low + (high - low) * middles(x) / length
        flow = flow_between(plan(x, [0.0, width], h[None, :]), MU, "x-", "x+", flow_rate=1e-15)
        exact = 12.0 * MU * 1e-15 / width * length / (high - low) * 0.5 * (1.0 / h**2 - 1.0 / high**2)
        assert flow.pressure[0] == pytest.approx(exact, rel=30.0 / n**2, abs=10.0 / n**2 * exact[0])
        errors.append(abs(flow.resistance / resistance - 1.0))
    assert min(orders(errors)) > 1.9
    assert errors[-1] < 2e-4


def test_manufactured_gap():
    # With p = A(x) + B(y), A' = a e^x, B' = b e^y and h^3 = 1/(a b e^(x+y)), h^3 grad p = (e^-y / b, e^-x / a) has
    # no divergence. Its sides are not at one pressure, so the flow is compared with a fine grid of the same problem;
    # a gap with h^3 = f(x) g(y) and flow along x has p = p(x) only when g = 1: here both vary.
    def gap(n):
        x, y = uneven(n, 1.0), uneven(n, 1.0)
        xc, yc = middles(x)[None, :], middles(y)[:, None]
        h = 1e-3 * (1.0 + 0.5 * np.sin(np.pi * xc) * np.sin(np.pi * yc) ** 2 + 0.3 * xc * yc)
        return flow_between(plan(x, y, h), MU, "x-", "x+", pressure_drop=1.0).gap_flow

    found = [gap(n) for n in (12, 24, 48, 96)]
    steps = [abs(b - a) for a, b in zip(found, found[1:], strict=False)]
    assert min(orders(steps)) > 1.85


def test_manufactured_pressure():
    # The flow -h^3/(12 mu) grad p of a stream function psi = y + c sin(pi y) sin(pi x)^2, and p = 1 - x: then
    # h^3 = 12 mu dpsi/dy depends on x and y, and dp/dy = 0 needs dpsi/dx = 0. So choose psi = psi(y): strips.
    # Parallel strips of different height: total flow is the sum of the strips, whatever the pressure between them.
    for n in (8, 16):
        y = uneven(n, 1.0)
        h = 1e-3 * (1.0 + middles(y))
        flow = flow_between(
            plan(uneven(n, 2.0), y, np.repeat(h[:, None], n, axis=1)), MU, "x-", "x+", pressure_drop=1.0
        )
        strips = float((np.diff(y) * h**3).sum()) / (12.0 * MU * 2.0)
        assert flow.gap_flow == pytest.approx(strips, rel=1e-12)  # exact on any grid
        assert np.abs(flow.volume_flow[1]).max() < 1e-13 * strips


def test_bulged_window():
    # the real thing: the frame of a bulged window has a kink of curvature only, because the plate is clamped
    film = Window(50e-6, 100e-6, 50e-9, 222e9, 0.28, 135e6)
    found = []
    for n in (16, 32, 64):
        x, y = np.linspace(-40e-6, 40e-6, n + 1), np.linspace(-80e-6, 80e-6, n + 1)
        h = liquid_thickness(middles(x), middles(y), 500e-9, [film, film], pressure=101325.0)
        found.append(flow_between(plan(x, y, h), MU, "x-", "x+", pressure_drop=1e3).gap_flow)
    assert abs(found[2] - found[1]) < 0.5 * abs(found[1] - found[0])
    assert abs(found[2] / found[1] - 1.0) < 0.01
    even = 160e-6 * 500e-9**3 * 1e3 / (12.0 * MU * 80e-6)
    assert found[2] > 2.0 * even  # the bulge opens the way

"""One implicit step of ions on a small plan, against equations written out with numpy and solved by scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import root

from simcell.numerics.grid import plan
from simcell.transport.bath import Bath, Plate
from simcell.transport.bath_stepper import BathStepper
from simcell.transport.electrode import strip
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import hold
from simcell.transport.species import Ion, Surface, plating

Z, D = np.array([1.0, 1.0, -1.0]), np.array([1e-9, 2e-9, 1.5e-9])
H, SIDE, TIME, GOAL = 0.5e-6, 2e-6, 2e-4, -0.04
FILM, CAPACITY = 2e-4, 0.1
SHAPE = (3, 4)


def bath() -> Bath:
    """Working electrode under the two columns on the left, counter electrode under the one on the right."""
    g = plan(np.arange(5) * SIDE, np.arange(4) * SIDE, H)
    ions = [Ion("M+", 1, D[0]), Ion("S+", 1, D[1]), Ion("A-", -1, D[2])]
    metal = Surface((plating("M", "M+", 1, 10.0, 50.0, 0.5, 0.5),), film=FILM, capacitance=CAPACITY)
    x, y = g.centre[2], g.centre[1]
    c = 50.0 + 5.0 * np.sin(1e6 * x)[None, None, :] * np.cos(5e5 * y)[None, :, None]
    start = {"M+": c, "S+": np.full(c.shape, 50.0), "A-": c + 50.0}
    plates = [Plate(strip(g, "w", 0.0, 2 * SIDE), metal), Plate(strip(g, "c", 3 * SIDE, 4 * SIDE), metal, "counter")]
    return Bath(g, ions, start, plates, reference=(2.5 * SIDE, 1.5 * SIDE))


def mean(a, b):
    """Logarithmic mean."""
    return 0.5 * (a + b) if abs(b - a) < 1e-9 * (a + b) else (b - a) / np.log(b / a)


def flux(one, other, g):
    """Of all ions from one place to another; places are (M, S, potential)."""
    c = [np.append(p[:2], p[0] + p[1]) for p in (one, other)]
    drop = other[2] - one[2]
    return np.array([-g * D[k] * (c[1][k] - c[0][k] + Z[k] * mean(c[0][k], c[1][k]) * drop) for k in range(3)])


def balances(values, before, layers, volts):
    """All equations: cells, surfaces (two columns of the working electrode, one of the counter electrode), control."""
    ny, nx = SHAPE
    cells = values[: 3 * ny * nx].reshape(ny, nx, 3)
    surfaces = values[3 * ny * nx : -1].reshape(ny, 3, 3)
    w = values[-1]
    out, at_surfaces = np.zeros(cells.shape), np.zeros(surfaces.shape)
    for j in range(ny):
        for i in range(nx):
            out[j, i, :2] += SIDE * SIDE * H / TIME * (cells[j, i, :2] - before[j, i, :2])
            for dj, di in ((0, 1), (1, 0)):
                if j + dj < ny and i + di < nx:
                    n = flux(cells[j, i], cells[j + dj, i + di], H)
                    row = np.array([n[0], n[1], Z @ n])
                    out[j, i] += row
                    out[j + dj, i + di] -= row
        for s, i in enumerate((0, 1, 3)):
            here = surfaces[j, s]
            n = flux(here, cells[j, i], 3.0 * SIDE * SIDE / H)
            out[j, i] -= np.array([n[0], n[1], Z @ n])
            v = (w if s < 2 else 0.0) - here[2]
            charging = CAPACITY * volts * (v - layers) / TIME
            total = Z @ n * FARADAY / SIDE**2 - charging  # what the reaction gives
            eta = v - FILM * total / volts
            rate = 10.0 * (np.exp(0.5 * eta) - here[0] / 50.0 * np.exp(-0.5 * eta))
            made = SIDE**2 / FARADAY
            at_surfaces[j, s] = [n[0] - made * rate, n[1], Z @ n - made * (rate + charging)]
    control = w - cells[1, 2, 2] - GOAL / volts
    scale = SIDE * SIDE * H / TIME
    return np.concatenate([out.ravel() / scale, at_surfaces.ravel() / scale, [control]])


def test_one_step_is_that_of_the_twin():
    stepper = BathStepper(bath(), 1e-7, 1e-9, "plain")
    volts = stepper.bath.volts
    start = stepper.u.copy().reshape(*SHAPE, 3)
    stepper.control(hold(GOAL, 1.0))
    assert stepper._stage(TIME, stepper.u.copy(), np.zeros(stepper.metal.size), GOAL / volts)
    guess = np.concatenate([start.ravel(), start[:, [0, 1, 3]].ravel(), [GOAL / volts]])
    answer = root(balances, guess, args=(start, 0.0, volts), method="hybr", tol=1e-13)
    assert np.abs(answer.fun).max() < 1e-7
    cells = answer.x[: stepper.u.size].reshape(-1, 3)
    assert stepper.u == pytest.approx(cells, rel=1e-6, abs=1e-6)
    assert stepper.w[0] == pytest.approx(answer.x[-1], abs=1e-6)
    patches = stepper.states[stepper.metal]
    surfaces = answer.x[stepper.u.size : -1].reshape(3, 3, 3)
    assert patches[:6] == pytest.approx(surfaces[:, :2].reshape(6, 3), rel=1e-6, abs=1e-6)

"""Ions along a line beside closed forms, and beside an integral equation solved by other means."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simcell.transport.gauge import Layer, layer_voltammogram
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import Limit, current, hold, sweep, voltammogram
from simcell.transport.session import Options, run
from simcell.transport.species import Frit, Ion, Liquid, Surface, between, plating
from simcell.transport.voltammetry import cottrell, film_step, randles_sevcik, sand_time, thin_layer_peak
from tests.ions_on_a_line import PLATES_LIMIT, VOLTS, D, peak, plates, redox, thin

PERMILLE = 1e-3  # what the issue asks of the default resolution


def test_cottrell():
    record = run(redox(spacing=1e-7), [hold(0.6, 1.0)])
    times = np.array([1e-3, 1e-2, 0.1, 1.0])
    assert record.sampled(times) == pytest.approx(cottrell(times, 1, 1.0, D), rel=PERMILLE)
    x = record.position / np.sqrt(4.0 * D)
    erf = np.array([math.erf(v) for v in x])
    assert record.concentration[-1, 1] == pytest.approx(erf, abs=PERMILLE)


def test_step_in_a_closed_film():
    record = run(thin(), [hold(0.6, 1.5e-3)])
    times = np.array([1e-4, 5e-4, 1e-3])
    assert record.sampled(times) == pytest.approx(film_step(times, 1, 1.0, D, 1e-6), rel=2 * PERMILLE)


def test_sand():
    """With fast kinetics the potential runs away where the surface is empty."""
    record = run(redox(length=3e-4), [current(5.0, 1e3, [Limit("potential", above=1.0)])])
    assert record.time[-1] == pytest.approx(sand_time(5.0, 1, 1.0, D), rel=PERMILLE)
    assert record.ends[0][2] == "potential"
    assert 0.0 < record.surface("R")[-1] < 1e-6


def test_reversible_peak():
    """Height and place: 0.4463 and 1.109 RT/F beyond the formal potential."""
    height, at = peak(run(redox(), [sweep(-0.3, 0.3, 0.1)]), after=1.0)
    assert height == pytest.approx(randles_sevcik(0.1, 1, 1.0, D), rel=PERMILLE)
    assert at / VOLTS == pytest.approx(1.109, abs=0.01)


def test_irreversible_peak():
    """0.4958 sqrt(alpha) instead of 0.4463 (Bard and Faulkner, eq. 6.3.8)."""
    height, _ = peak(run(redox(1e-7), [sweep(0.0, 0.9, 0.1)]), after=1.0)
    assert height == pytest.approx(0.4958 * np.sqrt(0.5) * FARADAY * np.sqrt(D * 0.1 / VOLTS), rel=PERMILLE)


def integral_equation(rate: float, corner: float, scan: float = 0.1, start: float = -0.3, step: float = 1e-3):
    """Voltammogram by half integration of a current linear between points: no grid, no potential in the liquid."""
    n = round((corner - start) / step)
    potential = np.concatenate([start + step * np.arange(n + 1), corner - step * np.arange(1, 2 * n + 1)])
    dt, m = step / scan, np.arange(potential.size)
    weights = (m + 1.0) ** 1.5 - 2.0 * m**1.5 + np.abs(m - 1.0) ** 1.5
    weights[0] = 1.0
    weights *= 4.0 / 3.0 * np.sqrt(dt / np.pi / D)
    up, down = rate * np.exp(0.5 * potential / VOLTS), rate * np.exp(-0.5 * potential / VOLTS)
    flux = np.zeros(potential.size)
    for j in range(1, potential.size):
        gone = weights[1 : j + 1] @ flux[:j][::-1]
        flux[j] = (up[j] * (1.0 - gone) - down[j] * gone) / (1.0 + (up[j] + down[j]) * weights[0])
    return m * dt, FARADAY * flux


@pytest.mark.parametrize(("psi", "separation"), [(7.0, 63.0), (1.0, 84.0), (0.25, 141.0)])
def test_quasi_reversible(psi, separation):
    """All of the curve against the integral equation; peaks against the table of Nicholson 1965 (whole millivolts)."""
    rate = psi * np.sqrt(np.pi * D * 0.1 / VOLTS)
    corner = 0.141
    record = run(redox(rate), voltammogram(-0.3, [corner], 0.1, stop=-0.741))
    times, exact = integral_equation(rate, corner)
    inside = (times > 0.5) & (times < record.time[-1])
    assert record.sampled(times[inside]) == pytest.approx(exact[inside], abs=PERMILLE * exact.max())
    fine = np.linspace(0.5, record.time[-1], 50_001)
    found = record.sampled(fine)
    volts = record.sampled(fine, "potential")
    assert 1e3 * (volts[found.argmax()] - volts[found.argmin()]) == pytest.approx(separation, abs=1.6)


def test_thin_layer():
    height, at = peak(run(thin(), [sweep(-0.3, 0.3, 0.01)]), after=2.0, until=58.0)
    assert height == pytest.approx(thin_layer_peak(0.01, 1, 1.0, 1e-6), rel=PERMILLE)
    assert at == pytest.approx(0.0, abs=1e-3)


def test_cycle_in_a_closed_film():
    """A whole cycle beside the convolution of the thickness gauge (`simcell.transport.gauge`)."""
    cell = redox(length=1e-6, spacing=1e-7, support=1e2, far=Frit())
    record = run(cell, voltammogram(-0.2, [0.2], 0.1), Options(volts=0.004))
    time = np.linspace(0.0, 8.0, 401)
    potential = 0.2 - np.abs(time - 4.0) * 0.1
    wanted = layer_voltammogram(time, potential, Layer(1e-6, D, 1.0, 0.0, 1.0))
    inside = (time > 0.5) & (np.abs(time - 4.0) > 0.1) & (time < 7.9)
    np.testing.assert_allclose(record.sampled(time[inside]), wanted[inside], atol=1.5e-3 * wanted.max())


def test_binary_limiting_current():
    record = run(plates(), [hold(-1.5, 60.0)])
    assert -record.current[-1] == pytest.approx(PLATES_LIMIT, rel=1e-5)
    assert 0.0 < record.surface("Li+")[-1] < 0.01


def test_binary_profiles():
    """Linear concentration, logarithmic potential: the flux with the logarithmic mean has no error here."""
    record = run(plates(), [current(-0.9 * PLATES_LIMIT, 100.0)])
    c = record.concentration[-1, 0]
    assert c == pytest.approx(100.0 * (1.0 + 0.9 * (2e4 * record.position - 1.0)), rel=1e-6)
    assert record.liquid[-1] - record.liquid[-1, 0] == pytest.approx(VOLTS * np.log(c / c[0]), abs=1e-9)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_migration_against_support(share):
    """Limiting current over that without migration: 2 / (1 + sqrt r), r the support's share of the cations."""
    ions = [Ion("M+", 1, 1e-9), Ion("S+", 1, 2e-9), Ion("A-", -1, 1.5e-9)]
    metal = 100.0 * (1.0 - share)
    start = {"M+": metal, "S+": 100.0 * share, "A-": 100.0}
    electrode = Surface((plating("M", "M+", 1, 10.0, metal, 0.5, 0.5),))
    record = run(Liquid(between(1e-4, 1e-6, other=False), ions, start, electrode), [hold(-0.8, 100.0)])
    diffusion = FARADAY * 1e-9 * metal / 1e-4
    assert -record.current[-1] == pytest.approx(diffusion * 2.0 / (1.0 + np.sqrt(share)), rel=PERMILLE)


def test_double_layer_behind_a_resistance():
    """R of 1 cm of KCl, C of an electrode without reaction: exp(-t/RC); and all of the charge is capacitive."""
    salt = [Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    start = {"K+": 1e3, "Cl-": 1e3}
    liquid = Liquid(between(1e-5, 1e-6, other=False), salt, start, Surface(capacitance=0.2, before=0.0))
    resistance = 1e-5 * VOLTS / (FARADAY * 4e-6)
    record = run(liquid, [hold(0.01, resistance)])  # 5 RC
    decay = np.exp(-record.time / (0.2 * resistance))
    assert record.current == pytest.approx(0.01 / resistance * decay, abs=PERMILLE * 0.01 / resistance)
    assert record.charging_charge[-1, 0] == pytest.approx(0.2 * 0.01 * (1.0 - np.exp(-5.0)), rel=2 * PERMILLE)
    assert record.books < 1e-9

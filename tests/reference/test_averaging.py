"""The criterion for averaging over a frame against the problem in full: sines in two dimensions, and real chemistry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcell.beam.averaging import averaging_error, escape_rate
from simcell.beam.raster import Scan, patterns, sequence
from simcell.chemistry.network import Network
from simcell.inputs.mechanism import load_mechanism
from simcell.numerics.grid import section
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate
from simcell.radiolysis.setup import Conditions, prepare

WATER = load_mechanism("water")
NET = Network.of(WATER)


def test_lines_on_a_periodic_section_against_exact_exponentials() -> None:
    """The scan as a solver sees it, with an exact solution in time of the cells' own diffusion: rows in turn."""
    lines, per_line, size = 32, 8, 1.0
    scan = Scan((lines, lines), size / lines, 1.0 / lines**2, fast="y")
    grid = section(np.linspace(-0.5, 0.5, lines * per_line + 1), [0.0, 1.0], periodic=True)
    lit, q = patterns(scan, "line", grid)[:, 0, 0], sequence(scan, "line", scan.frame_time)
    n, h = grid.shape[2], size / grid.shape[2]
    for rate, d in ((2.0, 0.0), (2.0, 0.02), (5.0, 0.002), (30.0, 0.02), (30.0, 0.2), (100.0, 0.02)):
        decay = rate + d * (2.0 * np.sin(np.pi * np.arange(n // 2 + 1) / n) / h) ** 2
        step, made = np.exp(-decay / lines), -np.expm1(-decay / lines) / decay
        c = np.zeros(decay.size, dtype=complex)
        for line in q.pattern:
            c = c * step + np.fft.rfft(lit[line]) * made
        c /= 1.0 - np.exp(-decay)  # what stays for ever
        seen = []
        for line in q.pattern:
            c = c * step + np.fft.rfft(lit[line]) * made
            seen.append(np.fft.irfft(c, n))
        at = n // 2 + per_line // 2  # in the middle of a line
        found = (np.max(seen, axis=0)[at] - np.min(seen, axis=0)[at]) * rate
        # lines jump by their width, a slab glides: they differ by what happens within the time of a line
        assert found == pytest.approx(float(averaging_error(scan, rate, d)), rel=0.05), (rate, d)


def _finite(d: float, rate: float, period: float, side: float, box: float, lines: int) -> tuple[float, float]:
    """Ripple in the middle of a square frame in a square box with fresh liquid at its rim; production over mean."""
    k = np.pi * np.arange(1, 301) / box
    decay = rate + d * (k[:, None] ** 2 + k[None, :] ** 2)

    def lit(low: float, high: float) -> np.ndarray:
        return np.asarray((np.cos(k * low) - np.cos(k * high)) / k * 2.0 / box)

    start, h = (box - side) / 2.0, side / lines
    along = lit(start, start + side)
    step, made = np.exp(-decay * period / lines), -np.expm1(-decay * period / lines) / decay
    source = [lines * np.outer(lit(start + j * h, start + (j + 1) * h), along) for j in range(lines)]
    here, over = np.sin(k * box / 2.0), np.sin(k * (box + h) / 2.0)  # in the middle of a line
    c = np.zeros_like(decay)
    for s in source:
        c = c * step + s * made
    c /= -np.expm1(-decay * period)
    seen = []
    for s in source:
        c = c * step + s * made
        seen.append(over @ c @ here)
    mean = over @ (sum(source) / lines / decay) @ here
    return (max(seen) - min(seen)) / mean, 1.0 / mean


@pytest.mark.parametrize("period", [0.5, 5e-3, 5e-4])
@pytest.mark.parametrize(("d", "rate"), [(4.5e-9, 0.0), (4.5e-9, 1e3), (1e-11, 0.0), (2e-9, 1e5)])
def test_a_small_frame_in_a_wide_cell(d: float, rate: float, period: float) -> None:
    """Production over concentration carries the loss to the surroundings: good to a factor of 1.6."""
    found, relaxation = _finite(d, rate, period, 5.12e-6, 50e-6, 16)
    scan = Scan((16, 16), 0.32e-6, period / 256)
    assert 1.0 / 1.1 < found / averaging_error(scan, relaxation, d) < 1.6
    if rate == 0.0:  # a square box of this width has fresh liquid at 1.08 times half of it
        assert escape_rate(d, *scan.sides, rim=1.08 * 25e-6) == pytest.approx(relaxation, rel=0.05)


def _water(start: np.ndarray | None, schedule: Schedule, rate: float) -> Problem0D:
    p = prepare(WATER, Conditions(298.15, rate, schedule, pH=7.0), NET).problem
    return p if start is None else replace(p, start=start)


def test_recombination_of_second_order_shifts_the_average_itself() -> None:
    """Neat water, lit a tenth of the time with ten times the dose rate: the numbers of docs/theory/footprint.md."""
    mean, frames, period = 4.492e5, 20, 0.524288
    steady = integrate(_water(None, Schedule.constant(1e3), mean), np.array([frames * period])).concentration[-1]
    pulsed = _water(None, Schedule.pulses(period / 10, 0.9 * period, frames, frames * period), 10 * mean)
    within = np.concatenate([np.linspace(0.0, 0.1, 60)[1:], 0.1 + np.geomspace(1e-8, 0.9, 200)]) * period
    times = (frames - 1) * period + within
    times[-1] = frames * period
    c = integrate(pulsed, times).concentration
    ratio = np.trapezoid(c, within, axis=0) / period / steady
    for species, expected in (("e_aq-", 0.32), ("OH", 0.31), ("H2", 3.1)):
        assert ratio[NET.index[species]] == pytest.approx(expected, rel=0.03), species


def test_fast_pulses_are_their_average() -> None:
    """Periods short against the lifetime of the radicals (1 us): the criterion says when, and the average holds."""
    rate, period, count = 4.492e5, 1e-7, 50
    calm = _water(None, Schedule.constant(1.0), rate)
    start = integrate(calm, np.array([1.0])).concentration[-1]
    pulsed = _water(start, Schedule.pulses(period / 10, 0.9 * period, count, count * period), 10 * rate)
    times = period * (count - 10 + np.arange(1, 201) / 20)
    c = integrate(pulsed, times).concentration
    i = NET.index["e_aq-"]
    relaxation = calm.source[i] / start[i]
    swing = (c[:, i].max() - c[:, i].min()) / c[:, i].mean()
    assert 0.01 < relaxation * period < 0.5
    assert swing == pytest.approx(0.9 * relaxation * period, rel=0.1)  # ripple without diffusion, to first order
    assert c[:, i].mean() / start[i] == pytest.approx(1.0, abs=0.02)

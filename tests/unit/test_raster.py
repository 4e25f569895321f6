"""Scans: order of visits, switch times, what they cost, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.beam.averaging import averaging_error, escape_rate, overlap, ripple
from simcell.beam.dose import raster_beam
from simcell.beam.raster import Scan, cost, patterns, sequence
from simcell.numerics.grid import batch, plan, radial, section


def test_times_of_a_frame():
    scan = Scan((4, 3), 1e-9, 1e-6, line_flyback=2e-6, frame_flyback=5e-6)
    assert scan.line_time == pytest.approx(6e-6) and scan.frame_time == pytest.approx(23e-6)
    assert scan.duty == pytest.approx(12.0 / 23.0)
    assert Scan((4, 3), 1e-9, 1e-6, fast="y").lines == (4, 3)
    flyback = scan.frame_time * (1.0 - scan.duty)
    beam = raster_beam(1e-10, 1e-9, 1e-6, (4, 3), 4e-14, flyback=flyback)
    plain = raster_beam(1e-10, 1e-9, 1e-6, (4, 3), 4e-14)
    assert beam.frame_time == pytest.approx(23e-6) and beam.frame_fluence == plain.frame_fluence
    assert beam.flux / plain.flux == pytest.approx(scan.duty) and beam.peak_flux == plain.peak_flux


def test_orders():
    def turns(order, hop=1, fast="x"):
        return np.rint(Scan((4, 3), 1.0, 1.0, order=order, hop=hop, fast=fast).visits()).astype(int).tolist()

    assert turns("raster") == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert turns("serpentine") == [[0, 1, 2, 3], [7, 6, 5, 4], [8, 9, 10, 11]]
    assert turns("hopping", 2) == [[0, 2, 1, 3], [8, 10, 9, 11], [4, 6, 5, 7]]
    assert turns("raster", fast="y") == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]


def test_lines_with_flyback_go_dark_between():
    scan = Scan((2, 2), 1.0, 1.0, line_flyback=0.5, frame_flyback=1.0)
    q = sequence(scan, "line", 9.0, frames=1)
    assert q.switch.tolist() == [0.0, 2.0, 2.5, 4.5, 9.0]
    assert q.scale.tolist() == [1.0, 0.0, 1.0, 0.0] and q.pattern.tolist() == [0, 0, 1, 1]
    cut = sequence(scan, "line", 7.0)
    assert cut.switch.tolist() == [0.0, 2.0, 2.5, 4.5, 6.0, 7.0] and cut.pattern.tolist() == [0, 0, 1, 1, 0]


def test_a_blanked_scan_goes_on_in_the_dark():
    q = sequence(Scan((1, 4), 1.0, 1.0), "line", 4.0).gated(np.array([0.0, 1.5, 2.5, 3.0]), np.array([1.0, 0.0, 2.0]))
    assert q.switch.tolist() == [0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0]
    assert q.scale.tolist() == [1.0, 1.0, 0.0, 0.0, 2.0, 0.0] and q.pattern.tolist() == [0, 1, 1, 2, 2, 3]


def test_too_many_segments_or_patterns_are_refused_with_what_fits():
    scan = Scan((512, 512), 1e-9, 1e-6)
    with pytest.raises(ValueError, match=r'1048576 segments.*100000 are the limit, or resolve by "line"'):
        sequence(scan, "pixel", 4 * scan.frame_time)
    with pytest.raises(ValueError, match=r"195 frames, 51.12 s, would fit"):
        sequence(scan, "line", 100.0)
    need = cost(scan, "line", scan.frame_time * 2.5, 1000)
    assert need.segments == sequence(scan, "line", scan.frame_time * 2.5).scale.size == 1280
    assert need.bytes == 512 * 1000 * 8 and need.seconds(1e-3, 10.0) == pytest.approx(12.8)
    with pytest.raises(ValueError, match=r"take 21 GB; 2 GB are the limit: 953 cells"):
        patterns(scan, "pixel", plan(np.linspace(-1e-6, 1e-6, 101), np.linspace(-1e-6, 1e-6, 101), 1e-6))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"frame": (0, 4)}, "at least one pixel"),
        ({"dwell": 0.0}, "dwell"),
        ({"line_flyback": -1.0}, "line flyback"),
        ({"order": "spiral"}, "spiral"),
        ({"order": "hopping"}, "stride from 2 to 8"),
        ({"probe": -1e-9}, "probe"),
    ],
)
def test_scans_that_are_none(options, words):
    with pytest.raises(ValueError, match=words):
        Scan(**{"frame": (8, 8), "pixel": 1e-9, "dwell": 1e-6, **options})


def test_grids_that_carry_no_scan():
    scan, faces = Scan((4, 4), 1.0, 1.0), np.linspace(-4.0, 4.0, 9)
    with pytest.raises(ValueError, match="radial grid carries no scan"):
        patterns(scan, "frame", radial(np.linspace(0.0, 4.0, 9)))
    with pytest.raises(ValueError, match="no lines or pixels"):
        patterns(scan, "line", batch())
    with pytest.raises(ValueError, match='fast axis "y"'):
        patterns(scan, "line", section(faces, [0.0, 1.0]))
    slab = patterns(Scan((4, 4), 1.0, 1.0, fast="y"), "line", section(faces, [0.0, 1.0]))[:, 0, 0]
    assert slab[0].tolist() == [0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0] and slab.shape == (4, 8)
    for call in (lambda: sequence(scan, "frame", 1.0), lambda: cost(scan, "frame", 1.0, 1)):
        with pytest.raises(ValueError, match='"line" or "pixel"'):
            call()


# ---------------------------------------------------------------- the criterion


def test_without_diffusion_the_ripple_is_that_of_a_pulsed_point():
    period, length, width = 0.5, 1e-6, 1e-8
    for rate in (1e-3, 1.0, 30.0, 1e4):
        tau = period * width / length
        exact = period / tau * np.expm1(-rate * tau) * np.expm1(-rate * (period - tau)) / -np.expm1(-rate * period)
        assert ripple(rate, 0.0, period, length, width) == pytest.approx(exact, rel=1e-9)
        # and slow diffusion tends to it
        assert ripple(rate, 1e-22, period, length, width) == pytest.approx(exact, rel=1e-3)


def test_ripple_solves_the_travelling_wave():
    """Sum of Fourier modes: each is S_m / (lambda + D k^2 - i k v)."""
    length, period = 2.0, 0.7
    m = np.arange(1, 3000)
    k = 2.0 * np.pi * m / length
    for rate, d, width in ((1.0, 0.05, 0.1), (20.0, 0.3, 0.5), (5.0, 2.0, 1.5), (300.0, 0.01, 0.2)):
        source = 2.0 * np.sin(k * width / 2.0) / (k * width / 2.0)  # cosine series of L/w on the slab
        answer = source / (rate + d * k**2 - 1j * k * length / period) * rate
        x = np.linspace(0.0, length, 601)
        c = 1.0 + (np.exp(1j * np.outer(x, k)) @ answer).real
        assert ripple(rate, d, period, length, width) == pytest.approx(c.max() - c.min(), rel=3e-3)


def test_ripple_has_its_limits():
    assert ripple([0.0, 1e-12], 1e-9, 1.0, 1e-6, 1e-9).max() < 1e-9  # what lives for ever does not follow
    assert ripple(1e9, 0.0, 1.0, 1e-6, 1e-9) == pytest.approx(1000.0, rel=1e-6)  # what dies at once follows all
    assert ripple(1.0, 1e-3, 1.0, 1e-6, 1e-9) < 1e-6  # what spreads at once is even
    assert ripple(1.0, 1e-9, 1.0, 1e-6, 1e-6) == 0.0  # a slab as long as the way is no scan
    for bad in ({"relaxation": -1.0}, {"diffusivity": np.nan}, {"period": 0.0}):
        with pytest.raises(ValueError, match="|".join(["relaxation", "diffusivity", "period"])):
            ripple(**{"relaxation": 1.0, "diffusivity": 1e-9, "period": 1.0, "length": 1e-6, "width": 1e-9, **bad})


def test_averages_along_lines_are_better_than_over_frames():
    scan = Scan((64, 64), 10e-9, 1e-6, line_flyback=20e-6)
    rates, d = np.array([1e2, 1e4, 1e6]), 2e-9
    assert (averaging_error(scan, rates, d, "line") <= averaging_error(scan, rates, d)).all()
    assert (np.diff(averaging_error(scan, rates, d)) > 0.0).all()
    with pytest.raises(ValueError, match='"frame" or along the "line"'):
        averaging_error(scan, 1.0, d, "pixel")
    with pytest.raises(ValueError, match="outside of the lit area"):
        escape_rate(d, 1e-6, 1e-6, 1e-7)


def test_overlap_counts_clouds():
    still = Scan((5, 5), 1e-6, 1.0, probe=1e-8, profile="gaussian")
    # without diffusion only the pixel's own last visit, a frame ago, is left
    assert overlap(still, 0.1, 0.0) == pytest.approx(np.exp(-2.5), rel=1e-12)
    fast = {"relaxation": 1e5, "diffusivity": 2e-9}
    near, far = (
        overlap(Scan((32, 32), 1e-8, 1e-6, order=o, hop=h), **fast) for o, h in (("raster", 1), ("hopping", 8))
    )
    assert far < near

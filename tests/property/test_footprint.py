"""Footprints on any grid: nothing is lost, nothing is above what it can be, mirrors stay mirrors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcell.beam.footprint import outside, relative_dose_rate
from simcell.beam.raster import ORDERS, Scan, patterns, sequence
from simcell.beam.shape import Box, Footprint, Part, disc_in_rectangle, in_rectangles
from simcell.numerics.grid import plan, radial

EPS = np.finfo(float).eps
places = st.floats(-3.0, 3.0)
sizes = st.floats(0.05, 4.0)


@st.composite
def faces(draw: st.DrawFn, low: float = -9.0, high: float = 9.0) -> np.ndarray:
    inner = draw(st.lists(st.floats(low, high), min_size=1, max_size=12, unique_by=lambda v: round(v, 3)))
    return np.unique(np.round([low, *inner, high], 3))


@st.composite
def parts(draw: st.DrawFn) -> Part:
    shape = draw(st.sampled_from(["disc", "gaussian", "rectangle"]))
    a = draw(sizes)
    b = draw(sizes) if shape == "rectangle" else a
    return Part(shape, (a, b), (draw(places), draw(places)), draw(st.floats(0.1, 2.0)))


@settings(deadline=None, max_examples=80)
@given(beam=st.lists(parts(), min_size=1, max_size=3), x=faces(), y=faces())
def test_the_sum_over_cells_is_the_beam(beam: list[Part], x: np.ndarray, y: np.ndarray) -> None:
    beam, grid = Footprint(tuple(beam)), plan(x, y, 1.0)
    total = (relative_dose_rate(grid, beam) * grid.volume).sum()
    assert abs(total - beam.area * (1.0 - outside(grid, beam))) <= 200 * EPS * beam.area + 4 * grid.volume.size * EPS
    assert (relative_dose_rate(grid, beam) >= 0.0).all()


@settings(deadline=None, max_examples=80)
@given(radius=st.floats(0.1, 3.0), x=faces(-4.0, 4.0), y=faces(-4.0, 4.0))
def test_disc_in_rectangles(radius: float, x: np.ndarray, y: np.ndarray) -> None:
    low, high = (x[None, :-1], y[:-1, None]), (x[None, 1:], y[1:, None])
    area = disc_in_rectangle(radius, (low[0], high[0]), (low[1], high[1]))
    whole = (high[0] - low[0]) * (high[1] - low[1])
    assert (area >= 0.0).all() and (area <= whole).all()
    assert abs(area.sum() - np.pi * radius**2) <= 4 * (area.size + 10) * EPS * radius**2
    mirrored = disc_in_rectangle(radius, (-high[0], -low[0]), (low[1], high[1]))
    assert np.array_equal(area, mirrored)
    turned = disc_in_rectangle(radius, (low[1], high[1]), (low[0], high[0]))
    assert np.abs(area - turned).max() <= 20 * EPS * radius**2
    scaled = disc_in_rectangle(1e-6 * radius, (1e-6 * low[0], 1e-6 * high[0]), (1e-6 * low[1], 1e-6 * high[1]))
    assert np.abs(scaled * 1e12 - area).max() <= 50 * EPS * radius**2


@settings(deadline=None, max_examples=50)
@given(part=parts(), x=faces(), y=faces(), half=st.tuples(st.floats(0.5, 8.0), st.floats(0.5, 8.0)))
def test_a_window_takes_what_is_beside_it(part: Part, x: np.ndarray, y: np.ndarray, half: tuple[float, float]) -> None:
    beam, window, grid = Footprint((part,)), Box.of(2 * half[0], 2 * half[1]), plan(x, y, 1.0)
    cut, full = relative_dose_rate(grid, beam, window), relative_dose_rate(grid, beam)
    assert abs((cut * grid.volume).sum() - beam.area * beam.within(window)) <= 1e-12 * beam.area
    assert (cut <= full * (1 + 1e-12) + 1e-12 * part.level).all()
    beside = (x[1:] <= window.x[0]) | (x[:-1] >= window.x[1])
    assert not cut[..., beside].any()


@settings(deadline=None, max_examples=30)
@given(part=parts(), shift=st.floats(-20.0, 20.0), x=faces(-4.0, 4.0))
def test_across_periodic_ends_nothing_is_lost(part: Part, shift: float, x: np.ndarray) -> None:
    grid = plan(x, np.linspace(-4.0, 4.0, 5), 1.0, periodic=(True, True))
    area = 64.0 * np.array([relative_dose_rate(grid, Footprint((Part(part.shape, part.size, c, part.level),)))
                            * grid.volume for c in (part.centre, (part.centre[0] + 8.0, part.centre[1]))])  # fmt: skip
    assert np.allclose(area.sum((1, 2, 3)), 64.0 * part.level * part.area, rtol=1e-12)
    assert np.abs(area[0] - area[1]).max() <= 1e-11 * area.max()


@settings(deadline=None, max_examples=40)
@given(shape=st.sampled_from(["disc", "gaussian"]), size=sizes, r=faces(0.0, 20.0))
def test_rings_hold_the_whole_beam(shape: str, size: float, r: np.ndarray) -> None:
    beam, grid = Footprint((Part(shape, (size, size)),)), radial(r)
    mean = relative_dose_rate(grid, beam)
    assert abs((mean * grid.volume).sum() / beam.area - 1.0) <= 1e-13
    assert (np.diff(mean.ravel()) <= 0.0).all() and mean.max() <= 1.0


@settings(deadline=None, max_examples=40)
@given(
    frame=st.tuples(st.integers(1, 6), st.integers(1, 6)), order=st.sampled_from(ORDERS), fast=st.sampled_from("xy"),
    back=st.sampled_from([0.0, 0.3]), end=st.sampled_from([0.0, 1.7]), view=st.sampled_from(["line", "pixel"]),
    until=st.floats(0.1, 200.0), frames=st.sampled_from([None, 1, 2]),
)  # fmt: skip
def test_the_times_of_a_scan_add_up(
    frame: tuple[int, int], order: str, fast: str, back: float, end: float, view: str, until: float, frames: int | None
) -> None:
    if order == "hopping" and max(frame) < 2:
        return
    scan = Scan(frame, 1.0, 0.7, order=order, hop=2, fast=fast, line_flyback=back, frame_flyback=end)
    q = sequence(scan, view, until, frames=frames)
    lengths = np.diff(q.switch)
    assert q.switch[0] == 0.0 and q.switch[-1] == until and (lengths > 0.0).all()
    assert q.scale.size == q.pattern.size == lengths.size
    whole = int(until / scan.frame_time + 1e-9) if frames is None else min(frames, int(until / scan.frame_time + 1e-9))
    lit = np.bincount(q.pattern, lengths * q.scale, frame[0] * frame[1])
    per_frame = 0.7 * (1 if view == "pixel" else scan.lines[1])
    used = lit[: scan.lines[0] if view == "line" else None]
    assert (used >= whole * per_frame * (1 - 1e-9)).all() and (used <= (whole + 1) * per_frame * (1 + 1e-9)).all()
    assert sorted(scan.visits().ravel()) == sorted(set(scan.visits().ravel()))


@settings(deadline=None, max_examples=20)
@given(
    frame=st.tuples(st.integers(1, 5), st.integers(1, 5)), probe=st.sampled_from([None, 0.4]),
    profile=st.sampled_from(["disc", "gaussian"]), fast=st.sampled_from("xy"), view=st.sampled_from(["line", "pixel"]),
)  # fmt: skip
def test_lines_and_pixels_have_the_average_of_the_frame(
    frame: tuple[int, int], probe: float | None, profile: str, fast: str, view: str
) -> None:
    scan = Scan(frame, 1.0, 1.0, (0.5, -0.5), fast=fast, line_flyback=0.5, probe=probe, profile=profile)
    grid = plan(np.arange(-8.0, 8.5) + 0.3, np.arange(-8.0, 8.5) - 0.2, 1.0)
    each, q = patterns(scan, view, grid), sequence(scan, view, scan.frame_time)
    mean = np.einsum("s,szyx->zyx", np.diff(q.switch) * q.scale, each[q.pattern]) / scan.frame_time
    average = patterns(scan, "frame", grid)[0]
    assert (mean * grid.volume).sum() == pytest.approx(scan.footprint.area, rel=1e-12)
    if view == "line" or probe is None:
        assert np.abs(mean - average).max() < 1e-12


def test_parts_integrate_to_their_area() -> None:
    ends = np.array(-50.0), np.array(50.0)
    for shape in ("disc", "gaussian", "rectangle"):
        part = Part(shape, (1.3, 1.3), (0.7, -2.0))
        assert abs(in_rectangles(part, ends, ends) / part.area - 1.0) < 1e-14

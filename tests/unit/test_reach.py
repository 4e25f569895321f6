"""How far a change reaches, against profiles whose distance to a tenth is known."""

import numpy as np
import pytest

from simcell.numerics.grid import graded, plan, radial, section
from simcell.radiolysis.reach import beam_distance, crossing, distance_profile, outline, reach

BEAM, LENGTH = 1e-6, 0.3e-6


def of(grid, dose, shape, before=0.0, y=None):
    """Reach of one species whose value at the distance d beyond a beam is shape(d), 1 inside."""
    values = np.broadcast_to(shape, (1, *grid.shape)) + before
    return float(reach(values, [before], grid.volume, dose, grid.centre[1] if y is None else y, grid.centre[2])[0])


@pytest.mark.parametrize("before", [0.0, 55.0])
def test_exponential_around_a_disc_falls_to_a_tenth_after_ln_10_lengths(before):
    g = radial(graded(0.0, 20e-6, {BEAM: 5e-9}))
    r = g.centre[2]
    value = of(g, (r < BEAM)[None, :], np.exp(-np.maximum(r - BEAM, 0.0) / LENGTH), before)
    # the outline lies midway between two centres; a face is within growth/2 of that, 0.4 of a cell of 5 nm
    assert value == pytest.approx(LENGTH * np.log(10.0), abs=2e-9)


def test_one_over_r_falls_to_a_tenth_at_ten_radii():
    errors = []
    for finest in (40e-9, 20e-9, 10e-9):
        g = radial(graded(0.0, 30e-6, {BEAM: finest}, largest=8.0 * finest))
        r = g.centre[2]
        errors.append(abs(of(g, (r < BEAM)[None, :], BEAM / np.maximum(r, BEAM)) - 9.0 * BEAM))
    # log-linear interpolation of 1/r between centres dx apart is off by at most dx^2/(8 r): 1.3e-9 for 320 nm
    assert max(errors) < 2e-9


def test_what_is_taken_counts_as_what_is_added():
    g = radial(graded(0.0, 20e-6, {BEAM: 5e-9}))
    r = g.centre[2]
    lit, decay = (r < BEAM)[None, :], 0.5 * np.exp(-np.maximum(r - BEAM, 0.0) / LENGTH)
    assert of(g, lit, -decay, 1.0) == pytest.approx(of(g, lit, decay, 1.0), rel=1e-9)


def test_both_sides_of_a_section_and_the_farther_one():
    g = section(graded(-20e-6, 20e-6, {-BEAM: 20e-9, BEAM: 20e-9}), np.linspace(0.0, 1e-6, 5))
    x = g.centre[2]
    lit = (np.abs(x) < BEAM)[None, :]
    out = np.maximum(np.abs(x) - BEAM, 0.0)
    assert of(g, lit, np.exp(-out / LENGTH)) == pytest.approx(LENGTH * np.log(10.0), abs=8e-9)
    downstream = np.exp(-out / np.where(x > 0.0, 4.0 * LENGTH, LENGTH))
    assert of(g, lit, downstream) == pytest.approx(4.0 * LENGTH * np.log(10.0), abs=8e-9)


def test_only_the_mean_over_the_thickness_counts():
    g = section(np.linspace(0.0, 20e-6, 401), [0.0, 0.25e-6, 1e-6])
    x = g.centre[2]
    profile = np.exp(-np.maximum(x - BEAM, 0.0) / LENGTH)
    uneven = np.stack([2.5 * profile, 0.5 * profile])[None, :, None, :]  # (2.5 + 3 * 0.5) / 4 = 1
    lit = (x < BEAM)[None, :]
    assert of(g, lit, uneven) == pytest.approx(of(g, lit, profile), rel=1e-9)


def round_beam(centre=(0.0, 0.0), cells=101):
    faces = np.linspace(-10e-6, 10e-6, cells + 1)
    g = plan(faces, faces, 1e-6)
    y, x = np.meshgrid(g.centre[1], g.centre[2], indexing="ij")
    return g, np.hypot(y - centre[0], x - centre[1])


@pytest.mark.parametrize("centre", [(0.0, 0.0), (1.3e-6, -2.17e-6)])
def test_rings_around_a_round_beam_in_plan(centre):
    g, r = round_beam(centre)
    value = of(g, np.exp(-((r / (2.0 * BEAM)) ** 2) * np.log(2.0)), np.exp(-np.maximum(r - 2.0 * BEAM, 0.0) / 1e-6))
    assert value == pytest.approx(1e-6 * np.log(10.0), abs=0.1e-6)  # half a cell


def test_a_square_and_two_beams_are_measured_from_their_outline():
    g, _ = round_beam()
    y, x = np.meshgrid(g.centre[1], g.centre[2], indexing="ij")
    square = np.maximum(np.abs(x), np.abs(y)) < 2e-6
    away = beam_distance(square, g.centre[1], g.centre[2])
    east = np.argmin(np.abs(g.centre[2] - 5e-6))
    assert away[50, east] == pytest.approx(g.centre[2][east] - 2e-6, abs=0.1e-6)
    two = (np.hypot(x - 5e-6, y) < BEAM) | (np.hypot(x + 5e-6, y) < BEAM)
    assert beam_distance(two, g.centre[1], g.centre[2])[50, 50] == pytest.approx(4e-6, abs=0.1e-6)


def test_beyond_the_grid_without_change_without_beam_and_without_an_outside():
    g = radial(np.linspace(0.0, 3e-6, 31))
    r = g.centre[2]
    lit = (r < BEAM)[None, :]
    assert np.isnan(of(g, lit, np.exp(-r / 5e-6)))
    assert of(g, lit, np.zeros(30), 1.0) == 0.0
    assert of(g, 0.0 * lit, np.ones(30)) == 0.0
    assert np.isnan(of(g, np.ones((1, 30)), np.ones(30)))


def test_times_and_species_keep_their_places():
    g = radial(np.linspace(0.0, 20e-6, 801))
    out = np.maximum(g.centre[2] - BEAM, 0.0)
    lengths = np.array([[0.2, 0.4, 0.8], [0.3, 0.6, 1.2]]) * 1e-6
    values = np.exp(-out / lengths[..., None])[:, :, None, None, :]
    found = reach(values, np.zeros(3), g.volume, (g.centre[2] < BEAM)[None, :], [0.0], g.centre[2])
    np.testing.assert_allclose(found, lengths * np.log(10.0), atol=1e-9)


def test_the_profile_over_distance_keeps_the_amount():
    g, r = round_beam((0.5e-6, 0.3e-6), 64)
    away = beam_distance(r < 2e-6, g.centre[1], g.centre[2])
    ones = np.ones((2, *g.shape)) * np.array([1.0, 3.0])[:, None, None, None]
    d, mean = distance_profile(ones, g.volume, away)
    np.testing.assert_allclose(mean, np.broadcast_to([[1.0], [3.0]], mean.shape), rtol=1e-12)
    assert np.all(np.diff(d) > 0.0)
    assert d.size > 20


def test_the_outline_of_a_gaussian_lies_at_half_its_height():
    g, r = round_beam()
    points = outline(np.exp(-((r / 2e-6) ** 2) * np.log(2.0)), g.centre[1], g.centre[2])
    # linear interpolation along a line at a tangent to the outline: dx^2/8 times the curvature 1/(2 um) = 2.5 nm
    np.testing.assert_allclose(np.hypot(*points.T), 2e-6, atol=2.6e-9)


def test_an_outside_that_holds_more_than_the_beam_is_the_far_side_of_its_last_crossing():
    d = np.array([-1.0, 1.0, 2.0, 3.0, 4.0])
    assert crossing(d, np.array([1.0, 0.05, 5.0, 0.1, 0.01])) == pytest.approx(3.0)


def test_shapes_that_do_not_belong_together_are_refused():
    g = radial(np.linspace(0.0, 3e-6, 31))
    with pytest.raises(ValueError, match="do not belong to one grid"):
        reach(np.ones((1, 1, 1, 29)), [0.0], g.volume, np.ones((1, 30)), [0.0], g.centre[2])
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        reach(np.ones((1, 1, 1, 30)), [0.0], g.volume, np.ones((1, 30)), [0.0], g.centre[2], share=1.5)
    with pytest.raises(ValueError, match="finite and not negative"):
        beam_distance(-np.ones((1, 2)), [0.0], [0.0, 1.0])

"""Footprints: against quadrature, limits with a known answer, what is refused and what is warned of."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import dblquad, quad

from simcell.beam.dose import current_from_flux, spot_beam
from simcell.beam.footprint import outside, relative_dose_rate, resolve
from simcell.beam.shape import Box, Footprint, Part, along_cut, disc, gaussian, in_rectangles, rectangle, several
from simcell.numerics.grid import batch, full, graded, plan, radial, section

X = np.array([-3.0, -1.2, -0.4, 0.1, 0.9, 1.4, 4.0])
Y = np.array([-2.0, -0.7, 0.3, 0.8, 2.5])
GRIDS = {
    "radial": radial(graded(0.0, 12.0, {1.0: 0.05})),
    "plan": plan(np.linspace(-12.0, 12.0, 41), np.linspace(-12.0, 12.0, 37), 0.5),
    "full": full(np.linspace(-12.0, 12.0, 41), np.linspace(-12.0, 12.0, 37), 0.5, 3),
}


@pytest.mark.parametrize("centre", [(0.0, 0.0), (0.35, -0.2)])
@pytest.mark.parametrize("shape", ["disc", "gaussian", "rectangle"])
def test_cells_against_quadrature(shape, centre):
    part = Part(shape, (1.7, 1.7), centre)
    low, high = (X[None, :-1], Y[:-1, None]), (X[None, 1:], Y[1:, None])
    exact = in_rectangles(part, (low[0], high[0]), (low[1], high[1]))
    sigma, radius = 1.7 / math.sqrt(8.0 * math.log(2.0)), 0.85

    def rows(x, y0, y1):  # the inner integral along y is known; only x is left to quadrature
        dx = x - centre[0]
        if shape == "gaussian":
            f = [math.erf((y - centre[1]) / math.sqrt(2.0) / sigma) for y in (y0, y1)]
            return math.exp(-0.5 * (dx / sigma) ** 2) * sigma * math.sqrt(math.pi / 2.0) * (f[1] - f[0])
        half = radius if shape == "rectangle" else math.sqrt(max(0.0, radius**2 - dx**2))
        return max(0.0, min(y1, centre[1] + half) - max(y0, centre[1] - half)) * (abs(dx) <= radius)

    kinks = [centre[0] + radius * s for s in (-1.0, 1.0)]
    for y in Y:
        chord = radius**2 - (y - centre[1]) ** 2
        kinks += [centre[0] + s * math.sqrt(chord) for s in (-1.0, 1.0) if chord > 0.0]
    for i in range(Y.size - 1):
        for j in range(X.size - 1):
            inside = [k for k in kinks if X[j] < k < X[j + 1]]
            value = quad(rows, X[j], X[j + 1], args=(Y[i], Y[i + 1]), points=inside or None, epsabs=1e-12, limit=200)[0]
            assert exact[i, j] == pytest.approx(value, abs=1e-10)


def test_gaussian_cells_against_quadrature_in_two_dimensions():
    beam = gaussian(1.3, (0.2, 0.1), tail=(0.3, 4.0))
    grid = plan([0.0, 0.5, 1.5], [-0.5, 0.7], 1.0)
    mean = relative_dose_rate(grid, beam)[0, 0]
    for j, (a, b) in enumerate([(0.0, 0.5), (0.5, 1.5)]):
        value = dblquad(lambda y, x: beam.at(x, y), a, b, -0.5, 0.7, epsabs=1e-12)[0]
        assert mean[j] == pytest.approx(value / ((b - a) * 1.2), rel=1e-10)


@pytest.mark.parametrize("kind", GRIDS)
@pytest.mark.parametrize("make", [disc, gaussian, lambda d: gaussian(d, tail=(0.2, 1.5 * d))])
def test_the_beam_is_in_the_sum_on_every_grid(kind, make):
    beam, grid = make(2.0), GRIDS[kind]
    height = 1.0 if kind == "radial" else 0.5
    total = (relative_dose_rate(grid, beam) * grid.volume).sum() / height
    assert total == pytest.approx(beam.area, rel=1e-13)
    assert abs(outside(grid, beam)) < 1e-13


def test_layers_of_full_are_those_of_plan_and_a_batch_is_all_in_the_beam():
    beam = gaussian(2.0, (1.0, -2.0))
    layers, flat = relative_dose_rate(GRIDS["full"], beam), relative_dose_rate(GRIDS["plan"], beam)
    assert np.array_equal(layers, np.repeat(flat, 3, axis=0))
    assert relative_dose_rate(batch(1e-18), beam).tolist() == [[[1.0]]]
    assert resolve(batch(1e-18), beam) == () and outside(batch(1e-18), beam) == 0.0


def test_rings_and_squares_agree():
    """Both averages tend to the beam itself: that of a ring and that of a small square around a point in it."""
    beam = gaussian(2.0, tail=(0.3, 5.0))
    r = np.linspace(0.0, 4.0, 4001)
    ring = relative_dose_rate(radial(r), beam).ravel()
    for i in (0, 500, 2000):
        middle = 0.5 * (r[i] + r[i + 1])
        box = plan([middle - 1e-4, middle + 1e-4], [-1e-4, 1e-4], 1.0)
        assert ring[i] == pytest.approx(float(relative_dose_rate(box, beam)[0, 0, 0]), rel=1e-6)


def test_far_tails_keep_their_digits():
    part = Part("gaussian", (1.0, 1.0))
    value = float(in_rectangles(part, (np.array(5.0), np.array(6.0)), (np.array(-9.0), np.array(9.0))))
    s = 1.0 / math.sqrt(8.0 * math.log(2.0))
    tail = quad(lambda x: math.exp(-0.5 * (x / s) ** 2), 5.0, 6.0, epsabs=0.0, epsrel=1e-12)[0]
    assert value == pytest.approx(tail * s * math.sqrt(2.0 * math.pi), rel=1e-11) and value < 1e-30


# ---------------------------------------------------------------- sections


def test_a_cut_is_a_slab_and_a_mean_keeps_the_current():
    x = np.linspace(-3.0, 3.0, 31)
    narrow, wide = section(x, [0.0, 0.2, 0.5], width=1e-6), section(x, [0.0, 0.5], width=10.0)
    cut = relative_dose_rate(narrow, disc(2.0))
    assert cut.shape == (2, 1, 30) and np.allclose(cut[0], (np.abs(narrow.centre[2]) < 1.0), atol=1e-12)
    for beam in (disc(2.0, (0.3, 0.0)), gaussian(0.7, (0.3, 0.0))):
        close = relative_dose_rate(narrow, beam, section="mean") - relative_dose_rate(narrow, beam)
        assert np.abs(close).max() < 1e-6
        mean = relative_dose_rate(wide, beam, section="mean")
        assert (mean * wide.volume).sum() / 0.5 == pytest.approx(beam.area, rel=1e-12)


def test_a_cut_beside_the_middle_is_a_chord():
    assert float(along_cut(Part("disc", (10.0, 10.0)), (np.array(-9.0), np.array(9.0)), 4.0)) == pytest.approx(6.0)
    grid = section(np.linspace(-3.0, 3.0, 601), [0.0, 1.0])
    off = relative_dose_rate(grid, gaussian(1.0), y=0.5)  # half of the width away, half of the peak
    assert off.max() == pytest.approx(0.5, rel=1e-4)
    assert not relative_dose_rate(grid, disc(2.0), Box.of(9.0, 1.0), y=0.6).any()
    with pytest.raises(ValueError, match="does not cross the section at y = 2"):
        resolve(grid, disc(2.0), y=2.0)
    with pytest.raises(ValueError, match='"cut" or a "mean"'):
        relative_dose_rate(grid, disc(2.0), section="slab")


# ---------------------------------------------------------------- current and peak


def test_current_and_peak_flux():
    assert disc(2e-6).current(1e21) == pytest.approx(current_from_flux(1e21, 2e-6), rel=1e-14)
    core = gaussian(2e-6)
    sigma = 2e-6 / math.sqrt(8.0 * math.log(2.0))
    assert core.flux(1e-9) == pytest.approx(1e-9 / 1.602176634e-19 / (2.0 * math.pi * sigma**2), rel=1e-14)
    assert core.flux(1e-9) == pytest.approx(spot_beam(1e-9, 2e-6, 4e-14, profile="gaussian").flux, rel=1e-14)
    tail = gaussian(2e-6, tail=(0.25, 8e-6))  # peak of the core, and of a tail of 16 times its area
    assert tail.flux(1e-9) / core.flux(1e-9) == pytest.approx(0.75 + 0.25 / 16.0, rel=1e-13)
    assert tail.at(0.0, 0.0) == pytest.approx(1.0, rel=1e-15)
    # half of the current of a Gaussian lies within its full width at half maximum
    assert core.within_radius(1e-6) == pytest.approx(0.5, rel=1e-13)
    assert core.at(1e-6, 0.0) == pytest.approx(0.5, rel=1e-13)


def test_spots_share_the_current_by_weight():
    pair = several([(disc(1.0, (-5.0, 0.0)), 2.0), (gaussian(3.0, (5.0, 0.0)), 1.0)])
    left, right = Box((-9.0, 0.0), (-9.0, 9.0)), Box((0.0, 40.0), (-40.0, 40.0))
    assert pair.within(left) == pytest.approx(2.0 / 3.0, rel=1e-4)
    assert pair.within(right) == pytest.approx(1.0 / 3.0, rel=1e-4)
    assert pair.at(-5.0, 0.0) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gaussian(1.0, tail=(1.0, 2.0)), "holds 1 of the current"),
        (lambda: gaussian(1.0, tail=(0.1, 0.5)), "wider than the core"),
        (lambda: disc(0.0), "diameter|size"),
        (lambda: Part("disc", (1.0, 2.0)), "is round"),
        (lambda: Part("square", (1.0, 1.0)), "one of disc"),
        (lambda: Part("disc", (1.0, 1.0), (math.nan, 0.0)), "finite"),
        (lambda: several([]), "a part that doses"),
        (lambda: several([(disc(1.0), 0.0)]), "weight"),
        (lambda: Footprint((Part("disc", (1.0, 1.0), level=0.0),)), "a part that doses"),
        (lambda: Box((1.0, 0.0), (0.0, 1.0)), "the end comes first"),
    ],
)
def test_beams_that_are_none(make, words):
    with pytest.raises(ValueError, match=words):
        make()


# ---------------------------------------------------------------- can grid and window carry it?


def test_rings_carry_round_beams_only():
    grid = GRIDS["radial"]
    for beam in (disc(2.0, (0.1, 0.0)), rectangle(1.0, 1.0)):
        with pytest.raises(ValueError, match="radial grid carries a round beam"):
            relative_dose_rate(grid, beam)
    with pytest.raises(ValueError, match="rings cannot carry a window"):
        relative_dose_rate(grid, disc(2.0), Box.of(1.0, 5.0))
    wide = relative_dose_rate(grid, disc(2.0), Box.of(5.0, 5.0))
    assert np.array_equal(wide, relative_dose_rate(grid, disc(2.0)))


@pytest.mark.parametrize("grid", [plan(np.linspace(-5.0, 5.0, 101), np.linspace(-5.0, 5.0, 101), 1.0)])
def test_a_beam_beside_the_liquid_is_refused_with_places(grid):
    with pytest.raises(ValueError, match=r"x = 7 m, y = 0 m is outside of the grid \(x = -5 m to 5 m"):
        resolve(grid, disc(2.0, (7.0, 0.0)))
    with pytest.raises(ValueError, match=r"outside of the window \(x = -1 m to 1 m"):
        resolve(grid, several([(disc(2.0), 1.0), (disc(2.0, (3.0, 0.0)), 1.0)]), Box.of(2.0, 2.0))
    assert resolve(grid, disc(2.0), Box.of(4.0, 4.0)) == ()
    (window,) = resolve(grid, disc(2.0), Box.of(2.0, 1.0))
    share = 1.0 - (2.0 * math.asin(0.5) + math.sqrt(0.75)) / math.pi  # beside a strip as wide as the radius
    assert f"{share:.2%} of the current falls beside the window" in window
    (beside,) = resolve(grid, disc(2.0, (4.5, 0.0)))
    assert "beside the grid" in beside


def test_a_coarse_grid_is_told_the_spacing_that_would_do():
    def grid(h):
        return plan(np.arange(-5.0, 5.0 + h / 2, h), np.linspace(-5.0, 5.0, 101), 1.0)

    assert resolve(grid(0.2), disc(2.0)) == ()
    for beam in (disc(2.0), gaussian(2.0), rectangle(2.0, 2.0)):
        (warning,) = resolve(grid(0.5), beam)
        assert "spacing 0.5 m at x" in warning and "0.2 m or less resolves it" in warning
        with pytest.raises(ValueError, match=r"does not resolve .* 0.2 m or less does, 1 m is the limit"):
            resolve(grid(1.25), beam)
    assert resolve(radial(graded(0.0, 9.0, {1.0: 0.05}, growth=1.3)), disc(2.0)) == ()
    # a tail that holds next to nothing, or is wide, need not be resolved like the core
    assert resolve(grid(0.2), gaussian(2.0, tail=(0.1, 4.0))) == ()


def test_ten_cells_over_the_width_keep_the_peak_of_a_gaussian():
    """The mean over a cell of h = d/10 is below the peak by h^2/12 sigma^2 (two axes): less than 2 %."""
    h = 0.1
    cell = plan([-h / 2, h / 2], [-h / 2, h / 2], 1.0)
    assert 1.0 - relative_dose_rate(cell, gaussian(1.0))[0, 0, 0] == pytest.approx(
        h**2 / 12 * 8 * math.log(2), rel=0.02
    )

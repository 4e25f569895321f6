"""Anisotropic metal: Cahn-Hoffman curvature, Wulff shape, rotated lattices, mirror images, grains, convexity."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from simcell.dendrite import kernels
from simcell.dendrite.crystal import Crystal, turns
from simcell.dendrite.layer import Layer, State, begin, with_metal
from simcell.dendrite.model import Run, grow
from simcell.dendrite.shape import contour
from simcell.dendrite.stability import Metal
from simcell.numerics.grid import plan

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
SIDES = {side: "reservoir" for side in ("x-", "x+", "y-", "y+")}


def seed(crystal: Crystal, angle: float, cells: int = 48, metal: Metal = LITHIUM, radius: float = 10.0):
    """A disc of `radius` cells of 25 nm on a floor electrode in the middle, with salt supplied from all sides."""
    h = 25e-9
    faces = (np.arange(cells + 1) - 0.5 * cells) * h
    contact = np.zeros((cells, cells), dtype=bool)
    contact[cells // 2, cells // 2] = True
    layer = Layer(metal, plan(faces, faces, 1e-6), 2.0 * h, SIDES, (), crystal=crystal, contact=contact)
    return layer, begin(layer, radius * h - np.hypot(*layer.centre), angle=angle)


def harmonic(layer: Layer, state: State, fold: int) -> tuple[float, float, float]:
    """Mean radius [m], relative amplitude and phase [rad] of the fold-th harmonic of the contour."""
    points = contour(state.xi, layer.spacing)
    middle = points.mean(axis=1) - 0.5 * layer.shape[0] * layer.spacing
    span = points[:, 1] - points[:, 0]
    radius, angle = np.hypot(*middle.T), np.arctan2(middle[:, 1], middle[:, 0])
    weight = np.abs(middle[:, 0] * span[:, 1] - middle[:, 1] * span[:, 0]) / radius**2  # angle that a piece spans
    mean = float((weight * radius).sum() / weight.sum())
    wave = 2.0 * (weight * radius * np.exp(1j * fold * angle)).sum() / weight.sum() / mean
    return mean, float(np.abs(wave)), float(np.angle(wave)) / fold


def weighted_curvature(crystal: Crystal, angle: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Weighted curvature next to a circle of the radius 0.3 and the angle of its normal."""
    h = 1.0 / n
    x, y = np.meshgrid((np.arange(n) + 0.5) * h - 0.5, (np.arange(n) + 0.5) * h - 0.5)
    psi, kappa, weighted = 0.3 - np.hypot(x, y), np.empty((n, n)), np.empty((n, n))
    grain = np.zeros((n, n), dtype=np.int64)
    kernels.curvature(
        psi, 2.0 * h, h, h, crystal.fold, crystal.energy, crystal.missing, turns(crystal, angle), grain, kappa, weighted
    )
    near = np.abs(psi) < 1.5 * h
    return weighted[near], np.arctan2(y, x)[near]


@pytest.mark.parametrize("crystal", [Crystal(4, 0.05), Crystal(6, 0.02), Crystal(2, 0.2)], ids=["4", "6", "2"])
def test_weighted_curvature_is_stiffness_times_curvature(crystal: Crystal) -> None:
    errors = []
    for n in (40, 80, 160):
        found, normal = weighted_curvature(crystal, 0.3, n)
        stiffness = 1.0 - (crystal.fold**2 - 1) * crystal.energy * np.cos(crystal.fold * (normal - 0.3))
        errors.append(np.abs(found * 0.3 - stiffness).max())
    assert errors[-1] < 0.01
    assert all(fine / coarse < 0.35 for coarse, fine in pairwise(errors))  # second order, about


def test_missing_directions_have_no_stiffness() -> None:
    crystal = Crystal(4, 0.12, corners=True)
    found, normal = weighted_curvature(crystal, 0.2, 160)
    off = np.abs((normal - 0.2 + np.pi / 4) % (np.pi / 2) - np.pi / 4)
    stiffness = 1.0 - 15.0 * 0.12 * np.cos(4.0 * off)
    assert np.abs(found[off < crystal.missing - 0.05]).max() < 1e-9
    rest = off > crystal.missing + 0.05
    assert np.abs(found[rest] * 0.3 - stiffness[rest]).max() < 0.03
    assert crystal.missing > np.arccos(1.0 / (15.0 * 0.12)) / 4.0  # more is missing than is unstable
    assert crystal.wulff(0.0) == pytest.approx((1.0 + 0.12 * np.cos(4 * crystal.missing)) / np.cos(crystal.missing))


def test_wulff_shape_of_a_convex_energy() -> None:
    crystal = Crystal(4, 0.05)
    assert crystal.wulff(0.0) / crystal.wulff(np.pi / 4) == pytest.approx(1.05 / 0.95, rel=1e-6)


def test_a_disc_relaxes_to_its_wulff_shape() -> None:
    """At no net current metal dissolves where the weighted curvature is high and plates where it is low.

    A radius of 12 cells has its curvature to 2 %; validation/ver_dendrite_wulff.py refines.
    """
    metal = replace(LITHIUM, exchange_current=1.0)
    crystal = Crystal(4, 0.05)
    layer, first = seed(crystal, 0.0, 44, metal, 12.0)
    rate = metal.speed(metal.exchange_current) * metal.capillary_length * 15.0 / (12.0 * 25e-9) ** 2
    last = grow(layer, first, [4.0 / rate], current=0.0).last
    mean, amplitude, phase = harmonic(layer, last, 4)
    angles = np.linspace(0.0, 2.0 * np.pi, 400, endpoint=False)
    wulff = crystal.wulff(angles)
    wanted = 2.0 * np.mean(wulff * np.cos(4.0 * angles)) / np.mean(wulff)
    assert amplitude == pytest.approx(wanted, rel=0.05)
    assert abs(phase) < 1e-3
    assert abs(last.xi.sum() - first.xi.sum()) < 1e-9 * first.xi.sum()
    assert mean == pytest.approx(12.0 * 25e-9, rel=0.01)


@pytest.fixture(scope="module")
def lattices() -> dict[int, tuple[Layer, Run]]:
    """The same seed, its lattice turned."""
    found = {}
    for degrees in (0, 15, 30, 45):
        layer, first = seed(Crystal(4, 0.03, 0.3), np.radians(degrees))
        found[degrees] = layer, grow(layer, first, [2.0], potential=-0.1)
    return found


def test_a_turned_lattice_gives_the_turned_shape(lattices: dict[int, tuple[Layer, Run]]) -> None:
    shapes = {angle: harmonic(layer, run.last, 4) for angle, (layer, run) in lattices.items()}
    mean, amplitude, _ = shapes[0]
    assert mean > 12.0 * 25e-9 and amplitude > 0.05  # it has grown, and it has arms
    for angle, (other, wave, phase) in shapes.items():
        assert other == pytest.approx(mean, rel=0.002)
        assert wave == pytest.approx(amplitude, rel=0.05)
        off = (phase - np.radians(angle) + np.pi / 4) % (np.pi / 2) - np.pi / 4
        assert abs(off) < np.radians(1.0)


def test_mirror_images_of_an_anisotropic_seed(lattices: dict[int, tuple[Layer, Run]]) -> None:
    for angle in (0, 45):
        xi = lattices[angle][1].last.xi
        for other in (xi[::-1], xi[:, ::-1], xi.T):
            # in the middle of the metal there is no normal, and rounding errors grow in the tail of the phase
            away = np.maximum(xi, other) < 0.9
            assert np.abs(other - xi)[away].max() < 3e-6  # the solver stops at 1e-8 of the rate


def test_a_nucleus_keeps_the_orientation_that_it_was_given() -> None:
    layer, first = seed(Crystal(4, 0.0, 0.4), 0.0, 48, radius=6.0)
    beside = 6.0 * 25e-9 - np.hypot(layer.centre[0], layer.centre[1] - 14.0 * 25e-9)
    both = with_metal(layer, first, beside, angle=np.pi / 4)
    assert both.angles is not None and both.angles.tolist() == [0.0, np.pi / 4]
    assert both.metal.size == 2  # not on the electrode: afloat
    whole = replace(layer, contact=np.ones(layer.shape, dtype=bool))
    run = grow(whole, with_metal(whole, first, beside, angle=np.pi / 4), [2.0], potential=-0.1)
    grain = run.last.grain
    assert grain is not None
    metal, x = run.last.xi > 0.5, np.broadcast_to(layer.centre[1], layer.shape)
    assert metal.sum() > 1.3 * (both.xi > 0.5).sum()
    assert (grain[metal & (x > 10 * 25e-9)] == 1).all() and (grain[metal & (x < 4 * 25e-9)] == 0).all()


def test_anisotropy_beyond_convexity_is_refused_with_the_limit() -> None:
    with pytest.raises(ValueError, match=r"1/\(m\^2-1\) = 0\.06667"):
        Crystal(4, 0.07)
    with pytest.raises(ValueError, match=r"0\.02857"):
        Crystal(6, 0.03)
    with pytest.raises(ValueError, match="fold is 3"):
        Crystal(3, 0.01)
    with pytest.raises(ValueError, match="kinetics is 1"):
        Crystal(4, 0.0, 1.0)
    with pytest.raises(ValueError, match=r"energy is -0\.1"):
        Crystal(4, -0.1)

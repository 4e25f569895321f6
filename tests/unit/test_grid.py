"""Volumes, areas and distances of the grids against sums that are known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.numerics.grid import AXES, Grid, batch, full, graded, laplacian, plan, radial, section

X, Y, Z = np.array([0.0, 1.0, 1.5, 4.0]), np.array([-1.0, 0.0, 2.0]), np.array([0.0, 0.1, 0.4, 0.5])
THICKNESS = np.array([[0.5, 0.7, 0.6], [0.4, 0.5, 0.9]])
GRIDS = {
    "batch": batch(2.0),
    "radial": radial([0.0, 0.5, 2.0, 3.0], height=0.2),
    "ring": radial([1.0, 1.5, 3.0], height=0.2),
    "plan": plan(X, Y, 0.5),
    "bulged": plan(X, Y, THICKNESS),
    "section": section(X, Z, width=2.0),
    "full": full(X, Y, THICKNESS, 4),
    "layered": full(X, Y, 0.5, [0.0, 0.2, 1.0]),
    "periodic": plan(X, Y, THICKNESS, periodic=(True, True)),
}
VOLUMES = {
    "batch": 2.0,
    "radial": np.pi * 9.0 * 0.2,
    "ring": np.pi * 8.0 * 0.2,
    "plan": 4.0 * 3.0 * 0.5,
    "section": 4.0 * 0.5 * 2.0,
    "layered": 4.0 * 3.0 * 0.5,
    "bulged": float(np.diff(Y) @ THICKNESS @ np.diff(X)),
}


@pytest.mark.parametrize("name", VOLUMES)
def test_volumes_add_up(name: str) -> None:
    assert GRIDS[name].volume.sum() == pytest.approx(VOLUMES[name], rel=1e-15)


def test_layers_share_the_thickness_of_the_view_from_above() -> None:
    above, layered = GRIDS["bulged"], GRIDS["full"]
    np.testing.assert_allclose(layered.volume.sum(axis=0), above.volume[0], rtol=1e-15)
    for axis in (1, 2):
        np.testing.assert_allclose(layered.area[axis].sum(axis=0), above.area[axis][0], rtol=1e-15)
    np.testing.assert_allclose(layered.distance[0].sum(axis=0), THICKNESS, rtol=1e-15)


@pytest.mark.parametrize("name", GRIDS)
def test_shapes_and_distances(name: str) -> None:
    g = GRIDS[name]
    for axis in range(3):
        expected = tuple(n + (a == axis) for a, n in enumerate(g.shape))
        assert g.area[axis].shape == g.distance[axis].shape == expected
        assert (g.distance[axis] > 0.0).all()
        if not g.periodic[axis]:
            assert (g.weight(axis)[0], g.weight(axis)[-1]) == (1.0, 0.0)
    length = g.faces[2][-1] - g.faces[2][0]
    ends = 0.5 * g.distance[2][0, 0, [0, -1]].sum() if g.periodic[2] else 0.0
    assert g.distance[2][0, 0].sum() - ends == pytest.approx(length, rel=1e-15)


def test_radial_areas_are_circles() -> None:
    g = GRIDS["ring"]
    np.testing.assert_allclose(g.area[2].ravel(), 2.0 * np.pi * 0.2 * np.array([1.0, 1.5, 3.0]), rtol=1e-15)
    assert g.area[0][0].sum() == pytest.approx(np.pi * 8.0, rel=1e-15)
    assert not g.area[1].any()


@pytest.mark.parametrize("name", GRIDS)
def test_nothing_is_made_or_lost_inside(name: str) -> None:
    g = GRIDS[name]
    field = np.random.default_rng(1).random(g.shape)
    assert abs((laplacian(g, field) * g.volume).sum()) < 1e-12 * max(1.0, float(np.abs(laplacian(g, field)).max()))
    assert not laplacian(g, np.ones(g.shape)).any()


def test_value_at_a_face_is_exact_for_straight_lines() -> None:
    g = GRIDS["bulged"]
    w, x = g.weight(2)[1:-1], g.centre[2]
    np.testing.assert_allclose(w * x[:-1] + (1.0 - w) * x[1:], X[1:-1], rtol=1e-15)


def test_dry_cells_are_walls() -> None:
    thickness = THICKNESS.copy()
    thickness[0, 1] = 0.0
    g = plan(X, Y, thickness)
    assert g.mask.sum() == 5
    assert not g.area[2][0, 0, 1:3].any() and not g.area[1][0, :2, 1].any()
    assert g.area[2][0, 1].all()
    field = np.zeros(g.shape)
    field[0, 0, 1] = 7.0
    assert not laplacian(g, field).any()
    same = plan(X, Y, THICKNESS).where(thickness > 0.0)
    assert same.volume.sum() == pytest.approx(g.volume.sum(), rel=1e-15)


def test_periodic_ends_see_each_other() -> None:
    g = plan(np.linspace(0.0, 1.0, 9), [0.0, 1.0], 1.0, periodic=(False, True))
    field = np.cos(2.0 * np.pi * g.centre[2])[None, None, :]
    eigenvalue = -((2.0 * np.sin(np.pi / 8.0) * 8.0) ** 2)
    np.testing.assert_allclose(laplacian(g, field), eigenvalue * field, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("refine", [1, 3])
def test_graded_faces_hit_positions_with_the_asked_spacing(refine: int) -> None:
    faces = graded(0.0, 25e-6, {1e-6: 5e-9, 7e-6: 20e-9}, growth=1.1, largest=0.5e-6, refine=refine)
    widths = np.diff(faces)
    assert (faces[0], faces[-1]) == (0.0, 25e-6)
    assert {1e-6, 7e-6} <= set(faces.tolist())
    assert (widths > 0.0).all()
    assert widths.max() <= 0.5e-6 / refine * 1.001
    near = np.searchsorted(faces, 1e-6)
    assert 0.85 * 5e-9 < refine * widths[near] < 1.15 * 5e-9
    assert np.abs(np.diff(np.log(widths))).max() < 0.15 / refine + 0.1  # no jump in the width


def test_positions_that_differ_by_rounding_are_one_face() -> None:
    nearly = np.nextafter(20e-6, 0.0)
    faces = graded(-20e-6, 20e-6, {19e-6: 1e-7, np.nextafter(19e-6, 1.0): 1e-7, nearly: 1e-7})
    assert np.diff(faces).min() > 0.5e-7
    assert (faces[0], faces[-1]) == (-20e-6, 20e-6)


def test_refining_divides_every_cell() -> None:
    coarse, fine = (graded(0.0, 1.0, {0.3: 0.01}, refine=r) for r in (1, 2))
    assert fine.size == 2 * coarse.size - 1
    np.testing.assert_allclose(fine[::2], coarse, atol=1e-12)


@pytest.mark.parametrize(
    "make",
    [
        lambda: radial([0.0, 1.0, 1.0]),
        lambda: radial([-1.0, 1.0]),
        lambda: radial([0.0]),
        lambda: section([0.0, np.nan], [0.0, 1.0]),
        lambda: plan(X, Y, -THICKNESS),
        lambda: full(X, Y, THICKNESS, [0.1, 1.0]),
        lambda: graded(0.0, 1.0, {0.5: 0.0}),
        lambda: graded(1.0, 0.0, {0.5: 0.1}),
    ],
)
def test_grids_that_cannot_be(make: object) -> None:
    with pytest.raises(ValueError):
        make()  # type: ignore[operator]


def test_axes_are_ordered() -> None:
    assert AXES == ("z", "y", "x")
    assert isinstance(GRIDS["full"], Grid) and GRIDS["full"].shape == (4, 2, 3)

"""Cells, beam and flow of a case: from the file to arrays."""

import numpy as np
import pytest

from simcell.beam.shape import disc
from simcell.cell.flow import divergence
from simcell.errors import InputError
from simcell.radiolysis.homogeneous import Schedule
from simcell.studies.layout import grid_of, layout_of
from simcell.studies.setup import beam_of
from tests.unit.test_space import case_with

ALWAYS = Schedule.constant(1.0)
PLAN = {"geometry": "plan", "extent": "40 um", "spacing": "200 nm", "growth": 1.4}
SCAN = {
    "dose_rate": None, "diameter": None, "energy": "300 kV", "current": "50 pA", "mode": "stem",
    "pixel": "100 nm", "dwell": "1 ms", "frame": [20, 10],
}  # fmt: skip
WINDOW = {"thickness": "50 nm", "width": "20 um", "length": "30 um"}


def layout(**sections):
    return layout_of(case_with(**{"grid": PLAN, **sections}).input, ALWAYS)


def test_default_cells_resolve_the_beam_in_every_geometry():
    for geometry in ("radial", "plan", "section", "full"):
        grid = {"geometry": geometry, "extent": "40 um", "spacing": None, "growth": None}
        assert layout(grid=grid).warnings == (), geometry


def test_smallest_cells_stand_at_the_edge_of_the_beam_and_neighbours_grow():
    grid = grid_of(case_with(grid={"spacing": "20 nm", "growth": 1.2}).input, disc(2e-6))
    width = np.diff(grid.faces[2])
    assert width.min() == pytest.approx(20e-9, rel=0.2) and 1e-6 in grid.faces[2]
    assert (np.maximum(width[1:] / width[:-1], width[:-1] / width[1:]) < 1.3).all()


def test_a_scan_followed_line_by_line_has_the_dose_of_its_average():
    frame = layout(beam={**SCAN, "resolved": "frame"})
    lines = layout(beam={**SCAN, "resolved": "line"})
    assert frame.footprint.shape[0] == 1 and lines.footprint.shape[0] == 10
    assert lines.exposure.switch.size == 50 + 1  # 1 s of lines of 20 ms
    np.testing.assert_allclose(lines.mean, frame.mean, rtol=1e-12, atol=1e-15)
    assert beam_of(case_with(grid=PLAN, beam={**SCAN, "resolved": "line"}).input).dose_rate == pytest.approx(
        beam_of(case_with(grid=PLAN, beam=SCAN).input).dose_rate
    )


def test_a_scan_with_too_many_steps_is_refused_with_the_number_that_fits():
    with pytest.raises(InputError, match=r"segments of constant beam; 100000 are the limit.*would fit"):
        layout(beam={**SCAN, "resolved": "pixel", "dwell": "1 us"})


def test_the_frame_of_the_windows_stops_the_beam_beside_them():
    window = {"spacer_height": "500 nm", "window": WINDOW}
    at_rim = layout(cell=window, beam={"center": ["9.5 um", "0 um"]})
    assert "falls beside the window" in " ".join(at_rim.warnings)
    x = at_rim.grid.centre[2]
    assert (at_rim.mean[0][:, x > 10.5e-6] == 0.0).all()
    with pytest.raises(InputError, match="outside of the window"):
        layout(cell=window, beam={"center": ["11 um", "0 um"]})


def test_windows_give_the_grid_its_size_and_its_bulge():
    flat = {"spacer_height": "500 nm", "window": WINDOW}
    grid = {"geometry": "plan", "extent": None, "spacing": "200 nm", "growth": 1.4}
    place = layout(grid=grid, cell={**flat, "bulge": "1 um"})
    assert place.grid.faces[2][[0, -1]] == pytest.approx([-10e-6, 10e-6])
    assert place.grid.faces[1][[0, -1]] == pytest.approx([-15e-6, 15e-6])
    assert place.height.max() == pytest.approx(1.5e-6, rel=2e-2)  # the cell in the middle is not the point there
    assert place.height.min() >= 0.5e-6
    rings = layout(grid={"geometry": "radial", "extent": "8 um"}, cell={**flat, "bulge": "1 um"}).grid
    assert rings.volume.sum() == pytest.approx(np.pi * 64e-12 * 1.5e-6, rel=1e-9)


def test_liquid_comes_in_at_one_side_and_the_others_are_walls():
    flow = {"spacer_height": "500 nm", "flow_rate": "1 nL/min", "flow": {"inlet": "y+", "outlet": "y-"}}
    place = layout(cell=flow)
    assert place.open_sides == ("y+",)
    through = place.flow.volume_flow[1]
    assert through[0, -1].sum() == pytest.approx(-1e-12 / 60.0, rel=1e-9)
    assert np.abs(divergence(place.flow.volume_flow)).max() < 1e-12 * np.abs(through).max()


@pytest.mark.parametrize(
    ("geometry", "flow", "words"),
    [
        ("radial", {"inlet": "x-", "outlet": "x+"}, "where nothing flows"),
        ("section", {"inlet": "y-", "outlet": "y+"}, "goes along x in a section"),
    ],
)
def test_a_flow_that_the_grid_cannot_carry_is_refused(geometry, flow, words):
    cell = {"spacer_height": "500 nm", "flow_rate": "1 nL/min", "flow": flow}
    with pytest.raises(InputError, match=words):
        layout(cell=cell, grid={"geometry": geometry, "extent": "40 um", "spacing": "200 nm"})

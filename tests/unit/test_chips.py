"""Chip presets: sources, what they keep to, how a case uses and overrides them."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest

from simcell import units
from simcell.case import Case
from simcell.cell.polygon import area_of, clipped, distance, inside
from simcell.cli import execute
from simcell.commands.check import chip_of
from simcell.errors import InputError
from simcell.inputs.chips import STATUSES, load_chip, shipped_chips, taken_from, with_chip

CASE = {
    "case": {"physics": ["transport"]},
    "cell": {"chip": "generic-3-electrode"},
    "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    "protocol": {"steps": [{"technique": "potentiostatic", "potential": "-0.1 V", "duration": "1 s"}]},
}


def corners(points: object) -> np.ndarray:
    return np.array([[units.parse(v, "position") for v in point] for point in points])  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", shipped_chips())
def test_every_size_has_a_source_and_a_status(name: str) -> None:
    chip = load_chip(name)
    assert chip.dimensions
    keys = [row.split(":")[0] for row in chip.references]
    for size in chip.dimensions:
        assert size.status in STATUSES
        assert len(size.source) > 8
        if size.status == "published":  # names a reference that the file has
            assert any(key in size.source for key in keys), size.key
    text = (files("simcell") / "data" / "chips" / f"{name}.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    numbers = {d.key.rsplit(".", 1)[-1] for d in chip.dimensions}
    for row in raw.get("electrode", []):  # nothing slips in without going through a size
        assert set(row) <= {"name", "role", "metal", "material", "contact", *numbers, "film"}


@pytest.mark.parametrize("name", shipped_chips())
def test_outlines_keep_to_what_is_published(name: str) -> None:
    chip = load_chip(name)
    shapes = {e["name"]: corners(e["polygon"]) for e in chip.electrodes}
    for size in chip.dimensions:
        group, _, key = size.key.partition(".")
        if group == "distance":
            assert distance(*(shapes[n] for n in key.split("-"))) == pytest.approx(units.parse(size.value, "length"))
        if group == "area":
            assert area_of(shapes[key]) == pytest.approx(units.parse(size.value, "area"))
    for e in chip.electrodes:
        for part in e.get("passivated", ()):
            low, high = shapes[e["name"]].min(axis=0), shapes[e["name"]].max(axis=0)
            assert (corners(part) >= low - 1e-12).all() and (corners(part) <= high + 1e-12).all()
    if shapes and chip.wetted:
        half = 0.5 * np.array([units.parse(v, "length") for v in chip.wetted])
        assert all((np.abs(shape) <= half + 1e-12).all() for shape in shapes.values())


@pytest.mark.parametrize("name", [n for n in shipped_chips() if load_chip(n).electrodes])
def test_a_case_of_every_chip_passes(name: str) -> None:
    case = Case.from_dict({**CASE, "cell": {"chip": name}})
    assert {e.role for e in case.input.electrode} == {"working", "counter", "reference"}
    record = case.record["electrode"][0]
    assert ("film" in record, "passivated" in record) == tuple(
        key in load_chip(name).electrodes[0] for key in ("film", "passivated")
    )
    again = Case.from_dict(case.record)
    assert again == case and again.hash == case.hash


def test_what_the_case_writes_goes_first() -> None:
    data = {
        **CASE,
        "cell": {"chip": "generic-3-electrode", "spacer_height": "1 um", "window": {"width": "30 um"}},
        "electrode": [
            {"name": "working", "metal": "Zn", "film": {"thickness": "40 nm"}},
            {"name": "counter", "rectangle": {"x": ["300 um", "320 um"], "y": ["-9 um", "9 um"]}},
            {"name": "stray", "role": "floating", "rectangle": {"x": ["50 um", "60 um"], "y": ["0 um", "9 um"]}},
        ],
    }
    case = Case.from_dict(data).input
    assert case.cell.spacer_height == 1e-6
    assert (case.cell.window.width, case.cell.window.length) == (30e-6, 200e-6)
    e = {e.name: e for e in case.electrode}
    assert list(e) == ["working", "reference", "counter", "stray"]
    assert e["working"].metal == "Zn" and len(e["working"].polygon) == 4
    assert e["working"].film.thickness == 40e-9 and e["working"].film.resistivity == 4.5e-5
    assert e["counter"].polygon == () and e["counter"].role == "counter"
    assert case.grid.extent == 1.4e-3 and case.grid.extent_y == 4e-4


def test_changes_reach_electrodes_that_only_the_chip_lists() -> None:
    case = Case.from_dict(CASE, ["electrode.working.metal=Zn"])
    assert {e.name: e.metal for e in case.input.electrode} == {"working": "Zn", "reference": None, "counter": None}
    assert case.replace("cell.chip", "zn-2500um2").input.electrode[0].film is None
    with pytest.raises(InputError, match=r"electrode\.nobody\.role: is missing"):
        Case.from_dict(CASE, ["electrode.nobody.metal=Zn"])


def test_outlines_are_cut_to_the_grid() -> None:
    cut = with_chip({**CASE, "grid": {"extent": "1.4 mm", "extent_y": "150 um"}})
    working = cut["electrode"][0]
    assert corners(working["polygon"])[:, 1].min() == pytest.approx(-75e-6)
    assert working["passivated"] == []  # lay outside
    with pytest.raises(InputError, match=r"electrode\.counter\.polygon: reaches 700 um"):
        Case.from_dict({**CASE, "grid": {"extent": "200 um"}})


def test_a_wrong_name_is_told_with_everything_else() -> None:
    with pytest.raises(InputError, match='did you mean "generic-3-electrode"'):
        Case.from_dict({**CASE, "cell": {"chip": "generic-3-electrodes"}})


def test_beam_cases_take_window_and_spacer_only() -> None:
    case = Case.from_dict(
        {"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}, "cell": {"chip": "narrow-window"}}
    )
    assert case.input.cell.window.width == 20e-6 and case.input.electrode == () and case.input.grid.extent is None


def test_clipping() -> None:
    triangle = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    assert area_of(clipped(triangle, [0.0, 0.0], [2.0, 2.0])) == pytest.approx(4.0)
    assert area_of(clipped(triangle[::-1], [1.0, 1.0], [9.0, 9.0])) == pytest.approx(2.0)
    assert clipped(triangle, [5.0, 5.0], [9.0, 9.0]).shape == (0, 2)
    rng = np.random.default_rng(3)
    angle = np.sort(rng.uniform(0.0, 2.0 * np.pi, 17))
    star = np.column_stack([np.cos(angle), np.sin(angle)]) * rng.uniform(0.5, 2.0, 17)[:, None]
    points = rng.uniform([-0.6, -0.9], [1.1, 0.4], size=(40_000, 2))  # Monte Carlo, 3 sigma is 0.8 % of the box
    share = inside(points, star).mean()
    assert area_of(clipped(star, [-0.6, -0.9], [1.1, 0.4])) == pytest.approx(share * 1.7 * 1.3, abs=0.008 * 1.7 * 1.3)


def test_what_a_case_takes_from_its_chip() -> None:
    keys = {size.key for size in taken_from(CASE)}
    assert {"window.width", "spacer.height", "wetted.width", "electrode.working.film.thickness"} <= keys
    assert not any(key.startswith("distance") for key in keys)
    data = {
        **CASE,
        "cell": {"chip": "generic-3-electrode", "spacer_height": "1 um", "window": {"width": "30 um"}},
        "grid": {"extent": "1.4 mm"},
        "electrode": [
            {"name": "working", "film": {"thickness": "40 nm"}},
            {"name": "counter", "rectangle": {"x": ["300 um", "320 um"], "y": ["-9 um", "9 um"]}},
        ],
    }
    gone = {"spacer.height", "window.width", "wetted.width"}
    gone |= {"electrode.working.film.thickness", "electrode.counter.polygon"}
    assert keys - {size.key for size in taken_from(data)} == gone
    beam = {"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}, "cell": {"chip": "zn-2500um2"}}
    assert {size.key.split(".")[0] for size in taken_from(beam)} == {"window", "spacer"}
    assert chip_of(Case.from_dict(beam))["chip"]["spacer.height"] == "500 nm (representative)"


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["info", "chips"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in shipped_chips())
    for name, other in pairwise(shipped_chips()):
        assert execute(["info", name]) == 0
        said = capsys.readouterr().out
        assert "representative" in said or "published" in said
        assert other not in said.splitlines()[0]
    assert execute(["info", "chips", "--json"]) == 0

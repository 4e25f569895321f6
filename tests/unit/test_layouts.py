"""Outlines from drawings: GDSII and DXF, layers, units, and what is refused."""

from __future__ import annotations

import builtins
from pathlib import Path

import numpy as np
import pytest

from simcell.case import Case
from simcell.cell.polygon import area_of
from simcell.errors import InputError
from simcell.inputs.layouts import read_layout, with_layout

UM = 1e-6
WORKING = [[-10.0, -50.0], [10.0, -50.0], [10.0, 20.0], [-10.0, 20.0]]
COUNTER = [[40.0, -30.0], [60.0, -30.0], [70.0, 30.0], [40.0, 30.0]]
CASE = {
    "case": {"physics": ["transport"]},
    "cell": {"spacer_height": "500 nm", "window": {"thickness": "50 nm", "width": "50 um", "length": "200 um"}},
    "grid": {"extent": "200 um", "extent_y": "200 um"},
    "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    "protocol": {"steps": [{"technique": "potentiostatic", "potential": "-0.1 V", "duration": "1 s"}]},
}


def dxf_text(layers: dict[str, list], unit: int | None = 13) -> str:
    """As little as a DXF file can be: header with its unit, closed polylines (flag 1) on layers."""
    pairs: list[tuple[int, object]] = [(0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, "AC1015")]
    pairs += [] if unit is None else [(9, "$INSUNITS"), (70, unit)]
    pairs += [(0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES")]
    handle = 0x30
    for layer, shapes in layers.items():
        for points in shapes:
            pairs += [(0, "LWPOLYLINE"), (5, f"{handle:X}"), (100, "AcDbEntity"), (8, layer)]
            pairs += [(100, "AcDbPolyline"), (90, len(points)), (70, 1)]
            pairs += [pair for x, y in points for pair in ((10, x), (20, y))]
            handle += 1
    pairs += [(0, "ENDSEC"), (0, "EOF")]
    return "".join(f"{code}\n{value}\n" for code, value in pairs)


@pytest.fixture
def dxf(tmp_path: Path) -> Path:
    pytest.importorskip("ezdxf")
    path = tmp_path / "chip.dxf"
    path.write_text(dxf_text({"WE": [WORKING], "CE": [COUNTER], "frame": [WORKING, COUNTER]}))
    return path


@pytest.fixture
def gds(tmp_path: Path) -> Path:
    gdstk = pytest.importorskip("gdstk")
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    cell = library.new_cell("CHIP")
    finger = library.new_cell("FINGER")
    # the working electrode is two rectangles that overlap, inside a cell placed 5 um off
    finger.add(gdstk.rectangle((-15, -50), (5, 0), layer=1), gdstk.rectangle((-15, -10), (5, 20), layer=1))
    cell.add(gdstk.Reference(finger, (5, 0)), gdstk.Polygon(COUNTER, layer=2, datatype=7))
    cell.add(gdstk.rectangle((0, 0), (1, 1), layer=3), gdstk.rectangle((5, 5), (6, 6), layer=3))
    path = tmp_path / "chip.gds"
    library.write_gds(str(path))
    return path


def same(found: np.ndarray, wanted: list) -> None:
    assert area_of(found) == pytest.approx(area_of(np.array(wanted) * UM), rel=1e-6)
    assert found.min(axis=0) == pytest.approx(np.array(wanted).min(axis=0) * UM, abs=1e-10)
    assert found.max(axis=0) == pytest.approx(np.array(wanted).max(axis=0) * UM, abs=1e-10)


def test_gds(gds: Path) -> None:
    layers = read_layout(gds)
    assert {name: len(shapes) for name, shapes in layers.items()} == {"1/0": 1, "2/7": 1, "3/0": 2}
    same(layers["1/0"][0], WORKING)
    same(layers["2/7"][0], COUNTER)
    same(read_layout(gds, cell="FINGER")["1/0"][0] + np.array([5 * UM, 0.0]), WORKING)
    with pytest.raises(InputError, match="is no cell of it: CHIP, FINGER"):
        read_layout(gds, cell="TOP")
    case = {**CASE, "cell": {**CASE["cell"], "layout": str(gds), "layout_layers": {"working": "1", "counter": "2/7"}}}
    found = Case.from_dict(case).input.electrode
    assert [(e.name, e.role) for e in found] == [("working", "working"), ("counter", "counter")]
    same(np.array(found[1].polygon), COUNTER)


def test_what_a_drawing_does_not_hold(gds: Path) -> None:
    def read(**layers: str) -> None:
        with_layout({"cell": {"layout": str(gds), **({"layout_layers": layers} if layers else {})}})

    with pytest.raises(InputError, match=r"must say which layer is which electrode; chip\.gds has 1/0 \(1 shape"):
        read()
    with pytest.raises(InputError, match=r'working = "9": is no layer of chip\.gds'):
        read(working="9")
    with pytest.raises(InputError, match="holds 2 separate shapes; an electrode is one"):
        read(working="3/0")
    (gds.parent / "broken.gds").write_bytes(b"no stream")
    with pytest.raises(InputError, match="is no GDSII file that can be read"):
        read_layout(gds.parent / "broken.gds")


def test_dxf(dxf: Path) -> None:
    layers = read_layout(dxf)
    same(layers["WE"][0], WORKING)
    assert len(layers["frame"]) == 2
    same(read_layout(dxf, unit=1e-3)["CE"][0] * 1e-3, COUNTER)  # said again: mm
    # layers that are called as electrodes need no table; the origin moves; what is written goes first
    data = {
        **CASE,
        "cell": {**CASE["cell"], "layout": "chip.dxf", "layout_origin": ["10 um", "0 um"]},
        "electrode": [{"name": "working", "metal": "Zn"}],
    }
    from simcell.inputs.case import parse_case, resolved

    case = parse_case(data, folder=dxf.parent)
    found = {e.name: e for e in case.electrode}
    assert set(found) == {"working", "counter"} and found["working"].metal == "Zn"
    same(np.array(found["working"].polygon) + np.array([10 * UM, 0.0]), WORKING)
    record = resolved(case)
    assert record["cell"]["layout"] == "chip.dxf" and record["cell"]["layout_layers"]["counter"] == "CE"
    assert record["cell"]["layout_origin"] == [1e-5, 0.0]
    dxf.unlink()  # a stored case does not need the drawing
    assert Case.from_dict(record).record == record


def test_circle_and_units(tmp_path: Path) -> None:
    ezdxf = pytest.importorskip("ezdxf")
    drawing = ezdxf.new(units=4)  # mm
    drawing.modelspace().add_circle((0.1, 0.0), 0.05, dxfattribs={"layer": "WE"})
    drawing.modelspace().add_line((0, 0), (1, 1), dxfattribs={"layer": "WE"})  # no outline
    drawing.saveas(tmp_path / "disc.dxf")
    (disc,) = read_layout(tmp_path / "disc.dxf")["WE"]
    # chords at most 0.1 % of the diameter inside the arc: area low by up to 2 x 0.2 % of the radius
    assert area_of(disc) == pytest.approx(np.pi * (50 * UM) ** 2, rel=0.004)
    assert 0.5 * (disc[:, 0].min() + disc[:, 0].max()) == pytest.approx(1e-4, rel=0.002)
    (tmp_path / "plain.dxf").write_text(dxf_text({"WE": [WORKING]}, unit=None))
    with pytest.raises(InputError, match=r"does not say its unit of length: give cell\.layout_unit"):
        read_layout(tmp_path / "plain.dxf")
    (tmp_path / "broken.dxf").write_text("nothing")
    with pytest.raises(InputError, match="is no DXF file that can be read"):
        read_layout(tmp_path / "broken.dxf")


@pytest.mark.parametrize(("name", "package"), [("chip.gds", "gdstk"), ("chip.dxf", "ezdxf")])
def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str) -> None:
    path = tmp_path / name
    path.write_text(dxf_text({"WE": [WORKING]}))
    original = builtins.__import__

    def missing(module: str, *args: object, **more: object) -> object:
        if module.split(".")[0] == package:
            raise ModuleNotFoundError(module)
        return original(module, *args, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InputError, match=rf"needs the package {package} .* pip install \"simcell\[layout\]\""):
        read_layout(path)


def test_files_that_are_none(tmp_path: Path) -> None:
    for name, message in (("chip.oas", r"ends in \.oas"), ("chip.gds", "there is no such file")):
        with pytest.raises(InputError, match=message):
            read_layout(tmp_path / name)

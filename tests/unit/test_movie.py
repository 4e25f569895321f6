"""Movies and files for other programs: every frame and every number is there, and a failure leaves nothing behind."""

import base64
import csv
import os
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageSequence

from simcell.errors import ResultError
from simcell.results import export, gather, movie, space
from tests.in_space import TIMES, grid, tree


@pytest.mark.parametrize("geometry", ["radial", "plan"])
def test_a_gif_has_a_frame_for_each_time_and_rests_on_the_last(geometry, tmp_path):
    told = []
    target = movie.movie(tree(geometry, cells=12), "H2", tmp_path / "a.gif", fps=10.0, progress=told.append)
    with Image.open(target) as image:
        frames = [(frame.info["duration"], frame.convert("RGB").tobytes()) for frame in ImageSequence.Iterator(image)]
    assert [lasts for lasts, _ in frames] == [100] * 4 + [1500]
    assert len({picture for _, picture in frames}) == len(TIMES)  # the clock alone makes them differ
    np.testing.assert_allclose(told, np.arange(1, 6) / 5)
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]


def test_all_frames_share_one_scale_of_colours():
    result = tree("plan", cells=12)
    steps = movie.frames_of(result)
    figure, redraw = movie._stage(result, "H2", steps, None)
    mesh = figure.axes[0].collections[0]
    limits, values = [], []
    for step in steps:
        redraw(step)
        limits.append(mesh.get_clim())
        values.append(float(mesh.get_array().max()))
    assert len(set(limits)) == 1
    stored = result["radiolysis/concentration"].sel(species="H2").values * 1e-3
    np.testing.assert_allclose(values, stored.max(axis=(1, 2)))
    assert limits[0][1] == pytest.approx(stored.max())


def test_a_long_run_is_thinned_and_keeps_its_end():
    result = tree("radial", np.linspace(0.1, 10.0, 23), species=["H2"], level=[0.5], length=[5e-6])
    assert movie.frames_of(result, 8) == [1, 4, 7, 10, 13, 16, 19, 22]
    assert movie.frames_of(result) == list(range(23))


def test_ctrl_c_leaves_no_movie_and_no_half_of_one(tmp_path):
    (tmp_path / "a.gif").write_bytes(b"older")

    def stop(fraction):
        if fraction > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        movie.movie(tree("radial"), "H2", tmp_path / "a.gif", progress=stop)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.gif", b"older")]


def fake_ffmpeg(folder, ending, monkeypatch):
    """A program called ffmpeg that counts the bytes it gets."""
    program = folder / "ffmpeg"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nn = len(sys.stdin.buffer.read())\n"
        f"print('cannot', file=sys.stderr)\nsize = sys.argv[sys.argv.index('-s') + 1]\n"
        f"open(sys.argv[-1], 'w').write(size + ' ' + str(n))\nsys.exit({ending})\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder) + os.pathsep + os.environ["PATH"])


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for ffmpeg is a script")
def test_an_mp4_hands_every_frame_to_ffmpeg(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    fake_ffmpeg(tmp_path / "bin", 0, monkeypatch)
    target = movie.movie(tree("radial"), "H2", tmp_path / "a.mp4")
    size, count = target.read_text().split()
    wide, high = (int(n) for n in size.split("x"))
    assert wide % 2 == high % 2 == 0
    assert int(count) == 3 * wide * high * len(TIMES)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for ffmpeg is a script")
def test_what_ffmpeg_complains_about_is_told(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    fake_ffmpeg(tmp_path / "bin", 1, monkeypatch)
    with pytest.raises(ResultError, match=r"ffmpeg failed \(exit code 1\): cannot"):
        movie.movie(tree("radial"), "H2", tmp_path / "a.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["bin"]


def test_movies_that_cannot_be_made_say_why(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    cases = [
        ("a.mp4", tree("radial"), "H2", {}, "ffmpeg, which is not installed"),
        ("a.avi", tree("radial"), "H2", {}, "saved as .gif or .mp4"),
        ("a.gif", tree("radial", [1.0]), "H2", {}, "two output times or more"),
        ("a.gif", tree("batch"), "H2", {}, "not resolved in space"),
        ("a.gif", tree("radial"), "H22", {}, 'did you mean "H2O2"'),
        ("a.gif", tree("radial"), "H2", {"fps": 0.0}, "choose 0.1 to 60"),
    ]
    for name, result, what, options, message in cases:
        with pytest.raises(ResultError, match=message):
            movie.movie(result, what, tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def decoded(element):
    raw = base64.b64decode(element.text)
    assert int(np.frombuffer(raw[:8], "<u8")[0]) == len(raw) - 8
    return np.frombuffer(raw[8:], "<f8")


@pytest.mark.parametrize("geometry", ["radial", "plan", "section", "full"])
def test_fields_for_paraview_come_back_as_they_were(geometry, tmp_path):
    result = tree(geometry, cells=12, flow=1e-3 if geometry == "plan" else 0.0)
    (target,) = export.paraview(result, tmp_path / "a.vtr", 1.0)
    root = ElementTree.parse(target).getroot()
    assert (root.get("type"), root.get("header_type"), root.get("byte_order")) == (
        "RectilinearGrid", "UInt64", "LittleEndian",
    )  # fmt: skip
    shape, group = space.place(result).shape, gather.radiolysis(result)
    piece = root.find("RectilinearGrid/Piece")
    assert piece.get("Extent") == root.find("RectilinearGrid").get("WholeExtent")
    assert piece.get("Extent") == f"0 {shape[2]} 0 {shape[1]} 0 {shape[0]}"
    found = {element.get("Name"): decoded(element) for element in piece.find("CellData")}
    np.testing.assert_array_equal(
        found["H2 (mol/m^3)"], group["concentration"].sel(species="H2", time=1.0).values.ravel()
    )
    np.testing.assert_array_equal(found["pH"], group["pH"].sel(time=1.0).values.ravel())
    assert {"dose_rate (Gy/s)", "gas_pressure (Pa)", "O2 saturation"} <= set(found)
    assert ("velocity_x (m/s)" in found) == (geometry == "plan")
    assert {array.size for array in found.values()} == {int(np.prod(shape))}
    faces = {element.get("Name"): decoded(element) for element in piece.find("Coordinates")}
    assert [faces[axis].size for axis in "xyz"] == [n + 1 for n in shape[::-1]]
    if geometry == "plan":
        np.testing.assert_allclose(faces["x"], grid("plan", 12).faces[2], atol=1e-15)
    assert decoded(root.find("RectilinearGrid/FieldData/DataArray")) == 1.0


def test_a_series_for_paraview_lists_a_file_for_each_time(tmp_path):
    result = tree("radial", cells=12)
    files = export.paraview(result, tmp_path / "my run.pvd")
    rows = ElementTree.parse(files[0]).getroot().findall("Collection/DataSet")
    assert [float(row.get("timestep")) for row in rows] == list(TIMES)
    assert [row.get("file") for row in rows] == [f"my run_{i:04d}.vtr" for i in range(5)] == [p.name for p in files[1:]]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    (tmp_path / "my run.pvd").unlink()
    with pytest.raises(ResultError, match="exists already"):  # one of the parts does, so the list is not written
        export.paraview(result, tmp_path / "my run.pvd", overwrite=False)
    assert not (tmp_path / "my run.pvd").exists()


@pytest.mark.parametrize("geometry", ["radial", "full"])
def test_a_profile_for_a_spreadsheet(geometry, tmp_path):
    result = tree(geometry, cells=12)
    with export.table(result, tmp_path / "a.csv", 1.0).open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    values = np.array(rows, float).T
    assert head[0] == ("r (m)" if geometry == "radial" else "x from the beam (m)")
    assert head[-2:] == ["pH", "gas pressure (bar)"]
    stored = result["radiolysis/concentration"].sel(species="H2", time=1.0)
    if geometry == "full":
        stored = stored.isel(y=space.place(result).beam_cell()[0]).mean("z")
    np.testing.assert_allclose(values[head.index("H2 (mol/L)")], stored.values * 1e-3, rtol=1e-6)


def test_exports_that_cannot_be_made_say_why(tmp_path):
    for make, message in (
        (lambda: export.paraview(tree("batch"), tmp_path / "a.vtr"), "not resolved in space"),
        (lambda: export.paraview(tree("radial"), tmp_path / "a.vtr", 99.0), "outside the run"),
        (lambda: export.table(tree("radial"), tmp_path / "a.xlsx"), "saved as .csv"),
    ):
        with pytest.raises(ResultError, match=message):
            make()
    assert list(tmp_path.iterdir()) == []

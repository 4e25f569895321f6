"""Result files: whole or not at all, readable by others, refused with a clear message when not ours."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pint
import pytest
import xarray as xr

from simcell.errors import ResultError
from simcell.results import files, schema, store

TIME = np.logspace(-9, 3, 40)
SPECIES = ["e_aq-", "H2", "SO4^2-"]


def result(coords=None, dims=(), **facts):
    values = np.random.default_rng(1).random((*[len(c[0]) for c in (coords or {}).values()], 40, 3))
    return schema.build(
        {
            "beam": {"dose_rate": ([], 7.5e7)},
            "radiolysis": {"concentration": ((*dims, "time", "species"), values)},
        },
        {**(coords or {}), "time": TIME, "species": SPECIES},
        {
            "simcell_provenance": store.provenance(
                record={"a": 1.0}, record_hash="1f", case={}, created="2026-11-20T00:00:00+00:00", **facts
            )
        },
    )


def test_what_is_written_comes_back(tmp_path):
    tree = result(warnings=["25 °C only"])
    back = store.read(store.write(tree, tmp_path / "out.nc"))
    assert back.identical(tree)
    assert store.read_provenance(back)["warnings"] == ["25 °C only"]
    assert [p.name for p in tmp_path.iterdir()] == ["out.nc"]


def test_a_varied_result_survives_reading_and_writing_again(tmp_path):
    coords = {"cell_spacer_height": ([1e-7, 5e-7], "m"), "beam_dose_rate": ([1e3, 1e5, 1e7], "Gy/s")}
    tree = result(coords=coords, dims=tuple(coords))
    once = store.read(store.write(tree, tmp_path / "a.nc"))
    twice = store.read(store.write(once, tmp_path / "b.nc"))
    assert twice.identical(tree)
    assert schema.extra_dims(twice) == list(coords)


def test_other_programs_read_one_group_with_its_coordinates(tmp_path):
    path = store.write(result(), tmp_path / "out.nc")
    with xr.open_dataset(path, group="radiolysis", engine="h5netcdf") as group:
        series = group.concentration.sel(species="SO4^2-")
        assert series.attrs["units"] == "mol/m^3"
        np.testing.assert_array_equal(series.time, TIME)
        assert "_FillValue" not in group.time.encoding or np.isnan(group.time.encoding["_FillValue"])


def test_the_file_stays_open_to_others_after_reading(tmp_path):
    path = store.write(result(), tmp_path / "out.nc")
    kept = store.read(path)
    store.write(result(seed=2), path, overwrite=True)  # Windows refuses this while a handle is open
    assert store.read_provenance(kept)["seed"] is None
    assert store.read_provenance(store.read(path))["seed"] == 2


def test_large_fields_are_compressed_and_large_provenance_fits(tmp_path):
    long = {"text": "µ" * 300_000}
    tree = schema.build(
        {"radiolysis": {"pH": (["time"], np.full(40_000, 7.0))}},
        {"time": np.arange(40_000.0)},
        {"simcell_provenance": store.provenance(record=long, record_hash="0", case={})},
    )
    path = store.write(tree, tmp_path / "out.nc")
    assert store.read_provenance(store.read(path))["record"] == long
    assert path.stat().st_size < tree.nbytes / 2 + 600_000


def test_the_direct_road_for_large_results_writes_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_IN_MEMORY_UP_TO", 0)
    assert store.read(store.write(result(), tmp_path / "out.nc")).identical(result())
    monkeypatch.setattr(store.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(ResultError, match="the disk has 10 left"):
        store.write(result(), tmp_path / "more.nc")


def test_an_existing_file_is_kept_unless_asked(tmp_path):
    path = tmp_path / "out.nc"
    path.write_text("mine")
    with pytest.raises(ResultError, match="exists already"):
        store.write(result(), path)
    assert path.read_text() == "mine"
    store.write(result(), path, overwrite=True)
    assert store.read(path).identical(result())


def test_a_file_that_appears_during_the_run_is_kept(tmp_path, monkeypatch):
    path, put = tmp_path / "out.nc", store._put

    def slow(tree, temporary):
        put(tree, temporary)
        path.write_text("theirs")

    monkeypatch.setattr(store, "_put", slow)
    with pytest.raises(ResultError, match="appeared during the run"):
        store.write(result(), path)
    assert path.read_text() == "theirs"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError, SystemExit])
@pytest.mark.parametrize("where", ["while writing", "before renaming"])
def test_nothing_is_left_behind_when_it_is_interrupted(tmp_path, monkeypatch, stop, where):
    path = store.write(result(), tmp_path / "out.nc")

    def raises(*_):
        raise stop

    def half(_tree, temporary):
        temporary.write_bytes(b"half")
        raise stop

    if where == "while writing":
        monkeypatch.setattr(store, "_put", half)
    else:
        monkeypatch.setattr(files.os, "replace", raises)
    with pytest.raises(stop):
        store.write(result(seed=5), path, overwrite=True)
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["out.nc"]
    assert store.read_provenance(store.read(path))["seed"] is None


OS_ERRORS = [
    (errno.ENOSPC, "no room left on the disk"),
    (errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC, "no room left on the disk"),
    (errno.EACCES, "no permission"),
    (errno.EROFS, "no permission"),
    (errno.EIO, "cannot be written"),
]


@pytest.mark.parametrize(("number", "message"), OS_ERRORS)
def test_errors_of_the_system_are_told_and_clean_up(tmp_path, monkeypatch, number, message):
    def fails(self, _content):
        self.touch()
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(ResultError, match=message):
        store.write(result(), tmp_path / "out.nc")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a file size limit of the process")
def test_a_disk_that_is_really_full_gives_an_error_and_not_a_crash(tmp_path):
    script = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])  # a package "tests" may be installed
import test_store as t
from simcell.errors import ResultError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
tree = t.result(coords={"cell_spacer_height": (list(range(1, 200)), "m")}, dims=("cell_spacer_height",))
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    t.store.write(tree, sys.argv[1])
except ResultError as error:
    print(error)
"""
    target = tmp_path / "out.nc"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script, str(target), str(Path(__file__).parent)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no room left on the disk" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_scanner_that_holds_the_old_file_for_a_moment_is_waited_for(tmp_path, monkeypatch):
    calls, replace = [], os.replace

    def busy(source, target):
        calls.append(source)
        if len(calls) < 3:
            raise PermissionError(errno.EACCES, "in use")
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", busy)
    store.write(result(), tmp_path / "out.nc")
    assert len(calls) == 3
    monkeypatch.setattr(files.time, "sleep", lambda _: calls.append("slept"))
    monkeypatch.setattr(files.os, "replace", lambda *_: (_ for _ in ()).throw(PermissionError(errno.EACCES, "in use")))
    with pytest.raises(ResultError, match="close the program that has the file open"):
        store.write(result(), tmp_path / "other.nc")
    assert [p.name for p in tmp_path.iterdir()] == ["out.nc"]


BAD_PATHS = [
    ("", "is a folder; give a file name"),
    (".", "is a folder; give a file name"),
    ("missing/out.nc", "the folder missing does not exist"),
    ("file.txt/out.nc", "does not exist|no permission|cannot be written"),
    ("x" * 300 + ".nc", "the name is too long|cannot be written"),
    ("a\0b.nc", "cannot be written"),
]


@pytest.mark.parametrize(("name", "message"), BAD_PATHS)
def test_bad_paths_are_refused_before_the_run(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    Path("file.txt").touch()
    with pytest.raises(ResultError, match=message):
        store.check_writable(name)
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


def test_a_folder_that_refuses_new_files_is_noticed_before_the_run(tmp_path, monkeypatch):
    def refuse(self, **_):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "touch", refuse)  # as root every folder can be written, so chmod would prove nothing
    with pytest.raises(ResultError, match="no permission to write here"):
        store.check_writable(tmp_path / "out.nc")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_device_is_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ResultError, match="not a regular file"):
        store.write(result(), tmp_path / "pipe", overwrite=True)
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_is_followed(tmp_path):
    (tmp_path / "sub").mkdir()
    try:
        (tmp_path / "link.nc").symlink_to(tmp_path / "sub" / "real.nc")
    except OSError:
        pytest.skip("no permission to make links here")
    store.write(result(), tmp_path / "link.nc")
    assert (tmp_path / "link.nc").is_symlink()
    assert store.read(tmp_path / "sub" / "real.nc").identical(result())


def test_what_breaks_the_contract_is_not_written(tmp_path):
    tree = result()
    tree["radiolysis/concentration"].data[0, 0] = np.nan
    with pytest.raises(ResultError, match="concentration is nan at time = 1e-09, species = e_aq-"):
        store.write(tree, tmp_path / "out.nc")
    tree = result()
    tree["beam/dose_rate"].data = np.array(1.0) * pint.UnitRegistry().Unit("Gy/s")
    with pytest.raises(ResultError, match="dose_rate carries a pint unit"):
        store.write(tree, tmp_path / "out.nc")
    tree = schema.build({"beam": {"dose": ([], 1.0)}}, {})
    with pytest.raises(ResultError, match="no attribute simcell_provenance"):
        store.write(tree, tmp_path / "out.nc")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_damage_anywhere_is_an_error_of_ours_or_harmless(tmp_path):
    whole = store.write(result(), tmp_path / "out.nc").read_bytes()
    refused = 0
    for seed in range(40):
        content, rng = bytearray(whole), np.random.default_rng(seed)
        content[int(rng.integers(len(content)))] ^= 0xFF
        (tmp_path / "bad.nc").write_bytes(content)
        try:
            store.read(tmp_path / "bad.nc")
        except ResultError:
            refused += 1
    assert refused > 0


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_cut_file_is_refused_wherever_it_is_cut(tmp_path):
    whole = store.write(result(), tmp_path / "out.nc").read_bytes()
    cut = tmp_path / "cut.nc"
    for length in np.linspace(0, len(whole) - 1, 40).astype(int):
        cut.write_bytes(whole[:length])
        with pytest.raises(ResultError, match=r"cut\.nc: (the file is|this is not)"):
            store.read(cut)


FOREIGN = [
    (b"", "is empty"),
    (b"time,c\n1,2\n", "not a NetCDF file"),
    (b"CDF\x01" + bytes(100), "NetCDF classic"),
    (b"\x89HDF\r\n\x1a\n" + bytes(500), "damaged or was cut short"),
]


@pytest.mark.parametrize(("content", "message"), FOREIGN)
def test_files_of_others_are_refused(tmp_path, content, message):
    path = tmp_path / "x.nc"
    path.write_bytes(content)
    with pytest.raises(ResultError, match=message):
        store.read(path)


@pytest.mark.parametrize(
    ("attrs", "message"),
    [
        ({}, "simcell did not write this file"),
        ({"simcell_provenance": "{"}, "is not JSON"),
        ({"simcell_provenance": "[]"}, "does not describe a simcell run"),
        ({"simcell_provenance": '{"status": "done"}'}, "does not describe a simcell run"),
        ({"simcell_provenance": '{"status": "complete", "schema": 99}'}, "newer simcell"),
    ],
)
def test_a_netcdf_file_without_good_provenance_is_refused(tmp_path, attrs, message):
    xr.Dataset({"c": ("x", [1.0])}, attrs=attrs).to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
    with pytest.raises(ResultError, match=rf"x\.nc: .*{message}"):
        store.read(tmp_path / "x.nc")


@pytest.mark.parametrize(
    ("name", "message"),
    [("none.nc", "no such file"), (".", "is a folder|cannot be read"), ("\0", "cannot be read")],
)
def test_what_cannot_be_opened_is_told(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ResultError, match=message):
        store.read(name)


def test_provenance_is_plain_json_with_everything_a_rerun_needs():
    facts = store.provenance(
        record={"rtol": np.float64(1e-6), "times": np.array([1.0, 2.0])},
        record_hash="1f",
        case={"case": {"physics": ["radiolysis"]}},
        data_files=[{"name": "water.toml", "sha256": "0" * 64, "doi": ["10.1021/jp507400n"]}],
        solver={"rtol": 1e-6},
        seed=7,
        status="interrupted",
        wall_time=0.5,
        ensemble=64,
    )
    assert json.loads(json.dumps(facts)) == facts
    assert facts["record"] == {"rtol": 1e-6, "times": [1.0, 2.0]}
    assert (facts["hash"], facts["seed"], facts["status"], facts["ensemble"]) == ("1f", 7, "interrupted", 64)
    assert facts["created"].endswith("+00:00")
    with pytest.raises(ResultError, match="not one of complete"):
        store.provenance(record={}, record_hash="", case={}, status="done")
    with pytest.raises(ResultError, match="JSON"):
        store.provenance(record={"x": float("nan")}, record_hash="", case={})
    with pytest.raises(ResultError, match="Quantity is not a JSON type"):
        store.provenance(record={"x": 1.0 * pint.UnitRegistry().m}, record_hash="", case={})

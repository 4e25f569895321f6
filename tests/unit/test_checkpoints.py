"""Long runs that are cut short go on to the same result, and what can go wrong with their checkpoints."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import numpy as np
import pytest

import simcell.radiolysis.homogeneous as homogeneous
import simcell.radiolysis.spatial as spatial
from simcell.case import Case
from simcell.errors import ResultError
from simcell.results.checkpoint import Checkpoint, identity
from simcell.studies.run import run_case

BEAM = {"dose_rate": "7.5e7 Gy/s", "diameter": "2 um", "pulses": {"on": "1 ms", "off": "1 ms", "count": 3}}
RADIAL = {"geometry": "radial", "extent": "25 um", "spacing": "200 nm", "growth": 1.5}
PLAN = {"geometry": "plan", "extent": "4 um", "spacing": "1 um", "growth": 2.0}
TIMES = ["10 us", "1.5 ms", "4 ms", "10 ms"]


def case_of(grid: dict | None, **more: dict) -> Case:
    data = {"case": {"duration": "10 ms"}, "beam": BEAM, "output": {"times": TIMES}, **more}
    return Case.from_dict(data if grid is None else {**data, "grid": grid})


class Stop:
    """Ctrl-C after so many reports of progress."""

    def __init__(self, after: int):
        self.left = after

    def __call__(self, fraction: float) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("grid", "stops"), [(None, (2, 3)), (RADIAL, (3, 4)), (PLAN, (7, 40))], ids=str)
def test_a_run_that_is_cut_short_goes_on_to_the_same_bits(grid, stops, tmp_path, monkeypatch):
    monkeypatch.setattr(homogeneous, "CHUNK", 60)  # steps between two looks, so that there is a border to stop at
    monkeypatch.setattr(spatial, "CHUNK", 20)
    case = case_of(grid)
    if grid is PLAN:
        case = case.replace_all({"radiolysis.electroneutral": False, "beam.dose_rate": "1e4 Gy/s", "solver.rtol": 1e-2})
    wanted = run_case(case)
    path = tmp_path / "run.checkpoint.npz"
    for stop in stops:  # cut short twice, the second time from a run that was resumed
        keeper = Checkpoint(path, identity(case), 1e9, pytest.fail)
        if path.exists():
            keeper.load()
        try:
            tree = run_case(case, Stop(stop), keeper)
            assert '"status": "interrupted"' in tree.attrs["simcell_provenance"]
        except KeyboardInterrupt:
            pass  # before the first output time
        assert keeper.written
    keeper = Checkpoint(path, identity(case), 1e9, pytest.fail)
    keeper.load()
    found = run_case(case, keeper=keeper)
    for node in wanted.subtree:
        for name, array in node.data_vars.items():
            np.testing.assert_array_equal(found[node.path][name].values, array.values, err_msg=str(name))


def test_a_checkpoint_is_written_every_so_often(tmp_path):
    clock, keeper = [0], Checkpoint(tmp_path / "a.npz", {}, 0.0, pytest.fail)
    keeper.offer(lambda: {"time": 1.0})
    assert keeper.written
    keeper = Checkpoint(tmp_path / "b.npz", {}, 60.0, pytest.fail)
    keeper.offer(lambda: clock.append(1) or {})
    assert clock == [0]
    assert not keeper.path.exists()


def test_a_damaged_checkpoint_says_what_to_do(tmp_path):
    keeper = Checkpoint(tmp_path / "a.npz", {"hash": "1"}, 0.0, pytest.fail)
    with pytest.raises(ResultError, match="no such checkpoint; run without --resume"):
        keeper.load()
    keeper.offer(lambda: {"c": np.arange(1000.0)})
    whole = keeper.path.read_bytes()
    for broken in (whole[: len(whole) // 2], whole[:300] + b"\xff" * 40 + whole[340:], b"", b"PK"):
        keeper.path.write_bytes(broken)
        with pytest.raises(ResultError, match=r"damaged .*; remove it and run without --resume"):
            keeper.load()
    keeper.path.write_bytes(whole)
    with pytest.raises(ResultError, match="belongs to another run"):
        Checkpoint(keeper.path, {"hash": "2"}, 0.0, pytest.fail).load()


def test_a_full_disk_does_not_end_the_run(tmp_path, monkeypatch):
    said: list[str] = []
    keeper = Checkpoint(tmp_path / "a.npz", {"hash": "1"}, 0.0, said.append)
    keeper.offer(lambda: {"c": np.arange(3.0)})

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    for _ in range(3):
        keeper.offer(lambda: {"c": np.arange(4.0)})
    assert len(said) == 1
    assert "no room left on the disk" in said[0]
    assert "the run itself goes on" in said[0]
    monkeypatch.undo()
    keeper.load()  # the one before is whole
    assert keeper.state["c"].size == 3
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_a_checkpoint_names_its_case(tmp_path: Path) -> None:
    case = case_of(None)
    assert identity(case) != identity(case.replace("electrolyte.pH", 3))
    assert identity(case)["files"]


HYDROGEN = {
    "name": "hydrogen", "makes": {"H2": -1, "H+": 2}, "electrons": 2, "exchange_current_density": "10 A/m^2",
    "reference_concentrations": {"H2": "0.78 mmol/L", "H+": "1 mol/L"}, "equilibrium_potential": "0 V",
}  # fmt: skip
ZINC = {"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}
ON_A_LINE = {
    "case": {"physics": ["radiolysis", "transport"], "duration": "0.4 s"},
    "beam": {"dose_rate": "1e5 Gy/s", "pulses": {"on": "0.1 s", "off": "0.1 s", "count": 2}},
    "grid": {"geometry": "line", "extent": "5 um", "spacing": "500 nm"},
    "electrolyte": {
        "mechanism": "water", "pH": 3, "counter_ion": "ClO4-", "concentrations": {"Na+": "100 mmol/L"},
        "gases": {"H2": "1 mbar"},
    },
    "electrode": [
        {"name": "working", "role": "working", "area": "1000 um^2", "reaction": [HYDROGEN]},
        {"name": "counter", "role": "counter"},
    ],
    "protocol": {"steps": [
        {
            "technique": "galvanostatic", "current_density": "1 A/m^2", "duration": "1 s",
            "until": {"potential_above": "10 mV"},
        },
        {"technique": "potentiostatic", "potential": "0.1 V", "duration": "0.2 s"},
        {"technique": "ocp", "duration": "1 s"},
    ]},
}  # fmt: skip
IN_PLAN = {
    "case": {"physics": ["transport"], "duration": "40 ms"},
    "cell": {"spacer_height": "500 nm"},
    "grid": {"geometry": "plan", "extent": "40 um", "spacing": "4 um", "growth": 1.1},
    "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    "electrode": [
        {"name": name, "role": name, "rectangle": {"x": x, "y": ["-8 um", "8 um"]}, "reaction": [ZINC]}
        for name, x in (("working", ["-16 um", "-8 um"]), ("counter", ["8 um", "16 um"]))
    ],
    "protocol": {"steps": [
        {"technique": "galvanostatic", "current_density": "-1 mA/cm^2", "duration": "20 ms"},
        {"technique": "cv", "potential": "0 V", "vertices": ["20 mV"], "scan_rate": "2 V/s"},
    ]},
    "output": {"times": ["5 ms", "30 ms"]},
}  # fmt: skip


@pytest.mark.parametrize("data", [ON_A_LINE, IN_PLAN], ids=["line", "plan"])
def test_a_protocol_that_is_cut_short_goes_on_to_the_same_bits(data, tmp_path):
    case = Case.from_dict(data)
    steps: list[float] = []
    wanted = run_case(case, steps.append)
    path = tmp_path / "run.checkpoint.npz"
    for stop in (2, len(steps) // 3, len(steps) // 2):  # cut short three times, each from where it was
        keeper = Checkpoint(path, identity(case), 1e9, pytest.fail)
        if path.exists():
            keeper.load()
        with contextlib.suppress(KeyboardInterrupt):  # before the first step
            tree = run_case(case, Stop(stop), keeper)
            assert '"status": "interrupted"' in tree.attrs["simcell_provenance"]
        assert keeper.written
    keeper = Checkpoint(path, identity(case), 1e9, pytest.fail)
    keeper.load()
    left: list[float] = []
    found = run_case(case, left.append, keeper)
    assert len(left) < len(steps) / 2
    for node in wanted.subtree:
        for name, array in node.data_vars.items():
            np.testing.assert_array_equal(found[node.path][name].values, array.values, err_msg=str(name))

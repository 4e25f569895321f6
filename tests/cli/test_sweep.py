"""`simcell sweep`, `simcell fit` and `simcell run --resume` at the command line: exit codes and what is said."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

import simcell
import simcell.radiolysis.homogeneous as homogeneous
from simcell.cli import execute

CASE = """
[case]
duration = "1 s"
[beam]
dose_rate = "1e6 Gy/s"
[output]
times = ["1 us", "1 ms", "1 s"]
"""


@pytest.fixture
def case(workplace: Path) -> str:
    Path("case.toml").write_text(CASE, encoding="utf-8")
    return "case.toml"


def test_a_sweep_and_its_exit_codes(case, capsys):
    command = ["sweep", case, "--vary", "electrolyte.pH=3,7,30", "-o", "s", "--jobs", "1"]
    assert execute([*command, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "runs     3: electrolyte.pH (3)" in said
    assert "Nothing was written" in said
    assert not Path("s").exists()
    assert execute(command) == 4
    told = capsys.readouterr()
    assert "2 of 3 runs complete" in told.out
    assert "electrolyte.pH = 30.0: must be from -1 to 15" in told.err
    assert execute(command) == 2
    assert "holds a sweep already; --resume" in capsys.readouterr().err
    assert execute([*command, "--resume"]) == 4
    assert simcell.open_sweep("s").sizes["electrolyte_pH"] == 3
    assert execute([*command, "--scheduler", "tcp://localhost:1"]) == 2


def test_a_sweep_with_indices_draws_its_picture(case, capsys):
    command = ["sweep", case, "--vary", "beam.dose_rate=1e3Gy/s..1e9Gy/s:log", "--vary", "electrolyte.pH=6..8"]
    assert execute([*command, "--design", "morris", "--samples", "4", "-o", "s", "--jobs", "1"]) == 0
    said = capsys.readouterr().out
    assert "gas_saturation.H2  beam.dose_rate" in said
    assert Path("s/tornado.png").stat().st_size > 10_000


def test_a_fit_writes_result_picture_and_json(case, capsys):
    assert execute(["run", case, "-o", "true.nc", "--no-picture", "-q", "--set", "beam.dose_rate=2e6Gy/s"]) == 0
    h2o2 = simcell.open_result("true.nc")["radiolysis/concentration"].sel(species="H2O2")
    rows = [f"{t!r},{v!r}" for t, v in zip(h2o2.time.values.tolist(), h2o2.values.tolist(), strict=True)]
    Path("on.csv").write_text("\n".join(["time [s],concentration.H2O2 [mol/m^3]", *rows]), encoding="utf-8")
    free = "beam.dose_rate=1e5Gy/s..1e7Gy/s:log"
    assert execute(["fit", case, "--data", "on.csv", "--free", free, "-o", "fit.nc", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["estimates"]["beam.dose_rate"]["value"] == pytest.approx(2e6, rel=1e-3)
    kept = json.loads(simcell.open_result("fit.nc").attrs["simcell_provenance"])
    assert kept["fit"]["estimates"] == facts["estimates"]
    assert Path("fit.png").stat().st_size > 10_000
    assert execute(["fit", case, "--data", "on.csv", "--free", "beam.dose_rate", "-o", "b.nc"]) == 2


@pytest.mark.skipif(os.name == "nt", reason="SIGTERM ends a process there")
def test_a_run_that_is_told_to_end_goes_on_later(case, capsys, monkeypatch):
    monkeypatch.setattr(homogeneous, "CHUNK", 20)  # steps between two borders
    assert execute(["run", case, "-o", "whole.nc", "--no-picture", "-q"]) == 0
    capsys.readouterr()
    real, calls = homogeneous.kernels.advance, []

    def advance(*arguments):
        calls.append(1)
        if len(calls) == 4:
            signal.raise_signal(signal.SIGTERM)
        return real(*arguments)

    monkeypatch.setattr(homogeneous.kernels, "advance", advance)
    command = ["run", case, "-o", "out.nc", "--no-picture", "-q"]
    assert execute(command) == 130
    assert "out.checkpoint.npz holds the state: repeat the command with --resume" in capsys.readouterr().err
    assert execute([*command, "--resume"]) == 0
    assert not Path("out.checkpoint.npz").exists()
    whole, found = simcell.open_result("whole.nc"), simcell.open_result("out.nc")
    assert (whole["radiolysis/concentration"].values == found["radiolysis/concentration"].values).all()
    assert execute([*command, "--resume"]) == 2
    assert "is complete already" in capsys.readouterr().err
    assert execute(["run", case, "-o", "other.nc", "--resume"]) == 2
    assert "no such checkpoint" in capsys.readouterr().err


def test_a_sweep_that_is_interrupted_can_be_gone_on_with(case, capsys):
    assert execute(["run", case, "-o", "warm.nc", "--no-picture", "-q"]) == 0  # compiled now
    durations = ",".join(f"{i} s" for i in range(1, 200))
    command = ["sweep", case, "--vary", f"case.duration={durations}", "-o", "s", "--jobs", "1", "-q"]

    def press() -> None:
        until = time.monotonic() + 60.0
        while time.monotonic() < until and len(list(Path("s/runs").glob("*.nc"))) < 2:
            time.sleep(0.02)
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    assert execute(command) == 130
    thread.join()
    assert "repeat the command with --resume to go on" in capsys.readouterr().err
    statuses = simcell.open_sweep("s").run_status.values.tolist()
    assert 2 <= statuses.count("complete") < 199

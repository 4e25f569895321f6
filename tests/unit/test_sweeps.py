"""Sweeps: which runs, that each is what `run_case` gives, and that nothing finished is lost, whatever happens."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import simcell
import simcell.studies.run
import simcell.studies.vary
from simcell.case import Case
from simcell.errors import InputError, ResultError, SimcellError, SolverError
from simcell.studies.run import run_case
from simcell.studies.sweeps import pool
from simcell.studies.sweeps.folder import Folder, describe, load
from simcell.studies.sweeps.plan import axis, plan_of
from simcell.studies.sweeps.run import batchable, estimate, run_sweep
from simcell.studies.sweeps.sensitivity import _indices, sensitivity

RATES = "beam.dose_rate=1e3Gy/s..1e9Gy/s:log:3"
WATER = {"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s"}, "output": {"times": ["1 ms", "1 s"]}}


@pytest.fixture
def case() -> Case:
    return Case.from_dict(WATER)


def test_a_hypercube_has_one_run_in_each_slice():
    plan = plan_of(["beam.dose_rate=1 Gy/s..1e4 Gy/s:log", "electrolyte.pH=3..7"], "lhs", 20)
    rate, ph = np.array(plan.labels).T
    assert sorted((20 * np.log10(rate) / 4).astype(int)) == list(range(20))
    assert sorted((20 * (ph - 3) / 4).astype(int)) == list(range(20))
    assert plan == plan_of(["beam.dose_rate=1 Gy/s..1e4 Gy/s:log", "electrolyte.pH=3..7"], "lhs", 20)
    assert plan.values != plan_of(["beam.dose_rate=1 Gy/s..1e4 Gy/s:log", "electrolyte.pH=3..7"], "lhs", 20, 2).values


def test_ends_lists_and_whole_numbers_are_drawn_as_they_should():
    assert [axis("output.count=2..5", "lhs").draw(u)[0] for u in (0.0, 0.5, 1.0)] == [2, 4, 5]
    assert [axis("beam.dose_rate=1Gy/s..9Gy/s", "lhs").draw(u)[1] for u in (0.0, 0.5, 1.0)] == [1.0, 5.0, 9.0]
    words = axis("electrolyte.mechanism=water,water-eb09", "morris")
    assert [words.draw(u)[0] for u in (0.0, 0.49, 0.5, 1.0)] == ["water", "water", "water-eb09", "water-eb09"]


@pytest.mark.parametrize(
    ("texts", "design", "samples", "said"),
    [
        ([], "grid", None, "--vary: is needed"),
        ([RATES, RATES], "grid", None, "is varied twice"),
        ([RATES], "grid", 8, "belongs to --design lhs"),
        ([RATES], "lhs", None, "is needed with --design lhs"),
        ([RATES], "sobol", 10, "power of two .*16"),
        ([RATES], "random", 10, "is not one of grid, lhs, sobol, morris"),
        (["beam.dose_rate=1Gy/s,1Gy/s"], "grid", None, "holds a value twice"),
        (["beam.dose_rate=1..2"], "lhs", 4, "unit"),
        ([RATES], "lhs", 2_000_000, "2000000 runs are more than"),
    ],
)
def test_a_plan_that_is_none_is_refused(texts, design, samples, said):
    with pytest.raises(InputError, match=said):
        plan_of(texts, design, samples)


def test_a_batch_and_single_runs_give_what_a_run_gives(case, tmp_path):
    plan = plan_of([RATES, "electrolyte.pH=3,7"])
    assert batchable(case, plan)
    tally = run_sweep(case, plan, tmp_path / "s", jobs=1)
    assert (tally.runs, tally.complete, tally.failed) == (6, 6, 0)
    found = simcell.open_sweep(tmp_path / "s")
    assert found.pH.dims == ("beam_dose_rate", "electrolyte_pH", "time")
    assert found.beam_dose_rate.attrs["units"] == "Gy/s"
    assert found.pH.attrs == {"units": "1", "long_name": "pH"}
    one = run_case(plan.member(case, 3))["radiolysis"]
    here = found.isel(beam_dose_rate=1, electrolyte_pH=1)
    np.testing.assert_allclose(here.pH, one["pH"], rtol=1e-12)
    np.testing.assert_allclose(here.concentration.sel(species=one["species"]), one["concentration"], rtol=1e-12)
    np.testing.assert_allclose(here.steady_pH, one["steady_pH"], rtol=1e-12)
    # a key that the batch kernel cannot vary: each by itself, and other times in each run
    times = plan_of(["case.duration=1 s,2 s"])
    assert not batchable(case, times)
    run_sweep(case.replace("output.times", None).replace("output.count", 3), times, tmp_path / "t", jobs=1)
    found = simcell.open_sweep(tmp_path / "t", ["pH"])
    assert found.pH.dims == ("case_duration", "time_index")
    np.testing.assert_allclose(found.time[:, -1], [1.0, 2.0])


def test_a_run_that_fails_costs_the_others_nothing(case, tmp_path, monkeypatch):
    def failing(problem, *args, **kwargs):
        if problem.source.max() > 1e4:  # of the highest dose rate
            raise SolverError("the integration stopped at t = 0.1 s")
        return real(problem, *args, **kwargs)

    def whole_batch(*args, **kwargs):
        raise SolverError("member 2 did not reach the end")

    real = simcell.studies.run.integrate
    monkeypatch.setattr(simcell.studies.run, "integrate", failing)
    monkeypatch.setattr(simcell.studies.vary, "integrate_batch", whole_batch)
    plan = plan_of([RATES, "electrolyte.pH=7,30"])
    tally = run_sweep(case, plan, tmp_path / "s", jobs=1)
    assert (tally.complete, tally.failed) == (2, 4)
    assert {text[:20] for text in tally.errors.values()} == {"the integration stop", "electrolyte.pH = 30."}
    found = simcell.open_sweep(tmp_path / "s")
    assert found.run_status.values.tolist() == [["complete", "failed"], ["complete", "failed"], ["failed", "failed"]]
    assert np.isnan(found.pH.values).all(axis=-1).tolist() == [[False, True], [False, True], [True, True]]
    # what failed is not run again until it is asked for, then it is; values that are no case stay refused
    monkeypatch.undo()
    assert run_sweep(case, plan, tmp_path / "s", jobs=1, going_on=True).failed == 4
    tally = run_sweep(case, plan, tmp_path / "s", jobs=1, retry_failed=True)
    assert (tally.complete, tally.failed) == (3, 3)
    assert simcell.open_sweep(tmp_path / "s").run_status.values[2].tolist() == ["complete", "failed"]


def test_a_sweep_goes_on_where_it_stopped(case, tmp_path, monkeypatch):
    plan = plan_of(["case.duration=1 s,2 s,3 s,4 s"])
    calls: list[float] = []
    real = simcell.studies.run.run_case

    def counted(case, *args):
        calls.append(case.input.case.duration)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(case, *args)

    monkeypatch.setattr(simcell.studies.run, "run_case", counted)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(case, plan, tmp_path / "s", jobs=1)
    (tmp_path / "s" / "runs" / ".left.nc.ab.tmp").write_text("half of a file")
    assert simcell.open_sweep(tmp_path / "s").run_status.values.tolist() == ["complete"] * 2 + ["missing"] * 2
    assert run_sweep(case, plan, tmp_path / "s", jobs=1, going_on=True).complete == 4
    assert calls == [1.0, 2.0, 3.0, 3.0, 4.0]
    assert not list((tmp_path / "s" / "runs").glob(".*"))
    with pytest.raises(InputError, match="holds a sweep already; --resume"):
        run_sweep(case, plan, tmp_path / "s")
    (tmp_path / "s" / "manifest.json").rename(tmp_path / "kept")  # killed before there was anything: it begins
    for path in (tmp_path / "s" / "runs").iterdir():
        path.unlink()
    assert run_sweep(case, plan, tmp_path / "s", jobs=1, going_on=True).complete == 4
    with pytest.raises(InputError, match="case, keys or values differ"):
        run_sweep(case, plan_of(["case.duration=1 s,5 s"]), tmp_path / "s", going_on=True)
    with pytest.raises(InputError, match="case, keys or values differ"):
        run_sweep(case.replace("electrolyte.pH", 5), plan, tmp_path / "s", going_on=True)


def test_a_full_disk_stops_the_sweep_and_says_so(case, tmp_path, monkeypatch):
    plan = plan_of(["case.duration=1 s,2 s,3 s"])
    real, written = os.fsync, []

    def full(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) > 3:  # the manifest, its folder, one run
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResultError, match="no room left on the disk"):
        run_sweep(case, plan, tmp_path / "s", jobs=1)
    monkeypatch.undo()
    statuses = list(load(tmp_path / "s").statuses().values())
    assert "failed" not in statuses
    assert statuses.count("complete") == 1
    assert run_sweep(case, plan, tmp_path / "s", going_on=True, jobs=1).complete == 3


def test_a_folder_that_cannot_be_made_or_read(case, tmp_path):
    plan = plan_of([RATES])
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match="the folder cannot be made"):
        run_sweep(case, plan, tmp_path / "file" / "s", jobs=1)
    with pytest.raises(InputError, match="not an empty folder"):
        run_sweep(case, plan, tmp_path, jobs=1)
    with pytest.raises(ResultError, match="holds no sweep"):
        simcell.open_sweep(tmp_path)
    (tmp_path / "manifest.json").write_text('{"runs": [')
    with pytest.raises(ResultError, match="cannot be read"):
        simcell.open_sweep(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(case, tmp_path):  # pragma: no cover
    plan = plan_of([RATES])
    run_sweep(case, plan, tmp_path / "s", jobs=1)
    (tmp_path / "s" / "runs").chmod(0o500)
    with pytest.raises(ResultError, match="no permission to write here"):
        run_sweep(case, plan, tmp_path / "s", jobs=1, going_on=True)


def test_a_killed_process_costs_nothing(case, tmp_path):
    killed: list[int] = []

    def kill_one(fraction: float) -> None:
        children = multiprocessing.active_children()
        if not killed and len(children) == 2 and fraction > 0.0:  # one run is done, two are in work
            killed.append(children[0].pid or 0)
            children[0].kill()

    durations = ",".join(f"{i} s" for i in range(1, 9))
    tally = run_sweep(case, plan_of([f"case.duration={durations}"]), tmp_path / "s", jobs=2, progress=kill_one)
    assert killed
    assert (tally.complete, tally.failed) == (8, 0)
    assert not multiprocessing.active_children()


def test_what_kills_its_process_again_is_written_down(case, tmp_path, monkeypatch):
    folder, said = describe(case, plan_of(["case.duration=1 s,2 s"])), []
    (tmp_path / "failed").mkdir()
    tasks = pool.split(pool.Task(str(tmp_path), {}, None, (), Folder(tmp_path, folder).runs, True))
    # both were in work when a process died; tried alone, the first dies again
    dying = iter([list(tasks), [tasks[0]]])
    monkeypatch.setattr(pool, "_round", lambda queue, *rest: (queue.clear(), next(dying))[1])
    pool.in_processes(tasks, 2, said.extend, lambda fraction: None)
    assert [(o.id, o.status) for o in said] == [(tasks[0].runs[0].id, "failed")]
    assert "the process died" in json.loads((tmp_path / "failed" / f"{said[0].id}.json").read_text())["error"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_sweep_goes_on_without_repeating_what_was_done(tmp_path):
    (tmp_path / "case.toml").write_text(
        '[case]\nduration = "1 s"\n[beam]\ndose_rate = "1e6 Gy/s"\n[output]\ntimes = ["1 s"]\n', encoding="utf-8"
    )
    durations = ",".join(f"{i} s" for i in range(1, 31))
    command = [sys.executable, "-m", "simcell", "sweep", "case.toml", "--vary", f"case.duration={durations}",
               "-o", "s", "--jobs", "1"]  # fmt: skip
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL, env={**os.environ})
    runs = tmp_path / "s" / "runs"
    until = time.monotonic() + 60.0
    while time.monotonic() < until and len(list(runs.glob("*.nc"))) < 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = {p.name: p.stat().st_mtime_ns for p in runs.glob("*.nc")}
    assert 2 <= len(done) < 30
    result = subprocess.run([*command, "--resume", "-q"], cwd=tmp_path, env={**os.environ}, check=False)
    assert result.returncode == 0
    after = {p.name: p.stat().st_mtime_ns for p in runs.iterdir()}
    assert len(after) == 30
    assert {name: after[name] for name in done} == done


CLUSTER = """
import pathlib, sys, time
from distributed import LocalCluster
if __name__ == "__main__":
    here = {"processes": False, "protocol": "tcp://", "dashboard_address": None}
    with LocalCluster(n_workers=2, threads_per_worker=1, **here) as cluster:
        pathlib.Path("address.new").write_text(cluster.scheduler_address)
        pathlib.Path("address.new").rename("address")
        time.sleep(300)
"""


def test_a_cluster_computes_the_same_and_a_lost_one_loses_nothing(case, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(pool, "PATIENCE", 3.0)
    cluster = subprocess.Popen([sys.executable, "-c", CLUSTER], cwd=tmp_path, env={**os.environ})
    try:
        until = time.monotonic() + 60.0
        while time.monotonic() < until and not (tmp_path / "address").exists():
            time.sleep(0.05)
        address = (tmp_path / "address").read_text()
        plan = plan_of(["case.duration=1 s,2 s,3 s,4 s"])
        assert run_sweep(case, plan, tmp_path / "s", scheduler=address).complete == 4
        found = simcell.open_sweep(tmp_path / "s").pH.isel(case_duration=0)
        np.testing.assert_allclose(found, run_case(case)["radiolysis/pH"], rtol=1e-12)

        more = plan_of(["case.duration=" + ",".join(f"{i} s" for i in range(1, 200))])
        with pytest.raises(SimcellError, match="is gone; the runs that were finished lie in the folder"):
            run_sweep(case, more, tmp_path / "t", scheduler=address, progress=lambda f: f > 0.0 and cluster.kill())
    finally:
        cluster.kill()
        cluster.wait()
    done = list(load(tmp_path / "t").statuses().values()).count("complete")
    assert 1 <= done < 199
    with pytest.raises(SimcellError, match="no Dask scheduler answers"):
        run_sweep(case, plan, tmp_path / "u", scheduler=address)


def _swept(tmp_path: Path, case: Case, design: str, samples: int, function) -> tuple[Folder, np.ndarray]:
    plan = plan_of(["electrolyte.pH=3..7", "beam.dose_rate=1e3Gy/s..1e9Gy/s:log"], design, samples)
    folder = Folder(tmp_path, describe(case, plan))
    return folder, np.array([function(*share) for share in plan.shares])


def test_indices_of_a_function_that_is_known(case, tmp_path):
    # y = 3 a + b of two shares that are even on 0..1: variances 9/12 and 1/12, so S1 = ST = 0.9 and 0.1
    folder, values = _swept(tmp_path, case, "sobol", 512, lambda a, b: 3.0 * a + b)
    found = _indices(folder, "pH", "1", values)
    np.testing.assert_allclose(found.first, [0.9, 0.1], atol=0.02)
    np.testing.assert_allclose(found.total, [0.9, 0.1], atol=0.02)
    # y = a b: ST - S1 of both is their joint part, V_ab / V = (1/144) / (1/9 - 1/16) = 1/7
    folder, values = _swept(tmp_path, case, "sobol", 1024, lambda a, b: a * b)
    found = _indices(folder, "pH", "1", values)
    np.testing.assert_allclose(found.total - found.first, [1 / 7, 1 / 7], atol=0.03)
    folder, values = _swept(tmp_path, case, "morris", 10, lambda a, b: 3.0 * a - b)
    values[4] = np.nan  # a failed run takes its trajectory with it
    found = _indices(folder, "pH", "1", values)
    np.testing.assert_allclose(found.first, [3.0, 1.0], rtol=1e-12)  # a straight line is found exactly
    np.testing.assert_allclose(found.total, [0.0, 0.0], atol=1e-12)
    assert (found.used, found.planned, found.ranked) == (9, 10, ("electrolyte.pH", "beam.dose_rate"))
    assert _indices(folder, "pH", "1", np.ones_like(values)) is None
    with pytest.raises(InputError, match="has 0 complete trajectories"):
        _indices(folder, "pH", "1", np.full_like(values, np.nan))


def test_sensitivity_of_a_sweep(case, tmp_path):
    plan = plan_of(["beam.dose_rate=1e3Gy/s..1e9Gy/s:log", "electrolyte.pH=6.9..7.1"], "morris", 4)
    run_sweep(case, plan, tmp_path / "s", jobs=1)
    found = {i.output: i for i in sensitivity(tmp_path / "s")}
    assert found["gas_saturation.H2"].ranked[0] == "beam.dose_rate"
    assert [i.output for i in sensitivity(tmp_path / "s", ["concentration.H2O2"])] == ["concentration.H2O2"]
    with pytest.raises(InputError, match='did you mean "gas_saturation"'):
        sensitivity(tmp_path / "s", ["gas_saturatoin.H2"])


def test_an_estimate_comes_from_a_run(case):
    found = estimate(case, plan_of(["case.duration=1 s,2 s,3 s"]))
    assert found.runs == 3
    assert found.seconds(3) == pytest.approx(found.each)
    assert found.finished

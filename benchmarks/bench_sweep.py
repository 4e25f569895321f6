"""Sweeps: 1,000 homogeneous cases through the batch kernel against one run after another, and 64 plan-view cases in two
processes or on a Dask cluster of two worker processes against one after another, start-up excluded.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import simcell
from simcell.case import Case
from simcell.studies.sweeps.plan import plan_of
from simcell.studies.sweeps.run import run_sweep

CASES, SERIAL, MAPS, ALONE = 1000, 25, 64, 4
WATER = {"case": {"duration": "100 s"}, "beam": {"dose_rate": "1e6 Gy/s"}}
IN_PLAN = {
    **WATER,
    "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    "cell": {"spacer_height": "500 nm"},
    "grid": {"geometry": "plan", "extent": "10 um", "spacing": "1 um", "growth": 1.2},
    "output": {"times": ["1 s", "100 s"]},
    "solver": {"rtol": 2e-4},
}


def _swept(case: Case, plan, path: Path, **how) -> tuple[float, list[float]]:
    """Seconds of a sweep, and when each run was done (the first tells when the processes had started)."""
    stamps: list[tuple[float, float]] = []
    began = time.perf_counter()
    tally = run_sweep(case, plan, path, progress=lambda f: stamps.append((f, time.perf_counter() - began)), **how)
    assert tally.complete == tally.runs, tally.errors
    whole = time.perf_counter() - began
    return whole, [min(t for f, t in stamps if f == share) for share in sorted({f for f, _ in stamps if f > 0.0})]


def throughput(folder: Path) -> None:
    """1,000 cases of 200 output times each."""
    case, plan = Case.from_dict(WATER), plan_of([f"beam.dose_rate=1e3Gy/s..1e9Gy/s:log:{CASES}"])
    case.run()
    began = time.perf_counter()
    for number in range(0, CASES, CASES // SERIAL):
        tree = plan.member(case, number).run()
        simcell.save_result(tree, folder / f"{number}.nc")
    serial = (time.perf_counter() - began) / SERIAL
    print(f"one after another, a file each: {serial * 1e3:.1f} ms a case (of {SERIAL})")
    for jobs in (1, 2):
        seconds, _ = _swept(case, plan, folder / f"batch{jobs}", jobs=jobs)
        print(f"sweep of {CASES}, jobs {jobs}: {seconds:.1f} s, {CASES * serial / seconds:.1f} times as fast")
    began = time.perf_counter()
    simcell.open_sweep(folder / "batch2")
    print(f"open_sweep: {time.perf_counter() - began:.2f} s")


def efficiency(folder: Path) -> None:
    """Runs in plan view, some ten seconds each: one after another, two processes, two workers of a Dask cluster."""
    case, plan = Case.from_dict(IN_PLAN), plan_of([f"beam.dose_rate=1e6Gy/s..2e6Gy/s:log:{MAPS}"])
    plan.member(case, 0).run()
    began = time.perf_counter()
    for number in range(0, MAPS, MAPS // ALONE):
        plan.member(case, number).run()
    one = (time.perf_counter() - began) / ALONE
    print(f"runs in plan view one after another: {one:.1f} s each (of {ALONE})")

    def report(name: str, whole: float, stamps: list[float]) -> None:
        # From the second finished run on: start-up is over, and all processes are in the middle of theirs.
        done, spent = len(stamps) - 2, stamps[-1] - stamps[1]
        rate = done * one / spent / 2
        print(f"{name}: {whole:.0f} s in all, first run after {stamps[0]:.1f} s; the rest at {rate:.2f} of 2 cores")

    report("two processes, 64 runs", *_swept(case, plan, folder / "two", jobs=2))
    from distributed import LocalCluster

    few = plan_of([f"beam.dose_rate=1e6Gy/s..2e6Gy/s:log:{MAPS // 4}"])
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        report("two Dask workers, 16 runs", *_swept(case, few, folder / "dask", scheduler=cluster.scheduler_address))


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as place:
        if "efficiency" not in sys.argv:
            throughput(Path(place))
        efficiency(Path(place))
    print(f"load {os.getloadavg()[0]:.1f}")

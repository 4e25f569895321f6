"""Sweeps: 1,000 homogeneous cases through the batch kernel against one run after another, and two processes or a
Dask cluster of two worker processes against one process, start-up excluded.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import simcell
from simcell.case import Case
from simcell.studies.sweeps.plan import plan_of
from simcell.studies.sweeps.run import run_sweep

CASES, SERIAL, RINGS = 1000, 25, 8
WATER = {"case": {"duration": "100 s"}, "beam": {"dose_rate": "1e6 Gy/s"}}
AROUND = {
    **WATER,
    "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    "grid": {"geometry": "radial", "extent": "25 um", "spacing": "10 nm"},
    "solver": {"rtol": 1e-6},
}


def _swept(case: Case, plan, path: Path, **how) -> tuple[float, list[float]]:
    """Seconds of a sweep, and when each report came (the first tells when the processes had started)."""
    stamps: list[tuple[float, float]] = []
    began = time.perf_counter()
    tally = run_sweep(case, plan, path, progress=lambda f: stamps.append((f, time.perf_counter() - began)), **how)
    assert tally.complete == tally.runs, tally.errors
    return time.perf_counter() - began, [t for f, t in stamps if f > 0.0]


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
    """Runs around a beam, some seconds each: one process, two, and two workers of a Dask cluster."""
    case, plan = Case.from_dict(AROUND), plan_of([f"beam.dose_rate=1e6Gy/s..2e6Gy/s:log:{RINGS}"])
    plan.member(case, 0).run()
    began = time.perf_counter()
    for number in range(RINGS):
        plan.member(case, number).run()
    one = time.perf_counter() - began
    print(f"{RINGS} runs around a beam one after another: {one:.1f} s, {one / RINGS:.1f} s each")

    def report(name: str, stamps: list[float]) -> None:
        # From the first finished run on: start-up is over, and so is, nearly, the second run.
        first, rest, ideal = stamps[0], stamps[-1] - stamps[0], one * (RINGS - 2) / RINGS / 2
        print(f"{name}: first run after {first:.1f} s; the rest at {ideal / rest:.2f} of 2 cores")

    _, stamps = _swept(case, plan, folder / "two", jobs=2)
    report("two processes", stamps)
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        _, stamps = _swept(case, plan, folder / "dask", scheduler=cluster.scheduler_address)
        report("two Dask workers", stamps)


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as place:
        throughput(Path(place))
        efficiency(Path(place))
    print(f"load {os.getloadavg()[0]:.1f}")

"""Kill a sweep at a random moment, again and again: no finished run is lost, and only those in work are repeated.

Usage: python -m validation.ver_killed_sweep [times]. Each time the sweep (two processes) is killed outright, then what
lies in the folder is read, and the next sitting must leave it as it is. In the end the sweep must equal one that was
never killed, to the last bit.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import simcell

RUNS = 400
CASE = '[case]\nduration = "1 s"\n[beam]\ndose_rate = "1e6 Gy/s"\n[output]\ntimes = ["1 ms", "1 s"]\n'


def command(folder: str, *more: str) -> list[str]:
    """One key that each run must be computed for by itself, so that there is much to lose."""
    times = f"case.duration=1 s..400 s:lin:{RUNS}"
    return [sys.executable, "-m", "simcell", "sweep", "case.toml", "--vary", times, "-o", folder, "-q", *more]


def count(here: Path) -> int:
    """Runs that are finished."""
    return len(list((here / "s" / "runs").glob("*.nc")))


def main(kills: int) -> None:
    """Kill, look, go on."""
    random.seed(1)
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        (here / "case.toml").write_text(CASE, encoding="utf-8")
        run = [sys.executable, "-m", "simcell", "run", "case.toml", "-o", "warm.nc", "-q", "--no-picture"]
        subprocess.run(run, cwd=here, env={**os.environ}, check=True)  # compiles: what is killed then would not be kept
        done: dict[str, int] = {}
        killed = repeated = 0
        for number in range(kills):
            process = subprocess.Popen(command("s", *["--resume"] * (number > 0)), cwd=here, env={**os.environ})
            until = time.monotonic() + 120.0
            while process.poll() is None and time.monotonic() < until and count(here) <= len(done):
                time.sleep(0.05)  # it has started: a run more is there
            time.sleep(random.uniform(0.0, 4.0))
            over = process.poll() is not None
            process.kill()
            process.wait()
            time.sleep(1.0)  # the processes see that their parent is gone
            after = {p.name: p.stat().st_mtime_ns for p in (here / "s" / "runs").glob("*.nc")}
            assert all(after[name] == stamp for name, stamp in done.items()), "a finished run was lost or repeated"
            for path in (here / "s" / "runs").glob("*.nc"):
                simcell.open_result(path)  # whole, or this raises
            repeated += len(list((here / "s" / "runs").glob(".*.tmp")))
            print(f"kill {number + 1}: {len(after) - len(done)} new runs, {len(after)} of {RUNS} in all", flush=True)
            done = after
            killed += not over
            if len(done) == RUNS:
                break
        subprocess.run(command("s", "--resume"), cwd=here, env={**os.environ}, check=True)
        left = simcell.open_sweep(here / "s")
        assert (left.run_status == "complete").all()
        subprocess.run(command("whole"), cwd=here, env={**os.environ}, check=True)
        whole = simcell.open_sweep(here / "whole")
        for name in whole.data_vars:
            if whole[name].dtype.kind == "f":
                np.testing.assert_array_equal(left[name].values, whole[name].values)
        print(f"killed {killed} times, {repeated} half-written files swept up, equal to a sweep that was not killed")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)

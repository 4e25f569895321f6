"""Beam and bias together in plan view: what a run costs, and where its time goes.

Run from the root of the tree on an idle machine: ``python -m benchmarks.bench_coupled [--cells 100] [--seconds 30]
[--steps N]``. A layer of 500 nm of 0.05 mol/L zinc perchlorate at pH 4 between two strips of zinc, a beam of 1e7 Gy/s
and 6 um that stands on the edge of the working one and is on in the second third of the run, and one slow voltammogram:
15 species of water, Zn2+ and ClO4-, on N x N equal cells of 200 nm. `--steps` ends after so many steps and tells what a
step costs. Times are CPU seconds of this process, compilation apart (one short run before).
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.machine import describe
from simcell.case import Case
from simcell.errors import SolverError
from simcell.numerics.grid import plan
from simcell.studies.bath import VOLTS
from simcell.studies.irradiated import irradiated, lit_on
from simcell.transport.bath import Bath, Plate
from simcell.transport.electrode import patch
from simcell.transport.ions import run_bath
from simcell.transport.protocol import voltammogram
from simcell.transport.session import Options
from simcell.transport.species import Ion, Surface, plating

UM = 1e-6
CELL = 0.2 * UM
PARTS = {
    "V-cycles of columns": ("cycle",), "preconditioner": ("factorise", "coarse_faces", "merge"),
    "reactions in the cells": ("inside",), "electrodes": ("enter", "predict"),
    "products with the Jacobian": ("store", "fluxes_of_level", "border"), "fluxes": ("residuals",),
    "GMRES": ("orthogonalise", "combine"),
}  # fmt: skip


def bath_of(n: int, seconds: float) -> Bath:
    """The case on n x n cells."""
    case = Case.from_dict(
        {
            "case": {"duration": f"{seconds!r} s"},
            "beam": {
                "dose_rate": "1e7 Gy/s", "diameter": "6 um" if n >= 60 else "1 um",
                "center": [f"{-n * CELL / 4!r} m", "0 m"],
                "schedule": [
                    {"from": "0 s", "to": f"{seconds / 3!r} s", "on": False},
                    {"from": f"{seconds / 3!r} s", "to": f"{2 * seconds / 3!r} s", "on": True},
                ],
            },
            "electrolyte": {"pH": 4, "counter_ion": "ClO4-", "concentrations": {"Zn2+": "50 mmol/L"}},
        }
    ).input  # fmt: skip
    at = np.linspace(-0.5, 0.5, n + 1) * n * CELL
    grid = plan(at, at, 0.5 * UM)
    wet, _ = lit_on(case, irradiated(case), grid)
    s = wet.solution
    ions = [Ion(name, s.charges[name], s.diffusivities[name]) for name in s.concentrations]
    zinc = Surface((plating("Zn", "Zn2+", 2, 10.0, 50.0, 1.0, 1.0),))
    half, wide = 0.3 * n * CELL, 0.4 * n * CELL

    def strip(name: str, left: float, role: str) -> Plate:
        box = [[left, -half], [left + 0.5 * wide, -half], [left + 0.5 * wide, half], [left, half]]
        return Plate(patch(grid, name, box), zinc, role)

    plates = [strip("we", -wide, "working"), strip("ce", 0.5 * wide, "counter")]
    return Bath(grid, ions, s.concentrations, plates, bulk=wet.bulk, scales=wet.scales)


def course(bath: Bath, seconds: float, steps: int) -> Any:
    """A voltammogram of 0.1 V down, 0.2 V up and back in the time."""
    rate = 0.4 / seconds
    protocol = voltammogram(0.0, [-0.1, 0.1], rate)
    try:
        return run_bath(bath, protocol, Options(rtol=1e-3, volts=VOLTS, steps=steps))
    except SolverError as error:
        return error.partial


def parts_of(profile: cProfile.Profile) -> dict[str, float]:
    """CPU seconds of each part; the rest is Python and numpy."""
    stats: Any = pstats.Stats(profile)
    spent: dict[str, float] = dict.fromkeys(PARTS, 0.0)
    for (_, _, name), (_, _, own, _, _) in stats.stats.items():
        for part, names in PARTS.items():
            spent[part] += own if name in names else 0.0
    return {**spent, "Python and numpy": stats.total_tt - sum(spent.values())}


def timed(action: Callable[[], Any]) -> tuple[Any, float, dict[str, float]]:
    """Answer, CPU seconds, parts."""
    profile = cProfile.Profile(time.process_time)
    began = time.process_time()
    answer = profile.runcall(action)
    return answer, time.process_time() - began, parts_of(profile)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--steps", type=int, default=100_000)
    given = parser.parse_args()
    small = bath_of(12, given.seconds)
    course(replace(small), given.seconds, 2)  # compiles
    print(describe())
    bath = bath_of(given.cells, given.seconds)
    record, spent, parts = timed(lambda: course(bath, given.seconds, given.steps))
    steps = record.work["steps"]
    print(f"{given.cells} x {given.cells} cells, {len(bath.ions)} species: {spent:.1f} s of CPU for {steps} steps to")
    print(f"{record.time[-1]:.4g} s, {record.work}, books {record.books:.1e}, least {record.concentration.min():.1e}")
    for part, of in sorted(parts.items(), key=lambda item: -item[1]):
        print(f"  {part:<28} {100 * of / spent:5.1f} %")


if __name__ == "__main__":
    main()

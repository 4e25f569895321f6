"""Do the 95 % intervals of `simcell fit` hold the truth in 95 of 100 cases? Steps of the potential with noise, fitted.

A step of the potential at an electrode in ferrocyanide (kinetics at first, diffusion then) is run with a known area and
rate constant; independent normal noise of 1 % of the largest current is added, and both keys are fitted without being
told the noise. The number of intervals that hold the truth is binomial: it must lie within its central 99.8 %.

Run: python -m validation.ver_fit_coverage [repeats]
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from scipy import stats

from simcell.case import Case
from simcell.studies.fit import fit
from simcell.studies.outputs import output_of
from simcell.studies.run import run_case
from simcell.studies.traces import Trace

CURRENT = "electrode_current.working"
KEYS = {"electrode.working.area": (1.3e-9, "m^2"), "electrode.working.reaction.ferro.rate_constant": (2e-5, "m/s")}
FREE = ["electrode.working.area=500um^2..3000um^2",
        "electrode.working.reaction.ferro.rate_constant=1e-6m/s..1e-3m/s:log"]  # fmt: skip
TIMES = np.linspace(0.05, 1.0, 20)
NOISE = 0.01


def cell() -> Case:
    """The case from which every fit starts."""
    ferro: dict[str, Any] = {
        "name": "ferro", "oxidised": "Fe(CN)6^3-", "reduced": "Fe(CN)6^4-", "electrons": 1, "rate_constant": "5e-5 m/s",
    }  # fmt: skip
    step = {"technique": "potentiostatic", "potential": "0.05 V", "duration": "1 s"}
    return Case.from_dict({
        "case": {"physics": ["transport"], "duration": "1 s"},
        "grid": {"geometry": "line", "extent": "100 um"},
        "electrolyte": {"concentrations": {"K+": "104 mM", "Cl-": "100 mM", "Fe(CN)6^4-": "1 mM"}},
        "electrode": [{"name": "working", "role": "working", "area": "1000 um^2", "reaction": [ferro]},
                      {"name": "counter", "role": "counter"}],
        "protocol": {"steps": [step]},
    })  # fmt: skip


def coverage(repeats: int, seed: int = 1) -> np.ndarray:
    """How many intervals of each key hold the truth."""
    rng, inside = np.random.default_rng(seed), np.zeros(len(KEYS), dtype=int)
    truth = cell().replace_all({key: f"{value!r} {unit}" for key, (value, unit) in KEYS.items()})
    exact = output_of(run_case(truth.replace("output.times", [f"{t!r} s" for t in TIMES.tolist()])), CURRENT).values
    for _ in range(repeats):
        noisy = exact + NOISE * np.abs(exact).max() * rng.normal(size=exact.size)
        found = fit(cell(), Trace(TIMES, {CURRENT: noisy}, {CURRENT: "A"}, {}), FREE)
        inside += [e.low <= KEYS[e.key][0] <= e.high for e in found.estimates]
    return inside


def main(repeats: int = 100) -> None:
    """Count, and fail where the count is unlikely."""
    inside = np.zeros(len(KEYS), dtype=int)
    for seed in range(repeats):
        inside += coverage(1, seed)
    low, high = stats.binom.ppf([1e-3, 1.0 - 1e-3], repeats, 0.95)
    for key, count in zip(KEYS, inside, strict=True):
        print(f"{key}: {count} of {repeats} intervals hold the truth; {low:.0f} to {high:.0f} are likely")
    if not ((inside >= low) & (inside <= high)).all():
        raise SystemExit("the intervals are wrong")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))

"""Water under the beam: the package against independent routes, over the whole range it claims.

Run from the root of the tree: ``python -m validation.ver_water_grid [--extended] [--mechanism water]`` (3 minutes).
Dose rates 1 to 1e10 Gy/s, pH 3 to 11, without air, with air and saturated with oxygen: 105 cases. Each is integrated at
the default tolerance and compared at five times with scipy's LSODA (rtol 1e-9), and its steady state with a Newton
iteration in 40 digits (started up to 30 % away). Where LSODA and the package differ by more than 1e-5 the case is
repeated by extrapolation in extended precision (`--extended`: all cases, an hour), which tells who is off. Only species
above 1e-14 mol/L count. Exit code 1 above 1e-4.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import product

import mpmath
import numpy as np

from simcell.inputs.mechanism import load_mechanism
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.steady import steady_state
from tests.reference.twin import Twin, rate_constants

DOSE_RATES = (1.0, 1e2, 1e4, 1e6, 7.5e7, 1e9, 1e10)  # Gy/s
ACIDITIES = (3.0, 5.0, 7.0, 9.0, 11.0)
OXYGEN = {"no air": 0.0, "air": 0.255, "oxygen": 1.27}  # mol/m^3 of O2
TIMES = np.array([1e-6, 1e-4, 1e-2, 1.0, 1e3])  # s
MATTERS = 1e-11  # mol/m^3
LIMIT, DOUBT = 1e-4, 1e-5


def case(mechanism: str, dose_rate: float, acidity: float, oxygen: float) -> Problem0D:
    """One problem of the grid."""
    totals = {"O2": oxygen} if oxygen else {}
    given = Conditions(298.15, dose_rate, Schedule.constant(float(TIMES[-1])), totals, acidity)
    return prepare(load_mechanism(mechanism), given).problem


def worst(a: np.ndarray, b: np.ndarray, names: tuple[str, ...]) -> tuple[float, str]:
    """Largest relative difference over species that matter, and where it is."""
    a, b = np.atleast_2d(a), np.atleast_2d(b)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf"), "no answer"
    off = np.where(np.maximum(a, b) > MATTERS, np.abs(a - b) / np.maximum(b, 1e-30), 0.0)
    when, which = np.unravel_index(int(off.argmax()), off.shape)
    return float(off.max()), f"{names[which]}@{when}"


def exact_steady(twin: Twin, near: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Newton in many digits, started as far away from the package's answer as it will converge."""
    rng = np.random.default_rng(1)
    for spread in (0.3, 0.03, 1e-3, 1e-5):
        try:
            return twin.steady(near * np.exp(rng.normal(0.0, spread, near.size)), start).astype(float)
        except AssertionError:
            continue
    return np.full(near.size, np.nan)


def main() -> int:
    """Print the table; 1 if a case is beyond the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mechanism", default="water")
    parser.add_argument("--extended", action="store_true")
    options = parser.parse_args()
    mechanism, bad, overall = load_mechanism(options.mechanism), 0, 0.0
    k = rate_constants(mechanism, 298.15)
    mpmath.mp.dps = 40
    print("dose rate  pH  gas      LSODA     where        extended  where        steady    waited   steps")
    for dose_rate, acidity, (gas, oxygen) in product(DOSE_RATES, ACIDITIES, OXYGEN.items()):
        problem = case(options.mechanism, dose_rate, acidity, oxygen)
        names = problem.net.names
        own = integrate(problem, TIMES)
        reference = Twin(mechanism, names, k, problem.source).scipy(problem.start, TIMES)
        off, where = worst(own.concentration, reference, names)
        extended = ""
        verdict = off
        if off > DOUBT or options.extended:
            twin = Twin(mechanism, names, k, problem.source, np.longdouble)
            exact = twin.extrapolated(problem.start, TIMES, 1e-8).astype(float)
            verdict, place = worst(own.concentration, exact, names)
            extended = f"{verdict:.1e}   {place:12s}"
        steady = steady_state(problem)
        digits = Twin(mechanism, names, k, problem.source, mpmath.mpf)
        still = worst(steady.concentration, exact_steady(digits, steady.concentration, problem.start), names)[0]
        overall = max(overall, verdict, still)
        bad += verdict > LIMIT or still > LIMIT or not steady.converged
        print(
            f"{dose_rate:8.1e} {acidity:4.0f}  {gas:7s}  {off:.1e}   {where:12s} {extended:22s}  {still:.1e}"
            f"   {steady.waited:.0e}  {own.steps:4d}", flush=True,
        )  # fmt: skip
    print(f"worst {overall:.1e}; {bad} of {len(DOSE_RATES) * len(ACIDITIES) * len(OXYGEN)} cases beyond {LIMIT:g}")
    return 1 if bad else 0


if __name__ == "__main__":
    started = time.perf_counter()
    code = main()
    print(f"{time.perf_counter() - started:.0f} s")
    sys.exit(code)

"""Speed of homogeneous radiolysis against general solvers, as ratios in one run at equal delivered accuracy.

Run from the root of the tree on an idle machine: ``python -m benchmarks.bench_0d [--quick]``. Needs the extra `test`
(scikit-sundae). Problem: neat water, 7.5e7 Gy/s, 0 to 1e3 s, outputs at 1e-6, 1e-4, 1e-2, 1 and 1e3 s. Each solver
runs through a scan of tolerances; its delivered error is the largest relative difference to a tight run (which
validation/ver_water_grid.py compares with an independent twin) over outputs and species above 1e-14 mol/L; the loosest
tolerance with an error of at most 1e-5 counts. Solvers take turns and each time is the best of many, so that load on
the machine hits all of them alike.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version

import numba
import numpy as np
from scipy.integrate import solve_ivp

from simcell.chemistry import kernels
from simcell.chemistry.network import Array, Network, reaction_rates
from simcell.chemistry.unrolled import unrolled
from simcell.inputs.mechanism import load_mechanism
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate, integrate_batch
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.uncertainty import sample_rates, sample_yields

TIMES = np.array([1e-6, 1e-4, 1e-2, 1.0, 1e3])  # s
ACCURACY = 1e-5
MATTERS = 1e-11  # mol/m^3
TOLERANCES = [float(f"{x:.2g}") for x in np.geomspace(3e-3, 1e-7, 19)]
ABSOLUTE = 1e-16  # mol/m^3
Run = Callable[[float], Array]


def make(name: str, dose_rate: float, acidity: float | None, totals: dict[str, float]) -> Problem0D:
    """One problem with its default yields."""
    given = Conditions(298.15, dose_rate, Schedule.constant(float(TIMES[-1])), totals, acidity)
    return prepare(load_mechanism(name), given).problem


def compiled(p: Problem0D) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """Right side and Jacobian for general solvers: all tables are constants of the compiled code, c alone is passed."""
    t, k, source, n = p.net.tables, p.k, p.source, p.start.size
    reactants, term_species, term_reaction, term_nu = t.reactants, t.term_species, t.term_reaction, t.term_nu
    slope_reaction, slope_other = t.slope_reaction, t.slope_other
    place = np.array([(x % n) * n + x // n for x in t.entry_place.tolist()])  # row by row, as these solvers want it
    entry_slope, entry_nu = t.entry_slope, t.entry_nu

    @numba.njit(error_model="numpy")
    def rhs(c):
        full, w, f = np.ones(n + 1), np.empty(k.size), source.copy()
        full[:n] = c
        for r in range(k.size):
            w[r] = k[r] * full[reactants[r, 0]] * full[reactants[r, 1]] * full[reactants[r, 2]]
        for i in range(term_nu.size):
            f[term_species[i]] += term_nu[i] * w[term_reaction[i]]
        return f

    @numba.njit(error_model="numpy")
    def jac(c):
        full, slope, matrix = np.ones(n + 1), np.empty(slope_reaction.size), np.zeros(n * n)
        full[:n] = c
        for s in range(slope.size):
            slope[s] = k[slope_reaction[s]] * full[slope_other[s, 0]] * full[slope_other[s, 1]]
        for e in range(entry_nu.size):
            matrix[place[e]] += entry_nu[e] * slope[entry_slope[e]]
        return matrix.reshape(n, n)

    c = p.start + 1.0
    table_matrix = np.empty(n * n)
    kernels.iteration_matrix(t, k, np.append(c, 1.0), 0.0, np.empty(t.slope_reaction.size), table_matrix)
    np.testing.assert_allclose(jac(c), -table_matrix.reshape(n, n).T, rtol=1e-12)
    np.testing.assert_allclose(rhs(c), numpy_rhs(p)(c), rtol=1e-9)
    return rhs, jac


def numpy_rhs(p: Problem0D) -> Callable[[Array], Array]:
    """Right side in numpy: rates from a table, then one product with the stoichiometry."""
    t, net = p.net.tables, p.net
    nu = np.zeros((p.start.size, p.k.size))
    np.add.at(nu, (t.term_species.astype(int), t.term_reaction.astype(int)), t.term_nu)
    return lambda c: nu @ reaction_rates(net, p.k, c) + p.source


def solvers(p: Problem0D, with_unrolled: bool) -> dict[str, Run]:
    """Every contender as a function of its relative tolerance."""
    rhs, jac = compiled(p)
    plain = numpy_rhs(p)
    end = (0.0, float(TIMES[-1]))

    def lsoda(f: Callable[[Array], Array], j: Callable[[Array], Array] | None) -> Run:
        def run(rtol: float) -> Array:
            found = solve_ivp(
                lambda t, c: f(c), end, p.start, "LSODA", t_eval=TIMES, rtol=rtol, atol=ABSOLUTE,
                jac=None if j is None else (lambda t, c: j(c)),
            )  # fmt: skip
            return found.y.T if found.success else np.full((TIMES.size, p.start.size), np.nan)

        return run

    def cvode(rtol: float) -> Array:
        from sksundae.cvode import CVODE

        def right(t: float, y: Array, yp: Array) -> None:
            yp[:] = rhs(y)

        def matrix(t: float, y: Array, yp: Array, jacobian: Array) -> None:
            jacobian[:] = jac(y)

        solver = CVODE(right, rtol=rtol, atol=ABSOLUTE, jacfn=matrix, max_num_steps=1_000_000)
        return solver.solve(np.concatenate([[0.0], TIMES]), p.start).y[1:]

    runs: dict[str, Run] = {"simcell, tables": lambda rtol: integrate(p, TIMES, rtol).concentration}
    if with_unrolled:
        own = unrolled(p.net)
        runs["simcell, unrolled"] = lambda rtol: integrate(p, TIMES, rtol, using=own).concentration
    runs |= {
        "CVODE, Numba f + J": cvode,
        "LSODA, Numba f + J": lsoda(rhs, jac),
        "LSODA, numpy f": lsoda(plain, None),
    }
    return runs


def error(found: Array, exact: Array) -> float:
    """Largest relative error over what matters."""
    matters = exact > MATTERS
    off = np.abs(found[matters] / exact[matters] - 1.0)
    return float(off.max()) if np.isfinite(off).all() else float("inf")


def seconds(run: Callable[[], object], least: float) -> float:
    """Best time of one call, repeated for at least `least` seconds and three times."""
    best, spent, count = float("inf"), 0.0, 0
    while spent < least or count < 3:
        started = time.perf_counter()
        run()
        took = time.perf_counter() - started
        best, spent, count = min(best, took), spent + took, count + 1
    return best


def race(p: Problem0D, with_unrolled: bool, patience: float, rounds: int) -> None:
    """Tune each solver to the accuracy (the loosest tolerance that delivers it), then time them in turns."""
    exact = integrate(p, TIMES, 1e-9).concentration
    check = error(integrate(p, TIMES, 1e-8).concentration, exact)
    runs, chosen = solvers(p, with_unrolled), {}
    for name, run in runs.items():
        scan = ((rtol, error(run(rtol), exact)) for rtol in TOLERANCES)
        chosen[name] = next(((rtol, off) for rtol, off in scan if off <= ACCURACY), (float("nan"), float("inf")))
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            if np.isfinite(chosen[name][1]):
                took = seconds(lambda run=run, rtol=chosen[name][0]: run(rtol), patience / rounds)
                best[name] = min(best[name], took)
    print(f"  tight runs agree to {check:.1e}")
    print(f"  {'solver':20s} {'rtol':>8s} {'error':>9s} {'time':>11s} {'/ tables':>9s} {'/ unrolled':>10s}")
    for name in runs:
        versus = best[name] / best["simcell, tables"]
        against = best[name] / best["simcell, unrolled"] if with_unrolled else float("nan")
        rtol, off = chosen[name]
        print(f"  {name:20s} {rtol:8.1e} {off:9.1e} {1e3 * best[name]:8.3f} ms {versus:9.1f} {against:10.1f}")


def flops(net: Network) -> dict[str, int]:
    """Multiplications and additions of a step: 6 right sides, matrix, factors, 6 solutions, restored totals, sums."""
    t, n = net.tables, len(net.names)
    m = t.invariants.shape[0]
    per = {
        "right side": int((t.reactants < n).sum() + 2 * t.term_nu.size),
        "matrix": int((t.slope_other < n).sum() + 2 * t.entry_nu.size + n),
        "factor": int(2 * t.update_target.size + t.lower_place.size + n),
        "solve": int(2 * (t.lower_place.size + t.upper_place.size) + n),
        "restore": int(2 * np.count_nonzero(t.invariants) * 2 + 2 * n + m * m),
    }
    stage_sums = 2 * n * (1 + 2 + 1 + 2 + 3 + 4 + 3 + 4 + 4 + 1 + 5) + 8 * n
    stages = 6 * (per["right side"] + per["solve"])
    per["step"] = stages + per["matrix"] + per["factor"] + per["restore"] + stage_sums
    return per


@numba.njit(error_model="numpy", fastmath=True)
def _triad(a, b, times):
    """Eight independent chains of multiply-add on short vectors: what this core reaches from Numba."""
    for _ in range(times):
        for i in range(a.size):
            a[i] = a[i] * b[i] + b[i]
            a[i] = a[i] * b[i] - b[i]
            a[i] = a[i] * b[i] + b[i]
            a[i] = a[i] * b[i] - b[i]
    return a[0]


def peak() -> float:
    """Measured multiply-add rate of one core [flop/s], vectorised, in cache."""
    a, b = np.full(64, 1.0), np.full(64, 1e-3)
    _triad(a, b, 10)
    return 8 * 64 * 20_000 / seconds(lambda: _triad(a, b, 20_000), 0.2)


def where_it_goes(p: Problem0D, with_unrolled: bool) -> None:
    """Flops of a step against what the core can do."""
    top, per = peak(), flops(p.net)
    print(f"  flops: {', '.join(f'{k} {v}' for k, v in per.items())}; measured peak {top / 1e9:.1f} Gflop/s")
    for name in ("tables", "unrolled") if with_unrolled else ("tables",):
        using = kernels if name == "tables" else unrolled(p.net)
        run = integrate(p, TIMES, 1e-6, using=using)
        taken = seconds(lambda using=using: integrate(p, TIMES, 1e-6, using=using), 1.0) / (run.steps + run.rejected)
        rate = per["step"] / taken
        print(f"  {name:9s} {1e6 * taken:7.2f} us a step, {rate / 1e9:5.2f} Gflop/s, {100 * rate / top:4.1f} % of peak")


def monte_carlo(p: Problem0D, members: int, name: str) -> None:
    """4000 samples of constants (15 %) and yields (5 %), sampled and integrated."""
    rng = np.random.default_rng(0)

    def run(using: object, rtol: float) -> None:
        k = sample_rates(p.net.mechanism, p.k, members, rng)
        g = sample_yields(p.net, name, 298.15, members, rng)
        factor = p.source.max() / p.net.pack(p.net.mechanism.yield_values(name, 298.15)).max()
        start = np.tile(p.start, (members, 1))
        integrate_batch(p.net, k, g * factor, start, p.schedule, TIMES, rtol, using=using)  # type: ignore[arg-type]

    for label, using in (("tables", kernels), ("unrolled", unrolled(p.net))):
        for rtol in (1e-3, 1e-4):
            run(using, rtol)
            took = seconds(lambda using=using, rtol=rtol: run(using, rtol), 0.0)
            print(f"  {members} samples, {label:9s} rtol {rtol:g}: {took:6.2f} s")


def fresh_process() -> None:
    """First result of a new process with a warm cache, and its parts."""
    code = (
        "import time; a = time.perf_counter()\n"
        "import numpy as np\nfrom simcell.inputs.mechanism import load_mechanism\n"
        "from simcell.radiolysis.homogeneous import Schedule, integrate\n"
        "from simcell.radiolysis.setup import Conditions, prepare\n"
        "b = time.perf_counter()\n"
        "p = prepare(load_mechanism('water'), Conditions(298.15, 7.5e7, Schedule.constant(1e3), {}, 7.0)).problem\n"
        "c = time.perf_counter()\nintegrate(p, np.array([1e3]))\nd = time.perf_counter()\n"
        "print(f'{b - a:.2f} s import, {c - b:.2f} s mechanism, {d - c:.2f} s first integration')"
    )
    best, text = float("inf"), ""
    for _ in range(3):
        started = time.perf_counter()
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        if (took := time.perf_counter() - started) < best:
            best, text = took, out.stdout.strip()
    print(f"  process from start to end {best:.2f} s: {text}")


def cpu() -> str:
    """Name of the processor where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:  # noqa: PTH123
            return next(line.split(":")[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the repetitions")
    quick = parser.parse_args().quick
    patience, rounds = (0.3, 2) if quick else (4.0, 4)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{date.today()}  {cpu()}, load {load:.1f}; Python {platform.python_version()}, " +
          ", ".join(f"{x} {version(x)}" for x in ("numpy", "scipy", "numba", "scikit-sundae")))  # fmt: skip
    water = make("water", 7.5e7, 7.0, {})
    print(f"neat water, 7.5e7 Gy/s, {water.start.size} species, {water.k.size} reactions, error <= {ACCURACY:g}")
    race(water, True, patience, rounds)
    where_it_goes(water, True)
    gold = make("haucl4", 4.8e7, 3.0, {"AuCl4-": 1.0, "Cl-": 1.0})
    print(f"HAuCl4 1 mmol/L, 4.8e7 Gy/s, {gold.start.size} species, {gold.k.size} reactions, 0 to 1e3 s")
    race(gold, False, patience, rounds)
    where_it_goes(gold, False)
    print("Monte Carlo, neat water, 7.5e7 Gy/s, 0 to 1e3 s")
    monte_carlo(water, 400 if quick else 4000, "HS300")
    print("fresh process, cache warm")
    fresh_process()


if __name__ == "__main__":
    main()

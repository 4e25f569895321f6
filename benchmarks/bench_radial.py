"""Speed of radiolysis around a beam against scipy's LSODA with a banded Jacobian, in one run, at stated accuracy.

Run from the root of the tree on an idle machine: ``python -m benchmarks.bench_radial [--quick]``. Problem: neat water,
7.5e7 Gy/s on a radius of 1 um, reservoir at 25 um, ions together, 400 rings x 15 species (--quick: 120), 0 to 10 s.
Both solve the same semi-discrete equations; scipy gets compiled rates and flows (the kernels of simcell, put into its
band order), and finds the Jacobian by differences within the band, as it does where no analytic one is written. The
delivered error is the largest relative difference to a run at rtol 1e-8, at 1e-3, 0.1 and 10 s, of concentrations above
1e-7 mol/m^3. Times are the best of several, CPU seconds of this process.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable

import numpy as np
from scipy.integrate import odeint

from simcell.beam.footprint import relative_dose_rate
from simcell.beam.shape import disc
from simcell.chemistry.network import Array, Network
from simcell.inputs.mechanism import load_mechanism
from simcell.numerics.grid import Grid, graded, radial
from simcell.radiolysis import kernels
from simcell.radiolysis.homogeneous import Problem0D, Schedule
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.spatial import Ends, charges, diffusivities, integrate_radial, line_of

BEAM, RESERVOIR = 1e-6, 25e-6  # m
TIMES = np.array([1e-3, 0.1, 10.0])  # s
MATTERS = 1e-7  # mol/m^3


def grid_of(cells: int) -> Grid:
    """Rings that condense at the beam's edge; the growth is found that gives about the number asked for."""
    low, high = 1.005, 1.6
    for _ in range(40):
        growth = 0.5 * (low + high)
        grid = radial(graded(0.0, RESERVOIR, {BEAM: 4e-9}, growth=growth, largest=0.5e-6))
        low, high = (growth, high) if grid.shape[2] > cells else (low, growth)
    return grid


def best_of(run: Callable[[], Array], repeats: int) -> tuple[float, Array]:
    """Least CPU time and the result."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = run()
        times.append(time.process_time() - start)
    return min(times), result


def change_of(p: Problem0D, d: Array, z: Array, source: Array, grid: Grid) -> Callable[[Array, float], Array]:
    """Right side for scipy: cells outermost, so that the Jacobian is banded."""
    line, c = line_of(p.net, d, z, p.start, grid, Ends(upper=p.start))
    n, faces = p.start.size, c.shape[1] - 1
    padded, f = np.zeros((n, c.shape[1])), np.zeros((n, c.shape[1]))
    padded[:, 1:-1] = source
    w, leaving = np.empty((p.k.size, kernels.STRIP)), np.zeros((2, n))
    a, b, flow = np.empty(faces), np.empty(faces), np.empty(faces)

    def change(state: Array, _t: float) -> Array:
        c[:n, 1:-1] = state.reshape(-1, n).T
        kernels.kinetics(p.net.tables, p.k, padded, 1.0, c, w, f)
        kernels.spread(line, c, a, b, flow, f, leaving)
        return np.ascontiguousarray(f[:, 1:-1].T).ravel()

    return change


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="120 rings, one repeat of scipy")
    options.add_argument("--cells", type=int, default=400)
    given = options.parse_args()
    cells, repeats = (120, 1) if given.quick else (given.cells, 2)
    water = load_mechanism("water")
    net = Network.of(water)
    p = prepare(water, Conditions(298.15, 7.5e7, Schedule.constant(10.0), pH=7.0), net).problem
    grid, d, z = grid_of(cells), diffusivities(water, net.names), charges(net)
    source = p.source[:, None] * relative_dose_rate(grid, disc(2.0 * BEAM)).ravel()

    def ours(rtol: float, atol: float = 1e-10) -> Array:
        return integrate_radial(
            net, p.k, d, z, source, p.start, grid, Ends(upper=p.start), TIMES, rtol=rtol, atol=atol
        ).concentration

    best = ours(1e-8, 1e-13)
    change, n = change_of(p, d, z, source, grid), p.start.size

    def lsoda(rtol: float) -> Array:
        path = odeint(
            change, np.tile(p.start, grid.shape[2]), np.concatenate([[0.0], TIMES]), ml=2 * n - 1, mu=2 * n - 1,
            rtol=rtol, atol=1e-10, mxstep=100_000,
        )  # fmt: skip
        return path[1:].reshape(TIMES.size, -1, n).transpose(0, 2, 1)

    def error(result: Array) -> float:
        seen = best > MATTERS
        return float(np.abs(result[seen] / best[seen] - 1.0).max())

    print(f"{grid.shape[2]} rings x {n} species, 0 to 10 s, {platform.machine()}")
    rows = []
    for name, run, tolerances, count in (
        ("simcell, RODASP", ours, (1e-2, 1e-3, 1e-4), 5),
        ("scipy LSODA, banded", lsoda, (1e-3, 1e-5), repeats),
    ):
        for rtol in tolerances:
            seconds, result = best_of(lambda run=run, rtol=rtol: run(rtol), count)  # type: ignore[misc]
            rows.append((name, rtol, seconds, error(result)))
            print(f"  {name:20s} rtol {rtol:5.0e}  {seconds:8.3f} s  delivered error {rows[-1][3]:.1e}")
    run = integrate_radial(net, p.k, d, z, source, p.start, grid, Ends(upper=p.start), TIMES, rtol=1e-3)
    per_cell = rows[1][2] / (run.steps + run.rejected) / grid.shape[2]
    print(
        f"  simcell at rtol 1e-3: {run.steps} steps, {run.rejected} rejected, {1e6 * per_cell:.1f} us a cell and step"
    )
    print("ratios, scipy at equal or larger delivered error / simcell:")
    for name, rtol, seconds, reached in rows[:3]:
        worse = [row for row in rows[3:] if row[3] >= reached]
        for _, other, longer, its in worse:
            print(f"  {name} {rtol:.0e} against LSODA {other:.0e} (error {its:.0e}): {longer / seconds:.1f}")


if __name__ == "__main__":
    main()

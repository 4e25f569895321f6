"""Speed of radiolysis around a beam against scipy, in one run, at stated accuracy: in time, and to the steady state.

Run from the root of the tree on an idle machine: ``python -m benchmarks.bench_radial [--quick]``. Problem: neat water,
7.5e7 Gy/s on a radius of 1 um, reservoir at 25 um, ions together, 15 species. All solve the same semi-discrete
equations; scipy gets compiled rates and flows (the kernels of simcell, put into its band order) and either finds its
banded Jacobian by differences or is given a compiled exact one: LSODA (odeint) and VODE's BDF (ode).

In time: 400 rings (--quick: 120), 0 to 10 s. The delivered error is the largest relative difference to a run at rtol
1e-8, at 1e-3, 0.1 and 10 s, of concentrations above 1e-7 mol/m^3. To the steady state: 200 rings (--quick: 80). Runs
in time end when a tight run is within 1e-4 of it; the error is that to `steady_radial` at tol 1e-12, of concentrations
above 1e-7 mol/m^3, and the fastest tolerance with an error below 1e-3 counts. Times are the best of several, CPU
seconds of this process.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numba
import numpy as np
from scipy.integrate import ode, odeint

from simcell.beam.footprint import relative_dose_rate
from simcell.beam.shape import disc
from simcell.chemistry.network import Array, Network
from simcell.inputs.mechanism import load_mechanism
from simcell.numerics.grid import Grid, graded, radial
from simcell.radiolysis import kernels, kernels_line, kernels_steady
from simcell.radiolysis.homogeneous import Problem0D, Schedule
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.spatial import Ends, charges, diffusivities, integrate_radial, line_of
from simcell.radiolysis.steady_line import steady_radial

BEAM, RESERVOIR = 1e-6, 25e-6  # m
TIMES = np.array([1e-3, 0.1, 10.0])  # s
MATTERS = 1e-7  # mol/m^3
ATOL = 1e-10  # mol/m^3
GOOD = 1e-3  # error at which steady states are compared


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


@numba.njit(error_model="numpy", fastmath={"contract"})
def fill_band(line, slopes, band):
    """Exact banded Jacobian, band[i - j + 2n - 1, j], from the blocks that the line kernels make."""
    n, cells = line.charge.shape[0], slopes.inverse.shape[0] - 2
    band[:, :] = 0.0
    middle = 2 * n - 1
    for x in range(1, cells + 1):
        kernels_line.add_faces(line, slopes, x, 0.0, slopes.inverse[x])
        first = (x - 1) * n
        for j in range(n):
            for i in range(n):
                band[middle + i - j, first + j] = -slopes.inverse[x, j, i]
            if x > 1:  # what a change here does to the cell before
                for i in range(n):
                    slope = (i == j) - slopes.share[x - 1, i] * line.charge[j]
                    band[middle + i - j - n, first + j] = slope * slopes.right[x - 1, j] * line.over_volume[x - 1]
            if x < cells:
                for i in range(n):
                    slope = (i == j) - slopes.share[x, i] * line.charge[j]
                    band[middle + i - j + n, first + j] = slope * slopes.left[x, j] * line.over_volume[x + 1]


@dataclass
class Case:
    """One problem on one grid, as arrays for all solvers."""

    net: Network
    p: Problem0D
    grid: Grid
    d: Array
    z: Array

    def __post_init__(self) -> None:
        self.source = self.p.source[:, None] * relative_dose_rate(self.grid, disc(2.0 * BEAM)).ravel()
        self.ends = Ends(upper=self.p.start)
        self.line, self.c = line_of(self.net, self.d, self.z, self.p.start, self.grid, self.ends)
        self.n, self.cells = self.p.start.size, self.grid.shape[2]
        self.padded = np.zeros((self.n, self.cells + 2))
        self.padded[:, 1:-1] = self.source
        self.room = kernels_steady.room_for(self.net.tables, self.n, self.cells + 2)
        m = self.room.r.size
        places = self.net.tables.entry_place
        self.places = (places // self.n * m + places % self.n).astype(np.uint32)
        self.band = np.zeros((4 * self.n - 1, self.n * self.cells))

    def ours(self, rtol: float, times: Array = TIMES, atol: float = ATOL) -> Array:
        return self.run(rtol, times, atol).concentration

    def run(self, rtol: float, times: Array = TIMES, atol: float = ATOL):  # type: ignore[no-untyped-def]
        schedule = Schedule.constant(float(times[-1]))
        return integrate_radial(
            self.net, self.p.k, self.d, self.z, self.source, self.p.start, self.grid, self.ends, times, rtol=rtol,
            atol=atol, schedule=schedule,
        )  # fmt: skip

    def steady(self, tol: float = 1e-8):  # type: ignore[no-untyped-def]
        return steady_radial(
            self.net, self.p.k, self.d, self.z, self.source, self.p.start, self.grid, self.ends, tol=tol
        )

    def change(self, state: Array, _t: float = 0.0) -> Array:
        """Right side for scipy: cells outermost, so that the Jacobian is banded."""
        self.c[: self.n, 1:-1] = state.reshape(-1, self.n).T
        f, faces = self.room.f, self.room.faces
        kernels.kinetics(self.net.tables, self.p.k, self.padded, 1.0, self.c, self.room.w, f)
        kernels.spread(self.line, self.c, faces[0], faces[1], faces[2], f, self.room.leaving)
        return np.ascontiguousarray(f[:, 1:-1].T).ravel()

    def jacobian(self, state: Array, _t: float = 0.0) -> Array:
        """Exact banded Jacobian for scipy, compiled."""
        self.c[: self.n, 1:-1] = state.reshape(-1, self.n).T
        room, t = self.room, self.net.tables
        kernels_line.face_slopes(self.line, self.c, room.faces[0], room.faces[1], room.slopes)
        for x in range(1, self.cells + 1, kernels.STRIP):
            kernels_line.reaction_slopes(
                t, self.p.k, self.places, self.c, x, room.slope, room.sums, room.slopes.inverse
            )
        fill_band(self.line, room.slopes, self.band)
        return self.band

    def lsoda(self, rtol: float, times: Array = TIMES, exact: bool = False) -> Array:
        width = 2 * self.n - 1
        path = odeint(
            self.change, np.tile(self.p.start, self.cells), np.concatenate([[0.0], times]), ml=width, mu=width,
            Dfun=self.jacobian if exact else None, rtol=rtol, atol=ATOL, mxstep=100_000,
        )  # fmt: skip
        return path[1:].reshape(times.size, -1, self.n).transpose(0, 2, 1)

    def vode(self, rtol: float, times: Array = TIMES) -> Array:
        width = 2 * self.n - 1
        solver = ode(lambda t, y: self.change(y, t), lambda t, y: self.jacobian(y, t))
        solver.set_integrator(
            "vode", method="bdf", with_jacobian=True, lband=width, uband=width, rtol=rtol, atol=ATOL, nsteps=100_000
        )
        solver.set_initial_value(np.tile(self.p.start, self.cells), 0.0)
        return np.array([solver.integrate(t).reshape(-1, self.n).T for t in times])


def error(result: Array, best: Array) -> float:
    """Largest relative difference of what matters."""
    seen = best > MATTERS
    return float(np.abs(result[seen] / best[seen] - 1.0).max())


def in_time(case: Case, repeats: int) -> None:
    """Measure 0 to 10 s."""
    best = case.ours(1e-8, atol=1e-13)
    print(f"{case.cells} rings x {case.n} species, 0 to 10 s")
    rows = []
    for name, run, tolerances, count in (
        ("simcell, RODASP", case.ours, (1e-2, 1e-3, 1e-4), 5),
        ("LSODA, differences", case.lsoda, (1e-3, 1e-5), repeats),
        ("LSODA, exact Jacobian", lambda r: case.lsoda(r, exact=True), (1e-3, 1e-5), repeats),
        ("VODE BDF, exact", case.vode, (1e-3, 1e-5), repeats),
    ):
        for rtol in tolerances:
            seconds, result = best_of(lambda run=run, rtol=rtol: run(rtol), count)  # type: ignore[misc]
            rows.append((name, rtol, seconds, error(result, best)))
            print(f"  {name:22s} rtol {rtol:5.0e}  {seconds:8.3f} s  delivered error {rows[-1][3]:.1e}")
    run = case.run(1e-3)
    each = rows[1][2] / (run.steps + run.rejected) / case.cells
    print(f"  simcell at rtol 1e-3: {run.steps} steps, {run.rejected} rejected, {1e6 * each:.1f} us a cell and step")
    print("ratios, scipy at equal or larger delivered error / simcell:")
    for name, rtol, seconds, reached in rows[:3]:
        for other, its_rtol, longer, its in rows[3:]:
            if its >= reached:
                print(f"  {name} {rtol:.0e} against {other} {its_rtol:.0e} (error {its:.0e}): {longer / seconds:.1f}")


def to_steady(case: Case, repeats: int) -> None:
    """Measure the way to the steady state."""
    best = case.steady(1e-12).concentration
    times = np.geomspace(0.01, 100.0, 81)
    path = case.ours(1e-6, times, 1e-12)
    end = next(t for t, c in zip(times, path, strict=True) if error(c, best) < 1e-4)
    print(f"{case.cells} rings x {case.n} species, to the steady state (runs in time: to {end:.2g} s)")
    found = case.steady()
    mine, _ = best_of(lambda: case.steady().concentration, 10)
    each = 1e6 * mine / found.iterations / case.cells
    print(
        f"  steady_radial          tol 1e-08  {mine:8.4f} s  error {error(found.concentration, best):.1e}, "
        f"{found.iterations} steps, {each:.1f} us a cell and step"
    )
    at = np.array([end])
    for name, run, count in (
        ("simcell, RODASP", lambda r: case.ours(r, at), 5),
        ("LSODA, differences", lambda r: case.lsoda(r, at), repeats),
        ("LSODA, exact Jacobian", lambda r: case.lsoda(r, at, True), repeats),
        ("VODE BDF, exact", lambda r: case.vode(r, at), repeats),
    ):
        tried = []
        for rtol in (1e-2, 1e-3, 1e-4, 1e-5):
            seconds, result = best_of(lambda run=run, rtol=rtol: run(rtol), count)  # type: ignore[misc]
            reached = error(result[-1], best)
            if reached < GOOD:
                tried.append((seconds, rtol, reached))
        if not tried:
            print(f"  {name:22s} no tolerance delivers {GOOD:g}")
            continue
        seconds, rtol, reached = min(tried)
        print(f"  {name:22s} rtol {rtol:5.0e} {seconds:8.4f} s  error {reached:.1e}  ratio {seconds / mine:.1f}")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="fewer rings, one repeat of scipy")
    given = options.parse_args()
    water = load_mechanism("water")
    net = Network.of(water)
    p = prepare(water, Conditions(298.15, 7.5e7, Schedule.constant(10.0), pH=7.0), net).problem
    print(platform.machine())
    case = Case(net, p, grid_of(120 if given.quick else 400), diffusivities(water, net.names), charges(net))
    repeats = 1 if given.quick else 2
    in_time(case, repeats)
    to_steady(replace(case, grid=grid_of(80 if given.quick else 200)), repeats)


if __name__ == "__main__":
    main()

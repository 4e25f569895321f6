"""Speed of the primary current distribution against FiPy and scipy, in one run, same grid, same answer.

Run from the root of the tree on an idle machine: ``python -m benchmarks.bench_current [--quick] [--full]``. Plan: N x N
cells, conductivity and thickness vary, two electrodes on the floor; section: 800 x 20, graded to the electrodes' edges;
`--full`: 100 x 100 x 100 cells, primary and Butler-Volmer, once, with peak memory. Edges are plain, so all solve the
same equations. Times are the best of several, CPU seconds of this process: FiPy from variables and terms to the
solution (its mesh is not counted), scipy from coefficients through vectorised assembly to `spsolve`, simcell the whole
of `distribute`, checks and currents included. Currents must agree to 8 digits:
simcell's tolerance is the loosest power of ten that does it. The bandwidth bound is what one core
reaches in a triad measured alongside.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from simcell.numerics.diffusion import conduction
from simcell.numerics.grid import Array, Grid, full, graded, plan, section
from simcell.transport.current import Options, distribute
from simcell.transport.electrode import Electrode, patch, strip
from simcell.transport.fipy_check import fipy_distribution
from simcell.transport.kinetics import ButlerVolmer

UM = 1e-6


def best_of(run: Callable[[], float], repeats: int) -> tuple[float, float]:
    """Least CPU time and the result."""
    times, result = [], 0.0
    for _ in range(repeats):
        start = time.process_time()
        result = run()
        times.append(time.process_time() - start)
    return min(times), result


def box(x: float, y: float, width: float, height: float) -> list[list[float]]:
    """Corners of a rectangle in micrometres."""
    corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return [[a * UM, b * UM] for a, b in corners]


def plan_case(n: int) -> tuple[Grid, Array, list[Electrode]]:
    """Two electrodes under a bulged layer."""
    faces = np.linspace(0.0, 100.0, n + 1) * UM
    s = 0.5 * (faces[1:] + faces[:-1]) / (100 * UM)
    bulge = 0.5 * UM * (1.0 + 4.0 * (s * (1 - s))[None, :] * 4.0 * (s * (1 - s))[:, None])
    grid = plan(faces, faces, bulge)
    kappa = (1.0 + 0.5 * np.sin(7.0 * s)[None, :] * np.cos(5.0 * s)[:, None])[None]
    a, b = patch(grid, "a", box(10, 20, 25, 50), 1.0), patch(grid, "b", box(60, 30, 30, 60), 0.0)
    return grid, kappa, [a, b]


def fine_section() -> Grid:
    """800 x 20 cells, from 5 nm at the edges of electrodes."""
    edges = dict.fromkeys((30 * UM, 50 * UM, 70 * UM), 5e-9)
    low, high = 1.001, 1.3
    for _ in range(40):
        growth = 0.5 * (low + high)
        x = graded(0.0, 100 * UM, edges, growth=growth, largest=0.5 * UM)
        low, high = (growth, high) if x.size > 801 else (low, growth)
    x = graded(0.0, 100 * UM, edges, growth=high, largest=0.5 * UM)
    return section(x, np.linspace(0.0, 1.0, 21) * UM)


def section_case() -> tuple[Grid, Array, list[Electrode]]:
    """Two strips, and a conductivity that varies along them."""
    grid = fine_section()
    kappa = np.ones(grid.shape) * (1.0 + 0.5 * np.sin(grid.centre[2] / (9 * UM)))
    return grid, kappa, [strip(grid, "a", 30 * UM, 50 * UM, 1.0), strip(grid, "b", 70 * UM, 100 * UM, 0.0)]


def by_scipy(grid: Grid, kappa: Array, cell: list[Electrode]) -> float:
    """Vectorised assembly and the direct solver."""
    system = conduction(grid, kappa)
    index = np.arange(grid.volume.size).reshape(grid.shape)
    diagonal = np.zeros(grid.shape)
    right = np.zeros(grid.shape)
    half = grid.volume[0] / grid.area[0][0] / 3.0 if grid.kind == "plan" else grid.distance[0][0]
    conductance = [e.cover * grid.area[0][0] * kappa[0] / half for e in cell]
    for e, g in zip(cell, conductance, strict=True):
        diagonal[0] += g
        right[0] += g * e.potential
    rows, columns, values = [], [], []
    for axis, link in enumerate(system.links):
        n = grid.shape[axis]
        low = np.take(index, range(n - 1), axis).ravel()
        high = np.take(index, range(1, n), axis).ravel()
        t = np.take(link, range(1, n), axis).ravel()
        rows += [low, high]
        columns += [high, low]
        values += [-t, -t]
        diagonal += np.take(link, range(n), axis) + np.take(link, range(1, n + 1), axis)
    rows.append(index.ravel())
    columns.append(index.ravel())
    values.append(diagonal.ravel())
    matrix = coo_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))).tocsc()
    u = spsolve(matrix, right.ravel()).reshape(grid.shape)
    return float((conductance[0] * (cell[0].potential - u[0])).sum())


def compare(name: str, case: tuple[Grid, Array, list[Electrode]], repeats: int) -> None:
    """One row of the table."""
    grid, kappa, cell = case
    options = Options(edges="plain", tolerance=1e-6)  # gives the current to 1e-8

    def own() -> float:
        return distribute(grid, kappa, cell, options=options).current["a"]

    own()  # compiles
    mine, current = best_of(own, 3 * repeats)
    plain, by_assembly = best_of(lambda: by_scipy(grid, kappa, cell), repeats)
    fipy, by_fipy = fipy_best(grid, kappa, cell, repeats)
    for other in (by_assembly, by_fipy):
        assert abs(other / current - 1.0) < 1e-8, (name, other, current)
    answer = distribute(grid, kappa, cell, options=options)
    print(
        f"| {name} | {1e3 * mine:.1f} ms | {1e3 * plain:.0f} ms | {1e3 * fipy:.0f} ms | {plain / mine:.1f} | "
        f"{fipy / mine:.1f} | {answer.iterations} |", flush=True,
    )  # fmt: skip


def fipy_best(grid: Grid, kappa: Array, cell: list[Electrode], repeats: int) -> tuple[float, float]:
    """Least CPU time of one solution by FiPy, direct solver; its mesh and the sweep that confirms are not counted."""
    from simcell.transport import fipy_check

    kept = (fipy_check.STILL, fipy_check._mesh)
    import fipy

    mesh = fipy_check._mesh(grid, fipy)
    fipy_check._mesh = lambda *_: mesh  # type: ignore[assignment]
    try:
        fipy_check.STILL = 1e9  # one solution, then stop
        time_of_one, _ = best_of(lambda: fipy_distribution(grid, kappa, cell)[1]["a"], repeats)
        fipy_check.STILL = kept[0]
        return time_of_one, fipy_distribution(grid, kappa, cell)[1]["a"]
    finally:
        fipy_check.STILL, fipy_check._mesh = kept  # type: ignore[assignment]


def three_dimensions() -> None:
    """A million cells, once."""
    x, y = np.linspace(0.0, 50.0, 251) * UM, np.linspace(0.0, 40.0, 201) * UM
    bulge = 0.5 * UM * (1.0 + np.sin(np.pi * (x[1:] + x[:-1]) / x[-1] / 2.0)[None, :] * np.ones((200, 1)))
    grid = full(x, y, bulge, 20)
    for law in (None, ButlerVolmer(10.0)):
        cell = [
            patch(grid, "a", box(5, 10, 15, 20), 0.2, law=law),
            patch(grid, "b", box(30, 5, 15.1, 30), 0.0, law=law),
        ]
        start, cpu = time.perf_counter(), time.process_time()
        answer = distribute(grid, 1.0, cell)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"full {grid.volume.size} cells, {'primary' if law is None else 'Butler-Volmer'}: {cpu:.1f} s CPU, "
            f"{wall:.1f} s, {answer.steps} Newton steps, {answer.iterations} iterations, peak {peak:.2f} GiB, "
            f"unbalanced {answer.unbalanced:.0e}", flush=True,
        )  # fmt: skip


def triad() -> float:
    """Bytes per second of a = b + 2 c on one core, arrays beyond the cache."""
    b, c, a = np.ones(10_000_000), np.ones(10_000_000), np.empty(10_000_000)

    def run() -> float:
        np.multiply(c, 2.0, out=a)
        np.add(a, b, out=a)
        return 0.0

    return 40.0 * a.size / best_of(run, 8)[0]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}")
    print(f"one core moves {triad() / 1e9:.1f} GB/s")
    if options.full:
        three_dimensions()
        return
    print("| case | simcell | scipy spsolve | FiPy | scipy / simcell | FiPy / simcell | iterations |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for n in (100,) if options.quick else (100, 200, 500):
        compare(f"plan {n} x {n}", plan_case(n), 2 if n == 500 else 5)
    case = section_case()
    compare(f"section {case[0].shape[2]} x {case[0].shape[0]}, graded", case, 5)


if __name__ == "__main__":
    main()

"""Speed of radiolysis in plan view against FiPy and scipy, in one run, at stated accuracy, and against the machine.

Run from the root of the tree on an idle machine: ``python -m benchmarks.bench_plan [--cells 30 50 100] [--only NAME]``.
Problem: neat water (15 species, 73 reactions), 7.5e7 Gy/s on a disc of radius 1 um in a square of 20 um whose sides are
reservoirs, cells graded towards the edge of the beam, 0 to 1 ms. Every contender solves the same finite-volume
equations. Species diffuse independently here; simcell also runs with its zero-current closure, which FiPy would have to
lag behind and scipy would pay with a four times fuller Jacobian.

- simcell: `integrate_field`.
- scipy: BDF and Radau, compiled right side, analytic sparse Jacobian, SuperLU with the ordering and pivoting that suit
  a matrix of symmetric pattern.
- FiPy: one variable with 15 components on the mesh, a full matrix of coefficients in every cell, so that all species
  are coupled in one system. A source that is implicit in another species is taken explicitly by FiPy where its sign is
  unfavourable; here the Jacobian J therefore goes into the transient term, as coefficient I - dt J, which makes a sweep
  exactly one step of linearly implicit Euler (15 equations joined by `&` give the same system, and spend seconds in
  Python for each sweep). Steps grow geometrically; there is no error control and no charge closure. Its direct and
  Krylov solvers are tried, and LU with the ordering that scipy gets.

Delivered error: largest relative difference to scipy BDF at rtol 1e-7 on the coarsest grid, concentrations above 1e-7
mol/m^3. Runs that take longer than --patience seconds stop there, and report the time for each cell and step only.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1"))
os.environ["FIPY_SOLVERS"] = "scipy"

import numba
import numpy as np
from scipy import sparse
from scipy.integrate import BDF, Radau
from scipy.sparse.linalg import SuperLU, splu

from benchmarks.machine import describe
from simcell.chemistry.network import Array, Network
from simcell.inputs.mechanism import load_mechanism
from simcell.numerics.grid import Grid, graded, plan
from simcell.radiolysis import kernels
from simcell.radiolysis.homogeneous import Schedule
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.spatial import charges, diffusivities

BEAM, HALF, END = 1e-6, 10e-6, 1e-3  # m, m, s
MATTERS = 1e-7  # mol/m^3
WATER = load_mechanism("water")
NET = Network.of(WATER)
N = len(NET.names)
D, Z = diffusivities(WATER, NET.names), charges(NET)
PROBLEM = prepare(WATER, Conditions(298.15, 7.5e7, Schedule.constant(END), pH=7.0), NET).problem


@dataclass
class Outcome:
    """What a contender delivered; c is (n, ny, nx), or None if it ran out of time."""

    seconds: float
    steps: int
    c: Array | None
    reached: float  # s of the problem
    note: str = ""


def grid_of(cells: int) -> Grid:
    """A square of cells x cells, condensed at both edges of the beam; the spacing is found that gives the number."""
    low, high = 1e-9, 2e-6
    for _ in range(60):
        spacing = 0.5 * (low + high)
        faces = graded(-HALF, HALF, {-BEAM: spacing, BEAM: spacing}, growth=1.2 if cells < 80 else 1.1, largest=1e-6)
        low, high = (spacing, high) if faces.size - 1 > cells else (low, spacing)
    return plan(faces, faces, 1e-6)


def lit(grid: Grid, parts: int = 16) -> Array:
    """Share of each cell (ny, nx) within the beam, by points."""
    inner = (np.arange(parts) + 0.5) / parts
    y, x = ((f[:-1, None] + np.diff(f)[:, None] * inner).ravel() for f in grid.faces[1:])
    ny, nx = grid.shape[1:]
    inside = np.add.outer(y**2, x**2) < BEAM**2
    return inside.reshape(ny, parts, nx, parts).mean(axis=(1, 3))


def two_point(grid: Grid) -> sparse.csr_matrix:
    """Laplacian of the cells with zero outside all four sides."""
    ny, nx = grid.shape[1:]
    over = sparse.diags(1.0 / grid.volume.ravel())
    total = sparse.csr_matrix((ny * nx, ny * nx))
    for axis, across in ((1, lambda m: sparse.kron(m, sparse.eye(nx))), (2, lambda m: sparse.kron(sparse.eye(ny), m))):
        n = grid.shape[axis]
        step = across(sparse.diags([1.0, -1.0], [0, -1], shape=(n + 1, n)))  # value behind a face less the one before
        total -= step.T @ sparse.diags((grid.area[axis] / grid.distance[axis]).ravel()) @ step
    return (over @ total).tocsr()


class Lines:
    """Right side and sparse Jacobian of the method of lines; cells outermost, species innermost."""

    def __init__(self, grid: Grid):
        t, self.cells = NET.tables, grid.volume.size
        self.laplacian = two_point(grid)
        self.start = np.tile(PROBLEM.start, self.cells)
        self.source = np.zeros((N, self.cells + 2))
        self.source[:, 1:-1] = PROBLEM.source[:, None] * lit(grid).ravel()
        self.c, self.f = np.ones((N + 1, self.cells + 2)), np.zeros((N, self.cells + 2))
        self.w = np.empty((PROBLEM.k.size, kernels.STRIP))
        self.places, self.which = np.unique(t.entry_place, return_inverse=True)
        row, column = self.places % N, self.places // N
        base = N * np.arange(self.cells)[:, None]
        self.rows, self.columns = (base + row).ravel(), (base + column).ravel()
        self.spread = sparse.kron(self.laplacian, sparse.diags(D)).tocsc()

    def react(self, c: Array) -> Array:
        """Change by reactions and beam (n, cells) at (cells, n), by compiled loops."""
        self.c[:N, 1:-1] = c.T
        kernels.kinetics(NET.tables, PROBLEM.k, self.source, 1.0, self.c, self.w, self.f)
        return self.f[:, 1:-1]

    def change(self, _t: float, state: Array) -> Array:
        """Reactions, and diffusion by one sparse product."""
        c = state.reshape(self.cells, N)
        return np.asarray(self.react(c).T + (self.laplacian @ (c - PROBLEM.start)) * D).ravel()

    def blocks(self, c: Array) -> Array:
        """Entries (cells, places) of the reaction blocks; c is (cells, n)."""
        t = NET.tables
        return slopes_of(
            np.ascontiguousarray(c), PROBLEM.k, t.slope_reaction, t.slope_other, t.entry_slope, t.entry_nu, self.which,
            self.places.size,
        )  # fmt: skip

    def jacobian(self, _t: float, state: Array) -> sparse.csc_matrix:
        """Blocks of the reactions and bands of the diffusion."""
        data = self.blocks(state.reshape(self.cells, N))
        shape = (state.size, state.size)
        return sparse.csc_matrix((data.ravel(), (self.rows, self.columns)), shape=shape) + self.spread


@numba.njit(error_model="numpy", cache=False)
def slopes_of(c, k, reaction, other, entry_slope, entry_nu, which, places):
    """Entry by entry in every cell."""
    cells, n = c.shape
    out = np.zeros((cells, places))
    one = np.ones(n + 1)
    slope = np.empty(reaction.size)
    for x in range(cells):
        one[:n] = c[x]
        for s in range(slope.size):
            slope[s] = k[reaction[s]] * one[other[s, 0]] * one[other[s, 1]]
        for e in range(entry_nu.size):
            out[x, which[e]] += entry_nu[e] * slope[entry_slope[e]]
    return out


def symmetric_lu(a: sparse.spmatrix) -> SuperLU:
    """Factors in the order that suits a symmetric pattern, and pivots from the diagonal where they are not tiny."""
    return splu(
        sparse.csc_matrix(a), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=1e-3, options={"SymmetricMode": True}
    )


def scipy_lines(grid: Grid, method: str, rtol: float, atol: float, patience: float) -> Outcome:
    """BDF or Radau with a factorisation that suits the matrix."""
    lines = Lines(grid)
    lines.change(0.0, lines.start), lines.jacobian(0.0, lines.start)  # compiles
    began = time.process_time()
    kind = {"BDF": BDF, "Radau": Radau}[method]
    solver = kind(lines.change, 0.0, lines.start, END, rtol=rtol, atol=atol, jac=lines.jacobian, first_step=1e-10)

    def lu(a: sparse.csc_matrix) -> object:
        solver.nlu += 1
        return symmetric_lu(a)

    solver.lu, steps = lu, 0
    while solver.status == "running" and time.process_time() - began < patience:
        solver.step()
        steps += 1
    c = solver.y.reshape(lines.cells, N).T.reshape(N, *grid.shape[1:]) if solver.status == "finished" else None
    note = f"{solver.nlu} factorisations, {solver.nfev} right sides"
    return Outcome(time.process_time() - began, steps, c, float(solver.t), note)


def fipy_coupled(grid: Grid, steps: int, solver_name: str, patience: float) -> Outcome:
    """Linearly implicit Euler in FiPy, all species in one matrix; `steps` steps that grow geometrically to the end."""
    sys.argv = sys.argv[:1]  # FiPy reads the command line
    import fipy

    assert fipy.solvers.solver_suite == "scipy"
    y, x = (np.diff(f) for f in grid.faces[1:])
    mesh, lines = fipy.Grid2D(dx=x, dy=y), Lines(grid)
    c = fipy.CellVariable(mesh=mesh, elementshape=(N,), hasOld=True, value=np.tile(PROBLEM.start[:, None], lines.cells))
    c.constrain(PROBLEM.start[:, None], mesh.exteriorFaces)
    factor = fipy.CellVariable(mesh=mesh, elementshape=(N, N), value=0.0)
    rate = fipy.CellVariable(mesh=mesh, elementshape=(N,), value=0.0)
    equation = fipy.TransientTerm(coeff=factor) == fipy.DiffusionTerm(coeff=[np.diag(D)]) + rate
    solver = fipy_solver(solver_name)
    low, high = 1.0 + 1e-9, 2.0  # steps of 1e-9 s, times q, q^2 ... that add up to the end
    for _ in range(200):
        q = 0.5 * (low + high)
        low, high = (low, q) if 1e-9 * (q**steps - 1.0) / (q - 1.0) > END else (q, high)
    row, column = lines.places % N, lines.places // N
    began, t, done = time.process_time(), 0.0, 0
    while done < steps and time.process_time() - began < patience:
        dt, now = 1e-9 * q**done, c.value.T.copy()
        matrix = np.zeros((N, N, lines.cells))
        matrix[np.arange(N), np.arange(N)] = 1.0
        matrix[row, column] -= dt * lines.blocks(now).T
        factor.setValue(matrix)
        rate.setValue(lines.react(now))
        c.updateOld()
        equation.sweep(var=c, dt=dt, solver=solver)
        t, done = t + dt, done + 1
    found = c.value.reshape(N, *grid.shape[1:]) if done == steps else None
    return Outcome(time.process_time() - began, done, found, t)


def fipy_solver(name: str) -> object:
    """FiPy's own solvers, and its LU with the ordering that scipy gets here."""
    import fipy

    class Reordered(fipy.LinearLUSolver):
        def _solve_(self, matrix, x, b):  # type: ignore[no-untyped-def]
            x[:] = symmetric_lu(matrix).solve(b)
            self._setConvergence(suite="scipy", code=0, iterations=1, residual=0.0)
            return x

    if name == "LU":
        return fipy.LinearLUSolver()
    if name == "LU reordered":
        return Reordered()
    kind = {"GMRES + ILU": fipy.LinearGMRESSolver, "BiCGSTAB + ILU": fipy.LinearBicgstabSolver}[name]
    return kind(tolerance=1e-8, iterations=300, precon=fipy.ILUPreconditioner())


def ours(grid: Grid, closure: bool, rtol: float) -> Outcome:
    """The solver of the package; the first call compiles and does not count."""
    from simcell.radiolysis.field import integrate_field

    outside = dict.fromkeys(("x-", "x+", "y-", "y+"), PROBLEM.start)
    pattern = lit(grid)[None, None]

    def run(end: float) -> object:
        return integrate_field(
            NET, PROBLEM.k, D, Z, PROBLEM.source, pattern, PROBLEM.start, grid, outside, np.array([end]),
            electroneutral=closure, rtol=rtol, atol=1e-10,
        )  # fmt: skip

    run(1e-9)
    began = time.process_time()
    found = run(END)
    spent = time.process_time() - began
    count = found.steps + found.rejected  # type: ignore[attr-defined]
    note = ", ".join(f"{k} {v}" for k, v in vars(found).items() if isinstance(v, int | float))
    return Outcome(spent, count, found.concentration[-1][:, 0], END, note)  # type: ignore[attr-defined]


def contenders(patience: float) -> dict[str, Callable[[Grid], Outcome]]:
    """Everybody by name."""
    runs: dict[str, Callable[[Grid], Outcome]] = {}
    for rtol in (1e-2, 1e-3, 1e-4):
        runs[f"simcell, rtol {rtol:.0e}"] = lambda g, r=rtol: ours(g, False, r)  # type: ignore[misc]
    runs["simcell with closure, rtol 1e-03"] = lambda g: ours(g, True, 1e-3)
    for method, rtol in (("BDF", 1e-2), ("BDF", 1e-3), ("BDF", 1e-4), ("Radau", 1e-3)):
        runs[f"scipy {method}, rtol {rtol:.0e}"] = lambda g, m=method, r=rtol: scipy_lines(g, m, r, 1e-10, patience)  # type: ignore[misc]
    for steps, solver in ((60, "LU reordered"), (120, "LU reordered"), (60, "LU"), (60, "GMRES + ILU")):
        runs[f"FiPy {solver}, {steps} steps"] = lambda g, n=steps, s=solver: fipy_coupled(g, n, s, patience)  # type: ignore[misc]
    return runs


def error(c: Array | None, exact: Array | None) -> float:
    """Largest relative difference where there is something."""
    if c is None or exact is None:
        return float("nan")
    seen = exact > MATTERS
    return float(np.abs(c[seen] / exact[seen] - 1.0).max())


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cells", type=int, nargs="+", default=[30, 50, 100])
    options.add_argument("--only", default="", help="part of the names to run")
    options.add_argument("--patience", type=float, default=180.0, help="CPU seconds for each run")
    given = options.parse_args()
    print(describe(), platform.machine())
    for cells in given.cells:
        grid = grid_of(cells)
        tight = scipy_lines(grid, "BDF", 1e-7, 1e-13, 4 * given.patience) if cells <= 50 else Outcome(0, 0, None, 0.0)
        shape, finest = grid.shape[1:], np.diff(grid.faces[2]).min()
        print(f"{shape[0]} x {shape[1]} cells x {N} species, narrowest {1e9 * finest:.0f} nm, 0 to {END:g} s")
        for name, run in contenders(given.patience).items():
            if given.only not in name:
                continue
            try:
                found = run(grid)
            except Exception as trouble:
                print(f"  {name:34s} no result: {type(trouble).__name__}: {trouble}", flush=True)
                continue
            per = 1e6 * found.seconds / max(found.steps, 1) / grid.volume.size
            tail = f"error {error(found.c, tight.c):.1e}" if found.c is not None else f"reached {found.reached:.1e} s"
            print(
                f"  {name:34s} {found.seconds:8.2f} s  {found.steps:4d} steps  {per:8.1f} us a cell and step  {tail}"
                + (f"  ({found.note})" if found.note else ""),
                flush=True,
            )


if __name__ == "__main__":
    main()

"""Speed of the transport of ions on grids against FiPy and plain scipy, in one run, same grid, same equations.

Run from the root of the tree on an idle machine: ``python -m benchmarks.bench_ions [--quick] [--cv]``. One implicit
Euler step of a binary salt between two plating electrodes, after a start by a short step: plan N x N, and a section
800 x 20 graded to the electrodes' edges. All solve the same discrete equations (fluxes with logarithmic means, Newton's
or segregated iterations to a change of 1e-6): simcell by its multigrid, scipy by a vectorised sparse Jacobian and
`spsolve`, FiPy by sweeps over the potential and one ion with its direct solver. Walls are computed by simcell's kernel
for all three. Times are CPU seconds of this process. `--cv`: a voltammogram of 4 ions and 2 reactions on 150 x 150
cells, and one along a line of 5,000 steps, whose counterpart in FiPy is 50 steps times 100.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from benchmarks.bench_current import box, fine_section
from benchmarks.machine import describe
from simcell.numerics.grid import Array, plan
from simcell.transport import kernels_bath as cells
from simcell.transport.bath import Bath, Plate
from simcell.transport.bath_layout import grid_shaped
from simcell.transport.bath_stepper import BathStepper
from simcell.transport.electrode import patch, strip
from simcell.transport.ions import run_bath
from simcell.transport.protocol import hold, voltammogram
from simcell.transport.session import Options, run
from simcell.transport.species import Ion, Liquid, Reaction, Reservoir, Surface, between, couple, plating

UM = 1e-6
SALT = [Ion("M+", 1, 1e-9), Ion("A-", -1, 1.5e-9)]
START = {"M+": 100.0, "A-": 100.0}
METAL = Surface((plating("M", "M+", 1, 10.0, 100.0, 0.5, 0.5),))
STILL = 1e-6


def cpu(action: Callable[[], object], repeats: int = 1) -> float:
    """Least CPU time [s]."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def plan_case(n: int) -> Bath:
    """Two electrodes in a layer of half a micrometre."""
    x = np.linspace(0.0, 100.0, n + 1) * UM
    g = plan(x, x, 0.5 * UM)
    a, b = patch(g, "a", box(10, 20, 25, 50)), patch(g, "b", box(60, 30, 30, 60))
    return Bath(g, SALT, START, [Plate(a, METAL), Plate(b, METAL, "counter")])


def section_case() -> Bath:
    """800 x 20 cells, from 5 nm at the edges."""
    g = fine_section()
    pair = [Plate(strip(g, "a", 30 * UM, 50 * UM), METAL), Plate(strip(g, "b", 70 * UM, 100 * UM), METAL, "counter")]
    return Bath(g, SALT, START, pair)


class Step:
    """One Euler step of `h` seconds from a state behind the first jump."""

    def __init__(self, bath: Bath, h: float) -> None:
        self.s = BathStepper(bath, 1e-4, 1e-6, "plain")
        self.h, self.goal = h, -0.05 / bath.volts
        self.s.open_circuit()
        self.s.control(hold(-0.05, 1.0))
        self.layers = np.zeros(self.s.metal.size)
        assert self.s._stage(1e-4 * h, self.s.u.copy(), self.layers, self.goal)
        self.saved, self.base = self.s.save(), self.s.u.copy()

    def fresh(self) -> None:
        """Go back to the beginning."""
        self.s.restore(self.saved)
        self.s.linear.built_for = -1.0

    def own(self) -> None:
        """The multigrid way."""
        self.fresh()
        assert self.s._stage(self.h, self.base, self.layers, self.goal)

    def balance(self) -> tuple[Array, Array, Array]:
        """Residual, flux through walls, its derivatives."""
        s, out = self.s, np.empty_like(self.s.u)
        s._enter(self.h, self.layers)
        cells.residuals(s.layout.space, self.h, s.u, self.base, s.linear.coef, out, s.work[3])
        np.add.at(out, s.layout.patches[0], -s.answers[0])
        return out, s.answers[0], s.answers[1]

    def plain(self) -> None:
        """Newton's method with scipy."""
        self.fresh()
        s = self.s
        for _ in range(20):
            out, _, block = self.balance()
            change = spsolve(self.matrix(block), -out.ravel()).reshape(out.shape)
            s._move(change, np.zeros(s.terminals))
            if np.abs(change / np.maximum(np.abs(s.u), 1.0)).max() < STILL:
                return
        raise AssertionError

    def matrix(self, block: Array) -> coo_array:
        """Sparse Jacobian of a binary salt out of derivatives of faces and walls."""
        s = self.s
        shape = s.bath.grid.shape
        _, _, first, volume, link, _, z, _ = s.layout.space
        wide, n = s.linear.wide, s.n
        index = grid_shaped(np.arange(n), shape)
        rows, columns, values = [2 * np.arange(n)], [2 * np.arange(n)], [volume[:n] / self.h]
        for number, axis in enumerate((1, 2, 0)):
            low, high = (np.take(index, range(a, shape[axis] - 1 + a), axis).ravel() for a in (0, 1))
            wide_shape = tuple(m + (a == axis) for a, m in enumerate(shape))
            faces = grid_shaped(np.arange(np.prod(wide_shape)), wide_shape)
            f = first[0, number] + np.take(faces, range(1, shape[axis]), axis).ravel()
            c = np.where(link[f, None] > 0.0, s.linear.coef[f], 0.0)
            ion = [c[:, 0], c[:, wide], c[:, 2 * wide]]
            charge = [z[0] * (c[:, 0] - c[:, 1]), z[0] * (c[:, wide] - c[:, wide + 1])]
            charge.append(z[0] * c[:, 2 * wide] + z[1] * c[:, 2 * wide + 1])
            for row, (da, db, dphi) in enumerate((ion, charge)):
                for cell, sign in ((low, 1.0), (high, -1.0)):
                    rows += [2 * cell + row] * 4
                    columns += [2 * low, 2 * high, 2 * low + 1, 2 * high + 1]
                    values += [sign * da, sign * db, -sign * dphi, sign * dphi]
        at = s.layout.patches[0]
        for row in range(2):
            for column in range(2):
                rows.append(2 * at + row)
                columns.append(2 * at + column)
                values.append(-block[:, row, column])
        entries = (np.concatenate(rows), np.concatenate(columns))
        return coo_array((np.concatenate(values), entries), shape=(2 * n, 2 * n)).tocsc()

    def fipy(self) -> tuple[int, float]:
        """Sweeps of FiPy; their number and CPU time, without the mesh and the walls."""
        import fipy
        from fipy.solvers.scipy import LinearLUSolver

        self.fresh()
        s, g = self.s, self.s.bath.grid
        flat = g.kind == "plan"
        spans = [np.diff(g.faces[2]) / UM, np.diff(g.faces[1] if flat else g.faces[0]) / UM]
        mesh = fipy.Grid2D(dx=spans[0], dy=spans[1])
        thick = float(g.volume.max() / g.area[0][0].max()) / UM if flat else 1.0
        unit = g.area[0][0].ravel() if flat else g.volume.ravel() / UM  # m^2 for each mesh volume in the equations
        there = np.asarray(grid_shaped(np.arange(s.n), g.shape)).ravel()  # our cell of each of the mesh's
        d, n = [i.diffusivity / UM**2 for i in SALT], s.n
        solver = LinearLUSolver(tolerance=1e-14, iterations=10)
        c = fipy.CellVariable(mesh=mesh, value=self.base[there, 0], hasOld=True)
        phi = fipy.CellVariable(mesh=mesh, value=self.base[there, 1])
        mean, kappa = fipy.FaceVariable(mesh=mesh), fipy.FaceVariable(mesh=mesh)
        sink, source = fipy.CellVariable(mesh=mesh), fipy.CellVariable(mesh=mesh)
        drain, made = fipy.CellVariable(mesh=mesh), fipy.CellVariable(mesh=mesh)
        of_charge = (
            fipy.DiffusionTerm(coeff=kappa) - fipy.ImplicitSourceTerm(coeff=sink) + source
            + ((d[0] - d[1]) * thick * c.faceGrad).divergence
        )  # fmt: skip
        of_ion = fipy.TransientTerm(coeff=thick) == (
            fipy.DiffusionTerm(coeff=d[0] * thick) + (d[0] * thick * mean * phi.faceGrad).divergence
            - fipy.ImplicitSourceTerm(coeff=drain) + made
        )  # fmt: skip
        low, high = (
            (np.asarray(x) for x in mesh.faceCellIDs.filled(0))
            if hasattr(mesh.faceCellIDs, "filled")
            else (np.asarray(mesh.faceCellIDs[0]), np.asarray(mesh.faceCellIDs[1]))
        )
        inner = np.asarray(mesh.interiorFaces.value)
        at, spent = s.layout.patches[0], 0.0
        for sweep in range(200):
            before = s.u.copy()
            s._enter(self.h, self.layers)
            flux, block = s.answers[0], s.answers[1]

            def spread(values: Array) -> Array:
                return np.bincount(at, values, n)[there] / unit / UM

            start = time.process_time()
            a, b = c.value[low], c.value[high]
            ratio = np.where(inner, np.log(b / a), 0.0)
            mean.value = np.where(np.abs(ratio) > 1e-6, (b - a) / np.where(ratio == 0.0, 1.0, ratio), 0.5 * (a + b))
            kappa.value = (d[0] + d[1]) * thick * mean.value
            sink.value = -spread(block[:, 1, 1])
            source.value = spread(flux[:, 1]) + sink.value * phi.value
            of_charge.solve(var=phi, solver=solver)
            drain.value = -spread(block[:, 0, 0])
            now = np.empty_like(before)
            now[there, 1] = phi.value
            moved = (now - before)[at, 1]
            made.value = spread(flux[:, 0] + block[:, 0, 1] * moved) + drain.value * c.value
            of_ion.solve(var=c, dt=self.h, solver=solver)
            spent += time.process_time() - start
            now[there, 0] = c.value
            change = now - before
            s._move(change, np.zeros(s.terminals))
            if np.abs(change / np.maximum(np.abs(s.u), 1.0)).max() < STILL:
                return sweep + 1, spent
        raise AssertionError("FiPy's sweeps do not converge")


def compare(name: str, bath: Bath, h: float, with_plain: bool = True) -> None:
    """One row of the table."""
    step = Step(bath, h)
    step.own()
    mine = cpu(step.own, 3)
    current = step.s._currents()[0]
    plain = cpu(step.plain) if with_plain else np.nan
    if with_plain:
        assert abs(step.s._currents()[0] / current - 1.0) < 1e-5, (step.s._currents()[0], current)
    sweeps, fipy = step.fipy()
    assert abs(step.s._currents()[0] / current - 1.0) < 1e-4, (step.s._currents()[0], current)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"| {name} | {1e3 * mine:.0f} ms | {plain:.2f} s | {fipy:.2f} s in {sweeps} sweeps | {plain / mine:.0f} | "
        f"{fipy / mine:.0f} | {fipy / sweeps / mine:.1f} | {peak:.1f} GiB |", flush=True,
    )  # fmt: skip


def copper(n: int) -> Bath:
    """Copper and hydrogen from sulphuric acid: 4 ions, 2 reactions, plan of n x n cells, reference beside."""
    x = np.linspace(0.0, 150.0, n + 1) * UM
    g = plan(x, x, 0.5 * UM)
    ions = [Ion("Cu2+", 2, 0.714e-9), Ion("H+", 1, 9.3e-9), Ion("SO42-", -2, 1.065e-9), Ion("H2", 0, 4.5e-9)]
    cu = plating("Cu", "Cu2+", 2, 10.0, 100.0, 1.5, 0.5, equilibrium=0.34)
    h2 = Reaction(
        "H2", 2.0, {"H+": 2.0, "H2": -1.0}, 1e-3, 0.0, {"H+": 200.0}, {}, {"H+": 1.0}, 1.0, 1.0, branch="cathodic"
    )
    metal = Surface((cu, h2), capacitance=0.2)
    we, ce = patch(g, "we", box(40, 50, 20, 50)), patch(g, "ce", box(100, 30, 40, 90))
    start = {"Cu2+": 100.0, "H+": 200.0, "SO42-": 200.0, "H2": 0.0}
    return Bath(g, ions, start, [Plate(we, metal), Plate(ce, metal, "counter")], reference=(20 * UM, 75 * UM))


def voltammograms(n: int) -> None:
    """CV on a plan, and along a line."""
    options = Options(rtol=1e-3, volts=0.01)
    run_bath(copper(10), [hold(0.34, 1e-3)], options)
    start = time.process_time()
    record = run_bath(copper(n), voltammogram(0.34, [-0.06], 0.1), options)
    spent = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"CV {n} x {n}, 4 ions, 2 reactions: {spent:.1f} s, {record.work}, books {record.books:.0e}, {peak:.2f} GiB")


def along_a_line() -> None:
    """CV of 5,000 steps and what FiPy takes for the same number of equations solved on the same cells."""
    import fipy

    ions = [Ion("O+", 1, 1e-9), Ion("R", 0, 1e-9), Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    start = {"O+": 0.0, "R": 1.0, "K+": 100.0, "Cl-": 100.0}
    line = between(5e-4, 1e-7, growth=1.1, other=False)
    cell = Liquid(line, ions, start, Surface((couple("OR", "O+", "R", 1, 1e-3),)), Reservoir())
    protocol = voltammogram(-0.25, [0.25], 0.1)
    run(cell, protocol, Options(volts=0.02))
    options = Options(rtol=1e-3, volts=2e-4)
    clock = time.process_time()
    record = run(cell, protocol, options)
    mine = (time.process_time() - clock) * 5000.0 / record.time.size
    mesh = fipy.Grid1D(dx=np.diff(line.faces[2]) / UM)
    c = fipy.CellVariable(mesh=mesh, value=1.0, hasOld=True)
    equation = fipy.TransientTerm() == fipy.DiffusionTerm(coeff=1e3)
    c.constrain(0.5, mesh.facesLeft)
    solver = fipy.solvers.scipy.LinearLUSolver()
    equation.solve(var=c, dt=2e-3, solver=solver)

    def steps() -> None:
        for _ in range(50):
            c.updateOld()
            equation.solve(var=c, dt=2e-3, solver=solver)

    one = cpu(steps) / 50.0
    print(
        f"CV along a line, {line.shape[2]} cells, 4 ions: {mine:.2f} s for 5,000 steps of three coupled stages (order "
        f"3); FiPy {1e3 * one:.1f} ms for one equation: {5000 * 4 * one:.0f} s for one Euler sweep of 4 equations in "
        f"each step, {20000 * one / mine:.0f} times; {3 * 20000 * one / mine:.0f} times for three stages"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cv", action="store_true")
    options = parser.parse_args()
    print(describe())
    if options.cv:
        along_a_line()
        voltammograms(50 if options.quick else 150)
        return
    print("| case | simcell | scipy | FiPy | scipy / simcell | FiPy / simcell | one sweep of FiPy / simcell | memory |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for n in (50,) if options.quick else (100, 200, 500):
        compare(f"plan {n} x {n}", plan_case(n), 0.02, n < 500)
    compare("section 800 x 20, graded", section_case(), 0.02)


if __name__ == "__main__":
    main()

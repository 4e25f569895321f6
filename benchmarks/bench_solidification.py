"""One explicit step of a dendrite of a pure melt (`validation.solidification`) beside other programs, same model.

Run from the root of the tree: ``python -m benchmarks.bench_solidification [cells]`` (128; 512 takes minutes).
Processor time of one thread, every cell calculated, a crystal that fills a fifth of the square. FiPy solves the two
equations implicitly, as its example `phase/anisotropy` does, whose step is 7.2 times the longest explicit one; JAX has
the same stencils in whole arrays (one thread is asked for); py-pde its own central differences, compiled. The last two
are no dependencies: they are measured where they are installed. The bounds are what the memory and the arithmetic of
this core can do at the same moment: four words a cell and step, 81 operations, three of them divisions.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from time import process_time

import numpy as np

from benchmarks.machine import arithmetic, bandwidth
from validation.solidification import A2, Crystal, advance

H, DT, D, STRENGTH = 0.4, 0.014, 2.0, 0.05
COUPLING = D / A2
OPERATIONS = 81


def crystal(n: int, dtype: type = np.float64) -> Crystal:
    """A round crystal in its corner."""
    side = n * H
    return Crystal.seed(H, DT, D, STRENGTH, 0.55, side, side, 0.5 * side, everywhere=True, dtype=dtype)


def best(step: Callable[[], object], repeats: int, inner: int = 1) -> float:
    """Shortest processor time of `repeats` [s], over `inner`."""
    step()
    times = []
    for _ in range(repeats):
        began = process_time()
        step()
        times.append((process_time() - began) / inner)
    return min(times)


def ours(n: int, dtype: type, inner: int = 20) -> float:
    """Seconds a step."""
    field = crystal(n, dtype)
    return best(lambda: advance(field.phi, field.u, inner, *field.rest), 15, inner)


def fipy_step(n: int) -> float:
    """Seconds of one step of both equations, implicit."""
    import fipy

    mesh = fipy.Grid2D(nx=n, ny=n, dx=H, dy=H)
    first = crystal(n)
    phi = fipy.CellVariable(mesh=mesh, hasOld=True, value=first.inside.ravel())
    u = fipy.CellVariable(mesh=mesh, hasOld=True, value=first.u[1:-1, 1:-1].ravel())
    dt = 7.2 * 0.25 * H**2 / D
    psi = fipy.numerix.arctan2(phi.faceGrad[1], phi.faceGrad[0])
    a = 1.0 + STRENGTH * fipy.numerix.cos(4.0 * psi)
    slope = -4.0 * STRENGTH * fipy.numerix.sin(4.0 * psi)
    flux = a * (a * fipy.Variable(((1, 0), (0, 1))) + slope * fipy.Variable(((0, -1), (1, 0))))
    inside = fipy.numerix.arctan2(phi.grad[1], phi.grad[0])
    tau = (1.0 + STRENGTH * fipy.numerix.cos(4.0 * inside)) ** 2
    f = 1.0 - phi**2
    of_phase = fipy.TransientTerm(tau) == fipy.DiffusionTerm([flux]) + fipy.ImplicitSourceTerm(f) - COUPLING * u * f**2
    of_heat = fipy.TransientTerm() == fipy.DiffusionTerm(D) + 0.5 * (phi - phi.old) / dt

    def step() -> None:
        phi.updateOld()
        u.updateOld()
        of_phase.solve(phi, dt=dt)
        of_heat.solve(u, dt=dt)

    return best(step, 1)


def jax_step(n: int, dtype: type) -> float:
    """Seconds a step of the same stencils in whole arrays."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def face(g, t):
        s, q = g * g, t * t
        r = 1.0 / (s + q + 1e-25)
        cosine, sine = (s - q) * r, g * t * r
        w = 1.0 + STRENGTH - 8.0 * STRENGTH * sine * sine
        return w * (w * g + 16.0 * STRENGTH * cosine * sine * t), w * w

    def step(_, fields):
        phi, u = fields
        p, v = jnp.pad(phi, 1, mode="edge"), jnp.pad(u, 1, mode="edge")
        gx, gy = p[1:-1, 1:] - p[1:-1, :-1], p[1:, 1:-1] - p[:-1, 1:-1]
        tx = 0.25 * (p[2:, 1:] + p[2:, :-1] - p[:-2, 1:] - p[:-2, :-1])
        ty = 0.25 * (p[1:, 2:] + p[:-1, 2:] - p[1:, :-2] - p[:-1, :-2])
        (fx, ax), (fy, ay) = face(gx, tx), face(gy, ty)
        total = (fx[:, 1:] - fx[:, :-1] + fy[1:] - fy[:-1]) / H**2
        kinetic = 0.25 * (ax[:, 1:] + ax[:, :-1] + ay[1:] + ay[:-1])
        f = 1.0 - phi * phi
        change = DT * (total + f * (phi - COUPLING * u * f)) / kinetic
        spread = v[1:-1, 2:] + v[1:-1, :-2] + v[2:, 1:-1] + v[:-2, 1:-1] - 4.0 * u
        return phi + change, u + DT * D / H**2 * spread + 0.5 * change

    field, inner = crystal(n, dtype), 20
    fields = (jnp.asarray(field.inside), jnp.asarray(field.u[1:-1, 1:-1]))
    many = jax.jit(lambda first: jax.lax.fori_loop(0, inner, step, first))
    check, mine = many(fields)[0], crystal(n, dtype)
    advance(mine.phi, mine.u, inner, *mine.rest)
    assert float(jnp.abs(check - mine.inside).max()) < (1e-10 if dtype is np.float64 else 1e-3)  # the same model
    return best(lambda: jax.block_until_ready(many(fields)), 8, inner)


def pde_step(n: int) -> float:
    """Seconds a step of py-pde's explicit Euler with compiled central differences."""
    import pde

    def component(one: str, other: str) -> str:
        size = "(d_dx(p)**2 + d_dy(p)**2 + 1e-25)"
        twice = f"(2 * d_d{one}(p) * d_d{other}(p) / {size})"
        cosine = f"((d_d{one}(p)**2 - d_d{other}(p)**2) / {size})"
        a = f"(1 + {STRENGTH} * (1 - 2 * {twice}**2))"
        return f"({a} * ({a} * d_d{one}(p) + {8 * STRENGTH} * {cosine} * {twice} * d_d{other}(p)))"

    twice = "(2 * d_dx(p) * d_dy(p) / (d_dx(p)**2 + d_dy(p)**2 + 1e-25))"
    tau = f"(1 + {STRENGTH} * (1 - 2 * {twice}**2))**2"
    well = f"(1 - p**2) * (p - {COUPLING} * u * (1 - p**2))"
    rate = f"((d_dx({component('x', 'y')}) + d_dy({component('y', 'x')}) + {well}) / {tau})"
    equation = pde.PDE({"p": rate, "u": f"{D} * laplace(u) + 0.5 * {rate}"}, bc={"derivative": 0})
    grid, first = pde.CartesianGrid([[0, n * H]] * 2, n), crystal(n)
    fields = [pde.ScalarField(grid, data) for data in (first.inside, first.u[1:-1, 1:-1])]
    state = pde.FieldCollection(fields, labels=["p", "u"])
    stepper = pde.EulerSolver(equation, backend="numba").make_stepper(state, dt=DT)
    inner = 20

    def step() -> None:
        stepper(state, 0.0, inner * DT)

    return best(step, 3, inner)


def main() -> int:
    """Print the table."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 128
    double, single = ours(n, np.float64), ours(n, np.float32)
    memory, flops = max(bandwidth() for _ in range(3)), max(arithmetic()[1] for _ in range(5))
    print(f"{n} x {n} cells, processor time of a step")
    print(f"simcell, float64      {1e3 * double:9.3f} ms   {1e9 * double / n**2:.2f} ns a cell")
    print(f"simcell, float32      {1e3 * single:9.3f} ms   {double / single:.2f} times faster")
    print(f"bound by the memory   {1e3 * 32.0 * n * n / memory:9.3f} ms   ({1e-9 * memory:.1f} GB/s)")
    print(f"bound by arithmetic   {1e3 * OPERATIONS * n * n / flops:9.3f} ms   ({1e-9 * flops:.1f} Gflop/s)")
    theirs = fipy_step(n)
    ratio = theirs / double
    print(f"FiPy, implicit        {1e3 * theirs:9.0f} ms   {ratio:.0f} times, {ratio / 7.2:.0f} per model time")
    if importlib.util.find_spec("pde"):
        theirs = pde_step(n)
        print(f"py-pde, explicit      {1e3 * theirs:9.2f} ms   {theirs / double:.1f} times")
    if importlib.util.find_spec("jax"):
        for dtype, base in ((np.float64, double), (np.float32, single)):
            theirs = jax_step(n, dtype)
            print(f"JAX, {np.dtype(dtype)}          {1e3 * theirs:9.2f} ms   {theirs / base:.1f} times")
    return 0


if __name__ == "__main__":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    sys.exit(main())

"""Metal growth against FiPy on the same grid: a step of electrodeposition (explicit dendrite: `bench_solidification`).

Run from the root of the tree: ``python -m benchmarks.bench_dendrite [cells]`` (128 by default; 512 takes minutes).
Processor time of one thread. A rippled lithium front at -0.3 V. FiPy solves the three equations once each, linearised
(charge, salt, phase); the metal model iterates charge and salt together to 1e-8.
"""

from __future__ import annotations

import sys
from time import process_time

import numpy as np

from simcell.dendrite.layer import Layer, State, begin
from simcell.dendrite.model import Control, _Worker, grow
from simcell.dendrite.stability import FARADAY, Metal
from simcell.numerics.grid import section

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)


def rippled(n: int) -> tuple[Layer, State]:
    """A front with thirty random half waves in 20 x 20 um."""
    h = 20e-6 / n
    faces = np.arange(n + 1) * h
    layer = Layer(LITHIUM, section(faces, faces, 1e-6), 2.0 * h, {"x+": "reservoir"})
    z, x = layer.centre
    generator = np.random.default_rng(1)
    wave = sum(generator.normal() * np.cos(np.pi * k * z / 20e-6) for k in range(1, 30))
    return layer, begin(layer, 2e-6 + 0.1e-6 * wave - x)


def growth(n: int) -> tuple[float, float, Layer, State]:
    """Processor seconds and linear iterations a step, and where the run is."""
    layer, first = rippled(n)
    first = grow(layer, first, [5e-3], potential=-0.3).last
    began = process_time()
    run = grow(layer, first, [1.5e-2], potential=-0.3)
    count = len(run.time) + run.rejected
    return (process_time() - began) / count, run.krylov / count, layer, run.last


def fipy_growth(layer: Layer, state: State) -> float:
    """Processor seconds of one linearised step of the same equations in FiPy."""
    import fipy

    ny, nx = layer.shape
    frozen = _Worker(layer, Control(), -0.3, None).frozen(state, 1e-3)
    frozen.react(state.ratio, state.potential, np.array([-0.3 * LITHIUM.f]))
    mesh = fipy.Grid2D(nx=nx, ny=ny, dx=1.0, dy=1.0)
    cell = {
        name: fipy.CellVariable(mesh=mesh, value=np.ravel(value))
        for name, value in (
            ("theta", frozen.theta), ("x", state.ratio), ("u", state.potential), ("xi", state.xi),
            ("rate", frozen.rate), ("by_ratio", frozen.by_ratio), ("by_drive", frozen.by_drive),
        )
    }  # fmt: skip
    theta, x, u, xi = (cell[name] for name in ("theta", "x", "u", "xi"))
    salt = LITHIUM.diffusivity / layer.spacing**2
    charge = LITHIUM.conductivity / (LITHIUM.f * FARADAY * LITHIUM.concentration * layer.spacing**2)
    x.constrain(1.0, mesh.facesRight)
    u.constrain(0.0, mesh.facesRight)

    def once() -> None:
        rest = cell["rate"] - cell["by_drive"] * u.value
        (fipy.DiffusionTerm((theta * x).faceValue * charge) - fipy.ImplicitSourceTerm(cell["by_drive"]) - rest).solve(u)
        rest = cell["rate"] - cell["by_ratio"] * x.value
        sink = fipy.ImplicitSourceTerm(0.62 * cell["by_ratio"]) + 0.62 * rest
        (fipy.TransientTerm(theta) == fipy.DiffusionTerm(theta.faceValue * salt) - sink).solve(x, dt=1e-3)
        (fipy.TransientTerm() == fipy.DiffusionTerm(1e-3) + 0.013 * cell["rate"]).solve(xi, dt=1e-3)

    once()
    began = process_time()
    once()
    return process_time() - began


def main() -> int:
    """Print the table."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 128
    ours, iterations, layer, state = growth(n)
    theirs = fipy_growth(layer, state)
    print(f"electrodeposition {n} x {n}: {1e3 * ours:.1f} ms a step ({iterations:.1f} linear iterations)")
    print(f"  FiPy, three linear equations once: {1e3 * theirs:.0f} ms, {theirs / ours:.1f} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())

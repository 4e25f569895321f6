"""Orders of convergence of the current distribution: smooth problems, and electrode edges, exact and plain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from simcell.numerics.diffusion import conduction
from simcell.numerics.grid import Grid, full, graded, plan, section
from simcell.numerics.linear import solver
from simcell.transport.coplanar import strips
from simcell.transport.current import Options, distribute
from simcell.transport.electrode import strip
from simcell.transport.fin import fin_resistance
from simcell.transport.kinetics import Linear

REFINEMENTS = (1, 2, 4)
Case = tuple[Grid, np.ndarray, np.ndarray, np.ndarray, list[str]]


def order(errors: list[float]) -> float:
    return -float(np.polyfit(np.log(REFINEMENTS), np.log(np.abs(errors)), 1)[0])


def faces(n: int) -> np.ndarray:
    return graded(0.0, 1.0, {0.3: 0.06}, growth=1.5, refine=n)


def in_plan(n: int) -> Case:
    """cos(pi x) cos(pi y) with kappa = 1 + x y / 2 under h = 1 + x^2 (1 - x)^2, and a loss of 2 h."""
    f = faces(n)
    x, y = 0.5 * (f[1:] + f[:-1])[None, :], 0.5 * (f[1:] + f[:-1])[:, None]
    h, slope = 1.0 + x**2 * (1.0 - x) ** 2 + 0.0 * y, 2.0 * x * (1.0 - x) * (1.0 - 2.0 * x)
    k = 1.0 + 0.5 * x * y
    u = np.cos(np.pi * x) * np.cos(np.pi * y)
    ux, uy = -np.pi * np.sin(np.pi * x) * np.cos(np.pi * y), -np.pi * np.cos(np.pi * x) * np.sin(np.pi * y)
    flow = -2.0 * np.pi**2 * h * k * u + (slope * k + 0.5 * h * y) * ux + 0.5 * h * x * uy
    one = np.ones((1, *h.shape))
    return plan(f, f, h), k * one, u * one, (-flow + 2.0 * h * u) / h * one, []


def in_full(n: int) -> Case:
    """cos(pi x) cos(pi y) cos(pi z) in a box, kappa = exp(x + z / 2), and a loss of 2."""
    f, g = faces(n), np.linspace(0.0, 1.0, 4 * n + 1)
    z, y, x = np.meshgrid(*(0.5 * (a[1:] + a[:-1]) for a in (g, g, f)), indexing="ij")
    k = np.exp(x + 0.5 * z)
    u = np.cos(np.pi * x) * np.cos(np.pi * y) * np.cos(np.pi * z)
    ux = -np.pi * np.sin(np.pi * x) * np.cos(np.pi * y) * np.cos(np.pi * z)
    uz = -np.pi * np.cos(np.pi * x) * np.cos(np.pi * y) * np.sin(np.pi * z)
    return full(f, g, 1.0, 4 * n), k, u, k * (3.0 * np.pi**2 * u - ux - 0.5 * uz) + 2.0 * u, []


def in_section(n: int) -> Case:
    """sin(pi x / 2) cos(pi z), value 0 at x-, kappa = 1 + x^2, and a loss of 2."""
    f, g = faces(n), faces(n)
    z, x = np.meshgrid(0.5 * (g[1:] + g[:-1]), 0.5 * (f[1:] + f[:-1]), indexing="ij")
    u, k = np.sin(0.5 * np.pi * x) * np.cos(np.pi * z), 1.0 + x**2
    ux = 0.5 * np.pi * np.cos(0.5 * np.pi * x) * np.cos(np.pi * z)
    source = k * 1.25 * np.pi**2 * u - 2.0 * x * ux + 2.0 * u
    return section(f, g), k[:, None], u[:, None], source[:, None], ["x-"]


@pytest.mark.parametrize("case", [in_plan, in_full, in_section], ids=lambda c: c.__name__)
def test_smooth_problems(case: Callable[[int], Case]) -> None:
    errors = []
    for n in REFINEMENTS:
        grid, kappa, exact, source, fixed = case(n)
        system = conduction(grid, kappa, fixed).with_sink(2.0 * grid.volume)
        error = solver(system).solve(source * grid.volume, 1e-11) - exact
        errors.append(float(np.sqrt((error**2 * grid.volume).sum() / grid.volume.sum())))
    assert order(errors) == pytest.approx(2.0, abs=0.15), errors
    assert errors[-1] < 4e-3


def edge_error(n: int, edges: str, between: float = 1.0) -> float:
    spacing = 0.2 / n
    one, other = (6.0, 7.0), (7.0 + between, 8.0 + between)
    grid = section((np.arange(round((14.0 + between) / spacing) + 1) - 0.4) * spacing, np.linspace(0.0, 1.0, 5 * n + 1))
    cell = [strip(grid, "a", *one, 1.0), strip(grid, "b", *other, 0.0)]
    return distribute(grid, 1.0, cell, options=Options(edges=edges)).current["a"] / strips(one, other, 1.0) - 1.0


def test_electrode_edges() -> None:
    plain, exact = ([edge_error(n, edges) for n in REFINEMENTS] for edges in ("plain", "exact"))
    assert order(plain) == pytest.approx(1.0, abs=0.15), plain
    assert order(exact) > 1.5, exact
    assert all(abs(a) > 50.0 * abs(b) for a, b in zip(plain, exact, strict=True))


def test_fin_in_a_plan() -> None:
    errors = []
    for n in REFINEMENTS:
        x = np.linspace(0.0, 20.0, 40 * n + 1)
        grid = plan(x, [0.0, 1.0], 1.0)
        answer = distribute(
            grid, 1.0, [strip(grid, "a", 0.0, 10.0, 0.0, law=Linear(4.0 - 1.0 / 3.0))], ends={"x+": 1.0}
        )
        exact = 1.0 / (10.0 + fin_resistance(1.0, 1.0, 10.0, 2.0))
        errors.append(-answer.current["a"] / exact - 1.0)
    assert order(errors) == pytest.approx(2.0, abs=0.1), errors
    assert abs(errors[-1]) < 1e-4


def test_fin_in_a_section() -> None:
    """A resolved layer with slow kinetics is a fin; what is left are the neglected terms (H / L_p)^4."""
    errors = []
    for n in REFINEMENTS:
        grid = section(np.linspace(0.0, 20.0, 40 * n + 1), np.linspace(0.0, 1.0, 4 * n + 1))
        resistance = 16.0
        cell = [strip(grid, "a", 0.0, 10.0, 0.0, law=Linear(resistance - 1.0 / 3.0))]
        answer = distribute(grid, 1.0, cell, ends={"x+": 1.0})
        exact = 1.0 / (10.0 + fin_resistance(1.0, 1.0, 10.0, 4.0))
        errors.append(-answer.current["a"] / exact - 1.0)
    assert abs(errors[-1]) < 2e-3
    assert abs(errors[2] - errors[1]) < 0.5 * abs(errors[1] - errors[0])

"""Linear solvers of steady diffusion against scipy's sparse direct solver, on every kind of grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from simcell.errors import SolverError
from simcell.numerics.banded import Banded
from simcell.numerics.diffusion import Diffusion, conduction
from simcell.numerics.grid import Grid, full, graded, plan, section
from simcell.numerics.linear import solver
from simcell.numerics.multigrid import Multigrid, default_smoothers

RNG = np.random.default_rng(5)
FINE = graded(0.0, 1.0, {0.3: 0.01}, growth=1.5, largest=0.2)  # 17 cells, twenty to one in width


def sparse(system: Diffusion) -> coo_array:
    """The matrix, put together face by face."""
    nz, ny, nx = system.shape
    index = np.arange(nz * ny * nx).reshape(system.shape)
    rows, columns, values = [index.ravel()], [index.ravel()], [system.sink.ravel().copy()]
    for axis, link in enumerate(system.links):
        n = system.shape[axis]
        for face in range(n + 1):
            t = np.take(link, face, axis).ravel()
            cells = [(face - 1) % n, face % n] if system.periodic[axis] or 0 < face < n else [min(face, n - 1)]
            if system.periodic[axis] and face == n:
                continue  # the same face as the first
            at = [np.take(index, c, axis).ravel() for c in cells]
            for a in at:
                rows.append(a), columns.append(a), values.append(t)
            if len(at) == 2:
                rows += [at[0], at[1]]
                columns += [at[1], at[0]]
                values += [-t, -t]
    return coo_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))).tocsc()


def build(grid: Grid, fixed: list[str] | None = None) -> Diffusion:
    system = conduction(grid, np.exp(RNG.normal(size=grid.shape)), fixed or [])
    sink = np.zeros(grid.shape)
    sink[0] = RNG.uniform(0.0, 1.0, grid.shape[1:]) * (RNG.random(grid.shape[1:]) < 0.3) * grid.area[0][0]
    return system.with_sink(sink)


def bumpy(ny: int, nx: int) -> np.ndarray:
    return 0.1 * np.exp(0.3 * RNG.normal(size=(ny, nx)))


LINE = np.linspace(0.0, 1.0, 17)
CASES: dict[str, Callable[[], Diffusion]] = {
    "plan": lambda: build(plan(LINE, np.linspace(0.0, 1.0, 14), bumpy(13, 16))),
    "plan, fixed ends": lambda: build(plan(LINE, LINE, bumpy(16, 16)), ["x-", "y+"]),
    "plan, graded": lambda: build(plan(FINE, LINE, 0.1)),
    "plan, long cells": lambda: build(plan(LINE, 30.0 * LINE, 0.1)),
    "plan, periodic": lambda: build(plan(LINE, np.linspace(0.0, 1.0, 12), 0.1, (True, True))),
    "full": lambda: build(full(LINE, np.linspace(0.0, 1.0, 10), bumpy(9, 16), 4)),
    "full, graded": lambda: build(full(FINE, LINE, 0.05, 3)),
    "full, periodic": lambda: build(full(LINE, np.linspace(0.0, 1.0, 6), 0.1, 3, (False, True))),
    "section": lambda: build(section(FINE, np.linspace(0.0, 0.1, 6))),
    "section, periodic": lambda: build(section(LINE, np.linspace(0.0, 0.1, 6), periodic=True)),
    "line": lambda: build(plan(LINE, [0.0, 1.0], 0.1)),
}


@pytest.mark.kernel
@pytest.mark.parametrize("name", CASES)
def test_solvers_agree_with_scipy(name: str) -> None:
    system = CASES[name]()
    matrix, right = sparse(system), RNG.normal(size=system.shape)
    np.testing.assert_allclose(system.apply(right).ravel(), matrix @ right.ravel(), atol=1e-12 * np.abs(matrix).max())
    np.testing.assert_allclose(system.diagonal().ravel(), matrix.diagonal(), rtol=1e-13)
    exact = spsolve(matrix, right.ravel()).reshape(system.shape)
    size = np.abs(exact).max()
    multigrid = Multigrid(system)
    np.testing.assert_allclose(multigrid.solve(right, 1e-13), exact, atol=1e-9 * size)
    assert multigrid.iterations <= 40
    assert multigrid.residual <= 1e-13
    near = exact + 1e-6 * size * RNG.normal(size=system.shape)
    many = multigrid.iterations
    np.testing.assert_allclose(multigrid.solve(right, 1e-13, near), exact, atol=1e-9 * size)
    assert multigrid.iterations < max(many, 2)  # a good start is used
    if min(system.shape) == 1 and not any(system.periodic):
        np.testing.assert_allclose(Banded(system).solve(right), exact, atol=1e-10 * size)


def test_the_cycle_is_symmetric() -> None:
    """Conjugate gradients need it: the product with any two vectors can be exchanged."""
    for name in ("plan", "plan, graded", "full, graded", "plan, periodic"):
        system = CASES[name]()
        multigrid = Multigrid(system)
        a, b = RNG.normal(size=(2, *system.shape))
        answers = []
        for right in (a, b):
            multigrid.levels[0].f[...] = right
            multigrid._cycle(0)
            answers.append(multigrid.levels[0].inner.copy())
        assert (b * answers[0]).sum() == pytest.approx((a * answers[1]).sum(), rel=1e-10), name


def test_iterations_do_not_grow_with_the_grid() -> None:
    counts = []
    for n in (16, 128):
        faces = np.linspace(0.0, 1.0, n + 1)
        system = conduction(plan(faces, faces, 1.0), 1.0)
        sink = np.zeros(system.shape)
        sink[0, :, : n // 4] = 1.0 / n**2
        multigrid = Multigrid(system.with_sink(sink))
        multigrid.solve(np.ones(system.shape))
        counts.append(multigrid.iterations)
    assert counts[1] <= 18


@pytest.mark.parametrize("scale", [1e-24, 1e12])
def test_units_do_not_matter(scale: float) -> None:
    system = CASES["plan"]()
    links = tuple(link * scale for link in system.links)
    small = Diffusion((links[0], links[1], links[2]), system.sink * scale, system.periodic)
    right = RNG.normal(size=system.shape)
    expected = Multigrid(system).solve(right, 1e-12)
    np.testing.assert_allclose(Multigrid(small).solve(right * scale, 1e-12), expected, rtol=1e-8, atol=1e-10)


def test_dry_cells_are_left_out() -> None:
    wet = np.ones((8, 16), dtype=bool)
    wet[2:5, 3:9] = False
    grid = plan(LINE, np.linspace(0.0, 1.0, 9), 1.0).where(wet)
    system = conduction(grid, np.where(wet, 1.0, np.nan)[None], ["x-"])
    right = np.where(grid.mask, 1.0, 0.0)
    u = Multigrid(system).solve(right, 1e-12)
    assert not u[~grid.mask].any()
    flow = system.links[2][0, :, 0] * u[0, :, 0]
    assert flow.sum() == pytest.approx(right.sum(), rel=1e-9)


def test_the_coefficient_is_taken_in_series() -> None:
    grid = section([0.0, 1.0, 4.0, 4.5], [0.0, 2.0])
    system = conduction(grid, [[[1.0, 5.0, 0.5]]], ["x-", "x+"])
    expected = 2.0 / np.array([0.5, 0.5 + 1.5 / 5.0, 1.5 / 5.0 + 0.5, 0.5])
    np.testing.assert_allclose(system.links[2].ravel(), expected, rtol=1e-14)


def test_what_cannot_be_solved_is_an_error() -> None:
    grid = plan(LINE, LINE, 1.0)
    with pytest.raises(ValueError, match="coefficient is 0 in cell"):
        conduction(grid, 0.0)
    with pytest.raises(ValueError, match="no side 'west'"):
        conduction(grid, 1.0, ["west"])
    closed = conduction(section(LINE, [0.0, 0.5, 1.0]), 1.0)
    tied = conduction(section(LINE, [0.0, 0.5, 1.0]), 1.0, ["x-"])
    with pytest.raises(ValueError, match="no path to a fixed value"):
        Banded(closed)
    with pytest.raises(ValueError, match="one cell along y or z"):
        Banded(conduction(full(LINE, LINE, 1.0, 2), 1.0))
    with pytest.raises(ValueError, match="no linear solver 'lu'"):
        solver(tied, "lu")
    with pytest.raises(ValueError, match="no path to a fixed value"):
        Multigrid(closed)
    with pytest.raises(ValueError, match="lines along z"):
        Multigrid(tied, smoothers=(3,))
    with pytest.raises(ValueError, match="periodic"):
        Multigrid(conduction(plan(LINE, LINE, 1.0, (False, True)), 1.0, ["y-"]), smoothers=(2,))
    with pytest.raises(SolverError, match="after 2 iterations"):
        Multigrid(CASES["plan"](), limit=2).solve(np.ones((1, 13, 16)))


def test_default_choices() -> None:
    assert isinstance(solver(CASES["section"]()), Banded)
    faces = np.linspace(0.0, 1.0, 51)
    assert isinstance(solver(conduction(plan(faces, faces, 1.0), 1.0, ["x-"])), Multigrid)
    assert isinstance(solver(CASES["section, periodic"]()), Multigrid)
    assert default_smoothers(conduction(plan(LINE, LINE, 1.0), 1.0)) == (3,)
    assert default_smoothers(CASES["plan, long cells"]()) == (1, 2)
    assert default_smoothers(conduction(full(LINE, LINE, 1.0, 4), 1.0)) == (0,)


def test_points_fail_where_lines_do_not() -> None:
    x = graded(0.0, 1.0, {0.3: 1e-3}, growth=1.3, largest=0.05)
    system = conduction(plan(x, np.linspace(0.0, 1.0, 33), 1.0), 1.0, ["x-"])
    counts = []
    for smoothers in ((3,), (1, 2)):
        multigrid = Multigrid(system, smoothers=smoothers)
        multigrid.solve(np.ones(system.shape))
        counts.append(multigrid.iterations)
    assert counts[1] < 20 < 2 * counts[1] + 20 < counts[0]

"""Reaction, diffusion, migration and advection in space: order 2 in space on graded grids, order 4 in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simcell.chemistry.network import Array
from simcell.radiolysis import field, kernels_advance
from simcell.radiolysis.layout import space_of
from simcell.radiolysis.stepping import Stepper
from tests.reference.manufactured import KINDS, NET, TERMS, D, K, Z, case

EVERYTHING = "diffusion, advection, migration, reaction"


def order(kind: str, terms: str, refinements: tuple[int, ...], base: float) -> tuple[Array, list[Array]]:
    closure, advection, reaction = TERMS[terms]
    if kind in ("radial", "ring"):
        refinements = (2, 4, 8)  # costs nothing in one dimension
    errors = []
    for refine in refinements:
        problem = case(kind, refine, closure, advection, reaction, base)
        errors.append(problem.error(problem.run(closure, K * reaction)))
    return -np.polyfit(np.log(refinements), np.log(errors), 1)[0], errors


@pytest.mark.parametrize(
    ("kind", "terms"),
    [*(("plan", t) for t in TERMS), *((k, EVERYTHING) for k in KINDS if k != "plan")],
)
def test_order_in_space(kind: str, terms: str) -> None:
    base, refinements = (0.25, (2, 3, 4)) if kind == "full" else (0.1, (1, 2, 4))
    slopes, errors = order(kind, terms, refinements, base)
    np.testing.assert_allclose(slopes, 2.0, atol=0.2, err_msg=f"{kind}, {terms}: {NET.names} {errors}")


def fixed_steps(count: int, duration: float) -> Array:
    """Equal steps on a plan view, from a profile that does not stand still; concentrations and what has left."""
    problem = case("plan", 1, True, True, True, base=0.2)
    g, cells = problem.grid, problem.grid.volume.size
    space, pull = space_of(g, D, Z, problem.reservoirs, problem.flow, 4)
    chemistry = field._chemistry(NET, K, np.zeros(4), np.zeros((1, *g.shape)), None, 4)
    work = field._work(NET, space, pull, 4)
    work.c[:cells] = problem.value.reshape(4, -1).T
    stepper = Stepper(space, chemistry, field._slopes(space, 4), work, 1e-3, 1e-6, 1e-9, 1.0)
    for _ in range(count):
        stepper.attempt(duration / count, 0.0, 0)
        assert not stepper.unsolved
        work.c[:cells] = work.y
        stepper.left[:] = stepper.books.new_left
    return np.append(work.c[:cells].ravel(), stepper.left.ravel())


def test_order_in_time() -> None:
    """Where diffusion across the smallest cell is stiff; concentrations and what has left through the sides."""
    counts = (8, 16, 32)
    best = fixed_steps(256, 0.2)
    errors = [np.abs(fixed_steps(count, 0.2) - best).max() for count in counts]
    slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(4.0, abs=0.5), errors


def test_the_matrix_is_the_slope_of_the_right_side() -> None:
    """M u = u / (gamma h) - J u against differences of f, for a flow, migration and reactions, periodic or not."""
    from simcell.radiolysis.kernels_field import matrix_blocks, react, spread
    from simcell.radiolysis.kernels_multigrid import subtract_product

    rng = np.random.default_rng(5)
    for kind in ("plan", "full", "ring"):
        problem = case(kind, 1, True, True, True, base=0.3)
        g, cells = problem.grid, problem.grid.volume.size
        space, pull = space_of(g, D, Z, problem.reservoirs, problem.flow, 4)
        chemistry = field._chemistry(NET, K, np.zeros(4), np.zeros((1, *g.shape)), None, 4)
        slopes, work = field._slopes(space, 4), field._work(NET, space, pull, 4)
        c = problem.value.reshape(4, -1).T.copy()
        work.c[:cells] = c
        matrix_blocks(space, chemistry, 0, work.c, 3.0, slopes)
        u, product = rng.standard_normal((cells, 4)), np.zeros((cells, 4))
        subtract_product(space, slopes, 0, u, product)

        def right(state: Array, cells: int = cells, space: Any = space, chemistry: Any = chemistry) -> Array:
            f = np.zeros((cells, 4))
            react(space, chemistry, 1.0, 0, state, f)
            spread(space, state, np.empty(4), f, np.zeros((6, 4)))
            return f

        step = 1e-6
        expected = 3.0 * u - (right(c + step * u) - right(c - step * u)) / (2.0 * step)
        np.testing.assert_allclose(-product, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_levels_cost_no_more_cycles_on_finer_grids() -> None:
    """The point of several levels: cycles for one system do not grow with the grid."""
    seen = []
    for refine in (1, 2, 4):
        problem = case("plan", refine, True, False, True, base=0.2)
        run = problem.run(True, K)
        seen.append(run.cycles_per_solve)
        assert run.unsolved == 0
    assert seen[-1] < 1.5 * seen[0] + 1.0, seen
    assert kernels_advance.DEEP > 0.0

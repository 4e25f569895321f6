"""The block solver of a line against a dense matrix that is found by differences of the right side."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.chemistry.network import Array, Network
from simcell.numerics.grid import radial
from simcell.radiolysis import kernels
from simcell.radiolysis.spatial import Ends, charges, line_of
from tests.reference.synthetic import mechanism

X = {"X": 1}
EQUATIONS = [("A+ + B- -> N", 3.0), ("N -> A+ + B-", 2.0), ("M^2+ + B- -> M^2+ + B-", 1.0), ("N + N -> N + N + R", 0.5)]
NET = Network.of(
    mechanism(
        {"A+": (X, 1), "B-": (X, -1), "M^2+": (X, 2), "N": ({"X": 2}, 0), "R": (X, 0)},
        EQUATIONS,
    )
)
N, CELLS, RNG = len(NET.names), 6, np.random.default_rng(3)
K, D = np.array([k for _, k in EQUATIONS]), RNG.uniform(0.5, 3.0, N)


def change(line: kernels.Line, c: Array) -> tuple[Array, Array]:
    """Right side of all cells, and what leaves at both ends."""
    f, leaving = np.zeros((N, CELLS + 2)), np.zeros((2, N))
    kernels.kinetics(NET.tables, K, np.zeros((N, CELLS + 2)), 1.0, c, np.empty((K.size, kernels.STRIP)), f)
    kernels.spread(line, c, *(np.empty(CELLS + 1) for _ in range(3)), f, leaving)
    return f[:, 1:-1].T.ravel(), leaving


@pytest.mark.parametrize(("closure", "hold"), [(True, 0.0), (True, 2.0), (False, 0.0)])
@pytest.mark.parametrize("ends", ["closed", "open"])
def test_solution_of_the_blocks(ends: str, closure: bool, hold: float) -> None:
    grid = radial(np.cumsum([0.5, *RNG.uniform(0.2, 0.6, CELLS)]))
    edge = RNG.uniform(0.5, 1.5, N)
    boundary = Ends(lower=edge, upper=2.0 * edge) if ends == "open" else Ends()
    line, c = line_of(NET, D, charges(NET) * closure, RNG.uniform(0.5, 1.5, (N, CELLS)), grid, boundary)
    dense, outflow, step = np.zeros((N * CELLS, N * CELLS)), np.zeros((2 * N, N * CELLS)), 1e-6
    for column in range(N * CELLS):
        x, i = divmod(column, N)
        sides = []
        for sign in (1.0, -1.0):
            moved = c.copy()
            moved[i, x + 1] += sign * step
            sides.append(change(line, moved))
        dense[:, column] = (sides[0][0] - sides[1][0]) / (2.0 * step)
        outflow[:, column] = (sides[0][1] - sides[1][1]).ravel() / (2.0 * step)

    if hold:  # the charge of a cell is held by its ions, in proportion to z c
        z = charges(NET)
        for x in range(CELLS):
            d = z * c[:-1, x + 1] / (z**2 @ c[:-1, x + 1])
            dense[x * N : (x + 1) * N, x * N : (x + 1) * N] -= hold * np.outer(d, z)

    m = 4 * ((N + 3) // 4)
    slopes = kernels.Slopes(
        np.zeros((CELLS + 2, m, m)), *(np.zeros((CELLS + 1, m)) for _ in range(3))
    )  # fmt: skip
    places = (NET.tables.entry_place // N * m + NET.tables.entry_place % N).astype(np.uint32)
    slope, scratch = np.empty((NET.tables.slope_reaction.size, 4)), np.empty((4, m))  # strips of 4 cells
    kernels.factor_line(
        NET.tables,
        K,
        places,
        line,
        c,
        0.7,
        hold,
        np.empty(CELLS + 1),
        np.empty(CELLS + 1),
        slope,
        np.empty((m * m, 4)),
        scratch,
        slopes,
    )
    right, u, work = np.zeros((N, CELLS + 2)), np.zeros((N, CELLS + 2)), np.zeros((CELLS + 2, m))
    right[:, 1:-1] = RNG.uniform(-1.0, 1.0, (N, CELLS))
    kernels.solve_line(line, slopes, right, np.zeros(m), work, u)
    expected = np.linalg.solve(0.7 * np.eye(N * CELLS) - dense, right[:, 1:-1].T.ravel())
    np.testing.assert_allclose(u[:, 1:-1].T.ravel(), expected, rtol=1e-7, atol=1e-9)

    # the slopes of what leaves are those that the integrator uses for its books
    found = np.zeros((2, m))
    kernels.from_neighbour(line, slopes.share[0], slopes.right[0], 1.0, work[1], found[0])
    kernels.from_neighbour(line, slopes.share[CELLS], slopes.left[CELLS], 1.0, work[CELLS], found[1])
    np.testing.assert_allclose(found[:, :N].ravel(), outflow @ expected, rtol=1e-6, atol=1e-8)


def test_inverse_of_a_block() -> None:
    block = np.diag(RNG.uniform(2.0, 9.0, 8)) + RNG.uniform(-0.3, 0.3, (8, 8))
    inverse = block.copy()
    kernels.invert(inverse, np.empty((4, 8)))
    np.testing.assert_allclose(inverse @ block, np.eye(8), atol=1e-14)


def test_rates_of_many_cells_are_those_of_each() -> None:
    cells = 2 * kernels.STRIP + 3
    c = np.ones((N + 1, cells + 2))
    c[:N] = RNG.uniform(0.5, 1.5, (N, cells + 2))
    source = RNG.uniform(0.0, 1.0, (N, cells + 2))
    f = np.zeros((N, cells + 2))
    kernels.kinetics(NET.tables, K, source, 0.5, c, np.empty((K.size, kernels.STRIP)), f)
    t = NET.tables
    w = K * c.T[:, t.reactants].prod(axis=-1)
    expected = 0.5 * source
    for i, r, nu in zip(t.term_species, t.term_reaction, t.term_nu, strict=True):
        expected[i] = expected[i] + nu * w[:, r]
    np.testing.assert_allclose(f[:, 1:-1], expected[:, 1:-1], rtol=1e-13, atol=1e-13)

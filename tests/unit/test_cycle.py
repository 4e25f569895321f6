"""The V-cycle in single precision against the operator it is for, and against the general multigrid."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.errors import SolverError
from simcell.numerics import multigrid
from simcell.numerics.cycle import COARSEST, Cycle
from simcell.numerics.diffusion import Diffusion
from simcell.numerics.gmres import gmres


def operator(ny: int, nx: int, contrast: float = 1.0) -> Diffusion:
    """Random links, smaller by `contrast` in a corner, with a sink in one cell in five."""
    generator = np.random.default_rng(3)
    y, x = np.zeros((1, ny + 1, nx)), np.zeros((1, ny, nx + 1))
    y[0, 1:-1], x[0, :, 1:-1] = generator.uniform(0.5, 2.0, (ny - 1, nx)), generator.uniform(0.5, 2.0, (ny, nx - 1))
    y[0, : ny // 2, : nx // 3] *= contrast
    x[0, : ny // 2, : nx // 3] *= contrast
    sink = np.where(generator.random((1, ny, nx)) < 0.2, 0.1, 0.0)
    return Diffusion((np.zeros((2, ny, nx)), y, x), sink)


def cycle(system: Diffusion) -> Cycle:
    """The cycle of an operator of one layer."""
    return Cycle(system.shape[1:]).set(system.links[1][0], system.links[2][0], system.sink[0])


@pytest.mark.kernel
@pytest.mark.parametrize("shape", [(3, 4), (7, 9), (16, 16), (5, 40)])
def test_it_is_symmetric_and_positive(shape: tuple[int, int]) -> None:
    once, generator = cycle(operator(*shape, 1e-4)), np.random.default_rng(1)
    a, b = generator.normal(size=(2, *shape))
    left, right = (a * once(b)).sum(), (b * once(a)).sum()
    assert left == pytest.approx(right, rel=1e-4, abs=1e-4 * abs(a * once(a)).sum())
    assert (a * once(a)).sum() > 0.0


@pytest.mark.parametrize("shape", [(32, 32), (33, 50), (7, 9), (3, 61), (1, 90)])
def test_it_is_the_cycle_of_the_general_solver(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multigrid, "COARSEST", COARSEST)
    monkeypatch.setattr(multigrid, "directions", lambda part: tuple(int(n > 1) for n in part.shape[1:]))
    for contrast in (1.0, 1e-6):
        system, b = operator(*shape, contrast), np.random.default_rng(2).normal(size=shape)
        general = multigrid.Multigrid(system, smoothers=(multigrid.POINT,), sweeps=2).cycle(b[None])[0]
        assert np.abs(cycle(system)(b) - general).max() < 2e-5 * np.abs(general).max()


def test_another_operator_can_be_set() -> None:
    once, b = cycle(operator(12, 18)), np.ones((12, 18))
    first = once(b).copy()
    other = operator(12, 18, 1e-3)
    changed = once.set(other.links[1][0], other.links[2][0], other.sink[0])(b).copy()
    assert np.array_equal(changed, cycle(other)(b))
    assert not np.allclose(changed, first)


def test_gmres_ends_where_numbers_overflow() -> None:
    with np.errstate(over="ignore"), pytest.raises(SolverError, match="range"):
        gmres(lambda v: v * np.float32(1e30), lambda v: v * np.float32(1e30), np.full(9, 1.0, dtype=np.float32), 1e-3)

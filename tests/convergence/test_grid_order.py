"""The discrete Laplacian solves Poisson's equation with order 2 on graded grids: manufactured solutions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, cg

from simcell.numerics.grid import Grid, full, graded, laplacian, plan, radial, section

Ends = dict[str, float | np.ndarray]
Case = Callable[[int], tuple[Grid, np.ndarray, np.ndarray, Ends]]


def positions(n: int, at: float = 0.3, stop: float = 1.0) -> np.ndarray:
    return graded(0.0, stop, {at: 0.05}, growth=1.6, refine=n)


def line(n: int) -> tuple[Grid, np.ndarray, np.ndarray, Ends]:
    """sin(3x) with a value at one end and cos = 0 slope at the other."""
    g = section(positions(n, stop=np.pi / 6), [0.0, 1.0])
    exact = np.sin(3.0 * g.centre[2])[None, None, :]
    return g, exact, -9.0 * exact, {"x-": 0.0}


def disc(n: int) -> tuple[Grid, np.ndarray, np.ndarray, Ends]:
    """exp(-r^2): no flux at the axis by symmetry."""
    g = radial(positions(n))
    s = g.centre[2][None, None, :] ** 2
    return g, np.exp(-s), (4.0 * s - 4.0) * np.exp(-s), {"x+": np.exp(-1.0)}


def bulged(n: int, layers: int = 0) -> tuple[Grid, np.ndarray, np.ndarray, Ends]:
    """cos(pi x) cos(pi y) under a thickness 1 + x^2 (1 - x)^2: div(h grad c) / h."""
    f = positions(n)
    x, y = (0.5 * (f[1:] + f[:-1])[None, :], 0.5 * (f[1:] + f[:-1])[:, None])
    h, slope = 1.0 + x**2 * (1.0 - x) ** 2 + 0.0 * y, 2.0 * x * (1.0 - x) * (1.0 - 2.0 * x)
    exact = np.cos(np.pi * x) * np.cos(np.pi * y)
    source = -2.0 * np.pi**2 * exact - np.pi * np.sin(np.pi * x) * np.cos(np.pi * y) * slope / h
    g = full(f, f, h, layers) if layers else plan(f, f, h)
    one = np.ones(g.shape)
    return g, one * exact, one * source, {}


def layered(n: int) -> tuple[Grid, np.ndarray, np.ndarray, Ends]:
    """The same through two layers: nothing goes from one to the other."""
    return bulged(n, 2)


def gap(n: int) -> tuple[Grid, np.ndarray, np.ndarray, Ends]:
    """cos(pi x) sin(pi z / 2) with a value on the floor."""
    g = section(positions(n), positions(n, at=0.0))
    exact = np.sin(0.5 * np.pi * g.centre[0])[:, None, None] * np.cos(np.pi * g.centre[2])[None, None, :]
    return g, exact, -1.25 * np.pi**2 * exact, {"z-": 0.0}


def box(n: int) -> tuple[Grid, np.ndarray, np.ndarray, Ends]:
    """Three dimensions: graded in x and z, periodic in y."""
    z = positions(n, at=0.0)
    x = graded(0.0, 1.0, {0.3: 0.15}, growth=1.6, refine=n)
    g = full(x, np.linspace(0.0, 1.0, 4 * n + 1), 1.0, z, (True, False))
    depth = 0.5 * (z[1:] + z[:-1])
    exact = (
        np.sin(0.5 * np.pi * depth)[:, None, None]
        * np.cos(2.0 * np.pi * g.centre[1])[None, :, None]
        * np.cos(np.pi * g.centre[2])[None, None, :]
    )
    return g, exact, -5.25 * np.pi**2 * exact, {"z-": 0.0}


def solve(g: Grid, source: np.ndarray, ends: Ends) -> np.ndarray:
    """Solve laplacian = source by conjugate gradients; without fixed values the mean of the source is taken off."""
    constant = laplacian(g, np.zeros(g.shape), ends)
    homogeneous: Ends = {side: 0.0 for side in ends}
    right = (constant - source) * g.volume
    if not ends:
        right = right - g.volume * right.sum() / g.volume.sum()

    def apply(v: np.ndarray) -> np.ndarray:
        return (-laplacian(g, v.reshape(g.shape), homogeneous) * g.volume).ravel()

    diagonal = sum(
        np.take(a / d, range(1, a.shape[axis]), axis) + np.take(a / d, range(a.shape[axis] - 1), axis)
        for axis, (a, d) in enumerate(zip(g.area, g.distance, strict=True))
    )
    scale = LinearOperator((right.size, right.size), lambda v: v / diagonal.ravel())
    solution, status = cg(LinearOperator((right.size, right.size), apply), right.ravel(), rtol=1e-11, M=scale)
    assert status == 0
    return solution.reshape(g.shape)


@pytest.mark.parametrize("case", [line, disc, bulged, layered, gap, box], ids=lambda c: c.__name__)
def test_poisson(case: Case) -> None:
    errors, refinements = [], (1, 2, 4)
    for n in refinements:
        g, exact, source, ends = case(n)
        error = solve(g, source, ends) - exact
        if not ends:
            error = error - (error * g.volume).sum() / g.volume.sum()
        errors.append(np.sqrt((error**2 * g.volume).sum() / g.volume.sum()))
    slope = -np.polyfit(np.log(refinements), np.log(errors), 1)[0]
    assert slope == pytest.approx(2.0, abs=0.2), errors
    assert errors[-1] < 5e-3

"""Reaction and diffusion along a line: order 2 in space by manufactured solutions on graded grids, order 4 in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from simcell.chemistry.network import Array, Network
from simcell.numerics.grid import Grid, graded, radial, section
from simcell.radiolysis import kernels
from simcell.radiolysis.spatial import Ends, charges, integrate_radial, line_of
from tests.reference.synthetic import mechanism

X = {"X": 1}
IONS = mechanism(
    {"A+": (X, 1), "B-": (X, -1), "M^2+": (X, 2), "N": ({"X": 2}, 0)},
    [("A+ + B- -> N", 1.0), ("N -> A+ + B-", 1.0),
     ("M^2+ -> M^2+", 0.0)],
)  # fmt: skip
NET = Network.of(IONS)
D = np.array([{"A+": 3.0, "B-": 0.7, "M^2+": 0.4, "N": 1.0}[s] for s in NET.names])
# even polynomials c0 + c1 s + c2 s^2 of s = x^2; those of B- make the solution neutral
SHAPES = {"A+": (1.0, 0.5, -0.3), "M^2+": (0.4, -0.5, 0.2), "N": (0.5, 0.7, -0.4)}
SHAPES["B-"] = tuple(a + 2.0 * m for a, m in zip(SHAPES["A+"], SHAPES["M^2+"], strict=True))


@dataclass
class Exact:
    """The chosen profile: value, first and second derivative at positions x, in kernel order."""

    x: Array

    def __post_init__(self) -> None:
        s = np.array([SHAPES[name] for name in NET.names])[:, :, None]
        x = self.x[None, :]
        self.value = s[:, 0] + s[:, 1] * x**2 + s[:, 2] * x**4
        self.first = 2.0 * s[:, 1] * x + 4.0 * s[:, 2] * x**3
        self.second = 2.0 * s[:, 1] + 12.0 * s[:, 2] * x**2

    def source(self, symmetry: int, closure: bool, k: Array) -> Array:
        """What must be added to each species so that the profile stands still."""
        z, d = charges(NET)[:, None] * closure, D[:, None]
        current, slope = (z * d * self.first).sum(0), (z * d * self.second).sum(0)
        conductivity, change = (z**2 * d * self.value).sum(0), (z**2 * d * self.first).sum(0)
        g, dg = np.zeros_like(self.x), np.zeros_like(self.x)
        if closure:
            g, dg = current / conductivity, (slope * conductivity - current * change) / conductivity**2
        flux = -d * (self.first - z * self.value * g)
        dflux = -d * (self.second - z * (self.first * g + self.value * dg))
        divergence = dflux + symmetry * flux / self.x
        i = NET.index
        rate = k[0] * self.value[i["A+"]] * self.value[i["B-"]] - k[1] * self.value[i["N"]]
        reaction = rate * np.array([{"A+": -1.0, "B-": -1.0, "M^2+": 0.0, "N": 1.0}[s] for s in NET.names])[:, None]
        return divergence - reaction


def grid(symmetry: int, refine: int) -> Grid:
    faces = graded(0.0, 1.0, {0.4: 0.02}, growth=1.2, refine=refine)
    return radial(faces) if symmetry else section(faces, [0.0, 1.0])


TERMS = {
    "diffusion": (False, np.zeros(3)),
    "diffusion, migration": (True, np.zeros(3)),
    "diffusion, reaction": (False, np.array([4.0, 1.5, 0.0])),
    "diffusion, migration, reaction": (True, np.array([4.0, 1.5, 0.0])),
}


@pytest.mark.parametrize("symmetry", [0, 1], ids=["line", "radial"])
@pytest.mark.parametrize("terms", TERMS)
def test_order_in_space(terms: str, symmetry: int) -> None:
    closure, k = TERMS[terms]
    errors, refinements = [], (1, 2, 4)
    edge = Exact(np.array([1.0])).value[:, 0]
    for refine in refinements:
        g = grid(symmetry, refine)
        exact = Exact(g.centre[2])
        run = integrate_radial(
            NET, k, D, charges(NET), exact.source(symmetry, closure, k), 0.0 * exact.value + edge[:, None], g,
            Ends(upper=edge), np.array([200.0]), electroneutral=closure, rtol=1e-7, atol=1e-12,
        )  # fmt: skip
        share = g.volume.ravel() / g.volume.sum()
        errors.append(np.sqrt((run.concentration[-1] - exact.value) ** 2 @ share))
    slopes = -np.polyfit(np.log(refinements), np.log(errors), 1)[0]
    np.testing.assert_allclose(slopes, 2.0, atol=0.1, err_msg=f"{NET.names} {errors}")
    assert (errors[-1] < 5e-4).all()


def fixed_steps(g: Grid, k: Array, count: int, duration: float, closure: bool = True) -> Array:
    """Equal steps without error control from a profile that fits the boundary, with a source that does not."""
    start = Exact(g.centre[2]).value
    edge = Exact(np.array([1.0])).value[:, 0]
    line, c = line_of(NET, D, charges(NET) * closure, start, g, Ends(upper=edge))
    source = np.zeros((4, c.shape[1]))
    n, b = NET.index["N"], NET.index["B-"]
    source[n, 1:-1] = np.cos(0.5 * np.pi * g.centre[2]) ** 2
    source[NET.index["A+"], 1:-1] = source[b, 1:-1] = 2.0 * source[n, 1:-1]
    times = np.arange(1, count + 1) * (duration / count)
    state = np.zeros(kernels.STATE_SIZE)
    state[kernels.STEP] = duration
    result, left = np.zeros((count, 4, g.shape[2])), np.zeros((2, 4))
    status = kernels.advance_line(
        NET.tables, k, line, source, np.array([0.0, duration]), np.ones(1), times, 1e300, 1e300, 10 * count, state, c,
        left, result, np.zeros((count, 2, 4)),
    )  # fmt: skip
    assert status == kernels.DONE
    assert state[kernels.N_ACCEPTED] == count
    return np.append(c[:-1, 1:-1].ravel(), left[1])


@pytest.mark.parametrize("closure", [True, False])
def test_order_in_time(closure: bool) -> None:
    """Concentrations and what has left converge with order 4 where diffusion is stiff (D h / dx^2 > 10)."""
    g, k, counts = grid(1, 1), np.array([4.0, 1.5, 0.0]), (32, 64, 128)
    best = fixed_steps(g, k, 1024, 0.5, closure)
    errors = [np.abs(fixed_steps(g, k, count, 0.5, closure) - best).max() for count in counts]
    slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(4.0, abs=0.4), errors


def test_error_follows_the_tolerance() -> None:
    g, k = grid(1, 1), np.array([4.0, 1.5, 0.0])
    exact = Exact(g.centre[2])
    edge = Exact(np.array([1.0])).value[:, 0]

    def run(rtol: float) -> Array:
        return integrate_radial(
            NET, k, D, charges(NET), 0.0 * exact.value, exact.value, g, Ends(upper=edge), np.array([0.3]), rtol=rtol
        ).concentration[-1]

    best = run(1e-11)
    for rtol in (1e-3, 1e-5, 1e-7):
        assert np.abs(run(rtol) / best - 1.0).max() < 3.0 * rtol


def test_coefficients_are_those_of_a_stiffly_accurate_method_of_order_4() -> None:
    """R(z) agrees with exp(z) to z^4, the embedded one to z^3, and both vanish for infinite stiffness."""

    def stability(z: float) -> tuple[float, float]:
        u: list[float] = []
        for s in range(6):
            y = 1.0 + sum(kernels.A[s, j] * u[j] for j in range(s))
            u.append((z * y + sum(kernels.C[s, j] * u[j] for j in range(s))) / (1.0 / kernels.GAMMA - z))
        return y + u[5], y

    full, embedded = (np.array([stability(z)[i] - np.exp(z) for z in (0.08, 0.04, 0.02)]) for i in (0, 1))
    np.testing.assert_allclose(np.log2(full[:-1] / full[1:]), 5.0, atol=0.1)
    np.testing.assert_allclose(np.log2(embedded[:-1] / embedded[1:]), 4.0, atol=0.1)
    assert abs(stability(-1e9)[0]) < 1e-8
    assert abs(stability(-1e9)[1]) < 1e-8

"""Manufactured solutions of reaction, diffusion, migration and advection on graded grids of every kind.

c_i = f_i(phi) with a quadratic f_i and a smooth phi(x, y, z), so that the flux is -K_i(phi) grad phi + u f_i(phi) with
K_i = D_i (f_i' - z_i f_i g), g = sum z D f' / sum z^2 D f, and its divergence K_i' |grad phi|^2 and so on. phi is even
at the lower sides (closed) and 0 at the upper ones (reservoirs), or 0 at both radii of a ring with flow through it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcell.chemistry.network import Array, Network
from simcell.numerics.grid import Grid, Three, full, graded, plan, radial, section
from simcell.radiolysis.field import FieldRun, integrate_field
from simcell.radiolysis.spatial import charges
from tests.reference.synthetic import mechanism

X = {"X": 1}
NET = Network.of(
    mechanism(
        {"A+": (X, 1), "B-": (X, -1), "M^2+": (X, 2), "N": ({"X": 2}, 0)},
        [("A+ + B- -> N", 1.0), ("N -> A+ + B-", 1.0), ("M^2+ -> M^2+", 0.0)],
    )
)
Z = charges(NET)
D = np.array([{"A+": 3.0, "B-": 0.7, "M^2+": 0.4, "N": 1.0}[s] for s in NET.names])
COEFFICIENTS = {"A+": (1.0, 0.5, 0.3), "M^2+": (0.4, -0.3, 0.1), "N": (0.5, 0.7, -0.4)}
COEFFICIENTS["B-"] = tuple(a + 2.0 * m for a, m in zip(COEFFICIENTS["A+"], COEFFICIENTS["M^2+"], strict=True))
S = np.array([COEFFICIENTS[s] for s in NET.names])
K = np.array([4.0, 1.5, 0.0])
KINDS = ("radial", "ring", "plan", "section", "full")
TERMS = {
    "diffusion": (False, False, False),
    "diffusion, advection": (False, True, False),
    "diffusion, migration": (True, False, False),
    "diffusion, reaction": (False, False, True),
    "diffusion, advection, migration, reaction": (True, True, True),
}
SPEED = 2.0  # of the flow, in units in which D is about 1: cell Peclet numbers up to about 1 on the coarsest grid


@dataclass
class Case:
    """Grid, flow, exact solution and the source that holds it."""

    grid: Grid
    flow: Three | None
    value: Array
    source: Array
    reservoirs: dict[str, Array]

    def run(self, closure: bool, k: Array, duration: float = 5.0) -> FieldRun:
        """Wait until what is discretised stands still, from the exact solution on."""
        return integrate_field(
            NET, k, D, Z, np.zeros(4), np.zeros((1, *self.grid.shape)), self.value, self.grid, self.reservoirs,
            np.array([duration]), flow=self.flow, source=self.source, electroneutral=closure, rtol=1e-5, atol=1e-9,
        )  # fmt: skip

    def error(self, run: FieldRun) -> Array:
        """Root mean square over the volume, of each species."""
        share = self.grid.volume / self.grid.volume.sum()
        return np.asarray(np.sqrt(((run.concentration[-1] - self.value) ** 2 * share).sum((1, 2, 3))))


def grid_of(kind: str, refine: int, base: float = 0.1) -> Grid:
    x = graded(0.0, 1.0, {0.4: base}, growth=1.3, refine=refine)
    y = graded(0.0, 1.0, {0.6: base}, growth=1.2, refine=refine)
    if kind == "radial":
        return radial(x)
    if kind == "ring":
        return radial(1.0 + x)
    if kind == "plan":
        return plan(x, y, 0.3)
    if kind == "section":
        return section(x, y)
    return full(x, y, 1.0, graded(0.0, 1.0, {0.3: 2.0 * base}, growth=1.2, refine=refine))


def case(kind: str, refine: int, closure: bool, advection: bool, reaction: bool, base: float = 0.1) -> Case:
    g = grid_of(kind, refine, base)
    z, y, x = g.centre[0][:, None, None], g.centre[1][None, :, None], g.centre[2][None, None, :]
    phi, square, laplace, along, flow = _shape(kind, g, z, y, x)
    s0, s1, s2 = (S[:, i][:, None, None, None] for i in range(3))
    f, first, second = s0 + s1 * phi + s2 * phi**2, s1 + 2.0 * s2 * phi, 2.0 * s2 + 0.0 * phi
    charge, d = (Z * closure)[:, None, None, None], D[:, None, None, None]
    step, change = (charge * d * first).sum(0), (charge * d * second).sum(0)
    sigma, slope = (charge**2 * d * f).sum(0), (charge**2 * d * first).sum(0)
    field = step / sigma if closure else 0.0 * phi
    dfield = (change * sigma - step * slope) / sigma**2 if closure else 0.0 * phi
    k_phi = d * (first - charge * f * field)
    dk_phi = d * (second - charge * (first * field + f * dfield))
    source = -dk_phi * square - k_phi * laplace
    if advection:
        source = source + first * along
    if reaction:
        i = NET.index
        rate = K[0] * f[i["A+"]] * f[i["B-"]] - K[1] * f[i["N"]]
        for s, nu in (("A+", -1.0), ("B-", -1.0), ("N", 1.0)):
            source[i[s]] -= nu * rate
    sides = ["x-", "x+"] if kind == "ring" else ["x+", "y+", "z+"]
    lengths = {"x": g.shape[2], "y": g.shape[1], "z": g.shape[0]}
    reservoirs = {side: S[:, 0].copy() for side in sides if lengths[side[0]] > 1}
    return Case(g, flow if advection else None, f, source, reservoirs)


def _shape(kind: str, g: Grid, z: Array, y: Array, x: Array) -> tuple[Array, Array, Array, Array, Three]:
    """phi, |grad phi|^2, its Laplacian, u . grad phi, and the flow through faces."""
    flow = tuple(np.zeros_like(a) for a in g.area)
    if kind in ("radial", "ring"):
        inner, outer = (1.0, 2.0) if kind == "ring" else (-1.0, 1.0)
        phi, slope = (x - inner) * (outer - x), inner + outer - 2.0 * x
        if kind == "ring":
            flow[2][...] = SPEED * 2.0 * np.pi
        speed = SPEED if kind == "ring" else 0.0  # nothing can flow out of an axis
        return phi, slope**2, -2.0 + slope / x, speed / x * slope, (flow[0], flow[1], flow[2])
    axes = {"plan": (x, y), "section": (x, z), "full": (x, y, z)}[kind]
    parts, total = [1.0 - a**2 for a in axes], np.ones(g.shape)
    for part in parts:
        total = total * part
    square = sum((-2.0 * a * total / p) ** 2 for a, p in zip(axes, parts, strict=True))
    laplace = sum(-2.0 * total / p for p in parts)
    # a vortex that touches no side: stream function sin(pi x) sin(pi t), t = y or z
    other, name = (axes[1], 0 if kind == "section" else 1)
    ux = SPEED * np.pi * np.sin(np.pi * x) * np.cos(np.pi * other)
    ut = -SPEED * np.pi * np.cos(np.pi * x) * np.sin(np.pi * other)
    along = ux * (-2.0 * x * total / parts[0]) + ut * (-2.0 * other * total / parts[1])
    psi = SPEED * np.sin(np.pi * g.faces[name])[:, None] * np.sin(np.pi * g.faces[2])[None, :]
    if kind == "section":
        flow[2][...] = np.diff(psi, axis=0)[:, None, :]
        flow[0][...] = -np.diff(psi, axis=1)[:, None, :]
    else:
        height = np.diff(g.faces[0])[:, None, None] * (0.3 if kind == "plan" else 1.0)
        flow[2][...] = height * np.diff(psi, axis=0)[None]
        flow[1][...] = -height * np.diff(psi, axis=1)[None]
    return total, square, laplace, along, (flow[0], flow[1], flow[2])

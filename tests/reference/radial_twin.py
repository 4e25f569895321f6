r"""A slow, independent second opinion on radiolysis around a beam: method of lines with nodes, by scipy's LSODA.

It shares nothing with the package but the parsed mechanism. Space: values at nodes (the first on the axis, the last is
the reservoir), each node with the ring between the radii midway to its neighbours; fluxes midway between nodes, where
the value is the plain mean. The nodes lie where a smooth map puts them, the beam's edge is on a node and its ring
counts by the part inside. Current: the potential gradient is found from the condition that the fluxes carry none. Time:
LSODA with a banded Jacobian by finite differences. What has crossed the outermost midpoint is one more block.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import odeint

from tests.reference.twin import Twin

Array = NDArray[np.float64]


def nodes(beam: float, reservoir: float, finest: float, inside: int, outside: int) -> Array:
    """Nodes from 0 to the reservoir, condensed at the beam's edge by sinh maps to about the spacing `finest`."""

    def half(length: float, count: int) -> Array:
        low, high = 1e-6, 50.0  # bisection for the strength of the map
        for _ in range(200):
            s = 0.5 * (low + high)
            low, high = (s, high) if length * np.sinh(s / count) / np.sinh(s) > finest else (low, s)
        return length * np.sinh(s * np.arange(count + 1) / count) / np.sinh(s)

    return np.concatenate([beam - half(beam, inside)[::-1], beam + half(reservoir - beam, outside)[1:]])


class RadialTwin:
    """Reaction and diffusion on nodes; the state is (nodes, species) without the reservoir, then what has left."""

    def __init__(
        self,
        twin: Twin,
        diffusivity: Mapping[str, float],
        charge: Mapping[str, int],
        r: Array,
        beam: float,
        start: Array,
    ):
        self.r, self.start = r, start
        self.d = np.array([diffusivity[s] for s in twin.names])
        self.z = np.array([float(charge[s]) for s in twin.names])
        self.k = np.array([float(k) for k in twin.k])
        self.factors, self.nu = twin.factors, np.zeros((len(twin.k), len(twin.names)))
        for reaction, changes in enumerate(twin.changes):
            for i, nu in changes:
                self.nu[reaction, i] += nu
        middle = 0.5 * (r[1:] + r[:-1])
        outer, inner = middle, np.concatenate([[0.0], middle[:-1]])
        self.middle, self.ring = middle, 0.5 * (outer**2 - inner**2)  # per 2 pi and height
        lit = np.clip(beam**2 - inner**2, 0.0, outer**2 - inner**2) / (outer**2 - inner**2)
        self.made = lit[:, None] * np.array([float(p) for p in twin.p])[None, :]

    def fluxes(self, c: Array) -> Array:
        """Flux of each species at every midpoint [mol/m^2/s], the reservoir's included."""
        gradient = np.diff(c, axis=0) / np.diff(self.r)[:, None]
        mean = 0.5 * (c[1:] + c[:-1])
        if not self.z.any():
            return -self.d * gradient
        field = (gradient @ (self.z * self.d)) / (mean @ (self.z**2 * self.d))
        return -self.d * (gradient - self.z * mean * field[:, None])

    def change(self, state: Array, _t: float) -> Array:
        """Time derivative of the state."""
        blocks = state.reshape(-1, self.d.size)
        c = np.vstack([blocks[:-1], self.start])
        crossing = self.middle[:, None] * self.fluxes(c)
        gain = -np.diff(np.vstack([np.zeros(self.d.size), crossing]), axis=0)
        rates = np.empty((c.shape[0] - 1, self.k.size))
        for reaction, factors in enumerate(self.factors):
            rates[:, reaction] = self.k[reaction] * np.prod(c[:-1, factors], axis=1)
        return np.vstack([gain / self.ring[:, None] + rates @ self.nu + self.made, crossing[-1]]).ravel()

    def run(self, times: Array, rtol: float, atol: float) -> tuple[Array, Array]:
        """Concentrations (time, node, species) and amounts that have left (time, species) [mol per 2 pi and height]."""
        n = self.d.size
        first = np.vstack([np.tile(self.start, (self.ring.size, 1)), np.zeros(n)]).ravel()
        path = odeint(
            self.change, first, np.concatenate([[0.0], times]), ml=2 * n - 1, mu=2 * n - 1, rtol=rtol, atol=atol,
            mxstep=100_000,
        )  # fmt: skip
        blocks = path[1:].reshape(times.size, -1, n)
        return blocks[:, :-1], blocks[:, -1]

"""A slow, independent second opinion on reaction and transport in a plan view: method of lines with scipy's Radau.

It shares nothing with the package but the parsed mechanism. Cells are a plain rectangle with uniform spacing, in loops
over neighbours; the force on the ions at a face follows from the sum of z times the flux being zero; a side is a
reservoir behind half a cell or closed. The flow is not here: it has its manufactured solutions.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from tests.reference.twin import Twin

Array = NDArray[np.float64]


class FieldTwin:
    """Concentrations (ny, nx, species) on squares of `spacing`, and what has left through open sides."""

    def __init__(
        self, twin: Twin, diffusivity: Mapping[str, float], charge: Mapping[str, int], spacing: float, dose: Array,
        start: Array, open_sides: tuple[str, ...],
    ):  # fmt: skip
        self.d = np.array([diffusivity[s] for s in twin.names])
        self.z = np.array([float(charge[s]) for s in twin.names])
        self.k, self.factors = np.array([float(k) for k in twin.k]), twin.factors
        self.nu = np.zeros((len(twin.k), len(twin.names)))
        for reaction, changes in enumerate(twin.changes):
            for i, nu in changes:
                self.nu[reaction, i] += nu
        self.made = dose[:, :, None] * np.array([float(p) for p in twin.p])
        n = len(twin.names)
        self.padded = np.array([[*j, n, n, n][:3] for j in map(list, twin.factors)])
        self.dx, self.start, self.open = spacing, start, open_sides

    def flux(self, a: Array, b: Array, middle: Array, distance: float) -> Array:
        """From a to b [mol/m^2/s]."""
        gradient = (b - a) / distance
        bare = -self.d * gradient
        drift = self.z * self.d * middle
        force = -(self.z @ bare) / (self.z @ drift)
        return bare + drift * force

    def change(self, _t: float, state: Array) -> Array:
        """Time derivative of all cells, then of what has left."""
        ny, nx, n = self.made.shape
        c = state[: ny * nx * n].reshape(ny, nx, n)
        f, gone = self.made.copy(), np.zeros(n)
        for y in range(ny):
            for x in range(nx):
                f[y, x] += (self.k * np.append(c[y, x], 1.0)[self.padded].prod(axis=1)) @ self.nu
                for side, dy, dx in (("x-", 0, -1), ("x+", 0, 1), ("y-", -1, 0), ("y+", 1, 0)):
                    if 0 <= y + dy < ny and 0 <= x + dx < nx:
                        other = c[y + dy, x + dx]
                        out = self.flux(c[y, x], other, 0.5 * (c[y, x] + other), self.dx)
                    elif side in self.open:
                        out = self.flux(c[y, x], self.start, self.start, 0.5 * self.dx)
                        gone += out * self.dx
                    else:
                        continue
                    f[y, x] -= out / self.dx
        return np.append(f.ravel(), gone)

    def run(self, times: Array, rtol: float, atol: float) -> tuple[Array, Array]:
        """Concentrations (time, ny, nx, species) and amounts that have left (time, species) [mol per thickness]."""
        ny, nx, n = self.made.shape
        first = np.append(np.tile(self.start, ny * nx), np.zeros(n))
        path = solve_ivp(
            self.change, (0.0, float(times[-1])), first, method="Radau", t_eval=times, rtol=rtol,
            atol=np.append(np.full(ny * nx * n, atol), np.full(n, atol * self.dx**2)),
        )  # fmt: skip
        assert path.success, path.message
        cells = path.y.T[:, : ny * nx * n].reshape(times.size, ny, nx, n)
        return cells, path.y.T[:, ny * nx * n :]

r"""A slow, plain second opinion on species in plan view: method of lines in numpy, time by scipy's implicit methods.

It shares the volumes, areas and distances of the grid and the parsed mechanism with the package. Concentrations
are (species, ny, nx). Without charges and flow the diffusion is `simcell.numerics.grid.laplacian`, which the general
form below must reproduce. In general the amount that passes a face from the lower (L) to the upper side (R) is

.. math:: J_i = Q \frac{c_L + c_R}{2} - g_i \,(c_R - c_L - z_i \bar c_i\, G), \qquad
          g_i = \frac{A}{d} D_i \frac{Pe_i}{2} \coth\frac{Pe_i}{2}, \quad Pe_i = \frac{Q d}{A D_i}

which is the exact flow of one species between two points in one dimension (Q: volume flow through the face), with the
potential step G that lets no net current pass. Sides of the grid are impermeable or have a fixed composition outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.integrate import solve_ivp

from simcell.numerics.grid import Grid, laplacian
from tests.reference.twin import Twin

Array = NDArray[np.float64]


@dataclass
class PlanTwin:
    """Species on a grid with nz = 1; `made` is the source of each species and cell [mol/m^3/s]."""

    twin: Twin
    diffusivity: Array  # (n,) m^2/s
    charge: Array  # (n,); zeros: every species on its own
    grid: Grid
    made: Array  # (n, ny, nx)
    outside: Mapping[str, Array] = field(default_factory=dict)  # side ("x-", "x+", "y-", "y+") -> (n,)
    flow: tuple[Array, Array, Array] | None = None  # m^3/s through the faces, shaped like grid.area

    def __post_init__(self) -> None:
        self.k = np.array([float(k) for k in self.twin.k])
        self.nu = np.zeros((self.k.size, self.diffusivity.size))
        for reaction, changes in enumerate(self.twin.changes):
            for i, nu in changes:
                self.nu[reaction, i] += nu

    def reactions(self, c: Array) -> Array:
        """Change by reactions [mol/m^3/s] of (n, ny, nx) concentrations."""
        rates = np.stack([k * np.prod(c[list(f)], axis=0) for k, f in zip(self.k, self.twin.factors, strict=True)])
        return np.tensordot(self.nu.T, rates, axes=1)

    def diffusion_alone(self, c: Array) -> Array:
        """Change by diffusion where species neither pull at one another nor are carried along."""
        sides = [{side: out[i] for side, out in self.outside.items()} for i in range(c.shape[0])]
        return np.stack(
            [d * laplacian(self.grid, u[None], s)[0] for d, u, s in zip(self.diffusivity, c, sides, strict=True)]
        )

    def passing(self, c: Array, axis: int) -> Array:
        """Amounts [mol/s] through all faces normal to y (axis 1) or x (axis 2): (n, faces...)."""
        name = "zyx"[axis]
        first, last = np.take(c, [0], axis), np.take(c, [-1], axis)
        shape = (-1, 1, 1)
        lower_end = self.outside[name + "-"].reshape(shape) + 0.0 * first if name + "-" in self.outside else first
        upper_end = self.outside[name + "+"].reshape(shape) + 0.0 * last if name + "+" in self.outside else last
        lower, upper = np.concatenate([lower_end, c], axis), np.concatenate([c, upper_end], axis)
        area, distance = self.grid.area[axis][0], self.grid.distance[axis][0]
        q = np.zeros_like(area) if self.flow is None else self.flow[axis][0]
        along = [1, 1]
        along[axis - 1] = -1
        weight = self.grid.weight(axis).reshape(along)
        mean = weight * lower + (1.0 - weight) * upper
        d, z = self.diffusivity.reshape(shape), self.charge.reshape(shape)
        conducts = np.ones(area.shape[axis - 1])  # nothing diffuses through a side without an outside
        conducts[0], conducts[-1] = name + "-" in self.outside, name + "+" in self.outside
        half = np.divide(q * distance, 2.0 * area * d, out=np.zeros(np.broadcast(q, d).shape), where=area > 0.0)
        stretch = np.where(np.abs(half) > 1e-8, half / np.tanh(np.where(half == 0.0, 1.0, half)), 1.0)
        g = conducts.reshape(along) * area / distance * d * stretch
        alone = q * 0.5 * (lower + upper) - g * (upper - lower)
        resisting = (z**2 * g * mean).sum(axis=0)
        step = np.divide(-(z * alone).sum(axis=0), resisting, out=np.zeros_like(resisting), where=resisting > 0.0)
        return alone + g * z * mean * step

    def transport(self, c: Array) -> Array:
        """Change by diffusion, migration and flow [mol/m^3/s]."""
        total = np.zeros_like(c)
        for axis in (1, 2):
            total -= np.diff(self.passing(c, axis), axis=axis)
        return total / self.grid.volume[0]

    def change(self, _t: float, state: Array) -> Array:
        """Time derivative of the state, species outermost."""
        c = state.reshape(self.diffusivity.size, *self.grid.shape[1:])
        return (self.reactions(c) + self.transport(c) + self.made).ravel()

    def run(self, start: Array, times: Array, rtol: float = 1e-7, atol: float = 1e-12) -> Array:
        """Concentrations (time, species, ny, nx) from a uniform start (n,)."""
        first = np.repeat(start, self.grid.volume.size)
        ny, nx = self.grid.shape[1:]
        beside = sparse.kron(sparse.eye(ny), _line(nx)) + sparse.kron(_line(ny), sparse.eye(nx))
        touched = sparse.kron(np.ones((start.size, start.size)), beside)  # columns found by differences, many at a time
        found = solve_ivp(
            self.change, (0.0, float(times[-1])), first, method="BDF", t_eval=times, rtol=rtol, atol=atol,
            jac_sparsity=touched,
        )  # fmt: skip
        assert found.success, found.message
        return np.moveaxis(found.y.reshape(self.diffusivity.size, *self.grid.shape[1:], -1), -1, 0)


def _line(n: int) -> sparse.spmatrix:
    return sparse.diags([1.0, 1.0, 1.0], [-1, 0, 1], shape=(n, n))

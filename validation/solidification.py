r"""A dendrite of a pure melt, explicit and fast: the model of Karma and Rappel on the stencils of the metal model.

.. math:: a^2\partial_t\phi = \nabla\cdot\left[a^2\nabla\phi + a\,a'\,\nabla_\perp\phi\right]
          + (1-\phi^2)\left[\phi-\lambda u(1-\phi^2)\right],\qquad
          \partial_t u = D\nabla^2 u + \tfrac12\partial_t\phi,\qquad a = 1+\epsilon\cos 4\varphi

in units of the interface width W and the relaxation time: A. Karma and W.-J. Rappel, Phys. Rev. E 57 (1998) 4323.
:math:`\lambda = D/0.6267` takes the kinetics of the sharp front away, whose capillary length is then
:math:`d_0 = 0.8839/\lambda`. Fluxes are evaluated at faces, from the mean gradient along them, as the curvature of the
metal model is (`simcell.dendrite.kernels`); the kinetic factor of a cell is the mean of its four faces. Angles enter by
cos and sin of 2 phi, which are polynomials of the gradient over its square: one division a face, nothing else.

The kernel goes through the fields once a step and updates them in place; what it needs of the row before stands in
buffers of one row. It calculates the phase between two columns of each row (all of them, or where it is not bulk), in
the precision of the arrays. u may live on a grid that widens outwards, where there is no front.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.jit import njit_apart

Array = NDArray[np.float64]
A1, A2 = 0.8839, 0.6267  # of the thin-interface limit, Karma and Rappel 1998, as PFHub 3 and later papers use them
BULK = 1e-7  # 1 - |phi| of cells that need no work
EVERY, MARGIN = 40, 4  # steps after which the cells that need work are looked up again, and cells kept beside them


@njit_apart
def _heat(here: Array, cold: Array, above: Array, left: Array, right: Array, down: float, up: float, u: Array) -> None:
    """A row of u after conduction; `here` is the row itself as it was, with one more cell at both ends."""
    for i in range(u.size):
        v = here[i + 1]
        change = left[i] * (here[i] - v) + right[i] * (here[i + 2] - v)
        u[i] = v + change + down * (cold[i] - v) + up * (above[i] - v)


@njit_apart
def _across(row: Array, above: Array, below: Array, c: Array, fx: Array, ax: Array) -> None:
    """Fluxes and squares of a through the faces between the columns of a row; face i lies before cell i + 1."""
    tiny, quarter, one, k0, k1, k2 = c[0], c[1], c[3], c[4], c[5], c[6]
    for i in range(fx.size):
        g = row[i + 1] - row[i]
        t = quarter * ((above[i] + above[i + 1]) - (below[i] + below[i + 1]))
        s, q = g * g, t * t
        r = one / (s + q + tiny)
        cosine, sine = (s - q) * r, (g * t) * r
        w = k0 - k1 * (sine * sine)
        fx[i] = w * (w * g + k2 * (cosine * sine) * t)
        ax[i] = w * w


@njit_apart
def _phase(
    row: Array, above: Array, heat: Array, c: Array, fx: Array, ax: Array, fy: Array, ay: Array, change: Array
) -> None:
    """Change of the phase in the cells of a row; fy, ay come as those of the lower faces and go as of the upper."""
    tiny, quarter, one, k0, k1, k2 = c[0], c[1], c[3], c[4], c[5], c[6]
    spread, react, coupling = c[7], c[8], c[9]
    for i in range(change.size):
        p = row[i + 1]
        g = above[i + 1] - p
        t = quarter * ((row[i + 2] + above[i + 2]) - (row[i] + above[i]))
        s, q = g * g, t * t
        r = one / (s + q + tiny)
        cosine, sine = (s - q) * r, (g * t) * r
        w = k0 - k1 * (sine * sine)
        flux = w * (w * g + k2 * (cosine * sine) * t)
        square = w * w
        total = (fx[i + 1] - fx[i]) + (flux - fy[i])
        kinetic = (ax[i + 1] + ax[i]) + (square + ay[i])
        fy[i], ay[i] = flux, square
        f = one - p * p
        change[i] = (spread * total + react * f * (p - coupling * heat[i] * f)) / kinetic


@njit_apart
def _copy(row: Array, kept: Array) -> None:
    for i in range(row.size):
        kept[i] = row[i]


@njit_apart
def _add(change: Array, half: float, before: Array, phi: Array, u: Array) -> None:
    for i in range(change.size):
        p, gain = phi[i], change[i]
        before[i] = p
        phi[i] = p + gain
        u[i] += half * gain


@njit_apart
def advance(
    phi: Array, u: Array, steps: int, reach: Array, low: Array, high: Array, c: Array, left: Array, right: Array,
    down: Array, up: Array, below: Array, kept: Array, change: Array, fx: Array, ax: Array, fy: Array, ay: Array,
) -> None:  # fmt: skip
    """Explicit steps in place; fields have one more cell all around, nothing passes the ends.

    reach: last row and column in which u changes; low, high: first and last column of the phase in each row;
    c: numbers of the precision of the fields; left .. up: conductances of u times the step over the volume;
    below: the phase of the row before, kept: u of it and of this one, as they were; fx, ax, fy, ay: fluxes and squares of a at faces.
    """
    ny, nx = phi.shape[0] - 2, phi.shape[1] - 2
    m = reach[1]
    for _ in range(steps):
        first, last = 1, 0
        _copy(u[1], kept[0])
        for j in range(1, reach[0] + 1):
            cold, here, conducted = kept[(j + 1) % 2], kept[j % 2], u[j, 1 : m + 1]
            _copy(u[j, : m + 2], here)
            _heat(here, cold[1:], u[j + 1, 1:], left[1:], right[1:], down[j], up[j], conducted)
            a, b = low[j], high[j]
            if a <= b:
                if j == ny:
                    phi[j + 1] = phi[j]
                phi[j, 0], phi[j, nx + 1] = phi[j, 1], phi[j, nx]
                phi[j + 1, 0], phi[j + 1, nx + 1] = phi[j + 1, 1], phi[j + 1, nx]
                if first > last:
                    first, last = b + 2, b + 1
                old = max(j - 1, 1)
                for i in range(a - 1, min(first, b + 2)):
                    below[i], fy[i], ay[i] = phi[old, i], c[10], c[3]
                for i in range(max(last + 1, a - 1), b + 2):
                    below[i], fy[i], ay[i] = phi[old, i], c[10], c[3]
                if first == 1:
                    below[0] = below[1]
                if last == nx:
                    below[nx + 1] = below[nx]
                row, above, changed = phi[j, a - 1 :], phi[j + 1, a - 1 :], change[a : b + 1]
                _across(row, above, below[a - 1 :], c, fx[a - 1 : b + 1], ax[a - 1 :])
                _phase(row, above, here[a:], c, fx[a - 1 :], ax[a - 1 :], fy[a:], ay[a:], changed)
                _add(changed, c[2], below[a:], row[1:], u[j, a:])
            first, last = a, b


class Dendrite:
    """A quarter of a crystal with its arms along the axes, from a round seed in the corner.

    Parameters
    ----------
    h, dt : float
        Size of a cell [W] and step [tau]; dt is at most 0.2 h^2 / D.
    diffusivity, strength, undercooling : float
        D [W^2 / tau], epsilon, and minus u far away.
    fine, far : float
        Where the equal cells and where the grid end [W].
    seed, sharpness : float
        Radius of the seed [W], and the length over which tanh passes in it.
    growth : float
        Ratio of neighbouring cells beyond `fine`.
    bulk : bool
        Calculate the phase everywhere, and u too.
    dtype : type
        Precision of the fields.
    """

    def __init__(
        self, h: float, dt: float, diffusivity: float, strength: float, undercooling: float, fine: float, far: float,
        seed: float, sharpness: float = math.sqrt(2.0), growth: float = 1.08, bulk: bool = False, dtype: type = np.float64,
    ) -> None:  # fmt: skip
        self.h, self.dt, self.bulk, self.time = h, dt, bulk, 0.0
        self.strength, self.undercooling = strength, undercooling
        self.coupling = diffusivity / A2
        self.size = _graded(h, fine, far, growth)
        self.equal = int(np.count_nonzero(np.abs(self.size - h) < 1e-9 * h))
        n = self.size.size
        self.x = np.cumsum(self.size) - 0.5 * self.size
        padded = np.concatenate(([self.x[0] - self.size[0]], self.x, [self.x[-1] + self.size[-1]]))
        r = np.hypot(padded[:, None], padded[None, :])
        r[0], r[:, 0] = r[1], r[:, 1]
        self.phi = np.tanh((seed - r) / sharpness).astype(dtype)
        self.u = np.full((n + 2, n + 2), -undercooling, dtype)
        constants = [
            1e-25, 0.25, 0.5, 1.0, 1.0 + strength, 8.0 * strength, 16.0 * strength,
            4.0 * dt / h**2, 4.0 * dt, self.coupling, 0.0,
        ]  # fmt: skip
        to_left, to_right = np.zeros(n + 2), np.zeros(n + 2)
        between = diffusivity * dt / (0.5 * (self.size[1:] + self.size[:-1]))
        to_left[2:-1], to_right[1:-2] = between / self.size[1:], between / self.size[:-1]
        sides = [side.astype(dtype) for side in (to_left, to_right)]
        rows = [np.zeros(n + 2, dtype) for _ in range(7)]
        rows[1] = np.zeros((2, n + 2), dtype)
        self.reach = np.array([n, n])
        self.low, self.high = np.ones(n + 2, np.int64), np.full(n + 2, n, np.int64)
        self._rest = (self.reach, self.low, self.high, np.array(constants, dtype), *sides, *sides, *rows)

    @property
    def inside(self) -> Array:
        """The phase without its border."""
        return self.phi[1:-1, 1:-1]

    def run(self, until: float) -> None:
        """Go on to a time [tau], by whole steps."""
        steps = round((until - self.time) / self.dt)
        self.time += steps * self.dt
        while steps > 0:
            part = min(steps, EVERY)
            if not self.bulk:
                self._narrow()
            advance(self.phi, self.u, part, *self._rest)
            steps -= part
        if not np.isfinite(self.phi[1, 1]) or self.high[1] > self.equal:
            raise ValueError(
                f"unstable, or the tip has left the equal cells, which end at {self.x[self.equal - 1]:g} W"
            )

    def _narrow(self) -> None:
        """Find the columns in which each row needs work, and how far heat has come."""
        n = self.x.size
        mixed = np.abs(self.inside) < 1.0 - BULK
        some = mixed.any(axis=1)
        self.low[1:-1] = np.where(some, np.maximum(np.argmax(mixed, axis=1) + 1 - MARGIN, 1), n + 1)
        self.high[1:-1] = np.where(some, np.minimum(n - np.argmax(mixed[:, ::-1], axis=1) + MARGIN, n), 0)
        low, high = self.low.copy(), self.high.copy()
        for k in range(1, MARGIN + 1):  # rows beside them
            low[1 : -1 - k] = np.minimum(low[1 : -1 - k], self.low[1 + k : -1])
            low[1 + k : -1] = np.minimum(low[1 + k : -1], self.low[1 : -1 - k])
            high[1 : -1 - k] = np.maximum(high[1 : -1 - k], self.high[1 + k : -1])
            high[1 + k : -1] = np.maximum(high[1 + k : -1], self.high[1 : -1 - k])
        self.low[:], self.high[:] = low, high
        warm = np.abs(self.u[1, 1:-1] + self.undercooling) > 1e-9  # along an arm heat has come farthest
        tall = np.abs(self.u[1:-1, 1] + self.undercooling) > 1e-9
        for axis, line in enumerate((tall, warm)):
            self.reach[axis] = min(n, n - int(np.argmax(line[::-1])) + EVERY // 4) if line.any() else n

    def front(self, rows: int, level: float = 0.0) -> Array:
        """Where the first rows pass a value of phi on their way out [W]."""
        found = np.empty(rows)
        for j in range(rows):
            line = self.inside[j, : self.equal].astype(float)
            k = int(np.nonzero(line > level)[0][-1])
            depth = math.sqrt(2.0) * np.arctanh(line[k : k + 2])
            found[j] = self.x[k] + self.h * (depth[0] - math.sqrt(2.0) * math.atanh(level)) / (depth[0] - depth[1])
        return found

    def tip(self, level: float = 0.0) -> float:
        """Position on the axis, half a cell below the first row [W]."""
        first, second = self.front(2, level)
        return float(1.125 * first - 0.125 * second)

    def radius(self, over: float) -> float:
        """Radius of the tip [W], by an even polynomial of fourth degree through the front as far as `over` [W]."""
        rows = max(4, round(over / self.h))
        y = self.x[:rows] / self.x[rows - 1]
        slope = np.linalg.lstsq(np.stack([y**0, y**2, y**4], axis=1), self.front(rows), rcond=None)[0][1]
        return float(-0.5 * self.x[rows - 1] ** 2 / slope)

    def solid(self) -> float:
        """Area of the crystal [W^2], the whole of (1 + phi)/2."""
        area = np.outer(self.size, self.size)
        return float((0.5 * (self.inside.astype(float) + 1.0) * area).sum())

    def energy(self) -> float:
        """Free energy of the phase at the u that it is in, with the well -phi^2/2 + phi^4/4."""
        p, u, area = self.inside.astype(float), self.u[1:-1, 1:-1].astype(float), np.outer(self.size, self.size)
        well = -0.5 * p**2 + 0.25 * p**4 + self.coupling * u * p * (1.0 - 2.0 / 3.0 * p**2 + 0.2 * p**4)
        m = self.equal
        e = np.pad(p[:m, :m], 1, mode="edge")
        gy, gx = np.diff(e[:, 1:-1], axis=0) / self.h, np.diff(e[1:-1], axis=1) / self.h  # at faces
        ty, tx = ((e[2:] - e[:-2]) / (2.0 * self.h), (e[:, 2:] - e[:, :-2]) / (2.0 * self.h))
        across = (0.5 * (tx[1:] + tx[:-1]), 0.5 * (ty[:, 1:] + ty[:, :-1]))
        slope = sum(float((_square(g, t, self.strength) * g**2).sum()) for g, t in zip((gy, gx), across, strict=True))
        return float((well * area).sum()) + 0.5 * slope * self.h**2


def _square(g: Array, t: Array, strength: float) -> Array:
    s, q = g * g, t * t
    cosine, sine = (s - q) / (s + q + 1e-25), 2.0 * g * t / (s + q + 1e-25)
    return np.asarray((1.0 + strength * (cosine**2 - sine**2)) ** 2)


def _graded(h: float, fine: float, far: float, growth: float) -> Array:
    sizes = [h] * round(fine / h)
    at = fine
    while at < far - 1e-9:
        sizes.append(min(sizes[-1] * growth, 0.05 * far))
        at += sizes[-1]
    sizes = np.array(sizes)
    beyond = np.arange(sizes.size) >= round(fine / h)
    sizes[beyond] *= (far - fine) / max(sizes[beyond].sum(), 1e-300)
    return sizes


def history(crystal: Dendrite, times: Iterable[float]) -> tuple[Array, Array]:
    """Times and positions of the tip while it grows."""
    found = []
    for time in times:
        crystal.run(time)
        found.append((crystal.time, crystal.tip()))
    return tuple(np.array(found).T)

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

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import erfc

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
    down: Array, up: Array, below: Array, kept: Array, change: Array,
    fx: Array, ax: Array, fy: Array, ay: Array,
) -> None:  # fmt: skip
    """Explicit steps in place; fields have one more cell all around, nothing passes the ends.

    reach: last row and column in which u changes; low, high: first and last column of the phase in each row;
    c: numbers of the precision of the fields; left .. up: conductances of u times the step over the volume;
    below: the phase of the row before, kept: u of it and of this one, as they were;
    fx, ax, fy, ay: fluxes and squares of a at faces.
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
                    below[i], fy[i], ay[i] = phi[old, i], c[10], c[4] * c[4]
                for i in range(max(last + 1, a - 1), b + 2):
                    below[i], fy[i], ay[i] = phi[old, i], c[10], c[4] * c[4]
                if first == 1:
                    below[0] = below[1]
                if last == nx:
                    below[nx + 1] = below[nx]
                row, above, changed = phi[j, a - 1 :], phi[j + 1, a - 1 :], change[a : b + 1]
                _across(row, above, below[a - 1 :], c, fx[a - 1 : b + 1], ax[a - 1 :])
                _phase(row, above, here[a:], c, fx[a - 1 :], ax[a - 1 :], fy[a:], ay[a:], changed)
                _add(changed, c[2], below[a:], row[1:], u[j, a:])
            first, last = a, b


class Crystal:
    """The fields, their grid and what can be read from them; the lower sides are planes of symmetry.

    Parameters
    ----------
    wide, tall : array
        Sizes of the cells along x and y [W]; those that the front meets are equal.
    dt, diffusivity, strength, undercooling : float
        Step [tau], at most 0.2 h^2 / D; D [W^2 / tau], epsilon, and minus u far away.
    phi, u : array
        Fields to begin with, (y, x).
    everywhere : bool
        Calculate the phase in the bulk too.
    """

    def __init__(
        self, wide: Array, tall: Array, dt: float, diffusivity: float, strength: float, undercooling: float,
        phi: Array, u: Array, everywhere: bool = False,
    ) -> None:  # fmt: skip
        self.sizes, self.h, self.dt, self.everywhere, self.time = (tall, wide), float(wide[0]), dt, everywhere, 0.0
        self.strength, self.undercooling, self.coupling = strength, undercooling, diffusivity / A2
        self.y, self.x = (np.cumsum(size) - 0.5 * size for size in self.sizes)
        self.equal = [int(np.count_nonzero(np.abs(size - self.h) < 1e-9 * self.h)) for size in self.sizes]
        self.phi, self.u, self.moved = np.pad(phi, 1, mode="edge"), np.pad(u, 1, mode="edge"), 0.0
        ny, nx, dtype = tall.size, wide.size, phi.dtype
        numbers = [
            1e-25, 0.25, 0.5, 1.0, 1.0 + strength, 8.0 * strength, 16.0 * strength,
            4.0 * dt / self.h**2, 4.0 * dt, self.coupling, 0.0,
        ]  # fmt: skip
        sides = [side.astype(dtype) for size in (wide, tall) for side in _conductances(size, diffusivity * dt)]
        rows = [np.zeros(shape, dtype) for shape in (nx + 2, (2, nx + 2), *5 * [nx + 2])]
        self.reach = np.array([ny, nx])
        self.low, self.high = np.ones(ny + 2, np.int64), np.full(ny + 2, nx, np.int64)
        self.rest = (self.reach, self.low, self.high, np.array(numbers, dtype), *sides, *rows)

    @classmethod
    def seed(
        cls, h: float, dt: float, diffusivity: float, strength: float, undercooling: float, fine: float, far: float,
        radius: float, sharpness: float = math.sqrt(2.0), everywhere: bool = False, dtype: type = np.float64,
    ) -> Crystal:  # fmt: skip
        """A quarter of a round seed in a corner; cells are equal as far as `fine` and end at `far`."""
        size = _graded(h, fine, far)
        x = np.cumsum(size) - 0.5 * size
        phi = np.tanh((radius - np.hypot(x[:, None], x[None, :])) / sharpness).astype(dtype)
        u = np.full_like(phi, -undercooling)
        return cls(size, size, dt, diffusivity, strength, undercooling, phi, u, everywhere)

    @classmethod
    def needle(
        cls, h: float, dt: float, diffusivity: float, strength: float, undercooling: float, speed: float,
        behind: float, ahead: float, half: float, far: float,
    ) -> Crystal:  # fmt: skip
        """Half a needle along x, the parabola and the heat of Ivantsov at a speed; what is `behind` the tip is cut off.

        Cells are equal along x, and along y as far as `half`. See `follow`.
        """
        p = peclet(undercooling)
        rho = 2.0 * diffusivity * p / speed
        wide, tall = np.full(round((behind + ahead) / h), h), _graded(h, half, far)
        x, y = ((np.cumsum(size) - 0.5 * size) for size in (wide, tall))
        z = x[None, :] - behind + 0.5 * rho
        r = np.hypot(z, y[:, None])
        eta = np.sqrt((r + z) / rho)
        u = np.minimum(0.0, math.sqrt(math.pi * p) * math.exp(p) * erfc(math.sqrt(p) * eta) - undercooling)
        phi = np.tanh((1.0 - eta) * np.sqrt(r * rho))  # distance over the square root of 2
        return cls(wide, tall, dt, diffusivity, strength, undercooling, phi, u)

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
            if not self.everywhere:
                self._narrow()
            advance(self.phi, self.u, part, *self.rest)
            steps -= part
        ends = [self.phi[1, self.equal[1]], self.phi[self.equal[0], 1:].max()]
        if not max(ends) < -0.99:
            raise ValueError(
                f"unstable, or the crystal has left the equal cells, which end at {self.x[self.equal[1] - 1]:g} W"
            )

    def follow(self, behind: float) -> None:
        """Move the window along x by whole cells so that the tip stands at `behind` from its end; melt comes in."""
        cells = int((self.front(1)[0] - behind) / self.h)
        if cells > 0:
            for values, melt in ((self.phi, -1.0), (self.u, -self.undercooling)):
                values[:, :-cells] = values[:, cells:].copy()
                values[:, -cells - 1 :] = melt
            self.moved += cells * self.h

    def _narrow(self) -> None:
        """Find the columns in which each row needs work, and how far heat has come."""
        mixed = np.abs(self.inside) < 1.0 - BULK
        ny, nx = mixed.shape
        some = mixed.any(axis=1)
        low, high = self.low.copy(), self.high.copy()
        low[1:-1] = np.where(some, np.maximum(np.argmax(mixed, axis=1) + 1 - MARGIN, 1), nx + 1)
        high[1:-1] = np.where(some, np.minimum(nx - np.argmax(mixed[:, ::-1], axis=1) + MARGIN, nx), 0)
        padded = np.pad(low[1:-1], MARGIN, mode="edge"), np.pad(high[1:-1], MARGIN, mode="edge")  # rows beside them
        self.low[1:-1] = np.min([padded[0][k : k + ny] for k in range(2 * MARGIN + 1)], axis=0)
        self.high[1:-1] = np.max([padded[1][k : k + ny] for k in range(2 * MARGIN + 1)], axis=0)
        warm = np.abs(self.u[1:-1, 1:-1] + self.undercooling) > 1e-9
        for axis, n in enumerate((ny, nx)):
            line = warm.any(axis=1 - axis)
            self.reach[axis] = min(n, n - int(np.argmax(line[::-1])) + EVERY // 4) if line.any() else n

    def front(self, rows: int, level: float = 0.0) -> Array:
        """Where the first rows pass a value of phi on their way out [W]."""
        found = np.empty(rows)
        for j in range(rows):
            line = self.inside[j, : self.equal[1]].astype(float)
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
        y = self.y[:rows] / self.y[rows - 1]
        slope = np.linalg.lstsq(np.stack([y**0, y**2, y**4], axis=1), self.front(rows), rcond=None)[0][1]
        return float(-0.5 * self.y[rows - 1] ** 2 / slope)

    def solid(self) -> float:
        """Area of the crystal [W^2], the whole of (1 + phi)/2."""
        area = np.outer(*self.sizes)
        return float((0.5 * (self.inside.astype(float) + 1.0) * area).sum())

    def energy(self) -> float:
        """Free energy of the phase at the u that it is in, with the well -phi^2/2 + phi^4/4."""
        p, u, area = self.inside.astype(float), self.u[1:-1, 1:-1].astype(float), np.outer(*self.sizes)
        well = -0.5 * p**2 + 0.25 * p**4 + self.coupling * u * p * (1.0 - 2.0 / 3.0 * p**2 + 0.2 * p**4)
        m, n = self.equal
        e = np.pad(p[:m, :n], 1, mode="edge")
        gy, gx = np.diff(e[:, 1:-1], axis=0) / self.h, np.diff(e[1:-1], axis=1) / self.h  # at faces
        ty, tx = ((e[2:] - e[:-2]) / (2.0 * self.h), (e[:, 2:] - e[:, :-2]) / (2.0 * self.h))
        across = (0.5 * (tx[1:] + tx[:-1]), 0.5 * (ty[:, 1:] + ty[:, :-1]))
        slope = sum(float((_square(g, t, self.strength) * g**2).sum()) for g, t in zip((gy, gx), across, strict=True))
        return float((well * area).sum()) + 0.5 * slope * self.h**2


def _square(g: Array, t: Array, strength: float) -> Array:
    s, q = g * g, t * t
    cosine, sine = (s - q) / (s + q + 1e-25), 2.0 * g * t / (s + q + 1e-25)
    return np.asarray((1.0 + strength * (cosine**2 - sine**2)) ** 2)


def _graded(h: float, fine: float, far: float) -> Array:
    """Equal cells as far as `fine`, then each 8 % larger than the last."""
    n = round(fine / h)
    sizes, at = [h] * n, n * h
    while at < far - 1e-9:
        sizes.append(min(sizes[-1] * 1.08, 0.05 * far))
        at += sizes[-1]
    found = np.array(sizes)
    found[n:] *= (far - n * h) / max(found[n:].sum(), 1e-300)
    return found


def _conductances(size: Array, scale: float) -> tuple[Array, Array]:
    """Towards the cell before and the cell after, over the size of the cell, with one more cell at both ends."""
    low, high = np.zeros(size.size + 2), np.zeros(size.size + 2)
    between = scale / (0.5 * (size[1:] + size[:-1]))
    low[2:-1], high[1:-2] = between / size[1:], between / size[:-1]
    return low, high


def peclet(undercooling: float) -> float:
    """P of the parabola of Ivantsov in two dimensions, undercooling = sqrt(pi P) exp(P) erfc(sqrt P)."""
    return float(brentq(lambda p: math.sqrt(math.pi * p) * math.exp(p) * erfc(math.sqrt(p)) - undercooling, 1e-9, 10.0))

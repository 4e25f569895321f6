r"""Double layers along a line: Nernst-Planck with Poisson's equation, without the assumption of electroneutrality.

.. math:: \frac{\partial c_k}{\partial t} = \nabla\cdot D_k\left(\nabla c_k + z_k c_k\nabla\phi\right),\qquad
          -\nabla\cdot\varepsilon\nabla\varphi = F\sum_k z_k c_k,\qquad \phi = F\varphi/RT

between a blocking electrode (at the lower end) and another one or a reservoir. A compact (Stern) layer of capacitance
C_S in series obeys :math:`C_S(V - \varphi_s) = -\varepsilon\,\partial_x\varphi`. Ions are points without interaction
(dilute), the permittivity is uniform, no reaction takes place: for lambda_D, capacitance and charging of the double
layer, and for slits where layers overlap. For currents in a cell use `species`, whose double layer is a capacitance.

Fluxes between cells are those of D. L. Scharfetter and H. K. Gummel, IEEE Trans. Electron Devices 16 (1969) 64: exact
in a constant field, and zero in Boltzmann's equilibrium. Steps in time are those of `tableau`. Closed forms: G. Gouy
1910 and D. L. Chapman 1913 (A. J. Bard, L. R. Faulkner, Electrochemical Methods, 2nd ed. 2001, section 13.3); charging
after M. Z. Bazant, K. Thornton, A. Ajdari, Phys. Rev. E 70 (2004) 021506.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_banded
from scipy.optimize import brentq

from simcell.constants import GAS_CONSTANT, ROOM_TEMPERATURE, VACUUM_PERMITTIVITY
from simcell.errors import SolverError
from simcell.numerics.grid import Array, Grid
from simcell.transport.kinetics import FARADAY
from simcell.transport.species import Ion, between
from simcell.transport.tableau import THIRD

NEWTON = 1e-9
FINEST = 0.02  # width of the cells at an electrode over the thickness of the layer there
REACH = 2.0  # largest change of the potential in one Newton iteration [RT/F]


def debye_length(
    ions: Sequence[Ion], concentrations: Mapping[str, float], permittivity: float, temperature: float = ROOM_TEMPERATURE
) -> float:
    """lambda_D [m]: sqrt(eps R T / F^2 sum z^2 c), relative permittivity, concentrations in mol/m^3.

    Examples
    --------
    >>> salt = [Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    >>> round(debye_length(salt, {"K+": 1.0, "Cl-": 1.0}, 78.4) * 1e9, 2)
    9.61
    """
    strength = sum(ion.charge**2 * concentrations[ion.name] for ion in ions)
    return float(np.sqrt(permittivity * VACUUM_PERMITTIVITY * GAS_CONSTANT * temperature / (FARADAY**2 * strength)))


def gouy_chapman(potential: float, debye: float, permittivity: float, temperature: float = ROOM_TEMPERATURE) -> float:
    """Charge [C/m^2] of an electrode at a potential [V] against the bulk of a salt of charges +1 and -1.

    Examples
    --------
    >>> round(gouy_chapman(0.1, 9.62e-9, 78.4), 5)
    0.01272
    """
    volts = GAS_CONSTANT * temperature / FARADAY
    return float(2.0 * permittivity * VACUUM_PERMITTIVITY * volts / debye * np.sinh(0.5 * potential / volts))


def gouy_chapman_profile(x: Array, potential: float, debye: float, temperature: float = ROOM_TEMPERATURE) -> Array:
    """Potential [V] at distances [m] from such an electrode: 4 artanh[tanh(y/4) exp(-x / lambda)] in RT/F.

    Examples
    --------
    >>> float(gouy_chapman_profile(np.array([0.0]), 0.1, 1e-8)[0].round(6))
    0.1
    """
    volts = GAS_CONSTANT * temperature / FARADAY
    return np.asarray(4.0 * volts * np.arctanh(np.tanh(0.25 * potential / volts) * np.exp(-np.asarray(x) / debye)))


def charging_rate(half: float, debye: float, diffusivity: float) -> float:
    """Slowest rate [1/s] at which a cell of two blocking electrodes takes up charge at small voltage.

    For ions of one diffusivity, exactly: tanh(kL) = k L s lambda^2 / D with k^2 = 1/lambda^2 - s/D, L half the length.
    Tends to D / (lambda L).

    Examples
    --------
    >>> round(charging_rate(1e-6, 1e-8, 1e-9) * 1e-8 * 1e-6 / 1e-9, 3)
    1.005
    """
    size = half / debye

    def lacks(s: float) -> float:  # s in D / lambda^2
        k = np.sqrt(1.0 - s)
        return float(np.tanh(k * size) - k * size * s)

    high = min(1.0 - 1e-12, 4.0 / size)
    return float(brentq(lacks, 1e-6 / size, high, xtol=1e-15)) * diffusivity / debye**2


@dataclass(frozen=True)
class DoubleLayer:
    """Ions between a blocking electrode at the lower end and another one, or a reservoir of the composition given.

    Parameters
    ----------
    grid : Grid
        A line, see `double_layer_grid`.
    ions : sequence of Ion
    start : mapping of ion to float
        [mol/m^3], neutral.
    permittivity : float
        Relative.
    reservoir : bool
        Otherwise the far end is an electrode at 0 V.
    stern : float
        Capacitance of the compact layer of each electrode [F/m^2]; infinite: none.
    temperature : float
        [K]

    Raises
    ------
    ValueError
        For charge in the composition, or numbers that are not positive.

    Examples
    --------
    >>> salt = [Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    >>> cell = DoubleLayer(double_layer_grid(1e-7, 1e-8), salt, {"K+": 1.0, "Cl-": 1.0}, 78.4)
    >>> round(cell.at_rest(0.1).charge, 5)  # C/m^2
    0.01272
    """

    grid: Grid
    ions: Sequence[Ion]
    start: Mapping[str, float]
    permittivity: float
    reservoir: bool = True
    stern: float = np.inf
    temperature: float = ROOM_TEMPERATURE

    def __post_init__(self) -> None:
        excess = sum(ion.charge * self.start[ion.name] for ion in self.ions)
        size = sum(abs(ion.charge) * self.start[ion.name] for ion in self.ions)
        if abs(excess) > 1e-9 * size or not size > 0.0:
            raise ValueError(f"the composition has a charge of {excess:g} mol/m^3 against {size:g} of ions")
        if not (self.permittivity > 0.0 and self.stern > 0.0):
            raise ValueError("permittivity and capacitance of the compact layer must be positive")

    @property
    def volts(self) -> float:
        """RT/F [V]."""
        return GAS_CONSTANT * self.temperature / FARADAY

    def at_rest(self, potential: float) -> Layers:
        """Steady state before a reservoir at a potential of the electrode [V], reached in steps of 2 RT/F.

        Raises
        ------
        ValueError
            Between two electrodes: ions that are given do not settle without time, use `follow`.
        SolverError
            If Newton's method fails.
        """
        if not self.reservoir:
            raise ValueError("between two electrodes the state at rest depends on the past: use `follow`")
        system = _System(self)
        u = system.begin()
        count = max(1, int(np.ceil(abs(potential) / (2.0 * self.volts))))
        for k in range(1, count + 1):
            u = system.solve(u, u[:, :-1], np.inf, potential / self.volts * k / count)
        return system.layers(0.0, u, potential)

    def follow(
        self, potential: Callable[[float], float], duration: float, rtol: float = 1e-4, first: float | None = None
    ) -> list[Layers]:
        """States in time from the even composition on.

        Parameters
        ----------
        potential : function of time [s]
            Of the electrode [V].
        duration : float
            [s]
        rtol : float
            Error of a step, over the largest concentration.
        first : float, optional
            First step [s]; default a hundredth of lambda_D^2 / D.

        Returns
        -------
        list of Layers
            One for each step.
        """
        system = _System(self)
        debye = debye_length(self.ions, self.start, self.permittivity, self.temperature)
        dt = first or 0.01 * debye**2 / max(ion.diffusivity for ion in self.ions)
        u = system.begin()
        u = system.solve(u, u[:, :-1], 1e-9 * dt, potential(0.0) / self.volts)  # the field of a condenser
        slope = system.change(u)
        time, states = 0.0, [system.layers(0.0, u, potential(0.0))]
        a, wrong, at = THIRD.matrix, THIRD.difference, THIRD.times
        while time < duration:
            dt = min(dt, duration - time)
            slopes, v = [slope], u
            for s in range(1, len(at)):
                base = u[:, :-1] + dt * sum(a[s, j] * slopes[j] for j in range(s))
                v = system.solve(v, base, dt * a[s, s], potential(time + at[s] * dt) / self.volts)
                slopes.append((v[:, :-1] - base) / (dt * a[s, s]))
            error = dt * np.abs(sum(w * k for w, k in zip(wrong, slopes, strict=True))).max() / (rtol * system.scale)
            if error > 1.0 and dt > 1e-12 * duration:
                dt *= max(0.2, 0.9 * error ** (-1.0 / 3.0))
                continue
            time, u, slope = time + dt, v, slopes[-1]
            states.append(system.layers(time, u, potential(time)))
            dt *= min(4.0, 0.9 * (error + 1e-9) ** (-1.0 / 3.0))
        return states


@dataclass(frozen=True, eq=False)
class Layers:
    """State at one time: places of surfaces and cells (n + 2,) [m], potential [V], concentrations (ions, n) [mol/m^3].

    Examples
    --------
    >>> Layers(0.0, np.zeros(3), np.zeros(3), np.zeros((2, 1)), 0.0, 0.0).charge
    0.0
    """

    time: float
    position: Array
    liquid: Array
    concentration: Array
    potential: float
    charge: float  # of the electrode [C/m^2]


def double_layer_grid(
    length: float, debye: float, potential: float = 0.1, other: bool = False, growth: float = 1.03, refine: int = 1
) -> Grid:
    """Line that resolves the layers of electrodes up to a potential [V].

    The thickness there is lambda_D / cosh(y / 2), y in RT/F of 25 degC; the cells at the electrode are a fiftieth.

    Examples
    --------
    >>> double_layer_grid(1e-7, 1e-8).shape[2]
    165
    """
    thin = debye / np.cosh(0.5 * potential * FARADAY / (GAS_CONSTANT * ROOM_TEMPERATURE))
    return between(length, FINEST * thin, growth, largest=max(length / 100.0, 0.25 * thin), other=other, refine=refine)


class _System:
    """Newton's method for one implicit stage; rows of a node: surfaces have zero volume, cells the balance of ions."""

    def __init__(self, cell: DoubleLayer) -> None:
        self.cell, grid = cell, cell.grid
        self.z = np.array([float(ion.charge) for ion in cell.ions])
        self.d = np.array([ion.diffusivity for ion in cell.ions])
        self.c0 = np.array([cell.start[ion.name] for ion in cell.ions])
        self.scale = float(self.c0.max())
        self.volume = grid.volume.ravel()
        n = self.volume.size
        self.over = grid.area[2].ravel() / grid.distance[2].ravel()[: n + 1]
        self.area = float(grid.area[2].ravel()[0])
        self.epsilon = cell.permittivity * VACUUM_PERMITTIVITY * cell.volts / FARADAY  # mol/m for phi in RT/F
        faces = grid.faces[2]
        self.position = np.concatenate([[faces[0]], grid.centre[2], [faces[-1]]])
        self.d_size = float(self.d.max() * self.over.max())

    def begin(self) -> Array:
        n, k = self.volume.size, self.z.size
        u = np.zeros((n + 2, k + 1))
        u[:, :k] = self.c0
        return u

    def fluxes(self, u: Array) -> tuple[Array, ...]:
        """Flows between cells (inner faces and that to a reservoir), with derivatives left, right and by the drop."""
        drop = np.diff(u[:, -1])[1:, None] * self.z
        g = self.over[1:, None] * self.d
        (left, by_up), (right, by_down) = _bernoulli(drop), _bernoulli(-drop)
        a, b = u[1:-1, :-1], u[2:, :-1]
        flow = g * (left * a - right * b)
        by_drop = g * (by_up * a + by_down * b) * self.z
        # the last face leads to a node on a surface: open to a reservoir, closed at an electrode
        open_end = 1.0 if self.cell.reservoir else 0.0
        parts = (flow, g * left, -g * right, by_drop)
        for part in parts:
            part[-1] *= open_end
        return parts

    def change(self, u: Array) -> Array:
        """Rate of change of the concentrations at all nodes; 0 at surfaces."""
        flow = self.fluxes(u)[0]
        rate = np.zeros_like(u[:, :-1])
        rate[1:-1] -= flow / self.volume[:, None]
        rate[2:-1] += flow[:-1] / self.volume[1:, None]
        return rate

    def solve(self, u: Array, base: Array, h: float, metal: float) -> Array:
        """Solution of c - base = h dc/dt with Poisson's equation; h infinite: at rest."""
        u = u.copy()
        for _ in range(60):
            residual, bands, width = self._assemble(u, base, h, metal)
            x = solve_banded((width, width), bands, -residual.ravel(), check_finite=False).reshape(u.shape)
            if not np.all(np.isfinite(x)):
                break
            step = min(1.0, REACH / max(np.abs(x[:, -1]).max(), 1e-300))
            low = u[:, :-1] + step * x[:, :-1] <= 0.0
            u[:, -1] += step * x[:, -1]
            u[:, :-1] = np.where(low, 0.1 * u[:, :-1], u[:, :-1] + step * x[:, :-1])
            if step == 1.0 and not low.any():
                size = np.abs(x[:, :-1] / (u[:, :-1] + 1e-9 * self.scale)).max()
                if max(size, np.abs(x[:, -1]).max()) < NEWTON:
                    return u
        raise SolverError(f"double layer: no solution at {metal * self.cell.volts:g} V; use smaller steps")

    def _assemble(self, u: Array, base: Array, h: float, metal: float) -> tuple[Array, Array, int]:
        n, k = self.volume.size, self.z.size
        m, width = k + 1, 2 * (k + 1) - 1
        residual = np.zeros_like(u)
        bands = np.zeros((2 * width + 1, (n + 2) * m))

        def put(node: ArrayLike, row: int, other: ArrayLike, column: int, value: ArrayLike) -> None:
            i, j = np.asarray(node) * m + row, np.asarray(other) * m + column
            np.add.at(bands, (width + i - j, j), value)

        store = self.volume / h / self.d_size if np.isfinite(h) else 0.0 * self.volume
        cells, faces = np.arange(1, n + 1), np.arange(n)
        flow, by_left, by_right, by_drop = (part / self.d_size for part in self.fluxes(u))
        for s in range(k):
            residual[1:-1, s] += store * (u[1:-1, s] - base[1:-1, s]) + flow[:, s]
            residual[2:-1, s] -= flow[:-1, s]
            put(cells, s, cells, s, store)
            for shift, sign, f in ((1, 1.0, faces), (2, -1.0, faces[:-1])):
                put(f + shift, s, f + 1, s, sign * by_left[f, s])
                put(f + shift, s, f + 2, s, sign * by_right[f, s])
                put(f + shift, s, f + 2, k, sign * by_drop[f, s])
                put(f + shift, s, f + 1, k, -sign * by_drop[f, s])
            # surfaces: a reservoir holds its composition, an electrode has the value beside it, which nothing uses
            for end, inside in ((0, 1), (n + 1, n)):
                held = end > 0 and self.cell.reservoir
                residual[end, s] = u[end, s] - (self.c0[s] if held else u[inside, s])
                put(end, s, end, s, 1.0)
                if not held:
                    put(end, s, inside, s, -1.0)
        field, links = self.over * np.diff(u[:, -1]), np.arange(n + 1)
        unit = 1.0 / self.over.max()
        residual[:-1, k] += unit * field
        residual[1:, k] -= unit * field
        for node, sign in ((links, 1.0), (links + 1, -1.0)):
            put(node, k, links + 1, k, sign * unit * self.over)
            put(node, k, links, k, -sign * unit * self.over)
        residual[1:-1, k] += unit * self.volume / self.epsilon * (u[1:-1, :-1] @ self.z)
        for s in range(k):
            put(cells, k, cells, s, unit * self.volume / self.epsilon * self.z[s])
        self._ends(u, residual, bands, metal, unit, put)
        return residual, bands, width

    def _ends(
        self, u: Array, residual: Array, bands: Array, metal: float, unit: float, put: Callable[..., None]
    ) -> None:
        """Potential at both surfaces: given, or behind the compact layer."""
        n, k = self.volume.size, self.z.size
        m, width = k + 1, 2 * (k + 1) - 1
        for end, value in ((0, metal), (n + 1, 0.0)):
            free = end > 0 and self.cell.reservoir
            if np.isfinite(self.cell.stern) and not free:
                # C (V - phi) enters the surface as the field leaves it
                share = unit * self.cell.stern * self.area / (self.epsilon * FARADAY / self.cell.volts)
                residual[end, k] += share * (value - u[end, k])
                put(end, k, end, k, -share)
                continue
            inside = 1 if end == 0 else n
            bands[width, end * m + k] = 1.0
            bands[width + (end - inside) * m, inside * m + k] = 0.0
            residual[end, k] = u[end, k] - value

    def layers(self, time: float, u: Array, potential: float) -> Layers:
        charge = -self.over[0] * (u[1, -1] - u[0, -1]) * self.epsilon * FARADAY / self.area
        return Layers(time, self.position, u[:, -1] * self.cell.volts, u[1:-1, :-1].T.copy(), potential, float(charge))


def _bernoulli(x: Array) -> tuple[Array, Array]:
    """x / (exp(x) - 1) and its derivative."""
    small = np.abs(x) < 1e-3
    safe = np.where(small, 1.0, np.clip(x, -300.0, 300.0))
    grown = np.expm1(safe)
    value = np.where(small, 1.0 - x / 2.0 + x * x / 12.0, safe / grown)
    slope = np.where(small, -0.5 + x / 6.0, (grown - safe * (grown + 1.0)) / grown**2)
    return value, slope

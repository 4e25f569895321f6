"""State of a bath: unknowns, terminals, surfaces, where the reference stands, and what is read off."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from simcell.numerics.grid import Array
from simcell.transport.bath import Bath
from simcell.transport.bath_bulk import BathBulk
from simcell.transport.bath_layout import Ints, by_columns, layout_of
from simcell.transport.bath_linear import Linear
from simcell.transport.kernels_patch import METAL
from simcell.transport.kernels_surface import surface
from simcell.transport.kinetics import FARADAY


class BathState:
    """Unknowns, derivatives at the last point, and what a step needs; `BathStepper` makes the steps.

    Parameters
    ----------
    bath : Bath
    rtol, atol : float
        See `session.Options`.
    edges : str
        ``plain`` or ``exact``.

    Examples
    --------
    >>> BathState.__name__
    'BathState'
    """

    def __init__(self, bath: Bath, rtol: float, atol: float, edges: str) -> None:
        self.bath, self.rtol, self.atol = bath, rtol, atol
        self.layout = layout_of(bath, edges)
        self.linear = Linear(self.layout)
        self.bulk = BathBulk(bath, self.layout)
        order = bath.order
        self.names = [bath.ions[k].name for k in order]
        n, count = self.linear.n, len(order)
        self.n, self.count, self.volume = n, count, self.layout.space[3][: self.linear.n]
        self.reactions, self.metals = len(bath.reactions), len(bath.live)
        self.own = len(bath.live[0].surface.reactions)
        self.terminals = len(bath.terminals)
        self.width = self.reactions + self.metals + (self.terminals + 1) * count
        self.scale = self.scale_of_all = self.layout.scale
        self.wet = wet = by_columns(bath.grid.mask)
        self.u = np.zeros((n, count))
        self.u[:, :-1] = np.array([np.where(wet, by_columns(c), 0.0) for c in bath.composition[order[:-1]]]).T
        self.w = np.zeros(self.terminals)
        cell, kind = self.layout.patches[:2]
        p = cell.size
        self.metal = kind == METAL
        self.states = self.u[cell].copy()
        self.answers = (
            np.zeros((p, count)), np.zeros((p, count, count)), np.zeros((p, count, count)), np.zeros((p, count)),
            np.zeros(p),
        )  # fmt: skip
        r = self.reactions
        self.work = (
            np.zeros(count), np.zeros((count, count)), np.zeros((1, 3 * self.linear.wide)), np.zeros(count),
            np.zeros(r), np.zeros(r), np.zeros((r, count)), np.zeros(count), np.zeros(count), np.zeros((count, count)),
        )  # fmt: skip
        self.sums, self.rise, self.passed = np.zeros(self.width), np.zeros(self.width), np.zeros(self.width)
        metals, terminals = np.arange(self.metals), np.arange(self.terminals + 1)
        self.owner = np.concatenate([self.layout.ends[4][0], metals, np.repeat(terminals, count)])
        self.stages = (np.zeros((4, n, count - 1)), np.zeros((4, p)), np.zeros((4, self.width)))
        self.drift = (np.zeros(n), np.zeros(self.terminals))  # change of potentials per second in the last step
        self.area = bath.area(bath.live[0].name)
        self.capacitive = bool((self.layout.ends[1] > 0.0).any())
        self.ground = self._ground()
        self.places, self.weights = self._reference()
        self.compensation, self.unit = 0.0, 1.0
        self.by_current, self.factor = True, 0.0
        self.newtons = 0
        self._rest()

    def _ground(self) -> list[int]:
        roles = [plate.role for plate in self.bath.live]
        if "counter" in roles:
            return [roles.index("counter")]
        return list(range(self.metals, self.terminals))

    def _reference(self) -> tuple[Ints, Array]:
        """Cells and weights of the liquid potential at the reference."""
        bath, grid = self.bath, self.bath.grid
        if bath.reference is None:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        if isinstance(bath.reference, str):
            cover = next(p.place.cover for p in bath.plates if p.name == bath.reference) * grid.area[0][0]
            places = np.flatnonzero(cover)
            return places * grid.shape[0], cover.ravel()[places] / cover.sum()
        weights = np.ones((1, 1))
        lows = []
        for at, x in zip(bath.reference, (grid.centre[2], grid.centre[1]), strict=True):
            low = int(np.clip(np.searchsorted(x, at) - 1, 0, max(0, x.size - 2)))
            part = 0.0 if x.size == 1 else float(np.clip((at - x[low]) / (x[low + 1] - x[low]), 0.0, 1.0))
            lows.append((low, min(low + 1, x.size - 1)))
            weights = np.outer(weights, [1.0 - part, part])
        nx = grid.shape[2]
        weights = weights.reshape(2, 2)  # x, y
        places = np.array([[(j * nx + i) * grid.shape[0] for j in lows[1]] for i in lows[0]])
        return places.ravel(), weights.ravel()

    def _rest(self) -> None:
        """First guess of all potentials: every metal at its own rest potential."""
        steps = np.array([self._rest_step(t) for t in range(self.metals)])
        ground = self.ground[0]
        liquid = -steps[ground] if ground < self.metals else 0.0
        self.u[:, -1] = liquid
        self.states[:, -1] = liquid
        self.w[:] = liquid
        self.w[: self.metals] += steps
        self.w[self.ground] = 0.0

    def _rest_step(self, t: int) -> float:
        """Metal less liquid at zero current [RT/F], for the composition at the first patch."""
        plate = self.bath.live[t]
        if plate.surface.before is not None:
            return plate.surface.before / self.bath.volts
        if not plate.surface.reactions:
            return 0.0
        cell, _, terminal = self.layout.patches[:3]
        at = cell[np.flatnonzero(self.metal & (terminal == t))[0]]
        c = np.append(self.u[at, :-1], 0.0)
        z = self.layout.space[6]
        c[-1] = -(z[:-1] @ c[:-1]) / z[-1]
        kinetics, guess = self.layout.ends[4], np.zeros(self.metals)
        rate, dv, dc, slope = self.work[4:8]

        def total(v: float) -> float:
            return float(surface(t, c, v, kinetics, 0.0, guess, rate, dv, dc, slope))

        middle = float(np.mean([r.equilibrium for r in plate.surface.reactions])) / self.bath.volts
        reach = 200.0
        if total(middle - reach) * total(middle + reach) >= 0.0:
            return middle
        return float(brentq(total, middle - reach, middle + reach, xtol=1e-12))

    def first_step(self) -> float:
        """Time [s] that liquid beside the electrodes needs to notice anything, a thousandth of it."""
        conductance, area = (self.layout.patches[n][self.metal] for n in (3, 4))
        size = 2.0 * float((area / conductance).min())
        return float(1e-3 * size**2 / self.layout.space[7].max())

    def save(self) -> tuple[Array, ...]:
        """Copy of what a step changes."""
        rates, layers, sums = self.stages
        return (
            self.u.copy(), self.w.copy(), self.states.copy(), rates[0].copy(), layers[0].copy(), sums[0].copy(),
            self.passed.copy(), self.sums.copy(), self.answers[2].copy(), self.answers[0].copy(),
            self.drift[0].copy(), self.drift[1].copy(),
        )  # fmt: skip

    def restore(self, saved: tuple[Array, ...]) -> None:
        """Go back to a copy."""
        rates, layers, sums = self.stages
        places = (
            self.u, self.w, self.states, rates[0], layers[0], sums[0], self.passed, self.sums, self.answers[2],
            self.answers[0], self.drift[0], self.drift[1],
        )  # fmt: skip
        for place, value in zip(places, saved, strict=True):
            place[...] = value

    def nodes(self) -> Array:
        """Concentrations of all ions in the cells (ions, cells), the balancing one last."""
        z = self.layout.space[6]
        return np.vstack([self.u[:, :-1].T, -(self.u[:, :-1] @ z[:-1]) / z[-1]])

    def surfaces(self) -> Array:
        """Concentrations of all ions at the surfaces of metals (ions, patches), the balancing one last."""
        z, c = self.layout.space[6], self.states[self.metal, :-1]
        return np.vstack([c.T, -(c @ z[:-1]) / z[-1]])

    def limiting(self, ion: int, side: int) -> float:
        """Mean current density [A/m^2] of diffusion to an electrode out of the cells beside it."""
        cell, _, terminal, conductance, area = self.layout.patches[:5]
        on = self.metal & (terminal == side)
        reaction = next((r for r in self.bath.reactions if self.names[ion] in r.makes), None)
        per = reaction.electrons / abs(reaction.makes[self.names[ion]]) if reaction else 1.0
        brought = self.layout.space[7][ion] * float(conductance[on] @ self.nodes()[ion, cell[on]])
        return float(per * FARADAY * brought / area[on].sum())

    def inventory(self) -> Array:
        """Amount of each ion in the liquid [mol]."""
        return self.nodes() @ self.volume

    def last_rates(self) -> Array:
        """Currents [A] and flows [mol/s] at this moment, as summed up."""
        return self.stages[2][0].copy()

    def electrode_currents(self, sums: Array) -> Array:
        """Current or charge of each metal out of sums: reactions and double layer."""
        side = self.layout.ends[4][0]
        return np.bincount(side, sums[: self.reactions], self.metals) + sums[self.reactions :][: self.metals]

    @property
    def current(self) -> float:
        """Mean current density of the working electrode [A/m^2]."""
        return float(self.electrode_currents(self.stages[2][0])[0]) / self.area

    @property
    def at_reference(self) -> float:
        """Potential of the liquid at the reference [RT/F]; 0 without one."""
        return float(self.weights @ self.u[self.places, -1])

    @property
    def potential(self) -> float:
        """Of the working electrode against the reference [V], corrected by the compensation as the instrument does."""
        measured = (self.w[0] - self.at_reference) * self.bath.volts
        return float(measured - self.compensation * self.current)

    def ohmic(self) -> Array:
        """Liquid at each metal's surface (mean over its area) less that at the reference [V]."""
        terminal, area = self.layout.patches[2][self.metal], self.layout.patches[4][self.metal]
        mean = np.bincount(terminal, area * self.states[self.metal, -1], self.metals) / np.bincount(terminal, area)
        return np.asarray((mean - self.at_reference) * self.bath.volts)

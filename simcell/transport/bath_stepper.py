"""State of a bath and one implicit step of it; the loop over segments stands in `session`.

One stage is solved by Newton's method for cells and potentials of terminals. Then the totals are made exact: all liquid
and the free terminals are shifted by constants until the currents sum up to zero and the given current is met, and each
concentration by a constant, far below the tolerance, until what is in the liquid is what came in.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from simcell.errors import SolverError
from simcell.numerics.grid import Array
from simcell.transport import kernels_bath as cells
from simcell.transport import kernels_patch as walls
from simcell.transport.bath import Bath
from simcell.transport.bath_layout import by_columns, layout_of
from simcell.transport.bath_linear import Control, Linear
from simcell.transport.kernels_patch import METAL
from simcell.transport.kernels_surface import surface
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import Segment
from simcell.transport.tableau import FIRST, THIRD, Tableau

LEFT = 0.02  # error of a stage that Newton's method and the linear solver leave, in units of the step's tolerance
MOST = 40  # iterations of Newton's method
EXACT = 1e-5  # RT/F: a shift of potentials so small that its effect is linear to 1e-10


class BathStepper:
    """Unknowns, derivatives at the last point, and what a step needs.

    Parameters
    ----------
    bath : Bath
    rtol, atol : float
        See `session.Options`.
    edges : str
        ``plain`` or ``exact``.

    Examples
    --------
    >>> BathStepper.__name__
    'BathStepper'
    """

    def __init__(self, bath: Bath, rtol: float, atol: float, edges: str) -> None:
        self.bath, self.rtol, self.atol = bath, rtol, atol
        self.layout = layout_of(bath, edges)
        self.linear = Linear(self.layout)
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

    # --- set-up

    def _ground(self) -> list[int]:
        roles = [plate.role for plate in self.bath.live]
        if "counter" in roles:
            return [roles.index("counter")]
        return list(range(self.metals, self.terminals))

    def _reference(self) -> tuple[Array, Array]:
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

        middle = np.mean([r.equilibrium for r in plate.surface.reactions]) / self.bath.volts
        reach = 200.0
        if total(middle - reach) * total(middle + reach) >= 0.0:
            return float(middle)
        return float(brentq(total, middle - reach, middle + reach, xtol=1e-12))

    def control(self, segment: Segment) -> None:
        """Set what is controlled from here on."""
        self.by_current = segment.mode == "current"
        self.compensation = segment.compensation
        self.unit = 1.0 if self.by_current else self.bath.volts
        self.factor = -segment.compensation / self.bath.volts * FARADAY / self.area
        self.linear.built_for = -1.0
        self._stop_drift()

    def _controlled(self, goal: float) -> tuple[Control, Array]:
        """Free terminals and what their equations ask for."""
        free = [t for t in range(self.terminals) if t not in self.ground]
        right = np.zeros(len(free))
        if self.by_current:
            right[0] = goal * self.area / FARADAY
        elif not self.places.size and self.factor == 0.0:
            free, right = free[1:], right[1:]
            self.w[0] = goal
        else:
            right[0] = goal
        self._last_control = Control(free, self.places, self.weights, not self.by_current, self.factor)
        return self._last_control, right

    def first_step(self) -> float:
        """Time [s] that liquid beside the electrodes needs to notice anything, a thousandth of it."""
        conductance, area = (self.layout.patches[n][self.metal] for n in (3, 4))
        size = 2.0 * float((area / conductance).min())
        return float(1e-3 * size**2 / self.layout.space[7].max())

    # --- stages

    def _enter(self, h: float, base_v: Array) -> bool:
        p, ends = self.layout.patches, self.layout.ends
        numbers = (*self.layout.space[6:], self.scale)
        return bool(
            walls.enter(
                self.u, self.w, h, base_v, p, ends, numbers, self.states, self.answers, self.sums, self.rise, self.work
            )
        )

    def _currents(self) -> Array:
        """Charge into the liquid from each terminal [mol/s]."""
        terminal = self.layout.patches[2]
        live = terminal >= 0
        return np.bincount(terminal[live], self.answers[0][live, -1], self.terminals)

    def _move(self, change: Array, step: Array) -> None:
        """Change cells and potentials, and the surfaces along with them."""
        space = self.layout.space
        walls.predict(change, step, self.layout.patches, self.answers[2], space[6], self.scale, self.states)
        self.u += change
        self.w += step

    def _stage(self, h: float, base: Array, base_v: Array, goal: float) -> bool:
        """Newton's method for one implicit stage; False where it does not converge."""
        linear, space = self.linear, self.layout.space
        control, asked = self._controlled(goal)
        out = np.empty_like(self.u)
        unit = np.empty_like(self.u)
        before = np.inf
        for _ in range(MOST):
            self.newtons += 1
            if not self._enter(h, base_v):
                return False
            cells.residuals(space, h, self.u, base, linear.coef, out, self.work[3])
            walls.put(self.layout.patches, self.answers[0], out)
            linear.begin(h, self.answers[1])
            missing = asked - control.rows(self._currents(), self.w, self.u[self.places, -1])
            unit[:, :-1] = self.rtol * np.abs(self.u[:, :-1]) + self.atol * self.scale[:-1]
            unit[:, -1] = self.rtol
            if not self._ready(h, control):
                return False
            relative = 1e-2 if not np.isfinite(before) else float(np.clip(0.1 * before * self.rtol, 1e-4, 1e-2))
            try:
                change, dw, size = linear.solve(-out, missing, control, unit, self.rtol, 0.5 * LEFT, relative)
            except SolverError:
                if linear.least == 0:
                    return False
                linear.built_for = -1.0
                continue
            if not np.isfinite(size):
                return False
            step = np.zeros(self.terminals)
            step[control.free] = dw
            largest = max(float(np.abs(change / unit).max()), float(np.abs(step).max()) / self.rtol)
            reach = float(
                np.abs(step[self.layout.patches[2][self.metal]] - change[self.layout.patches[0][self.metal], -1]).max()
            )
            part = min(1.0, 8.0 / max(reach, 1e-300))
            self._move(part * change, part * step)
            before = largest
            if part == 1.0 and largest**2 * self.rtol <= LEFT and largest * max(relative, 0.0) <= max(LEFT, 0.5 * LEFT):
                return self._close(h, base, base_v, control, asked)
            if not np.isfinite(largest) or largest > 1e12:
                return False
        return False

    def _ready(self, h: float, control: Control) -> bool:
        """A preconditioner near enough to the Jacobian."""
        linear = self.linear
        kept = linear.built_for
        slow = linear.least > 0 and linear.iterations > linear.least + 4
        if kept > 0.0 and 0.7 < h / kept < 1.5 and not slow and len(linear.bordering) == len(control.free):
            return True
        return linear.build(self.u, control)

    def _close(self, h: float, base: Array, base_v: Array, control: Control, asked: Array) -> bool:
        """Make totals of charge and ions exact."""
        terminal, (flux, block) = self.layout.patches[2], self.answers[:2]
        live, free, count = terminal >= 0, control.free, len(control.free)
        for _ in range(4):
            if not self._enter(h, base_v):
                return False
            current = self._currents()
            slope = -np.bincount(terminal[live], block[live, -1, -1], self.terminals)
            matrix, right = np.zeros((count + 1, count + 1)), np.zeros(count + 1)
            right[:-1] = asked - control.rows(current, self.w, self.u[self.places, -1])
            right[-1] = -current.sum()
            matrix[:-1, -1] = control.rows(-slope, np.zeros(self.terminals), np.ones(self.places.size))
            for a, one in enumerate(np.eye(self.terminals)[free]):
                matrix[:-1, a] = control.rows(slope * one, one, np.zeros(self.places.size))
            matrix[-1, :-1], matrix[-1, -1] = slope[free], -slope.sum()
            if not np.linalg.cond(matrix / np.abs(matrix).max(axis=1, keepdims=True)) < 1e13:
                break  # nothing reacts: no constant changes any current
            answer = np.linalg.solve(matrix, right)
            step, liquid = np.zeros(self.terminals), np.zeros_like(self.u)
            step[free], liquid[:, -1] = answer[:-1], answer[-1]
            self._move(liquid, step)
            if np.abs(answer).max() < EXACT:
                shift = np.append(step - answer[-1], 0.0)
                flux -= block[:, :, -1] * shift[terminal][:, None]
                self.sums += self.rise * shift[self.owner]
                break
        rate = self.volume @ (self.u[:, :-1] - base[:, :-1]) / h - flux[:, :-1].sum(axis=0)
        self.u[self.wet, :-1] -= rate * h / self.volume.sum()
        return True

    # --- steps

    def open_circuit(self) -> bool:
        """Bring double layers to rest at zero current; False where there is no such state."""
        plates = self.bath.live
        metals = [p for p in plates if p.surface.capacitance > 0.0 or p.surface.reactions]
        if not all(p.surface.reactions for p in metals) or not plates[0].surface.reactions:
            return False
        saved = self.save()
        capacity = self.layout.ends[1].copy()
        self.layout.ends[1][:] = 0.0
        self.by_current, self.factor = True, 0.0
        base = self.u.copy()
        found = self._stage(self.first_step() * 1e-6, base, np.zeros(self.metal.size), 0.0)
        self.layout.ends[1][:] = capacity
        self.linear.built_for = -1.0
        if not found:
            self.restore(saved)
        for t, plate in enumerate(plates):
            if plate.surface.before is not None:
                self.w[t] = self.states[self.layout.patches[2] == t, -1].mean() + plate.surface.before / self.bath.volts
        return found

    def start(self, segment: Segment, done: float, dt: float) -> float:
        """Implicit Euler after a jump, one step against two halves of it: give back its error over the tolerance."""
        saved = self.save()
        if self._step(FIRST, segment, done, dt) < 0.0:
            return -1.0
        once, layers = self.u[:, :-1].copy(), self._layers()
        self.restore(saved)
        if self._step(FIRST, segment, done, 0.5 * dt) < 0.0:
            return -1.0
        half = self.passed.copy()
        if self._step(FIRST, segment, done + 0.5 * dt, 0.5 * dt) < 0.0:
            return -1.0
        self.passed += half
        self._stop_drift()
        error = float(np.max(np.abs(self.u[:, :-1] - once) / self._allowed()))
        if self.capacitive:
            error = max(error, float(np.abs(self._layers() - layers)[self._charged()].max(initial=0.0)) / self.rtol)
        return error

    def advance(self, segment: Segment, done: float, dt: float) -> float:
        """One step of order 3: give back its error over the tolerance, negative where there is no solution."""
        return self._step(THIRD, segment, done, dt)

    def _stop_drift(self) -> None:
        self.drift[0][:], self.drift[1][:] = 0.0, 0.0

    def _allowed(self) -> Array:
        return np.asarray(self.rtol * np.abs(self.u[:, :-1]) + self.atol * self.scale[:-1])

    def _layers(self) -> Array:
        """Potential of the metal less that of the liquid beside it, for all patches of metals."""
        return np.where(self.metal, self.w[self.layout.patches[2]] - self.states[:, -1], 0.0)

    def _charged(self) -> Array:
        """Patches with a double layer."""
        return np.flatnonzero(self.metal)[self.layout.ends[1][self.layout.patches[2][self.metal]] > 0.0]

    def _step(self, tableau: Tableau, segment: Segment, done: float, dt: float) -> float:
        rates, layers, sums = self.stages
        matrix = tableau.matrix
        count = matrix.shape[0]
        first, first_v, potentials = self.u.copy(), self._layers(), (self.u[:, -1].copy(), self.w.copy())
        base, h, at = np.empty_like(first), dt, 0.0
        for s in range(1, count):
            h = dt * matrix[s, s]
            base[...] = first
            base[:, :-1] += dt * np.tensordot(matrix[s, :s], rates[:s], 1)
            base_v = first_v + dt * matrix[s, :s] @ layers[:s]
            if tableau is not FIRST:
                self._guess(base, h * rates[s - 1], dt * (tableau.times[s] - at))
            at = float(tableau.times[s])
            if not self._stage(h, base, base_v, segment.goal(done + at * dt) / self.unit):
                return -1.0
            rates[s] = (self.u[:, :-1] - base[:, :-1]) / h
            layers[s] = (self._layers() - base_v) / h
            sums[s] = self.sums
        self.passed[:] = dt * matrix[-1] @ sums[:count]
        error = 0.0 if tableau is FIRST else self._error(dt, h, tableau.difference)
        rates[0], layers[0], sums[0] = rates[count - 1], layers[count - 1], sums[count - 1]
        self.drift = ((self.u[:, -1] - potentials[0]) / dt, (self.w - potentials[1]) / dt)
        return error

    def _guess(self, base: Array, more: Array, time: float) -> None:
        """Begin a stage from what the last one was about to do."""
        change = np.empty_like(self.u)
        change[:, :-1] = base[:, :-1] + more - self.u[:, :-1]
        change[:, -1] = self.drift[0] * time
        low = self.u[:, :-1] + change[:, :-1] < 0.2 * self.u[:, :-1]
        rest, now = (x[:, :-1] @ self.layout.space[6][:-1] / self.layout.space[6][-1] for x in (change, self.u))
        low |= (np.abs(rest) > 0.8 * np.abs(now))[:, None]
        change[:, :-1][low] = 0.0
        self._move(change, self.drift[1] * time)

    def _error(self, dt: float, h: float, difference: Array) -> float:
        """Error of the step over its tolerance, damped by the preconditioner: stiff parts would be overrated."""
        rates, layers, _ = self.stages
        right = np.zeros_like(self.u)
        right[:, :-1] = self.volume[:, None] * np.tensordot(difference, rates, 1) * (dt / h)
        control = self._last_control
        missing = np.zeros(len(control.free))
        cell, _, terminal, _, area = self.layout.patches[:5]
        charge = np.zeros(cell.size)
        if self.capacitive:
            on = self._charged()
            charge[on] = -self.layout.ends[1][terminal[on]] * area[on] / FARADAY * (difference @ layers[:, on]) * dt / h
            np.add.at(right, cell, -self.answers[3] * charge[:, None])
        wide, dw = self.linear.roughly(self.linear.rows_of_ions(right), missing, control)
        change = np.concatenate([wide[:, : self.count - 1], wide[:, -1:]], axis=1)
        error = float(np.max(np.abs(change[:, :-1]) / self._allowed()))
        if self.capacitive:
            step = np.zeros(self.terminals)
            step[control.free] = dw
            lever = self.answers[2][on, -1]
            surface_step = np.einsum("pk,pk->p", lever, change[cell[on]]) + (1.0 - lever[:, -1]) * step[terminal[on]]
            surface_step -= self.answers[4][on] * charge[on]
            error = max(error, float(np.abs(step[terminal[on]] - surface_step).max()) / self.rtol)
        return error

    # --- what the session asks for

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

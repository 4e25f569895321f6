"""One implicit step of a bath; the loop over segments stands in `session`.

One stage is solved by Newton's method for cells and potentials of terminals. Then the totals are made exact: all liquid
and the free terminals are shifted by constants until the currents sum up to zero and the given current is met, and each
concentration by a constant, far below the tolerance, until what is in the liquid is what came in (where liquid reacts,
what its reactions conserve: `bath_bulk`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from simcell.errors import SolverError
from simcell.numerics.grid import Array
from simcell.transport import kernels_bath as cells
from simcell.transport import kernels_patch as walls
from simcell.transport.bath_linear import Control
from simcell.transport.bath_state import BathState
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import Segment
from simcell.transport.tableau import FIRST, THIRD, Tableau

LEFT = 0.02  # error of a stage that Newton's method and the linear solver leave, in units of the step's tolerance
PARTS = (0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)  # of a jump that Newton's method does not make at once
MOST = 40  # iterations of Newton's method
EXACT = 1e-5  # RT/F: a shift of potentials so small that its effect is linear to 1e-10


class BathStepper(BathState):
    """The steps: Newton's method in stages, Runge-Kutta over them; see `BathState` for the arguments.

    Examples
    --------
    >>> BathStepper.__name__
    'BathStepper'
    """

    def control(self, segment: Segment) -> None:
        """Set what is controlled from here on."""
        self.by_current = segment.mode == "current"
        self.compensation = segment.compensation
        self.unit = 1.0 if self.by_current else self.bath.volts
        self.factor = -segment.compensation / self.bath.volts * FARADAY / self.area
        self.linear.built_for = -1.0
        self._stop_drift()

    def produce(self, time: float) -> bool:
        """Set what a beam makes from a time [s] on; whether that is another rate than before."""
        return self.bulk.produce(time)

    def kept(self) -> dict[str, Any]:
        """What lasts over steps beside the state: the preconditioner, and the count of iterations."""
        return {**self.linear.kept(), "newtons": self.newtons}

    def take(self, kept: Mapping[str, Array]) -> None:
        """Go on with what `kept` gave."""
        self.linear.take(kept)
        self.newtons = int(kept["newtons"])

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

    def _enter(self, h: float, base_v: Array) -> bool:
        self.bulk.at(self.u)
        p, ends = self.layout.patches, self.layout.ends
        numbers = (*self.layout.space[6:], self.scale)
        return bool(
            walls.enter(
                self.u,
                self.w,
                h,
                base_v,
                p,
                ends,
                numbers,
                self.states,
                self.answers,
                self.sums,
                self.rise,
                self.work,
                self.bulk.reacting,
            )
        )

    def _currents(self) -> Array:
        """Charge into the liquid from each terminal [mol/s]."""
        terminal = self.layout.patches[2]
        live = terminal >= 0
        return np.asarray(np.bincount(terminal[live], self.answers[0][live, -1], self.terminals), dtype=float)

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
            if self.bath.bulk is not None:
                out += self.bulk.lost
            linear.begin(h, self.answers[1], self.bulk.steep)
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
            slope: Array = -np.asarray(np.bincount(terminal[live], block[live, -1, -1], self.terminals), dtype=float)
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
        if self.bath.bulk is not None:
            self.bulk.settle(self.u, -h * (rate + self.bulk.lost[:, :-1].sum(axis=0)))
        else:
            self.u[self.wet, :-1] -= rate * h / self.volume.sum()
        return True

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
            self.restore(saved)
            if not self._approach(segment.goal(done + dt) / self.unit, dt):
                return -1.0
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

    def _approach(self, goal: float, dt: float) -> bool:
        """Potentials for a goal that is far, in parts and at the concentrations of now: the guess of the first step."""
        base, layers = self.u.copy(), self._layers()
        now = 0.0 if self.by_current else self.potential / self.unit
        for part in PARTS:
            self.linear.built_for = -1.0
            if not self._stage(1e-9 * dt, base, layers, now + part * (goal - now)):
                return False
            self.u[:, :-1] = base[:, :-1]
        return True

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

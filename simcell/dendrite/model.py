r"""Electrodeposition and stripping as a conservative phase field with a diffuse Butler-Volmer reaction.

.. math::
    \partial_t \xi &= V_m r + \nabla\cdot b[\nabla\xi - \xi(1-\xi)n/\delta], \;\; r = i_F a / zF, \; \int a\,ds = 1\\
    \partial_t(\theta c) &= \nabla\cdot\theta D\nabla c - (1-t_+) r, \qquad \theta = 1 - \xi\\
    \nabla\cdot i &= -zF r, \qquad i = -\theta\kappa(c)\,[\nabla\phi - \tfrac{1-2t_+}{f}\nabla\ln c]\\
    i_F &= i_0[(c/c_0)e^{\alpha E} - e^{-(1-\alpha)E}],\qquad E = f(\phi - \phi_m) - V_m\gamma K/RT

Surface energy, exchange current and interface width are independent inputs; at a flat front this is Butler-Volmer
whatever the width. phi_m is a number per connected body of metal: given, or such that the total current is the given
one; a body that touches no collector carries no net current. The same r stands in all three equations, so that
charge, metal and ions balance to round-off.

A step: curvature and area of the front; x, phi and phi_m together, implicit (`implicit.py`); then the phase,
explicit, in parts that its redistribution needs.
Swept salt enters the storage one step later: first order in time. The step follows
from the error of the concentration against its extrapolation, how far the front may move.

Assumptions: electroneutral binary salt, constant D and t+, kappa in proportion to c, no flow, no volume change of the
liquid, isothermal; metal fills the thickness of a `plan` layer. Validity: delta K < 0.2,
current/(i_lim) below which the salt changes little over delta, V_m c0 << 1. Source: docs/theory/dendrite.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simcell.dendrite import implicit, kernels
from simcell.dendrite.dead import Cut, cuts
from simcell.dendrite.edges import Edge, Inflow
from simcell.dendrite.front import front, with_film
from simcell.dendrite.layer import THETA_FLOOR, Labels, Layer, State, with_metal
from simcell.dendrite.linear import Krylov
from simcell.dendrite.nucleation import Nucleus, noise
from simcell.dendrite.stability import FARADAY
from simcell.errors import SolverError

Array = NDArray[np.float64]
SPREAD = 3.0  # b / (v_max delta)
PART = 0.2  # b dt / h^2 of a part of a step; the limit of stability is 0.25
CAPILLARY = 0.2  # V_m Gamma J_E dt / zF h^2; unstable above about 0.5 [measured on a dissolving disc]
SLOWEST = 1e-12  # of a step against the whole run, below which it is given up


@dataclass(frozen=True, eq=False)
class Run:
    """States at the times asked for, and histories with one entry per step.

    `current` [A] is the net one of the electrode (positive deposits), `potential` [V] that of its metal; `bodies`
    counts
    pieces of metal, 1 being the electrode alone; `lowest` is the least c/c0 outside the metal; `steps` [s] their
    lengths. `cuts` tells where pieces came loose, `nuclei` which were placed.

    Examples
    --------
    >>> list(Run.__dataclass_fields__)[:3]
    ['layer', 'states', 'time']
    """

    layer: Layer
    states: tuple[State, ...]
    time: Array
    current: Array
    potential: Array
    bodies: Array
    lowest: Array
    rejected: int
    newton: int
    krylov: int
    steps: Array
    cuts: tuple[Cut, ...] = ()
    nuclei: tuple[Nucleus, ...] = ()

    @property
    def last(self) -> State:
        """State at the end."""
        return self.states[-1]


@dataclass(frozen=True)
class Control:
    """Accuracy of a run.

    Parameters
    ----------
    tolerance : float
        Error of c/c0 in one step.
    courant : float
        Cells that the front may move in one step.
    method : str
        Linear solver: ``auto``, ``direct`` or ``krylov``.
    longest : float
        Longest step [s].
    compliance : float
        Largest potential of the metal [V] that a galvanostat can give; a run that needs more ends.

    Examples
    --------
    >>> Control().courant
    0.4
    """

    tolerance: float = 1e-3
    courant: float = 0.4
    method: str = "auto"
    longest: float = np.inf
    compliance: float = 1.0


def grow(
    layer: Layer, state: State, times: Sequence[float], *, potential: float | None = None, current: float | None = None,
    control: Control | None = None, progress: Callable[[State], None] | None = None, max_steps: int = 1_000_000,
    generator: np.random.Generator | None = None,
) -> Run:  # fmt: skip
    """Run at a constant potential or a constant total current; call again with the last state for the next segment.

    Parameters
    ----------
    layer : Layer
    state : State
        From `begin`, or the last of another run: going on from there gives the same numbers as one longer run.
    times : sequence of float
        Increasing, after `state.time` [s]; steps end there.
    potential : float, optional
        Of the metal against the reference at the supply [V]; negative deposits.
    current : float, optional
        Total [A], positive deposits.
    control : Control, optional
    progress : callable, optional
        Called with the state after every step.
    max_steps : int
    generator : numpy.random.Generator, optional
        For noise and nucleation; the same state of it gives the same run.

    Returns
    -------
    Run

    Raises
    ------
    ValueError
        Unless exactly one of potential and current is given, for times in the wrong order, or without a generator
        where one is needed.
    SolverError
        If steps get too short, with the time and the lowest concentration: the salt is used up.

    Examples
    --------
    >>> from simcell.dendrite.layer import begin
    >>> from simcell.dendrite.stability import Metal
    >>> from simcell.numerics.grid import section
    >>> lithium = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
    >>> layer = Layer(lithium, section(np.linspace(0.0, 3e-6, 61), [0.0, 1e-6]), 0.1e-6, {"x+": "reservoir"})
    >>> run = grow(layer, begin(layer, 1e-6 - layer.centre[1]), [0.01], current=1e-10)  # 100 A/m^2
    >>> round(run.last.charge * 1e12, 6)
    1.0
    """
    if (potential is None) == (current is None):
        raise ValueError("give either a potential or a current")
    if not len(times) or not (np.diff([state.time, *times]) > 0.0).all():
        raise ValueError(f"times {list(times)} must increase from the state's {state.time:g} s")
    if generator is None and (layer.noise or layer.nucleation is not None):
        raise ValueError("noise and nucleation need a generator: numpy.random.default_rng(seed)")
    work = _Worker(layer, control or Control(), potential, current, generator)
    states = []
    for stop in times:
        while state.time < stop:
            if len(work.history) >= max_steps:
                raise SolverError(f"{max_steps} steps were not enough: {state.time:g} of {stop:g} s")
            state = work.step(state, stop)
            if progress is not None:
                progress(state)
        states.append(state)
    time, steps, amperes, volts, bodies, lowest = np.array(work.history).T
    return Run(
        layer, tuple(states), time, amperes, volts, bodies, lowest, work.rejected, work.newton, work.krylov, steps,
        tuple(work.cuts), tuple(work.nuclei),
    )  # fmt: skip


class _Worker:
    """One run: scaled numbers and the loop over attempts of a step."""

    def __init__(
        self, layer: Layer, control: Control, potential: float | None, current: float | None,
        generator: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.layer, self.control = layer, control
        self.potential, self.current = potential, current
        m, h2 = layer.metal, layer.spacing**2
        charge = m.charge * FARADAY * m.concentration
        self.salt = m.diffusivity / h2
        self.charge = layer.reference_conductivity / (m.f * charge * h2)
        self.speed = m.exchange_current / charge
        self.unit = charge * layer.cell  # C per unit of rate and second
        self.sizes, self.generator = (layer.spacing, layer.spacing), generator
        self.bare = None if layer.nucleation is None else layer.site_area
        self.inner = Krylov(layer.shape)
        self.nuclei: list[Nucleus] = []
        self.cuts: list[Cut] = []
        self.before: tuple[Array, Labels] | None = None
        edge = np.ones(layer.shape, dtype=bool)
        edge[1:-1, 1:-1] = False
        self.outer = np.nonzero(edge)
        self.reservoir, self.counter = layer.end("reservoir")[self.outer], layer.end("counter")[self.outer]
        self.history: list[tuple[float, ...]] = []
        self.rejected = self.newton = self.krylov = 0

    def frozen(self, state: State, dt: float) -> implicit.Step:
        """Everything of the next step that follows from the phase now."""
        layer, m, shape = self.layer, self.layer.metal, self.layer.shape
        body, count = layer.bodies(state.xi)
        metal = self._metal(state, count.size)
        self.body, self.here = body, front(layer, state, body, metal, dt)
        theta = np.maximum(1.0 - state.xi, THETA_FLOOR)
        salt_y, charge_y = (np.zeros((shape[0] + 1, shape[1])) for _ in range(2))
        salt_x, charge_x = (np.zeros((shape[0], shape[1] + 1)) for _ in range(2))
        kernels.links(theta, np.ones(shape), self.salt, salt_y, salt_x)
        kernels.links(theta, state.ratio, self.charge, charge_y, charge_x)
        free, target = np.arange(1, count.size), np.zeros(count.size - 1)
        if self.current is not None:
            if count[0] == 0:
                raise ValueError("no metal on the electrode, so that no current can pass: nucleate at a potential")
            free, target = np.arange(count.size), np.concatenate([[self.current / self.unit], target])
        deposit = etch = np.zeros(shape)
        if layer.wall is not None:
            per_area = self.here.area / m.concentration
            deposit, etch = np.asarray(layer.wall.deposit) * per_area, np.asarray(layer.wall.etch) * per_area
        step = implicit.Step(
            theta, state.salt, dt, (salt_y, salt_x), (charge_y, charge_x),
            *self._ends(theta, state.ratio, state.time + dt),
            m.transference, m.symmetry, self.speed, self.here.area, self.here.exchange, self.here.film,
            self.here.capillary, body, free, target, deposit, etch,
        )  # fmt: skip
        if self.layer.noise and self.generator is not None:
            step.react(state.ratio, state.potential, metal)
            forward = step.by_ratio * state.ratio
            step.noise = noise(forward, forward - step.rate, layer.cell, m.concentration, dt, self.generator)
        return step

    def _ends(self, theta: Array, ratio: Array, time: float) -> tuple[Array, Array, Array, Array, Array, Array]:
        """Links and inflow of salt and charge at the ends, and link and potential of a counter electrode."""
        m, d = self.layer.metal, 1.0 - 2.0 * self.layer.metal.transference
        salt, charge, salt_end, charge_end, counter_end, counter = (np.zeros(theta.shape) for _ in range(6))
        outer = self.outer
        salt[outer], charge[outer] = 2.0 * self.salt * theta[outer], 2.0 * self.charge * theta[outer] * ratio[outer]
        salt_end[outer], charge_end[outer] = salt[outer] * self.reservoir, charge[outer] * self.reservoir
        counter_end[outer], counter[outer] = charge[outer] * self.counter, -np.log(ratio[outer])
        salt_in, charge_in = salt_end.copy(), np.zeros(theta.shape)
        for at, edge in self.layer.along(Edge):
            assert isinstance(edge, Edge)
            x, potential = edge.at(time)
            beyond = edge.length / self.layer.spacing
            salt_link = salt[at] / (1.0 + beyond * salt[at] / self.salt)
            mean = self.charge * _log_mean(ratio[at], x)
            charge_link = charge[at] / (1.0 + beyond * charge[at] / mean)
            salt_end[at] += salt_link
            charge_end[at] += charge_link
            salt_in[at] += salt_link * x
            charge_in[at] += charge_link * (m.f * potential - d * np.log(x))
        for at, given in self.layer.along(Inflow):
            assert isinstance(given, Inflow)
            h, charge_of = self.layer.spacing, m.charge * FARADAY * m.concentration
            salt_in[at] += np.asarray(given.salt, dtype=float) / (m.concentration * h)
            charge_in[at] += np.asarray(given.current, dtype=float) / (charge_of * h)
        return salt_end, charge_end, salt_in, charge_in, counter_end, counter

    def step(self, state: State, stop: float) -> State:
        """Advance by one step that ends at `stop` at the latest."""
        left = stop - state.time
        wish = state.step_next or 0.1 * left
        while True:
            wish = min(wish, self.control.longest)
            dt = left if wish >= left * (1.0 - 1e-9) else (0.5 * left if wish > 0.5 * left else wish)
            if dt < SLOWEST * max(abs(stop), left):
                raise SolverError(
                    f"steps of {dt:.1e} s at {state.time:.6g} s; the lowest c/c0 is {self._lowest(state):.1e}: "
                    "the salt is used up, lower the current"
                )
            frozen = self.frozen(state, dt)
            self._watch(state)
            metal = self._metal(state, int(frozen.body.max()) + 1)
            try:
                found = implicit.solve(frozen, *self._guess(state, dt), metal, self.control.method, krylov=self.inner)
            except SolverError:
                self.rejected += 1
                wish = 0.2 * dt
                continue
            self.newton, self.krylov = self.newton + found.newton, self.krylov + found.krylov
            error = self._error(state, found.ratio, dt)
            fastest, far = self._reach(state, frozen, found.ratio)
            if error <= 1.0 and dt <= 1.5 * far:
                break
            self.rejected += 1
            wish = min(dt * max(0.2, 0.8 / np.sqrt(error)) if error > 1.0 else dt, 0.9 * far)
        suggested = min(dt * min(1.5, 0.8 / np.sqrt(max(error, 1e-12))), 0.9 * far)
        following = suggested if dt == wish else min(max(wish, suggested), 0.9 * far)
        return self._accept(state, frozen, found, dt, fastest, following, stop if dt == left else state.time + dt)

    def _watch(self, state: State) -> None:
        """Note pieces that came loose since the last step."""
        now = (state.xi, self.body)
        if self.before is not None and self.before[0] is not state.xi and self.body.max() > 0:
            self.cuts += cuts(self.layer, state.time, self.before, now)
        self.before = now

    def _nucleate(self, state: State, dt: float) -> State:
        """Place the nuclei of a step on bare electrode."""
        layer, law = self.layer, self.layer.nucleation
        if law is None or self.bare is None or self.generator is None:
            return state
        eta = (state.potential - state.metal[0] + np.log(state.ratio)) / layer.metal.f
        bare = np.where(state.xi < 0.5, self.bare * (1.0 - state.xi), 0.0)
        for j, i in law.draw(law.rate(layer.metal, eta) * bare * dt, self.generator):
            if state.xi[j, i] >= 0.5:
                continue  # an earlier one of this step covers it
            y, x = (float(a.ravel()[k]) for a, k in zip(layer.centre, (j, i), strict=True))
            dx, dy = self.generator.uniform(-0.5, 0.5, 2) * layer.spacing
            angle = float(self.generator.uniform(0.0, 2.0 * np.pi)) if law.angle is None else law.angle
            distance = law.radius - np.hypot(layer.centre[0] - y - dy, layer.centre[1] - x - dx)
            charge = state.charge
            state = segment(with_metal(layer, state, distance, angle), state.step_next)
            self.nuclei.append(Nucleus(state.time, x + dx, y + dy, law.radius, angle, state.charge - charge))
        return state

    def _growth(self, step: implicit.Step, ratio: Array) -> Array:
        """Phase that the reaction and the wall add [1/s]."""
        total = step.rate if self.layer.wall is None else step.rate + step.deposit * ratio - step.etch
        return self.layer.metal.molar_volume * self.layer.metal.concentration * total

    def _reach(self, state: State, step: implicit.Step, ratio: Array) -> tuple[float, float]:
        """Speed of the front [m/s] from the fastest growth of the phase, and the longest step that this allows [s].

        Where the salt is used up the reaction moves to the outer edge of the front: what counts is how fast the phase
        changes, and that no cell may lose more than half of what it has.
        """
        growth = self._growth(step, ratio)
        speed = 4.0 * self.layer.delta * float(np.abs(growth).max())
        active = step.area > 0.0
        room = np.where(growth > 0.0, 1.0 - state.xi, state.xi)[active]
        share = float((np.abs(growth[active]) / np.maximum(room, 1e-12)).max(initial=0.0))
        # the curvature is explicit: ripples of two cells must not overshoot
        m = self.layer.metal
        spread = 4.0 * self.layer.delta * float(step.by_drive.max()) * m.molar_volume * m.concentration
        spread *= m.capillary_length * self.layer.crystal.stiffest
        return speed, min(
            self.control.courant * self.layer.spacing / max(speed, 1e-300), 0.5 / max(share, 1e-300),
            CAPILLARY * self.layer.spacing**2 / max(spread, 1e-300),
        )  # fmt: skip

    def _accept(
        self, state: State, step: implicit.Step, found: implicit.Solution, dt: float, fastest: float, following: float,
        time: float,
    ) -> State:  # fmt: skip
        layer, m = self.layer, self.layer.metal
        flow = step.salt_flow(found.ratio, found.potential)
        salt = state.salt - dt * (flow + (1.0 - m.transference) * step.rate)
        chemical = 0.0
        if layer.wall is not None:
            salt -= dt * (step.deposit * found.ratio - step.etch)
            chemical = float((step.deposit * found.ratio - step.etch).sum()) * dt * m.concentration * layer.cell
        # the current that enters is that of the reaction; at the ends it is so to the tolerance of the solver
        inflow = -float(flow.sum()) + m.transference * float(step.rate.sum())
        xi, spread = state.xi.copy(), SPREAD * fastest * layer.delta
        parts = max(1, int(np.ceil(spread * dt / (PART * layer.spacing**2))))
        growth = self._growth(step, found.ratio)
        kernels.advance(xi, growth, spread, layer.delta, dt, parts, *self.sizes, np.empty_like(xi), np.empty_like(xi))
        current = float(step.rate.sum()) * self.unit
        if self.current is not None and abs(found.metal[0]) > self.control.compliance * m.f:
            raise SolverError(
                f"the current needs more than {self.control.compliance:g} V at {time:.6g} s; the lowest c/c0 is "
                f"{kernels.lowest(state.xi, found.ratio):.1e}: the salt is used up, lower the current"
            )
        grain = state.grain
        if grain is not None and state.angles is not None and state.angles.size > 1:
            grain = np.empty_like(grain)
            kernels.inherit(xi, state.grain, grain)
        after = State(
            time, xi, salt, found.ratio, found.potential, found.metal, state.ratio, state.potential, dt, following,
            state.charge + current * dt, state.inflow + dt * inflow * m.concentration * layer.cell, state.steps + 1,
            grain, state.angles, state.film, state.strain, state.chemical + chemical, state.dropped,
        )  # fmt: skip
        area = step.area
        after = with_film(
            layer, after, self.here, np.divide(growth, area, where=area > 0.0, out=np.zeros_like(area)), dt
        )  # fmt: skip
        if not (np.isfinite(xi).all() and xi.min() >= 0.0 and xi.max() <= 1.0):
            raise SolverError(f"the phase left 0..1 at {time:g} s ({xi.min():.2e}, {xi.max():.2e}): lower `courant`")
        after = self._nucleate(after, dt)
        self.history.append((time, dt, current, found.metal[0] / m.f, float(found.metal.size), self._lowest(after)))
        return after

    def _metal(self, state: State, number: int) -> Array:
        """Potentials to begin with; a body that has just come loose begins at that of the electrode."""
        metal = np.full(number, state.metal[0])
        if number == state.metal.size:
            metal[:] = state.metal
        if self.potential is not None:
            metal[0] = self.layer.metal.f * self.potential
        return metal

    @staticmethod
    def _guess(state: State, dt: float) -> tuple[Array, Array]:
        """Extrapolated concentration (never lowered by more than a half) and potential."""
        if state.step_before == 0.0:
            return state.ratio, state.potential
        part, x = dt / state.step_before, np.empty_like(state.ratio)
        kernels.extrapolate(state.ratio, state.ratio_before, part, 0.5, x)
        u = state.potential - state.potential_before
        u *= part
        u += state.potential
        return x, u

    def _error(self, state: State, ratio: Array, dt: float) -> float:
        """Largest error of c/c0 outside the metal, against what is allowed."""
        if state.step_before == 0.0:
            # salt that the last step swept up is not yet in the ratio: however short the step, it changes by that
            swept = np.abs(state.salt / np.maximum(1.0 - state.xi, THETA_FLOOR) - state.ratio)
            change = (np.abs(ratio - state.ratio) - swept)[state.xi < 0.5]
            return max(float(change.max()), 0.0) / (5.0 * self.control.tolerance)
        miss = kernels.deviation(state.xi, ratio, state.ratio, state.ratio_before, dt / state.step_before)
        return miss * dt / (dt + state.step_before) / self.control.tolerance

    @staticmethod
    def _lowest(state: State) -> float:
        return float(kernels.lowest(state.xi, state.ratio))


def _log_mean(a: Array, b: Array) -> Array:
    """Logarithmic mean, that of 1/c along a straight line of c."""
    apart = np.log(a / b)
    near = np.abs(apart) < 1e-6
    return np.where(near, 0.5 * (a + b), (a - b) / np.where(near, 1.0, apart))


def segment(state: State, step: float = 0.0) -> State:
    """Forget the history of steps, where the current or potential jumps; `step` [s] is the next to try.

    Examples
    --------
    >>> segment.__annotations__["return"]
    'State'
    """
    return replace(state, step_before=0.0, step_next=step)

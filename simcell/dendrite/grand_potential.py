r"""A phase field with an energy that cannot rise: for thermodynamic questions (rest, coarsening, equilibrium shapes).

Energy over RT c0, relative to fresh electrolyte at c0, with h = xi^3 (10 - 15 xi + 6 xi^2), theta = 1 - h, x = c/c0:

.. math:: \Omega = \int \hat W g(\xi) + \tfrac12\hat\kappa|\nabla\xi|^2 + 2\theta\,(x\ln x - x + 1),\qquad
          \hat W = 3\gamma/\delta RTc_0,\; \hat\kappa = 6\gamma\delta/RTc_0,\; g=\xi^2(1-\xi)^2

.. math::
    \partial_t\xi &= M s\,\left[h'\{G\,e + 2(1-x)\} - \hat W g' + \hat\kappa\nabla^2\xi\right],\qquad
        e = \ln x + f(\phi-\phi_m),\; G = 1/V_m c_0\\
    \partial_t(\theta x) &= \nabla\cdot\theta D\nabla x - (1-t_+) G\,\partial_t h,\qquad
    \nabla\cdot\theta\kappa x\,[\nabla f\phi - (1-2t_+)\nabla\ln x] = zF c_0 f\,G\,\partial_t h

e is the electrochemical affinity of the ion (its grand potential moves the front, as in M. Plapp, Phys. Rev. E 84
(2011) 031601), x what is conserved (D. A. Cogswell, Phys. Rev. E 92 (2015) 011301 for electrodeposition).
M = V_m^2 c0 i0 / 6 delta zF and s = x^(1-alpha) [exp(alpha e) - exp((alpha-1) e)]/e make a flat front Butler-Volmer.
2 (1 - x) is the osmotic work on the liquid. phi_m is a number per connected body, as in the conservative model.

Discrete law: h' and g' as divided differences between both times, the Laplacian of xi as their mean, all else at the
new time, M s and links at the old one. The salt term is jointly convex in (theta x, theta), so that in each step of any
length Omega falls by at least the dissipation of reaction, diffusion and conduction; at open circuit (each body
with no net current), and for given potentials with their work included, it cannot rise but by rounding.

Assumptions: isotropic, binary salt, no film. Validity: the drive must not bend the profile, e delta < 0.3 V_m gamma/RT:
capillarity fulfils that where delta < R/5, an overpotential only at widths of nanometres. First order in time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simcell.dendrite.grand_step import Constants, GrandStep, Links, liquid
from simcell.dendrite.layer import ISOTROPIC, Labels, Layer, State
from simcell.dendrite.model import SLOWEST, Control, Run
from simcell.dendrite.stability import FARADAY, GAS_CONSTANT, Metal
from simcell.errors import SolverError

Array = NDArray[np.float64]
CHANGE = 0.1  # of ln c in one step


def bending(metal: Metal, delta: float, affinity: float) -> float:
    """Drive over barrier, RT e delta / 3 V_m gamma: above 0.1 the front is slower than Butler-Volmer.

    Examples
    --------
    >>> lithium = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
    >>> round(bending(lithium, 4e-9, 0.1), 3)
    0.051
    """
    return abs(affinity) * delta / (3.0 * metal.capillary_length) if metal.surface_energy else float("inf")


def begin_grand(layer: Layer, state: State) -> State:
    """Give a state from `simcell.dendrite.layer.begin` the salt and the energy of this form.

    Examples
    --------
    >>> from simcell.dendrite.layer import begin
    >>> from simcell.numerics.grid import section
    >>> lithium = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
    >>> layer = Layer(lithium, section(np.linspace(0.0, 90e-9, 61), [0.0, 1e-6]), 4e-9, {"x+": "reservoir"})
    >>> state = begin_grand(layer, begin(layer, 40e-9 - layer.centre[1]))
    >>> round(state.energy / (1e-6 * 1.0), 2)  # J/m^2: the surface energy; the front is 1 um by 1 m
    0.5
    """
    salt = liquid(state.xi) * state.ratio
    return replace(state, salt=salt, energy=energy(layer, state.xi, salt))


def energy(layer: Layer, xi: Array, salt: Array) -> float:
    """Omega [J] of a phase and theta c / c0.

    Examples
    --------
    >>> energy.__annotations__["return"]
    'float'
    """
    m = layer.metal
    slopes = sum(float(np.square(np.diff(xi, axis=axis)).sum()) for axis in (0, 1)) / layer.spacing**2
    theta = liquid(xi)
    x = salt / theta
    surface = 3.0 * m.surface_energy / layer.delta * float(np.square(xi * (1.0 - xi)).sum())
    surface += 3.0 * m.surface_energy * layer.delta * slopes
    osmotic = GAS_CONSTANT * m.temperature * m.concentration
    return layer.cell * (surface + osmotic * float((2.0 * theta * (x * np.log(x) - x + 1.0)).sum()))


def grow_grand(
    layer: Layer, state: State, times: Sequence[float], *, potential: float | None = None,
    current: float | None = None, control: Control | None = None, progress: Callable[[State], None] | None = None,
    max_steps: int = 1_000_000, generator: np.random.Generator | None = None,
) -> Run:  # fmt: skip
    """Run at a constant potential or total current, 0 for open circuit; as `simcell.dendrite.model.grow`.

    Parameters
    ----------
    layer : Layer
        Isotropic, without film, wall, nucleation or noise; supplies ``reservoir`` and ``counter``.
    state : State
        From `begin_grand`, or the last of another run; its `energy` [J] is kept up.
    times : sequence of float
    potential, current : float, optional
    control : Control, optional
        `courant`, `longest` and `compliance` are read.
    progress : callable, optional
    max_steps : int
    generator : ignored
        There is nothing random.

    Returns
    -------
    Run

    Raises
    ------
    ValueError
        For what this form does not have, by name, and for what `grow` refuses.
    SolverError
        If steps get too short.

    Examples
    --------
    >>> grow_grand.__kwdefaults__["current"] is None
    True
    """
    _refuse(layer)
    if (potential is None) == (current is None):
        raise ValueError("give either a potential or a current")
    if not len(times) or not (np.diff([state.time, *times]) > 0.0).all():
        raise ValueError(f"times {list(times)} must increase from the state's {state.time:g} s")
    if np.isnan(state.energy):
        raise ValueError("this state has no energy: make it with begin_grand")
    work = _Worker(layer, potential, current, control or Control())
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
    return Run(layer, tuple(states), time, amperes, volts, bodies, lowest, work.rejected, work.newton, 0, steps)


def _refuse(layer: Layer) -> None:
    if layer.metal.surface_energy == 0.0:
        raise ValueError("without a surface energy this form has no front: give one, or use the conservative model")
    if not set(layer.supply.values()) <= {"reservoir", "counter"}:
        raise ValueError(f"supply {dict(layer.supply)}: the grand-potential form has 'reservoir' and 'counter'")
    has = {
        "an anisotropy": layer.crystal != ISOTROPIC, "a film": layer.film is not None, "noise": layer.noise,
        "a wall": layer.wall is not None, "nucleation": layer.nucleation is not None,
    }  # fmt: skip
    for name, there in has.items():
        if there:
            raise ValueError(f"{name} is not in the grand-potential form: leave it out, or use the conservative model")


class _Worker:
    """One run, in flat arrays: numbers of the layer and the loop over steps."""

    def __init__(self, layer: Layer, potential: float | None, current: float | None, control: Control) -> None:
        self.layer, self.potential, self.current, self.control = layer, potential, current, control
        m, h2 = layer.metal, layer.spacing**2
        osmotic = GAS_CONSTANT * m.temperature * m.concentration
        self.links, self.constants = Links(layer.shape), Constants(
            1.0 / (m.molar_volume * m.concentration), 3.0 * m.surface_energy / (layer.delta * osmotic),
            6.0 * m.surface_energy * layer.delta / (osmotic * h2), 1.0 - m.transference, 1.0 - 2.0 * m.transference,
        )  # fmt: skip
        self.mobility = m.molar_volume**2 * m.concentration * m.exchange_current
        self.mobility /= 6.0 * layer.delta * m.charge * FARADAY
        charge = m.charge * FARADAY * m.concentration
        self.diffuse, self.conduct = m.diffusivity / h2, layer.reference_conductivity / (m.f * charge * h2)
        self.unit = charge * layer.cell
        self.ends = {kind: layer.end(kind).ravel() for kind in ("reservoir", "counter")}
        self.history: list[tuple[float, ...]] = []
        self.rejected = self.newton = 0

    def step(self, state: State, stop: float) -> State:
        """Advance by one step that ends at `stop` at the latest."""
        left = stop - state.time
        wish = min(state.step_next or 1e-3 * left, self.control.longest)
        while True:
            dt = left if wish >= left * (1.0 - 1e-9) else (0.5 * left if wish > 0.5 * left else wish)
            if dt < SLOWEST * max(abs(stop), left):
                raise SolverError(f"steps of {dt:.1e} s at {state.time:.6g} s: the equations of a step were not solved")
            try:
                after, change = self._attempt(state, dt)
            except SolverError:
                self.rejected += 1
                wish = 0.2 * dt
                continue
            if change <= 1.5:
                break
            self.rejected += 1
            wish = 0.8 * dt / change
        following = min(dt * min(1.5, 0.8 / max(change, 1e-12)), self.control.longest)
        time = stop if dt == left else state.time + dt
        after = replace(after, time=time, step_next=following if dt == wish else max(wish, following))
        if self.current is not None and abs(after.metal[0]) > self.control.compliance * self.layer.metal.f:
            raise SolverError(f"the current needs more than {self.control.compliance:g} V at {time:.6g} s")
        current = (after.charge - state.charge) / dt
        lowest = float(after.ratio[after.xi < 0.5].min(initial=np.inf))
        volts = after.metal[0] / self.layer.metal.f
        self.history.append((time, dt, current, volts, float(after.metal.size), lowest))
        return after

    def _freeze(self, state: State, dt: float) -> tuple[GrandStep, Labels, Array]:
        """All that follows from the state before, body of each cell, and potentials to begin with."""
        layer, m, x = self.layer, self.layer.metal, state.ratio
        body, count = layer.bodies(state.xi)
        metal = np.full(count.size, state.metal[0])
        if count.size == state.metal.size:
            metal[:] = state.metal
        free, target = np.arange(count.size), np.zeros(count.size)
        if self.current is None:
            metal[0], free = m.f * float(self.potential or 0.0), free[1:]
        elif count[0] == 0:
            raise ValueError("no metal on the electrode, so that no current can pass: nucleate at a potential")
        else:
            target[0] = self.current / self.unit
        theta = liquid(state.xi)
        inside = np.array([(body == k).ravel() for k in free], dtype=float).reshape(free.size, theta.size)
        e = np.log(x) + state.potential - metal[body]
        speed = x ** (1.0 - m.symmetry) * np.exp((m.symmetry - 0.5) * e) * _sinhc(0.5 * e)
        end = 2.0 * theta.ravel()
        weights = self.links.weights
        frozen = GrandStep(
            self.links, self.constants, state.xi.ravel(), state.salt.ravel(), dt, (self.mobility * speed).ravel(),
            self.diffuse * weights(theta), self.conduct * weights(theta, x),
            self.diffuse * end * self.ends["reservoir"],
            self.conduct * end * x.ravel() * self.ends["reservoir"],
            self.conduct * end * x.ravel() * self.ends["counter"], inside, target[free],
            np.where(np.isin(body, free), 0.0, metal[body]).ravel(),
        )  # fmt: skip
        return frozen, free, metal

    def _attempt(self, state: State, dt: float) -> tuple[State, float]:
        """Give the state after a step, and how much of what is allowed has changed in it."""
        frozen, free, metal = self._freeze(state, dt)
        shape = state.xi.shape
        z = np.stack([state.xi.ravel(), np.log(state.ratio).ravel(), state.potential.ravel()])
        z, p, count = frozen.solve(z, metal[free])
        self.newton += count
        xi, y, u = z
        rate, (salt_flow, _) = frozen.rate(xi), frozen.flows(y, u)
        salt = (frozen.salt - dt * (salt_flow + self.constants.anion * rate)).reshape(shape)
        if not (salt > 0.0).all():
            raise SolverError("the salt in the metal was used up in a step")
        metal[free] = p
        moles = dt * self.layer.metal.concentration * self.layer.cell
        after = replace(
            state, xi=xi.reshape(shape), salt=salt, ratio=np.exp(y).reshape(shape), potential=u.reshape(shape),
            metal=metal, ratio_before=state.ratio, potential_before=state.potential, step_before=dt,
            charge=state.charge + float(rate.sum()) * self.unit * dt,
            inflow=state.inflow + moles * (self.layer.metal.transference * rate.sum() - salt_flow.sum()),
            steps=state.steps + 1, energy=energy(self.layer, xi.reshape(shape), salt),
        )  # fmt: skip
        moved = 4.0 * self.layer.delta * np.abs(xi - frozen.xi).max() / (self.control.courant * self.layer.spacing)
        salted = np.abs(y - np.log(state.ratio).ravel())[xi < 0.5].max(initial=0.0) / CHANGE
        return after, float(max(moved, salted))


def _sinhc(z: Array) -> Array:
    """sinh(z)/z."""
    small = np.abs(z) < 1e-4
    safe = np.where(small, 1.0, z)
    return np.where(small, 1.0 + z * z / 6.0, np.sinh(safe) / safe)

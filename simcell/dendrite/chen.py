r"""The widespread form of L. Chen et al., J. Power Sources 300 (2015) 376, to reproduce papers: not for quantities.

.. math::
    \partial_t\xi &= L_\eta h'(\xi)\left[s\,x\,e^{-\alpha f\phi} - e^{(1-\alpha)f\phi}\right]
        - L_\sigma\left[W g'(\xi) - \kappa\nabla^2\xi\right]\\
    \partial_t[(1-h)x] &= \nabla\cdot(1-h)D\left[\nabla x + x\nabla f\phi\right] - \partial_t\xi/V_m c_0,\qquad
    \nabla\cdot[h\sigma_m + (1-h)\sigma_l]\nabla\phi = zF\,\partial_t\xi/V_m

with :math:`h = \xi^3(10-15\xi+6\xi^2)`, :math:`g=\xi^2(1-\xi)^2`, :math:`\kappa=6\gamma\delta`,
:math:`W=3\gamma/\delta`, and s = 1 - h (the mean concentration, as public codes have it) or 1. phi is the voltage of
the metal at the collector and 0 at the supply; the anode term is the activity 1 of the metal.

What it does otherwise than Butler-Volmer (docs/theory/dendrite.md derives each number): the exchange current is
6 delta L_eta zF / V_m, in proportion to the interface width; s = 1 - h halves the cathodic rate, so that the metal
rests at a negative voltage; curvature flow is set by L_sigma, not by the kinetics; one potential serves all,
so that the current at the supply is not that of the reaction (`unaccounted`); no anion, so no limiting current
but c = c0 exp(-fV) at a front without current, which counts the voltage twice: the rest is at ln(1/2) RT/2zF = -8.9 mV
(-17.8 mV with c0 at the front).

Numerics: potential and ions implicit, one after the other until they agree, ions with exponentially fitted
migration; then the phase, explicit in parts. Metal and ions are conserved to rounding. c can fall below zero where the
well alone makes metal: it is not clipped but shown by the least concentration. First order in time.
Assumptions: a constant voltage, isotropic, no film, nuclei or dead metal. Validity: the reaction slower than a tenth of
L_sigma W, else the profile gives way: the speed falls short by 2 % at 0.1, 21 % at 0.5; halved it is 15 % high at 0.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from simcell.dendrite import kernels_chen
from simcell.dendrite.layer import ISOTROPIC, Layer, State, switch
from simcell.dendrite.model import SLOWEST, Control, Run
from simcell.dendrite.stability import FARADAY, Metal
from simcell.errors import SolverError

Array = NDArray[np.float64]
PART = 0.2  # L_sigma kappa dt / h^2 of a part of a step; unstable beyond 0.25
CHANGE = 0.1  # of c, or of c0 where that is more, in one step
AGREE = 1e-10  # of f phi between two rounds
FLOOR = 1e-3  # least share of the diffusivity, in the metal: what the well turns into metal there must be supplied
METAL_CONDUCTIVITY = 1e7  # S/m; public decks have 8.4e6 times the liquid's


@dataclass(frozen=True)
class Chen:
    """Constants of this form.

    Parameters
    ----------
    reaction : float
        L_eta [1/s].
    relaxation : float
        L_sigma W [1/s].
    halved : bool
        Whether the cathodic term carries the mean concentration (1 - h) x, as public codes have it.
    metal_conductivity : float
        [S/m]

    Raises
    ------
    ValueError
        Unless they are positive.

    Examples
    --------
    >>> Chen(1e-3, 1.0).halved
    True
    """

    reaction: float
    relaxation: float
    halved: bool = True
    metal_conductivity: float = METAL_CONDUCTIVITY

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        for name in ("reaction", "relaxation", "metal_conductivity"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0.0):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be positive")

    def exchange_current(self, metal: Metal, delta: float) -> float:
        """Of the anode term on a flat front of a width [A/m^2]: 6 delta L_eta zF/V_m; the cathodic is `share` of it."""
        return 6.0 * delta * self.reaction * metal.charge * FARADAY / metal.molar_volume

    @property
    def share(self) -> float:
        """Cathodic over anodic rate at the equilibrium of the metal: the mean of 1 - h over h is a half."""
        return 0.5 if self.halved else 1.0

    def drive(self, metal: Metal, potential: float, ratio: float = 1.0) -> float:
        """Forward less backward term at a voltage [V] and c/c0 at the front."""
        e = metal.f * potential
        return float(self.share * ratio * np.exp(-metal.symmetry * e) - np.exp((1.0 - metal.symmetry) * e))

    def front(self, metal: Metal, delta: float, potential: float, gap: float) -> tuple[float, float]:
        """Speed of a steady flat front [m/s] at a voltage [V] with the supply at `gap` [m], and c/c0 at it.

        Sharp: 6 delta L_eta times the drive, with the ions that a field V/gap brings. Without a current they are in
        Boltzmann's equilibrium with that field, c = c0 exp(-fV).
        """
        e = -metal.f * potential
        piled = np.exp(e)
        per_ratio = 6.0 * delta * self.reaction * self.share * np.exp(metal.symmetry * e)
        fed = gap / (metal.diffusivity * metal.molar_volume * metal.concentration)
        fed *= np.expm1(e) / e if e else 1.0  # c/c0 that a speed takes away
        back = 6.0 * delta * self.reaction * np.exp((metal.symmetry - 1.0) * e)
        speed = (per_ratio * piled - back) / (1.0 + per_ratio * fed)
        return float(speed), float(piled - fed * speed)

    @property
    def rest(self) -> float:
        """Voltage times zF/RT at which a flat front stands: ln(share) / 2."""
        return 0.5 * float(np.log(self.share))

    def distortion(self, metal: Metal, delta: float, potential: float, gap: float) -> float:
        """Reaction over relaxation."""
        return abs(self.front(metal, delta, potential, gap)[0]) / (6.0 * delta * self.relaxation)

    def curvature_excess(self, metal: Metal, delta: float) -> float:
        """How many times too fast a front moves by its curvature, against the kinetics in equilibrium.

        Detailed balance asks for L_sigma = L_eta V_m / RT.
        """
        if metal.surface_energy == 0.0:
            return float("inf")
        return self.relaxation * delta / (3.0 * metal.capillary_length * self.reaction)


def calibrated(metal: Metal, delta: float, potential: float, gap: float, stiff: float = 10.0) -> Chen:
    """Constants with which a flat front of this width has the exchange current of the metal.

    The relaxation is `stiff` times the reaction, at the start (c = c0) and of a steady front.

    Examples
    --------
    >>> lithium = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
    >>> form = calibrated(lithium, 0.1e-6, -0.1, 10e-6)
    >>> round(form.exchange_current(lithium, 0.1e-6), 9), round(form.exchange_current(lithium, 0.2e-6), 9)
    (30.0, 60.0)
    """
    form = Chen(metal.exchange_current * metal.molar_volume / (6.0 * delta * metal.charge * FARADAY), 1.0)
    steady = abs(form.front(metal, delta, potential, gap)[0]) / (6.0 * delta)
    start = form.reaction * max(abs(form.drive(metal, potential)), 1.0)
    return replace(form, relaxation=stiff * max(steady, start))


def begin_chen(state: State) -> State:
    """Give a state from `simcell.dendrite.layer.begin` the ions of this form, (1 - h) x.

    Examples
    --------
    >>> begin_chen.__annotations__["return"]
    'State'
    """
    return replace(state, salt=np.maximum(1.0 - switch(state.xi), FLOOR) * state.ratio)


def unaccounted(layer: Layer, first: State, last: State) -> float:
    """Share of the charge at the supply that is not in the metal: 1 - zF (metal) / charge; nan where none passed.

    Examples
    --------
    >>> unaccounted.__annotations__["return"]
    'float'
    """
    charge = last.charge - first.charge
    if charge == 0.0:
        return float("nan")
    metal = last.metal_amount(layer) - first.metal_amount(layer)
    return 1.0 - layer.metal.charge * FARADAY * metal / charge


def grow_chen(
    layer: Layer, state: State, times: Sequence[float], *, form: Chen, potential: float | None = None,
    current: float | None = None, control: Control | None = None, progress: Callable[[State], None] | None = None,
    max_steps: int = 1_000_000, generator: np.random.Generator | None = None,
) -> Run:  # fmt: skip
    """Run at a constant voltage; arguments as of `simcell.dendrite.model.grow`.

    `Run.current` and `State.charge` are those at the supply.

    Parameters
    ----------
    layer : Layer
    state : State
        From `begin_chen`, or the last of another run.
    times : sequence of float
    form : Chen
    potential : float
        Of the metal at the collector against the supply [V].
    current : None
        Cannot be held.
    control : Control, optional
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
        For what this form does not have, by name.
    SolverError
        If potential and reaction do not agree in steps of any length.

    Examples
    --------
    >>> grow_chen.__kwdefaults__["current"] is None
    True
    """
    _refuse(layer, potential, current)
    assert potential is not None
    if not len(times) or not (np.diff([state.time, *times]) > 0.0).all():
        raise ValueError(f"times {list(times)} must increase from the state's {state.time:g} s")
    work = _Worker(layer, form, potential, control or Control())
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
    return Run(layer, tuple(states), time, amperes, volts, bodies, lowest, work.rejected, work.rounds, 0, steps)


def _refuse(layer: Layer, potential: float | None, current: float | None) -> None:
    if potential is None or current is not None:
        raise ValueError("the form of Chen 2015 has no current that could be held: give a potential")
    if set(layer.supply.values()) != {"reservoir"}:
        raise ValueError(f"supply {dict(layer.supply)}: the form of Chen 2015 needs 'reservoir'")
    has = {
        "an anisotropy": layer.crystal != ISOTROPIC, "a film": layer.film is not None, "noise": layer.noise,
        "a wall": layer.wall is not None, "nucleation": layer.nucleation is not None,
        "a bare electrode (contact)": layer.contact is not None,
    }  # fmt: skip
    for name, there in has.items():
        if there:
            raise ValueError(f"{name} is not in the form of Chen 2015: leave it out, or use the conservative model")


class _Worker:
    """One run."""

    def __init__(self, layer: Layer, form: Chen, potential: float, control: Control) -> None:
        self.layer, self.form, self.control = layer, form, control
        m, h2 = layer.metal, layer.spacing**2
        self.volt, self.salt, self.metal = m.f * potential, m.diffusivity / h2, 1.0 / (m.molar_volume * m.concentration)
        charge = m.charge * FARADAY / m.molar_volume  # C per volume of metal
        self.liquid, self.solid = (
            s / (m.f * charge * h2) for s in (layer.reference_conductivity, form.metal_conductivity)
        )
        self.unit = charge * layer.cell
        self.spread = 2.0 * layer.delta**2 * form.relaxation
        self.supply, self.collector = layer.end("reservoir"), np.zeros(layer.shape)
        for side in layer.collector:
            self.collector[layer._edge(side)] += 1.0
        self.history: list[tuple[float, ...]] = []
        self.rejected = self.rounds = 0

    def step(self, state: State, stop: float) -> State:
        """Advance by one step that ends at `stop` at the latest."""
        left = stop - state.time
        wish = min(state.step_next or 1e-3 * left, self.control.longest)
        while True:
            dt = left if wish >= left * (1.0 - 1e-9) else (0.5 * left if wish > 0.5 * left else wish)
            if dt < SLOWEST * max(abs(stop), left):
                raise SolverError(
                    f"steps of {dt:.1e} s at {state.time:.6g} s: potential and reaction do not agree; with one "
                    "potential for metal and liquid deposition lowers it further: raise the metal's conductivity"
                )
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
        following = dt * min(1.5, 0.8 / max(change, 1e-12))
        time = stop if dt == left else state.time + dt
        after = replace(after, time=time, step_next=following if dt == wish else max(wish, following))
        current = (after.charge - state.charge) / dt
        lowest = float(after.ratio[after.xi < 0.5].min(initial=np.inf))
        self.history.append((time, dt, current, self.volt / self.layer.metal.f, float(after.metal.size), lowest))
        return after

    def _attempt(self, state: State, dt: float) -> tuple[State, float]:
        """Give the state after a step, and how much of what is allowed has changed in it."""
        form, m, xi = self.form, self.layer.metal, state.xi
        h = switch(xi)
        slope, share = 30.0 * np.square(xi * (1.0 - xi)), 1.0 - h if form.halved else np.ones_like(h)
        settling = self.spread * _laplace(xi, self.layer.spacing) - form.relaxation * _well(xi)
        conduct = _faces(h * self.solid + (1.0 - h) * self.liquid)
        ends = 2.0 * (self.supply * self.liquid + self.collector * self.solid)
        inward = 2.0 * self.collector * self.solid * self.volt
        factors = _factors(sum(conduct) + ends, conduct)
        x, u = state.ratio, state.potential
        for _ in range(20):
            self.rounds += 1
            forward, back = share * np.exp(-m.symmetry * u), np.exp((1.0 - m.symmetry) * u)
            growth = form.reaction * slope * (forward * x - back) + settling
            before, u = u, factors.solve((inward - growth).ravel()).reshape(u.shape)
            x, flow, entered = self._ions(
                state, dt, h, u, form.reaction * slope * forward, form.reaction * slope * back
            )
            miss = float(np.abs(u - before).max())
            if not np.isfinite(miss):
                break
            if miss <= AGREE * max(1.0, abs(self.volt)):
                return self._moved(state, dt, x, u, flow, entered)
        raise SolverError(f"potential and reaction disagree by {miss:.1e} RT/zF")

    def _ions(
        self, state: State, dt: float, h: Array, u: Array, forward: Array, back: Array
    ) -> tuple[Array, Array, float]:
        """Solve c/c0 with migration; what leaves each cell, and what enters at the supply [1/s]."""
        d = self.salt * np.maximum(1.0 - h, FLOOR)
        links = _faces(d)
        away = tuple(link * _bernoulli(_beyond(u, k) - u) for k, link in enumerate(links))
        back_in = tuple(link * _bernoulli(u - _beyond(u, k)) for k, link in enumerate(links))
        end = 2.0 * d * self.supply
        out, inside = end * _bernoulli(-u), end * _bernoulli(u)  # the reservoir is at c0 and 0 V
        stored = np.maximum(1.0 - h, FLOOR) / dt
        use = self.metal * forward
        factors = _factors(stored + sum(away) + out + use, back_in)
        x = factors.solve((state.salt / dt + inside + self.metal * back).ravel()).reshape(h.shape)
        flow = (sum(away) + out) * x - inside
        for k, link in enumerate(back_in):
            flow = flow - link * _beyond(x, k)
        return x, flow, float((inside - out * x).sum())

    def _moved(self, state: State, dt: float, x: Array, u: Array, flow: Array, entered: float) -> tuple[State, float]:
        layer, form, m = self.layer, self.form, self.layer.metal
        xi, parts = state.xi.copy(), max(1, int(np.ceil(self.spread * dt / (PART * layer.spacing**2))))
        forward, back = x * np.exp(-m.symmetry * u), np.exp((1.0 - m.symmetry) * u)
        kernels_chen.advance(
            xi, forward, back, form.halved, form.reaction, form.relaxation, self.spread, dt, parts, layer.spacing,
            np.empty_like(xi),
        )  # fmt: skip
        salt = state.salt - dt * flow - self.metal * (xi - state.xi)
        current = float((2.0 * self.supply * self.liquid * -u).sum()) * self.unit
        if not np.isfinite(xi).all():
            raise SolverError(f"the phase is not finite at {state.time:g} s")
        _, count = layer.bodies(xi)
        after = replace(
            state, xi=xi, salt=salt, ratio=x, potential=u, metal=np.full(count.size, self.volt), step_before=dt,
            ratio_before=state.ratio, potential_before=state.potential, charge=state.charge + current * dt,
            inflow=state.inflow + dt * entered * m.concentration * layer.cell, steps=state.steps + 1,
        )  # fmt: skip
        moved = 4.0 * layer.delta * float(np.abs(xi - state.xi).max()) / (self.control.courant * layer.spacing)
        salted = float((np.abs(x - state.ratio) / np.maximum(np.abs(x), 1.0))[xi < 0.5].max(initial=0.0)) / CHANGE
        return after, max(moved, salted)


def _well(xi: Array) -> Array:
    return 2.0 * xi * (1.0 - xi) * (1.0 - 2.0 * xi)


def _laplace(xi: Array, h: float) -> Array:
    padded = np.pad(xi, 1, mode="edge")
    return (padded[2:, 1:-1] + padded[:-2, 1:-1] + padded[1:-1, 2:] + padded[1:-1, :-2] - 4.0 * xi) / h**2


def _beyond(values: Array, k: int) -> Array:
    """Values of the neighbour: 0 below, 1 above (y), 2 left, 3 right (x); at the walls the own ones."""
    padded = np.pad(values, 1, mode="edge")
    return (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])[k]


def _faces(values: Array) -> tuple[Array, ...]:
    """Mean of a cell and its neighbours below, above, left, right; 0 at the walls."""
    found = tuple(0.5 * (values + _beyond(values, k)) for k in range(4))
    found[0][0], found[1][-1], found[2][:, 0], found[3][:, -1] = 0.0, 0.0, 0.0, 0.0
    return found


def _bernoulli(z: Array) -> Array:
    """z / (e^z - 1)."""
    small = np.abs(z) < 1e-5
    safe = np.where(small, 1.0, z)
    return np.where(small, 1.0 - 0.5 * z + z * z / 12.0, safe / np.expm1(np.minimum(safe, 700.0)))


def _factors(diagonal: Array, links: tuple[Array, ...]) -> splu:
    """LU of diagonal * u minus links to the neighbours below, above, left, right."""
    ny, nx = diagonal.shape
    below, above, left, right = (-link.ravel() for link in links)
    bands, offsets = [diagonal.ravel(), left[1:], right[:-1]], [0, -1, 1]
    if ny > 1:
        bands, offsets = [*bands, below[nx:], above[:-nx]], [*offsets, -nx, nx]
    matrix = sparse.csc_matrix(sparse.diags_array(bands, offsets=offsets))
    return splu(matrix, permc_spec="NATURAL" if ny == 1 else "MMD_AT_PLUS_A")

"""State of a liquid along a line and one step of it; the loop over segments stands in `session`."""

from __future__ import annotations

import numpy as np

from simcell.chemistry.bubble import MARGIN
from simcell.numerics.grid import Array
from simcell.transport.bulk import switched
from simcell.transport.feedback import NOTICED, Gas, conducting
from simcell.transport.kernels import ELECTRODE, solve_stage, step
from simcell.transport.kinetics import FARADAY
from simcell.transport.packing import packed, packed_extra, shares
from simcell.transport.protocol import Segment
from simcell.transport.species import Liquid, Surface
from simcell.transport.tableau import FIRST, THIRD, Tableau

GAS_STEP = 200.0  # times rtol: largest change of the share of gas in a step, over the share of liquid
LATE = 0.01  # of the threshold, by which the pressure may pass it in a step
NEWTON = 1e-8  # relative change at which an iteration ends; it converges quadratically, to rounding


class Stepper:
    """Unknowns, derivatives at the last point, and work space of the kernels.

    Parameters
    ----------
    liquid : Liquid
    rtol, atol : float
        See `session.Options`.

    Examples
    --------
    >>> from simcell.transport.species import Ion, between
    >>> salt = [Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    >>> s = Stepper(Liquid(between(1e-6, 1e-7), salt, {"K+": 1.0, "Cl-": 1.0}, Surface()), 1e-4, 1e-6)
    >>> s.nodes().shape == (2, s.u.shape[0])
    True
    """

    def __init__(self, liquid: Liquid, rtol: float, atol: float) -> None:
        self.liquid, self.model, self.extra = liquid, packed(liquid), packed_extra(liquid)
        order = liquid.order
        self.names = [liquid.ions[k].name for k in order]
        ions, n = len(order), liquid.grid.shape[2]
        m = ions
        self.reactions, self.own = len(liquid.reactions), len(liquid.working.reactions)
        self.width = self.reactions + 2 + 5 * ions  # currents, charging, through two ends, made at three places
        c = liquid.composition[order]
        self.u = np.zeros((n + 2, m))
        self.u[1:-1, :-1] = c[:-1].T
        self.u[0, :-1], self.u[-1, :-1] = c[:-1, 0], c[:-1, -1]
        largest = c.max(axis=1)
        told = np.array([liquid.scales.get(name, 0.0) for name in self.names])
        self.scale_of_all = np.where(told > 0.0, np.maximum(largest, told), largest)
        self.scale_of_all[self.scale_of_all == 0.0] = largest.max()
        self.scale = self.scale_of_all[:-1].copy()
        self.metal = np.zeros(3)  # potential [RT/F], current density, its slope
        self.tolerances = np.array([rtol, atol, NEWTON])
        self.state = (
            np.zeros(self.reactions), np.zeros(self.reactions), np.zeros((self.reactions, ions)), np.zeros(ions),
            np.zeros(ions), np.zeros(2),
        )  # fmt: skip

        def blocks() -> Array:
            return np.zeros((n + 2, m, m))

        def rows() -> Array:
            return np.zeros((n + 2, m))

        self.work = (
            rows(), blocks(), blocks(), blocks(), np.zeros((n + 2, m), dtype=np.int64), rows(), rows(),
            blocks(), blocks(), blocks(), rows(), np.zeros(m), np.array([-1.0, 0.0]),
        )  # fmt: skip
        self.upper = np.zeros(m)
        self.stages = (
            np.zeros((4, n, m - 1)), np.zeros((4, 2)), np.zeros((4, self.width)), np.zeros((n, m - 1)), np.zeros(2),
            np.zeros((n, m - 1)), np.zeros(2),
        )  # fmt: skip
        self.passed = np.zeros(self.width)
        x = liquid.grid.centre[2]
        faces = liquid.grid.faces[2]
        self.positions = np.concatenate([[faces[0]], x, [faces[-1]]])
        self.area = float(self.model[3][0])
        self._place()
        self.how = (False, 0.0, self.node, self.weight)
        self.compensation = 0.0
        self.began, self.now = 0.0, 0.0  # of the segment, and of the state [s]
        self.heat, self.rise = liquid.heat, 0.0  # and by how much it is warmer than at the start [K]
        self.share, self.displaced = np.zeros(n), np.zeros(ions)  # of gas in the cells; what it has pushed out [mol]

    def _place(self) -> None:
        """Nodes between which the reference stands."""
        at = self.liquid.reference
        self.node, self.weight = -1, 0.0
        if at is not None:
            self.node = int(np.clip(np.searchsorted(self.positions, at) - 1, 0, self.positions.size - 2))
            low, high = self.positions[self.node : self.node + 2]
            self.weight = float((at - low) / (high - low))

    def control(self, segment: Segment) -> None:
        """Set what is controlled from here on."""
        by_current = segment.mode == "current"
        self.segment, self.compensation = segment, segment.compensation
        factor = 1.0 if by_current else -segment.compensation / self.liquid.volts * self.free
        self.how = (by_current, factor, self.node, self.weight)
        self.unit = 1.0 if by_current else self.liquid.volts

    def produce(self, time: float) -> bool:
        """Set what is made inside the liquid from a time [s] on; whether that is another rate than before."""
        bulk = self.liquid.bulk
        return bulk is not None and switched(self.extra[0], bulk, time, lambda now: shares(self.liquid, now))

    def settle(self) -> bool:
        """Take over temperature and gas of this moment; whether bubbles have appeared."""
        if self.heat is not None:
            rise = self.heat.rise(float(self.extra[0][-1][0]), self.joule)
            if abs(rise - self.rise) > NOTICED:
                self.warm(rise)
        return self.liquid.gas is not None and self._bubbles(self.liquid.gas)

    def _bubbles(self, gas: Gas) -> bool:
        table, share = self.extra[2], self.foam
        if np.any(share != self.share):
            self.displaced += self.nodes()[:, 1:-1] @ (table[4] * (share - self.share))
            self.fill(share)
        over = self.gas_pressure() > gas.threshold * (1.0 + MARGIN)
        new = over & (table[3] == 0.0)
        table[3][:] = over | (table[6].sum(axis=1) > 0.0)
        return bool(new.any())

    @property
    def foam(self) -> Array:
        """Share of the cells that the gas at hand takes."""
        gas = self.liquid.gas
        return np.zeros_like(self.share) if gas is None else gas.share(self.extra[2][6], self.liquid.temperature)

    def fill(self, share: Array) -> None:
        """Go on with a share of gas in the cells: less liquid, slower flows, less electrode."""
        self.stages[0][0] *= ((1.0 - self.share) / (1.0 - share))[:, None]  # the flows of the last stage remain
        self.share = share
        liquid, volume, area = self.model[2], self.extra[2][4], self.liquid.grid.area[2].ravel()
        liquid[:] = volume * (1.0 - share)
        half = 0.5 * np.diff(self.liquid.grid.faces[2])
        plain = np.concatenate([half[:1], half[:-1] + half[1:], half[-1:]])
        slow = half / conducting(share)
        gap = np.concatenate([slow[:1], slow[:-1] + slow[1:], slow[-1:]]) / plain
        self.model[4][:] = self.liquid.grid.distance[2].ravel()[: gap.size] * gap
        for end in (0, -1):
            if self.model[5][end] == ELECTRODE:
                self.model[3][end] = area[end] * (1.0 - share[end])
                self.model[4][end] *= 1.0 - share[end]  # flows pass the liquid, not the free area alone
        self.work[12][0] = -1.0  # factors of the linear system are old
        self.control(self.segment)

    @property
    def free(self) -> float:
        """Share of the working electrode that gas does not block."""
        return float(self.model[3][0] / self.area)

    def gas_pressure(self) -> Array:
        """Of all dissolved gases and vapour in the cells [Pa]."""
        gas = self.liquid.gas
        assert gas is not None
        return np.asarray(self.nodes()[self.extra[2][0], 1:-1].T @ (1.0 / np.asarray(gas.henry)) + gas.vapour)

    def warm(self, rise: float) -> None:
        """Go on at another temperature [K above that at the start]: numbers in units of RT/F are others."""
        assert self.heat is not None
        beam, before = self.extra[0][-2:], self.liquid.volts
        self.rise, self.liquid = rise, self.heat.liquid(rise)
        ratio = before / self.liquid.volts
        self.u[:, -1] *= ratio
        self.metal[0] *= ratio
        self.stages[1][0] *= ratio
        gas = self.extra[2]
        self.model, self.extra = packed(self.liquid), packed_extra(self.liquid)
        for to, of in zip(self.extra[0][-2:], beam, strict=True):  # share of cells, and factor
            to[:] = of
        for at in (3, 6, 12):  # cells with bubbles, amounts, rates
            self.extra[2][at][:] = gas[at]
        self.fill(self.share)

    @property
    def joule(self) -> float:
        """Heat that the current sets free in the liquid, i^2 over the conductivity, mean of the line [W/m^3]."""
        z, d, size = self.model[0], self.model[1], self.model[2]
        kappa = FARADAY / self.liquid.volts * (z * z * d) @ self.nodes()[:, 1:-1] * conducting(self.share)
        return float((self.current - self.injected) ** 2 * (size / kappa).sum() / size.sum())

    @property
    def injected(self) -> float:
        """Electrons that the beam leaves in the working metal at present [A/m^2]."""
        return self.liquid.injected * float(self.extra[0][-1][0])

    @property
    def collected(self) -> float:
        """The same since the start [C/m^2]."""
        bulk = self.liquid.bulk
        return self.liquid.injected * bulk.lit(self.now) if bulk else 0.0

    @property
    def made(self) -> Array:
        """What is made at present beside the first end, inside, and beside the last end (3, ions) [mol/s]."""
        production, share, factor = self.extra[0][-3:]
        lit = share[1:-1] * self.model[2]
        first, last = 0.25 * lit[0], 0.25 * lit[-1]  # as in `kernels_bulk.react`
        return factor[0] * np.outer([first, lit.sum() - first - last, last], production)

    def first_step(self) -> float:
        """Time [s] that the first cells at the ends need to notice anything, a thousandth of it."""
        gap = self.model[4]
        size = 2.0 * min(gap[0], gap[-1])
        return float(1e-3 * size**2 / self.model[1].max())

    def open_circuit(self) -> bool:
        """Bring double layers to rest at zero current; False where there is no such state."""
        ends = [self.liquid.working, self.liquid.other if isinstance(self.liquid.other, Surface) else None]
        saved = self.save()
        bare = list(self.model)
        bare[7] = np.zeros(2)
        found = False
        metals = [r.equilibrium for r in self.liquid.working.reactions]
        if metals and all(end is None or end.reactions for end in ends):
            self.metal[0] = float(np.mean(metals)) / self.liquid.volts
            base, layers = self.u[1:-1, :-1].copy(), np.zeros(2)
            used = solve_stage(
                self.u, self.metal, self.first_step() * 1e-6, base, layers, 0.0, (True, 1.0, -1, 0.0), tuple(bare),
                self.extra, self.state, self.work, self.upper, self.scale, NEWTON,
            )  # fmt: skip
            found = used >= 0
            if not found:
                self.restore(saved)
        for side, end in enumerate(ends):
            if end is not None and end.before is not None:
                step = end.before / self.liquid.volts
                if side == 0:
                    self.metal[0] = self.u[0, -1] + step
                else:
                    self.u[-1, -1] = -step
        return found

    def start(self, segment: Segment, done: float, dt: float) -> float:
        """Implicit Euler after a jump, one step against two halves of it: give back its error over the tolerance."""
        saved = self.save()
        if self._step(FIRST, segment, done, dt) < 0.0:
            return -1.0
        once, metal = self.u[1:-1, :-1].copy(), self.metal[0] - self.u[0, -1]
        self.restore(saved)
        if self._step(FIRST, segment, done, 0.5 * dt) < 0.0:
            return -1.0
        half = self.passed.copy()
        self.passed[:] = 0.0
        if self._step(FIRST, segment, done + 0.5 * dt, 0.5 * dt) < 0.0:
            return -1.0
        self.passed += half
        now = self.u[1:-1, :-1]
        allowed = self.tolerances[0] * np.abs(now) + self.tolerances[1] * self.scale
        error = float(np.max(np.abs(now - once) / allowed))
        if self.model[7][0] > 0.0:
            error = max(error, abs(self.metal[0] - self.u[0, -1] - metal) / self.tolerances[0])
        return error

    def advance(self, segment: Segment, done: float, dt: float) -> float:
        """One step of order 3: give back its error over the tolerance, negative where there is no solution."""
        return self._step(THIRD, segment, done, dt)

    def _goal(self, segment: Segment, time: float) -> float:
        """What the cell gets: the reference has a potential of its own, and the beam may bring electrons."""
        if segment.mode == "current":
            return (segment.goal(time) - self.injected) / self.free
        return segment.goal(time) + self.own_reference(self.began + time) + self.compensation * self.injected

    def own_reference(self, time: float) -> float:
        """Potential of the reference electrode against the nominal scale [V] at a time of the protocol [s]."""
        pseudo = self.liquid.pseudo
        return float(pseudo.potential(time)) if pseudo else 0.0

    def _step(self, tableau: Tableau, segment: Segment, done: float, dt: float) -> float:
        goals = np.array([self._goal(segment, done + c * dt) / self.unit for c in tableau.times])
        count = goals.size
        error = float(
            step(
                self.u, self.metal, dt, goals, self.how, (tableau.matrix, tableau.difference), self.model, self.extra,
                self.state, self.work, self.upper, self.scale, self.stages, self.tolerances,
            )
        )  # fmt: skip
        if error < 0.0:
            return error
        if self.liquid.gas is not None:
            error = max(error, self._gas_error(self.liquid.gas))
            self.extra[2][12][0] = self.extra[2][12][count - 1]
        cells, layers, sums = self.stages[:3]
        sums[1:count, -3 * len(self.names) :] = self.made.ravel()
        self.passed[:] = dt * tableau.matrix[-1] @ sums[:count]
        self.now = self.began + done + dt
        cells[0], layers[0], sums[0] = cells[count - 1], layers[count - 1], sums[count - 1]
        return error

    def _gas_error(self, gas: Gas) -> float:
        """Change of the share of gas, and pressure beyond the threshold where there is none, over what is allowed."""
        change = np.abs(self.foam - self.share)
        allowed = GAS_STEP * self.tolerances[0] * (1.0 - self.share)
        closed = self.extra[2][3] == 0.0
        beyond = np.max(self.gas_pressure(), initial=0.0, where=closed) / gas.threshold - 1.0
        return max(float((change / allowed).max()), beyond / LATE)

    def save(self) -> tuple[Array, ...]:
        """Copy of what a step changes."""
        cells, layers, sums = self.stages[:3]
        return (
            self.u.copy(), self.metal.copy(), cells[0].copy(), layers[0].copy(), sums[0].copy(), self.passed.copy(),
            self.state[5].copy(), np.array(self.now), np.array(self.rise),
            self.share.copy(), self.displaced.copy(), *(self.extra[2][at].copy() for at in (3, 6)),
            self.extra[2][12][0].copy(),
        )  # fmt: skip

    def restore(self, saved: tuple[Array, ...]) -> None:
        """Go back to a copy."""
        u, metal, cells, layers, sums, passed, carried, now, rise, share, displaced = saved[:11]
        is_open, amount, leaving = saved[11:]
        if float(rise) != self.rise:
            self.warm(float(rise))
        if np.any(share != self.share):
            self.fill(share.copy())
        self.displaced[:], self.extra[2][12][0] = displaced, leaving
        self.extra[2][3][:], self.extra[2][6][:] = is_open, amount
        self.u[:], self.metal[:], self.passed[:] = u, metal, passed
        self.stages[0][0], self.stages[1][0], self.stages[2][0] = cells, layers, sums
        self.state[5][:], self.now = carried, float(now)

    def nodes(self) -> Array:
        """Concentrations of all ions at surfaces and cells (ions, n + 2), the balancing one last."""
        z = self.model[0]
        rest = -(self.u[:, :-1] @ z[:-1]) / z[-1]
        return np.vstack([self.u[:, :-1].T, rest])

    def inventory(self) -> Array:
        """Amount of each ion in the liquid [mol]."""
        return self.nodes()[:, 1:-1] @ self.model[2]

    def last_rates(self) -> Array:
        """Currents [A] and flows [mol/s] at this moment, as summed up."""
        return self.stages[2][0].copy()

    @property
    def current(self) -> float:
        """Current density of the working electrode as the instrument sees it [A/m^2]."""
        sums = self.stages[2][0]
        return float((sums[: self.own].sum() + sums[self.reactions]) / self.area) + self.injected

    @property
    def _at_reference(self) -> float:
        if self.node < 0:
            return 0.0
        return float((1.0 - self.weight) * self.u[self.node, -1] + self.weight * self.u[self.node + 1, -1])

    @property
    def potential(self) -> float:
        """Of the working electrode against the reference [V] as the instrument shows it, the compensation off."""
        measured = (self.metal[0] - self._at_reference) * self.liquid.volts
        return float(measured - self.compensation * self.current - self.own_reference(self.now))

    @property
    def ohmic(self) -> float:
        """Potential of the liquid at the working electrode less that at the reference, or at the other end [V]."""
        far = self._at_reference if self.node >= 0 else self.u[-1, -1]
        return float((self.u[0, -1] - far) * self.liquid.volts)

    def limiting(self, ion: int, side: int) -> float:
        """Current density [A/m^2] of diffusion to an end out of the cell beside it."""
        cell = 1 if side == 0 else -2
        gap = self.model[4][0 if side == 0 else -1]
        reaction = next((r for r in self.liquid.reactions if self.names[ion] in r.makes), None)
        per = reaction.electrons / abs(reaction.makes[self.names[ion]]) if reaction else 1.0
        return float(per * FARADAY * self.model[1][ion] * self.nodes()[ion, cell] / gap)

"""One run of growth, from output time to output time.

The run ends at its duration, or when metal has crossed the wanted share of the gap. Where the salt cannot carry a
current any more it is driven with the compliance voltage from then on, as a galvanostat would, and that is told. A
limit of a step of the protocol is met by repeating the time step that passes it, until it ends there.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simcell.dendrite.layer import State
from simcell.dendrite.model import Control, Run, segment
from simcell.errors import SolverError
from simcell.numerics.checkpoint import Keeper
from simcell.numerics.checkpoint import State as Content
from simcell.results.provenance import Status
from simcell.studies.growth_course import Place, packed, unpacked
from simcell.studies.growth_setup import Growth
from simcell.studies.growth_stages import Stage
from simcell.transport.protocol import Limit

Progress = Callable[[float], None]
SAME = 1.0 + 1e-9  # two times that differ by less are one
CLOSE = 1e-9  # of a limit
MOST_TRIALS = 40
FIRST = 1e-6  # of the first step after a jump: if a limit is passed by then it is so from the first moment on
STARVED = 0.05  # of c0, below which a solver that gives up means that the salt is used up


@dataclass(eq=False)
class Grown:
    """What a run has reached: states at output times with current [A], voltage [V] and least c/c0 at each of them.

    Currents are positive where metal is deposited. `ends` has step (from 1), time [s] and reason of each end.

    Examples
    --------
    >>> Grown().status
    'complete'
    """

    states: list[State] = field(default_factory=list)
    current: list[float] = field(default_factory=list)
    potential: list[float] = field(default_factory=list)
    lowest: list[float] = field(default_factory=list)
    bodies: list[float] = field(default_factory=list)
    plated: float = 0.0
    stripped: float = 0.0
    shorted: float = float("nan")
    status: Status = "complete"
    remarks: list[str] = field(default_factory=list)
    ends: list[dict[str, Any]] = field(default_factory=list)
    wall: float = 0.0


class _Across(Exception):
    """Metal has crossed the gap."""


class _Met(Exception):
    """A step has passed a limit; `state` is the one beyond it."""

    def __init__(self, limit: Limit, state: State) -> None:
        super().__init__(limit.quantity)
        self.limit, self.state = limit, state


def run_growth(
    ready: Growth, times: Sequence[float], progress: Progress | None = None, keeper: Keeper | None = None
) -> Grown:
    """Grow, and keep the states at output times.

    Parameters
    ----------
    ready : Growth
    times : sequence of float
        Output times [s] after 0, which is kept as well.
    progress : callable, optional
        Called with the fraction that is done.
    keeper : Keeper, optional
        Gets the state between steps and at an interruption; where it has one, the run goes on from that.

    Returns
    -------
    Grown
        After Ctrl-C, what was reached, with the status ``interrupted``.

    Raises
    ------
    SolverError
        Its `partial` is what was reached.

    Examples
    --------
    >>> from simcell.inputs.dendrite import DendriteInput
    >>> from simcell.studies.growth_setup import Liquid, prepare
    >>> case = DendriteInput(metal="Zn", exchange_current="30 A/m^2", current_density="-10 mA/cm^2",
    ...                      width="400 nm", gap="4 um", interface_width="50 nm", spacing="33 nm")
    >>> found = run_growth(prepare(case, Liquid("ZnSO4", 100.0, 298.15), 0.1), [0.1])
    >>> round(found.current[-1] / (400e-9 * 500e-9), 6), len(found.states)
    (100.0, 2)
    """
    return _Runner(ready, times, progress, keeper).run()


class _Runner:
    def __init__(self, ready: Growth, times: Sequence[float], progress: Progress | None, keeper: Keeper | None) -> None:
        self.ready, self.progress, self.keeper = ready, progress, keeper
        self.times = [t for t in times if t > 0.0]
        self.found, self.state = Grown(), ready.state
        self.column = min(int(ready.finish / ready.layer.spacing), ready.layer.shape[1] - 2)
        self.area = ready.layer.shape[0] * ready.layer.cell / ready.layer.spacing  # m^2, of the flat electrode
        self.generator = np.random.default_rng(ready.seed)
        self.held = False  # at the compliance, for want of salt
        self.number, self.began, self.step_charge = 0, 0.0, 0.0
        self.limits: tuple[Limit, ...] = ()
        self.stop = 0.0  # that the steps now end at
        self.place: Place | None = None

    def run(self) -> Grown:
        begun = clock.perf_counter()
        here = self._begin()
        try:
            self._play(here)
        except _Across:
            self.found.shorted = self.state.time
        except KeyboardInterrupt:
            self.found.status = "interrupted"
            if self.keeper is not None:
                self.keeper.offer(self._whole, last=True)
        except SolverError as error:
            self.found.status = "failed"
            self.found.remarks.append(str(error))
            raise SolverError(str(error), self.found) from None
        finally:
            self.found.wall = clock.perf_counter() - begun
            self._last()
        return self.found

    def _begin(self) -> bool:
        """Start, or take over where another run has stopped; whether it was the latter."""
        if self.keeper is None or self.keeper.state is None:
            first = self.ready.stages[0]
            self._keep(first.current or 0.0, np.nan if first.potential is None else first.potential, 1.0, 1.0)
            return False
        place, states, rows = unpacked(self.keeper.state)
        for name, values in rows.items():
            setattr(self.found, name, values)
        self.found.states, self.found.plated, self.found.stripped = states, place.plated, place.stripped
        self.number, self.began, self.step_charge, self.held = (
            place.stage, place.began, place.step_charge, place.held,
        )  # fmt: skip
        self.state, self.place = place.state, place
        self.generator.bit_generator.state = place.random
        return True

    def _play(self, here: bool) -> None:
        """Run all stages, from the first or from within the one where a run before has stopped."""
        over: int | None = None
        if here and self.found.ends:
            over = self.found.ends[-1]["step"] - 1
        for number in range(self.number, len(self.ready.stages)):
            stage = self.ready.stages[number]
            if stage.step == over or self.state.time * SAME >= self.ready.end:
                continue
            if not here:
                self.state, self.held = segment(self.state), False
                self.began = self.state.time
                if number == 0 or self.ready.stages[number - 1].step != stage.step:
                    self.step_charge = self.state.charge
            self.number, here = number, False
            if self._stage(stage):
                over = stage.step

    def _stage(self, stage: Stage) -> bool:
        """Run a stage; whether a limit has ended it."""
        end = min(self.began + stage.lasts, self.ready.end)
        ends = [t for t in self.times if self.state.time * SAME < t < end / SAME]
        last = stage is self.ready.stages[-1] or end * SAME >= self.ready.end
        shown = last or any(end / SAME <= t <= end * SAME for t in self.times)
        self.limits = stage.limits
        for stop in [*ends, end]:
            self._mark()
            try:
                run = self._towards(stop, stage)
            except _Met as met:
                self._meet(met, stage)
                return True
            if stop != end or shown:
                self._keep(
                    float(run.current[-1]), float(run.potential[-1]), float(run.lowest[-1]), float(run.bodies[-1])
                )
        return False

    def _towards(self, stop: float, stage: Stage) -> Run:
        try:
            return self._advance(stop, *self._drive(stage))
        except SolverError:
            if stage.current is None or self.held or not self._at_limit():
                raise
            self._hold()
            return self._advance(stop, *self._drive(stage))

    def _drive(self, stage: Stage) -> tuple[float | None, float | None]:
        """Current and potential of a stage; a galvanostat without salt gives its compliance."""
        if self.held and stage.current is not None:
            return None, -self.ready.compliance if stage.current > 0.0 else self.ready.compliance
        return stage.current, stage.potential

    def _advance(self, stop: float, current: float | None, potential: float | None) -> Run:
        self.stop = stop
        return self.ready.form.grow(
            self.ready.layer, self.state, [stop], current=current, potential=potential,
            control=Control(compliance=self.ready.compliance), progress=self._watch, generator=self.generator,
        )  # fmt: skip

    def _hold(self) -> None:
        self.held, self.state = True, segment(self.state)
        self.found.remarks.append(
            f"the salt cannot carry the current from {self.state.time:.4g} s on (least c/c0 {self._lowest():.2g}): "
            f"{self.ready.compliance:g} V (compliance) drive what there is"
        )
        self._mark()

    def _watch(self, state: State) -> None:
        """Called after each step: books, limits, checkpoint, progress, and whether metal is across."""
        for limit in self.limits:
            if self._beyond(limit, state) >= -_close(limit):
                raise _Met(limit, state)
        self._book(state)
        if state.time < self.stop:  # at a stop the numbers of this step are still to be kept
            self._mark()
        metal = np.flatnonzero((state.xi > 0.5).any(axis=0))
        tip = int(metal[-1]) if metal.size else 0
        if self.progress is not None:
            start, span = self.ready.front, self.ready.finish - self.ready.front
            across = (tip * self.ready.layer.spacing - start) / span
            self.progress(float(np.clip(max(state.time / self.ready.end, across), 0.0, 1.0)))
        if tip >= self.column:
            raise _Across

    def _book(self, state: State) -> None:
        moved = state.charge - self.state.charge
        self.found.plated += max(moved, 0.0)
        self.found.stripped += max(-moved, 0.0)
        self.state = state

    def _beyond(self, limit: Limit, state: State) -> float:
        """How far a limit is passed, by the values at the end of a step or, the current, over it."""
        if limit.quantity == "potential":
            return limit.beyond(float(state.metal[0]) / self.ready.layer.metal.f)
        if limit.quantity == "charge":
            return limit.beyond(-(state.charge - self.step_charge) / self.area)
        return limit.beyond(-_mean_current(self.state, state) / self.area)

    def _meet(self, met: _Met, stage: Stage) -> None:
        """End a stage where a limit is met: repeat the step that passed it with other lengths."""
        assert self.place is not None
        before, random = self.state, self.place.random
        state = self._repeat(met, stage, random)
        self.generator.bit_generator.state = random
        self._book(state)
        self.found.ends.append({"step": stage.step + 1, "time": state.time, "reason": met.limit.quantity})
        volts = float(state.metal[0]) / self.ready.layer.metal.f
        self._keep(_mean_current(before, state), volts, self._lowest(), float(state.metal.size))

    def _repeat(self, met: _Met, stage: Stage, random: Any) -> State:
        """The state at a limit, by regula falsi; where it is passed from the first moment on, the first moment."""
        low, high, state = self.state.time, met.state.time, met.state
        at_low, at_high = np.nan, self._beyond(met.limit, met.state)
        time = low + FIRST * (high - low)
        if met.limit.quantity == "charge" or (met.limit.quantity == "potential" and self.state.step_before > 0.0):
            at_low = self._beyond(met.limit, self.state)
        if at_high <= _close(met.limit):
            return state
        for _ in range(MOST_TRIALS):
            if at_low < 0.0:
                time = high - at_high * (high - low) / (at_high - at_low)
            if not low < time < high:
                break
            tried = self._try(time, stage, random)
            value = self._beyond(met.limit, tried)
            if abs(value) <= _close(met.limit) or (value >= 0.0 and not at_low < 0.0):
                return tried
            if value >= 0.0:
                high, at_high, state, at_low = time, value, tried, 0.5 * at_low
            else:
                low, at_low = time, value
        return state

    def _try(self, time: float, stage: Stage, random: Any) -> State:
        """The state at a time, from the one before."""
        self.generator.bit_generator.state = random
        current, potential = self._drive(stage)
        return self.ready.form.grow(
            self.ready.layer, self.state, [time], current=current, potential=potential,
            control=Control(compliance=self.ready.compliance), generator=self.generator,
        ).last  # fmt: skip

    def _at_limit(self) -> bool:
        """Whether a solver that gives up means that the galvanostat has: little salt, or much voltage."""
        voltage = abs(float(self.state.metal[0])) / self.ready.layer.metal.f
        return self._lowest() < STARVED or voltage > 0.5 * self.ready.compliance

    def _lowest(self) -> float:
        return float(self.state.ratio[self.state.xi < 0.5].min(initial=np.inf))

    def _mark(self) -> None:
        """Note where the run stands, from where it could go on."""
        self.place = Place(
            self.number, self.began, self.step_charge, self.held, self.state, self.generator.bit_generator.state,
            self.found.plated, self.found.stripped, len(self.found.states), len(self.found.ends),
            len(self.found.remarks),
        )  # fmt: skip
        if self.keeper is not None:
            self.keeper.offer(self._whole)

    def _whole(self) -> Content:
        """Arrays from which another run goes on."""
        assert self.place is not None
        counts = {name: self.place.kept for name in ("current", "potential", "lowest", "bodies")}
        counts |= {"ends": self.place.ended, "remarks": self.place.told}
        rows = {name: getattr(self.found, name)[:count] for name, count in counts.items()}
        return packed(self.place, self.found.states, rows)

    def _keep(self, current: float, potential: float, lowest: float, bodies: float) -> None:
        self.found.states.append(self.state)
        self.found.current.append(current)
        self.found.potential.append(potential)
        self.found.lowest.append(lowest)
        self.found.bodies.append(bodies)

    def _last(self) -> None:
        """Keep the state in which a run ends before an output time."""
        before = self.found.states[-1]
        if self.state.time > before.time:
            metal = self.state.metal[0] / self.ready.layer.metal.f
            self._keep(_mean_current(before, self.state), float(metal), self._lowest(), float(self.state.metal.size))


def _mean_current(before: State, after: State) -> float:
    """[A], positive deposits."""
    return (after.charge - before.charge) / (after.time - before.time)


def _close(limit: Limit) -> float:
    """How near to a limit is at it."""
    return CLOSE * max(abs(limit.below if np.isfinite(limit.below) else limit.above), 1e-3)

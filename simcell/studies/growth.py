"""One run of growth, from output time to output time.

The run ends at its duration, or when metal has crossed the wanted share of the gap. Where the salt cannot carry a
current any more it is driven with the compliance voltage from then on, as a galvanostat would, and that is told.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from simcell.dendrite.layer import State
from simcell.dendrite.model import Control, Run, segment
from simcell.errors import SolverError
from simcell.results.provenance import Status
from simcell.studies.growth_setup import Growth
from simcell.studies.growth_stages import Stage

Progress = Callable[[float], None]
SAME = 1.0 + 1e-9  # two times that differ by less are one
STARVED = 0.05  # of c0, below which a solver that gives up means that the salt is used up


@dataclass(eq=False)
class Grown:
    """What a run has reached: states at output times with current [A], voltage [V] and least c/c0 at each of them.

    Currents are positive where metal is deposited.

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
    wall: float = 0.0


class _Across(Exception):
    """Metal has crossed the gap."""


def run_growth(ready: Growth, times: Sequence[float], progress: Progress | None = None) -> Grown:
    """Grow, and keep the states at output times.

    Parameters
    ----------
    ready : Growth
    times : sequence of float
        Output times [s] after 0, which is kept as well.
    progress : callable, optional
        Called with the fraction that is done.

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
    return _Runner(ready, times, progress).run()


class _Runner:
    def __init__(self, ready: Growth, times: Sequence[float], progress: Progress | None) -> None:
        self.ready, self.progress = ready, progress
        self.times = [t for t in times if t > 0.0]
        self.found, self.state = Grown(), ready.state
        self.column = min(int(ready.finish / ready.layer.spacing), ready.layer.shape[1] - 2)
        self.generator = np.random.default_rng(ready.seed)
        self.held = False  # at the compliance, for want of salt

    def run(self) -> Grown:
        begun = clock.perf_counter()
        first = self.ready.stages[0]
        self._keep(first.current or 0.0, np.nan if first.potential is None else first.potential, 1.0, 1.0)
        try:
            for stage in self.ready.stages:
                self._stage(stage)
        except _Across:
            self.found.shorted = self.state.time
        except KeyboardInterrupt:
            self.found.status = "interrupted"
        except SolverError as error:
            self.found.status = "failed"
            self.found.remarks.append(str(error))
            raise SolverError(str(error), self.found) from None
        finally:
            self.found.wall = clock.perf_counter() - begun
            self._last()
        return self.found

    def _stage(self, stage: Stage) -> None:
        self.state = segment(self.state)
        self.held = False
        end = stage.end
        ends = [t for t in self.times if self.state.time * SAME < t < end / SAME]
        shown = stage is self.ready.stages[-1] or any(end / SAME <= t <= end * SAME for t in self.times)
        for stop in [*ends, end]:
            current, potential = stage.current, stage.potential
            if self.held and current is not None:
                potential = self._driven(current)
                current = None
            try:
                run = self._advance(stop, current, potential)
            except SolverError:
                if current is None or not self._at_limit():
                    raise
                self._hold()
                run = self._advance(stop, None, self._driven(current))
            if stop != end or shown:
                self._keep(
                    float(run.current[-1]), float(run.potential[-1]), float(run.lowest[-1]), float(run.bodies[-1])
                )

    def _advance(self, stop: float, current: float | None, potential: float | None) -> Run:
        control = Control(compliance=self.ready.compliance)
        return self.ready.form.grow(
            self.ready.layer, self.state, [stop], current=current, potential=potential, control=control,
            progress=self._watch, generator=self.generator,
        )  # fmt: skip

    def _driven(self, current: float) -> float:
        """Potential [V] with which a galvanostat at its limit drives a current."""
        return -self.ready.compliance if current > 0.0 else self.ready.compliance

    def _hold(self) -> None:
        self.held = True
        self.state = segment(self.state)
        self.found.remarks.append(
            f"the salt cannot carry the current from {self.state.time:.4g} s on (least c/c0 {self._lowest():.2g}): "
            f"{self.ready.compliance:g} V (compliance) drive what there is"
        )

    def _watch(self, state: State) -> None:
        moved = state.charge - self.state.charge
        self.found.plated += max(moved, 0.0)
        self.found.stripped += max(-moved, 0.0)
        self.state = state
        metal = np.flatnonzero((state.xi > 0.5).any(axis=0))
        tip = int(metal[-1]) if metal.size else 0
        if self.progress is not None:
            start, span = self.ready.front, self.ready.finish - self.ready.front
            across = (tip * self.ready.layer.spacing - start) / span
            self.progress(float(np.clip(max(state.time / self.ready.stages[-1].end, across), 0.0, 1.0)))
        if tip >= self.column:
            raise _Across

    def _at_limit(self) -> bool:
        """Whether a solver that gives up means that the galvanostat has: little salt, or much voltage."""
        voltage = abs(float(self.state.metal[0])) / self.ready.layer.metal.f
        return self._lowest() < STARVED or voltage > 0.5 * self.ready.compliance

    def _lowest(self) -> float:
        return float(self.state.ratio[self.state.xi < 0.5].min(initial=np.inf))

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
            mean = (self.state.charge - before.charge) / (self.state.time - before.time)
            self._keep(mean, float(metal), self._lowest(), float(self.state.metal.size))

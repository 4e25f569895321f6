r"""Homogeneous radiolysis: the well-mixed liquid under a beam that is switched on and off.

Equation: dc_i/dt = sum_r nu_ir w_r + rho G_i(T) D(t), with the dose rate D [Gy/s = J/kg/s], the density rho and
the yields G_i [mol/J] (Schneider et al., J. Phys. Chem. C 118 (2014) 22373). Assumptions: the whole liquid is
irradiated and mixed (no diffusion out of the beam), the yields are those at the start of homogeneous chemistry,
the liquid is dilute. Valid from about 1 ns on and up to some 1e10 Gy/s, where tracks begin to overlap.
The kernels are in `simcell.chemistry.kernels`; here are the runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from simcell.chemistry import kernels
from simcell.chemistry.network import Array, Network, reaction_rates
from simcell.errors import SolverError
from simcell.numerics.checkpoint import Keeper, State

CHUNK = 20_000  # steps between two looks at the clock and at Ctrl-C; about 0.2 s

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Schedule:
    """When the beam is on: segment s lasts from switch[s] to switch[s+1] [s] with scale[s] times the dose rate.

    Examples
    --------
    >>> Schedule.constant(10.0).scale
    array([1.])
    >>> float(Schedule.pulses(1.0, 3.0, 2, 20.0).switch[-1])
    20.0
    """

    switch: Array
    scale: Array

    @classmethod
    def constant(cls, duration: float) -> Schedule:
        """Beam on for the whole duration [s]."""
        return cls(np.array([0.0, duration]), np.ones(1))

    @classmethod
    def pulses(cls, on: float, off: float, count: int, duration: float) -> Schedule:
        """`count` pulses of `on` seconds with `off` seconds after each, then dark until `duration`."""
        starts = np.arange(count) * (on + off)
        inner = np.column_stack([starts, starts + on]).ravel()
        switch = np.append(inner[inner < duration], duration)
        return cls(switch, np.arange(switch.size - 1) % 2 == 0).as_float()

    @classmethod
    def windows(cls, windows: list[tuple[float, float, bool]], duration: float) -> Schedule:
        """Listed windows (from, to, on); dark between them."""
        switch, scale = [0.0], []
        for start, end, on in windows:
            if start > switch[-1]:
                switch.append(start)
                scale.append(0.0)
            switch.append(min(end, duration))
            scale.append(1.0 if on else 0.0)
        if switch[-1] < duration:
            switch.append(duration)
            scale.append(0.0)
        return cls(np.array(switch), np.array(scale))

    def as_float(self) -> Schedule:
        """The same with float scales."""
        return Schedule(self.switch, np.asarray(self.scale, dtype=float))

    def at(self, times: Array) -> Array:
        """Scale of the dose rate at times [s]; at a switch, what follows it."""
        place = np.searchsorted(self.switch, times, side="right") - 1
        return self.scale[np.clip(place, 0, self.scale.size - 1)]


@dataclass(frozen=True)
class Trajectory:
    """Concentrations [mol/m^3] at the asked times, and what the integration had to do for them.

    Examples
    --------
    >>> t = Trajectory(np.array([1.0]), np.zeros((1, 2)), 1, 10, 0, 0.0, 0.0)
    >>> t.complete
    True
    """

    time: Array  # s
    concentration: Array  # (time, species) in kernel order
    reached: int  # number of output times that were computed
    steps: int
    rejected: int
    worst_negative: float  # mol/m^3, most negative value that a step produced before it was set to zero (> -atol)
    worst_projection: float  # largest relative change by the projection onto the conserved totals

    @property
    def complete(self) -> bool:
        """True if every output time was reached."""
        return self.reached == self.time.size


class Stopped(KeyboardInterrupt):
    """Ctrl-C during an integration; `partial` is the trajectory until then.

    Examples
    --------
    >>> isinstance(Stopped(Trajectory(np.array([1.0]), np.zeros((1, 2)), 0, 0, 0, 0.0, 0.0)), KeyboardInterrupt)
    True
    """

    def __init__(self, partial: Trajectory):
        super().__init__("interrupted")
        self.partial = partial


@dataclass(frozen=True)
class Problem0D:
    """One homogeneous problem in arrays: constants, source, start, schedule.

    Parameters
    ----------
    net : Network
    k : (nr,) array
        Effective rate constants [SI].
    source : (n,) array
        Radiolytic production at full beam [mol/m^3/s].
    start : (n,) array
        Initial concentrations [mol/m^3].
    schedule : Schedule

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> net = Network.of(load_mechanism("water"))
    >>> Problem0D(net, np.ones(73), np.zeros(15), np.zeros(15), Schedule.constant(1.0)).start.shape
    (15,)
    """

    net: Network
    k: Array
    source: Array
    start: Array
    schedule: Schedule


def integrate(
    problem: Problem0D,
    times: Array,
    rtol: float = 1e-6,
    atol: float = 1e-17,
    max_steps: int = 10_000_000,
    using: ModuleType = kernels,
    progress: Progress | None = None,
    keeper: Keeper | None = None,
) -> Trajectory:
    """Integrate one problem to the given times.

    Parameters
    ----------
    problem : Problem0D
    times : (nt,) array
        Increasing, within the schedule [s].
    rtol : float
        Relative tolerance of a step.
    atol : float
        Absolute tolerance [mol/m^3]; a value more negative than this rejects the step.
    max_steps : int
        More than this is an error.
    using : module
        `kernels`, or the unrolled ones of the same mechanism.
    progress : callable, optional
        Called with the fraction of output times that is done.
    keeper : Keeper, optional
        Gets the state every `CHUNK` steps and at an interruption; where it has one, the run goes on from that.

    Returns
    -------
    Trajectory

    Raises
    ------
    SolverError
        If the step size underflows or `max_steps` is used up; its `partial` is the trajectory until then.
    Stopped
        After Ctrl-C, a KeyboardInterrupt with the trajectory until then.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> m = load_mechanism("water")
    >>> net = Network.of(m)
    >>> start = net.pack({"H+": 1e-4, "OH-": 1e-4})
    >>> dark = Problem0D(net, np.array(m.rate_constants(298.15)), np.zeros(15), start, Schedule.constant(1.0))
    >>> integrate(dark, np.array([1.0])).complete
    True
    """
    net = problem.net
    c = np.append(problem.start, 1.0)
    state = np.zeros(kernels.STATE_SIZE)
    result = np.zeros((times.size, len(net.names)))
    target = net.totals(problem.start)
    status, stopped = kernels.RUNNING, False

    def whole() -> State:
        return {"state": state, "c": c, "result": result[: int(state[kernels.OUTPUT])]}

    if keeper is not None and keeper.state is not None:
        state[:], c[:] = keeper.state["state"], keeper.state["c"]
        result[: int(state[kernels.OUTPUT])] = keeper.state["result"]
    try:
        while status == kernels.RUNNING and state[kernels.N_ACCEPTED] + state[kernels.N_REJECTED] < max_steps:
            status = using.advance(
                net.tables, problem.k, problem.source, problem.schedule.switch, problem.schedule.scale, times, target,
                rtol, atol, min(CHUNK, max_steps), state, c, result,
            )  # fmt: skip
            if keeper is not None:
                keeper.offer(whole)
            if progress is not None:
                progress(state[kernels.OUTPUT] / times.size)
    except KeyboardInterrupt:
        stopped = True
        if keeper is not None:
            keeper.offer(whole, last=True)
    path = Trajectory(
        times, result, int(state[kernels.OUTPUT]), int(state[kernels.N_ACCEPTED]), int(state[kernels.N_REJECTED]),
        float(state[kernels.WORST_NEGATIVE]), float(state[kernels.WORST_PROJECTION]),
    )  # fmt: skip
    if stopped:
        raise Stopped(path)
    if status != kernels.DONE:
        raise SolverError(_why(problem, status, state, c, max_steps), path)
    return path


def integrate_batch(
    net: Network,
    k: Array,
    source: Array,
    start: Array,
    schedule: Schedule,
    times: Array,
    rtol: float = 1e-5,
    atol: float = 1e-17,
    progress: Progress | None = None,
    group: int = 256,
    using: ModuleType = kernels,
) -> tuple[Array, int]:
    """Integrate many members in one call of the kernel: no Python per step or per member.

    Parameters
    ----------
    net : Network
    k, source, start : (members, nr), (members, n), (members, n) arrays
        As in `Problem0D`.
    schedule : Schedule
        The same for all members.
    times : (nt,) array
        [s]
    rtol, atol : float
        Tolerances.
    progress : callable, optional
        Called with the fraction of members that is done.
    group : int
        Members between two looks at Ctrl-C.
    using : module
        `kernels`, or the unrolled ones of the same mechanism.

    Returns
    -------
    concentration : (members, nt, n) array
        [mol/m^3]
    done : int
        Members that were computed: fewer than all after Ctrl-C.

    Raises
    ------
    SolverError
        Naming the member that failed.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> m = load_mechanism("water")
    >>> net = Network.of(m)
    >>> k = np.tile(m.rate_constants(298.15), (3, 1))
    >>> start = np.tile(net.pack({"H+": 1e-4, "OH-": 1e-4}), (3, 1))
    >>> c, done = integrate_batch(net, k, np.zeros((3, 15)), start, Schedule.constant(1.0), np.array([1.0]))
    >>> c.shape, done
    ((3, 1, 15), 3)
    """
    members, n = start.shape
    result = np.zeros((members, times.size, n))
    done = 0
    try:
        while done < members:
            part = slice(done, min(done + group, members))
            size = part.stop - part.start
            c = np.concatenate([start[part], np.ones((size, 1))], axis=1)
            status = using.advance_batch(
                net.tables, np.ascontiguousarray(k[part]), np.ascontiguousarray(source[part]), schedule.switch,
                schedule.scale, times, net.totals(start[part]), rtol, atol, 1_000_000,
                np.zeros((size, kernels.STATE_SIZE)), c, result[part],
            )  # fmt: skip
            if (status != kernels.DONE).any():
                bad = done + int(np.argmax(status != kernels.DONE))
                raise SolverError(f"member {bad} of {members} did not reach the end (status {status[bad - done]})")
            done = part.stop
            if progress is not None:
                progress(done / members)
    except KeyboardInterrupt:
        pass
    return result, done


def throughput(problem: Problem0D, concentration: Array) -> Array:
    """Rates [mol/m^3/s] of all reactions at concentrations (..., n): what makes and eats each species.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> net = Network.of(load_mechanism("water"))
    >>> p = Problem0D(net, np.ones(73), np.zeros(15), np.ones(15), Schedule.constant(1.0))
    >>> throughput(p, p.start).shape
    (73,)
    """
    return reaction_rates(problem.net, problem.k, concentration)


def _why(problem: Problem0D, status: int, state: NDArray[np.float64], c: Array, max_steps: int) -> str:
    t = state[kernels.TIME]
    if status == kernels.RUNNING:
        return f"more than {max_steps} steps (reached t = {t:.6g} s); raise solver.max_steps or loosen solver.rtol"
    if status == kernels.TOTALS_BROKEN:
        return (
            f"at t = {t:.6g} s elements or charge are off by {state[kernels.WORST_PROJECTION]:.2g} of a concentration: "
            "the source or a reaction does not keep them"
        )
    most = problem.net.names[int(np.argmax(np.abs(c[:-1])))]
    what = "a value that is not finite" if status == kernels.NOT_FINITE else f"a step of {state[kernels.STEP]:.3g} s"
    return (
        f"the integration stopped at t = {t:.6g} s with {what}; largest is {most} = {c[:-1].max():.4g} mol/m^3. "
        "Check the rate constants of the mechanism, or loosen solver.rtol"
    )

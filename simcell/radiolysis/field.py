r"""Radiolysis in space, any number of dimensions: species are made in the beam, react, spread, migrate and are carried.

Equations: see `simcell.radiolysis.kernels_field` (space), `kernels_advance` (time) and `kernels_multigrid` (the linear
systems). Fully implicit and coupled: no splitting of reaction from transport, whatever the step. Charged
species move together, so that no net current flows (electroneutral zero-current closure); without it they diffuse one
by one. Assumptions: dilute solution (mobilities from D by Nernst-Einstein, no activity gradients, constant D); `plan`
is averaged over the thickness of the liquid; the flow is given and does not depend on what is dissolved.

Sides of the grid are closed unless they have a reservoir: a fixed composition right behind the side. Where liquid
flows in it has the composition of the reservoir. Where it flows out it carries what is there: exactly so through a side
without reservoir, and beside a reservoir as soon as the flow is faster than diffusion across half a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcell.chemistry.network import Array, Network
from simcell.errors import SolverError
from simcell.numerics.checkpoint import Keeper, State
from simcell.numerics.grid import Grid, Three
from simcell.radiolysis import kernels_advance as advance
from simcell.radiolysis.checks import check_problem, sided
from simcell.radiolysis.homogeneous import Schedule
from simcell.radiolysis.kernels import DONE, NOT_FINITE, RUNNING, STRIP
from simcell.radiolysis.kernels_field import Chemistry, Slopes, Space, react, spread
from simcell.radiolysis.kernels_multigrid import MOST
from simcell.radiolysis.layout import SIDES, drain_of, space_of
from simcell.radiolysis.stepping import Stepper

LINEAR = 0.02  # error that the linear solver leaves in a stage, in units of the step's tolerance
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Exposure:
    """Where the beam is when: segment s lasts from switch[s] to switch[s+1] with scale[s] times footprint pattern[s].

    Examples
    --------
    >>> Exposure.of(Schedule.constant(2.0)).pattern
    array([0])
    """

    switch: Array  # (s + 1,) s
    scale: Array  # (s,)
    pattern: NDArray[np.int64]  # (s,)

    @classmethod
    def of(cls, schedule: Schedule, pattern: int = 0) -> Exposure:
        """A schedule of one footprint."""
        return cls(schedule.switch, schedule.scale, np.full(schedule.scale.size, pattern, dtype=np.int64))


@dataclass(frozen=True)
class FieldRun:
    """Concentrations in space, and the books of the run.

    Examples
    --------
    >>> r = FieldRun(np.ones(1), np.ones((1, 2, 1, 1, 3)), {"x+": np.zeros((1, 2))}, 1, 9, 0, 0.0, 54, 108, 0, 0.01)
    >>> r.complete, r.cycles_per_solve
    (True, 2.0)
    """

    time: Array  # s
    concentration: Array  # (time, species in kernel order, z, y, x) mol/m^3; 0 where there is no liquid
    left: Mapping[str, Array]  # (time, species) mol that has gone out through each side since the start
    reached: int  # number of output times that were computed
    steps: int
    rejected: int
    worst_negative: float  # mol/m^3, > -atol
    solves: int  # linear systems, one for each stage
    cycles: int  # multigrid cycles in all of them
    unsolved: int  # steps that were made shorter because a linear system was not solved
    worst_linear: float  # largest estimated error of a solution of a linear system, in units of the step's tolerance

    @property
    def complete(self) -> bool:
        """True if every output time was reached."""
        return self.reached == self.time.size

    @property
    def cycles_per_solve(self) -> float:
        """Multigrid cycles for one linear system, on average."""
        return self.cycles / max(1, self.solves)


def integrate_field(
    net: Network,
    k: Array,
    diffusivity: Array,
    charge: Array,
    production: Array,
    footprint: Array,
    start: Array,
    grid: Grid,
    reservoirs: Mapping[str, Array],
    times: Array,
    *,
    flow: Three | None = None,
    exposure: Exposure | None = None,
    source: Array | None = None,
    electroneutral: bool = True,
    rtol: float = 1e-4,
    atol: float = 1e-10,
    linear: float = LINEAR,
    max_steps: int = 100_000,
    progress: Progress | None = None,
    keeper: Keeper | None = None,
) -> FieldRun:
    """Integrate reaction, diffusion, migration and advection on any grid.

    Parameters
    ----------
    net : Network
    k : (nr,) array
        Effective rate constants [SI].
    diffusivity, charge : (n,) arrays
        [m^2/s] and charge numbers, in kernel order.
    production : (n,) array
        Radiolytic production at relative dose rate 1 [mol/m^3/s].
    footprint : (p, nz, ny, nx) array
        Relative dose rate of each cell, for each of p patterns.
    start : (n,) or (n, nz, ny, nx) array
        [mol/m^3]
    grid : Grid
    reservoirs : mapping of side to (n,) array
        Composition [mol/m^3] outside "x-", "x+", "y-", "y+", "z-", "z+"; nothing diffuses through the other sides.
    times : (nt,) array
        Increasing, within the exposure [s].
    flow : three arrays, optional
        Volume flow through the faces [m^3/s], shaped as `grid.area`, positive along the axis, free of divergence.
    exposure : Exposure, optional
        Which footprint when; default the first, always.
    source : (n, nz, ny, nx) array, optional
        What is made besides, beam or not [mol/m^3/s].
    electroneutral : bool
        Ions move together (zero net current); False: every species diffuses on its own.
    rtol, atol : float
        Tolerances of a step, met in every cell; a value more negative than -atol [mol/m^3] rejects the step.
    linear : float
        Estimated error of each stage at which the linear solver stops, in units of the step's tolerance: root of the
        sum over all cells of the mean square over the species of error / (atol + rtol |c|).
    max_steps : int
        More than this is an error.
    progress : callable, optional
        Called with the fraction of output times that is done; KeyboardInterrupt ends the run with what was reached.
    keeper : Keeper, optional
        Gets the state after each step and at an interruption; where it has one, the run goes on from that.

    Returns
    -------
    FieldRun

    Raises
    ------
    ValueError
        If a diffusivity is missing or negative, shapes do not fit, ions are to move together but what is given carries
        a net charge, the flow has a divergence, or flows in where no reservoir says what.
    SolverError
        If the step size underflows or `max_steps` is used up; its `partial` is what was reached.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> from simcell.numerics.grid import plan
    >>> net = Network.of(load_mechanism("water"))
    >>> try:
    ...     integrate_field(net, np.ones(73), np.full(15, -1.0), np.zeros(15), np.zeros(15), np.ones((1, 1, 2, 2)),
    ...                     np.zeros(15), plan([0, 1, 2], [0, 1, 2], 1.0), {}, np.ones(1))
    ... except ValueError as error:
    ...     print(str(error)[:36])
    the diffusivity of HO3 is -1 m^2/s;
    """
    exposure = exposure or Exposure.of(Schedule.constant(float(times[-1])))
    footprint = footprint[None] if footprint.ndim == 3 else footprint
    begin = np.broadcast_to(start[:, None, None, None] if start.ndim == 1 else start, (start.shape[0], *grid.shape))
    check_problem(
        net.names, diffusivity, charge if electroneutral else np.zeros_like(charge), production, footprint, begin, grid,
        reservoirs, times, flow, exposure.switch, exposure.scale, exposure.pattern, source,
    )  # fmt: skip
    n = len(net.names)
    m = 4 * ((n + 3) // 4)
    space, pull = space_of(grid, diffusivity, charge if electroneutral else np.zeros(n), reservoirs, flow, m)
    chemistry = _chemistry(net, k, production, footprint, source, m)
    slopes, work = _slopes(space, m), _work(net, space, pull, m)
    wet = grid.mask.ravel()[:, None] & (grid.volume.ravel()[:, None] > 0.0)
    work.c[: wet.size, :n] = np.where(wet, begin.reshape(n, -1).T, 0.0)
    first = _first_step(space, chemistry, work, exposure, rtol, atol, n)
    stepper = Stepper(space, chemistry, slopes, work, rtol, atol, linear, first)
    result, left = np.zeros((times.size, n, wet.size)), np.zeros((times.size, 6, n))

    def keep(number: int) -> None:
        result[number], left[number] = stepper.state.T, stepper.left[:, :n]

    border: State | None = None  # the last state that is whole: an interrupt may come in the middle of a step

    def whole(state: State) -> State:
        done = int(state["output"])
        return {**state, "result": result[:done], "result_left": left[:done]}

    def look() -> None:
        nonlocal border
        if keeper is not None:
            border = stepper.snapshot()
            keeper.offer(lambda: whole(border))
        if progress is not None:
            progress(_done(times, stepper))

    if keeper is not None and keeper.state is not None:
        stepper.restore(keeper.state)
        result[: stepper.output], left[: stepper.output] = keeper.state["result"], keeper.state["result_left"]
    try:
        stepper.run(
            np.asarray(exposure.switch, dtype=float), np.asarray(exposure.scale, dtype=float),
            np.asarray(exposure.pattern, dtype=np.int64), times, max_steps, keep, look,
        )  # fmt: skip
    except KeyboardInterrupt:
        stepper.status = DONE
        if keeper is not None and border is not None:
            keeper.offer(lambda: whole(border), last=True)
    run = FieldRun(
        times, result.reshape(times.size, n, *grid.shape),
        {side: left[:, SIDES.index(side)] for side in sided(grid, reservoirs, flow)},
        stepper.output, stepper.steps, stepper.rejected, stepper.worst_negative, stepper.solves, stepper.cycles,
        stepper.unsolved, stepper.worst_linear,
    )  # fmt: skip
    if stepper.status != DONE:
        raise SolverError(_why(net, grid, stepper, max_steps), run)
    return run


def memory_of(cells: int, species: int, dimensions: int, outputs: int = 1) -> float:
    """Memory [bytes] that a run takes, to about a tenth: blocks of the matrix, factors of its lines, vectors, results.

    Examples
    --------
    >>> round(memory_of(100_000, 16, 3) / 2**30, 1)
    1.5
    """
    m = 4 * ((species + 3) // 4)
    levels = 1.0 / (1.0 - 0.5**dimensions)
    blocks = levels * (1 + dimensions) * m * m
    vectors = m * (6 + 4 + MOST + 1 + levels * (4 + 4 * dimensions))
    return 8.0 * cells * (blocks + vectors + species * outputs)


def _chemistry(net: Network, k: Array, production: Array, footprint: Array, source: Array | None, m: int) -> Chemistry:
    n, tables = len(net.names), net.tables
    strip = np.zeros((n + 1, STRIP + 2))
    strip[n] = 1.0
    extra = np.zeros((0, n)) if source is None else np.ascontiguousarray(source.reshape(n, -1).T)
    return Chemistry(
        tables, np.ascontiguousarray(k, dtype=float),
        (tables.entry_place // n * m + tables.entry_place % n).astype(np.uint32),
        np.ascontiguousarray(production, dtype=float),
        np.ascontiguousarray(footprint.reshape(footprint.shape[0], -1), dtype=float), extra, strip,
        np.zeros((n, STRIP + 2)), np.zeros((n, STRIP + 2)), np.empty((k.size, STRIP)),
        np.empty((tables.slope_reaction.shape[0], STRIP)), np.empty((m * m, STRIP + 8)),
    )  # fmt: skip


def _slopes(space: Space, m: int) -> Slopes:
    cells, faces = space.volume.size, space.weight.size
    lines = max(1, int((space.shape[0] > 1).sum()))
    return Slopes(
        np.zeros((faces, m)), np.zeros((faces, m)), np.zeros((faces, m)), np.zeros((cells + 1, m, m)),
        np.zeros((lines, cells, m, m)),
    )  # fmt: skip


def _work(net: Network, space: Space, pull: Array, m: int) -> advance.Work:
    every, cells, n = space.volume.size, int(space.first_cell[1]), len(net.names)
    slot, axes = np.full(3, -1), np.flatnonzero(space.shape[0] > 1)
    axes = axes if axes.size else np.array([2])
    slot[axes] = np.arange(axes.size)
    invariants = np.zeros((net.tables.invariants.shape[0], m))
    invariants[:, :n] = net.tables.invariants
    return advance.Work(
        np.zeros((every, m)), np.zeros((6, cells, m)), np.zeros((cells, m)), np.zeros((cells, m)),
        np.zeros((cells, m)), np.zeros((MOST + 1, cells, m)), np.zeros((every, m)), np.zeros((every, m)),
        np.zeros((every, m)), np.zeros((every, m)), pull, slot.astype(np.int64), invariants, drain_of(space),
    )  # fmt: skip


def _first_step(
    space: Space, chemistry: Chemistry, work: advance.Work, exposure: Exposure, rtol: float, atol: float, n: int
) -> float:
    """Step [s] in which nothing changes by more than a hundred tolerances; the error control takes over from there."""
    cells, fastest = int(space.first_cell[1]), 0.0
    m = work.y.shape[1]
    c = work.c[:cells]
    strongest = {int(p): float(np.max(exposure.scale[exposure.pattern == p])) for p in np.unique(exposure.pattern)}
    for pattern, scale in strongest.items():
        react(space, chemistry, scale, pattern, c, work.f)
        spread(space, c, np.empty(m), work.f, np.zeros((6, m)))
        fastest = max(fastest, float(np.nanmax(np.abs(work.f[:, :n]) / (atol + rtol * np.abs(c[:, :n])))))
    return 100.0 / fastest if fastest > 0.0 else 1.0


def _done(times: Array, stepper: Stepper) -> float:
    """Fraction of output times that is done; between two of them by time."""
    output = stepper.output
    if output >= times.size or stepper.time >= times[-1]:
        return 1.0
    before = times[output - 1] if output else 0.0
    part = (stepper.time - before) / (times[output] - before) if times[output] > before else 0.0
    return float((output + min(1.0, max(0.0, part))) / times.size)


def _why(net: Network, grid: Grid, stepper: Stepper, max_steps: int) -> str:
    t, c = stepper.time, stepper.state
    if stepper.status == RUNNING:
        return f"more than {max_steps} steps (reached t = {t:.6g} s); raise max_steps or loosen rtol"
    if stepper.refused[0] < -stepper.atol:
        value, cell, species = stepper.refused
        return (
            f"the integration stopped at t = {t:.6g} s: {net.names[species]} would become {value:.3g} mol/m^3 at "
            f"{_place(grid, cell)}. The cells there are too wide for the steps of concentration between them (ions "
            f"drift by more than a cell's worth); refine the grid there, or raise atol ({stepper.atol:.3g} mol/m^3)"
        )
    cell, species = (int(i) for i in np.unravel_index(int(np.argmax(np.abs(c))), c.shape))
    what = "a value that is not finite" if stepper.status == NOT_FINITE else f"a step of {stepper.step:.3g} s"
    solver = f", {stepper.unsolved} times because a linear system was not solved" if stepper.unsolved else ""
    return (
        f"the integration stopped at t = {t:.6g} s with {what}{solver}; largest is {net.names[species]} = "
        f"{c[cell, species]:.4g} mol/m^3 at {_place(grid, cell)}. Check the rate constants, or loosen rtol"
    )


def _place(grid: Grid, cell: int) -> str:
    at = np.unravel_index(cell, grid.shape)
    parts = [f"{name} = {x[i]:.4g} m" for name, x, i in zip("zyx", grid.centre, at, strict=True) if x.size > 1]
    return ", ".join(parts) or "the only cell"

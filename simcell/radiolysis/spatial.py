r"""Radiolysis in space, one dimension: species are made in the beam, react, and spread along a line of cells.

Equation and method: see `simcell.radiolysis.kernels`. Charged species move together, so that no net current flows
(electroneutral zero-current closure); without it they diffuse one by one, which leaves more net charge in the beam than
there are protons. Assumptions: nothing changes across the gap (liquid thinner than the beam is wide, or mixed); dilute
solution (mobilities from D by Nernst-Einstein, no activity gradients, constant D); an end of
the line is impermeable or a reservoir of fixed composition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcell.chemistry.mechanism import Mechanism
from simcell.chemistry.network import Array, Network
from simcell.errors import InputError, Problem, SolverError
from simcell.numerics.checkpoint import Keeper, State
from simcell.numerics.grid import Grid
from simcell.radiolysis import kernels
from simcell.radiolysis.homogeneous import Schedule
from simcell.radiolysis.neutral import check_neutral

CHUNK = 50  # steps between two looks at Ctrl-C; about 0.1 s for 400 cells
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Ends:
    """Both ends of a line: None is impermeable, an array fixes the concentrations there [mol/m^3].

    Examples
    --------
    >>> Ends(upper=np.array([1e-4, 1e-4])).lower is None
    True
    """

    lower: Array | None = None
    upper: Array | None = None


@dataclass(frozen=True)
class Spread:
    """Concentrations along the line, and the books of the run.

    Examples
    --------
    >>> s = Spread(np.ones(1), np.ones((1, 2, 3)), np.zeros((1, 2, 2)), 1, 9, 0, 0.0)
    >>> s.complete
    True
    """

    time: Array  # s
    concentration: Array  # (time, species in kernel order, cells) mol/m^3
    left: Array  # (time, end, species) mol that has gone out through the lower and the upper end since the start
    reached: int  # number of output times that were computed
    steps: int
    rejected: int
    worst_negative: float  # mol/m^3, > -atol

    @property
    def complete(self) -> bool:
        """True if every output time was reached."""
        return self.reached == self.time.size


def diffusivities(mechanism: Mechanism, names: tuple[str, ...], given: Mapping[str, float] | None = None) -> Array:
    """Diffusivities [m^2/s] of species at 25 degC, or an error that names those without.

    Parameters
    ----------
    mechanism : Mechanism
    names : tuple of str
    given : mapping, optional
        Values [m^2/s] that replace those of the mechanism.

    Returns
    -------
    (n,) array

    Raises
    ------
    InputError
        One problem per species without a diffusivity.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> m = load_mechanism("water")
    >>> diffusivities(m, ("H2", "O2"))
    array([4.5e-09, 2.1e-09])
    """
    known = {s: given[s] if given and s in given else mechanism.species[s].diffusivity for s in names}
    problems = [
        Problem("", f'species."{s}".diffusivity', None, "is not known; a run in space needs it", '"2.0e-9 m^2/s"')
        for s, d in known.items()
        if d is None or not (np.isfinite(d) and d >= 0.0)
    ]
    if problems:
        raise InputError(*problems)
    return np.array([known[s] for s in names], dtype=float)


def charges(net: Network) -> Array:
    """Charge numbers of the integrated species.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> net = Network.of(load_mechanism("water"))
    >>> float(charges(net)[net.index["HO2-"]])
    -1.0
    """
    return np.array([float(net.mechanism.species[s].charge) for s in net.names])


def integrate_radial(
    net: Network,
    k: Array,
    diffusivity: Array,
    charge: Array,
    source_per_cell: Array,
    start: Array,
    grid: Grid,
    boundary: Ends,
    times: Array,
    *,
    schedule: Schedule | None = None,
    electroneutral: bool = True,
    rtol: float = 1e-4,
    atol: float = 1e-10,
    max_steps: int = 100_000,
    progress: Progress | None = None,
    keeper: Keeper | None = None,
) -> Spread:
    """Integrate reaction and diffusion on a grid that is one cell wide along z and y (rings or a straight line).

    Parameters
    ----------
    net : Network
    k : (nr,) array
        Effective rate constants [SI].
    diffusivity, charge : (n,) arrays
        [m^2/s] and charge numbers, in kernel order.
    source_per_cell : (n, cells) array
        Radiolytic production under the full beam [mol/m^3/s].
    start : (n,) or (n, cells) array
        [mol/m^3]
    grid : Grid
    boundary : Ends
    times : (nt,) array
        Increasing, within the schedule [s].
    schedule : Schedule, optional
        When the beam is on; default always.
    electroneutral : bool
        Ions move together (zero net current); False: every species diffuses on its own.
    rtol, atol : float
        Tolerances of a step, met in every cell. The default 1e-10 mol/m^3 is one molecule in 2e4 cubic micrometres; a
        value more negative than -atol rejects the step.
    max_steps : int
        More than this is an error.
    progress : callable, optional
        Called with the fraction of output times that is done; KeyboardInterrupt ends the run with what was reached.
    keeper : Keeper, optional
        Gets the state every `CHUNK` steps and at an interruption; where it has one, the run goes on from that.

    Returns
    -------
    Spread

    Raises
    ------
    ValueError
        If the grid is not one plain line of cells, or if ions are to move together but what is given carries a net
        charge, as it does where an ion that takes no part in reactions was left out.
    SolverError
        If the step size underflows or `max_steps` is used up; its `partial` is what was reached.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> from simcell.numerics.grid import graded, radial
    >>> m = load_mechanism("water")
    >>> net = Network.of(m)
    >>> start = net.pack({"H+": 1e-4, "OH-": 1e-4})
    >>> grid = radial(graded(0.0, 25e-6, {1e-6: 50e-9}, growth=1.5))
    >>> dark = np.zeros((15, grid.shape[2]))
    >>> run = integrate_radial(net, np.array(m.rate_constants(298.15)), diffusivities(m, net.names), charges(net), dark,
    ...                        start, grid, Ends(upper=start), np.array([1.0]))
    >>> run.complete
    True
    """
    if electroneutral:
        check_neutral(charge, start=start, source_per_cell=source_per_cell, lower=boundary.lower, upper=boundary.upper)
    line, c = line_of(net, diffusivity, charge if electroneutral else np.zeros_like(charge), start, grid, boundary)
    schedule = schedule or Schedule.constant(float(times[-1]))
    source = np.zeros((len(net.names), c.shape[1]))
    source[:, 1:-1] = source_per_cell
    state = np.zeros(kernels.STATE_SIZE)
    state[kernels.FIRST] = _first_step(net, k, line, source, c, rtol, atol)
    result, left = np.zeros((times.size, len(net.names), c.shape[1] - 2)), np.zeros((2, len(net.names)))
    result_left = np.zeros((times.size, *left.shape))
    status = kernels.RUNNING

    def whole() -> State:
        done = int(state[kernels.OUTPUT])
        return {"state": state, "c": c, "left": left, "result": result[:done], "result_left": result_left[:done]}

    if keeper is not None and keeper.state is not None:
        state[:], c[:], left[:] = (keeper.state[name] for name in ("state", "c", "left"))
        done = int(state[kernels.OUTPUT])
        result[:done], result_left[:done] = keeper.state["result"], keeper.state["result_left"]
    try:
        while status == kernels.RUNNING and state[kernels.N_ACCEPTED] + state[kernels.N_REJECTED] < max_steps:
            status = kernels.advance_line(
                net.tables, k, line, source, schedule.switch, schedule.scale, times, rtol, atol, min(CHUNK, max_steps),
                state, c, left, result, result_left,
            )  # fmt: skip
            if keeper is not None:
                keeper.offer(whole)
            if progress is not None:
                progress(state[kernels.OUTPUT] / times.size)
    except KeyboardInterrupt:
        status = kernels.DONE
        if keeper is not None:
            keeper.offer(whole, last=True)
    path = Spread(
        times, result, result_left, int(state[kernels.OUTPUT]), int(state[kernels.N_ACCEPTED]),
        int(state[kernels.N_REJECTED]), float(state[kernels.WORST_NEGATIVE]),
    )  # fmt: skip
    if status != kernels.DONE:
        raise SolverError(_why(net, grid, status, state, c, max_steps), path)
    return path


def line_of(
    net: Network, diffusivity: Array, charge: Array, start: Array, grid: Grid, boundary: Ends
) -> tuple[kernels.Line, NDArray[np.float64]]:
    """Lay out a line for the kernels: conductances, weights, and concentrations with a column for each end.

    Raises
    ------
    ValueError
        If the grid is not one plain line of cells.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> from simcell.numerics.grid import radial
    >>> net = Network.of(load_mechanism("water"))
    >>> line, c = line_of(net, np.ones(15), charges(net), np.zeros(15), radial([0.0, 1.0, 2.0]), Ends())
    >>> c.shape, line.ions.size
    ((16, 4), 7)
    """
    if grid.shape[:2] != (1, 1) or grid.periodic[2] or not grid.mask.all():
        raise ValueError(f"a line of cells is needed, not periodic and without gaps; the grid is {grid.shape}")
    n, cells = len(net.names), grid.shape[2]
    conductance = (grid.area[2] / grid.distance[2]).ravel()
    c = np.zeros((n + 1, cells + 2))
    c[n] = 1.0
    c[:n, 1:-1] = start if start.ndim == 2 else start[:, None]
    for end, value in ((0, boundary.lower), (-1, boundary.upper)):
        c[:n, end] = c[:n, 1 if end == 0 else -2] if value is None else value
        if value is None:
            conductance[end] = 0.0
    over_volume = np.zeros(cells + 2)
    over_volume[1:-1] = 1.0 / grid.volume.ravel()
    ions = np.flatnonzero(charge).astype(np.uint32)
    line = kernels.Line(
        conductance, grid.weight(2), over_volume, np.ascontiguousarray(diffusivity, dtype=float),
        np.ascontiguousarray(charge, dtype=float), ions,
    )  # fmt: skip
    return line, c


def _first_step(
    net: Network, k: Array, line: kernels.Line, source: Array, c: NDArray[np.float64], rtol: float, atol: float
) -> float:
    """Step [s] in which nothing changes by more than a hundred tolerances; the error control takes over from there."""
    f, leaving, faces = np.zeros_like(source), np.zeros((2, source.shape[0])), c.shape[1] - 1
    kernels.kinetics(net.tables, k, source, 1.0, c, np.empty((k.size, kernels.STRIP)), f)
    kernels.spread(line, c, np.empty(faces), np.empty(faces), np.empty(faces), f, leaving)
    fastest = np.nanmax(np.abs(f) / (atol + rtol * np.abs(c[:-1])))
    return float(100.0 / fastest) if fastest > 0.0 else 1.0


def _why(net: Network, grid: Grid, status: int, state: Array, c: Array, max_steps: int) -> str:
    t = state[kernels.TIME]
    if status == kernels.RUNNING:
        return f"more than {max_steps} steps (reached t = {t:.6g} s); raise max_steps or loosen rtol"
    species, cell = np.unravel_index(int(np.argmax(np.abs(c[:-1, 1:-1]))), (len(net.names), grid.shape[2]))
    what = "a value that is not finite" if status == kernels.NOT_FINITE else f"a step of {state[kernels.STEP]:.3g} s"
    return (
        f"the integration stopped at t = {t:.6g} s with {what}; largest is {net.names[species]} = "
        f"{c[species, cell + 1]:.4g} mol/m^3 at x = {grid.centre[2][cell]:.4g} m. Check the rate constants, or loosen "
        "rtol"
    )

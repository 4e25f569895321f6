r"""Primary and secondary current distribution in a layer of liquid between electrodes on its floor.

Ohm's law and conservation of charge, for the potential :math:`\varphi` of a liquid of given conductivity,

.. math:: \nabla\cdot(\kappa \nabla \varphi) = 0, \qquad
          i_n = -\kappa\, \partial_n \varphi = i(\varphi_\text{metal} - \varphi_\text{surface} - i_n R_\text{film})

with the law i of the kinetics on electrodes (`simcell.transport.kinetics`; primary: the surface takes the potential of
the metal) and insulation elsewhere (J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, ch. 18).
Assumptions: uniform composition, steady state, equipotential metal.

`section` and `full` resolve the height; edges take the exact local solution (`simcell.transport.edges`). `plan` solves
for the mean over the height, :math:`\nabla\cdot(h\kappa\nabla\bar\varphi) = -i_n`, with the closure of a parabolic
profile: the surface lies :math:`i_n h / 3\kappa` above the mean. `simcell.transport.validity` says where that holds.

Unknown are the potentials of all cells and of all electrodes whose current is given. Each Newton step solves the
symmetric system of the cells once for the residual and once for each such electrode, and a small dense one for the
electrodes. At the end all liquid is shifted by the constant, and each such electrode by its own, that close the books:
total charge is conserved and given currents are met to rounding, whatever the tolerance left in single cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcell.errors import SolverError
from simcell.numerics.diffusion import Diffusion, conduction
from simcell.numerics.grid import AXES, Array, Grid
from simcell.numerics.linear import Solver, solver
from simcell.transport.distribution import Distribution
from simcell.transport.edges import Corrections, corrections
from simcell.transport.electrode import Electrode, check_apart
from simcell.transport.kinetics import Linear, Tafel, behind

QUIET = 1e-9  # V: potential differences below this are no drive; sets the scale of a cell at rest
MOST_STEPS = 60


@dataclass(frozen=True)
class Options:
    """How to solve; the defaults are those that were tested.

    Examples
    --------
    >>> Options().edges
    'exact'
    """

    edges: str = "exact"  # or "plain"
    closure: bool = True  # plan: surface = mean + i h / 3 kappa
    method: str = "auto"  # linear solver: "banded", "multigrid"
    tolerance: float = 1e-8  # sum of |unbalanced current| over cells / sum of |current| through electrodes and ends


def distribute(
    grid: Grid,
    conductivity: ArrayLike,
    electrodes: Sequence[Electrode],
    ends: Mapping[str, float] | None = None,
    options: Options | None = None,
) -> Distribution:
    """Find potential and currents.

    Parameters
    ----------
    grid : Grid
        `plan`, `section` or `full`.
    conductivity : float or (nz, ny, nx) array
        [S/m]
    electrodes : sequence of Electrode
    ends : mapping of side to float, optional
        Potential of the liquid at open sides ``x-``, ``x+``, ``y-``, ``y+`` [V]; other sides are insulated.
    options : Options, optional

    Returns
    -------
    Distribution

    Raises
    ------
    ValueError
        If no potential is fixed anywhere, electrodes overlap or touch, or the conductivity is not positive.
    SolverError
        If an iteration does not converge.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> from simcell.transport.electrode import strip
    >>> g = section(np.linspace(0.0, 20e-6, 81), np.linspace(0.0, 0.5e-6, 6))
    >>> cell = [strip(g, "WE", 0.0, 5e-6, 0.0), strip(g, "CE", 15e-6, 20e-6, current=1e-3)]
    >>> answer = distribute(g, 1.0, cell)
    >>> round(answer.resistance("CE", "WE"), 4)  # (gap / H + 4 ln 2 / pi) / kappa l
    20.8825
    """
    options = options or Options()
    ends = dict(ends or {})
    _check(grid, electrodes, ends, options)
    kappa = np.array(np.broadcast_to(np.asarray(conductivity, dtype=float), grid.shape))
    base = conduction(grid, kappa, fixed=ends)
    fading, answer = [0.0] * len(electrodes), None
    steps = iterations = 0
    rounds = 1 if _plain(grid, options) or all(e.law is None and e.film == 0.0 for e in electrodes) else 3
    for _ in range(rounds):
        if rounds > 1:
            fading = [_fading(e, kappa, answer) for e in electrodes]
        change = None if _plain(grid, options) else corrections(grid, electrodes, fading)
        answer = _solve(_Problem.of(grid, kappa, base, electrodes, ends, options, change), options, answer)
        steps, iterations = steps + answer.steps, iterations + answer.iterations
        if change is not None:
            answer = replace(answer, warnings=change.warnings)
    assert answer is not None
    return replace(answer, steps=steps, iterations=iterations)


@dataclass(eq=False)
class _Problem:
    """One discrete problem: links, and area and resistance between metal and cell centre for each electrode."""

    grid: Grid
    system: Diffusion
    electrodes: Sequence[Electrode]
    ends: Mapping[str, float]
    kappa: Array
    on: list[NDArray[np.int64]]  # columns with a part of each electrode, flat
    area: list[Array]  # covered, of those columns [m^2]
    liquid: list[Array]  # resistance between metal and cell [ohm m^2], without film
    constant: Array  # what fixed values at ends contribute [A]

    @classmethod
    def of(
        cls, grid: Grid, kappa: Array, base: Diffusion, electrodes: Sequence[Electrode],
        ends: Mapping[str, float], options: Options, change: Corrections | None,
    ) -> _Problem:  # fmt: skip
        links = base.links
        if grid.kind == "plan":
            height = grid.volume[0] / grid.area[0][0]
            depth = height / 3.0 if options.closure else 0.0 * height
        else:
            depth = grid.distance[0][0]
        depths = [depth for _ in electrodes]
        if change is not None:
            links = (links[0] * change.z, links[1] * change.y, links[2] * change.x)
            depths = [depth * factor for factor in change.floor]
        floor = grid.area[0][0]
        inside = np.where(grid.mask[0], kappa[0], 1.0)
        constant = np.zeros(grid.shape)
        for side, value in ends.items():
            _at(constant, side)[...] += _at(links[AXES.index(side[0])], side) * value
        on = [np.flatnonzero(e.cover) for e in electrodes]
        return cls(
            grid, Diffusion(links, base.sink, base.periodic), electrodes, ends, kappa, on,
            [(e.cover * floor).ravel()[at] for e, at in zip(electrodes, on, strict=True)],
            [(d / inside).ravel()[at] for d, at in zip(depths, on, strict=True)], constant,
        )  # fmt: skip

    def transfer(self, n: int, step: Array) -> tuple[Array, Array]:
        """Current of one electrode into its columns [A] and its derivative [S] at metal less cell potential."""
        e, resistance = self.electrodes[n], self.liquid[n] + self.electrodes[n].film
        if e.law is None:
            if np.any(resistance <= 0.0):
                raise ValueError(f"electrode {e.name!r}: without closure a plan needs kinetics or a film")
            density, rise = step / resistance, 1.0 / resistance
        else:
            density, rise = behind(e.law, resistance, step)
        return self.area[n] * density, self.area[n] * rise

    def floor(self, values: Sequence[Array], of: Sequence[int]) -> Array:
        """Field that holds the values of some electrodes in the lowest cells of their columns."""
        field = np.zeros(self.grid.shape)
        for n, value in zip(of, values, strict=True):
            field[0].ravel()[self.on[n]] += value
        return field


def _solve(problem: _Problem, options: Options, before: Distribution | None) -> Distribution:
    system, electrodes = problem.system, problem.electrodes
    free = [n for n, e in enumerate(electrodes) if e.free]
    metal = np.array([0.0 if e.potential is None else e.potential for e in electrodes])
    u = np.zeros(problem.grid.shape)
    if before is None:
        steps_at = [_usual_step(e, area.sum()) for e, area in zip(electrodes, problem.area, strict=True)]
        known = [e.potential - v for e, v in zip(electrodes, steps_at, strict=True) if e.potential is not None]
        u[...] = np.mean([*known, *problem.ends.values()])
        for e, on in zip(electrodes, problem.on, strict=True):
            if e.law is None and e.film == 0.0 and e.potential is not None:  # the liquid above is nearly there
                u.reshape(u.shape[0], -1)[:, on] = e.potential
        metal[free] = [u.flat[0] + steps_at[n] for n in free]
    else:
        u, metal = before.potential.copy(), np.array([before.metal[e.name] for e in electrodes])
    u[~problem.grid.mask] = 0.0
    state = _residual(problem, u, metal)
    steps, iterations, linear = 0, 0, None
    straight = all(e.law is None or isinstance(e.law, Linear) for e in electrodes)
    while state.size > options.tolerance * state.scale:
        if steps == MOST_STEPS:
            raise SolverError(
                f"the current distribution did not converge in {steps} Newton steps: unbalanced current "
                f"{state.size / state.scale:.1e} of the total, {options.tolerance:.1e} was asked for"
            )
        # as exact as the step can be used: to the end where laws are linear (once it is known which currents flow),
        # else a tenth of what Newton leaves
        wanted = 0.1 * options.tolerance * state.scale / state.size
        leaves = 1e-6 if straight and steps == 0 else (0.0 if straight else 0.1 * state.size / state.scale)
        rtol = float(np.clip(max(wanted, leaves), 1e-13, 1e-2))
        if linear is None or not straight:
            sink = problem.floor(state.slope, range(len(electrodes)))
            linear = solver(system.with_sink(sink), options.method)
        du, dm, count = _step(linear, problem, state, free, rtol)
        iterations += count
        share = 1.0
        while True:
            moved = _residual(problem, u + share * du, metal + share * dm)
            if moved.size < (1.0 - 0.1 * share) * state.size or share < 1e-4:
                break
            share *= 0.5
        steps += 1
        if moved.size > 0.5 * state.size and state.size <= _rounding(system, u):
            break
        if share < 1e-4:
            raise SolverError(f"the Newton iteration stalled at {state.size / state.scale:.1e} of the total current")
        u, metal, state = u + share * du, metal + share * dm, moved
    for _ in range(1 if straight else 3):
        u, metal = _closed(problem, u, metal, state, free)
        state = _residual(problem, u, metal)
    return _answer(problem, u, metal, state, steps, iterations)


@dataclass(eq=False)
class _State:
    cells: Array  # unbalanced current of each cell [A]
    missing: Array  # given less actual current of electrodes [A]
    current: list[Array]
    slope: list[Array]
    size: float
    scale: float


def _closed(problem: _Problem, u: Array, metal: Array, state: _State, free: list[int]) -> tuple[Array, Array]:
    """Shift all liquid and each free electrode by constants so that total charge and given currents are exact."""
    slopes = np.array([s.sum() for s in state.slope])
    fixed = slopes.sum() - slopes[free].sum()
    for side in problem.ends:
        fixed += _at(problem.system.links[AXES.index(side[0])], side).sum()
    if not (fixed > 0.0 and (slopes[free] > 0.0).all()):
        return u, metal
    shift = (state.cells.sum() + state.missing.sum()) / fixed
    metal = metal.copy()
    metal[free] += shift + state.missing[free] / slopes[free]
    return u + np.where(problem.grid.mask, shift, 0.0), metal


def _rounding(system: Diffusion, u: Array) -> float:
    """What the rounding of potentials alone makes of the sum of unbalanced currents [A]."""
    eps = float(np.finfo(float).eps)
    return eps * sum(float(link.sum()) for link in system.links) * float(np.abs(u).max())


def _residual(problem: _Problem, u: Array, metal: Array) -> _State:
    cells = problem.system.apply(u)
    np.subtract(problem.constant, cells, out=cells)
    lowest, potential = cells[0].ravel(), u[0].ravel()
    missing, currents, slopes = np.zeros(metal.size), [], []
    for n, e in enumerate(problem.electrodes):
        current, slope = problem.transfer(n, metal[n] - potential[problem.on[n]])
        lowest[problem.on[n]] += current
        missing[n] = (e.current or 0.0) - current.sum() if e.free else 0.0
        currents.append(current)
        slopes.append(slope)
    size = float(np.abs(cells).sum() + np.abs(missing).sum())
    through = sum(float(np.abs(c).sum()) for c in currents) + sum(abs(e.current or 0.0) for e in problem.electrodes)
    through += sum(abs(c) for c in end_currents(problem.grid, problem.system, u, problem.ends).values())
    scale = through + QUIET * sum(float(s.sum()) for s in slopes)
    return _State(cells, missing, currents, slopes, size, scale)


def _step(linear: Solver, problem: _Problem, state: _State, free: list[int], rtol: float) -> tuple[Array, Array, int]:
    """Changes of the cells' and the electrodes' potentials, and iterations."""
    du, dm = linear.solve(state.cells, rtol), np.zeros(state.missing.size)
    count = linear.iterations
    if free:
        answers = []
        for n in free:
            answers.append(linear.solve(problem.floor([state.slope[n]], [n]), rtol))
            count += linear.iterations
        small, right = np.zeros((len(free), len(free))), np.zeros(len(free))
        for a, n in enumerate(free):
            right[a] = state.missing[n] + float((state.slope[n] * du[0].ravel()[problem.on[n]]).sum())
            small[a, a] = state.slope[n].sum()
            for b in range(len(free)):
                small[a, b] -= float((state.slope[n] * answers[b][0].ravel()[problem.on[n]]).sum())
        dm[free] = np.linalg.solve(small, right)
        for a, n in enumerate(free):
            du = du + dm[n] * answers[a]
    return du, dm, count


def _answer(problem: _Problem, u: Array, metal: Array, state: _State, steps: int, iterations: int) -> Distribution:
    electrodes = problem.electrodes
    names = [e.name for e in electrodes]
    area, density, surface = {}, {}, {}
    for n, e in enumerate(electrodes):
        on, flow = problem.on[n], state.current[n] / problem.area[n]
        area[e.name] = problem.floor([problem.area[n]], [n])[0]
        density[e.name] = problem.floor([flow], [n])[0]
        surface[e.name] = problem.floor([u[0].ravel()[on] + flow * problem.liquid[n]], [n])[0]
    return Distribution(
        grid=problem.grid, conductivity=problem.kappa, potential=u,
        metal=dict(zip(names, (float(m) for m in metal), strict=True)),
        current={name: float(c.sum()) for name, c in zip(names, state.current, strict=True)},
        density=density, surface=surface, area=area,
        kinetic={e.name: _kinetic(e, state.current[n].sum() / problem.area[n].sum()) for n, e in enumerate(electrodes)},
        through=end_currents(problem.grid, problem.system, u, problem.ends),
        steps=steps, iterations=iterations, unbalanced=state.size / state.scale,
    )  # fmt: skip


def end_currents(grid: Grid, system: Diffusion, u: Array, ends: Mapping[str, float]) -> dict[str, float]:
    """Current into the liquid through each open side [A].

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> g = section([0.0, 1.0], [0.0, 1.0])
    >>> end_currents(g, conduction(g, 1.0, ["x-"]), np.zeros(g.shape), {"x-": 1.0})
    {'x-': 2.0}
    """
    return {
        side: float((_at(system.links[AXES.index(side[0])], side) * (value - _at(u, side))).sum())
        for side, value in ends.items()
    }


def _at(values: Array, side: str) -> Array:
    index: list[slice] = [slice(None)] * 3
    index[AXES.index(side[0])] = slice(0, 1) if side[1] == "-" else slice(-1, None)
    return values[tuple(index)]


def _fading(electrode: Electrode, kappa: Array, answer: Distribution | None) -> float:
    """Length kappa R [m] below which the field at an edge is regular, R at the largest current density."""
    on = electrode.cover > 0.0
    densities = np.zeros(1) if answer is None else answer.density[electrode.name][on]
    return float(kappa[0][on].mean()) * _kinetic(electrode, densities[np.argmax(np.abs(densities))])


def _kinetic(electrode: Electrode, density: float) -> float:
    """Differential resistance of kinetics and film at a current density [ohm m^2]."""
    law = electrode.law
    if law is None:
        return electrode.film
    none = density == 0.0 or (isinstance(law, Tafel) and density * law.coefficient <= 0.0)
    rest = law.equilibrium if isinstance(law, Tafel) else law.rest
    v = np.array([rest]) if none else law.potential(np.array([density]))
    return electrode.film + 1.0 / float(law.slope(v)[0])


def _usual_step(electrode: Electrode, area: float) -> float:
    """Potential step to begin with: that of the mean current where it is given."""
    law = electrode.law
    if law is None:
        return 0.0
    if electrode.current:
        return float(law.potential(np.array([electrode.current / area]))[0])
    return law.equilibrium if isinstance(law, Tafel) else law.rest


def _plain(grid: Grid, options: Options) -> bool:
    return options.edges == "plain" or grid.kind == "plan" or grid.shape[0] == 1


def _check(grid: Grid, electrodes: Sequence[Electrode], ends: Mapping[str, float], options: Options) -> None:
    if grid.kind not in {"plan", "section", "full"}:
        raise ValueError(f"currents between electrodes need a plan, section or full grid, not {grid.kind!r}")
    if options.edges not in {"exact", "plain"}:
        raise ValueError(f"edges are 'exact' or 'plain', not {options.edges!r}")
    if bad := {"z-", "z+"} & set(ends):
        raise ValueError(f"side {sorted(bad)[0]!r} is a wall: electrodes cover the floor, the other wall insulates")
    if not electrodes:
        raise ValueError("no electrode is given")
    if not ends and all(e.free for e in electrodes):
        raise ValueError("no potential is fixed: give that of one electrode, for example 0 V for the counter electrode")
    for e in electrodes:
        if e.cover.shape != grid.shape[1:]:
            raise ValueError(f"electrode {e.name!r} belongs to another grid")
    check_apart(grid, electrodes)

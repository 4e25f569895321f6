r"""Primary and secondary current distribution in a layer of liquid between electrodes on its floor.

Ohm's law and conservation of charge, for the potential :math:`\varphi` of a liquid of given conductivity,

.. math:: \nabla\cdot(\kappa \nabla \varphi) = 0, \qquad
          i_n = -\kappa\, \partial_n \varphi = i(\varphi_\text{metal} - \varphi_\text{surface} - i_n R_\text{film})

with the law i of the kinetics on electrodes (`simcell.transport.kinetics`; primary: the surface takes the potential of
the metal) and insulation elsewhere (J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, ch. 18).
Assumptions: uniform composition, steady state, and metal of one potential unless it is a film with a sheet resistance
(`simcell.transport.film`): its potential less that of its lead is a layer of unknowns below the floor, linked to the
liquid by the law.

`section` and `full` resolve the height; edges take the exact local solution (`simcell.transport.edges`). `plan` solves
for the mean over the height, :math:`\nabla\cdot(h\kappa\nabla\bar\varphi) = -i_n`, with the closure of a parabolic
profile: the surface lies :math:`i_n h / 3\kappa` above the mean. `simcell.transport.validity` says where that holds.

Unknown are the potentials of all cells and of all electrodes whose current is given. Each Newton step solves the
symmetric system of the cells once for the residual and once for each such electrode, and a small dense one for the
electrodes. At the end all liquid, and each such electrode by its own, is shifted by the constant that closes the books:
total charge is conserved and given currents are met to rounding, whatever the tolerance left in single cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from simcell.errors import SolverError
from simcell.numerics.grid import AXES, Array, Grid
from simcell.numerics.linear import Solver, solver
from simcell.transport.discrete import Problem, State, at_side, end_currents, residual, rounding
from simcell.transport.distribution import Distribution
from simcell.transport.edges import corrections
from simcell.transport.electrode import Electrode, check_apart
from simcell.transport.kinetics import Linear, Tafel

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
    fading, answer = [0.0] * len(electrodes), None
    steps = iterations = 0
    rounds = 1 if _plain(grid, options) or all(e.law is None and e.film == 0.0 for e in electrodes) else 3
    for _ in range(rounds):
        if rounds > 1:
            fading = [_fading(e, kappa, answer) for e in electrodes]
        change = None if _plain(grid, options) else corrections(grid, electrodes, fading)
        answer = _solve(Problem.of(grid, kappa, electrodes, ends, options.closure, change), options, answer)
        steps, iterations = steps + answer.steps, iterations + answer.iterations
        if change is not None:
            answer = replace(answer, warnings=change.warnings)
    assert answer is not None
    return replace(answer, steps=steps, iterations=iterations)


def _solve(problem: Problem, options: Options, before: Distribution | None) -> Distribution:
    system, electrodes = problem.system, problem.electrodes
    free = [n for n, e in enumerate(electrodes) if e.free]
    metal = np.array([0.0 if e.potential is None else e.potential for e in electrodes])
    u = np.zeros(system.shape)
    liquid = u[problem.lowest :]
    if before is None:
        steps_at = [_usual_step(e, area.sum()) for e, area in zip(electrodes, problem.area, strict=True)]
        known = [e.potential - v for e, v in zip(electrodes, steps_at, strict=True) if e.potential is not None]
        liquid[...] = np.mean([*known, *problem.ends.values()])
        for e, on in zip(electrodes, problem.on, strict=True):
            if e.law is None and e.film == 0.0 and e.potential is not None:  # the liquid above is nearly there
                liquid.reshape(liquid.shape[0], -1)[:, on] = e.potential
        metal[free] = [liquid.flat[0] + steps_at[n] for n in free]
    else:
        liquid[...], metal = before.potential, np.array([before.metal[e.name] for e in electrodes])
    liquid[~problem.grid.mask] = 0.0
    for n, e in enumerate(electrodes):
        if before is not None and problem.is_film(n):
            u[0][e.spread > 0.0] = before.film[e.name][e.spread > 0.0] - metal[n]
    state = residual(problem, u, metal)
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
            linear = solver(problem.linear(state.slope), options.method)
        du, dm, count = _step(linear, problem, state, free, rtol)
        iterations += count
        share = 1.0
        while True:
            moved = residual(problem, u + share * du, metal + share * dm)
            if moved.size < (1.0 - 0.1 * share) * state.size or share < 1e-4:
                break
            share *= 0.5
        steps += 1
        if moved.size > 0.5 * state.size and state.size <= rounding(system, u):
            break
        if share < 1e-4:
            raise SolverError(f"the Newton iteration stalled at {state.size / state.scale:.1e} of the total current")
        u, metal, state = u + share * du, metal + share * dm, moved
    for _ in range(1 if straight else 3):
        u, metal = _closed(problem, u, metal, state, free)
        state = residual(problem, u, metal)
    return _answer(problem, u, metal, state, steps, iterations)


def _closed(problem: Problem, u: Array, metal: Array, state: State, free: list[int]) -> tuple[Array, Array]:
    """Shift all liquid and each free electrode by constants so that total charge and given currents are exact."""
    slopes = np.array([s.sum() for s in state.slope])
    fixed = slopes.sum() - slopes[free].sum()
    for side in problem.ends:
        fixed += at_side(problem.system.links[AXES.index(side[0])], side).sum()
    if not (fixed > 0.0 and (slopes[free] > 0.0).all()):
        return u, metal
    shift = (state.cells[problem.lowest :].sum() + state.missing.sum()) / fixed
    u, metal = u.copy(), metal.copy()
    u[problem.lowest :][problem.grid.mask] += shift
    metal[free] += shift + state.missing[free] / slopes[free]
    return u, metal


def _step(linear: Solver, problem: Problem, state: State, free: list[int], rtol: float) -> tuple[Array, Array, int]:
    """Changes of the cells' and the electrodes' potentials, and iterations."""
    du, dm = linear.solve(state.cells, rtol), np.zeros(state.missing.size)
    count = linear.iterations
    if free:
        answers = []
        for n in free:
            answers.append(linear.solve(problem.drive(n, state.slope[n]), rtol))
            count += linear.iterations
        small, right = np.zeros((len(free), len(free))), np.zeros(len(free))
        for a, n in enumerate(free):
            right[a] = state.missing[n] - float((state.slope[n] * problem.step(n, du)).sum())
            small[a, a] = state.slope[n].sum()
            for b in range(len(free)):
                small[a, b] += float((state.slope[n] * problem.step(n, answers[b])).sum())
        dm[free] = np.linalg.solve(small, right)
        for a, n in enumerate(free):
            du = du + dm[n] * answers[a]
    return du, dm, count


def _answer(problem: Problem, u: Array, metal: Array, state: State, steps: int, iterations: int) -> Distribution:
    electrodes = problem.electrodes
    names = [e.name for e in electrodes]
    area, density, surface, film = {}, {}, {}, {}
    for n, e in enumerate(electrodes):
        on, flow = problem.on[n], state.current[n] / problem.area[n]
        area[e.name] = problem.columns(n, problem.area[n])
        density[e.name] = problem.columns(n, flow)
        surface[e.name] = problem.columns(n, u[problem.lowest].ravel()[on] + flow * problem.liquid[n])
        if problem.is_film(n):
            film[e.name] = np.where(e.spread > 0.0, metal[n] + u[0], 0.0)
    return Distribution(
        grid=problem.grid, conductivity=problem.kappa, potential=u[problem.lowest :],
        metal=dict(zip(names, (float(m) for m in metal), strict=True)),
        current={name: float(c.sum()) for name, c in zip(names, state.current, strict=True)}, film=film,
        density=density, surface=surface, area=area,
        kinetic={e.name: _kinetic(e, state.current[n].sum() / problem.area[n].sum()) for n, e in enumerate(electrodes)},
        through=end_currents(problem.grid, problem.system, u, problem.ends),
        steps=steps, iterations=iterations, unbalanced=state.size / state.scale,
    )  # fmt: skip


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

"""One discrete problem of the current distribution: its unknowns, links, and what its balances lack.

Unknown are the potential of the liquid in every cell, that of films less that of their lead in every column they cover
(a layer below the floor; so good conductors cost no digits), and those of electrodes whose current is given. See
`simcell.transport.current`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.diffusion import Diffusion, conduction
from simcell.numerics.grid import AXES, Array, Grid
from simcell.transport.edges import Corrections
from simcell.transport.electrode import Electrode
from simcell.transport.film import Films, films
from simcell.transport.kinetics import behind

QUIET = 1e-9  # V: potential differences below this are no drive; sets the scale of a cell at rest


@dataclass(eq=False)
class Problem:
    """One discrete problem: links, and area and resistance between metal and cell centre for each electrode.

    With films the first layer of all fields is theirs, the liquid lies above it.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> from simcell.transport.electrode import strip
    >>> g = section([0.0, 1.0, 2.0], [0.0, 1.0])
    >>> problem = Problem.of(g, np.ones(g.shape), [strip(g, "WE", 0.0, 0.5, 1.0)], {"x+": 0.0})
    >>> problem.lowest, problem.area[0], problem.liquid[0]
    (0, array([0.5]), array([0.5]))
    """

    grid: Grid
    system: Diffusion
    films: Films | None
    electrodes: Sequence[Electrode]
    ends: Mapping[str, float]
    kappa: Array
    on: list[NDArray[np.int64]]  # columns with a part of each electrode, flat
    area: list[Array]  # covered, of those columns [m^2]
    liquid: list[Array]  # resistance between metal and cell [ohm m^2], without film
    constant: Array  # what fixed values at ends contribute [A]

    @classmethod
    def of(
        cls, grid: Grid, kappa: Array, electrodes: Sequence[Electrode], ends: Mapping[str, float],
        closure: bool = True, change: Corrections | None = None,
    ) -> Problem:  # fmt: skip
        """Set it up for a conductivity [S/m] in each cell, with the factors of edges if there are any."""
        base = conduction(grid, kappa, fixed=ends)
        links = base.links
        if grid.kind == "plan":
            height = grid.volume[0] / grid.area[0][0]
            depth = height / 3.0 if closure else 0.0 * height
        else:
            depth = grid.distance[0][0]
        depths = [depth for _ in electrodes]
        if change is not None:
            links = (links[0] * change.z, links[1] * change.y, links[2] * change.x)
            depths = [depth * factor for factor in change.floor]
        floor = grid.area[0][0]
        inside = np.where(grid.mask[0], kappa[0], 1.0)
        system, thin = Diffusion(links, base.sink, base.periodic), films(grid, electrodes)
        if thin is not None:
            system = _with_layer(system, thin)
        constant = np.zeros(system.shape)
        for side, value in ends.items():
            at_side(constant, side)[...] += at_side(system.links[AXES.index(side[0])], side) * value
        on = [np.flatnonzero(e.cover) for e in electrodes]
        return cls(
            grid, system, thin, electrodes, ends, kappa, on,
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

    @property
    def lowest(self) -> int:
        """Layer of the liquid at the floor."""
        return 0 if self.films is None else 1

    def is_film(self, n: int) -> bool:
        """Whether the metal of an electrode is a film with a potential in each column."""
        return self.films is not None and self.electrodes[n].sheet > 0.0

    def columns(self, n: int, values: Array) -> Array:
        """Values of one electrode in their columns (ny, nx)."""
        field = np.zeros(self.grid.shape[1:])
        field.ravel()[self.on[n]] = values
        return field

    def step(self, n: int, u: Array) -> Array:
        """Potential of one electrode's film less that of the liquid above it, the potential of its lead left out."""
        liquid = -u[self.lowest].ravel()[self.on[n]]
        return liquid + u[0].ravel()[self.on[n]] if self.is_film(n) else liquid

    def drive(self, n: int, slope: Array) -> Array:
        """What one volt more at an electrode or its lead adds to the balances [S]."""
        field = np.zeros(self.system.shape)
        field[self.lowest].ravel()[self.on[n]] = slope
        if self.is_film(n):
            field[0].ravel()[self.on[n]] = -slope
        return field

    def linear(self, slopes: Sequence[Array]) -> Diffusion:
        """Operator of one Newton step."""
        sink, (z, y, x) = self.system.sink.copy(), self.system.links
        z = z.copy()
        for n, slope in enumerate(slopes):
            if self.is_film(n):
                z[1].ravel()[self.on[n]] += slope
            else:
                sink[self.lowest].ravel()[self.on[n]] += slope
        return Diffusion((z, y, x), sink, self.system.periodic)


def _with_layer(system: Diffusion, thin: Films) -> Diffusion:
    """One more layer of unknowns below the floor, not yet linked to the liquid."""
    z, y, x = system.links
    return Diffusion(
        (np.concatenate([np.zeros_like(z[:1]), z]), np.concatenate([thin.y, y]), np.concatenate([thin.x, x])),
        np.concatenate([thin.lead, system.sink]), system.periodic,
    )  # fmt: skip


@dataclass(eq=False)
class State:
    """What the balances lack for some potentials, and the currents that flow.

    Examples
    --------
    >>> State(np.zeros(1), np.zeros(0), [], [], 0.0, 1.0).size
    0.0
    """

    cells: Array  # unbalanced current of each cell [A]
    missing: Array  # given less actual current of electrodes [A]
    current: list[Array]  # into the liquid, of each column [A]
    slope: list[Array]
    size: float
    scale: float


def rounding(system: Diffusion, u: Array) -> float:
    """What the rounding of potentials alone makes of the sum of unbalanced currents [A].

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> rounding(conduction(section([0.0, 1.0, 2.0], [0.0, 1.0]), 1.0), np.ones((1, 1, 2))) < 1e-15
    True
    """
    eps = float(np.finfo(float).eps)
    return eps * sum(float(link.sum()) for link in system.links) * float(np.abs(u).max())


def residual(problem: Problem, u: Array, metal: Array) -> State:
    """Balances of all cells, films and electrodes of unknown potential.

    Parameters
    ----------
    problem : Problem
    u : array
        Potential of the liquid above that of the films [V].
    metal : (electrodes,) array
        Of each electrode, or of its lead [V].

    Returns
    -------
    State

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> from simcell.transport.electrode import strip
    >>> g = section([0.0, 1.0, 2.0], [0.0, 1.0])
    >>> problem = Problem.of(g, np.ones(g.shape), [strip(g, "WE", 0.0, 0.5, 1.0)], {"x+": 0.0})
    >>> residual(problem, np.zeros(g.shape), np.ones(1)).cells.ravel()
    array([1., 0.])
    """
    cells = problem.system.apply(u)
    np.subtract(problem.constant, cells, out=cells)
    lowest = cells[problem.lowest].ravel()
    missing, currents, slopes = np.zeros(metal.size), [], []
    for n, e in enumerate(problem.electrodes):
        current, slope = problem.transfer(n, metal[n] + problem.step(n, u))
        lowest[problem.on[n]] += current
        if problem.is_film(n):
            cells[0].ravel()[problem.on[n]] -= current
        missing[n] = (e.current or 0.0) - current.sum() if e.free else 0.0
        currents.append(current)
        slopes.append(slope)
    size = float(np.abs(cells).sum() + np.abs(missing).sum())
    through = sum(float(np.abs(c).sum()) for c in currents) + sum(abs(e.current or 0.0) for e in problem.electrodes)
    through += sum(abs(c) for c in end_currents(problem.grid, problem.system, u, problem.ends).values())
    scale = through + QUIET * sum(float(s.sum()) for s in slopes)
    return State(cells, missing, currents, slopes, size, scale)


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
        side: float((at_side(system.links[AXES.index(side[0])], side) * (value - at_side(u, side))).sum())
        for side, value in ends.items()
    }


def at_side(values: Array, side: str) -> Array:
    """Last layer of a field, or of its faces, at one side: a view.

    Examples
    --------
    >>> at_side(np.arange(3.0).reshape(1, 1, 3), "x+")
    array([[[2.]]])
    """
    index: list[slice] = [slice(None)] * 3
    index[AXES.index(side[0])] = slice(0, 1) if side[1] == "-" else slice(-1, None)
    return values[tuple(index)]

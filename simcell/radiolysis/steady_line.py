r"""Steady state along a line of cells under a constant beam, without integrating until it is there.

Solves F(c) = 0 for the semi-discrete equations of `simcell.radiolysis.spatial` by pseudo-transient continuation:
linearly implicit Euler steps tau that follow the run from its start, roughly, and grow until they are steps of Newton;
see `simcell.radiolysis.kernels_steady`. A step leaves at least 1 % of every concentration, so none becomes negative; a
state where that limit still acts is not the solution. Where several steady states exist, the one that is found need not
be the one that this start leads to: `integrate_radial` decides.

Assumptions: those of `spatial`; the beam is constant. Without a reservoir nothing leaves, and the totals that reactions
conserve must be conserved by the beam, too, or there is no steady state. They are then held at what the start has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcell.chemistry.network import Array, Network, reaction_rates
from simcell.numerics.grid import Grid
from simcell.radiolysis import kernels, kernels_steady
from simcell.radiolysis.neutral import check_neutral
from simcell.radiolysis.spatial import Ends, _first_step, line_of

OPEN, CLOSED = 1e9, 1e4  # s, the longest step: Newton's, and where conserved totals leave J singular
HOLD = 1e3  # 1/s, of a net charge; any rate between the slowest and the fastest does
GROWTH = 10.0  # largest ratio of two steps
CHANGE = 5.0  # aimed at: the largest change of a species over its largest value, where steps are limited by it
NEAR = 1e-2  # a change that is smaller calls for the longest step
LEFT = 0.01  # share of a concentration that a step leaves at least
STALLED, ALIKE = 0.8, 0.9  # changes that shrink no faster; cosine of two that go the same way
BALANCED = 1e-6  # of what the beam makes, as charge and atoms
SHORTEST = 1e-20  # s


@dataclass(frozen=True)
class SteadyLine:
    """Concentrations along the line that no longer change, and how far that holds.

    Examples
    --------
    >>> s = SteadyLine(np.ones((1, 2)), True, 30, 0, 1e9, np.zeros(1), np.zeros(1))
    >>> s.converged
    True
    """

    concentration: Array  # (species in kernel order, cells) mol/m^3; if not converged the last state that was reached
    converged: bool
    iterations: int  # steps taken
    rejected: int
    step: float  # s, the last one
    change: Array  # (n,) largest over the cells of |last change| / (c + atol), the criterion
    residual: (
        Array  # (n,) largest |net| / gross rate (reactions and what diffuses in or out) where there is more than atol
    )


def steady_radial(
    net: Network,
    k: Array,
    diffusivity: Array,
    charge: Array,
    source_per_cell: Array,
    start: Array,
    grid: Grid,
    boundary: Ends,
    *,
    electroneutral: bool = True,
    tol: float = 1e-8,
    atol: float = 1e-10,
    max_iterations: int = 200,
) -> SteadyLine:
    """Find the steady state on a grid that is one cell wide along z and y (rings or a straight line).

    Parameters
    ----------
    net, k, diffusivity, charge, source_per_cell, start, grid, boundary, electroneutral
        As for `integrate_radial`. Where no end is a reservoir, the start sets the conserved totals.
    tol : float
        Converged when a step of 1e9 s changes no species in any cell by more than ``tol (c + atol)``; without a
        reservoir 1e4 s, longer where slow chemistry drifts, shorter where round-off asks for it.
    atol : float
        [mol/m^3] What is less does not matter.
    max_iterations : int
        Steps, rejected ones too; 20 to 50 are usual.

    Returns
    -------
    SteadyLine
        `converged` is False if no such state was found, as in closed aerated water below some Gy/s, which takes years;
        what is given then is no steady state, but has no negative concentrations either.

    Raises
    ------
    ValueError
        As `integrate_radial`; and if nothing can leave while the source makes a net amount of something conserved, so
        that no steady state exists, or if something given is not finite.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> from simcell.numerics.grid import radial
    >>> from simcell.radiolysis.spatial import charges, diffusivities
    >>> m = load_mechanism("water")
    >>> net = Network.of(m)
    >>> start = net.pack({"H+": 1e-4, "OH-": 1e-4})
    >>> s = steady_radial(net, np.array(m.rate_constants(298.15)), diffusivities(m, net.names), charges(net),
    ...                   np.zeros((15, 2)), start, radial([0.0, 1e-6, 2e-6]), Ends(upper=start))
    >>> s.converged
    True
    """
    if electroneutral:
        check_neutral(charge, start=start, source_per_cell=source_per_cell, lower=boundary.lower, upper=boundary.upper)
    given = {
        "k": k,
        "source_per_cell": source_per_cell,
        "start": start,
        "lower": boundary.lower,
        "upper": boundary.upper,
    }
    for name, value in given.items():
        if value is not None and not np.isfinite(value).all():
            raise ValueError(f"{name} holds a value that is not finite")
    line, c = line_of(net, diffusivity, charge if electroneutral else np.zeros_like(charge), start, grid, boundary)
    source = np.zeros((len(net.names), c.shape[1]))
    source[:, 1:-1] = source_per_cell
    books = _Books.of(net, grid, source, c) if boundary.lower is None and boundary.upper is None else None
    hold, held = HOLD if line.ions.size else 0.0, line.charge @ c[:-1]
    room, u = kernels_steady.room_for(net.tables, *source.shape), np.zeros_like(source)
    tau, longest = _first_step(net, k, line, source, c, 0.01, atol), OPEN if books is None else CLOSED
    inside, taken, rejected, change = c[:-1, 1:-1], 0, 0, np.full(len(net.names), np.inf)
    converged, noisy, last, previous = False, False, np.zeros_like(inside), 0.0
    while not converged and taken + rejected < max_iterations and tau > SHORTEST and longest >= 1.0:
        kernels_steady.steady_step(net.tables, k, line, source, held, hold, tau, c, room, u)
        asked, before = inside + u[:, 1:-1], change.max()
        if not np.isfinite(asked).all():
            rejected += 1
            tau *= 0.1
            continue
        taken += 1
        new = np.maximum(asked, LEFT * inside)
        free = bool((new - asked).max() <= 1e-6 * atol)  # the floor changes nothing that matters
        relative = u[:, 1:-1] / (new + atol)
        largest = float((np.abs(u[:, 1:-1]).max(axis=1) / (new.max(axis=1) + atol)).max())
        change = np.abs(relative).max(axis=1)
        again = tau == longest and (books is None or previous == tau)  # a drift shows in the second step
        stalled = again and change.max() > STALLED * before
        drifts = stalled and np.vdot(relative, last) > ALIKE * np.linalg.norm(relative) * np.linalg.norm(last)
        last, previous = relative, tau
        inside[...] = new if books is None else books.restored(new)
        converged = bool(again and free and change.max() <= tol and not drifts)
        if free and largest < NEAR:
            if stalled and not converged:  # the same way again is slow chemistry, to and fro is round-off times tau
                noisy = noisy or not drifts
                longest = 0.1 * longest if noisy else min(OPEN, 10.0 * longest)
            tau = longest
        else:
            if tau == longest > CLOSED and books is not None:  # that was no drift
                noisy, longest = True, CLOSED
            tau = min(longest, tau * min(GROWTH, CHANGE / max(largest, 1e-300)))
    residual = _residual(net, k, line, source, c, atol)
    return SteadyLine(inside.copy(), converged, taken, rejected, tau, change, residual)


@dataclass(frozen=True)
class _Books:
    """Conserved totals of a closed line: A sum V c."""

    invariants: Array
    volume: Array
    total: Array

    @classmethod
    def of(cls, net: Network, grid: Grid, source: Array, c: Array) -> _Books:
        a, volume = net.tables.invariants, grid.volume.ravel()
        made, gross = a @ source[:, 1:-1] @ volume, np.abs(a) @ np.abs(source[:, 1:-1]) @ volume
        if (np.abs(made) > BALANCED * gross).any():
            most = made[np.argmax(np.abs(made))]
            raise ValueError(
                f"no steady state exists: nothing leaves, and the source makes {most:.3g} mol/s of something that "
                "reactions conserve (charge or atoms). Give an end a reservoir, or a balanced source"
            )
        return cls(a, volume, a @ c[:-1, 1:-1] @ volume)

    def restored(self, c: Array) -> Array:
        """Bring round-off of the totals back, along diag(c)."""
        a = self.invariants
        normal = (a * (c @ self.volume)) @ a.T
        weight = np.linalg.lstsq(normal, self.total - a @ c @ self.volume, rcond=1e-13)[0]
        return c * (1.0 + a.T @ weight)[:, None]


def _residual(net: Network, k: Array, line: kernels.Line, source: Array, c: Array, atol: float) -> Array:
    """Net over gross rate of each species, largest over the cells in which it matters."""
    f, leaving, faces = np.zeros_like(source), np.zeros((2, source.shape[0])), c.shape[1] - 1
    kernels.spread(line, c, np.empty(faces), np.empty(faces), np.empty(faces), f, leaving)
    moved, t = f.copy(), net.tables
    passed = (line.conductance[:-1] + line.conductance[1:]) * line.over_volume[1:-1]
    kernels.kinetics(t, k, source, 1.0, c, np.empty((k.size, kernels.STRIP)), f)
    gross = np.abs(source) + np.abs(moved)
    gross[:, 1:-1] += line.diffusivity[:, None] * passed * np.abs(c[:-1, 1:-1])
    rates = np.abs(reaction_rates(net, k, c[:-1].T)).T
    np.add.at(gross, t.term_species, np.abs(t.term_nu)[:, None] * rates[t.term_reaction])
    seen = (gross > 0.0) & (c[:-1] > atol)
    share = np.abs(f + moved) / np.where(seen, gross, 1.0)
    return np.asarray(np.where(seen, share, 0.0)[:, 1:-1].max(axis=1))

r"""Steady state under a constant beam: by Newton with conservation rows, started by waiting.

Equations: F(c) = nu w(c) + P = 0. The rows of F are dependent (elements and charge are conserved), so as many rows
as there are invariants are replaced by A c = A c(0). Unknowns are relative changes, rows are divided by the gross
rate of their species, so that concentrations from 1e-20 to 1e3 mol/m^3 stand on an equal footing. A step changes no
species by more than a factor of five.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simcell.chemistry.network import Array, Network, reaction_rates
from simcell.errors import SolverError
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate

FIRST_WAIT, LAST_WAIT = 1.0, 1e9  # s
AGREE = 1e-4  # largest relative difference between waiting and Newton
PATIENCE = 20_000  # steps of one wait; a few hundred are usual
MATTERS = 1e-11  # mol/m^3 (1e-14 mol/L)
SMALL = 1e-9  # relative change of the last Newton step
ROUND_OFF = 1e-6  # a step that is smaller and no longer shrinks has met round-off: slow chemistry under fast equilibria


@dataclass(frozen=True)
class SteadyState:
    """Concentrations that no longer change.

    Examples
    --------
    >>> SteadyState(np.zeros(2), True, 10.0, 1e-9).converged
    True
    """

    concentration: Array  # mol/m^3, kernel order
    converged: bool
    waited: float  # s that had to be integrated before Newton and waiting agreed
    disagreement: float  # largest relative difference between the two, over species that matter


def steady_state(problem: Problem0D, rtol: float = 1e-6, atol: float = 1e-17) -> SteadyState:
    """Find the steady state with the beam on.

    Waits ten times longer until Newton, started from there, stays where waiting got to: both then name the same state.

    Parameters
    ----------
    problem : Problem0D
        Its schedule is ignored: the beam is on.
    rtol, atol : float
        Tolerances of the waiting.

    Returns
    -------
    SteadyState
        `converged` is False if no such state was found within 1e9 s (30 years).

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> m = load_mechanism("water")
    >>> net = Network.of(m)
    >>> source = 7.5e7 * 997.0 * net.pack(m.yield_values("HS300", 298.15))
    >>> p = Problem0D(net, np.array(m.rate_constants(298.15)), source,
    ...               net.pack({"H+": 1e-4, "OH-": 1e-4}), Schedule.constant(1.0))
    >>> s = steady_state(p)
    >>> s.converged, s.disagreement < 1e-4
    (True, True)
    """
    wait, c, t = FIRST_WAIT, problem.start, 0.0
    target = problem.net.totals(problem.start)
    best, off = c, np.inf
    while wait <= LAST_WAIT:
        leg = Problem0D(problem.net, problem.k, problem.source, c, Schedule.constant(wait - t))
        try:
            c = integrate(leg, np.array([wait - t]), rtol, atol, max_steps=PATIENCE).concentration[-1]
        except SolverError:
            break
        t = wait
        solution = newton(problem.net, problem.k, problem.source, c, target)
        if solution is not None:
            best = solution
            matters = np.maximum(solution, c) > MATTERS
            off = float(np.abs(solution / np.where(c > 0, c, np.inf) - 1.0)[matters].max(initial=0.0))
            if off < AGREE:
                return SteadyState(solution, True, t, off)
        wait *= 10.0
    return SteadyState(best, False, t, off)


def newton(net: Network, k: Array, source: Array, guess: Array, target: Array, steps: int = 60) -> Array | None:
    """Newton with conservation rows from a guess; None if it does not converge.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> m = load_mechanism("water")
    >>> net = Network.of(m)
    >>> zero = np.zeros(15)
    >>> newton(net, np.array(m.rate_constants(298.15)), zero, zero, np.zeros(2), steps=0) is None
    True
    """
    # the residuals of fast equilibria need the digits of a long double, on machines that have them
    c = np.maximum(guess, 1e-30).astype(np.longdouble)
    a = net.tables.invariants
    before = np.inf
    for _ in range(steps):
        residual, jacobian, gross = _system(net, k, source, c)
        scale = np.where(gross > 0, gross, 1.0)
        f, j = residual / scale, jacobian * c / scale[:, None]
        for row, where in enumerate(_rows_to_replace(a, c)):
            size = np.abs(a[row] * c).sum() or 1.0
            f[where] = (a[row] @ c - target[row]) / size
            j[where] = a[row] * c / size
        try:
            change = np.linalg.solve(j.astype(float), -f.astype(float))
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(change).all():
            return None
        c = c * np.clip(1.0 + change, 0.2, 5.0)
        moved = np.abs(change[c > MATTERS]).max(initial=0.0)
        if moved < SMALL or (moved < ROUND_OFF and moved > 0.5 * before):
            return c.astype(float)
        before = moved
    return None


def time_to_steady(problem: Problem0D, steady: Array, within: float = 0.01, upto: float = 1e6) -> float:
    """First time [s] after which every species that matters stays within 1 % of its steady value; inf if after `upto`.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> net = Network.of(load_mechanism("water"))
    >>> p = Problem0D(net, np.zeros(73), np.zeros(15), np.ones(15), Schedule.constant(1.0))
    >>> time_to_steady(p, np.ones(15))
    0.0
    """
    times = np.geomspace(1e-9, upto, 600)
    always_on = Problem0D(problem.net, problem.k, problem.source, problem.start, Schedule.constant(upto))
    path = np.vstack([problem.start, integrate(always_on, times, 1e-5).concentration])
    matters = steady > MATTERS
    away = (np.abs(path[:, matters] / steady[matters] - 1.0) > within).any(axis=1)
    if not away.any():
        return 0.0
    last = int(np.flatnonzero(away)[-1])
    return float(times[last]) if last < times.size else float("inf")


def _system(net: Network, k: Array, source: Array, c: Any) -> tuple[Any, Any, Any]:
    """F(c), its Jacobian, and the gross rate (sum of all terms without sign) of each species."""
    t, n = net.tables, c.size
    w = reaction_rates(net, k, c)  # in the precision of c
    terms = t.term_nu * w[t.term_reaction]
    residual, gross = source.astype(c.dtype), np.abs(source).astype(c.dtype)
    np.add.at(residual, t.term_species, terms)
    np.add.at(gross, t.term_species, np.abs(terms))
    padded = np.append(c, 1.0)
    slope = k[t.slope_reaction] * padded[t.slope_other].prod(axis=1)
    flat = np.zeros(n * n, dtype=c.dtype)
    np.add.at(flat, t.entry_place, t.entry_nu * slope[t.entry_slope])
    return residual, flat.reshape(n, n).T, gross


def _rows_to_replace(a: Array, c: Any) -> list[int]:
    """For each invariant a species whose row it takes: pivots of A diag(c), so that the columns are independent."""
    m = a * np.asarray(c, dtype=float)
    used: list[int] = []
    for row in range(m.shape[0]):
        free = np.abs(m[row])
        free[used] = 0.0
        j = int(np.argmax(free))
        used.append(j)
        if m[row, j]:
            m[row + 1 :] -= np.outer(m[row + 1 :, j] / m[row, j], m[row])
    return used

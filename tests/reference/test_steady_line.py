"""Steady state along a line: the long-time limit of the run, the homogeneous state, a closed form, what has none."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.beam.footprint import relative_dose_rate
from simcell.beam.shape import disc
from simcell.chemistry.network import Array, Network
from simcell.inputs.mechanism import load_mechanism
from simcell.numerics.grid import Grid, batch, graded, radial, section
from simcell.radiolysis.homogeneous import Problem0D, Schedule
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.spatial import Ends, charges, diffusivities, integrate_radial
from simcell.radiolysis.steady import steady_state
from simcell.radiolysis.steady_line import SteadyLine, steady_radial

BEAM, RESERVOIR = 1e-6, 25e-6  # m
WATER = load_mechanism("water")
NET = Network.of(WATER)
D, Z = diffusivities(WATER, NET.names), charges(NET)
RINGS = radial(graded(0.0, RESERVOIR, {BEAM: 20e-9}, growth=1.3, largest=0.5e-6))


def in_disc(grid: Grid) -> Array:
    return relative_dose_rate(grid, disc(2.0 * BEAM)).ravel()


def problem(dose_rate: float = 7.5e7) -> Problem0D:
    return prepare(WATER, Conditions(298.15, dose_rate, Schedule.constant(1.0), pH=7.0), NET).problem


def steady(
    p: Problem0D, grid: Grid = RINGS, closed: bool = False, share: object = None, **options: object
) -> SteadyLine:
    source = p.source[:, None] * (in_disc(grid) if share is None else np.full(grid.shape[2], share))
    return steady_radial(NET, p.k, D, Z, source, p.start, grid, Ends(upper=None if closed else p.start), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("electroneutral", [True, False])
def test_is_where_the_run_ends(electroneutral: bool) -> None:
    """100 s is 1000 times R^2/D of oxygen; what remains is round-off of the charge in the run, 1e-9 a second."""
    p = problem()
    found = steady(p, electroneutral=electroneutral)
    run = integrate_radial(
        NET, p.k, D, Z, p.source[:, None] * in_disc(RINGS), p.start, RINGS, Ends(upper=p.start),
        np.array([100.0]), electroneutral=electroneutral, rtol=1e-7, atol=1e-13,
    ).concentration[-1]  # fmt: skip
    assert found.converged and found.change.max() <= 1e-8
    assert found.residual.max() < 1e-12
    seen = run > 1e-9
    assert np.abs(found.concentration / run - 1.0)[seen].max() < 1e-6
    if electroneutral:
        assert np.abs(Z @ found.concentration).max() < 1e-10 * found.concentration[NET.index["H+"]].max()


@pytest.mark.parametrize("dose_rate", [1.0, 7.5e7, 7.5e10])
def test_beam_that_fills_the_cell_is_the_homogeneous_state(dose_rate: float) -> None:
    p = problem(dose_rate)
    expected = steady_state(p).concentration[:, None]
    for grid in (batch(), section([0.0, 1e-6, 3e-6, 7e-6], [0.0, 1.0]), RINGS):
        found = steady(p, grid, closed=True, share=1.0)
        assert found.converged
        seen = np.broadcast_to(expected > 1e-9, found.concentration.shape)
        assert np.abs(found.concentration / expected - 1.0)[seen].max() < 1e-6


def test_disc_in_a_closed_cell_keeps_what_reactions_conserve() -> None:
    p, volume, a = problem(), RINGS.volume.ravel(), NET.tables.invariants
    found = steady(p, closed=True)
    assert found.converged and (found.concentration >= 0.0).all()
    inside = found.concentration @ volume
    assert (np.abs(a @ (inside - p.start * volume.sum())) < 1e-14 * (np.abs(a) @ inside)).all()
    source = p.source[:, None] * in_disc(RINGS)
    run = integrate_radial(NET, p.k, D, Z, source, p.start, RINGS, Ends(), np.array([1e3]), rtol=1e-6, atol=1e-13)
    seen = run.concentration[-1] > 1e-7
    # the charge of the run drifts by round-off, see above: 2e-5 after 1e3 s
    assert np.abs(found.concentration / run.concentration[-1] - 1.0)[seen].max() < 1e-4


def test_without_reactions_it_is_the_closed_form() -> None:
    """c(0) = P a^2/4D (1 + 2 ln(R/a)): order 2."""
    p, errors = problem(), []
    i = NET.index["H2"]
    for refine in (1, 2, 4):
        grid = radial(graded(0.0, RESERVOIR, {BEAM: 0.1e-6}, growth=1.3, refine=refine))
        source = np.zeros((15, grid.shape[2]))
        source[i] = 5.0 * in_disc(grid)
        nothing = 0.0 * p.start
        found = steady_radial(NET, 0.0 * p.k, D, Z, source, nothing, grid, Ends(upper=nothing))
        assert found.converged
        r, scale, log = grid.centre[2] / BEAM, 5.0 * BEAM**2 / (4.0 * D[i]), 2.0 * np.log(RESERVOIR / BEAM)
        exact = scale * np.where(r < 1.0, 1.0 + log - r**2, log - 2.0 * np.log(r))
        errors.append(np.abs(found.concentration[i] - exact).max() / exact.max())
        assert np.delete(found.concentration, i, axis=0).max() == 0.0
    assert -np.polyfit(np.log([1, 2, 4]), np.log(errors), 1)[0] == pytest.approx(2.0, abs=0.2), errors
    assert errors[-1] < 1e-3


def test_a_beam_of_any_strength_converges_from_clean_water() -> None:
    for dose_rate in (1.0, 1e4, 1e9, 1e11):
        found = steady(problem(dose_rate))
        assert found.converged and found.iterations < 100, (dose_rate, found.iterations)
        assert (found.concentration >= 0.0).all()


def test_what_was_not_reached_is_not_called_a_steady_state() -> None:
    found = steady(problem(), max_iterations=6)
    assert not found.converged and found.iterations == 6
    assert (found.concentration >= 0.0).all() and np.isfinite(found.concentration).all()
    assert found.residual.max() > 0.1


def test_a_closed_cell_that_fills_up_has_no_steady_state() -> None:
    p = problem()
    source = np.zeros((15, RINGS.shape[2]))
    source[NET.index["H2"]] = in_disc(RINGS)  # without the oxygen that the same water leaves
    with pytest.raises(ValueError, match="no steady state exists: nothing leaves"):
        steady_radial(NET, p.k, D, Z, source, p.start, RINGS, Ends())
    # what spreads but never reacts fills a closed cell without breaking a law of the reactions
    balanced = p.source[:, None] * in_disc(RINGS)
    assert not steady_radial(NET, 0.0 * p.k, D, Z, balanced, p.start, RINGS, Ends(), max_iterations=60).converged


def test_nonsense_is_refused() -> None:
    p = problem()
    bad = p.source[:, None] * in_disc(RINGS)
    bad[NET.index["H2"], 3] = np.nan
    with pytest.raises(ValueError, match="source_per_cell holds a value that is not finite"):
        steady_radial(NET, p.k, D, Z, bad, p.start, RINGS, Ends(upper=p.start))

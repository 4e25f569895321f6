"""Radiolysis around a beam: limits with a known answer, a balance of atoms, and an independent method of lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcell.beam.footprint import relative_dose_rate
from simcell.beam.shape import disc
from simcell.chemistry.network import Array, Network
from simcell.errors import InputError, SolverError
from simcell.inputs.mechanism import load_mechanism
from simcell.numerics.grid import Grid, batch, graded, plan, radial, section
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.spatial import Ends, Spread, charges, diffusivities, integrate_radial
from tests.reference import twin as homogeneous_twin
from tests.reference.radial_twin import RadialTwin, nodes

BEAM, RESERVOIR = 1e-6, 25e-6  # m
WATER = load_mechanism("water")
NET = Network.of(WATER)
D, Z = diffusivities(WATER, NET.names), charges(NET)


def problem(duration: float = 10.0, **more: object) -> Problem0D:
    """Neat water at 7.5e7 Gy/s: 300 kV, 1 nA on a radius of 1 um."""
    return prepare(WATER, Conditions(298.15, 7.5e7, Schedule.constant(duration), pH=7.0, **more), NET).problem  # type: ignore[arg-type]


def rings(finest: float = 5e-9, growth: float = 1.1, reservoir: float = RESERVOIR) -> Grid:
    return radial(graded(0.0, reservoir, {BEAM: finest}, growth=growth, largest=0.5e-6))


def run(times: list[float], grid: Grid | None = None, closed: bool = False, **options: object) -> Spread:
    p, g = problem(), grid or rings()
    source = p.source[:, None] * relative_dose_rate(g, disc(2.0 * BEAM)).ravel()
    ends = Ends() if closed else Ends(upper=p.start)
    return integrate_radial(NET, p.k, D, Z, source, p.start, g, ends, np.array(times), **options)  # type: ignore[arg-type]


def ph(concentration: Array) -> Array:
    return np.asarray(-np.log10(concentration[..., NET.index["H+"], :] / 1000.0))


@pytest.fixture(scope="module")
def with_closure() -> Spread:
    return run([10.0])


@pytest.mark.parametrize("make", [lambda: rings(20e-9, 1.3), lambda: section([0.0, 1e-6, 3e-6], [0.0, 1.0]), batch])
def test_beam_that_fills_the_cell_is_the_homogeneous_run(make: object) -> None:
    g: Grid = make()  # type: ignore[operator]
    p, times = problem(), np.array([1e-8, 1e-5, 1e-3, 10.0])
    source = np.tile(p.source[:, None], g.shape[2])
    path = integrate_radial(NET, p.k, D, Z, source, p.start, g, Ends(), times, rtol=1e-7, atol=1e-15)
    expected = integrate(p, times, rtol=1e-9).concentration[:, :, None]
    seen = np.broadcast_to(expected > 1e-9, path.concentration.shape)
    assert seen.mean() > 0.7
    assert np.abs(path.concentration / expected - 1.0)[seen].max() < 1e-6
    assert not path.left.any()


def test_schedule_is_that_of_the_homogeneous_run() -> None:
    schedule, times = Schedule.pulses(1e-3, 2e-3, 2, 0.01), np.array([1e-3, 2.5e-3, 4e-3, 0.01])
    p, g = replace(problem(), schedule=schedule), section([0.0, 1e-6, 3e-6], [0.0, 1.0])
    source = np.tile(p.source[:, None], 2)
    path = integrate_radial(NET, p.k, D, Z, source, p.start, g, Ends(), times, schedule=schedule, rtol=1e-7, atol=1e-14)
    expected = integrate(p, times, rtol=1e-9).concentration[:, :, None]
    seen = np.broadcast_to(expected > 1e-10, path.concentration.shape)
    assert np.abs(path.concentration[seen] / np.broadcast_to(expected, seen.shape)[seen] - 1.0).max() < 1e-5


def test_diffusion_out_of_a_disc_without_reactions() -> None:
    """c = P a^2/4D (1 + 2 ln(R/a) - (r/a)^2) inside, P a^2/2D ln(R/r) outside: order 2, and 1e-3 on the finest grid."""
    p, errors = problem(), []
    production, i = 5.0, NET.index["H2"]
    for refine in (1, 2, 4):
        g = radial(graded(0.0, RESERVOIR, {BEAM: 0.1e-6}, growth=1.3, refine=refine))
        source = np.zeros((15, g.shape[2]))
        source[i] = production * relative_dose_rate(g, disc(2.0 * BEAM)).ravel()
        path = integrate_radial(
            NET, 0.0 * p.k, D, Z, source, 0.0 * p.start, g, Ends(upper=0.0 * p.start), np.array([1e3]), rtol=1e-6
        )
        r, scale = g.centre[2] / BEAM, production * BEAM**2 / (4.0 * D[i])
        log = 2.0 * np.log(RESERVOIR / BEAM)
        exact = scale * np.where(r < 1.0, 1.0 + log - r**2, log - 2.0 * np.log(r))
        errors.append(np.abs(path.concentration[0, i] - exact).max() / (scale * (1.0 + log)))
        # all that is made leaves
        assert path.left[0, 1, i] == pytest.approx(production * np.pi * BEAM**2 * 1e3, rel=2e-3)
    assert -np.polyfit(np.log([1, 2, 4]), np.log(errors), 1)[0] == pytest.approx(2.0, abs=0.2), errors
    assert errors[-1] < 1e-3


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("electroneutral", [False, True])
def test_atoms_and_charge_are_conserved(electroneutral: bool, closed: bool) -> None:
    """Inside plus left, against what moved: rows of A are charge, and H and O with water eliminated."""
    g, start = rings(20e-9, 1.3), problem().start
    path = run([1e-6, 1e-3, 0.1, 10.0], g, closed, electroneutral=electroneutral, rtol=1e-3)
    a = NET.tables.invariants
    change = path.concentration - start[:, None]
    balance = (change @ g.volume.ravel() + path.left.sum(axis=1)) @ a.T
    moved = (np.abs(change) @ g.volume.ravel() + np.abs(path.left).sum(axis=1)) @ np.abs(a).T
    assert (np.abs(balance) < 1e-10 * moved).all(), balance / moved
    assert bool(path.left.any()) is not closed


def test_closure_keeps_every_cell_neutral_and_moves_the_ph(with_closure: Spread) -> None:
    """Centre 4.61 with the closure, 4.86 without: ions that spread one by one leave more charge behind than protons."""
    alone = run([10.0], electroneutral=False).concentration[-1]
    together = with_closure.concentration[-1]
    centre, ring = 0, int(np.searchsorted(rings().centre[2], 1.5 * BEAM))
    assert ph(together)[centre] == pytest.approx(4.61, abs=0.005)
    assert ph(alone)[centre] == pytest.approx(4.86, abs=0.005)
    assert ph(together)[ring] == pytest.approx(5.19, abs=0.02)
    assert ph(alone)[ring] == pytest.approx(5.81, abs=0.03)
    assert np.abs(Z @ together).max() < 1e-6 * together[NET.index["H+"]].max()
    assert (Z @ alone)[centre] < -alone[NET.index["H+"], centre]


def test_tolerance_is_met_against_tight_ones() -> None:
    g = rings(10e-9, 1.2)
    loose, tight = (run([1e-6, 1e-3, 1.0], g, rtol=r, atol=a).concentration for r, a in ((1e-4, 1e-10), (1e-8, 1e-13)))
    seen = tight > 1e-7
    assert np.abs(loose[seen] / tight[seen] - 1.0).max() < 1e-3


@pytest.mark.slow
def test_neat_water_agrees_with_an_independent_method_of_lines() -> None:
    p, times = problem(), np.array([1e-3, 1.0])
    twin = homogeneous_twin.Twin(WATER, NET.names, homogeneous_twin.rate_constants(WATER, 298.15), p.source)
    r = nodes(BEAM, RESERVOIR, 4e-9, 50, 170)
    slow = RadialTwin(
        twin, {s: WATER.species[s].diffusivity or 0.0 for s in NET.names},
        {s: WATER.species[s].charge for s in NET.names}, r, BEAM, p.start,
    )  # fmt: skip
    reference, left = slow.run(times, 1e-6, 1e-10)
    g = rings(4e-9, 1.08)
    path = run([1e-3, 1.0], g, rtol=1e-5)
    inventory = np.einsum("tnx,x->tn", path.concentration - p.start[:, None], g.volume.ravel())
    expected = 2.0 * np.pi * np.einsum("txn,x->tn", reference - p.start, slow.ring)
    main = [NET.index[s] for s in ("e_aq-", "OH", "H", "H2", "H2O2", "O2", "H+", "HO2", "O2-")]
    np.testing.assert_allclose(inventory[:, main], expected[:, main], rtol=1e-3)
    stable = [NET.index[s] for s in ("H2", "H2O2", "O2")]
    np.testing.assert_allclose(path.left[1, 1, stable], 2.0 * np.pi * left[1, stable], rtol=1e-3)
    np.testing.assert_allclose(path.concentration[:, main, 0], reference[:, 0][:, main], rtol=1e-3)
    far = g.centre[2] > 5.0 * BEAM
    for i in stable:
        there = np.interp(np.log(g.centre[2][far]), np.log(r[1:]), np.append(reference[1, 1:, i], p.start[i]))
        np.testing.assert_allclose(path.concentration[1, i, far], there, rtol=1e-3, atol=1e-3 * there.max())


def test_a_wider_reservoir_holds_more_hydrogen(with_closure: Spread) -> None:
    """Outside the reach of the radicals c(H2) = J/(2 pi D) ln(R/r), with J what leaves; 0.33 mol/m^3 in the beam."""
    i = NET.index["H2"]
    wide = run([5.0, 10.0], rings(reservoir=50e-6))
    assert wide.concentration[1, i, 0] > with_closure.concentration[0, i, 0] > 0.3
    flow = (wide.left[1, 1, i] - wide.left[0, 1, i]) / 5.0
    r = rings(reservoir=50e-6).centre[2]
    far = r > 20.0 * BEAM
    expected = flow / (2.0 * np.pi * D[i]) * np.log(50e-6 / r[far])
    np.testing.assert_allclose(wide.concentration[1, i, far], expected, rtol=0.01)


def test_species_without_a_diffusivity_are_named() -> None:
    species = {**WATER.species, "H2": replace(WATER.species["H2"], diffusivity=None)}
    with pytest.raises(InputError, match=r'species\."H2"\.diffusivity'):
        diffusivities(replace(WATER, species=species), NET.names)
    assert diffusivities(replace(WATER, species=species), ("H2",), {"H2": 1e-9})[0] == 1e-9


@pytest.mark.parametrize(
    "grid", [plan([0.0, 1.0, 2.0], [0.0, 1.0, 2.0], 1.0), section([0.0, 1.0, 2.0], [0.0, 1.0], periodic=True)]
)
def test_only_a_plain_line_is_taken(grid: Grid) -> None:
    p = problem()
    with pytest.raises(ValueError, match="a line of cells is needed"):
        integrate_radial(NET, p.k, D, Z, np.zeros((15, grid.shape[2])), p.start, grid, Ends(), np.array([1.0]))


def test_a_forgotten_ion_is_an_error_where_ions_move_together() -> None:
    p, g = problem(), section([0.0, 1.0], [0.0, 1.0])
    acid = p.start.copy()
    acid[NET.index["H+"]] = 1.0  # and no anion
    for start, upper in ((acid, p.start), (p.start, acid)):
        with pytest.raises(ValueError, match="net charge of 1"):
            integrate_radial(NET, p.k, D, Z, np.zeros((15, 1)), start, g, Ends(upper=upper), np.array([1e-9]))
    integrate_radial(
        NET, p.k, D, Z, np.zeros((15, 1)), acid, g, Ends(upper=acid), np.array([1e-9]), electroneutral=False
    )


def test_too_few_steps_and_nonsense_are_errors_with_place_and_time() -> None:
    with pytest.raises(SolverError, match="more than 20 steps") as failure:
        run([1e-9, 10.0], rings(20e-9, 1.3), max_steps=20)
    assert isinstance(failure.value.partial, Spread) and not failure.value.partial.complete
    p, g = problem(), rings(20e-9, 1.3)
    bad = p.source[:, None] * relative_dose_rate(g, disc(2.0 * BEAM)).ravel()
    bad[NET.index["H2"], 3] = np.nan
    with pytest.raises(SolverError, match="not finite"):
        integrate_radial(NET, p.k, D, Z, bad, p.start, g, Ends(), np.array([1.0]))

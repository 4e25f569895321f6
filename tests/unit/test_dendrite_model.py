"""The phase field of metal growth: balances, the flat front, ripples, discs, bodies afloat, what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from simcell.dendrite import kernels
from simcell.dendrite.implicit import solve
from simcell.dendrite.layer import Layer, State, begin, profile, with_metal
from simcell.dendrite.model import Control, _Worker, grow, segment
from simcell.dendrite.stability import (
    FARADAY,
    Metal,
    depletion_time,
    front_at_current,
    front_at_potential,
    limiting_current,
    sand_time,
)
from simcell.errors import SolverError
from simcell.numerics.grid import plan, radial, section

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
ZINC = Metal(2, 9.16e-6, 0.5, 30.0, 100.0, 6e-10, 0.4)


def line(metal: Metal, gap: float, h: float, delta: float, supply: str = "reservoir") -> tuple[Layer, float]:
    """One row of cells of 1 um^2 with a front at the position returned."""
    n = round((gap + 12.0 * delta) / h)
    grid = section(np.arange(n + 1) * h, [0.0, 1e-6], 1e-6)
    return Layer(metal, grid, delta, {"x+": supply}), n * h - gap


def patch(nx: int, nz: int, h: float, delta: float, metal: Metal = LITHIUM, supply: str = "reservoir") -> Layer:
    return Layer(metal, section(np.arange(nx + 1) * h, np.arange(nz + 1) * h, 1e-6), delta, {"x+": supply})


def rippled(layer: Layer, front: float, height: float) -> State:
    z, x = layer.centre
    return begin(layer, front + height * np.cos(np.pi * z / (layer.shape[0] * layer.spacing)) - x)


def balances(layer: Layer, first: State, last: State) -> tuple[float, float]:
    """Miss of metal against charge and of metal and ions against what came in, in units of what moved."""
    moved = last.metal_amount(layer) - first.metal_amount(layer)
    charge = (last.charge - first.charge) / (layer.metal.charge * FARADAY)
    return moved / charge - 1.0, (last.ions(layer) - first.ions(layer) - last.inflow + first.inflow) / charge


# --- the phase alone


@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 4])
def test_a_straight_front_of_the_right_profile_does_not_move_or_change(angle: float) -> None:
    x, y = np.meshgrid(np.arange(40) + 0.5, np.arange(40) + 0.5)
    xi = profile((20.0 - x) * np.cos(angle) + (20.0 - y) * np.sin(angle), 2.0)
    inner = xi.copy()
    kernels.advance(inner, np.zeros_like(xi), 0.2, 2.0, 10.0, 10, 1.0, 1.0, np.empty_like(xi), np.empty_like(xi))
    middle = slice(12, 28)  # the walls bend the contour unless it stands on them
    assert np.abs(inner - xi)[middle, middle].max() < 1e-12
    assert abs(inner.sum() - xi.sum()) < 1e-10


def test_redistribution_restores_the_profile_and_moves_no_metal() -> None:
    x = np.arange(80) + 0.5
    xi = profile(40.2 - x, 4.0)[None, :].copy()  # twice as wide as it should be
    total = xi.sum()
    kernels.advance(xi, np.zeros_like(xi), 0.2, 2.0, 3000.0, 3000, 1.0, 1.0, np.empty_like(xi), np.empty_like(xi))
    assert abs(xi.sum() - total) < 1e-10
    assert np.abs(xi[0] - profile(40.2 - x, 2.0)).max() < 1e-4
    assert xi.min() >= 0.0 and xi.max() <= 1.0


@pytest.mark.parametrize("delta", [1.5, 2.0, 3.0, 5.0])
def test_the_source_integrates_to_one_wherever_the_front_stands(delta: float) -> None:
    for at in np.linspace(40.0, 41.0, 7):
        psi, a = 20.0 + at - np.arange(121.0)[None, :], np.empty((1, 121))
        kernels.source_shape(psi, np.zeros_like(psi), delta, a)
        assert abs(a.sum() - 1.0) < 3e-4  # the cut at 1e-4 falls between cells


def test_curvature_of_a_circle() -> None:
    errors = []
    for n in (24, 48, 96):
        h = 1.0 / n
        x, y = np.meshgrid((np.arange(n) + 0.5) * h, (np.arange(n) + 0.5) * h)
        psi, a, kappa = 0.6 - np.hypot(x, y), np.empty((n, n)), np.empty((n, n))
        kernels.source_shape(psi, np.zeros_like(psi), 1.5 * h, a)
        one, grain = np.array([[1.0, 0.0]]), np.zeros((n, n), dtype=np.int64)
        kernels.curvature(psi, 10.0 * h, h, h, 4, 0.0, 0.0, one, grain, kappa, np.empty((n, n)))
        near = np.abs(psi) < 2.0 * h
        errors.append(np.abs(kappa[near] * 0.6 - 1.0).max())
    assert errors[-1] < 0.001
    assert all(0.2 < fine / coarse < 0.3 for coarse, fine in pairwise(errors))  # second order


def test_a_uniform_trace_of_phase_does_not_grow() -> None:
    layer = patch(60, 12, 50e-9, 0.1e-6)
    state = begin(layer, 1e-6 - layer.centre[1])
    noise = np.random.default_rng(1).uniform(0.99, 1.01, layer.shape)
    state = replace(state, xi=np.maximum(state.xi, 1e-6 * noise))
    last = grow(layer, state, [1.0], potential=-0.1).last
    assert last.xi[:, 52:].max() < 1.2e-6


# --- balances


@pytest.mark.parametrize("supply", ["reservoir", "counter"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_charge_metal_and_ions_balance_and_the_galvanostat_holds(supply: str, sign: float) -> None:
    layer = patch(60, 24, 50e-9, 0.1e-6, supply=supply)
    first = rippled(layer, 1.2e-6, 0.2e-6)
    wanted = sign * 2000.0 * 24 * 50e-9 * 1e-6
    run = grow(layer, first, [0.2, 0.4], current=wanted)
    charge, ions = balances(layer, first, run.last)
    assert abs(charge) < 1e-9 and abs(ions) < 1e-10
    assert np.abs(run.current / wanted - 1.0).max() < 1e-8
    assert run.last.charge == pytest.approx(0.4 * wanted, rel=1e-10)
    assert run.last.xi.min() >= 0.0 and run.last.xi.max() <= 1.0
    if supply == "counter":  # what one electrode takes the other gives: the salt stays
        held = run.last.salt.sum() - first.salt.sum()
        assert abs(held) * layer.cell * 1000.0 < 1e-6 * abs(run.last.charge) / FARADAY


def test_going_on_from_a_state_gives_the_same_numbers() -> None:
    layer = patch(50, 12, 50e-9, 0.1e-6)
    first = rippled(layer, 1.0e-6, 0.1e-6)
    straight = grow(layer, first, [0.1, 0.3], potential=-0.15).last
    half = grow(layer, first, [0.1], potential=-0.15).last
    again = grow(layer, half, [0.3], potential=-0.15).last
    for name in ("xi", "salt", "ratio", "potential", "metal"):
        assert (getattr(straight, name) == getattr(again, name)).all(), name
    assert (straight.charge, straight.inflow, straight.step_next) == (again.charge, again.inflow, again.step_next)


def test_both_linear_solvers_agree() -> None:
    layer = patch(50, 12, 50e-9, 0.1e-6)
    first = rippled(layer, 1.0e-6, 0.1e-6)
    runs = [grow(layer, first, [0.1], current=1e-9, control=Control(method=m)) for m in ("direct", "krylov")]
    assert np.abs(runs[0].last.xi - runs[1].last.xi).max() < 1e-9
    assert np.abs(runs[0].potential - runs[1].potential).max() < 1e-8
    assert runs[1].krylov > 0 and runs[0].krylov == 0


def test_mirror_images_grow_alike() -> None:
    layer = patch(50, 24, 50e-9, 0.1e-6)
    z, x = layer.centre
    middle = 12 * 50e-9
    first = begin(layer, 1.0e-6 + 0.2e-6 * np.exp(-(((z - middle) / 0.2e-6) ** 2)) - x)
    last = grow(layer, first, [0.2], potential=-0.2).last
    assert np.abs(last.xi - last.xi[::-1]).max() < 1e-9


# --- the flat front


def test_at_rest_the_potential_is_zero() -> None:
    for metal, supply in ((LITHIUM, "reservoir"), (ZINC, "counter")):
        layer, at = line(metal, 3e-6, 50e-9, 0.1e-6, supply)
        first = begin(layer, at - layer.centre[1])
        run = grow(layer, first, [1.0], current=0.0)
        assert abs(run.potential[-1]) < 1e-10
        assert np.abs(run.last.xi - first.xi).max() < 1e-12
        still = grow(layer, first, [1.0], potential=0.0).last
        assert np.abs(still.xi - first.xi).max() < 1e-12


@pytest.mark.parametrize("metal", [LITHIUM, ZINC], ids=["Li", "Zn"])
@pytest.mark.parametrize(("part", "allowed"), [(0.01, 1e-3), (0.05, 1e-3), (0.3, 1e-2)])
def test_a_flat_front_is_butler_volmer_whatever_the_width(metal: Metal, part: float, allowed: float) -> None:
    gap, found = 9e-6, []
    wanted = front_at_current(metal, part * limiting_current(metal, gap), gap)
    for delta in (0.1e-6, 0.2e-6):
        layer, at = line(metal, gap, 50e-9, delta)
        x = layer.centre[1]
        steady = np.minimum(1.0, (wanted.surface + wanted.gradient * np.maximum(x - at, 0.0)) / metal.concentration)
        first = begin(layer, at - x, steady)
        run = grow(layer, first, [0.02], potential=wanted.potential)
        gone = (run.last.xi.sum() - first.xi.sum()) * layer.spacing
        here = front_at_potential(metal, wanted.potential, gap - gone)
        found.append(run.current[-1] / 1e-12)
        assert found[-1] == pytest.approx(here.current, rel=allowed)
        assert gone == pytest.approx(metal.speed(wanted.current) * 0.02, rel=max(allowed, 2e-3))
    assert found[1] == pytest.approx(found[0], rel=1e-2)


def test_a_concentration_cell_has_its_emf() -> None:
    """Half the salt in front of the metal: 2 (1 - t+) RT/F ln 2 (J. Newman, Electrochemical Systems, section 2.6)."""
    metal = replace(LITHIUM, exchange_current=1e-3)
    layer, at = line(metal, 9e-6, 50e-9, 0.1e-6)
    x = layer.centre[1]
    first = begin(layer, at - x, np.maximum(0.5 + 0.5 * (x - at) / 9e-6, 0.4))
    run = grow(layer, first, [1e-5], current=0.0)
    assert run.potential[-1] == pytest.approx(2.0 * 0.62 / metal.f * np.log(0.5), abs=2e-4)


def test_salt_at_a_flat_front_is_used_up_at_sands_time() -> None:
    current = 2000.0
    layer, at = line(ZINC, 25e-6, 50e-9, 75e-9)
    tau = sand_time(ZINC, current)
    first = begin(layer, at - layer.centre[1])
    control = Control(tolerance=3e-4, compliance=0.35)
    run = grow(layer, first, [0.16 * tau, 0.49 * tau], current=current * 1e-12, control=control)
    for state in run.states:
        left = np.interp(0.5, state.xi[0, ::-1], state.ratio[0, ::-1])
        assert state.time / (1.0 - left) ** 2 == pytest.approx(tau, rel=0.02)
    with pytest.raises(SolverError, match="the salt is used up") as caught:
        grow(layer, run.last, [1.5 * tau], current=current * 1e-12, control=control)
    # later than tau: the reaction moves to the outer edge of the front, some delta into the liquid
    assert tau < float(str(caught.value).split(" at ")[1].split(" s")[0]) < 1.25 * tau
    assert depletion_time(ZINC, current, 25e-6) == pytest.approx(tau, rel=3e-3)


def test_far_above_the_limiting_current_nothing_turns_negative() -> None:
    layer, at = line(LITHIUM, 3e-6, 50e-9, 0.1e-6)
    first = begin(layer, at - layer.centre[1])
    for volts, end in ((-0.35, 5e-3), (-1.0, 1e-4)):
        run = grow(layer, first, [end], potential=volts)
        assert (run.lowest > 0.0).all() and np.isfinite(run.current).all()
        assert run.lowest[-1] < 0.7
        back = grow(layer, segment(run.last), [end + 1e-5], potential=-volts)
        assert (back.current < 0.0).all() and back.lowest.min() > 0.0


# --- ripples, discs, bodies


@pytest.mark.parametrize(("wavelength", "allowed"), [(3e-6, 0.04), (1.5e-6, 0.1), (0.8e-6, 0.1)])
def test_ripples_grow_at_the_rate_of_linear_stability(wavelength: float, allowed: float) -> None:
    """Two that grow and one beyond the neutral wavelength (1.1 um) that decays; 40 delta and 120 cells long."""
    h, gap, volts = wavelength / 120.0, 3e-6, -0.2
    delta = 3.0 * h
    nx = round((12.0 * delta + gap) / h)
    layer = patch(nx, 60, h, delta)
    front = front_at_potential(LITHIUM, volts, nx * h - 12.0 * delta)
    z, x = layer.centre
    wave = np.cos(2.0 * np.pi * z / wavelength)
    steady = (front.surface + front.gradient * np.maximum(x - 12.0 * delta, 0.0)) / LITHIUM.concentration
    first = begin(layer, 12.0 * delta + 0.5 * h * wave - x, np.minimum(1.0, steady))
    time = h / LITHIUM.speed(front.current)
    early, late = grow(layer, first, [0.3 * time, time], potential=volts).states
    height = [2.0 * np.mean(s.xi.sum(axis=1)[:, None] * wave) for s in (early, late)]
    found = np.log(height[1] / height[0]) / (late.time - early.time)
    gone = (0.5 * (early.xi + late.xi) - first.xi).sum(axis=1).mean() * h
    wanted = float(front_at_potential(LITHIUM, volts, front.gap - gone).growth_rate(wavelength))
    assert found == pytest.approx(wanted, rel=allowed)


def quarter_disc(radius: float, cells: int = 48) -> tuple[Layer, State]:
    h = radius / 32.0
    layer = patch(cells, cells, h, 2.0 * h, replace(LITHIUM, exchange_current=1.0))
    return layer, begin(layer, radius - np.hypot(*layer.centre))


def radius_of(layer: Layer, state: State) -> float:
    return float(np.sqrt(4.0 / np.pi * state.xi.sum()) * layer.spacing)


def test_a_disc_dissolves_by_its_surface_energy() -> None:
    """At 0 V, dR/dt = -(2 V_m i0 / zF) sinh(V_m gamma / 2 RT R) for alpha = 1/2."""
    layer, first = quarter_disc(0.5e-6)
    metal, length = layer.metal, layer.metal.capillary_length
    scale = 2.0 * metal.speed(metal.exchange_current)

    def slope(_: float, r: np.ndarray) -> np.ndarray:
        return -scale * np.sinh(0.5 * length / r)

    start = radius_of(layer, first)
    end = 0.08 * start**2 / (scale * 0.5 * length)  # R^2 falls by about 16 %
    last = grow(layer, first, [end], potential=0.0).last
    wanted = float(solve_ivp(slope, (0.0, end), [start], rtol=1e-10).y[0, -1])
    assert wanted / start < 0.95
    assert (start - radius_of(layer, last)) == pytest.approx(start - wanted, rel=0.02)


@pytest.mark.parametrize("part", [0.97, 1.03])
def test_a_nucleus_grows_above_and_dissolves_below_the_critical_radius(part: float) -> None:
    layer, first = quarter_disc(0.5e-6)
    critical = radius_of(layer, first) / part
    volts = -layer.metal.capillary_length / (layer.metal.f * critical)
    last = grow(layer, first, [100.0], potential=volts).last
    assert (radius_of(layer, last) > radius_of(layer, first)) == (part > 1.0)


def test_a_body_afloat_is_bipolar() -> None:
    layer = patch(70, 30, 50e-9, 75e-9)
    z, x = layer.centre
    disc = 0.4e-6 - np.hypot(x - 2.4e-6, z - 0.75e-6)
    first = begin(layer, np.maximum(0.6e-6 - x, disc))
    run = grow(layer, first, [0.5], potential=-0.2)
    island = np.broadcast_to(x > 1.3e-6, layer.shape)
    assert set(run.bodies) == {2.0}
    before, after = (s.xi[island].sum() for s in (first, run.last))
    moved = np.abs(run.last.xi - first.xi)[island].sum()
    assert moved > 0.2  # of a cell: it does dissolve and plate
    assert abs(after - before) < 0.03 * moved  # and yet keeps its metal, but for tails that cross the border drawn here
    work = _Worker(layer, Control(), -0.2, None)
    step = work.frozen(run.last, 1e-3)
    solve(step, run.last.ratio, run.last.potential, run.last.metal)
    rates = step.rate[step.body == 1]
    assert abs(rates.sum()) < 1e-9 * np.abs(rates).sum()
    xs = np.broadcast_to(x, layer.shape)[island]
    assert (run.last.xi[island] * xs).sum() / after > (first.xi[island] * xs).sum() / before  # towards the supply
    charge, ions = balances(layer, first, run.last)
    assert abs(charge) < 1e-9 and abs(ions) < 1e-10


def test_a_neck_that_dissolves_leaves_dead_metal() -> None:
    layer = patch(60, 24, 50e-9, 0.1e-6)
    z, x = layer.centre
    bead = 0.35e-6 - np.hypot(x - 1.9e-6, z)
    neck = np.minimum(0.13e-6 - z, np.minimum(x, 1.9e-6 - x))
    first = begin(layer, np.maximum(np.maximum(0.8e-6 - x, bead), neck))
    run = grow(layer, first, [3.0], current=-1.2e-9)
    assert run.bodies[0] == 1.0 and run.bodies[-1] >= 2.0
    charge, _ = balances(layer, first, run.last)
    assert abs(charge) < 1e-9


def test_a_nucleus_is_booked() -> None:
    layer = patch(60, 24, 50e-9, 0.1e-6)
    z, x = layer.centre
    first = begin(layer, 0.8e-6 - x)
    more = with_metal(layer, first, 0.3e-6 - np.hypot(x - 0.9e-6, z))
    gained = (more.metal_amount(layer) - first.metal_amount(layer)) * FARADAY
    assert more.charge == pytest.approx(gained, rel=1e-9) and gained > 0.0


# --- what is refused


def test_what_the_model_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 7\.5e-08 m, or cells of at most 2\.66667e-08 m"):
        patch(20, 10, 50e-9, 40e-9)
    with pytest.raises(ValueError, match="must be square"):
        Layer(LITHIUM, section(np.arange(20) * 1e-8, np.arange(20) * 2e-8), 5e-8, {"x+": "reservoir"})
    h = np.ones((4, 4)) + 0.1 * np.eye(4)
    with pytest.raises(ValueError, match="uniform thickness"):
        Layer(LITHIUM, plan(np.arange(5.0), np.arange(5.0), h), 2.0, {"x+": "reservoir"})
    with pytest.raises(ValueError, match="radial grid"):
        Layer(LITHIUM, radial([0.0, 1.0, 2.0]), 2.0, {"x+": "reservoir"})
    with pytest.raises(ValueError, match="no side 'y-'"):
        Layer(LITHIUM, section(np.arange(20) * 1e-8, [0.0, 1.0]), 5e-8, {"y-": "reservoir"})
    with pytest.raises(ValueError, match="'reservoir', 'counter' or an Edge"):
        Layer(LITHIUM, section(np.arange(20) * 1e-8, [0.0, 1.0]), 5e-8, {"x+": "sea"})
    layer = patch(40, 10, 50e-9, 0.1e-6)
    x = layer.centre[1]
    with pytest.raises(ValueError, match="no metal touches a collector"):
        begin(layer, 0.3e-6 - np.abs(x - 1e-6))
    with pytest.raises(ValueError, match="must be positive"):
        begin(layer, 0.5e-6 - x, 0.0)
    state = begin(layer, 0.5e-6 - x)
    with pytest.raises(ValueError, match="either a potential or a current"):
        grow(layer, state, [1.0])
    with pytest.raises(ValueError, match="must increase"):
        grow(layer, state, [1.0, 0.5], current=0.0)
    with pytest.raises(SolverError, match="were not enough"):
        grow(layer, state, [1.0], potential=-0.3, max_steps=3)

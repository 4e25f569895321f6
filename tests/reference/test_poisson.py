"""Double layers beside closed forms: Gouy and Chapman, compact layer in series, overlapping layers, charging."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.constants import VACUUM_PERMITTIVITY
from simcell.transport.poisson import (
    DoubleLayer,
    charging_rate,
    debye_length,
    double_layer_grid,
    gouy_chapman,
    gouy_chapman_profile,
)  # fmt: skip
from simcell.transport.species import Ion, between
from tests.ions_on_a_line import VOLTS

SALT = [Ion("K+", 1, 1e-9), Ion("Cl-", -1, 1e-9)]
START = {"K+": 1.0, "Cl-": 1.0}
WATER = 78.4
DEBYE = debye_length(SALT, START, WATER)
PERMILLE = 1e-3


def before_reservoir(potential: float, refine: int = 1, **more) -> DoubleLayer:
    grid = double_layer_grid(20.0 * DEBYE, DEBYE, abs(potential), refine=refine)
    return DoubleLayer(grid, SALT, START, WATER, **more)


@pytest.mark.parametrize("potential", [0.01, -0.1, 0.3])
def test_gouy_chapman(potential):
    state = before_reservoir(potential).at_rest(potential)
    assert state.charge == pytest.approx(gouy_chapman(potential, DEBYE, WATER), rel=PERMILLE)
    profile = gouy_chapman_profile(state.position, potential, DEBYE)
    assert state.liquid == pytest.approx(profile, abs=PERMILLE * abs(potential))
    boltzmann = np.exp(-state.liquid[1:-1] / VOLTS)
    assert state.concentration[0] == pytest.approx(boltzmann, rel=1e-6)  # exact in equilibrium, whatever the grid


def test_second_order():
    exact = gouy_chapman(0.1, DEBYE, WATER)
    errors = [abs(before_reservoir(0.1, refine).at_rest(0.1).charge - exact) for refine in (1, 2, 4)]
    assert np.log2(errors[0] / errors[2]) / 2.0 == pytest.approx(2.0, abs=0.05)


def test_compact_layer_in_series():
    """V = charge / C_S + potential of Gouy and Chapman for that charge."""
    state = before_reservoir(0.2, stern=0.1).at_rest(0.2)
    diffuse = 0.2 - state.charge / 0.1
    assert state.liquid[0] == pytest.approx(diffuse, rel=1e-9)
    assert state.charge == pytest.approx(gouy_chapman(diffuse, DEBYE, WATER), rel=PERMILLE)
    assert 0.05 < diffuse < 0.15


def test_salt_of_charges_two_and_one():
    """Without closed profile, but with Grahame's equation: charge^2 = 2 eps RT sum c (exp(-z y) - 1)."""
    ions = [Ion("Ca2+", 2, 0.8e-9), Ion("Cl-", -1, 2e-9)]
    start = {"Ca2+": 1.0, "Cl-": 2.0}
    debye = debye_length(ions, start, WATER)
    cell = DoubleLayer(double_layer_grid(20.0 * debye, debye, 0.2), ions, start, WATER)
    y = -0.1 / VOLTS
    total = 1.0 * (np.exp(-2.0 * y) - 1.0) + 2.0 * (np.exp(y) - 1.0)
    grahame = -np.sqrt(2.0 * WATER * VACUUM_PERMITTIVITY * 8.314462618 * 298.15 * total)
    assert cell.at_rest(-0.1).charge == pytest.approx(grahame, rel=PERMILLE)


@pytest.mark.parametrize("size", [2.0, 100.0])
def test_charging_takes_debye_length_times_length_over_diffusivity(size):
    """Slowest rate of the linear problem, from the charge between 1 and 2.5 times its inverse."""
    half = size * DEBYE
    rate = charging_rate(half, DEBYE, 1e-9)
    grid = double_layer_grid(2.0 * half, DEBYE, 0.02, other=True)
    states = DoubleLayer(grid, SALT, START, WATER, reservoir=False).follow(lambda _t: 1e-3, 14.0 / rate, rtol=1e-7)
    time, charge = (np.array([getattr(s, what) for s in states]) for what in ("time", "charge"))
    full = charge[-1]
    assert full == pytest.approx(0.5e-3 * WATER * VACUUM_PERMITTIVITY / (DEBYE * np.tanh(size)), rel=PERMILLE)
    picked = (time > 1.0 / rate) & (time < 2.5 / rate)
    fitted = -np.polyfit(time[picked], np.log(full - charge[picked]), 1)[0]
    assert fitted == pytest.approx(rate, rel=PERMILLE)
    if size > 50.0:
        assert rate == pytest.approx(1e-9 / (DEBYE * half), rel=0.01)
    kept = grid.volume.ravel() @ states[-1].concentration.T
    assert kept == pytest.approx(2.0 * half, rel=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DoubleLayer(between(1e-7, 1e-9), SALT, {"K+": 1.0, "Cl-": 2.0}, WATER), "charge of -1 mol/m.3"),
        (lambda: DoubleLayer(between(1e-7, 1e-9), SALT, START, 0.0), "permittivity"),
        (lambda: DoubleLayer(between(1e-7, 1e-9), SALT, START, WATER, False).at_rest(0.1), "depends on the past"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

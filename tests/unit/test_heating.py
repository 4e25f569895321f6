"""Heating bounds against an independent finite-volume solution and their limits."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.linalg import spsolve

from simcell.beam.heating import (
    Layer,
    adiabatic_rate,
    adiabatic_rise,
    gap_rise,
    radial_rise,
    rise_bound,
    settling_time,
)
from simcell.beam.medium import facts

WATER = facts("water")
CP, K, RHO = (
    WATER["heat_capacity_J_per_kg_K"],
    WATER["thermal_conductivity_W_per_m_K"],
    WATER["density_kg_per_m3"],
)
FILM = Layer(500e-9, K, RHO, 7.5e7)


def disc_by_finite_volumes(source, conductivity, radius, sink_radius, cells):
    """Centre temperature of a heated disc: flow through rings from the heat made inside them."""
    inside = np.linspace(0, radius, cells + 1)
    outside = np.geomspace(radius, sink_radius, cells + 1)[1:]
    r = np.concatenate([inside, outside])
    heat = math.pi * np.minimum(r, radius) ** 2 * source  # W/m through the circle r
    middle = (r[1:] + r[:-1]) / 2
    flow = np.interp(middle**2, r**2, heat)
    return float(np.sum(flow * np.diff(r) / (2 * math.pi * middle * conductivity)))


@pytest.mark.parametrize("sink", [1.0, 3.0, 25.0, 1000.0])
def test_radial_rise_against_finite_volumes(sink):
    exact = radial_rise([FILM], 1e-6, sink * 1e-6)
    errors = [abs(disc_by_finite_volumes(7.5e7 * RHO, K, 1e-6, sink * 1e-6, n) / exact - 1) for n in (100, 200, 400)]
    assert errors[-1] < 1e-4
    if sink > 1:  # with the sink at the rim the profile is a parabola and the sum is exact
        assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)  # second order
        assert errors[1] / errors[2] == pytest.approx(4, rel=0.1)


def test_gap_rise_against_finite_differences():
    n = 200
    dz = FILM.thickness / n
    matrix = np.diag(np.full(n, 2.0)) - np.diag(np.ones(n - 1), 1) - np.diag(np.ones(n - 1), -1)
    matrix[0, 0] = matrix[-1, -1] = 3.0  # cold window half a cell away
    temperature = np.linalg.solve(matrix, np.full(n, 7.5e7 * RHO * dz**2 / K))
    assert gap_rise(FILM) == pytest.approx(temperature.max(), rel=1e-4)


def middle_by_finite_volumes(film, radius, faces):
    """Middle of a film with cold faces (or none that let heat through), heated in a disc: rings times half layers."""
    r = np.concatenate([np.linspace(0, radius, 41), np.geomspace(radius, radius + 4 * film.thickness, 81)[1:]])
    n, layers = len(r) - 1, 50
    dz = film.thickness / 2 / layers  # the lower half: no flow through the middle, which is the last layer
    area, middle = math.pi * np.diff(r**2), (r[1:] + r[:-1]) / 2
    side = film.conductivity * dz * 2 * math.pi * r[1:-1] / np.diff(middle)
    rim = film.conductivity * dz * 2 * math.pi * r[-1] / (r[-1] - middle[-1])
    ring = sp.diags([np.append(side, rim) + np.insert(side, 0, 0.0), -side, -side], [0, 1, -1])
    across = np.full(layers, 2.0)
    across[0], across[-1] = 3.0 if faces == "cold" else 1.0, 1.0
    up = sp.diags([across, -np.ones(layers - 1), -np.ones(layers - 1)], [0, 1, -1])
    matrix = sp.kron(sp.eye(layers), ring) + sp.kron(up, sp.diags(film.conductivity * area / dz))
    heat = np.where(middle < radius, film.dose_rate * film.density * area * dz, 0.0)
    return float(spsolve(matrix.tocsc(), np.tile(heat, layers)).reshape(layers, n)[-1, 0]), r[-1]


@pytest.mark.parametrize("ratio", [0.01, 0.1, 0.3, 1.0, 5.0])
def test_gap_rise_bounds_a_disc_between_cold_windows(ratio):
    exact, _ = middle_by_finite_volumes(FILM, ratio * FILM.thickness, "cold")
    # the first of alternating terms that fall: above the sum, by less than 4/pi = 1.27, the limit of a thin line
    assert exact * 0.998 < gap_rise(FILM, ratio * FILM.thickness) < 1.28 * exact


@pytest.mark.parametrize("ratio", [0.01, 1.0])
def test_bound_of_a_lone_liquid_is_the_sideways_rise(ratio):
    # a focused beam once got the gap of an infinitely wide one on top, a thousand times too much
    radius = ratio * FILM.thickness
    exact, rim = middle_by_finite_volumes(FILM, radius, "closed")
    assert rise_bound(FILM, [], radius, rim) == pytest.approx(exact, rel=5e-3)


def test_windows_bring_in_the_gap():
    window = Layer(50e-9, 1.0, 3000.0, 1e7)
    sideways = radial_rise([FILM, window], 1e-8, 1e-5)
    assert rise_bound(FILM, [window], 1e-8, 1e-5) == pytest.approx(sideways + gap_rise(FILM, 1e-8), rel=1e-12)
    assert rise_bound(FILM, iter([window]), 1e-8, 1e-5) == rise_bound(FILM, [window], 1e-8, 1e-5)


@given(low=st.floats(1e-10, 1e-4), high=st.floats(1e-10, 1e-4))
@settings(deadline=None)
def test_gap_rise_grows_with_the_beam_up_to_the_wide_one(low, high):
    low, high = sorted((low, high))
    assert gap_rise(FILM, low) <= gap_rise(FILM, high) * (1 + 1e-9) <= gap_rise(FILM) * (1 + 2e-9)


def test_base_case_is_a_fraction_of_a_kelvin():
    # Grogan et al., Nano Lett. 14 (2014) 359: heating is usually negligible
    assert 0.1 < rise_bound(FILM, [], 1e-6, 25e-6) < 0.5


def test_adiabatic_rate_of_water():
    assert adiabatic_rate(7.5e7, CP) == pytest.approx(1.79e4, rel=5e-3)
    assert adiabatic_rise(CP, CP) == pytest.approx(1.0)


def test_thickness_cancels_for_one_layer():
    thick = replace(FILM, thickness=5e-6)
    assert radial_rise([thick], 1e-6, 1e-5) == pytest.approx(radial_rise([FILM], 1e-6, 1e-5), rel=1e-12)


def test_cold_window_helps_and_hot_window_adds():
    conductor = Layer(50e-9, 100.0, 3000.0, 0.0)
    assert radial_rise([FILM, conductor], 1e-6, 1e-5) < radial_rise([FILM], 1e-6, 1e-5)
    heater = Layer(50e-9, 1e-6, 3000.0, 7.5e7)
    assert radial_rise([FILM, heater], 1e-6, 1e-5) > radial_rise([FILM], 1e-6, 1e-5)


@given(
    rate=st.floats(0, 1e12),
    radius=st.floats(1e-9, 1e-5),
    ratio=st.floats(1.0, 1e4),
    factor=st.floats(1.0, 10.0),
)
@settings(deadline=None)
def test_rises_with_dose_rate_radius_and_distance(rate, radius, ratio, factor):
    film = replace(FILM, dose_rate=rate)
    base = radial_rise([film], radius, ratio * radius)
    assert radial_rise([replace(film, dose_rate=rate * factor)], radius, ratio * radius) == pytest.approx(
        base * factor, rel=1e-9
    )
    assert radial_rise([film], radius, ratio * factor * radius) >= base
    assert rise_bound(film, [], radius, ratio * radius) >= base


def test_settling_time_orders_the_two_limits():
    # by the time heat has crossed the beam, adiabatic heating has reached the steady scale q a^2/k
    t = settling_time(1e-6, K, RHO, CP)
    assert adiabatic_rate(7.5e7, CP) * t == pytest.approx(7.5e7 * RHO * 1e-12 / K, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: radial_rise([FILM], 2e-6, 1e-6), "smaller than the beam radius"),
        (lambda: radial_rise([FILM], 2e-6, math.nan), "smaller than the beam radius"),
        (lambda: radial_rise([FILM], 0.0, 1e-6), "beam radius is 0"),
        (lambda: gap_rise(FILM, 0.0), "beam radius is 0"),
        (lambda: radial_rise([], 1e-6, 1e-5), "no layer"),
        (lambda: Layer(0.0, 0.6, 1e3, 1e7), "thickness is 0"),
        (lambda: Layer(1e-6, 0.6, 1e3, -1.0), "dose rate is -1"),
        (lambda: adiabatic_rate(1e7, 0.0), "heat capacity is 0"),
        (lambda: settling_time(-1.0, K, RHO, CP), "length is -1"),
    ],
)
def test_bad_numbers_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""Heating bounds against an independent finite-volume solution and their limits."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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

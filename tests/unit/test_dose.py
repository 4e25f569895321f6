"""Flux, dose rate, fluence and dose: the chain of units, a broad beam and a raster."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcell.beam.dose import (
    broad_beam,
    current_density,
    current_from_flux,
    disc_area,
    dose_rate,
    flux_from_current,
    flux_from_current_density,
    flux_from_dose_rate,
    raster_beam,
    spot_beam,
    thickness_factor,
)
from simcell.beam.stopping import KEV, MEV_CM2_PER_G, load_medium, mass_stopping_power
from simcell.constants import ELEMENTARY_CHARGE

WATER = load_medium("water")
S300 = mass_stopping_power(300 * KEV, WATER)
PER_ANGSTROM2 = 1e20  # 1/m^2 in 1/angstrom^2

currents = st.floats(1e-13, 1e-7)
lengths = st.floats(1e-10, 1e-4)
stopping = st.floats(1e-14, 2e-13)


def test_base_case_of_schneider_2014():
    # 300 kV, 1 nA over a radius of 1 um: 7.5e7 Gy/s
    beam = spot_beam(1e-9, 2e-6, S300)
    assert beam.dose_rate == pytest.approx(7.50e7, rel=1e-3)


@pytest.mark.parametrize(
    ("energy", "gray"),
    [(60, 9.288e6), (80, 7.622e6), (100, 6.593e6), (150, 5.188e6), (200, 4.475e6), (300, 3.773e6)],
)
def test_gray_per_electron_and_square_angstrom(energy, gray):
    s = mass_stopping_power(energy * KEV, WATER)
    assert dose_rate(PER_ANGSTROM2, s) == pytest.approx(gray, rel=2e-4)  # four digits


def test_unit_chain():
    # 1 e/angstrom^2/s = 16.0218 A/m^2; 1 Gy/s = 1e5 S[MeV cm2/g] J[A/m2]
    density = current_density(PER_ANGSTROM2)
    assert density == pytest.approx(16.02176634, rel=1e-12)
    assert dose_rate(PER_ANGSTROM2, 2.355 * MEV_CM2_PER_G) == pytest.approx(1e5 * 2.355 * density, rel=1e-12)
    assert mass_stopping_power(300 * KEV, WATER) / MEV_CM2_PER_G == pytest.approx(2.355, abs=5e-4)


def test_area_is_a_disc():
    assert disc_area(2.0) == pytest.approx(math.pi)


@given(current=currents, diameter=lengths)
@settings(deadline=None)
def test_flux_and_current_are_inverse(current, diameter):
    flux = flux_from_current(current, diameter)
    assert current_from_flux(flux, diameter) == pytest.approx(current, rel=1e-12)
    assert flux_from_current_density(current_density(flux)) == pytest.approx(flux, rel=1e-12)


@given(flux=st.floats(0, 1e28), s=stopping)
@settings(deadline=None)
def test_dose_rate_and_flux_are_inverse(flux, s):
    assert flux_from_dose_rate(dose_rate(flux, s), s) == pytest.approx(flux, rel=1e-12)


@given(low=st.floats(0, 1e28), high=st.floats(0, 1e28), s=stopping)
@settings(deadline=None)
def test_dose_rate_grows_with_flux(low, high, s):
    low, high = sorted((low, high))
    assert dose_rate(low, s) <= dose_rate(high, s)


@given(a=st.floats(0, 1e27), b=st.floats(0, 1e27), s=stopping)
@settings(deadline=None)
def test_two_beams_add(a, b, s):
    assert dose_rate(a, s) + dose_rate(b, s) == pytest.approx(dose_rate(a + b, s), rel=1e-12)


def test_broad_beam_accumulates():
    beam = broad_beam(1e21, S300, exposure=60.0)
    assert beam.fluence == pytest.approx(6e22)
    assert beam.dose == pytest.approx(beam.fluence * S300)
    assert (beam.peak_flux, beam.peak_dose_rate) == (beam.flux, beam.dose_rate)
    assert beam.frame_time is None


def test_spot_beam_keeps_what_it_was_given():
    beam = spot_beam(1e-9, 2e-6, S300)
    assert beam.current == 1e-9
    assert beam.area == pytest.approx(math.pi * 1e-12)
    assert beam.flux * beam.area * ELEMENTARY_CHARGE == pytest.approx(1e-9)


def test_raster_frame_by_hand():
    # 16.02 pA is 1e8 electrons a second: 100 of them in a microsecond on 1 nm^2
    beam = raster_beam(1.602176634e-11, 1e-9, 1e-6, (10, 20), S300)
    assert beam.frame_fluence == pytest.approx(100e18, rel=1e-12)
    assert beam.frame_time == pytest.approx(200e-6, rel=1e-12)
    assert beam.flux == pytest.approx(100e18 / 200e-6, rel=1e-12)
    assert beam.frame_dose == pytest.approx(100e18 * S300, rel=1e-12)
    assert beam.area == pytest.approx(200e-18, rel=1e-12)
    assert beam.exposure == beam.frame_time
    assert beam.fluence == pytest.approx(beam.frame_fluence)


@given(
    current=currents,
    pixel=lengths,
    dwell=st.floats(1e-8, 1.0),
    nx=st.integers(1, 4096),
    ny=st.integers(1, 4096),
    probe=lengths,
)
@settings(deadline=None)
def test_raster_conserves_electrons(current, pixel, dwell, nx, ny, probe):
    beam = raster_beam(current, pixel, dwell, (nx, ny), S300, probe=probe)
    rate = current / ELEMENTARY_CHARGE
    assert beam.flux * beam.area == pytest.approx(rate, rel=1e-9)
    assert beam.peak_flux * disc_area(probe) == pytest.approx(rate, rel=1e-9)
    assert beam.frame_fluence * beam.area == pytest.approx(rate * beam.frame_time, rel=1e-9)
    assert beam.peak_dose_rate / beam.dose_rate == pytest.approx(beam.area / disc_area(probe), rel=1e-9)


def test_probe_fills_its_pixel_when_not_given():
    beam = raster_beam(1e-11, 1e-9, 1e-6, (4, 4), S300)
    assert beam.peak_flux == pytest.approx(16 * beam.flux)


def test_one_pixel_is_a_standing_beam():
    beam = raster_beam(1e-11, 1e-9, 1e-6, (1, 1), S300)
    assert beam.peak_flux == pytest.approx(beam.flux)


def test_many_frames():
    one = raster_beam(1e-11, 1e-9, 1e-6, (64, 64), S300)
    ten = raster_beam(1e-11, 1e-9, 1e-6, (64, 64), S300, exposure=10 * one.frame_time)
    assert ten.dose == pytest.approx(10 * one.dose)
    assert ten.dose_rate == one.dose_rate


def test_thickness_factor():
    assert thickness_factor(0.0, 380e-9) == 1.0
    assert thickness_factor(1e-6, 380e-9) == pytest.approx(3.63, abs=0.005)  # AuRaCh, 1 um at 300 kV


def test_factor_scales_doses_and_leaves_the_beam_alone():
    plain = raster_beam(1e-11, 1e-9, 1e-6, (8, 8), S300)
    scaled = plain.with_factor(3.0)
    for key in ("dose_rate", "peak_dose_rate", "dose", "frame_dose"):
        assert getattr(scaled, key) == pytest.approx(3 * getattr(plain, key))
    for key in ("flux", "peak_flux", "fluence", "frame_fluence", "stopping_power"):
        assert getattr(scaled, key) == getattr(plain, key)
    assert (plain.dose_factor, scaled.dose_factor) == (1.0, 3.0)


BAD = [
    (lambda: flux_from_current(-1e-9, 1e-6), "current is -1e-09"),
    (lambda: flux_from_current(1e-9, 0.0), "diameter is 0"),
    (lambda: flux_from_current(math.nan, 1e-6), "current is nan"),
    (lambda: current_from_flux(math.inf, 1e-6), "flux is inf"),
    (lambda: dose_rate(1e20, 0.0), "stopping power is 0"),
    (lambda: dose_rate(-1.0, 1e-14), "flux is -1"),
    (lambda: flux_from_dose_rate(-1.0, 1e-14), "dose rate is -1"),
    (lambda: broad_beam(1e20, 1e-14, exposure=-1.0), "exposure is -1"),
    (lambda: raster_beam(1e-11, 0.0, 1e-6, (8, 8), 1e-14), "pixel is 0"),
    (lambda: raster_beam(1e-11, 1e-9, -1e-6, (8, 8), 1e-14), "dwell is -1e-06"),
    (lambda: raster_beam(1e-11, 1e-9, 1e-6, (0, 8), 1e-14), "frame is 0 x 8"),
    (lambda: raster_beam(1e-11, 1e-9, 1e-6, (8, 8), 1e-14, probe=0.0), "diameter is 0"),
    (lambda: thickness_factor(-1e-9, 1e-7), "thickness is -1e-09"),
    (lambda: thickness_factor(1e-6, 0.0), "mean free path is 0"),
    (lambda: broad_beam(1e20, 1e-14).with_factor(0.0), "dose factor is 0"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[m for _, m in BAD])
def test_bad_numbers_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

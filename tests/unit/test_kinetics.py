"""Laws of electrode reactions: inverses, derivatives, limits, overflow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcell.constants import GAS_CONSTANT
from simcell.transport.kinetics import FARADAY, ButlerVolmer, Law, Linear, Tafel, Together, behind, exchange_current

LAWS: list[Law] = [
    Linear(1e-3, 0.2),
    ButlerVolmer(10.0),
    ButlerVolmer(1e-7, 1.5, 0.5, equilibrium=-0.76),
    ButlerVolmer(1.0, 0.3, 0.7, equilibrium=0.3, oxidised=0.01, reduced=2.0),
    Tafel(1e-3, 0.5, 0.1),
    Tafel(1e-3, -0.5, 0.1),
    Together((ButlerVolmer(10.0), ButlerVolmer(1e-4, equilibrium=-1.0), Tafel(1e-6, -0.5))),
]
IDS = ["linear", "bv", "slow", "depleted", "anodic", "cathodic", "mixed"]


def signs(law: Law) -> list[float]:
    return [np.sign(law.coefficient)] if isinstance(law, Tafel) else [1.0, -1.0]


@pytest.mark.parametrize("law", LAWS, ids=IDS)
def test_potential_is_the_inverse_of_current(law: Law) -> None:
    for sign in signs(law):
        i = sign * np.logspace(-6, 6, 40)
        v = law.potential(i)
        rounding = 1e-15 * (np.abs(v) + 0.02) * law.slope(v)
        assert (np.abs(law.current(v) - i) <= 1e-12 * np.abs(i) + 10.0 * rounding).all()


@pytest.mark.parametrize("law", LAWS, ids=IDS)
def test_slope_is_the_derivative(law: Law) -> None:
    v, d = np.linspace(-1.0, 1.0, 41), 1e-6
    difference = (law.current(v + d) - law.current(v - d)) / (2.0 * d)
    noise = 1e-16 * np.abs(law.current(v)) / d
    assert (np.abs(law.slope(v) - difference) <= 1e-7 * np.abs(difference) + 10.0 * noise + 1e-12).all()


@pytest.mark.parametrize("law", LAWS, ids=IDS)
def test_a_series_resistance_bounds_the_current(law: Law) -> None:
    step = np.concatenate([np.linspace(-3.0, 3.0, 61), [-1e4, 1e4]])
    for resistance in (1e-9, 1e-3, 1.0):
        i, slope = behind(law, np.full(step.size, resistance), step)
        flows = np.abs(i) > 1e-9 if not isinstance(law, Tafel) else i * law.coefficient > 1e-9
        again = law.potential(i[flows]) + resistance * i[flows]
        np.testing.assert_allclose(again, step[flows], rtol=1e-9, atol=1e-7)
        assert (slope > 0.0).all() or isinstance(law, Tafel)
        assert (slope <= 1.0 / resistance).all()
        assert (np.diff(i[:61]) >= -1e-12 * np.abs(i[:60])).all()
        assert np.isfinite(i).all()


def test_a_series_resistance_gives_the_whole_step_back() -> None:
    law = ButlerVolmer(1.0, 0.5, 0.5)
    resistance, step = np.array([1e-6, 1e-3, 10.0]), np.array([0.3, 2.0, -5.0])
    i, slope = behind(law, resistance, step)
    np.testing.assert_allclose(law.potential(i) + resistance * i, step, rtol=1e-12)
    d = 1e-7
    difference = (behind(law, resistance, step + d)[0] - behind(law, resistance, step - d)[0]) / (2.0 * d)
    np.testing.assert_allclose(slope, difference, rtol=1e-6)


@given(
    st.floats(-12.0, 6.0), st.floats(0.1, 2.0), st.floats(0.1, 2.0), st.floats(-8.0, 8.0), st.sampled_from([-1.0, 1.0])
)
def test_inverse_of_butler_volmer(log_i0: float, a: float, c: float, log_i: float, sign: float) -> None:
    law = ButlerVolmer(10.0**log_i0, a, c)
    i = np.array([sign * 10.0**log_i])
    v = law.potential(i)
    scale = law.slope(v) * 1e-14 * (np.abs(v) + 0.02)  # what rounding of the potential amounts to
    assert np.abs(law.current(v) - i)[0] <= 1e-12 * np.abs(i)[0] + 10.0 * scale[0]


def test_limits_of_butler_volmer() -> None:
    law, thermal = ButlerVolmer(2.0, 0.5, 1.5), GAS_CONSTANT * 298.15 / FARADAY
    small = np.array([1e-7])
    assert law.current(small)[0] == pytest.approx(2.0 * 2.0 / thermal * 1e-7, rel=1e-5)
    large = np.array([0.5])
    assert law.current(large)[0] == pytest.approx(Tafel(2.0, 0.5).current(large)[0], rel=1e-10)
    assert np.isfinite(law.current(np.array([-1e9, 1e9]))).all()
    assert ButlerVolmer(1.0, 1.0, 1.0, oxidised=np.e**2).rest == pytest.approx(thermal)  # Nernst, two electrons


def test_mixed_potential() -> None:
    both = Together((ButlerVolmer(1.0, equilibrium=0.0), ButlerVolmer(1.0, equilibrium=-1.0)))
    assert both.rest == pytest.approx(-0.5, abs=1e-12)
    assert abs(both.current(np.array([both.rest]))[0]) < 1e-9 * both.laws[0].current(np.array([0.5]))[0]


def test_bad_numbers_are_named() -> None:
    with pytest.raises(ValueError, match="exchange current density is -1 A/m\\^2"):
        ButlerVolmer(-1.0)
    with pytest.raises(ValueError, match="resistance of charge transfer is 0 ohm m\\^2"):
        Linear(0.0)
    with pytest.raises(ValueError, match="cathodic current only"):
        Tafel(1.0, -0.5).potential(np.array([1.0]))
    with pytest.raises(ValueError, match="Zn2\\+, whose concentration is not given"):
        exchange_current(1.0, {}, {"Zn2+": 1.0}, {"Zn2+": 0.5})
    with pytest.raises(ValueError, match="concentration of Zn2\\+ is 0"):
        exchange_current(1.0, {"Zn2+": 0.0}, {"Zn2+": 1.0}, {"Zn2+": 0.5})

"""Steady states by three routes, and the numbers that published and independent work gives for them."""

from __future__ import annotations

import math
from dataclasses import replace

import mpmath
import numpy as np
import pytest

from simcell.chemistry.network import Array
from simcell.inputs.mechanism import load_mechanism
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.steady import newton, steady_state, time_to_steady
from tests.reference.twin import Twin, read_equation

MATTERS = 1e-11  # mol/m^3
H2_SATURATION = 0.78  # mol/m^3 at 1 atm, 25 degC


def problem(
    dose_rate: float, acidity: float = 7.0, oxygen: float = 0.0, name: str = "water", yields: str | None = None
) -> Problem0D:
    given = Conditions(
        298.15, dose_rate, Schedule.constant(1e3), {"O2": oxygen} if oxygen else {}, acidity, yields=yields
    )
    return prepare(load_mechanism(name), given).problem


def settled(p: Problem0D) -> dict[str, float]:
    state = steady_state(p)
    assert state.converged
    return dict(zip(p.net.names, state.concentration.tolist(), strict=True))


def digits(p: Problem0D, guess: Array) -> Array:
    with mpmath.workdps(40):
        twin = Twin(p.net.mechanism, p.net.names, p.k.tolist(), p.source.tolist(), mpmath.mpf)
        return twin.steady(guess, p.start).astype(float)


@pytest.mark.parametrize(
    ("name", "dose_rate", "acidity", "oxygen"),
    [
        ("water", 1.0, 7.0, 0.0),
        ("water", 1.0, 9.0, 1.27),  # round-off of double precision is largest here
        ("water", 1e4, 3.0, 0.255),
        ("water", 7.5e7, 7.0, 0.0),
        ("water", 1e10, 11.0, 1.27),
        ("water", 1e11, 5.0, 0.0),
        ("water-eb09", 7.5e7, 7.0, 0.0),
    ],
)
def test_waiting_newton_and_forty_digits_agree(name: str, dose_rate: float, acidity: float, oxygen: float) -> None:
    p = problem(dose_rate, acidity, oxygen, name)
    state = steady_state(p)
    assert state.converged
    assert state.disagreement < 1e-4  # waiting and Newton
    rng = np.random.default_rng(5)
    exact = digits(p, state.concentration * np.exp(rng.normal(0.0, 0.3, p.start.size)))
    matters = exact > MATTERS
    np.testing.assert_allclose(state.concentration[matters], exact[matters], rtol=1e-6)
    waited = integrate(replace(p, schedule=Schedule.constant(state.waited)), np.array([state.waited])).concentration[-1]
    np.testing.assert_allclose(waited[matters], exact[matters], rtol=2e-5)


def test_newton_needs_no_lucky_guess() -> None:
    p = problem(7.5e7)
    exact = steady_state(p).concentration
    rng = np.random.default_rng(7)
    target = p.net.totals(p.start)
    for _ in range(5):
        found = newton(p.net, p.k, p.source, exact * np.exp(rng.normal(0.0, 0.5, exact.size)), target)
        assert found is not None
        np.testing.assert_allclose(found, exact, rtol=1e-8)


def test_two_starts_with_the_same_totals_end_in_the_same_state() -> None:
    """H2 + O2 in the ratio 2:1 is water and changes no total: the steady state must not remember it."""
    p = problem(7.5e7)
    other = p.start + p.net.pack({"H2": 0.2, "O2": 0.1})
    np.testing.assert_allclose(p.net.totals(other), p.net.totals(p.start), atol=1e-12)
    a, b = steady_state(p), steady_state(replace(p, start=other))
    np.testing.assert_allclose(a.concentration, b.concentration, rtol=1e-6)


BASE_CASE = {  # mol/L; neat deaerated water, 7.5e7 Gy/s, 300 keV yields: an independent solution of Schneider's system
    "e_aq-": 2.519e-6, "H": 6.453e-6, "OH": 6.242e-5, "H2": 7.774e-4, "H2O2": 6.507e-4, "O2": 3.773e-5,
    "HO2": 7.054e-6, "O2-": 8.341e-6, "H+": 2.240e-5, "OH-": 1.002e-5,
}  # fmt: skip


def test_base_case() -> None:
    c = settled(problem(7.5e7))
    for name, expected in BASE_CASE.items():
        assert c[name] / 1000.0 == pytest.approx(expected, rel=1e-3), name
    assert -math.log10(c["H+"] / 1000.0) == pytest.approx(4.650, abs=1e-3)


def test_base_case_is_steady_after_about_a_millisecond() -> None:
    p = problem(7.5e7)
    assert 3e-4 < time_to_steady(p, steady_state(p).concentration) < 3e-3


@pytest.mark.parametrize(
    ("low", "high", "powers"),
    [
        (
            1e6,
            1e8,
            {
                "e_aq-": 0.51,
                "H": 0.47,
                "OH": 0.49,
                "H2": 0.49,
                "H2O2": 0.48,
                "O2": 0.56,
                "HO2": 0.86,
                "O2-": 0.45,
                "H+": 0.48,
            },
        ),
        (1.0, 1e2, {"e_aq-": 0.79, "OH": 0.65, "H2": 0.26, "O2": 0.02}),
    ],
)
def test_powers_of_the_dose_rate(low: float, high: float, powers: dict[str, float]) -> None:
    """d ln c / d ln(dose rate) over two decades, to the two digits that are known."""
    a, b = settled(problem(low)), settled(problem(high))
    for name, expected in powers.items():
        assert math.log(b[name] / a[name]) / math.log(high / low) == pytest.approx(expected, abs=0.006), name


def test_air_sets_the_acidity_at_low_dose_rate() -> None:
    c = settled(problem(1e4, oxygen=0.255))
    expected = {"O2": (2.30e-4, 5e-3), "H2O2": (8.3e-5, 7e-3), "O2-": (4.3e-6, 1.2e-2)}
    for name, (value, half_digit) in expected.items():
        assert c[name] / 1000.0 == pytest.approx(value, rel=half_digit), name
    assert -math.log10(c["H+"] / 1000.0) == pytest.approx(5.37, abs=0.006)


@pytest.mark.parametrize(
    ("name", "yields", "h2", "saturates"),
    [("water", "HS300", 7.78e-4, 7.6e7), ("water", "EB25", 1.83e-3, 1.4e7), ("water-eb09", "EB", 3.2e-3, 4.9e6)],
)
def test_hydrogen_of_three_defensible_choices(name: str, yields: str, h2: float, saturates: float) -> None:
    """The choice of mechanism moves H2 by a factor of four and the dose rate at which it saturates by fifteen."""
    assert settled(problem(7.5e7, name=name, yields=yields))["H2"] / 1000.0 == pytest.approx(h2, rel=6e-3)
    half_digit = 0.05 * 10 ** math.floor(math.log10(saturates))
    low = settled(problem(saturates - 1.5 * half_digit, name=name, yields=yields))["H2"]
    high = settled(problem(saturates + 1.5 * half_digit, name=name, yields=yields))["H2"]
    assert low < H2_SATURATION < high


SENSITIVITIES = [  # d ln c / d ln k at 7.5e7 Gy/s
    ("OH + H2 -> H + H2O", {"H2": -0.44, "e_aq-": 0.32, "O2": -1.74}),
    ("OH + OH -> H2O2", {"H2": 0.38, "e_aq-": -0.26, "H2O2": 0.51}),
    ("e_aq- + H2O2 -> OH + OH-", {"H2": -0.32, "e_aq-": -0.41, "H2O2": -0.45}),
    ("H+ + OH- -> H2O", {"H+": -0.32}),
]


@pytest.mark.parametrize(("equation", "expected"), SENSITIVITIES)
def test_sensitivities(equation: str, expected: dict[str, float]) -> None:
    p = problem(7.5e7)
    equations = [read_equation(r.equation) for r in p.net.mechanism.reactions]
    row = equations.index(read_equation(equation))
    change = {}
    for sign in (1.0, -1.0):
        k = p.k.copy()
        k[row] *= math.exp(sign * 0.01)
        change[sign] = settled(replace(p, k=k))
    for name, value in expected.items():
        assert math.log(change[1.0][name] / change[-1.0][name]) / 0.02 == pytest.approx(value, abs=0.006), name


def test_dark_peroxide_gives_its_own_pk() -> None:
    """1 mmol/L H2O2 in neutral water, no beam: acid-base lines alone bring back pK 11.65 and pKw 14.00."""
    p = problem(0.0)
    m = p.net.mechanism
    acid_base = {"H+", "OH-", "H2O2", "HO2-", "H2O"}
    k = np.array([value if set(r.reactants) | set(r.products) <= acid_base else 0.0
                  for value, r in zip(p.k, m.reactions, strict=True)])  # fmt: skip
    start = p.net.pack({"H+": 1e-4, "OH-": 1e-4, "H2O2": 1.0})
    dark = replace(p, k=k, start=start, schedule=Schedule.constant(1e6))
    c = dict(zip(p.net.names, integrate(dark, np.array([1e6])).concentration[-1] / 1000.0, strict=True))
    assert -math.log10(c["HO2-"] * c["H+"] / c["H2O2"]) == pytest.approx(11.65, abs=2e-3)  # 4e-10 mol/L or 13.4 with
    assert -math.log10(c["H+"] * c["OH-"]) == pytest.approx(13.999, abs=2e-3)  # [H2O] multiplied into one direction
    assert c["HO2-"] == pytest.approx(2.03e-8, rel=5e-3)

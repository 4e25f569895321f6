"""Limits and ensembles."""

import itertools

import numpy as np
import pytest

from simcell.case import Case
from simcell.errors import InputError
from simcell.studies.conditions import parse_condition
from simcell.studies.limit import limit
from simcell.studies.run import run_case

BASE = {"case": {"duration": "100 s"}, "beam": {"dose_rate": "7.5e7 Gy/s"}, "output": {"times": ["1 ms", "100 s"]}}
WATER = Case.from_dict(BASE)
AERATED = WATER.replace("electrolyte.concentrations", {"O2": "0.255 mmol/L"})


@pytest.mark.parametrize("text", ["H2<1 sat", "pH>5", "dpH<1.5", "H2O2<100 umol/L", "e_aq-<10 nmol/L"])
def test_the_limit_is_where_the_quantity_reaches_the_bound(text):
    """Run the case at the answer: the quantity must be at its bound, and on the right side just below."""
    (answer,) = limit(WATER, [text])
    at = run_case(WATER.replace("beam.dose_rate", f"{answer.largest} Gy/s"))["radiolysis"]
    condition = parse_condition(text)
    if condition.quantity == "pH":
        found = float(at.steady_pH)
    elif condition.quantity == "dpH":
        found = abs(float(at.steady_pH) - 6.9995)
    elif condition.of_saturation:
        found = float(at.steady_gas_saturation.sel(gas="H2"))
    else:
        found = float(at.steady_concentration.sel(species=condition.quantity))
    assert found == pytest.approx(condition.bound, rel=1e-5)


def test_several_conditions_are_bound_by_the_tightest():
    both = limit(WATER, ["H2<1 sat", "pH>6"])[0]
    each = [limit(WATER, [text])[0].largest for text in ("H2<1 sat", "pH>6")]
    assert both.largest == pytest.approx(min(each), rel=1e-6)
    assert both.binding == "pH>6"


def test_a_quantity_that_is_not_monotone_gives_several_ranges():
    """Aerated water: oxygen falls with dose rate, then rises again as water itself is split."""
    (answer,) = limit(AERATED, ["O2>0.2 mmol/L"])
    assert len(answer.allowed) == 2
    (low, high), (again, top) = answer.allowed
    assert low == 0.0 and top == np.inf and high < again
    middle = run_case(AERATED.replace("beam.dose_rate", f"{(high * again) ** 0.5} Gy/s"))["radiolysis"]
    assert float(middle.steady_concentration.sel(species="O2")) < 0.2


def test_after_a_time_less_has_happened():
    early = limit(WATER, ["H2<1 sat"], after=1e-4)[0].largest
    assert early > limit(WATER, ["H2<1 sat"])[0].largest


def test_mechanism_choice_moves_the_saturation_dose_rate_fifteenfold():
    """7.6e7 (Schneider 2014 with its yields) against 4.9e6 Gy/s (Elliot & Bartels 2009), at 0.78 mmol/L H2."""
    answers = {a.member: a.largest for a in limit(WATER, ["H2<0.78 mmol/L"], ensemble=True)}
    assert answers["water/HS300"] == pytest.approx(7.6e7, rel=0.02)
    assert answers["water-eb09/EB"] == pytest.approx(4.9e6, rel=0.02)
    assert answers["water/EB25"] == pytest.approx(1.4e7, rel=0.05)


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("H2", "not a condition"), ("H2<", "not a condition"), ("H2=1 sat", "not a condition"), ("H2<1", "unit"),
        ("H2<1 m", "concentration"), ("pH>six", "number"), ("H3<1 sat", "not in the mechanism"),
        ("H2O2<1 sat", "not a gas"), ("H2<0 sat", "above zero"), ("H2<-1 mM", "zero|negative"), ("pH>nan", "number"),
    ],
)  # fmt: skip
def test_wrong_conditions(text, fragment):
    with pytest.raises(InputError, match=fragment):
        limit(WATER, [text])


def test_ensemble_is_reproducible_and_brackets_the_median():
    case = WATER.replace("radiolysis.ensemble", 64)
    first, second = run_case(case)["radiolysis"], run_case(case)["radiolysis"]
    assert np.array_equal(first.concentration_quantile.values, second.concentration_quantile.values)
    low, middle, high = first.concentration_quantile.values
    assert (low <= middle).all() and (middle <= high).all()
    other = run_case(case.replace("radiolysis.seed", 1))["radiolysis"]
    assert not np.array_equal(first.concentration_quantile.values, other.concentration_quantile.values)


def test_spread_of_one_mechanism_agrees_with_published_monte_carlo():
    """Ratios of the 95 % interval, k log-normal 15 %, G 5 %, 7.5e7 Gy/s: OH 1.28, H2 1.55, e_aq- 1.59, H2O2 1.69.

    Here each constant carries its own stated uncertainty where there is one, so only a common factor brings the two
    together: all stated uncertainties are set aside. 2000 samples put the 95 % interval to some 5 %.
    """
    from simcell.radiolysis.homogeneous import integrate_batch
    from simcell.radiolysis.uncertainty import sample_yields
    from simcell.studies.setup import mechanism_of, setup_of

    setup, _ = setup_of(WATER.input, mechanism_of(WATER.input))
    p, rng, size = setup.problem, np.random.default_rng(3), 2000
    k = p.k * np.exp(0.15 * rng.standard_normal((size, p.k.size)))
    g = sample_yields(p.net, "HS300", 298.15, size, rng)
    source = g * (p.source[p.net.index["H2"]] / setup.mechanism.yield_values("HS300", 298.15)["H2"])
    c, done = integrate_batch(p.net, k, source, np.tile(p.start, (size, 1)), p.schedule, np.array([1.0]), 1e-4)
    assert done == size
    for name, published in {"OH": 1.28, "H2": 1.55, "e_aq-": 1.59, "H2O2": 1.69}.items():
        low, high = np.quantile(c[:, 0, p.net.index[name]], [0.025, 0.975])
        assert high / low == pytest.approx(published, rel=0.12), name


def test_samples_keep_equilibria():
    from simcell.inputs.mechanism import load_mechanism
    from simcell.radiolysis.uncertainty import reversible_pairs, sample_rates

    m = load_mechanism("water-eb09")
    k = np.array(m.rate_constants(298.15))
    sampled = sample_rates(m, k, 20, np.random.default_rng(0), 1.5)
    for forward, back in reversible_pairs(m):
        assert np.allclose(sampled[:, forward] / sampled[:, back], k[forward] / k[back], rtol=1e-12)
    assert len(list(itertools.chain(reversible_pairs(m)))) >= 8


SALT = WATER.replace("electrolyte.mechanism", "chloride").replace(
    "electrolyte.concentrations", {"Na+": "10 mmol/L", "Cl-": "10 mmol/L"}
)


def test_a_limit_in_salt_water_is_found_and_confirmed():
    """Chloride carries nearly all of two conserved totals: the rows that Newton gives up must still be independent."""
    (answer,) = limit(SALT, ["H2<1 sat"])
    at = run_case(SALT.replace("beam.dose_rate", f"{answer.largest} Gy/s"))["radiolysis"]
    assert float(at.steady_gas_saturation.sel(gas="H2")) == pytest.approx(1.0, rel=1e-4)


def test_a_window_narrower_than_the_grid_is_found():
    (answer,) = limit(WATER, ["pH>5.46", "pH<5.48"])
    ((low, high),) = answer.allowed
    assert 1.0 < high / low < 1.2
    assert answer.largest == 0.0 and answer.binding == "pH<5.48"


def test_warnings_of_the_liquid_reach_the_answer():
    (answer,) = limit(WATER.replace("electrolyte.temperature", "60 degC"), ["H2<1 sat"])
    assert any("25 degC" in w for w in answer.warnings)


def test_mechanisms_that_do_not_hold_at_the_temperature_stay_out():
    from simcell.studies.ensemble import combinations

    warm = WATER.replace("electrolyte.mechanism", "water-eb09").replace("electrolyte.temperature", "60 degC")
    members, remarks = combinations(warm)
    assert [m.name for m, _ in members] == ["water-eb09"]
    assert any("water left out" in r and "60 degC" in r for r in remarks)


def test_an_ensemble_member_without_steady_state_is_missing_not_invented(monkeypatch):
    from simcell.radiolysis.steady import SteadyState
    from simcell.studies import ensemble

    monkeypatch.setattr(ensemble, "steady_state", lambda p: SteadyState(p.start, False, 1e9, np.inf))
    found = run_case(WATER.replace("radiolysis.ensemble", 4))["radiolysis"]
    assert np.isnan(found.ensemble_steady_pH.values).all()


def test_ctrl_c_ends_a_search_and_no_half_point_enters_it(monkeypatch):
    from simcell.radiolysis import homogeneous

    real, calls = homogeneous.kernels.advance, []

    class Interrupting:
        @staticmethod
        def advance(*arguments):
            calls.append(1)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return real(*arguments)

    from simcell.studies import limit as module

    monkeypatch.setattr(module, "integrate", lambda *a, **k: homogeneous.integrate(*a, **k, using=Interrupting))
    with pytest.raises(KeyboardInterrupt):
        limit(WATER, ["H2<1 sat"], after=1.0)

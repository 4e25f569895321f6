"""Fits: the truth lies in the intervals as often as it should, and what the data cannot tell is said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import simcell.studies.fit as fitting
from simcell.case import Case
from simcell.errors import InputError
from simcell.results.schema import build
from simcell.studies.fit import fit
from simcell.studies.run import run_case
from simcell.studies.traces import Trace, read_trace

TIMES = np.linspace(0.1, 4.0, 25)
FREE = ["beam.dose_rate=1e5Gy/s..1e7Gy/s:log", "electrolyte.pH=0.2..5"]


@pytest.fixture
def case() -> Case:
    return Case.from_dict({"case": {"duration": "4 s"}, "beam": {"dose_rate": "3e6 Gy/s"}, "electrolyte": {"pH": 2}})


def rising(amplitude: float, rate: float, times: np.ndarray) -> np.ndarray:
    return amplitude * (1.0 - np.exp(-rate * times))


def fake(case: Case, *_: object):
    """A model with two keys whose solution is known: a rise to the dose rate at the rate of the pH."""
    times = np.array(case.input.output.times) if case.input.output.times else TIMES
    on = 0.0 if case.input.case.title == "dark" else 1.0
    values = 5.0 + on * rising(case.input.beam.dose_rate * 1e-6, case.input.electrolyte.pH, times)
    return build({"radiolysis": {"gas_pressure": (["time"], values)}}, {"time": times})


def trace(values: np.ndarray, sigma: float | None = None) -> Trace:
    given = {} if sigma is None else {"gas_pressure": np.full(values.size, sigma * 1e-3)}
    return Trace(TIMES, {"gas_pressure": values * 1e-3}, {"gas_pressure": "kPa"}, given)


@pytest.mark.parametrize("known", [True, False])
def test_the_truth_lies_in_the_interval_as_often_as_it_should(case, monkeypatch, known):
    monkeypatch.setattr(fitting, "run_case", fake)
    rng, sigma, inside, repeats = np.random.default_rng(7), 0.05, np.zeros(2), 30
    for _ in range(repeats):
        values = 5.0 + rising(2.0, 1.2, TIMES) + sigma * rng.normal(size=TIMES.size)
        found = fit(case, trace(values, sigma if known else None), FREE)
        inside += [e.low <= true <= e.high for e, true in zip(found.estimates, (2e6, 1.2), strict=True)]
        assert all(e.identifiable for e in found.estimates)
    low, high = stats.binom.ppf([1e-3, 1 - 1e-3], repeats, 0.95)
    assert (inside >= low).all() and (inside <= high).all(), inside
    assert found.sigma["gas_pressure"] == pytest.approx(sigma, rel=0.5)


def test_without_noise_the_truth_is_found_and_the_beam_taken_out(case, monkeypatch):
    monkeypatch.setattr(fitting, "run_case", fake)
    with pytest.raises(InputError, match="takes a case with both, a beam and a bias"):
        fit(case, trace(np.ones(TIMES.size)), FREE, trace(np.ones(TIMES.size)))
    monkeypatch.setattr(fitting, "_check", lambda *_: None)
    monkeypatch.setattr(fitting, "_dark", lambda case: case.replace("case.title", "dark"))
    on = trace(5.0 + rising(2.0, 1.2, TIMES))
    found = fit(case, on, FREE, trace(np.full(TIMES.size, 5.0)))
    assert [e.value for e in found.estimates] == pytest.approx([2e6, 1.2], rel=1e-5)
    np.testing.assert_allclose(found.corrected["gas_pressure"], 5.0, rtol=1e-5)
    assert found.case.input.beam.dose_rate == pytest.approx(2e6, rel=1e-5)


def test_what_the_data_cannot_tell_is_said(case, monkeypatch):
    monkeypatch.setattr(fitting, "run_case", fake)
    noise = 0.05 * np.random.default_rng(3).normal(size=TIMES.size)
    # at the start of the rise only the product of both keys shows
    values = 5.0 + rising(2.0, 1.2, TIMES * 1e-3) + 1e-6 * noise
    early = Trace(TIMES * 1e-3, {"gas_pressure": values}, {"gas_pressure": "Pa"}, {})
    found = fit(case, early, FREE)
    assert any("known only together" in text for text in found.remarks)
    # a key that does nothing
    found = fit(case, trace(5.0 + rising(2.0, 2.0, TIMES) + noise), [FREE[0], "gas.nucleus_radius=10nm..100nm"])
    assert [e.identifiable for e in found.estimates] == [True, False]
    assert "gas.nucleus_radius is not identifiable: its 95 % interval, 1e-08 to 1e-07 m" in found.remarks[0]
    # sigmas that are far too small for what the model leaves over
    wrong = fit(case, trace(5.0 + rising(2.0, 2.0, TIMES) + noise + 0.2 * np.sin(9 * TIMES), 0.01), [FREE[0]])
    assert any("the model does not describe the data" in text for text in wrong.remarks)


def test_a_fit_of_radiolysis_finds_the_dose_rate(case):
    true = case.replace_all({"beam.dose_rate": "2e6 Gy/s", "output.times": ["1 us", "5 us", "20 us"]})
    tree = run_case(true)["radiolysis"]["concentration"].sel(species="H2O2")
    data = Trace(tree.time.values, {"concentration.H2O2": tree.values * 1e3}, {"concentration.H2O2": "umol/L"}, {})
    found = fit(case, data, FREE[:1])
    assert found.estimates[0].value == pytest.approx(2e6, rel=1e-4)


@pytest.mark.parametrize(
    ("free", "said"),
    [
        (["beam.dose_rate"], "needs the range"),
        (["output.count=2..9"], "counts something"),
        ([FREE[0], FREE[0]], "each once"),
        (["beam.dose_rate=1..2"], "unit"),
    ],
)
def test_what_cannot_be_free_is_refused(case, free, said):
    with pytest.raises(InputError, match=said):
        fit(case, trace(np.ones(TIMES.size)), free)


def test_data_beyond_the_run_or_of_another_kind_are_refused(case, monkeypatch):
    monkeypatch.setattr(fitting, "run_case", fake)
    with pytest.raises(InputError, match="is no unit for this; the result has Pa"):
        fit(case, Trace(TIMES, {"gas_pressure": TIMES}, {"gas_pressure": "m"}, {}), FREE)
    with pytest.raises(InputError, match="is not in the result"):
        fit(case, Trace(TIMES, {"pressure": TIMES}, {"pressure": "Pa"}, {}), FREE)
    with pytest.raises(InputError, match="holds 1 values, too few for 2"):
        fit(case, Trace(TIMES[:1], {"gas_pressure": TIMES[:1]}, {"gas_pressure": "Pa"}, {}), FREE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time [s],pH\n", "holds no trace"),
        ("pH\n1\n2\n", "must be the time with its unit"),
        ("time [s],pH\n1,2\n1,3\n", "must increase"),
        ("time [s],pH\n1,2\n2\n", "line 3: has 1 cells"),
        ("time [s],pH\n1,2\n2,three\n", 'line 3 = "three": is not a number'),
        ("time [s],pH,pH\n1,2,3\n2,3,4\n", "each once"),
        ("time [s],pH,pH sigma\n1,2,0\n2,3,1\n", "all above zero"),
        ("time [s],[Pa]\n1,2\n2,3\n", "is no title"),
    ],
)
def test_a_table_that_is_no_trace_is_refused(text, said, tmp_path):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_trace(tmp_path / "a.csv")


def test_a_trace_is_read(tmp_path):
    text = "# made by hand\ntime [ms],concentration.H2 [umol/L],concentration.H2 sigma [umol/L]\n1,2,0.1\n2,,0.1\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8-sig")
    found = read_trace(tmp_path / "a.csv")
    np.testing.assert_allclose(found.time, [1e-3, 2e-3])
    assert found.points == 1
    assert found.unit == {"concentration.H2": "umol/L"}
    assert found.sigma["concentration.H2"].tolist() == [0.1, 0.1]

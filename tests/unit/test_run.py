"""A case end to end: contract of the result, base case, schedules, gases, rerun."""

import json

import numpy as np
import pytest

from simcell.case import Case
from simcell.errors import InputError
from simcell.studies.run import run_case
from simcell.studies.vary import run_vary

NAMES = ["e_aq-", "H+", "OH-", "H2O2", "HO2-", "H", "OH", "O-", "HO2", "O2-", "O2", "H2", "O3-", "O3", "HO3", "H2O"]


def case(**sections):
    base = {"case": {"duration": "100 s"}, "beam": {"dose_rate": "7.5e7 Gy/s"}, "output": {"times": ["1 ms", "100 s"]}}
    for name, values in sections.items():
        base[name] = {**base.get(name, {}), **values}
    return Case.from_dict(base)


# Steady state of neat water at 7.5e7 Gy/s, mol/L: the base case of Schneider et al. 2014 as solved by the authors' code
BASE = {
    "e_aq-": 2.519e-6, "H": 6.453e-6, "OH": 6.242e-5, "H2": 7.774e-4, "H2O2": 6.507e-4, "O2": 3.773e-5,
    "HO2": 7.054e-6, "O2-": 8.341e-6, "H+": 2.240e-5, "OH-": 1.002e-5,
}  # fmt: skip


def test_base_case_to_a_thousandth():
    r = run_case(case(electrolyte={"pH": 7.0}))["radiolysis"]
    for name, expected in BASE.items():
        for found in (r.concentration.sel(species=name)[-1], r.steady_concentration.sel(species=name)):
            assert float(found) / 1000.0 == pytest.approx(expected, rel=1e-3), name
    assert float(r.steady_pH) == pytest.approx(4.650, abs=1e-3)
    assert 3e-4 < float(r.time_to_steady) < 3e-3  # "about a millisecond"


def test_contract_of_the_result():
    tree = run_case(case(electrolyte={"concentrations": {"O2": "0.255 mmol/L"}}))
    r = tree["radiolysis"]
    assert list(r.species.values) == NAMES
    assert r.concentration.dims == ("time", "species") and r.concentration.attrs["units"] == "mol/m^3"
    assert r.pH.dims == ("time",) and r.gas_saturation.dims == ("time", "gas")
    assert float(tree["beam/dose_rate"]) == 7.5e7
    assert float(r.initial_concentration.sel(species="O2")) == pytest.approx(0.255)
    assert json.loads(tree.attrs["simcell_provenance"])["status"] == "complete"


def test_atoms_and_charge_are_kept_while_water_is_used_up():
    from simcell.inputs.mechanism import load_mechanism

    m = load_mechanism("water")
    r = run_case(case(beam={"dose_rate": "1e10 Gy/s"}))["radiolysis"]
    for element in ("H", "O"):
        atoms = np.array([m.species[s].atoms(element) for s in r.species.values])
        total = r.concentration.values @ atoms
        assert np.allclose(total, r.initial_concentration.values @ atoms, rtol=1e-13)
    assert np.abs(r.charge.values).max() < 1e-12


def test_inert_ion_is_reported():
    tree = run_case(case(electrolyte={"pH": 3.0}))
    assert "inert-" in tree["radiolysis"].species.values
    assert any("inert-" in w for w in json.loads(tree.attrs["simcell_provenance"])["warnings"])


def test_named_counter_ion_is_used():
    tree = run_case(case(electrolyte={"pH": 3.0, "counter_ion": "ClO4-"}))
    assert float(tree["radiolysis/concentration"].sel(species="ClO4-")[0]) == pytest.approx(1.0, rel=1e-3)


def test_a_mechanism_outside_its_temperature_warns_with_numbers():
    tree = run_case(case(electrolyte={"temperature": "60 degC"}))
    (warning,) = [w for w in json.loads(tree.attrs["simcell_provenance"])["warnings"] if "hold at" in w]
    assert "25 degC" in warning and "60 degC" in warning and "35 K" in warning


def test_air_saturated_water_holds_a_quarter_millimolar_oxygen():
    """Fresh-water tables: 8.26 mg/L = 0.258 mmol/L at 25 degC; Henry constants spread by some per cent."""
    r = run_case(case(electrolyte={"atmosphere": "air"}))["radiolysis"]
    assert float(r.initial_concentration.sel(species="O2")) == pytest.approx(0.258, rel=0.03)


def test_schedule_equals_runs_one_after_the_other():
    """On for 1 ms, dark to 10 ms: the second leg started from the end of the first gives the same state."""
    from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate
    from simcell.studies.setup import mechanism_of, setup_of

    c = case(
        case={"duration": "10 ms"},
        beam={"schedule": [{"from": "0 s", "to": "1 ms", "on": True}]},
        output={"times": ["10 ms"]},
    )
    whole = run_case(c)["radiolysis/concentration"].values[-1, :15]
    setup, _ = setup_of(c.input, mechanism_of(c.input))
    p = setup.problem
    lit = integrate(Problem0D(p.net, p.k, p.source, p.start, Schedule.constant(1e-3)), np.array([1e-3]), 1e-9)
    dark = Problem0D(p.net, p.k, 0 * p.source, lit.concentration[-1], Schedule.constant(9e-3))
    legs = setup.complete(integrate(dark, np.array([9e-3]), 1e-9).concentration[-1])[:15]
    matters = legs > 1e-11
    assert np.allclose(whole[matters], legs[matters], rtol=1e-5)


def test_pulses_give_the_dose_of_their_number():
    c = case(
        case={"duration": "1 ms"}, beam={"pulses": {"on": "1 us", "off": "9 us", "count": 50}},
        output={"times": ["1 ms"]},
    )  # fmt: skip
    assert float(run_case(c)["beam/dose"]) == pytest.approx(7.5e7 * 50e-6)


def test_both_kernels_agree():
    table = run_case(case(solver={"rtol": 1e-8}))["radiolysis/concentration"].values
    unrolled = run_case(case(solver={"rtol": 1e-8, "kernel": "unrolled"}))["radiolysis/concentration"].values
    assert np.allclose(table, unrolled, rtol=1e-6, atol=1e-14)


def test_vary_equals_single_runs():
    c = case()
    rates = [1e4, 1e8]
    tree = run_vary(c, [("beam.dose_rate", [f"{x} Gy/s" for x in rates], rates, "Gy/s")])
    for row, rate in enumerate(rates):
        one = run_case(c.replace("beam.dose_rate", f"{rate} Gy/s"))
        found = tree["radiolysis/concentration"].isel(beam_dose_rate=row).values
        assert np.allclose(found, one["radiolysis/concentration"].values, rtol=1e-5, atol=1e-12)
        assert float(tree["radiolysis/steady_pH"][row]) == pytest.approx(float(one["radiolysis/steady_pH"]), abs=1e-9)


def test_vary_of_a_key_that_needs_runs_of_its_own_is_refused():
    with pytest.raises(InputError, match="cannot be varied"):
        run_vary(case(), [("case.duration", ["1 s", "2 s"], [1.0, 2.0], "s")])


@pytest.mark.parametrize(
    ("section", "fragment"),
    [
        ({"concentrations": {"H2O3": "1 mM"}}, "did you mean"),
        ({"concentrations": {"H2O": "1 mM"}}, "follows from"),
        ({"gases": {"Xe": "1 bar"}}, "no solubility"),
        ({"atmosphere": "helium-3"}, "known are"),
        ({"mechanism": "watr"}, 'did you mean "water"'),
        ({"mechanism": "missing.toml"}, "cannot be read"),
    ],
)
def test_wrong_liquids_are_refused(section, fragment):
    with pytest.raises(InputError, match=fragment):
        run_case(case(electrolyte=section))


def test_dose_factor_is_reported_with_both_numbers():
    c = Case.from_dict(
        {
            "case": {"duration": "1 s"}, "cell": {"spacer_height": "1 um"},
            "beam": {"energy": "300 kV", "flux": "10 e/angstrom^2/s", "dose_factor": "1+t/lambda"},
        }
    )  # fmt: skip
    tree = run_case(c)
    (warning,) = [w for w in json.loads(tree.attrs["simcell_provenance"])["warnings"] if "lambda" in w]
    assert f"{float(tree['beam/dose_rate']):.4g}" in warning and "3.773e+07" in warning


def test_a_run_that_fails_keeps_what_it_had(tmp_path):
    from simcell.cli import execute

    path = tmp_path / "case.toml"
    path.write_text('case.duration = "100 s"\nbeam.dose_rate = "1e7 Gy/s"\nsolver.max_steps = 100\n', encoding="utf-8")
    out = tmp_path / "out.nc"
    assert execute(["run", str(path), "-o", str(out), "-q"]) == 3
    from simcell.results.store import read

    tree = read(out)
    facts = json.loads(tree.attrs["simcell_provenance"])
    assert facts["status"] == "failed" and any("100 steps" in w for w in facts["warnings"])
    assert 0 < tree["radiolysis/time"].size < 200


def test_an_interrupted_range_keeps_its_whole_rows(monkeypatch):
    from simcell.studies import vary as module

    real = module.integrate_batch
    monkeypatch.setattr(module, "integrate_batch", lambda *a, **k: (real(*a, **k)[0], 5))
    rates, acids = [1e4, 1e6, 1e8], [4.0, 7.0]
    tree = run_vary(
        case(),
        [
            ("beam.dose_rate", [f"{x} Gy/s" for x in rates], rates, "Gy/s"),
            ("electrolyte.pH", acids, acids, "1"),
        ],
    )
    assert list(tree["radiolysis/beam_dose_rate"].values) == rates[:2]
    assert json.loads(tree.attrs["simcell_provenance"])["status"] == "interrupted"

"""Gas from the case file to the result: passive gases, pressure of all gases, onsets, a bubble, and `--keep`."""

import math

import numpy as np
import pytest

from simcell.case import Case
from simcell.chemistry import water
from simcell.errors import InputError
from simcell.inputs.case import parse_case
from simcell.inputs.gases import load_gases
from simcell.results.report import summary
from simcell.studies.conditions import GasLimits, parse_condition
from simcell.studies.gas import Gases, bubble_threshold, gases_of, mixture_of
from simcell.studies.limit import limit
from simcell.studies.run import run_case
from simcell.studies.setup import mechanism_of, setup_of
from simcell.studies.vary import run_vary

GROWN = {
    "case": {"duration": "1 s"},
    "beam": {"energy": "300 kV", "flux": "1e4 e/Å^2/s", "diameter": "10 um"},
    "cell": {"spacer_height": "500 nm"},
    "electrolyte": {"atmosphere": "air"},
    "gas": {"nucleus_radius": "100 nm", "bubble": True},
    "output": {"count": 60},
}


def case(**sections):
    data = {"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e8 Gy/s"}, "output": {"times": ["1 us", "1 s"]}}
    return Case.from_dict({**data, **sections})


@pytest.fixture(scope="module")
def grown():
    return run_case(Case.from_dict(GROWN))


@pytest.mark.parametrize("atmosphere", ["air", "argon", "nitrogen", "oxygen"])
@pytest.mark.parametrize("mechanism", ["water", "carbonate"])
def test_a_liquid_under_its_atmosphere_starts_at_its_pressure(atmosphere, mechanism):
    c = case(electrolyte={"atmosphere": atmosphere, "mechanism": mechanism}).input
    setup, _ = setup_of(c, mechanism_of(c))
    start = gases_of(setup).pressure_of(setup.complete(setup.problem.start), list(setup.species))
    assert start == pytest.approx(101325.0, rel=1e-12)


def test_a_gas_that_the_mechanism_does_not_know_is_carried_and_told_of():
    tree = run_case(case(electrolyte={"concentrations": {"N2": "0.5 mM"}, "gases": {"CO2": "0.1 bar"}}))
    c = tree["radiolysis/concentration"]
    assert (c.sel(species="N2") == 0.5).all()
    assert c.sel(species="CO2").values == pytest.approx(load_gases()["CO2"].henry(298.15) * 1e4)
    remarks = tree.attrs["simcell_provenance"]
    assert "CO2 carried as an inert gas" in remarks and "N2 carried" not in remarks


def test_gas_pressure_is_the_sum_of_the_saturations(grown):
    r = grown["radiolysis"].to_dataset()
    dry = r["gas_saturation"].sum("gas") * 101325.0
    np.testing.assert_allclose(r["gas_pressure"] - dry, 3169.8, rtol=1e-4)  # vapour at 25 degC
    assert float(r["steady_gas_pressure"]) == pytest.approx(float(r["gas_pressure"][-1]), rel=1e-2)


def test_the_pressure_of_the_liquid_moves_saturation_and_thresholds():
    low, high = (run_case(case(gas={"pressure": p}))["radiolysis"].to_dataset() for p in ("1 atm", "3 atm"))
    np.testing.assert_allclose(low["gas_saturation"], 3.0 * high["gas_saturation"], rtol=1e-12)
    np.testing.assert_allclose(low["gas_pressure"], high["gas_pressure"], rtol=1e-12)
    np.testing.assert_allclose(high["bubble_threshold"] - low["bubble_threshold"], 2 * 101325.0, rtol=1e-9)


def test_onset_is_when_the_pressure_passes(grown):
    r = grown["radiolysis"].to_dataset()
    name = "nucleus 100 nm"
    at, threshold = float(r["bubble_onset"].sel(criterion=name)), float(r["bubble_threshold"].sel(criterion=name))
    assert threshold == pytest.approx(101325.0 + 2 * water.surface_tension(298.15) / 1e-7, rel=1e-12)
    assert float(np.interp(at, r["time"], r["gas_pressure"])) == pytest.approx(threshold, rel=1e-9)
    assert math.isnan(float(r["bubble_onset"].sel(criterion="nucleation")))


def test_a_bubble_grows_from_its_nucleus_and_the_report_says_so(grown):
    r = grown["radiolysis"].to_dataset()
    at = float(r["bubble_onset"].sel(criterion="nucleus 100 nm"))
    radius = r["bubble_radius"].values
    before = r["time"].values < at
    assert (radius[before] == 0.0).all() and before.any()
    assert (radius[~before] >= 0.99e-7).all() and radius[-1] > 5e-7  # a pancake in the end
    np.testing.assert_allclose(r["bubble_area"], math.pi * radius**2)
    # what is in the bubble did not come out of nothing: it is less than the gas of the layer
    held = r["concentration"].sel(species=r["gas"].values).values[-1] * math.pi * 5e-6**2 * 5e-7
    nucleus = r["bubble_amount"].values[~before][0]
    assert (r["bubble_amount"].values[-1] <= held + nucleus).all()
    text = summary(grown)
    assert "of all gases and vapour" in text and "a nucleus of 100 nm after" in text
    assert "classical nucleation (1.57e+03 atm)" in text and "bubble   radius" in text
    assert "closed layer of radius 5 um" in text


def test_no_bubble_where_the_nucleus_is_not_passed():
    tree = run_case(Case.from_dict({**GROWN, "beam": {**GROWN["beam"], "flux": "1 e/Å^2/s"}}))
    assert (tree["radiolysis/bubble_radius"] == 0.0).all()
    assert "none grows within this run" in summary(tree)


def test_a_range_has_its_gas_pressures():
    values = ["argon", "air"]
    tree = run_vary(case(), [("electrolyte.atmosphere", values, [0.0, 1.0], "1")])
    r = tree["radiolysis"].to_dataset()
    single = run_case(case(electrolyte={"atmosphere": "argon"}))["radiolysis"].to_dataset()
    np.testing.assert_allclose(r["gas_pressure"][0], single["gas_pressure"], rtol=1e-5)
    assert set(r["gas"].values) == {"H2", "O2", "N2", "Ar", "CO2"}


# ------------------------------------------------------------------ simcell limit


def test_no_bubble_is_where_the_gas_pressure_meets_the_nucleus():
    c = case(gas={"nucleus_radius": "1 um"})
    found = limit(c, ["no bubble"])[0]
    assert found.binding == "no bubble" and dict(found.values)["gas"] == pytest.approx(1.0, rel=1e-6)
    tree = run_case(c.replace("beam.dose_rate", f"{found.largest} Gy/s"))
    setup, _ = setup_of(c.input, mechanism_of(c.input))
    assert float(tree["radiolysis/steady_gas_pressure"]) == pytest.approx(bubble_threshold(c.input, setup), rel=1e-5)


def test_all_gases_together_bind_before_one():
    alone, together = (limit(case(), [k])[0].largest for k in ("H2<1 sat", "gas<1 sat"))
    assert together < alone


@pytest.mark.parametrize(
    ("text", "expected"),
    [("gas<1 sat", 1.5), ("gas<2 atm", 3 * 101325.0), ("no  bubble", 0.5), ("gas < 0.5", 0.5)],
)
def test_what_a_condition_on_gas_is_measured_by(text, expected):
    """A pressure of 3 atm in a liquid at 2 atm, with a nucleus that needs 6 atm."""
    henry = np.array([7.8e-6])
    gases = GasLimits(Gases(("H2",), henry, 298.15, 2 * 101325.0, 3000.0), 6 * 101325.0)
    complete = np.array([henry[0] * (3 * 101325.0 - 3000.0), 55e3])
    condition = parse_condition(text)
    assert condition.value(complete, ["H2", "H2O"], 7.0, {}, gases) == pytest.approx(expected, rel=1e-12)
    assert condition.below and condition.quantity == "gas"


def test_a_liquid_that_is_full_before_the_beam_is_told_of():
    found = limit(case(electrolyte={"atmosphere": "argon"}), ["gas<1 sat"])[0]
    assert found.largest == 0.0 and any("before the beam" in w for w in found.warnings)


@pytest.mark.parametrize(
    ("text", "fragment"), [("gas<1 mol/L", "pressure"), ("gas<0", "above zero"), ("bubble", r"no bubble")]
)
def test_wrong_conditions_on_gas(text, fragment):
    with pytest.raises(InputError, match=fragment):
        parse_condition(text)


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("gas", "fragment"),
    [
        ({"bubble": True}, r"gas.nucleus_radius.*needed"),
        ({"bubble": True, "nucleus_radius": "300 nm"}, r"does not fit.*below 250 nm"),
        ({"bubble": True, "nucleus_radius": "10 nm", "contact_angle": "120 deg"}, r"must not exceed 90 deg"),
        ({"bubble": True, "nucleus_radius": "10 nm", "layer_radius": "400 nm"}, r"must be wider than 500 nm"),
        ({"nucleus_radius": "1 A"}, "length"),
        ({"nucleus_radius": "0.1 nm"}, "from 1 nm"),
        ({"pressure": "1 mbar"}, "10 mbar to 100 bar"),
        ({"contact_angle": 30}, "needs a unit"),
    ],
)
def test_what_a_case_may_not_say_of_gas(gas, fragment):
    with pytest.raises(InputError, match=fragment):
        parse_case({**GROWN, "gas": gas})


def test_a_bubble_needs_windows_and_a_layer():
    data = {"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}
    with pytest.raises(InputError, match=r"cell.spacer_height.*\n.*gas.layer_radius"):
        parse_case({**data, "gas": {"bubble": True, "nucleus_radius": "10 nm"}})


def test_a_gas_without_diffusivity_is_named():
    c = Case.from_dict({**GROWN, "electrolyte": {"gases": {"CO": "0.1 bar"}}}).input
    setup, _ = setup_of(c, mechanism_of(c))
    with pytest.raises(InputError, match=r'"CO"\.diffusivity'):
        mixture_of(setup, gases_of(setup))


def test_a_mixture_of_a_run_grows_as_it_should():
    """The glue gives the physics the same numbers as the modules say."""
    c = Case.from_dict(GROWN).input
    setup, _ = setup_of(c, mechanism_of(c))
    m = mixture_of(setup, gases_of(setup))
    assert m.surface_tension == water.surface_tension(298.15) and m.names == ("H2", "O2", "N2", "Ar", "CO2")
    assert dict(zip(m.names, m.diffusivity, strict=True))["Ar"] == 2.5e-9

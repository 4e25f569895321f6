"""Loading a mechanism refuses what cannot be right, and names the reaction."""

import copy
import tomllib
from importlib import resources

import pytest

from simcell.chemistry import consistency
from simcell.chemistry.mechanism import Species
from simcell.errors import InputError, MechanismError
from simcell.inputs.equation import parse_equation
from simcell.inputs.mechanism import load_mechanism, mechanism_from_dict, shipped_mechanisms

WATER = tomllib.loads((resources.files("simcell") / "data/mechanisms/water.toml").read_text(encoding="utf-8"))


@pytest.fixture
def water():
    return copy.deepcopy(WATER)


def reaction(data, equation):
    return next(r for r in data["reaction"] if r["equation"] == equation)


def refusal(data):
    with pytest.raises(MechanismError) as caught:
        mechanism_from_dict(data, file="mine.toml")
    return str(caught.value)


@pytest.mark.parametrize("name", shipped_mechanisms())
def test_every_shipped_mechanism_loads_and_names_a_source_for_each_reaction(name):
    mechanism = load_mechanism(name)
    assert all(r.source in mechanism.references for r in mechanism.reactions)
    assert not consistency.problems(mechanism)


def test_unbalanced_elements_are_refused(water):
    reaction(water, "H + OH -> H2O")["equation"] = "H + OH -> H2O2"
    text = refusal(water)
    assert "H + OH -> H2O2" in text and "O +1" in text


def test_unbalanced_charge_is_refused(water):
    reaction(water, "e_aq- + OH -> OH-")["equation"] = "e_aq- + OH -> OH"
    assert "charge +1" in refusal(water)


@pytest.mark.parametrize("rate", ["7e9 1/s", "7e9 mol/L/s", "7e9", "fast", "7e9 L^2/mol^2/s"])
def test_a_unit_that_does_not_fit_the_order_is_refused(water, rate):
    reaction(water, "H + OH -> H2O")["rate"] = rate
    text = refusal(water)
    assert "H + OH -> H2O" in text and "2 concentration(s)" in text


def test_duplicates_are_refused_whatever_the_order_of_the_reactants(water):
    water["reaction"].append({"equation": "OH + H -> H2O", "rate": "7e9 L/mol/s", "source": "Schneider2014"})
    text = refusal(water)
    assert "OH + H -> H2O" in text and "twice" in text


def test_a_rate_above_the_diffusion_limit_is_refused_unless_a_reason_is_given(water):
    fast = reaction(water, "H + OH -> H2O")
    fast["rate"] = "7e11 L/mol/s"
    assert "diffusion limit" in refusal(water)
    fast["exceeds_diffusion_limit"] = "a test"
    assert any("a test" in w for w in mechanism_from_dict(water).warnings)


def test_the_missing_water_flag_is_asked_for(water):
    del reaction(water, "HO2- + H2O -> H2O2 + OH-")["water_in_rate"]
    assert "water_in_rate" in refusal(water)


@pytest.mark.parametrize("equation", ["HO2- + H2O -> H2O2 + OH-", "O- + H2O -> OH + OH-", "O2- + H2O -> HO2 + OH-"])
def test_counting_water_twice_opens_a_cycle_and_is_refused(water, equation):
    """The wrong water convention of public codes: the constant already holds [H2O], which is multiplied in again."""
    r = reaction(water, equation)
    r["water_in_rate"] = True
    r["rate"] = r["rate"].replace("1/s", "L/mol/s")
    text = refusal(water)
    assert "cycle" in text and equation.split(" -> ")[1] in text


def test_a_cycle_within_stated_uncertainty_is_a_remark_with_its_number():
    (remark,) = [w for w in load_mechanism("water").warnings if "cycle" in w]
    assert "e_aq- + H2O -> H + OH-" in remark and "0.813" in remark


def test_an_unbalanced_g_set_is_refused(water):
    water["g_values"][0]["values"]["H+"] = 4.40
    text = refusal(water)
    assert "HS300" in text and "charge" in text


def test_unknown_species_keys_and_sources_are_all_named_at_once(water):
    water["reaction"][0]["source"] = "Nobody1900"
    water["reaction"][1]["equation"] = "H2O -> H+ + OHH-"
    water["reaction"][2]["unceratinty"] = 1.1
    text = refusal(water)
    assert "Nobody1900" in text and '"OHH-"' in text and 'did you mean "uncertainty"' in text


@pytest.mark.parametrize(
    "law",
    [{"law": "magic"}, {"law": "exp", "A": "1e9 L/mol/s"}, {"law": "log10_polynomial", "unit": "L/mol/s"}],
)
def test_wrong_temperature_laws_are_refused(water, law):
    r = reaction(water, "H + OH -> H2O")
    del r["rate"]
    r.update(law)
    assert "H + OH -> H2O" in refusal(water)


def test_a_reverse_without_partner_or_equilibrium_is_refused(water):
    water["reaction"] = [r for r in water["reaction"] if r["equation"] != "H+ + HO2- -> H2O2"]
    r = reaction(water, "H2O2 -> H+ + HO2-")
    del r["rate"]
    r["law"] = "reverse"
    assert "reverse is missing" in refusal(water)


def test_a_charge_that_contradicts_the_name_is_refused(water):
    water["species"]["HO2-"]["charge"] = 0
    assert "species.HO2-.charge" in refusal(water)


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(InputError, match="nitrate"):
        load_mechanism("nitrat")


@pytest.mark.parametrize("text", ["A + B", "A -> B -> C", "A +B -> C", " -> C", "A + -> C"])
def test_malformed_equations(text):
    with pytest.raises(ValueError, match=r"equation|species"):
        parse_equation(text)


def test_detailed_balance_at_every_temperature():
    """K of each reversible acid-base pair of water-eb09 equals 10^-pK from 20 to 100 degC."""
    m = load_mechanism("water-eb09")
    for t in (293.15, 333.15, 373.15):
        k = dict(zip((r.equation for r in m.reactions), m.rate_constants(t), strict=True))
        pk = {e.acid: e.pK(t) for e in m.equilibria}
        ratio = k["H2O2 -> H+ + HO2-"] / k["H+ + HO2- -> H2O2"] / 1000.0
        assert ratio == pytest.approx(10 ** -pk["H2O2"], rel=1e-10)
        ratio = k["HO2- + H2O -> H2O2 + OH-"] / k["H2O2 + OH- -> HO2- + H2O"] / 1000.0
        assert ratio == pytest.approx(10 ** (pk["H2O2"] - pk["H2O"]), rel=1e-10)


def test_diffusion_limit_against_debyes_numbers():
    """Equal diffusivities, contact at 1 nm, r_c = 0.715 nm: x / (e^x - 1) by hand."""
    a, b = Species("A+", {}, 1, 1e-9), Species("B-", {}, -1, 1e-9)
    neutral = Species("C", {}, 0, 1e-9)
    plain = consistency.diffusion_limit(a, neutral)
    assert plain == pytest.approx(4 * 3.14159265 * 6.02214e23 * 2e-9 * 1e-9, rel=1e-5)
    assert consistency.diffusion_limit(a, b) / plain == pytest.approx(0.7153 / (1 - 2.718281828**-0.7153), rel=2e-3)

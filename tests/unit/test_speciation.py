"""Initial solutions are neutral, and acid-base families are at their pK."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcell.chemistry.speciation import speciate
from simcell.errors import InputError
from simcell.inputs.mechanism import load_mechanism

WATER = load_mechanism("water")


def charge(solution, mechanism=WATER, inert=0.0):
    return (
        sum(mechanism.species[s].charge * c for s, c in solution.concentrations.items() if s in mechanism.species)
        + inert
    )


def test_neutral_water_needs_no_ion_and_has_kw():
    s = speciate(WATER, 298.15, {})
    assert s.inert_ion == "" and s.pH == pytest.approx(13.999 / 2, abs=1e-9)
    assert s.concentrations["H+"] == pytest.approx(s.concentrations["OH-"])


def test_ph_seven_is_taken_as_neutral():
    assert speciate(WATER, 298.15, {}, pH=7.0).inert_ion == ""


@given(st.floats(0.0, 14.0))
def test_the_inert_ion_balances_the_charge(ph):
    s = speciate(WATER, 298.15, {"H2O2": 1.0}, pH=ph)
    assert abs(charge(s, inert=s.inert_charge * s.inert_concentration)) < 1e-12 * max(s.concentrations.values())


def test_half_of_a_family_is_dissociated_at_its_pk():
    s = speciate(WATER, 298.15, {"H2O2": 2.0}, pH=11.65)
    assert s.concentrations["HO2-"] == pytest.approx(1.0) and s.concentrations["H2O2"] == pytest.approx(1.0)


def test_weak_acid_alone_sets_the_ph():
    """[HO2-] + [OH-] = [H+] for hydrogen peroxide in water: h^2 = K C + Kw to first order."""
    c = 1000.0  # mol/m^3
    s = speciate(WATER, 298.15, {"H2O2": c})
    h = math.sqrt(10**-11.65 * 1.0 + 10**-13.999)
    assert s.pH == pytest.approx(-math.log10(h), abs=1e-5)


def test_named_counter_ion_of_the_wrong_sign_is_refused():
    with pytest.raises(InputError, match="anion"):
        speciate(WATER, 298.15, {}, pH=3.0, counter_ion="Na+", counter_charge=1)


def test_ions_that_nothing_balances_are_refused_without_a_ph():
    with pytest.raises(InputError, match="give a pH"):
        speciate(load_mechanism("chloride"), 298.15, {"Cl-": 10.0})


def test_a_named_ion_that_also_reacts_is_added_to_what_is_there():
    m = load_mechanism("chloride")
    s = speciate(m, 298.15, {"Cl-": 10.0}, pH=1.0, counter_ion="Cl-", counter_charge=-1)
    assert s.concentrations["Cl-"] == pytest.approx(100.0, rel=1e-9)  # as much as there is H+


@pytest.mark.parametrize("ion", ["NO2-", "HO2-", "OH-"])
def test_a_counter_ion_with_acid_base_partners_is_refused(ion):
    """Added after the speciation, NO2- would take up H+ at once and move the pH that was asked for."""
    with pytest.raises(InputError, match=r"counter_ion.*pH"):
        speciate(load_mechanism("nitrate"), 298.15, {"HNO2": 0.1}, pH=3.0, counter_ion=ion, counter_charge=-1)


def test_an_anion_alone_is_not_read_as_its_acid():
    m = load_mechanism("nitrate")
    with pytest.raises(InputError, match=r"NO2- would leave a charge of -10.*HNO2"):
        speciate(m, 298.15, {"NO2-": 10.0})
    acid = speciate(m, 298.15, {"HNO2": 10.0})
    assert 2.5 < acid.pH < 3.0
    assert speciate(m, 298.15, {"NO2-": 10.0}, pH=7.0).inert_concentration == pytest.approx(10.0, rel=1e-3)


def test_hydrogen_sulfate_alone_is_sulfuric_acid():
    assert speciate(load_mechanism("sulfate"), 298.15, {"HSO4-": 100.0}).pH < 1.0

"""Stopping power, density effect, Bragg additivity and mean free path against tables and limits."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcell.beam.medium import EV, Medium, compound, element, facts, load_medium, media, mixture
from simcell.beam.stopping import (
    HIGHEST_ENERGY,
    KEV,
    LOWEST_ENERGY,
    MEAN_FREE_PATH_UNCERTAINTY_FACTOR,
    MEV_CM2_PER_G,
    density_effect,
    excitation_uncertainty,
    inelastic_mean_free_path,
    mass_stopping_power,
    relative_uncertainty,
    stopping_power_table,
)

WATER = load_medium("water")
ESTAR_WATER = replace(WATER, density=1000.0)  # the density of the table
ICRU90_WATER = replace(WATER, density=998.0, mean_excitation_energy=78 * EV)
energies = st.floats(30.0, 1000.0).map(lambda e: e * KEV)
liquids = st.sampled_from(sorted(media()))

# I of compounds in the NIST list of materials (SRD 124) that rest on the additivity rule
FROM_THE_RULE = {
    "polyoxymethylene": ({"C": 1, "H": 2, "O": 1}, 77.4),
    "polypropylene": ({"C": 1, "H": 2}, 56.5),
    "polyacrylonitrile": ({"C": 3, "H": 3, "N": 1}, 69.6),
    "polyvinylidene fluoride": ({"C": 1, "H": 1, "F": 1}, 88.8),
    "polyvinyl chloride": ({"C": 2, "H": 3, "Cl": 1}, 108.2),
    "triethyl phosphate": ({"C": 6, "H": 15, "O": 4, "P": 1}, 81.2),
    "dimethyl sulfoxide": ({"C": 2, "H": 6, "O": 1, "S": 1}, 98.6),
    "dimethylformamide": ({"C": 3, "H": 7, "N": 1, "O": 1}, 66.6),
    "sucrose": ({"C": 12, "H": 22, "O": 11}, 77.5),
    "urea": ({"C": 1, "H": 4, "N": 2, "O": 1}, 72.8),
    "sodium nitrate": ({"Na": 1, "N": 1, "O": 3}, 114.6),
    "lithium carbonate": ({"Li": 2, "C": 1, "O": 3}, 87.9),
    "potassium oxide": ({"K": 2, "O": 1}, 189.9),
    "magnesium fluoride": ({"Mg": 1, "F": 2}, 134.3),
}
# ... and of compounds whose listed I differs from the rule
OTHER = {
    "water": ({"H": 2, "O": 1}, 75.0),
    "methanol": ({"C": 1, "H": 4, "O": 1}, 67.6),
    "ethanol": ({"C": 2, "H": 6, "O": 1}, 62.9),
    "1-propanol": ({"C": 3, "H": 8, "O": 1}, 61.1),
    "acetone": ({"C": 3, "H": 6, "O": 1}, 64.2),
    "glycerol": ({"C": 3, "H": 8, "O": 3}, 72.6),
    "diethyl ether": ({"C": 4, "H": 10, "O": 1}, 60.0),
    "toluene": ({"C": 7, "H": 8}, 62.5),
    "hexane": ({"C": 6, "H": 14}, 54.0),
    "cyclohexane": ({"C": 6, "H": 12}, 56.4),
    "PMMA": ({"C": 5, "H": 8, "O": 2}, 74.0),
    "polyethylene": ({"C": 1, "H": 2}, 57.4),
    "polystyrene": ({"C": 1, "H": 1}, 68.7),
    "PTFE": ({"C": 1, "F": 2}, 99.1),
}


@pytest.mark.parametrize(("energy", "tabulated", "delta"), stopping_power_table("ESTAR"))
def test_water_agrees_with_estar(energy, tabulated, delta):
    # half a unit of the fourth digit is at most 0.027 % in this range of numbers
    assert mass_stopping_power(energy, ESTAR_WATER) == pytest.approx(tabulated, rel=2.8e-4)
    assert density_effect(energy, ESTAR_WATER) == pytest.approx(delta, rel=5e-4, abs=1e-12)


@pytest.mark.parametrize(("energy", "tabulated", "delta"), stopping_power_table("ICRU90"))
def test_water_agrees_with_icru_90(energy, tabulated, delta):
    assert mass_stopping_power(energy, ICRU90_WATER) == pytest.approx(tabulated, rel=2.9e-4)
    assert density_effect(energy, ICRU90_WATER) == pytest.approx(delta, rel=5e-4, abs=1e-12)


def test_table_covers_the_range():
    table = [energy for energy, _, _ in stopping_power_table("ESTAR")]
    assert table[0] == pytest.approx(LOWEST_ENERGY)
    assert table[-1] == pytest.approx(HIGHEST_ENERGY)
    assert len(table) == 27


def test_density_at_room_temperature_instead_of_one():
    for energy, tabulated, _ in stopping_power_table("ESTAR"):
        assert mass_stopping_power(energy, WATER) == pytest.approx(tabulated, rel=3.5e-4)


@pytest.mark.parametrize("energy", [0.0, 29.9, 1000.1, -5.0, math.nan, math.inf])
def test_outside_the_range_the_number_is_named(energy):
    with pytest.raises(ValueError, match=rf"{energy:g} keV.*30 keV to 1000 keV"):
        mass_stopping_power(energy * KEV, WATER)


def test_limits_themselves_are_inside():
    assert mass_stopping_power(30 * 1e3 * EV, WATER) > mass_stopping_power(1000 * 1e3 * EV, WATER)


def test_bragg_water_from_hydrogen_and_oxygen():
    bragg = compound({"H": 2, "O": 1}, WATER.density)
    assert bragg.mean_excitation_energy / EV == pytest.approx(75.0, rel=0.005)
    for energy in (30, 80, 200, 300, 1000):
        ratio = mass_stopping_power(energy * KEV, bragg) / mass_stopping_power(energy * KEV, WATER)
        assert -8e-4 < ratio - 1 < 0  # a larger I stops less; 0.07 % at most


@pytest.mark.parametrize("name", FROM_THE_RULE)
def test_rule_returns_the_listed_excitation_energy(name):
    formula, listed = FROM_THE_RULE[name]
    assert compound(formula, 1000.0).mean_excitation_energy / EV == pytest.approx(listed, abs=0.0501)


def test_rule_against_the_other_listed_values():
    off = [compound(f, 1e3).mean_excitation_energy / EV / value - 1 for f, value in OTHER.values()]
    rms = math.sqrt(sum(x * x for x in off) / len(off))
    assert rms == pytest.approx(0.024, abs=0.001)  # the number in docs/theory/dose.md
    assert max(map(abs, off)) < 0.043


def test_shipped_liquids_have_their_listed_value():
    for name in ("methanol", "ethanol", "1-propanol", "acetone", "glycerol", "toluene"):
        assert load_medium(name).mean_excitation_energy / EV == pytest.approx(OTHER[name][1])


def test_every_liquid_states_its_sources():
    assert len(media()) >= 18
    for name in media():
        row = facts(name)
        assert row["density_source"]
        assert row["mean_excitation_energy_source"]
        assert load_medium(name).density == row["density_kg_per_m3"]


def test_molar_mass_of_a_carbonate():
    # C4H6O3: 102.089 g/mol (CRC Handbook); carbon share 4 x 12.011 of it
    carbon = dict(load_medium("PC").mass_fractions)["C"]
    assert carbon == pytest.approx(4 * 12.011 / 102.089, rel=1e-5)


def test_uncertainty_from_i_is_the_step_to_icru_90():
    energy = 300 * KEV
    icru90 = replace(WATER, mean_excitation_energy=78 * EV)
    step = 1 - mass_stopping_power(energy, icru90) / mass_stopping_power(energy, WATER)
    assert excitation_uncertainty(energy, WATER) == pytest.approx(step)
    assert step == pytest.approx(0.0047, abs=2e-4)


@pytest.mark.parametrize(("kev", "formula"), [(30, 0.03), (99, 0.03), (100, 0.02), (300, 0.02)])
def test_uncertainty_holds_that_of_the_formula(kev, formula):
    # ICRU 37: 2 % to 3 % between 10 and 100 keV, 1 % to 2 % above, for light elements
    whole, part = relative_uncertainty(kev * KEV, WATER), excitation_uncertainty(kev * KEV, WATER)
    assert whole**2 - part**2 == pytest.approx(formula**2)


def test_plasma_energy_of_water():
    # 21.469 eV in R. M. Sternheimer et al., At. Data Nucl. Data Tables 30 (1984) 261, for 1 g/cm3
    assert ESTAR_WATER.plasma_energy / EV == pytest.approx(21.469, rel=2e-4)


@given(energy=energies, name=liquids)
@settings(deadline=None, max_examples=60)
def test_density_effect_is_bounded(energy, name):
    medium = load_medium(name)
    delta = density_effect(energy, medium)
    assert 0 <= delta < 0.5
    assert density_effect(energy, replace(medium, density=1e-3 * medium.density)) <= delta


def test_gas_has_no_density_effect():
    assert density_effect(1000 * KEV, replace(WATER, density=1.0)) == 0.0


def test_density_effect_far_beyond_any_liquid():
    with pytest.raises(ValueError, match="so dense"):
        density_effect(30 * KEV, replace(WATER, density=1e6))


@given(low=energies, high=energies, name=liquids)
@settings(deadline=None, max_examples=60)
def test_falls_with_energy_up_to_one_mega_electron_volt(low, high, name):
    low, high = sorted((low, high))
    medium = load_medium(name)
    assert mass_stopping_power(low, medium) >= mass_stopping_power(high, medium) * (1 - 1e-12)


@given(energy=st.floats(30.0, 400.0).map(lambda e: e * KEV), share=st.floats(0.0, 1.0), other=liquids)
@settings(deadline=None, max_examples=60)
def test_mixture_is_additive_where_the_density_effect_is_zero(energy, share, other):
    second = load_medium(other)
    if second == WATER:
        return
    blend = mixture({WATER: share, second: 1 - share})
    expected = share * mass_stopping_power(energy, WATER) + (1 - share) * mass_stopping_power(energy, second)
    assert mass_stopping_power(energy, blend) == pytest.approx(expected, rel=1e-12)


def test_mixture_of_one_is_itself():
    same = mixture({WATER: 5.0})
    assert same.mean_excitation_energy == pytest.approx(WATER.mean_excitation_energy, rel=1e-14)
    assert same.density == pytest.approx(WATER.density, rel=1e-14)
    assert dict(same.mass_fractions) == pytest.approx(dict(WATER.mass_fractions))


def test_mixture_takes_a_measured_density():
    ethanol = load_medium("ethanol")
    assert mixture({WATER: 1, ethanol: 1}, density=914.0).density == 914.0


def test_carbonate_blend_lies_between_its_parts():
    ec, dmc = load_medium("EC"), load_medium("DMC")
    blend = mixture({ec: 1, dmc: 1}, name="EC:DMC")
    s = [mass_stopping_power(300 * KEV, m) for m in (ec, blend, dmc)]
    assert s[0] < s[1] < s[2]
    assert "EC" in blend.source


@pytest.mark.parametrize("parts", [{}, {WATER: 0.0}, {WATER: -1.0, load_medium("PC"): 2.0}])
def test_bad_mixtures(parts):
    with pytest.raises(ValueError, match="masses of a mixture"):
        mixture(parts)


@pytest.mark.parametrize("name", ["watr", "", "EC/DMC"])
def test_unknown_liquid(name):
    with pytest.raises(ValueError, match="no liquid is called"):
        load_medium(name)


def test_unknown_element():
    with pytest.raises(ValueError, match="no element data for 'Xx'"):
        element("Xx")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"density": 0.0}, "density is 0"),
        ({"mean_excitation_energy": -1.0}, "mean_excitation_energy is -1"),
        ({"mass_fractions": (("H", 0.5), ("O", 0.4))}, "sum to 0.9"),
        ({"mass_fractions": (("H", -0.5), ("O", 1.5))}, "negative"),
    ],
)
def test_bad_medium(change, reason):
    with pytest.raises(ValueError, match=reason):
        replace(WATER, **change)


def test_mean_free_path_of_water_beside_published_values():
    for row in facts("water")["mean_free_path"]:
        ratio = row["value_nm"] * 1e-9 / inelastic_mean_free_path(row["energy_keV"] * KEV, WATER)
        assert 1 / MEAN_FREE_PATH_UNCERTAINTY_FACTOR < ratio < MEAN_FREE_PATH_UNCERTAINTY_FACTOR


@given(low=energies, high=energies)
@settings(deadline=None, max_examples=60)
def test_mean_free_path_grows_with_energy(low, high):
    low, high = sorted((low, high))
    assert inelastic_mean_free_path(low, WATER) <= inelastic_mean_free_path(high, WATER) * (1 + 1e-12)


def test_mean_free_path_and_stopping_power_give_a_sensible_loss():
    # mean loss a collision = S rho lambda: above the plasmon (21 eV), below the oxygen K edge (538 eV)
    for energy in (60, 100, 200, 300):
        s = mass_stopping_power(energy * KEV, WATER) * WATER.density
        assert 21 < s * inelastic_mean_free_path(energy * KEV, WATER) / EV < 100


def test_mean_free_path_asks_for_a_band_gap():
    medium: Medium = load_medium("PC")
    with pytest.raises(ValueError, match="no band gap is known for PC"):
        inelastic_mean_free_path(300 * KEV, medium)
    assert inelastic_mean_free_path(300 * KEV, medium, band_gap=7 * EV) > 0


def test_table_in_the_documentation_is_what_the_program_gives():
    text = (Path(__file__).parents[2] / "docs" / "theory" / "dose.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\S+) \| ([\d.]+) \| ([\d.]+) \| ([\d.e+]+) \|$", text, re.MULTILINE)
    estar = {round(e / KEV): f"{s / MEV_CM2_PER_G:.3f}" for e, s, _ in stopping_power_table()}
    icru90 = replace(WATER, mean_excitation_energy=78 * EV)
    assert len(rows) == 12
    for energy, table, here, other, gray in rows:
        s = mass_stopping_power(int(energy) * KEV, WATER)
        assert table == estar.get(int(energy), "-")
        assert here == f"{s / MEV_CM2_PER_G:.3f}"
        assert other == f"{mass_stopping_power(int(energy) * KEV, icru90) / MEV_CM2_PER_G:.3f}"
        assert gray == f"{s * 1e20:.4g}"

"""Import of AuRaCh text files: names, lines, the water convention, and the dark test that tells conventions apart.

All files here are made up for the tests, in the form that AuRaCh reads; numbers follow from pK values.
"""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from simcell.cli import execute
from simcell.commands import aurach as command
from simcell.constants import GAS_CONSTANT
from simcell.errors import InputError, MechanismError
from simcell.inputs.aurach import AurachImport, read_aurach
from simcell.inputs.aurach_names import infer
from simcell.inputs.aurach_text import ReactionFile, Source, read_conditions
from simcell.inputs.equation import charge_of
from simcell.inputs.mechanism import load_mechanism, mechanism_from_dict
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate
from simcell.radiolysis.setup import Conditions, prepare

WATER = 55.56  # mol/L
PKW, PKA = 13.999, 11.65  # of simcell's water
KW, KA = 10**-PKW, 10**-PKA


def acid_base(dissociation: float, from_base: float) -> str:
    """Return acid-base lines of water and H2O2; the two constants with water on the left are given."""
    return "\n".join(
        [
            f"H2O       --> H+ + OH-    ; {dissociation!r} ; pKw",
            "H+ + OH-   --> H2O         ; 1.4e11  ; made up",
            f"H2O2      --> H+ + HO2-   ; {5e10 * KA!r} ; pKa",
            "H+ + HO2-  --> H2O2        ; 5e10    ; made up",
            "H2O2 + OH- --> HO2- + H2O  ; 1.3e10  ; made up",
            f"HO2- + H2O --> H2O2 + OH- ; {from_base!r} ; from pKw and pKa",
        ]
    )


DIVIDED_OUT = acid_base(1.4e11 * KW, 1.3e10 * KW / KA)
COLUMNS = (
    "species", "c0 / M", "g values / (molecules / 100 eV)", "g values alt / (molecules / 100 eV)", "solubility / %",
    "diffusioncoefficient / m^2/s",
)  # fmt: skip
CONDITIONS = (
    "\t".join(COLUMNS)
    + """
H+\t1e-7\t2.0\t1.0\t100\t9.3e-9
OH-\t1e-7\t2.0\t1.0\t100\t5.2e-9
H2O2\t1e-3\t\t\t\t1.4e-9
H2O\t55.56\t-2.0\t-1.0\t100\t2.3e-9
"""
)


@pytest.fixture
def imported(tmp_path: Path):
    """Return a function that writes texts to files and reads them."""

    def read(text: str, conditions: str | None = None, **options: object) -> AurachImport:
        reactions, table = tmp_path / "reactions.txt", tmp_path / "conditions.txt"
        reactions.write_text(text, encoding="utf-8")
        if conditions is not None:
            table.write_text(conditions, encoding="utf-8")
        return read_aurach(reactions, table if conditions is not None else None, **options)  # type: ignore[arg-type]

    return read


# ---------------------------------------------------------------------------------------------------- names

NAMES = [
    ("H2O2", "H2O2", {"H": 2, "O": 2}, 0),
    ("eh-", "e_aq-", {}, -1),
    ("e-", "e_aq-", {}, -1),
    ("O3-", "O3-", {"O": 3}, -1),
    ("Cl2-", "Cl2-", {"Cl": 2}, -1),
    ("ClOH-", "ClOH-", {"Cl": 1, "O": 1, "H": 1}, -1),
    ("NO3^2-", "NO3^2-", {"N": 1, "O": 3}, -2),
    ("SO4^2-", "SO4^2-", {"S": 1, "O": 4}, -2),
    ("Fe^2+", "Fe2+", {"Fe": 1}, 2),
    ("Fe^3+", "Fe3+", {"Fe": 1}, 3),
    ("Zn2+", "Zn2+", {"Zn": 1}, 2),
    ("Ag2^+", "Ag2^+", {"Ag": 2}, 1),
    ("Ag4^2+", "Ag4^2+", {"Ag": 4}, 2),
    ("[FeOH]^2+", "FeOH^2+", {"Fe": 1, "O": 1, "H": 1}, 2),
    ("[H2O]", "H2O", {"H": 2, "O": 1}, 0),
    ("AuCl4-", "AuCl4-", {"Au": 1, "Cl": 4}, -1),
    ("Au(III)Cl4-", "AuCl4-", {"Au": 1, "Cl": 4}, -1),
    ("Au2Cl6^2-", "Au2Cl6^2-", {"Au": 2, "Cl": 6}, -2),
    ("AuCl4--", "AuCl4^2-", {"Au": 1, "Cl": 4}, -2),
    ("Fe(OH)2+", "Fe(OH)2+", {"Fe": 1, "O": 2, "H": 2}, 1),
    ("O2+", "O2^+", {"O": 2}, 1),
    ("Na", "Na", {"Na": 1}, 0),
]


@pytest.mark.parametrize(("raw", "name", "atoms", "charge"), NAMES, ids=[n[0] for n in NAMES])
def test_names_are_read_as_written(raw: str, name: str, atoms: dict[str, int], charge: int) -> None:
    found = infer(raw)
    assert (found.name, found.composition, found.charge) == (name, atoms, charge)
    assert charge_of(found.name) == charge, "the loader reads another charge off the new name"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("SO42-", "SO4^2-"),
        ("ROH", "no element"),
        ("AcO-", "no element"),
        ("tBuOH", "no element"),
        ("2O2-", "no element"),
        ("Fe(OH", "parentheses"),
        ("Fe)OH", "parentheses"),
        ("Fe(III)", "oxidation state"),
        ("Ag(s)", "no element"),
        ("O2⁻", "no element"),
    ],
)
def test_names_without_one_reading_are_refused(raw: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        infer(raw)


def test_a_reading_that_could_be_another_is_told() -> None:
    assert "Zn2^+" in infer("Zn2+").remark
    assert not infer("Zn^2+").remark


def test_two_spellings_of_one_species_are_refused(imported) -> None:
    found = imported("eh- + H+ --> H ; 2e10 ; x\ne- + O2 --> O2- ; 1.9e10 ; x")
    assert [p.key for p in found.problems if "both are e_aq-" in p.reason] == ['species "e-" (line 2)']


# ---------------------------------------------------------------------------------------------------- lines


def _file(text: str) -> ReactionFile:
    return ReactionFile(Source("r.txt", text, "", False))


def test_grammar_of_a_line() -> None:
    found = _file("\n2 O2-\t+ 2  H2O --> H2O2 + O2 + 2 OH-\t; 1e2 ; A; B 1999 ####NEXT PART####\r\n")
    (line,) = found.lines
    assert (line.number, line.reactants, line.products) == (2, {"O2-": 2, "H2O": 2}, {"H2O2": 1, "O2": 1, "OH-": 2})
    assert (line.constant, line.activation_energy, line.reference) == (100.0, None, "A; B 1999")


def test_a_species_listed_twice_counts_twice() -> None:
    assert _file("HO2 + HO2 --> H2O2 + O2 ; 7e5 ; x").lines[0].reactants == {"HO2": 2}


def test_three_cells_are_an_arrhenius_law_and_a_header_names_them() -> None:
    plain = _file("H + H --> H2 ; 2.7e12 ; 15500 ; x").lines[0]
    named = _file(
        "Reaction; Rate constant; Arrhenius constant; Activation energy; Source\nH + H --> H2; ; 2.7e12; 15500; x"
    ).lines[0]
    assert (plain.constant, plain.activation_energy, plain.reference) == (2.7e12, 15500.0, "x")
    assert (named.constant, named.activation_energy, named.reference) == (2.7e12, 15500.0, "x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("H + H -> H2 ; 1", "-->"),
        ("H + H --> H2", "no rate constant"),
        ("H + H --> H2 ; fast ; x", "not a number"),
        ("H + H --> H2 ; 7,8e9 ; x", "not a number"),
        ("H + H --> H2 ; nan", "not a number"),
        ("H + H --> H2 ; inf", "finite"),
        ("H + H --> H2 ; -1", "not negative"),
        ("0.5 H2 --> H ; 1", "whole"),
        ("inf H2 --> H ; 1", "whole"),
        ("H +H --> H2 ; 1", "spaces"),
        (" --> H2 ; 1", "not a species"),
        ("H --> H2 --> H ; 1", "-->"),
        ("H --> H2 ; ; 1 ; 50 ; 0.5 ; 1 ; x", "electrode potential"),
        ("H --> H2 ; 1 ; 2 ; 3 ; x", "no meaning"),
    ],
)
def test_lines_that_cannot_be_read_are_named(text: str, words: str) -> None:
    found = _file(f"H + OH --> H2O ; 7e9 ; x\n{text}")
    assert len(found.lines) == 1
    (problem,) = found.problems
    assert problem.key.startswith("line 2 ")
    assert words in problem.reason


def test_headings_and_comments_are_passed_over_and_told() -> None:
    found = _file("Water\n# H --> H2 ; 1\nH + OH --> H2O ; 7e9 ; x")
    assert not found.problems
    assert [r[:6] for r in found.remarks] == ["line 1", "line 2"]


# ----------------------------------------------------------------------------------------------- conditions


def test_both_forms_of_conditions() -> None:
    old, _ = read_conditions(Source("c", "\tc0 / M\tg values\nO2 2.5e-4 0\nH2\t0.0\t0.17\nNO3-\t1e-4\n\n", "", False))
    new, _ = read_conditions(Source("c", CONDITIONS, "", False))
    assert [(r.species, r.concentration, r.g_value) for r in old] == [
        ("O2", 2.5e-4, 0.0),
        ("H2", 0.0, 0.17),
        ("NO3-", 1e-4, None),
    ]
    assert [(r.number, r.species) for r in new] == [(2, "H+"), (3, "OH-"), (4, "H2O2"), (5, "H2O")]
    assert (new[2].g_value, new[2].diffusivity, new[3].g_value_alt) == (None, 1.4e-9, -1.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("species\tc0 / mM\nO2\t1\n", "not a column"),
        ("O2 1e-4 0\n", "header"),
        ("\tc0\tg\nO2 a b\n", "cannot be read"),
        ("\tc0\tg\nO2 -1 0\n", "not negative"),
        ("\tc0\tg\nO2 1 0\nO2 1 0\n", "already"),
        ("\tc0\tg\nO2 1 0 3 4\n", "cannot be read"),
        ("\tc0\tg\nO2 inf 0\n", "cannot be read"),
    ],
)
def test_conditions_that_cannot_be_read_are_named(text: str, words: str) -> None:
    _, problems = read_conditions(Source("c.txt", text, "", False))
    assert len(problems) == 1
    assert words in str(problems[0])


def test_yields_start_and_diffusivities_are_taken_over(imported) -> None:
    found = imported(DIVIDED_OUT, CONDITIONS, name="mine")
    data = tomllib.loads(found.toml)
    assert {y["name"]: y["values"] for y in data["g_values"]} == {
        "AuRaCh": {"H+": 2.0, "OH-": 2.0, "H2O": -2.0},
        "AuRaCh-alt": {"H+": 1.0, "OH-": 1.0, "H2O": -1.0},
    }
    start = tomllib.loads(found.electrolyte)["electrolyte"]
    assert start == {"mechanism": "mine.toml", "pH": 7, "concentrations": {"H2O2": "0.001 mol/L"}}
    assert found.mechanism().species["OH-"].diffusivity == 5.2e-9
    # molecules per 100 eV: 2.0 / (100 e N_A) mol/J
    assert found.mechanism().yield_values("AuRaCh", 298.15)["H+"] == pytest.approx(2.0 * 1.036427e-7, rel=1e-6)


def test_a_diffusivity_that_cannot_be_is_left_out_and_told(imported) -> None:
    found = imported(DIVIDED_OUT, CONDITIONS.replace("9.3e-9", "4.4e-9"))
    assert found.mechanism().species["H+"].diffusivity is None
    assert any("D(H+) = 4.4e-09" in r and "9.31e-09" in r for r in found.remarks)


def test_a_missing_yield_of_water_follows_from_the_balance(imported) -> None:
    found = imported(DIVIDED_OUT, CONDITIONS.replace("-2.0\t-1.0", "\t"))
    assert any("no yield of H2O" in r for r in found.remarks)
    yields = found.mechanism().yield_values("AuRaCh", 298.15)
    assert yields["H2O"] == pytest.approx(-yields["H+"], rel=1e-12)


def test_unbalanced_yields_are_refused(imported) -> None:
    found = imported(DIVIDED_OUT, CONDITIONS.replace("-2.0", "-1.9"))
    assert [p.key for p in found.problems] == ["g_values AuRaCh"]


# -------------------------------------------------------------------------------------------- what is written


def test_the_file_says_where_it_comes_from_and_whose_licence_holds(imported) -> None:
    text = imported(DIVIDED_OUT, water="excluded").toml
    comment = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    for words in ("reactions.txt", "sha256", "Water convention: excluded", "licence", "GPL-3.0"):
        assert words in comment


def test_every_reaction_keeps_its_line_and_its_source(imported) -> None:
    found = imported('H + H --> H2 ; 7.8e9 ; A. Müller "1990" \\ x\nH + OH --> H2O ; 7e9').mechanism()
    first, second = found.reactions
    assert found.references[first.source].startswith('A. Müller "1990" \\ x (as cited')
    assert first.note == "line 1 of reactions.txt"
    assert "no source in the line" in found.references[second.source]
    assert [found.rate_constants(298.15)[i] for i in (0, 1)] == pytest.approx([7.8e6, 7e6], rel=1e-14)


def test_an_arrhenius_law_is_written_as_one(imported) -> None:
    found = imported("H + H --> H2 ; 2.7e12 ; 15500 ; x").mechanism()
    for t in (298.15, 350.0):
        assert found.rate_constants(t)[0] == pytest.approx(2.7e9 * math.exp(-15500 / (GAS_CONSTANT * t)), rel=1e-12)
    assert any("kJ/mol meant" in r for r in imported("H + H --> H2 ; 5e9 ; 12 ; x").remarks)


def test_acid_base_pairs_are_declared_so_that_a_case_has_a_pH(imported) -> None:
    found = {e.acid: e.pK(298.15) for e in imported(DIVIDED_OUT).mechanism().equilibria}
    assert found == pytest.approx({"H2O": PKW, "H2O2": PKA}, abs=1e-12)


def test_a_text_in_windows_letters_is_read_and_told(tmp_path: Path) -> None:
    path = tmp_path / "r.txt"
    path.write_bytes("H + H --> H2 ; 7.8e9 ; Körner".encode("cp1252"))
    found = read_aurach(path)
    assert "Körner" in found.toml
    assert any("Windows-1252" in r for r in found.remarks)


def test_names_that_are_no_formulas_need_one(imported) -> None:
    text = "HROH + OH --> ROH + H2O ; 4.8e8 ; x"
    found = imported(text)
    assert [p.key for p in found.problems] == ['species "HROH" (line 1)', 'species "ROH" (line 1)']
    with pytest.raises(MechanismError, match="HROH"):
        _ = found.toml
    named = imported(text, formulas={"HROH": "C4H10O", "ROH": "C4H9O"}).mechanism()
    assert named.species["ROH"].composition == {"C": 4, "H": 9, "O": 1}
    assert "nowhere" in str(imported(text, formulas={"XYZ": "C"}).problems[0])


# ------------------------------------------------------------------------------------- what is refused, all at once


def test_all_problems_are_told_at_once_with_their_lines(imported) -> None:
    found = imported(
        "H + H --> H2 + H ; 7.8e9 ; unbalanced\n"
        "O2 + eh- --> O2- ; 1.9e12 ; too fast\n"
        "H + OH --> H2O ; 7e9 ; x\n"
        "H + OH --> H2O ; 8e9 ; again\n"
        "Qq + H --> H2 ; 1e9 ; no such element\n"
        "H --> ; 1e9\n"
        "AgO+ + Ag+ + 2 H+ --> 2 Ag^2+ + H2O ; 7e7 ; four bodies\n"
    )
    told = "\n".join(str(p) for p in found.problems)
    for words in (
        "line 1: 2 H -> H2 + H: is not balanced",
        "line 2: O2 + e_aq- -> O2-: k = 1.9e+12",
        "H + OH -> H2O: appears twice",
        'species "Qq" (line 5)',
        'line 6 "H --> ; 1e9"',
        "line 7: AgO+ + Ag+ + 2 H+ -> 2 Ag2+ + H2O: order 4",
    ):
        assert words in told
    assert len(found.problems) == 6
    with pytest.raises(MechanismError) as caught:
        found.mechanism()
    assert caught.value.problems == found.problems


def test_a_constant_of_zero_is_left_out_and_told(imported) -> None:
    found = imported("H + H --> H2 ; 0 ; unknown\nH + OH --> H2O ; 7e9 ; x")
    assert len(found.mechanism().reactions) == 1
    assert any("line 1" in r and "left out" in r for r in found.remarks)


@pytest.mark.parametrize(
    ("text", "conditions", "words"),
    [
        ("", None, "no reaction"),
        ("H + H --> H2 ; 1e9 ; 1e9 ; kJ?", None, "Arrhenius"),
        ("H + 9 H2O --> H2 + OH + 8 H2O ; 1 ; x", None, "order 10"),
        ("H + H --> H2 ; 7.8e9 ; x", "\tc0\tg\nH2O 1.0 0\n", "liquid water"),
    ],
)
def test_nonsense_is_refused(imported, text: str, conditions: str | None, words: str) -> None:
    assert words in "\n".join(str(p) for p in imported(text, conditions).problems)


@pytest.mark.parametrize("options", [{"water": "maybe"}, {"uncertainty": 0.5}, {"uncertainty": math.nan}])
def test_options_are_checked(imported, options: dict[str, object]) -> None:
    with pytest.raises(InputError):
        imported(DIVIDED_OUT, **options)


# ---------------------------------------------------------------------------------------- the water convention


def test_touched_lines_say_what_both_readings_mean(imported) -> None:
    found = imported(
        "eh- + H2O --> H + OH- ; 19 ; x\n2 eh- + 2 H2O --> H2 + 2 OH- ; 5.5e9 ; x\nH + OH --> H2O ; 7e9 ; x"
    )
    first, second = found.touched
    assert (first.line, first.excluded, first.included) == (1, "19 1/s", "19 L/mol/s = 1056 1/s")
    assert (second.excluded, second.included) == ("5.5e+09 L/mol/s", "5.5e+09 L^3/mol^3/s = 1.698e+13 L/mol/s")
    # simcell's own water multiplies the first by [H2O] and not the second
    assert (first.agrees, second.agrees) == ("included", "excluded")
    assert any(r.startswith("lines 1:") and "--except 1)" in r for r in found.remarks)


@pytest.mark.parametrize(("water", "factor"), [("excluded", 1.0), ("included", WATER)])
def test_convention_multiplies_the_constant(imported, water: str, factor: float) -> None:
    line = "H + H2O --> H2 + OH ; 11 ; x"
    assert imported(line, water=water).mechanism().rate_constants(298.15)[0] == pytest.approx(11 * factor, rel=1e-12)
    other = imported(line, water=water, other_lines=[1]).mechanism().rate_constants(298.15)[0]
    assert other == pytest.approx(11 * WATER / factor, rel=1e-12)


def test_four_concentrations_with_water_are_multiplied_out(imported) -> None:
    found = imported("2 O2- + 2 H2O --> H2O2 + O2 + 2 OH- ; 0.03 ; x", water="included")
    assert found.mechanism().rate_constants(298.15)[0] == pytest.approx(0.03e-3 * WATER**2, rel=1e-12)
    assert any("[H2O]^n is multiplied in" in r for r in found.remarks)


def test_exceptions_must_touch_water(imported) -> None:
    assert [p.value for p in imported(DIVIDED_OUT, other_lines=[2, 6]).problems if p.key == "--except"] == ["2"]


def test_solvent_concentration_is_that_of_the_conditions(imported) -> None:
    found = imported("H + H2O --> H2 + OH ; 11 ; x", "\tc0\tg\nH2O 55.34 0\n", water="included")
    assert found.mechanism().rate_constants(298.15)[0] == pytest.approx(11 * 55.34, rel=1e-12)


# --------------------------------------------------------------------------------------------- the dark test


def test_included_is_refused_where_water_is_divided_out_already(imported) -> None:
    assert not imported(DIVIDED_OUT, CONDITIONS, water="excluded").problems
    problems = {p.key: p.reason for p in imported(DIVIDED_OUT, CONDITIONS, water="included").problems}
    assert set(problems) == {"line 1: H2O -> H+ + OH- and back", "line 5: H2O2 + OH- -> HO2- + H2O and back"}
    assert "K is 55.56 times" in problems["line 1: H2O -> H+ + OH- and back"]
    assert f"K is {1 / WATER:.4g} times" in problems["line 5: H2O2 + OH- -> HO2- + H2O and back"]


def test_excluded_is_refused_where_water_multiplies(imported) -> None:
    text = acid_base(1.4e11 * KW / WATER, 1.3e10 * KW / KA / WATER)
    assert not imported(text, water="included").problems
    assert len(imported(text, water="excluded").problems) == 2


def test_a_mixed_file_needs_its_exceptions(imported) -> None:
    text = acid_base(1.4e11 * KW / WATER, 1.3e10 * KW / KA)
    for water, line in (("excluded", "line 1:"), ("included", "line 5:")):
        found = imported(text, water=water)
        assert [p.key.startswith(line) for p in found.problems] == [True]
    assert not imported(text, other_lines=[1]).problems
    assert not imported(text, water="included", other_lines=[6]).problems


def test_stated_uncertainty_lets_small_gaps_pass_and_no_wrong_convention(imported) -> None:
    text = acid_base(1.4e11 * KW, 1.2 * 1.3e10 * KW / KA)
    found = imported(text)
    assert any("--uncertainty" in r for r in found.remarks)
    assert [p.key[:6] for p in found.problems] == ["line 5"]
    assert not imported(text, uncertainty=1.15).problems
    assert {r.uncertainty for r in imported(text, uncertainty=1.15).mechanism().reactions} == {1.15}
    assert imported(text, water="included", uncertainty=1.15).problems


def _dark(found: AurachImport, factors: dict[str, float] | None = None) -> dict[str, float]:
    """Keep 1 mM H2O2, put in undissociated, in the dark until nothing moves; concentrations in mol/L."""
    conditions = Conditions(298.15, 0.0, Schedule.constant(1e3), totals={"H2O2": 1.0})
    setup = prepare(found.mechanism(), conditions)
    net = setup.problem.net
    k = setup.problem.k * [(factors or {}).get(r.equation, 1.0) for r in net.mechanism.reactions]
    start = net.pack({"H2O2": 1.0, "H+": 1e-4, "OH-": 1e-4})
    problem: Problem0D = dataclasses.replace(setup.problem, k=k, start=start)
    end = integrate(problem, np.array([1e3]), rtol=1e-9).concentration[0] / 1000.0
    return {name: float(end[i]) for name, i in net.index.items()}


def test_in_the_dark_the_pK_comes_back(imported) -> None:
    c = _dark(imported(DIVIDED_OUT, CONDITIONS))
    assert -math.log10(c["H+"] * c["OH-"]) == pytest.approx(PKW, abs=1e-6)
    assert -math.log10(c["H+"] * c["HO2-"] / c["H2O2"]) == pytest.approx(PKA, abs=1e-6)
    # electroneutrality: h^2 = Kw + Ka [H2O2], and hardly any of 1 mM dissociates
    hydrogen = math.sqrt(KW + KA * c["H2O2"])
    assert c["HO2-"] == pytest.approx(KA * c["H2O2"] / hydrogen, rel=1e-6)
    assert c["HO2-"] == pytest.approx(2.02e-8, rel=2e-3)


def test_dark_test_with_constants_as_they_circulate(imported) -> None:
    # H2O -> H+ + OH- with water, HO2- + H2O without: the right reading, and what multiplying all lines gives
    text = acid_base(2.599e-5, 58202729.542927094).replace("1.4e11", "1.43e11")
    found = imported(text, CONDITIONS, other_lines=[1])
    right = _dark(found)
    wrong = _dark(found, {"HO2- + H2O -> H2O2 + OH-": WATER})

    def pKa(c: dict[str, float]) -> float:
        return -math.log10(c["H+"] * c["HO2-"] / c["H2O2"])

    assert right["HO2-"] == pytest.approx(2.03e-8, rel=3e-3)
    assert pKa(right) == pytest.approx(11.647, abs=1e-3)
    assert wrong["HO2-"] == pytest.approx(4.18e-10, rel=3e-3)
    assert pKa(wrong) == pytest.approx(13.36, abs=5e-3)


# ------------------------------------------------------------------------------------------------ command line


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with both files the current one."""
    monkeypatch.chdir(tmp_path)
    Path("r.txt").write_text(DIVIDED_OUT, encoding="utf-8")
    Path("c.txt").write_text(CONDITIONS, encoding="utf-8")
    return tmp_path


IMPORT = ("new", "mechanism", "--from-aurach", "r.txt")


def test_command_writes_a_mechanism_that_loads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([*IMPORT, "--conditions", "c.txt", "-o", "mine.toml"]) == 0
    told = capsys.readouterr()
    assert "HO2- + H2O -> H2O2 + OH-" in told.out
    assert "[electrolyte]" in told.out
    assert "taken as excluded" in told.err
    assert load_mechanism("mine.toml", folder).name == "mine"


def test_command_refuses_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([*IMPORT, "--water", "included"]) == 2
    assert "does not close" in capsys.readouterr().err
    assert {p.name for p in folder.iterdir()} == {"r.txt", "c.txt"}


@pytest.mark.usefixtures("folder")
def test_command_asks_at_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    answers = iter(["perhaps", "Included"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(command.typer, "prompt", lambda *_, **__: next(answers))
    assert execute([*IMPORT]) == 2
    assert "does not close" in capsys.readouterr().err
    assert next(answers, None) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("new", "mechanism"), "--from-aurach"),
        (("new", "mechanism", "--from-aurach", "absent.txt"), "cannot be read"),
        (("new", "mechanism", "--from-aurach", "."), "cannot be read"),
        ((*IMPORT, "--conditions", "absent.txt"), "--conditions"),
        ((*IMPORT, "--water", "perhaps"), "excluded or included"),
        ((*IMPORT, "--except", "one"), "line number"),
        ((*IMPORT, "--except", "99"), "H2O on the left"),
        ((*IMPORT, "--formula", "HROH"), "--formula"),
        ((*IMPORT, "--uncertainty", "0.5"), "at least 1"),
        ((*IMPORT, "-o", "mine.yaml"), ".toml"),
        (("new", "radiolysis", "--water", "excluded"), "belongs to an import"),
    ],
)
def test_bad_options(folder: Path, arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(list(arguments)) == 2
    assert words in capsys.readouterr().err
    assert {p.name for p in folder.iterdir()} == {"r.txt", "c.txt"}


def test_nothing_of_a_shipped_mechanism_changes_when_it_is_written_as_aurach_text(imported) -> None:
    """Write simcell's water as AuRaCh text, import it, and get the same effective constants back."""
    water = load_mechanism("water")
    lines, others = [], []
    for n, r in enumerate(water.reactions, 1):
        sides = [
            " + ".join(f"{i} {s}" if i > 1 else s for s, i in side.items()).replace("e_aq-", "eh-")
            for side in (r.reactants, r.products)
        ]
        k = r.law.value(298.15) * 1000.0 ** (len(r.counted) + r.solvent_order - 1)
        lines.append(f"{sides[0]} --> {sides[1]} ; {k!r} ; {r.source}")
        others += [n] if r.solvent_order else []
    found = imported("\n".join(lines), other_lines=others, uncertainty=1.2)
    back = found.mechanism()
    assert back.rate_constants(298.15) == pytest.approx(water.rate_constants(298.15), rel=1e-12)
    assert [dict(r.change) for r in back.reactions] == [dict(r.change) for r in water.reactions]
    assert mechanism_from_dict(tomllib.loads(found.toml)).species.keys() == water.species.keys()

"""Data of the solute mechanisms, read with plain tomllib and checked by a parser of their own.

The package checks the same files on loading; this is the second pair of eyes, which shares no code with it.
"""

from __future__ import annotations

import functools
import math
import re
import tomllib
from collections import Counter
from importlib import resources
from typing import Any

import pytest

SOLUTES = [
    "chloride", "bromide", "nitrate", "haucl4", "sulfate", "perchlorate", "carbonate", "phosphate", "alcohols",
    "silver", "copper", "zinc",
]  # fmt: skip
INERT = {"perchlorate"}  # no reaction at all, and says so
UNIT_OF_ORDER = {0: "mol/L/s", 1: "1/s", 2: "L/mol/s", 3: "L^2/mol^2/s"}
ONSAGER = 0.7135  # nm, water at 25 degC
AVOGADRO = 6.02214076e23


@functools.cache
def read(name: str) -> dict[str, Any]:
    folder = resources.files("simcell") / "data" / "mechanisms"
    return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))


def chain(name: str) -> list[dict[str, Any]]:
    """The file and everything that it extends, the base first."""
    data = read(name)
    return [*(chain(data["extends"]) if "extends" in data else []), data]


def side(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for term in text.split(" + "):
        number, species = re.fullmatch(r"(?:(\d+) )?(\S+)", term.strip()).groups()  # type: ignore[union-attr]
        counts[species] += int(number or 1)
    return counts


def sides(equation: str) -> tuple[Counter[str], Counter[str]]:
    left, right = equation.split(" -> ")
    return side(left), side(right)


@functools.cache
def species_of(name: str) -> dict[str, dict[str, Any]]:
    return {s: table for data in chain(name) for s, table in data["species"].items()}


def totals(counts: Counter[str], species: dict[str, dict[str, Any]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for s, n in counts.items():
        sums["charge"] += n * species[s]["charge"]
        for element, atoms in species[s]["composition"].items():
            sums[element] += n * atoms
    return {k: v for k, v in sums.items() if v}


def order(reaction: dict[str, Any]) -> int:
    left, _ = sides(reaction["equation"])
    counted = reaction.get("species_in_rate", [s for s, n in left.items() for _ in range(n)])
    water = left["H2O"] if reaction.get("water_in_rate") else 0
    return sum(s != "H2O" for s in counted) + water


def amount(rate: str) -> float:
    return float(rate.split()[0])


REACTIONS = [pytest.param(name, r, id=f"{name}: {r['equation']}") for name in SOLUTES for r in read(name)["reaction"]]


@pytest.mark.parametrize(("name", "reaction"), REACTIONS)
def test_elements_and_charge_balance(name: str, reaction: dict[str, Any]) -> None:
    left, right = sides(reaction["equation"])
    assert totals(left, species_of(name)) == totals(right, species_of(name))


@pytest.mark.parametrize(("name", "reaction"), REACTIONS)
def test_unit_fits_order(name: str, reaction: dict[str, Any]) -> None:
    if reaction.get("law") == "reverse":
        assert "rate" not in reaction
        return
    value, unit = reaction["rate"].split()
    assert unit == UNIT_OF_ORDER[order(reaction)]
    assert 0.0 < float(value) < 2e11


@pytest.mark.parametrize(("name", "reaction"), REACTIONS)
def test_water_flag_is_given_exactly_where_water_reacts(name: str, reaction: dict[str, Any]) -> None:
    left, _ = sides(reaction["equation"])
    assert ("water_in_rate" in reaction) == bool(left["H2O"])


@pytest.mark.parametrize(("name", "reaction"), REACTIONS)
def test_uncertainty_has_a_source_and_agrees_with_the_note(name: str, reaction: dict[str, Any]) -> None:
    """A factor of 1 + sigma/k, rounded, for constants given as k +/- sigma."""
    assert ("uncertainty" in reaction) == ("uncertainty_source" in reaction)
    if "uncertainty" in reaction:
        k, sigma = map(float, re.match(r"([\d.]+) \+/- ([\d.]+)", reaction["note"]).groups())  # type: ignore[union-attr]
        assert reaction["uncertainty"] == pytest.approx(1.0 + sigma / k, abs=0.011)


def diffusivity(s: str, species: dict[str, dict[str, Any]]) -> float:
    """The given one [m^2/s], else 1.5e-9 as is usual for small molecules and ions."""
    return float(species[s].get("diffusivity", "1.5e-9 m^2/s").split()[0])


@pytest.mark.parametrize(("name", "reaction"), REACTIONS)
def test_not_faster_than_diffusion_or_says_why(name: str, reaction: dict[str, Any]) -> None:
    """Smoluchowski with the Debye factor at a contact distance of 1 nm."""
    if order(reaction) != 2 or "rate" not in reaction or reaction.get("water_in_rate"):
        return
    species = species_of(name)
    left, _ = sides(reaction["equation"])
    one, two = reaction.get("species_in_rate", [s for s, n in left.items() for _ in range(n) if s != "H2O"])
    x = species[one]["charge"] * species[two]["charge"] * ONSAGER
    debye = x / math.expm1(x) if x else 1.0
    limit = 4e3 * math.pi * AVOGADRO * (diffusivity(one, species) + diffusivity(two, species)) * 1e-9 * debye
    limit /= 2 if one == two else 1
    assert (amount(reaction["rate"]) > limit) == ("exceeds_diffusion_limit" in reaction)


@pytest.mark.parametrize("name", SOLUTES)
def test_every_source_resolves_and_every_reference_is_used(name: str) -> None:
    known = {entry["key"] for data in chain(name) for entry in data.get("references", ())}
    data = read(name)
    used = {r["source"] for r in data["reaction"]} | {e["source"] for e in data.get("equilibrium", ())}
    used |= {r["uncertainty_source"] for r in data["reaction"] if "uncertainty_source" in r}
    used |= {s["diffusivity_source"] for s in data["species"].values() if "diffusivity_source" in s}
    assert used <= known
    words = " ".join(str(e.get("note", "")) for e in [*data["reaction"], *data.get("equilibrium", ())])
    own = {entry["key"] for entry in data["references"]}
    assert {key for key in own - used if key not in words} == set()


@pytest.mark.parametrize("name", SOLUTES)
def test_no_reaction_twice(name: str) -> None:
    keys = [tuple(frozenset(x.items()) for x in sides(r["equation"])) for data in chain(name) for r in data["reaction"]]
    assert [k for k, n in Counter(keys).items() if n > 1] == []


@pytest.mark.parametrize("name", SOLUTES)
def test_every_new_species_is_made_or_eaten(name: str) -> None:
    """A species without a reaction, or with a misspelt name, would sit in the state vector for nothing."""
    reacting = {s for r in read(name)["reaction"] for x in sides(r["equation"]) for s in x}
    assert set(read(name)["species"]) <= reacting or name in INERT
    assert (not read(name)["reaction"]) == (name in INERT)
    assert reacting <= set(species_of(name))


@pytest.mark.parametrize("name", SOLUTES)
def test_says_what_is_missing_and_where_it_holds(name: str) -> None:
    data = read(name)
    assert data["temperature"] == {"from": "25 degC", "to": "25 degC"}
    assert len(data["gaps"]) >= 5
    assert all(gap.startswith(f"{name}: ") for gap in data["gaps"])


def rates(*names: str) -> dict[str, float]:
    return {r["equation"]: amount(r["rate"]) for n in names for r in read(n)["reaction"] if "rate" in r}


KW = 10**-13.999
CYCLES = [
    # two ways to K of the same reaction; the allowed difference in log10: two published digits, unless noted
    pytest.param(
        "chloride", "ClOH- -> Cl + OH-", "Cl + OH- -> ClOH-",
        [("ClOH- + H+ -> Cl + H2O", "Cl + H2O -> ClOH- + H+")], KW, 0.02, id="ClOH- = Cl + OH-",
    ),
    pytest.param(
        "chloride", "ClOH- + Cl- -> Cl2- + OH-", "Cl2- + OH- -> ClOH- + Cl-",
        [("ClOH- + H+ -> Cl + H2O", "Cl + H2O -> ClOH- + H+"), ("Cl + Cl- -> Cl2-", "Cl2- -> Cl + Cl-")],
        KW, 0.005, id="ClOH- + Cl- = Cl2- + OH-",
    ),
    pytest.param(
        "chloride", "Cl2 + OH- -> HOCl + Cl-", "HOCl + Cl- -> Cl2 + OH-",
        [("Cl2 + H2O -> HOCl + Cl- + H+", "HOCl + Cl- + H+ -> Cl2 + H2O")], 1 / KW, 0.005, id="Cl2 + OH-",
    ),
    pytest.param(
        "bromide", "BrOH- -> Br + OH-", "Br + OH- -> BrOH-",
        [("BrOH- + H+ -> Br + H2O", "Br + H2O -> BrOH- + H+")], KW, 0.02, id="BrOH- = Br + OH-",
    ),
    pytest.param(
        "bromide", "BrOH- + Br- -> Br2- + OH-", "Br2- + OH- -> BrOH- + Br-",
        [("BrOH- + H+ -> Br + H2O", "Br + H2O -> BrOH- + H+"), ("Br + Br- -> Br2-", "Br2- -> Br + Br-")],
        KW, 0.005, id="BrOH- + Br- = Br2- + OH-",
    ),
    # pK of peroxynitric acid from pK of HO2; allowed: two sigma of the two formation constants
    pytest.param(
        "nitrate", "O2- + NO2 -> O2NOO-", "O2NOO- -> O2- + NO2",
        [("HO2 + NO2 -> O2NOOH", "O2NOOH -> HO2 + NO2")], 10 ** (4.57 - 5.85), 0.20, id="peroxynitrate",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "forward", "back", "pairs", "factor", "allowed"), CYCLES)
def test_cycles_close(
    name: str, forward: str, back: str, pairs: list[tuple[str, str]], factor: float, allowed: float
) -> None:
    k = rates(name)
    around = factor * math.prod(k[f] / k[b] for f, b in pairs)
    assert math.log10(k[forward] / k[back] / around) == pytest.approx(0.0, abs=allowed)


@pytest.mark.parametrize(
    ("name", "forward", "back", "published", "relative"),
    [
        # Kläning and Wolff 1985: chlorine and bromine atoms are weak acids, pKa 5.1 and 10.5
        ("chloride", "Cl + H2O -> ClOH- + H+", "ClOH- + H+ -> Cl + H2O", 10**-5.1, 0.12),
        ("bromide", "Br + H2O -> BrOH- + H+", "BrOH- + H+ -> Br + H2O", 10**-10.5, 0.12),
        # Yu and Barker 2003: (1.4 +/- 0.2) e5
        ("chloride", "Cl + Cl- -> Cl2-", "Cl2- -> Cl + Cl-", 1.4e5, 0.15),
        # Wang and Margerum 1994: 1.04e-3 at 0.5 mol/L
        ("chloride", "Cl2 + H2O -> HOCl + Cl- + H+", "HOCl + Cl- + H+ -> Cl2 + H2O", 1.04e-3, 0.06),
        # Beckwith et al. 1996: (6.1 +/- 0.1) e-9 at 0.5 mol/L
        ("bromide", "Br2 + H2O -> HOBr + Br- + H+", "HOBr + Br- + H+ -> Br2 + H2O", 6.1e-9, 0.02),
        # the note of that line
        ("silver", "Ag2+ + H2O -> AgOH+ + H+", "AgOH+ + H+ -> Ag2+ + H2O", 10**-5.53, 0.01),
        # Ulanski and von Sonntag 2000
        ("copper", "OH + Cu2+ -> CuOH^2+", "CuOH^2+ -> OH + Cu2+", 3.7e4, 0.01),
        # Wang et al. 1994: 16.1 at 1 mol/L
        ("bromide", "Br2 + Br- -> Br3-", "Br3- -> Br2 + Br-", 16.1, 0.02),
    ],
)
def test_equilibrium_constants_of_other_papers_come_out(
    name: str, forward: str, back: str, published: float, relative: float
) -> None:
    k = rates(name)
    assert k[forward] / k[back] == pytest.approx(published, rel=relative)


def pk(name: str, acid: str) -> float:
    return next(e["pK"] for e in read(name)["equilibrium"] if e["reaction"].startswith(f"{acid} "))


def test_derived_rates_of_bicarbonate_are_those_that_were_measured() -> None:
    """Johnson 1982: H+ + HCO3- (7.6 +/- 1.1) e4 L/mol/s, HCO3- -> CO2 + OH- (1.8 +/- 0.3) e-4 1/s."""
    k = rates("carbonate")
    ka = 10 ** -pk("carbonate", "CO2")
    assert k["CO2 + H2O -> H+ + HCO3-"] / ka == pytest.approx(7.6e4, abs=1.1e4)
    assert k["CO2 + OH- -> HCO3-"] * KW / ka == pytest.approx(1.8e-4, abs=0.3e-4)


def test_measured_constant_of_sulfate_radical_fits_the_optical_one() -> None:
    """Bao and Barker 1996: 2k/epsilon = (2.5 +/- 0.2) e5 cm/s; Jiang et al. 1992: epsilon = 1600 L/mol/cm."""
    assert rates("sulfate")["SO4- + SO4- -> S2O8^2-"] == pytest.approx(0.5 * 2.5e5 * 1600, rel=0.01)


def test_reduction_of_copper_is_the_mean_of_what_is_listed() -> None:
    """Buxton 1988, entry 6.166: the transcription that was read prints another average."""
    listed = [3.1e10, 3.0e10, 4.5e10, 2.9e10, 3.0e10]
    assert rates("copper")["e_aq- + Cu2+ -> Cu+"] == pytest.approx(sum(listed) / 5, rel=0.01)

"""The shipped data on water, read with tomllib alone so that these tests don't depend on the loader."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "simcell" / "data"
COUNTS = {"water": (73, 16), "water-eb09": (49, 14)}  # reactions, species with water
YIELDS = [("water", "HS300"), ("water", "PAST"), ("water", "EB25"), ("water-eb09", "EB")]
RATE_UNITS = {0: "mol/L/s", 1: "1/s", 2: "L/mol/s"}

# k of Elliot & Bartels 2009 at 25, 60 and 90 degC in mol, L, s; back reactions from detailed balance
EB09 = {
    "2 e_aq- + 2 H2O -> H2 + 2 OH-": (7.25983e9, 1.81141e10, 3.25798e10),
    "2 OH -> H2O2": (4.81405e9, 6.78824e9, 8.31499e9),
    "e_aq- + OH -> OH-": (3.55322e10, 5.49702e10, 7.67098e10),
    "e_aq- + O2 -> O2-": (2.29051e10, 3.75322e10, 5.31292e10),
    "H + H2O2 -> OH + H2O": (3.65034e7, 8.91356e7, 1.67069e8),
    "H + O2 -> HO2": (1.30766e10, 2.10384e10, 2.80521e10),
    "HO2 + O2- -> HO2- + O2": (1.00175e8, 1.41208e8, 1.79797e8),
    "OH + H2 -> H + H2O": (3.95352e7, 8.6055e7, 1.45904e8),
    "O3- -> O2 + O-": (2616.92, 18511.0, 73340.1),
    "H+ + OH- -> H2O": (1.17766e11, 2.10688e11, 2.94425e11),
    "H2O2 + OH- -> HO2- + H2O": (1.33034e10, 2.52378e10, 3.65167e10),
    "e_aq- + H+ -> H": (2.09489e10, 3.30007e10, 4.80189e10),
    "H + OH- -> e_aq- + H2O": (2.44038e7, 1.30029e8, 3.75055e8),
    "H2O -> H+ + OH-": (1.1727e-3, 0.0197066, 0.106548),
    "H2O2 -> H+ + HO2-": (0.0942799, 0.710404, 2.25233),
    "HO2 -> O2- + H+": (772661.0, 1.64563e6, 2.26115e6),
    "H -> e_aq- + H+": (5.83224, 108.076, 753.954),
    "O- + H2O -> OH + OH-": (7.05674e7, 2.84303e8, 6.81109e8),
    "e_aq- + H2O -> H + OH-": (872.877, 3713.67, 8644.35),
}

# Schneider et al. 2014, as in the authors' code: what decides the base case (7.5e7 Gy/s, neat water)
SCHNEIDER = {
    "e_aq- + H2O -> H + OH-": 19.0,
    "H + H2O -> H2 + OH": 11.0,
    "2 e_aq- + 2 H2O -> H2 + 2 OH-": 5.5e9,
    "e_aq- + H + H2O -> H2 + OH-": 2.5e10,
    "e_aq- + OH -> OH-": 3.0e10,
    "e_aq- + H2O2 -> OH + OH-": 1.1e10,
    "e_aq- + O2 -> O2-": 1.9e10,
    "2 H -> H2": 7.8e9,
    "2 OH -> H2O2": 3.6e9,
    "OH + H2 -> H + H2O": 4.3e7,
    "OH + H2O2 -> HO2 + H2O": 2.7e7,
    "OH + O2- -> OH- + O2": 8.2e9,
    "H + O2 -> HO2": 2.1e10,
    "2 HO2 -> H2O2 + O2": 7.0e5,
    "HO2 + O2- -> HO2- + O2": 8.0e7,
    "O3- -> O2 + O-": 3300.0,
    "HO3 -> O2 + OH": 1.1e5,
    "H+ + OH- -> H2O": 1.4e11,
}


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def mechanism(name: str) -> dict[str, Any]:
    return read(f"mechanisms/{name}.toml")


def side(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for term in text.split(" + "):
        words = term.split()
        counts[words[-1]] += int(words[0]) if len(words) == 2 else 1
    return counts


def sides(equation: str) -> tuple[Counter[str], Counter[str]]:
    left, right = equation.split(" -> ")
    return side(left), side(right)


def number(text: str) -> tuple[float, str]:
    value, unit = text.split(" ", 1)
    return float(value), unit


def imbalance(species: dict[str, Any], change: dict[str, float]) -> dict[str, float]:
    """Sum of charge, H and O over a change."""
    total = {"charge": math.fsum(species[s]["charge"] * n for s, n in change.items())}
    for element in ("H", "O"):
        total[element] = math.fsum(species[s]["composition"].get(element, 0) * n for s, n in change.items())
    return total


def pK(data: dict[str, Any], acid: str, t: float) -> float:
    (entry,) = [e for e in data["equilibrium"] if e["reaction"].split(" -> ")[0] == acid]
    return sum(p * t**i for i, p in enumerate(entry.get("pK_polynomial", [entry.get("pK")])))


def rate(data: dict[str, Any], equation: str, t: float) -> float:
    """Constant at t/degC in mol, L, s; a back reaction from its forward one and the pK values."""
    (r,) = [r for r in data["reaction"] if r["equation"] == equation]
    kelvin = t + 273.15
    if "rate" in r:
        return number(r["rate"])[0]
    if r["law"] == "exp":
        return number(r["A"])[0] * math.exp(-number(r["B"])[0] / kelvin)
    if r["law"] == "log10_polynomial":
        return 10.0 ** sum(c / kelvin**i for i, c in enumerate(r["c"]))
    left, right = sides(equation)
    (forward,) = [q["equation"] for q in data["reaction"] if sides(q["equation"]) == (right, left)]
    if "H+" in right:  # acid -> H+ + base
        return rate(data, forward, t) * 10.0 ** -pK(data, next(iter(left)), t)
    (acid,) = set(right) - {"OH-"}  # base + H2O -> acid + OH-
    return rate(data, forward, t) * 10.0 ** (pK(data, acid, t) - pK(data, "H2O", t))


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name: str) -> None:
    data = mechanism(name)
    assert (len(data["reaction"]), len(data["species"])) == COUNTS[name]
    assert len({str(sides(r["equation"])) for r in data["reaction"]}) == COUNTS[name][0]


@pytest.mark.parametrize("name", COUNTS)
def test_every_reaction_and_equilibrium_balances(name: str) -> None:
    data = mechanism(name)
    for equation in [r["equation"] for r in data["reaction"]] + [e["reaction"] for e in data["equilibrium"]]:
        left, right = sides(equation)
        right.subtract(left)
        assert not any(imbalance(data["species"], right).values()), equation


@pytest.mark.parametrize("name", COUNTS)
def test_water_flags_and_units_fit_the_rate_law(name: str) -> None:
    data = mechanism(name)
    counted = []
    for r in data["reaction"]:
        left, _ = sides(r["equation"])
        assert ("water_in_rate" in r) == ("H2O" in left), r["equation"]
        order = sum(n for s, n in left.items() if s != "H2O")
        if r.get("water_in_rate"):
            counted.append(r["equation"])
            order += left["H2O"]
        unit = number(r["rate"])[1] if "rate" in r else number(r["A"])[1] if "A" in r else r.get("unit")
        assert unit == (None if r.get("law") == "reverse" else RATE_UNITS[order]), r["equation"]
    hydrated_electron = ["e_aq- + H2O -> H + OH-"] if name == "water" else []
    assert counted == [*hydrated_electron, "H + H2O -> H2 + OH"]


@pytest.mark.parametrize("name", COUNTS)
def test_every_source_is_a_reference_and_every_reference_is_used(name: str) -> None:
    data = mechanism(name)
    known = {r["key"] for r in data["references"]}
    used = {d["diffusivity_source"] for d in data["species"].values() if "diffusivity_source" in d}
    for table in [*data["reaction"], *data["equilibrium"], *data["g_values"]]:
        used |= {table["source"], *table.get("uncertainty_source", table["source"]).split(", ")}
        assert ("uncertainty" in table) == ("uncertainty_source" in table), table
        assert table.get("uncertainty", 1.0) < 2.5
    assert used <= known
    notes = " ".join(str(t.get("note", "")) for t in [*data["reaction"], *data["equilibrium"]])
    assert not [key for key in known - used if key not in notes]


def test_diffusivities() -> None:
    both = [mechanism(name)["species"] for name in COUNTS]
    for name, entry in both[0].items():
        if name == "H2O":
            continue
        d, unit = number(entry["diffusivity"])
        assert unit == "m^2/s"
        assert 1e-9 < d < 1e-8, name
        assert name not in both[1] or both[1][name] == entry
    assert number(both[0]["H+"]["diffusivity"])[0] == 9.31e-9  # not the 4.42e-9 of a public code


@pytest.mark.parametrize("equation", SCHNEIDER)
def test_schneider_constants(equation: str) -> None:
    assert rate(mechanism("water"), equation, 25.0) == SCHNEIDER[equation]


def test_schneider_back_reactions_follow_from_the_pK_values() -> None:
    data = mechanism("water")
    k = {r["equation"]: number(r["rate"])[0] for r in data["reaction"]}
    water = pK(data, "H2O", 25.0)
    for acid, base in (("H2O2", "HO2-"), ("OH", "O-"), ("HO2", "O2-")):
        own = pK(data, acid, 25.0)
        dissociation = {e: v for e, v in k.items() if sides(e) == (side(acid), side(f"{base} + H+"))}
        association = {e: v for e, v in k.items() if sides(e) == (side(f"{base} + H+"), side(acid))}
        (kf,), (kb,) = dissociation.values(), association.values()
        assert kf / kb == pytest.approx(10**-own, rel=1e-5)  # constants have six digits
        ratio = k[f"{base} + H2O -> {acid} + OH-"] / k[f"{acid} + OH- -> {base} + H2O"]
        assert ratio == pytest.approx(10 ** (own - water), rel=1e-5)
    assert k["H2O -> H+ + OH-"] / k["H+ + OH- -> H2O"] == pytest.approx(10**-water, rel=1e-5)
    forward, back = k["H + OH- -> e_aq- + H2O"], k["e_aq- + H2O -> H + OH-"] * 55.56
    # open as published; the loader weighs it against the uncertainties
    assert forward / back * 10 ** (pK(data, "H", 25.0) - water) == pytest.approx(1.23, abs=0.005)


@pytest.mark.parametrize("equation", EB09)
def test_elliot_bartels_laws(equation: str) -> None:
    data = mechanism("water-eb09")
    for t, k in zip((25.0, 60.0, 90.0), EB09[equation], strict=True):
        assert rate(data, equation, t) == pytest.approx(k, rel=2e-5)


def test_elliot_bartels_water_product_is_per_litre() -> None:
    """The file's quartic against the report's pK of [H+][OH-]/[H2O] and density of water."""
    data = mechanism("water-eb09")
    for t in range(0, 101, 5):
        published = 16.690 - 4.262e-2 * t + 2.071e-4 * t**2 - 5.594e-7 * t**3 + 7.161e-10 * t**4
        density = 0.999 + 1.094e-4 * t - 7.397e-6 * t**2 + 2.693e-8 * t**3 - 4.714e-11 * t**4
        assert pK(data, "H2O", t) == pytest.approx(published - math.log10(1000 * density / 18.0), abs=1e-5)


@pytest.mark.parametrize(("name", "label"), YIELDS)
@pytest.mark.parametrize("t", [25.0, 80.0])
def test_yields_balance(name: str, label: str, t: float) -> None:
    data = mechanism(name)
    assert data["g_values"][0]["name"] == ("HS300" if name == "water" else "EB")  # the first is the default
    (table,) = [g for g in data["g_values"] if g["name"] == label]
    assert table["unit"] == "1/(100 eV)"
    g = {s: sum(c * t**i for i, c in enumerate(p)) for s, p in table.get("polynomial", {}).items()}
    g |= table.get("values", {})
    if "balanced_by" in table:
        assert table["balanced_by"] == ["H+", "OH", "H2O"]
        g["H+"] = g["e_aq-"]
        g["OH"] = g["e_aq-"] + g["H"] + 2 * g["H2"] - 2 * g["H2O2"]
        g["H2O"] = -(g["OH"] + 2 * g["H2O2"])
    assert max(map(abs, imbalance(data["species"], g).values())) < 1e-12


def test_elliot_bartels_yields_at_25_degC() -> None:
    polynomial = mechanism("water-eb09")["g_values"][0]["polynomial"]
    (at_25,) = [g["values"] for g in mechanism("water")["g_values"] if g["name"] == "EB25"]
    for species, p in polynomial.items():
        assert sum(c * 25.0**i for i, c in enumerate(p)) == pytest.approx(at_25[species], abs=5.1e-5)


# two digits of Sander 2023 at 25 degC [mol/m^3/Pa], and the coefficients of IAPWS G7-04
HENRY = {
    "H2": (7.8e-6, (-4.73284, 6.08954, 6.06066)),
    "O2": (1.3e-5, (-9.44833, 4.43822, 11.42005)),
    "N2": (6.5e-6, (-9.67578, 4.72162, 11.70585)),
    "Ar": (1.4e-5, (-8.40954, 4.29587, 10.52779)),
    "He": (3.9e-6, (-3.52839, 7.12983, 4.47770)),
    "CO": (9.7e-6, (-10.52862, 5.13259, 12.01421)),
    "CO2": (3.3e-4, (-8.55445, 4.01195, 9.52345)),
    "CH4": (1.4e-5, (-10.44708, 4.66491, 12.12986)),
    "N2O": (2.4e-4, None),
}


def vapour_pressure(kelvin: float) -> float:
    table = read("atmospheres.toml")["water_vapour"]
    tau = 1.0 - kelvin / number(table["critical_temperature"])[0]
    total = sum(a * tau**b for a, b in zip(table["a"], table["b"], strict=True))
    return 22.064e6 * math.exp(total / (1.0 - tau))


def iapws(coefficients: tuple[float, float, float], kelvin: float) -> float:
    """Solubility [mol/m^3/Pa] from the mole-fraction constant of IAPWS G7-04 and the density of Kell 1975."""
    a, b, c = coefficients
    reduced, t = kelvin / 647.096, kelvin - 273.15
    tau = 1.0 - reduced
    power = (a + b * tau**0.355) / reduced + c * reduced**-0.41 * math.exp(tau)
    kell = (999.83952, 16.945176, -7.9870401e-3, -46.170461e-6, 105.56302e-9, -280.54253e-12)
    density = sum(k * t**i for i, k in enumerate(kell)) / (1.0 + 16.879850e-3 * t)
    return density / 0.01801528 / (vapour_pressure(kelvin) * math.exp(power))


@pytest.mark.parametrize("gas", HENRY)
def test_henry_constants(gas: str) -> None:
    table = read("gases.toml")
    assert table[gas]["source"] in {r["key"] for r in table["references"]}
    assert 0 < table[gas]["uncertainty"] <= 0.05
    h, unit = number(table[gas]["henry"])
    assert unit == "mol/m^3/Pa"
    two_digits, coefficients = HENRY[gas]
    assert float(f"{h:.1e}") == two_digits
    a, b = number(table[gas]["temperature_coefficient"])[0], table[gas]["heat_capacity_coefficient"]
    for t in (1.0, 25.0, 60.0, 99.0):
        kelvin = t + 273.15
        ratio = kelvin / 298.15
        own = math.log(h) + a * (1 / kelvin - 1 / 298.15) + b * (1 / ratio - 1 + math.log(ratio))
        if coefficients is None:  # Weiss & Price 1980, fresh water, mol/L/atm
            source = -62.7062 + 9730.66 / kelvin + 24.1406 * math.log(kelvin / 100) + math.log(1000 / 101325)
        else:
            source = math.log(iapws(coefficients, kelvin))
        assert own == pytest.approx(source, abs=table[gas]["fit_error"] + 3e-4)  # four digits are printed


def test_atmospheres() -> None:
    table = read("atmospheres.toml")
    keys = {r["key"] for r in table["references"]}
    vapour = vapour_pressure(298.15)
    assert vapour == pytest.approx(number(table["water_vapour"]["at_25_degC"])[0], rel=1e-4)
    assert set(table["atmosphere"]) == {"air", "argon", "nitrogen", "oxygen"}
    for entry in table["atmosphere"].values():
        assert entry["source"] in keys
        assert math.fsum(entry["dry_fractions"].values()) == pytest.approx(1.0, abs=1e-6)
        total = number(entry["total_pressure"])[0]
        for gas, fraction in entry["dry_fractions"].items():
            expected = pytest.approx(fraction * (total - vapour), rel=1e-3)
            assert number(entry["partial_pressures"][gas])[0] == expected


def test_air_gives_the_oxygen_of_fresh_water_tables() -> None:
    """8.26 mg/L at 25 degC and 1 atm in tables for fresh water; the Henry constant is good to 4 %."""
    pressure = number(read("atmospheres.toml")["atmosphere"]["air"]["partial_pressures"]["O2"])[0]
    dissolved = pressure * number(read("gases.toml")["O2"]["henry"])[0]
    assert dissolved == pytest.approx(8.26 / 31.998, rel=0.04)

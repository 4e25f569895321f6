"""Shipped electrolytes and metals: sources, units, ranges, and numbers that the sources state."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from simcell.errors import InputError
from simcell.inputs.electrolyte_data import (
    FORMS,
    KINDS,
    UNITLESS,
    load_electrolyte,
    load_metal,
    shipped_electrolytes,
    shipped_metals,
)  # fmt: skip
from simcell.inputs.ions import load_ions

DATA = resources.files("simcell") / "data"
EVERY = (*KINDS, *UNITLESS)


def raw(folder: str, name: str) -> dict:
    return tomllib.loads((DATA / folder / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", shipped_electrolytes())
def test_every_property_has_a_source_or_is_missing(name):
    data, found = raw("electrolytes", name), load_electrolyte(name)
    assert found.name == name
    assert sorted([*found.properties, *found.missing]) == sorted(EVERY)
    keys = {row["key"] for row in data["references"]}
    for row in data.get("property", []):
        assert row["grade"] in ("A", "B")
        first = row["source"].split(";")[0].split(":")[0]
        assert first in keys or "from memory" in row["source"]
        assert ("from memory" in row["source"]) == (row["grade"] == "B")
    for item in found.properties.values():
        assert item.range[0] <= item.range[1]
        assert all(v > 0.0 for v in item.value)
        assert list(item.concentration) == sorted(item.concentration)
        middle = 0.5 * (item.range[0] + item.range[1])
        assert 0.0 < found.at(item.name, middle) < 100.0
    if not found.properties:
        assert found.notes
    for absent in found.missing:
        with pytest.raises(InputError, match="is not known here"):
            found.at(absent, 1.0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LiPF6-EC-EMC", (0.913, 2.89e-10, 2.18, 0.221)),
        ("LiPF6-EC-DMC", (1.182, 2.90e-10, 2.20, 0.325)),
        ("LiPF6-EC-PC-DMC", (1.194, 3.22e-10)),
    ],
)
def test_functions_give_the_known_values_at_one_molar(name, expected):
    found = load_electrolyte(name)
    order = ("conductivity", "diffusivity", "thermodynamic_factor", "transference")
    for what, value in zip(order, expected, strict=False):
        assert found.at(what, 1000.0, 298.15) == pytest.approx(value, rel=3e-3)


def test_fits_grow_with_temperature():
    found = load_electrolyte("LiPF6-EC-EMC")
    for what in ("conductivity", "diffusivity"):
        assert found.at(what, 1000.0, 313.15) > 1.15 * found.at(what, 1000.0, 298.15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load_electrolyte("ZnSO4").at("conductivity", 5000.0), r"5 mol/L.*covers 0.02 to 2 mol/L"),
        (lambda: load_electrolyte("ZnSO4").at("transference", 2000.0), "covers 0.02 to 0.3"),
        (lambda: load_electrolyte("ZnSO4").at("conductivity", 100.0, 320.0), "covers 298.15 to 298.15 K"),
        (lambda: load_electrolyte("LiPF6-EC-EMC").at("thermodynamic_factor", 100.0), "covers 0.3 to 3"),
        (lambda: load_electrolyte("LiPF6"), "is not shipped; there are"),
        (lambda: load_metal("Unobtainium"), "is not shipped"),
        (lambda: load_metal("Li").exchange_current, "published: 8.1 A/m.2 in 0.1 mol/L LiClO4"),
    ],
)
def test_what_is_not_known_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_tables_pass_through_their_points():
    zinc = load_electrolyte("ZnSO4")
    assert [zinc.at("conductivity", c) for c in (20.0, 100.0, 300.0)] == pytest.approx([0.26, 0.9, 2.1])
    assert zinc.at("diffusivity", 200.0) == pytest.approx(0.5 * (6.2e-10 + 5.4e-10))


@pytest.mark.parametrize("name", ["HClO4", "KHCO3"])
def test_dilute_salts_follow_from_their_ions(name):
    """Nernst-Hartley: D = 2 D+ D- / (D+ + D-), t+ = D+ / (D+ + D-)."""
    found, ions = load_electrolyte(name), load_ions()
    plus, minus = (ions[ion] for ion in found.ions)
    assert found.at("diffusivity", 100.0) == pytest.approx(2.0 * plus * minus / (plus + minus), rel=5e-3)
    assert found.at("transference", 100.0) == pytest.approx(plus / (plus + minus), rel=1e-2)


@pytest.mark.parametrize("name", shipped_metals())
def test_metals_have_the_mass_of_their_element_and_a_known_volume(name):
    """Molar volumes [cm^3/mol] as commonly tabulated, to 2 %."""
    volumes = {"Zn": 9.16, "Cu": 7.11, "Li": 13.0, "Na": 23.8, "Mg": 14.0, "Ca": 26.2, "Ag": 10.3}
    metal, data = load_metal(name), raw("metals", name)
    assert metal.molar_volume * 1e6 == pytest.approx(volumes[name], rel=0.02)
    assert metal.ion in load_ions()
    weights = tomllib.loads((DATA / "elements.toml").read_text(encoding="utf-8"))
    if name in weights:
        assert metal.molar_mass * 1e3 == pytest.approx(weights[name]["weight"], rel=1e-4)
    assert data["density_source"]
    assert metal.electrons == int((metal.ion[len(name) :].rstrip("+")) or 1)
    assert all(row["source"] and row["conditions"] for row in data.get("exchange_current", []))


def test_every_form_is_used():
    used = {item.form for name in shipped_electrolytes() for item in load_electrolyte(name).properties.values()}
    assert used - {""} == set(FORMS)

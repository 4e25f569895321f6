"""Every shipped solute mechanism runs in the dark and in the beam, and keeps what must be kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simcell.case import Case
from simcell.errors import InputError
from simcell.inputs.mechanism import load_mechanism
from simcell.studies.run import run_case

LIQUIDS: list[tuple[str, dict[str, Any]]] = [
    ("sulfate", {"concentrations": {"SO4^2-": "0.1 mol/L"}, "pH": 5.0}),
    ("sulfate", {"concentrations": {"HSO4-": "0.1 mol/L"}}),
    ("perchlorate", {"concentrations": {"ClO4-": "0.1 mol/L"}, "pH": 1.0, "counter_ion": "ClO4-"}),
    ("carbonate", {"concentrations": {"Na+": "10 mmol/L", "HCO3-": "10 mmol/L"}}),
    ("carbonate", {"gases": {"CO2": "1 bar"}}),
    ("carbonate", {"concentrations": {"Na+": "10 mmol/L", "HCOO-": "10 mmol/L"}}),
    ("phosphate", {"concentrations": {"H2PO4-": "10 mmol/L"}, "pH": 7.2}),
    ("alcohols", {"concentrations": {"CH3OH": "10 mmol/L"}, "pH": 7.0}),
    ("alcohols", {"concentrations": {"C3H7OH": "10 mmol/L"}, "pH": 7.0, "atmosphere": "air"}),
    ("alcohols", {"concentrations": {"C4H9OH": "10 mmol/L"}, "pH": 7.0}),
    ("silver", {"concentrations": {"Ag+": "1 mmol/L"}, "pH": 5.0}),
    ("copper", {"concentrations": {"Cu2+": "1 mmol/L"}, "pH": 4.0}),
    ("zinc", {"concentrations": {"Zn2+": "0.1 mol/L"}, "pH": 5.0}),
]
IDS = [f"{name} {i}" for i, (name, _) in enumerate(LIQUIDS)]


def run(name: str, liquid: dict[str, Any], dose_rate: str) -> Any:
    case = {
        "case": {"duration": "100 s"},
        "beam": {"dose_rate": dose_rate},
        "electrolyte": {"mechanism": name, **liquid},
        "output": {"times": ["1 ns", "1 ms", "100 s"]},
    }
    return run_case(Case.from_dict(case))["radiolysis"]


@pytest.mark.parametrize(("name", "liquid"), LIQUIDS, ids=IDS)
@pytest.mark.parametrize("dose_rate", ["0 Gy/s", "7.5e7 Gy/s"])
def test_charge_and_atoms_stay(name: str, liquid: dict[str, Any], dose_rate: str) -> None:
    result = run(name, liquid, dose_rate)
    c = result["concentration"]
    species = load_mechanism(name).species
    assert np.all(np.isfinite(c.values)) and c.values.min() >= 0.0
    scale = max(1e-3, float(c.isel(time=0).drop_sel(species="H2O").max()))
    assert float(np.abs(result["charge"]).max()) < 1e-9 * scale
    for element in sorted({e for s in species.values() for e in s.composition} - {"H", "O"}):
        total = sum(species[str(s)].atoms(element) * c.sel(species=s) for s in c.species.values if str(s) in species)
        np.testing.assert_allclose(total, total[0], rtol=1e-9, err_msg=element)


@pytest.mark.parametrize(("name", "liquid"), LIQUIDS, ids=IDS)
def test_nothing_happens_in_the_dark(name: str, liquid: dict[str, Any]) -> None:
    """The speciation at the start is the resting state of the kinetics: pK, rates and water flags agree."""
    c = run(name, liquid, "0 Gy/s")["concentration"]
    first, last = c.isel(time=0).values, c.isel(time=-1).values
    np.testing.assert_allclose(last, first, rtol=1e-4, atol=1e-12 * c.drop_sel(species="H2O").values.max())


def test_bicarbonate_needs_no_ph() -> None:
    """Na+ and HCO3- balance as given; the pH of a bicarbonate solution lies half-way between the two pK."""
    result = run("carbonate", {"concentrations": {"Na+": "0.1 mol/L", "HCO3-": "0.1 mol/L"}}, "0 Gy/s")
    assert float(result["pH"][0]) == pytest.approx((6.352 + 10.329) / 2, abs=0.01)


def test_water_under_air_is_slightly_sour() -> None:
    """Dissolved CO2 stays at its Henry concentration, bicarbonate comes on top: pH = (pK - log10 c) / 2."""
    result = run("carbonate", {"atmosphere": "air"}, "0 Gy/s")
    co2 = float(result["concentration"].sel(species="CO2")[0])
    assert co2 == pytest.approx(0.0138, rel=0.01)
    assert float(result["pH"][0]) == pytest.approx(0.5 * (6.352 - np.log10(1e-3 * co2)), abs=0.01)


def test_gas_adds_to_what_is_dissolved() -> None:
    """With bicarbonate in the case the vessel counts as closed: amounts add up."""
    c = run("carbonate", {"concentrations": {"HCO3-": "1 mmol/L"}, "pH": 8.3, "atmosphere": "air"}, "0 Gy/s")
    c = c["concentration"].isel(time=0)
    total = sum(float(c.sel(species=s)) for s in ("CO2", "HCO3-", "CO3^2-"))
    assert total == pytest.approx(1.0138, rel=1e-3)


def test_lone_ion_is_still_refused() -> None:
    with pytest.raises(InputError, match="give a pH"):
        run("sulfate", {"concentrations": {"Na+": "1 mmol/L"}}, "0 Gy/s")


@pytest.mark.parametrize(
    ("name", "liquid", "water"),
    [
        # what each solute is known for, against neat water under the same beam
        ("alcohols", {"C4H9OH": "10 mmol/L"}, "OH"),
        ("zinc", {"Zn2+": "0.1 mol/L"}, "e_aq-"),
        ("copper", {"Cu2+": "0.01 mol/L"}, "e_aq-"),
        ("silver", {"Ag+": "0.01 mol/L"}, "e_aq-"),
        ("carbonate", {"HCOO-": "10 mmol/L"}, "OH"),
    ],
)
def test_solute_catches_its_radical(name: str, liquid: dict[str, str], water: str) -> None:
    def radical(mechanism: str, concentrations: dict[str, str]) -> float:
        result = run(mechanism, {"concentrations": concentrations, "pH": 5.0}, "1e3 Gy/s")
        return float(result["concentration"].sel(species=water)[1])

    assert radical(name, liquid) < 0.2 * radical("water", {})

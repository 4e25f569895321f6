"""A changed electrolyte: what flows in replaces what was there, at the speed of the flow."""

import numpy as np
import pytest

from simcell.cell.washout import front
from simcell.errors import InputError
from tests.unit.test_space import case_with

CELL = {
    "spacer_height": "500 nm",
    "flow_rate": "0.1 nL/min",
    "flow": {"inlet": "x-", "outlet": "x+"},
}
SECTION = {
    "geometry": "section",
    "extent": "40 um",
    "extent_y": "1 mm",
    "spacing": "200 nm",
    "growth": 1.05,
    "layers": 1,
}
DARK = {"dose_rate": "0 Gy/s"}


def test_an_inert_gas_comes_in_as_the_closed_form_says():
    """Ogata and Banks for an endless gap; one layer, so that nothing disperses across it."""
    speed = 30e-12 / 60.0 / (1e-3 * 500e-9)
    case = case_with(
        beam=DARK, cell={**CELL, "flow_rate": "30 nL/min"}, grid=SECTION, case={"duration": "20 ms"},
        electrolyte={"inflow": {"concentrations": {"Ar": "1 mM"}}}, output={"times": ["10 ms", "20 ms"]},
    )  # fmt: skip
    tree = case.run()
    x = tree["radiolysis/x"].values + 20e-6
    inside = x < 25e-6  # the open end is felt some D / speed = 2.5 um upstream
    for time in (0.01, 0.02):
        ours = tree["radiolysis/concentration"].sel(species="Ar").sel(time=time, method="nearest").values
        expected = np.array([float(front(at, time, speed, 2.5e-9)) for at in x])
        assert expected[0] > 0.9 and expected[-1] < 0.1
        # order 2: the cells are up to 1 um, the front is sqrt(4 D t) = 10 um wide and more
        assert np.abs(ours - expected)[inside].max() < 5e-3


def test_acid_replaces_water_and_stays_neutral():
    case = case_with(
        beam=DARK, cell={**CELL, "flow_rate": "60 nL/min"}, grid=SECTION, case={"duration": "1 s"},
        electrolyte={"pH": 7, "inflow": {"pH": 3, "counter_ion": "ClO4-"}}, output={"times": ["1 s"]},
    )  # fmt: skip
    group = case.run()["radiolysis"]
    np.testing.assert_allclose(group["pH"].values, 3.0, atol=1e-3)
    assert float(np.abs(group["charge"] / group["ionic_strength"]).max()) < 1e-4  # the tolerance of a step


def test_a_changed_electrolyte_needs_a_flow():
    with pytest.raises(InputError, match=r"electrolyte\.inflow: comes with a flow"):
        case_with(electrolyte={"inflow": {"pH": 3}}, grid=SECTION)
    with pytest.raises(InputError, match=r"electrolyte\.inflow\.concentrations\.NaCl.*write Na\+ and Cl-"):
        case_with(electrolyte={"inflow": {"concentrations": {"NaCl": "1 mM"}}}, cell=CELL, grid=SECTION).run()

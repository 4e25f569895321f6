"""A pH that counts H+ alone says nothing of the base beside it: that is told, where base prevails."""

import json

import pytest

from simcell.case import Case


def warnings(pH, dose_rate="7.5e7 Gy/s", ion=None, **grid):
    data = {
        "case": {"duration": "1 s"},
        "beam": {"dose_rate": dose_rate, "diameter": "2 um"},
        "electrolyte": {"pH": pH, **({"counter_ion": ion} if ion else {})},
        "output": {"times": ["1 s"]},
    }

    tree = Case.from_dict({**data, **({"grid": grid} if grid else {})}).run()
    return [w for w in json.loads(tree.attrs["simcell_provenance"])["warnings"] if "is that of H+" in w]


@pytest.mark.parametrize("grid", [{}, {"geometry": "radial", "extent": "10 um", "spacing": "50 nm", "growth": 1.5}])
def test_strong_base_under_the_beam_is_told(grid):
    (text,) = warnings(13.0, ion="Na+", **grid)
    assert "0.1 mol/L of OH- beside it stand for pH 13.00" in text  # 0.1 mol/L, pKw 14.00


def test_neutral_and_acid_liquids_and_those_in_the_dark_are_not():
    assert warnings(7.0) == []
    assert warnings(3.0, ion="ClO4-") == []
    assert warnings(13.0, dose_rate="0 Gy/s", ion="Na+") == []

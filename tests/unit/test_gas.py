"""Gases over a liquid: partial pressures beside water vapour."""

import pytest

from simcell.case import Case
from simcell.chemistry.gas import Atmosphere
from simcell.errors import InputError
from simcell.studies.setup import dissolved, mechanism_of


def test_no_gas_is_left_over_boiling_water():
    with pytest.raises(ValueError, match=r"101325 Pa.*101418 Pa"):
        Atmosphere("oxygen", {"O2": 1.0}, 101325.0).partial_pressures(101418.0)


@pytest.mark.parametrize("atmosphere", ["air", "oxygen"])
def test_an_atmosphere_at_the_boiling_point_is_refused_with_both_pressures(atmosphere):
    case = Case.from_dict(
        {
            "case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
            "electrolyte": {"atmosphere": atmosphere, "temperature": "100 degC"},
        }
    ).input  # fmt: skip
    with pytest.raises(InputError, match=r"electrolyte.atmosphere.*101325 Pa.*1014\d\d Pa.*100 degC"):
        dissolved(case, mechanism_of(case))


def test_just_below_the_boiling_point_a_little_dissolves():
    case = Case.from_dict(
        {
            "case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
            "electrolyte": {"atmosphere": "oxygen", "temperature": "99 degC"},
        }
    ).input  # fmt: skip
    assert 0.0 < dissolved(case, mechanism_of(case))[0]["O2"] < 0.1

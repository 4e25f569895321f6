"""The end of a run in space as text: the right numbers, at the right places, in plain letters."""

import numpy as np
import pytest

from simcell.results import plain, report, space
from tests.in_space import TIMES, tree


def lines(result):
    return dict(line.split(maxsplit=1) for line in report.summary(result, "my run.nc").splitlines())


@pytest.mark.parametrize("geometry", ["radial", "plan", "section", "full"])
def test_a_run_in_space_ends_in_five_rows_and_the_next_command(geometry):
    result = tree(geometry, facts={"record": {"electrolyte": {"pH": 7.0}}})
    text = report.summary(result, "my run.nc")
    assert text.isascii()
    found = lines(result)
    assert list(found) == ["pH", "H2", "gas", "reach", "left", "next"]
    assert found["pH"].startswith("4.70 at the beam, ")
    assert found["pH"].endswith("far away after 10 s (7.00 at the start)")
    assert found["next"] == 'simcell plot "my run.nc" --what reach -o reach.png'


def test_the_numbers_are_those_of_the_result():
    result = tree("radial")
    found = lines(result)
    # exp(-d / L) with L of 5 um (H+, the longest within the grid of 24 um but for 8 um), 50 nm (OH) and 30 nm (e_aq-)
    assert found["reach"].startswith("H2 beyond the grid; ")
    assert "OH 110 nm" in found["reach"] or "OH 120 nm" in found["reach"]
    group = result["radiolysis"]
    peak = float(group["concentration"].sel(species="H2").isel(time=-1).max())
    assert f"up to {peak * 1e3:.3g} uM, {peak / 0.45:.3g} of its saturation" in found["H2"]
    assert f"up to {float(group['gas_pressure'][-1].max()) / 101325.0:.3g} atm after 10 s" in found["gas"]
    assert found["left"].startswith("500 zmol of H2 through the edges of the grid, ")


def test_far_away_is_the_wet_cell_farthest_from_the_beam():
    result = tree("plan", cells=12)
    ph = result["radiolysis/pH"].copy()
    ph[-1, 0, 0] = 3.0
    ph[-1, 4, 0] = 2.5
    result["radiolysis"]["pH"] = ph
    dry = result["cell/volume"].copy()
    dry[[0, -1]] = 0.0  # where the corners are dry, another cell is the farthest
    assert "3.00 far away" in lines(result)["pH"]
    result["cell"]["volume"] = dry
    assert "3.00 far away" not in lines(result)["pH"]


def test_what_a_result_does_not_hold_is_not_told():
    bare = tree(
        "radial",
        [1.0],
        species=["H+"],
        level=[0.02],
        length=[1e-6],
        without=["gas_saturation", "gas_pressure", "outflow"],
    )
    assert list(lines(bare)) == ["pH", "reach", "next"]
    dark = lines(tree("plan", [TIMES[-1]], dose_rate=0.0, cells=12))
    assert "reach" not in dark


def test_a_run_that_is_not_in_space_is_told_as_before():
    assert "at the beam" not in report.summary(space.at_beam(tree("radial")))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(3.2e-20, "mol", "32 zmol"), (1e-6, "m", "1 um"), (2.0, "s", "2 s"), (np.nan, "m", "nan m")],
)
def test_amounts_and_lengths_carry_prefixes(value, unit, text):
    assert plain.scaled(value, unit) == text

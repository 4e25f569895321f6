"""Studies in space: what `check` says before a run, and how much beam `limit` allows around a beam."""

import numpy as np
import pytest

from simcell.commands.check import describe
from simcell.errors import InputError
from simcell.studies.limit import limit
from tests.unit.test_space import case_with

FLOW = {
    "spacer_height": "500 nm",
    "flow_rate": "1 uL/min",
    "flow": {"inlet": "x-", "outlet": "x+", "bypass_share": 0.999},
}
PLAN = {"geometry": "plan", "extent": "40 um", "spacing": "400 nm", "growth": 1.8}


def test_check_tells_the_scales_of_a_flowing_case():
    space = describe(case_with(cell=FLOW, grid=PLAN))["space"]
    passing = 1e-9 / 60.0 * 1e-3  # m^3/s
    assert space["flow through the grid"]["value"] == pytest.approx(passing, rel=1e-9)
    assert space["mean velocity"]["value"] == pytest.approx(passing / (40e-6 * 500e-9), rel=1e-9)
    assert space["time of the flow to cross the grid"]["value"] == pytest.approx(
        40e-6 * 40e-6 * 500e-9 / passing, rel=1e-9
    )
    assert space["time to diffuse out of the beam"]["value"] == pytest.approx(
        1e-12 / 1.43e-9, rel=1e-9
    )  # a^2 / D of H2O2


def test_check_without_a_grid_says_nothing_of_space():
    batch = case_with(grid=dict.fromkeys(("geometry", "extent", "spacing", "growth")))
    assert describe(batch)["space"] == {}


def test_limit_around_a_beam_lies_above_that_of_the_closed_liquid():
    """Gas that leaves the beam allows more beam: 52 against 20 e/A^2/s for 2 um in 50 um, see docs/bubbles.md."""
    around = limit(case_with(), ["H2<1 sat"])[0]
    closed = limit(case_with(grid=dict.fromkeys(("geometry", "extent", "spacing", "growth"))), ["H2<1 sat"])[0]
    assert 2.0 < around.largest / closed.largest < 4.0
    tree = case_with(
        beam={"dose_rate": f"{around.largest} Gy/s"}, case={"duration": "30 s"}, output={"times": ["30 s"]}
    ).run()
    worst = float(tree["radiolysis/gas_saturation"].sel(gas="H2").max())
    assert worst == pytest.approx(1.0, rel=1e-3)  # the same rings in time, at rtol 1e-4


def test_limit_after_a_time_asks_the_run():
    early = limit(case_with(), ["H2O2<10 umol/L"], after=1e-4)[0]
    tree = case_with(beam={"dose_rate": f"{early.largest} Gy/s"}, output={"times": ["100 us"]}).run()
    peroxide = tree["radiolysis/concentration"].sel(species="H2O2")
    assert float(peroxide.max()) == pytest.approx(10e-3, rel=1e-3)


def test_limit_in_plan_is_refused():
    with pytest.raises(InputError, match=r"grid\.geometry = \"plan\": has no quick steady state"):
        limit(case_with(grid=PLAN), ["pH>6"])


def test_worst_means_highest_or_lowest():
    tree = case_with(beam={"dose_rate": "1e5 Gy/s"}, case={"duration": "30 s"}, output={"times": ["30 s"]}).run()
    lowest = float(tree["radiolysis/pH"].min())
    allowed = limit(case_with(), [f"pH>{lowest:.6f}"])[0]
    assert np.log10(allowed.largest) == pytest.approx(5.0, abs=0.01)

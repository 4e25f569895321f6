"""What is said of a case of currents before it runs: supply, regime, areas, reference electrode; and its maps."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.case import Case
from simcell.commands.check import describe
from simcell.errors import InputError
from simcell.numerics.grid import graded, plan
from simcell.results.outlook import outlook
from simcell.studies.outlook import outlook_of
from simcell.studies.prospect import prospect, unsustainable
from simcell.transport.coplanar import EDGE_LENGTH
from simcell.transport.designs import Designs
from simcell.transport.electrode import patch, strip
from simcell.transport.kinetics import FARADAY
from simcell.transport.regime import regime
from simcell.transport.sustain import sustained_conductance
from tests.unit.test_design_study import CASE

WINDOW = '{ thickness = "50 nm", width = "50 um", length = "200 um" }'


def case(*changes: str) -> Case:
    return Case.from_dict(CASE, changes)


# ------------------------------------------------------------- what diffusion sustains


def row(*electrodes):  # type: ignore[no-untyped-def]
    x = graded(0.0, 200.0, dict.fromkeys([p for pair in electrodes for p in pair], 0.05), largest=4.0)
    grid = plan(x, [0.0, 1.0], 0.5)
    return grid, [strip(grid, f"e{n}", *pair) for n, pair in enumerate(electrodes)]


def test_supply_of_strips_by_hand() -> None:
    grid, (we, ce) = row((80.0, 90.0), (110.0, 120.0))
    gap = 20.0 + 2 * EDGE_LENGTH * 0.5
    # closed: psi is 0 on the left, a ramp over the gap, and 1/mean on the right; its mean over the cell is 1
    mean = (10.0 + 80.0 + 10.0) / 200.0
    assert sustained_conductance(grid, we, ce) == pytest.approx(0.5 / gap / mean, rel=0.02)
    # a reservoir on both sides and a counter electrode that gives nothing
    both = 0.5 / (80.0 + EDGE_LENGTH * 0.5) + 0.5 / (110.0 + EDGE_LENGTH * 0.5)
    assert sustained_conductance(grid, we, None, ("x-", "x+")) == pytest.approx(both, rel=0.02)
    assert sustained_conductance(grid, we, None) == 0.0
    # a reservoir on the far side only: all that the counter electrode gives is taken, and ever more salt comes in
    assert sustained_conductance(grid, we, ce, ("x-",)) == np.inf


def test_a_strip_is_a_lower_bound_of_a_rectangle() -> None:
    faces = graded(-200.0, 200.0, dict.fromkeys((-70.0, -50.0, 50.0, 70.0), 3.0), largest=15.0)
    grid = plan(faces, faces, 0.5)
    boxes = [np.array([[a, -50.0], [b, -50.0], [b, 50.0], [a, 50.0]]) for a, b in ((-70.0, -50.0), (50.0, 70.0))]
    we, ce = (patch(grid, name, box) for name, box in zip("wc", boxes, strict=True))
    alone = 0.5 * 100.0 / 100.0
    assert sustained_conductance(grid, we, ce) > 2.0 * alone  # symmetric: twice as rich at the counter electrode
    assert sustained_conductance(grid, we, ce, ("x-", "x+", "y-", "y+")) > 2.0 * alone


# ------------------------------------------------------------- regime


def zinc(**change) -> Designs:  # type: ignore[no-untyped-def]
    usual = {"width": 20e-6, "length": 1e-4, "gap": 1e-4, "height": 5e-7, "path": 5e-7, "conductivity": 0.9,
             "resistance": 1.3e-3, "current": 10.0, "concentration": 100.0, "diffusivity": 6.2e-10,
             "transference": 0.37, "supply": 1e-4, "opening": 1e-3, "scan_rate": np.nan}  # fmt: skip
    return Designs(**{**usual, **change})


@pytest.mark.parametrize(
    ("change", "duration", "debye", "level"),
    [
        ({}, 30.0, None, "tertiary"),
        ({"current": 0.1}, 30.0, None, "secondary"),
        ({}, 0.05, None, "secondary"),  # over before a twentieth of the filling is used
        ({"current": 0.1, "resistance": 0.0}, 30.0, None, "primary"),
        ({"current": 0.0}, None, None, "tertiary"),
        ({}, 30.0, 50e-9, "pnp"),
        ({"supply": np.inf}, None, None, "tertiary"),
    ],
)
def test_level_that_suffices(change, duration, debye, level) -> None:  # type: ignore[no-untyped-def]
    found = regime(zinc(**change), duration, debye)
    assert found.level == level and found.words[-1].startswith(f"{level} model: ")


def test_numbers_of_a_regime() -> None:
    found = regime(zinc(), 30.0)
    assert found.numbers["Wagner number"] == pytest.approx(0.9 * 1.3e-3 / 10e-6)
    assert found.numbers["current / sustainable current"] == pytest.approx(10.0 / 4.737, rel=1e-3)
    assert found.numbers["D t / height^2"] == pytest.approx(6.2e-10 * 30.0 / 25e-14)
    assert "no steady state" in " ".join(found.words)
    better = regime(zinc(), 30.0, sustained=20.0, lasts=100.0)
    assert better.numbers["current / sustainable current"] == 0.5
    assert "is 50 % of what lateral diffusion sustains" in " ".join(better.words)


# ------------------------------------------------------------- a case


def test_budget_of_zinc() -> None:
    found = prospect(case().input)
    supply = {name: value for name, (value, _) in found.numbers["supply"].items()}
    assert supply["metal in one filling"] == pytest.approx(0.458e-9, rel=1e-3)
    assert supply["growth at the current asked for"] == pytest.approx(10.0 * 9.164e-6 / (2 * FARADAY), rel=1e-3)
    assert supply["time until the liquid above is empty, alone"] == pytest.approx(1.53, rel=1e-2)
    # a rectangle of 20 x 100 um is fed better than a strip of 20 um that is fed from one side
    strip_only = supply["of a strip fed from the counter electrode's side only"]
    assert strip_only == pytest.approx(4.74, rel=1e-3)
    assert supply["sustainable current density (diffusion along the layer)"] > 3.0 * strip_only
    assert supply["charge"] == pytest.approx(-10.0 * 2e-9 * 30.0)
    held = 2 * FARADAY * 100.0 * 0.5e-6 * 2e-9
    assert supply["share that came from beside the electrode, at least"] == pytest.approx(1 - held / 6e-7, rel=1e-9)
    assert not any("cannot last" in w for w in found.warnings)


def test_what_cannot_last_is_told_with_numbers() -> None:
    fast = case("protocol.steps.0.current_density=-160 mA/cm^2").input
    text = unsustainable(fast)
    assert text == prospect(fast).warnings[0]
    assert "160 mA/cm^2 cannot last: diffusion along the layer sustains 2 mA/cm^2" in text
    assert "empty after 9.6 ms alone" in text and "80.1 times the thickness" in text
    # the same for a millisecond is no matter
    assert unsustainable(fast.model_copy(update={"case": fast.case.model_copy(update={"duration": 1e-3})})) == ""
    # nor is a current that lasts, or a case of the beam
    assert unsustainable(case().input) == ""
    # a closed cell whose counter electrode makes gas sustains nothing
    alone = Case.from_dict({**CASE, "electrode": [CASE["electrode"][0], {**CASE["electrode"][1], "reaction": []}]})
    assert "nothing brings the ion back" in unsustainable(alone.replace("case.duration", "1 h").replace(
        "protocol.steps.0.duration", "1 h").input)  # fmt: skip
    flow = {k: v for k, (v, _) in prospect(fast).numbers["supply"].items() if k.startswith("velocity")}
    assert flow and 1e-5 < next(iter(flow.values())) < 1e-1


def test_areas_on_the_window_and_beside_it() -> None:
    moved = case(
        f"cell.window={WINDOW}", 'electrode.working.rectangle={ x = ["-20 um", "0 um"], y = ["-50 um", "150 um"] }'
    )
    moved = moved.replace("electrode.working.passivated", [[["-20 um", "100 um"], ["0 um", "100 um"], ["0 um", "150 um"], ["-20 um", "150 um"]]])  # fmt: skip # noqa: E501
    found = prospect(moved.input)
    areas = {name: value for name, (value, _) in found.numbers["areas"].items()}
    assert areas["working: outline"] == pytest.approx(4000e-12)
    assert areas["working: wetted"] == pytest.approx(3000e-12)
    assert areas["working: wetted on the window"] == pytest.approx(3000e-12)
    assert areas["counter: wetted on the window"] == pytest.approx(0.0, abs=1e-20)
    half = case(
        f"cell.window={WINDOW}", 'electrode.working.rectangle={ x = ["-45 um", "-5 um"], y = ["-50 um", "50 um"] }'
    )
    text = " ".join(prospect(half.input).warnings)
    assert "50 % of the wetted area of 'working' lies outside the window" in text and "2 times" in text


def test_bulge_brings_more() -> None:
    place = 'electrode.working.rectangle.x=["-10 um", "10 um"]'
    flat, bulged = (prospect(case(f"cell.window={WINDOW}", f"cell.bulge={b}", place).input) for b in ("none", "2 um"))
    supply = {name: value for name, (value, _) in bulged.numbers["supply"].items()}
    assert supply["bulge: liquid above the electrode over the spacer"] > 3.0
    assert supply["bulge: lateral supply over that of a flat cell"] > 1.0
    assert "share that came from outside the window, at least" in supply
    assert "bulge: liquid above the electrode over the spacer" not in flat.numbers["supply"]


def test_check_has_it_all() -> None:
    facts = describe(case(), 2.3e-6)
    assert {"regime", "supply", "areas", "reference", "says", "warnings"} <= set(facts)
    assert facts["supply"]["charge"] == {"value": 2.3e-6, "unit": "C"}
    assert any("best place for a reference electrode: behind" in s for s in facts["says"])
    around = case('electrode.counter.rectangle={ x = ["-65 um", "-55 um"], y = ["60 um", "80 um"] }')
    assert describe(around)["supply"]  # beside it along y
    corner = {"polygon": [[f"{x} um", f"{y} um"] for x, y in ((-80, -60), (80, -60), (80, 60), (70, 60), (70, -55),
                                                               (-80, -55))], "rectangle": None}  # fmt: skip
    crossing = Case.from_dict({**CASE, "electrode": [CASE["electrode"][0], {**CASE["electrode"][1], **corner}]})
    assert (
        any("electrodes side by side" in w for w in describe(crossing)["warnings"])
        and unsustainable(crossing.input) == ""
    )
    bare = {
        **CASE,
        "electrode": [{k: v for k, v in e.items() if k not in ("reaction", "metal")} for e in CASE["electrode"]],
    }
    told = describe(Case.from_dict({**bare, "transport": {"doubtful": "warn"}}))
    assert any("no supply budget" in w for w in told["warnings"]) and "supply" not in told


# ------------------------------------------------------------- maps


def test_maps_of_a_case() -> None:
    fast = Case.from_dict({**CASE, "electrode": [*CASE["electrode"], {"name": "ref", "role": "reference",
        "position": ["0 um", "0 um"]}]}, ["protocol.steps.0.current_density=-10 mA/cm^2"])  # fmt: skip
    found = outlook_of(fast.input)
    assert found.best is not None and found.best.behind and found.best.place[0] < -70e-6
    assert found.standing is not None and found.standing.fraction > 0.2 > abs(found.best.fraction)
    on = found.distribution.area["working"] > 0.0
    assert np.isfinite(found.depletion.time[on]).all()
    # close to an even current on a rectangle in an endless layer
    lasts = dict(prospect(fast.input).numbers["supply"])["time until its middle is empty, with diffusion"][0]
    assert found.depletion.first == pytest.approx(lasts, rel=0.1)
    assert np.isnan(found.errors[on]).all() and any("best place" in s for s in found.sentences)
    titles = [a.get_title(loc="left") for a in outlook(found, "zinc").axes]
    assert sum(bool(t) for t in titles) == 3
    still = Case.from_dict({**CASE, "protocol": {"steps": [{"technique": "galvanostatic", "current_density": "0 A/m^2",
                                                          "duration": "1 s"}]}})  # fmt: skip
    with pytest.raises(InputError, match="no current flows"):
        outlook_of(still.input)

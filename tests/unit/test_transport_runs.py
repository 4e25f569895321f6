"""Runs of currents and ions from a case: against closed forms, the potentiostat, the result, its table and pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from simcell.case import Case
from simcell.commands.check import describe
from simcell.errors import InputError
from simcell.results import currents, export, plots, report, traces
from simcell.results.provenance import read_provenance
from simcell.results.store import read, write
from simcell.transport.kinetics import FARADAY
from simcell.transport.voltammetry import randles_sevcik

EXAMPLES = Path(__file__).parents[2] / "examples"
ZINC = [{"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}]
STRIPS = {
    "case": {"physics": ["transport"], "title": "strips"},
    "cell": {"spacer_height": "2 um"},
    "electrode": [
        {"name": "working", "role": "working", "reaction": ZINC, "rectangle": {"x": ["-40 um", "-20 um"]}},
        {"name": "counter", "role": "counter", "reaction": ZINC, "rectangle": {"x": ["20 um", "40 um"]}},
    ],
    "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    "protocol": {"steps": [{"technique": "potentiostatic", "potential": "-10 mV"}]},
    "grid": {"geometry": "section", "extent": "100 um"},
}
REFERENCE = {"name": "ref", "role": "reference", "position": ["-10 um", "0 um"]}
FERRO = {
    "case": {"physics": ["transport"]},
    "electrode": [{"name": "working", "role": "working", "area": "1 mm^2", "reaction": [
        {"name": "ferro", "oxidised": "Fe(CN)6^3-", "reduced": "Fe(CN)6^4-", "electrons": 1,
         "rate_constant": "0.1 m/s"},
    ]}],
    "electrolyte": {"concentrations": {"K+": "1004 mM", "Cl-": "1 M", "Fe(CN)6^4-": "1 mM"}},
    "protocol": {"steps": [
        {"technique": "cv", "potential": "-0.3 V", "vertices": ["0.3 V"], "scan_rate": "100 mV/s"},
    ]},
    "grid": {"geometry": "line", "extent": "1 mm"},
}  # fmt: skip


def run(data, *changes):
    case = Case.from_dict(data, changes)
    return case.run()


def working(tree, name):
    return float(tree["transport"][name].sel(electrode="working")[0])


@pytest.fixture(scope="module")
def strips():
    return run(STRIPS)


def test_primary_strips_carry_the_current_of_the_closed_form():
    tree = run(STRIPS, "transport.level=primary")
    # half of the current of a wide strip within s of its edge: (2/pi) arccos(exp(-pi s / 2H)) of it
    assert working(tree, "electrode_current") == pytest.approx(-0.01 * 0.9 / (20.0 + 0.8825), rel=1e-4)
    share = 2.0 / np.pi * np.arccos(np.exp(-np.pi * 1.0 / (2.0 * 2.0)))
    assert working(tree, "edge_factor") == pytest.approx(share / 0.05, rel=1e-2)  # 5 cells hold the 5 %


def test_the_books_of_a_distribution_close(strips):
    current = strips["transport"]["electrode_current"].values[0]
    assert abs(current.sum()) < 1e-12 * abs(current[0])
    cell, density = strips["cell"], strips["transport"]["current_density"].values[0]
    on = cell["electrode_map"].values == 1.0
    assert np.sum(density[on] * cell["electrode_area"].values[on]) == pytest.approx(current[0], rel=1e-12)
    bounds, density = currents.profile(strips, "working")  # faces of graded cells are guessed from their centres
    assert np.sum(density * np.diff(bounds)) == pytest.approx(current[0], rel=1e-3)  # times 1 m


def test_plan_and_section_agree_where_a_plan_holds(strips):
    above = run(STRIPS, "grid.geometry=plan", "grid.extent_y=10um")
    assert working(above, "electrode_current") / 1e-5 == pytest.approx(working(strips, "electrode_current"), rel=2e-3)
    assert working(above, "edge_factor") == pytest.approx(working(strips, "edge_factor"), rel=2e-3)


def test_a_plan_that_does_not_hold_is_refused_or_replaced():
    with pytest.raises(InputError, match="take section or full"):
        run(STRIPS, "grid.geometry=plan", "transport.level=primary")
    coarse = ("grid.geometry=plan", "grid.spacing=2um", "transport.level=primary")
    warned = run(STRIPS, *coarse, "transport.doubtful=warn")
    assert any("coarse beside the 1.15e-06 m" in text for text in read_provenance(warned)["warnings"])
    assert any("the plan does not hold" in text for text in read_provenance(warned)["warnings"])
    assert run(STRIPS, "grid.geometry=auto", "transport.level=primary").attrs["geometry"] == "section"
    assert run(STRIPS, "grid.geometry=auto").attrs["geometry"] == "plan"


@pytest.mark.parametrize("share", [0.0, 0.8])
def test_the_potential_is_held_against_the_reference_electrode(share):
    data = {**STRIPS, "electrode": [*STRIPS["electrode"], REFERENCE]}
    tree = run(data, f"protocol.ir_compensation={share}")
    drop = working(tree, "ohmic_drop")
    assert drop < 0.0
    assert working(tree, "electrode_potential") == pytest.approx(-0.01 + share * drop, abs=1e-8)


def test_a_current_density_counts_the_bare_area():
    hole = [[["-35 um", "-5 um"], ["-25 um", "-5 um"], ["-25 um", "5 um"], ["-35 um", "5 um"]]]
    data = {**STRIPS, "electrode": [
        {**STRIPS["electrode"][0], "passivated": hole,
         "rectangle": {"x": ["-40 um", "-20 um"], "y": ["-10 um", "10 um"]}},
        STRIPS["electrode"][1],
    ]}  # fmt: skip
    change = "protocol.steps=[{technique='galvanostatic', current_density='-1 A/m^2'}]"
    tree = run(data, change, "grid.geometry=plan")
    assert working(tree, "electrode_current") == pytest.approx(-1.0 * (400e-12 - 100e-12), rel=1e-9)
    with pytest.raises(InputError, match="reaches beyond its electrode"):
        run({**data, "electrode": [{**data["electrode"][0], "passivated": [[["0 um", "0 um"], ["1 um", "0 um"],
             ["1 um", "1 um"]]]}, STRIPS["electrode"][1]]}, change, "grid.geometry=plan")  # fmt: skip


def test_without_a_counter_the_current_leaves_through_the_sides():
    tree = run({**STRIPS, "electrode": STRIPS["electrode"][:1]})
    assert working(tree, "electrode_current") < 0.0
    assert any("leaves through the open sides" in text for text in read_provenance(tree)["warnings"])


def test_what_a_distribution_is_missing_is_said():
    stranger = [{"name": "cu-deposition", "exchange_current_density": "1 A/m^2"}]
    with pytest.raises(InputError, match=r"needs Cu2\+, which the liquid does not hold"):
        run({**STRIPS, "electrode": [{**STRIPS["electrode"][0], "reaction": stranger}]})
    with pytest.raises(InputError, match="net charge of \\+2 mol"):
        run({**STRIPS, "electrolyte": {"concentrations": {"Zn2+": "1 mM"}}})
    two = [*ZINC, {"name": "hydrogen", "makes": {"H+": 2}, "electrons": 2, "exchange_current_density": "1 A/m^2"}]
    with pytest.raises(InputError, match="each needs its potential on one scale"):
        run({**STRIPS, "electrode": [{**STRIPS["electrode"][0], "reaction": two}]}, "electrolyte.pH=3",
            "electrolyte.counter_ion=ClO4-")  # fmt: skip


def test_check_says_level_and_validity():
    facts = describe(Case.from_dict(STRIPS))
    assert facts["computes"]["model"] == "secondary current distribution, section"
    assert "plan suffices" in facts["computes"]["validity"]
    facts = describe(Case.from_dict(FERRO))
    assert facts["computes"]["model"].startswith("tertiary")


def test_a_result_keeps_outlines_and_is_drawn_from_its_file(strips, tmp_path):
    tree = read(write(strips, tmp_path / "out.nc"))
    assert set(currents.outlines(tree)) == {"working", "counter"}
    assert currents.outlines(tree)["working"][:, 0].min() == -40e-6
    assert len(plots.plot(tree).axes) == 3
    lines = export.table(tree, tmp_path / "out.csv").read_text().splitlines()
    assert lines[0] == "electrode,from x (m),to x (m),current density (A/m^2)"
    assert len(lines) == 1 + 2 * currents.BINS
    told = report.summary(tree)
    assert "edge     factor 1.0" in told
    assert "secondary, section: the height is resolved" in told


# ----------------------------------------------------------------- along a line


@pytest.fixture(scope="module")
def voltammogram():
    return run(FERRO)


def test_a_voltammogram_has_the_height_of_randles_and_sevcik(voltammogram):
    peak = float(voltammogram["transport"]["current_density"].max())
    assert peak == pytest.approx(randles_sevcik(0.1, 1, 1.0, 0.735e-9), rel=5e-3)  # ions that migrate a little
    assert read_provenance(voltammogram)["solver"]["books"] < 1e-9


def test_the_table_of_a_potentiostat_opens_in_a_spreadsheet(voltammogram, tmp_path):
    path = export.table(voltammogram, tmp_path / "cv.csv")
    rows = list(csv.reader(path.open(encoding="utf-8")))
    assert rows[0][:3] == ["time (s)", "potential (V)", "current (A)"]
    numbers = np.array(rows[1:], dtype=float)
    assert np.all(np.diff(numbers[:, 0]) > 0.0)
    assert numbers[:, 1].max() == pytest.approx(0.3, abs=1e-9)
    assert numbers[:, 2] == pytest.approx(1e-6 * numbers[:, 3], rel=1e-7)


def test_pictures_of_a_potentiostat(voltammogram):
    assert plots.plot(voltammogram).axes[0].get_ylabel() == "Current density (A/m²)"
    assert len(plots.plot(voltammogram, "trace").axes) == 2
    assert "Fe(CN)" in plots.plot(voltammogram, "profile").axes[0].get_ylabel().replace("₆", "")
    with pytest.raises(Exception, match="there are auto, cv, trace, profile"):
        plots.plot(voltammogram, "gas")


def test_a_step_ends_at_its_limit_and_the_case_at_its_duration():
    steps = (
        "protocol.steps=[{technique='galvanostatic', current='1 uA', duration='100 s',"
        " until={potential_above='0.1 V'}}, {technique='ocp', duration='100 s'}]"
    )
    tree = run(FERRO, steps, "case.duration=60s")
    ends = read_provenance(tree)["transport"]["ends"]
    assert (ends[0]["reason"], ends[1]["reason"]) == ("potential", "time")
    # Sand's time of 1 mol/m^3 at 1 A/m^2 is 5.4 s; before it the potential passes 0.1 V
    assert 4.0 < ends[0]["time"] < 0.25 * np.pi * 0.735e-9 * FARADAY**2
    assert float(tree["transport"]["time"][-1]) == pytest.approx(60.0, rel=1e-12)
    assert set(tree["transport"]["step"].values) == {1.0, 2.0}


def test_ctrl_c_keeps_what_was_computed():
    seen = []

    def stop(fraction):
        seen.append(fraction)
        if fraction > 0.3:
            raise KeyboardInterrupt

    tree = Case.from_dict(FERRO).run(progress=stop)
    assert read_provenance(tree)["status"] == "interrupted"
    assert 0.3 * 12.0 < float(tree["transport"]["time"][-1]) < 0.5 * 12.0
    assert len(seen) == tree["transport"].sizes["time"]


def test_what_a_line_is_missing_is_said():
    no_area = {key: value for key, value in FERRO["electrode"][0].items() if key != "area"}
    with pytest.raises(InputError, match="needs the area of the working electrode"):
        run(
            {**FERRO, "electrode": [no_area]},
            "protocol.steps=[{technique='galvanostatic', current='1 uA', duration='1 s'}]",
        )
    with pytest.raises(InputError, match="no diffusivity is published here for CF3SO3-"):
        run(FERRO, 'electrolyte.concentrations={"K+" = "4 mM", "CF3SO3-" = "0 mM", "Fe(CN)6^4-" = "1 mM"}')
    with pytest.raises(InputError, match="list how much of each"):
        run({**FERRO, "electrolyte": {"preset": "ferrocyanide-KCl", "concentration": "1 mM"}},
            "electrolyte.conductivity=1 S/m")  # fmt: skip


def test_lasting_values_leave_out_what_charges_a_double_layer():
    assert traces.lasting(np.array([0.0, 1e-6, 1.0, 2.0]), np.array([9.0, 1.0, 2.0, 3.0])) == (1.0, 3.0)


# ----------------------------------------------------------------- seen from above


def test_ions_from_above_begin_with_the_secondary_current():
    data = {**STRIPS, "electrode": [
        {**STRIPS["electrode"][0], "rectangle": {"x": ["-15 um", "-5 um"], "y": ["-5 um", "5 um"]}},
        {**STRIPS["electrode"][1], "rectangle": {"x": ["5 um", "15 um"], "y": ["-5 um", "5 um"]}},
        {**REFERENCE, "position": ["0 um", "0 um"]},
    ]}  # fmt: skip
    changes = ("grid.geometry=plan", "grid.extent=40um", "grid.spacing=2.5um", "grid.edge=closed")
    steps = "protocol.steps=[{technique='potentiostatic', potential='-10 mV', duration='1 ms'}]"
    tree = run(data, *changes, steps, "output.count=2")
    trace = tree["trace"].to_dataset()
    assert read_provenance(tree)["transport"]["level"] == "tertiary"
    assert read_provenance(tree)["solver"]["books"] < 1e-9
    assert tree["transport"]["concentration"].dims == ("time", "species", "y", "x")
    kappa = float(tree["cell"]["conductivity"])
    still = run(data, *changes, f"electrolyte.conductivity={kappa} S/m")
    first = float(trace["electrode_current"].sel(electrode="working")[0])
    assert first == pytest.approx(working(still, "electrode_current"), rel=2e-3)
    assert float(trace["electrode_potential"].sel(electrode="working")[-1]) == pytest.approx(-0.01, abs=1e-9)
    drop = float(trace["ohmic_drop"].sel(electrode="working")[0])
    assert drop == pytest.approx(working(still, "ohmic_drop"), rel=2e-2)  # means over the area and over the current
    assert len(plots.plot(tree, "map").axes) == 3
    assert "tertiary: ions in a plan" in describe(Case.from_dict(data, [*changes, steps]))["computes"]["model"]


def test_maps_of_the_beam_draw_the_electrodes_of_the_result():
    from simcell.results import maps
    from simcell.results.schema import build
    from simcell.studies.transport import outline_group

    x = [-1e-6, 0.0, 1e-6]
    square = np.array([[-1e-6, -1e-6], [0.0, -1e-6], [0.0, 0.0]])
    outline, coords = outline_group({"working": square}, ["working"])
    beam = {"radiolysis": {"pH": (["time", "y", "x"], [np.eye(3) + 6.0])}}
    coords |= {"time": [1.0], "y": x, "x": x}
    with_it = build({**beam, "cell": outline}, {**coords, "electrode": ["working"]})
    without = build(beam, {"time": [1.0], "y": x, "x": x})
    more = [len(maps.sheet(tree).axes[0].lines) for tree in (with_it, without)]
    assert more[0] == more[1] + 1


def test_an_electrode_takes_all_that_a_slow_flow_brings() -> None:
    """Zinc in an excess of salt flows past a long strip: at -0.3 V the current is 2 F Q c, whatever the kinetics."""
    zinc = [{"name": "zn-deposition", "exchange_current_density": "100 A/m^2"}]
    tree = run({
        "case": {"physics": ["transport"]},
        "cell": {"spacer_height": "500 nm", "flow_rate": "9 nL/min", "flow": {"inlet": "x-", "outlet": "x+"}},
        "grid": {"geometry": "plan", "extent": "200 um", "extent_y": "20 um", "spacing": "5 um"},
        "electrolyte": {"concentrations": {"Zn2+": "1 mmol/L", "K+": "100 mmol/L", "Cl-": "102 mmol/L"}},
        "electrode": [
            {"name": "working", "role": "working", "rectangle": {"x": ["-60 um", "0 um"]}, "reaction": zinc},
            {"name": "counter", "role": "counter", "rectangle": {"x": ["60 um", "90 um"]}, "reaction": zinc},
        ],
        "protocol": {"steps": [{"technique": "potentiostatic", "potential": "-0.3 V", "duration": "1 s"}]},
    })  # fmt: skip
    taken = float(tree["trace"].dataset["electrode_current"].sel(electrode="working")[-1])
    assert taken == pytest.approx(-2 * 96485.33212 * 9e-12 / 60.0 * 1.0, rel=2e-3)


def test_a_current_that_drops_volts_in_the_liquid_begins() -> None:
    """160 mA/cm^2 across 100 um of half a micrometre drops volts at once, less than ten times what a tenth of it drops.

    At the larger current the charge enters nearer to the edge, along a shorter way.
    """
    strip = Case.read(EXAMPLES / "zinc_strip.toml", ["grid.spacing=10 um"])
    drops = []
    for density in ("-160 mA/cm^2", "-16 mA/cm^2"):
        step = {"technique": "galvanostatic", "current_density": density, "duration": "1 us"}
        tree = strip.replace_all({"protocol.steps": [step], "case.duration": "1 us"}).run()
        drops.append(working(tree, "ohmic_drop"))
    assert 10.0 * drops[1] < drops[0] < -1.0

"""Maps of designs: from a case to figures, front, best design, table and picture."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from simcell.case import Case
from simcell.errors import InputError, ResultError
from simcell.results.design_map import as_csv, design_map
from simcell.results.figures_of_merit import MERITS
from simcell.results.provenance import read_provenance
from simcell.studies.design import axis_of, best, design, pareto
from simcell.studies.optimise import optimise
from simcell.studies.strip import strip_of
from simcell.transport.designs import edge_factor, limiting_current

ZINC = [{"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}]
CASE = {
    "case": {"physics": ["transport"], "title": "strips", "duration": "30 s"},
    "cell": {"spacer_height": "500 nm"},
    "electrode": [
        {"name": "working", "role": "working", "metal": "Zn", "reaction": ZINC,
         "rectangle": {"x": ["-70 um", "-50 um"], "y": ["-50 um", "50 um"]}},
        {"name": "counter", "role": "counter", "metal": "Zn", "reaction": ZINC,
         "rectangle": {"x": ["50 um", "70 um"], "y": ["-50 um", "50 um"]}},
    ],
    "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    "protocol": {"steps": [{"technique": "galvanostatic", "current_density": "-1 mA/cm^2", "duration": "30 s"}]},
    "grid": {"geometry": "plan", "extent": "400 um", "edge": "closed"},
}  # fmt: skip


def case(*changes: str) -> Case:
    return Case.from_dict(CASE, changes)


def test_a_case_becomes_a_strip() -> None:
    strip = strip_of(case().input)
    assert (strip.width, strip.length, strip.gap, strip.counter_width) == pytest.approx((20e-6, 100e-6, 100e-6, 20e-6))
    assert (strip.conductivity, strip.concentration, strip.diffusivity, strip.transference) == (
        0.9,
        100.0,
        6.2e-10,
        0.37,
    )
    assert strip.ion == "Zn2+" and strip.electrons == 2.0 and strip.dissolving and strip.sides == 1
    # at i = i0 between equilibrium, RT / 2F i0, and Tafel, RT / F i
    assert 0.0257 / 20 * 0.8 < float(strip.resistance()) < 0.0257 / 20
    assert float(limiting_current(strip.designs())) == pytest.approx(4.74, rel=1e-3)
    # turned by a right angle, and mirrored, it is the same cell
    turned = {"electrode.working.rectangle": '{ x = ["-50 um", "50 um"], y = ["50 um", "70 um"] }',
              "electrode.counter.rectangle": '{ x = ["-50 um", "50 um"], y = ["-70 um", "-50 um"] }'}  # fmt: skip
    other = strip_of(case(*(f"{k}={v}" for k, v in turned.items())).input)
    assert (other.width, other.length, other.gap) == pytest.approx((20e-6, 100e-6, 100e-6))


def test_which_species_is_used_up() -> None:
    couple = [{"name": "ferro", "oxidised": "Fe(CN)6^3-", "reduced": "Fe(CN)6^4-", "electrons": 1,
               "rate_constant": "1e-4 m/s", "equilibrium_potential": "0.2 V",
               "reference_concentrations": {"Fe(CN)6^3-": "1 mM", "Fe(CN)6^4-": "1 mM"}}]  # fmt: skip
    liquid = {"concentrations": {"K+": "110 mM", "Cl-": "100 mM", "Fe(CN)6^3-": "2 mM", "Fe(CN)6^4-": "1 mM"},
              "conductivity": "1.3 S/m"}  # fmt: skip
    given = {
        **CASE,
        "grid": {"geometry": "plan", "extent": "400 um"},
        "electrolyte": liquid,
        "electrode": [{**CASE["electrode"][0], "reaction": couple}],
    }
    own = {"diffusivity": {"Fe(CN)6^3-": "7e-10 m^2/s", "Fe(CN)6^4-": "6e-10 m^2/s"}}
    both = Case.from_dict({**given, "transport": own})
    cathodic, anodic = (strip_of(both.replace("protocol.steps.0.current_density", f"{i} A/m^2").input) for i in (-1, 1))
    assert (cathodic.ion, cathodic.concentration, cathodic.diffusivity, cathodic.transference) == (
        "Fe(CN)6^3-",
        2.0,
        7e-10,
        0.0,
    )
    assert (anodic.ion, anodic.concentration, anodic.diffusivity) == ("Fe(CN)6^4-", 1.0, 6e-10)
    assert anodic.sides == 2 and anodic.gap == pytest.approx(130e-6)
    # zinc that dissolves is not used up, and says so
    back = strip_of(case("protocol.steps.0.current_density=1 mA/cm^2").input)
    assert not back.used and any("makes Zn2+ instead" in w for w in back.warnings)


def test_bulge_counts_where_it_is() -> None:
    window = '{ thickness = "50 nm", width = "50 um", length = "200 um" }'
    bulged = strip_of(
        case(f"cell.window={window}", "cell.bulge=2 um", 'electrode.working.rectangle.x=["-10 um","10 um"]').input
    )
    above, path, largest = bulged.thickness()
    assert largest == pytest.approx(2.5e-6, rel=1e-2) and 2.0e-6 < above < largest
    assert 0.5e-6 < path < 1.0e-6  # the gap lies mostly outside of the window, and thin parts count most
    flat = strip_of(case().input).thickness()
    assert [float(t) for t in flat] == pytest.approx([5e-7] * 3)


def test_reference_before_and_behind() -> None:
    before = Case.from_dict({**CASE, "electrode": [*CASE["electrode"], {"name": "ref", "role": "reference",
                                                                         "position": ["0 um", "0 um"]}]})  # fmt: skip
    behind = before.replace("electrode.ref.position", ["-90 um", "0 um"])
    assert strip_of(before.input).reference == pytest.approx(50e-6)
    assert np.isnan(strip_of(behind.input).reference)
    errors = [float(design(c)["design/mean_ir_error"]) for c in (before, behind)]
    assert errors[0] > 10 * errors[1]


def test_map_of_two_keys() -> None:
    axes = [axis_of("cell.spacer_height=100nm..5um:log:5"), axis_of("electrode.counter.gap=20um,200um")]
    trade = ["edge_factor", "liquid_thickness"]
    tree = design(case(), axes, objectives=trade, energy=3.2e-14, defaults={"scan_rate": 0.1})
    data = tree["design"].to_dataset()
    assert data["edge_factor"].dims == ("cell_spacer_height", "electrode_counter_gap")
    assert set(data.data_vars) == set(MERITS) - {"solved_edge_factor", "solved_ir_error"} | {"pareto"}
    one = strip_of(case("cell.spacer_height=100nm").input).with_values(gap=200e-6)
    assert float(data["limiting_current"][0, 1]) == pytest.approx(float(limiting_current(one.designs())))
    assert float(data["filling"].sel(cell_spacer_height=5e-6)[0]) == pytest.approx(4.58e-9, rel=1e-3)
    assert (
        data["pareto"].values == 1
    ).all()  # the gap touches neither objective; every height trades one for the other
    found = best(tree)
    assert found["edge_factor"]["at"]["cell_spacer_height"] == 5e-6
    assert found["resolution"]["at"]["cell_spacer_height"] == 1e-7


def test_keys_of_the_case_are_set_anew() -> None:
    tree = design(
        case(), [axis_of("electrolyte.concentration=0.02mol/L,0.1mol/L"), axis_of("electrode.counter.gap=50um,100um")]
    )
    kappa = tree["design/cell_resistance"].values
    assert kappa[0] / kappa[1] == pytest.approx(np.full(2, 0.9 / 0.26), rel=1e-9)
    swapped = design(
        case(), [axis_of("electrode.counter.gap=50um,100um"), axis_of("electrolyte.concentration=0.02mol/L,0.1mol/L")]
    )
    np.testing.assert_allclose(swapped["design/cell_resistance"].values, kappa.T)


def test_sections_agree_with_closed_forms() -> None:
    tree = design(
        case("protocol.steps.0.current_density=-0.1 mA/cm^2"),
        [axis_of("electrode.working.width=10um,40um")],
        solve=True,
    )
    data = tree["design"].to_dataset()
    np.testing.assert_allclose(data["edge_factor"], data["solved_edge_factor"], rtol=5e-3)
    np.testing.assert_allclose(data["mean_ir_error"], data["solved_ir_error"], rtol=2e-2)


def test_exchange_current_scales_kinetics() -> None:
    tree = design(case(), [axis_of("electrode.working.exchange_current_density=10A/m^2,100A/m^2")])
    found = tree["design/edge_factor"].values
    strip = strip_of(case("electrode.working.reaction.zn-deposition.exchange_current_density=100 A/m^2").input)
    assert found[1] == pytest.approx(float(edge_factor(strip.designs())), rel=1e-9) and found[1] > found[0]


def test_front() -> None:
    both = {"edge_factor": np.array([[1.0, 2.0], [2.0, 3.0]]), "limiting_current": np.array([[1.0, 2.0], [1.5, 9.0]])}
    assert pareto(both).tolist() == [[True, True], [False, True]]
    assert pareto({"sand_time": np.array([np.nan, 1.0])}).tolist() == [False, True]


def test_best_design_under_limits() -> None:
    over = ["cell.spacer_height=100nm..5um", "electrode.working.width=5um..50um"]
    found = optimise(case(), "edge_factor", over, ["liquid_thickness<1um", "limiting_current>0.5 mA/cm^2"])
    # both limits leave the thickest layer and the narrowest strip
    assert found.at["cell.spacer_height"]["value"] == pytest.approx(1e-6, rel=1e-3)
    assert found.at["electrode.working.width"]["value"] == pytest.approx(5e-6, rel=1e-3)
    assert any("end of the range of electrode.working.width" in w for w in found.warnings)
    # one limit that binds inside: the width that a current of 1 mA/cm^2 needs, 4.74 A/m^2 at 20 um
    wide = optimise(case(), "cell_resistance", ["electrode.working.width=1um..50um"], ["limiting_current>10 A/m^2"])
    assert wide.figures["limiting_current"]["value"] >= 10.0 * (1 - 1e-6)
    with pytest.raises(InputError, match="no design in the ranges meets it"):
        optimise(case(), "edge_factor", over, ["liquid_thickness<1nm"])
    for text in ("gap<3", "edge_factor=3", "max_ir_error<5 nm"):
        with pytest.raises(InputError, match="--keep"):
            optimise(case(), "edge_factor", over, [text])
    with pytest.raises(InputError, match="cannot be searched"):
        optimise(case(), "edge_factor", ["electrolyte.concentration=0.02mol/L..0.1mol/L"])


def test_what_cannot_be_designed_is_told() -> None:
    with pytest.raises(InputError, match="keys of a design"):
        axis_of("electrode.counter.gpa=1um..2um:3")
    with pytest.raises(InputError, match="is varied twice"):
        design(case(), [axis_of("electrode.counter.gap=20um,30um")] * 2)
    with pytest.raises(InputError, match="needs --energy"):
        design(case(), [axis_of("electrode.counter.gap=20um,30um")], objectives=["resolution"])
    with pytest.raises(InputError, match="is not a figure of merit"):
        design(case(), [], objectives=["beauty"])
    still = Case.from_dict({**CASE, "protocol": {"steps": [{"technique": "potentiostatic", "potential": "0 V"}]}})
    tree = design(still)
    assert np.isnan(tree["design/filling_time"]) and "--current-density" in tree.attrs["simcell_provenance"]


def test_table_and_pictures(tmp_path) -> None:  # type: ignore[no-untyped-def]
    axes = [axis_of("cell.spacer_height=100nm..5um:log:4"), axis_of("electrode.counter.gap=20um..200um:3")]
    tree = design(case(), axes, objectives=["edge_factor", "liquid_thickness"])
    with as_csv(tree, tmp_path / "map.csv").open() as file:
        rows = list(csv.reader(file))
    assert len(rows) == 13 and rows[0][:3] == ["cell_spacer_height (m)", "electrode_counter_gap (m)", "edge_factor (1)"]
    assert float(rows[1][2]) == pytest.approx(float(tree["design/edge_factor"][0, 0]))
    names = [a.get_title(loc="left") for a in design_map(tree).axes]
    assert "Sustainable current, at least (mA/cm²)" in names
    assert len(design_map(design(case(), axes[:1])).axes) == 4
    three = design(case(), [*axes, axis_of("electrode.working.width=5um,10um")])
    with pytest.raises(ResultError, match="shows two keys"):
        design_map(three)


def test_without_a_current_there_is_no_ir_error_to_trade() -> None:
    """A potential step names no current: figures that need one are missing, not zero, and the front does without."""
    steps = [{"technique": "potentiostatic", "potential": "-0.1 V", "duration": "30 s"}]
    still = Case.from_dict({**CASE, "protocol": {"steps": steps}})
    tree = design(still, [axis_of("cell.spacer_height=200nm..2um:log:3")], objectives=("edge_factor", "max_ir_error"))
    assert "max_ir_error" not in tree["design"] and "pareto" in tree["design"]
    assert any("not known" in w for w in read_provenance(tree)["warnings"])

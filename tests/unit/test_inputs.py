"""The sections of a case: defaults, SI values, rules that must not refuse what is right, the record."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import tomllib
from itertools import pairwise

import pytest
from pydantic import ValidationError

from simcell import units
from simcell.constants import ELEMENTARY_CHARGE
from simcell.errors import InputError
from simcell.inputs import apply_set, from_record, parse_case, record_hash, resolved, vary
from simcell.inputs.case import SECTIONS
from simcell.inputs.fields import Each, Frozen, Measure
from simcell.inputs.messages import examples_of, field_type, keys_of

MINIMAL = {"case": {"duration": "100 s"}, "beam": {"dose_rate": "7.5e7 Gy/s"}}


def case(**sections):
    return parse_case({**MINIMAL, **sections})


def test_defaults():
    c = parse_case(MINIMAL)
    assert (c.case.title, c.case.physics, c.case.duration) == ("", ("radiolysis",), 100.0)
    assert (c.beam.dose_rate, c.beam.energy, c.beam.mode, c.beam.schedule, c.beam.pulses) == (
        7.5e7,
        None,
        "tem",
        (),
        None,
    )
    assert c.cell.spacer_height is None
    assert (c.electrolyte.mechanism, c.electrolyte.pH, c.electrolyte.temperature) == ("water", None, 298.15)
    assert (c.electrolyte.concentrations, c.electrolyte.gases, c.electrolyte.atmosphere) == ({}, {}, None)
    assert (c.radiolysis.g_scale, c.radiolysis.ensemble, c.radiolysis.seed) == (1.0, 0, 0)
    assert (*c.solver.tolerances("batch"), c.solver.kernel, c.solver.max_steps) == (1e-6, 1e-17, "table", 1_000_000)
    assert (c.output.times, c.output.spacing, c.output.resolved_count("batch"), c.output.first) == (
        (),
        "log",
        200,
        1e-9,
    )


def test_the_names_that_the_issue_fixes():
    c = parse_case(
        tomllib.loads("""
            [case]
            physics = ["radiolysis"]
            duration = "100 s"
            [beam]
            dose_rate = "7.5e7 Gy/s"
            [electrolyte]
            mechanism = "water"
            pH = 7.0
            concentrations = { O2 = "0.255 mmol/L" }
            temperature = "25 degC"
            [output]
            times = ["1 us", "1 ms", "1 s", "100 s"]
        """)
    )
    assert c.electrolyte.concentrations == {"O2": 0.255}
    assert c.output.resolved_times(100.0) == (1e-6, 1e-3, 1.0, 100.0)


@pytest.mark.parametrize(
    "beam",
    [
        {"dose_rate": "0 Gy/s"},  # a dark case
        {"dose_rate": "1e11 Gy/s", "energy": "300 kV"},
        {"dose_rate": "1 Gy/s", "energy": "300 kV", "diameter": "2 um"},
        {"energy": "30 kV", "flux": "10 e/Å^2/s"},  # both ends of the range belong to it
        {"energy": "1000 kV", "flux": "10 e/Å^2/s"},
        {"energy": "1 MeV", "flux": "10 e/Å^2/s", "diameter": "2 um"},
        {"energy": "300 kV", "current": "1 nA", "diameter": "2 um"},
        {"energy": "200 kV", "current": "50 pA", "mode": "stem", "pixel": "1 nm", "dwell": "5 us", "frame": [512, 256]},
        {"energy": "300 kV", "current": "1 nA", "spots": [{"center": ["0 m", "0 m"], "diameter": "1 um"}]},
    ],
)
def test_roads_to_the_dose_rate(beam):
    assert parse_case({**MINIMAL, "beam": beam}).beam is not None


def test_schedules_may_touch_leave_gaps_and_fill_the_case():
    windows = [
        {"from": "0 s", "to": "5 s", "on": False},
        {"from": "5 s", "to": "10 s", "on": True},
        {"from": "20 s", "to": "100 s", "on": True},
    ]
    schedule = case(beam={"dose_rate": "1 Gy/s", "schedule": windows}).beam.schedule
    assert [(w.start, w.end, w.on) for w in schedule] == [(0.0, 5.0, False), (5.0, 10.0, True), (20.0, 100.0, True)]


def test_pulses_may_end_with_the_case():
    # the pause after the last pulse may lie outside
    pulses = {"on": "1 s", "off": "1 s", "count": 5}
    c = parse_case({"case": {"duration": "9 s"}, "beam": {"dose_rate": "1 Gy/s", "pulses": pulses}})
    assert c.beam.pulses is not None
    assert c.beam.pulses.count == 5
    with pytest.raises(InputError, match="ends at 9 s"):
        parse_case({"case": {"duration": "8.9 s"}, "beam": {"dose_rate": "1 Gy/s", "pulses": pulses}})


def test_none_counts_as_not_written():
    assert case(beam={"dose_rate": "1 Gy/s", "energy": None}, cell=None).beam.energy is None


@pytest.mark.parametrize("kelvin", [("0 degC", 273.15), ("100 degC", 373.15)])
def test_water_is_a_liquid_at_both_ends(kelvin):
    assert case(electrolyte={"temperature": kelvin[0]}).electrolyte.temperature == kelvin[1]


def test_output_times_end_exactly_at_the_end():
    output = case(output={"count": 7, "from": "1 us"}).output
    assert output.resolved_times(1.0) == (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    linear = case(output={"spacing": "linear", "count": 4, "from": "1 s"}).output
    assert linear.resolved_times(100.0) == (1.0, 34.0, 67.0, 100.0)
    shortest = parse_case({"case": {"duration": "1 ns"}, "beam": {"dose_rate": "1 Gy/s"}}).output.resolved_times(1e-9)
    assert len(shortest) == 200
    assert all(a < b for a, b in pairwise(shortest))
    assert shortest[-1] == 1e-9


def test_nothing_changes_after_it_is_made():
    c = case(electrolyte={"concentrations": {"O2": "1 mM"}})
    with pytest.raises(ValidationError, match="frozen"):
        c.beam.dose_rate = 5.0
    with pytest.raises(ValidationError, match="frozen"):
        c.beam = c.beam
    for change in (
        lambda d: d.update(O2=2.0),
        lambda d: d.__setitem__("O2", 2.0),
        lambda d: d.pop("O2"),
        lambda d: d.__ior__({"O2": 2.0}),
    ):
        with pytest.raises(TypeError, match=r"Case\.replace"):
            change(c.electrolyte.concentrations)
    assert c.electrolyte.concentrations == {"O2": 1.0}


def test_inputs_travel_to_other_processes():
    c = case(electrolyte={"concentrations": {"O2": "1 mM"}, "gases": {"H2": "1 bar"}})
    again = pickle.loads(pickle.dumps(c))
    assert again == c
    assert hash(again) == hash(c)
    assert isinstance(again.electrolyte.concentrations, Frozen)


def test_every_key_has_an_example_that_is_right_for_it():
    # the example that a message shows must itself pass
    for section, model in SECTIONS.items():
        for key, example in examples_of(model).items():
            value = tomllib.loads(f"value = {example}")["value"]
            model_field = next(name for name, f in model.model_fields.items() if (f.alias or name) == key)
            others = {"name": "a", "role": "working"} if section == "electrode" else {}
            made = model.model_validate({**others, key: value})
            assert getattr(made, model_field) is not None


def test_every_quantity_names_its_kind():
    kinds = {
        f"{section}.{key}": found.kind
        for section, model in SECTIONS.items()
        for key in keys_of(model)
        if isinstance(found := field_type(model, (key,)), Measure)
    }
    assert kinds == {
        "dendrite.beyond": "length", "dendrite.direction": "angle", "dendrite.position": "position",
        "coupling.bubble_radius": "length", "coupling.temperature_rise": "temperature_coefficient",
        "case.duration": "time", "beam.energy": "energy", "beam.dose_rate": "dose_rate", "beam.flux": "flux",
        "beam.current": "current", "beam.diameter": "length", "beam.pixel": "length", "beam.dwell": "time",
        "beam.probe": "length", "beam.center": "position", "beam.line_flyback": "time", "beam.frame_flyback": "time",
        "grid.extent": "length", "grid.extent_y": "length", "grid.spacing": "length",
        "radiolysis.unknown_diffusivity": "diffusivity",
        "cell.layout_unit": "length", "cell.layout_origin": "position",
        "cell.spacer_height": "length", "electrolyte.temperature": "temperature",
        "gas.pressure": "pressure", "gas.nucleus_radius": "length", "gas.contact_angle": "angle",
        "gas.layer_radius": "length", "solver.atol": "concentration", "output.times": "time", "output.from": "time",
        "cell.bulge": "displacement", "cell.pressure": "pressure_difference", "cell.flow_rate": "volume_flow",
        "cell.pressure_drop": "pressure",
        "electrode.polygon": "position", "electrode.position": "position", "electrode.area": "area",
        "electrode.passivated": "position", "electrode.surface_resistance": "area_resistance",
        "electrode.capacitance": "area_capacitance", "electrolyte.concentration": "concentration",
        "electrolyte.conductivity": "conductivity",
        "dendrite.current_density": "current_density", "dendrite.potential": "voltage",
        "dendrite.compliance": "voltage", "dendrite.width": "length", "dendrite.gap": "length",
        "dendrite.electrode": "length", "dendrite.roughness": "length", "dendrite.correlation": "length",
        "dendrite.exchange_current": "current_density", "dendrite.surface_energy": "surface_energy",
        "dendrite.diffusivity": "diffusivity", "dendrite.interface_width": "length", "dendrite.spacing": "length",
    }  # fmt: skip
    assert set(kinds.values()) <= set(units.kinds())
    assert isinstance(field_type(SECTIONS["electrolyte"], ("concentrations",)), Each)


# ----------------------------------------------------------------- the record


def test_a_record_is_json_in_si():
    record = resolved(
        case(
            beam={"energy": "300 kV", "flux": "10 e/Å^2/s", "schedule": [{"from": "0 s", "to": "50 s", "on": True}]},
            electrolyte={"pH": 3, "concentrations": {"O2": "0.25 mM", "Cl-": "1 M"}},
            output={"times": ["1 us", "1 s"]},
        )
    )
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["beam"]["energy"] == pytest.approx(3e5 * ELEMENTARY_CHARGE, rel=1e-15)
    assert record["beam"]["schedule"] == [{"from": 0.0, "on": True, "to": 50.0}]
    assert record["electrolyte"]["concentrations"] == {"Cl-": 1000.0, "O2": 0.25}
    assert record["electrolyte"]["temperature"] == 298.15
    assert record["output"] == {"times": [1e-6, 1.0]}  # spacing and count say nothing beside times
    assert "pulses" not in record["beam"]


FULL = {
    "case": {"title": "all keys", "physics": ["radiolysis"], "duration": "1 min"},
    "beam": {
        "energy": "200 kV", "current": "50 pA", "mode": "stem", "pixel": "1 nm", "dwell": "5 us", "frame": [512, 256],
        "probe": "0.2 nm", "profile": "gaussian", "center": ["1 um", "-2 um"], "scan_order": "hopping", "hop": 4,
        "fast_axis": "y", "line_flyback": "60 us", "frame_flyback": "1 ms", "resolved": "line",
        "dose_factor": "1+t/lambda", "pulses": {"on": "1 us", "off": "1 ms", "count": 3},
    },
    "cell": {
        "spacer_height": "500 nm", "bulge": "auto", "pressure": "1 bar",
        "window_top": {"thickness": "50 nm", "width": "50 um", "length": "200 um", "residual_stress": "200 MPa"},
        "window_bottom": {"thickness": "30 nm", "width": "50 um", "length": "200 um"},
    },
    "electrolyte": {
        "mechanism": "water", "pH": 3, "concentrations": {"Cl-": "1 mM"}, "atmosphere": "air",
        "gases": {"H2": "1 mbar"},
        "counter_ion": "Cl-", "temperature": "37 degC",
    },
    "gas": {
        "pressure": "2 bar", "nucleus_radius": "50 nm", "contact_angle": "20 deg", "bubble": True,
        "layer_radius": "5 um",
    },
    "radiolysis": {
        "g_values": "HS300", "g_scale": 1.1, "ionic_strength_correction": True, "ensemble": 64, "seed": 7,
        "rate_uncertainty": 1.2, "mechanisms": ["water", "water-eb09"],
    },
    "solver": {"rtol": 1e-8, "atol": "1e-18 mol/L", "kernel": "unrolled", "max_steps": 1000},
    "output": {"spacing": "linear", "count": 10, "from": "1 ms"},
}  # fmt: skip


SPACE = {
    **FULL,
    "beam": {"energy": "200 kV", "current": "50 pA", "diameter": "1 um"},
    "radiolysis": {
        **{key: value for key, value in FULL["radiolysis"].items() if key != "ensemble"},
        "sample": 3, "electroneutral": False, "diffusivity": {"Cl-": "2e-9 m^2/s"}, "unknown_diffusivity": "1e-9 m^2/s",
    },
    "grid": {
        "geometry": "full", "extent": "50 um", "extent_y": "40 um", "spacing": "20 nm", "growth": 1.1, "layers": 5,
        "edge": "closed",
    },
}  # fmt: skip
FLOWING = {
    **SPACE,
    "cell": {
        **FULL["cell"], "flow_rate": "1 uL/min",
        "flow": {
            "inlet": "x-", "outlet": "x+", "viscosity": "1 mPa*s",
            "bypass": {"height": "100 um", "width": "200 um", "length": "2 mm"},
        },
    },
    "electrolyte": {**FULL["electrolyte"], "inflow": {"pH": 4}},
    "grid": {**SPACE["grid"], "edge": "reservoir"},
}  # fmt: skip


SPOTS = {
    "diameter": "2 um", "tail": {"fraction": 0.1, "diameter": "20 um"},
    "spots": [{"center": ["0 um", "-1 um"], "weight": 2}, {"center": ["0 um", "5 um"], "diameter": "1 um"}],
}  # fmt: skip


def test_spots_and_tails_pass_the_same_door_again():
    first = case(beam={"dose_rate": "1 Gy/s", **SPOTS})
    assert (first.beam.spots[0].weight, first.beam.spots[1].center) == (2.0, (0.0, 5e-6))
    again = parse_case(from_record(resolved(first)))
    assert again == first and record_hash(resolved(again)) == record_hash(resolved(first))


def test_new_keys_of_the_beam_leave_old_records_as_they_were():
    assert set(resolved(case())["beam"]) == {"dose_factor", "dose_rate", "mode", "profile"}


@pytest.mark.parametrize("data", [MINIMAL, FULL, SPACE, FLOWING, {**FULL, "output": {"times": ["1 s", "2 s"]}}])
def test_a_record_passes_the_same_door_again(data):
    first = parse_case(data)
    again = parse_case(from_record(resolved(first)))
    assert again == first
    assert record_hash(resolved(again)) == record_hash(resolved(first))


CHIP = {"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}, "cell": {"chip": "static-25nm"}}


def test_every_key_stands_in_the_full_record():
    # a key that the record forgets would make two different runs share one name
    # (those of transport: see test_transport_inputs; of growth: test_growth; of a layout: test_layouts;
    # of what acts back: test_feedback)
    records = [resolved(parse_case(data)) for data in (FULL, SPACE, FLOWING, CHIP)]
    for section, model in SECTIONS.items():
        if section in ("electrode", "protocol", "transport", "dendrite", "coupling"):
            continue
        left_out = set(keys_of(model)) - {key for record in records for key in record.get(section, ())}
        other_roads = {"dose_rate", "flux", "tail", "spots", "schedule", "injected_fraction", "times",
                       "window", "pressure_drop",
                       "preset", "concentration", "conductivity",
                       "layout", "layout_layers", "layout_unit", "layout_origin", "layout_cell"}  # fmt: skip
        assert left_out <= other_roads, section


def test_each_value_moves_the_hash():
    base = record_hash(resolved(parse_case(FULL)))
    changed = {
        "case.title": '"other"', "case.duration": "61 s", "beam.energy": "201 kV", "beam.current": "51 pA",
        "beam.pixel": "2 nm", "beam.dwell": "6 us", "beam.frame": "[512, 255]", "beam.probe": "0.3 nm",
        "beam.dose_factor": "none", "beam.pulses.count": "4", "cell.spacer_height": "501 nm",
        "cell.pressure": "2 bar",
        "cell.window_top.thickness": "51 nm", "cell.window_bottom.width": "51 um",
        "cell.window_top.residual_stress": "201 MPa",
        "electrolyte.mechanism": "mine.toml", "electrolyte.pH": "3.1", "electrolyte.concentrations.Cl-": "2 mM",
        "electrolyte.atmosphere": "argon", "electrolyte.gases.H2": "2 mbar", "electrolyte.counter_ion": "Br-",
        "electrolyte.temperature": "38 degC", "radiolysis.g_values": "LS", "radiolysis.g_scale": "1.2",
        "radiolysis.ionic_strength_correction": "false", "radiolysis.ensemble": "65", "radiolysis.seed": "8",
        "radiolysis.rate_uncertainty": "1.3", "radiolysis.mechanisms": '["water"]', "solver.rtol": "1e-7",
        "solver.atol": "2e-18 mol/L", "solver.kernel": "table", "solver.max_steps": "1001", "output.spacing": "log",
        "output.count": "11", "output.from": "2 ms",
    }  # fmt: skip
    hashes = {key: record_hash(resolved(parse_case(apply_set(FULL, f"{key}={v}")))) for key, v in changed.items()}
    assert len({base, *hashes.values()}) == len(changed) + 1
    in_space = {
        "grid.extent": "51 um", "grid.extent_y": "41 um", "grid.spacing": "21 nm",
        "grid.growth": "1.2", "grid.layers": "6", "grid.edge": "reservoir", "radiolysis.electroneutral": "true",
        "radiolysis.diffusivity.Cl-": "3e-9 m^2/s", "radiolysis.unknown_diffusivity": "2e-9 m^2/s",
    }  # fmt: skip
    plan = {**SPACE, "grid": {key: value for key, value in SPACE["grid"].items() if key != "layers"}}
    changes = {"grid.geometry": (plan, "plan"), **{k: (SPACE, v) for k, v in in_space.items()}}
    flowing = {
        "cell.flow_rate": "2 uL/min", "cell.flow.inlet": "y-", "cell.flow.bypass.height": "101 um",
        "cell.flow.viscosity": "1.1 mPa*s", "electrolyte.inflow.pH": "5",
    }  # fmt: skip
    changes |= {key: (FLOWING, value) for key, value in flowing.items()}
    hashes = {
        key: record_hash(resolved(parse_case(apply_set(data, f"{key}={v}")))) for key, (data, v) in changes.items()
    }
    assert len({record_hash(resolved(parse_case(SPACE))), *hashes.values()}) == len(changes) + 1


def test_the_hash_does_not_depend_on_units_order_or_process():
    one = {"case": {"duration": "100 s"}, "beam": {"dose_rate": "75 MGy/s", "energy": "300 kV"}}
    two = {"beam": {"energy": "0.3 MeV", "dose_rate": "7.5e7 Gy/s"}, "case": {"title": "", "duration": "1e5 ms"}}
    digest = record_hash(resolved(parse_case(one)))
    assert digest == record_hash(resolved(parse_case(two)))
    code = f"from simcell.inputs import *;print(record_hash(resolved(parse_case({two!r}))))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest


def test_the_hash_of_a_known_record_stays():
    # names of finished runs hang on it: a change of this value breaks the resuming of every sweep
    # printf '%s' '{"a":[1.0,2,"\u00b5"],"b":{"x":true}}' | sha256sum
    assert record_hash({"a": [1.0, 2, "µ"], "b": {"x": True}}) == "fcd7d82740331629"


def test_a_record_of_a_later_version_is_refused():
    with pytest.raises(InputError, match="a later one wrote this"):
        from_record({"case": {"duration": 1.0}, "simcell_record": 99})


# ----------------------------------------------------------------- set and vary


def test_set_takes_values_as_the_file_would():
    data = {}
    for text in [
        "case.duration=10 s",
        "beam.dose_rate = 1e10Gy/s",
        "electrolyte.pH=3",
        "case.title='7'",
        "output.times=['1 s']",
        "electrolyte.concentrations.SO4^2-=1 mM",
        'electrolyte.concentrations."a.b+"=2 mM',
        "radiolysis.ionic_strength_correction=true",
    ]:
        data = apply_set(data, text)
    assert data == {
        "case": {"duration": "10 s", "title": "7"}, "beam": {"dose_rate": "1e10Gy/s"}, "output": {"times": ["1 s"]},
        "electrolyte": {"pH": 3, "concentrations": {"SO4^2-": "1 mM", "a.b+": "2 mM"}},
        "radiolysis": {"ionic_strength_correction": True},
    }  # fmt: skip


def test_set_leaves_its_data_alone():
    data = {"beam": {"dose_rate": "1 Gy/s", "schedule": [{"from": "0 s", "to": "1 s", "on": True}]}}
    before = json.dumps(data)
    changed = apply_set(data, "beam.schedule.0.to=2 s")
    assert changed["beam"]["schedule"][0] == {"from": "0 s", "to": "2 s", "on": True}
    assert json.dumps(data) == before


@pytest.mark.parametrize(
    ("data", "text", "expected"),
    [
        (
            {"beam": {"energy": "300 kV", "current": "1 nA"}},
            "beam.dose_rate=1 Gy/s",
            {"beam": {"energy": "300 kV", "dose_rate": "1 Gy/s"}},
        ),
        ({"beam": {"flux": "1 e/nm^2/s"}}, "beam.current=1 nA", {"beam": {"current": "1 nA"}}),
        ({"output": {"times": ["1 s"]}}, "output.count=9", {"output": {"count": 9}}),
        ({"output": {"count": 9, "spacing": "log"}}, 'output.times=["1 s"]', {"output": {"times": ["1 s"]}}),
        ({"beam": {"pulses": {}}}, "beam.schedule=[]", {"beam": {"schedule": []}}),
    ],
)
def test_a_new_answer_replaces_the_old_one(data, text, expected):
    assert apply_set(data, text) == expected


def test_vary_finds_the_unit_from_the_key():
    assert vary("cell.spacer_height=100nm,1um").numbers == (1e-7, 1e-6)
    found = vary("beam.current=1pA..100pA:log:3")
    assert (found.key, found.numbers, found.unit) == ("beam.current", (1e-12, 1e-11, 1e-10), "A")
    assert vary("electrolyte.concentrations.O2=0mM..1mM:lin:3").numbers == (0.0, 0.5, 1.0)
    assert vary("electrolyte.gases.H2=1 bar").unit == "Pa"
    assert vary("electrolyte.temperature=25degC..35degC:lin:2").numbers == (298.15, 308.15)
    assert vary("beam.pulses.on=1us,2us").numbers == (1e-6, 2e-6)
    assert vary("radiolysis.seed=1,2,3").values == (1, 2, 3)
    assert vary("radiolysis.ionic_strength_correction=true,false").values == (True, False)
    assert vary("electrolyte.mechanism=water,mine.toml") == ("electrolyte.mechanism", ("water", "mine.toml"), None, "")


def test_values_of_vary_give_their_numbers_through_the_file():
    found = vary("beam.dose_rate=1Gy/s..3Gy/s:log:7")
    for value, number in zip(found.values, found.numbers or (), strict=True):
        assert parse_case(apply_set(MINIMAL, f"beam.dose_rate={value}")).beam.dose_rate == number

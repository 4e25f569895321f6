"""Sections [[electrode]], [protocol] and [transport]: what they accept, what they refuse and in which words."""

from __future__ import annotations

import pytest

from simcell.case import Case
from simcell.errors import InputError
from simcell.inputs.case import SECTIONS, from_record, parse_case, record_hash, resolved
from simcell.inputs.messages import keys_of
from simcell.inputs.overrides import apply_set, vary

ZINC = [{"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}]
CASE = {
    "case": {"physics": ["transport"], "title": "strips"},
    "cell": {"spacer_height": "500 nm"},
    "electrode": [
        {"name": "working", "role": "working", "metal": "Zn", "reaction": ZINC,
         "rectangle": {"x": ["-40 um", "-20 um"], "y": ["-30 um", "30 um"]}},
        {"name": "counter", "role": "counter", "metal": "Zn", "reaction": ZINC,
         "polygon": [["20 um", "-30 um"], ["40 um", "-30 um"], ["40 um", "30 um"], ["20 um", "30 um"]]},
        {"name": "ref", "role": "reference", "position": ["0 um", "0 um"]},
    ],
    "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    "protocol": {"steps": [{"technique": "potentiostatic", "potential": "-20 mV"}]},
    "grid": {"geometry": "plan", "extent": "120 um"},
}  # fmt: skip
LINE = {
    "case": {"physics": ["transport"], "duration": "100 s"},
    "electrode": [
        {"name": "working", "role": "working", "area": "1 mm^2", "capacitance": "20 uF/cm^2",
         "surface_resistance": "1 ohm*cm^2", "reaction": [{
             "name": "ferro", "oxidised": "Fe(CN)6^3-", "reduced": "Fe(CN)6^4-", "electrons": 1,
             "rate_constant": "1e-4 m/s", "alpha_anodic": 0.5, "alpha_cathodic": 0.5,
             "equilibrium_potential": "0.2 V", "reference_concentrations": {"Fe(CN)6^3-": "1 mM"}}]},
        {"name": "ref", "role": "reference", "position": ["10 um"]},
    ],
    "electrolyte": {"concentrations": {"K+": "104 mM", "Cl-": "100 mM", "Fe(CN)6^4-": "1 mM"},
                    "conductivity": "1.2 S/m"},
    "protocol": {
        "reference": "ref", "ir_compensation": 0.8,
        "steps": [
            {"technique": "cv", "potential": "0 V", "vertices": ["0.5 V", "-0.1 V"], "scan_rate": "50 mV/s",
             "cycles": 2, "stop": "0.1 V"},
            {"technique": "pulse", "current_density": "1 A/m^2", "rest_current_density": "-0.1 A/m^2", "on": "1 ms",
             "off": "9 ms", "count": 100},
            {"technique": "galvanostatic", "current": "-1 nA", "duration": "2 s",
             "until": {"potential_below": "-0.4 V", "charge_density_below": "-1 C/m^2"}},
            {"technique": "ocp"},
        ],
    },
    "transport": {"level": "tertiary", "diffusivity": {"Fe(CN)6^4-": "7e-10 m^2/s"}},
    "grid": {"geometry": "line", "extent": "100 um", "edge": "closed"},
}  # fmt: skip


def wrong(data, *changes):
    for change in changes:
        data = apply_set(data, change)
    with pytest.raises(InputError) as caught:
        parse_case(data)
    return {problem.key: str(problem) for problem in caught.value.problems}


@pytest.mark.parametrize("data", [CASE, LINE])
def test_a_record_passes_the_same_door_again(data):
    first = parse_case(data)
    again = parse_case(from_record(resolved(first)))
    assert again == first
    assert record_hash(resolved(again)) == record_hash(resolved(first))


def test_every_key_of_a_section_stands_in_a_record():
    records = [resolved(parse_case(data)) for data in (CASE, LINE)]
    for section in ("protocol", "transport"):
        assert set(keys_of(SECTIONS[section])) <= {key for record in records for key in record[section]}
    found = {key for record in records for electrode in record["electrode"] for key in electrode}
    assert set(keys_of(SECTIONS["electrode"])) - found == {
        "passivated",
        "film",
        "pseudo",
    }  # see test_chips, test_solutions


def test_what_the_beam_says_is_kept_out_of_the_record_of_transport():
    with_beam = {**CASE, "beam": {"energy": "300 kV", "current": "1 nA", "diameter": "2 um"}}
    assert resolved(parse_case(with_beam)) == resolved(parse_case(CASE))


def test_without_a_geometry_transport_chooses():
    assert parse_case({**CASE, "grid": {"extent": "120 um"}}).grid.geometry == "auto"


def test_entries_of_lists_are_changed_by_name():
    changed = Case.from_dict(CASE).replace("electrode.counter.reaction.zn-deposition.alpha_anodic", 1.2)
    assert changed.input.electrode[1].reaction[0].alpha_anodic == 1.2
    assert changed.input.electrode[0].reaction[0].alpha_anodic is None
    assert vary("electrode.working.area=1mm^2..4mm^2:lin:2").unit == "m^2"
    with pytest.raises(InputError, match='no entry named "worker"; there are working, counter, ref'):
        apply_set(CASE, "electrode.worker.metal=Zn")
    with pytest.raises(InputError, match=r"did you mean \"electrode\.working\.metal\""):
        vary("electrode.working.metl=Zn,Cu")


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        ('electrode.working.rectangle.x=["-20 um", "25 um"]', "electrode.working", 'overlaps electrode "counter"'),
        ('electrode.working.rectangle.x=["-20 um", "20 um"]', "electrode.working", 'touches electrode "counter"'),
        ("grid.extent=70um", "electrode.working.rectangle", "grid.extent of 80 um or more would do"),
        ('electrode.working.rectangle.x=["-20 um", "-40 um"]', "electrode.working.rectangle.x", "must rise"),
        ("electrode.counter.role=working", "electrode.counter.role", '"working" is the working electrode already'),
        ("electrode.working.role=floating", "electrode", "no electrode has the role working"),
        ("electrode.ref.position=[\"1 um\"]", "electrode.ref.position", "is a point: x and y"),
        ("electrode.counter.name=working", "electrode[1].name", "is the name of two"),
        ('electrode.counter.polygon=[["0 um", "0 um"], ["9 um", "9 um"], ["9 um", "0 um"], ["0 um", "9 um"]]',
         "electrode.counter.polygon", "crosses itself"),
        ('electrode.counter.polygon=[["0 um", "0 um"], ["9 um", "9 um"]]', "electrode.counter.polygon", "2 corners"),
        ("electrode.counter.polygon=[[1, 2]]", "electrode.counter.polygon[0][0]", "needs a unit"),
        ("electrode.counter.reaction=[{name='x'}]", "electrode.counter.reaction.x.name", "says not what it does"),
        ("electrode.counter.reaction=[{name='cu-deposition'}]",
         "electrode.counter.reaction.cu-deposition.exchange_current_density", "published: 10 A/m^2 in"),
        ("protocol.steps=[]", "protocol.steps", "needs to know what the potentiostat does"),
        ("protocol.steps=[{technique='galvanostatic'}]", "protocol.steps[0].current_density", "is missing"),
        ("protocol.reference=nobody", "protocol.reference", "there are counter, ref, working"),
        ("electrolyte.concentrations.O2=1mM", None, None),
        ("transport.level=tertiary", "protocol.steps[0].duration", "a step without end"),
        ("grid.geometry=batch", "grid.geometry", "has no place for electrodes"),
        ('case.physics=["transport", "dendrite"]', "case.physics", "in this version each runs on its own"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_cell_is_said(change, key, words):
    if key is None:
        parse_case(apply_set(CASE, change))
        return
    found = wrong(CASE, change)
    assert words in found[key]


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        ("protocol.steps=[{technique='potentiostatic', potential='0 V'}, {technique='ocp', duration='1 s'}]",
         "protocol.steps[0].duration", "a step without end"),
        ("case.duration=1s", "case.duration", "leaves nothing for the last step"),
        ("protocol.steps.0.vertices=[]", "protocol.steps[0].vertices", "is missing"),
        ('protocol.steps.0.vertices=["0 V"]', "protocol.steps[0].vertices[0]", "would not move"),
        ("protocol.steps.0.duration=1s", "protocol.steps[0].duration", 'means nothing for technique = "cv"'),
        ("protocol.steps.1.potential=1V", "protocol.steps[1].current_density", "says it a second time"),
        ("protocol.steps.2.until.potential_above=-0.5V", "protocol.steps[2].until.potential_above", "must lie above"),
        ("protocol.ir_compensation=1", "protocol.ir_compensation", "0 to 0.99"),
        ("electrode.working.reaction.ferro.exchange_current_density=1A/m^2",
         "electrode.working.reaction.ferro.rate_constant", "a second time"),
        ("grid.layers=5", "grid.layers", "means nothing"),
        ("transport.level=secondary", "transport.level", "a line runs tertiary only"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_protocol_is_said(change, key, words):
    assert words in wrong(LINE, change)[key]


def test_a_distribution_is_one_moment():
    sweep = "protocol.steps=[{technique='cv', potential='0 V', vertices=['1 V'], scan_rate='1 mV/s'}]"
    assert parse_case(apply_set(CASE, sweep)).protocol.steps[0].scan_rate == 1e-3  # with concentrations it may last
    assert "is one moment" in wrong(CASE, sweep, "transport.level=secondary")["protocol.steps"]


def test_all_errors_come_at_once():
    found = wrong(
        CASE, "electrode.working.metal=Unobtainium", "protocol.steps=[]", "grid.extent=1m", "cell.flow_rate=1uL"
    )
    assert {"electrode.working.metal", "protocol.steps", "grid.extent", "cell.flow_rate"} <= set(found)


def test_a_case_of_the_beam_may_hold_electrodes():
    both = {**CASE, "case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s", "diameter": "2 um"},
            "electrolyte": {"pH": 7}}  # fmt: skip
    assert parse_case(both).electrode[0].name == "working"
    told = wrong({**both, "electrolyte": {"preset": "ZnSO4"}})
    assert 'read by case.physics = ["transport"]' in told["electrolyte.preset"]

"""A case: reading, changing, comparing, naming."""

from __future__ import annotations

import copy
import pickle
import re
import sys
import tomllib
import types
from importlib import resources
from pathlib import Path

import pytest

import simcell
from simcell.case import Case
from simcell.commands.check import describe
from simcell.errors import InputError

TEXT = """
[case]
duration = "100 s"
[beam]
energy = "300 kV"
current = "1 nA"
diameter = "2 um"
"""


@pytest.fixture
def case(tmp_path: Path) -> Case:
    path = tmp_path / "case.toml"
    path.write_text(TEXT, encoding="utf-8")
    return Case.read(path)


def test_reading(case, tmp_path):
    assert case.input.beam.current == 1e-9
    assert case.file == str(tmp_path / "case.toml")
    assert case.folder == tmp_path  # where the path of a mechanism starts


def test_a_byte_order_mark_of_utf_8_and_windows_lines_are_no_fault(case, tmp_path):
    other = tmp_path / "notepad.toml"
    other.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert Case.read(other) == case


def test_angstrom_and_micro_in_a_file(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text('case.duration = "5 µs"\nbeam = { energy = "300 kV", flux = "10 e/Å²/s" }', encoding="utf-8")
    beam = Case.read(path).input.beam
    assert beam.flux == 1e21


def test_changes_are_made_before_the_file_is_checked(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(TEXT.replace('duration = "100 s"', ""), encoding="utf-8")
    with pytest.raises(InputError, match="duration: is missing"):
        Case.read(path)
    assert Case.read(path, changes=["case.duration=1 s"]).input.case.duration == 1.0


def test_a_wrong_change_is_not_blamed_on_the_file(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(TEXT + "[cell]\nspacer_height = '5'", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Case.read(path, changes=["beam.current=5"])
    assert [(p.file, p.key) for p in caught.value.problems] == [
        ("--set", "beam.current"),
        (str(path), "cell.spacer_height"),
    ]


def test_replace_gives_a_new_case(case):
    other = case.replace("beam.current", "2 nA")
    assert (case.input.beam.current, other.input.beam.current) == (1e-9, 2e-9)
    assert other.folder == case.folder
    assert other != case
    assert other.replace("beam.current", "1000 pA") == case


def test_replace_checks_the_whole_case(case):
    with pytest.raises(InputError, match=r"after the case ends \(1 s\)"):
        case.replace("output.times", ["1 s", "100 s"]).replace("case.duration", "1 s")
    with pytest.raises(InputError, match='did you mean "current"'):
        case.replace("beam.curent", "1 nA")
    with pytest.raises(InputError, match="needs a unit"):
        case.replace("beam.current", 1e-9)


def test_replace_takes_quantities_lists_and_none(case):
    assert case.replace("beam.current", simcell.quantity(3.0, "nA")).input.beam.current == 3e-9
    assert case.replace("output.times", [simcell.quantity(1.0, "ms"), "1 s"]).input.output.times == (1e-3, 1.0)
    assert case.replace("output.count", 5).replace("output.count", None) == case
    # what a case keeps is what a file could hold, so that it can be stored
    assert case.replace("beam.current", simcell.quantity(3.0, "nA")).data["beam"]["current"] == "3.0 nanoampere"


def test_a_dose_rate_takes_the_place_of_a_current(case):
    beam = case.replace("beam.dose_rate", "1e6 Gy/s").input.beam
    assert (beam.dose_rate, beam.current, beam.energy is None) == (1e6, None, False)


def test_equal_cases_have_one_name(case, tmp_path):
    same = case.replace("beam.energy", "0.3 MeV")
    assert same == case
    assert same.hash == case.hash
    assert len({case, same}) == 1
    assert case != "case"


def test_a_record_is_a_case(case):
    again = Case.from_dict(case.record)
    assert again.record == case.record
    assert again.replace("beam.current", "2 nA").input.beam.current == 2e-9


def test_cases_travel_to_other_processes(case):
    for again in (pickle.loads(pickle.dumps(case)), copy.deepcopy(case)):
        assert again == case
        assert again.hash == case.hash


def test_a_case_does_not_change(case):
    with pytest.raises(AttributeError):
        case.file = "other.toml"


def test_running_hands_the_case_to_the_study(case, monkeypatch):
    # the physics has its own tests; here only that `run` passes on what it got
    seen = []
    study = types.ModuleType("simcell.studies.run")
    study.run_case = lambda got, progress=None: seen.append((got, progress)) or "tree"
    monkeypatch.setitem(sys.modules, "simcell.studies.run", study)
    assert case.run(progress=print) == "tree"
    assert seen == [(case, print)]


def test_every_shipped_template_is_a_right_case():
    found = list((resources.files("simcell") / "data" / "templates").iterdir())
    assert found
    for template in found:
        Case.from_toml(template.read_text(encoding="utf-8"))


def choices(text):
    """Every commented choice of a template: section, what its remark says, and its lines of TOML together."""
    section, remark, lines = "", "", []
    for line in [*text.splitlines(), ""]:
        if re.match(r"# [A-Za-z_]+ = ", line):
            lines.append(line[2:])
            continue
        if lines:
            yield section, remark, tomllib.loads("\n".join(lines))
            remark, lines = "", []
        if header := re.match(r"\[(\w+)\]", line):
            section = header[1]
        remark = line if line.startswith("# ") else ""


TEMPLATES = {path.name: path for path in (resources.files("simcell") / "data" / "templates").iterdir()}
CHOICES = [(name, *choice) for name, path in TEMPLATES.items() for choice in choices(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(
    ("name", "section", "remark", "keys"), CHOICES, ids=[f"{c[0]}: {'-'.join(c[3])}" for c in CHOICES]
)
def test_every_choice_of_a_template_is_right_as_its_remark_says(name, section, remark, keys):
    data = tomllib.loads(TEMPLATES[name].read_text(encoding="utf-8"))
    if "with plan" in remark:
        data["grid"] |= {"geometry": "plan", "extent": "50 um"}
    if without := re.search(r"without ([a-z_, ]+)", remark):
        for key in without[1].split(", "):
            del data[section][key]
    data[section] |= keys
    case = Case.from_dict(data)
    assert describe(case)["values"].keys() >= {f"{section}.{key}" for key in keys if not isinstance(keys[key], dict)}


def test_the_templates_offer_choices():
    assert {name: sum(c[0] == name for c in CHOICES) for name in TEMPLATES} == {
        "cv.toml": 5, "dendrite.toml": 6, "radiolysis.toml": 8, "space.toml": 20, "transport.toml": 7,
    }  # fmt: skip

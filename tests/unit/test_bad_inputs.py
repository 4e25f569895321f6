"""Every wrong case file gives one error that names file, key and reason, and never another exception."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from simcell.case import Case
from simcell.commands.check import describe
from simcell.errors import InputError
from simcell.inputs import vary


def _table() -> ModuleType:
    """Load the table that the tests of the command line use as well; tests are no package."""
    name = "bad_inputs"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


table = _table()
# words of pydantic that would mean that one of its own messages got through
LEAKS = (
    "pydantic",
    "Input should",
    "Field required",
    "value_error",
    "validation error",
    "type=",
    "Extra inputs",
    "https:",
)


def _message(error: InputError) -> str:
    text = str(error)
    assert not any(leak in text for leak in LEAKS), text
    assert all(problem.reason for problem in error.problems)
    return text


@pytest.mark.parametrize("bad", table.BAD_FILES, ids=[bad.name for bad in table.BAD_FILES])
def test_a_wrong_case_says_what_is_wrong(bad, tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(bad.text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Case.read(path)
    text = _message(caught.value)
    assert all(problem.file == str(path) for problem in caught.value.problems)
    assert [fragment for fragment in bad.fragments if fragment not in text] == []
    assert text.isprintable() or "\n" in text


@pytest.mark.parametrize("bad", table.BAD_FILES, ids=[bad.name for bad in table.BAD_FILES])
def test_a_wrong_case_is_wrong_in_one_way_only(bad):
    # a table whose entries fail for a second reason would not show that the first is found
    with pytest.raises(InputError) as caught:
        Case.from_toml(bad.text)
    allowed = {"schedule of texts": 1, "no sections": 3, "section as a list": 1}.get(bad.name, 2)
    assert len(caught.value.problems) <= allowed


@pytest.mark.parametrize("bad", table.BAD_CELLS, ids=[bad.name for bad in table.BAD_CELLS])
def test_a_wrong_case_in_space_says_what_would_do(bad):
    case = Case.from_toml(bad.text)
    with pytest.raises(InputError) as caught:
        describe(case)
    text = _message(caught.value)
    assert len(caught.value.problems) == 1
    assert [fragment for fragment in bad.fragments if fragment not in text] == []


@pytest.mark.parametrize(("name", "content", "fragment"), table.BAD_BYTES, ids=[row[0] for row in table.BAD_BYTES])
def test_bytes_that_are_no_case_file(name, content, fragment, tmp_path):
    path = tmp_path / "case.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        Case.read(path)
    assert len(caught.value.problems) == 1
    assert fragment in _message(caught.value)


def test_places_that_are_no_file(tmp_path):
    for path, fragment in [
        (tmp_path, "is a folder"),
        (tmp_path / "missing.toml", "no such file"),
        (tmp_path / ("x" * 5000), ""),  # in words of the system
        (Path("null\0character"), ""),
    ]:
        with pytest.raises(InputError) as caught:
            Case.read(path)
        assert len(caught.value.problems) == 1
        assert fragment in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a plain file"):
        Case.read(tmp_path / "pipe")


@pytest.mark.parametrize(("text", "fragment"), table.BAD_SETS)
def test_wrong_changes_name_the_option(text, fragment):
    with pytest.raises(InputError) as caught:
        Case.from_toml(table.CASE + table.BEAM, changes=[text])
    assert fragment in _message(caught.value)
    assert caught.value.problems[0].file == "--set"


@pytest.mark.parametrize(("text", "fragment"), table.BAD_VARIES)
def test_wrong_ranges_name_the_option(text, fragment):
    with pytest.raises(InputError) as caught:
        vary(text)
    assert fragment in _message(caught.value)
    assert caught.value.problems[0].file == "--vary"


def test_all_errors_of_a_file_come_at_once():
    text = """
        [case]
        duration = "100"
        [beam]
        energy = "300 kv"
        flux = "1000 e/A^2/s"
        [cell]
        spacer_hieght = "500 nm"
        [electrolyte]
        pH = 70
        temperature = "25 C"
        [output]
        times = ["2 s", "1 s"]
        [imaging]
    """
    with pytest.raises(InputError) as caught:
        Case.from_toml(text)
    assert {problem.key for problem in caught.value.problems} == {
        "case.duration", "beam.energy", "beam.flux", "cell.spacer_hieght", "electrolyte.pH",
        "electrolyte.temperature", "output.times[1]", "[imaging]",
    }  # fmt: skip


def test_rules_between_sections_are_told_beside_wrong_values():
    # the schedule runs past the end of the case although another key of [case] is wrong
    with pytest.raises(InputError) as caught:
        Case.from_toml(
            'case = { duration = "1 s", title = 5 }\n'
            'beam = { dose_rate = "1 Gy/s", schedule = [{ from = "0 s", to = "9 s", on = true }] }'
        )
    assert [problem.key for problem in caught.value.problems] == ["case.title", "beam.schedule[0]"]


def test_the_table_is_large_enough():
    assert len(table.BAD_FILES) >= 70
    names = [bad.name for bad in table.BAD_FILES]
    assert len(set(names)) == len(names)

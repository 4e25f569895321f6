"""Wrong case files, changes, ranges and results: exit code 2, clear messages, nothing written, no traceback."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from simcell.cli import execute
from tests.bad_inputs import BAD_BYTES, BAD_CELLS, BAD_FILES, BAD_SETS, BAD_VARIES, BEAM, CASE, Bad


def refused(capsys: pytest.CaptureFixture[str], *typed: str) -> str:
    """Run a command that must be refused, and return its message; the folder must stay as it was."""
    before = sorted(Path().rglob("*"))
    assert execute(list(typed)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("simcell: ")
    assert "Traceback" not in captured.err
    assert sorted(Path().rglob("*")) == before
    return captured.err


@pytest.mark.parametrize("bad", BAD_FILES, ids=[bad.name for bad in BAD_FILES])
def test_wrong_case_files(bad: Bad, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.toml").write_text(bad.text, encoding="utf-8", newline="")
    message = refused(capsys, "run", "bad.toml", "-o", "out.nc")
    assert "bad.toml" in message
    for fragment in bad.fragments:
        assert fragment in message


@pytest.mark.parametrize("command", ["check", "run"])
def test_wrong_cases_in_space(command: str, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them go through the same door, of which the unit tests know the words; here that nothing is written."""
    bad = BAD_CELLS[0]
    Path("bad.toml").write_text(bad.text, encoding="utf-8", newline="")
    message = refused(capsys, command, "bad.toml")
    assert all(fragment in message for fragment in bad.fragments)


@pytest.mark.parametrize(("name", "content", "words"), BAD_BYTES, ids=[name for name, *_ in BAD_BYTES])
def test_files_that_are_no_text(
    name: str, content: bytes, words: str, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.toml").write_bytes(content)
    assert words in refused(capsys, "check", "bad.toml")


@pytest.fixture
def good(workplace: Path) -> str:
    """Return the name of a case that would run."""
    Path("case.toml").write_text(CASE + BEAM, encoding="utf-8")
    return "case.toml"


@pytest.mark.parametrize(("change", "words"), BAD_SETS, ids=[change for change, _ in BAD_SETS])
def test_wrong_changes(change: str, words: str, good: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in refused(capsys, "run", good, "-o", "out.nc", f"--set={change}")


@pytest.mark.parametrize(("text", "words"), BAD_VARIES, ids=[text for text, _ in BAD_VARIES])
def test_wrong_ranges(text: str, words: str, good: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in refused(capsys, "run", good, "-o", "out.nc", f"--vary={text}")


# what is typed behind a good case -> words of the message
WRONG_OPTIONS: list[tuple[list[str], str]] = [
    (["run", "case.toml", "-o", "out.txt"], ".nc"),
    (["run", "case.toml", "-o", "nowhere/out.nc"], "nowhere"),
    (["run", "case.toml", "-o", "."], "folder"),
    (["run", "case.toml", "--ensemble", "1"], "radiolysis.ensemble"),
    (["run", "case.toml", "--ensemble", "-4"], "radiolysis.ensemble"),
    (["run", "case.toml", "--ensemble", "many"], "--ensemble"),
    (["run", "case.toml", "--seed", "-1"], "radiolysis.seed"),
    (["run", "case.toml", "--vary", "electrolyte.mechanism=water,water-eb09"], "takes numbers"),
    (["run", "case.toml", "--vary", "electrolyte.pH=3,7", "--vary", "electrolyte.pH=4,5"], "varied twice"),
    (["run", "case.toml", "--vary", "solver.rtol=1e-5,1e-6"], "cannot be varied"),
    (["run", "missing.toml"], "no such file"),
    (["run", "missing.nc", "-o", "out.nc"], "no such file"),
    (["run", "."], "folder"),
    (["run"], "CASE"),
    (["run", "case.toml", "other.toml"], "other.toml"),
    (["check", "case.toml", "--set", "electrolyte.mechanism=watr"], '"water"'),
    (["check", "case.toml", "--set", "radiolysis.g_values=HS30"], "HS300"),
    (["check", "case.toml", "--set", 'electrolyte.concentrations={ O3x = "1 mM" }'], "O3x"),
    (["limit", "case.toml"], "--keep"),
    (["limit", "case.toml", "--keep", "H2=1"], "is not a condition"),
    (["limit", "case.toml", "--keep", "H2<1"], "needs a unit"),
    (["limit", "case.toml", "--keep", "H3<1 sat"], '"H3"'),
    (["limit", "case.toml", "--keep", "OH<1 sat"], "not a gas"),
    (["limit", "case.toml", "--keep", "pH>6", "--after", "1000 s"], "case.duration"),
    (["limit", "case.toml", "--keep", "pH>6", "--after", "10"], "needs a unit"),
    (["plot", "case.toml"], "not a NetCDF file"),
    (["plot", "missing.nc"], "no such file"),
]


@pytest.mark.parametrize(("typed", "words"), WRONG_OPTIONS, ids=[" ".join(t)[:60] for t, _ in WRONG_OPTIONS])
def test_wrong_options(typed: list[str], words: str, good: str, capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(capsys, *typed)
    assert words in message
    assert len(message.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["--kind", "pie"], "species, dose_response, throughput"),
        (["--kind", "throughput", "--species", "H3"], "H3"),
        (["--kind", "dose-response"], "vary"),
        (["-o", "out.gif"], ".png"),
    ],
)
def test_wrong_pictures(typed: list[str], words: str, good: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["run", good, "-o", "out.nc", "--quiet", "--no-picture"]) == 0
    assert words in refused(capsys, "plot", "out.nc", *typed)


@pytest.mark.parametrize("keep", [100, 1000, -100])
def test_a_result_that_was_cut_off(keep: int, good: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["run", good, "-o", "out.nc", "--quiet", "--no-picture"]) == 0
    Path("out.nc").write_bytes(Path("out.nc").read_bytes()[:keep])
    assert "out.nc" in refused(capsys, "plot", "out.nc")


def test_a_folder_that_cannot_be_written_to(
    good: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system says no, whoever asks (root may write everywhere, so a real folder would not do)."""
    Path("locked").mkdir()
    touch = Path.touch

    def refusing(self: Path, *args: Any, **options: Any) -> None:
        if self.parent.name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        touch(self, *args, **options)

    monkeypatch.setattr(Path, "touch", refusing)
    assert "permission" in refused(capsys, "run", good, "-o", "locked/out.nc")
    assert not list(Path("locked").iterdir())

"""Wrong options: exit code 2, one clear message each, nothing written, no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from simcell.cli import execute

BEAM = ["dose", "--energy", "300kV"]
FLUX = [*BEAM, "--flux", "10 e/angstrom^2/s"]
SCAN = [
    "dose",
    "--energy",
    "200kV",
    "--mode",
    "stem",
    "--current",
    "50pA",
    "--pixel",
    "1nm",
    "--dwell",
    "5us",
]

# what is typed -> words that the message must hold
WRONG: list[tuple[list[str], list[str]]] = [
    (["dsoe"], ["dsoe", "dose"]),
    (["dose", "--enrgy", "300kV"], ["--enrgy"]),
    (["dose", "--energy"], ["--energy", "requires"]),
    ([*BEAM, "--flux", "1000 e/A^2/s"], ["--flux", "ampere", "angstrom"]),
    ([*BEAM, "--flux", "10"], ["--flux", "needs a unit"]),
    ([*BEAM, "--flux", "-1 e/nm^2/s"], ["--flux", "below zero"]),
    ([*BEAM, "--flux", "nan e/nm^2/s"], ["--flux", "finite"]),
    ([*BEAM, "--flux", "1,5 e/nm^2/s"], ["--flux", "comma"]),
    ([*BEAM, "--dose-rate", "1 Mrad/s"], ["--dose-rate", "radian"]),
    (["dose", "--energy", "300", "--flux", "1 e/nm^2/s"], ["--energy", "needs a unit", "300 kV"]),
    (["dose", "--energy", "5kV", "--flux", "1 e/nm^2/s"], ["--energy", "5 keV", "30 keV"]),
    (["dose", "--energy", "300 nm", "--flux", "1 e/nm^2/s"], ["--energy", "nm"]),
    (BEAM, ["--flux", "how much beam"]),
    ([*FLUX, "--current", "1nA"], ["--current", "flux"]),
    ([*BEAM, "--current", "1nA"], ["--diameter", "2 um"]),
    ([*BEAM, "--current", "1nA", "--diameter", "0 nm"], ["--diameter", "above zero"]),
    ([*FLUX, "--mode", "sem"], ["--mode", "tem or stem"]),
    ([*FLUX, "--profile", "gauss"], ["--profile", "disc or gaussian"]),
    ([*FLUX, "--pixel", "1nm"], ["--pixel", "scanned"]),
    (SCAN, ["--frame", "1024x1024"]),
    ([*SCAN, "--frame", "1024"], ["--frame", "1024x1024"]),
    ([*SCAN, "--frame", "0x4"], ["--frame"]),
    ([*SCAN, "--frame", "4x4", "--flux", "1 e/nm^2/s"], ["--flux", "scanned"]),
    ([*FLUX, "--mean-free-path", "380nm"], ["--mean-free-path", "thickness"]),
    ([*FLUX, "--thickness", "1um", "--mean-free-path", "0nm"], ["--mean-free-path", "above zero"]),
    ([*FLUX, "--medium", "watr"], ["--medium", "water"]),
    ([*FLUX, "--medium", "EC + DMC"], ["--medium", "share"]),
    ([*FLUX, "--time", "-1 s"], ["--time"]),
    (["new"], ["TEMPLATE"]),
    (["new", "radiolysi"], ["radiolysis"]),
    (["new", "radiolysis", "-o", "."], ["folder"]),
    (["new", "radiolysis", "-o", "nowhere/case.toml"], ["nowhere"]),
    (["new", "radiolysis", "-o", "case.yaml"], ["--output", ".toml"]),
    (["info", "mechanism"], ["mechanisms"]),
]


@pytest.mark.parametrize(("typed", "words"), WRONG, ids=[" ".join(t)[:60] for t, _ in WRONG])
def test_wrong_options_get_one_clear_message(
    typed: list[str], words: list[str], workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(typed) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1, captured.err
    assert "Traceback" not in captured.err
    for word in words:
        assert word in captured.err
    assert list(workplace.iterdir()) == []


def test_all_wrong_options_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["dose", "--energy", "300", "--flux", "1000 e/A^2/s", "--time", "1"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert [line.split(" = ")[0].removeprefix("simcell: ") for line in lines] == [
        "--energy",
        "--flux",
        "--time",
    ]

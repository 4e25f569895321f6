"""`simcell design` and what `simcell check` and `simcell run` say of currents."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from simcell.cli import execute
from simcell.results.store import read

CASE = Path(__file__).resolve().parents[2] / "examples" / "zinc_strip.toml"
HEIGHT = "cell.spacer_height=100nm..5um:log:6"
GAP = "electrode.counter.gap=20um..200um:5"


@pytest.fixture
def zinc(workplace: Path) -> str:
    shutil.copy(CASE, "zinc.toml")
    return "zinc.toml"


def test_a_map_is_written_drawn_and_told(zinc: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["design", zinc, "--vary", HEIGHT, "--vary", GAP, "-o", "map.nc", "--csv", "map.csv", "--energy", "200kV"]
    assert execute(command) == 0
    out = capsys.readouterr()
    assert "edge_factor" in out.out and "no other design beats these" in out.out and "wrote    map.png" in out.err
    tree = read("map.nc")
    assert tree["design/resolution"].dims == ("cell_spacer_height", "electrode_counter_gap")
    assert Path("map.png").stat().st_size > 10_000
    assert len(Path("map.csv").read_text().splitlines()) == 31
    assert execute(["plot", "map.nc", "-o", "again.png"]) == 0
    assert Path("again.png").read_bytes() == Path("map.png").read_bytes()
    assert execute(command) == 2  # it is there already
    assert "--force" in capsys.readouterr().err


def test_json_of_a_map_and_of_an_optimum(zinc: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["design", zinc, "--vary", HEIGHT, "-o", "map.nc", "--no-picture", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["best"]["edge_factor"]["at"] == {"cell_spacer_height": 5e-6} and len(facts["pareto"]) == 6
    best = ["design", zinc, "--vary", "electrode.working.width=5um..50um", "--optimise", "cell_resistance"]
    assert execute([*best, "--keep", "edge_factor<2", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["figures"]["edge_factor"]["value"] <= 2.0 * (1 + 1e-6)


def test_one_design_without_ranges(zinc: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["design", zinc, "--scan-rate", "50mV/s"]) == 0
    out = capsys.readouterr().out
    assert "cv_peak_ratio" in out and "pareto" not in out and Path("zinc-design.nc").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--vary", "electrode.counter.gpa=1um..2um:3"], "keys of a design"),
        (["--vary", "electrode.counter.gap=1um..2kg:3"], "2kg"),
        (["--vary", GAP, "--pareto", "beauty"], "is not a figure of merit"),
        (["--optimise", "edge_factor"], "the ranges to search"),
        (["--energy", "200 kg"], "--energy"),
    ],
)
def test_wrong_designs_are_refused(zinc: str, capsys: pytest.CaptureFixture[str], more: list[str], words: str) -> None:
    assert execute(["design", zinc, *more]) == 2
    assert words in capsys.readouterr().err


def test_a_beam_has_nothing_to_design(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["new", "radiolysis", "-o", "beam.toml"]) == 0
    assert execute(["design", "beam.toml"]) == 2
    assert "no working electrode" in capsys.readouterr().err
    assert execute(["check", "beam.toml", "--maps", "beam.png"]) == 2
    assert "draws cases of currents" in capsys.readouterr().err


def test_check_tells_the_budget_and_draws(zinc: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["check", zinc, "--charge", "2.3uC", "--maps", "zinc.png"]) == 0
    out = capsys.readouterr().out
    assert "one filling of the layer above the electrode holds 0.458 nm" in out
    assert "of 2.3e-06 C at least 99.2 % came from outside" in out
    assert Path("zinc.png").stat().st_size > 10_000


def test_a_current_that_cannot_last_is_told_before_the_run(zinc: str, capsys: pytest.CaptureFixture[str]) -> None:
    fast = "protocol.steps.0.current_density=-160 mA/cm^2"
    level = "transport.level=secondary"
    code = execute(["run", zinc, "-o", "out.nc", "--no-picture", "--set", fast, "--set", level])
    said = capsys.readouterr().err
    assert code == 0, said
    assert "warning  160 mA/cm^2 cannot last: diffusion along the layer sustains 2 mA/cm^2" in said

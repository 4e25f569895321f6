"""`check`, `run`, `limit` and `plot` from a case file to pictures, and what a result is good for afterwards."""

from __future__ import annotations

import _thread
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from simcell.cli import execute

ROOT = Path(__file__).resolve().parents[2]

CASE = """
[case]
title = "test"
physics = ["radiolysis"]
duration = "1 s"
[beam]
dose_rate = "7.5e7 Gy/s"
[electrolyte]
mechanism = "water"
pH = 7.0
[output]
times = ["1 us", "1 ms", "1 s"]
"""


@pytest.fixture
def case(workplace: Path) -> Path:
    """Return a small case in the current folder."""
    path = workplace / "case.toml"
    path.write_text(CASE, encoding="utf-8")
    return path


def typed(*arguments: str) -> None:
    """Run a command that must succeed."""
    assert execute(list(arguments)) == 0


# ----------------------------------------------------------------- check


def test_check_shows_values_dose_and_what_is_computed(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed("check", "case.toml")
    text = capsys.readouterr().out
    rows = [line.split() for line in text.splitlines()]
    assert ["beam.dose_rate", "7.5e+07", "Gy/s"] in rows
    assert ["electrolyte.temperature", "298.15", "K"] in rows
    assert "73 reactions" in text
    assert sorted(p.name for p in case.parent.iterdir()) == ["case.toml"]


def test_check_as_json_carries_hash_units_and_warnings(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed("check", "case.toml", "--set", "electrolyte.temperature=40 degC", "--json")
    facts = json.loads(capsys.readouterr().out)
    assert facts["values"]["electrolyte.temperature"] == {"value": 313.15, "unit": "K"}
    assert len(facts["hash"]) == 16
    # constants at 25 degC only: the warning names both temperatures
    assert any("25" in w and "40" in w for w in facts["warnings"])


def test_check_tells_all_that_is_wrong(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = CASE.replace('"7.5e7 Gy/s"', '"7.5e7"').replace('"1 s"\n[beam]', '"1,0 s"\n[beam]')
    case.write_text(wrong, encoding="utf-8")
    assert execute(["check", "case.toml"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 2
    assert all(line.startswith("simcell: case.toml: ") for line in lines)


# ----------------------------------------------------------------- run


def test_run_writes_result_and_picture_and_says_what_comes_next(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed("run", "case.toml", "-o", "out.nc")
    said = capsys.readouterr().out
    assert sorted(p.name for p in case.parent.iterdir()) == ["case.toml", "out.nc", "out.png"]
    assert Path("out.png").read_bytes()[:4] == b"\x89PNG"
    assert "out.nc" in said
    assert any(line.split()[:2] == ["next", "simcell"] for line in said.splitlines())
    import simcell

    tree = simcell.open_result("out.nc")
    assert float(tree["radiolysis/pH"][-1]) == pytest.approx(4.650, abs=5e-4)


def test_the_main_job_gives_the_base_case_of_the_field(workplace: Path) -> None:
    """Steady state of the shipped water case, against the published mechanism solved elsewhere."""
    typed("run", str(ROOT / "examples" / "water.toml"), "-o", "water.nc", "--no-picture", "--quiet")
    import simcell

    radiolysis = simcell.open_result("water.nc")["radiolysis"]
    # mol/L, made by an independent program from the authors' constants
    base = {
        "e_aq-": 2.519e-6, "H": 6.453e-6, "OH": 6.242e-5, "H2": 7.774e-4, "H2O2": 6.507e-4, "O2": 3.773e-5,
        "HO2": 7.054e-6, "O2-": 8.341e-6, "H+": 2.240e-5, "OH-": 1.002e-5,
    }  # fmt: skip
    last = radiolysis["concentration"].isel(time=-1)
    for species, expected in base.items():
        assert float(last.sel(species=species)) / 1000 == pytest.approx(expected, rel=1e-3), species
    assert 2e-4 < float(radiolysis["time_to_steady"]) < 5e-3


def test_run_keeps_an_existing_result(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out.nc").write_bytes(b"precious")
    assert execute(["run", "case.toml", "-o", "out.nc", "--no-picture"]) == 2
    assert "--force" in capsys.readouterr().err
    assert Path("out.nc").read_bytes() == b"precious"
    typed("run", "case.toml", "-o", "out.nc", "--no-picture", "--force")
    assert Path("out.nc").read_bytes() != b"precious"


def test_quiet_is_silent(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed("run", "case.toml", "--quiet", "--no-picture")
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
    assert Path("case.nc").exists()


def test_set_changes_the_run_and_a_result_repeats_it(case: Path) -> None:
    import simcell

    typed("run", "case.toml", "-o", "a.nc", "--set", "electrolyte.pH=3", "--set", "beam.dose_rate=1e6 Gy/s", "-q")
    typed("run", "a.nc", "-o", "b.nc", "-q")
    first, second = simcell.open_result("a.nc"), simcell.open_result("b.nc")
    assert float(first["beam/dose_rate"]) == 1e6
    for name in ("concentration", "pH"):
        np.testing.assert_array_equal(first["radiolysis"][name], second["radiolysis"][name])
    provenance = [json.loads(tree.attrs["simcell_provenance"]) for tree in (first, second)]
    assert provenance[0]["hash"] == provenance[1]["hash"]


def test_a_result_is_never_repeated_over_itself(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed("run", "case.toml", "-o", "a.nc", "-q", "--no-picture")
    before = Path("a.nc").read_bytes()
    assert execute(["run", "a.nc", "-o", "a.nc", "--force"]) == 2
    assert "repeated" in capsys.readouterr().err
    assert Path("a.nc").read_bytes() == before


def test_vary_adds_a_dimension_and_repeats(case: Path) -> None:
    import simcell

    typed("run", "case.toml", "-o", "v.nc", "--vary", "beam.dose_rate=1e4Gy/s..1e8Gy/s:log:3", "-q")
    tree = simcell.open_result("v.nc")
    assert tree["radiolysis/pH"].dims == ("beam_dose_rate", "time")
    np.testing.assert_allclose(tree["radiolysis/beam_dose_rate"], [1e4, 1e6, 1e8], rtol=1e-12)
    typed("run", "v.nc", "-o", "w.nc", "-q", "--no-picture")
    again = simcell.open_result("w.nc")
    np.testing.assert_array_equal(tree["radiolysis/pH"], again["radiolysis/pH"])


def test_ensemble_and_seed_give_the_same_band_twice(case: Path) -> None:
    import simcell

    options = ["--ensemble", "8", "--seed", "5", "-q", "--no-picture"]
    typed("run", "case.toml", "-o", "a.nc", *options)
    typed("run", "case.toml", "-o", "b.nc", *options)
    a, b = (simcell.open_result(name)["radiolysis/pH_quantile"] for name in ("a.nc", "b.nc"))
    np.testing.assert_array_equal(a, b)
    assert float(a.isel(time=-1, quantile=-1)) > float(a.isel(time=-1, quantile=0))


def test_a_failure_before_the_first_output_is_one_of_the_solver(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--set", "solver.max_steps=10", "--set", 'output.times=["1 s"]']
    assert execute(["run", "case.toml", "-o", "out.nc", *options]) == 3
    said = capsys.readouterr().err
    assert "bug" not in said
    assert "out.nc" not in said
    assert not Path("out.nc").exists()


def test_a_failure_later_keeps_what_was_reached(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import simcell

    options = ["--set", "solver.max_steps=60", "--set", 'output.times=["1 ns", "1 s"]', "--no-picture"]
    assert execute(["run", "case.toml", "-o", "out.nc", *options]) == 3
    assert "out.nc holds what was reached and is marked failed" in capsys.readouterr().err
    tree = simcell.open_result("out.nc")
    assert json.loads(tree.attrs["simcell_provenance"])["status"] == "failed"
    assert tree["radiolysis"].sizes["time"] == 1


def test_a_pulsed_beam_is_not_told_as_a_steady_one(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ['--set=beam.pulses={ on = "1 ms", off = "9 ms", count = 5 }', '--set=output.times=["10 ms", "50 ms"]']
    typed("run", "case.toml", "-o", "out.nc", "--no-picture", "--set=case.duration=50 ms", *options)
    import simcell

    said = capsys.readouterr().out
    assert "steady" not in said
    assert f"pH       {float(simcell.open_result('out.nc')['radiolysis/pH'][-1]):.2f} after 50 ms (beam off)" in said


def test_two_ranges_are_written_without_a_picture(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed("run", "case.toml", "-o", "m.nc", "--vary", "beam.dose_rate=1e6Gy/s,1e7Gy/s", "--vary", "electrolyte.pH=3,5")
    captured = capsys.readouterr()
    assert "beam_dose_rate and electrolyte_pH were varied" in captured.err
    assert "simcell plot" not in captured.out
    assert sorted(p.name for p in case.parent.iterdir()) == ["case.toml", "m.nc"]


def test_runs_at_one_dose_rate_are_drawn_without_warnings(case: Path) -> None:
    command = [sys.executable, "-m", "simcell", "run", "case.toml", "-o", "p.nc", "--vary", "electrolyte.pH=3,5,7"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    assert b"Warning" not in done.stderr
    assert Path("p.png").exists()


def test_a_range_of_ensembles_is_refused(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--vary", "beam.dose_rate=1e6Gy/s,1e7Gy/s", "--ensemble", "8"]
    assert execute(["run", "case.toml", "-o", "v.nc", *options]) == 2
    said = capsys.readouterr().err
    assert "--vary beam.dose_rate" in said
    assert "--ensemble 8" in said
    assert [p.name for p in case.parent.iterdir()] == ["case.toml"]


def test_a_mechanism_of_ones_own_is_found_from_another_folder(
    case: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = ROOT / "simcell" / "data" / "mechanisms" / "water.toml"
    Path("own.toml").write_bytes(shipped.read_bytes())
    case.write_text(CASE.replace('"water"', '"own.toml"'), encoding="utf-8")
    typed("run", "case.toml", "-o", "a.nc", "-q", "--no-picture")
    (case.parent / "elsewhere").mkdir()
    monkeypatch.chdir(case.parent / "elsewhere")
    typed("run", "../a.nc", "-o", "b.nc", "-q", "--no-picture")
    own = case.parent / "own.toml"
    own.write_text(own.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    capsys.readouterr()
    typed("run", "../a.nc", "-o", "c.nc", "--no-picture")
    assert "own.toml is not what it was" in capsys.readouterr().err


# ----------------------------------------------------------------- limit, plot


def test_limit_finds_the_dose_rate_that_run_confirms(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed("limit", "case.toml", "--keep", "H2<1 sat", "--json")
    answer = json.loads(capsys.readouterr().out)["water/HS300"]
    rate = answer["dose_rate"]["value"]
    # From the base case: 0.7774 mol/m^3 at 7.5e7 Gy/s, growing with the power 0.49 of the dose rate, against a
    # solubility of 7.8e-6 mol/m^3/Pa (R. Sander, Atmos. Chem. Phys. 15 (2015) 4399) at 101325 Pa.
    expected = 7.5e7 * (7.8e-6 * 101325 / 0.7774) ** (1 / 0.49)
    assert rate == pytest.approx(expected, rel=5e-3)
    typed("run", "case.toml", "-o", "at.nc", "--set", f"beam.dose_rate={rate!r} Gy/s", "-q", "--no-picture")
    import simcell

    saturation = simcell.open_result("at.nc")["radiolysis/steady_gas_saturation"].sel(gas="H2")
    assert float(saturation) == pytest.approx(1.0, rel=1e-4)


def test_limit_table_gives_flux_where_the_energy_is_known(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed("limit", "case.toml", "--keep", "pH>6", "--set", "beam.energy=300 kV")
    text = capsys.readouterr().out
    assert "e/Å^2/s" in text
    assert "pH>6" in text


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ([], "out.png"),
        (["--kind", "species", "-o", "a.svg"], "a.svg"),
        (["--kind", "throughput", "--species", "H2O2", "-o", "b.pdf"], "b.pdf"),
    ],
)
def test_plot_draws(case: Path, options: list[str], name: str) -> None:
    typed("run", "case.toml", "-o", "out.nc", "-q", "--no-picture")
    typed("plot", "out.nc", *options)
    assert Path(name).stat().st_size > 1000


# ----------------------------------------------------------------- Ctrl-C, first run


def test_interrupt_keeps_what_was_reached(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C in a long run: exit code 130, no traceback, and a result that opens and is marked."""
    import simcell

    typed("run", "case.toml", "-o", "warm.nc", "-q", "--no-picture")
    pulses = '--set=beam.pulses={ on = "1 us", off = "9 us", count = 100000 }'
    timer = threading.Timer(1.5, _thread.interrupt_main)
    timer.start()
    code = execute(["run", "case.toml", "-o", "out.nc", pulses, "--set=output.count=50"])
    timer.join()
    assert code == 130
    said = capsys.readouterr().err
    assert "interrupted" in said
    assert "Traceback" not in said
    tree = simcell.open_result("out.nc")
    assert json.loads(tree.attrs["simcell_provenance"])["status"] == "interrupted"
    assert 0 < tree["radiolysis"].sizes["time"] < 50
    assert sorted(p.name for p in case.parent.iterdir()) == ["case.toml", "out.checkpoint.npz", "out.nc", "warm.nc"]


def test_interrupt_before_there_is_anything_writes_nothing(case: Path) -> None:
    """A map with holes would not be one: a varied run that is stopped leaves no file."""
    typed("run", "case.toml", "-o", "warm.nc", "-q", "--no-picture", "--vary", "beam.dose_rate=1Gy/s,2Gy/s")
    Path("warm.nc").unlink()  # compiled now: an interrupt that falls into the compiler can be lost there
    timer = threading.Timer(1.5, _thread.interrupt_main)
    timer.start()
    code = execute(["run", "case.toml", "-o", "out.nc", "--vary", "beam.dose_rate=1Gy/s..1e10Gy/s:log:50000"])
    timer.join()
    assert code == 130
    assert [p.name for p in case.parent.iterdir()] == ["case.toml"]


def test_first_compilation_is_announced(case: Path, workplace: Path) -> None:
    """With an empty cache of kernels the first run says so, and the second one does not."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(workplace / "kernels")}
    said = []
    for name in ("a.nc", "b.nc"):
        command = [sys.executable, "-m", "simcell", "run", "case.toml", "-o", name, "--no-picture"]
        said.append(subprocess.run(command, capture_output=True, env=environment, check=True).stderr)
    assert b"compiling" in said[0]
    assert b"compiling" not in said[1]

"""Commands as a user types them: what they print, what they write, how quick they answer."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simcell.cli import execute

ROOT = Path(__file__).resolve().parents[2]


def simcell(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "simcell", *arguments],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=120,
    )


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command in this process and return its stdout; it must succeed."""
    code = execute(list(arguments))
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return captured.out


COMMANDS = [
    "new", "check", "dose", "limit", "design", "run", "controls", "sweep", "fit", "plot", "shape", "gauge", "info",
]  # fmt: skip


def test_help_lists_the_commands_that_work(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "--help")
    listed = [line.split()[0] for line in text.split("Commands:")[1].splitlines() if line.startswith("  ")]
    assert [name for name in listed if name in COMMANDS] == COMMANDS
    assert set(listed) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, command, "--help")
    assert "Examples:" in text
    assert f"simcell {command}" in text.split("Examples:")[1]


def test_help_is_quick() -> None:
    simcell("--help")  # the first one may write bytecode
    best = min(_seconds("--help") for _ in range(3))
    # 0.5 s is promised; twice that here, because test machines are shared.
    assert best < 1.0


def _seconds(*arguments: str) -> float:
    start = time.perf_counter()
    assert simcell(*arguments).returncode == 0
    return time.perf_counter() - start


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    import simcell

    assert output(capsys, "--version") == f"simcell {simcell.__version__}\n"


def test_json_is_the_same_in_every_encoding(capsys: pytest.CaptureFixture[str]) -> None:
    from simcell.commands.shared import print_json

    print_json({"title": "Zn → ZnO, µm"})
    text = capsys.readouterr().out
    assert text.isascii()
    assert json.loads(text) == {"title": "Zn → ZnO, µm"}


# ----------------------------------------------------------------- dose


def test_dose_as_json_has_the_promised_names(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(output(capsys, "dose", "--energy", "300 kV", "--flux", "10 e/angstrom^2/s", "--json"))
    assert {"dose_rate", "flux", "fluence", "dose", "stopping_power"} <= set(data)
    assert all(set(row) == {"value", "unit"} for row in data.values())
    # ESTAR: 2.355 MeV cm^2/g; 1 e/angstrom^2/s makes 1.6022e6 Gy/s per MeV cm^2/g
    assert data["dose_rate"]["value"] == pytest.approx(10 * 1.602176634e6 * 2.355, rel=5e-4)
    assert data["dose_rate"]["unit"] == "Gy/s"
    assert data["flux"] == {"value": 1e21, "unit": "1/m^2/s"}


def test_dose_units_are_read_by_pint(capsys: pytest.CaptureFixture[str]) -> None:
    from simcell.units import registry

    options = ["--energy", "200kV", "--current", "1nA", "--diameter", "2um", "--thickness", "500nm"]
    data = json.loads(output(capsys, "dose", *options, "--json"))
    for row in data.values():
        registry().Unit("" if row["unit"] == "1" else row["unit"])


GAUSSIAN = ["--profile", "gaussian"]


def test_dose_roads_agree(capsys: pytest.CaptureFixture[str]) -> None:
    def rate(*options: str) -> dict[str, dict[str, float]]:
        return json.loads(output(capsys, "dose", "--energy", "300kV", *options, "--json"))

    by_current = rate("--current", "1nA", "--diameter", "2um")
    flux = by_current["flux"]["value"]
    by_flux = rate("--flux", f"{flux!r} 1/m^2/s")
    by_rate = rate("--dose-rate", f"{by_current['dose_rate']['value']!r} Gy/s", "--diameter", "2um")
    assert by_flux["dose_rate"]["value"] == pytest.approx(by_current["dose_rate"]["value"], rel=1e-12)
    assert by_rate["current"]["value"] == pytest.approx(1e-9, rel=1e-12)


def test_dose_of_a_gaussian_is_that_of_its_peak(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--energy", "300kV", "--current", "1nA", "--diameter", "2um"]
    disc, peak = (json.loads(output(capsys, "dose", *options, *more, "--json")) for more in ([], GAUSSIAN))
    assert peak["dose_rate"]["value"] / disc["dose_rate"]["value"] == pytest.approx(math.log(2.0))
    back = ["--flux", f"{peak['flux']['value']!r} 1/m^2/s", "--diameter", "2um"]
    data = json.loads(output(capsys, "dose", "--energy", "300kV", *back, *GAUSSIAN, "--json"))
    assert data["current"]["value"] == pytest.approx(1e-9)
    assert execute(["dose", *options, *GAUSSIAN]) == 0
    assert "those of the peak" in capsys.readouterr().err


def test_dose_of_a_scan_gives_probe_and_frame(capsys: pytest.CaptureFixture[str]) -> None:
    scan = ["--mode", "stem", "--current", "50pA", "--pixel", "1nm", "--dwell", "5us", "--frame", "1024x512"]
    data = json.loads(output(capsys, "dose", "--energy", "200kV", *scan, "--json"))
    pixels = 1024 * 512
    assert data["exposure"]["value"] == pytest.approx(pixels * 5e-6)
    # A probe that fills its pixel is there one pixel-th of the time.
    assert data["probe_dose_rate"]["value"] / data["dose_rate"]["value"] == pytest.approx(pixels)


def test_dose_with_thickness_shows_both_numbers_of_the_disputed_factor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--energy", "300kV", "--flux", "10 e/angstrom^2/s"]
    plain = json.loads(output(capsys, "dose", *options, "--json"))
    both = json.loads(output(capsys, "dose", *options, "--thickness", "500nm", "--json"))
    assert both["dose_rate"] == plain["dose_rate"]
    factor = 1 + both["thickness"]["value"] / both["inelastic_mean_free_path"]["value"]
    ratio = both["dose_rate_with_factor"]["value"] / both["dose_rate"]["value"]
    assert ratio == pytest.approx(factor)


def test_dose_repeats_the_factor_of_a_paper_with_its_own_mean_free_path(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--energy", "300kV", "--flux", "10 e/angstrom^2/s", "--thickness", "1um", "--mean-free-path", "380nm"]
    for liquid in ("water", "0.5 EC + 0.5 DMC"):  # no band gap is known for the second, so no path is computed
        data = json.loads(output(capsys, "dose", *options, "--medium", liquid, "--json"))
        assert data["dose_factor"]["value"] == pytest.approx(3.63, abs=0.005)  # AuRaCh's


def test_dose_bounds_the_heat_of_a_focused_beam(capsys: pytest.CaptureFixture[str]) -> None:
    beam = ["--energy", "300kV", "--current", "1nA", "--thickness", "1um", "--json"]
    wide = json.loads(output(capsys, "dose", *beam, "--diameter", "2um"))["steady_heating_bound"]["value"]
    narrow = json.loads(output(capsys, "dose", *beam, "--diameter", "10nm"))["steady_heating_bound"]["value"]
    # The same power: P / (4 pi k h) (1 + 2 ln(R/a)) with R = 25 um.
    assert narrow / wide == pytest.approx((1 + 2 * math.log(5000)) / (1 + 2 * math.log(25)))


def test_dose_bounds_the_heat_of_a_scan_by_a_probe_that_stands_still(capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--energy", "200kV", "--current", "50pA", "--thickness", "500nm", "--json"]
    scan = ["--mode", "stem", "--pixel", "1nm", "--dwell", "5us", "--frame", "1024x1024", "--probe", "0.2nm"]
    raster = json.loads(output(capsys, "dose", *common, *scan))
    still = json.loads(output(capsys, "dose", *common, "--diameter", "0.2nm"))
    value = {name: row["value"] for name, row in raster.items()}
    assert value["steady_heating_bound"] == pytest.approx(still["steady_heating_bound"]["value"])
    assert value["probe_adiabatic_heating_rate"] == pytest.approx(still["adiabatic_heating_rate"]["value"])
    assert value["frame_average_steady_heating"] < value["steady_heating_bound"]
    by_area = value["frame_average_adiabatic_heating_rate"] * 1024**2 / (math.pi * 0.1**2)
    assert value["probe_adiabatic_heating_rate"] == pytest.approx(by_area)
    assert "adiabatic_heating_rate" not in value  # which of the two would it be?


def test_dose_table_speaks_the_units_of_the_field(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "dose", "--energy", "300kV", "--flux", "10 e/angstrom^2/s")
    rows = {line.split("  ")[0]: line for line in text.splitlines()}
    assert "2.355 MeV cm^2/g" in rows["stopping power"]
    assert "300 keV" in rows["energy"]
    assert "10 e/Å^2/s" in rows["flux"]


def test_dose_of_a_mixture_lies_between_its_parts() -> None:
    from simcell import dose_rate

    def rate(medium: str) -> float:
        return dose_rate(energy="200 kV", flux="1 e/nm^2/s", medium=medium).magnitude

    low, high = sorted((rate("EC"), rate("DMC")))
    assert low < rate("0.5 EC + 0.5 DMC") < high


# ----------------------------------------------------------------- consoles, pipes, errors


def test_old_consoles_do_not_end_a_run() -> None:
    for encoding in ("cp1252", "cp437", "ascii"):
        run = simcell("dose", "--energy", "300kV", "--flux", "10 e/Å^2/s", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        assert run.returncode == 0, run.stderr
        assert b"MGy/s" in run.stdout


def test_a_bug_is_called_a_bug_and_debug_shows_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import simcell.dose

    def broken(_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(simcell.dose, "dose_numbers", broken)
    options = ["dose", "--energy", "300kV", "--flux", "1 e/nm^2/s"]
    assert execute(options) == 1
    message = capsys.readouterr().err
    assert "bug" in message
    assert "out of order" in message
    assert "Traceback" not in message
    with pytest.raises(RuntimeError, match="out of order"):
        execute([*options, "--debug"])


def test_interrupt_has_its_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import simcell.dose

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(simcell.dose, "dose_numbers", interrupted)
    assert execute(["dose", "--energy", "300kV", "--flux", "1 e/nm^2/s"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_output_that_cannot_encode_is_replaced_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp437", write_through=True))
    assert execute(["dose", "--energy", "300kV", "--flux", "10 e/Å^2/s"]) == 0
    assert b"MGy/s" in raw.getvalue()


# ----------------------------------------------------------------- new, info


def test_new_writes_a_case_and_keeps_an_existing_one(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output(capsys, "new", "radiolysis")
    case = workplace / "case.toml"
    case.write_text("mine", encoding="utf-8")
    assert execute(["new", "radiolysis"]) == 2
    assert case.read_text(encoding="utf-8") == "mine"
    assert "--force" in capsys.readouterr().err
    output(capsys, "new", "radiolysis", "--force")
    assert "[electrolyte]" in case.read_text(encoding="utf-8")


def test_info_lists_versions_paths_media_and_units(capsys: pytest.CaptureFixture[str]) -> None:
    versions = json.loads(output(capsys, "info", "--json"))
    assert versions["numpy"] != "missing"
    assert Path(json.loads(output(capsys, "info", "--paths", "--json"))["data"]).is_dir()
    media = json.loads(output(capsys, "info", "media", "--json"))
    assert media["water"]["density"] == {"value": pytest.approx(997, abs=1), "unit": "kg/m^3"}
    assert "10 e/angstrom^2/s" in output(capsys, "info", "units")


def test_info_mechanisms_names_reactions_yields_and_gaps(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(output(capsys, "info", "mechanisms", "--json"))
    assert data["water"]["reactions"] == 73
    assert "HS300" in data["water"]["g_values"]
    assert "water" in output(capsys, "info", "mechanisms")

"""Beam chemistry and currents in one run, and the 2 x 2 experiment that tells them apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from simcell.case import Case
from simcell.errors import InputError, SolverError
from simcell.results import schema
from simcell.results.effects import BEAM, BIAS, Effect, bands_of, effects, field_effects, telling, verdict
from simcell.results.four_runs import four_runs
from simcell.results.plots import save
from simcell.studies.control_samples import sampled_controls, uncertain_keys
from simcell.studies.controls import controls, four_cases
from simcell.studies.run import run_case

HYDROGEN = {
    "name": "hydrogen", "makes": {"H2": -1, "H+": 2}, "electrons": 2, "exchange_current_density": "10 A/m^2",
    "reference_concentrations": {"H2": "0.78 mmol/L", "H+": "1 mol/L"}, "equilibrium_potential": "0 V",
}  # fmt: skip


def cell(**changes: Any) -> Case:
    data: dict[str, Any] = {
        "case": {"physics": ["radiolysis", "transport"], "duration": "2 s"},
        "beam": {"dose_rate": "1e6 Gy/s"},
        "grid": {"geometry": "line", "extent": "2 um", "spacing": "100 nm"},
        "electrolyte": {
            "pH": 3, "counter_ion": "ClO4-", "gases": {"H2": "1 mbar"}, "concentrations": {"Na+": "100 mmol/L"},
        },
        "electrode": [
            {"name": "working", "role": "working", "area": "1000 um^2", "reaction": [HYDROGEN]},
            {"name": "counter", "role": "counter"},
        ],
        "protocol": {"steps": [{"technique": "potentiostatic", "potential": "0.3 V", "duration": "2 s"}]},
        "output": {"times": ["0.5 s", "1 s", "2 s"]},
    }  # fmt: skip
    return Case.from_dict(data | changes)


@pytest.fixture(scope="module")
def four() -> xr.DataTree:
    return controls(cell())


def test_runs_are_those_of_their_cases(four: xr.DataTree) -> None:
    """Each of the four is the run of its own case to the last digit, and they share their times."""
    for run, case in four_cases(cell()).items():
        alone = run_case(case)["transport"].dataset["current_density"].values
        kept = four["transport"].dataset["current_density"].isel({BEAM: run[0], BIAS: run[1]}).values
        np.testing.assert_array_equal(kept, alone)
    np.testing.assert_allclose(four["transport"].dataset["time"], [0.5, 1.0, 2.0], rtol=1e-12)
    facts = json.loads(four.attrs["simcell_provenance"])
    assert facts["unbiased"] == "open-circuit" and facts["record"] == cell().record


def test_parts_add_up_and_tell_beam_from_bias(four: xr.DataTree) -> None:
    """No charge passes at open circuit; a biased electrode collects the hydrogen of the beam: all of it interaction."""
    found = {e.quantity: e for e in effects(four)}
    charge = found["electrode charge, working"]
    assert charge.neither + charge.by_beam + charge.by_bias + charge.interaction == pytest.approx(
        charge.both, rel=1e-12
    )
    assert abs(charge.by_beam) < 1e-9 * charge.both
    assert charge.interaction > 0.9 * charge.both
    assert "interaction" in verdict(charge)
    assert telling(list(found.values()))[0].quantity.startswith("electrode charge")
    parts = field_effects(four, "transport/concentration")
    both = four["transport"].dataset["concentration"].isel({BEAM: 1, BIAS: 1})
    np.testing.assert_allclose(sum(parts.values()), both, rtol=0, atol=1e-9)


def test_beam_shifts_the_open_circuit_potential(four: xr.DataTree) -> None:
    """More hydrogen, a lower potential against a counter electrode in fresh liquid: Nernst, 29.6 mV a decade."""
    shift = {e.quantity: e for e in effects(four)}["electrode potential, working"].by_beam
    c = four["transport"].dataset["concentration"].isel(x=0, time=-1)
    made = float(c.sel(species="H2").isel({BEAM: 1, BIAS: 0}) / c.sel(species="H2").isel({BEAM: 0, BIAS: 0}))
    assert made > 10.0
    assert shift == pytest.approx(-0.5 * 8.314462618 * 298.15 / 96485.33212 * np.log(made), rel=1e-3)


def test_what_cannot_be_compared_is_refused() -> None:
    """A case of one physics alone, an unknown way to be unbiased, and a geometry in which the two do not run."""
    alone = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    with pytest.raises(InputError, match="has only one of the two"):
        four_cases(alone)
    with pytest.raises(InputError, match="liquid alone has no potential"):
        four_cases(cell(), "grounded")
    with pytest.raises(InputError, match="open-circuit, grounded"):
        four_cases(cell(), "floating")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"run together with grid\.geometry"):
        cell(grid={"geometry": "radial", "extent": "20 um"}, cell={"spacer_height": "1 um"})


def test_main_effects_are_averages() -> None:
    e = Effect("y", "1", 1.0, 2.0, 5.0, 9.0)
    assert e.main == ((2.0 - 1.0 + 9.0 - 5.0) / 2.0, (5.0 - 1.0 + 9.0 - 2.0) / 2.0)


def test_a_protocol_that_ends_between_two_times_is_compared_until_then() -> None:
    """As any limit may end it; the dose is that of the time that was run, and nitrogen of air stays."""
    step = {"technique": "potentiostatic", "potential": "0.3 V", "duration": "1.003 s"}
    air = {"pH": 3, "counter_ion": "ClO4-", "atmosphere": "air", "gases": {"H2": "1 mbar"},
           "concentrations": {"Na+": "100 mmol/L"}}  # fmt: skip
    tree = controls(cell(protocol={"steps": [step]}, electrolyte=air))
    np.testing.assert_allclose(tree["transport"].dataset["time"], [0.5, 1.0], rtol=1e-12)
    told = json.loads(tree.attrs["simcell_provenance"])["warnings"]
    assert any("compared until 1 s" in text for text in told)
    dose = tree["beam"].dataset["dose"].isel({BEAM: 1, BIAS: 1})
    assert float(dose) == pytest.approx(1.003e6, rel=1e-9)


def test_a_layer_of_radicals_that_cells_do_not_resolve_is_told() -> None:
    radical = {
        "name": "hydroxyl", "makes": {"OH": 1, "OH-": -1}, "electrons": 1, "exchange_current_density": "1 A/m^2",
        "reference_concentrations": {"OH": "1 mmol/L", "OH-": "1 mmol/L"}, "equilibrium_potential": "1.9 V",
    }  # fmt: skip
    working = {"name": "working", "role": "working", "area": "1000 um^2", "reaction": [radical, HYDROGEN]}
    case = cell(electrode=[working, {"name": "counter", "role": "counter"}])
    told = json.loads(run_case(case).attrs["simcell_provenance"])["warnings"]
    (text,) = (t for t in told if t.startswith("OH reaches"))
    assert "grid.spacing" in text


def failing(monkeypatch: pytest.MonkeyPatch, fails: Callable[[Case], bool], partial: bool) -> None:
    """Let the runs of some cases give up, with what they had reached by half of the time or with nothing."""
    import simcell.studies.run as running

    real = running.run_case

    def run(case: Case, *rest: Any) -> xr.DataTree:
        if not fails(case):
            return real(case, *rest)
        raise SolverError("gave up", real(case.replace("output.times", ["0.5 s"])) if partial else None)

    monkeypatch.setattr(running, "run_case", run)


def is_dark(case: Case) -> bool:
    return bool(case.input.beam.schedule) and not any(window.on for window in case.input.beam.schedule)


@pytest.mark.parametrize("partial", [True, False])
def test_a_run_that_fails_costs_the_others_nothing(
    monkeypatch: pytest.MonkeyPatch, four: xr.DataTree, partial: bool
) -> None:
    """The other three are there to the last digit, what needs the lost one is missing, and the result says why."""
    failing(monkeypatch, lambda case: case.input.protocol.steps[0].technique == "ocp" and not is_dark(case), partial)
    tree = controls(cell())
    facts = json.loads(tree.attrs["simcell_provenance"])
    assert facts["failures"] == {"beam alone": "gave up"} and facts["status"] == "failed"
    assert facts["warnings"][0].startswith("the run beam alone failed: gave up")
    kept, whole = (t["transport"].dataset["current_density"] for t in (tree, four))
    for run in ((0, 0), (0, 1), (1, 1)):
        np.testing.assert_array_equal(*(y.isel({BEAM: run[0], BIAS: run[1]}) for y in (kept, whole)))
    lost = kept.isel({BEAM: 1, BIAS: 0}).values
    assert np.isfinite(lost).tolist() == [partial, False, False]
    charge = {e.quantity: e for e in effects(tree)}["electrode charge, working"]
    assert np.isnan([charge.by_beam, charge.interaction]).all() and np.isfinite([charge.by_bias, charge.both]).all()
    assert "an unknown part is beam alone" in verdict(charge)
    assert charge.quantity in [e.quantity for e in telling(effects(tree))]
    schema.check(tree)


def test_nothing_is_made_of_four_runs_that_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, lambda _: True, False)
    with pytest.raises(SolverError, match="all four runs failed; neither: gave up; beam alone: gave up"):
        controls(cell())


def test_samples_put_bands_on_the_parts(tmp_path: Path, four: xr.DataTree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sample is the controls of its own case; finished ones are kept, and a lost one is left out and counted."""
    case = cell()
    keys = uncertain_keys(["beam.dose_rate=5e5Gy/s..2e6Gy/s:log"], case)
    with monkeypatch.context() as patch:
        failing(patch, lambda c: c.input.radiolysis.sample == 2, False)
        sampled_controls(case, four, 2, tmp_path / "s", uncertain=keys)
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "s").iterdir()}
    assert len(kept) == 1
    tree = sampled_controls(case, four, 2, tmp_path / "s", uncertain=keys)
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    facts = json.loads(tree.attrs["simcell_provenance"])
    assert facts["samples"]["used"] == 2 and facts["samples"]["uncertain"] == {"beam.dose_rate": [5e5, 2e6]}
    assert any("the whole range" in text for text in facts["warnings"])
    stored = [json.loads(f.read_text())["effects"] for f in (tmp_path / "s").iterdir()]
    one, other = (next(Effect(*e) for e in found if e[0] == "electrode charge, working") for found in stored)
    assert abs(one.interaction / other.interaction - 1.0) > 0.01
    band = bands_of(tree)[one.quantity]
    assert band[0, 3] < band[1, 3] < band[2, 3]
    spread = tree["controls"].dataset["current_density_quantile"].isel({BEAM: 1, BIAS: 1, "time": -1})
    assert float(spread[0]) < float(spread[1]) < float(spread[2])
    assert "(95 % " in verdict(one, band)
    schema.check(tree)
    save(four_runs(tree), tmp_path / "a.png")


def test_what_is_uncertain_needs_a_range() -> None:
    with pytest.raises(InputError, match="needs the range"):
        uncertain_keys(["beam.dose_rate=1e6Gy/s,2e6Gy/s"], cell())
    with pytest.raises(InputError, match="leave one of the two out"):
        cell(radiolysis={"sample": 1, "ensemble": 8})

"""Protocols of growth: limits that end a step; runs that are cut short go on to the same bits."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simcell.case import Case
from simcell.dendrite.layer import Layer, begin
from simcell.dendrite.model import Control, grow
from simcell.dendrite.stability import Metal
from simcell.errors import InputError
from simcell.numerics.grid import section
from simcell.results.checkpoint import Checkpoint, identity
from simcell.results.provenance import read_provenance
from simcell.studies.run import run_case

AREA = 0.4e-6 * 0.5e-6
PLATE = {"technique": "galvanostatic", "current_density": "-10 mA/cm^2"}
STRIP = {"technique": "galvanostatic", "current_density": "10 mA/cm^2"}


def case(steps: list[dict[str, Any]], duration: str | None = None, **dendrite: Any) -> Case:
    small = {"metal": "Zn", "exchange_current": "30 A/m^2", "width": "400 nm", "gap": "3 um"}
    data: dict[str, Any] = {
        "case": {"physics": ["dendrite"]},
        "cell": {"spacer_height": "500 nm"},
        "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
        "output": {"count": 3},
        "protocol": {"steps": steps},
        "dendrite": {**small, "interface_width": "50 nm", "spacing": "33 nm", **dendrite},
    }
    if duration is not None:
        data["case"]["duration"] = duration
    return Case.from_dict(data)


def test_a_charge_that_is_plated_and_stripped_to_a_limit_comes_back() -> None:
    charge = {"charge_density_below": "-12 C/m^2"}
    steps = [
        {**PLATE, "duration": "1 s", "until": charge},
        {"technique": "ocp", "duration": "20 ms"},
        {**STRIP, "duration": "1 s", "until": {"charge_density_above": "9 C/m^2"}},
    ]
    tree = case(steps).run()
    group, ends = tree["dendrite"], read_provenance(tree)["solver"]["ends"]
    assert [(end["step"], end["reason"]) for end in ends] == [(1, "charge"), (3, "charge")]
    assert ends[0]["time"] == pytest.approx(0.12, rel=1e-8)
    assert float(group["time"][-1]) == pytest.approx(0.12 + 0.02 + 0.09, rel=1e-8)
    assert float(group["charge"][-1]) == pytest.approx(-3.0 * AREA, rel=1e-7)
    assert float(group["coulombic_efficiency"]) == pytest.approx(0.75, rel=1e-8)
    assert float(np.abs(group["metal_imbalance"]).max()) < 1e-9


def test_a_potential_ends_a_step_and_the_next_begins_there() -> None:
    steps = [
        {**PLATE, "current_density": "-300 mA/cm^2", "duration": "1 s", "until": {"potential_below": "-130 mV"}},
        {"technique": "potentiostatic", "potential": "-0.03 V", "duration": "50 ms"},
    ]
    tree = case(steps).run()
    group, (end,) = tree["dendrite"], read_provenance(tree)["solver"]["ends"]
    at = int(np.flatnonzero(group["time"].values == end["time"])[0])
    assert float(group["electrode_potential"][at]) == pytest.approx(-0.13, rel=1e-8)
    assert float(group["time"][-1]) == pytest.approx(end["time"] + 0.05)
    assert float(group["electrode_potential"][-1]) == pytest.approx(-0.03)


def test_a_current_ends_a_hold_and_a_sweep_ends_as_a_whole() -> None:
    steps = [
        {"technique": "potentiostatic", "potential": "-0.1 V", "duration": "2 s",
         "until": {"current_density_above": "-1300 A/m^2"}},
        {"technique": "cv", "potential": "0 V", "vertices": ["-0.1 V"], "scan_rate": "1 V/s",
         "until": {"current_density_below": "-300 A/m^2"}},
    ]  # fmt: skip
    tree = case(steps, gap="2 um").run()
    ends = read_provenance(tree)["solver"]["ends"]
    assert [(end["step"], end["reason"]) for end in ends] == [(1, "current"), (2, "current")]
    assert float(tree["dendrite/current"][-1]) < -300.0 * AREA * (1.0 - 1e-6)
    assert -0.1 < float(tree["dendrite/electrode_potential"][-1]) < -0.02
    assert float(tree["dendrite/time"][-1]) == ends[1]["time"]


@pytest.mark.parametrize("key", [{"reference": "working"}, {"ir_compensation": 0.5}])
def test_what_a_potentiostat_does_not_do_here_is_refused_by_name(key: dict[str, Any]) -> None:
    data = case([{**PLATE, "duration": "1 s"}]).data
    with pytest.raises(InputError, match=rf"protocol\.{next(iter(key))} .*does not go with dendrites"):
        Case.from_dict({**data, "protocol": {**data["protocol"], **key}})


class Stop:
    """Ctrl-C after so many steps."""

    def __init__(self, after: int):
        self.left = after

    def __call__(self, fraction: float) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_growth_that_is_cut_short_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    steps = [
        {**PLATE, "current_density": "-80 mA/cm^2", "duration": "1 s", "until": {"charge_density_below": "-100 C/m^2"}},
        {**STRIP, "duration": "0.1 s"},
        {"technique": "potentiostatic", "potential": "-0.08 V", "duration": "0.05 s"},
    ]
    given = case(
        steps, electrode="bare", noise=True, width="600 nm", seeds=[{"at": "0.3 um", "radius": "250 nm"}],
        nucleation={"rate": "1e14 1/m^2/s", "radius": "150 nm", "wetting": 0.001}, seed=5,
    )  # fmt: skip
    said: list[float] = []
    wanted = run_case(given, said.append)
    path = tmp_path / "run.checkpoint.npz"
    for stop in (1, len(said) // 4, len(said) // 3, len(said) // 4):  # each from where the one before was cut short
        keeper = Checkpoint(path, identity(given), 1e9, pytest.fail)
        if path.exists():
            keeper.load()
        with contextlib.suppress(KeyboardInterrupt):
            tree = run_case(given, Stop(stop), keeper)
            assert read_provenance(tree)["status"] == "interrupted"
        assert keeper.written
    keeper = Checkpoint(path, identity(given), 1e9, pytest.fail)
    keeper.load()
    left: list[float] = []
    found = run_case(given, left.append, keeper)
    assert len(left) < len(said) / 2
    for node in wanted.subtree:
        for name, array in node.data_vars.items():
            np.testing.assert_array_equal(found[node.path][name].values, array.values, err_msg=str(name))
    first, last = (read_provenance(tree) for tree in (wanted, found))
    assert first["warnings"] == last["warnings"]
    assert first["solver"] == last["solver"]


def test_no_step_moves_the_front_by_more_than_a_part_of_a_cell() -> None:
    zinc = Metal(2, 9.16e-6, 0.3, 30.0, 1000.0, 6.2e-10, 0.37)
    layer = Layer(zinc, section(np.linspace(0.0, 2e-6, 61), [0.0, 1e-6]), 0.1e-6, {"x+": "reservoir"})
    front: list[float] = []
    grow(
        layer, begin(layer, 0.8e-6 - layer.centre[1]), [0.5], potential=-0.15,
        progress=lambda state: front.append(float(state.xi.sum()) * layer.spacing),
    )  # fmt: skip
    steps = np.diff(front) / layer.spacing
    assert len(steps) > 5
    assert steps.max() < 1.5 * Control().courant  # what is accepted beyond the aim

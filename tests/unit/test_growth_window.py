"""The box as a part of a cell: lengths beyond it, and what it takes from a result of transport."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simcell.case import Case
from simcell.dendrite.edges import Edge
from simcell.dendrite.layer import Layer, begin
from simcell.dendrite.model import grow
from simcell.dendrite.stability import Metal, front_at_potential, limiting_current
from simcell.errors import InputError
from simcell.numerics.grid import section
from simcell.results import store
from simcell.results.checkpoint import identity
from simcell.studies.growth_setup import growth_of

ZINC = Metal(2, 9.16e-6, 0.3, 30.0, 100.0, 6.2e-10, 0.37)
AREA = 0.4e-6 * 0.5e-6


def case(folder: Path | None = None, duration: str = "0.2 s", **dendrite: Any) -> Case:
    data: dict[str, Any] = {
        "case": {"physics": ["dendrite"], "duration": duration},
        "cell": {"spacer_height": "500 nm"},
        "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
        "output": {"count": 4},
        "dendrite": {
            "metal": "Zn", "exchange_current": "30 A/m^2", "width": "400 nm", "gap": "0.7 um",
            "interface_width": "50 nm", "spacing": "33.333 nm", **dendrite,
        },
    }  # fmt: skip
    made = Case.from_dict(data)
    return made if folder is None else replace(made, folder=folder)


def along_a_row(gap: float, length: float, potential: float, conductivity: float | None = None) -> float:
    """Current density of a row with a length of liquid beyond it, once that is steady [A/m^2]."""
    cells = round((gap + 0.5e-6) / 33.3e-9)
    grid = section(np.linspace(0.0, gap + 0.5e-6, cells + 1), [0.0, 1e-6])
    layer = Layer(ZINC, grid, 0.05e-6, {"x+": Edge(1.0, 0.0, length)}, conductivity=conductivity)
    state = begin(layer, 0.5e-6 - layer.centre[1])
    relaxed = 5.0 * gap * (gap + length) / ZINC.diffusivity
    return float(grow(layer, state, [relaxed], potential=potential).current[-1]) / layer.cell * layer.spacing


@pytest.mark.parametrize("potential", [-0.05, -0.25])
def test_a_length_beyond_the_box_gives_the_current_of_the_whole(potential: float) -> None:
    steady = front_at_potential(ZINC, potential, 40e-6)
    if potential == -0.25:
        assert steady.current > 0.99 * limiting_current(ZINC, 40e-6)
    assert along_a_row(3e-6, 37e-6, potential) == pytest.approx(steady.current, rel=0.01)


def test_the_voltage_beyond_the_box_is_that_of_the_conductivity() -> None:
    # a row that holds all of it is the reference
    kappa = 0.5 * ZINC.conductivity
    whole = along_a_row(9e-6, 0.0, -0.08, kappa)
    assert along_a_row(3e-6, 6e-6, -0.08, kappa) == pytest.approx(whole, rel=2e-3)
    assert whole < 0.97 * along_a_row(9e-6, 0.0, -0.08)  # it matters


def cell_of(folder: Path, density: str = "-4 mA/cm^2", **changes: Any) -> Path:
    """Zinc between two plates 40 um apart, until it is steady."""
    zinc = [{"name": "zn-deposition", "exchange_current_density": "30 A/m^2"}]
    data: dict[str, Any] = {
        "case": {"physics": ["transport"], "duration": "3 s"},
        "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
        "grid": {"geometry": "line", "extent": "40 um", "spacing": "400 nm"},
        "electrode": [{"name": n, "role": n, "metal": "Zn", "reaction": zinc} for n in ("working", "counter")],
        "protocol": {"steps": [{"technique": "galvanostatic", "current_density": density, "duration": "3 s"}]},
        "output": {"times": ["1 s", "2.5 s", "3 s"]},
        **changes,
    }
    return store.write(Case.from_dict(data).run(), folder / "cell.nc")


def test_a_box_in_a_cell_takes_its_flux_and_its_limiting_current(tmp_path: Path) -> None:
    cell = store.read(cell_of(tmp_path))["transport"].to_dataset()
    salt = cell["concentration"].sel(species="Zn2+")
    given = case(tmp_path, duration="3 s", cell="cell.nc", current_density="-4 mA/cm^2")
    ready = growth_of(given.input, "", tmp_path)
    # closed at a soluble counter electrode, the salt is fresh in the middle: 20 um from the electrode
    slope = float(salt[-1].interp(x=15e-6) - salt[-1].interp(x=5e-6)) / 10e-6
    limit = 40.0 / slope * 100.0 / 20e-6
    assert ready.ahead.limiting == pytest.approx(limit, rel=0.02)  # the box has other constants than the cell
    box = given.run()["dendrite"].to_dataset()
    assert float(np.abs(box["ion_imbalance"]).max()) < 1e-10
    for time in (2.5, 3.0):  # with the cell's current the box has the cell's salt
        have = box["concentration"].interp(time=time).mean("y").interp(x=0.5e-6)
        assert float(have) == pytest.approx(float(salt.interp(time=time).interp(x=0.5e-6)), rel=1e-3)
    steep = case(tmp_path, duration="0.3 s", cell="cell.nc", potential="-0.4 V").run()["dendrite"]
    assert float(steep["current"][-1]) == pytest.approx(-limit * AREA, rel=0.03)


def test_what_is_no_cell_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dendrite\.cell = \"no.nc\""):
        growth_of(case(tmp_path, cell="no.nc", potential="-0.1 V").input, "", tmp_path)
    cell_of(tmp_path, "4 mA/cm^2")
    with pytest.raises(InputError, match=r"brings no Zn2\+ to the electrode"):
        growth_of(case(tmp_path, cell="cell.nc", potential="-0.1 V").input, "", tmp_path)
    with pytest.raises(InputError, match=r"ends before the edge of the box: x from 0 to"):
        growth_of(case(tmp_path, cell="cell.nc", potential="-0.1 V", gap="45 um").input, "", tmp_path)
    before = identity(case(tmp_path, cell="cell.nc", potential="-0.1 V"))
    (tmp_path / "cell.nc").write_bytes(b"another")
    assert identity(case(tmp_path, cell="cell.nc", potential="-0.1 V")) != before


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({"beyond": "9 um", "supply": "counter"}, "beyond"),
        ({"beyond": "9 um", "cell": "cell.nc"}, "beyond"),
        ({"position": ["0 um", "1 um"]}, "position"),
    ],
)
def test_two_supplies_at_one_edge_are_refused(keys: dict[str, Any], wrong: str) -> None:
    with pytest.raises(InputError, match=rf"dendrite\.{wrong} "):
        case(potential="-0.1 V", **keys)

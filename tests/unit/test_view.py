"""The picture of a cell, and films of electrodes on their way from a case to the currents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simcell.case import Case
from simcell.cli import execute
from simcell.errors import InputError
from simcell.numerics.grid import plan, section
from simcell.results.cell_view import picture, spans
from simcell.studies.currents import run_currents
from simcell.studies.electrodes import electrode_on
from simcell.studies.view import view_of
from simcell.transport.kinetics import Linear

UM = 1e-6
FINGER = [["-10 um", "-50 um"], ["10 um", "-50 um"], ["10 um", "20 um"], ["-10 um", "20 um"]]
LEAD = [["-10 um", "-50 um"], ["10 um", "-50 um"], ["10 um", "-30 um"], ["-10 um", "-30 um"]]
ZINC = [{"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}]
FILM = {"thickness": "80 nm", "resistivity": "4.5e-5 ohm*m"}


def case(film: dict | None = None, **working: object) -> Case:
    return Case.from_dict(
        {
            "case": {"physics": ["transport"], "title": "A finger"},
            "cell": {
                "spacer_height": "1 um", "bulge": "auto", "pressure": "1 bar",
                "window": {"thickness": "50 nm", "width": "50 um", "length": "100 um"},
            },
            "grid": {"geometry": "plan", "extent": "100 um", "extent_y": "100 um", "spacing": "4 um"},
            "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
            "electrode": [
                {"name": "working", "role": "working", "polygon": FINGER, "metal": "Zn", "reaction": ZINC,
                 **({"film": film} if film else {}), **working},
                {"name": "counter", "role": "counter", "rectangle": {"x": ["30 um", "45 um"], "y": ["-40 um", "40 um"]},
                 "metal": "Zn", "reaction": ZINC},
            ],
            "protocol": {"steps": [{"technique": "galvanostatic", "current": "-100 nA", "duration": "1 s"}]},
        }
    )  # fmt: skip


def test_view_of_a_case() -> None:
    view = view_of(case(passivated=[LEAD]).input)
    assert [(s.name, s.role) for s in view.shapes] == [("working", "working"), ("counter", "counter")]
    assert view.extent == pytest.approx((100 * UM, 100 * UM))
    assert view.areas["working"] == pytest.approx({"drawn": 1400e-12, "bare": 1000e-12, "on window": 1000e-12})
    assert view.areas["counter"]["on window"] == 0.0
    assert view.upper.max() == view.lower.max() > 0.5 * UM
    assert view.upper[[0, -1]] == pytest.approx([0.0, 0.0])
    figure = picture(view)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    across = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith("across"))
    # the factor that is told is the one that is drawn
    box = across.get_window_extent()
    (left, right), (low, high) = across.get_xlim(), across.get_ylim()
    told = float(across.get_title(loc="left").split("heights ")[1].split(" times")[0])
    assert told == pytest.approx(box.height / (high - low) / (box.width / (right - left)), rel=0.01)
    assert titles[0] == "from above"
    hatches = [patch.get_hatch() for patch in figure.axes[0].patches]
    assert hatches.count("////") == 1


def test_lines_through_outlines() -> None:
    ring = np.array([[0, 0], [4, 0], [4, 3], [3, 3], [3, 1], [1, 1], [1, 3], [0, 3]], dtype=float)
    assert spans(ring, 2.0) == [(0.0, 1.0), (3.0, 4.0)]
    assert spans(ring, 9.0) == []


def test_nothing_to_draw() -> None:
    beam = {"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}
    with pytest.raises(InputError, match=r"cell\.spacer_height: is missing"):
        view_of(Case.from_dict(beam).input)
    with pytest.raises(InputError, match=r"cell\.window: is missing"):
        view_of(Case.from_dict({**beam, "cell": {"spacer_height": "1 um"}}).input)


def test_picture_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "case.toml"
    path.write_text(
        'case.duration = "1 s"\ncell.chip = "narrow-window"\n'
        '[beam]\nenergy = "300 kV"\ncurrent = "1 nA"\ndiameter = "2 um"\ncenter = ["3 um", "0 um"]\n'
        '[grid]\ngeometry = "plan"\nextent = "20 um"\n'
    )
    target = tmp_path / "cell.svg"
    assert execute(["check", str(path), "--picture", str(target)]) == 0
    assert "drew the cell" in capsys.readouterr().err
    assert "narrow-window" in target.read_text()
    assert execute(["check", str(path), "--picture", str(target)]) == 2  # it exists


def test_film_of_a_case() -> None:
    grid = plan(np.linspace(-50, 50, 26) * UM, np.linspace(-50, 50, 26) * UM, UM)
    chosen = case(film=FILM, passivated=[LEAD]).input
    e = electrode_on(grid, chosen, chosen.electrode[0], Linear(1e-3), 0.0)
    assert e.sheet == pytest.approx(562.5)
    assert e.contact[0].at == pytest.approx(-50 * UM) and len(e.contact) == 1  # where it meets the rim
    assert (e.contact[0].start, e.contact[0].stop) == pytest.approx((-10 * UM, 10 * UM))
    area = grid.area[0][0]
    assert (e.cover * area).sum() == pytest.approx(1000e-12) and (e.spread * area).sum() == pytest.approx(1400e-12)
    inland = case(
        film=FILM, polygon=[["-10 um", "-20 um"], ["10 um", "-20 um"], ["10 um", "20 um"], ["-10 um", "20 um"]]
    )
    with pytest.raises(InputError, match=r"electrode\.working\.film\.contact: is missing"):
        electrode_on(grid, inland.input, inland.input.electrode[0], None, 0.0)
    told = case(film={**FILM, "contact": "y+"}, polygon=inland.data["electrode"][0]["polygon"])
    assert electrode_on(grid, told.input, told.input.electrode[0], None, 0.0).contact[0].at == pytest.approx(20 * UM)
    strip = case(film={**FILM, "contact": "x-"}, polygon=[], rectangle={"x": ["-10 um", "10 um"]}).input
    cut = section(np.linspace(-50, 50, 26) * UM, [0.0, UM], 30 * UM)
    assert electrode_on(cut, strip, strip.electrode[0], None, 0.0).contact[0].stop == pytest.approx(30 * UM)


def test_current_through_a_passivated_lead() -> None:
    """Below passivation nothing enters the liquid, but all of the current runs through."""
    plain = run_currents(case(passivated=[LEAD]).input).distribution
    thin = run_currents(case(film={**FILM, "resistivity": "1e-2 ohm*m"}, passivated=[LEAD]).input).distribution
    sheet, current = 1e-2 / 80e-9, 1e-7
    largest, mean = thin.film_drop("working")
    lead = current * sheet * 1.0  # one square of lead
    assert abs(largest) > abs(mean) > 0.9 * lead
    # and a finger of 50 um over 20 um after it, with nearly even current: half of its squares, a third on average
    assert mean == pytest.approx(-lead - current * sheet * 2.5 / 3.0, rel=0.25)
    assert plain.film_drop("working") == (0.0, 0.0)
    assert thin.current["working"] == pytest.approx(-current, rel=1e-9)
    assert thin.metal["working"] - plain.metal["working"] == pytest.approx(mean, rel=0.2)

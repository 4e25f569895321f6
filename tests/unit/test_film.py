"""Potential along thin films of metal: closed forms of the transmission line, balances, limits, what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcell.numerics.grid import Grid, full, plan, section
from simcell.transport.current import Options, distribute
from simcell.transport.electrode import Edge, Electrode, patch, side, strip
from simcell.transport.film import film_drop, films, line_resistance, reach, sheet_resistance
from simcell.transport.kinetics import ButlerVolmer, Linear
from simcell.transport.validity import judge_film

UM = 1e-6
KAPPA, R = 1.0, 4e-5


def line(cells: int) -> Grid:
    """A layer 1 um high over 30 um of film."""
    return plan(np.linspace(0.0, 30.0, cells + 1) * UM, [0.0, 10 * UM], UM)


def finger(grid: Grid, sheet: float, **more: object) -> Electrode:
    outline = [[40 * UM, 0.0], [61 * UM, 0.0], [61 * UM, 73 * UM], [40 * UM, 73 * UM]]
    return replace(patch(grid, "WE", outline, law=Linear(1e-3), **more), sheet=sheet, contact=(side(grid, "y-"),))


def counter(grid: Grid) -> Electrode:
    return patch(grid, "CE", np.array([[10, 85], [90, 85], [90, 100], [10, 100]]) * UM, 0.0, law=Linear(1e-3))


def square(n: int = 40) -> Grid:
    x = np.linspace(0.0, 100.0, n + 1) * UM
    return plan(x, x, 0.5 * UM)


@pytest.mark.parametrize("opposite", [True, False])
@pytest.mark.parametrize("sheet", [1e3, 1e6, 1e8])
def test_transmission_line(opposite: bool, sheet: float) -> None:
    """Film and liquid as two rails, for films that conduct better than the liquid (1e6 ohm), as well, and worse."""
    errors = []
    for cells in (100, 200):
        grid = line(cells)
        we = replace(strip(grid, "WE", 0.0, 30 * UM, 1.0, law=Linear(R)), sheet=sheet, contact=(side(grid, "x-"),))
        answer = distribute(grid, KAPPA, [we], ends={"x+" if opposite else "x-": 0.0})
        expected = line_resistance(sheet, 1.0 / (KAPPA * UM), R + UM / (3.0 * KAPPA), 30 * UM, not opposite)
        errors.append(10 * UM / answer.current["WE"] / expected - 1.0)
    fine = 30 * UM / 200 / reach(sheet, 1e6, R + UM / 3.0)  # cell over the length of the current
    assert abs(errors[1]) < 0.5 * fine**2
    assert errors[1] == pytest.approx(errors[0] / 4.0, rel=0.1, abs=1e-8)  # second order


def test_potential_along_a_fin() -> None:
    """Under liquid of one potential: cosh((w - x) / L) / cosh(w / L) of the lead's, and tanh of it as current."""
    sheet, width = 3e4, 10 * UM
    grid = plan(np.linspace(0.0, 30.0, 301) * UM, [0.0, width], UM)
    law = Linear(1e-5)
    we = replace(strip(grid, "WE", 0.0, 30 * UM, 1.0, law=law), sheet=sheet, contact=(side(grid, "x-"),))
    # copper above: liquid so conductive that it has one potential, the end keeps it at zero
    answer = distribute(grid, 1e9, [we], ends={"x-": 0.0})
    length = np.sqrt(1e-5 / sheet)
    x = grid.centre[2]
    np.testing.assert_allclose(
        answer.film["WE"][0], np.cosh((30 * UM - x) / length) / np.cosh(30 * UM / length), atol=1e-3
    )
    assert answer.current["WE"] == pytest.approx(np.tanh(30 * UM / length) * width / (sheet * length), rel=1e-3)
    largest, mean = answer.film_drop("WE")
    assert largest == pytest.approx(1.0 - 1.0 / np.cosh(30 * UM / length), abs=1e-3)
    assert 0.0 < mean < largest


@pytest.mark.parametrize("sheet", [2.0, 600.0, 1e6])
def test_given_current_and_books(sheet: float) -> None:
    grid = square()
    answer = distribute(grid, 0.9, [finger(grid, sheet, current=-1e-7), counter(grid)])
    assert answer.current["WE"] == pytest.approx(-1e-7, rel=1e-12)
    assert abs(sum(answer.current.values())) < 1e-12 * 1e-7
    assert (answer.density["WE"] * answer.area["WE"]).sum() == pytest.approx(-1e-7, rel=1e-12)
    again = distribute(grid, 0.9, [finger(grid, sheet, potential=answer.metal["WE"]), counter(grid)])
    assert again.current["WE"] == pytest.approx(-1e-7, rel=1e-7)
    np.testing.assert_allclose(again.film["WE"], answer.film["WE"], atol=1e-7)


def test_a_good_film_is_metal_of_one_potential() -> None:
    grid = square()
    thick = finger(grid, 600.0, potential=-0.1)
    plain = distribute(grid, 0.9, [replace(thick, sheet=0.0, contact=()), counter(grid)])
    assert plain.film == {} and plain.film_drop("WE") == (0.0, 0.0)
    answer = distribute(grid, 0.9, [replace(thick, sheet=1e-6), counter(grid)])
    assert answer.current["WE"] == pytest.approx(plain.current["WE"], rel=1e-7)
    drop = distribute(grid, 0.9, [thick, counter(grid)]).film_drop("WE")
    scaled = distribute(grid, 0.9, [replace(thick, sheet=6.0), counter(grid)]).film_drop("WE")
    assert drop[0] == pytest.approx(100.0 * scaled[0], rel=1e-2)  # linear while it is small
    assert film_drop(plain.current["WE"], 600.0, 73 * UM, 21 * UM)[0] == pytest.approx(abs(drop[0]), rel=0.4)


def test_section_and_full_are_the_plan_across_the_current() -> None:
    """The same strip with a film in all three, where a plan holds: L_p is 6 H."""
    x, law, sheet = np.linspace(0.0, 40.0, 161) * UM, Linear(4e-5), 5e5
    found = []
    for grid in (
        plan(x, [0.0, 10 * UM], UM),
        section(x, np.linspace(0.0, 1.0, 9) * UM, 10 * UM),
        full(x, np.array([0.0, 5.0, 10.0]) * UM, UM, 8),
    ):
        we = replace(strip(grid, "WE", 0.0, 20.1 * UM, 0.1, law=law), sheet=sheet, contact=(side(grid, "x-"),))
        found.append(distribute(grid, KAPPA, [we, strip(grid, "CE", 30 * UM, 40 * UM, 0.0, law=law)]).current["WE"])
    assert found[2] == pytest.approx(found[1], rel=1e-6)
    assert found[0] == pytest.approx(found[1], rel=2e-3)


@pytest.mark.parametrize(("cells", "error"), [(124, 8e-3), (496, 2e-3)])
def test_contact_inside_a_cell(cells: int, error: float) -> None:
    """First order of the cell, where a contact on a face is of second."""
    sheet, start = 1e6, 1.07 * UM
    grid = plan(np.linspace(0.0, 31.0, cells + 1) * UM, [0.0, 10 * UM], UM)
    contact = Edge(2, start, False, 0.0, 10 * UM)
    we = replace(strip(grid, "WE", start, 31 * UM, 1.0, law=Linear(R)), sheet=sheet, contact=(contact,))
    expected = line_resistance(sheet, 1e6, R + UM / 3.0, 31 * UM - start)
    assert 10 * UM / distribute(grid, KAPPA, [we], ends={"x+": 0.0}).current["WE"] == pytest.approx(expected, rel=error)


def test_nonlinear_kinetics() -> None:
    grid = square(30)
    we = replace(finger(grid, 1e6, potential=-0.4), law=ButlerVolmer(10.0, 0.5, 0.5))
    answer = distribute(grid, 0.9, [we, counter(grid)], options=Options(tolerance=1e-10))
    assert answer.unbalanced < 1e-10
    film, metal = answer.film["WE"], answer.area["WE"] > 0.0
    assert ((film[metal] > -0.4) & (film[metal] < 0.0)).all()  # between lead and counter electrode
    # current that enters the film at its lead, from the potentials of the first row: g (V - m)
    width = 21 * UM * np.ones(1)
    first = (film[0] * answer.area["WE"][0]).sum() / answer.area["WE"][0].sum()
    lead = (-0.4 - first) * width / (1e6 * 0.5 * (grid.faces[1][1] - grid.faces[1][0]))
    assert lead[0] == pytest.approx(answer.current["WE"], rel=1e-3)


def test_what_is_refused() -> None:
    grid = square(10)
    we = finger(grid, 600.0, potential=0.0)
    with pytest.raises(ValueError, match="'WE': a sheet resistance needs a contact"):
        replace(we, contact=())
    with pytest.raises(ValueError, match="the sheet resistance is -1 ohm"):
        replace(we, sheet=-1.0)
    with pytest.raises(ValueError, match="the lead of electrode 'WE' meets nothing of its film"):
        films(grid, [replace(we, contact=(side(grid, "x-"),))])
    beside = replace(
        strip(grid, "near", 62 * UM, 80 * UM, 1.0), sheet=2.0, contact=(side(grid, "y+"),)
    )  # shares the cell from 60 to 70 um
    with pytest.raises(ValueError, match=r"two films share the cell at x = 6\.5e-05 m"):
        distribute(grid, 1.0, [we, beside])
    for numbers in ((0.0, 0.0, 1.0), (-1.0, 2.0, 1.0), (1.0, 1.0, 0.0)):
        with pytest.raises(ValueError, match="must"):
            reach(*numbers)
    with pytest.raises(ValueError, match="must be positive"):
        sheet_resistance(1e-7, 0.0)
    with pytest.raises(ValueError, match="length and width"):
        film_drop(1.0, 1.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="it must be positive"):
        judge_film(600.0, 0.0, 1e-6, 1e-5, 1e-5)


def test_words() -> None:
    assert judge_film(2.0, 1e-3, 1e-7, 60 * UM, 20 * UM).words.endswith("its metal may be taken as one potential")
    assert judge_film(600.0, 1e-7, 1e-9, 60 * UM, 20 * UM).needed  # uneven though the drop is small

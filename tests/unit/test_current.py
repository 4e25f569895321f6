"""Current between electrodes: balances, symmetry, control, closed forms, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.errors import SolverError
from simcell.numerics.grid import Grid, full, graded, plan, section
from simcell.transport.coplanar import EDGE_LENGTH, band_in_layer, far_resistance, strips
from simcell.transport.current import Options, distribute
from simcell.transport.distribution import Distribution
from simcell.transport.edge_field import edge_length, kinetic_field, layer_field
from simcell.transport.edges import corrections
from simcell.transport.electrode import Electrode, patch, strip
from simcell.transport.fin import fin_distribution, fin_resistance, penetration_length
from simcell.transport.kinetics import ButlerVolmer, Law, Linear, Tafel, Together
from simcell.transport.outline import covered
from simcell.transport.validity import judge, level

UM = 1e-6
BV = ButlerVolmer(10.0, 0.5, 0.5, equilibrium=-0.1)


def gap(cells: int = 80, layers: int = 8, length: float = 20.0, width: float = 100.0) -> Grid:
    """A layer 1 um high."""
    return section(np.linspace(0.0, length, cells + 1) * UM, np.linspace(0.0, 1.0, layers + 1) * UM, width * UM)


def pair(grid: Grid, law: Law | None, one: float, other: float) -> list[Electrode]:
    return [
        strip(grid, "a", 1.1 * UM, 6.3 * UM, one, law=law),
        strip(grid, "b", 14.0 * UM, 18.9 * UM, other, law=law),
    ]


def square(x: float, y: float, side: float) -> np.ndarray:
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]])


@pytest.mark.parametrize(
    "law", [None, Linear(1e-5), BV, Together((BV, Tafel(1e-3, -0.5)))], ids=["1", "2", "bv", "two"]
)
@pytest.mark.parametrize("edges", ["exact", "plain"])
def test_charge_is_conserved(law: Law | None, edges: str) -> None:
    grid = gap()
    answer = distribute(grid, 1.0, pair(grid, law, 0.5, 0.0), options=Options(edges=edges))
    assert abs(answer.current["a"] + answer.current["b"]) < 1e-12 * abs(answer.current["a"])
    assert answer.current["a"] > 0.0
    assert answer.unbalanced < 1e-10
    assert answer.steps <= 8


def test_charge_is_conserved_by_the_iteration() -> None:
    x = np.linspace(0.0, 20.0, 61) * UM
    grid = plan(x, x, 0.5 * UM * (1.0 + 0.3 * np.sin(x[1:] / (5 * UM))[None, :] * np.ones((60, 1))))
    cell = [
        patch(grid, "a", square(1 * UM, 2 * UM, 6 * UM), 0.3, law=BV),
        patch(grid, "b", square(11.3 * UM, 8 * UM, 7.7 * UM), 0.0, law=BV),
        patch(grid, "floating", [[9 * UM, 1 * UM], [12 * UM, 1 * UM], [12 * UM, 5 * UM]], law=BV),
    ]
    answer = distribute(grid, 0.9, cell, options=Options(tolerance=1e-13))
    assert answer.iterations > 0
    assert abs(sum(answer.current.values())) < 1e-12 * answer.current["a"]
    assert abs(answer.current["floating"]) < 1e-12 * answer.current["a"]
    assert np.abs(answer.density["floating"] * answer.area["floating"]).sum() > 1e-5 * answer.current["a"]  # bipolar
    assert 0.0 < answer.metal["floating"] < 0.3


@pytest.mark.parametrize("law", [None, Linear(1e-5), BV, Tafel(1.0, 0.5)], ids=["1", "2", "bv", "tafel"])
def test_given_currents_are_met(law: Law | None) -> None:
    grid = gap()
    wanted = 2.5e-8
    cell = [
        strip(grid, "a", 1.1 * UM, 6.3 * UM, current=wanted, law=law, film=1e-6),
        strip(grid, "b", 14.0 * UM, 18.9 * UM, 0.0),
    ]
    answer = distribute(grid, 1.0, cell)
    assert answer.current["a"] == pytest.approx(wanted, rel=1e-10)
    assert answer.current["b"] == pytest.approx(-wanted, rel=1e-10)
    # the same the other way round
    again = distribute(
        grid, 1.0, [strip(grid, "a", 1.1 * UM, 6.3 * UM, answer.metal["a"], law=law, film=1e-6), cell[1]]
    )
    assert again.current["a"] == pytest.approx(wanted, rel=1e-7)


def test_numbers_of_a_distribution() -> None:
    grid = gap()
    law = Linear(2e-6)
    cell = [
        strip(grid, "a", 1.1 * UM, 6.3 * UM, 0.5, law=law, film=1e-6),
        strip(grid, "b", 14 * UM, 18.9 * UM, 0.0, law=BV),
    ]
    answer = distribute(grid, 0.5, cell)
    assert answer.extent("a") == pytest.approx((1.1 * UM, 6.3 * UM))
    assert answer.kinetic["a"] == pytest.approx(3e-6)
    assert answer.wagner("a") == pytest.approx(0.5 * 3e-6 / (2.6 * UM))
    assert answer.penetration("a") == pytest.approx(np.sqrt(0.5 * 3e-6 / UM))
    assert answer.kinetic["b"] < 1.0 / float(BV.slope(np.array([BV.rest]))[0])  # falls as current flows
    # metal to metal: kinetics and film on both sides, and the liquid between
    drop = answer.ohmic_drop("a", "b")
    mean = answer.current["a"] / answer.area["a"].sum()
    assert answer.metal["a"] - answer.liquid("a") > mean * 3e-6 > 0.0
    assert 0.0 < drop < 0.5 + 0.1
    bins = answer.bins("a", np.linspace(1.1, 6.3, 6) * UM)
    assert bins.mean() == pytest.approx(mean, rel=1e-9)
    assert answer.edge_factor("a", 5) == pytest.approx(bins.max() / mean)
    assert answer.edge_factor("a") >= answer.edge_factor("a", 5)
    assert (np.diff(bins) > 0.0).all()  # grows towards the other electrode
    with pytest.raises(ValueError, match="holds nothing of electrode 'a'"):
        answer.bins("a", [7.0 * UM, 8.0 * UM])


def test_reciprocity_of_three_electrodes() -> None:
    """The current of one electrode from the potential of another is the same both ways."""
    grid = gap(cells=75)
    conductance = np.zeros((3, 3))
    places = [(1.13, 4.0), (7.7, 9.2), (12.0, 18.05)]
    for n in range(3):
        cell = [strip(grid, str(k), a * UM, b * UM, float(k == n)) for k, (a, b) in enumerate(places)]
        answer = distribute(grid, 2.0, cell)
        conductance[n] = [answer.current[str(k)] for k in range(3)]
    np.testing.assert_allclose(conductance, conductance.T, rtol=1e-10)
    np.testing.assert_allclose(conductance.sum(axis=1), 0.0, atol=1e-11 * conductance.max())


def test_mirrored_cells_give_mirrored_answers() -> None:
    grid = gap(cells=64)
    places = [(1.13, 4.0), (7.7, 19.2)]
    one = distribute(grid, 1.0, [strip(grid, str(k), a * UM, b * UM, k, law=BV) for k, (a, b) in enumerate(places)])
    turned = [((20.0 - b) * UM, (20.0 - a) * UM) for a, b in places]
    other = distribute(grid, 1.0, [strip(grid, str(k), a, b, k, law=BV) for k, (a, b) in enumerate(turned)])
    np.testing.assert_allclose(other.potential[:, :, ::-1], one.potential, atol=1e-10)


def test_no_drive_no_current() -> None:
    grid = gap()
    answer = distribute(grid, 1.0, pair(grid, BV, 0.2, 0.2))
    assert abs(answer.current["a"]) < 1e-15
    np.testing.assert_allclose(answer.potential, 0.3, atol=1e-8)  # metal less equilibrium potential
    with pytest.raises(ValueError, match="no current: a resistance"):
        distribute(grid, 1.0, [strip(grid, "a", 0.0, UM, 0.2)]).resistance("a", "a")


@pytest.mark.parametrize(("width", "between"), [(1.0, 1.0), (5.0, 1.0), (1.0, 5.0), (10.0, 30.0)])
@pytest.mark.parametrize("shift", [0.0, 0.3, 0.5, 0.8])
def test_strips_in_a_layer(width: float, between: float, shift: float) -> None:
    """Elliptic integrals, wherever the edges lie inside cells; far apart it is exact on five cells across the layer."""
    layers = 10 if between < 6.0 else 5
    spacing = 1.0 / layers
    cells = round((16.0 + 2.0 * width + between) / spacing)
    grid = section((np.arange(cells + 1) - shift) * spacing, np.linspace(0.0, 1.0, layers + 1))
    one, other = (8.0, 8.0 + width), (8.0 + width + between, 8.0 + 2.0 * width + between)
    cell = [strip(grid, "a", *one, 1.0), strip(grid, "b", *other, 0.0)]
    exact = strips(one, other, 1.0)
    answer = distribute(grid, 1.0, cell)
    assert answer.current["a"] == pytest.approx(exact, rel=1e-9 if between > 6.0 else 1.5e-4)
    assert answer.warnings == ()
    plain = distribute(grid, 1.0, cell, options=Options(edges="plain"))
    assert abs(plain.current["a"] - exact) > 1e-3 * exact  # what the edges are worth


def test_supply_from_afar() -> None:
    """A strip at zero concentration fed along the layer from both ends: the limiting current."""
    grid = section(np.linspace(-12.0, 12.0, 241), np.linspace(0.0, 1.0, 11))
    answer = distribute(grid, 1.0, [strip(grid, "a", -2.04, 2.04, 0.0)], ends={"x-": 1.0, "x+": 1.0})
    exact = 2.0 / far_resistance(2.04, 12.0, 1.0)
    assert -answer.current["a"] == pytest.approx(exact, rel=1e-5)
    assert sum(answer.through.values()) == pytest.approx(-answer.current["a"], rel=1e-11)
    middle = answer.bins("a", [-2.04, -1.5, -0.5, 0.5, 1.5, 2.04])
    x = np.linspace(-0.5, 0.5, 2001)
    centre = answer.current["a"] / 4.08 * band_in_layer(x, 2.04, 1.0).mean()
    assert middle[2] == pytest.approx(centre, rel=5e-3)
    assert middle[0] == pytest.approx(middle[-1], rel=1e-6)


@pytest.mark.parametrize("sides", [1, 2])
def test_fin_in_a_plan(sides: int) -> None:
    x = np.linspace(0.0, 60.0, 601) * UM
    grid = plan(x, [0.0, 10.0 * UM], UM)
    resistance = 4e-5
    length = penetration_length(1.0, UM, resistance)
    ends = {"x+": 1.0} if sides == 1 else {"x-": 1.0, "x+": 1.0}
    start, stop = (0.0, 30.0) if sides == 1 else (15.0, 45.0)
    answer = distribute(grid, 1.0, [strip(grid, "a", start * UM, stop * UM, 0.0, law=Linear(resistance))], ends=ends)
    path = 30.0 if sides == 1 else 15.0
    expected = sides * 10.0 * UM / (path + (fin_resistance(1.0, UM, 30.0 * UM, length, sides) * sides))
    ohm = path * UM / (1.0 * UM * 10.0 * UM) / sides
    ohm += fin_resistance(1.0, UM, 30.0 * UM, length, sides) / (10.0 * UM)
    assert -answer.current["a"] * ohm == pytest.approx(1.0, rel=1e-5), expected
    bounds = np.linspace(start, stop, 7) * UM
    fine = np.linspace(start, stop, 6001)
    away = (stop - fine) * UM if sides == 1 else np.minimum(fine - start, stop - fine) * UM
    shape = fin_distribution(away, 30.0 * UM, length, sides)
    means = [shape[(fine >= a) & (fine <= b)].mean() for a, b in zip(bounds[:-1] / UM, bounds[1:] / UM, strict=True)]
    np.testing.assert_allclose(answer.bins("a", bounds) / (answer.current["a"] / 3e-10), means, rtol=2e-3)


@pytest.mark.parametrize(("ratio", "centre", "edge"), [(1.0, 0.07, 0.13), (1.5, 0.015, 0.07), (4.0, 0.002, 0.01)])
def test_the_closure_does_what_is_claimed(ratio: float, centre: float, edge: float) -> None:
    """A plan with closure against the resolved layer, by L_p / H; without it the centre is far off."""
    resistance = ratio**2 * UM
    x = np.linspace(0.0, 60.0, 601) * UM
    law = Linear(resistance)
    flat, thick = plan(x, [0.0, UM], UM), section(x, np.linspace(0.0, 1.0, 13) * UM, UM)
    answers: list[Distribution] = []
    for grid, closure in ((flat, True), (thick, True), (flat, False)):
        cell = [strip(grid, "a", 20 * UM, 40 * UM, 0.0, law=law)]
        answers.append(distribute(grid, 1.0, cell, ends={"x-": 1.0, "x+": 1.0}, options=Options(closure=closure)))
    bounds = np.array([20.0, 20.5, 29.5, 30.5, 40.0]) * UM
    with_closure, exact, without = (a.bins("a", bounds) / a.current["a"] for a in answers)
    assert abs(with_closure[2] / exact[2] - 1.0) < centre
    assert abs(with_closure[0] / exact[0] - 1.0) < edge
    assert abs(without[2] / exact[2] - 1.0) > (0.2 if ratio < 2.0 else 0.01)
    said = judge(1.0, UM, resistance, 20 * UM)
    assert said.plan == (ratio >= 1.5)
    assert (said.centre_error <= centre + 1e-9) and (said.edge_error <= edge + 1e-9)


def test_level_of_the_model() -> None:
    good, bad = judge(1.0, UM, 1e-4, 20 * UM), judge(1.0, UM, 1e-7, 20 * UM)
    assert level(good, "auto", True) == "plan"
    assert (level(bad, "auto", True), level(bad, "auto", False)) == ("full", "section")
    with pytest.raises(ValueError, match=r"L_p = 0.32 H is below 1.5 H"):
        level(bad, "plan", True)
    with pytest.raises(ValueError, match="narrowest feature, 2 H, is below 3 H"):
        level(judge(1.0, UM, 1e-4, 2 * UM), "plan", True)
    assert not judge(1.0, UM, 1e-4, 20 * UM, time=1e-4, diffusivity=1e-9).plan
    with pytest.raises(ValueError, match="must be positive"):
        judge(0.0, UM, 1e-4, UM)


@pytest.mark.parametrize("ratio", [0.0, 0.003, 0.03, 0.3, 3.0])
def test_edges_with_kinetics(ratio: float) -> None:
    """Against a grid forty times finer at the edges, from nearly primary to nearly even."""
    edges = (4.0, 7.0, 10.0, 13.0)
    fine = section(graded(0.0, 17.0, dict.fromkeys(edges, 1e-3), 1.2, 0.2), graded(0.0, 1.0, {0.0: 1e-3}, 1.2, 0.2))
    coarse = section(np.linspace(0.0, 17.0, 171) - 0.03, np.linspace(0.0, 1.0, 11))
    law = Linear(ratio) if ratio else None
    answers = []
    for grid, option in ((fine, "exact"), (coarse, "exact"), (coarse, "plain")):
        cell = [strip(grid, "a", 4.0, 7.0, 1.0, law=law), strip(grid, "b", 10.0, 13.0, 0.0, law=law)]
        answers.append(distribute(grid, 1.0, cell, options=Options(edges=option)).current["a"])
    error, plain = answers[1] / answers[0] - 1.0, answers[2] / answers[0] - 1.0
    assert abs(error) < 5e-5
    assert abs(plain) > (2e-3 if ratio < 0.1 else 5e-5)


@pytest.mark.parametrize(("volts", "exchange"), [(0.3, 0.01), (1.0, 0.1), (3.0, 0.1)])
def test_edges_with_steep_kinetics(volts: float, exchange: float) -> None:
    """Butler-Volmer, whose resistance changes along the electrode: 0.04 % on ten cells across the layer."""
    edges, law = (4.0, 7.0, 10.0, 13.0), ButlerVolmer(exchange)
    fine = section(graded(0.0, 17.0, dict.fromkeys(edges, 1e-3), 1.2, 0.2), graded(0.0, 1.0, {0.0: 1e-3}, 1.2, 0.2))
    coarse = section((np.arange(171) - 0.3) / 10.0, np.linspace(0.0, 1.0, 11))
    answers = []
    for grid in (fine, coarse):
        cell = [strip(grid, "a", 4.0, 7.0, volts, law=law), strip(grid, "b", 10.0, 13.0, 0.0, law=law)]
        answers.append(distribute(grid, 1.0, cell).current["a"])
    assert answers[1] == pytest.approx(answers[0], rel=4e-4)


@pytest.mark.parametrize("ratio", [0.01, 0.2, 1.0])
@pytest.mark.parametrize("layers", [5, 8])
def test_wide_strips_with_kinetics(ratio: float, layers: int) -> None:
    """The closed form: g / H and twice the length of an edge, on five cells across the layer."""
    grid = section((np.arange(50 * layers + 1) - 0.3) / layers, np.linspace(0.0, 1.0, layers + 1))
    law = Linear(ratio)
    cell = [strip(grid, "a", 3.0, 19.0, 1.0, law=law), strip(grid, "b", 30.0, 46.0, 0.0, law=law)]
    answer = distribute(grid, 1.0, cell)
    assert answer.resistance("a", "b") == pytest.approx(11.0 + 2.0 * edge_length(ratio), rel=3e-6)


def test_edge_length_goes_from_primary_to_the_fin() -> None:
    assert edge_length(0.0) == pytest.approx(EDGE_LENGTH, rel=1e-14)
    assert edge_length(1e-6) == pytest.approx(EDGE_LENGTH, rel=2e-5)
    ratios = np.array([1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0])
    lengths = np.array([edge_length(r) for r in ratios])
    assert (np.diff(lengths) > 0.0).all()
    fin = np.sqrt(ratios + 1.0 / 3.0)
    assert (np.diff(np.abs(lengths / fin - 1.0)) < 0.0).all()
    assert lengths[-1] == pytest.approx(fin[-1], rel=5e-5)
    assert edge_length(1.01e4) / edge_length(1e4) == pytest.approx(np.sqrt(1.01), rel=1e-6)
    with pytest.raises(ValueError, match="cannot be negative"):
        edge_length(-1.0)


def test_extreme_kinetics_and_control() -> None:
    """From nothing to a short circuit: always an answer, books closed to what potentials can hold."""
    rng = np.random.default_rng(4)
    grid = gap(cells=60, layers=4)
    for _ in range(30):
        exchange = 10.0 ** rng.uniform(-9.0, 3.0)
        law = ButlerVolmer(exchange, rng.uniform(0.2, 1.5), rng.uniform(0.2, 1.5), rng.uniform(-1.5, 1.5))
        both = Together((law, ButlerVolmer(1e-3, equilibrium=-1.0), Tafel(1e-6, -0.5)))
        current = float(rng.choice([-1.0, 1.0])) * 10.0 ** rng.uniform(-12.0, -6.0)
        cell = [
            strip(grid, "a", 1.1 * UM, 5.3 * UM, current=current, law=rng.choice([law, both])),
            strip(grid, "b", 8.0 * UM, 12.9 * UM, rng.uniform(-2.0, 2.0)),
            strip(grid, "c", 15.0 * UM, 19.0 * UM, law=law),
        ]
        answer = distribute(grid, 10.0 ** rng.uniform(-2.0, 2.0), cell, options=Options(edges="plain"))
        through = sum(abs(c) for c in answer.current.values())
        rounding = 1e-13 * float(answer.conductivity.max()) * 1e-4 * (1.0 + np.abs(answer.potential).max())
        assert abs(sum(answer.current.values())) <= 1e-12 * through + rounding
        assert abs(answer.current["a"] - current) <= 1e-12 * abs(current) + rounding
        assert abs(answer.current["c"]) <= 1e-12 * through + rounding


def test_field_with_kinetics_becomes_the_primary_one() -> None:
    s, z = np.array([-1.0, -0.3, -0.05, 0.05, 0.4, 2.0]), np.array([0.0, 0.07, 0.5, 1.0])
    for found, expected in zip(kinetic_field(s, z, 1e-6), layer_field(s[None, :], z[:, None]), strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-5)


def test_edges_in_three_dimensions() -> None:
    """Strips along y are the section; a turned cell is the same cell; islands take all four edges."""
    x, y, z = np.linspace(0.0, 20.0, 61) * UM, np.linspace(0.0, 8.0, 5) * UM, np.linspace(0.0, 1.0, 6)
    flat = section(x, z * UM, 8.0 * UM)
    expected = distribute(flat, 1.0, pair(flat, BV, 0.3, 0.0))
    grid = full(x, y, UM, z)
    answer = distribute(grid, 1.0, pair(grid, BV, 0.3, 0.0))
    assert answer.current["a"] == pytest.approx(expected.current["a"], rel=1e-9)
    turned = full(y, x, UM, z)
    cell = [
        patch(turned, "a", [[0, 1.1 * UM], [8 * UM, 1.1 * UM], [8 * UM, 6.3 * UM], [0, 6.3 * UM]], 0.3, law=BV),
        patch(turned, "b", [[0, 14 * UM], [8 * UM, 14 * UM], [8 * UM, 18.9 * UM], [0, 18.9 * UM]], 0.0, law=BV),
    ]
    again = distribute(turned, 1.0, cell)
    np.testing.assert_allclose(again.potential.transpose(0, 2, 1), answer.potential, atol=1e-9)


def test_edges_under_a_bulge() -> None:
    """Many heights along an edge share their modes; few do not; cells along y change nothing."""
    x, z = np.linspace(0.0, 14.0, 71) - 0.03, np.linspace(0.0, 1.0, 6)
    answers = []
    for count, slope in ((9, 1e-9), (3, 1e-9), (9, 0.0)):
        y = np.linspace(0.0, 1.0, count + 1)
        middle = 0.5 * (y[1:] + y[:-1])
        grid = full(x, y, (1.0 + slope * middle)[:, None] * np.ones((1, 70)), z)
        cell = [
            strip(grid, "a", 2.0, 5.0, 1.0, law=Linear(0.0711)),
            strip(grid, "b", 8.0, 12.0, 0.0, law=Linear(0.0711)),
        ]
        answers.append(distribute(grid, 1.0, cell, options=Options(tolerance=1e-10)).current["a"])
    assert answers[1] == pytest.approx(answers[2], rel=1e-8)
    assert answers[0] == pytest.approx(answers[2], rel=1e-4)
    assert answers[0] != pytest.approx(answers[2], rel=1e-8)  # they are shared


def test_islands_in_three_dimensions() -> None:
    """Two squares on the floor: with exact edges a coarse grid is nearer to a fine one than without."""
    currents = {}
    for n, edges in ((16, "exact"), (16, "plain"), (64, "exact")):
        faces = np.linspace(0.0, 8.0, 2 * n + 1) * UM
        grid = full(faces, np.linspace(0.0, 4.0, n + 1) * UM, UM, n // 4)
        cell = [patch(grid, "a", square(1.1 * UM, 1.1 * UM, 1.5 * UM), 1.0)]
        cell += [patch(grid, "b", square(5.1 * UM, 1.1 * UM, 1.5 * UM), 0.0)]
        currents[n, edges] = distribute(grid, 1.0, cell, options=Options(edges=edges)).current["a"]
    error, plain = (currents[16, e] / currents[64, "exact"] - 1.0 for e in ("exact", "plain"))
    assert abs(error) < 0.004 < 0.03 < abs(plain)


@pytest.mark.kernel
def test_exact_conductances_are_those_of_the_local_field() -> None:
    """A uniform-looking grid sees sqrt(w): 1.554 on square cells of a thick layer, at the edge and on the floor."""
    grid = section(np.linspace(-2.0, 2.0, 41), np.linspace(0.0, 40.0, 401))
    found = corrections(grid, [strip(grid, "a", -2.0, 0.0, 0.0)], [0.0])
    assert found.x[0, 0, 20] == pytest.approx(1.554, abs=2e-3)
    assert 1.0 / found.floor[0][0, 19] == pytest.approx(1.554, abs=2e-3)
    faded = corrections(grid, [strip(grid, "a", -2.0, 0.0, 0.0)], [1e3])
    for part in (faded.x, faded.z):
        np.testing.assert_allclose(part, 1.0, atol=5e-3)
    np.testing.assert_allclose(faded.floor[0], 1.0, atol=0.02)  # of 0.05, beside kinetics of 1000


def test_coarse_grids_are_told() -> None:
    grid = section(np.linspace(0.0, 10.0, 11), np.linspace(0.0, 1.0, 5))
    answer = distribute(grid, 1.0, [strip(grid, "a", 1.0, 4.0, 1.0), strip(grid, "b", 4.8, 8.0, 0.0)])
    assert any("at most 0.4 m would do" in text and "'a'" in text for text in answer.warnings)


def test_outlines() -> None:
    rng = np.random.default_rng(2)
    x, y = np.cumsum(rng.uniform(0.2, 1.0, 12)), np.cumsum(rng.uniform(0.2, 1.0, 9))
    grid = plan(x, y, 1.0)
    star = np.array([[1.3, 1.1], [3.0, 2.2], [4.9, 1.0], [3.9, 2.6], [4.6, 4.1], [3.0, 3.1], [1.2, 4.0], [2.2, 2.5]])
    part = covered(grid, star)
    area = 0.5 * abs(np.sum(star[:, 0] * np.roll(star[:, 1], -1) - np.roll(star[:, 0], -1) * star[:, 1]))
    assert (part * grid.area[0][0]).sum() == pytest.approx(area, rel=1e-12)
    np.testing.assert_allclose(covered(grid, star[::-1]), part, atol=1e-13)  # either way round
    assert part.min() >= 0.0 and part.max() <= 1.0
    # a fine mesh of points, for one cell after the other
    from matplotlib.path import Path

    points = (np.arange(200) + 0.5) / 200
    for j, i in ((1, 2), (2, 3), (3, 5)):
        at = np.stack(np.meshgrid(x[i] + points * (x[i + 1] - x[i]), y[j] + points * (y[j + 1] - y[j])), axis=-1)
        assert part[j, i] == pytest.approx(Path(star).contains_points(at.reshape(-1, 2)).mean(), abs=5e-3)
    with pytest.raises(ValueError, match="cross one another"):
        covered(grid, star[[0, 2, 1, 3]])
    with pytest.raises(ValueError, match="beyond the grid"):
        covered(grid, star + 10.0)
    with pytest.raises(ValueError, match="no area"):
        covered(grid, [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    with pytest.raises(ValueError, match="three or more corners"):
        covered(grid, [[1.0, 1.0], [2.0, 2.0]])


def test_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = gap()
    a, b = pair(grid, None, 1.0, 0.0)
    with pytest.raises(ValueError, match="no potential is fixed"):
        distribute(grid, 1.0, [strip(grid, "a", 0.0, UM, current=1.0)])
    with pytest.raises(ValueError, match="no electrode is given"):
        distribute(grid, 1.0, [])
    with pytest.raises(ValueError, match="'a' and 'c' overlap near x ="):
        distribute(grid, 1.0, [a, strip(grid, "c", 6.0 * UM, 7.0 * UM, 0.0)])
    with pytest.raises(ValueError, match=r"'a' and 'c' touch at x = 6\.3e-06 m: a short circuit"):
        distribute(grid, 1.0, [a, strip(grid, "c", 6.3 * UM, 7.0 * UM, 0.0)])
    with pytest.raises(ValueError, match="two electrodes are called 'a'"):
        distribute(grid, 1.0, [a, a])
    with pytest.raises(ValueError, match="must lie inside the grid"):
        strip(grid, "c", 19 * UM, 21 * UM, 0.0)
    with pytest.raises(ValueError, match="not both"):
        strip(grid, "c", 0.0, UM, potential=0.0, current=1.0)
    with pytest.raises(ValueError, match="film is -1"):
        strip(grid, "c", 0.0, UM, potential=0.0, film=-1.0)
    with pytest.raises(ValueError, match="side 'z-' is a wall"):
        distribute(grid, 1.0, [a, b], ends={"z-": 0.0})
    with pytest.raises(ValueError, match="'exact' or 'plain'"):
        distribute(grid, 1.0, [a, b], options=Options(edges="best"))
    with pytest.raises(ValueError, match="belongs to another grid"):
        distribute(gap(cells=10), 1.0, [a, b])
    with pytest.raises(ValueError, match="coefficient is -1"):
        distribute(grid, -1.0, [a, b])
    flat = plan(np.linspace(0.0, 1.0, 5), [0.0, 1.0], 1.0)
    with pytest.raises(ValueError, match="without closure a plan needs kinetics"):
        distribute(flat, 1.0, [strip(flat, "a", 0.0, 0.5, 0.0)], ends={"x+": 1.0}, options=Options(closure=False))
    monkeypatch.setattr("simcell.transport.current.MOST_STEPS", 0)
    with pytest.raises(SolverError, match="did not converge in 0 Newton steps"):
        distribute(grid, 1.0, [a, b])

"""Ions on grids: against the line, closed forms, and books that balance."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.errors import SolverError
from simcell.numerics.grid import Grid, graded, plan, section
from simcell.transport.bath import Bath, Plate
from simcell.transport.coplanar import strips
from simcell.transport.electrode import patch, strip
from simcell.transport.ions import run_bath
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import Limit, current, hold, rest, sweep
from simcell.transport.session import Options, run
from simcell.transport.species import Ion, Liquid, Reservoir, Surface, between, couple, plating

UM = 1e-6
IONS = [Ion("M+", 1, 1e-9), Ion("S+", 1, 2e-9), Ion("A-", -1, 1.5e-9)]
START = {"M+": 50.0, "S+": 50.0, "A-": 100.0}
METAL = plating("M", "M+", 1, 10.0, 50.0, 0.5, 0.5)
BOOKS = 1e-9  # of what was moved


def box(x: float, y: float, width: float, height: float) -> list[list[float]]:
    return [[a * UM, b * UM] for a, b in ((x, y), (x + width, y), (x + width, y + height), (x, y + height))]


def small_plan(flow: bool = False, metal: Surface | None = None) -> Bath:
    """Two electrodes, the layer open on the right, with or without flow to the left."""
    x, y = np.linspace(0.0, 60.0, 13) * UM, np.linspace(0.0, 30.0, 7) * UM
    g = plan(x, y, 0.5 * UM * np.linspace(1.0, 2.0, 12)[None, :] * np.ones((6, 1)))
    metal = metal or Surface((METAL,), capacitance=0.2, film=1e-4)
    we = Plate(patch(g, "we", box(7, 6, 12, 17)), metal)
    ce = Plate(patch(g, "ce", box(35, 5, 15, 20)), metal, "counter")
    q = (np.zeros_like(g.area[0]), np.zeros_like(g.area[1]), np.full(g.area[2].shape, -1e-15))
    return Bath(g, IONS, START, [we, ce], {"x+": START}, q if flow else None, reference=(3 * UM, 15 * UM))


def test_a_wide_electrode_in_a_section_is_a_line():
    """Every technique, double layer and film; the same cells, so that only errors in time (rtol) may differ."""
    metal = Surface((METAL,), capacitance=0.2, film=1e-4)
    line = between(2e-5, 2e-6, growth=1.3, other=False)
    g = section([0.0, 3e-6, 1e-5], line.faces[2])
    bath = Bath(g, IONS, START, [Plate(strip(g, "w", 0.0, 1e-5), metal)], {"z+": START})
    protocol = [hold(-0.08, 0.05), sweep(-0.08, 0.04, 0.5), current(-20.0, 0.1), rest(0.02)]
    found = run_bath(bath, protocol)
    wanted = run(Liquid(line, IONS, START, metal, Reservoir()), protocol)
    for n, _ in enumerate(protocol):
        a, b = (np.flatnonzero(r.segment == n)[-1] for r in (found, wanted))
        assert found.potential[a] == pytest.approx(wanted.potential[b], abs=2e-6)
        assert found.current[a] == pytest.approx(wanted.current[b], rel=1e-4, abs=1e-6)
        assert found.concentration[n, :, :, 0, 0] == pytest.approx(wanted.concentration[b][:, 1:-1], rel=1e-3)
        assert found.surface[n, 0, 0, 1] == pytest.approx(wanted.surface("M+")[b], rel=1e-3)
        assert found.liquid[n, :, 0, 1] == pytest.approx(wanted.liquid[b][1:-1], abs=2e-6)


@pytest.mark.parametrize("flow", [False, True])
def test_charge_and_ions_balance(flow):
    bath = small_plan(flow)
    record = run_bath(bath, [sweep(0.0, -0.06, 0.5), current(-15.0, 0.05), rest(0.02)], Options(rtol=1e-3, volts=0.01))
    assert record.books < BOOKS
    total = record.reaction_current.copy()
    total += record.charging_current  # one reaction for each electrode
    assert total == pytest.approx(record.electrode_current, rel=1e-12)
    assert np.abs(record.electrode_current.sum(axis=1)).max() < 1e-9 * np.abs(record.electrode_current).max()
    assert record.current[record.segment == 1] == pytest.approx(-15.0, rel=1e-9)
    given = -15.0 * 0.05 * bath.area("we")
    charge = record.reaction_charge[:, 0] + record.charging_charge[:, 0]
    of_segment = [charge[record.segment == n][-1] for n in range(3)]
    assert of_segment[1] - of_segment[0] == pytest.approx(given, rel=BOOKS)
    through = record.current_density[-2] * bath.plates[0].place.cover * bath.grid.area[0][0]
    assert np.nansum(through) == pytest.approx(given / 0.05, rel=1e-9)
    if flow:
        assert record.passed[-1, 2].max() > 0.0 > record.passed[-1, 3].min()  # comes in, goes out
    assert record.passed[-1, 2:] @ [1.0, 1.0, -1.0] == pytest.approx(0.0, abs=1e-9 * np.abs(record.passed).max())


def test_reference_and_resistance():
    """The potential is against the liquid at the reference; compensation adds current times resistance."""
    bath = small_plan()
    for r in (0.0, 1e-3):
        record = run_bath(bath, [hold(-0.03, 0.01, compensation=r)], Options(rtol=1e-3, volts=0.01))
        assert record.potential[-1] == pytest.approx(-0.03, abs=1e-9)
        liquid = record.liquid[-1, 0].mean(axis=0)  # the reference stands half way between two rows
        x = bath.grid.centre[2]
        at = np.interp(3 * UM, x, record.liquid[-1, 0, 2:4].mean(axis=0))
        assert liquid.shape == x.shape
        measured = record.electrode_potential[-1, 0] - at
        assert measured == pytest.approx(-0.03 + r * record.current[-1], abs=1e-9)


def supported(k: float = 1e-2) -> tuple[list[Ion], dict[str, float], Surface]:
    """A redox couple beside ten thousand times as much salt."""
    ions = [Ion("O+", 1, 1e-9), Ion("R", 0, 1e-9), Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    start = {"O+": 1.0, "R": 1.0, "K+": 1e4, "Cl-": 1e4 + 1.0}
    return ions, start, Surface((couple("OR", "O+", "R", 1, k),))


def test_thin_layer_is_emptied():
    """A plan far from its open side: dc/dt = -3 D c / h^2 where the surface is at zero (the closure)."""
    ions, start, redox = supported(1.0)
    h, d = 2e-6, 1e-9
    g = plan(np.linspace(0.0, 100e-6, 11), [0.0, 1e-5], h)
    bath = Bath(g, ions, start, [Plate(strip(g, "w", 0.0, 90e-6), redox)], {"x+": start})
    record = run_bath(bath, [hold(-0.5, 2e-3)], times=[1e-3])
    for time, c in zip(record.field_time, record.concentration[:, 0, 0, 0, 0], strict=True):
        assert c == pytest.approx(np.exp(-3.0 * d * time / h**2), rel=2e-3)
    assert 0.0 <= record.surface[-1, 0, 0, 0] < 1e-6


def test_limiting_current_of_a_coplanar_pair():
    """At the limit O is 0 at one electrode and O + R at the other: the conductance of the box times F D (O + R)."""
    ions, start, redox = supported(1.0)
    x = graded(0.0, 16e-6, {7e-6: 0.1e-6, 9e-6: 0.1e-6}, growth=1.3)
    g = section(x, np.linspace(0.0, 1e-6, 9))
    pair = [Plate(strip(g, "w", 0.0, 7e-6), redox), Plate(strip(g, "c", 9e-6, 16e-6), redox, "counter")]
    record = run_bath(Bath(g, ions, start, pair), [hold(-0.6, 1.0)], Options(rtol=1e-3), edges="exact")
    wanted = FARADAY * 1e-9 * 2.0 * strips((0.0, 7e-6), (9e-6, 16e-6), 1e-6)
    assert -record.electrode_current[-1, 0] == pytest.approx(wanted, rel=2e-3)


def test_limits_end_a_segment_and_depletion_is_named():
    bare = small_plan(metal=Surface((METAL,)))
    coarse = Options(rtol=1e-2)
    record = run_bath(bare, [current(-15.0, 5.0, [Limit("charge", below=-0.3)])], coarse)
    assert record.ends[0][2] == "charge"
    assert record.reaction_charge[-1, 0] == pytest.approx(-0.3 * bare.area("we"), rel=1e-8)
    with pytest.raises(SolverError, match=r"M\+ is down to .* at the we electrode") as error:
        run_bath(bare, [current(-200.0, 5.0)], coarse)
    assert error.value.partial.time[-1] > 0.0


def grid() -> Grid:
    return plan(np.linspace(0.0, 3.0, 4) * UM, [0.0, UM], UM)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"plates": []}, "0 electrodes are working"),
        ({"reservoirs": {}}, "nothing gives back the current"),
        ({"reservoirs": {"x+": {"M+": 1.0, "S+": 1.0, "A-": 3.0}}}, r"behind x\+ has a charge of -1"),
        ({"reservoirs": {"z-": START}}, "there is no open side 'z-'"),
        ({"start": {"M+": 50.0, "A-": 50.0}}, "does not name S"),
        ({"flow": tuple(np.ones(s) for s in ((2, 1, 3), (1, 2, 3), (1, 1, 4)))}, "flows in through z-"),
        ({"reference": (9 * UM, 0.0)}, "the reference stands at x = 9e-06 m"),
        ({"reference": "nobody"}, "is no electrode"),
        ({"balance": "X"}, "is not a charged ion"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    given = {
        "grid": grid(), "ions": IONS, "start": START, "reservoirs": {"x+": START},
        "plates": [Plate(strip(grid(), "w", 0.0, UM), Surface((METAL,)))],
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        Bath(**{**given, **change})

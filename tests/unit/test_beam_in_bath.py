"""What reacts and what a beam makes between electrodes on grids: limits that are known, and books that close."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcell.case import Case
from simcell.chemistry.equilibrium import Reversible, reversible
from simcell.numerics.grid import Grid, plan, section
from simcell.radiolysis.homogeneous import integrate
from simcell.studies.setup import mechanism_of, setup_of
from simcell.transport.bath import Bath, Plate
from simcell.transport.bath_record import BathRecord
from simcell.transport.bulk import Bulk
from simcell.transport.electrode import strip
from simcell.transport.ions import run_bath
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import hold, rest, sweep
from simcell.transport.session import Options, run
from simcell.transport.species import Ion, Liquid, Reaction, Reservoir, Surface, between, couple, plating

UM = 1e-6
INERT = Surface(capacitance=0.2, before=0.0)
IONS = [Ion("O+", 1, 1e-9), Ion("R", 0, 1e-9), Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
START = {"O+": 1.0, "R": 1.0, "K+": 100.0, "Cl-": 101.0}
REDOX = couple("OR", "O+", "R", 1, 1e-3)
HYDROGEN = Reaction(
    "hydrogen", 2, {"H2": -1.0, "H+": 2.0}, 10.0, 0.0, {"H2": 0.78, "H+": 1000.0}, {"H2": 1.0}, {"H+": 2.0}, 1.0, 1.0
)


def water() -> tuple[list[Ion], dict[str, float], Bulk, object]:
    """Neat water with hydrogen at 1e6 Gy/s."""
    case = Case.from_dict(
        {"case": {"duration": "10 s"}, "beam": {"dose_rate": "1e6 Gy/s"},
         "electrolyte": {"gases": {"H2": "1 mbar"}}}
    )  # fmt: skip
    mechanism = mechanism_of(case.input)
    problem = setup_of(case.input, mechanism)[0].problem
    names = problem.net.names
    ions = [Ion(n, mechanism.species[n].charge, mechanism.species[n].diffusivity or 1e-9) for n in names]
    bulk = Bulk(reversible(mechanism, names, 298.15), dict(zip(names, problem.source.tolist(), strict=True)))
    return ions, dict(zip(names, problem.start.tolist(), strict=True)), bulk, problem


def thin(bulk: Bulk | None, working: Surface = INERT, other: Surface = INERT, **more: object) -> Bath:
    """A plan with two strips."""
    g = plan(np.linspace(0.0, 8.0, 9) * UM, np.linspace(0.0, 3.0, 4) * UM, 0.5 * UM)
    plates = [Plate(strip(g, "we", UM, 3 * UM), working), Plate(strip(g, "ce", 5 * UM, 7 * UM), other, "counter")]
    return Bath(g, IONS, START, plates, bulk=bulk, **more)  # type: ignore[arg-type]


SLOW = (Reversible("R -> R", {"R": 1}, {"R": 1}, 0.0, 0.0),)


def test_amount_is_rate_times_lit_volume_times_time_on() -> None:
    """Pulses, the last cut by the end, of a beam that stands in another half of the cells from the third pulse on."""
    left = np.zeros((1, 3, 8))
    left[..., :4] = 1.0
    bulk = Bulk(SLOW, {"R": 2.0}, np.stack([left, 0.5 * (1.0 - left)]), (0.0, 0.1, 0.4, 0.5, 0.8),
                (1.0, 0.0, 1.0, 0.0, 3.0), (0, 0, 0, 0, 1))  # fmt: skip
    bath = thin(bulk)
    record = run_bath(bath, [rest(0.3), rest(0.6)], Options(rtol=1e-3))
    half = 0.5 * bath.grid.volume.sum()
    made = record.made.sum(axis=0)
    assert made[1] == pytest.approx(2.0 * half * (0.1 + 0.1 + 0.5 * 3.0 * 0.1), rel=1e-12)
    np.testing.assert_allclose(record.inventory[1] - record.inventory[0], made, rtol=0, atol=1e-12 * made[1])
    assert {0.1, 0.4, 0.5, 0.8} <= set(np.round(record.time, 12))
    assert record.field_time.tolist() == pytest.approx([0.3, 0.9])  # not at every switch
    assert record.books < 1e-12


def test_beam_that_is_off_changes_nothing() -> None:
    """To the last digit: the same run as without production."""
    working = Surface((REDOX,))
    bulk = Bulk(SLOW, {"R": 2.0}, scale=(0.0,))
    dark, without = (
        run_bath(thin(b, working, working), [hold(0.05, 0.1)]) for b in (bulk, replace(bulk, production={}))
    )
    np.testing.assert_array_equal(dark.current, without.current)
    np.testing.assert_array_equal(dark.concentration, without.concentration)


@pytest.mark.parametrize("kind", ["plan", "section"])
def test_between_inert_electrodes_it_is_the_homogeneous_run(kind: str) -> None:
    """Water under the beam: every species at its steady state to 1e-11, above electrodes as beside them."""
    ions, start, bulk, problem = water()
    x = np.linspace(0.0, 4.0, 5) * UM
    g = plan(x, [0.0, UM], 0.5 * UM) if kind == "plan" else section(x, np.linspace(0.0, 0.5, 3) * UM)
    plates = [Plate(strip(g, "a", 0.0, UM), INERT), Plate(strip(g, "b", 3 * UM, 4 * UM), INERT, "counter")]
    bath = Bath(g, ions, start, plates, bulk=bulk, scales={ion.name: 1e-3 for ion in ions})
    record = run_bath(bath, [rest(10.0)])
    exact = integrate(problem, np.array([10.0]), 1e-9, 1e-20).concentration[-1]  # type: ignore[arg-type]
    found = record.concentration[-1].reshape(len(ions), -1)
    np.testing.assert_allclose(found, np.broadcast_to(exact[:, None], found.shape), rtol=1e-11)
    np.testing.assert_allclose(record.surface[-1][:, 0, 0], exact, rtol=1e-11)
    assert np.abs(record.current).max() < 1e-12
    assert record.books < 1e-12


def test_a_wide_electrode_under_the_beam_is_a_line() -> None:
    """Hydrogen burnt at an electrode, the beam switched on on the way: only errors in time (rtol) may differ.

    The half near the reservoir is dark: there the two differ by a quarter of a cell.
    """
    ions, start, bulk, _ = water()
    line = between(1e-6, 1e-7, growth=1.3)
    light = np.where(line.centre[2] < 0.5 * UM, 1.0, 0.0)
    bulk = replace(bulk, footprint=light, switch=(0.02, 0.2), scale=(1.0, 0.0))
    metal = Surface((HYDROGEN,))
    ions = [*ions, Ion("Na+", 1, 1.3e-9), Ion("ClO4-", -1, 1.8e-9)]
    start = start | {"Na+": 100.0, "ClO4-": 100.0}
    scales = {ion.name: 1e-3 for ion in ions}
    g = section([0.0, 3e-7, 1e-6], line.faces[2])
    bath = Bath(g, ions, start, [Plate(strip(g, "w", 0.0, 1e-6), metal)], {"z+": start},
                bulk=replace(bulk, footprint=light[:, None, None] * np.ones(g.shape)), scales=scales)  # fmt: skip
    protocol = [hold(0.0, 0.1), sweep(0.0, -0.1, 0.5)]
    found = run_bath(bath, protocol)
    wanted = run(Liquid(line, ions, start, metal, Reservoir(), bulk=bulk, scales=scales), protocol)
    for n, _ in enumerate(protocol):
        a, b = (np.flatnonzero(r.segment == n)[-1] for r in (found, wanted))
        assert found.current[a] == pytest.approx(wanted.current[b], rel=1e-4)
        there = wanted.concentration[b]
        for k in range(2):
            assert found.concentration[n, :, :-1, 0, k] == pytest.approx(there[:, 1:-2], rel=1e-3, abs=1e-9)
        assert found.surface[n, :, 0, 1] == pytest.approx(there[:, 0], rel=1e-3, abs=1e-9)
    made = found.made.sum(axis=0) / 1e-6
    assert made == pytest.approx(wanted.made.sum(axis=0), rel=1e-12)
    assert found.books < 1e-9


def collected(kind: str) -> BathRecord:
    """What a beam makes in one corner, between an electrode that oxidises it and walls."""
    x, y = np.linspace(0.0, 4.0, 9) * UM, np.linspace(0.0, 2.0, 4) * UM
    g: Grid = plan(x, y, 0.5 * UM) if kind == "plan" else section(x, np.linspace(0.0, 1.0, 4) * UM, UM)
    light = np.zeros(g.shape)
    light[:, 0, 5:] = 1.0
    start = {"O+": 0.0, "R": 1e-3, "K+": 100.0, "Cl-": 100.0}
    metal = Surface((plating("K", "K+", 1, 10.0, 100.0, 0.5, 0.5),))
    plates = [
        Plate(strip(g, "we", 0.0, 2 * UM), Surface((REDOX,))), Plate(strip(g, "ce", 3 * UM, 4 * UM), metal, "counter"),
    ]  # fmt: skip
    bath = Bath(g, IONS, start, plates, bulk=Bulk(SLOW, {"R": 20.0}, light), scales={"O+": 0.1, "R": 0.1})
    return run_bath(bath, [hold(1.0, 0.5)], Options(rtol=1e-3))


@pytest.mark.parametrize("kind", ["plan", "section"])
def test_an_electrode_collects_what_the_beam_makes_elsewhere(kind: str) -> None:
    """In the end all of it, wherever the beam is: I = F P V."""
    record = collected(kind)
    lit = record.bath.bulk.footprint * record.bath.grid.volume  # type: ignore[union-attr, operator]
    assert record.electrode_current[-1, 0] == pytest.approx(FARADAY * 20.0 * lit.sum(), rel=2e-3)
    assert record.books < 1e-9
    assert record.concentration.min() >= -1e-6


def test_what_does_not_fit_is_refused() -> None:
    """As along a line: charge, strangers; and a footprint of other cells."""
    with pytest.raises(ValueError, match=r"a charge of 2 mol/m\^3/s"):
        thin(Bulk(SLOW, {"K+": 2.0}))
    with pytest.raises(ValueError, match="production of H2"):
        thin(Bulk(SLOW, {"H2": 2.0}))
    with pytest.raises(ValueError, match=r"has shape \(3, 8\), the cells \(1, 3, 8\)"):
        thin(Bulk(SLOW, {"R": 2.0}, np.ones((3, 8))))
    with pytest.raises(ValueError, match="2 patterns for 1 times"):
        Bulk(SLOW, {"R": 2.0}, pattern=(0, 1))

"""What a beam makes inside a liquid between electrodes: amounts, switching, and the limits that must be exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcell.case import Case
from simcell.chemistry.equilibrium import Reversible, reversible
from simcell.radiolysis.homogeneous import integrate
from simcell.studies.setup import mechanism_of, setup_of
from simcell.transport.bulk import Bulk
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import hold, rest
from simcell.transport.session import Options, run
from simcell.transport.species import Frit, Ion, Liquid, Surface, between, couple

INERT = Surface(capacitance=0.2, before=0.0)
IONS = [Ion("O+", 1, 1e-9), Ion("R", 0, 1e-9), Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
START = {"O+": 1.0, "R": 1.0, "K+": 100.0, "Cl-": 101.0}
SLOW = (Reversible("R -> R", {"R": 1}, {"R": 1}, 0.0, 0.0),)


def closed(bulk: Bulk | None, working: Surface = INERT, other: Surface = INERT) -> Liquid:
    return Liquid(between(1e-6, 1e-7), IONS, START, working, other, bulk=bulk)


def test_amount_is_rate_times_volume_times_time_on() -> None:
    """Three pulses, the last cut by the end; half of the line is lit."""
    share = np.where(between(1e-6, 1e-7).centre[2] < 0.5e-6, 1.0, 0.0)
    bulk = Bulk(SLOW, {"R": 2.0}, share, switch=(0.0, 0.1, 0.4, 0.5, 0.8), scale=(1.0, 0.0, 1.0, 0.0, 3.0))
    record = run(closed(bulk), [rest(0.3), rest(0.6)])
    volume = between(1e-6, 1e-7).volume.ravel() @ share
    made = record.made.sum(axis=0)
    assert made[1] == pytest.approx(2.0 * volume * (0.1 + 0.1 + 3.0 * 0.1), rel=1e-12)
    change = record.inventory[1] - record.inventory[0]
    np.testing.assert_allclose(change, made, rtol=0, atol=1e-12 * made[1])
    assert {0.1, 0.4, 0.5, 0.8} <= set(np.round(record.time, 12))
    assert record.books < 1e-12


def test_beam_that_is_off_changes_nothing() -> None:
    """To the last digit: the same run as without production."""
    working = Surface((couple("OR", "O+", "R", 1, 1e-4),))
    bulk = Bulk(SLOW, {"R": 2.0}, scale=(0.0,))
    dark, without = (run(closed(b, working, working), [hold(0.05, 0.1)]) for b in (bulk, replace(bulk, production={})))
    np.testing.assert_array_equal(dark.current, without.current)
    np.testing.assert_array_equal(dark.concentration, without.concentration)


def test_between_inert_electrodes_it_is_the_homogeneous_run() -> None:
    """Neat water under the beam: the same steady state to 1e-11, and the same way there within the tolerance."""
    case = Case.from_dict({"case": {"duration": "10 s"}, "beam": {"dose_rate": "1e6 Gy/s"}})
    mechanism = mechanism_of(case.input)
    problem = setup_of(case.input, mechanism)[0].problem
    names = problem.net.names
    ions = [Ion(n, mechanism.species[n].charge, mechanism.species[n].diffusivity or 1e-9) for n in names]
    bulk = Bulk(reversible(mechanism, names, 298.15), dict(zip(names, problem.source.tolist(), strict=True)))
    start = dict(zip(names, problem.start.tolist(), strict=True))
    liquid = Liquid(between(1e-7, 1.25e-8), ions, start, INERT, INERT, bulk=bulk)
    record = run(liquid, [rest(10.0)], Options(rtol=1e-5, atol=1e-8))
    exact = integrate(problem, np.append(record.time[20:-1:20], 10.0), 1e-9, 1e-20).concentration
    np.testing.assert_allclose(record.concentration[-1, :, 4], exact[-1], rtol=1e-11)
    large = exact[:-1] > 1e-2 * exact[:-1].max(axis=1, keepdims=True)
    np.testing.assert_allclose(record.concentration[20:-1:20, :, 4][large], exact[:-1][large], rtol=2e-4)
    assert np.abs(record.current).max() == 0.0 or np.abs(record.current).max() < 1e-12


def test_an_electrode_collects_what_the_beam_makes() -> None:
    """A line closed at its far end, and an electrode that oxidises all that arrives: i = F P L in the end, exactly."""
    working = Surface((couple("OR", "O+", "R", 1, 1e-3),))
    bulk = Bulk(SLOW, {"R": 50.0})
    liquid = Liquid(between(2e-6, 1e-7, other=False), IONS, START, working, Frit(), bulk=bulk)
    record = run(liquid, [hold(0.6, 1.0)])
    assert record.current[-1] == pytest.approx(FARADAY * 50.0 * 2e-6, rel=1e-6)
    assert record.books < 1e-9


def test_production_of_charge_or_of_strangers_is_refused() -> None:
    """As is a schedule that runs backwards."""
    with pytest.raises(ValueError, match=r"a charge of 2 mol/m\^3/s"):
        closed(Bulk(SLOW, {"K+": 2.0}))
    with pytest.raises(ValueError, match="production of H2"):
        closed(Bulk(SLOW, {"H2": 2.0}))
    with pytest.raises(ValueError, match="increasing times"):
        Bulk(SLOW, {"R": 1.0}, switch=(1.0, 0.5), scale=(1.0, 0.0))

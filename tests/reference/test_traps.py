"""Traps that stiff radiolysis has set for other solvers: stalling, drifting charge, denormal numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from simcell.chemistry import kernels
from simcell.inputs.mechanism import load_mechanism
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate
from simcell.radiolysis.setup import Conditions, prepare
from tests.reference.synthetic import plain, problem, uncompiled

SMALLEST_NORMAL = np.finfo(float).tiny


def water(
    dose_rate: float, duration: float, acidity: float = 7.0, oxygen: float = 0.0, name: str = "water"
) -> Problem0D:
    totals = {"O2": oxygen} if oxygen else {}
    return prepare(
        load_mechanism(name), Conditions(298.15, dose_rate, Schedule.constant(duration), totals, acidity)
    ).problem


def steps(dose_rate: float, duration: float, acidity: float, oxygen: float) -> int:
    run = integrate(water(dose_rate, duration, acidity, oxygen), np.array([duration]), max_steps=50_000)
    return run.steps + run.rejected


@pytest.mark.parametrize(
    ("dose_rate", "acidity", "oxygen"),
    [(1.0, 9.0, 1.27), (7.5e7, 7.0, 0.0), (1e9, 11.0, 1.27), (1e10, 7.0, 0.0), (1e11, 3.0, 0.0)],
)
def test_no_stall_after_steady_state(dose_rate: float, acidity: float, oxygen: float) -> None:
    """Round-off times a long step must not look like an error: waiting on is free once nothing changes."""
    until_steady = steps(dose_rate, 1e6 if dose_rate < 1e3 else 1.0, acidity, oxygen)
    assert until_steady < 800
    assert steps(dose_rate, 1e9, acidity, oxygen) - until_steady < 60


@pytest.mark.parametrize("name", ["water", "water-eb09", "chloride"])
@pytest.mark.parametrize("acidity", [3.0, 7.0])
def test_no_drift_of_charge_and_elements_over_1e15_gray(name: str, acidity: float) -> None:
    """1e10 Gy/s for 1e5 s: a relative imbalance of 1e-16 in the source would leave 2e-5 mol/m^3 of charge."""
    p = water(1e10, 1e5, acidity, 0.255, name)
    run = integrate(p, np.array([1e-6, 1.0, 1e3, 1e5]))
    size = run.concentration @ np.abs(p.net.tables.invariants).T
    off = np.abs(p.net.totals(run.concentration) - p.net.totals(p.start))
    assert (off <= 1e-14 * size).all()
    # the projection must mend round-off only: were it to carry more, it would hide an error of the method
    assert run.worst_projection < 1e-5
    charge = np.array([float(p.net.mechanism.species[s].charge) for s in p.net.names])
    assert np.abs((run.concentration - p.start) @ charge).max() < 1e-12  # mol/m^3


def test_the_projection_is_what_keeps_the_charge() -> None:
    """Without invariants the same run drifts by much more, so the test above can fail."""
    p = water(1e10, 1e5)
    loose = replace(p, net=replace(p.net, tables=p.net.tables._replace(invariants=np.zeros((0, p.start.size)))))
    charge = np.array([float(p.net.mechanism.species[s].charge) for s in p.net.names])
    assert abs(integrate(loose, np.array([1e5]), max_steps=200_000).concentration[0] @ charge) > 1e-12


def test_denormals_do_not_occur() -> None:
    """Every operation of the kernel, watched: numpy raises where a result falls below the normal range."""
    totals = {"AuCl4-": 1.0, "Cl-": 1.0}
    given = Conditions(298.15, 4.8e7, Schedule.constant(1.0), totals, 3.0)
    p = prepare(load_mechanism("haucl4"), given).problem
    times = np.array([1e-12, 1e-9])
    with np.errstate(under="raise"):
        run = integrate(p, times, 1e-2, using=uncompiled())
    assert run.complete


def test_denormals_would_occur_without_the_floor() -> None:
    """Traces of traces: C is 1e-120 and D 1e-180 after a step, and their product does not fit a normal number."""
    m = plain("A B C D", [("A -> B", 1e-60), ("B -> C", 1e-60), ("C -> D", 1e-60), ("C + D -> D + D", 1e-20)])
    p = problem(m, {"A": 1.0}, 1.0)
    with np.errstate(under="raise"):
        assert integrate(p, np.array([1.0]), using=uncompiled()).complete
        with pytest.raises(FloatingPointError):
            integrate(p, np.array([1.0]), using=uncompiled(TINY=0.0))


def test_a_long_chain_makes_no_denormals() -> None:
    """Forward elimination carries a disturbance down the chain, 30 decades smaller each time."""
    names = [f"A{i}" for i in range(12)]
    chain = plain(" ".join(names), [(f"{a} -> {b}", 1e-30) for a, b in pairwise(names)])
    with np.errstate(under="raise"):
        assert integrate(problem(chain, {"A0": 1.0}, 1.0), np.array([1.0]), using=uncompiled()).complete


@pytest.mark.parametrize("name", ["water", "haucl4"])
def test_no_state_is_denormal(name: str) -> None:
    totals = {"AuCl4-": 1.0, "Cl-": 1.0} if name == "haucl4" else {}
    given = Conditions(298.15, 1.0, Schedule.constant(1e5), totals, 3.0)
    p = prepare(load_mechanism(name), given).problem
    times = np.geomspace(1e-15, 1e5, 60)
    c = integrate(p, times).concentration
    assert ((c == 0.0) | (c >= kernels.TINY)).all()
    assert kernels.TINY > SMALLEST_NORMAL**0.3


def test_from_nothing_to_a_very_long_wait() -> None:
    """The range that is promised: 1 ns to 1e5 s, no beam to 1e11 Gy/s."""
    for dose_rate in (0.0, 1e-3, 1e11):
        run = integrate(water(dose_rate, 1e5), np.array([1e-9, 1e5]))
        assert run.complete
        assert np.isfinite(run.concentration).all()
        assert (run.concentration >= 0.0).all()


def test_pure_water_in_the_dark_stays_as_it_is() -> None:
    p = water(0.0, 1e5)
    c = integrate(p, np.array([1.0, 1e5])).concentration
    np.testing.assert_allclose(c[:, p.net.index["H+"]], p.start[p.net.index["H+"]], rtol=1e-5)
    assert np.delete(c, [p.net.index["H+"], p.net.index["OH-"]], axis=1).max() < 1e-12


def test_no_rate_from_a_species_that_is_absent_goes_negative() -> None:
    """A rate law that leaves out a reactant runs that reactant below zero: refused loudly, never clipped."""
    from simcell.chemistry.mechanism import Mechanism, RateLaw, Reaction, Species
    from simcell.errors import SolverError

    species = {n: Species(n, {"X": 1}, 0) for n in "ABC"} | {"S": Species("S", {"S": 1}, 0)}
    wrong = Reaction("A + B -> C + C", {"A": 1, "B": 1}, {"C": 2}, ("A",), RateLaw("constant", (1.0,)))
    p = problem(Mechanism("bad", "", "S", 1.0, species, (wrong,), (), {}), {"A": 1.0, "B": 0.1}, 10.0)
    with pytest.raises(SolverError, match=r"stopped at t = 0\.10"):
        integrate(p, np.array([10.0]))

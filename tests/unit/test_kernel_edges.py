"""What the kernels do at their edges: members of a batch, a beam that is off, numbers that are none, resuming."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from simcell.chemistry import kernels
from simcell.errors import SolverError
from simcell.inputs.mechanism import load_mechanism
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate, integrate_batch
from simcell.radiolysis.setup import Conditions, prepare

pytestmark = pytest.mark.kernel

TIMES = np.array([1e-7, 1e-5])


def problem(dose_rate: float, schedule: Schedule | None = None) -> Problem0D:
    """Return neat water over ten microseconds."""
    given = Conditions(298.15, dose_rate, schedule or Schedule.constant(1e-5), pH=7.0)
    return prepare(load_mechanism("water"), given).problem


def test_a_batch_is_its_members_one_by_one() -> None:
    members = [problem(rate) for rate in (1e4, 1e8)]
    batch, done = integrate_batch(
        members[0].net, np.array([p.k for p in members]), np.array([p.source for p in members]),
        np.array([p.start for p in members]), members[0].schedule, TIMES, 1e-6, 1e-17,
    )  # fmt: skip
    assert done == 2
    for row, member in zip(batch, members, strict=True):
        np.testing.assert_array_equal(row, integrate(member, TIMES, 1e-6, 1e-17).concentration)


def test_a_schedule_without_beam_is_the_dark() -> None:
    off = Schedule(np.array([0.0, 5e-6, 1e-5]), np.array([0.0, 0.0]))
    dark = integrate(problem(0.0), TIMES).concentration
    np.testing.assert_allclose(integrate(problem(1e8, off), TIMES).concentration, dark, rtol=1e-6)


def test_a_constant_that_is_no_number_is_reported_with_its_time() -> None:
    good = problem(1e8)
    k = good.k.copy()
    k[0] = np.nan
    with pytest.raises(SolverError, match=r"not finite.*\n?.*rate constants|t = 0 s"):
        integrate(dataclasses.replace(good, k=k), TIMES)


def test_a_run_in_two_calls_is_the_run_in_one() -> None:
    """Nothing but state and c is carried from one call of the kernel to the next."""
    p = problem(1e8)
    results = []
    for steps in (10_000, 7):
        c, state = np.append(p.start, 1.0), np.zeros(kernels.STATE_SIZE)
        result = np.zeros((TIMES.size, p.start.size))
        for _ in itertools.count():
            status = kernels.advance(
                p.net.tables, p.k, p.source, p.schedule.switch, p.schedule.scale, TIMES, p.net.totals(p.start),
                1e-6, 1e-17, steps, state, c, result,
            )  # fmt: skip
            if status != kernels.RUNNING:
                break
        assert status == kernels.DONE
        results.append(result)
    np.testing.assert_allclose(results[0], results[1], rtol=1e-12)

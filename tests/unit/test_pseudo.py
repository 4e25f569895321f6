"""A reference electrode that drifts: what is applied, what is shown, and what drives the reaction."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from simcell.transport.protocol import Limit, current, hold, rest, voltammogram
from simcell.transport.pseudo import Pseudo
from simcell.transport.session import Options, run
from tests.ions_on_a_line import peak, plates, redox


def test_potential_in_time():
    pseudo = Pseudo(0.1, 1e-3, 0.05, 10.0)
    assert pseudo.potential([0.0, 10.0]) == pytest.approx([0.1, 0.11 + 0.05 * (1.0 - np.exp(-1.0))])


def test_offset_shifts_a_voltammogram_and_nothing_else():
    plain = redox(oxidised=0.0, length=2e-4)
    scan, quick = voltammogram(-0.3, [0.3], 0.5), Options(rtol=1e-3)
    moved = dataclasses.replace(plain, pseudo=Pseudo(offset=0.05))
    one, two = run(plain, scan, quick), run(moved, voltammogram(-0.35, [0.25], 0.5), quick)
    assert peak(two, after=0.1)[0] == pytest.approx(peak(one, after=0.1)[0], rel=1e-9)
    assert peak(two, after=0.1)[1] == pytest.approx(peak(one, after=0.1)[1] - 0.05, abs=1e-9)
    assert two.interface == pytest.approx(one.interface, abs=1e-12)


def test_drift_moves_the_true_potential_of_a_hold():
    """Shown is what was asked for; the metal follows the reference, over two segments on one clock."""
    cell = dataclasses.replace(plates(), pseudo=Pseudo(drift=-1e-3))
    record = run(cell, [hold(-0.02, 5.0), hold(-0.02, 5.0)])
    assert record.potential == pytest.approx(np.full(record.time.size, -0.02), abs=1e-12)
    assert record.metal == pytest.approx(-0.02 - 1e-3 * record.time, abs=1e-12)
    assert abs(record.current[-1]) > 1.2 * abs(record.current[record.time < 5.0][-1])


def test_drift_shows_at_rest_and_in_limits():
    """At open circuit the metal stays and the reading drifts away, exactly to a limit."""
    cell = dataclasses.replace(plates(), pseudo=Pseudo(drift=2e-3))
    record = run(cell, [rest(100.0, [Limit("potential", below=-0.05)])])
    assert record.ends[0][1] == pytest.approx(25.0, rel=1e-6)
    assert record.metal[-1] == pytest.approx(0.0, abs=1e-9)
    assert record.potential[-1] == pytest.approx(-0.05, abs=1e-9)


def test_interface_is_free_of_the_drop_in_the_liquid():
    record = run(plates(film=1e-3), [current(-30.0, 5.0)])
    assert record.interface == pytest.approx(record.metal - record.liquid[:, 0])
    drop = record.potential - record.interface
    assert drop == pytest.approx(record.liquid[:, 0], abs=1e-12)


@pytest.mark.parametrize("wrong", [{"time": 0.0}, {"drift": np.inf}])
def test_wrong_numbers_are_named(wrong):
    with pytest.raises(ValueError, match="pseudo-reference"):
        Pseudo(**wrong)

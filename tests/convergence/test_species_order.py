"""Orders of the transport of ions along a line, in space and in time, fitted over three refinements."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.transport.protocol import Segment, current
from simcell.transport.session import Options, run
from simcell.transport.species import Ion, Liquid, Reservoir, Surface, between, plating


def three_ions(refine: int = 1) -> Liquid:
    """Migration matters: as much support as metal, between an electrode and a reservoir."""
    ions = [Ion("M+", 1, 1e-9), Ion("S+", 1, 2e-9), Ion("A-", -1, 1.5e-9)]
    start = {"M+": 50.0, "S+": 50.0, "A-": 100.0}
    electrode = Surface((plating("M", "M+", 1, 10.0, 50.0, 0.5, 0.5),), capacitance=0.2)
    return Liquid(between(1e-4, 8e-6, other=False, refine=refine), ions, start, electrode, Reservoir())


def order(errors: list[float]) -> float:
    return float(np.log2(errors[0] / errors[-1]) / (len(errors) - 1))


def test_second_order_in_space():
    """Potential and surface concentration after a second at a given current; against 16 times the cells."""
    protocol = [current(-20.0, 1.0)]
    fine = Options(rtol=1e-7, atol=1e-9)
    records = [run(three_ions(refine), protocol, fine) for refine in (1, 2, 4, 16)]
    for what in (lambda r: r.potential[-1], lambda r: r.surface("M+")[-1]):
        values = [what(r) for r in records]
        assert order([abs(v - values[-1]) for v in values[:3]]) == pytest.approx(2.0, abs=0.2)


def test_third_order_in_time():
    """A sweep with a double layer, by the largest step of potential alone."""
    ramp = [Segment("potential", 0.0, -0.06, 1.0)]
    records = [run(three_ions(), ramp, Options(rtol=1e9, volts=v, growth=64.0)) for v in (4e-3, 2e-3, 1e-3, 1.25e-4)]
    charge = [float(r.reaction_charge[-1, 0]) for r in records]
    current_density = [float(r.current[-1]) for r in records]
    metal = [float(r.surface("M+")[-1]) for r in records]
    for values in (charge, current_density, metal):
        assert order([abs(v - values[-1]) for v in values[:3]]) > 2.6

"""Liquids that several tests use."""

from __future__ import annotations

import numpy as np

from simcell.transport.kinetics import FARADAY
from simcell.transport.species import Frit, Ion, Liquid, Reservoir, Surface, between, couple, plating

D = 1e-9
VOLTS = 8.314462618 * 298.15 / FARADAY
REDOX = [Ion("O+", 1, D), Ion("R", 0, D), Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]


def redox(rate=1.0, support=1e3, length=6e-4, spacing=2e-7, far=None, refine=1, oxidised=0.0, **surface) -> Liquid:
    """1 mol/m^3 of what is oxidised, in excess electrolyte; the reference is beside the electrode: no ohmic drop."""
    start = {"O+": oxidised, "R": 1.0, "K+": support, "Cl-": support + oxidised}
    grid = between(length, spacing, other=False, refine=refine)
    electrode = Surface((couple("OR", "O+", "R", 1, rate),), **surface)
    return Liquid(grid, REDOX, start, electrode, far or Reservoir(), reference=0.0)


def thin(height=1e-6, support=1e2) -> Liquid:
    """The same in a closed film."""
    return redox(length=height, spacing=height / 40.0, support=support, far=Frit())


def plates(length=1e-4, spacing=2e-6, exchange=10.0, refine=1, **more) -> Liquid:
    """A binary salt between two plates of its metal."""
    salt = [Ion("Li+", 1, 1e-9), Ion("A-", -1, 2e-9)]
    li = Surface((plating("Li", "Li+", 1, exchange, 100.0, 0.5, 0.5),), **more)
    return Liquid(between(length, spacing, refine=refine), salt, {"Li+": 100.0, "A-": 100.0}, li, li)


PLATES_LIMIT = 4.0 * FARADAY * 1e-9 * 100.0 / 1e-4


def peak(record, after=0.0, until=None) -> tuple[float, float]:
    """Largest current density and the potential there."""
    times = np.linspace(after, until or record.time[-1], 100_001)[1:]
    current = record.sampled(times)
    at = int(np.nanargmax(current))
    return float(current[at]), float(record.sampled(times[at], "potential")[0])

"""Order of the transport of ions on grids in space, fitted over three refinements of a graded plan."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.numerics.grid import graded, plan
from simcell.transport.bath import Bath, Plate
from simcell.transport.electrode import strip
from simcell.transport.ions import run_bath
from simcell.transport.protocol import hold
from simcell.transport.session import Options
from simcell.transport.species import Ion, Surface, plating

IONS = [Ion("M+", 1, 1e-9), Ion("S+", 1, 2e-9), Ion("A-", -1, 1.5e-9)]
START = {"M+": 50.0, "S+": 50.0, "A-": 100.0}


def film(refine: int) -> tuple[float, float]:
    """Current, and concentration at the far end, of a layer over one electrode with its open side on the right."""
    x = graded(0.0, 4e-5, {4e-5: 2e-6}, growth=1.3, refine=refine)
    g = plan(x, [0.0, 1e-5], 2e-6 * (1.0 + 0.5 * (x[1:] + x[:-1])[None, :] / 8e-5))
    metal = Surface((plating("M", "M+", 1, 1.0, 50.0, 0.5, 0.5),))
    bath = Bath(g, IONS, START, [Plate(strip(g, "w", 0.0, 4e-5), metal)], {"x+": START})
    record = run_bath(bath, [hold(-0.05, 0.3)], Options(rtol=1e-6, atol=1e-8))
    return float(record.electrode_current[-1, 0]), float(record.concentration[-1, 0, 0, 0, 0])


def test_second_order_in_space():
    values = np.array([film(refine) for refine in (1, 2, 4, 16)])
    errors = np.abs(values[:3] - values[3])
    order = 0.5 * np.log2(errors[0] / errors[2])
    assert order == pytest.approx([2.0, 2.0], abs=0.25)

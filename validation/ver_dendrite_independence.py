"""Speed of a lithium tip under halving of cells, interface width and step.

Run from the root of the tree: ``python -m validation.ver_dendrite_independence`` (minutes). A bump on an electrode,
1 M, -0.3 V, 5 um of section, anisotropy 0.03 of the surface energy. Exit code 1 if a halving moves the speed of the tip
by more than 5 %.
"""

from __future__ import annotations

import sys

import numpy as np

from simcell.dendrite.crystal import Crystal
from simcell.dendrite.layer import Layer, begin
from simcell.dendrite.model import Control, grow
from simcell.dendrite.stability import Metal
from simcell.numerics.grid import section

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)


def tip(h: float, delta: float, control: Control) -> tuple[float, float]:
    """Speed of the tip [m/s] late in the run, and its position at the end [m]."""
    grid = section(np.arange(round(5e-6 / h) + 1) * h, np.arange(round(1.6e-6 / h) + 1) * h, 1e-6)
    layer = Layer(LITHIUM, grid, delta, {"x+": "reservoir"}, crystal=Crystal(4, 0.03))
    z, x = layer.centre
    first = begin(layer, 1.0e-6 + 0.6e-6 * np.exp(-((z / 0.5e-6) ** 2)) - x)
    times = np.array([0.3, 0.45, 0.6])
    states = grow(layer, first, times.tolist(), potential=-0.3, control=control).states
    at = []
    for state in states:
        row = 1.125 * state.xi[0] - 0.125 * state.xi[1]  # to the axis, half a cell away, where the slope is zero
        k = int(np.nonzero(row > 0.5)[0][-1])
        logit = np.log(row[k : k + 2] / (1.0 - row[k : k + 2]))
        at.append(float(x[0, k]) + h * float(logit[0] / (logit[0] - logit[1])))
    return (at[2] - at[0]) / (times[2] - times[0]), at[2]


def main() -> int:
    """Print the table and judge it."""
    cases = [
        ("50 nm cells, 100 nm wide", 50e-9, 100e-9, Control()),
        ("half the step", 50e-9, 100e-9, Control(tolerance=2.5e-4, courant=0.1)),
        ("half the cells", 25e-9, 100e-9, Control()),
        ("half the width too", 25e-9, 50e-9, Control()),
    ]
    speeds = []
    for name, h, delta, control in cases:
        speed, end = tip(h, delta, control)
        speeds.append(speed)
        print(f"{name:26s} {1e6 * speed:.4f} um/s, tip at {1e6 * end:.3f} um ({speed / speeds[0] - 1.0:+.1%})")
    changes = [speeds[1] / speeds[0], speeds[2] / speeds[0], speeds[3] / speeds[2]]
    return int(max(abs(change - 1.0) for change in changes) > 0.05)


if __name__ == "__main__":
    sys.exit(main())

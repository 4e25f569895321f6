"""Ripples on a growing lithium front against linear stability: over wavelength, interface width and grid.

Run from the root of the tree: ``python -m validation.ver_dendrite_ripples`` (about a minute). Lithium in 1 M salt at
-0.2 V, 3 um of electrolyte, half a wavelength wide. Exit code 1 if a rate is off by more than 10 % of itself.
"""

from __future__ import annotations

import sys

import numpy as np

from simcell.dendrite.layer import Layer, begin
from simcell.dendrite.model import grow
from simcell.dendrite.stability import Metal, front_at_potential
from simcell.numerics.grid import section

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
VOLTS, GAP = -0.2, 3e-6


def rates(wavelength: float, h: float, widths: float) -> tuple[float, float]:
    """Found and predicted rate [1/s] with an interface of `widths` cells of the size h."""
    cells = round(0.5 * wavelength / h)
    h = 0.5 * wavelength / cells
    start = 12.0 * widths * h
    x = np.arange(round((start + GAP) / h) + 1) * h
    layer = Layer(LITHIUM, section(x, np.arange(cells + 1) * h, 1e-6), widths * h, {"x+": "reservoir"})
    front = front_at_potential(LITHIUM, VOLTS, x[-1] - start)
    zz, xx = layer.centre
    wave = np.cos(2.0 * np.pi * zz / wavelength)
    steady = (front.surface + front.gradient * np.maximum(xx - start, 0.0)) / LITHIUM.concentration
    first = begin(layer, start + 0.5 * h * wave - xx, np.minimum(1.0, steady))
    time = h / LITHIUM.speed(front.current)
    early, late = grow(layer, first, [0.3 * time, time], potential=VOLTS).states
    height = [float(np.mean(s.xi.sum(axis=1)[:, None] * wave)) for s in (early, late)]
    gone = (0.5 * (early.xi + late.xi) - first.xi).sum(axis=1).mean() * h
    wanted = float(front_at_potential(LITHIUM, VOLTS, front.gap - gone).growth_rate(wavelength))
    return float(np.log(height[1] / height[0]) / (late.time - early.time)), wanted


def main() -> int:
    """Print the table and judge it."""
    cases = [(w, min(25e-9, w / 120.0), 3.0) for w in (12e-6, 6e-6, 3e-6, 1.5e-6, 1e-6, 0.8e-6, 0.6e-6)]
    cases += [(3e-6, 25e-9, widths) for widths in (1.5, 2.0, 4.0, 6.0)]
    worst = 0.0
    print("wavelength [um]  cell [nm]  delta/cell  rate [1/s]  predicted  miss")
    for wavelength, h, widths in cases:
        found, wanted = rates(wavelength, h, widths)
        worst = max(worst, abs(found / wanted - 1.0))
        print(
            f"{wavelength * 1e6:10.2f} {h * 1e9:12.1f} {widths:10.1f} {found:13.5f} {wanted:11.5f}"
            f" {found / wanted - 1.0:+8.1%}"
        )
    return int(worst > 0.1)


if __name__ == "__main__":
    sys.exit(main())

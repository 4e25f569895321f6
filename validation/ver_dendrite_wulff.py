"""A disc without net current relaxes to its Wulff shape: four-fold harmonic of the radius over cells per radius.

Run from the root of the tree: ``python -m validation.ver_dendrite_wulff`` (minutes). Anisotropy 0.05 of the surface
energy, interface of 2 cells. Exit code 1 if the finest is off by more than 10 %.
"""

from __future__ import annotations

import sys

import numpy as np

from simcell.dendrite.crystal import Crystal
from simcell.dendrite.layer import Layer, begin
from simcell.dendrite.model import grow
from simcell.dendrite.shape import contour
from simcell.dendrite.stability import Metal
from simcell.numerics.grid import plan

METAL = Metal(1, 13.0e-6, 0.5, 1.0, 1000.0, 3.2e-10, 0.38)
CRYSTAL = Crystal(4, 0.05)


def relaxed(radius: int) -> float:
    """Relative amplitude of the fourth harmonic after five relaxation times."""
    h, cells = 25e-9, 2 * radius + 24
    faces = (np.arange(cells + 1) - 0.5 * cells) * h
    contact = np.zeros((cells, cells), dtype=bool)
    contact[cells // 2, cells // 2] = True
    supply = {side: "reservoir" for side in ("x-", "x+", "y-", "y+")}
    layer = Layer(METAL, plan(faces, faces, 1e-6), 2.0 * h, supply, (), crystal=CRYSTAL, contact=contact)
    first = begin(layer, radius * h - np.hypot(*layer.centre))
    rate = METAL.speed(1.0) * METAL.capillary_length * 15.0 / (radius * h) ** 2
    points = contour(grow(layer, first, [5.0 / rate], current=0.0).last.xi, h)
    middle, span = points.mean(axis=1) - 0.5 * cells * h, points[:, 1] - points[:, 0]
    angle, r = np.arctan2(middle[:, 1], middle[:, 0]), np.hypot(*middle.T)
    weight = np.abs(middle[:, 0] * span[:, 1] - middle[:, 1] * span[:, 0]) / r**2  # angle that a piece spans
    return float(2.0 * (weight * r * np.cos(4.0 * angle)).sum() / (weight * r).sum())


def main() -> int:
    """Print the table and judge it."""
    angles = np.linspace(0.0, 2.0 * np.pi, 2000, endpoint=False)
    shape = CRYSTAL.wulff(angles)
    wanted = 2.0 * float((shape * np.cos(4.0 * angles)).mean() / shape.mean())
    print(f"Wulff shape: {wanted:.4f}; longest over shortest radius {shape.max() / shape.min():.4f}")
    found = 0.0
    for radius in (8, 12, 18):
        found = relaxed(radius)
        print(f"radius of {radius} cells: {found:.4f}, {found / wanted - 1.0:+.1%}")
    return int(abs(found / wanted - 1.0) > 0.1)


if __name__ == "__main__":
    sys.exit(main())

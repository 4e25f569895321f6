"""Kernel of the Allen-Cahn phase with a Butler-Volmer drive (`chen.py`): explicit parts of a step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.jit import njit

Array = NDArray[np.float64]


@njit
def advance(
    xi: Array, forward: Array, backward: Array, halved: bool, reaction: float, relaxation: float, spread: float,
    dt: float, parts: int, h: float, new: Array,
) -> None:  # fmt: skip
    """Step the phase in place: reaction h'(xi) (forward - backward), well 2 xi (1 - xi) (1 - 2 xi), Laplacian.

    `reaction` and `relaxation` [1/s], `spread` [m^2/s], h [m] the cell; with `halved` the forward term carries
    1 - h(xi). Nothing passes the walls.
    """
    ny, nx = xi.shape
    for _ in range(parts):
        for j in range(ny):
            jm, jp = max(j - 1, 0), min(j + 1, ny - 1)
            for i in range(nx):
                p = xi[j, i]
                around = xi[jm, i] + xi[jp, i] + xi[j, max(i - 1, 0)] + xi[j, min(i + 1, nx - 1)]
                slope = 30.0 * p * p * (1.0 - p) * (1.0 - p)
                share = 1.0 - p * p * p * (10.0 - 15.0 * p + 6.0 * p * p) if halved else 1.0
                rate = reaction * slope * (share * forward[j, i] - backward[j, i])
                rate -= relaxation * 2.0 * p * (1.0 - p) * (1.0 - 2.0 * p)
                new[j, i] = p + dt / parts * (rate + spread * (around - 4.0 * p) / (h * h))
        for j in range(ny):
            for i in range(nx):
                xi[j, i] = new[j, i]

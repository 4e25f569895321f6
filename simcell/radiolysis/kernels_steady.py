r"""Kernel of the steady state along a line of cells: one linearly implicit step, which becomes a step of Newton.

.. math:: \Big(\frac{I}{\tau} - J\Big) u = F(c), \qquad c \leftarrow c + u

F is the whole right side (`simcell.radiolysis.kernels_line`), J its exact Jacobian. As tau grows this goes from an
implicit Euler step in time to Newton's iteration for F = 0 (pseudo-transient continuation: Kelley & Keyes, SIAM J.
Numer. Anal. 35 (1998) 508). Where ions move without net current no cell can change its net charge q: z^T F = 0, and J
is singular once per cell. There ``hold (z^T c - q) d`` is taken off F, with d = diag(z) c / sum z^2 c, z^T d = 1. That
moves no root with the right charge, and makes J regular.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simcell.numerics.jit import njit_apart
from simcell.radiolysis.kernels_line import STRIP, Slopes, factor_line, kinetics, solve_line, spread


class Room(NamedTuple):
    """Arrays that a step works in."""

    w: np.ndarray  # (reactions, STRIP) rates
    slope: np.ndarray  # (slopes, STRIP)
    sums: np.ndarray  # (m m, STRIP + 8)
    faces: np.ndarray  # (3, cells+1) potential step, conductivity, flow
    slopes: Slopes
    scratch: np.ndarray  # (4, m)
    r: np.ndarray  # (m,)
    work: np.ndarray  # (cells+2, m)
    leaving: np.ndarray  # (2, n)
    f: np.ndarray  # (n, cells+2) F(c) afterwards


def room_for(tables, n, width):
    """Arrays for n species in width - 2 cells; plain Python, there is nothing to compile."""
    m = 4 * ((n + 3) // 4)
    faces = width - 1
    slopes = Slopes(np.zeros((width, m, m)), np.zeros((faces, m)), np.zeros((faces, m)), np.zeros((faces, m)))
    return Room(
        np.empty((tables.reactants.shape[0], STRIP)),
        np.empty((tables.slope_reaction.shape[0], STRIP)),
        np.empty((m * m, STRIP + 8)),
        np.empty((3, faces)),
        slopes,
        np.empty((4, m)),
        np.zeros(m),
        np.zeros((width, m)),
        np.zeros((2, n)),
        np.zeros((n, width)),
    )


@njit_apart
def steady_step(tables, k, line, source, charge, hold, tau, c, room, u):
    """Change u of the concentrations in one step tau [s]; `charge` (cells+2,) is what each cell must carry."""
    n, m = u.shape[0], room.r.shape[0]
    places = (tables.entry_place // n * m + tables.entry_place % n).astype(np.uint32)
    step_g, conductivity, flow = room.faces[0], room.faces[1], room.faces[2]
    factor_line(
        tables, k, places, line, c, 1.0 / tau, hold, step_g, conductivity, room.slope, room.sums, room.scratch,
        room.slopes,
    )  # fmt: skip
    kinetics(tables, k, source, 1.0, c, room.w, room.f)
    spread(line, c, step_g, conductivity, flow, room.f, room.leaving)
    if hold > 0.0:
        for x in range(1, c.shape[1] - 1):
            excess, carried = -charge[x], 0.0
            for i in line.ions:
                excess += line.charge[i] * c[i, x]
                carried += line.charge[i] ** 2 * c[i, x]
            if carried > 0.0:
                for i in line.ions:
                    room.f[i, x] -= hold * excess * line.charge[i] * c[i, x] / carried
    solve_line(line, room.slopes, room.f, room.r, room.work, u)

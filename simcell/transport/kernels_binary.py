r"""Kernel of the flux of a concentrated binary salt of charges +1 and -1 between two nodes.

With c the concentration, phi the potential of the liquid in RT/F (see `concentrated`), t the transference number of the
cation, chi the thermodynamic factor and m = kappa RT / (F^2 c) [m^2/s]

.. math:: i/F = -\frac{m}{d}\left[\Lambda\,\Delta\phi + (1 - 2(1 - t)\chi)\,\Delta c\right],\qquad
          N_+ = -\frac{D}{d}\,\Delta c + t\, i/F

with properties at the mean of the two concentrations and the logarithmic mean :math:`\Lambda` of them.
"""

from __future__ import annotations

from simcell.numerics.jit import njit
from simcell.transport.kernels_surface import log_mean


@njit
def looked_up(c, spacing, table):
    """Column of the table below a concentration, share of the next one, and its slope; constant beyond the table."""
    last = table.shape[1] - 1
    place = min(max(c / spacing, 0.0), float(last))
    i = min(int(place), last - 1)
    part = place - i
    inside = 1.0 if 0.0 < c < last * spacing else 0.0
    return i, part, inside / spacing


@njit
def binary_face(a, b, drop, over, spacing, table, out):
    """Flow of the cation, current over F, and their derivatives by a, b and the drop of potential, into `out` (2, 4).

    `over` is area over distance [m]; the rows of `table` are D, m, t and 1 - 2 (1 - t) chi at multiples of `spacing`.
    """
    i, part, per = looked_up(0.5 * (a + b), spacing, table)
    d = table[0, i] + part * (table[0, i + 1] - table[0, i])
    m = table[1, i] + part * (table[1, i + 1] - table[1, i])
    t = table[2, i] + part * (table[2, i + 1] - table[2, i])
    g = table[3, i] + part * (table[3, i + 1] - table[3, i])
    # half: the mean moves by half of what one end moves
    dd = 0.5 * per * (table[0, i + 1] - table[0, i])
    dm = 0.5 * per * (table[1, i + 1] - table[1, i])
    dt = 0.5 * per * (table[2, i + 1] - table[2, i])
    dg = 0.5 * per * (table[3, i + 1] - table[3, i])
    mean, ma, mb = log_mean(a, b)
    step = b - a
    force = mean * drop + g * step
    current = -over * m * force
    ia = -over * (dm * force + m * (ma * drop - g + dg * step))
    ib = -over * (dm * force + m * (mb * drop + g + dg * step))
    ip = -over * m * mean
    out[1, 0], out[1, 1], out[1, 2], out[1, 3] = current, ia, ib, ip
    out[0, 0] = -over * d * step + t * current
    out[0, 1] = -over * (dd * step - d) + t * ia + dt * current
    out[0, 2] = -over * (dd * step + d) + t * ib + dt * current
    out[0, 3] = t * ip


@njit
def binary_faces(u, area, gap, binary, residual, diagonal, before, after):
    """Flows between all nodes into the rows of the cation and of the charge."""
    spacing, table, out = binary
    for f in range(gap.size):
        left, right = f, f + 1
        binary_face(u[left, 0], u[right, 0], u[right, 1] - u[left, 1], area[f] / gap[f], spacing, table, out)
        for row in range(2):
            residual[left, row] += out[row, 0]
            residual[right, row] -= out[row, 0]
            diagonal[left, row, 0] += out[row, 1]
            after[left, row, 0] += out[row, 2]
            before[right, row, 0] -= out[row, 1]
            diagonal[right, row, 0] -= out[row, 2]
            diagonal[left, row, 1] -= out[row, 3]
            after[left, row, 1] += out[row, 3]
            before[right, row, 1] += out[row, 3]
            diagonal[right, row, 1] -= out[row, 3]

r"""Ohmic drop along the thin film of an electrode: the film as a second plane field above which the liquid lies.

A film of thickness t and resistivity :math:`\rho` conducts along its plane with the sheet resistance
:math:`R_s = \rho / t`. Its potential m obeys

.. math:: \nabla\cdot\Bigl(\frac{1}{R_s}\nabla m\Bigr) = i_n,\qquad m = V \text{ where the lead joins it},

no current passes its other edges, and the current density :math:`i_n` that it loses is the one that the liquid gains.
`simcell.transport.current` solves both fields together where an electrode has a sheet resistance.

Closed form, two rails of sheet resistances :math:`R_s` (film) and :math:`\rho_s = 1/\kappa H` (liquid) joined by the
area resistance R over a width w (the transmission line of porous electrodes; R. de Levie, Electrochim. Acta 9 (1964)
1231): with :math:`\Lambda = \sqrt{R / (R_s + \rho_s)}` the resistance times length between the film's contact and the
liquid is :math:`(R_s + \rho_s)\,\Lambda\coth(w/\Lambda)` where both leave at the same edge, and

.. math:: \frac{R_s\rho_s}{R_s + \rho_s}\Bigl(w + \frac{2\Lambda}{\sinh(w/\Lambda)}\Bigr)
          + \Lambda\,\frac{R_s^2 + \rho_s^2}{R_s + \rho_s}\coth\frac{w}{\Lambda}

where they leave at opposite ones. Assumptions: the film is much thinner than wide, its resistivity is uniform, the
contact is a straight piece of edge of one potential.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simcell.numerics.grid import Array, Grid
from simcell.transport.electrode import Edge, Electrode


@dataclass(frozen=True, eq=False)
class Films:
    """Conductances of all films of a grid: between neighbouring columns, and from columns to the leads.

    Examples
    --------
    >>> films(Grid.__new__(Grid), []) is None
    True
    """

    y: Array  # (1, ny + 1, nx) S
    x: Array  # (1, ny, nx + 1) S
    lead: Array  # (1, ny, nx) to the lead, S


def films(grid: Grid, electrodes: Sequence[Electrode]) -> Films | None:
    """Conductances of the films; None where no electrode has a sheet resistance.

    Between two columns the film is as wide as the lesser of their covers allows: exact for edges along the current; an
    edge across it adds an error of the order of the cell squared. A contact inside a cell costs one of the order of the
    cell: put a face of the grid there.

        Raises
        ------
        ValueError
            If two films share a column, or a lead meets no film.

        Examples
        --------
        >>> from dataclasses import replace
        >>> from simcell.numerics.grid import plan
        >>> from simcell.transport.electrode import side, strip
        >>> g = plan([0.0, 1.0, 2.0, 3.0], [0.0, 2.0], 1.0)
        >>> band = replace(strip(g, "WE", 0.0, 2.0, 0.0), sheet=4.0, contact=(side(g, "x-"),))
        >>> found = films(g, [band])
        >>> found.x.ravel(), found.lead.ravel()
        (array([0. , 0.5, 0. , 0. ]), array([1., 0., 0.]))
    """
    some = [e for e in electrodes if e.sheet > 0.0]
    if not some:
        return None
    ny, nx = grid.shape[1:]
    y, x = np.zeros((1, ny + 1, nx)), np.zeros((1, ny, nx + 1))
    dy, dx = np.diff(grid.faces[1]), np.diff(grid.faces[2])
    apart_y, apart_x = (np.diff(grid.centre[axis]) for axis in (1, 2))
    taken, leads = np.zeros((ny, nx)), np.zeros((1, ny, nx))
    for e in some:
        metal = e.spread
        taken += metal > 0.0
        x[0, :, 1:-1] += np.minimum(metal[:, 1:], metal[:, :-1]) * dy[:, None] / apart_x / e.sheet
        y[0, 1:-1, :] += np.minimum(metal[1:], metal[:-1]) * dx / apart_y[:, None] / e.sheet
        lead = sum((_lead(grid, e, edge) for edge in e.contact), np.zeros((ny, nx)))
        if not lead.any():
            raise ValueError(f"the lead of electrode {e.name!r} meets nothing of its film: its contact must lie on it")
        leads[0] += lead
    if taken.max() > 1.0:
        j, i = np.argwhere(taken > 1.0)[0]
        raise ValueError(
            f"two films share the cell at x = {grid.centre[2][i]:g} m, y = {grid.centre[1][j]:g} m: "
            "make cells there smaller than the gap between the electrodes"
        )
    return Films(y, x, leads)


def _lead(grid: Grid, e: Electrode, edge: Edge) -> Array:
    """Conductance from a straight contact to the columns of film beside it [S]."""
    axis = edge.axis
    faces, other = grid.faces[axis], grid.faces[3 - axis]
    if edge.below:
        cell = int(np.clip(np.searchsorted(faces, edge.at, side="left") - 1, 0, faces.size - 2))
        depth = edge.at - faces[cell]
    else:
        cell = int(np.clip(np.searchsorted(faces, edge.at, side="right") - 1, 0, faces.size - 2))
        depth = faces[cell + 1] - edge.at
    length = np.clip(np.minimum(other[1:], edge.stop) - np.maximum(other[:-1], edge.start), 0.0, None)
    found = np.zeros(e.spread.shape)
    pick = (slice(None), cell) if axis == 2 else (cell, slice(None))
    cover = e.spread[pick]
    # columns are covered in part across the contact (up to the edge) or along it
    covered = np.minimum(1.0, cover * (faces[cell + 1] - faces[cell]) / depth)
    found[pick] = covered * length / (0.5 * depth) / e.sheet
    return found


def sheet_resistance(resistivity: float, thickness: float) -> float:
    """Resistance of a square of film [ohm] from its resistivity [ohm m] and thickness [m].

    Examples
    --------
    >>> round(sheet_resistance(1.06e-7, 50e-9), 2)  # platinum as in bulk; films have more
    2.12
    """
    if not (resistivity > 0.0 and thickness > 0.0):
        raise ValueError(f"resistivity {resistivity:g} ohm m and thickness {thickness:g} m must be positive")
    return resistivity / thickness


def reach(film: float, liquid: float, interface: float) -> float:
    """Length over which current passes from a film into the liquid [m]: sqrt(R / (R_s + 1 / kappa H)).

    Parameters
    ----------
    film, liquid : float
        Sheet resistances [ohm]; that of the liquid is 1 / (conductivity height).
    interface : float
        Kinetics, film in series and H / 3 kappa [ohm m^2].

    Examples
    --------
    >>> round(reach(600.0, 2e6, 1e-3) * 1e6, 2)
    22.36
    """
    if not (film >= 0.0 and liquid >= 0.0 and film + liquid > 0.0 and interface > 0.0):
        raise ValueError("sheet resistances must not be negative (nor both zero), that of the interface positive")
    return float(np.sqrt(interface / (film + liquid)))


def line_resistance(film: float, liquid: float, interface: float, width: float, same_side: bool = False) -> float:
    """Resistance times length of a film under liquid [ohm m], from its contact to the liquid's end.

    Parameters
    ----------
    film, liquid, interface
        See `reach`.
    width : float
        Along the current [m].
    same_side : bool
        Whether the current leaves the liquid above the contact, or at the opposite edge.

    Examples
    --------
    >>> round(line_resistance(1.0, 0.0, 4.0, 3.0), 4)  # liquid of one potential: R_s L coth(w / L)
    2.2096
    """
    total, length = film + liquid, reach(film, liquid, interface)
    w = width / length
    if same_side:
        return total * length / float(np.tanh(w))
    through = film * liquid / total * (width + 2.0 * length / float(np.sinh(min(w, 700.0))))
    return through + length * (film**2 + liquid**2) / total / float(np.tanh(w))


def film_drop(current: float, sheet: float, length: float, width: float, lead: float = 0.0) -> tuple[float, float]:
    """Largest and mean drop of potential along a film that loses its current evenly [V].

    Parameters
    ----------
    current : float
        [A]
    sheet : float
        [ohm]
    length, width : float
        Of the electrode away from its contact, and across [m].
    lead : float
        Squares (length over width) of lead before the electrode that lose nothing.

    Returns
    -------
    largest, mean

    Examples
    --------
    >>> [round(1e3 * v, 3) for v in film_drop(1e-6, 600.0, 60e-6, 20e-6, lead=10.0)]
    [6.9, 6.6]
    """
    if not (length > 0.0 and width > 0.0 and sheet >= 0.0 and lead >= 0.0):
        raise ValueError("length and width must be positive, sheet resistance and lead not negative")
    per_square = abs(current) * sheet
    return per_square * (lead + 0.5 * length / width), per_square * (lead + length / width / 3.0)

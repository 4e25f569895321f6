r"""Ends of a window that lies in a larger cell, and a window that follows the tip.

A fixed concentration on the edge of a 20 um box makes the limiting current one of the box. The edge of a window takes
what the solution of the whole cell says there instead: concentration and potential, or flux and current.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from simcell.dendrite.layer import Layer, State


@dataclass(frozen=True, eq=False)
class Edge:
    """Concentration and potential given along a side, or beyond it; per cell of the side, or numbers.

    With a length the given values hold that far beyond the side, and the liquid between is at rest and one-dimensional:
    what passes is D (c - c_edge)/length, and the current that of the conductivity there (logarithmic mean of c). The
    limiting current is then that of gap and length together. With times the values are interpolated.

    Parameters
    ----------
    ratio : float or (n,) array
        c/c0; with times one for each of them.
    potential : float or (n,) array
        Electrostatic potential of the liquid [V]; with times one for each of them.
    length : float
        Of the liquid at rest beyond the side [m].
    times : (n,) array, optional
        At which values are given [s].

    Raises
    ------
    ValueError
        For concentrations that are not positive, a negative length, or times that do not increase.

    Examples
    --------
    >>> Edge(0.8, -0.01).at(3.0)
    (array(0.8), array(-0.01))
    >>> Edge([1.0, 0.8], [0.0, 0.0], times=[0.0, 10.0]).at(5.0)[0]
    array(0.9)
    """

    ratio: ArrayLike
    potential: ArrayLike
    length: float = 0.0
    times: ArrayLike | None = None

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if not float(np.min(self.ratio)) > 0.0:
            raise ValueError(f"c/c0 at the edge goes down to {float(np.min(self.ratio)):g}; it must be positive")
        if not self.length >= 0.0:
            raise ValueError(f"the length beyond the edge is {self.length:g} m; it cannot be negative")
        if self.times is not None and not (np.diff(np.asarray(self.times)) > 0.0).all():
            raise ValueError("the times at which an edge is given must increase")

    def at(self, time: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """c/c0 and potential [V] at a time [s]; before the first and after the last as there."""
        ratio, potential = np.asarray(self.ratio, dtype=float), np.asarray(self.potential, dtype=float)
        if self.times is None:
            return ratio, potential
        times = np.asarray(self.times, dtype=float)
        return np.asarray(np.interp(time, times, ratio)), np.asarray(np.interp(time, times, potential))


@dataclass(frozen=True, eq=False)
class Inflow:
    """Fluxes given along a side, into the window; per cell of the side, or numbers.

    With it alone the potential has no zero: another side needs a concentration and potential.

    Parameters
    ----------
    salt : float or (n,) array
        Diffusive flux of the salt, -D grad c [mol/m^2/s].
    current : float or (n,) array
        Current density [A/m^2].

    Examples
    --------
    >>> Inflow(1e-3, 100.0).current
    100.0
    """

    salt: ArrayLike
    current: ArrayLike


def follow(layer: Layer, state: State, cells: int) -> tuple[Layer, State]:
    """Move the window along x by a number of cells: columns at x- are left behind, new ones appear at x+.

    New columns hold what the last one holds (a flat far field). Charge is as before, so that its metal is that of the
    window and of `dropped`; ions that are left behind count as inflow below zero.

    Parameters
    ----------
    layer : Layer
    state : State
    cells : int
        At least 1, less than the window has.

    Returns
    -------
    Layer, State
        With coordinates that go on.

    Raises
    ------
    ValueError
        If no metal would touch the collector, or new columns would hold metal.

    Examples
    --------
    >>> from simcell.dendrite.layer import Layer, begin
    >>> from simcell.dendrite.stability import Metal
    >>> from simcell.numerics.grid import section
    >>> lithium = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
    >>> layer = Layer(lithium, section(np.linspace(0.0, 9e-6, 181), [0.0, 1e-6]), 0.1e-6, {"x+": "reservoir"})
    >>> moved, state = follow(layer, begin(layer, 6e-6 - layer.centre[1]), 20)
    >>> round(float(moved.centre[1][0, 0]) * 1e6, 3), round(state.dropped * 13.0e-6 * 1e12, 6)  # um, um of metal
    (1.025, 1.0)
    """
    nx = layer.shape[1]
    if not 1 <= cells < nx:
        raise ValueError(f"a window of {nx} cells cannot move by {cells}")
    if (state.xi[:, -1] > 1e-6).any():
        raise ValueError("metal at x+: the window must move before the tip is there")

    def moved(values: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([values[:, cells:], np.repeat(values[:, -1:], cells, axis=1)], axis=1)

    shift = cells * layer.spacing
    z, y, x = layer.grid.faces
    grid = replace(layer.grid, faces=(z, y, x + shift))
    contact = None if layer.contact is None else moved(layer.contact)
    further = replace(layer, grid=grid, contact=contact)
    left, salt = (float(a[:, :cells].sum() - cells * a[:, -1].sum()) for a in (state.xi, state.salt))
    left *= layer.cell / layer.metal.molar_volume
    names = ("xi", "salt", "ratio", "potential", "ratio_before", "potential_before", "grain", "film", "strain")
    fields: dict[str, Any] = {name: moved(getattr(state, name)) for name in names if getattr(state, name) is not None}
    inflow = state.inflow - left - salt * layer.metal.concentration * layer.cell
    after = replace(state, **fields, dropped=state.dropped + left, inflow=inflow)
    further.bodies(after.xi)
    return further, after

"""Electrodes on the floor of a layer: where they lie, what they do, and what is known about each.

An electrode covers a fraction of the floor of each column of cells, exactly, wherever its edge lies inside a cell. The
floor is the side ``z-``. Its metal has one potential, unless a sheet resistance and a contact make it a thin film
(`simcell.transport.film`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from simcell.numerics.grid import Array, Grid
from simcell.transport.kinetics import Law
from simcell.transport.outline import covered


@dataclass(frozen=True)
class Edge:
    """A straight piece of an electrode's edge, normal to an axis of the grid.

    Examples
    --------
    >>> Edge(2, 1e-6, below=True, start=0.0, stop=1.0).below
    True
    """

    axis: int  # 1: normal to y, 2: normal to x
    at: float  # m
    below: bool  # whether the electrode lies at smaller coordinates
    start: float  # m, along the other axis
    stop: float


@dataclass(frozen=True, eq=False)
class Electrode:
    """One metal body on the floor; give its potential, or its current, or neither (floating: no net current).

    Parameters
    ----------
    name : str
    cover : (ny, nx) array
        Fraction of each column's floor that it covers.
    edges : tuple of Edge
        Those that take the exact local solution; others are treated plainly.
    potential : float, optional
        [V]
    current : float, optional
        Into the liquid [A], anodic positive.
    law : Law, optional
        Kinetics; None is a primary distribution: the liquid takes the potential of the metal.
    film : float
        Resistance of a film in series [ohm m^2].
    sheet : float
        Resistance of a square of its metal [ohm]; 0: one potential. Potential and current are then those of its lead.
    contact : tuple of Edge
        Where the lead joins a metal with a sheet resistance.
    metal : (ny, nx) array, optional
        Fraction of each column that metal with a sheet resistance covers, passivated or not; as `cover` if None.

    Raises
    ------
    ValueError
        If potential and current are both given, it covers nothing, or a sheet resistance has no contact.

    Examples
    --------
    >>> Electrode("floating", np.ones((1, 1))).free
    True
    """

    name: str
    cover: Array
    edges: tuple[Edge, ...] = ()
    potential: float | None = None
    current: float | None = None
    law: Law | None = None
    film: float = 0.0
    sheet: float = 0.0
    contact: tuple[Edge, ...] = ()
    metal: Array | None = None

    def __post_init__(self) -> None:
        if self.potential is not None and self.current is not None:
            raise ValueError(f"electrode {self.name!r}: give its potential or its current, not both")
        for what in ("potential", "current", "film", "sheet"):
            value = getattr(self, what)
            if value is not None and not np.isfinite(value):
                raise ValueError(f"electrode {self.name!r}: {what} is {value}")
        if self.film < 0.0:
            raise ValueError(f"electrode {self.name!r}: the resistance of the film is {self.film:g} ohm m^2")
        if self.sheet < 0.0:
            raise ValueError(f"electrode {self.name!r}: the sheet resistance is {self.sheet:g} ohm")
        if self.sheet > 0.0 and not self.contact:
            raise ValueError(f"electrode {self.name!r}: a sheet resistance needs a contact, where the lead joins")
        if not self.cover.any():
            raise ValueError(f"electrode {self.name!r} covers no liquid")

    @property
    def spread(self) -> Array:
        """Fraction of each column that its metal covers, bare or not."""
        return self.cover if self.metal is None else self.metal

    @property
    def free(self) -> bool:
        """Whether its potential follows from its current."""
        return self.potential is None


def strip(
    grid: Grid,
    name: str,
    start: float,
    stop: float,
    potential: float | None = None,
    current: float | None = None,
    law: Law | None = None,
    film: float = 0.0,
) -> Electrode:
    """Electrode between two positions along x, over the whole width along y.

    Parameters
    ----------
    grid : Grid
    name : str
    start, stop : float
        [m]; anywhere, also inside cells.
    potential, current, law, film
        See `Electrode`.

    Returns
    -------
    Electrode

    Raises
    ------
    ValueError
        If it is empty or reaches beyond the grid.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> strip(section([0.0, 1.0, 2.0], [0.0, 1.0]), "WE", 0.25, 1.5, 0.0).cover
    array([[0.75, 0.5 ]])
    """
    x, y = grid.faces[2], grid.faces[1]
    if not x[0] <= start < stop <= x[-1]:
        raise ValueError(
            f"electrode {name!r} from {start:g} m to {stop:g} m must lie inside the grid, {x[0]:g} m to {x[-1]:g} m"
        )
    inside = np.clip(np.minimum(x[1:], stop) - np.maximum(x[:-1], start), 0.0, None) / np.diff(x)
    cover = np.where(grid.mask[0], inside[None, :], 0.0)
    ends = (Edge(2, start, False, y[0], y[-1]), Edge(2, stop, True, y[0], y[-1]))
    edges = tuple(e for e in ends if x[0] < e.at < x[-1])
    return Electrode(name, cover, edges, potential, current, law, film)


def patch(
    grid: Grid,
    name: str,
    outline: ArrayLike,
    potential: float | None = None,
    current: float | None = None,
    law: Law | None = None,
    film: float = 0.0,
) -> Electrode:
    """Electrode inside a polygon seen from above.

    Parameters
    ----------
    grid : Grid
    name : str
    outline : (n, 2) array
        Corners x, y [m] in order.
    potential, current, law, film
        See `Electrode`.

    Returns
    -------
    Electrode
        Its edges are the sides of the polygon that are parallel to x or y.

    Raises
    ------
    ValueError
        From `covered`, with the name of the electrode.

    Examples
    --------
    >>> from simcell.numerics.grid import plan
    >>> square = [[0.5, 0.5], [1.5, 0.5], [1.5, 1.5], [0.5, 1.5]]
    >>> float(patch(plan([0.0, 1.0, 2.0], [0.0, 1.0, 2.0], 1.0), "WE", square, 0.0).cover.sum())
    1.0
    """
    try:
        cover = np.where(grid.mask[0], covered(grid, outline), 0.0)
    except ValueError as error:
        raise ValueError(f"electrode {name!r}: {error}") from None
    return Electrode(name, cover, _straight(grid, np.asarray(outline, dtype=float)), potential, current, law, film)


def _straight(grid: Grid, points: Array) -> tuple[Edge, ...]:
    """Sides parallel to x or y that lie inside the grid."""
    after = np.roll(points, -1, axis=0)
    turning = np.sign(np.sum(points[:, 0] * after[:, 1] - after[:, 0] * points[:, 1]))  # +1: inside is to the left
    edges = []
    for (xa, ya), (xb, yb) in zip(points, after, strict=True):
        for axis, a, b, along_a, along_b, sign in ((2, xa, xb, ya, yb, 1.0), (1, ya, yb, xa, xb, -1.0)):
            faces = grid.faces[axis]
            if a == b and faces[0] < a < faces[-1]:
                below = bool(turning * sign * (along_b - along_a) > 0.0)
                edges.append(Edge(axis, float(a), below, float(min(along_a, along_b)), float(max(along_a, along_b))))
    return tuple(edges)


def side(grid: Grid, name: str) -> Edge:
    """A whole side of the grid, as the contact of a film that reaches it.

    Examples
    --------
    >>> from simcell.numerics.grid import plan
    >>> side(plan([0.0, 1.0], [0.0, 2.0], 1.0), "x+")
    Edge(axis=2, at=1.0, below=True, start=0.0, stop=2.0)
    """
    axis = {"y": 1, "x": 2}[name[0]]
    faces, other = grid.faces[axis], grid.faces[3 - axis]
    at = faces[-1] if name[1] == "+" else faces[0]
    return Edge(axis, float(at), name[1] == "+", float(other[0]), float(other[-1]))


def check_apart(grid: Grid, electrodes: Sequence[Electrode]) -> None:
    """Raise an error if names repeat, or electrodes overlap or touch.

    Raises
    ------
    ValueError
        Naming both and where.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> g = section([0.0, 1.0, 2.0], [0.0, 1.0])
    >>> check_apart(g, [strip(g, "WE", 0.0, 1.0, 0.0), strip(g, "CE", 1.0, 2.0, 1.0)])
    Traceback (most recent call last):
        ...
    ValueError: electrodes 'WE' and 'CE' touch at x = 1 m: a short circuit; leave a gap or make them one
    """
    for n, one in enumerate(electrodes):
        for other in electrodes[n + 1 :]:
            if one.name == other.name:
                raise ValueError(f"two electrodes are called {one.name!r}")
            over = one.cover + other.cover > 1.0 + 1e-9
            if over.any():
                j, i = np.argwhere(over)[0]
                x, y = grid.centre[2][i], grid.centre[1][j]
                raise ValueError(f"electrodes {one.name!r} and {other.name!r} overlap near x = {x:g} m, y = {y:g} m")
            for a in one.edges:
                for b in other.edges:
                    meet = a.axis == b.axis and a.at == b.at and a.below != b.below
                    if meet and min(a.stop, b.stop) > max(a.start, b.start):
                        raise ValueError(
                            f"electrodes {one.name!r} and {other.name!r} touch at {'zyx'[a.axis]} = {a.at:g} m: "
                            "a short circuit; leave a gap or make them one"
                        )

r"""Where metal grows: grid, walls and interface width; the state that is carried from step to step; bodies of metal.

The phase xi is 1 in the metal and 0 in the electrolyte, xi = (1 + tanh(d/2 delta))/2 with the distance d into the
metal; from 10 to 90 % it takes 4.39 delta.
Grids: `plan` or `section` with equal square cells, or one row of cells. The liquid
has a uniform thickness (volumes and areas carry it). Nothing passes the ends except those with a supply:

- ``reservoir``: c = c0 and potential 0,
- ``counter``: unpolarised electrode of the same metal at potential 0; the current brings the ion, no anion passes,
- `Edge`, `Inflow`: what a solution for the whole cell says there (`edges.py`).

The metal touches the current collector where a body reaches one of the `collector` sides. Bodies are the pieces
of xi > 1/2 joined through faces of cells; each is at one potential.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from simcell.dendrite.crystal import Crystal
from simcell.dendrite.edges import Edge, Inflow
from simcell.dendrite.film import Film, Wall
from simcell.dendrite.nucleation import Nucleation
from simcell.dendrite.stability import FARADAY, Metal
from simcell.numerics.grid import Grid

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
Bools = NDArray[np.bool_]
THETA_FLOOR = 1e-6  # share of liquid in the metal for conduction, so that the equations stay regular there
ISOTROPIC = Crystal()
WIDEST = 1.0 / 1.5  # cells per delta: more, and the front feels the grid


@dataclass(frozen=True, eq=False)
class Layer:
    """Metal, electrolyte and geometry of a run.

    Parameters
    ----------
    metal : Metal
    grid : Grid
        `plan` or `section` with equal square cells, or one row of cells.
    delta : float
        Interface width [m], at least 1.5 cells; 3 where growth rates matter.
    supply : mapping of side to ``reservoir``, ``counter``, `Edge` or `Inflow`
    collector : tuple of sides
    conductivity : float, optional
        At c0 [S/m], in proportion to c; default: that of the ideal salt.
    crystal : Crystal, optional
        Anisotropy; isotropic by default.
    contact : (ny, nx) bool array, optional
        Cells in which metal touches an electrode on the floor of a `plan` layer, besides the sides.
    film : Film, optional
        What grows on the metal.
    wall : Wall, optional
        What the beam does at the front.
    nucleation : Nucleation, optional
        On bare electrode: sides of the collector and `contact`.
    noise : bool
        Thermal noise of the reaction.

    Raises
    ------
    ValueError
        For a grid that is not uniform, an interface that the grid does not carry (it names the width that would do),
        or an
        unknown side or supply.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> lithium = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
    >>> layer = Layer(lithium, section(np.linspace(0.0, 9e-6, 181), [0.0, 1e-6]), 0.1e-6, {"x+": "reservoir"})
    >>> layer.shape, round(layer.spacing * 1e9)
    ((1, 180), 50)
    """

    metal: Metal
    grid: Grid
    delta: float
    supply: Mapping[str, str | Edge | Inflow]
    collector: tuple[str, ...] = ("x-",)
    conductivity: float | None = None
    crystal: Crystal = ISOTROPIC
    contact: Bools | None = None
    film: Film | None = None
    wall: Wall | None = None
    nucleation: Nucleation | None = None
    noise: bool = False
    spacing: float = field(init=False)

    def __post_init__(self) -> None:
        """Refuse what the model cannot carry."""
        if self.grid.kind not in {"plan", "section"} or any(self.grid.periodic):
            raise ValueError(f"a {self.grid.kind} grid: dendrites need plan or section without periodic ends")
        volume = self.grid.volume
        if not (self.grid.mask.all() and np.allclose(volume, volume.flat[0], rtol=1e-9)):
            raise ValueError("dendrites need equal cells, liquid everywhere and a uniform thickness")
        widths = {float(np.diff(self.grid.faces[axis])[0]) for axis in self._axes if self.grid.shape[axis] > 1}
        if not widths or max(widths) > min(widths) * (1.0 + 1e-9):
            raise ValueError(f"the cells are {sorted(widths)} m wide; they must be square")
        object.__setattr__(self, "spacing", max(widths))
        if not self.spacing <= WIDEST * self.delta * (1.0 + 1e-9):
            raise ValueError(
                f"the interface width {self.delta:g} m is less than 1.5 cells of {self.spacing:g} m: "
                f"at least {1.5 * self.spacing:g} m, or cells of at most {self.delta / 1.5:g} m"
            )
        for side in (*self.supply, *self.collector):
            self._edge(side)
        if self.contact is not None and self.contact.shape != self.shape:
            raise ValueError(f"contact has the shape {self.contact.shape}; the layer has {self.shape}")
        named = {what for what in self.supply.values() if isinstance(what, str)}
        if all(isinstance(what, Inflow) for what in self.supply.values()) or named - {"reservoir", "counter"}:
            raise ValueError(f"supply {self.supply}: at least one side with 'reservoir', 'counter' or an Edge")
        if self.noise and self.film is not None:
            raise ValueError("noise with a film on the metal is not modelled: leave one of them out")
        if self.nucleation is not None and self.nucleation.radius < 2.0 * self.delta * (1.0 - 1e-9):
            raise ValueError(
                f"a nucleus of {self.nucleation.radius:g} m is not carried by an interface of {self.delta:g} m: "
                f"at least {2.0 * self.delta:g} m"
            )

    @property
    def _axes(self) -> tuple[int, int]:
        return (1, 2) if self.grid.kind == "plan" else (0, 2)

    @property
    def shape(self) -> tuple[int, int]:
        """Cells along y (plan) or z (section), and along x."""
        ny, nx = (self.grid.shape[axis] for axis in self._axes)
        return ny, nx

    @property
    def cell(self) -> float:
        """Volume of a cell [m^3]."""
        return float(self.grid.volume.flat[0])

    @cached_property
    def centre(self) -> tuple[Array, Array]:
        """Middles of cells: y or z as a column, x as a row [m]."""
        y, x = (self.grid.centre[axis] for axis in self._axes)
        return y[:, None], x[None, :]

    def _edge(self, side: str) -> tuple[slice | int, slice | int]:
        name = "y" if self.grid.kind == "plan" else "z"
        edges: dict[str, tuple[slice | int, slice | int]] = {
            "x-": (slice(None), 0),
            "x+": (slice(None), -1),
            f"{name}-": (0, slice(None)),
            f"{name}+": (-1, slice(None)),
        }
        if side not in edges:
            raise ValueError(f"there is no side {side!r}: {', '.join(edges)}")
        return edges[side]

    def end(self, kind: str) -> Array:
        """Sides of each cell that lie at a supply of a kind."""
        count = np.zeros(self.shape)
        for side, what in self.supply.items():
            if what == kind:
                count[self._edge(side)] += 1.0
        return count

    def along(self, kind: type[Edge] | type[Inflow]) -> list[tuple[tuple[slice | int, slice | int], Edge | Inflow]]:
        """Cells of the sides with an `Edge` or an `Inflow`, and those."""
        return [(self._edge(side), what) for side, what in self.supply.items() if isinstance(what, kind)]

    @property
    def site_area(self) -> Array:
        """Electrode area on which metal can nucleate, bare or not, per cell [m^2]."""
        h, depth = self.spacing, self.cell / self.spacing**2
        area = np.zeros(self.shape)
        for side in self.collector:
            area[self._edge(side)] += h * depth
        if self.contact is not None:
            area[self.contact] += h * h if self.grid.kind == "plan" else h * depth
        return area

    @property
    def reference_conductivity(self) -> float:
        """Conductivity at c0 [S/m]."""
        return self.metal.conductivity if self.conductivity is None else self.conductivity

    def bodies(self, xi: Array) -> tuple[Labels, Labels]:
        """Body of each cell, 0 being all that touches a collector, and how many cells above 1/2 each body has.

        Cells outside belong to the nearest body. An electrode on the floor may be bare.

        Raises
        ------
        ValueError
            If no metal touches a collector.
        """
        pieces, number = ndimage.label(xi > 0.5)
        touching = {int(k) for side in self.collector for k in np.unique(pieces[self._edge(side)])} - {0}
        if self.contact is not None:
            touching |= {int(k) for k in np.unique(pieces[self.contact])} - {0}
        if not touching and self.contact is None:
            raise ValueError(f"no metal touches a collector ({', '.join(self.collector)}): there is no electrode")
        name = np.zeros(number + 1, dtype=np.int64)
        afloat = [k for k in range(1, number + 1) if k not in touching]
        name[afloat] = np.arange(1, len(afloat) + 1)
        count = np.bincount(name[pieces[pieces > 0]], minlength=len(afloat) + 1)
        if not afloat:
            return np.zeros(xi.shape, dtype=np.int64), count
        nearest = ndimage.distance_transform_edt(pieces == 0, return_distances=False, return_indices=True)
        return name[pieces[tuple(nearest)]], count


@dataclass(frozen=True, eq=False)
class State:
    """All that a run needs to go on; arrays are (ny, nx), x = c/c0, potentials times zF/RT.

    `salt` is what is conserved, theta c / c0; `grain` the grain that a cell belongs to (or would, were it metal) and
    `angles` their orientations [rad]; without them everything is one grain at 0. Quantities with a unit: time and
    steps [s], charge [C], inflow [mol] of the ion, thickness of the film [m], metal that was deposited without current
    (chemical) or left behind by a moving window (dropped) [mol]; energy [J] in the form that has one, in which the
    metal is h(xi).

    Examples
    --------
    >>> State.__dataclass_fields__["charge"].default
    0.0
    """

    time: float
    xi: Array
    salt: Array
    ratio: Array
    potential: Array
    metal: Array
    ratio_before: Array
    potential_before: Array
    step_before: float = 0.0
    step_next: float = 0.0
    charge: float = 0.0
    inflow: float = 0.0
    steps: int = 0
    grain: Labels | None = None
    angles: Array | None = None
    film: Array | None = None
    strain: Array | None = None
    chemical: float = 0.0
    dropped: float = 0.0
    energy: float = float("nan")

    def ions(self, layer: Layer) -> float:
        """Metal and ions in the layer [mol]."""
        return self.metal_amount(layer) + float(self.salt.sum()) * layer.metal.concentration * layer.cell

    def metal_amount(self, layer: Layer) -> float:
        """Metal [mol]."""
        share = self.xi if np.isnan(self.energy) else switch(self.xi)
        return float(share.sum()) * layer.cell / layer.metal.molar_volume

    def liquid_potential(self, layer: Layer) -> Array:
        """Electrostatic potential [V]; NaN in the metal."""
        return np.where(self.xi < 0.5, self.potential / layer.metal.f, np.nan)

    def concentration(self, layer: Layer) -> Array:
        """Of the ion [mol/m^3]; NaN in the metal."""
        return np.where(self.xi < 0.5, self.ratio * layer.metal.concentration, np.nan)

    def at(self, time: float) -> State:
        """Give the same state at another time, for a further segment of a protocol."""
        return replace(self, time=time)


def switch(xi: Array) -> Array:
    """Smooth share of metal h(xi) = xi^3 (10 - 15 xi + 6 xi^2) of the forms that have a well.

    Examples
    --------
    >>> switch(np.array([0.0, 0.5, 1.0]))
    array([0. , 0.5, 1. ])
    """
    return xi**3 * (10.0 - 15.0 * xi + 6.0 * xi**2)


def profile(distance: ArrayLike, delta: float) -> Array:
    """Phase at a signed distance [m], positive inside the metal.

    Examples
    --------
    >>> profile([-1.0, 0.0, 1.0], 0.5).round(4)
    array([0.1192, 0.5   , 0.8808])
    """
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(distance, dtype=float) / delta)))


def begin(layer: Layer, distance: ArrayLike, ratio: ArrayLike = 1.0, angle: float = 0.0) -> State:
    """State at rest with metal where `distance` is positive.

    Parameters
    ----------
    layer : Layer
    distance : (ny, nx) array
        Into the metal [m].
    ratio : float or (ny, nx) array
        c/c0.
    angle : float
        Orientation of the metal [rad].

    Returns
    -------
    State

    Raises
    ------
    ValueError
        If a concentration is not positive, or no metal touches a collector.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> lithium = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
    >>> layer = Layer(lithium, section(np.linspace(0.0, 9e-6, 181), [0.0, 1e-6]), 0.1e-6, {"x+": "reservoir"})
    >>> state = begin(layer, 2e-6 - layer.centre[1])
    >>> round(state.metal_amount(layer) * 13.0e-6 * 1e6 / 1e-6, 6)  # thickness of the metal, um
    2.0
    """
    xi = np.broadcast_to(profile(distance, layer.delta), layer.shape).copy()
    x = np.broadcast_to(np.asarray(ratio, dtype=float), layer.shape).copy()
    if not (x > 0.0).all():
        raise ValueError(f"the smallest c/c0 is {x.min():g}; it must be positive")
    _, count = layer.bodies(xi)
    theta = np.maximum(1.0 - xi, THETA_FLOOR)
    return State(
        0.0, xi, theta * x, x, np.zeros(layer.shape), np.zeros(count.size), x, np.zeros(layer.shape),
        grain=np.zeros(layer.shape, dtype=np.int64), angles=np.array([angle]),
        film=None if layer.film is None else np.full(layer.shape, layer.film.fresh),
        strain=None if layer.film is None else np.zeros(layer.shape),
    )  # fmt: skip


def with_metal(layer: Layer, state: State, distance: ArrayLike, angle: float | None = None) -> State:
    """Add metal (a nucleus) to a state and book it as charge and inflow; the salt in its place leaves.

    With an angle [rad] it is a grain of its own, else it goes on with the grain next to it.

    Examples
    --------
    >>> with_metal.__annotations__["return"]
    'State'
    """
    added = np.broadcast_to(profile(distance, layer.delta), layer.shape)
    xi = np.maximum(state.xi, added)
    moles = float((xi - state.xi).sum()) * layer.cell / layer.metal.molar_volume
    charge = state.charge + layer.metal.charge * FARADAY * moles
    salt = np.minimum(state.salt, np.maximum(1.0 - xi, THETA_FLOOR) * state.ratio)
    inflow = moles - float((state.salt - salt).sum()) * layer.metal.concentration * layer.cell
    _, count = layer.bodies(xi)
    metal = np.zeros(count.size) + state.metal[0]
    grain, angles = state.grain, state.angles
    if angle is not None:
        before = np.zeros(1) if angles is None else angles
        angles = np.append(before, angle)
        grain = np.where(added > state.xi, before.size, 0 if grain is None else grain)
    return replace(
        state, xi=xi, salt=salt, metal=metal, charge=charge, inflow=state.inflow + inflow, grain=grain, angles=angles
    )  # fmt: skip

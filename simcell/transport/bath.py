r"""A liquid with any ions on a grid: electrodes on its floor, open sides, flow, and the packed form for kernels.

The equations are those of `simcell.transport.species` with a flow u of the liquid,

.. math:: \frac{\partial c_k}{\partial t} = -\nabla\cdot N_k,\qquad
          N_k = -D_k\nabla c_k - z_k \frac{D_k F}{RT} c_k\nabla\phi + c_k u,\qquad \sum_k z_k c_k = 0

in plan view, section or full (J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed. 2004, chapter 11).
Reactions see concentrations and potential at the surface. Between the surface and the cell beside it lies liquid of
half a cell (section, full) or, in a plan, of a third of the height: a parabolic profile of a flux from the floor has
its mean N h / 3D below the surface (the closure). There the flux is that of `simcell.transport.kernels`, so it can
empty the surface but never take more than there is.

Reactions inside the liquid and what a beam makes there (`simcell.transport.bulk`) stand on the right side of the
balance of each cell. The surface of an electrode takes part, so that buffers hold there even where the layer in which
they act is thinner than the cell. In section and full it has a quarter of the cell beside it, as along a line. In a
plan, with the sources S of the mean m and of the surface s, it passes on

.. math:: \frac{3D}{h}(c_s - c_m) = N + \tfrac15 h\,[S(c_s) - S(c_m)]

where N is what the electrode gives: exact for what is made evenly, and right to first order in k h^2/D for a solute
that is lost at a rate k (expand the exact profile, a hyperbolic cosine). Where k h^2/D is large, that of a radical that
lives shortly, the surface has nearly the concentration of the mean and its current is too high: a case tells that.

Sides are sealed unless they have a reservoir, a composition right behind the side; liquid that flows out through a
side without reservoir carries what is there. A reservoir is a terminal like a metal: its potential is such that no
current leaves through it, except where the cell has no counter electrode: then all of it does, at potential 0.

Assumptions: as in `species`; steady flow; each metal has one potential; in a plan t >> 0.1 h^2/D and features along
the layer longer than about 3 h (`simcell.transport.validity`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from simcell.constants import GAS_CONSTANT, ROOM_TEMPERATURE
from simcell.numerics.grid import AXES, Array, Grid, Three
from simcell.transport.bulk import Bulk
from simcell.transport.electrode import Electrode, check_apart
from simcell.transport.kinetics import FARADAY
from simcell.transport.species import Ion, Reaction, Surface, balancing_ion, check_neutral

ROLES = ("working", "counter", "floating", "reference")


@dataclass(frozen=True, eq=False)
class Plate:
    """An electrode of the bath: where it lies, what reacts there, and what it is for.

    Parameters
    ----------
    place : Electrode
        Its name and cover (`simcell.transport.electrode.strip`, `patch`); potential, current, law and film of it are
        not used.
    surface : Surface
        Reactions, film and double layer.
    role : str
        ``working``: the protocol controls it. ``counter``: gives back the current, its metal is at 0 V. ``floating``:
        connected to nothing. ``reference``: passes no current and reacts with nothing, its potential is that of the
        liquid above it.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> from simcell.transport.bulk import Bulk
    >>> from simcell.transport.electrode import strip
    >>> g = section([0.0, 1.0, 2.0], [0.0, 1.0])
    >>> Plate(strip(g, "WE", 0.0, 1.0), Surface()).role
    'working'
    """

    place: Electrode
    surface: Surface
    role: str = "working"

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"role of electrode {self.place.name!r} is {self.role!r}: one of {', '.join(ROLES)}")
        if self.role == "reference" and (self.surface.reactions or self.surface.capacitance):
            raise ValueError(f"the reference electrode {self.place.name!r} can have no reactions and no double layer")

    @property
    def name(self) -> str:
        """Name of the electrode."""
        return self.place.name


@dataclass(frozen=True, eq=False)
class Bath:
    """Ions in a liquid between electrodes.

    Parameters
    ----------
    grid : Grid
        `plan`, `section` or `full`, not periodic.
    ions : sequence of Ion
    start : mapping of ion to number or (nz, ny, nx) array
        [mol/m^3]; electroneutral everywhere.
    plates : sequence of Plate
        One working electrode; at most one counter electrode; any number of others.
    reservoirs : mapping of side to composition
        Sides ``x-``, ``x+``, ``y-``, ``y+``, ``z+`` that are open, and what stands behind them [mol/m^3].
    flow : three arrays, optional
        Volume flow through the faces [m^3/s], shaped as `grid.area` (`simcell.cell.flow.Flow.volume_flow`).
    reference : (x, y), str or None
        Where the reference electrode stands [m], on the floor, or the name of a plate. None: potentials are against the
        metal of the counter electrode, or the reservoirs where there is none.
    balance : str
        Ion that follows from electroneutrality. Default: the most concentrated one that no reaction uses.
    temperature : float
        [K]
    bulk : Bulk, optional
        What reacts inside the liquid and what a beam makes there; its footprint has the shape of the grid.
    scales : mapping of ion to number
        Largest concentration [mol/m^3] that an ion is expected to reach, if that is more than at the start: errors
        are told against it.

    Raises
    ------
    ValueError
        Naming what does not fit: charge in a composition, unknown ions, electrodes that overlap, flow without
        reservoir.

    Examples
    --------
    >>> from simcell.numerics.grid import plan
    >>> from simcell.transport.bulk import Bulk
    >>> from simcell.transport.electrode import strip
    >>> from simcell.transport.species import plating
    >>> g = plan([0.0, 1e-6, 2e-6, 3e-6], [0.0, 1e-6], 0.5e-6)
    >>> salt = [Ion("Li+", 1, 1e-9), Ion("ClO4-", -1, 1.8e-9)]
    >>> li = Surface((plating("Li", "Li+", 1, 10.0, 100.0, 0.5, 0.5),))
    >>> a, b = strip(g, "a", 0.0, 1e-6), strip(g, "b", 2e-6, 3e-6)
    >>> Bath(g, salt, {"Li+": 100.0, "ClO4-": 100.0}, [Plate(a, li), Plate(b, li, "counter")]).balance
    'ClO4-'
    """

    grid: Grid
    ions: Sequence[Ion]
    start: Mapping[str, float | ArrayLike]
    plates: Sequence[Plate]
    reservoirs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    flow: Three | None = None
    reference: tuple[float, float] | str | None = None
    balance: str = ""
    temperature: float = ROOM_TEMPERATURE
    bulk: Bulk | None = None
    scales: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        grid, names = self.grid, [ion.name for ion in self.ions]
        if grid.kind not in {"plan", "section", "full"} or any(grid.periodic):
            raise ValueError("ions between electrodes need a plan, section or full grid that is not periodic")
        charges = {ion.name: ion.charge for ion in self.ions}
        for reaction in self.reactions:
            reaction.check(charges)
        if self.bulk is not None:
            self.bulk.check(charges)
            self.bulk.share(grid.shape)
        z = np.array([ion.charge for ion in self.ions], dtype=float)
        check_neutral(names, z, self.start, self.composition[:, grid.mask], "at the start")
        for side, there in self.reservoirs.items():
            if side not in {f"{axis}{sign}" for axis in AXES for sign in "-+"} - {"z-"}:
                raise ValueError(f"there is no open side {side!r}: x-, x+, y-, y+ or z+")
            if side == "z+" and grid.kind == "plan":
                raise ValueError("a plan has no open side 'z+'")
            check_neutral(names, z, there, np.array([[float(there.get(n, -1.0))] for n in names]), f"behind {side}")
        self._check_plates()
        if self.balance and charges.get(self.balance, 0) == 0:
            raise ValueError(f"the balancing ion {self.balance} is not a charged ion of the liquid")
        least = self.composition[:, grid.mask].min(axis=1)
        inside = self.bulk.solutes if self.bulk else ()
        object.__setattr__(self, "balance", self.balance or balancing_ion(self.ions, least, self.reactions, inside))
        if self.flow is not None:
            self._check_flow(self.flow)

    def _check_plates(self) -> None:
        check_apart(self.grid, [plate.place for plate in self.plates])
        for plate in self.plates:
            if plate.place.cover.shape != self.grid.shape[1:]:
                raise ValueError(f"electrode {plate.name!r} belongs to another grid")
        roles = [plate.role for plate in self.plates]
        for role, least in (("working", 1), ("counter", 0)):
            if not least <= roles.count(role) <= 1:
                raise ValueError(f"{roles.count(role)} electrodes are {role} electrodes: one is needed, at most one")
        if "counter" not in roles and not self.reservoirs:
            raise ValueError("nothing gives back the current: neither a counter electrode nor an open side")
        if isinstance(self.reference, str) and self.reference not in [plate.name for plate in self.plates]:
            raise ValueError(f"the reference {self.reference!r} is no electrode")
        if self.reference is not None and not isinstance(self.reference, str):
            for at, faces, axis in zip(self.reference, (self.grid.faces[2], self.grid.faces[1]), "xy", strict=True):
                if not faces[0] <= at <= faces[-1]:
                    raise ValueError(
                        f"the reference stands at {axis} = {at:g} m, outside {faces[0]:g} to {faces[-1]:g} m"
                    )

    def _check_flow(self, flow: Three) -> None:
        largest = max(float(np.abs(q).max()) for q in flow)
        for axis in range(3):
            if flow[axis].shape != self.grid.area[axis].shape:
                raise ValueError(f"the flow along {AXES[axis]} has the shape {flow[axis].shape} of another grid")
            for side, at, sign in ((f"{AXES[axis]}-", 0, 1.0), (f"{AXES[axis]}+", -1, -1.0)):
                inward = sign * np.take(flow[axis], at, axis)
                if side not in self.reservoirs and inward.max() > 1e-9 * largest:
                    raise ValueError(f"liquid flows in through {side}, which has no reservoir")
        lost = sum(np.diff(q, axis=axis) for axis, q in enumerate(flow))
        if np.abs(lost).max() > 1e-6 * largest:
            raise ValueError(f"the flow has a divergence of {np.abs(lost).max():g} m^3/s in a cell")

    @property
    def live(self) -> list[Plate]:
        """Plates that can pass current: the working one first, then the others as given."""
        able = [p for p in self.plates if p.role == "working" or p.surface.reactions or p.surface.capacitance]
        return sorted(able, key=lambda p: p.role != "working")

    @property
    def reactions(self) -> tuple[Reaction, ...]:
        """Of all live plates, in their order."""
        return tuple(r for plate in self.live for r in plate.surface.reactions)

    @property
    def composition(self) -> Array:
        """Concentrations at the start (ions, nz, ny, nx) [mol/m^3], in the order of `ions`."""
        shape = self.grid.shape
        missing = [ion.name for ion in self.ions if ion.name not in self.start]
        if missing:
            raise ValueError(f"the start does not name {missing[0]}")
        return np.array([np.broadcast_to(np.asarray(self.start[i.name], dtype=float), shape) for i in self.ions])

    @property
    def order(self) -> list[int]:
        """Indices of the ions with the balancing one last."""
        at = [ion.name for ion in self.ions].index(self.balance)
        return [k for k in range(len(self.ions)) if k != at] + [at]

    @property
    def terminals(self) -> tuple[str, ...]:
        """What current may pass: names of live plates, then open sides."""
        return (*(plate.name for plate in self.live), *self.reservoirs)

    @property
    def volts(self) -> float:
        """RT/F [V]."""
        return GAS_CONSTANT * self.temperature / FARADAY

    def area(self, name: str) -> float:
        """Of an electrode [m^2]."""
        plate = next(p for p in self.plates if p.name == name)
        return float((plate.place.cover * self.grid.area[0][0]).sum())

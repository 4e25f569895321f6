"""What a current distribution says: currents, drops, evenness; averages over cells or bins, never at an edge itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from simcell.numerics.grid import Array, Grid


@dataclass(frozen=True, eq=False)
class Distribution:
    """Potential and currents of one cell at one moment.

    Attributes
    ----------
    potential : (nz, ny, nx) array
        Of the liquid [V]; in a plan its mean over the height.
    metal : mapping
        Potential of each electrode [V]; of a film, that of its lead.
    current : mapping
        Of each electrode into the liquid [A], anodic positive.
    density, surface : mapping of (ny, nx) arrays
        Normal current density [A/m^2] and potential of the liquid [V] at each electrode, averaged over the part of each
        cell that it covers; 0 where it covers nothing.
    area : mapping of (ny, nx) arrays
        Covered area in each column [m^2].
    film : mapping of (ny, nx) arrays
        Potential along the metal of electrodes with a sheet resistance [V]; 0 where they cover nothing.
    kinetic : mapping
        Differential resistance of kinetics and film at each electrode's mean current density [ohm m^2].
    through : mapping
        Current into the liquid at open sides [A].
    unbalanced : float
        Sum of what the cells fail to conserve over the sum of all currents.
    warnings : tuple of str

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> from simcell.transport.current import distribute
    >>> from simcell.transport.electrode import strip
    >>> g = section(np.linspace(0.0, 4.0, 41), np.linspace(0.0, 1.0, 11))
    >>> d = distribute(g, 1.0, [strip(g, "a", 0.0, 1.0, 1.0), strip(g, "b", 3.0, 4.0, 0.0)])
    >>> abs(d.current["a"] + d.current["b"]) < 1e-12, d.edge_factor("a") > 1.0
    (True, True)
    """

    grid: Grid
    conductivity: Array
    potential: Array
    metal: Mapping[str, float]
    current: Mapping[str, float]
    density: Mapping[str, Array]
    surface: Mapping[str, Array]
    area: Mapping[str, Array]
    film: Mapping[str, Array] = field(default_factory=dict)
    kinetic: Mapping[str, float] = field(default_factory=dict)
    through: Mapping[str, float] = field(default_factory=dict)
    steps: int = 0
    iterations: int = 0
    unbalanced: float = 0.0
    warnings: tuple[str, ...] = ()

    def resistance(self, one: str, other: str) -> float:
        """Potential difference of two metals over the current of the first [ohm]; kinetics included."""
        if self.current[one] == 0.0:
            raise ValueError(f"electrode {one!r} carries no current: a resistance has no meaning")
        return (self.metal[one] - self.metal[other]) / self.current[one]

    def wagner(self, name: str) -> float:
        """Conductivity times kinetic resistance over half the width along x: above 1 the current is about even."""
        low, high = self.extent(name)
        return self._conductivity(name) * self.kinetic[name] / (0.5 * (high - low))

    def penetration(self, name: str) -> float:
        """L_p / H of an electrode, H the mean thickness above it: what `simcell.transport.validity` judges by."""
        height = self.grid.volume.sum(axis=0) / self.grid.area[0][0]
        mean = float(np.average(height, weights=self.area[name]))
        return float(np.sqrt(self._conductivity(name) * self.kinetic[name] / mean))

    def _conductivity(self, name: str) -> float:
        return float(np.average(self.conductivity[0], weights=self.area[name]))

    def ohmic_drop(self, one: str, other: str) -> float:
        """Difference of the liquid's potential between two electrodes [V], each weighted with its current."""
        return self.liquid(one) - self.liquid(other)

    def film_drop(self, name: str) -> tuple[float, float]:
        """Largest and mean difference between an electrode's lead and its film [V], the mean weighted with the current.

        Both 0 for an electrode without sheet resistance.
        """
        if name not in self.film:
            return 0.0, 0.0
        bare = self.area[name] > 0.0
        drop = self.metal[name] - self.film[name][bare]
        weight = np.abs(self.density[name] * self.area[name])[bare]
        mean = float((drop * weight).sum() / weight.sum()) if weight.sum() > 0.0 else 0.0
        return float(drop[np.argmax(np.abs(drop))]), mean

    def liquid(self, name: str) -> float:
        """Potential of the liquid at an electrode [V], weighted with the current, or the area where none flows."""
        weight = np.abs(self.density[name]) * self.area[name]
        if weight.sum() == 0.0:
            weight = self.area[name]
        return float((self.surface[name] * weight).sum() / weight.sum())

    def bins(self, name: str, bounds: ArrayLike) -> Array:
        """Mean current density [A/m^2] of an electrode between positions along x; the y direction is averaged.

        Current is spread evenly over the covered part of a cell. A bin without electrode is an error.
        """
        bounds = np.asarray(bounds, dtype=float)
        x = self.grid.faces[2]
        total = np.concatenate([[0.0], np.cumsum((self.density[name] * self.area[name]).sum(axis=0))])
        area = np.concatenate([[0.0], np.cumsum(self.area[name].sum(axis=0))])
        low, high = self.extent(name)
        # positions measured in covered area: cells covered in part are covered from the electrode's side
        within = np.clip(x, low, high)
        parts = np.diff(np.interp(bounds, within, area))
        if np.any(parts <= 0.0):
            raise ValueError(f"a bin holds nothing of electrode {name!r}, which reaches from {low:g} m to {high:g} m")
        return np.diff(np.interp(bounds, within, total)) / parts

    def extent(self, name: str) -> tuple[float, float]:
        """First and last position along x that an electrode covers [m], cells covered in part counted by their part."""
        columns = self.area[name].sum(axis=0)
        x, on = self.grid.faces[2], np.flatnonzero(columns > 0.0)
        whole = self.grid.area[0][0].sum(axis=0)
        first, last = on[0], on[-1]
        low, high = x[first], x[last + 1]
        if first != last:
            full = columns.max() / whole[np.argmax(columns)]
            low = x[first + 1] - min(1.0, columns[first] / (whole[first] * full)) * (x[first + 1] - x[first])
            high = x[last] + min(1.0, columns[last] / (whole[last] * full)) * (x[last + 1] - x[last])
        return float(low), float(high)

    def edge_factor(self, name: str, bins: int | None = None) -> float:
        """Largest over mean current density of cells covered by half or more, or of `bins` equal bins along x."""
        mean = self.current[name] / self.area[name].sum()
        if mean == 0.0:
            raise ValueError(f"electrode {name!r} carries no net current: an edge factor has no meaning")
        if bins is not None:
            return float(np.max(self.bins(name, np.linspace(*self.extent(name), bins + 1)) / mean))
        area = self.area[name]
        counted = area >= 0.5 * self.grid.area[0][0]
        counted &= area > 0.0
        return float(np.max((self.density[name] / mean)[counted if counted.any() else area > 0.0]))

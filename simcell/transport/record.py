"""What a protocol gave: traces, profiles and books."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicHermiteSpline

from simcell.numerics.grid import Array
from simcell.transport.kinetics import FARADAY
from simcell.transport.species import Liquid, Surface


@dataclass(frozen=True, eq=False)
class Record:
    """Everything at every step; anodic current is positive.

    Parameters
    ----------
    time : (nt,) array
        [s]
    segment : (nt,) array of int
    potential : (nt,) array
        Working electrode against the reference [V], as the instrument shows it (after iR compensation).
    metal : (nt,) array
        Potential of the working metal [V].
    current : (nt,) array
        Density at the working electrode [A/m^2], with that of the double layer.
    ohmic_drop : (nt,) array
        Between the surface of the working electrode and the reference, in the liquid [V].
    reactions : tuple of str
    reaction_current, charging_current : (nt, reactions), (nt, 2) arrays
        Per area of the working electrode [A/m^2].
    reaction_charge, charging_charge : arrays
        Sums since the start [C].
    passed : (nt, 2, ions) array
        What came into the liquid through both ends since the start [mol].
    ions : tuple of str
    concentration : (nt, ions, n + 2) array
        [mol/m^3]; the first and last are those at the surfaces.
    liquid : (nt, n + 2) array
        Potential in the liquid [V].
    position : (n + 2,) array
        [m]
    ends : tuple of (segment, time, reason)
        ``time``, or the quantity whose limit was met.
    inventory : (2, ions) array
        Amount in the liquid at the start and at the end [mol].
    made : (3, ions) array
        What a beam has produced [mol]: in the quarter of a cell that is the surface at the first end (it counts in
        `passed`), between, and at the last end.
    collected : (nt,) array
        Electrons that a beam has left in the working metal [C/m^2]; `current` has their part in it.
    rise : (nt,) array
        Temperature of the liquid less that at the start [K].
    joule : (nt,) array
        Heat of the current in the liquid [W/m^3]; 0 where nothing is heated.
    gas : (nt, n, gases) array
        Amounts in bubbles [mol/m^3 of cell].
    share : (nt, n) array
        Of the volume that they take.
    displaced : (nt, ions) array
        What the liquid that bubbles have displaced held [mol].
    liquid_of : Liquid
    warnings : tuple of str

    Examples
    --------
    >>> "current" in Record.__dataclass_fields__
    True
    """

    time: Array
    segment: NDArray[np.int64]
    potential: Array
    metal: Array
    current: Array
    ohmic_drop: Array
    reactions: tuple[str, ...]
    reaction_current: Array
    charging_current: Array
    reaction_charge: Array
    charging_charge: Array
    passed: Array
    ions: tuple[str, ...]
    concentration: Array
    liquid: Array
    position: Array
    ends: tuple[tuple[int, float, str], ...]
    inventory: Array
    made: Array
    collected: Array
    rise: Array
    joule: Array
    gas: Array
    share: Array
    displaced: Array
    liquid_of: Liquid
    warnings: tuple[str, ...] = ()

    def sampled(self, times: ArrayLike, what: str = "current") -> Array:
        """A trace at other times [s], by cubics inside each segment; NaN before the first step and after the last."""
        times, values = np.atleast_1d(np.asarray(times, dtype=float)), getattr(self, what)
        answer = np.full(times.shape, np.nan)
        first = self.time[0]
        for number, end, _ in self.ends:
            rows, wanted = self.segment == number, (times >= first) & (times <= end)
            if rows.sum() > 2 and wanted.any():
                slope = np.gradient(values[rows], self.time[rows], edge_order=2)
                answer[wanted] = CubicHermiteSpline(self.time[rows], values[rows], slope)(times[wanted])
            first = end
        return answer

    def surface(self, ion: str) -> Array:
        """Concentration of an ion at the working electrode (nt,) [mol/m^3]."""
        return self.concentration[:, self.ions.index(ion), 0]

    @property
    def interface(self) -> Array:
        """Metal less liquid at its surface (nt,) [V]: what drives the reactions and a film, free of iR and drift."""
        return self.metal - self.liquid[:, 0]

    @property
    def books(self) -> float:
        """Largest error of the balance of any ion, over the most that was moved: inventory, ends and reactions.

        With reactions inside the liquid, of everything that these conserve.
        """
        bulk = self.liquid_of.bulk
        laws = bulk.laws(self.ions) if bulk else np.eye(len(self.ions))
        moved = max(np.abs(self.passed).max(), np.abs(self.made).max())
        through = self.passed[-1] @ laws.T
        change = laws @ (self.inventory[1] - self.inventory[0] - self.made[1] + self.bubbles + self.displaced[-1])
        worst = float(np.abs(change - through.sum(axis=0)).max())
        made = [self._made(name) for name in self.ions]
        for side in range(2):
            if made[0][side] is not None:
                there = laws @ (np.array([m[side] for m in made], dtype=float) + self.made[2 * side])
                worst = max(worst, float(np.abs(through[side] - there).max()))
        return float(worst / moved)

    @property
    def bubbles(self) -> Array:
        """What is in bubbles at the end, of each ion [mol]."""
        liquid = self.liquid_of
        held = np.zeros(len(self.ions))
        for g, name in enumerate(liquid.gas.names if liquid.gas else ()):
            held[self.ions.index(name)] = self.gas[-1, :, g] @ liquid.grid.volume.ravel()
        return held

    @property
    def entered(self) -> Array:
        """What came in since the start (ions) [mol], made by electrodes and through other ends, bubbles deducted.

        Bubbles and the liquid that they have displaced are no longer in `inventory`.
        """
        made = np.array([self._made(name) for name in self.ions], dtype=object)
        sides = [self.passed[-1, n] if made[0, n] is None else made[:, n].astype(float) for n in range(2)]
        return np.asarray(sides[0] + sides[1] - self.bubbles - self.displaced[-1])

    def _made(self, name: str) -> list[float | None]:
        """What reactions and charging put into the liquid at both ends [mol]; none where the end is no electrode."""
        liquid = self.liquid_of
        own = len(liquid.working.reactions)
        charge = next(i.charge for i in liquid.ions if i.name == name)
        answer: list[float | None] = []
        for side, rows in enumerate((range(own), range(own, len(self.reactions)))):
            if side == 1 and not isinstance(liquid.other, Surface):
                answer.append(None)
                continue
            total = 0.0
            for r in rows:
                reaction = liquid.reactions[r]
                total += reaction.makes.get(name, 0.0) * self.reaction_charge[-1, r] / (reaction.electrons * FARADAY)
            if name == liquid.balance:
                total += float(self.charging_charge[-1, side]) / (charge * FARADAY)
            answer.append(float(total))
        return answer

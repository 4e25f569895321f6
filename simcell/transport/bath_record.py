"""What a protocol gave in a bath: traces at every step, fields at chosen times, and books."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcell.numerics.grid import Array
from simcell.transport.bath import Bath
from simcell.transport.kinetics import FARADAY


@dataclass(frozen=True, eq=False)
class BathRecord:
    """Traces (nt steps), fields (nf times) and books; anodic current is positive.

    Parameters
    ----------
    time : (nt,) array
        [s]
    segment : (nt,) array of int
    potential : (nt,) array
        Working electrode against the reference [V], as the instrument shows it (after iR compensation).
    current : (nt,) array
        Mean density at the working electrode [A/m^2], with that of the double layer.
    electrodes : tuple of str
        Those that pass current, the working one first.
    electrode_current : (nt, electrodes) array
        [A]
    electrode_potential : (nt, electrodes) array
        Of the metals, against that of the counter electrode or the reservoirs [V].
    ohmic_drop : (nt, electrodes) array
        Liquid at the surface (mean over the electrode) less that at the reference [V].
    reactions : tuple of str
    reaction_current, charging_current : (nt, reactions), (nt, electrodes) arrays
        [A]
    reaction_charge, charging_charge : arrays
        Sums since the start [C].
    terminals : tuple of str
        Electrodes, open sides, and ``outflow`` through sides without reservoir.
    ions : tuple of str
    passed : (nt, terminals, ions) array
        What came into the liquid since the start [mol].
    field_time : (nf,) array
        [s]
    concentration : (nf, ions, nz, ny, nx) array
        [mol/m^3]
    liquid : (nf, nz, ny, nx) array
        Potential in the liquid [V], against the same as the metals.
    current_density : (nf, ny, nx) array
        Mean over each column's floor that is covered, NaN where none is [A/m^2].
    surface : (nf, ions, ny, nx) array
        Concentration at electrodes, NaN elsewhere [mol/m^3].
    ends : tuple of (segment, time, reason)
        ``time``, or the quantity whose limit was met.
    inventory : (2, ions) array
        Amount in the liquid at the start and at the end [mol].
    made : (1 + electrodes, ions) array
        What a beam has produced [mol] in the cells, and at each electrode in the part of them that belongs to its
        surface (it counts in `passed`).
    bath : Bath
    work : dict
        Steps, Newton iterations, linear solves, multigrid cycles, preconditioners built.

    Examples
    --------
    >>> "current_density" in BathRecord.__dataclass_fields__
    True
    """

    time: Array
    segment: NDArray[np.int64]
    potential: Array
    current: Array
    electrodes: tuple[str, ...]
    electrode_current: Array
    electrode_potential: Array
    ohmic_drop: Array
    reactions: tuple[str, ...]
    reaction_current: Array
    charging_current: Array
    reaction_charge: Array
    charging_charge: Array
    terminals: tuple[str, ...]
    ions: tuple[str, ...]
    passed: Array
    field_time: Array
    concentration: Array
    liquid: Array
    current_density: Array
    surface: Array
    ends: tuple[tuple[int, float, str], ...]
    inventory: Array
    made: Array
    bath: Bath
    work: dict[str, int]

    @property
    def books(self) -> float:
        """Largest error of the balance of any ion, over the most that was moved: inventory, terminals and reactions.

        With reactions inside the liquid, of everything that these conserve.
        """
        bulk = self.bath.bulk
        laws = bulk.laws(self.ions) if bulk else np.eye(len(self.ions))
        moved = max(float(np.abs(self.passed).max()), float(np.abs(self.made).max()))
        through = self.passed[-1] @ laws.T
        change = laws @ (self.inventory[1] - self.inventory[0] - self.made[0])
        worst = float(np.abs(change - through.sum(axis=0)).max())
        for t in range(len(self.electrodes)):
            there = laws @ (np.array([self.given(name, t) for name in self.ions]) + self.made[1 + t])
            worst = max(worst, float(np.abs(through[t] - there).max()))
        return worst / moved

    @property
    def entered(self) -> Array:
        """What came in since the start (ions) [mol]: made by electrodes, and through open sides."""
        count = len(self.electrodes)
        made = [[self.given(name, t) for name in self.ions] for t in range(count)]
        return np.asarray(np.sum(made, axis=0) + self.passed[-1, count:].sum(axis=0))

    def given(self, ion: str, electrode: int) -> float:
        """What reactions and double layer of an electrode put into the liquid [mol]."""
        bath, total, r = self.bath, 0.0, 0
        for t, plate in enumerate(bath.live):
            for reaction in plate.surface.reactions:
                if t == electrode:
                    per = reaction.makes.get(ion, 0.0) / (reaction.electrons * FARADAY)
                    total += per * float(self.reaction_charge[-1, r])
                r += 1
        if ion == bath.balance:
            charge = next(i.charge for i in bath.ions if i.name == ion)
            total += float(self.charging_charge[-1, electrode]) / (charge * FARADAY)
        return total

"""Maps of a case of currents seen from above: when each place is empty, what a reference electrode would read where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.numerics.grid import Array
from simcell.studies.currents import run_currents
from simcell.studies.electrodes import outlines_of
from simcell.studies.reactions import by_role
from simcell.studies.strip import strip_of
from simcell.transport.depletion import Depletion, depletion
from simcell.transport.distribution import Distribution
from simcell.transport.kinetics import FARADAY
from simcell.transport.reference import Reading, best_place, errors, read

PAD = 0.25  # size of a reference electrode whose size is not known, over the width of the working electrode
LONGEST = 20.0  # times the time until the middle of a strip is empty: to when depletion is followed


@dataclass(frozen=True, eq=False)
class Outlook:
    """What the picture of a case shows.

    Attributes
    ----------
    distribution : Distribution
        Of the current, seen from above.
    working : str
    depletion : Depletion
    errors : (ny, nx) array
        Mean iR error of a reference electrode at each place [V]; NaN on electrodes.
    best : Reading or None
        At the best place; None without a counter electrode.
    standing : Reading or None
        Where the reference electrode of the case stands.
    outlines : dict
        Of all electrodes [m].

    Examples
    --------
    >>> sorted(Outlook.__dataclass_fields__)[:3]
    ['best', 'depletion', 'distribution']
    """

    distribution: Distribution
    working: str
    depletion: Depletion
    errors: Array
    best: Reading | None
    standing: Reading | None
    outlines: dict[str, Array]

    @property
    def sentences(self) -> list[str]:
        """What the maps say, in words."""
        d, found = self.depletion, []
        x, y = (1e6 * p for p in d.place)
        if np.isfinite(d.first):
            found.append(f"empty first at x = {x:.3g} um, y = {y:.3g} um, after {d.first:.3g} s")
        else:
            found.append(f"nothing is empty within {d.end:.3g} s")
        for name, reading in (("best place", self.best), ("where it stands", self.standing)):
            if reading is not None:
                x, y = (1e6 * p for p in reading.place)
                found.append(
                    f"reference electrode, {name} (x = {x:.3g} um, y = {y:.3g} um"
                    f"{', behind the working electrode' if reading.behind else ''}): mean iR error "
                    f"{1e3 * reading.mean:.3g} mV, largest {1e3 * reading.largest:.3g} mV, uncompensated fraction "
                    f"{reading.fraction:.3g}"
                )
        return found


def outlook_of(case: CaseInput) -> Outlook:
    """Solve the current of a case as a plan and work out the maps.

    Raises
    ------
    InputError
        If the case carries no current.

    Examples
    --------
    >>> outlook_of.__name__
    'outlook_of'
    """
    flat = case.model_copy(
        update={
            "grid": case.grid.model_copy(update={"geometry": "plan"}),
            "transport": case.transport.model_copy(update={"doubtful": "warn", "level": "auto"}),
        }
    )
    strip = strip_of(case)
    d = run_currents(flat).distribution
    working, counter, reference = (by_role(case, role) for role in ("working", "counter", "reference"))
    assert working is not None  # `strip_of` has seen it
    current = d.current[working.name]
    if current == 0.0:
        raise InputError(Problem("", "protocol.steps", None, "no current flows: there is nothing to map"))
    taking = [working.name] + ([counter.name] if counter is not None and strip.dissolving else [])
    flow = sum((np.sign(current) * d.density[n] * d.area[n] for n in taking), np.zeros(d.grid.shape[1:]))
    sink = (1.0 - strip.transference) * flow / (strip.electrons * FARADAY)
    sides = () if case.grid.edge == "closed" else ("x-", "x+", "y-", "y+")
    mean = strip.with_values(current_density=abs(current) / d.area[working.name].sum())
    from simcell.transport.designs import figures

    end = LONGEST * float(figures(mean.designs())["depletion_time"])
    emptied = depletion(d.grid, sink, strip.concentration, strip.diffusivity, end, sides)
    best = standing = None
    if counter is not None:
        size = PAD * float(np.asarray(strip.width))
        best = best_place(d, working.name, counter.name, size)
        if reference is not None:
            place = reference.position or tuple(outlines_of(case)[reference.name].mean(axis=0))
            standing = read(d, working.name, counter.name, (float(place[0]), float(place[1])))
    return Outlook(d, working.name, emptied, errors(d, working.name), best, standing, outlines_of(case))

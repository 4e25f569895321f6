"""What the thin films of electrodes cost, from closed forms before anything is solved."""

from __future__ import annotations

import numpy as np

from simcell.cell.polygon import area_of, narrowest
from simcell.errors import InputError
from simcell.inputs.case import CaseInput
from simcell.studies.currents import ready_of
from simcell.studies.electrodes import outlined, outlines_of
from simcell.transport.validity import judge_film

NOTHING_ASKED = 1e-6  # A: for electrodes of cases that set no current


def film_words(case: CaseInput) -> tuple[str, ...]:
    """Drop and unevenness that each film makes, and whether the run solves it.

    The film is taken as a band as wide as the outline is narrow; passivated area is lead. Charge transfer is that of
    the fastest electrode at the current asked for, so the unevenness is an upper end.

    Examples
    --------
    >>> from simcell.case import Case
    >>> film = {"thickness": "80 nm", "resistivity": "4.5e-5 ohm*m", "contact": "y-"}
    >>> case = Case.from_dict({"case": {"physics": ["transport"]}, "cell": {"spacer_height": "1 um"},
    ...     "grid": {"extent": "50 um", "extent_y": "50 um"},
    ...     "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "electrode": [{"name": "a", "role": "working", "film": film,
    ...                    "rectangle": {"x": ["0 um", "5 um"], "y": ["0 um", "20 um"]}}],
    ...     "protocol": {"steps": [{"technique": "galvanostatic", "current": "1 uA"}]}})
    >>> film_words(case.input)
    ('a, at 1 uA: a sheet resistance of 562 ohm costs up to 1.1 mV ...: the run solves the film',)
    """
    films = [e for e in outlined(case) if e.film is not None]
    if not films or case.grid.geometry == "line":
        return ()
    try:
        ready = ready_of(case)
    except InputError:
        return ()  # told by the run, and by whatever else is said of the case
    kappa, step = ready.solution.conductivity, case.protocol.steps[0]
    found = []
    for e in films:
        assert e.film is not None
        outline, hidden = outlines_of(case)[e.name], sum(area_of(np.array(p)) for p in e.passivated)
        width, bare = narrowest(outline), area_of(outline) - hidden
        density = getattr(step, "current_density", None)
        current = getattr(step, "current", None) or (density * bare if density else NOTHING_ASKED)
        resistance = ready.resistance(current / bare) + ready.thickness / (3.0 * kappa)
        judged = judge_film(e.film.sheet, resistance, current, bare / width, width, hidden / width**2)
        text = judged.words.rpartition(":")[0]
        found.append(f"{e.name}, at {1e6 * abs(current):.3g} uA: {text}: the run solves the film")
    return tuple(found)

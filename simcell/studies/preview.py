"""What can be said of a case of currents and ions before it runs: level, model, scales, remarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from simcell.inputs.case import CaseInput
from simcell.studies.currents import asked_density, chosen_geometry, ready_of
from simcell.studies.electrodes import outlined
from simcell.studies.irradiated import irradiated
from simcell.studies.line import line_of
from simcell.studies.solution import Solution
from simcell.studies.transport import is_tertiary

MODELS = {
    "independent": "independent ions",
    "speciated": "independent ions with pairs and buffers that react",
    "concentrated": "a concentrated binary salt",
}


def preview(case: CaseInput, folder: Path | None = None) -> dict[str, Any]:
    """Facts about a case: `beam`, `liquid` and `space` as name -> (value, unit), `computes` as words, `warnings`.

    Parameters
    ----------
    case : CaseInput
    folder : Path, optional
        From which the path of a mechanism of one's own starts.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        For whatever a run would refuse before it solves.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"physics": ["transport"]}, "cell": {"spacer_height": "1 um"},
    ...     "grid": {"extent": "50 um"}, "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "electrode": [{"name": "a", "role": "working", "rectangle": {"x": ["0 um", "5 um"]}}],
    ...     "protocol": {"steps": [{"technique": "potentiostatic", "potential": "1 V"}]}}).input
    >>> preview(case)["computes"]["model"]
    'primary current distribution, section'
    """
    if case.grid.geometry == "line":
        return _of_line(case, folder)
    found = _of_currents(case, folder)
    if is_tertiary(case):
        from simcell.studies.bath import bath_of

        made = bath_of(case, folder)
        found["space"] |= {
            "cells": (float(made.bath.grid.volume.size), "1"),
            "duration of the protocol": (float(sum(s.duration for s in made.segments)), "s"),
        }
        found["computes"]["model"] = f"tertiary: ions in a {made.geometry}, electroneutral, independent"
        found["warnings"] = list(made.warnings)
    return found


def _liquid(solution: Solution) -> dict[str, tuple[float, str]]:
    found = {name: (c, "mol/m^3") for name, c in solution.concentrations.items() if c > 0.0}
    return {**found, "conductivity": (solution.conductivity, "S/m")}


def _of_currents(case: CaseInput, folder: Path | None) -> dict[str, Any]:
    wet = irradiated(case, folder) if "radiolysis" in case.case.physics else None
    ready = ready_of(case, wet.solution if wet else None)
    density = asked_density(ready)
    resistance = ready.resistance(density)
    validity = ready.judged(resistance)
    geometry = chosen_geometry(ready, validity)
    kappa, h = ready.solution.conductivity, ready.thickness
    space = {
        "liquid thickness": (h, "m"),
        "narrowest electrode or gap": (ready.feature, "m"),
        "penetration of the current, L_p": (float(np.sqrt(kappa * resistance * h)), "m"),
        "L_p over thickness": (validity.penetration, "1"),
        "narrowest feature over thickness": (validity.feature, "1"),
    }
    if resistance > 0.0:
        space["Wagner number of the narrowest"] = (kappa * resistance / (0.5 * ready.feature), "1")
    at = f"at {density:.3g} A/m^2" if density else "at rest, and it is judged again at the current of the run"
    computes = {
        "model": f"{ready.level} current distribution, {geometry}",
        "validity": f"{validity.words} ({at})",
        "conductivity": ready.solution.source,
        "electrodes": ", ".join(f"{e.name} ({e.role})" for e in outlined(case)),
    }
    return {"liquid": _liquid(ready.solution), "space": space, "computes": computes,
            "warnings": list(ready.solution.warnings)}  # fmt: skip


def _of_line(case: CaseInput, folder: Path | None) -> dict[str, Any]:
    line = line_of(case, folder)
    faces = line.liquid.grid.faces[2]
    slowest = min(ion.diffusivity for ion in line.liquid.ions)
    space = {
        "length": (float(faces[-1]), "m"),
        "cells": (float(faces.size - 1), "1"),
        "smallest cell": (float(np.diff(faces).min()), "m"),
        "time to diffuse along it": (float(faces[-1] ** 2 / slowest), "s"),
        "duration of the protocol": (float(sum(s.duration for s in line.segments)), "s"),
    }
    if line.area is not None:
        space["area of the working electrode"] = (line.area, "m^2")
    computes = {
        "model": f"tertiary: ions along a line, electroneutral; {MODELS[case.transport.solution]}",
        "validity": "one dimension: no edges, and no liquid beside the electrode; layers much thicker than the Debye "
        "length",
        "balancing ion": line.liquid.balance,
        "steps": f"{len(case.protocol.steps)} in {len(line.segments)} segments",
    }
    liquid = {name: (c, "mol/m^3") for name, c in line.solution.concentrations.items()}
    beam = {} if line.wet is None else {"dose_rate": (line.wet.beam.dose_rate, "Gy/s")}
    if line.wet is not None:
        mechanism = line.wet.setup.mechanism
        computes["mechanism"] = f"{mechanism.name}: {len(liquid)} species, {len(mechanism.reactions)} reactions"
        computes["model"] += "; made by the beam and reacting, in one system"
    return {"beam": beam, "liquid": liquid, "space": space, "computes": computes, "warnings": list(line.warnings)}

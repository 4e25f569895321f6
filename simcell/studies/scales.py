"""What can be said of a case in space before it runs: cells, thickness, flow, times, memory."""

from __future__ import annotations

import numpy as np

from simcell.inputs.case import CaseInput
from simcell.radiolysis.field import memory_of
from simcell.studies.cell import washout_of
from simcell.studies.footprint import footprint_of
from simcell.studies.in_space import InSpace
from simcell.studies.setup import output_times

SLOWEST = ("H2O2", "O2", "H2")  # of these the first that the mechanism has stands for what spreads far


def scales(case: CaseInput, ready: InSpace) -> dict[str, tuple[float, str]]:
    """Numbers of a case in space with their SI units, in the order in which they are told.

    Parameters
    ----------
    case : CaseInput
    ready : InSpace

    Returns
    -------
    dict
        Name -> (value, unit). Diffusion times and Peclet numbers are those of H2O2, or of O2 or H2 where there is none.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.setup import mechanism_of
    >>> from simcell.studies.in_space import in_space
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}}).input
    >>> value, unit = scales(case, in_space(case, mechanism_of(case)))["time to diffuse across the grid"]
    >>> round(value, 2), unit
    (0.44, 's')
    """
    grid, names = ready.layout.grid, ready.setup.problem.net.names
    found: dict[str, tuple[float, str]] = {"cells": (float(grid.volume.size), "1")}
    for axis, faces in zip("zyx", grid.faces, strict=True):
        if faces.size > 2 and not (axis == "z" and grid.kind == "full"):
            found[f"smallest cell along {axis}"] = (float(np.diff(faces).min()), "m")
            found[f"largest cell along {axis}"] = (float(np.diff(faces).max()), "m")
    if case.cell.spacer_height is not None:
        found["thinnest liquid"] = (float(ready.layout.height.min()), "m")
        found["thickest liquid"] = (float(ready.layout.height.max()), "m")
    slow = next((s for s in SLOWEST if s in names), names[0])
    d = float(ready.diffusivity[names.index(slow)])
    found["time to diffuse out of the beam"] = (footprint_of(case.beam).area / (np.pi * d), "s")
    if grid.kind == "radial":
        found["time to diffuse across the grid"] = (float(grid.faces[2][-1] ** 2 / d), "s")
    else:
        found |= _exchange(ready, d)
    if grid.kind != "radial":
        dimensions = sum(n > 1 for n in grid.shape)
        bytes_ = memory_of(grid.volume.size, len(names), dimensions, output_times(case).size)
        found["memory"] = (bytes_ / 1e9, "GB")
    return found


def _exchange(ready: InSpace, d: float) -> dict[str, tuple[float, str]]:
    flow = ready.layout.flow
    times = washout_of(ready.layout.grid, flow, d)
    found = {"time to diffuse across the grid": (times.diffusion, "s")}
    if flow is not None:
        found |= {
            "flow through the grid": (flow.gap_flow, "m^3/s"),
            "share of the flow": (flow.share, "1"),
            "mean velocity": (flow.mean_velocity, "m/s"),
            "pressure drop": (flow.pressure_drop, "Pa"),
            "Reynolds number": (flow.reynolds, "1"),
            "Peclet number": (times.peclet, "1"),
            "time of the flow to cross the grid": (times.plug, "s"),
            "time to wash out all but 5 %": (times.time, "s"),
        }
    return found

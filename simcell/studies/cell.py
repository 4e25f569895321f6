"""From the section ``[cell]`` to windows, thickness of the liquid and flow: SI numbers in, physics out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcell.beam.shape import Box
from simcell.cell.flow import Flow, flow_between
from simcell.cell.paths import channel_resistance
from simcell.cell.thickness import deflections, doubts, liquid_thickness
from simcell.cell.washout import Washout, washout
from simcell.cell.window import Window
from simcell.chemistry import water
from simcell.chemistry.network import Array
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.cell import CellInput, windows_of
from simcell.inputs.window import WindowInput, window_material
from simcell.numerics.grid import Grid


@dataclass(frozen=True)
class Gap:
    """Thickness of the liquid at given positions, and what to doubt of it.

    Examples
    --------
    >>> Gap(np.full((1, 1), 5e-7), ()).height.shape
    (1, 1)
    """

    height: Array  # (ny, nx) m
    warnings: tuple[str, ...]


def window_of(w: WindowInput) -> Window:
    """One window with the properties of its material.

    Examples
    --------
    >>> window_of(WindowInput(thickness="50 nm", width="50 um", length="200 um")).aspect
    4.0
    """
    film = window_material(w.material)
    stress = film.stress if w.residual_stress is None else w.residual_stress
    return Window(w.width, w.length, w.thickness, film.youngs, film.poisson, stress)


def rim_of(cell: CellInput) -> Box | None:
    """Where both windows let the beam through; None where the case names no windows.

    Examples
    --------
    >>> rim_of(CellInput()) is None
    True
    """
    both = windows_of(cell)
    return Box.of(min(w.width for w in both), min(w.length for w in both)) if both else None


def gap_of(cell: CellInput, x: Array, y: Array) -> Gap:
    """Thickness of the liquid: the spacer, and within the windows their bulge.

    Raises
    ------
    InputError
        If the windows touch.

    Examples
    --------
    >>> gap_of(CellInput(spacer_height="500 nm"), np.zeros(1), np.zeros(1)).height
    array([[5.e-07]])
    """
    spacer = cell.spacer_height or 1.0
    if cell.bulge in (None, "none"):
        return Gap(np.full((y.size, x.size), spacer), ())
    windows = [window_of(w) for w in windows_of(cell)]
    total = None if isinstance(cell.bulge, str) else cell.bulge
    pressure = cell.pressure if total is None else None
    try:
        height = liquid_thickness(x, y, spacer, windows, pressure=pressure, total=total)
    except ValueError as error:
        raise InputError(Problem("", "cell.bulge", cell.bulge, str(error))) from None
    middles = deflections(windows, pressure=pressure, total=total)
    strengths = [window_material(w.material).strength for w in windows_of(cell)]
    found = [text for parts in zip(windows, middles, strengths, strict=True) for text in doubts(*parts)]
    return Gap(height, tuple(dict.fromkeys(found)))


def flow_of(case: CaseInput, grid: Grid) -> Flow | None:
    """Flow through the cells; None where the liquid is at rest.

    Raises
    ------
    InputError
        If no liquid joins inlet and outlet, or the grid has no such sides.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.numerics.grid import batch
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    >>> flow_of(case.input, batch()) is None
    True
    """
    cell, t = case.cell, case.electrolyte.temperature
    if cell.flow is None or not (cell.flow_rate or cell.pressure_drop):
        return None
    viscosity = cell.flow.viscosity or water.viscosity(t)
    path = cell.flow.bypass
    beside = None if path is None else channel_resistance(path.height, path.width, path.length, viscosity)
    try:
        return flow_between(
            grid, viscosity, cell.flow.inlet, cell.flow.outlet, flow_rate=cell.flow_rate,
            pressure_drop=cell.pressure_drop, bypass_resistance=beside, bypass_share=cell.flow.bypass_share,
            density=water.density(t),
        )  # fmt: skip
    except ValueError as error:
        raise InputError(Problem("", "cell.flow", None, str(error))) from None


def washout_of(grid: Grid, flow: Flow | None, diffusivity: float) -> Washout:
    """Times in which fresh liquid replaces the old one in the grid, for a solute of given diffusivity [m^2/s].

    Examples
    --------
    >>> from simcell.numerics.grid import plan
    >>> still = washout_of(plan([0.0, 1e-4], [0.0, 1e-4], 5e-7), None, 1e-9)
    >>> still.plug, round(still.diffusion, 9)
    (inf, 10.0)
    """
    lengths = {axis: float(f[-1] - f[0]) for axis, f in zip("zyx", grid.faces, strict=True)}
    volume = float(grid.volume.sum())
    across = lengths["y"] if grid.kind != "radial" else float("nan")
    height = volume / (lengths["x"] * across) if grid.kind in ("plan", "full") else lengths["z"]
    if flow is None:
        return washout(lengths["x"], height, 0.0, diffusivity)
    along = "x" if np.abs(flow.volume_flow[2]).max() > np.abs(flow.volume_flow[1]).max() else "y"
    return washout(lengths[along], height, flow.mean_velocity, diffusivity)

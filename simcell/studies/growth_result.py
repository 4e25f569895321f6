"""What a result keeps of a run of growth, labelled, and the whole run of a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell.dendrite import arms
from simcell.dendrite.layer import State
from simcell.dendrite.outlook import outlook
from simcell.dendrite.stability import FARADAY, Array
from simcell.errors import SolverError
from simcell.inputs.output import FIRST_TIME, OutputInput
from simcell.numerics.checkpoint import Keeper
from simcell.results.provenance import provenance
from simcell.results.schema import build
from simcell.studies.growth import Grown, run_growth
from simcell.studies.growth_setup import SHORTEST, Growth, deposited, growth_of

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

Group = dict[str, tuple[list[str], Any]]
ROUNDING = 1e-9  # of the metal that moved: charge below is none
ABOVE = 4.0  # interface widths over the electrode, from which on metal counts as a deposit that covers it
SHAPES = (
    "tip_position", "tip_radius", "perimeter", "roughness", "arm_spacing", "fractal_dimension", "coverage",
    "dead_fraction",
)  # fmt: skip


def run_dendrite(
    case: Case, progress: Callable[[float], None] | None = None, keeper: Keeper | None = None
) -> xr.DataTree:
    """Run a case with ``physics = ["dendrite"]`` and return the labelled result.

    Parameters
    ----------
    case : Case
    progress : callable, optional
        Called with the fraction that is done.
    keeper : Keeper, optional
        Keeps the state every now and then, or has one to go on from.

    Returns
    -------
    xarray.DataTree
        Groups `/dendrite` and `/cell`. After Ctrl-C it holds what was reached, marked ``"interrupted"``.

    Raises
    ------
    InputError
    SolverError
        Its `partial` is the result until then, marked ``"failed"``.

    Examples
    --------
    >>> from simcell.case import Case
    >>> tree = run_dendrite(Case.from_dict({
    ...     "case": {"physics": ["dendrite"], "duration": "0.1 s"},
    ...     "cell": {"spacer_height": "500 nm"}, "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "dendrite": {"metal": "Zn", "exchange_current": "30 A/m^2", "current_density": "-10 mA/cm^2",
    ...                  "width": "400 nm", "gap": "4 um", "interface_width": "50 nm", "spacing": "33 nm"},
    ...     "output": {"count": 2}}))
    >>> tree["dendrite/phase"].dims
    ('time', 'y', 'x')
    """
    ready = growth_of(case.input, case.file, case.folder)
    times = _times(case.input.output, ready.end)
    failure: SolverError | None = None
    try:
        found = run_growth(ready, times, progress, keeper)
    except SolverError as error:
        if not isinstance(error.partial, Grown):
            raise
        found, failure = error.partial, error
    if found.status == "interrupted" and len(found.states) < 2:
        raise KeyboardInterrupt
    tree = labelled(case, ready, found)
    if failure is not None:
        raise SolverError(str(failure), tree)
    return tree


def _times(output: OutputInput, duration: float) -> tuple[float, ...]:
    """Output times; evenly spread ones begin one interval after the start, which is kept as well."""
    if output.times or output.spacing != "linear" or output.first != FIRST_TIME:
        return output.resolved_times(duration)
    count = int(output.count or 2)
    return tuple(np.linspace(0.0, duration, count + 1)[1:].tolist())


def labelled(case: Case, ready: Growth, found: Grown) -> xr.DataTree:
    """Make the result tree of a run.

    Examples
    --------
    >>> labelled.__annotations__["found"]
    'Grown'
    """
    group, coords = growth_group(ready, found)
    last = found.states[-1]
    solver = {
        "method": ready.form.solver,
        "interface_width_m": ready.layer.delta, "spacing_m": ready.layer.spacing, "cells": ready.mesh.cells,
        "steps": last.steps, "verdict": ready.verdict, "ends": found.ends,
    }  # fmt: skip
    facts = provenance(
        record=case.record, record_hash=case.hash, case=case.data, solver=solver, seed=case.input.dendrite.seed,
        warnings=[*ready.warnings, *found.remarks, *_told(ready, found)], status=found.status, wall_time=found.wall,
    )  # fmt: skip
    metal = ready.layer.metal
    cell: Group = {
        "temperature": ([], metal.temperature),
        "liquid_thickness": ([], case.input.cell.spacer_height),
    }
    attrs = {"simcell_provenance": facts, "title": case.input.case.title, "geometry": "plan"}
    return build({"dendrite": group, "cell": cell}, coords, attrs)


def _told(ready: Growth, found: Grown) -> list[str]:
    return [*_blurred(ready, found), *ready.form.after(ready.layer, found.states)]


def _blurred(ready: Growth, found: Grown) -> list[str]:
    """From when on ripples should grow that are shorter than the front can carry, by the current and gap then."""
    layer = ready.layer
    area = layer.shape[0] * layer.spacing * _thickness(ready)
    for state, current in zip(found.states[1:], found.current[1:], strict=True):
        metal = np.flatnonzero((state.xi > 0.5).any(axis=0))
        left = layer.shape[1] * layer.spacing - (float(metal[-1]) if metal.size else 0.0) * layer.spacing
        if current <= 0.0:
            continue
        neutral = outlook(
            layer.metal, left + ready.ahead.front.gap - ready.gap, current=current / area
        ).front.neutral_wavelength
        if neutral < SHORTEST * layer.delta:
            return [
                f"from {state.time:.3g} s on ripples of {neutral * 1e9:.3g} nm should grow, which an interface of "
                f"{layer.delta * 1e9:.3g} nm does not carry: the shape is that of the grid; use "
                f"{neutral / SHORTEST * 1e9:.2g} nm, or end the run before"
            ]
    return []


def _thickness(ready: Growth) -> float:
    """Of the liquid [m]."""
    return ready.layer.cell / ready.layer.spacing**2


def growth_group(ready: Growth, found: Grown) -> tuple[Group, dict[str, Any]]:
    """Everything that a result keeps, by the names of `simcell.results.variables`, with its coordinates.

    x counts from the bare electrode into the liquid. Anodic currents and charges are positive.

    Examples
    --------
    >>> from simcell.inputs.dendrite import DendriteInput
    >>> from simcell.studies.growth_setup import Liquid, prepare
    >>> case = DendriteInput(metal="Zn", exchange_current="30 A/m^2", current_density="-10 mA/cm^2",
    ...                      width="400 nm", gap="4 um", interface_width="50 nm", spacing="33 nm")
    >>> ready = prepare(case, Liquid("ZnSO4", 100.0, 298.15), 0.1)
    >>> group, coords = growth_group(ready, run_growth(ready, [0.1]))
    >>> round(float(group["charge"][1][-1]) * 1e12, 6)  # pC
    -2.0
    """
    layer, states, ahead = ready.layer, found.states, ready.ahead
    time = np.array([state.time for state in states])
    rows = [arms.numbers(s.xi, layer.spacing, ready.front, ABOVE * layer.delta) for s in states]
    group: Group = {name: (["time"], np.array([row[name] for row in rows])) for name in SHAPES}
    charge = np.array([state.charge for state in states])
    length, rate = ahead.fastest
    group |= {
        "phase": (["time", "y", "x"], np.stack([s.xi for s in states])),
        "concentration": (["time", "y", "x"], np.stack([s.concentration(layer) for s in states])),
        "potential": (["time", "y", "x"], np.stack([s.liquid_potential(layer) for s in states])),
        "charge": (["time"], -charge),
        "current": (["time"], -np.array(found.current)),
        "electrode_potential": (["time"], np.array(found.potential)),
        "deposited_volume": (["time"], _volume(ready, states, charge)),
        "lowest_concentration": (["time"], np.array(found.lowest) * layer.metal.concentration),
        "bodies": (["time"], np.array(found.bodies)),
        "tip_velocity": (["time"], _velocity(time, group["tip_position"][1])),
        "time_to_short": ([], found.shorted),
        "limiting_current_density": ([], ahead.limiting),
        "ripple_wavelength": ([], length if np.isfinite(length) else np.nan),
        "ripple_rate": ([], rate),
        "depletion_time": ([], ahead.depletion if np.isfinite(ahead.depletion) else np.nan),
    }
    if np.isfinite(states[0].energy):
        group["energy"] = (["time"], np.array([state.energy for state in states]))
    group |= _balances(ready, found, charge)
    least = ROUNDING * _moved(ready, found) * layer.metal.charge * FARADAY
    if found.stripped > least < found.plated:
        group["coulombic_efficiency"] = ([], found.stripped / found.plated)
    x, y = layer.centre[1].ravel() - ready.front, layer.centre[0].ravel()
    return group, {"time": time, "y": y, "x": x}


def _volume(ready: Growth, states: list[State], charge: Array) -> Array:
    """Of the metal [m^3] that the charge has deposited, or, where charge is not balanced, that is there."""
    if ready.form.by_charge:
        return deposited(ready.layer.metal, 1.0) * charge
    amount = np.array([state.metal_amount(ready.layer) for state in states])
    return (amount - amount[0]) * ready.layer.metal.molar_volume


def _velocity(time: Array, position: Array) -> Array:
    """Of the tip [m/s]: over the interval that ends at each time, for the first over the one that follows."""
    if time.size < 2:
        return np.zeros_like(position)
    mean = np.diff(position) / np.diff(time)
    return np.concatenate([mean[:1], mean])


def _moved(ready: Growth, found: Grown) -> float:
    """Metal [mol] that was deposited and dissolved, or, at rest, that went from one place to another."""
    layer, shift = ready.layer, np.abs(found.states[-1].xi - found.states[0].xi).sum()
    passed = (found.plated + found.stripped) / (layer.metal.charge * FARADAY)
    return max(passed, float(shift) * layer.cell / layer.metal.molar_volume)


def _balances(ready: Growth, found: Grown, charge: Array) -> Group:
    """How far metal is from the charge, and metal and ions from what came in, relative to what moved at most."""
    layer, states = ready.layer, found.states
    moles = charge / (layer.metal.charge * FARADAY)
    most = _moved(ready, found)
    if most == 0.0:
        nothing = np.zeros_like(charge)
        return {"metal_imbalance": (["time"], nothing), "ion_imbalance": (["time"], nothing)}
    metal = np.array([s.metal_amount(layer) for s in states])
    ions = np.array([s.ions(layer) - s.inflow for s in states])
    return {
        "metal_imbalance": (["time"], (metal - metal[0] - (moles - moles[0])) / most),
        "ion_imbalance": (["time"], (ions - ions[0]) / most),
    }

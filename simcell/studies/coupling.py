"""What acts back in a run of beam and currents together: numbers of the case for the physics, and what a result says.

Charge: of the electrons that hit the working electrode a share stays, `beam.injected_fraction`, which the user gives:
absorbed ones less those that are knocked out. The line stands for what the beam covers, so its electrode is all lit.

Heat: leaves sideways through the liquid alone, so that the rise is an upper bound (windows help); or as the user says.

Gas: see `gas_of` and `simcell.transport.feedback`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from simcell import units
from simcell.beam.heating import Layer, radial_rise, settling_time
from simcell.beam.medium import facts
from simcell.chemistry import water
from simcell.chemistry.bubble import laplace_pressure
from simcell.constants import ELEMENTARY_CHARGE
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.cell import windows_of
from simcell.inputs.coupling import FEEDBACKS
from simcell.studies.gas import gases_of
from simcell.studies.irradiated import Irradiated
from simcell.studies.setup import MEDIUM, Beam
from simcell.transport.feedback import Gas, Heat
from simcell.transport.record import Record
from simcell.transport.species import Ion, Liquid

WINDOW = "50 um"  # the usual width of a window, where a case names none
FINE = 0.1  # radius of bubbles over the line, above which a remark is made
SETTLED = 3.0  # settling times of heat, below which a remark says that it is not steady
Group = dict[str, tuple[list[str], Any]]


def injected_density(case: CaseInput, beam: Beam) -> float:
    """Electrons that the beam leaves in the working electrode while it is on [A/m^2]; 0 where the case does not ask.

    Raises
    ------
    InputError
        Where the flux is not known.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"energy": "300 kV", "flux": "10 e/nm^2/s"}}).input
    >>> injected_density(case, Beam(1e6, flux=1e19))
    0.0
    """
    if not case.coupling.injected_charge:
        return 0.0
    if beam.flux is None:
        reason = "does not say how many electrons come: give a flux, or a current and a diameter"
        raise InputError(Problem("", "beam", None, reason, 'flux = "10 e/nm^2/s"'))
    return (case.beam.injected_fraction or 0.0) * ELEMENTARY_CHARGE * beam.flux


def heat_of(case: CaseInput, wet: Irradiated, liquid: Liquid) -> tuple[Heat, list[str]]:
    """How warm beam and current make a liquid, and remarks.

    Raises
    ------
    InputError
        Where the beam alone takes the liquid beyond what is known of it.

    Examples
    --------
    >>> heat_of.__name__
    'heat_of'
    """
    resistance, sink, remarks = _resistance(case, wet)
    e = case.electrolyte

    def at(rise: float) -> Liquid:
        t = e.temperature + rise
        bulk, moving = wet.warmed(t)
        ions = [Ion(ion.name, ion.charge, moving[ion.name]) for ion in liquid.ions]
        gas = gas_of(case, wet, t) if case.coupling.gas else None
        return replace(liquid, ions=ions, bulk=bulk, temperature=t, gas=gas)

    rise = _beam_rise(case, wet, resistance)
    try:
        at(rise)
    except (ValueError, InputError) as error:
        reason = f"makes the liquid {rise:.3g} K warmer, where it boils or nothing is known of it: {error}"
        raise InputError(Problem("", "coupling.heating", True, reason, "false")) from None
    known = facts(MEDIUM)
    settles = settling_time(
        sink, known["thermal_conductivity_W_per_m_K"], water.density(e.temperature), known["heat_capacity_J_per_kg_K"]
    )
    schedule = wet.setup.problem.schedule
    shortest = float(np.diff(schedule.switch).min())
    if schedule.scale.size > 1 and shortest < SETTLED * settles:
        remarks.append(
            f"heat takes {settles:.2g} s to the rim of the window and the beam switches after {shortest:.2g} s: the "
            "steady temperature that is taken at once is not reached"
        )
    remarks.append(
        f"the beam warms the liquid by {rise:.3g} K while it is on; exchange currents and formal potentials stay those "
        f"of {e.temperature:.5g} K, their temperature coefficients are not known here"
    )
    return Heat(rise, resistance, at), remarks


def gas_of(case: CaseInput, wet: Irradiated, temperature: float) -> Gas:
    """Which solutes come out as bubbles at a temperature [K], from when on, and how fast.

    From a nucleus 2 gamma / r above the pressure of the liquid on, into bubbles of the radius r of the case; over that
    radius gas diffuses to them, k = D / r^2.

    Examples
    --------
    >>> gas_of.__name__
    'gas_of'
    """
    conditions = replace(wet.setup.conditions, temperature=temperature)
    gases = gases_of(replace(wet.setup, conditions=conditions))
    names = [g for g in gases.names if g in wet.solution.concentrations]
    nucleus, radius = case.gas.nucleus_radius, case.coupling.bubble_radius
    first, last = (r for r in (nucleus or radius, radius or nucleus))
    assert first is not None and last is not None  # checked with the case
    gamma = water.surface_tension(temperature)
    return Gas(
        names, gases.henry[[gases.names.index(g) for g in names]],
        np.array([wet.solution.diffusivities[g] for g in names]) / last**2,
        gases.liquid_pressure + laplace_pressure(gamma, first), gases.liquid_pressure + laplace_pressure(gamma, last),
        gases.vapour_pressure,
    )  # fmt: skip


def gas_remarks(case: CaseInput) -> list[str]:
    """Warn where an average over bubbles means little.

    Examples
    --------
    >>> gas_remarks.__name__
    'gas_remarks'
    """
    radius, extent = case.coupling.bubble_radius or case.gas.nucleus_radius, case.grid.extent
    if radius is None or extent is None or radius <= FINE * extent:
        return []
    return [
        f"bubbles of {1e9 * radius:.4g} nm are not small against the line of {1e6 * extent:.4g} um: their average "
        f"says little; up to {1e9 * FINE * extent:.3g} nm it does"
    ]


def _resistance(case: CaseInput, wet: Irradiated) -> tuple[float, float, list[str]]:
    """Rise over heat in the liquid [K m^3/W], distance to what stays cold [m], remarks."""
    windows = windows_of(case.cell)
    width = min(w.width for w in windows) if windows else units.parse(WINDOW, "length")
    remarks = [] if windows else [f"the window is taken to be {WINDOW} wide: its rim stays cold; cell.window tells"]
    power = water.density(case.electrolyte.temperature) * wet.beam.dose_rate
    if case.coupling.temperature_rise is not None:
        if power == 0.0:
            return 0.0, 0.5 * width, []
        return case.coupling.temperature_rise / power, 0.5 * width, []
    radius = 0.5 * (case.beam.diameter or 0.0)
    film = Layer(1.0, facts(MEDIUM)["thermal_conductivity_W_per_m_K"], 1.0, 1.0)  # 1 W/m^3; the thickness cancels
    return radial_rise([film], radius, max(0.5 * width, radius)), max(0.5 * width, radius), remarks


def _beam_rise(case: CaseInput, wet: Irradiated, resistance: float) -> float:
    if case.coupling.temperature_rise is not None:
        return case.coupling.temperature_rise
    return resistance * water.density(case.electrolyte.temperature) * wet.beam.dose_rate


def feedbacks(case: CaseInput) -> dict[str, bool]:
    """Which of them act.

    Examples
    --------
    >>> from simcell.case import Case
    >>> feedbacks(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input)
    {'gas': False, 'heating': False, 'injected_charge': False}
    """
    return {name: bool(getattr(case.coupling, name)) for name in FEEDBACKS}


def coupling_group(case: CaseInput, record: Record, rows: np.ndarray, gases: list[str]) -> Group:
    """What `/coupling` holds: of each that acts, how much; `gases` as in `/radiolysis`.

    Examples
    --------
    >>> coupling_group.__name__
    'coupling_group'
    """
    group: Group = {}
    liquid = record.liquid_of
    if case.coupling.injected_charge and liquid.bulk is not None:
        lit = np.array([liquid.bulk.factor(t) for t in record.time[rows]])
        group["injected_current_density"] = (["time"], liquid.injected * lit)
        group["injected_charge_density"] = (["time"], record.collected[rows])
    if liquid.heat is not None:
        group["temperature_rise"] = (["time"], record.rise[rows])
        group["joule_rise"] = (["time"], liquid.heat.resistance * record.joule[rows])
    if liquid.gas is not None:
        size = liquid.grid.volume.ravel() / liquid.grid.area[2].ravel()[0]
        share = np.pad(record.share[rows], ((0, 0), (1, 1)), mode="edge")  # surfaces as the cells beside them
        where = [gases.index(g) for g in liquid.gas.names]
        amount = np.zeros((rows.size, len(gases)))
        amount[:, where] = np.einsum("tng,n->tg", record.gas[rows], size)
        group["gas_fraction"] = (["time", "x"], share)
        group["gas_amount"] = (["time", "gas"], amount)
        group["blocked_share"] = (["time"], share[:, 0])
        group["displaced"] = (["time", "species"], record.displaced[rows] / liquid.grid.area[2].ravel()[0])
    return group

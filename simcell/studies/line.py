"""Ions along a line under a potentiostat: from the case to liquid and segments, and to the labelled result."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simcell.constants import GAS_CONSTANT
from simcell.errors import InputError, Problem, SolverError
from simcell.inputs.case import CaseInput
from simcell.inputs.electrode import ElectrodeInput, area_on_line
from simcell.inputs.solution import binary_solution, dissolve
from simcell.numerics.checkpoint import Keeper
from simcell.numerics.grid import Array
from simcell.results.provenance import Status
from simcell.results.schema import build
from simcell.studies.conservation import errors, laws_of
from simcell.studies.coupling import coupling_group, feedbacks, gas_of, gas_remarks, heat_of, injected_density
from simcell.studies.irradiated import Irradiated, beam_groups, crowded, irradiated, unresolved
from simcell.studies.reactions import by_role, reactions_of
from simcell.studies.run import base_remark
from simcell.studies.solution import Solution, solution_of, with_products
from simcell.studies.steps import segments_of
from simcell.transport.bulk import Bulk
from simcell.transport.concentrated import Binary
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import Segment
from simcell.transport.pseudo import Pseudo
from simcell.transport.record import Record
from simcell.transport.session import Course, Options, Stopped
from simcell.transport.session import run as run_session
from simcell.transport.species import Frit, Ion, Liquid, Reaction, Reservoir, Surface, between, independent_conductivity

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

FIRST_CELL = (
    1 / 20
)  # over the shortest diffusion length, or over the line: errors below 1e-3 (docs/theory/transport.md)
SHORTEST = 1e-3  # of a step: from when on its current is to be right
LARGEST_CELL = 1 / 25  # of the line
NO_REST = (
    "the electrodes have no open-circuit potential at the start, from which their capacitance would be charged: a "
    "reaction finds nothing on one of its sides; dissolve a trace of it, or leave the capacitance out"
)
MOST_VALUES = 20_000_000  # of concentration that a result holds: 160 MB


@dataclass(frozen=True, eq=False)
class Line:
    """A case on a line made ready.

    Attributes
    ----------
    segments, groups : list
        What the potentiostat does, and the step (from 0) that each segment belongs to.
    area : float or None
        Of the working electrode [m^2].

    Examples
    --------
    >>> "segments" in Line.__dataclass_fields__
    True
    """

    solution: Solution
    liquid: Liquid
    segments: list[Segment]
    groups: list[int]
    area: float | None
    warnings: tuple[str, ...]
    wet: Irradiated | None = None  # what the beam adds


def line_of(case: CaseInput, folder: Path | None = None) -> Line:
    """Make a case on a line ready; under the beam its mechanism reacts in the liquid.

    Raises
    ------
    InputError

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"physics": ["transport"]}, "grid": {"geometry": "line", "extent": "100 um"},
    ...     "electrolyte": {"concentrations": {"K+": "104 mM", "Cl-": "100 mM", "Fe(CN)6^4-": "1 mM"}},
    ...     "electrode": [{"name": "a", "role": "working", "reaction": [{"name": "ferro", "oxidised": "Fe(CN)6^3-",
    ...                    "reduced": "Fe(CN)6^4-", "electrons": 1, "rate_constant": "1e-4 m/s"}]}],
    ...     "protocol": {"steps": [{"technique": "potentiostatic", "potential": "0.2 V", "duration": "1 s"}]}}).input
    >>> line_of(case).liquid.balance
    'K+'
    """
    wet = irradiated(case, folder) if "radiolysis" in case.case.physics else None
    solution, bulk, salt = _liquid(case, wet)
    ions = ions_of(solution)
    reactions = reactions_of(case, solution)
    working, counter = by_role(case, "working"), by_role(case, "counter")
    assert working is not None and case.grid.extent is not None  # checked with the case
    other: Surface | Reservoir | Frit = Frit() if case.grid.edge == "closed" else Reservoir()
    warnings = list(solution.warnings)
    if counter is not None and reactions[counter.name]:
        other = surface_of(counter, reactions[counter.name])
    elif counter is not None:
        what = "a wall that the balancing ion alone passes" if case.grid.edge == "closed" else "fresh liquid"
        warnings.append(f'no reaction at "{counter.name}": the far end of the line is {what} (grid.edge)')
    place = by_role(case, "reference")
    at = place.position[0] if place is not None and case.protocol.reference in (None, place.name) else None
    grid = between(
        case.grid.extent, _first_cell(case, ions), case.grid.growth, case.grid.extent * LARGEST_CELL,
        other=isinstance(other, Surface),
    )  # fmt: skip
    try:
        liquid = Liquid(
            grid, ions, solution.concentrations, surface_of(working, reactions[working.name]), other, at,
            temperature=case.electrolyte.temperature, bulk=bulk, solution=salt, pseudo=_pseudo(place),
            scales=wet.scales if wet else {}, injected=injected_density(case, wet.beam) if wet else 0.0,
            gas=gas_of(case, wet, case.electrolyte.temperature) if wet and case.coupling.gas else None,
        )  # fmt: skip
        if liquid.gas is not None:
            warnings += gas_remarks(case)
        if wet is not None and case.coupling.heating:
            heat, remarks = heat_of(case, wet, liquid)
            liquid = replace(liquid, heat=heat)
            warnings += remarks
    except ValueError as error:
        key = f"electrode.{place.name}.position" if place and "reference stands" in str(error) else "electrolyte"
        raise InputError(Problem("", key, None, str(error))) from None
    area = area_on_line(working)
    segments, groups = segments_of(case, area, _compensated(case, liquid))
    if wet is not None and case.radiolysis.ensemble:
        warnings.append("radiolysis.ensemble makes no intervals where currents run along")
    if working.film is not None or (counter is not None and counter.film is not None):
        warnings.append("films of electrodes do not act on a line: the current spreads along them in a plan")
    if case.electrolyte.pH is not None and bulk is None:
        warnings.append("the ions of water move, but water and buffers do not react in the liquid of a line")
    return Line(solution, liquid, segments, groups, area, tuple(warnings), wet)


def _liquid(case: CaseInput, wet: Irradiated | None) -> tuple[Solution, Bulk | None, Binary | None]:
    """Solutes, what reacts among them, and properties of a concentrated salt, as `transport.solution` asks."""
    if wet is not None:
        return wet.solution, wet.bulk, None
    chosen, e = case.transport.solution, case.electrolyte
    if chosen == "independent":
        return with_products(case), None, None
    assert e.preset is not None and e.concentration is not None  # checked with the case
    if chosen == "speciated":
        found = dissolve(e.preset, e.concentration, e.temperature)
        charges = {ion.name: ion.charge for ion in found.ions}
        moving = {ion.name: ion.diffusivity for ion in found.ions} | dict(case.transport.diffusivity)
        start = {ion.name: float(found.start[ion.name]) for ion in found.ions}
        kappa, words = found.conductivity(e.temperature), "ions and pairs at infinite dilution"
        return Solution(start, charges, moving, kappa, words, found.warnings), found.bulk, None
    salt, plain = binary_solution(e.preset, e.temperature), solution_of(case)
    spread = dict.fromkeys(plain.concentrations, float(salt.diffusivity(e.concentration)))  # of the salt, for the grid
    return replace(plain, diffusivities=spread), None, salt


def _pseudo(reference: ElectrodeInput | None) -> Pseudo | None:
    p = reference.pseudo if reference is not None else None
    return None if p is None else Pseudo(p.offset, p.drift, p.settling, p.time)


def ions_of(solution: Solution) -> list[Ion]:
    """What is dissolved, for the equations of transport.

    Raises
    ------
    InputError
        For amounts and diffusivities that are not known.

    Examples
    --------
    >>> ions_of(Solution({"K+": 1.0}, {"K+": 1}, {"K+": 2e-9}, 1.0, "given", ()))
    [Ion(name='K+', charge=1, diffusivity=2e-09)]
    """
    if not solution.complete:
        reason = f"is missing: the preset has the ions {', '.join(solution.known)}; list how much of each"
        raise InputError(Problem("", "electrolyte.concentrations", None, reason))
    missing = [ion for ion in solution.concentrations if ion not in solution.diffusivities]
    if missing:
        reason = f"is missing: no diffusivity is published here for {', '.join(missing)}"
        example = f'transport.diffusivity = {{ "{missing[0]}" = "1e-9 m^2/s" }}'
        raise InputError(Problem("", "transport.diffusivity", None, reason, example))
    return [Ion(name, solution.charges[name], solution.diffusivities[name]) for name in solution.concentrations]


def surface_of(electrode: ElectrodeInput, reactions: tuple[Reaction, ...]) -> Surface:
    """Reactions, film and double layer of an electrode.

    Examples
    --------
    >>> surface_of(ElectrodeInput(name="a", role="working", capacitance="20 uF/cm^2"), ()).capacitance
    0.2
    """
    return Surface(reactions, electrode.surface_resistance, electrode.capacitance)


def _first_cell(case: CaseInput, ions: list[Ion]) -> float:
    """Cells at electrodes [m]: a part of the shortest length over which a concentration changes."""
    assert case.grid.extent is not None
    if case.grid.spacing is not None:
        return case.grid.spacing
    slowest, volts = min(ion.diffusivity for ion in ions), GAS_CONSTANT * case.electrolyte.temperature / FARADAY
    times = []
    for step in case.protocol.steps:
        if step.technique == "cv" and step.scan_rate:
            times.append(volts / step.scan_rate)
        elif step.technique == "pulse" and step.on and step.off:
            times.append(SHORTEST * 10.0 * min(step.on, step.off))
        else:
            times.append(SHORTEST * (step.duration or case.case.duration or 1.0))
    return float(FIRST_CELL * min(case.grid.extent, np.sqrt(slowest * min(times))))


def _compensated(case: CaseInput, liquid: Liquid) -> float:
    """Resistance that the instrument compensates [ohm m^2]: its share of that at the start up to the reference."""
    share = case.protocol.ir_compensation
    if share == 0.0:
        return 0.0
    end = liquid.grid.faces[2][-1] if liquid.reference is None else liquid.reference
    return float(share * end / _conductivity(liquid))


def _conductivity(liquid: Liquid) -> float:
    """At the working electrode before the start [S/m], of the solution that the equations move."""
    if liquid.solution is not None:
        return float(liquid.solution.conductivity(float(liquid.composition[0, 0])))
    return independent_conductivity(liquid.ions, liquid.composition[:, 0], liquid.temperature)


# ----------------------------------------------------------------- the run


def run_line(case: Case, progress: Callable[[float], None] | None = None, keeper: Keeper | None = None) -> xr.DataTree:
    """Run a case on a line; see `run_transport`.

    Examples
    --------
    >>> run_line.__name__
    'run_line'
    """
    from simcell.studies.transport import transport_provenance

    started = time.perf_counter()
    ready = line_of(case.input, case.folder)
    status: Status = "complete"
    failure: SolverError | None = None
    options = Options(
        rtol=case.input.solver.rtol or Options.rtol, steps=min(case.input.solver.max_steps, Options.steps)
    )
    until = case.input.case.duration or np.inf
    try:
        course = Course(ready.groups, until, _times(case.input), progress, keeper)
        record = run_session(ready.liquid, ready.segments, options, course)
    except Stopped as stop:
        record, status = stop.partial, "interrupted"
    except SolverError as error:
        if not isinstance(error.partial, Record):
            raise
        record, failure, status = error.partial, error, "failed"
    except ValueError as error:
        reason = NO_REST if "open-circuit" in str(error) else str(error)
        raise InputError(Problem("", "electrode", None, reason)) from None
    groups, coords, remarks = labelled(case.input, ready, record)
    solver = {
        "method": "ESDIRK3(2)4L[2]SA, coupled", "rtol": options.rtol, "atol_relative": options.atol,
        "steps": int(record.time.size), "books": record.books if np.abs(record.passed).max() > 0.0 else 0.0,
    }  # fmt: skip
    more: dict[str, Any] = {
        "level": "tertiary", "geometry": "line", "balance": ready.liquid.balance,
        "against": _against(case.input, ready),
        "ends": [{"step": ready.groups[n] + 1, "time": t, "reason": why} for n, t, why in record.ends],
    }  # fmt: skip
    if ready.wet is not None:
        more["coupling"] = feedbacks(case.input)
        remarks += base_remark(ready.wet.setup, record.concentration[-1].T, list(record.ions))
        remarks += crowded(ready.liquid, record.concentration)
        remarks += unresolved(ready.wet, ready.liquid, record.concentration)
        if status == "complete" and record.time[-1] < until * (1.0 - 1e-9) < np.inf:
            remarks.append(f"the protocol ended at {record.time[-1]:.4g} s, and the beam with it, before case.duration")
    warnings = [*ready.warnings, *record.warnings, *remarks, *([str(failure)] if failure else [])]
    facts = transport_provenance(case, warnings, status, started, solver, transport=more)
    tree = build(groups, coords, {"simcell_provenance": facts, "title": case.input.case.title, "geometry": "line"})
    if failure is not None:
        raise SolverError(str(failure), tree)
    return tree


def _against(case: CaseInput, ready: Line) -> str:
    """Name of what potentials are against."""
    reference, counter = by_role(case, "reference"), by_role(case, "counter")
    if ready.liquid.reference is not None and reference is not None:
        return reference.name
    return counter.name if counter is not None else "the far end"


def labelled(case: CaseInput, ready: Line, record: Record) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Everything that a record holds, with its coordinates, and remarks.

    Examples
    --------
    >>> labelled.__name__
    'labelled'
    """
    rows, remarks = _rows(case, record)
    names = [e.name for e in case.electrode if e.role in ("working", "counter", "reference")]
    roles: dict[str, str] = {e.name: e.role for e in case.electrode}
    at_reference = record.metal - record.potential - _shown_compensation(ready, record)
    own = len(ready.liquid.working.reactions)

    def per_electrode(working: Array, counter: Array) -> tuple[list[str], Array]:
        pick = {"working": working, "counter": counter, "reference": np.zeros(record.time.size)}
        return ["time", "electrode"], np.stack([pick[roles[n]] for n in names], axis=1)[rows]

    into_liquid = (record.reaction_charge[:, :own].sum(axis=1) + record.charging_charge[:, 0]) / _line_area(ready)
    charge = into_liquid + record.collected
    group = {
        "concentration": (["time", "species", "x"], np.maximum(record.concentration, 0.0)[rows]),
        "potential": (["time", "x"], (record.liquid - at_reference[:, None])[rows]),
        "current_density": (["time"], record.current[rows]),
        "charge_density": (["time"], charge[rows]),
        "charging_current_density": (["time"], record.charging_current[rows, 0]),
        "electrode_potential": per_electrode(record.potential, -at_reference),
        "ohmic_drop": per_electrode(record.ohmic_drop, record.liquid[:, -1] - at_reference),
        "reaction_current_density": (["time", "reaction"], record.reaction_current[rows]),
        "step": (["time"], np.array([ready.groups[n] + 1.0 for n in record.segment])[rows]),
    }
    if ready.area is not None:
        through = record.reaction_current[:, :own].sum(axis=1) + record.charging_current[:, 0]
        group["electrode_current"] = per_electrode(record.current * ready.area, -through * ready.area)
        group["reaction_current"] = (["time", "reaction"], record.reaction_current[rows] * ready.area)
        group["electrode_charge"] = per_electrode(charge * ready.area, -into_liquid * ready.area)
        passed = record.reaction_charge[rows] / _line_area(ready) * ready.area
        group["reaction_charge"] = (["time", "reaction"], passed)
    if not record.reactions:
        group = {name: value for name, value in group.items() if "reaction" not in value[0]}
    sides = ["working"] * own + ["counter"] * (len(record.reactions) - own)
    by = {role: name for name, role in roles.items()}
    coords = {
        "time": record.time[rows], "species": list(record.ions), "x": record.position, "electrode": names,
        "reaction": [f"{by[side]}: {name}" for side, name in zip(sides, record.reactions, strict=True)],
    }  # fmt: skip
    kappa = _conductivity(ready.liquid)
    cell: dict[str, Any] = {"temperature": ([], case.electrolyte.temperature), "conductivity": ([], kappa)}
    groups = {"cell": cell, "transport": group}
    if ready.wet is not None:
        more, gases = beam_groups(ready.wet, record.time[rows], record.concentration[rows])
        groups, coords = groups | more, coords | gases
        ends = record.inventory[0], record.inventory[1]
        laws = laws_of(ready.wet.setup.mechanism, {ion.name: ion.charge for ion in ready.liquid.ions})
        group["conservation_error"] = (["conserved"], errors(laws, *ends, record.entered))
        coords["conserved"] = list(laws)
        if coupled := coupling_group(case, record, rows, gases["gas"]):
            groups["coupling"] = coupled
    return groups, coords, remarks


def _line_area(ready: Line) -> float:
    return float(ready.liquid.grid.area[2].ravel()[0])


def _shown_compensation(ready: Line, record: Record) -> Array:
    resistance = np.array([segment.compensation for segment in ready.segments])
    return resistance[record.segment] * record.current


def _times(case: CaseInput) -> tuple[float, ...]:
    """Times [s] that a result must hold: those that the case asks for."""
    if not (case.output.times or case.output.count is not None) or case.case.duration is None:
        return ()
    return case.output.resolved_times(case.case.duration)


def _rows(case: CaseInput, record: Record) -> tuple[NDArray[np.int64], list[str]]:
    """Which of the steps of the solver a result keeps: those asked for, or all, or as many as it can hold."""
    output, n = case.output, record.time.size
    if output.times or output.count is not None:
        end = case.case.duration or float(record.time[-1])
        times = np.array(output.resolved_times(min(end, float(record.time[-1]))))
        near = np.abs(record.time[:, None] - times[None, :]).argmin(axis=0)
        return np.unique(near), []
    most = max(MOST_VALUES // record.concentration[0].size, 2)
    if n <= most:
        return np.arange(n), []
    kept = np.unique(np.linspace(0, n - 1, most).astype(int))
    return kept, [f"{kept.size} of {n} steps are kept, so that the result stays small; output.count asks for others"]

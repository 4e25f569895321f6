"""Ions between the electrodes of a case under a potentiostat, in plan, section or three dimensions.

Concentrations, reactions and control are those of a line (`simcell.studies.line`); electrodes lie where the case draws
them. Fields are kept at the output times and at the end of every step of the protocol, traces at every step of the
solver.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell.errors import InputError, Problem, SolverError
from simcell.inputs.case import CaseInput
from simcell.numerics.checkpoint import Keeper
from simcell.numerics.grid import Array
from simcell.results.provenance import Status
from simcell.results.schema import build
from simcell.studies.cell import flow_of
from simcell.studies.conservation import errors, laws_of
from simcell.studies.coupling import feedbacks
from simcell.studies.currents import (
    Ready,
    asked_density,
    chosen_geometry,
    edge_share,
    evenness,
    open_sides,
    ready_of,
    reference_of,
)
from simcell.studies.electrodes import electrode_on, grid_of, outlined, outlines_of
from simcell.studies.irradiated import Irradiated, beam_groups, irradiated, lit_on, places_of, unresolved_on
from simcell.studies.line import NO_REST, ions_of, surface_of
from simcell.studies.reactions import by_role, reactions_of
from simcell.studies.solution import Solution, with_products
from simcell.studies.steps import segments_of
from simcell.transport.bath import Bath, Plate
from simcell.transport.bath_record import BathRecord
from simcell.transport.current import distribute
from simcell.transport.ions import run_bath
from simcell.transport.protocol import Segment
from simcell.transport.session import Course, Options, Stopped
from simcell.transport.species import independent_conductivity

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

VOLTS = 0.01  # V, largest change of a set potential in one step under the beam, where a step costs most
FIELDS = 20  # output times where the case asks for none: a field of 10,000 cells and 4 ions is 0.3 MB


@dataclass(frozen=True, eq=False)
class BathReady:
    """A case made ready for ions between electrodes.

    Examples
    --------
    >>> "segments" in BathReady.__dataclass_fields__
    True
    """

    ready: Ready
    solution: Solution
    bath: Bath
    geometry: str
    segments: list[Segment]
    groups: list[int]
    times: Array
    against: str
    words: str
    warnings: tuple[str, ...]
    wet: Irradiated | None = None  # what the beam adds


def bath_of(case: CaseInput, folder: Path | None = None) -> BathReady:
    """Make a case ready; under the beam its mechanism reacts in the liquid.

    Raises
    ------
    InputError

    Examples
    --------
    >>> bath_of.__name__
    'bath_of'
    """
    wet = irradiated(case, folder) if "radiolysis" in case.case.physics else None
    solution = with_products(case) if wet is None else wet.solution
    ions = ions_of(solution)
    reactions = reactions_of(case, solution)
    ready = ready_of(case, wet.solution if wet else None)
    resistance = ready.resistance(asked_density(ready))
    validity = ready.judged(resistance)
    geometry = chosen_geometry(ready, validity)
    grid = grid_of(case, geometry, evenness(ready, resistance), places_of(case) if wet else ({}, {}))
    lit: tuple[str, ...] = ()
    if wet is not None:
        wet, lit = lit_on(case, wet, grid)
    against, weights, remark = reference_of(case, grid)
    electrode = next((e for e in case.electrode if e.name == against and e.role == "reference"), None)
    place: tuple[float, float] | str | None = None
    plates = [
        Plate(electrode_on(grid, case, e, None), surface_of(e, reactions[e.name]), e.role) for e in outlined(case)
    ]
    if electrode is not None and weights is not None:
        x, y = ((weights * values).sum() for values in np.meshgrid(grid.centre[2], grid.centre[1]))
        place = (float(x), float(y))
        if electrode.position:
            place = (electrode.position[0], electrode.position[1] if geometry != "section" else place[1])
    open_ = open_sides(geometry) if case.grid.edge == "reservoir" else ()
    flow = flow_of(case, grid)
    if flow is not None and case.cell.flow is not None:  # fresh at the inlet; walls but there and at the outlet
        open_ = (case.cell.flow.inlet,)
    try:
        bath = Bath(
            grid, ions, solution.concentrations, plates, dict.fromkeys(open_, solution.concentrations),
            flow=None if flow is None else flow.volume_flow, reference=place,
            temperature=case.electrolyte.temperature, bulk=wet.bulk if wet else None, scales=wet.scales if wet else {},
        )  # fmt: skip
    except ValueError as error:
        raise InputError(Problem("", "electrode", None, str(error))) from None
    name = ready.working.name
    segments, groups = segments_of(case, bath.area(name), _compensated(case, ready, bath, weights))
    total = min(sum(s.duration for s in segments), case.case.duration or np.inf)
    output = case.output.model_copy(update={"count": case.output.count or FIELDS})
    if not case.output.times and "spacing" not in case.output.model_fields_set:
        output = output.model_copy(update={"spacing": "linear", "first": total / FIELDS})
    times = np.array([t for t in output.resolved_times(total) if 0.0 < t < total * (1.0 - 1e-9)])
    warnings = [*solution.warnings, *lit, *([remark] if remark else []), *(flow.warnings if flow is not None else ())]
    if geometry == "plan" and not validity.plan:
        warnings.append(f"the plan does not hold: {validity.words}")
    if open_ and flow is None:
        warnings.append(
            f"fresh liquid lies beyond the sides {', '.join(open_)}, each of one potential and without net current; "
            'grid.edge = "closed" makes them walls'
        )
    return BathReady(
        ready, solution, bath, geometry, segments, groups, times, against, validity.words, tuple(warnings), wet
    )


def _compensated(case: CaseInput, ready: Ready, bath: Bath, weights: Array | None) -> float:
    """Resistance that the instrument compensates [ohm m^2]: its share of the primary one at the start."""
    share = case.protocol.ir_compensation
    if share == 0.0:
        return 0.0
    name, counter = ready.working.name, by_role(case, "counter")
    others = [] if counter is None else [electrode_on(bath.grid, case, counter, None, 0.0)]
    ends = {} if others else dict.fromkeys(bath.reservoirs, 0.0)
    unit = electrode_on(bath.grid, case, ready.working, None, current=1e-9)
    d = distribute(bath.grid, _conductivity(bath), [unit, *others], ends)
    zero = float((weights * d.potential[0]).sum()) if weights is not None else 0.0
    return share * (d.liquid(name) - zero) / 1e-9 * bath.area(name)


def _conductivity(bath: Bath) -> float:
    """Of the ions at the start [S/m]."""
    there = bath.composition[:, bath.grid.mask].mean(axis=1)
    return independent_conductivity(bath.ions, there, bath.temperature)


def run_bath_case(
    case: Case, progress: Callable[[float], None] | None = None, keeper: Keeper | None = None
) -> xr.DataTree:
    """Run a case of ions between electrodes; see `run_transport`.

    Examples
    --------
    >>> run_bath_case.__name__
    'run_bath_case'
    """
    from simcell.studies.transport import transport_provenance

    started = time.perf_counter()
    made = bath_of(case.input, case.folder)
    status: Status = "complete"
    failure: SolverError | None = None
    options = Options(
        rtol=case.input.solver.rtol or Options.rtol,
        steps=min(case.input.solver.max_steps, Options.steps),
        volts=Options.volts if made.wet is None else VOLTS,
    )
    course = Course(made.groups, case.input.case.duration or np.inf, progress=progress, keeper=keeper)
    try:
        record = run_bath(made.bath, made.segments, options, made.times, course=course)
    except Stopped as stop:
        record, status = stop.partial, "interrupted"
    except SolverError as error:
        if not isinstance(error.partial, BathRecord):
            raise
        record, failure, status = error.partial, error, "failed"
    except ValueError as error:
        if "open-circuit" not in str(error):
            raise
        raise InputError(Problem("", "electrode", None, NO_REST)) from None
    groups, coords = labelled(case.input, made, record)
    solver = {"method": "ESDIRK3(2)4L[2]SA, coupled", "rtol": options.rtol, **record.work, "books": record.books}
    more: dict[str, Any] = {
        "level": "tertiary", "geometry": made.geometry, "validity": made.words, "against": made.against,
        "balance": made.bath.balance,
        "ends": [{"step": made.groups[n] + 1, "time": t, "reason": why} for n, t, why in record.ends],
    }  # fmt: skip
    remarks: list[str] = []
    if made.wet is not None:
        more["coupling"] = feedbacks(case.input)
        remarks = unresolved_on(made.wet, made.bath, record.concentration)
    warnings = [*made.warnings, *remarks, *([str(failure)] if failure else [])]
    facts = transport_provenance(case, warnings, status, started, solver, transport=more)
    attrs = {"simcell_provenance": facts, "title": case.input.case.title, "geometry": made.geometry}
    tree = build(groups, coords, attrs)
    if failure is not None:
        raise SolverError(str(failure), tree)
    return tree


def labelled(case: CaseInput, made: BathReady, record: BathRecord) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields in `/transport` at the output times, traces in `/trace` at every step.

    Examples
    --------
    >>> labelled.__name__
    'labelled'
    """
    from simcell.studies.transport import cell_of, outline_group

    grid, names = made.bath.grid, [e.name for e in case.electrode]
    axes = [axis for axis, n in zip("zyx", grid.shape, strict=True) if n > 1]
    lateral = [axis for axis in axes if axis != "z"]
    at = np.searchsorted(record.time, record.field_time * (1.0 - 1e-12)).clip(0, record.time.size - 1)
    compensation = np.array([s.compensation for s in made.segments])[record.segment] * record.current
    zero = record.electrode_potential[:, 0] - record.potential - compensation  # what the reference reads

    def resolved(values: Array) -> Array:
        return values.reshape(*values.shape[:-3], *(n for n in grid.shape if n > 1))

    def flat(values: Array) -> Array:
        return values.reshape(values.shape[0], *(n for n in grid.shape[1:] if n > 1))

    def row(values: Array, shift: Array | float = 0.0) -> tuple[list[str], Array]:
        full = np.zeros((record.time.size, len(names)))
        for k, name in enumerate(record.electrodes):
            full[:, names.index(name)] = values[:, k] - shift
        return ["time", "electrode"], full

    area = np.array([p.place.cover * grid.area[0][0] for p in made.bath.live])
    factors = np.full((record.field_time.size, len(names)), np.nan)
    for k, plate in enumerate(made.bath.live):
        on = (area[k] > 0.0) & (area[k] == area.max(axis=0))
        for n, density in enumerate(record.current_density):
            factors[n, names.index(plate.name)] = edge_share(density[on], area[k][on])
    current = row(record.electrode_current)
    potential = row(record.electrode_potential, zero[:, None][:, 0])
    drop = row(record.ohmic_drop)
    which = np.zeros(grid.shape[1:])
    for k, plate in enumerate(made.bath.live):
        which[(area[k] > 0.0) & (area[k] == area.max(axis=0))] = names.index(plate.name) + 1
    transport = {
        "concentration": (["time", "species", *axes], resolved(np.where(grid.mask, record.concentration, 0.0))),
        "potential": (["time", *axes], resolved(np.where(grid.mask, record.liquid - zero[at, None, None, None], 0.0))),
        "current_density": (["time", *lateral], flat(record.current_density)),
        "edge_factor": (["time", "electrode"], factors),
        **{k: (v[0], v[1][at]) for k, v in (("electrode_current", current), ("electrode_potential", potential),
                                             ("ohmic_drop", drop))},
    }  # fmt: skip
    side = np.repeat(np.arange(len(made.bath.live)), [len(p.surface.reactions) for p in made.bath.live])
    passed = record.charging_charge.copy()
    np.add.at(passed.T, side, record.reaction_charge.T)
    transport |= {
        "electrode_charge": (["time", "electrode"], row(passed)[1][at]),
        "reaction_current": (["time", "reaction"], record.reaction_current[at]),
        "reaction_charge": (["time", "reaction"], record.reaction_charge[at]),
    }
    own = len(made.bath.live[0].surface.reactions)
    charge = record.reaction_charge[:, :own].sum(axis=1) + record.charging_charge[:, 0]
    shown = row(record.electrode_potential, zero[:, None][:, 0])[1]
    shown[:, names.index(record.electrodes[0])] = record.potential
    trace = {
        "current_density": (["time"], record.current),
        "charge_density": (["time"], charge / made.bath.area(record.electrodes[0])),
        "electrode_current": current, "electrode_potential": (potential[0], shown), "ohmic_drop": drop,
        "reaction_current": (["time", "reaction"], record.reaction_current),
        "step": (["time"], np.array([made.groups[n] + 1.0 for n in record.segment])),
    }  # fmt: skip
    trace = {name: (["moment", *dims[1:]], values) for name, (dims, values) in trace.items()}
    outline, coords = outline_group(outlines_of(case), names)
    cell = {
        **cell_of(case, grid, axes, lateral), **outline, "conductivity": ([], _conductivity(made.bath)),
        "electrode_map": (lateral, flat(which[None])[0]), "electrode_area": (lateral, flat(area.sum(axis=0)[None])[0]),
    }  # fmt: skip
    labels = [f"{p.name}: {r.name}" for p in made.bath.live for r in p.surface.reactions]
    coords |= {"electrode": names, "species": list(record.ions), "reaction": labels, "time": record.field_time}
    coords |= {axis: x for axis, x in zip("zyx", grid.centre, strict=True) if axis in axes}
    groups = {"cell": cell, "transport": transport, "trace": trace}
    if made.wet is not None:
        c = np.where(grid.mask, record.concentration, 0.0)
        assert made.wet.light is not None
        wet, gases = beam_groups(made.wet, record.field_time, resolved(c), axes, flat(made.wet.light[:1])[0])
        groups, coords = groups | wet, coords | gases
        ends = record.inventory[0], record.inventory[1]
        laws = laws_of(made.wet.setup.mechanism, {ion.name: ion.charge for ion in made.bath.ions})
        transport["conservation_error"] = (["conserved"], errors(laws, *ends, record.entered))
        coords["conserved"] = list(laws)
    return groups, coords | {"moment": record.time}

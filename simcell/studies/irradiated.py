"""A liquid between electrodes under the beam: ions of transport that also react and are made, in one system.

The beam makes species at G times dose rate in every cell, the mechanism lets them react, and transport moves them to
the electrodes, whose reactions use them up or make more: one implicit system (see `simcell.transport.bulk`), no codes
that pass files. Assumptions: along a line the dose rate is the same (the beam covers what the line stands for), so that
what diffuses out of a small beam sideways is missing there; on a grid it is that of the beam's footprint; activity
coefficients of 1 except where the ionic-strength correction of the constants is asked for; the solvent is not used up;
gas and heat are told, and act where `[coupling]` says so (on a line).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from simcell.beam.footprint import resolve
from simcell.chemistry import water
from simcell.chemistry.equilibrium import reversible
from simcell.chemistry.mechanism import Mechanism
from simcell.chemistry.network import Array
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.gases import load_gases
from simcell.numerics.grid import Grid
from simcell.radiolysis.homogeneous import Problem0D
from simcell.radiolysis.setup import Setup
from simcell.studies.cell import rim_of
from simcell.studies.footprint import footprint_of, scan_of
from simcell.studies.gas import gases_of
from simcell.studies.in_space import carrying, diffusivities_of
from simcell.studies.layout import exposed, marks
from simcell.studies.run import beam_group, ph, saturation
from simcell.studies.setup import Beam, gases_in, mechanism_of, setup_of
from simcell.studies.solution import Solution
from simcell.transport.bath import Bath
from simcell.transport.bulk import ORDER, Bulk
from simcell.transport.species import Ion, Liquid, Reaction, independent_conductivity

CELLS = 5  # over a reaction layer: a current through it is then good to a few per cent
BEAM_CELLS = 12  # across a beam that shares its grid with electrodes
CROWDED, MORE = 100.0, 2.0  # mol/m^3, and times what was dissolved, from which on an ion's rise is told
SMALL = 1e-3  # mol/m^3 (1 uM): errors of what starts with less are told against this


@dataclass(frozen=True, eq=False)
class Irradiated:
    """What the beam adds to a liquid.

    Attributes
    ----------
    solution : Solution
        All solutes of the mechanism, those that do not react, and their start.
    bulk : Bulk
        Reactions, and what the beam makes while it is on.

    Examples
    --------
    >>> sorted(Irradiated.__dataclass_fields__)
    ['beam', 'bulk', 'light', 'setup', 'solution', 'warmed']
    """

    solution: Solution
    bulk: Bulk
    setup: Setup
    beam: Beam
    warmed: Callable[[float], tuple[Bulk, Mapping[str, float]]]  # reactions and diffusivities at a temperature [K]
    light: Array | None = None  # on a grid: relative dose rate, over patterns of a scan its mean (nz, ny, nx)

    @property
    def scales(self) -> Mapping[str, float]:
        """What errors are told against [mol/m^3]."""
        return dict.fromkeys(self.solution.concentrations, SMALL)


def irradiated(case: CaseInput, folder: Path | None = None) -> Irradiated:
    """Put the liquid of a case together that runs radiolysis and transport.

    Raises
    ------
    InputError
        For species without a diffusivity, and rate laws that transport cannot carry.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s"}}).input
    >>> wet = irradiated(case)
    >>> len(wet.bulk.reactions), round(wet.bulk.production["OH"], 1)
    (62, 376.2)
    """
    mechanism = mechanism_of(case, folder)
    setup, beam = setup_of(case, mechanism)
    held = load_gases() if case.coupling.gas else {}  # gases that do not react come out with the others
    ions = {name: setup.charges[name] for name in setup.passive if setup.charges[name] or name in held}
    mechanism, net = carrying(mechanism, ions)
    setup, beam = setup_of(case, mechanism, net)
    problem, names = setup.problem, setup.problem.net.names
    diffusivity, remarks = diffusivities_of(case, mechanism, names)
    start = dict(zip(names, problem.start.tolist(), strict=True))
    for r in mechanism.reactions:
        written = sorted(s for s, n in r.reactants.items() for _ in range(n) if s != mechanism.solvent)
        if len(r.counted) > ORDER or sorted(s for s in r.counted if s != mechanism.solvent) != written:
            reason = (
                f"{r.equation} has a rate law that is not mass action up to order {ORDER}: not carried with currents"
            )
            raise InputError(Problem("", "electrolyte.mechanism", mechanism.name, reason))

    def at(temperature: float) -> tuple[Bulk, Mapping[str, float]]:
        other = case.electrolyte.model_copy(update={"temperature": temperature})
        warm, _ = setup_of(case.model_copy(update={"electrolyte": other}), mechanism, net)
        factor = water.mobility_factor(temperature) / water.mobility_factor(case.electrolyte.temperature)
        return _bulk(mechanism, warm.problem, temperature), {s: factor * d for s, d in found.items()}

    charges = {name: mechanism.species[name].charge for name in names}
    found = dict(zip(names, diffusivity.tolist(), strict=True))
    bulk = _bulk(mechanism, problem, case.electrolyte.temperature)
    ions_now = [Ion(n, charges[n], d) for n, d in found.items()]
    kappa = independent_conductivity(ions_now, list(start.values()), case.electrolyte.temperature)
    solution = Solution(start, charges, found, kappa, "follows from the ions", (*setup.warnings, *remarks))
    return Irradiated(solution, bulk, setup, beam, at)


def _bulk(mechanism: Mechanism, problem: Problem0D, temperature: float) -> Bulk:
    """Reactions, and what the beam makes when it is on."""
    names, schedule = problem.net.names, problem.schedule
    return Bulk(
        reversible(mechanism, names, temperature, problem.k), dict(zip(names, problem.source.tolist(), strict=True)),
        switch=tuple(schedule.switch[:-1].tolist()), scale=tuple(schedule.scale.tolist()),
    )  # fmt: skip


def places_of(case: CaseInput) -> tuple[dict[float, float], dict[float, float]]:
    """Places along x and y where a beam of a size wants small cells [m], and how small; none for one that is even.

    Examples
    --------
    >>> from simcell.case import Case
    >>> places_of(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s"}}).input)
    ({}, {})
    """
    if not _sized(case):
        return {}, {}
    beam = footprint_of(case.beam)
    finest = min(min(part.size) for part in beam.parts) / BEAM_CELLS
    along, across = ({x: case.grid.spacing or finest for x in marks(case, beam, axis)} for axis in (0, 1))
    return along, across


def lit_on(case: CaseInput, wet: Irradiated, grid: Grid) -> tuple[Irradiated, tuple[str, ...]]:
    """The same with the beam where it falls on the cells of a grid, and when; and remarks.

    A beam of which only a dose rate is known lights all cells evenly.

    Raises
    ------
    InputError
        If the beam does not fall on the cells, or they do not resolve it.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.numerics.grid import plan
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"}})
    >>> cells = plan(np.linspace(-2e-6, 2e-6, 9), np.linspace(-2e-6, 2e-6, 9), 1e-6)
    >>> wet, told = lit_on(case.input, irradiated(case.input), cells)
    >>> float(wet.bulk.share(cells.shape).sum().round(3))  # cells of 0.25 um^2 in a disc of 1 um radius
    12.566
    """
    if not _sized(case):
        even = "the beam is as strong everywhere: no beam.diameter, pixel or spots say where it falls"
        return replace(wet, light=np.ones(grid.shape)), (even,)
    beam = footprint_of(case.beam)
    try:
        told = resolve(grid, beam, rim_of(case.cell))
        exposure, footprint = exposed(case, wet.setup.problem.schedule, grid, beam)
    except ValueError as error:
        key = "grid.spacing" if "does not resolve" in str(error) else "beam"
        raise InputError(Problem("", key, None, str(error))) from None
    bulk = replace(
        wet.bulk, footprint=footprint, switch=tuple(exposure.switch[:-1].tolist()),
        scale=tuple(exposure.scale.tolist()), pattern=tuple(exposure.pattern.tolist()),
    )  # fmt: skip
    duty = scan_of(case.beam).duty if len(footprint) > 1 else 1.0
    return replace(wet, bulk=bulk, light=duty * footprint.mean(axis=0)), told


def _sized(case: CaseInput) -> bool:
    return case.beam.mode == "stem" or case.beam.diameter is not None or bool(case.beam.spots)


def beam_groups(
    wet: Irradiated, times: Array, concentration: Array, axes: Sequence[str] = ("x",), share: Array | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `/beam` and `/radiolysis` hold of concentrations (times, solutes, *axes), and the names of the gases.

    `share` (y, x), without axes of one cell: relative dose rate, the mean over the patterns of a scan.

    Examples
    --------
    >>> from simcell.case import Case
    >>> wet = irradiated(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s"}}).input)
    >>> start = np.array(list(wet.solution.concentrations.values()))[None, :, None]
    >>> groups, coords = beam_groups(wet, np.zeros(1), start)
    >>> groups["radiolysis"]["pH"][1].round(2), coords["gas"]
    (array([[7.]]), ['H2', 'O2'])
    """
    species = list(wet.solution.concentrations)
    c = np.moveaxis(concentration, 1, -1)
    still = {
        gas: amount for gas, amount in wet.setup.passive.items() if gas not in species
    }  # N2, Ar: they do not react
    c = np.concatenate([c, *(np.full((*c.shape[:-1], 1), amount) for amount in still.values())], axis=-1)
    species += list(still)
    gases, limits = list(gases_in(wet.setup.mechanism)), saturation(wet.setup)
    saturated = np.stack([c[..., species.index(g)] / limits[g] for g in gases], axis=1)
    group = {
        "pH": (["time", *axes], ph(c, species)),
        "gas_saturation": (["time", "gas", *axes], saturated),
        "gas_pressure": (["time", *axes], gases_of(wet.setup).pressure_of(c, species)),
        "saturation_concentration": (["gas"], np.array([limits[g] for g in gases])),
    }
    beam = beam_group(wet.beam, wet.setup, times, float(times[-1]))
    if share is not None:
        beam["dose_rate"] = ([axis for axis in axes if axis != "z"], wet.beam.dose_rate * share)
    return {"beam": beam, "radiolysis": group}, {"gas": gases}


def unresolved_on(wet: Irradiated, bath: Bath, concentration: Array) -> list[str]:
    """The same for a grid, of concentrations (times, solutes, z, y, x): the cells on the floor above electrodes count.

    In a plan the height has to be below the layer: the closure knows profiles that a slow loss bends, not thinner ones.

    Examples
    --------
    >>> unresolved_on.__name__
    'unresolved_on'
    """
    on = sum(plate.place.cover for plate in bath.live) > 0.0
    if bath.grid.kind == "plan":
        first, words = float((bath.grid.volume[0] / bath.grid.area[0][0])[on].min()), "the layer of liquid"
    else:
        first, words = 2.0 * float(bath.grid.distance[0][0][on].min()), "the first cell"
    told = []
    for name, layer in _layers(wet, bath.ions, bath.reactions, concentration[:, :, 0][..., on]):
        if first > (layer if bath.grid.kind == "plan" else layer / CELLS):
            rest = "" if bath.grid.kind == "plan" else "; more grid.layers resolve it"
            told.append(
                f"{name} reaches {1e9 * layer:.3g} nm through the liquid at an electrode, and {words} is "
                f"{1e9 * first:.3g} nm: its current may be off by tens of per cent and more{rest}"
            )
    return told


def _layers(
    wet: Irradiated, ions: Sequence[Ion], reactions: Sequence[Reaction], concentration: Array
) -> list[tuple[str, float]]:
    """Thinnest reaction layer [m] of each solute of electrode reactions, of concentrations (times, solutes, places)."""
    names = [ion.name for ion in ions]
    c = np.maximum(np.moveaxis(concentration, 1, 0), 0.0)
    loss = {name: np.zeros(c.shape[1:]) for name in names}
    for r in wet.bulk.reactions:
        if r.forward > 0.0 and r.back == 0.0:
            rate = r.forward * np.prod([c[names.index(s)] ** n for s, n in r.reactants.items()], axis=0)
            for s, change in r.change.items():
                if change < 0:
                    loss[s] = loss[s] - change * rate
    found = []
    for ion in ions:
        there = c[names.index(ion.name)]
        lives = np.divide(loss[ion.name], there, out=np.zeros_like(there), where=there > 0.0).max(initial=0.0)
        if lives > 0.0 and any(ion.name in reaction.makes for reaction in reactions):
            found.append((ion.name, float(np.sqrt(ion.diffusivity / lives))))
    return found


def crowded(liquid: Liquid, concentration: Array) -> list[str]:
    """Remarks on ions that rise far above what was dissolved, of concentrations (times, ions, nodes).

    No solubilities of salts and oxides are shipped, so that a run cannot tell whether a solid would come out.

    Examples
    --------
    >>> crowded.__name__
    'crowded'
    """
    told = []
    for ion, start, c in zip(liquid.ions, liquid.composition, np.moveaxis(concentration, 1, 0), strict=True):
        most, before = float(c.max()), float(start.max())
        if ion.charge and most > CROWDED and most > MORE * before:
            told.append(
                f"{ion.name} rises to {most / 1e3:.3g} mol/L from {before / 1e3:.3g} mol/L: no solubility of its salts "
                "and oxides is known here, so none is checked"
            )
    return told


def unresolved(wet: Irradiated, liquid: Liquid, concentration: Array) -> list[str]:
    """Warnings on solutes of electrode reactions whose reaction layer sqrt(D / k') the first cell does not resolve.

    k' is the largest rate at which reactions without a reverse use a solute up in the cell beside the electrode, over
    its concentration, of concentrations (times, solutes, nodes). (Layers of equilibria may be thinner than a cell, see
    `simcell.transport.bulk`.)

    Examples
    --------
    >>> unresolved.__name__
    'unresolved'
    """
    first = 2.0 * float(liquid.grid.centre[2][0] - liquid.grid.faces[2][0])
    told = []
    for name, layer in _layers(wet, liquid.ions, liquid.reactions, concentration[:, :, 1:2]):
        if first > layer / CELLS:
            told.append(
                f"{name} reaches {1e9 * layer:.3g} nm through the liquid at an electrode, and the first cell is "
                f"{1e9 * first:.3g} nm: its current may be off by tens of per cent; "
                f'grid.spacing = "{1e9 * layer / CELLS:.2g} nm" resolves it'
            )
    return told

"""A liquid between electrodes under the beam: ions of transport that also react and are made, in one system.

The beam makes species at G times dose rate in every cell, the mechanism lets them react, and transport moves them to
the electrodes, whose reactions use them up or make more: one implicit system (see `simcell.transport.bulk`), no codes
that pass files. Assumptions: the dose rate is the same along the line (the beam covers what the line stands for), so
what diffuses out of a small beam sideways is missing; activity coefficients of 1 except where the ionic-strength
correction of the constants is asked for; the solvent is not used up; no bubbles form (gas is told, not acted on).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simcell.chemistry import water
from simcell.chemistry.equilibrium import reversible
from simcell.chemistry.mechanism import Mechanism
from simcell.chemistry.network import Array
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.gases import load_gases
from simcell.radiolysis.homogeneous import Problem0D
from simcell.radiolysis.setup import Setup
from simcell.studies.gas import gases_of
from simcell.studies.in_space import carrying, diffusivities_of
from simcell.studies.run import beam_group, ph, saturation
from simcell.studies.setup import Beam, gases_in, mechanism_of, setup_of
from simcell.studies.solution import Solution
from simcell.transport.bulk import ORDER, Bulk
from simcell.transport.species import Liquid

CELLS = 5  # over a reaction layer: a current through it is then good to a few per cent
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
    ['beam', 'bulk', 'setup', 'solution', 'warmed']
    """

    solution: Solution
    bulk: Bulk
    setup: Setup
    beam: Beam
    warmed: Callable[[float], tuple[Bulk, Mapping[str, float]]]  # reactions and diffusivities at a temperature [K]

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
    solution = Solution(start, charges, found, 0.0, "follows from the ions", (*setup.warnings, *remarks))
    return Irradiated(solution, bulk, setup, beam, at)


def _bulk(mechanism: Mechanism, problem: Problem0D, temperature: float) -> Bulk:
    """Reactions, and what the beam makes when it is on."""
    names, schedule = problem.net.names, problem.schedule
    return Bulk(
        reversible(mechanism, names, temperature, problem.k), dict(zip(names, problem.source.tolist(), strict=True)),
        switch=tuple(schedule.switch[:-1].tolist()), scale=tuple(schedule.scale.tolist()),
    )  # fmt: skip


def beam_groups(wet: Irradiated, times: Array, concentration: Array) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `/beam` and `/radiolysis` hold of concentrations (times, solutes, x), and the names of the gases.

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
    share = np.stack([c[..., species.index(g)] / limits[g] for g in gases], axis=1)
    group = {
        "pH": (["time", "x"], ph(c, species)),
        "gas_saturation": (["time", "gas", "x"], share),
        "gas_pressure": (["time", "x"], gases_of(wet.setup).pressure_of(c, species)),
        "saturation_concentration": (["gas"], np.array([limits[g] for g in gases])),
    }
    return {"beam": beam_group(wet.beam, wet.setup, times, float(times[-1])), "radiolysis": group}, {"gas": gases}


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
    names = [ion.name for ion in liquid.ions]
    c = np.maximum(concentration[:, :, 1], 0.0)
    loss = dict.fromkeys(names, np.zeros(c.shape[0]))
    for r in wet.bulk.reactions:
        if r.forward > 0.0 and r.back == 0.0:
            rate = r.forward * np.prod([c[:, names.index(s)] ** n for s, n in r.reactants.items()], axis=0)
            for s, change in r.change.items():
                if change < 0:
                    loss[s] = loss[s] - change * rate
    first = 2.0 * float(liquid.grid.centre[2][0] - liquid.grid.faces[2][0])
    told = []
    for ion in liquid.ions:
        at_electrodes = any(ion.name in reaction.makes for reaction in liquid.reactions)
        there = c[:, names.index(ion.name)]
        lives = np.divide(loss[ion.name], there, out=np.zeros_like(there), where=there > 0.0).max(initial=0.0)
        layer = np.sqrt(ion.diffusivity / lives) if lives > 0.0 else np.inf
        if at_electrodes and first > layer / CELLS:
            told.append(
                f"{ion.name} reaches {1e9 * layer:.3g} nm through the liquid at an electrode, and the first cell is "
                f"{1e9 * first:.3g} nm: its current may be off by tens of per cent; "
                f'grid.spacing = "{1e9 * layer / CELLS:.2g} nm" resolves it'
            )
    return told

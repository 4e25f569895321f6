"""A case in space made ready: the liquid, the cells, the beam on them, and how fast each species moves."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simcell.beam.footprint import outside, relative_dose_rate
from simcell.beam.shape import disc
from simcell.cell.flow import velocity
from simcell.chemistry import water
from simcell.chemistry.mechanism import Mechanism, Species
from simcell.chemistry.network import Array, Network
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.fields import Frozen
from simcell.inputs.ions import load_ions
from simcell.radiolysis.field import memory_of
from simcell.radiolysis.setup import Setup
from simcell.studies.footprint import footprint_of
from simcell.studies.layout import Layout, layout_of
from simcell.studies.setup import Beam, output_times, setup_of

MUCH_MEMORY, MOST_MEMORY = 8e9, 64e9  # bytes: what a small and a large workstation have


@dataclass(frozen=True)
class InSpace:
    """A case ready to be integrated in space.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.setup import mechanism_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}})
    >>> in_space(case.input, mechanism_of(case.input)).layout.grid.kind
    'radial'
    """

    setup: Setup
    beam: Beam
    layout: Layout
    diffusivity: Array  # (n,) m^2/s
    fresh: Array  # (n,) mol/m^3, what lies beyond open sides and flows in
    warnings: tuple[str, ...]


def in_space(case: CaseInput, mechanism: Mechanism, yields: str | None = None) -> InSpace:
    """Set up a case in space; `yields` names another G set than the case.

    Raises
    ------
    InputError
        If the liquid cannot be made neutral, or a species has no diffusivity.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.setup import mechanism_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "electrolyte": {"pH": 3, "counter_ion": "ClO4-"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}})
    >>> "ClO4-" in in_space(case.input, mechanism_of(case.input)).setup.problem.net.index
    True
    """
    setup, beam = setup_of(case, mechanism, None, yields)
    other = _flowing_in(case)
    liquids = [setup, *([setup_of(other, mechanism, None, yields)[0]] if other is not None else [])]
    moving = _moving(liquids, case.radiolysis.electroneutral)
    if moving:
        mechanism, net = carrying(mechanism, moving)
        setup, beam = setup_of(case, mechanism, net, yields)
        liquids = [setup, *([setup_of(other, mechanism, net, yields)[0]] if other is not None else [])]
    diffusivity, remarks = diffusivities_of(case, mechanism, setup.problem.net.names)
    layout = layout_of(case, setup.problem.schedule)
    feeding(case, layout)  # finds now what could not be told before the end
    remarks += _smeared(layout, float(diffusivity.min(initial=np.inf, where=diffusivity > 0.0)))
    remarks += [*layout.warnings, *_large(case, setup, layout)]
    warnings = dict.fromkeys((*(w for liquid in liquids for w in liquid.warnings), *remarks))
    return InSpace(setup, beam, layout, diffusivity, liquids[-1].problem.start, tuple(warnings))


def carrying(mechanism: Mechanism, moving: Mapping[str, int]) -> tuple[Mechanism, Network]:
    """A mechanism with species (name -> charge) that do not react but move, and its packed form.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> "Na+" in carrying(load_mechanism("water"), {"Na+": 1})[1].index
    True
    """
    known = {s: Species(s, {}, z) for s, z in moving.items() if s not in mechanism.species}
    mechanism = dataclasses.replace(mechanism, species={**mechanism.species, **known})
    return mechanism, Network.of(mechanism, carried=tuple(moving))


def _moving(liquids: Sequence[Setup], electroneutral: bool) -> dict[str, int]:
    """Species without reactions that are integrated all the same, with their charges.

    Ions move with the others, and what one liquid has and the other has not is carried in.
    """
    found = {}
    for name in dict.fromkeys(s for liquid in liquids for s in liquid.passive):
        charge = next(liquid.charges[name] for liquid in liquids if name in liquid.charges)
        if (charge and electroneutral) or len({liquid.passive.get(name, 0.0) for liquid in liquids}) > 1:
            found[name] = charge
    return found


def _flowing_in(case: CaseInput) -> CaseInput | None:
    """The case with the liquid that flows in, if that is another."""
    e = case.electrolyte
    if e.inflow is None:
        return None
    new = {key: value for key in ("pH", "counter_ion") if (value := getattr(e.inflow, key)) is not None}
    new["concentrations"] = Frozen({**e.concentrations, **e.inflow.concentrations})
    return case.model_copy(update={"electrolyte": e.model_copy(update=new)})


def _large(case: CaseInput, setup: Setup, layout: Layout) -> list[str]:
    """Say that a grid takes more memory than a usual computer has, or refuse what none has."""
    grid, n = layout.grid, len(setup.problem.net.names)
    if grid.kind == "radial":
        return []
    dimensions = sum(size > 1 for size in grid.shape)
    needed = memory_of(grid.volume.size, n, dimensions, output_times(case).size)
    if needed < MUCH_MEMORY:
        return []
    text = f"{grid.volume.size} cells need {needed / 1e9:.3g} GB of memory"
    if needed > MOST_MEMORY:
        reason = (
            f"{text}, above {MOST_MEMORY / 1e9:g} GB; take larger cells, a larger grid.growth or fewer output times"
        )
        fewer = (needed / MOST_MEMORY) ** (1.0 / dimensions) * float(np.diff(grid.faces[2]).min())
        raise InputError(Problem("", "grid.spacing", case.grid.spacing, reason, f'"{fewer * 1e9:.2g} nm"'))
    return [f"{text}: larger cells (grid.spacing, grid.growth) or fewer output times (output.count) need less"]


def _smeared(layout: Layout, diffusivity: float) -> list[str]:
    """Cells so large that the flow spreads what it carries along more than diffusion does.

    With a face value that is fitted to diffusion and flow, a cell of Peclet number P adds D (P/2 coth(P/2) - 1).
    """
    if layout.flow is None:
        return []
    at, size = velocity(layout.grid, layout.flow.volume_flow), layout.grid.faces
    peclet = max(
        float((np.abs(at[axis]) * np.diff(size[axis]).reshape([-1 if a == axis else 1 for a in range(3)])).max())
        for axis in (1, 2)
    ) / diffusivity  # fmt: skip
    added = 0.5 * peclet / np.tanh(0.5 * peclet) - 1.0 if peclet > 0.0 else 0.0
    if added <= 1.0:
        return []
    return [
        f"the flow crosses the largest cells with a Peclet number of {peclet:.2g}: there fronts and tails are spread "
        f"as if the slowest species diffused up to {added + 1.0:.2g} times as fast: lower grid.extent or grid.growth"
    ]


def feeding(case: CaseInput, layout: Layout) -> Array:
    """Share of each cell in the liquid that feeds a bubble: as given around the beam, or what the beam hits.

    Raises
    ------
    InputError
        If the layer goes beyond the grid.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.radiolysis.homogeneous import Schedule
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s", "diameter": "2 um"},
    ...                        "grid": {"geometry": "radial", "extent": "25 um"}}).input
    >>> float(feeding(case, layout_of(case, Schedule.constant(1.0))).max())
    1.0
    """
    layer = case.gas.layer_radius
    if not case.gas.bubble or layer is None:
        return layout.mean
    around = disc(2.0 * layer, max(footprint_of(case.beam).parts, key=lambda part: part.level).centre)
    if (beside := outside(layout.grid, around)) > 1e-3:
        reason = f"a share of {beside:.2g} of that layer is beyond the grid: a larger grid.extent, or a smaller layer"
        raise InputError(Problem("", "gas.layer_radius", layer, reason))
    return relative_dose_rate(layout.grid, around)


def diffusivities_of(case: CaseInput, mechanism: Mechanism, names: tuple[str, ...]) -> tuple[Array, list[str]]:
    """Diffusivities [m^2/s] of species at the temperature of the case, and remarks on what was assumed for them.

    Those given or shipped hold at 25 degC.

    Raises
    ------
    InputError
        Naming all species without one.

    Examples
    --------
    >>> from simcell.case import Case
    >>> from simcell.studies.setup import mechanism_of
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> diffusivities_of(case, mechanism_of(case), ("H2", "O2"))
    (array([4.5e-09, 2.1e-09]), [])
    """
    r, ions = case.radiolysis, load_ions()
    strangers = [s for s in r.diffusivity if s not in names]
    problems = [
        Problem("", f"radiolysis.diffusivity.{s}", None, f'"{mechanism.name}" integrates no such species')
        for s in strangers
    ]
    known = {s: r.diffusivity.get(s, mechanism.species[s].diffusivity or ions.get(s)) for s in names}
    missing = [s for s in mechanism.species if s in known and known[s] is None]
    if missing and r.unknown_diffusivity is None:
        reason = f"is needed: no diffusivity is published here for {', '.join(missing)}"
        table = f'{{ {_quoted(missing[0])} = "1.5e-9 m^2/s" }} in radiolysis.diffusivity'
        example = f'"1.5e-9 m^2/s" for all of them, or {table}'
        if any(s.startswith("inert") for s in missing):
            reason += "; name a real ion with electrolyte.counter_ion"
        problems.append(Problem("", "radiolysis.unknown_diffusivity", None, reason, example))
    if problems:
        raise InputError(problems)
    remarks = []
    if missing:
        remarks.append(
            f"radiolysis.unknown_diffusivity = {r.unknown_diffusivity:.3g} m^2/s stands for {', '.join(missing)}: "
            "none is published here"
        )
    at_25 = np.array([r.unknown_diffusivity if d is None else d for d in known.values()], dtype=float)
    factor = water.mobility_factor(case.electrolyte.temperature)
    if abs(factor - 1.0) > 0.01:
        remarks.append(f"diffusivities are {factor:.3g} times those at 25 degC, for all species (D ~ T / viscosity)")
    return factor * at_25, remarks


def _quoted(name: str) -> str:
    return name if name.isalnum() else f'"{name}"'

"""From a case to the strip cell that closed forms know: working electrode, gap, thickness, liquid, kinetics, current.

The working electrode counts as a strip along its edge that faces the counter electrode; without a counter electrode it
is fed from both sides. Thickness follows the bulge along the line through the middle of the strip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcell.cell.polygon import area_of
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.electrode import ElectrodeInput, outline_of
from simcell.inputs.electrolyte_data import load_electrolyte, load_metal
from simcell.inputs.reaction import metal_of
from simcell.studies.cell import gap_of
from simcell.studies.reactions import by_role, law_of, reactions_of
from simcell.studies.solution import Solution, solution_of
from simcell.transport.designs import Designs
from simcell.transport.kinetics import Law

Array = NDArray[np.float64]
SUPPORTED = 0.1  # transport number below which an ion counts as supported
SAMPLES = 65  # of the thickness along the gap and over the strip


@dataclass(frozen=True, eq=False)
class Strip:
    """A strip cell in SI numbers; `with_values` changes some, also to arrays.

    Examples
    --------
    >>> Strip.__dataclass_fields__["width"].type
    'Array | float'
    """

    width: Array | float
    length: Array | float
    gap: Array | float
    counter_width: float
    spacer: Array | float
    current_density: Array | float  # A/m^2, anodic positive; 0: not known
    scan_rate: Array | float  # V/s; NaN: not known
    reference: Array | float  # m before the front edge; NaN: behind
    scale: Array | float  # exchange current over that of the case
    sides: int
    law: Law | None
    film: float
    conductivity: float
    concentration: float
    diffusivity: float
    transference: float
    electrons: float
    ion: str
    molar_volume: float  # of the metal; NaN: none
    source: float  # m from the strip to where the concentration is kept on its far side; infinite: nowhere
    opening: float  # m between the open ends of the layer
    dissolving: bool  # whether the counter electrode gives the ion back
    used: bool  # whether the current uses the ion up
    along: Array  # positions from the front edge towards the counter electrode [m]
    bulge: Array  # added to the spacer there [m]
    temperature: float
    warnings: tuple[str, ...] = ()

    def with_values(self, **values: Any) -> Strip:
        """The same cell with other numbers."""
        return replace(self, **values)

    def thickness(self) -> tuple[Array, Array, Array]:
        """Mean above the strip, harmonic mean along the gap, and largest above the strip [m]."""
        share = (np.arange(SAMPLES) + 0.5) / SAMPLES
        spacer = np.asarray(self.spacer, dtype=float)

        def at(start: Any, length: Any) -> Array:
            place = np.asarray(start)[..., None] + np.asarray(length)[..., None] * share
            return np.asarray(spacer[..., None] + np.interp(place, self.along, self.bulge))

        w, g = np.asarray(self.width, dtype=float), np.asarray(self.gap, dtype=float)
        above, between = at(-w, w), at(0.0 * g, g)
        return above.mean(axis=-1), 1.0 / (1.0 / between).mean(axis=-1), above.max(axis=-1)

    def resistance(self) -> Array:
        """Of kinetics and film at the mean current density [ohm m^2]; 0 without kinetics."""
        i, scale = (np.asarray(v, dtype=float) for v in (self.current_density, self.scale))
        if self.law is None:
            return np.asarray(self.film + 0.0 * i * scale)
        drive = (i / scale).reshape(-1)
        slope = self.law.slope(self.law.potential(drive))
        return self.film + 1.0 / (slope.reshape(np.shape(i / scale)) * scale)

    def designs(self) -> Designs:
        """What the closed forms take."""
        mean, path, _ = self.thickness()
        fed = self.dissolving or self.sides == 2
        near = 1.0 / np.asarray(self.gap, dtype=float) if fed else np.zeros(())
        with np.errstate(divide="ignore"):  # infinitely far where nothing feeds it
            supply = 1.0 / np.asarray(near + (1.0 / self.source if self.sides == 1 else 0.0))
        return Designs(
            self.width, self.length, self.gap, mean, path, self.conductivity, self.resistance(), self.current_density,
            self.concentration, self.diffusivity, self.transference, supply, self.opening,
            self.scan_rate, self.reference, self.electrons, self.sides, self.temperature,
        )  # fmt: skip


def strip_of(case: CaseInput) -> Strip:
    """Read a strip cell out of a case.

    Raises
    ------
    InputError
        Without a working electrode with outline, a spacer, or what the liquid and its reaction need.

    Examples
    --------
    >>> from simcell.inputs.case import parse_case
    >>> zinc = {"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}
    >>> strip = strip_of(parse_case({"case": {"physics": ["transport"]}, "cell": {"spacer_height": "500 nm"},
    ...     "grid": {"extent": "400 um"}, "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "electrode": [{"name": "working", "role": "working", "reaction": [zinc], "metal": "Zn",
    ...                    "rectangle": {"x": ["-10 um", "10 um"], "y": ["-50 um", "50 um"]}}],
    ...     "protocol": {"steps": [{"technique": "galvanostatic", "current_density": "-1 mA/cm^2"}]}}))
    >>> round(strip.width * 1e6), round(strip.gap * 1e6), strip.sides, strip.ion, strip.current_density
    (20, 190, 2, 'Zn2+', -10.0)
    """
    working, counter = by_role(case, "working"), by_role(case, "counter")
    if working is None or not outline_of(working).size:
        raise InputError(Problem("", "electrode", None, "no working electrode with an outline: nothing to design"))
    if case.cell.spacer_height is None:
        raise InputError(Problem("", "cell.spacer_height", None, "is missing: the thickness of the liquid", '"500 nm"'))
    place, warnings = _place(case, working, counter)
    solution = solution_of(case)
    current, rate = _driven(case, working, place["width"] * place["length"])
    reaction, ion, electrons, used = _reaction(case, working, solution, current)
    diffusivity, transference, more = _ion(case, solution, ion)
    law = law_of((reaction,), solution, case.electrolyte.temperature) if reaction is not None else None
    metal = next((m for r in working.reaction if (m := metal_of(r))), None)
    same = counter is not None and any(metal_of(r) == metal is not None for r in counter.reaction)
    extra = () if len(working.reaction) < 2 else (f"closed forms know one reaction: {working.reaction[0].name}",)
    if not used:
        extra = (*extra, f"the current makes {ion} instead of using it up: limits and times are those of its reverse")
    return Strip(
        **place, spacer=case.cell.spacer_height, current_density=current, scan_rate=rate, scale=1.0, law=law,
        film=working.surface_resistance, conductivity=solution.conductivity,
        concentration=_amount(case, solution, ion), diffusivity=diffusivity, transference=transference,
        electrons=electrons, ion=ion, molar_volume=load_metal(metal).molar_volume if metal else np.nan,
        dissolving=same, used=used, temperature=case.electrolyte.temperature,
        warnings=tuple(dict.fromkeys((*warnings, *solution.warnings, *more, *extra))),
    )  # fmt: skip


def _place(
    case: CaseInput, working: ElectrodeInput, counter: ElectrodeInput | None
) -> tuple[dict[str, Any], list[str]]:
    """Geometry along the line from the working to the counter electrode."""
    across = _extents(case)
    reach = (-0.5 * across[1], 0.5 * across[1])
    box = [_box(outline_of(e, reach)) if e is not None else None for e in (working, counter)]
    here, there = box
    assert here is not None
    axis, sign, gap = 0, 1.0, np.inf
    if there is not None:
        apart = [max(there[0][k] - here[1][k], here[0][k] - there[1][k]) for k in (0, 1)]
        axis = int(np.argmax(apart))
        if apart[axis] <= 0.0:
            assert counter is not None
            reason = f"surrounds {working.name!r} or lies within its reach: closed forms know electrodes side by side"
            raise InputError(Problem("", f"electrode.{counter.name}", None, reason))
        gap, sign = float(apart[axis]), 1.0 if there[0][axis] >= here[1][axis] else -1.0
    ends = [0.5 * across[axis] - here[1][axis], here[0][axis] + 0.5 * across[axis]]  # free liquid at higher and lower
    open_ = case.grid.edge != "closed"
    behind = ends[1] if sign > 0 else ends[0]
    if there is None:
        gap = min(ends)
    width, length = (float(here[1][k] - here[0][k]) for k in (axis, 1 - axis))
    warnings = []
    whole = area_of(outline_of(working, reach))
    if abs(whole / (width * length) - 1.0) > 0.01:
        told = f"{1e6 * width:.3g} x {1e6 * length:.3g} um"
        warnings.append(
            f"the working electrode is no rectangle along x and y: closed forms take it as a strip of {told}"
        )
    middle = 0.5 * (here[0] + here[1])
    front = here[1][axis] if sign > 0 else here[0][axis]
    along = np.linspace(-across[axis], across[axis], 801)
    at = front + sign * along
    line = gap_of(case.cell, *((at, middle[1:]) if axis == 0 else (middle[:1], at)))
    assert case.cell.spacer_height is not None
    reference = by_role(case, "reference")
    before = np.nan
    if reference is not None:
        corners = np.array([reference.position]) if reference.position else outline_of(reference, reach)
        before = float(sign * (corners.mean(axis=0)[axis] - front))
    found = {
        "width": width, "length": length, "gap": gap, "reference": before if before > 0.0 else np.nan, "along": along,
        "counter_width": width if there is None else float(there[1][axis] - there[0][axis]),
        "bulge": line.height.ravel() - case.cell.spacer_height, "sides": 1 if there is not None else 2,
        "source": float(behind) if open_ and behind > 0.0 else np.inf, "opening": float(across[axis]),
    }  # fmt: skip
    return found, [*warnings, *line.warnings]


def _box(points: Array) -> tuple[Array, Array]:
    return points.min(axis=0), points.max(axis=0)


def _extents(case: CaseInput) -> tuple[float, float]:
    from simcell.studies.cell import rim_of

    rim = rim_of(case.cell)
    along = case.grid.extent or (rim.x[1] - rim.x[0] if rim is not None else 1e-3)
    across = case.grid.extent_y or (along if case.grid.extent or rim is None else rim.y[1] - rim.y[0])
    return along, across


def _reaction(case: CaseInput, working: ElectrodeInput, solution: Solution, current: float):  # type: ignore[no-untyped-def]
    """The first reaction of the working electrode, the dissolved species that it uses up, electrons for one of it.

    Without a current it is the species of which there is most; the last answer is whether it is used up at all.
    """
    reactions = reactions_of(case, solution)[working.name]
    if reactions:
        one = reactions[0]
        used = [k for k, nu in one.makes.items() if nu * current <= 0.0]
        held = solution.concentrations
        ion = max(used or list(one.makes), key=lambda k: held.get(k, 0.0))
        return one, ion, one.electrons / abs(one.makes[ion]), bool(used)
    if working.metal is None:
        reason = "is missing: name its metal, or a reaction, so that it is known which ion reacts"
        raise InputError(Problem("", f"electrode.{working.name}.metal", None, reason, '"Zn"'))
    metal = load_metal(working.metal)
    return None, metal.ion, float(metal.electrons), current <= 0.0


def _amount(case: CaseInput, solution: Solution, ion: str) -> float:
    found = solution.concentrations.get(ion)
    if found is None and ion in solution.known and case.electrolyte.concentration is not None:
        return case.electrolyte.concentration
    if not found:
        reason = f"holds no {ion}, which reacts at the working electrode"
        raise InputError(Problem("", "electrolyte", None, reason, f'concentrations = {{ "{ion}" = "0.1 mol/L" }}'))
    return found


def _ion(case: CaseInput, solution: Solution, ion: str) -> tuple[float, float, list[str]]:
    """Diffusivity and transport number of the ion that reacts: of the salt, or of the ion where it is supported."""
    e, t = case.electrolyte, case.electrolyte.temperature
    preset = load_electrolyte(e.preset) if e.preset else None
    if preset is not None and not e.concentrations and e.pH is None and "diffusivity" in preset.properties:
        assert e.concentration is not None
        d = preset.at("diffusivity", e.concentration, t)
        try:
            return d, preset.at("transference", e.concentration, t), []
        except InputError:
            said = f"no transport number of {ion} is published here at this concentration: 0 is taken, which "
            return d, 0.0, [said + "underrates supply by migration (up to twofold for a lone salt)"]
    charges, known = solution.charges, solution.diffusivities
    ions = [k for k, c in solution.concentrations.items() if charges[k] and c > 0.0]
    if missing := [k for k in ions if k not in known]:
        reason = f"is missing for {', '.join(missing)}"
        raise InputError(Problem("", "transport.diffusivity", None, reason, f'{{ "{missing[0]}" = "1e-9 m^2/s" }}'))
    if charges.get(ion, 0) == 0:
        return known[ion], 0.0, []
    carried = {k: charges[k] ** 2 * known[k] * solution.concentrations[k] for k in ions}
    share = carried[ion] / sum(carried.values())
    if len(ions) == 2:
        other = next(k for k in ions if k != ion)
        za, zb = abs(charges[ion]), abs(charges[other])
        return (za + zb) * known[ion] * known[other] / (za * known[ion] + zb * known[other]), share, []
    if share <= SUPPORTED:
        return known[ion], 0.0, []
    doubt = f"{ion} carries {100 * share:.2g} % of the current, neither alone nor supported: supply is taken without "
    return known[ion], 0.0, [doubt + "migration, which may underrate it by that share"]


def _driven(case: CaseInput, working: ElectrodeInput, whole: float) -> tuple[float, float]:
    """Largest current density that a step asks for [A/m^2], 0 if none does, and the scan rate, NaN if there is none."""
    covered = sum(area_of(np.array(p)) for p in working.passivated)
    wetted = max(whole - covered, 1e-30)
    densities, rates = [0.0], [np.nan]
    for step in case.protocol.steps:
        if step.current_density is not None:
            densities.append(step.current_density)
        if step.current is not None:
            densities.append(step.current / wetted)
        if step.scan_rate is not None:
            rates.append(step.scan_rate)
    return max(densities, key=abs), rates[-1]

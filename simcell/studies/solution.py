"""The liquid of a case of currents and ions: what is dissolved, how fast it moves, how well it conducts.

Concentrations come from the preset (a salt of two ions), `electrolyte.concentrations`, the pH and the ion that balances
the charge. The conductivity is, in this order: the one given; the published one of the preset; that of independent ions
at infinite dilution (Nernst-Einstein), which overrates it and says so. In other solvents than water no ion is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd

from simcell.chemistry import water
from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.electrolyte_data import Electrolyte, load_electrolyte
from simcell.inputs.equation import charge_of
from simcell.inputs.fields import Frozen
from simcell.inputs.gases import load_gases
from simcell.inputs.ions import load_ions
from simcell.inputs.mechanism import load_mechanism
from simcell.transport.species import Ion, independent_conductivity

NEUTRAL = 1e-9  # charge over all ions above which a composition is refused


@dataclass(frozen=True)
class Solution:
    """A liquid in SI numbers.

    Examples
    --------
    >>> Solution({"K+": 1.0, "Cl-": 1.0}, {"K+": 1, "Cl-": -1}, {}, 0.015, "given", ()).complete
    True
    """

    concentrations: dict[str, float]  # mol/m^3
    charges: dict[str, int]
    diffusivities: dict[str, float]  # m^2/s; only those that are known
    conductivity: float  # S/m
    source: str  # of the conductivity, in words
    warnings: tuple[str, ...]
    known: tuple[str, ...] = ()  # ions of a preset whose amounts are not known

    @property
    def complete(self) -> bool:
        """Whether all amounts are known."""
        return not self.known


def solution_of(case: CaseInput) -> Solution:
    """Put the liquid of a case together.

    Raises
    ------
    InputError
        For a charge that nothing balances, unknown names, and where no conductivity can be had.

    Examples
    --------
    >>> from simcell.inputs.case import parse_case
    >>> data = {"case": {"physics": ["transport"]}, "cell": {"spacer_height": "1 um"}, "grid": {"extent": "1 mm"},
    ...         "electrode": [{"name": "a", "role": "working", "rectangle": {"x": ["0 um", "5 um"]}}],
    ...         "protocol": {"steps": [{"technique": "potentiostatic", "potential": "1 V"}]},
    ...         "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"}}
    >>> liquid = solution_of(parse_case(data))
    >>> liquid.concentrations, liquid.conductivity
    ({'Zn2+': 100.0, 'SO4^2-': 100.0}, 0.9)
    """
    e, t = case.electrolyte, case.electrolyte.temperature
    preset = None if e.preset is None else load_electrolyte(e.preset)
    amounts, known = _amounts(case, preset)
    charges = {name: charge_of(name) for name in amounts}
    diffusivities, remarks = _diffusivities(case, preset, amounts)
    warnings = []
    _balanced(amounts, charges)
    alone = not e.concentrations and e.pH is None
    conductivity, source = e.conductivity, "given"
    if conductivity is None and preset is not None and alone and "conductivity" in preset.properties:
        assert e.concentration is not None
        conductivity = preset.at("conductivity", e.concentration, t)
        found = preset.properties["conductivity"]
        source = f"{preset.name}, grade {found.grade}: {found.source}"
    if conductivity is None:
        conductivity, more = _independent(amounts, charges, diffusivities, t)
        source = "independent ions at infinite dilution (Nernst-Einstein)"
        warnings += [*more, *([f"{preset.name}: {preset.warning}"] if preset is not None and preset.warning else [])]
    unused = [key for key in ("atmosphere", "gases", "inflow") if getattr(e, key)]
    warnings += [f"electrolyte.{key} does not act on currents and ions in this version" for key in unused]
    return Solution(amounts, charges, diffusivities, conductivity, source, (*warnings, *remarks), known)


def with_products(case: CaseInput) -> Solution:
    """The liquid with what electrodes make of it and it does not hold at the start, for ions that move independently.

    Examples
    --------
    >>> with_products.__name__
    'with_products'
    """
    solution = solution_of(case)
    preset = None if case.electrolyte.preset is None else load_electrolyte(case.electrolyte.preset)
    if preset is not None and preset.warning and not any(preset.warning in text for text in solution.warnings):
        solution = replace(solution, warnings=(*solution.warnings, f"{preset.name}: {preset.warning}"))
    if case.electrolyte.conductivity is not None:
        remark = "electrolyte.conductivity is not used where ions move: the conductivity follows from the ions"
        solution = replace(solution, warnings=(*solution.warnings, remark))
    new = dict.fromkeys(s for e in case.electrode for r in e.reaction for s in (r.oxidised, r.reduced) if s)
    absent = {name: 0.0 for name in new if name not in solution.concentrations and solution.complete}
    if not absent:
        return solution
    e = case.electrolyte
    filled = e.model_copy(update={"concentrations": Frozen({**e.concentrations, **absent})})
    return replace(solution_of(case.model_copy(update={"electrolyte": filled})), warnings=solution.warnings)


def _amounts(case: CaseInput, preset: Electrolyte | None) -> tuple[dict[str, float], tuple[str, ...]]:
    e = case.electrolyte
    amounts = dict(e.concentrations)
    if preset is not None:
        assert e.concentration is not None
        charges = [charge_of(ion) for ion in preset.ions]
        if len(charges) == 2:
            common = gcd(*charges)
            for ion, charge in zip(preset.ions, reversed(charges), strict=True):
                amounts[ion] = amounts.get(ion, 0.0) + abs(charge) // common * e.concentration
        elif not amounts:
            return {}, preset.ions
    if e.pH is not None and e.pH != 7.0:
        name = "H+" if e.pH < 7.0 else "OH-"
        amounts[name] = 1000.0 * 10.0 ** (-e.pH if e.pH < 7.0 else e.pH - _ionic_product(e.temperature))
    wrong = [
        Problem("", f"electrolyte.concentrations.{name}", None, "is not a species that is known here; ions are written "
                "Na+, Zn2+, SO4^2-")
        for name in amounts
        if charge_of(name) == 0 and name not in load_gases() and name not in case.transport.diffusivity
    ]  # fmt: skip
    if wrong:
        raise InputError(wrong)
    if not any(amounts.values()):
        raise InputError(
            Problem("", "electrolyte", None, "dissolves nothing: give a preset, or concentrations", 'preset = "ZnSO4"')
        )
    if e.counter_ion is not None:
        excess, charge = sum(charge_of(k) * c for k, c in amounts.items()), charge_of(e.counter_ion)
        if charge * excess > 0.0 or charge == 0:
            reason = f"cannot balance a charge of {excess:+.4g} mol/m^3"
            raise InputError(Problem("", "electrolyte.counter_ion", e.counter_ion, reason))
        amounts[e.counter_ion] = amounts.get(e.counter_ion, 0.0) - excess / charge
    return amounts, ()


def _ionic_product(temperature: float) -> float:
    """Decadic logarithm of the ionic product of water, sign changed."""
    mechanism = load_mechanism("water")
    return next(e.pK(temperature) for e in mechanism.equilibria if e.acid == mechanism.solvent and e.base == "OH-")


def _balanced(amounts: dict[str, float], charges: dict[str, int]) -> None:
    excess = sum(charges[k] * c for k, c in amounts.items())
    if abs(excess) > NEUTRAL * sum(abs(charges[k]) * c for k, c in amounts.items()):
        which = "anion" if excess > 0.0 else "cation"
        reason = (
            f"the ions carry a net charge of {excess:+.6g} mol/m^3: {abs(excess):.6g} mol/m^3 of a single charged "
            f"{which} more would balance it, or name it in electrolyte.counter_ion"
        )
        example = f'counter_ion = "{"Cl-" if excess > 0.0 else "Na+"}"'
        raise InputError(Problem("", "electrolyte.concentrations", None, reason, example))


def _diffusivities(
    case: CaseInput, preset: Electrolyte | None, amounts: dict[str, float]
) -> tuple[dict[str, float], list[str]]:
    own = case.transport.diffusivity
    if wrong := [name for name in own if name not in amounts]:
        reason = f"is not in the liquid, which holds {', '.join(amounts)}"
        raise InputError(Problem("", f"transport.diffusivity.{name}", None, reason) for name in wrong)
    found, remarks = {}, []
    if preset is None or preset.solvent == "water":
        factor = water.mobility_factor(case.electrolyte.temperature)
        gases = {name: gas.diffusivity for name, gas in load_gases().items()}
        tables = {**gases, **load_ions()}
        found = {name: factor * d for name in amounts if (d := tables.get(name)) is not None}
        if abs(factor - 1.0) > 0.01 and set(found) - set(own):
            remarks.append(f"shipped diffusivities are {factor:.3g} times those at 25 degC (D ~ T / viscosity)")
    return {**found, **own}, remarks


def _independent(
    amounts: dict[str, float], charges: dict[str, int], diffusivities: dict[str, float], temperature: float
) -> tuple[float, list[str]]:
    ions = [name for name in amounts if charges[name] and amounts[name] > 0.0]
    missing = [name for name in ions if name not in diffusivities]
    if missing or not ions:
        reason = "is missing: nothing is published here for this liquid" + (
            f", and no diffusivity of {', '.join(missing)}" if missing else ""
        )
        raise InputError(Problem("", "electrolyte.conductivity", None, reason, '"1.0 S/m"'))
    moving = [Ion(k, charges[k], diffusivities[k]) for k in ions]
    value = independent_conductivity(moving, [amounts[k] for k in ions], temperature)
    strength = 0.5 * sum(charges[k] ** 2 * amounts[k] for k in ions)
    if strength <= 10.0:
        return value, []
    single = sum(amounts[k] for k in ions if abs(charges[k]) == 1)
    doubt = (
        "about 10 % too high for single charges at 0.1 mol/L"
        if single > strength
        else "too high where ions of several charges pair, by a factor of 2 for ZnSO4 at 0.1 mol/L"
    )
    return value, [f"conductivity {value:.3g} S/m from independent ions: {doubt}"]

"""From the reactions of a case to electrode kinetics: with concentrations that vary, and as laws where they do not."""

from __future__ import annotations

from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.electrode import ElectrodeInput
from simcell.inputs.electrolyte_data import load_metal
from simcell.inputs.reaction import ReactionInput, metal_of
from simcell.studies.solution import Solution
from simcell.transport.kinetics import ButlerVolmer, Law, Tafel, Together
from simcell.transport.species import Reaction, couple, plating


def reactions_of(case: CaseInput, solution: Solution) -> dict[str, tuple[Reaction, ...]]:
    """Reactions of each electrode, by its name.

    Raises
    ------
    InputError
        With every species that is missing, potential that must be given, charge that does not balance.

    Examples
    --------
    >>> from simcell.inputs.case import parse_case
    >>> from simcell.studies.solution import solution_of
    >>> zinc = {"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}
    >>> case = parse_case({"case": {"physics": ["transport"]}, "cell": {"spacer_height": "1 um"},
    ...     "grid": {"extent": "1 mm"}, "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "electrode": [{"name": "a", "role": "working", "rectangle": {"x": ["0 um", "5 um"]}, "reaction": [zinc]}],
    ...     "protocol": {"steps": [{"technique": "potentiostatic", "potential": "1 V"}]}})
    >>> reactions_of(case, solution_of(case))["a"][0].orders_cathodic
    {'Zn2+': 1.0}
    """
    names = {r.name for e in case.electrode for r in e.reaction}
    found: dict[str, tuple[Reaction, ...]] = {}
    problems: list[Problem] = []
    for electrode in case.electrode:
        made = []
        for r in electrode.reaction:
            key = f"electrode.{electrode.name}.reaction.{r.name}"
            try:
                made.append(_reaction(r, key, solution, lone=len(names) == 1))
            except InputError as error:
                problems += error.problems
        found[electrode.name] = tuple(made)
    if problems:
        raise InputError(problems)
    return found


def _reaction(r: ReactionInput, key: str, solution: Solution, lone: bool) -> Reaction:
    metal = load_metal(name) if (name := metal_of(r)) else None
    electrons = r.electrons if r.electrons is not None else float(metal.electrons if metal else 0)
    makes = dict(r.makes) or ({metal.ion: electrons / metal.electrons} if metal else {})
    if r.oxidised is not None and r.reduced is not None:
        makes = {r.oxidised: 1.0, r.reduced: -1.0}
    anodic = 0.5 * electrons if r.alpha_anodic is None else r.alpha_anodic
    cathodic = 0.5 * electrons if r.alpha_cathodic is None else r.alpha_cathodic
    total = (anodic + cathodic) / electrons
    reference = {ion: _reference(r, key, ion, solution) for ion in makes}
    if not lone and r.equilibrium_potential is None:
        reason = "is missing: where several reactions run, each needs its potential on one scale"
        raise InputError(Problem("", f"{key}.equilibrium_potential", None, reason, '"0.0 V"'))
    rest = r.equilibrium_potential or 0.0
    try:
        if r.rate_constant is not None:
            assert r.oxidised is not None and r.reduced is not None
            if abs(anodic + cathodic - electrons) > 1e-9:
                raise ValueError(f"alpha_anodic + alpha_cathodic is {anodic + cathodic:g}; a rate constant of a couple "
                                 f"wants {electrons:g}")  # fmt: skip
            n = int(electrons)
            made = couple(r.name, r.oxidised, r.reduced, n, r.rate_constant, rest, cathodic / electrons)
        elif metal is not None:
            made = plating(r.name, metal.ion, metal.electrons, r.exchange_current_density or 0.0, reference[metal.ion],
                           anodic, cathodic, rest, r.order)  # fmt: skip
        else:
            up = {ion: nu * total for ion, nu in makes.items() if nu > 0.0}
            down = {ion: -nu * total for ion, nu in makes.items() if nu < 0.0}
            made = Reaction(r.name, electrons, makes, r.exchange_current_density or 0.0, rest, reference, down, up,
                            anodic, cathodic)  # fmt: skip
        if solution.complete:
            made.check(solution.charges)
    except ValueError as error:
        raise InputError(Problem("", key, None, str(error))) from None
    if r.direction == "both":
        return made
    return Reaction(**{**vars(made), "branch": r.direction})


def _reference(r: ReactionInput, key: str, ion: str, solution: Solution) -> float:
    """Concentration [mol/m^3] that the exchange current of a reaction belongs to."""
    if ion in r.reference_concentrations:
        return r.reference_concentrations[ion]
    if not solution.complete:
        if ion in solution.known:
            return 1.0  # the liquid stays as it is, so that only the exchange current there counts
        raise InputError(_stranger(key, ion, solution.known))
    if ion not in solution.concentrations:
        raise InputError(_stranger(key, ion, tuple(solution.concentrations)))
    if solution.concentrations[ion] > 0.0 or r.rate_constant is not None:
        return solution.concentrations[ion] or 1.0
    reason = f"is missing for {ion}, of which the liquid holds none at the start"
    raise InputError(Problem("", f"{key}.reference_concentrations", None, reason, f'{{ "{ion}" = "1 mmol/L" }}'))


def _stranger(key: str, ion: str, held: tuple[str, ...]) -> Problem:
    reason = f"needs {ion}, which the liquid does not hold: it holds {', '.join(held)}"
    return Problem(
        "", key, None, reason, f'electrolyte.concentrations = {{ "{ion}" = "0.1 mol/L" }} with its counter ion'
    )


def law_of(reactions: tuple[Reaction, ...], solution: Solution, temperature: float) -> Law | None:
    """Kinetics at the composition of the start; None without reactions.

    Examples
    --------
    >>> liquid = Solution({"Zn2+": 400.0, "SO4^2-": 400.0}, {"Zn2+": 2, "SO4^2-": -2}, {}, 1.0, "given", ())
    >>> zinc = plating("Zn", "Zn2+", 2, exchange=10.0, reference=100.0, anodic=1.0, cathodic=1.0)
    >>> round(law_of((zinc,), liquid, 298.15).rest * 1e3, 2)  # RT/2F ln 4, mV
    17.81
    """
    laws: list[Law] = []
    for r in reactions:
        factors = []
        for orders in (r.orders_anodic, r.orders_cathodic):
            factor = 1.0
            for ion, order in orders.items():
                if solution.complete and order:
                    factor *= (solution.concentrations[ion] / r.reference[ion]) ** order
            factors.append(factor)
        reduced, oxidised = factors
        if r.branch == "anodic" or oxidised == 0.0 < reduced:
            laws.append(Tafel(r.exchange * reduced, r.anodic, r.equilibrium, temperature))
        elif r.branch == "cathodic" or reduced == 0.0 < oxidised:
            laws.append(Tafel(r.exchange * oxidised, -r.cathodic, r.equilibrium, temperature))
        elif reduced > 0.0:
            laws.append(ButlerVolmer(r.exchange, r.anodic, r.cathodic, r.equilibrium, temperature, reduced, oxidised))
    if not laws:
        return None
    return laws[0] if len(laws) == 1 else Together(tuple(laws))


def by_role(case: CaseInput, role: str) -> ElectrodeInput | None:
    """The electrode of a role, or None.

    Examples
    --------
    >>> from simcell.case import Case
    >>> by_role(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input, "working") is None
    True
    """
    return next((e for e in case.electrode if e.role == role), None)

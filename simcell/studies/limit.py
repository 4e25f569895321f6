"""The inverse question: how much beam keeps named quantities within limits?

Each condition is a margin m(D) that is positive while it holds. The dose rates at which the smallest margin changes
sign are bracketed on a logarithmic grid that is refined around every local extremum of the margin, then found with
Brent's method. The answer is the list of allowed ranges: one range that starts at zero if the quantities are
monotone, several if not.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from simcell.chemistry.mechanism import Mechanism
from simcell.chemistry.network import Array, Network
from simcell.errors import InputError, Problem, SolverError
from simcell.inputs.case import CaseInput
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate
from simcell.radiolysis.setup import Setup
from simcell.radiolysis.steady import steady_state, time_to_steady
from simcell.studies.conditions import EXAMPLE, GAS, Condition, GasLimits, check_conditions, parse_condition
from simcell.studies.gas import bubble_threshold, gases_of
from simcell.studies.in_space import InSpace, in_space
from simcell.studies.run import saturation
from simcell.studies.setup import Beam, mechanism_of, setup_of
from simcell.studies.space import integrate_rings, steady_rings

if TYPE_CHECKING:
    from simcell.case import Case

LOWEST, HIGHEST, PER_DECADE = 1e-2, 1e11, 8  # Gy/s, points of the search grid


@dataclass(frozen=True)
class Limit:
    """Allowed dose rates [Gy/s] of one mechanism and G set.

    Examples
    --------
    >>> Limit("water/HS300", ((0.0, 10.0),), "H2<1 sat", (), 1.0).largest
    10.0
    """

    member: str
    allowed: tuple[tuple[float, float], ...]  # 0 and inf stand for "below" and "above all that was searched"
    binding: str  # the condition that ends the first range, or the one that fails from the lowest dose rate on
    values: tuple[tuple[str, float], ...]  # each quantity at the largest allowed dose rate
    flux_per_dose_rate: float | None  # 1/m^2/Gy
    current_per_dose_rate: float | None = None  # A s/Gy
    warnings: tuple[str, ...] = ()

    @property
    def largest(self) -> float:
        """Largest dose rate [Gy/s] up to which everything holds from zero on; 0 if nothing does."""
        return self.allowed[0][1] if self.allowed and self.allowed[0][0] == 0.0 else 0.0


def limit(
    case: Case,
    keep: Sequence[str],
    after: float | None = None,
    *,
    ensemble: bool = False,
    progress: Callable[[float], None] | None = None,
) -> list[Limit]:
    """Find the dose rates at which all conditions hold.

    Parameters
    ----------
    case : Case
        Its dose rate is ignored; energy and beam size turn the answer into flux and current.
    keep : sequence of str
        Conditions.
    after : float, optional
        Time [s] at which they are asked for, under the schedule of the case; default the steady state.
    ensemble : bool
        Answer for every published mechanism and G set of the liquid.
    progress : callable, optional

    Returns
    -------
    list of Limit
        One, or one for each combination.

    Raises
    ------
    InputError
        For a condition that cannot be read or asks for an unknown species.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
    >>> f"{limit(case, ['H2<1 sat'])[0].largest:.1e}"
    '7.8e+07'
    """
    members, conditions = _members(case, keep, after, ensemble)
    answers = []
    for number, member in enumerate(members):
        answers.append(_one(member, conditions, after, bubble_threshold(case.input, member.setup)))
        if progress is not None:
            progress((number + 1) / len(members))
    return answers


def check_limit(case: Case, keep: Sequence[str], after: float | None = None, *, ensemble: bool = False) -> None:
    """Find out what is wrong with a question before any work is done.

    Parameters
    ----------
    case, keep, after, ensemble
        As of `limit`.

    Raises
    ------
    InputError

    Examples
    --------
    >>> from simcell.case import Case
    >>> check_limit(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}), ["H2<1 sat"])
    """
    _members(case, keep, after, ensemble)


@dataclass(frozen=True)
class _Member:
    """A liquid to answer for, and in space the rings around the beam."""

    setup: Setup
    beam: Beam
    case: CaseInput
    rings: InSpace | None


def _members(
    case: Case, keep: Sequence[str], after: float | None, ensemble: bool
) -> tuple[list[_Member], list[Condition]]:
    """The problems to answer for, and the conditions, checked against each other."""
    from simcell.studies.ensemble import combinations

    geometry = case.input.grid.geometry
    if geometry not in ("batch", "radial"):
        reason = "has no quick steady state to search with; ask for rings around the beam, or the liquid well mixed"
        raise InputError(Problem("", "grid.geometry", geometry, reason, '"radial"'))
    if after is not None and not 0.0 < after <= case.input.case.seconds:
        raise InputError(Problem("", "--after", f"{after:g} s", "must lie within case.duration", '"10 s"'))
    conditions = [parse_condition(text) for text in keep]
    if not conditions:
        raise InputError(Problem("", "--keep", None, "at least one condition is needed", EXAMPLE))
    mechanism = mechanism_of(case.input, case.folder)
    chosen: list[tuple[Mechanism, str | None]] = [(mechanism, None)]
    remarks: list[str] = []
    if ensemble:
        found, remarks = combinations(case)
        chosen = [*found]
    members = []
    for member, name in chosen:
        rings = in_space(case.input, member, name) if geometry == "radial" else None
        if rings is None:
            setup, beam = setup_of(case.input, member, Network.of(member), name)
        else:
            setup, beam = dataclasses.replace(rings.setup, warnings=rings.warnings), rings.beam
        check_conditions(conditions, setup)
        setup = dataclasses.replace(setup, warnings=(*setup.warnings, *remarks))
        members.append(_Member(setup, beam, case.input, rings))
    return members, conditions


class _Answer:
    """Margins of all conditions against dose rate, each dose rate computed once."""

    def __init__(self, member: _Member, conditions: Sequence[Condition], after: float | None, threshold: float):
        self.member, self.setup, self.conditions, self.after = member, member.setup, conditions, after
        setup = member.setup
        self.gas = GasLimits(gases_of(setup), threshold)
        rate = setup.conditions.dose_rate
        if rate <= 0.0:
            raise InputError(Problem("", "beam.dose_rate", None, "must be above zero for simcell limit", '"1e6 Gy/s"'))
        self.per_dose = setup.problem.source / rate
        self.limits = saturation(setup)
        self.states: dict[float, Array] = {}

    def problem(self, log_rate: float) -> Problem0D:
        """The problem at one dose rate."""
        return dataclasses.replace(self.setup.problem, source=self.per_dose * math.exp(log_rate))

    def state(self, log_rate: float) -> Array:
        """Concentrations (..., n) at one dose rate: at the steady state, or after a time; in space of every ring."""
        if log_rate not in self.states:
            problem = self.problem(log_rate)
            if self.after is None:
                self.states[log_rate] = self._steady(problem, log_rate)
            else:
                upto = dataclasses.replace(problem, schedule=_cut(problem.schedule, self.after))
                self.states[log_rate] = self._run(upto, np.array([self.after]))
        return self.states[log_rate]

    def _steady(self, problem: Problem0D, log_rate: float) -> Array:
        rings = self.member.rings
        found = steady_state(problem) if rings is None else steady_rings(self.member.case, rings, problem)
        if not found.converged:
            raise SolverError(f"no steady state was found at {math.exp(log_rate):.3g} Gy/s; ask for --after a time")
        return found.concentration.T

    def _run(self, problem: Problem0D, times: Array) -> Array:
        rings = self.member.rings
        if rings is None:
            return integrate(problem, times, 1e-7).concentration[-1]
        return integrate_rings(self.member.case, rings, problem, times).concentration[-1].T

    def values(self, log_rate: float) -> tuple[float, ...]:
        """The quantities at one dose rate."""
        complete = self.setup.complete(self.state(log_rate))
        return tuple(self.value(c, complete) for c in self.conditions)

    def value(self, condition: Condition, complete: Array) -> float:
        """The quantity of one condition at one state."""
        start_pH = self.setup.solution.pH
        return condition.value(complete, self.setup.species, start_pH, self.limits, self.gas)

    def margins(self, log_rate: float) -> list[float]:
        """One margin for each condition."""
        return [c.margin(v) for c, v in zip(self.conditions, self.values(log_rate), strict=True)]

    def single(self, number: int) -> Callable[[float], float]:
        """The margin of one condition as a function of the dose rate."""
        return lambda log_rate: self.margins(log_rate)[number]

    def worst(self, log_rate: float) -> float:
        """The smallest margin."""
        return min(self.margins(log_rate))


def _cut(schedule: Schedule, end: float) -> Schedule:
    inside = schedule.switch[schedule.switch < end]
    return Schedule(np.append(inside, end), schedule.scale[: inside.size])


def _one(member: _Member, conditions: Sequence[Condition], after: float | None, threshold: float) -> Limit:
    answer, setup, beam = _Answer(member, conditions, after, threshold), member.setup, member.beam
    points = round(math.log10(HIGHEST / LOWEST) * PER_DECADE) + 1
    grid, warnings = _reachable(answer, list(np.linspace(math.log(LOWEST), math.log(HIGHEST), points)))
    grid = sorted({*grid, *_extrema(answer, grid)})
    # the edges of each condition by itself, so that a window inside one cell of the grid is seen
    own = [x for number in range(len(conditions)) for x in _edges(grid, answer.single(number))]
    grid = sorted({*grid, *(x + shift for x in own for shift in (-1e-7, 1e-7))})
    edges = _edges(grid, answer.worst)
    bounds = [0.0, *map(math.exp, edges), math.inf]
    state = answer.worst(grid[0]) > 0
    allowed = []
    for low, high in itertools.pairwise(bounds):
        if state:
            allowed.append((low, high))
        state = not state
    # where the first range ends, or the lowest dose rate, where some condition fails already
    at = edges[0] if edges and allowed[0][0] == 0.0 else grid[0]
    binding = ""
    values: tuple[tuple[str, float], ...] = ()
    if edges or not allowed:
        binding = conditions[int(np.argmin(answer.margins(at)))].text
        values = tuple(zip((c.quantity for c in conditions), answer.values(at), strict=True))
    rate = setup.conditions.dose_rate
    return Limit(
        f"{setup.mechanism.name}/{setup.yields}", tuple(allowed), binding, values,
        beam.flux / rate if beam.flux is not None else None,
        beam.current / rate if beam.current is not None else None,
        (*setup.warnings, *warnings, *_remarks(answer, at)),
    )  # fmt: skip


def _edges(grid: Sequence[float], margin: Callable[[float], float]) -> list[float]:
    """Where a margin changes sign between neighbours of a grid."""
    values = [margin(x) for x in grid]
    pairs = zip(itertools.pairwise(grid), itertools.pairwise(values), strict=True)
    return [float(brentq(margin, a, b, xtol=1e-9)) for (a, b), (fa, fb) in pairs if fa * fb < 0]


def _reachable(answer: _Answer, grid: list[float]) -> tuple[list[float], list[str]]:
    """The grid from the top down to the lowest dose rate whose steady state is found."""
    for number, x in enumerate(reversed(grid)):
        try:
            answer.state(x)
        except SolverError:
            if number == 0:
                raise
            lowest = grid[len(grid) - number]
            reason = f"no steady state within 30 years below {math.exp(lowest):.2g} Gy/s: taken to be like that one"
            return grid[len(grid) - number :], [reason]
    return grid, []


def _remarks(answer: _Answer, at: float) -> list[str]:
    """What a reader of a steady-state answer must know."""
    found = []
    schedule = answer.setup.conditions.schedule
    before = answer.setup.complete(answer.setup.problem.start)
    if any(c.quantity == GAS and abs(c.margin(answer.value(c, before))) < 1e-3 for c in answer.conditions):
        found.append("the liquid holds as much gas as that before the beam: any more is too much")
    if answer.after is not None:
        return [
            *found,
            "asked for one instant: a limit that is passed earlier and met again does not show (try other times)",
        ]
    if (schedule.scale != 1.0).any():
        found.append("the steady state is that of a beam which is always on; the schedule counts with --after only")
    if answer.member.rings is not None:
        return [*found, *_spreading(answer)]
    wait = time_to_steady(answer.problem(at), answer.state(at))
    duration = float(schedule.switch[-1])
    if wait > duration:
        longer = f"{wait:.2g} s" if math.isfinite(wait) else "more than 1e6 s"
        found.append(f"at the answer the steady state takes {longer}, the case lasts {duration:g} s: see --after")
    return found


def _spreading(answer: _Answer) -> list[str]:
    """How long the steady state around the beam takes."""
    assert answer.member.rings is not None
    names, d = answer.setup.problem.net.names, answer.member.rings.diffusivity
    slowest = min((s for s in ("H2", "O2", "H2O2") if s in names), key=lambda s: d[names.index(s)])
    far = float(answer.member.rings.layout.grid.faces[2][-1])
    wait, duration = far**2 / d[names.index(slowest)], float(answer.setup.conditions.schedule.switch[-1])
    where = f"quantities are the worst of all rings out to {far * 1e6:.4g} um"
    if wait > duration:
        return [f"{where}; {slowest} takes about {wait:.2g} s to spread over them, the case lasts {duration:g} s"]
    return [where]


def _extrema(answer: _Answer, grid: Sequence[float]) -> list[float]:
    """Local extrema of each margin between grid points, which a sign change could hide behind."""
    found = []
    for number in range(len(answer.conditions)):
        m = np.array([answer.margins(x)[number] for x in grid])
        for i in range(1, len(grid) - 1):
            turn = (m[i] - m[i - 1]) * (m[i + 1] - m[i])
            if turn < 0 and m[i - 1] * m[i] > 0 and m[i] * m[i + 1] > 0:
                sign = 1.0 if m[i] > 0 else -1.0
                if (m[i] - m[i - 1]) * sign > 0:
                    continue  # it turns away from zero

                def towards_zero(x: float, sign: float = sign, number: int = number) -> float:
                    return sign * answer.margins(x)[number]

                best: Any = minimize_scalar(
                    towards_zero, bounds=(grid[i - 1], grid[i + 1]), method="bounded", options={"xatol": 1e-4}
                )
                found.append(float(best.x))
    return found

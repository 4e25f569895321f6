"""Primary and secondary current distribution of a case: the model that suffices, the potentiostat, the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simcell.errors import InputError, Problem
from simcell.inputs.case import CaseInput
from simcell.inputs.electrode import ElectrodeInput
from simcell.numerics.grid import Array, Grid
from simcell.studies.cell import gap_of
from simcell.studies.electrodes import (
    electrode_on,
    feature_of,
    grid_of,
    outlined,
    three_dimensional,
    weights_at,
    width_of,
)
from simcell.studies.reactions import by_role, law_of, reactions_of
from simcell.studies.solution import Solution, solution_of
from simcell.transport.current import Options, distribute
from simcell.transport.distribution import Distribution
from simcell.transport.electrode import Electrode
from simcell.transport.kinetics import Law, Tafel
from simcell.transport.validity import Validity, judge, level

MET = 1e-7  # of the largest potential difference: how well a potential against the reference is set
MOST_TRIES = 30
EDGE_SHARE = 0.05  # of the area, on which the edge factor is taken


@dataclass(frozen=True, eq=False)
class Ready:
    """A case made ready for a current distribution.

    Attributes
    ----------
    level : str
        ``primary`` or ``secondary``.
    laws : dict
        Kinetics of each electrode; None: the liquid takes the potential of the metal.

    Examples
    --------
    >>> sorted(Ready.__dataclass_fields__)[:2]
    ['case', 'feature']
    """

    case: CaseInput
    solution: Solution
    level: str
    laws: dict[str, Law | None]
    thickness: float  # in the middle [m]
    feature: float  # narrowest electrode or gap [m]

    @property
    def working(self) -> ElectrodeInput:
        """The electrode that the potentiostat controls."""
        found = by_role(self.case, "working")
        assert found is not None  # checked with the case
        return found

    def resistance(self, density: float = 0.0) -> float:
        """Least resistance of charge transfer and film of any electrode at a current density [ohm m^2]."""
        return min(_resistance(self.laws[e.name], e.surface_resistance, density) for e in outlined(self.case))

    def judged(self, resistance: float) -> Validity:
        """Whether a plan suffices."""
        return judge(self.solution.conductivity, self.thickness, resistance, self.feature)


@dataclass(frozen=True, eq=False)
class Currents:
    """What a run of currents gives: the distribution, what judged it, and where the reference is.

    Attributes
    ----------
    reference : float
        Potential that the reference electrode reads [V], on the scale of the distribution.
    at_reference : (ny, nx) array or None
        Weights of its place; None if it is the counter electrode or the open sides.

    Examples
    --------
    >>> "distribution" in Currents.__dataclass_fields__
    True
    """

    ready: Ready
    distribution: Distribution
    geometry: str
    validity: Validity
    reference: float
    against: str
    at_reference: Array | None
    warnings: tuple[str, ...]

    def drop(self, name: str) -> tuple[float, float]:
        """Ohmic drop between an electrode and the reference: mean over its current, and the largest [V]."""
        d = self.distribution
        zero = self.reference if self.at_reference is not None else self._liquid_at_other(name)
        on = d.area[name] > 0.0
        step = d.surface[name][on] - zero
        return d.liquid(name) - zero, float(step[np.argmax(np.abs(step))])

    def _liquid_at_other(self, name: str) -> float:
        """Liquid at the counter electrode, or at the open sides, where no reference electrode stands."""
        other = by_role(self.ready.case, "counter")
        return 0.0 if other is None or other.name == name else self.distribution.liquid(other.name)


def ready_of(case: CaseInput, solution: Solution | None = None) -> Ready:
    """Make a case ready; nothing is solved. Another liquid than that of the case may be given.

    Raises
    ------
    InputError

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"physics": ["transport"]}, "cell": {"spacer_height": "1 um"},
    ...     "grid": {"extent": "50 um"}, "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "electrode": [{"name": "a", "role": "working", "rectangle": {"x": ["0 um", "5 um"]}}],
    ...     "protocol": {"steps": [{"technique": "potentiostatic", "potential": "1 V"}]}}).input
    >>> ready_of(case).level
    'primary'
    """
    solution = solution or solution_of(case)
    reactions = reactions_of(case, solution)
    asked = case.transport.level
    working = by_role(case, "working")
    kinetic = any(reactions[e.name] for e in outlined(case))
    chosen = asked if asked in ("primary", "secondary") else ("secondary" if kinetic else "primary")
    laws: dict[str, Law | None] = {
        e.name: law_of(reactions[e.name], solution, case.electrolyte.temperature) if chosen == "secondary" else None
        for e in outlined(case)
    }
    if chosen == "secondary" and working is not None and laws.get(working.name) is None:
        reason = "is missing: nothing happens at the working electrode without a reaction"
        raise InputError(Problem("", f"electrode.{working.name}.reaction", None, reason))
    problems = [
        Problem(
            "", f"electrode.{e.name}.on", e.on, "both windows with electrodes need a plan in this version", '"lower"'
        )
        for e in outlined(case)
        if e.on != outlined(case)[0].on and case.grid.geometry != "plan"
    ]
    if problems:
        raise InputError(problems)
    thickness = gap_of(case.cell, np.zeros(1), np.zeros(1)).height.item()
    return Ready(case, solution, chosen, laws, thickness, feature_of(case))


def chosen_geometry(ready: Ready, validity: Validity) -> str:
    """Name the geometry to run: as asked, or the cheapest that holds; refuse a plan that does not.

    Raises
    ------
    InputError
        If a plan is asked for and does not hold; the text has the numbers.

    Examples
    --------
    >>> from simcell.transport.validity import judge
    >>> chosen_geometry.__name__, judge(0.9, 0.5e-6, 1.3e-3, 20e-6).plan
    ('chosen_geometry', True)
    """
    asked = ready.case.grid.geometry
    if asked == "plan" and ready.case.transport.doubtful == "warn":
        return "plan"
    try:
        return level(validity, asked, three_dimensional(ready.case))
    except ValueError as error:
        hint = '"full"' if three_dimensional(ready.case) else '"section"'
        reason = f'{error}; or transport.doubtful = "warn" to see it all the same'
        raise InputError(Problem("", "grid.geometry", "plan", reason, hint)) from None


def run_currents(case: CaseInput) -> Currents:
    """Solve a case of primary or secondary currents.

    With ``grid.geometry = "auto"`` a plan is run where it may suffice, judged again at the current that it gives, and
    replaced by a section or three dimensions where it does not hold.

    Raises
    ------
    InputError, SolverError

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"physics": ["transport"]}, "cell": {"spacer_height": "1 um"},
    ...     "grid": {"extent": "50 um"}, "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "electrode": [{"name": "a", "role": "working", "rectangle": {"x": ["0 um", "5 um"]}}],
    ...     "protocol": {"steps": [{"technique": "potentiostatic", "potential": "1 V"}]}}).input
    >>> run_currents(case).geometry
    'section'
    """
    ready = ready_of(case)
    validity = ready.judged(ready.resistance(asked_density(ready)))
    geometry = chosen_geometry(ready, validity)
    found = _solved(ready, geometry, validity)
    after = ready.judged(_least_kinetic(ready, found.distribution))
    if geometry == "plan" and not after.plan:
        geometry = chosen_geometry(ready, after)
        if geometry != "plan":
            found = _solved(ready, geometry, after)
            after = ready.judged(_least_kinetic(ready, found.distribution))
    warnings = list(found.warnings)
    if geometry == "plan":
        spacing = min(float(np.diff(f).min()) for f in found.distribution.grid.faces[1:])
        even = evenness(ready, _least_kinetic(ready, found.distribution))
        if spacing > even:
            warnings.append(f"the cells of {spacing:.3g} m at electrode edges are coarse beside the {even:.3g} m over "
                            f"which the current changes there: {0.25 * even:.2g} m would do")  # fmt: skip
        if not after.plan:
            warnings.append(f"the plan does not hold: {after.words}")
    return replace(found, validity=after, warnings=tuple(warnings))


def _least_kinetic(ready: Ready, d: Distribution) -> float:
    return min(d.kinetic[e.name] for e in outlined(ready.case))


def asked_density(ready: Ready) -> float:
    """Current density that the protocol asks for at the working electrode; 0 where it sets a potential.

    Examples
    --------
    >>> asked_density.__name__
    'asked_density'
    """
    step, area = ready.case.protocol.steps[0], _area(ready.case, ready.working)
    return step.current_density or ((step.current or 0.0) / area if area else 0.0)


def _area(case: CaseInput, e: ElectrodeInput) -> float:
    from simcell.cell.polygon import area_of
    from simcell.studies.electrodes import outlines_of

    return area_of(outlines_of(case)[e.name]) - sum(area_of(np.array(hole)) for hole in e.passivated)


def _resistance(law: Law | None, film: float, density: float) -> float:
    if law is None:
        return film
    if isinstance(law, Tafel) and density * law.coefficient <= 0.0:
        return film + 1.0 / float(law.slope(np.array([law.equilibrium]))[0])
    return film + 1.0 / float(law.slope(law.potential(np.array([density])))[0])


def evenness(ready: Ready, resistance: float) -> float:
    """Length [m] over which the current of a plan changes: penetration with the closure.

    Examples
    --------
    >>> evenness.__name__
    'evenness'
    """
    h = ready.thickness
    return float(np.sqrt(ready.solution.conductivity * resistance * h + h**2 / 3.0))


def _solved(ready: Ready, geometry: str, validity: Validity) -> Currents:
    case, step = ready.case, ready.case.protocol.steps[0]
    grid = grid_of(case, geometry, evenness(ready, ready.resistance(asked_density(ready))))
    remarks = [width_of(case)[1]] if geometry == "section" and width_of(case)[1] else []
    if geometry == "section" and three_dimensional(case):
        remarks.append("a section takes the electrodes as endless into the picture; their ends along y are left out")
    counter = by_role(case, "counter")
    ends = {} if counter is not None else dict.fromkeys(open_sides(geometry), 0.0)
    if counter is None:
        remarks.append("no counter electrode: the current leaves through the open sides, whose potential is 0")
    against, weights, remark = reference_of(case, grid)
    remarks += [remark] if remark else []
    others = [
        electrode_on(grid, case, e, ready.laws[e.name], potential=0.0 if e.role == "counter" else None)
        for e in outlined(case)
        if e.role != "working"
    ]
    options = Options(edges=case.transport.edges, closure=case.transport.closure)

    def at(**known: float) -> Distribution:
        own = electrode_on(grid, case, ready.working, ready.laws[ready.working.name], **known)
        electrodes: list[Electrode] = [own, *others]
        try:
            return distribute(grid, ready.solution.conductivity, electrodes, ends, options)
        except ValueError as error:
            raise InputError(Problem("", "electrode", None, str(error))) from None

    if step.technique == "potentiostatic":
        assert step.potential is not None
        d = _at_potential(ready, at, step.potential, weights, case.protocol.ir_compensation)
    else:
        area = float((electrode_on(grid, case, ready.working, None, 0.0).cover * grid.area[0][0]).sum())
        current = step.current if step.current is not None else (step.current_density or 0.0) * area
        d = at(current=current)
    reading = 0.0 if weights is None else _read(d, weights)
    return Currents(ready, d, geometry, validity, reading, against, weights, (*remarks, *d.warnings))


def open_sides(geometry: str) -> tuple[str, ...]:
    """Sides of a grid that may be open.

    Examples
    --------
    >>> open_sides("section")
    ('x-', 'x+')
    """
    return ("x-", "x+") if geometry == "section" else ("x-", "x+", "y-", "y+")


def reference_of(case: CaseInput, grid: Grid) -> tuple[str, Array | None, str]:
    """Name of what potentials are against, weights of its place (None: the counter metal or open sides), a remark.

    Examples
    --------
    >>> reference_of.__name__
    'reference_of'
    """
    name = case.protocol.reference
    e = next((e for e in case.electrode if e.name == name), None) if name else by_role(case, "reference")
    if e is not None and e.role == "reference":
        return e.name, weights_at(grid, case, e), ""
    counter = by_role(case, "counter")
    if counter is None:
        return "the liquid at the open sides", None, ""
    text = f'no reference electrode: potentials are against the counter electrode "{counter.name}"'
    return counter.name, None, text if name is None else ""


def _read(d: Distribution, weights: Array) -> float:
    return float((weights * d.potential[0]).sum())


def _at_potential(ready: Ready, at, goal: float, weights: Array | None, share: float) -> Distribution:  # type: ignore[no-untyped-def]
    """Find the potential of the metal at which the instrument reads its goal, by the secant method."""
    name = ready.working.name
    if weights is None and share == 0.0:
        return at(potential=goal)

    def reading(d: Distribution) -> float:
        zero = 0.0 if weights is None else _read(d, weights)
        far = zero if weights is not None else (_counter_liquid(ready, d))
        return d.metal[name] - zero - share * (d.liquid(name) - far)

    before, v = None, goal
    for _ in range(MOST_TRIES):
        d = at(potential=v)
        miss = reading(d) - goal
        if abs(miss) <= MET * max(float(np.ptp(d.potential[:, d.grid.mask[0]])), abs(goal), 1e-6):
            return d
        slope = 1.0 if before is None else (miss - before[1]) / (v - before[0])
        before, v = (v, miss), v - miss / max(slope, 1e-3)
    from simcell.errors import SolverError

    raise SolverError(f"the potentiostat found no potential at which it reads {goal:g} V: it is off by {miss:.2g} V")


def _counter_liquid(ready: Ready, d: Distribution) -> float:
    counter = by_role(ready.case, "counter")
    return 0.0 if counter is None else d.liquid(counter.name)


def edge_factor(d: Distribution, name: str) -> float:
    """Mean current density of the 5 % of an electrode's area that carry most, over its mean: the same on every grid.

    NaN for an electrode without net current.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> from simcell.transport.electrode import strip
    >>> g = section(np.linspace(0.0, 4.0, 81), np.linspace(0.0, 1.0, 21))
    >>> d = distribute(g, 1.0, [strip(g, "a", 0.0, 1.0, 1.0), strip(g, "b", 3.0, 4.0, 0.0)])
    >>> round(edge_factor(d, "a"), 2)
    5.22
    """
    return edge_share(d.density[name].ravel(), d.area[name].ravel())


def edge_share(density: Array, area: Array) -> float:
    """Edge factor of current densities on parts of an electrode with given areas.

    Examples
    --------
    >>> edge_share(np.array([1.0, 3.0]), np.array([0.95, 0.05]))
    2.72...
    """
    current = density * area
    total, whole = float(current.sum()), float(area.sum())
    if abs(total) <= 1e-9 * float(np.abs(current).sum()) or total == 0.0:
        return float("nan")
    on = area > 0.0
    area, current = area[on], current[on] * np.sign(total)
    order = np.argsort(current / area)[::-1]
    passed = np.concatenate([[0.0], np.cumsum(area[order])])
    carried = float(np.interp(EDGE_SHARE * whole, passed, np.concatenate([[0.0], np.cumsum(current[order])])))
    return carried / (EDGE_SHARE * abs(total))

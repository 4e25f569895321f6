r"""Find the values of keys of a case that describe measured traces best, and say how well they are known.

Least squares: the sum over all data of ((measured - model) / sigma)^2 is made least (trust region, scipy) over the
share of each key in its range, evenly or in its logarithm. Where no sigma is given it is found from the residuals of
each output, in a second fit.

Intervals hold 95 %, from the slope of the model at the solution (J^T J)^{-1}, with Student's t where sigma was
estimated: right where the model is close to straight over the interval and the noise is independent and normal
(Seber & Wild, Nonlinear Regression, Wiley 1989, ch. 5). A key is called not identifiable if its interval reaches an end
of its range: the data then do not tell it within what was allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize, stats

from simcell.errors import InputError, Problem, SolverError
from simcell.studies.outputs import output_of
from simcell.studies.run import run_case
from simcell.studies.sweeps.plan import Axis, axis
from simcell.studies.traces import Trace, factor_to

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

CONFIDENCE = 0.95
MOST_STOPS = 1000  # times at which a run of currents is made to stop; of more it is interpolated
SLOPE_STEP = 1e-3  # of the range, to both sides: far above the tolerance of the solver, and its square is small
SINGULAR = 1e-8  # of the largest singular value: below that a combination of keys leaves no trace in the data
JOINED = 0.95  # correlation from which on two keys are told to be known only together
UNLIKELY = 1e-3  # probability of so large a misfit, from which on it is told


@dataclass(frozen=True)
class Estimate:
    """What the data say of one key, in SI units.

    Examples
    --------
    >>> Estimate("beam.dose_rate", "Gy/s", 2e6, 1e6, 4e6, True, "2e6 Gy/s").identifiable
    True
    """

    key: str
    unit: str
    value: float
    low: float
    high: float
    identifiable: bool
    text: str  # the value as a case file has it


@dataclass(frozen=True)
class Fit:
    """The result of a fit.

    Examples
    --------
    >>> Fit.__dataclass_fields__["correlation"].type
    'np.ndarray'
    """

    estimates: tuple[Estimate, ...]
    correlation: np.ndarray  # of the keys
    sigma: dict[str, float]  # of each output, in its SI unit: given (typical) or found
    units: dict[str, str]  # SI unit of each output
    factors: dict[str, float]  # from the unit of the data to that
    misfit: float  # reduced chi^2 if all sigmas are given, else 1 by construction
    points: int
    runs: int
    case: Case  # with the values that were found
    models: tuple[dict[str, np.ndarray], ...]  # of each trace, at its times, SI
    corrected: dict[str, np.ndarray]  # the trace with beam less what the model says of the beam; empty without beam-off
    remarks: tuple[str, ...]


def fit(
    case: Case, data: Trace, free: Sequence[str], data_off: Trace | None = None,
    progress: Callable[[float], None] | None = None, most: int = 200,
) -> Fit:  # fmt: skip
    """Fit keys of a case to measured traces.

    Parameters
    ----------
    case : Case
        How it was measured; its values are where the search starts.
    data : Trace
        From `simcell.studies.traces.read_trace`.
    free : sequence of str
        ``key=low..high`` or ``key=low..high:log``: what may change, and how far.
    data_off : Trace, optional
        The same without beam; fitted together.
    progress : callable, optional
        Called with a fraction; may raise KeyboardInterrupt.
    most : int
        Runs of the search at most.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        If keys, data and case do not fit.
    SolverError
        If no values within the ranges could be run.

    Examples
    --------
    >>> from simcell.case import Case
    >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s"}})
    >>> data = Trace(np.array([0.1, 0.5, 1.0]), {"concentration.H2": np.array([0.0032, 0.0061, 0.0069])},
    ...              {"concentration.H2": "mmol/L"}, {})
    >>> found = fit(case, data, ["beam.dose_rate=1e5Gy/s..1e7Gy/s:log"])
    >>> found.estimates[0].key
    'beam.dose_rate'
    """
    axes = [_axis(text) for text in free]
    _check(axes, case, data, data_off)
    search = _Search(case, axes, [data] + ([data_off] if data_off is not None else []), progress, most)
    start = np.array([_start(case, a) for a in axes])
    known = search.known_sigma()
    found = search.least(start, search.weights(None))
    residual = None
    if not known:
        residual = search.sigma_of(found.x)
        found = search.least(found.x, search.weights(residual))
    weights = search.weights(residual)
    spread, correlation = _spread(search.slope(found.x) * weights[:, None])
    free_points = search.measured.size - len(axes)
    quantile = stats.norm.ppf(0.5 + CONFIDENCE / 2) if known else stats.t.ppf(0.5 + CONFIDENCE / 2, free_points)
    estimates = tuple(_estimate(a, x, quantile * s) for a, x, s in zip(axes, found.x, spread, strict=True))
    misfit = float(2.0 * found.cost / free_points)
    best = search.case_at(found.x)
    corrected = search.corrected(found.x) if data_off is not None else {}
    remarks = _remarks(estimates, correlation, misfit if known else None, free_points, search.refused)
    return Fit(
        estimates, correlation, search.sigmas(residual), search.units, search.factor, misfit,
        search.measured.size, search.runs, best, tuple(search.models(found.x)), corrected, tuple(remarks),
    )  # fmt: skip


class _Search:
    """The model as a function of the shares, with what was run last kept."""

    def __init__(self, case: Case, axes: list[Axis], traces: list[Trace], tell: Any, most: int):
        self.axes, self.traces, self.tell, self.most, self.runs = axes, traces, tell, most, 0
        self.refused = 0
        bases = [case, *([_dark(case)] if len(traces) > 1 else [])]
        self.bases = [_with_times(base, trace) for base, trace in zip(bases, traces, strict=True)]
        self.factor: dict[str, float] = {}
        self.units: dict[str, str] = {}
        self._last: tuple[bytes, list[dict[str, np.ndarray]]] = (b"", [])
        first = self._run(self.bases[0])
        for trace in traces:
            for name, unit in trace.unit.items():
                self.units[name] = output_of(first, name).unit
                self.factor[name] = factor_to(unit, self.units[name], name)
        self.names = [name for trace in traces for name in trace.values]
        self.good = [np.isfinite(v) for trace in traces for v in trace.values.values()]
        columns = [v * self.factor[n] for trace in traces for n, v in trace.values.items()]
        self.measured = np.concatenate([c[g] for c, g in zip(columns, self.good, strict=True)])
        self.sizes = [int(g.sum()) for g in self.good]

    def case_at(self, shares: np.ndarray, base: int = 0) -> Case:
        return self.bases[base].replace_all(
            {a.key: a.draw(float(x))[0] for a, x in zip(self.axes, shares, strict=True)}
        )

    def models(self, shares: np.ndarray) -> list[dict[str, np.ndarray]]:
        if self._last[0] != shares.tobytes():
            found = []
            for number, trace in enumerate(self.traces):
                tree = self._run(self.case_at(shares, number))
                found.append({name: _at(tree, name, trace.time) for name in trace.values})
            self._last = (shares.tobytes(), found)
        return self._last[1]

    def values(self, shares: np.ndarray) -> np.ndarray:
        columns = [column for model in self.models(shares) for column in model.values()]
        return np.concatenate([c[g] for c, g in zip(columns, self.good, strict=True)])

    def slope(self, shares: np.ndarray) -> np.ndarray:
        """Change of the model with each share, by central differences that stay in the range."""
        columns = []
        for i in range(shares.size):
            low, high = shares.copy(), shares.copy()
            low[i], high[i] = max(0.0, shares[i] - SLOPE_STEP), min(1.0, shares[i] + SLOPE_STEP)
            columns.append((self.values(high) - self.values(low)) / (high[i] - low[i]))
        return np.stack(columns, axis=1)

    def least(self, start: np.ndarray, weights: np.ndarray) -> Any:
        def misfit(x: np.ndarray) -> np.ndarray:
            try:
                return (self.values(x) - self.measured) * weights
            except SolverError:  # these values cannot be run: as bad as can be, and the search turns back
                self.refused += 1
                return np.full(self.measured.size, 1e6)

        inside = np.clip(start, 0.01, 0.99)
        return optimize.least_squares(
            misfit, inside, jac=lambda x: self.slope(x) * weights[:, None], bounds=(0.0, 1.0), xtol=1e-5, ftol=1e-8,
            gtol=1e-10, max_nfev=max(2, self.most // (2 * len(self.axes) + 1)),
        )  # fmt: skip

    def known_sigma(self) -> bool:
        return all(name in trace.sigma for trace in self.traces for name in trace.values)

    def sigma_of(self, shares: np.ndarray) -> np.ndarray:
        """Standard deviation of each column, from what the model leaves over."""
        rest = np.split(self.values(shares) - self.measured, np.cumsum(self.sizes)[:-1])
        dof = 1.0 - len(self.axes) / self.measured.size
        found = np.array([np.sqrt(np.mean(r**2) / dof) for r in rest])
        size = np.array([np.abs(m).max() for m in np.split(self.measured, np.cumsum(self.sizes)[:-1])])
        return np.maximum(found, 1e-12 * np.where(size > 0.0, size, 1.0))

    def weights(self, found: np.ndarray | None) -> np.ndarray:
        """1 / sigma of each value: as given, as found, or, to begin with, the size of the column."""
        parts = []
        columns = [(trace, name) for trace in self.traces for name in trace.values]
        for number, (trace, name) in enumerate(columns):
            good = self.good[number]
            if name in trace.sigma:
                parts.append(1.0 / (trace.sigma[name] * self.factor[name])[good])
            else:
                column = np.abs(trace.values[name] * self.factor[name])[good]
                scale = found[number] if found is not None else float(column.max()) or 1.0
                parts.append(np.full(good.sum(), 1.0 / scale))
        return np.concatenate(parts)

    def sigmas(self, found: np.ndarray | None) -> dict[str, float]:
        rows = np.split(1.0 / self.weights(found), np.cumsum(self.sizes)[:-1])
        return {name: float(np.sqrt(np.mean(row**2))) for name, row in zip(self.names, rows, strict=True)}

    def corrected(self, shares: np.ndarray) -> dict[str, np.ndarray]:
        """The trace with beam, less what the model says the beam does."""
        with_beam = self.models(shares)[0]
        dark = self._run(_with_times(self.case_at(shares, 1), self.traces[0]))
        return {
            name: values * self.factor[name] - (with_beam[name] - _at(dark, name, self.traces[0].time))
            for name, values in self.traces[0].values.items()
        }

    def _run(self, case: Case) -> xr.DataTree:
        self.runs += 1
        if self.tell is not None:
            self.tell(min(1.0, self.runs / self.most))
        return run_case(case)


def _axis(text: str) -> Axis:
    if ".." not in text:
        example = "beam.dose_rate=1e5Gy/s..1e7Gy/s:log"
        raise InputError(Problem("", "--free", text, "needs the range in which its value may lie", f'"{example}"'))
    found = axis(text, "lhs")
    if isinstance(found.values[0], int):
        raise InputError(Problem("", "--free", found.key, "counts something; only what changes evenly can be fitted"))
    return found


def _check(axes: Sequence[Axis], case: Case, data: Trace, off: Trace | None) -> None:
    keys = [a.key for a in axes]
    if not axes or len(set(keys)) < len(keys):
        raise InputError(Problem("", "--free", ", ".join(keys), "must name at least one key, each once"))
    points = data.points + (off.points if off is not None else 0)
    if points <= len(axes):
        raise InputError(Problem("", "--data", None, f"holds {points} values, too few for {len(axes)} free keys"))
    if off is not None and set(case.input.case.physics) != {"radiolysis", "transport"}:
        reason = "compares with the cell without beam; that takes a case with both, a beam and a bias"
        raise InputError(Problem("", "--data-off", None, reason, 'physics = ["radiolysis", "transport"]'))


def _start(case: Case, free: Axis) -> float:
    """Share of the range at which the case stands; the middle if it does not say, or is outside."""
    here: Any = case.record
    for part in free.key.replace('"', "").split("."):
        if isinstance(here, list):
            here = next((item for item in here if isinstance(item, dict) and item.get("name") == part), None)
        else:
            here = here.get(part) if isinstance(here, dict) else None
    assert free.numbers is not None
    low, high = free.numbers[0], free.numbers[-1]
    if isinstance(here, bool) or not isinstance(here, int | float):
        return 0.5
    if free.scale == "log":
        return float((np.log(here) - np.log(low)) / (np.log(high) - np.log(low))) if low <= here <= high else 0.5
    return float((here - low) / (high - low)) if low <= here <= high else 0.5


def _dark(case: Case) -> Case:
    off = [{"from": "0 s", "to": f"{case.input.case.seconds!r} s", "on": False}]
    return case.replace_all({"beam.pulses": None, "beam.schedule": off})


def _with_times(case: Case, trace: Trace) -> Case:
    """Let a run give its outputs at the times of the data where it stops at them; else they are interpolated."""
    physics, line = case.input.case.physics, case.input.grid.geometry == "line"
    few = trace.time.size <= MOST_STOPS and case.input.case.duration is not None
    if physics != ("radiolysis",) and not (line and few):
        return case
    drop = dict.fromkeys(("output.count", "output.spacing", "output.from"))
    return case.replace_all({**drop, "output.times": [f"{t!r} s" for t in trace.time.tolist()]})


def _at(tree: xr.DataTree, name: str, times: np.ndarray) -> np.ndarray:
    found = output_of(tree, name)
    if times[0] < found.time[0] * (1 - 1e-9) or times[-1] > found.time[-1] * (1 + 1e-9):
        reason = f"the data go from {times[0]:.4g} s to {times[-1]:.4g} s, the run from {found.time[0]:.4g} s to "
        raise InputError(Problem("", "--data", None, f"{reason}{found.time[-1]:.4g} s; make the run longer"))
    return np.interp(times, found.time, found.values)


def _spread(slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standard error of each share, infinite where the data say nothing, and the correlations."""
    _, size, turn = np.linalg.svd(slope, full_matrices=False)
    blind = size <= SINGULAR * max(size.max(), 1e-300)
    inverse = np.where(blind, 0.0, 1.0 / np.where(blind, 1.0, size))
    covariance = (turn.T * inverse**2) @ turn
    error = np.sqrt(np.diag(covariance))
    hidden = (np.abs(turn[blind]) > 1e-3).any(axis=0) if blind.any() else np.zeros(error.size, dtype=bool)
    scale = np.where(error > 0.0, error, 1.0)
    return np.where(hidden, np.inf, error), covariance / np.outer(scale, scale)


def _estimate(free: Axis, share: float, half: float) -> Estimate:
    low, high = max(0.0, share - half), min(1.0, share + half)
    text, number = free.draw(share)
    ends = sorted((free.draw(low)[1], free.draw(high)[1]))
    return Estimate(free.key, free.unit or "1", number, ends[0], ends[1], bool(low > 0.0 and high < 1.0), str(text))


def _remarks(
    estimates: Sequence[Estimate], correlation: np.ndarray, misfit: float | None, dof: int, refused: int
) -> list[str]:
    remarks = [
        f"{e.key} is not identifiable: its 95 % interval, {e.low:.3g} to {e.high:.3g}"
        f"{'' if e.unit == '1' else f' {e.unit}'}, reaches an end of the range"
        for e in estimates
        if not e.identifiable
    ]
    for i, one in enumerate(estimates):
        for j in range(i):
            if abs(correlation[i, j]) > JOINED:
                remarks.append(
                    f"{estimates[j].key} and {one.key} are known only together (correlation {correlation[i, j]:.3f}): "
                    "fix one of them, or measure something that tells them apart"
                )
    if misfit is not None and stats.chi2.sf(misfit * dof, dof) < UNLIKELY:
        remarks.append(
            f"the misfit is {misfit:.3g} times what the given sigmas allow: the model does not describe the data, and "
            "the intervals are too narrow"
        )
    if refused:
        remarks.append(f"{refused} runs of the search failed and were taken as a large misfit")
    return remarks

"""Which cases a sweep runs: the product of ranges, or points drawn in them.

- `grid`: every combination of the values of all keys.
- `lhs`: a Latin hypercube (McKay, Beckman & Conover, Technometrics 21 (1979) 239): each range cut into as many slices
  of equal probability as there are runs, one run in each slice of each key.
- `sobol`: the design of Saltelli (Comput. Phys. Commun. 145 (2002) 280) on a Sobol sequence, N (k + 2) runs of k keys,
  from which first-order and total indices follow.
- `morris`: N trajectories of k + 1 runs that change one key at a time (Morris, Technometrics 33 (1991) 161).

In the last three a range is drawn from evenly, or evenly in its logarithm (`:log`); of a list, each entry is as likely.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from simcell.errors import InputError, Problem
from simcell.inputs.overrides import split_setting, vary
from simcell.units import UnitError, split_range

if TYPE_CHECKING:
    from simcell.case import Case

Design = Literal["grid", "lhs", "sobol", "morris"]
DESIGNS: tuple[Design, ...] = get_args(Design)
MOST_RUNS = 1_000_000
LEVELS = 4  # of a Morris trajectory: the number that Morris uses, so that each step is 2/3 of the range
_FORM = "beam.dose_rate=1e3Gy/s..1e9Gy/s:log:9"


@dataclass(frozen=True)
class Axis:
    """A key and the values it takes: a list, or a range that is drawn from.

    Examples
    --------
    >>> axis("beam.dose_rate=1 Gy/s..100 Gy/s:log", "lhs").draw(0.5)
    ('10.0 Gy/s', 10.0)
    """

    key: str
    values: tuple[Any, ...]  # as a file would have them
    numbers: tuple[float, ...] | None  # the same in SI units; None for words
    unit: str | None  # SI unit of the numbers; None for words
    scale: str  # "list", or how a range is drawn from: "lin" or "log"

    @property
    def name(self) -> str:
        """Name of its dimension in a result."""
        return self.key.replace(".", "_").replace('"', "")

    @property
    def label(self) -> Any:
        """What stands for each value on the axis of a result: numbers, or words."""
        return np.array(self.numbers) if self.numbers is not None else np.array([str(v) for v in self.values])

    def draw(self, share: float) -> tuple[Any, Any]:
        """The value at a share 0..1 of the range, for the case and as a label."""
        if self.scale == "list":
            place = min(int(share * len(self.values)), len(self.values) - 1)
            return self.values[place], self.label[place].item()
        assert self.numbers is not None
        low, high = self.numbers[0], self.numbers[-1]
        if self.scale == "log":
            number = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            number = low + share * (high - low)
        number = min(max(float(f"{number:.14g}"), min(low, high)), max(low, high))
        if isinstance(self.values[0], int):
            return round(number), float(round(number))
        return (f"{number!r} {self.unit}" if isinstance(self.values[0], str) else number), number


@dataclass(frozen=True)
class Plan:
    """The runs of a sweep: for each, the values of all keys, for the case and as labels.

    Examples
    --------
    >>> plan_of(["electrolyte.pH=3,7", "beam.dose_rate=1 Gy/s,2 Gy/s"]).shape
    (2, 2)
    """

    design: Design
    axes: tuple[Axis, ...]
    values: tuple[tuple[Any, ...], ...]
    labels: tuple[tuple[Any, ...], ...]
    samples: int
    seed: int
    shares: tuple[tuple[float, ...], ...] = ()  # where each point lies in its ranges, 0 to 1; of a grid nothing

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys that change."""
        return tuple(axis.key for axis in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes of a grid; one axis of runs for every other design."""
        return tuple(len(axis.values) for axis in self.axes) if self.design == "grid" else (len(self.values),)

    def member(self, case: Case, number: int) -> Case:
        """The case of one run.

        Raises
        ------
        InputError
            If these values do not go together.
        """
        return case.replace_all(dict(zip(self.keys, self.values[number], strict=True)))


def axis(text: str, design: Design = "grid") -> Axis:
    """Read one ``--vary``; a range that is drawn from needs no count.

    Parameters
    ----------
    text : str
        ``key=a..b:log:9``, ``key=a,b,c``, or, unless the design is a grid, ``key=a..b:log``.
    design : str

    Raises
    ------
    InputError

    Examples
    --------
    >>> axis("electrolyte.pH=3..7", "lhs").numbers
    (3.0, 7.0)
    >>> axis("electrolyte.pH=3..7:3").values
    (3.0, 5.0, 7.0)
    """
    key, what = split_setting(text, "--vary", _FORM)
    drawn = design != "grid" and ".." in what
    if drawn and not what.rpartition(":")[2].strip().isdigit():
        what = f"{what}:2"
    found = vary(f"{key}={what}")
    if len(set(found.values)) < len(found.values):
        raise InputError(Problem("--vary", key, what, "holds a value twice"))
    scale = "list"
    if drawn:
        try:
            span = split_range(what)
        except UnitError as error:  # pragma: no cover  (vary has read it)
            raise InputError(Problem("--vary", key, what, error.reason, error.example)) from None
        scale = span.scale if span is not None else "list"
    return Axis(found.key, found.values, found.numbers, None if found.numbers is None else found.unit or "1", scale)


def plan_of(texts: Sequence[str], design: Design = "grid", samples: int | None = None, seed: int = 1) -> Plan:
    """Lay out the runs of a sweep.

    Parameters
    ----------
    texts : sequence of str
        What follows each ``--vary``.
    design : {"grid", "lhs", "sobol", "morris"}
    samples : int, optional
        Of `lhs` the runs, of `sobol` the base points (a power of two), of `morris` the trajectories.
    seed : int
        Of the random numbers; the same seed draws the same points.

    Returns
    -------
    Plan

    Raises
    ------
    InputError

    Examples
    --------
    >>> len(plan_of(["beam.dose_rate=1 Gy/s..9 Gy/s", "electrolyte.pH=3..7"], "morris", 10).values)
    30
    """
    axes = tuple(axis(text, design) for text in texts)
    _check(axes, design, samples)
    if design == "grid":
        values = tuple(itertools.product(*(a.values for a in axes)))
        labels = tuple(itertools.product(*(a.label.tolist() for a in axes)))
        return Plan(design, axes, values, labels, 0, seed)
    assert samples is not None
    shares = _shares(design, len(axes), samples, seed)
    drawn = [[a.draw(u) for a, u in zip(axes, row, strict=True)] for row in shares]
    values = tuple(tuple(value for value, _ in row) for row in drawn)
    return Plan(design, axes, values, tuple(tuple(label for _, label in row) for row in drawn), samples, seed,
                tuple(map(tuple, shares.tolist())))  # fmt: skip


def problem_of(axes: Sequence[Axis]) -> dict[str, Any]:
    """The keys as SALib wants them, each over shares from 0 to 1.

    Examples
    --------
    >>> problem_of([axis("electrolyte.pH=3..7", "morris")])
    {'num_vars': 1, 'names': ['electrolyte.pH'], 'bounds': [[0.0, 1.0]]}
    """
    return {"num_vars": len(axes), "names": [a.key for a in axes], "bounds": [[0.0, 1.0]] * len(axes)}


def _shares(design: Design, keys: int, samples: int, seed: int) -> np.ndarray:
    if design == "lhs":
        from scipy.stats import qmc

        return np.asarray(qmc.LatinHypercube(keys, rng=np.random.default_rng(seed)).random(samples))
    library = salib("sample")
    problem = {"num_vars": keys, "names": [str(i) for i in range(keys)], "bounds": [[0.0, 1.0]] * keys}
    if design == "morris":
        return np.asarray(library.morris.sample(problem, samples, num_levels=LEVELS, seed=seed))
    return np.asarray(library.sobol.sample(problem, samples, calc_second_order=False, seed=seed))


def salib(part: str) -> Any:
    """The methods of SALib, "sample" or "analyze", or an error that says how to get it.

    Examples
    --------
    >>> salib("sample").__name__
    'SALib.sample'
    """
    try:
        for method in ("morris", "sobol"):
            import_module(f"SALib.{part}.{method}")
        return import_module(f"SALib.{part}")
    except ImportError:
        reason = 'needs SALib: pip install "simcell[sensitivity]"; lhs and grid do without'
        raise InputError(Problem("", "--design", "sobol or morris", reason)) from None


def _check(axes: Sequence[Axis], design: Design, samples: int | None) -> None:
    problems = []
    keys = [a.key for a in axes]
    problems += [Problem("", "--vary", key, "is varied twice") for key in dict.fromkeys(keys) if keys.count(key) > 1]
    if not axes:
        problems.append(Problem("", "--vary", None, "is needed: what changes from run to run", f'"{_FORM}"'))
    if design not in DESIGNS:
        problems.append(Problem("", "--design", design, f"is not one of {', '.join(DESIGNS)}"))
    elif design == "grid" and samples is not None:
        problems.append(Problem("", "--samples", samples, "belongs to --design lhs, sobol or morris"))
    elif design != "grid" and (samples is None or samples < 2):
        problems.append(Problem("", "--samples", samples, f"is needed with --design {design}, at least 2", "64"))
    elif design == "sobol" and samples is not None and samples & (samples - 1):
        near = 1 << samples.bit_length()
        problems.append(Problem("", "--samples", samples, "must be a power of two for a Sobol sequence", str(near)))
    each = {"grid": 0, "lhs": 1, "sobol": len(axes) + 2, "morris": len(axes) + 1}.get(design, 0)
    runs = math.prod(len(a.values) for a in axes) if design == "grid" else each * (samples or 0)
    if runs > MOST_RUNS:
        problems.append(Problem("", "--vary", None, f"{runs} runs are more than {MOST_RUNS}; take fewer values"))
    if problems:
        raise InputError(problems)

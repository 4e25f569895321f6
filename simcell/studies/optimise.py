"""The best design for a stated objective: differential evolution over the ranges, with limits that must hold.

Closed forms take a whole generation at once, so some ten thousand designs are tried within seconds. The method is that
of R. Storn, K. Price, J. Global Optim. 11 (1997) 341, as scipy has it. A design that breaks a limit ranks behind every
one that holds all, by how far it is off, so that the search comes back from outside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution

from simcell import units
from simcell.errors import InputError, Problem
from simcell.inputs.overrides import split_setting
from simcell.results.figures_of_merit import MERITS
from simcell.studies.design import OWN, _beam, _doubts, _exchange, _spread, merits
from simcell.studies.strip import Strip, strip_of

if TYPE_CHECKING:
    from simcell.case import Case

Array = NDArray[np.float64]
WIDE = 5.0  # ratio of the ends from which a range is searched by its logarithm
SEED = 1
PENALTY = 1e3  # what a broken limit costs beside an objective scaled to about 1
KINDS = {"m": "length", "V": "voltage", "s": "time", "A/m^2": "current_density", "1": "number"}
_RANGE = "electrode.working.width=5um..50um"


@dataclass(frozen=True)
class Optimum:
    """The best design found.

    Examples
    --------
    >>> Optimum("edge_factor", {}, {}, (), ()).objective
    'edge_factor'
    """

    objective: str
    at: Mapping[str, Any]  # key -> value and unit
    figures: Mapping[str, Any]  # name -> value and unit
    held: Sequence[str]  # each limit and what became of it
    warnings: Sequence[str]


def optimise(
    case: Case,
    objective: str,
    over: Sequence[str],
    keep: Sequence[str] = (),
    *,
    energy: float | None = None,
    defaults: Mapping[str, float] | None = None,
) -> Optimum:
    """Search ranges of a design for the best value of one figure.

    Parameters
    ----------
    case : Case
    objective : str
        Name of a figure.
    over : sequence of str
        ``key=low..high`` (a count behind it is not used); keys of `simcell.studies.design.OWN`.
    keep : sequence of str
        Limits, ``"max_ir_error<5 mV"``.
    energy, defaults
        As for `simcell.studies.design.design`.

    Raises
    ------
    InputError
        For names, ranges and limits that cannot be read, and limits that no design in the ranges meets.

    Examples
    --------
    >>> from simcell.case import Case
    >>> zinc = {"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}
    >>> case = Case.from_dict({"case": {"physics": ["transport"]}, "cell": {"spacer_height": "500 nm"},
    ...     "grid": {"extent": "400 um"}, "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "electrode": [{"name": "working", "role": "working", "reaction": [zinc], "metal": "Zn",
    ...                    "rectangle": {"x": ["-10 um", "10 um"], "y": ["-50 um", "50 um"]}}],
    ...     "protocol": {"steps": [{"technique": "galvanostatic", "current_density": "-1 mA/cm^2"}]}})
    >>> found = optimise(case, "liquid_thickness", ["cell.spacer_height=100nm..5um"], ["edge_factor<1.05"])
    >>> round(found.figures["edge_factor"]["value"], 3)
    1.05
    """
    if objective not in MERITS:
        raise InputError(Problem("", "--optimise", objective, f"is not a figure; there are {', '.join(MERITS)}"))
    if not over:
        raise InputError(Problem("", "--vary", None, "is missing: the ranges to search", _RANGE))
    ranges = [_range(text) for text in over]
    limits = [_limit(text) for text in keep]
    strip, beam = _spread(strip_of(case.input), (), defaults or {}), _beam(case, energy)
    for name in (objective, *(name for name, *_ in limits)):
        if name not in merits(strip, beam, False, None):
            raise InputError(Problem("", "--optimise", name, "is not known for this case: see simcell design --help"))
    sign = 1.0 if MERITS[objective].better == "low" else -1.0
    scale = abs(float(merits(strip, beam, False, None)[objective])) or 1.0

    def cost(x: Array) -> Array:
        found = merits(_at(strip, ranges, x), beam, False, None)
        value = sign * found[objective] / scale
        off = sum((np.maximum(0.0, s * (found[n] - v) / (abs(v) or 1.0)) for n, s, v, _ in limits), 0.0 * value)
        value = np.where(off > 0.0, PENALTY * (1.0 + off), value)
        return np.where(np.isfinite(value), value, 2.0 * PENALTY)

    bounds = [tuple(np.log(r[2:4])) if _wide(r) else r[2:4] for r in ranges]
    # the whole generation is one column-wise call; "deferred" is what scipy then wants
    answer = differential_evolution(cost, bounds, rng=SEED, vectorized=True, updating="deferred", tol=1e-8, popsize=25)
    last = merits(_at(strip, ranges, answer.x[:, None]), beam, False, None)
    got = {name: float(v.ravel()[0]) for name, v in last.items()}
    broken = [text for name, s, v, text in limits if s * (got[name] - v) > 1e-6 * abs(v)]
    if broken:
        told = ", ".join(f"{name} = {got[name]:.4g} {MERITS[name].unit}" for name, *_ in limits)
        raise InputError(Problem("", "--keep", broken[0], f"no design in the ranges meets it; the nearest has {told}"))
    places = _values(ranges, answer.x[:, None])
    at = {
        r[0]: {"value": float(v[0]), "unit": units.kinds()[OWN[r[0]][1]].si}
        for r, v in zip(ranges, places, strict=True)
    }
    edges = [
        r[0] for r, v in zip(ranges, places, strict=True) if min(abs(v[0] / r[2] - 1), abs(v[0] / r[3] - 1)) < 1e-3
    ]
    held = [f"{text}: {got[name]:.4g} {MERITS[name].unit}" for name, _, _, text in limits]
    more = [f"the best lies at the end of the range of {key}: a wider range may hold a better one" for key in edges]
    figures = {n: {"value": v, "unit": MERITS[n].unit} for n, v in got.items()}
    return Optimum(objective, at, figures, held, (*strip.warnings, *_doubts(strip), *more))


def _range(text: str) -> tuple[str, str, float, float]:
    key, what = split_setting(text, "--vary", _RANGE)
    if key not in OWN:
        raise InputError(Problem("--vary", key, None, f"cannot be searched; keys of a design: {', '.join(OWN)}"))
    number, kind = OWN[key]
    ends = what.split(":")[0]
    try:
        low, high = units.parse_vary(f"{ends}:2", kind)
    except units.UnitError as error:
        raise InputError(Problem("--vary", key, what, error.reason, f'"{_RANGE}"')) from None
    return key, number, min(low, high), max(low, high)


def _limit(text: str) -> tuple[str, float, float, str]:
    """Name, sign (+1: at most), value in SI, text."""
    form = '"max_ir_error<5 mV"'
    parts = re.fullmatch(r"\s*(\w+)\s*([<>])=?\s*(.+?)\s*", text)
    if not parts or parts[1] not in MERITS:
        raise InputError(
            Problem("", "--keep", text, f"must be figure<value or figure>value; {', '.join(MERITS)}", form)
        )
    unit = MERITS[parts[1]].unit
    try:
        value = float(parts[3]) if unit in ("1", "V/A") else units.parse(parts[3], KINDS[unit])
    except (ValueError, units.UnitError) as error:
        raise InputError(Problem("", "--keep", text, str(getattr(error, "reason", error)), form)) from None
    return parts[1], 1.0 if parts[2] == "<" else -1.0, value, text


def _wide(r: tuple[str, str, float, float]) -> bool:
    return r[2] > 0.0 and r[3] / r[2] > WIDE


def _values(ranges: Sequence[tuple[str, str, float, float]], x: Array) -> list[Array]:
    return [np.exp(row) if _wide(r) else np.asarray(row) for r, row in zip(ranges, x, strict=True)]


def _at(strip: Strip, ranges: Sequence[tuple[str, str, float, float]], x: Array) -> Strip:
    values = {r[1]: v for r, v in zip(ranges, _values(ranges, x), strict=True)}
    if "scale" in values:
        values["scale"] = values["scale"] / _exchange(strip)
    return strip.with_values(**values)

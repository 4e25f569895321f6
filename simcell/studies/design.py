"""Maps of designs: figures of merit over thickness, gap, width and whatever else is varied, and the best among them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcell import units
from simcell.beam.blur import stem_broadening
from simcell.beam.medium import load_medium, media
from simcell.errors import InputError, Problem
from simcell.inputs.overrides import split_setting, vary
from simcell.results.figures_of_merit import MERITS
from simcell.results.provenance import provenance
from simcell.results.schema import build
from simcell.studies.strip import Strip, strip_of
from simcell.transport.designs import figures
from simcell.transport.supply import metal_in_filling

if TYPE_CHECKING:
    import xarray as xr

    from simcell.case import Case

Array = NDArray[np.float64]
Progress = Callable[[float], None]
_FORM = "electrode.counter.gap=20um..200um:5"
_WAVES = ("cv_peak_ratio", "cv_peak_shift")
_OF_CURRENT = ("mean_ir_error", "max_ir_error")  # nothing without a current
_TIMES = ("filling_time", "depletion_time", "film_sand_time", "sand_time")

#: key of a design -> (number of a strip, kind of unit); these need no new case for each value
OWN = {
    "cell.spacer_height": ("spacer", "length"),
    "electrode.working.width": ("width", "length"),
    "electrode.working.length": ("length", "length"),
    "electrode.counter.gap": ("gap", "length"),
    "electrode.reference.distance": ("reference", "length"),
    "electrode.working.exchange_current_density": ("scale", "current_density"),
    "protocol.current_density": ("current_density", "current_density"),
    "protocol.scan_rate": ("scan_rate", "scan_rate"),
}


class Axis(NamedTuple):
    """One key that is varied.

    Examples
    --------
    >>> axis_of("electrode.counter.gap=20um,40um").numbers
    (2e-05, 4e-05)
    """

    key: str
    number: str  # of a strip; empty: a key of the case, set anew for each value
    values: tuple[Any, ...]  # as the case file would have them
    numbers: tuple[float, ...]  # SI
    unit: str

    @property
    def name(self) -> str:
        """Name of the dimension in a result."""
        return self.key.replace(".", "_")


def axis_of(text: str) -> Axis:
    """Read one ``--vary``: a key of a design, or any key of a case that takes numbers.

    Raises
    ------
    InputError

    Examples
    --------
    >>> axis_of("cell.spacer_height=100nm..1um:log:3").number
    'spacer'
    """
    key, what = split_setting(text, "--vary", _FORM)
    if key in OWN:
        number, kind = OWN[key]
        try:
            numbers = tuple(units.parse_vary(what, kind))
        except units.UnitError as error:
            raise InputError(Problem("--vary", key, what, error.reason, error.example)) from None
        return Axis(key, number, numbers, numbers, units.kinds()[kind].si)
    try:
        found = vary(text)
    except InputError as error:
        known = f"is none of the keys of a design either: {', '.join(OWN)}"
        raise InputError([*error.problems, Problem("--vary", key, None, known)]) from None
    if found.numbers is None:
        raise InputError(Problem("--vary", key, what, "takes numbers; run the case for each word"))
    return Axis(key, "", found.values, found.numbers, found.unit or "1")


def design(
    case: Case,
    axes: Sequence[Axis] = (),
    *,
    objectives: Sequence[str] = (),
    energy: float | None = None,
    defaults: Mapping[str, float] | None = None,
    solve: bool = False,
    progress: Progress | None = None,
) -> xr.DataTree:
    """Figures of merit of a cell over the product of ranges.

    Parameters
    ----------
    case : Case
        Of physics "transport".
    axes : sequence of Axis
    objectives : sequence of str
        Names of figures; designs that no other one beats in all of them are marked as the Pareto front.
    energy : float, optional
        Of the electrons of the microscope [J], for the sharpness; default: that of the case.
    defaults : mapping, optional
        Numbers of the strip that the case does not say: `current_density` [A/m^2], `scan_rate` [V/s].
    solve : bool
        Solve each design as a section with resolved height besides; tenths of a second each.
    progress : callable, optional
        Called with the fraction done.

    Returns
    -------
    xarray.DataTree
        Group /design, one dimension for each axis.

    Raises
    ------
    InputError
        For a case without strip, values that make no cell, unknown objectives.

    Examples
    --------
    >>> from simcell.case import Case
    >>> zinc = {"name": "zn-deposition", "exchange_current_density": "10 A/m^2"}
    >>> case = Case.from_dict({"case": {"physics": ["transport"]}, "cell": {"spacer_height": "500 nm"},
    ...     "grid": {"extent": "400 um"}, "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
    ...     "electrode": [{"name": "working", "role": "working", "reaction": [zinc], "metal": "Zn",
    ...                    "rectangle": {"x": ["-10 um", "10 um"], "y": ["-50 um", "50 um"]}}],
    ...     "protocol": {"steps": [{"technique": "galvanostatic", "current_density": "-1 mA/cm^2"}]}})
    >>> tree = design(case, [axis_of("cell.spacer_height=100nm,1um")])
    >>> tree["design/filling"].values.round(11).tolist()
    [9e-11, 9.2e-10]
    """
    started = time.perf_counter()
    _check_names(objectives)
    keys = [a.key for a in axes]
    if twice := sorted({k for k in keys if keys.count(k) > 1}):
        raise InputError(Problem("", "--vary", twice[0], "is varied twice"))
    outer = [a for a in axes if not a.number]
    inner = [a for a in axes if a.number]
    parts, warnings = [], []
    combinations = list(itertools.product(*(a.values for a in outer)))
    for count, values in enumerate(combinations):
        member = case
        for axis, value in zip(outer, values, strict=True):
            member = member.replace(axis.key, value)
        strip = _spread(strip_of(member.input), inner, defaults or {})
        tell = None if progress is None else _part_of(progress, count, len(combinations))
        parts.append(merits(strip, _beam(member, energy), solve, tell))
        warnings += [*strip.warnings, *_doubts(strip)]
    order = [axes.index(a) for a in [*outer, *inner]]
    shape = [len(axes[n].numbers) for n in order]
    found = {
        name: np.moveaxis(np.array([part[name] for part in parts]).reshape(shape), range(len(axes)), order)
        for name in parts[0]
    }
    dims = [a.name for a in axes]
    group: dict[str, Any] = {name: (dims, values) for name, values in found.items()}
    if objectives:
        asked = [name for name in objectives if name in found or name not in _OF_CURRENT]
        group["pareto"] = (dims, pareto({name: found[name] for name in _known(asked, found)}))
    facts = provenance(
        record=case.record, record_hash=case.hash, case=case.data, warnings=list(dict.fromkeys(warnings))[:20],
        solver={"method": "closed forms" + (" and sections" if solve else "")}, wall_time=time.perf_counter() - started,
        vary=[{"key": a.key, "values": list(map(str, a.numbers))} for a in axes], objectives=list(objectives),
        current_density=_one_value(case, defaults),
    )  # fmt: skip
    coords = {a.name: (np.array(a.numbers), a.unit) for a in axes}
    return build({"design": group}, coords, {"simcell_provenance": facts, "title": case.input.case.title})


def merits(strip: Strip, beam: tuple[float, str] | None, solve: bool, progress: Progress | None) -> dict[str, Array]:
    """All figures of a strip whose numbers may be arrays; beam is (energy [J], name of the liquid).

    Examples
    --------
    >>> merits.__name__
    'merits'
    """
    try:
        found = figures(strip.designs())
    except ValueError as error:
        raise InputError(Problem("", "--vary", None, str(error))) from None
    mean, _, largest = strip.thickness()
    shape = np.broadcast_shapes(*(v.shape for v in found.values()), mean.shape)
    if not np.isnan(strip.molar_volume):
        found["filling"] = metal_in_filling(strip.concentration, 1.0, strip.molar_volume) * mean
    found["liquid_thickness"] = largest
    if beam is not None:
        found["resolution"] = stem_broadening(largest, beam[0], load_medium(beam[1]))
    if np.all(np.asarray(strip.current_density) == 0.0):
        found = {name: v for name, v in found.items() if name not in _OF_CURRENT}
    found = {name: np.broadcast_to(v, shape) for name, v in found.items()}
    found |= {name: np.where(np.isfinite(found[name]), found[name], np.nan) for name in _TIMES}
    if solve:
        from simcell.studies.design_sections import solve_sections

        found |= solve_sections(strip, shape, progress)
    return found


def pareto(objectives: Mapping[str, Array]) -> NDArray[np.bool_]:
    """Which designs no other one beats: at least as good in all objectives and better in one.

    Parameters
    ----------
    objectives : mapping of name to array
        Figures of one shape; which way is better says `MERITS`. A NaN never belongs to the front.

    Examples
    --------
    >>> pareto({"edge_factor": np.array([1.0, 2.0, 3.0]), "resolution": np.array([3.0, 1.0, 2.0])})
    array([ True,  True, False])
    """
    signs = {name: 1.0 if MERITS[name].better == "low" else -1.0 for name in objectives}
    table = np.stack([signs[name] * np.asarray(v, dtype=float).ravel() for name, v in objectives.items()], axis=1)
    shape = np.shape(next(iter(objectives.values())))
    front: NDArray[np.bool_] = np.array(~np.isnan(table).any(axis=1))
    for n in np.lexsort(table.T[::-1]):  # what beats a design comes before it, so most fall early
        if front[n]:
            worse = (table >= table[n]).all(axis=1) & (table > table[n]).any(axis=1)
            front &= ~worse
    return front.reshape(shape)


def best(tree: xr.DataTree) -> dict[str, dict[str, Any]]:
    """Best value of each figure and where it is.

    Examples
    --------
    >>> tree = build({"design": {"edge_factor": (["gap"], [2.0, 1.5])}}, {"gap": ([1e-5, 2e-5], "m")})
    >>> best(tree)["edge_factor"]["at"]
    {'gap': 2e-05}
    """
    found = {}
    for name, array in tree["design"].to_dataset().data_vars.items():
        if name not in MERITS or not np.isfinite(array.values).any():
            continue
        sign = 1.0 if MERITS[str(name)].better == "low" else -1.0
        at = np.unravel_index(int(np.nanargmin(sign * array.values)), array.shape)
        place = {str(d): float(array[d][i]) for d, i in zip(array.dims, at, strict=True)}
        found[str(name)] = {"value": float(array.values[at]), "unit": MERITS[str(name)].unit, "at": place}
    return found


def _spread(strip: Strip, axes: Sequence[Axis], defaults: Mapping[str, float]) -> Strip:
    """The strip with every axis along its own dimension."""
    if strip.current_density == 0.0 and "current_density" in defaults:
        strip = strip.with_values(current_density=defaults["current_density"])
    if np.isnan(strip.scan_rate) and "scan_rate" in defaults:
        strip = strip.with_values(scan_rate=defaults["scan_rate"])
    values: dict[str, Any] = {}
    for n, axis in enumerate(axes):
        along = np.array(axis.numbers).reshape([-1 if k == n else 1 for k in range(len(axes))])
        if axis.number == "scale":
            along = along / _exchange(strip)
        if axis.number == "gap" and strip.sides == 2 and not strip.dissolving and not np.isfinite(strip.gap):
            raise InputError(Problem("--vary", axis.key, None, "needs a counter electrode, or an open edge"))
        values[axis.number] = along
    return strip.with_values(**values)


def _exchange(strip: Strip) -> float:
    found = getattr(strip.law, "exchange", None)
    if found is None:
        reason = "needs a working electrode with one reaction that has an exchange current density"
        raise InputError(Problem("--vary", "electrode.working.exchange_current_density", None, reason))
    return float(found)


def _beam(case: Case, energy: float | None) -> tuple[float, str] | None:
    """Energy of the beam and name of the liquid, or None where either is not known."""
    from simcell.inputs.electrolyte_data import load_electrolyte

    e = case.input.electrolyte
    solvent = load_electrolyte(e.preset).solvent if e.preset else "water"
    found = case.input.beam.energy if energy is None else energy
    return None if found is None or solvent not in media() else (found, solvent)


def _one_value(case: Case, defaults: Mapping[str, float] | None) -> float:
    """Current density of the case as it stands [A/m^2]."""
    return float(np.ravel(_spread(strip_of(case.input), (), defaults or {}).current_density)[0])


def _doubts(strip: Strip) -> list[str]:
    if np.all(np.asarray(strip.current_density) == 0.0):
        return [
            "no step gives a current: iR errors and depletion times are not known and not traded; --current-density "
            "gives one"
        ]
    return []


def _check_names(names: Sequence[str]) -> None:
    wrong = [n for n in names if n not in MERITS]
    if wrong:
        known = f"is not a figure of merit; there are {', '.join(MERITS)}"
        raise InputError([Problem("", "--pareto", n, known) for n in wrong])


def _known(names: Sequence[str], found: Mapping[str, Any]) -> Sequence[str]:
    for name in names:
        if name not in found:
            needs = {"resolution": "--energy", "filling": "a metal"} | dict.fromkeys(_WAVES, "--scan-rate")
            why = f"is not known for this case; it needs {needs.get(name, '--solve')}"
            raise InputError(Problem("", "--pareto", name, why))
    return names


def _part_of(progress: Progress, part: int, parts: int) -> Progress:
    return lambda fraction: progress((part + fraction) / parts)

"""Pictures of what a potentiostat records: current against potential, both against time, profiles in the liquid."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simcell.errors import ResultError
from simcell.results import frame, gather, profiles, style, words
from simcell.results.plain import lasting
from simcell.results.provenance import ATTRIBUTE, read_provenance

KINDS = ("auto", "cv", "trace", "profile")
_LAST, _EARLIER = "#0152c8", "#9ab7e6"


def plot(tree: xr.DataTree, kind: str = "auto", species: str | None = None, time: float | None = None) -> Figure:
    """Draw a voltammogram where the protocol sweeps, else current and potential against time; or profiles.

    Parameters
    ----------
    tree : xarray.DataTree
        One run of ions along a line.
    kind : str
        `auto`, `cv`, `trace`, `profile`.
    species : str, optional
        Whose profiles; its profiles are drawn when it is named.
    time : float, optional
        The profile at one time [s].

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> plot(xr.DataTree(), "pie")
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: a run along a line has no figure of kind "pie"; there are auto, cv, trace, profile
    """
    if kind not in KINDS:
        raise ResultError(f'a run along a line has no figure of kind "{kind}"; there are {", ".join(KINDS)}')
    if kind == "profile" or species is not None or time is not None:
        return profile(tree, species, time)
    if kind == "cv" or (kind == "auto" and sweeps(tree)):
        return voltammogram(tree)
    return trace(tree)


def sweeps(tree: xr.DataTree) -> bool:
    """Whether the potential of a run goes up and down while it is controlled.

    Examples
    --------
    >>> sweeps(xr.DataTree())
    False
    """
    facts = read_provenance(tree) if ATTRIBUTE in tree.attrs else {}
    steps = facts.get("record", {}).get("protocol", {}).get("steps", ())
    return any(step.get("technique") == "cv" for step in steps)


def voltammogram(tree: xr.DataTree) -> Figure:
    """Draw current density against potential, earlier sweeps paler.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> group = {"current_density": (["time"], [1.0, 2.0]), "step": (["time"], [1.0, 1.0]),
    ...          "electrode_potential": (["time", "electrode"], [[0.1], [0.2]])}
    >>> voltammogram(build({"transport": group}, {"time": [0.0, 1.0], "electrode": ["a"]})).axes[0].get_ylabel()
    'Current density (A/m²)'
    """
    facts = read_provenance(tree) if ATTRIBUTE in tree.attrs else {}
    steps = facts.get("record", {}).get("protocol", {}).get("steps", ())
    v, i, step = (
        _working(tree, facts, "electrode_potential"),
        _recorded(tree)["current_density"].values,
        _steps(tree),
    )
    swept = [n for n, s in enumerate(steps, 1) if s.get("technique") == "cv"] or [1]
    rows = np.isin(step, swept)
    figure, axes, _ = frame.stack(False, True)
    cycles = _cycles(v[rows], steps[swept[0] - 1] if steps else {})
    for number, part in enumerate(cycles):
        last = number == len(cycles) - 1
        axes.plot(v[rows][part], i[rows][part], color=_LAST if last else _EARLIER, linewidth=1.9 if last else 1.2)
    axes.axhline(0.0, color=style.FAINT, linewidth=0.8, zorder=1)
    axes.set_xlabel(f"Potential of the working electrode against {_against(facts)} (V)")
    axes.set_ylabel("Current density (A/m²)")
    style.dress(axes)
    _peaks(axes, v[rows][cycles[-1]], i[rows][cycles[-1]])
    _robust(axes, i[rows], _recorded(tree)["time"].values[rows])
    _finish(axes, facts, "Voltammogram", _conditions(facts))
    frame.note(figure, ["Anodic current is positive."] + (["Pale: earlier cycles."] if len(cycles) > 1 else []))
    return figure


def trace(tree: xr.DataTree) -> Figure:
    """Draw current density and potential against time.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> group = {"current_density": (["time"], [1.0, 2.0]), "step": (["time"], [1.0, 1.0]),
    ...          "electrode_potential": (["time", "electrode"], [[0.1], [0.2]])}
    >>> len(trace(build({"transport": group}, {"time": [0.0, 1.0], "electrode": ["a"]})).axes)
    2
    """
    facts = read_provenance(tree) if ATTRIBUTE in tree.attrs else {}
    time = _recorded(tree)["time"].values
    v, i = _working(tree, facts, "electrode_potential"), _recorded(tree)["current_density"].values
    tall = 5.6
    figure = style.new_figure(tall)
    upper = figure.add_axes((0.11, 0.53, 0.85, 0.335))
    lower = figure.add_axes((0.11, 0.13, 0.85, 0.335))
    for axes, values, label, colour in (
        (upper, i, "Current density (A/m²)", _LAST),
        (lower, v, "Potential (V)", style.INK),
    ):
        _broken(axes, time, values, _steps(tree), colour)
        axes.set_ylabel(label)
        axes.set_xlim(0.0, time[-1])
        style.dress(axes)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value, 4)))
        _robust(axes, values, time)
    upper.tick_params(axis="x", labelbottom=False)
    lower.set_xlabel("Time")
    lower.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.duration(value) if value else "0"))
    _finish(upper, facts, "Current and potential", _conditions(facts))
    frame.note(figure, [f"Anodic current is positive. Potential against {_against(facts)}."])
    return figure


def profile(tree: xr.DataTree, species: str | None = None, time: float | None = None) -> Figure:
    """Draw concentrations along the line at several times, dark for early ones.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"transport": {"concentration": (["time", "species", "x"], [[[1.0, 2.0]]])}},
    ...              {"time": [1.0], "species": ["Li+"], "x": [0.0, 1e-6]})
    >>> profile(tree).axes[0].get_ylabel()
    'Concentration of Li⁺ (mol/m³)'
    """
    group = gather.group_of(tree, "transport")
    if "y" in group.dims or "z" in group.dims:
        raise ResultError("profiles are those of a line; of a result in space draw a map (--what map)")
    names = [str(n) for n in group["species"].values]
    name = species or _reacting(tree, names)
    if name not in names:
        raise ResultError(f'the result has no species "{name}"; there are {", ".join(names)}')
    times, x = group["time"].values, group["x"].values
    steps = profiles.spread_times(times) if time is None else [int(np.abs(times - time).argmin())]
    figure, axes, _ = frame.stack(False, False)
    unit = words.length_unit(0.5 * float(x[-1]))
    ends = []
    for step, colour in zip(steps, profiles.time_colours(len(steps)), strict=True):
        values = group["concentration"].sel(species=name).values[step]
        axes.plot(x / unit[0], values, color=colour, linewidth=1.9)
        ends.append((values, colour, words.duration(float(f"{times[step]:.3g}"))))
    style.dress(axes)
    axes.set_xlim(0.0, x[-1] / unit[0])
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel(f"Distance from the working electrode ({unit[1]})")
    axes.set_ylabel(f"Concentration of {words.formula(name)} (mol/m³)")
    handles = [axes.plot([], [], color=colour, linewidth=1.9, label=label)[0] for _, colour, label in ends]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.005, 1.0), frameon=False, fontsize=style.SMALL)
    facts = read_provenance(tree) if ATTRIBUTE in tree.attrs else {}
    _finish(axes, facts, "Profiles", _conditions(facts))
    return figure


def table(tree: xr.DataTree) -> dict[str, np.ndarray]:
    """Columns of a spreadsheet: time, potential, current, and what else was recorded.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> group = {"current_density": (["time"], [1.0, 2.0]), "charge_density": (["time"], [0.0, 1.0]),
    ...          "electrode_potential": (["time", "electrode"], [[0.1], [0.2]])}
    >>> list(table(build({"transport": group}, {"time": [0.0, 1.0], "electrode": ["a"]})))
    ['time (s)', 'potential (V)', 'current density (A/m^2)', 'charge density (C/m^2)']
    """
    facts = read_provenance(tree) if ATTRIBUTE in tree.attrs else {}
    group = _recorded(tree)
    columns = {"time (s)": group["time"].values, "potential (V)": _working(tree, facts, "electrode_potential")}
    if "electrode_current" in group:
        columns["current (A)"] = _working(tree, facts, "electrode_current")
    columns["current density (A/m^2)"] = group["current_density"].values
    columns["charge density (C/m^2)"] = group["charge_density"].values
    if "step" in group:
        columns["step"] = group["step"].values
    return columns


def _recorded(tree: xr.DataTree) -> xr.Dataset:
    """What the potentiostat recorded: of its own where fields are kept at fewer times."""
    if "trace" in tree.children:
        return gather.group_of(tree, "trace").rename(moment="time")
    return gather.group_of(tree, "transport")


def _working(tree: xr.DataTree, facts: dict[str, Any], name: str) -> np.ndarray:
    group = _recorded(tree)
    names = [str(n) for n in group["electrode"].values]
    roles = {e["name"]: e["role"] for e in facts.get("record", {}).get("electrode", ())}
    chosen = next((n for n in names if roles.get(n) == "working"), names[0])
    return np.asarray(group[name].sel(electrode=chosen).values)


def _steps(tree: xr.DataTree) -> np.ndarray:
    return np.asarray(_recorded(tree)["step"].values)


def _against(facts: dict[str, Any]) -> str:
    return str(facts.get("transport", {}).get("against", "the reference"))


def _cycles(v: np.ndarray, step: dict[str, Any]) -> list[slice]:
    """Parts of a sweep between passages of its start, as many as it has cycles."""
    count = int(step.get("cycles", 1) or 1)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(v))) != 0) + 1
    each = len(step.get("vertices", ())) or 1
    corners = [0, *turns.tolist(), v.size - 1]
    if count == 1 or len(corners) < each * count:
        return [slice(0, v.size)]
    starts = [corners[min(each * n, len(corners) - 1)] for n in range(count)] + [v.size - 1]
    return [slice(a, b + 1) for a, b in pairwise(starts) if b > a]


def _peaks(axes: Axes, v: np.ndarray, i: np.ndarray) -> None:
    """Name the highest and the lowest current where it is a peak, not an end of the sweep."""
    turns = {0, v.size - 1, int(np.argmax(v)), int(np.argmin(v))}
    for at, side in ((int(np.argmax(i)), 1), (int(np.argmin(i)), -1)):
        if min(abs(at - turn) for turn in turns) <= 2 or i[at] * side <= 0.0:
            continue
        axes.annotate(
            f"{words.number(float(i[at]), 3)} A/m² at {v[at]:.3f} V", (v[at], i[at]), (0, 7 * side),
            textcoords="offset points", ha="center", va="bottom" if side > 0 else "top", color=style.INK,
            fontsize=style.SMALL,
        )  # fmt: skip
    axes.margins(y=0.12)


def _broken(axes: Axes, time: np.ndarray, values: np.ndarray, step: np.ndarray, colour: str) -> None:
    """A line that is not drawn across jumps from one step of the protocol to the next."""
    for number in np.unique(step):
        rows = step == number
        axes.plot(time[rows], values[rows], color=colour, linewidth=1.6)


def _robust(axes: Axes, values: np.ndarray, time: np.ndarray) -> None:
    """Leave what lasts less than a hundredth of the run out of the vertical scale: the first moments of a jump."""
    low, high = lasting(time, values)
    half = max(0.5 * (high - low), 0.01 * max(abs(low), abs(high), 1e-30))
    axes.set_ylim(low - 0.25 * half - 1e-12, high + 0.25 * half + 1e-12)
    axes.yaxis.set_major_locator(MaxNLocator(5))


def _reacting(tree: xr.DataTree, names: list[str]) -> str:
    """The species that changes most over its start."""
    c = gather.group_of(tree, "transport")["concentration"].values
    change = np.abs(c[-1] - c[0]).max(axis=1) / np.maximum(np.abs(c).max(axis=(0, 2)), 1e-300)
    return names[int(np.argmax(change))]


def _conditions(facts: dict[str, Any]) -> str:
    record = facts.get("record", {})
    steps = record.get("protocol", {}).get("steps", ())
    parts = []
    rates = [s["scan_rate"] for s in steps if s.get("scan_rate")]
    if rates:
        parts.append(f"{words.number(1e3 * rates[0], 3)} mV/s")
    if record.get("grid", {}).get("geometry") == "line":
        parts.append(f"line of {words.length(record['grid']['extent'])}")
    share = record.get("protocol", {}).get("ir_compensation", 0.0)
    if share:
        parts.append(f"{100 * share:.3g} % iR compensation")
    if facts.get("status", "complete") != "complete":
        parts.append(f"{facts['status']} run")
    return ", ".join(parts)


def _finish(axes: Axes, facts: dict[str, Any], what: str, conditions: str) -> None:
    name = str(facts.get("record", {}).get("case", {}).get("title") or what)
    frame.title(axes, name, conditions)

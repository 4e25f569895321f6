"""Figures of a result: species against time, dose response, what makes and eats a species.

Figures are plain `matplotlib.figure.Figure` objects, made without pyplot: no window, no global state, the same
picture every time.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import rc_context
from matplotlib.figure import Figure

from simcell.constants import STANDARD_ATMOSPHERE
from simcell.errors import ResultError
from simcell.results import (
    currents,
    four_runs,
    frame,
    gather,
    growth_plots,
    maps,
    panels,
    profiles,
    reaches,
    space,
    style,
    traces,
    words,
)
from simcell.results.bars import throughput
from simcell.results.design_map import design_map
from simcell.results.files import atomic, check_writable
from simcell.results.provenance import ATTRIBUTE, read_provenance
from simcell.results.response import dose_response
from simcell.results.schema import extra_dims

__all__ = ["KINDS", "dose_response", "plot", "save", "species", "throughput"]

SPATIAL = ("sheet", "map", "profile", "reach", "pH", "gas")
POTENTIOSTAT = ("cv", "trace")
KINDS = ("auto", "species", "dose_response", "throughput", *SPATIAL, *POTENTIOSTAT)
FORMATS = (".png", ".svg", ".pdf")


def plot(
    tree: xr.DataTree,
    kind: str = "auto",
    species_name: str | None = None,
    time: float | None = None,
    extent: float | None = None,
) -> Figure:
    """Draw the figure that fits a result, or the one that is asked for.

    Parameters
    ----------
    tree : xarray.DataTree
    kind : str
        `auto`: a dose response where something was varied; maps or profiles where the run is resolved in space; else
        species against time. `species` (against time; in space, at the centre of the beam), `dose_response`,
        `throughput` (what makes and eats one); in space `sheet` (maps of six quantities), `map`, `profile`, `reach`,
        `pH` and `gas` (their map, or profiles at several times). Of ions along a line `cv` (current against potential),
        `trace` (both against time) and `profile`; of a current distribution its `map`.
    species_name : str, optional
        Which species `map`, `profile` and `throughput` show; in space, without a kind, its map or its profiles.
    time : float, optional
        When [s]; the last output time when not given. Not for curves against time.
    extent : float, optional
        Width of a map around the beam [m]; inf for the whole grid.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> plot(xr.DataTree(), "pie")
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: no figure of kind "pie"; there are auto, species, dose_response, throughput, sheet, ...
    """
    wanted = kind.replace("-", "_")
    if wanted not in KINDS:
        raise ResultError(f'no figure of kind "{kind}"; there are {", ".join(KINDS)}')
    if "design" in tree.children:
        return design_map(tree)
    if four_runs.is_of_controls(tree):
        return four_runs.four_runs(tree)
    if "transport" in tree.children:
        return _of_transport(tree, wanted, species_name, time)
    if growth_plots.is_growth(tree) and wanted == "auto" and not extra_dims(tree):
        return growth_plots.growth(tree, time)
    if wanted in POTENTIOSTAT:
        raise ResultError(f'a figure of kind "{kind}" is of a run of ions along a line; this is a run of the beam')
    spatial = space.is_spatial(tree) and not extra_dims(tree)
    if wanted in SPATIAL or (wanted == "auto" and spatial):
        return _in_space(tree, wanted, species_name, time, extent)
    if wanted == "throughput" or (wanted == "auto" and species_name):
        return throughput(tree, species_name or "H2O2", time)
    if wanted == "dose_response" or (wanted == "auto" and extra_dims(tree)):
        return dose_response(tree)
    return species(space.at_beam(tree) if spatial else tree)


def species(tree: xr.DataTree) -> Figure:
    """Draw every species that matters against time, with pH below.

    Parameters
    ----------
    tree : xarray.DataTree
        One run, with or without an ensemble.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"concentration": (["time", "species"], [[1e-6], [1e-3]])}},
    ...              {"time": [1e-6, 1.0], "species": ["H2"]})
    >>> species(tree).axes[0].get_ylabel()
    'Concentration (mol/L = M)'
    """
    gather.one_run(tree)
    group = gather.radiolysis(tree)
    time = gather.need(group, "concentration")["time"].values
    keep = np.ones(len(time), bool) if frame.is_linear(time) else time > 0.0
    lines, bands = _lines(group, keep, gather.samples(tree))
    sentences = panels.small_print(lines, bands)
    beam = gather.beam(tree)
    off = "on" in beam and bool((beam["on"] == 0).any())
    figure, upper, lower = frame.stack("pH" in group, bool(sentences) or off)
    for axes in dict.fromkeys((upper, lower)):
        frame.time_axis(axes, time)
        style.dress(axes)
    drawn = panels.draw_concentrations(upper, lines)
    if lower is not upper:
        frame.share_axis(upper)
        panels.draw_ph(lower, lines.x, group["pH"].values[keep], _ph_band(group, keep))
    panels.saturation_lines(upper, {g: c for g, c in gather.solubility(group).items() if g in drawn}, lines)
    panels.label_ends(upper, lines, drawn)
    if off:
        sentences += frame.shade_off(upper, beam["time"].values, beam["on"].values)
        frame.shade_off(lower, beam["time"].values, beam["on"].values, name=False)
    frame.note(figure, sentences)
    frame.title(upper, *_words(tree))
    return figure


def save(figure: Figure, path: str | os.PathLike[str], overwrite: bool = True) -> Path:
    """Save a figure as PNG, SVG or PDF, atomically and the same bytes every time.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path-like
        Its ending chooses the format.
    overwrite : bool
        Whether an existing picture may be replaced; pictures can be drawn again, so the default is yes.

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> save(style.new_figure(4.0), "picture.bmp")
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: picture.bmp: a figure is saved as .png, .svg or .pdf
    """
    kind = Path(path).suffix.lower()
    if kind not in FORMATS:
        raise ResultError(f"{path}: a figure is saved as {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    target = check_writable(path, overwrite)
    # Dates and random ids would make each copy differ, and a repository of pictures grow for nothing.
    metadata: dict[str, Any] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}[kind]
    with atomic(target, overwrite) as temporary, rc_context({"svg.hashsalt": "simcell"}):
        figure.savefig(temporary, format=kind[1:], dpi=200, metadata=metadata)
    return target


def _of_transport(tree: xr.DataTree, kind: str, species_name: str | None, time: float | None) -> Figure:
    """The figure of currents and ions: a distribution, a voltammogram or curves against time, profiles."""
    if "trace" in tree.children and kind == "map":
        return currents.distribution(tree, time)
    if currents.is_currents(tree) and "trace" not in tree.children:
        if kind not in ("auto", "map"):
            raise ResultError(f'a current distribution has no figure of kind "{kind}"; there are auto and map')
        return currents.distribution(tree)
    return traces.plot(tree, kind, species_name, time)


def _in_space(
    tree: xr.DataTree, kind: str, species_name: str | None, time: float | None, extent: float | None
) -> Figure:
    """The figure of a result in space: of one quantity where one is named, else of all."""
    space.need_space(tree)
    if kind == "reach":
        return reaches.bars(tree, time)
    where = space.place(tree)
    line = where.y.size == where.z.size == 1
    what = kind if kind in (space.PH, space.GAS) else species_name
    if kind == "profile" or (line and kind in ("auto", space.PH, space.GAS)):
        if what is None:
            return profiles.profile(tree, time)
        return profiles.evolution(tree, what, None if time is None else [time])
    return maps.sheet(tree, time, None if what is None else [what], extent)


def _lines(group: xr.Dataset, keep: np.ndarray, samples: int | None) -> tuple[panels.Lines, str]:
    values = gather.without_inert(gather.per_species(group["concentration"][keep], panels.MOLAR), group)
    lines = panels.Lines(group["time"].values[keep], values)
    if "concentration_quantile" not in group:
        return lines, ""
    low, high, inside = gather.band(group["concentration_quantile"].isel(time=keep))
    lower, upper = (gather.per_species(edge, panels.MOLAR) for edge in (low, high))
    lines.bands = {name: (lower[name], upper[name]) for name in lower}
    return lines, gather.band_words(inside, samples)


def _ph_band(group: xr.Dataset, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    if "pH_quantile" not in group:
        return None
    low, high, _ = gather.band(group["pH_quantile"].isel(time=keep))
    return low.values, high.values


def _words(tree: xr.DataTree) -> tuple[str, str]:
    facts = read_provenance(tree) if ATTRIBUTE in tree.attrs else {}
    name = str(facts.get("record", {}).get("case", {}).get("title") or "Species in the irradiated liquid")
    group, beam = gather.radiolysis(tree), gather.beam(tree)
    parts = []
    if "dose_rate" in beam and beam["dose_rate"].ndim == 0:
        parts.append(f"{words.number(float(beam['dose_rate']))} Gy/s")
    if "pH" in group:
        parts.append(f"pH {gather.start(group, facts)}")
    if gather.always_on(tree) and "time_to_steady" in group and np.isfinite(float(group["time_to_steady"])):
        seconds = f"{float(group['time_to_steady']):.2g}"  # known to the spacing of its search, some 6 %
        parts.append(f"steady after {words.duration(float(seconds))}")
    if space.SEEN_AT in tree.attrs:
        parts.append(str(tree.attrs[space.SEEN_AT]))
    if "gas_pressure" in group and group["gas_pressure"].dims == ("time",):
        parts.append(f"all gases {words.number(float(group['gas_pressure'][-1]) / STANDARD_ATMOSPHERE)} atm at the end")
    if facts.get("status", "complete") != "complete":
        parts.append(f"{facts['status']} run")
    return name, ", ".join(parts)

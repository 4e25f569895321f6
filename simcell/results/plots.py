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

from simcell.errors import ResultError
from simcell.results import gather, panels, style
from simcell.results.bars import throughput
from simcell.results.files import atomic, check_writable
from simcell.results.provenance import ATTRIBUTE, read_provenance
from simcell.results.response import dose_response
from simcell.results.schema import extra_dims

__all__ = ["KINDS", "dose_response", "plot", "save", "species", "throughput"]

KINDS = ("auto", "species", "dose_response", "throughput")
FORMATS = (".png", ".svg", ".pdf")


def plot(tree: xr.DataTree, kind: str = "auto", species_name: str | None = None) -> Figure:
    """Draw the figure that fits a result, or the one that is asked for.

    Parameters
    ----------
    tree : xarray.DataTree
    kind : {"auto", "species", "dose_response", "throughput"}
        `auto`: a dose response where something was varied, else species against time.
    species_name : str, optional
        Whose makers and eaters `throughput` shows; H2O2 when not given.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> plot(xr.DataTree(), "pie")
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: no figure of kind "pie"; there are auto, species, dose_response, throughput
    """
    wanted = kind.replace("-", "_")
    if wanted not in KINDS:
        raise ResultError(f'no figure of kind "{kind}"; there are {", ".join(KINDS)}')
    if wanted == "throughput" or (wanted == "auto" and species_name):
        return throughput(tree, species_name or "H2O2")
    if wanted == "dose_response" or (wanted == "auto" and extra_dims(tree)):
        return dose_response(tree)
    return species(tree)


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
    lines, inside = _lines(group)
    figure = style.new_figure(6.3 if "pH" in group else 5.0)
    upper, lower = _two_panels(figure, "pH" in group)
    for axes in (upper, lower):
        panels.time_axis(axes, group["time"].values)
        style.dress(axes)
    drawn = panels.draw_concentrations(upper, lines)
    if "pH" in group:
        upper.tick_params(labelbottom=False)
        upper.set_xlabel("")
        edges = gather.band(group["pH_quantile"])[:2] if "pH_quantile" in group else None
        band = (edges[0].values[lines.keep], edges[1].values[lines.keep]) if edges else None
        panels.draw_ph(lower, lines.x, group["pH"].values[lines.keep], band)
    _mark_beam(tree, [upper, lower])
    panels.label_ends(upper, lines.x[-1], {name: float(lines.values[name][-1]) for name in drawn})
    _mark_saturation(upper, group, drawn)
    panels.note(lower, _small_print(lines, inside))
    _title(upper, tree)
    return figure

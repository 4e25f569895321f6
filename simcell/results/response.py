"""Dose response: what the liquid becomes at each dose rate, and where a gas reaches saturation."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from simcell.errors import ResultError
from simcell.results import frame, gather, panels, style, words


def dose_response(tree: xr.DataTree) -> Figure:
    """Draw concentrations and pH against the dose rate, with a mark where each gas reaches saturation.

    Parameters
    ----------
    tree : xarray.DataTree
        Runs that differ in one quantity. When it changes the dose rate (`beam.flux`, `beam.current`, ...) the
        axis is the dose rate, otherwise the quantity itself. Steady-state values are drawn where the result
        holds them and the beam stays on, else the last ones.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"steady_concentration": (["beam_dose_rate", "species"], [[1e-6], [1e-3]])}},
    ...              {"beam_dose_rate": ([1e3, 1e9], "Gy/s"), "species": ["H2"]})
    >>> dose_response(tree).axes[0].get_xlabel()
    'Dose rate (Gy/s)'
    """
    dim = gather.varied(tree)
    group = gather.radiolysis(tree)
    x, label = _axis(tree, dim)
    order = np.argsort(x)
    if not gather.always_on(tree) and "concentration" in group:
        group = group.drop_vars([str(v) for v in group if str(v).startswith(("steady_", "ensemble_steady_"))])
    found = _at_the_end(group, "concentration")
    if found is None:
        raise ResultError("the result holds no concentration")
    concentration, when = found
    lines, bands = _lines(group, concentration, x, order, dim, when)
    if bands.startswith("hold"):
        bands = gather.band_words(gather.band(group["concentration_quantile"])[2], gather.samples(tree))
    acid = _at_the_end(group, "pH")
    ph = acid[0] if acid else None
    sentences = panels.small_print(lines, bands)
    figure, upper, lower = frame.stack(ph is not None, bool(sentences))
    for axes in dict.fromkeys((upper, lower)):
        _dose_axis(axes, lines.x, label)
        style.dress(axes)
    drawn = panels.draw_concentrations(upper, lines)
    if ph is not None:
        frame.share_axis(upper)
        panels.draw_ph(lower, lines.x, ph.values[order])
    panels.label_ends(upper, lines, drawn)
    _mark_crossings(upper, lower, group, x, order, label)
    frame.note(figure, sentences)
    frame.title(upper, "What the beam makes of the liquid", when)
    return figure


def _axis(tree: xr.DataTree, dim: str) -> tuple[np.ndarray, str]:
    beam = gather.beam(tree)
    if dim.startswith("beam_") and dim != "beam_dose_rate" and "dose_rate" in beam:
        rate = beam["dose_rate"]
        # Only where it tells the runs apart: runs at one dose rate would all stand at one place.
        if rate.dims == (dim,) and len(np.unique(rate.values)) == rate.size > 1:
            return rate.values, "Dose rate (Gy/s)"
    values = gather.radiolysis(tree)[dim]
    if values.dtype.kind not in "iuf":
        raise ResultError(f"{dim} holds names, not numbers; choose one, for example tree.isel({dim}=0)")
    label = "Dose rate (Gy/s)" if dim == "beam_dose_rate" else gather.dimension_label(values)
    return values.values.astype(float), label


def _at_the_end(group: xr.Dataset, name: str) -> tuple[xr.DataArray, str] | None:
    """Steady values where the concentrations have them, so that all panels speak of the same moment."""
    if "steady_concentration" in group:
        return (group[f"steady_{name}"], "At the steady state") if f"steady_{name}" in group else None
    if name not in group:
        return None
    last = group[name].isel(time=-1)
    return last, f"After {words.duration(float(last['time']))}"


def _lines(
    group: xr.Dataset, array: xr.DataArray, x: np.ndarray, order: np.ndarray, dim: str, when: str
) -> tuple[panels.Lines, str]:
    values = gather.without_inert(gather.per_species(array.transpose(dim, "species"), panels.MOLAR), group)
    lines = panels.Lines(x[order], {name: v[order] for name, v in values.items()})
    found = gather.last_band(group, "concentration") if when.startswith("After") else None
    members = gather.member_range(group, "concentration") if found is None else None
    edges = found or members
    if edges is None:
        return lines, ""
    low, high = (gather.per_species(edge.transpose(dim, "species"), panels.MOLAR) for edge in edges[:2])
    lines.bands = {name: (low[name][order], high[name][order]) for name in values}
    if members is not None:
        return lines, f"span the {members[2]} members of the ensemble"
    return lines, f"hold {100 * edges[2]:.3g} % of the ensemble"


def _dose_axis(axes: Axes, x: np.ndarray, label: str) -> None:
    axes.set_xlabel(label)
    if x[-1] > x[0]:
        axes.set_xlim(x[0], x[-1])
    if x[0] > 0.0 and x[-1] > 30.0 * x[0]:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=14))
        axes.xaxis.set_major_formatter(panels.decades())
        axes.xaxis.set_minor_formatter(NullFormatter())


def _mark_crossings(upper: Axes, lower: Axes, group: xr.Dataset, x: np.ndarray, order: np.ndarray, label: str) -> None:
    found = _at_the_end(group, "gas_saturation")
    if found is None:
        return
    saturation = found[0]
    marks = [
        (at, str(gas))
        for gas in saturation["gas"].values
        for at in gather.crossings(x[order], saturation.sel(gas=gas).values[order])
    ]
    unit = label[label.rfind("(") + 1 : -1] if label.endswith(")") else ""
    before, row = -1.0, 0
    for at, gas in sorted(marks):
        colour = style.look(gas).colour
        for axes in dict.fromkeys((upper, lower)):
            axes.axvline(at, color=colour, linestyle=style.DOTS, linewidth=1.2, zorder=1.5)
        share = float(upper.transAxes.inverted().transform(upper.transData.transform((at, 1.0)))[0])
        row = row + 1 if share - before < 0.2 else 0  # names of close marks stand below one another
        before, left = share, share < 0.25
        text = f"{words.formula(gas)} saturated at\n{words.number(at)} {unit}".rstrip()
        upper.annotate(
            text,
            (at, 1.0),
            (5 if left else -5, -3 - 30 * row),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="left" if left else "right",
            va="top",
            fontsize=style.SMALL,
            color=colour,
            zorder=9,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
        )

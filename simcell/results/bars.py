"""What makes and what eats a species: the reactions behind a concentration, as bars."""

from __future__ import annotations

import re
from typing import TypeAlias

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from simcell.errors import ResultError
from simcell.results import gather, panels, style, words

TOP = 10
BEAM = "beam"
Entry: TypeAlias = tuple[str, float, float]  # reaction, rate in mol/L/s, share of the whole
_TERM = re.compile(r"(?:(\d+)\s+)?(\S+)")


def throughput(tree: xr.DataTree, species: str, time: float | None = None) -> Figure:
    """Draw the reactions that make a species and those that eat it, the largest ten of each.

    Parameters
    ----------
    tree : xarray.DataTree
        One run with `/radiolysis/throughput`.
    species : str
    time : float, optional
        When, s; the last time when not given.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"throughput": (["reaction", "time"], [[2e-3], [1e-3]])}},
    ...              {"time": [1.0], "reaction": ["2 OH -> H2O2", "H + H2O2 -> OH + H2O"]})
    >>> throughput(tree, "H2O2").axes[-1].get_xlabel()
    'Rate (mol/L/s)'
    """
    gather.one_run(tree)
    group = gather.radiolysis(tree)
    rates = gather.need(group, "throughput")
    at = rates.isel(time=-1) if time is None else rates.sel(time=time, method="nearest")
    made = contributions(group, at, species)
    makers = _largest({name: rate for name, rate in made.items() if rate > 0.0})
    eaters = _largest({name: -rate for name, rate in made.items() if rate < 0.0})
    if not makers and not eaters:
        raise ResultError(f"no reaction makes or eats {species} at {float(at['time']):g} s")
    return _draw(makers, eaters, species, float(at["time"]))


def contributions(group: xr.Dataset, rates: xr.DataArray, species: str) -> dict[str, float]:
    """What each reaction, and the beam, adds to a species, mol/L/s.

    Examples
    --------
    >>> rates = xr.DataArray([2.0], {"reaction": ["2 OH -> H2O2"]}, ["reaction"])
    >>> contributions(xr.Dataset(), rates, "OH")
    {'2 OH -> H2O2': -0.004}
    """
    names = [str(name) for name in rates["reaction"].values]
    if "stoichiometry" in group and species in group["species"].values:
        counts = [float(n) for n in group["stoichiometry"].sel(species=species).values]
    else:
        counts = [float(net_count(name, species)) for name in names]
    made = {
        name: count * float(rate) * panels.MOLAR
        for name, count, rate in zip(names, counts, rates.values, strict=True)
        if count
    }
    if "beam_production" in group and species in group["species"].values:
        made[BEAM] = float(group["beam_production"].sel(species=species)) * panels.MOLAR
    if not made:
        raise ResultError(f'no reaction of the result makes or eats "{species}"')
    return made


def net_count(equation: str, species: str) -> int:
    """Molecules of a species that one run of a reaction makes (negative: eats).

    Examples
    --------
    >>> net_count("HO2 + O2- -> HO2- + O2", "O2"), net_count("2 OH -> H2O2", "OH")
    (1, -2)
    """
    left, arrow, right = equation.partition("->")
    if not arrow:
        return 0
    return _count(right, species) - _count(left, species)


def _count(side: str, species: str) -> int:
    terms = [_TERM.fullmatch(term.strip()) for term in re.split(r"\s\+\s", side)]
    return sum(int(term[1] or 1) for term in terms if term and term[2] == species)


def _largest(parts: dict[str, float]) -> list[Entry]:
    """Name, rate and share of the largest, the rest as one entry; what is below 0.1 % is left to the rest."""
    total = sum(parts.values())
    ranked = sorted(parts.items(), key=lambda item: (-item[1], item[0]))
    shown = [(name, rate) for name, rate in ranked[:TOP] if rate >= 1e-3 * total]
    rest = total - sum(rate for _, rate in shown)
    if rest > 1e-3 * total:
        shown.append((f"{len(ranked) - len(shown)} others", rest))
    return [(name, rate, rate / total) for name, rate in shown]


def _draw(makers: list[Entry], eaters: list[Entry], species: str, time: float) -> Figure:
    blocks = [b for b in ((makers, "Made by", style.MADE), (eaters, "Eaten by", style.EATEN)) if b[0]]
    height = 1.22 + 0.27 * sum(len(b[0]) for b in blocks) + 0.42 * (len(blocks) - 1)
    figure = style.new_figure(height)
    left = _room(figure, [entry[0] for b in blocks for entry in b[0]])
    top = 1.0 - 0.72 / height
    widest = max(rate for b in blocks for _, rate, _ in b[0])
    for entries, head, colour in blocks:
        share = 0.27 * len(entries) / height
        axes = figure.add_axes((left, top - share, 0.92 - left, share))
        _bars(axes, entries, colour, widest)
        total = words.number(sum(rate for _, rate, _ in entries), 3)
        axes.annotate(
            f"{head}  ",
            (0, 1),
            (0, 4),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            fontsize=style.TEXT,
            fontweight="bold",
            color=colour,
        )
        axes.annotate(
            f"{total} mol/L/s in all",
            (0, 1),
            (4, 4),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=style.SMALL,
            color=style.FAINT,
        )
        top -= share + 0.42 / height
        if entries is not blocks[-1][0]:
            axes.tick_params(axis="x", labelbottom=False, bottom=False)
    axes.set_xlabel("Rate (mol/L/s)")
    name = words.formula(species)
    figure.text(
        0.012,
        1.0 - 0.3 / height,
        f"What makes and eats {name}  ",
        fontsize=style.TEXT + 2,
        fontweight="bold",
        color=style.INK,
    )
    figure.text(
        0.988,
        1.0 - 0.3 / height,
        f"after {words.duration(time)}",
        fontsize=style.SMALL + 0.5,
        ha="right",
        color=style.FAINT,
    )
    return figure


def _room(figure: Figure, names: list[str]) -> float:
    """Where the bars may begin, as a share of the width: right of the longest name."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    widths = []
    for name in names:
        text = figure.text(0, 0, _shown(name), fontsize=style.TEXT - 0.5)
        widths.append(text.get_window_extent(renderer).width / figure.bbox.width)
        text.remove()
    return float(np.clip(max(widths) + 0.035, 0.2, 0.6))


def _shown(name: str) -> str:
    return "the beam itself" if name == BEAM else words.equation(name)


def _bars(axes: Axes, entries: list[Entry], colour: str, widest: float) -> None:
    style.dress(axes)
    at = np.arange(len(entries))
    axes.barh(at, [rate for _, rate, _ in entries], height=0.66, color=colour)
    axes.set(ylim=(len(entries) - 0.5, -0.5), xlim=(0.0, 1.02 * widest))
    axes.set_yticks(at, [_shown(name) for name, _, _ in entries], fontsize=style.TEXT - 0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3), useMathText=True)
    axes.xaxis.get_offset_text().set(fontsize=style.SMALL, color=style.INK)
    for row, (_, rate, share) in enumerate(entries):
        percent = f"{100.0 * share:.2g}" if share < 0.1 else f"{100.0 * share:.0f}"
        axes.annotate(
            f"{percent} %",
            (rate, row),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            color=style.INK,
        )

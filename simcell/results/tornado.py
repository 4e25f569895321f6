"""The tornado picture: how much each key decides an output, the most important on top."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import EngFormatter

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simcell.studies.sweeps.sensitivity import Indices

WIDEST = 36  # letters of a key on one line
_NAMES = {"morris": ("mean change µ*", "its spread σ"), "sobol": ("alone, S1", "in all, ST")}
_AXIS = {"morris": "change over the range of the key", "sobol": "share of the variance"}


def tornado(indices: Sequence[Indices]) -> Figure:
    """Draw bars for each key, one panel an output.

    Parameters
    ----------
    indices : sequence of Indices
        From `simcell.studies.sweeps.sensitivity.sensitivity`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is nothing to draw.

    Examples
    --------
    >>> from simcell.studies.sweeps.sensitivity import Indices
    >>> some = np.array([0.1, 0.8])
    >>> figure = tornado([Indices("pH", "1", "sobol", ("electrolyte.pH", "beam.dose_rate"), *(some,) * 4, 64, 64)])
    >>> [t.get_text() for t in figure.axes[0].get_yticklabels()]
    ['beam.dose_rate', 'electrolyte.pH']
    >>> plt.close(figure)
    """
    if not indices:
        raise ValueError("no output depends on what was varied")
    keys = len(indices[0].keys)
    figure, panels = plt.subplots(
        len(indices), 1, figsize=(7.0, len(indices) * (0.9 + 0.42 * keys)), layout="constrained", squeeze=False
    )
    for panel, found in zip(panels[:, 0], indices, strict=True):
        _panel(panel, found)
    panels[0, 0].legend(loc="lower right", frameon=False, fontsize="small")
    return figure


def _panel(panel: plt.Axes, found: Indices) -> None:
    order = [found.keys.index(key) for key in found.ranked]
    place = np.arange(len(order), dtype=float)
    bars = ((found.first, found.first_error, -0.2, "#2f6690"), (found.total, found.total_error, 0.2, "#e0a458"))
    for (values, error, shift, colour), label in zip(bars, _NAMES[found.method], strict=True):
        width = None if np.isnan(error).all() else error[order]
        panel.barh(
            place + shift, values[order], 0.36, xerr=width, color=colour, label=label,
            error_kw={"lw": 1.0, "capsize": 2.0, "ecolor": "0.25"},
        )  # fmt: skip
    panel.set_yticks(place, [_broken(found.keys[i]) for i in order])
    panel.invert_yaxis()
    panel.set_xlim(left=min(0.0, panel.get_xlim()[0]))
    panel.axvline(0.0, color="0.3", lw=0.8)
    panel.spines[["top", "right"]].set_visible(False)
    unit = f" [{found.unit}]" if found.method == "morris" and found.unit != "1" else ""
    panel.set_xlabel(f"{_AXIS[found.method]}{unit}", fontsize="small")
    panel.set_title(found.output, loc="left", fontsize="medium")
    if found.method == "morris":
        panel.xaxis.set_major_formatter(EngFormatter())


def _broken(key: str) -> str:
    """A key over as many lines as it takes, broken at its dots."""
    return "\n".join(wrap(key.replace(".", ". "), WIDEST, break_long_words=False)).replace(". ", ".")

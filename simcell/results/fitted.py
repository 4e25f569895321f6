"""Picture of a fit: data against model, and below each what the model leaves over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simcell.studies.fit import Fit
    from simcell.studies.traces import Trace

_STATES = (("beam on", "#b23a48"), ("beam off", "#2f6690"))


def fitted(found: Fit, traces: Sequence[Trace]) -> Figure:
    """Draw measured points and the model's line for each output, with the residuals in standard deviations.

    Parameters
    ----------
    found : Fit
    traces : sequence of Trace
        As they were fitted: with beam, then without.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from simcell.studies.traces import Trace
    >>> time, values = np.array([0.0, 1.0]), np.array([7.0, 4.6])
    >>> found = SimpleNamespace(models=({"pH": values},), sigma={"pH": 0.1}, units={"pH": "1"}, factors={"pH": 1.0},
    ...                         estimates=())
    >>> figure = fitted(found, [Trace(time, {"pH": values}, {"pH": "1"}, {})])
    >>> figure.axes[0].get_ylabel()
    'pH'
    >>> plt.close(figure)
    """
    names = list(dict.fromkeys(name for trace in traces for name in trace.values))
    figure, panels = plt.subplots(
        2, len(names), figsize=(1.5 + 4.8 * len(names), 5.0), layout="constrained", squeeze=False, sharex="col",
        height_ratios=(3.0, 1.0),
    )  # fmt: skip
    for column, name in enumerate(names):
        _output(panels[:, column], name, found, traces)
    panels[0, 0].legend(frameon=False, fontsize="small")
    text = "\n".join(
        f"{e.key} = {e.value:.4g} ({e.low:.4g} to {e.high:.4g}) {'' if e.unit == '1' else e.unit}"
        for e in found.estimates
    )
    if text:
        figure.suptitle(text, x=0.01, ha="left", fontsize="small")
    return figure


def _output(panels: np.ndarray, name: str, found: Fit, traces: Sequence[Trace]) -> None:
    above, below = panels
    unit = found.units[name]
    for trace, model, (state, colour) in zip(traces, found.models, _STATES, strict=False):
        if name not in trace.values:
            continue
        measured = trace.values[name] * found.factors[name]
        label = state if len(traces) > 1 else "measured"
        above.plot(trace.time, measured, "o", ms=3.5, mfc="none", color=colour, label=label)
        above.plot(trace.time, model[name], "-", lw=1.5, color=colour, label="model" if len(traces) == 1 else None)
        below.plot(trace.time, (measured - model[name]) / found.sigma[name], "o", ms=3.0, mfc="none", color=colour)
    above.set_ylabel(name if unit == "1" else f"{name} [{unit}]")
    below.axhline(0.0, color="0.4", lw=0.8)
    below.set_ylabel("rest / σ")
    below.set_xlabel("time [s]")
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)

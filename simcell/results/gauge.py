"""Picture of a thickness gauge: data against model, residuals, and the numbers beside them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from simcell.results import style
from simcell.studies.gauge import LOGARITHMS, UNITS, GaugeFit

_USUAL = {
    "thickness": (1e9, "nm"), "diffusivity": (1e9, "10⁻⁹ m²/s"), "area": (1e12, "µm²"), "resistance": (1e-6, "MΩ"),
    "formal": (1e3, "mV"), "capacitance": (1e12, "pF"), "offset": (1e12, "pA"),
}  # fmt: skip
_UNITS = ((1e-3, 1e3, "mA"), (1e-6, 1e6, "µA"), (1e-9, 1e9, "nA"), (0.0, 1e12, "pA"))


def rows(fit: GaugeFit) -> list[tuple[str, str, str]]:
    """Name, value with unit and 95 % interval of everything that a fit knows.

    Examples
    --------
    >>> from simcell.transport.gauge import Layer
    >>> none = np.zeros(0)
    >>> fit = GaugeFit(Layer(5e-7, 7e-10, 2.4e-9, 0.0, 5.0), {"thickness": (4e-7, 6e-7)}, ("thickness",),
    ...     none, none, none, none, none, 0.0, ())
    >>> rows(fit)[:2]
    [('thickness', '500 nm', '400 to 600'), ('diffusivity', '0.7 10⁻⁹ m²/s', 'given')]
    """
    found = []
    for name in UNITS:
        factor, unit = _USUAL[name]
        value = getattr(fit.layer, name)
        interval = "given"
        if name in fit.intervals:
            low, high = fit.intervals[name]
            interval = f"{low * factor:.3g} to {high * factor:.3g}" if np.isfinite(high) else "not identifiable"
        found.append((name, f"{value * factor:.4g} {unit}", interval))
    return found


def picture(fit: GaugeFit, title: str = "") -> Figure:
    """Draw current against potential, data as dots and the best layer as a line, above the residuals.

    Examples
    --------
    >>> from simcell.transport.gauge import Layer
    >>> line = np.linspace(-1e-9, 1e-9, 5)
    >>> fit = GaugeFit(Layer(5e-7, 7e-10, 2.4e-9, 0.0, 5.0), {}, (), line, line, line, line, line, 1e-12, ())
    >>> len(picture(fit).axes)
    2
    """
    figure = style.new_figure(5.6)
    top, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3.2, 1.0), "hspace": 0.1})
    figure.subplots_adjust(left=0.1, right=0.66, top=0.92, bottom=0.1)
    factor, unit = next((f, u) for least, f, u in _UNITS if np.abs(fit.current).max() >= least)
    mv = 1e3 * fit.potential
    top.plot(mv, factor * fit.current, ".", color=style.FAINT, markersize=3.0, label="measured")
    top.plot(mv, factor * fit.model, "-", color=style.MADE, linewidth=1.4, label="model")
    top.legend(loc="upper left", frameon=False, fontsize=style.SMALL)
    top.set_ylabel(f"current ({unit})")
    below.plot(mv, factor * (fit.current - fit.model), ".", color=style.FAINT, markersize=3.0)
    below.axhline(0.0, color=style.MADE, linewidth=1.0)
    below.set_ylabel("difference")
    below.set_xlabel("potential (mV)")
    for axes in (top, below):
        style.dress(axes)
    figure.suptitle(title or "Thickness gauge", x=0.1, ha="left", fontsize=style.TEXT + 1.5, color=style.INK)
    at = 0.92
    for name, value, interval in rows(fit):
        loud = style.INK if name in fit.intervals else style.FAINT
        figure.text(0.69, at, name, ha="left", va="top", fontsize=style.SMALL, color=loud)
        figure.text(0.985, at, value, ha="right", va="top", fontsize=style.SMALL, color=loud)
        figure.text(0.985, at - 0.037, interval, ha="right", va="top", fontsize=style.SMALL - 1.0, color=style.FAINT)
        at -= 0.085
    note = "95 % intervals; positive sizes\nfrom logarithms" if set(fit.free) & set(LOGARITHMS) else "95 % intervals"
    figure.text(0.69, at - 0.01, note, ha="left", va="top", fontsize=style.SMALL - 1.0, color=style.FAINT)
    return figure

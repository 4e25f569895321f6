"""What a run says of gas: which criteria for a bubble it passes and when, and the bubble that was grown."""

from __future__ import annotations

import numpy as np
import xarray as xr

from simcell.constants import STANDARD_ATMOSPHERE
from simcell.results.plain import scaled


def atmospheres(pressure: float) -> str:
    """A pressure [Pa] in atmospheres.

    Examples
    --------
    >>> atmospheres(202650.0)
    '2 atm'
    """
    return f"{pressure / STANDARD_ATMOSPHERE:.3g} atm"


def criteria(group: xr.Dataset, text: str) -> list[tuple[str, str]]:
    """Rows on gas: `text` and the criteria that are passed with their times, then those that are not.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"bubble_threshold": (["criterion"], [101325.0, 1.5e6]),
    ...                              "bubble_onset": (["criterion"], [2e-3, np.nan])}},
    ...              {"criterion": ["saturation", "nucleus 100 nm"]})
    >>> criteria(tree["radiolysis"].to_dataset(), "up to 1.5 atm")[0]
    ('gas', 'up to 1.5 atm; passes saturation after 2 ms')
    """
    names, onsets = [str(name) for name in group["criterion"].values], group["bubble_onset"].values
    times = {name: float(at) for name, at in zip(names, onsets, strict=True) if np.isfinite(at)}
    passed = [f"{_words(name)} after {scaled(at, 's')}" for name, at in times.items()]
    if passed:
        text += "; passes " + ", ".join(passed)
    ahead = [i for i, name in enumerate(names) if name not in times]
    wanted = [f"{_words(names[i])} ({atmospheres(float(group['bubble_threshold'][i]))})" for i in ahead]
    return [("gas", text), *([("bubble", f"not within this run: {', '.join(wanted)}")] if wanted else [])]


def bubble(group: xr.Dataset) -> list[tuple[str, str]]:
    """The bubble that was grown, if there was one.

    Examples
    --------
    >>> bubble(xr.Dataset())
    []
    """
    if "bubble_radius" not in group or group["bubble_radius"].ndim != 1:
        return []
    radius = group["bubble_radius"].values
    known = radius[np.isfinite(radius)]
    if not known.size or not known.max() > 0.0:
        return [("bubble", "none grows within this run")]
    last = float(known[-1])
    until = "" if known.size == radius.size else f" at {scaled(float(group['time'][known.size - 1]), 's')}"
    most = scaled(float(known.max()), "m")
    return [("bubble", f"radius {scaled(last, 'm')}{until or ' at the end'}, largest {most}")]


def _words(name: str) -> str:
    if name.startswith("nucleus "):
        return f"a nucleus of {name.removeprefix('nucleus ')}"
    return "classical nucleation" if name == "nucleation" else name

"""The numbers that matter of a run of ions along a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from simcell.results import gather
from simcell.results.plain import lasting, scaled


def rows(tree: xr.DataTree, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and text of each number, in letters of ASCII.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> group = {"current_density": (["time"], [1.0, 2.0]), "charge_density": (["time"], [0.0, 1.0]),
    ...          "ohmic_drop": (["time", "electrode"], [[0.1], [0.2]]),
    ...          "electrode_potential": (["time", "electrode"], [[0.1], [0.2]])}
    >>> rows(build({"transport": group}, {"time": [0.0, 1.0], "electrode": ["a"]}), {})[0]
    ('current', '1 to 2 A/m^2, at 0.1 and 0.2 V')
    """
    apart = "trace" in tree.children
    group = gather.group_of(tree, "trace").rename(moment="time") if apart else gather.group_of(tree, "transport")
    names = [str(n) for n in group["electrode"].values]
    roles = {e["name"]: e["role"] for e in facts.get("record", {}).get("electrode", ())}
    working = next((n for n in names if roles.get(n) == "working"), names[0])
    i, v = group["current_density"].values, group["electrode_potential"].sel(electrode=working).values
    drop = group["ohmic_drop"].sel(electrode=working).values
    low, high = (int(np.abs(i - edge).argmin()) for edge in lasting(group["time"].values, i))
    span = f"{i[low]:.4g} to {i[high]:.4g} A/m^2, at {v[low]:.4g} and {v[high]:.4g} V"
    found = [("current", span)]
    if "electrode_current" in group:
        a = group["electrode_current"].sel(electrode=working).values
        found.append(("", f"{scaled(float(a[low]), 'A')} to {scaled(float(a[high]), 'A')}"))
    worst = max(lasting(group["time"].values, drop), key=abs)
    found += [
        ("iR error", f"{scaled(worst, 'V')} at most between {working} and reference"),
        ("charge", f"{float(group['charge_density'][-1]):.4g} C/m^2 in {scaled(float(group['time'][-1]), 's')}"),
    ]
    if "conservation_error" in tree["transport"].data_vars:
        array = tree["transport"].dataset["conservation_error"]
        error = np.abs(array.values)
        worst_of = str(array["conserved"].values[int(error.argmax())])
        found.append(("books", f"charge and atoms close to {float(error.max()):.1g} (worst: {worst_of})"))
    for end in facts.get("transport", {}).get("ends", ()):
        if end["reason"] != "time":
            found.append(("limit", f"step {end['step']} ended at {end['time']:.4g} s by its {end['reason']}"))
    return found

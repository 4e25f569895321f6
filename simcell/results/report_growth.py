"""The end of a run of growth as text: how far, how rough, at which voltage, and whether the books balance."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from simcell.results.provenance import ATTRIBUTE, read_provenance


def rows(tree: xr.DataTree) -> list[tuple[str, str]]:
    """Name and text of each line.

    Parameters
    ----------
    tree : xarray.DataTree
        One run with a group /dendrite.

    Returns
    -------
    list of (str, str)

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> names = ("tip_position", "tip_velocity", "tip_radius", "roughness", "charge", "metal_imbalance",
    ...          "ion_imbalance", "electrode_potential", "lowest_concentration", "dead_fraction", "bodies")
    >>> tree = build({"dendrite": {n: (["time"], [0.0, 1e-6]) for n in names}}, {"time": [0.0, 2.0]})
    >>> rows(tree)[0]
    ('tip', '1 um above the electrode after 2 s, moving at 1 um/s; radius 1 um, roughness 1 um')
    """
    group = tree["dendrite"].to_dataset()
    facts = read_provenance(tree) if ATTRIBUTE in tree.attrs else {}

    def last(name: str) -> float:
        return float(group[name][-1])

    radius = f"radius {_length(last('tip_radius'))}" if np.isfinite(last("tip_radius")) else "flat"
    found = [
        (
            "tip",
            f"{_length(last('tip_position'))} above the electrode after {last('time'):.3g} s, moving at "
            f"{_length(last('tip_velocity'))}/s; {radius}, roughness {_length(last('roughness'))}",
        ),
        ("voltage", f"{last('electrode_potential'):.4g} V at the end; least salt {_salt(group)}"),
    ]
    if float(group["bodies"].max()) > 1.0:
        found.append(("dead", f"{100.0 * last('dead_fraction'):.2g} % of the metal in {last('bodies') - 1:.0f} pieces"))
    if "coulombic_efficiency" in group:
        found.append(("CE", f"{100.0 * float(group['coulombic_efficiency']):.4g} % of the deposited charge came back"))
    if "time_to_short" in group and np.isfinite(float(group["time_to_short"])):
        found.append(("short", f"metal crossed the gap after {float(group['time_to_short']):.3g} s"))
    verdict: Any = facts.get("solver", {}).get("verdict")
    if verdict:
        found.append(("foretold", str(verdict)))
    worst = [float(np.abs(group[name]).max()) for name in ("metal_imbalance", "ion_imbalance")]
    found.append(("balance", f"metal against charge {worst[0]:.0e}, metal and ions {worst[1]:.0e} of what moved"))
    return found


def _salt(group: xr.Dataset) -> str:
    value = float(group["lowest_concentration"].min()) * 1e-3
    return f"{value:.3g} mol/L"


def _length(metres: float) -> str:
    for size, unit in ((1e-3, "mm"), (1e-6, "um")):
        if abs(metres) >= size * 0.9995:
            return f"{metres / size:.3g} {unit}"
    return f"{metres * 1e9:.3g} nm"

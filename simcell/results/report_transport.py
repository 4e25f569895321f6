"""The numbers that matter of a run of currents and ions, and the model that they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from simcell.results.plain import scaled


def rows(tree: xr.DataTree, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and text of each number, in letters of ASCII.

    Parameters
    ----------
    tree : xarray.DataTree
        One run whose physics is transport.
    facts : mapping
        Its provenance.

    Returns
    -------
    list of (str, str)

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> group = {name: (["time", "electrode"], [[1.0]]) for name in
    ...          ("electrode_current", "electrode_potential", "ohmic_drop", "largest_ohmic_drop", "edge_factor")}
    >>> tree = build({"transport": group}, {"time": [0.0], "electrode": ["a"]})
    >>> rows(tree, {})[0]
    ('current', '1 A at a')
    """
    group = tree["transport"].to_dataset()
    if "edge_factor" not in group or "trace" in tree.children:
        from simcell.results.report_line import rows as of_line

        return of_line(tree, facts)
    told = facts.get("transport", {})
    names = [str(n) for n in group["electrode"].values]
    roles = {e["name"]: e["role"] for e in facts.get("record", {}).get("electrode", ())}
    working = next((n for n in names if roles.get(n) == "working"), names[0])
    at = group.sel(electrode=working).isel(time=0)
    potential = f" at {scaled(float(at['electrode_potential']), 'V')} against {told['against']}" if told else ""
    found = [
        ("current", f"{scaled(float(at['electrode_current']), 'A')} at {working}{potential}"),
        ("iR error", f"{scaled(float(at['ohmic_drop']), 'V')} on average, "
                     f"{scaled(float(at['largest_ohmic_drop']), 'V')} at most, uncompensated"),
    ]  # fmt: skip
    factor = float(at["edge_factor"])
    if np.isfinite(factor):
        found.insert(1, ("edge", f"factor {factor:.3g}: on the 5 % of its area with most current, over the mean"))
    for name, drop in told.get("film_drop", {}).items():
        text = (
            f"{scaled(drop['mean'], 'V')} on average, {scaled(drop['largest'], 'V')} at most, along the metal of {name}"
        )
        found.append(("film", text))
    if told:
        found.append(("model", _model(told)))
    return found


def _model(told: Mapping[str, Any]) -> str:
    level, geometry = told["level"], told["geometry"]
    if geometry == "plan":
        errors = (
            f"off by {100 * told['centre_error']:.2g} % at the centre, {100 * told['edge_error']:.2g} % at the edge"
        )
        return f"{level}, plan: {errors} (L_p = {told['penetration_over_height']:.3g} H)"
    errors = f"{100 * told['centre_error']:.2g} % at the centre, {100 * told['edge_error']:.2g} % at the edge"
    return f"{level}, {geometry}: the height is resolved (a plan would be off by {errors})"

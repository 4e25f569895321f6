"""The numbers that matter of a run in space: pH at the beam and far away, gas, how far it reaches, what has left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from simcell.radiolysis.reach import beam_distance
from simcell.results import gather, reaches, report_gas, space
from simcell.results.plain import scaled

GAS = "H2"
RADICALS = ("e_aq-", "OH", "H")


def rows(tree: xr.DataTree, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and text of each number, in letters of ASCII, at the last output time.

    Parameters
    ----------
    tree : xarray.DataTree
        One run in space.
    facts : mapping
        Its provenance.

    Returns
    -------
    list of (str, str)

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}, "beam": {"dose_rate": (["x"], [1.0, 0.0])}},
    ...              {"time": [1.0], "x": [1e-6, 2e-6]}, {"geometry": "radial"})
    >>> rows(tree, {})
    [('pH', '5.00 at the beam, 7.00 far away after 1 s')]
    """
    return [*_ph(tree, facts), *_gas(tree), *_reach(tree), *_left(tree)]


def _when(tree: xr.DataTree) -> str:
    return f"after {scaled(float(gather.radiolysis(tree)['time'][-1]), 's')}"


def _ph(tree: xr.DataTree, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    group = gather.radiolysis(tree)
    if "pH" not in group:
        return []
    values = space.field(tree, space.PH).values
    at_beam = float(gather.radiolysis(space.at_beam(tree))["pH"][-1])
    text = f"{at_beam:.2f} at the beam, {float(values[_far(tree)]):.2f} far away {_when(tree)}"
    stored = facts.get("start_pH") or facts.get("record", {}).get("electrolyte", {}).get("pH")
    return [("pH", text + (f" ({float(stored):.2f} at the start)" if stored is not None else ""))]


def _far(tree: xr.DataTree) -> tuple[int, int, int]:
    """Cell that is farthest from the beam, of those with liquid; the last one without a beam."""
    where = space.place(tree)
    away = beam_distance(where.dose_rate, where.y, where.x)
    wet = space.volume(tree)
    away = np.where(
        wet.sum(axis=0) > 0.0, np.where(np.isfinite(away), away, np.arange(away.size).reshape(away.shape)), -np.inf
    )
    row, column = np.unravel_index(int(np.argmax(away)), away.shape)
    return int(np.argmax(wet[:, row, column])), int(row), int(column)


def _gas(tree: xr.DataTree) -> list[tuple[str, str]]:
    group, parts = gather.radiolysis(tree), []
    if "concentration" in group and GAS in group["species"].values:
        parts.append(f"up to {scaled(float(space.field(tree, GAS).values.max()), 'M')}")
    if "gas_saturation" in group and GAS in group["gas"].values:
        parts.append(f"{float(group['gas_saturation'].sel(gas=GAS).isel(time=-1).max()):.3g} of its saturation")
    if not parts:
        return []
    text = ", ".join(parts)
    rows = [(GAS, f"{text} {_when(tree)}")]
    if "gas_pressure" not in group:
        return rows
    most = float(group["gas_pressure"].isel(time=-1).max())
    text = f"all gases and vapour up to {report_gas.atmospheres(most)} {_when(tree)}"
    if "bubble_threshold" not in group:
        return [*rows, ("gas", text)]
    return [*rows, *report_gas.criteria(group, text), *report_gas.bubble(group)]


def _reach(tree: xr.DataTree) -> list[tuple[str, str]]:
    if "concentration" not in gather.radiolysis(tree):
        return []
    found = {name: value for name, value in reaches.reaches(tree).items() if value != 0.0}
    if not found:
        return []
    beyond = [name for name, value in found.items() if np.isnan(value)]
    known = {name: value for name, value in found.items() if name not in beyond}
    chosen = [max(known, key=lambda name: known[name])] if known else []
    chosen += [name for name in (GAS, *RADICALS) if name in known and name not in chosen][:2]
    parts = [f"{name} {scaled(float(f'{known[name]:.2g}'), 'm')}" for name in chosen]
    text = f"{', '.join(parts)} from the edge of the beam, where a tenth of the change is left" if parts else ""
    if beyond:
        few = f"{', '.join(beyond[:3])}{f' and {len(beyond) - 3} more' if beyond[3:] else ''}"
        text = f"{few} beyond the grid" + (f"; {text}" if text else "")
    return [("reach", text)]


def _left(tree: xr.DataTree) -> list[tuple[str, str]]:
    group = gather.radiolysis(tree)
    if "outflow" not in group or GAS not in group["species"].values:
        return []
    gone = float(group["outflow"].sel(species=GAS).isel(time=-1))
    if gone == 0.0:
        return []
    text = f"{scaled(abs(gone), 'mol')} of {GAS} {'through the edges of the grid' if gone > 0.0 else 'has come in'}"
    if "inventory" in group:
        text += f", {scaled(float(group['inventory'].sel(species=GAS).isel(time=-1)), 'mol')} is still in it"
    if tree.attrs.get("geometry") == "section":
        text += " (a metre of the section)"
    return [("left", text)]

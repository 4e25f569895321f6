"""The results of the four runs in one, whole or as far as they came."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simcell.errors import InputError, Problem
from simcell.results.effects import BEAM, BIAS
from simcell.results.schema import declared

if TYPE_CHECKING:
    import xarray as xr

Pair = tuple[int, int]  # beam, bias: 0 or 1


def stacked(
    trees: Mapping[Pair, xr.DataTree], failed: Collection[Pair] = ()
) -> tuple[dict[str, Any], dict[str, Any], float | None]:
    """Groups and coordinates of the four runs in one, up to the time that all reached which did not fail.

    Parameters
    ----------
    trees : mapping
        Result of each run, by (beam, bias); of those that failed what there is.
    failed : collection
        The runs that failed.

    Returns
    -------
    groups, coords
        As `simcell.results.schema.build` takes them.
    cut : float or None
        Time [s] at which they end, if one of them ends before the others.

    Raises
    ------
    InputError
        If they share no time.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> trees = {(i, j): build({"transport": {"current_density": (["time"], [1.0, i + j])}}, {"time": [0.0, 1.0]})
    ...          for i in (0, 1) for j in (0, 1)}
    >>> groups, _, cut = stacked(trees)
    >>> groups["transport"]["current_density"][1][..., -1].tolist(), cut
    ([[0.0, 1.0], [1.0, 2.0]], None)
    """
    whole = [run for run in sorted(trees, reverse=True) if run not in failed]
    last = trees[whole[0]]
    times = {run: tree["transport"].dataset["time"].values for run, tree in trees.items()}
    least = min(times[run].size for run in whole)
    longest = times[whole[0]][:least]
    shared = np.all([np.isclose(times[run][:least], longest, rtol=1e-9, atol=0.0) for run in whole], axis=0)
    count = least if shared.all() else int(shared.argmin())  # a run that ends between two times ends beside them
    if count == 0:
        reason = "is shorter than the first of the times at which the four runs are compared"
        raise InputError(Problem("", "protocol", None, reason, 'output.times = ["1 ms", "2 ms"]'))
    cut = float(longest[count - 1]) if count < max(times[run].size for run in whole) else None
    coords: dict[str, Any] = {BEAM: ([0.0, 1.0], "1"), BIAS: ([0.0, 1.0], "1")}
    groups: dict[str, Any] = {}
    for node in last.children.values():
        if "moment" in node.dims:  # every step of a solver: its own in each run
            continue
        group = {}
        for name, array in node.data_vars.items():
            parts = {run: _part(tree, f"{node.name}/{name}", longest[:count]) for run, tree in trees.items()}
            if any(parts[run] is None for run in whole):
                continue
            first = parts[whole[0]]
            assert first is not None
            values = np.full((2, 2, *first.shape), np.nan)
            for run, part in parts.items():
                if part is not None:
                    values[run] = part
            if declared(str(node.name), str(name)).flag and np.isnan(values).any():
                continue
            same = all(np.array_equal(values[run], first, True) for run in whole)
            if "time" not in array.dims and same:
                group[name] = (list(array.dims), first)
            else:
                group[name] = ([BEAM, BIAS, *array.dims], values)
            for dim in array.dims:
                coords[str(dim)] = node.coords[dim].values.tolist()[: count if dim == "time" else None]
        groups[str(node.name)] = group
    return groups, coords, cut


def _part(tree: xr.DataTree, path: str, times: np.ndarray) -> np.ndarray | None:
    """A variable of a run at these times; NaN where it failed before."""
    group, name = path.split("/")
    if group not in tree.children or name not in tree[group].data_vars:
        return None
    array = tree[group].dataset[name]
    if "time" not in array.dims:
        return np.asarray(array.values, dtype=float)
    reached = array["time"].values[: times.size]
    count = int(np.cumprod(np.isclose(reached, times[: reached.size], rtol=1e-9, atol=0.0)).sum())
    values = np.full((times.size, *array.transpose("time", ...).shape[1:]), np.nan)
    values[:count] = array.transpose("time", ...).values[:count]
    return np.moveaxis(values, 0, array.dims.index("time"))

"""Scalar outputs of a run by name, as sensitivities and fits ask for them.

A name is a declared variable and, where that has labels, one of them: ``pH``, ``gas_saturation.H2``,
``concentration.H2O2``, ``electrode_current.working``; the group may stand in front (``radiolysis.pH``) and must where
two groups have the variable. What is resolved in space needs ``:max``, ``:min`` or ``:mean`` (over cells, weighted by
their volume where the result holds it) behind the name.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import numpy as np
import xarray as xr

from simcell.errors import InputError, Problem

SPACE = ("z", "y", "x")
NO_LABELS = ("run", "time", *SPACE)
REDUCERS = ("max", "min", "mean")
#: Asked for by default, as far as a result has them.
USUAL = (
    "pH", "gas_saturation", "gas_pressure", "electrode_current", "electrode_potential", "tip_position",
    "deposited_volume", "dead_fraction",
)  # fmt: skip


@dataclass(frozen=True)
class Output:
    """A scalar output against time.

    Examples
    --------
    >>> Output("pH", "", np.array([7.0, 4.6]), np.array([0.0, 1.0]), "1").last
    4.6
    """

    name: str
    label: str
    values: np.ndarray  # ([run,] time); one time where it does not depend on time
    time: np.ndarray  # s
    unit: str

    @property
    def last(self) -> float:
        """The value at the end, of one run."""
        return float(self.values[-1])


def output_of(tree: xr.DataTree, name: str) -> Output:
    """Find an output in a result.

    Parameters
    ----------
    tree : xarray.DataTree
    name : str
        As described above.

    Returns
    -------
    Output

    Raises
    ------
    InputError
        If the result has no such output, or the name leaves open which.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> gas = (["time", "gas"], [[0.1, 0.2], [0.5, 0.6]])
    >>> tree = build({"radiolysis": {"gas_saturation": gas}}, {"time": [0.0, 1.0], "gas": ["H2", "O2"]})
    >>> output_of(tree, "gas_saturation.O2").last
    0.6
    """
    wanted, colon, reducer = name.partition(":")
    if colon and reducer not in REDUCERS:
        raise _unknown(name, f"what stands behind the colon must be one of {', '.join(REDUCERS)}")
    group, variable, label = _parts(tree, wanted, name)
    array: xr.DataArray = tree[group].to_dataset()[variable]
    labels = [str(d) for d in array.dims if str(d) not in NO_LABELS]
    if label is None and labels:
        raise _unknown(name, f"holds one value for each {labels[0]}; name one of {_list(array, labels[0])}")
    if label is not None:
        known = [str(v) for d in labels for v in array.coords[d].values]
        if len(labels) != 1 or label not in known:
            near = difflib.get_close_matches(label, known, 1)
            hint = f'did you mean "{variable}.{near[0]}"?' if near else f"known are {', '.join(known) or 'none'}"
            raise _unknown(name, f"has no such part; {hint}")
        array = array.sel({labels[0]: label})
    space = [d for d in SPACE if d in array.dims]
    if space and not reducer:
        raise _unknown(name, f'is resolved in space; write "{wanted}:mean", or :max, :min')
    if space:
        array = _reduced(tree, array, space, reducer)
    time = array.coords["time"].values if "time" in array.dims else np.array([0.0])
    array = array if "time" in array.dims else array.expand_dims("time", -1)
    values = np.asarray(array.transpose(..., "time").values, dtype=float)
    return Output(name, label or "", values, np.asarray(time, dtype=float), str(tree[group][variable].attrs["units"]))


def usual_outputs(tree: xr.DataTree) -> list[str]:
    """Names of the outputs that most will ask for, as far as a result has them.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> usual_outputs(build({"radiolysis": {"pH": (["time"], [7.0, 4.6])}}, {"time": [0.0, 1.0]}))
    ['pH']
    """
    found = []
    for node in tree.subtree:
        for variable in USUAL:
            if variable in node.data_vars:
                array = node[variable]
                suffix = ":mean" if any(d in array.dims for d in SPACE) else ""
                labels = [str(d) for d in array.dims if str(d) not in NO_LABELS]
                parts = [f".{v}" for v in array.coords[labels[0]].values] if labels else [""]
                found += [f"{variable}{part}{suffix}" for part in parts]
    return list(dict.fromkeys(found))


def _parts(tree: xr.DataTree, wanted: str, name: str) -> tuple[str, str, str | None]:
    """Group, variable and label that a name with dots stands for; labels may have dots of their own."""
    words = wanted.split(".")
    groups = {node.path.strip("/"): node for node in tree.subtree}
    if len(words) > 1 and words[0] in groups and words[1] in groups[words[0]].data_vars:
        return words[0], words[1], ".".join(words[2:]) or None
    homes = [group for group, node in groups.items() if words[0] in node.data_vars]
    if not homes:
        known = sorted({str(v) for node in groups.values() for v in node.data_vars})
        near = difflib.get_close_matches(words[0], known, 1)
        hint = f'did you mean "{near[0]}"?' if near else f"it has {', '.join(known)}"
        raise _unknown(name, f"is not in the result; {hint}")
    if len(homes) > 1:
        raise _unknown(name, f"is in several groups; write {' or '.join(f'{h}.{wanted}' for h in homes)}")
    return homes[0], words[0], ".".join(words[1:]) or None


def _reduced(tree: xr.DataTree, array: xr.DataArray, space: list[str], reducer: str) -> xr.DataArray:
    if reducer == "max":
        return array.max(space)
    if reducer == "min":
        return array.min(space)
    cell = tree["cell"] if "cell" in tree.children else None
    if cell is not None and "volume" in cell.data_vars and set(space) <= set(map(str, cell["volume"].dims)):
        return array.weighted(cell["volume"].fillna(0.0)).mean(space)
    return array.mean(space)


def _list(array: xr.DataArray, dim: str) -> str:
    values = [str(v) for v in array.coords[dim].values]
    return ", ".join(values[:8]) + (", ..." if len(values) > 8 else "")


def _unknown(name: str, reason: str) -> InputError:
    return InputError(Problem("", "output", name, reason, "gas_saturation.H2"))

"""Make the result tree: every array gets its name, dimensions and unit, and nothing undeclared gets in.

This is the only way into a result file: xarray drops a pint unit without a word when it saves, so units are
written here as text, from the table in `simcell.results.variables`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from simcell.errors import ResultError
from simcell.results import labels
from simcell.results.variables import COORDINATES, VARIABLES, Variable

CONVENTIONS = "CF-1.11"

_BY_NAME = {(v.group, v.name): v for v in VARIABLES}


def declared(group: str, name: str) -> Variable:
    """The declaration of a variable.

    Parameters
    ----------
    group, name : str
        For example `radiolysis` and `pH`.

    Raises
    ------
    ResultError
        When there is none.

    Examples
    --------
    >>> declared("radiolysis", "concentration").unit
    'mol/m^3'
    """
    try:
        return _BY_NAME[group, name]
    except KeyError:
        known = ", ".join(v.name for v in VARIABLES if v.group == group) or f"no group /{group}"
        raise ResultError(f"/{group}/{name} is not a declared result; declared: {known}") from None


def build(
    groups: Mapping[str, Mapping[str, tuple[Sequence[str] | str, Any]]],
    coords: Mapping[str, labels.Coordinate],
    attrs: Mapping[str, Any] | None = None,
) -> xr.DataTree:
    """Make the result tree of a run from plain SI arrays.

    Parameters
    ----------
    groups : mapping
        Group name -> variable name -> `(dims, array)`.
    coords : mapping
        Values of every dimension. Declared ones (`time`, `species`, ...) as plain sequences; a dimension that
        a study varies as `(values, unit)`, in the order in which they lead; with one value it is dropped.
    attrs : mapping, optional
        Attributes of the root; what NetCDF cannot hold (bool, None, dict, list) is stored as JSON text.

    Returns
    -------
    xarray.DataTree
        Each group carries its own coordinates, so that a group can be opened alone.

    Raises
    ------
    ResultError
        For names, dimensions, shapes, units and values that break the contract.

    Examples
    --------
    >>> tree = build({"radiolysis": {"pH": (["time"], [7.0, 4.65])}}, coords={"time": [0.0, 1.0]})
    >>> tree["radiolysis/pH"].attrs["long_name"], float(tree["radiolysis/pH"][-1])
    ('pH', 4.65)
    """
    axes = {name: labels.coordinate(name, value) for name, value in coords.items()}
    datasets = {f"/{name.strip('/')}": _dataset(name.strip("/"), group, axes) for name, group in groups.items()}
    root = {"Conventions": CONVENTIONS, **{name: attribute(value) for name, value in (attrs or {}).items()}}
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=root), **datasets})


def check(tree: xr.DataTree) -> None:
    """Refuse a tree that did not come through `build`, or that was changed against the contract since.

    Parameters
    ----------
    tree : xarray.DataTree

    Raises
    ------
    ResultError
        Naming the variable.

    Examples
    --------
    >>> check(build({"beam": {"dose_rate": ([], 7.5e7)}}, coords={}))
    """
    lead = extra_dims(tree)
    for node in tree.subtree:
        # A file does not keep the order of coordinates; the order of the dimensions is what counts.
        axes = {dim: node.coords[dim].variable for dim in lead if dim in node.coords}
        axes |= {str(key): coord.variable for key, coord in node.coords.items() if key not in axes}
        for label, axis in axes.items():
            labels.check_axis(label, axis, f"{node.path.rstrip('/')}/{label}")
        for name, array in node.data_vars.items():
            variable = declared(node.path.strip("/"), str(name))
            unit = array.attrs.get("units")
            if unit != variable.unit:
                raise ResultError(f"{variable.path}: its unit is {unit!r}, the contract says {variable.unit!r}")
            labels.variable(variable, [str(dim) for dim in array.dims], array, axes)


def extra_dims(tree: xr.DataTree) -> list[str]:
    """Names of the dimensions that a study added, in order.

    Examples
    --------
    >>> tree = build({"radiolysis": {"steady_pH": (["beam_dose_rate"], [6.0, 5.0])}},
    ...              coords={"beam_dose_rate": ([1e3, 1e5], "Gy/s")})
    >>> extra_dims(tree)
    ['beam_dose_rate']
    """
    arrays = [array for node in tree.subtree for array in node.data_vars.values()]
    arrays.sort(key=lambda array: -array.ndim)  # the largest knows the order best
    dims = (str(dim) for array in arrays for dim in array.dims)
    return list(dict.fromkeys(dim for dim in dims if dim not in COORDINATES))


def attribute(value: Any) -> str | int | float:
    """Turn a value into something that a NetCDF attribute can hold.

    Examples
    --------
    >>> attribute({"on": True}), attribute(None), attribute(3)
    ('{"on": true}', 'null', 3)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return value
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ResultError(f"an attribute cannot be written as JSON: {error}") from error


def _dataset(group: str, variables: Mapping[str, Any], axes: labels.Axes) -> xr.Dataset:
    arrays = {
        name: labels.variable(declared(group, name), dims, values, axes) for name, (dims, values) in variables.items()
    }
    used = {str(dim) for array in arrays.values() for dim in array.dims}
    dataset = xr.Dataset(arrays, {name: axis for name, axis in axes.items() if name in used})
    # A label dimension stays even with one entry: `.sel(gas="H2")` must work for every mechanism.
    return dataset.squeeze([dim for dim in dataset.dims if dataset.sizes[dim] == 1 and _may_go(str(dim))])


def _may_go(dim: str) -> bool:
    return dim not in COORDINATES or dim in ("z", "y", "x")

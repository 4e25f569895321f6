"""Check one array or one coordinate against its declaration, and label it.

Each refusal names the variable and, where a value is wrong, the place in the array.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from simcell.errors import ResultError
from simcell.results.effects import BEAM, BIAS
from simcell.results.variables import COORDINATES, Variable

#: values of a declared dimension, or `(values, unit)` of what a study varies (no unit: labels)
Coordinate: TypeAlias = "Sequence[Any] | np.ndarray | tuple[Sequence[Any] | np.ndarray, str | None]"
Axes: TypeAlias = Mapping[str, xr.Variable]
FOUR = {BEAM, BIAS}  # dimensions of runs of which one may have failed, each checked when it was made

# The common ground of pint and UDUNITS: symbols joined by * and /, powers by ^, no blanks, no prefixes.
_SYMBOL = r"(?:1|(?:s|m|kg|mol|K|J|Gy|A|V|Pa|W|C)(?:\^-?[1-9])?)"
UNIT = re.compile(rf"{_SYMBOL}(?:[*/]{_SYMBOL})*")


def has_unit(value: Any) -> bool:
    """Whether a value, its entries or the data behind an xarray object carry a pint unit.

    Examples
    --------
    >>> has_unit([1.0, 2.0])
    False
    """
    if isinstance(value, (list, tuple)):
        return any(has_unit(entry) for entry in value)
    if isinstance(value, (xr.DataArray, xr.Variable)):
        value = value.data
    return hasattr(value, "magnitude") and hasattr(value, "units")


def coordinate(name: str, value: Coordinate) -> xr.Variable:
    """Label the values of one dimension.

    Examples
    --------
    >>> coordinate("beam_dose_rate", ([1e3, 1e5], "Gy/s")).attrs
    {'long_name': 'beam dose rate', 'units': 'Gy/s'}
    """
    unit: str | None
    if name in COORDINATES:
        values, (unit, long_name) = value, COORDINATES[name]
    elif isinstance(value, tuple) and len(value) == 2 and (value[1] is None or isinstance(value[1], str)):
        values, unit, long_name = value[0], value[1], name.replace("_", " ")
    else:
        raise ResultError(f"coordinate {name} is not declared; a varied quantity comes as (values, unit)")
    if has_unit(values):
        raise ResultError(f"coordinate {name} carries a pint unit; give plain numbers, the unit as text")
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0:
        raise ResultError(f"coordinate {name} must be a list with at least one value")
    axis = xr.Variable((name,), array, {"long_name": long_name} | ({"units": unit} if unit else {}))
    check_axis(name, axis, f"coordinate {name}")
    return axis


def check_axis(name: str, axis: xr.Variable, place: str) -> None:
    """Refuse a coordinate with a wrong unit, wrong kind of values, gaps, repeats or a time that goes back.

    Examples
    --------
    >>> check_axis("time", coordinate("time", [0.0, 1.0]), "coordinate time")
    """
    if has_unit(axis):
        raise ResultError(f"{place} carries a pint unit; give plain numbers, the unit as text")
    unit = axis.attrs.get("units")
    numeric = axis.dtype.kind in "iuf"
    if name in COORDINATES:
        labels = COORDINATES[name][0] is None
        if labels and not (axis.dtype.kind in "OUT" or (name == "member" and numeric)):
            raise ResultError(f"{place} must hold names, not {axis.dtype}")
        if not labels and not numeric:
            raise ResultError(f"{place} must hold numbers, not {axis.dtype}")
    elif numeric and unit is None:
        raise ResultError(f"{place} is neither declared nor a varied quantity with a unit")
    if unit is not None and not UNIT.fullmatch(unit):
        raise ResultError(
            f'{place}: unit "{unit}" is not an SI form that pint and UDUNITS both read, for example "mol/m^3"'
        )
    _check_axis_values(name, np.atleast_1d(axis.values), place)


def variable(declaration: Variable, dims: Sequence[str] | str, values: Any, axes: Axes) -> xr.Variable:
    """Label the values of one declared variable.

    Examples
    --------
    >>> from simcell.results.variables import Variable
    >>> variable(Variable("cell", "temperature", (), "K", "temperature"), [], 298.15, {}).attrs["units"]
    'K'
    """
    place = declaration.path
    if has_unit(values):
        raise ResultError(f"{place} carries a pint unit; give plain numbers in {declaration.unit}")
    names = [dims] if isinstance(dims, str) else list(dims)
    _check_dims(declaration, names, axes)
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise ResultError(f"{place} must hold numbers, not {array.dtype}")
    shape = tuple(axes[name].size for name in names)
    if array.shape != shape:
        raise ResultError(f"{place}({', '.join(names)}) has shape {array.shape}, its coordinates say {shape}")
    if declaration.flag and not np.isin(array, (0, 1)).all():
        raise ResultError(f"{place} may hold 0 and 1 only")
    array = array.astype("int8" if declaration.flag else "float64")
    _check_finite(declaration, names, array, axes)
    return xr.Variable(names, array, {"units": declaration.unit, "long_name": declaration.long_name})


def _check_axis_values(name: str, values: np.ndarray, place: str) -> None:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ResultError(f"{place} is not finite at index {int(np.argmin(np.isfinite(values)))}")
    if name == "time" and (np.diff(values) <= 0.0).any():
        index = int(np.argmax(np.diff(values) <= 0.0)) + 1
        raise ResultError(f"{place} must increase; it does not at index {index}")
    unique, counts = np.unique(values.astype(str) if values.dtype.kind in "OT" else values, return_counts=True)
    if (counts > 1).any():
        raise ResultError(f"{place} holds {unique[counts > 1][0]} twice")


def _check_dims(declaration: Variable, names: list[str], axes: Axes) -> None:
    missing = [name for name in names if name not in axes]
    if missing:
        raise ResultError(f"{declaration.path} uses the dimension {missing[0]}, which has no coordinate")
    lead = [name for name in axes if name in names and name not in COORDINATES]
    rest = names[len(lead) + len(declaration.dims) :]
    space = [name for name in declaration.space if name in rest]
    if names != [*lead, *declaration.dims, *space]:
        wanted = ", ".join([*lead, *declaration.dims]) or "none"
        may = f" (then, resolved in space, {', '.join(declaration.space)})" if declaration.space else ""
        raise ResultError(f"{declaration.path} has dimensions ({', '.join(names)}); wanted: {wanted}{may}")


def _check_finite(declaration: Variable, names: list[str], array: np.ndarray, axes: Axes) -> None:
    gaps = declaration.gaps or set(names) >= FOUR
    bad = np.isinf(array) if gaps else ~np.isfinite(array)
    if not bad.any():
        return
    index = np.unravel_index(int(np.argmax(bad)), array.shape)
    where = ", ".join(f"{n} = {_shown(axes[n].values[i])}" for n, i in zip(names, index, strict=True))
    raise ResultError(
        f"{declaration.path} is {array[index]} at {where or 'its only value'} "
        f"({int(bad.sum())} value(s) are not finite)"
    )


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)

"""Take what a figure or a report needs out of a result tree, as plain arrays, with errors that help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from simcell.errors import ResultError
from simcell.results.provenance import ATTRIBUTE, read_provenance
from simcell.results.schema import extra_dims
from simcell.results.variables import COORDINATES
from simcell.results.words import duration

ENOUGH_SAMPLES = 100  # below this the outer 2.5 % are two samples or fewer, and "95 %" says too much


def radiolysis(tree: xr.DataTree) -> xr.Dataset:
    """The group with the chemistry.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> list(radiolysis(build({"radiolysis": {"steady_pH": ([], 4.65)}}, {})))
    ['steady_pH']
    """
    if "radiolysis" not in tree.children:
        raise ResultError("the result has no group /radiolysis, so there is nothing to draw")
    return tree["radiolysis"].to_dataset()


def beam(tree: xr.DataTree) -> xr.Dataset:
    """The group of the beam; empty where there is none.

    Examples
    --------
    >>> len(beam(xr.DataTree()))
    0
    """
    return tree["beam"].to_dataset() if "beam" in tree.children else xr.Dataset()


def always_on(tree: xr.DataTree) -> bool:
    """Whether the beam is never switched off during the run.

    A beam with a schedule or pulses counts as switched: `beam/on` holds its state at the output times only, which may
    all fall on pulses.

    Examples
    --------
    >>> always_on(xr.DataTree())
    True
    """
    switching = _switching(tree)
    if switching.get("schedule") or switching.get("pulses"):
        return False
    found = beam(tree)
    return "on" not in found or bool((found["on"] != 0).all())


def on_at_end(tree: xr.DataTree) -> bool:
    """Whether the beam was on just before the last sample, by the case's schedule or pulses.

    Without a record of them the state at the last sample but one stands for it.

    Examples
    --------
    >>> on_at_end(xr.DataTree())
    True
    """
    found, switching = beam(tree), _switching(tree)
    if pulses := switching.get("pulses"):
        end, period = float(radiolysis(tree)["time"][-1]), pulses["on"] + pulses["off"]
        number = min(int(np.ceil(end / period - 1e-9)), pulses["count"])  # the pulse that came last, from 1
        return bool(end - (number - 1) * period <= pulses["on"] * (1.0 + 1e-9))
    if windows := switching.get("schedule"):
        end = float(radiolysis(tree)["time"][-1])
        return any(w["on"] and w["from"] < end <= w["to"] * (1.0 + 1e-9) for w in windows)
    return "on" not in found or bool(found["on"].values[-2:][0])


def _switching(tree: xr.DataTree) -> Mapping[str, Any]:
    """Section [beam] of the case that was run, in SI units."""
    facts = read_provenance(tree) if ATTRIBUTE in tree.root.attrs else {}
    found = facts.get("record", {}).get("beam", {})
    return found if isinstance(found, Mapping) else {}


def samples(tree: xr.DataTree) -> int | None:
    """How many samples an ensemble has; None where the result does not say.

    Examples
    --------
    >>> samples(xr.DataTree()) is None
    True
    """
    facts = read_provenance(tree) if ATTRIBUTE in tree.root.attrs else {}
    drawn = facts.get("ensemble", {}).get("samples")
    return sum(drawn.values()) if isinstance(drawn, Mapping) else None


def band_words(inside: float, count: int | None) -> str:
    """What a band between quantiles holds; a share is claimed only with samples enough to know it.

    Examples
    --------
    >>> band_words(0.95, 200), band_words(0.95, 8)
    ('hold 95 % of the 200 samples of the ensemble', 'hold most of the 8 samples of the ensemble')
    """
    if count is None:
        return f"hold {100 * inside:.3g} % of the ensemble"
    share = f"{100 * inside:.3g} %" if count >= ENOUGH_SAMPLES else "most"
    return f"hold {share} of the {count} samples of the ensemble"


def need(group: xr.Dataset, name: str) -> xr.DataArray:
    """A variable that must be there.

    Examples
    --------
    >>> need(xr.Dataset(), "pH")
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: the result holds no pH
    """
    if name not in group:
        raise ResultError(f"the result holds no {name}")
    return group[name]


def one_run(tree: xr.DataTree) -> None:
    """Refuse a tree of several runs, naming how to choose one.

    Examples
    --------
    >>> one_run(xr.DataTree())
    """
    dims = extra_dims(tree)
    space = [str(d) for d in radiolysis(tree).dims if d in ("z", "y", "x")] if tree.children else []
    if dims or space:
        choice = ", ".join(f"{dim}=0" for dim in [*dims, *space])
        raise ResultError(
            f"the result holds several runs or places ({', '.join([*dims, *space])}); choose one, "
            f"for example tree.isel({choice})"
        )


def varied(tree: xr.DataTree) -> str:
    """The one dimension that was varied.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> varied(build({"radiolysis": {"steady_pH": (["cell_h"], [5.0, 6.0])}}, {"cell_h": ([1e-7, 1e-6], "m")}))
    'cell_h'
    """
    dims = extra_dims(tree)
    if not dims:
        raise ResultError(
            "a dose response needs runs at several dose rates, for example "
            "--vary beam.dose_rate=1e3Gy/s..1e9Gy/s:log:25"
        )
    if len(dims) > 1:
        raise ResultError(
            f"the result varies {' and '.join(dims)}; choose one value of all but one, a picture needs one range: "
            f"run with one --vary and the others by --set, or in Python tree.isel({dims[-1]}=0)"
        )
    return dims[0]


def per_species(array: xr.DataArray, scale: float = 1.0) -> dict[str, np.ndarray]:
    """Split an array along `species`.

    Examples
    --------
    >>> per_species(xr.DataArray([[1.0, 2.0]], {"species": ["H2", "O2"]}, ["time", "species"]), 2.0)["O2"]
    array([4.])
    """
    names = [str(name) for name in array["species"].values]
    values = array.transpose("species", ...).values * scale
    return dict(zip(names, values, strict=True))


def without_inert(values: dict[str, np.ndarray], group: xr.Dataset) -> dict[str, np.ndarray]:
    """Leave out gases that are only there, such as nitrogen from air: they stay the same while another gas changes.

    Examples
    --------
    >>> group = xr.Dataset(coords={"gas": ["H2", "N2"]})
    >>> list(without_inert({"H2": np.array([1.0, 2.0]), "N2": np.array([1.0, 1.0])}, group))
    ['H2']
    """
    gases = {str(name) for name in group["gas"].values} if "gas" in group.coords else set()
    still = {name for name in gases & set(values) if np.ptp(values[name]) == 0.0}
    return values if still == gases & set(values) else {k: v for k, v in values.items() if k not in still}


def band(array: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, float]:
    """Lowest and highest quantile of an array and the probability between them.

    Examples
    --------
    >>> low, high, inside = band(xr.DataArray([1.0, 2.0, 4.0], {"quantile": [0.025, 0.5, 0.975]}, ["quantile"]))
    >>> float(low), float(high), round(inside, 3)
    (1.0, 4.0, 0.95)
    """
    ordered = array.sortby("quantile")
    inside = round(float(ordered["quantile"][-1] - ordered["quantile"][0]), 9)
    return ordered.isel(quantile=0), ordered.isel(quantile=-1), inside


def last_band(group: xr.Dataset, name: str) -> tuple[xr.DataArray, xr.DataArray, float] | None:
    """Band of an ensemble at the last time, where the result holds one.

    Examples
    --------
    >>> last_band(xr.Dataset(), "pH") is None
    True
    """
    if f"{name}_quantile" not in group:
        return None
    return band(group[f"{name}_quantile"].isel(time=-1))


def member_range(group: xr.Dataset, name: str) -> tuple[xr.DataArray, xr.DataArray, int] | None:
    """Least and largest steady value over the members, and how many there are, where the result holds them.

    Members are few (published mechanisms and sets of G-values), so a range is honest and a quantile is not.

    Examples
    --------
    >>> low, high, count = member_range(xr.Dataset({"ensemble_steady_pH": ("member", [4.0, 5.0, 4.5])}), "pH")
    >>> float(low), float(high), count
    (4.0, 5.0, 3)
    """
    members = group.get(f"ensemble_steady_{name}")
    return None if members is None else (members.min("member"), members.max("member"), members.sizes["member"])


def solubility(group: xr.Dataset) -> dict[str, float]:
    """Solubility of each gas, mol/m^3: as stored, or from concentration over saturation where both are known.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"saturation_concentration": (["gas"], [0.78])}}, {"gas": ["H2"]})
    >>> solubility(tree["radiolysis"].to_dataset())
    {'H2': 0.78}
    """
    if "saturation_concentration" in group and group["saturation_concentration"].ndim == 1:
        stored = group["saturation_concentration"]
        return {str(gas): float(value) for gas, value in zip(stored["gas"].values, stored.values, strict=True)}
    if "gas_saturation" not in group or "concentration" not in group:
        return {}
    found = {}
    for gas in (str(name) for name in group["gas"].values):
        ratio = group["gas_saturation"].sel(gas=gas)
        if gas in group["species"].values and float(ratio.max()) > 0.0:
            best = int(np.argmax(ratio.values))
            found[gas] = float(group["concentration"].sel(species=gas).values.flat[best] / ratio.values.flat[best])
    return found


def start(group: xr.Dataset, facts: Mapping[str, Any]) -> str:
    """pH at the start and how it is known: from provenance, from the first sample, or after that sample's time.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time"], [7.0, 4.65])}}, {"time": [1e-6, 1.0]})
    >>> start(tree["radiolysis"].to_dataset(), {}), start(tree["radiolysis"].to_dataset(), {"start_pH": 7.0})
    ('7.00 after 1 µs', '7.00 at the start')
    """
    stored = facts.get("start_pH") or facts.get("record", {}).get("electrolyte", {}).get("pH")
    first = float(group["time"][0])
    if stored is None and first > 0.0:
        return f"{float(group['pH'][0]):.2f} after {duration(first)}"
    return f"{float(group['pH'][0]) if stored is None else float(stored):.2f} at the start"


def crossings(x: np.ndarray, ratio: np.ndarray) -> list[float]:
    """Where a saturation passes 1 upwards or downwards, interpolated between logarithms (of `x` where it has them).

    Examples
    --------
    >>> [round(v) for v in crossings(np.array([1e2, 1e4, 1e6]), np.array([0.1, 0.1, 10.0]))]
    [100000]
    """
    level = np.log10(np.maximum(ratio, 1e-300))
    found = []
    for i in np.flatnonzero(np.diff(np.sign(level) >= 0.0)):
        share = level[i] / (level[i] - level[i + 1])
        if min(x[i], x[i + 1]) > 0.0:
            found.append(float(10.0 ** ((1.0 - share) * np.log10(x[i]) + share * np.log10(x[i + 1]))))
        else:
            found.append(float((1.0 - share) * x[i] + share * x[i + 1]))
    return found


def dimension_label(array: xr.DataArray) -> str:
    """Name and unit of a coordinate, for an axis.

    Examples
    --------
    >>> dimension_label(xr.DataArray([1.0], attrs={"long_name": "beam dose rate", "units": "Gy/s"}, name="x"))
    'Beam dose rate (Gy/s)'
    """
    name = str(array.attrs.get("long_name", COORDINATES.get(str(array.name), (None, str(array.name)))[1]))
    unit = array.attrs.get("units", "1")
    return name[:1].upper() + name[1:] + ("" if unit == "1" else f" ({unit})")


def group_of(tree: xr.DataTree, name: str) -> xr.Dataset:
    """A group of a result as a dataset; empty where there is none.

    Examples
    --------
    >>> len(group_of(xr.DataTree(), "transport"))
    0
    """
    return tree[name].to_dataset() if name in tree.children else xr.Dataset()

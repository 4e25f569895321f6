"""What the beam does, what the bias does, and what both do together: the 2 x 2 experiment in numbers.

With y of a run without either, with the beam alone, with the bias alone and with both,

    beam = y(beam) - y(neither),   bias = y(bias) - y(neither),   interaction = y(both) - y(beam) - y(bias) + y(neither)

so that y(both) = y(neither) + beam + bias + interaction. An unbiased blank shows the first of these parts only; what
the beam does to a biased cell is beam + interaction. Source: G. E. P. Box, J. S. Hunter, W. G. Hunter, Statistics for
Experimenters, 2nd ed. 2005, chapter 5; its main effects are averages: beam + interaction / 2, bias + interaction / 2.

Where a run failed, its values and the parts that need them are NaN. Bands are quantiles of each part over samples of
the constants (`simcell.studies.control_samples`), not differences of quantiles: runs of one sample share its constants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from simcell.results.plain import scaled
from simcell.results.provenance import read_provenance

BEAM, BIAS = "beam_on", "bias_on"  # dimensions of the four runs, 0 or 1 each
TINY = 1e-30  # of any unit: what is smaller is rounding
PARTS = ("neither", "by_beam", "by_bias", "interaction", "both")  # as `bands` has them
QUANTILES = (0.025, 0.5, 0.975)
SMALL = 0.01  # share of the largest part below which a part is called small


@dataclass(frozen=True)
class Effect:
    """One quantity of the four runs.

    Parameters
    ----------
    quantity, unit : str
    neither, beam, bias, both : float
        Its value in each run.

    Examples
    --------
    >>> e = Effect("charge", "C", 0.0, 1.0, 4.0, 7.0)
    >>> e.by_beam, e.by_bias, e.interaction
    (1.0, 4.0, 2.0)
    """

    quantity: str
    unit: str
    neither: float
    beam: float
    bias: float
    both: float

    @property
    def by_beam(self) -> float:
        """Change by the beam alone."""
        return self.beam - self.neither

    @property
    def by_bias(self) -> float:
        """Change by the bias alone."""
        return self.bias - self.neither

    @property
    def interaction(self) -> float:
        """What is left in the run with both."""
        return self.both - self.beam - self.bias + self.neither

    @property
    def main(self) -> tuple[float, float]:
        """Main effects of beam and bias: averages over the other factor."""
        return self.by_beam + 0.5 * self.interaction, self.by_bias + 0.5 * self.interaction


def field_effects(tree: xr.DataTree, path: str) -> dict[str, xr.DataArray]:
    """Parts of a whole variable, with all its dimensions but those of the four runs.

    Parameters
    ----------
    tree : xarray.DataTree
        Of `simcell controls`.
    path : str
        Such as ``transport/concentration``.

    Returns
    -------
    dict
        ``neither``, ``beam``, ``bias``, ``interaction``; their sum is the run with both.

    Raises
    ------
    KeyError
        If the variable is not there or does not differ between the runs.

    Examples
    --------
    >>> tree = xr.DataTree.from_dict({"/a": xr.Dataset({"y": ((BEAM, BIAS), [[0.0, 4.0], [1.0, 7.0]])})})
    >>> {name: float(part) for name, part in field_effects(tree, "a/y").items()}
    {'neither': 0.0, 'beam': 1.0, 'bias': 4.0, 'interaction': 2.0}
    """
    group, _, name = path.strip("/").rpartition("/")
    array = tree[group].dataset[name]
    if not {BEAM, BIAS} <= set(array.dims):
        raise KeyError(f"{path} does not tell the four runs apart")
    run = {(i, j): array.isel({BEAM: i, BIAS: j}, drop=True) for i in (0, 1) for j in (0, 1)}
    neither, beam, bias, both = run[0, 0], run[1, 0], run[0, 1], run[1, 1]
    interaction = both - beam - bias + neither
    return {"neither": neither, "beam": beam - neither, "bias": bias - neither, "interaction": interaction}


def effects(tree: xr.DataTree) -> list[Effect]:
    """Every scalar that the four runs give.

    Traces give their last value; what varies in space gives its mean over the liquid and the value at the working
    electrode: on a line at its surface, on a grid the mean of the cells above it.

    Parameters
    ----------
    tree : xarray.DataTree
        Of `simcell controls`.

    Returns
    -------
    list of Effect

    Examples
    --------
    >>> y = xr.DataArray([[0.0, 4.0], [1.0, 7.0]], dims=(BEAM, BIAS), attrs={"units": "V", "long_name": "potential"})
    >>> [e.interaction for e in effects(xr.DataTree.from_dict({"/a": xr.Dataset({"y": y})}))]
    [2.0]
    """
    found = []
    for node in tree.subtree:
        for name, array in node.data_vars.items():
            if {BEAM, BIAS} <= set(array.dims) and "quantile" not in array.dims:
                for words, unit, value in _scalars(str(name), array, tree):
                    runs = (float(value[i, j]) for i, j in ((0, 0), (1, 0), (0, 1), (1, 1)))
                    found.append(Effect(words, unit, *runs))
    return found


def above(array: xr.DataArray, tree: xr.DataTree) -> xr.DataArray:
    """Mean of a field over the working electrode: its surface on a line, the cells above it on a grid.

    Parameters
    ----------
    array : xarray.DataArray
        With dimensions of space.
    tree : xarray.DataTree
        With the group `/cell`.

    Examples
    --------
    >>> cell = xr.Dataset({"electrode_map": ("x", [1.0, 1.0, 0.0]), "electrode_area": ("x", [1.0, 3.0, 0.0])})
    >>> float(above(xr.DataArray([1.0, 2.0, 9.0], dims="x"), xr.DataTree.from_dict({"/cell": cell})))
    1.75
    """
    if not _on_grid(tree):
        return array.isel(x=0, drop=True)
    cell = tree["cell"].dataset
    if "z" in array.dims:
        array = array.isel(z=0, drop=True)
    weight = cell["electrode_area"].where(cell["electrode_map"] == 1.0 + working_of(tree), 0.0)
    return array.weighted(weight).mean(weight.dims)


def working_of(tree: xr.DataTree) -> int:
    """Place of the working electrode among the electrodes of a result.

    Examples
    --------
    >>> working_of(xr.DataTree())
    0
    """
    electrodes = read_provenance(tree).get("record", {}).get("electrode", ()) if tree.attrs else ()
    return next((n for n, e in enumerate(electrodes) if e["role"] == "working"), 0)


def _on_grid(tree: xr.DataTree) -> bool:
    return "cell" in tree.children and "electrode_map" in tree["cell"].data_vars


def _scalars(name: str, array: xr.DataArray, tree: xr.DataTree) -> Iterator[tuple[str, str, np.ndarray]]:
    array = array.transpose(BEAM, BIAS, ...)
    unit = str(array.attrs.get("units", ""))
    places: list[tuple[str, xr.DataArray]] = [("", array)]
    space = [d for d in ("z", "y", "x") if d in array.dims]
    if space:
        places = [(" (at the electrode)", above(array, tree))]
        if not _on_grid(tree):
            length = float(array["x"][-1] - array["x"][0])
            places.insert(0, (" (mean)", array.integrate("x") / length))
        elif set(tree["cell"].dataset["volume"].dims) <= set(array.dims) and not name.startswith("current"):
            places.insert(0, (" (mean)", array.weighted(tree["cell"].dataset["volume"]).mean(space)))
    for where, values in places:
        labels = [d for d in values.dims if d not in (BEAM, BIAS, "time")]
        if any(d not in ("species", "gas", "electrode", "reaction") for d in labels):
            continue
        stacked = values.stack(label=labels) if labels else values.expand_dims(label=[""])
        for label in stacked["label"].values:
            one = stacked.sel(label=label)
            of = ", ".join(map(str, label if isinstance(label, tuple) else (label,))) if labels else ""
            words = ", ".join(part for part in (name.replace("_", " "), of) if part) + where
            if "time" in one.dims:
                one = one.isel(time=-1, drop=True)
            yield words, unit, one.values


def telling(found: list[Effect]) -> list[Effect]:
    """The chief ones that beam or bias change: charges, then currents, potentials, pH and gas; the counter later.

    Charge and current densities stand in for charges and currents where the area is not known.

    Examples
    --------
    >>> same, other = Effect("pH", "1", 3.0, 3.0, 3.0, 3.0), Effect("electrode charge, a", "C", 0.0, 1.0, 4.0, 7.0)
    >>> [e.quantity for e in telling([same, other])]
    ['electrode charge, a']
    """
    chief = _CHIEF if any(e.unit == "C" for e in found) else (*_DENSITIES, *_CHIEF)

    def rank(e: Effect) -> float:
        place = next((n for n, start in enumerate(chief) if e.quantity.startswith(start)), len(chief))
        return place + 0.5 * ("counter" in e.quantity)

    ranked = [(rank(e), number, e) for number, e in enumerate(found) if _changed(e)]
    return [e for place, _, e in sorted(ranked, key=lambda r: r[:2]) if place < len(chief)]


_CHIEF = (
    "electrode charge, ", "reaction charge, ", "electrode current, ", "reaction current, ", "electrode potential, ",
    "pH", "gas saturation, ",
)  # fmt: skip
_DENSITIES = ("charge density", "current density", "reaction current density, ")


def bands(samples: Sequence[Sequence[Effect]]) -> dict[str, np.ndarray]:
    """Quantiles of the parts of each quantity over samples.

    Parameters
    ----------
    samples : sequence of sequence of Effect
        What each sample gave, see `effects`.

    Returns
    -------
    dict
        Of each quantity an array (quantile, part): `QUANTILES` by `PARTS`.

    Examples
    --------
    >>> some = [[Effect("charge", "C", 0.0, 1.0, 4.0, float(y))] for y in range(5, 14)]
    >>> bands(some)["charge"][:, 3].round(2).tolist()
    [0.2, 4.0, 7.8]
    """
    found: dict[str, list[list[float]]] = {}
    for sample in samples:
        for e in sample:
            found.setdefault(e.quantity, []).append([getattr(e, part) for part in PARTS])
    whole = {name: np.array(rows) for name, rows in found.items() if len(rows) == len(samples)}
    return {name: np.quantile(rows, QUANTILES, axis=0) for name, rows in whole.items() if np.isfinite(rows).all()}


def _changed(e: Effect) -> bool:
    """Whether anything is left of the effects beside rounding."""
    return _largest((e.by_beam, e.by_bias, e.interaction)) > 1e-9 * max(_largest((e.neither, e.both)), TINY)


def _largest(values: Sequence[float]) -> float:
    """Largest magnitude of those that are known."""
    return max((abs(v) for v in values if np.isfinite(v)), default=0.0)


def bands_of(tree: xr.DataTree) -> dict[str, np.ndarray]:
    """The bands that a result of `simcell controls --samples` holds; empty without samples.

    Examples
    --------
    >>> bands_of(xr.DataTree())
    {}
    """
    if "simcell_provenance" not in tree.attrs:
        return {}
    found: Mapping[str, list[list[float]]] = read_provenance(tree).get("bands", {})
    return {name: np.array(rows) for name, rows in found.items()}


def verdict(effect: Effect, band: np.ndarray | None = None) -> str:
    """One quantity in words: of how much, what is beam alone, bias alone and interaction.

    Parameters
    ----------
    effect : Effect
    band : (3, 5) array, optional
        Of its parts, from `bands`.

    Examples
    --------
    >>> e = Effect("current", "A", 0.0, 4e-10, 1.08e-8, 1.23e-8)
    >>> verdict(e)
    'current: of 12.3 nA, 400 pA is beam alone, 10.8 nA bias alone, 1.1 nA interaction'
    >>> verdict(e, np.outer([0.5, 1.0, 1.5], [0.0, 0.0, 0.0, 1.1e-9, 0.0]))
    'current: of 12.3 nA, 400 pA is beam alone, 10.8 nA bias alone, 1.1 nA (95 % 550 pA to 1.65 nA) interaction'
    """

    def told(part: str) -> str:
        value = cleared(getattr(effect, part), effect)
        words = _number(value, effect.unit) if np.isfinite(value) else "an unknown part"
        if band is None or not np.isfinite(value):
            return words
        low, high = (cleared(float(v), effect) for v in band[[0, -1], PARTS.index(part)])
        if high - low <= 1e-3 * abs(value):
            return words
        return f"{words} (95 % {_number(low, effect.unit)} to {_number(high, effect.unit)})"

    size = _largest((effect.neither, effect.beam, effect.bias, effect.both))
    rest = f" (of which {told('neither')} without either)" if abs(effect.neither) > SMALL * size else ""
    both, beam, bias, interaction = (told(part) for part in ("both", "by_beam", "by_bias", "interaction"))
    return f"{effect.quantity}: of {both}{rest}, {beam} is beam alone, {bias} bias alone, {interaction} interaction"


def cleared(value: float, effect: Effect) -> float:
    """A number of an effect, or 0 where it is rounding beside the four runs.

    Examples
    --------
    >>> cleared(1e-25, Effect("charge", "C", 0.0, 1e-25, 4.0, 7.0))
    0.0
    """
    size = _largest((effect.neither, effect.beam, effect.bias, effect.both))
    return 0.0 if abs(value) <= 1e-9 * size else value


def _number(value: float, unit: str) -> str:
    return f"{value:.3g}" if unit in ("1", "") or not value else scaled(value, unit)

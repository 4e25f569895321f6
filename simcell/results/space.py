"""Take fields in space out of a result: which axes it has, where the beam is, one quantity at one time.

A field is always (nz, ny, nx), as in the solvers; what a file drops because it has one entry comes back with size one.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from simcell.errors import ResultError
from simcell.results import gather, words
from simcell.results.panels import MOLAR
from simcell.results.schema import extra_dims
from simcell.results.variables import SPACE

PH, GAS, DOSE = "pH", "gas", "dose rate"
SEEN_AT = "seen_at"  # attribute of a result in space of which one place is looked at
BAR = 1e-5  # bar in one pascal


@dataclass(frozen=True)
class Field:
    """One quantity at one time, ready to draw.

    Parameters
    ----------
    name : str
        As people write it.
    unit : str
        Empty for a pure number.
    values : (nz, ny, nx) array
        In that unit.
    kind : {"concentration", "pH", "gas", "dose rate"}
        Which scale and colours fit.

    Examples
    --------
    >>> Field("pH", "", np.full((1, 1, 2), 7.0), "pH").label
    'pH'
    """

    name: str
    unit: str
    values: np.ndarray
    kind: str

    @property
    def label(self) -> str:
        """Name and unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def say(self, value: float) -> str:
        """A value with its unit."""
        if self.kind == "concentration":
            return words.molar(value)
        if self.kind == PH:
            return f"{value:.2f}"
        return f"{words.number(value, 3)} {self.unit}".rstrip()


@dataclass(frozen=True)
class Place:
    """Where the cells of a result are.

    Examples
    --------
    >>> Place("plan", np.zeros(1), np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.ones((2, 2))).beam_cell()
    (0, 0)
    """

    geometry: str
    z: np.ndarray  # m
    y: np.ndarray
    x: np.ndarray
    dose_rate: np.ndarray  # (ny, nx) Gy/s

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of cells along z, y, x."""
        return self.z.size, self.y.size, self.x.size

    def beam_cell(self) -> tuple[int, int]:
        """Row and column of the cell that is nearest to the centre of the beam."""
        row, column = self.beam_centre()
        return int(np.argmin(np.abs(self.y - row))), int(np.argmin(np.abs(self.x - column)))

    def beam_centre(self) -> tuple[float, float]:
        """Centroid (y, x) of the beam [m]: of the cells with at least half the largest dose rate; the middle of the
        grid without a beam, the axis in `radial`."""
        if self.geometry == "radial":
            return 0.0, 0.0
        inside = self.dose_rate >= 0.5 * self.dose_rate.max() if self.dose_rate.max() > 0.0 else self.dose_rate == 0.0
        area = inside * np.outer(np.diff(edges(self.y)), np.diff(edges(self.x)))
        return float((area.sum(1) @ self.y) / area.sum()), float((area.sum(0) @ self.x) / area.sum())


def is_spatial(tree: xr.DataTree) -> bool:
    """Whether the chemistry of a result is resolved in space.

    Examples
    --------
    >>> is_spatial(xr.DataTree())
    False
    """
    return "radiolysis" in tree.children and any(dim in SPACE for dim in tree["radiolysis"].to_dataset().dims)


def need_space(tree: xr.DataTree) -> None:
    """Refuse a result without space in it, or with several runs.

    Examples
    --------
    >>> need_space(xr.DataTree())
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: the result has no group /radiolysis, so there is nothing to draw
    """
    gather.radiolysis(tree)
    if not is_spatial(tree):
        raise ResultError(
            "the result is not resolved in space (the liquid was taken as well mixed), so it has no maps, profiles or "
            'reach; run the case with a grid, for example grid.geometry = "radial"'
        )
    if dims := extra_dims(tree):
        raise ResultError(f"the result holds several runs ({', '.join(dims)}); choose one: tree.isel({dims[0]}=0)")


def place(tree: xr.DataTree) -> Place:
    """Where the cells are and what the beam gives each column of them.

    Parameters
    ----------
    tree : xarray.DataTree

    Returns
    -------
    Place

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}}, {"time": [1.0], "x": [1e-6, 2e-6]})
    >>> place(tree).geometry, place(tree).shape
    ('radial', (1, 1, 2))
    """
    need_space(tree)
    group, beam = gather.radiolysis(tree), gather.beam(tree)
    z, y, x = (group[dim].values.astype(float) if dim in group.dims else np.zeros(1) for dim in SPACE)
    guess = {(False, False): "radial", (True, False): "section", (False, True): "plan", (True, True): "full"}
    geometry = str(tree.root.attrs.get("geometry") or guess["z" in group.dims, "y" in group.dims])
    dose = np.zeros((y.size, x.size))
    if "dose_rate" in beam:
        dose = dose + filled(beam["dose_rate"], (1, y.size, x.size))[0]
    return Place(geometry, z, y, x, dose)


def edges(centre: np.ndarray, start: float | None = None) -> np.ndarray:
    """Faces between cells, midway between the centres; the outermost as far from theirs as the next one inside.

    (Grids store centres; on graded ones the true faces lie within a few per cent of a cell of these.)

    Parameters
    ----------
    centre : (n,) array
    start : float, optional
        Where the first face is known to be.

    Examples
    --------
    >>> edges(np.array([1.0, 3.0, 5.0]))
    array([0., 2., 4., 6.])
    """
    if centre.size == 1:
        half = 0.5 if start is None else abs(float(centre[0]) - start)
        return np.array([centre[0] - half, centre[0] + half])
    middle = 0.5 * (centre[1:] + centre[:-1])
    first = 2.0 * centre[0] - middle[0] if start is None else start
    return np.concatenate([[first], middle, [2.0 * centre[-1] - middle[-1]]])


def at(group: xr.Dataset, seconds: float | None) -> int:
    """Index of the output time nearest to a wanted one; the last for None.

    Raises
    ------
    ResultError
        For a time outside the run.

    Examples
    --------
    >>> at(xr.Dataset(coords={"time": [0.0, 1.0, 2.0]}), 1.2)
    1
    """
    time = group["time"].values
    if seconds is None:
        return time.size - 1
    if not (time[0] * (1.0 - 1e-9) <= seconds <= time[-1] * (1.0 + 1e-9) or np.isclose(seconds, time[0])):
        span = f"{words.duration(time[0]) if time[0] else '0 s'} to {words.duration(time[-1])}"
        raise ResultError(f"{words.duration(seconds)} is outside the run, which has results from {span}")
    return int(np.argmin(np.abs(time - seconds)))


def species_name(group: xr.Dataset, wanted: str) -> str:
    """Check the name of a species and offer the nearest one for a wrong one.

    Examples
    --------
    >>> species_name(xr.Dataset(coords={"species": ["H2O2", "OH"]}), "h2o2")
    'H2O2'
    """
    names = [str(name) for name in group["species"].values] if "species" in group.coords else []
    if wanted in names:
        return wanted
    folded = {name.casefold(): name for name in names}
    if wanted.casefold() in folded and sum(n.casefold() == wanted.casefold() for n in names) == 1:
        return folded[wanted.casefold()]
    near = difflib.get_close_matches(wanted.casefold(), folded, 1, 0.3)
    hint = f', did you mean "{folded[near[0]]}"?' if near else "."
    raise ResultError(f'the result holds no species "{wanted}"{hint} There are {", ".join(names) or "none"}')


def field(tree: xr.DataTree, what: str, seconds: float | None = None) -> Field:
    """One quantity at one time.

    Parameters
    ----------
    tree : xarray.DataTree
        One run in space.
    what : str
        A species, `pH`, `gas` (pressure of all dissolved gases; where there is none, the sum of their saturations) or
        `dose rate`.
    seconds : float, optional
        The nearest output time is taken; the last when not given.

    Returns
    -------
    Field

    Raises
    ------
    ResultError
        For an unknown quantity, a time outside the run, a result without space.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}}, {"time": [1.0], "x": [1e-6, 2e-6]})
    >>> field(tree, "pH").values
    array([[[5., 7.]]])
    """
    return frames(tree, what, [at(gather.radiolysis(tree), seconds)])[0]


def frames(tree: xr.DataTree, what: str, steps: list[int]) -> list[Field]:
    """One quantity at several output times, given by their index.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[7.0, 7.0], [5.0, 7.0]])}},
    ...              {"time": [1.0, 2.0], "x": [1e-6, 2e-6]})
    >>> [float(f.values.min()) for f in frames(tree, "pH", [0, 1])]
    [7.0, 5.0]
    """
    where, group = place(tree), gather.radiolysis(tree)
    if what == DOSE:
        grey = np.broadcast_to(where.dose_rate, where.shape)
        return [Field("Dose rate", "Gy/s", grey, DOSE) for _ in steps]
    if what == PH:
        array, name, unit, scale, kind = gather.need(group, "pH"), "pH", "", 1.0, PH
    elif what == GAS and "gas_pressure" in group:
        array, name, unit, scale, kind = group["gas_pressure"], "Gas pressure", "bar", BAR, GAS
    elif what == GAS:
        array, kind = gather.need(group, "gas_saturation").sum("gas"), GAS
        name, unit, scale = "Gas saturation", "", 1.0
    else:
        species = species_name(group, what)
        array, kind = gather.need(group, "concentration").sel(species=species), "concentration"
        name, unit, scale = words.formula(species), "M", MOLAR
    return [Field(name, unit, scale * filled(array.isel(time=i), where.shape), kind) for i in steps]


def saturation(tree: xr.DataTree, seconds: float | None = None) -> np.ndarray | None:
    """Sum of the saturations of all dissolved gases (nz, ny, nx); None where the result has none.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}}, {"time": [1.0], "x": [1e-6, 2e-6]})
    >>> saturation(tree) is None
    True
    """
    group = gather.radiolysis(tree)
    if "gas_saturation" not in group:
        return None
    return filled(group["gas_saturation"].isel(time=at(group, seconds)).sum("gas"), place(tree).shape)


def volume(tree: xr.DataTree) -> np.ndarray:
    """Volume of liquid in each cell (nz, ny, nx): as stored, else in proportion to it from the positions of the cells.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}}, {"time": [1.0], "x": [0.5, 1.5]},
    ...              {"geometry": "radial"})
    >>> volume(tree).ravel()
    array([1., 3.])
    """
    where = place(tree)
    cell = tree["cell"].to_dataset() if "cell" in tree.children else xr.Dataset()
    if "volume" in cell:
        return filled(cell["volume"], where.shape)
    along_x = np.diff(edges(where.x, 0.0) ** 2) if where.geometry == "radial" else np.diff(edges(where.x))
    return np.asarray(np.diff(edges(where.z))[:, None, None] * np.diff(edges(where.y))[None, :, None] * along_x)


def at_beam(tree: xr.DataTree) -> xr.DataTree:
    """The same run as seen at the centre of the beam, midway between the windows: a result without space.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> tree = build({"radiolysis": {"pH": (["time", "x"], [[5.0, 7.0]])}}, {"time": [1.0], "x": [1e-6, 2e-6]})
    >>> float(at_beam(tree)["radiolysis/pH"][0])
    5.0
    """
    where = place(tree)
    row, column = where.beam_cell()
    wanted: Mapping[str, int] = {"z": where.z.size // 2, "y": row, "x": column}
    groups = {}
    for path, node in tree.to_dict().items():
        chosen = {dim: index for dim, index in wanted.items() if dim in node.dims}
        groups[path] = node.isel(chosen).drop_vars([d for d in wanted if d in node.coords])
    found: xr.DataTree = xr.DataTree.from_dict(groups)
    found.attrs = {**tree.attrs, SEEN_AT: "at the centre of the beam"}
    return found


def filled(array: xr.DataArray, shape: tuple[int, int, int]) -> np.ndarray:
    """An array with all three dimensions of a grid, those that it lacks repeated.

    Examples
    --------
    >>> filled(xr.DataArray([1.0, 2.0], dims="x"), (2, 1, 2)).tolist()
    [[[1.0, 2.0]], [[1.0, 2.0]]]
    """
    missing = [dim for dim in SPACE if dim not in array.dims]
    full = array.expand_dims(missing).transpose(*SPACE).values
    return np.array(np.broadcast_to(full, shape), dtype=float)

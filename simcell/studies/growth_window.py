r"""The box of growth as a part of a cell: what holds at its supply, from a transport result or a length beyond the box.

A fixed concentration on the edge of a box makes the limiting current one of the box. Let :math:`c, \phi` be those of
the cell at the edge and g, e their slopes along the box, away from the electrode. The liquid beyond stands for a length

.. math:: \ell = \frac{c_0 - c}{s\,g}\Big|_\text{last},\qquad c_\text{out}(t) = c + s\,g\,\ell,\qquad
          \phi_\text{out}(t) = \phi + \left(e - \frac{d}{f}\frac{g}{c}\right)\frac{c\,s\,\ell}{\bar c}
          + \frac{d}{f}\ln\frac{c_\text{out}}{c},\qquad d = 1 - 2t_+

with the logarithmic mean of c and c_out. So the edge has the concentration, flux and potential of the cell as long as
the box takes the current that the cell had there; where it takes more or less, the edge follows with the resistance of
the length, and at the end of the cell's run the limiting current is that of gap and length, the cell's own. The factor
s = (1 - t_+) i/zFDg, with the current i of the cell along a line, makes up for a diffusivity and transference number
that differ between the two models; in plan it is 1, and the length is that of the geometry. Potentials are against the
same metal in fresh electrolyte beyond that length at the last time. Assumptions: one direction, binary salt, what is
beyond does not change while the box grows another shape than the cell assumed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from simcell.dendrite.edges import Edge
from simcell.dendrite.stability import FARADAY, Array, Metal
from simcell.errors import InputError, Problem, ResultError
from simcell.inputs import electrolyte_data
from simcell.inputs.dendrite import DendriteInput

if TYPE_CHECKING:
    import xarray as xr

SAME_SALT = 0.01  # relative difference of two concentrations of one electrolyte
STEADY = 0.05  # change of the length from the output time before, beyond which it is told


def supply_of(
    case: DendriteInput, metal: Metal, file: str = "", folder: Path | None = None
) -> tuple[str | Edge, float, list[str]]:
    """Supply at the end of the gap, the length beyond it [m], and what to know.

    Parameters
    ----------
    case : DendriteInput
    metal : Metal
    file : str
        For messages.
    folder : Path, optional
        That the file of the cell is relative to.

    Raises
    ------
    InputError
        For a file that is no such result, or a place where the cell brings no salt to the electrode.

    Examples
    --------
    >>> case = DendriteInput(metal="Zn", exchange_current="30 A/m^2", potential="-0.1 V", beyond="40 um")
    >>> zinc = Metal(2, 9.16e-6, 0.3, 30.0, 100.0, 6.2e-10, 0.37)
    >>> supply, beyond, _ = supply_of(case, zinc)
    >>> round(beyond * 1e6), supply.length == beyond
    (40, True)
    """
    if case.cell is not None:
        return _from_cell(case, metal, file, folder)
    if case.beyond > 0.0:
        return Edge(1.0, 0.0, case.beyond), case.beyond, []
    return case.supply, 0.0, []


def _from_cell(
    case: DendriteInput, metal: Metal, file: str, folder: Path | None
) -> tuple[str | Edge, float, list[str]]:
    from simcell.results.store import read

    path = (folder or Path()) / str(case.cell)
    try:
        tree = read(path)
    except ResultError as error:
        raise _wrong(file, "cell", case.cell, str(error), '"cell.nc"') from None
    ion = electrolyte_data.load_metal(str(case.metal)).ion
    try:
        times, c, g, phi, e = along(tree, ion, case.position, case.direction, case.gap)
    except ValueError as error:
        key = "position" if case.position is not None else "cell"
        raise _wrong(file, key, case.position or case.cell, str(error)) from None
    fresh = _fresh(tree, ion)
    if abs(fresh / metal.concentration - 1.0) > SAME_SALT:
        reason = f"has {fresh:.4g} mol/m^3 of {ion} at the start, this case {metal.concentration:.4g}"
        raise _wrong(file, "cell", case.cell, reason)
    if not (g[-1] > 0.0 and c[-1] < metal.concentration):
        reason = (
            f"brings no {ion} to the electrode at the edge of the box at its end ({c[-1]:.4g} mol/m^3, slope "
            f"{g[-1]:.3g} mol/m^4): a cell that plates, long enough for the salt to fall there"
        )
        raise _wrong(file, "cell", case.cell, reason)
    share = _share(tree, metal, float(g[-1]))
    edge, beyond = edge_of(metal, times, c, g, phi, e, share)
    remarks = [f"the cell's liquid beyond the box counts as {beyond * 1e6:.4g} um, by {case.cell} at {times[-1]:.4g} s"]
    if times.size > 1 and g[-2] > 0.0:
        drift = (metal.concentration - c[-2]) / (share * g[-2]) / beyond - 1.0
        if abs(drift) > STEADY:
            remarks.append(
                f"that length is not steady yet: it was {100.0 * abs(drift):.2g} % "
                f"{'longer' if drift > 0.0 else 'shorter'} at {times[-2]:.4g} s; run the cell on"
            )
    return edge, beyond, remarks


def _share(tree: xr.DataTree, metal: Metal, slope: float) -> float:
    """Slope of the salt with the constants of this model over that of the cell, at the cell's current."""
    current = tree["transport"].to_dataset().get("current_density")
    if current is None or current.dims != ("time",) or "y" in tree["transport"].coords:
        return 1.0
    flux = -float(current[-1]) * (1.0 - metal.transference) / (metal.charge * FARADAY)
    return flux / (metal.diffusivity * slope)


def edge_of(
    metal: Metal, times: Array, c: Array, g: Array, phi: Array, e: Array, share: float = 1.0
) -> tuple[Edge, float]:
    """The edge and the length beyond it [m], from concentrations, potentials and their slopes at times; see the module.

    Examples
    --------
    >>> zinc = Metal(2, 9.16e-6, 0.3, 30.0, 100.0, 6.2e-10, 0.37)
    >>> one = np.ones(1)
    >>> edge, beyond = edge_of(zinc, 5.0 * one, 80.0 * one, 1e6 * one, 0.0 * one, 0.0 * one)
    >>> round(beyond * 1e6, 9), float(edge.at(5.0)[0])
    (20.0, 1.0)
    """
    beyond = float((metal.concentration - c[-1]) / (share * g[-1]))
    out = np.maximum(c + share * g * beyond, 1e-3 * metal.concentration)
    d = (1.0 - 2.0 * metal.transference) / metal.f
    rise = np.log(out / c)
    mean = np.where(np.abs(rise) < 1e-6, c, (out - c) / np.where(np.abs(rise) < 1e-6, 1.0, rise))
    volts = phi + (e - d * g / c) * c * share * beyond / mean + d * rise
    if times.size == 1:
        return Edge(float(out[0] / metal.concentration), 0.0, beyond), beyond
    return Edge(out / metal.concentration, volts - volts[-1], beyond, times), beyond


def along(
    tree: xr.DataTree, ion: str, position: tuple[float, float] | None, direction: float, gap: float
) -> tuple[Array, Array, Array, Array, Array]:
    """Times [s], concentration [mol/m^3], its slope, potential [V] and its slope at the edge of a box in a cell.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of transport along a line or in plan.
    ion : str
    position : (x, y), optional
        Where the box begins on the electrode [m]; needed in plan.
    direction : float
        In which the box points, against x [rad].
    gap : float
        From there to the edge [m].

    Raises
    ------
    ValueError
        For a result that does not hold this.

    Examples
    --------
    >>> from simcell.results.schema import build
    >>> x = np.linspace(0.0, 1e-5, 11)
    >>> tree = build({"transport": {"concentration": (["time", "species", "x"], [[50.0 + 1e6 * x]]),
    ...                             "potential": (["time", "x"], [1e3 * x])}},
    ...              {"time": [2.0], "species": ["Zn2+"], "x": x})
    >>> [round(float(value[0]), 6) for value in along(tree, "Zn2+", None, 0.0, 4e-6)]
    [2.0, 54.0, 1000000.0, 0.004, 1000.0]
    """
    if "transport" not in tree.children or "concentration" not in tree["transport"]:
        raise ValueError("holds no concentrations of ions: a result of physics = ['transport']")
    group = tree["transport"].to_dataset()
    if ion not in group["species"].values:
        raise ValueError(f"does not hold {ion}: {', '.join(map(str, group['species'].values))}")
    fields = [group["concentration"].sel(species=ion), group["potential"]]
    axes = [name for name in ("z", "y", "x") if name in fields[0].dims and fields[0].sizes[name] > 1]
    if axes == ["x"]:
        start, way = np.array([float(group["x"][0]) if position is None else position[0]]), np.array([1.0])
    elif axes == ["y", "x"] and position is not None:
        start, way = np.array(position[::-1]), np.array([np.sin(direction), np.cos(direction)])
    else:
        what = (
            "needs a position (x, y) on the electrode" if axes == ["y", "x"] else "is neither along a line nor in plan"
        )
        raise ValueError(what)
    grid = [group[name].values for name in axes]
    values = [
        f.transpose("time", *axes, ...).values.reshape(group["time"].size, *(a.size for a in grid)) for f in fields
    ]
    reach = 0.5 * float(min(np.diff(a).min() for a in grid)) + 0.05 * gap
    places = start + np.array([gap - reach, gap, gap + reach])[:, None] * way
    for axis, a, place in zip(axes, grid, places.T, strict=True):
        if not (place.min() >= a[0] and place.max() <= a[-1]):
            raise ValueError(f"ends before the edge of the box: {axis} from {a[0]:g} to {a[-1]:g} m, {place.max():g} m")
    found = [RegularGridInterpolator(grid, np.moveaxis(v, 0, -1))(places) for v in values]
    (low, c, high), (left, phi, right) = found
    return group["time"].values, c, (high - low) / (2.0 * reach), phi, (right - left) / (2.0 * reach)


def _fresh(tree: xr.DataTree, ion: str) -> float:
    """Concentration of the cell's electrolyte before the run [mol/m^3], by its case."""
    from simcell.results.provenance import read_provenance

    electrolyte = read_provenance(tree)["record"].get("electrolyte", {})
    return float(electrolyte.get("concentration") or electrolyte.get("concentrations", {}).get(ion) or np.nan)


def _wrong(file: str, key: str, value: object, reason: str, example: str = "") -> InputError:
    return InputError(Problem(file, f"dendrite.{key}", value, reason, example))

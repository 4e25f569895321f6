"""Flow of the liquid between the windows, from a flow rate or a pressure drop, beside a bypass.

Hele-Shaw flow in plan and full grids, Poiseuille flow in a section (`simcell.cell.hele_shaw` has the equations). One
solution for one pascal serves all: the equations are linear. The gap and a bypass are parallel resistances, and a
nominal flow rate is divided between them: in many holders nearly all of it passes beside the window.

Assumptions: slow flow (small Reynolds number), gap much thinner than all lengths along it, no slip, given thickness
(the pressure of the flow itself does not bulge the windows). Beside a side wall the true velocity falls within
about one gap height, and each such wall takes 0.315 heights off the width (`simcell.cell.paths`): not modelled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcell.cell.hele_shaw import thickness, unit_flow
from simcell.cell.paths import entrance_length, gap_share
from simcell.numerics.check import not_negative, positive
from simcell.numerics.grid import Grid, Three

Array = NDArray[np.float64]
SIDES = ("x-", "x+", "y-", "y+")
SLOW = 1.0  # Reynolds number below which inertia changes the flow in a thin gap by per cents at most
STEEP = 0.2  # slope of a wall; lubrication errs by the order of its square
NARROW = 0.1  # height over width; side walls take 0.63 of it off the flow


@dataclass(frozen=True, eq=False)
class Flow:
    """A steady flow through the liquid.

    Attributes
    ----------
    volume_flow : three arrays
        Through the faces of the grid (z, y, x), positive along the axis [m^3/s]; free of divergence.
    pressure : (ny, nx) array
        Above that at the outlet [Pa]; 0 where there is no liquid, and in pools that no path joins to both open sides.
    gap_flow, total_flow : float
        Through the grid, and with the bypass [m^3/s].
    pressure_drop : float
        Between the open sides of the grid [Pa].
    resistance : float
        Of the grid [Pa s/m^3].
    mean_velocity, largest_velocity : float
        Averaged over the height of the liquid; mean over its volume, and largest in a cell [m/s].
    reynolds : float
        Largest of velocity times thickness over kinematic viscosity; NaN when no density was given.
    entrance : float
        Length behind the inlet over which the parabola forms [m]; NaN when no density was given.
    warnings : tuple of str
        What the model cannot vouch for.

    Examples
    --------
    >>> from simcell.numerics.grid import section
    >>> flow = flow_between(section([0.0, 1e-4], [0.0, 1e-6], width=1e-4), 1e-3, "x-", "x+", pressure_drop=12.0)
    >>> round(flow.mean_velocity * 1e6, 6), round(flow.resistance / 1e16, 6)
    (10.0, 1.2)
    """

    volume_flow: Three
    pressure: Array
    gap_flow: float
    total_flow: float
    pressure_drop: float
    resistance: float
    mean_velocity: float
    largest_velocity: float
    reynolds: float
    entrance: float
    warnings: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Share of the total flow that passes the grid; the rest takes the bypass."""
        return self.gap_flow / self.total_flow if self.total_flow > 0.0 else 0.0


def flow_between(
    grid: Grid,
    viscosity: float,
    inlet: str,
    outlet: str,
    *,
    flow_rate: float | None = None,
    pressure_drop: float | None = None,
    bypass_resistance: float | None = None,
    bypass_share: float | None = None,
    series_resistance: float = 0.0,
    density: float | None = None,
) -> Flow:
    """Steady flow from one side of a grid to another.

    Parameters
    ----------
    grid : Grid
        Of kind ``plan``, ``full`` or ``section`` (there from ``x-`` to ``x+`` or back).
    viscosity : float
        [Pa s]
    inlet, outlet : str
        Two of ``x-``, ``x+``, ``y-``, ``y+``.
    flow_rate : float
        Of the pump: through gap and bypass together [m^3/s].
    pressure_drop : float
        Between the ends of the path, instead of `flow_rate` [Pa]; the bypass sees the same.
    bypass_resistance : float
        Of a parallel path (`simcell.cell.paths.channel_resistance`) [Pa s/m^3].
    bypass_share : float
        Share of the total flow that takes the bypass, instead of its resistance: at least 0, below 1.
    series_resistance : float
        Of the part of the gap that the grid leaves out [Pa s/m^3].
    density : float
        Of the liquid, for the Reynolds number [kg/m^3].

    Returns
    -------
    Flow

    Raises
    ------
    ValueError
        If the numbers contradict each other, or no liquid joins inlet and outlet.

    Examples
    --------
    >>> from simcell.numerics.grid import plan
    >>> gap = plan(np.linspace(0.0, 1e-3, 11), np.linspace(0.0, 1e-3, 6), 1e-6)
    >>> flow = flow_between(gap, 1e-3, "x-", "x+", flow_rate=1e-14, bypass_share=0.75)
    >>> round(flow.mean_velocity * 1e6, 9), flow.share
    (2.5, 0.25)
    """
    positive("viscosity", viscosity)
    not_negative("resistance in series", series_resistance)
    _check_driving(flow_rate, pressure_drop, bypass_resistance, bypass_share)
    axis, other = _check_sides(grid, inlet, outlet)
    per_pascal, pressure, total = unit_flow(grid, viscosity, inlet, outlet)
    resistance = 1.0 / total
    share = 1.0
    if bypass_share is not None:
        share = 1.0 - bypass_share
    elif bypass_resistance is not None:
        share = gap_share(resistance, bypass_resistance, series_resistance)
    if flow_rate is not None:
        gap = flow_rate * share
    else:
        assert pressure_drop is not None
        gap = pressure_drop / (resistance + series_resistance)
    drop = gap * resistance
    flows = (per_pascal[0] * drop, per_pascal[1] * drop, per_pascal[2] * drop)
    speed = np.sqrt(sum(v**2 for v in velocity(grid, flows)))
    # averaged over the height, layers count by their volume
    deep = grid.volume.sum(axis=0)
    speed = np.divide((speed * grid.volume).sum(axis=0), deep, out=np.zeros_like(deep), where=deep > 0.0)
    height = thickness(grid)
    reynolds = float((speed * height).max()) * density / viscosity if density is not None else math.nan
    tallest = float(height.max())
    entrance = entrance_length(tallest, reynolds) if density is not None else math.nan
    return Flow(
        flows, pressure * drop, gap, gap / share, drop, resistance,
        float((speed * deep).sum() / deep.sum()), float(speed.max()), reynolds, entrance,
        tuple(_doubts(grid, height, axis, other, reynolds, entrance)),
    )  # fmt: skip


def velocity(grid: Grid, volume_flow: Three) -> Three:
    """Velocity in the middle of each cell along z, y, x [m/s]: mean of its faces; 0 where there is no liquid.

    Examples
    --------
    >>> from simcell.numerics.grid import plan
    >>> gap = plan([0.0, 1e-3, 2e-3], [0.0, 1e-3], 1e-6)
    >>> flow = flow_between(gap, 1e-3, "x-", "x+", flow_rate=1e-14)
    >>> velocity(gap, flow.volume_flow)[2].ravel()
    array([1.e-05, 1.e-05])
    """
    found = []
    for axis, through in enumerate(volume_flow):
        n = grid.shape[axis]
        width = np.diff(grid.faces[axis])
        if axis == 0 and grid.kind in ("plan", "full"):
            width = np.diff(grid.faces[0])  # fractions of the thickness; nothing flows along them
        shape = [1, 1, 1]
        shape[axis] = -1
        section = grid.volume / width.reshape(shape)
        mean = 0.5 * (np.take(through, range(n), axis) + np.take(through, range(1, n + 1), axis))
        found.append(np.divide(mean, section, out=np.zeros(grid.shape), where=section > 0.0))
    return found[0], found[1], found[2]


def divergence(volume_flow: Three) -> Array:
    """Net flow out of each cell [m^3/s], (nz, ny, nx).

    Examples
    --------
    >>> from simcell.numerics.grid import plan
    >>> gap = plan([0.0, 1e-3, 2e-3], [0.0, 1e-3], [[1e-6, 3e-6]])
    >>> flow = flow_between(gap, 1e-3, "x-", "x+", flow_rate=1e-14)
    >>> bool(abs(divergence(flow.volume_flow)).max() < 1e-28)
    True
    """
    total = np.diff(volume_flow[0], axis=0)
    return total + np.diff(volume_flow[1], axis=1) + np.diff(volume_flow[2], axis=2)


# ----------------------------------------------------------------- checks


def _check_driving(
    flow_rate: float | None, pressure_drop: float | None, bypass: float | None, bypass_share: float | None
) -> None:
    if (flow_rate is None) == (pressure_drop is None):
        raise ValueError("give the flow rate or the pressure drop, one of the two")
    if bypass is not None and bypass_share is not None:
        raise ValueError("give the resistance of the bypass or its share of the flow, one of the two")
    if bypass is not None:
        positive("resistance of the bypass", bypass)
    if bypass_share is not None and not 0.0 <= bypass_share < 1.0:
        raise ValueError(f"share of the bypass is {bypass_share:g}: it is at least 0 and below 1")
    if flow_rate is not None:
        not_negative("flow rate", flow_rate)
    if pressure_drop is not None:
        not_negative("pressure drop", pressure_drop)


def _check_sides(grid: Grid, inlet: str, outlet: str) -> tuple[int, int]:
    """Axis of the inlet, and the other one of the plane."""
    if grid.kind not in ("plan", "full", "section"):
        raise ValueError(f"flow needs a grid of kind plan, full or section, this one is {grid.kind}")
    sides = SIDES[:2] if grid.kind == "section" else SIDES
    for what, side in (("inlet", inlet), ("outlet", outlet)):
        if side not in sides:
            raise ValueError(f"{what} is {side!r}: known sides are {', '.join(sides)}")
        if grid.periodic[1 if side[0] == "y" else 2]:
            raise ValueError(f"{what} is {side!r}, but the grid is periodic along {side[0]} and has no such side")
    if inlet == outlet:
        raise ValueError(f"inlet and outlet are the same side, {inlet!r}")
    axis = 1 if inlet[0] == "y" else 2
    return axis, 3 - axis


def _doubts(grid: Grid, height: Array, axis: int, other: int, reynolds: float, entrance: float) -> list[str]:
    found = []
    tallest = float(height.max())
    across = float(np.ptp(grid.faces[other]))
    along = float(np.ptp(grid.faces[axis]))
    if reynolds > SLOW:
        found.append(
            f"Reynolds number of the gap is {reynolds:.3g}: the flow is slow below {SLOW:g}, "
            f"at {SLOW / reynolds:.2g} of this flow"
        )
    if entrance > 0.1 * along:
        found.append(
            f"the parabola forms over {entrance:.3g} m behind the inlet, the grid is {along:.3g} m long there; take at "
            f"least {10 * entrance:.3g} m"
        )
    if grid.kind != "section" and not grid.periodic[other] and tallest > NARROW * across:
        found.append(
            f"the gap is {tallest:.3g} m high and {across:.3g} m wide: side walls, which are left out, take "
            f"{63 * tallest / across:.0f} % off the flow; 6 % need a width of {tallest / NARROW:.3g} m"
        )
    slope = _steepest(grid, height)
    if slope > STEEP:
        found.append(
            f"the thickness changes by {slope:.2g} of the way along the gap; lubrication holds below {STEEP:g}"
        )
    return found


def _steepest(grid: Grid, height: Array) -> float:
    """Largest slope of the thickness between wet neighbours."""
    most = 0.0
    for axis in (0, 1):
        n = height.shape[axis]
        if n < 2:
            continue
        low, high = np.take(height, range(n - 1), axis), np.take(height, range(1, n), axis)
        middle = grid.centre[axis + 1]
        shape = (-1, 1) if axis == 0 else (1, -1)
        slope = np.abs(high - low) / np.diff(middle).reshape(shape)
        most = max(most, float(np.where((low > 0.0) & (high > 0.0), slope, 0.0).max()))
    return most

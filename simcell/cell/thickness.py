r"""Thickness of the liquid: the spacer, and inside the frame of each window its bulge.

The centre of each window is deflected as `simcell.cell.window` says; its shape is that of the linear clamped plate
under the tension that the window has there (`simcell.cell.plate`): zero and of zero slope at the frame, with a rim of
bending that is thin where tension prevails. Tension from stretching acts across a long window and along it by Poisson's
ratio only; between square and strip it is interpolated (1/n^3). The true tension varies over the window: against
the full equations the shape is off by up to 4 % of the centre (docs/theory/cell.md).

Assumptions: both windows have the same middle and parallel sides; the frames are rigid and parallel, `spacer` apart;
the pressure is uniform. A measured bulge is shared by the windows as one pressure would share it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from simcell.cell.plate import linear
from simcell.cell.window import Window, deflection, load, stress, tension
from simcell.numerics.check import positive

Array = NDArray[np.float64]
LARGEST_SLOPE = 0.2  # w/h; the strain of the next order is slope^2 of the one counted: 4 %


def bulge(window: Window, middle: float, x: ArrayLike, y: ArrayLike) -> Array:
    """Deflection over the window, whose centre is at x = y = 0 [m].

    Parameters
    ----------
    window : Window
    middle : float
        Deflection of the centre [m].
    x, y : arrays
        Positions [m].

    Returns
    -------
    (y.size, x.size) array
        0 outside of the window.

    Examples
    --------
    >>> chip = Window(50e-6, 200e-6, 50e-9, youngs=222e9, poisson=0.28, stress=135e6)
    >>> (1e6 * bulge(chip, 1.21e-6, [0.0, 12.5e-6, 30e-6], [0.0])).round(2)
    array([[1.21, 0.9 , 0.  ]])
    """
    across, along = (np.atleast_1d(np.asarray(p, dtype=float)) / window.half for p in (x, y))
    residual, pull = window.stress * window.thickness, tension(window, middle)
    # stretching pulls equally both ways in a square; along a long window only through Poisson's ratio
    ratio = window.poisson + (1.0 - window.poisson) / window.aspect**3
    unit = window.half**2 / window.rigidity
    shape = linear(window.aspect, pull * unit, (residual + (pull - residual) * ratio) * unit)
    if window.width <= window.length:
        return middle * shape.at(across, along / window.aspect)
    return middle * shape.at(along, across / window.aspect).T


def deflections(windows: Sequence[Window], *, pressure: float | None = None, total: float | None = None) -> list[float]:
    """Centre deflection of each window, from the pressure difference or from their measured sum.

    Parameters
    ----------
    windows : sequence of Window
        Usually two.
    pressure : float
        Inside minus outside [Pa].
    total : float
        Sum of the deflections at the centre [m]; the windows share it as one pressure would.

    Returns
    -------
    list of float

    Examples
    --------
    >>> chip = Window(50e-6, 200e-6, 50e-9, youngs=222e9, poisson=0.28, stress=135e6)
    >>> [round(1e9 * w) for w in deflections([chip, chip], total=2e-6)]
    [1000, 1000]
    """
    if not windows:
        raise ValueError("there is no window that could bulge")
    if (pressure is None) == (total is None):
        raise ValueError("give the pressure difference or the total deflection, one of the two")
    if pressure is None:
        assert total is not None
        pressure = equivalent_pressure(windows, total)
    return [deflection(window, pressure) for window in windows]


def equivalent_pressure(windows: Sequence[Window], total: float) -> float:
    """Pressure difference [Pa] at which the centres of all windows together are deflected by `total` [m].

    With ``total = -spacer`` it is the pressure at which the windows touch.

    Examples
    --------
    >>> chip = Window(50e-6, 200e-6, 50e-9, youngs=222e9, poisson=0.28, stress=135e6)
    >>> round(equivalent_pressure([chip, chip], -500e-9) / 1e3, 1)
    -6.3
    """
    if not math.isfinite(total):
        raise ValueError(f"total deflection is {total:g} m, it has to be finite")
    size = abs(total)
    # the softest window alone would need less, the stiffest, deflected by an equal share, at least as much
    most = max(load(window, size / len(windows)) for window in windows)
    if most == 0.0:
        return 0.0
    found = brentq(
        lambda p: sum(deflection(window, p) for window in windows) - size, 0.0, most * (1.0 + 1e-9), rtol=1e-14
    )
    return math.copysign(float(found), total)


def liquid_thickness(
    x: ArrayLike,
    y: ArrayLike,
    spacer: float,
    windows: Sequence[Window],
    *,
    pressure: float | None = None,
    total: float | None = None,
    centre: tuple[float, float] = (0.0, 0.0),
) -> Array:
    """Thickness of the liquid at given positions: the spacer, and inside each window its bulge.

    Parameters
    ----------
    x, y : arrays
        Positions [m], usually the cell centres of a grid.
    spacer : float
        Distance of the frames [m].
    windows : sequence of Window
        Both windows; one if the other is rigid.
    pressure : float
        Inside minus outside [Pa].
    total : float
        Measured deflection of all windows together at the centre [m]; instead of `pressure`. With 0 nothing bulges.
    centre : (float, float)
        x and y of the middle of the windows [m].

    Returns
    -------
    (y.size, x.size) array

    Raises
    ------
    ValueError
        If the windows touch; with the pressure at which they do.

    Examples
    --------
    >>> chip = Window(50e-6, 200e-6, 50e-9, youngs=222e9, poisson=0.28, stress=135e6)
    >>> h = liquid_thickness([0.0, 40e-6], [0.0], 500e-9, [chip, chip], pressure=101325.0)
    >>> (1e6 * h).round(2)
    array([[2.92, 0.5 ]])
    """
    positive("height of the spacer", spacer)
    across, along = (np.atleast_1d(np.asarray(p, dtype=float)) for p in (x, y))
    height = np.full((along.size, across.size), spacer)
    middles = deflections(windows, pressure=pressure, total=total)
    if spacer + sum(middles) <= 0.0:
        touch = equivalent_pressure(windows, -spacer)
        raise ValueError(
            f"the windows bulge inwards by {-sum(middles):.4g} m over a spacer of {spacer:g} m: they touch at a "
            f"pressure difference of {touch:.4g} Pa"
        )
    for window, middle in zip(windows, middles, strict=True):
        if middle != 0.0:
            height += bulge(window, middle, across - centre[0], along - centre[1])
    return height


def doubts(window: Window, middle: float, strength: float | None = None) -> list[str]:
    """Say what the law cannot vouch for, each with the number that would do.

    Parameters
    ----------
    window : Window
    middle : float
        Deflection of the centre [m].
    strength : float, optional
        Tensile strength of the film [Pa].

    Returns
    -------
    list of str

    Examples
    --------
    >>> chip = Window(50e-6, 200e-6, 50e-9, youngs=222e9, poisson=0.28, stress=135e6)
    >>> doubts(chip, 1.21e-6, strength=7.0e9)
    []
    >>> doubts(chip, 8e-6)
    ['the window bulges by 8e-06 m, 0.32 of half its short side; the theory of small slopes holds to 5e-06 m']
    """
    found = []
    most = LARGEST_SLOPE * window.half
    if abs(middle) > most:
        found.append(
            f"the window bulges by {abs(middle):.3g} m, {abs(middle) / window.half:.2g} of half its short side; "
            f"the theory of small slopes holds to {most:.3g} m"
        )
    if strength is not None:
        inside, edge = stress(window, middle)
        if edge > strength:
            found.append(
                f"stress beside the frame is {edge / 1e9:.2g} GPa ({inside / 1e9:.2g} GPa in the middle of the sheet), "
                f"above the strength of {strength / 1e9:.2g} GPa: the window may break"
            )
    return found

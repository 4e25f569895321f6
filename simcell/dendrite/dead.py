"""Dead metal: where it was cut off, how much there is, what a cycle gives back, and in which way metal was stripped."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

if TYPE_CHECKING:
    from simcell.dendrite.layer import Labels, Layer, State
    from simcell.dendrite.model import Run

Array = NDArray[np.float64]
TILT = 0.1  # difference between root and tip, in shares of what was stripped, that is called one or the other


@dataclass(frozen=True)
class Cut:
    """A piece that came loose: when [s], where the neck was (x, y or z) [m], how much metal [mol].

    Examples
    --------
    >>> Cut(1.0, 1e-6, 0.0, 1e-15).amount
    1e-15
    """

    time: float
    x: float
    y: float
    amount: float


def cuts(layer: Layer, time: float, before: tuple[Array, Labels], after: tuple[Array, Labels]) -> list[Cut]:
    """Pieces that were part of another body a step before; arguments are pairs of phase and body labels.

    The neck is the middle of those cells that were metal, are not, and lie nearest to both pieces.

    Examples
    --------
    >>> cuts.__annotations__["return"]
    'list[Cut]'
    """
    found = []
    metal, was_metal = after[0] > 0.5, before[0] > 0.5
    for k in range(1, int(after[1].max()) + 1):
        piece = metal & (after[1] == k)
        old = before[1][piece & was_metal]
        if not old.size:
            continue
        parent = int(np.bincount(old).argmax())
        rest = metal & ~piece & (before[1] == parent) & was_metal
        if not rest.any():
            continue  # it has not come loose, it was so before
        apart = ndimage.distance_transform_edt(~piece) + ndimage.distance_transform_edt(~rest)
        neck = was_metal & ~metal & (before[1] == parent)
        apart = np.where(neck, apart, np.inf) if neck.any() else apart
        j, i = np.nonzero(apart <= apart.min() + 1e-9)
        y, x = layer.centre
        amount = float(after[0][piece].sum()) * layer.cell / layer.metal.molar_volume
        found.append(Cut(time, float(x[0, i].mean()), float(y[j, 0].mean()), amount))
    return found


def dead_metal(layer: Layer, state: State) -> tuple[float, float]:
    """Metal in bodies without contact to a collector [mol], and their share of all metal above xi = 1/2.

    Examples
    --------
    >>> dead_metal.__annotations__["return"]
    'tuple[float, float]'
    """
    body, _ = layer.bodies(state.xi)
    metal = state.xi > 0.5
    total, loose = float(state.xi[metal].sum()), float(state.xi[metal & (body > 0)].sum())
    return loose * layer.cell / layer.metal.molar_volume, loose / total if total > 0.0 else 0.0


def coulombic_efficiency(*runs: Run) -> float:
    """Charge that was stripped over charge that was plated, over all steps of the runs.

    Raises
    ------
    ValueError
        If nothing was plated.

    Examples
    --------
    >>> coulombic_efficiency.__annotations__["return"]
    'float'
    """
    plated = stripped = 0.0
    for run in runs:
        charge = run.current * run.steps
        plated += float(charge[charge > 0.0].sum())
        stripped -= float(charge[charge < 0.0].sum())
    if plated == 0.0:
        raise ValueError("nothing was plated: there is no coulombic efficiency")
    return stripped / plated


def stripping(layer: Layer, before: State, after: State, root: float, tip: float) -> tuple[str, Array]:
    """In which way a whisker between x = root and tip [m] was stripped: ``root``, ``tip`` or ``even``, and the shares.

    Shares of the metal that was there, which each third of its length has lost, from root to tip. Where the
    root third lost clearly more, the whisker is cut off and dies; where the tip third did, nothing is left behind.

    Parameters
    ----------
    layer : Layer
    before, after : State
    root, tip : float
        [m]

    Returns
    -------
    str, (3,) array

    Examples
    --------
    >>> stripping.__annotations__["return"]
    'tuple[str, Array]'
    """
    x = layer.centre[1][0]
    third = np.linspace(root, tip, 4)
    lost = []
    for low, high in pairwise(third):
        here = (x >= low) & (x < high)
        lost.append(1.0 - float(after.xi[:, here].sum()) / float(before.xi[:, here].sum()))
    share = np.array(lost)
    lean = (share[2] - share[0]) / max(float(np.abs(share).max()), 1e-300)
    return ("tip" if lean > TILT else "root" if lean < -TILT else "even"), share

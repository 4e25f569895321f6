"""A liquid along a line, and the reactions of electrodes, in the packed form that kernels take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simcell.numerics.grid import Array
from simcell.transport.bulk import packed_bulk
from simcell.transport.concentrated import packed_binary
from simcell.transport.feedback import packed_gas
from simcell.transport.kernels import ELECTRODE, FRIT, RESERVOIR
from simcell.transport.kinetics import FARADAY
from simcell.transport.species import Liquid, Reaction, Reservoir, Surface


def packed_extra(liquid: Liquid) -> tuple:
    """What `packed` leaves out: reactions inside the liquid, properties of a concentrated one, gas.

    Examples
    --------
    >>> from simcell.transport.species import Ion, between
    >>> salt = [Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    >>> packed_extra(Liquid(between(1e-6, 1e-7), salt, {"K+": 1.0, "Cl-": 1.0}, Surface()))[1][0]
    0.0
    """
    names = [liquid.ions[k].name for k in liquid.order]
    return (
        packed_bulk(liquid.bulk, names, shares(liquid)), packed_binary(liquid.solution, liquid.temperature),
        packed_gas(liquid.gas, names, liquid.grid.volume.ravel()),
    )  # fmt: skip


def shares(liquid: Liquid, time: float = 0.0) -> Array:
    """Share of each node in what a beam makes from a time [s] on; surfaces as the cells beside them.

    Examples
    --------
    >>> from simcell.transport.species import Ion, between
    >>> salt = [Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    >>> float(shares(Liquid(between(1e-6, 1e-7), salt, {"K+": 1.0, "Cl-": 1.0}, Surface())).min())
    1.0
    """
    cells = (liquid.grid.shape[2],)
    return np.pad(np.ones(cells) if liquid.bulk is None else liquid.bulk.share(cells, time), 1, mode="edge")


def packed(liquid: Liquid) -> tuple:
    """Numbers for the kernels: potentials in units of RT/F, the balancing ion last.

    Examples
    --------
    >>> from simcell.transport.species import Ion, between
    >>> salt = [Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    >>> packed(Liquid(between(1e-6, 1e-7), salt, {"K+": 1.0, "Cl-": 1.0}, Surface()))[0]
    array([ 1., -1.])
    """
    ions = [liquid.ions[k] for k in liquid.order]
    grid, other, volts = liquid.grid, liquid.other, liquid.volts
    kind = ELECTRODE if isinstance(other, Surface) else RESERVOIR if isinstance(other, Reservoir) else FRIT
    ends = [liquid.working, other if isinstance(other, Surface) else Surface()]
    start = liquid.composition[liquid.order]
    sides = [end.reactions for end in ends]
    return (
        np.array([float(ion.charge) for ion in ions]),
        np.array([ion.diffusivity for ion in ions]),
        grid.volume.ravel().copy(),
        grid.area[2].ravel().copy(),
        grid.distance[2].ravel()[: grid.shape[2] + 1].copy(),
        np.array([ELECTRODE, kind]),
        np.array([end.film / volts for end in ends]),
        np.array([end.capacitance * volts for end in ends]),
        FARADAY,
        packed_reactions(sides, [ion.name for ion in ions], volts),
        np.array([float(r.electrons) for r in liquid.reactions]),
        np.stack([start[:, 0], start[:, -1]]),
    )


def packed_reactions(sides: Sequence[Sequence[Reaction]], names: Sequence[str], volts: float) -> tuple[Array, ...]:
    """Reactions of several electrodes, one after the other, for `kernels_surface.surface`.

    Examples
    --------
    >>> from simcell.transport.species import plating
    >>> packed_reactions([[], [plating("K", "K+", 1, 2.0, 1.0, 0.5, 0.5)]], ["K+"], 0.0257)[0]
    array([1])
    """
    reactions = [r for side in sides for r in side]
    shape = (len(reactions), len(names))

    def table(pick: str, default: float) -> Array:
        rows = [[getattr(r, pick).get(k, default) for k in names] for r in reactions]
        return np.array(rows, dtype=float).reshape(shape)

    def numbers(pick: str, unit: float = 1.0) -> Array:
        return np.array([getattr(r, pick) / unit for r in reactions], dtype=float)

    return (
        np.array([n for n, side in enumerate(sides) for _ in side], dtype=np.int64),
        numbers("exchange"), numbers("anodic"), numbers("cathodic"), numbers("equilibrium", volts),
        np.array([float(r.branch != "cathodic") for r in reactions]),
        np.array([float(r.branch != "anodic") for r in reactions]),
        table("reference", 1.0), table("orders_anodic", 0.0), table("orders_cathodic", 0.0), table("makes", 0.0),
    )  # fmt: skip

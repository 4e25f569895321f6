"""The front as one step sees it: area, kinetics, curvature, film; and what the step does to the film."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simcell.dendrite import kernels
from simcell.dendrite.crystal import turns
from simcell.dendrite.layer import Labels, Layer, State
from simcell.dendrite.stability import FARADAY

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Front:
    """Geometry and kinetics of the front in a step; see `implicit.Step`. `kappa` is the curvature [1/m].

    Examples
    --------
    >>> list(Front.__dataclass_fields__)
    ['psi', 'area', 'exchange', 'film', 'capillary', 'kappa']
    """

    psi: Array
    area: Array
    exchange: Array
    film: Array
    capillary: Array
    kappa: Array


def front(layer: Layer, state: State, body: Labels, metal: Array, dt: float) -> Front:
    """Give the front half a step of dt [s] ahead; `metal` are f phi_m of the bodies.

    Examples
    --------
    >>> front.__annotations__["return"]
    'Front'
    """
    shape, delta, h, crystal = layer.shape, layer.delta, layer.spacing, layer.crystal
    psi, area, kappa, weighted = (np.empty(shape) for _ in range(4))
    grain = np.zeros(shape, dtype=np.int64) if state.grain is None else state.grain
    turned = turns(crystal, np.zeros(1) if state.angles is None else state.angles)
    near = reach(layer)
    kernels.distances(state.xi, delta, psi)
    kernels.curvature(
        psi, near, h, h, crystal.fold, crystal.energy, crystal.missing, turned, grain, kappa, weighted
    )  # fmt: skip
    exchange = np.ones(shape)
    if crystal.kinetics:
        kernels.favour(psi, near, h, h, crystal.fold, crystal.kinetics, turned, grain, exchange)
    film = np.zeros(shape)
    if layer.film is not None and state.film is not None:
        film = layer.metal.f * layer.metal.exchange_current * layer.film.resistivity * state.film
    found = Front(psi, area, exchange, film, layer.metal.capillary_length * weighted, kappa)
    ahead = np.zeros(shape)
    if state.step_before > 0.0:
        kernels.source_shape(psi, ahead, delta, area)
        ahead = _ahead(layer, state, found, body, metal, dt)
    kernels.source_shape(psi, ahead, delta, area)
    return found


def reach(layer: Layer) -> float:
    """Distance from the contour up to which there is a reaction, and half a cell [m].

    Examples
    --------
    >>> reach.__annotations__["return"]
    'float'
    """
    return float(kernels.REACTS * layer.delta + 0.6 * layer.spacing)


def _ahead(layer: Layer, state: State, here: Front, body: Labels, metal: Array, dt: float) -> Array:
    """How far the front moves in half a step [m], from the fields at its beginning."""
    m, area = layer.metal, here.area
    rate, by_ratio, by_drive = (np.zeros(area.size) for _ in range(3))
    scale = m.exchange_current / (m.charge * FARADAY * m.concentration)
    fields = (area, here.exchange, here.film, here.capillary, state.ratio, state.potential, body)
    cells = np.flatnonzero(area)
    kernels.reaction(
        cells, *(field.reshape(-1) for field in fields), metal, m.symmetry, scale, rate, by_ratio, by_drive
    )  # fmt: skip
    far, most = np.zeros(area.size), 0.5 * layer.spacing
    speed = m.molar_volume * m.concentration * rate[cells] / area.reshape(-1)[cells]
    far[cells] = np.clip(0.5 * dt * speed, -most, most)
    return far.reshape(area.shape)


def with_film(layer: Layer, state: State, here: Front, speed: Array, dt: float) -> State:
    """Grow, stretch and break the film on a front that moved at `speed` [m/s] for dt [s], and carry it along.

    Examples
    --------
    >>> with_film.__annotations__["return"]
    'State'
    """
    if layer.film is None or state.film is None:
        return state
    strain = np.zeros(layer.shape) if state.strain is None else state.strain
    stretch = np.where(here.area > 0.0, here.kappa * speed * dt, 0.0)
    beam = 0.0 if layer.wall is None else layer.wall.film
    values = layer.film.after(state.film, strain, stretch, beam, dt)
    psi = np.empty(layer.shape)
    kernels.distances(state.xi, layer.delta, psi)
    carried = []
    for value in values:
        for _ in range(2):  # the front moves less than a cell a step
            value, old = np.empty(layer.shape), value
            kernels.extend(psi, reach(layer), old, value)
        carried.append(value)
    return replace(state, film=carried[0], strain=carried[1])

r"""What a cell with a strip electrode does, for thousands of designs at once, from closed forms.

A strip of width w lies in a layer of liquid; the counter electrode lies a gap g beside it, on one side or on both.
Thickness counts in three places: above the electrode (mean: what one filling holds, how current spreads), along the gap
(harmonic mean: resistance and lateral supply), and where one looks (largest: sharpness). Every figure is that of the
formula named in `FIGURES`; this module only puts them together:

=====================  ===============================================================================================
edge factor            fin with the closure H / 3 kappa (`fin`): mean of the outermost 5 % of the width over the whole;
                       what it lacks beside the exact primary distribution fades with kinetics (measured, below)
iR error               `reference.fin_errors`: reference electrode behind the strip, or in the path of the current
limiting current       lateral diffusion from a distance where the concentration is kept, with 0.4413 H for the edge
depletion              filling above the strip alone; its middle with lateral diffusion (`supply.strip_time`);
                       thin-layer Sand (`voltammetry.film_times`); planar Sand
exchange               0.2823 L^2 / D: a layer open at both ends renewed to 95 %
voltammogram           `peak.strip_peak`, and I R added to its shift
=====================  ===============================================================================================

Assumptions: one even height in each place, linear kinetics at the mean current, edges of electrodes far apart in
heights. Against sections that resolve the height, from the primary distribution to an even current, the edge factor is
within 1.5 % for strips from 2.5 to 250 heights wide and within 6 % for one height (`FADING` was fitted to them: an
interpolation, exact in both limits), the iR error within 3 % from L_p = 1.3 H on.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from simcell.constants import ROOM_TEMPERATURE
from simcell.numerics.grid import Array
from simcell.transport.coplanar import EDGE_LENGTH
from simcell.transport.kinetics import FARADAY
from simcell.transport.peak import strip_peak
from simcell.transport.reference import fin_errors
from simcell.transport.supply import refill_time, strip_time
from simcell.transport.voltammetry import film_times, randles_sevcik

EDGE_SHARE = 0.05  # of the width, at each edge that faces a counter electrode: the bin whose mean is the edge factor
FADING = (0.04, 0.46)  # kappa R / H, and that per bin over H, at which half of what a fin lacks at an edge is gone


@dataclass(frozen=True, eq=False)
class Designs:
    """Strip cells; every number may be an array, and all broadcast together.

    Attributes
    ----------
    width, length, gap : float or array
        Of the strip across and along its edge; between it and the counter electrode [m].
    height, path : float or array
        Thickness of the liquid above the strip (mean) and along the gap (harmonic mean) [m].
    conductivity, resistance : float or array
        [S/m]; of kinetics and film at the current of the case [ohm m^2].
    current : float or array
        Mean current density on the strip [A/m^2].
    concentration, diffusivity, transference : float or array
        Of the ion that reacts [mol/m^3]; of the salt, or the ion where it is supported [m^2/s]; 0 where supported.
    supply : float or array
        From the edge to where the concentration is kept [m]: a reservoir, or a counter electrode of the same metal.
    opening : float or array
        Length of the layer between its two open ends [m].
    scan_rate : float or array
        [V/s]; NaN: no voltammogram.
    reference : float or array
        Of the reference electrode before the edge that faces the counter electrode [m]; NaN: behind the strip.
    electrons : float
    sides : int
        Counter electrodes, and supply, on 1 side or on 2.
    temperature : float
        [K]

    Examples
    --------
    >>> Designs(20e-6, 1e-4, 1e-4, 5e-7, 5e-7, 0.9, 1.3e-3, 2.0, 100.0, 6.2e-10, 0.37, 1e-4, 1e-3, 0.1).sides
    1
    """

    width: Array | float
    length: Array | float
    gap: Array | float
    height: Array | float
    path: Array | float
    conductivity: Array | float
    resistance: Array | float
    current: Array | float
    concentration: Array | float
    diffusivity: Array | float
    transference: Array | float
    supply: Array | float
    opening: Array | float
    scan_rate: Array | float
    reference: Array | float = np.nan
    electrons: float = 2.0
    sides: int = 1
    temperature: float = ROOM_TEMPERATURE

    def __post_init__(self) -> None:
        may_vanish = {"resistance", "current", "transference", "reference"}
        may_miss = {"reference", "scan_rate"}
        for f in fields(self):
            value = np.asarray(getattr(self, f.name), dtype=float)
            wrong = ~(value >= 0.0) if f.name in may_vanish else ~(value > 0.0)
            if f.name in may_miss:
                wrong &= ~np.isnan(value)
            if f.name == "current":
                wrong = ~np.isfinite(value)
            if np.any(wrong):
                raise ValueError(f"{f.name} is {float(value[wrong].flat[0]):g}: it must be a positive number")


def edge_factor(designs: Designs) -> Array:
    """Mean current density of the outermost 5 % of the width over the mean of all, the largest such edge.

    Examples
    --------
    >>> even = Designs(20e-6, 1e-4, 1e-4, 5e-7, 5e-7, 0.9, 1.3e-3, 2.0, 100.0, 6.2e-10, 0.37, 1e-4, 1e-3, 0.1)
    >>> round(float(edge_factor(even)), 3)
    1.201
    """
    d = designs
    w, h = np.asarray(d.width, dtype=float), np.asarray(d.height, dtype=float)
    share, bin_ = EDGE_SHARE * d.sides, EDGE_SHARE * w / h
    b, least = (w / d.sides / length for length in (penetration(d), h / np.sqrt(3.0)))
    fin, lowest = ((1.0 - _inside(each, share)) / share for each in (b, least))
    kinetic = np.asarray(d.conductivity) * np.asarray(d.resistance) / h
    fading = 1.0 + kinetic / (FADING[0] + FADING[1] * bin_)
    return np.asarray(fin * (1.0 + (_primary(w / h, d.sides) / lowest - 1.0) / fading))


def _inside(b: Array, share: float) -> Array:
    """Part of a fin's current that passes its first `share` of the width: sinh(b (1 - share)) / sinh(b)."""
    return np.asarray(np.exp(-share * b) * -np.expm1(-2.0 * b * (1.0 - share)) / -np.expm1(-2.0 * b))


def _primary(width: Array, sides: int) -> Array:
    """Edge factor without kinetics, width in heights: `coplanar.band_in_layer` integrated over the outermost bin."""
    half, bin_ = 0.5 * np.pi * width, np.pi * EDGE_SHARE * width
    if sides == 2:
        x = 0.5 * (half - bin_)
        inner = np.exp(x - 0.5 * half) * -np.expm1(-2.0 * x) / -np.expm1(-half)  # sinh x / sinh (half / 2)
    else:
        inner = (2.0 * np.exp(-bin_) - 1.0 - np.exp(-2.0 * half)) / -np.expm1(-2.0 * half)
    return np.asarray(np.arccos(inner) / np.pi / EDGE_SHARE)


def penetration(designs: Designs) -> Array:
    """Penetration length of the current under the strip, with the closure [m].

    Examples
    --------
    >>> even = Designs(20e-6, 1e-4, 1e-4, 5e-7, 5e-7, 0.9, 1.3e-3, 2.0, 100.0, 6.2e-10, 0.37, 1e-4, 1e-3, 0.1)
    >>> print((penetration(even) * 1e6).round(1))
    24.2
    """
    h, kappa = np.asarray(designs.height, dtype=float), np.asarray(designs.conductivity, dtype=float)
    return np.asarray(np.sqrt(kappa * h * (np.asarray(designs.resistance) + h / (3.0 * kappa))))


def limiting_current(designs: Designs) -> Array:
    """Current density that lateral diffusion sustains [A/m^2]: z F D c / (1 - t) w (L / h + 0.4413), from each side.

    Examples
    --------
    >>> strip = Designs(20e-6, 1e-4, 1e-4, 5e-7, 5e-7, 0.9, 1.3e-3, 2.0, 100.0, 6.2e-10, 0.37, 1e-4, 1e-3, 0.1)
    >>> print(limiting_current(strip).round(2))
    4.74
    """
    d = designs
    way = np.asarray(d.supply) / np.asarray(d.path) + EDGE_LENGTH
    salt = d.electrons * FARADAY * np.asarray(d.diffusivity) * np.asarray(d.concentration)
    return np.asarray(d.sides * salt / ((1.0 - np.asarray(d.transference)) * np.asarray(d.width) * way))


def figures(designs: Designs) -> dict[str, Array]:
    """All figures of all designs.

    Returns
    -------
    dict
        Name (those of /design in a result) -> array of the common shape, SI units. Depletion times are infinite where
        no current flows; iR errors are sizes; voltammograms only with a scan rate.

    Examples
    --------
    >>> zinc = Designs(20e-6, 1e-4, 1e-4, 5e-7, 5e-7, 0.9, 1.3e-3, 10.0, 100.0, 6.2e-10, 0.37, 1e-4, 1e-3, 0.1)
    >>> found = figures(zinc)
    >>> {name: float(f"{found[name]:.2g}") for name in ("edge_factor", "limiting_current", "filling_time", "sand_time")}
    {'edge_factor': 1.2, 'limiting_current': 4.7, 'filling_time': 1.5, 'sand_time': 4600.0}
    """
    d = designs
    with np.errstate(divide="ignore"):
        per = 1.0 / np.abs(np.asarray(d.current, dtype=float))  # infinite at rest, and times with it
    n, salt = d.electrons, np.asarray(d.concentration) / (1.0 - np.asarray(d.transference))
    mean, largest = fin_errors(
        d.current, d.conductivity, d.height, np.asarray(d.width) / d.sides, d.resistance, d.reference
    )
    edge = np.asarray(d.gap) / np.asarray(d.path) + 2.0 * EDGE_LENGTH
    found = {
        "edge_factor": edge_factor(d),
        "penetration_length": penetration(d),
        "mean_ir_error": mean,
        "max_ir_error": largest,
        "cell_resistance": edge / (np.asarray(d.conductivity) * np.asarray(d.length) * d.sides),
        "limiting_current": limiting_current(d),
        "filling_time": n * FARADAY * salt * np.asarray(d.height) * per,
        "depletion_time": _where_flowing(d, strip_time),
        "film_sand_time": _where_flowing(d, lambda i, z, c, x, h, w, t: film_times(i, z, c, x, h, t)),
        "sand_time": np.pi * np.asarray(d.diffusivity) * (0.5 * n * FARADAY * salt * per) ** 2,
        "exchange_time": refill_time(1.0, 1.0) * np.asarray(d.opening) ** 2 / np.asarray(d.diffusivity),
    }
    if not np.isnan(d.scan_rate).any():
        ratio, shift = strip_peak(d.width, d.height, d.scan_rate, n, d.diffusivity, d.temperature)
        peak = ratio * randles_sevcik(d.scan_rate, n, d.concentration, d.diffusivity, d.temperature)
        found |= {"cv_peak_ratio": ratio, "cv_peak_shift": shift + peak * _uncompensated(d)}
    shape = np.broadcast_shapes(*(np.shape(v) for v in found.values()))
    return {name: np.broadcast_to(value, shape).astype(float) for name, value in found.items()}


def _uncompensated(d: Designs) -> Array:
    """Mean iR error over the mean current density [ohm m^2]."""
    w = np.asarray(d.width) / d.sides
    return fin_errors(1.0, d.conductivity, d.height, w, d.resistance, d.reference)[0]


def _where_flowing(d: Designs, law) -> Array:  # type: ignore[no-untyped-def]
    """A time for every design that carries a current, infinite for the others."""
    parts = (d.current, d.concentration, d.diffusivity, d.height, d.width, d.transference)
    i, c, x, h, w, t = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in parts))
    found = np.full(i.shape, np.inf)
    on = i != 0.0
    if on.any():
        found[on] = law(i[on], d.electrons, c[on], x[on], h[on], w[on], t[on])
    return found

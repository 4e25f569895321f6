r"""Closed forms for the current of a planar electrode in time: Cottrell, Sand, films, peaks of voltammograms.

Symbols: n electrons per ion, F Faraday's constant, D diffusivity, c concentration far away or at the start, H height
of a film whose other face is closed. With supporting electrolyte t = 0; for a binary salt whose cation reacts, D is
that of the salt and 1/(1 - t) the gain by migration. Sources: A. J. Bard, L. R. Faulkner, Electrochemical Methods,
2nd ed. 2001, eqs. 5.2.11 (Cottrell), 6.2.18 and 6.2.19 (Randles-Sevcik), 8.2.14 (Sand), 11.7.17 (thin layer);
H. J. S. Sand, Phil. Mag. 1 (1901) 45; the film by separation of variables (J. Crank, The Mathematics of Diffusion,
2nd ed. 1975, section 4.3.6).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from simcell.constants import GAS_CONSTANT, ROOM_TEMPERATURE
from simcell.numerics.grid import Array
from simcell.transport.kinetics import FARADAY

PEAK = 0.4462947  # largest value of -Li_{-1/2}(-exp(x)), the reversible voltammogram without dimensions


def cottrell(time: ArrayLike, electrons: float, concentration: float, diffusivity: float) -> Array:
    """Current density [A/m^2] at a time [s] after the surface was emptied: nFc sqrt(D / pi t).

    Examples
    --------
    >>> round(float(cottrell(1.0, 1, 1.0, 1e-9)), 3)
    1.721
    """
    return np.asarray(electrons * FARADAY * concentration * np.sqrt(diffusivity / (np.pi * np.asarray(time))))


def film_step(time: ArrayLike, electrons: float, concentration: float, diffusivity: float, height: float) -> Array:
    """Current density [A/m^2] of a closed film after its surface was emptied.

    (2nFDc/H) sum exp(-(2m+1)^2 pi^2 D t / 4 H^2); Cottrell's law at short times, whose terms are used there.

    Examples
    --------
    >>> float(film_step([1e-5], 1, 1.0, 1e-9, 1e-6)[0] / cottrell(1e-5, 1, 1.0, 1e-9))
    1.0...
    """
    tau = np.atleast_1d(np.asarray(time, dtype=float)) * diffusivity / height**2
    m = np.arange(40)[:, None]
    late = 2.0 * np.exp(-((2 * m + 1) ** 2) * np.pi**2 * tau / 4.0).sum(axis=0)
    k = np.arange(1, 8)[:, None]
    early = (1.0 + 2.0 * ((-1.0) ** k * np.exp(-(k**2) / tau)).sum(axis=0)) / np.sqrt(np.pi * tau)
    scaled = np.where(tau < 0.5, early, late)
    return np.asarray((electrons * FARADAY * diffusivity * concentration / height * scaled).reshape(np.shape(time)))


def sand_time(
    current: float, electrons: float, concentration: float, diffusivity: float, transference: float = 0.0
) -> float:
    """Time [s] until a constant current density [A/m^2] empties the surface of a half-infinite liquid.

    pi D (nFc / 2 i (1 - t))^2. In a layer thinner than sqrt(D time) it is far too long: `film_time`.

    Examples
    --------
    >>> round(sand_time(100.0, 2, 100.0, 6e-10), 2)
    17.55
    """
    return float(
        np.pi * diffusivity * (0.5 * electrons * FARADAY * concentration / (abs(current) * (1.0 - transference))) ** 2
    )


def film_time(
    current: float, electrons: float, concentration: float, diffusivity: float, height: float, transference: float = 0.0
) -> float:
    """Time [s] until a constant current density empties the surface of a closed film; one value of `film_times`.

    Examples
    --------
    >>> round(film_time(100.0, 2, 100.0, 6e-10, 0.5e-6), 5)
    0.09635
    """
    return float(film_times(current, electrons, concentration, diffusivity, height, transference))


def film_times(
    current: ArrayLike, electrons: float, concentration: ArrayLike, diffusivity: ArrayLike, height: ArrayLike,
    transference: ArrayLike = 0.0,
) -> Array:  # fmt: skip
    """Time [s] until a constant current density empties the surface of a closed film; arguments broadcast.

    Long after H^2 / D the surface lies i (1 - t) H / (3 n F D) below the mean, so t = nFcH / i(1 - t) - H^2 / 3D; where
    that is less than H^2 / D, the root of the whole series. Never longer than Sand's time.

    Examples
    --------
    >>> film_times([100.0, 1e4], 2, 100.0, 6e-10, [0.5e-6, 5e-6]).round(5)
    array([0.09635, 0.00175])
    """
    i, c, d, h = (np.asarray(a, dtype=float) for a in (current, concentration, diffusivity, height))
    unit = h**2 / d
    wanted = electrons * FARADAY * c * h / (np.abs(i) * (1.0 - np.asarray(transference))) / unit  # c / (flux H / D)
    late = wanted - 1.0 / 3.0
    low, high = np.zeros(wanted.shape), wanted
    if np.any(late <= 1.0):
        for _ in range(60):
            middle = 0.5 * (low + high)
            more = _surface_drop(middle) < wanted
            low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.asarray(np.where(late > 1.0, late, 0.5 * (low + high)) * unit)


def _surface_drop(tau: Array) -> Array:
    """Loss at the surface of a film at constant flux, over flux H / D, after tau H^2 / D."""
    m = np.arange(1, 60).reshape(-1, *([1] * np.ndim(tau)))
    series = (2.0 / (np.pi * m) ** 2 * np.exp(-((np.pi * m) ** 2) * tau)).sum(axis=0)
    # half-infinite at first; the far face is felt by exp(-1 / tau)
    return np.where(tau < 0.05, 2.0 * np.sqrt(tau / np.pi), tau + 1.0 / 3.0 - series)


def randles_sevcik(
    scan_rate: ArrayLike, electrons: float, concentration: ArrayLike, diffusivity: ArrayLike,
    temperature: float = ROOM_TEMPERATURE,
) -> Array:  # fmt: skip
    """Peak current density [A/m^2] of a reversible voltammogram in a half-infinite liquid at a scan rate [V/s].

    Examples
    --------
    >>> print(randles_sevcik(0.1, 1, 1.0, 1e-9).round(3))
    2.686
    """
    sigma = electrons * FARADAY * np.asarray(scan_rate, dtype=float) / (GAS_CONSTANT * temperature)
    return np.asarray(PEAK * electrons * FARADAY * np.asarray(concentration) * np.sqrt(sigma * np.asarray(diffusivity)))


def thin_layer_peak(
    scan_rate: float, electrons: float, concentration: float, height: float, temperature: float = ROOM_TEMPERATURE
) -> float:
    """Peak current density [A/m^2] of a reversible voltammogram in a closed film: n^2 F^2 v H c / 4RT.

    Proportional to the height, which makes it a gauge. Holds for nFvH^2 / RTD well below 1.

    Examples
    --------
    >>> round(thin_layer_peak(0.1, 1, 1.0, 1e-6), 4)
    0.0939
    """
    return (electrons * FARADAY) ** 2 * scan_rate * height * concentration / (4.0 * GAS_CONSTANT * temperature)


def plates_limit(
    electrons: float, concentration: float, diffusivity: float, distance: float, transference: float = 0.0
) -> float:
    """Limiting current density [A/m^2] of a binary salt between two plates of its metal: 2 z F D c / (1 - t) L.

    c is the mean concentration of the cation, D the diffusivity of the salt.

    Examples
    --------
    >>> round(plates_limit(1, 1000.0, 3e-10, 1e-4, 0.4), 1)
    964.9
    """
    return 2.0 * electrons * FARADAY * diffusivity * concentration / ((1.0 - transference) * distance)

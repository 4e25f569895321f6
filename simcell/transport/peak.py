r"""Height and place of the peak of a reversible voltammogram on a strip in a thin layer, against a bulk cell.

Dimensionless potential :math:`\xi`, scan :math:`s = nFv/RT`. What the liquid above the strip gives, mixed or not over
the height H, and what an endless layer on both sides gives along it, add to

.. math:: \frac{I}{l\,nFc\sqrt{sD}} = w\,\psi_H(\xi) + 2 H_e\,\psi(\xi), \qquad
   \psi_H = \frac{1}{2}\int_{-\infty}^{\infty} \frac{\sqrt{p} \tanh\sqrt{\omega p}\; e^{p \xi}}{\cosh \pi y}\,dy,
   \quad p = \tfrac12 + i y, \quad \omega = \frac{s H^2}{D}

(Laplace transform of the closed film, continued analytically along :math:`e^{\xi}`; large :math:`\omega` is the
half-infinite :math:`\psi = -\mathrm{Li}_{-1/2}(-e^\xi)` of R. S. Nicholson, I. Shain, Anal. Chem. 36 (1964) 706, small
:math:`\omega` the thin layer of A. T. Hubbard, F. C. Anson, Electroanal. Chem. 4 (1970) 129). :math:`H_e = H
(1 + \omega^2)^{-1/4}` is H in a thin layer and a diffusion length in a thick one, where edges draw on no more: an
interpolation between two limits, 0.5 % from the thin one at :math:`\omega = 0.14`.

In a thin layer this is exact: a reversible couple with equal diffusivities holds the same concentration all over the
strip, so the layer beside it sees what a planar electrode sees.

Assumptions: reversible couple, only one partner present at first and supported, equal diffusivities, no resistance:
the drop I R moves the peak by about its own height as long as it is small beside RT/nF.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcell.constants import GAS_CONSTANT, ROOM_TEMPERATURE
from simcell.numerics.grid import Array
from simcell.transport.kinetics import FARADAY
from simcell.transport.voltammetry import PEAK

THICK = 1e6  # omega from which tanh is 1 to rounding: as good as half-infinite
BULK_PLACE = 1.109  # xi of the peak in a half-infinite liquid
_XI = np.linspace(-0.8, 2.2, 121)  # all peaks lie between 0 (thin) and 1.109 (bulk)
_Y = np.linspace(
    -8.0, 8.0, 121
)  # 1 / cosh(pi y) is 2e-11 at the ends, the trapezoidal rule off by exp(-pi / step) = 6e-11


def film_wave(xi: ArrayLike, omega: float) -> Array:
    """Current of a closed film without dimensions, i / (nFc sqrt(sD)); omega = s H^2 / D, infinite: half-infinite.

    Examples
    --------
    >>> film_wave([0.0, 1.109], np.inf).round(4)  # Nicholson and Shain's 0.4463 at the peak
    array([0.3801, 0.4463])
    >>> round(float(film_wave(0.0, 1e-6)) / 1e-3, 4)  # thin layer: sqrt(omega) / 4
    0.25
    """
    return np.asarray((_waves(np.asarray(xi, dtype=float)) @ _transform(np.array([omega]))[:, 0]).real)


def _waves(xi: Array) -> NDArray[np.complex128]:
    """exp(p xi), last axis over p."""
    return np.asarray(np.exp(xi[..., None] * (0.5 + 1j * _Y)))


def _transform(omega: Array) -> NDArray[np.complex128]:
    """sqrt(p) tanh(sqrt(omega p)) with the weights of the integral (p, omega)."""
    root = np.sqrt(0.5 + 1j * _Y)[:, None]
    weight = 0.5 * (_Y[1] - _Y[0]) / np.cosh(np.pi * _Y)[:, None]
    return np.asarray(weight * root * np.tanh(np.sqrt(np.minimum(omega, THICK)) * root))


def strip_peak(
    width: ArrayLike, height: ArrayLike, scan_rate: ArrayLike, electrons: float, diffusivity: ArrayLike,
    temperature: float = ROOM_TEMPERATURE,
) -> tuple[Array, Array]:  # fmt: skip
    """Peak of a strip in a thin layer against that of the same area in a bulk cell.

    Parameters
    ----------
    width, height, scan_rate, diffusivity : float or array
        Of the strip [m], of the layer [m], [V/s], [m^2/s]; broadcast together.
    electrons : float
    temperature : float
        [K]

    Returns
    -------
    ratio : array
        Peak current over Randles and Sevcik's of the same area.
    shift : array
        How much later in the scan the peak comes than in a bulk cell [V]; negative: earlier. Without any I R.

    Examples
    --------
    >>> ratio, shift = strip_peak(20e-6, [0.5e-6, 1e-6], 0.1, 1, 7e-10)  # proportional to the height
    >>> ratio.round(4), (1e3 * shift).round(1)
    (array([0.0676, 0.1353]), array([-12.4, -12.4]))
    """
    w, h, v, d = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (width, height, scan_rate, diffusivity)))
    thermal = GAS_CONSTANT * temperature / (electrons * FARADAY)
    omega = (v / thermal) * h**2 / d
    unique, index = np.unique(omega, return_inverse=True)
    grid = _waves(_XI)
    films = (grid @ _transform(unique)).real.T[index.reshape(-1)]
    edges = (2.0 * h / w * (1.0 + omega**2) ** -0.25).reshape(-1, 1)
    top, place = _peak_of(films + edges * (grid @ _transform(np.array([THICK]))[:, 0]).real)
    return (top / PEAK).reshape(w.shape), ((place - BULK_PLACE) * thermal).reshape(w.shape)


def _peak_of(waves: Array) -> tuple[Array, Array]:
    """Top and place of each row, by the parabola through its three highest points."""
    n = np.clip(np.argmax(waves, axis=1), 1, _XI.size - 2)
    rows = np.arange(n.size)
    a, b, c = waves[rows, n - 1], waves[rows, n], waves[rows, n + 1]
    step = 0.5 * (a - c) / (a - 2.0 * b + c)
    return b - 0.25 * (a - c) * step, _XI[n] + step * (_XI[1] - _XI[0])

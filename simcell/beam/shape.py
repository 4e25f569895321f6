r"""Shape of a beam in the plane of the windows, and exact integrals of it over rectangles, lines and rings.

A beam is a sum of parts, each a disc, a Gaussian or a rectangle with a level, its relative dose rate at the centre:

.. math:: f(x, y) = \sum_p l_p\,g_p(x, y),\qquad A = \int f\,dA = \sum_p l_p A_p,\qquad I = e\,\Phi A

1 stands for the dose rate of the disc, or for the peak of the Gaussian; A is the effective area, which ties the flux
:math:`\Phi` at relative dose rate 1 to the current I. Areas of the parts: :math:`\pi d^2/4`; :math:`2\pi\sigma^2` with
:math:`d = 2\sqrt{2\ln 2}\,\sigma` (the diameter of a Gaussian is its full width at half maximum); width times height.

Every integral is a closed form. Assumptions: electrons cross the liquid parallel to z, so nothing depends on z;
scattering in the liquid does not widen the beam. Definitions, limits and sources: `docs/theory/footprint.md`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simcell.beam.dose import AREAS
from simcell.constants import ELEMENTARY_CHARGE
from simcell.numerics.check import not_negative, positive

Array = NDArray[np.float64]
SIGMA = 1.0 / (2.0 * math.sqrt(2.0 * math.log(2.0)))  # standard deviation over full width at half maximum
SHAPES = ("disc", "gaussian", "rectangle")


@dataclass(frozen=True)
class Box:
    """A rectangle in the plane of the windows [m]: the window, or the reach of a grid.

    Examples
    --------
    >>> box = Box.of(50e-6, 200e-6)
    >>> box.x, box.holds(0.0, 99e-6), box.holds(26e-6, 0.0)
    ((-2.5e-05, 2.5e-05), True, False)
    """

    x: tuple[float, float]
    y: tuple[float, float]

    def __post_init__(self) -> None:
        for name, (low, high) in (("x", self.x), ("y", self.y)):
            if not high > low:
                raise ValueError(f"the rectangle goes from {low:g} m to {high:g} m along {name}: the end comes first")

    @classmethod
    def of(cls, width: float, length: float, centre: tuple[float, float] = (0.0, 0.0)) -> Box:
        """Give the box of these sides [m] along x and y around a centre."""
        positive("width", width)
        positive("length", length)
        (x, y), a, b = centre, width / 2, length / 2
        return cls((x - a, x + a), (y - b, y + b))

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in the box."""
        return self.x[0] <= x <= self.x[1] and self.y[0] <= y <= self.y[1]

    def words(self) -> str:
        """Say where it is."""
        (a, b), (c, d) = self.x, self.y
        return f"x = {a:.4g} m to {b:.4g} m, y = {c:.4g} m to {d:.4g} m"


@dataclass(frozen=True)
class Part:
    """One disc, Gaussian or rectangle.

    Attributes
    ----------
    shape : str
        ``disc``, ``gaussian`` or ``rectangle``.
    size : two floats
        Along x and y [m]: sides of the rectangle, twice the diameter of the disc or the full width at half maximum.
    centre : two floats
        [m]
    level : float
        Relative dose rate at the centre.

    Examples
    --------
    >>> round(Part("gaussian", (1.0, 1.0)).area, 6)      # pi / (4 ln 2)
    1.13309
    """

    shape: str
    size: tuple[float, float]
    centre: tuple[float, float] = (0.0, 0.0)
    level: float = 1.0

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"a part of a beam is one of {', '.join(SHAPES)}; this one is {self.shape!r}")
        for value in self.size:
            positive(f"size of the {self.shape}", value)
        not_negative("level", self.level)
        if self.shape != "rectangle" and self.size[0] != self.size[1]:
            raise ValueError(f"a {self.shape} is round; its sizes are {self.size[0]:g} m and {self.size[1]:g} m")
        if not all(math.isfinite(c) for c in self.centre):
            raise ValueError(f"the centre of a beam is {self.centre}, it has to be finite")

    @property
    def area(self) -> float:
        """Integral over the plane at level 1 [m^2]."""
        a, b = self.size
        if self.shape == "rectangle":
            return a * b
        return AREAS[self.shape](a)

    @property
    def reach(self) -> tuple[float, float]:
        """Distances from the centre along x and y [m] beyond which less than 1e-15 of it lies."""
        times = 8.3 * SIGMA if self.shape == "gaussian" else 0.5
        return times * self.size[0], times * self.size[1]

    @property
    def words(self) -> str:
        """Say what it is and where."""
        wide = " x ".join(f"{v:.4g}" for v in self.size[: 1 + (self.shape == "rectangle")])
        return f"{self.shape} of {wide} m around x = {self.centre[0]:.4g} m, y = {self.centre[1]:.4g} m"


@dataclass(frozen=True)
class Footprint:
    """Shape of a beam in the plane of the windows: the sum of its parts.

    Examples
    --------
    >>> beam = gaussian(2e-6)
    >>> flux = beam.flux(1e-9)                            # peak of 1 nA
    >>> f"{flux:.4g} 1/m^2/s, {beam.current(flux) * 1e9:.3f} nA"
    '1.377e+21 1/m^2/s, 1.000 nA'
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if not self.parts or not any(part.level > 0.0 for part in self.parts):
            raise ValueError("a beam needs a part that doses")

    @property
    def area(self) -> float:
        """Effective area [m^2]: current over (elementary charge times flux at relative dose rate 1)."""
        return math.fsum(part.level * part.area for part in self.parts)

    def flux(self, current: float) -> float:
        """Flux at relative dose rate 1 [1/m^2/s] of a total current [A]."""
        not_negative("current", current)
        return current / ELEMENTARY_CHARGE / self.area

    def current(self, flux: float) -> float:
        """Total current [A] of a flux at relative dose rate 1 [1/m^2/s]."""
        not_negative("flux", flux)
        return flux * ELEMENTARY_CHARGE * self.area

    def at(self, x: float, y: float) -> float:
        """Relative dose rate at a point; parts that overlap add up."""
        return math.fsum(part.level * _point(part, x, y) for part in self.parts)

    def within(self, box: Box) -> float:
        """Share of the current that falls into a box."""
        return math.fsum(p.level * float(_in_box(p, box)) for p in self.parts) / self.area

    def within_radius(self, radius: float) -> float:
        """Share of the current within a radius [m] around the origin, for a beam that is centred there and round."""
        ring = np.array([0.0, radius])
        return math.fsum(p.level * float(in_rings(p, ring)[0]) for p in self.parts) * math.pi * radius**2 / self.area

    @property
    def centred(self) -> bool:
        """Whether the beam is round and its centre is the origin: what rings can carry."""
        return all(p.shape != "rectangle" and p.centre == (0.0, 0.0) for p in self.parts)


Tail = tuple[float, float]


def disc(diameter: float, centre: tuple[float, float] = (0.0, 0.0), tail: Tail | None = None) -> Footprint:
    """Evenly lit disc [m]; `tail` as for `gaussian`.

    Examples
    --------
    >>> round(disc(2.0).area, 6)
    3.141593
    """
    return _with_tail(Part("disc", (diameter, diameter), centre), tail)


def gaussian(diameter: float, centre: tuple[float, float] = (0.0, 0.0), tail: Tail | None = None) -> Footprint:
    """Gaussian with this full width at half maximum [m].

    Parameters
    ----------
    diameter : float
        Full width at half maximum of the core [m].
    centre : two floats
        [m]
    tail : (fraction, diameter), optional
        Share of the current in a second, wider Gaussian around the same centre, and its full width at half maximum
        [m]. Relative dose rate 1 is then the peak of the sum. Neither number has a default: measure them.

    Returns
    -------
    Footprint

    Examples
    --------
    >>> beam = gaussian(1e-6, tail=(0.1, 10e-6))
    >>> round(beam.at(0.0, 0.0), 12), round(beam.at(5e-6, 0.0), 6)
    (1.0, 0.000555)
    """
    return _with_tail(Part("gaussian", (diameter, diameter), centre), tail)


def rectangle(width: float, height: float, centre: tuple[float, float] = (0.0, 0.0)) -> Footprint:
    """Evenly lit rectangle [m]: the frame of a scan, averaged over time.

    Examples
    --------
    >>> rectangle(2.0, 3.0).area
    6.0
    """
    return Footprint((Part("rectangle", (width, height), centre),))


def several(beams: Iterable[tuple[Footprint, float]]) -> Footprint:
    """Several beams at once, each with its weight: its share of the total current is its weight over their sum.

    Relative dose rate 1 is that of the most intense of them on its own. Where they overlap they add up, above 1 too.

    Examples
    --------
    >>> pair = several([(disc(1.0), 1.0), (disc(2.0, (5.0, 0.0)), 1.0)])
    >>> pair.at(0.0, 0.0), pair.at(5.0, 0.0)
    (1.0, 0.25)
    """
    given = list(beams)
    for _, weight in given:
        positive("weight of a beam", weight)
    if not given:
        raise ValueError("a beam needs a part that doses")
    most = max(weight / beam.area for beam, weight in given)
    parts = [
        replace(part, level=part.level * weight / (beam.area * most)) for beam, weight in given for part in beam.parts
    ]
    return Footprint(tuple(parts))


def _with_tail(core: Part, tail: Tail | None) -> Footprint:
    if tail is None:
        return Footprint((core,))
    fraction, diameter = tail
    if not 0.0 < fraction < 1.0:
        raise ValueError(f"the tail holds {fraction:g} of the current: it has to be between 0 and 1")
    if not diameter > core.size[0]:
        raise ValueError(f"the tail is {diameter:g} m wide: it has to be wider than the core of {core.size[0]:g} m")
    wide = Part("gaussian", (diameter, diameter), core.centre)
    peaks = (1.0 - fraction) / core.area, fraction / wide.area
    return Footprint((replace(core, level=peaks[0] / sum(peaks)), replace(wide, level=peaks[1] / sum(peaks))))


# ----------------------------------------------------------------- integrals of one part at level 1


def disc_in_rectangle(radius: float, x: tuple[Array, Array], y: tuple[Array, Array]) -> Array:
    r"""Area [m^2] that a disc around the origin shares with rectangles.

    With the corner function :math:`Q(x, y)`, the area of the disc within [0, x] x [0, y] and odd in both, it is
    :math:`Q(x_1,y_1) - Q(x_0,y_1) - Q(x_1,y_0) + Q(x_0,y_0)`.

    Parameters
    ----------
    radius : float
        [m]
    x, y : pairs of arrays
        Lower and upper ends of the rectangles [m], to be broadcast.

    Returns
    -------
    array

    Examples
    --------
    >>> one = np.array(1.0)
    >>> round(float(disc_in_rectangle(1.0, (0 * one, one), (-one, one))), 12)      # half of it
    1.570796326795
    """
    (x0, x1), (y0, y1) = x, y
    # in this order the result is the same, to the last bit, for mirrored rectangles
    area = (_corner(radius, x1, y1) - _corner(radius, x0, y1)) - (_corner(radius, x1, y0) - _corner(radius, x0, y0))
    far = np.maximum(np.abs(x0), np.abs(x1)) ** 2 + np.maximum(np.abs(y0), np.abs(y1)) ** 2
    near = np.maximum(0.0, np.maximum(x0, -x1)) ** 2 + np.maximum(0.0, np.maximum(y0, -y1)) ** 2
    whole = (x1 - x0) * (y1 - y0)
    # the difference of four areas as large as the disc leaves round-off: cells that are in or out are so exactly
    return np.asarray(
        np.where(far <= radius**2, whole, np.where(near >= radius**2, 0.0, np.clip(area, 0.0, whole))), dtype=float
    )


def _corner(radius: float, x: Array, y: Array) -> Array:
    """Area of a disc within [0, x] x [0, y], odd in x and y."""
    sign = np.sign(x) * np.sign(y)
    a, b = np.minimum(np.abs(x), radius), np.minimum(np.abs(y), radius)
    top = np.sqrt((radius - b) * (radius + b))  # where the circle passes the height b
    reach = np.minimum(a, top)
    return np.asarray(sign * (reach * b + _under(radius, a) - _under(radius, reach)), dtype=float)


def _under(radius: float, x: Array) -> Array:
    """Area under the circle from 0 to x; with arctan2, as arcsin loses half of the digits near the radius."""
    height = np.sqrt((radius - x) * (radius + x))
    return np.asarray(0.5 * (x * height + radius**2 * np.arctan2(x, height)), dtype=float)


def _gauss(sigma: float, low: Array, high: Array) -> Array:
    """Integral of exp(-x^2/2 sigma^2) from low to high, with full relative precision in the tail."""
    from scipy.special import erf, erfc  # slow to import

    a, b = low / (math.sqrt(2.0) * sigma), high / (math.sqrt(2.0) * sigma)
    flip = b < 0.0
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    return np.asarray(
        sigma * math.sqrt(math.pi / 2.0) * np.where(a > 0.0, erfc(a) - erfc(b), erf(b) - erf(a)), dtype=float
    )


def _overlap(half: float, low: Array, high: Array) -> Array:
    """Length that [low, high] shares with [-half, half]."""
    return np.asarray(np.maximum(0.0, np.minimum(high, half) - np.maximum(low, -half)), dtype=float)


def in_rectangles(part: Part, x: tuple[Array, Array], y: tuple[Array, Array]) -> Array:
    """Integral of one part at level 1 [m^2] over rectangles between x[0] and x[1], y[0] and y[1] [m].

    Examples
    --------
    >>> ends = np.array(-5.0), np.array(5.0)
    >>> bool(abs(in_rectangles(Part("gaussian", (1.0, 1.0)), ends, ends) / (np.pi / (4 * np.log(2))) - 1) < 1e-14)
    True
    """
    cx, cy = part.centre
    (x0, x1), (y0, y1) = (x[0] - cx, x[1] - cx), (y[0] - cy, y[1] - cy)
    if part.shape == "disc":
        return disc_in_rectangle(part.size[0] / 2.0, (x0, x1), (y0, y1))
    if part.shape == "gaussian":
        return _gauss(SIGMA * part.size[0], x0, x1) * _gauss(SIGMA * part.size[1], y0, y1)
    return _overlap(part.size[0] / 2.0, x0, x1) * _overlap(part.size[1] / 2.0, y0, y1)


def along_cut(part: Part, x: tuple[Array, Array], y: float) -> Array:
    """Integral of one part at level 1 [m] along the line y = const [m], from x[0] to x[1] [m].

    Examples
    --------
    >>> float(along_cut(Part("disc", (10.0, 10.0)), (np.array(0.0), np.array(9.0)), 3.0))
    4.0
    """
    x0, x1, off = x[0] - part.centre[0], x[1] - part.centre[0], y - part.centre[1]
    if part.shape == "gaussian":
        sigma = SIGMA * part.size[0]
        return _gauss(sigma, x0, x1) * math.exp(-0.5 * (off / sigma) ** 2)
    if abs(off) > part.size[1] / 2.0:
        return np.zeros(np.broadcast(x0, x1).shape)
    half = part.size[0] / 2.0
    return _overlap(half if part.shape == "rectangle" else math.sqrt((half - off) * (half + off)), x0, x1)


def in_rings(part: Part, faces: Array) -> Array:
    """Average of one part at level 1 over rings between radii [m]; the part is round and centred.

    Examples
    --------
    >>> in_rings(Part("disc", (2 * np.sqrt(2.5),) * 2), np.array([0.0, 1.0, 2.0])).round(6)
    array([1. , 0.5])
    """
    square = faces**2
    width = np.diff(square)
    if part.shape == "disc":
        return np.asarray(np.clip(((part.size[0] / 2.0) ** 2 - square[:-1]) / width, 0.0, 1.0), dtype=float)
    twice = 2.0 * (SIGMA * part.size[0]) ** 2
    return np.asarray(np.exp(-square[:-1] / twice) * -np.expm1(-width / twice) * twice / width, dtype=float)


def _in_box(part: Part, box: Box) -> Array:
    (a, b), (c, d) = (tuple(np.asarray(v) for v in side) for side in (box.x, box.y))
    return in_rectangles(part, (a, b), (c, d))


def _point(part: Part, x: float, y: float) -> float:
    dx, dy = x - part.centre[0], y - part.centre[1]
    if part.shape == "gaussian":
        return math.exp(-0.5 * (dx**2 + dy**2) / (SIGMA * part.size[0]) ** 2)
    if part.shape == "disc":
        return float(math.hypot(dx, dy) <= part.size[0] / 2.0)
    return float(abs(dx) <= part.size[0] / 2.0 and abs(dy) <= part.size[1] / 2.0)

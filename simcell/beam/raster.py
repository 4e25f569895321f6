"""Scanned probe (STEM): where it is when, as footprint of a whole frame or as a sequence of lines or pixels.

A frame has nx x ny square pixels. The fast axis runs along its lines; after each line, and after each frame, the
beam is blanked for the fly-back. Frame time = lines x (pixels per line x dwell + line fly-back) + frame fly-back.

Relative dose rate 1 is the average over the frame and its whole time, fly-back included, so that all three views,
frame, line and pixel, go with the same dose rate: I x duty / (e x area of the frame) x stopping power, and have the
same average over time. A pixel is lit evenly unless a probe is given. Assumptions: the probe jumps; a fly-back with
the beam on, which doses the ends of lines once more, is not modelled. When the average will do: see `averaging`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcell.beam.footprint import relative_dose_rate
from simcell.beam.shape import SIGMA, Array, Box, Footprint, Part, rectangle
from simcell.numerics.check import not_negative, positive
from simcell.numerics.grid import Grid

ORDERS = ("raster", "serpentine", "hopping")
VIEWS = ("frame", "line", "pixel")
MOST_SEGMENTS = 100_000
MOST_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Scan:
    """One frame of a scan, repeated.

    Parameters
    ----------
    frame : two int
        Pixels along x and y.
    pixel, dwell : float
        Distance of scan points [m] and time on each [s].
    centre : two floats
        Of the frame [m].
    order : {"raster", "serpentine", "hopping"}
        Every line the same way; every other line backwards; or every `hop`-th line, and in it every `hop`-th pixel,
        first, then those next to them, and so on.
    hop : int
        Stride of "hopping".
    line_flyback, frame_flyback : float
        Time without beam after each line and after each frame [s].
    probe : float, optional
        Diameter of the probe [m]; without it the probe fills its pixel.
    profile : {"disc", "gaussian"}
        Of the probe; the diameter of a Gaussian is its full width at half maximum.
    fast : {"x", "y"}
        Direction of the lines.

    Examples
    --------
    >>> scan = Scan((512, 512), 10e-9, 2e-6, line_flyback=100e-6)
    >>> print(f"{scan.frame_time:.4f} s, duty {scan.duty:.3f}")
    0.5755 s, duty 0.911
    """

    frame: tuple[int, int]
    pixel: float
    dwell: float
    centre: tuple[float, float] = (0.0, 0.0)
    order: str = "raster"
    hop: int = 1
    line_flyback: float = 0.0
    frame_flyback: float = 0.0
    probe: float | None = None
    profile: str = "disc"
    fast: str = "x"

    def __post_init__(self) -> None:
        if any(n < 1 or n != int(n) for n in self.frame):
            raise ValueError(
                f"frame is {self.frame[0]} x {self.frame[1]}, it needs whole numbers of at least one pixel"
            )
        for what in ("pixel", "dwell"):
            positive(what, getattr(self, what))
        for what in ("line_flyback", "frame_flyback"):
            not_negative(what.replace("_", " "), getattr(self, what))
        if self.probe is not None:
            positive("probe", self.probe)
        if self.order not in ORDERS or self.fast not in ("x", "y") or self.profile not in ("disc", "gaussian"):
            raise ValueError(
                f"a scan has an order of {', '.join(ORDERS)}, a fast axis x or y and a profile disc or gaussian; this "
                f"one has {self.order!r}, {self.fast!r} and {self.profile!r}"
            )
        if self.order == "hopping" and not 2 <= self.hop <= max(self.frame):
            raise ValueError(f"hop is {self.hop}: hopping takes a stride from 2 to {max(self.frame)} pixels")

    @property
    def sides(self) -> tuple[float, float]:
        """Of the frame along x and y [m]."""
        return self.frame[0] * self.pixel, self.frame[1] * self.pixel

    @property
    def lines(self) -> tuple[int, int]:
        """Number of lines, and of pixels in each."""
        nx, ny = self.frame
        return (ny, nx) if self.fast == "x" else (nx, ny)

    @property
    def line_time(self) -> float:
        """From the start of one line to that of the next [s]."""
        return self.lines[1] * self.dwell + self.line_flyback

    @property
    def frame_time(self) -> float:
        """From one visit of a pixel to the next [s]."""
        return self.lines[0] * self.line_time + self.frame_flyback

    @property
    def duty(self) -> float:
        """Share of the time in which the beam is on."""
        return self.frame[0] * self.frame[1] * self.dwell / self.frame_time

    @property
    def footprint(self) -> Footprint:
        """The frame, evenly lit: relative dose rate 1 inside."""
        return rectangle(*self.sides, self.centre)

    @property
    def spread(self) -> float:
        """Standard deviation of the Gaussian that has the same peak and the same current as the probe [m]."""
        if self.probe is None:
            return self.pixel / np.sqrt(2.0 * np.pi)
        return self.probe * (SIGMA if self.profile == "gaussian" else 1.0 / np.sqrt(8.0))

    def line_order(self) -> NDArray[np.int64]:
        """Lines as they are visited."""
        return _hops(self.lines[0], self.hop if self.order == "hopping" else 1)

    def visits(self) -> Array:
        """Time at which the beam comes to each pixel [s], (ny, nx), from the start of the frame."""
        count, per_line = self.lines
        along = np.empty(per_line)
        along[_hops(per_line, self.hop if self.order == "hopping" else 1)] = np.arange(per_line) * self.dwell
        times = np.empty((count, per_line))
        for turn, line in enumerate(self.line_order()):
            back = self.order == "serpentine" and turn % 2 == 1
            times[line] = turn * self.line_time + (along[::-1] if back else along)
        return times if self.fast == "x" else times.T

    def part(self, view: str, index: int) -> Part:
        """What is lit at a time: line `index` (in space, not in time), or pixel `index` counted along x first."""
        nx, ny = self.frame
        if view == "line":
            size = (self.sides[0], self.pixel) if self.fast == "x" else (self.pixel, self.sides[1])
            place = ((nx - 1) / 2.0, index) if self.fast == "x" else (index, (ny - 1) / 2.0)
            shape = "rectangle"
        else:
            place = (index % nx, index // nx)
            size = (self.pixel,) * 2 if self.probe is None else (self.probe,) * 2
            shape = "rectangle" if self.probe is None else self.profile
        centre = tuple(
            c + (i + 0.5 - n / 2.0) * self.pixel for c, i, n in zip(self.centre, place, (nx, ny), strict=True)
        )
        flat = Part(shape, size, (centre[0], centre[1]))
        return Part(shape, size, flat.centre, self.sides[0] * self.sides[1] / (self.duty * flat.area))


def _hops(n: int, stride: int) -> NDArray[np.int64]:
    return np.concatenate([np.arange(start, n, stride) for start in range(min(stride, n))])


@dataclass(frozen=True)
class Sequence:
    """Piecewise constant exposure: in segment s, from switch[s] to switch[s+1], the beam is scale[s] x pattern[s].

    Examples
    --------
    >>> q = sequence(Scan((4, 2), 1e-9, 1e-6), "line", until=8e-6)
    >>> q.pattern.tolist(), bool(np.allclose(q.switch, [0.0, 4e-6, 8e-6]))
    ([0, 1], True)
    """

    switch: Array  # (s+1,) s
    scale: Array  # (s,)
    pattern: NDArray[np.int64]  # (s,) index of the line or pixel in space

    def gated(self, switch: Array, scale: Array) -> Sequence:
        """Give the same with the beam blanked or scaled by another piecewise constant function (the scan goes on)."""
        ends = np.union1d(self.switch, switch[(switch > self.switch[0]) & (switch < self.switch[-1])])
        own = np.clip(np.searchsorted(self.switch, ends[:-1], side="right") - 1, 0, self.scale.size - 1)
        other = np.searchsorted(switch, ends[:-1], side="right") - 1
        factor = np.where((other >= 0) & (other < scale.size), scale[np.clip(other, 0, scale.size - 1)], 0.0)
        return Sequence(ends, self.scale[own] * factor, self.pattern[own])


@dataclass(frozen=True)
class Cost:
    """What a resolved scan takes: segments between switches, patterns, bytes for the patterns.

    Examples
    --------
    >>> cost(Scan((512, 512), 1e-9, 1e-6), "line", until=1.0, cells=10_000)
    Cost(segments=1954, patterns=512, bytes=40960000)
    """

    segments: int
    patterns: int
    bytes: int

    def seconds(self, step: float, steps: float) -> float:
        """Wall time [s] for `steps` time steps per segment that take `step` seconds each: measure both in a short run.

        A solver starts anew at every switch, so that a few steps per segment are the least.
        """
        return self.segments * step * steps


def cost(scan: Scan, view: str, until: float, cells: int, frames: int | None = None) -> Cost:
    """Count what `sequence` and `patterns` would make, without making it.

    Examples
    --------
    >>> cost(Scan((512, 512), 1e-9, 1e-6), "pixel", until=0.25, cells=100).segments
    250000
    """
    positive("duration", until)
    if view not in ("line", "pixel"):
        raise ValueError(f'a scan is resolved by "line" or "pixel", not {view!r}; the frame needs no sequence')
    count, per_line = scan.lines
    flyback = count * (scan.line_flyback > 0.0) or int(scan.frame_flyback > 0.0)
    parts = count * per_line if view == "pixel" else count
    share = min(until / scan.frame_time, np.inf if frames is None else frames)
    segments = int(np.ceil(share * (parts + flyback) - 1e-9))
    return Cost(segments, parts, 8 * cells * parts)


def sequence(scan: Scan, view: str, until: float, *, frames: int | None = None) -> Sequence:
    """Switch times of a scan from t = 0.

    Parameters
    ----------
    scan : Scan
    view : {"line", "pixel"}
    until : float
        End [s]; the last frame may be cut short.
    frames : int, optional
        The beam stays off after so many; default: no end.

    Returns
    -------
    Sequence
        `pattern` counts lines, or pixels along x first, in space: as `patterns` does.

    Raises
    ------
    ValueError
        If that makes more than 100000 segments, with the number of frames that would do.

    Examples
    --------
    >>> q = sequence(Scan((2, 2), 1e-9, 1.0, order="serpentine"), "pixel", until=6.0, frames=1)
    >>> q.pattern.tolist(), q.scale.tolist()
    ([0, 1, 3, 2, 2], [1.0, 1.0, 1.0, 1.0, 0.0])
    """
    need = cost(scan, view, until, 1, frames)
    if need.segments > MOST_SEGMENTS:
        per_frame = cost(scan, view, scan.frame_time, 1).segments
        fit = MOST_SEGMENTS // per_frame
        instead = f"; {fit} frames, {fit * scan.frame_time:.4g} s, would fit" if fit else ""
        lines = ', or resolve by "line"' if view == "pixel" else ', or average over the "frame"'
        raise ValueError(
            f'resolving {until:.4g} s of the scan by "{view}" makes {need.segments} segments of constant beam; '
            f"{MOST_SEGMENTS} are the limit{instead}{lines}"
        )
    start, length, index = _one_frame(scan, view)
    count = int(np.ceil(min(until / scan.frame_time, np.inf if frames is None else frames) - 1e-9))
    starts = (np.arange(count)[:, None] * scan.frame_time + start).ravel()
    ends, which = starts + np.tile(length, count), np.tile(index, count)
    keep = starts < until * (1.0 - 1e-12)
    return _with_gaps(starts[keep], np.minimum(ends[keep], until), which[keep], until, scan.dwell)


def _one_frame(scan: Scan, view: str) -> tuple[Array, Array, NDArray[np.int64]]:
    """Start, length and pattern of all that is lit, in the order of time."""
    count, per_line = scan.lines
    if view == "line":
        return (
            np.arange(count, dtype=float) * scan.line_time,
            np.full(count, per_line * scan.dwell, dtype=float),
            scan.line_order(),
        )
    times = scan.visits().ravel()
    order = np.argsort(times)
    return times[order], np.full(times.size, scan.dwell), order


def _with_gaps(starts: Array, ends: Array, which: NDArray[np.int64], until: float, dwell: float) -> Sequence:
    """Segments with darkness in the gaps; what follows within round-off of the dwell is joined."""
    following = np.append(starts[1:], until)
    gap = following - ends > 1e-6 * dwell
    ends = np.where(gap, ends, following)
    at = np.repeat(np.arange(starts.size), 1 + gap)
    dark = np.zeros(at.size, dtype=bool)
    dark[np.cumsum(1 + gap)[gap] - 1] = True
    switch = np.append(np.where(dark, ends[at], starts[at]), until)
    return Sequence(switch, np.where(dark, 0.0, 1.0), which[at])


def patterns(scan: Scan, view: str, grid: Grid, window: Box | None = None, *, y: float = 0.0) -> Array:
    """Relative dose rate of every cell for each line or pixel; 1 is the average over frame and time.

    Parameters
    ----------
    scan : Scan
    view : {"frame", "line", "pixel"}
        "frame" gives one pattern, the average.
    grid : Grid
        Not `radial`. A cell larger than a line or a pixel gets the exact average.
    window : Box, optional
        As for `relative_dose_rate`.
    y : float
        Where a `section` cuts [m]. Only scans with ``fast="y"`` are what a section can show: lines into the picture.

    Returns
    -------
    (p, nz, ny, nx) array

    Raises
    ------
    ValueError
        If the patterns take more than 2 GB, or on a grid that cannot carry them.

    Examples
    --------
    >>> from simcell.numerics.grid import plan
    >>> scan = Scan((4, 2), 1.0, 1.0)
    >>> patterns(scan, "line", plan([-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0], 1.0), y=0.0)[:, 0].tolist()
    [[[2.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [2.0, 2.0]]]
    """
    if grid.kind == "radial":
        raise ValueError("a radial grid carries no scan, which is not round; use plan or full, or a round beam instead")
    if view == "frame":
        return relative_dose_rate(grid, scan.footprint, window, y=y)[None]
    if grid.kind == "batch":
        raise ValueError(f'a well-mixed cell has no lines or pixels to resolve by "{view}"; use "frame"')
    if grid.kind == "section" and (scan.fast != "y" or view != "line"):
        raise ValueError(
            'a section shows lines that run into the picture: a scan with fast axis "y" resolved by "line"'
        )
    cells = int(np.prod(grid.shape))
    need = cost(scan, view, scan.frame_time, cells)
    if need.bytes > MOST_BYTES:
        raise ValueError(
            f"{need.patterns} patterns on {cells} cells take {need.bytes / 1e9:.3g} GB; {MOST_BYTES / 1e9:g} GB are "
            f"the limit: {MOST_BYTES // (8 * need.patterns)} cells would fit, or larger pixels"
        )
    out = np.empty((need.patterns, *grid.shape))
    for index in range(need.patterns):
        out[index] = relative_dose_rate(grid, Footprint((scan.part(view, index),)), window, y=y)
    return out

"""From the section ``[beam]`` to the shape of the beam and the scan: SI numbers in, physics out."""

from __future__ import annotations

from simcell.beam.raster import Scan
from simcell.beam.shape import Footprint, disc, gaussian, several
from simcell.errors import InputError, Problem
from simcell.inputs.beam import BeamInput

SHAPES = {"disc": disc, "gaussian": gaussian}


def scan_of(b: BeamInput) -> Scan:
    """The scan of a case with ``mode = "stem"``.

    Examples
    --------
    >>> b = BeamInput(mode="stem", pixel="1 nm", dwell="5 us", frame=[1024, 1024], line_flyback="1 ms")
    >>> round(scan_of(b).frame_time, 6)
    6.26688
    """
    assert b.pixel is not None and b.dwell is not None and b.frame is not None  # checked with the case
    return Scan(
        b.frame, b.pixel, b.dwell, centre=b.center or (0.0, 0.0), order=b.scan_order or "raster", hop=b.hop or 1,
        line_flyback=b.line_flyback or 0.0, frame_flyback=b.frame_flyback or 0.0, probe=b.probe, profile=b.profile,
        fast=b.fast_axis or "x",
    )  # fmt: skip


def footprint_of(b: BeamInput) -> Footprint:
    """Shape of the beam of a case; of a scan the frame.

    Relative dose rate 1 goes with the dose rate of `simcell.studies.setup.beam_of`: of the disc, of the peak of the
    Gaussian, of the most intense of several spots, or the average over the frame.

    Raises
    ------
    InputError
        If the case names no diameter.

    Examples
    --------
    >>> b = BeamInput(energy="300 kV", current="1 nA", diameter="2 um", profile="gaussian")
    >>> f"{footprint_of(b).flux(b.current):.4g}"
    '1.377e+21'
    """
    if b.mode == "stem":
        return scan_of(b).footprint
    tail = (b.tail.fraction, b.tail.diameter) if b.tail else None
    make = SHAPES[b.profile]
    if b.spots:
        sized = [(spot, spot.diameter or b.diameter) for spot in b.spots]
        return several((make(width, spot.center, tail), spot.weight) for spot, width in sized if width is not None)
    if b.diameter is None:
        raise InputError(Problem("", "beam.diameter", None, "is missing, a run in space needs it", '"2 um"'))
    return make(b.diameter, b.center or (0.0, 0.0), tail)

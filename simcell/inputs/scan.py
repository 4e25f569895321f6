"""Keys of a scanned beam in ``[beam]``: where the probe goes, and how finely a run follows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from simcell.inputs.fields import Choice, Frame, Measure, Model, Whole
from simcell.inputs.rules import Given, Rule

SCAN_KEYS = (
    "pixel", "dwell", "frame", "probe", "scan_order", "hop", "fast_axis", "line_flyback", "frame_flyback", "resolved",
)  # fmt: skip
SPOT_KEYS = ("diameter", "flux", "dose_rate", "tail", "spots")

_Flyback = Annotated[float | None, Measure("time", maximum=1e3, bounds="must be from 0 s to 1000 s", example="100 us")]


class ScanInput(Model):
    """What ``[beam]`` says of a scan, in SI units; None where it says nothing.

    Examples
    --------
    >>> ScanInput(pixel="1 nm", scan_order="serpentine").pixel
    1e-09
    """

    pixel: Annotated[
        float | None,
        Measure("length", minimum=1e-12, maximum=1e-4, bounds="must be from 1 pm to 100 um", example="1 nm"),
    ] = Field(None, examples=['"1 nm"'], description="STEM: distance of scan points")
    dwell: Annotated[
        float | None,
        Measure("time", minimum=1e-9, maximum=1e3, bounds="must be from 1 ns to 1000 s", example="5 us"),
    ] = Field(None, examples=['"5 us"'], description="STEM: time on each scan point")
    frame: Annotated[tuple[int, int] | None, Frame()] = Field(
        None, examples=["[1024, 1024]"], description="STEM: scan points along x and y"
    )
    probe: Annotated[
        float | None,
        Measure("length", minimum=1e-11, maximum=1e-4, bounds="must be from 0.01 nm to 100 um", example="0.2 nm"),
    ] = Field(None, examples=['"0.2 nm"'], description="STEM: diameter of the probe")
    scan_order: Annotated[
        Literal["raster", "serpentine", "hopping"] | None, Choice(("raster", "serpentine", "hopping"))
    ] = Field(None, examples=['"raster"'], description="STEM: order of the scan points; default raster")
    hop: Annotated[int | None, Whole(2, 65536, "8")] = Field(
        None, examples=["8"], description="STEM: stride of a hopping scan, in lines and pixels"
    )
    fast_axis: Annotated[Literal["x", "y"] | None, Choice(("x", "y"))] = Field(
        None, examples=['"x"'], description="STEM: direction of the lines; default x"
    )
    line_flyback: _Flyback = Field(
        None, examples=['"100 us"'], description="STEM: time without beam after each line; default none"
    )
    frame_flyback: _Flyback = Field(
        None, examples=['"1 ms"'], description="STEM: time without beam after each frame; default none"
    )
    resolved: Annotated[Literal["frame", "line", "pixel"] | None, Choice(("frame", "line", "pixel"))] = Field(
        None,
        examples=['"frame"'],
        description="STEM: what a run in space follows, from the average over the frame (default) to each pixel",
    )


def scan_rules(given: Given) -> Iterator[Rule]:
    """Keys of a scan belong to mode "stem", those of a resting beam to "tem"; hopping needs its stride.

    Examples
    --------
    >>> given = Given({"beam": {"pixel": "1 nm"}}, {"beam": {"mode": "tem"}}, {})
    >>> [rule.reason for rule in scan_rules(given)]
    ['belongs to mode = "stem", but the mode is "tem"']
    """
    mode = given.value("beam", "mode")
    strangers = {"tem": SCAN_KEYS, "stem": SPOT_KEYS}
    for key in strangers.get(str(mode), ()):
        if given.wrote("beam", key):
            other = "stem" if mode == "tem" else "tem"
            reason = f'belongs to mode = "{other}", but the mode is "{mode}"'
            yield Rule(f"beam.{key}", given.raw("beam", key), reason)
    if mode == "stem":
        yield from _order_rules(given)


def _order_rules(given: Given) -> Iterator[Rule]:
    order, hop, frame = (given.value("beam", key) for key in ("scan_order", "hop", "frame"))
    if order == "hopping" and not given.wrote("beam", "hop"):
        yield Rule("beam.hop", None, 'is missing, scan_order = "hopping" needs it', "8")
    elif given.wrote("beam", "hop") and order != "hopping":
        yield Rule("beam.hop", given.raw("beam", "hop"), 'belongs to scan_order = "hopping"')
    elif hop is not None and frame is not None and hop > max(frame):
        reason = f"is a stride beyond the frame of {frame[0]} x {frame[1]} pixels"
        yield Rule("beam.hop", hop, f"{reason}; {max(frame)} is the most", "8")
    if given.value("beam", "profile") == "gaussian" and not given.wrote("beam", "probe"):
        reason = 'is missing, profile = "gaussian" of a scanned beam is that of the probe'
        yield Rule("beam.probe", None, reason, '"0.2 nm"')

"""Shape numbers of a segmented micrograph or of a result, with the same functions for both."""

from __future__ import annotations

import os

import numpy as np

from simcell.dendrite.arms import numbers
from simcell.errors import InputError, Problem, ResultError

UNITS = {
    "tip_position": "m", "tip_radius": "m", "area": "m^2", "perimeter": "m", "roughness": "m", "arm_spacing": "m",
    "fractal_dimension": "1", "isoperimetric_quotient": "1", "coverage": "1", "dead_fraction": "1", "loose": "1",
}  # fmt: skip
COVERED = 4.0  # pixels over the bare electrode, from which on metal counts as a deposit
_TURNS = {"left": 0, "top": 1, "right": 2, "bottom": 3}  # quarter turns that bring the electrode to the left


def of_picture(
    path: str | os.PathLike[str], scale: float, electrode: str = "left", *, front: float = 0.0, dark: bool = False,
    threshold: float = 0.5,
) -> dict[str, float]:  # fmt: skip
    """Measure a segmented micrograph.

    Parameters
    ----------
    path : path-like
        A picture of one or more channels; grey is their mean.
    scale : float
        Size of a pixel [m].
    electrode : str
        Side at which the electrode is: ``left``, ``right``, ``top`` or ``bottom``.
    front : float
        Where the bare electrode ends, from that side [m].
    dark : bool
        Whether metal is dark.
    threshold : float
        Grey level between 0 and 1 that divides metal from liquid.

    Returns
    -------
    dict
        As from `simcell.dendrite.arms.numbers`; units in `UNITS`.

    Raises
    ------
    InputError
        For a file that is no picture, and one that is all metal or all liquid at this threshold, with its grey levels.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> comb = np.zeros((60, 80), dtype=np.uint8)
    >>> comb[:, :10], comb[5::20, :50], comb[6::20, :50] = 255, 255, 255
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.fromarray(comb).save(Path(folder) / "comb.png")
    ...     found = of_picture(Path(folder) / "comb.png", 5e-9, front=50e-9)
    >>> round(found["tip_position"] * 1e9, -1), round(found["arm_spacing"] * 1e9), found["coverage"]
    (200.0, 100, 0.1)
    """
    grey = _grey(path)
    metal = grey < threshold if dark else grey > threshold
    metal = np.rot90(metal, _TURNS[electrode]) if electrode in _TURNS else metal
    if metal.all() or not metal.any():
        what = "metal" if metal.all() else "liquid"
        reason = f"is all {what} at {threshold:g}; its grey levels go from {grey.min():.3g} to {grey.max():.3g}"
        raise InputError(Problem(os.fspath(path), "--threshold", threshold, reason, f"{float(grey.mean()):.2g}"))
    try:
        return numbers(metal.astype(float), scale, front, COVERED * scale)
    except ValueError as error:
        raise InputError(Problem(os.fspath(path), "", None, str(error))) from None


def of_result(path: str | os.PathLike[str], seconds: float | None = None) -> dict[str, float]:
    """Measure the deposit of a result at one time [s]; the last when not given.

    Raises
    ------
    ResultError
        For a result that holds no growth.

    Examples
    --------
    >>> of_result("nothing.nc")
    Traceback (most recent call last):
        ...
    simcell.errors.ResultError: nothing.nc: no such file
    """
    from simcell.results.growth_plots import group_of
    from simcell.results.space import at
    from simcell.results.store import read

    group = group_of(read(path))
    phase = group["phase"].isel(time=at(group, seconds)).values
    if phase.ndim != 2:
        raise ResultError(f"{os.fspath(path)}: one row of cells has no shape")
    x = group["x"].values
    spacing = float(x[1] - x[0])
    return numbers(phase, spacing, 0.5 * spacing - float(x[0]), COVERED * spacing)


def _grey(path: str | os.PathLike[str]) -> np.ndarray:
    """Grey levels from 0 to 1, rows from the top."""
    from PIL import Image, UnidentifiedImageError

    shown = os.fspath(path)
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image)
    except FileNotFoundError:
        raise InputError(Problem(shown, "", None, "there is no such file")) from None
    except (UnidentifiedImageError, OSError) as error:
        raise InputError(Problem(shown, "", None, f"is not a picture that can be read ({error})")) from None
    if pixels.dtype == bool:
        return pixels.astype(float)
    largest = float(np.iinfo(pixels.dtype).max) if pixels.dtype.kind in "iu" else 1.0
    grey = np.asarray(pixels, dtype=float) / largest
    return grey[..., : min(3, grey.shape[-1])].mean(axis=-1) if grey.ndim == 3 else grey

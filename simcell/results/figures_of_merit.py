"""The figures by which designs of a cell are compared: name, unit, which way is better, how they are shown.

They are the variables of the group /design of a result.
"""

from __future__ import annotations

from typing import NamedTuple


class Merit(NamedTuple):
    """One figure.

    Examples
    --------
    >>> MERITS["resolution"].better
    'low'
    """

    unit: str  # SI
    better: str  # "low" or "high"
    words: str
    shown: tuple[float, str] = (1.0, "")  # factor and unit of pictures
    gaps: bool = False


_TIME_GAP = "; NaN: no current"

#: name -> figure; times of depletion are NaN where no current flows
MERITS: dict[str, Merit] = {
    "edge_factor": Merit("1", "low", "current density of the outermost 5 % of the width over the mean"),
    "mean_ir_error": Merit("V", "low", "iR error at the working electrode, weighted with the current", (1e3, "mV")),
    "max_ir_error": Merit("V", "low", "largest iR error at the working electrode", (1e3, "mV")),
    "cell_resistance": Merit("V/A", "low", "resistance of the liquid between the electrodes", (1e-6, "Mohm")),
    "penetration_length": Merit("m", "high", "length over which current enters the electrode", (1e6, "µm")),
    "limiting_current": Merit(
        "A/m^2", "high", "current density that diffusion along a strip sustains, a lower bound", (0.1, "mA/cm²")
    ),
    "filling_time": Merit("s", "high", f"time that the liquid above the electrode lasts{_TIME_GAP}", (1.0, "s"), True),
    "depletion_time": Merit(
        "s", "high", f"time until its middle is empty, with diffusion along the layer{_TIME_GAP}", (1.0, "s"), True
    ),
    "film_sand_time": Merit("s", "high", f"thin-layer Sand time{_TIME_GAP}", (1.0, "s"), True),
    "sand_time": Merit("s", "high", f"Sand time of a thick liquid, for comparison{_TIME_GAP}", (1.0, "s"), True),
    "exchange_time": Merit("s", "low", "time in which diffusion renews the layer to 95 %", (1.0, "s")),
    "cv_peak_ratio": Merit("1", "high", "peak of a reversible voltammogram over that in a bulk cell"),
    "cv_peak_shift": Merit("V", "low", "how much later in the scan the peak comes than in a bulk cell", (1e3, "mV")),
    "filling": Merit("m", "high", "metal that one filling of the layer above the electrode holds", (1e9, "nm")),
    "liquid_thickness": Merit("m", "low", "largest thickness of the liquid above the electrode", (1e6, "µm")),
    "resolution": Merit("m", "low", "spread of a STEM probe in the liquid (nine in ten electrons)", (1e9, "nm")),
    "solved_edge_factor": Merit("1", "low", "edge factor of the section with resolved height"),
    "solved_ir_error": Merit("V", "low", "mean iR error of the section with resolved height", (1e3, "mV")),
}

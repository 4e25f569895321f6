"""Trends with current beside experiment, as phase-field runs: zinc, lithium, calcium and magnesium from a rough front.

Run from the root of the tree: ``python -m validation.val_trend_runs [--figure NAME.png] [METAL ...]`` (minutes). Every
run deposits the same mean thickness onto the same rough electrode and says how much rougher it has become. Predicted:
how that depends on the current. Chosen, since the reports do not give it: 30 A/m^2 of exchange current, the lowest
calculated surface energy (against vacuum), the roughness at the start (50 nm), the distance of the supply (10 um for
zinc, 80 um for the others); for calcium and magnesium also diffusivity (3e-10 m^2/s) and transference number (0.3), of
which no values are known here. Left out: films, nuclei, anisotropy, noise, the beam.
Exit code 1 if roughening does not rise with current.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from simcell.case import Case
from simcell.dendrite.stability import sand_time
from simcell.errors import SolverError
from simcell.results.provenance import read_provenance
from simcell.studies.growth_setup import growth_of

GUESSED = {"diffusivity": "3e-10 m^2/s", "transference": 0.3}


@dataclass(frozen=True)
class Series:
    """One metal: electrolyte, currents [mA/cm^2] and what was seen, box, mean thickness [m], chosen constants."""

    metal: str
    preset: str
    concentration: str
    currents: tuple[float, ...]
    seen: tuple[str, ...]
    box: dict[str, str]
    thickness: float
    chosen: dict[str, Any]


SMALL = {"width": "3 um", "gap": "5 um", "interface_width": "60 nm", "spacing": "38 nm", "beyond": "5 um"}
LARGE = {"width": "8 um", "gap": "10 um", "interface_width": "150 nm", "spacing": "100 nm", "beyond": "70 um"}
SERIES = (
    Series("Zn", "ZnSO4", "0.1 mol/L", (20.0, 160.0), ("facets, then branches",) * 2, SMALL, 2e-6, {}),
    Series("Li", "LiPF6-EC-DMC", "1 mol/L", (1.0, 10.0, 25.0), ("smooth", "needles", "needles"), LARGE, 4e-6, {}),
    Series("Ca", "CaBH4-THF", "1 mol/L", (1.0, 100.0), ("globules", "dendrites"), LARGE, 4e-6, GUESSED),
    Series("Mg", "MACC-TEGDME", "0.3 mol/L", (1.0, 10.0), ("uniform (current not told)",) * 2, LARGE, 4e-6, GUESSED),
)


def case_of(series: Series, current: float) -> Case:
    """One current of a series."""
    data: dict[str, Any] = {
        "case": {"physics": ["dendrite"], "title": f"{series.metal} at {current:g} mA/cm2"},
        "cell": {"spacer_height": "500 nm"},
        "electrolyte": {"preset": series.preset, "concentration": series.concentration},
        "dendrite": {
            "metal": series.metal, "exchange_current": "30 A/m^2", "roughness": "50 nm", "correlation": "1 um",
            "seed": 7, "stop_at": 0.85, **series.box, **series.chosen,
        },
        "output": {"count": 4},
    }  # fmt: skip
    step = {"technique": "galvanostatic", "current_density": f"{-current} mA/cm^2"}
    metal = growth_of(Case.from_dict(_with(data, [{**step, "duration": "1 s"}])).input).layer.metal
    lasts = series.thickness / metal.speed(10.0 * current)
    return Case.from_dict(_with(data, [{**step, "duration": f"{lasts} s"}]))


def _with(data: dict[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {**data, "protocol": {"steps": steps}}


def run(case: Case) -> xr.DataTree:
    """Run a case; one that fails gives what it has reached."""
    try:
        return case.run()
    except SolverError as error:
        if not isinstance(error.partial, xr.DataTree):
            raise
        return error.partial


def row(series: Series, current: float, seen: str, tree: xr.DataTree) -> float:
    """Print a line of the table; how much rougher the front is at the end."""
    ready = growth_of(Case.from_dict(read_provenance(tree)["case"]).input)
    group = tree["dendrite"].to_dataset()
    rough, metal = group["roughness"].values, ready.layer.metal
    limit = ready.ahead.limiting
    sand = sand_time(metal, 10.0 * current)
    print(
        f"{series.metal:3s} {current:6g} {10.0 * current / limit:7.3f} {sand:10.3g} {float(group['time'][-1]):10.4g} "
        f"{1e6 * float(group['deposited_volume'][-1]) / _area(ready):6.2f} "
        f"{1e6 * float(group['tip_position'][-1]):6.2f} {1e9 * rough[0]:6.0f} {1e9 * rough[-1]:6.0f} "
        f"{float(group['lowest_concentration'].min()) / metal.concentration:6.3f}  {seen}",
        flush=True,
    )
    for warning in read_provenance(tree)["warnings"]:
        if warning.startswith(("from ", "the salt cannot", "steps of")):
            print(f"           {warning}", flush=True)
    return float(rough[-1] / rough[0])


def _area(ready: Any) -> float:
    return float(ready.layer.shape[0] * ready.layer.cell / ready.layer.spacing)


def draw(shown: list[tuple[str, xr.DataTree]], name: str) -> None:
    """Last states side by side, all in their own box."""
    from matplotlib.figure import Figure

    columns = 3
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(3.0 * columns, 2.6 * rows), layout="constrained")
    for panel, (title, tree) in zip(figure.subplots(rows, columns).ravel(), shown, strict=False):
        whole = tree["dendrite"].to_dataset()
        group, fresh = whole.isel(time=-1), float(whole["concentration"][0].max())
        x, y = 1e6 * group["x"].values, 1e6 * group["y"].values
        panel.pcolormesh(x, y, group["concentration"].values, cmap="viridis", vmin=0.0, vmax=fresh)
        panel.contourf(x, y, group["phase"].values, [0.5, 2.0], colors=["#3b3a3f"])
        panel.set_facecolor("#3b3a3f")  # metal, where there is no concentration
        panel.set_title(title, fontsize=9, loc="left")
        panel.set_aspect("equal")
        panel.tick_params(labelsize=7)
    for panel in figure.axes[len(shown) :]:
        panel.set_visible(False)
    figure.supxlabel("distance from the electrode (µm)", fontsize=9)
    figure.savefig(name, dpi=110)


def main() -> int:
    """Print the table, judge it, draw the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("metals", nargs="*", default=[s.metal for s in SERIES])
    parser.add_argument("--figure", default=None)
    options = parser.parse_args()
    print("    mA/cm2 i/i_lim  Sand [s]    time [s]  mean    tip  rough   nm   least c/c0  seen")
    wrong, shown = 0, []
    for series in (s for s in SERIES if s.metal in options.metals):
        rougher = []
        for current, seen in zip(series.currents, series.seen, strict=True):
            tree = run(case_of(series, current))
            rougher.append(row(series, current, seen, tree))
            shown.append((f"{series.metal}, {current:g} mA/cm², rougher {rougher[-1]:.2g}x\nseen: {seen}", tree))
        wrong += not all(np.diff(rougher) > 0.0)
    if options.figure:
        draw(shown, options.figure)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

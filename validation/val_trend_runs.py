"""Trends with current beside experiment, as phase-field runs: zinc, lithium, calcium and magnesium from a rough front.

Run from the root of the tree: ``python -m validation.val_trend_runs [--figure NAME.png] [METAL ...]`` (minutes). Every
run deposits the same mean thickness onto the same rough electrode and says how much rougher it has become. Predicted:
how that depends on the current. Chosen, since the reports do not give it: 30 A/m^2 of exchange current, the lowest
calculated surface energy (against vacuum), the roughness at the start (50 nm), the distance of the supply (10 um for
zinc, 80 um for the others); for calcium and magnesium also diffusivity (3e-10 m^2/s) and transference number (0.3), of
which no values are known here. Left out: films, nuclei, anisotropy, noise, the beam.

The last zinc run has no supply to speak of (it is 10 mm away) and ends where the voltage does. Exit code 1 if
roughening does not rise with current, or if a box without supply lasts another time than zF c0 L/(1 - t+)i by more
than a fifth.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from simcell.case import Case
from simcell.dendrite.stability import FARADAY, sand_time
from simcell.errors import SolverError
from simcell.results.provenance import read_provenance
from simcell.studies.growth_setup import growth_of

FAR = "10 mm"
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
    Series("Zn", "ZnSO4", "0.1 mol/L", (20.0, 160.0, 200.0), ("facets, then branches",) * 3, SMALL, 2e-6, {}),
    Series("Li", "LiPF6-EC-DMC", "1 mol/L", (1.0, 10.0, 25.0), ("smooth", "needles", "needles"), LARGE, 4e-6, {}),
    Series("Ca", "CaBH4-THF", "1 mol/L", (1.0, 100.0), ("globules", "dendrites"), LARGE, 4e-6, GUESSED),
    Series("Mg", "MACC-TEGDME", "0.3 mol/L", (1.0, 10.0), ("uniform (current not told)",) * 2, LARGE, 4e-6, GUESSED),
)


def case_of(series: Series, current: float, supply: bool = True) -> Case:
    """One current of a series; without supply until -0.4 V."""
    until: dict[str, Any] = {"potential_below": "-0.4 V"}
    dendrite = {
        "metal": series.metal, "exchange_current": "30 A/m^2", "roughness": "50 nm", "correlation": "1 um", "seed": 7,
        "stop_at": 0.85, **series.box, **series.chosen,
    }  # fmt: skip
    data: dict[str, Any] = {
        "case": {"physics": ["dendrite"], "title": f"{series.metal} at {current:g} mA/cm2"},
        "cell": {"spacer_height": "500 nm"},
        "electrolyte": {"preset": series.preset, "concentration": series.concentration},
        "dendrite": dendrite,
        "output": {"count": 4},
    }
    step = {"technique": "galvanostatic", "current_density": f"{-current} mA/cm^2"}
    if supply:
        metal = growth_of(Case.from_dict(_with(data, [{**step, "duration": "1 s"}])).input).layer.metal
        lasts = series.thickness / metal.speed(10.0 * current)
        return Case.from_dict(_with(data, [{**step, "duration": f"{lasts} s"}]))
    dendrite.update(beyond=FAR, compliance="0.5 V", roughness="0 nm")
    return Case.from_dict(_with(data, [{**step, "duration": "1 s", "until": until}]))


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


def without_supply(series: Series, current: float) -> tuple[xr.DataTree, float]:
    """The run without supply; its time until -0.4 V over that of the formula."""
    case = case_of(series, current, supply=False)
    tree, metal = run(case), growth_of(case.input).layer.metal
    gap = growth_of(case.input).gap
    lasts = metal.charge * FARADAY * metal.concentration * gap / ((1.0 - metal.transference) * 10.0 * current)
    found = read_provenance(tree)["solver"]["ends"][0]["time"]
    print(f"{series.metal:3s} {current:6g} without supply: at -0.4 V after {found:.3g} s, zFcL/(1-t)i = {lasts:.3g} s")
    return tree, found / lasts


def draw(shown: list[tuple[str, xr.DataTree]], name: str) -> None:
    """Last states side by side, all in their own box."""
    from matplotlib.figure import Figure

    columns = 3
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(3.0 * columns, 3.3 * rows), layout="constrained")
    for panel, (title, tree) in zip(figure.subplots(rows, columns).ravel(), shown, strict=False):
        group = tree["dendrite"].to_dataset().isel(time=-1)
        x, y = 1e6 * group["x"].values, 1e6 * group["y"].values
        panel.pcolormesh(x, y, group["concentration"].values, cmap="viridis", vmin=0.0, rasterized=True)
        panel.contourf(x, y, group["phase"].values, [0.5, 2.0], colors=["#3b3a3f"])
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
        if series.metal == "Zn":
            tree, share = without_supply(series, 160.0)
            wrong += abs(share - 1.0) > 0.2
            shown.append(("Zn, 160 mA/cm², no supply\nsalt used up", tree))
    if options.figure:
        draw(shown, options.figure)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Height of a liquid cell against its voltammogram: Wittman et al. 2024, and the question of Stricker et al. 2019.

Run from the root of the tree: ``python -m validation.val_wittman2024 [--figure docs/images/wittman2024.png]`` (a few
minutes). R. M. Wittman, R. L. Sacci, R. R. Unocic, T. A. Zawodzinski, In Situ Liquid Electron Microscope Cells
Strongly Attenuate Electrochemical Behavior, J. Electrochem. Soc. 171 (2024) 126504, doi:10.1149/1945-7111/ad963a.
Of the paper its abstract could be read: an enclosed cell of 800 um x 800 um and 1 to 2 um, coplanar Pt electrodes
50 nm high; peaks and their shifts go with the height of the cell; the reactant above the electrode is soon used up and
diffusion along the layer takes over; growth prefers the edges. Metal, concentrations, scan rate, electrode outline and
all numbers of the voltammograms could not be read; those here are ours: 10 mmol/L of a copper ion in 0.1 mol/L acid,
100 mV/s, a strip of 20 um, exchange current 1 A/m^2. Of Stricker and others, J. Electrochem. Soc. 166 (2019) H126,
nothing but its subject, current density in coplanar cells of small height, could be read.
Exit code 1 if one of the statements printed does not hold.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from simcell.numerics.grid import Array, Grid, graded, section
from simcell.transport.bath import Bath, Plate
from simcell.transport.bath_record import BathRecord
from simcell.transport.current import distribute
from simcell.transport.electrode import strip
from simcell.transport.ions import run_bath
from simcell.transport.kinetics import Linear
from simcell.transport.protocol import voltammogram
from simcell.transport.record import Record
from simcell.transport.session import Options, run
from simcell.transport.species import Ion, Liquid, Surface, between, plating

UM = 1e-6
LENGTH, WIDTH, FRONT = 800.0 * UM, 20.0 * UM, 390.0 * UM
HEIGHTS = (1.0, 2.0, 5.0, 20.0, 80.0)  # um
IONS = [Ion("Cu2+", 2, 0.714e-9), Ion("H+", 1, 9.311e-9), Ion("ClO4-", -1, 1.792e-9)]
START = {"Cu2+": 10.0, "H+": 100.0, "ClO4-": 120.0}
COPPER = Surface((plating("Cu", "Cu2+", 2, 1.0, 10.0, 1.5, 0.5),))
TURN, RATE = -0.4, 0.1
OPTIONS = Options(rtol=1e-3, volts=0.004)


def grid_of(height: float) -> Grid:
    """Section of 800 um, fine at the edges of the working electrode and, in a tall cell, at the floor."""
    fine = min(0.25 * height, UM)
    edges = {FRONT: fine, FRONT + WIDTH: fine, 600.0 * UM: 5.0 * UM, 700.0 * UM: 5.0 * UM}
    z = np.linspace(0.0, height, 5) if height < 4.0 * UM else graded(0.0, height, {0.0: 0.5 * UM}, 1.3)
    return section(graded(0.0, LENGTH, edges, 1.25, 25.0 * UM), z)


def bath_of(height: float) -> Bath:
    """Working strip in the middle, counter electrode of copper 190 um away, reference behind the working electrode."""
    grid = grid_of(height)
    plates = [
        Plate(strip(grid, "WE", FRONT, FRONT + WIDTH), COPPER),
        Plate(strip(grid, "CE", 600.0 * UM, 700.0 * UM), COPPER, "counter"),
    ]
    return Bath(grid, IONS, START, plates, reference=(300.0 * UM, 0.5))


def bulk() -> Record:
    """The same electrode in front of a millimetre of liquid."""
    line = between(1e-3, 0.5 * UM, 1.1, 40.0 * UM, other=False)
    return run(Liquid(line, IONS, START, COPPER, reference=0.0), voltammogram(0.05, [TURN], RATE), OPTIONS)


def peak(record: Record | BathRecord) -> tuple[float, float]:
    """Cathodic peak [A/m^2] and its potential [V], by a parabola through the lowest three points."""
    at = int(np.argmin(record.current))
    x, y = record.potential[at - 1 : at + 2], record.current[at - 1 : at + 2]
    a, b, _ = np.polyfit(x - x[1], y, 2)
    return float(y[1] - b * b / (4.0 * a)), float(x[1] - 0.5 * b / a)


def above(record: BathRecord, k: int) -> float:
    """Mean concentration of copper above the electrode over that at the start."""
    grid = record.bath.grid
    on = (grid.centre[2] > FRONT) & (grid.centre[2] < FRONT + WIDTH)
    volume = grid.volume[:, 0, on]
    return float((record.concentration[k, 0, :, 0, on].T * volume).sum() / volume.sum() / START["Cu2+"])


def edge_over_centre(record: BathRecord, k: int) -> float:
    """Current density of the outermost micrometre over the least one on the electrode."""
    x, density = record.bath.grid.centre[2], np.abs(record.current_density[k, 0])
    away = np.minimum(x - FRONT, FRONT + WIDTH - x)
    return float(density[(away > 0.0) & (away < UM)].mean() / density[away > 0.0].min())


def distribution(height: float) -> float:
    """Secondary distribution without depletion: largest over mean current of twentieths, counter on one side."""
    grid = section(
        graded(0.0, 120.0 * UM, {20.0 * UM: 0.1 * UM, 40.0 * UM: 0.1 * UM}, 1.2, 5.0 * UM), np.linspace(0.0, height, 11)
    )
    cell = [strip(grid, "WE", 20.0 * UM, 40.0 * UM, 0.0, law=Linear(1e-4))]
    return distribute(grid, 1.0, cell, {"x+": 1.0}).edge_factor("WE", bins=20)


def main(figure: Path | None = None) -> int:
    """Print what the paper states beside what the model gives; 1 if a statement fails."""
    plain = bulk()
    top, place = peak(plain)
    runs: dict[float, BathRecord] = {}
    print("| height | peak, A/m2 | of the bulk peak | shift, mV | edge over centre: peak, turn | left: peak, turn |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    rows = []
    for height in HEIGHTS:
        bath = bath_of(height * UM)
        first = run_bath(bath, voltammogram(0.05, [TURN], RATE)[:1], OPTIONS)
        when = float(first.time[int(np.argmin(first.current))])
        times = [0.5 * when, when]
        runs[height] = record = run_bath(bath, voltammogram(0.05, [TURN], RATE), OPTIONS, times)
        low, at = peak(record)
        k = int(np.argmin(np.abs(record.field_time - when)))
        turn = int(np.argmin(np.abs(record.field_time - (0.05 - TURN) / RATE)))
        left = (above(record, k), above(record, turn))
        rows.append(
            (
                height,
                low,
                low / top,
                1e3 * (at - place),
                edge_over_centre(record, k),
                edge_over_centre(record, turn),
                *left,
            )
        )
        print("| {:g} um | {:.3g} | {:.3f} | {:+.1f} | {:.3g}, {:.3g} | {:.2f}, {:.3f} |".format(*rows[-1]), flush=True)
    print(f"| bulk | {top:.3g} | 1 | 0 ({place:.3f} V) | | |")
    print("\nlargest over mean current without depletion, kappa = 1 S/m, R = 1e-4 ohm m2:")
    even = [distribution(h * UM) for h in (0.2, 1.0, 5.0, 20.0)]
    print(", ".join(f"{h:g} um: {f:.2f}" for h, f in zip((0.2, 1.0, 5.0, 20.0), even, strict=True)))
    peaks, shifts = np.array([r[2] for r in rows]), np.array([r[3] for r in rows])
    statements = {
        "the peak grows with the height": bool(np.all(np.diff(peaks) > 0.0)),
        "in thin cells it is nearly proportional to the height (2 um over 1 um: above 1.75)": peaks[1] / peaks[0]
        > 1.75,
        "a cell of 1 um gives less than a fifth of the bulk peak": peaks[0] < 0.2,
        "the shift goes with the height, earlier in thinner cells": bool(np.all(np.diff(shifts) < 0.0)),
        "above the electrode less than half is left at the peak, a fiftieth at the turn": rows[0][6] < 0.5
        and rows[0][7] < 0.02,
        "edges take more than the centre at the peak, several times at the turn": rows[0][4] > 1.2 and rows[0][5] > 3.0,
        "a thinner layer makes the current less even": bool(np.all(np.diff(even) < 0.0)),
    }
    for text, holds in statements.items():
        print(f"{'yes' if holds else 'NO '} {text}")
    if figure is not None:
        draw(figure, runs, plain, rows)
    return 0 if all(statements.values()) else 1


def draw(path: Path, runs: dict[float, BathRecord], plain: Record, rows: list[tuple[float, ...]]) -> None:
    """Voltammograms, their peaks against the height, and the current along the electrode."""
    from simcell.results.style import INK, dress, new_figure

    figure = new_figure(3.3)
    axes = figure.subplots(1, 3)
    shades = dict(zip(HEIGHTS, ("#08306b", "#2171b5", "#6baed6", "#cf8e03", "#7f2704"), strict=True))
    for height in HEIGHTS[:3]:
        record = runs[height]
        axes[0].plot(record.potential, record.current, color=shades[height], lw=1.3, label=f"{height:g} µm")
    axes[0].plot(plain.potential, plain.current, color=INK, lw=1.2, dashes=(4, 2), label="bulk, large")
    axes[0].set(xlabel="potential against RE [V]", ylabel="mean current density [A/m²]", title="height of the cell")
    axes[0].legend(fontsize=6.5, frameon=False, loc="upper left")
    height = np.array([r[0] for r in rows])
    axes[1].loglog(height, [r[2] for r in rows], "o-", ms=3.5, lw=1.3, color="#2171b5")
    axes[1].loglog(height, rows[0][2] * height, color=INK, lw=0.8, ls=":")
    axes[1].set(xlabel="height [µm]", xlim=(0.7, 300.0), ylim=(0.1, 5.0), title="peak over bulk peak, its shift")
    axes[1].set_xticks([1.0, 10.0, 100.0], ["1", "10", "100"])
    axes[1].set_yticks([0.1, 0.3, 1.0, 3.0], ["0.1", "0.3", "1", "3"])
    axes[1].minorticks_off()
    for r in rows:
        axes[1].annotate(
            f"{r[3]:+.0f} mV", (r[0], r[2]), textcoords="offset points", xytext=(6, -10), fontsize=6.5, color=INK
        )
    record = runs[HEIGHTS[0]]
    x: Array = (record.bath.grid.centre[2] - FRONT) / UM
    on = (x > 0.0) & (x < WIDTH / UM)
    words = ("half way to the peak", "at the peak", "at the turn")
    for k, colour in enumerate(("#6baed6", "#08306b", "#cf8e03")):
        axes[2].plot(x[on], -record.current_density[k, 0, on], color=colour, lw=1.3, label=words[k])
    axes[2].set(xlim=(0.0, WIDTH / UM), ylim=(0.0, None), xlabel="along the electrode [µm]")
    axes[2].set(ylabel="deposition [A/m²]", title=f"{HEIGHTS[0]:g} µm: edges first")
    axes[2].legend(fontsize=6.5, frameon=False, loc="upper center")
    for ax in axes:
        dress(ax)
        ax.title.set_fontsize(8.5)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=200)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, default=None)
    started = time.perf_counter()
    code = main(parser.parse_args().figure)
    print(f"{time.perf_counter() - started:.0f} s")
    sys.exit(code)

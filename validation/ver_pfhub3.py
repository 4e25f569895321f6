"""PFHub benchmark 3a, a dendrite in a quarter of 960 x 960: tip, solid fraction and free energy as cells go to zero.

Run from the root of the tree: ``python -m validation.ver_pfhub3 [--fine] [--figure FILE]`` (about two minutes of
processor time; --fine some six). The model of Karma and Rappel with D = 10, epsilon = 0.05, u = -0.3, a seed of radius
8, to t = 1500 (pages.nist.gov/pfhub, problem 3; A. M. Jokisaari and others, Comput. Mater. Sci. 149 (2018) 336). What
was uploaded scatters between 217 and 281 for the tip. The seed has the profile of a flat front at rest, which is our
choice. Cells are equal to 330, then widen. dt = 0.02 h^2, so that errors in space and time go as h^2 together.
The value at h = 0 comes from the two finest grids, its error is the distance from that of the two before.
Exit code 1 if that error is more than 2 % of the tip.
"""

from __future__ import annotations

import argparse
import sys
from time import process_time

import numpy as np

from validation.solidification import Crystal

TIMES = (300.0, 600.0, 900.0, 1200.0, 1500.0)
NAMES = ("tip, phi = 0", "tip, phi = 0.5", "solid fraction", "free energy")


def series(h: float, until: float = 1500.0) -> tuple[np.ndarray, Crystal]:
    """Rows of `NAMES` at `TIMES`, and the crystal at the end."""
    crystal = Crystal.seed(h, 0.02 * h**2, 10.0, 0.05, 0.3, 330.0, 960.0, 8.0)
    rows = []
    for time in TIMES:
        if time <= until:
            crystal.run(time)
            rows.append((crystal.tip(), crystal.tip(0.5), crystal.solid() / 960.0**2, crystal.energy()))
    return np.array(rows), crystal


def main() -> int:
    """Print the tables and judge the last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fine", action="store_true")
    parser.add_argument("--figure")
    options = parser.parse_args()
    cells = [4.0 / 3.0, 1.0, 0.8] + [2.0 / 3.0] * options.fine
    found, squares = [], np.square(cells)
    print("h        t     " + "  ".join(f"{name:>15s}" for name in NAMES))
    for h in cells:
        began = process_time()
        rows, crystal = series(h)
        found.append(rows)
        for time, row in zip(TIMES, rows, strict=True):
            print(f"{h:.4f} {time:6.0f}  {row[0]:15.2f}  {row[1]:15.2f}  {row[2]:15.6f}  {row[3]:15.0f}")
        print(f"{'':8s}{process_time() - began:.0f} s of processor time", flush=True)
    table = np.array(found)
    limits = [table[k] - (table[k] - table[k - 1]) / (squares[k] - squares[k - 1]) * squares[k] for k in (-2, -1)]
    errors = np.abs(limits[1] - limits[0])
    for time, row, error in zip(TIMES, limits[1], errors, strict=True):
        print(
            f"h = 0  {time:6.0f}  {row[0]:9.2f} ±{error[0]:5.2f}  {row[1]:9.2f} ±{error[1]:5.2f}"
            f"  {row[2]:.6f} ±{error[2]:.6f}  {row[3]:.0f} ±{error[3]:.0f}"
        )
    if options.figure:
        draw(options.figure, squares, table, limits[1], crystal)
    return int(errors[-1, 0] > 0.02 * limits[1][-1, 0])


def draw(file: str, squares: np.ndarray, table: np.ndarray, limit: np.ndarray, crystal: Crystal) -> None:
    """The crystal at the end, and its tip against the grid."""
    import matplotlib.pyplot as plt

    figure, (picture, axes) = plt.subplots(1, 2, figsize=(7.0, 3.3), layout="constrained")
    heat = picture.pcolormesh(crystal.x, crystal.y, crystal.u[1:-1, 1:-1], cmap="inferno", rasterized=True)
    picture.contour(crystal.x, crystal.y, crystal.inside, [0.0], colors="white", linewidths=1.0)
    picture.set(xlim=(0.0, 330.0), ylim=(0.0, 330.0), xlabel="x/W", ylabel="y/W", aspect="equal")
    figure.colorbar(heat, ax=picture, label="u at t = 1500")
    axes.plot([0.0, *squares[::-1]], [limit[-1, 0], *table[::-1, -1, 0]], "o-", markersize=4)
    axes.set_xlabel("$h^2/W^2$")
    axes.set_ylabel("tip at t = 1500, W")
    axes.set_xlim(left=0.0)
    figure.savefig(file, dpi=150)


if __name__ == "__main__":
    sys.exit(main())

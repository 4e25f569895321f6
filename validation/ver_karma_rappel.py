"""Speed and radius of a steady dendrite of a pure melt against the sharp front: Karma and Rappel, undercooling 0.55.

Run from the root of the tree: ``python -m validation.ver_karma_rappel [--fine] [--figure FILE]`` (a minute of
processor time; --fine some ten). A. Karma and W.-J. Rappel, Phys. Rev. E 57 (1998) 4323 give V d0 / D = 0.0170 for the
sharp front (boundary integrals) at an anisotropy of 0.05. Seeds reach it only after more than twenty times D / V^2
(they fall short of it, overshoot and come down slowly), needles with the heat of Ivantsov within eight, in a window
that moves with the tip. Cells are refined until the rest is of second order, the interface is made thinner against d0.
The step must stay below 0.13 h^2, too: where the front stands at 45 degrees the phase spreads 1.8 times as fast.
Exit code 1 if a speed extrapolated to h = 0 is more than 4 % off, or slopes in h^2 differ by more than 40 %.
"""

from __future__ import annotations

import argparse
import sys
from time import process_time

import numpy as np

from validation.solidification import A1, A2, Crystal, peclet

SHARP, UNDERCOOLING, STRENGTH = 0.0170, 0.55, 0.05


def steady(h: float, diffusivity: float, periods: float = 8.0, step: float = 0.2) -> tuple[float, float, float]:
    """V d0 / D at the end, its change over the last two D / V^2, and radius over d0; `step` is dt D / h^2."""
    d0 = A1 * A2 / diffusivity
    speed = SHARP * diffusivity / d0
    length, dt = diffusivity / speed, step * h**2 / diffusivity
    needle = Crystal.needle(
        h, dt, diffusivity, STRENGTH, UNDERCOOLING, speed, 5.0 * length, 8.0 * length, 4.5 * length, 14.0 * length
    )
    times, tips = [], []
    for time in np.arange(0.1, periods + 0.01, 0.1) * diffusivity / speed**2:
        needle.run(float(time))
        times.append(needle.time)
        tips.append(needle.moved + needle.tip())
        needle.follow(5.0 * length)
    v = [d0 / diffusivity * (tips[k] - tips[k - 5]) / (times[k] - times[k - 5]) for k in (-21, -1)]
    radius = needle.radius(5.0 * d0)
    return v[1], v[1] / v[0] - 1.0, radius / d0


def main() -> int:
    """Print the table and judge it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fine", action="store_true")
    parser.add_argument("--figure")
    options = parser.parse_args()
    worst, lines = 0.0, {}
    print("D tau/W^2  d0/W    h/W     V d0/D   last change  R/d0   processor time")
    for diffusivity in [1.5] * options.fine + [2.0, 3.0] + [4.0] * options.fine:
        cells = [0.8, 1.6 / 3.0, 0.4] + [0.8 / 3.0] * (options.fine and diffusivity >= 2.0)
        found = []
        for h in cells:
            began = process_time()
            speed, change, radius = steady(h, diffusivity)
            found.append(speed)
            print(
                f"{diffusivity:9.1f} {A1 * A2 / diffusivity:6.3f} {h:6.3f} {speed:10.5f} {change:+11.2%}"
                f" {radius:8.2f} {process_time() - began:10.1f} s"
            )
        squares = np.array(cells) ** 2
        slopes = np.diff(found) / np.diff(squares)
        limit = found[-1] - slopes[-1] * squares[-1]
        worst = max(worst, abs(limit / SHARP - 1.0), 0.1 * abs(slopes[-1] / slopes[-2] - 1.0))
        lines[diffusivity] = (np.array([0.0, *squares[::-1]]), [limit, *found[::-1]])
        print(f"{'':24s}{limit:10.5f} at h = 0 ({limit / SHARP - 1.0:+.1%} of {SHARP}); slopes in h^2 {slopes}")
    print(f"Ivantsov: P = {peclet(UNDERCOOLING):.4f}, R/d0 = {2.0 * peclet(UNDERCOOLING) / SHARP:.2f}")
    if options.figure:
        draw(options.figure, lines)
    return int(worst > 0.04)


def draw(file: str, lines: dict[float, tuple[np.ndarray, list[float]]]) -> None:
    """Speed against the square of the cell."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5.0, 3.4), layout="constrained")
    for diffusivity, line in lines.items():
        label = f"$d_0/W$ = {A1 * A2 / diffusivity:.3f}"
        axes.plot(*line, "o-", markersize=4, label=label)
    axes.axhline(SHARP, color="0.4", linestyle="--", label="sharp front")
    axes.set_xlabel("$h^2/W^2$")
    axes.set_ylabel("$V d_0/D$")
    axes.set_ylim(0.0145, 0.0175)
    axes.legend(frameon=False)
    figure.savefig(file, dpi=150)


if __name__ == "__main__":
    sys.exit(main())

"""Speed of a dendrite tip at the undercooling 0.55 and four-fold anisotropy 0.05 against its solvability theory.

Run from the root of the tree: ``python -m validation.ver_karma_rappel`` (minutes). A. Karma and W.-J. Rappel, Phys.
Rev. E 57 (1998) 4323: V d0/D = 0.0170 from the Green's function, at d0/W0 = 0.139 (thin interface without kinetics:
lambda = 0.8839 W0/d0, D = 0.6267 lambda W0^2/tau0). One quadrant; two grids. Exit code 1 if it is off by more than 5 %.
"""

from __future__ import annotations

import sys

import numpy as np

from validation.solid import KARMA, step

DELTA, STRENGTH, LENGTH, WANTED = 0.55, 0.05, 0.139, 0.0170
COUPLING = 0.8839 / LENGTH
DIFFUSIVITY = 0.6267 * COUPLING


def tip_speed(h: float, extent: float, until: float) -> tuple[float, float]:
    """V d0/D over the last two fifths and over the fifth before the last, in units of W0 = tau0 = 1."""
    n = round(extent / h)
    x = (np.arange(n) + 0.5) * h
    distance = 10.0 - np.hypot(x[:, None], x[None, :])
    phi = np.tanh(distance / np.sqrt(2.0))
    u = np.where(distance > 0.0, 0.0, -DELTA)
    rate, flow = np.empty_like(phi), np.empty(n)
    dt = 0.2 * h * h / DIFFUSIVITY
    times, tips = [], []
    every = max(1, round(until / 100.0 / dt))
    for k in range(int(until / dt)):
        step(phi, u, rate, flow, KARMA, 4, STRENGTH, 1.0, 1.0, COUPLING, 0.0, DIFFUSIVITY, h, dt)
        if k % every == 0:
            row = phi[0]
            at = int(np.nonzero(row > 0.0)[0][-1])
            times.append((k + 1) * dt)
            tips.append(x[at] + h * row[at] / (row[at] - row[at + 1]))
    speeds = np.diff(tips) / np.diff(times) * LENGTH / DIFFUSIVITY
    fifth = len(speeds) // 5
    return float(speeds[-fifth:].mean()), float(speeds[-2 * fifth : -fifth].mean())


def main() -> int:
    """Print the table and judge it."""
    print(f"undercooling {DELTA}, anisotropy {STRENGTH}, d0/W0 {LENGTH}: theory {WANTED}")
    found = []
    for h in (0.8, 0.4):
        last, before = tip_speed(h, 90.0, 150.0)
        found.append(last)
        print(f"h = {h} W0: V d0/D = {last:.5f} (a fifth of the run before: {before:.5f}), {last / WANTED - 1.0:+.1%}")
    return int(abs(found[-1] / WANTED - 1.0) > 0.05)


if __name__ == "__main__":
    sys.exit(main())

r"""PFHub benchmark 7a: orders in space and time of an Allen-Cahn equation with a manufactured solution.

Run from the root of the tree: ``python -m validation.ver_pfhub7 [--figure FILE]`` (a minute).

.. math:: \partial_t\eta = -4\eta(\eta-1)(\eta-\tfrac12) + \kappa\nabla^2\eta + S,\qquad
          \eta_s = \tfrac12\left[1-\tanh\frac{y-\alpha(x,t)}{\sqrt{2\kappa}}\right]

on [0, 1] x [0, 1/2], periodic along x, eta = 1 below and 0 above, to t = 8 (pages.nist.gov/pfhub, problem 7; A. M.
Jokisaari and others). Cell-centred volumes, trapezoidal rule, Newton's method, the linear equations by
`simcell.numerics.multigrid`. Exit code 1 if an order is not 2 within 0.2, or Newton's method does not converge.
"""

from __future__ import annotations

import argparse
import sys
from time import process_time

import numpy as np

from simcell.numerics.diffusion import conduction
from simcell.numerics.grid import plan
from simcell.numerics.multigrid import Multigrid

KAPPA, A1, B1, A2, B2, C2 = 4e-4, 0.0075, 8.0 * np.pi, 0.03, 22.0 * np.pi, 0.0625 * np.pi


def solution(x: np.ndarray, y: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray]:
    """The manufactured eta and the source that makes it one."""
    wave = B2 * x + C2 * t
    alpha = 0.25 + A1 * t * np.sin(B1 * x) + A2 * np.sin(wave)
    slope = A1 * B1 * t * np.cos(B1 * x) + A2 * B2 * np.cos(wave)
    bend = -A1 * B1**2 * t * np.sin(B1 * x) - A2 * B2**2 * np.sin(wave)
    rate = A1 * np.sin(B1 * x) + A2 * C2 * np.cos(wave)
    depth = (y - alpha) / np.sqrt(2.0 * KAPPA)
    shape = 1.0 - np.tanh(depth) ** 2
    source = shape * (-0.5 * np.tanh(depth) * slope**2 + (rate - KAPPA * bend) / np.sqrt(8.0 * KAPPA))
    return 0.5 * (1.0 - np.tanh(depth)), source


def run(n: int, steps: int, until: float = 8.0) -> tuple[np.ndarray, np.ndarray]:
    """Eta at the end with n cells along x and n/2 along y, and the manufactured one."""
    h, dt = 1.0 / n, until / steps
    grid = plan(np.arange(n + 1) * h, np.arange(n // 2 + 1) * h, 1.0, periodic=(False, True))
    system = conduction(grid, KAPPA, fixed=["y-", "y+"])
    volume = h * h
    held = np.zeros(system.shape)
    held[0, 0] = system.links[1][0, 0]  # eta = 1 at y = 0
    x, y = (np.arange(n) + 0.5)[None, None, :] * h, (np.arange(n // 2) + 0.5)[None, :, None] * h

    def gain(eta: np.ndarray, source: np.ndarray) -> np.ndarray:
        return held - system.apply(eta) + volume * (source - 4.0 * eta * (eta - 1.0) * (eta - 0.5))

    eta, source = solution(x, y, 0.0)
    for step in range(1, steps + 1):
        old, known = eta, gain(eta, source)
        source = solution(x, y, step * dt)[1]
        for _ in range(8):
            miss = volume * (eta - old) - 0.5 * dt * (known + gain(eta, source))
            if np.abs(miss).max() < 1e-11 * volume:
                break
            slope = 12.0 * eta * (eta - 1.0) + 2.0
            scale = 0.5 * dt
            linear = system.with_sink(volume * (1.0 / scale + slope))
            eta = eta - Multigrid(linear).solve(miss / scale, rtol=1e-6)
        else:
            raise ValueError("Newton's method has not converged; a smaller step would do")
    return eta, solution(x, y, until)[0]


def size(difference: np.ndarray) -> float:
    """Norm in L2 over the area of a half."""
    return float(np.sqrt(0.5 * np.square(difference).mean()))


def main() -> int:
    """Print the tables and judge them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--figure")
    options = parser.parse_args()
    lines: dict[str, tuple[list[float], list[float]]] = {"cells": ([], []), "steps": ([], [])}
    print("cells along x  steps  L2 error  processor time")
    for n in (128, 192, 256, 384):
        began = process_time()
        eta, exact = run(n, 80)
        report(lines["cells"], n, 80, 1.0 / n, size(eta - exact), began)
    print("cells along x  steps  L2 distance from 400 steps")
    fine = run(128, 400)[0]
    for steps in (10, 20, 40, 80):
        began = process_time()
        report(lines["steps"], 128, steps, 8.0 / steps, size(run(128, steps)[0] - fine), began)
    wrong = 0.0
    for name, (sizes, errors) in lines.items():
        order = float(np.polyfit(np.log(sizes), np.log(errors), 1)[0])
        print(f"order by {name}: {order:.2f}")
        wrong = max(wrong, abs(order - 2.0))
    if options.figure:
        draw(options.figure, lines)
    return int(wrong > 0.2)


def report(line: tuple[list[float], list[float]], n: int, steps: int, at: float, error: float, began: float) -> None:
    """Print a row and keep it."""
    line[0].append(at)
    line[1].append(error)
    print(f"{n:10d} {steps:9d} {error:11.3e} {process_time() - began:9.1f} s")


def draw(file: str, lines: dict[str, tuple[list[float], list[float]]]) -> None:
    """Error against the size of the cell and of the step."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(6.4, 3.0), layout="constrained")
    for part, (name, line) in zip(axes, lines.items(), strict=True):
        part.loglog(*line, "o-", markersize=4)
        part.loglog(line[0], line[1][-1] * (np.array(line[0]) / line[0][-1]) ** 2, "--", color="0.5", label="order 2")
        part.minorticks_off()
        part.set_xticks(line[0], [f"{size:.2g}" for size in line[0]])
        part.set_xlabel("cell" if name == "cells" else "step")
        part.legend(frameon=False)
    axes[0].set_ylabel("L2 error at t = 8")
    axes[1].set_ylabel("L2 distance from 400 steps")
    figure.savefig(file, dpi=150)


if __name__ == "__main__":
    sys.exit(main())

"""Thermal noise of a front at rest against fluctuation and dissipation: capillary waves grow to k_B T / gamma A k^2.

Run from the root of the tree: ``python -m validation.ver_dendrite_noise [seeds]`` (a minute for 40). Lithium in 1 M
salt at open circuit, 12 cells of 33 nm across, 0.3 um deep. A cosine of amplitude a has the mean square
2 k_B T / (gamma A k^2) (1 - exp(-2 t / tau)) after the time t, with tau from the decay of ripples. Exit code 1 if the
mean over modes at the last two times is off by more than 4 of its standard errors.
"""

from __future__ import annotations

import sys

import numpy as np

from simcell.dendrite.layer import Layer, State, begin
from simcell.dendrite.model import grow
from simcell.dendrite.stability import FARADAY, GAS_CONSTANT, Metal
from simcell.numerics.grid import section

BOLTZMANN = 1.380649e-23
LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
CELLS, WIDTH, DEPTH = 12, 0.4e-6, 0.3e-6
SPACING = WIDTH / CELLS
PLACE = (np.arange(CELLS) + 0.5) / CELLS
MODES = np.arange(1, 5)
K = np.pi * MODES / WIDTH
RATE = LITHIUM.molar_volume**2 * LITHIUM.surface_energy * LITHIUM.exchange_current * K**2
RATE = RATE / (FARADAY * GAS_CONSTANT * LITHIUM.temperature)  # 1/tau, slow kinetics
ROOM = 10.0  # interface widths between the front and an end: its tail reaches 9.2, to a phase of 1e-4


def layer(room: float, noise: bool) -> tuple[Layer, float]:
    """A layer with the front `room` interface widths from both ends, and where it stands [m]."""
    delta = 2.0 * SPACING
    cells = round(2.0 * room * delta / SPACING)
    x = np.arange(cells + 1) * SPACING
    grid = section(x, np.arange(CELLS + 1) * SPACING, DEPTH)
    return Layer(LITHIUM, grid, delta, {"x+": "reservoir"}, noise=noise), 0.5 * x[-1]


def amplitudes(state: State) -> np.ndarray:
    """Of the modes [m]."""
    height = state.xi.sum(axis=1) * SPACING
    return np.array([2.0 / CELLS * np.sum(height * np.cos(np.pi * m * PLACE)) for m in MODES])


def decay() -> None:
    """Rates of small ripples at rest, without noise."""
    still, middle = layer(ROOM, noise=False)
    for m, rate in zip(MODES, RATE, strict=True):
        first = begin(still, middle + 0.2 * SPACING * np.cos(np.pi * m * PLACE)[:, None] - still.centre[1])
        early, late = (s for s in grow(still, first, [0.3 / rate, 1.0 / rate], current=0.0).states)
        found = np.log(amplitudes(late)[m - 1] / amplitudes(early)[m - 1]) / (late.time - early.time)
        print(f"ripple {m}: decays at {-found:.4e} /s, theory {rate:.4e} /s, {-found / rate - 1.0:+.2%}")


def spectrum(seeds: int, room: float) -> np.ndarray:
    """Mean squares over theory (times, modes)."""
    noisy, middle = layer(room, noise=True)
    times = np.array([0.1, 0.3, 1.0, 2.0, 3.0]) / RATE[0]
    flat = begin(noisy, middle + np.zeros((CELLS, 1)) - noisy.centre[1])
    runs = [grow(noisy, flat, times, current=0.0, generator=np.random.default_rng(s)).states for s in range(seeds)]
    squares = np.mean([[amplitudes(state) ** 2 for state in run] for run in runs], axis=0)
    rest = 2.0 * BOLTZMANN * LITHIUM.temperature / (LITHIUM.surface_energy * WIDTH * DEPTH * K**2)
    found = squares / (rest * (1.0 - np.exp(-2.0 * RATE * times[:, None])))
    print(f"\n{seeds} seeds, {room:g} interface widths to either end: mean squares of modes 1 to 4 over theory")
    for time, row in zip(times, found, strict=True):
        print(f"t = {time * RATE[0]:.1f} tau: " + "  ".join(f"{value:7.2f}" for value in row))
    return found


def main(seeds: int) -> int:
    """Print the tables and judge the one with room enough."""
    decay()
    found = spectrum(seeds, ROOM)
    spectrum(max(3, seeds // 10), 4.0)
    error = np.sqrt(2.0 / (seeds * MODES.size))
    miss = np.abs(found[-2:].mean(axis=1) - 1.0).max() / error
    print(f"largest miss of the mean over modes: {miss:.1f} standard errors")
    return int(miss > 4.0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40))

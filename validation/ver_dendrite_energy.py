"""Two quarter discs on one electrode at open circuit: energy at each step, metal, coarsening by the sharp law.

Run from the root of the tree: ``python -m validation.ver_dendrite_energy`` (minutes). Lithium, 30 A/m^2, 0.5 J/m^2.
Sharp: each disc moves by Butler-Volmer at the affinity -f phi_m - V_m gamma / RT R, phi_m such that no net current
flows; salt and potential in the liquid are taken as uniform. Exit code 1 if the energy rises by more than rounding,
metal changes, or the loss of the smaller radius is off by more than 5 % at the finest width.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from simcell.dendrite.grand_potential import begin_grand, grow_grand
from simcell.dendrite.layer import Layer, State, begin, switch
from simcell.dendrite.stability import Metal
from simcell.numerics.grid import section

METAL = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
SMALL, LARGE, WIDTH, PART = 25e-9, 40e-9, 160e-9, 72e-9  # radii; the box, and the part of it of the small one
END = 50.0  # s
PICTURE = Path("docs/images/dendrite_energy.png")


def sharp(begin: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Radii of both discs [m] from those at the first time."""

    def speeds(radii: NDArray[np.float64], p: float) -> NDArray[np.float64]:
        e = -p - METAL.capillary_length / radii
        return METAL.speed(1.0) * METAL.current(np.exp(0.0), e)

    def rates(_: float, radii: NDArray[np.float64]) -> NDArray[np.float64]:
        net = lambda p: float((radii * speeds(radii, p)).sum())  # noqa: E731
        return speeds(radii, brentq(net, -1.0, 1.0, xtol=1e-15))

    found = solve_ivp(rates, (times[0], END), begin, t_eval=times, rtol=1e-10, atol=1e-18)
    return np.asarray(found.y)


def run(delta: float) -> tuple[Layer, list[State], list[State]]:
    """Layer, states at ten times, and states of all steps."""
    h = 0.5 * delta
    faces = [np.arange(round(size / h) + 1) * h for size in (72e-9, WIDTH)]
    layer = Layer(METAL, section(*faces, 1e-6), delta, {"x+": "reservoir"})
    z, x = layer.centre
    discs = [SMALL - np.hypot(x, z), LARGE - np.hypot(x, z - WIDTH)]
    contact = np.zeros(layer.shape, dtype=bool)
    contact[:, 0] = True
    layer = Layer(METAL, layer.grid, delta, layer.supply, contact=contact)
    first = begin_grand(layer, begin(layer, np.maximum(*discs)))
    every = [first]
    kept = grow_grand(layer, first, np.linspace(0.0, END, 11)[1:].tolist(), current=0.0, progress=every.append).states
    return layer, [first, *kept], every


def radii(layer: Layer, state: State) -> tuple[float, float]:
    """Of quarter discs with the metal of each part [m]."""
    cut = round(PART / layer.spacing)
    share = switch(state.xi) * layer.spacing**2
    small, large = (np.sqrt(4.0 * float(part.sum()) / np.pi) for part in (share[:cut], share[cut:]))
    return float(small), float(large)


def main() -> int:
    """Print the table, draw the picture and judge."""
    times = np.linspace(0.0, END, 11)
    bad, curves = False, {}
    for delta in (6e-9, 4e-9, 3e-9):
        layer, states, every = run(delta)
        omega = np.array([s.energy for s in every])
        found = np.array([radii(layer, s) for s in states]).T
        wanted = sharp(found[:, 1], times[1:])  # the profile has relaxed by then
        rise = float(np.diff(omega).max() / omega[0])
        metal = every[-1].metal_amount(layer) / every[0].metal_amount(layer) - 1.0
        lost = (found[0, 1] - found[0, -1]) / (found[0, 1] - wanted[0, -1]) - 1.0
        print(
            f"delta {1e9 * delta:g} nm: {1e9 * found[0, -1]:.2f} and {1e9 * found[1, -1]:.2f} nm "
            f"(sharp {1e9 * wanted[0, -1]:.2f}, {1e9 * wanted[1, -1]:.2f}), loss of the small radius {lost:+.1%}; "
            f"{len(every) - 1} steps, largest change of the energy {rise:+.1e}, metal {metal:+.0e}"
        )
        curves[delta] = (found, wanted, [s.time for s in every], omega)
        bad |= rise > 1e-13 or abs(metal) > 1e-11
    bad |= abs(lost) > 0.05
    _draw(times, curves)
    return int(bad)


def _draw(times: NDArray[np.float64], curves: dict[float, tuple]) -> None:  # type: ignore[type-arg]
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(8.0, 3.2), constrained_layout=True)
    for number, (delta, (found, wanted, when, omega)) in enumerate(curves.items()):
        colour = ("#d08c00", "#0072b2", "#009e73")[number]
        left.plot(times[1:], 1e9 * wanted.T, color=colour, linewidth=1.0)
        left.plot(times, 1e9 * found.T, "o", color=colour, markersize=3.5)
        left.plot([], [], "o", color=colour, markersize=3.5, label=f"δ = {1e9 * delta:g} nm")
        right.plot(when, 1e15 * np.asarray(omega), color=colour, linewidth=1.5)
    left.plot([], [], color="black", linewidth=1.0, label="sharp, from 5 s on")
    left.legend(frameon=False, fontsize=8)
    left.set(xlabel="time (s)", ylabel="radius (nm)")
    right.set(xlabel="time (s)", ylabel="energy (fJ)")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, dpi=110)


if __name__ == "__main__":
    sys.exit(main())

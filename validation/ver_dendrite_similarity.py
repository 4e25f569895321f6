r"""Growth of a plane and of a disc from a salt against the similarity solutions, R = 2 Lambda sqrt(D t).

Run from the root of the tree: ``python -m validation.ver_dendrite_similarity`` (a minute). A plane whose current falls
as one over the root of time, and a disc at constant current, leave the concentration at the front as it is:

.. math:: c = c_0 - (c_0 - c_s)\frac{f(r/\sqrt{4Dt})}{f(\Lambda)},\qquad
          \frac{c_0-c_s}{(1-t_+)c_m-c_s} = g(\Lambda)

with f = erfc, g = sqrt(pi) Lambda exp(Lambda^2) erfc(Lambda) for the plane and f = E1(x^2), g = Lambda^2 exp(Lambda^2)
E1(Lambda^2) for the disc (derived from the balance at the front, D dc/dn = v [(1 - t+) c_m - c_s]; F. C. Frank, Proc.
R. Soc. A 201 (1950) 586). The metal is thin (c0 / c_m = 0.3), so that the field fits on the grid.
Printed when the radius has doubled: its miss (of a disc that begins diffuse: its area is larger by pi^3 delta^2 / 3),
that of the concentration where the phase is 1/2, and the largest beyond three interface widths, over c0. Exit code 1 if
the last is more than 3 %.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import erfc, exp1

from simcell.dendrite.layer import Layer, begin
from simcell.dendrite.model import grow, segment
from simcell.dendrite.stability import FARADAY, Metal
from simcell.numerics.grid import section

METAL = Metal(1, 3.0e-4, 0.0, 300.0, 1000.0, 3e-10, 0.4)  # c0 / c_m = 0.3
DEPTH, SURFACE = 1e-6, 0.5  # of the section [m]; c_s / c0
SHAPES: dict[str, tuple[Callable, Callable]] = {
    "plane": (erfc, lambda a: np.sqrt(np.pi) * a * np.exp(a * a) * erfc(a)),
    "disc": (lambda a: exp1(a * a), lambda a: a * a * np.exp(a * a) * exp1(a * a)),
}


def grown(shape: str, h: float, widths: float = 2.0, start: float = 0.8e-6, side: float = 6.4e-6) -> tuple[float, ...]:
    """Relative miss of the radius, miss of c/c0 at the front, largest beyond, when the radius has doubled."""
    f, g = SHAPES[shape]
    q = (1.0 - METAL.transference) / (METAL.molar_volume * METAL.concentration)
    growth = brentq(lambda a: g(a) - (1.0 - SURFACE) / (q - SURFACE), 1e-6, 3.0)
    plane = shape == "plane"
    faces = np.arange(round((2.0 if plane else 1.0) * side / h) + 1) * h
    across = np.array([0.0, DEPTH]) if plane else faces
    supply = {"x+": "reservoir"} if plane else {"x+": "reservoir", "z+": "reservoir"}
    layer = Layer(METAL, section(faces, across, DEPTH), widths * h, supply)
    z, x = layer.centre
    r = x if plane else np.hypot(x, z)

    def field(t: float) -> np.ndarray:
        reach = np.sqrt(4.0 * METAL.diffusivity * t)
        return 1.0 - (1.0 - SURFACE) * f(np.maximum(r / reach, growth)) / f(growth)

    first = start**2 / (4.0 * growth**2 * METAL.diffusivity)
    state = begin(layer, start - r, field(first))
    size = DEPTH * DEPTH if plane else 0.25 * np.pi * DEPTH  # of the metal over radius, and over its square
    power = 1 if plane else 2
    amount = FARADAY / METAL.molar_volume * size
    times = np.linspace(first**0.5, 2.0 * first**0.5, 41) ** 2 if plane else np.array([first, 4.0 * first])
    radii = 2.0 * growth * np.sqrt(METAL.diffusivity * times)
    for k in range(1, times.size):
        current = amount * (radii[k] ** power - radii[k - 1] ** power) / (times[k] - times[k - 1])
        state = segment(grow(layer, state, [state.time + times[k] - times[k - 1]], current=current).last)
    found = (state.xi.sum() * h * (DEPTH if plane else h) / (DEPTH if plane else 0.25 * np.pi)) ** (1.0 / power)
    wanted = field(times[-1])
    row, line = state.ratio[0], state.xi[0]
    at = float(np.interp(0.5, line[::-1], row[::-1]))
    beyond = r > radii[-1] + 3.0 * layer.delta
    return found / radii[-1] - 1.0, at - SURFACE, float(np.abs(state.ratio - wanted)[beyond].max()), growth


def main() -> int:
    """Print the table and judge it."""
    worst = 0.0
    print("shape   cell [nm]  delta/cell  Lambda   radius     c at the front  beyond")
    cases = [("plane", 50e-9, 2.0), ("plane", 25e-9, 2.0), ("disc", 100e-9, 1.5), ("disc", 200e-9 / 3.0, 1.5)]
    for shape, h, widths in cases:
        radius, front, beyond, growth = grown(shape, h, widths)
        worst = max(worst, beyond)
        row = f"{shape:6s} {1e9 * h:9.0f} {widths:10.1f} {growth:9.4f}"
        print(f"{row} {radius:+9.1e} {front:+13.4f} {beyond:12.4f}", flush=True)
    return int(worst > 0.03)


if __name__ == "__main__":
    sys.exit(main())

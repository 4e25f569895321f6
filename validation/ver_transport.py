"""Transport and current distribution beside closed forms: errors at the shipped default resolution, and orders.

Run from the root of the tree: ``python -m validation.ver_transport`` (a minute). Lines have the cells that a case file
gets (`FIRST` of the shortest diffusion length, growth 1.05, at most 1/25 of the line); sections have 10 cells across
the gap, growing by 1.2 away from edges, those of a half space by 1.05. Orders are fitted over three refinements with
tight tolerances in time. Exit code 1 if an error at the default is above 1e-3 or an order is below its bar.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import ellipj, ellipk, ellipkm1

from simcell.chemistry.equilibrium import Reversible, closed
from simcell.numerics.grid import Grid, graded, plan, section
from simcell.transport.bulk import Bulk
from simcell.transport.coplanar import far_resistance, strips
from simcell.transport.current import distribute
from simcell.transport.edge_field import edge_length
from simcell.transport.electrode import strip
from simcell.transport.fin import fin_resistance, penetration_length
from simcell.transport.kinetics import FARADAY, Linear
from simcell.transport.poisson import DoubleLayer, debye_length, double_layer_grid, gouy_chapman
from simcell.transport.protocol import Limit, current, hold, sweep
from simcell.transport.record import Record
from simcell.transport.session import Options, run
from simcell.transport.species import Frit, Ion, Liquid, Reaction, Reservoir, Surface, between, couple, plating
from simcell.transport.voltammetry import (
    cottrell,
    film_step,
    plates_limit,
    randles_sevcik,
    sand_time,
    thin_layer_peak,
)  # fmt: skip

LIMIT = 1e-3
D, VOLTS = 1e-9, 8.314462618 * 298.15 / FARADAY
FIRST = 1.0 / 20.0  # first cell over the diffusion length of a thousandth of the step, or RT / F over the scan rate
GROWTH = 1.05  # of lines, and of sections of a half space
LAYERS = 10
TIGHT = Options(rtol=1e-6, atol=1e-8, volts=5e-4)
SALT = [Ion("Li+", 1, 1e-9), Ion("A-", -1, 2e-9)]
REDOX = [Ion("O+", 1, D), Ion("R", 0, D), Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
Error = Callable[[int, Options | None], float]  # of refinement and options


def line(length: float, shortest: float, refine: int, other: bool = False) -> Grid:
    """Cells of a case file: `shortest` is the time [s] that the first cell is made for."""
    first = FIRST * min(length, np.sqrt(D * shortest))
    return between(length, first, GROWTH, length / 25.0, other=other, refine=refine)


def redox(length: float, shortest: float, refine: int, far: Reservoir | Frit | None = None) -> Liquid:
    """1 mol/m^3 of what is oxidised, in excess electrolyte."""
    start = {"O+": 0.0, "R": 1.0, "K+": 1e4, "Cl-": 1e4}
    electrode = Surface((couple("OR", "O+", "R", 1, 1.0),))
    return Liquid(line(length, shortest, refine), REDOX, start, electrode, far or Reservoir(), reference=0.0)


def plates(refine: int) -> Liquid:
    """A binary salt between two plates of its metal."""
    li = Surface((plating("Li", "Li+", 1, 10.0, 100.0, 0.5, 0.5),))
    return Liquid(line(1e-4, 0.1, refine, True), SALT, {"Li+": 100.0, "A-": 100.0}, li, li)


def top(record: Record, after: float, until: float) -> float:
    """Largest current density between two times."""
    return float(np.nanmax(record.sampled(np.linspace(after, until, 100_001))))


def step_of_potential(refine: int, options: Options | None) -> float:
    """Worst of three times, the earliest a thousandth of the step."""
    times = np.array([1e-3, 1e-2, 0.3])
    record = run(redox(3e-4, 1e-3, refine), [hold(0.6, 1.0)], options)
    return float(np.abs(record.sampled(times) / cottrell(times, 1, 1.0, D) - 1.0).max())


def closed_film(refine: int, options: Options | None) -> float:
    times = np.array([1e-4, 5e-4, 1e-3])
    record = run(redox(1e-6, 1.5e-6, refine, Frit()), [hold(0.6, 1.5e-3)], options)
    return float(np.abs(record.sampled(times) / film_step(times, 1, 1.0, D, 1e-6) - 1.0).max())


def sand(refine: int, options: Options | None) -> float:
    record = run(redox(3e-4, 0.1, refine), [current(5.0, 100.0, [Limit("potential", above=1.0)])], options)
    return float(record.time[-1] / sand_time(5.0, 1, 1.0, D) - 1.0)


def reversible_peak(refine: int, options: Options | None) -> float:
    record = run(redox(6e-4, VOLTS / 0.1, refine), [sweep(-0.3, 0.3, 0.1)], options)
    return top(record, 1.0, 6.0) / randles_sevcik(0.1, 1, 1.0, D) - 1.0


def film_peak(refine: int, options: Options | None) -> float:
    """The closed form leaves out terms of nFvH^2 / RTD, here 4e-4: what is below that is not the solver's."""
    record = run(redox(1e-6, VOLTS / 1e-3, refine, Frit()), [sweep(-0.3, 0.3, 1e-3)], options)
    return top(record, 200.0, 580.0) / thin_layer_peak(1e-3, 1, 1.0, 1e-6) - 1.0


def binary_limit(refine: int, options: Options | None) -> float:
    record = run(plates(refine), [hold(-1.5, 100.0)], options)
    salt = 2.0 * 1e-9 * 2e-9 / 3e-9
    return float(-record.current[-1] / plates_limit(1, 100.0, salt, 1e-4, 1.0 / 3.0) - 1.0)


def binary_profiles(refine: int, options: Options | None) -> float:
    """Linear concentration and logarithmic potential at 0.9 of the limit."""
    limit = plates_limit(1, 100.0, 4e-9 / 3.0, 1e-4, 1.0 / 3.0)
    record = run(plates(refine), [current(-0.9 * limit, 100.0)], options)
    c = record.concentration[-1, 0]
    flat = np.abs(c / (100.0 * (1.0 + 0.9 * (2e4 * record.position - 1.0))) - 1.0).max()
    bent = record.liquid[-1] - record.liquid[-1, 0] - VOLTS * np.log(c / c[0])
    return float(max(flat, np.abs(bent).max() / VOLTS))


def buffer_limit(refine: int, options: Options | None) -> float:
    """H+ and its fast buffer at a cathode: F (D_H h + D_HA [HA]) / L."""
    k = 10.0 ** (3.0 - 4.75)
    acid = Reversible("HA -> H+ + A-", {"HA": 1}, {"H+": 1, "A-": 1}, k * 1e10, 1e10)
    start = closed([acid], {"HA": 5.0, "H+": 0.0, "A-": 5.0})
    start |= {"K+": 1e5, "Cl-": 1e5 + start["H+"] - start["A-"]}
    ions = [Ion("H+", 1, 9.3e-9), Ion("A-", -1, 1.1e-9), Ion("HA", 0, 1.2e-9), *REDOX[2:]]
    law = Reaction("H2", 2, {"H+": 2.0}, 1e-2, 0.0, {"H+": 1.0}, {}, {"H+": 1.0}, 0.5, 0.5, "cathodic")
    cell = Liquid(line(1e-4, 0.06, refine), ions, start, Surface((law,)), reference=0.0, bulk=Bulk((acid,)))
    record = run(cell, [hold(-1.2, 60.0)], options)
    return float(-record.current[-1] * 1e-4 / (FARADAY * (9.3e-9 * start["H+"] + 1.2e-9 * start["HA"])) - 1.0)


def double_layer(refine: int, _options: Options | None) -> float:
    """Charge at 100 mV."""
    salt, start = REDOX[2:], {"K+": 1.0, "Cl-": 1.0}
    debye = debye_length(salt, start, 78.4)
    grid = double_layer_grid(20.0 * debye, debye, 0.1, refine=refine)
    return DoubleLayer(grid, salt, start, 78.4).at_rest(0.1).charge / gouy_chapman(0.1, debye, 78.4) - 1.0


def layer(refine: int, length: float, edges: tuple[float, ...]) -> Grid:
    """10 cells across a layer of height 1 at the default, along it as a case file grades them."""
    return section(
        graded(0.0, length, dict.fromkeys(edges, 1.0 / LAYERS), 1.2, refine=refine),
        np.linspace(0.0, 1.0, LAYERS * refine + 1),
    )


def coplanar_strips(refine: int, _options: Options | None) -> float:
    """Confined: widths 3, gap 3 layer heights."""
    grid = layer(refine, 25.0, (8.0, 11.0, 14.0, 17.0))
    cell = [strip(grid, "a", 8.0, 11.0, 1.0), strip(grid, "b", 14.0, 17.0, 0.0)]
    return distribute(grid, 1.0, cell).current["a"] / strips((8.0, 11.0), (14.0, 17.0), 1.0) - 1.0


def wide_strips(refine: int, _options: Options | None) -> float:
    """Cell constant by elliptic integrals in a half space: two strips of 1 with a gap of 1; walls 300 away."""
    edges = dict.fromkeys((-1.5, -0.5, 0.5, 1.5), 1.0 / LAYERS)
    x = graded(-300.0, 300.0, edges, GROWTH, refine=refine)
    grid = section(x, graded(0.0, 300.0, {0.0: 1.0 / LAYERS}, GROWTH, refine=refine))
    cell = [strip(grid, "a", -1.5, -0.5, 1.0), strip(grid, "b", 0.5, 1.5, 0.0)]
    return distribute(grid, 1.0, cell).current["a"] / strips((-1.5, -0.5), (0.5, 1.5)) - 1.0


def microband(refine: int, _options: Options | None) -> float:
    """Limiting current of a band of width 2 in a layer of height 1, fed along it from both sides."""
    grid, start = layer(refine, 18.0, (8.0, 10.0)), 8.0
    cell = [strip(grid, "a", start, start + 2.0, 0.0)]
    ways = (start + 1.0 - grid.faces[2][0], grid.faces[2][-1] - start - 1.0)
    exact = sum(1.0 / far_resistance(1.0, way, 1.0) for way in ways)
    return -distribute(grid, 1.0, cell, {"x-": 1.0, "x+": 1.0}).current["a"] / exact - 1.0


def box(one: tuple[float, float], other: tuple[float, float], length: float, height: float) -> float:
    """Conductance of two strips on the floor of a closed box: sn maps it to the half space."""
    m = brentq(lambda p: ellipkm1(p) / ellipk(p) - 2.0 * height / length, 1e-14, 1.0 - 1e-14)
    points = [float(ellipj(ellipk(m) * (2.0 * x / length - 1.0), m)[0]) for x in (*one, *other)]
    return strips((points[0], points[1]), (points[2], points[3]))


def generator_collector(refine: int, height: float) -> float:
    """Interdigitated bands of width 1 and gap 1 at concentrations 1 and 0: half a period in a box."""
    n = LAYERS * refine
    places = (np.arange(2 * n + 1)) / n
    z = np.linspace(0.0, height, round(height * n) + 1)
    grid = section(places, z)
    cell = [strip(grid, "g", 0.0, 0.5, 1.0), strip(grid, "c", 1.5, 2.0, 0.0)]
    if height > 5.0:  # K(1 - m) / K(m) of a half-infinite box, mapped by the cosine (Aoki's result)
        s = float(np.cos(np.pi * 0.25))
        exact = strips((-1.0, -s), (s, 1.0))
    else:
        exact = box((0.0, 0.5), (1.5, 2.0), 2.0, height)
    return distribute(grid, 1.0, cell).current["g"] / exact - 1.0


def fin(refine: int, _options: Options | None) -> float:
    """An electrode of 30 with a penetration length of 6.4 in a plan of height 1, cells of 0.5."""
    grid = plan(np.linspace(0.0, 60.0, 120 * refine + 1), [0.0, 10.0], 1.0)
    length = penetration_length(1.0, 1.0, 40.0)
    answer = distribute(grid, 1.0, [strip(grid, "a", 0.0, 30.0, 0.0, law=Linear(40.0))], {"x+": 1.0})
    return -answer.current["a"] * (30.0 + fin_resistance(1.0, 1.0, 30.0, length)) / 10.0 - 1.0


def wagner(ratio: float) -> Error:
    """Linear kinetics, kappa R / H = ratio: two strips of 30 with a gap of 10, beyond which each edge is one series."""

    def error(refine: int, _options: Options | None) -> float:
        grid, law = layer(refine, 78.0, (4.0, 34.0, 44.0, 74.0)), Linear(ratio)
        cell = [strip(grid, "a", 4.0, 34.0, 1.0, law=law), strip(grid, "b", 44.0, 74.0, 0.0, law=law)]
        return distribute(grid, 1.0, cell).current["a"] * (10.0 + 2.0 * edge_length(ratio)) - 1.0

    return error


# name, error, lowest order that is asked for (None: exact in space, or the closed form is the limit)
CASES: list[tuple[str, Error, float | None]] = [
    ("Cottrell, 1 ms to 0.3 s of 1 s", step_of_potential, 1.7),
    ("step in a closed film", closed_film, 1.7),
    ("Sand", sand, 1.7),
    ("Randles-Sevcik", reversible_peak, 1.7),
    ("thin-layer voltammogram", film_peak, None),
    ("binary limiting current", binary_limit, None),
    ("binary profiles of c and potential", binary_profiles, None),
    ("limiting current of a fast buffer", buffer_limit, None),
    ("Gouy-Chapman charge, 100 mV", double_layer, 1.9),
    ("coplanar strips in a layer", coplanar_strips, 1.0),
    ("cell constant, half space", wide_strips, None),
    ("microband in a layer", microband, 1.0),
    ("generator-collector, half space", lambda r, _o: generator_collector(r, 6.0), 1.0),
    ("generator-collector, layer of half a gap", lambda r, _o: generator_collector(r, 0.5), 1.0),
    ("fin under a wide electrode", fin, 1.9),
    *((f"edges with kinetics, kappa R / H = {r:g}", wagner(r), None) for r in (0.03, 0.3, 3.0)),
]


def measured(error: Error, spaced: bool) -> tuple[float, list[float]]:
    """Error at the default, and those of three refinements with tight steps."""
    default = abs(error(1, None))
    return default, [abs(error(r, TIGHT)) for r in (1, 2, 4)] if spaced else []


def main() -> int:
    """Print the table; 1 if a limit is passed."""
    bad = 0
    print("| case | error at the default | refined twice, four times | order |")
    print("| --- | ---: | ---: | ---: |")
    for name, error, bar in CASES:
        default, finer = measured(error, bar is not None)
        order = float(np.log2(finer[0] / finer[2]) / 2.0) if finer else np.nan
        bad += default > LIMIT or (bar is not None and order < bar)
        told = ", ".join(f"{e:.1e}" for e in finer[1:]) or "-"
        print(f"| {name} | {default:.1e} | {told} | {f'{order:.2f}' if finer else '-'} |", flush=True)
    print(f"{bad} beyond the limits")
    return 1 if bad else 0


if __name__ == "__main__":
    started = time.perf_counter()
    code = main()
    print(f"{time.perf_counter() - started:.0f} s")
    sys.exit(code)

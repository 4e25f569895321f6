"""Gas pressure under a beam against flux, beam radius and liquid thickness, beside what was published about bubbles.

Run from the root of the tree: ``python -m validation.val_bubbles [figure.png]``. No published threshold in
e/angstrom^2/s or A/cm^2 was found (docs/bubbles.md lists where it was looked for), so nothing is fitted and nothing can
be off by a per cent: the script prints the tables of that page, and fails only if the answers leave the ranges that the
page states.

Model: neat or air-saturated water at 25 degC, 300 kV, disc of radius a in a disc of 25 um whose rim is fresh liquid,
nothing changes across the gap (`simcell.radiolysis.spatial`), default mechanism; state at 10 s, some 70 times the
diffusion time of H2 over 25 um. Without diffusion: the homogeneous steady state.
"""

from __future__ import annotations

import itertools
import math
import sys

import numpy as np

from simcell.beam.footprint import relative_dose_rate
from simcell.beam.shape import disc
from simcell.case import Case
from simcell.chemistry.bubble import criteria
from simcell.chemistry.confined import conductance
from simcell.chemistry.shape import Gap
from simcell.constants import STANDARD_ATMOSPHERE
from simcell.numerics.grid import graded, radial
from simcell.radiolysis.setup import Setup
from simcell.radiolysis.spatial import Ends, charges, diffusivities, integrate_radial
from simcell.radiolysis.steady import steady_state
from simcell.studies.ensemble import combinations
from simcell.studies.gas import gases_of
from simcell.studies.limit import limit
from simcell.studies.setup import mechanism_of, setup_of

REACH = 25e-6  # m
RADII = (0.1e-6, 1e-6, 5e-6)  # m
FLUXES = (1.0, 10.0, 100.0, 500.0, 1e3, 1e4, 1e5)  # e/angstrom^2/s
CONTROL = 500.0  # e/angstrom^2/s, Zeng et al. 2014 as reported in the reviews
END = 10.0  # s


def liquid(flux: float, atmosphere: str | None = None, energy: str = "300 kV") -> tuple[Setup, float]:
    """The problem at a flux [e/angstrom^2/s], and its dose rate [Gy/s]."""
    electrolyte = {"atmosphere": atmosphere} if atmosphere else {"pH": 7.0}
    case = Case.from_dict(
        {
            "case": {"duration": f"{END} s"},
            "beam": {"energy": energy, "flux": f"{flux} e/angstrom^2/s"},
            "electrolyte": electrolyte,
        }
    ).input
    setup, beam = setup_of(case, mechanism_of(case))
    return setup, beam.dose_rate


def homogeneous(flux: float, atmosphere: str | None = None) -> float:
    """Gas pressure [atm] in steady state without diffusion."""
    setup, _ = liquid(flux, atmosphere)
    complete = setup.complete(steady_state(setup.problem).concentration)
    return float(gases_of(setup).pressure_of(complete, list(setup.species))) / STANDARD_ATMOSPHERE


def centre(flux: float, radius: float, atmosphere: str | None = None, cells: float = 10.0) -> float:
    """Gas pressure [atm] on the axis of a beam."""
    setup, _ = liquid(flux, atmosphere)
    p, net = setup.problem, setup.problem.net
    grid = radial(graded(0.0, REACH, {radius: radius / cells}, growth=1.15))
    made = p.source[:, None] * relative_dose_rate(grid, disc(2.0 * radius)).ravel()
    run = integrate_radial(
        net, p.k, diffusivities(net.mechanism, net.names), charges(net), made, p.start, grid, Ends(upper=p.start),
        np.array([END]), atol=1e-9,
    )  # fmt: skip
    complete = setup.complete(run.concentration[-1, :, 0])
    return float(gases_of(setup).pressure_of(complete, list(setup.species))) / STANDARD_ATMOSPHERE


def passes(pressure: list[float], threshold: float) -> str:
    """Flux at which a pressure passes a threshold, between logarithms."""
    x, y = np.log(FLUXES), np.log(pressure)
    above = np.flatnonzero(y > math.log(threshold))
    if not above.size:
        return f"> {FLUXES[-1]:.0e}"
    i = int(above[0])
    if i == 0:
        return f"< {FLUXES[0]:g}"
    return f"{math.exp(np.interp(math.log(threshold), y[i - 1 : i + 1], x[i - 1 : i + 1])):.2g}"


def main() -> int:
    """Print the tables; 1 if the page would have to be rewritten."""
    table = {"no diffusion": [homogeneous(f) for f in FLUXES]}
    table |= {f"a = {a * 1e6:g} um": [centre(f, a) for f in FLUXES] for a in RADII}
    print("gas pressure [atm] on the axis, neat water, against flux [e/A^2/s] at 300 kV")
    print(f"{'':14}" + "".join(f"{f:>9g}" for f in FLUXES))
    print(f"{'dose rate':14}" + "".join(f"{liquid(f)[1]:9.1e}" for f in FLUXES))
    for name, row in table.items():
        print(f"{name:14}" + "".join(f"{v:9.3g}" for v in row))
    print("\nflux [e/A^2/s] at which a criterion is passed")
    found = criteria(STANDARD_ATMOSPHERE, 298.15)
    print(f"{'':14}" + "".join(f"{c.name:>17}" for c in found))
    print(f"{'[atm]':14}" + "".join(f"{c.threshold / STANDARD_ATMOSPHERE:17.4g}" for c in found))
    for name, row in table.items():
        print(f"{name:14}" + "".join(f"{passes(row, c.threshold / STANDARD_ATMOSPHERE):>17}" for c in found))
    spread()
    print(f"\ncontrol experiment, {CONTROL:g} e/A^2/s: gas pressure [atm], and the smallest nucleus that would grow")
    control = {}
    for atmosphere in (None, "air"):
        rows = [("no diffusion", homogeneous(CONTROL, atmosphere))]
        rows += [(f"a = {a * 1e6:g} um", centre(CONTROL, a, atmosphere)) for a in RADII]
        for name, value in rows:
            excess = (value - 1.0) * STANDARD_ATMOSPHERE
            nucleus = f"{2.0 * 0.07197 / excess * 1e9:.0f} nm" if excess > 0.0 else "none"
            print(f"{atmosphere or 'neat':6}{name:14}{value:9.3g}   {nucleus}")
            control[atmosphere, name] = value
    print("\nconductance for gas of a free bubble over that of one of the same volume between windows 500 nm apart")
    gap = Gap(500e-9)
    for r in (100e-9, 250e-9, 1e-6, 5e-6):
        volume = 4.0 / 3.0 * math.pi * r**3 if r < 250e-9 else gap.volume(r)
        ratio = conductance(Gap(), volume, None) / conductance(gap, volume, REACH)
        print(f"R = {r * 1e9:5.0f} nm   {ratio:.2g}")
    if len(sys.argv) > 1:
        draw(sys.argv[1], table)
    smooth = all(b > a for row in table.values() for a, b in itertools.pairwise(row))
    order = all(a < b for a, b in zip(table["a = 0.1 um"], table["a = 5 um"], strict=True))
    return int(not (smooth and order and max(map(max, table.values())) < found[-1].threshold / STANDARD_ATMOSPHERE))


def spread() -> None:
    """Print the same without diffusion for every published mechanism and set of yields."""
    print("\nthe same without diffusion for every published mechanism and set of yields")
    for keep, nucleus in (("gas<1 sat", None), ("no bubble", "1 um"), ("no bubble", "100 nm")):
        data = {
            "case": {"duration": f"{END} s"},
            "beam": {"energy": "300 kV", "flux": "1 e/angstrom^2/s"},
            "electrolyte": {"pH": 7.0},
            "gas": {"nucleus_radius": nucleus},
        }
        answers = limit(Case.from_dict(data), [keep], ensemble=True)
        flux = [a.largest * (a.flux_per_dose_rate or math.nan) * 1e-20 for a in answers]
        words = ", ".join(f"{a.member} {f:.2g}" for a, f in zip(answers, flux, strict=True))
        print(f"{nucleus or 'saturation':12}{words}")
    case = Case.from_dict({**data, "gas": {}, "beam": {"energy": "300 kV", "flux": f"{CONTROL} e/angstrom^2/s"}})
    at_control = []
    for mechanism, name in combinations(case)[0]:
        setup, _ = setup_of(case.input, mechanism, None, name)
        complete = setup.complete(steady_state(setup.problem).concentration)
        pressure = float(gases_of(setup).pressure_of(complete, list(setup.species))) / STANDARD_ATMOSPHERE
        at_control.append(f"{mechanism.name}/{name} {pressure:.3g} atm")
    print(f"at {CONTROL:g} e/A^2/s: {', '.join(at_control)}")


def draw(path: str, table: dict[str, list[float]]) -> None:
    """Draw the gas pressure against flux, with the criteria."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.6), layout="constrained")
    axes = figure.add_subplot()
    for name, row in table.items():
        axes.loglog(FLUXES, row, marker="o", markersize=4, label=name.replace("um", "µm"))
    for c in criteria(STANDARD_ATMOSPHERE, 298.15):
        level = c.threshold / STANDARD_ATMOSPHERE
        axes.axhline(level, color="0.6", linewidth=0.8, linestyle=":")
        axes.text(FLUXES[0], level, f" {c.name}", color="0.35", fontsize=8, va="bottom")
    axes.axvline(CONTROL, color="0.6", linewidth=0.8)
    axes.text(CONTROL, 0.03, " control: no bubbles\n (organic electrolyte)", color="0.35", fontsize=8, va="bottom")
    axes.set(xlabel="flux (e/Å²/s, 300 kV)", ylabel="gas pressure on the axis (atm)", ylim=(0.02, 4e3))
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    sys.exit(main())

"""Operator splitting against the coupled solution: what a split step does to a species that lives 0.1 us.

Run from the root of the tree: ``python -m validation.ver_splitting [--figure docs/images/splitting.png]`` (2 minutes).
Neat water, 7.5e7 Gy/s on a disc of radius 1 um, reservoir at 25 um, rings down to 2 nm at the edge of the beam.
Coupled: `integrate_radial`. Split: the homogeneous batch kernel cell by cell, and the exact solution of the discrete
diffusion equation (eigenvectors), so that what differs is the splitting and nothing else. Species diffuse
independently: with the zero-current closure the diffusion step would be non-linear, and its own error would hide what
is measured.

Errors are relative to the coupled solution at rtol 1e-8 on the same rings. Exit code 1 if a statement of
docs/splitting.md does not hold: the order at small steps, its loss at large ones, the error of both at 1 ms.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simcell.beam.footprint import relative_dose_rate
from simcell.beam.shape import disc
from simcell.chemistry import kernels
from simcell.chemistry.network import Array, Network, reaction_rates
from simcell.inputs.mechanism import load_mechanism
from simcell.numerics.grid import graded, laplacian, radial
from simcell.radiolysis.homogeneous import Schedule
from simcell.radiolysis.setup import Conditions, prepare
from simcell.radiolysis.spatial import Ends, Spread, charges, diffusivities, integrate_radial

BEAM, RESERVOIR, DOSE_RATE = 1e-6, 25e-6, 7.5e7  # m, m, Gy/s
DEVELOPED = 1e-3  # s of coupled beam before the short comparisons start
WATER = load_mechanism("water")
NET = Network.of(WATER)
PROBLEM = prepare(WATER, Conditions(298.15, DOSE_RATE, Schedule.constant(100.0), pH=7.0), NET).problem
GRID = radial(graded(0.0, RESERVOIR, {BEAM: 2e-9}, growth=1.1, largest=1e-6))
R = GRID.centre[2]
D = diffusivities(WATER, NET.names)
# the homogeneous kernel without its projection onto conserved totals, which has nothing to hold on to in dark rings
TABLES = NET.tables._replace(invariants=np.zeros((0, len(NET.names))))
SOURCE = PROBLEM.source[:, None] * relative_dose_rate(GRID, disc(2.0 * BEAM)).ravel()
E, OH, H2, H = (NET.index[s] for s in ("e_aq-", "OH", "H2", "H+"))
SCHEMES = {"Strang, reaction last": "rDr", "Strang, diffusion last": "dRd", "Lie, reaction last": "DR"}
# where the table looks: name, radius [m]
PLACES = {"axis": 0.0, "-50 nm": BEAM - 50e-9, "edge": BEAM, "+50 nm": BEAM + 50e-9, "+0.5 um": BEAM + 0.5e-6}


def coupled(start: Array, times: Array, rtol: float = 1e-8, atol: float = 1e-14) -> Spread:
    """Reaction and diffusion together."""
    return integrate_radial(
        NET, PROBLEM.k, D, charges(NET), SOURCE, start, GRID, Ends(upper=PROBLEM.start), times, electroneutral=False,
        rtol=rtol, atol=atol,
    )  # fmt: skip


class Diffusion:
    """Exact solution of the discrete diffusion equation for a fixed step, one matrix per diffusivity."""

    def __init__(self) -> None:
        cells = R.size
        unit = np.eye(cells)[:, None, None, :]
        matrix = np.column_stack([laplacian(GRID, u, {"x+": 0.0}).ravel() for u in unit])
        self.scale = np.sqrt(GRID.volume.ravel())
        symmetric = self.scale[:, None] * matrix / self.scale[None, :]
        self.values, self.vectors = np.linalg.eigh(0.5 * (symmetric + symmetric.T))
        self.known: dict[float, list[Array]] = {}

    def step(self, c: Array, dt: float) -> Array:
        """Concentrations (n, cells) after dt [s]; the reservoir keeps its own."""
        if dt not in self.known:
            self.known[dt] = [self._propagator(d * dt) for d in D]
        rest = PROBLEM.start[:, None]
        return np.stack([m @ u for m, u in zip(self.known[dt], c - rest, strict=True)]) + rest

    def _propagator(self, length: float) -> Array:
        inner = (self.vectors * np.exp(length * self.values)) @ self.vectors.T
        return np.asarray(inner * self.scale[None, :] / self.scale[:, None])


@dataclass
class Splitter:
    """Macro steps by one of the schemes; `clock` counts CPU seconds of reaction and of diffusion."""

    diffusion: Diffusion
    rtol: float = 1e-6
    atol: float = 1e-15
    clock: Array | None = None

    def react(self, c: Array, dt: float) -> Array:
        """Every cell for itself."""
        cells = c.shape[1]
        state, result = np.zeros((cells, kernels.STATE_SIZE)), np.zeros((cells, 1, len(NET.names)))
        start = np.ascontiguousarray(c.T)
        status = kernels.advance_batch(
            TABLES, np.tile(PROBLEM.k, (cells, 1)), np.ascontiguousarray(SOURCE.T), np.array([0.0, dt]), np.ones(1),
            np.array([dt]), np.zeros((cells, 0)), self.rtol, self.atol, 100_000, state,
            np.concatenate([start, np.ones((cells, 1))], axis=1), result,
        )  # fmt: skip
        if (status != kernels.DONE).any():
            raise RuntimeError(f"the reaction step failed in ring {int(np.argmax(status != kernels.DONE))}")
        return np.ascontiguousarray(result[:, 0].T)

    def run(self, scheme: str, c: Array, dt: float, count: int) -> Array:
        """`count` macro steps of dt; small letters are half a step, R or r reacts, D or d diffuses."""
        clock = np.zeros(2)
        for letter in set(scheme) & {"d", "D"}:  # the matrices of a step are made once and do not count
            self.diffusion.step(c, 0.5 * dt if letter == "d" else dt)
        for _ in range(count):
            for letter in scheme:
                part = 0.5 * dt if letter.islower() else dt
                started = time.process_time()
                c = self.react(c, part) if letter in "rR" else self.diffusion.step(c, part)
                clock[0 if letter in "rR" else 1] += time.process_time() - started
        self.clock = clock / count
        return c


def at(c: Array, species: int, radius: float) -> float:
    """Concentration at a radius, between ring centres along straight lines."""
    return float(np.interp(radius, R, c[species]))


def errors(c: Array, exact: Array) -> dict[str, float]:
    """What the tables show: relative errors of e_aq-, OH and H2, and of the pH in units."""
    found = {f"e_aq- {name}": at(c, E, r) / at(exact, E, r) - 1.0 for name, r in PLACES.items()}
    found |= {f"OH {name}": at(c, OH, r) / at(exact, OH, r) - 1.0 for name, r in list(PLACES.items())[:4]}
    volume = GRID.volume.ravel()
    found["e_aq- total"] = float(c[E] @ volume / (exact[E] @ volume)) - 1.0
    found["H2 axis"] = at(c, H2, 0.0) / at(exact, H2, 0.0) - 1.0
    found["H2 total"] = float(c[H2] @ volume / (exact[H2] @ volume)) - 1.0
    shift = -np.log10(c[H] / exact[H])
    found["pH axis"], found["pH worst"] = float(shift[0]), float(shift[np.argmax(np.abs(shift))])
    return found


def lifetimes(c: Array) -> dict[str, float]:
    """Concentration over gross loss [s] of e_aq- and OH on the axis and just outside the beam."""
    nu = np.zeros((len(NET.names), PROBLEM.k.size))
    np.add.at(nu, (NET.tables.term_species.astype(int), NET.tables.term_reaction.astype(int)), NET.tables.term_nu)
    found = {}
    for name, place in (("axis", 0), ("+50 nm", int(np.searchsorted(R, PLACES["+50 nm"])))):
        rates = reaction_rates(NET, PROBLEM.k, c[:, place])
        for species in (E, OH):
            found[f"{NET.names[species]} {name}"] = float(c[species, place] / (-np.minimum(nu[species], 0.0) @ rates))
    return found


def orders(split: Splitter, start: Array) -> tuple[Array, dict[str, Array]]:
    """Largest error of e_aq- over its largest value after one span, for steps that halve."""
    span, steps = 1.024e-6, 1e-9 * 2.0 ** np.arange(0, 11)
    exact = coupled(start, np.array([span]), 1e-9, 1e-16).concentration[0]
    tight = Splitter(split.diffusion, 1e-8)
    off = {}
    for name, scheme in SCHEMES.items():
        runs = [tight.run(scheme, start, dt, round(span / dt))[E] for dt in steps]
        off[name] = np.array([np.abs(c - exact[E]).max() for c in runs]) / exact[E].max()
    return steps, off


def table(rows: dict[float, dict[str, float]], columns: list[str]) -> None:
    """Errors against the macro step."""
    print("  step [s] " + "".join(f"{c:>15}" for c in columns))
    for dt, row in rows.items():
        cells = [f"{row[c]:+15.3f}" if c.startswith("pH") else f"{100.0 * row[c]:+14.3g}%" for c in columns]
        print(f"  {dt:8.0e} " + "".join(cells))


def developed_profile(split: Splitter, start: Array) -> tuple[dict[str, dict[float, Array]], dict[float, Array]]:
    """Split solutions from a developed state on, after 20 steps or 2 us, and the coupled ones at the same times."""
    steps = [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3]
    counts = {dt: max(20, round(2e-6 / dt)) for dt in steps}
    spans = np.array(sorted({counts[dt] * dt for dt in steps}))
    path = coupled(start, spans).concentration
    exact = {dt: path[int(np.argmin(np.abs(spans - counts[dt] * dt)))] for dt in steps}
    split_states: dict[str, dict[float, Array]] = {}
    for name, scheme in SCHEMES.items():
        split_states[name] = {}
        for dt in steps:
            if counts[dt] > 500 and not name.startswith("Strang, reaction"):
                continue
            split_states[name][dt] = split.run(scheme, start, dt, counts[dt])
            if name.startswith("Strang"):
                react, spread = 1e3 * np.asarray(split.clock)
                print(f"  {name:24s} {dt:7.0e} s: {react:7.2f} ms reaction + {spread:5.2f} ms diffusion a macro step")
    return split_states, exact


def whole_run(split: Splitter) -> list[tuple[str, float, dict[str, float]]]:
    """From the start to 10 ms by both routes: name, CPU seconds, errors. Split reactions at a quick tolerance."""
    end = np.array([1e-2])
    exact = coupled(PROBLEM.start, end).concentration[0]
    start = np.tile(PROBLEM.start[:, None], (1, R.size))
    quick, costs = Splitter(split.diffusion, 1e-3), []
    for dt in (1e-5, 1e-4, 1e-3):
        count = round(1e-2 / dt)
        c = quick.run("rDr", start, dt, count)
        costs.append((f"Strang, {dt:.0e} s", float(np.sum(quick.clock)) * count, errors(c, exact)))
    for rtol in (1e-1, 1e-3):
        started = time.process_time()
        run = coupled(PROBLEM.start, end, rtol, 1e-10)
        spent = time.process_time() - started
        costs.append((f"coupled, rtol {rtol:.0e}, {run.steps} steps", spent, errors(run.concentration[0], exact)))
    return costs


def statements(
    off: dict[str, Array], found: dict[float, dict[str, float]], costs: list[tuple[str, float, dict[str, float]]]
) -> list[tuple[str, bool]]:
    """What docs/splitting.md says, each with whether it holds. `found`: Strang with the reaction last."""

    def order(place: str, low: float, high: float) -> float:
        return float(np.log(found[high][place] / found[low][place]) / np.log(high / low))

    largest = off["Strang, reaction last"]
    split, joint = costs[:3], costs[3:]
    return [
        ("order 2 on the axis below the lifetime", abs(order("e_aq- axis", 1e-9, 1e-7) - 2.0) < 0.1),
        ("order 1.0 to 1.7 of the largest error", bool((np.diff(np.log2(largest[:6])) < 1.7).all())),
        ("order below 0.6 beyond 0.5 us", float(np.log2(largest[-1] / largest[-2])) < 0.6),
        ("the layer outside the beam is gone at 10 us", found[1e-5]["e_aq- +50 nm"] < -0.99),
        ("H2 within 2 % at 10 us, 40 % off at 1 ms", found[1e-5]["H2 axis"] < 0.02 and found[1e-3]["H2 axis"] > 0.4),
        ("pH on the axis within 0.01 at 10 us, outside off by 0.5",
         abs(found[1e-5]["pH axis"]) < 0.01 and abs(found[1e-5]["pH worst"]) > 0.5),
        ("coupled is cheaper and closer than every split run",
         all(j[1] < s[1] and abs(j[2]["H2 axis"]) < abs(s[2]["H2 axis"]) for j in joint for s in split)),
    ]  # fmt: skip


def draw(path: Path, exact: Array, states: dict[str, dict[float, Array]], steps: Array, off: dict[str, Array]) -> None:
    """Profiles of e_aq- across the edge for both ends of a Strang step, and the error against the step."""
    from simcell.results.style import INK, dress, new_figure

    figure = new_figure(3.2)
    axes = figure.subplots(1, 3)
    shades = {1e-8: "#c6dbef", 1e-7: "#6baed6", 1e-6: "#2171b5", 1e-5: "#cf8e03"}
    for ax, name in zip(axes[:2], ("Strang, reaction last", "Strang, diffusion last"), strict=True):
        for dt, colour in shades.items():
            ax.plot(1e6 * R, 1e3 * states[name][dt][E], color=colour, lw=1.4, label=f"{dt:.0e} s")
        ax.plot(1e6 * R, 1e3 * exact[E], color=INK, lw=1.4, dashes=(4, 2), label="coupled")
        ax.set(xlim=(0.7, 1.4), ylim=(0.0, 4.5), xlabel="radius [µm]", title=name)
    axes[0].set_ylabel("e_aq- [µmol/L]")
    axes[0].legend(fontsize=7, frameon=False)
    for name, values in off.items():
        axes[2].loglog(steps, values, "o-", ms=3, lw=1.2, label=name)
    axes[2].loglog(steps[:5], off["Strang, reaction last"][0] * (steps[:5] / steps[0]) ** 2, color=INK, lw=0.8, ls=":")
    axes[2].set(xlabel="macro step [s]", title="largest error of e_aq- / its maximum")
    axes[2].legend(fontsize=7, frameon=False)
    for ax in axes:
        dress(ax)
        ax.title.set_fontsize(8.5)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=200)


def main() -> int:
    """Print the tables, draw the figure; 1 if a statement of the documentation does not hold."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--figure", type=Path, default=None)
    given = options.parse_args()
    split = Splitter(Diffusion())
    start = coupled(PROBLEM.start, np.array([DEVELOPED])).concentration[0]
    print(f"{R.size} rings, narrowest {np.diff(GRID.faces[2]).min():.2g} m; after {DEVELOPED:g} s:")
    for name, life in lifetimes(start).items():
        d = D[NET.index[name.split()[0]]]
        print(f"  {name:14s} lives {life:.2e} s and diffuses {1e9 * np.sqrt(d * life):.0f} nm in it")

    steps, off = orders(split, start)
    print("largest error of e_aq- / its maximum after 1.024 us, and order between neighbouring steps")
    for name, values in off.items():
        print(f"  {name}")
        for i, dt in enumerate(steps):
            print(f"    {dt:.2e} s  {values[i]:.2e}" + (f"  {np.log2(values[i] / values[i - 1]):5.2f}" if i else ""))

    print("CPU time of a macro step at rtol 1e-6 of the reaction")
    states, exact = developed_profile(split, start)
    for name, found in states.items():
        print(f"{name}: error of e_aq-, OH (relative), pH (units), after 20 steps or 2 us")
        rows = {dt: errors(c, exact[dt]) for dt, c in found.items()}
        table(rows, [f"e_aq- {p}" for p in PLACES] + ["e_aq- total"])
        table(rows, [f"OH {p}" for p in list(PLACES)[:4]] + ["H2 axis", "H2 total", "pH axis", "pH worst"])

    costs = whole_run(split)
    print("from 0 to 10 ms, Strang with the reaction last (at rtol 1e-3): CPU time and errors")
    for name, spent, row in costs:
        print(
            f"  {name:33s} {spent:7.3f} s  H2 axis {row['H2 axis']:+.1e}  total {row['H2 total']:+.1e}"
            f"  pH axis {row['pH axis']:+.1e}  worst {row['pH worst']:+.1e}"
            f"  e_aq- axis {row['e_aq- axis']:+.1e}  edge {row['e_aq- edge']:+.1e}"
        )
    if given.figure:
        draw(given.figure, exact[1e-5], states, steps, off)
    main_scheme = {dt: errors(c, exact[dt]) for dt, c in states["Strang, reaction last"].items()}
    held = statements(off, main_scheme, costs)
    for text, true in held:
        print(f"{'holds' if true else 'FAILS'}: {text}")
    return 0 if all(true for _, true in held) else 1


if __name__ == "__main__":
    began = time.perf_counter()
    code = main()
    print(f"{time.perf_counter() - began:.0f} s")
    sys.exit(code)

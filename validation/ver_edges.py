"""Electrode edges: error of the current against the number of cells, with exact and with plain conductances.

Run from the root of the tree: ``python -m validation.ver_edges [--figure docs/images/edges.png]`` (a minute). Primary
distribution between two strips and limiting current of a strip fed from afar, both against closed forms, and secondary
distribution with linear kinetics against a closed form for wide strips and against a grid that is graded to the edges.
Cells are square; an edge lies at a fraction of a cell from the next face.
Exit code 1 if a limit below is passed.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from simcell.numerics.grid import Grid, graded, section
from simcell.transport.coplanar import far_resistance, strips
from simcell.transport.current import Options, distribute
from simcell.transport.edge_field import edge_length
from simcell.transport.electrode import Electrode, strip
from simcell.transport.kinetics import Linear

LAYERS = (5, 10, 20, 40)  # cells across the layer
PLACES = (0.0, 0.3, 0.5, 0.8)  # of an edge inside its cell
SHAPES = ((0.5, 0.5), (1.0, 1.0), (5.0, 1.0), (1.0, 5.0), (5.0, 10.0), (10.0, 30.0))  # width, gap over height
RATIOS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # kappa R / H
LIMITS = {5: 3e-3, 10: 4e-4, 20: 1e-4, 40: 3e-5}  # primary and limiting, gap and width at least H
KINETIC = {5: 3e-4, 10: 5e-5, 20: 3e-5}  # secondary


def uniform(layers: int, length: float, place: float) -> Grid:
    """Square cells; faces are moved so that whole numbers lie at `place` of a cell."""
    count = round(length * layers) + 1
    return section((np.arange(count + 1) - place) / layers, np.linspace(0.0, 1.0, layers + 1))


def current(grid: Grid, cell: list[Electrode], edges: str, ends: dict[str, float] | None = None) -> float:
    """Current of the first electrode per length of it and conductivity."""
    return abs(distribute(grid, 1.0, cell, ends, Options(edges=edges)).current["a"])


def primary(layers: int, width: float, gap: float, place: float, edges: str) -> float:
    """Relative error of two strips."""
    one, other = (8.0, 8.0 + width), (8.0 + width + gap, 8.0 + 2.0 * width + gap)
    grid = uniform(layers, 16.0 + 2.0 * width + gap, place)
    return (
        current(grid, [strip(grid, "a", *one, 1.0), strip(grid, "b", *other, 0.0)], edges) / strips(one, other, 1.0)
        - 1.0
    )


def limiting(layers: int, width: float, place: float, edges: str) -> float:
    """Relative error of a strip at zero concentration, fed from both ends."""
    grid = uniform(layers, 2.0 * round(8.0 + width), place)
    middle = 0.5 * (grid.faces[2][0] + grid.faces[2][-1])
    start = round((middle - 0.5 * width) * layers) / layers  # at `place` of a cell; the feed is then uneven
    cell = [strip(grid, "a", start, start + width, 0.0)]
    # both feeds hold 1; what the unevenness of their distances sends through under the strip is of second order
    ways = (start + 0.5 * width - grid.faces[2][0], grid.faces[2][-1] - start - 0.5 * width)
    exact = sum(1.0 / far_resistance(0.5 * width, way, 1.0) for way in ways)
    return current(grid, cell, edges, {"x-": 1.0, "x+": 1.0}) / exact - 1.0


def between(grid: Grid, ratio: float, width: float, gap: float, edges: str) -> float:
    """Current between two strips with linear kinetics."""
    law = Linear(ratio)
    one, other = (4.0, 4.0 + width), (4.0 + width + gap, 4.0 + 2.0 * width + gap)
    return current(grid, [strip(grid, "a", *one, 1.0, law=law), strip(grid, "b", *other, 0.0, law=law)], edges)


def main(figure: Path | None = None) -> int:
    """Print the tables, draw the figure; 1 if a limit is passed."""
    bad = 0
    worst: dict[tuple[str, str], dict[int, list[float]]] = {}  # of a kind and treatment: errors for each resolution
    print("primary: worst and best relative error over edge positions", PLACES)
    print("| width, gap / H | cells across H | plain | exact |")
    print("| --- | ---: | ---: | ---: |")
    for width, gap in SHAPES:
        for layers in LAYERS:
            plain, exact = (
                [abs(primary(layers, width, gap, place, e)) for place in PLACES] for e in ("plain", "exact")
            )
            bad += max(exact) > LIMITS[layers] and min(width, gap) >= 1.0
            for edges, errors in (("plain", plain), ("exact", exact)):
                worst.setdefault(("primary", edges), {}).setdefault(layers, []).extend(errors)
            print(f"| {width:g}, {gap:g} | {layers} | {span(plain)} | {span(exact)} |", flush=True)
    print("\nlimiting current of a strip fed along the layer")
    print("| width / H | cells across H | plain | exact |")
    print("| --- | ---: | ---: | ---: |")
    for width in (1.0, 4.0, 10.0):
        for layers in LAYERS[:3]:
            plain, exact = ([abs(limiting(layers, width, p, e)) for p in PLACES] for e in ("plain", "exact"))
            bad += max(exact) > LIMITS[layers]
            for edges, errors in (("plain", plain), ("exact", exact)):
                worst.setdefault(("limiting", edges), {}).setdefault(layers, []).extend(errors)
            print(f"| {width:g} | {layers} | {span(plain)} | {span(exact)} |", flush=True)
    print(
        "\nsecondary, linear kinetics: width 3 H, gap 3 H against a graded grid (right to 1e-5); 30 H, 10 H closed form"
    )
    print("| kappa R / H | cells across H | 3, 3 plain | 3, 3 exact | 30, 10 plain | 30, 10 exact |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    edges = (4.0, 7.0, 10.0, 13.0)
    fine = section(graded(0.0, 17.0, dict.fromkeys(edges, 4e-4), 1.12, 0.1), graded(0.0, 1.0, {0.0: 4e-4}, 1.12, 0.1))
    for ratio in RATIOS:
        near = between(fine, ratio, 3.0, 3.0, "exact")
        far = 1.0 / (10.0 + 2.0 * edge_length(ratio))
        for layers in LAYERS[:3]:
            rows = [
                [abs(between(uniform(layers, 8.0 + 2.0 * w + g, p), ratio, w, g, e) / exact - 1.0) for p in PLACES]
                for w, g, exact in ((3.0, 3.0, near), (30.0, 10.0, far))
                for e in ("plain", "exact")
            ]
            bad += max(rows[1] + rows[3]) > KINETIC[layers]
            print(f"| {ratio:g} | {layers} | " + " | ".join(span(row) for row in rows) + " |", flush=True)
    print(f"{bad} beyond the limits")
    if figure is not None:
        draw(figure, worst)
    return 1 if bad else 0


def draw(path: Path, worst: dict[tuple[str, str], dict[int, list[float]]]) -> None:
    """Every shape and place of an edge as a point, the worst of them as a line."""
    from simcell.results.style import INK, dress, new_figure

    drawn = new_figure(3.2)
    axes = drawn.subplots(1, 2, sharey=True)
    for ax, kind, title in zip(
        axes, ("primary", "limiting"), ("two strips, primary", "limiting current of a strip"), strict=True
    ):
        for edges, colour, words in (("plain", "#cf8e03", "plain"), ("exact", "#2171b5", "exact beside edges")):
            points = worst[kind, edges]
            for layers, errors in points.items():
                ax.loglog([layers] * len(errors), np.maximum(errors, 1e-7), ".", ms=3, color=colour, alpha=0.5)
            ax.loglog(list(points), [max(e) for e in points.values()], color=colour, lw=1.4, label=words)
        ax.axhline(1e-3, color=INK, lw=0.8, ls=":")
        ax.set(xlabel="cells across the layer", title=title, ylim=(1e-7, 0.5))
        ax.set_xticks(list(LAYERS), [str(n) for n in LAYERS])
        ax.minorticks_off()
        dress(ax)
        ax.title.set_fontsize(8.5)
    axes[0].set_ylabel("relative error of the current")
    axes[0].legend(fontsize=7, frameon=False, loc="lower left")
    drawn.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn.savefig(path, dpi=200)


def span(errors: list[float]) -> str:
    """Least to largest."""
    return f"{min(errors):.1e} to {max(errors):.1e}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, default=None)
    started = time.perf_counter()
    code = main(parser.parse_args().figure)
    print(f"{time.perf_counter() - started:.0f} s")
    sys.exit(code)

"""Order in space of reaction, diffusion, migration and advection on graded grids, by manufactured solutions.

Prints the orders fitted over the refinements, for every combination of terms; some minutes, most of them in three
dimensions, where coarser grids than 12 x 16 x 16 cells have not reached the order yet (1.80 to 1.95). The solutions are
those of the tests (tests/reference/manufactured.py).
From the root of the repository: python validation/ver_field_orders.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.reference.manufactured import KINDS, NET, TERMS, K, case


def main() -> None:
    """Measure and print."""
    print(f"{'grid':8s} {'terms':45s} {'order of ' + ', '.join(NET.names):32s} largest error on the finest grid")
    for kind in KINDS:
        base = 0.25 if kind == "full" else 0.1
        refinements = (2, 4, 8) if kind in ("radial", "ring") else (4, 6) if kind == "full" else (2, 3, 4)
        for terms, (closure, advection, reaction) in TERMS.items():
            if advection and kind == "radial":
                continue  # nothing can flow out of an axis; "ring" has the flow
            errors = []
            for refine in refinements:
                problem = case(kind, refine, closure, advection, reaction, base)
                errors.append(problem.error(problem.run(closure, K * reaction)))
            order = -np.polyfit(np.log(refinements), np.log(errors), 1)[0]
            print(f"{kind:8s} {terms:45s} {' '.join(f'{o:7.2f}' for o in order):32s} {errors[-1].max():.1e}")


if __name__ == "__main__":
    main()

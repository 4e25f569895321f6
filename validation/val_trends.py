"""Trends with current beside experiment: what linear stability and supply say of lithium and zinc, without a run.

Run from the root of the tree: ``python -m validation.val_trends`` (a second). For each current density of the
experiments: how long the salt over the electrode lasts without any supply, t = zF c0 h / (1 - t+) i; the share of what
the gap can supply; the ripple that grows fastest and how long it takes to grow e-fold, or when the salt is used up.

Predicted: the order of the morphologies with current. Chosen: exchange current, surface energy, thickness of the liquid
and gap, which the reports do not give. Calcium and magnesium are left out: no transport number of their electrolytes is
shipped, and a row for them would be invented. Exit code 1 if the order of a series is not that of the experiment.
"""

from __future__ import annotations

import sys

import numpy as np

from simcell.dendrite.outlook import Outlook, outlook
from simcell.dendrite.stability import FARADAY, Metal
from simcell.inputs.dendrite import DendriteInput
from simcell.studies.growth_setup import Liquid, metal_of

THICKNESS, GAP = 500e-9, 50e-6  # m, chosen
# metal, electrolyte, concentration [mol/m^3], chosen exchange current, then mA/cm^2 and what was seen
SERIES = (
    ("Li", "LiPF6-EC-DMC", 1000.0, "30 A/m^2", (1.0, 10.0, 25.0), ("smooth", "facets and needles", "needles")),
    ("Zn", "ZnSO4", 100.0, "30 A/m^2", (20.0, 40.0, 160.0, 200.0), ("facets, then branches",) * 4),
)


def alone(metal: Metal, current: float) -> float:
    """Time [s] for which the salt over the electrode lasts without supply from the side."""
    charge = metal.charge * FARADAY * metal.concentration * THICKNESS
    return charge / (1.0 - metal.transference) / current


def e_fold(ahead: Outlook) -> float:
    """Time [s] in which the fastest ripple grows e-fold, or the salt at the front is used up if that is sooner."""
    rate = ahead.fastest[1]
    return min(1.0 / rate if rate > 0.0 else np.inf, ahead.depletion)


def main() -> int:
    """Print the table and judge its order."""
    wrong = 0
    print("metal  mA/cm2  no supply [s]  i/i_lim  verdict within 100 s; ripple [um], e-fold or depletion [s]; seen")
    for name, salt, c, exchange, currents, seen in SERIES:
        case = DendriteInput(metal=name, exchange_current=exchange)
        metal, _, _ = metal_of(case, Liquid(salt, c, 298.15))
        times = []
        for milli, what in zip(currents, seen, strict=True):
            ahead = outlook(metal, GAP, current=10.0 * milli)
            times.append(e_fold(ahead))
            word = ahead.verdict(100.0, GAP).split(":")[0]
            print(
                f"{name:5s} {milli:7.0f} {alone(metal, 10.0 * milli):13.3g} {ahead.current / ahead.limiting:9.3f}  "
                f"{word}; {ahead.fastest[0] * 1e6:.3g}, {times[-1]:.3g}; {what}"
            )
        wrong += times != sorted(times, reverse=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

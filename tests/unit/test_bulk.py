"""Reactions inside the liquid: rest, buffers at electrodes, reaction layers, and the books."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.chemistry.equilibrium import Reversible, closed
from simcell.inputs.solution import dissolve
from simcell.transport.bulk import Bulk
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import current, hold
from simcell.transport.session import run
from simcell.transport.species import Frit, Ion, Liquid, Reaction, Surface, between, couple

LENGTH, SUPPORT = 1e-4, 1e5
K = 10.0 ** (3.0 - 4.75)  # of a weak acid [mol/m^3]
H, A, HA = 9.3e-9, 1.1e-9, 1.2e-9
HYDROGEN = Reaction("H2", 2, {"H+": 2.0}, 1e-2, 0.0, {"H+": 1.0}, {}, {"H+": 1.0}, 0.5, 0.5, "cathodic")


def acid(rate: float = 1e10) -> Reversible:
    """At 1e10 m^3/mol/s nothing is left of the resistance of its reaction layer."""
    return Reversible("HA -> H+ + A-", {"HA": 1}, {"H+": 1, "A-": 1}, K * rate, rate)


def buffered(spacing: float = 1e-6, rate: float = 1e10) -> Liquid:
    """5 mol/m^3 each of a weak acid and its salt in excess electrolyte, before a cathode that takes up protons."""
    ions = [Ion("H+", 1, H), Ion("A-", -1, A), Ion("HA", 0, HA), Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    start = closed([acid(rate)], {"HA": 5.0, "H+": 0.0, "A-": 5.0})
    start |= {"K+": SUPPORT, "Cl-": SUPPORT + start["H+"] - start["A-"]}
    grid = between(LENGTH, spacing, other=False)
    return Liquid(grid, ions, start, Surface((HYDROGEN,)), reference=0.0, bulk=Bulk((acid(rate),)))


def test_a_fast_buffer_brings_its_acid_to_the_cathode():
    """At the limit H+ and, in equilibrium with it, HA are gone at the surface: i = F (D_H h + D_HA [HA]) / L."""
    cell = buffered()
    record = run(cell, [hold(-1.2, 60.0)])
    limit = FARADAY * (H * cell.start["H+"] + HA * cell.start["HA"]) / LENGTH
    assert -record.current[-1] == pytest.approx(limit, rel=1e-4)
    assert limit > 30.0 * FARADAY * H * cell.start["H+"] / LENGTH  # nearly all of it comes from the buffer
    assert record.books < 1e-9
    assert cell.balance in ("K+", "Cl-")


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_pH_at_the_surface_below_the_limit(share):
    """No A leaves: D_A [A-] + D_HA [HA] is even; D_H h + D_HA [HA] falls by i L / F; and h [A-] = K [HA]."""
    cell = buffered()
    total = H * cell.start["H+"] + HA * cell.start["HA"]
    base = A * cell.start["A-"] + HA * cell.start["HA"]
    record = run(cell, [current(-share * FARADAY * total / LENGTH, 60.0)])
    # (1 - share) total = H h + HA base h / (HA h + A K), quadratic in h
    rest = (1.0 - share) * total
    b = H * A * K + HA * base - rest * HA
    h = (-b + np.sqrt(b * b + 4.0 * H * HA * rest * A * K)) / (2.0 * H * HA)
    assert record.surface("H+")[-1] == pytest.approx(h, rel=1e-4)


@pytest.mark.parametrize("spacing", [2e-8, 5e-6])
def test_surface_stays_in_equilibrium_on_any_grid(spacing):
    """The layer in which the buffer acts, 0.1 um, is resolved by one of the grids and far below a cell of the other."""
    record = run(buffered(spacing, 1e7), [current(-3.0, 10.0)])
    h, a, ha = (record.surface(s)[-1] for s in ("H+", "A-", "HA"))
    assert h * a / ha == pytest.approx(K, rel=0.3 if spacing < 1e-7 else 0.02)


@pytest.mark.parametrize("rate", [1.0, 100.0])
def test_reaction_layer_of_a_slow_step(rate):
    """Y = O + reduction of O, equal diffusivities, film of length L: D c / (L + mu tanh(L/mu) / K)."""
    constant, d, length = 0.1, 1e-9, 2e-5
    step = Reversible("Y -> O", {"Y": 1}, {"O": 1}, rate * constant, rate)
    ions = [Ion("Y", 0, d), Ion("O", 0, d), Ion("R-", -1, d), Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    start = closed([step], {"Y": 1.0, "O": 0.0}) | {"R-": 0.0, "K+": SUPPORT, "Cl-": SUPPORT}
    layer = np.sqrt(d / (rate * (1.0 + constant)))
    grid = between(length, 0.03 * layer, other=False, largest=0.2 * layer)
    electrode = Surface((couple("OR", "O", "R-", 1, 1e-2),))
    record = run(Liquid(grid, ions, start, electrode, reference=0.0, bulk=Bulk((step,))), [hold(-0.6, 5.0)])
    wanted = FARADAY * d / (length + layer * np.tanh(length / layer) / constant)
    assert -record.current[-1] == pytest.approx(wanted, rel=1e-3)


def test_a_closed_liquid_settles_to_its_equilibrium():
    """Bicarbonate that was never at rest, without a current: the same as the closed form, and nothing is lost."""
    still = dissolve("KHCO3", 100.0, activity="ideal")
    start = dict.fromkeys(still.start, 0.0) | {"K+": 100.0, "HCO3-": 100.0}
    cell = Liquid(
        between(1e-6, 2e-7), still.ions, start, Surface(capacitance=1e-9, before=0.0), Frit(), bulk=still.bulk
    )
    record = run(cell, [current(0.0, 1e5)])
    for k, name in enumerate(record.ions):
        assert record.concentration[-1, k] == pytest.approx(still.start[name], rel=2e-6)


def test_hydroxide_made_in_bicarbonate_becomes_carbonate():
    """Water is reduced until the bicarbonate at the cathode is used up; charge and carbon close."""
    found = dissolve("KHCO3", 100.0)
    water = Reaction("water", 1, {"OH-": -1.0}, 1e-2, 0.0, {"OH-": 1.0}, anodic=0.5, cathodic=0.5, branch="cathodic")
    cell = Liquid(
        between(LENGTH, 1e-6, other=False), found.ions, found.start, Surface((water,)), reference=0.0, bulk=found.bulk
    )
    record = run(cell, [current(-100.0, 5.0), current(-300.0, 5.0)])
    middle = int(np.flatnonzero(record.segment == 0)[-1])
    assert cell.balance == "K+"
    assert record.books < 1e-9
    pH = -np.log10(record.surface("H+") / 1e3)
    assert 10.0 < pH[middle] < 12.0 < pH[-1] < 13.5
    assert record.surface("CO3^2-")[-1] > 40.0 > record.surface("HCO3-")[-1]
    for r in found.bulk.reactions:
        if "CO2" not in r.change:  # slow
            left, right = (
                np.prod([record.surface(s)[-1] ** n for s, n in side.items()]) for side in (r.reactants, r.products)
            )
            assert right / left == pytest.approx(r.constant, rel=1e-2)


@pytest.mark.parametrize(
    ("reaction", "message"),
    [
        (Reversible("A -> B", {"A": 1}, {"B": 1}, -1.0, 1.0), "cannot be negative"),
        (Reversible("4 A -> B", {"A": 4}, {"B": 1}, 1.0, 1.0), "order 4; at most 3"),
    ],
)
def test_rates_that_make_no_sense_are_refused(reaction, message):
    with pytest.raises(ValueError, match=message):
        Bulk((reaction,))


def test_reactions_must_fit_the_liquid():
    good = buffered()
    for bulk, message in (
        (Bulk((Reversible("HA -> H+ + B-", {"HA": 1}, {"H+": 1, "B-": 1}, 1.0, 1.0),)), "needs B-"),
        (Bulk((Reversible("HA -> H+", {"HA": 1}, {"H+": 1}, 1.0, 1.0),)), r"makes a charge of \+1"),
    ):
        with pytest.raises(ValueError, match=message):
            Liquid(good.grid, good.ions, good.start, good.working, bulk=bulk)

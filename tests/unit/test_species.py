"""Ions along a line: books, exact ends of segments, control by the reference, films, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.errors import SolverError
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import Limit, Segment, current, hold, pulses, rest, sweep, voltammogram
from simcell.transport.session import Options, run
from simcell.transport.species import Ion, Liquid, Reaction, Surface, between, couple, plating
from simcell.transport.tableau import THIRD
from tests.ions_on_a_line import PLATES_LIMIT, REDOX, VOLTS, D, plates, redox, thin

BOOKS = 1e-9  # what the issue asks for


def trapezoid(record) -> float:
    """Charge by the plainest rule."""
    return float(np.sum(np.diff(record.time) * 0.5 * (record.current[1:] + record.current[:-1])))


def test_method_has_order_three_and_an_estimate_of_order_two():
    a, b, c = THIRD.matrix, THIRD.matrix[-1], THIRD.times
    lower = b - THIRD.difference
    assert c[1:] == pytest.approx([2.0 * a[1, 1], 0.6, 1.0], abs=1e-14)
    assert [b.sum(), b @ c, b @ c**2, b @ a @ c] == pytest.approx([1.0, 1 / 2, 1 / 3, 1 / 6], abs=1e-14)
    assert [lower.sum(), lower @ c] == pytest.approx([1.0, 1 / 2], abs=1e-14)
    assert abs(lower @ c**2 - 1 / 3) > 1e-3
    assert a[1:] @ c == pytest.approx(0.5 * c[1:] ** 2, abs=1e-14)  # stages of order 2
    # no memory of what is infinitely stiff: R(inf) = 1 - b A^-1 1 on the implicit part
    inner = np.linalg.solve(a[1:, 1:], -a[1:, 0])
    assert inner[-1] == pytest.approx(0.0, abs=1e-12)


def test_charge_and_ions_balance():
    """A salt between plates through jumps, sweeps, pulses and rest, with double layers at both ends."""
    cell = plates(capacitance=0.2, film=1e-3)
    protocol = [
        hold(-0.05, 1.0),
        current(20.0, 1.0),
        sweep(0.0, 0.1, 0.1),
        *pulses(-50.0, 0.1, 0.2, 2, off=20.0),
        rest(1.0),
    ]
    record = run(cell, protocol)
    assert record.books < BOOKS
    total = record.reaction_charge[-1, 0] + record.charging_charge[-1, 0]
    other = record.reaction_charge[-1, 1] + record.charging_charge[-1, 1]
    assert total == pytest.approx(-other, rel=BOOKS)
    assert total == pytest.approx(trapezoid(record), abs=0.02 * np.abs(record.current).max() * 1.0)
    parts = record.reaction_current[:, 0] + record.charging_current[:, 0]
    assert parts == pytest.approx(record.current, rel=1e-9, abs=1e-9)
    salt = record.inventory[1] - record.inventory[0]
    assert salt[0] == pytest.approx(salt[1], rel=1e-6)  # electroneutral
    at_pulse = record.current[(record.segment == 3) | (record.segment == 5)]
    assert at_pulse == pytest.approx(-50.0, rel=1e-9)
    assert record.current[-1] == pytest.approx(0.0, abs=1e-9)


def test_charge_given_is_charge_passed():
    record = run(plates(capacitance=0.2), [current(-30.0, 2.0)])
    given = record.reaction_charge[-1, 0] + record.charging_charge[-1, 0]
    assert given == pytest.approx(-60.0, rel=BOOKS)


@pytest.mark.parametrize(
    ("limit", "trace", "wanted"),
    [
        (Limit("charge", below=-7.5), None, -7.5),
        (Limit("potential", below=-0.128), "potential", -0.128),
    ],
)
def test_segments_end_exactly_at_their_limit(limit, trace, wanted):
    record = run(plates(), [current(-30.0, 60.0, [limit]), rest(0.1)])
    assert record.ends[0][2] == limit.quantity
    last = np.flatnonzero(record.segment == 0)[-1]
    found = record.reaction_charge[last, 0] if trace is None else getattr(record, trace)[last]
    assert found == pytest.approx(wanted, rel=1e-9)
    if trace is None:
        assert record.ends[0][1] == pytest.approx(0.25, rel=1e-9)


def test_current_limit_of_a_step_of_potential():
    record = run(redox(), [hold(0.3, 10.0, [Limit("current", below=5.0)])])
    assert record.current[-1] == pytest.approx(5.0, rel=1e-8)
    assert record.time[-1] == pytest.approx(D / np.pi * (FARADAY / 5.0) ** 2, rel=2e-3)


def test_film_and_liquid_take_their_share_of_the_potential():
    """Steady small current between plates: kinetics twice, film twice, liquid with its diffusion potential."""
    film, i = 2e-3, -1.0
    record = run(plates(film=film), [current(i, 60.0)])
    c = record.concentration[-1, 0, [0, -1]]
    kinetics = 2.0 * VOLTS * np.arcsinh(i / (20.0 * np.sqrt(c / 100.0)))
    nernst = VOLTS * np.log(c / 100.0)
    # metal less liquid at the working end, and the other way round at the other end
    wanted = kinetics[0] + nernst[0] + i * film + (record.liquid[-1, 0] - record.liquid[-1, -1])
    wanted -= 2.0 * VOLTS * np.arcsinh(-i / (20.0 * np.sqrt(c[1] / 100.0))) + nernst[1] - i * film
    assert record.potential[-1] == pytest.approx(wanted, rel=1e-9)


def test_reference_and_compensation():
    """At steady state the electrolyte rests in the potential that the product makes: RT/F times its excess / 2 c.

    Compensating all of that resistance gives the current of a reference at the surface.
    """
    at = 1e-5
    resistance = VOLTS * at / (FARADAY * D * 2e2)
    cells = dict(length=2e-5, spacing=2e-7, support=1e2, oxidised=1.0)

    def cell(place):
        liquid = redox(**cells)
        return Liquid(liquid.grid, liquid.ions, liquid.start, liquid.working, liquid.other, reference=place)

    plain = run(cell(at), [hold(0.02, 0.5)])
    drop = plain.current[-1] * resistance
    assert plain.ohmic_drop[-1] == pytest.approx(drop, rel=2e-2)
    surface = run(cell(0.0), [hold(0.02, 0.5)])
    helped = run(cell(at), [hold(0.02, 0.5, compensation=resistance)])
    assert surface.ohmic_drop[-1] == 0.0
    error = abs(plain.current[-1] - surface.current[-1])
    assert error > 1e-5 * abs(surface.current[-1])
    assert abs(helped.current[-1] - surface.current[-1]) < 0.02 * error


def test_two_reactions_at_one_electrode_share_the_current():
    """A second couple 0.2 V higher: plateau of the first, then of both."""
    ions = [*REDOX, Ion("P+", 1, D), Ion("Q", 0, D)]
    start = {"O+": 0.0, "R": 1.0, "P+": 0.0, "Q": 0.5, "K+": 1e3, "Cl-": 1e3}
    both = Surface((couple("OR", "O+", "R", 1, 1e-2), couple("PQ", "P+", "Q", 1, 1e-2, formal=0.4)))
    record = run(Liquid(between(2e-5, 2e-7, other=False), ions, start, both), [hold(0.2, 2.0), hold(0.7, 2.0)])
    one = FARADAY * D / 2e-5
    first = np.flatnonzero(record.segment == 0)[-1]
    assert record.current[first] == pytest.approx(one, rel=2e-3)
    assert record.current[-1] == pytest.approx(1.5 * one, rel=1e-3)
    assert record.reaction_current[-1] == pytest.approx([one, 0.5 * one], rel=1e-3)
    assert record.books < 1e-8  # rounding in 1000 times more electrolyte


def test_depletion_is_told_not_clipped():
    with pytest.raises(SolverError, match=r"Li\+ is down to .* at the working electrode; -771.* diffusion now") as told:
        run(plates(), [current(-2.0 * PLATES_LIMIT, 60.0)])
    record = told.value.partial
    sand = np.pi * (4.0 / 3.0 * 1e-9) * (FARADAY * 100.0 / (2.0 * 2.0 * PLATES_LIMIT * 2.0 / 3.0)) ** 2
    assert record.time[-1] == pytest.approx(sand, rel=5e-3)
    assert record.concentration.min() > 0.0


def test_concentrations_stay_positive_far_beyond_the_limiting_current():
    record = run(plates(), [hold(-3.0, 30.0)])
    assert record.concentration.min() > 0.0
    assert record.surface("Li+")[-1] < 1e-8
    assert -record.current[-1] == pytest.approx(PLATES_LIMIT, rel=1e-6)


def test_fractional_order_runs_empty_too():
    salt = [Ion("Li+", 1, 1e-9), Ion("A-", -1, 2e-9)]
    li = Surface((plating("Li", "Li+", 1, 10.0, 100.0, 0.3, 0.7, order=0.8),))
    cell = Liquid(between(1e-4, 2e-6), salt, {"Li+": 100.0, "A-": 100.0}, li, li)
    record = run(cell, [sweep(0.0, -1.5, 0.05)])
    assert -record.current.min() == pytest.approx(PLATES_LIMIT, rel=5e-3)
    assert record.books < BOOKS


def test_rest_finds_the_potential_of_nernst():
    record = run(redox(oxidised=1e-3), [rest(1.0)])
    assert record.potential[-1] == pytest.approx(VOLTS * np.log(1e-3), abs=1e-9)


def test_a_ring_grid_gives_the_current_between_cylinders():
    from simcell.numerics.grid import radial

    ions = [Ion("M+", 1, 1e-9), Ion("S+", 1, 2e-9), Ion("A-", -1, 2e-9)]
    start = {"M+": 0.1, "S+": 100.0, "A-": 100.1}
    electrode = Surface((plating("M", "M+", 1, 10.0, 0.1, 0.5, 0.5),))
    grid = radial(np.geomspace(1e-5, 1e-4, 101))
    record = run(Liquid(grid, ions, start, electrode), [hold(-0.5, 60.0)])
    assert -record.current[-1] == pytest.approx(FARADAY * 1e-9 * 0.1 / (1e-5 * np.log(10.0)), rel=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": {"Li+": 100.0, "A-": 90.0}}, "charge of 10 mol/m.3 against 190"),
        ({"start": {"Li+": 100.0}}, "the start names"),
        ({"start": {"Li+": -1.0, "A-": -1.0}}, "not negative"),
        ({"reference": 1.0}, "the reference stands at 1 m, outside"),
        ({"balance": "Na+"}, "balancing ion Na"),
        ({"working": Surface((couple("x", "Li+", "Zn", 1, 1e-3),))}, "needs Zn, which the liquid does not hold"),
        ({"working": Surface((plating("x", "Li+", 2, 1.0, 1.0, 1.0, 1.0),))}, "charge of 1 for 2 electrons"),
    ],
)
def test_liquids_that_make_no_sense_are_refused(change, message):
    good = plates()
    parts = dict(grid=good.grid, ions=good.ions, start=good.start, working=good.working, other=good.other)
    with pytest.raises(ValueError, match=message):
        Liquid(**{**parts, **change})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ion("Li+", 1, 0.0), "must be positive"),
        (lambda: Reaction("r", 1, {"A": 1.0}, 1.0), "orders of A in reaction r differ by 0; its equilibrium needs 1"),
        (lambda: Reaction("r", 1, {"A": 1.0}, -1.0), "exchange current density of reaction r is -1"),
        (lambda: Surface(film=-1.0), "film of an electrode is -1"),
        (lambda: Segment("potential", 0.0, 0.0, np.inf), "needs an end"),
        (lambda: hold(0.0, 0.0), "needs an end"),
        (lambda: sweep(0.0, 1.0, -0.1), "scan rate is -0.1"),
        (lambda: Limit("volume", below=1.0), "potential, current or charge"),
        (lambda: Limit("charge"), "below < above"),
        (lambda: run(thin(), []), "protocol is empty"),
        (lambda: run(redox(capacitance=0.2), [rest(1.0)]), "give the electrode `before`"),
    ],
)
def test_wrong_numbers_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_voltammogram_passes_its_corners():
    record = run(thin(), voltammogram(-0.1, [0.1, -0.1], 1.0, cycles=2, stop=0.0), Options(rtol=1e-3, volts=0.01))
    at_ends = [record.potential[np.flatnonzero(record.segment == k)[-1]] for k in range(len(record.ends))]
    assert at_ends == pytest.approx([0.1, -0.1, 0.1, -0.1, 0.0], abs=1e-9)
    assert record.time[-1] == pytest.approx(0.9, rel=1e-12)

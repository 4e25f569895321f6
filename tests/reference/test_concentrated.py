"""Concentrated binary salts between plates of their metal, beside quadratures of the same equations at steady state."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from simcell.errors import InputError
from simcell.inputs.solution import binary_solution
from simcell.transport.concentrated import Binary
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import current, hold
from simcell.transport.session import run
from simcell.transport.species import Ion, Liquid, Surface, between, plating
from tests.ions_on_a_line import PLATES_LIMIT, VOLTS, plates

LENGTH, MEAN = 1e-4, 1000.0
PERMILLE = 1e-3

# All four properties depend on the concentration, and are known to zero: nothing is extrapolated.
CURVED = Binary(
    0.0, 3000.0, lambda c: 4e-10 * np.exp(-c / 2000.0), lambda c: 1.2e-3 * c / (1.0 + (c / 900.0) ** 1.5),
    lambda c: 0.4 - 1e-4 * c, lambda c: 1.0 + 1e-3 * c,
)  # fmt: skip


def cell(solution: Binary, mean: float = MEAN, refine: int = 1) -> Liquid:
    salt = [Ion("Li+", 1, 1e-9), Ion("A-", -1, 2e-9)]
    li = Surface((plating("Li", "Li+", 1, 50.0, MEAN, 0.5, 0.5),))
    grid = between(LENGTH, 2e-6, refine=refine)
    return Liquid(grid, salt, {"Li+": mean, "A-": mean}, li, li, solution=solution)


def steady(solution: Binary, lowest: float, mean: float = MEAN) -> tuple[float, np.ndarray, np.ndarray, float]:
    """Current density, places, concentrations and the difference of Phi, from D dc/dx = (1 - t) i / F."""

    def places(top: float) -> tuple[np.ndarray, np.ndarray]:
        c = np.linspace(lowest, top, 200_001)
        weight = np.array([solution.diffusivity(x) / (1.0 - solution.transference(x)) for x in c[::200]])
        weight = np.interp(c, c[::200], weight)
        return c, np.concatenate([[0.0], np.cumsum(0.5 * (weight[1:] + weight[:-1]) * np.diff(c))])

    low, high = lowest + mean, lowest + 3.0 * mean
    low = mean
    for _ in range(60):
        top = 0.5 * (low + high)
        c, s = places(top)
        held = np.sum(0.5 * (c[1:] + c[:-1]) * np.diff(s)) / s[-1]
        low, high = (top, high) if held < mean else (low, top)
    density = FARADAY * s[-1] / LENGTH
    x = s / s[-1] * LENGTH
    middle = np.maximum(0.5 * (c[1:] + c[:-1]), 1e-9)[::50]
    kappa, t, chi = (np.array([f(v) for v in middle]) for f in (
        solution.conductivity, solution.transference, solution.thermodynamic_factor
    ))  # fmt: skip
    per = 2.0 * VOLTS * (1.0 - t) * chi
    drop = np.sum(
        (density / kappa) * (x[50::50] - x[:-50:50]) + per * np.log(c[50::50] / np.maximum(c[:-50:50], 1e-30))
    )
    return density, x, c, float(drop)


def test_independent_ions_are_the_dilute_limit():
    """The same run with the property functions of independent ions: the same to rounding."""
    plain = plates(capacitance=0.2)
    other = dataclasses.replace(plain, solution=Binary.dilute(1e-9, 2e-9, 500.0))
    protocol = [hold(-0.03, 0.5), current(0.5 * PLATES_LIMIT, 2.0)]
    one, two = run(plain, protocol), run(other, protocol)
    assert two.current[-1] == pytest.approx(one.current[-1], rel=1e-9)
    assert two.potential[-1] == pytest.approx(one.potential[-1], rel=1e-9)
    assert two.surface("Li+")[-1] == pytest.approx(one.surface("Li+")[-1], rel=1e-9)
    assert two.books < 1e-9
    assert two.warnings == ()


def test_limiting_current_with_varying_properties():
    """i L / F is the integral of D / (1 - t) over the concentrations that hold all of the salt."""
    wanted, x, c, _ = steady(CURVED, 0.0)
    record = run(cell(CURVED), [hold(-1.5, 400.0)])
    assert -record.current[-1] == pytest.approx(wanted, rel=PERMILLE)
    assert record.concentration[-1, 0, 1:-1] == pytest.approx(
        np.interp(record.position[1:-1], x, c), abs=PERMILLE * MEAN
    )
    assert record.books < 1e-9


def test_profile_and_voltage_below_the_limit():
    wanted, x, c, drop = steady(CURVED, 400.0)
    record = run(cell(CURVED), [current(-wanted, 400.0)])
    assert record.surface("Li+")[-1] == pytest.approx(400.0, rel=PERMILLE)
    assert record.concentration[-1, 0] == pytest.approx(np.interp(record.position, x, c), rel=PERMILLE)
    surfaces = record.concentration[-1, 0, [0, -1]]
    measured = record.liquid[-1, -1] - record.liquid[-1, 0] + VOLTS * np.log(surfaces[1] / surfaces[0])
    assert measured == pytest.approx(drop, rel=PERMILLE)
    kinetics = 2.0 * VOLTS * np.arcsinh(wanted / (100.0 * np.sqrt(surfaces / MEAN)))
    assert -record.potential[-1] == pytest.approx(drop + kinetics.sum(), rel=PERMILLE)


def test_second_order_in_space():
    wanted, *_ = steady(CURVED, 100.0)
    errors = [abs(run(cell(CURVED, refine=r), [current(-wanted, 400.0)]).surface("Li+")[-1] - 100.0) for r in (1, 2, 4)]
    assert np.log2(errors[0] / errors[2]) / 2.0 == pytest.approx(2.0, abs=0.2)


def test_concentration_cell_at_rest_shows_the_thermodynamic_factor():
    """No current: the potential against the metal's own reference is the integral of 2 (1 - t) chi d ln c."""
    good = cell(CURVED)
    x = good.grid.centre[2]
    c = 500.0 + 1000.0 * x / LENGTH
    salt = {"Li+": c, "A-": c}
    record = run(dataclasses.replace(good, start=salt), [current(0.0, 1e-6)])
    fine = np.linspace(*record.concentration[0, 0, [0, -1]], 20_001)
    mid = 0.5 * (fine[1:] + fine[:-1])
    wanted = 2.0 * VOLTS * np.sum((0.6 + 1e-4 * mid) * (1.0 + 1e-3 * mid) * np.diff(np.log(fine)))
    assert -record.potential[0] == pytest.approx(wanted, rel=PERMILLE)
    assert fine[0] == pytest.approx(500.0, rel=0.05)


@pytest.mark.parametrize("name", ["LiPF6-EC-EMC", "LiPF6-EC-DMC"])
def test_published_functions(name):
    """Lithium plates in carbonates, within the range of the functions."""
    solution = binary_solution(name)
    wanted, x, c, drop = steady(solution, 500.0)
    record = run(cell(solution), [current(-wanted, 1000.0)])
    assert record.surface("Li+")[-1] == pytest.approx(500.0, rel=PERMILLE)
    assert record.concentration[-1, 0] == pytest.approx(np.interp(record.position, x, c), rel=PERMILLE)
    surfaces = record.concentration[-1, 0, [0, -1]]
    measured = record.liquid[-1, -1] - record.liquid[-1, 0] + VOLTS * np.log(surfaces[1] / surfaces[0])
    assert measured == pytest.approx(drop, rel=PERMILLE)
    assert record.warnings == ()


def test_leaving_the_published_range_is_told():
    record = run(cell(binary_solution("LiPF6-EC-EMC")), [hold(-1.0, 100.0)])
    assert "the published properties hold from 0.3 mol/L" in record.warnings[0]
    assert record.warnings[0].endswith("beyond it their values at the edge are kept")
    assert record.concentration.min() > 0.0


def test_what_is_not_published_is_named():
    with pytest.raises(InputError, match="transference: is not known here"):
        binary_solution("LiPF6-EC-PC-DMC")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Binary(10.0, 5.0, *(4 * (lambda c: 1.0,))), "range 10 to 5"),
        (lambda: Binary(1.0, 5.0, lambda c: -1.0, *(3 * (lambda c: 0.5,))), "diffusivity is -1 at 1"),
        (lambda: Binary(1.0, 5.0, *(4 * (lambda c: 1.0,))), "transference number is 1 at 1"),
        (lambda: dataclasses.replace(plates(), balance="Li+", solution=CURVED), "the anion balances, not Li"),
    ],
)
def test_solutions_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

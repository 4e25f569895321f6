"""The form with an energy law: energy at every step, metal and ions, Gibbs-Thomson, Butler-Volmer, coarsening."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcell.case import Case
from simcell.dendrite.grand_potential import begin_grand, bending, energy, grow_grand
from simcell.dendrite.grand_step import SWITCH, WELL, Constants, GrandStep, Links, secant
from simcell.dendrite.layer import Layer, State, begin, switch
from simcell.dendrite.model import Control
from simcell.dendrite.stability import FARADAY, Metal
from simcell.errors import InputError
from simcell.numerics.grid import section
from simcell.results.provenance import read_provenance
from simcell.studies.growth_setup import growth_of

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
DELTA, H = 4e-9, 2e-9


def box(nx: int, nz: int, supply: str = "reservoir", h: float = H, delta: float = DELTA) -> Layer:
    """A box 1 um deep."""
    return Layer(LITHIUM, section(np.arange(nx + 1) * h, np.arange(nz + 1) * h, 1e-6), delta, {"x+": supply})


def rough(layer: Layer, afloat: bool = True) -> State:
    """A wavy electrode, a disc that floats before it, and salt at random."""
    z, x = layer.centre
    front = 10e-9 + 3e-9 * np.cos(2.0 * np.pi * z / (layer.shape[0] * layer.spacing)) - x
    disc = 9e-9 - np.hypot(x - 44e-9, z - 18e-9)
    salt = np.random.default_rng(3).uniform(0.3, 2.0, layer.shape)
    return begin_grand(layer, begin(layer, np.maximum(front, disc) if afloat else front, salt))


# --- the law


@pytest.mark.parametrize("supply", ["reservoir", "counter"])
def test_at_open_circuit_the_energy_never_rises_and_no_body_gains_metal(supply: str) -> None:
    layer = box(30, 20, supply)
    first = rough(layer)
    steps = [first]
    grow_grand(layer, first, [1e-8, 0.05], current=0.0, progress=steps.append)
    fall = -np.diff([s.energy for s in steps])
    assert fall.min() > -1e-13 * first.energy  # rounding of a sum over 500 cells
    assert sum(fall) > 0.01 * first.energy and len(steps) > 30
    near = layer.centre[1] + 0.0 * layer.centre[0] > 28e-9
    for s in (steps[5], steps[-1]):
        assert s.metal_amount(layer) == pytest.approx(first.metal_amount(layer), rel=1e-11)
        assert s.ions(layer) - s.inflow == pytest.approx(first.ions(layer) - first.inflow, rel=1e-11)
        assert switch(s.xi)[near].sum() == pytest.approx(
            switch(first.xi)[near].sum(), rel=1e-3
        )  # the tail of the electrode
    assert abs(steps[-1].charge) * LITHIUM.molar_volume / FARADAY < 1e-11 * layer.cell


@pytest.mark.parametrize("longest", [0.02, 1e3])
def test_with_the_work_of_a_given_potential_it_never_rises_in_steps_of_any_length(longest: float) -> None:
    layer, volts = box(25, 1), 2e-3
    first = begin_grand(layer, begin(layer, 30e-9 - layer.centre[1], 1.3))
    omega = [first.energy]
    run = grow_grand(
        layer, first, [2.0], potential=volts, control=Control(longest=longest),
        progress=lambda s: omega.append(s.energy + volts * s.charge),
    )  # fmt: skip
    assert np.diff(omega).max() < 1e-13 * omega[0]
    assert run.last.charge < 0.0  # it dissolves
    moved = run.last.metal_amount(layer) - first.metal_amount(layer)
    assert run.last.charge == pytest.approx(FARADAY * moved, rel=1e-9)


def test_the_energy_is_that_of_the_surface_and_of_mixing() -> None:
    layer = box(60, 1, h=1e-9)
    flat = begin(layer, 30e-9 - layer.centre[1])
    assert begin_grand(layer, flat).energy == pytest.approx(0.5 * 1e-12 * 1e-3, rel=5e-3)  # 1 nm x 1 um of front
    liquid = replace(flat, xi=np.zeros(layer.shape))
    mixing = 8.314462618 * LITHIUM.temperature * 1000.0 * 2.0 * (2.0 * np.log(2.0) - 1.0)
    assert energy(layer, liquid.xi, 2.0 + liquid.xi) == pytest.approx(mixing * 60 * layer.cell, rel=1e-9)


# --- what it must come to


@pytest.mark.parametrize("radius", [20e-9, 35e-9])
def test_a_disc_rests_at_the_potential_of_gibbs_and_thomson(radius: float) -> None:
    layer = box(30, 30)
    z, x = layer.centre
    first = begin_grand(layer, begin(layer, radius - np.hypot(x, z)))
    last = grow_grand(layer, first, [10.0], current=0.0).last
    measured = np.sqrt(4.0 / np.pi * last.metal_amount(layer) * LITHIUM.molar_volume / 1e-6)
    rest = -LITHIUM.capillary_length / measured
    assert last.metal[0] == pytest.approx(rest, rel=0.025 if radius < 30e-9 else 0.01)
    assert np.abs(last.ratio - 1.0)[last.xi < 0.5].max() < 1e-6


@pytest.mark.parametrize("volts", [-5e-3, 5e-3])
def test_a_flat_front_is_butler_volmer_where_the_drive_is_a_small_part_of_the_barrier(volts: float) -> None:
    delta = 3e-9
    layer = box(60, 1, h=1e-9, delta=delta)
    e = LITHIUM.f * volts
    speed = LITHIUM.speed(30.0 * (np.exp(-0.5 * e) - np.exp(0.5 * e)))
    end = 5.0 * delta / abs(speed)
    first = begin_grand(layer, begin(layer, 30e-9 - layer.centre[1]))
    a, b = grow_grand(layer, first, [0.5 * end, end], potential=volts).states
    found = (b.metal_amount(layer) - a.metal_amount(layer)) * LITHIUM.molar_volume
    found /= layer.cell / layer.spacing * (b.time - a.time)
    assert bending(LITHIUM, delta, e) < 0.08
    assert found == pytest.approx(speed, rel=0.02)


def test_the_larger_of_two_islands_grows_through_the_electrode() -> None:
    layer = box(20, 44)
    z, x = layer.centre
    discs = [radius - np.hypot(x, z - place) for place, radius in ((20e-9, 12e-9), (62e-9, 20e-9))]
    first = begin_grand(layer, begin(layer, np.maximum(*discs)))
    contact = np.zeros(layer.shape, dtype=bool)
    contact[:, 0] = True
    layer = replace(layer, contact=contact)
    last = grow_grand(layer, first, [15.0], current=0.0).last
    small, large = (
        switch(last.xi)[half].sum() - switch(first.xi)[half].sum() for half in (slice(0, 20), slice(20, 44))
    )
    assert small < -10.0 and small == pytest.approx(-large, rel=1e-9)
    assert last.energy < first.energy


def test_going_on_from_a_state_gives_the_same_numbers() -> None:
    layer = box(12, 10)
    first = rough(layer, afloat=False)
    straight = grow_grand(layer, first, [1e-3, 1e-2], current=0.0)
    again = grow_grand(layer, straight.states[0], [1e-2], current=0.0).last
    assert np.array_equal(straight.last.xi, again.xi) and straight.last.energy == again.energy


# --- its parts


def test_divided_differences_are_those_of_the_polynomials() -> None:
    a, b = np.array([0.2, 0.7, 1.01]), np.array([0.5, 0.70001, -0.01])
    assert secant(a, b, SWITCH)[0] == pytest.approx((switch(b) - switch(a)) / (b - a), rel=1e-9)
    g = lambda p: (p * (1.0 - p)) ** 2  # noqa: E731
    assert secant(a, b, WELL)[0] == pytest.approx((g(b) - g(a)) / (b - a), rel=1e-6)
    slope = (secant(a, b + 1e-6, SWITCH)[0] - secant(a, b - 1e-6, SWITCH)[0]) / 2e-6
    assert secant(a, b, SWITCH)[1] == pytest.approx(slope, rel=1e-7, abs=1e-9)


def test_the_factors_are_those_of_the_derivative() -> None:
    rng, n = np.random.default_rng(5), 12
    links = Links((3, 4))
    some = lambda: rng.uniform(0.5, 1.5, n)  # noqa: E731
    faces = links.low.size
    step = GrandStep(
        links, Constants(7.0, 2.0, 0.3, 0.6, 0.2), rng.uniform(0.2, 0.8, n), some(), 0.1, some(),
        rng.uniform(0.5, 1.5, faces), rng.uniform(0.5, 1.5, faces), some(), some(), some(),
        np.stack([np.arange(n) < 5, np.arange(n) >= 5]).astype(float), np.zeros(2), np.zeros(n),
    )  # fmt: skip
    z, p = np.stack([rng.uniform(0.2, 0.8, n), 0.1 * some(), 0.1 * some()]), np.array([0.3, -0.2])
    dz, dp = rng.normal(size=(3, n)), rng.normal(size=2)
    ahead, back = (step.miss(z + s * dz, p + s * dp) for s in (1e-6, -1e-6))
    change = step.linear(z, p)(*(-(a - b) / 2e-6 for a, b in zip(ahead, back, strict=True)))
    assert change[0] == pytest.approx(dz, rel=1e-6, abs=1e-6)
    assert change[1] == pytest.approx(dp, rel=1e-6, abs=1e-6)


# --- from a case


def case(**dendrite: object) -> Case:
    small = {
        "model": "grand-potential", "metal": "Li", "exchange_current": "30 A/m^2", "width": "60 nm", "gap": "60 nm",
        "interface_width": "4 nm", "spacing": "2.5 nm", "surface_energy": "0.5 J/m^2",
    }  # fmt: skip
    data = {
        "case": {"physics": ["dendrite"], "duration": "2 s"},
        "cell": {"spacer_height": "500 nm"},
        "electrolyte": {"preset": "LiPF6-EC-DMC", "concentration": "1 mol/L"},
        "output": {"count": 4},
        "dendrite": {**small, **dendrite},
    }
    return Case.from_dict(data)


def test_a_case_at_open_circuit_keeps_the_energy_and_its_books() -> None:
    tree = case(current_density="0 A/m^2", seeds=[{"at": "30 nm", "radius": "20 nm"}]).run()
    group = tree["dendrite"]
    assert (np.diff(group["energy"].values) < 0.0).all()
    assert float(np.abs(group["metal_imbalance"]).max()) < 1e-9 > float(np.abs(group["ion_imbalance"]).max())
    assert "coulombic_efficiency" not in group
    assert "energy law" in read_provenance(tree)["solver"]["method"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"potential": "-0.2 V"}, r"interface_width.*drive, 200 mV.*for example .* or a drive below"),
        ({"current_density": "0 A/m^2", "film": {"resistivity": "1 ohm*m"}}, "dendrite.film.*is not in model"),
        ({"current_density": "0 A/m^2", "surface_energy": "0 J/m^2"}, "surface_energy.*has no front"),
        ({"current_density": "0 A/m^2", "width": "5 um"}, "spacing.*takes 40000.*nm"),
    ],
)
def test_what_it_does_not_carry_is_refused_with_what_would_do(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=f"(?s){words}"):
        growth_of(case(**changes).input)


def test_a_drive_that_bends_the_profile_is_told_with_the_width_that_would_do() -> None:
    told = " ".join(growth_of(case(potential="-5 mV").input).warnings)
    assert "nm would do" not in told
    told = " ".join(growth_of(case(potential="-20 mV").input).warnings)
    assert "the drive, 20 mV" in told and "nm would do" in told

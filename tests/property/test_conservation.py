"""What must hold for every mechanism: random balanced networks, random starts, random schedules."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simcell.chemistry.network import Network
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate, integrate_batch
from tests.reference.synthetic import mechanism, plain, problem

# name -> (composition, charge): real and invented species over two elements, water as the solvent S
POOL = {
    "e": ({}, -1), "H+": ({"H": 1}, 1), "OH-": ({"H": 1, "O": 1}, -1), "H": ({"H": 1}, 0), "OH": ({"H": 1, "O": 1}, 0),
    "H2": ({"H": 2}, 0), "O2": ({"O": 2}, 0), "H2O2": ({"H": 2, "O": 2}, 0), "O-": ({"O": 1}, -1),
    "X": ({"H": 3, "O": 1}, 1),
}  # fmt: skip
WATER = {"S": ({"H": 2, "O": 1}, 0)}
EVERY = POOL | WATER


def content(side: tuple[str, ...]) -> tuple[int, int, int]:
    """Atoms of H and O, and charge, of one side of an equation."""
    hydrogen, oxygen = (sum(EVERY[s][0].get(e, 0) for s in side) for e in "HO")
    return hydrogen, oxygen, sum(EVERY[s][1] for s in side)


def balanced_equations() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Every balanced pair of sides of one to three species, none on both sides."""
    groups: dict[tuple[int, int, int], list[tuple[str, ...]]] = {}
    for size in (1, 2, 3):
        for side in combinations_with_replacement(EVERY, size):
            if set(side) != {"S"} and (size < 3 or "S" in side):
                groups.setdefault(content(side), []).append(side)
    return [
        (left, right) for sides in groups.values() for left in sides for right in sides
        if left != right and not set(left) & set(right)
    ]  # fmt: skip


EQUATIONS = balanced_equations()
assert all(content(left) == content(right) for left, right in EQUATIONS)
SOURCES = ["H+ OH-", "H OH", "H2 H2O2", "e H+ OH", "H2 H2 O2"]  # all made from water


def text(left: tuple[str, ...], right: tuple[str, ...]) -> str:
    return " + ".join(left) + " -> " + " + ".join(right)


Chosen = list[tuple[tuple[str, ...], tuple[str, ...]]]
CHOSEN = st.lists(st.sampled_from(EQUATIONS), min_size=8, max_size=30, unique=True)
SEED = st.integers(0, 2**32 - 1)


def reversible(chosen: Chosen, rng: np.random.Generator, decades: float) -> tuple[dict[str, float], dict[str, float]]:
    """Constants of the equations and their reverses that balance at a random equilibrium, which is returned too.

    A network that no equilibrium belongs to can grow without bound, since there is always more water.
    """
    equilibrium = {s: float(10.0 ** rng.uniform(-4.0, 1.0)) for s in POOL} | {"S": 1.0}
    equations: dict[str, float] = {}
    for left, right in (*chosen, (("H+", "OH-"), ("S",)), (("H", "OH"), ("S",))):
        flux = 10.0 ** rng.uniform(0.0, decades)
        for one, other in ((left, right), (right, left)):
            equations[text(one, other)] = float(flux / np.prod([equilibrium[s] for s in one]))
    return equations, equilibrium


def complete(net: Network) -> bool:
    """True if the reactions conserve nothing but elements and charge: else the sources below may break a law."""
    change = [[r.net(s) for s in net.names] for r in net.mechanism.reactions]
    known = [[EVERY[s][1] for s in net.names], [content((s,))[0] - 2 * content((s,))[1] for s in net.names]]
    return len(net.names) - np.linalg.matrix_rank(np.array(change)) == np.linalg.matrix_rank(np.array(known))


def network(chosen: Chosen, seed: int) -> Problem0D:
    """A balanced network under a balanced source, with a start over 12 decades."""
    rng = np.random.default_rng(seed)
    net = Network.of(mechanism(EVERY, list(reversible(chosen, rng, 6.0)[0].items())))
    assume(complete(net))
    source: Counter[str] = Counter()
    duration = float(10.0 ** rng.uniform(-6.0, 4.0))
    for products in SOURCES:
        amount = float(rng.choice([0.0, 10.0 ** rng.uniform(-6.0, 3.0)])) / duration
        if set(products.split()) <= set(net.names):
            for s in products.split():
                source[s] += amount
    start = {s: float(10.0 ** rng.uniform(-10.0, 2.0)) for s in POOL}
    return problem(net.mechanism, start, duration, source)


@settings(max_examples=40)
@given(CHOSEN, SEED)
def test_atoms_charge_and_sign(chosen: Chosen, seed: int) -> None:
    p = network(chosen, seed)
    times = np.array([1e-3, 1.0]) * p.schedule.switch[-1]
    run = integrate(p, times, 1e-4, max_steps=20_000)
    c = run.concentration
    assert (c >= 0.0).all()
    assert run.worst_projection < 1e-6  # the projection mends round-off, not a wrong rate
    for element in ("H", "O", "charge"):  # from the compositions, with the water that was used up or made
        every = [p.net.mechanism.species[s] for s in p.net.names]
        row = np.array([float(s.charge if element == "charge" else s.atoms(element)) for s in every])
        water = p.net.solvent_change(c - p.start) * WATER["S"][0].get(element, 0)
        size = (c + p.start).sum(axis=-1)
        assert (np.abs((c - p.start) @ row + water) <= 1e-13 * size).all(), element


@settings(max_examples=25)
@given(CHOSEN, SEED)
def test_equilibrium_is_a_fixed_point_and_is_found(chosen: Chosen, seed: int) -> None:
    """Constants from chemical potentials: where they balance nothing moves, and from elsewhere one gets there."""
    rng = np.random.default_rng(seed)
    equations, equilibrium = reversible(chosen, rng, 3.0)
    m = mechanism(EVERY, list(equations.items()))
    assume(complete(Network.of(m)))
    p = problem(m, equilibrium, 1e6)
    still = integrate(p, np.array([1.0, 100.0]), max_steps=20_000).concentration
    np.testing.assert_allclose(still, [p.start, p.start], rtol=1e-7)
    away = replace(p, start=p.start * np.exp(rng.normal(0.0, 0.5, p.start.size)))
    found = integrate(away, np.array([1e6]), 1e-8, max_steps=20_000).concentration[0]
    c = dict(zip(p.net.names, found, strict=True)) | {"S": 1.0}
    for equation, k in equations.items():
        left, right = ([s for s in side.split(" + ")] for side in equation.split(" -> "))
        there = k * np.prod([c[s] for s in left])
        back = equations[f"{' + '.join(right)} -> {' + '.join(left)}"] * np.prod([c[s] for s in right])
        assert there == pytest.approx(back, rel=1e-4, abs=1e-12)


@settings(max_examples=15)
@given(CHOSEN, SEED)
def test_order_of_species_and_reactions_does_not_matter(chosen: Chosen, seed: int) -> None:
    p, rng = network(chosen, seed), np.random.default_rng(seed)
    m = p.net.mechanism
    species, reactions = list(m.species.items()), list(m.reactions)
    other = Network.of(
        replace(
            m, species=dict(species[i] for i in rng.permutation(len(species))),
            reactions=tuple(reactions[i] for i in rng.permutation(len(reactions))),
        )
    )  # fmt: skip
    move = [p.net.index[s] for s in other.names]
    q = Problem0D(other, np.array(other.mechanism.rate_constants(298.15)), p.source[move], p.start[move], p.schedule)
    times = p.schedule.switch[-1:]
    a, b = integrate(p, times, 1e-8, max_steps=20_000).concentration[:, move], integrate(q, times, 1e-8).concentration
    matters = np.maximum(a, b) > 1e-9
    np.testing.assert_allclose(a[matters], b[matters], rtol=3e-6)


@settings(max_examples=20)
@given(CHOSEN, SEED, st.lists(st.floats(0.05, 0.95), min_size=1, max_size=3, unique=True), st.integers(0, 7))
def test_a_schedule_equals_its_pieces(chosen: Chosen, seed: int, cuts: list[float], pattern: int) -> None:
    p = network(chosen, seed)
    duration = float(p.schedule.switch[-1])
    switch = np.array([0.0, *sorted(cuts), 1.0]) * duration
    scale = np.array([float((pattern >> s) & 1) if s else 1.0 for s in range(switch.size - 1)])
    whole = integrate(replace(p, schedule=Schedule(switch, scale)), switch[1:], 1e-8, max_steps=20_000).concentration
    c = p.start
    for s, factor in enumerate(scale):
        length = switch[s + 1] - switch[s]
        piece = Problem0D(p.net, p.k, p.source * factor, c, Schedule.constant(length))
        c = integrate(piece, np.array([length]), 1e-8, max_steps=20_000).concentration[0]
        matters = np.maximum(c, whole[s]) > 1e-9
        np.testing.assert_allclose(whole[s][matters], c[matters], rtol=3e-6)


@settings(max_examples=20)
@given(CHOSEN, SEED)
def test_a_batch_is_its_members_one_by_one(chosen: Chosen, seed: int) -> None:
    p = network(chosen, seed)
    factors = np.array([[0.5], [1.0], [2.0]])
    times = p.schedule.switch[-1:]
    many, done = integrate_batch(
        p.net, p.k * np.ones((3, 1)), p.source * factors, p.start * np.ones((3, 1)), p.schedule, times, 1e-5
    )
    assert done == 3
    for row, factor in zip(many, factors[:, 0], strict=True):
        one = integrate(replace(p, source=p.source * factor), times, 1e-5, max_steps=20_000).concentration
        np.testing.assert_allclose(row, one, rtol=1e-6, atol=1e-9)  # totals may differ in the last bit


@given(
    on=st.floats(1e-3, 2.0), off=st.floats(1e-3, 2.0), count=st.integers(1, 5), loss=st.floats(1e-3, 50.0),
    strength=st.floats(1e-3, 1e3),
)  # fmt: skip
@settings(max_examples=40)
def test_pulses_against_the_closed_form(on: float, off: float, count: int, loss: float, strength: float) -> None:
    """dc/dt = P(t) - loss c, piece by piece; the switches are hit exactly."""
    duration = count * (on + off) + 0.5
    p = problem(plain("A B", [("A -> B", loss)]), {}, duration, {"A": strength})
    free = replace(p, net=replace(p.net, tables=p.net.tables._replace(invariants=np.zeros((0, 2)))))
    schedule = Schedule.pulses(on, off, count, duration)
    ends = schedule.switch[1:]
    found = integrate(replace(free, schedule=schedule), ends, 1e-8, max_steps=20_000).concentration[:, p.net.index["A"]]
    c, expected = 0.0, []
    for s, factor in enumerate(schedule.scale):
        fade = np.exp(-loss * (schedule.switch[s + 1] - schedule.switch[s]))
        c = c * fade + factor * strength / loss * (1.0 - fade)
        expected.append(c)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9 * strength / loss)


def test_many_short_pulses_give_what_their_mean_gives() -> None:
    """1000 pulses within one life time act as a beam of the mean strength: no dose is lost at switches."""
    p = problem(plain("A B", [("A -> B", 1.0)]), {}, 1.0, {"A": 2.0})
    free = replace(p, net=replace(p.net, tables=p.net.tables._replace(invariants=np.zeros((0, 2)))))
    pulsed = replace(free, schedule=Schedule.pulses(2.5e-4, 7.5e-4, 1000, 1.0))
    both = integrate(pulsed, np.array([1.0]), 1e-8, max_steps=20_000).concentration[0]
    assert both.sum() == pytest.approx(0.5, rel=1e-9)  # A + B holds the dose
    assert both[p.net.index["A"]] == pytest.approx(0.5 * (1.0 - np.exp(-1.0)), rel=1e-3)

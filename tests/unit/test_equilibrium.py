"""Speciation of what is dissolved: equilibria met, nothing lost, activity by Davies' law, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from simcell.chemistry.equilibrium import Reversible, closed, conditional, conserved, reversible, settled
from simcell.chemistry.speciation import speciate
from simcell.errors import InputError
from simcell.inputs.mechanism import load_mechanism
from simcell.inputs.solution import dissolve

CARBONATE = ("H+", "OH-", "CO2", "HCO3-", "CO3^2-")


def quotient(reaction: Reversible, c: dict[str, float]) -> float:
    return float(np.prod([c[s] ** n for s, n in reaction.change.items()]))


def test_carbonate_is_that_of_the_acid_base_speciation():
    """An independent way: fractions of a family at a pH. Nothing was added to make it neutral but the potassium."""
    mechanism = load_mechanism("carbonate")
    found = closed(reversible(mechanism, CARBONATE, 298.15), dict.fromkeys(CARBONATE, 0.0) | {"HCO3-": 100.0})
    pH = -np.log10(found["H+"] / 1e3)
    other = speciate(mechanism, 298.15, {"HCO3-": 100.0}, pH=pH, counter_ion="K+", counter_charge=1)
    assert other.inert_concentration == pytest.approx(100.0, rel=1e-9)
    for s in CARBONATE:  # the printed constants of water close their cycle to 2e-6
        assert found[s] == pytest.approx(other.concentrations[s], rel=3e-6)


@pytest.mark.parametrize("start", [{"D": 1.0, "M": 0.0}, {"D": 0.0, "M": 2.0}, {"D": 1.0, "M": 1e-9}])
def test_dimers(start):
    """2 M = D with K = [D]/[M]^2 and a total of 2: 2 K M^2 + M = 2."""
    found = closed([Reversible("M + M -> D", {"M": 2}, {"D": 1}, 3.0, 1.0)], start)
    monomer = (-1.0 + np.sqrt(1.0 + 8.0 * 3.0 * (2.0 * start["D"] + start["M"]))) / 12.0
    assert found["M"] == pytest.approx(monomer, rel=1e-12)
    assert 2.0 * found["D"] + found["M"] == pytest.approx(2.0 * start["D"] + start["M"], rel=1e-12)


def test_davies_pair():
    """The constant that comes out is K times gamma^2 of two ions of charge 2 at the ionic strength that comes out."""
    pair = Reversible("M2+ + X^2- -> MX", {"M2+": 1, "X^2-": 1}, {"MX": 1}, 1e6, 1e6 / 0.2)
    charges = {"M2+": 2, "X^2-": -2, "MX": 0}
    found, strength, used = settled([pair], {"M2+": 30.0, "X^2-": 30.0, "MX": 0.0}, charges)
    root = np.sqrt(4.0 * found["M2+"] / 1e3)
    gamma = 10.0 ** (-0.509 * 4.0 * (root / (1.0 + root) - 0.3 * root**2))
    assert strength == pytest.approx(4.0 * found["M2+"], rel=1e-10)
    assert quotient(pair, found) == pytest.approx(0.2 * gamma**2, rel=1e-9)
    assert used[0].constant == pytest.approx(quotient(pair, found), rel=1e-9)
    assert conditional([pair], 0.0, charges)[0].constant == pytest.approx(0.2)


def test_laws_are_conserved_by_every_reaction():
    reactions = reversible(load_mechanism("carbonate"), CARBONATE, 298.15)
    names = [*CARBONATE, "K+"]
    laws = conserved([r.change for r in reactions], names)
    nu = np.array([[r.change.get(n, 0) for n in names] for r in reactions])
    assert laws.shape == (3, 6)  # charge, carbon and potassium
    assert np.abs(laws @ nu.T).max() == 0.0


@pytest.mark.parametrize(
    "name", ["ZnSO4", "KHCO3", "H2SO4", "CuSO4-H2SO4-0.18M", "HClO4", "KOH", "Li2SO4", "phosphate"]
)
def test_shipped_solutions_are_neutral_and_at_rest(name):
    found = dissolve(name, 100.0)
    charge = {ion.name: ion.charge for ion in found.ions}
    assert sum(charge[s] * c for s, c in found.start.items()) == pytest.approx(0.0, abs=1e-10)
    assert min(found.start.values()) > 0.0
    for r in found.bulk.reactions if found.bulk else ():
        assert quotient(r, found.start) == pytest.approx(r.constant, rel=3e-6)


def test_pairs_bring_zinc_sulfate_to_what_is_measured():
    """Half of 0.1 mol/L is paired; without pairs the ions conduct three times what is measured."""
    found = dissolve("ZnSO4", 100.0)
    assert 0.4 < found.start["ZnSO4"] / 100.0 < 0.6
    alone = 100.0 * (2 * 52.8e-4 + 2 * 80.0e-4)  # conductivities of the ions
    assert found.conductivity() / alone == pytest.approx(found.start["Zn2+"] / 100.0, rel=1e-2)
    assert "1.26 S/m at 0.1 mol/L, 0.9 S/m is measured" in found.warnings[0]


def test_second_proton_of_sulfuric_acid_depends_on_the_ionic_strength():
    shares = [dissolve("H2SO4", c).start["SO4^2-"] / c for c in (1.0, 10.0, 100.0)]
    assert shares[0] > shares[1] > shares[2]
    ideal = dissolve("H2SO4", 100.0, activity="ideal").start["SO4^2-"] / 100.0
    k = 10.0**-1.988 * 1e3  # h (100 + x) x / (100 - x) = K
    x = 0.5 * (-(100.0 + k) + np.sqrt((100.0 + k) ** 2 + 400.0 * k))
    assert ideal == pytest.approx(x / 100.0, rel=1e-6)
    assert shares[2] > 2.0 * ideal


def test_own_constants_hold_as_given():
    equation = "H+ + SO4^2- -> HSO4-"
    found = dissolve("H2SO4", 1000.0, activity="ideal", constants={equation: 2e-3})
    c = found.start
    assert c["HSO4-"] / (c["H+"] * c["SO4^2-"]) == pytest.approx(2e-3, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dissolve("CaBH4-THF", 100.0), "needs data of your own: full dissociation is wrong"),
        (lambda: dissolve("MACC-TEGDME", 100.0), "needs data of your own: the ions are complexes"),
        (lambda: dissolve("LiPF6-PC", 100.0), "needs data of your own"),
        (lambda: dissolve("CuSO4-H2SO4-1M", 100.0), r"ionic strength is 1.1\d mol/L, beyond the law"),
        (lambda: dissolve("ZnSO4", 100.0, constants={"A -> B": 1.0}), r"no equilibrium of ZnSO4; there are Zn2\+"),
        (lambda: dissolve("ZnSO4", 100.0, activity="none"), "is davies or ideal"),
    ],
)
def test_what_is_not_known_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize(
    ("reactions", "start", "message"),
    [
        ([Reversible("A -> B", {"A": 1}, {"B": 1}, 1.0, 0.0)], {"A": 1.0, "B": 0.0}, "no reverse"),
        ([Reversible("A -> B", {"A": 1}, {"B": 1}, 1.0, 1.0)], {"A": 1.0}, "needs B"),
        ([], {"A": -1.0}, "not negative"),
    ],
)
def test_wrong_starts_are_named(reactions, start, message):
    with pytest.raises(ValueError, match=message):
        closed(reactions, start)

"""What a network conserves, and that the kernels keep it."""

import numpy as np
import pytest

from simcell.chemistry.network import Network
from simcell.inputs.mechanism import load_mechanism, mechanism_from_dict, shipped_mechanisms
from simcell.radiolysis.homogeneous import Problem0D, Schedule, integrate


def isomers():
    """Two pairs of isomers of one composition that never meet: each pair has its own total."""
    species = {name: {"composition": {"C": 1}, "charge": 0} for name in ("A", "B", "C", "D")}
    species["H2O"] = {"composition": {"H": 2, "O": 1}, "charge": 0}
    pairs = [("A", "B"), ("B", "A"), ("C", "D"), ("D", "C")]
    reactions = [{"equation": f"{a} -> {b}", "rate": "1e8 1/s", "source": "s"} for a, b in pairs]
    return mechanism_from_dict(
        {"name": "isomers", "species": species, "reaction": reactions, "references": [{"key": "s", "text": "a test"}]}
    )


@pytest.mark.parametrize("name", shipped_mechanisms())
def test_all_that_reactions_and_beam_conserve_is_known(name):
    """As many laws as species less the rank of everything that can happen."""
    net = Network.of(load_mechanism(name))
    m = net.mechanism
    happens = [net.pack(dict(r.change)) for r in m.reactions]
    happens += [1e8 * net.pack(m.yield_values(y, 298.15)) for y in m.yields]
    laws = net.tables.invariants
    assert laws.shape[0] == len(net.names) - np.linalg.matrix_rank(np.array(happens))
    assert np.abs(laws @ np.array(happens).T).max() < 1e-12


def test_a_hidden_law_is_found_and_kept():
    net = Network.of(isomers())
    assert net.tables.invariants.shape[0] == 2
    start = net.pack({"A": 1.0, "C": 5.0})
    p = Problem0D(net, np.array(net.mechanism.rate_constants(298.15)), 0 * start, start, Schedule.constant(1e8))
    run = integrate(p, np.array([1e8]))
    end = dict(zip(net.names, run.concentration[0], strict=True))
    assert end["A"] + end["B"] == pytest.approx(1.0, rel=1e-14)
    assert end["C"] == pytest.approx(2.5, rel=1e-9)
    assert run.steps < 200

"""Small mechanisms for tests: built from equations in a line each, and the pure-Python form of the kernels."""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping, Sequence

import numpy as np

from simcell.chemistry import kernels
from simcell.chemistry.mechanism import Mechanism, RateLaw, Reaction, Species
from simcell.chemistry.network import Array, Network
from simcell.radiolysis.homogeneous import Problem0D, Schedule
from tests.reference.twin import read_equation

SOLVENT = "S"


def mechanism(
    species: Mapping[str, tuple[Mapping[str, int], int]], equations: Sequence[tuple[str, float]]
) -> Mechanism:
    """Build a mechanism without checks; the solvent ``S`` (one atom of S) is added."""
    reactions = []
    for equation, k in equations:
        left, right = read_equation(equation)
        counted = tuple(s for s in left.elements() if s != SOLVENT)
        reactions.append(Reaction(equation, left, right, counted, RateLaw("constant", (k,))))
    every = {name: Species(name, composition, charge) for name, (composition, charge) in species.items()}
    every.setdefault(SOLVENT, Species(SOLVENT, {"S": 1}, 0))
    return Mechanism("synthetic", "", SOLVENT, 1.0, every, tuple(reactions), (), {})


def plain(names: str, equations: Sequence[tuple[str, float]]) -> Mechanism:
    """Neutral species that are all isomers of one another (one atom X each)."""
    return mechanism({n: ({"X": 1}, 0) for n in names.split()}, equations)


def problem(
    m: Mechanism, start: Mapping[str, float], duration: float, source: Mapping[str, float] | None = None
) -> Problem0D:
    """Make the problem of a synthetic mechanism under a constant beam."""
    net = Network.of(m)
    return Problem0D(
        net, np.array(m.rate_constants(298.15)), net.pack(source or {}), net.pack(start), Schedule.constant(duration)
    )


def fixed_steps(p: Problem0D, count: int, duration: float) -> Array:
    """Integrate with `count` equal steps: outputs stand a step apart and the error control is switched off."""
    times = np.arange(1, count + 1) * (duration / count)
    state = np.zeros(kernels.STATE_SIZE)
    state[kernels.STEP] = duration
    c, result = np.append(p.start, 1.0), np.zeros((count, p.start.size))
    status = kernels.advance(
        p.net.tables, p.k, p.source, np.array([0.0, duration]), np.ones(1), times, p.net.totals(p.start),
        1e300, 1e300, 10 * count, state, c, result,
    )  # fmt: skip
    assert status == kernels.DONE
    assert state[kernels.N_ACCEPTED] == count
    return c[:-1]


def uncompiled(text: str | None = None, **replaced: float) -> types.ModuleType:
    """Give `kernels` as plain Python, or the generated `text`; constants of the module can be replaced."""
    module = types.ModuleType("uncompiled")
    source = text or inspect.getsource(kernels)
    source = source.replace("from simcell.numerics.jit import njit", "njit = lambda function: function")
    exec(compile(source, "uncompiled", "exec"), module.__dict__)
    module.__dict__.update(replaced)
    return module

"""Robertson's problem: the classical test of stiff integrators, against published values.

Values at t = 1e11: E. Hairer, G. Wanner, problem ROBER of the stiff test set (also in F. Mazzia, C. Magherini, Test Set
for Initial Value Problem Solvers, release 2.4, 2008). Values at t = 40 print as 0.7158, 9.186e-6, 0.2842 in many places
(the documentation of LSODE among them); the further digits are confirmed below by extrapolation in 30 digits.
"""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from simcell.radiolysis.homogeneous import integrate
from tests.reference.synthetic import plain, problem
from tests.reference.twin import Twin

EQUATIONS = [("A -> B", 0.04), ("B + B -> C + B", 3e7), ("B + C -> A + C", 1e4)]
PUBLISHED = {
    40.0: (0.7158270687193941, 0.9185534764557764e-5, 0.2841637457458413),
    1e11: (0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050),
}


def test_published_values() -> None:
    p = problem(plain("A B C", EQUATIONS), {"A": 1.0}, 1e11)
    times = np.array(sorted(PUBLISHED))
    for rtol in (1e-4, 1e-6, 1e-8):
        run = integrate(p, times, rtol, 1e-25)
        assert run.steps < 60 * rtol**-0.25
        for row, t in zip(run.concentration, times, strict=True):
            got = [row[p.net.index[s]] for s in "ABC"]
            np.testing.assert_allclose(got, PUBLISHED[float(t)], rtol=10 * rtol)


def test_twin_confirms_the_first_published_value() -> None:
    p = problem(plain("A B C", EQUATIONS), {"A": 1.0}, 1e11)
    with mpmath.workdps(30):
        twin = Twin(p.net.mechanism, p.net.names, p.k.tolist(), p.source.tolist(), mpmath.mpf)
        row = twin.extrapolated(p.start, [40.0], 1e-9)[0].astype(float)
    assert [row[p.net.index[s]] for s in "ABC"] == pytest.approx(PUBLISHED[40.0], rel=1e-8)

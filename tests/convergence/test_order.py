"""The integrator has the order that its theory says: fitted from three fixed-step refinements against closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from simcell.radiolysis.homogeneous import Problem0D, integrate
from tests.reference.synthetic import fixed_steps, plain, problem

ORDER = 4.0


def decay() -> tuple[Problem0D, float, Callable[[float], dict[str, float]]]:
    """A -> B."""
    return problem(plain("A B", [("A -> B", 1.3)]), {"A": 2.0}, 1.5), 1.5, lambda t: {"A": 2.0 * math.exp(-1.3 * t)}


def recombination() -> tuple[Problem0D, float, Callable[[float], dict[str, float]]]:
    """A + A -> B + B: rate k c^2, loss 2 k c^2."""
    p = problem(plain("A B", [("A + A -> B + B", 0.7)]), {"A": 3.0}, 1.0)
    return p, 1.0, lambda t: {"A": 3.0 / (1.0 + 2.0 * 0.7 * 3.0 * t)}


def reversible() -> tuple[Problem0D, float, Callable[[float], dict[str, float]]]:
    """A <-> B relaxes with the sum of both constants."""
    p = problem(plain("A B", [("A -> B", 2.0), ("B -> A", 0.5)]), {"A": 1.0}, 1.0)
    return p, 1.0, lambda t: {"B": 0.8 * (1.0 - math.exp(-2.5 * t))}


def production_and_recombination() -> tuple[Problem0D, float, Callable[[float], dict[str, float]]]:
    """Source P against A + A: c = sqrt(P/2k) tanh(sqrt(2 k P) t), the square-root law of radiolysis."""
    m = plain("A B", [("A + A -> B + B", 0.5), ("B -> B", 0.0)])
    p = problem(m, {}, 2.0, source={"A": 1.7, "B": -0.0})
    free = replace(p, net=replace(p.net, tables=p.net.tables._replace(invariants=np.zeros((0, 2)))))
    return free, 2.0, lambda t: {"A": math.sqrt(1.7) * math.tanh(math.sqrt(1.7) * t)}


def cubic() -> tuple[Problem0D, float, Callable[[float], dict[str, float]]]:
    """Three bodies: dc/dt = -3 k c^3."""
    p = problem(plain("A B", [("3 A -> 3 B", 0.4)]), {"A": 1.5}, 1.0)
    return p, 1.0, lambda t: {"A": 1.5 / math.sqrt(1.0 + 6.0 * 0.4 * 1.5**2 * t)}


SYSTEMS = [decay, recombination, reversible, production_and_recombination, cubic]


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda s: s.__name__)
def test_order_of_fixed_steps(
    system: Callable[[], tuple[Problem0D, float, Callable[[float], dict[str, float]]]],
) -> None:
    p, duration, exact = system()
    counts, errors = (128, 256, 512), []
    ((name, value),) = exact(duration).items()
    for count in counts:
        errors.append(abs(fixed_steps(p, count, duration)[p.net.index[name]] - value))
    slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(ORDER, abs=0.35), errors
    assert errors[0] < 1e-8 * value


def test_stiff_components_do_not_spoil_the_slow_ones() -> None:
    """A slow decay feeds a fast relaxation (1e8 1/s, a thousand million steps' worth): the slow order survives."""
    m = plain("A B C", [("A -> B", 1.0), ("B -> C", 1e8), ("C -> B", 1e7)])
    p = problem(m, {"A": 1.0}, 1.0)
    errors = [abs(fixed_steps(p, n, 1.0)[p.net.index["A"]] - math.exp(-1.0)) for n in (8, 16, 32)]
    assert -np.polyfit(np.log([8, 16, 32]), np.log(errors), 1)[0] == pytest.approx(ORDER, abs=0.35)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda s: s.__name__)
def test_error_follows_the_tolerance(
    system: Callable[[], tuple[Problem0D, float, Callable[[float], dict[str, float]]]],
) -> None:
    p, duration, exact = system()
    ((name, value),) = exact(duration).items()
    for rtol in (1e-3, 1e-5, 1e-7, 1e-9):
        run = integrate(p, np.array([duration]), rtol, 1e-17)
        assert abs(run.concentration[0, p.net.index[name]] / value - 1.0) < 3.0 * rtol


def test_tolerance_costs_steps_as_the_embedded_order_says() -> None:
    """The estimate is of order 3, so steps ~ rtol^(-1/4): a hundredfold tolerance costs 3.2 times the steps."""
    p, duration, _ = recombination()
    steps = [integrate(p, np.array([duration]), rtol).steps for rtol in (1e-7, 1e-9, 1e-11)]
    slope = np.polyfit(np.log([1e-7, 1e-9, 1e-11]), np.log(steps), 1)[0]
    assert slope == pytest.approx(-0.25, abs=0.04), steps

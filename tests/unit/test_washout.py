"""Wash-out: dispersion between plates, the front, and the times."""

import math

import numpy as np
import pytest
from scipy.linalg import solve_banded

from simcell.cell.washout import dispersion, exchange_time, front, refill_time, washout


def test_coefficient_of_dispersion_by_moments():
    # Aris: D_e - D = -<(u - U) g>, with D g'' = u - U, no flow through the plates, <g> = 0; unit gap, U = D = 1
    for n in (200, 400):
        s = np.linspace(0.0, 1.0, n + 1)
        u = np.diff(3.0 * s**2 - 2.0 * s**3) * n  # layer means of 6 s (1 - s)
        # g' between layers is the running sum of u - 1, exact; g by the midpoint rule
        slope = np.cumsum((u - 1.0) / n)[:-1]
        g = np.concatenate([[0.0], np.cumsum(slope / n)])
        g -= g.mean()
        coefficient = -float(((u - 1.0) * g).mean())
        assert coefficient == pytest.approx(1.0 / 210.0, rel=20.0 / n**2)
    peclet = 8.0
    assert dispersion(2e-9, peclet * 2e-9 / 5e-6, 5e-6) == pytest.approx(2e-9 * (1.0 + peclet**2 / 210.0), rel=1e-14)
    # in half gaps the published coefficient is 2/105
    assert dispersion(1.0, 1.0, 2.0) - 1.0 == pytest.approx(2.0 / 105.0, rel=1e-14)


def test_dispersion_of_a_cloud():
    # moments in time: a cloud carried by the parabola, layers coupled by diffusion across; growth of its variance
    n, peclet = 60, 10.0
    s = np.linspace(0.0, 1.0, n + 1)
    u = peclet * np.diff(3.0 * s**2 - 2.0 * s**3) * n
    lateral = (np.diag(np.full(n, -2.0)) + np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)) * n**2
    lateral[0, 0] = lateral[-1, -1] = -(n**2)
    first = np.zeros(n)  # first moments of the layers about the mean position; the zeroth are 1
    second, dt, growth = 0.0, 2e-3, 0.0
    implicit = np.linalg.inv(np.eye(n) - dt * lateral)
    for _ in range(1000):
        first = implicit @ (first + dt * (u - peclet))
        growth = 2.0 + 2.0 * float((u * (first - first.mean())).mean())
        second += dt * growth
    assert 0.5 * growth == pytest.approx(1.0 + peclet**2 / 210.0, rel=2e-3)
    assert second > 0.0


@pytest.mark.parametrize(("velocity", "diffusivity"), [(1e-3, 2e-8), (1e-5, 1e-9), (0.0, 1e-9)])
def test_front_against_finite_volumes(velocity, diffusivity):
    # advection and diffusion on a fine grid, long behind the observer; fixed concentration at the inlet
    length = 1e-4
    end = 1.2 * (length / velocity if velocity > 1e-4 else length**2 / diffusivity)
    n, steps = 1500, 1500
    far = 6.0 * length + velocity * end
    dx, dt = far / n, end / steps
    d, c = diffusivity / dx**2, 0.5 * velocity / dx
    lower, upper = -(d + c), -(d - c)
    diagonal = np.full(n, 2.0 * d)
    diagonal[0], diagonal[-1] = 3.0 * d + c, d + c
    bands = np.zeros((3, n))
    bands[0, 1:], bands[1], bands[2, :-1] = upper, diagonal, lower
    source = np.zeros(n)
    source[0] = 2.0 * d + 2.0 * c
    now = np.zeros(n)
    left = 0.5 * dt * bands
    left[1] += 1.0
    for step in range(steps):
        # two implicit steps calm the jump, then Crank and Nicolson
        if step < 4:
            full = dt * bands
            full[1] += 1.0
            now = solve_banded((1, 1), full, now + dt * source)
            continue
        rate = bands[1] * now
        rate[:-1] += bands[0, 1:] * now[1:]
        rate[1:] += bands[2, :-1] * now[:-1]
        now = solve_banded((1, 1), left, now - 0.5 * dt * rate + dt * source)
    centre = (np.arange(n) + 0.5) * dx
    exact = np.array([float(front(x, end, velocity, diffusivity)) for x in centre])
    assert np.abs(now - exact).max() < 3e-3


def test_front_at_its_ends():
    assert front(1e-3, 0.0, 1e-3, 1e-9) == 0.0
    still = front(1e-4, [1.0, 10.0], 0.0, 1e-9)
    assert still == pytest.approx([math.erfc(1e-4 / (2.0 * math.sqrt(1e-9 * t))) for t in (1.0, 10.0)], rel=1e-12)
    # U L / D of a million would overflow exp() in the plain formula
    assert float(front(1.0, 1.0, 1.0, 1e-6)) == pytest.approx(0.5, abs=1e-3)
    times = np.geomspace(1e-3, 1e3, 50)
    assert (np.diff(front(1e-4, times, 1e-5, 1e-9)) >= 0.0).all()


def test_refill_by_diffusion():
    # published: 95 % after 0.2823 W^2/D; early times follow 4 sqrt(tau / pi)
    assert refill_time(1.0, 1.0, 0.05) == pytest.approx(0.2823, abs=5e-5)
    assert refill_time(1.0, 1.0, 0.05) == pytest.approx(math.log(8.0 / (0.05 * math.pi**2)) / math.pi**2, rel=1e-6)
    assert refill_time(1.0, 1.0, 0.95) == pytest.approx(math.pi * 0.05**2 / 16.0, rel=1e-12)
    assert refill_time(1.0, 1.0, 0.899) == pytest.approx(refill_time(1.0, 1.0, 0.901), rel=0.05)
    assert refill_time(50e-6, 0.7e-9) == pytest.approx(1.0, rel=0.01)


def test_times_of_an_exchange():
    fast = washout(1e-3, 500e-9, 1e-3, 1e-9)
    assert (fast.plug, fast.diffusion, fast.across) == pytest.approx((1.0, 1000.0, 2.5e-4))
    assert (fast.peclet, fast.peclet_gap) == pytest.approx((1e3, 0.5))
    assert float(front(1e-3, fast.time, 1e-3, fast.dispersion)) == pytest.approx(0.95, rel=1e-9)
    assert fast.plug < fast.time < 1.2
    still = washout(1e-3, 500e-9, 0.0, 1e-9)
    assert still.plug == math.inf
    assert math.erfc(1e-3 / (2.0 * math.sqrt(1e-9 * still.time))) == pytest.approx(0.95, rel=1e-9)
    # the sharper the demand, the longer
    assert washout(1e-3, 500e-9, 1e-3, 1e-9, left=0.01).time > fast.time
    assert washout(1e-3, 500e-9, 1e-3, 1e-9, left=0.99).time < fast.plug
    assert exchange_time(2.0, 4.0) == 0.5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: exchange_time(1.0, 0.0), "flow rate is 0"),
        (lambda: refill_time(1.0, 1.0, 0.0), "lies between 0 and 1"),
        (lambda: washout(1.0, 1.0, -1.0, 1.0), "velocity is -1"),
        (lambda: front(1.0, [-1.0], 1.0, 1.0), "times must be finite"),
        (lambda: dispersion(0.0, 1.0, 1.0), "diffusivity is 0"),
    ],
)
def test_wrong_numbers(call, words):
    with pytest.raises(ValueError, match=words):
        call()

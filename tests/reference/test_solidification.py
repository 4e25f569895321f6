"""The explicit dendrite and the small models of the benchmarks, on grids of seconds; `validation` refines."""

import numpy as np
import pytest

from validation import ver_pfhub6, ver_pfhub7
from validation.solidification import Crystal
from validation.ver_karma_rappel import SHARP, steady


def twin(phi: np.ndarray, u: np.ndarray, h: float, dt: float, d: float, strength: float, coupling: float) -> tuple:
    """One step by whole arrays and angles."""
    p, v = np.pad(phi, 1, mode="edge"), np.pad(u, 1, mode="edge")

    def through(g: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        angle = np.arctan2(t, g)
        a, slope = 1.0 + strength * np.cos(4.0 * angle), -4.0 * strength * np.sin(4.0 * angle)
        return a * (a * g - slope * t), a**2

    fx, ax = through(p[1:-1, 1:] - p[1:-1, :-1], 0.25 * (p[2:, 1:] + p[2:, :-1] - p[:-2, 1:] - p[:-2, :-1]))
    fy, ay = through(p[1:, 1:-1] - p[:-1, 1:-1], 0.25 * (p[1:, 2:] + p[:-1, 2:] - p[1:, :-2] - p[:-1, :-2]))
    tau = 0.25 * (ax[:, 1:] + ax[:, :-1] + ay[1:] + ay[:-1])
    flow = (np.diff(fx, axis=1) + np.diff(fy, axis=0)) / h**2
    change = dt / tau * (flow + (1.0 - phi**2) * (phi - coupling * u * (1.0 - phi**2)))
    spread = v[1:-1, 2:] + v[1:-1, :-2] + v[2:, 1:-1] + v[:-2, 1:-1] - 4.0 * u
    return phi + change, u + d * dt / h**2 * spread + 0.5 * change


@pytest.mark.parametrize("everywhere", [True, False])
def test_the_kernel_is_its_twin(everywhere: bool) -> None:
    """Bit for bit but for the order of sums; where the bulk is left out, up to what is left out."""
    crystal = Crystal.seed(0.4, 0.014, 2.0, 0.05, 0.55, 26.0, 26.0, 12.0, everywhere=everywhere)
    phi, u = crystal.inside.copy(), crystal.u[1:-1, 1:-1].copy()
    for _ in range(20):
        phi, u = twin(phi, u, 0.4, 0.014, 2.0, 0.05, crystal.coupling)
    crystal.run(20 * 0.014)
    allowed = 1e-12 if everywhere else 1e-7
    assert np.abs(crystal.inside - phi).max() < allowed
    assert np.abs(crystal.u[1:-1, 1:-1] - u).max() < allowed


def test_heat_is_what_the_crystal_gave() -> None:
    """Also on a grid that widens: the integral of u + undercooling - solid does not change."""
    crystal = Crystal.seed(0.8, 0.05, 2.0, 0.05, 0.55, 40.0, 120.0, 12.0)
    area = np.outer(*crystal.sizes)
    heat, solid = (area * crystal.u[1:-1, 1:-1]).sum(), crystal.solid()
    crystal.run(20.0)
    gained = (area * crystal.u[1:-1, 1:-1]).sum() - heat
    assert crystal.solid() - solid > 50.0
    assert gained == pytest.approx(crystal.solid() - solid, rel=1e-7)


def test_karma_rappel_on_a_coarse_grid() -> None:
    """At 0.8 W the error of second order is 10 %; validation/ver_karma_rappel.py refines to 3 %."""
    speed, _, radius = steady(0.8, 4.0, 5.0)
    assert speed == pytest.approx(SHARP, rel=0.12)
    assert 5.0 < radius < 30.0


def test_manufactured_solution_of_pfhub_7() -> None:
    """Order 2 in space (within 0.25) and in time."""
    errors = [ver_pfhub7.size(np.subtract(*ver_pfhub7.run(n, 8, 1.0))) for n in (128, 192)]
    assert np.log(errors[0] / errors[1]) / np.log(1.5) == pytest.approx(2.0, abs=0.25)
    etas = [ver_pfhub7.run(64, steps, 1.0)[0] for steps in (4, 8, 64)]
    away = [ver_pfhub7.size(eta - etas[-1]) for eta in etas[:2]]
    assert np.log2(away[0] / away[1]) == pytest.approx(2.0, abs=0.25)


def test_free_energy_of_pfhub_6_falls_and_salt_stays() -> None:
    """On 50 x 50 cells F(200) is within 2 % of the upload that others agree with."""
    fields = ver_pfhub6.Charged(50, 0.5)
    mean, energies = fields.c.mean(), [fields.energy()]
    for _ in range(400):
        fields.step()
        energies.append(fields.energy())
    assert np.diff(energies).max() < 0.0
    assert fields.c.mean() == pytest.approx(mean, rel=1e-9)
    assert energies[-1] == pytest.approx(ver_pfhub6.COMMUNITY[200], rel=0.02)

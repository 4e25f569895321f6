"""Criteria for a bubble, its shape between windows, its growth against closed forms, and where the gas stays."""

import math

import numpy as np
import pytest

from simcell.chemistry import water
from simcell.chemistry.bubble import criteria, nucleation_pressure, onset, wall_factor
from simcell.chemistry.confined import Closed, Far, Mixture, conductance, grow
from simcell.chemistry.gas import gas_pressure
from simcell.chemistry.shape import Gap
from simcell.constants import GAS_CONSTANT

# IAPWS R1-76(2014), table of calculated values, mN/m, rounded to 0.01
TENSION = {
    0.01: 75.65, 10: 74.22, 20: 72.74, 25: 71.97, 30: 71.19, 40: 69.60, 50: 67.94, 60: 66.24, 70: 64.48, 80: 62.67,
    90: 60.82, 100: 58.91,
}  # fmt: skip
AIR = Mixture(("N2", "O2"), np.array([6.465e-6, 1.268e-5]), np.array([2.0e-9, 2.1e-9]))
HYDROGEN = Mixture(("H2",), np.array([7.8e-6]), np.array([4.5e-9]))


def flat(pressure: float = 1e5, diffusivity: float = 2e-9) -> Mixture:
    """One gas without surface tension and vapour."""
    return Mixture(("N2",), np.array([6.5e-6]), np.array([diffusivity]), 298.15, pressure, 0.0, 0.0)


@pytest.mark.parametrize(("celsius", "published"), TENSION.items())
def test_surface_tension_is_the_published_table(celsius, published):
    assert abs(1e3 * water.surface_tension(celsius + 273.15) - published) <= 0.005 + 1e-9


def test_surface_tension_ends_at_the_critical_point():
    assert water.surface_tension(water.CRITICAL_TEMPERATURE) == 0.0
    with pytest.raises(ValueError, match="700 K"):
        water.surface_tension(700.0)


def test_gas_pressure_adds_up_in_a_run_in_space():
    c = np.random.default_rng(1).uniform(0.0, 2.0, (3, 2, 4, 5))  # time, gas, y, x
    henry = np.array([7.8e-6, 1.3e-5])
    expected = c[:, 0] / henry[0] + c[:, 1] / henry[1] + 3170.0
    np.testing.assert_allclose(gas_pressure(c, henry, 3170.0, axis=1), expected, rtol=1e-14)
    with pytest.raises(ValueError, match="above zero"):
        gas_pressure(c, [0.0, 1.0], 0.0, axis=1)


def test_the_barrier_at_the_nucleation_pressure_is_sixty_kt():
    gamma, t = 0.072, 298.15
    for angle in (0.0, 1.0, math.pi / 2):
        p = nucleation_pressure(t, gamma, angle)
        radius = 2.0 * gamma / p  # of the critical bubble
        barrier = 4.0 / 3.0 * math.pi * radius**2 * gamma * wall_factor(angle)
        assert barrier / (1.380649e-23 * t) == pytest.approx(60.0, rel=1e-12)


def test_criteria_are_ordered_and_a_named_nucleus_stands_alone():
    table = {c.name: c.threshold for c in criteria(2e5, 310.0)}
    assert list(table) == ["saturation", "nucleus 10 nm", "nucleus 100 nm", "nucleus 1000 nm", "nucleation"]
    one = {c.name: c.threshold for c in criteria(2e5, 310.0, 50e-9)}
    assert list(one) == ["saturation", "nucleus 50 nm", "nucleation"]
    gamma = water.surface_tension(310.0)
    assert one["nucleus 50 nm"] - 2e5 == pytest.approx(2 * gamma / 50e-9, rel=1e-13)
    assert one["saturation"] < one["nucleus 50 nm"] < one["nucleation"]
    with pytest.raises(ValueError, match="radius above zero"):
        criteria(1e5, 298.15, 0.0)


def test_onset_at_many_places_is_that_at_each():
    time = np.linspace(0.0, 3.0, 31)
    speed = np.array([[0.0, 0.5], [1.0, 4.0]])
    pressure = 1.0 + speed * time[:, None, None]
    found = onset(time, pressure, 2.0)
    np.testing.assert_allclose(found, [[np.nan, 2.0], [1.0, 0.25]], rtol=1e-12)
    assert onset(time, pressure + 5.0, 2.0)[0, 0] == 0.0
    assert np.isnan(onset(time, np.full(31, 2.0 * (1 + 1e-12)), 2.0))  # saturated to rounding is not above
    with pytest.raises(ValueError, match="not finite"):
        onset([0.0, 1.0], [1.0, np.nan], 2.0)


# ------------------------------------------------------------------ shape


def test_sphere_becomes_pancake_without_a_step():
    gap = Gap(5e-7)
    below, above = gap.touching * (1 - 1e-9), gap.touching * (1 + 1e-9)
    for quantity in (gap.radius, gap.curvature):
        assert quantity(above) == pytest.approx(quantity(below), rel=1e-8)
    for closed in (False, True):
        low, high = (conductance(gap, v, 1e-5, closed) for v in (below, above))
        assert high == pytest.approx(low, rel=1e-8)
    assert gap.radius(gap.touching) == pytest.approx(gap.height / 2, rel=1e-14)


def test_a_round_rim_has_the_volume_of_half_a_torus():
    h, flat_radius = 4e-7, 1.7e-6
    exact = math.pi * flat_radius**2 * h + math.pi**2 * h**2 * flat_radius / 4 + math.pi * h**3 / 6
    assert Gap(h).volume(flat_radius + h / 2) == pytest.approx(exact, rel=1e-13)
    upright = Gap(h, math.pi / 2)
    assert upright.volume(1e-6) == pytest.approx(math.pi * 1e-12 * h, rel=1e-14)


@pytest.mark.parametrize("angle", [0.0, 0.7, math.pi / 2])
@pytest.mark.parametrize("size", [1e-3, 0.9, 1.5, 1e3])
def test_pressure_times_volume_is_the_amount(angle, size):
    gap = Gap(3e-7, angle)
    energy = (1e5 + 0.072 * 4 / gap.height) * gap.touching * size
    v = gap.volume_of(energy, 1e5, 0.072)
    assert (1e5 + 0.072 * gap.curvature(v)) * v == pytest.approx(energy, rel=1e-12)
    if v > gap.touching:
        assert gap.volume(gap.radius(v)) == pytest.approx(v, rel=1e-12)


def test_a_bubble_that_wets_less_snaps_wider_at_the_same_amount():
    wet, dry = Gap(5e-7), Gap(5e-7, math.pi / 3)
    touching = (1e5 + 0.072 * 4 / 5e-7) * wet.touching
    assert dry.volume_of(touching * 0.999, 1e5, 0.072) == wet.volume_of(touching * 0.999, 1e5, 0.072)
    assert dry.volume_of(touching * 1.001, 1e5, 0.072) > 1.2 * wet.volume_of(touching * 1.001, 1e5, 0.072)


@pytest.mark.parametrize(("height", "angle"), [(0.0, 0.0), (1e-6, 2.0)])
def test_windows_that_cannot_be(height, angle):
    with pytest.raises(ValueError, match="windows"):
        Gap(height, angle)


def test_boiling_liquid_holds_no_bubble():
    with pytest.raises(ValueError, match="boils"):
        Gap().volume_of(1e-12, -1.0, 0.072)


# ------------------------------------------------------------------ growth against closed forms


@pytest.mark.parametrize("excess", [-0.5, 3.0])
def test_quasi_stationary_radius_squared_is_linear_in_time(excess):
    m = flat()
    saturated = 6.5e-6 * 1e5
    rate = 2e-9 * excess * saturated * GAS_CONSTANT * 298.15 / 1e5  # half of d(r^2)/dt
    r0 = 1e-6
    end = 0.9 * r0**2 / (2 * abs(rate))
    times = np.linspace(0.0, end, 7)
    g = grow(m, Gap(), Far(np.array([saturated * (1 + excess)])), r0, times, rtol=1e-10)
    np.testing.assert_allclose(g.radius, np.sqrt(r0**2 + 2 * rate * times), rtol=1e-8)


def test_growth_with_the_memory_of_the_start_is_epstein_and_plesset():
    """dr/dt = a (1/r + 1/sqrt(pi D t)) is homogeneous in r and sqrt(t); v are the roots of v^2 - 2ab v - 2a."""
    m, r0 = flat(), 1e-6
    saturated = 6.5e-6 * 1e5
    a = 2e-9 * 2.0 * saturated * GAS_CONSTANT * 298.15 / 1e5
    b = 1.0 / math.sqrt(math.pi * 2e-9)
    root = math.sqrt((a * b) ** 2 + 2 * a)
    high, low = a * b + root, a * b - root
    weight = high / (high - low)
    times = np.array([1e-6, 1e-4, 1e-2, 1.0])
    g = grow(m, Gap(), Far(np.array([3.0 * saturated]), transient=True), r0, times, rtol=1e-11)
    s = np.sqrt(times)
    conserved = np.abs(g.radius - high * s) ** weight * np.abs(g.radius - low * s) ** (1 - weight)
    # the first factor is a difference of nearly equal numbers in the end (0.5 % at 1 s), which magnifies errors
    np.testing.assert_allclose(conserved, r0, rtol=1e-6)


def test_pancake_at_a_held_rim_follows_its_quadrature():
    """Without surface tension dV/dt = 2 pi h D (c - c_s) RT/p / ln(R_o/R): an integral over R."""
    m, h, reach = flat(), 2e-7, 1e-5
    gap = Gap(h, math.pi / 2)  # a plain cylinder
    saturated = 6.5e-6 * 1e5
    speed = 2e-9 * saturated * GAS_CONSTANT * 298.15 / 1e5
    r0 = 1e-6
    first = np.array([1e5 * gap.volume(r0) / (GAS_CONSTANT * 298.15)])
    r1 = 4e-6

    def clock(r):
        """Int R ln(R_o/R) dR / speed."""
        return (0.5 * r**2 * math.log(reach / r) + 0.25 * r**2) / speed

    end = clock(r1) - clock(r0)
    g = grow(m, gap, Far(np.array([2 * saturated]), reach), 0.4 * h, np.array([0.0, end]), amount=first, rtol=1e-10)
    assert g.radius[0] == pytest.approx(r0, rel=1e-12)
    assert g.radius[1] == pytest.approx(r1, rel=1e-8)


def test_confinement_slows_growth():
    """The same bubble in the same liquid between windows a fifth of a micrometre apart, 25 um from the source."""
    end = np.array([0.0, 1e-3])
    c = np.array([50 * 0.79])
    free = grow(HYDROGEN, Gap(), Far(c), 9e-8, end).volume[-1]
    held = grow(HYDROGEN, Gap(2e-7), Far(c, 25e-6), 9e-8, end).volume[-1]
    assert held < 0.05 * free


def test_small_sphere_between_windows_against_images():
    """Point source halfway between walls: 1/(4 pi r) + (ln(R/h) + Euler - ln 2)/(2 pi h)."""
    h, reach = 1e-6, 25e-6
    gap = Gap(h)
    for r in (1e-9, 1e-7):
        k = conductance(gap, 4 / 3 * math.pi * r**3, reach)
        exact = 1 / (4 * math.pi * r) + (math.log(reach / h) + np.euler_gamma - math.log(2)) / (2 * math.pi * h)
        off = (exact * 2 * math.pi * h) - 2 * math.pi * h / k
        assert off == pytest.approx(1 + np.euler_gamma - 2 * math.log(2), rel=1e-6)  # 0.19, as the module says


def test_mean_of_a_closed_annulus_by_quadrature():
    """Concentration with uniform removal and no flux at R_o, averaged over the annulus."""
    gap, reach, radius = Gap(1e-7, math.pi / 2), 1e-5, 3e-6
    r = np.linspace(radius, reach, 200_001)
    # uniform sink density q: D (1/r)(r c')' = -q with c'(R_o) = 0, c(R) = 0, in units of q/D
    c = 0.5 * reach**2 * np.log(r / radius) - 0.25 * (r**2 - radius**2)
    mean = np.trapezoid(c * r, r) / np.trapezoid(r, r)
    flow = math.pi * (reach**2 - radius**2) * gap.height  # times q
    assert conductance(gap, gap.volume(radius), reach, closed=True) == pytest.approx(flow / mean, rel=1e-8)


# ------------------------------------------------------------------ books and states of rest


def test_gas_stays_in_a_closed_layer():
    gap = Gap(5e-7)
    start = AIR.henry * np.array([20e5, 10e5])
    supply = Closed.made_at(8e-6, gap.height, start, np.array([0.0, 0.05]), 20.0, radius=1e-6)
    times = np.geomspace(1e-6, 20.0, 30)
    g = grow(AIR, gap, supply, 1e-7, times)
    first = AIR.filling(1e-7, start)
    expected = np.array([supply.at(t) for t in times]) + first
    assert g.end == "" and g.radius[-1] > gap.height
    np.testing.assert_allclose(g.amount + g.dissolved, expected, rtol=1e-10)


def test_a_bubble_in_a_closed_layer_comes_to_rest_where_pressures_meet():
    gap = Gap(5e-7)
    start = AIR.henry * np.array([20e5, 10e5])
    supply = Closed.made_at(8e-6, gap.height, start, np.zeros(2), 60.0)
    g = grow(AIR, gap, supply, 1e-7, np.array([30.0, 60.0]))
    assert g.radius[1] == pytest.approx(g.radius[0], rel=1e-7)
    c = g.dissolved[1] / (math.pi * 8e-6**2 * gap.height)
    np.testing.assert_allclose(c, AIR.at_surface(g.amount[1], g.volume[1], gap), rtol=1e-6)
    inside = AIR.liquid_pressure + AIR.surface_tension * gap.curvature(g.volume[1])
    assert gas_pressure(c, AIR.henry, AIR.vapour_pressure) == pytest.approx(inside, rel=1e-6)


def test_a_nucleus_grows_above_its_threshold_and_dissolves_below():
    r, end = 5e-8, np.array([0.0, 1e-2])
    threshold = {c.name: c.threshold for c in criteria(101325.0, 298.15, r)}["nucleus 50 nm"]
    dry = threshold - HYDROGEN.vapour_pressure
    above, below = (grow(HYDROGEN, Gap(), Far(HYDROGEN.henry * dry * f), r, end) for f in (1.03, 0.97))
    assert above.end == "" and above.radius[-1] > 10 * r
    assert below.end == "dissolved" and below.radius[-1] == 0.0 and below.ended < 1e-2


def test_a_bubble_that_fills_its_layer_ends_there():
    supply = Closed.made_at(2e-6, 5e-7, np.array([500.0]), np.zeros(1), 10.0)
    g = grow(HYDROGEN, Gap(5e-7), supply, 1e-7, np.array([0.0, 10.0]))
    assert g.end == "filled" and 0 < g.ended < 10.0 and np.isnan(g.radius[1])


def test_the_lighter_gas_enters_first():
    """A bubble of air in water that holds as much more H2: H2 diffuses faster, so the bubble turns to H2."""
    m = Mixture(("N2", "H2"), np.array([6.5e-6, 7.8e-6]), np.array([2e-9, 4.5e-9]))
    c = m.henry * np.array([1.5e5, 1.5e5])
    g = grow(m, Gap(), Far(c), 1e-5, np.array([0.0, 1.0]), amount=m.filling(1e-5, c * np.array([1.0, 0.0])))
    share = g.amount[-1] / g.amount[-1].sum()
    assert 0.5 < share[1] < 0.8 and g.amount[0, 1] == 0.0


@pytest.mark.parametrize(
    ("gap", "supply", "radius", "times", "match"),
    [
        (Gap(1e-7), Far(np.ones(1), 1e-5), 6e-8, [0.0, 1.0], "does not fit"),
        (Gap(1e-6), Far(np.ones(1)), 1e-8, [0.0, 1.0], "radius of its layer"),
        (Gap(), Far(np.ones(1), 1e-5), 1e-8, [0.0, 1.0], "radius of its layer"),
        (Gap(1e-6), Far(np.ones(1), 5e-7), 1e-8, [0.0, 1.0], "narrower than it is high"),
        (Gap(1e-6), Far(np.ones(1), 1e-5, True), 1e-8, [0.0, 1.0], "free liquid only"),
        (Gap(), Far(np.ones(1)), 1e-8, [1.0, 0.0], "must increase"),
        (Gap(), Far(np.zeros(1)), 1e-8, [0.0, 1.0], "no gas is dissolved"),
    ],
)
def test_what_cannot_be_followed(gap, supply, radius, times, match):
    with pytest.raises(ValueError, match=match):
        grow(HYDROGEN, gap, supply, radius, np.array(times))

"""Flow in the gap: closed forms, conservation, bypass, warnings."""

import math
from itertools import pairwise

import numpy as np
import pytest

from simcell.cell.flow import divergence, flow_between, velocity
from simcell.cell.paths import channel_resistance, entrance_length, gap_share, layer_shares
from simcell.chemistry import water
from simcell.numerics.grid import full, graded, plan, radial, section

MU, RHO = 0.89e-3, 997.0


def bumpy(nx=24, ny=18, **more):
    """A grid with a hill of liquid in the middle, graded."""
    x = graded(-60e-6, 60e-6, {0.0: 4e-6}, 1.1)
    y = np.linspace(-40e-6, 40e-6, ny + 1)
    xc, yc = 0.5 * (x[1:] + x[:-1]), 0.5 * (y[1:] + y[:-1])
    h = 5e-7 + 2e-6 * np.exp(-((xc[None, :] / 2e-5) ** 2) - (yc[:, None] / 3e-5) ** 2)
    return x, y, h


@pytest.mark.parametrize(("inlet", "outlet"), [("x-", "x+"), ("x+", "x-"), ("y-", "y+"), ("y+", "y-")])
def test_even_gap(inlet, outlet):
    x, y, h = np.array([0.0, 1e-4, 3e-4, 7e-4]), np.array([0.0, 2e-4, 3e-4]), 1e-6
    flow = flow_between(plan(x, y, h), MU, inlet, outlet, pressure_drop=1e3)
    length, width = (7e-4, 3e-4) if inlet[0] == "x" else (3e-4, 7e-4)
    exact = width * h**3 * 1e3 / (12.0 * MU * length)
    assert flow.gap_flow == pytest.approx(exact, rel=1e-13)
    assert flow.resistance == pytest.approx(1e3 / exact, rel=1e-13)
    assert flow.mean_velocity == pytest.approx(exact / (width * h), rel=1e-12)
    assert flow.largest_velocity == pytest.approx(exact / (width * h), rel=1e-12)
    centre = 0.5 * (x[1:] + x[:-1]) if inlet[0] == "x" else 0.5 * (y[1:] + y[:-1])
    way = 1.0 - centre / length if inlet[1] == "-" else centre / length
    expected = way[None, :] if inlet[0] == "x" else way[:, None]
    assert flow.pressure == pytest.approx(1e3 * np.broadcast_to(expected, (2, 3)), rel=1e-12)
    sign = 1.0 if inlet[1] == "-" else -1.0
    through = flow.volume_flow[2 if inlet[0] == "x" else 1]
    assert (sign * through > 0.0).all()


def test_flow_round_a_corner_conserves():
    x, y, h = bumpy()
    flow = flow_between(plan(x, y, h), MU, "x-", "y+", flow_rate=1e-15)
    assert flow.volume_flow[2][0, :, 0].sum() == pytest.approx(1e-15, rel=1e-13)
    assert flow.volume_flow[1][0, -1].sum() == pytest.approx(1e-15, rel=1e-13)
    assert (flow.volume_flow[2][0, :, -1] == 0.0).all()
    assert (flow.volume_flow[1][0, 0] == 0.0).all()


@pytest.mark.parametrize("swell", [1.0, 30.0])
def test_no_divergence_in_any_cell_or_layer(swell):
    x, y, h = bumpy()
    h = 5e-7 + (h - 5e-7) * swell
    for grid in (plan(x, y, h), full(x, y, h, [0.0, 0.1, 0.5, 1.0])):
        flow = flow_between(grid, MU, "x-", "x+", pressure_drop=1e4)
        through = sum(np.abs(v[..., 1:]).max() for v in (flow.volume_flow[2],))
        assert np.abs(divergence(flow.volume_flow)).max() < 4e-15 * through
        assert (flow.volume_flow[0] == 0.0).all()


def test_layers_take_their_share_of_the_parabola():
    x, y, h = bumpy()
    cuts = np.array([0.0, 0.2, 0.7, 1.0])
    flat = flow_between(plan(x, y, h), MU, "x-", "x+", pressure_drop=1e4)
    deep = flow_between(full(x, y, h, cuts), MU, "x-", "x+", pressure_drop=1e4)
    for axis in (1, 2):
        assert deep.volume_flow[axis].sum(axis=0) == pytest.approx(
            flat.volume_flow[axis][0], rel=1e-12, abs=1e-14 * flat.gap_flow
        )
    exact = [3 * (b**2 - a**2) - 2 * (b**3 - a**3) for a, b in pairwise(cuts)]
    assert layer_shares(cuts) == pytest.approx(exact, rel=1e-13)
    assert layer_shares(cuts).sum() == pytest.approx(1.0, rel=1e-15)
    assert deep.mean_velocity == pytest.approx(flat.mean_velocity, rel=1e-12)


def test_parabola_in_a_section():
    z = np.array([0.0, 1e-7, 3e-7, 5e-7])
    grid = section(np.linspace(0.0, 1e-4, 5), z, width=2e-5)
    flow = flow_between(grid, MU, "x-", "x+", flow_rate=1e-15, density=RHO)
    mean = 1e-15 / (2e-5 * 5e-7)
    s = z / 5e-7
    # mean over a layer of 6 U s (1 - s), by its integral
    exact = 6.0 * mean * (np.diff(s**2) / 2.0 - np.diff(s**3) / 3.0) / np.diff(s)
    assert velocity(grid, flow.volume_flow)[2][:, 0, 0] == pytest.approx(exact, rel=1e-12)
    assert flow.volume_flow[2].sum(axis=0) == pytest.approx(np.full((1, 5), 1e-15), rel=1e-13)
    assert flow.pressure_drop == pytest.approx(12.0 * MU * 1e-4 * 1e-15 / (2e-5 * 5e-7**3), rel=1e-13)
    assert np.abs(divergence(flow.volume_flow)).max() < 1e-29
    assert flow.reynolds == pytest.approx(RHO * mean * 5e-7 / MU, rel=1e-12)
    back = flow_between(grid, MU, "x+", "x-", flow_rate=1e-15)
    assert back.volume_flow[2] == pytest.approx(-flow.volume_flow[2], rel=1e-15)


def test_flow_past_a_post_and_a_pool():
    x, y = np.linspace(0.0, 1e-4, 11), np.linspace(0.0, 1e-4, 11)
    h = np.full((10, 10), 1e-6)
    h[4:6, 4:6] = 0.0  # a post
    h[0, :3], h[1, :4], h[0, 3] = 0.0, 0.0, 0.0
    h[0, 0] = 1e-6  # a pool at the inlet that leads nowhere
    flow = flow_between(plan(x, y, h), MU, "x-", "x+", pressure_drop=100.0)
    assert np.abs(divergence(flow.volume_flow)).max() < 4e-15 * flow.gap_flow
    assert flow.volume_flow[2][0, 4, 5] == 0.0
    assert flow.volume_flow[2][0, 0, 0] == 0.0
    assert flow.pressure[0, 0] == 0.0
    h[:, 5] = 0.0
    with pytest.raises(ValueError, match="no liquid joins inlet and outlet"):
        flow_between(plan(x, y, h), MU, "x-", "x+", pressure_drop=100.0)


def test_periodic_across():
    x, y = np.linspace(0.0, 1e-4, 9), np.linspace(0.0, 1e-4, 7)
    h = 1e-6 * (1.0 + 0.5 * np.sin(2.0 * np.pi * (y[1:] + y[:-1]) / 2e-4))[:, None] * np.ones((1, 8))
    h[:, 4:] = np.roll(h[:, 4:], 2, axis=0)
    grid = plan(x, y, h, periodic=(True, False))
    flow = flow_between(grid, MU, "x-", "x+", pressure_drop=100.0)
    assert np.abs(divergence(flow.volume_flow)).max() < 4e-15 * flow.gap_flow
    assert (flow.volume_flow[1][0, 0] == flow.volume_flow[1][0, -1]).all()
    rolled = plan(x, y, np.roll(h, 3, axis=0), periodic=(True, False))
    assert flow_between(rolled, MU, "x-", "x+", pressure_drop=100.0).gap_flow == pytest.approx(flow.gap_flow, rel=1e-12)
    with pytest.raises(ValueError, match="periodic along y"):
        flow_between(grid, MU, "y-", "y+", pressure_drop=100.0)


# ----------------------------------------------------------------- channels and the bypass


def test_channels():
    # H. Bruus, Theoretical Microfluidics (2008), table 4.1: square duct 28.4 mu L / h^4, rectangle with 1 - 0.63 h/w
    assert channel_resistance(1.0, 1.0, 1.0, 1.0) == pytest.approx(28.4, rel=2e-3)
    assert channel_resistance(1.0, 20.0, 1.0, 1.0) == pytest.approx(12.0 / (20.0 * (1.0 - 0.63 / 20.0)), rel=1e-4)
    assert channel_resistance(2.0, 5.0, 3.0, 1.0) == channel_resistance(5.0, 2.0, 3.0, 1.0)


def test_bypass_takes_nearly_all():
    gap = plan(np.linspace(0.0, 2e-3, 11), np.linspace(0.0, 1e-3, 6), 0.5e-6)
    side = channel_resistance(100e-6, 200e-6, 2e-3, MU)
    flow = flow_between(gap, MU, "x-", "x+", flow_rate=1e-11, bypass_resistance=side)
    by_hand = 1e-3 * 0.5e-6**3 / (200e-6 * 100e-6**3 * (1.0 - 0.63 * 0.5))
    assert flow.share == pytest.approx(by_hand, rel=5e-3)
    assert 5e-7 < flow.share < 1.2e-6
    assert flow.gap_flow == pytest.approx(flow.share * 1e-11, rel=1e-12)
    assert flow.pressure_drop == pytest.approx((1e-11 - flow.gap_flow) * side, rel=1e-9)
    # the same by pressure, and by the share itself
    again = flow_between(gap, MU, "x-", "x+", pressure_drop=flow.pressure_drop, bypass_resistance=side)
    assert again.total_flow == pytest.approx(1e-11, rel=1e-9)
    third = flow_between(gap, MU, "x-", "x+", flow_rate=1e-11, bypass_share=1.0 - flow.share)
    assert third.gap_flow == pytest.approx(flow.gap_flow, rel=1e-8)


def test_rest_of_the_gap_in_series():
    gap = plan([0.0, 1e-4], [0.0, 1e-4], 1e-6)
    own = flow_between(gap, MU, "x-", "x+", pressure_drop=1.0).resistance
    flow = flow_between(gap, MU, "x-", "x+", pressure_drop=100.0, bypass_resistance=own, series_resistance=9.0 * own)
    assert flow.pressure_drop == pytest.approx(10.0, rel=1e-12)
    assert flow.share == pytest.approx(1.0 / 11.0, rel=1e-12)
    assert gap_share(own, own, 9.0 * own) == pytest.approx(1.0 / 11.0, rel=1e-12)


def test_no_flow_is_a_flow():
    flow = flow_between(plan([0.0, 1e-4], [0.0, 1e-4], 1e-6), MU, "x-", "x+", flow_rate=0.0, density=RHO)
    assert (flow.gap_flow, flow.share, flow.reynolds, flow.largest_velocity) == (0.0, 0.0, 0.0, 0.0)


# ----------------------------------------------------------------- validity


def test_warnings_name_numbers():
    wide = plan(np.linspace(0.0, 1e-3, 5), np.linspace(0.0, 1e-3, 5), 5e-6)
    quiet = flow_between(wide, MU, "x-", "x+", flow_rate=1e-13, density=RHO)
    assert quiet.warnings == ()
    fast = flow_between(wide, MU, "x-", "x+", flow_rate=1e-8, density=RHO)
    assert fast.reynolds == pytest.approx(RHO * 1e-8 / 1e-3 / MU, rel=1e-12)
    assert any("Reynolds number of the gap is 11.2" in text for text in fast.warnings)
    narrow = flow_between(plan([0.0, 1e-3], [0.0, 20e-6], 5e-6), MU, "x-", "x+", flow_rate=0.0)
    assert "take 16 % off the flow; 6 % need a width of 5e-05 m" in narrow.warnings[0]
    steep = flow_between(plan([0.0, 1e-6, 2e-6], [0.0, 1e-4], [[1e-6, 2e-6]]), MU, "x-", "x+", flow_rate=0.0)
    assert any("lubrication holds below 0.2" in text for text in steep.warnings)
    short = flow_between(plan([0.0, 2e-6], [0.0, 1e-4], 1e-6), MU, "x-", "x+", flow_rate=0.0, density=RHO)
    assert "take at least 6.31e-06 m" in short.warnings[0]
    assert math.isnan(flow_between(wide, MU, "x-", "x+", flow_rate=1e-8).reynolds)
    assert entrance_length(1e-6, 0.0) == pytest.approx(0.631e-6)


@pytest.mark.parametrize(
    ("sides", "more", "words"),
    [
        (("x-", "x-"), {"flow_rate": 1.0}, "the same side"),
        (("z-", "x-"), {"flow_rate": 1.0}, "known sides are x-, x\\+, y-, y\\+"),
        (("x-", "x+"), {}, "flow rate or the pressure drop"),
        (("x-", "x+"), {"flow_rate": 1.0, "pressure_drop": 1.0}, "one of the two"),
        (("x-", "x+"), {"flow_rate": -1.0}, "flow rate is -1"),
        (("x-", "x+"), {"pressure_drop": math.inf}, "pressure drop is inf"),
        (("x-", "x+"), {"flow_rate": 1.0, "bypass_share": 1.0}, "at least 0 and below 1"),
        (("x-", "x+"), {"flow_rate": 1.0, "bypass_share": 0.5, "bypass_resistance": 1.0}, "one of the two"),
        (("x-", "x+"), {"flow_rate": 1.0, "bypass_resistance": 0.0}, "resistance of the bypass is 0"),
    ],
)
def test_contradictions_are_refused(sides, more, words):
    with pytest.raises(ValueError, match=words):
        flow_between(plan([0.0, 1.0], [0.0, 1.0], 1e-3), MU, *sides, **more)


def test_grids_without_a_gap_are_refused():
    with pytest.raises(ValueError, match="this one is radial"):
        flow_between(radial([0.0, 1.0]), MU, "x-", "x+", flow_rate=1.0)
    with pytest.raises(ValueError, match=r"known sides are x-, x\+$"):
        flow_between(section([0.0, 1.0], [0.0, 1.0]), MU, "y-", "x+", flow_rate=1.0)


# ----------------------------------------------------------------- viscosity of water


# J. Kestin, M. Sokolov, W. A. Wakeham, J. Phys. Chem. Ref. Data 7 (1978) 941, table of recommended values [mPa s].
@pytest.mark.parametrize(
    ("celsius", "mPa_s"),
    [(0.0, 1.7918), (10.0, 1.3070), (20.0, 1.0016), (25.0, 0.8900), (40.0, 0.6530), (60.0, 0.4664)],
)
def test_viscosity_of_water(celsius, mPa_s):
    assert 1e3 * water.viscosity(celsius + 273.15) == pytest.approx(mPa_s, rel=2e-3)


def test_viscosity_follows_the_full_formulation():
    # IAPWS R12-08, equations 10 to 12 without the critical part, which is 1 here
    zero = [1.67752, 2.20462, 0.6366564, -0.241605]
    table = {
        (0, 0): 0.520094, (1, 0): 0.0850895, (2, 0): -1.08374, (3, 0): -0.289555, (0, 1): 0.222531, (1, 1): 0.999115,
        (2, 1): 1.88797, (3, 1): 1.26613, (5, 1): 0.120573, (0, 2): -0.281378, (1, 2): -0.906851, (2, 2): -0.772479,
        (3, 2): -0.489837, (4, 2): -0.257040, (0, 3): 0.161913, (1, 3): 0.257399, (0, 4): -0.0325372,
        (3, 4): 0.0698452, (4, 5): 0.00872102, (3, 6): -0.00435673, (5, 6): -0.000593264,
    }  # fmt: skip

    def formulation(kelvin, density):
        t, r = kelvin / 647.096, density / 322.0
        dilute = 100.0 * math.sqrt(t) / sum(h / t**i for i, h in enumerate(zero))
        dense = math.exp(r * sum(h * (1.0 / t - 1.0) ** i * (r - 1.0) ** j for (i, j), h in table.items()))
        return 1e-6 * dilute * dense

    assert formulation(298.15, 998.0) == pytest.approx(889.735100e-6, rel=1e-8)  # its check value
    for kelvin in (273.15, 283.15, 298.15, 323.15, 353.15, 373.15):
        assert water.viscosity(kelvin) == pytest.approx(formulation(kelvin, water.density(kelvin)), rel=3e-4)
    with pytest.raises(ValueError, match="viscosity of water is known from"):
        water.viscosity(400.0)

"""The form of Chen 2015: its flat front against its own closed form, and each of its defects as a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcell.case import Case
from simcell.dendrite.chen import Chen, begin_chen, calibrated, grow_chen, unaccounted
from simcell.dendrite.layer import Layer, State, begin
from simcell.dendrite.stability import FARADAY, Metal
from simcell.errors import InputError
from simcell.numerics.grid import section
from simcell.results.provenance import read_provenance

LITHIUM = Metal(1, 13.0e-6, 0.5, 30.0, 1000.0, 3.2e-10, 0.38)
GAP, REACTION = 2e-6, 1e-3


def flat(delta: float, potential: float, halved: bool = True, stiff: float = 50.0, reaction: float = REACTION):
    """Layer, form and the two states between which a steady flat front has moved half a width."""
    h = delta / 3.0
    n = round((GAP + 12.0 * delta) / h)
    layer = Layer(LITHIUM, section(np.arange(n + 1) * h, [0.0, 1e-6], 1e-6), delta, {"x+": "reservoir"})
    form = Chen(reaction, 1.0, halved)
    form = replace(form, relaxation=stiff * form.distortion(LITHIUM, delta, potential, GAP))
    speed, _ = form.front(LITHIUM, delta, potential, GAP)
    end = 0.7 * delta / abs(speed)
    first = begin_chen(begin(layer, n * h - GAP - layer.centre[1]))
    run = grow_chen(layer, first, [0.3 * end, end], form=form, potential=potential)
    return layer, form, first, run.states


def moved(layer: Layer, states: tuple[State, ...]) -> float:
    """Speed between two states [m/s]."""
    a, b = states
    return float((b.xi.sum() - a.xi.sum()) * layer.spacing / (b.time - a.time))


def test_the_flat_front_has_the_speed_of_its_closed_form_in_proportion_to_the_interface_width() -> None:
    speeds = []
    for delta in (50e-9, 100e-9):
        layer, form, _, states = flat(delta, -0.05, halved=False)
        speeds.append(moved(layer, states))
        assert speeds[-1] == pytest.approx(form.front(LITHIUM, delta, -0.05, GAP)[0], rel=5e-3)
    assert speeds[1] / speeds[0] == pytest.approx(2.0, rel=5e-3)


def test_the_mean_concentration_halves_the_cathodic_rate() -> None:
    # at -50 mV the anodic term is a thousandth: half the rate is half the speed; the error falls with the distortion
    speeds = [moved(*flat(100e-9, -0.05, halved, stiff=100.0)[::3]) for halved in (True, False)]
    assert speeds[0] / speeds[1] == pytest.approx(0.5, rel=0.02)


def test_the_front_dissolves_at_open_circuit_and_rests_at_half_of_ln_two() -> None:
    layer, form, _, states = flat(100e-9, -1e-9, stiff=100.0)
    assert moved(layer, states) == pytest.approx(form.front(LITHIUM, 100e-9, -1e-9, GAP)[0], rel=0.02)
    assert moved(layer, states) < 0.0
    rest = form.rest / LITHIUM.f
    assert rest == pytest.approx(-8.9e-3, abs=5e-5) and Chen(1.0, 1.0, halved=False).rest == 0.0
    for side, sign in ((1.2, 1.0), (0.8, -1.0)):
        layer, _, _, states = flat(100e-9, side * rest, stiff=100.0)
        assert np.sign(moved(layer, states)) == sign


def test_ions_without_an_anion_pile_up_in_the_field_of_the_voltage() -> None:
    _, form, _, states = flat(100e-9, -0.05)
    last = states[-1]
    at = int(np.argmin(np.abs(last.xi[0] - 0.5)))
    assert last.ratio[0, at] == pytest.approx(form.front(LITHIUM, 100e-9, -0.05, GAP)[1], rel=2e-3)
    assert last.ratio[0, at] > 6.9  # exp(0.05 V f) = 7.0: a neutral salt would be depleted


def test_the_current_at_the_supply_is_that_of_a_resistor_and_not_of_the_reaction() -> None:
    layer, form, _, states = flat(100e-9, -0.05)
    current = (states[1].charge - states[0].charge) / (states[1].time - states[0].time) / 1e-12
    # h sigma_metal overtakes sigma_liquid about 6 delta before the front
    assert current == pytest.approx(layer.reference_conductivity * 0.05 / (GAP - 6.0 * 100e-9), rel=0.05)
    reaction = form.front(LITHIUM, 100e-9, -0.05, GAP)[0] * FARADAY / LITHIUM.molar_volume
    assert unaccounted(layer, *states) == pytest.approx(1.0 - reaction / current, abs=1e-4)
    assert unaccounted(layer, *states) > 0.99


def test_metal_and_ions_are_conserved() -> None:
    layer, _, first, states = flat(50e-9, -0.05)
    last = states[-1]
    miss = last.ions(layer) - last.inflow - first.ions(layer)
    assert abs(miss) < 1e-9 * (last.metal_amount(layer) - first.metal_amount(layer))


def test_constants_can_be_calibrated_for_one_width_and_curvature_is_then_too_fast() -> None:
    form = calibrated(LITHIUM, 100e-9, -0.05, GAP)
    assert form.exchange_current(LITHIUM, 100e-9) == pytest.approx(30.0, rel=1e-12)
    assert form.distortion(LITHIUM, 100e-9, -0.05, GAP) == pytest.approx(0.1, rel=1e-9)
    # detailed balance: L_sigma = L_eta V_m / RT, with W = 3 gamma / delta
    balanced = form.reaction * 3.0 * LITHIUM.capillary_length / 100e-9
    assert form.curvature_excess(LITHIUM, 100e-9) == pytest.approx(form.relaxation / balanced, rel=1e-12)


def case(**dendrite: object) -> Case:
    small = {"metal": "Zn", "exchange_current": "30 A/m^2", "width": "400 nm", "gap": "2 um", "model": "chen2015"}
    rest = {"interface_width": "45 nm", "spacing": "30 nm", **small, **dendrite}
    return Case.from_dict(
        {
            "case": {"physics": ["dendrite"], "duration": "50 ms"},
            "cell": {"spacer_height": "500 nm"},
            "electrolyte": {"preset": "ZnSO4", "concentration": "0.1 mol/L"},
            "output": {"count": 2},
            "dendrite": {k: v for k, v in rest.items() if v is not None},
        }
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"current_density": "-1 mA/cm^2"}, "dendrite.current_density.*cannot be held by chen2015.*potential"),
        ({"potential": "-50 mV", "noise": True}, 'dendrite.noise.*is not in model = "chen2015".*conservative'),
        ({"potential": "-50 mV", "anisotropy": {"fold": 4}}, "dendrite.anisotropy.*is not in model"),
        ({"potential": "-50 mV", "supply": "counter"}, 'supply.*is not in model.*"reservoir"'),
        ({"model": None, "potential": "-50 mV", "chen": {"reaction": "1 1/s"}}, "chen.*is read only by the form"),
    ],
)
def test_what_the_form_does_not_have_is_refused_by_name(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=f"(?s){words}"):
        case(**changes)


def test_a_case_tells_the_numbers_that_make_it_no_quantity() -> None:
    tree = case(potential="-50 mV", chen={"reaction": "1e-3 1/s"}).run()
    told = " ".join(read_provenance(tree)["warnings"])
    exchange = 6.0 * 45e-9 * 1e-3 * 2.0 * FARADAY / (65.38e-3 / 7134.0)
    assert f"its exchange current is {exchange:.3g} A/m^2 because the interface is 45 nm wide" in told
    assert "C at the supply is not in the metal" in told and "times faster than the kinetics" in told
    imbalance = tree["dendrite/metal_imbalance"].values
    assert imbalance[-1] < -0.5 and np.abs(tree["dendrite/ion_imbalance"].values).max() < 1e-9

"""Couplings of a beam, each acting alone, against what is known in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from simcell.case import Case
from simcell.chemistry.equilibrium import Reversible
from simcell.constants import ELEMENTARY_CHARGE, GAS_CONSTANT
from simcell.errors import InputError, SolverError
from simcell.inputs.coupling import CouplingInput
from simcell.results.provenance import read_provenance
from simcell.studies.irradiated import crowded
from simcell.studies.line import line_of
from simcell.transport.bulk import Bulk
from simcell.transport.feedback import Gas, Heat
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import Segment, current, hold, rest
from simcell.transport.record import Record
from simcell.transport.session import Options, run
from simcell.transport.species import Frit, Ion, Liquid, Reaction, Reservoir, Surface, between, couple, plating

VOLTS = GAS_CONSTANT * 298.15 / FARADAY
IONS = [Ion("O+", 1, 1e-9), Ion("R", 0, 1e-9), Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
START = {"O+": 1.0, "R": 1.0, "K+": 1000.0, "Cl-": 1001.0}
DARK = Bulk((Reversible("R -> R", {"R": 1}, {"R": 1}, 0.0, 0.0),))  # nothing reacts, nothing is made: a clock
LENGTH = 1e-6


def lit(protocol: list[Segment], electrons: float, bulk: Bulk = DARK) -> Record:
    """A couple of i0 = 0.1 A/m^2 on a line of 1 um."""
    working = Surface((couple("OR", "O+", "R", 1, 0.1 / FARADAY),))
    grid = between(LENGTH, 2e-7, other=False)
    return run(Liquid(grid, IONS, START, working, bulk=bulk, injected=electrons), protocol)


def test_electrons_of_the_beam_shift_the_open_circuit_potential() -> None:
    """Butler-Volmer at i = -j, with the surface concentrations 1 -+ j L / F D: small j, -j Rct; large j, asinh."""
    for j in (1e-4, 0.05):
        eta = float(lit([rest(1.0)], j).interface[-1])
        far = j * LENGTH / (FARADAY * 1e-9)

        def missing(v: float, j: float = j, far: float = far) -> float:
            x = 0.5 * v / VOLTS
            return 0.1 * ((1.0 + far) * np.exp(x) - (1.0 - far) * np.exp(-x)) + j

        assert eta == pytest.approx(brentq(missing, -1.0, 1.0, xtol=1e-15), rel=1e-5)
    assert eta == pytest.approx(
        -2.0 * VOLTS * np.arcsinh(0.5 * j / 0.1), rel=5e-3
    )  # the concentrations shift it by 2e-3
    assert float(lit([rest(1.0)], 1e-4).interface[-1]) == pytest.approx(
        -1e-4 * VOLTS * (1.0 / 0.1 + 2.0 * LENGTH / (FARADAY * 1e-9)), rel=1e-4
    )


def test_under_bias_they_add_to_the_current_and_leave_the_electrode_alone() -> None:
    """The instrument measures j more; what it holds galvanostatically reaches the electrode less j."""
    alone, beam = (lit([hold(0.05, 0.5)], j) for j in (0.0, 0.03))
    np.testing.assert_allclose(beam.current - alone.current, 0.03, rtol=1e-12)
    np.testing.assert_array_equal(beam.interface, alone.interface)
    np.testing.assert_allclose(beam.collected, 0.03 * beam.time, rtol=1e-12)
    np.testing.assert_allclose(
        lit([current(0.05, 0.5)], 0.03).interface, lit([current(0.02, 0.5)], 0.0).interface, rtol=1e-9
    )


def test_compensation_sees_the_measured_current() -> None:
    """E = goal + R (i + j): as without the beam and with a goal that is higher by R j."""
    beam = lit([hold(0.05, 0.5, compensation=0.01)], 0.03)
    alone = lit([hold(0.0503, 0.5, compensation=0.01)], 0.0)
    np.testing.assert_allclose(beam.interface, alone.interface, rtol=1e-9)
    np.testing.assert_allclose(beam.potential, 0.05, rtol=1e-9)


def test_a_switched_beam_charges_the_double_layer() -> None:
    """C dv/dt = -j while it is on, and nothing after: v = -j t / C."""
    bulk = Bulk(DARK.reactions, switch=(0.0, 0.1, 0.3), scale=(0.0, 1.0, 0.0))
    liquid = Liquid(
        between(LENGTH, 2e-7, other=False), IONS, START, Surface(capacitance=0.2, before=0.0), bulk=bulk, injected=0.01
    )
    record = run(liquid, [rest(0.5)])
    on = np.clip(record.time - 0.1, 0.0, 0.2)
    np.testing.assert_allclose(record.interface, -0.01 * on / 0.2, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(record.collected, 0.01 * on, rtol=1e-9, atol=1e-14)


def test_electrons_without_a_clock_are_refused() -> None:
    """Nothing would say when the beam is on."""
    with pytest.raises(ValueError, match="need a `bulk`"):
        Liquid(between(LENGTH, 2e-7), IONS, START, Surface(), injected=1.0)


def heated(cold: Liquid, beam: float, resistance: float = 0.0, **more: object) -> Liquid:
    """A liquid with a beam that warms it; `more` gives what follows, by functions of the temperature."""

    def at(rise: float) -> Liquid:
        t = cold.temperature + rise
        return replace(cold, temperature=t, **{key: law(t) for key, law in more.items()})  # type: ignore[operator]

    return replace(cold, heat=Heat(beam, resistance, at))


def test_heat_alone_makes_reactions_faster() -> None:
    """A first-order loss by Arrhenius' law, the beam on for the middle third: exp(-(k t)cold - (k t)warm)."""

    def loss(t: float) -> Bulk:
        k = 2.0 * np.exp(-20e3 / GAS_CONSTANT * (1.0 / t - 1.0 / 298.15))
        return Bulk((Reversible("R -> S", {"R": 1}, {"S": 1}, k, 0.0),), switch=(0.0, 0.3, 0.6), scale=(0, 1, 0))

    ions, start = [*IONS, Ion("S", 0, 1e-9)], {**START, "S": 0.0}
    inert = Surface(capacitance=0.2, before=0.0)
    cold = Liquid(between(LENGTH, 2e-7), ions, start, inert, inert, bulk=loss(298.15))
    record = run(heated(cold, 10.0, bulk=loss), [rest(0.9)], Options(rtol=1e-5))
    k = [loss(t).reactions[0].forward for t in (298.15, 308.15)]
    assert record.concentration[-1, 1, 3] == pytest.approx(np.exp(-k[0] * 0.6 - k[1] * 0.3), rel=2e-4)
    assert set(record.rise) == {0.0, 10.0} and record.books < 1e-11


def test_heat_alone_scales_nernst_potentials() -> None:
    """At open circuit RT/F ln(O/R) goes with T, and back where the beam goes off."""
    bulk = replace(DARK, switch=(0.0, 0.1, 0.2), scale=(0.0, 1.0, 0.0))
    working = Surface((couple("OR", "O+", "R", 1, 1e-4),))
    start = {**START, "O+": 10.0, "Cl-": 1010.0}
    cold = Liquid(between(LENGTH, 2e-7, other=False), IONS, start, working, bulk=bulk)
    record = run(heated(cold, 10.0), [rest(0.3)])
    for time, t in ((0.1, 298.15), (0.2, 308.15), (0.3, 298.15)):
        at = int(np.abs(record.time - time).argmin())
        assert record.interface[at] == pytest.approx(GAS_CONSTANT * t / FARADAY * np.log(10.0), rel=1e-9)


def test_heat_alone_speeds_diffusion() -> None:
    """The limiting current of a neutral reactant is n F D c / L at both temperatures."""
    bulk = replace(DARK, switch=(0.0, 0.01), scale=(0.0, 1.0))
    working = Surface((couple("OR", "O+", "R", 1, 1.0),))
    cold = Liquid(between(LENGTH, 1e-7, other=False), IONS, START, working, bulk=bulk)

    def faster(t: float) -> list[Ion]:
        return [Ion(i.name, i.charge, i.diffusivity * (1.3 if t > 300.0 else 1.0)) for i in IONS]

    record = run(heated(cold, 10.0, ions=faster), [hold(1.0, 0.02)])
    before = int(np.abs(record.time - 0.01).argmin())
    limit = FARADAY * 1e-9 * 1.0 / LENGTH
    assert record.current[before] == pytest.approx(limit, rel=1e-4)
    assert record.current[-1] == pytest.approx(1.3 * limit, rel=1e-4)


def test_heat_of_the_current_is_i_squared_over_the_conductivity() -> None:
    """At 100 A/m^2 in a uniform liquid; the temperature follows to a hundredth of a kelvin."""
    working = Surface(capacitance=1e6, before=0.0)  # takes the current without changing the liquid
    ions = [Ion("K+", 1, 2e-9), Ion("Cl-", -1, 2e-9)]
    cold = Liquid(between(LENGTH, 2e-7, other=False), ions, {"K+": 1000.0, "Cl-": 1000.0}, working, bulk=Bulk(()))
    kappa = FARADAY / VOLTS * 2.0 * 2e-9 * 1000.0
    record = run(heated(cold, 0.0, 1.0 / (100.0**2 / kappa)), [current(100.0, 1e-4)])
    assert record.joule[-1] == pytest.approx(100.0**2 / kappa, rel=5e-3)
    assert record.rise[-1] == pytest.approx(1.0, abs=0.02)


def test_radicals_dissolve_and_deposit_the_metal_they_meet() -> None:
    """At open circuit: all of an oxidant (OH) made over the line dissolves, of a reductant (e_aq-) deposits, F P L."""
    ions = [Ion("Ag+", 1, 1.6e-9), Ion("OH", 0, 2.2e-9), Ion("OH-", -1, 5e-9), Ion("e_aq-", -1, 4.9e-9)]
    ions += [Ion("K+", 1, 2e-9), Ion("NO3-", -1, 2e-9)]
    start = {"Ag+": 10.0, "OH": 0.0, "OH-": 1e-3, "e_aq-": 0.0, "K+": 100.001, "NO3-": 110.0}
    metal = plating("silver", "Ag+", 1, 100.0, 10.0, 0.5, 0.5, 0.5)
    takes = Reaction("OH", 1.0, {"OH": 1.0, "OH-": -1.0}, 1e3, 1.9, {"OH": 1.0, "OH-": 1.0}, {"OH-": 1.0}, {"OH": 1.0},
                     branch="cathodic")  # fmt: skip
    gives = Reaction("e_aq-", 1.0, {"e_aq-": -1.0}, 1e3, -2.9, {"e_aq-": 1.0}, {"e_aq-": 1.0}, {}, branch="anodic")
    working = Surface((metal, takes, gives))
    made = {"OH": {"OH": 1.0}, "e_aq-": {"e_aq-": 1.0, "K+": 1.0}}
    for radical, sign in (("OH", 1.0), ("e_aq-", -1.0)):
        grid, scales = between(LENGTH, 1e-7, other=False), {"OH": 1e-3, "e_aq-": 1e-3}
        liquid = Liquid(grid, ions, start, working, Frit(), bulk=Bulk((), made[radical]), scales=scales)
        record = run(liquid, [rest(0.05)])
        assert record.reaction_current[-1, 0] == pytest.approx(sign * FARADAY * 1.0 * LENGTH, rel=1e-4)
        assert abs(record.current[-1]) < 1e-9 and record.books < 1e-9


WET: dict[str, object] = {
    "case": {"physics": ["radiolysis", "transport"], "duration": "1 ms"},
    "beam": {"energy": "300 kV", "flux": "1 e/nm^2/s"},
    "grid": {"geometry": "line", "extent": "1 um", "spacing": "200 nm"},
    "electrolyte": {"mechanism": "water", "pH": 3, "counter_ion": "ClO4-", "gases": {"H2": "1 mbar"}},
    "electrode": [
        {"name": "working", "role": "working", "area": "1 um^2", "reaction": [{
            "name": "hydrogen", "makes": {"H2": -1, "H+": 2}, "electrons": 2, "exchange_current_density": "10 A/m^2",
            "reference_concentrations": {"H2": "0.78 mmol/L", "H+": "1 mol/L"}, "equilibrium_potential": "0 V",
        }]},
        {"name": "counter", "role": "counter"},
    ],
    "protocol": {"steps": [{"technique": "ocp", "duration": "1 ms"}]},
}  # fmt: skip


def test_a_case_says_what_acts_and_so_does_its_result() -> None:
    """j = fraction x e x flux; off, the result holds none of it."""
    case = Case.from_dict(WET)
    on = case.replace_all({"coupling.injected_charge": True, "beam.injected_fraction": 0.05}).run()
    density = on["coupling/injected_current_density"].values
    np.testing.assert_allclose(density, 0.05 * ELEMENTARY_CHARGE * 1e18, rtol=1e-6)
    said = read_provenance(on)["transport"]["coupling"]
    assert said == {"gas": False, "heating": False, "injected_charge": True}
    assert float(on["transport/electrode_current"][-1, 0]) == pytest.approx(0.0, abs=1e-20)
    assert float(on["transport/electrode_current"][-1, 1]) == pytest.approx(float(density[-1]) * 1e-12, rel=1e-6)
    off = case.run()
    assert "coupling" not in off.children


def test_the_beam_of_a_case_warms_its_liquid() -> None:
    """q a^2 / 4k (1 + 2 ln R/a) with k of water, and the constants of the mechanism at that temperature."""
    wide = {"beam.diameter": "10 um", "cell.spacer_height": "500 nm",
            "cell.window": {"thickness": "50 nm", "width": "100 um", "length": "200 um"}}  # fmt: skip
    case = Case.from_dict(WET).replace_all({"coupling.heating": True, "beam.flux": "500 e/nm^2/s", **wide})
    tree = case.run()
    power = 997.047 * float(tree["beam/dose_rate"])
    rise = power * 5e-6**2 / (4.0 * 0.6065) * (1.0 + 2.0 * np.log(10.0))
    np.testing.assert_allclose(tree["coupling/temperature_rise"].values, rise, rtol=1e-5)
    assert float(tree["coupling/joule_rise"].max()) < 1e-9
    given = line_of(case.replace_all({"coupling.temperature_rise": "10 K"}).input).liquid
    assert given.heat is not None
    warm, other = (
        given.heat.liquid(10.0),
        line_of(Case.from_dict(WET).replace("electrolyte.temperature", "35 degC").input),
    )
    assert warm.bulk is not None and other.liquid.bulk is not None
    assert [r.forward for r in warm.bulk.reactions] == [r.forward for r in other.liquid.bulk.reactions]
    assert [i.diffusivity for i in warm.ions] == pytest.approx([i.diffusivity for i in other.liquid.ions], rel=1e-12)


def test_what_acts_back_moves_the_hash() -> None:
    """Each key of the section, and the share of electrons, stands in the record of a coupled case."""
    on: dict[str, object] = {
        "coupling.gas": True, "coupling.bubble_radius": "100 nm", "coupling.heating": True,
        "beam.injected_fraction": 0.1, "coupling.temperature_rise": "1 K", "coupling.injected_charge": True,
    }  # fmt: skip
    case = Case.from_dict(WET).replace_all(on)
    assert set(case.record["coupling"]) == set(CouplingInput.model_fields)
    others = {"coupling.bubble_radius": "90 nm", "coupling.temperature_rise": "2 K", "beam.injected_fraction": 0.2}
    hashes = {case.hash, Case.from_dict(WET).hash, *(case.replace(key, value).hash for key, value in others.items())}
    assert len(hashes) == 5


def test_a_beam_that_boils_the_liquid_is_refused() -> None:
    """With the rise."""
    change = {"coupling.heating": True, "beam.diameter": "10 um", "beam.flux": "1e5 e/nm^2/s"}
    with pytest.raises(InputError, match=r"16[0-9] K warmer"):
        Case.from_dict(WET).replace_all(change).run()


def test_the_gas_of_a_case_comes_out() -> None:
    """Air-saturated water at 8e9 Gy/s: bubbles of 1 um stand at p + 2 gamma / r, and every mole is counted."""
    change = {
        "coupling.gas": True, "coupling.bubble_radius": "1 um", "beam.flux": "2e4 e/nm^2/s", "case.duration": "2 ms",
        "grid.extent": "20 um",
        "electrolyte.atmosphere": "air", "electrolyte.gases": None, "output.count": 4,
        "protocol.steps": [{"technique": "ocp", "duration": "2 ms"}],
    }  # fmt: skip
    tree = Case.from_dict(WET).replace_all(change).run()
    share = tree["coupling/gas_fraction"].values[-1]
    assert 0.0 < share.max() < 0.9 and share[-1] == 0.0  # none beside fresh liquid
    pressure = tree["radiolysis/gas_pressure"].values[-1]
    there = 101325.0 + 2.0 * 0.07197 / 1e-6
    inside = share > 0.01
    assert np.all((pressure[inside] > 0.99 * there) & (pressure[inside] < 1.25 * there))  # it has 1 um to go
    facts = read_provenance(tree)
    assert facts["solver"]["books"] < 1e-10
    assert facts["transport"]["coupling"] == {"gas": True, "heating": False, "injected_charge": False}
    amount = tree["coupling"].dataset["gas_amount"]
    assert float(amount.sel(gas="N2")[-1]) > 0.0  # nitrogen, which does not react, comes out with the others
    assert float(tree["coupling/blocked_share"][-1]) == share[0]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"coupling.injected_charge": True}, "beam.injected_fraction"),
        ({"beam.injected_fraction": 0.1}, "beam.injected_fraction"),
        ({"coupling.heating": True}, "beam.diameter"),
        ({"coupling.temperature_rise": "1 K"}, "coupling.temperature_rise"),
        ({"coupling.gas": True}, "coupling.bubble_radius"),
        ({"coupling.bubble_radius": "1 um"}, "coupling.bubble_radius"),
        ({"coupling.gas": True, "coupling.bubble_radius": "1 um", "gas.nucleus_radius": "2 um"},
         "coupling.bubble_radius"),
        ({"coupling.heating": True, "case.physics": ["radiolysis"]}, "coupling.heating"),
        ({"coupling.injected_charge": True, "beam.injected_fraction": 0.1, "beam.energy": None, "beam.flux": None,
          "beam.dose_rate": "1 Gy/s"}, "beam.energy"),
    ],
)  # fmt: skip
def test_what_is_missing_for_a_coupling_is_told(change: dict[str, object], key: str) -> None:
    """A coupling that cannot act is an error, and so is a number that would not be used."""
    with pytest.raises(InputError) as found:
        Case.from_dict(WET).replace_all(change)
    assert key in {p.key for p in found.value.problems}


def bubbling(made: float, threshold: float = 101325.0, **more: object) -> Liquid:
    """Hydrogen made evenly in a closed line, and nothing else happens."""
    ions, start = [Ion("H2", 0, 4.5e-9), *IONS[2:]], {"H2": 0.0, "K+": 100.0, "Cl-": 100.0}
    gas = Gas(["H2"], [7.8e-6], [1e6], threshold, 101325.0)
    inert = Surface(capacitance=0.2, before=0.0)
    told = {"scales": {"H2": 1.0}, "gas": gas, "bulk": Bulk((), {"H2": made})} | more
    return Liquid(between(LENGTH, 2e-7), ions, start, inert, inert, **told)  # type: ignore[arg-type]


def test_gas_alone_takes_up_what_is_made() -> None:
    """Above saturation, d n/dt = P (1 - share): share = 1 - exp(-P t / n1), n1 = p/RT; atoms are kept to rounding."""
    full = 101325.0 / (GAS_CONSTANT * 298.15)
    solubility = 7.8e-6 * 101325.0
    errors = []
    for rtol in (1e-4, 1e-5):
        record = run(bubbling(100.0), [rest(0.2)], Options(rtol=rtol))
        share = record.gas.sum(axis=2) / full
        after = np.maximum(record.time - solubility / 100.0, 0.0)
        errors.append(np.abs(share - (1.0 - np.exp(-100.0 * after / full))[:, None]).max())
        assert record.books < 1e-11
        assert record.concentration[-1, 0, 3] == pytest.approx(solubility, rel=1e-3)
    assert errors[0] < 200.0 * 1e-4 and errors[1] < 0.2 * errors[0]


def foamed(working: Surface, protocol: list[Segment], electrons: float = 0.0) -> tuple[Record, float]:
    """A line with even bubbles of a gas that does not diffuse, and their share; it grows to the end."""
    gas = Gas(["G"], [1e-5], [1e6], 101325.0, 101325.0)
    ions, start = [*IONS, Ion("G", 0, 1e-16)], {**START, "G": 1.0}
    grid = between(LENGTH, 1e-7, other=False)
    bulk = Bulk((), {"G": 1000.0}, switch=(0.0, 0.015), scale=(1.0, 0.0))
    liquid = Liquid(grid, ions, start, working, bulk=bulk, gas=gas, injected=electrons, scales={"G": 1.0})
    record = run(liquid, protocol)
    share = record.gas[-1, :, 0] * GAS_CONSTANT * 298.15 / 101325.0
    np.testing.assert_allclose(share[:-1], share[0], rtol=1e-3)
    return record, float(share[0])


def test_gas_alone_slows_diffusion() -> None:
    """Limiting current n F D c / L (1 - share)^(3/2), though the electrode has lost a share of its area."""
    record, share = foamed(Surface((couple("OR", "O+", "R", 1, 1.0),)), [hold(1.0, 0.03)])
    assert 0.25 < share < 0.35
    shares = record.gas[-1, :, 0] * GAS_CONSTANT * 298.15 / 101325.0
    way = record.liquid_of.grid.volume.ravel() @ (1.0 - shares) ** -1.5  # the last cell holds less gas
    assert record.current[-1] == pytest.approx(FARADAY * 1e-9 * 1.0 / way, rel=1e-4)
    assert way == pytest.approx(LENGTH * (1.0 - share) ** -1.5, rel=0.03)


def test_gas_alone_blocks_the_electrode() -> None:
    """A given current flows through what is left of the area: kinetics see i / (1 - share)."""
    slow = Surface((couple("OR", "O+", "R", 1, 0.1 / FARADAY),))
    record, share = foamed(slow, [current(1e-3, 0.03)])
    far = 1e-3 * LENGTH / (FARADAY * 1e-9) / (1.0 - share) ** 1.5
    eta = VOLTS * (1e-3 / (1.0 - share) / 0.1 + 2.0 * far)
    assert record.interface[-1] == pytest.approx(eta, rel=2e-3)
    np.testing.assert_allclose(record.current, 1e-3, rtol=1e-9)


def test_two_gases_share_the_bubbles_as_henry_says() -> None:
    """Closed, made until it stops: sum of c / H is the pressure, n_g over n is p_g over p, and both gases are kept."""
    ions, start = [Ion("H2", 0, 4.5e-9), Ion("O2", 0, 2e-9), *IONS[2:]], {"H2": 0.0, "O2": 0.0, "K+": 1.0, "Cl-": 1.0}
    henry = np.array([7.8e-6, 1.3e-5])
    gas = Gas(["H2", "O2"], henry, [1e6, 5e5], 101325.0, 101325.0, 3000.0)
    bulk = Bulk((), {"H2": 300.0, "O2": 20.0}, switch=(0.0, 0.02), scale=(1.0, 0.0))
    inert = Surface(capacitance=0.2, before=0.0)
    told = dict.fromkeys(("H2", "O2"), 1.0)
    record = run(Liquid(between(LENGTH, 2e-7), ions, start, inert, inert, bulk=bulk, gas=gas, scales=told), [rest(0.1)])
    c, n = record.concentration[-1, :2, 3], record.gas[-1, 2]
    assert (c / henry).sum() == pytest.approx(98325.0, rel=1e-9)
    np.testing.assert_allclose(n / n.sum(), c / henry / 98325.0, rtol=1e-9)
    assert record.books < 1e-10


def test_bubbles_wait_for_the_threshold_and_dissolve_again() -> None:
    """No gas below a nucleus' pressure; above it gas comes out, and leaves where the beam is off."""
    calm, late = (run(bubbling(50.0, p), [rest(0.02)]) for p in (3e5, 1.2e5))
    assert calm.gas.max() == 0.0
    first = float(late.time[np.flatnonzero(late.gas.sum(axis=(1, 2)))[0]])
    assert first == pytest.approx(1.2e5 * 7.8e-6 / 50.0, rel=0.02)
    off = Bulk((), {"H2": 1e5}, switch=(0.0, 2e-4), scale=(1.0, 0.0))
    open_ended = run(replace(bubbling(1e5, bulk=off), other=Reservoir()), [rest(0.05)])
    assert open_ended.gas.max() > 1.0 and open_ended.gas[-1].max() == 0.0
    assert open_ended.concentration[-1, 0].max() < 1e-3 and open_ended.books < 1e-10


def test_a_cell_full_of_gas_ends_the_run() -> None:
    """With the record until then."""
    with pytest.raises(SolverError, match="gas fills 95 %") as found:
        run(bubbling(1000.0), [rest(1.0)])
    assert found.value.partial.gas.shape[0] > 10


def test_an_ion_that_crowds_is_told() -> None:
    """Twice what was dissolved, and above 0.1 mol/L: nothing is known of what would come out."""
    liquid = Liquid(between(LENGTH, 2e-7), IONS, START, Surface())
    there = np.repeat(np.array([START[i.name] for i in IONS])[None, :, None], 3, axis=2)
    assert crowded(liquid, there) == []
    there[0, 2, 1] = 2500.0
    assert crowded(liquid, there) == [
        "K+ rises to 2.5 mol/L from 1 mol/L: no solubility of its salts and oxides is known here, so none is checked"
    ]

"""Couplings of a beam, each acting alone, against what is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from simcell.case import Case
from simcell.chemistry.equilibrium import Reversible
from simcell.constants import ELEMENTARY_CHARGE, GAS_CONSTANT
from simcell.errors import InputError
from simcell.transport.bulk import Bulk
from simcell.transport.kinetics import FARADAY
from simcell.transport.protocol import Segment, current, hold, rest
from simcell.transport.record import Record
from simcell.transport.session import run
from simcell.transport.species import Ion, Liquid, Surface, between, couple

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
    said = on.attrs["simcell_provenance"]
    assert '"injected_charge": true' in str(said) and '"heating": false' in str(said)
    assert float(on["transport/electrode_current"][-1, 0]) == pytest.approx(0.0, abs=1e-20)
    assert float(on["transport/electrode_current"][-1, 1]) == pytest.approx(float(density[-1]) * 1e-12, rel=1e-6)
    off = case.run()
    assert "coupling" not in off.children


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"coupling.injected_charge": True}, "beam.injected_fraction"),
        ({"beam.injected_fraction": 0.1}, "beam.injected_fraction"),
        ({"coupling.heating": True}, "beam.diameter"),
        ({"coupling.temperature_rise": "1 K"}, "coupling.temperature_rise"),
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

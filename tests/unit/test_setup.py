"""What a case is refused for and warned of before anything is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simcell.case import Case
from simcell.chemistry.consistency import _open_cycles
from simcell.chemistry.mechanism import RateLaw
from simcell.errors import InputError, MechanismError
from simcell.inputs.mechanism import load_mechanism, mechanism_from_dict, shipped_mechanisms
from simcell.radiolysis.setup import Setup, salt_factors
from simcell.studies.footprint import footprint_of
from simcell.studies.setup import Beam, beam_of, mechanism_of, setup_of

STEM = {"mode": "stem", "energy": "300 kV", "current": "100 pA", "pixel": "1 nm", "dwell": "1 us", "frame": [512, 512]}


def setup(beam: dict[str, Any] | None = None, radiolysis: dict[str, Any] | None = None, **electrolyte: Any) -> Setup:
    data = {
        "case": {"duration": "1 s"},
        "beam": beam or {"dose_rate": "1e6 Gy/s"},
        "electrolyte": electrolyte,
        "radiolysis": radiolysis or {},
    }
    case = Case.from_dict(data).input
    return setup_of(case, mechanism_of(case))[0]


def told(word: str, **given: Any) -> list[str]:
    return [w for w in setup(**given).warnings if word in w]


# ---------------------------------------------------------------- ions


def test_a_counter_ion_that_reacts_is_said_to():
    (warning,) = told("to balance", mechanism="chloride", pH=3.0, counter_ion="Cl-")
    assert "it reacts" in warning and "takes no part" not in warning and "electrolyte.counter_ion" not in warning


def test_a_named_inert_counter_ion_is_not_asked_for_again():
    (warning,) = told("to balance", pH=3.0, counter_ion="ClO4-")
    assert "takes no part" in warning and "electrolyte.counter_ion" not in warning


def test_an_unnamed_counter_ion_says_how_to_name_it():
    (warning,) = told("to balance", pH=3.0)
    assert "inert-" in warning and "electrolyte.counter_ion" in warning


def test_an_ion_that_another_mechanism_knows_is_told():
    salt = {"NO3-": "10 mM", "Na+": "10 mM"}
    (warning,) = told("NO3-", concentrations=salt)
    assert "treated as inert" in warning and "the mechanism nitrate knows its reactions" in warning
    (warning,) = told("Na+", concentrations=salt)
    assert "the mechanism" in warning and "knows its reactions" not in warning
    assert not told("NO3-", mechanism="nitrate", concentrations=salt)


def test_a_counter_ion_that_another_mechanism_knows_is_told():
    assert any("the mechanism nitrate" in w for w in told("NO3-", pH=3.0, counter_ion="NO3-"))


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("Cl--", r"not the name of an ion.*Cl-"),
        ("N03-", r"known neither to \"water\".*near are .*NO3-"),
        ("Cl^x-", "not the name of an ion"),
        ("NaCl", r"write Na\+ and Cl-"),
        ("KNO3", r"write K\+ and NO3-"),
    ],
)
def test_names_that_nothing_knows_are_refused(name, fragment):
    with pytest.raises(InputError, match=fragment):
        setup(concentrations={name: "1 mM"}, pH=7.0)


@pytest.mark.parametrize("ion", ["Cl--", "Na", "N03-"])
def test_a_counter_ion_that_is_none_is_refused(ion):
    with pytest.raises(InputError, match="counter_ion"):
        setup(pH=3.0, counter_ion=ion)


# ---------------------------------------------------------------- salt effect


def shifts(name: str, strength: float) -> Any:
    m = load_mechanism(name)
    return m, np.log10(salt_factors(m, strength))


def test_third_order_gets_the_sum_over_pairs():
    m, log_f = shifts("chloride", 100.0)
    (j,) = [j for j, r in enumerate(m.reactions) if sorted(r.counted) == ["Cl-", "H+", "HOCl"]]
    (water,) = [j for j, r in enumerate(m.reactions) if r.equation == "H+ + OH- -> H2O"]
    assert log_f[j] == pytest.approx(log_f[water]) and log_f[j] < -0.2


@pytest.mark.parametrize("name", shipped_mechanisms())
def test_every_equilibrium_constant_shifts_by_its_charges(name):
    """log K moves by A f (sum z^2 of products - of reactants), a function of the species only: no cycle opens."""
    m, log_f = shifts(name, 100.0)
    a = 0.509 * math.sqrt(0.1) / (1 + math.sqrt(0.1))
    mass_action = {
        frozenset(r.change.items()): (r, x)
        for r, x in zip(m.reactions, log_f, strict=True)
        if sorted(s for s, n in r.reactants.items() if s != m.solvent for _ in range(n)) == sorted(r.counted)
    }
    seen = 0
    for key, (r, forward) in mass_action.items():
        back = mass_action.get(frozenset((s, -n) for s, n in key))
        if back is None:
            continue
        seen += 1
        squares = sum(n * m.species[s].charge ** 2 for s, n in r.change.items())
        assert forward - back[1] == pytest.approx(a * squares, abs=1e-12), r.equation
    assert seen >= 4


def test_the_cycle_check_passes_on_the_corrected_constants_of_chloride():
    import dataclasses

    m, log_f = shifts("chloride", 100.0)
    a = 0.509 * math.sqrt(0.1) / (1 + math.sqrt(0.1))
    direct = m.rate_constants(298.15)
    reactions = tuple(
        dataclasses.replace(r, law=RateLaw("constant", (k * 10**x / m.solvent_concentration**r.solvent_order,)))
        for r, k, x in zip(m.reactions, direct, log_f, strict=True)
    )
    equilibria = tuple(
        dataclasses.replace(
            e, polynomial=(e.pK(298.15) - a * sum(n * m.species[s].charge ** 2 for s, n in e.change.items()),)
        )
        for e in m.equilibria
    )
    corrected = dataclasses.replace(m, reactions=reactions, equilibria=equilibria)
    assert [p.key for p in _open_cycles(corrected)[0]] == [p.key for p in _open_cycles(m)[0]] == []
    assert len(_open_cycles(corrected)[1]) >= len(_open_cycles(m)[1])


def test_the_salt_effect_says_that_the_start_is_without_it():
    salt = {"Na+": "0.1 M", "ClO4-": "0.1 M"}
    (warning,) = told("drifts", concentrations=salt, radiolysis={"ionic_strength_correction": True})
    assert "0.1 mol/L" in warning and "0.24" in warning
    assert not told("drifts", concentrations=salt)
    assert not told("drifts", radiolysis={"ionic_strength_correction": True})


def test_the_salt_effect_says_that_it_is_of_25_degrees():
    on = {"ionic_strength_correction": True}
    assert told("0.509", radiolysis=on, temperature="40 degC") and not told(
        "0.509", radiolysis=on, temperature="28 degC"
    )


# ---------------------------------------------------------------- beam and yields


def test_yields_of_another_energy_are_told_with_both():
    beam = {"energy": "200 kV", "flux": "10 e/angstrom^2/s"}
    (warning,) = told("HS300", beam=beam)
    assert "300 keV" in warning and "200 keV" in warning
    assert not told("HS300", beam=beam | {"energy": "300 kV"}) and not told("HS300", beam=beam | {"energy": "250 kV"})
    other = next(s for s, y in load_mechanism("water").yields.items() if y.energy_range is None)
    assert not told("hold for electrons", beam=beam, radiolysis={"g_values": other})
    assert not told("HS300")


def test_the_energy_of_a_g_set_is_a_pair():
    data = {
        "name": "x", "solvent": "H2O", "species": {"H2O": {"composition": {"H": 2, "O": 1}, "charge": 0}},
        "references": [{"key": "a", "text": "b"}],
        "g_values": [{"name": "g", "values": {}, "source": "a", "energy": "300 keV"}],
    }  # fmt: skip
    with pytest.raises(MechanismError, match="lowest and the highest"):
        mechanism_from_dict(data)


def test_a_scanned_beam_says_what_the_dose_rate_is():
    (warning,) = told("scanned", beam=STEM)
    assert "average over the frame" in warning and "under the probe" in warning and "1e+12 Gy/s" in warning
    assert "the chemistry is run with it" in warning
    assert not told("scanned")


def test_a_scan_that_is_followed_is_not_said_to_be_averaged():
    case = Case.from_dict({
        "case": {"duration": "1 s"}, "beam": STEM | {"resolved": "line"}, "cell": {"spacer_height": "1 um"},
        "grid": {"geometry": "plan", "extent": "20 um", "spacing": "1 um"},
    })  # fmt: skip
    (warning,) = (w for w in beam_of(case.input).warnings if "scanned" in w)
    assert "followed line by line" in warning and "run with it" not in warning


def test_the_dose_factor_holds_under_the_probe_as_well():
    def rates(factor: dict[str, str]) -> tuple[float, float]:
        case = Case.from_dict(
            {"case": {"duration": "1 s"}, "cell": {"spacer_height": "1 um"}, "beam": STEM | factor}
        ).input
        beam = setup_of(case, mechanism_of(case))[1]
        assert beam.probe_dose_rate is not None
        return beam.dose_rate, beam.probe_dose_rate

    plain, thick = rates({}), rates({"dose_factor": "1+t/lambda"})
    assert thick[1] / plain[1] == pytest.approx(thick[0] / plain[0]) and thick[1] > plain[1]


# ---------------------------------------------------------------- mechanisms


def test_a_mechanism_points_to_what_it_lacks():
    assert told("simcell info nitrate", mechanism="nitrate")
    assert not told("simcell info") and not told("simcell info", mechanism="water-eb09")


def test_outside_its_temperature_a_law_is_extrapolated_and_a_constant_kept():
    (warm,) = told("hold at", temperature="60 degC")
    assert "pKw stays at 14.00" in warm and "solubility of gases" in warm and "extrapolated" not in warm
    (cold,) = told("hold at", mechanism="water-eb09", temperature="10 degC")
    assert "extrapolated" in cold and "pKw stays" not in cold


# ---------------------------------------------------------------- shape of the beam


SPOT = {"energy": "300 kV", "current": "1 nA", "diameter": "2 um"}


def beam(**more: Any) -> Beam:
    return beam_of(Case.from_dict({"case": {"duration": "1 s"}, "beam": {**SPOT, **more}}).input)


def test_a_gaussian_has_the_dose_rate_of_its_peak_and_says_so():
    plain, peak = beam(), beam(profile="gaussian")
    assert peak.dose_rate / plain.dose_rate == pytest.approx(math.log(2.0), rel=1e-12) and not plain.warnings
    (warning,) = peak.warnings  # half of the current lies within the width
    assert "at the peak" in warning and f"{0.5 * plain.dose_rate:.4g} Gy/s" in warning
    assert beam_of(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s", "profile": "gaussian"}})
                   .input).warnings  # fmt: skip


def test_tails_and_spots_share_the_current():
    plain = beam()
    tail = beam(tail={"fraction": 0.2, "diameter": "200 um"})
    assert tail.dose_rate / plain.dose_rate == pytest.approx(0.8 + 0.2 * math.log(2.0) / 100**2, rel=1e-12)
    two = beam(spots=[{"center": ["-9 um", "0 um"], "weight": 3}, {"center": ["9 um", "0 um"]}])
    assert two.dose_rate / plain.dose_rate == pytest.approx(0.75, rel=1e-12)
    assert "most intense" in two.warnings[0]


def test_flyback_lowers_the_average_and_not_the_probe():
    data = {"case": {"duration": "1 s"}, "beam": STEM}
    plain = beam_of(Case.from_dict(data).input)
    slow = beam_of(Case.from_dict({**data, "beam": {**STEM, "line_flyback": "512 us"}}).input)
    assert slow.dose_rate / plain.dose_rate == pytest.approx(0.5, rel=1e-12)
    assert slow.probe_dose_rate == plain.probe_dose_rate


def test_a_run_in_space_needs_a_diameter():
    with pytest.raises(InputError, match="diameter"):
        footprint_of(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input.beam)

"""From the checked inputs of a case to the arrays of its problem: the one place where the two meet."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simcell.beam import dose, stopping
from simcell.chemistry.gas import Gas
from simcell.chemistry.mechanism import Mechanism
from simcell.chemistry.network import Network
from simcell.constants import KILO_ELECTRON_VOLT, ZERO_CELSIUS
from simcell.errors import InputError, Problem
from simcell.inputs.beam import BeamInput
from simcell.inputs.case import CaseInput
from simcell.inputs.equation import charge_of
from simcell.inputs.gases import load_atmosphere, load_gases, vapour_pressure
from simcell.inputs.mechanism import load_mechanism, shipped_mechanisms
from simcell.radiolysis.homogeneous import Schedule
from simcell.radiolysis.setup import Conditions, Setup, prepare
from simcell.radiolysis.uncertainty import RATE_FACTOR, sampled
from simcell.studies.footprint import footprint_of, scan_of
from simcell.studies.ions import INERT_IONS, inert_remark, unknown_names

MEDIUM = "water"
FACTOR = "1+t/lambda"
ENERGY_SPAN = 0.2  # relative difference of beam and G set energies from which on it is told
CHEMISTRY_LIMIT = 1e12  # Gy/s above which the kinetics of a homogeneous liquid mean nothing
NOBLE = ("N2", "Ar", "He")  # gases that take no part in the chemistry of irradiated water
NEAT_WATER = ("water", "water-eb09")


@dataclass(frozen=True)
class Beam:
    """The beam of a case in SI numbers; None where the case does not say.

    Examples
    --------
    >>> Beam(7.5e7).flux is None
    True
    """

    dose_rate: float  # Gy/s, average over the frame of a scanned beam; with the dose factor if one was asked for
    flux: float | None = None
    energy: float | None = None
    current: float | None = None
    diameter: float | None = None
    stopping_power: float | None = None
    probe_dose_rate: float | None = None
    warnings: tuple[str, ...] = ()


def beam_of(case: CaseInput) -> Beam:
    """Dose rate and all that goes with it.

    Parameters
    ----------
    case : CaseInput

    Returns
    -------
    Beam

    Raises
    ------
    InputError
        If the energy is outside the range of the stopping power.

    Examples
    --------
    >>> from simcell.case import Case
    >>> c = Case.from_dict({"case": {"duration": "1 s"},
    ...     "beam": {"energy": "300 kV", "current": "1 nA", "diameter": "2 um"}})
    >>> f"{beam_of(c.input).dose_rate:.4g}"
    '7.496e+07'
    """
    b = case.beam
    if b.energy is None:
        assert b.dose_rate is not None
        return Beam(b.dose_rate, warnings=_peak_remark(b, b.dose_rate))
    medium = stopping.load_medium(MEDIUM)
    try:
        power = stopping.mass_stopping_power(b.energy, medium)
    except ValueError as error:
        raise InputError(Problem("", "beam.energy", None, str(error), '"300 kV"')) from None
    flux, probe = _flux(b, power)
    rate = dose.dose_rate(flux, power)
    warnings: tuple[str, ...] = ()
    if b.dose_factor == FACTOR:
        path = stopping.inelastic_mean_free_path(b.energy, medium)
        assert case.cell.spacer_height is not None  # checked with the case
        factor = dose.thickness_factor(case.cell.spacer_height, path)
        warnings = (
            f"dose factor 1 + t/lambda = {factor:.4g} applied (lambda = {path * 1e9:.0f} nm): "
            f"{rate * factor:.4g} Gy/s instead of {rate:.4g} Gy/s; it counts collisions twice",
        )
        rate *= factor
        probe = probe and probe * factor
    warnings += _peak_remark(b, rate)
    if rate > CHEMISTRY_LIMIT:
        warnings += (f"{rate:.4g} Gy/s is beyond {CHEMISTRY_LIMIT:.0e} Gy/s, where this chemistry is not valid",)
    if probe is not None:
        beyond = f", beyond {CHEMISTRY_LIMIT:.0e} Gy/s, where this chemistry is not valid" * (probe > CHEMISTRY_LIMIT)
        followed = b.resolved in ("line", "pixel") and case.grid.geometry != "batch"
        run = f"the scan is followed {b.resolved} by {b.resolved}" if followed else "the chemistry is run with it"
        warnings += (
            f"scanned beam: the dose rate {rate:.4g} Gy/s is the average over the frame, and {run}; "
            f"under the probe it is {probe:.4g} Gy/s{beyond}",
        )
    return Beam(rate, flux, b.energy, b.current, b.diameter, power, probe, warnings)


def _flux(b: BeamInput, power: float) -> tuple[float, float | None]:
    """Flux of the disc, the peak or the frame on average, and the dose rate under the probe of a scanned beam."""
    if b.mode == "stem":
        assert b.current is not None and b.pixel is not None and b.dwell is not None and b.frame is not None
        scan = scan_of(b)
        flyback = scan.lines[0] * scan.line_flyback + scan.frame_flyback
        raster = dose.raster_beam(
            b.current, b.pixel, b.dwell, b.frame, power, probe=b.probe, flyback=flyback, profile=b.profile
        )
        return raster.flux, raster.peak_dose_rate
    if b.flux is not None:
        return b.flux, None
    if b.current is not None:
        return footprint_of(b).flux(b.current), None
    assert b.dose_rate is not None
    return dose.flux_from_dose_rate(b.dose_rate, power), None


def _peak_remark(b: BeamInput, rate: float) -> tuple[str, ...]:
    """What the dose rate is of, where it is not that of one evenly lit area."""
    if b.mode == "stem" or (b.profile == "disc" and not b.tail and not b.spots):
        return ()
    which = "the most intense of the spots" if b.spots else "the beam"
    words = f"the dose rate {rate:.4g} Gy/s is that at the peak of {which}"
    if b.profile == "gaussian" and not b.tail:
        half = 0.5 / math.log(2.0)
        words += f"; within its full width at half maximum the average is {half:.4f} of it, {half * rate:.4g} Gy/s"
    return (words,)


def schedule_of(case: CaseInput) -> Schedule:
    """When the beam is on.

    Examples
    --------
    >>> from simcell.case import Case
    >>> c = Case.from_dict({"case": {"duration": "3 s"}, "beam": {"dose_rate": "1 Gy/s",
    ...     "schedule": [{"from": "0 s", "to": "1 s", "on": True}]}})
    >>> schedule_of(c.input).scale
    array([1., 0.])
    """
    b, duration = case.beam, case.case.seconds
    if b.pulses is not None:
        return Schedule.pulses(b.pulses.on, b.pulses.off, b.pulses.count, duration)
    if b.schedule:
        return Schedule.windows([(w.start, w.end, w.on) for w in b.schedule], duration)
    return Schedule.constant(duration)


def mechanism_of(case: CaseInput, folder: Path | None = None, name: str | None = None) -> Mechanism:
    """Load the mechanism of a case (or another one for the same liquid) and check the names that the case uses.

    Raises
    ------
    InputError
        With every name that the mechanism does not have.

    Examples
    --------
    >>> from simcell.case import Case
    >>> c = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input
    >>> mechanism_of(c).name
    'water'
    """
    mechanism = load_mechanism(name or case.electrolyte.mechanism, folder)
    own = load_mechanism(case.electrolyte.mechanism, folder) if name else mechanism
    found = unknown_names("electrolyte", case.electrolyte, mechanism, own)
    if case.electrolyte.inflow is not None:
        found += unknown_names("electrolyte.inflow", case.electrolyte.inflow, mechanism, own)
    chosen = case.radiolysis.g_values
    if name is None and chosen is not None and chosen not in mechanism.yields:
        sets = ", ".join(mechanism.yields)
        found.append(Problem("", "radiolysis.g_values", chosen, f'"{mechanism.name}" has the sets {sets}'))
    if not mechanism.yields:
        found.append(Problem("", "electrolyte.mechanism", mechanism.name, "has no G-values, so no beam can act on it"))
    if found:
        raise InputError(found)
    number, default = case.radiolysis.sample, case.radiolysis.rate_uncertainty
    if number is not None and name is None:
        mechanism = sampled(mechanism, number, case.radiolysis.seed, default or RATE_FACTOR)
    return with_passive(mechanism, case)


def _energy_remark(mechanism: Mechanism, yields: str, energy: float | None) -> list[str]:
    """A G set that is stated for electrons of quite another energy than the beam's."""
    span = mechanism.yields[yields].energy_range
    if span is None or energy is None or (1 - ENERGY_SPAN) * span[0] <= energy <= (1 + ENERGY_SPAN) * span[1]:
        return []
    low, high, beam = (e / KILO_ELECTRON_VOLT for e in (*span, energy))
    holds = f"{low:.4g} keV" if low == high else f"{low:.4g} to {high:.4g} keV"
    return [f'the G-values "{yields}" hold for electrons of {holds}; the beam has {beam:.4g} keV']


def with_passive(mechanism: Mechanism, case: CaseInput) -> Mechanism:
    """Add what a case dissolves and a mechanism does not know: ions and gases that do not react.

    Examples
    --------
    >>> from simcell.case import Case
    >>> c = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                     "electrolyte": {"atmosphere": "argon"}}).input
    >>> "Ar" in with_passive(load_mechanism("water"), c).species
    True
    """
    from simcell.chemistry.mechanism import Species

    e, known = case.electrolyte, load_gases()
    over = load_atmosphere(e.atmosphere).dry_fractions if e.atmosphere is not None else ()
    gases = [g for g in known if g in over or g in e.gases or g in e.concentrations]
    names = [*e.concentrations, *(e.inflow.concentrations if e.inflow is not None else ()), *gases]
    new = {
        s: Species(s, {}, charge_of(s), known[s].diffusivity if s in known else None)
        for s in names
        if s not in mechanism.species
    }
    return dataclasses.replace(mechanism, species={**mechanism.species, **new}) if new else mechanism


def dissolved(case: CaseInput, mechanism: Mechanism) -> tuple[dict[str, float], list[str]]:
    """Dissolved amounts [mol/m^3], gases at equilibrium included, and remarks on what is left out.

    Examples
    --------
    >>> from simcell.case import Case
    >>> c = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                     "electrolyte": {"atmosphere": "oxygen"}}).input
    >>> totals, remarks = dissolved(c, mechanism_of(c))
    >>> f"{totals['O2']:.2f}", remarks
    ('1.24', [])
    """
    e = case.electrolyte
    totals = dict(e.concentrations)
    known = load_gases()
    passive = [g for g in known if g in mechanism.species and not mechanism.species[g].composition]
    inert = [s for s in totals if not mechanism.species[s].composition and s != "e_aq-" and s not in known]
    if e.counter_ion and e.counter_ion not in (*INERT_IONS, *mechanism.species):
        inert.append(e.counter_ion)
    remarks = [inert_remark(s) for s in inert]
    pressures: dict[str, float] = {}
    if e.atmosphere is not None:
        try:
            pressures |= load_atmosphere(e.atmosphere).partial_pressures(vapour_pressure(e.temperature))
        except ValueError as error:
            reason = f"{error} (electrolyte.temperature = {e.temperature - ZERO_CELSIUS:.4g} degC)"
            raise InputError(Problem("", "electrolyte.atmosphere", e.atmosphere, reason)) from None
    pressures |= e.gases
    for gas, pressure in pressures.items():
        if gas not in known:
            raise InputError(
                Problem(
                    "",
                    f"electrolyte.gases.{gas}",
                    None,
                    f"has no solubility here; known are {', '.join(known)}",
                )
            )
        if gas in mechanism.species:
            totals[gas] = totals.get(gas, 0.0) + known[gas].henry(e.temperature) * pressure
        else:
            amount = known[gas].henry(e.temperature) * pressure
            remarks.append(f"{amount:.3g} mol/m^3 of dissolved {gas} left out: the mechanism does not know it")
    for gas in passive:
        totals.setdefault(gas, 0.0)
        if totals[gas] > 0.0 and gas not in NOBLE:
            remarks.append(
                f"{totals[gas]:.3g} mol/m^3 of dissolved {gas} carried as an inert gas: the mechanism does not know "
                "its reactions"
            )
    return totals, remarks


def held_by_gas(case: CaseInput, mechanism: Mechanism, totals: Mapping[str, float]) -> dict[str, float]:
    """Dissolved gases [mol/m^3] that have acid-base partners, such as CO2, unless the case names one of the family.

    A liquid in equilibrium with the gas holds the gas itself at its Henry concentration, and bicarbonate and carbonate
    beside it. Where the case gives, say, HCO3- as well, the amounts add up and distribute as in a closed vessel.

    Examples
    --------
    >>> from simcell.case import Case
    >>> c = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"},
    ...                     "electrolyte": {"mechanism": "carbonate", "atmosphere": "air"}}).input
    >>> m = mechanism_of(c)
    >>> {s: round(v, 4) for s, v in held_by_gas(c, m, dissolved(c, m)[0]).items()}
    {'CO2': 0.0138}
    """
    pairs = [(e.acid, e.base) for e in mechanism.equilibria if e.acid != mechanism.solvent]
    family = {s: {s} for pair in pairs for s in pair}
    for _ in pairs:  # as often as a chain can be long
        for acid, base in pairs:
            family[acid] |= family[base]
            family[base] |= family[acid]
    given = set(case.electrolyte.concentrations)
    return {s: totals[s] for s in load_gases() if s in totals and s in family and not family[s] & given}


def setup_of(
    case: CaseInput, mechanism: Mechanism, net: Network | None = None, yields: str | None = None
) -> tuple[Setup, Beam]:
    """Set up the problem of a case.

    Parameters
    ----------
    case : CaseInput
    mechanism : Mechanism
        From `mechanism_of`.
    net : Network, optional
        The packed mechanism, if it is at hand.
    yields : str, optional
        Another G set than the case names.

    Returns
    -------
    Setup, Beam

    Raises
    ------
    InputError
        If the liquid cannot be made neutral.

    Examples
    --------
    >>> from simcell.case import Case
    >>> c = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1e6 Gy/s"}}).input
    >>> setup, beam = setup_of(c, mechanism_of(c))
    >>> setup.yields, beam.dose_rate
    ('HS300', 1000000.0)
    """
    e, r = case.electrolyte, case.radiolysis
    beam = beam_of(case)
    totals, remarks = dissolved(case, mechanism)
    conditions = Conditions(
        temperature=e.temperature,
        dose_rate=beam.dose_rate,
        schedule=schedule_of(case),
        totals=totals,
        held=held_by_gas(case, mechanism, totals),
        pH=e.pH,
        counter_ion=e.counter_ion,
        counter_charge=charge_of(e.counter_ion) if e.counter_ion else 0,
        yields=yields or (r.g_values if r.g_values in mechanism.yields else None),
        yield_scale=r.g_scale,
        ionic_strength_correction=r.ionic_strength_correction,
        pressure=case.gas.pressure,
    )
    setup = prepare(mechanism, conditions, net)
    remarks += _energy_remark(mechanism, setup.yields, beam.energy)
    if mechanism.gaps and mechanism.name in set(shipped_mechanisms()) - set(NEAT_WATER):
        remarks.append(f"what this mechanism lacks: simcell info {mechanism.name}")
    return dataclasses.replace(setup, warnings=(*beam.warnings, *remarks, *setup.warnings)), beam


def output_times(case: CaseInput) -> np.ndarray:
    """Times of the output [s].

    Examples
    --------
    >>> from simcell.case import Case
    >>> output_times(Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}}).input).size
    200
    """
    return np.array(case.output.resolved_times(case.case.seconds, case.grid.geometry))


def gases_in(mechanism: Mechanism) -> Mapping[str, Gas]:
    """Gases with a known solubility among the species of a mechanism.

    Examples
    --------
    >>> from simcell.inputs.mechanism import load_mechanism
    >>> list(gases_in(load_mechanism("water")))
    ['H2', 'O2']
    """
    return {name: gas for name, gas in load_gases().items() if name in mechanism.species}

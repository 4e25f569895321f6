"""From the settings of the microscope to dose rate, fluence, dose and heating: units in, units out.

The physics stands in `simcell.beam`; here settings are read and checked, all wrong ones are reported at
once, and results get their units. Theory and limits: docs/theory/dose.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from simcell import units
from simcell.beam import dose as physics
from simcell.beam import heating, medium, stopping
from simcell.constants import ELEMENTARY_CHARGE
from simcell.errors import InputError, Problem

if TYPE_CHECKING:
    import pint

    Text: TypeAlias = str | pint.Quantity | None

KINDS = {
    "energy": "energy", "flux": "flux", "current": "current", "diameter": "length", "dose_rate": "dose_rate",
    "pixel": "length", "dwell": "time", "probe": "length", "time": "time", "thickness": "length",
    "window": "length", "mean_free_path": "length",
}  # fmt: skip
WINDOW = "50 um"  # the usual width of a silicon nitride window; where heat finds its sink
Numbers: TypeAlias = dict[str, tuple[float, str]]


@dataclass(frozen=True)
class _Settings:
    """What was asked, in SI; None where it was not given."""

    mode: str
    profile: str
    liquid: medium.Medium
    facts: Mapping[str, Any]
    frame: tuple[int, int] | None
    energy: float
    flux: float | None
    current: float | None
    diameter: float | None
    dose_rate: float | None
    pixel: float | None
    dwell: float | None
    probe: float | None
    time: float | None
    thickness: float | None
    window: float | None
    mean_free_path: float | None


def dose_rate(
    *,
    energy: Text,
    flux: Text = None,
    current: Text = None,
    diameter: Text = None,
    mode: str = "tem",
    pixel: Text = None,
    dwell: Text = None,
    frame: str | tuple[int, int] | None = None,
    medium: str = "water",
    profile: str = "disc",
) -> pint.Quantity:
    """Dose rate in a thin liquid layer; for a scanned beam the average over the frame.

    Parameters
    ----------
    energy : str or Quantity
        Beam energy, ``"300 kV"`` or ``"300 keV"``; 30 keV to 1000 keV.
    flux : str or Quantity, optional
        Electrons per area and time, ``"10 e/angstrom^2/s"``.
    current, diameter : str or Quantity, optional
        Instead of `flux`: ``"1 nA"`` spread evenly over a disc of ``"2 um"``, or as `profile` says.
    mode : {"tem", "stem"}
        A scanned beam takes `current`, `pixel`, `dwell` and `frame`.
    pixel, dwell : str or Quantity, optional
        Pixel size and dwell time of a scanned beam.
    frame : str or tuple of int, optional
        Pixels of a frame, ``"1024x1024"``.
    medium : str
        A liquid that ``simcell info media`` lists, or a mixture by mass, ``"0.5 EC + 0.5 DMC"``.
    profile : {"disc", "gaussian"}
        Of a Gaussian, `diameter` is the full width at half maximum, and the dose rate is that of the peak.

    Returns
    -------
    pint.Quantity
        In Gy/s.

    Raises
    ------
    InputError
        With every wrong setting.

    Examples
    --------
    >>> rate = dose_rate(energy="300 kV", current="1 nA", diameter="2 um")
    >>> f"{rate.to('MGy/s').magnitude:.1f} MGy/s"
    '75.0 MGy/s'
    """
    table = dose_table(
        energy=energy, flux=flux, current=current, diameter=diameter, mode=mode, pixel=pixel, dwell=dwell,
        frame=frame, medium=medium, profile=profile,
    )  # fmt: skip
    return table["dose_rate"]


def dose_table(**settings: Any) -> dict[str, pint.Quantity]:
    """Everything that `simcell dose` prints, as quantities.

    Parameters
    ----------
    **settings
        Those of `dose_rate`, and: `dose_rate` (to get the flux that makes it), `probe` (diameter of a scanned
        probe), `time` (exposure; default 1 s, or one frame), `thickness` of the liquid (for heating and the
        disputed dose factor), `window` (its width, where heat finds its sink), `mean_free_path` (that of the
        disputed factor, in place of the computed one).

    Returns
    -------
    dict of str to pint.Quantity
        `dose_rate`, `flux`, `fluence`, `dose`, `stopping_power` and more. For a scanned beam these are averages
        over the frame; what holds under the probe is named so.

    Raises
    ------
    InputError
        With every wrong setting.

    Examples
    --------
    >>> table = dose_table(energy="300 kV", flux="1 e/angstrom^2/s", time="10 s")
    >>> f"{table['dose'].to('MGy').magnitude:.1f} MGy"
    '37.7 MGy'
    """
    return {name: units.quantity(value, unit) for name, (value, unit) in dose_numbers(settings).items()}


def dose_numbers(settings: Mapping[str, Any]) -> Numbers:
    """`dose_table` as plain SI numbers with the text of their unit.

    Parameters
    ----------
    settings : mapping
        As for `dose_table`; None stands for "not given".

    Returns
    -------
    dict of str to (float, str)

    Raises
    ------
    InputError
        With every wrong setting.

    Examples
    --------
    >>> value, unit = dose_numbers({"energy": "300 kV", "flux": "10 e/angstrom^2/s"})["dose_rate"]
    >>> print(f"{value:.4g} {unit}")
    3.773e+07 Gy/s
    """
    given = {key: value for key, value in settings.items() if value is not None}
    chosen = _read(given)
    try:
        beam = _beam(chosen)
        numbers = _beam_numbers(chosen, beam) | _heating_numbers(chosen, beam)
        return numbers | (_factor_numbers(chosen, beam) if chosen.thickness is not None else {})
    except ValueError as error:
        raise InputError(Problem("", "", None, str(error))) from None


# ----------------------------------------------------------------- reading settings


def _read(given: Mapping[str, Any]) -> _Settings:
    problems: list[Problem] = []

    def wrong(key: str, reason: str, example: str = "") -> None:
        problems.append(Problem("", key, given.get(key), reason, example))

    values: dict[str, float | None] = dict.fromkeys(KINDS)
    for key, kind in KINDS.items():
        if key not in given:
            continue
        try:
            values[key] = units.parse(given[key], kind)
            if values[key] == 0.0 and kind == "length":
                wrong(key, "must be above zero", f'"{units.kinds()[kind].example}"')
        except units.UnitError as error:
            wrong(key, error.reason, error.example)
    mode = given.get("mode", "tem")
    frame = _frame(given, wrong)
    _one_road(given, mode, wrong)
    if "mean_free_path" in given and "thickness" not in given:
        wrong("mean_free_path", "goes into the factor 1 + thickness/lambda; give a thickness as well or leave it out")
    profile = given.get("profile", "disc")
    if profile not in physics.AREAS:
        wrong("profile", "is disc or gaussian", '"gaussian"')
    liquid, facts = _liquid(str(given.get("medium", "water")), wrong)
    energy = values.pop("energy")
    if energy is not None and liquid is not None:
        try:
            stopping.mass_stopping_power(energy, liquid)
        except ValueError as error:
            wrong("energy", str(error), '"300 kV"')
    if problems or energy is None or liquid is None:
        raise InputError(problems)
    return _Settings(mode=mode, profile=profile, liquid=liquid, facts=facts, frame=frame, energy=energy, **values)


def _frame(given: Mapping[str, Any], wrong: Any) -> tuple[int, int] | None:
    value = given.get("frame")
    if value is None or given.get("mode") != "stem":
        return None
    match = re.fullmatch(r"\s*(\d{1,6})\s*[x×*]\s*(\d{1,6})\s*", value) if isinstance(value, str) else None
    pair = tuple(int(n) for n in match.groups()) if match else value
    if isinstance(pair, tuple | list) and len(pair) == 2 and all(isinstance(n, int) and n > 0 for n in pair):
        return pair[0], pair[1]
    wrong("frame", "is two whole numbers of pixels", '"1024x1024"')
    return None


def _one_road(given: Mapping[str, Any], mode: str, wrong: Any) -> None:
    """Check that the settings say once, and only once, how much beam there is."""
    if "energy" not in given:
        wrong("energy", "is needed: the stopping power depends on it", '"300 kV"')
    if mode not in ("tem", "stem"):
        wrong("mode", "is tem or stem", '"stem"')
    elif mode == "stem":
        for key, example in (
            ("current", "50 pA"),
            ("pixel", "1 nm"),
            ("dwell", "5 us"),
            ("frame", "1024x1024"),
        ):
            if key not in given:
                wrong(key, "is needed for a scanned beam", f'"{example}"')
        for key in ("flux", "diameter", "dose_rate"):
            if key in given:
                wrong(key, "does not go with a scanned beam, whose settings are current, pixel, dwell and frame")
    else:
        for key in ("pixel", "dwell", "frame", "probe"):
            if key in given:
                wrong(key, "goes with a scanned beam only; add mode stem or leave it out")
        _broad_road(given, wrong)


def _broad_road(given: Mapping[str, Any], wrong: Any) -> None:
    roads = [key for key in ("flux", "current", "dose_rate") if key in given]
    if not roads:
        wrong(
            "flux",
            "say how much beam: a flux, or current and diameter, or a dose rate",
            '"10 e/angstrom^2/s"',
        )
    elif len(roads) > 1:
        wrong(roads[1], f"says the same as {roads[0]} once more; give one of them")
    elif roads == ["current"] and "diameter" not in given:
        wrong("diameter", "is needed to turn a current into a flux", '"2 um"')


def _liquid(name: str, wrong: Any) -> tuple[medium.Medium | None, Mapping[str, Any]]:
    """A liquid by name, or a mixture by mass such as "0.3 EC + 0.7 DMC"."""
    terms = [re.fullmatch(r"\s*(?:([0-9.]+)\s+)?(.+?)\s*", term) for term in name.split(" + ")]
    try:
        if len(terms) == 1:
            return medium.load_medium(name), medium.facts(name)
        if not all(term and term[1] for term in terms):
            raise ValueError('a mixture gives a share by mass for each part, as in "0.5 EC + 0.5 DMC"')
        parts = {medium.load_medium(term[2]): float(term[1]) for term in terms if term}
        return medium.mixture(parts, name=name), {}
    except ValueError as error:
        wrong("medium", str(error))
        return None, {}


# ----------------------------------------------------------------- settings to numbers


def _beam(s: _Settings) -> physics.BeamDose:
    power = stopping.mass_stopping_power(s.energy, s.liquid)
    if s.mode == "stem":
        assert s.current is not None and s.pixel is not None and s.dwell is not None and s.frame is not None
        return physics.raster_beam(
            s.current, s.pixel, s.dwell, s.frame, power, probe=s.probe, exposure=s.time, profile=s.profile
        )  # fmt: skip
    exposure = 1.0 if s.time is None else s.time
    if s.current is not None and s.diameter is not None:
        return physics.spot_beam(s.current, s.diameter, power, exposure=exposure, profile=s.profile)
    flux = s.flux if s.flux is not None else physics.flux_from_dose_rate(s.dose_rate or 0.0, power)
    if s.diameter is None:
        return physics.broad_beam(flux, power, exposure=exposure)
    area = physics.AREAS[s.profile](s.diameter)
    current = flux * ELEMENTARY_CHARGE * area
    return physics.broad_beam(flux, power, exposure=exposure, area=area, current=current)


def _beam_numbers(s: _Settings, beam: physics.BeamDose) -> Numbers:
    numbers: Numbers = {
        "dose_rate": (beam.dose_rate, "Gy/s"),
        "flux": (beam.flux, "1/m^2/s"),
        "fluence": (beam.fluence, "1/m^2"),
        "dose": (beam.dose, "Gy"),
        "stopping_power": (beam.stopping_power, "J*m^2/kg"),
        "stopping_power_uncertainty": (stopping.relative_uncertainty(s.energy, s.liquid), "1"),
        "stopping_power_uncertainty_from_I": (stopping.excitation_uncertainty(s.energy, s.liquid), "1"),
        "energy": (s.energy, "J"),
        "exposure": (beam.exposure, "s"),
    }
    if s.mode == "stem":
        numbers["probe_dose_rate"] = (beam.peak_dose_rate, "Gy/s")
        numbers["probe_flux"] = (beam.peak_flux, "1/m^2/s")
        for name, unit in (("frame_time", "s"), ("frame_fluence", "1/m^2"), ("frame_dose", "Gy")):
            numbers[name] = (getattr(beam, name), unit)
    if beam.current is not None:
        numbers["current"] = (beam.current, "A")
    if beam.area is not None:
        numbers["area"] = (beam.area, "m^2")
    return numbers


def _heating_numbers(s: _Settings, beam: physics.BeamDose) -> Numbers:
    """Bounds on warming: without any loss of heat, and, for a known layer and area, in the steady state."""
    capacity = s.facts.get("heat_capacity_J_per_kg_K")
    conductivity = s.facts.get("thermal_conductivity_W_per_m_K")
    if capacity is None:
        return {}
    numbers = _adiabatic_numbers(beam, capacity)
    if s.thickness is None or conductivity is None:
        return numbers
    film = heating.Layer(s.thickness, conductivity, s.liquid.density, beam.peak_dose_rate)
    if beam.area is None:
        return numbers | {"steady_heating_over_cold_windows": (heating.gap_rise(film), "K")}
    return numbers | _steady_numbers(s, beam, film, math.sqrt(beam.area / math.pi))


def _adiabatic_numbers(beam: physics.BeamDose, capacity: float) -> Numbers:
    if beam.mode != "stem":
        return {"adiabatic_heating_rate": (heating.adiabatic_rate(beam.dose_rate, capacity), "K/s")}
    return {
        "probe_adiabatic_heating_rate": (heating.adiabatic_rate(beam.peak_dose_rate, capacity), "K/s"),
        "frame_average_adiabatic_heating_rate": (heating.adiabatic_rate(beam.dose_rate, capacity), "K/s"),
    }


def _steady_numbers(s: _Settings, beam: physics.BeamDose, film: heating.Layer, lit: float) -> Numbers:
    """Heat leaves through the liquid alone; a scanned probe is bounded by one that stands still."""
    half_window = (s.window or units.parse(WINDOW, "length")) / 2
    radius = _probe_radius(s) if beam.mode == "stem" else lit
    sink = max(half_window, lit, radius)
    numbers: Numbers = {"steady_heating_bound": (heating.rise_bound(film, [], radius, sink), "K")}
    if beam.mode == "stem":
        average = replace(film, dose_rate=beam.dose_rate)
        numbers["frame_average_steady_heating"] = (heating.rise_bound(average, [], lit, sink), "K")
    return numbers | {"heat_sink_radius": (sink, "m")}


def _probe_radius(s: _Settings) -> float:
    """Radius of the disc with the area of the probe, or of its pixel, which it fills when no size is given."""
    assert s.pixel is not None
    return s.pixel / math.sqrt(math.pi) if s.probe is None else math.sqrt(physics.AREAS[s.profile](s.probe) / math.pi)


def _factor_numbers(s: _Settings, beam: physics.BeamDose) -> Numbers:
    """The disputed factor 1 + t/lambda beside the plain dose rate, for a given or a computed lambda.

    None can be computed for a liquid without a band gap.
    """
    path = s.mean_free_path
    if path is None and s.liquid.band_gap is not None:
        path = stopping.inelastic_mean_free_path(s.energy, s.liquid)
    if s.thickness is None or path is None:
        return {}
    factor = physics.thickness_factor(s.thickness, path)
    return {
        "thickness": (s.thickness, "m"),
        "inelastic_mean_free_path": (path, "m"),
        "dose_factor": (factor, "1"),
        "dose_rate_with_factor": (beam.with_factor(factor).dose_rate, "Gy/s"),
    }

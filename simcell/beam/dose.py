"""From current, area and time to flux, dose rate, fluence and dose.

dose rate [Gy/s] = flux [1/m^2/s] x collision mass stopping power [J m^2/kg]: every electron of a thin layer
leaves S times the areal mass behind. Assumptions, corrections that are left out and the contested factor 1
+ t/lambda: `docs/theory/dose.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from simcell.constants import ELEMENTARY_CHARGE
from simcell.numerics.check import not_negative, positive


@dataclass(frozen=True)
class BeamDose:
    """What a beam does per area and per mass, all SI.

    Attributes
    ----------
    mode : str
        "tem" (broad beam) or "stem" (raster).
    stopping_power : float
        J m^2/kg.
    flux, dose_rate : float
        1/m^2/s and Gy/s; for a raster the average over the frame.
    peak_flux, peak_dose_rate : float
        Under the probe while it is there; equal to the averages for a broad beam.
    exposure : float
        Time that fluence and dose stand for, s.
    fluence, dose : float
        1/m^2 and Gy after `exposure`, where the beam is (raster: mean over the frame).
    area : float or None
        Illuminated area (raster: the frame), m^2; None when only a flux was given.
    current : float or None
        A.
    frame_time, frame_fluence, frame_dose : float or None
        One frame of a raster: s, 1/m^2, Gy.
    dose_factor : float
        Factor already in the dose rates and doses, 1 unless asked for (`with_factor`).

    Examples
    --------
    >>> beam = broad_beam(6.24e23, 3.77e-14, exposure=10.0)     # 62 e/nm^2/s
    >>> print(f"{beam.dose_rate:.3g} Gy/s, {beam.dose:.3g} Gy")
    2.35e+10 Gy/s, 2.35e+11 Gy
    """

    mode: str
    stopping_power: float
    flux: float
    dose_rate: float
    peak_flux: float
    peak_dose_rate: float
    exposure: float
    fluence: float
    dose: float
    area: float | None = None
    current: float | None = None
    frame_time: float | None = None
    frame_fluence: float | None = None
    frame_dose: float | None = None
    dose_factor: float = 1.0

    def with_factor(self, factor: float) -> BeamDose:
        """The same beam with every dose and dose rate multiplied by `factor` (see `thickness_factor`).

        Examples
        --------
        >>> beam = broad_beam(1e24, 4e-14)
        >>> beam.with_factor(2.0).dose_rate / beam.dose_rate
        2.0
        """
        positive("dose factor", factor)
        frame_dose = None if self.frame_dose is None else self.frame_dose * factor
        return replace(
            self,
            dose_rate=self.dose_rate * factor,
            peak_dose_rate=self.peak_dose_rate * factor,
            dose=self.dose * factor,
            frame_dose=frame_dose,
            dose_factor=self.dose_factor * factor,
        )


def disc_area(diameter: float) -> float:
    """Area (m^2) of a disc.

    Examples
    --------
    >>> round(disc_area(2.0), 5)
    3.14159
    """
    positive("diameter", diameter)
    return math.pi * diameter**2 / 4


def gaussian_area(diameter: float) -> float:
    r"""Area (m^2) on which the current of a Gaussian would make its peak flux, 2 pi sigma^2.

    `diameter` (m) is the full width at half maximum, 2 sqrt(2 ln 2) sigma, as microscopes quote it.

    Examples
    --------
    >>> round(gaussian_area(2.0) / disc_area(2.0), 5)      # 1 / ln 2
    1.4427
    """
    positive("diameter", diameter)
    return math.pi * diameter**2 / (4 * math.log(2))


AREAS = {"disc": disc_area, "gaussian": gaussian_area}


def flux_from_current(current: float, diameter: float) -> float:
    """Electrons per area and time (1/m^2/s) of `current` (A) spread evenly over a disc of `diameter` (m).

    Examples
    --------
    >>> f"{flux_from_current(1e-9, 2e-6):.4g}"
    '1.987e+21'
    """
    not_negative("current", current)
    return current / ELEMENTARY_CHARGE / disc_area(diameter)


def current_from_flux(flux: float, diameter: float) -> float:
    """Current (A) that gives `flux` (1/m^2/s) over a disc of `diameter` (m).

    Examples
    --------
    >>> round(current_from_flux(flux_from_current(1e-9, 2e-6), 2e-6) * 1e9, 12)
    1.0
    """
    not_negative("flux", flux)
    return flux * ELEMENTARY_CHARGE * disc_area(diameter)


def current_density(flux: float) -> float:
    """Current density (A/m^2) of a flux (1/m^2/s).

    Examples
    --------
    >>> round(current_density(1e20), 4)      # 1 e/angstrom^2/s
    16.0218
    """
    not_negative("flux", flux)
    return flux * ELEMENTARY_CHARGE


def flux_from_current_density(density: float) -> float:
    """Flux (1/m^2/s) of a current density (A/m^2).

    Examples
    --------
    >>> f"{flux_from_current_density(1.0):.4g}"
    '6.242e+18'
    """
    not_negative("current density", density)
    return density / ELEMENTARY_CHARGE


def dose_rate(flux: float, stopping_power: float) -> float:
    """Dose rate (Gy/s) of `flux` (1/m^2/s) in a liquid with `stopping_power` (J m^2/kg).

    Examples
    --------
    >>> from simcell.beam.stopping import KEV, load_medium, mass_stopping_power
    >>> s = mass_stopping_power(300 * KEV, load_medium("water"))
    >>> print(f"{dose_rate(flux_from_current(1e-9, 2e-6), s):.3g}")
    7.5e+07
    """
    not_negative("flux", flux)
    positive("stopping power", stopping_power)
    return flux * stopping_power


def flux_from_dose_rate(rate: float, stopping_power: float) -> float:
    """Flux (1/m^2/s) that gives a dose rate (Gy/s): the inverse of `dose_rate`.

    Examples
    --------
    >>> round(flux_from_dose_rate(dose_rate(1e21, 4e-14), 4e-14) / 1e21, 12)
    1.0
    """
    not_negative("dose rate", rate)
    positive("stopping power", stopping_power)
    return rate / stopping_power


def broad_beam(
    flux: float,
    stopping_power: float,
    *,
    exposure: float = 1.0,
    area: float | None = None,
    current: float | None = None,
) -> BeamDose:
    """Evenly lit area (TEM): dose rate and, after `exposure` (s), fluence and dose.

    Examples
    --------
    >>> broad_beam(1e21, 4e-14, exposure=60.0).fluence
    6e+22
    """
    not_negative("exposure", exposure)
    rate = dose_rate(flux, stopping_power)
    return BeamDose(
        mode="tem",
        stopping_power=stopping_power,
        flux=flux,
        dose_rate=rate,
        peak_flux=flux,
        peak_dose_rate=rate,
        exposure=exposure,
        fluence=flux * exposure,
        dose=rate * exposure,
        area=area,
        current=current,
    )


def spot_beam(
    current: float, diameter: float, stopping_power: float, *, exposure: float = 1.0, profile: str = "disc"
) -> BeamDose:
    """Current (A) on a spot of `diameter` (m): `broad_beam` with the flux worked out, a Gaussian's that of the peak.

    Examples
    --------
    >>> print(f"{spot_beam(1e-9, 2e-6, 3.773e-14).dose_rate:.3g}")
    7.5e+07
    >>> print(f"{spot_beam(1e-9, 2e-6, 3.773e-14, profile='gaussian').dose_rate:.3g}")      # ln 2 times that
    5.2e+07
    """
    not_negative("current", current)
    area = AREAS[profile](diameter)
    flux = current / ELEMENTARY_CHARGE / area
    return broad_beam(flux, stopping_power, exposure=exposure, area=area, current=current)


def raster_beam(
    current: float,
    pixel: float,
    dwell: float,
    frame: tuple[int, int],
    stopping_power: float,
    *,
    probe: float | None = None,
    exposure: float | None = None,
    flyback: float = 0.0,
    profile: str = "disc",
) -> BeamDose:
    """Scanned probe (STEM): what the probe does while it is there, and the average over a frame.

    Fly-back lowers the averages by the share of time in which the beam is blanked; the default counts none.

    Parameters
    ----------
    current : float
        Probe current, A.
    pixel, dwell : float
        Pixel size, m, and dwell time, s.
    frame : tuple of int
        Pixels per line and lines.
    stopping_power : float
        J m^2/kg.
    probe : float, optional
        Probe diameter, m; without it the probe is taken to fill its pixel.
    exposure : float, optional
        s; one frame when left out.
    flyback : float
        Time without beam per frame, s, after lines and frame together.
    profile : str
        "disc", or "gaussian": `probe` is its full width at half maximum, and what holds under the probe is its peak.

    Examples
    --------
    >>> beam = raster_beam(50e-12, 1e-9, 5e-6, (1024, 1024), 4.47e-14, probe=0.2e-9)
    >>> print(f"{beam.frame_time:.2f} s, {beam.frame_fluence * 1e-18:.0f} e/nm^2, {beam.frame_dose:.3g} Gy")
    5.24 s, 1560 e/nm^2, 6.97e+07 Gy
    >>> print(f"under the probe {beam.peak_dose_rate:.3g} Gy/s, frame average {beam.dose_rate:.3g} Gy/s")
    under the probe 4.44e+14 Gy/s, frame average 1.33e+07 Gy/s
    """
    not_negative("current", current)
    for what, value in (("pixel", pixel), ("dwell", dwell), ("stopping power", stopping_power)):
        positive(what, value)
    nx, ny = frame
    if nx < 1 or ny < 1 or nx != int(nx) or ny != int(ny):
        raise ValueError(f"frame is {nx} x {ny}, it needs whole numbers of at least one pixel")
    pixel_area = pixel**2
    fluence = current * dwell / ELEMENTARY_CHARGE / pixel_area
    not_negative("flyback", flyback)
    frame_time = nx * ny * dwell + flyback
    exposure = frame_time if exposure is None else exposure
    not_negative("exposure", exposure)
    peak = current / ELEMENTARY_CHARGE / (pixel_area if probe is None else AREAS[profile](probe))
    flux = fluence / frame_time
    return BeamDose(
        mode="stem",
        stopping_power=stopping_power,
        flux=flux,
        dose_rate=flux * stopping_power,
        peak_flux=peak,
        peak_dose_rate=peak * stopping_power,
        exposure=exposure,
        fluence=flux * exposure,
        dose=flux * exposure * stopping_power,
        area=nx * ny * pixel_area,
        current=current,
        frame_time=frame_time,
        frame_fluence=fluence,
        frame_dose=fluence * stopping_power,
    )


def thickness_factor(thickness: float, mean_free_path: float) -> float:
    """The contested factor 1 + t/lambda on the dose rate; off by default everywhere here.

    The stopping power is already the mean energy left by *all* collisions per path length, in a layer of
    any thickness that an electron crosses with little loss. The mean number of collisions t/lambda is
    inside it, so the factor counts them again: in 1 um of water at 300 kV it multiplies the dose rate by
    almost five. What thickness does add is path length by plural elastic scattering, a few per cent. The
    factor exists to repeat published numbers, always beside the plain one.

    Examples
    --------
    >>> round(thickness_factor(1e-6, 380e-9), 2)      # with the mean free path that AuRaCh uses at 300 kV
    3.63
    """
    not_negative("thickness", thickness)
    positive("mean free path", mean_free_path)
    return 1 + thickness / mean_free_path

"""`simcell dose`: the dose rate of these settings."""

from __future__ import annotations

import dataclasses

import typer

from simcell.commands.shared import JSON, note, print_json, table
from simcell.errors import InputError

# What people in the field say, beside the SI number: name -> (factor, unit)
_USUAL = {
    "flux": (1e-20, "e/Å^2/s"), "probe_flux": (1e-20, "e/Å^2/s"),
    "fluence": (1e-20, "e/Å^2"), "frame_fluence": (1e-20, "e/Å^2"),
    "dose_rate": (1e-6, "MGy/s"), "probe_dose_rate": (1e-6, "MGy/s"),
    "dose_rate_with_factor": (1e-6, "MGy/s"),
    "dose": (1e-6, "MGy"), "frame_dose": (1e-6, "MGy"),
    "stopping_power": (1e14 / 1.602176634, "MeV cm^2/g"), "stopping_power_uncertainty": (100.0, "%"),
    "stopping_power_uncertainty_from_I": (100.0, "%"),
    "energy": (1e16 / 1.602176634, "keV"),
    "current": (1e9, "nA"), "area": (1e12, "µm^2"), "thickness": (1e9, "nm"),
    "inelastic_mean_free_path": (1e9, "nm"), "heat_sink_radius": (1e6, "µm"),
}  # fmt: skip


def dose(
    energy: str = typer.Option(None, help="Beam energy, 300kV or 300keV."),
    flux: str = typer.Option(None, help='Electrons per area and time, "10 e/angstrom^2/s".'),
    current: str = typer.Option(None, help="Beam or probe current, 1nA."),
    diameter: str = typer.Option(None, help="Diameter of the evenly lit disc, or width of the Gaussian, 2um."),
    profile: str = typer.Option("disc", help="disc, or gaussian: diameters are full widths at half maximum."),
    dose_rate: str = typer.Option(None, help="A dose rate, to get the flux that makes it."),
    mode: str = typer.Option("tem", help="tem, or stem with current, pixel, dwell and frame."),
    pixel: str = typer.Option(None, help="Pixel size of a scanned beam, 1nm."),
    dwell: str = typer.Option(None, help="Dwell time of a scanned beam, 5us."),
    frame: str = typer.Option(None, help="Pixels of a frame, 1024x1024."),
    probe: str = typer.Option(None, help="Diameter of the scanned probe, 0.2nm; default: it fills its pixel."),
    time: str = typer.Option(None, help="Exposure for fluence and dose; default 1 s, or one frame."),
    thickness: str = typer.Option(None, help="Liquid layer, 500nm: for heating and the disputed dose factor."),
    window: str = typer.Option(None, help="Width of the window, where heat finds its sink; default 50um."),
    mean_free_path: str = typer.Option(
        None, help="Lambda of the disputed factor 1 + t/lambda, 380nm; default: computed."
    ),
    medium: str = typer.Option("water", help='A liquid, see "simcell info media", or "0.5 EC + 0.5 DMC" by mass.'),
    as_json: bool = JSON,
) -> None:
    """Dose rate, fluence, dose and heating of these settings.

    \b
    Examples:
      simcell dose --energy 300kV --flux "10 e/angstrom^2/s"
      simcell dose --energy 200kV --current 1nA --diameter 2um --time 60s --thickness 500nm
      simcell dose --energy 200kV --mode stem --current 50pA --pixel 1nm --dwell 5us --frame 1024x1024
      simcell dose --energy 300kV --dose-rate 1e7Gy/s --diameter 2um --json
    """
    from simcell.dose import dose_numbers

    settings = {
        "energy": energy, "flux": flux, "current": current, "diameter": diameter, "dose_rate": dose_rate,
        "profile": profile, "mode": mode, "pixel": pixel, "dwell": dwell, "frame": frame, "probe": probe, "time": time,
        "thickness": thickness, "window": window, "mean_free_path": mean_free_path, "medium": medium,
    }  # fmt: skip
    try:
        numbers = dose_numbers(settings)
    except InputError as error:
        raise InputError(
            [dataclasses.replace(p, key=p.key and f"--{p.key.replace('_', '-')}") for p in error.problems]
        ) from None
    if as_json:
        print_json({name: {"value": value, "unit": unit} for name, (value, unit) in numbers.items()})
        return
    typer.echo(table([_row(name, value, unit) for name, (value, unit) in numbers.items()]))
    if profile == "gaussian" and mode != "stem":
        note("Gaussian: flux, dose rate and dose are those of the peak; the average over its width is 0.72 of that")
    if "probe_dose_rate" in numbers:
        note("scanned beam: all that is not named probe or frame is an average over the frame")
    if "dose_rate_with_factor" in numbers:
        note(
            "the factor 1 + t/lambda counts collisions twice; it is shown to compare with papers that used it, "
            "each with its own lambda (--mean-free-path)"
        )
    if "steady_heating_bound" in numbers:
        note("heating: all dose becomes heat, which leaves through the liquid alone to the rim of the window")
    if "frame_average_steady_heating" in numbers:
        note("the steady bound of a scanned beam is that of a probe that stands still")


def _row(name: str, value: float, unit: str) -> tuple[str, str, str]:
    factor, usual = _USUAL.get(name, (0.0, ""))
    beside = f"= {value * factor:.4g} {usual}" if usual else ""
    return name.replace("_", " "), f"{value:.4g} {unit}" if unit != "1" else f"{value:.4g}", beside

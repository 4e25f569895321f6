"""What `simcell check` says of a case of growth: stable or not, ripples, depletion, nucleus, and what a run takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simcell.case import Case


def describe_growth(case: Case) -> dict[str, Any]:
    """Collect what can be said without a run.

    Parameters
    ----------
    case : Case

    Returns
    -------
    dict
        `title`, `hash`, `values`, `outlook`, `computes` and `warnings`.

    Raises
    ------
    InputError
        For whatever a run would refuse.
    """
    import math

    from simcell.commands.check import flat, with_units
    from simcell.studies.growth_setup import growth_of

    ready = growth_of(case.input, case.file, case.folder)
    ahead, metal, mesh = ready.ahead, ready.layer.metal, ready.mesh
    length, rate = ahead.fastest
    numbers = {
        "current_density": (-ahead.current, "A/m^2"),
        "potential": (ahead.potential, "V"),
        "limiting_current_density": (ahead.limiting, "A/m^2"),
        "depletion_time": (ahead.depletion, "s"),
        "ripple_wavelength": (length, "m"),
        "ripple_e_folding_time": (1.0 / rate if rate > 0.0 else math.inf, "s"),
        "neutral_wavelength": (ahead.front.neutral_wavelength if ahead.current > 0.0 else math.inf, "m"),
        "critical_nucleus_radius": (ahead.nucleus, "m"),
        "front_velocity": (metal.speed(ahead.current), "m/s"),
        "diffusivity": (metal.diffusivity, "m^2/s"),
        "transference": (metal.transference, "1"),
        "conductivity": (ready.layer.reference_conductivity, "S/m"),
        "surface_energy": (metal.surface_energy, "J/m^2"),
    }
    told = {name: {"value": value, "unit": unit} for name, (value, unit) in numbers.items() if math.isfinite(value)}
    frames = case.input.output.count or len(case.input.output.times)
    memory = mesh.memory + 24.0 * mesh.cells * (frames + 1)
    return {
        "title": case.input.case.title,
        "hash": case.hash,
        "values": with_units(flat(case.record)),
        "outlook": {"verdict": ready.verdict, **told},
        "computes": {
            "interface_width": {"value": mesh.delta, "unit": "m"},
            "spacing": {"value": mesh.spacing, "unit": "m"},
            "cells": f"{mesh.nx} x {mesh.ny}",
            "steps": f"about {_round(mesh.steps)}",
            "time": f"about {_span(mesh.seconds)} of the processor, within a factor of two",
            "memory": f"about {memory / 2**20:.2g} MiB",
        },
        "warnings": list(ready.warnings),
    }


def _round(count: int) -> str:
    return f"{float(f'{count:.1g}'):.0f}"


def _span(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.1g} s" if seconds < 10.0 else f"{seconds:.2g} s"
    return f"{seconds / 60.0:.2g} min" if seconds < 5400.0 else f"{seconds / 3600.0:.2g} h"

"""Read the shipped solubilities and gas atmospheres."""

from __future__ import annotations

import functools
import math
import tomllib
from importlib import resources
from typing import Any

from simcell import units
from simcell.chemistry.gas import Atmosphere, Gas
from simcell.errors import InputError, Problem


@functools.cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("simcell") / "data" / name).read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=1)
def load_gases() -> dict[str, Gas]:
    """Henry's law of every shipped gas, by name.

    Examples
    --------
    >>> round(load_gases()["H2"].saturation(298.15), 2)
    0.79
    """
    return {
        name: Gas(
            name,
            units.parse(entry["henry"], "henry"),
            units.parse(entry["temperature_coefficient"], "temperature_coefficient"),
            float(entry.get("heat_capacity_coefficient", 0.0)),
            entry.get("uncertainty"),
            entry["source"],
            units.parse(entry["diffusivity"], "diffusivity") if "diffusivity" in entry else None,
        )
        for name, entry in _table("gases.toml").items()
        if isinstance(entry, dict) and "henry" in entry
    }


def vapour_pressure(temperature: float) -> float:
    """Saturation pressure of water [Pa] at a temperature [K] (Wagner & Pruss 2002, doi:10.1063/1.1461829).

    Examples
    --------
    >>> round(vapour_pressure(298.15), 0)
    3170.0
    """
    law = _table("atmospheres.toml")["water_vapour"]
    critical = units.parse(law["critical_temperature"], "temperature")
    theta = 1 - temperature / critical
    exponent = critical / temperature * sum(a * theta**b for a, b in zip(law["a"], law["b"], strict=True))
    return units.parse(law["critical_pressure"], "pressure") * math.exp(exponent)


def load_atmosphere(name: str) -> Atmosphere:
    """A shipped atmosphere by name.

    Raises
    ------
    InputError
        If there is none of that name.

    Examples
    --------
    >>> sorted(load_atmosphere("air").dry_fractions)[:2]
    ['Ar', 'CO2']
    """
    known = _table("atmospheres.toml")["atmosphere"]
    if name not in known:
        raise InputError(
            Problem(
                "",
                "electrolyte.atmosphere",
                name,
                f"is not an atmosphere; known are {', '.join(known)}",
                '"air"',
            )
        )
    entry = known[name]
    return Atmosphere(name, entry["dry_fractions"], units.parse(entry["total_pressure"], "pressure"))

"""Read the shipped diffusivities of ions in water."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources

from simcell import units


@functools.lru_cache(maxsize=1)
def load_ions() -> dict[str, float]:
    """Diffusivity [m^2/s] at 25 degC and infinite dilution of every shipped ion, by name.

    Examples
    --------
    >>> load_ions()["Na+"]
    1.334e-09
    """
    text = (resources.files("simcell") / "data" / "ions.toml").read_text(encoding="utf-8")
    return {name: units.parse(row["diffusivity"], "diffusivity") for name, row in tomllib.loads(text)["ions"].items()}

"""Windows of the cell: their size, what they are made of, and the data file of the material."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import Field

from simcell import units
from simcell.inputs.fields import Choice, Measure, Model

MATERIALS = ("SiNx",)


class WindowInput(Model):
    """One window, in SI units; `width` lies along x and `length` along y.

    Examples
    --------
    >>> w = WindowInput(thickness="50 nm", width="50 um", length="200 um")
    >>> w.material, w.width
    ('SiNx', 5e-05)
    """

    material: Annotated[Literal["SiNx"], Choice(MATERIALS)] = Field("SiNx", examples=['"SiNx"'])
    thickness: Annotated[
        float, Measure("length", minimum=1e-9, maximum=1e-5, bounds="must be from 1 nm to 10 um", example="50 nm")
    ] = Field(examples=['"50 nm"'])
    width: Annotated[
        float, Measure("length", minimum=1e-7, maximum=1e-2, bounds="must be from 100 nm to 1 cm", example="50 um")
    ] = Field(examples=['"50 um"'], description="along x")
    length: Annotated[
        float, Measure("length", minimum=1e-7, maximum=1e-2, bounds="must be from 100 nm to 1 cm", example="200 um")
    ] = Field(examples=['"200 um"'], description="along y")
    residual_stress: Annotated[
        float | None, Measure("pressure", maximum=1e10, bounds="must not exceed 10 GPa", example="135 MPa")
    ] = Field(
        None, examples=['"135 MPa"'], description="tensile stress of the flat film; that of the material if absent"
    )


@dataclass(frozen=True)
class WindowMaterial:
    """What a film is made of, SI units.

    Attributes
    ----------
    name : str
    youngs : float
        Young's modulus [Pa].
    poisson : float
    stress : float
        Residual stress [Pa].
    strength : float or None
        Tensile strength [Pa].

    Examples
    --------
    >>> window_material("SiNx").poisson
    0.28
    """

    name: str
    youngs: float
    poisson: float
    stress: float
    strength: float | None


@cache
def window_material(name: str) -> WindowMaterial:
    """Read the data of a window material by name or alias.

    Parameters
    ----------
    name : str

    Returns
    -------
    WindowMaterial

    Raises
    ------
    ValueError
        If no data file has that name.

    Examples
    --------
    >>> film = window_material("SiN")
    >>> film.name, film.youngs, film.stress
    ('SiNx', 222000000000.0, 135000000.0)
    """
    for row in _materials():
        if name.casefold() in {word.casefold() for word in (row["name"], *row["aliases"])}:
            strength = row.get("tensile_strength")
            return WindowMaterial(
                row["name"], units.parse(row["youngs_modulus"], "pressure"), row["poisson_ratio"],
                units.parse(row["residual_stress"], "pressure"),
                None if strength is None else units.parse(strength, "pressure"),
            )  # fmt: skip
    known = ", ".join(row["name"] for row in _materials())
    raise ValueError(f"no window material is called {name!r}; known: {known}")


@cache
def _materials() -> tuple[dict[str, Any], ...]:
    folder = files("simcell") / "data" / "windows"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(tomllib.loads((folder / name).read_text(encoding="utf-8")) for name in names)

"""Shipped electrolytes and metals: what is published, with grade, source and range; what is not is refused by name.

Grades: A a fit or table of the named source; B a well-known value written from memory (about 10 %), marked so in its
source. Orders of magnitude are not shipped. A value outside the range of its source is refused, never extrapolated.
Forms of functions, c in mol/L, T in K, after J. Landesfeind and H. A. Gasteiger (2019) and L. O. Valoen and
J. N. Reimers (2005): see `FORMS`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from simcell import units
from simcell.constants import ROOM_TEMPERATURE
from simcell.errors import InputError, Problem

KINDS = {"conductivity": "conductivity", "diffusivity": "diffusivity", "viscosity": "viscosity", "density": "density"}
UNITLESS = ("transference", "thermodynamic_factor")


def _conductivity(p: Sequence[float], c: float, t: float) -> float:
    heat = np.exp(1000.0 / t)
    up = 1.0 + p[2] * np.sqrt(c) + p[3] * (1.0 + p[4] * heat) * c
    return float(0.1 * p[0] * (1.0 + t - p[1]) * c * up / (1.0 + c**4 * p[5] * heat))  # mS/cm to S/m


def _diffusivity(p: Sequence[float], c: float, t: float) -> float:
    return float(1e-10 * p[0] * np.exp(p[1] * c + p[2] / t + p[3] * c / t))


def _polynomial(p: Sequence[float], c: float, t: float) -> float:
    terms = (1.0, c, t, c * c, c * t, t * t, c**3, c * c * t, c * t * t)
    return float(np.dot(p, terms))


def _valoen_conductivity(_p: Sequence[float], c: float, t: float) -> float:
    inner = -10.5 + 0.0740 * t - 6.96e-5 * t * t + c * (0.668 - 0.0178 * t + 2.80e-5 * t * t)
    return float(0.1 * c * (inner + c * c * (0.494 - 8.86e-4 * t)) ** 2)


def _valoen_diffusivity(_p: Sequence[float], c: float, t: float) -> float:
    return float(1e-4 * 10.0 ** (-4.43 - 54.0 / (t - 229.0 - 5.0 * c) - 0.22 * c))


FORMS: dict[str, Callable[[Sequence[float], float, float], float]] = {
    "landesfeind-conductivity": _conductivity,
    "landesfeind-diffusivity": _diffusivity,
    "landesfeind-polynomial": _polynomial,
    "valoen-conductivity": _valoen_conductivity,
    "valoen-diffusivity": _valoen_diffusivity,
}


@dataclass(frozen=True)
class Property:
    """One property of an electrolyte: a table against concentration, or a function.

    Parameters
    ----------
    name, grade, source, note : str
    range : (low, high)
        Concentrations it holds for [mol/m^3].
    temperatures : (low, high)
        [K]
    concentration, value : tuple of float
        Table [mol/m^3], [SI]; empty for a function.
    form : str
        Key of `FORMS`; empty for a table.
    parameters : tuple of float
    uncertainty : float or None
        Relative.

    Examples
    --------
    >>> load_electrolyte("ZnSO4").properties["conductivity"].grade
    'B'
    """

    name: str
    grade: str
    source: str
    note: str
    range: tuple[float, float]
    temperatures: tuple[float, float]
    concentration: tuple[float, ...] = ()
    value: tuple[float, ...] = ()
    form: str = ""
    parameters: tuple[float, ...] = ()
    uncertainty: float | None = None


@dataclass(frozen=True)
class Electrolyte:
    """A shipped electrolyte; `at` gives its properties.

    Parameters
    ----------
    name, title, solvent, salt : str
    ions : tuple of str
    properties : mapping of name to Property
    missing : tuple of str
        Properties that no source at hand gives.
    notes, warning : str
        The warning says where the usual model is wrong by construction.
    file : str

    Examples
    --------
    >>> round(load_electrolyte("LiPF6-EC-EMC").at("conductivity", 1000.0), 3)
    0.913
    """

    name: str
    title: str
    solvent: str
    salt: str
    ions: tuple[str, ...]
    properties: dict[str, Property]
    missing: tuple[str, ...]
    notes: str
    warning: str
    file: str

    def at(self, name: str, concentration: float, temperature: float = ROOM_TEMPERATURE) -> float:
        """Value [SI] at a concentration [mol/m^3] and temperature [K]; tables are linear between their points.

        Raises
        ------
        InputError
            If it is not published here, or outside the range of its source.
        """
        found = self.properties.get(name)
        if found is None:
            reason = "is not known here" + (f" ({self.notes})" if self.notes else "") + ": give a value of your own"
            raise InputError(Problem(self.file, name, None, reason))
        low, high = found.range
        if not low * (1.0 - 1e-9) <= concentration <= high * (1.0 + 1e-9):
            told = f"{concentration / 1e3:.4g} mol/L"
            raise InputError(
                Problem(
                    self.file, name, told, f"the source covers {low / 1e3:g} to {high / 1e3:g} mol/L: give your own"
                )
            )
        cold, hot = found.temperatures
        if not cold - 0.01 <= temperature <= hot + 0.01:
            told = f"{temperature:.2f} K"
            raise InputError(
                Problem(self.file, name, told, f"the source covers {cold:.2f} to {hot:.2f} K: give your own")
            )
        if found.form:
            return FORMS[found.form](found.parameters, concentration / 1e3, temperature)
        return float(np.interp(concentration, found.concentration, found.value))


@dataclass(frozen=True)
class Metal:
    """A metal that plates and dissolves.

    Parameters
    ----------
    name, title, ion : str
    electrons : int
    molar_mass : float
        [kg/mol]
    density : float
        [kg/m^3]
    published : tuple of (value [A/m^2], conditions, source)
        Exchange current densities found in the literature; none is a default.
    surface_energy : (lowest, highest)
        Of the most stable face against vacuum [J/m^2], as calculations give it; () where none is known.
    lattice : str
        ``bcc``, ``fcc`` or ``hcp``.
    missing : tuple of str
    notes, file : str

    Examples
    --------
    >>> load_metal("Zn").electrons
    2
    """

    name: str
    title: str
    ion: str
    electrons: int
    molar_mass: float
    density: float
    published: tuple[tuple[float, str, str], ...]
    surface_energy: tuple[float, ...]
    lattice: str
    missing: tuple[str, ...]
    notes: str
    file: str

    @property
    def molar_volume(self) -> float:
        """[m^3/mol]"""
        return self.molar_mass / self.density

    @property
    def exchange_current(self) -> float:
        """Always refused, with what was published: the spread is too large for a default (InputError)."""
        values = "; ".join(f"{v:g} A/m^2 in {conditions}" for v, conditions, _ in self.published)
        told = f"; published: {values}" if values else ""
        reason = "must be given: no value holds for all surfaces" + told
        raise InputError(Problem(self.file, "exchange_current", None, reason, '"10 A/m^2"'))


@cache
def load_electrolyte(name: str) -> Electrolyte:
    """Read a shipped electrolyte.

    Parameters
    ----------
    name : str
        As `shipped_electrolytes` gives it.

    Returns
    -------
    Electrolyte

    Raises
    ------
    InputError
        If there is none of that name.

    Examples
    --------
    >>> load_electrolyte("LiPF6-EC-DEC").missing[0]
    'conductivity'
    """
    file, data = _read("electrolytes", name, "electrolyte", shipped_electrolytes())
    at = units.parse(data["temperature"], "temperature")
    properties = {row["name"]: _property(row, at) for row in data.get("property", [])}
    return Electrolyte(
        data["name"], data["title"], data["solvent"], data["salt"], tuple(data["ions"]), properties,
        tuple(data["missing"]), data.get("notes", ""), data.get("warning", ""), file,
    )  # fmt: skip


@cache
def load_metal(name: str) -> Metal:
    """Read a shipped metal by its symbol (InputError if there is none).

    Examples
    --------
    >>> round(load_metal("Cu").molar_volume * 1e6, 2)
    7.09
    """
    file, data = _read("metals", name, "metal", shipped_metals())
    published = tuple(
        (units.parse(row["value"], "current_density"), row["conditions"], row["source"])
        for row in data.get("exchange_current", [])
    )
    row = data.get("surface_energy", {})
    energy = tuple(units.parse(row[key], "surface_energy") for key in ("lowest", "highest") if key in row)
    return Metal(
        data["name"], data["title"], data["ion"], data["electrons"], units.parse(data["molar_mass"], "molar_mass"),
        units.parse(data["density"], "density"), published, energy, data["lattice"], tuple(data["missing"]),
        data.get("notes", ""), file,
    )  # fmt: skip


def shipped_electrolytes() -> tuple[str, ...]:
    """Names of all shipped electrolytes.

    Examples
    --------
    >>> "ZnSO4" in shipped_electrolytes()
    True
    """
    return _names("electrolytes")


def shipped_metals() -> tuple[str, ...]:
    """Symbols of all shipped metals.

    Examples
    --------
    >>> "Zn" in shipped_metals()
    True
    """
    return _names("metals")


def _names(folder: str) -> tuple[str, ...]:
    found = (entry.name for entry in (files("simcell") / "data" / folder).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def _read(folder: str, name: str, what: str, known: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    if name not in known:
        raise InputError(Problem("", what, name, f"is not shipped; there are {', '.join(known)}"))
    file = f"{name}.toml"
    return file, tomllib.loads((files("simcell") / "data" / folder / file).read_text(encoding="utf-8"))


def _property(row: dict[str, Any], at: float) -> Property:
    name = row["name"]

    def value(text: Any) -> float:
        return float(text) if name in UNITLESS else units.parse(text, KINDS[name])

    def concentrations(key: str) -> tuple[float, ...]:
        return tuple(units.parse(text, "concentration") for text in row[key])

    common = {"name": name, "grade": row["grade"], "source": row["source"], "note": row.get("note", "")}
    if "form" in row:
        low, high = concentrations("range")
        cold, hot = (units.parse(text, "temperature") for text in row["temperatures"])
        return Property(
            **common, range=(low, high), temperatures=(cold, hot), form=row["form"], parameters=tuple(row["parameters"])
        )
    c = concentrations("concentration")
    return Property(
        **common, range=(c[0], c[-1]), temperatures=(at, at), concentration=c,
        value=tuple(value(text) for text in row["value"]), uncertainty=row.get("uncertainty"),
    )  # fmt: skip

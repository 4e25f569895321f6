"""Liquids as the beam sees them: composition, density, mean excitation energy.

Facts come from `simcell/data/liquids/*.toml` and `simcell/data/elements.toml`, each with its source. Where
no mean excitation energy is published it follows from the elements by Bragg additivity with the values that
ICRU Report 37 assigns to elements inside liquid and solid compounds (S. M. Seltzer and M. J. Berger, Int.
J. Appl. Radiat. Isot. 33 (1982) 1189).
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from simcell.constants import AVOGADRO, CLASSICAL_ELECTRON_RADIUS, ELEMENTARY_CHARGE, SPEED_OF_LIGHT
from simcell.numerics.check import positive

EV = ELEMENTARY_CHARGE  # J, exact
REDUCED_PLANCK = 1.054571817e-34  # J s, exact in the SI (CODATA 2018)
CONDENSED_FACTOR = 1.13  # I of an element in a compound over I of the element (Seltzer and Berger 1982)
# One sigma of I where the data file gives none. The additivity rule misses the listed I of 14 liquids and
# polymers by up to 4.2 %, root mean square 2.4 % (tests/unit/test_stopping.py); 3 % in I is 0.4 % in the
# stopping power.
EXCITATION_UNCERTAINTY = 0.03


@dataclass(frozen=True)
class Element:
    """One element: `weight` kg/mol, `excitation_energy` J inside a compound, `shells` (electrons, J).

    Examples
    --------
    >>> element("O").Z
    8
    """

    symbol: str
    Z: int
    weight: float
    excitation_energy: float
    shells: tuple[tuple[float, float], ...]
    valence: int


@dataclass(frozen=True)
class Medium:
    """A liquid: mass fractions of its elements, density and mean excitation energy.

    Attributes
    ----------
    name : str
    mass_fractions : tuple of (str, float)
        Element symbols and mass fractions, which sum to one.
    density : float
        kg/m^3.
    mean_excitation_energy : float
        The I of the Bethe formula, J.
    mean_excitation_uncertainty : float
        One standard deviation of I, J; zero when nothing is known about it.
    band_gap : float or None
        J; only the mean free path needs it.
    source : str
        Where I comes from.

    Examples
    --------
    >>> water = load_medium("water")
    >>> round(water.mean_excitation_energy / EV, 1), water.density
    (75.0, 997.047)
    """

    name: str
    mass_fractions: tuple[tuple[str, float], ...]
    density: float
    mean_excitation_energy: float
    mean_excitation_uncertainty: float = 0.0
    band_gap: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        total = sum(w for _, w in self.mass_fractions)
        if not math.isclose(total, 1.0, rel_tol=1e-9):
            raise ValueError(f"{self.name}: mass fractions sum to {total:g}, they have to sum to 1")
        if any(w < 0 for _, w in self.mass_fractions):
            raise ValueError(f"{self.name}: a mass fraction is negative")
        for key in ("density", "mean_excitation_energy"):
            positive(f"{self.name}: {key}", getattr(self, key))

    @property
    def electrons_per_mass(self) -> float:
        """Amount of electrons per mass, mol/kg: the Z/A of the Bethe formula.

        Examples
        --------
        >>> round(load_medium("water").electrons_per_mass, 2)
        555.09
        """
        return math.fsum(w * element(s).Z / element(s).weight for s, w in self.mass_fractions)

    @property
    def plasma_energy(self) -> float:
        """Energy of the free-electron plasmon with all electrons counted, J.

        Examples
        --------
        >>> round(load_medium("water").plasma_energy / EV, 2)
        21.44
        """
        return plasma_energy(self.electrons_per_mass * self.density * AVOGADRO)

    def shells(self) -> tuple[tuple[float, float], ...]:
        """Share of all electrons and binding energy (J) of every atomic shell in the liquid.

        Examples
        --------
        >>> [(round(f, 2), round(e / EV, 2)) for f, e in load_medium("water").shells()]
        [(0.2, 13.6), (0.2, 538.0), (0.2, 28.48), (0.4, 13.62)]
        """
        total = self.electrons_per_mass
        return tuple(
            (w * n / element(s).weight / total, energy)
            for s, w in self.mass_fractions
            for n, energy in element(s).shells
        )


def plasma_energy(electron_density: float) -> float:
    """Plasmon energy (J) of free electrons with number density `electron_density` (1/m^3).

    Examples
    --------
    >>> round(plasma_energy(3.3429e29) / EV, 2)
    21.47
    """
    root = math.sqrt(4 * math.pi * CLASSICAL_ELECTRON_RADIUS * electron_density)
    return REDUCED_PLANCK * SPEED_OF_LIGHT * root


@lru_cache(maxsize=1)
def _elements() -> dict[str, Any]:
    return tomllib.loads((files("simcell") / "data" / "elements.toml").read_text(encoding="utf-8"))


@cache
def element(symbol: str) -> Element:
    """The element with this symbol; ValueError names the known ones.

    Examples
    --------
    >>> round(element("S").excitation_energy / EV, 1)    # 1.13 times the 180 eV of solid sulphur
    203.4
    """
    table = _elements()
    if symbol not in table:
        raise ValueError(f"no element data for {symbol!r}; known: {', '.join(table)}")
    row = table[symbol]
    excitation = row.get("excitation_energy_eV")
    if excitation is None:
        excitation = CONDENSED_FACTOR * row["element_excitation_energy_eV"]
    shells = tuple((float(n), energy * EV) for n, energy in row["shells"])
    return Element(symbol, row["Z"], row["weight"] * 1e-3, excitation * EV, shells, row["valence"])


def compound(
    formula: Mapping[str, float],
    density: float,
    *,
    name: str = "compound",
    mean_excitation_energy: float | None = None,
    mean_excitation_uncertainty: float | None = None,
    band_gap: float | None = None,
    source: str = "",
) -> Medium:
    """A liquid from its chemical formula; without `mean_excitation_energy` (J) Bragg additivity gives it.

    Examples
    --------
    >>> bragg = compound({"H": 2, "O": 1}, 997.05, name="water from H and O")
    >>> round(bragg.mean_excitation_energy / EV, 2)      # the tabulated value is 75.0 eV
    75.32
    """
    masses = {s: n * element(s).weight for s, n in formula.items()}
    total = math.fsum(masses.values())
    positive(f"{name}: mass of the formula", total)
    fractions = tuple((s, m / total) for s, m in masses.items())
    value = bragg_excitation_energy(fractions) if mean_excitation_energy is None else mean_excitation_energy
    if mean_excitation_uncertainty is None:
        mean_excitation_uncertainty = EXCITATION_UNCERTAINTY * value
    return Medium(name, fractions, density, value, mean_excitation_uncertainty, band_gap, source)


def bragg_excitation_energy(mass_fractions: Iterable[tuple[str, float]]) -> float:
    """Mean excitation energy (J) by additivity: mean of the elements' ln I, weighted by electrons.

    Examples
    --------
    >>> polypropylene = [("C", 0.8563), ("H", 0.1437)]
    >>> round(bragg_excitation_energy(polypropylene) / EV, 1)      # 56.5 eV in the NIST list
    56.5
    """
    parts = [(w * element(s).Z / element(s).weight, element(s).excitation_energy) for s, w in mass_fractions]
    return _mean_log(parts)


def mixture(parts: Mapping[Medium, float], *, density: float | None = None, name: str = "mixture") -> Medium:
    """Mix liquids by mass (Bragg additivity); without `density` (kg/m^3) volumes add up.

    Parameters
    ----------
    parts : mapping of Medium to float
        Masses in any common unit; only their ratios count.

    Examples
    --------
    >>> water, ethanol = load_medium("water"), load_medium("ethanol")
    >>> vodka = mixture({water: 0.67, ethanol: 0.33})
    >>> round(vodka.mean_excitation_energy / EV, 2), round(vodka.density, 1)
    (70.72, 917.4)
    """
    total = math.fsum(parts.values())
    if not parts or total <= 0 or any(m < 0 for m in parts.values()):
        raise ValueError(f"{name}: masses of a mixture must not be negative and not all zero")
    shares = {medium: mass / total for medium, mass in parts.items() if mass > 0}
    elements: dict[str, float] = {}
    for medium, share in shares.items():
        for symbol, w in medium.mass_fractions:
            elements[symbol] = elements.get(symbol, 0.0) + share * w
    weights = [(share * m.electrons_per_mass, m) for m, share in shares.items()]
    value = _mean_log([(w, m.mean_excitation_energy) for w, m in weights])
    # the parts may share their error (same rule, same elements), so relative errors add linearly: the upper
    # bound
    relative = sum(w * m.mean_excitation_uncertainty / m.mean_excitation_energy for w, m in weights)
    relative /= sum(w for w, _ in weights)
    if density is None:
        density = 1 / math.fsum(share / m.density for m, share in shares.items())
    norm = math.fsum(elements.values())
    fractions = tuple((s, w / norm) for s, w in elements.items())
    sources = "; ".join(f"{m.name}: {m.source}" for m in shares)
    return Medium(name, fractions, density, value, relative * value, source=f"additivity of {sources}")


def media() -> dict[str, str]:
    """Names and titles of the shipped liquids.

    Examples
    --------
    >>> media()["PC"]
    'Propylene carbonate'
    """
    return {row["name"]: row["title"] for row in sorted(_liquids().values(), key=lambda r: r["name"].lower())}


def facts(name: str) -> dict[str, Any]:
    """The data file of a liquid as it is: every number with its source, thermal properties where known.

    Examples
    --------
    >>> facts("H2O")["thermal_conductivity_W_per_m_K"]
    0.6065
    """
    liquids = _liquids()
    names = {alias.lower(): key for key, row in liquids.items() for alias in (key, row["title"], *row["aliases"])}
    key = names.get(name.strip().lower())
    if key is None:
        near = difflib.get_close_matches(name.lower(), names, n=1)
        hint = f"; did you mean {names[near[0]]!r}?" if near else ""
        raise ValueError(f"no liquid is called {name!r}{hint} known: {', '.join(media())}")
    return dict(liquids[key])


@cache
def load_medium(name: str) -> Medium:
    """A shipped liquid by name or alias; ValueError names the nearest one.

    Examples
    --------
    >>> load_medium("propylene carbonate").name
    'PC'
    >>> load_medium("watr")
    Traceback (most recent call last):
    ...
    ValueError: no liquid is called 'watr'; did you mean 'water'? known: 1-propanol, acetone, ...
    """
    row = facts(name)
    given = row["mean_excitation_energy_eV"]
    uncertainty = row.get("mean_excitation_uncertainty_eV")
    gap = row.get("band_gap_eV")
    return compound(
        row["formula"],
        row["density_kg_per_m3"],
        name=row["name"],
        mean_excitation_energy=None if given == "additivity" else given * EV,
        mean_excitation_uncertainty=None if uncertainty is None else uncertainty * EV,
        band_gap=None if gap is None else gap * EV,
        source=row["mean_excitation_energy_source"],
    )


@lru_cache(maxsize=1)
def _liquids() -> dict[str, dict[str, Any]]:
    folder = files("simcell") / "data" / "liquids"
    rows = [
        tomllib.loads(entry.read_text(encoding="utf-8")) for entry in folder.iterdir() if entry.name.endswith(".toml")
    ]
    return {row["name"]: row for row in rows}


def _mean_log(parts: Iterable[tuple[float, float]]) -> float:
    pairs = list(parts)
    total = math.fsum(w for w, _ in pairs)
    return math.exp(math.fsum(w * math.log(value) for w, value in pairs) / total)

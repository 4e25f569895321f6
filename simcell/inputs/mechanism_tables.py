"""The tables of a mechanism file, one by one: every wrong key, unit and name is collected."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simcell import units
from simcell.chemistry.mechanism import Equilibrium, Mechanism, RateLaw, Reaction, Species, Yields
from simcell.constants import GAS_CONSTANT, ROOM_TEMPERATURE
from simcell.errors import Problem
from simcell.inputs.equation import charge_of, parse_equation

SOLVENT_CONCENTRATION = 55.56e3  # mol/m^3, liquid water as Schneider et al. 2014 round it; a file may give its own
RATE_KINDS = {0: "rate_0", 1: "rate_1", 2: "rate_2", 3: "rate_3"}
RATE_UNITS = {0: "mol/L/s", 1: "1/s", 2: "L/mol/s", 3: "L^2/mol^2/s"}
TOP_KEYS = {
    "schema", "name", "title", "solvent", "solvent_concentration", "extends", "temperature", "references", "gaps",
    "species", "reaction", "equilibrium", "g_values", "density", "alternatives",
}  # fmt: skip
SPECIES_KEYS = {"composition", "charge", "diffusivity", "diffusivity_source", "note"}
REACTION_KEYS = {
    "equation", "rate", "law", "A", "B", "Ea", "c", "unit", "water_in_rate", "species_in_rate", "uncertainty",
    "uncertainty_source", "source", "note", "exceeds_diffusion_limit", "replaces",
}  # fmt: skip
EQUILIBRIUM_KEYS = {"reaction", "pK", "pK_polynomial", "source", "note"}
YIELD_KEYS = {
    "name", "values", "polynomial", "unit", "balanced_by", "energy", "LET", "uncertainty", "uncertainty_source",
    "source", "note",
}  # fmt: skip


def read_tables(
    data: Mapping[str, Any], file: str, base: Mechanism | None = None, sha256: str = ""
) -> tuple[Mechanism, list[Problem]]:
    """Turn the tables of a mechanism file into a mechanism, with everything that is wrong in them.

    Parameters
    ----------
    data : mapping
        What `tomllib` read.
    file : str
        Name for messages.
    base : Mechanism, optional
        The mechanism that this one extends.
    sha256 : str, optional
        Hash of the file.

    Returns
    -------
    Mechanism
        Not to be used if there are problems.
    list of Problem

    Examples
    --------
    >>> mechanism, problems = read_tables({"name": "x", "solvent": "H2O"}, "x.toml")
    >>> print(problems[0])
    x.toml: solvent = "H2O": is not one of the species
    """
    reader = _Reader(file, data, base)
    return reader.mechanism(sha256), reader.problems


class _Reader:
    """Walks through the tables of one file and collects what is wrong with them."""

    def __init__(self, file: str, data: Mapping[str, Any], base: Mechanism | None):
        self.file, self.data, self.base = file, data, base
        self.problems: list[Problem] = []
        self.solvent = str(data.get("solvent", base.solvent if base else "H2O"))
        self.references = dict(base.references) if base else {}
        self.species = dict(base.species) if base else {}

    def wrong(self, key: str, value: object, reason: str, example: str = "") -> None:
        self.problems.append(Problem(self.file, key, value, reason, example))

    def quantity(self, key: str, value: object, kind: str) -> float:
        try:
            return units.parse(value, kind)
        except units.UnitError as error:
            self.wrong(key, value, error.reason, error.example)
            return float("nan")

    def known(self, table: Mapping[str, Any], keys: set[str], where: str) -> None:
        for key in table:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, 1)
                hint = f'; did you mean "{near[0]}"?' if near else f"; known are {', '.join(sorted(keys))}"
                self.wrong(f"{where}{key}", None, f"is not a key that a mechanism has{hint}")

    def source(self, table: Mapping[str, Any], where: str) -> str:
        key = str(table.get("source", ""))
        if not key:
            self.wrong(f"{where}", None, "has no source", 'source = "Buxton1988"')
        elif key not in self.references:
            self.wrong(f"{where} source", key, "is not one of the references of this file")
        return key

    def mechanism(self, sha256: str) -> Mechanism:
        data, base = self.data, self.base
        self.known(data, TOP_KEYS, "")
        for entry in data.get("references", ()):
            text = str(entry.get("text", ""))
            doi = f", doi:{entry['doi']}" if entry.get("doi") else ""
            self.references[str(entry.get("key", ""))] = text + doi
        for name, table in data.get("species", {}).items():
            self.species[name] = self.one_species(name, table)
        if self.solvent not in self.species:
            self.wrong("solvent", self.solvent, "is not one of the species")
        reactions = self.reactions()
        new_equilibria = [e for t in data.get("equilibrium", ()) if (e := self.equilibrium(t))]
        replaced = {e.acid for e in new_equilibria}
        old = [e for e in (base.equilibria if base else ()) if e.acid not in replaced]
        given = data.get("temperature")
        return Mechanism(
            name=str(data.get("name", "")),
            title=str(data.get("title", "")),
            solvent=self.solvent,
            solvent_concentration=self.solvent_concentration(),
            species=self.species,
            reactions=tuple(reactions),
            equilibria=(*old, *new_equilibria),
            yields={**(base.yields if base else {}), **{y.name: y for y in self.all_yields()}},
            temperature_range=self.range(given) if given else base.temperature_range if base else (298.15, 298.15),
            references=self.references,
            gaps=(*(base.gaps if base else ()), *map(str, data.get("gaps", ()))),
            density=self.density(),
            alternatives=tuple(map(str, data.get("alternatives", ()))),
            files={**(base.files if base else {}), Path(self.file).name: sha256},
        )

    def solvent_concentration(self) -> float:
        if "solvent_concentration" in self.data:
            return self.quantity("solvent_concentration", self.data["solvent_concentration"], "concentration")
        return self.base.solvent_concentration if self.base else SOLVENT_CONCENTRATION

    def density(self) -> float | None:
        if "density" in self.data:
            return self.quantity("density", self.data["density"], "density")
        return self.base.density if self.base else None

    def range(self, given: Mapping[str, Any]) -> tuple[float, float]:
        low, high = (
            self.quantity(f"temperature.{end}", given.get(end, "25 degC"), "temperature") for end in ("from", "to")
        )
        return low, high

    def one_species(self, name: str, table: Mapping[str, Any]) -> Species:
        where = f"species.{name}."
        self.known(table, SPECIES_KEYS, where)
        composition, charge = table.get("composition"), table.get("charge")
        if not isinstance(composition, Mapping) or not all(isinstance(n, int) and n > 0 for n in composition.values()):
            self.wrong(f"{where}composition", composition, "counts the atoms", "{ H = 2, O = 1 }")
            composition = {}
        if not isinstance(charge, int) or isinstance(charge, bool):
            self.wrong(f"{where}charge", charge, "is a whole number of elementary charges", "-1")
            charge = 0
        elif charge != charge_of(name):
            self.wrong(f"{where}charge", charge, f"does not fit the name, which says {charge_of(name):+d}")
        source = str(table.get("diffusivity_source", ""))
        if source and source not in self.references:
            self.wrong(f"{where}diffusivity_source", source, "is not one of the references of this file")
        given = table.get("diffusivity")
        diffusivity = None if given is None else self.quantity(f"{where}diffusivity", given, "diffusivity")
        return Species(name, dict(composition), charge, diffusivity, source)

    def reactions(self) -> list[Reaction]:
        kept = {r.equation: r for r in self.base.reactions} if self.base else {}
        sides = {(frozenset(r.reactants.items()), frozenset(r.products.items())): e for e, r in kept.items()}
        for number, table in enumerate(self.data.get("reaction", ()), 1):
            reaction = self.one_reaction(number, table)
            if reaction is None:
                continue
            key = (frozenset(reaction.reactants.items()), frozenset(reaction.products.items()))
            if table.get("replaces"):
                if key not in sides:
                    self.wrong(
                        reaction.equation,
                        None,
                        "replaces = true, but the base mechanism has no such reaction",
                    )
                kept.pop(sides.get(key, ""), None)
            kept[reaction.equation if reaction.equation not in kept else f"{number}: {reaction.equation}"] = reaction
        return list(kept.values())

    def one_reaction(self, number: int, table: Mapping[str, Any]) -> Reaction | None:
        equation = str(table.get("equation", ""))
        where = f'reaction {number} "{equation}"'
        self.known(table, REACTION_KEYS, f"{where}: ")
        try:
            reactants, products = parse_equation(equation)
        except ValueError as error:
            self.wrong(where, None, str(error), '"H + OH -> H2O"')
            return None
        if missing := [s for s in (*reactants, *products) if s not in self.species]:
            near = difflib.get_close_matches(missing[0], self.species, 1)
            self.wrong(
                where,
                None,
                f'the species "{missing[0]}" is not declared' + (f' (did you mean "{near[0]}"?)' if near else ""),
            )
            return None
        counted = tuple(table.get("species_in_rate", [s for s, n in reactants.items() for _ in range(n)]))
        if unknown := [s for s in counted if s not in self.species]:
            self.wrong(where, None, f'species_in_rate names "{unknown[0]}", which is not declared')
            return None
        water, solvent_order = reactants.get(self.solvent, 0), 0
        flag = table.get("water_in_rate")
        if water and not isinstance(flag, bool) and table.get("law") != "reverse":
            self.wrong(where, None, f"{self.solvent} reacts: say whether [{self.solvent}] multiplies the rate constant",
                       "water_in_rate = false")  # fmt: skip
        elif flag and not water:
            self.wrong(where, None, f"water_in_rate = true, but {self.solvent} is not a reactant")
        elif flag:
            solvent_order = water
        counted = tuple(s for s in counted if s != self.solvent)
        order = len(counted) + solvent_order
        if len(counted) > 3 or order > 3:
            self.wrong(where, None, f"order {order} in the rate law; simcell goes to 3")
            return None
        uncertainty = table.get("uncertainty")
        if uncertainty is not None and not (isinstance(uncertainty, int | float) and uncertainty >= 1.0):
            self.wrong(where, uncertainty, "uncertainty is a factor of at least 1 (1 sigma, log-normal)", "1.15")
            uncertainty = None
        return Reaction(
            equation, reactants, products, counted, self.law(where, table, order), solvent_order, uncertainty,
            self.source(table, where), str(table.get("note", "")), str(table.get("exceeds_diffusion_limit", "")),
        )  # fmt: skip

    def constant(self, where: str, value: object, order: int) -> float:
        """Parse a rate constant in the unit of its order, with a message that counts the species."""
        try:
            return units.parse(value, RATE_KINDS[order])
        except units.UnitError as error:
            self.wrong(
                where, value,
                f"{error.reason}; {order} concentration(s) stand in the rate law, which takes {RATE_UNITS[order]}",
                f'"1e9 {RATE_UNITS[order]}"',
            )  # fmt: skip
            return float("nan")

    def law(self, where: str, table: Mapping[str, Any], order: int) -> RateLaw:
        kind = str(table.get("law", "arrhenius" if "Ea" in table else "constant"))
        if kind == "reverse":
            return RateLaw("reverse")
        if kind == "constant":
            return RateLaw("constant", (self.constant(where, table.get("rate"), order),))
        if kind == "exp":
            return RateLaw(
                "exp",
                (
                    self.constant(where, table.get("A"), order),
                    self.quantity(where, table.get("B"), "temperature"),
                ),
            )
        if kind == "arrhenius":
            b = self.quantity(where, table.get("Ea"), "energy_molar") / GAS_CONSTANT
            if "A" in table:
                return RateLaw("exp", (self.constant(where, table["A"], order), b))
            at_25 = self.constant(where, table.get("rate"), order)
            return RateLaw("exp", (at_25 * math.exp(b / ROOM_TEMPERATURE), b))
        if kind == "log10_polynomial":
            scale = self.constant(where, f"1 {table.get('unit')}", order)
            c = table.get("c")
            if not isinstance(c, list) or not c or not all(isinstance(x, int | float) for x in c):
                self.wrong(
                    where,
                    c,
                    "c holds the coefficients of log10 k = sum c_i / T^i",
                    "c = [10.7, 284.0, -1.369e5]",
                )
                c = [float("nan")]
            return RateLaw("log10_polynomial", (scale, *(float(x) for x in c)))
        self.wrong(where, kind, "is not a law; known are constant, arrhenius, exp, log10_polynomial, reverse")
        return RateLaw("constant", (float("nan"),))

    def equilibrium(self, table: Mapping[str, Any]) -> Equilibrium | None:
        equation = str(table.get("reaction", ""))
        where = f'equilibrium "{equation}"'
        self.known(table, EQUILIBRIUM_KEYS, f"{where}: ")
        try:
            reactants, products = parse_equation(equation)
        except ValueError as error:
            self.wrong(where, None, str(error), '"H2O2 -> H+ + HO2-"')
            return None
        bases = [s for s in products if s != "H+"]
        acids = [s for s in reactants if s != self.solvent] or list(reactants)
        unknown = [s for s in (*reactants, *products) if s not in self.species]
        if len(acids) != 1 or len(bases) != 1 or products.get("H+") != 1 or unknown:
            self.wrong(
                where, None,
                f"is written acid -> H+ + base or acid + {self.solvent} -> H+ + base, with declared species",
                '"H2O2 -> H+ + HO2-"',
            )  # fmt: skip
            return None
        taken_up = {s: n for s, n in reactants.items() if s != acids[0]}
        polynomial = table.get("pK_polynomial", [table.get("pK")])
        if not all(isinstance(p, int | float) for p in polynomial):
            self.wrong(where, polynomial, "pK is a number (or pK_polynomial a list, in t/degC)", "pK = 11.65")
            return None
        pk = tuple(map(float, polynomial))
        return Equilibrium(acids[0], bases[0], pk, self.source(table, where), taken_up)

    def all_yields(self) -> list[Yields]:
        return [self.one_yields(t) for t in self.data.get("g_values", ())]

    def one_yields(self, table: Mapping[str, Any]) -> Yields:
        name = str(table.get("name", ""))
        where = f"g_values {name}"
        self.known(table, YIELD_KEYS, f"{where}: ")
        unit = self.quantity(f"{where} unit", f"1 {table.get('unit', '1/(100 eV)')}".replace("1 1/", "1/"), "g_value")
        given = table.get("polynomial") or {s: [v] for s, v in dict(table.get("values", {})).items()}
        polynomials: dict[str, tuple[float, ...]] = {}
        for species, coefficients in given.items():
            if species not in self.species:
                near = difflib.get_close_matches(species, self.species, 1)
                self.wrong(
                    where,
                    species,
                    "is not a declared species" + (f'; did you mean "{near[0]}"?' if near else ""),
                )
            elif not all(isinstance(c, int | float) for c in coefficients):
                self.wrong(f"{where} {species}", coefficients, "is a number of molecules per 100 eV", "2.75")
            else:
                polynomials[species] = tuple(float(c) * unit for c in coefficients)
        about = "; ".join(str(table[k]) for k in ("energy", "LET", "note") if k in table)
        return Yields(
            name, polynomials, table.get("uncertainty"), tuple(table.get("balanced_by", ())), about,
            self.source(table, where), self.energies(f"{where} energy", table.get("energy")),
        )  # fmt: skip

    def energies(self, key: str, given: object) -> tuple[float, float] | None:
        if given is None:
            return None
        if not isinstance(given, list) or len(given) != 2:
            self.wrong(key, given, "is the lowest and the highest electron energy", '["100 keV", "300 keV"]')
            return None
        low, high = (self.quantity(key, end, "energy") for end in given)
        return low, high

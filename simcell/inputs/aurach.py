"""Import AuRaCh text files: a mechanism file of simcell, what the water convention touches, and all that is wrong.

AuRaCh multiplies every reaction that lists H2O by [H2O]^n. Many files written for it carry constants from which
water is divided out already (and a few lines from which it is not), so that the product is off by 55.56 or 3087. Which
is meant cannot be read off the file; here it is said aloud, and the loader checks the cycles that follow from it.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from simcell.chemistry.mechanism import Mechanism
from simcell.constants import GAS_CONSTANT, ROOM_TEMPERATURE
from simcell.errors import InputError, MechanismError, Problem
from simcell.inputs import aurach_toml
from simcell.inputs.aurach_names import Inferred, infer
from simcell.inputs.aurach_text import (
    SHAPE,
    Line,
    ReactionFile,
    Row,
    Source,
    read_conditions,
    read_source,
    write_equation,
)
from simcell.inputs.aurach_toml import Converted, Draft, figures
from simcell.inputs.mechanism import load_mechanism, mechanism_from_dict, shipped_mechanisms
from simcell.inputs.mechanism_tables import SOLVENT_CONCENTRATION

CONVENTIONS = ("excluded", "included")
AGREES = 2.0  # two published constants of one reaction differ by less; the two readings by 55.56 or more
WATER = "H2O"
LIQUID = (40.0, 60.0)  # mol/L, wider than water from 0 to 300 degC at any pressure of a cell
LARGEST_BARRIER = 1e6  # J/mol; beyond it the energy is in another unit, and exp underflows
SMALLEST_BARRIER = 500.0  # J/mol, below which kJ/mol may be meant
MOST_WATER = 4  # molecules of H2O on one left side


@dataclass(frozen=True)
class TouchedLine:
    """A line with H2O on its left, and what its constant is under either convention.

    Examples
    --------
    >>> TouchedLine(7, "e_aq- + H2O -> H + OH-", "19 1/s", "19 L/mol/s = 1056 1/s", "excluded", "included").line
    7
    """

    line: int
    equation: str
    excluded: str
    included: str
    reading: str  # the convention that was applied
    agrees: str  # the convention under which simcell's own constant is met; empty if there is none or neither is


@dataclass(frozen=True)
class AurachImport:
    """What came out of reading AuRaCh files.

    Parameters
    ----------
    name : str
    water : str
        ``"excluded"`` or ``"included"``.
    touched : tuple of TouchedLine
    remarks : tuple of str
        What was renamed, read in one of several ways, left out.
    problems : tuple of Problem
        Why it is refused; empty if it is not.
    electrolyte : str
        Lines for the case file; empty without a conditions file.
    draft : str
        TOML text of all that could be read.

    Examples
    --------
    >>> AurachImport("x", "excluded", (), (), (), "", "schema = 1").toml
    'schema = 1'
    """

    name: str
    water: str
    touched: tuple[TouchedLine, ...]
    remarks: tuple[str, ...]
    problems: tuple[Problem, ...]
    electrolyte: str
    draft: str

    @property
    def toml(self) -> str:
        """Text of the mechanism file; raises MechanismError with every problem if it would not load."""
        if self.problems:
            raise MechanismError(self.problems)
        return self.draft

    def mechanism(self) -> Mechanism:
        """Build the mechanism without writing a file; raises MechanismError as `toml` does."""
        return mechanism_from_dict(tomllib.loads(self.toml), file=f"{self.name}.toml")


def read_aurach(
    reactions: Path,
    conditions: Path | None = None,
    *,
    water: str = "excluded",
    name: str = "imported",
    other_lines: Collection[int] = (),
    uncertainty: float | None = None,
    formulas: Mapping[str, str] | None = None,
) -> AurachImport:
    """Read an AuRaCh reaction file, and its conditions file if there is one.

    Parameters
    ----------
    reactions, conditions : Path
    water : {"excluded", "included"}
        ``"excluded"``: constants have [H2O] divided out; ``"included"``: [H2O]^n multiplies them.
    name : str
        Name of the mechanism.
    other_lines : collection of int
        Numbers of lines that follow the other convention.
    uncertainty : float, optional
        1-sigma factor of every constant, as the user states it; cycles may be open by what follows from it.
    formulas : mapping of str to str, optional
        What names stand for that are no formulas, ``{"HROH": "C4H10O"}``.

    Returns
    -------
    AurachImport

    Raises
    ------
    InputError
        If a file cannot be read at all or an argument makes no sense.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "r.txt"
    ...     _ = file.write_text("eh- + H2O --> H + OH- ; 19 ; Smith")
    ...     found = read_aurach(file)
    >>> found.touched[0].excluded, found.touched[0].included, found.touched[0].agrees
    ('19 1/s', '19 L/mol/s = 1056 1/s', 'included')
    """
    if water not in CONVENTIONS:
        raise InputError(Problem("", "water", water, "is not a convention", '"excluded" or "included"'))
    if uncertainty is not None and not 1.0 <= uncertainty < math.inf:
        raise InputError(Problem("", "uncertainty", uncertainty, "is a factor of at least 1 (1 sigma)", "1.15"))
    files = [read_source(reactions, "--from-aurach")]
    if conditions is not None:
        files.append(read_source(conditions, "--conditions"))
    reader = _Reader(files, water, frozenset(other_lines), dict(formulas or {}))
    return reader.result(name, uncertainty)


class _Reader:
    """Turns the lines of both files into the parts of a mechanism and keeps what there is to say."""

    def __init__(self, files: list[Source], water: str, other_lines: frozenset[int], formulas: dict[str, str]):
        self.files, self.water, self.other, self.formulas = files, water, other_lines, formulas
        text = ReactionFile(files[0])
        self.file, self.problems, self.remarks = text.file, list(text.problems), list(text.remarks)
        for source in files:
            if source.fallback:
                self.remarks.append(f"{source.name}: not UTF-8, read as Windows-1252; look at the names of authors")
        self.rows: list[Row] = []
        if len(files) > 1:
            self.rows, wrong = read_conditions(files[1])
            self.problems += wrong
        self.species = self.infer_all(text.lines)
        self.solvent = self.solvent_concentration()
        if not text.lines and not text.problems:
            self.wrong("", None, "holds no reaction", SHAPE)
        self.converted = [c for line in text.lines if (c := self.convert(line))]

    def wrong(self, key: str, value: object, reason: str, example: str = "") -> None:
        self.problems.append(Problem(self.file, key, value, reason, example))

    def solvent_concentration(self) -> float:
        """[H2O] of the conditions file or of liquid water [mol/L]."""
        given = next((r for r in self.rows if r.species == WATER and r.concentration is not None), None)
        if given and not LIQUID[0] < (given.concentration or 0.0) < LIQUID[1]:
            reason = f"c0 of H2O is {given.concentration:g} mol/L, which is no liquid water"
            self.problems.append(Problem(self.files[1].name, f"line {given.number}", None, reason, "55.56"))
            given = None
        return (given and given.concentration) or SOLVENT_CONCENTRATION / 1000.0

    def infer_all(self, lines: list[Line]) -> dict[str, Inferred]:
        """Read every name that is needed; a name that cannot be read is a problem, two names of one species too."""
        places: dict[str, list[str]] = {}
        for line in lines:
            for raw in {**line.reactants, **line.products}:
                places.setdefault(raw, []).append(str(line.number))
        for row in self.rows:
            if row.concentration or row.g_value or row.g_value_alt:
                places.setdefault(row.species, []).append(f"{row.number} of {self.files[1].name}")
        for raw in self.formulas.keys() - places.keys():
            self.wrong(f'species "{raw}"', None, "is given a formula, but stands nowhere in the files")
        found: dict[str, Inferred] = {}
        for raw, where in places.items():
            try:
                species = infer(raw, self.formulas.get(raw, ""))
            except ValueError as error:
                self.wrong(f'species "{raw}" (line {_some(where)})', None, str(error))
                continue
            if twin := next((r for r, s in found.items() if s.name == species.name), None):
                reason = f'and "{twin}" both are {species.name}, but two species for AuRaCh: write one of them'
                self.wrong(f'species "{raw}" (line {_some(where)})', None, reason)
            found[raw] = species
        self.tell_names(found)
        return found

    def tell_names(self, found: dict[str, Inferred]) -> None:
        renamed = [f"{raw} -> {s.name}" for raw, s in found.items() if raw != s.name]
        if renamed:
            self.remarks.append(f"renamed: {', '.join(renamed)}")
        self.remarks += [f"{raw}: {s.remark}" for raw, s in found.items() if s.remark]
        names = {s.name for s in found.values()}
        if "H3O+" in names:
            self.remarks.append("H3O+ is a species of its own here; pH in simcell is that of H+")
        if missing := [s for s in ("H+", "OH-") if s not in names]:
            self.remarks.append(f"{' and '.join(missing)} stand nowhere: a case with this mechanism has no pH")

    def convert(self, line: Line) -> Converted | None:
        """Bring one line into simcell's names and decide on water; None if it cannot be or has no effect."""
        if not all(s in self.species for s in (*line.reactants, *line.products)):
            return None
        reactants, products = (
            _sum((self.species[s].name, n) for s, n in side.items()) for side in (line.reactants, line.products)
        )
        equation = write_equation(reactants, products)
        if line.constant == 0.0:
            self.remarks.append(f"line {line.number}: {equation} has the constant 0 and is left out")
            return None
        water = reactants.get(WATER, 0)
        order = sum(reactants.values()) - water
        if abs(line.activation_energy or 0.0) > LARGEST_BARRIER or not at_room_temperature(line) > 0.0:
            self.wrong(
                f"line {line.number}: {equation}", None, "its Arrhenius law (Ea in J/mol) has no value at 25 degC"
            )
            return None
        if order > 3 or water > MOST_WATER:
            n = order if order > 3 else order + water
            reason = f"order {n}: in AuRaCh every species on the left multiplies the rate; simcell goes to 3"
            self.wrong(f"line {line.number}: {equation}", None, reason)
            return None
        included = bool(water) and (self.water == "included") != (line.number in self.other)
        return Converted(line, reactants, products, water, order, included, included and order + water > 3)

    def touched(self) -> list[TouchedLine]:
        """The table of lines that list water among the reactants."""
        known = _shipped_constants()
        rows = []
        for c in (c for c in self.converted if c.water):
            k = at_room_temperature(c.line)
            both = (k, k * self.solvent**c.water)
            key = (frozenset(c.reactants.items()), frozenset(c.products.items()))
            agrees = [
                way for way, value in zip(CONVENTIONS, both, strict=True)
                if key in known and abs(math.log(value / known[key])) < math.log(AGREES)
            ]  # fmt: skip
            unit = aurach_toml.rate_unit(c.order)
            included = f"{figures(k)} {aurach_toml.rate_unit(c.order + c.water)} = {both[1]:.4g} {unit}"
            reading = CONVENTIONS[c.included]
            rows.append(
                TouchedLine(
                    c.line.number, c.equation, f"{figures(k)} {unit}", included, reading, agrees[0] if agrees else ""
                )
            )
        return rows

    def tell_water(self, touched: list[TouchedLine]) -> None:
        lines = {t.line for t in touched}
        if strange := sorted(self.other - lines):
            self.wrong("--except", _some(map(str, strange)), "these lines do not have H2O on the left", "1,7")
        differ = [t.line for t in touched if t.agrees and t.agrees != t.reading]
        if differ:
            flipped = sorted(self.other.symmetric_difference(differ) & lines)
            more = "" if len(flipped) == 0 else f" (--except {','.join(map(str, flipped))})"
            self.remarks.append(
                f"lines {_some(map(str, differ))}: only the other water convention gives simcell's own constants{more}"
            )
        if folded := [str(c.line.number) for c in self.converted if c.folded]:
            self.remarks.append(
                f"lines {_some(folded)}: more than three concentrations with water, so [H2O]^n is multiplied in"
            )

    def tell_rest(self) -> None:
        if warm := [str(c.line.number) for c in self.converted if c.line.activation_energy is not None]:
            self.remarks.append(f"lines {_some(warm)}: Arrhenius law, prefactor and activation energy in J/mol")
        low = [str(c.line.number) for c in self.converted if 0 < abs(c.line.activation_energy or 0) < SMALLEST_BARRIER]
        if low:
            self.remarks.append(f"lines {_some(low)}: below {SMALLEST_BARRIER:g} J/mol; was kJ/mol meant?")
        self.remarks.append("AuRaCh files name no temperature: constants without a law are taken to hold at 25 degC")
        if len(self.files) == 1:
            self.remarks.append("no conditions file, so no G-values: add [[g_values]] before a run")
        if odd := [r.species for r in self.rows if r.soluble not in (None, 100.0)]:
            self.remarks.append(f"solubility / %: has no counterpart and is left out ({', '.join(odd)})")
        if any(r.g_value_alt for r in self.rows):
            self.remarks.append("two sets of G-values; AuRaCh mixes them linearly, simcell runs one (g_values = ...)")

    def result(self, name: str, uncertainty: float | None) -> AurachImport:
        touched = self.touched()
        self.tell_water(touched)
        self.tell_rest()
        draft = Draft(
            name, self.files, self.water, self.other, self.solvent, list(self.species.values()), self.converted,
            [(self.species[r.species].name, r) for r in self.rows if r.species in self.species], uncertainty,
        )  # fmt: skip
        text = aurach_toml.write(draft, self.remarks)
        self.problems += self.refusals(text, uncertainty)
        electrolyte = aurach_toml.electrolyte(draft) if self.rows else ""
        return AurachImport(
            name, self.water, tuple(touched), tuple(self.remarks), tuple(self.problems), electrolyte, text
        )

    def refusals(self, text: str, uncertainty: float | None) -> list[Problem]:
        """What the loader says to the text, with the line numbers of the reaction file."""
        try:
            mechanism_from_dict(tomllib.loads(text), file=self.file)
        except MechanismError as error:
            if uncertainty is None and any("does not close" in p.reason for p in error.problems):
                self.remarks.append(
                    "open cycles: a line of the other water convention (--except), or constants that are uncertain; "
                    "--uncertainty 1.15 allows what 15 % (1 sigma) on each constant explains"
                )
            return [self.placed(p) for p in error.problems]
        return []

    def placed(self, problem: Problem) -> Problem:
        """Add line numbers; leave out what can be written in a mechanism file only."""
        key = problem.key
        lines = [str(c.line.number) for c in self.converted if key in (c.equation, f"{c.equation} and back")]
        place = f"line {_some(lines)}: {key}" if lines else key
        reason = problem.reason.split("; if the source insists")[0]
        return dataclasses.replace(problem, file=self.file, key=place, reason=reason, example="")


def at_room_temperature(line: Line) -> float:
    """Constant of a line at 25 degC, in mol, L and s, as the file gives it.

    Examples
    --------
    >>> at_room_temperature(Line(1, {"A": 1}, {"B": 1}, 2.0, None, ""))
    2.0
    """
    energy = line.activation_energy or 0.0
    return line.constant * math.exp(-energy / (GAS_CONSTANT * ROOM_TEMPERATURE))


def _sum(terms: Iterable[tuple[str, int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, n in terms:
        counts[name] = counts.get(name, 0) + n
    return counts


def _some(items: Iterable[str]) -> str:
    found = list(items)
    return ", ".join(found[:8]) + (f" and {len(found) - 8} more" if len(found) > 8 else "")


@functools.lru_cache(maxsize=1)
def _shipped_constants() -> dict[tuple[frozenset[tuple[str, int]], frozenset[tuple[str, int]]], float]:
    """Effective constants of simcell's own mechanisms at 25 degC, in mol, L and s; those of `water` first."""
    known: dict[tuple[frozenset[tuple[str, int]], frozenset[tuple[str, int]]], float] = {}
    for name in ("water", *(n for n in shipped_mechanisms() if n != "water")):
        mechanism = load_mechanism(name)
        for r, k in zip(mechanism.reactions, mechanism.rate_constants(ROOM_TEMPERATURE), strict=True):
            key = (frozenset(r.reactants.items()), frozenset(r.products.items()))
            known.setdefault(key, k * 1000.0 ** (r.order - 1))
    return known

"""Read the lines of AuRaCh's text files: `2 A + B --> C ; constant ; reference`, and tables of conditions.

The grammar is that of B. Fritsch et al., Adv. Sci. 9 (2022) 2202803 (github.com/BirkFritsch/Radiolysis-simulations);
only the form of the files is known here, nothing of them is shipped.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from simcell.errors import InputError, Problem

ARROW = "-->"
SHAPE = "A + 2 B --> C ; 1e9 ; reference"


@dataclass(frozen=True)
class Line:
    """One reaction as it stands in the file; constants in mol, L and s.

    Examples
    --------
    >>> Line(3, {"H": 2}, {"H2": 1}, 7.8e9, None, "Buxton 1988").equation
    '2 H -> H2'
    """

    number: int
    reactants: dict[str, int]
    products: dict[str, int]
    constant: float  # the prefactor where there is an activation energy
    activation_energy: float | None  # J/mol
    reference: str

    @property
    def equation(self) -> str:
        """The equation in the file's own names."""
        return write_equation(self.reactants, self.products)


@dataclass(frozen=True)
class Row:
    """One species of a conditions file; None where a cell is empty.

    Examples
    --------
    >>> Row(2, "O2", 2.55e-4, 0.0, None, None).concentration
    0.000255
    """

    number: int
    species: str
    concentration: float | None = None  # mol/L
    g_value: float | None = None  # molecules per 100 eV
    g_value_alt: float | None = None
    diffusivity: float | None = None  # m^2/s
    soluble: float | None = None  # per cent


@dataclass(frozen=True)
class Source:
    """A text file: its name, text and hash.

    Examples
    --------
    >>> Source("r.txt", "", "e3b0", False).name
    'r.txt'
    """

    name: str
    text: str
    sha256: str
    fallback: bool  # True where it was not UTF-8 and was read as Windows text


def read_source(path: Path, option: str) -> Source:
    """Read a text file, UTF-8 or else Windows-1252, with an error that names the option.

    Examples
    --------
    >>> read_source(Path("nowhere.txt"), "--from-aurach")
    Traceback (most recent call last):
        ...
    simcell.errors.InputError: --from-aurach = "nowhere.txt": cannot be read: No such file or directory
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(Problem("", option, str(path), f"cannot be read: {error.strerror or error}")) from None
    if b"\0" in data:
        raise InputError(Problem("", option, str(path), "is not a text file"))
    try:
        text, fallback = data.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        text, fallback = data.decode("cp1252", errors="replace"), True
    return Source(path.name, text, hashlib.sha256(data).hexdigest(), fallback)


def write_equation(reactants: dict[str, int], products: dict[str, int]) -> str:
    """Write an equation in simcell's form.

    Examples
    --------
    >>> write_equation({"e_aq-": 2, "H2O": 2}, {"H2": 1, "OH-": 2})
    '2 e_aq- + 2 H2O -> H2 + 2 OH-'
    """
    sides = (" + ".join(f"{n} {s}" if n > 1 else s for s, n in side.items()) for side in (reactants, products))
    return " -> ".join(sides)


class ReactionFile:
    """The reactions of a file, what could not be read, and what was passed over.

    Parameters
    ----------
    source : Source

    Examples
    --------
    >>> f = ReactionFile(Source("r.txt", "2 H --> H2 ; 7.8e9 ; Buxton\\nH -> ; 1", "", False))
    >>> f.lines[0].reactants, f.problems[0].key
    ({'H': 2}, 'line 2 "H -> ; 1"')
    """

    def __init__(self, source: Source):
        self.file = source.name
        self.lines: list[Line] = []
        self.problems: list[Problem] = []
        self.remarks: list[str] = []
        self.columns: list[str] = []  # names, where the file has a header
        for number, text in _lines(source.text):
            self._take(number, text)

    def _take(self, number: int, text: str) -> None:
        if text.startswith("#"):
            self.remarks.append(f'line {number}: passed over as a comment: "{_short(text)}"')
        elif not self.lines and not self.columns and ARROW not in text and text.startswith("Reaction"):
            self.columns = [c.strip().lower() for c in text.split(";")]
        elif ARROW not in text and not re.search(r";|->|=>|<=>|=|→", text):
            self.remarks.append(f'line {number}: no reaction, passed over: "{_short(text)}"')
        else:
            try:
                self.lines.append(self._line(number, text))
            except ValueError as error:
                self.problems.append(Problem(self.file, f'line {number} "{_short(text)}"', None, str(error), SHAPE))

    def _line(self, number: int, text: str) -> Line:
        equation, *cells = (part.strip() for part in text.split(";"))
        sides = equation.split(ARROW)
        if len(sides) != 2:
            raise ValueError(f'a reaction has one "{ARROW}" and then ";" and its constant')
        if not cells:
            raise ValueError('has no ";" and so no rate constant')
        reactants, products = _side(sides[0]), _side(sides[1])
        k, energy, reference = self._named_law(cells) if self.columns else _law(cells)
        if not (math.isfinite(k) and k >= 0 and (energy is None or math.isfinite(energy))):
            raise ValueError("its constant must be finite and not negative")
        return Line(number, reactants, products, k, energy, re.sub(r"\s*##.*$", "", reference))

    def _named_law(self, cells: list[str]) -> tuple[float, float | None, str]:
        table = dict(zip(self.columns[1:], cells, strict=False))
        k, prefactor, energy = (
            as_number(table.get(c, "")) for c in ("rate constant", "arrhenius constant", "activation energy")
        )
        law = {"rate constant", "arrhenius constant", "activation energy", "symmetry factor", "amount of charges"}
        reference = "; ".join(v for c, v in table.items() if c not in law and v and v.lower() != "nan")
        if k is not None:
            return k, None, reference
        if prefactor is not None and energy is not None:
            return prefactor, energy, reference
        raise ValueError("has neither a rate constant nor an Arrhenius constant with an activation energy")


def _law(cells: list[str]) -> tuple[float, float | None, str]:
    """Constant or prefactor, activation energy [J/mol], reference, from the cells behind the equation."""
    first, second = as_number(cells[0]), as_number(cells[1]) if len(cells) > 1 else None
    if len(cells) == 3 and first is not None and second is not None:
        return first, second, cells[2]
    if first is None and len(cells) > 5:
        raise ValueError("its constant follows an electrode potential, which a homogeneous liquid does not have")
    if first is None:
        raise ValueError(f'"{cells[0]}" is not a number')
    if second is not None and len(cells) in (4, 5):
        raise ValueError(f"{len(cells)} cells behind the equation have no meaning in AuRaCh")
    return first, None, "; ".join(c for c in cells[1:] if c)


def _side(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for term in text.strip().split(" + "):
        words = term.split()
        if len(words) == 2 and (n := as_number(words[0])) is not None:
            if not n.is_integer() or n < 1:
                raise ValueError(f'"{term.strip()}": a number of molecules is whole')
            counts[words[1]] = counts.get(words[1], 0) + int(n)
        elif len(words) == 1:
            counts[words[0]] = counts.get(words[0], 0) + 1
        else:
            raise ValueError(f'"{term.strip()}" is not a species; write " + " with spaces between species')
    return counts


def as_number(text: str) -> float | None:
    """Turn a cell into a number; None where it is empty or none.

    Examples
    --------
    >>> as_number("1e9"), as_number("Buxton"), as_number("nan")
    (1000000000.0, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that hold something, numbered as an editor does, with single spaces."""
    for n, line in enumerate(text.splitlines(), 1):
        if clean := " ".join(line.split()):
            yield n, clean


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


COLUMNS = {
    "species": "species",
    "c0 / M": "concentration",
    "g values / (molecules / 100 eV)": "g_value",
    "g values alt / (molecules / 100 eV)": "g_value_alt",
    "solubility / %": "soluble",
    "diffusioncoefficient / m^2/s": "diffusivity",
}


def read_conditions(source: Source) -> tuple[list[Row], list[Problem]]:
    """Read a conditions file: tab-separated below a header that begins with `species`, or the older three columns.

    Examples
    --------
    >>> rows, _ = read_conditions(Source("c.txt", "\\tc0 / M\\tg values\\nO2 2.55e-4 0\\n", "", False))
    >>> rows[0]
    Row(number=2, species='O2', concentration=0.000255, g_value=0.0, ...)
    """
    lines = source.text.splitlines()
    if not lines:
        return [], [Problem(source.name, "", None, "is empty")]
    tabbed = lines[0].startswith("species")
    header = [" ".join(c.split()) for c in lines[0].split("\t")] if tabbed else list(COLUMNS)[:3]
    if unknown := [c for c in header if c not in COLUMNS]:
        return [], [Problem(source.name, "line 1", unknown[0], "is not a column of AuRaCh", '"c0 / M"')]
    if not tabbed and len(lines[0].split()) > 1 and as_number(lines[0].split()[1]) is not None:
        return [], [Problem(source.name, "line 1", lines[0], "AuRaCh takes the first line for a header: add one")]
    rows: list[Row] = []
    problems: list[Problem] = []
    for n, line in enumerate(lines[1:], 2):
        cells = [c.strip() for c in (line.split("\t") if tabbed else line.split())]
        if not any(cells):
            continue
        named = {COLUMNS[c]: v for c, v in zip(header, cells, strict=False)}
        values = {c: as_number(v) for c, v in named.items() if c != "species"}
        bad = [v for c, v in named.items() if c != "species" and v and v.lower() != "nan" and values[c] is None]
        if bad or len(cells) > len(header) or not all(math.isfinite(v) for v in values.values() if v is not None):
            problems.append(Problem(source.name, f"line {n}", _short(line), "cannot be read as species and numbers"))
        elif any(named["species"] == row.species for row in rows):
            problems.append(Problem(source.name, f"line {n}", named["species"], "stands in an earlier line already"))
        elif (values.get("concentration") or 0.0) < 0:
            problems.append(Problem(source.name, f"line {n}", _short(line), "a concentration is not negative"))
        else:
            rows.append(Row(n, named["species"], **values))
    return rows, problems

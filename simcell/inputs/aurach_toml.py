"""Write what was read from AuRaCh files as a mechanism file of simcell, and as lines for a case file."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simcell.constants import GAS_CONSTANT, ROOM_TEMPERATURE
from simcell.inputs.aurach_names import Inferred
from simcell.inputs.aurach_text import Line, Row, Source, write_equation
from simcell.inputs.mechanism import load_mechanism
from simcell.inputs.mechanism_tables import RATE_UNITS

SAME_DIFFUSIVITY = 1.5  # published values of one species lie closer together than this
NEUTRAL = 1e-6  # relative; what is left of the charge by rounding in the file


@dataclass(frozen=True)
class Converted:
    """A line in simcell's names, with the decision on water.

    Examples
    --------
    >>> line = Line(1, {"H": 1, "H2O": 1}, {"H2": 1, "OH": 1}, 11.0, None, "")
    >>> Converted(line, line.reactants, line.products, 1, 1, True, False).equation
    'H + H2O -> H2 + OH'
    """

    line: Line
    reactants: dict[str, int]
    products: dict[str, int]
    water: int  # H2O molecules on the left
    order: int  # of the others
    included: bool  # [H2O]^water multiplies the constant
    folded: bool  # and is multiplied in here, because the loader goes to three concentrations

    @property
    def equation(self) -> str:
        """The equation in simcell's names."""
        return write_equation(self.reactants, self.products)

    def constant(self, solvent: float) -> float:
        """Constant as written to the file, at infinite temperature where there is an Arrhenius law."""
        return self.line.constant * (solvent**self.water if self.folded else 1.0)

    def effective(self, solvent: float) -> float:
        """Constant at 25 degC that multiplies the other concentrations, in mol, L and s."""
        energy = self.line.activation_energy or 0.0
        k = self.line.constant * math.exp(-energy / (GAS_CONSTANT * ROOM_TEMPERATURE))
        return k * (solvent**self.water if self.included else 1.0)


@dataclass(frozen=True)
class Draft:
    """All that goes into the text; see `write`.

    Examples
    --------
    >>> Draft("x", [Source("r.txt", "", "0" * 64, False)], "excluded", frozenset(), 55.56, [], [], [], None).name
    'x'
    """

    name: str
    files: list[Source]
    water: str
    other: frozenset[int]
    solvent: float  # mol/L
    species: list[Inferred]
    reactions: list[Converted]
    rows: list[tuple[str, Row]]  # simcell's name, row of the conditions file
    uncertainty: float | None


def figures(value: float) -> str:
    """Write a number with the digits it has.

    Examples
    --------
    >>> figures(5e10), figures(111936.05692841689e-6)
    ('5e+10', '0.11193605692841689')
    """
    short = f"{value:.6g}"
    return short if float(short) == value else repr(value)


def rate_unit(order: int) -> str:
    """Unit of a constant that multiplies so many concentrations.

    Examples
    --------
    >>> [rate_unit(n) for n in (0, 1, 2, 4)]
    ['mol/L/s', '1/s', 'L/mol/s', 'L^3/mol^3/s']
    """
    return RATE_UNITS.get(order, f"L^{order - 1}/mol^{order - 1}/s")


def write(draft: Draft, remarks: list[str]) -> str:
    """Write the mechanism file; appends to `remarks` what is decided on the way.

    Examples
    --------
    >>> d = Draft("x", [Source("r.txt", "", "0" * 64, False)], "excluded", frozenset(), 55.56, [], [], [], None)
    >>> [line for line in write(d, []).splitlines() if line.startswith("solvent")]
    ['solvent = "H2O"', 'solvent_concentration = "55.56 mol/L"']
    """
    references = _References(draft)
    body = [
        *_species(draft, references, remarks),
        *(part for c in draft.reactions for part in _reaction(c, draft, references)),
        *_equilibria(draft, references, remarks),
        *_yields(draft, references, remarks),
    ]
    return "\n".join([*_header(draft), *references.lines(), "", *body])


class _References:
    """Keys for the sources that the lines of the files name."""

    def __init__(self, draft: Draft):
        self.texts: dict[str, str] = {}
        self.used: dict[str, str] = {}
        first = draft.files[0]
        self.file = ("file", f"{first.name}, AuRaCh reaction file (sha256 {first.sha256[:16]}); no source in the line")
        self.conditions = ("conditions", "")
        if len(draft.files) > 1:
            second = draft.files[1]
            self.conditions = ("conditions", f"{second.name}, AuRaCh conditions (sha256 {second.sha256[:16]})")

    def use(self, key: str, text: str) -> str:
        self.used[key] = text
        return key

    def of(self, text: str) -> str:
        if not text:
            return self.use(*self.file)
        key = self.texts.setdefault(text, f"ref{len(self.texts) + 1}")
        return self.use(key, f"{text} (as cited in the imported file)")

    def lines(self) -> list[str]:
        entries = [f"  {{ key = {_text(k)}, text = {_text(t)} }}," for k, t in self.used.items()]
        return ["references = [", *entries, "]"]


def _text(value: str) -> str:
    """Quote as TOML; its basic strings are those of JSON but for the control character DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _comment(text: str) -> str:
    """Keep a file name inside its comment line."""
    return "".join(c for c in text if c.isprintable())


def _header(draft: Draft) -> list[str]:
    meaning = {
        "excluded": "the constants have [H2O] divided out (water_in_rate = false)",
        "included": "[H2O]^n multiplies the constants (water_in_rate = true)",
    }
    other = f"; lines {', '.join(map(str, sorted(draft.other)))} the other way" if draft.other else ""
    return [
        "# Imported by simcell from text files of AuRaCh (B. Fritsch et al., Adv. Sci. 9 (2022) 2202803):",
        *(f"#   {_comment(f.name)}, sha256 {f.sha256}" for f in draft.files),
        f"# Water convention: {draft.water}: {meaning[draft.water]}{other}.",
        "# The licence of these reactions is that of the files they come from; simcell's own does not cover them.",
        "# (The collection that AuRaCh ships is under GPL-3.0.)",
        *([f"# {line}".rstrip() for line in ("", *electrolyte(draft).splitlines())] if draft.rows else []),
        "",
        "schema = 1",
        f"name = {_text(draft.name)}",
        f"title = {_text(f'Imported from {draft.files[0].name}')}",
        'solvent = "H2O"',
        f'solvent_concentration = "{figures(draft.solvent)} mol/L"',
        'temperature = { from = "25 degC", to = "25 degC" }',
        'gaps = ["Imported as it stands: the sources of its constants were not read again."]',
    ]


def _species(draft: Draft, references: _References, remarks: list[str]) -> Iterable[str]:
    shipped = load_mechanism("water").species
    given = {name: row for name, row in draft.rows}
    declared = {s.name: s for s in [Inferred("H2O", {"H": 2, "O": 1}, 0), *draft.species]}
    for name, s in declared.items():
        atoms = ", ".join(f"{e} = {n}" for e, n in s.composition.items())
        yield f"[species.{_key(name)}]"
        yield f"composition = {{ {atoms} }}" if atoms else "composition = {}"
        yield f"charge = {s.charge}"
        d = given[name].diffusivity if name in given else None
        own = shipped[name].diffusivity if name in shipped else None
        if d and own and abs(math.log(d / own)) > math.log(SAME_DIFFUSIVITY):
            remarks.append(
                f"line {given[name].number} of {draft.files[1].name}: D({name}) = {d:.3g} m^2/s is left out; "
                f"simcell's water has {own:.3g} m^2/s"
            )
        elif d and d > 0:
            yield f'diffusivity = "{figures(d)} m^2/s"'
            yield f"diffusivity_source = {_text(references.use(*references.conditions))}"
        yield ""


def _reaction(c: Converted, draft: Draft, references: _References) -> Iterable[str]:
    unit = rate_unit(c.order + (c.water if c.included and not c.folded else 0))
    constant = f'"{figures(c.constant(draft.solvent))} {unit}"'
    yield "[[reaction]]"
    yield f"equation = {_text(c.equation)}"
    if c.line.activation_energy is None:
        yield f"rate = {constant}"
    else:
        yield 'law = "arrhenius"'
        yield f"A = {constant}"
        yield f'Ea = "{figures(c.line.activation_energy)} J/mol"'
    if c.water:
        yield f"water_in_rate = {str(c.included and not c.folded).lower()}"
    if draft.uncertainty is not None:
        stated = f"a 1-sigma factor of {draft.uncertainty:g}, stated for all constants when the file was imported"
        yield f"uncertainty = {draft.uncertainty!r}"
        yield f"uncertainty_source = {_text(references.use('stated', stated))}"
    yield f"source = {_text(references.of(c.line.reference))}"
    folded = f"; [H2O]^{c.water} multiplied in" if c.folded else ""
    yield f"note = {_text(f'line {c.line.number} of {draft.files[0].name}{folded}')}"
    yield ""


def _equilibria(draft: Draft, references: _References, remarks: list[str]) -> Iterable[str]:
    """Acid-base pairs that the file has in both directions, and Kw as simcell's water has it.

    Kw is no free parameter: with it declared, the loader refuses a file whose water lines follow another convention.
    """
    names = {s.name for s in draft.species}
    if {"H+", "OH-"} <= names:
        water = load_mechanism("water")
        kw = next(e for e in water.equilibria if e.acid == "H2O")
        remarks.append(f"pKw = {kw.pK(ROOM_TEMPERATURE):g} is declared as in simcell's water ({kw.source})")
        yield from _equilibrium(
            kw.reaction, kw.pK(ROOM_TEMPERATURE), references.use(kw.source, water.references[kw.source])
        )
    backwards = {_sides(c.products, c.reactants): c for c in draft.reactions}
    for c in draft.reactions:
        bases = [s for s in c.products if s != "H+"]
        back = backwards.get(_sides(c.reactants, c.products))
        if back and list(c.reactants.values()) == [1] and c.products.get("H+") == 1 and len(bases) == 1:
            if c.products[bases[0]] != 1 or "H2O" in c.reactants:
                continue
            pk = -math.log10(c.effective(draft.solvent) / back.effective(draft.solvent))
            yield from _equilibrium(c.equation, pk, references.of(c.line.reference))


def _sides(first: dict[str, int], second: dict[str, int]) -> tuple[frozenset[tuple[str, int]], ...]:
    return frozenset(first.items()), frozenset(second.items())


def _equilibrium(reaction: str, pk: float, source: str) -> list[str]:
    return ["[[equilibrium]]", f"reaction = {_text(reaction)}", f"pK = {pk!r}", f"source = {_text(source)}", ""]


def _yields(draft: Draft, references: _References, remarks: list[str]) -> Iterable[str]:
    sets = {
        "AuRaCh": {s: r.g_value for s, r in draft.rows if r.g_value},
        "AuRaCh-alt": {s: r.g_value_alt for s, r in draft.rows if r.g_value_alt},
    }
    for name, values in sets.items():
        if not values:
            continue
        yield "[[g_values]]"
        yield f"name = {_text(name)}"
        yield f"values = {{ {', '.join(f'{_key(s)} = {v!r}' for s, v in values.items())} }}"
        yield 'unit = "1/(100 eV)"'
        if "H2O" not in values and _water_balances(draft, values):
            remarks.append(f"g_values {name}: no yield of H2O in the file; it follows from the balance")
            yield 'balanced_by = ["H2O"]'
        yield f"source = {_text(references.use(*references.conditions))}"
        yield ""


def _water_balances(draft: Draft, values: Mapping[str, float | None]) -> bool:
    """True where consumed water is all that is missing from a set of yields."""
    species = {s.name: s for s in draft.species}
    total: dict[str, float] = {"H": 0.0, "O": 0.0, "charge": 0.0}
    for name, v in values.items():
        for element, n in {**species[name].composition, "charge": species[name].charge}.items():
            total[element] = total.get(element, 0.0) + n * (v or 0.0)
    total["H"] -= 2.0 * total["O"]
    return all(abs(v) < 1e-9 for element, v in total.items() if element != "O")


def electrolyte(draft: Draft) -> str:
    """Write initial concentrations as the [electrolyte] section of a case file.

    Examples
    --------
    >>> d = Draft("x", [], "excluded", frozenset(), 55.56, [], [], [("O2", Row(2, "O2", 2.55e-4))], None)
    >>> print(electrolyte(d))
    [electrolyte]
    mechanism = "x.toml"
    concentrations = { O2 = "0.000255 mol/L" }
    """
    start = {name: row.concentration for name, row in draft.rows if row.concentration}
    lines = ["[electrolyte]", f"mechanism = {_text(f'{draft.name}.toml')}"]
    if h := start.get("H+"):
        lines.append(f"pH = {round(-math.log10(h), 4):g}")
    solutes = [f'{_key(s)} = "{figures(c)} mol/L"' for s, c in start.items() if s not in ("H2O", "H+", "OH-")]
    if solutes:
        lines.append(f"concentrations = {{ {', '.join(solutes)} }}")
    return "\n".join(lines)

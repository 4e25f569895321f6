"""Field types of the input models: each turns what a user wrote into SI, or says what would be right.

A field type is put into an annotation: ``Annotated[float, Measure("length", above=0.0)]``. All of them raise one
kind of pydantic error, ``simcell``, that carries reason and example, so that no message of pydantic reaches a user.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from simcell import units

MAX_LIST = 100_000
_SLACK = 1e-12  # a bound of 30 kV and a written "30 kV" may differ in the last bit


class Model(BaseModel):
    """A frozen part of a case: unknown keys are refused, nothing changes after it is made.

    Examples
    --------
    >>> Model.model_config["extra"]
    'forbid'
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False, hide_input_in_errors=True)


def refuse(reason: str, example: str = "") -> NoReturn:
    """Raise the one error that field types raise.

    Examples
    --------
    >>> refuse("is empty", '"water"')
    Traceback (most recent call last):
    pydantic_core._pydantic_core.PydanticCustomError: is empty
    """
    raise PydanticCustomError("simcell", "{reason}", {"reason": reason, "example": example})


class FieldType:
    """What all field types share: `check` does the work, pydantic calls it.

    Examples
    --------
    >>> issubclass(Flag, FieldType)
    True
    """

    def check(self, value: Any) -> Any:
        """Return the checked value, or `refuse` it."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let `check` be the whole validation of the field."""
        return core_schema.no_info_plain_validator_function(self.check)


@dataclass(frozen=True)
class Measure(FieldType):
    """A quantity with a unit; bounds in SI, with the words that a user reads when one is crossed.

    Examples
    --------
    >>> Measure("length", above=0.0).check("500 nm")
    5e-07
    """

    kind: str
    above: float = -math.inf
    minimum: float = -math.inf
    maximum: float = math.inf
    bounds: str = ""
    example: str = ""

    def check(self, value: Any) -> float:
        """Return the value in SI units."""
        own = f'"{self.example}"' if self.example else ""
        try:
            number = units.parse(value, self.kind)
        except units.UnitError as error:
            generic = f'"{units.kinds()[self.kind].example}"'
            refuse(error.reason, own if own and error.example == generic else error.example)
        low, high = self.minimum * (1 - _SLACK), self.maximum * (1 + _SLACK)
        if not (self.above < number and (low <= number <= high)):
            refuse(self.bounds or "must be above zero", own or f'"{units.kinds()[self.kind].example}"')
        return number


@dataclass(frozen=True)
class Number(FieldType):
    """A number without a unit.

    Examples
    --------
    >>> Number(-1.0, 15.0).check(7)
    7.0
    """

    minimum: float = -math.inf
    maximum: float = math.inf
    bounds: str = ""
    example: str = "1.0"

    def check(self, value: Any) -> float:
        """Return the value as a float."""
        if isinstance(value, str):
            refuse("is a plain number, written without quotes and without a unit", self.example)
        try:
            number = units.parse(value, "number")
        except units.UnitError as error:
            refuse(error.reason, self.example)
        if not self.minimum <= number <= self.maximum:
            refuse(self.bounds or f"must be from {self.minimum:g} to {self.maximum:g}", self.example)
        return number


@dataclass(frozen=True)
class Whole(FieldType):
    """A whole number; `also` admits one value below the minimum (0 for "none").

    Examples
    --------
    >>> Whole(2, 100, also=0).check(64)
    64
    """

    minimum: int
    maximum: int
    example: str = "1"
    also: int | None = None

    def check(self, value: Any) -> int:
        """Return the value as an int; a float is none, even if it is whole."""
        if isinstance(value, bool) or not isinstance(value, int):
            refuse("must be a whole number, without quotes, point or unit", self.example)
        if value != self.also and not self.minimum <= value <= self.maximum:
            other = "" if self.also is None else f"{self.also}, or "
            refuse(f"must be {other}from {self.minimum} to {self.maximum}", self.example)
        return value


@dataclass(frozen=True)
class Flag(FieldType):
    """True or false.

    Examples
    --------
    >>> Flag().check(True)
    True
    """

    def check(self, value: Any) -> bool:
        """Return the value if it is a bool."""
        if not isinstance(value, bool):
            refuse("must be true or false, without quotes", "true")
        return value


@dataclass(frozen=True)
class Text(FieldType):
    """Text that is not empty unless `empty` says so.

    Examples
    --------
    >>> Text('"water"').check("water")
    'water'
    """

    example: str
    empty: bool = False
    longest: int = 1000

    def check(self, value: Any) -> str:
        """Return the value if it is text of a sensible length."""
        if not isinstance(value, str):
            refuse("must be text in quotes", self.example)
        if not value.strip() and not self.empty:
            refuse("is empty", self.example)
        if len(value) > self.longest:
            refuse(f"is longer than {self.longest} characters", self.example)
        if not value.isprintable():
            refuse("has a character that cannot be printed", self.example)
        return value


@dataclass(frozen=True)
class Choice(FieldType):
    """One of a few words; `later` are those of the design that this version does not do.

    Examples
    --------
    >>> Choice(("tem", "stem")).check("tem")
    'tem'
    """

    words: tuple[str, ...]
    later: tuple[str, ...] = ()

    def check(self, value: Any) -> str:
        """Return the value if it is one of the words."""
        known = " or ".join(f'"{word}"' for word in self.words)
        example = f'"{self.words[0]}"'
        if isinstance(value, str) and value in self.words:
            return value
        if isinstance(value, str) and value in self.later:
            refuse("is not available in this version", example)
        near = difflib.get_close_matches(str(value).casefold(), [w.casefold() for w in self.words], 1, 0.6)
        if near:
            refuse(f'must be {known}; did you mean "{self._original(near[0])}"?')
        refuse(f"must be {known}", example)

    def _original(self, folded: str) -> str:
        return next(word for word in self.words if word.casefold() == folded)


@dataclass(frozen=True)
class Frame(FieldType):
    """Two whole numbers: the pixels of a scan, fast direction first.

    Examples
    --------
    >>> Frame().check([1024, 768])
    (1024, 768)
    """

    largest: int = 65536

    def check(self, value: Any) -> tuple[int, int]:
        """Return (nx, ny)."""
        form = "must be two whole numbers, pixels along x and y"
        if not isinstance(value, list | tuple) or len(value) != 2:
            refuse(form, "[1024, 1024]")
        if any(isinstance(n, bool) or not isinstance(n, int) for n in value):
            refuse(form, "[1024, 1024]")
        if any(not 1 <= n <= self.largest for n in value):
            refuse(f"each number of pixels must be from 1 to {self.largest}", "[1024, 1024]")
        return (value[0], value[1])


class Frozen(dict[str, float]):
    """A dictionary that does not change and can be hashed, because a case is its own identity.

    Examples
    --------
    >>> Frozen(O2=0.255)["O2"]
    0.255
    >>> Frozen(O2=0.255).clear()
    Traceback (most recent call last):
    TypeError: a case does not change; use Case.replace
    """

    def _fixed(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("a case does not change; use Case.replace")

    __setitem__ = __delitem__ = update = clear = pop = popitem = setdefault = __ior__ = _fixed

    def __hash__(self) -> int:  # type: ignore[override]
        """Hash of the content, in whatever order it was written."""
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through the constructor, as items cannot be set one by one."""
        return (Frozen, (dict(self),))


class Words(dict[str, str]):
    """A dictionary of words that can be hashed.

    Examples
    --------
    >>> hash(Words(a="b")) == hash(Words(a="b"))
    True
    """

    def __hash__(self) -> int:  # type: ignore[override]
        """Hash of the content, in whatever order it was written."""
        return hash(frozenset(self.items()))


@dataclass(frozen=True)
class Named(FieldType):
    """A table from names to words, such as ``{ working = "1/0" }``.

    Examples
    --------
    >>> Named().check({"working": "1/0"})
    {'working': '1/0'}
    """

    example: str = '{ working = "1/0", counter = "2/0" }'

    def check(self, value: Any) -> Words:
        """Return the table."""
        if not isinstance(value, Mapping) or not value:
            refuse("must be a table of names and words", self.example)
        if not all(isinstance(v, str) and v.strip() for pair in value.items() for v in pair):
            refuse("holds something that is no word in quotes", self.example)
        return Words(value)


@dataclass(frozen=True)
class Each(FieldType):
    """A table from names to quantities of one kind, such as ``{ O2 = "0.255 mmol/L" }``.

    Examples
    --------
    >>> Each(Measure("concentration"), '{ O2 = "0.255 mmol/L" }').check({"O2": "1 mM"})
    {'O2': 1.0}
    """

    item: Measure | Number
    example: str

    def check(self, value: Any) -> Frozen:
        """Return the table in SI units; the first wrong entry is named in the message of `problems`."""
        if not isinstance(value, Mapping):
            refuse("must be a table of names and quantities", self.example)
        found: dict[str, float] = {}
        wrong: list[dict[str, Any]] = []
        for name, text in value.items():
            try:
                found[_species_name(name, self.example)] = self.item.check(text)
            except PydanticCustomError as error:
                wrong.append({"key": str(name), "value": text, **(error.context or {})})
        if wrong:
            raise PydanticCustomError("simcell_each", "wrong entries", {"wrong": wrong})
        return Frozen(found)


def _species_name(name: Any, example: str) -> str:
    if not isinstance(name, str) or not name.strip():
        refuse("a species needs a name", example)
    if name != name.strip() or any(c.isspace() for c in name) or not name.isprintable():
        refuse("the name of a species has no blanks", example)
    return name

"""Rules between keys: told together with everything else that is wrong, on whatever is right so far.

Pydantic checks a model as a whole only when all of its fields are right. A user wants all problems at once, so rules
are plain functions of what was written (`Given.wrote`) and of the values that passed (`Given.value`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Rule(NamedTuple):
    """One broken rule: key, value as written, reason, right example.

    Examples
    --------
    >>> Rule("beam.pulses", None, "excludes beam.schedule").key
    'beam.pulses'
    """

    key: str
    value: Any
    reason: str
    example: str = ""


@dataclass(frozen=True)
class Given:
    """What a user wrote, section by section, and those values that passed their own check.

    Examples
    --------
    >>> given = Given({"beam": {"energy": "300"}}, {"beam": {"mode": "tem"}}, {})
    >>> given.wrote("beam", "energy"), given.value("beam", "energy"), given.value("beam", "mode")
    (True, None, 'tem')
    """

    written: Mapping[str, Mapping[str, Any]]
    values: Mapping[str, Mapping[str, Any]]
    examples: Mapping[str, Mapping[str, str]]

    def wrote(self, section: str, key: str) -> bool:
        """Whether the key stands in the file, right or wrong."""
        return key in self.written.get(section, {})

    def raw(self, section: str, key: str) -> Any:
        """Return the value as it was written."""
        return self.written.get(section, {}).get(key)

    def value(self, section: str, key: str) -> Any:
        """Return the checked value or the default; None where the written one is wrong."""
        return self.values.get(section, {}).get(key)

    def example(self, section: str, key: str) -> str:
        """Return a right value of the key."""
        return self.examples.get(section, {}).get(key, "")


Check = Callable[[Given], Iterator[Rule]]

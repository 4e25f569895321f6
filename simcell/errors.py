"""The errors that simcell raises on purpose, and how they are told to a user.

Everything a user can cause derives from `SimcellError` and carries the exit code of the command line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input: where, what, why, and what would be right.

    Examples
    --------
    >>> print(Problem("case.toml", "beam.energy", "300", "needs a unit", '"300 kV"'))
    case.toml: beam.energy = "300": needs a unit, for example "300 kV"
    """

    file: str
    key: str
    value: object
    reason: str
    example: str = ""

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.key) if part)
        shown = "" if self.value is None else f" = {_shown(self.value)}"
        hint = f", for example {self.example}" if self.example else ""
        return f"{place}{shown}: {self.reason}{hint}" if place else f"{self.reason}{hint}"


def _shown(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    text = text.replace("\n", "\\n")
    return text if len(text) <= 80 else text[:77] + "..."


class SimcellError(Exception):
    """Base of all errors that simcell raises on purpose; `exit_code` is the command line's.

    Examples
    --------
    >>> SimcellError("no").exit_code
    2
    """

    exit_code = 2


class _ProblemsError(SimcellError):
    def __init__(self, problems: Iterable[Problem] | Problem | str):
        if isinstance(problems, str):
            problems = [Problem("", "", None, problems)]
        elif isinstance(problems, Problem):
            problems = [problems]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class InputError(_ProblemsError):
    """Something the user gave is wrong; holds every `Problem` found, not just the first.

    Examples
    --------
    >>> InputError("no such file").problems[0].reason
    'no such file'
    """


class MechanismError(_ProblemsError):
    """A reaction mechanism is refused; each `Problem` names the reaction.

    Examples
    --------
    >>> MechanismError("unbalanced").exit_code
    2
    """


class SolverError(SimcellError):
    """A solver gave up; the message names time, species and numbers.

    `partial` holds what was computed until then: a trajectory from a solver, a result tree from a run.

    Examples
    --------
    >>> SolverError("step size underflow").exit_code
    3
    """

    exit_code = 3

    def __init__(self, message: str, partial: object = None):
        super().__init__(message)
        self.partial = partial


class ResultError(SimcellError):
    """A result could not be written or read, or breaks the result contract.

    Examples
    --------
    >>> ResultError("not declared").exit_code
    2
    """

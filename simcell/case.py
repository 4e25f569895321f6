"""A case: read it, change it, resolve it to SI, run it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcell import units
from simcell.errors import InputError
from simcell.inputs.case import RECORD_KEY, CaseInput, from_record, parse_case, record_hash, resolved
from simcell.inputs.overrides import apply_set, put
from simcell.inputs.read import parse_toml, read_toml

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False)
class Case:
    """A checked description of one run; it never changes, `replace` gives a new one.

    Two cases are equal if they resolve to the same SI record, in whatever units they were written. Make one with
    `read`, `from_toml` or `from_dict`.

    Attributes
    ----------
    input : CaseInput
        All sections, checked, in SI units.
    data : mapping
        What was written.
    file : str
        Name of the case file for messages; empty if there is none.
    folder : Path or None
        Folder of the case file, from which paths in it start.

    Examples
    --------
    >>> case = Case.from_dict({"case": {"duration": "100 s"}, "beam": {"dose_rate": "7.5e7 Gy/s"}})
    >>> case.replace("beam.dose_rate", "1 MGy/s").input.beam.dose_rate
    1000000.0
    >>> case == case.replace("beam.dose_rate", "75 MGy/s")
    True
    """

    input: CaseInput
    data: Mapping[str, Any] = field(repr=False)
    file: str = ""
    folder: Path | None = None

    @classmethod
    def read(cls, path: str | Path, changes: Iterable[str] = ()) -> Case:
        """Read a case file.

        Parameters
        ----------
        path : str or Path
            A TOML file, UTF-8.
        changes : iterable of str
            ``key=value`` as after ``--set``, applied before anything is checked.

        Returns
        -------
        Case

        Raises
        ------
        InputError
            With every problem of the file.

        Examples
        --------
        >>> Case.read("missing.toml")
        Traceback (most recent call last):
        simcell.errors.InputError: missing.toml: there is no such file
        """
        return cls._made(read_toml(path), str(path), Path(path).parent, changes)

    @classmethod
    def from_toml(cls, text: str, changes: Iterable[str] = ()) -> Case:
        """Take the text of a case file.

        Examples
        --------
        >>> Case.from_toml('''
        ... case.duration = "1 s"
        ... beam.dose_rate = "1 Gy/s"
        ... ''').input.case.duration
        1.0
        """
        return cls._made(parse_toml(text), "", None, changes)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], changes: Iterable[str] = ()) -> Case:
        """Take sections and keys as a dictionary, or the record of a case (`record`).

        Quantities may be text with a unit or pint quantities.

        Examples
        --------
        >>> case = Case.from_dict({"case": {"duration": "1 s"}, "beam": {"dose_rate": "1 Gy/s"}})
        >>> Case.from_dict(case.record) == case
        True
        """
        if isinstance(data, Mapping) and RECORD_KEY in data:
            data = from_record(data)
        return cls._made(_as_text(data), "", None, changes)

    @classmethod
    def _made(cls, data: Mapping[str, Any], file: str, folder: Path | None, changes: Iterable[str]) -> Case:
        changed = list(changes)
        for text in changed:
            data = apply_set(data, text)
        try:
            return cls(parse_case(data, file=file, folder=folder), data, file, folder)
        except InputError as error:
            raise _blamed(error, [text.partition("=")[0].strip() for text in changed], "--set") from None

    def replace(self, key: str, value: Any) -> Case:
        """Change one key, and check the whole case again.

        Parameters
        ----------
        key : str
            With dots: ``"beam.dose_rate"``, ``"electrolyte.concentrations.O2"``, ``"beam.schedule.0.to"``.
        value : object
            As in a file: text with a unit, a number, a list; or a pint quantity. None takes the key away.
            A key that answers the same question is dropped: a new `beam.dose_rate` replaces `beam.current`.

        Returns
        -------
        Case

        Raises
        ------
        InputError
            If the new case is not right.

        Examples
        --------
        >>> case = Case.from_toml('case.duration = "1 s"\\nbeam.dose_rate = "1 Gy/s"')
        >>> case.replace("electrolyte.pH", 3).input.electrolyte.pH
        3.0
        """
        return self.replace_all({key: value})

    def replace_all(self, changes: Mapping[str, Any]) -> Case:
        """Change several keys at once, one after another, and check the whole case when all are in place.

        Parameters
        ----------
        changes : mapping
            Key -> value, as in `replace`.

        Returns
        -------
        Case

        Raises
        ------
        InputError
            If the new case is not right.

        Examples
        --------
        >>> case = Case.from_toml('case.duration = "1 s"\\nbeam.dose_rate = "1 Gy/s"')
        >>> case.replace_all({"electrolyte.pH": 3, "beam.dose_rate": "2 Gy/s"}).input.beam.dose_rate
        2.0
        """
        data = dict(self.data)
        for key, value in changes.items():
            data = put(data, key, _as_text(value))
        try:
            return dataclasses.replace(self, input=parse_case(data, file=self.file, folder=self.folder), data=data)
        except InputError as error:
            raise _blamed(error, list(changes), "") from None

    @cached_property
    def record(self) -> dict[str, Any]:
        """The case in SI units as plain JSON types; what a result stores and what names a run.

        Examples
        --------
        >>> Case.from_toml('case.duration = "1 ms"\\nbeam.dose_rate = "1 Gy/s"').record["case"]["duration"]
        0.001
        """
        return resolved(self.input)

    @property
    def hash(self) -> str:
        """Sixteen hexadecimal digits that name the record.

        Examples
        --------
        >>> len(Case.from_toml('case.duration = "1 ms"\\nbeam.dose_rate = "1 Gy/s"').hash)
        16
        """
        return record_hash(self.record)

    def run(self, progress: Callable[[float], None] | None = None) -> xarray.DataTree:
        """Run the case.

        Parameters
        ----------
        progress : callable, optional
            Called with the fraction that is done.

        Returns
        -------
        xarray.DataTree
            Groups ``/beam``, ``/cell`` and ``/radiolysis``, in SI units.

        Raises
        ------
        MechanismError, InputError
            If mechanism and case do not fit.
        SolverError
            If the solver gives up.

        Examples
        --------
        >>> case = Case.from_toml('case.duration = "1 s"\\nbeam.dose_rate = "1e6 Gy/s"')
        >>> tree = case.run()  # doctest: +SKIP
        """
        from simcell.studies.run import run_case

        return run_case(self, progress=progress)

    def __eq__(self, other: object) -> bool:
        """Equal records make equal cases; folders count where a mechanism is a path."""
        if not isinstance(other, Case):
            return NotImplemented
        return self.record == other.record and self.folder == other.folder

    def __hash__(self) -> int:
        """Hash of the record."""
        return hash(self.hash)


def _as_text(value: Any) -> Any:
    """Write quantities as text, so that what a case keeps is what a file could hold."""
    if isinstance(value, Mapping):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(item) for item in value]
    return units.as_text(value) if hasattr(value, "magnitude") and hasattr(value, "units") else value


def _blamed(error: InputError, keys: list[str], name: str) -> InputError:
    """Say that a value came from a change, not from the file."""

    def own(key: str) -> bool:
        return any(key == changed or key.startswith((f"{changed}.", f"{changed}[")) for changed in keys)

    return InputError(dataclasses.replace(p, file=name) if own(p.key) else p for p in error.problems)

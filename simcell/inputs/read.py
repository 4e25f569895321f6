"""From a case file to plain data: every way in which a file can be no TOML gets one clear message."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, NoReturn

from simcell.errors import InputError, Problem
from simcell.inputs.messages import printable

MAX_BYTES = 10_000_000
_BYTE_ORDER_MARKS = {b"\xff\xfe\x00\x00": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_RESULTS = (b"\x89HDF", b"CDF\x01", b"CDF\x02", b"CDF\x05")


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If there is no such file, or if it is no UTF-8 text, no TOML, empty or too large.

    Examples
    --------
    >>> read_toml("no/such/case.toml")
    Traceback (most recent call last):
    simcell.errors.InputError: no/such/case.toml: there is no such file
    """
    file = str(path)
    return parse_toml(_decode(_content(Path(path), file), file), file=file)


def _content(path: Path, file: str) -> bytes:
    try:
        if path.is_dir():
            _refuse(file, "is a folder; a case file is expected")
        if not path.exists():
            _refuse(file, "there is no such file")
        if not path.is_file():
            _refuse(file, "is not a plain file")
        if path.stat().st_size > MAX_BYTES:
            _refuse(file, f"is larger than {MAX_BYTES // 1_000_000} MB, which no case file is")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # no permission, a name that is too long or holds a null character
        _refuse(file, f"cannot be read ({getattr(error, 'strerror', None) or error})")


def _decode(content: bytes, file: str) -> str:
    for mark, name in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            _refuse(file, f"is {name} text; save it as UTF-8")
    if content.startswith(_RESULTS):
        _refuse(file, "is a result, not a case file; a result is named .nc")
    if b"\x00" in content:
        _refuse(file, "is not text (it holds null bytes); a case file is UTF-8 text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        byte = content[error.start]
        _refuse(file, f"is not UTF-8 text (byte 0x{byte:02x} at line {line}, column {column}); save it as UTF-8")


def parse_toml(text: str, *, file: str = "") -> dict[str, Any]:
    """Read TOML text.

    Parameters
    ----------
    text : str
    file : str
        Name for messages.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        With line and column.

    Examples
    --------
    >>> parse_toml("[beam]\\nenergy = 300 kV", file="case.toml")
    Traceback (most recent call last):
    simcell.errors.InputError: case.toml: line 2, column 14 = "energy = 300 kV": is not TOML ...
    """
    try:
        data = tomllib.loads(text)
    except RecursionError:
        _refuse(file, "is nested too deeply")
    except ValueError as error:
        raise InputError(_syntax_problem(text, str(error), file)) from None
    if not data:
        _refuse(file, "is empty: it holds no section and no key")
    return data


def _syntax_problem(text: str, message: str, file: str) -> Problem:
    match = re.search(r"\(at line (\d+), column (\d+)\)", message)
    said = re.sub(r"\s*\(at .*\)$", "", message)
    lines = text.split("\n")
    if match is not None:
        line, column = int(match[1]), int(match[2])
    elif "end of document" in message:
        line, column = len(lines), len(lines[-1]) + 1
    else:
        return Problem(file, "", None, "is not TOML (a number in it has thousands of digits)")
    written = lines[line - 1].strip()[:200] if line <= len(lines) else ""
    reason, example = _syntax_reason(said, written, at_end=match is None)
    return Problem(file, f"line {line}, column {column}", printable(written) or None, reason, example)


def _syntax_reason(said: str, written: str, at_end: bool) -> tuple[str, str]:
    assignment = re.match(r"([\w.-]+)\s*=\s*([^\"'\[{#]+)", written)
    if re.search("overwrite|twice|mutate|already", said):
        return "is not TOML (this key or section stands there a second time)", ""
    if assignment and re.search(r"[A-Za-z°µμÅ%,]", assignment[2]):
        right = f'{assignment[1]} = "{assignment[2].strip()}"'
        return f"is not TOML ({said}); text and quantities stand in quotes", right
    if at_end or "Unterminated" in said or "Unclosed" in said:
        return f"is not TOML ({said}); a quote or bracket is not closed, or a value is missing", ""
    return f"is not TOML ({said})", ""


def _refuse(file: str, reason: str) -> NoReturn:
    raise InputError(Problem(file, "", None, reason))

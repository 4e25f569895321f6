"""`simcell new`: write a commented case that runs as it is."""

from __future__ import annotations

import difflib
from pathlib import Path

import typer

from simcell.commands import aurach
from simcell.commands.shared import FORCE, note, output_path
from simcell.errors import InputError, Problem


def new(
    what: str = typer.Argument(
        ..., metavar="TEMPLATE", help="What to begin with: radiolysis, space, transport, cv, or mechanism."
    ),
    output: Path | None = typer.Option(None, "--output", "-o", help="The file to write: case.toml, or mechanism.toml."),
    force: bool = FORCE,
    from_aurach: Path | None = aurach.FROM_AURACH,
    conditions: Path | None = aurach.CONDITIONS,
    water: str | None = aurach.WATER,
    other_lines: str | None = aurach.EXCEPT,
    uncertainty: float | None = aurach.UNCERTAINTY,
    formula: list[str] | None = aurach.FORMULA,
) -> None:
    """Write a commented case file that runs as it is, or import a mechanism.

    \b
    Examples:
      simcell new radiolysis
      simcell new radiolysis -o cases/aerated.toml
      simcell new space -o around.toml
      simcell new transport -o strips.toml
      simcell new cv -o cv.toml
      simcell new mechanism --from-aurach reactions.txt --conditions conditions.txt -o mine.toml
    """
    from simcell.results.files import atomic

    if what == "mechanism":
        return aurach.import_aurach(
            from_aurach, output or Path("mechanism.toml"), conditions=conditions, water=water, other_lines=other_lines,
            uncertainty=uncertainty, formulas=formula or (), force=force,
        )  # fmt: skip
    aurach.refuse_without_mechanism(from_aurach, conditions, water, other_lines, uncertainty, formula)
    output = output or Path("case.toml")
    text = template(what)
    with atomic(output_path(output, force, suffixes=(".toml",)), overwrite=force) as temporary:
        temporary.write_text(text, encoding="utf-8")
    note(f"wrote {output}\nnext: simcell check {output}")


def template(name: str) -> str:
    """Return the text of a template by name.

    Parameters
    ----------
    name : str
        A file of `simcell/data/templates`, without its ending.

    Returns
    -------
    str

    Raises
    ------
    InputError
        Where there is no such template; names those there are.

    Examples
    --------
    >>> "[beam]" in template("radiolysis")
    True
    """
    from importlib.resources import files

    folder = files("simcell") / "data" / "templates"
    known = sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise InputError(Problem("", "TEMPLATE", name, f"templates are: {', '.join(known)}{hint}"))
    return (folder / f"{name}.toml").read_text(encoding="utf-8")

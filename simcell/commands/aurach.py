"""`simcell new mechanism --from-aurach`: import a reaction file of AuRaCh after asking what its constants mean."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from simcell.commands.shared import note, output_path, table
from simcell.errors import InputError, Problem

if TYPE_CHECKING:
    from simcell.inputs.aurach import AurachImport

FROM_AURACH = typer.Option(None, "--from-aurach", help="mechanism: the AuRaCh reaction file to import.")
CONDITIONS = typer.Option(None, "--conditions", help="mechanism: its file of concentrations and G-values.")
WATER = typer.Option(
    None, "--water", metavar="excluded|included", help="mechanism: is [H2O] divided out of the constants, or not?"
)
EXCEPT = typer.Option(None, "--except", metavar="1,7", help="mechanism: lines of the other water convention.")
UNCERTAINTY = typer.Option(None, "--uncertainty", metavar="1.15", help="mechanism: 1-sigma factor of all constants.")
FORMULA = typer.Option(
    None, "--formula", metavar="NAME=C4H10O", help="mechanism: what a name stands for; may be repeated."
)


def import_aurach(
    reactions: Path | None,
    output: Path,
    *,
    conditions: Path | None = None,
    water: str | None = None,
    other_lines: str | None = None,
    uncertainty: float | None = None,
    formulas: Sequence[str] = (),
    force: bool = False,
) -> None:
    """Import a reaction file, say what the water convention touches, and write the mechanism if it holds together."""
    from simcell.inputs.aurach import CONVENTIONS, read_aurach
    from simcell.results.files import atomic

    if reactions is None:
        raise InputError(Problem("", "--from-aurach", None, "names the file to import", "--from-aurach reactions.txt"))
    if water is not None and water not in CONVENTIONS:
        raise InputError(Problem("", "--water", water, "is not a convention", "excluded or included"))
    target = output_path(output, force, suffixes=(".toml",))
    read = partial(
        read_aurach, reactions, conditions,
        name=output.stem, other_lines=_numbers(other_lines), uncertainty=uncertainty, formulas=_formulas(formulas),
    )  # fmt: skip
    found = read(water=water or "excluded")
    show_touched(found)
    if water is None and found.touched:
        chosen = ask() if sys.stdin.isatty() else told_default()
        if chosen != found.water:
            found = read(water=chosen)
    show_rest(found)
    with atomic(target, overwrite=force) as temporary:
        temporary.write_text(found.toml, encoding="utf-8")
    note(f"wrote {output}; water convention: {found.water}")
    note(
        f'next: name it under [electrolyte] of a case: mechanism = "{output.as_posix()}" (from the case file\'s folder)'
    )


def refuse_without_mechanism(*values: object) -> None:
    """Refuse options of the import, in the order of `new`, where a template was asked for."""
    names = ("--from-aurach", "--conditions", "--water", "--except", "--uncertainty", "--formula")
    if given := [name for name, value in zip(names, values, strict=True) if value]:
        raise InputError(
            Problem("", given[0], None, "belongs to an import", "simcell new mechanism --from-aurach reactions.txt")
        )


def show_touched(found: AurachImport) -> None:
    """Print the lines that list water, with what their constant is under both conventions."""
    if not found.touched:
        typer.echo("No line has H2O on its left: the water convention makes no difference.")
        return
    header = ("line", "reaction", "water excluded", "water included", "simcell's own")
    rows = [(str(t.line), t.equation, t.excluded, t.included, t.agrees or "-") for t in found.touched]
    typer.echo(table(rows, header))


def show_rest(found: AurachImport) -> None:
    """Print the remarks and the lines for a case file."""
    typer.echo("\n".join(["", *(f"- {remark}" for remark in found.remarks)]))
    if found.electrolyte:
        typer.echo(f"\nFor the case file:\n\n{found.electrolyte}\n")


def ask() -> str:
    """Ask at the terminal which convention holds, until the answer is one."""
    while True:
        note("Is [H2O] divided out of the constants above (excluded), or does it multiply them (included)?")
        answer = str(typer.prompt("water", default="excluded", err=True)).strip().lower()
        if answer in ("excluded", "included"):
            return answer


def told_default() -> str:
    """Choose without asking, and say so."""
    note("water convention not given (--water): taken as excluded, [H2O] divided out of the constants")
    return "excluded"


def _numbers(text: str | None) -> list[int]:
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    if bad := [word for word in words if not word.isdecimal()]:
        raise InputError(Problem("", "--except", bad[0], "is not a line number", "--except 1,7,30"))
    return [int(word) for word in words]


def _formulas(texts: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, formula = text.rpartition("=")
        if not (equals and name.strip() and formula.strip()):
            raise InputError(Problem("", "--formula", text, "says what a name stands for", '"HROH=C4H10O"'))
        pairs[name.strip()] = formula.strip()
    return pairs

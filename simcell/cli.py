"""The command `simcell`: what every command shares. The commands themselves live in `simcell.commands`.

Nothing heavy is imported here or at module level of the commands, so that help and a typing error
answer at once.
"""

from __future__ import annotations

import sys
from typing import Any

import typer

from simcell import __version__
from simcell.commands.check import check
from simcell.commands.controls import controls
from simcell.commands.design import design
from simcell.commands.dose import dose
from simcell.commands.fit import fit
from simcell.commands.gauge import gauge
from simcell.commands.info import info
from simcell.commands.limit import limit
from simcell.commands.new import new
from simcell.commands.plot import plot
from simcell.commands.run import run
from simcell.commands.shape import shape
from simcell.commands.sweep import sweep
from simcell.errors import SimcellError

INTERRUPTED = 130
BUG = 1

app = typer.Typer(
    name="simcell",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"simcell {__version__}")
        raise typer.Exit


@app.callback()
def _simcell(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and stop."
    ),
) -> None:
    """What the electron beam does to the liquid in a liquid-cell electron microscope.

    \b
    simcell dose --energy 300kV --flux "10 e/angstrom^2/s"   dose rate of these settings
    simcell new radiolysis -o case.toml                      a commented case that runs as it is
    simcell run case.toml -o out.nc                          species, pH and gas against time
    simcell limit case.toml --keep "H2<1 sat"                how much beam is allowed
    simcell design case.toml --vary electrode.counter.gap=20um..200um:9   what another cell would do
    simcell sweep case.toml --vary electrolyte.pH=3,5,7      many runs, here or on a cluster
    simcell fit case.toml --data on.csv --free ...           values of a case from measured traces

    Exit codes: 0 done, 2 bad input, 3 the solver failed, 4 some runs failed, 130 interrupted.
    """


for command in (new, check, dose, limit, design, run, controls, sweep, fit, plot, shape, gauge, info):
    app.command()(command)


def main() -> None:
    """Run the command line and leave with its exit code.

    Examples
    --------
    >>> import simcell.cli
    >>> simcell.cli.execute(["--version"])
    simcell 0.1.0
    0
    """
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: list[str]) -> int:
    """Run one command line and return its exit code; errors become a message on stderr.

    Parameters
    ----------
    arguments : list of str
        What stands behind `simcell` in the shell.

    Returns
    -------
    int
        0 done, 2 bad input, 3 solver failed, 4 some runs failed, 130 interrupted, 1 a bug.

    Examples
    --------
    >>> execute(["dose", "--energy", "300 kV", "--flux", "10 e/angstrom^2/s"])  # doctest: +ELLIPSIS
    dose rate ...
    0
    """
    _forgive_old_consoles()
    debug = "--debug" in arguments
    # `simcell run case.toml --debug` is what people type; the option belongs to all commands.
    arguments = ["--debug"] * debug + [a for a in arguments if a != "--debug"]
    try:
        code = app(args=arguments, prog_name="simcell", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, typer.Abort):
        return _tell("interrupted", INTERRUPTED)
    except SimcellError as error:
        if debug:
            raise
        return _tell(str(error), error.exit_code)
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error, err=True)
            return 2
        if _is_usage(error):
            return _tell(_usage(error), 2)
        if debug:
            raise
        return _tell(_unexpected(error), 2 if isinstance(error, OSError) else BUG)


def _forgive_old_consoles() -> None:
    """Let a console that lacks a letter (cp1252 has no Ω or →) print a substitute instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _tell(message: str, code: int) -> int:
    for line in message.splitlines():
        print(f"simcell: {line}", file=sys.stderr)
    return code


def _is_usage(error: Exception) -> bool:
    """Tell whether the option parser complains; its classes moved between versions of typer."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _usage(error: Any) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "simcell"
    text = " ".join(error.format_message().split())
    return f"{text} Try: {path} --help"


def _unexpected(error: Exception) -> str:
    kind = type(error).__name__
    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
    if isinstance(error, MemoryError):
        return "not enough memory for this case; ask for fewer output times, samples or runs"
    detail = " ".join(str(error).split()) or "no message"
    return f"this is a bug in simcell: {kind}: {detail[:300]} (run again with --debug for the traceback)"

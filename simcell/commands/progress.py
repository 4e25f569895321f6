"""Long work at the command line: a progress bar, and a Ctrl-C that is not lost.

What ends a job on a cluster (SIGTERM) and Ctrl-Break of a Windows console are taken as Ctrl-C, so that what was reached
is kept.

Python turns Ctrl-C into `KeyboardInterrupt` at whatever line it happens to be. Where that line belongs to a
destructor, a weak reference or a callback of the compiler, Python prints the exception and drops it, and the run
would go on. So Ctrl-C is also written down, and the next report of progress raises it again.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from simcell.errors import SimcellError


@contextmanager
def progress_bar(title: str, quiet: bool = False) -> Iterator[Callable[[float], None]]:
    """Follow something long: a bar on stderr where that is a terminal, and a Ctrl-C that is not lost.

    Parameters
    ----------
    title : str
        What runs.
    quiet : bool
        Show nothing.

    Yields
    ------
    callable
        To be called with the fraction done, 0 to 1. Raises KeyboardInterrupt once Ctrl-C was pressed.

    Examples
    --------
    >>> with progress_bar("run", quiet=True) as tell:
    ...     tell(0.5)
    """
    with _interrupts() as look:
        if quiet or not sys.stderr.isatty():
            yield lambda fraction: look()
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=1.0)

            def tell(fraction: float) -> None:
                bar.update(task, completed=min(1.0, fraction))
                look()

            yield tell


@contextmanager
def _interrupts() -> Iterator[Callable[[], None]]:
    """Write Ctrl-C down as long as the context lasts; yields a function that raises it again."""
    pressed = threading.Event()

    def press(number: int, frame: FrameType | None) -> None:
        pressed.set()
        raise KeyboardInterrupt

    def look() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    before = {}
    if threading.current_thread() is threading.main_thread():  # only this one may set a handler
        names = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last one on Windows only
        before = {s: signal.getsignal(s) for s in (getattr(signal, name, None) for name in names) if s is not None}
    # Who has set a handler of their own (or ignores Ctrl-C) keeps it.
    ours = [s for s, handler in before.items() if handler in (signal.default_int_handler, signal.SIG_DFL)]
    for number in ours:
        signal.signal(number, press)
    try:
        yield look
    except Exception as error:
        if pressed.is_set() and not isinstance(error, SimcellError):  # what an interrupt inside the compiler leads to
            raise KeyboardInterrupt from error
        raise
    finally:
        for number in ours:
            signal.signal(number, before[number])

"""A Ctrl-C that Python drops must still stop the run."""

from __future__ import annotations

import signal
import weakref

import pytest

from simcell.commands.progress import progress_bar


class Thing:
    """Something that a weak reference can point to."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_interrupt_that_python_drops_is_raised_by_the_next_report() -> None:
    """An exception in the callback of a weak reference is printed and dropped; the next report raises it."""
    thing = Thing()
    watch = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
    with progress_bar("run", quiet=True) as tell:
        tell(0.1)
        del thing
        assert watch() is None
        with pytest.raises(KeyboardInterrupt):
            tell(0.2)


def test_handler_is_given_back() -> None:
    """After the work Ctrl-C is what it was, and one of the caller's own is left alone."""
    before = signal.getsignal(signal.SIGINT)
    with progress_bar("run", quiet=True):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with progress_bar("run", quiet=True):
            assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)

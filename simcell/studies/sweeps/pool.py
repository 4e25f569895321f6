"""Where the tasks of a sweep are computed: in this process, in several of this machine, or on a Dask cluster.

Processes are started by `spawn`, with one thread each: a forked process inherits locks of the thread pools of numba
and BLAS, and a run is serial anyway. At most one task is on its way to a process, so what dies with it is known.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from typing import Any

from simcell.errors import SimcellError
from simcell.studies.sweeps.work import Outcome, Task, do_task, lost, split

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
PATIENCE = 30.0  # s to wait for a scheduler
DIED = (
    "the process died (killed, out of memory, or a crash) while it computed this run alone; give it more memory or "
    "make the case smaller, then --resume --retry-failed"
)

Report = Callable[[Sequence[Outcome]], None]
Tell = Callable[[float], None]


def here(tasks: Sequence[Task], report: Report, tell: Tell) -> None:
    """Compute tasks one after another in this process.

    Parameters
    ----------
    tasks : sequence of Task
    report : callable
        Called with the outcomes of each task.
    tell : callable
        Called with the fraction of a task that is done; it may raise KeyboardInterrupt.

    Examples
    --------
    >>> here([], print, print)
    """
    for task in tasks:
        tell(0.0)
        report(do_task(task, tell))


def in_processes(tasks: Sequence[Task], jobs: int, report: Report, tell: Tell) -> None:
    """Compute tasks in several processes of this machine.

    A process that dies takes its run with it, not the sweep: the tasks that were in work are tried again one by one,
    and the one that dies once more is written down as failed.

    Parameters
    ----------
    tasks : sequence of Task
    jobs : int
        Number of processes.
    report, tell : callable
        As in `here`.

    Raises
    ------
    ResultError
        If the folder cannot be written to.

    Examples
    --------
    >>> in_processes([], 2, print, print)
    """
    queue, suspects = deque(tasks), deque[Task]()
    while queue or suspects:
        if suspects:
            for task in _round(suspects, 1, report, tell):  # one at a time: it is known which one it was
                if task.size > 1:
                    suspects.extendleft(reversed(split(task)))
                else:
                    report(lost(task, DIED))
        else:
            suspects.extend(_round(queue, jobs, report, tell))


def on_cluster(tasks: Sequence[Task], address: str, report: Report, tell: Tell) -> None:
    """Compute tasks on the workers of a Dask scheduler; they and this process share the folder of the sweep.

    Parameters
    ----------
    tasks : sequence of Task
    address : str
        ``tcp://host:8786``, or the path of a scheduler file (.json).
    report, tell : callable
        As in `here`.

    Raises
    ------
    SimcellError
        If there is no scheduler, or it is lost on the way.
    ResultError
        If a worker does not see the folder.

    Examples
    --------
    >>> on_cluster([], "tcp://localhost:8786", print, print)
    """
    if not tasks:
        return
    with _client(address) as client:
        from distributed import as_completed

        waiting = {f: task for task, f in ((t, client.submit(_on_worker, t, pure=False)) for t in tasks)}
        done = as_completed(waiting, loop=client.loop, raise_errors=False)
        try:
            while waiting:
                tell(0.0)
                batch = [] if done.is_empty() else done.next_batch(block=False)
                for future in batch:
                    task = waiting.pop(future, None)
                    if task is not None:
                        report(_collect(future, task))
                if client.status != "running" or (client.scheduler is None):
                    raise _gone(address)
                if not batch:
                    time.sleep(0.1)
        except (OSError, CancelledError):  # a result that could not be fetched, or was given up with its scheduler
            raise _gone(address) from None
        except BaseException:
            with suppress(Exception):
                client.cancel(list(waiting))
            raise


def _on_worker(task: Task) -> list[Outcome]:
    """Do a task as a plain program would: xarray would else ask the scheduler for a lock for each file it writes."""
    import dask

    with dask.config.set(scheduler="synchronous"):
        return do_task(task)


def _collect(future: Any, task: Task) -> Sequence[Outcome]:
    from distributed.scheduler import KilledWorker

    if future.status == "cancelled":
        raise _gone("the scheduler")
    error = future.exception()
    if isinstance(error, KilledWorker):
        return lost(task, f"its worker was lost again and again ({error}); give the workers more memory")
    if error is not None:
        raise error
    return future.result()


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise SimcellError('--scheduler needs Dask: pip install "simcell[cluster]"') from None
    where = {"scheduler_file": address} if address.endswith(".json") else {"address": address}
    try:
        client = Client(**where, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        text = f"no Dask scheduler answers at {address} ({error}); start one with `dask scheduler`"
        raise SimcellError(text) from None
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=2)


def _gone(address: str) -> SimcellError:
    return SimcellError(
        f"{address} is gone; the runs that were finished lie in the folder. Start a scheduler again and repeat the "
        "command with --resume"
    )


def _round(queue: deque[Task], jobs: int, report: Report, tell: Tell) -> list[Task]:
    """Work through a queue until it is empty or a process dies; return the tasks that were in work then."""
    running: dict[Future[list[Outcome]], Task] = {}
    try:
        with processes(jobs) as pool:
            while queue or running:
                while queue and len(running) < jobs:
                    running[pool.submit(do_task, queue[0])] = queue[0]
                    queue.popleft()
                finished, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                tell(0.0)
                for future in sorted(finished, key=lambda f: f.exception() is not None):  # what is good counts first
                    outcomes = future.result()
                    del running[future]
                    report(outcomes)
    except BrokenProcessPool:
        return list(running.values())
    return []


@contextmanager
def processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes of this machine with one thread each, which end at once where anything goes wrong here.

    Examples
    --------
    >>> processes.__name__
    'processes'
    """
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    with _environment(), ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin) as pool:
        try:
            yield pool
        except BrokenProcessPool:
            raise
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
            raise


@contextmanager
def _environment() -> Iterator[None]:
    """One thread for each process that is started meanwhile: BLAS and numba read this once, when they are loaded."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _begin() -> None:
    """A process leaves Ctrl-C to the one that started it, and ends when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

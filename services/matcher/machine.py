"""What the solver asks of the machine: threads of its own, processors, a limit of memory, compiled code."""

from __future__ import annotations

import fcntl
import os
import resource
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import TypeVar

from services.matcher.engine.warm import warm

MIB = 1024 * 1024
# The niceness of what nobody waits for; not idle as a search is, since it holds the interpreter's lock.
POLITE = 10
_T = TypeVar("_T")


def all_processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def aside(work: Callable[[], _T]) -> _T:
    """What `work` returns or raises, on a thread of its own.

    A daemon, and so no pool: the process may end while it works.
    """
    outcome: Future[_T] = Future()
    Thread(target=_settle, args=(outcome, work), name="solve", daemon=True).start()
    return outcome.result()


def _settle(outcome: Future[_T], work: Callable[[], _T]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again by who waits for it
        outcome.set_exception(error)


def step_back() -> None:
    """Have this thread compute only while nobody else wants the processor; the rest of the process goes on.

    A polite `nice` value is not enough: a processor is then given up only at the end of a slice, and every
    hop of a request waited for that. Only for the threads that compute: whoever holds the interpreter's lock
    holds the heartbeat with it.
    """
    os.sched_setscheduler(threading.get_native_id(), os.SCHED_IDLE, os.sched_param(0))


def be_polite() -> None:
    """Have this thread give way to what answers; it stays as polite as it is, if the process began so."""
    thread = threading.get_native_id()
    # Nobody but root may become less polite again.
    nice = max(POLITE, os.getpriority(os.PRIO_PROCESS, thread))
    os.setpriority(os.PRIO_PROCESS, thread, nice)


def limit_memory(mib: int) -> None:
    """Let this process write to so much memory and no more: what asks for more gets a MemoryError.

    What is only reserved does not count, unlike with a limit on addresses, of which each thread's heap and
    the compiled code reserve a good deal that they never touch.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (mib * MIB, hard))


def warm_up() -> None:
    """Have everything compiled; one process at a time, so that the second finds what the first has made."""
    cache = Path(os.environ["NUMBA_CACHE_DIR"])
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        warm()

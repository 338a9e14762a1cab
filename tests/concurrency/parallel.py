"""Many at once: threads that start together, each with what it returned or raised."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

_A = TypeVar("_A")
_T = TypeVar("_T")


def each(act: Callable[[_A], _T], arguments: Iterable[_A]) -> list[Callable[[], _T]]:
    """The act as many times as there are arguments, ready for `together`."""
    return [partial(act, argument) for argument in arguments]


def together(acts: Sequence[Callable[[], object]], *, timeout: float = 60.0) -> list[Any]:
    """Run all acts at the same moment, a thread each; returns what they returned, in order, or raises."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        gate.wait(timeout)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(timeout) for future in [pool.submit(run, act) for act in acts]]

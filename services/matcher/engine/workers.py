"""Threads for the compiled parts, which let go of the interpreter's lock while they compute."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")
_Task = tuple["Future[Any]", Callable[[], Any]]


class Workers:
    """`number` threads; `begin` is called on each of them first, for whoever wants them to be polite.

    Daemons, and so no pool of the library's: the process may end while they work.
    """

    def __init__(self, number: int, begin: Callable[[], None] | None = None) -> None:
        self.number = max(1, number)
        self._tasks: SimpleQueue[Any] = SimpleQueue()
        for _ in range(self.number):
            Thread(target=self._work, args=(begin,), name="engine", daemon=True).start()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        for _ in range(self.number):
            self._tasks.put(None)

    def each(self, work: Callable[[_In], _Out], things: Iterable[_In]) -> list[_Out]:
        """What `work` makes of each thing, in their order; raises what the first of them raised."""
        outcomes: list[Future[_Out]] = []
        for thing in things:
            outcomes.append(Future())
            self._tasks.put((outcomes[-1], partial(work, thing)))
        return [outcome.result() for outcome in outcomes]

    def _work(self, begin: Callable[[], None] | None) -> None:
        if begin:
            begin()
        while (task := self._tasks.get()) is not None:
            _settle(*task)


def _settle(outcome: Future[Any], work: Callable[[], Any]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again by who waits for it
        outcome.set_exception(error)

"""Many small pieces of work by a few threads, with a line of progress now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = 6
_EVERY_SECONDS = 5.0
_WORTH_SAYING = 25


class Progress:
    """Says how far a piece of work has come, at most every few seconds and at its end."""

    def __init__(self, label: str, total: int) -> None:
        self._label, self._total, self._done = label, total, 0
        self._next = time.monotonic() + _EVERY_SECONDS

    def step(self, count: int = 1) -> None:
        """Counts and, when it is time, prints."""
        self._done += count
        finished = self._done >= self._total >= _WORTH_SAYING
        if finished or time.monotonic() > self._next:
            self._next = time.monotonic() + _EVERY_SECONDS
            say(f"{self._label} {self._done}/{self._total}")


def say(line: str) -> None:
    """One line of the demonstration's account of itself."""
    print(f"  {line}", flush=True)


def together(
    label: str, items: Iterable[Item], work: Callable[[Item], Result], *, threads: int = THREADS
) -> list[Result]:
    """The results of `work` on each item, in the items' order; the first error ends it."""
    todo = list(items)
    progress = Progress(label, len(todo))
    done: list[Result] = []
    with ThreadPoolExecutor(threads) as pool:
        for result in pool.map(work, todo):
            done.append(result)
            progress.step()
    return done


def batches(items: list[Item], size: int) -> list[list[Item]]:
    """The items in pieces of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]

"""When to do a thing again: pauses that grow while something stays away, and jobs due now and then."""

import time
from random import uniform


class Backoff:
    """Gives pauses in seconds: doubling from `first` up to `longest`, each shortened by up to a fifth."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        """Return the pause to make now."""
        pause = self._next
        self._next = min(self._longest, pause * 2)
        return pause * uniform(0.8, 1.0)

    def reset(self) -> None:
        """Begin with the first pause again: what was away has come back."""
        self._next = self._first


class Every:
    """Says that a job is due at most once in so many seconds, the first time at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def due(self) -> bool:
        """Return whether the job is due now; if so, it is due again only after the time has passed."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._seconds
        return True

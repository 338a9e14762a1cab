"""Pauses that grow while something stays away, and differ between processes that wait for the same thing."""

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

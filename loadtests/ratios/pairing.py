"""Two things measured in turn, several times, so that a busy moment of the machine hits both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Ratio:
    """Medians of both sides, the goal, and whether more is better (`least`) or less."""

    name: str
    ours: float
    theirs: float
    goal: float
    least: bool
    unit: str

    @property
    def value(self) -> float:
        return self.ours / self.theirs

    @property
    def is_met(self) -> bool:
        return self.value >= self.goal if self.least else self.value <= self.goal


def in_turn(ours: Callable[[], float], theirs: Callable[[], float], times: int) -> tuple[float, float]:
    """The medians of `times` measurements of each."""
    pairs = [(ours(), theirs()) for _ in range(times)]
    return median(one for one, _ in pairs), median(other for _, other in pairs)

"""How long and how hard, from the environment: DURATION, RATE, REPEATS, MESSAGES."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Seconds a phase, visits a second, repeats of each side of a ratio, messages of each repeat."""

    duration: float = 60.0
    rate: float = 8.0
    repeats: int = 3
    messages: int = 3000

    @property
    def ratio_seconds(self) -> float:
        """How long one side of a ratio is measured at a time."""
        return max(3.0, self.duration / 6)

    @property
    def solve_seconds(self) -> int:
        """How long the solver may search: longer than the phase that it is to disturb."""
        return min(600, int(self.duration) + 90)


def from_environment(variables: Mapping[str, str] = os.environ) -> Settings:
    """What is asked for; ValueError for what is no number above zero."""
    usual = Settings()
    return Settings(
        duration=_positive(variables, "DURATION", usual.duration),
        rate=_positive(variables, "RATE", usual.rate),
        repeats=int(_positive(variables, "REPEATS", usual.repeats)),
        messages=int(_positive(variables, "MESSAGES", usual.messages)),
    )


def _positive(variables: Mapping[str, str], name: str, usual: float) -> float:
    value = float(variables.get(name) or usual)
    if not 0 < value < 1e6:
        raise ValueError(f"{name} must be a number above zero")
    return value

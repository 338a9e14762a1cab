"""When visits are due, and what kind each is; nothing here waits."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

Story = Callable[[], None]


def due_times(rate: float, seconds: float, chance: random.Random) -> Iterator[float]:
    """Seconds from the beginning at which visits are due: at random (Poisson), on average `rate` a second."""
    due = chance.expovariate(rate)
    while due < seconds:
        yield due
        due += chance.expovariate(rate)


def pick(weighted: Sequence[tuple[int, Story]], chance: random.Random) -> Story:
    """One story, in proportion."""
    weights = [weight for weight, _ in weighted]
    return chance.choices([story for _, story in weighted], weights)[0]

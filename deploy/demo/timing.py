"""How long each stage of the demonstration took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.demo.crowd import say


class Stages:
    """Seconds by stage, in the order in which the stages were run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._begun = time.monotonic()

    @property
    def total(self) -> float:
        """Seconds since the first stage could begin."""
        return time.monotonic() - self._begun

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Announces a stage, and says afterwards how long it took."""
        print(f"{name} …", flush=True)
        begun = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - begun
        say(f"done in {self.seconds[name]:.1f} s")

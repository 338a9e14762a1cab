"""Moves the demonstration stack's clock, so that nobody has to wait two days for an offer to expire."""

from __future__ import annotations

import datetime as dt

from deploy.local.stack import Stack


class StackClock:
    """The clock that all services of the stack share; never the machine's."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def now(self) -> dt.datetime:
        """What the stack takes for now."""
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self._offset())

    def forward(self, seconds: float) -> None:
        """Moves it on by so many seconds from where it stands."""
        self._stack.move_clock(self._offset() + seconds)

    def reset(self) -> None:
        """Back to the machine's time."""
        self._stack.reset_clock()

    def _offset(self) -> float:
        try:
            return float(self._stack.settings.clock.read_text())
        except FileNotFoundError:
            return 0.0

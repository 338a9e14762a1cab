"""The clock as nameko's workers receive it; plain processes take `system_clock()`."""

from nameko.extensions import DependencyProvider

from services.chassis.instant import ClockReader, ClockRefused, system_clock

__all__ = ["Clock", "ClockReader", "ClockRefused", "system_clock"]


class Clock(DependencyProvider):
    """Gives each worker the stack's ClockReader; refuses to start with a movable clock in production."""

    def setup(self) -> None:
        """Read the environment once."""
        self._reader = system_clock()

    def get_dependency(self, _: object) -> ClockReader:
        """Return the reader; one is shared by all workers."""
        return self._reader

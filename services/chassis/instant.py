"""What time it is: the system's clock plus an offset that a test or a demo may move."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path


class ClockRefused(RuntimeError):
    """A movable clock was asked for in production."""


class ClockReader:
    """Tells the time of this stack.

    The offset file holds a number of seconds; while it does not exist the offset is zero. It is read again
    whenever it changes, so that a whole stack can be moved while it runs.
    """

    def __init__(self, offset_file: Path | None = None) -> None:
        self._file = offset_file
        self._stamp: tuple[int, int, int] | None = None
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        if self._file is not None:
            self._refresh(self._file)
        return datetime.now(UTC) + self._offset

    def _refresh(self, file: Path) -> None:
        """Read the offset again if the file is another one than last time."""
        stamp = _stamp(file)
        if stamp == self._stamp:
            return
        self._offset = timedelta(seconds=_seconds(file)) if stamp else timedelta()
        self._stamp = stamp


def system_clock(environ: Mapping[str, str] = os.environ) -> ClockReader:
    """Return the clock that the environment describes; raise ClockRefused for a movable one in production."""
    file = environ.get("CLOCK_FILE")
    if file and environ.get("KEQIAO_ENVIRONMENT") == "production":
        raise ClockRefused("CLOCK_FILE is set, but time cannot be moved in production")
    return ClockReader(Path(file) if file else None)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """Return what changes when the file is rewritten, or None while it does not exist."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _seconds(file: Path) -> float:
    """Return the number in the file; a file that has just gone, or is still empty, counts as zero."""
    try:
        return float(file.read_text().strip() or 0)
    except FileNotFoundError:
        return 0.0

"""How long a solver was at work, from what the round's progress says of each of its jobs."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
Moment = dt.datetime
#: Over for this job: whoever wants the solver busy has to ask again.
ENDED = frozenset({"done", "failed", "cancelled"})
_POLL_SECONDS = 0.25


class Work:
    """The spans of time in which jobs ran; a job that still runs is counted up to when it was seen last."""

    def __init__(self) -> None:
        self._spans: dict[str, tuple[Moment, Moment]] = {}

    @property
    def solves(self) -> int:
        """How many jobs were seen at work."""
        return len(self._spans)

    def note(self, progress: Mapping[str, Any] | None, now: Moment) -> None:
        """Take in what the round says of its latest job at this moment."""
        if not progress or progress["started_at"] is None:
            return
        ended = progress["finished_at"]
        began = dt.datetime.fromisoformat(progress["started_at"])
        self._spans[progress["started_at"]] = (began, dt.datetime.fromisoformat(ended) if ended else now)

    def share(self, since: Moment, until: Moment) -> float:
        """The part of a span of time in which a job ran, 0 to 1."""
        overlaps = (min(ended, until) - max(began, since) for began, ended in self._spans.values())
        busy = sum((each for each in overlaps if each > dt.timedelta()), dt.timedelta())
        return min(1.0, busy / (until - since)) if until > since else 0.0


class Keeper:
    """Keeps the solver at work while a block runs: as soon as one solve has ended, the next is asked for."""

    def __init__(
        self, progress: Callable[[], Json | None], again: Callable[[], None], now: Callable[[], Moment]
    ) -> None:
        self._progress, self._again, self._now = progress, again, now
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self.work = Work()
        self.since = self.until = now()

    def __enter__(self) -> Keeper:
        self.since = self._now()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.until = self._now()

    def share(self) -> float:
        """The part of the block in which a solve ran."""
        return self.work.share(self.since, self.until)

    def _keep(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            progress = self._progress()
            self.work.note(progress, self._now())
            if progress and progress["state"] in ENDED:
                self._again()

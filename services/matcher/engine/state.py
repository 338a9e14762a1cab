"""A search as it stands: the plan in the making, the best plan so far, the proof, and whether it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import NamedTuple

import numpy as np

from services.matcher.engine.boards import board, empty
from services.matcher.engine.certify import certify, points
from services.matcher.engine.effort import Effort
from services.matcher.engine.fairness import Fairness
from services.matcher.engine.instance import Certificate, Instance, Ints, served
from services.matcher.engine.model import Limits, Progress
from services.matcher.engine.moves import swap
from services.matcher.engine.prices import Prices, Relaxation
from services.matcher.engine.pulls import Pull, no_pull
from services.matcher.engine.workers import Workers

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]
Elapsed = Callable[[], float]

# Where there is no clock nothing ends by one.
_ENDLESS_SECONDS = 86_400.0


class Ended(Exception):
    """The search is to end here."""


class _Late(Exception):
    """A step has had its time; the search goes on with the next."""


class Watching(NamedTuple):
    """Who is told how it gets on, and what may end it; without `elapsed` no time passes."""

    report: Report
    should_stop: ShouldStop
    elapsed: Elapsed | None


def _anything(_: Ints) -> bool:
    """Any plan may be the best."""
    return True


def _unheard(_: Ints) -> None:
    """Nobody wants to know of it."""


class State:
    """What all steps of one search share and change.

    `accepts` says which plans may be kept as the best, `meet` is told of every plan that is not.
    """

    def __init__(
        self, instance: Instance, workers: Workers, seed: int, limits: Limits, watching: Watching
    ) -> None:
        self.instance, self.workers, self.limits = instance, workers, limits
        self.effort = Effort(instance, limits.seconds)
        self.dice = np.random.default_rng(seed)
        self.board = board(instance)
        self.plan = empty(self.board, instance.wishes)
        self.kept: Ints = np.empty(0, dtype=np.int64)
        self.value, self.bound = 0, 0
        self.certificate: Certificate | None = None
        self.pull: Pull = no_pull(instance.wishes)
        self.fairness: Fairness | None = None
        self.accepts: Callable[[Ints], bool] = _anything
        self.meet: Callable[[Ints], None] = _unheard
        self.is_proven = False
        self.is_stopped = False
        self._watching = watching
        self._step_ends = inf

    # -- the plan in the making

    @property
    def chosen(self) -> Ints:
        """The options of the plan in the making."""
        return self.plan.choice[self.plan.choice >= 0]

    def served(self, chosen: Ints) -> Ints:
        """The wishes that options serve."""
        return served(self.instance, chosen)

    def worth(self, chosen: Ints) -> int:
        """What options are worth together, in points."""
        return int(self.instance.value[chosen].sum())

    def take(self, chosen: Ints) -> None:
        """Make these the plan."""
        swap(self.board, self.plan, self.chosen, chosen)

    def return_to_best(self) -> None:
        """Go back to the best plan, if the present one could not be kept."""
        if not self.accepts(self.chosen):
            self.take(self.kept)

    def keep(self) -> None:
        """Remember the plan if it is the best so far."""
        chosen = self.chosen
        if not self.accepts(chosen):
            self.meet(chosen)
            return
        value = self.worth(chosen)
        if value > self.value:
            self.value, self.kept = value, chosen.copy()

    # -- the proof

    def prove(self, relaxation: Relaxation, prices: Prices) -> None:
        """Have the certificate of these prices."""
        self.certificate = certify(relaxation, prices)
        self.bound = points(self.certificate)

    def prove_more(self, relaxation: Relaxation, prices: Prices) -> None:
        """Have it if it proves more than the one there is, which is about the same plans."""
        before = self.proof
        self.certificate = min(before, certify(relaxation, prices), key=points)
        self.bound = points(self.certificate)

    @property
    def proof(self) -> Certificate:
        """The certificate, once prices have been found."""
        assert self.certificate is not None, "prices come first"
        return self.certificate

    # -- whether it is over

    def look(self) -> None:
        """Tell where it stands; raises Ended when it is over."""
        self.keep()
        self.tell()
        if self.is_over() or self.value == self.bound or self._gap() <= self.limits.gap:
            raise Ended
        if self._elapsed() >= self._step_ends:
            raise _Late

    @contextmanager
    def within(self, part: float) -> Iterator[None]:
        """Do what can be done in that part of the seconds left: `look` breaks off where it is over."""
        self._step_ends = self._elapsed() + self.seconds(part)
        try:
            yield
        except _Late:
            pass
        finally:
            self._step_ends = inf

    def tell(self) -> None:
        """Report the best plan and the bound."""
        self._watching.report(Progress("searching", self.value, self.bound))

    def watch_bound(self, bound: int) -> bool:
        """Tell of a bound while prices are sought; whether that is over."""
        self._watching.report(Progress("pricing", None, bound))
        return self.is_over()

    def is_over(self) -> bool:
        """Whether somebody stopped it, or time is out."""
        self.is_stopped = self.is_stopped or self._watching.should_stop()
        return self.is_stopped or self._elapsed() >= self.limits.seconds

    def seconds(self, part: float) -> float:
        """That part of the seconds that are left."""
        if self._watching.elapsed is None:
            return _ENDLESS_SECONDS
        return max(0.1, part * (self.limits.seconds - self._elapsed()))

    def _elapsed(self) -> float:
        return self._watching.elapsed() if self._watching.elapsed else 0.0

    def _gap(self) -> float:
        return (self.bound - self.value) / max(1, self.bound)

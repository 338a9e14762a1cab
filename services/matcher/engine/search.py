"""The method, from an instance to a plan with its proof: prices, a start, annealing, exact search of parts.

docs/matching.md tells why. How much work each step gets follows from the size and from the seconds that are
meant for it, never from the clock: a clock only ends the search where it is. Hence the same seed and the same
limits give the same plan on one thread and on two, unless time ran out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from services.matcher.engine.chains import Chains, Guide, guide
from services.matcher.engine.exactly import kernel, whole
from services.matcher.engine.fairness import Fair, Fairness
from services.matcher.engine.instance import Certificate, Instance
from services.matcher.engine.made_fair import MadeFair
from services.matcher.engine.model import Limits
from services.matcher.engine.moves import fill
from services.matcher.engine.parts import parts
from services.matcher.engine.prices import Relaxation, Relaxed, seek
from services.matcher.engine.state import Elapsed, Ended, Report, ShouldStop, State, Watching
from services.matcher.engine.workers import Workers

# An annealing from a plan that is good already begins so many times less hot.
_LESS_HOT = 3
# What a first try of everything may take of the seconds left: parts are worth more than what ends late.
_FIRST_TRY = 0.5
# What the options of least loss may take of them, all together, and above floors; how many times as many the
# second time.
_KERNEL, _FAIR_KERNEL, _MORE = 0.6, 0.85, 1.25
# What chains may take of them: more than they are meant to, and less where moves are slower than is usual.
_CHAINS = 0.8


@dataclass(frozen=True, slots=True)
class Outcome:
    """A plan, by options, with its proof; `bound` in points; `status` is optimal, limit or stopped.

    What an exact search proved is optimal, and its bound its value, though the certificate may prove less.
    With `fairness` all that is said of plans is said of those that keep its floors.
    """

    chosen: list[int]
    value: int
    bound: int
    certificate: Certificate
    status: str
    fairness: Fairness | None = None


def search(
    instance: Instance,
    *,
    seed: int,
    limits: Limits,
    report: Report,
    should_stop: ShouldStop,
    elapsed: Elapsed | None = None,
    begin: Callable[[], None] | None = None,
    fair: Fair | None = None,
) -> Outcome:
    """The best plan within `limits`, and a certificate of how good it is.

    `elapsed` tells the seconds since the solve began; `begin` is called on every thread that computes. With
    `fair` the plan keeps the floors that follow from a fair plan, and the bound is for plans that keep them.
    """
    with Workers(limits.threads, begin) as workers:
        state = State(instance, workers, seed, limits, Watching(report, should_stop, elapsed))
        return _Search(state, fair).run()


class _Search:
    """The steps in their order, on one state."""

    def __init__(self, state: State, fair: Fair | None) -> None:
        self._state, self._chains = state, Chains(state)
        self._made_fair = MadeFair(state, self._chains, fair) if fair else None

    def run(self) -> Outcome:
        """Prices first; then plan after plan, until it is proven, or work, time or patience is out."""
        state = self._state
        relaxation = Relaxation(state.instance, state.workers)
        relaxed = seek(relaxation, state.effort.steps(), state.watch_bound)
        state.prove(relaxation, relaxed.prices)
        try:
            self._start(relaxed)
            if self._made_fair:
                relaxation = self._made_fair.run(relaxation, relaxed)
            state.look()
            self._better(guide(state, relaxation))
        except Ended:
            pass
        return self._outcome()

    def _start(self, relaxed: Relaxed) -> None:
        """Options in the order of how often the relaxed plans took them."""
        state = self._state
        fill(state.board, state.plan, np.lexsort((-state.instance.value, -relaxed.usage)))
        state.keep()

    def _better(self, guided: Guide) -> None:
        state = self._state
        if state.effort.is_tiny and not len(state.instance.tours.km):
            whole(state, guided.loss)
        else:
            with state.within(1.0 if state.effort.is_hurried else _CHAINS):
                self._by_chains(guided)
            if self._made_fair is None:
                kernel(state, guided.loss, state.effort.kernel(_MORE), _KERNEL)
        parts(state, guided.doorman)
        whole(state, guided.loss)

    def _by_chains(self, guided: Guide) -> None:
        """From hot and, after an exact search, less hot; above floors only the latter, from the fair plan."""
        effort = self._state.effort
        hot = effort.hottest(effort.moves())
        if self._made_fair is None:
            self._chains.anneal(guided, effort.moves(), hot)
            self._exactly(guided, _KERNEL)
            self._chains.anneal(guided, effort.more_moves(), hot / _LESS_HOT)
        else:
            self._chains.anneal(guided, effort.moves_above(), hot / _LESS_HOT)
            self._exactly(guided, _FAIR_KERNEL)

    def _exactly(self, guided: Guide, time: float) -> None:
        """The options of least loss together, and all that matter, where these are few enough."""
        state = self._state
        kernel(state, guided.loss, state.effort.kernel(), time)
        whole(state, guided.loss, _FIRST_TRY)

    def _outcome(self) -> Outcome:
        state = self._state
        chosen = sorted(int(option) for option in state.kept)
        bound = state.value if state.is_proven else state.bound
        return Outcome(chosen, state.value, bound, state.proof, self._status(), state.fairness)

    def _status(self) -> str:
        state = self._state
        if state.is_proven or state.value == state.bound:
            return "optimal"
        return "stopped" if state.is_stopped else "limit"

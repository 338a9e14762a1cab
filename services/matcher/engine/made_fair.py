"""The fair plan, the floors that follow from it, and their prices: what comes before value is sought."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.matcher.engine import milp
from services.matcher.engine.chains import Chains, guide
from services.matcher.engine.effort import WHOLE
from services.matcher.engine.exactly import everything
from services.matcher.engine.fairness import Ceiling, Fair, Fairness, ceilings
from services.matcher.engine.groups import Floors
from services.matcher.engine.instance import Ints, serving
from services.matcher.engine.leximin import Choice, fairest
from services.matcher.engine.lifted import lift
from services.matcher.engine.model import Limits
from services.matcher.engine.prices import SCALE, Prices, Relaxation, Relaxed, seek
from services.matcher.engine.pulls import Keeping, Steep
from services.matcher.engine.state import State

# The part of the seconds left that the fair plan may take; only a machine with other work comes near it.
_SEEKING = 0.7
# The part of the seconds that one count of the fairest plan may take.
_COUNTED = 0.25
_FEW_GROUPS = 16
_FAIR_PARTS, _FEWEST_PARTS = 0.1, 40


class MadeFair:
    """Makes a state keep floors; until then no plan of it is kept, only the fairest so far."""

    def __init__(self, state: State, chains: Chains, fair: Fair) -> None:
        self._state, self._chains, self._fair = state, chains, fair
        self._fairest: Ints = np.empty(0, dtype=np.int64)
        state.accepts, state.meet = self._accepts, self._compare

    def run(self, free: Relaxation, relaxed: Relaxed) -> Relaxation:
        """The relaxation with floors, with whose prices the certificate is; raises Ended when it is over.

        `free` is the one without, `relaxed` what came of it. The floors are there in any case.
        """
        self._fairest = self._state.chosen
        try:
            with self._state.within(_SEEKING):
                self._seek(free, relaxed)
        finally:
            # Also where it ends here: of all plans on the way the fairest counts, not the last.
            self._state.take(self._fairest)
            floors = self._set_floors(relaxed)
        return self._price(floors, relaxed)

    def _accepts(self, chosen: Ints) -> bool:
        fairness = self._state.fairness
        if fairness is None:
            return False
        return fairness.floors.are_kept(fairness.floors.groups.served(self._state.served(chosen)))

    def _compare(self, chosen: Ints) -> None:
        if self._state.fairness is None:
            yet, now = (self._fair.rank(self._state.instance, each) for each in (self._fairest, chosen))
            self._fairest = chosen.copy() if now > yet else self._fairest

    # -- the fair plan

    def _seek(self, free: Relaxation, relaxed: Relaxed) -> None:
        """Exactly where the problem is small, else by chains under a steep pull."""
        state, groups = self._state, self._fair.groups
        if state.effort.is_tiny and len(groups.demand) <= _FEW_GROUPS:
            self._fairest = self._exactly()
        elif state.instance.options:
            state.pull = Steep(groups, groups.even(self._people(relaxed)), self._person())
            moves = state.effort.fair_moves()
            guided = guide(state, free)
            self._chains.anneal(guided, moves, state.effort.hottest(moves))
            # With more options a part takes half a second, and the time is wanted elsewhere.
            if state.instance.options <= WHOLE:
                state.take(self._fairest)
                lift(
                    state, groups, guided.doorman, max(_FEWEST_PARTS, int(_FAIR_PARTS * state.effort.parts()))
                )

    def _exactly(self) -> Ints:
        """The fairest plan of all, by trying exactly."""
        state = self._state
        every = everything(state, np.arange(state.instance.options))
        pairs = serving(state.instance, every.options)
        choice = Choice(len(every.options), pairs, every.rows, every.beside)
        place = {int(option): at for at, option in enumerate(every.options)}
        start = [place[int(option)] for option in state.chosen]
        found = fairest(choice, self._fair.groups, start, self._counted)
        return np.asarray(every.options[found], dtype=np.int64)

    def _counted(self, model: milp.Model, start: Sequence[int]) -> milp.Answer:
        limits = Limits(self._state.seconds(_COUNTED), 1, 0.0)
        return self._state.workers.each(
            lambda model: milp.maximise(model, start=start, limits=limits, seed=0), [model]
        )[0]

    # -- floors and their prices

    def _set_floors(self, relaxed: Relaxed) -> Relaxation:
        """Take the plan as it stands for the fair one; its floors are free of charge so far."""
        state = self._state
        plan = state.chosen
        floors = self._fair.floors(state.served(plan))
        state.fairness = Fairness(sorted(int(option) for option in plan), floors, (), None, None)
        state.kept, state.value = plan.copy(), state.worth(plan)
        relaxation = Relaxation(state.instance, state.workers, floors)
        bound = state.bound
        state.prove(relaxation, _with_lifts(relaxed, floors))
        state.bound = bound
        return relaxation

    def _price(self, relaxation: Relaxation, relaxed: Relaxed) -> Relaxation:
        state, floors = self._state, relaxation.floors
        assert state.fairness is not None
        assert floors is not None
        proofs = self._ceilings()
        steps, bound = state.effort.fair_steps(), state.bound
        again = seek(relaxation, steps, state.watch_bound, _with_lifts(relaxed, floors))
        state.prove_more(relaxation, again.prices)
        # Where the bound did not fall, nothing was given up: what differs then is chance.
        fewer = self._people(relaxed) - self._people(again) if bound > state.bound else 0
        state.fairness = state.fairness._replace(
            ceilings=proofs, value=bound - state.bound, people=max(0, round(fewer))
        )
        state.pull = Keeping(floors, state.proof.lift // SCALE, self._person())
        return relaxation

    def _ceilings(self) -> tuple[Ceiling, ...]:
        state, groups = self._state, self._fair.groups
        served = groups.served(state.served(state.kept))
        return ceilings(state.instance, groups, served, state.workers, lambda _: state.is_over())

    def _people(self, relaxed: Relaxed) -> float:
        """How many people the relaxed plans serve."""
        instance = self._state.instance
        pairs = serving(instance, np.arange(instance.options))
        often = np.bincount(pairs.wish, relaxed.usage[pairs.option], instance.wishes)
        return float(np.minimum(1.0, often) @ self._fair.groups.people)

    def _person(self) -> float:
        """The mean worth of one person of a wish, in points."""
        value = self._state.instance.value
        return float(value.mean() / self._fair.groups.people.mean()) if len(value) else 1.0


def _with_lifts(relaxed: Relaxed, floors: Floors) -> Prices:
    return relaxed.prices._replace(lift=np.zeros(len(floors.least)))

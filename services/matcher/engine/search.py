"""The method, from an instance to a plan with its proof: prices, a start, annealing, parts solved anew.

docs/matching.md tells why. How much work each step gets follows from the size and from the seconds that are
meant for it, never from the clock: a clock only ends the search where it is. Hence the same seed and the same
limits give the same plan on one thread and on two, unless time ran out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from services.matcher.engine import milp, neighbourhood
from services.matcher.engine.certify import certify, points
from services.matcher.engine.fairness import Ceiling, Fair, Fairness, ceilings
from services.matcher.engine.forced import losses
from services.matcher.engine.groups import Groups
from services.matcher.engine.instance import Certificate, Instance, Ints, Table, spread, table
from services.matcher.engine.leximin import Choice, fairest, floor_rows
from services.matcher.engine.model import Limits, Progress
from services.matcher.engine.moves import Lifts, anneal, board, empty, fill, neighbours, swap
from services.matcher.engine.openings import Doorman, Openings
from services.matcher.engine.prices import SCALE, Prices, Reals, Relaxation, Relaxed, seek
from services.matcher.engine.pulls import Keeping, Pull, Steep, bonus, lifts, no_pull
from services.matcher.engine.sides import Splitter
from services.matcher.engine.workers import Workers

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]
Elapsed = Callable[[], float]

# What two ordinary cores do in a second; from it follows how much work the meant seconds are good for.
_OPTIONS_FOUND, _OPTION_STEPS, _MOVES, _PARTS = 28_000, 7_000_000, 45_000, 4
# With so many options a step goes to memory for half of its numbers, and takes twice as long for each.
_HALF_CACHED = 500_000
_PRICING = 0.4
# The steps that price floors, beside those before it.
_FAIR_STEPS, _FAIR_MOVES = 0.35, 0.6
_FEWEST_STEPS, _MOST_STEPS, _MOVES_PER_WISH = 60, 800, 1_000
_FEWEST_EPOCHS, _MOST_EPOCHS, _MOVES_AN_OPTION = 10, 100, 10
# Temperatures, as parts of the mean value of an option; with few moves a wish there is no time to cool down.
_HOT, _COLD, _UNHURRIED = 0.03, 0.001, 100
# A second annealing begins less hot and takes half of the moves.
_AGAIN = 3
# A part solved anew: freed wishes, and how many nodes the search of it may see.
_FREED, _NODES, _PARTS_PER_WISH = 120, 50, 0.02
# What is small enough to be solved whole once all options with too great a loss are out.
_WHOLE = 9_000
# How many nodes of it HiGHS may see for each second that is meant for the search.
_WHOLE_NODES, _ENDLESS_SECONDS = 200, 86_400.0
# The part of the seconds that one count of the fairest plan may take.
_COUNTED = 0.25
# What is so small that nothing need come before that, and prices need not be as near as can be.
_TINY, _TINY_STEPS = 1_000, 120
_FEW_MOVES_PER_WISH, _FEW_GROUPS = 100, 16


class _Guide(NamedTuple):
    """What prices say: where chains begin, what options are worth above their wishes' prices, and losses."""

    doorman: Doorman
    worth: Reals
    loss: Ints


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


def _no_clock() -> float:
    """No time passes where none is told."""
    return 0.0


class _Ended(Exception):
    """The search is to end here."""


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
        return _Search(instance, workers, seed, limits, report, should_stop, elapsed, fair).run()


class _Search:
    def __init__(
        self,
        instance: Instance,
        workers: Workers,
        seed: int,
        limits: Limits,
        report: Report,
        should_stop: ShouldStop,
        elapsed: Elapsed | None,
        fair: Fair | None,
    ) -> None:
        self._instance, self._workers, self._limits = instance, workers, limits
        self._report, self._should_stop = report, should_stop
        self._timed, self._elapsed = elapsed is not None, elapsed or _no_clock
        self._dice = np.random.default_rng(seed)
        self._board = board(instance)
        self._plan = empty(self._board, instance.wishes)
        self._splitter = Splitter(instance)
        self._kept: Ints = np.empty(0, dtype=np.int64)
        self._value, self._bound = 0, 0
        self._stopped = False
        self._proven = False
        self._fair = fair
        self._pull: Pull = no_pull(instance.wishes)
        self._fairness: Fairness | None = None
        self._fairest_yet: Ints = np.empty(0, dtype=np.int64)

    def run(self) -> Outcome:
        """Prices first; then plan after plan, until it is proven, or work, time or patience is out."""
        relaxation = Relaxation(self._instance, self._workers)
        relaxed = seek(relaxation, self._steps(), self._watch_bound)
        self._certificate = certify(relaxation, relaxed.prices)
        self._bound = points(self._certificate)
        try:
            self._start(relaxed)
            if self._fair is not None:
                relaxation = self._made_fair(self._fair, relaxation, relaxed)
            self._look()
            self._better(self._guide(relaxation))
        except _Ended:
            pass
        chosen = sorted(int(option) for option in self._kept)
        bound = self._value if self._proven else self._bound
        return Outcome(chosen, self._value, bound, self._certificate, self._status(), self._fairness)

    def _status(self) -> str:
        if self._proven or self._value == self._bound:
            return "optimal"
        return "stopped" if self._stopped else "limit"

    def _start(self, relaxed: Relaxed) -> None:
        """Options in the order of how often the relaxed plans took them."""
        fill(self._board, self._plan, np.lexsort((-self._instance.value, -relaxed.usage)))
        self._keep()

    def _guide(self, relaxation: Relaxation) -> _Guide:
        """What the certificate's prices say of every option."""
        instance, certificate = self._instance, self._certificate
        loss = losses(instance, certificate.share, certificate.shelf)
        _, taken = relaxation.solve(certificate.share)
        relaxed = np.unique(spread(instance.legs_of)[taken == 1])
        worth = relaxation.left(certificate.request, 0 * certificate.row, certificate.lift) / SCALE
        return _Guide(Doorman(instance, certificate, loss, relaxed), worth, loss)

    def _better(self, guide: _Guide) -> None:
        if self._instance.options > _TINY:
            moves = self._moves()
            if self._fair is None:
                self._anneal(guide, moves, self._hot(moves))
                self._whole(guide.loss)
            again = 0.5 if self._fair is None else 1.5 - _FAIR_MOVES
            self._anneal(guide, int(again * moves), self._hot(moves) / _AGAIN)
        self._whole(guide.loss)
        self._parts(guide.doorman)

    def _hot(self, moves: int) -> float:
        return float(_HOT * min(1.0, moves / (_UNHURRIED * self._instance.wishes)) ** 0.5)

    # -- fair to districts and townships

    def _made_fair(self, fair: Fair, free: Relaxation, relaxed: Relaxed) -> Relaxation:
        """Find the fair plan, keep the floors that follow from it, and price them."""
        people = self._people(fair, relaxed)
        self._pull = Steep(fair.groups, people / max(1, int(fair.groups.people.sum())), self._person(fair))
        self._fairest_yet = self._chosen()
        try:
            self._seek_fair(fair, free)
        finally:
            # Also where it ends here: of all plans on the way the fairest counts, not the last.
            swap(self._board, self._plan, self._chosen(), self._fairest_yet)
            relaxation, prices = self._with_floors(fair, relaxed)
        proofs = self._ceilings(fair.groups)
        again = seek(relaxation, int(_FAIR_STEPS * self._steps()), self._watch_bound, prices)
        bound = self._bound
        self._certificate = min(self._certificate, certify(relaxation, again.prices), key=points)
        self._bound = points(self._certificate)
        floors = relaxation.floors
        assert self._fairness is not None
        assert floors is not None
        self._fairness = self._fairness._replace(
            ceilings=proofs,
            value=bound - self._bound,
            # Where the bound did not fall, nothing was given up: what differs then is chance.
            people=max(0, round(people - self._people(fair, again))) if bound > self._bound else 0,
        )
        self._pull = Keeping(floors, self._certificate.lift // SCALE, self._person(fair))
        return relaxation

    def _seek_fair(self, fair: Fair, free: Relaxation) -> None:
        """Exactly where the problem is small, else by chains under a steep pull."""
        if self._instance.options <= _TINY and len(fair.groups.demand) <= _FEW_GROUPS:
            self._fairest(fair.groups)
            self._fairest_yet = self._chosen()
        elif self._instance.options:
            moves = self._moves(_MOVES_PER_WISH)
            self._anneal(self._guide(free), int(_FAIR_MOVES * moves), self._hot(moves))

    def _fairest(self, groups: Groups) -> None:
        """Have the fairest plan of all, by trying exactly."""
        everything = self._everything(np.arange(self._instance.options))
        choice = Choice(self._instance.wish[everything.options], everything.rows)
        place = {int(option): at for at, option in enumerate(everything.options)}
        start = [place[int(option)] for option in self._chosen()]
        found = fairest(choice, groups, start, self._counted)
        swap(self._board, self._plan, self._chosen(), everything.options[found])

    def _counted(self, model: milp.Model, start: Sequence[int]) -> milp.Answer:
        limits = Limits(self._seconds(_COUNTED), 1, 0.0)
        return self._workers.each(
            lambda model: milp.maximise(model, start=start, limits=limits, seed=0), [model]
        )[0]

    def _with_floors(self, fair: Fair, relaxed: Relaxed) -> tuple[Relaxation, Prices]:
        """Take the plan as it stands for the fair one; floors are free of charge so far."""
        plan = self._chosen()
        floors = fair.floors(self._instance.wish[plan])
        self._fairness = Fairness(sorted(int(option) for option in plan), floors, (), 0, 0)
        self._kept, self._value = plan.copy(), self._worth(plan)
        relaxation = Relaxation(self._instance, self._workers, floors)
        prices = relaxed.prices._replace(lift=np.zeros(len(floors.least)))
        self._certificate = certify(relaxation, prices)
        return relaxation, prices

    def _ceilings(self, groups: Groups) -> tuple[Ceiling, ...]:
        served = groups.served(self._instance.wish[self._kept])
        return ceilings(self._instance, groups, served, self._workers, lambda _: self._is_over())

    def _people(self, fair: Fair, relaxed: Relaxed) -> float:
        """How many people the relaxed plans serve."""
        served = np.bincount(self._instance.wish, relaxed.usage, self._instance.wishes)
        return float(np.minimum(1.0, served) @ fair.groups.people)

    def _person(self, fair: Fair) -> float:
        """The mean worth of one person of a wish, in points."""
        value = self._instance.value
        return float(value.mean() / fair.groups.people.mean()) if len(value) else 1.0

    def _openings(self, doorman: Doorman) -> Openings:
        chosen = self._chosen()
        return doorman.openings(chosen, bonus(self._pull, self._instance.wish[chosen]))

    def _lifts(self, mine: int) -> Lifts:
        return lifts(self._pull, self._instance.wish[self._chosen()], mine)

    # -- annealing, each thread on a side of its own

    def _anneal(self, guide: _Guide, moves: int, hottest: float) -> None:
        mean = float(self._instance.value.mean())
        epochs = self._epochs(moves)
        for epoch in range(epochs):
            hot, cold = (mean * hottest * (_COLD / hottest) ** ((epoch + at) / epochs) for at in (0, 1))
            self._epoch(self._openings(guide.doorman), guide.worth, moves // epochs, hot, cold)
            self._look()

    def _epoch(self, openings: Openings, worth: Reals, moves: int, hot: float, cold: float) -> None:
        seeds = self._dice.integers(1 << 31, size=3)
        side = self._splitter.split(self._plan.choice, int(seeds[2]))
        lifted = [self._lifts(mine) for mine in (0, 1)]

        def move(mine: int) -> int:
            options = openings.begin[side[openings.begin] == mine]
            if not len(options):
                return 0
            return anneal(
                self._board, self._plan, options, openings.by_wish, lifted[mine], worth, side,
                mine, moves // 2, hot, cold, int(seeds[mine]),
            )  # fmt: skip

        self._workers.each(move, (0, 1))

    # -- everything at once, where it is small

    def _whole(self, loss: Ints) -> None:
        """Solve what can still be in a better plan: whose loss is within the gap."""
        gap = (self._bound - self._value) * SCALE + SCALE
        options = np.flatnonzero(loss <= gap)
        if self._value == self._bound or len(options) > _WHOLE:
            return
        self._return()
        part = self._everything(options)
        part.rows.extend(self._floor_rows(part, np.empty(0, dtype=np.int64)))
        answer = self._exactly(part)
        found = part.options[answer.chosen]
        if int(self._instance.value[found].sum()) >= self._value:
            swap(self._board, self._plan, self._chosen(), found)
        self._keep()
        self._proven = answer.status == "optimal"
        if self._proven:
            raise _Ended

    def _seconds(self, part: float) -> float:
        """That part of the seconds that are left; without a clock nothing ends by one."""
        return max(0.1, part * (self._limits.seconds - self._elapsed())) if self._timed else _ENDLESS_SECONDS

    def _everything(self, options: Ints) -> neighbourhood.Part:
        """All wishes freed, to choose among these options."""
        by_wish = table(self._instance.wish[options], self._instance.wishes)
        nobody = empty(self._board, self._instance.wishes)
        everyone = np.arange(self._instance.wishes)
        return neighbourhood.part_of(
            self._board, nobody, Table(by_wish.first, options[by_wish.items]), everyone
        )

    def _floor_rows(self, part: neighbourhood.Part, others: Ints) -> Iterator[milp.Row]:
        """What keeps the floors in a part of the plan beside which `others` are chosen."""
        if self._fairness is not None:
            floors = self._fairness.floors
            served = floors.groups.served(self._instance.wish[others])
            yield from floor_rows(floors, self._instance.wish[part.options], served)

    def _return(self) -> None:
        """Go back to the best plan, if the present one does not keep the floors."""
        if not self._is_fair(self._chosen()):
            swap(self._board, self._plan, self._chosen(), self._kept)

    def _exactly(self, part: neighbourhood.Part) -> milp.Answer:
        place = {int(option): at for at, option in enumerate(part.options)}

        def watch(value: float, bound: float) -> bool:
            self._report(Progress("searching", self._value, self._bound))
            return self._is_over()

        return self._workers.each(
            lambda part: milp.maximise(
                milp.Model(self._instance.value[part.options].astype(float), part.rows),
                start=[place[int(option)] for option in self._chosen() if int(option) in place],
                limits=Limits(self._seconds(1), 1, self._limits.gap),
                seed=0,
                watch=watch,
                nodes=int(_WHOLE_NODES * self._limits.seconds),
            ),
            [part],
        )[0]

    # -- parts solved anew

    def _parts(self, doorman: Doorman) -> None:
        """Part after part around wishes that miss something, until many of them brought nothing."""
        self._return()
        idle, patience = 0, max(20, int(self._instance.wishes * _PARTS_PER_WISH))
        for _ in range(1 + int(_PARTS * self._left())):
            if idle == patience:
                return
            before = self._value
            missed = doorman.missed(self._chosen())
            among = missed if len(missed) and idle % 2 == 0 else np.arange(self._instance.wishes)
            self._part(self._openings(doorman).by_wish, int(self._dice.choice(among)))
            self._look()
            idle = 0 if self._value > before else idle + 1

    def _part(self, open_of_wish: Table, first: int) -> None:
        """Free the wishes around the first, and serve them anew."""
        seed = int(self._dice.integers(1 << 31))
        wishes = neighbours(self._board, self._plan, open_of_wish, first, _FREED, seed)
        old = self._plan.choice[wishes]
        old = old[old >= 0]
        none = np.empty(0, dtype=np.int64)
        swap(self._board, self._plan, old, none)
        part = neighbourhood.part_of(self._board, self._plan, open_of_wish, wishes)
        part.rows.extend(self._floor_rows(part, self._chosen()))
        new = self._workers.each(lambda part: self._solved(part, old), [part])[0]
        swap(self._board, self._plan, none, new)

    def _solved(self, part: neighbourhood.Part, old: Ints) -> Ints:
        value = self._instance.value
        place = {int(option): at for at, option in enumerate(part.options)}
        answer = milp.maximise(
            milp.Model(value[part.options].astype(float), part.rows),
            start=[place[int(option)] for option in old],
            limits=Limits(3600.0, 1, 0.0),
            seed=0,
            nodes=_NODES,
        )
        new = part.options[answer.chosen]
        return new if int(value[new].sum()) > int(value[old].sum()) else old

    # -- where it stands

    def _chosen(self) -> Ints:
        return self._plan.choice[self._plan.choice >= 0]

    def _keep(self) -> None:
        """Remember the plan if it is the best so far, and keeps the floors."""
        chosen = self._chosen()
        if not self._is_fair(chosen):
            self._compare(chosen)
            return
        value = self._worth(chosen)
        if value > self._value:
            self._value, self._kept = value, chosen.copy()

    def _compare(self, chosen: Ints) -> None:
        """While the fair plan is sought, remember the fairest so far."""
        if self._fair is not None and self._fairness is None:
            yet, now = (self._fair.rank(self._instance, each) for each in (self._fairest_yet, chosen))
            self._fairest_yet = chosen.copy() if now > yet else self._fairest_yet

    def _worth(self, chosen: Ints) -> int:
        return int(self._instance.value[chosen].sum())

    def _is_fair(self, chosen: Ints) -> bool:
        if self._fair is None:
            return True
        floors = self._fairness and self._fairness.floors
        return floors is not None and floors.are_kept(floors.groups.served(self._instance.wish[chosen]))

    def _look(self) -> None:
        """Tell where it stands; raises _Ended when it is over."""
        self._keep()
        self._report(Progress("searching", self._value, self._bound))
        if self._is_over() or self._value == self._bound or self._gap() <= self._limits.gap:
            raise _Ended

    def _gap(self) -> float:
        return (self._bound - self._value) / max(1, self._bound)

    def _is_over(self) -> bool:
        self._stopped = self._stopped or self._should_stop()
        return self._stopped or self._elapsed() >= self._limits.seconds

    def _watch_bound(self, bound: int) -> bool:
        self._report(Progress("pricing", None, bound))
        return self._is_over()

    def _steps(self) -> int:
        options = self._instance.options
        pace = _OPTION_STEPS / (1 + options / _HALF_CACHED)
        steps = int(_PRICING * self._left() * pace / max(1, options))
        most = _TINY_STEPS if options <= _TINY else _MOST_STEPS
        return min(most, max(_FEWEST_STEPS, steps))

    def _moves(self, most_per_wish: int | None = None) -> int:
        few = self._instance.options <= _WHOLE
        most_per_wish = most_per_wish or (_FEW_MOVES_PER_WISH if few else _MOVES_PER_WISH)
        most = self._instance.wishes * most_per_wish
        return min(most, max(_MOST_EPOCHS, int((1 - _PRICING) * self._left() * _MOVES)))

    def _epochs(self, moves: int) -> int:
        """So many that finding where to begin takes little of the time."""
        return min(_MOST_EPOCHS, max(_FEWEST_EPOCHS, _MOVES_AN_OPTION * moves // self._instance.options))

    def _left(self) -> float:
        """The seconds that are meant for the search once the options have been found, by a rule of thumb."""
        seconds = self._limits.seconds
        return max(seconds / 4, seconds - self._instance.options / _OPTIONS_FOUND)

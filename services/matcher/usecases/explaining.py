"""What is told about a round's solve after its draft: worked out by the solver, kept as codes and numbers.

No other request than the one that it is told of is named in it, and no expert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from schemas.topics import TOPICS
from services.chassis.store import Connection
from services.matcher.engine.at_once import KEPT_FOR_ROUND, Answer, Holder, Other
from services.matcher.engine.explain import Explainer, Settled, WhyNot
from services.matcher.engine.helped import Change, helped
from services.matcher.engine.instance import ENDLESS
from services.matcher.engine.model import Leg, Problem, Solution
from services.matcher.engine.prices import SCALE
from services.matcher.engine.solver import Solved
from services.matcher.engine.split import is_split
from services.matcher.engine.weighing import Alternative, Weighing, WhyThis
from services.matcher.engine.worth import Added, Addition, Latent, by_price, imagined, ranked
from services.matcher.storage import explanations, what_ifs
from services.matcher.usecases.minutes import moment
from services.matcher.usecases.problem import World
from services.matcher.usecases.weighed import named as _named
from services.matcher.usecases.weighed import owner, why

Row = dict[str, Any]
_FIRST_DAY = date(1970, 1, 1)
_NOTHING = Added("", None, None, None, None, 0, 0)
# Told to stop, it may go on for so many changes.
_EVERY = 20
_CONTEST = ("options", "holders", "pupils", "least", "most", "value", "price")


class Told(NamedTuple):
    """What is to be kept: an explanation a request, the round's additions, and what each would be worth."""

    requests: Mapping[UUID, Row]
    additions: Row
    worths: Sequence[Row] = ()


# -- worked out


def explain(world: World, settled: Settled, *, now: datetime, should_stop: Callable[[], bool]) -> Told:
    """Everything about a plan; told to stop, it leaves out what it has not come to.

    Takes some ten seconds for 1,000 requests; `should_stop` is asked again and again.
    """
    explainer, writing = Explainer(settled), Writing(world, settled.problem, now)
    unserved = explainer.unserved
    wishes = settled.problem.wishes
    found = {number: writing.contest(explainer.why_not(number)) for number in unserved}
    served = (number for number in range(len(wishes)) if number not in found)
    found |= {number: writing.match(explainer.why_this(number)) for number in list(served)}
    additions, worths, whole = _missing(settled, unserved, found, writing, should_stop)
    summary = {
        "made_at": now,
        "unserved": len(unserved),
        "helped": sum(bool(found[number]["changes"]) for number in unserved),
        "whole": whole,
        "additions": additions,
    }
    requests = {wish.key: found[at] for at, wish in enumerate(wishes) if isinstance(wish.key, UUID)}
    return Told(requests, summary, worths)


def _missing(
    settled: Settled,
    unserved: Sequence[int],
    found: Mapping[int, Row],
    writing: Writing,
    should_stop: Callable[[], bool],
) -> tuple[list[Row], list[Row], bool]:
    """The best additions, what all are worth by prices, and whether everything was tried.

    Changes are written beside what was `found`.
    """
    latent = Latent(settled.problem, imagined(settled.problem, (settled.problem.wishes[n] for n in unserved)))
    if should_stop():
        return [], [], False
    worth = by_price(latent, settled.certificate.request, unserved)
    additions = [writing.addition(each) for each in ranked(settled, latent, worth)]
    stopped = Stop(should_stop)
    for change in helped(settled, latent, unserved, topic_groups(), stopped):
        found[change.wish]["changes"].append(writing.change(change))
    return additions, list(writing.worths(worth)), not stopped.told


def answers(
    world: World,
    given: Mapping[int, Answer],
    holders: Mapping[Holder, tuple[int, int]],
    *,
    now: datetime,
) -> dict[UUID, Row]:
    """Everything about requests that were answered at once, but for what would have helped: see `helping`.

    `given` is by number of the request, `holders` the number of people and the need of those in the way.
    """
    problem, writing = world.problem, Writing(world, world.problem, now)
    weighing = Weighing(problem)
    found: dict[int, Row] = {}
    for number, each in given.items():
        others = (_alternative(other) for other in each.others)
        if each.option:
            found[number] = writing.match(weighing.why_this(number, each.option, others))
        else:
            found[number] = writing.refusal(each, holders)
    return {wish.key: found[at] for at, wish in enumerate(problem.wishes) if at in found}  # type: ignore[misc]


def _alternative(other: Other) -> Alternative:
    """One that somebody of a plan has, and would lose, costs what it is worth."""
    lost = other.option.value if other.cost >= ENDLESS else other.cost // SCALE
    return Alternative(other.option.legs, other.option.value, lost == 0, lost, int(lost > 0))


class Stop:
    """Asks now and then whether to stop, and remembers that it was told to."""

    def __init__(self, should_stop: Callable[[], bool]) -> None:
        self._should_stop, self._calls, self.told = should_stop, 0, False

    def __call__(self) -> bool:
        """Whether to stop."""
        if self._calls % _EVERY == 0:
            self.told = self.told or self._should_stop()
        self._calls += 1
        return self.told


def settled(solution: Solution) -> Settled | None:
    """What a solution was found in; None if the solve was stopped before it searched."""
    solved = solution.openly
    return settled_of(solved) if isinstance(solved, Solved) else None


def settled_of(solved: Solved) -> Settled:
    """The same of a solve that was not stopped."""
    return Settled(solved.problem, solved.options, solved.assembled, solved.chosen, solved.certificate)


def keep(conn: Connection, *, round_id: UUID, job_id: UUID, told: Told) -> bool:
    """Write what was told of a round's solve, unless the round is being solved again; whether it did."""
    if not explanations.is_last(conn, round_id, job_id):
        return False
    explanations.replace(conn, round_id=round_id, job_id=job_id, told=told.requests, additions=told.additions)
    what_ifs.replace_worths(conn, round_id, told.worths)
    return True


def keep_answers(conn: Connection, *, job_id: UUID, told: Mapping[UUID, Row], now: datetime) -> None:
    """Write what was told of requests answered at once, where that answer is the last word on them."""
    explanations.replace_some(conn, job_id=job_id, told=told, now=now)


def topic_groups() -> dict[str, str]:
    """Topics by what they are part of at the top."""
    found: dict[str, str] = {}
    for topic in TOPICS.values():
        found[topic.code] = found[topic.parent] if topic.parent else topic.code
    return found


class Writing:
    """What is kept, from what the engine found: keys as ids, minutes as moments."""

    def __init__(self, world: World, problem: Problem, now: datetime) -> None:
        self._world, self._problem, self._now = world, problem, now

    def match(self, found: WhyThis) -> Row:
        """Why a request was matched so."""
        others = [self._alternative(each) for each in found.alternatives]
        its = why(self._world, self._problem, found, others, now=self._now)
        return {"why": its, "contest": None, "changes": []}

    def contest(self, found: WhyNot | None) -> Row:
        """Why a request was not matched; the changes are to follow."""
        contest = _named(found, *_CONTEST) if found else None
        return {"why": None, "contest": contest, "changes": []}

    def refusal(self, found: Answer, holders: Mapping[Holder, tuple[int, int]]) -> Row:
        """Why a request got nothing at once."""
        contest = _contest(found, holders) if found.options else None
        return {"why": None, "contest": contest, "changes": []}

    def change(self, found: Change) -> Row:
        """What would have helped."""
        added = self._added(found.added or _NOTHING)
        served = self._served(found.option.legs) if found.added is None else _newly(found.option.legs)
        row = {**added, **served, "moved": len(found.others), "code": found.code, "amount": found.amount}
        return row if found.topic is None else {**row, "topic": found.topic}

    def addition(self, found: Addition) -> Row:
        """What would be worth most."""
        numbers = _named(found, "worth", "solved", "wishes", "pupils")
        return {**self._added(found.added), **numbers, "code": found.added.code}

    def worths(self, worth: Mapping[Added, int]) -> Iterator[Row]:
        """What each addition would be worth on each day, at the best time of that day."""
        best: dict[Added, int] = {}
        for added, points in worth.items():
            day = added._replace(start=0)
            best[day] = max(points, best.get(day, 0))
        for added, points in best.items():
            yield {**self._added(added), "code": added.code, "points": points}

    def _alternative(self, each: Alternative) -> Row:
        numbers = _named(each, "value", "cost", "displaced")
        return {**self._served(each.legs), **numbers, "code": "free" if each.free else "taken"}

    def _added(self, added: Added) -> Row:
        return {
            "topic": added.topic,
            "adcode": added.area,
            "programme_id": str(added.programme) if added.programme is not None else None,
            "unit_id": str(added.unit) if added.unit is not None else None,
            "title": self._title_of(added),
            "day": (_FIRST_DAY + timedelta(days=added.day)).isoformat(),
        }

    def _title_of(self, added: Added) -> str | None:
        if added.programme is not None:
            return str(self._world.programmes[added.programme]["title"])
        return str(self._world.resources["unit", added.unit]["name"]) if added.unit is not None else None

    def _served(self, legs: Iterable[Leg]) -> Row:
        """The session or the stay, if there is one, else who comes; an expert has no name."""
        its = sorted(legs, key=lambda leg: leg.kind == "expert")
        main = its[0]
        resource = self._world.resources[main.kind, main.resource]
        programme = self._world.programmes.get(main.programme)
        anonymous = main.kind == "expert"
        return {
            "resource_kind": main.kind,
            "resource_id": None if anonymous else str(resource["id"]),
            "organisation_ids": [owner(self._world, leg.kind, leg.resource) for leg in its],
            "parts": len(its) if is_split(its) else 1,
            "title": None if anonymous else str(programme["title"] if programme else resource["name"]),
            "starts_at": moment(main.start).isoformat(),
        }


def _contest(found: Answer, holders: Mapping[Holder, tuple[int, int]]) -> Row:
    its = [holders[each] for each in found.holders if each in holders]
    needs = [need for _, need in its] or [0]
    return {
        "options": len(found.options),
        "holders": len(its),
        "pupils": sum(size for size, _ in its),
        "least": min(needs),
        "most": max(needs),
        "value": max(option.value for option in found.options),
        "price": found.price,
        "kept": any(reason.code == KEPT_FOR_ROUND for reason in found.finding.reasons),
    }


def _newly(legs: Iterable[Leg]) -> Row:
    """By something that is not there yet, and has no id."""
    leg = next(leg for leg in legs if isinstance(leg.resource, Added))
    return {"resource_kind": leg.kind, "resource_id": None, "starts_at": moment(leg.start).isoformat()}

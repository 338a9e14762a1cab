"""Requests answered at once, one after the other, and what pending rounds bid against them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis import region
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.engine import model
from services.matcher.engine.at_once import OF_NO_PLAN, TAKEN, Answer, AtOnce, Holder, Move
from services.matcher.engine.model import Option, Papers, Progress, Wish
from services.matcher.engine.pending import Pending, read
from services.matcher.engine.pools import Pools
from services.matcher.roads import RegionRoads
from services.matcher.storage import matches, papers, pool, rounds
from services.matcher.storage import world as rows_of
from services.matcher.storage.papers import Bidding
from services.matcher.usecases import redrafting, solving
from services.matcher.usecases.problem import World, leg_of, load, need_of

Row = dict[str, Any]
AT_A_TIME = 300
OFFER_HOURS = 48
# A request that could not be served waits longer each time; grown capacity cuts the wait short.
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
MADE_ROOM = "made_room_for"
# Only a draft that nobody works on is moved for somebody who comes later.
_MAY_MOVE = frozenset({"drawn_up"})


class Overtaken(Exception):
    """A draft that was to make room has been changed by somebody else in the meantime."""


class Book:
    """One solve of a round, read back, with the numbers that requests have in it."""

    def __init__(self, pending: Pending) -> None:
        self.pending = pending
        self._numbers = {key: number for number, key in enumerate(pending.keys)}

    def option(self, draft: Match) -> int | None:
        """The number of the option that a draft is; None if the solve did not know it."""
        number = self._numbers.get(draft.request_id)
        if number is None or draft.company_id:  # who comes together with others stays there
            return None
        wanted = {redrafting.place_of(leg_of(leg)) for leg in draft.legs}
        first, last = self.pending.assembled.instance.of_wish.first[number : number + 2]
        its = self.pending.assembled.instance.of_wish.items[first:last].tolist()
        return next(
            (
                each
                for each in its
                if set(map(redrafting.place_of, self.pending.options[each].legs)) == wanted
            ),
            None,
        )


class Books:
    """The latest solves of pending rounds, each read once a process."""

    def __init__(self) -> None:
        self._known: dict[UUID, tuple[UUID, Book]] = {}

    def unknown(self, conn: Connection) -> Iterator[tuple[Bidding, tuple[str, ...]]]:
        """Solves that were not read yet, with their papers; those of other rounds are forgotten."""
        bidding = papers.bidding(conn)
        pending = {each.round_id for each in bidding}
        self._known = {key: its for key, its in self._known.items() if key in pending}
        for each in bidding:
            if self.of(each) is None and (found := papers.texts(conn, each.round_id, each.job_id)):
                yield each, found

    def learn(self, bidding: Bidding, texts: Iterable[str]) -> None:
        """Read a solve: a second or so for a large round. ValueError or KeyError if it cannot be."""
        book = Book(read(Papers(*texts), RegionRoads(region.ROADS), UUID))
        self._known[bidding.round_id] = bidding.job_id, book

    def of(self, bidding: Bidding) -> Book | None:
        """The solve by which a round bids, if it has been read."""
        job_id, book = self._known.get(bidding.round_id, (None, None))
        return book if job_id == bidding.job_id else None


class Round(NamedTuple):
    """A pending round as it bids: its drafts by the numbers of their options, and what was taken since."""

    bidding: Bidding
    pending: Pending
    drafts: Mapping[int, Match]
    taken: tuple[model.Leg, ...]


@dataclass(frozen=True)
class Setting:
    """What requests are answered in; `strangers` are drafts that no solve knows alone, and that stay."""

    world: World
    rounds: tuple[Round, ...]
    strangers: tuple[Match, ...]
    tries: Mapping[UUID, int]

    def firm(self) -> Setting:
        """The same, but that no draft makes room."""
        return replace(
            self,
            rounds=tuple(each._replace(pending=each.pending._replace(firm=True)) for each in self.rounds),
        )


@dataclass(frozen=True)
class Answered:
    """What came of a turn: an answer a request, by its number; and drafts that make room."""

    setting: Setting
    answers: Mapping[int, Answer]
    moved: Sequence[Move]


# -- before


def begin(conn: Connection, *, books: Books, now: datetime) -> Setting:
    """The requests that are due, what there is for them, and the rounds that bid for it."""
    due = pool.waiting(conn, now=now, earliest=now + domain.SHORTEST_LEAD, limit=AT_A_TIME)
    return setting_of(conn, due, books=books, now=now)


def setting_of(conn: Connection, request_ids: Sequence[UUID], *, books: Books, now: datetime) -> Setting:
    """The same of these requests."""
    bidding = [each for each in papers.bidding(conn) if books.of(each)]
    world = load(conn, now=now, request_ids=request_ids, ignoring=[each.round_id for each in bidding])
    drafts = matches.drafts(conn, [each.round_id for each in bidding])
    found = [_round(conn, each, books, drafts) for each in bidding]
    known = {draft.id for each in found for draft in each.drafts.values()}
    strangers = tuple(draft for draft in drafts if draft.id not in known)
    return Setting(world, tuple(found), strangers, pool.tries(conn, request_ids))


def _round(conn: Connection, bidding: Bidding, books: Books, drafts: Sequence[Match]) -> Round:
    book = books.of(bidding)
    assert book is not None
    mine = [draft for draft in drafts if draft.round_id == bidding.round_id]
    numbered = {book.option(draft): draft for draft in mine}
    known = {number: draft for number, draft in numbered.items() if number is not None}
    firm = bidding.state not in _MAY_MOVE
    pending = book.pending._replace(chosen=sorted(known), firm=firm)
    taken = matches.taken_since(conn, bidding.round_id, bidding.job_id, bidding.begun_at)
    return Round(bidding, pending, known, tuple(map(leg_of, taken)))


# -- the answers


def answer(
    setting: Setting, *, lot: str, report: Callable[[Progress], None], should_stop: Callable[[], bool]
) -> Answered:
    """Answer one request after the other; told to stop, those that were not looked at have no answer.

    Each school once before any a second time; of these, those of greatest need first, then those that have
    waited longest; of equals, by `lot`.
    """
    problem = setting.world.problem
    desk = desk_of(setting, problem)
    answers: dict[int, Answer] = {}
    for number in order(setting.world, lot):
        if should_stop():
            break
        answers[number] = found = desk.ask(problem.wishes[number])
        report(Progress("answering", sum(each.option.value for each in answers.values() if each.option)))
        if found.option:
            desk.take(found.option)
    return Answered(setting, answers, desk.moved)


def desk_of(setting: Setting, problem: model.Problem) -> AtOnce:
    """Who answers, beside the rounds, what this problem asks: that of the setting, or one that has more."""
    return AtOnce(
        problem,
        [each.pending for each in setting.rounds],
        _options_of(setting.strangers, problem),
        [each.taken for each in setting.rounds],
    )


def order(world: World, lot: str) -> list[int]:
    """The numbers of the requests, in the order in which they are answered."""
    wishes = world.problem.wishes
    first = sorted(range(len(wishes)), key=lambda number: _merit(world, wishes[number], lot))
    nth: Counter[UUID] = Counter()
    turn: dict[int, int] = {}
    for number in first:
        school = world.requests[wishes[number].key]["school_id"]
        turn[number] = nth[school]
        nth[school] += 1
    return sorted(first, key=lambda number: turn[number])


def _merit(world: World, wish: Wish, lot: str) -> tuple[int, datetime, bytes]:
    asked = world.requests[wish.key]["submitted_at"]
    return -wish.need, asked, hashlib.sha256(f"{lot}|{wish.key}".encode()).digest()


# -- after


def complete(conn: Connection, *, job: Row, answered: Answered, now: datetime) -> int:
    """Hand what was found to the saga, move drafts that make room, give verdicts; return how many matches.

    Raises solving.Fenced, and Overtaken if a draft that was to make room is not there any more: then nothing
    is to be kept.
    """
    solving.finish(conn, job, "done", now)
    _make_room(conn, answered, now)
    world, answers = answered.setting.world, answered.answers
    given = solving.left(conn, world, [each.option for each in answers.values() if each.option])
    found = [solving.insert(conn, world, option, job, OFFER_HOURS, now, due=now) for option in given]
    wishes = world.problem.wishes
    keys = [wishes[number].key for number in answers]
    again = answered.setting.tries
    pool.tried(conn, [(key, now + _wait(again.get(key, 0))) for key in keys if isinstance(key, UUID)], now)
    findings = {wishes[number].key: each.finding for number, each in answers.items()}
    served = {wishes[option.wish].key for option in given}
    pool.give_verdicts(conn, solving.verdicts(job, world, findings, served, now), at_once=True)
    return sum(match is not None for match in found)


def holders(conn: Connection, answered: Answered, now: datetime) -> dict[Holder, tuple[int, int]]:
    """How many people those are who have what refused requests wanted, and what their need is."""
    wanted = {each for answer in answered.answers.values() for each in answer.holders}
    requests = {each: request for each in wanted if (request := _request_of(answered, each))}
    everything = rows_of.NotCounted([], [])
    found = rows_of.requests(conn, sorted(set(requests.values())), everything)
    rows = {row["id"]: row for row in found}
    return {
        each: (rows[request]["group_size"], need_of(rows[request], now))
        for each, request in requests.items()
        if request in rows
    }


def _request_of(answered: Answered, holder: Holder) -> UUID | None:
    number, wish = holder
    setting = answered.setting
    if number == OF_NO_PLAN:
        return setting.strangers[wish].request_id
    if number == TAKEN:
        given = [each.option.wish for each in answered.answers.values() if each.option]
        key = setting.world.problem.wishes[given[wish - 1]].key
    else:
        key = setting.rounds[number].pending.keys[wish]
    return key if isinstance(key, UUID) else None


def _make_room(conn: Connection, answered: Answered, now: datetime) -> None:
    """Write where the drafts are now that make room."""
    its = answered.setting.rounds
    for number in sorted({move.round for move in answered.moved}):
        row = rounds.lock(conn, its[number].bidding.round_id)
        if row is None or row["state"] not in _MAY_MOVE:
            raise Overtaken()
    drafts = [_moved(its[move.round], move) for move in answered.moved]
    if drafts and not redrafting.make_room(conn, drafts, now=now, code=MADE_ROOM):
        raise Overtaken()


def _moved(its: Round, move: Move) -> tuple[Match, list[redrafting.Place]]:
    legs = its.pending.options[move.after].legs
    return its.drafts[move.before], list(map(redrafting.place_of, legs))


def _wait(tries: int) -> timedelta:
    return min(LONGEST_WAIT, SHORTEST_WAIT * int(2 ** min(tries, 6)))


def _options_of(drafts: Iterable[Match], problem: model.Problem) -> list[Option]:
    pools = Pools(problem, problem.roads)
    legs = [(draft, tuple(map(leg_of, draft.legs))) for draft in drafts]
    return [Option(-1, its, draft.value, pools.needed(its)) for draft, its in legs]

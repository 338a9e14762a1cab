"""A round of two requests and one slot on a scratch database, and solves that find what a test wants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.chassis.instant import ClockReader
from services.chassis.store import Connection
from services.matcher.engine.model import Finding, Leg, Option, Papers, Problem, Solution
from services.matcher.storage import facts as storage
from services.matcher.usecases import rounds as lifecycle
from tests.builders import facts
from tests.builders.drafts import NOW, SOMEBODY, START
from tests.fixtures.stack import poll

DUE = NOW + timedelta(minutes=1)
Solve = Callable[..., Solution]


class Still(ClockReader):
    """It is a minute past NOW, for ever."""

    def now(self) -> datetime:
        """That minute."""
        return DUE


def a_closed_round(conn: Connection) -> UUID:
    """Two requests of 40 pupils are pooled in it, and one slot of 60 seats is open to them."""
    round_id = opened(conn)
    organisation = facts.some_id()
    venue = facts.venue("科技馆", organisation)
    programme = facts.programme("星空之下", organisation, venue["id"])
    keep(conn, "venue", venue)
    keep(conn, "programme", programme)
    keep(conn, "slot", facts.slot(programme, START))
    for name in ("第一小学", "第二小学"):
        windows = [{"starts_at": facts.iso(START), "ends_at": facts.iso(START + timedelta(hours=4))}]
        asked = facts.request(facts.school(name), round_id=str(round_id), windows=windows)
        keep(conn, "request", asked)
    lifecycle.close(conn, now=NOW, actor=SOMEBODY, round_id=round_id)
    return round_id


def opened(conn: Connection, **policy: Any) -> UUID:
    """An open round."""
    wanted = {
        "name": "春季集中申报",
        "adcode": "150400",
        "opens_at": NOW,
        "offer_hours": 48,
        "policy": policy,
    }
    closes = {"closes_at": NOW + timedelta(days=7)}
    round_id: UUID = lifecycle.open_round(conn, now=NOW, actor=SOMEBODY, wanted=wanted | closes)["id"]
    return round_id


def keep(conn: Connection, aggregate: str, state: dict[str, Any]) -> None:
    """Matcher hears of something for the first time."""
    assert storage.keep(conn, aggregate, UUID(state["id"]), 1, state)


def papers(word: str) -> Papers:
    """Three papers, each naming itself and the word."""
    return Papers(*(f'{{"{name}":"{word}"}}' for name in Papers._fields))


def found(problem: Problem, **changes: Any) -> Solution:
    """The first request in the first slot, proven to be within a tenth of the best; what is given differs."""
    slot = problem.slots[0]
    assert slot.place is not None
    leg = Leg("slot", slot.key, slot.programme, slot.start, slot.end, slot.start, 40, slot.place)
    whole: dict[str, Any] = {"chosen": (Option(0, (leg,), 900),), "value": 900, "bound": 1000}
    whole |= {"status": "limit", "options": 2, "papers": papers("first")}
    findings = {wish.key: Finding(1, ()) for wish in problem.wishes}
    return Solution(**{**whole, "findings": findings, **changes})


def solving(**changes: Any) -> Solve:
    """A solve that finds just that."""
    return lambda problem, *_, **__: found(problem, **changes)


def breaking(error: Exception) -> Solve:
    """A solve that breaks on an error."""

    def solve(*_: object, **__: object) -> Solution:
        raise error

    return solve


def hungry(*_: object, **__: object) -> Solution:
    """A solve that takes memory until there is none."""
    taken = []
    while True:
        taken.append(bytearray(1024 * 1024))


def until(stop: Callable[[], bool]) -> None:
    """Returns once the solve is told to stop."""
    poll(stop, 10, 0.02)

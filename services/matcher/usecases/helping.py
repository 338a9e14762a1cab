"""What would have helped those who got nothing at once: worked out while nobody waits for an answer.

Each is tried as it stands by then: a change is shown only if the desk, asked again with it, gives something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis.store import Connection
from services.matcher.engine.at_once import AtOnce
from services.matcher.engine.helped import Attempt, Change, attempts, told_of
from services.matcher.engine.model import Problem
from services.matcher.engine.worth import Latent, extended, imagined
from services.matcher.storage import explanations
from services.matcher.usecases import at_once
from services.matcher.usecases.at_once import Books, Setting
from services.matcher.usecases.explaining import Writing, topic_groups
from services.matcher.usecases.problem import World

Row = dict[str, Any]
# Of so many the attempts are drawn up together; those who wait for an answer wait for no more than that.
AT_A_TIME = 20


class Unhelped(NamedTuple):
    """Requests that got nothing, each with the job that said so, and what they are tried in."""

    jobs: Mapping[UUID, UUID]
    setting: Setting


def begin(conn: Connection, *, books: Books, now: datetime) -> Unhelped | None:
    """The next requests whose changes are to be worked out; None if there are none."""
    explanations.forget_unhelped(conn)
    jobs = explanations.unhelped(conn, AT_A_TIME)
    return Unhelped(jobs, at_once.setting_of(conn, list(jobs), books=books, now=now)) if jobs else None


def changes(unhelped: Unhelped, *, now: datetime, should_stop: Callable[[], bool]) -> dict[UUID, list[Row]]:
    """The smallest change of each kind that would have helped, by request.

    Told to stop, those that were not looked at are missing; one is looked at in any case.
    """
    world = unhelped.setting.world
    problem, writing = world.problem, Writing(world, world.problem, now)
    latent = Latent(problem, imagined(_untouched(world), problem.wishes))
    tried = attempts(problem, latent, range(len(problem.wishes)), topic_groups())
    desk = at_once.desk_of(unhelped.setting, extended(problem, latent.supply))
    by_wish = {number: list(its) for number, its in groupby(tried, lambda attempt: attempt.wish)}
    found: dict[UUID, list[Row]] = {}
    for number, wish in enumerate(problem.wishes):
        if found and should_stop():
            break
        assert isinstance(wish.key, UUID)
        found[wish.key] = [writing.change(each) for each in _verified(problem, desk, by_wish.get(number, ()))]
    return found


def _untouched(world: World) -> Problem:
    """The problem with all seats of its slots: one session more is not half full from the beginning."""
    slots = world.problem.slots
    seats = (int(world.resources["slot", slot.key]["seats"]) for slot in slots)
    return replace(
        world.problem, slots=tuple(replace(slot, seats=each) for slot, each in zip(slots, seats, strict=True))
    )


def _verified(problem: Problem, desk: AtOnce, tried: Iterable[Attempt]) -> Iterable[Change]:
    for attempt in tried:
        way = next((way for way in attempt.ways if desk.best_of([way[1]])), None)
        if way:
            yield told_of(problem, attempt, way, topic_groups())


def keep(conn: Connection, unhelped: Unhelped, found: Mapping[UUID, list[Row]]) -> None:
    """Write what was worked out beside the answers that it is about."""
    explanations.add_changes(conn, [(key, unhelped.jobs[key], its) for key, its in found.items()])


def give_up(conn: Connection, unhelped: Unhelped) -> None:
    """Leave these as they are: whatever broke would break again."""
    keep(conn, unhelped, {key: [] for key in unhelped.jobs})

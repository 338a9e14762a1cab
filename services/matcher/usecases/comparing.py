"""A question of what if from the solver's side: the copy, both its sides, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.engine import changed
from services.matcher.engine.model import DAY, Key, Kind, Limits, Option, Place, Problem, Solution, Window
from services.matcher.engine.planned import Additions, Interrupted, Wanted
from services.matcher.engine.simulate import Outcome, Plan, Share, at_least, moved, planned
from services.matcher.engine.solver import Solved
from services.matcher.engine.worth import Addition
from services.matcher.storage import rounds
from services.matcher.storage import what_ifs as storage
from services.matcher.usecases import explaining, solving
from services.matcher.usecases.problem import World, load

Row = dict[str, Any]
#: Solves one side, by its name, as well as it can in its time.
Solve = Callable[[str, Problem], Solution]
_FIRST_DAY = date(1970, 1, 1)
_FOR_EVER = 100_000 * DAY
_NOTHING = Share(0, 0, 0)
_OF_ADDED = {"more_sessions": "programme_id", "more_unit_days": "unit_id"}


class Stopped(Exception):
    """A side was stopped before it had been looked at whole; there is nothing to compare."""


@dataclass(frozen=True)
class Copy:
    """A round's world as it would be had the round never been solved, and what is to be different.

    `homes` is where experts would live, by district; `set_by_hand` counts the matches that stay.
    """

    what_if_id: UUID
    world: World
    changes: Sequence[Row]
    homes: Mapping[str, Place]
    set_by_hand: int


class _Side(NamedTuple):
    plan: Plan
    options: Sequence[Option]


# -- begun and ended


def begin(conn: Connection, *, job: Row, now: datetime) -> Copy | None:
    """The copy that a job is about; None if nobody asks any more."""
    asked = storage.of_job(conn, job["id"])
    row = rounds.get(conn, asked["round_id"]) if asked else None
    if asked is None or row is None:
        return None
    # While requests may still come, nobody is to learn what the round's own seed would decide.
    told = row["state"] != "open"
    world = load(
        conn,
        now=now,
        request_ids=storage.requests(conn, row["id"], now + domain.SHORTEST_LEAD),
        seed=row["seed"] if told else "",
        salt=(row["salt"] or "") if told else "",
        undone=row["id"],
        session_minutes=row["policy"].get("session_minutes", 60),
    )
    districts = {each["adcode"] for each in asked["changes"] if each["kind"] == "more_experts"}
    homes = {adcode: _home(storage.places_in(conn, row["id"], adcode)) for adcode in districts}
    return Copy(
        what_if_id=asked["id"],
        world=solving.under_policy(conn, world, row),
        changes=asked["changes"],
        homes={adcode: home for adcode, home in homes.items() if home},
        set_by_hand=storage.set_by_hand(conn, row["id"]),
    )


def limits(conn: Connection, job: Row) -> Limits:
    """How long each side may be searched: as long as the round itself."""
    asked = storage.of_job(conn, job["id"])
    return solving.limits(conn, {"kind": "round", "round_id": asked["round_id"] if asked else None})


def answer(conn: Connection, *, job: Row, copy: Copy, result: Row, now: datetime) -> bool:
    """Write what came out, unless the job is no longer this solver's; return whether it was."""
    done = rounds.finish(conn, job_id=job["id"], epoch=job["epoch"], state="done", now=now)
    if done:
        storage.answer(conn, copy.what_if_id, result, now)
    return done


def _home(places: Sequence[tuple[float, float]]) -> Place | None:
    """In the middle of the list, so that somebody asks from there or next door."""
    return Place(*places[len(places) // 2]) if places else None


# -- compared


def compare(copy: Copy, solve: Solve, should_stop: Callable[[], bool]) -> Row:
    """Both sides of a copy in numbers and codes, and what its additions are worth.

    Raises Stopped soon after `should_stop()` is true, which `solve` asks by itself.
    """
    problem = copy.world.problem
    solved = _solved(solve("base", problem))
    asked = [(at, each) for at, each in enumerate(copy.changes) if each["kind"] in domain.ADDITIONS]
    additions = _additions(solved, [_wanted(each, copy) for _, each in asked], should_stop)
    worths = additions.worth() if additions else []
    if should_stop():
        raise Stopped
    base = _Side(planned(solved), solved.options)
    other = _other(copy, problem)
    solved = _solved(solve("changed", additions.into(other) if additions else other))
    base, after = _evened(base, _Side(planned(solved), solved.options))
    return {
        **_sides(base.plan, after.plan, copy.world),
        "additions": [_worth(at, worth) for (at, _), worth in zip(asked, worths, strict=True) if worth],
        "set_by_hand": copy.set_by_hand,
    }


def _solved(solution: Solution) -> Solved:
    if not isinstance(solution.openly, Solved):
        raise Stopped
    return solution.openly


def _additions(solved: Solved, wanted: Sequence[Wanted], should_stop: Callable[[], bool]) -> Additions | None:
    try:
        return Additions(explaining.settled_of(solved), wanted, should_stop) if wanted else None
    except Interrupted as error:
        raise Stopped from error


def _wanted(change: Row, copy: Copy) -> Wanted:
    return Wanted(
        code=change["kind"],
        number=change["number"],
        programme=_id(change["programme_id"]),
        unit=_id(change["unit_id"]),
        topic=change["topic"],
        area=change["adcode"],
        home=copy.homes.get(change["adcode"] or ""),
        day=_day(change["day"]),
        cap_week=change["cap_week"],
        seats=_seats(copy.world, _id(change["programme_id"])),
    )


def _seats(world: World, programme: UUID | None) -> int:
    """The most that a session of the programme has, taken or not; 0 without a programme."""
    rows = (row for (kind, _), row in world.resources.items() if kind == "slot")
    return max((row["seats"] for row in rows if row["programme_id"] == programme), default=0)


def _other(copy: Copy, problem: Problem) -> Problem:
    """The problem with all that is changed but what is added, one after the other."""
    for change in copy.changes:
        if change["kind"] == "demand":
            problem = _with_demand(problem, change)
        elif change["kind"] == "closed":
            problem = changed.without(problem, _closed(copy.world, change), _away(change))
        elif change["kind"] == "fairness":
            problem = changed.with_fairness(problem, change["percent"])
    return problem


def _with_demand(problem: Problem, change: Row) -> Problem:
    trunk = domain.area_trunk(change["adcode"]) if change["adcode"] else ""
    order = changed.in_turn(problem, lambda wish: wish.area.startswith(trunk))
    return changed.with_demand(problem, change["factor"], order, changed.alike(problem, order))


def _closed(world: World, change: Row) -> frozenset[tuple[Kind, Key]]:
    """What is a venue's or an organisation's."""
    member = "venue_id" if change["venue_id"] else "organisation_id"
    closed = _id(change[member])
    return frozenset(key for key, row in world.resources.items() if row.get(member) == closed)


def _away(change: Row) -> Window:
    first, last = _day(change["first_day"]), _day(change["last_day"])
    return Window(0 if first is None else first * DAY, _FOR_EVER if last is None else (last + 1) * DAY)


def _evened(base: _Side, after: _Side) -> tuple[_Side, _Side]:
    """Either plan in the other's place, where it can be had there and is worth no less."""
    better = after._replace(plan=at_least(after.plan, base.plan, after.options))
    return base._replace(plan=at_least(base.plan, better.plan, base.options)), better


# -- what is kept


def _sides(base: Plan, after: Plan, world: World) -> Row:
    one, other = base.outcome, after.outcome
    mine, theirs = one.areas(), other.areas()
    schools = moved(
        one,
        other,
        who=lambda wish: world.requests[wish.key]["school_id"],
        where=lambda wish: (wish.area, wish.stage),
    )
    return {
        "base": _side(base),
        "changed": _side(after),
        "districts": [
            {
                "adcode": area,
                "base": _share(mine.get(area, _NOTHING)),
                "changed": _share(theirs.get(area, _NOTHING)),
            }
            for area in sorted(mine.keys() | theirs.keys())
        ],
        "moved": [
            {"adcode": area, "stage": stage, **each._asdict()}
            for (area, stage), each in sorted(schools.items())
        ],
    }


def _side(plan: Plan) -> Row:
    outcome: Outcome = plan.outcome
    return {
        "requests": len(plan.problem.wishes),
        "served": len(outcome.served),
        "people": outcome.people,
        "pupils": outcome.pupils,
        "value": plan.value,
        "bound": plan.bound,
        "ended": plan.status,
    }


def _share(share: Share) -> Row:
    return {"requests": share.asked, "served": share.served, "people": share.people}


def _worth(change: int, addition: Addition) -> Row:
    return {
        "change": change,
        "day": (_FIRST_DAY + timedelta(days=addition.added.day)).isoformat(),
        "worth": addition.worth,
        "solved": addition.solved,
        "wishes": addition.wishes,
        "people": addition.pupils,
    }


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _day(text: str | None) -> int | None:
    return (date.fromisoformat(text) - _FIRST_DAY).days if text else None

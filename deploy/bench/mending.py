"""One event after another in a season of drafts: slots and busy experts that fall away, and what is found."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from deploy.bench.asked import Asked
from deploy.bench.matching import made
from services.matcher import domain
from services.matcher.engine.candidates import Finder
from services.matcher.engine.journeys import KnownRoads
from services.matcher.engine.model import Key, Leg, Option, Problem
from services.matcher.engine.plan import greedy
from services.matcher.engine.warm import warm
from services.matcher.storage.displaced import Displaced
from services.matcher.usecases import mending
from services.matcher.usecases.minutes import moment
from services.matcher.usecases.problem import World

_SLOTS, _EXPERTS = 40, 3
_NOBODY = UUID(int=0)
_Resource = tuple[str, Key]


def run(wanted: Asked) -> int:
    """Print `events N hit H kept K moved M p50_s A p95_s B p95_cpu_s C`.

    Everybody whom a greedy plan serves is in a draft; 40 slots fall away, each by itself, and the three
    busiest experts. Of the H matches hit K get another place, for which M drafts move.
    """
    problem = _with_ids(made(wanted))
    warm()
    plan = {option.wish: option for option in _plan(problem)}
    users: dict[_Resource, list[int]] = defaultdict(list)
    for wish, option in plan.items():
        for leg in option.legs:
            users[leg.kind, leg.resource].append(wish)
    took, busy, hit, kept, moved = [], [], 0, 0, 0
    for resource in _events(users, wanted.seed):
        broken = _broken(problem, plan, resource, users[resource])
        began, worked = time.perf_counter(), time.process_time()
        repaired = mending.mend(broken).repaired
        took.append(time.perf_counter() - began)
        busy.append(time.process_time() - worked)
        found = sum(each.wish in users[resource] for each in repaired.moved)
        hit, kept, moved = hit + len(users[resource]), kept + found, moved + len(repaired.moved) - found
    print(
        f"events {len(took)} hit {hit} kept {kept} moved {moved} p50_s {_at(took, 0.5)}"
        f" p95_s {_at(took, 0.95)} p95_cpu_s {_at(busy, 0.95)}"
    )
    return 0


def _with_ids(problem: Problem) -> Problem:
    """With ids for the names of wishes, as matcher has them."""
    wishes = tuple(replace(wish, key=uuid5(_NOBODY, str(wish.key))) for wish in problem.wishes)
    return replace(problem, wishes=wishes, roads=KnownRoads(problem.roads))


def _plan(problem: Problem) -> Iterable[Option]:
    options = [option for found, _ in Finder(problem).all() for option in found]
    order = sorted(range(len(options)), key=lambda number: -options[number].value)
    return (options[number] for number in greedy(problem, options, order))


def _events(users: Mapping[_Resource, Sequence[int]], seed: int) -> list[_Resource]:
    slots = sorted((each for each in users if each[0] == "slot"), key=str)
    experts = sorted((each for each in users if each[0] == "expert"), key=lambda each: -len(users[each]))
    return [*random.Random(seed).sample(slots, min(_SLOTS, len(slots))), *experts[:_EXPERTS]]


def _broken(
    problem: Problem, plan: Mapping[int, Option], resource: _Resource, lost: Sequence[int]
) -> mending.Broken:
    left = replace(
        problem,
        slots=tuple(slot for slot in problem.slots if ("slot", slot.key) != resource),
        experts=tuple(expert for expert in problem.experts if ("expert", expert.key) != resource),
    )
    world = World(left, {wish.key: {} for wish in left.wishes}, {}, {})
    keys: list[UUID] = [wish.key for wish in problem.wishes if isinstance(wish.key, UUID)]
    gone = [Displaced(keys[number], _NOBODY, "slot_cancelled", None) for number in lost]
    there = {keys[number]: _draft(option) for number, option in plan.items() if number not in lost}
    return mending.Broken(world, gone, there)


def _draft(option: Option) -> domain.Match:
    """As much of a draft as a repair looks at."""
    legs = tuple(_leg(leg) for leg in option.legs)
    return domain.Match(
        id=_NOBODY,
        request_id=_NOBODY,
        round_id=None,
        job_id=None,
        school_id=_NOBODY,
        school_name="",
        adcode="",
        township=None,
        kind="",
        title="",
        topics=(),
        grades=(),
        audience="",
        group_size=1,
        starts_at=legs[0].starts_at,
        ends_at=legs[0].ends_at,
        state="proposed",
        value=option.value,
        offer_hours=1,
        created_at=legs[0].starts_at,
        legs=legs,
    )


def _leg(leg: Leg) -> domain.Leg:
    key: UUID = leg.resource  # type: ignore[assignment]  # a name here, and only compared
    return domain.Leg(
        id=_NOBODY,
        position=0,
        owner="",
        resource_kind=leg.kind,
        resource_id=key,
        organisation_id=_NOBODY,
        programme_id=None,
        venue_id=None,
        starts_at=moment(leg.start),
        ends_at=moment(leg.end),
        occupied_from=moment(leg.occupied),
        quantity=leg.quantity,
        place=domain.Place(leg.place.lat, leg.place.lon, ""),
        hold_id=_NOBODY,
        attempt=1,
        state="wanted",
    )


def _at(times: list[float], part: float) -> str:
    return f"{sorted(times)[int(len(times) * part)]:.2f}"

"""Places for requests whose match fell away, together, with as few drafts moved for them as can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.engine.assemble import assemble
from services.matcher.engine.candidates import Finder
from services.matcher.engine.model import Finding, Key, Option
from services.matcher.engine.plan import Plan
from services.matcher.engine.pools import Pools
from services.matcher.engine.repair import Event, Repaired, repair
from services.matcher.storage import displaced, matches, pool, rearranged, rounds
from services.matcher.storage.displaced import Displaced
from services.matcher.usecases import redrafting, solving
from services.matcher.usecases.at_once import MADE_ROOM, OFFER_HOURS, Overtaken
from services.matcher.usecases.problem import World, leg_of, load

Row = dict[str, Any]
# As many as the exact part of a repair looks at; of an event that hits more, the others are next.
AT_A_TIME = 180
# Drafts that may be moved: those that have what is wanted, and those that have what these want.
_NEAR = 200
SECONDS = 1.0


@dataclass(frozen=True)
class Broken:
    """What fell away, and what there is: `drafts` are of rounds that nobody works on, and may move."""

    world: World
    lost: Sequence[Displaced]
    drafts: Mapping[UUID, Match]
    may_move: bool = True

    def firm(self) -> Broken:
        """The same, but that no draft moves."""
        return replace(self, may_move=False)


@dataclass(frozen=True)
class Mended:
    """How it was put right; `options` are those of the instance, `findings` are about who lost a place."""

    broken: Broken
    options: Sequence[Option]
    findings: Mapping[Key, Finding]
    repaired: Repaired


# -- before


def begin(conn: Connection, *, now: datetime) -> Broken | None:
    """What is to be put right; None if nothing is."""
    lost = displaced.due(conn, now + domain.SHORTEST_LEAD, AT_A_TIME)
    if not lost:
        return None
    movable = displaced.drawn_up(conn)
    drafts = {draft.request_id: draft for draft in matches.drafts(conn, movable)}
    asked = [each.request_id for each in lost]
    world = load(conn, now=now, request_ids=[*asked, *drafts], ignoring=movable)
    known = {request: draft for request, draft in drafts.items() if request in world.requests}
    return Broken(world, lost, known)


# -- the repair


def mend(broken: Broken, seconds: float = SECONDS) -> Mended:
    """Find places, moving as few drafts as can be; the exact parts take `seconds` at most."""
    plan = _Mending(broken)
    plan.look()
    instance = assemble(broken.world.problem, plan.options).instance
    event = Event(plan.gone, pinned=frozenset(plan.pinned))
    return Mended(broken, plan.options, plan.findings, repair(instance, plan.before, event, seconds))


class _Mending:
    """Options of who lost a place, and of the drafts around; all other drafts stay where they are."""

    def __init__(self, broken: Broken) -> None:
        self._broken, self._problem = broken, broken.world.problem
        self._finder, self._still = Finder(self._problem), Plan(self._problem)
        self._pools = Pools(self._problem, self._problem.roads)
        self._numbers = {wish.key: number for number, wish in enumerate(self._problem.wishes)}
        self._there = {("slot", slot.key) for slot in self._problem.slots}
        self._there |= {("expert", expert.key) for expert in self._problem.experts}
        self._there |= {("unit", unit.key) for unit in self._problem.units}
        self.options: list[Option] = []
        self.before: list[int] = []
        self.gone: dict[int, str] = {}
        self.pinned: set[int] = set()
        self.findings: dict[Key, Finding] = {}

    def look(self) -> None:
        """All options, and what each had before."""
        wanted: set[tuple[str, Key]] = set()
        for each in self._broken.lost:
            number = self._numbers.get(each.request_id)
            if number is not None:
                wanted |= self._lost(number, each.code)
        near = self._near(wanted, []) if self._broken.may_move else []
        for number in near:
            wanted |= self._movable(number)
        around = self._near(wanted, near) if near else []
        for number in around:
            self._movable(number)
        self._fixed({*near, *around})

    def _lost(self, number: int, code: str) -> set[tuple[str, Key]]:
        """Options of a request that lost its place, which is gone; return the resources that would do."""
        found, self.findings[self._problem.wishes[number].key] = self._finder.options(number)
        self.options += found
        self.gone[len(self.options)] = code
        self.before.append(len(self.options))
        self.options.append(Option(number, (), 1))
        return _resources(found)

    def _near(self, wanted: set[tuple[str, Key]], known: Sequence[int]) -> list[int]:
        """Numbers of requests whose drafts stand on any of these resources, a limited number in all."""
        its = [
            self._numbers[request]
            for request, draft in self._broken.drafts.items()
            if any((leg.resource_kind, leg.resource_id) in wanted for leg in draft.legs)
        ]
        return [number for number in its if number not in set(known)][: _NEAR - len(known)]

    def _movable(self, number: int) -> set[tuple[str, Key]]:
        """Options of a draft's request, what it has among them; return the resources that would do."""
        draft = self._broken.drafts[self._problem.wishes[number].key]  # type: ignore[index]  # a request's id
        found, _ = self._finder.options(number)
        places = {redrafting.place_of(leg_of(leg)) for leg in draft.legs}
        present = redrafting.standing(self._finder, number, found, places)
        if present is None:
            self._keep(number, draft)
            return set()
        found = found if present in found else [*found, present]
        self.before.append(len(self.options) + found.index(present))
        self.options += found
        return _resources(found)

    def _fixed(self, looked_at: set[int]) -> None:
        for request, draft in self._broken.drafts.items():
            number = self._numbers[request]
            if number not in looked_at:
                self._keep(number, draft)

    def _keep(self, number: int, draft: Match) -> None:
        """A draft that stays; what is not there any more takes nothing."""
        legs = tuple(leg for leg in map(leg_of, draft.legs) if (leg.kind, leg.resource) in self._there)
        uses = self._pools.uses(self._problem.wishes[number], legs) if legs else ()
        option = Option(number, legs, draft.value, uses)
        # Where there is less than there was, what does not fit any more takes no more than is there.
        if self._still.fits(option):
            self._still.add(option)
            self.pinned.add(number)
            self.before.append(len(self.options))
            self.options.append(option)


def _resources(options: Iterable[Option]) -> set[tuple[str, Key]]:
    return {(leg.kind, leg.resource) for option in options for leg in option.legs}


# -- after


def complete(conn: Connection, *, job: Row, mended: Mended, now: datetime) -> int:
    """Write the new matches and where drafts are now; who found nothing waits to be answered at once.

    Returns how many were served. Raises solving.Fenced, and Overtaken if a draft that was to make room has
    changed: then nothing is to be kept.
    """
    solving.finish(conn, job, "done", now)
    moved = {each.wish: mended.options[each.after] for each in mended.repaired.moved}
    broken, wishes = mended.broken, mended.broken.world.problem.wishes
    by_request = {wishes[number].key: option for number, option in moved.items()}
    _make_room(conn, broken, by_request, now)
    served = [each for each in broken.lost if each.request_id in by_request]
    made = sum(_serve(conn, broken.world, job, each, by_request[each.request_id], now) for each in served)
    told = {each.request_id for each in served}
    verdicts = solving.verdicts(job, broken.world, mended.findings, told, now)
    pool.give_verdicts(conn, (row for row in verdicts if row["request_id"] in told), at_once=True)
    give_up(conn, broken)
    return made


def give_up(conn: Connection, broken: Broken) -> None:
    """Leave it to the pool."""
    displaced.forget(conn, [each.request_id for each in broken.lost])


def _make_room(conn: Connection, broken: Broken, by_request: Mapping[Key, Option], now: datetime) -> None:
    drafts = [
        (draft, list(map(redrafting.place_of, by_request[request].legs)))
        for request, draft in broken.drafts.items()
        if request in by_request
    ]
    needed = {draft.round_id for draft, _ in drafts} | {each.round_id for each in broken.lost}
    for round_id in sorted(each for each in needed if each):
        row = rounds.lock(conn, round_id)
        if row is None or row["state"] != "drawn_up":
            raise Overtaken()
    if drafts and not redrafting.make_room(conn, drafts, now=now, code=MADE_ROOM):
        raise Overtaken()


def _serve(conn: Connection, world: World, job: Row, each: Displaced, option: Option, now: datetime) -> int:
    """A new draft for who was in a draft; else a match for the saga."""
    row = rounds.get(conn, each.round_id) if each.round_id else None
    hours, due = (row["offer_hours"], None) if row else (OFFER_HOURS, now)
    match = solving.insert(conn, world, option, job, hours, now, due=due)
    if match:
        rearranged.note(
            conn, note_id=new_id(), request_id=each.request_id, match_id=match.id, code=each.code, now=now
        )
    return int(match is not None)

"""What a hand changes: for the match, for the round's plan, and for those who have no place in it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from schemas import explanations as texts
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.engine.by_hand import chances, wanting
from services.matcher.engine.candidates import Finder
from services.matcher.engine.model import Finding, Key, Option
from services.matcher.engine.weighing import Weighing
from services.matcher.storage import companies, explanations, hands
from services.matcher.usecases import telling, views
from services.matcher.usecases.minutes import moment
from services.matcher.usecases.offering import Party
from services.matcher.usecases.problem import World, leg_of, load
from services.matcher.usecases.redrafting import place_of, standing
from services.matcher.usecases.weighed import why

Row = dict[str, Any]
_NAMED = 50


class Setting(NamedTuple):
    """A request, and the world as planned without its `draft`, with all others that wait in its round.

    `draft` is None for a request without a place, else a draft or an offer. `number` is that of the request;
    `options` are its ways, and `present` is the one that it has now, None if it has none or it could not be
    made so any more. `displaced` is another's draft that makes way, not planned either; `gives` is its way.
    """

    request_id: UUID
    round_id: UUID | None
    job_id: UUID | None
    draft: Match | None
    waiting: list[UUID]
    world: World
    number: int
    options: list[Option]
    finding: Finding
    present: Option | None
    now: datetime
    displaced: Match | None = None
    gives: Option | None = None


class Priced(NamedTuple):
    """The price of a move, as it is kept; and whose requests want the place, by their best value there."""

    price: Row
    waiting: Mapping[Key, int]
    world: World


def setting(conn: Connection, draft: Match, now: datetime) -> Setting:
    """What a move of the draft or offer is weighed in; outside rounds nobody waits for an answer."""
    others = waiting(conn, draft.round_id, now) if draft.round_id else []
    world = load(conn, now=now, request_ids=[draft.request_id, *others], without=[draft.id])
    number = _number(world, draft.request_id)
    finder = Finder(world.problem)
    options, finding = finder.options(number)
    present = _standing(world, finder, draft)
    its = draft.request_id, draft.round_id, draft.job_id, draft
    return Setting(*its, others, world, number, options, finding, present, now)


def setting_of_request(
    conn: Connection,
    *,
    request_id: UUID,
    round_id: UUID,
    job_id: UUID | None,
    now: datetime,
    displaced: Match | None = None,
) -> Setting:
    """What giving a place to a request without one is weighed in; `job_id` is that of the round's solve."""
    others = [other for other in waiting(conn, round_id, now) if other != request_id]
    gone = [displaced] if displaced else []
    asked = [request_id, *others, *(each.request_id for each in gone)]
    world = load(conn, now=now, request_ids=asked, without=[each.id for each in gone])
    number, finder = _number(world, request_id), Finder(world.problem)
    options, finding = finder.options(number)
    gives = _standing(world, finder, displaced) if displaced else None
    its = request_id, round_id, job_id, None
    return Setting(*its, others, world, number, options, finding, None, now, displaced, gives)


def _standing(world: World, finder: Finder, draft: Match) -> Option | None:
    number = _number(world, draft.request_id)
    return standing(finder, number, finder.options(number)[0], {place_of(leg_of(leg)) for leg in draft.legs})


def waiting(conn: Connection, round_id: UUID, now: datetime) -> list[UUID]:
    """Requests of a round that have no place, and could still be given one."""
    return hands.waiting(conn, round_id, now + domain.SHORTEST_LEAD)


def _number(world: World, request_id: UUID) -> int:
    return next(at for at, wish in enumerate(world.problem.wishes) if wish.key == request_id)


def price(conn: Connection, its: Setting, chosen: Option) -> Priced:
    """What it changes if the request is served by that option."""
    world, draft = its.world, its.draft
    waits = set(its.waiting)
    others = [at for at, wish in enumerate(world.problem.wishes) if wish.key in waits]
    found = chances(world.problem, others, its.present or its.gives, chosen)
    wanted = _wanting(conn, its, chosen)
    drafted = draft.value if draft else 0
    present = its.present.value if its.present else drafted
    worth = hands.worth_of_plan(conn, its.round_id) - drafted if its.round_id else 0
    company = _company(conn, draft) if draft else None
    gone = _given_up(its.displaced) if its.displaced else None
    lost = (company["lost_value"] if company else 0) + (gone["value"] if gone else 0)
    rows = [world.requests[key] for key in wanted]
    kept = {
        "before": present,
        "after": chosen.value,
        "plan_before": worth + present,
        "plan_after": worth + chosen.value - lost,
        "wanted": len(rows),
        "wanted_people": sum(row["group_size"] for row in rows),
        "taken": len(found.taken),
        "taken_best": max((each.value for each in found.taken.values()), default=0),
        "without": sum(each.only for each in found.taken.values()),
        "left": len(found.left),
        "cost": _cost(conn, its, chosen),
        "accepted": _accepted(draft) if draft else None,
        "company": company,
        "displaced": gone,
        "districts": list(_districts(world, wanted)),
    }
    return Priced(kept, wanted, world)


def price_as_shown(conn: Connection, its: Setting, chosen: Option, shown: str) -> Row:
    """The price, if everything is as a preview of that name showed it. Raises domain.PriceHasChanged."""
    found = price(conn, its, chosen)
    check(its, chosen, found, shown)
    return found.price


def check(its: Setting, chosen: Option, found: Priced, shown: str) -> None:
    """Refuse what is not as it was shown. Raises domain.PriceHasChanged."""
    if shown != name_of(its, chosen, found):
        raise domain.PriceHasChanged(found.price)


def name_of(its: Setting, chosen: Option, found: Priced) -> str:
    """The name of what a preview shows: another one as soon as a place, the price or anybody concerned is.

    The same for whoever asks, and in both languages. What all drafts are worth is not part of it: that
    changes with each act elsewhere in the round, but what this act would add or take does not.
    """
    price = {name: value for name, value in found.price.items() if name not in ("plan_before", "plan_after")}
    said = {
        "request": its.request_id,
        "present": sorted(place_of(leg_of(leg)) for leg in its.draft.legs) if its.draft else None,
        "wanted": sorted(map(place_of, chosen.legs)),
        "price": {**price, "plan": found.price["plan_after"] - found.price["plan_before"]},
        "waiting": {str(key): value for key, value in found.waiting.items()},
    }
    return sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _wanting(conn: Connection, its: Setting, chosen: Option) -> dict[Key, int]:
    """Those who wait and could have the place if the draft were not; by the best value there."""
    rounds = [its.round_id] if its.round_id else []
    without = [its.draft.id] if its.draft else []
    bare = load(conn, now=its.now, request_ids=its.waiting, without=without, ignoring=rounds)
    wishes = bare.problem.wishes
    found = wanting(bare.problem, range(len(wishes)), chosen)
    return {wishes[at].key: value for at, value in found.items()}


def _cost(conn: Connection, its: Setting, chosen: Option) -> int | None:
    """What the solver told of this very way when it explained the round; it does not name experts."""
    told = explanations.get(conn, its.request_id, its.job_id) if its.job_id else None
    ways = told["told"]["why"]["alternatives"] if told and told["told"]["why"] else []
    legs = sorted(chosen.legs, key=lambda leg: leg.kind != "slot")
    wanted = (legs[0].kind, str(legs[0].resource), moment(legs[0].start))
    for way in ways if len(legs) == 1 else ():
        if wanted == (way["resource_kind"], way["resource_id"], datetime.fromisoformat(way["starts_at"])):
            cost: int = way["cost"]
            return cost
    return None


def _accepted(draft: Match) -> int | None:
    """How many parties would have to say again what they have said; none are asked about a draft."""
    if draft.state == "proposed":
        return None
    return sum(agreement.answer == "accept" for agreement in draft.agreements)


def _given_up(draft: Match) -> Row:
    return {"match_id": str(draft.id), "value": draft.value, "people": draft.group_size}


def _company(conn: Connection, draft: Match) -> Row | None:
    """Those who were to come together with the match, and what becomes of them; None where nobody was."""
    if draft.company_id is None:
        return None
    others = companies.others(conn, draft.company_id, draft.id)
    too_few = domain.are_too_few(others)
    lost = [each for each in others if too_few and each.state in domain.UNSETTLED]
    return {
        "groups": len(others),
        "people": sum(each.group_size for each in others),
        "least": draft.company_least or 0,
        "lost": len(lost),
        "lost_value": sum(each.value for each in lost),
    }


def _districts(world: World, wanted: Collection[Key]) -> Iterator[Row]:
    wanting = [wish for wish in world.problem.wishes if wish.key in wanted]
    for area in sorted({wish.area for wish in wanting}):
        its = [wish for wish in wanting if wish.area == area]
        needs = [wish.need for wish in its]
        people = sum(wish.size for wish in its)
        numbers = {"requests": len(its), "people": people, "least": min(needs), "most": max(needs)}
        yield {"adcode": area, **numbers}


# -- as it is told


def told(price: Row, language: str, act: str = "moved") -> Row:
    """A price with its sentence; `act` is what was done by hand: moved, or placed or displaced for that."""
    numbers = {name: value for name, value in price.items() if isinstance(value, int)}
    cost = texts.BY_HAND_COST.text(language, **numbers) if price["cost"] is not None else ""
    # Prices that were kept before offers could be moved say nothing of answers.
    accepted = price.get("accepted")
    answers = texts.BY_HAND_ANSWERS.text(language, **numbers) if accepted is not None else ""
    # Nor those from before groups came together of them.
    company = price.get("company")
    displaced = price.get("displaced")
    given_up = texts.BY_HAND_DISPLACES.text(language, **displaced) if displaced else ""
    said = texts.BY_HAND if act == "moved" else texts.BY_HAND_PLACED
    text = said.text(language, **numbers) + given_up + _of_company(company, language) + cost + answers
    return {**price, "accepted": accepted, "company": company, "displaced": displaced, "text": text}


def _of_company(company: Row | None, language: str) -> str:
    if company is None:
        return ""
    said = texts.BY_HAND_COMPANY_LOST if company["lost"] else texts.BY_HAND_COMPANY
    return said.text(language, **company)


def preview(its: Setting, chosen: Option, found: Priced, party: Party, language: str) -> Row:
    """What is shown before: each place with what counts there, the price, and whom it concerns."""
    there = its.world.match(chosen, job_id=its.job_id, offer_hours=0, now=its.now)
    return {
        "present": _place(its, its.draft, its.present, language) if its.draft else None,
        "wanted": _place(its, there, chosen, language),
        "price": told(found.price, language, "moved" if its.draft else "placed"),
        "waiting": list(_named(found, party))[:_NAMED],
        "shown": name_of(its, chosen, found),
    }


def _place(its: Setting, match: Match, option: Option | None, language: str) -> Row:
    problem = its.world.problem
    weighed = Weighing(problem).why_this(its.number, option, ()) if option else None
    counted = why(its.world, problem, weighed, [], now=its.now) if weighed else None
    return {
        "title": match.title,
        "starts_at": match.starts_at,
        "value": option.value if option else match.value,
        "why": telling.why(counted, language) if counted else None,
    }


def _named(found: Priced, party: Party) -> Iterator[Row]:
    """Requests of areas that the party oversees, of greatest need first."""
    wishes = [wish for wish in found.world.problem.wishes if wish.key in found.waiting]
    for wish in sorted(wishes, key=lambda wish: -wish.need):
        row = found.world.requests[wish.key]
        if views.oversees(party, row["adcode"]):
            members = {name: row[name] for name in ("school_name", "adcode", "group_size")}
            its = {"request_id": row["id"], "need": wish.need, "value": found.waiting[row["id"]]}
            yield {**members, **its}

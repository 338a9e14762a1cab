"""What a move by hand changes: for the match, for the round's plan, and for those who have no place in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
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
    """A draft and the world as the plan leaves it without that one, with all who are `waiting` in the round.

    `number` is that of the draft's request; `options` are its ways, and `present` is the one that it has now,
    None if it could not be made so any more.
    """

    draft: Match
    waiting: list[UUID]
    world: World
    number: int
    options: list[Option]
    finding: Finding
    present: Option | None
    now: datetime


class Priced(NamedTuple):
    """The price of a move, as it is kept; and whose requests want the place, by their best value there."""

    price: Row
    waiting: Mapping[Key, int]
    world: World


def setting(conn: Connection, draft: Match, now: datetime) -> Setting:
    """What a move of the draft or offer is weighed in; outside rounds nobody waits for an answer."""
    earliest = now + domain.SHORTEST_LEAD
    others = hands.waiting(conn, draft.round_id, earliest) if draft.round_id else []
    world = load(conn, now=now, request_ids=[draft.request_id, *others], without=[draft.id])
    number = next(at for at, wish in enumerate(world.problem.wishes) if wish.key == draft.request_id)
    finder = Finder(world.problem)
    options, finding = finder.options(number)
    places = {place_of(leg_of(leg)) for leg in draft.legs}
    present = standing(finder, number, options, places)
    return Setting(draft, others, world, number, options, finding, present, now)


def price(conn: Connection, its: Setting, chosen: Option) -> Priced:
    """What it changes if the draft goes to that option."""
    world, draft = its.world, its.draft
    waiting = [at for at in range(len(world.problem.wishes)) if at != its.number]
    found = chances(world.problem, waiting, its.present, chosen)
    wanted = _wanting(conn, its, chosen)
    present = its.present.value if its.present else draft.value
    worth = hands.worth_of_plan(conn, draft.round_id) - draft.value if draft.round_id else 0
    company = _company(conn, draft)
    rows = [world.requests[key] for key in wanted]
    kept = {
        "before": present,
        "after": chosen.value,
        "plan_before": worth + present,
        "plan_after": worth + chosen.value - (company["lost_value"] if company else 0),
        "wanted": len(rows),
        "wanted_people": sum(row["group_size"] for row in rows),
        "taken": len(found.taken),
        "taken_best": max((each.value for each in found.taken.values()), default=0),
        "without": sum(each.only for each in found.taken.values()),
        "left": len(found.left),
        "cost": _cost(conn, draft, world, chosen),
        "accepted": _accepted(draft),
        "company": company,
        "districts": list(_districts(world, wanted)),
    }
    return Priced(kept, wanted, world)


def _wanting(conn: Connection, its: Setting, chosen: Option) -> dict[Key, int]:
    """Those who wait and could have the place if the draft were not; by the best value there."""
    draft = its.draft
    rounds = [draft.round_id] if draft.round_id else []
    bare = load(conn, now=its.now, request_ids=its.waiting, without=[draft.id], ignoring=rounds)
    wishes = bare.problem.wishes
    found = wanting(bare.problem, range(len(wishes)), chosen)
    return {wishes[at].key: value for at, value in found.items()}


def _cost(conn: Connection, draft: Match, world: World, chosen: Option) -> int | None:
    """What the solver told of this very way when it explained the round; it does not name experts."""
    told = explanations.get(conn, draft.request_id, draft.job_id) if draft.job_id else None
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


def told(price: Row, language: str) -> Row:
    """A price with its sentence."""
    numbers = {name: value for name, value in price.items() if isinstance(value, int)}
    cost = texts.BY_HAND_COST.text(language, **numbers) if price["cost"] is not None else ""
    # Prices that were kept before offers could be moved say nothing of answers.
    accepted = price.get("accepted")
    answers = texts.BY_HAND_ANSWERS.text(language, **numbers) if accepted is not None else ""
    # Nor those from before groups came together of them.
    company = price.get("company")
    text = texts.BY_HAND.text(language, **numbers) + _of_company(company, language) + cost + answers
    return {**price, "accepted": accepted, "company": company, "text": text}


def _of_company(company: Row | None, language: str) -> str:
    if company is None:
        return ""
    said = texts.BY_HAND_COMPANY_LOST if company["lost"] else texts.BY_HAND_COMPANY
    return said.text(language, **company)


def preview(its: Setting, chosen: Option, found: Priced, party: Party, language: str) -> Row:
    """What is shown before a move: both places with what counts there, the price, and whom it concerns."""
    there = its.world.match(chosen, job_id=its.draft.job_id, offer_hours=its.draft.offer_hours, now=its.now)
    return {
        "present": _place(its, its.draft, its.present, language),
        "wanted": _place(its, there, chosen, language),
        "price": told(found.price, language),
        "waiting": list(_named(found, party))[:_NAMED],
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

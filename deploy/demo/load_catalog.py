"""Loads what is offered: venues, what they share, units, programmes and slots, by their owners' people."""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict

from deploy.demo import calendar
from deploy.demo.client import Json, Person, Problem
from deploy.demo.crowd import batches, say, together
from deploy.demo.dice import key
from deploy.demo.programmes import Programme, programmes
from deploy.demo.providers import Shared, Unit, Venue, hosts, shared, units, venues
from deploy.demo.slots import Slot, horizon, slots
from deploy.demo.world import World

UNITS_LOGIN = "units"
_HEARING_SECONDS = 0.2
_TEACHING = {"lecture": "lecture", "mini_class": "workshop", "course": "workshop", "training": "workshop"}


def load_topics(world: World) -> None:
    """Reads the topic tree and complains of topics that the demonstration uses and the tree lacks."""
    world.topics.update({topic["zh"]: topic["code"] for topic in world.api.get("/topics")["items"]})
    used = {name for programme in programmes() for name in programme.theme.topics}
    say(f"topics: {len(world.topics)}; unknown: {', '.join(sorted(used - world.topics.keys())) or 'none'}")


def load_venues(world: World) -> None:
    """Every venue, registered by its owner's staff."""
    known = {item["name"]: item for item in world.operator.every("/venues")}
    missing = [venue for venue in venues() if venue.name not in known]
    for made in together("venues", missing, lambda venue: _register_venue(world, venue)):
        known[made["name"]] = made
    world.venues.update(known)
    say(f"venues: {len(known)} in all, {len(missing)} new")


def _register_venue(world: World, venue: Venue) -> Json:
    body = {
        "name": venue.name,
        "kind": venue.kind,
        "level": venue.level,
        "designation": venue.designation,
        "adcode": venue.owner.adcode,
        "lat": venue.owner.lat,
        "lon": venue.owner.lon,
        "policy": "ask" if venue.asks else "auto",
        "demonstration": True,
    }
    return heard(world.person(venue.login), "/venues", body, key("venue", venue.name))


def heard(person: Person, path: str, body: Json, idempotency_key: str) -> Json:
    """A POST that may come before the service has heard of the caller's organisation; waits for that."""
    for _ in range(50):
        try:
            return person.post(path, body, key=idempotency_key)
        except Problem as problem:
            if "unknown" not in problem.code and "unknown" not in str(problem.body.get("errors", "")):
                raise
        time.sleep(_HEARING_SECONDS)
    return person.post(path, body, key=idempotency_key)


def load_units(world: World, round_id: str, anchor: dt.date) -> None:
    """The travelling units, kept for the round."""
    known = {item["name"]: item for item in world.operator.every("/units")}
    staff = world.person(UNITS_LOGIN)
    missing = [unit for unit in units() if unit.name not in known]
    for unit in missing:
        known[unit.name] = heard(
            staff, "/units", _unit(world, unit, round_id, anchor), key("unit", unit.name)
        )
    world.units.update(known)
    say(f"travelling units: {len(known)} in all, {len(missing)} new")


def _unit(world: World, unit: Unit, round_id: str, anchor: dt.date) -> Json:
    days = horizon(anchor)
    base = next(venue.owner for venue in venues() if venue.owner.adcode == unit.adcode)
    return {
        "name": unit.name,
        "kind": unit.kind,
        "adcode": unit.adcode,
        "lat": base.lat,
        "lon": base.lon,
        "min_dwell_days": unit.min_dwell_days,
        "max_dwell_days": unit.max_dwell_days,
        "setup_days": unit.setup_days,
        "topics": world.codes(unit.topics),
        "grades": list(unit.grades),
        "min_group": 20,
        "max_group": unit.max_group,
        "languages": ["zh", "mn"],
        "travel_limit_km": unit.travel_limit_km,
        "policy": "ask",
        "round_id": round_id,
        "windows": [{"starts_at": calendar.instant(days[0], 0), "ends_at": calendar.instant(days[-1], 24)}],
        "demonstration": True,
    }


def load_shared(world: World) -> None:
    """The rooms, guides, kits and coaches of some venues, before the programmes that need them."""
    known = {
        (item["organisation_id"], item["name"]): item for item in world.operator.every("/shared-resources")
    }
    new = 0
    for venue in venues():
        owner = world.venues[venue.name]["organisation_id"]
        mine = shared(venue)
        new += sum((owner, each.name) not in known for each in mine)
        made = [known.get((owner, each.name)) or _share(world, venue, each) for each in mine]
        world.shared[venue.name] = made
    say(f"shared resources: {sum(map(len, world.shared.values()))} in all, {new} new")


def _share(world: World, venue: Venue, each: Shared) -> Json:
    body = {"kind": each.kind, "name": each.name, "name_en": each.name_en, "number": each.number}
    name = key("shared resource", venue.name, each.name)
    return heard(world.person(venue.login), "/shared-resources", {**body, "demonstration": True}, name)


def load_programmes(world: World) -> None:
    """Every programme, published by its owner's staff."""
    known = {item["title"]: item for item in world.operator.every("/programmes")}
    missing: dict[str, list[Programme]] = defaultdict(list)
    for programme in programmes():
        if programme.title not in known:
            missing[_login(programme)].append(programme)
    for made in together("programmes' owners", missing.items(), lambda each: _publish(world, *each)):
        known.update({item["title"]: item for item in made})
    world.programmes.update(known)
    say(f"programmes: {len(known)} in all, {sum(map(len, missing.values()))} new")


def _login(programme: Programme) -> str:
    return UNITS_LOGIN if programme.unit else _LOGINS[programme.owner]


_LOGINS = {host.name: f"h{n:02d}" for n, host in enumerate(hosts(), 1)} | {v.name: v.login for v in venues()}


def _publish(world: World, login: str, some: list[Programme]) -> list[Json]:
    items = [_programme(world, programme) for programme in some]
    answer = heard(
        world.person(login), "/programmes/batch", {"items": items}, key("programme", *_titles(some))
    )
    return _made(answer, "programme")


def _titles(some: list[Programme]) -> list[str]:
    return [programme.title for programme in some]


def _programme(world: World, programme: Programme) -> Json:
    theme = programme.theme
    return {
        "venue_id": world.venues[programme.venue]["id"] if programme.venue else None,
        "unit_id": world.units[programme.unit]["id"] if programme.unit else None,
        "kind": theme.kind,
        "title": programme.title,
        "summary": f"演示活动：{'、'.join(theme.topics)}，{theme.minutes} 分钟。",
        "topics": world.codes(theme.topics),
        "audiences": list(theme.audiences),
        "grades": list(theme.grades),
        "core_concepts": list(theme.concepts),
        "activity_modes": list(theme.modes),
        "teaching_modes": [_TEACHING.get(theme.kind, "guided")],
        "min_group": programme.min_group,
        "max_group": programme.max_group,
        "duration_minutes": theme.minutes,
        "place": programme.place,
        "languages": list(programme.languages),
        "campaign": theme.campaign,
        "plan_task": theme.plan_task,
        "needs": [{"resource_id": each["id"]} for each in world.shared.get(programme.venue or "", ())],
        "demonstration": True,
        "publish": True,
    }


def load_slots(world: World, round_id: str, anchor: dt.date) -> None:
    """The slots of every programme at a venue; what stands already is left as it is."""
    places = {venue.name: venue for venue in venues()}
    wanted = [slot for p in programmes() if p.venue for slot in slots(p, places[p.venue], anchor)]
    known = {_identity(item["programme_id"], item["starts_at"]) for item in world.operator.every("/slots")}
    missing: dict[str, list[Json]] = defaultdict(list)
    for slot in wanted:
        body = _slot(world, slot, round_id)
        if _identity(body["programme_id"], body["starts_at"]) not in known:
            missing[places[slot.venue].login].append(body)
    together("slots' owners", missing.items(), lambda each: _offer(world, *each))
    say(f"slots: {len(wanted)} planned, {sum(map(len, missing.values()))} new")


def _identity(programme_id: str, starts_at: str) -> tuple[str, str]:
    return programme_id, starts_at


def _slot(world: World, slot: Slot, round_id: str) -> Json:
    return {
        "programme_id": world.programmes[slot.programme]["id"],
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "seats": slot.seats,
        "groups_limit": slot.groups_limit,
        "round_id": None if slot.at_once else round_id,
    }


def _offer(world: World, login: str, bodies: list[Json]) -> None:
    for batch in batches(bodies, 200):
        name = key("slots", *(f"{body['programme_id']} {body['starts_at']}" for body in batch))
        _made(
            heard(world.person(login), "/slots/batch", {"items": batch}, name), "slot", already="slot_exists"
        )


def _made(answer: Json, what: str, already: str = "") -> list[Json]:
    """What an import made; raises for the first refusal other than `already`."""
    refusals = [item["refusal"] for item in answer["items"] if item["refusal"]]
    for refusal in refusals:
        if refusal["code"] != already:
            raise ValueError(f"a {what} was refused: {refusal}")
    return [item["made"] for item in answer["items"] if item["made"]]

"""Loads districts, organisations and people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.demo import facts
from deploy.demo.client import Json
from deploy.demo.crowd import Progress, batches, say
from deploy.demo.dice import key
from deploy.demo.people import experts
from deploy.demo.providers import BODIES, Organisation, bodies, hosts, venues
from deploy.demo.schools import schools
from deploy.demo.world import CITY, World

USERS_AT_ONCE = 40  # every password costs an argon2 hash, and a batch is one call
CITY_ASSOCIATION = BODIES["association"].format(facts.CITY_NAME)


@dataclass(frozen=True, slots=True)
class Account:
    """A person to register: login, name, organisation by name, role."""

    login: str
    name: str
    organisation: str
    role: str


def load_districts(world: World) -> None:
    """The city, its divisions and their townships; what stands already is left as it is."""
    items = [_city(), *map(_district, facts.divisions()), *map(_township, facts.townships())]
    done = world.operator.change("PUT", "/districts", {"items": items})
    say(f"districts {len(items)}: {done['registered']} new, {done['changed']} changed")


def _city() -> Json:
    seat = facts.division("150402")
    place = {"lat": seat.lat, "lon": seat.lon}
    return {"adcode": facts.CITY, "level": "city", "name": facts.CITY_NAME, "name_en": "Chifeng", **place}


def _district(division: facts.Division) -> Json:
    return {
        "adcode": division.adcode,
        "parent": facts.CITY,
        "level": "district",
        "name": division.name,
        "name_en": division.name_en,
        "lat": division.lat,
        "lon": division.lon,
        "population": division.population,
    }


def _township(town: facts.Township) -> Json:
    division = facts.division(town.adcode)
    place = {"lat": division.lat, "lon": division.lon}
    return {"adcode": town.code, "parent": town.adcode, "level": "township", "name": town.name, **place}


def load_organisations(world: World) -> None:
    """Bodies, schools, venues' owners and hosts."""
    known = {item["name"]: item["id"] for item in world.operator.every("/organisations")}
    missing = [item for item in _organisations() if item["name"] not in known]
    progress = Progress("organisations", len(missing))
    for batch in batches(missing, 100):
        answer = world.operator.post(
            "/organisations/batch", {"items": batch}, key=_batch_key("organisation", batch)
        )
        known.update({item["name"]: item["id"] for item in answer["items"]})
        progress.step(len(batch))
    world.organisations.update(known)
    say(f"organisations: {len(known)} in all, {len(missing)} new")


def _organisations() -> Iterator[Json]:
    for each in (*bodies(), *(venue.owner for venue in venues()), *hosts()):
        yield _organisation(each)
    for school in schools():
        place = {"lat": school.lat, "lon": school.lon, "township": school.township}
        common = {"kind": "school", "name": school.name, "adcode": school.adcode, "demonstration": True}
        yield {**common, **place}


def _organisation(each: Organisation) -> Json:
    place = {"adcode": each.adcode, "lat": each.lat, "lon": each.lon}
    return {"kind": each.kind, "name": each.name, **place, "demonstration": True}


def _batch_key(kind: str, batch: list[Json]) -> str:
    return key(kind, *(item.get("name", item.get("login")) for item in batch))


def accounts() -> list[Account]:
    """Everybody but the operator and the experts."""
    people = [Account(CITY, "市科协 协调员", CITY_ASSOCIATION, "coordinator")]
    people += [Account("units", "流动科普设施 管理员", CITY_ASSOCIATION, "venue")]
    for division in facts.divisions():
        association = BODIES["association"].format(division.name)
        people.append(Account(f"d{division.adcode}", f"{division.name} 协调员", association, "coordinator"))
    for school in schools():
        people.append(Account(school.teacher, f"{school.code} 教师（演示）", school.name, "teacher"))
        people.append(Account(school.head, f"{school.code} 校长（演示）", school.name, "head"))
    people += [Account(v.login, f"{v.login} 馆员（演示）", v.owner.name, "venue") for v in venues()]
    people += [
        Account(f"h{n:02d}", f"h{n:02d} 联络员（演示）", h.name, "venue") for n, h in enumerate(hosts(), 1)
    ]
    return people


def expert_accounts() -> list[Account]:
    """One account for each expert, in the association of the district where the expert lives."""
    return [
        Account(e.login, e.name, BODIES["association"].format(facts.division(e.adcode).name), "expert")
        for e in experts()
    ]


def load_people(world: World, people: list[Account], label: str, expert_ids: dict[str, str]) -> None:
    """Users with their one membership; `expert_ids` (by login) link a login with an expert's profile."""
    world.members.update({each.login: world.organisations[each.organisation] for each in people})
    known = {item["login"] for item in world.operator.every("/users")}
    missing = [_user(world, each, expert_ids) for each in people if each.login not in known]
    progress = Progress(label, len(missing))
    for batch in batches(missing, USERS_AT_ONCE):
        world.operator.post("/users/batch", {"items": batch}, key=_batch_key("user", batch))
        progress.step(len(batch))
    say(f"{label}: {len(people)} logins, {len(missing)} new")


def _user(world: World, account: Account, expert_ids: dict[str, str]) -> Json:
    membership = {"organisation_id": world.organisations[account.organisation], "role": account.role}
    return {
        "login": account.login,
        "name": account.name,
        "password": world.password,
        "email": f"{account.login}@people.keqiao.invalid",
        "expert_id": expert_ids.get(account.login),
        "memberships": [membership],
    }

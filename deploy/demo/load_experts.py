"""Loads the experts with their free time, and their logins."""

from __future__ import annotations

import datetime as dt

from deploy.demo.client import Json
from deploy.demo.crowd import Progress, batches, say
from deploy.demo.dice import key
from deploy.demo.load_accounts import expert_accounts, load_people
from deploy.demo.people import Expert, experts, free_time
from deploy.demo.world import World

AT_ONCE = 25  # an expert's windows make a batch large


def load_experts(world: World, anchor: dt.date) -> None:
    """Profiles and availability, entered by the city's coordinator; then a login for each."""
    known = {item["name"]: item for item in world.city.every("/experts")}
    missing = [expert for expert in experts() if expert.name not in known]
    progress = Progress("experts", len(missing))
    for batch in batches(missing, AT_ONCE):
        for made in _register(world, batch, anchor):
            known[made["name"]] = made
        progress.step(len(batch))
    world.experts.update({expert.login: known[expert.name] for expert in experts()})
    say(f"experts: {len(known)} in all, {len(missing)} new")
    ids = {login: expert["id"] for login, expert in world.experts.items()}
    load_people(world, expert_accounts(), "experts' logins", ids)


def _register(world: World, batch: list[Expert], anchor: dt.date) -> list[Json]:
    homes = {account.login: world.organisations[account.organisation] for account in expert_accounts()}
    items = [_expert(world, expert, homes[expert.login], anchor) for expert in batch]
    answer = world.city.post("/experts/batch", {"items": items}, key=key("expert", *(e.login for e in batch)))
    refused = [item["refusal"] for item in answer["items"] if item["refusal"]]
    if refused:
        raise ValueError(f"an expert was refused: {refused[0]}")
    return [item["made"] for item in answer["items"]]


def _expert(world: World, expert: Expert, organisation_id: str, anchor: dt.date) -> Json:
    return {
        "organisation_id": organisation_id,
        "name": expert.name,
        "kind": expert.kind.code,
        "employer": expert.kind.employer,
        "title": expert.title,
        "topics": world.codes(expert.topics),
        "audiences": ["pupils", "teachers"],
        "grades": list(expert.kind.grades),
        "languages": list(expert.languages),
        "adcode": expert.adcode,
        "lat": expert.lat,
        "lon": expert.lon,
        "travel_limit_km": expert.travel_limit_km,
        "cap_day": expert.cap_day,
        "cap_week": expert.cap_week,
        "cap_month": expert.cap_month,
        "volunteer": expert.volunteer,
        "demonstration": True,
        "availability": [
            {"starts_at": window.starts_at, "ends_at": window.ends_at} for window in free_time(expert, anchor)
        ],
    }

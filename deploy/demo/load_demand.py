"""Loads the calendars, the terms and the schools."""

from __future__ import annotations

import datetime as dt

from deploy.demo import calendar, facts
from deploy.demo.client import Json, Problem
from deploy.demo.crowd import batches, say
from deploy.demo.dice import key
from deploy.demo.schools import School, schools
from deploy.demo.world import World


def load_calendars(world: World, today: dt.date) -> None:
    """This year's calendar and the next one's: official where it is known, else made and marked."""
    for year in (today.year, today.year + 1):
        source = "demonstration" if calendar.is_demonstration(year) else "official"
        if not _is_there(world, f"/calendar/{year}"):
            world.operator.change("PUT", f"/calendar/{year}", {"source": source, "days": _days(year)})
            say(f"calendar {year} ({source})")


def _is_there(world: World, path: str) -> bool:
    try:
        world.operator.get(path)
    except Problem as problem:
        if problem.status != 404:
            raise
        return False
    return True


def _days(year: int) -> list[Json]:
    return [
        {"day": each.day.isoformat(), "kind": each.kind, "name": each.name or None}
        for each in calendar.year_days(year)
    ]


def load_terms(world: World, today: dt.date) -> None:
    """The demonstration's terms, unless there are any."""
    if _is_there(world, "/terms"):
        return
    wanted = [term for year in (today.year - 1, today.year, today.year + 1) for term in calendar.terms(year)]
    world.operator.change("PUT", "/terms", {"items": [_term(term) for term in wanted]})
    say(f"terms {len(wanted)} (demonstration)")


def _term(term: calendar.Term) -> Json:
    days = {"first_day": term.first_day.isoformat(), "last_day": term.last_day.isoformat()}
    return {"adcode": facts.CITY, "name": term.name, **days, "demonstration": True}


def load_schools(world: World) -> None:
    """The schools' own facts, once their organisations have been heard of."""
    known = {item["organisation_id"] for item in world.operator.every("/schools")}
    missing = [
        item for item in (_school(world, each) for each in schools()) if item["organisation_id"] not in known
    ]
    for batch in batches(missing, 100):
        ids = [item["organisation_id"] for item in batch]
        world.operator.post("/schools/batch", {"items": batch}, key=key("school", *ids))
    say(f"schools: {len(known) + len(missing)} in all, {len(missing)} new")


def _school(world: World, school: School) -> Json:
    return {
        "organisation_id": world.organisations[school.name],
        "stage": school.stage,
        "grades": school.grades,
        "enrolment": school.enrolment,
        "classes": school.classes,
        "rural": school.rural,
        "auto_accept": school.auto_accepts,
        "demonstration": True,
    }

"""A small region over HTTP: calendar, schools, venues with slots, experts; and what is asked of matcher."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from deploy.local.stack import Stack
from tests.builders.accounts import HONGSHAN, Person, a_user, organisation_body
from tests.builders.provider import (
    Provider,
    a_programme,
    a_provider,
    a_venue,
    expert_body,
    made,
    slot_body,
    wire,
)
from tests.fixtures.stack import poll

Json = dict[str, Any]
PATIENCE = 45.0
#: The only day without lessons is so many days after the calendar was loaded: no test meets it by chance.
HOLIDAY_AHEAD = 200


def a_spot() -> Json:
    """A place that no other test uses: what is asked there reaches 5 km, and finds only what is put there."""
    return {"lat": 41.5 + secrets.randbelow(30_000) / 10_000, "lon": 116 + secrets.randbelow(50_000) / 10_000}


@dataclass(frozen=True)
class School:
    """A registered school that demand and matcher have heard of, and its teacher."""

    organisation: Json
    teacher: Person


def ensure_calendar(operator: Person, years: tuple[int, ...] = (2026, 2027, 2028)) -> None:
    """Every day of these years but one has lessons, unless the year is loaded already."""
    for year in years:
        if operator.get(f"/calendar/{year}").status_code == 200:
            continue
        answer = operator.put(f"/calendar/{year}", {"source": "demonstration", "days": _days(year)})
        assert answer.status_code == 200, answer.text


def _days(year: int) -> list[Json]:
    """Saturdays and Sundays too, so that a test may run on any day of the week."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    holiday = datetime.now(UTC).date() + timedelta(HOLIDAY_AHEAD)
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    return [{"day": str(day), "kind": "holiday" if day == holiday else "school_day"} for day in days]


def a_school(
    stack: Stack, operator: Person, spot: Json, *, auto_accept: bool = True, **changes: Any
) -> School:
    """A primary school of 240 with one teacher."""
    organisation = made(operator.post("/organisations", organisation_body("school", **spot)))
    body = {"stage": "P", "grades": [1, 2, 3, 4, 5, 6], "enrolment": 240, "classes": 6, **changes}
    path = f"/schools/{organisation['id']}"
    poll(lambda: _is_registered(operator, path, body | {"auto_accept": auto_accept}), PATIENCE)
    return School(organisation, a_user(stack, operator, organisation["id"], "teacher"))


def _is_registered(operator: Person, path: str, body: Json) -> bool:
    """Demand has heard of the organisation and taken the school."""
    return operator.put(path, body).status_code == 200


def request_body(days: float = 30, **changes: Any) -> Json:
    """A visit about space for 25 pupils of grade 4, on one whole day."""
    start = morning(days)
    window = {"starts_at": wire(start), "ends_at": wire(start + timedelta(hours=9))}
    body = {"kind": "visit", "topics": ["aerospace"], "grades": [4], "group_size": 25}
    return {**body, "windows": [window], "distance_limit_km": 5, **changes}


def whole_days(first: float, days: int) -> Json:
    """A window of some days from eight in the morning of the first."""
    return {"starts_at": wire(morning(first)), "ends_at": wire(morning(first + days))}


def morning(days: float) -> datetime:
    """Eight in the morning in China, so many days ahead."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)


def ask(school: School, **changes: Any) -> Json:
    """A submitted request."""
    return made(school.teacher.post("/requests", request_body(**changes)))


def an_expert(
    stack: Stack,
    operator: Person,
    spot: Json,
    *,
    days: tuple[float, ...] = (30,),
    topics: tuple[str, ...] = ("aerospace",),
    **changes: Any,
) -> tuple[Json, Person]:
    """An expert of a fresh association, free on these days, and its staff who speaks for them."""
    provider = a_provider(stack, operator, "association")
    windows = [
        {"starts_at": wire(morning(day)), "ends_at": wire(morning(day) + timedelta(hours=9))} for day in days
    ]
    body = expert_body(availability=windows, topics=list(topics), travel_limit_km=5, **spot, **changes)
    answer = poll(lambda: posted(provider.staff, "/experts", body), PATIENCE)
    return answer, provider.staff


def posted(who: Person, path: str, body: Json) -> Json | None:
    """The owner has heard of the organisation, or the round, and made the thing."""
    answer = who.post(path, body)
    assert answer.status_code in (201, 403, 404, 422), answer.text
    return answer.json() if answer.status_code == 201 else None


def some_slots(
    provider: Provider, spot: Json, number: int = 1, *, policy: str = "auto", days: float = 30, **changes: Any
) -> list[Json]:
    """Slots of one programme at one venue, on consecutive days."""
    venue = a_venue(provider, policy=policy, **spot)
    programme = a_programme(provider, venue)
    bodies = [slot_body(programme, days + n, **changes) for n in range(number)]
    return [poll(lambda body=body: posted(provider.staff, "/slots", body), PATIENCE) for body in bodies]  # type: ignore[misc]


def round_body(**changes: Any) -> Json:
    """A round of Hongshan that takes requests from now on."""
    now = datetime.now(UTC)
    times = {"opens_at": wire(now - timedelta(hours=1)), "closes_at": wire(now + timedelta(days=7))}
    return {"name": "春季集中申报（演示）", "adcode": HONGSHAN, **times, **changes}


def a_round(coordinator: Person, **changes: Any) -> Json:
    """Open, and known to demand once a request is taken."""
    return made(coordinator.post("/rounds", round_body(**changes)))


def ask_in_round(school: School, round_: Json, **changes: Any) -> Json:
    """A request of the round, as soon as demand has heard of it."""
    body = request_body(round_id=round_["id"], **changes)
    answer: Json = poll(lambda: _asked(school, body), PATIENCE)
    return answer


def _asked(school: School, body: Json) -> Json | None:
    """Demand knows the round."""
    answer = school.teacher.post("/requests", body)
    return answer.json() if answer.status_code == 201 else None


def wait_for_round(who: Person, round_: Json, state: str, deadline: float = PATIENCE) -> Json:
    """The round, once it is in that state."""

    def reached() -> Json:
        """The round is in the state waited for."""
        found: Json = who.get(f"/rounds/{round_['id']}").json()
        assert found["state"] == state, (found["state"], found["progress"])
        return found

    return poll(reached, deadline, 0.2)


def wait_for_match(who: Person, request: Json, *states: str, deadline: float = PATIENCE) -> Json:
    """The request's newest match, once it is in one of the states."""

    def reached() -> Json:
        """The match is in a state waited for."""
        rows = who.get(f"/matches?request_id={request['id']}").json()["items"]
        told = [(row["state"], row["reason_code"]) for row in rows]
        assert rows, "no match yet"
        assert rows[-1]["state"] in states, told
        return dict(rows[-1])

    return poll(reached, deadline, 0.2)


def wait_for(who: Person, match_id: str, state: str, deadline: float = PATIENCE) -> Json:
    """The match, once it is in that state."""

    def reached() -> Json:
        """The match is in the state waited for."""
        found: Json = who.get(f"/matches/{match_id}").json()
        assert found["state"] == state, (found["state"], found["reason_code"])
        return found

    return poll(reached, deadline, 0.2)


def published(coordinator: Person, round_: Json, *, drawn_up: bool = False) -> Json:
    """Close, wait for the draft (unless it is drawn up already), review and publish."""
    path = f"/rounds/{round_['id']}"
    steps = (("close", "drawn_up"), ("review", "reviewed"), ("publish", "published"))
    for step, state in steps[drawn_up:]:
        answer = coordinator.call("POST", f"{path}/{step}")
        assert answer.status_code == 200, answer.text
        wait_for_round(coordinator, round_, state)
    return wait_for_round(coordinator, round_, "published")

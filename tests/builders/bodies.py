"""A body that each operation takes, about the town's things: a stranger is refused for that alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.builders.accounts import HONGSHAN, PASSWORD, a_district, organisation_body, user_body
from tests.builders.contract import Operation, sample
from tests.builders.matcher import request_body, round_body
from tests.builders.provider import (
    expert_body,
    programme_body,
    shared_body,
    slot_body,
    venue_body,
    window,
)

Json = dict[str, Any]


def body_for(operation: Operation, ids: Json) -> Json | None:
    """A body made for the operation, or what its schema shows of one where nobody has made it yet."""
    if operation.body is None:
        return None
    known = bodies(ids)
    return known[operation.name] if operation.name in known else dict(sample(operation.body))


def bodies(ids: Json) -> dict[str, Json]:
    """By the operation's name."""
    return _of_accounts(ids) | _of_catalog(ids) | _of_demand(ids) | _of_experts(ids) | _of_matcher(ids)


def _of_accounts(ids: Json) -> dict[str, Json]:
    member = {"user_id": ids["user_id"], "organisation_id": ids["organisation_id"], "role": "teacher"}
    return {
        "PUT /districts": {"items": [a_district(HONGSHAN)]},
        "POST /memberships": member,
        "POST /organisations": organisation_body(),
        "POST /organisations/batch": {"items": [organisation_body()]},
        "PATCH /organisations/{organisation_id}": {"name": "另一个名字（演示）"},
        "POST /users": user_body(ids["organisation_id"], "teacher"),
        "POST /users/batch": {"items": [user_body(ids["organisation_id"], "teacher")]},
        "PATCH /users/{user_id}": {"name": "另一个名字"},
        "POST /tokens": {"login": "nobody-of-this-name", "password": PASSWORD},
        "POST /tokens/refresh": {"refresh_token": "x" * 40},
        "POST /tokens/revoke": {"refresh_token": "x" * 40},
        "PUT /notices/preferences": {"muted": []},
    }


def _of_catalog(ids: Json) -> dict[str, Json]:
    venue, programme = {"id": ids["venue_id"]}, {"id": ids["programme_id"]}
    owner = {"organisation_id": ids["provider_id"]}
    slot, rest = slot_body(programme, 80), {"reason": "展厅检修（演示）"}
    days = {"first_day": "2028-03-01", "last_day": "2028-03-02"}
    rule = {"programme_id": ids["programme_id"], "weekdays": [1], "time": "09:00", "seats": 30}
    return {
        "POST /venues": venue_body(**owner),
        "POST /venues/batch": {"items": [venue_body(**owner)]},
        "PATCH /venues/{venue_id}": {"designation": "科普基地"},
        "POST /programmes": programme_body(venue, **owner),
        "POST /programmes/batch": {"items": [programme_body(venue, **owner)]},
        "PATCH /programmes/{programme_id}": {"title": "另一个名字"},
        "POST /slots": slot,
        "POST /slots/batch": {"items": [slot]},
        "POST /slots/rules": {**rule, **days},
        "PATCH /slots/{slot_id}": {"seats": 29},
        "POST /slots/{slot_id}/cancel": rest,
        "POST /closures": {"venue_id": ids["venue_id"], **days, **rest},
        "POST /units": unit_body(**owner),
        "PATCH /units/{unit_id}": {"setup_days": 1},
        "POST /shared-resources": shared_body(**owner),
        "PATCH /shared-resources/{resource_id}": {"number": 3},
    }


def unit_body(**changes: Any) -> Json:
    """A caravan."""
    body = {"name": "演示大篷车", "kind": "caravan", "adcode": HONGSHAN, "lat": 42.26, "lon": 118.96}
    dwell = {
        "min_dwell_days": 1,
        "max_dwell_days": 1,
        "topics": ["energy"],
        "grades": [1, 2],
        "max_group": 300,
    }
    return {**body, **dwell, "demonstration": True, **changes}


def _of_demand(ids: Json) -> dict[str, Json]:
    school = {"stage": "P", "grades": [1, 2, 3, 4, 5, 6], "enrolment": 240, "classes": 6}
    term = {"adcode": HONGSHAN, "name": "春季学期", "first_day": "2027-03-01", "last_day": "2027-07-10"}
    return {
        "PUT /schools/{organisation_id}": school,
        "POST /schools/batch": {"items": [{"organisation_id": ids["organisation_id"], **school}]},
        "POST /requests": request_body(round_id=ids["round_id"]),
        "PATCH /requests/{request_id}": {"group_size": 20},
        "POST /requests/{request_id}/withdraw": {"reason": "学校另有安排"},
        "PUT /calendar/{year}": {"source": "demonstration", "days": days_of(2027)},
        "PUT /terms": {"items": [term]},
    }


def days_of(year: int) -> list[Json]:
    """Every day of a year, each with lessons."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return [{"day": str(first + timedelta(n)), "kind": "school_day"} for n in range((last - first).days + 1)]


def _of_experts(ids: Json) -> dict[str, Json]:
    expert = expert_body(organisation_id=ids["association_id"])
    return {
        "POST /experts": expert,
        "POST /experts/batch": {"items": [expert]},
        "PATCH /experts/{expert_id}": {"cap_day": 1},
        "PUT /experts/{expert_id}/availability": {"windows": [window(40)]},
    }


def _of_matcher(ids: Json) -> dict[str, Json]:
    wanted = {"resource_kind": "slot", "resource_id": ids["slot_id"], "reason": "校车当天不开"}
    move = {**wanted, "shown": "what was shown before"}
    return {
        "POST /rounds": round_body(),
        "POST /rounds/{round_id}/what-ifs": {"changes": [{"kind": "demand", "factor": 1.2}]},
        "POST /matches/{match_id}/answers": {"answer": "accept"},
        "POST /matches/{match_id}/cancel": {"reason": "校车当天不开"},
        "POST /matches/{match_id}/move": move,
        "POST /matches/{match_id}/move/preview": wanted,
        "POST /matches/{match_id}/drop": {"reason": "校车当天不开"},
        "POST /rounds/{round_id}/requests/{request_id}/place": move,
        "POST /rounds/{round_id}/requests/{request_id}/place/preview": wanted,
    }

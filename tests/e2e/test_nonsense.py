"""Well-formed input that makes no sense: each refusal names the field, at the rule that said no."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.builders.bodies import bodies, days_of
from tests.builders.hostile import Case, faults, none_of
from tests.builders.matcher import HOLIDAY_AHEAD, request_body, round_body
from tests.builders.provider import expert_body, programme_body, slot_body, window
from tests.fixtures.census import Census
from tests.fixtures.town import Town

Json = dict[str, Any]
PAST, PAST_END = "2026-01-05T01:00:00Z", "2026-01-05T03:00:00Z"
SOON, SOON_END = "2027-04-07T01:00:00Z", "2027-04-07T03:00:00Z"
#: Days of a year that some test has loaded, and one of a year that nobody will.
UNLOADED, UNLOADED_END = "2099-04-07T01:00:00Z", "2099-04-07T03:00:00Z"
NOBODY = str(uuid.uuid4())


@pytest.fixture(autouse=True)
def no_row_is_left(town: Town, census: Census) -> Iterator[None]:
    """Nothing that these tests send is taken."""
    with census.unchanged(town.user_ids):
        yield


def refused(town: Town, role: str, cases: list[Case]) -> None:
    """All are, as they say."""
    none_of(faults(town.people[role], cases))


def post(
    what: str, path: str, body: Json, field: str | None, code: str | None = None, status: int = 422
) -> Case:
    """A POST that is refused at `field`."""
    return Case(what, "POST", path, json.dumps(body).encode(), (status,), code, field)


def change(what: str, path: str, body: Json, field: str | None, code: str | None, version: int = 1) -> Case:
    """A PATCH of a version that is refused at `field`."""
    headers = (("If-Match", f'"{version}"'),)
    return Case(what, "PATCH", path, json.dumps(body).encode(), (422,), code, field, headers)


def _asking(what: str, field: str, code: str | None = None, **changes: Any) -> Case:
    return post(what, "/requests", request_body(**changes), field, code)


def _windows(*ends: str) -> list[Json]:
    return [{"starts_at": start, "ends_at": end} for start, end in zip(ends[::2], ends[1::2], strict=True)]


def test_requests(town: Town) -> None:
    refused(
        town,
        "teacher",
        [
            _asking("nobody comes", "group_size", "too_small", group_size=0),
            _asking("100,000 come", "group_size", "too_large", group_size=100_000),
            _asking("more than the school has", "group_size", "group_over_enrolment", group_size=1_999),
            _asking(
                "in the past", "windows[0].starts_at", "window_in_past", windows=_windows(PAST, PAST_END)
            ),
            _asking("ends first", "windows[0].ends_at", None, windows=_windows(SOON_END, SOON)),
            _asking("no time at all", "windows[0].ends_at", None, windows=_windows(SOON, SOON)),
            _asking(
                "the second ends first",
                "windows[1].ends_at",
                None,
                windows=_windows(SOON, SOON_END, SOON_END, SOON),
            ),
            _asking("too far ahead", "windows[0].starts_at", None, windows=_windows(UNLOADED, UNLOADED_END)),
            _asking("no grade of ours", "grades[0]", None, grades=[12]),
            _asking("twice the same grade", "grades", "duplicate", grades=[4, 4]),
            _asking("no topic, no programme", "topics", "topics_or_programme", topics=[]),
            _asking("no such round", "round_id", "round_unknown", round_id=NOBODY),
            _asking("an expert to an expert", "with_expert", None, kind="expert", with_expert=True),
        ],
    )
    path = f"/requests/{town.ids['request_id']}"
    refused(
        town,
        "teacher",
        [
            change("nothing", path, {}, None, "nothing_to_alter"),
            change("100,000 come", path, {"group_size": 100_000}, "group_size", "too_large"),
            change(
                "in the past",
                path,
                {"windows": _windows(PAST, PAST_END)},
                "windows[0].starts_at",
                "window_in_past",
            ),
            change("another round", path, {"round_id": None}, "round_id", "unknown_field"),
        ],
    )


def _changing(**change: Any) -> Json:
    return {"changes": [change]}


def test_rounds_and_answers(town: Town) -> None:
    late = {"opens_at": SOON_END, "closes_at": SOON}
    refused(
        town,
        "coordinator",
        [
            post("closes before it opens", "/rounds", round_body(**late), "closes_at", "round_period"),
            post("closed already", "/rounds", round_body(closes_at=PAST), "closes_at", "round_period"),
            post("for nobody's district", "/rounds", round_body(adcode="999999"), "adcode", status=403),
        ],
    )
    asked = f"/rounds/{town.ids['round_id']}/what-ifs"
    elsewhere = _changing(kind="demand", factor=2, adcode="999999")
    unfair = _changing(kind="fairness", percent=101)
    refused(
        town,
        "coordinator",
        [
            post("nothing changes", asked, {"changes": []}, "changes", "too_few"),
            post("no factor", asked, _changing(kind="demand"), "changes[0].factor", "required"),
            post("nobody's", asked, _changing(kind="closed", venue_id=NOBODY), "changes[0].venue_id"),
            post("on Venus", asked, elsewhere, "changes[0].adcode", "what_if_unknown"),
            post("101 %", asked, unfair, "changes[0].percent", "too_large"),
        ],
    )
    answers = f"/matches/{town.ids['match_id']}/answers"
    declined: Json = {"answer": "decline"}
    refused(
        town,
        "venue",
        [
            post("no reason", answers, declined, "reason", "reason_required"),
            post("neither yes nor no", answers, {"answer": "perhaps"}, "answer", "invalid_choice"),
        ],
    )


def test_what_is_offered(town: Town) -> None:
    ids = town.ids
    slot = slot_body({"id": ids["programme_id"]}, 80)
    programme = programme_body({"id": ids["venue_id"]})
    closure = bodies(dict(ids))["POST /closures"]
    rule = bodies(dict(ids))["POST /slots/rules"]
    unit = bodies(dict(ids))["POST /units"]
    upside_down = {"first_day": "2028-03-02", "last_day": "2028-03-01"}
    refused(
        town,
        "venue",
        [
            post("in the past", "/slots", slot | {"starts_at": PAST}, "starts_at", "slot_past"),
            post("ends first", "/slots", slot | {"ends_at": PAST}, "ends_at", "slot_ends_before_start"),
            post("no seat", "/slots", slot | {"seats": 0}, "seats", "too_small"),
            post("100,000 seats", "/slots", slot | {"seats": 100_000}, "seats", "too_large"),
            post("73 years ahead", "/slots", slot | {"starts_at": UNLOADED}, "starts_at", "slot_too_late"),
            post("of no programme", "/slots", slot | {"programme_id": NOBODY}, None, None, 404),
            post("of no programme by rule", "/slots/rules", rule | {"programme_id": NOBODY}, None, None, 404),
            post("at 25 o'clock", "/slots/rules", rule | {"time": "25:00"}, "time", "invalid_value"),
            post("upside down", "/slots/rules", rule | upside_down, "last_day", "days_inverted"),
            post("upside down", "/closures", closure | upside_down, "last_day", "days_inverted"),
            post("of no venue", "/closures", closure | {"venue_id": NOBODY}, None, None, 404),
            post("at no venue", "/programmes", programme | {"venue_id": NOBODY}, "venue_id"),
            post(
                "no topic of ours", "/programmes", programme | {"topics": ["x"]}, "topics[0]", "unknown_topic"
            ),
            post(
                "least over most",
                "/programmes",
                programme | {"min_group": 61},
                "max_group",
                "limits_inverted",
            ),
            post("nobody pays", "/programmes", programme | {"fee_fen": 100}, "payer", "payer_required"),
            post("least over most", "/units", unit | {"min_group": 999}, "max_group", "limits_inverted"),
            change("100,000 seats", f"/slots/{ids['slot_id']}", {"seats": 100_000}, "seats", "too_large"),
        ],
    )


def test_what_sessions_share(town: Town) -> None:
    ids = town.ids
    programme = programme_body({"id": ids["venue_id"]})
    resource = bodies(dict(ids))["POST /shared-resources"]
    mine = {"resource_id": ids["resource_id"], "quantity": 1}
    nothing, nowhere = mine | {"quantity": 0}, mine | {"resource_id": NOBODY}
    touring = {"venue_id": None, "unit_id": ids["unit_id"], "needs": [mine]}
    path = f"/programmes/{ids['programme_id']}"
    refused(
        town,
        "venue",
        [
            post("a ghost", "/shared-resources", resource | {"kind": "ghost"}, "kind"),
            post("less than none", "/shared-resources", resource | {"number": -1}, "number", "too_small"),
            post("of nobody", "/programmes", programme | {"needs": [nowhere]}, "needs[0].resource_id"),
            post("none of it", "/programmes", programme | {"needs": [nothing]}, "needs[0].quantity"),
            post(
                "twice",
                "/programmes",
                programme | {"needs": [mine, mine | {"quantity": 2}]},
                None,
                "need_twice",
            ),
            post("on tour", "/programmes", programme | touring, "needs", "needs_without_sessions"),
            change("of nobody", path, {"needs": [nowhere]}, "needs[0].resource_id", "need_unknown"),
        ],
    )


def test_experts(town: Town) -> None:
    backwards = {"starts_at": window(40)["ends_at"], "ends_at": window(40)["starts_at"]}
    expert = expert_body(organisation_id=town.ids["association_id"])
    refused(
        town,
        "coordinator",
        [
            post("no topic of ours", "/experts", expert | {"topics": ["x"]}, "topics[0]", "unknown_topic"),
            post(
                "ends first",
                "/experts",
                expert | {"availability": [backwards]},
                None,
                "availability_overlaps",
            ),
            post("of nobody", "/experts", expert | {"organisation_id": NOBODY}, "organisation_id"),
        ],
    )


def test_schools_and_calendar(town: Town) -> None:
    school = bodies(dict(town.ids))["PUT /schools/{organisation_id}"]
    mine = f"/schools/{town.ids['organisation_id']}"
    terms = [{"adcode": "150402", "name": "春", "first_day": "2027-07-10", "last_day": "2027-03-01"}]
    year = {"source": "demonstration", "days": days_of(2029)}
    refused(
        town,
        "operator",
        [
            put("grade of another stage", mine, school | {"grades": [10]}, "grades[0]", "grade_not_of_stage"),
            put("ends first", "/terms", {"items": terms}, None, "term_ends_before_start"),
            put("days of another year", "/calendar/2031", year, None, "day_outside_year"),
        ],
    )


def test_overwriting_wants_the_version_that_was_read(town: Town) -> None:
    known = bodies(dict(town.ids))
    school = known["PUT /schools/{organisation_id}"] | {"classes": 7}
    year = known["PUT /calendar/{year}"] | {"source": "official"}
    for path, body in ((f"/schools/{town.ids['organisation_id']}", school), ("/calendar/2027", year)):
        sent = json.dumps(body).encode()
        stale, none = (("If-Match", '"999999"'),), (("If-Match", ""),)
        cases = [
            Case("stale", "PUT", path, sent, (412,), "stale", headers=stale),
            Case("no version", "PUT", path, sent, (428,), "precondition_required", headers=none),
        ]
        refused(town, "operator", cases)


def put(what: str, path: str, body: Json, field: str | None, code: str) -> Case:
    """A PUT that is refused at `field`, whatever version it is based on."""
    return Case(what, "PUT", path, json.dumps(body).encode(), (412, 422), code, field, (("If-Match", ""),))


def test_people(town: Town) -> None:
    user = bodies(dict(town.ids))["POST /users"]
    organisation = bodies(dict(town.ids))["POST /organisations"]
    elsewhere = [{"organisation_id": NOBODY, "role": "teacher"}]
    wrong_role = [{"organisation_id": town.ids["organisation_id"], "role": "coordinator"}]
    refused(
        town,
        "operator",
        [
            post(
                "of no organisation",
                "/users",
                user | {"memberships": elsewhere},
                "memberships[0].organisation_id",
                "organisation_unknown",
            ),
            post(
                "a role for others",
                "/users",
                user | {"memberships": wrong_role},
                "memberships[0].role",
                "role_not_for_kind",
            ),
            post("a weak password", "/users", user | {"password": "aaaaaaaaaa"}, "password", "password_weak"),
            post("a login of signs", "/users", user | {"login": "A B"}, "login", "invalid_login"),
            post(
                "in no district",
                "/organisations",
                organisation | {"adcode": "999999"},
                "adcode",
                "district_unknown",
            ),
        ],
    )


def test_a_day_without_lessons(town: Town) -> None:
    day = _holiday(town)
    alone = _windows(f"{day}T01:00:00Z", f"{day}T03:00:00Z")
    field, code = "windows[0].starts_at", "no_school_day"
    refused(town, "teacher", [_asking("a holiday", field, code, windows=alone)])


def _holiday(town: Town) -> str:
    """The day that the tests' calendar leaves out."""
    today = datetime.now(UTC).date()
    years = {(today + timedelta(days=n)).year for n in range(1, HOLIDAY_AHEAD + 1)}
    calendars = [town.strangers["nobody"].get(f"/calendar/{year}").json() for year in sorted(years)]
    days = [day for calendar in calendars for day in calendar["days"] if day["day"] > str(today)]
    return str(next(day["day"] for day in days if day["kind"] != "school_day"))

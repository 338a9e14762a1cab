"""From an organisation in accounts, over outbox, relay, bus and inbox, to a request in demand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg

from deploy.local.stack import Stack
from tests.builders.accounts import Person, a_coordinator, a_user, an_organisation
from tests.builders.demand import school_body, wish_body
from tests.builders.matcher import ensure_calendar

Eventually = Callable[..., Any]


def test_an_organisation_becomes_a_school_that_asks(
    stack: Stack, operator: Person, eventually: Eventually
) -> None:
    ensure_calendar(operator)
    made = an_organisation(operator)
    head = a_user(stack, operator, made["id"], "head")
    school = eventually(lambda: registered(head, made["id"]), 20)
    assert (school["name"], school["version"]) == (made["name"], 1)
    request = head.post("/requests", wish_body(datetime.now(UTC)))
    assert request.status_code == 201, request.text
    eventually(lambda: is_sent(stack, request.json()["id"]), 20)
    coordinator = a_coordinator(stack, operator)
    seen = coordinator.get(f"/requests?school_id={made['id']}").json()["items"]
    assert [item["id"] for item in seen] == [request.json()["id"]]


def test_a_renamed_organisation_renames_its_school(
    stack: Stack, operator: Person, eventually: Eventually
) -> None:
    made = an_organisation(operator)
    eventually(lambda: registered(operator, made["id"]), 20)
    renamed = operator.patch(f"/organisations/{made['id']}", {"name": made["name"] + "新"}, 1)
    assert renamed.status_code == 200, renamed.text

    def follows() -> bool:
        school: dict[str, Any] = operator.get(f"/schools/{made['id']}").json()
        return bool(school["name"] == made["name"] + "新")

    eventually(follows, 20)


def registered(person: Person, organisation_id: str) -> dict[str, Any] | None:
    """The school, once demand has heard of its organisation."""
    answer = person.put(f"/schools/{organisation_id}", school_body())
    assert answer.status_code in (200, 404), answer.text
    school: dict[str, Any] = answer.json()
    return school if answer.status_code == 200 else None


def is_sent(stack: Stack, request_id: str) -> bool:
    """The relay has carried the request's event to the bus."""
    with psycopg.connect(stack.environment("demand")["DATABASE_URL"]) as conn:
        row = conn.execute("select sent_at from outbox where aggregate_id = %s", [request_id]).fetchone()
    return row is not None and row[0] is not None

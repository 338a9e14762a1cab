"""The ledger as it stands in the stack: a confirmed match becomes an entry, seen by those who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person, nobody
from tests.builders.matcher import Json, School
from tests.builders.provider import Provider

Eventually = Callable[..., Any]


@pytest.fixture
def match(school: School, museum: Provider, spot: Json) -> Json:
    """A confirmed visit of the school to the museum."""
    made.some_slots(museum, spot, seats=30, days=50)
    return made.wait_for_match(school.teacher, made.ask(school, days=50), "confirmed")


def test_a_confirmed_match_is_an_entry_and_counts(
    stack: Stack,
    school: School,
    museum: Provider,
    coordinator: Person,
    operator: Person,
    match: Json,
    eventually: Eventually,
) -> None:
    path = f"/ledger/{match['id']}"
    entry = eventually(lambda: _body(school.teacher, path), 20)
    assert (entry["state"], entry["group_size"]) == ("confirmed", 25)
    assert entry["provider_names"] == [museum.organisation["name"]]
    types = [act["type"] for act in entry["acts"]]
    assert "match_offered" in types or "match_holding" in types
    assert "match_confirmed" in types
    for reader in (museum.staff, coordinator):
        assert reader.get(path).status_code == 200
    assert operator.get(path).status_code == 403
    assert nobody(stack).get(path).status_code == 401
    mine = school.teacher.get("/coverage?by=topic").json()
    assert [(row["value"], row["reached"]) for row in mine["rows"]] == [("aerospace", 25)]
    assert mine["total"]["schools"] == mine["total"]["served"] == 1
    assert school.teacher.get("/coverage/never-served").json()["items"] == []
    names = [row["value"] for row in coordinator.get("/coverage").json()["rows"]]
    assert names == ["150402"]
    assert coordinator.get("/coverage/summary").json()["by"] == "township"
    assert school.teacher.get("/coverage/summary").status_code == 403
    assert nobody(stack).get("/coverage/totals").json()["activities"] >= 1


def test_a_school_that_was_never_served_learns_about_itself_alone(
    stack: Stack,
    operator: Person,
    school: School,
    spot: Json,
    coordinator: Person,
    eventually: Eventually,
) -> None:
    other = made.a_school(stack, operator, spot)
    eventually(lambda: other.teacher.get("/coverage/never-served").json()["items"], 20)
    own = eventually(lambda: school.teacher.get("/coverage/never-served").json()["items"], 20)
    assert [row["school_id"] for row in own] == [school.organisation["id"]]
    page = coordinator.get("/coverage/never-served?limit=1").json()
    assert page["next"]
    after = coordinator.get(f"/coverage/never-served?limit=1&cursor={page['next']}")
    assert after.json()["items"][0]["school_id"] != page["items"][0]["school_id"]


def test_files_come_as_csv_and_workbook(coordinator: Person, school: School) -> None:
    for what in ("ledger", "coverage", "never-served", "trail"):
        table = coordinator.get(f"/exports/{what}")
        assert table.status_code == 200, table.text
        assert table.content.startswith("\ufeff".encode())
        assert "attachment" in table.headers["Content-Disposition"]
        book = coordinator.get(f"/exports/{what}?format=xlsx")
        assert book.content[:2] == b"PK"
    assert school.teacher.get("/exports/never-served").status_code == 403
    assert school.teacher.get("/exports/trail").status_code == 403


def test_the_trail_is_for_those_who_answer_for_something(
    operator: Person, coordinator: Person, school: School
) -> None:
    everything = operator.get("/trail?limit=5").json()
    assert len(everything["items"]) == 5
    more = operator.get(f"/trail?limit=5&cursor={everything['next']}").json()
    seen = {row["id"] for row in everything["items"]} & {row["id"] for row in more["items"]}
    assert not seen
    own = coordinator.get("/trail?limit=200").json()["items"]
    assert {row["adcode"][:6] for row in own} == {"150402"}
    assert school.teacher.get("/trail").status_code == 403


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("by=phase", 422),
        ("basis=maybe", 422),
        ("first_day=2026-13-01", 422),
        ("first_day=2026-12-02&last_day=2026-12-01", 422),
        ("by=district&by=topic", 422),
    ],
)
def test_bad_questions_are_refused(coordinator: Person, query: str, code: int) -> None:
    answer = coordinator.get(f"/coverage?{query}")
    assert answer.status_code == code, answer.text


def _body(person: Person, path: str) -> Json | None:
    answer = person.get(path)
    return answer.json() if answer.status_code == 200 else None

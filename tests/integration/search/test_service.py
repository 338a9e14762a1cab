"""Search as it stands in the stack: from an owner's act to what everybody finds."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.builders import provider as made
from tests.builders.accounts import Person, nobody
from tests.builders.provider import Json, Provider
from tests.fixtures.booking import Book

Eventually = Callable[..., Any]
#: At rest a booking is seen as taken within 2 s (docs/benchmarks.md); tests share the processor with others.
SEEN_SECONDS = 10.0


def _found(person: Person, **asked: Any) -> list[Json]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    answer = person.get(f"/search?{query}")
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


@pytest.fixture
def slot(museum: Provider) -> Json:
    """A slot of a programme whose title nobody else has."""
    programme = made.a_programme(museum, title=f"恐龙谷探秘 {secrets.token_hex(5)}")
    return {**made.a_slot(museum, programme), "title": programme["title"]}


def test_everybody_finds_what_was_just_published(stack: Stack, slot: Json, eventually: Eventually) -> None:
    visitor = nobody(stack)
    (item,) = eventually(lambda: _found(visitor, q=slot["title"]), 20)
    assert (item["id"], item["free"], item["district_name"]) == (slot["id"], 30, "红山区")
    assert "<em>" in item["highlights"]["title"]
    assert _found(visitor, q="konglonggu " + slot["title"].split()[1], seats=30)
    assert not _found(visitor, q=slot["title"], seats=31)


def test_what_was_booked_a_moment_ago_is_seen_as_taken(
    stack: Stack, slot: Json, book: Book, eventually: Eventually
) -> None:
    visitor = nobody(stack)
    eventually(lambda: _found(visitor, q=slot["title"]), 20)
    book(slot, 30)
    eventually(lambda: not _found(visitor, q=slot["title"]), SEEN_SECONDS)
    (item,) = _found(visitor, q=slot["title"], bookable="false")
    assert item["free"] == 0


def test_a_new_title_and_a_withdrawal_are_seen(
    stack: Stack, museum: Provider, slot: Json, eventually: Eventually
) -> None:
    visitor, path = nobody(stack), f"/programmes/{slot['programme_id']}"
    eventually(lambda: _found(visitor, q=slot["title"]), 20)
    version = museum.staff.get(path).json()["version"]
    title = f"石林秘境 {secrets.token_hex(5)}"
    assert museum.staff.patch(path, {"title": title}, version).status_code == 200
    eventually(lambda: _found(visitor, q=title), 10)
    assert not _found(visitor, q=slot["title"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("seats=30.9", "seats"),
        ("seats=0", "seats"),
        ("type=everything", "type"),
        ("bookable=on", "bookable"),
        ("grade=fourteen", "grade[0]"),
        ("first_day=tomorrow", "first_day"),
        ("lat=91", "lat"),
        ("district=15", "district[0]"),
        ("q=%00", "q"),
        ("limit=100000", "limit"),
        ("nonsense=1", "nonsense"),
    ],
)
def test_a_bad_question_is_refused_by_field(stack: Stack, query: str, field: str) -> None:
    answer = nobody(stack).get(f"/search?{query}")
    assert answer.status_code == 422, answer.text
    assert field.split("[")[0] in answer.json()["errors"][0]["field"]


def test_distance_from_nowhere_and_strange_cursors_are_refused(stack: Stack) -> None:
    visitor = nobody(stack)
    assert visitor.get("/search?sort=distance").json()["code"] == "search_point_required"
    for cursor in ("abc", "AAAA", "%F0%9F%A6%96"):
        assert visitor.get(f"/search?cursor={cursor}").status_code == 400


def test_pages_lead_to_the_end(stack: Stack, museum: Provider, eventually: Eventually) -> None:
    visitor = nobody(stack)
    programme = made.a_programme(museum, title=f"分页 {secrets.token_hex(5)}")
    slots = {made.a_slot(museum, programme, days=30 + day)["id"] for day in range(5)}
    query = f"/search?programme_id={programme['id']}&sort=date&limit=2"
    eventually(lambda: visitor.get(query).json()["total"] == 5, 20)
    seen: list[str] = []
    page = visitor.get(query).json()
    while True:
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        page = visitor.get(f"{query}&cursor={page['next']}").json()
    assert len(seen) == 5
    assert set(seen) == slots
    other = visitor.get(f"/search?sort=date&limit=2&cursor={visitor.get(query).json()['next']}")
    assert (other.status_code, other.json()["code"]) == (400, "cursor_invalid")


@pytest.mark.parametrize("typed", ["红山", "山区", "hongshan", "hs"])
def test_suggestions_know_districts(
    stack: Stack, districts: None, eventually: Eventually, typed: str
) -> None:
    hongshan = {"type": "district", "id": "150402", "text": "红山区"}
    visitor = nobody(stack)
    # As soon as search has heard of the district, and reads the districts anew.
    eventually(lambda: hongshan in visitor.get(f"/suggestions?q={typed}&limit=20").json()["items"], 40)


def test_suggestions_come_from_initials(stack: Stack) -> None:
    texts = [item["text"] for item in nobody(stack).get("/suggestions?q=jqr").json()["items"]]
    assert "机器人" in texts

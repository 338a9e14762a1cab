"""Small groups that come to a session together: matched, offered and confirmed; and one of them does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from deploy.local.stack import Stack
from services.chassis.ids import new_id
from services.chassis.store import Connection, Store
from services.matcher.domain import Match
from services.matcher.storage import companies as storage
from services.matcher.storage import matches
from services.matcher.usecases import companies, moves, offering
from tests.builders import drafts
from tests.builders import matcher as made
from tests.builders import provider as providers
from tests.builders.accounts import Person
from tests.builders.drafts import NOW, SOMEBODY
from tests.builders.provider import Provider
from tests.fixtures.scratch import Scratch
from tests.fixtures.stack import poll

LEAST = 20


def test_two_small_classes_reach_the_least_number_together(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider, spot: made.Json
) -> None:
    """Of 9 and of 14: each alone is too small for a session of 20 or more, which takes one group."""
    schools = [made.a_school(stack, operator, spot) for _ in range(2)]
    slot = a_session(museum, spot)
    round_ = made.a_round(coordinator)
    asked = [
        made.ask_in_round(school, round_, days=55, group_size=size)
        for school, size in zip(schools, (9, 14), strict=True)
    ]
    made.published(coordinator, round_)
    found = [made.wait_for_match(coordinator, request, "confirmed") for request in asked]
    first, second = (match["company"] for match in found)
    assert first == second
    assert (first["groups"], first["people"], first["least"]) == (2, 23, LEAST)
    assert [match["legs"][0]["quantity"] for match in found] == [9, 14]
    there = museum.staff.get(f"/slots/{slot['id']}").json()
    assert (there["taken"], there["groups_taken"]) == (23, 1)

    reason = {"reason": "班级停课"}
    gone = schools[0].teacher.post(f"/matches/{found[0]['id']}/cancel", reason)
    assert gone.status_code == 200, gone.text
    left = poll(lambda: _below(coordinator, found[1]), made.PATIENCE)
    assert (left["state"], left["company"]["people"]) == ("confirmed", 14)
    poll(lambda: museum.staff.get(f"/slots/{slot['id']}").json()["taken"] == 14, made.PATIENCE)
    assert museum.staff.get(f"/slots/{slot['id']}").json()["groups_taken"] == 1
    poll(lambda: museum.staff.get("/notices?kind=company_below_least").json()["items"], made.PATIENCE)


def _below(coordinator: Person, match: made.Json) -> made.Json | None:
    found: made.Json = coordinator.get(f"/matches/{match['id']}").json()
    return found if found["company"]["people"] < LEAST else None


def a_session(museum: Provider, spot: made.Json) -> made.Json:
    """One that takes a group of 20 to 40."""
    venue = providers.a_venue(museum, policy="auto", **spot)
    programme = providers.a_programme(museum, venue, min_group=LEAST, max_group=40)
    return providers.a_slot(museum, programme, seats=40, groups_limit=1, days=55)


# -- when one of them does not come


@pytest.fixture
def store(scratch: Scratch) -> Store:
    return scratch("matcher")


def together(conn: Connection, *sizes: int) -> list[Match]:
    """Offers to so many groups that are to come together."""
    said: dict[str, Any] = {"company_groups": len(sizes), "company_people": sum(sizes)}
    said["company_id"] = new_id()
    return [drafts.an_offer(conn, group_size=size, company_least=LEAST, **said) for size in sizes]


def settled(conn: Connection, *them: Match) -> list[tuple[str, int | None]]:
    """Where they stand once the company has been settled, and how many each of them says come."""
    while companies.settle(conn, now=NOW):
        pass
    found = (matches.get(conn, match.id) for match in them)
    return [(match.state, match.company_people) for match in found if match]


def test_who_is_left_stays_while_they_are_enough(store: Store) -> None:
    with store.transaction() as conn:
        first, second, third = together(conn, 9, 14, 12)
        declines(conn, first)
        assert settled(conn, first, second, third)[1:] == [("offered", 26), ("offered", 26)]


def test_too_few_who_are_not_confirmed_are_given_up_and_looked_at_again(store: Store) -> None:
    with store.transaction() as conn:
        first, second = together(conn, 9, 14)
        declines(conn, first)
        assert settled(conn, first, second) == [("releasing", 23), ("releasing", 23)]
        broken = matches.get(conn, second.id)
        assert broken
        assert (broken.ending, broken.reason_code) == ("superseded", companies.BROKEN)
        noted = conn.execute("select code from displaced where request_id = %s", [second.request_id])
        assert noted.fetchall() == [{"code": companies.BROKEN}]


def test_a_draft_goes_with_those_whom_it_was_to_come_with(store: Store) -> None:
    with store.transaction() as conn:
        said = {"company_id": new_id(), "company_groups": 2, "company_people": 20, "company_least": LEAST}
        first, second = (drafts.a_draft(conn, group_size=10, next_step_at=None, **said) for _ in range(2))
        moves.end(conn, first, "superseded", now=NOW, code="request_withdrawn")
        assert [state for state, _ in settled(conn, first, second)] == ["superseded", "superseded"]


def test_who_has_agreed_waits_for_the_others(store: Store) -> None:
    with store.transaction() as conn:
        first, second = together(conn, 9, 14)
        assert answers(conn, first).state == "confirming"
        assert storage.waiting(conn, _company(first)) == _company(first)
        answers(conn, second)
        assert storage.waiting(conn, _company(first)) == set()


def test_who_is_confirmed_stays_and_is_told(store: Store) -> None:
    with store.transaction() as conn:
        first, second = together(conn, 9, 14)
        confirmed = moves.move(conn, answers(conn, first), "confirmed", now=NOW, confirmed_at=NOW)
        declines(conn, second)
        assert settled(conn, confirmed) == [("confirmed", 9)]
        told = conn.execute("select body::jsonb as body from outbox where type = 'match_company_changed'")
        (event,) = (row["body"]["data"]["company"] for row in told.fetchall())
        assert (event["groups"], event["people"], event["least"]) == (1, 9, LEAST)


def _company(match: Match) -> set[UUID]:
    return {match.company_id} if match.company_id else set()


def answers(conn: Connection, match: Match, said: str = "accept") -> Match:
    """The school says so."""
    act = {"match_id": match.id, "party": drafts.the_school(match), "actor": SOMEBODY}
    return offering.answer(conn, **act, said=said, reason="有事", now=NOW + timedelta(minutes=1))  # type: ignore[arg-type]


def declines(conn: Connection, match: Match) -> None:
    """The school does not want it."""
    answers(conn, match, "decline")

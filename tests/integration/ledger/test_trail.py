"""The trail has every act once, says who and why, and cannot be changed by the service."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

import psycopg
import pytest

from services.ledger import domain
from services.ledger.domain import Scope
from services.ledger.usecases import answering, recording
from tests.builders import facts
from tests.integration.ledger.conftest import Book

ALWAYS = domain.period(None, None)


def _acts(book: Book, scope: Scope = Scope(area=""), **filters: Any) -> list[dict[str, Any]]:  # noqa: B008
    with book.reading() as conn:
        return answering.trail(conn, scope=scope, period=ALWAYS, filters=filters, after=None, limit=100)


def test_an_act_is_kept_with_actor_reason_and_trace(book: Book) -> None:
    slot = facts.slot(facts.programme("课", facts.some_id()))
    who = {"user_id": facts.some_id(), "organisation_id": facts.some_id(), "role": "venue", "name": "王芳"}
    book.tell("slot", slot, type_="slot_cancelled", actor=who, reason="停电", trace_id="a" * 32)
    (act,) = _acts(book, aggregate_id=UUID(slot["id"]))
    assert (act["type"], act["actor_name"], act["actor_role"]) == ("slot_cancelled", "王芳", "venue")
    assert (act["reason"], act["trace_id"], act["version"]) == ("停电", "a" * 32, 1)


def test_a_fact_told_again_is_no_new_act(book: Book) -> None:
    school = facts.school("重复小学")
    book.tell("school", school)
    book.tell("school", school, type_="school_republished")
    assert len(_acts(book, aggregate_id=UUID(school["organisation_id"]))) == 1


def test_a_version_that_was_missed_is_made_good_by_republishing(book: Book) -> None:
    school = facts.school("漏掉的小学")
    book.tell("school", school, version=3, type_="school_republished")
    assert [act["version"] for act in _acts(book, aggregate_id=UUID(school["organisation_id"]))] == [3]


def test_of_versions_that_come_in_one_batch_all_are_acts_and_the_newest_counts(book: Book) -> None:
    school = facts.school("一批小学")
    versions = {1: "一批小学", 3: "第三小学", 2: "第二小学"}
    batch = [facts.told("school", {**school, "name": name}, version=n) for n, name in versions.items()]
    with book.store.transaction() as conn:
        recording.record(conn, [*batch, facts.told("school", facts.school("另一小学"))])
    assert len(_acts(book, aggregate_id=UUID(school["organisation_id"]))) == 3
    with book.reading() as conn:
        found = conn.execute("select name, version from school where id = %s", [school["organisation_id"]])
        assert found.fetchall() == [{"name": "第三小学", "version": 3}]


def test_an_address_is_not_kept_for_ever(book: Book) -> None:
    user = facts.user("张三", facts.some_id(), "teacher")
    book.tell("user", user)
    with book.reading() as conn:
        rows = conn.execute("select data from trail where aggregate_id = %s", [user["id"]]).fetchall()
    assert user["email"] not in str(rows)
    assert rows[0]["data"]["name"] == "张三"


@pytest.mark.parametrize(
    "statement",
    ["update trail set reason = 'x'", "delete from trail", "truncate trail"],
)
def test_the_service_may_not_change_the_trail(book: Book, statement: str) -> None:
    book.tell("school", facts.school("某小学"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege), book.store.transaction() as conn:
        conn.execute(statement.encode())


def test_coordinators_see_their_area_and_others_what_is_theirs(book: Book) -> None:
    here, there = facts.school("这里小学", "150430"), facts.school("那里小学", "150431")
    owner = facts.organisation("本旗博物馆", adcode="150430")
    programme = facts.programme("本旗活动", owner["id"])
    for aggregate, state in (
        ("school", here),
        ("school", there),
        ("organisation", owner),
        ("programme", programme),
    ):
        book.tell(aggregate, state)
    seen = {str(act["aggregate_id"]) for act in _acts(book, Scope(area="150430"))}
    assert {here["organisation_id"], owner["id"], programme["id"]} <= seen
    assert there["organisation_id"] not in seen
    mine = _acts(book, Scope(organisation_id=UUID(owner["id"])))
    assert {str(act["aggregate_id"]) for act in mine} == {owner["id"], programme["id"]}


def test_pages_of_the_trail_follow_each_other(book: Book) -> None:
    who = facts.some_id()
    actor = {"user_id": who, "organisation_id": None, "role": "operator", "name": "op"}
    for _ in range(7):
        book.tell("school", facts.school("页小学"), actor=actor)
    seen: list[int] = []
    after = None
    with book.reading() as conn:
        while True:
            rows = answering.trail(
                conn,
                scope=Scope(area=""),
                period=ALWAYS,
                filters={"actor": UUID(who)},
                after=after,
                limit=3,
            )
            seen += [row["id"] for row in rows[:3]]
            if len(rows) <= 3:
                break
            after = [rows[2]["occurred_at"], rows[2]["id"]]
    assert len(seen) == len(set(seen)) == 7


def test_one_fact_to_two_consumers_at_once_is_one_act(book: Book) -> None:
    school = facts.school("并发小学")
    told = [facts.told("school", school) for _ in range(2)]

    def record(fact: Any) -> None:
        with book.store.transaction() as conn:
            recording.record(conn, [fact])

    workers = [threading.Thread(target=record, args=(fact,)) for fact in told]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(_acts(book, aggregate_id=UUID(school["organisation_id"]))) == 1

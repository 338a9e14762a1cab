"""The outbox on a real PostgreSQL: with the work or not at all, and no version twice or left out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from schemas.envelope import EnvelopeSchema
from schemas.refusal import Busy
from services.chassis import outbox
from services.chassis.facts import read_fact
from services.chassis.ids import new_id
from services.chassis.outbox import VersionGap
from services.chassis.store import Connection, Store
from services.chassis.trace import tracing
from tests.fixtures.database import Invent, Invented

NOW = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)
Eventually = Callable[..., Any]


class Person:
    """An actor as auth makes them."""

    def as_json(self) -> dict[str, Any]:
        """Return a person with a role."""
        return {"user_id": str(new_id()), "organisation_id": None, "role": "head", "name": "其其格"}


@pytest.fixture
def service(invent: Invent, monkeypatch: pytest.MonkeyPatch) -> Invented:
    """An invented service that this process speaks for."""
    made = invent()
    monkeypatch.setenv("KEQIAO_SERVICE", made.name)
    return made


def append(conn: Connection, thing: UUID, version: int, **options: Any) -> UUID:
    options = {"data": {"名": "望远镜", "version": version}, "actor": None} | options
    return outbox.append(
        conn,
        now=NOW,
        type="thing_changed",
        aggregate="thing",
        aggregate_id=thing,
        version=version,
        **options,
    )


def append_then_fail(conn: Connection, thing: UUID) -> None:
    append(conn, thing, 1)
    raise ZeroDivisionError


def bodies(service: Invented) -> list[dict[str, Any]]:
    return [json.loads(row[0]) for row in service.execute("select body from outbox order by id")]


def test_an_event_is_written_with_the_work_or_not_at_all(service: Invented) -> None:
    store, thing = service.store(), new_id()
    with pytest.raises(ZeroDivisionError), store.transaction() as conn:
        append_then_fail(conn, thing)
    assert bodies(service) == []
    with store.transaction() as conn:
        append(conn, thing, 1)
    assert [body["version"] for body in bodies(service)] == [1]


def test_the_body_is_an_envelope_of_plain_json(service: Invented) -> None:
    thing, trace = new_id(), "0af7651916cd43dd8448eb211c80319c"
    with tracing(trace), service.store().transaction() as conn:
        message_id = append(conn, thing, 1, actor=Person(), reason="因故改期")
    [body] = bodies(service)
    assert EnvelopeSchema().validate(body) == {}
    assert (body["id"], body["aggregate_id"], body["occurred_at"]) == (
        str(message_id),
        str(thing),
        "2027-03-01T09:30:00Z",
    )
    assert (body["owner"], body["trace_id"], body["reason"]) == (service.name, trace, "因故改期")
    assert (body["actor"]["name"], body["data"]) == ("其其格", {"名": "望远镜", "version": 1})
    row = service.execute("select owner, type, routing_key, version, sent_at from outbox")
    assert row == [(service.name, "thing_changed", "thing.thing_changed", 1, None)]
    assert read_fact(json.dumps(body).encode(), now=NOW).id == message_id


def test_without_an_actor_the_service_is_named(service: Invented) -> None:
    with service.store().transaction() as conn:
        append(conn, new_id(), 1)
    nobody = {"user_id": None, "organisation_id": None, "role": None}
    assert bodies(service)[0]["actor"] == {**nobody, "name": service.name}


@pytest.mark.parametrize(("known", "version"), [(0, 2), (0, 5), (2, 1), (2, 2), (2, 4)])
def test_a_version_that_is_not_the_next_is_refused_and_writes_nothing(
    service: Invented, known: int, version: int
) -> None:
    store, thing = service.store(), new_id()
    with store.transaction() as conn:
        for earlier in range(1, known + 1):
            append(conn, thing, earlier)
    with pytest.raises(VersionGap), store.transaction() as conn:
        append(conn, thing, version)
    assert [body["version"] for body in bodies(service)] == list(range(1, known + 1))


def test_what_is_not_json_is_refused(service: Invented) -> None:
    store = service.store()
    for data in ({"share": float("nan")}, {"at": NOW}, {"id": new_id()}):
        with pytest.raises((TypeError, ValueError)), store.transaction() as conn:
            append(conn, new_id(), 1, data=data)
    assert bodies(service) == []


def test_of_two_transactions_with_the_same_version_one_wins(service: Invented) -> None:
    store, thing = service.store(), new_id()
    with store.transaction() as conn:
        append(conn, thing, 1)
    both, outcomes = threading.Barrier(2), list[str]()

    def race() -> None:
        try:
            with store.transaction() as conn:
                both.wait(10)
                append(conn, thing, 2)
            outcomes.append("won")
        except VersionGap:
            outcomes.append("lost")

    threads = [threading.Thread(target=race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["lost", "won"]
    assert [body["version"] for body in bodies(service)] == [1, 2]


def test_an_event_waits_for_an_uncommitted_one_of_its_aggregate(service: Invented) -> None:
    store, thing = service.store(), new_id()
    with store.transaction() as first:
        append(first, thing, 1)
        with pytest.raises(Busy), store.transaction() as second:
            append(second, thing, 1)


def test_republishing_gives_every_present_state_once_to_one_consumer(service: Invented) -> None:
    store = service.store()
    things = {new_id(): versions for versions in (1, 3, 2, 1, 1)}
    with store.transaction() as conn:
        for thing, versions in things.items():
            for version in range(1, versions + 1):
                append(conn, thing, version)
        conn.execute("delete from outbox")
    rounds = republish_all(store)
    assert rounds == 3
    told = {UUID(body["aggregate_id"]): body["version"] for body in bodies(service)}
    assert told == things
    assert {body["type"] for body in bodies(service)} == {"thing_republished"}
    assert service.execute("select distinct routing_key from outbox") == [("republish.search.thing",)]


def republish_all(store: Store) -> int:
    """Republish two by two; return how many rounds it took."""
    after, rounds = None, 0
    while rounds == 0 or after is not None:
        with store.transaction() as conn:
            after = outbox.republish(
                conn, now=NOW, consumer="search", aggregate="thing", after=after, limit=2
            )
        rounds += 1
    return rounds

"""Every kind of lie, planted in databases of its own as their owner could, is seen and named by its rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from deploy.check.reader import CannotRead, Reader, Row
from deploy.check.rules import matches, messages, places, seats, sharing, views
from deploy.local.stack import Stack
from services.chassis.store import Store
from services.search.storage import Engine
from tests.fixtures.scratch import Scratch

NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
HONGSHAN, AOHAN = (42.2966, 118.9539), (42.2908, 119.9216)


# A lie must get past the constraints that make it a lie.
_LOOSE = {
    "catalog": (
        "alter table slot drop constraint slot_programme_id_fkey",
        "alter table slot drop constraint slot_organisation_id_fkey",
        "alter table slot drop constraint slot_never_oversold",
        "alter table hold drop constraint hold_slot_id_fkey, drop constraint hold_unit_id_fkey",
        "alter table hold drop constraint hold_unit_in_one_place",
        "alter table need drop constraint need_programme_id_fkey",
        "alter table shared_resource drop constraint shared_resource_organisation_id_fkey",
    ),
    "experts": (
        "alter table engagement drop constraint engagement_expert_id_fkey",
        "alter table engagement drop constraint engagement_in_one_place",
    ),
}


class Databases(Reader):
    """The check's reader on scratch databases."""

    def __init__(self, scratch: Scratch, elasticsearch_url: str = "") -> None:
        super().__init__("", elasticsearch_url)
        self._scratch = scratch
        self._stores: dict[str, Store] = {}

    def store(self, service: str) -> Store:
        """A service's database, made when it is first asked for."""
        if service not in self._stores:
            self._stores[service] = self._scratch(service, *_LOOSE.get(service, ()))
        return self._stores[service]

    def rows(self, service: str, query: str, params: Mapping[str, object] | None = None) -> list[Row]:
        with self.store(service).read() as conn:
            return conn.execute(query.encode(), params).fetchall()

    def plant(self, service: str, table: str, **values: Any) -> None:
        """One row, with all checks of foreign keys put aside."""
        columns, marks = ", ".join(values), ", ".join(f"%({name})s" for name in values)
        with self.store(service).transaction() as conn:
            conn.execute(f"insert into {table} ({columns}) values ({marks})".encode(), values)


@pytest.fixture
def databases(scratch: Scratch) -> Databases:
    """Empty databases of all services that are checked, without foreign keys."""
    return Databases(scratch)


def slot(
    databases: Databases, *, seats: int = 40, taken: int = 0, groups: int = 0, programme: UUID | None = None
) -> UUID:
    identity = uuid4()
    databases.plant(
        "catalog",
        "slot",
        id=identity,
        programme_id=programme or uuid4(),
        organisation_id=uuid4(),
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        seats=seats,
        taken=taken,
        groups_taken=groups,
        state="open",
        version=1,
    )
    return identity


def hold(databases: Databases, *, state: str = "held", **values: Any) -> UUID:
    identity = uuid4()
    common = {"match_id": uuid4(), "leg_id": uuid4(), "quantity": 20, "starts_at": NOW, "state": state}
    times = {"ends_at": NOW + timedelta(hours=1), "expires_at": NOW, "changed_at": NOW, "version": 1}
    databases.plant("catalog", "hold", **{"hold_id": identity, **common, **times, **values})
    return identity


def engagement(
    databases: Databases, who: UUID, start: datetime, place: tuple[float, float], **values: Any
) -> UUID:
    identity = uuid4()
    common = {"match_id": uuid4(), "leg_id": uuid4(), "quantity": 20, "state": "held", "adcode": "150402"}
    times = {"starts_at": start, "ends_at": start + timedelta(hours=1), "expires_at": NOW, "changed_at": NOW}
    where = {"lat": place[0], "lon": place[1], "version": 1, "expert_id": who}
    databases.plant("experts", "engagement", **{"hold_id": identity, **common, **times, **where, **values})
    return identity


def test_a_slot_that_says_more_than_its_holds(databases: Databases) -> None:
    wrong = slot(databases, taken=5)
    right = slot(databases, taken=20, groups=1)
    hold(databases, slot_id=right)
    finding = seats.seats_are_counted(databases)
    assert list(finding.suspects) == [f"slot {wrong}"]
    assert finding.numbers == {"slots": 2, "seats": 80, "taken": 25, "holds": 1, "reservations": 0}


def test_a_hold_that_its_slot_does_not_know_of(databases: Databases) -> None:
    wrong = slot(databases)
    hold(databases, slot_id=wrong, state="confirmed")
    (how,) = seats.seats_are_counted(databases).suspects.values()
    assert how == "says 0 of 40 seats, 0 groups are taken; live holds take 20 seats, 1 groups"


def test_an_oversold_slot(databases: Databases) -> None:
    wrong = slot(databases, seats=30, taken=40, groups=2)
    for _ in range(2):
        hold(databases, slot_id=wrong)
    assert list(seats.seats_are_counted(databases).suspects) == [f"slot {wrong}"]


def test_a_released_hold_takes_nothing(databases: Databases) -> None:
    hold(databases, slot_id=slot(databases), state="released")
    assert not seats.seats_are_counted(databases).suspects


def test_an_expert_who_would_have_to_fly(databases: Databases) -> None:
    who = uuid4()
    engagement(databases, who, NOW, HONGSHAN)
    engagement(databases, who, NOW + timedelta(minutes=70), AOHAN)
    (name,) = places.experts_are_in_one_place(databases).suspects
    assert name.startswith(f"expert {who}")


def test_a_unit_at_two_schools(databases: Databases) -> None:
    unit = uuid4()
    for _ in range(2):
        occupied = f"[{NOW.isoformat()},{(NOW + timedelta(hours=1)).isoformat()})"
        hold(databases, unit_id=unit, occupied=occupied, lat=HONGSHAN[0], lon=HONGSHAN[1], adcode="150402")
    (how,) = places.units_are_in_one_place(databases).suspects.values()
    assert how.startswith("overlap")


@pytest.mark.parametrize(("counted_from", "seen"), [(NOW, True), (NOW + timedelta(hours=1), False)])
def test_a_guide_who_leads_two_groups(databases: Databases, counted_from: datetime, seen: bool) -> None:
    """Unless there were more guides when the sessions took place."""
    guide, programme = uuid4(), uuid4()
    whose = {"id": guide, "organisation_id": uuid4(), "kind": "guide", "name": "x", "number": 1}
    rest = {"state": "active", "counted_from": counted_from, "demonstration": False, "version": 1}
    databases.plant("catalog", "shared_resource", **whose, **rest)
    databases.plant("catalog", "need", programme_id=programme, resource_id=guide, quantity=1)
    session = slot(databases, taken=40, groups=2, programme=programme)
    for _ in range(2):
        hold(databases, slot_id=session)
    suspects = sharing.no_more_is_lent_than_there_is(databases).suspects
    assert suspects == ({f"guide {guide}": "2 are lent at one time, there are 1"} if seen else {})


def test_a_hold_and_a_reservation_that_no_match_knows(databases: Databases) -> None:
    held = hold(databases, slot_id=slot(databases))
    reserved = engagement(databases, uuid4(), NOW, AOHAN, state="confirmed")
    assert list(matches.holds_have_their_match(databases).suspects) == [f"hold {held}"]
    assert list(matches.matches_are_reserved(databases).suspects) == [f"reservation {reserved}"]


def match(
    databases: Databases, state: str, hold_id: UUID, *, resource_id: UUID, due: datetime | None = None
) -> UUID:
    """A match with one leg in the state that goes with it."""
    identity = uuid4()
    times = {"starts_at": NOW, "ends_at": NOW + timedelta(hours=1), "created_at": NOW, "next_step_at": due}
    lists = {"topics": [], "grades": [1], "audience": "pupils", "group_size": 20, "value": 1, "pinned": False}
    names = {"school_name": "x", "adcode": "150402", "kind": "visit", "title": "x", "offer_hours": 48}
    whose = {"id": identity, "request_id": uuid4(), "school_id": uuid4(), "version": 1, "failures": 0}
    ending = {"ending": "declined"} if state == "releasing" else {}
    databases.plant("matcher", "matches", **whose, **names, **lists, **times, **ending, state=state)
    databases.plant(
        "matcher",
        "legs",
        id=uuid4(),
        match_id=identity,
        position=0,
        owner="catalog",
        resource_kind="slot",
        resource_id=resource_id,
        organisation_id=uuid4(),
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        occupied_from=NOW,
        quantity=20,
        lat=1.0,
        lon=1.0,
        adcode="150402",
        hold_id=hold_id,
        attempt=1,
        state="reserved" if state == "confirmed" else "held",
    )
    return identity


def test_confirmed_matches_whose_resource_is_not_or_otherwise_reserved(databases: Databases) -> None:
    databases.store("experts")
    where = slot(databases)
    only_held = match(databases, "confirmed", hold(databases, slot_id=where), resource_id=where)
    nothing = match(databases, "confirmed", uuid4(), resource_id=where)
    other = hold(databases, slot_id=where, state="confirmed")
    match(databases, "confirmed", other, resource_id=uuid4())
    suspects = matches.matches_are_reserved(databases).suspects
    assert {name.split()[1] for name in suspects} >= {str(only_held), str(nothing)}
    assert len(suspects) == 3


def test_a_hold_that_outlives_its_match(databases: Databases) -> None:
    databases.store("experts")
    where = slot(databases)
    late = hold(databases, slot_id=where)
    match(databases, "declined", late, resource_id=where)
    match(databases, "offered", hold(databases, slot_id=where), resource_id=where)
    assert matches.holds_have_their_match(databases).suspects == {f"hold {late}": "its match is declined"}


def test_a_match_that_the_saga_forgot(databases: Databases) -> None:
    forgotten = match(databases, "releasing", uuid4(), resource_id=uuid4())
    match(databases, "holding", uuid4(), resource_id=uuid4(), due=NOW)
    finding = matches.moving_matches_go_on(databases)
    assert finding.suspects == {f"match {forgotten}": "is releasing, and nothing is due"}
    assert finding.numbers == {"moving": 2}


def test_a_projection_that_is_behind_and_one_that_misses_something(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind, missing = uuid4(), uuid4()
    monkeypatch.setattr(views, "COPIES", (views.Copy("experts", "organisation", "accounts", "organisation"),))
    published(databases, behind, 2)
    published(databases, missing, 1)
    databases.plant("experts", "organisation", id=behind, kind="x", name="x", adcode="150402", version=1)
    assert views.projections_are_current(databases).suspects == {
        f"experts.organisation {behind}": "is at version 1, accounts is at 2",
        f"experts.organisation {missing}": "is at version None, accounts is at 1",
    }


def test_a_request_that_is_told_otherwise_than_it_is_matched(databases: Databases) -> None:
    matched = match(databases, "confirmed", uuid4(), resource_id=uuid4())
    with databases.store("matcher").read() as conn:
        row = conn.execute("select request_id from matches where id = %s", [matched]).fetchone()
    assert row
    suspects = matches.requests_stand_where_matches_do(databases).suspects
    assert suspects == {
        f"request {row['request_id']}": "matcher's match is confirmed, demand has no such request"
    }


def test_a_trail_that_lacks_an_act(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "hearing", lambda: {"ledger": {"accounts": ["organisation"]}})
    published(databases, uuid4(), 1)
    suspects = views.trail_has_every_act(databases).suspects
    assert suspects == {"trail of accounts's organisations": "has 0 acts of 1"}


def event(databases: Databases, aggregate_id: UUID, version: int, *, sent: bool = True) -> UUID:
    identity = uuid4()
    databases.plant(
        "accounts",
        "outbox",
        id=identity,
        owner="accounts",
        type="organisation_changed",
        aggregate="organisation",
        aggregate_id=aggregate_id,
        version=version,
        routing_key="organisation.organisation_changed",
        body="{}",
        created_at=NOW,
        sent_at=NOW if sent else None,
    )
    return identity


def published(databases: Databases, aggregate_id: UUID, version: int) -> None:
    databases.plant(
        "accounts",
        "published_state",
        aggregate="organisation",
        aggregate_id=aggregate_id,
        version=version,
        type="organisation_changed",
        data="{}",
        occurred_at=NOW,
    )


def test_an_event_that_was_lost_from_the_outbox(databases: Databases) -> None:
    whole, gap, silent = uuid4(), uuid4(), uuid4()
    for aggregate_id, versions, last in ((whole, (1, 2), 2), (gap, (1, 3), 3), (silent, (1,), 2)):
        for version in versions:
            event(databases, aggregate_id, version)
        published(databases, aggregate_id, last)
    suspects = messages.events_are_in_order(databases).suspects
    assert set(suspects) == {f"accounts organisation {gap}", f"accounts organisation {silent}"}


def test_an_event_that_nobody_read(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "hearing", lambda: {"demand": {"accounts": ["organisation"]}})
    read, unread = event(databases, uuid4(), 1), event(databases, uuid4(), 1)
    event(databases, uuid4(), 1, sent=False)
    databases.plant("demand", "inbox", message_id=read, consumer="demand", received_at=NOW)
    finding = messages.events_are_read(databases)
    assert list(finding.suspects) == [f"event {unread} of accounts to demand"]
    assert finding.numbers == {"streams": 1, "unread": 1}


@pytest.fixture
def indices(stack: Stack, scratch: Scratch, only: list[str]) -> Databases:
    """Empty databases beside the stack's own search indices."""
    if only and "elasticsearch" not in only:
        pytest.skip("this run has no Elasticsearch")
    url = stack.environment("checker")["ELASTICSEARCH_URL"]
    engine = Engine(url)
    if not engine.exists(engine.serving):
        engine.create(engine.serving, "000001")
    engine.close()
    return Databases(scratch, url)


def test_a_document_that_its_owner_does_not_know(indices: Databases, stack: Stack) -> None:
    address = f"{stack.environment('checker')['ELASTICSEARCH_URL']}/keqiao-programmes/_doc/{uuid4()}"
    requests.put(address, json={"title": "x", "shown": False}, timeout=10).raise_for_status()
    try:
        suspects = views.search_has_everything(indices).suspects
    finally:
        requests.delete(address, timeout=10).raise_for_status()
    assert "catalog has 0" in suspects["index of programmes"]


def test_a_database_that_is_away_is_said_to_be_away() -> None:
    with pytest.raises(CannotRead, match="catalog's database"):
        Reader("postgresql://checker@127.0.0.1:1/{service}", "").rows("catalog", "select 1")

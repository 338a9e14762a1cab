"""Migrations on a real PostgreSQL: forward only, once, whole or not at all, and rights as they are due."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from deploy.local.stack import Stack
from services.chassis.migrate import MigrationRefused, migrate
from services.chassis.store import Store
from tests.fixtures.database import CHASSIS_MIGRATIONS, Invent, Invented


@pytest.fixture
def service(invent: Invent) -> Invented:
    """An invented service, with the chassis's migrations applied."""
    return invent()


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """The folder of a service's own migrations, empty."""
    made = tmp_path / "thing" / "migrations"
    made.mkdir(parents=True)
    return made


def run(service: Invented, room: Path) -> list[str]:
    return migrate(service.database_url, service.name, rooms=(CHASSIS_MIGRATIONS, room))


def test_files_are_applied_once_in_order_after_the_chassis(service: Invented, room: Path) -> None:
    (room / "0002_more.sql").write_text("alter table thing add name text")
    (room / "0001_thing.sql").write_text("create table thing (id int)")
    assert run(service, room) == ["thing/0001_thing.sql", "thing/0002_more.sql"]
    assert run(service, room) == []
    names = [row[0] for row in service.execute("select name from schema_migration order by applied_at, name")]
    assert names[0] == "chassis/0001_messages.sql"
    assert names[-2:] == ["thing/0001_thing.sql", "thing/0002_more.sql"]


def test_a_landed_file_that_was_changed_is_refused(service: Invented, room: Path) -> None:
    (room / "0001_thing.sql").write_text("create table thing (id int)")
    run(service, room)
    (room / "0001_thing.sql").write_text("create table thing (id bigint)")
    with pytest.raises(MigrationRefused, match="was changed"):
        run(service, room)


def test_a_landed_file_that_is_gone_is_refused(service: Invented, room: Path) -> None:
    (room / "0001_thing.sql").write_text("create table thing (id int)")
    run(service, room)
    (room / "0001_thing.sql").unlink()
    with pytest.raises(MigrationRefused, match="is gone"):
        run(service, room)


def test_a_new_file_before_a_landed_one_is_refused(service: Invented, room: Path) -> None:
    (room / "0002_thing.sql").write_text("create table thing (id int)")
    run(service, room)
    (room / "0001_early.sql").write_text("create table early (id int)")
    with pytest.raises(MigrationRefused, match="sorts before"):
        run(service, room)


def test_a_name_without_a_number_is_refused(service: Invented, room: Path) -> None:
    (room / "thing.sql").write_text("create table thing (id int)")
    with pytest.raises(MigrationRefused, match="is named"):
        run(service, room)


def test_a_file_that_fails_leaves_nothing_behind_and_may_be_mended(service: Invented, room: Path) -> None:
    (room / "0001_thing.sql").write_text("create table thing (id int); insert into thing values ('x');")
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        run(service, room)
    assert service.value("select to_regclass('thing')") is None
    (room / "0001_thing.sql").write_text("create table thing (id int); insert into thing values (1);")
    assert run(service, room) == ["thing/0001_thing.sql"]


def test_a_marked_file_runs_outside_a_transaction(service: Invented, room: Path) -> None:
    (room / "0001_thing.sql").write_text("create table thing (id int)")
    (room / "0002_index.sql").write_text(
        "-- transactional: false\ncreate index concurrently thing_id on thing (id)"
    )
    assert len(run(service, room)) == 2


def test_two_runs_at_once_wait_for_each_other(service: Invented, room: Path) -> None:
    (room / "0001_thing.sql").write_text("create table thing (id int); select pg_sleep(0.5);")
    applied: list[list[str]] = []
    runs = [threading.Thread(target=lambda: applied.append(run(service, room))) for _ in range(2)]
    for each in runs:
        each.start()
    for each in runs:
        each.join(30)
    assert sorted(applied) == [[], ["thing/0001_thing.sql"]]


def test_a_service_reads_and_writes_rows_and_defines_nothing(
    stack: Stack, scratch: Callable[..., Store]
) -> None:
    store = scratch("catalog")
    with store.transaction() as conn:
        conn.execute("delete from inbox")
    for statement in (
        "create table mine (id int)",
        "drop table inbox",
        "alter table inbox add note text",
        "delete from schema_migration",
        "truncate outbox",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), store.transaction() as conn:
            conn.execute(statement.encode())


def test_the_relay_may_take_messages_out_and_see_nothing_else(
    stack: Stack, scratch: Callable[..., Store]
) -> None:
    with scratch("catalog").read() as conn:
        name = conn.info.dbname
    operator = stack.environment("operator")["DATABASE_URL"].format(service=name)
    with psycopg.connect(operator) as admin:
        admin.execute(f"grant connect on database {name} to relay".encode())
    url = stack.environment("relay")["RELAY_DATABASE_URL"].format(service=name)
    with psycopg.connect(url, autocommit=True) as relay:
        relay.execute("select id from outbox for update")
        relay.execute("update outbox set sent_at = null")
        relay.execute("delete from outbox")
        for table in ("inbox", "published_state", "idempotency", "slots"):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)):
                relay.execute(f"select from {table}".encode())

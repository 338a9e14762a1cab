"""Applies a service's migrations: forward only, each file once, none that was changed after it landed."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import sql

from services.chassis.instant import system_clock

SERVICES = Path(__file__).resolve().parent.parent
FILE_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")
NOT_TRANSACTIONAL = "-- transactional: false"
# Any number, as long as every migration run of a database asks for the same one.
RUN_LOCK = 4_711_000_001

LEDGER = """
create table if not exists schema_migration (
    name       text        not null primary key,
    checksum   text        not null,
    applied_at timestamptz not null
)
"""
RELAY_RIGHTS = {"outbox": "select, update, delete"}


class MigrationRefused(RuntimeError):
    """The migration files and the database contradict each other."""


@dataclass(frozen=True)
class Migration:
    """One file: its name with its room (`catalog/0001_slots.sql`), and its text."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """Return what tells this text from any other."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def transactional(self) -> bool:
        """Return whether the file may run in a transaction (an index made concurrently may not)."""
        return not self.text.startswith(NOT_TRANSACTIONAL)


def migrate(url: str, service: str, *, rooms: tuple[Path, ...] | None = None) -> list[str]:
    """Bring the database of `service` up to date as its owner; return the names of what was applied.

    Runs at the same time wait for each other. Raises MigrationRefused for a landed file that has changed or
    gone, or a new file that sorts before a landed one.
    """
    wanted = _wanted(rooms or (SERVICES / "chassis" / "migrations", SERVICES / service / "migrations"))
    with psycopg.connect(url, autocommit=True) as conn, _alone(conn):
        _grant_by_default(conn, service)
        _make_ledger(conn, service)
        pending = _pending(wanted, _landed(conn))
        for migration in pending:
            _apply(conn, migration, system_clock().now())
        _grant_to_relay(conn)
    return [migration.name for migration in pending]


def _wanted(rooms: tuple[Path, ...]) -> list[Migration]:
    """Return every migration file in the order in which they run: the chassis's first."""
    return [_read(file) for room in rooms for file in sorted(room.glob("*.sql"))]


def _read(file: Path) -> Migration:
    """Return one file; raise MigrationRefused for a name that does not say its order."""
    if not FILE_NAME.fullmatch(file.name):
        raise MigrationRefused(f"{file.name}: a migration is named 0001_what_it_does.sql")
    return Migration(f"{file.parent.parent.name}/{file.name}", file.read_text())


@contextmanager
def _alone(conn: psycopg.Connection) -> Iterator[None]:
    """Keep every other run on this database waiting."""
    conn.execute("select pg_advisory_lock(%s)", [RUN_LOCK])
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute("select pg_advisory_unlock(%s)", [RUN_LOCK])


def _make_ledger(conn: psycopg.Connection, service: str) -> None:
    """Make the list of what was applied; the service itself may read it, no more."""
    conn.execute(LEDGER)
    if _role_exists(conn, service):
        conn.execute(
            sql.SQL("revoke insert, update, delete on schema_migration from {}").format(
                sql.Identifier(service)
            )
        )


def _landed(conn: psycopg.Connection) -> dict[str, str]:
    """Return the checksum of every migration that was applied, by name."""
    return dict(conn.execute("select name, checksum from schema_migration").fetchall())


def _pending(wanted: list[Migration], landed: dict[str, str]) -> list[Migration]:
    """Return what is still to be applied, after checking that the past has not been rewritten."""
    missing = landed.keys() - {migration.name for migration in wanted}
    if missing:
        raise MigrationRefused(f"applied here, but its file is gone: {', '.join(sorted(missing))}")
    for migration in wanted:
        if landed.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationRefused(
                f"{migration.name} was changed after it was applied; add a new file instead"
            )
    pending = [migration for migration in wanted if migration.name not in landed]
    for migration in pending:
        _refuse_late(migration, landed)
    return pending


def _refuse_late(migration: Migration, landed: dict[str, str]) -> None:
    """Raise if a file of the same room that sorts after this one has been applied already."""
    room = migration.name.split("/")[0] + "/"
    later = [name for name in landed if name.startswith(room) and name > migration.name]
    if later:
        raise MigrationRefused(f"{migration.name} sorts before {max(later)}, which is applied already")


def _apply(conn: psycopg.Connection, migration: Migration, now: datetime) -> None:
    """Run one file and note it, in one transaction if the file allows it."""
    if not migration.transactional:
        _run(conn, migration, now)
        return
    with conn.transaction():
        _run(conn, migration, now)


def _run(conn: psycopg.Connection, migration: Migration, now: datetime) -> None:
    """Run the file's statements, then note its name and checksum."""
    conn.execute(migration.text.encode())
    conn.execute(
        "insert into schema_migration (name, checksum, applied_at) values (%s, %s, %s)",
        [migration.name, migration.checksum, now],
    )


def _grant_by_default(conn: psycopg.Connection, service: str) -> None:
    """Let the service's own role read and write, and not define, what its owner makes from now on."""
    if not _role_exists(conn, service):
        return
    role = sql.Identifier(service)
    for right, kind in (("select, insert, update, delete", "tables"), ("usage, select", "sequences")):
        conn.execute(
            sql.SQL("alter default privileges in schema public grant {} on {} to {}").format(
                sql.SQL(right), sql.SQL(kind), role
            )
        )
    conn.execute(sql.SQL("grant usage on schema public to {}").format(role))


def _grant_to_relay(conn: psycopg.Connection) -> None:
    """Let the relay take messages out, and see nothing else."""
    if not _role_exists(conn, "relay"):
        return
    conn.execute("grant usage on schema public to relay")
    for table, rights in RELAY_RIGHTS.items():
        conn.execute(sql.SQL("grant {} on {} to relay").format(sql.SQL(rights), sql.Identifier(table)))


def _role_exists(conn: psycopg.Connection, name: str) -> bool:
    """Return whether the cluster has this role; test databases may lack the others."""
    return conn.execute("select from pg_roles where rolname = %s", [name]).rowcount == 1


def main(arguments: list[str]) -> int:
    """Migrate the service named on the command line, in the database of DATABASE_OWNER_URL."""
    if len(arguments) != 1:
        print("usage: python -m services.chassis.migrate <service>", file=sys.stderr)
        return 2
    try:
        applied = migrate(os.environ["DATABASE_OWNER_URL"], arguments[0])
    except MigrationRefused as refusal:
        print(f"migrate {arguments[0]}: {refusal}", file=sys.stderr)
        return 1
    print(f"migrate {arguments[0]}: {', '.join(applied) or 'nothing to do'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

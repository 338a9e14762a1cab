"""Hears the aggregate `thing`: keeps its newest version, notes every act, fails as a fact's data says."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from schemas.refusal import Unavailable
from services.chassis import inbox
from services.chassis.clock import Clock
from services.chassis.db import Busy, Connection, Database
from services.chassis.deliveries import Wire
from services.chassis.inbox import Fact, Malformed

OWNER = os.environ["LISTENS_TO"]
FORGETFUL = "LISTENER_FORGETS" in os.environ
TYPES = os.environ["LISTENER_TYPES"].split(",") if "LISTENER_TYPES" in os.environ else None
# Kills itself the first time that it would acknowledge, so between its commit and the broker's knowing.
DIES_ONCE = os.environ.get("LISTENER_DIES_ONCE")

DO = "insert into done (message_id, aggregate_id, version, at) values (%s, %s, %s, %s)"

KEEP = """
insert into thing (id, version, name) values (%(id)s, %(version)s, %(name)s)
on conflict (id) do update set version = excluded.version, name = excluded.name
 where excluded.version > thing.version
"""

LOCK = "select from gate where name = %s for update"


class Listener:
    """Its name and whom it hears come from the environment, so that each test has one of its own."""

    name = os.environ["KEQIAO_SERVICE"]
    db = Database()
    clock = Clock()

    @inbox.consume({OWNER: ["thing"]}, TYPES, stateless=FORGETFUL, delays_ms=(100, 300, 900))
    def on_fact(self, fact: Fact, conn: Connection | None) -> None:
        """Do it in the inbox's transaction, or, forgetful, in one that remembers no message."""
        if conn is not None:
            handle(fact, conn)
            return
        with self.db.transaction() as own:
            handle(fact, own)


def handle(fact: Fact, conn: Connection) -> None:
    """Note the act, keep the state, then fail if the fact says so."""
    conn.execute(DO, [fact.id, fact.aggregate_id, fact.version, fact.now])
    conn.execute(KEEP, {"id": fact.aggregate_id, "version": fact.version, "name": fact.data.get("name", "")})
    if "gate" in fact.data:
        conn.execute(LOCK, [fact.data["gate"]])
    match fact.data.get("fail"):
        case "poison":
            raise ValueError("this fact cannot be handled")
        case "malformed":
            raise Malformed("this fact makes no sense")
        case "busy":
            raise Busy
        case "away":
            _stand_on(conn, fact.data["stands_on"])


def _stand_on(conn: Connection, name: str) -> None:
    """Refuse to work before the gate of that name is there."""
    if conn.execute("select from gate where name = %s", [name]).fetchone() is None:
        raise Unavailable


def _die_first(path: Path) -> None:
    """Replace acknowledging by dying, unless an earlier life has done so."""
    if path.exists():
        return

    def die(_: Wire, __: object) -> None:
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)

    # setattr, so that the type checker lets the service spoil what it is there to spoil.
    setattr(Wire, "acknowledge", die)  # noqa: B010 - an assignment would be refused as a changed method


if DIES_ONCE:
    _die_first(Path(DIES_ONCE))

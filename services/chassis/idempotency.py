"""A call that creates does its work once per Idempotency-Key; a repeated one gets the first one's answer."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb
from werkzeug.wrappers import Response

from schemas.refusal import Refusal
from services.chassis.store import Connection

KEPT = timedelta(hours=48)
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{8,128}")
_KEPT_HEADERS = ("ETag", "Location", "Content-Type")
_PRUNE_EVERY, _PRUNE_AT_ONCE = 200, 1000

# Lock and look in one round trip. The statement sees what had committed when it began: an answer that is
# committed between that and the lock is missed here, and found by _KEEP.
_BEGIN = """
select lock.free, kept.body_hash, kept.status, kept.headers, kept.answer
  from (select pg_try_advisory_xact_lock(hashtextextended(%(lock)s, 4)) as free) as lock
  left join idempotency as kept
    on kept.caller = %(caller)s and kept.route = %(route)s and kept.key = %(key)s
   and kept.created_at > %(kept_since)s
"""
_KEEP = """
insert into idempotency (caller, route, key, body_hash, status, headers, answer, created_at)
values (%(caller)s, %(route)s, %(key)s, %(body_hash)s, %(status)s, %(headers)s, %(answer)s, %(now)s)
on conflict (caller, route, key) do update
   set body_hash = excluded.body_hash, status = excluded.status, headers = excluded.headers,
       answer = excluded.answer, created_at = excluded.created_at
 where idempotency.created_at <= %(kept_since)s
"""
_PRUNE = """
delete from idempotency
 where ctid = any(array(select ctid from idempotency where created_at <= %(kept_since)s
                         limit %(limit)s for update skip locked))
"""


class IdempotencyKeyRequired(Refusal):
    """A call that creates came without a usable Idempotency-Key."""

    code = "idempotency_key_required"


class IdempotencyKeyReused(Refusal):
    """The key was used before, for another body."""

    code = "idempotency_key_reused"


class InFlight(Refusal):
    """The first call with this key is still being worked on."""

    code = "in_flight"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that creates: whose, where, under which key, and with what."""

    caller: str
    route: str
    key: str
    body_hash: bytes
    now: datetime

    def params(self) -> dict[str, Any]:
        """The parameters that every statement here takes."""
        return {
            "caller": self.caller,
            "route": self.route,
            "key": self.key,
            "body_hash": self.body_hash,
            "now": self.now,
            "kept_since": self.now - KEPT,
        }


def attempt(*, caller: str, route: str, key: str | None, body: object, now: datetime) -> Attempt:
    """The attempt that these headers and this body make; raises IdempotencyKeyRequired."""
    if not key or not _KEY.fullmatch(key):
        raise IdempotencyKeyRequired(field="Idempotency-Key")
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    # A body may hold a password: a plain hash of it, kept for days, could be searched for the password.
    secret = os.environ.get("AMQP_URL", "").encode()
    return Attempt(caller, route, key, hmac.new(secret, canonical.encode(), hashlib.sha256).digest(), now)


def begin(conn: Connection, this: Attempt) -> Response | None:
    """The answer to replay, or None where the work is to be done now, in this transaction.

    Until the transaction ends no other one gets past here with the same key: it is refused InFlight. Raises
    IdempotencyKeyReused for another body.
    """
    lock = "\n".join((this.caller, this.route, this.key))
    kept = conn.execute(_BEGIN, this.params() | {"lock": lock}).fetchone()
    if kept is None or not kept["free"]:
        raise InFlight()
    if kept["status"] is None:
        return None
    if kept["body_hash"] != this.body_hash:
        raise IdempotencyKeyReused(field="Idempotency-Key")
    return Response(kept["answer"], status=kept["status"], headers={**kept["headers"], REPLAYED: "true"})


class _Turns:
    """Counts, so that now and then one call sweeps up after the others."""

    taken = 0

    def is_mine(self) -> bool:
        """True every two hundredth time."""
        self.taken += 1
        return self.taken % _PRUNE_EVERY == 0


_turns = _Turns()


def finish(conn: Connection, this: Attempt, answer: Response) -> None:
    """Keep the answer, in the work's own transaction; a refused call keeps none and may be made again.

    Raises InFlight, and so undoes the work, if another transaction has kept an answer meanwhile.
    """
    headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    kept = {"status": answer.status_code, "headers": Jsonb(headers), "answer": answer.get_data()}
    if conn.execute(_KEEP, this.params() | kept).rowcount != 1:
        raise InFlight()
    if _turns.is_mine():
        prune(conn, this.now)


def prune(conn: Connection, now: datetime, limit: int = _PRUNE_AT_ONCE) -> int:
    """Delete up to `limit` answers that are older than two days; return how many."""
    return conn.execute(_PRUNE, {"kept_since": now - KEPT, "limit": limit}).rowcount

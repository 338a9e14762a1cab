"""Requests whose match fell away because of an event, until a place was looked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis.store import Connection
from services.matcher.domain import LIVE

_DUE = """
  from displaced d
  join known_request r on r.id = d.request_id
  left join rounds o on o.id = r.round_id
 where r.state not in ('withdrawn', 'delivered', 'no_show') and r.last_end > %(earliest)s
   and (r.round_id is null or o.state in ('drawn_up', 'published'))
   and not exists (select from matches m where m.request_id = r.id and m.state = any(%(live)s))
"""


class Displaced(NamedTuple):
    """A request that lost its match, why, and the round whose draft it was in; None if it was in no draft."""

    request_id: UUID
    match_id: UUID
    code: str
    round_id: UUID | None


def note(conn: Connection, *, request_id: UUID, match_id: UUID, code: str, now: datetime) -> None:
    """Note that a request's match falls away."""
    conn.execute(
        "insert into displaced as d (request_id, match_id, code, displaced_at) values (%s, %s, %s, %s)"
        " on conflict (request_id) do update"
        " set match_id = excluded.match_id, code = excluded.code, displaced_at = excluded.displaced_at",
        [request_id, match_id, code, now],
    )


def any_due(conn: Connection, earliest: datetime) -> bool:
    """Whether a place is to be looked for (see `due`)."""
    return conn.execute(f"select 1 {_DUE} limit 1", _given(earliest)).fetchone() is not None


def due(conn: Connection, earliest: datetime, limit: int) -> list[Displaced]:
    """Requests that have given back what they had, the first to lose it first.

    Those of a round that is reviewed, or being solved, wait until it is published or drawn up.
    """
    rows = conn.execute(
        "select d.request_id, d.match_id, d.code, case when o.state = 'drawn_up' then o.id end as round_id"
        f"{_DUE} order by d.displaced_at, d.request_id limit %(limit)s",
        {**_given(earliest), "limit": limit},
    ).fetchall()
    return [Displaced(**row) for row in rows]


def forget(conn: Connection, request_ids: Iterable[UUID]) -> None:
    """A place was looked for."""
    conn.execute("delete from displaced where request_id = any(%s)", [list(request_ids)])


def drawn_up(conn: Connection) -> list[UUID]:
    """Rounds whose drafts nobody works on."""
    rows = conn.execute("select id from rounds where state = 'drawn_up' order by id").fetchall()
    return [row["id"] for row in rows]


def _given(earliest: datetime) -> dict[str, Any]:
    return {"earliest": earliest, "live": [*LIVE, "delivered", "no_show"]}

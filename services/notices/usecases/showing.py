"""Showing a person their messages, and keeping what they do not want by e-mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.refusal import NotFound
from services.chassis.store import Connection
from services.notices import domain, texts
from services.notices.storage import reading as storage

Row = dict[str, Any]


def messages(
    conn: Connection,
    user_id: UUID,
    *,
    language: str,
    filters: Mapping[str, Any],
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row]:
    """A person's messages in words, newest first; one more than `limit`."""
    rows = storage.listed(
        conn,
        user_id,
        unread=filters.get("unread"),
        kind=filters.get("kind"),
        after=after,
        limit=limit + 1,
    )
    return [_in_words(row, language) for row in rows]


def counts(conn: Connection, user_id: UUID) -> Row:
    """How many messages there are, and how many unread."""
    return storage.counts(conn, user_id)


def read(conn: Connection, user_id: UUID, message_id: UUID, *, language: str, now: datetime) -> Row:
    """Mark one message as read; NotFound if it is another's."""
    row = storage.mark_read(conn, user_id, message_id, now=now)
    if row is None:
        raise NotFound
    return _in_words(row, language)


def read_all(conn: Connection, user_id: UUID, *, now: datetime) -> Row:
    """Mark all messages as read; the counts after it."""
    storage.mark_all_read(conn, user_id, now=now)
    return storage.counts(conn, user_id)


def preferences(conn: Connection, user_id: UUID) -> Row:
    """The kinds that come by e-mail, and those of them that the person does not want so."""
    return {"mailed": list(domain.MAILED_KINDS), "muted": storage.muted(conn, user_id)}


def prefer(conn: Connection, user_id: UUID, muted: Sequence[str]) -> Row:
    """Replace what is not wanted by e-mail."""
    storage.mute(conn, user_id, muted)
    return preferences(conn, user_id)


def _in_words(row: Row, language: str) -> Row:
    text = texts.rendered(row["kind"], row["params"], language)
    path = texts.path_to(row["aggregate"], row["aggregate_id"])
    return {**row, "title": text.title, "body": text.body, "path": path}

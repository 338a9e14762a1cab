"""Notices over HTTP, the facts that cause them, and the timers that tell and deliver."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

from nameko.extensions import DependencyProvider
from nameko.timer import timer

from schemas.contract import page
from schemas.http.notices import (
    DeliveryQuery,
    DeliveryView,
    NoticeCounts,
    NoticeQuery,
    NoticeView,
    PreferencesInput,
    PreferencesView,
)
from schemas.refusal import Busy, Unavailable
from services.chassis import http, inbox
from services.chassis.auth import Tokens, Unauthenticated
from services.chassis.clock import Clock
from services.chassis.db import Connection, Database
from services.chassis.telemetry import SqlGauge, Telemetry
from services.notices.mail import Postbox
from services.notices.storage import deliveries
from services.notices.usecases import delivering, hearing, showing, telling

OPERATORS = frozenset({"operator"})
TELL_SECONDS, DELIVER_SECONDS = 0.5, 1
_MOST_BATCHES = 20

WAITING = SqlGauge(
    "keqiao_notices_waiting",
    "Announcements and e-mails that are due and not yet told or sent",
    """
    select 'announcement' as what, count(*) as value from announcement
     where state = 'waiting' and next_at <= %(now)s
    union all
    select 'email', count(*) from delivery where state = 'waiting' and next_at <= %(now)s
    """,
    ("what",),
)


class NoticePage(NoticeQuery, http.Paging):
    """Which of one's notices to list."""


class DeliveryPage(DeliveryQuery, http.Paging):
    """Which deliveries to list."""


class Mail(DependencyProvider):
    """Gives each worker the Postbox of SMTP_ADDRESS."""

    def setup(self) -> None:
        """Connects to nothing yet."""
        environ = os.environ
        self.postbox = Postbox(environ["SMTP_ADDRESS"], environ["MAIL_FROM"], environ["PUBLIC_URL"])

    def get_dependency(self, _: object) -> Postbox:
        """Return the postbox; it holds no state."""
        return self.postbox


class NoticesHttp:
    """A person's notices: they belong to the person, whichever organisation they act for."""

    name = "notices_http"
    db = Database()
    clock = Clock()
    tokens = Tokens()
    telemetry = Telemetry("notices", gauges=[WAITING])
    openapi = http.OpenApi("notices")

    @http.endpoint(
        "GET",
        "/notices",
        query=NoticePage,
        answer=page(NoticeView),
        roles=http.SIGNED_IN,
        summary="One's notices, newest first",
    )
    def list_notices(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """In the language of the call."""
        rows = showing.messages(
            conn,
            _user(call),
            language=call.language,
            filters=call.query,
            after=call.cursor,
            limit=call.query["limit"],
        )
        return http.page(rows, call.query["limit"], lambda row: [row["id"]])

    @http.endpoint(
        "GET",
        "/notices/counts",
        answer=NoticeCounts,
        roles=http.SIGNED_IN,
        summary="How many notices one has, and how many unread",
    )
    def count(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """For the badge."""
        return showing.counts(conn, _user(call))

    @http.endpoint(
        "POST",
        "/notices/<uuid:notice_id>/read",
        answer=NoticeView,
        roles=http.SIGNED_IN,
        summary="Mark a notice as read",
    )
    def read(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Doing it twice changes nothing."""
        return showing.read(conn, _user(call), call.params["notice_id"], language=call.language, now=call.now)

    @http.endpoint(
        "POST",
        "/notices/read-all",
        answer=NoticeCounts,
        roles=http.SIGNED_IN,
        summary="Mark all of one's notices as read",
    )
    def read_all(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Those that are there by now."""
        return showing.read_all(conn, _user(call), now=call.now)

    @http.endpoint(
        "GET",
        "/notices/preferences",
        answer=PreferencesView,
        roles=http.SIGNED_IN,
        summary="What one does not want by e-mail",
    )
    def read_preferences(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Of the kinds that are mailed at all."""
        return showing.preferences(conn, _user(call))

    @http.endpoint(
        "PUT",
        "/notices/preferences",
        body=PreferencesInput,
        answer=PreferencesView,
        roles=http.SIGNED_IN,
        summary="Say what one does not want by e-mail",
    )
    def prefer(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Replaces what was said before; e-mails that wait are dropped."""
        return showing.prefer(conn, _user(call), call.body["muted"])

    @http.endpoint(
        "GET",
        "/notices/deliveries",
        query=DeliveryPage,
        answer=page(DeliveryView),
        roles=OPERATORS,
        summary="E-mails and what became of them",
    )
    def list_deliveries(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """For operators: neither addresses nor texts."""
        limit = call.query["limit"]
        rows = deliveries.listed(conn, state=call.query.get("state"), after=call.cursor, limit=limit + 1)
        return http.page(rows, limit, lambda row: [row["id"]])


class Notices:
    """What runs without anybody asking: hearing, telling, delivering."""

    name = "notices"
    db = Database()
    clock = Clock()
    mail = Mail()

    @inbox.consume(
        {
            "accounts": ["organisation", "user"],
            "catalog": ["venue"],
            "experts": ["expert"],
            "matcher": ["round", "match", "verdict"],
        }
    )
    def on_fact(self, fact: inbox.Fact, conn: Connection) -> None:
        """Keep it, and announce it where somebody must hear of it."""
        hearing.hear(conn, fact)

    @timer(interval=TELL_SECONDS)
    def tell(self) -> None:
        """Make messages for those whom what happened concerns; a failure is tried again at the next turn."""
        try:
            for _ in range(_MOST_BATCHES):
                with self.db.transaction() as conn:
                    if telling.tell_some(conn, now=self.clock.now()) < telling.BATCH:
                        return
        except (Busy, Unavailable):
            return

    @timer(interval=DELIVER_SECONDS)
    def deliver(self) -> None:
        """Send e-mails that are due; a failure of the database is tried again at the next turn."""
        try:
            for _ in range(_MOST_BATCHES):
                if delivering.deliver_some(self.db, self.clock, self.mail) < delivering.BATCH:
                    return
        except (Busy, Unavailable):
            return


def _user(call: http.Call) -> UUID:
    if call.caller is None:
        raise Unauthenticated
    return call.caller.user_id

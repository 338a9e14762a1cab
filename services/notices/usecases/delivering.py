"""Delivering e-mails: read again before sending, and tried again only if they surely did not go out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from services.chassis.store import Connection, Store
from services.notices import domain, texts
from services.notices.mail import Letter, MailRefused, MailUncertain, MailUnreachable, Postbox
from services.notices.storage import deliveries as storage
from services.notices.usecases import telling

BATCH = 10
Row = dict[str, Any]


class Now(Protocol):
    """The stack's clock."""

    def now(self) -> datetime:
        """The time."""


def deliver_some(store: Store, clock: Now, postbox: Postbox) -> int:
    """Send up to a batch of e-mails that are due; return how many were taken up.

    No transaction is open while the mail server is spoken to.
    """
    now = clock.now()
    with store.transaction() as conn:
        storage.give_up_on_lost(conn, now=now)
        claimed = storage.claim(
            conn, now=now, until=now + timedelta(seconds=domain.CLAIM_SECONDS), limit=BATCH
        )
    for delivery in claimed:
        _deliver(store, clock, postbox, delivery)
    return len(claimed)


def _deliver(store: Store, clock: Now, postbox: Postbox, delivery: Row) -> None:
    with store.read() as conn:
        contents = storage.contents(conn, delivery["id"])
        worth_sending = contents is not None and _worth_sending(conn, delivery, contents, clock.now())
    if contents is None or not worth_sending:
        _finish(store, clock, delivery, "dropped", None)
        return
    try:
        with postbox.open() as connection:
            connection.introduce(_letter(delivery, contents))
            if _begin(store, delivery):
                connection.hand_over()
                _finish(store, clock, delivery, "sent", None)
    except MailUnreachable as error:
        _try_later(store, clock, delivery, str(error))
    except MailRefused as error:
        _finish(store, clock, delivery, "failed", str(error))
    except MailUncertain as error:
        _finish(store, clock, delivery, "uncertain", str(error))


def _worth_sending(conn: Connection, delivery: Row, contents: Row, now: datetime) -> bool:
    """Whether the reader can be reached and wants it, and what it says is so and still concerns them."""
    rule, subject = domain.rule_of(contents["kind"]), contents["subject"]
    wanted = contents["reachable"] and not contents["muted"] and subject is not None
    return bool(
        wanted
        and rule.is_current(subject, now)
        and delivery["user_id"] in telling.people_of(conn, rule.audiences(subject))
    )


def _letter(delivery: Row, contents: Row) -> Letter:
    text = texts.rendered(contents["kind"], contents["params"], contents["language"])
    return Letter(
        id=delivery["id"],
        name=contents["name"],
        address=contents["email"],
        language=texts.language(contents["language"]),
        subject=text.title,
        body=text.body,
        path=texts.path_to(contents["aggregate"], contents["aggregate_id"]),
    )


def _begin(store: Store, delivery: Row) -> bool:
    with store.transaction() as conn:
        return storage.begin_sending(conn, delivery["id"], claimed_until=delivery["claimed_until"])


def _finish(store: Store, clock: Now, delivery: Row, state: str, error: str | None) -> None:
    with store.transaction() as conn:
        storage.finish(conn, delivery["id"], state=state, now=clock.now(), error=error)


def _try_later(store: Store, clock: Now, delivery: Row, error: str) -> None:
    delay = domain.mail_delay(delivery["attempts"])
    if delay is None:
        _finish(store, clock, delivery, "failed", error)
        return
    with store.transaction() as conn:
        storage.retry(conn, delivery["id"], next_at=clock.now() + delay, error=error)

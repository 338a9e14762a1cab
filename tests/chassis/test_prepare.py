"""The step that makes all inboxes: without it, what is said before a reader's first start is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.chassis.inbox import Inbox
from services.chassis.prepare import inboxes, prepare
from tests.fixtures.talk import Hearing

Eventually = Callable[..., Any]


def test_what_is_said_before_the_readers_first_start_is_lost(
    hearing: Hearing, eventually: Eventually
) -> None:
    early, late = hearing.fact(), hearing.fact()
    hearing.tell(early)
    hearing.start()
    hearing.tell(late)
    eventually(lambda: hearing.done(late) == 1)
    assert hearing.done(early) == 0


def test_what_is_said_after_the_queues_were_made_waits_for_the_reader(
    hearing: Hearing, eventually: Eventually
) -> None:
    inbox = Inbox({hearing.owner.name: ["thing"]}, delays_ms=(100, 300, 900))
    for _ in range(2):
        prepare(inbox, hearing.listener.name, hearing.listener.amqp_url)
    early = hearing.fact()
    hearing.tell(early)
    hearing.start()
    eventually(lambda: hearing.done(early) == 1)


def test_every_service_but_accounts_has_one_inbox() -> None:
    services = ("accounts", "catalog", "demand", "experts", "ledger", "matcher", "notices", "search")
    assert {name: len(list(inboxes(name))) for name in services} == {
        name: 0 if name == "accounts" else 1 for name in services
    }

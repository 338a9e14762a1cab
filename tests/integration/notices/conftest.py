"""Notices on a scratch database, with the stack's mail sink and a clock that the test moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import requests

from deploy.local.stack import Stack
from services.chassis.store import Store
from services.notices.mail import Postbox
from services.notices.usecases import delivering, hearing, showing, telling
from tests.builders import facts
from tests.builders.facts import State
from tests.fixtures.scratch import Scratch


@dataclass
class Office:
    """Notices that hear, tell and deliver when the test says so."""

    store: Store
    postbox: Postbox
    mail_url: str
    time: datetime = field(default=facts.NOW)

    def now(self) -> datetime:
        """The office's clock."""
        return self.time

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.time += timedelta(**span)

    def hear(self, aggregate: str, state: State, *, version: int = 1, **envelope: Any) -> None:
        """Take one fact in."""
        fact = facts.told(aggregate, state, version=version, **{"now": self.time, **envelope})
        with self.store.transaction() as conn:
            hearing.hear(conn, fact)

    def tell(self) -> int:
        """Let the teller work once."""
        with self.store.transaction() as conn:
            return telling.tell_some(conn, now=self.time)

    def deliver(self, postbox: Postbox | None = None) -> int:
        """Let the postman work once."""
        return delivering.deliver_some(self.store, self, postbox or self.postbox)

    def inbox(self, user: State, language: str = "zh") -> list[dict[str, Any]]:
        """What a person reads."""
        with self.store.read() as conn:
            return showing.messages(
                conn, UUID(user["id"]), language=language, filters={}, after=None, limit=50
            )

    def kinds(self, user: State) -> list[str]:
        """The kinds of notices that a person has."""
        return sorted(notice["kind"] for notice in self.inbox(user))

    def letters(self, user: State) -> list[dict[str, Any]]:
        """The mails that reached a person."""
        answer = requests.get(f"{self.mail_url}/mails", params={"to": user["email"]}, timeout=10)
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def states(self) -> list[str]:
        """How the deliveries stand."""
        with self.store.read() as conn:
            return [row["state"] for row in conn.execute("select state from delivery order by id")]


@pytest.fixture
def office(scratch: Scratch, stack: Stack) -> Office:
    """An office that knows nobody."""
    environ, operator = stack.environment("notices"), stack.environment("operator")
    postbox = Postbox(environ["SMTP_ADDRESS"], environ["MAIL_FROM"], environ["PUBLIC_URL"])
    return Office(scratch("notices"), postbox, operator["MAIL_URL"])
